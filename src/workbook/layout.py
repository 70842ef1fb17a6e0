"""Find a table among a file's rows: its headings, what they span, and which rows are no records."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbook.faults import in_rows
from workbook.language import Language
from workbook.schema import Problem, fold

__all__ = [
    "Layout",
    "Rows",
    "as_texts",
    "count_known",
    "heading_at",
    "letter",
    "name_columns",
    "tidy",
]

_UNIT = re.compile(
    "szt|pcs?|pieces?|units?|ea|stk|st|шт|штук|[kк]?[gгtт]|[lл]|[mм]3|eur|usd|pln|gbp|chf|zł|zl|rub|руб"
    "|[€$£%]|min|мин|h|godz|ч|date|data|дата|tekst|te?xt|текст|(dd|jj|дд)(mm|мм)(yyyy|rrrr|aaaa|гггг)"
    "|(yyyy|rrrr)mmdd"
)
_NOTE = re.compile(r":|^\(\d+ |\S+\s+\S+\s+\S|^[^\W\d]+\s+[^\W\d]+")

Rows = Sequence[Sequence[str]]


def count_known(cells: Iterable[str], known: frozenset[str]) -> int:
    return len({fold(cell) for cell in cells} & known)


def heading_at(rows: Rows, known: frozenset[str]) -> int:
    """Find the heading row: most known headings, else the first row as full as the others."""
    hits = [count_known(name_columns(rows, i, known), known) for i in range(len(rows))]
    if max(hits) >= 2:
        return hits.index(max(hits))
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return next(i for i, n in enumerate(filled) if n * 2 >= max(filled))


def name_columns(rows: Rows, at: int, known: frozenset[str]) -> list[str]:
    """Name the columns; a group's heading in the row above goes with those that it spans."""
    own = [" ".join(str(cell).split()) for cell in rows[at]]
    above = [" ".join(str(cell).split()).strip("-=_+ ") for cell in rows[at - 1]] if at else []
    if not any(above):
        return own
    once = [fold(name) in known and own.count(name) == 1 for name in own]
    names, group = [], ""
    for name, sure, top in zip(own, once, above + [""] * len(own), strict=False):
        group = top or group
        both = f"{group} {name}"
        spanned = fold(both) in known or (own.count(name) > 1 and len(set(above)) > 2)
        names.append((both if spanned and not sure else name) if name else top)
    return names


def _distinct(headings: Iterable[str]) -> list[str]:
    """Number repeated headings, so that each column has a name of its own."""
    seen: dict[str, int] = {}
    names = []
    for heading in headings:
        seen[heading] = seen.get(heading, 0) + 1
        names.append(heading if seen[heading] == 1 else f"{heading} ({seen[heading]})")
    return names


def as_texts(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Write a typed column as text that can't be misread: 17.0 is 17, and 1.125 is 1.1250.

    With three decimals the point could be taken for a sign of thousands.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_floating(column.type):
        return pc.fill_null(column.cast(pa.large_string()), "")
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.and_(pc.less(pc.abs(column), 1e16), pc.equal(column, pc.round(column)))
    texts = pc.replace_substring_regex(column.cast(pa.large_string()), r"(\.\d{3})$", r"\10")
    integers = pc.if_else(whole, column, 0).cast(pa.int64()).cast(pa.large_string())
    return pc.fill_null(pc.if_else(whole, integers, texts), "")


def letter(place: int) -> str:
    return (letter(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


@dataclass(frozen=True)
class Layout:
    """Where a table stands in its file: the row of its headings, from 1, and the headings."""

    path: Path
    sheet: str | None
    row: int
    headings: list[str]
    say: Language
    delimiter: str = ""
    quote: str = '"'

    def problem(
        self, what: str, remedy: str, severity: str = "warning", **place: object
    ) -> Problem:
        where = {"problem": what} | place | in_rows(what, place.pop("rows", ()), self.say)
        return Problem(severity, "", remedy=remedy, file=self.path.name, sheet=self.sheet, **where)


def tidy(
    frame: pd.DataFrame, layout: Layout, rows: np.ndarray
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
    nameless = {
        place: _is_blank(frame[place]) for place, name in enumerate(layout.headings) if not name
    }
    aside = np.full(len(frame), bool(nameless))
    for place in frame:
        if not aside.any():
            break
        aside &= place in nameless or _is_blank(frame[place])
    beside = np.flatnonzero(aside).tolist()
    empty = [place for place, is_blank in nameless.items() if is_blank[~aside].all()]
    frame, problems = _records(frame.drop(columns=empty), layout, beside)
    names = _distinct([name or letter(place) for place, name in enumerate(layout.headings)])
    problems += _heading_problems([place for place in nameless if place not in empty], layout)
    return frame.set_axis([names[place] for place in frame], axis=1), problems


def _is_blank(cells: pd.Series) -> np.ndarray:
    # Arrow itself, because a file may have thousands of columns.
    trimmed = pc.utf8_trim_whitespace(pa.array(cells, pa.large_string()))
    return np.asarray(pc.equal(trimmed, "").fill_null(False), dtype=bool)


def _heading_problems(nameless: list[int], layout: Layout) -> list[Problem]:
    say, problems = layout.say, []
    for place in nameless:
        what = say("the column has values but no heading")
        remedy = say("write a heading above it, or delete the column")
        problems.append(layout.problem(what, remedy, row=layout.row, column=letter(place)))
    for name in dict.fromkeys(layout.headings):
        if name and (n := layout.headings.count(name)) > 1:
            what = say.plural("the heading stands {n} time", "the heading stands {n} times", n)
            remedy = say("give each column a heading of its own")
            problems.append(layout.problem(what, remedy, row=layout.row, column=name))
    return problems


def _records(
    frame: pd.DataFrame, layout: Layout, left: list[int]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Leave out a row of units under the headings, and notes below the table; tell which."""
    say, left = layout.say, [*left]
    if len(frame) and _is_units(frame.iloc[0].tolist()):
        left.append(0)
    last = [[cell for cell in row if cell.strip()] for row in frame.iloc[-20:].to_numpy().tolist()]
    while frame.shape[1] > 1 and len(last) > 1 and _is_note(last[-1]):
        left.append(len(frame) - 20 + len(last) if len(frame) > 20 else len(last) - 1)
        last.pop()
    if not left:
        return frame, []
    rows = frame.index[sorted({*left})]
    what = say.plural(
        "{n} row is no record but units or a note, and is left out",
        "{n} rows are no records but units or notes, and are left out",
        len(rows),
    )
    text = next(filter(str.strip, frame.loc[rows[0]].tolist()), "")
    problem = layout.problem(what, say("delete them if they are none"), rows=rows, value=text)
    return frame.drop(index=rows), [problem]


def _is_note(given: list[str]) -> bool:
    return _NOTE.search(given[0]) if len(given) == 1 else len(given) == 2 and given[0].endswith(":")


def _is_units(cells: Sequence[str]) -> bool:
    """Tell a row of units, or of the columns' numbers, from a record."""
    given = [cell.strip().strip("[]()").casefold() for cell in cells]
    words = [fold(cell) or cell for cell in given if cell]
    numbered = given == [str(i + 1) for i in range(len(given))] and len(given) > 4
    ruled = all(re.fullmatch("[-=+:]+", cell) for cell in words)
    return numbered or ruled or (len(words) > 1 and all(map(_UNIT.fullmatch, words)))
