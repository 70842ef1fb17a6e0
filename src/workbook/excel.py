"""Read a workbook's cells as text, after a look into the archive that the library does not take."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from workbook.archive import HEAD_ROWS, Sheet, look_into, refuse, refuse_circles
from workbook.language import Language
from workbook.layout import Rows, as_texts
from workbook.schema import DataError

__all__ = ["read_workbook", "sheet_of"]

_AT_ONCE = 20_000
# The records of an .xls that hold an error, alone or as a formula's result.
_CODES = rb"([\x00\x07\x0f\x17\x1d\x24\x2a])"
_XLS_ERROR = re.compile(
    rb"\x05\x02\x08\0(.{4})..%b\x01|\x06\0..(.{4})..\x02.%b.{3}\xff\xff" % (_CODES, _CODES),
    re.DOTALL,
)
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!"}


def sheet_of(rows: Rows) -> Sheet:
    """Return rows of text as a sheet without a name."""
    width = max(map(len, rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    return Sheet(None, pd.DataFrame(padded, columns=range(width), dtype="str"))


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
    if raw.startswith(b"PK"):
        looked, raw = look_into(path, raw, say)
    else:
        # A compound file comes in sectors; calamine panics where the last is cut.
        looked, raw = {}, raw.ljust(512, b"\xff") + bytes(-len(raw) % 512)
        refuse_circles(path, raw, say)
    try:
        with calamine.load_workbook(io.BytesIO(raw)) as book:
            found = _best_sheet(book, path, sheet, looked, score, say)
    except calamine.PasswordError:
        raise _locked(path, say) from None
    if not raw.startswith(b"PK"):
        _note_xls_errors(raw, found)
    return found


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
        head = [list(map(_cell, row)) for row in cells.to_python(False, nrows=HEAD_ROWS)]
        found[name] = score(head)
        if best is None or found[name] > found[best[0]]:
            best = name, cells
    if best is None or not best[1].height:
        raise refuse(path, say("the sheet is empty"), say("save it again with its rows"), sheet)
    chosen = looked.get(best[0]) or Sheet(best[0])
    chosen.frame = _as_frame(best[1].iter_rows())
    chosen.merged = best[1].merged_cell_ranges or []
    chosen.alike = [name for name in found if name != best[0] and found[name] == found[best[0]]]
    for (row, column), digits in chosen.zeros.items():
        if row < len(chosen.frame) and column < chosen.frame.shape[1]:
            chosen.frame.iat[row, column] = chosen.frame.iat[row, column].zfill(digits)
    return chosen


def _is_shown(sheet: calamine.SheetMetadata) -> bool:
    worksheet = sheet.typ == calamine.SheetTypeEnum.WorkSheet
    return worksheet and sheet.visible == calamine.SheetVisibleEnum.Visible


def _as_frame(rows: Iterator[list[object]]) -> pd.DataFrame:
    """Write cells as text, some thousand rows at a time, so that few are held twice."""
    parts: dict[int, list[pa.Array]] = {}
    while block := list(islice(rows, _AT_ONCE)):
        for place, cells in enumerate(zip(*block, strict=True)):
            parts.setdefault(place, []).append(_write(cells))
    whole = {place: pa.chunked_array(each) for place, each in parts.items()}
    return pd.DataFrame(
        {place: pd.array(_one_sign(each), dtype="str") for place, each in whole.items()}
    )


def _write(cells: tuple[object, ...]) -> pa.Array:
    kinds = set(map(type, cells))
    if kinds <= {int, float}:
        return as_texts(pa.array(cells, pa.float64()))
    return pa.array(cells if kinds == {str} else map(_cell, cells), pa.large_string())


def _one_sign(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give typed numbers the decimal comma of the numbers that stand as text beside them."""
    if not pc.any(pc.match_substring_regex(cells, r"^[^\pL.]*\d,\d{1,2}$")).as_py():
        return cells
    return pc.replace_substring_regex(cells, r"^(-?\d+)\.(\d{1,2}|\d{4,})$", r"\1,\2")


@lru_cache(100_000, typed=True)
def _cell(value: object) -> str:
    """Write a workbook's cell exactly: 10248.0 was typed as 10248, a date becomes ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
        return text + "0" * (text[-4:-3] == ".")  # as as_texts does
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def _note_xls_errors(raw: bytes, sheet: Sheet) -> None:
    """Note the errors of an .xls, which calamine reads as blanks."""
    cells = sheet.frame
    for alone, code, result, its in _XLS_ERROR.findall(raw):
        row, column = np.frombuffer(alone or result, "<u2").tolist()
        if row < len(cells) and column < cells.shape[1] and not cells.iat[row, column]:
            sheet.errors[row, column] = _ERRORS.get((code or its)[0], "#N/A")
