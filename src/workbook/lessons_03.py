"""Hold the exercises of chapter 3: the unknown, lines and orders, promises, the perfect order."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later
from workbook.stats import wilson_interval

__all__ = ["EXERCISES"]

_STATES = ("right", "wrong", "unknown")


def _ids(n: int) -> list[str]:
    return [f"BD{number}" for number in range(1001, 1001 + n)]


def _judged_orders(rng: np.random.Generator) -> pd.DataFrame:
    counts = rng.integers((18, 5, 3, 2), (28, 10, 8, 5))
    states = np.repeat((*_STATES, "not applicable"), counts)
    return pd.DataFrame({"order_id": _ids(len(states)), "time": rng.permutation(states)})


def _share(orders: pd.DataFrame, states: str, out_of: str = "right wrong unknown") -> float:
    return orders["time"].isin(states.split()).sum() / orders["time"].isin(out_of.split()).sum()


UNKNOWN = Exercise(
    id="3.1",
    minutes=5,
    kind="share",
    digits=1,
    make=_judged_orders,
    answer=lambda orders: _share(orders, "right"),
    mistakes=(
        lambda orders: _share(orders, "right", "right wrong"),
        lambda orders: _share(orders, "right unknown"),
        lambda orders: (orders["time"] == "right").mean(),
        lambda orders: _share(orders, "wrong"),
    ),
    replies=(
        later("you left the unknown ones out; they stay in, as not shown to be right."),
        later("you counted the unknown as right; that is the upper bound, not what is shown."),
        later("you divided by all rows; orders that are not applicable don't count at all."),
        later("that is the share of late orders; the task asks for those in time."),
    ),
    moral=later("At least {answer} came in time. Of the rest, nobody wrote down enough to tell."),
    hints=(
        later("Count how often each of the four words occurs: value_counts() does it."),
        later("Which of the four belong below the fraction line? Who was never due is out."),
        later("right ÷ (right + wrong + unknown)"),
    ),
)


def _judged_lines(rng: np.random.Generator) -> pd.DataFrame:
    sizes = rng.integers(1, 5, size=16)
    states = rng.choice(_STATES, p=(0.78, 0.12, 0.1), size=sizes.sum())
    return pd.DataFrame({"order_id": np.repeat(_ids(16), sizes), "time": states})


def _orders(lines: pd.DataFrame, passes: Callable[[set], bool], known: bool = False) -> float:
    """Return the share of orders whose set of states passes; known: of those without unknown."""
    found: dict[str, set] = {}
    for order, state in zip(lines["order_id"], lines["time"], strict=True):
        found.setdefault(order, set()).add(state)
    judged = [states for states in found.values() if not known or "unknown" not in states]
    return sum(map(passes, judged)) / len(judged)


LINES = Exercise(
    id="3.2",
    minutes=8,
    kind="share",
    digits=1,
    make=_judged_lines,
    answer=lambda lines: _orders(lines, {"right"}.issuperset),
    mistakes=(
        lambda lines: (lines["time"] == "right").mean(),
        lambda lines: _orders(lines, lambda states: "right" in states),
        lambda lines: (lines["time"] == "right").groupby(lines["order_id"]).mean().mean(),
        lambda lines: _orders(lines, lambda states: "wrong" not in states),
        lambda lines: _orders(lines, {"right"}.issuperset, known=True),
    ),
    replies=(
        later("that is the share of lines; the customer waits for the order, not for a line."),
        later("you let one right line make the order right; all its lines must be."),
        later("you averaged the orders' shares; an order is right or it isn't, never in part."),
        later("you counted the unknown as right; that is the upper bound, not what is shown."),
        later("you left out the orders with an unknown line; they count, as not shown."),
    ),
    moral=later("By line it looks better, but {answer} of your customers' orders came in time."),
    hints=(
        later("First a yes or no for each line, then one for each order, then the share."),
        later('Group by "order_id"; an order is right when all of its lines are.'),
        later('(lines["time"] == "right").groupby(lines["order_id"]).all(), and then?'),
    ),
)


def _promises(rng: np.random.Generator) -> pd.DataFrame:
    days = lambda n: pd.to_timedelta(n, "D")
    first = pd.Timestamp("2026-03-02") + days(rng.integers(0, 20, 40))
    late = rng.choice((-1, 0, 1, 2, 3), p=(0.15, 0.35, 0.2, 0.2, 0.1), size=40)
    moved = np.where((late > 0) & (rng.random(40) < 0.7), late - (rng.random(40) < 0.3), 0)
    dates = {"requested_at": first - days(rng.integers(0, 3, 40)), "promised_at": first}
    dates |= {"promised_latest_at": first + days(moved), "delivered_at": first + days(late)}
    return pd.DataFrame({"order_id": _ids(40), **dates})


def _in_time(orders: pd.DataFrame, due: str) -> float:
    return (orders["delivered_at"] <= orders[f"{due}_at"]).mean()


def _gap(orders: pd.DataFrame, due: str = "promised") -> float:
    return _in_time(orders, "promised_latest") - _in_time(orders, due)


PROMISES = Exercise(
    id="3.3",
    minutes=8,
    kind="share",
    digits=1,
    make=_promises,
    answer=_gap,
    mistakes=(
        lambda orders: -_gap(orders),
        lambda orders: _in_time(orders, "promised_latest"),
        lambda orders: _gap(orders, "requested"),
        lambda orders: (orders["promised_latest_at"] > orders["promised_at"]).mean(),
        lambda orders: _gap(orders) / _in_time(orders, "promised"),
    ),
    replies=(
        later("the sign is turned round: the share by the latest promise comes first."),
        later("that is the share by the latest promise alone; subtract the one by the first."),
        later("you compared with the requested date; the gap is between the two promises."),
        later("those are the orders whose date was moved; not all of them came in time for it."),
        later("you divided by the first share; a gap is a difference, in points."),
    ),
    moral=later(
        "{answer} of your orders are on time only because the date was moved, not the parcel."
    ),
    hints=(
        later("Two shares of the same orders: on time to either promise. Then the difference."),
        later("On time means that delivered_at is not after the date that was promised."),
        later('(orders["delivered_at"] <= orders["promised_at"]).mean() is one of the two.'),
    ),
)


def _rights(rng: np.random.Generator) -> pd.DataFrame:
    bad_day = rng.random((50, 1)) < 0.15  # one cause of several failures
    failed = rng.random((50, 4)) < np.where(bad_day, 0.6, (0.03, 0.06, 0.12, 0.05))
    return pd.DataFrame(~failed, columns=["product", "quantity", "time", "condition"])


PERFECT = Exercise(
    id="3.4",
    minutes=8,
    kind="share",
    digits=1,
    make=_rights,
    answer=lambda orders: orders.all(axis=1).mean(),
    mistakes=(
        lambda orders: orders.mean().prod(),
        lambda orders: orders.mean().mean(),
        lambda orders: orders.mean().min(),
        lambda orders: 1 - orders.all(axis=1).mean(),
    ),
    replies=(
        later("you multiplied the rates; failures share causes, so count the perfect orders."),
        later("that is the average of the four rates; one failure spoils the whole order."),
        later("that is the lowest of the four rates; other failures spoil further orders."),
        later("that is the share of orders with something wrong; the task asks for the others."),
    ),
    moral=later("{answer} of your orders are perfect. They are counted, so nobody can haggle."),
    hints=(
        later("A row of four times True is a perfect order."),
        later("all(axis=1) asks each row; without axis=1 it asks each column."),
        later("The share of True in a column of yes and no is its mean."),
    ),
)


def _depots(rng: np.random.Generator) -> pd.DataFrame:
    n = np.array([*rng.integers(900, 1500, 3), 60])
    unknown = (n * (0.005, 0.005, 0.08, 0)).astype(int)
    right = ((n - unknown) * (0.94, 0.85, 0.945, 0.93)).astype(int) + rng.integers(-2, 3, 4)
    counts = {"right": right, "wrong": n - unknown - right, "unknown": unknown}
    return pd.DataFrame({"depot": rng.permutation(["Gdansk", "Lodz", "Lublin", "Opole"]), **counts})


def _verdicts(depots: pd.DataFrame, *, unknown: bool = True, chance: bool = True) -> dict[str, str]:
    """Judge by the least and the most of each share, with room for the unknown and for chance."""
    least, most = depots["right"], depots["right"] + depots["unknown"] * unknown
    n = most + depots["wrong"]
    low = wilson_interval(least, n).low if chance else least / n
    high = wilson_interval(most, n).high if chance else most / n
    words = np.select([low >= 0.9, high < 0.9], ["met", "missed"], "not demonstrable")
    return dict(zip(depots["depot"], words.tolist(), strict=True))


VERDICT = Exercise(
    id="3.5",
    minutes=12,
    kind="table",
    make=_depots,
    answer=_verdicts,
    mistakes=(
        lambda depots: _verdicts(depots, unknown=False, chance=False),
        lambda depots: _verdicts(depots, unknown=False),
        lambda depots: _verdicts(depots, chance=False),
    ),
    replies=(
        later("you compared bare known-only rates; chance and the unknown need room, too."),
        later("you left the unknown ones out; many of them leave the question open."),
        later("you took the bounds without an interval; sixty orders show less than a thousand."),
    ),
    moral=later(
        "One meets it, one misses it; for two we know what to record, or how long to wait."
    ),
    hints=(
        later("For each depot, find the least and the most that its share can be."),
        later("Least: Wilson's lower limit of the confirmed. Most: the upper one of the possible."),
        later("wilson_interval(right, n).low and wilson_interval(right + unknown, n).high"),
    ),
)

_MODEL = later(
    "Your figure holds for the latest promise. We measure against the first promise, leave what "
    "nobody recorded as unknown and show it, and judge whole orders, as customers do."
)

ARGUE = Exercise(
    id="3.6",
    minutes=10,
    kind="text",
    make=lambda rng: f"{rng.integers(88, 95)}%",
    answer=lambda rate: _MODEL,
    mistakes=(
        lambda rate: ("promis", "promes", "obiec", "obiet", "обещ", "обяз", "termin", "срок"),
        lambda rate: ("unknown", "record", "inconnu", "nieznan", "неизвест", "brak", "manqu"),
        lambda rate: ("order", "commande", "zamów", "заказ"),
    ),
    replies=(
        later("say which promise you measure against."),
        later("say what you do with the orders of which nobody knows."),
        later("say whether you count lines, parcels or whole orders."),
    ),
    moral=_MODEL,
    hints=(
        later("Three choices make the difference; the chapter has a section on each of them."),
        later("Which date, which unit, and what becomes of the unknown?"),
        later('Begin: "Your figure is not wrong, it answers another question: …"'),
    ),
)

EXERCISES = (UNKNOWN, LINES, PROMISES, PERFECT, VERDICT, ARGUE)
