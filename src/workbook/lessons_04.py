"""Hold the exercises of chapter 4: bounds, failures alone and together, gains, and proof."""

import math

import numpy as np
import pandas as pd

from workbook.exercises import Exercise, later
from workbook.stats import decisive_n, sample_size, wilson_interval

__all__ = ["EXERCISES"]

_RIGHTS = ["product", "quantity", "time", "condition"]


def _rates(rng: np.random.Generator) -> dict[str, float]:
    return dict(zip(_RIGHTS, (rng.integers(88, 99, 4) / 100).tolist(), strict=True))


def _least(rates: dict[str, float]) -> float:
    return max(0.0, 1 - sum(1 - rate for rate in rates.values()))


BOUNDS = Exercise(
    id="4.1",
    minutes=5,
    kind="share",
    make=_rates,
    answer=_least,
    mistakes=(
        lambda rates: math.prod(rates.values()),
        lambda rates: min(rates.values()),
        lambda rates: np.mean(list(rates.values())),
        lambda rates: min(rates.values()) - _least(rates),
    ),
    replies=(
        later("you multiplied; that holds if failures are independent, and nobody promised that."),
        later("that is the most that can be perfect: all failures in the same orders."),
        later("that is the mean of the rates; it bounds nothing."),
        later("that is how far the bounds lie apart; the task asks for the lower one."),
    ),
    moral=later(
        "From your reports alone I can only promise that {answer} are perfect. Let us count."
    ),
    hints=(
        later(
            "The worst case: no order fails twice, so failures spoil as many orders as they can."
        ),
        later("Add up the shares that fail, right by right."),
        later("1 minus the sum of (1 - rate), and never below 0"),
    ),
)


def _orders(rng: np.random.Generator) -> pd.DataFrame:
    bad_day = rng.random((60, 1)) < 0.2  # one cause of several failures
    failed = rng.random((60, 4)) < np.where(bad_day, 0.55, (0.04, 0.09, 0.16, 0.08))
    return pd.DataFrame(~failed, columns=_RIGHTS)


def _only(orders: pd.DataFrame, *mended: str) -> int:
    """Count the orders that fail, and in nothing but what is mended."""
    return int((orders.drop(columns=list(mended)).all(axis=1) & ~orders.all(axis=1)).sum())


ALONE = Exercise(
    id="4.2",
    minutes=6,
    kind="number",
    make=_orders,
    answer=lambda orders: _only(orders, "time"),
    mistakes=(
        lambda orders: int((~orders["time"]).sum()),
        lambda orders: int((~orders["time"] & orders["product"] & orders["quantity"]).sum()),
        lambda orders: sum(_only(orders, right) for right in _RIGHTS),
        lambda orders: int((~orders.all(axis=1)).sum()),
    ),
    replies=(
        later("those are all late orders; some of them failed in something else, too."),
        later("those are late and right in what stands before; condition counts as well."),
        later("those failed in exactly one right, whichever it was; the task asks for the time."),
        later(
            "those are all imperfect orders; the task asks for those that were late and no more."
        ),
    ),
    moral=later("In {answer} orders being late was all that went wrong. Those can be won at once."),
    hints=(
        later("Two conditions: the time is wrong, and everything else is right."),
        later('~orders["time"] is True for the late ones.'),
        later('What else there is: orders.drop(columns="time").all(axis=1)'),
    ),
)

_TWO = ("time", "condition")

TOGETHER = Exercise(
    id="4.3",
    minutes=8,
    kind="share",
    digits=1,
    make=_orders,
    answer=lambda orders: _only(orders, *_TWO) / len(orders),
    mistakes=(
        lambda orders: sum(_only(orders, right) for right in _TWO) / len(orders),
        lambda orders: (~orders[list(_TWO)]).mean().sum(),
        lambda orders: orders.drop(columns=list(_TWO)).all(axis=1).mean(),
        lambda orders: (~orders[list(_TWO)].any(axis=1)).mean(),
    ),
    replies=(
        later("you added two gains; orders that fail in both are won only by mending both."),
        later("you added the failure rates; orders that fail twice or elsewhere are not won so."),
        later("that is the share perfect afterwards; the gain is what comes on top of today's."),
        later("those are the orders that fail in both; those that fail in one are won as well."),
    ),
    moral=later("Together the two projects win {answer}; planned apart, they look smaller."),
    hints=(
        later("Mend both in thought: which orders are perfect then, and were not before?"),
        later("Perfect then: right in product and quantity. Leave out those perfect already."),
        later('orders[["product", "quantity"]].all(axis=1).mean() - orders.all(axis=1).mean()'),
    ),
)


def _progress(rng: np.random.Generator) -> dict[str, float]:
    target = rng.choice((0.9, 0.92, 0.95))
    rate = round(float(target + rng.choice((0.015, 0.02, 0.025, 0.03))), 3)
    return {"target": float(target), "rate": rate, "orders a month": int(rng.integers(25, 60))}


def _months(case: dict[str, float], n: float) -> int:
    return math.ceil(n / case["orders a month"])


MONTHS = Exercise(
    id="4.4",
    minutes=8,
    kind="number",
    make=_progress,
    answer=lambda case: _months(case, decisive_n(case["rate"], case["target"])),
    mistakes=(
        lambda case: decisive_n(case["rate"], case["target"]),
        lambda case: _months(case, decisive_n(case["rate"], case["target"])) - 1,
        lambda case: _months(case, sample_size(None, case["rate"] - case["target"])),
        lambda case: _months(case, decisive_n(case["target"], case["rate"])),
    ),
    replies=(
        later("that is the number of orders; the task asks for months of so many orders."),
        later("by then the interval still touches the target; the last month must be full."),
        later("that is the sample for a share of one half; here the rate itself is known."),
        later(
            "you turned the two round: the rate comes first, then the target that it must leave."
        ),
    ),
    moral=later(
        "It takes {answer} months to prove it. Promise the improvement now, the proof then."
    ),
    hints=(
        later("How many orders does it take until the interval lies above the target?"),
        later("wb.stats.decisive_n(rate, target) counts the orders."),
        later("Divide by the orders a month and round up: a started month must end."),
    ),
)


def _handbook(rng: np.random.Generator) -> str:
    n, rate = 1000, rng.integers(80, 88) / 100
    low, high = wilson_interval(rate * n, n)
    return f"handbook: 81.5 %, counted: {rate:.0%} of {n} orders ({low:.1%} – {high:.1%})"


ARGUE = Exercise(
    id="4.5",
    minutes=10,
    kind="text",
    make=_handbook,
    answer=lambda rates: (
        "We count the orders that are right in everything. Multiplying holds only if failures are "
        "independent, and yours share causes. What to mend first follows from the gain alone."
    ),
    mistakes=(
        lambda rates: ("count", "compt", "policz", "licz", "счит", "счет", "подсч"),
        lambda rates: ("independ", "indépend", "cause", "niezale", "przyczyn", "независ", "причин"),
        lambda rates: ("gain", "win", "won", "gagn", "zysk", "przyrost", "выигр", "прирост"),
    ),
    replies=(
        later("say what is done instead of multiplying."),
        later("say what multiplying takes for granted about the failures."),
        later("say by what you choose the right to mend first."),
    ),
    moral=later("{answer}"),
    hints=(
        later("Three sentences: what we do, why not the product, and what follows for the work."),
        later("When is the product right? Are failures at this client like that?"),
        later('Begin: "The handbook\'s figure would hold if …"'),
    ),
)

EXERCISES = (BOUNDS, ALONE, TOGETHER, MONTHS, ARGUE)
