"""Compare the process as it is drawn with what the events say: who deviates, how, at what price."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.data import Client
from workbook.display import Face, as_table
from workbook.eventlog import EventLog, read_log
from workbook.language import Language, speak
from workbook.process import Process
from workbook.results import Finding
from workbook.rights import Rights, count_words
from workbook.schema import fold
from workbook.stats import newcombe_interval, wilson_interval
from workbook.tokens import (
    LIMIT,
    Game,
    Moves,
    Traces,
    explain,
    fewest_deviations,
    least_possible,
    play,
)

__all__ = ["Comparison", "compare_log"]

# Deviations of a smaller share of the orders are listed, but no finding.
LEAST_SHARE = 0.02
_COLUMNS = ["kind", "activity", "step_id", "orders", "share", "low", "high", "hours"]


@dataclass(frozen=True)
class Names:
    """Activities of the chart and of the log as one list of numbers, the chart's first.

    `step` and `activity` number the chart's steps and the log's activities; case, spaces and
    accents aside, the same name is the same activity. Below `known` a step has the name.
    """

    step: np.ndarray
    activity: np.ndarray
    known: int
    words: tuple[str, ...]


def _names(process: Process, log: EventLog) -> Names:
    shown = process.logged_as
    number: dict[str, int] = {}
    count = lambda words: np.array([number.setdefault(_key(word), len(number)) for word in words])
    step, known, activity = count(shown), len(number), count(log.activities)
    first = {_key(word): word for word in (*log.activities[::-1], *shown[::-1])}
    return Names(step, activity.astype(int), known, tuple(first[key] for key in number))


def _key(word: str) -> str:
    return fold(word) or word


@dataclass(frozen=True, eq=False)
class Comparison(Face):
    """How each order's events deviate from the chart.

    `data` has one row per order: order_id, variant (from 1, the most frequent first), deviations
    (the fewest skipped steps and extra events that explain it). `exact` is false where the chart
    has more than `tokens.LIMIT` states: then deviations are a lower bound, and not named.
    """

    data: pd.DataFrame
    process: Process
    log: EventLog
    names: Names
    game: Game | None
    rights: Rights | None
    language: str

    @property
    def exact(self) -> bool:
        """Whether `data` holds the fewest deviations, not a lower bound of them."""
        return self.game is not None

    @cached_property
    def variants(self) -> pd.DataFrame:
        """The variants of the log as `EventLog.variants` has them, with their deviations."""
        deviations = self.data["deviations"].to_numpy()[self.log.examples]
        return self.log.variants().assign(deviations=deviations)

    @cached_property
    def moves(self) -> Moves:
        """One explanation of each variant: the steps done and skipped, and the events too many."""
        activity, first = self.log.traces()
        return explain(self.game, self.names.step, Traces(self.names.activity[activity], first))

    @cached_property
    def _kinds(self) -> pd.DataFrame:
        """How often a variant deviates in an activity: a row for both, a column for each kind."""
        moves = self.moves
        skipped, extra = moves.activity < 0, moves.step < 0
        number = np.where(skipped, self.names.step[moves.step], moves.activity)
        flags = {"skipped": skipped, "extra": extra, "done": ~skipped & ~extra}
        rows = pd.DataFrame({"variant": moves.trace, "number": number} | flags)
        sums = rows.groupby(["variant", "number"]).sum()
        known = sums.index.get_level_values("number") < self.names.known
        moved = np.minimum(sums["skipped"], sums["extra"])
        more, repeated = sums["extra"] - moved, known & (sums["done"] > 0)
        kinds = {"missing": sums["skipped"] - moved, "too often": more.where(repeated, 0)}
        kinds["out of sequence"] = moved + more.where(known & ~repeated, 0)
        return pd.DataFrame(kinds | {"unknown activity": more.where(~known, 0)})

    @cached_property
    def deviations(self) -> pd.DataFrame:
        """Each kind of deviation of each activity, the one of most orders first.

        Columns kind (missing, too often, out of sequence, unknown activity), activity, step_id
        (missing if none or several have it), orders, share with low and high, hours (by which the
        median throughput of these orders is longer than that of the others); with rights also
        failed (share known to be wrong in a right) and by how much this is more than of the others:
        more, with more_low and more_high, which what is unknown widens.
        """
        if not self.exact:
            return pd.DataFrame(columns=_COLUMNS)
        counts = self._kinds.melt(ignore_index=False, var_name="kind").query("value > 0")
        rows = [
            {"kind": kind, "activity": self.names.words[number], "step_id": self._step(number)}
            | self._price(np.isin(self.log.variant, part.index.get_level_values("variant")))
            for (kind, number), part in counts.groupby(["kind", "number"], sort=False)
        ]
        table = pd.DataFrame(rows, columns=None if rows else _COLUMNS)
        return table.sort_values("orders", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def arrows(self) -> pd.DataFrame:
        """What really follows what, for the picture beside the drawn one: as the log's `data`, and
        before and after (step_id, missing where none or several have the activity), drawn (an arrow
        or a way back of the chart runs so)."""
        number = dict(zip(self.log.activities, self.names.activity, strict=True))
        real = self.log.data.assign(
            **{
                side: [self._step(number[word]) for word in self.log.data[end]]
                for side, end in (("before", "from"), ("after", "to"))
            }
        )
        back = self.process.rework[["from", "to"]].itertuples(index=False, name=None)
        drawn = {*self.process.graph.edges, *back}
        pairs = zip(real["before"], real["after"], strict=True)
        return real.assign(drawn=[pair in drawn for pair in pairs])

    @property
    def seen(self) -> pd.DataFrame:
        """The arrows that at least one order in a hundred ran, for `chart.layout_chart`."""
        ways = self.arrows.dropna(subset=["before", "after"])
        ways = ways.assign(share=ways["orders"] / max(len(self.data), 1))
        ways = ways[ways["share"] >= 0.01].drop_duplicates(["before", "after"])
        ways = ways.drop(columns=["from", "to"]).rename(columns={"before": "from", "after": "to"})
        return ways[["from", "to", "share", "drawn"]].reset_index(drop=True)

    def _step(self, number: int) -> str | None:
        here = np.flatnonzero(self.names.step == number)
        return self.process.steps.index[here[0]] if len(here) == 1 else None

    def _price(self, which: np.ndarray) -> dict[str, float]:
        """Return how many orders deviate so, and what sets them apart from the others."""
        n, low, high = int(which.sum()), *wilson_interval(which.sum(), len(which))
        row = {"orders": n, "share": n / len(which), "low": float(low), "high": float(high)}
        hours = self._hours
        row["hours"] = np.nan if n == len(which) else _median(hours[which]) - _median(hours[~which])
        if self.rights is not None:
            (w1, u1, n1), (w2, u2, n2) = (_counts(self._worst[side]) for side in (which, ~which))
            row["failed"], rest = (w / n if n else np.nan for w, n in ((w1, n1), (w2, n2)))
            row["more"] = row["failed"] - rest
            row["more_low"] = float(newcombe_interval(w1, n1, w2 + u2, n2).low)
            row["more_high"] = float(newcombe_interval(w1 + u1, n1, w2, n2).high)
        return row

    @cached_property
    def _hours(self) -> np.ndarray:
        return self.log.throughput()["minutes"].to_numpy() / 60

    @cached_property
    def _worst(self) -> np.ndarray:
        """The worst state of each order in a right that is measured; 0 if none applies."""
        rights = self.rights
        states = np.array([rights.order_states(right) for right in rights.measured])
        worst = pd.Series(states.max(axis=0, initial=0), rights.states.order_ids)
        return worst.reindex(self.log.order_ids, fill_value=0).to_numpy()

    @cached_property
    def forgotten(self) -> pd.DataFrame:
        """What only one side has: kind, name, orders, share; the most frequent first.

        kind is activity or role (in the events, not in the chart) or step (drawn, never logged).
        """
        log, names, n = self.log, self.names, max(len(self.data), 1)
        rows = [
            ("step", self.process.steps["step"].iloc[at], 0)
            for at in np.flatnonzero(~np.isin(names.step, names.activity))
        ]
        for number in range(names.known, len(names.words)):
            found = names.activity[log.activity] == number
            rows.append(("activity", names.words[number], len(np.unique(log.order[found]))))
        drawn = set(map(_key, self.process.roles))
        for number, role in enumerate(log.roles):
            if _key(role) not in drawn:
                rows.append(("role", role, len(np.unique(log.order[log.role == number]))))
        table = pd.DataFrame(rows, columns=["kind", "name", "orders"])
        table["share"] = table["orders"] / n
        return table.sort_values("orders", ascending=False, kind="stable", ignore_index=True)

    def caption(self, say: Language) -> str:
        return say("How the events deviate from the chart")

    def sentence(self, say: Language) -> str:
        """Say how many orders run as drawn."""
        deviations = self.data["deviations"]
        if deviations.empty:
            return say("The log has no events.")
        words = {"orders": count_words(len(deviations), say), "most": say.number(LIMIT)}
        words["share"] = say.percent((deviations == 0).mean())
        words["mean"] = say.number(deviations.mean(), 1)
        if self.exact:
            return say(
                "Of {orders} {share} run as drawn; the average is {mean} deviations (steps left "
                "out and events too many).",
                **words,
            )
        return say(
            "Of {orders} at most {share} run as drawn: the chart has more than {most} states, so "
            "deviations are a lower bound, on average {mean}.",
            **words,
        )

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the deviations for reading, those of most orders first."""
        say = speak(language or self.language)
        kinds = _kind_words(say)
        cells = {
            say("Activity"): (str, "activity"),
            say("Deviation"): (kinds.__getitem__, "kind"),
            say("Orders"): (say.number, "orders"),
            say("Share"): (say.percent, "share"),
            say("Hours longer"): (lambda hours: say.number(hours, 1), "hours"),
        }
        if "failed" in self.deviations:
            cells[say("Wrong in a right")] = (say.percent, "failed")
            cells[say("Points more")] = (say.points, "more")
        return as_table(self.deviations, cells)

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        rows = self.deviations.head(12)
        kinds = _kind_words(say)
        label = [f"{row.activity}: {kinds[row.kind]}" for row in rows.itertuples()]
        rows = rows.assign(label=label, confirmed=rows["share"], upper=rows["share"])
        return plots.rate_bands(rows.assign(target=np.nan, verdict="no evidence", note=""), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        n, right = len(self.data), int((self.data["deviations"] == 0).sum())
        if n:
            ends = wilson_interval(right, n)
            facts = {"n": n, "observed": right / n, "interval": tuple(map(float, ends))}
            yield Finding("as-drawn", "data", self.sentence(say), **facts)
        for row in self.deviations[self.deviations["low"] >= LEAST_SHARE].itertuples():
            yield self._finding(row, say)
        for row in self.forgotten.itertuples():
            words = {"name": row.name, "orders": count_words(row.orders, say)}
            told = {
                "activity": say("The chart has no step “{name}”, seen in {orders}.", **words),
                "role": say("The chart has no role “{name}”, seen in {orders}.", **words),
                "step": say("No event shows “{name}”: not recorded, or not done.", **words),
            }
            facts = {"n": n, "observed": row.share}
            yield Finding(f"forgotten-{row.kind}-{row.name}", "data", told[row.kind], **facts)

    def _finding(self, row: object, say: Language) -> Finding:
        words = {"activity": row.activity, "share": say.percent(row.share)}
        words["orders"] = count_words(row.orders, say)
        told = {
            "missing": say("“{activity}” is missing in {orders} ({share}).", **words),
            "too often": say("“{activity}” comes too often in {orders} ({share}).", **words),
            "out of sequence": say(
                "“{activity}” is out of sequence in {orders} ({share}).", **words
            ),
            "unknown activity": say("“{activity}” is not drawn: {orders} ({share}).", **words),
        }[row.kind]
        if abs(row.hours) >= 0.05:
            hours = say.number(abs(row.hours), 1)
            longer = say(
                "Their median time is {hours} h longer than that of the others.", hours=hours
            )
            less = say("Their median time is {hours} h less than that of the others.", hours=hours)
            told += " " + (longer if row.hours >= 0 else less)
        if self.rights is not None and (row.more_low > 0 or row.more_high < 0):
            told += " " + say(
                "At least {share} of them are wrong in a right, {rest} of the others: between "
                "{low} and {high} points more.",
                share=say.percent(row.failed),
                rest=say.percent(row.failed - row.more),
                low=say.points(row.more_low),
                high=say.points(row.more_high),
            )
        facts = {"n": len(self.data), "observed": row.share, "interval": (row.low, row.high)}
        step = row.step_id if isinstance(row.step_id, str) else None
        facts |= {"step_id": step, "effect": row.hours}
        name = step or row.activity
        return Finding(f"{row.kind}-{name}".replace(" ", "-"), "needs improvement", told, **facts)


def _kind_words(say: Language) -> dict[str, str]:
    return {
        "missing": say("missing"),
        "too often": say("too often"),
        "out of sequence": say("out of sequence"),
        "unknown activity": say("unknown activity"),
    }


def _counts(worst: np.ndarray) -> tuple[int, int, int]:
    """Return how many orders are wrong, unknown, and judged."""
    return int((worst == 3).sum()), int((worst == 2).sum()), int((worst > 0).sum())


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def compare_log(
    process: Process, events: Client | pd.DataFrame | EventLog, *, rights: Rights | None = None
) -> Comparison:
    """Compare the drawn process with its events, exactly for up to 12 parallel branches.

    An order deviates by the fewest steps skipped and events too many that turn it into a run of
    the chart, as `tokens` plays it. Steps are found by their `activity`, else by their name; case,
    spaces and accents do not matter. An open order lacks the steps still to come.

    Parameters
    ----------
    process : Process
        The chart; `join` and `split` say where branches run together and where one is chosen.
    events : Client, DataFrame or EventLog
        What happened: order_id, activity, event_at; role and lifecycle if given.
    rights : Rights, optional
        Then deviations are priced in failed rights, too.

    Returns
    -------
    Comparison
        `.data` has one row per order: order_id, variant, deviations.

    References
    ----------
    Adriansyah, van Dongen & van der Aalst 2011, Conformance checking using cost-based fitness
    analysis, EDOC.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Pack"], "role": ["W", "W"]}
    >>> process = build_process(pd.DataFrame(steps | {"predecessors": ["", "a"]}))
    >>> at = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04"])
    >>> events = {"order_id": ["7", "7", "8"], "activity": ["Pick", "pack", "Wrap"], "event_at": at}
    >>> compare_log(process, pd.DataFrame(events)).data["deviations"].tolist()
    [0, 3]
    """
    log = events if isinstance(events, EventLog) else read_log(events)
    names = _names(process, log)
    activity, first = log.traces()
    traces, game = Traces(names.activity[activity], first), play(process)
    given = (game or process, names.step, traces)
    cost = (fewest_deviations if game else least_possible)(*given)
    data = {"order_id": log.order_ids, "variant": log.variant + 1, "deviations": cost[log.variant]}
    return Comparison(pd.DataFrame(data), process, log, names, game, rights, log.language)
