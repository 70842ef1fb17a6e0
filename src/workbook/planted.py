"""Tell the truth of a generated client: affected ids, and shares here and elsewhere."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

__all__ = ["base_of", "fact", "rounded", "share_of", "versus"]


def fact(orders: pd.DataFrame, which: pd.Series | None = None, **realised: object) -> dict:
    """Return what truth.json says of a problem: affected ids and realised figures.

    Examples
    --------
    >>> fact(pd.DataFrame({"order_id": ["B", "A", "B"]}), rate=0.5)
    {'affected': ['A', 'B'], 'realised': {'n_affected': 2, 'rate': 0.5}}
    """
    ids = orders["order_id"] if which is None else orders.loc[which, "order_id"]
    affected = sorted(set(ids))
    return {"affected": affected, "realised": {"n_affected": len(affected), **realised}}


def rounded(value: float) -> float | None:
    """Round to four digits; None is for what nothing shows."""
    return None if np.isnan(value) else round(float(value), 4)


def share_of(flags: pd.Series) -> float | None:
    """Return the share of true flags, rounded."""
    return rounded(flags.mean())


def versus(flags: pd.Series, here: pd.Series, name: str) -> dict[str, float | None]:
    """Return the share of true flags here and elsewhere.

    Examples
    --------
    >>> versus(pd.Series([True, False, False]), pd.Series([True, True, False]), "late")
    {'late': 0.5, 'late_elsewhere': 0.0}
    """
    return {name: share_of(flags[here]), f"{name}_elsewhere": share_of(flags[~here])}


def base_of(
    orders: pd.DataFrame, lines: pd.DataFrame, by_line: Iterable[str], by_order: Iterable[str]
) -> dict[str, object]:
    """Return how many orders and lines there are, and the shares that fail in what."""
    per_order = {name: share_of(orders[name]) for name in (*by_line, *by_order)}
    per_line = {name: share_of(lines[name]) for name in by_line}
    return {
        "orders": len(orders),
        "lines": len(lines),
        "per_line": per_line,
        "per_order": per_order,
    }
