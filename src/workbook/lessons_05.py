"""Hold the exercises of chapter 5: season, signals, like with like, many tests, and clocks."""

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later
from workbook.stats import false_discovery, laney_p_chart, p_chart

__all__ = ["EXERCISES"]


def _quarters(rng: np.random.Generator) -> pd.DataFrame:
    season = rng.normal((0.85, 0.95, 0.8, 1.4), 0.04)
    orders = np.outer((rng.integers(500, 700), rng.integers(1100, 1500)), season)
    orders *= rng.uniform(0.9, 1.1, (2, 4))
    return pd.DataFrame(orders.round().astype(int), ["2024", "2025"], ["Q1", "Q2", "Q3", "Q4"])


SEASON = Exercise(
    id="5.1",
    minutes=7,
    kind="number",
    digits=2,
    make=_quarters,
    answer=lambda orders: (orders["Q4"] / orders.mean(axis=1)).mean(),
    mistakes=(
        lambda orders: (orders["Q4"] / orders.sum(axis=1)).mean(),
        lambda orders: orders["Q4"].iloc[1] / orders.loc["2025"].mean(),
        lambda orders: orders["Q4"].iloc[1] / orders.to_numpy().mean(),
    ),
    replies=(
        later("that is a share of the year; an ordinary quarter would have 0.25 and not 1."),
        later("that is one year only; one year can't tell a season from an accident."),
        later("you divided by both years at once; then growth looks like a season."),
    ),
    moral=later("The fourth quarter has {answer} times the orders of a usual one. Plan for that."),
    hints=(
        later("First how far each fourth quarter stands above its own year."),
        later("Divide it by the mean of the four quarters of that year."),
        later('The mean over the years of orders["Q4"] / orders.mean(axis=1)'),
    ),
)


def _weeks(rng: np.random.Generator) -> pd.DataFrame:
    orders, share = rng.integers(2400, 3600, 26), rng.normal(0.9, 0.013, 26)
    share[rng.choice(26, 2, replace=False)] -= (0.11, 0.13)
    names = pd.Index([f"W{number:02}" for number in range(1, 27)], name="week")
    return pd.DataFrame({"orders": orders, "right": rng.binomial(orders, share)}, names)


SIGNAL = Exercise(
    id="5.2",
    minutes=8,
    kind="set",
    make=_weeks,
    answer=lambda weeks: weeks.index[laney_p_chart(weeks["right"], weeks["orders"]).outside],
    mistakes=(
        lambda weeks: weeks.index[p_chart(weeks["right"], weeks["orders"]).outside],
        lambda weeks: weeks.index[weeks["right"] / weeks["orders"] < 0.89],
        lambda weeks: [weeks["right"].idxmin()],
    ),
    replies=(
        later("those are the plain chart's; thousands of orders make its limits too narrow."),
        later("those lie below the target; a target is no limit of what varies by itself."),
        later(
            "that week has the fewest right orders; it may just be small, and there may be others."
        ),
    ),
    moral=later("Ask what happened in {answer}, and leave the other weeks in peace."),
    hints=(
        later("Thousands of orders a week, and weeks that differ: which of the three charts?"),
        later('wb.stats.laney_p_chart(weeks["right"], weeks["orders"]) has a mark .outside.'),
        later("weeks.index[chart.outside]"),
    ),
)


def _carriers(rng: np.random.Generator) -> pd.DataFrame:
    orders = rng.integers((300, 80, 60, 320), (420, 140, 120, 460)).reshape(2, 2)
    share = np.array([[0.93, 0.72], [0.96, 0.79]]) + rng.uniform(-0.015, 0.015, (2, 2))
    cells = pd.MultiIndex.from_product([["Ost", "West"], ["small", "large"]])
    counts = {"orders": orders.ravel(), "right": (orders * share).round().astype(int).ravel()}
    return pd.DataFrame(counts, cells.set_names(["carrier", "size"])).reset_index()


def _mixed(table: pd.DataFrame, rates: str, mix: str) -> float:
    """Return what one carrier's rates give with the sizes that another carries."""
    by = table.set_index("size").groupby("carrier")
    rate, orders = (by.get_group(name) for name in (rates, mix))
    return ((rate["right"] / rate["orders"]) * orders["orders"] / orders["orders"].sum()).sum()


MIX = Exercise(
    id="5.3",
    minutes=10,
    kind="share",
    digits=1,
    make=_carriers,
    answer=lambda table: _mixed(table, "West", "Ost"),
    mistakes=(
        lambda table: _mixed(table, "West", "West"),
        lambda table: (table["right"] / table["orders"])[table["carrier"] == "West"].mean(),
        lambda table: _mixed(table, "Ost", "West"),
    ),
    replies=(
        later("that is West as it is; it carries more large shipments than Ost does."),
        later("that takes small and large as equally many; Ost carries mostly small ones."),
        later("you turned the carriers round: West's rates with what Ost carries are asked for."),
    ),
    moral=later(
        "With the same parcels, West would be right in {answer}. It was given the hard ones."
    ),
    hints=(
        later("Keep West's two rates, one for each size, and change only how many of each it has."),
        later("Weights: Ost's small and large orders, over all of Ost's orders."),
        later("rate of small × Ost's share of small + rate of large × Ost's share of large"),
    ),
)


def _tests(rng: np.random.Generator) -> pd.Series:
    p = np.r_[0.0004, 0.05 * rng.random(4) ** 3, rng.uniform(0.03, 1, 15)]
    names = [f"{carrier}{size}" for carrier in "ABCD" for size in range(1, 6)]
    return pd.Series(rng.permutation(p).round(4), names, name="p")


TESTS = Exercise(
    id="5.4",
    minutes=7,
    kind="set",
    make=_tests,
    answer=lambda p: p.index[false_discovery(p, 0.05)],
    mistakes=(
        lambda p: p.index[p < 0.05],
        lambda p: p.index[p < 0.05 / len(p)],
        lambda p: [p.idxmin()],
    ),
    replies=(
        later("you took every p below 5 %; of twenty harmless places one gets there by chance."),
        later(
            "you divided 5 % by the number of tests; that guards against any false one, at a price."
        ),
        later("you took the smallest alone; others may be findings as well."),
    ),
    moral=later("Send somebody to {answer}. What else looks odd is on a list for next quarter."),
    hints=(
        later("Rank the p-values; each one's limit grows with its rank."),
        later(
            "The limit of rank k among 20 is 0.05 · k / 20; the last one below its limit counts."
        ),
        later("p.index[wb.stats.false_discovery(p, 0.05)]"),
    ),
)


# Minutes from event to record, and their spread: a clock two hours slow, late, uneven, prompt.
_DELAYS = ((-120, 4), (260, 20), (90, 120), (6, 3))


def _records(rng: np.random.Generator) -> pd.DataFrame:
    names = np.repeat(rng.permutation(["Ost", "West", "Nord", "Sued"]), 15)
    late = rng.normal(*np.repeat(_DELAYS, 15, axis=0).T).round()
    event = pd.Timestamp("2026-03-02 08:00") + pd.to_timedelta(rng.integers(0, 9000, 60), "min")
    times = {"event_at": event, "recorded_at": event + pd.to_timedelta(late, "min")}
    return pd.DataFrame({"source": names, **times}).sample(frac=1, random_state=rng)


def _delays(records: pd.DataFrame) -> pd.DataFrame:
    minutes = (records["recorded_at"] - records["event_at"]).dt.total_seconds() / 60
    return minutes.groupby(records["source"]).agg(["median", "std"])


CLOCK = Exercise(
    id="5.5",
    minutes=8,
    kind="word",
    make=_records,
    answer=lambda records: _delays(records)["median"].idxmin(),
    mistakes=(
        lambda records: _delays(records)["median"].idxmax(),
        lambda records: _delays(records)["std"].idxmax(),
        lambda records: _delays(records)["median"].abs().idxmin(),
    ),
    replies=(
        later("it records late, but after the event; that is a slow desk and no wrong clock."),
        later("its delays are uneven; a wrong clock errs by the same hours each time."),
        later("it records within minutes of the event; its clock is right."),
    ),
    moral=later(
        "Before we speak of lateness at {answer}: its clock is two hours off. Mend that first."
    ),
    hints=(
        later("Look at the time from the event to its record, source by source."),
        later("Can something be recorded before it happened?"),
        later('(records["recorded_at"] - records["event_at"]).groupby(records["source"]).median()'),
    ),
)


def _blamed(rng: np.random.Generator) -> str:
    name, days = rng.choice(["Ost", "West", "Nord"]), rng.integers((62, 38), (80, 48)) / 10
    return f"{name}: {days[0]} days, all others: {days[1]} days"


_MODEL = later(
    "Let us first compare like with like: does it carry the same sizes? Then rule out chance and "
    "a wrong clock, and look where orders queue in the busy weeks, for those come back."
)

ARGUE = Exercise(
    id="5.6",
    minutes=10,
    kind="text",
    make=_blamed,
    answer=lambda blamed: _MODEL,
    mistakes=(
        lambda blamed: ("compar", "same", "même", "porówn", "takie sam", "сравн", "одинак"),
        lambda blamed: (
            "chance",
            "clock",
            "hasard",
            "horloge",
            "przypad",
            "zegar",
            "случай",
            "часы",
        ),
        lambda blamed: ("week", "season", "semaine", "saison", "tygod", "sezon", "недел", "сезон"),
    ),
    replies=(
        later("say what must be alike before two carriers may be compared."),
        later("say what you would rule out before you believe the figures."),
        later("say what the busy weeks have to do with it: they come back, whoever carries."),
    ),
    moral=_MODEL,
    hints=(
        later("What else differs between this carrier and the others?"),
        later("Name what you would compare, what you would rule out, and where the season shows."),
        later('Begin: "It may be slow, or it may be given what is slow. …"'),
    ),
)

EXERCISES = (SEASON, SIGNAL, MIX, TESTS, CLOCK, ARGUE)
