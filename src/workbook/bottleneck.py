"""Find the bottleneck of the busy weeks: the activity before which waits grow most."""

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
from workbook.results import Block, Finding
from workbook.rights import count_words
from workbook.schema import fold
from workbook.trends import FALSE_ALARM, LEAST_N

__all__ = ["BusyWaits", "compare_waits"]

# A week with so many times the orders of the median week is busy; a smaller growth of a mean wait
# (minutes) is not worth telling.
BUSY, LEAST_MINUTES = 1.5, 30.0
_MONDAY = np.datetime64("1970-01-05")


@dataclass(frozen=True)
class BusyWaits(Face):
    """Waits before each activity in the busy weeks and in the others.

    `data`, the largest growth first: activity, step_id, n and mean (minutes) of the busy weeks,
    rest_n and rest of the others, growth with low and high (95%, Welch), verdict (needs
    improvement: demonstrably longer, sterner for many comparisons). Minutes are working ones if
    `working`; an order belongs to the week of its first event. `weeks` are the busy ones.
    """

    data: pd.DataFrame
    weeks: tuple[str, ...]
    orders: int
    working: bool
    language: str

    @property
    def period(self) -> str | None:
        """The busy weeks from the first to the last, as 2025-W47/2025-W51."""
        return f"{self.weeks[0]}/{self.weeks[-1]}" if self.weeks else None

    def caption(self, say: Language) -> str:
        working = say("Working hours to wait in the busy weeks and in the others")
        return working if self.working else say("Hours to wait in the busy weeks and in the others")

    def sentence(self, say: Language) -> str:
        if not self.weeks:
            return say("No week has demonstrably more orders than usual.")
        found = [finding.sentence for finding in self._found(say)]
        return " ".join(found) or say("No wait grows demonstrably in the busy weeks.")

    def _hours(self, minutes: float, say: Language) -> str:
        hours = say.number(minutes / 60, 1)
        return say("{n} working h", n=hours) if self.working else say("{n} h", n=hours)

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        hours = lambda minutes: say.number(minutes / 60, 1)
        ends = lambda low, high: say("from {low} to {high}", low=hours(low), high=hours(high))
        both = lambda low, high: ends(low, high) if low == low else "–"
        return {
            say("Before"): (str, "activity"),
            say("Busy weeks"): (hours, "mean"),
            say("Other weeks"): (hours, "rest"),
            say("Longer by"): (hours, "growth"),
            say("Between"): (both, "low", "high"),
            say("Events"): (say.number, "n"),
        }

    def blocks(self, say: Language, *, drawn: bool = True) -> list[Block]:
        """Return what is found; no table without a busy week, no picture without growth."""
        lead, *rest = super().blocks(say, drawn=drawn and self.data["growth"].gt(0).any())
        return [lead, *(rest if self.weeks else [])]

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        grown = self.data[self.data["growth"] > 0].head(12)
        rows = grown.assign(step=grown["activity"], touch_minutes=0.0)
        critical = rows["verdict"].eq("needs improvement")
        rows = rows.assign(wait_minutes=rows["growth"], critical=critical)
        ax = plots.time_bars(rows, say, ax)
        ax.set_xlabel(f"{say('Longer by')}, {ax.get_xlabel()}")
        ax.set_label("")  # the table's words, not those of a plan
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        for row in self.data[self.data["verdict"] == "needs improvement"].head(1).itertuples():
            hours = ("rest", "low", "high")
            words = {name: say.number(getattr(row, name) / 60, 1) for name in hours}
            words["mean"] = self._hours(row.mean, say)
            words |= {"activity": row.activity, "orders": count_words(self.orders, say)}
            words |= {"first": self.weeks[0], "last": self.weeks[-1]}
            told = say(
                "In the busy weeks {first} to {last} waits grow most before “{activity}”: {mean} "
                "instead of {rest}, between {low} and {high} more ({orders}).",
                **words,
            )
            facts = {"n": row.n, "observed": row.mean, "expected": row.rest, "effect": row.growth}
            facts |= {"interval": (row.low, row.high), "period": self.period, "right": "time"}
            facts |= {"step_id": row.step_id, "where": {"activity": row.activity}}
            yield Finding("bottleneck", "needs improvement", told, **facts)


def compare_waits(log: EventLog, process: Process | None = None) -> BusyWaits:
    """Compare the time to each activity in the busy weeks with that in the others.

    It runs from the event before to the activity's completion, as only some have a start. Busy is a
    week in which 1.5 times as many orders begin as in the median week. Minutes are working ones if
    the log has desk hours. With a process, activities are pinned to its steps.

    Examples
    --------
    >>> from workbook.eventlog import read_log
    >>> events = pd.DataFrame({"order_id": ["7"], "activity": ["Ask"]})
    >>> log = read_log(events.assign(event_at=pd.Timestamp("2026-03-02")))
    >>> compare_waits(log).weeks
    ()
    """
    starts = log.throughput()["start_at"].to_numpy("datetime64[D]")
    week = (starts - _MONDAY).astype(int) // 7
    known = ~np.isnat(starts)
    weeks, count = np.unique(week[known], return_counts=True)
    busy = weeks[count >= max(BUSY * np.median(count), LEAST_N)] if len(weeks) else weeks
    is_busy = np.isin(week, busy) & known
    minutes = log.waited(log.follows, working=bool(log.desk_hours), touch=True) / 60e6
    where = {"activity": log.activity[1:][log.follows], "busy": is_busy[log.order[1:][log.follows]]}
    data = _compared(pd.DataFrame(where | {"minutes": minutes}))
    steps = _step_ids(process)
    names = [log.activities[number] for number in data["activity"]]
    data = data.assign(activity=names, step_id=[steps.get(fold(name)) for name in names])
    shown = tuple(f"{pd.Timestamp(_MONDAY + 7 * int(number)):%G-W%V}" for number in busy)
    return BusyWaits(data, shown, int(is_busy.sum()), bool(log.desk_hours), log.language)


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return n, mean and spread of both kinds of weeks by activity, and their difference."""
    sides = rows.groupby(["activity", "busy"])["minutes"].agg(["size", "mean", "var"]).unstack()
    sides = sides.reindex(columns=[(f, b) for f in ("size", "mean", "var") for b in (True, False)])
    names = ["n", "rest_n", "mean", "rest", "var", "rest_var"]
    data = sides.set_axis(names, axis=1).fillna({"n": 0, "rest_n": 0}).reset_index()
    enough = data[["n", "rest_n"]].min(axis=1) >= LEAST_N
    spread = np.sqrt(data["var"] / data["n"] + data["rest_var"] / data["rest_n"]).where(enough)
    data["growth"] = data["mean"] - data["rest"]
    data["low"], data["high"] = (data["growth"] + z * spread for z in norm.ppf([0.025, 0.975]))
    sure = data["growth"] - norm.ppf(1 - FALSE_ALARM / max(enough.sum(), 1)) * spread > 0
    verdict = np.where(sure & (data["growth"] >= LEAST_MINUTES), "needs improvement", "no evidence")
    data = data.assign(verdict=verdict).drop(columns=["var", "rest_var"])
    return data.sort_values("growth", ascending=False, kind="stable", ignore_index=True)


def _step_ids(process: Process | None) -> dict[str, str]:
    """Return the step of each activity, by its folded name."""
    return {fold(word): step for step, word in process.logged_as.items()} if process else {}
