"""Orders that can't be right: every view copes, shows no number without its n, accuses nobody."""

import numpy as np
import pandas as pd
import pytest

from workbook.causes import failing_cells
from workbook.closer import look_closer
from workbook.cycles import cycle_times, fairness_by_size
from workbook.ladder import definition_ladder
from workbook.language import speak
from workbook.perfect import explain_perfect
from workbook.profile import Profile
from workbook.rights import measure_rights
from workbook.trends import busy_and_slow, compare_groups, control_charts

DAY = np.datetime64("2026-03-02", "us")


def orders(n=40, **columns):
    """Return n sound orders of one line each, some columns of which a test spoils."""
    days = DAY + np.arange(n) % 20 * np.timedelta64(1, "D")
    later = lambda count: days + np.timedelta64(count, "D")
    frame = pd.DataFrame({"order_id": np.arange(n).astype(str), "line_no": "1", "segment": "shop"})
    frame = frame.assign(quantity_ordered=10.0, quantity_delivered=10.0, unit_price=2.0)
    frame = frame.assign(ordered_at=days, promised_at=later(3), promised_latest_at=later(4))
    frame = frame.assign(delivered_at=later(3), unit_price_invoiced=2.0, weight_kg=1.0 + days.size)
    return frame.assign(**columns)


def views(frame, language="en"):
    """Show every view of these orders; return the measures."""
    rights = measure_rights(frame, profile=Profile("A", language=language), as_of="2026-04-30")
    shown = [explain_perfect(rights), definition_ladder(rights), control_charts(rights)]
    shown += [busy_and_slow(rights), cycle_times(rights), fairness_by_size(rights)]
    shown += [compare_groups(rights, "segment")] if "segment" in frame else []
    say = speak(language)
    told = [block for view in shown for block in view.blocks(say)]
    words = [block["text"] for block in told if block["kind"] == "text"]
    cells = [
        cell for block in told if block["kind"] == "table" for row in block["rows"] for cell in row
    ]
    assert not any("nan" in str(each).split() or "-0.0" in str(each) for each in words + cells)
    judged = rights.data[["right", "wrong", "unknown"]].sum(axis=1)
    assert (judged[rights.data["upper"].notna()] > 0).all()
    assert failing_cells(rights) == []
    return rights


def one(rights, measure, kind="order"):
    row = rights.overall(measure, kind)
    return row[["right", "wrong", "unknown"]].astype(int).tolist()


def test_delivered_before_ordered_is_judged_by_its_promise_and_takes_no_time():
    frame = orders()
    frame.loc[:4, "delivered_at"] = DAY - np.timedelta64(9, "D")
    rights = views(frame)
    assert one(rights, "right_time") == [40, 0, 0]
    times = cycle_times(rights)
    assert times.undated == 5 and times.data["n"].tolist() == [35]


def test_a_negative_quantity_is_never_full():
    frame = orders()
    frame.loc[:3, "quantity_delivered"] = -10.0
    frame.loc[4:6, "quantity_ordered"] = -10.0
    rights = views(frame)
    assert one(rights, "right_quantity") == [33, 4, 3]
    units = rights.overall("unit_fill_rate", "unit")
    assert 0 <= units["confirmed"] <= units["upper"] <= 1


def test_a_promise_before_the_order_is_late_like_any_other():
    frame = orders()
    frame.loc[:9, ["promised_at", "promised_latest_at"]] = DAY - np.timedelta64(30, "D")
    assert one(views(frame), "right_time") == [30, 10, 0]


def test_two_currencies_in_one_column_leave_every_count_as_it_was():
    mixed = orders(currency=["EUR", "PLN"] * 20)
    assert one(views(mixed), "right_price") == one(views(orders()), "right_price") == [40, 0, 0]


def test_an_ordered_quantity_of_none_is_unknown_and_weighs_nothing():
    frame = orders()
    frame.loc[:9, "quantity_ordered"] = 0.0
    rights = views(frame)
    assert one(rights, "right_quantity") == [30, 0, 10]
    assert rights.overall("unit_fill_rate", "unit")["right"] == 300


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
def test_where_everything_is_unknown_no_rate_is_shown(language):
    blank = dict.fromkeys(["quantity_delivered", "unit_price_invoiced"], np.nan)
    frame = orders(status=pd.Series([None] * 40, dtype="str"), **blank)
    frame["delivered_at"] = np.datetime64("NaT", "us")
    rights = views(frame, language)
    assert rights.measured == () and rights.data["upper"].isna().all()


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
def test_one_order_is_shown_with_its_n_and_decides_nothing(language):
    frame = orders(1).assign(delivered_at=DAY + np.timedelta64(9, "D"))
    rights = views(frame, language)
    row = rights.overall("right_time")
    assert row["wrong"] == 1 and row["interval"][1] > 0.7


def test_a_segment_with_three_lines_is_not_demonstrable_however_bad():
    segment = np.where(np.arange(40) < 3, "tiny", "shop")
    late = DAY + np.timedelta64(60, "D")
    frame = orders(segment=segment)
    frame.loc[:2, "delivered_at"] = late
    groups = compare_groups(views(frame), "segment", "right_time")
    shown = groups.table("en").set_index("Customer segment")
    assert shown.loc["tiny", ["Orders judged", "Verdict"]].tolist() == ["3", "not demonstrable"]
    assert groups.findings() == []


def test_cancelled_lines_crash_nothing_and_are_told_apart():
    status = ["cancelled_by_customer"] * 10 + ["cancelled_by_supplier"] * 10 + ["delivered"] * 20
    frame = orders(status=status)
    frame.loc[:19, ["delivered_at", "quantity_delivered"]] = None
    rights = views(frame)
    assert one(rights, "right_time") == [20, 10, 0]
    assert rights.overall("right_time")["not_applicable"] == 10
    assert one(views(frame[:10]), "right_time") == [0, 0, 0]


def test_no_order_at_all_shows_only_words():
    assert views(orders()[:0]).data["upper"].isna().all()


def test_looking_closer_needs_no_orders(shop):
    from workbook.data import open_client

    (shop / "order_lines.csv").unlink()
    assert "ladder" not in look_closer(open_client(shop), None)
