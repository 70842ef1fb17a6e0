"""Turn a table of steps into a process: lead time, critical path, hand-offs, rework and cost.

A step takes its wait (before somebody starts) and its touch time (while somebody works on it).
An arrow runs from each predecessor to the step; a way back is marked by `rework_to` and is
no arrow of the forward graph, which therefore has no circle.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import networkx as nx
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.activities import begins_late, ends_early
from workbook.folding import collapse, part_of
from workbook.language import Language, speak
from workbook.results import Finding
from workbook.schema import DataError, Problem
from workbook.steps import TIMES, check_steps, names_in, read_steps

__all__ = ["Process", "build_process", "check_steps", "names_in"]


@dataclass(frozen=True, eq=False)
class Process:
    """A checked process; times are minutes, and a missing time is unknown, never zero.

    `data` has one row per step in the client's order, `graph` the forward arrows between step ids,
    `warnings` what is odd but can be drawn. `wholes` are the rows that the steps detail (their
    `parent`), which have no place of their own; `folded` are the steps that stand for several.
    """

    data: pd.DataFrame
    graph: nx.DiGraph
    warnings: tuple[Problem, ...] = ()
    wholes: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["step_id", "parent"])
    )
    folded: frozenset[str] = frozenset()

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The steps by step_id, in the client's order."""
        return self.data.set_index("step_id", drop=False)

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """The roles in the order in which they first appear."""
        return tuple(self.data["role"].unique())

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """The sites in the order in which they first appear."""
        return tuple(self.data["site"].dropna().unique())

    @cached_property
    def stages(self) -> dict[str, str]:
        """The stage of each step; a blank one is that of the step before it.

        Empty where no stage is named, or an arrow leads back to an earlier stage.
        """
        stages = self.steps["stage"].dropna().to_dict()
        number = {name: i for i, name in enumerate(dict.fromkeys(stages.values()))}
        for step in self.order if stages else ():
            before = (stages[b] for b in self.graph.predecessors(step))
            stages.setdefault(step, max(before, key=number.get, default=next(iter(number))))
        back = (number[stages[a]] > number[stages[b]] for a, b in self.graph.edges if stages)
        return {} if not stages or any(back) else {s: stages[s] for s in self.steps.index}

    @cached_property
    def logged_as(self) -> pd.Series:
        """The name of each step in the events, by step_id: its activity, else the step itself."""
        return self.steps.get("activity", self.steps["step"]).fillna(self.steps["step"])

    @cached_property
    def rework(self) -> pd.DataFrame:
        """The ways back: from, to and share (of the orders that go back; missing = unknown)."""
        back = self.data[self.data["rework_to"].notna() | (self.data["rework_share"] > 0)]
        target = back["rework_to"].fillna(back["step_id"])
        return pd.DataFrame({"from": back["step_id"], "to": target, "share": back["rework_share"]})

    @cached_property
    def arrows(self) -> list[tuple[str, str]]:
        """The pairs (predecessor, step) as the client drew them, ways back included."""
        lists = self.steps["predecessors"].map(names_in)
        return list(dict.fromkeys((a, b) for b, names in lists.items() for a in names))

    @cached_property
    def minutes(self) -> pd.Series:
        """Known touch plus wait per step_id; what is unknown adds nothing (see n_unknown)."""
        return self.steps[list(TIMES)].sum(axis=1)

    @cached_property
    def n_unknown(self) -> int:
        """Number of steps whose touch or wait time is not known."""
        return int(self.data[list(TIMES)].isna().any(axis=1).sum())

    @cached_property
    def _known(self) -> bool:
        return bool(self.data[list(TIMES)].notna().any(axis=None))

    @cached_property
    def order(self) -> list[str]:
        """The step ids, each after all that it waits for, else in the client's order."""
        place = {step: i for i, step in enumerate(self.data["step_id"])}
        return list(nx.lexicographical_topological_sort(self.graph, key=place.__getitem__))

    def _before(self, step: str) -> list[str]:
        return sorted(self.graph.predecessors(step), key=self.steps.index.get_loc)

    def _finish(self, minutes: dict[str, float]) -> dict[str, float]:
        finish: dict[str, float] = {}
        for step in self.order:
            start = max((finish[before] for before in self.graph.predecessors(step)), default=0.0)
            finish[step] = start + minutes[step]
        return finish

    @cached_property
    def _earliest(self) -> dict[str, float]:
        return self._finish(self.minutes.to_dict())

    @cached_property
    def lead_time_minutes(self) -> float:
        """Longest sum of touch and wait along a path; NaN when no time at all is known.

        With unknown times (`n_unknown` > 0) it is a lower bound: say "at least".
        """
        return max(self._earliest.values()) if self._known else math.nan

    @cached_property
    def critical_path(self) -> tuple[str, ...]:
        """The step ids along the longest path; of equally long ones, the first in the table."""
        if not self._known:
            return ()
        latest = max(self._earliest.values())
        path = [next(s for s in self.data["step_id"] if _near(self._earliest[s], latest))]
        while before := self._before(path[-1]):
            start = max(self._earliest[step] for step in before)
            path.append(next(step for step in before if _near(self._earliest[step], start)))
        return tuple(reversed(path))

    @cached_property
    def schedule(self) -> pd.DataFrame:
        """Minutes from the start, by step_id: earliest_start, earliest_finish, latest_start,
        latest_finish (without a longer lead time), slack, critical."""
        end, finish = max(self._earliest.values()), pd.Series(self._earliest)
        latest: dict[str, float] = {}
        for step in reversed(self.order):
            after = [latest[s] - self.minutes[s] for s in self.graph.successors(step)]
            latest[step] = min(after, default=end)
        frame = pd.DataFrame({"earliest_finish": finish, "latest_finish": latest}, dtype=float)
        frame = frame.reindex(self.steps.index)
        for side in ("earliest", "latest"):
            frame[f"{side}_start"] = frame[f"{side}_finish"] - self.minutes
        frame["slack"] = (frame["latest_finish"] - frame["earliest_finish"]).round(9)
        frame["critical"] = frame.index.isin(self.critical_path)
        order = [f"{side}_{end}" for side in ("earliest", "latest") for end in ("start", "finish")]
        return frame[[*order, "slack", "critical"]]

    @property
    def slack(self) -> pd.Series:
        """Minutes that each step may be late without a longer lead time, by step_id."""
        return self.schedule["slack"]

    @cached_property
    def handoffs(self) -> pd.DataFrame:
        """The arrows between steps of different roles: from, to, from_role, to_role, wait_minutes.

        The wait is the receiving step's, NaN where unknown.
        """
        role, wait = self.steps["role"], self.steps["wait_minutes"]
        rows = [
            (a, b, role[a], role[b], wait[b])
            for b in self.steps.index
            for a in self._before(b)
            if role[a] != role[b]
        ]
        columns = ["from", "to", "from_role", "to_role", "wait_minutes"]
        return pd.DataFrame(rows, columns=columns).astype({"wait_minutes": float})

    def role_matrix(self, value: str = "count") -> pd.DataFrame:
        """Count the hand-offs from role (row) to role (column), or sum their wait_minutes."""
        found = self.handoffs.groupby(["from_role", "to_role"])["wait_minutes"]
        cells = found.size() if value == "count" else found.sum(min_count=1)
        return cells.unstack().reindex(index=self.roles, columns=self.roles)

    @cached_property
    def touch_minutes(self) -> float:
        """Known touch time of all steps together."""
        return float(self.data["touch_minutes"].sum(min_count=1))

    @cached_property
    def wait_minutes(self) -> float:
        """Known wait of all steps together."""
        return float(self.data["wait_minutes"].sum(min_count=1))

    @cached_property
    def process_cycle_efficiency(self) -> float:
        """Touch time over lead time along the critical path; NaN while a time there is unknown."""
        path = self.steps.loc[list(self.critical_path), list(TIMES)]
        if path.empty or path.isna().any(axis=None) or not self.lead_time_minutes:
            return math.nan
        return float(path["touch_minutes"].sum() / self.lead_time_minutes)

    @cached_property
    def expected_minutes(self) -> float:
        """Lead time with rework: each way back repeats its stretch share/(1 - share) times.

        Exact for steps in a row (an absorbing Markov chain); with parallel branches it takes the
        longest branch of the stretch, so it is a lower bound.

        References
        ----------
        Grinstead & Snell, Introduction to Probability, ch. 11.2.
        """
        minutes = self.minutes.to_dict()
        loops = self.rework.set_index("from")
        for step in [step for step in self.order if step in loops.index]:
            to, share = loops.at[step, "to"], loops.at[step, "share"]
            if share == share and (to == step or nx.has_path(self.graph, to, step)):
                minutes[step] += share / (1 - share) * self._stretch(to, step, minutes)
        return float(max(self._finish(minutes).values())) if self._known else math.nan

    def _stretch(self, first: str, last: str, minutes: dict[str, float]) -> float:
        between = nx.descendants(self.graph, first) & nx.ancestors(self.graph, last)
        inside = between | {first, last}
        return self._finish({s: minutes[s] if s in inside else 0.0 for s in self.order})[last]

    @cached_property
    def cost_per_order(self) -> float:
        """Known cost of one pass through every step, without rework; NaN when none is known."""
        return float(self.data["cost"].sum(min_count=1))

    @cached_property
    def complexity(self) -> dict[str, int]:
        """Count steps, arrows, roles, hand-offs, loops and the cyclomatic number E - N + 2P."""
        nodes, edges = self.graph.number_of_nodes(), self.graph.number_of_edges()
        parts = nx.number_weakly_connected_components(self.graph)
        return {
            "steps": nodes,
            "arrows": edges,
            "roles": len(self.roles),
            "handoffs": len(self.handoffs),
            "loops": len(self.rework),
            "cyclomatic": edges - nodes + 2 * parts,
        }

    def lead_time_words(self, say: Language) -> str:
        """Say the lead time, with "at least" while times are unknown."""
        time = say.minutes(self.lead_time_minutes)
        bound = self.n_unknown and self._known
        return say("at least {time}", time=time) if bound else time

    def efficiency_words(self, say: Language) -> str:
        """Say the work's share of the lead time; "at least" while only work times are unknown."""
        path = self.steps.loc[list(self.critical_path)]
        if not self.lead_time_minutes > 0 or path["wait_minutes"].isna().any():
            return "–"
        share = say.percent(path["touch_minutes"].sum() / self.lead_time_minutes)
        unknown = path["touch_minutes"].isna().any()
        return say("at least {share}", share=share) if unknown else share

    def scaled(self, *, work: float = 1.0, wait: float = 1.0) -> "Process":
        """Return the process with these shares of today's working times and waits left."""
        left = {"touch_minutes": work, "wait_minutes": wait}
        times = {column: self.data[column] * share for column, share in left.items()}
        return replace(self, data=self.data.assign(**times))

    @cached_property
    def parents(self) -> dict[str, str]:
        """The sub-process that each step, or each smaller sub-process, is part of."""
        rows = pd.concat([self.wholes, self.data]).set_index("step_id")
        return rows["parent"].dropna().to_dict()

    def part(self, parent: str) -> "Process":
        """Return the steps of one sub-process as a process of its own.

        Raises
        ------
        ValueError
            If no step is part of it.
        """
        return part_of(self, parent)

    def collapsed(self, *parents: str) -> "Process":
        """Return the process with sub-processes as single steps; by default the largest ones.

        Such a step takes the times of the longest path inside it, the cost of all its steps, and
        protects all their rights; ways back inside it are no longer seen.

        Raises
        ------
        ValueError
            If there is no such sub-process, or other steps run between those of it.
        """
        return collapse(self, parents)

    def table(self, language: str = "en") -> pd.DataFrame:
        """Return the steps for display: labels, units and rounding in a language."""
        say, steps = speak(language), self.steps
        name = steps["step"].to_dict()
        columns = {
            say("Step"): steps["step"],
            say("Role"): steps["role"],
            say("Follows"): [", ".join(name[b] for b in self._before(s)) for s in steps.index],
            say("Work"): steps["touch_minutes"].map(say.minutes),
            say("Wait before"): steps["wait_minutes"].map(say.minutes),
            say("Slack"): self.slack.map(say.minutes) if self._known else "–",
        }
        if steps["cost"].notna().any():
            columns[say("Cost")] = [say.number(cost, 2) for cost in steps["cost"]]
        return pd.DataFrame(columns).reset_index(drop=True)

    def figures(self, language: str = "en") -> pd.DataFrame:
        """Return what the whole process takes: its size, its lead time, work, wait and rework."""
        say = speak(language)
        rows = {
            say("Steps"): say.number(len(self.data)),
            say("Roles"): say.number(len(self.roles)),
            say("Hand-offs between roles"): say.number(len(self.handoffs)),
            say("Lead time along the longest path"): self.lead_time_words(say),
            say("The same, with rework"): say.minutes(self.expected_minutes),
            say("Work in all steps"): say.minutes(self.touch_minutes),
            say("Wait before all steps"): say.minutes(self.wait_minutes),
            say("Work as a share of the lead time"): self.efficiency_words(say),
        }
        return pd.DataFrame(rows.items(), columns=[say("Figure"), say("Value")])

    def handoff_table(self, language: str = "en") -> pd.DataFrame:
        """Return the hand-offs for display, the longest wait first."""
        say, name = speak(language), self.steps["step"]
        found = self.handoffs.sort_values("wait_minutes", ascending=False, kind="stable")
        columns = {
            say("From"): found["from_role"],
            say("To"): found["to_role"],
            say("After"): found["from"].map(name),
            say("Before"): found["to"].map(name),
            say("Wait before"): found["wait_minutes"].map(say.minutes),
        }
        return pd.DataFrame(columns).reset_index(drop=True)

    def plot(self, ax: Axes | None = None, language: str = "en") -> Axes:
        """Draw work and wait of each step, in order; the critical path stands out."""
        rows = self.steps.loc[self.order, ["step", *TIMES]]
        rows = rows.assign(critical=rows.index.isin(self.critical_path))
        return plots.time_bars(rows.reset_index(drop=True), speak(language), ax)

    def findings(self, language: str = "en") -> list[Finding]:
        """Report what the chart itself shows: where it begins and ends, and unknown times."""
        say, found = speak(language), []
        if self.n_unknown:
            sentence = say.plural(
                "The time of {n} step is not known: the lead time is a lower bound.",
                "The time of {n} steps is not known: the lead time is a lower bound.",
                self.n_unknown,
            )
            found.append(Finding("chart-times-unknown", "data", sentence, n=self.n_unknown))
        for step in self._ends(self.graph.in_degree, begins_late):
            sentence = say("The chart begins at “{step}”: draw it from the order on.", step=step[1])
            found.append(Finding(f"chart-begins-{step[0]}", "data", sentence, step_id=step[0]))
        for step in self._ends(self.graph.out_degree, ends_early):
            sentence = say(
                "The chart ends at “{step}”: draw it until payment and claims are closed.",
                step=step[1],
            )
            found.append(Finding(f"chart-ends-{step[0]}", "data", sentence, step_id=step[0]))
        return found

    def _ends(self, degree: nx.DiGraph, wrong: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        for step_id, name in self.steps["step"].items():
            if degree(step_id) == 0 and wrong(name):
                yield step_id, name

    def _repr_html_(self) -> str:
        return self.table().to_html(index=False, escape=True, border=0)


def _near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-9)


def build_process(steps: pd.DataFrame) -> Process:
    """Build the process from a table of steps.

    Parameters
    ----------
    steps : DataFrame
        step_id, step, role; predecessors (ids joined by ';'), touch_minutes, wait_minutes, cost,
        rework_to, rework_share (0 to less than 1), rights. Any other column is kept.

    Returns
    -------
    Process
        Times in minutes; unknown times are counted in `n_unknown`.

    Raises
    ------
    DataError
        With every fault of the table: unknown ids, circles, missing roles, impossible times.

    Examples
    --------
    >>> steps = pd.DataFrame(
    ...     {
    ...         "step_id": ["pick", "check"],
    ...         "step": ["Pick", "Check"],
    ...         "role": ["Warehouse", "Control"],
    ...         "predecessors": ["", "pick"],
    ...         "touch_minutes": [12, 5],
    ...         "wait_minutes": [0, 0],
    ...         "rework_to": [None, "pick"],
    ...         "rework_share": [None, 0.10],
    ...     }
    ... )
    >>> process = build_process(steps)
    >>> process.lead_time_minutes, round(process.expected_minutes, 3)
    (17.0, 18.889)
    """
    found, read = read_steps(steps)
    if errors := [problem for problem in found if problem.severity == "error"]:
        raise DataError(errors)
    data, graph, wholes = read
    return Process(data, graph, tuple(found), wholes)
