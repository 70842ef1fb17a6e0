"""Tell from events what really happens: who follows whom, after what wait, in which variants.

An event is the completion of an activity; a `start` tells when it began: the first start since the
activity was last completed in that order. A wait runs from one completion to the beginning of what
follows, or to its completion where no start is given; overlapping work waits for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.clock import elapsed_minutes, working_minutes
from workbook.data import Client
from workbook.display import Face
from workbook.eventcodes import Codes, read_codes, sequence_codes
from workbook.language import Language
from workbook.rights import count_words
from workbook.schema import nearest

__all__ = ["EventLog", "read_log"]

_MICROS = 60_000_000  # of a minute
_FEW = 1 << 22


@dataclass(frozen=True, eq=False)
class EventLog(Codes, Face):
    """The events of a client, coded and sorted; with desk hours, waits in working minutes, too."""

    desk_hours: str | None = None
    country: str | None = None
    timezone: str = "UTC"
    language: str = "en"

    @cached_property
    def first(self) -> np.ndarray:
        return np.searchsorted(self.order, np.arange(len(self.order_ids) + 1))

    @cached_property
    def follows(self) -> np.ndarray:
        """Which events, from the second on, follow another of their order."""
        return self.order[1:] == self.order[:-1]

    @cached_property
    def variant(self) -> np.ndarray:
        """The variant of each order, numbered from the most frequent on."""
        code = sequence_codes(self.activity, self.first, len(self.activities))
        count = np.bincount(code)
        shown = np.zeros(len(count), np.int64)
        shown[code[::-1]] = np.arange(len(code))[::-1]
        rank = np.empty(len(count), np.int64)
        rank[np.lexsort((shown, -count))] = np.arange(len(count))
        return rank[code]

    @cached_property
    def examples(self) -> np.ndarray:
        """The first order of each variant."""
        return np.unique(self.variant, return_index=True)[1]

    def traces(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the activities of each variant, one after the other, and where each begins."""
        length = np.diff(self.first)[self.examples]
        first = np.append(0, np.cumsum(length))
        shift = np.repeat(self.first[self.examples] - first[:-1], length)
        return self.activity[np.arange(first[-1]) + shift], first

    def waited(
        self, which: np.ndarray, *, working: bool = False, touch: bool = False
    ) -> np.ndarray:
        """Return the microseconds from one event until the next begins, with touch until its end.

        `which` is as long as `follows` and chooses the later events; what overlaps waits 0.
        """
        start, end = self.done_at[:-1][which], self.done_at[1:][which]
        if self.begun_at is not None and not touch:
            begun = self.begun_at[1:][which]
            end = np.where(np.isnat(begun), end, begun)
        if working:
            hours = {"desk_hours": self.desk_hours, "country": self.country}
            spans = working_minutes(start, end, **hours)
        elif self.timezone != "UTC":
            spans = elapsed_minutes(start, end, self.timezone)
        else:
            return np.maximum((end - start).view(np.int64), 0)
        return np.maximum(np.rint(spans * _MICROS).astype(np.int64), 0)

    def _summed(self, codes: np.ndarray, which: np.ndarray, many: int) -> pd.DataFrame:
        """Return code, count, mean and median wait of pairs a * many + b."""
        codes, group = _compact(codes, many**2)
        table = _spread(group, self.waited(which), len(codes)).add_suffix("_wait_minutes")
        if self.desk_hours:
            working = _spread(group, self.waited(which, working=True), len(codes))
            table = table.join(working.add_suffix("_working_minutes"))
        table.insert(0, "count", np.bincount(group, minlength=len(codes)))
        table.insert(0, "code", codes)
        return table[table["count"] > 0].reset_index(drop=True)

    def directly_follows(self) -> pd.DataFrame:
        """Return how often one activity directly follows another, and after what wait.

        Columns from, to, orders, count, mean_wait_minutes, median_wait_minutes (calendar), and
        with desk hours mean_working_minutes, median_working_minutes; the most frequent first.
        """
        many, follows = len(self.activities), self.follows
        pair = self.activity[:-1][follows] * np.int64(many) + self.activity[1:][follows]
        table = self._summed(pair, follows, many)
        table.insert(1, "orders", self._orders_with(table["code"].to_numpy()))
        return _named(table, self.activities, "from", "to")

    def _orders_with(self, codes: np.ndarray) -> np.ndarray:
        """Return how many orders have each pair of activities, counted by variant."""
        activity, first = self.traces()
        which = np.repeat(np.arange(len(first) - 1), np.diff(first))
        pair = activity[:-1] * np.int64(len(self.activities)) + activity[1:]
        which, pair = (each[: len(pair)][which[1:] == which[:-1]] for each in (which, pair))
        place, found = np.unique(pair, return_inverse=True)
        once = np.unique(which * len(place) + found)
        count = np.bincount(once % len(place), np.bincount(self.variant)[once // len(place)])
        return count.astype(np.int64)[np.searchsorted(place, codes)]

    data = cached_property(directly_follows)

    def caption(self, say: Language) -> str:
        return say("Who follows whom, after what wait")

    def sentence(self, say: Language) -> str:
        """Say how many ways the orders go and how long they take."""
        n, ways = len(self.order_ids), self.throughput()
        if not n:
            return say("The log has no events.")
        first = int((self.variant == 0).sum())
        words = {"orders": count_words(n, say), "share": say.percent(first / n)}
        words["time"] = say.minutes(ways["minutes"].median())
        return say.plural(
            "{orders} run in {n} variant, {share} in the most frequent; half of all orders take "
            "{time} or less.",
            "{orders} run in {n} variants, {share} in the most frequent; half of all orders take "
            "{time} or less.",
            len(self.examples),
            **words,
        )

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        cells = {
            say("From activity"): (str, "from"),
            say("To activity"): (str, "to"),
            say("Orders"): (say.number, "orders"),
            say("Times"): (say.number, "count"),
            say("Mean wait"): (say.minutes, "mean_wait_minutes"),
            say("Median wait"): (say.minutes, "median_wait_minutes"),
        }
        if self.desk_hours:
            cells[say("Median in working time")] = (_worked(say), "median_working_minutes")
        return cells

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        rows = self.data.head(12)
        rows = rows.assign(step=rows["from"] + " → " + rows["to"], touch_minutes=0.0, critical=True)
        return plots.time_bars(rows.assign(wait_minutes=rows["median_wait_minutes"]), say, ax)

    def waits(self, before: str, after: str) -> pd.DataFrame:
        """Return each wait between two activities that follow directly.

        Columns order_id, at (when `before` was completed), wait_minutes, and with desk hours
        working_minutes; ValueError if the log has no such activity.
        """
        for name in (before, after):
            if name not in self.activities:
                near = nearest(name, self.activities)
                raise ValueError(f"the log has no activity {name!r}; did you mean {near!r}?")
        one, two = self.activities.index(before), self.activities.index(after)
        which = self.follows & (self.activity[:-1] == one) & (self.activity[1:] == two)
        ids = self.order_ids.take(self.order[1:][which]).reset_index(drop=True)
        table = pd.DataFrame({"order_id": ids, "at": self.done_at[:-1][which]})
        table["wait_minutes"] = self.waited(which) / _MICROS
        if self.desk_hours:
            table["working_minutes"] = self.waited(which, working=True) / _MICROS
        return table

    def times(self) -> pd.DataFrame:
        """Return how long each activity waits and takes, in the order of the file.

        Columns activity, count, orders, median_wait_minutes (from the event before), and touched
        (how many have a start) with median_touch_minutes.
        """
        many, activity = len(self.activities), self.activity.astype(np.int64)
        follows = self.follows
        wait = _spread(activity[1:][follows], self.waited(follows), many)["median"]
        table = pd.DataFrame(
            {"activity": self.activities, "count": np.bincount(activity, None, many)}
        )
        seen = np.unique(self.order * np.int64(many) + activity) % max(many, 1)
        table = table.assign(orders=np.bincount(seen, None, many), median_wait_minutes=wait)
        known = np.zeros(len(activity), bool) if self.begun_at is None else ~np.isnat(self.begun_at)
        begun = self.done_at if self.begun_at is None else self.begun_at
        touch = np.rint(elapsed_minutes(begun[known], self.done_at[known], self.timezone) * _MICROS)
        touch = _spread(activity[known], touch.astype(np.int64), many)["median"]
        return table.assign(
            touched=np.bincount(activity[known], None, many), median_touch_minutes=touch
        )

    def throughput(self) -> pd.DataFrame:
        """Return each order's way: order_id, variant (from 1), events, start_at, end_at, minutes.

        It runs from the first start or completion to the last completion; with desk hours also
        working_minutes. An order without a completed activity has missing times.
        """
        events = np.diff(self.first)
        begins = np.minimum(self.first[:-1], max(len(self.done_at) - 1, 0))
        some, start, end = events > 0, self.done_at[begins], self.done_at[self.first[1:] - 1]
        if self.begun_at is not None:
            start = np.fmin(start, self.begun_at[begins])
        start, end = (np.where(some, moment, np.datetime64("NaT")) for moment in (start, end))
        table = pd.DataFrame({"order_id": self.order_ids, "variant": self.variant + 1})
        table = table.assign(events=events, start_at=start, end_at=end)
        table["minutes"] = elapsed_minutes(start, end, self.timezone)
        if self.desk_hours:
            hours = {"desk_hours": self.desk_hours, "country": self.country}
            table["working_minutes"] = working_minutes(start, end, **hours)
        return table

    def variants(self) -> pd.DataFrame:
        """Return each variant: variant (from 1), orders, share, events, activities (a tuple) and
        median_minutes of its throughput; the most frequent first."""
        names = np.array(self.activities, dtype=object)
        count = np.bincount(self.variant)
        minutes = self.throughput().groupby("variant")["minutes"].median()
        table = {"variant": np.arange(1, len(count) + 1), "orders": count}
        table |= {
            "share": count / max(count.sum(), 1),
            "events": np.diff(self.first)[self.examples],
        }
        activity, first = self.traces()
        table["activities"] = [tuple(names[activity[a:b]]) for a, b in pairwise(first)]
        return pd.DataFrame(table | {"median_minutes": minutes.to_numpy()})

    def handovers(self) -> pd.DataFrame:
        """Return how often work goes from one role to another, and after what wait.

        Columns from_role, to_role, count and the waits of `directly_follows`; events without a
        role hand nothing over. ValueError if the log has no roles.
        """
        if self.role is None:
            raise ValueError("the events have no column role; add who does each activity")
        many, giver, taker = len(self.roles), self.role[:-1], self.role[1:]
        over = self.follows & (giver != taker) & (giver >= 0) & (taker >= 0)
        pair = giver[over] * np.int64(many) + taker[over]
        return _named(self._summed(pair, over, many), self.roles, "from_role", "to_role")


def _named(table: pd.DataFrame, words: tuple[str, ...], *ends: str) -> pd.DataFrame:
    """Put the names of a pair in place of its code, the most frequent pair first."""
    names, codes = np.array(words, dtype=object), table.pop("code")
    for place, end in enumerate(ends):
        table.insert(place, end, names[np.divmod(codes, len(words))[place]])
    return table.sort_values(["count", *ends], ascending=[False, True, True], ignore_index=True)


def _worked(say: Language) -> Callable[[float], str]:
    """Return what says working time: hours, never days, which would be taken for whole ones."""
    return lambda minutes: say("{n} h", n=say.number(minutes / 60, 1))


def _spread(group: np.ndarray, micros: np.ndarray, many: int) -> pd.DataFrame:
    """Return mean and median minutes of each group; one sort of packed numbers gives both."""
    count = np.bincount(group, minlength=many)
    bits = int(micros.max(initial=0)).bit_length()
    if bits + many.bit_length() <= 64:
        packed = np.sort((group.astype(np.uint64) << bits) | micros.view(np.uint64))
        ranked = (packed & np.uint64((1 << bits) - 1)).astype(np.int64)
    else:
        ranked = micros[np.lexsort((micros, group))]
    last = np.cumsum(count)
    low, high = last - count + np.maximum(count - 1, 0) // 2, last - count + count // 2
    ranked = np.append(ranked, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group, micros, many) / count / _MICROS
    median = np.where(count, (ranked[low] + ranked[high]) / 2 / _MICROS, np.nan)
    return pd.DataFrame({"mean": mean, "median": median})


def _compact(codes: np.ndarray, many: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes that can occur, sorted, and each entry's place among them."""
    return (np.arange(many), codes) if many <= _FEW else np.unique(codes, return_inverse=True)


def read_log(
    source: Client | pd.DataFrame | str | Path,
    *,
    desk_hours: str | None = None,
    country: str | None = None,
    timezone: str = "UTC",
    language: str = "en",
) -> EventLog:
    """Read events into a log: from a client, a frame, or a Parquet file of any size.

    Parameters
    ----------
    source : Client, DataFrame, or path of a Parquet file
        The events table of the contract: order_id, activity, event_at; role and lifecycle if
        given. A client brings its own desk hours, country, time zone and language.
    desk_hours : str, optional
        As "Mon-Fri 08:00-16:00": waits are then counted in working minutes, too.
    country : str, optional
        Its public holidays are closed.
    timezone : str
        Of the moments, for days on which clocks change; what has an offset is brought to it.

    Raises
    ------
    ValueError
        If a client has no events.
    DataError
        If a column is missing or event_at is not made of moments.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-03-02 09:00", "2026-03-02 09:30", "2026-03-02 10:00"])
    >>> events = {"order_id": ["7", "8", "7"], "activity": ["Ask", "Ask", "Tell"], "event_at": at}
    >>> read_log(pd.DataFrame(events)).directly_follows()[["from", "to", "median_wait_minutes"]]
      from    to  median_wait_minutes
    0  Ask  Tell                 60.0
    """
    if isinstance(source, Client):
        own = {name: getattr(source.profile, name) for name in ("desk_hours", "country")}
        own |= {name: getattr(source.profile, name) for name in ("timezone", "language")}
        if source.events is None:
            raise ValueError("the client has no events; add events.csv to its folder")
        return read_log(source.events, **own)
    codes = read_codes(source, timezone)
    values = (getattr(codes, field.name) for field in fields(Codes))
    return EventLog(*values, desk_hours, country, timezone, language)
