"""Find where a right fails: cells that fail more than the rest, each cause named once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy.special import xlogy
from scipy.stats import hypergeom

from workbook.clock import business_days, counted_from
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
    "customer",
    "segment",
    "channel",
    "product_group",
    "product",
    "carrier",
    "ship_from",
    "route",
    "region",
    "size_class",
    "promise_days",
    "weekday",
    "week",
)
# More values than these are cut alone, but in no pair.
MOST_VALUES, MOST_ALONE = 60, 2000
# A pair or a period is told instead of a whole dimension where it is so much likelier (log) to be
# the place, which no choice among some thousands brings about. So many cells are weighed.
SURER, WEIGHED, MOST_TRIED = 12.0, 12, 20
# States in which "wrong" stands for not known, and "right" for known either way.
_AS_UNKNOWN = np.array([0, 1, 3, 1], np.int8)
# Parts of orders are compared with parts of as many lines: of one, two, three, four or five, more.
_SIZES = np.array([2, 3, 4, 6])
# Dimensions whose neighbouring values are one cause: a bad month is no four bad weeks.
_IN_A_ROW = (("week",), ("promise_days",))


@dataclass(frozen=True)
class Cell:
    """A part of the orders in which a right fails more often than in the rest.

    `wrong` of `n` judged orders fail here, `share_elsewhere` of the others; `interval` is
    Newcombe's for the difference, `excess` the failures beyond the others' share. Where `apart`,
    the orders that other cells explain are counted on neither side. Where `unknown`, `wrong` are
    the orders of which it is not known, among all that are judged. Where `alike`, the others' share
    is that of orders of as many lines.
    """

    right: str
    where: dict[str, str]
    period: str | None
    n: int
    wrong: int
    share_elsewhere: float
    interval: Interval
    p: float
    apart: bool = False
    unknown: bool = False
    alike: bool = False

    @property
    def share(self) -> float:
        return self.wrong / self.n

    @property
    def excess(self) -> float:
        return self.wrong - self.n * self.share_elsewhere

    def finding(self, say: Language) -> Finding:
        """Say where the right fails, against the rest."""
        words = {
            "right": measure_name(f"right_{self.right}", say),
            "share": say.percent(self.share),
            "orders": count_words(self.n, say),
            "place": where_words(self.where, self.period, say),
            "elsewhere": say.percent(self.share_elsewhere),
            "low": say.points(self.interval.low),
            "high": say.points(self.interval.high),
        }
        fails = say(
            "{right} fails in {share} of {orders} for {place}, against {elsewhere} elsewhere: "
            "between {low} and {high} points more.",
            **words,
        )
        hidden = say(
            "{right} is not known for {share} of {orders} for {place}, against {elsewhere} "
            "elsewhere: what is missing may be what failed.",
            **words,
        )
        sentence = hidden if self.unknown else fails
        if self.alike:
            sentence += " " + say("Orders of as many lines are compared.")
        if self.apart:
            sentence += " " + say(
                "Orders that another finding of this right accounts for are left out on both sides."
            )
        key = ["unknown" if self.unknown else "where", self.right]
        key += [part for item in self.where.items() for part in item]
        key += self.period.split("/") if self.period else []
        return Finding(
            id="-".join(key),
            kind="no evidence" if self.unknown else "needs improvement",
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
    rate: float = 0.02,
    least_gap: float = 0.03,
    least_odds: float = 1.5,
    least_n: int = 30,
    unknown: bool = False,
) -> list[Cell]:
    """Find the cells in which a right fails more than elsewhere, strongest first.

    Every value of every dimension, and every pair of values, is compared with the rest by an exact
    test; a cell counts when it passes the false discovery rate over all comparisons of all rights
    and its failures exceed the rest's by a practical margin, in all or within some weeks. Then the
    likeliest is named, its orders are set aside and what is left is compared again: one cause is
    named once, and its shadows (the carrier of a failing carrier-product pair) fall away.

    Where a value holds for a part of an order only, as a product group does, one line stands for
    that part: parts of many lines would fail more often of themselves. For the same reason whole
    orders are compared with orders of as many lines (the rest's shares are put together as the
    cell's are), else whoever orders more at a time would be accused.

    Parameters
    ----------
    rights : Rights
        Measured rights; only orders known to be right or wrong are compared.
    rate : float
        False discovery rate, 0 to 1 (Benjamini & Hochberg 1995).
    least_gap, least_odds, least_n : float
        The practical threshold: share here minus share elsewhere, odds ratio, orders in the cell.
    unknown : bool
        Look for where a right is not known, instead of where it fails.

    Returns
    -------
    list of Cell
        Empty when nothing stands out. It never claims a cause, only a place.
    """
    views, found = list(_views(rights)), []
    week = next((view for view in views if view.names == ("week",)), None)
    practical = (least_gap, least_odds, least_n)
    for right in rights.measured:
        marks = np.where(rights.states.pending, 0, rights.states.marks[right] >> 5)
        if unknown:
            marks = _AS_UNKNOWN[marks]
        # Each right is a hunt of its own, so the rate is shared among them.
        picks = _hunt(views, week, marks, rate / len(rights.measured), practical)
        inside = [pick.inside(week) for pick in picks]
        for place, pick in enumerate(picks):
            # What another cell explains is neither this cell's failure nor the rest's.
            others = [*inside[:place], *inside[place + 1 :]]
            alone = np.where(np.any(others, axis=0), 0, marks) if others else marks
            cell = _describe(right, pick, alone, week, apart=bool(others))
            found += [replace(cell, unknown=unknown)] if cell.n else []
    return sorted(found, key=lambda cell: -cell.excess)


def _hunt(
    views: "list[_View]",
    week: "_View | None",
    marks: np.ndarray,
    rate: float,
    practical: tuple[float, float, int],
) -> "list[_Pick]":
    """Name the strongest cell, set its lines aside, and compare again until nothing stands out."""
    picks: list[_Pick] = []
    while True:
        best = _strongest(views, week, marks, rate, practical)
        if best is None:
            return picks
        marks = np.where(best.inside(week), 0, marks)
        beside = [pick for pick in picks if pick.view == best.view and pick.touches(best.values)]
        picks = [pick for pick in picks if pick not in beside]
        values = {*best.values, *(value for pick in beside for value in pick.values)}
        p = min([best.p, *(pick.p for pick in beside)])
        picks.append(replace(best, values=sorted(values), p=p))


def _strongest(
    views: "list[_View]",
    week: "_View | None",
    marks: np.ndarray,
    rate: float,
    practical: tuple[float, float, int],
) -> "_Pick | None":
    """Return the likeliest of the cells that matter, as a whole or in a period of their own."""
    place, value, p, large, alike = _standing_out(views, marks, rate, practical)
    fits: list[_Pick] = []
    for tried, best in enumerate(np.argsort(p, kind="stable")[:MOST_TRIED]):
        if fits and tried >= WEIGHED:
            break
        view, values = views[place[best]], [int(value[best])]
        if view.names in _IN_A_ROW:
            same = (place == place[best]) & large
            values = _run(values[0], {values[0], *value[same].tolist()})
        pick = _weigh(_Pick(view, values, p[best], tuple(alike[best])), week, marks, practical)
        fits += [pick] if large[best] or pick.weeks else []
    best = max(fits, key=lambda pick: pick.weight, default=None)
    if best is None or len(best.view.names) == 1:
        return best
    # A pair's own dimensions may have come too late among the candidates to be weighed with it.
    wholes = [_weigh(whole, week, marks, practical) for whole in _wholes(best, views)]
    return max([best, *(each for each in wholes if each.weeks)], key=lambda pick: pick.weight)


def _wholes(pair: "_Pick", views: "list[_View]") -> "Iterator[_Pick]":
    """Yield a pair's two values, each alone."""
    label = pair.view.labels[pair.values[0]]
    for name, value in zip(pair.view.names, label, strict=True):
        view = next(view for view in views if view.names == (name,))
        yield replace(pair, view=view, values=[view.labels.index((value,))], weeks=None)


def _weigh(
    pick: "_Pick", week: "_View | None", marks: np.ndarray, practical: tuple[float, float, int]
) -> "_Pick":
    """Weigh a cell by its log likelihood, in the weeks to which its failures keep, if they do."""
    view, by_week = pick.view, week is not None and week is not pick.view
    state, at = np.zeros((2, len(view.group) + 1), int)
    np.maximum.at(state, view.part, marks)
    at[view.part] = week.code if by_week else 0
    wrong, known = state[:-1] == 3, state[:-1] % 2 == 1
    mine, at = np.isin(view.group, pick.values) & (at[:-1] >= 0), at[:-1]
    k, n = (_in_windows(at[mine & which], at.max() + 1) for which in (wrong, known))
    m = (known.sum() - n) * pick.alike[1]
    j = np.minimum((wrong.sum() - k) * pick.alike[0], m)
    sure = _fit(k, n) + _fit(j, m) - _fit(k + j, n + m)
    fits = np.where((n >= practical[2]) & _matters(k, n, j, m, practical), sure, -np.inf)
    first, last = np.unravel_index(fits.argmax(), fits.shape)
    pairs = SURER * (len(view.names) - 1)
    if fits[first, last] < sure[0, -1] + SURER:
        return replace(pick, weight=sure[0, -1] - pairs)
    weeks = (int(first), int(last))
    return replace(pick, weight=fits[weeks] - pairs - SURER, weeks=weeks)


def _in_windows(at: np.ndarray, many: int) -> np.ndarray:
    """Count what lies from each week (row) to each later one (column)."""
    until = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=many))])
    return np.triu(until[None, 1:] - until[:-1, None])


def _fit(wrong: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the log likelihood of so many failures at their own rate."""
    rate = wrong / np.maximum(known, 1)
    return xlogy(wrong, rate) + xlogy(known - wrong, 1 - rate)


def _matters(
    k: np.ndarray, n: np.ndarray, j: np.ndarray, m: np.ndarray, practical: tuple[float, float, int]
) -> np.ndarray:
    """Tell whether k of n fail more than j of m by the practical margins."""
    here, there = k / np.maximum(n, 1), j / np.maximum(m, 1)
    # Odds, not shares: their ratio means the same for rare and for common failures.
    far = here * (1 - there) >= practical[1] * there * (1 - here)
    return (here - there >= practical[0]) & far


def _standing_out(
    views: "list[_View]", marks: np.ndarray, rate: float, practical: tuple[float, float, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells that fail more than the rest: view, value, p, whether in earnest, and what
    makes of the rest's wrong and known ones those that compare, with as many lines."""
    counts = [view.count(marks) for view in views]
    wrong, known = np.concatenate(counts, axis=1)
    sizes = [count.shape[1] for count in counts]
    place = np.repeat(np.arange(len(views)), sizes)
    value = np.concatenate([np.arange(size) for size in sizes])
    whole = np.array([count.sum(axis=1) for count in counts])
    k, n, every = wrong.sum(axis=1), known.sum(axis=1), whole[:, 1].sum(axis=1)[place]
    tried = np.flatnonzero((k > 0) & (n < every) & (n >= practical[2]))
    k, n, every, whole = k[tried], n[tried], every[tried], whole[place[tried]].swapaxes(0, 1)
    cell = np.stack([wrong[tried], known[tried]])
    j, m = _at_sizes(cell, whole - cell)
    above, p = k * m > j * n, np.ones(len(tried))
    table = k - 1, np.rint(n + m), np.rint(k + j), n
    p[above] = hypergeom.sf(*(each[above] for each in table))
    keep, large = false_discovery(p, rate), _matters(k, n, j, m, practical)
    others = np.maximum(whole.sum(axis=2) - [k, n], 1)
    alike = (np.array([j, m]) / others).T[keep]
    return place[tried[keep]], value[tried[keep]], p[keep], large[keep], alike


def _at_sizes(cell: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many of the others are wrong and known, had they as many lines as the cell.

    Both are counts of wrong and of known (first axis) by size (last axis). The others' shares are
    put together as the cell's are; so they tell as much as fewer orders would (Kish 1965, Survey
    Sampling, ch. 11.7). Of a size that the others don't have the cell's own share stands.
    """
    (wrong, known), (k, n) = others, cell
    share = np.where(known > 0, wrong / np.maximum(known, 1), k / np.maximum(n, 1))
    spread = np.where(known > 0, n * n / np.maximum(known, 1), 0).sum(axis=-1)
    every = n.sum(axis=-1)
    size = every * every / np.maximum(spread, 1e-9)
    return size * (share * n).sum(axis=-1) / np.maximum(every, 1), size


@dataclass(frozen=True, eq=False)
class _Pick:
    """A cell that stood out: the values of a view, and the strength of the evidence."""

    view: "_View"
    values: list[int]
    p: float
    alike: tuple[float, float] = (1.0, 1.0)
    weeks: tuple[int, int] | None = None
    weight: float = 0.0

    def inside(self, week: "_View | None") -> np.ndarray:
        """Tell which lines are in the cell, and in its weeks."""
        mine = np.isin(self.view.code, self.values)
        if self.weeks is None:
            return mine
        return mine & (week.code >= self.weeks[0]) & (week.code <= self.weeks[1])

    def touches(self, values: list[int]) -> bool:
        """Tell whether these values continue the cell's own in a row of weeks or days."""
        in_a_row = min(values) - 1 <= max(self.values) and max(values) + 1 >= min(self.values)
        return self.view.names in _IN_A_ROW and in_a_row


@dataclass(frozen=True, eq=False)
class _View:
    """The orders cut along one dimension, or two: each part of an order in one value."""

    names: tuple[str, ...]
    labels: list[tuple[str, ...]]
    code: np.ndarray
    part: np.ndarray
    group: np.ndarray
    size: np.ndarray
    n_sizes: int

    def count(self, marks: np.ndarray) -> np.ndarray:
        """Return how many parts of orders are wrong, and how many are known, by value and size."""
        state, shape = np.zeros(len(self.group) + 1, np.int8), (len(self.labels), self.n_sizes)
        np.maximum.at(state, self.part, marks)  # the last gathers the lines without a value
        cell = self.group * self.n_sizes + self.size
        wrong, known = cell[state[:-1] == 3], cell[state[:-1] % 2 == 1]
        each = [np.bincount(part, minlength=np.prod(shape)) for part in (wrong, known)]
        return np.reshape(each, (2, *shape))


def _views(rights: Rights) -> Iterator[_View]:
    """Yield every dimension and every pair of dimensions of the orders."""
    cuts = dict(_dimensions(rights))
    order = rights.states.order
    many = order.max(initial=0) + np.int64(1)
    n_sizes = _size(np.bincount(order)).max(initial=0) + 1
    paired = [name for name in cuts if name not in ("week", "weekday", "promise_days")]
    paired = [name for name in paired if len(cuts[name][1]) <= MOST_VALUES]
    for names in [(name,) for name in cuts] + list(combinations(paired, 2)):
        codes = [cuts[name][0] for name in names]
        sizes = [len(cuts[name][1]) for name in names]
        inside = np.all([code >= 0 for code in codes], axis=0)
        code = np.where(inside, np.ravel_multi_index(np.maximum(codes, 0), sizes), -1)
        key = np.where(inside, code * many + order, -1)
        parts, first, part = np.unique(key, return_index=True, return_inverse=True)
        if len(parts) and parts[0] == -1:
            # The last part gathers the lines that have no value here.
            parts, part = parts[1:], np.where(part == 0, len(parts) - 1, part - 1)
            first = first[1:]
        if len(parts) > len(np.unique(parts % many)):
            # One line stands for each part of an order: a part of many lines fails more of itself.
            part = np.where(np.isin(np.arange(len(part)), first), part, len(parts))
        labels = list(product(*(cuts[name][1] for name in names)))
        size = _size(np.bincount(part, minlength=len(parts))[: len(parts)])
        yield _View(names, labels, code, part, parts // many, size, n_sizes)


def _size(lines: np.ndarray) -> np.ndarray:
    return np.searchsorted(_SIZES, lines, side="right")


def _describe(
    right: str, pick: _Pick, marks: np.ndarray, week: "_View | None", apart: bool
) -> Cell:
    """Count a cell against the rest."""
    view, counts = pick.view, pick.view.count(marks)
    mine = view.count(np.where(pick.inside(week), marks, 0))[:, pick.values].sum(axis=1)
    others = counts.sum(axis=1) - mine
    (k, n), (failed, every) = (part.sum(axis=-1).tolist() for part in (mine, others))
    j, m = map(float, _at_sizes(mine, others)) if n and every else (0.0, 0.0)
    share = j / m if m else 0.0
    first, last = view.labels[pick.values[0]], view.labels[pick.values[-1]]
    where, period = dict(zip(view.names, first, strict=True)), None
    if view.names == ("week",):
        where, period = {}, f"{first[0]}/{last[0]}"
    elif first != last:
        where = {view.names[0]: f"{first[0]}-{last[0]}"}
    if pick.weeks:
        period = "/".join(week.labels[each][0] for each in pick.weeks)
    return Cell(
        right=right,
        where=where,
        period=period,
        n=n,
        wrong=k,
        share_elsewhere=share,
        interval=newcombe_interval(k, n, j, m),
        p=float(pick.p),
        apart=apart,
        alike=bool(every) and abs(share - failed / every) >= 0.01,
    )


def _run(value: int, flagged: set[int]) -> list[int]:
    """Return the consecutive flagged values around one."""
    low = next(low for low in range(value, -2, -1) if low - 1 not in flagged)
    high = next(high for high in range(value, max(flagged) + 1) if high + 1 not in flagged)
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
        elif name == "promise_days":
            codes, names = _promise_days(rights, due)
        elif name in rights.frame:
            codes, names = pd.factorize(rights.frame[name].to_numpy()[first], sort=True)
        else:
            continue
        if 1 < len(names) <= MOST_ALONE:
            yield name, (codes, [str(value) for value in names])


def _promise_days(rights: Rights, due: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return how many days after the order each was promised: short promises fail of themselves."""
    if "ordered_at" not in rights.frame:
        return np.full(len(due), -1), []
    ordered = rights.frame["ordered_at"].to_numpy("datetime64[us]")[rights.states.first_row]
    ordered, due = counted_from(ordered, rights.profile.cut_off), due.astype("datetime64[D]")
    days = (due - ordered).astype(float)
    if rights.profile.days == "business":
        days = business_days(ordered, due, rights.profile.country)
    days = np.clip(days, 0, 10)
    names = [str(day) if day < 10 else "10+" for day in range(int(np.nanmax(days, initial=0)) + 1)]
    return np.where(np.isnan(days), -1, days).astype(int), names


def where_words(where: dict[str, str], period: str | None, say: Language) -> str:
    """Say a cell as a reader would: carrier K2 and product group glass; weeks 2025-W47 to W51."""
    days = dict(zip(_WEEKDAYS, say.locale.days["stand-alone"]["wide"].values(), strict=True))
    named = [(column_name(name, say).lower(), days.get(where[name], where[name])) for name in where]
    parts = [say("{column} {value}", column=column, value=value) for column, value in named]
    if "promise_days" in where:
        days = where["promise_days"].replace("-", "–")
        n = int(days.rstrip("+").rpartition("–")[2])
        parts = [
            say.plural("a promise {days} day ahead", "a promise {days} days ahead", n, days=days)
        ]
    if period:
        first, last = period.split("/")
        one, many = (
            say("week {first}", first=first),
            say("weeks {first} to {last}", first=first, last=last),
        )
        parts.append(one if first == last else many)
    return say.listing(parts)
