"""Measure order lines that the memory would not hold: a Parquet file, read in batches.

Three passes. The first finds the lines that are split over several rows. The second judges every
row by itself, save for those, and writes for each line what is counted to a temporary file, sorted
into bins by order; the rows of split lines are judged together at its end. The third counts bin by
bin: each holds whole orders, so the counts add up, however far apart an order's lines stand.
"""

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbook.arrays import Words, hash_text
from workbook.content import CATEGORIES, one_spelling
from workbook.counts import Grouping, Kinds, Label, Lines, Tally, frame_of, kinds_of, plan_of, tally
from workbook.data import map_words, type_column
from workbook.faults import Faults
from workbook.headings import recognise
from workbook.language import speak
from workbook.profile import Profile, TableMapping
from workbook.rights import PERIODS, Rights, no_column, no_date, period_of, without_copies
from workbook.schema import RIGHTS, Column, DataError, Problem, columns
from workbook.states import LineStates, judge_lines

__all__ = ["LinesFile", "measure_file", "open_lines"]

_BATCH = 1 << 18
_BIN_LINES = 1 << 18
_ASIDE_ROWS = 1 << 19
_HAPPENED = ("ordered_at", "shipped_at", "delivered_at")
_IDS = ("order_id", "line_no")
_NEEDED = {"delivery_no", "status", "quantity_ordered", "quantity_delivered"}
_NEEDED |= {"product", "product_delivered", "place_ordered", "place_delivered", "condition"}
_NEEDED |= {"quantity_damaged", "unit_price", "unit_price_invoiced", "surcharge", "documents"}
_NEEDED |= {"confirmed_at", "notice_at", "tracking_at", "promised_at", "promised_latest_at"}
_NEEDED |= {"requested_at", "delivered_at", "reason", *(f"{right}_ok" for right in RIGHTS)}
_NEEDED |= {"customer_ok"}
_COUNTED = ("order", "kind", "ordered", "in_time", "unsure", "price")
_NO_DAY = -(2**31)

Relabel = Callable[[str, pd.Series], Mapping[str, str]]


# ── the file ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class LinesFile:
    """A Parquet file of order lines whose columns are typed: our names to those of the file."""

    path: Path
    profile: Profile
    mapping: TableMapping
    found: dict[str, str]
    rows: int

    def words(self, names: Sequence[str]) -> list[str]:
        """Return the file's names of the columns that are read as codes of words."""
        wanted = columns("order_lines")
        spoken = (name for name in names if wanted[name].kind not in ("number", "date"))
        return [self.found[name] for name in spoken if name != "order_id"]

    @lru_cache(maxsize=64)  # noqa: B019
    def meaning(
        self, name: str, said: tuple[object, ...]
    ) -> tuple[np.ndarray | None, pa.Array | None]:
        """Return what a column's words mean and which word means what; None if just themselves."""
        # The last word is the blank one, which may stand for a value; a blank's code -1 reads it.
        text = pd.Series([*map(str, said), ""], dtype="str")
        cells, _ = map_words(text.to_frame(name), {name: name}, self.mapping)
        column = columns("order_lines")[name]
        meant = type_column(cells[name], column, self.mapping, self.profile.timezone).series
        if meant.iloc[:-1].tolist() == list(said) and pd.isna(meant.iloc[-1]):
            return None, None
        place, meanings = pd.factorize(meant)
        kind = pa.bool_() if meant.dtype == "boolean" else pa.string()
        return place.astype(np.int32), pa.array(meanings, kind)

    def batches(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Yield the rows in batches, under our names, as the file has them."""
        theirs = {self.found[name]: name for name in names}
        with pq.ParquetFile(self.path, read_dictionary=self.words(names)) as file:
            for batch in file.iter_batches(_BATCH, columns=list(theirs), use_threads=False):
                ours = [theirs[name] for name in batch.schema.names]
                yield pa.table(batch.columns, names=ours)

    def latest(self) -> dt.date | None:
        """Return the last day on which something was ordered, shipped or delivered."""
        names = [name for name in _HAPPENED if name in self.found]
        latest = [self._latest(name) for name in names]
        return max((moment.date() for moment in latest if moment), default=None)

    def _latest(self, name: str) -> dt.datetime | None:
        """Return a column's last moment, from the file's own statistics where it has them."""
        file = pq.read_metadata(self.path)
        groups = [file.row_group(i) for i in range(file.num_row_groups)]
        column = file.schema.names.index(self.found[name])
        known = [group.column(column).statistics for group in groups]
        if all(each is not None and each.has_min_max for each in known):
            cells = pa.chunked_array([pa.array([each.max]) for each in known])
        else:
            chunks = [chunk for batch in self.batches([name]) for chunk in batch[name].chunks]
            cells = pa.chunked_array(chunks)
        return pc.max(_moments(cells, self.profile.timezone)).as_py()


def open_lines(path: Path, profile: Profile) -> LinesFile | None:
    """Open a Parquet file of order lines for reading in batches; None if it must be read whole.

    That is so when its numbers or dates are text: how they are written shows in all of them only.
    """
    schema, wanted = pq.read_schema(path), columns("order_lines")
    mapping = profile.tables.get("order_lines") or TableMapping()
    faults = Faults("order_lines", path.name, speak(profile.language))
    found = recognise(schema.names, wanted, mapping.columns, faults)
    typed = all(
        _is_typed(schema.field(theirs).type, wanted[ours]) for ours, theirs in found.items()
    )
    if faults.fatal or not typed or mapping.join or mapping.dates or mapping.decimal:
        return None
    return LinesFile(path, profile, mapping, found, pq.read_metadata(path).num_rows)


def _is_typed(kind: pa.DataType, column: Column) -> bool:
    is_a = pa.types
    if column.kind == "number":
        return is_a.is_integer(kind) or is_a.is_floating(kind) or is_a.is_decimal(kind)
    if column.kind == "date":
        return is_a.is_timestamp(kind) or is_a.is_date(kind)
    spoken = kind.value_type if is_a.is_dictionary(kind) else kind
    plain = is_a.is_string(spoken) or is_a.is_large_string(spoken) or is_a.is_integer(spoken)
    return plain or (column.kind == "yesno" and is_a.is_boolean(kind))


# ── typing a batch ───────────────────────────────────────────────────────────────────────────


def _typed(batch: pa.Table, file: LinesFile) -> pa.Table:
    """Type a batch: numbers and moments are cast, each word is read once."""
    wanted = columns("order_lines")
    return pa.table({name: _type(batch[name], wanted[name], file) for name in batch.column_names})


def _type(cells: pa.ChunkedArray, column: Column, file: LinesFile) -> pa.ChunkedArray | pa.Array:
    if column.kind == "number":
        return cells.cast(pa.float64())
    if column.kind == "date":
        return _moments(cells, file.profile.timezone)
    if pa.types.is_boolean(cells.type):
        return cells
    words = Words(cells)
    place, dictionary = file.meaning(column.name, tuple(words.values))
    if place is None:
        return cells
    codes = place[words.codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), dictionary)


def _moments(cells: pa.ChunkedArray, timezone: str) -> pa.ChunkedArray:
    if pa.types.is_timestamp(cells.type) and cells.type.tz:
        cells = pc.local_timestamp(cells.cast(pa.timestamp(cells.type.unit, tz=timezone)))
    return cells.cast(pa.timestamp("us"), safe=False)


# ── measuring ────────────────────────────────────────────────────────────────────────────────


def measure_file(
    file: LinesFile,
    by: Sequence[str] = (),
    as_of: object = None,
    relabel: Relabel | None = None,
) -> Rights:
    """Measure the rights of a file's order lines as `rights.measure_rights` does of a frame.

    Parameters
    ----------
    file : LinesFile
    by : column names, or week, month, quarter, year
        All that is wanted: without the lines at hand, nothing can be grouped later.
    as_of : date, optional
        Default: the profile's, else the last date in the file.
    relabel : function of a column's name and the lines of each of its values, optional
        Gives the names under which values are shown, such as pseudonyms.

    Returns
    -------
    Rights
        Without states and frame: they would not fit.

    Raises
    ------
    ValueError
        If the file has no such column to group by.
    DataError
        If an order has no id, or no date says up to when the orders were seen.

    Notes
    -----
    Ids are compared by a code of 64 bits. That two of ten million orders share one has a chance
    below three in a million; ids of up to eight bytes can't.
    """
    profile = file.profile
    as_of = as_of or profile.as_of or file.latest()
    if as_of is None:
        raise DataError([no_date(speak(profile.language))])
    segments = [column for column in by if column not in PERIODS]
    for column in segments:
        if column not in file.found:
            raise no_column(column, file.found)
    with tempfile.TemporaryDirectory() as folder:
        judged = _Judged(file, segments, as_of, Path(folder))
        judged.judge()
        return _count(judged, by, relabel)


class _Judged:
    """The judged lines: kinds and values met so far, and files with what is counted of them."""

    def __init__(self, file: LinesFile, segments: list[str], as_of: object, folder: Path):
        self.file, self.segments, self.as_of, self.folder = file, segments, as_of, folder
        self.values = {column: _Met() for column in segments}
        self.kind_numbers, self.kinds = _Numbered(), Kinds.none()
        self.days: set[int] = set()
        self.types = {"order": "u8", **dict.fromkeys(("kind", "due", *segments), "i4")}
        self.types |= dict.fromkeys(("ordered", "in_time", "unsure", "price"), "f8")
        # They are gone with their folder.
        self.files = {name: (folder / name).open("w+b") for name in self.types}
        self.bins, self.sizes = max(file.rows // _BIN_LINES, 1), []

    @cached_property
    def names(self) -> list[str]:
        """The columns that judge or group, save for the ids."""
        wanted = _NEEDED | {*self.segments}
        return [name for name in self.file.found if name in wanted and name not in _IDS]

    def judge(self) -> None:
        """Judge every line and keep what is counted of it."""
        profile, start = self.file.profile, 0
        ids = _Ids(self.file, self.folder)
        aside = _Aside(self.folder, len(ids.split) * 2 // _ASIDE_ROWS + 1)
        for batch in self.file.batches(self.names):
            orders, lines, apart = ids.read(start, len(batch))
            batch = _typed(batch, self.file).append_column("order_id", pa.array(orders))
            if apart.any():
                put = batch.append_column("line_no", pa.array(lines))
                put = put.append_column("row", pa.array(np.arange(start, start + len(batch))))
                aside.put(put.filter(pa.array(apart)), lines[apart])
            start += len(batch)
            self.keep(judge_lines(_each_by_itself(batch), profile, self.as_of), batch, ~apart)
        for batch in aside.take():
            rows = self._without_copies(batch)
            self.keep(judge_lines(rows, profile, self.as_of), rows)

    def _without_copies(self, rows: pa.Table) -> pa.Table:
        """Leave out rows that repeat a line in every column, also in those that judge nothing."""
        frame = rows.drop_columns("row").to_pandas()
        if len(without_copies(frame)) == len(frame):
            return rows.drop_columns("row")
        rest = [name for name in self.file.found if name not in (*self.names, *_IDS)]
        wanted, start, more = rows["row"].to_numpy(), 0, []
        for batch in self.file.batches(rest) if rest else ():
            here = wanted[(wanted >= start) & (wanted < start + len(batch))] - start
            more.append(batch.take(pa.array(here)).to_pandas())
            start += len(batch)
        beside = pd.concat(more, ignore_index=True) if more else pd.DataFrame(index=frame.index)
        kept = without_copies(pd.concat([frame, beside], axis=1)).index
        return rows.drop_columns("row").take(pa.array(kept))

    def keep(self, states: LineStates, rows: pa.Table, wanted: np.ndarray | None = None) -> None:
        """Write what is counted of the wanted lines, sorted into the bins of their orders."""
        take = lambda values: values if len(states.order) == len(rows) else values[states.first_row]
        order = take(rows["order_id"].to_numpy())
        # The upper half of a well-mixed code, times the bins, falls evenly into them.
        bins = ((order >> np.uint64(32)) * np.uint64(self.bins) >> np.uint64(32)).astype(np.uint16)
        if wanted is not None:
            bins[~wanted] = self.bins  # the last, which is not written
        sizes = np.bincount(bins, minlength=self.bins + 1)[:-1]
        sorting = np.argsort(bins, kind="stable")[: sizes.sum()]
        self.sizes.append(sizes)
        days = states.due_at.astype("datetime64[D]").astype(np.int64)
        due = np.maximum(days, _NO_DAY).astype(np.int32)[sorting]  # also what has no day
        self.days.update(pd.unique(due).tolist())
        code, kinds = kinds_of(states)
        found = {"order": order[sorting], "due": due, "kind": self._number(code[sorting], kinds)}
        found |= {name: getattr(states, name)[sorting] for name in ("ordered", "in_time", "unsure")}
        has_price = "unit_price" in rows.column_names
        price = take(rows["unit_price"].to_numpy()) if has_price else np.full(len(order), np.nan)
        found["price"] = price[sorting]
        for column, met in self.values.items():
            found[column] = met.of_words(Words(rows[column]), wanted is not None, take, sorting)
        for name, values in found.items():
            values.astype(self.types[name], copy=False).tofile(self.files[name])

    def _number(self, code: np.ndarray, kinds: Kinds) -> np.ndarray:
        """Number the kinds that occur over all batches."""
        here = np.flatnonzero(np.bincount(code, minlength=len(kinds)))
        numbers, known = np.zeros(len(kinds), np.int64), len(self.kind_numbers)
        numbers[here] = self.kind_numbers.of(kinds.key[here].tolist())
        self.kinds = self.kinds.join(kinds.take(here[numbers[here] >= known]))
        return numbers[code]

    def read(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield the lines of one bin after the other, by columns."""
        sizes = np.array(self.sizes)
        starts = (np.cumsum(sizes) - sizes.ravel()).reshape(sizes.shape)
        for number in range(self.bins):
            slices = list(zip(starts[:, number], sizes[:, number], strict=True))
            if sizes[:, number].any():
                yield {
                    name: _slices(self.files[name], self.types[name], slices) for name in self.types
                }


def _slices(file: BinaryIO, kind: str, slices: list[tuple[int, int]]) -> np.ndarray:
    size, parts = np.dtype(kind).itemsize, []
    for start, count in slices:
        file.seek(int(start) * size)
        parts.append(np.fromfile(file, kind, int(count)))
    return np.concatenate(parts)


class _Numbered(dict):
    """Number values in the order in which they come."""

    def of(self, values: Sequence[object]) -> np.ndarray:
        return np.array([self.setdefault(value, len(self)) for value in values], np.int64)


class _Met(_Numbered):
    """The values of a column: how many rows have each, and which some line has."""

    def __init__(self) -> None:
        self.rows: Counter[int] = Counter()
        self.of_lines: set[int] = set()

    def of_words(
        self,
        words: Words,
        is_new: bool,
        take: Callable[[np.ndarray], np.ndarray],
        sorting: np.ndarray,
    ) -> np.ndarray:
        """Number a column's words; -1 where it is blank. Rows are counted when they are new."""
        numbers = np.append(self.of(words.values), -1)
        if is_new:
            rows = np.bincount(words.codes[words.codes >= 0], minlength=len(words.values))
            self.rows.update(dict(zip(numbers.tolist(), rows.tolist(), strict=False)))
        found = numbers[take(words.codes)[sorting]]
        self.of_lines.update(pd.unique(found).tolist())
        return found


# ── split lines ──────────────────────────────────────────────────────────────────────────────


def _each_by_itself(batch: pa.Table) -> pa.Table:
    """Return rows for judging in which nothing is put together: orders are told apart later."""
    names = [name for name in batch.column_names if name not in ("order_id", "line_no")]
    one = pa.DictionaryArray.from_arrays(np.zeros(len(batch), np.int32), ["-"])
    return batch.select(names).append_column("order_id", one)


class _Ids:
    """Each row's order and line as codes, kept on disk, and the codes of lines in several rows."""

    def __init__(self, file: LinesFile, folder: Path):
        names, keys, start = [name for name in _IDS if name in file.found], [], 0
        self.path = folder / "ids"
        with self.path.open("wb") as target:
            for batch in file.batches(names):
                _check_ids(batch, file, start)
                orders, start = hash_text(batch["order_id"]), start + len(batch)
                lines = _line_codes(batch, orders)
                np.stack([orders, lines], axis=1).tofile(target)
                keys.append(lines[lines > 0])
        keys = np.concatenate(keys or [np.empty(0, np.uint64)])
        keys.sort()
        self.split = np.unique(keys[1:][keys[1:] == keys[:-1]])
        self.coarse = np.zeros(1 << 24, bool)
        self.coarse[self.split >> np.uint64(40)] = True

    def read(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return some rows' orders and lines, and which lines have other rows too."""
        codes = np.fromfile(self.path, np.uint64, 2 * count, offset=16 * start).reshape(-1, 2)
        orders, lines = np.ascontiguousarray(codes.T)
        # Most are told by their upper bits alone.
        found = self.coarse[lines >> np.uint64(40)]
        perhaps = np.flatnonzero(found)
        place = np.minimum(np.searchsorted(self.split, lines[perhaps]), len(self.split) - 1)
        found[perhaps] = self.split[place] == lines[perhaps]
        return orders, lines, found


def _line_codes(batch: pa.Table, orders: np.ndarray) -> np.ndarray:
    """Return a code for each row's line; 0 for a row without a number: a line of its own."""
    if "line_no" not in batch.column_names:
        return np.zeros(len(batch), np.uint64)
    codes = hash_text(batch["line_no"], seed=orders)
    return np.where(batch["line_no"].is_valid().to_numpy(), codes, np.uint64(0))


def _check_ids(batch: pa.Table, file: LinesFile, start: int) -> None:
    ids = batch["order_id"]
    if not ids.null_count and pc.all(pc.not_equal(ids.cast(pa.string()), "")).as_py():
        return
    say, row = speak(file.profile.language), start + 2
    blank = pc.fill_null(pc.equal(pc.fill_null(ids.cast(pa.string()), ""), ""), True).to_numpy()
    row += int(np.flatnonzero(blank)[0])
    what, remedy = say("an order has no order_id"), say("fill it in, or delete the row")
    name, column = file.path.name, file.found["order_id"]
    raise DataError([Problem("error", "order_lines", what, remedy, name, row=row, column=column)])


class _Aside:
    """Rows set aside on disk, those of one line in one file."""

    def __init__(self, folder: Path, files: int):
        self.paths = [folder / f"{number}.arrow" for number in range(files)]
        self.open: dict[int, pa.ipc.RecordBatchStreamWriter] = {}

    def put(self, rows: pa.Table, keys: np.ndarray) -> None:
        number = keys % np.uint64(len(self.paths))
        for i, path in enumerate(self.paths):
            if i not in self.open:
                options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=False)
                self.open[i] = pa.ipc.new_stream(str(path), rows.schema, options=options)
            self.open[i].write_table(rows.filter(pa.array(number == i)))

    def take(self) -> Iterator[pa.Table]:
        for i, writer in self.open.items():
            writer.close()
            with pa.OSFile(str(self.paths[i])) as source:
                yield pa.ipc.open_stream(source).read_all().unify_dictionaries()


# ── counting ─────────────────────────────────────────────────────────────────────────────────


def _count(judged: _Judged, by: Sequence[str], relabel: Relabel | None) -> Rights:
    """Count bin by bin, and make the measures of the sums."""
    profile, known = judged.file.profile, judged.kinds.known
    plan = plan_of(profile, known)
    splits = {name: _periods if name in PERIODS else _segments for name in by}
    splits = {name: make(judged, name, relabel) for name, make in splits.items()}
    sums: dict[str | None, Tally] = {}
    for rows in judged.read():
        lines = Lines.of(judged.kinds, *(rows[name] for name in _COUNTED))
        groupings = {name: grouping(rows, lines) for name, (_, grouping) in splits.items()}
        counted = {name: tally(lines, each, plan) for name, each in groupings.items()}
        whole = [counted[name] for name, each in groupings.items() if lines.whole_in(each)]
        everything = Grouping(np.zeros(len(lines.kind), np.int64), 1)
        counted[None] = whole[0].total() if whole else tally(lines, everything, plan)
        sums = {name: sums[name] + each if sums else each for name, each in counted.items()}
    labels = {None: [({}, None)]} | {name: found for name, (found, _) in splits.items()}
    frames = [frame_of(sums[name], labels[name], plan, profile, known) for name in (None, *by)]
    return Rights(
        data=pd.concat(frames, ignore_index=True),
        contract=profile.contract_choices() | {"as_of": str(judged.as_of)},
        as_of=pd.Timestamp(judged.as_of),
        profile=profile,
        states=None,
        frame=None,
        known=known,
    )


Split = tuple[list[Label], Callable[[dict[str, np.ndarray], Lines], Grouping]]


def _segments(judged: _Judged, column: str, relabel: Relabel | None) -> Split:
    """Return the labels of a column's values, and how lines fall among them."""
    met = judged.values[column]
    label = {value: str(value) for value in met}
    rows = pd.Series([met.rows[number] for number in met.values()], index=list(met))
    if column in CATEGORIES["order_lines"]:
        spelt = one_spelling(rows.set_axis(list(label.values())))
        label = {value: spelt.get(shown, shown) for value, shown in label.items()}
    if relabel:
        label |= relabel(column, rows)
    names = sorted({label[value] for value, number in met.items() if number in met.of_lines})
    codes = np.append(pd.Index(names).get_indexer([label[value] for value in met]), -1)
    found = [({column: name}, None) for name in names]
    return found, lambda rows, lines: Grouping(codes[rows[column][lines.place]], len(names))


def _periods(judged: _Judged, period: str, relabel: Relabel | None) -> Split:
    """Return the periods in which lines were due: orders count in that of their last line."""
    days = np.array(sorted(judged.days - {_NO_DAY}), np.int64)
    of_day = period_of(days.astype("datetime64[D]"), period)
    names = sorted(set(of_day))
    # The last place is that of lines without a day.
    codes = np.full(days.max(initial=0) - days.min(initial=0) + 2, -1)
    codes[days - days.min(initial=0)] = pd.Index(names).get_indexer(of_day)
    code_of = lambda due: codes[np.where(due == _NO_DAY, -1, due - days.min(initial=0))]

    def grouping(rows: dict[str, np.ndarray], lines: Lines) -> Grouping:
        own, parts = rows["due"][lines.place], lines.parts
        last = np.repeat(np.maximum.reduceat(own, parts.starts), parts.sizes)
        return Grouping(code_of(own), len(names), code_of(last))

    return [({}, name) for name in names], grouping
