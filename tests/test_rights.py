"""Measures: counts, bounds, intervals, verdicts and the contract that they name."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.profile import PRESETS, Profile
from workbook.rights import measure_rights, period_of
from workbook.schema import RIGHTS, DataError
from workbook.stats import wilson_interval

DUE = pd.Timestamp("2025-03-03")


def lines(**columns):
    n = max(len(values) for values in columns.values())
    frame = pd.DataFrame(
        {"order_id": [str(i) for i in range(n)], "promised_at": [DUE] * n} | columns
    )
    for name in frame.columns[frame.columns.str.endswith("_at")]:
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    for name in frame.columns[frame.columns.str.endswith("_ok")]:
        frame[name] = frame[name].astype("boolean")
    return frame


def judged(n_right, n_wrong, n_unknown, right="time"):
    """Orders of one line, judged directly."""
    answers = [True] * n_right + [False] * n_wrong + [None] * n_unknown
    return lines(**{f"{right}_ok": answers, "delivered_at": [None] * len(answers)}).assign(
        status=pd.Series([None] * len(answers), dtype="str")
    )


def measure(frame, **choices):
    return measure_rights(frame, as_of=dt.date(2025, 3, 10), **choices)


def test_rates_are_the_contract_s_four():
    row = measure(judged(6, 2, 2)).overall("right_time")
    assert (row["right"], row["wrong"], row["unknown"]) == (6, 2, 2)
    assert (row["confirmed"], row["known_only"], row["upper"], row["coverage"]) == (
        0.6,
        0.75,
        0.8,
        0.8,
    )
    assert row["interval"] == [wilson_interval(6, 10).low, wilson_interval(8, 10).high]


def test_no_data_does_not_read_100_percent():
    row = measure(judged(0, 0, 5)).overall("right_time")
    assert row["unknown"] == 5
    assert row[["confirmed", "known_only", "upper", "interval"]].isna().all()


def test_the_band_of_missing_proofs_of_delivery():
    # 84.3 to 90.3 %: the honest band of DOMAIN B4's example, in 1,000 orders.
    row = measure(judged(843, 97, 60)).overall("right_time")
    assert (row["confirmed"], row["upper"]) == (0.843, 0.903)


@pytest.mark.parametrize(
    ("right", "wrong", "target", "verdict"),
    [
        (990, 10, 0.95, "met"),
        (900, 100, 0.95, "missed"),
        (950, 50, 0.95, "not demonstrable"),
        (1000, 0, 1.0, "not demonstrable"),  # a target of 1 can be missed, never shown
        (3, 997, 1.0, "missed"),
    ],
)
def test_the_verdict_asks_where_the_whole_interval_lies(right, wrong, target, verdict):
    row = measure(judged(right, wrong, 0), targets={"right_time": target}).overall("right_time")
    assert row["verdict"] == verdict


def test_an_undecided_verdict_names_the_n_that_would_decide():
    row = measure(judged(96, 4, 0), targets={"right_time": 0.95}).overall("right_time")
    n = row["n_decides"]
    assert wilson_interval(0.96 * n, n).low > 0.95 >= wilson_interval(0.96 * (n - 1), n - 1).low


def test_a_line_s_verdict_is_left_to_its_orders():
    row = measure(judged(9, 1, 0), targets={"right_time": 0.5}).overall("right_time", "line")
    assert row[["target", "verdict"]].isna().all()


def test_a_perfect_order_has_only_an_upper_bound_while_a_right_is_not_measured():
    rights = measure(judged(8, 2, 0), targets={"perfect_order": 0.5, "perfect_order_measured": 0.5})
    whole, measured = rights.overall("perfect_order"), rights.overall("perfect_order_measured")
    assert pd.isna(whole["confirmed"]) and whole["upper"] == 0.8
    assert whole["verdict"] == "not demonstrable"
    assert measured["confirmed"] == 0.8 and measured["rights"] == ["time"]


def test_a_bound_alone_can_show_a_target_missed():
    rights = measure(judged(1, 99, 0), targets={"perfect_order": 0.5})
    assert rights.overall("perfect_order")["verdict"] == "missed"


def test_the_fill_rates_of_three_small_orders():
    # DOMAIN B3's toy: orders 10/10 and 1/0, 5/5 and 5/4, 100/100.
    frame = lines(
        order_id=["1", "1", "2", "2", "3"],
        quantity_ordered=[10.0, 1, 5, 5, 100],
        quantity_delivered=[10.0, 0, 5, 4, 100],
        delivered_at=["2025-03-02"] * 5,
    )
    rights = measure(frame)
    assert rights.overall("unit_fill_rate", "unit")["confirmed"] == pytest.approx(119 / 121)
    assert rights.overall("line_fill_rate", "line")["confirmed"] == 0.6
    assert rights.overall("order_fill_rate")["confirmed"] == pytest.approx(1 / 3)


def test_an_order_is_pending_until_its_last_line_is_due():
    frame = lines(
        order_id=["1", "1", "2"],
        promised_at=["2025-03-03", "2025-03-20", "2025-03-03"],
        delivered_at=["2025-03-03", None, "2025-03-04"],
    )
    row = measure(frame).overall("right_time")
    assert (row["pending"], row["right"], row["wrong"]) == (1, 0, 1)


def test_every_case_is_counted_once():
    frame = lines(
        order_id=list("abcdef"),
        delivered_at=["2025-03-03", "2025-03-09", None, None, None, None],
        status=["delivered", "delivered", None, "cancelled_by_customer", "open", "open"],
        reason=[None, None, None, None, "flood", None],
        promised_at=[DUE] * 5 + [pd.Timestamp("2025-04-01")],
    )
    row = measure(frame, exclude_reasons=("flood",)).overall("right_time")
    names = ["right", "wrong", "unknown", "not_applicable", "excluded", "pending"]
    assert row[names].tolist() == [1] * 6


def test_early_on_time_and_late_are_three_shares():
    frame = lines(delivered_at=["2025-03-01", "2025-03-03", "2025-03-03", "2025-03-09"])
    timing = measure(frame).overall("right_time", "line")["timing"]
    assert timing == {"early": 1, "on_time": 2, "late": 1}


def test_lines_of_one_order_are_no_independent_cases():
    frame = lines(
        order_id=np.repeat([str(i) for i in range(40)], 5).tolist(),
        promised_at=[DUE] * 200,
        delivered_at=np.repeat(["2025-03-03", "2025-03-09"], [150, 50]).tolist(),
    )
    by_line = measure(frame).overall("right_time", "line")["interval"]
    by_order = measure(frame).overall("right_time")["interval"]
    assert by_line == pytest.approx(by_order, abs=0.02)


def test_groups_add_up_to_the_whole():
    frame = judged(50, 30, 20).assign(segment=["a", "b", "c", "b"] * 25)
    parts = measure(frame, by="segment").data
    parts = parts[parts["segment"].map(bool) & (parts["measure"] == "right_time")]
    assert parts.groupby("level")[["right", "wrong", "unknown"]].sum().loc["order"].tolist() == [
        50,
        30,
        20,
    ]


def test_an_unknown_column_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'segment'"):
        measure(judged(1, 1, 1).assign(segment="a"), by="segmnet")


def test_an_unknown_choice_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'granularity'"):
        measure(judged(1, 1, 1), granularty="day")


def test_without_any_date_the_remedy_is_named():
    with pytest.raises(DataError, match=r"set as_of in client\.yaml"):
        measure_rights(pd.DataFrame({"order_id": ["1"]}))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_measures_and_is_named_in_the_contract(preset):
    choices = {key: value for key, value in PRESETS[preset].items() if key != "tolerance"}
    rights = measure(judged(5, 3, 2), contract=preset, **choices)
    assert rights.contract["contract"] == preset
    assert rights.overall("perfect_order")["rights"] == list(rights.profile.rights)


def test_the_json_is_plain_and_has_the_contract_s_keys():
    frame = judged(5, 3, 2).assign(segment="a")
    found = json.loads(
        json.dumps(measure(frame, by=("segment", "week")).as_json(), allow_nan=False)
    )
    keys = (
        "measure level due rights segment period right wrong unknown not_applicable pending "
        "excluded confirmed known_only upper interval coverage target verdict reasons"
    )
    assert set(keys.split()) <= set(found["measures"][0])
    assert {"due", "granularity", "tolerance", "rights", "as_of"} <= set(found["contract"])
    assert found["as_of"] == "2025-03-10"


@pytest.mark.parametrize(
    ("period", "name"),
    [("week", "2026-W01"), ("month", "2025-12"), ("quarter", "2025-Q4"), ("year", "2025")],
)
def test_periods_carry_the_names_that_people_sort_by(period, name):
    assert period_of(np.array(["2025-12-29"], "datetime64[us]"), period).tolist() == [name]


# --- properties -----------------------------------------------------------------------------------

answers = st.lists(
    st.tuples(st.integers(0, 8), *([st.sampled_from([True, False, None])] * 7)),
    min_size=1,
    max_size=25,
)


def judged_frame(rows):
    table = {"order_id": [f"o{row[0]}" for row in rows]}
    table |= {f"{right}_ok": [row[i + 1] for row in rows] for i, right in enumerate(RIGHTS)}
    return lines(**table).assign(
        delivered_at=pd.NaT, status=pd.Series([None] * len(rows), dtype="str")
    )


def rates(frame):
    rights = measure(frame)
    names = [f"right_{right}" for right in RIGHTS] + ["perfect_order"]
    return {name: rights.overall(name) for name in names}


@settings(max_examples=40, deadline=None)
@given(rows=answers, data=st.data())
def test_revealing_an_unknown_stays_inside_the_earlier_band(rows, data):
    before = measure(judged_frame(rows)).overall("right_time")
    known = [
        (*row[:3], data.draw(st.booleans()) if row[3] is None else row[3], *row[4:]) for row in rows
    ]
    after = measure(judged_frame(known)).overall("right_time")
    if pd.notna(before["upper"]):
        assert before["confirmed"] <= after["confirmed"] <= after["upper"] <= before["upper"]


@settings(max_examples=40, deadline=None)
@given(rows=answers, data=st.data())
def test_the_order_of_rows_does_not_matter(rows, data):
    shuffled = data.draw(st.permutations(rows))
    first, second = rates(judged_frame(rows)), rates(judged_frame(shuffled))
    for name in first:
        pd.testing.assert_series_equal(first[name], second[name])


@settings(max_examples=40, deadline=None)
@given(rows=answers)
def test_adding_a_perfect_order_never_lowers_the_confirmed_rate(rows):
    before = measure(judged_frame(rows)).overall("perfect_order")["confirmed"]
    after = measure(judged_frame([*rows, (99, *[True] * 7)])).overall("perfect_order")["confirmed"]
    assert pd.isna(before) or after >= before


@settings(max_examples=40, deadline=None)
@given(rows=answers)
def test_with_all_known_a_perfect_order_is_no_likelier_than_any_right(rows):
    known = [(row[0], *(bool(answer) for answer in row[1:])) for row in rows]
    found = {name: row["confirmed"] for name, row in rates(judged_frame(known)).items()}
    whole, parts = found.pop("perfect_order"), list(found.values())
    assert max(0, sum(parts) - 6) - 1e-12 <= whole <= min(parts)


@settings(max_examples=40, deadline=None)
@given(
    days=st.lists(st.integers(-5, 5), min_size=1, max_size=12),
    delays=st.lists(st.integers(0, 6), min_size=12, max_size=12),
)
def test_delaying_deliveries_never_raises_the_on_time_rate(days, delays):
    at = lambda shifts: [DUE + pd.Timedelta(days=int(day)) for day in shifts]
    before = measure(lines(delivered_at=at(days))).overall("right_time")["confirmed"]
    later = [day + delay for day, delay in zip(days, delays, strict=False)]
    after = measure(lines(delivered_at=at(later))).overall("right_time")["confirmed"]
    assert after <= before


def test_measuring_leaves_the_frame_as_it_was():
    frame = judged(3, 2, 1)
    copy = frame.copy()
    measure(frame)
    pd.testing.assert_frame_equal(frame, copy)


def test_a_profile_for_a_bare_frame_gives_the_contract():
    rights = measure_rights(
        judged(3, 2, 1), profile=Profile("Acme", due="requested"), as_of="2025-03-10"
    )
    assert rights.contract["due"] == "requested"


def test_with_nothing_due_there_are_no_weeks_and_no_difference_of_rates():
    frame = lines(quantity_ordered=[1.0, 2.0]).drop(columns="promised_at")
    rights = measure(frame)
    assert rights.group_table("week").empty
    late = rights.overall("right_time")["confirmed"]
    assert np.isnan(late - late)


def test_the_counts_of_a_right_add_up_to_its_orders():
    shown = measure(judged(3, 2, 1)).count_table().set_index("Right").loc["Right time"]
    assert shown.tolist() == ["3", "2", "1", "0", "0"]
