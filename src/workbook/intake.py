"""Read any client's file into a table of text: nothing is typed here, so nothing can be guessed.

What a file is shows in its first bytes, not in its name. The code page, the delimiter and the line
with the headings are those under which most known headings are found. The frame's index is the row
as the client sees it in Excel or an editor.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import python_calamine as calamine

from workbook.language import Language, speak
from workbook.schema import DataError, Problem, fold, nearest

__all__ = ["TextTable", "read_text"]

_DELIMITERS = (",", ";", "\t", "|")
_SEARCHED_ROWS = 40
_CODE_PAGES = {
    "cp1250": re.compile("[ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]"),
    "cp1251": re.compile("[а-яёА-ЯЁ]{2,}|\\b[а-яА-Я]\\b"),
    "cp1252": re.compile("[àâæçéèêëîïôœùûüÿäößÀÂÇÉÈÊËÎÏÔŒÙÛÜŸÄÖ]"),
    "iso8859_2": re.compile("[ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]"),
}
_UNREADABLE = (calamine.CalamineError, pa.ArrowInvalid, BadZipFile, OSError, csv.Error)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class TextTable:
    """A file's cells as text, headings as the client wrote them; index `row` as the client sees it.

    A repeated heading is kept apart by a number: "Date", "Date (2)".
    """

    frame: pd.DataFrame
    file: str
    sheet: str | None
    problems: tuple[Problem, ...]


def read_text(
    path: str | Path,
    sheet: str | None = None,
    *,
    known: Iterable[str] = (),
    say: Language | None = None,
) -> TextTable:
    """Read a CSV, Excel or Parquet file as text.

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
        raise _refusal(path, say("the file is not there"), remedy) from None
    except _UNREADABLE as error:
        what = say("the file can't be read: {reason}", reason=str(error).splitlines()[0][:120])
        remedy = say("open it in its own program and save it as .xlsx or UTF-8 .csv")
        raise _refusal(path, what, remedy) from error


def _read(path: Path, sheet: str | None, known: frozenset[str], say: Language) -> TextTable:
    with path.open("rb") as source:
        magic = source.read(4)
    if magic == b"PAR1":
        return TextTable(_parquet(path), path.name, None, ())
    if magic in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return _workbook(path, sheet, known, say)
    frame, problems = _delimited(path, known, say)
    return TextTable(frame, path.name, None, tuple(problems))


def _refusal(path: Path, problem: str, remedy: str, sheet: str | None = None) -> DataError:
    return DataError([Problem("error", "", problem, remedy, file=path.name, sheet=sheet)])


def _neighbours(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*")) if path.parent.is_dir() else []


# ── headings ─────────────────────────────────────────────────────────────────────────────────


def _hits(cells: Iterable[str], known: frozenset[str]) -> int:
    return len({fold(cell) for cell in cells} & known)


def _heading_at(rows: Rows, known: frozenset[str]) -> int:
    """Find the heading row: most known headings, else the first row as full as the others."""
    hits = [_hits(row, known) for row in rows]
    if max(hits) >= 2:
        return hits.index(max(hits))
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return next(i for i, n in enumerate(filled) if n * 2 >= max(filled))


def _distinct(headings: Iterable[str]) -> list[str]:
    """Number repeated headings, so that each column has a name of its own."""
    seen: dict[str, int] = {}
    names = []
    for heading in (" ".join(str(heading).split()) for heading in headings):
        seen[heading] = seen.get(heading, 0) + 1
        names.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return names


def _tidy(frame: pd.DataFrame, headings: Iterable[str], rows: np.ndarray) -> pd.DataFrame:
    """Name columns and rows; leave out rows without text and columns without heading and text."""
    frame = frame.set_axis(_distinct(headings), axis=1).set_axis(pd.Index(rows, name="row"))
    blank = np.ones(len(frame), dtype=bool)
    for name in frame:
        # Most often the first column is filled throughout, and the others need no look.
        if not blank.any():
            break
        blank &= _is_blank(frame[name])
    nameless = [name for name in frame if re.fullmatch(r"( \(\d+\))?", name)]
    frame = frame.drop(columns=[name for name in nameless if _is_blank(frame[name]).all()])
    return frame[~blank] if blank.any() else frame


def _is_blank(cells: pd.Series) -> np.ndarray:
    return (cells.str.strip() == "").to_numpy(dtype=bool)


# ── delimited text ───────────────────────────────────────────────────────────────────────────


def _utf8(raw: bytes, known: frozenset[str]) -> bytes:
    """Bring text of any code page to UTF-8 with plain line feeds."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raw = raw.decode("utf-16", errors="replace").encode()
    elif raw[1:200:2].count(0) > len(raw[1:200:2]) / 2:
        raw = raw.decode("utf-16-le", errors="replace").encode()
    try:
        raw.decode()
    except UnicodeDecodeError:
        page = max(_CODE_PAGES, key=lambda page: _page_score(raw[:1_000_000], page, known))
        raw = raw.decode(page, errors="replace").encode()
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def _page_score(raw: bytes, page: str, known: frozenset[str]) -> tuple[int, int]:
    text = raw.decode(page, errors="replace")
    cells = re.split(r"[,;\t|\r\n]+", text[:20_000].replace('"', ""))
    expected = sum(map(len, _CODE_PAGES[page].findall(text)))
    return _hits(cells, known), 2 * expected - sum(letter > "\x7f" for letter in text)


def _delimiter(sample: list[str], known: frozenset[str]) -> str:
    """Choose the delimiter with most known headings, then the one that gives even rows."""

    def score(delimiter: str) -> tuple[int, float, int]:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        usual = max(set(widths), key=widths.count, default=0)
        found = max(
            (_hits(row, known) for row in csv.reader(sample, delimiter=delimiter)), default=0
        )
        return found, (usual > 1) * widths.count(usual) / max(len(widths), 1), usual

    return max(_DELIMITERS, key=score)


@dataclass(frozen=True)
class _Layout:
    """How a delimited file is laid out: its delimiter, headings, and lines down to these."""

    delimiter: str
    headings: list[str]
    lines: int


def _delimited(
    path: Path, known: frozenset[str], say: Language
) -> tuple[pd.DataFrame, list[Problem]]:
    body = _utf8(path.read_bytes(), known).rstrip()
    if not body:
        raise _refusal(path, say("the file is empty"), say("save it again with its rows"))
    layout = _lay_out(body[:200_000].decode(errors="ignore"), known)
    try:
        return _even_rows(body, layout), []
    except pa.ArrowInvalid:
        return _uneven_rows(path, body.decode(), layout, say)


def _lay_out(start: str, known: frozenset[str]) -> _Layout:
    announced = re.match(r"sep=(.)\n", start, re.IGNORECASE)
    sample = start.split("\n")[:_SEARCHED_ROWS]
    delimiter = announced[1] if announced else _delimiter(sample, known)
    reader = csv.reader((line + "\n" for line in sample), delimiter=delimiter)
    rows = [(row, reader.line_num) for row in reader if not (announced and reader.line_num == 1)]
    at = _heading_at([row for row, _ in rows], known)
    return _Layout(delimiter, *rows[at])


def _even_rows(body: bytes, layout: _Layout) -> pd.DataFrame:
    """Read the rows under the headings by Arrow, which refuses rows of another width."""
    names = [f"f{i}" for i in range(len(layout.headings))]
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        pyarrow.csv.ReadOptions(column_names=names, skip_rows=layout.lines),
        pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=b'"' in body, ignore_empty_lines=False
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
        ),
    )
    frame = table.to_pandas()
    lines = layout.lines + 1 + np.arange(len(frame))
    if body.count(b"\n") + 1 - layout.lines != len(frame):
        breaks = sum(frame[name].str.count("\n").to_numpy() for name in frame)
        lines += np.concatenate([[0], np.cumsum(breaks)[:-1]]).astype("int64")
    return _tidy(frame, layout.headings, lines)


def _uneven_rows(
    path: Path, text: str, layout: _Layout, say: Language
) -> tuple[pd.DataFrame, list[Problem]]:
    """Read rows of unequal width: short ones end in blanks, surplus cells are told."""
    body = text.split("\n", layout.lines)[layout.lines :]
    reader = csv.reader(io.StringIO("".join(body)), delimiter=layout.delimiter)
    rows, lines = [], [layout.lines + 1]
    for row in reader:
        rows.append(row)
        lines.append(layout.lines + reader.line_num + 1)
    width = len(layout.headings)
    surplus = [line for line, row in zip(lines, rows, strict=False) if any(row[width:])]
    padded = [row[:width] + [""] * (width - len(row)) for row in rows]
    frame = pd.DataFrame(padded, columns=range(width), dtype="str")
    problems = [_surplus(path, surplus, width, say)] if surplus else []
    return _tidy(frame, layout.headings, np.array(lines[:-1], dtype="int64")), problems


def _surplus(path: Path, lines: list[int], width: int, say: Language) -> Problem:
    what = say.plural(
        "{n} row has more cells than the {width} headings; the surplus is left out",
        "{n} rows have more cells than the {width} headings; the surplus is left out",
        len(lines),
        width=width,
    )
    remedy = say("put text that contains the delimiter between quotes, or name the columns")
    return Problem("warning", "", what, remedy, file=path.name, row=lines[0])


# ── workbooks and Parquet ────────────────────────────────────────────────────────────────────


def _workbook(path: Path, sheet: str | None, known: frozenset[str], say: Language) -> TextTable:
    with calamine.load_workbook(str(path)) as book:
        names = [each.name for each in book.sheets_metadata if _is_shown(each)]
        if sheet is not None and sheet not in book.sheet_names:
            listed = say.listing(book.sheet_names)
            what = say("there is no sheet {name}; the file has {sheets}", name=sheet, sheets=listed)
            raise _refusal(path, what, say("write one of these under sheet in client.yaml"), sheet)
        tables = {name: _cells(book, name) for name in ([sheet] if sheet else names)}
    name = max(tables, key=lambda each: _sheet_score(tables[each], known), default="")
    if not tables or not tables[name]:
        raise _refusal(path, say("the sheet is empty"), say("save it again with its rows"), name)
    rows = tables[name]
    at = _heading_at(rows[:_SEARCHED_ROWS], known)
    frame = pd.DataFrame(rows[at + 1 :], columns=range(len(rows[at])), dtype="str")
    lines = np.arange(at + 2, len(rows) + 1)
    return TextTable(_tidy(frame, rows[at], lines), path.name, name, ())


def _is_shown(sheet: calamine.SheetMetadata) -> bool:
    worksheet = sheet.typ == calamine.SheetTypeEnum.WorkSheet
    return worksheet and sheet.visible == calamine.SheetVisibleEnum.Visible


def _sheet_score(rows: Rows, known: frozenset[str]) -> int:
    return max((_hits(row, known) for row in rows[:_SEARCHED_ROWS]), default=-1)


def _cells(book: calamine.CalamineWorkbook, name: str) -> list[list[str]]:
    rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: object) -> str:
    """Write a workbook's cell exactly: 10248.0 was typed as 10248, a date becomes ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value)


def _parquet(path: Path) -> pd.DataFrame:
    table = pyarrow.parquet.read_table(path)
    table = table.drop_columns([name for name in table.column_names if name.startswith("__index_")])
    columns = {i: _texts(column).to_pandas() for i, column in enumerate(table.columns)}
    frame = pd.DataFrame(columns, dtype="str")
    return _tidy(frame, table.column_names, np.arange(2, len(frame) + 2))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a typed column as text; whole numbers that were stored with a fraction lose it."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        if pc.all(pc.equal(column, pc.round(column))).as_py():
            column = column.cast(pa.int64())
    return pc.fill_null(column.cast(pa.string()), "")
