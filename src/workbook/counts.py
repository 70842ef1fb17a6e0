"""Count judged lines and orders: rates, bounds, intervals and verdicts in every group."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbook.profile import Profile
from workbook.schema import RIGHTS
from workbook.states import REASONS, LineStates
from workbook.stats import clustered_interval, decisive_n, wilson_interval

__all__ = ["COUNTS", "Label", "count_measures"]

COUNTS = ("right", "wrong", "unknown", "not_applicable", "pending", "excluded")
_RIGHT, _WRONG, _UNKNOWN, _NOT_APPLICABLE, _PENDING, _EXCLUDED = range(6)

# A group's segment ({column: value}) and period.
Label = tuple[dict[str, str], str | None]
_RATES = ("confirmed", "known_only", "upper", "coverage", "target", "n_decides")


def count_measures(
    states: LineStates,
    profile: Profile,
    known: Sequence[str],
    prices: np.ndarray,
    groups: tuple[np.ndarray, list[Label]],
) -> pd.DataFrame:
    """Count every measure in every group of lines.

    Parameters
    ----------
    states : LineStates
        The judged lines.
    profile : Profile
        Gives the rights in scope, the due date's name and the targets.
    known : names
        The rights that some line shows to be right or wrong; a conjunction that needs another one
        has only an upper bound.
    prices : float array, one per line
        The agreed price, for the fill rate by value.
    groups : (int array, labels)
        Each line's group (-1: none) and each group's (segment, period).

    Returns
    -------
    DataFrame
        One row per measure, level and group, with CONTRACT's keys.
    """
    group, labels = groups
    cases = _Cases(states, group, len(labels))
    scope, both = tuple(profile.rights), ("time", "quantity")
    measured = tuple(right for right in scope if right in known)
    plan = [
        (f"right_{right}", level, (right,), (right,))
        for right in (*RIGHTS, *(("customer",) if "customer" in scope else ()))
        for level in ("line", "order")
    ]
    plan += [
        ("perfect_line", "line", scope, scope),
        ("perfect_order", "order", scope, scope),
        ("perfect_order_measured", "order", measured, measured),
        ("otif", "line", ("otif",), both),
        ("otif", "order", ("otif",), both),
        ("line_fill_rate", "line", ("fill",), ("quantity",)),
        ("order_fill_rate", "order", ("fill",), ("quantity",)),
    ]
    rows = []
    for measure, level, marks, over in plan:
        rows += _tally(cases, measure, level, marks, over)
    rows += _weigh(cases, "unit_fill_rate", np.ones(len(cases.line_group)))
    rows += _weigh(cases, "value_fill_rate", prices[cases.take])
    for row in rows:
        row["segment"], row["period"] = labels[row.pop("group")]
        row["due"] = profile.due
        _bound(row, known)
        _judge(row, profile.targets)
    # Numbers also where every rate is missing, so that differences of rates are missing too.
    return pd.DataFrame(rows).astype(dict.fromkeys(_RATES, float)) if rows else pd.DataFrame()


class _Cases:
    """The lines of some groups, and the parts of orders that lie in one group."""

    def __init__(self, states: LineStates, group: np.ndarray, n_groups: int):
        inside = group >= 0
        self.take = slice(None) if inside.all() else np.flatnonzero(inside)
        self.states, self.n_groups, self.line_group = states, n_groups, group[self.take]
        key = self.line_group * max(len(states.order_ids), 1) + states.order[self.take]
        parts, self.part = np.unique(key, return_inverse=True)
        self.order_group = parts // max(len(states.order_ids), 1)
        self.pending, self.excluded = states.pending[self.take], states.excluded[self.take]

    def of_orders(self, lines: np.ndarray) -> np.ndarray:
        """Return the maximum of each order's lines: Kleene's "and" for marks, "any" for flags."""
        orders = np.zeros(len(self.order_group), lines.dtype)
        np.maximum.at(orders, self.part, lines)
        return orders

    def kinds(self, names: Sequence[str], level: str) -> tuple[np.ndarray, np.ndarray]:
        """Return how each case counts in the conjunction of these marks, and its reason."""
        none = np.zeros(len(self.line_group), np.int8)
        marks = np.maximum.reduce([none, *(self.states.marks[name][self.take] for name in names)])
        pending, excluded = self.pending, self.excluded
        if level == "order":
            marks, pending = self.of_orders(marks), self.of_orders(pending)
            excluded = ~self.of_orders(~excluded)
        kind = np.array([_NOT_APPLICABLE, _RIGHT, _UNKNOWN, _WRONG])[marks >> 5]
        kind = np.where(excluded, _EXCLUDED, np.where(pending, _PENDING, kind))
        return kind, np.where(kind < _PENDING, marks & 31, 0)

    def interval(self, code: int, surely: np.ndarray, perhaps: np.ndarray, whole: np.ndarray):
        """Return the interval of lines' weights in one group, clustered by order."""
        n = len(self.order_group)
        sums = [np.bincount(self.part, weight, n) for weight in (surely, perhaps, whole)]
        here = (self.order_group == code) & (sums[2] > 0)
        low = clustered_interval(sums[0][here], sums[2][here]).low
        return [float(low), float(clustered_interval(sums[1][here], sums[2][here]).high)]


def _tally(
    cases: _Cases,
    measure: str,
    level: str,
    marks: Sequence[str],
    over: Sequence[str],
) -> list[dict[str, object]]:
    """Count one measure in every group."""
    kind, reason = cases.kinds(marks, level)
    group = cases.line_group if level == "line" else cases.order_group
    counts = np.bincount(group * 6 + kind, minlength=6 * cases.n_groups).reshape(-1, 6)
    reasons = np.bincount(group * 32 + reason, minlength=32 * cases.n_groups).reshape(-1, 32)
    timing = (
        np.where(kind <= _WRONG, cases.states.timing[cases.take], 0) if level == "line" else None
    )
    rows = []
    for code, count in enumerate(counts):
        row = _rates(measure, level, count, over)
        if row["upper"] is not None and level == "order":
            row["interval"] = _wilson(count)
        elif row["upper"] is not None:
            weights = [(kind == _RIGHT), (kind == _RIGHT) | (kind == _UNKNOWN), kind <= _UNKNOWN]
            row["interval"] = cases.interval(code, *(weight.astype(float) for weight in weights))
        row["reasons"] = {
            REASONS[i]: int(reasons[code, i]) for i in np.flatnonzero(reasons[code]) if i
        }
        if measure == "right_time" and level == "line":
            shares = np.bincount(timing[group == code], minlength=4)
            row["timing"] = dict(
                zip(("early", "on_time", "late"), shares[1:].tolist(), strict=True)
            )
        rows.append(row | {"group": code})
    return rows


def _weigh(cases: _Cases, measure: str, weight: np.ndarray) -> list[dict[str, object]]:
    """Count a fill rate by units or by their value; lines that can't be weighed are told."""
    kind, _ = cases.kinds(("fill",), "line")
    ordered, surely, unsure = (
        getattr(cases.states, name)[cases.take] * weight
        for name in ("ordered", "in_time", "unsure")
    )
    unsure = np.where(kind == _UNKNOWN, ordered - surely, unsure)
    judged = kind <= _UNKNOWN
    counted = judged & ~np.isnan(ordered)
    parts = np.where(counted, [surely, ordered - surely - unsure, unsure], 0.0)
    rows = []
    for code in range(cases.n_groups):
        here = cases.line_group == code
        count = np.r_[parts[:, here].sum(axis=1), np.zeros(3)]
        row = _rates(measure, measure.split("_")[0], count, ("quantity",))
        if row["upper"] is not None:
            row["interval"] = cases.interval(code, parts[0], parts[0] + parts[2], parts.sum(axis=0))
        unweighed = int((here & judged & ~counted).sum())
        row["reasons"] = {"not recorded": unweighed} if unweighed else {}
        rows.append(row | {"group": code})
    return rows


def _rates(measure: str, level: str, count: np.ndarray, over: Sequence[str]) -> dict[str, object]:
    """Turn counts into rates; none where no case is known to be right or wrong."""
    count = count.tolist()
    right, wrong, unknown = count[:3]
    known, judged = right + wrong, right + wrong + unknown
    return {
        "measure": measure,
        "level": level,
        "due": None,
        "rights": list(over),
        **dict(zip(COUNTS, count, strict=True)),
        "confirmed": right / judged if known else None,
        "known_only": right / known if known else None,
        "upper": (right + unknown) / judged if known else None,
        "interval": None,
        "coverage": known / judged if judged else None,
    }


def _bound(row: dict[str, object], known: Sequence[str]) -> None:
    """Leave a conjunction only its upper bound while one of its rights is not measured."""
    whole = row["measure"] in ("perfect_line", "perfect_order", "otif")
    if whole and not set(row["rights"]) <= set(known):
        row |= {"confirmed": None, "known_only": None}


def _wilson(count: np.ndarray) -> list[float]:
    n, right, unknown = int(count[:3].sum()), int(count[_RIGHT]), int(count[_UNKNOWN])
    return [float(wilson_interval(right, n).low), float(wilson_interval(right + unknown, n).high)]


def _judge(row: dict[str, object], targets: dict[str, float]) -> None:
    """Set the verdict: does the whole interval lie on one side of the target?"""
    # A right's verdict rests on its orders; the lines of one order are no independent cases.
    by_line = row["level"] == "line" and row["measure"].startswith("right_")
    target = None if by_line else targets.get(row["measure"])
    row |= {"target": target, "verdict": None, "n_decides": None}
    if target is None or row["interval"] is None:
        return
    low, high = row["interval"]
    row["verdict"] = "met" if low >= target else "missed" if high < target else "not demonstrable"
    if row["confirmed"] is not None and row["verdict"] == "not demonstrable":
        row["n_decides"] = decisive_n(row["confirmed"], target)
