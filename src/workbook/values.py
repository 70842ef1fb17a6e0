"""Turn text columns into numbers, dates, choices and yes/no, and mark what can't be read.

One date order and one decimal sign hold for a whole column: they are decided from all its values
before any is converted, so that 03.04.2026 never means two days in one column. A cell that can't be
read is marked and stays unknown: it is never zero and never dropped. Plain columns are cast whole;
others are converted once per distinct value.
"""

import csv
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.dates import get_month_names

from workbook.resources import data_path
from workbook.schema import Column, fold

__all__ = [
    "Typed",
    "decide_dates",
    "decide_decimal",
    "is_missing",
    "to_choice",
    "to_date",
    "to_list",
    "to_number",
    "to_text",
    "to_yesno",
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


def _trimmed(text: pd.Series) -> pa.Array:
    cells = pa.array(text.astype("str"), type=pa.large_string(), from_pandas=True)
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return pc.fill_null(pc.utf8_trim_whitespace(cells), "")


def _missing(cells: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(cells), value_set=_MISSING)


def _mask(cells: pa.Array) -> np.ndarray:
    return cells.to_numpy(zero_copy_only=False).astype(bool)


def _typed(text: pd.Series, array: object, unreadable: object = False, undecided: bool = False):
    mask = pd.Series(unreadable, index=text.index, name=text.name, dtype="bool")
    return Typed(pd.Series(array, index=text.index, name=text.name), mask, undecided)


def _cast(cells: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Cast a column that is plain throughout, save for blanks; None when it is not."""
    for blank in (lambda: pc.equal(cells, ""), lambda: _missing(cells)):
        try:
            return pc.if_else(blank(), None, cells).cast(kind)
        except pa.ArrowInvalid:
            continue
    return None


def _by_distinct(
    text: pd.Series, cells: pa.Array, convert: Callable[[pa.Array], tuple[pd.Series, bool]]
) -> Typed:
    """Convert each distinct value once; a missing result is unreadable unless the cell says so."""
    coded = cells.dictionary_encode()
    values, codes = coded.dictionary, coded.indices.to_numpy()
    typed, undecided = convert(values)
    unreadable = typed.isna().to_numpy() & ~_mask(_missing(values))
    return _typed(text, typed.array.take(codes), unreadable[codes], undecided)


def is_missing(text: pd.Series) -> pd.Series:
    """Mark the cells that say nothing: blank, or a lone NULL, N/A, NaN or dash.

    Examples
    --------
    >>> is_missing(pd.Series(["", "NULL", "-", "0"])).tolist()
    [True, True, True, False]
    """
    return pd.Series(_mask(_missing(_trimmed(text))), index=text.index, name=text.name)


def to_text(text: pd.Series) -> Typed:
    """Keep text as it is, codes with leading zeros and words like NA too; blank is missing.

    Examples
    --------
    >>> to_text(pd.Series(["007", " NULL ", ""])).series.tolist()
    ['007', 'NULL', nan]
    """
    cells = _trimmed(text)
    return _typed(text, pd.array(pc.if_else(pc.equal(cells, ""), None, cells), dtype="str"))


# ── numbers ──────────────────────────────────────────────────────────────────────────────────

_UNIT = r"(?:€|\$|£|¥|₽|zł|pln|eur|usd|gbp|chf|rub|uah|czk|руб|kg|кг|szt|pcs|шт|min|мин)\.?"
_GAP = r"[ \x{A0}\x{2009}\x{202F}'’]"
_PLAIN = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def _like(values: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(values, pattern=f"^(?:{pattern})$")


def _change(values: pa.Array, pattern: str, replacement: str) -> pa.Array:
    return pc.replace_substring_regex(values, pattern=pattern, replacement=replacement)


def decide_decimal(text: pd.Series) -> tuple[str, bool]:
    """Decide a column's decimal sign from all its values, and whether they settle it.

    A sign followed by other than three digits is decimal, and so is the last of two different
    signs; a sign that stands twice in a number only groups thousands.

    Returns
    -------
    tuple of (str, bool)
        "." or ",", and False when every value could be read both ways (1,234).

    Examples
    --------
    >>> decide_decimal(pd.Series(["1,234", "0,5"]))
    (',', True)
    >>> decide_decimal(pd.Series(["1,234", "2,500"]))
    ('.', False)
    """
    return _decide_decimal(_bare_numbers(_trimmed(text).unique()))


def _decide_decimal(bare: pa.Array) -> tuple[str, bool]:
    comma, point = _decimal_votes(bare, ",", r"\."), _decimal_votes(bare, r"\.", ",")
    if comma or point:
        return ("," if comma > point else "."), True
    either = bare.filter(_like(bare, r"-?[1-9]\d{0,2}[,.]\d{3}"))
    # Thousands that stand bare (1234) show that no sign groups thousands in this column.
    if len(either) and pc.any(_like(bare, r"-?\d{4,}")).as_py():
        return ("," if pc.any(pc.match_substring(either, ",")).as_py() else "."), True
    return ".", len(either) == 0


def _decimal_votes(bare: pa.Array, sign: str, other: str) -> int:
    """Count the values that make sense only with this decimal sign."""
    uneven = rf"\d*{sign}(?:\d{{1,2}}|\d{{4,}})"
    no_group = rf"(?:0|\d{{4,}})?{sign}\d+"
    after_group = rf"\d{{1,3}}(?:{other}\d{{3}})+{sign}\d+"
    other_twice = rf"\d{{1,3}}(?:{other}\d{{3}}){{2,}}"
    pattern = f"-?(?:{uneven}|{no_group}|{after_group}|{other_twice})%?"
    return pc.sum(_like(bare, pattern)).as_py() or 0


def _bare_numbers(values: pa.Array) -> pa.Array:
    """Strip currency, units, thousands by space or apostrophe, and accountants' minus signs."""
    bare = _change(values, rf"(?i)^([+-]?){_GAP}*{_UNIT}{_GAP}*|{_GAP}*{_UNIT}$", r"\1")
    bare = _change(bare, rf"^\((.+)\)$|^([\d.,]+)-$|^[-−]{_GAP}*(.+)$", r"-\1\2\3")
    bare = _change(bare, rf"^\+|{_GAP}+(%)$", r"\1")
    grouped = _like(bare, rf"-?\d{{1,3}}(?:{_GAP}\d{{3}})+(?:[.,]\d+)?%?")
    return pc.if_else(grouped, _change(bare, _GAP, ""), bare)


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
    cells = _trimmed(text)
    plain = _cast(cells, pa.float64()) if decimal != "," else None
    if plain is not None and (decimal or _is_settled(cells)):
        numbers = plain.to_numpy(zero_copy_only=False)
        if not np.isinf(numbers).any():
            return _typed(text, numbers)
    return _by_distinct(text, cells, lambda values: _numbers(values, decimal))


def _is_settled(cells: pa.Array) -> bool:
    """Tell whether the points in plain numbers are decimal, by the first thousand of them."""
    pointed = cells.filter(pc.match_substring(cells, "."))
    return not len(pointed) or _decimal_votes(pointed[:1000], r"\.", ",") > 0


def _numbers(values: pa.Array, decimal: str | None) -> tuple[pd.Series, bool]:
    bare = _bare_numbers(values)
    sign, settled = (decimal, True) if decimal else _decide_decimal(bare)
    share = _mask(pc.ends_with(bare, "%"))
    bare = _change(bare, "%$", "")
    mark, group = (",", r"\.") if sign == "," else (r"\.", ",")
    grouped = _like(bare, rf"-?\d{{1,3}}(?:{group}\d{{3}})+(?:{mark}\d*)?")
    bare = pc.if_else(grouped, _change(bare, group, ""), bare)
    if sign == ",":
        bare = pc.if_else(pc.match_substring(bare, "."), "", _change(bare, ",", "."))
    numbers = pc.if_else(_like(bare, _PLAIN), bare, None).cast(pa.float64())
    numbers = pd.Series(numbers.to_numpy(zero_copy_only=False), dtype="float64")
    return numbers.mask(share, numbers / 100), not settled


# ── dates ────────────────────────────────────────────────────────────────────────────────────

_TIME = (
    r"(?:(?:[Tt]|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?)?$"
)
_YEAR = r"(?P<year>\d{4}|\d{2})"
_NUMERIC = rf"^(?P<first>\d{{1,2}})(?P<sign>[-/.])(?P<next>\d{{1,2}})[-/.]{_YEAR}{_TIME}"
_FORMS = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME,
    r"^(?P<year>[12]\d{3})(?P<month>\d{2})(?P<day>\d{2})" + _TIME,
    rf"^(?P<day>\d{{1,2}})\.?[-/.\s]*(?P<name>\p{{L}}{{3,}})\.?[-/.,\s]*{_YEAR}{_TIME}",
    r"^(?P<name>\p{L}{3,})\.?\s*(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _TIME,
)
_SERIAL = r"[2-7]\d{4}(?:\.\d+)?"
_EARLIEST, _LATEST = np.datetime64("1900-01-01", "us"), np.datetime64("2101-01-01", "us")

Parts = dict[str, pa.Array]


def _extract(values: pa.Array, pattern: str) -> tuple[np.ndarray, Parts]:
    """Return which values match the pattern, and the named parts of those."""
    parts = pc.extract_regex(values, pattern=pattern)
    matched = parts.is_valid()
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    return _mask(matched), dict(zip(names, parts.filter(matched).flatten(), strict=True))


def _whole(part: pa.Array) -> np.ndarray:
    return pc.if_else(pc.equal(part, ""), "0", part).cast(pa.int64()).to_numpy()


def decide_dates(text: pd.Series) -> tuple[str, bool]:
    """Decide whether a column's dates are day first or month first, and whether that is settled.

    A first part above 12 is a day, so is a second part above 12; dots are never month first.

    Returns
    -------
    tuple of (str, bool)
        "day_first" or "month_first", and False when no value tells the two apart.

    Examples
    --------
    >>> decide_dates(pd.Series(["03/04/2026", "03/25/2026"]))
    ('month_first', True)
    >>> decide_dates(pd.Series(["03/04/2026", "05/06/2026"]))
    ('day_first', False)
    """
    return _decide_order(_extract(_trimmed(text).unique(), _NUMERIC)[1])


def _decide_order(parts: Parts) -> tuple[str, bool]:
    first, following = _whole(parts["first"]), _whole(parts["next"])
    days, months = (first > 12).sum(), (following > 12).sum()
    if days or months:
        return ("day_first" if days >= months else "month_first"), True
    either = (first != following) & ~_mask(pc.equal(parts["sign"], "."))
    return "day_first", not either.any()


@cache
def _months() -> dict[str, int]:
    """Month names of four languages, in full and short, in the cases that dates use."""
    return {"sept": 9} | {
        fold(name): month
        for language in ("ru", "pl", "fr", "en")
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for month, name in get_month_names(width, context, language).items()
    }


def to_date(text: pd.Series, order: str | None = None, timezone: str = "UTC") -> Typed:
    """Read dates and date-times as naive local time; a date alone is midnight.

    Understood are ISO 8601, numbers in the column's one order, month names in four languages and
    Excel's serial days. Two-digit years 69-99 are 1969-1999, others 2000-2068; years before 1900
    or after 2100 are unreadable.

    Parameters
    ----------
    text : pandas.Series of str
    order : {"day_first", "month_first", "iso"}, optional
        By default decided from all the values; iso leaves other numeric forms unreadable.
    timezone : str
        Values with an offset are converted to this zone; values without are local to it.

    Returns
    -------
    Typed
        datetime64[us].

    Examples
    --------
    >>> to_date(pd.Series(["2-Jun-06", "14.11.2006"])).series.dt.strftime("%d %m %Y").tolist()
    ['02 06 2006', '14 11 2006']
    >>> to_date(pd.Series(["2026-06-12T23:30Z"]), timezone="Europe/Warsaw").series[0]
    Timestamp('2026-06-13 01:30:00')
    """
    cells = _trimmed(text)
    plain = _cast(cells, pa.timestamp("us"))
    if plain is not None:
        moments = plain.to_numpy(zero_copy_only=False)
        if not ((moments < _EARLIEST) | (moments >= _LATEST)).any():
            return _typed(text, moments)
    return _by_distinct(text, cells, lambda values: _dates(values, order, timezone))


def _dates(values: pa.Array, order: str | None, timezone: str) -> tuple[pd.Series, bool]:
    moments = _serials(values)
    for form in _FORMS:
        matched, parts = _extract(values, form)
        if matched.any():
            moments[matched] = _assemble(_number_month(parts), timezone)
    matched, parts = _extract(values, _NUMERIC)
    undecided = False
    if matched.any() and order != "iso":
        choice, settled = (order, True) if order else _decide_order(parts)
        day, month = ("next", "first") if choice == "month_first" else ("first", "next")
        parts |= {"day": parts[day], "month": parts[month]}
        moments[matched], undecided = _assemble(parts, timezone), not settled
    return pd.Series(moments), undecided


def _serials(values: pa.Array) -> np.ndarray:
    """Read Excel's days since 30 December 1899, to the second; NaT for all other values."""
    days = pc.if_else(_like(values, _SERIAL), values, None).cast(pa.float64())
    seconds = np.round(days.to_numpy(zero_copy_only=False) * 86_400)
    moments = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    given = ~np.isnan(seconds)
    start = np.datetime64("1899-12-30", "us")
    moments[given] = start + seconds[given].astype("timedelta64[s]").astype("timedelta64[us]")
    return moments


def _number_month(parts: Parts) -> Parts:
    if "name" not in parts:
        return parts
    names = parts["name"].to_pylist()
    numbers = {name: str(_months().get(fold(name), 0)) for name in set(names)}
    return parts | {"month": pa.array([numbers[name] for name in names])}


def _assemble(parts: Parts, timezone: str) -> np.ndarray:
    """Put the parts together; a day, month or hour that does not exist gives NaT."""
    year, month, day = _whole(parts["year"]), _whole(parts["month"]), _whole(parts["day"])
    short = pc.utf8_length(parts["year"]).to_numpy() == 2
    year = year + short * np.where(year < 69, 2000, 1900)
    months = (year - 1970) * 12 + month - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (start.astype("datetime64[M]").astype("int64") == months)
    clock, sound = _clock(parts)
    moments = start.astype("datetime64[us]") + clock
    real &= sound & (moments >= _EARLIEST) & (moments < _LATEST)
    return _localise(np.where(real, moments, np.datetime64("NaT", "us")), parts["zone"], timezone)


def _clock(parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Return the time of day in microseconds, and whether there is such a time."""
    hour, minute, second = (_whole(parts[name]) for name in ("hour", "minute", "second"))
    micro = _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(parts["part"], 6, "0"), 0, 6))
    half = pc.utf8_lower(pc.utf8_slice_codeunits(parts["half"], 0, 1))
    sound = (hour <= 23) & (minute <= 59) & (second <= 59)
    if pc.any(pc.not_equal(half, "")).as_py():
        twelve = _mask(pc.not_equal(half, ""))
        sound &= ~twelve | ((hour >= 1) & (hour <= 12))
        hour = np.where(twelve, hour % 12 + 12 * _mask(pc.equal(half, "p")), hour)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, sound


def _localise(moments: np.ndarray, zone: pa.Array, timezone: str) -> np.ndarray:
    """Bring date-times that carry an offset to the client's own clock."""
    given = _mask(pc.not_equal(zone, ""))
    if not given.any():
        return moments
    offset = _change(_change(zone, "[A-Za-z]+", "+0000"), ":", "")
    hours, minutes = pc.utf8_slice_codeunits(offset, 1, 3), pc.utf8_slice_codeunits(offset, 3, 5)
    ahead = np.where(_mask(pc.starts_with(offset, "-")), -1, 1) * (
        _whole(hours) * 60 + _whole(minutes)
    )
    utc = pd.DatetimeIndex(moments - ahead.astype("timedelta64[m]"), tz="UTC")
    local = utc.tz_convert(timezone).tz_localize(None).to_numpy()
    return np.where(given, local, moments)


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

    return _by_distinct(text, _trimmed(text), convert)


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

    return _by_distinct(text, _trimmed(text), convert)


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

    return _by_distinct(text, _trimmed(text), convert)
