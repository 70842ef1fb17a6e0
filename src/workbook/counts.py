"""Count judged lines and orders: rates, bounds, intervals and verdicts in every group.

Lines that are judged alike in everything are of one kind, and there are few kinds: what is counted
is how often each occurs in each group. Counts of several sets of whole orders add up, so a table
too large for the memory is counted in parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from workbook.profile import Profile
from workbook.schema import RIGHTS
from workbook.states import REASONS, RIGHT, STATE_BITS, WRONG, LineStates
from workbook.stats import decisive_n, ratio_interval, wilson_interval

__all__ = [
    "COUNTS",
    "Grouping",
    "Kinds",
    "Label",
    "Lines",
    "Tally",
    "frame_of",
    "kinds_of",
    "plan_of",
    "tally",
]

COUNTS = ("right", "wrong", "unknown", "not_applicable", "pending", "excluded")
_RIGHT, _WRONG, _UNKNOWN, _NOT_APPLICABLE, _PENDING, _EXCLUDED = range(6)
# How a mark's state counts: not applicable, right, unknown, wrong.
_KIND_OF_STATE = np.array([_NOT_APPLICABLE, _RIGHT, _UNKNOWN, _WRONG], np.int8)
_MARKS = (*RIGHTS, "customer", "fill", "otif")
_WEIGHED = ("unit_fill_rate", "value_fill_rate")

# A group's segment ({column: value}) and period.
Label = tuple[dict[str, str], str | None]


# ── kinds ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Kinds:
    """The kinds of lines or orders that occur: one row each.

    `key` is the kind in one number, `marks` its marks (columns as in `_MARKS`), then whether it is
    pending, excluded, and the timing of a line.
    """

    key: np.ndarray
    marks: np.ndarray
    pending: np.ndarray
    excluded: np.ndarray
    timing: np.ndarray

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def none(cls) -> "Kinds":
        flags = np.zeros(0, bool)
        marks = np.zeros((0, len(_MARKS)), np.int8)
        return cls(np.zeros(0, np.int64), marks, flags, flags, np.zeros(0, np.int8))

    def take(self, rows: np.ndarray) -> "Kinds":
        return Kinds(*(getattr(self, field.name)[rows] for field in fields(self)))

    def join(self, other: "Kinds") -> "Kinds":
        both = (self, other)
        parts = ([getattr(each, field.name) for each in both] for field in fields(self))
        return Kinds(*map(np.concatenate, parts))

    @property
    def known(self) -> tuple[str, ...]:
        """The rights that some judged line shows to be right or wrong."""
        states = self.marks[~self.pending & ~self.excluded] & STATE_BITS
        shown = ((states == RIGHT) | (states == WRONG)).any(axis=0)
        return tuple(name for name, is_known in zip(_MARKS, shown, strict=True) if is_known)

    def counted(self, columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return how each kind counts in the conjunction of these marks, and its reason."""
        none = np.zeros(len(self), np.int8)
        mark = np.maximum.reduce([none, *(self.marks[:, column] for column in columns)])
        kind = _KIND_OF_STATE[mark >> 5]
        kind = np.where(self.excluded, _EXCLUDED, np.where(self.pending, _PENDING, kind))
        return kind, np.where(kind < _PENDING, mark & 31, 0)


def kinds_of(states: LineStates) -> tuple[np.ndarray, Kinds]:
    """Return each line's kind, and the kinds."""
    marks = [states.marks[name] for name in _MARKS]
    return _distinct(marks, states.pending, states.excluded, states.timing)


def _distinct(
    marks: Sequence[np.ndarray], pending: np.ndarray, excluded: np.ndarray, timing: np.ndarray
) -> tuple[np.ndarray, Kinds]:
    """Number the rows that are alike in everything; within a right the reason gives the state."""
    key = timing.astype(np.int64)
    for flag in (pending, excluded):
        key = key << 1 | flag
    for mark in marks:
        key = key << 5 | (mark & 31)
    code, keys = pd.factorize(key)
    first = np.empty(len(keys), np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    table = np.stack([mark[first] for mark in marks], axis=1)
    return code, Kinds(keys, table, pending[first], excluded[first], timing[first])


# ── tallies ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Lines:
    """The lines of whole orders, those of one order side by side, and the kinds that there are.

    `starts` is where each order begins, `place` where each line stood before it was put there;
    `kind` is a code; `ordered`, `in_time` and `unsure` are units, as in LineStates, `price` is the
    agreed one.
    """

    kinds: Kinds
    starts: np.ndarray
    place: np.ndarray
    kind: np.ndarray
    ordered: np.ndarray
    in_time: np.ndarray
    unsure: np.ndarray
    price: np.ndarray

    @classmethod
    def of(cls, kinds: Kinds, order: np.ndarray, *arrays: np.ndarray) -> "Lines":
        """Put lines together by their orders' codes; the arrays are those from `kind` on."""
        place, starts = _together(order)
        return cls(kinds, starts, place, *(each[place] for each in arrays))

    def take(self, rows: np.ndarray) -> "Lines":
        """Return the lines that `rows` marks."""
        order = np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(rows)))[rows]
        starts = np.flatnonzero(np.diff(order, prepend=-1))
        arrays = (getattr(self, each.name)[rows] for each in fields(self)[2:])
        return Lines(self.kinds, starts, *arrays)

    def whole_in(self, grouping: "Grouping") -> bool:
        """Tell whether every order lies wholly in one group."""
        of_line = grouping.of_line
        alone = grouping.of_order is None and (of_line >= 0).all()
        return alone and self.parts.split(of_line, grouping.size) is self.parts

    @cached_property
    def parts(self) -> "_Parts":
        return _Parts(self.kinds, self.kind, self.weighed, None, self.starts)

    @cached_property
    def weighed(self) -> dict[tuple[str, str], list[np.ndarray]]:
        """Per line, by units and by value: in full, not, perhaps; judged, but not to be weighed."""
        fill = self.kinds.counted([_MARKS.index("fill")])[0][self.kind]
        return {
            (name, name.split("_")[0]): self._weigh(fill, weight)
            for name, weight in zip(_WEIGHED, (None, self.price), strict=True)
        }

    def _weigh(self, fill: np.ndarray, weight: np.ndarray | None) -> list[np.ndarray]:
        units = self.ordered, self.in_time, self.unsure
        ordered, surely, unsure = (each if weight is None else each * weight for each in units)
        unsure = np.where(fill == _UNKNOWN, ordered - surely, unsure)
        judged, missing = fill <= _UNKNOWN, np.isnan(ordered)
        counted = judged & ~missing
        parts = (surely, ordered - surely - unsure, unsure)
        return [*(np.where(counted, part, 0.0) for part in parts), (judged & missing).astype(float)]


@dataclass(frozen=True)
class Grouping:
    """Each line's group (-1: none), and the number of groups.

    Where an order counts as a whole, as in the week of its last line, `of_order` has each line's
    order's group; else an order counts in each group by its lines there.
    """

    of_line: np.ndarray
    size: int
    of_order: np.ndarray | None = None


@dataclass(frozen=True)
class Tally:
    """What adds up, per measure and level: how cases count, their reasons, timing, moments.

    Arrays have one row per group. Moments are those of `stats.ratio_interval`, for confirmed and
    for upper.
    """

    counts: dict[tuple[str, str], np.ndarray]
    reasons: dict[tuple[str, str], np.ndarray]
    moments: dict[tuple[str, str], np.ndarray]
    timing: np.ndarray

    def __add__(self, other: "Tally") -> "Tally":
        add = lambda mine, theirs: {key: mine[key] + theirs[key] for key in mine}
        counts, reasons = add(self.counts, other.counts), add(self.reasons, other.reasons)
        moments = add(self.moments, other.moments)
        return Tally(counts, reasons, moments, self.timing + other.timing)

    def total(self) -> "Tally":
        """Put all groups together: right where no order lies in two of them."""
        whole = lambda each: {key: rows.sum(axis=0, keepdims=True) for key, rows in each.items()}
        timing = self.timing.sum(axis=0, keepdims=True)
        return Tally(whole(self.counts), whole(self.reasons), whole(self.moments), timing)


Plan = list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]


def plan_of(profile: Profile, known: Sequence[str]) -> Plan:
    """Return every measure: its name, its level, its marks, and the rights it is over."""
    scope, both = tuple(profile.rights), ("time", "quantity")
    measured = tuple(right for right in scope if right in known)
    plan = [
        (f"right_{right}", level, (right,), (right,))
        for right in (*RIGHTS, *(("customer",) if "customer" in scope else ()))
        for level in ("line", "order")
    ]
    return [
        *plan,
        ("perfect_line", "line", scope, scope),
        ("perfect_order", "order", scope, scope),
        ("perfect_order_measured", "order", measured, measured),
        ("otif", "line", ("otif",), both),
        ("otif", "order", ("otif",), both),
        ("line_fill_rate", "line", ("fill",), ("quantity",)),
        ("order_fill_rate", "order", ("fill",), ("quantity",)),
        *((name, name.split("_")[0], (), ("quantity",)) for name in _WEIGHED),
    ]


def _together(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorting that puts equal codes side by side, and where each begins there."""
    bits = np.uint64(max(len(code) - 1, 1).bit_length())
    # One number holds code and place, because numbers sort far faster than their positions.
    place = np.arange(len(code), dtype=np.uint64)
    # Codes of all 64 bits are spread so well that the upper bits tell nearly all apart.
    wide = code.dtype == np.uint64
    upper = code >> bits << bits if wide else code.astype(np.uint64) << bits
    sorting = (np.sort(upper | place) & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    differ = np.diff(code[sorting]) != 0
    if wide and (differ & (np.diff(upper[sorting]) == 0)).any():
        sorting = np.argsort(code, kind="stable")
        differ = np.diff(code[sorting]) != 0
    return sorting, np.flatnonzero(np.append(True, differ)[: len(code)])


def tally(lines: Lines, grouping: Grouping, plan: Plan) -> Tally:
    """Count every measure in every group."""
    inside = grouping.of_line >= 0
    if not inside.all():
        return _tally_some(lines, grouping, plan, inside)
    kinds, size = lines.kinds, grouping.size
    parts = lines.parts.split(grouping.of_line, size)
    group = parts.firsts(grouping.of_line)
    by_line = [each for each in plan if each[1] == "line"]
    by_order = [each for each in plan if each[1] == "order"]
    counts, reasons, timing = _count(grouping.of_line, lines.kind, size, kinds, by_line)
    moments = _by_mix(parts.mixes, group, size, kinds, by_line)
    one = size == 1
    total = lambda code, each: each.sum(keepdims=True) if one else np.bincount(code, each, size)
    for name, weighed in lines.weighed.items() if len(plan) > len(by_line + by_order) else ():
        moments[name] = np.stack([total(group, each) for each in parts.weighed[name]], axis=-1)
        sums = np.stack([total(grouping.of_line, each) for each in weighed], axis=-1)
        counts[name] = np.concatenate([sums[:, :3], np.zeros((size, 3))], axis=1)
        reasons[name] = np.eye(32)[[REASONS.index("not recorded")]] * sums[:, 3:]
    if grouping.of_order is not None:
        parts, group = lines.parts, lines.parts.firsts(grouping.of_order)
    code, of_orders = parts.mixes.orders(kinds)
    whole = _count(group, code, size, of_orders, by_order)
    return Tally(counts | whole[0], reasons | whole[1], moments, timing)


def _tally_some(lines: Lines, grouping: Grouping, plan: Plan, inside: np.ndarray) -> Tally:
    """Count the lines that lie in some group; a whole order counts with all its lines."""
    own = tally(lines.take(inside), Grouping(grouping.of_line[inside], grouping.size), plan)
    if grouping.of_order is None:
        return own
    whole = tally(lines, Grouping(grouping.of_order, grouping.size), plan)
    orders = lambda counts: {key: each for key, each in counts.items() if key[1] == "order"}
    counts, reasons = own.counts | orders(whole.counts), own.reasons | orders(whole.reasons)
    return Tally(counts, reasons, own.moments, own.timing)


@dataclass(frozen=True)
class _Parts:
    """Lines put together: by order, or by order and group; `sorting` None keeps their places."""

    kinds: Kinds
    kind: np.ndarray
    of_lines: dict[tuple[str, str], list[np.ndarray]]
    sorting: np.ndarray | None
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def sizes(self) -> np.ndarray:
        return np.diff(self.starts, append=len(self.kind))

    @cached_property
    def mixes(self) -> "_Mixes":
        return _Mixes(self)

    @cached_property
    def weighed(self) -> dict[tuple[str, str], list[np.ndarray]]:
        """Per part the moments of the fill rates that weigh lines."""
        return {
            name: [*_moments(*map(self.add, parts))] for name, (*parts, _) in self.of_lines.items()
        }

    def sorted(self, values: np.ndarray) -> np.ndarray:
        return values if self.sorting is None else values[self.sorting]

    def firsts(self, values: np.ndarray) -> np.ndarray:
        """Return each part's first value."""
        return values[self.starts if self.sorting is None else self.sorting[self.starts]]

    def split(self, group: np.ndarray, size: int) -> "_Parts":
        """Put together only lines of one group; the same parts where none spans two."""
        if np.array_equal(np.repeat(self.firsts(group), self.sizes), group):
            return self
        part = np.repeat(np.arange(len(self)), self.sizes)
        return _Parts(self.kinds, self.kind, self.of_lines, *_together(part * size + group))

    def add(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each part: much faster than reduceat where parts are short."""
        ends = np.append(self.starts[1:], len(values)) - 1 if len(self) else self.starts
        return np.diff(np.cumsum(self.sorted(values))[ends], prepend=values.dtype.type(0))


class _Mixes:
    """The different mixes of line kinds that parts have: few, however many orders there are."""

    def __init__(self, parts: _Parts):
        # A part's mix is known by the sum of one random number per kind of its lines.
        draw, kind = np.random.default_rng(0), parts.sorted(parts.kind)
        number = draw.integers(0, 2**64, len(parts.kinds), dtype=np.uint64)
        self.code, uniques = pd.factorize(parts.add(number[parts.kind]))
        example = np.empty(len(uniques), np.int64)
        example[self.code] = np.arange(len(parts))
        sizes = parts.sizes[example]
        self.starts = np.cumsum(sizes) - sizes
        within = np.arange(sizes.sum()) - np.repeat(self.starts, sizes)
        self.kind = kind[np.repeat(parts.starts[example], sizes) + within]
        ends = np.append(self.starts, sizes.sum())
        shape = (len(sizes), len(parts.kinds))
        self.lines = csr_matrix((np.ones(len(self.kind)), self.kind, ends), shape)

    def __len__(self) -> int:
        return len(self.starts)

    def orders(self, kinds: Kinds) -> tuple[np.ndarray, Kinds]:
        """Put lines together to orders: Kleene's "and" is the maximum of their marks."""
        if not len(self):
            return self.code, Kinds.none()
        fold = lambda ufunc, values: ufunc.reduceat(values[self.kind], self.starts)
        marks = [fold(np.maximum, column) for column in np.ascontiguousarray(kinds.marks.T)]
        pending, excluded = fold(np.maximum, kinds.pending), fold(np.minimum, kinds.excluded)
        code, of_orders = _distinct(marks, pending, excluded, np.zeros(len(self), np.int8))
        return code[self.code], of_orders


def _cells(group: np.ndarray, kind: np.ndarray, groups: int, kinds: int) -> csr_matrix:
    """Return how often each kind occurs in each group."""
    key = group.astype(np.int64) * kinds + kind
    if groups * kinds <= 8 * len(key):
        counts = np.bincount(key)
        key = np.flatnonzero(counts)
        counts = counts[key]
    else:
        key, counts = np.unique(key, return_counts=True)
    ends = np.searchsorted(key, np.arange(groups + 1) * kinds)
    return csr_matrix((counts.astype(float), key % max(kinds, 1), ends), shape=(groups, kinds))


def _count(
    group: np.ndarray, kind: np.ndarray, groups: int, kinds: Kinds, plan: Plan
) -> tuple[dict, dict, np.ndarray]:
    """Count how the cases of each group stand in each measure, why, and their timing."""
    cells, counts, reasons = _cells(group, kind, groups, len(kinds)), {}, {}
    group = np.repeat(np.arange(groups), np.diff(cells.indptr))
    total = lambda column, size: np.bincount(
        group * size + column[cells.indices], cells.data, groups * size
    ).reshape(groups, size)
    for measure, level, marks, _ in plan:
        kind, reason = kinds.counted([_MARKS.index(mark) for mark in marks])
        # Few pairs of kind and reason occur in one measure.
        pair, pairs = pd.factorize(kind.astype(np.int64) << 5 | reason)
        number = total(pair, len(pairs))
        counts[measure, level] = number @ np.eye(6)[pairs >> 5]
        reasons[measure, level] = number @ np.eye(32)[pairs & 31]
    judged, _ = kinds.counted([_MARKS.index("time")])
    return counts, reasons, total(np.where(judged <= _UNKNOWN, kinds.timing, 0), 4)


def _by_mix(
    mixes: _Mixes, group: np.ndarray, groups: int, kinds: Kinds, plan: Plan
) -> dict[tuple[str, str], np.ndarray]:
    """Return the moments of each measure that counts lines: parts of one mix have the same."""
    cells, found = _cells(group, mixes.code, groups, len(mixes)), {}
    for measure, level, marks, _ in plan:
        state, _ = kinds.counted([_MARKS.index(mark) for mark in marks])
        shares = mixes.lines @ np.eye(6)[state][:, :3]
        found[measure, level] = np.stack([cells @ each for each in _moments(*shares.T)], axis=-1)
    return found


def _moments(right: np.ndarray, wrong: np.ndarray, unknown: np.ndarray) -> Iterator[np.ndarray]:
    """Yield what `stats.ratio_interval` sums: of confirmed (s) and upper (u) over all (t)."""
    s, u, t = right, right + unknown, right + wrong + unknown
    yield from ((t > 0).astype(t.dtype), s, t, s * s, s * t, t * t, u, u * u, u * t)


# ── measures ─────────────────────────────────────────────────────────────────────────────────


def frame_of(
    counted: Tally, labels: Sequence[Label], plan: Plan, profile: Profile, known: Sequence[str]
) -> pd.DataFrame:
    """Turn a tally into measures: one row per measure, level and group, with CONTRACT's keys."""
    if not labels:
        return pd.DataFrame()
    parts = [
        _columns(counted, measure, level, over, profile, known) for measure, level, _, over in plan
    ]
    columns = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    frame = pd.DataFrame(columns)
    frame["verdict"] = pd.Series(columns["verdict"], dtype=object)
    frame["segment"] = pd.Series([segment for segment, _ in labels] * len(parts), dtype=object)
    frame["period"] = pd.Series([period for _, period in labels] * len(parts), dtype=object)
    return frame


def _joined(parts: Sequence[Sequence[object]]) -> np.ndarray | list[object]:
    """Put the parts of a column one after the other, at once."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [cell for part in parts for cell in part]


def _columns(
    counted: Tally,
    measure: str,
    level: str,
    over: Sequence[str],
    profile: Profile,
    known: Sequence[str],
) -> dict[str, Sequence[object]]:
    count, groups = counted.counts[measure, level], len(counted.timing)
    right, wrong, unknown = count[:, :3].T
    settled, judged = right + wrong, right + wrong + unknown
    rate = lambda part, whole, shown: np.divide(
        part, whole, out=np.full(groups, np.nan), where=(whole > 0) & shown
    )
    # A conjunction has only its upper bound while one of its rights is not measured.
    partly = measure in ("perfect_line", "perfect_order", "otif") and not set(over) <= set(known)
    has = settled > 0
    low, high = _interval(counted, measure, level)
    rows = {
        "measure": [measure] * groups,
        "level": [level] * groups,
        "due": [profile.due] * groups,
        "rights": [list(over) for _ in range(groups)],
        **dict(zip(COUNTS, count.T, strict=True)),
        "confirmed": rate(right, judged, has & (not partly)),
        "known_only": rate(right, settled, has & (not partly)),
        "upper": rate(right + unknown, judged, has),
        "interval": _pairs(low, high, has),
        "coverage": rate(settled, judged, True),
        "reasons": _named(counted.reasons[measure, level]),
        "timing": _timing(counted.timing)
        if (measure, level) == ("right_time", "line")
        else [None] * groups,
    }
    return rows | _verdicts(rows, low, high, measure, level, profile)


def _interval(counted: Tally, measure: str, level: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of each group: Wilson's by order, clustered by order by line."""
    if level == "order":
        right, wrong, unknown = counted.counts[measure, level][:, :3].T
        n = np.maximum(right + wrong + unknown, 1)
        return wilson_interval(right, n).low, wilson_interval(
            np.minimum(right + unknown, n), n
        ).high
    k, s, t, ss, st, tt, u, uu, ut = counted.moments[measure, level].T
    return ratio_interval(k, s, t, ss, st, tt).low, ratio_interval(k, u, t, uu, ut, tt).high


def _pairs(low: np.ndarray, high: np.ndarray, has: np.ndarray) -> list[list[float] | None]:
    pairs = zip(low.tolist(), high.tolist(), has.tolist(), strict=True)
    return [[a, b] if there else None for a, b, there in pairs]


def _named(reasons: np.ndarray) -> list[dict[str, int]]:
    """Name the reasons that occur in each group."""
    named: list[dict[str, int]] = [{} for _ in reasons]
    for group, code in zip(*np.nonzero(reasons[:, 1:]), strict=True):
        named[group][REASONS[code + 1]] = int(reasons[group, code + 1])
    return named


def _timing(timing: np.ndarray) -> list[dict[str, int]]:
    names = ("early", "on_time", "late")
    return [dict(zip(names, map(int, row[1:]), strict=True)) for row in timing]


def _verdicts(
    rows: Mapping[str, object],
    low: np.ndarray,
    high: np.ndarray,
    measure: str,
    level: str,
    profile: Profile,
) -> dict[str, object]:
    """Return the verdicts: does the whole interval lie on one side of the target?"""
    # A right's verdict rests on its orders; the lines of one order are no independent cases.
    by_line = level == "line" and measure.startswith("right_")
    target = None if by_line else profile.targets.get(measure)
    groups, unset = len(low), np.full(len(low), np.nan)
    if target is None:
        return {"target": unset, "verdict": np.full(groups, None), "n_decides": unset}
    has = ~np.isnan(rows["upper"])
    words = np.select([low >= target, high < target], ["met", "missed"], "not demonstrable")
    rates = np.where(words == "not demonstrable", rows["confirmed"], np.nan)
    decides = [np.nan if np.isnan(rate) else decisive_n(rate, target) for rate in rates]
    aim, verdicts = np.full(groups, float(target)), np.where(has, words, None)
    return {"target": aim, "verdict": verdicts, "n_decides": np.array(decides, float)}
