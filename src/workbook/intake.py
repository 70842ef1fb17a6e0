"""Read any client's file into a table of text: nothing is typed here, so nothing can be guessed.

What a file is shows in its first bytes, not in its name. The code page, the delimiter and the line
with the headings are those under which most known headings are found. The frame's index is the row
as the client sees it in Excel or an editor.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from workbook.excel import Sheet, read_markup, read_workbook, refuse
from workbook.language import Language, speak
from workbook.schema import DataError, Problem, fold, nearest

__all__ = ["TextTable", "read_text"]

_DELIMITERS = (",", ";", "\t", "|")
_SEARCHED_ROWS = 40
_POLISH, _FRENCH = "[ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]", "[àâæçéèêëîïôœùûüÿäößÀÂÇÉÈÊËÎÏÔŒÙÛÜŸÄÖ€°]"
_RUSSIAN = "[а-яёА-ЯЁ]{2,}|\\b[а-яА-Я]\\b"
_CODE_PAGES = {
    "cp1250": re.compile(_POLISH),
    "cp1251": re.compile(_RUSSIAN),
    "cp1252": re.compile(_FRENCH),
    "iso8859_2": re.compile(_POLISH),
    "iso8859_15": re.compile(_FRENCH),
    "cp852": re.compile(_POLISH),
    "cp866": re.compile(_RUSSIAN),
    "koi8_r": re.compile(_RUSSIAN),
}
# What is no table, whatever its name.
_OTHER = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF"} | {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"SQLi": "SQLite",
    b"{\\rt": "RTF",
}
_UNIT = re.compile(
    "szt|pcs?|pieces?|units?|ea|stk|st|шт|штук|[kк]?[gгtт]|[lл]|[mм]3|eur|usd|pln|gbp|chf|zł|zl|rub|руб"
    "|[€$£%]|min|мин|h|godz|ч|date|data|дата|tekst|te?xt|текст|(dd|jj|дд)(mm|мм)(yyyy|rrrr|aaaa|гггг)"
    "|(yyyy|rrrr)mmdd"
)
_NOTE = re.compile(r":|\S+\s+\S+\s+\S|^[^\W\d]+\s+[^\W\d]+")
_WORKBOOKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")

Rows = Sequence[Sequence[str]]


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
    score = lambda rows: max((_hits(row, known) for row in rows[:_SEARCHED_ROWS]), default=-1)
    if start.startswith(_WORKBOOKS):
        return _from_sheet(path, read_workbook(path, sheet, score, say), known, say)
    body, page, problems = _decode(path, known, say)
    kind = next((_OTHER[magic] for magic in _OTHER if start.startswith(magic)), "")
    kind = "JSON" if re.match(rb'\s*(\[\s*)?\{\s*"', body) else kind
    if kind or len(re.findall(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]", body[:4096])) > 40:
        what = say("the file is no table but {kind}", kind=kind or say("binary data"))
        raise refuse(path, what, say("export the table as .xlsx or .csv"))
    if not body.strip():
        raise refuse(path, say("the file is empty"), say("save it again with its rows"))
    if re.match(rb"(?i)\s*<(?:[?!]|html|head|meta|body|style|div|table)", body):
        return _from_sheet(path, read_markup(body.decode(), score), known, say)
    return _delimited(path, body, page, problems, known, say)


def _neighbours(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*")) if path.parent.is_dir() else []


# ── headings ─────────────────────────────────────────────────────────────────────────────────


def _hits(cells: Iterable[str], known: frozenset[str]) -> int:
    return len({fold(cell) for cell in cells} & known)


def _heading_at(rows: Rows, known: frozenset[str]) -> int:
    """Find the heading row: most known headings, else the first row as full as the others."""
    hits = [_hits(_headings(rows, i, known), known) for i in range(len(rows))]
    if max(hits) >= 2:
        return hits.index(max(hits))
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return next(i for i, n in enumerate(filled) if n * 2 >= max(filled))


def _headings(rows: Rows, at: int, known: frozenset[str]) -> list[str]:
    """Name the columns; a group's heading in the row above goes with those that it spans."""
    own = [" ".join(str(cell).split()) for cell in rows[at]]
    above = [" ".join(str(cell).split()) for cell in rows[at - 1]] if at else []
    if not any(above):
        return own
    names, group = [], ""
    for name, top in zip(own, above + [""] * len(own), strict=False):
        group = top or group
        both = f"{group} {name}"
        spanned = fold(both) in known or (
            own.count(name) > 1 and group != name and len(set(above)) > 2
        )
        names.append(
            (both if spanned and not (fold(name) in known and own.count(name) == 1) else name)
            if name
            else top
        )
    return names


def _distinct(headings: Iterable[str]) -> list[str]:
    """Number repeated headings, so that each column has a name of its own."""
    seen: dict[str, int] = {}
    names = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        names.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return names


def _letter(place: int) -> str:
    return (_letter(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


@dataclass(frozen=True)
class _Layout:
    """Where a table stands in its file: the row of its headings, from 1, and the headings."""

    path: Path
    sheet: str | None
    row: int
    headings: list[str]
    say: Language
    delimiter: str = ""

    def problem(
        self, what: str, remedy: str, severity: str = "warning", **place: object
    ) -> Problem:
        return Problem(severity, "", what, remedy, self.path.name, self.sheet, **place)


def _tidy(
    frame: pd.DataFrame, layout: _Layout, rows: np.ndarray
) -> tuple[pd.DataFrame, list[Problem]]:
    """Name columns and rows; leave out what is no record; tell what is wrong with the headings."""
    frame = frame.set_axis(range(frame.shape[1]), axis=1).set_axis(pd.Index(rows, name="row"))
    blank = np.ones(len(frame), dtype=bool)
    for place in frame:
        # Most often the first column is filled throughout, and the others need no look.
        if not blank.any():
            break
        blank &= _is_blank(frame[place])
    frame = frame[~blank] if blank.any() else frame
    nameless = [place for place, name in enumerate(layout.headings) if not name]
    empty = [place for place in nameless if _is_blank(frame[place]).all()]
    frame, problems = _records(frame.drop(columns=empty), layout)
    names = [name or _letter(place) for place, name in enumerate(layout.headings)]
    problems += _heading_problems([place for place in nameless if place not in empty], layout)
    return frame.set_axis([_distinct(names)[place] for place in frame], axis=1), problems


def _is_blank(cells: pd.Series) -> np.ndarray:
    return (cells.str.strip() == "").to_numpy(dtype=bool)


def _heading_problems(nameless: list[int], layout: _Layout) -> list[Problem]:
    say, problems = layout.say, []
    for place in nameless:
        what = say("the column has values but no heading")
        remedy = say("write a heading above it, or delete the column")
        problems.append(layout.problem(what, remedy, row=layout.row, column=_letter(place)))
    for name in dict.fromkeys(layout.headings):
        if name and (n := layout.headings.count(name)) > 1:
            what = say.plural("the heading stands {n} time", "the heading stands {n} times", n)
            remedy = say("give each column a heading of its own")
            problems.append(layout.problem(what, remedy, row=layout.row, column=name))
    return problems


def _records(frame: pd.DataFrame, layout: _Layout) -> tuple[pd.DataFrame, list[Problem]]:
    """Leave out a row of units under the headings, and notes below the table; tell which."""
    say, left = layout.say, []
    if len(frame) and _is_units(frame.iloc[0].tolist()):
        left = [0]
    last = [[cell for cell in row if cell.strip()] for row in frame.iloc[-20:].to_numpy().tolist()]
    while frame.shape[1] > 1 and len(last) > 1 and _is_note(last[-1]):
        left.append(len(frame) - 20 + len(last) if len(frame) > 20 else len(last) - 1)
        last.pop()
    if not left:
        return frame, []
    rows = frame.index[sorted(left)]
    what = say.plural(
        "{n} row is no record but units or a note, and is left out (row {rows})",
        "{n} rows are no records but units or notes, and are left out (rows {rows})",
        len(rows),
        rows=say.listing([str(row) for row in rows]),
    )
    text = next(filter(str.strip, frame.iloc[left[0]].tolist()), "")
    problem = layout.problem(
        what, say("delete them if they are none"), row=int(rows[0]), value=text
    )
    return frame.drop(index=rows), [problem]


def _is_note(given: list[str]) -> bool:
    return _NOTE.search(given[0]) if len(given) == 1 else len(given) == 2 and given[0].endswith(":")


def _is_units(cells: Sequence[str]) -> bool:
    """Tell a row of units, or of the columns' numbers, from a record."""
    given = [cell.strip().strip("[]()").casefold() for cell in cells]
    words = [fold(cell) or cell for cell in given if cell]
    numbered = given == [str(i + 1) for i in range(len(given))] and len(given) > 4
    return numbered or (len(words) > 1 and all(map(_UNIT.fullmatch, words)))


# ── delimited text ───────────────────────────────────────────────────────────────────────────


def _is_utf16(start: bytes) -> bool:
    even, odd = start[0:400:2].count(0), start[1:400:2].count(0)
    return max(even, odd) > len(start[:400]) / 8 and min(even, odd) * 8 < max(even, odd)


def _decode(path: Path, known: frozenset[str], say: Language) -> tuple[bytes, str, list[Problem]]:
    """Bring text of any code page to UTF-8 with plain line feeds; tell what was lost."""
    raw, page, lost = path.read_bytes(), "utf-8", None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        page = "utf-16"
    elif _is_utf16(raw[:400]):
        page = "utf-16-le" if raw[1:400:2].count(0) > raw[0:400:2].count(0) else "utf-16-be"
    elif not _is_utf8(raw) and not _is_damaged_utf8(raw):
        page = max(_CODE_PAGES, key=lambda page: _page_score(raw[:1_000_000], page, known))
    if page != "utf-8" or not _is_utf8(raw):
        raw = raw.decode(page, errors="replace").encode()
        lost = "\ufffd".encode()
    raw = raw.removeprefix(codecs.BOM_UTF8)
    raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw
    problems = []
    what = say("bytes that are no character of {page} are lost", page=page)
    if lost and lost in raw:
        problems = [_told_at(raw, lost, what, path, say)]
    if b"\0" in raw:
        nul, raw = raw, raw.replace(b"\0", b"")
        if b"\0" in nul.rstrip(b"\0\n"):
            problems.append(_told_at(nul, b"\0", say("NUL bytes are left out"), path, say))
    return (raw if raw[-2:].strip(b"\n\x1a ") else raw.rstrip(b"\n\x1a ")), page, problems


def _told_at(body: bytes, mark: bytes, what: str, path: Path, say: Language) -> Problem:
    row = body.count(b"\n", 0, body.index(mark)) + 1
    remedy = say("export the file again, as UTF-8")
    return Problem("warning", "", what, remedy, file=path.name, row=row)


def _is_utf8(raw: bytes) -> bool:
    """Validate without a copy, as the file may be large."""
    try:
        offsets = pa.array([0, len(raw)], pa.int64()).buffers()[1]
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(raw)]).validate(
            full=True
        )
    except pa.ArrowInvalid:
        return False
    return True


def _is_damaged_utf8(raw: bytes) -> bool:
    text = raw[:1_000_000].decode(errors="replace")
    lost = text.count("\ufffd")
    return lost * 3 < sum(letter > "\x7f" for letter in text) - lost


def _page_score(raw: bytes, page: str, known: frozenset[str]) -> tuple[int, int]:
    text = raw.decode(page, errors="replace")
    cells = re.split(r"[,;\t|\r\n]+", text[:20_000].replace('"', ""))
    expected = sum(map(len, _CODE_PAGES[page].findall(text)))
    return _hits(cells, known), 2 * expected - sum(letter > "\x7f" for letter in text)


def _delimiter(sample: list[str], known: frozenset[str]) -> str:
    """Choose the delimiter with most known headings, then the one that gives even rows."""

    def score(delimiter: str) -> tuple[int, float, int]:
        rows = list(csv.reader(sample, delimiter=delimiter))
        widths = [len(row) for row in rows if row]
        usual = max(set(widths), key=widths.count, default=0)
        found = max((_hits(row, known) for row in rows), default=0)
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
    frame, lines, more = _even_rows(body, layout)
    frame, told = _tidy(frame, layout, lines)
    return TextTable(frame, path.name, None, (*problems, *more, *told), layout.row, page)


def _lay_out(path: Path, start: str, known: frozenset[str], say: Language) -> _Layout:
    announced = re.match(r"sep=(.)\n", start, re.IGNORECASE)
    sample = start.split("\n")[:_SEARCHED_ROWS]
    delimiter = announced[1] if announced else _delimiter(sample, known)
    reader = csv.reader((line + "\n" for line in sample), delimiter=delimiter)
    rows = [(row, reader.line_num) for row in reader if not (announced and reader.line_num == 1)]
    cells = [row for row, _ in rows]
    at = _heading_at(cells, known)
    return _Layout(path, None, rows[at][1], _headings(cells, at, known), say, delimiter)


def _even_rows(body: bytes, layout: _Layout) -> tuple[pd.DataFrame, np.ndarray, list[Problem]]:
    """Read the rows under the headings by Arrow; rows of another width are mended and told."""
    ragged: list[tuple[int, str]] = []
    try:
        frame = _arrow(body, layout)
    except pa.ArrowInvalid:
        frame = _arrow(body, layout, ragged)
    breaks = np.zeros(len(frame), dtype="int64")
    if body.count(b"\n") + (body[-1:] != b"\n") - layout.row != len(frame) + len(ragged):
        breaks = sum(frame[name].str.count("\n").to_numpy() for name in frame).astype("int64")
    if b'"' in body and (ragged or breaks.any() or body.count(b'"') % 2):
        _refuse_open_quote(body, layout)
    frame, breaks, widths = _mend(frame, breaks, ragged, layout)
    lines = layout.row + 1 + np.arange(len(frame))
    lines[1:] += np.cumsum(breaks)[:-1]
    if b'="' in body:  # how Excel is made to keep a code as text
        frame = frame.apply(lambda cells: cells.str.replace(r'^="(.*)"$', r"\1", regex=True))
    odd = {int(lines[at]): n for at, n in widths.items()}
    return frame, lines, _ragged_problems(odd, len(frame), layout)


def _arrow(body: bytes, layout: _Layout, ragged: list | None = None) -> pd.DataFrame:
    """Read all cells as text; `ragged` takes the rows of another width, with their numbers."""
    names = [f"f{i}" for i in range(len(layout.headings))]
    keep = lambda row: ragged.append((row.number - layout.row - 1, row.text)) or "skip"
    once = {} if ragged is None else {"use_threads": False, "block_size": len(body) + 1}
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        pyarrow.csv.ReadOptions(column_names=names, skip_rows=layout.row, **once),
        pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter,
            newlines_in_values=b'"' in body,
            ignore_empty_lines=False,
            invalid_row_handler=None if ragged is None else keep,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return table.to_pandas()


def _refuse_open_quote(body: bytes, layout: _Layout) -> None:
    """Find the record whose quotes don't match: what follows it can't be told apart."""
    csv.field_size_limit(1 << 30)
    text, say, line = io.StringIO(body.decode(), newline=""), layout.say, 0
    reader = csv.reader(text, delimiter=layout.delimiter, strict=True)
    try:
        for _ in reader:
            line = reader.line_num
    except csv.Error:
        what = say("a quotation mark opens here that is not closed")
        remedy = say("close it, or write a quotation mark inside a text twice")
        raise DataError([layout.problem(what, remedy, "error", row=line + 1)]) from None


def _mend(
    frame: pd.DataFrame, breaks: np.ndarray, ragged: list[tuple[int, str]], layout: _Layout
) -> tuple[pd.DataFrame, np.ndarray, dict[int, int]]:
    """Put the rows of another width back in their places: short ones end in blanks."""
    if not ragged:
        return frame, breaks, {}
    csv.field_size_limit(1 << 30)
    width, at = len(layout.headings), [number for number, _ in ragged]
    rows = [
        next(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter), [])
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


def _ragged_problems(widths: dict[int, int], n_rows: int, layout: _Layout) -> list[Problem]:
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
        problems.append(layout.problem(what, remedy, severity, row=surplus[0]))
    if short := [row for row, n in widths.items() if 1 < n < width]:
        what = say.plural(
            "{n} row has fewer cells than the {width} headings; the missing ones are blank",
            "{n} rows have fewer cells than the {width} headings; the missing ones are blank",
            len(short),
            width=width,
        )
        remedy = say("complete the row, or join it with the next one if a line break cut it")
        problems.append(layout.problem(what, remedy, row=short[0]))
    return problems


# ── workbooks, markup and Parquet ────────────────────────────────────────────────────────────


def _from_sheet(path: Path, sheet: Sheet, known: frozenset[str], say: Language) -> TextTable:
    """Make a table of a sheet's rows, and tell what only Excel shows."""
    rows = sheet.rows
    for (top, left), (bottom, _) in sheet.merged:
        for row in rows[top + 1 : bottom + 1]:
            if left < len(row) and not row[left] and left < len(rows[top]):
                row[left] = rows[top][left]
    if not any(map(any, rows)):
        raise refuse(
            path, say("the sheet is empty"), say("save it again with its rows"), sheet.name
        )
    at = _heading_at(rows[:_SEARCHED_ROWS], known)
    width = max(map(len, rows[at:]))
    padded = [row + [""] * (width - len(row)) if len(row) < width else row for row in rows[at:]]
    headings = _headings([*rows[:at], padded[0]], at, known)
    layout = _Layout(path, sheet.name, at + 1, headings, say)
    columns = zip(*padded[1:], strict=True) if padded[1:] else [()] * width
    frame = pd.DataFrame({i: pd.array(cells, dtype="str") for i, cells in enumerate(columns)})
    frame, problems = _tidy(frame, layout, np.arange(at + 2, len(rows) + 1))
    told = _sheet_problems(sheet, layout, frame.index)
    return TextTable(frame, path.name, sheet.name, (*problems, *told), layout.row)


def _sheet_problems(sheet: Sheet, layout: _Layout, rows: pd.Index) -> list[Problem]:
    """Tell what a reader of the cells' text would not know, once per kind and column."""
    say, problems, inside = layout.say, [], set(rows)

    def tell(
        places: Iterable[tuple[int, int]], word: Callable, remedy: str, value: str | None = None
    ) -> None:
        by_column: dict[int, list[int]] = {}
        for row, column in sorted(places):
            by_column.setdefault(column, []).append(row + 1)
        for column, found in by_column.items():
            name = layout.headings[column] if column < len(layout.headings) else ""
            place = {"row": found[0], "column": name or _letter(column), "value": value}
            listed = ", ".join(map(str, found[:5])) + " …" * (len(found) > 5)
            problems.append(layout.problem(word(len(found), listed), remedy, **place))

    body = lambda places: [place for place in places if place[0] + 1 in inside]
    for shown in dict.fromkeys(sheet.errors.values()):
        tell(
            body(place for place, text in sheet.errors.items() if text == shown),
            lambda n, rows: say.plural(
                "{n} cell holds an error of Excel and is unknown (row {rows})",
                "{n} cells hold an error of Excel and are unknown (rows {rows})",
                n,
                rows=rows,
            ),
            say("correct the formula, or write the value"),
            shown,
        )
    tell(
        body(sheet.unstored),
        lambda n, rows: say.plural(
            "{n} formula was never calculated, so its value is unknown (row {rows})",
            "{n} formulas were never calculated, so their values are unknown (rows {rows})",
            n,
            rows=rows,
        ),
        say("open the file in Excel and save it, so that the values are stored"),
    )
    tell(
        body(top for top, bottom in sheet.merged if bottom[0] > top[0] and top[0] >= layout.row),
        lambda n, rows: say.plural(
            "{n} merged cell: its value counts for each of its rows (from row {rows})",
            "{n} merged cells: their values count for each of their rows (from rows {rows})",
            n,
            rows=rows,
        ),
        say("unmerge it and fill in each row, if that is not meant"),
    )
    tell(
        sheet.stray,
        lambda n, rows: say.plural(
            "{n} cell far from the table is left out (row {rows})",
            "{n} cells far from the table are left out (rows {rows})",
            n,
            rows=rows,
        ),
        say("delete it, or move it to the table"),
    )
    if hidden := [row + 1 for row in sheet.hidden if row + 1 in inside]:
        what = say.plural(
            "{n} row is hidden in Excel, and read",
            "{n} rows are hidden in Excel, and read",
            len(hidden),
        )
        remedy = say("delete hidden rows that are no records")
        problems.append(layout.problem(what, remedy, row=hidden[0]))
    if sheet.alike and layout.headings:
        listed = say.listing(sheet.alike)
        what = say(
            "other sheets have as many known headings and are not read: {sheets}", sheets=listed
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
    columns = {i: _texts(column).to_pandas() for i, column in enumerate(table.columns)}
    frame = pd.DataFrame(columns, dtype="str")
    layout = _Layout(path, None, 1, table.column_names, say)
    return _tidy(frame, layout, np.arange(2, len(frame) + 2))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a typed column as text; whole numbers that were stored with a fraction lose it."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        if pc.all(pc.equal(column, pc.round(column))).as_py():
            column = column.cast(pa.int64())
    return pc.fill_null(column.cast(pa.string()), "")
