"""Turn text columns into numbers, dates, choices and yes/no, and mark what can't be read.

One date order and one decimal sign hold for a whole column: they are decided from all its values
before any is converted, so that 03.04.2026 never means two days in one column. Every converter
works on the distinct values and returns the typed column beside a mask of the unreadable cells:
these are unknown, never zero and never dropped.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.dates import get_month_names

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

_MISSING = frozenset({"", "null", "n/a", "nan", "-", "–", "—"})
_YES = ("yes", "y", "true", "t", "1", "1.0", "✓", "✔", "☑", "oui", "vrai", "tak", "prawda")
_YES += ("да", "д", "истина")
_NO = ("no", "n", "false", "f", "0", "0.0", "✗", "✘", "☐", "non", "faux", "nie", "fałsz")
_NO += ("нет", "н", "ложь")
_WORDS = {
    "good": "ok fine undamaged intact bon bonne bonétat intact dobry dobra dobre хороший хорошо",
    "damaged": "damage broken endommagé abîmé cassé uszkodzony uszkodzona uszkodzone повреждён"
    " повреждено поврежден",
    "refused": "rejected refusé refusée odmowa odrzucony nieprzyjęty отказ отказано",
    "correct": "right ok exact correcte conforme poprawny poprawne prawidłowe верно правильно",
    "wrong": "incorrect erroné faux incorrecte błędny błędne niepoprawne неверно ошибка",
    "goods": "good product marchandise marchandises bien biens towar towary товар товары",
    "service": "services usługa usługi услуга услуги",
    "open": "pending ouvert ouverte otwarte otwarty wtoku открыт открыто",
    "delivered": "livré livrée dostarczone dostarczony dostarczono доставлен доставлено",
    "cancelled_by_customer": "customercancelled cancelledbyclient annuléparleclient"
    " anulowaneprzezklienta отмененоклиентом отмененклиентом",
    "cancelled_by_supplier": "suppliercancelled annuléparlefournisseur"
    " anulowaneprzezdostawcę отмененопоставщиком отмененпоставщиком",
    "all": "tous toutes wszystkie все",
    "any": "first un une pierwszy jeden любой первый",
    "works": "ok working marche fonctionne działa работает",
    "needs improvement": "improve àaméliorer dopoprawy wymagapoprawy требуетулучшения",
    "unknown": "inconnu nieznane nieznany неизвестно",
    "start": "started begin début początek начало",
    "complete": "completed end finished fin terminé koniec zakończone завершено конец",
    "product": "produit produkt towar товар продукт",
    "quantity": "quantité ilość количество",
    "time": "temps délai heure czas время срок",
    "place": "lieu miejsce место",
    "condition": "état stan состояние",
    "price": "prix cost cena koszt цена",
    "information": "informations informacja informacje информация",
}


class Typed(NamedTuple):
    """A typed column, and a mask of the cells that hold something unreadable."""

    series: pd.Series
    unreadable: pd.Series


def is_missing(text: pd.Series) -> pd.Series:
    """Mark the cells that say nothing: blank, or a lone NULL, N/A, NaN or dash.

    Examples
    --------
    >>> is_missing(pd.Series(["", "NULL", "-", "0"])).tolist()
    [True, True, True, False]
    """
    return _clean(text).str.casefold().isin(_MISSING)


def _clean(text: pd.Series) -> pd.Series:
    return text.astype("str").fillna("").str.strip()


Converter = Callable[[pd.Series], tuple[pd.Series, pd.Series]]


def _by_distinct(text: pd.Series, convert: Converter) -> Typed:
    """Convert each distinct value once; columns of a million rows repeat themselves."""
    codes, distinct = pd.factorize(_clean(text))
    values = pd.Series(distinct, dtype="str")
    typed, known = convert(values)
    unreadable = ~known & ~values.str.casefold().isin(_MISSING)
    take = lambda column: pd.Series(column.array.take(codes), index=text.index, name=text.name)
    return Typed(take(typed), take(unreadable))


def to_text(text: pd.Series) -> Typed:
    """Keep text as it is, codes with leading zeros and words like NA too; blank is missing.

    Examples
    --------
    >>> to_text(pd.Series(["007", " NULL ", ""])).series.tolist()
    ['007', 'NULL', nan]
    """
    typed = _clean(text)
    return Typed(typed.mask(typed == ""), pd.Series(False, index=text.index, name=text.name))


# ── numbers ──────────────────────────────────────────────────────────────────────────────────

_MONEY = (
    r"(?:€|\$|£|¥|₽|zł\.?|pln|eur|usd|gbp|chf|rub|uah|czk|руб\.?|kg|кг|szt\.?|pcs\.?|шт\.?|min)"
)
_GROUPED = r"\d{1,3}(?:[,.]\d{3})+"
_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"


def decide_decimal(text: pd.Series) -> tuple[str, bool]:
    """Decide a column's decimal sign from all its values, and whether they settle it.

    A comma followed by other than three digits is a decimal sign, and so is the last of two
    different signs; a sign that stands twice in a number only groups thousands.

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
    values = _bare_numbers(pd.Series(pd.unique(_clean(text)), dtype="str"))
    comma = _decimal_evidence(values, ",", ".")
    point = _decimal_evidence(values, ".", ",")
    if comma or point:
        return ("," if comma > point else "."), True
    open_question = values.str.fullmatch(r"[+-]?[1-9]\d{0,2}[,.]\d{3}")
    # Thousands that stand without a sign (1234) show that the sign does not group thousands.
    if open_question.any() and values.str.fullmatch(r"[+-]?\d{4,}").any():
        return ("," if values[open_question].str.contains(",").any() else "."), True
    return ".", not open_question.any()


def _decimal_evidence(values: pd.Series, sign: str, other: str) -> int:
    """Count the values that make sense only with this decimal sign."""
    s, o = re.escape(sign), re.escape(other)
    tail = rf"[+-]?\d*{s}(?:\d{{1,2}}|\d{{4,}})"
    leading = rf"[+-]?(?:0|\d{{4,}})?{s}\d+"
    both = rf"[+-]?\d{{1,3}}(?:{o}\d{{3}})+{s}\d+"
    twice = rf"[+-]?\d{{1,3}}(?:{o}\d{{3}}){{2,}}"
    return int(values.str.fullmatch(f"(?:{tail}|{leading}|{both}|{twice})").sum())


def _bare_numbers(values: pd.Series) -> pd.Series:
    """Strip currency, units, thousands by space or apostrophe, and accountants' minus signs."""
    bare = values.str.replace(
        rf"^([+-]?)\s*{_MONEY}\s*|\s*{_MONEY}$", r"\1", regex=True, case=False
    )
    bare = bare.str.replace("−", "-").str.replace(r"^\((.*)\)$|^([^-]*)-$", r"-\1\2", regex=True)
    bare = bare.str.replace(r"^([+-])\s+", r"\1", regex=True)
    grouped = bare.str.fullmatch(r"[+-]?\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?%?")
    return bare.mask(grouped, bare.str.replace(r"[\s'’]", "", regex=True))


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
        float64 (per cent as a share of 0 to 1) and the mask of unreadable cells.

    Examples
    --------
    >>> to_number(pd.Series(["1 234,50", "-", "12,0 %"])).series.tolist()
    [1234.5, nan, 0.12]
    >>> to_number(pd.Series(["3.5", "See ASN-93"])).unreadable.tolist()
    [False, True]
    """
    return _by_distinct(text, lambda values: _numbers(values, decimal))


def _numbers(values: pd.Series, decimal: str | None) -> tuple[pd.Series, pd.Series]:
    sign = decimal or decide_decimal(values)[0]
    bare = _bare_numbers(values)
    share = bare.str.endswith("%")
    bare = bare.str.removesuffix("%").str.strip()
    group = re.escape("." if sign == "," else ",")
    grouped = bare.str.fullmatch(rf"[+-]?\d{{1,3}}(?:{group}\d{{3}})+(?:{re.escape(sign)}\d*)?")
    bare = bare.mask(grouped, bare.str.replace(group, "", regex=True))
    if sign == ",":
        bare = bare.mask(bare.str.contains(".", regex=False), "").str.replace(",", ".")
    number = pd.to_numeric(bare.where(bare.str.match(_PLAIN)), errors="coerce").astype("float64")
    return number.mask(share, number / 100), number.notna()


# ── dates ────────────────────────────────────────────────────────────────────────────────────

_TIME = (
    r"(?:(?:[Tt]|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2}|UTC|GMT)?)?$"
)
_ISO = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME
_COMPACT = r"^(?P<year>[12]\d{3})(?P<month>\d{2})(?P<day>\d{2})" + _TIME
_NUMERIC = (
    r"^(?P<first>\d{1,2})\s*[-/.]\s*(?P<second_>\d{1,2})\s*[-/.]\s*(?P<year>\d{4}|\d{2})" + _TIME
)
_NAMED = r"^(?P<day>\d{1,2})\.?[-/.\s]*(?P<name>\p{L}{3,})\.?[-/.,\s]*(?P<year>\d{4}|\d{2})" + _TIME
_NAMED_FIRST = r"^(?P<name>\p{L}{3,})\.?\s*(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _TIME
_SERIAL = r"^[2-7]\d{4}(?:\.\d+)?$"
_YEARS = (1900, 2100)
_EPOCH = np.datetime64("1899-12-30", "us")
_DAY = 86_400_000_000


def _extract(values: pd.Series, pattern: str) -> pd.DataFrame:
    """Return the pattern's named parts for the values that it matches."""
    parts = pc.extract_regex(pa.array(values, type=pa.string()), pattern=pattern)
    matched = parts.is_valid().to_numpy(zero_copy_only=False)
    flat = parts.filter(pa.array(matched)).flatten()
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    columns = {name: part.to_pandas().array for name, part in zip(names, flat, strict=True)}
    return pd.DataFrame(columns, index=values.index[matched])


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
    values = pd.Series(pd.unique(_clean(text)), dtype="str")
    parts = _extract(values, _NUMERIC)
    first, second = (parts[name].astype("int64") for name in ("first", "second_"))
    days, months = int((first > 12).sum()), int((second > 12).sum())
    if days or months:
        return ("day_first" if days >= months else "month_first"), True
    dotted = values[parts.index].str.fullmatch(r"\d+\.\d+\.\d+.*")
    return "day_first", bool(((first == second) | dotted).all())


@cache
def _months() -> dict[str, int]:
    """Month names of four languages, in full and short, in the cases that dates use."""
    return {
        fold(name): month
        for language in ("ru", "pl", "fr", "en")
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for month, name in get_month_names(width, context, language).items()
    } | {"sept": 9}


def to_date(text: pd.Series, order: str | None = None, timezone: str = "UTC") -> Typed:
    """Read dates and date-times as naive local time; a date alone is midnight.

    Understood are ISO 8601, numbers in the column's one order, month names in four languages and
    Excel's serial days. Two-digit years 69-99 are 1969-1999, others 2000-2068; years before 1900
    or after 2100 are unreadable.

    Parameters
    ----------
    text : pandas.Series of str
    order : {"day_first", "month_first", "iso"}, optional
        By default decided from all the values; iso leaves other forms of numbers unreadable.
    timezone : str
        Values with an offset are converted to this zone; values without are local to it.

    Returns
    -------
    Typed
        datetime64[us] and the mask of unreadable cells.

    Examples
    --------
    >>> to_date(pd.Series(["2-Jun-06", "14.11.2006 14:30"])).series.dt.isoformat().tolist()
    ... # doctest: +SKIP
    >>> to_date(pd.Series(["2026-06-12T23:30Z"]), timezone="Europe/Warsaw").series[0]
    Timestamp('2026-06-13 01:30:00')
    """
    return _by_distinct(text, lambda values: _dates(values, order, timezone))


def _dates(values: pd.Series, order: str | None, timezone: str) -> tuple[pd.Series, pd.Series]:
    order = order or decide_dates(values)[0]
    typed = _serials(values)
    for pattern in (_ISO, _COMPACT, _NUMERIC, _NAMED, _NAMED_FIRST):
        if pattern is _NUMERIC and order == "iso":
            continue
        parts = _extract(values[typed.isna()], pattern)
        if len(parts):
            typed[parts.index] = _assemble(_name_parts(parts, order), timezone)
    return typed, typed.notna()


def _serials(values: pd.Series) -> pd.Series:
    """Read Excel's days since 30 December 1899, to the second."""
    days = pd.to_numeric(values.where(values.str.fullmatch(_SERIAL)), errors="coerce")
    seconds = (days.fillna(0) * 86_400).round().astype("int64").to_numpy()
    moments = pd.Series(_EPOCH + seconds * np.timedelta64(1_000_000, "us"), index=values.index)
    return moments.where(days.notna())


def _name_parts(parts: pd.DataFrame, order: str) -> pd.DataFrame:
    """Give day, month and year their numbers, whatever the form was."""
    if "name" in parts:
        numbers = {name: _months().get(fold(name), 0) for name in parts["name"].unique()}
        parts = parts.assign(month=parts["name"].map(numbers))
    if "first" in parts:
        day, month = ("second_", "first") if order == "month_first" else ("first", "second_")
        parts = parts.assign(day=parts[day], month=parts[month])
    year = parts["year"].astype("int64")
    short = parts["year"].str.len() == 2
    return parts.assign(year=year + short * np.where(year < 69, 2000, 1900))


def _assemble(parts: pd.DataFrame, timezone: str) -> pd.Series:
    """Put the parts together; a day, month or hour that does not exist gives NaT."""
    whole = lambda name: pd.to_numeric(parts[name]).fillna(0).astype("int64").to_numpy()
    year, month, day = whole("year"), whole("month"), whole("day")
    hour, minute, second = whole("hour"), whole("minute"), whole("second")
    half = parts["half"].str[:1].str.casefold().to_numpy()
    real = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    months = (np.where(real, year, 1970) - 1970) * 12 + np.where(real, month, 1) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    real &= start.astype("datetime64[M]").astype("int64") == months
    real &= (hour <= 23) & (minute <= 59) & (second <= 59)
    real &= (half == "") | ((hour >= 1) & (hour <= 12))
    hour = np.where(half == "", hour, hour % 12 + 12 * (half == "p"))
    micro = pd.to_numeric(parts["part"].str.ljust(6, "0").str[:6]).fillna(0).astype("int64")
    clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro.to_numpy()
    moments = pd.Series(start.astype("datetime64[us]") + clock, index=parts.index).where(real)
    return _localise(moments, parts["zone"], timezone)


def _localise(moments: pd.Series, zone: pd.Series, timezone: str) -> pd.Series:
    """Bring date-times that carry an offset to the client's own clock."""
    given = zone != ""
    if not given.any():
        return moments
    offset = zone[given].str.replace(":", "").str.replace(r"[^\d+-]+", "+0000", regex=True)
    minutes = offset.str[1:3].astype("int64") * 60 + offset.str[3:5].astype("int64")
    minutes = minutes.where(offset.str[0] == "+", -minutes)
    utc = moments[given] - pd.to_timedelta(minutes, unit="min").astype("timedelta64[us]")
    local = utc.dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
    return moments.where(~given, local.reindex(moments.index))


# ── words ────────────────────────────────────────────────────────────────────────────────────


def to_yesno(text: pd.Series) -> Typed:
    """Read yes and no in four languages, 1 and 0, true and false, and ticks.

    Examples
    --------
    >>> to_yesno(pd.Series(["tak", "0", "", "maybe"])).series.tolist()
    [True, False, <NA>, <NA>]
    """

    def convert(values: pd.Series) -> tuple[pd.Series, pd.Series]:
        word = values.str.casefold()
        known = word.isin(_YES + _NO)
        return word.isin(_YES).astype("boolean").mask(~known), known

    return _by_distinct(text, convert)


@cache
def _words(allowed: tuple[str, ...]) -> dict[str, str]:
    """Map every known word, folded, to the allowed value that it means."""
    words = {fold(word): value for value in allowed for word in _WORDS.get(value, "").split()}
    return words | {fold(value): value for value in allowed}


def to_choice(text: pd.Series, column: Column) -> Typed:
    """Read one of a column's allowed values, also by its common word in four languages.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> to_choice(
    ...     pd.Series(["dobry", "Damaged"]), columns("order_lines")["condition"]
    ... ).series.tolist()
    ['good', 'damaged']
    """
    words = _words(column.allowed)

    def convert(values: pd.Series) -> tuple[pd.Series, pd.Series]:
        typed = pd.Series([words.get(fold(value)) for value in values], dtype="str")
        return typed, typed.notna()

    return _by_distinct(text, convert)


def to_list(text: pd.Series, column: Column) -> Typed:
    """Tidy lists joined by semicolons, each item an allowed value where the column has such.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> to_list(pd.Series(["S1; S2 ;"]), columns("steps")["predecessors"]).series.tolist()
    ['S1;S2']
    """
    words = _words(column.allowed)

    def convert(values: pd.Series) -> tuple[pd.Series, pd.Series]:
        lists = [[item.strip() for item in value.split(";") if item.strip()] for value in values]
        if column.allowed:
            lists = [[words.get(fold(item), "") for item in items] for items in lists]
        known = pd.Series([bool(items) and all(items) for items in lists], dtype="bool")
        return pd.Series([";".join(items) for items in lists], dtype="str").where(known), known

    return _by_distinct(text, convert)
