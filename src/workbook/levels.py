"""Open sub-processes: steps with a `parent` as steps of one level.

A row that other rows name as their parent stands for these rows. Opened, it gives way to them:
what came before it comes before their first, what waits for it waits for their last.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

__all__ = ["above", "open_rows"]


def above(step: str, parents: Mapping[str, str]) -> Iterator[str]:
    """Yield the sub-processes around a step, the inmost first; itself, if they run in a circle.

    Examples
    --------
    >>> list(above("a", {"a": "b", "b": "c"}))
    ['b', 'c']
    """
    seen: set[str] = set()
    while (step := parents.get(step)) and step not in seen:
        seen.add(step)
        yield step


def _names(cell: object) -> list[str]:
    return [name for name in str(cell).split(";") if name] if cell == cell else []


def open_rows(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part typed steps into the steps that are drawn and the rows that stand for several.

    Examples
    --------
    >>> rows = {"step_id": ["a", "b", "b1", "b2", "c"], "parent": [None, None, "b", "b", None]}
    >>> rows |= {"predecessors": ["", "a", "", "b1", "b"], "rework_to": None}
    >>> steps, whole = open_rows(pd.DataFrame(rows))
    >>> steps["predecessors"].tolist(), whole["step_id"].tolist()
    (['', 'a', 'b1', 'b2'], ['b'])
    """
    rows = data.set_index("step_id")
    parents = rows["parent"].dropna().to_dict()
    groups = [step for step in rows.index if step in parents.values()]
    before = {step: _names(cell) for step, cell in rows["predecessors"].items()}
    to = rows["rework_to"].to_dict()
    for group in sorted(groups, key=lambda group: len([*above(group, parents)])):
        inside = [step for step, parent in parents.items() if parent == group]
        _open(group, inside, before, to)
    steps = data[~data["step_id"].isin(groups)].copy()
    steps["predecessors"] = [";".join(before[step]) for step in steps["step_id"]]
    steps["rework_to"] = steps["step_id"].map(to)
    return steps.astype({"predecessors": "str", "rework_to": "str"}), data.drop(steps.index)


def _open(
    group: str, inside: list[str], before: dict[str, list[str]], to: dict[str, object]
) -> None:
    """Let the steps of one sub-process take its place among the arrows."""
    came = before.pop(group)
    for step in inside:
        before[step] = [name for name in before[step] if name != group]
    waited = {name for step in inside for name in before[step]}
    first = [step for step in inside if not {*before[step]} & {*inside}]
    last = [step for step in inside if step not in waited]
    for step in first:
        before[step] = list(dict.fromkeys([*before[step], *came]))
    for step, names in before.items():
        ways = (last if name == group else [name] for name in names)
        before[step] = list(dict.fromkeys(name for way in ways for name in way))
    to |= {step: first[0] for step, name in to.items() if name == group and first}
