"""Change a process on paper and compare what is with what could be: time, cost, hand-offs, chart.

Edits are data, so that a parameters cell, a table on a screen and a script can hold the same list.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.chart import Chart
from workbook.display import Face
from workbook.frames import lay_out, mark_words
from workbook.language import Language, speak
from workbook.process import Process, build_process
from workbook.results import Block, Finding
from workbook.schema import nearest
from workbook.steps import TIMES, names_in

__all__ = ["Change", "change_process", "compare_processes"]

Rows = dict[str, dict[str, object]]
_FORMS = (
    "{'step_id': …}, {'remove': …}, {'add': …, 'after': …}, "
    "{'move': …, 'after': …}, {'parallel': […]}"
)
_SEEN = ("step", "role", *TIMES, "cost", "rework_share")


def change_process(process: Process, edits: Iterable[Mapping[str, object]]) -> Process:
    """Return the process after some edits, made one after the other; the first stays as it is.

    Parameters
    ----------
    process : Process
    edits : iterable of mappings, each one of
        {"step_id": id, column: value, …}: the step takes these values (role, touch_minutes, …);
        {"remove": id}: its successors follow its predecessors;
        {"add": {"step_id": …, "step": …, "role": …}, "after": id}: put in before what followed;
        {"move": id, "after": id}: the same step at another place;
        {"parallel": [id, …]}: steps of a row begin together, and what follows waits for all.

    Raises
    ------
    ValueError
        If an edit is of no such form, or names a step that is not there.
    DataError
        If the table that comes out has faults.

    Examples
    --------
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Pack"], "role": "Store"}
    >>> steps = pd.DataFrame(steps | {"predecessors": ["", "a"], "touch_minutes": [5, 3]})
    >>> faster = change_process(build_process(steps), [{"parallel": ["a", "b"]}])
    >>> faster.lead_time_minutes
    5.0
    """
    rows: Rows = {row["step_id"]: dict(row) for row in process.data.to_dict("records")}
    for row in rows.values():
        row["predecessors"] = names_in(row["predecessors"])
    for edit in edits:
        kind = next((kind for kind in _EDITS if kind in edit), None)
        if kind is None:
            raise ValueError(f"the edit {dict(edit)!r} is not known; write one of {_FORMS}")
        rows = _EDITS[kind](rows, edit)
    data = pd.DataFrame(rows.values()).assign(
        predecessors=lambda d: d["predecessors"].map(";".join)
    )
    return replace(build_process(data), wholes=process.wholes, folded=process.folded & rows.keys())


def _known(rows: Rows, step: object) -> str:
    if step not in rows:
        near = nearest(str(step), rows)
        remedy = f"did you mean {near!r}?" if near else "write one of " + ", ".join(rows)
        raise ValueError(f"there is no step {step!r}; {remedy}")
    return str(step)


def _set(rows: Rows, edit: Mapping[str, object]) -> Rows:
    step = _known(rows, edit["step_id"])
    if "predecessors" in edit:
        edit = {**edit, "predecessors": names_in(edit["predecessors"])}
    return rows | {step: rows[step] | dict(edit)}


def _remove(rows: Rows, edit: Mapping[str, object]) -> Rows:
    step = _known(rows, edit["remove"])
    before = rows[step]["predecessors"]
    after = [name for name, row in rows.items() if step in row["predecessors"]]
    rows = {name: dict(row) for name, row in rows.items() if name != step}
    for row in rows.values():
        ways = (before if name == step else [name] for name in row["predecessors"])
        row["predecessors"] = list(dict.fromkeys(name for way in ways for name in way))
        if row.get("rework_to") == step:
            row["rework_to"] = after[0] if after else None
            row["rework_share"] = row["rework_share"] if after else None
    return rows


def _add(rows: Rows, edit: Mapping[str, object]) -> Rows:
    after, new = _known(rows, edit.get("after")), dict(edit["add"])
    key = str(new.get("step_id"))
    if key in rows:
        raise ValueError(f"there is a step {key!r} already; give the new one another id")
    changed: Rows = {}
    for name, row in rows.items():
        ways = [key if way == after else way for way in row["predecessors"]]
        changed[name] = row | {"predecessors": ways}
        if name == after:
            changed[key] = new | {"predecessors": [after]}
    return changed


def _move(rows: Rows, edit: Mapping[str, object]) -> Rows:
    step, after = _known(rows, edit["move"]), _known(rows, edit.get("after"))
    if step == after:
        raise ValueError(f"the step {step!r} can't follow itself; name another step after 'after'")
    return _add(_remove(rows, {"remove": step}), {"add": rows[step], "after": after})


def _parallel(rows: Rows, edit: Mapping[str, object]) -> Rows:
    steps = [_known(rows, step) for step in edit["parallel"]]
    before = [name for s in steps for name in rows[s]["predecessors"] if name not in steps]
    changed = {name: dict(row) for name, row in rows.items()}
    for name, row in changed.items():
        if name in steps:
            row["predecessors"] = list(dict.fromkeys(before))
            inside = row.get("rework_to") in steps
            row["rework_to"] = name if inside else row.get("rework_to")
        elif any(way in steps for way in row["predecessors"]):
            others = [way for way in row["predecessors"] if way not in steps]
            row |= {"predecessors": [*others, *steps], "join": "all"}
    return changed


_EDITS = {"remove": _remove, "add": _add, "move": _move, "parallel": _parallel, "step_id": _set}


@dataclass(frozen=True, eq=False)
class Change(Face):
    """Two processes side by side; times are minutes.

    `data`: measure, before, after and difference; `steps`: step_id, change (new, removed, changed,
    same) and what (the columns that changed).
    """

    data: pd.DataFrame
    steps: pd.DataFrame
    before: Process
    after: Process
    language: str = "en"

    def charts(self, language: str | None = None) -> tuple[Chart, Chart]:
        """Lay both processes out, each with the steps marked that the other has not so."""
        marks = self.steps.set_index("step_id")["change"]
        marks = marks[marks != "same"].to_dict()
        here = lambda process: {s: mark for s, mark in marks.items() if s in process.steps.index}
        code = language or self.language
        sides = (self.before, self.after)
        return tuple(Chart(**lay_out(process, {}, code, here(process))) for process in sides)

    def caption(self, say: Language) -> str:
        return say("What is and what could be")

    def sentence(self, say: Language) -> str:
        """Say what the change does to lead time, cost and hand-offs."""
        row = self.data.set_index("measure")
        shown = lambda measure, side: _write(measure, row.at[measure, side], say)
        told = [
            say(
                "Lead time {before} → {after}.",
                before=shown("lead_time", "before"),
                after=shown("lead_time", "after"),
            ),
            say(
                "Hand-offs {before} → {after}.",
                before=shown("handoffs", "before"),
                after=shown("handoffs", "after"),
            ),
        ]
        if row.at["cost", "before"] == row.at["cost", "before"]:
            told.append(
                say(
                    "Cost per order {before} → {after}.",
                    before=shown("cost", "before"),
                    after=shown("cost", "after"),
                )
            )
        unknown = self.before.n_unknown + self.after.n_unknown
        told += [say("Some times are unknown: compare with care.")] if unknown else []
        return " ".join(told)

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        names = _measures(say)
        write = lambda measure, value: _write(measure, value, say)
        return {
            say("Figure"): (names.__getitem__, "measure"),
            say("Today"): (write, "measure", "before"),
            say("Changed"): (write, "measure", "after"),
            say("Difference"): (write, "measure", "difference"),
        }

    def steps_table(self, language: str | None = None) -> pd.DataFrame:
        """Return each step that is new, removed or changed, for reading."""
        say = speak(language or self.language)
        rows = self.steps[self.steps["change"] != "same"]
        words, name = mark_words(say), {**self.before.steps["step"], **self.after.steps["step"]}
        return pd.DataFrame(
            {
                say("Step"): rows["step_id"].map(name),
                say("Change"): rows["change"].map(words),
                say("What"): rows["what"],
            }
        ).reset_index(drop=True)

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        rows = self.after.steps.loc[self.after.order, ["step", *TIMES]]
        critical = rows.index.isin(self.after.critical_path)
        return plots.time_bars(rows.assign(critical=critical).reset_index(drop=True), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        row = self.data.set_index("measure").loc["lead_time"]
        facts = {"observed": row["after"], "expected": row["before"], "effect": row["difference"]}
        yield Finding("change", "data", self.sentence(say), n=len(self.after.data), **facts)

    def blocks(self, say: Language) -> list[Block]:
        """Return the figures, the steps that differ, and both charts."""
        shown = super().blocks(say)[:2]
        return [*shown, *(chart.picture() for chart in self.charts(say.code))]


def _measures(say: Language) -> dict[str, str]:
    return {
        "lead_time": say("Lead time along the longest path"),
        "expected": say("The same, with rework"),
        "touch": say("Work in all steps"),
        "wait": say("Wait before all steps"),
        "cost": say("Cost per order"),
        "handoffs": say("Hand-offs between roles"),
        "steps": say("Steps"),
        "roles": say("Roles"),
        "efficiency": say("Work as a share of the lead time"),
    }


def _write(measure: str, value: float, say: Language) -> str:
    if value != value:
        return "–"
    sign = "−" if value < 0 else ""
    if measure in ("lead_time", "expected", "touch", "wait"):
        return sign + say.minutes(abs(value))
    if measure == "efficiency":
        return sign + say.percent(abs(value))
    return sign + say.number(abs(value), 2 if measure == "cost" else 0)


def _figures(process: Process) -> dict[str, float]:
    return {
        "lead_time": process.lead_time_minutes,
        "expected": process.expected_minutes,
        "touch": process.touch_minutes,
        "wait": process.wait_minutes,
        "cost": process.cost_per_order,
        "handoffs": len(process.handoffs),
        "steps": len(process.data),
        "roles": len(process.roles),
        "efficiency": process.process_cycle_efficiency,
    }


def compare_processes(before: Process, after: Process, *, language: str = "en") -> Change:
    """Compare two processes by their step ids: figures, steps and both charts.

    Examples
    --------
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Check"], "role": ["Store", "Office"]}
    >>> steps = pd.DataFrame(steps | {"predecessors": ["", "a"], "touch_minutes": [5, 3]})
    >>> today = build_process(steps.assign(wait_minutes=0))
    >>> change = compare_processes(today, change_process(today, [{"remove": "b"}]))
    >>> change.sentence(speak("en"))
    'Lead time 8 min → 5 min. Hand-offs 1 → 0.'
    """
    sides = pd.DataFrame({"before": _figures(before), "after": _figures(after)}, dtype=float)
    data = sides.assign(difference=sides["after"] - sides["before"])
    data = data.rename_axis("measure").reset_index()
    ids = list(dict.fromkeys([*before.steps.index, *after.steps.index]))
    rows = [(step, *_difference(step, before, after)) for step in ids]
    steps = pd.DataFrame(rows, columns=["step_id", "change", "what"])
    return Change(data, steps, before, after, language)


def _difference(step: str, before: Process, after: Process) -> tuple[str, str]:
    if step not in after.steps.index:
        return "removed", ""
    if step not in before.steps.index:
        return "new", ""
    old, new = before.steps.loc[step], after.steps.loc[step]
    same = lambda column: (
        old[column] == new[column] or (pd.isna(old[column]) and pd.isna(new[column]))
    )
    what = [column for column in _SEEN if not same(column)]
    if set(before.graph.predecessors(step)) != set(after.graph.predecessors(step)):
        what.append("predecessors")
    return ("changed" if what else "same"), ", ".join(what)
