"""Tell from events what really happens: who follows whom, after what wait, in which variants.

A log is kept as integer codes, sorted by order and time; events of one order at the same moment
stay in the order of the file. An event is the completion of an activity; a `start` tells when it
began, from the first start since the activity was last completed in that order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from matplotlib.axes import Axes

from workbook import plots
from workbook.clock import elapsed_minutes, working_minutes
from workbook.data import Client
from workbook.dates import to_date
from workbook.display import Face
from workbook.language import Language
from workbook.results import Finding
from workbook.rights import count_words
from workbook.schema import DataError, Problem, fold, nearest

__all__ = ["EventLog", "read_log"]

_MICROS = 60_000_000  # of a minute
_TEXTS, _FEW = ("order_id", "activity", "role", "lifecycle"), 1 << 22


@dataclass(frozen=True, eq=False)
class EventLog(Face):
    """Completed activities, one entry per event, sorted by order, then time, then place in file.

    `order` and `activity` number `order_ids` and `activities`, `role` numbers `roles` (-1: none
    given; None: no column); `done_at` and `begun_at` are datetime64, local; begun_at is NaT where
    no start is given. `first` are the places where each order's events begin, and the end.
    `dropped` events had no order, activity or time.
    """

    order: np.ndarray
    activity: np.ndarray
    done_at: np.ndarray
    begun_at: np.ndarray | None
    role: np.ndarray | None
    order_ids: pd.Series
    activities: tuple[str, ...]
    roles: tuple[str, ...]
    dropped: int = 0
    desk_hours: str | None = None
    country: str | None = None
    timezone: str = "UTC"
    language: str = "en"

    @cached_property
    def first(self) -> np.ndarray:
        return np.searchsorted(self.order, np.arange(len(self.order_ids) + 1))

    @cached_property
    def _follows(self) -> np.ndarray:
        """Which events, from the second on, follow another of their order."""
        return self.order[1:] == self.order[:-1]

    @cached_property
    def variant(self) -> np.ndarray:
        """The variant of each order, numbered from the most frequent on."""
        code = _sequence_codes(self.activity, self.first, len(self.activities))
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

    def trace(self, order: int) -> np.ndarray:
        """Return the activities of one order, by their numbers."""
        return self.activity[self.first[order] : self.first[order + 1]]

    def _waits(self, which: np.ndarray, working: bool = False) -> np.ndarray:
        """Return the microseconds from the event before until an activity begins."""
        start, end = self.done_at[:-1][which], self.done_at[1:][which]
        if self.begun_at is not None:
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
        """Return code, count, mean and median wait of pairs a * many + b, most frequent first."""
        codes, group = _compact(codes, many**2)
        table = _spread(group, self._waits(which), len(codes)).add_suffix("_wait_minutes")
        if self.desk_hours:
            working = _spread(group, self._waits(which, working=True), len(codes))
            table = table.join(working.add_suffix("_working_minutes"))
        table.insert(0, "count", np.bincount(group, minlength=len(codes)))
        table.insert(0, "code", codes)
        table = table[table["count"] > 0]
        return table.sort_values(["count", "code"], ascending=[False, True], ignore_index=True)

    def directly_follows(self) -> pd.DataFrame:
        """Return how often one activity directly follows another, and after what wait.

        Columns from, to, orders, count, mean_wait_minutes, median_wait_minutes (calendar), and
        with desk hours mean_working_minutes, median_working_minutes; the most frequent first.
        """
        many, follows = len(self.activities), self._follows
        pair = self.activity[:-1][follows] * np.int64(many) + self.activity[1:][follows]
        table = self._summed(pair, follows, many)
        table.insert(1, "orders", self._orders_with(table["code"].to_numpy()))
        return _named(table, self.activities, "from", "to")

    def _orders_with(self, codes: np.ndarray) -> np.ndarray:
        """Return how many orders have each pair of activities, counted by variant."""
        start, events = self.first[self.examples], np.diff(self.first)[self.examples]
        steps = np.maximum(events - 1, 0)
        which = np.repeat(np.arange(len(steps)), steps)
        at = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps) + start[which]
        pair = self.activity[at] * np.int64(len(self.activities)) + self.activity[at + 1]
        place, found = np.unique(pair, return_inverse=True)
        once = np.unique(which * len(place) + found)
        count = np.bincount(once % len(place), np.bincount(self.variant)[once // len(place)])
        return count.astype(np.int64)[np.searchsorted(place, codes)]

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
        which = self._follows & (self.activity[:-1] == one) & (self.activity[1:] == two)
        ids = self.order_ids.take(self.order[1:][which]).reset_index(drop=True)
        table = pd.DataFrame({"order_id": ids, "at": self.done_at[:-1][which]})
        table["wait_minutes"] = self._waits(which) / _MICROS
        if self.desk_hours:
            table["working_minutes"] = self._waits(which, working=True) / _MICROS
        return table

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
        table["activities"] = [tuple(names[self.trace(order)]) for order in self.examples]
        return pd.DataFrame(table | {"median_minutes": minutes.to_numpy()})

    def handovers(self) -> pd.DataFrame:
        """Return how often work goes from one role to another, and after what wait.

        Columns from_role, to_role, count and the waits of `directly_follows`; events without a
        role hand nothing over. ValueError if the log has no roles.
        """
        if self.role is None:
            raise ValueError("the events have no column role; add who does each activity")
        many, giver, taker = len(self.roles), self.role[:-1], self.role[1:]
        over = self._follows & (giver != taker) & (giver >= 0) & (taker >= 0)
        pair = giver[over] * np.int64(many) + taker[over]
        return _named(self._summed(pair, over, many), self.roles, "from_role", "to_role")


def _named(table: pd.DataFrame, words: tuple[str, ...], *ends: str) -> pd.DataFrame:
    """Put the names of a pair in place of its code."""
    names, codes = np.array(words, dtype=object), table.pop("code")
    for place, end in enumerate(ends):
        table.insert(place, end, names[np.divmod(codes, len(words))[place]])
    return table


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


def _sequence_codes(activity: np.ndarray, first: np.ndarray, many: int) -> np.ndarray:
    """Return the same number for orders with the same activities, exactly.

    Activities, from 1 on, are packed into words of 64 bits; each word refines the number.
    """
    length, per = np.diff(first), 64 // many.bit_length()
    code, live, padded = (
        np.zeros(len(length), np.int64),
        np.arange(len(length)),
        np.append(activity, 0),
    )
    for depth in range(0, length.max(initial=0), per):
        live = live[length[live] > depth]
        word = np.zeros(len(live), np.uint64)
        for place in range(min(per, length.max() - depth)):
            at = np.minimum(first[live] + depth + place, len(activity))
            inside = length[live] > depth + place
            word |= (inside * (padded[at] + 1)).astype(np.uint64) << np.uint64(
                place * many.bit_length()
            )
        words, found = np.unique(word, return_inverse=True)
        if depth:
            _, found = np.unique(code[live] * len(words) + found, return_inverse=True)
        code[live] = code.max() + 1 + found
    return code


def _by_order_and_time(order: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Return the places sorted by order, then moment; ties stay as they are."""
    place = None
    if (moment[1:] < moment[:-1]).any():
        moment = moment - moment.min()
        for unit in (1000, 1000, 60):
            moment = moment // unit if not (moment % unit).any() else moment
        place = _stable_order(moment)
    by_order = _stable_order(order if place is None else order[place])
    return by_order if place is None else place[by_order]


def _stable_order(values: np.ndarray) -> np.ndarray:
    """Return what np.argsort(values, kind="stable") does for numbers from 0 on, several times
    faster: places are packed below digits of the value, and whole words are sorted."""
    row_bits = max(len(values) - 1, 1).bit_length()
    digit, mask = 64 - row_bits, np.uint64((1 << row_bits) - 1)
    places, rows = None, np.arange(len(values), dtype=np.uint64)
    for shift in range(0, max(int(values.max(initial=0)).bit_length(), 1), digit):
        part = (values if places is None else values[places]).astype(np.uint64) >> np.uint64(shift)
        part = (part << np.uint64(row_bits)) | rows
        part.sort()
        found = (part & mask).astype(np.int64)
        places = found if places is None else places[found]
    return places


def _begun(
    order: np.ndarray, activity: np.ndarray, moment: np.ndarray, done: np.ndarray
) -> np.ndarray:
    """Return when each activity began: at its first start since it was last completed."""
    key = order * (int(activity.max(initial=0)) + 1) + activity.astype(np.int64)
    by = _stable_order(key)
    key, done_by = key[by], done[by]
    opens = np.append(True, (key[1:] != key[:-1]) | done_by[:-1])
    head = np.maximum.accumulate(np.where(opens, np.arange(len(by)), 0))
    begun = np.full(len(by), np.datetime64("NaT"), moment.dtype)
    begun[by] = np.where(done_by[head], np.datetime64("NaT"), moment[by[head]])
    return begun


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
    names, read = _columns(source)
    if absent := [name for name in ("order_id", "activity", "event_at") if name not in names]:
        raise DataError(_fault(name, "the column is missing", "add it") for name in absent)
    codes = {name: _codes(read(name)) for name in _TEXTS if name in names}
    moment = _moments(read("event_at"), timezone)
    order, activity = codes["order_id"][0], codes["activity"][0]
    kept = (order >= 0) & (activity >= 0) & ~np.isnat(moment)
    place = np.flatnonzero(kept) if not kept.all() else slice(None)
    shown, order = _shown(order[place], codes["order_id"][1])
    by = _by_order_and_time(order, moment[place].view(np.int64))
    place = by if isinstance(place, slice) else place[by]
    order, activity, moment = order[by], activity[place], moment[place].astype("datetime64[us]")
    role, begun = codes["role"][0][place] if "role" in codes else None, None
    if "lifecycle" in codes:
        done = _done(*codes["lifecycle"])[place]
        begun = _begun(order, activity, moment, done)[done]
        order, activity, moment = order[done], activity[done], moment[done]
        role = None if role is None else role[done]
    named = {
        name: tuple(codes[name][1].to_pylist()) for name in ("activity", "role") if name in codes
    }
    return EventLog(
        order,
        activity,
        moment,
        begun,
        role,
        shown,
        named["activity"],
        named.get("role", ()),
        dropped=len(kept) - int(kept.sum()),
        desk_hours=desk_hours,
        country=country,
        timezone=timezone,
        language=language,
    )


def _columns(
    source: pd.DataFrame | str | Path,
) -> tuple[list[str], Callable[[str], pa.ChunkedArray]]:
    """Return the columns' names, and what reads one of them."""
    if not isinstance(source, pd.DataFrame):
        if not Path(source).is_file():
            raise ValueError(f"there is no file {str(source)!r}; give events as a Parquet file")
        names = pq.read_schema(source).names
        words = [name for name in _TEXTS if name in names]
        file = pq.ParquetFile(source, read_dictionary=words)
        return names, lambda name: file.read([name], use_threads=False).column(0)
    text = lambda cells: cells.astype("str") if cells.dtype == object else cells
    array = lambda name: pa.array(text(source[name]), from_pandas=True)
    return list(source), lambda name: pa.chunked_array([array(name)])


def _fault(column: str, problem: str, remedy: str) -> Problem:
    return Problem("error", "events", problem, remedy, column=column)


def _codes(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Return each cell's number among the column's words (-1: blank), and the words."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    coded = coded.unify_dictionaries().combine_chunks()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    words = coded.dictionary.cast(pa.large_string())
    blank = pc.equal(pc.utf8_trim_whitespace(words), "").to_numpy(zero_copy_only=False)
    if blank.any():
        codes = np.where(np.append(blank, True)[codes], -1, codes)
    return codes, words


def _moments(column: pa.ChunkedArray, timezone: str) -> np.ndarray:
    """Return local moments in the column's own unit."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz:
        utc = pd.DatetimeIndex(column.cast(pa.timestamp(kind.unit)).to_numpy(), tz="UTC")
        return utc.tz_convert(timezone).tz_localize(None).to_numpy()
    if pa.types.is_timestamp(kind):
        return column.to_numpy()
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("ms")).to_numpy()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return to_date(column.to_pandas().astype("str"), timezone=timezone).series.to_numpy()
    raise DataError([_fault("event_at", f"the column holds {kind}", "give dates with times")])


def _shown(order: np.ndarray, words: pa.Array) -> tuple[pd.Series, np.ndarray]:
    """Return the order_ids that have an event left, and each event's number among them."""
    seen = np.bincount(order, minlength=len(words)) > 0
    if not seen.all():
        words, order = words.filter(pa.array(seen)), (np.cumsum(seen) - 1)[order]
    return words.to_pandas().astype("str"), order


def _done(codes: np.ndarray, words: pa.Array) -> np.ndarray:
    """Tell which events are completions: all that are no start."""
    starts = [fold(word) == "start" for word in words.to_pylist()]
    return ~np.array([*starts, False])[codes]
