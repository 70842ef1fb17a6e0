"""Check where orders are said to be, silence on the way, and clocks, against what was planted."""

import numpy as np
import pandas as pd
import pytest

from workbook.data import open_client
from workbook.language import LANGUAGES, speak
from workbook.profile import Profile
from workbook.samples import generate
from workbook.visibility import trace_orders

POLISH = Profile(name="Acme", timezone="Europe/Warsaw", country="PL")


def trace(sample, **options):
    tables = sample.tables
    return trace_orders(tables["events"], orders=tables["order_lines"], profile=POLISH, **options)


def ids(data, column, value):
    return sorted(data.loc[data[column] == value, "order_id"])


def log(*rows):
    """Build events of one order from (activity, event_at, recorded_at)."""
    events = pd.DataFrame(rows, columns=["activity", "event_at", "recorded_at"])
    dates = dict.fromkeys(["event_at", "recorded_at"], "datetime64[us]")
    return events.astype(dates).assign(order_id="A1")


@pytest.fixture(scope="module")
def planted():
    sample = generate("brzoza-dom", problems="A5,A7", scale=0.3)
    return trace(sample), sample.truth["problems"]


def test_the_carrier_whose_clock_is_utc_is_named_with_its_hours(planted):
    traced, _ = planted
    clock = traced.findings()[0]
    assert (clock.kind, clock.right, clock.where) == ("data", "time", {"carrier": "K4"})
    assert "1 and 2 h behind" in clock.sentence
    assert [finding.id for finding in traced.findings()] == ["clock-K4", "silent"]


def test_the_orders_that_a_wrong_clock_misjudges_are_exactly_the_planted_ones(planted):
    traced, truth = planted
    realised = truth["A5"]["realised"]
    assert ids(traced.data, "misjudged", "on time") == realised["misjudged_first_promise"]
    assert ids(traced.data, "misjudged", "late") == []


def test_a_clock_set_right_leaves_the_delay_that_all_carriers_have(planted):
    sources = planted[0].sources.set_index("source")
    assert sources["median"].between(6, 8).all() and sources["p95"].between(10, 12).all()


def test_the_silent_orders_are_exactly_the_planted_ones(planted):
    traced, truth = planted
    assert ids(traced.data, "silent", 1) == truth["A7"]["affected"]
    silent = traced.findings()[-1]
    assert silent.kind == "needs improvement" and silent.right == "information"
    assert silent.observed == pytest.approx(truth["A7"]["realised"]["share"], abs=0.02)


def test_silence_is_found_as_exactly_where_deliveries_have_no_date():
    sample = generate("brzoza-dom", scale=0.1)
    traced = trace(sample)
    assert ids(traced.data, "silent", 1) == sample.truth["problems"]["A7"]["affected"]
    realised = sample.truth["problems"]["A5"]["realised"]
    assert ids(traced.data, "misjudged", "on time") == realised["misjudged_first_promise"]


@pytest.mark.parametrize("seed", [1, 7, 22, 40])
def test_a_clean_client_has_no_wrong_clock_and_no_silence(seed):
    found = trace(generate("brzoza-dom", problems="none", scale=0.1, seed=seed)).findings()
    assert [(finding.id, finding.kind) for finding in found] == [("silent", "works")]


def test_a_client_folder_can_be_traced_in_every_language():
    traced = trace_orders(open_client("brzoza-dom"))
    for language in LANGUAGES:
        assert len(traced.table(language)) == 4 and len(traced.findings(language)) == 2
        assert traced.plot(language=language).get_yticklabels()
    assert "<table" in traced._repr_html_()


# --- one order at a time --------------------------------------------------------------------------

WAY = log(
    ("packed", "2025-03-07 15:00", None),
    ("sent", "2025-03-10 18:00", None),
    ("depot", "2025-03-11 06:00", "2025-03-11 12:00"),
    ("there", "2025-03-13 09:00", "2025-03-13 09:05"),
)
LINES = pd.DataFrame({"order_id": ["A1"], "carrier": ["K1"], "status": ["delivered"]})
LINES["shipped_at"] = pd.to_datetime(["2025-03-10 18:00"])
LINES["delivered_at"] = pd.to_datetime(["2025-03-13 09:00"])


@pytest.mark.parametrize(
    ("moment", "activity"),
    [
        ("2025-03-01 00:00", None),
        ("2025-03-10 17:59", "packed"),
        ("2025-03-10 18:00", "sent"),
        ("2025-03-11 11:59", "sent"),  # at the depot since six, which nobody could know
        ("2025-03-11 12:00", "depot"),
        ("2026-01-01 00:00", "there"),
    ],
)
def test_an_order_is_where_it_was_known_to_be(moment, activity):
    answer = trace_orders(WAY, orders=LINES).where_is("A1", moment)
    assert answer.activity == activity and "A1" in answer.sentence
    assert trace_orders(WAY, orders=LINES).where_is("A1", moment, "pl").sentence


def test_an_order_without_events_is_told_in_one_sentence():
    with pytest.raises(ValueError, match="order 'B2' has no events; write"):
        trace_orders(WAY, orders=LINES).where_is("B2", "2025-03-11")


def test_silence_is_counted_on_the_way_alone_from_record_to_record():
    row = trace_orders(WAY, orders=LINES).data.iloc[0]
    assert row["gap_hours"] == 45 and row["gap_after"] == "depot" and row["silent"] == 1
    assert row["answerable"] == pytest.approx(1 - (45 - 24) / 63)
    assert trace_orders(WAY, orders=LINES, silent_hours=45).data["silent"].tolist() == [0]


def test_without_order_lines_all_of_an_orders_events_are_its_way():
    row = trace_orders(WAY).data.iloc[0]
    assert row["gap_hours"] == 75 and row["gap_after"] == "packed"


def test_an_open_order_is_silent_until_as_of():
    lines = LINES.assign(delivered_at=pd.NaT, status="open")
    data = trace_orders(WAY.iloc[:3], orders=lines, as_of="2025-03-14").data
    assert data["gap_hours"].tolist() == [pytest.approx(84)] and data["gap_after"].tolist() == [
        "depot"
    ]


def test_a_day_of_25_hours_is_one_hour_more_of_silence():
    events = log(("sent", "2025-10-25 12:00", None), ("there", "2025-10-26 11:30", None))
    assert trace_orders(events, profile=POLISH).data["gap_hours"].tolist() == [24.5]
    assert trace_orders(events).data["gap_hours"].tolist() == [23.5]


def test_what_was_recorded_after_as_of_is_unseen():
    data = trace_orders(WAY, as_of="2025-03-10").data
    assert data["n_events"].tolist() == [2]


def test_the_order_of_rows_changes_nothing():
    sample = generate("brzoza-dom", problems="A5,A7", scale=0.01)
    before = trace(sample).data
    mixed = {name: table.sample(frac=1, random_state=3) for name, table in sample.tables.items()}
    after = trace_orders(mixed["events"], orders=mixed["order_lines"], profile=POLISH).data
    pd.testing.assert_frame_equal(before, after)


# --- clocks ---------------------------------------------------------------------------------------


def records(hours, n=60, delay=5.0, spread=20):
    """Build a year's events of one source, written so many hours early, recorded after a delay."""
    recorded = pd.date_range("2025-01-02 09:00", "2025-12-30 09:00", n).floor("min")
    minutes = delay + np.arange(n) % spread
    happened = recorded - pd.to_timedelta(minutes, unit="min") - pd.to_timedelta(hours, unit="h")
    events = pd.DataFrame({"event_at": happened, "recorded_at": recorded}).astype("datetime64[us]")
    return events.assign(order_id=[f"A{i}" for i in range(n)], activity="there", source="X")


@pytest.mark.parametrize(
    ("hours", "expected", "certain"),
    [
        (0, (), False),
        (1, (1,), False),  # another zone, or an hour's delay
        (-1, (-1,), True),  # recorded before it happened: no delay
    ],
)
def test_whole_hours_are_a_clock_and_of_one_side_perhaps_a_delay(hours, expected, certain):
    traced = trace_orders(records(hours), profile=POLISH)
    row = traced.sources.iloc[0]
    assert (row["clock_hours"], row["certain"]) == (expected, certain)
    assert [f.id for f in traced.findings() if f.id != "silent"] == ["clock-X"] * bool(hours)


@pytest.mark.parametrize(("delay", "spread"), [(70, 60), (5, 600), (200, 170)])
def test_a_slow_source_is_no_wrong_clock(delay, spread):
    traced = trace_orders(records(0, n=300, delay=delay, spread=spread), profile=POLISH)
    assert traced.sources["clock_hours"].tolist() == [()]


def test_records_before_their_event_are_told_with_their_number():
    events = records(0)
    events.loc[:2, "event_at"] += pd.Timedelta(hours=7, minutes=40)
    found = trace_orders(events, profile=POLISH).findings()
    assert found[0].id == "early-X" and "3 of 60 records" in found[0].sentence


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_or_empty_events_crash_nothing_and_show_no_share(n):
    events = WAY.head(n).assign(event_at=pd.NaT if n == 3 else WAY["event_at"])
    for lines in (None, LINES, LINES.head(0), LINES.assign(delivered_at=pd.NaT)):
        traced = trace_orders(events, orders=lines)
        assert (
            traced._repr_html_()
            and traced.findings() == []
            and "%" not in traced.sentence(speak("en"))
        )
