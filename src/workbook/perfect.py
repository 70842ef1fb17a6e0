"""Explain the perfect order: what fails alone, what fails together, and what a cure would gain."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook import plots
from workbook.display import Face
from workbook.language import Language
from workbook.results import Finding
from workbook.rights import (
    Rights,
    count_words,
    interval_words,
    measure_name,
    rate_words,
    right_name,
)
from workbook.states import LineStates
from workbook.stats import Interval

__all__ = ["Perfect", "explain_perfect", "frechet_bounds", "order_marks", "product_of_rates"]

# A count so far above the product of the rates is worth telling, and in error once in a thousand.
LEAST_GAP, FALSE_ALARM = 0.01, 0.001


def product_of_rates(rates: Iterable[float]) -> float:
    """Return the share of perfect orders if the rights failed independently; it is no count.

    Examples
    --------
    >>> round(product_of_rates([0.98, 0.97, 0.99, 0.82]), 6)  # APQC 101741 prints 77.16 %
    0.771697
    """
    return math.prod(rates)


def frechet_bounds(rates: Iterable[float]) -> Interval:
    """Return the least and the largest share of perfect orders that these rates allow.

    Notes
    -----
    max(0, Σp - k + 1) to min p, over k rights. Fréchet 1935, Fundamenta Mathematicae 25:379.

    Examples
    --------
    >>> frechet_bounds([0.75, 0.5])
    Interval(low=0.25, high=0.5)
    """
    shares = list(rates)
    if not shares or not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"rates {shares} can't be used; give at least one, each a share of 0 to 1")
    return Interval(max(0.0, math.fsum(shares) - len(shares) + 1), min(shares))


def order_marks(states: LineStates, names: Sequence[str]) -> np.ndarray:
    """Return each order's state in all these rights: 0 not judged, 1 right, 2 unknown, 3 wrong.

    An order with a line that is not due yet is not judged.
    """
    orders = np.zeros(len(states.order_ids), np.int8)
    for name in names:
        np.maximum.at(orders, states.order, (states.marks[name] >> 5).astype(np.int8))
    orders[states.order[states.pending]] = 0
    return orders


@dataclass(frozen=True)
class Perfect(Face):
    """What breaks perfect orders, over the `n` judged orders and the rights that are measured.

    `data`, per right: wrong, only, first (orders that fail in it; in no other; in none above it),
    gain_low, gain_high (shares that perfect orders would win if it were fixed). `pareto`, per set
    of rights that fail together: rights, orders, share, cumulative. In `known_n` orders all rights
    are known and applicable: `known_perfect` are perfect, against the product and the bounds; `gap`
    is the interval of the count less the product, `together` the two rights that fail together most
    beyond chance (the rarer first) and in how many of these orders they do, and would by chance.
    """

    data: pd.DataFrame
    pareto: pd.DataFrame
    n: int
    known_n: int
    known_perfect: int
    independent: float | None
    bounds: Interval | None
    language: str
    gap: Interval | None = None
    together: tuple[str, str, int, float] | None = None

    def caption(self, say: Language) -> str:
        return say("What perfect orders would gain, right by right")

    def sentence(self, say: Language) -> str:
        if not self.known_n:
            return say("In no order is every right known, so there is no count to compare with.")
        told = say(
            "{share} of {orders} in which every right is known are perfect. If the rights failed "
            "independently it would be {product}; the rates alone allow {bounds}.",
            bounds=interval_words(self.bounds, say),
            **self._words(say),
        )
        return " ".join([told, *(finding.sentence for finding in self._found(say))])

    def _words(self, say: Language) -> dict[str, str]:
        words = {"share": say.percent(self.known_perfect / self.known_n)}
        words["orders"] = count_words(self.known_n, say)
        return words | {"product": say.percent(self.independent)}

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the two rights that fail together, where the product of the rates misleads."""
        if self.gap is None or self.together is None:
            return
        share, spread = self.known_perfect / self.known_n, (self.gap.high - self.gap.low) / 2
        sure = norm.ppf(1 - FALSE_ALARM) / norm.ppf(0.975) * spread
        if share - self.independent < max(LEAST_GAP, sure):
            return
        one, other, count, chance = self.together
        told = say(
            "Rights fail together: counted, {share} of {orders} are perfect, {gap} points above "
            "the product of the rates, {product} (95% interval {low} to {high} points); {one} and "
            "{other} both fail in {count}, by chance it would be {chance}.",
            gap=say.points(share - self.independent),
            low=say.points(self.gap.low),
            high=say.points(self.gap.high),
            one=measure_name(f"right_{one}", say),
            other=measure_name(f"right_{other}", say),
            count=count_words(count, say),
            chance=say.number(chance),
            **self._words(say),
        )
        facts = {"n": self.known_n, "observed": share, "expected": self.independent}
        facts |= {"interval": tuple(self.gap), "effect": share - self.independent}
        yield Finding(f"together-{one}-{other}", "needs improvement", told, right=one, **facts)

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        gain = lambda low, high: rate_words({"confirmed": low, "upper": high}, say)
        return {
            say("Right"): (lambda right: measure_name(f"right_{right}", say), "right"),
            say("Orders wrong"): (say.number, "wrong"),
            say("First wrong"): (say.number, "first"),
            say("Only it wrong"): (say.number, "only"),
            say("Orders won if fixed"): (gain, "gain_low", "gain_high"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        names = [[right_name(right, say) for right in each] for each in self.pareto["rights"]]
        labels = [say.listing(each) for each in names]
        return plots.pareto(self.pareto.assign(label=labels).head(10), say, ax)


def explain_perfect(rights: Rights) -> Perfect:
    """Explain which rights make orders imperfect, alone and together.

    All is counted over orders. Fixing a right turns its wrong orders right; what is unknown stays
    so, therefore a gain has two ends.

    Examples
    --------
    >>> from workbook.rights import measure_rights
    >>> frame = pd.DataFrame({"order_id": list("ABC"), "time_ok": [True, False, False]})
    >>> frame = frame.assign(price_ok=[True, True, False])
    >>> explain_perfect(measure_rights(frame, as_of="2026-03-02")).data["only"].tolist()
    [1, 0]
    """
    names, states = list(rights.measured), rights.states
    marks = np.array([order_marks(states, [name]) for name in names], np.int8)
    marks = marks.reshape(len(names), len(states.order_ids))
    marks = marks[:, marks.max(axis=0, initial=0) > 0]
    wrong, n = marks == 3, marks.shape[1]
    rest = [np.delete(marks, place, axis=0).max(axis=0, initial=0) for place in range(len(names))]
    rest = np.array(rest).reshape(marks.shape)
    only, certain = (wrong & (rest < 3)).sum(axis=1), (wrong & (rest < 2)).sum(axis=1)
    first = (wrong & (wrong.cumsum(axis=0) == 1)).sum(axis=1)
    counts = {"right": names, "wrong": wrong.sum(axis=1), "only": only, "first": first}
    gains = {"gain_low": certain / max(n, 1), "gain_high": only / max(n, 1)}
    known = marks[:, (marks % 2 == 1).all(axis=0)] == 1
    rates = known.mean(axis=1).tolist() if known.size else []
    data = pd.DataFrame(counts | gains).sort_values("gain_high", ascending=False, kind="stable")
    return Perfect(
        data=data.reset_index(drop=True),
        pareto=_pareto(wrong, names),
        n=n,
        known_n=known.shape[1],
        known_perfect=int(known.all(axis=0).sum()),
        independent=product_of_rates(rates) if rates else None,
        bounds=frechet_bounds(rates) if rates else None,
        language=rights.profile.language,
        gap=_gap(known) if known.size else None,
        together=_together(known, names),
    )


def _gap(right: np.ndarray) -> Interval:
    """Return the 95 % interval of the share with all rights right less the product of the rates.

    By the delta method: each order moves the difference by its own part in the count and in every
    rate. `right` has a row per right, a column per order.
    """
    rates, all_right = right.mean(axis=1), right.all(axis=0)
    others = np.array([np.delete(rates, place).prod() for place in range(len(rates))])
    moves = all_right - others @ (right - rates[:, None])
    half = float(norm.ppf(0.975) * moves.std() / math.sqrt(right.shape[1]))
    gap = float(all_right.mean() - rates.prod())
    return Interval(gap - half, gap + half)


def _together(right: np.ndarray, names: Sequence[str]) -> tuple[str, str, int, float] | None:
    """Return the two rights that fail together most beyond chance, the rarer failure first."""
    wrong = (~right).astype(float)
    if len(names) < 2 or not wrong.any():
        return None
    count, fails = wrong @ wrong.T, wrong.sum(axis=1)
    chance = np.outer(fails, fails) / right.shape[1]
    one, other = np.unravel_index(np.triu(count - chance, 1).argmax(), count.shape)
    if fails[one] > fails[other]:
        one, other = other, one
    return names[one], names[other], int(count[one, other]), float(chance[one, other])


def _pareto(wrong: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Count the sets of rights that fail together, each failed order once."""
    failed = wrong.T[wrong.any(axis=0)]
    sets, orders = np.unique(failed, axis=0, return_counts=True) if failed.size else ([], failed)
    rights = [tuple(np.array(names)[flags].tolist()) for flags in sets]
    found = pd.DataFrame({"rights": rights, "orders": np.ravel(orders)})
    found = found.sort_values("orders", ascending=False, kind="stable", ignore_index=True)
    share = found["orders"] / max(found["orders"].sum(), 1)
    return found.assign(share=share, cumulative=share.cumsum())
