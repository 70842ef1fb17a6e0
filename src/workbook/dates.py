"""Turn text columns into dates, one order of day and month for each column.

The order is decided from all of a column's values before any is converted, so that 03.04.2026
never means two days in one column.
"""

import re
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.dates import get_day_names, get_month_names

from workbook.schema import fold
from workbook.values import (
    Parts,
    Typed,
    as_mask,
    by_distinct,
    cast_plain,
    extract,
    like,
    trimmed,
    typed_as,
)

__all__ = ["to_date"]

_LANGUAGES = ("de", "ru", "pl", "fr", "en")
_TIME = (
    r"(?:(?:[Tt]|,?\s+)(?:(?:godz\.?|à|at|в|o)\s+)?(?P<hour>\d{1,2})[:.hH](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_YEAR = r"(?P<year>\d{4}|\d{2})(?:\s*[rг]\.?)?"
_NUMERIC = rf"^(?P<first>\d{{1,2}})(?P<sign>[-/. ])(?P<next>\d{{1,2}})[-/. ]{_YEAR}{_TIME}"
_FORMS = (
    r"^(?P<year>\d{4})[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})" + _TIME,
    r"^(?P<year>[12]\d{3})(?P<month>\d{2})(?P<day>\d{2})" + _TIME,
    r"^(?P<year>[12]\d{3})(?P<month>\d{2})(?P<day>\d{2})[Tt ]?(?P<hour>\d{2})(?P<minute>\d{2})"
    r"(?P<second>\d{2})?(?P<part>)(?P<half>)(?P<zone>[Zz]|[+-]\d{4})?$",
    rf"^(?P<day>\d{{1,2}})(?:\.|er|st|nd|rd|th)?[-/.\s]*(?P<name>\p{{L}}{{3,}})\.?[-/.,\s]*{_YEAR}{_TIME}",
    r"^(?P<name>\p{L}{3,})\.?\s*(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _TIME,
)
_ORDERS = {"day_first": ("year", "next", "first"), "month_first": ("year", "first", "next")}
_ORDERS |= {"iso": ("first", "next", "year")}
_SERIAL = r"[2-7]\d{4}(?:[.,]\d+)?"
_EARLIEST, _LATEST = np.datetime64("1950-01-01", "us"), np.datetime64("2101-01-01", "us")


def _whole(part: pa.Array) -> np.ndarray:
    return pc.if_else(pc.equal(part, ""), "0", part).cast(pa.int64()).to_numpy()


def _decide_order(first: np.ndarray, following: np.ndarray, dotted: np.ndarray) -> tuple[str, bool]:
    """Decide the order from all values; False when they do not settle the day from the month.

    A first part above 12 is a day, so is a second part above 12; dots are never month first.
    Where both are found, the values that could be either are in doubt.
    """
    days, months = (first > 12).sum(), (following > 12).sum()
    either = (first != following) & (first <= 12) & (following <= 12)
    if bool(days) != bool(months):
        return ("day_first" if days else "month_first"), True
    return ("day_first" if days >= months else "month_first"), not (either & ~dotted).any()


def _decide_year(
    first: np.ndarray, following: np.ndarray, last: np.ndarray, choice: str, settled: bool
) -> tuple[str, bool]:
    """Decide whether years of two digits stand first: few years are likelier than many.

    It is settled by what no day can be, or where the years lie close together and the days do not.
    """
    if following.max() > 12 or last.max() > 31 or last.min() < 1:
        return choice, settled
    spans = np.ptp(first), np.ptp(last)
    if first.max() > 31 or first.min() < 1:
        return "iso", True
    year_first = spans[0] < spans[1]
    clear = min(spans) <= 3 and max(spans) >= 3 * min(spans) + 6
    return ("iso", clear) if year_first else (choice, settled and clear)


@cache
def _months() -> dict[str, int]:
    """Month names in full and short, in the cases that dates use."""
    return {"sept": 9} | {
        fold(name): month
        for language in _LANGUAGES
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for month, name in get_month_names(width, context, language).items()
    }


@cache
def _month(name: str) -> int:
    """Return a month's number by its name, or by a beginning that only one month has; else 0."""
    short = fold(name)
    known = {n for word, n in _months().items() if word.startswith(short)}
    return _months().get(short) or (known.pop() if len(known) == 1 else 0)


@cache
def _weekday() -> str:
    """A pattern for the name of a weekday that stands before a date."""
    names = {
        re.escape(name.rstrip("."))
        for language in _LANGUAGES
        for width in ("wide", "abbreviated")
        for name in get_day_names(width, "format", language).values()
    }
    return rf"(?i)^(?:{'|'.join(sorted(names, key=len, reverse=True))})\.?,?\s+"


def to_date(text: pd.Series, order: str | None = None, timezone: str = "UTC") -> Typed:
    """Read dates and date-times as naive local time; a date alone is midnight.

    Understood are ISO 8601, numbers in the column's one order, month names in four languages and
    Excel's serial days, with a time of day (14:30, 14h30, 2:30 PM) and an offset or none. Two-digit
    years 69-99 are 1969-1999, others 2000-2068; years before 1950 or after 2100 are unreadable.

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
    cells = trimmed(text)
    plain = cast_plain(cells, pa.timestamp("us"))
    if plain is not None and _in_range(plain):
        return typed_as(text, plain.to_numpy())
    even = _even_dates(cells) if order != "iso" else None
    if even is not None:
        choice, settled = (order, True) if order else _decide_order(*even.parts)
        if (moments := even.read(choice)) is not None:
            return typed_as(text, moments, undecided=not settled, choice=choice)
    return by_distinct(text, cells, lambda values: _dates(values, order, timezone))


def _in_range(moments: pa.Array | pa.ChunkedArray) -> bool:
    ends = pc.min_max(moments).as_py()
    early, late = np.datetime64(ends["min"] or _EARLIEST), np.datetime64(ends["max"] or _EARLIEST)
    return bool(early >= _EARLIEST and late < _LATEST)


class _Even(NamedTuple):
    """Dates that all have one width, as 02.06.2026 or 02/06/2026 14:30, as rows of bytes."""

    letters: np.ndarray
    given: np.ndarray

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tens = lambda at: (self.letters[:, at] - 48) * 10 + self.letters[:, at + 1] - 48
        return tens(0), tens(3), self.letters[:, 2] == ord(".")

    def read(self, order: str) -> np.ndarray | None:
        """Put the bytes in ISO's order and cast them; None when some are no such date."""
        day, month = ([3, 4], [0, 1]) if order == "month_first" else ([0, 1], [3, 4])
        rest = list(range(10, self.letters.shape[1]))
        iso = self.letters[:, [6, 7, 8, 9, 2, *month, 2, *day, *rest]]
        iso[:, [4, 7]] = ord("-")
        ends = np.arange(len(iso) + 1, dtype="int64") * iso.shape[1]
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(iso.tobytes())]
        try:
            read = pa.Array.from_buffers(pa.large_string(), len(iso), buffers)
            read = read.cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            return None
        if not _in_range(read):
            return None
        moments = np.full(len(self.given), np.datetime64("NaT"), dtype="datetime64[us]")
        moments[self.given] = read.to_numpy(zero_copy_only=False)
        return moments


def _even_dates(cells: pa.ChunkedArray) -> _Even | None:
    """Return the dates as bytes when all that are given have the same plain width."""
    given = as_mask(pc.not_equal(cells, ""))
    full = (cells if given.all() else cells.filter(given)).combine_chunks()
    width = pc.min_max(pc.binary_length(full)).as_py()
    if width["min"] != width["max"] or width["min"] not in (10, 16, 19):
        return None
    start = np.frombuffer(full.buffers()[1], "int64")[full.offset]
    letters = np.frombuffer(full.buffers()[2], "uint8")[start : start + len(full) * width["min"]]
    letters = letters.reshape(len(full), -1)
    is_sign = (letters[:, 2] == letters[0, 2]) & (letters[:, 5] == letters[0, 2])
    return _Even(letters, given) if is_sign.all() and letters[0, 2] in b"./-" else None


def _dates(
    values: pa.Array, order: str | None, timezone: str
) -> tuple[pd.Series, dict[str, object]]:
    values = pc.replace_substring_regex(values, pattern=_weekday(), replacement="")
    moments, choice, undecided = _serials(values), None, False
    matched, parts = extract(values, _NUMERIC)
    if matched.any():
        first, following = _whole(parts["first"]), _whole(parts["next"])
        dotted = as_mask(pc.equal(parts["sign"], "."))
        choice, settled = (order, True) if order else _decide_order(first, following, dotted)
        short = pc.all(pc.equal(pc.utf8_length(parts["year"]), 2)).as_py()
        if short and not order and not dotted.any():
            choice, settled = _decide_year(first, following, _whole(parts["year"]), choice, settled)
        year, month, day = _ORDERS[choice]
        parts |= {"year": parts[year], "month": parts[month], "day": parts[day]}
        if short or choice != "iso":
            moments[matched], undecided = _assemble(parts, timezone), not settled
    for form in _FORMS:
        left = np.flatnonzero(np.isnat(moments))
        matched, parts = extract(values.take(pa.array(left)), form)
        if matched.any():
            moments[left[matched]] = _assemble(_number_month(parts), timezone)
    return pd.Series(moments), {"undecided": undecided, "choice": choice}


def _serials(values: pa.Array) -> np.ndarray:
    """Read Excel's days since 30 December 1899, to the second; NaT for all other values."""
    days = pc.replace_substring(pc.if_else(like(values, _SERIAL), values, None), ",", ".")
    days = days.cast(pa.float64())
    seconds = np.round(days.to_numpy(zero_copy_only=False) * 86_400)
    moments = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[us]")
    given = ~np.isnan(seconds)
    start = np.datetime64("1899-12-30", "us")
    moments[given] = start + seconds[given].astype("timedelta64[s]").astype("timedelta64[us]")
    return moments


def _number_month(parts: Parts) -> Parts:
    if "name" not in parts:
        return parts
    return parts | {"month": pa.array([str(_month(name)) for name in parts["name"].to_pylist()])}


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
        twelve = as_mask(pc.not_equal(half, ""))
        sound &= ~twelve | ((hour >= 1) & (hour <= 12))
        hour = np.where(twelve, hour % 12 + 12 * as_mask(pc.equal(half, "p")), hour)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, sound


def _localise(moments: np.ndarray, zone: pa.Array, timezone: str) -> np.ndarray:
    """Bring date-times that carry an offset to the client's own clock."""
    given = as_mask(pc.not_equal(zone, ""))
    if not given.any():
        return moments
    offset = pc.replace_substring_regex(zone, pattern="[A-Za-z]+", replacement="+0000")
    offset = pc.utf8_rpad(pc.replace_substring(offset, ":", ""), 5, "0")
    hours, minutes = pc.utf8_slice_codeunits(offset, 1, 3), pc.utf8_slice_codeunits(offset, 3, 5)
    ahead = np.where(as_mask(pc.starts_with(offset, "-")), -1, 1) * (
        _whole(hours) * 60 + _whole(minutes)
    )
    utc = pd.DatetimeIndex(moments - ahead.astype("timedelta64[m]"), tz="UTC")
    local = utc.tz_convert(timezone).tz_localize(None).to_numpy()
    return np.where(given, local, moments)
