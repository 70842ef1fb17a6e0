"""Hold the exercises of chapter 7: the two best answers, promoters, fields, weights."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later

__all__ = ["EXERCISES"]


def _ticked(rng: np.random.Generator) -> dict[str, int]:
    counts = rng.integers((8, 10, 25, 60, 50), (25, 30, 60, 120, 110)).tolist()
    rest = {"does not apply": int(rng.integers(10, 40)), "blank": int(rng.integers(10, 40))}
    return dict(zip("12345", counts, strict=True)) | rest


def _box(counts: dict[str, int], best: str = "45", out_of: Iterable[str] = "12345") -> float:
    return sum(counts[point] for point in best) / sum(counts[point] for point in out_of)


TOP_TWO = Exercise(
    id="7.1",
    minutes=5,
    kind="share",
    digits=1,
    make=_ticked,
    answer=_box,
    mistakes=(
        lambda counts: _box(counts, out_of=counts),
        lambda counts: _box(counts, "5"),
        lambda counts: _box(counts, "345"),
        lambda counts: _box(counts, "1" + 2 * "2" + 3 * "3" + 4 * "4" + 5 * "5") / 5,
    ),
    replies=(
        later("you divided by all forms; who gave no rating has rated neither well nor badly."),
        later("that is the best answer alone; the two best are asked for."),
        later("you counted the middle, too; the two best answers are asked for."),
        later("that is the mean as a part of five; the task asks for a share of people."),
    ),
    moral=later("{answer} of those who rated it gave one of the two best answers."),
    hints=(
        later("Above the line those who ticked 4 or 5. And below it?"),
        later("Only who gave a rating can have given a good one."),
        later("(n4 + n5) ÷ (n1 + n2 + n3 + n4 + n5)"),
    ),
)


def _recommend(rng: np.random.Generator) -> dict[int, int]:
    counts = rng.integers((*[1] * 7, 12, 12, 15, 15), (*[9] * 7, 30, 30, 40, 40))
    return dict(enumerate(counts.tolist()))


def _net(counts: dict[int, int], promoters: int = 9, detractors: int = 6) -> float:
    above = sum(n for points, n in counts.items() if points >= promoters)
    below = sum(n for points, n in counts.items() if points <= detractors)
    return (above - below) / sum(counts.values())


PROMOTERS = Exercise(
    id="7.2",
    minutes=5,
    kind="share",
    digits=1,
    make=_recommend,
    answer=_net,
    mistakes=(
        lambda counts: _net(counts, promoters=8),
        lambda counts: _net(counts, detractors=5),
        lambda counts: _net(counts, detractors=-1),
        lambda counts: _net({n: counts[n] for n in counts if n not in (7, 8)}),
    ),
    replies=(
        later("you took 8 for a promoter; promoters are 9 and 10."),
        later("you let 6 stand between; detractors are 0 to 6."),
        later("that is the share of promoters; subtract that of the detractors."),
        later("you left out 7 and 8 below the line; everybody who answered belongs there."),
    ),
    moral=later("The net score is {answer}. It hides the middle: show all three shares."),
    hints=(
        later("Three groups: promoters 9 and 10, detractors 0 to 6, and those in between."),
        later("A difference of two shares of all who answered; it may be below zero."),
        later("wb.stats.net_promoter_score(counts).score"),
    ),
)

_RIGHTS = ["product", "quantity", "time", "place", "condition", "price", "information"]


def _rated(rng: np.random.Generator) -> pd.DataFrame:
    low = np.round(rng.uniform(2.9, 4.3, 7), 2)
    high = np.round(low + rng.uniform(0.2, 0.5, 7), 2)
    figures = {"importance": np.round(rng.uniform(0.05, 0.6, 7), 2), "rated_low": low}
    return pd.DataFrame({"right": _RIGHTS, **figures, "rated_high": high})


def _field(
    rated: pd.DataFrame, end: str = "rated_high", least: float = 0.3, most: float = 1
) -> list:
    chosen = rated["importance"].between(least, most) & (rated[end] < 4)
    return rated.loc[chosen, "right"].tolist()


BEGIN = Exercise(
    id="7.3",
    minutes=8,
    kind="set",
    make=_rated,
    answer=_field,
    mistakes=(
        lambda rated: _field(rated, "rated_low"),
        lambda rated: _field(rated, least=0),
        lambda rated: _field(rated, least=0, most=0.29),
        lambda rated: _field(rated.assign(rated_high=0)),
    ),
    replies=(
        later("an interval that holds 4 is undecided; the whole of it must lie below."),
        later("you forgot the importance; what matters little can wait."),
        later("those matter little; begin with what matters and is rated badly."),
        later("you forgot the rating; what is well served needs no project."),
    ),
    moral=later("This matters to customers and is surely not good enough: {answer}. Begin there."),
    hints=(
        later("Two conditions at once: important enough, and surely rated too low."),
        later("Surely too low means that the upper end of the interval lies below 4, too."),
        later('(rated["importance"] >= 0.3) & (rated["rated_high"] < 4)'),
    ),
)


def _groups(rng: np.random.Generator) -> pd.DataFrame:
    orders, odds = rng.integers((900, 300, 30), (1600, 600, 90)), (0.1, 0.16, 0.3)
    answers = (orders * odds * rng.uniform(0.8, 1.2, 3)).astype(int)
    means = np.round(rng.uniform((4.0, 3.2, 2.0), (4.5, 3.8, 2.9)), 2)
    table = {"happened": ["nothing", "late", "damaged"], "orders": orders, "answers": answers}
    return pd.DataFrame({**table, "mean": means})


def _weighed(groups: pd.DataFrame, weights: object) -> float:
    return float(np.average(groups["mean"], weights=weights))


WEIGHING = Exercise(
    id="7.4",
    minutes=8,
    kind="number",
    digits=2,
    make=_groups,
    answer=lambda groups: _weighed(groups, groups["orders"]),
    mistakes=(
        lambda groups: _weighed(groups, groups["answers"]),
        lambda groups: _weighed(groups, None),
        lambda groups: _weighed(groups, groups["answers"] / groups["orders"]),
    ),
    replies=(
        later("that is the raw mean: those who had trouble answered more, and weigh more."),
        later("you gave each group the same weight; let it count as often as it happened."),
        later("you weighed by how readily they answer; that makes the bias worse."),
    ),
    moral=later("As far as orders show it, the mean is {answer}; the rest nobody can correct."),
    hints=(
        later("Each group should count as often as it happened, not as often as it wrote."),
        later("Weigh the means of the groups by their orders."),
        later("(mean × orders, added up) ÷ (all orders)"),
    ),
)

ARGUE = Exercise(
    id="7.5",
    minutes=10,
    kind="text",
    make=lambda rng: f"mean {rng.integers(36, 43) / 10}, {rng.integers(180, 420)} answers of 2,400",
    answer=lambda figures: (
        "So many answered, the interval is this wide, and the angry answer more often, so it is "
        "probably a little low. What we can use is which right is rated below the others."
    ),
    mistakes=(
        lambda figures: ("interval", "margin", "between", "interwał", "przedział", "интервал"),
        lambda figures: ("answer", "silent", "répon", "odpowie", "milcz", "ответ", "молч"),
        lambda figures: ("right", "question", "critère", "pytan", "zasad", "вопрос", "право"),
    ),
    replies=(
        later("say how sure the figure is."),
        later("say who answered and who didn't, and what that does to the figure."),
        later("say what one could act on instead: which of the ratings?"),
    ),
    moral=later("{answer}"),
    hints=(
        later("A mean alone tells nobody what to do. What would?"),
        later("Name how sure it is, who is missing, and which rating stands out."),
        later('Begin: "It is a fair figure of those who wrote. …"'),
    ),
)

EXERCISES = (TOP_TWO, PROMOTERS, BEGIN, WEIGHING, ARGUE)
