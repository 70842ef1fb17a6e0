"""Turn text columns into numbers, choices and yes/no, and mark what can't be read.

One decimal sign holds for a whole column: it is decided from all its values before any is
converted. A cell that can't be read is marked and stays unknown: it is never zero and never
dropped. Plain columns are cast whole; others are converted once per distinct value.
"""

import csv
import re
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
    "extract",
    "is_missing",
    "last_bytes",
    "to_choice",
    "to_list",
    "to_number",
    "to_text",
    "to_yesno",
    "trimmed",
    "typed_as",
]

_MISSING = pa.array(["", "null", "n/a", "nan", "-", "–", "—"], pa.large_string())
_TICKS = {
    "✓": True,
    "✔": True,
    "☑": True,
    "✅": True,
    "✗": False,
    "✘": False,
    "☐": False,
    "❌": False,
}
_BITS = {"1": True, "1.0": True, "0": False, "0.0": False}

Parts = dict[str, pa.Array]


class Typed(NamedTuple):
    """A typed column, a mask of its unreadable cells, and how it was read.

    `choice` is the date order or decimal sign that was used, None where no value depends on it;
    `undecided` is true when the values do not settle it and some depend on it; `currencies` are
    listed where there are several.
    """

    series: pd.Series
    unreadable: pd.Series
    undecided: bool = False
    choice: str | None = None
    currencies: tuple[str, ...] = ()


def trimmed(text: pd.Series) -> pa.ChunkedArray:
    cells = pa.array(text.astype("str"), type=pa.large_string(), from_pandas=True)
    cells = pc.fill_null(pa.chunked_array(getattr(cells, "chunks", [cells]), pa.large_string()), "")
    padded = any(map(_may_be_padded, cells.chunks))
    return pc.utf8_trim_whitespace(cells) if padded else cells


def _edges(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last byte of each cell; of a blank one, those of its neighbours."""
    ends = np.frombuffer(cells.buffers()[1], "int64")[cells.offset : cells.offset + len(cells) + 1]
    if not len(cells) or ends[0] == ends[-1]:
        return (np.full(len(cells), 48, dtype="uint8"),) * 2
    raw = np.frombuffer(cells.buffers()[2], "uint8")
    first, last = raw[np.minimum(ends[:-1], ends[-1] - 1)], raw[np.maximum(ends[1:] - 1, ends[0])]
    return first, last


def _may_be_padded(cells: pa.Array) -> bool:
    """Tell by the first and last bytes whether any cell could begin or end in white space."""
    return any(bool(((edge <= 32) | (edge >= 128)).any()) for edge in _edges(cells))


def last_bytes(cells: pa.ChunkedArray) -> np.ndarray:
    found = [_edges(chunk)[1] for chunk in cells.chunks] or [np.empty(0, dtype="uint8")]
    return np.where(as_mask(pc.equal(cells, "")), 0, np.concatenate(found))


def _missing(cells: pa.ChunkedArray) -> pa.Array:
    return pc.is_in(pc.utf8_lower(cells), value_set=_MISSING)


def as_mask(cells: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return cells.to_numpy(zero_copy_only=False).astype(bool)


def typed_as(text: pd.Series, array: object, unreadable: object = False, **how: object) -> Typed:
    mask = pd.Series(unreadable, index=text.index, name=text.name, dtype="bool")
    series = pd.Series(array, index=text.index, name=text.name, copy=False)
    return Typed(series, mask, **how)


def cast_plain(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    """Cast a column that is plain throughout, save for blanks; None when it is not."""
    first = cells[:200]  # tells most of the columns that are not
    try:
        pc.if_else(_missing(first), None, first).cast(kind)
    except pa.ArrowInvalid:
        return None
    for blank in (None, lambda: pc.equal(cells, ""), lambda: _missing(cells)):
        try:
            return (pc.if_else(blank(), None, cells) if blank else cells).cast(kind)
        except pa.ArrowInvalid:
            continue
    return None


def by_distinct(
    text: pd.Series,
    cells: pa.ChunkedArray,
    convert: Callable[[pa.Array], tuple[pd.Series, dict[str, object]]],
) -> Typed:
    """Convert each distinct value once; a missing result is unreadable unless the cell says so."""
    coded = cells.combine_chunks().dictionary_encode()
    values, codes = coded.dictionary, coded.indices.to_numpy()
    typed, how = convert(values)
    unreadable = typed.isna().to_numpy() & ~as_mask(_missing(values))
    return typed_as(text, typed.array.take(codes), unreadable[codes], **how)


def extract(values: pa.Array, pattern: str) -> tuple[np.ndarray, Parts]:
    """Return which values match the pattern, and the named parts of those."""
    parts = pc.extract_regex(values, pattern=pattern)
    matched = parts.is_valid()
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    return as_mask(matched), dict(zip(names, parts.filter(matched).flatten(), strict=True))


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
    blank = pc.equal(cells, "")
    if pc.any(blank).as_py():
        cells = pc.if_else(blank, None, cells)
    return typed_as(text, pd.array(cells, dtype="str"))


# ── numbers ──────────────────────────────────────────────────────────────────────────────────

_GAP = r"[ \x{A0}\x{2009}\x{202F}'’]"
_MINUS = "-−–"
# A leading sign, a currency, digits grouped by spaces or bare, a unit, and accountants' signs.
_NUMBER = (
    rf"^(?P<open>[{_MINUS}+(]?){_GAP}*(?P<before>[\p{{L}}\p{{Sc}}]{{0,4}}){_GAP}*"
    rf"(?P<minus>[{_MINUS}]?){_GAP}*"
    rf"(?P<digits>(?:\d{{1,3}}(?:{_GAP}\d{{3}})+|\d+|(?:\d+[.,])+\d+)?(?:[.,]\d*)?(?:[eE][+-]?\d+)?)"
    rf"{_GAP}*(?P<after>%|[\p{{L}}\p{{Sc}}][\p{{L}}.²³/]{{0,9}})?{_GAP}*(?P<close>[{_MINUS})]?)$"
)
_PLAIN = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# Words that may stand beside a number; those of one line mean the same.
_UNITS = """szt sztuk sztuki pc pcs pce piece pieces ea each unit units unite unites шт штук ед
op opak opakowanie opakowania opakowań
уп упак
karton kartony kartonów
carton cartons ctn
box boxes
paleta palety palet
pallet pallets
palette palettes
kpl kompl
l ltr litr litre litres л
m mb metr mètre м
m2
m3"""
_MONEY = """€ eur euro euros евро
$ usd us$
£ gbp
zł pln złotych
₽ rub rur руб р
chf
czk kč
uah ₴ грн
sek
nok
dkk
huf ft
ron lei
bgn"""
_WEIGHTS = {"kg": 1, "кг": 1, "g": 0.001, "gr": 0.001, "г": 0.001, "гр": 0.001, "t": 1000}
_WEIGHTS |= {"т": 1000, "lb": 0.45359237, "lbs": 0.45359237}
_MINUTES = {
    "": 1,
    "s sec sek sekund sekundy с сек секунд": 1 / 60,
    "m min mins minute minutes minut minuty minuta мин м минут минуты минута": 1,
    "h hr hrs hour hours g godz godzin godziny godzina heure heures ч час часа часов": 60,
    "d day days dzień dni j jour jours д дн день дня дней": 1440,
    "w week weeks tydz tydzień tygodnie tygodni semaine semaines нед неделя недели": 10080,
}


def like(values: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(values, pattern=f"^(?:{pattern})$")


def _decide_decimal(digits: pa.Array) -> tuple[str, bool, bool]:
    """Decide the decimal sign from all values: the sign, whether it is settled, and if it matters.

    A sign followed by other than three digits is decimal, and so is the last of two different
    signs; a sign that stands twice in a number only groups thousands.
    """
    comma, point = _decimal_votes(digits, ",", r"\."), _decimal_votes(digits, r"\.", ",")
    either = digits.filter(like(digits, r"[1-9]\d{0,2}[,.]\d{3}"))
    if comma or point:
        return ("," if comma > point else "."), not (comma and point and len(either)), True
    # Thousands that stand bare (1234) make it likelier that no sign groups thousands here.
    if len(either) and pc.any(like(digits, r"\d{4,}")).as_py():
        return ("," if pc.any(pc.match_substring(either, ",")).as_py() else "."), False, True
    return ".", len(either) == 0, len(either) > 0


def _decimal_votes(digits: pa.Array, sign: str, other: str) -> int:
    """Count the values that make sense only with this decimal sign."""
    uneven = rf"\d*{sign}(?:\d{{1,2}}|\d{{4,}})"
    no_group = rf"(?:0|\d{{4,}})?{sign}\d+"
    after_group = rf"\d{{1,3}}(?:{other}\d{{3}})+{sign}\d+"
    other_twice = rf"\d{{1,3}}(?:{other}\d{{3}}){{2,}}"
    return pc.sum(like(digits, f"{uneven}|{no_group}|{after_group}|{other_twice}")).as_py() or 0


def to_number(text: pd.Series, decimal: str | None = None, unit: str = "") -> Typed:
    """Read numbers; thousands marks, currency signs, units and per cent are understood.

    One unit holds for a column: a value in another one is unreadable, never added to the rest.
    In a column of kilograms, grams, tonnes and pounds are converted; in one of minutes, "0.5 h",
    "01:30" (hours and minutes), "1 h 20 min" and "2 days" (of 24 hours) are.

    Parameters
    ----------
    text : pandas.Series of str
    decimal : {".", ","}, optional
        The column's decimal sign; by default it is decided from all the values.
    unit : str
        The column's unit in the dictionary: "kg", "min" or other.

    Returns
    -------
    Typed
        float64, per cent as a share of 0 to 1.

    Examples
    --------
    >>> to_number(pd.Series(["1 234,50 zł", "-", "12,0 %"])).series.tolist()
    [1234.5, nan, 0.12]
    >>> to_number(pd.Series(["3.5", "See ASN-93"])).unreadable.tolist()
    [False, True]
    >>> to_number(pd.Series(["15 min", "0.5 h"]), unit="min").series.tolist()
    [15.0, 30.0]
    """
    cells = trimmed(text)
    for sign in (decimal,) if decimal else (".", ","):
        numbers = _plain_numbers(cells, sign, given=bool(decimal))
        if numbers is not None:
            return typed_as(text, numbers, choice=sign if (numbers % 1 > 0).any() else None)
    return by_distinct(text, cells, lambda values: _numbers(values, decimal, unit))


def _plain_numbers(cells: pa.ChunkedArray, sign: str, given: bool) -> np.ndarray | None:
    """Cast a column of bare numbers whole, if this is its decimal sign; else None."""
    bare = cells
    if sign == ",":
        if pc.any(pc.match_substring(cells, ".")).as_py():
            return None
        bare = pc.replace_substring(cells, ",", ".")
    plain = cast_plain(bare, pa.float64())
    if plain is None or not (given or _is_settled(cells, sign)):
        return None
    numbers = plain.to_numpy()
    return None if np.isinf(numbers).any() else numbers


def _is_settled(cells: pa.ChunkedArray, sign: str) -> bool:
    """Tell whether this sign is decimal in plain numbers: by the first thousand, or by all."""
    pattern, other = (r"\.", ",") if sign == "." else (",", r"\.")
    if _decimal_votes(cells[:1000], pattern, other):
        return True
    signed = cells.filter(pc.match_substring(cells, sign))
    return not len(signed) or _decimal_votes(signed, pattern, other) > 0


def _numbers(
    values: pa.Array, decimal: str | None, unit: str
) -> tuple[pd.Series, dict[str, object]]:
    matched, parts = extract(values, _NUMBER)
    digits = pc.replace_substring_regex(parts["digits"], pattern=_GAP, replacement="")
    sign, settled, matters = (decimal, True, True) if decimal else _decide_decimal(digits)
    factors, currencies = _factors(parts, unit)
    numbers = np.full(len(values), np.nan)
    numbers[matched] = _as_floats(digits, sign) * _signs(parts) * factors
    if unit == "min":
        spans = [_minutes(value) for value in values.to_pylist()]
        numbers = np.where(np.isnan(spans), numbers, spans)
    how = {"undecided": not settled, "choice": sign if matters else None}
    return pd.Series(numbers), how | {"currencies": currencies}


def _as_floats(digits: pa.Array, sign: str) -> np.ndarray:
    """Read bare digits by the decimal sign; what does not fit it is not a number."""
    mark, group, other = (",", r"\.", ".") if sign == "," else (r"\.", ",", ",")
    lakhs = rf"\d{{1,2}}(?:{group}\d\d)+{group}\d{{3}}"  # 1,23,456 in India
    grouped = like(digits, rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|{lakhs})(?:{mark}\d*)?")
    bare = pc.if_else(grouped, pc.replace_substring(digits, other, ""), digits)
    if sign == ",":
        point = pc.match_substring(bare, ".")
        bare = pc.if_else(point, "", pc.replace_substring(bare, ",", "."))
    numbers = pc.if_else(like(bare, _PLAIN), bare, None).cast(pa.float64())
    numbers = numbers.to_numpy(zero_copy_only=False)
    return np.where(np.isinf(numbers), np.nan, numbers)


def _signs(parts: Parts) -> np.ndarray:
    """Return -1 for negative numbers, also (5.00) and 5-; NaN where signs don't match up."""
    is_in = lambda part, signs: as_mask(pc.is_in(parts[part], value_set=pa.array(list(signs))))
    opened, closed = is_in("open", "("), is_in("close", ")")
    minuses = sum(is_in(part, _MINUS).astype(int) for part in ("open", "minus", "close"))
    sound = (opened == closed) & (opened + minuses <= 1)
    return np.where(sound, np.where(opened | (minuses == 1), -1.0, 1.0), np.nan)


@cache
def _unit_words(lines: str) -> dict[str, str]:
    """Map each word, folded, to the first of its line."""
    groups = [line.split() for line in lines.splitlines()]
    return {fold(word) or word: group[0] for group in groups for word in group}


def _factors(parts: Parts, unit: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return what each unit multiplies by, NaN if unknown or unlike the others; the currencies."""
    before, after = ([fold(w) or w for w in parts[n].to_pylist()] for n in ("before", "after"))
    words = [a if not b else b if not a else "?" for b, a in zip(before, after, strict=True)]
    money, plain = _unit_words(_MONEY), {"": 1.0, "%": 0.01}
    currencies = tuple(sorted({money[word] for word in words if word in money}))
    known = plain | dict.fromkeys(money, 1.0)
    if unit == "kg":
        return np.array([(known | _WEIGHTS).get(word, np.nan) for word in words]), ()
    things = _unit_words(_UNITS) | {word: word for word in _WEIGHTS}
    usual = pd.Series([things[word] for word in words if word in things]).mode()
    known |= {word: 1.0 for word, thing in things.items() if thing == usual.get(0)}
    return np.array([known.get(word, np.nan) for word in words]), currencies if len(
        currencies
    ) > 1 else ()


def _minutes(value: str) -> float:
    """Read a duration with a clock's colon or with units; NaN for all else."""
    clock = re.fullmatch(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?:\s*[hч])?", value)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 60 + minutes + seconds / 60
    pairs = re.findall(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)\.?", value)
    rest = re.sub(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)\.?|\s", "", value)
    sizes = {fold(word): size for words, size in _MINUTES.items() for word in words.split()}
    if rest or not pairs or not pairs[0][1]:
        return np.nan
    sizes |= {"": 1} if len(pairs) > 1 else {}
    return sum(float(n.replace(",", ".")) * sizes.get(fold(unit), np.nan) for n, unit in pairs)


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

    A lone x is a tick, unless the column also has ticks: then it is a cross. Beside words for yes
    and no it could be either, and is unreadable.

    Examples
    --------
    >>> to_yesno(pd.Series(["tak", "0", "", "maybe"])).series.tolist()
    [True, False, <NA>, <NA>]
    >>> to_yesno(pd.Series(["x", "✓"])).series.tolist(), to_yesno(pd.Series(["x"])).series.tolist()
    ([False, True], [True])
    """
    words = {word: value == "yes" for word, value in _words(("yes", "no")).items()}

    def convert(values: pa.Array) -> tuple[pd.Series, dict]:
        known = _TICKS | _BITS
        read = {v: known.get(v, words.get(fold(v))) for v in values.to_pylist()}
        if any(_TICKS.get(value) for value in read):
            read |= {v: False for v in read if v.casefold() in ("x", "х")}
        elif all(meant is None for meant in read.values()):
            read |= {v: True for v in read if v.casefold() in ("x", "х")}
        return pd.Series(list(read.values()), dtype="boolean"), {}

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

    def convert(values: pa.Array) -> tuple[pd.Series, dict]:
        meant = [words.get(fold(value)) for value in values.to_pylist()]
        return pd.Series(meant, dtype="str"), {}

    return by_distinct(text, trimmed(text), convert)


def to_list(text: pd.Series, column: Column) -> Typed:
    """Tidy lists joined by semicolons, commas or line breaks to semicolons.

    Each item is an allowed value where the column has such.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> to_list(pd.Series(["S1; S2 ,"]), columns("steps")["predecessors"]).series.tolist()
    ['S1;S2']
    """
    words = _words(column.allowed)

    def read(value: str) -> str | None:
        items = [item.strip() for item in re.split("[;,\n]", value) if item.strip()]
        if column.allowed:
            items = [words.get(fold(item), "") for item in items]
        return ";".join(items) if items and all(items) else None

    def convert(values: pa.Array) -> tuple[pd.Series, dict]:
        return pd.Series([read(value) for value in values.to_pylist()], dtype="str"), {}

    return by_distinct(text, trimmed(text), convert)
