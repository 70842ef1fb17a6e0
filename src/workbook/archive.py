"""Look into a workbook before a library opens it: what would fill the memory is refused.

The members of an .xlsx are read once, bounded; what the library passes over (error cells, formulas
never calculated, hidden rows, zeros that only the format shows, a stray cell at the far end of the
sheet) is noted per sheet, to be told.
"""

import io
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pandas as pd
from defusedxml import ElementTree

from workbook.language import Language
from workbook.layout import Rows
from workbook.schema import DataError, Problem

__all__ = ["HEAD_ROWS", "Place", "Sheet", "look_into", "refuse", "refuse_circles"]

# What the library can hold within 1 GiB and half a minute.
_MOST_BYTES, _MOST_MEMBERS, _MOST_CELLS = 512 << 20, 10_000, 7_500_000
_MOST_MEMORY, _LONG = 850 << 20, 64
_BLOCK, _FAR, HEAD_ROWS = 4 << 20, (1000, 100), 100
_OUTSIDE = re.compile(r"^[/\\]|^\w:|(^|[/\\])\.\.([/\\]|$)")
_TREES = re.compile(r"(?i)(workbook|styles)\.xml$|\.rels$")
_ROW_END = re.compile(rb".*</(?:\w+:)?row\s*>", re.DOTALL)
_ROW = re.compile(rb"""row\s[^>]*?\br\s*=\s*["'](\d{1,7})["']""")
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\b([^>]*\bhidden\s*=\s*["'](?:1|true)["'][^>]*)>""")
# Where a cell is that is not blank: only those right of column Z or below row 999,999.
_FAR_CELL = re.compile(
    rb"""\x20r="([A-Za-z]{2,}(?=\d)|[A-Za-z]?(?=\d{7}))(\d+)["'](?:[^>]*[^/>])?>"""
)
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["'](?:[^>]*[^/>])?>""")
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
_SHARED = re.compile(rb"""\bt=["']s["'][^>]*>\s*<(?:\w+:)?v>(\d{1,9})<""")
_AT = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_STYLE = re.compile(rb"""<(?:\w+:)?c(\s[^>]*\bs\s*=\s*["'](\d+)["'][^>]*)><""")
_NOWHERE = b"?"

Place = tuple[int, int]


@dataclass
class Sheet:
    """A sheet's cells as text from A1 on, and what else is known of them.

    `frame` has a column per place, its index is the row from 0, `head` has its first rows. A place
    is (row, column), both from 0; `errors` has what Excel shows there, `zeros` how many digits,
    `alike` names other sheets that look as good.
    """

    name: str | None
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    hidden: list[int] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    unstored: list[Place] = field(default_factory=list)
    zeros: dict[Place, int] = field(default_factory=dict)
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    stray: list[Place] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    columns: set[bytes] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    cells: int = 0
    text: int = 0

    @property
    def head(self) -> Rows:
        used = [(self.frame[place] != "").to_numpy() for place in self.frame]
        first = min((int(each.argmax()) for each in used if each.any()), default=0)
        return self.frame.head(first + HEAD_ROWS).to_numpy().tolist()


def refuse(path: Path, problem: str, remedy: str, sheet: str | None = None) -> DataError:
    """Return the error for a file that can't be read at all."""
    return DataError([Problem("error", "", problem, remedy, file=path.name, sheet=sheet)])


# ── the look into the archive ────────────────────────────────────────────────────────────────


def look_into(path: Path, raw: bytes, say: Language) -> tuple[dict[str, Sheet], bytes]:
    """Read every XML member once; return what was noted per sheet, and the archive to open."""
    with ZipFile(io.BytesIO(raw)) as archive:
        members = archive.infolist()
        outside = [member.filename for member in members if _OUTSIDE.search(member.filename)]
        size = sum(member.file_size for member in members)
        # These are read whole, as trees.
        trees = (each.file_size for each in members if _TREES.search(each.filename))
        if (
            outside
            or size > _MOST_BYTES
            or max(trees, default=0) > _MOST_BYTES >> 4
            or len(members) > _MOST_MEMBERS
        ):
            raise _unsafe(path, outside[0] if outside else "", say)
        names, looked, changed, left = _sheet_names(archive), {}, {}, _MOST_BYTES
        zeros, sizes = _zero_styles(archive), _string_sizes(archive)
        for member in (
            each for each in members if each.filename.lower().endswith((".xml", ".rels"))
        ):
            sheet = looked[names.get(member.filename)] = Sheet(names.get(member.filename))
            left -= _scan(archive, member, sheet, zeros, sizes, left, path, say)
            if archive.open(member).read(2) in (b"\xff\xfe", b"\xfe\xff"):
                changed[member.filename] = archive.read(member).decode("utf-16").encode()
            if kept := _reach(archive, member, sheet, path, say):
                changed[member.filename] = _trim(archive.read(member), *kept)
        return looked, _repack(archive, changed) if changed else raw


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


def _zero_styles(archive: ZipFile) -> dict[bytes, int]:
    """Return the styles whose format is zeros only, as 00000: a code with leading zeros."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    zeros = {
        each.get("numFmtId"): len(each.get("formatCode", ""))
        for each in styles.iterfind(".//{*}numFmt")
        if re.fullmatch("00+", each.get("formatCode", ""))
    }
    used = enumerate(styles.iterfind("{*}cellXfs/{*}xf"))
    return {b"%d" % i: zeros[xf.get("numFmtId")] for i, xf in used if xf.get("numFmtId") in zeros}


def _string_sizes(archive: ZipFile) -> np.ndarray:
    """Return the sizes of the strings that cells share, if some are long: each use is a copy."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return np.array([], dtype="int64")
    ends = re.finditer(rb"</(?:\w+:)?si>", archive.read("xl/sharedStrings.xml"))
    sizes = np.diff([0, *(end.end() for end in ends)])
    return sizes if len(sizes) and sizes.max() > _LONG else sizes[:0]


def _scan(
    archive: ZipFile,
    member: ZipInfo,
    sheet: Sheet,
    zeros: dict[bytes, int],
    sizes: np.ndarray,
    left: int,
    path: Path,
    say: Language,
) -> int:
    """Note what calamine does not tell of a sheet; return how much the member unpacks to."""
    member.file_size = left + 1  # the stream's real size counts, not the declared one
    read, rest = 0, b""
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            read += len(block)
            plain = block.replace(b"\0", b"")
            if b"<!" in plain and re.search(rb"<!(DOCTYPE|ENTITY)", plain):
                what = say("the workbook defines XML entities, which no spreadsheet needs")
                raise refuse(path, what, say("save it again in Excel as .xlsx, or as .csv"))
            if read > left or len(rest) > 16 * _BLOCK:
                raise _unsafe(path, "", say)
            rest += plain if sheet.name is not None else b""
            if whole := _ROW_END.match(rest):
                _note(whole[0], sheet, zeros, sizes)
                rest = rest[whole.end() :]
            if _NOWHERE in sheet.columns:
                what = say("a cell of the sheet has a place that no sheet has")
                raise refuse(path, what, say("save it again in Excel"), sheet.name)
            # What a cell and a letter take in the library and here, as measured.
            letters = sheet.text + max(read - 40 * sheet.cells, 0)
            if sheet.name is not None and 70 * sheet.cells + 2.4 * letters > _MOST_MEMORY:
                raise _unsafe(path, "", say)
            if sheet.cells > _MOST_CELLS:
                what = say("the sheet has more than {n} cells", n=say.number(_MOST_CELLS))
                raise refuse(path, what, say("save it as .csv or .parquet"), sheet.name)
    return read


def _note(block: bytes, sheet: Sheet, zeros: dict[bytes, int], sizes: np.ndarray) -> None:
    if block.count(b' r="') < sum(map(block.count, (b"<c ", b":c ", b"<row ", b":row "))):
        block = re.sub(rb"""\sr\s*=\s*["']""", b' r="', block)
    far = _FAR_CELL.findall(block)
    sheet.rows += [
        int(max(rows, key=int)) for rows in (_ROW.findall(block), [n for _, n in far]) if rows
    ]
    sheet.columns.update({name for name, _ in far})
    if any(len(name) > 3 or len(row) > 7 for name, row in far):
        sheet.columns.add(_NOWHERE)
    sheet.cells += (block.count(b"v>") + block.count(b"is>")) // 2
    if b"hidden" in block:
        sheet.hidden += [_place(found[1])[0] for found in _HIDDEN.finditer(block)]
    if b'"e"' in block or b"'e'" in block:
        sheet.errors |= {_place(each[1]): each[2].decode() for each in _ERROR.finditer(block)}
    if b"<f" in block or b":f" in block:
        formulas = (each[1] for each in _UNSTORED.finditer(block))
        sheet.unstored += [_place(each) for each in formulas if not re.search(rb"=.str.", each)]
    if len(sizes):
        used = np.array(_SHARED.findall(block), dtype="S9").astype("int64")
        sheet.text += int(sizes[used[used < len(sizes)]].sum())
    if zeros:
        styled = (each for each in _STYLE.finditer(block) if each[2] in zeros)
        sheet.zeros |= {_place(each[1]): zeros[each[2]] for each in styled}


def _place(attributes: bytes) -> Place:
    found = _AT.search(attributes)
    return (int(found[2]) - 1, _column(found[1]) - 1) if found else (0, 0)


def _column(name: bytes) -> int:
    number = 0
    for letter in name.upper():
        number = number * 26 + letter - 64
    return number


def _reach(
    archive: ZipFile, member: ZipInfo, sheet: Sheet, path: Path, say: Language
) -> list[range]:
    """Return the rows and columns to keep where a stray cell makes the used range too large."""
    last, width = max(sheet.rows, default=0), max([26, *map(_column, sheet.columns)])
    if last * width <= 2 * _MOST_CELLS or (width == 26 and sheet.cells >= last):
        return []
    cells = _CELL.finditer(archive.read(member))
    places = np.fromiter((n for c in cells for n in (int(c[2]), _column(c[1]))), "int64")
    at = places.reshape(-1, 2) - 1
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
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as copy:
        for name in archive.namelist():
            copy.writestr(name, changed[name] if name in changed else archive.read(name))
    return packed.getvalue()


# ── compound files ──


def refuse_circles(path: Path, raw: bytes, say: Language) -> None:
    """Refuse a compound file whose chains of sectors never end: the library would follow them."""
    size = 4096 if raw[30] == 12 else 512
    sectors = [_words(raw[at : at + size]) for at in range(size, len(raw), size)]
    head, none = _words(raw[:512]), np.zeros(0, "int64")
    # The list of the table's sectors, whose last word names where it goes on; the table itself.
    lasts = np.array([sector[-1] for sector in sectors], "int64")
    listed = [head[19:], *(sectors[n][:-1] for n in _chain(head[17], lasts))]
    table = np.concatenate(
        [none, *(sectors[n] for n in np.concatenate(listed) if n < len(sectors))]
    )
    small = np.concatenate([none, *(sectors[n] for n in _chain(head[15], table[: len(sectors)]))])
    if not (_ends(table) and _ends(small) and len(_chain(head[17], lasts)) <= len(sectors)):
        what = say("the file can't be read: {reason}", reason=say("it is broken"))
        remedy = say("open it in its own program and save it as .xlsx or UTF-8 .csv")
        raise refuse(path, what, remedy)


def _words(part: bytes) -> np.ndarray:
    return np.frombuffer(part[: len(part) // 4 * 4], "<u4").astype("int64")


def _chain(first: int, after: np.ndarray) -> list[int]:
    """Follow a chain of places until it ends; one that runs in circles is one too long."""
    found = []
    while first < len(after) and len(found) <= len(after):
        found.append(int(first))
        first = after[first]
    return found


def _ends(after: np.ndarray) -> bool:
    """Tell whether every chain of places comes to an end, by going ever twice as far."""
    end = len(after)
    after = np.append(np.where(after < end, after, end), end)
    for _ in range(end.bit_length() + 1):
        after = after[after]
    return bool((after == end).all())
