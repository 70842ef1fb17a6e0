"""Fold the sub-processes of a process into single steps, or show one of them alone.

A process comes in and a changed copy goes out; it is never imported here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import networkx as nx
import pandas as pd

from workbook.levels import above
from workbook.steps import TIMES, names_in, step_graph, typed_steps

__all__ = ["collapse", "fold_rows", "part_of"]

P = TypeVar("P")


def part_of(process: P, parent: str) -> P:
    """Return the steps of one sub-process; see `Process.part`."""
    parents = process.parents
    inside = {step for step in parents if parent in above(step, parents)}
    data = _within(process.data, parent, inside)
    if data.empty:
        known = ", ".join(dict.fromkeys(parents.values())) or "none"
        raise ValueError(f"there is no sub-process {parent!r}; the sub-processes are: {known}")
    kept = lambda names: ";".join(name for name in names_in(names) if name in inside)
    leaves = data["rework_to"].notna() & ~data["rework_to"].isin(inside)
    data = data.assign(
        predecessors=data["predecessors"].map(kept),
        rework_to=data["rework_to"].mask(leaves),
        rework_share=data["rework_share"].mask(leaves),
    )
    wholes = _within(process.wholes, parent, inside)
    folded = process.folded & inside
    graph = step_graph(data)
    return replace(process, data=data, graph=graph, warnings=(), wholes=wholes, folded=folded)


def _within(rows: pd.DataFrame, parent: str, inside: set[str]) -> pd.DataFrame:
    rows = rows[rows["step_id"].isin(inside)]
    return rows.assign(parent=rows["parent"].mask(rows["parent"] == parent))


def collapse(process: P, names: Sequence[str] = ()) -> P:
    """Return the process with sub-processes as single steps; see `Process.collapsed`."""
    parents = process.parents
    top = [name for name in parents.values() if name not in parents]
    chosen = list(dict.fromkeys(names or top))
    into = {}
    for step in process.data["step_id"]:
        around = [name for name in above(step, parents) if name in chosen]
        into |= {step: around[-1]} if around else {}
    data = fold_rows(process.data, into, {name: _as_step(process, name) for name in chosen})
    data = typed_steps(data)
    graph = step_graph(data)
    if not nx.is_directed_acyclic_graph(graph):
        between = ", ".join(sorted({a for a, _ in nx.find_cycle(graph)}))
        raise ValueError(
            f"sub-processes can't be folded where other steps run between theirs ({between}); "
            "make these steps part of them, or fold fewer"
        )
    wholes = process.wholes[~process.wholes["step_id"].isin(chosen)]
    folded = process.folded | {*chosen}
    return replace(process, data=data, graph=graph, warnings=(), wholes=wholes, folded=folded)


def _as_step(process: P, name: str) -> dict[str, object]:
    part = part_of(process, name)
    rows = process.wholes.set_index("step_id")
    row = rows.loc[name].to_dict() if name in rows.index else {"step": name}
    row = {"role": part.data["role"].mode()[0], "parent": process.parents.get(name)} | row
    if part.critical_path:
        row |= part.steps.loc[list(part.critical_path), list(TIMES)].sum(skipna=False).to_dict()
    row |= {"cost": part.cost_per_order} if part.data["cost"].notna().any() else {}
    for column in ("stage", "site"):
        told = part.data[column].dropna().unique()
        row |= {column: told[0]} if len(told) == 1 else {}
    rights = dict.fromkeys(right for cell in part.data["rights"] for right in names_in(cell))
    return row | {"rights": ";".join(rights), "rework_to": None, "rework_share": None}


def fold_rows(
    data: pd.DataFrame, into: Mapping[str, str], wholes: Mapping[str, Mapping[str, object]]
) -> pd.DataFrame:
    """Let one row, given in `wholes` by step_id, stand for all steps that go `into` it.

    Arrows and ways back that begin and end in the same sub-process go out.

    Examples
    --------
    >>> rows = {"step_id": ["a", "b1", "b2", "c"], "predecessors": ["", "a", "b1", "b2"]}
    >>> data = pd.DataFrame(rows | {"rework_to": None, "rework_share": None})
    >>> fold_rows(data, {"b1": "b", "b2": "b"}, {"b": {"step": "Pack"}})["predecessors"].tolist()
    ['', 'a', 'b']
    """
    name = lambda step: into.get(step, step)
    rows: dict[str, dict[str, object]] = {}
    for row in data.to_dict("records"):
        key = name(row["step_id"])
        fresh = {**wholes.get(key, row), "step_id": key, "predecessors": ""}
        known = rows.setdefault(key, fresh)
        before = [*names_in(known["predecessors"]), *map(name, names_in(row["predecessors"]))]
        known["predecessors"] = ";".join(dict.fromkeys(b for b in before if b != key))
        to = row["rework_to"]
        if key in wholes and to == to and to and name(to) != key:
            known |= {"rework_to": name(to), "rework_share": row["rework_share"]}
        elif key not in wholes and to == to and to:
            known["rework_to"] = name(to)
    columns = [column for column in data if any(column in row for row in rows.values())]
    return pd.DataFrame([*rows.values()], columns=columns)
