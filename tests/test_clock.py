"""Check working time against plain loops over minutes and days."""

import datetime as dt

import holidays
import numpy as np
import pytest

from workbook.clock import business_days, elapsed_minutes, utc_offset, working_minutes

CLOSED = {c: holidays.country_holidays(c, years=range(2019, 2029)) for c in ("PL", "FR", "DE")}
HOURS = {
    "Mon-Fri 08:00-16:00": {day: [(480, 960)] for day in range(5)},
    "Mon-Fri 08:00-12:00, Mon-Thu 13:00-17:30": {
        **{day: [(480, 720), (780, 1050)] for day in range(4)},
        4: [(480, 720)],
    },
    "Sat-Mon 22:00-24:00, Wed 00:00-06:15,Wed 06:00-07:00": {
        5: [(1320, 1440)],
        6: [(1320, 1440)],
        0: [(1320, 1440)],
        2: [(0, 420)],
    },
}


def plain_minutes(start, end, spans, country):
    """Count every minute one by one."""
    count, at = 0, start
    while at < end:
        minute = at.hour * 60 + at.minute
        inside = any(opens <= minute < closes for opens, closes in spans.get(at.weekday(), []))
        count += inside and at.date() not in CLOSED.get(country, ())
        at += dt.timedelta(minutes=1)
    return count


def plain_days(start, end, country):
    """Count every day one by one, backwards with a minus."""
    if end < start:
        return -plain_days(end, start, country)
    days = (start + dt.timedelta(n) for n in range((end - start).days))
    return sum(day.weekday() < 5 and day not in CLOSED.get(country, ()) for day in days)


@pytest.mark.parametrize("desk_hours", HOURS)
@pytest.mark.parametrize("country", ["PL", None])
def test_working_minutes_are_those_of_a_loop_over_the_minutes(desk_hours, country):
    random = np.random.default_rng(5)
    start = np.datetime64("2024-12-20T00:00", "m") + random.integers(0, 400_000, 25)
    end = start + random.integers(0, 12_000, 25)
    pairs = zip(start.tolist(), end.tolist(), strict=True)
    plain = [plain_minutes(*pair, HOURS[desk_hours], country) for pair in pairs]
    found = working_minutes(start, end, desk_hours=desk_hours, country=country)
    assert found.tolist() == plain
    back = working_minutes(end, start, desk_hours=desk_hours, country=country)
    assert back.tolist() == [-minutes for minutes in plain]


def test_business_days_are_those_of_a_loop_over_the_days():
    # 20,000 random cases, 0 mismatches: the bar of DOMAIN D35.
    random = np.random.default_rng(35)
    mismatches = 0
    for country in ("PL", "FR", "DE", None):
        start = np.datetime64("2020-01-01") + random.integers(0, 2200, 5000)
        end = start + random.integers(-30, 31, 5000)
        pairs = zip(start.tolist(), end.tolist(), strict=True)
        plain = np.array([plain_days(*pair, country) for pair in pairs])
        mismatches += (business_days(start, end, country) != plain).sum()
    assert mismatches == 0


@pytest.mark.parametrize(
    ("start", "end", "country", "days"),
    [
        # numpy's documentation of busday_count: January 2011, the whole year, a Saturday.
        ("2011-01-01", "2011-02-01", None, 21),
        ("2011-01-01", "2012-01-01", None, 260),
        ("2011-07-02", "2011-07-03", None, 0),
        # Good Friday is worked in Poland and not in Germany; Easter Monday in neither.
        ("2026-04-03", "2026-04-08", "PL", 2),
        ("2026-04-03", "2026-04-08", "DE", 1),
        # 253 business days of 261 weekdays; Christmas Eve is a Polish holiday from 2025 on.
        ("2026-01-01", "2027-01-01", "PL", 253),
        ("2026-01-01", "2027-01-01", None, 261),
        ("2024-12-24", "2024-12-25", "PL", 1),
        ("2025-12-24", "2025-12-25", "PL", 0),
    ],
)
def test_published_business_days(start, end, country, days):
    assert business_days(start, end, country) == days


def test_true_time_counts_days_of_23_and_25_hours():
    days = ["2025-03-30", "2025-10-26", "2025-06-12"]
    after = ["2025-03-31", "2025-10-27", "2025-06-13"]
    hours = elapsed_minutes(days, after, "Europe/Warsaw") / 60
    assert hours.tolist() == [23, 25, 24]
    assert (elapsed_minutes(days, after) / 60).tolist() == [24, 24, 24]


def test_of_the_hour_that_comes_twice_an_end_is_never_before_its_start():
    twice = ("2025-10-26T02:50", "2025-10-26T02:05")
    assert elapsed_minutes(*twice, "Europe/Warsaw") == 15
    assert elapsed_minutes("2025-10-26T02:05", "2025-10-26T02:50", "Europe/Warsaw") == 45
    assert elapsed_minutes("2025-06-01T10:00", "2025-06-01T09:00", "Europe/Warsaw") == -60


def test_what_is_missing_gives_nan_and_nothing_gives_nothing():
    start = np.array(["2025-01-06T09:00", "NaT"], "datetime64[us]")
    for count in (working_minutes, business_days, elapsed_minutes):
        assert np.isnan(count(start, np.datetime64("NaT"))).all()
        assert count(start[:0], start[:0]).shape == (0,)
    assert working_minutes(start, "2025-01-06T09:30").tolist()[0] == 30
    assert utc_offset(["2025-01-06", "2025-07-06"], "Europe/Warsaw").tolist() == [1, 2]


@pytest.mark.parametrize(
    "wrong", ["", "always", "Mon-Fri 16:00-08:00", "Mon-Fri 8-16", "Mon 25:00"]
)
def test_hours_that_cannot_be_used_are_told_in_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"^desk_hours .* can't be used; write 'Mon-Fri"):
        working_minutes("2025-01-06", "2025-01-07", desk_hours=wrong)
