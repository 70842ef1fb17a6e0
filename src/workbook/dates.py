"""Turn text columns into dates, one order of day and month for each column.

The order is decided from all of a column's values before any is converted, so that 03.04.2026
never means two days in one column.
"""

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.dates import get_month_names

from workbook.schema import fold
from workbook.values import Typed, as_mask, by_distinct, cast_plain, change, like, trimmed, typed_as

__all__ = ["to_date"]

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
    return as_mask(matched), dict(zip(names, parts.filter(matched).flatten(), strict=True))


def _whole(part: pa.Array) -> np.ndarray:
    return pc.if_else(pc.equal(part, ""), "0", part).cast(pa.int64()).to_numpy()


def _decide_order(parts: Parts) -> tuple[str, bool]:
    """Decide the order from all values; False when none tells the day from the month.

    A first part above 12 is a day, so is a second part above 12; dots are never month first.
    """
    first, following = _whole(parts["first"]), _whole(parts["next"])
    days, months = (first > 12).sum(), (following > 12).sum()
    if days or months:
        return ("day_first" if days >= months else "month_first"), True
    either = (first != following) & ~as_mask(pc.equal(parts["sign"], "."))
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
    cells = trimmed(text)
    plain = cast_plain(cells, pa.timestamp("us"))
    if plain is not None:
        moments = plain.to_numpy(zero_copy_only=False)
        if not ((moments < _EARLIEST) | (moments >= _LATEST)).any():
            return typed_as(text, moments)
    return by_distinct(text, cells, lambda values: _dates(values, order, timezone))


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
    days = pc.if_else(like(values, _SERIAL), values, None).cast(pa.float64())
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
        twelve = as_mask(pc.not_equal(half, ""))
        sound &= ~twelve | ((hour >= 1) & (hour <= 12))
        hour = np.where(twelve, hour % 12 + 12 * as_mask(pc.equal(half, "p")), hour)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, sound


def _localise(moments: np.ndarray, zone: pa.Array, timezone: str) -> np.ndarray:
    """Bring date-times that carry an offset to the client's own clock."""
    given = as_mask(pc.not_equal(zone, ""))
    if not given.any():
        return moments
    offset = change(change(zone, "[A-Za-z]+", "+0000"), ":", "")
    hours, minutes = pc.utf8_slice_codeunits(offset, 1, 3), pc.utf8_slice_codeunits(offset, 3, 5)
    ahead = np.where(as_mask(pc.starts_with(offset, "-")), -1, 1) * (
        _whole(hours) * 60 + _whole(minutes)
    )
    utc = pd.DatetimeIndex(moments - ahead.astype("timedelta64[m]"), tz="UTC")
    local = utc.tz_convert(timezone).tz_localize(None).to_numpy()
    return np.where(given, local, moments)
