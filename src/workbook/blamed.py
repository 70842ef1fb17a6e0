"""Set the steps that people blame beside those that orders really wait for.

Where branches run at once and meet again, only the last to finish holds an order up. A step that
is always done before it may look busy and be blamed by all: shortening it alone gains nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook import plots
from workbook.display import Face
from workbook.eventlog import EventLog
from workbook.language import Language
from workbook.process import Process
from workbook.results import Finding
from workbook.rights import count_words
from workbook.schema import fold
from workbook.stats import wilson_interval

__all__ = ["Blamed", "look_past_blame"]

# A step is blamed by so many votes of which so many ask for improvement; it is told from so many
# orders in which it is done so many minutes before what they wait for.
LEAST_VOTES, MAJORITY, LEAST_N, LEAST_MINUTES = 5, 2 / 3, 30, 30.0


@dataclass(frozen=True)
class Blamed(Face):
    """Steps that most people want improved, and that orders don't wait for.

    `data`: step_id, step, improve of votes, beside_id, beside (the step that ends last where the
    branches meet), n orders with both, before (share in which the blamed one was done first) with
    before_low and before_high, slack (median minutes by which), minutes (median of the blamed step
    since what it follows), beside_minutes (of the other) with beside_low and beside_high.
    """

    data: pd.DataFrame
    language: str

    def caption(self, say: Language) -> str:
        return say("What people blame, and what orders wait for")

    def sentence(self, say: Language) -> str:
        return " ".join(self._told(row, say) for row in self.data.itertuples())

    def _told(self, row: object, say: Language) -> str:
        return say(
            "{improve} of {votes} people want “{step}” improved, but in {share} of {orders} "
            "(95% interval {low} to {high}) it is done before “{beside}”, half of the time by more "
            "than {slack} minutes. Orders wait for “{beside}”: half of them more than {longer} "
            "minutes (between {least} and {most}), against {minutes} for “{step}”.",
            improve=say.number(row.improve),
            votes=say.number(row.votes),
            step=row.step,
            beside=row.beside,
            share=say.percent(row.before),
            orders=count_words(row.n, say),
            low=say.percent(row.before_low),
            high=say.percent(row.before_high),
            slack=say.number(row.slack),
            longer=say.number(row.beside_minutes),
            least=say.number(row.beside_low),
            most=say.number(row.beside_high),
            minutes=say.number(row.minutes),
        )

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        share = lambda part, whole: say("{n} of {all}", n=say.number(part), all=say.number(whole))
        return {
            say("Blamed step"): (str, "step"),
            say("Want it improved"): (share, "improve", "votes"),
            say("Takes"): (say.minutes, "minutes"),
            say("Orders wait for"): (str, "beside"),
            say("That takes"): (say.minutes, "beside_minutes"),
            say("Blamed step done first"): (say.percent, "before"),
            say("Orders"): (say.number, "n"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        """Draw both steps of each pair: what orders wait for is dark."""
        pairs = [
            {"step": name, "wait_minutes": minutes, "touch_minutes": 0.0, "critical": critical}
            for row in self.data.itertuples()
            for name, minutes, critical in (
                (row.step, row.minutes, False),
                (row.beside, row.beside_minutes, True),
            )
        ]
        return plots.time_bars(pd.DataFrame(pairs), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        for row in self.data.itertuples():
            facts = {"n": row.n, "observed": row.beside_minutes, "expected": row.minutes}
            facts |= {"interval": (row.beside_low, row.beside_high), "effect": row.slack}
            facts |= {"right": "time", "step_id": row.beside_id}
            key = f"blamed-{row.step_id}-{row.beside_id}"
            yield Finding(key, "needs improvement", self._told(row, say), **facts)


def look_past_blame(process: Process, log: EventLog) -> Blamed:
    """Find the blamed steps that orders don't wait for, and what they wait for instead.

    A step counts as blamed when two thirds of its five or more votes (votes_improve, votes_works)
    ask for improvement; it has slack in the chart, and in the events it was done first. No votes,
    no parallel branches or too few orders give no rows. It claims no cause.

    Examples
    --------
    >>> from workbook.eventlog import read_log
    >>> from workbook.process import build_process
    >>> steps = {"step_id": list("abcd"), "step": ["Pick", "Check", "Dock", "Load"], "role": "W"}
    >>> steps |= {"predecessors": ["", "a", "a", "b;c"], "touch_minutes": [9, 12, 99, 5]}
    >>> steps |= {"votes_works": [0, 1, 6, 0], "votes_improve": [0, 7, 1, 0]}
    >>> minutes = pd.to_timedelta([0, 12, 99, 104] * 40, unit="m")
    >>> events = {
    ...     "order_id": np.repeat(np.arange(40), 4).astype(str),
    ...     "activity": steps["step"] * 40,
    ... }
    >>> log = read_log(pd.DataFrame(events).assign(event_at=pd.Timestamp("2026-03-02") + minutes))
    >>> found = look_past_blame(build_process(pd.DataFrame(steps)), log).data
    >>> found[["step", "beside", "slack"]].values.tolist()
    [['Check', 'Dock', 87.0]]
    """
    done = _moments(process, log)
    rows = [
        row
        for blamed in _blamed(process)
        for beside in _beside(process, blamed)
        if (row := _compare(process, done, blamed, beside))
    ]
    return Blamed(pd.DataFrame(rows), log.language)


def _blamed(process: Process) -> Iterator[str]:
    steps = process.steps
    if not {"votes_works", "votes_improve"} <= set(steps):
        return
    votes = steps[["votes_works", "votes_improve"]].astype(float).fillna(0).sum(axis=1)
    share = steps["votes_improve"].astype(float).fillna(0) / votes.clip(lower=1)
    slack = process.slack > 0
    yield from steps.index[(votes >= LEAST_VOTES) & (share >= MAJORITY) & slack]


def _beside(process: Process, step: str) -> list[str]:
    """Return the steps of the longest path that end where the branch of this one ends."""
    ends = {
        before
        for after in process.graph.successors(step)
        for before in process.graph.predecessors(after)
    }
    return [name for name in process.critical_path if name in ends]


def _moments(process: Process, log: EventLog) -> dict[str, np.ndarray]:
    """Return when each step was last done in each order; never: not a time."""
    numbers = {fold(name): number for number, name in enumerate(log.activities)}
    done = {}
    for step, name in process.logged_as.items():
        done[step] = np.full(len(log.order_ids), np.datetime64("NaT", "us"))
        these = np.flatnonzero(log.activity == numbers.get(fold(name), -1))
        done[step][log.order[these]] = log.done_at[these]
    return done


def _compare(
    process: Process, done: dict[str, np.ndarray], blamed: str, beside: str
) -> dict[str, object] | None:
    """Measure a blamed step against the one that orders wait for; None where it is not so."""
    minutes = lambda span: span / np.timedelta64(1, "m")
    since = lambda step: np.fmax.reduce([done[each] for each in process.graph.predecessors(step)])
    both = ~(np.isnat(done[blamed]) | np.isnat(done[beside]))
    both &= ~(np.isnat(since(blamed)) | np.isnat(since(beside)))
    if both.sum() < LEAST_N:
        return None
    slack = minutes(done[beside] - done[blamed])[both]
    n, first = len(slack), int((slack > 0).sum())
    low, high = wilson_interval(first, n)
    if low <= 0.5 or np.median(slack) < LEAST_MINUTES:
        return None
    spans = {step: minutes(done[step] - since(step))[both] for step in (blamed, beside)}
    half = norm.ppf(0.975) / 2 / np.sqrt(n)
    least, middle, most = np.quantile(spans[beside], [max(0.5 - half, 0), 0.5, min(0.5 + half, 1)])
    steps, names = process.steps, process.steps["step"]
    improve = int(steps.at[blamed, "votes_improve"])
    row = {"step_id": blamed, "step": names[blamed], "improve": improve}
    row["votes"] = improve + int(np.nan_to_num(float(steps.at[blamed, "votes_works"])))
    row |= {"beside_id": beside, "beside": names[beside], "n": n, "before": first / n}
    row |= {"before_low": low, "before_high": high, "slack": float(np.median(slack))}
    row |= {"minutes": float(np.median(spans[blamed])), "beside_minutes": float(middle)}
    return row | {"beside_low": float(least), "beside_high": float(most)}
