"""Read any client's file into a table of text: nothing is typed here, so nothing can be guessed.

What a file is shows in its first bytes, not in its name. The code page, the delimiter and the line
with the headings are those under which most known headings are found. The frame's index is the row
as the client sees it in Excel or an editor.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from workbook.archive import Sheet, refuse
from workbook.codepages import decode
from workbook.excel import read_workbook, sheet_of
from workbook.language import Language, speak
from workbook.layout import (
    Layout,
    as_texts,
    count_known,
    heading_at,
    letter,
    name_columns,
    tidy,
)
from workbook.markup import page_of, read_markup
from workbook.schema import DataError, Problem, fold, nearest

__all__ = ["TextTable", "read_text"]

_DELIMITERS = (",", ";", "\t", "|", "^", "~")
_DELIMITED = re.compile(r"[;,\t|]")
_SEARCHED_ROWS = 100
_BLOCK = 8 << 20
# What is no table, whatever its name.
_OTHER = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF"} | {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"SQLi": "SQLite",
    b"{\\rt": "RTF",
}
_WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class TextTable:
    """A file's cells as text, headings as the client wrote them; index `row` as the client sees it.

    A repeated heading is kept apart by a number: "Date", "Date (2)". `encoding` is the code page
    that text was read in.
    """

    frame: pd.DataFrame
    file: str
    sheet: str | None
    problems: tuple[Problem, ...]
    heading_row: int = 1
    encoding: str = ""


def read_text(
    path: str | Path,
    sheet: str | None = None,
    *,
    known: Iterable[str] = (),
    say: Language | None = None,
) -> TextTable:
    """Read a CSV, Excel, HTML or Parquet file as text.

    Parameters
    ----------
    path : str or Path
    sheet : str, optional
        The workbook's sheet; by default the one with most known headings.
    known : iterable of str
        Headings to look for, in any spelling: they settle code page, delimiter and heading row.
    say : Language, optional
        The language of the problems; English by default.

    Returns
    -------
    TextTable
        Blank cells are empty strings; rows without any text are left out.

    Raises
    ------
    DataError
        If the file is not there, is empty or can't be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "orders.csv"
    >>> _ = path.write_text("Order;Promised\\n0017;02.06.2026\\n")
    >>> read_text(path).frame.loc[2].tolist()
    ['0017', '02.06.2026']
    """
    path, say = Path(path), say or speak("en")
    looked_for = frozenset(map(fold, known)) - {""}
    try:
        return _read(path, sheet, looked_for, say)
    except FileNotFoundError:
        near = nearest(path.name, _neighbours(path))
        hint = say("there is {name}; write that in client.yaml", name=near) if near else ""
        remedy = hint or say("put it there, or correct its name in client.yaml")
        raise refuse(path, say("the file is not there"), remedy) from None
    except DataError:
        raise
    except BaseException as error:
        # Foreign readers meet broken files in ways of their own; a panic is no Exception.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        is_words = isinstance(error, Exception) and str(error)
        reason = str(error).splitlines()[0][:120] if is_words else say("it is broken")
        what = say("the file can't be read: {reason}", reason=reason)
        remedy = say("open it in its own program and save it as .xlsx or UTF-8 .csv")
        raise refuse(path, what, remedy) from error


def _read(path: Path, sheet: str | None, known: frozenset[str], say: Language) -> TextTable:
    with path.open("rb") as source:
        start = source.read(4096)
    if start.startswith(b"PAR1"):
        frame, problems = _parquet(path, say)
        return TextTable(frame, path.name, None, tuple(problems))
    score = lambda rows: max((count_known(row, known) for row in rows[:_SEARCHED_ROWS]), default=-1)
    if start.startswith(_WORKBOOKS):
        return _from_sheet(path, read_workbook(path, sheet, score, say), known, say)
    body, page, problems = decode(path, known, say)
    kind = next((_OTHER[magic] for magic in _OTHER if start.startswith(magic)), "")
    kind = "JSON" if re.match(rb'\s*(\[\s*)?\{\s*"', body) else kind
    if kind or len(re.findall(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]", body[:4096])) > 40:
        what = say("the file is no table but {kind}", kind=kind or say("binary data"))
        raise refuse(path, what, say("export the table as .xlsx or .csv"))
    if not body[:4096].strip() and not body.strip():
        raise refuse(path, say("the file is empty"), say("save it again with its rows"))
    if markup := page_of(body):
        table = _from_sheet(path, sheet_of(read_markup(markup, score)), known, say)
        return replace(table, encoding=page)
    return _delimited(path, body, page, problems, known, say)


def _neighbours(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*")) if path.parent.is_dir() else []


# ── delimited text ───────────────────────────────────────────────────────────────────────────


def _delimiter(sample: list[str], known: frozenset[str]) -> str:
    """Choose the delimiter with most known headings, then the one that gives even rows."""

    def score(delimiter: str) -> tuple[int, float, int]:
        rows = list(csv.reader(sample, delimiter=delimiter))
        widths = [len(row) for row in rows if row]
        usual = max(set(widths), key=widths.count, default=0)
        found = max((count_known(row, known) for row in rows), default=0)
        return found, (usual > 1) * widths.count(usual) / max(len(widths), 1), usual

    return max(_DELIMITERS, key=score)


def _delimited(
    path: Path,
    body: bytes,
    page: str,
    problems: list[Problem],
    known: frozenset[str],
    say: Language,
) -> TextTable:
    # No field of the sample is longer than the csv module allows.
    body += b"" if b"\n" in body else b"\n"
    layout = _lay_out(path, body[:130_000].decode(errors="ignore"), known, say)
    if len(layout.headings) == 1 and _DELIMITED.search(layout.headings[0]):
        whole = csv.reader(io.StringIO(body.decode(), newline=""), delimiter="\x1f")
        body = "".join(f"{''.join(row)}\n" for row in whole).encode()
        layout = _lay_out(path, body[:130_000].decode(errors="ignore"), known, say)
    # One byte is found far faster than two.
    if b"\\" in body and b'\\"' in body and _open_quote(body, layout):
        body = body.replace(b'\\"', b'""')
    frame, lines, more = _even_rows(body, layout)
    frame, told = tidy(frame, layout, lines)
    return TextTable(frame, path.name, None, (*problems, *more, *told), layout.row, page)


def _lay_out(path: Path, start: str, known: frozenset[str], say: Language) -> Layout:
    announced = re.match(r"sep=(.)\n", start, re.IGNORECASE)
    begin = start[: len(start) - len(start.lstrip("\n"))].count("\n")
    sample = start.split("\n")[: begin + _SEARCHED_ROWS]
    delimiter = announced[1] if announced else _delimiter(sample, known)
    for quote in "\"'":
        reader = csv.reader((f"{line}\n" for line in sample), delimiter=delimiter, quotechar=quote)
        rows = [
            (row, reader.line_num) for row in reader if not (announced and reader.line_num == 1)
        ]
        cells = [row for row, _ in rows]
        at = heading_at(cells, known)
        if not all(re.fullmatch("'.*'", cell) for cell in cells[at]):
            break
    headings = name_columns(cells, at, known)
    return Layout(path, None, rows[at][1], headings, say, delimiter, quote)


def _even_rows(body: bytes, layout: Layout) -> tuple[pd.DataFrame, np.ndarray, list[Problem]]:
    """Read the rows under the headings by Arrow; rows of another width are mended and told."""
    ragged: list[tuple[int, str]] = []
    try:
        frame = _arrow(body, layout)
    except pa.ArrowInvalid:
        frame = _arrow(body, layout, ragged)
    breaks, quote = np.zeros(len(frame), dtype="int64"), layout.quote.encode()
    if body.count(b"\n") + (body[-1:] != b"\n") - layout.row != len(frame) + len(ragged):
        breaks = sum(frame[name].str.count("\n").to_numpy() for name in frame).astype("int64")
    # A quote that stays open takes in all the following lines, or stands in the last.
    last = body[body.rfind(b"\n", 0, -1) :].count(quote) % 2
    doubtful = quote in body and (ragged or breaks.any() or last)
    if doubtful and (line := _open_quote(body, layout)):
        what = layout.say("a quotation mark opens here that is not closed")
        remedy = layout.say("close it, or write a quotation mark inside a text twice")
        raise DataError([layout.problem(what, remedy, "error", row=line)])
    frame, breaks, widths = _mend(frame, breaks, ragged, layout)
    lines = layout.row + 1 + np.arange(len(frame))
    lines[1:] += np.cumsum(breaks)[:-1]
    if b"=" in body and b'="' in body:  # how Excel is made to keep a code as text
        frame = frame.apply(lambda cells: cells.str.replace(r'^="(.*)"$', r"\1", regex=True))
    for name in frame if b"'" in body else ():
        # So it is made in a cell: by an apostrophe before the code.
        if frame[name].str.startswith("'")[:1].any() and frame[name].str.match(r"'\d|$").all():
            frame[name] = frame[name].str.removeprefix("'")
    odd = {int(lines[at]): n for at, n in widths.items()}
    return frame, lines, _ragged_problems(odd, len(frame), layout)


def _arrow(body: bytes, layout: Layout, ragged: list | None = None) -> pd.DataFrame:
    """Read all cells as text; `ragged` takes the rows of another width, with their numbers."""
    names = [f"f{i}" for i in range(len(layout.headings))]
    keep = lambda row: ragged.append((row.number - layout.row - 1, row.text)) or "skip"
    once = {"use_threads": False, "block_size": len(body) + 1}
    blocks = {"block_size": _BLOCK} if ragged is None else once
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        pyarrow.csv.ReadOptions(column_names=names, skip_rows=layout.row, **blocks),
        pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char=layout.quote,
            newlines_in_values=layout.quote.encode() in body,
            ignore_empty_lines=False,
            invalid_row_handler=None if ragged is None else keep,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return table.to_pandas()


def _open_quote(body: bytes, layout: Layout) -> int:
    """Return the line of the record whose quotes don't match, 0 if all do."""
    csv.field_size_limit(1 << 30)
    text, line = io.StringIO(body.decode(), newline=""), 0
    how = {"delimiter": layout.delimiter, "quotechar": layout.quote}
    reader = csv.reader(text, strict=True, **how)
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error:
        return line + 1
    return 0


def _mend(
    frame: pd.DataFrame, breaks: np.ndarray, ragged: list[tuple[int, str]], layout: Layout
) -> tuple[pd.DataFrame, np.ndarray, dict[int, int]]:
    """Put the rows of another width back in their places: short ones end in blanks."""
    if not ragged:
        return frame, breaks, {}
    csv.field_size_limit(1 << 30)
    width, at = len(layout.headings), [number for number, _ in ragged]
    rows = [
        next(
            csv.reader(
                io.StringIO(text, newline=""), quotechar=layout.quote, delimiter=layout.delimiter
            ),
            [],
        )
        for _, text in ragged
    ]
    rows = [[] if re.fullmatch(r"[-=_+|\s]*", "".join(row)) else row for row in rows]
    padded = [row[:width] + [""] * (width - len(row)) for row in rows]
    even = np.setdiff1d(np.arange(len(frame) + len(rows)), at)
    mended = pd.DataFrame(padded, columns=frame.columns, dtype="str", index=at)
    frame = pd.concat([frame.set_axis(even), mended]).sort_index()
    more = pd.Series([text.count("\n") for _, text in ragged], index=at)
    breaks = pd.concat([pd.Series(breaks, index=even), more]).sort_index().to_numpy()
    filled = [len(row) if any(row[width:]) else min(len(row), width) for row in rows]
    odd = {
        i: n
        for i, n, row in zip(at, filled, rows, strict=True)
        if n != width and any(map(str.strip, row))
    }
    return frame, breaks, odd


def _ragged_problems(widths: dict[int, int], n_rows: int, layout: Layout) -> list[Problem]:
    say, width, problems = layout.say, len(layout.headings), []
    if surplus := [row for row, n in widths.items() if n > width]:
        what = say.plural(
            "{n} row has more cells than the {width} headings; the surplus is left out",
            "{n} rows have more cells than the {width} headings; the surplus is left out",
            len(surplus),
            width=width,
        )
        remedy = say("put text that contains the delimiter between quotes, or name the columns")
        # Where most rows have them, no cell can be trusted to stand under its heading.
        severity = "error" if len(surplus) * 2 > n_rows else "warning"
        problems.append(layout.problem(what, remedy, severity, rows=surplus))
    if short := [row for row, n in widths.items() if 1 < n < width]:
        what = say("cells are missing at the row's end, and are blank")
        remedy = say("complete the row, or join it with the next one if a line break cut it")
        problems.append(layout.problem(what, remedy, rows=short))
    return problems


# ── workbooks, markup and Parquet ────────────────────────────────────────────────────────────


def _from_sheet(path: Path, sheet: Sheet, known: frozenset[str], say: Language) -> TextTable:
    """Make a table of a sheet's rows, and tell what only Excel shows."""
    frame, head = sheet.frame, sheet.head
    for (top, left), (bottom, _) in sheet.merged:
        if top < bottom < len(frame) and left < frame.shape[1]:
            below = frame.iloc[top + 1 : bottom + 1, left]
            frame.iloc[top + 1 : bottom + 1, left] = below.where(below != "", frame.iat[top, left])
    if not any(map(any, head)):
        raise refuse(
            path, say("the sheet is empty"), say("save it again with its rows"), sheet.name
        )
    at = heading_at(head, known)
    layout = Layout(path, sheet.name, at + 1, name_columns(head, at, known), say)
    frame = frame.iloc[at + 1 :]
    frame, problems = tidy(frame, layout, frame.index.to_numpy() + 1)
    told = _sheet_problems(sheet, layout, frame.index)
    return TextTable(frame, path.name, sheet.name, (*problems, *told), layout.row)


def _sheet_problems(sheet: Sheet, layout: Layout, rows: pd.Index) -> list[Problem]:
    """Tell what a reader of the cells' text would not know, once per kind and column."""
    say, problems, inside = layout.say, [], set(rows)
    below = [top for top, bottom in sheet.merged if bottom[0] > top[0] >= layout.row]
    kept = lambda places: [place for place in places if place[0] + 1 in inside]
    told = {
        say("an error of Excel stands here, so the value is unknown"): (
            kept(sheet.errors),
            say("correct the formula, or write the value"),
        ),
        say("a formula was never calculated, so its value is unknown"): (
            kept(sheet.unstored),
            say("open the file in Excel and save it, so that the values are stored"),
        ),
        say("a merged cell's value counts for each of its rows"): (
            kept(below),
            say("unmerge it and fill in each row, if that is not meant"),
        ),
        say("a cell far from the table is left out"): (
            sheet.stray,
            say("delete it, or move it to the table"),
        ),
    }
    names = dict(enumerate(layout.headings))
    for what, (places, remedy) in told.items():
        for column in sorted({column for _, column in places}):
            found = sorted(row for row, each in places if each == column)
            value = sheet.errors.get((found[0], column))
            place = {"column": names.get(column) or letter(column), "value": value}
            at = [row + 1 for row in found]
            problems.append(layout.problem(what, remedy, rows=at, **place))
    if hidden := [row + 1 for row in sheet.hidden if row + 1 in inside]:
        what = say.plural(
            "{n} row is hidden in Excel, and read",
            "{n} rows are hidden in Excel, and read",
            len(hidden),
        )
        remedy = say("delete hidden rows that are no records")
        problems.append(layout.problem(what, remedy, rows=hidden))
    if sheet.alike:
        names = say.listing(sheet.alike)
        what = say(
            "other sheets have as many known headings and are not read: {sheets}", sheets=names
        )
        problems.append(layout.problem(what, say("write the right one under sheet in client.yaml")))
    return problems


def _parquet(path: Path, say: Language) -> tuple[pd.DataFrame, list[Problem]]:
    source = pyarrow.parquet.ParquetFile(path)
    for column in source.schema_arrow:
        if pa.types.is_nested(column.type):
            what = say(
                "the column {name} holds lists or records, not single values", name=column.name
            )
            raise refuse(path, what, say("write one value into each cell"))
    table = source.read()
    table = table.drop_columns([name for name in table.column_names if name.startswith("__index_")])
    columns = {i: as_texts(column).to_pandas() for i, column in enumerate(table.columns)}
    frame = pd.DataFrame(columns, dtype="str")
    layout = Layout(path, None, 1, table.column_names, say)
    return tidy(frame, layout, np.arange(2, len(frame) + 2))
