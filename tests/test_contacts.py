"""Check times to replies, claims and stock records against cases that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from workbook.contacts import claims_closure, measure_contacts, record_accuracy
from workbook.language import LANGUAGES, speak
from workbook.profile import Profile
from workbook.schema import columns
from workbook.stats import kaplan_meier

DESK = Profile(name="Acme", timezone="Europe/Warsaw", country="PL")


def asked(*rows):
    """Build inquiries from (opened, first reply, resolved) and further columns."""
    frame = pd.DataFrame(rows, columns=["opened_at", "first_reply_at", "resolved_at"])
    return frame.astype("datetime64[us]")


def row_of(result, by="all", group=""):
    rows = result.data
    return rows[(rows["by"] == by) & (rows["group"] == group)].iloc[0]


@pytest.fixture
def week():
    """Five questions a day at 14:00 in a week of May 2026, each answered 3 desk hours later."""
    opened = pd.to_datetime([f"2026-05-{day:02} 14:00" for day in range(4, 9) for _ in range(5)])
    replies = opened + pd.to_timedelta(np.where(opened.day_of_week == 4, 67, 19), unit="h")
    return asked(*zip(opened, replies, replies, strict=True)).assign(
        channel="e-mail", language="pl"
    )


def test_a_weekend_is_long_by_the_clock_and_not_by_the_desk(week):
    found = measure_contacts(week, DESK)
    friday, other = (row_of(found, "opened", group) for group in ("Friday afternoon", "other"))
    assert (friday["reply_clock_median"], friday["reply_median"]) == (67, 3)
    assert (other["reply_clock_median"], other["reply_median"]) == (19, 3)


def test_a_public_holiday_is_no_time_of_the_desk():
    rows = asked(*[("2026-04-03 15:00", "2026-04-07 09:00", None)] * 5)
    assert row_of(measure_contacts(rows, DESK))["reply_median"] == 2
    assert row_of(measure_contacts(rows, Profile(name="Acme")))["reply_median"] == 10


def test_open_questions_count_as_long_as_they_lasted(week):
    half = week.assign(first_reply_at=week["first_reply_at"].where(week.index % 5 > 2))
    half["resolved_at"] = half["first_reply_at"]
    row = row_of(measure_contacts(half, DESK, as_of="2026-05-29"))
    assert row["reply_open"] == 0.6
    assert np.isinf(row["reply_median"]) and np.isinf(row["reply_p90"])


def test_what_comes_after_as_of_is_unseen(week):
    row = row_of(measure_contacts(week, DESK, as_of="2026-05-06"))
    assert row["n"] == 15 and row["reply_open"] == pytest.approx(5 / 15)


def test_settled_without_a_first_reply_was_answered_then(week):
    row = row_of(measure_contacts(week.assign(first_reply_at=pd.NaT), DESK))
    assert row["reply_open"] == 0 and row["reply_median"] == row["settled_median"] == 3


def test_the_reply_is_in_the_customers_language_where_both_are_known(week):
    replies = ["PL"] * 15 + ["en"] * 5 + [None] * 5
    row = row_of(measure_contacts(week.assign(language_reply=replies), DESK), "language", "pl")
    assert row["language_n"] == 20 and row["same_language"] == 0.75


def test_rows_that_end_before_they_open_are_counted_and_left_out(week):
    wrong = asked(("2026-05-05 10:00", "2026-05-04 10:00", None), (None, "2026-05-05", None))
    found = measure_contacts(pd.concat([week, wrong]), DESK)
    assert found.faulty == 2 and row_of(found)["n"] == len(week)
    assert [finding.kind for finding in found.findings()] == ["data"]


def test_a_small_group_is_shown_as_not_demonstrable(week):
    week.loc[:3, "channel"] = "phone"
    found = measure_contacts(week, DESK)
    assert np.isnan(row_of(found, "channel", "phone")["reply_median"])
    shown = found.table().set_index("Group").loc["phone"]
    assert shown["Cases"] == "4" and shown["Half replied, desk hours"] == "not demonstrable"


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("measure", [measure_contacts, claims_closure, record_accuracy])
def test_few_rows_crash_nothing_and_show_no_number(measure, n):
    table = {measure_contacts: "inquiries", claims_closure: "claims"}.get(measure, "stock")
    dates = {name for name, column in columns(table).items() if column.kind == "date"}
    frame = pd.DataFrame({name: [None] * n for name in columns(table)}, dtype="str")
    frame = frame.astype(dict.fromkeys(dates, "datetime64[us]"))
    found = measure(frame, DESK) if measure is measure_contacts else measure(frame)
    assert "%" not in found.table().iloc[0].str.cat() and found._repr_html_()
    assert [finding.kind for finding in found.findings()] in ([], ["data"])


def test_ends_that_are_not_recorded_are_not_open(week):
    bare = week[["opened_at"]]
    for found in (measure_contacts(bare, DESK), claims_closure(bare)):
        assert found.data.iloc[0].filter(like="_open").isna().all() and found._repr_html_()
    row = row_of(measure_contacts(week[["opened_at", "first_reply_at"]], DESK))
    assert row["reply_open"] == 0 and np.isnan(row["settled_open"])
    assert record_accuracy(pd.DataFrame({"product": ["A"]})).data["n"].tolist() == [0, 0]


def test_claims_close_as_in_kaplan_and_meiers_curve():
    # Five closed after 1, 3, 5, 7, 9 days and five open since 2, 4, 6, 8, 10 days.
    opened = pd.Timestamp("2026-05-11") - pd.to_timedelta(range(1, 11), unit="D")
    closed = [day + pd.Timedelta(days=n) if n % 2 else pd.NaT for n, day in enumerate(opened, 1)]
    claims = pd.DataFrame({"opened_at": opened, "closed_at": closed, "reason": ["short"] * 10})
    found = claims_closure(claims, as_of=pd.Timestamp("2026-05-11 00:00:01"))
    curve = kaplan_meier(range(1, 11), [True, False] * 5)
    assert found.curve.share.tolist() == pytest.approx(curve.share.tolist())
    assert row_of(found)["closed_median"] == curve.quantile(0.5) == 7
    assert row_of(found, "reason", "short")["closed_open"] == 0.5
    assert np.isinf(row_of(found)["closed_p90"])


def test_a_record_is_right_within_the_tolerance_and_stock_within_its_limits():
    stock = pd.DataFrame({"product": ["A"] * 5 + ["B"] * 6, "on_hand": [100.0, 98] * 5 + [7]})
    stock = stock.assign(
        counted=[100.0] * 10 + [np.nan], minimum=99.0, maximum=[120.0] * 10 + [None]
    )
    exact, about = record_accuracy(stock), record_accuracy(stock, tolerance=0.02)
    assert (row_of(exact)["n"], row_of(exact)["confirmed"]) == (10, 0.5)
    assert row_of(about)["confirmed"] == 1
    assert (row_of(exact)["days"], row_of(exact)["in_band"]) == (11, pytest.approx(5 / 11))
    assert row_of(exact)["low"] < 0.5 < row_of(exact)["high"]
    assert exact.data["group"].tolist() == ["", "B", "A"]
    with pytest.raises(ValueError, match="tolerance 2"):
        record_accuracy(stock, tolerance=2)


def test_groups_that_are_not_shown_are_counted():
    stock = pd.DataFrame({"product": [f"P{n}" for n in range(40)], "on_hand": 1.0, "counted": 1.0})
    found = record_accuracy(stock)
    shown = len(found.table())
    assert shown < len(found.data) == 41
    notes = [b["text"] for b in found.blocks(speak("en")) if b["kind"] == "text"]
    assert notes[-1] == f"… and {41 - shown} more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_result_shows_itself_in_every_language(week, language):
    stock = pd.DataFrame({"product": ["A"] * 5, "on_hand": 1.0, "counted": 1.0})
    for found in (measure_contacts(week, DESK), claims_closure(week), record_accuracy(stock)):
        before = found.data.copy()
        assert found.plot(language=language).get_yticklabels()
        assert len(found.table(language)) == len(found.data)
        pd.testing.assert_frame_equal(found.data, before)


def slow_and_quick(n=60, slower=6):
    """Questions in French and in Polish; replies to the first take `slower` hours longer."""
    opened = pd.Timestamp("2026-05-11 08:00") + pd.to_timedelta(np.arange(2 * n) % 28 * 7, unit="D")
    hours = 0.5 + np.arange(2 * n) % 4 / 4 + np.repeat([slower, 0], n)
    replies = opened + pd.to_timedelta(hours, unit="h")
    frame = asked(*zip(opened, replies, replies, strict=True))
    return frame.assign(language=np.repeat(["fr", "pl"], n), channel="e-mail")


@pytest.mark.parametrize("language", LANGUAGES)
def test_whose_questions_wait_longer_in_desk_hours_is_found(language):
    (found,) = measure_contacts(slow_and_quick(), DESK).findings(language)
    assert (found.where, found.n, found.kind) == ({"language": "fr"}, 60, "needs improvement")
    assert found.interval[0] <= found.effect == 6 <= found.interval[1]


def test_few_questions_or_a_small_difference_are_no_finding():
    for frame in (slow_and_quick(n=20), slow_and_quick(slower=0.25)):
        assert measure_contacts(frame, DESK).findings() == []
