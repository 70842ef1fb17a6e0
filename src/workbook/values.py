"""Turn text columns into numbers, choices and yes/no, and mark what can't be read.

One decimal sign holds for a whole column: it is decided from all its values before any is
converted. A cell that can't be read is marked and stays unknown: it is never zero and never
dropped. Plain columns are cast whole; others are converted once per distinct value.
"""

import csv
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbook.resources import data_path
from workbook.schema import Column, fold

__all__ = [
    "Typed",
    "as_mask",
    "by_distinct",
    "cast_plain",
    "change",
    "is_missing",
    "like",
    "to_choice",
    "to_list",
    "to_number",
    "to_text",
    "to_yesno",
    "trimmed",
    "typed_as",
]

_MISSING = pa.array(["", "null", "n/a", "nan", "-", "–", "—"], pa.large_string())
_TICKS = {"✓": True, "✔": True, "☑": True, "✗": False, "✘": False, "☐": False}
_BITS = {"1": True, "1.0": True, "0": False, "0.0": False}


class Typed(NamedTuple):
    """A typed column, a mask of its unreadable cells, and whether a default had to decide.

    `undecided` is true when no value told day from month, or a decimal sign from a thousands sign.
    """

    series: pd.Series
    unreadable: pd.Series
    undecided: bool = False


def trimmed(text: pd.Series) -> pa.Array:
    cells = pa.array(text.astype("str"), type=pa.large_string(), from_pandas=True)
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return pc.fill_null(pc.utf8_trim_whitespace(cells), "")


def _missing(cells: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(cells), value_set=_MISSING)


def as_mask(cells: pa.Array) -> np.ndarray:
    return cells.to_numpy(zero_copy_only=False).astype(bool)


def typed_as(text: pd.Series, array: object, unreadable: object = False, undecided: bool = False):
    mask = pd.Series(unreadable, index=text.index, name=text.name, dtype="bool")
    return Typed(pd.Series(array, index=text.index, name=text.name), mask, undecided)


def cast_plain(cells: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Cast a column that is plain throughout, save for blanks; None when it is not."""
    for blank in (lambda: pc.equal(cells, ""), lambda: _missing(cells)):
        try:
            return pc.if_else(blank(), None, cells).cast(kind)
        except pa.ArrowInvalid:
            continue
    return None


def by_distinct(
    text: pd.Series, cells: pa.Array, convert: Callable[[pa.Array], tuple[pd.Series, bool]]
) -> Typed:
    """Convert each distinct value once; a missing result is unreadable unless the cell says so."""
    coded = cells.dictionary_encode()
    values, codes = coded.dictionary, coded.indices.to_numpy()
    typed, undecided = convert(values)
    unreadable = typed.isna().to_numpy() & ~as_mask(_missing(values))
    return typed_as(text, typed.array.take(codes), unreadable[codes], undecided)


def is_missing(text: pd.Series) -> pd.Series:
    """Mark the cells that say nothing: blank, or a lone NULL, N/A, NaN or dash.

    Examples
    --------
    >>> is_missing(pd.Series(["", "NULL", "-", "0"])).tolist()
    [True, True, True, False]
    """
    return pd.Series(as_mask(_missing(trimmed(text))), index=text.index, name=text.name)


def to_text(text: pd.Series) -> Typed:
    """Keep text as it is, codes with leading zeros and words like NA too; blank is missing.

    Examples
    --------
    >>> to_text(pd.Series(["007", " NULL ", ""])).series.tolist()
    ['007', 'NULL', nan]
    """
    cells = trimmed(text)
    return typed_as(text, pd.array(pc.if_else(pc.equal(cells, ""), None, cells), dtype="str"))


# ── numbers ──────────────────────────────────────────────────────────────────────────────────

_UNIT = r"(?:€|\$|£|¥|₽|zł|pln|eur|usd|gbp|chf|rub|uah|czk|руб|kg|кг|szt|pcs|шт|min|мин)\.?"
_GAP = r"[ \x{A0}\x{2009}\x{202F}'’]"
_PLAIN = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def like(values: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(values, pattern=f"^(?:{pattern})$")


def change(values: pa.Array, pattern: str, replacement: str) -> pa.Array:
    return pc.replace_substring_regex(values, pattern=pattern, replacement=replacement)


def _decide_decimal(bare: pa.Array) -> tuple[str, bool]:
    """Decide the decimal sign from all values; False when all can be read both ways (1,234).

    A sign followed by other than three digits is decimal, and so is the last of two different
    signs; a sign that stands twice in a number only groups thousands.
    """
    comma, point = _decimal_votes(bare, ",", r"\."), _decimal_votes(bare, r"\.", ",")
    if comma or point:
        return ("," if comma > point else "."), True
    either = bare.filter(like(bare, r"-?[1-9]\d{0,2}[,.]\d{3}"))
    # Thousands that stand bare (1234) show that no sign groups thousands in this column.
    if len(either) and pc.any(like(bare, r"-?\d{4,}")).as_py():
        return ("," if pc.any(pc.match_substring(either, ",")).as_py() else "."), True
    return ".", len(either) == 0


def _decimal_votes(bare: pa.Array, sign: str, other: str) -> int:
    """Count the values that make sense only with this decimal sign."""
    uneven = rf"\d*{sign}(?:\d{{1,2}}|\d{{4,}})"
    no_group = rf"(?:0|\d{{4,}})?{sign}\d+"
    after_group = rf"\d{{1,3}}(?:{other}\d{{3}})+{sign}\d+"
    other_twice = rf"\d{{1,3}}(?:{other}\d{{3}}){{2,}}"
    pattern = f"-?(?:{uneven}|{no_group}|{after_group}|{other_twice})%?"
    return pc.sum(like(bare, pattern)).as_py() or 0


def _bare_numbers(values: pa.Array) -> pa.Array:
    """Strip currency, units, thousands by space or apostrophe, and accountants' minus signs."""
    bare = change(values, rf"(?i)^([+-]?){_GAP}*{_UNIT}{_GAP}*|{_GAP}*{_UNIT}$", r"\1")
    bare = change(bare, rf"^\((.+)\)$|^([\d.,]+)-$|^[-−]{_GAP}*(.+)$", r"-\1\2\3")
    bare = change(bare, rf"^\+|{_GAP}+(%)$", r"\1")
    grouped = like(bare, rf"-?\d{{1,3}}(?:{_GAP}\d{{3}})+(?:[.,]\d+)?%?")
    return pc.if_else(grouped, change(bare, _GAP, ""), bare)


def to_number(text: pd.Series, decimal: str | None = None) -> Typed:
    """Read numbers; thousands marks, currency signs and per cent are understood.

    Parameters
    ----------
    text : pandas.Series of str
    decimal : {".", ","}, optional
        The column's decimal sign; by default it is decided from all the values.

    Returns
    -------
    Typed
        float64, per cent as a share of 0 to 1.

    Examples
    --------
    >>> to_number(pd.Series(["1 234,50", "-", "12,0 %"])).series.tolist()
    [1234.5, nan, 0.12]
    >>> to_number(pd.Series(["3.5", "See ASN-93"])).unreadable.tolist()
    [False, True]
    """
    cells = trimmed(text)
    plain = cast_plain(cells, pa.float64()) if decimal != "," else None
    if plain is not None and (decimal or _is_settled(cells)):
        numbers = plain.to_numpy(zero_copy_only=False)
        if not np.isinf(numbers).any():
            return typed_as(text, numbers)
    return by_distinct(text, cells, lambda values: _numbers(values, decimal))


def _is_settled(cells: pa.Array) -> bool:
    """Tell whether the points in plain numbers are decimal, by the first thousand of them."""
    pointed = cells.filter(pc.match_substring(cells, "."))
    return not len(pointed) or _decimal_votes(pointed[:1000], r"\.", ",") > 0


def _numbers(values: pa.Array, decimal: str | None) -> tuple[pd.Series, bool]:
    bare = _bare_numbers(values)
    sign, settled = (decimal, True) if decimal else _decide_decimal(bare)
    share = as_mask(pc.ends_with(bare, "%"))
    bare = change(bare, "%$", "")
    mark, group = (",", r"\.") if sign == "," else (r"\.", ",")
    grouped = like(bare, rf"-?\d{{1,3}}(?:{group}\d{{3}})+(?:{mark}\d*)?")
    bare = pc.if_else(grouped, change(bare, group, ""), bare)
    if sign == ",":
        bare = pc.if_else(pc.match_substring(bare, "."), "", change(bare, ",", "."))
    numbers = pc.if_else(like(bare, _PLAIN), bare, None).cast(pa.float64())
    numbers = pd.Series(numbers.to_numpy(zero_copy_only=False), dtype="float64")
    return numbers.mask(share, numbers / 100), not settled


# ── words ────────────────────────────────────────────────────────────────────────────────────


@cache
def _words(allowed: tuple[str, ...]) -> dict[str, str]:
    """Map the words of four languages, folded, to the allowed value that each means."""
    with data_path("words.csv").open(encoding="utf-8", newline="") as source:
        rows = {row.pop("value"): "|".join(row.values()) for row in csv.DictReader(source)}
    words = {fold(word): value for value in allowed for word in rows.get(value, "").split("|")}
    return {word: value for word, value in words.items() if word} | {fold(v): v for v in allowed}


def to_yesno(text: pd.Series) -> Typed:
    """Read yes and no in four languages, 1 and 0, true and false, and ticks.

    Examples
    --------
    >>> to_yesno(pd.Series(["tak", "0", "", "maybe"])).series.tolist()
    [True, False, <NA>, <NA>]
    """
    words = {word: value == "yes" for word, value in _words(("yes", "no")).items()}

    def convert(values: pa.Array) -> tuple[pd.Series, bool]:
        known = _TICKS | _BITS
        read = [known.get(value, words.get(fold(value))) for value in values.to_pylist()]
        return pd.Series(read, dtype="boolean"), False

    return by_distinct(text, trimmed(text), convert)


def to_choice(text: pd.Series, column: Column) -> Typed:
    """Read one of a column's allowed values, also by its common word in four languages.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> to_choice(pd.Series(["dobry", "Damaged"]), columns("order_lines")["condition"])[0].tolist()
    ['good', 'damaged']
    """
    words = _words(column.allowed)

    def convert(values: pa.Array) -> tuple[pd.Series, bool]:
        return pd.Series([words.get(fold(v)) for v in values.to_pylist()], dtype="str"), False

    return by_distinct(text, trimmed(text), convert)


def to_list(text: pd.Series, column: Column) -> Typed:
    """Tidy lists joined by semicolons, each item an allowed value where the column has such.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> to_list(pd.Series(["S1; S2 ;"]), columns("steps")["predecessors"]).series.tolist()
    ['S1;S2']
    """
    words = _words(column.allowed)

    def read(value: str) -> str | None:
        items = [item.strip() for item in value.split(";") if item.strip()]
        if column.allowed:
            items = [words.get(fold(item), "") for item in items]
        return ";".join(items) if items and all(items) else None

    def convert(values: pa.Array) -> tuple[pd.Series, bool]:
        return pd.Series([read(value) for value in values.to_pylist()], dtype="str"), False

    return by_distinct(text, trimmed(text), convert)
