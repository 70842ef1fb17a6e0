"""Find where a right fails: cells that fail more than the rest, each cause named once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from workbook.language import Language
from workbook.results import Finding
from workbook.rights import (
    Rights,
    column_name,
    count_words,
    measure_name,
    order_due,
    period_of,
)
from workbook.stats import Interval, false_discovery, newcombe_interval

__all__ = ["Cell", "failing_cells", "where_words"]

DIMENSIONS = (
    "kind",
    "segment",
    "channel",
    "product_group",
    "carrier",
    "ship_from",
    "route",
    "region",
    "size_class",
    "weekday",
    "week",
)
MOST_VALUES = 60


@dataclass(frozen=True)
class Cell:
    """A part of the orders in which a right fails more often than in the rest.

    `wrong` of `n` judged orders fail here, `share_elsewhere` of the others; `interval` is
    Newcombe's for the difference, `excess` the failures beyond the others' share.
    """

    right: str
    where: dict[str, str]
    period: str | None
    n: int
    wrong: int
    share_elsewhere: float
    interval: Interval
    p: float

    @property
    def share(self) -> float:
        return self.wrong / self.n

    @property
    def excess(self) -> float:
        return self.wrong - self.n * self.share_elsewhere

    def finding(self, say: Language) -> Finding:
        """Say where the right fails, against the rest."""
        place = where_words(self.where, self.period, say)
        sentence = say(
            "{right} fails in {share} of {orders} for {place}, against {elsewhere} elsewhere: "
            "between {low} and {high} more.",
            right=measure_name(f"right_{self.right}", say),
            share=say.percent(self.share),
            orders=count_words(self.n, say),
            place=place,
            elsewhere=say.percent(self.share_elsewhere),
            low=say.percent(self.interval.low),
            high=say.percent(self.interval.high),
        )
        key = "-".join([self.right, *(f"{name}-{value}" for name, value in self.where.items())])
        return Finding(
            id=f"where-{key}" + (f"-{self.period.replace('/', '-')}" if self.period else ""),
            kind="needs improvement",
            sentence=sentence,
            right=self.right,
            where=self.where,
            period=self.period,
            n=self.n,
            observed=self.share,
            expected=self.share_elsewhere,
            interval=tuple(self.interval),
            effect=self.share - self.share_elsewhere,
        )


def failing_cells(
    rights: Rights,
    *,
    rate: float = 0.05,
    least_gap: float = 0.03,
    least_ratio: float = 1.5,
    least_n: int = 30,
) -> list[Cell]:
    """Find the cells in which a right fails more than elsewhere, strongest first.

    Every value of every dimension, and every pair of values, is compared with the rest by an exact
    test; a cell counts when it passes the false discovery rate over all comparisons of all rights
    and its failures exceed the rest's by a practical margin. Then the strongest is named, its
    orders are set aside and what is left is compared again: one cause is named once, and its
    shadows (the carrier of a failing carrier-product pair) fall away.

    Parameters
    ----------
    rights : Rights
        Measured rights; only orders known to be right or wrong are compared.
    rate : float
        False discovery rate, 0 to 1 (Benjamini & Hochberg 1995).
    least_gap, least_ratio, least_n : float
        The practical threshold: share here minus share elsewhere, their ratio, orders in the cell.

    Returns
    -------
    list of Cell
        Empty when nothing stands out. It never claims a cause, only a place.
    """
    views = list(_views(rights))
    found = []
    for right in rights.measured:
        marks = np.where(rights.states.pending, 0, rights.states.marks[right] >> 5)
        while True:
            seen = pd.concat([view.compare(marks) for view in views], ignore_index=True)
            seen = seen[seen["n"] >= least_n].reset_index(drop=True)
            # Each right is a hunt of its own, so the rate is shared among them.
            passed = false_discovery(seen["p"], rate / len(rights.measured))
            gap, ratio = seen["share"] - seen["elsewhere"], seen["share"] / seen["elsewhere"]
            seen = seen[passed & (gap >= least_gap) & (ratio >= least_ratio)]
            if seen.empty:
                break
            cell, inside = _strongest(right, seen, views, marks)
            found.append(cell)
            marks = np.where(inside, 0, marks)
    return sorted(found, key=lambda cell: -cell.excess)


@dataclass(frozen=True)
class _View:
    """The orders cut along one dimension, or two: each part of an order in one value."""

    names: tuple[str, ...]
    labels: list[tuple[str, ...]]
    code: np.ndarray
    part: np.ndarray
    group: np.ndarray

    def compare(self, marks: np.ndarray) -> pd.DataFrame:
        """Compare each value with the rest by a one-sided exact test."""
        state = np.zeros(len(self.group) + 1, np.int8)
        np.maximum.at(state, self.part, marks)
        state, n_values = state[:-1], len(self.labels)
        wrong = np.bincount(self.group[state == 3], minlength=n_values)
        n = np.bincount(self.group[state % 2 == 1], minlength=n_values)
        here = np.flatnonzero((wrong > 0) & (n < n.sum()))
        k, m, all_wrong, every = wrong[here], n[here], wrong.sum(), n.sum()
        columns = {"n": m, "wrong": k, "share": k / m, "elsewhere": (all_wrong - k) / (every - m)}
        p = hypergeom.sf(k - 1, every, all_wrong, m)
        return pd.DataFrame({"view": [self] * len(here), "value": here, **columns, "p": p})


def _views(rights: Rights) -> Iterator[_View]:
    """Yield every dimension and every pair of dimensions of the orders."""
    cuts = dict(_dimensions(rights))
    weekless = [name for name in cuts if name not in ("week", "weekday")]
    order = rights.states.order
    for names in [(name,) for name in cuts] + list(combinations(weekless, 2)):
        codes = [cuts[name][0] for name in names]
        sizes = [len(cuts[name][1]) for name in names]
        inside = np.all([code >= 0 for code in codes], axis=0)
        code = np.where(inside, np.ravel_multi_index(np.maximum(codes, 0), sizes), -1)
        key = np.where(inside, code * np.int64(order.max() + 1) + order, -1)
        parts, part = np.unique(key, return_inverse=True)
        if parts[0] == -1:
            # The last part gathers the lines that have no value here.
            parts, part = parts[1:], np.where(part == 0, len(parts) - 1, part - 1)
        labels = list(product(*(cuts[name][1] for name in names)))
        yield _View(names, labels, code, part, parts // (order.max() + 1))


def _strongest(
    right: str, seen: pd.DataFrame, views: list[_View], marks: np.ndarray
) -> tuple[Cell, np.ndarray]:
    """Return the clearest cell, weeks in a row taken together, and the lines that lie in it."""
    best = seen.loc[seen["p"].idxmin()]
    view, values = best["view"], [best["value"]]
    if view.names == ("week",):
        values = _run(best["value"], set(seen.loc[seen["view"] == view, "value"]))
    inside = np.isin(view.code, values)
    state = np.zeros(len(view.group) + 1, np.int8)
    np.maximum.at(state, view.part, marks)
    judged, wrong = state[:-1] % 2 == 1, state[:-1] == 3
    here = np.isin(view.group, values)
    n, k = int((judged & here).sum()), int((wrong & here).sum())
    m, j = int((judged & ~here).sum()), int((wrong & ~here).sum())
    where, period = dict(zip(view.names, view.labels[values[0]], strict=True)), None
    if "week" in where:
        period = f"{where.pop('week')}/{view.labels[values[-1]][0]}"
    cell = Cell(
        right=right,
        where=where,
        period=period,
        n=n,
        wrong=k,
        share_elsewhere=j / m if m else 0.0,
        interval=newcombe_interval(k, n, j, m),
        p=float(best["p"]),
    )
    return cell, inside


def _run(value: int, flagged: set[int]) -> list[int]:
    """Return the consecutive flagged values around one."""
    low = high = value
    while low - 1 in flagged:
        low -= 1
    while high + 1 in flagged:
        high += 1
    return list(range(low, high + 1))


_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _dimensions(rights: Rights) -> Iterator[tuple[str, tuple[np.ndarray, list[str]]]]:
    first = rights.states.first_row
    due = order_due(rights.states)
    for name in DIMENSIONS:
        if name == "week":
            codes, names = pd.factorize(period_of(due, "week"), sort=True)
        elif name == "weekday":
            days = pd.DatetimeIndex(due)
            codes, names = days.day_of_week.fillna(-1).to_numpy(int), _WEEKDAYS
        elif name in rights.frame:
            codes, names = pd.factorize(rights.frame[name].to_numpy()[first], sort=True)
        else:
            continue
        if len(names) > 1 and (len(names) <= MOST_VALUES or name == "week"):
            yield name, (codes, [str(value) for value in names])


def where_words(where: dict[str, str], period: str | None, say: Language) -> str:
    """Say a cell as a reader would: carrier K2 and product group glass; weeks 2025-W47 to W51."""
    days = dict(zip(_WEEKDAYS, say.locale.days["stand-alone"]["wide"].values(), strict=True))
    parts = [
        f"{column_name(name, say).lower()} {days.get(value, value)}"
        for name, value in where.items()
    ]
    if period:
        first, last = period.split("/")
        one = say("week {first}", first=first)
        parts.append(
            one if first == last else say("weeks {first} to {last}", first=first, last=last)
        )
    return say.listing(parts)
