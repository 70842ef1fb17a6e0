"""Compare groups of respondents, and hide those too small to be shown, also from subtraction."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from workbook.stats import false_discovery

__all__ = ["group_differences", "hidden_groups", "small_groups"]

_PRACTICAL = 0.2  # points of a five-point scale below which a difference is no finding


def small_groups(sizes: Mapping[str, int], min_group: int) -> set[str]:
    """Choose the groups to hide: small ones, and more until no small rest can be subtracted.

    Examples
    --------
    >>> sorted(small_groups({"small": 3, "middle": 20, "big": 60}, 5))
    ['middle', 'small']
    """
    ordered = sorted((n, name) for name, n in sizes.items() if n)
    hidden = [(n, name) for n, name in ordered if n < min_group]
    rest = ordered[len(hidden) :]
    while hidden and rest and (len(hidden) < 2 or sum(n for n, _ in hidden) < min_group):
        hidden.append(rest.pop(0))
    return {name for _, name in hidden}


def hidden_groups(members: pd.DataFrame, min_group: int) -> dict[str, set[str]]:
    """Choose the groups to hide where several divisions of the same people are shown.

    Parameters
    ----------
    members : DataFrame of text
        A row per person, a column per division (segment, language), the group in each.
    min_group : int
        Groups with fewer people are hidden.

    Returns
    -------
    dict
        By column, the groups to hide: no sum or difference of the shown groups and the total gives
        a hidden group, nor people of one crossing of groups who are fewer than min_group.

    Notes
    -----
    What can be had is the row space of the shown sums over the crossings of all groups; a group is
    hidden further, smallest first, until no protected sum lies in it. Cox 1980, JASA 75:377.

    Examples
    --------
    >>> members = pd.DataFrame({"segment": ["a"] * 20 + ["b"] * 9 + ["c"] * 3})
    >>> {column: sorted(names) for column, names in hidden_groups(members, 5).items()}
    {'segment': ['b', 'c']}
    """
    crossings = members.value_counts().reset_index(name="n")
    sizes = {column: members[column].value_counts() for column in members}
    hidden = {column: small_groups(sizes[column].to_dict(), min_group) for column in members}
    while (leak := _leak(crossings, hidden, min_group)) is not None:
        shown = [
            (n, column, name)
            for column in members
            for name, n in sizes[column].items()
            if name not in hidden[column] and (crossings[column] == name)[leak > 0].any()
        ]
        if not shown:
            return {column: set(sizes[column].index) for column in members}
        _, column, name = min(shown)
        hidden[column].add(name)
    return hidden


def _leak(
    crossings: pd.DataFrame, hidden: Mapping[str, set[str]], min_group: int
) -> np.ndarray | None:
    """Return a protected sum, as 0 and 1 over the crossings, that the shown ones give away."""
    indicator = lambda column, name: (crossings[column] == name).to_numpy(float)
    shown = [np.ones(len(crossings))] + [
        indicator(column, name)
        for column, names in hidden.items()
        for name in crossings[column].unique()
        if name not in names
    ]
    secret = [indicator(column, name) for column, names in hidden.items() for name in names]
    secret += list(np.eye(len(crossings))[(crossings["n"] < min_group).to_numpy()])
    table = np.array(shown)
    onto = np.linalg.pinv(table) @ table
    return next((each for each in secret if np.abs(onto @ each - each).max() < 1e-9), None)


def group_differences(
    points: pd.DataFrame, groups: pd.DataFrame, min_group: int = 5, rate: float = 0.05
) -> pd.DataFrame:
    """Compare each group's answers with everybody else's, many comparisons in hand.

    Parameters
    ----------
    points : DataFrame of numbers, a row per respondent, a column per question
    groups : DataFrame of text, the same rows, a column per division; blank is a group of its own
    min_group : int
        Smaller groups, and those that would give them away, are not compared.
    rate : float
        False discovery rate over all comparisons (Benjamini & Hochberg 1995).

    Returns
    -------
    DataFrame
        question, column, group, n, n_rest, difference of the means with its 95 % interval (Welch),
        p (Mann & Whitney 1947), clear: passes the rate and is at least 0.2 points.
    """
    rows = [
        (question, column, name, *_compare(known, members[column] == name))
        for question in (points if groups.shape[1] else ())
        for known in [points[question].dropna()]
        for members in [groups.reindex(known.index).fillna("").astype(str)]
        for column, names in hidden_groups(members, min_group).items()
        for name in sorted(set(members[column]) - names)
        if members[column].nunique() > 1
    ]
    names = ["question", "column", "group", "n", "n_rest", "difference", "low", "high", "p"]
    data = pd.DataFrame(rows, columns=names)
    large = data["difference"].abs() >= _PRACTICAL
    return data.assign(clear=false_discovery(data["p"].to_numpy(float), rate) & large)


def _compare(points: pd.Series, inside: pd.Series) -> tuple[float, ...]:
    one, rest = points[inside], points[~inside]
    gap = one.mean() - rest.mean()
    spread = 0 if min(len(one), len(rest)) < 2 else one.var() / len(one) + rest.var() / len(rest)
    p = mannwhitneyu(one, rest).pvalue if spread > 0 else 1.0
    half = 1.96 * np.sqrt(spread)
    return len(one), len(rest), gap, gap - half, gap + half, p
