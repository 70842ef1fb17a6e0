"""Count time as a desk lives it: working minutes, business days, true time when clocks change.

Moments are naive and local, as in all of a client's tables; a missing one gives nan. Counts are
signed: an end before its start gives minus the time between. Arrays broadcast.
"""

import datetime as dt
import re
from functools import cache

import holidays
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

__all__ = ["DESK_HOURS", "business_days", "counted_from", "elapsed_minutes", "utc_offset"]
__all__ += ["working_minutes"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _TIME = f"({'|'.join(_DAYS)})", r"((?:[01]\d|2[0-3]):[0-5]\d|24:00)"
_SPAN = f"{_DAY}(?:-{_DAY})? {_TIME}-{_TIME}"
DESK_HOURS = f"{_SPAN}(?:, ?{_SPAN})*"
_MINUTE, _FILLER = np.timedelta64(1, "m"), np.datetime64("2026-01-01")


@cache
def _openings(desk_hours: str) -> dict[tuple[int, int], list[bool]]:
    """Return the weekdays of every span of minutes; what overlaps is open once."""
    week = np.zeros((7, 1442), bool)
    sound = re.fullmatch(DESK_HOURS, desk_hours) is not None
    for first, last, *times in re.findall(_SPAN, desk_hours):
        opens, closes = (int(time[:2]) * 60 + int(time[3:]) for time in times)
        begin, sound = _DAYS.index(first), sound and opens < closes
        days = begin + np.arange((_DAYS.index(last or first) - begin) % 7 + 1)
        week[days % 7, opens + 1 : closes + 1] = True
    if not sound:
        raise ValueError(f"desk_hours {desk_hours!r} can't be used; write 'Mon-Fri 08:00-16:00'")
    edges, spans = np.diff(week.astype(int), axis=1), {}
    for (day, opens), closes in zip(np.argwhere(edges > 0), np.nonzero(edges < 0)[1], strict=True):
        spans.setdefault((int(opens), int(closes)), [False] * 7)[day] = True
    return spans


@cache
def _closed(country: str, first: int, last: int) -> tuple[dt.date, ...]:
    return tuple(sorted(holidays.country_holidays(country, years=range(first, last + 1))))


def working_minutes(
    start: ArrayLike,
    end: ArrayLike,
    *,
    desk_hours: str = "Mon-Fri 08:00-16:00",
    country: str | None = None,
) -> np.ndarray:
    """Return the minutes between two moments (datetime64) within desk hours, on the clock's face.

    `desk_hours` are as "Mon-Fri 08:00-16:00, Sat 09:00-13:00" (24:00 ends a day), else ValueError;
    a country's public holidays are closed, as they were in each year.

    Examples
    --------
    >>> float(working_minutes("2026-05-08T15:30", "2026-05-11T08:15"))  # over a weekend
    45.0
    """
    both = np.stack(np.broadcast_arrays(*(np.asarray(at, "datetime64[us]") for at in (start, end))))
    unknown = np.isnat(both).any(axis=0)
    both[:, unknown] = _FILLER
    day, total = both.astype("datetime64[D]"), np.where(unknown, np.nan, 0.0)
    first, last = day.min(initial=_FILLER), day.max(initial=_FILLER)
    place = (day - first).astype(int)
    closed = _closed(country, first.item().year, last.item().year) if country else ()
    for (opens, closes), weekdays in _openings(desk_hours).items():
        is_open = np.is_busday(np.arange(first, last + 1), weekdays, closed)
        before = (np.cumsum(is_open) - is_open)[place] * (closes - opens)
        today = (np.clip((both - day).astype(int) / 60e6, opens, closes) - opens) * is_open[place]
        total = total + np.diff(before + today, axis=0)[0]
    return total


def business_days(start: ArrayLike, end: ArrayLike, country: str | None = None) -> np.ndarray:
    """Return the working days, Monday to Friday without holidays, from start to before end.

    Examples
    --------
    >>> float(business_days("2026-04-03", "2026-04-08", "PL"))  # 6 April is Easter Monday
    2.0
    """
    days = (np.asarray(at, "datetime64[us]").astype("datetime64[D]") for at in (start, end))
    return working_minutes(*days, desk_hours="Mon-Fri 00:00-24:00", country=country) / 1440


def counted_from(ordered_at: ArrayLike, cut_off: str | None) -> np.ndarray:
    """Return the day from which an order counts: the next one if it came at the cut-off or later.

    Examples
    --------
    >>> counted_from(["2026-05-08T13:59", "2026-05-08T14:00"], "14:00").astype(str).tolist()
    ['2026-05-08', '2026-05-09']
    """
    hours, minutes = (cut_off or "24:00").split(":")
    rest = 24 * 60 - 60 * int(hours) - int(minutes)
    return (np.asarray(ordered_at, "datetime64[us]") + rest * _MINUTE).astype("datetime64[D]")


def _utc(moments: ArrayLike, timezone: str, summer: bool) -> np.ndarray:
    """Return moments in UTC; `summer` decides the hour that comes twice."""
    at = np.asarray(moments, "datetime64[us]")
    local, twice = pd.DatetimeIndex(at.ravel()), np.full(at.size, summer)
    zoned = local.tz_localize(timezone, ambiguous=twice, nonexistent="shift_forward")
    return zoned.tz_convert(None).to_numpy().reshape(at.shape)


def utc_offset(moments: ArrayLike, timezone: str) -> np.ndarray:
    """Return by how many hours a zone's clock is ahead of UTC: 1.0 and 2.0 in Poland."""
    return (np.asarray(moments, "datetime64[us]") - _utc(moments, timezone, False)) / (60 * _MINUTE)


def elapsed_minutes(start: ArrayLike, end: ArrayLike, timezone: str = "UTC") -> np.ndarray:
    """Return the true minutes between two local moments, also on days of 23 and 25 hours.

    Of an hour that comes twice the first is meant, unless an end would then lie before its start.

    Examples
    --------
    >>> float(elapsed_minutes("2025-10-26", "2025-10-27", "Europe/Warsaw")) / 60
    25.0
    """
    begin, first = _utc(start, timezone, True), _utc(end, timezone, True)
    return (np.where(first < begin, _utc(end, timezone, False), first) - begin) / _MINUTE
