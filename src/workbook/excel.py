"""Read a workbook's cells as text, after a look into the archive that the library does not take.

Before calamine opens an .xlsx, its members are read once, bounded: what would fill the memory or
leave the archive is refused, and what calamine passes over (error cells, formulas never calculated,
hidden rows, a stray cell at the far end of the sheet) is noted, to be told.
"""

import datetime as dt
import io
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np
import python_calamine as calamine
from defusedxml import ElementTree

from workbook.language import Language
from workbook.schema import DataError, Problem

__all__ = ["Sheet", "read_markup", "read_workbook", "refuse"]

_MOST_BYTES, _MOST_MEMBERS, _MOST_CELLS = 512 << 20, 10_000, 4_000_000
_BLOCK, _FAR = 4 << 20, (1000, 100)
_OUTSIDE = re.compile(r"^[/\\]|^\w:|(^|[/\\])\.\.([/\\]|$)")
_ROW_END = re.compile(rb".*</(?:\w+:)?row\s*>", re.DOTALL)
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\b([^>]*\bhidden\s*=\s*["'](?:1|true)["'][^>]*)>""")
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["'](?:[^>]*[^/>])?>""")
_WILD = re.compile(rb"""\sr\s*=\s*["'](?:[A-Za-z]{4}|[A-Za-z]*\d{8})""")
_WHOLE_CELL = re.compile(
    rb"<(?:\w+:)?c(?:\s[^>]*)?" + _CELL.pattern + rb".*?</(?:\w+:)?c>", re.DOTALL
)
_FORMULA = rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
_ERROR = re.compile(
    rb"""<(?:\w+:)?c(\s[^>]*\bt\s*=\s*["']e["'][^>]*)>(?:%b)?\s*<(?:\w+:)?v>([^<]*)<""" % _FORMULA
)
_UNSTORED = re.compile(
    rb"<(?:\w+:)?c(\s[^>]*)>\s*%b\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?"
    rb"\s*</(?:\w+:)?c>" % _FORMULA
)
_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")

Place = tuple[int, int]
Rows = list[list[str]]


@dataclass
class Sheet:
    """A sheet's cells as text from A1 on, and what else is known of them.

    A place is (row, column), both from 0; `errors` has what Excel shows there, `alike` names other
    sheets that look as good.
    """

    name: str | None
    rows: Rows
    hidden: list[int] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    unstored: list[Place] = field(default_factory=list)
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    stray: list[Place] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)


def refuse(path: Path, problem: str, remedy: str, sheet: str | None = None) -> DataError:
    """Return the error for a file that can't be read at all."""
    return DataError([Problem("error", "", problem, remedy, file=path.name, sheet=sheet)])


def read_workbook(
    path: Path, sheet: str | None, score: Callable[[Rows], int], say: Language
) -> Sheet:
    """Read the named sheet, or the visible one whose first rows score highest.

    Raises
    ------
    DataError
        If the archive is unsafe or has no such sheet.
    calamine.CalamineError, zipfile.BadZipFile
        If it is broken.
    """
    raw = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in raw and not raw.startswith(b"PK"):
        raise _locked(path, say)
    # A compound file comes in sectors; calamine panics where the last is cut.
    padded = raw + bytes(-len(raw) % 512)
    looked, raw = _look_into(path, raw, say) if raw.startswith(b"PK") else ({}, padded)
    try:
        with calamine.load_workbook(io.BytesIO(raw)) as book:
            return _best_sheet(book, path, sheet, looked, score, say)
    except calamine.PasswordError:
        raise _locked(path, say) from None


def _locked(path: Path, say: Language) -> DataError:
    what = say("the file is protected by a password")
    return refuse(path, what, say("open it in Excel and save it without password"))


def _best_sheet(
    book: calamine.CalamineWorkbook,
    path: Path,
    sheet: str | None,
    looked: dict[str, Sheet],
    score: Callable[[Rows], int],
    say: Language,
) -> Sheet:
    if sheet is not None and sheet not in book.sheet_names:
        listed = say.listing(book.sheet_names)
        what = say("there is no sheet {name}; the file has {sheets}", name=sheet, sheets=listed)
        raise refuse(path, what, say("write one of these under sheet in client.yaml"), sheet)
    names = [sheet] if sheet else [each.name for each in book.sheets_metadata if _is_shown(each)]
    best, found = None, {}
    for name in names:
        cells = book.get_sheet_by_name(name)
        head = [[_cell(value) for value in row] for row in cells.to_python(False, nrows=60)]
        found[name] = score(head)
        if best is None or found[name] > found[best[0]]:
            best = name, cells
    if best is None or not best[1].height:
        raise refuse(path, say("the sheet is empty"), say("save it again with its rows"), sheet)
    chosen = looked.get(best[0]) or Sheet(best[0], [])
    texts = _Texts()
    chosen.rows = [[texts[value] for value in row] for row in best[1].iter_rows()]
    chosen.merged = best[1].merged_cell_ranges or []
    chosen.alike = [name for name in found if name != best[0] and found[name] == found[best[0]]]
    return chosen


def _is_shown(sheet: calamine.SheetMetadata) -> bool:
    worksheet = sheet.typ == calamine.SheetTypeEnum.WorkSheet
    return worksheet and sheet.visible == calamine.SheetVisibleEnum.Visible


class _Texts(dict[object, str]):
    """Write each value once; yes and no are not kept, as True equals 1."""

    def __missing__(self, value: object) -> str:
        text = _cell(value)
        if not isinstance(value, bool):
            self[value] = text
        return text


def _cell(value: object) -> str:
    """Write a workbook's cell exactly: 10248.0 was typed as 10248, a date becomes ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


# ── the look into the archive ────────────────────────────────────────────────────────────────


def _look_into(path: Path, raw: bytes, say: Language) -> tuple[dict[str, Sheet], bytes]:
    """Read every XML member once; return what was noted per sheet, and the archive to open."""
    with ZipFile(io.BytesIO(raw)) as archive:
        members = archive.infolist()
        outside = [member.filename for member in members if _OUTSIDE.search(member.filename)]
        size = sum(member.file_size for member in members)
        if outside or size > _MOST_BYTES or len(members) > _MOST_MEMBERS:
            raise _unsafe(path, outside[0] if outside else "", say)
        names = _sheet_names(archive)
        looked, trimmed, left = {}, {}, _MOST_BYTES
        for member in (
            each for each in members if each.filename.lower().endswith((".xml", ".rels"))
        ):
            sheet = Sheet(names.get(member.filename), [])
            places, read = _scan(archive, member, sheet, left, path, say)
            left -= read
            looked[sheet.name] = sheet
            if trim := _reach(places, sheet, path, say):
                trimmed[member.filename] = _trim(archive.read(member), *trim)
        return looked, _repack(archive, trimmed) if trimmed else raw


def _unsafe(path: Path, member: str, say: Language) -> DataError:
    if member:
        what = say("the archive has a member outside itself ({name})", name=member)
    else:
        what = say("the archive unpacks to far more than a table needs")
    return refuse(path, what, say("ask for the file again, or save the table as .csv"))


def _sheet_names(archive: ZipFile) -> dict[str, str]:
    """Map the archive's members to the sheets whose cells they hold."""
    plain = {_plain(name): name for name in archive.namelist()}
    if not plain.keys() >= {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"}:
        return {}
    links = ElementTree.fromstring(archive.read(plain["xl/_rels/workbook.xml.rels"]))
    targets = {link.get("Id"): posixpath.join("/xl", link.get("Target", "")) for link in links}
    book = ElementTree.fromstring(archive.read(plain["xl/workbook.xml"]))
    return {
        plain.get(_plain(targets.get(value, "")), ""): each.get("name")
        for each in book.iterfind(".//{*}sheet")
        for key, value in each.items()
        if key.endswith("}id")
    }


def _plain(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").casefold()


def _scan(
    archive: ZipFile, member: ZipInfo, sheet: Sheet, left: int, path: Path, say: Language
) -> tuple[list[np.ndarray], int]:
    """Note a member's hidden rows, errors and unstored formulas; return where its cells are."""
    member.file_size = left + 1  # the stream's real size counts, not the declared one
    places, read, rest, cells = [], 0, b"", 0
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            read += len(block)
            plain = block.replace(b"\0", b"")
            if re.search(rb"<!(DOCTYPE|ENTITY)", plain):
                what = say("the workbook defines XML entities, which no spreadsheet needs")
                raise refuse(path, what, say("save it again in Excel as .xlsx, or as .csv"))
            if read > left or len(rest) > 16 * _BLOCK:
                raise _unsafe(path, "", say)
            if sheet.name is None:
                continue
            rest += plain
            if _WILD.search(plain):
                what = say("a cell of the sheet has a place that no sheet has")
                raise refuse(path, what, say("save it again in Excel"), sheet.name)
            if whole := _ROW_END.match(rest):
                places.append(_note(whole[0], sheet))
                rest, cells = rest[whole.end() :], cells + len(places[-1])
            if cells > _MOST_CELLS:
                what = say("the sheet has more than {n} cells", n=say.number(_MOST_CELLS))
                raise refuse(path, what, say("save it as .csv or .parquet"), sheet.name)
    return places, read


def _note(block: bytes, sheet: Sheet) -> np.ndarray:
    if b"hidden" in block:
        sheet.hidden += [_place(found[1])[0] for found in _HIDDEN.finditer(block)]
    if b'"e"' in block or b"'e'" in block:
        sheet.errors |= {_place(each[1]): each[2].decode() for each in _ERROR.finditer(block)}
    if b"<f" in block or b":f" in block:
        formulas = (each[1] for each in _UNSTORED.finditer(block))
        sheet.unstored += [_place(each) for each in formulas if not re.search(rb"=.str.", each)]
    found = _CELL.findall(block)
    columns = {name: _column(name) for name in {name for name, _ in found}}
    rows = np.array([row for _, row in found], dtype="S7").astype("int64")
    return np.stack([rows, np.array([columns[name] for name, _ in found], "int64")], axis=1) - 1


def _place(attributes: bytes) -> Place:
    found = _AT.search(attributes)
    return (int(found[2]) - 1, _column(found[1]) - 1) if found else (0, 0)


def _column(name: bytes) -> int:
    number = 0
    for letter in name.upper():
        number = number * 26 + letter - 64
    return number


def _reach(places: list[np.ndarray], sheet: Sheet, path: Path, say: Language) -> list[range]:
    """Return the rows and columns to keep where a stray cell makes the used range too large."""
    at = np.concatenate(places) if places else np.zeros((0, 2), dtype="int64")
    if not len(at) or np.prod(np.ptp(at, axis=0) + 1.0) <= 2 * _MOST_CELLS:
        return []
    kept, inside = [], np.ones(len(at), dtype=bool)
    for axis, far in enumerate(_FAR):
        used = np.unique(at[inside, axis])
        runs = np.split(used, np.flatnonzero(np.diff(used) > far) + 1)
        run = max(runs, key=lambda run: np.isin(at[:, axis], run).sum())
        kept.append(range(int(run[0]), int(run[-1]) + 1))
        inside &= (at[:, axis] >= run[0]) & (at[:, axis] <= run[-1])
    sheet.stray = [tuple(map(int, place)) for place in at[~inside]]
    if len(kept[0]) * len(kept[1]) > 2 * _MOST_CELLS or len(sheet.stray) > 10 + len(at) / 100:
        what = say("the cells are spread over too many rows and columns")
        raise refuse(path, what, say("save the table on a sheet of its own"), sheet.name)
    return kept


def _trim(content: bytes, rows: range, columns: range) -> bytes:
    def keep(cell: re.Match[bytes]) -> bytes:
        return cell[0] if int(cell[2]) - 1 in rows and _column(cell[1]) - 1 in columns else b""

    return _WHOLE_CELL.sub(keep, content)


def _repack(archive: ZipFile, changed: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, changed[name] if name in changed else archive.read(name))
    return packed.getvalue()


# ── tables in markup ─────────────────────────────────────────────────────────────────────────


def read_markup(text: str, score: Callable[[Rows], int]) -> Sheet:
    """Read the table of an HTML page or of an XML spreadsheet whose first rows score highest.

    Examples
    --------
    >>> read_markup("<table><tr><th>No<th>Who<tr><td>7<td>A &amp; B</table>", len).rows
    [['No', 'Who'], ['7', 'A & B']]
    """
    parser = _Markup()
    parser.feed(text)
    parser.close()
    parser.end_cell()
    return Sheet(None, max(parser.tables, key=lambda rows: score(rows[:60])))


class _Markup(HTMLParser):
    """Collect tables cell by cell; entities of a document's own are never expanded."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Rows] = [[]]
        self.below: dict[int, tuple[int, str]] = {}
        self.cell: list[str] | None = None
        self.span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: int(value) for name, value in attrs if re.fullmatch(r"\d{1,7}", value or "")}
        rows = self.tables[-1]
        if tag in ("table", "tr", "row", "td", "th", "cell"):
            self.end_cell()
        if tag == "table":
            self.tables.append([])
            self.below = {}
        elif tag in ("tr", "row"):
            rows += [[] for _ in range(min(given.get("ss:index", 0), 1 << 20) - len(rows) - 1)]
            rows.append([])
        elif tag in ("td", "th", "cell") and rows:
            rows[-1] += [""] * (min(given.get("ss:index", 0), 1 << 14) - len(rows[-1]) - 1)
            across = given.get("colspan", given.get("ss:mergeacross", 0) + 1)
            down = given.get("rowspan", given.get("ss:mergedown", 0) + 1)
            self.cell, self.span = [], (min(across, 1 << 14), down)
        elif tag == "br":
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "cell", "tr", "row", "table"):
            self.end_cell()

    def end_cell(self) -> None:
        """Put the open cell into its row, beside and below what spans into that row."""
        if self.cell is None:
            return
        row, text, (across, down) = self.tables[-1][-1], "".join(self.cell).strip(), self.span
        while self.below.get(len(row), (0, ""))[0] > 0:
            left, above = self.below[len(row)]
            self.below[len(row)] = left - 1, above
            row.append(above)
        self.below[len(row)] = down - 1, text
        row += [text] + [""] * (across - 1)
        self.cell = None
