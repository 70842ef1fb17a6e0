"""The states of CONTRACT part 3: against a plain reading of it, and case by case."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_rights import RIGHTS, judge

from workbook.profile import Profile
from workbook.states import judge_lines

AS_OF = dt.date(2025, 3, 10)
LETTERS = np.array(list("NRUW"))


def frame_of(rows):
    frame = pd.DataFrame(rows)
    for name in frame:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
        elif name.startswith(("quantity", "unit", "surcharge")):
            frame[name] = frame[name].astype(float)
        elif name.endswith("_ok"):
            frame[name] = frame[name].astype("boolean")
        else:
            frame[name] = frame[name].astype("str")
    return frame


def states_of(rows, as_of=AS_OF, **choices):
    """Return each line's states by right, P for pending."""
    profile = Profile("Acme", **choices)
    states = judge_lines(frame_of(rows), profile, as_of)
    shown = {right: LETTERS[states.marks[right] >> 5] for right in states.marks}
    return {right: np.where(states.pending, "P", each).tolist() for right, each in shown.items()}


def line(**facts):
    return {"order_id": "1", "promised_at": dt.datetime(2025, 3, 3)} | facts


days = st.integers(1, 14).map(lambda day: dt.datetime(2025, 3, day))
moments = st.builds(
    lambda day, hour: day + dt.timedelta(hours=hour), days, st.sampled_from([0, 9, 16])
)
maybe = lambda strategy: st.none() | strategy
small = st.sampled_from([0.0, 1.0, 2.0, 5.0, 10.0])
rows_of_lines = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(["a", "b", "c"]),
            "line_no": maybe(st.sampled_from(["1", "2"])),
            "quantity_ordered": maybe(small),
            "quantity_delivered": maybe(small),
            "quantity_damaged": maybe(st.sampled_from([0.0, 1.0])),
            "promised_at": maybe(moments),
            "delivered_at": maybe(moments),
            "status": maybe(
                st.sampled_from(
                    ["open", "delivered", "cancelled_by_customer", "cancelled_by_supplier"]
                )
            ),
            "product": maybe(st.sampled_from(["x", "X ", "y"])),
            "product_delivered": maybe(st.sampled_from(["x", "y"])),
            "place_ordered": maybe(st.just("dock")),
            "place_delivered": maybe(st.sampled_from(["dock", "gate"])),
            "condition": maybe(st.sampled_from(["good", "damaged", "refused"])),
            "unit_price": maybe(st.just(10.0)),
            "unit_price_invoiced": maybe(st.sampled_from([10.0, 10.05, 10.06])),
            "surcharge": maybe(st.sampled_from([0.0, 2.0])),
            "documents": maybe(st.sampled_from(["correct", "wrong"])),
        }
    ),
    min_size=1,
    max_size=7,
)


def _same_promise(rows):
    """A line has one promise: give the rows of a split line the first row's."""
    first = {}
    for row in rows:
        if row["line_no"] is not None:
            row["promised_at"] = first.setdefault(
                (row["order_id"], row["line_no"]), row["promised_at"]
            )
    return rows


@settings(max_examples=200, deadline=None)
@given(
    rows=rows_of_lines.map(_same_promise),
    late_days=st.sampled_from([0, 2]),
    early_days=st.sampled_from([None, 0, 1]),
    quantity=st.sampled_from([0.0, 0.2]),
    granularity=st.sampled_from(["day", "timestamp"]),
)
def test_states_are_those_of_a_plain_reading_of_the_contract(
    rows, late_days, early_days, quantity, granularity
):
    tolerance = {"late_days": late_days, "early_days": early_days, "quantity": quantity}
    _, expected = judge(rows, as_of=AS_OF, granularity=granularity, **tolerance)
    profile = Profile("Acme", granularity=granularity, tolerance={"price": 0.005} | tolerance)
    got = judge_lines(frame_of(rows), profile, AS_OF)
    for right in RIGHTS:
        letters = np.where(got.pending, "P", LETTERS[got.marks[right] >> 5]).tolist()
        assert letters == [each[right] for each in expected.values()], right


@pytest.mark.parametrize(
    ("facts", "time", "quantity", "place"),
    [
        ({}, "W", "W", "N"),  # due and nothing came
        ({"status": "cancelled_by_supplier"}, "W", "W", "N"),
        ({"status": "cancelled_by_customer"}, "N", "N", "N"),
        ({"status": None}, "U", "U", "U"),  # the client has a status and left it blank
        ({"status": "delivered"}, "U", "U", "U"),  # delivered without a date
        ({"promised_at": dt.datetime(2025, 3, 11)}, "P", "P", "P"),
        ({"promised_at": None}, "U", "U", "N"),
        ({"delivered_at": dt.datetime(2025, 3, 12)}, "W", "W", "N"),  # after as_of: unseen
    ],
)
def test_what_did_not_come_is_judged_by_why(facts, time, quantity, place):
    states = states_of(
        [line(delivered_at=None, **facts) if "delivered_at" not in facts else line(**facts)]
    )
    assert (states["time"][0], states["quantity"][0], states["place"][0]) == (time, quantity, place)


def test_a_file_without_any_sign_of_delivery_says_nothing_of_delivery():
    assert states_of([line()])["time"] == ["U"]


@pytest.mark.parametrize(
    ("granularity", "promise", "expected"),
    [("day", "11:00", "R"), ("timestamp", "11:00", "W"), ("timestamp", "00:00", "R")],
)
def test_16_00_against_a_promise_is_decided_by_granularity(granularity, promise, expected):
    rows = [line(promised_at=f"2025-03-03 {promise}", delivered_at="2025-03-03 16:00")]
    assert states_of(rows, granularity=granularity)["time"] == [expected]


def test_a_split_line_is_complete_when_its_quantity_is():
    split = [
        line(
            line_no="1",
            delivery_no="1",
            quantity_ordered=10,
            quantity_delivered=6,
            delivered_at="2025-03-02",
        ),
        line(
            line_no="1",
            delivery_no="2",
            quantity_ordered=10,
            quantity_delivered=4,
            delivered_at="2025-03-05",
        ),
    ]
    states = states_of(split)
    assert (states["time"], states["quantity"], states["fill"]) == (["W"], ["R"], ["W"])


def test_a_split_receipt_does_not_count_the_ordered_quantity_twice():
    split = [
        line(
            line_no="1",
            delivery_no=str(n),
            quantity_ordered=10,
            quantity_delivered=5,
            delivered_at="2025-03-02",
        )
        for n in (1, 2)
    ]
    got = judge_lines(frame_of(split), Profile("Acme"), AS_OF)
    assert got.ordered.tolist() == [10.0] and got.in_time.tolist() == [10.0]


def test_over_delivery_is_wrong_in_quantity_and_fills_no_more_than_was_ordered():
    rows = [
        line(line_no="1", quantity_ordered=10, quantity_delivered=20, delivered_at="2025-03-02"),
        line(line_no="2", quantity_ordered=10, quantity_delivered=0, status="open"),
    ]
    got = judge_lines(frame_of(rows), Profile("Acme"), AS_OF)
    assert got.in_time.sum() / got.ordered.sum() == 0.5
    assert states_of(rows)["quantity"] == ["W", "W"]
    assert states_of(rows)["otif"] == ["R", "W"]


def test_a_judgement_wins_over_evidence_and_is_counted():
    rows = [
        line(delivered_at="2025-03-09", time_ok=True),
        line(delivered_at="2025-03-01", time_ok=None),
    ]
    got = judge_lines(frame_of(rows), Profile("Acme"), AS_OF)
    assert states_of(rows)["time"] == ["R", "R"] and got.judged["time"] == 1


def test_a_judgement_that_needs_a_delivery_shows_one():
    rows = [line(place_ok=False, status="open")]
    states = states_of(rows)
    assert (states["place"], states["time"]) == (["W"], ["U"])


def test_refused_goods_are_wrong_in_condition_even_where_nothing_was_delivered():
    assert states_of([line(condition="refused", delivered_at=None)])["condition"] == ["W"]


@pytest.mark.parametrize(
    ("told", "expected"), [("2025-03-01", "R"), ("2025-03-04", "W"), (None, "U")]
)
def test_a_dispatch_notice_counts_when_it_comes_before_the_goods(told, expected):
    rows = [line(delivered_at="2025-03-03", notice_at=told)]
    assert states_of(rows, information=("notice",))["information"] == [expected]


def test_all_kinds_of_information_asked_for_must_hold():
    rows = [line(delivered_at="2025-03-03", notice_at="2025-03-01", documents="wrong")]
    assert states_of(rows, information=("notice", "documents"))["information"] == ["W"]


def test_business_days_of_tolerance_pass_over_weekend_and_holiday():
    # Friday 18 April 2025 is Good Friday: a holiday in Germany and a working day in Poland.
    rows = [line(promised_at="2025-04-17", delivered_at="2025-04-22")]
    choices = {"as_of": dt.date(2025, 5, 1), "days": "business"}
    choices["tolerance"] = {"late_days": 1, "early_days": None, "quantity": 0.0, "price": 0.005}
    assert states_of(rows, country="DE", **choices)["time"] == ["R"]
    assert states_of(rows, country="PL", **choices)["time"] == ["W"]


def test_an_excluded_reason_takes_a_line_out():
    rows = [line(delivered_at="2025-03-09", reason="flood")]
    got = judge_lines(frame_of(rows), Profile("Acme", exclude_reasons=("flood",)), AS_OF)
    assert got.excluded.tolist() == [True]


@pytest.mark.parametrize("ordered", [0.0, -5.0])
def test_an_ordered_quantity_that_is_none_is_unknown(ordered):
    rows = [line(quantity_ordered=ordered, quantity_delivered=5, delivered_at="2025-03-02")]
    assert states_of(rows)["quantity"] == ["U"]


def test_the_latest_promise_is_the_first_where_no_other_was_given():
    rows = [line(promised_latest_at=None, delivered_at="2025-03-04")]
    assert states_of(rows, due="promised_latest")["time"] == ["W"]


def test_an_empty_table_gives_empty_states():
    got = judge_lines(frame_of([line(delivered_at=None)]).iloc[:0], Profile("Acme"), AS_OF)
    assert len(got.order) == 0
