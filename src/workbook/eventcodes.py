"""Read events as sorted integer codes: from a frame, or column by column from a Parquet file.

Events are sorted by order, then time; at the same moment they stay in the order of the file.
Words become numbers while they are read, and sorting packs numbers with their places, so that five
million events take about a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbook.dates import to_date
from workbook.schema import DataError, Problem, fold

__all__ = ["Codes", "read_codes", "sequence_codes"]

TEXTS = ("order_id", "activity", "role", "lifecycle")


@dataclass(frozen=True, eq=False)
class Codes:
    """Completed activities, one entry per event, sorted by order, then time, then place in file.

    `order` and `activity` number `order_ids` and `activities`, `role` numbers `roles` (-1: none
    given; None: no column); `done_at` and `begun_at` are datetime64[us], local; begun_at is NaT
    where no start is given. `dropped` events had no order, activity or time.
    """

    order: np.ndarray
    activity: np.ndarray
    done_at: np.ndarray
    begun_at: np.ndarray | None
    role: np.ndarray | None
    order_ids: pd.Series
    activities: tuple[str, ...]
    roles: tuple[str, ...]
    dropped: int


def read_codes(source: pd.DataFrame | str | Path, timezone: str = "UTC") -> Codes:
    """Read events; moments that have an offset are brought to the time zone.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-01"])
    >>> read_codes(
    ...     pd.DataFrame(
    ...         {"order_id": list("778"), "activity": ["Ask", "Tell", "Ask"], "event_at": at}
    ...     )
    ... ).activity.tolist()
    [0, 1, 0]
    """
    names, read = _columns(source)
    if absent := [name for name in ("order_id", "activity", "event_at") if name not in names]:
        raise DataError(_fault(name, "the column is missing", "add it") for name in absent)
    codes = {name: _codes(read(name)) for name in TEXTS if name in names}
    moment = _moments(read("event_at"), timezone)
    order, activity = codes["order_id"][0], codes["activity"][0]
    kept = (order >= 0) & (activity >= 0) & ~np.isnat(moment)
    place = slice(None) if kept.all() else np.flatnonzero(kept)
    order_ids, order = _shown(order[place], codes["order_id"][1])
    by = _by_order_and_time(order, moment[place].view(np.int64))
    place = by if kept.all() else place[by]
    order, activity, moment = order[by], activity[place], moment[place].astype("datetime64[us]")
    role, begun = codes["role"][0][place] if "role" in codes else None, None
    if "lifecycle" in codes:
        done = _done(*codes["lifecycle"])[place]
        begun = _begun(order, activity, moment, done)[done]
        order, activity, moment = order[done], activity[done], moment[done]
        role = None if role is None else role[done]
    words = [tuple(codes[name][1].to_pylist()) if name in codes else () for name in TEXTS[1:3]]
    dropped = len(kept) - int(kept.sum())
    return Codes(order, activity, moment, begun, role, order_ids, *words, dropped)


def _columns(
    source: pd.DataFrame | str | Path,
) -> tuple[list[str], Callable[[str], pa.ChunkedArray]]:
    """Return the columns' names, and what reads one of them."""
    if not isinstance(source, pd.DataFrame):
        if not Path(source).is_file():
            raise ValueError(f"there is no file {str(source)!r}; give events as a Parquet file")
        try:
            names = pq.read_schema(source).names
        except pa.ArrowInvalid:
            raise ValueError(
                f"{str(source)!r} is no Parquet file; write the events as one"
            ) from None
        words = [name for name in TEXTS if name in names]
        file = pq.ParquetFile(source, read_dictionary=words)
        return names, lambda name: file.read([name], use_threads=False).column(0)
    text = lambda cells: cells.astype("str") if cells.dtype == object else cells
    array = lambda name: pa.array(text(source[name]), from_pandas=True)
    # Text is in chunks already; a list of chunked arrays would be taken apart cell by cell.
    chunked = lambda cells: (
        cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells])
    )
    return list(source), lambda name: chunked(array(name))


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


def _by_order_and_time(order: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Return the places sorted by order, then moment; ties stay as they are."""
    if not (moment[1:] < moment[:-1]).any():
        return _stable_order(order)
    moment = moment - moment.min()
    for unit in (1000, 1000, 60):  # most logs have whole seconds or minutes: fewer digits
        if (moment[:1000] % unit).any() or (moment % unit).any():
            break
        moment //= unit
    place = _stable_order(moment)
    return place[_stable_order(order[place])]


def _stable_order(values: np.ndarray) -> np.ndarray:
    """Return what np.argsort(values, kind="stable") does for numbers from 0 on, several times
    faster: places are packed below digits of the value, and whole words are sorted."""
    row_bits = max(len(values) - 1, 1).bit_length()
    digit, mask = 64 - row_bits, np.uint64((1 << row_bits) - 1)
    rows, places = np.arange(len(values), dtype=np.uint64), None
    for shift in range(0, max(int(values.max(initial=0)).bit_length(), 1), digit):
        part = (values if places is None else values[places]).astype(np.uint64)
        part >>= np.uint64(shift)
        part <<= np.uint64(row_bits)
        part |= rows
        part.sort()
        part &= mask
        places = part.view(np.int64) if places is None else places[part.view(np.int64)]
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


def sequence_codes(activity: np.ndarray, first: np.ndarray, many: int) -> np.ndarray:
    """Return the same number for orders with the same activities in the same order, exactly.

    `first` are the places where orders begin, and the end; `many` is the number of activities.
    Activities, from 1 on, are packed into words of 64 bits; each word refines the number.

    Examples
    --------
    >>> sequence_codes(np.array([0, 1, 1, 0, 1]), np.array([0, 2, 3, 5]), 2).tolist()
    [2, 1, 2]
    """
    length, padded, bits = np.diff(first), np.append(activity, 0), max(many, 1).bit_length()
    code, live = np.zeros(len(length), np.int64), np.arange(len(length))
    for depth in range(0, length.max(initial=0), 64 // bits):
        live = live[length[live] > depth]
        word = np.zeros(len(live), np.uint64)
        for place in range(min(64 // bits, length.max() - depth)):
            at = np.minimum(first[live] + depth + place, len(activity))
            inside = length[live] > depth + place
            word |= (inside * (padded[at] + 1)).astype(np.uint64) << np.uint64(place * bits)
        words, found = np.unique(word, return_inverse=True)
        if depth:
            _, found = np.unique(code[live] * len(words) + found, return_inverse=True)
        code[live] = code.max() + 1 + found
    return code
