"""Hold the exercises of chapter 2: Kleene's "and", clocks, calendars, split deliveries."""

import numpy as np
import pandas as pd

from workbook.clock import business_days, elapsed_minutes
from workbook.exercises import Exercise, later

__all__ = ["EXERCISES"]


def _judged(rng: np.random.Generator) -> pd.DataFrame:
    states, odds = ["right", "wrong", "unknown", "not applicable"], (0.5, 0.15, 0.2, 0.15)
    drawn = rng.choice(states, (8, 3), p=odds)
    ids = pd.Index([f"Z{n:02}" for n in range(1, 9)], name="order_id")
    return pd.DataFrame(drawn, ids, ["quantity", "time", "condition"])


def _and(orders: pd.DataFrame, first: str = "wrong unknown right", **read: str) -> dict[str, str]:
    """Return for each order the first of these states that it has; `read` takes one as another."""
    told = {order: {read.get(state, state) for state in row} for order, *row in orders.itertuples()}
    ranks = [*first.split(), "not applicable"]
    return {order: min(states, key=ranks.index) for order, states in told.items()}


KLEENE = Exercise(
    id="2.1",
    minutes=5,
    kind="table",
    make=_judged,
    answer=_and,
    mistakes=(
        lambda orders: _and(orders, "unknown wrong right"),
        lambda orders: _and(orders, unknown="wrong"),
        lambda orders: _and(orders, unknown="right"),
        lambda orders: _and(orders, **{"not applicable": "unknown"}),
    ),
    replies=(
        later("an unknown doesn't save what is already wrong: one wrong decides."),
        later("you took unknown for wrong; nobody has shown that it failed."),
        later("you took unknown for right; nobody has shown that it succeeded."),
        later("what doesn't apply is passed over; it is not unknown."),
    ),
    moral=later(
        "Some of your orders are neither right nor wrong. Give them a column of their own."
    ),
    hints=(
        later("Look for a wrong first. Only if there is none does the unknown matter."),
        later("Wrong beats unknown, unknown beats right; what doesn't apply is passed over."),
        later("Write 3 for wrong, 2 for unknown, 1 for right, else 0: take the row's largest."),
    ),
)


def _express(rng: np.random.Generator) -> dict[str, str]:
    change = pd.Timestamp(rng.choice(["2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25"]))
    left, arrived = rng.integers(-12 * 12, -1 * 12), rng.integers(6 * 12, 20 * 12)
    left, arrived = (change + pd.Timedelta(minutes=5 * int(n)) for n in (left, arrived))
    zone = str(rng.choice(["Europe/Warsaw", "Europe/Paris", "Europe/Berlin"]))
    return {"left": f"{left:%Y-%m-%d %H:%M}", "arrived": f"{arrived:%Y-%m-%d %H:%M}", "zone": zone}


def _took(parcel: dict[str, str], changes: int = 1) -> float:
    face = (pd.Timestamp(parcel["arrived"]) - pd.Timestamp(parcel["left"])).total_seconds() / 60
    true = float(elapsed_minutes(parcel["left"], parcel["arrived"], parcel["zone"]))
    return face + changes * (true - face)


CLOCK = Exercise(
    id="2.2",
    minutes=8,
    kind="minutes",
    make=_express,
    answer=_took,
    mistakes=(
        lambda parcel: _took(parcel, 0),
        lambda parcel: _took(parcel, -1),
        lambda parcel: _took(parcel, 2),
    ),
    replies=(
        later("you subtracted the clock's face; in that night the clocks were changed."),
        later("the hour goes the other way: in spring one is lost, in autumn one comes twice."),
        later("you counted the change twice; only one hour comes or goes."),
    ),
    moral=later(
        "It was {answer} minutes under way: by the clock's face you would have misjudged it."
    ),
    hints=(
        later("What happened to the clocks between the evening and the next morning?"),
        later("In spring the night is an hour shorter than its face, in autumn an hour longer."),
        later("elapsed_minutes(left, arrived, zone) knows the changes of every zone."),
    ),
)

_COUNTRIES = ("PL", "FR", "DE")


def _promise(rng: np.random.Generator) -> dict[str, str]:
    year, start = rng.integers(2024, 2028), rng.choice(["04-27", "12-18"])
    first = pd.Timestamp(f"{year}-{start}") + pd.Timedelta(days=int(rng.integers(0, 6)))
    last = first + pd.Timedelta(days=int(rng.integers(9, 22)))
    dates = {"from": str(first.date()), "to": str(last.date())}
    return dates | {"country": str(rng.choice(_COUNTRIES))}


def _days(span: dict[str, str], country: str | None = None, more: int = 0) -> float:
    last = pd.Timestamp(span["to"]) + pd.Timedelta(days=more)
    return float(business_days(span["from"], last.to_datetime64(), country))


CALENDAR = Exercise(
    id="2.3",
    minutes=8,
    kind="number",
    make=_promise,
    answer=lambda span: _days(span, span["country"]),
    mistakes=(
        lambda span: float((pd.Timestamp(span["to"]) - pd.Timestamp(span["from"])).days),
        _days,
        lambda span: _days(span, span["country"], more=1),
        lambda span: _days(span, _COUNTRIES[_COUNTRIES.index(span["country"]) - 1]),
    ),
    replies=(
        later("those are calendar days; Saturdays, Sundays and holidays are no working days."),
        later("you left out the weekends only; there are public holidays in between, too."),
        later("you counted the last day as well; it is the day on which the time is up."),
        later("those are the holidays of another country; take those where the customer is."),
    ),
    moral=later("{answer} working days there. Write into the promise whose calendar holds."),
    hints=(
        later("First the weekdays, then the public holidays among them; the first day counts."),
        later("The first day is counted and the last is not. Holidays go by country and year."),
        later("business_days(first, last, country) counts just so."),
    ),
)


def _deliveries(rng: np.random.Generator) -> pd.DataFrame:
    """Draw order lines: some come in two deliveries, some rows stand there twice."""
    n, names = 9, ["order_id", "line_no", "delivery_no", "quantity_ordered", "quantity_delivered"]
    order, ordered = np.sort(rng.integers(1, 6, n)), rng.integers(3, 20, n)
    line = pd.Series(order).groupby(order).cumcount() + 1
    came = np.where(rng.random(n) < 0.4, ordered - rng.integers(1, 3, n), ordered)
    once = np.column_stack([order, line, np.ones(n, int), ordered, came])
    again = once[came < ordered] * (1, 1, 1, 1, 0) + (0, 0, 1, 0, 1)
    copies = once[rng.choice(n, 2, replace=False)]
    rows = pd.DataFrame(np.concatenate([once, again, copies]), columns=names)
    return rows.sort_values(names[:3]).reset_index(drop=True)


def _ordered(rows: pd.DataFrame, *key: str) -> float:
    return float(rows.drop_duplicates([*key] or None)["quantity_ordered"].sum())


SPLITS = Exercise(
    id="2.4",
    minutes=8,
    kind="number",
    make=_deliveries,
    answer=lambda rows: _ordered(rows, "order_id", "line_no"),
    mistakes=(
        lambda rows: float(rows["quantity_ordered"].sum()),
        _ordered,
        lambda rows: _ordered(rows, "order_id"),
    ),
    replies=(
        later("you added every row; a split line and a copy both repeat what was ordered."),
        later("the copies are out, but each delivery of a split line repeats what was ordered."),
        later("you kept one row for each order; an order has several lines."),
    ),
    moral=later("{answer} pieces were ordered; each further row only tells how they came."),
    hints=(
        later("What makes two rows the same line? What makes them the same delivery?"),
        later("A line is an order_id with a line_no: of each, count the ordered pieces once."),
        later('rows.drop_duplicates(["order_id", "line_no"]) keeps one row for each line.'),
    ),
)

ARGUE = Exercise(
    id="2.5",
    minutes=10,
    kind="text",
    make=lambda rng: f"{rng.integers(24, 36)}%",
    answer=lambda rate: (
        "Agree on a tolerance before you look, wide enough for rounding and no wider. What it "
        "can't heal is another unit or currency: keep those rows apart, and the unknown ones too."
    ),
    mistakes=(
        lambda rate: ("tolerance", "tolér", "toleranc", "допуск", "погрешност"),
        lambda rate: ("round", "arrond", "zaokr", "округл"),
        lambda rate: ("before", "agree", "avant", "conven", "przed", "ustal", "прежде", "договор"),
    ),
    replies=(
        later("say what decides how much a price may differ."),
        later("say where small differences come from."),
        later("say when the limit must be chosen, and by whom."),
    ),
    moral=later("{answer}"),
    hints=(
        later("Who is right, the accountant or the customer? Both have a case."),
        later("Name the limit, what it is for, and when it is chosen."),
        later('Begin: "Most of these differences are …"'),
    ),
)

EXERCISES = (KLEENE, CLOCK, CALENDAR, SPLITS, ARGUE)
