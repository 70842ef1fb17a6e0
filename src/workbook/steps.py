"""Check a table of process steps: every unknown name, impossible number and circle at once."""

from collections.abc import Iterable, Iterator

import networkx as nx
import numpy as np
import pandas as pd

from workbook.language import Language, speak
from workbook.levels import above, open_rows
from workbook.schema import RIGHTS, Problem, nearest
from workbook.values import to_number

__all__ = ["TIMES", "check_steps", "names_in", "read_steps", "step_graph", "typed_steps"]

TIMES = ("touch_minutes", "wait_minutes")
_NUMBERS = (*TIMES, "optimistic_minutes", "pessimistic_minutes", "cost", "rework_share")
_TEXTS = ("step_id", "step", "role", "rework_to", "join", "split")
_TEXTS += ("owner", "stage", "parent", "site")
_LISTS = ("predecessors", "rights")
_REQUIRED = ("step_id", "step", "role")


def _words(say: Language) -> dict[str, tuple[str, ...]]:
    """Return what can be wrong: the fault, the remedy, and its severity if it is no error."""
    way_back = say("take one predecessor out, or mark the way back with rework_to and rework_share")
    earlier = say("name an earlier step; it is drawn, but left out of the expected time")
    return {
        "absent": (say("the column is missing"), say("add it")),
        "empty": (say("the table has no step"), say("add the steps")),
        "blank step_id": (say("the cell is blank"), say("write a short name for each step")),
        "blank step": (say("the cell is blank"), say("write what is done")),
        "blank role": (say("the cell is blank"), say("write who does it")),
        "twice": (say("two steps have this step_id"), say("give each step an id of its own")),
        "itself": (
            say("the step waits for itself"),
            say("take it out; a repeated step is marked by rework_to"),
        ),
        "inside itself": (say("the step is part of itself"), say("name a larger step, or none")),
        "no step": (say("no step has this step_id"), ""),
        "number": (
            say("the number is negative or infinite"),
            say("write 0 or more; blank if it is unknown"),
        ),
        "share": (
            say("the share is not below 1"),
            say("write a share from 0 to less than 1: 0.08 is 8 in 100"),
        ),
        "right": (say("the right is not known"), ""),
        "choice": (say("the word is not known"), say("write all or any")),
        "circle": (say("the steps run in a circle"), way_back),
        "island": (
            say("the step is joined to no other"),
            say("name its predecessors or successors"),
            "warning",
        ),
        "forward": (say("the way back leads to a step that is not before it"), earlier, "warning"),
    }


# A fault as it is found: row, column, value, kind, and the names among which one was meant.
_Found = tuple[object, str, object, str, tuple[str, ...]]


def names_in(value: object) -> list[str]:
    """Return the names of a list cell: text joined by ';', or a Python list.

    Examples
    --------
    >>> names_in("a; b"), names_in(["a"]), names_in(float("nan"))
    (['a', 'b'], ['a'], [])
    """
    if isinstance(value, list | tuple | set | np.ndarray):
        return [name for item in value for name in names_in(item)]
    text = _text(value)
    return [part.strip() for part in text.split(";") if part.strip()] if text else []


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value) if whole else value).strip() or None


def typed_steps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the steps with all columns that are used here, typed; what is absent is missing.

    Text is `str`, times, cost and share are float64, predecessors and rights are joined by ';'.

    Examples
    --------
    >>> typed_steps(pd.DataFrame({"step_id": [1, 2], "predecessors": [[], [1]]}))[
    ...     "predecessors"
    ... ].tolist()
    ['', '1']
    """
    data = frame.rename(columns={} if "touch_minutes" in frame else {"minutes": "touch_minutes"})
    empty = pd.Series(None, index=data.index, dtype=object)
    for column in _TEXTS:
        data[column] = data.get(column, empty).map(_text).astype("str")
    for column in _LISTS:
        data[column] = data.get(column, empty).map(lambda v: ";".join(names_in(v))).astype("str")
    for column in _NUMBERS:
        data[column] = _number(data.get(column, empty), column)
    return data


def _number(cells: pd.Series, column: str) -> pd.Series:
    """Read numbers, and durations as text ("15 min", "0.5 h", "01:30") in columns of minutes."""
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    if (numbers.isna() & cells.notna()).any():
        text = cells.map(_text).astype("str").fillna("")
        unit = "min" if column.endswith("_minutes") else ""
        numbers = numbers.fillna(to_number(text, unit=unit).series)
    return numbers


def _fault(row: object, column: str, value: object, kind: str, known: Iterable[str] = ()) -> _Found:
    return row, column, value, kind, tuple(name for name in known if name == name)


def _as_problem(found: _Found, file: str, say: Language) -> Problem:
    row, column, value, kind, known = found
    problem, remedy, severity = (*_words(say)[kind], "error")[:3]
    if known:
        meant = nearest(str(value), known)
        near = say("did you mean '{name}'?", name=meant) if meant else ""
        remedy = near or say("write one of {names}", names=", ".join(known[:8]))
    line = int(row) if isinstance(row, int | np.integer) else None
    shown = None if value is None or value != value else str(value)
    return Problem(severity, "steps", problem, remedy, file, row=line, column=column, value=shown)


def _faults_of_names(data: pd.DataFrame) -> Iterator[_Found]:
    known = list(data["step_id"].unique())
    for column in _REQUIRED:
        for row in data.index[data[column].isna()]:
            yield _fault(row, column, None, f"blank {column}")
    twice = data["step_id"].duplicated() & data["step_id"].notna()
    for row, step in data.loc[twice, "step_id"].items():
        yield _fault(row, "step_id", step, "twice")
    for row, step, names in zip(data.index, data["step_id"], data["predecessors"], strict=True):
        for name in names_in(names):
            if name == step:
                yield _fault(row, "predecessors", name, "itself")
            elif name not in known:
                yield _fault(row, "predecessors", name, "no step", known)
    for row, name in data["rework_to"].dropna().items():
        if name not in known:
            yield _fault(row, "rework_to", name, "no step", known)
    parents = dict(data[["step_id", "parent"]].dropna().itertuples(index=False))
    for row, step in data["step_id"].items():
        if step in list(above(step, parents)):
            yield _fault(row, "parent", parents[step], "inside itself")


def _faults_of_values(data: pd.DataFrame) -> Iterator[_Found]:
    for column in _NUMBERS:
        value = data[column]
        for row in data.index[np.isinf(value) | (value < 0)]:
            yield _fault(row, column, value[row], "number")
    for row, share in data.loc[data["rework_share"].between(1, np.inf), "rework_share"].items():
        yield _fault(row, "rework_share", share, "share")
    for row, names in data["rights"].items():
        for name in names_in(names):
            if name not in (*RIGHTS, "customer"):
                yield _fault(row, "rights", name, "right", (*RIGHTS, "customer"))
    for column in ("join", "split"):
        for row, word in data.loc[~data[column].isin(["all", "any"]), column].dropna().items():
            yield _fault(row, column, word, "choice")


def _faults_of_paths(data: pd.DataFrame, graph: nx.DiGraph) -> Iterator[_Found]:
    rows = dict(zip(data["step_id"], data.index, strict=True))
    for ring in nx.strongly_connected_components(graph):
        if len(ring) > 1:
            first = min(ring, key=list(rows).index)
            way = [a for a, _ in nx.find_cycle(graph.subgraph(ring), first)]
            yield _fault(rows[first], "predecessors", " → ".join([*way, way[0]]), "circle")
    for step in graph.nodes if len(graph) > 1 else ():
        if not graph.degree(step):
            yield _fault(rows[step], "predecessors", step, "island")
    for step, to in data.set_index("step_id")["rework_to"].dropna().items():
        if to != step and not nx.has_path(graph, to, step):
            yield _fault(rows[step], "rework_to", to, "forward")


def check_steps(
    frame: pd.DataFrame, file: str = "", *, say: Language | None = None
) -> list[Problem]:
    """Find every fault of a table of steps at once: names, times, shares, arrows and circles.

    Parameters
    ----------
    frame : DataFrame
        The steps table of the contract; its index is the row as the client sees it.
    file : str
        The file's name, for the place of each fault.
    say : Language, optional
        The language of the faults; default English.

    Examples
    --------
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["W"]}, index=[2])
    >>> check_steps(steps.assign(predecessors="b"))[0].sentence()
    "steps, row 2, column predecessors: no step has this step_id ('b'); write one of a."
    """
    return read_steps(frame, file, say)[0]


def read_steps(
    frame: pd.DataFrame, file: str = "", say: Language | None = None
) -> tuple[list[Problem], tuple[pd.DataFrame, nx.DiGraph, pd.DataFrame] | None]:
    """Check a table of steps as `check_steps` does, and type, join and open it on the way.

    Returns
    -------
    The faults, and what `Process` is made of: the steps that are drawn, their forward arrows and
    the rows that stand for several steps. None in place of these if names or values are at fault.

    Examples
    --------
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["W"]})
    >>> faults, (rows, graph, wholes) = read_steps(steps)
    >>> faults, list(graph)
    ([], ['a'])
    """
    absent = [column for column in _REQUIRED if column not in frame]
    found, read = [_fault(None, column, None, "absent") for column in absent], None
    if frame.empty and not absent:
        found = [_fault(None, "step_id", None, "empty")]
    if not found:
        data = typed_steps(frame)
        found = [*_faults_of_names(data), *_faults_of_values(data)]
        if not found:
            rows, wholes = open_rows(data)
            graph = step_graph(rows)
            found, read = [*_faults_of_paths(rows, graph)], (rows, graph, wholes)
    return [_as_problem(fault, file, say or speak("en")) for fault in found], read


def step_graph(data: pd.DataFrame) -> nx.DiGraph:
    """Build the forward arrows; a predecessor to which this step is a way back gives none.

    Examples
    --------
    >>> data = typed_steps(pd.DataFrame({"step_id": ["a", "b"], "predecessors": ["", "a"]}))
    >>> list(step_graph(data).edges)
    [('a', 'b')]
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(data["step_id"])
    back = set(zip(data["step_id"], data["rework_to"], strict=True))
    for step, names in zip(data["step_id"], data["predecessors"], strict=True):
        graph.add_edges_from((n, step) for n in names_in(names) if (n, step) not in back)
    return graph
