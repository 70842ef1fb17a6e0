"""Bring text of any code page to UTF-8: by its marks, its zero bytes, its headings and letters."""

import codecs
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from workbook.language import Language
from workbook.layout import count_known
from workbook.schema import Problem

__all__ = ["decode"]

_MARKS = "“”„‘’–—…™€°«»"
_POLISH = f"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻ{_MARKS}]"
_FRENCH = f"[àâæçéèêëîïôœùûüÿäößÀÂÇÉÈÊËÎÏÔŒÙÛÜŸÄÖ{_MARKS}]"
_RUSSIAN = f"[а-яёА-ЯЁ]{{2,}}|\\b[а-яА-Я]\\b|[{_MARKS}]"
_CODE_PAGES = {
    "cp1250": re.compile(_POLISH),
    "cp1251": re.compile(_RUSSIAN),
    "cp1252": re.compile(_FRENCH),
    "iso8859_2": re.compile(_POLISH),
    "iso8859_15": re.compile(_FRENCH),
    "cp852": re.compile(_POLISH),
    "cp866": re.compile(_RUSSIAN),
    "iso8859_5": re.compile(_RUSSIAN),
    "koi8_r": re.compile(_RUSSIAN),
    "mac_roman": re.compile(_FRENCH),
}
# Marks that nobody sees, and that part equal codes: of direction, of width zero, of a second part.
_UNSEEN = [mark.encode() for mark in "\u200b\u200e\u200f\u2060\ufeff"]


def _utf16(start: bytes) -> str:
    """Name the order of bytes in which every other one is low, as of letters of one script."""
    low = np.frombuffer(start, "u1") < 8
    even, odd = low[::2].sum(), low[1::2].sum()
    if max(even, odd) * 2.5 < len(start) or min(even, odd) * 10 > len(start) or len(start) < 8:
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def decode(path: Path, known: frozenset[str], say: Language) -> tuple[bytes, str, list[Problem]]:
    """Bring text of any code page to UTF-8 with plain line feeds; tell what was lost."""
    raw, page, lost = path.read_bytes(), "utf-8", None
    plain = raw.isascii()
    is_utf8 = plain or _is_utf8(raw)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        page = "utf-16"
    elif unmarked := _utf16(raw[:400]):
        page = unmarked
    elif not is_utf8 and not _is_damaged_utf8(raw):
        page = max(_CODE_PAGES, key=lambda page: _page_score(raw[:1_000_000], page, known))
    if page != "utf-8" or not is_utf8:
        even = len(raw) - len(raw) % 2 * page.startswith("utf-16")
        raw = raw[:even].decode(page, errors="replace").encode()
        lost = "\ufffd".encode()
    raw = raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n") if b"\r" in raw else raw
    raw = raw.replace(b"\r", b"\n").replace(b"\f", b"")
    for mark in () if plain and page == "utf-8" else _UNSEEN:
        raw = raw.replace(mark, b"")
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
    return count_known(cells, known), 2 * expected - sum(letter > "\x7f" for letter in text)
