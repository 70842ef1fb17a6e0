"""The event log equals the plain way in pandas, whatever the order, ids and units of the file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.data import open_client
from workbook.eventcodes import read_codes
from workbook.eventlog import read_log
from workbook.language import speak
from workbook.resources import data_path
from workbook.schema import DataError

PATIENTS = Path(__file__).parents[2] / "shared" / "data" / "patients_events.csv"
FOLLOWS = ["orders", "count", "mean_wait_minutes", "median_wait_minutes"]


def events(rows):
    """Write events as 'order activity hour' on 2 March 2026, a Monday."""
    table = pd.DataFrame([row.split() for row in rows], columns=["order_id", "activity", "at"])
    hours = pd.to_timedelta(table.pop("at").astype(float), unit="h")
    return table.assign(event_at=pd.Timestamp("2026-03-02") + hours)


def random_events(seed, n=2000, orders=300, activities=7, unit="us"):
    """Draw events in any order, many of them at the same moment."""
    draw = np.random.default_rng(seed)
    table = {
        "order_id": np.char.add("A-", draw.integers(0, orders, n).astype(str)),
        "activity": np.char.add("do ", draw.integers(0, activities, n).astype(str)),
        "role": np.char.add("role ", draw.integers(0, 3, n).astype(str)),
        "event_at": np.datetime64("2025-03-01", unit)
        + draw.integers(0, 4000, n) * 60_000 * STEP[unit],
    }
    return pd.DataFrame(table)


STEP = {"ms": 1, "us": 1000, "ns": 1_000_000}


def plain(table):
    """Compute the same as one usually does."""
    log = table.sort_values("event_at", kind="stable")
    orders = log.groupby("order_id", sort=False)
    log = log.assign(to=orders["activity"].shift(-1), to_role=orders["role"].shift(-1))
    log["minutes"] = (orders["event_at"].shift(-1) - log["event_at"]).dt.total_seconds() / 60
    waits = {"mean_wait_minutes": ("minutes", "mean"), "median_wait_minutes": ("minutes", "median")}
    sums = {"orders": ("order_id", "nunique"), "count": ("minutes", "size"), **waits}
    follows = log.dropna(subset="to").groupby(["activity", "to"]).agg(**sums)
    given = log[log["to_role"].notna() & (log["role"] != log["to_role"])]
    ways = orders.agg(start_at=("event_at", "min"), end_at=("event_at", "max"))
    traces = orders["activity"].agg(tuple)
    return follows, given.groupby(["role", "to_role"]).agg(**sums), ways, traces


def assert_as_plain(log, table):
    follows, handovers, ways, traces = plain(table)
    found = log.directly_follows().set_index(["from", "to"]).sort_index()[FOLLOWS]
    pd.testing.assert_frame_equal(
        found, follows[FOLLOWS], check_names=False, check_index_type=False
    )
    over = log.handovers().set_index(["from_role", "to_role"]).sort_index()
    pd.testing.assert_frame_equal(
        over, handovers[FOLLOWS[1:]], check_names=False, check_index_type=False
    )
    mine = log.throughput().set_index("order_id").loc[ways.index]
    assert (mine["start_at"] == ways["start_at"]).all() and (mine["end_at"] == ways["end_at"]).all()
    assert (
        mine["minutes"].tolist()
        == ((ways["end_at"] - ways["start_at"]).dt.total_seconds() / 60).tolist()
    )
    count = traces.value_counts()
    variants = log.variants().set_index("activities")["orders"]
    assert variants.sort_index().to_dict() == count.sort_index().to_dict()
    assert variants.is_monotonic_decreasing
    shown = log.variants().set_index("variant")["activities"]
    assert mine["variant"].map(shown).tolist() == traces.loc[mine.index].tolist()


@pytest.mark.parametrize("unit", STEP)
@pytest.mark.parametrize("activities", [2, 7, 90])
def test_all_results_equal_the_plain_way(unit, activities, tmp_path):
    table = random_events(1, activities=activities, unit=unit)
    before = table.copy()
    assert_as_plain(read_log(table), table)
    pd.testing.assert_frame_equal(table, before)
    table.to_parquet(tmp_path / "events.parquet", index=False, row_group_size=300)
    assert_as_plain(read_log(tmp_path / "events.parquet"), table)


def test_few_long_orders_and_a_file_sorted_by_time():
    table = random_events(2, orders=3).sort_values("event_at", kind="stable", ignore_index=True)
    assert_as_plain(read_log(table), table)


def test_numbers_and_categories_are_ids_too():
    table = random_events(3, n=300)
    numbers = table.assign(order_id=table["order_id"].str[2:].astype(int))
    words = read_log(table.assign(activity=table["activity"].astype("category")))
    assert read_log(numbers).order_ids.tolist() == words.order_ids.str[2:].tolist()
    pd.testing.assert_frame_equal(read_log(numbers).data, words.data)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**60)), min_size=1, max_size=40),
    st.integers(0, 5),
)
def test_events_are_sorted_by_order_then_time_then_place(rows, repeated):
    rows = [*rows, *rows[:repeated]]  # ties
    table = pd.DataFrame(rows, columns=["order_id", "at"])
    table["event_at"] = table["at"].to_numpy().astype("datetime64[ns]")
    table["activity"] = [f"{place:03}" for place in range(len(table))]
    codes = read_codes(table[["order_id", "activity", "event_at"]])
    first = {order: place for place, order in enumerate(table["order_id"].unique())}
    by = sorted(range(len(rows)), key=lambda p: (first[rows[p][0]], rows[p][1], p))
    assert [codes.activities[code] for code in codes.activity] == [f"{place:03}" for place in by]


def test_at_the_same_moment_the_place_in_the_file_decides():
    log = read_log(events(["1 b 9", "1 a 9", "1 c 8", "1 a 9"]))
    assert log.variants()["activities"].tolist() == [("c", "b", "a", "a")]


def test_shuffling_rows_changes_nothing_but_the_order_of_orders():
    table = random_events(4, n=1500).drop_duplicates(["order_id", "event_at"])
    mixed = table.sample(frac=1, random_state=1)
    by = lambda log: log.data.sort_values(["from", "to"], ignore_index=True)
    pd.testing.assert_frame_equal(by(read_log(table)), by(read_log(mixed)))


# --- starts, working time, time zones -------------------------------------------------------------


def test_a_start_parts_the_wait_from_the_touch():
    table = events(["1 a 8", "1 b 9", "1 b 9.5", "1 b 11", "1 b 12"])
    table["lifecycle"] = [None, "start", "start", "complete", "complete"]
    log = read_log(table)
    assert log.variants()["activities"].tolist() == [("a", "b", "b")]
    assert log.waits("a", "b")["wait_minutes"].tolist() == [60]
    assert log.waits("b", "b")["wait_minutes"].tolist() == [60]  # no start: until it is completed
    times = log.times().set_index("activity")
    assert times.loc["b", ["count", "orders", "touched"]].tolist() == [2, 1, 1]
    assert times.loc["b", "median_touch_minutes"] == 120
    assert np.isnan(times.loc["a", "median_touch_minutes"])


def test_work_that_overlaps_waits_for_nothing():
    table = events(["1 b 7", "1 a 8", "1 b 9"]).assign(lifecycle=["Start", "complete", ""])
    assert read_log(table).waits("a", "b")["wait_minutes"].tolist() == [0]


def test_an_order_only_begun_is_an_order_without_events():
    log = read_log(events(["1 a 8", "2 a 9"]).assign(lifecycle=["start", "complete"]))
    ways = log.throughput()
    assert ways["order_id"].tolist() == ["1", "2"] and ways["events"].tolist() == [0, 1]
    assert ways["minutes"].isna().tolist() == [True, False]
    assert sorted(map(len, log.variants()["activities"])) == [0, 1]


def test_waits_in_working_time_leave_out_the_weekend_and_holidays():
    friday, monday = "2026-04-03 15:30", "2026-04-07 08:15"  # Easter Monday between
    table = pd.DataFrame({"order_id": ["1", "1"], "activity": ["a", "b"]})
    table["event_at"] = pd.to_datetime([friday, monday])
    log = read_log(table, desk_hours="Mon-Fri 08:00-16:00", country="PL")
    assert log.waits("a", "b")["working_minutes"].tolist() == [45]
    assert log.data["median_working_minutes"].tolist() == [45]
    assert log.throughput()["working_minutes"].tolist() == [45]


def test_true_time_on_the_day_the_clocks_change_and_offsets_are_brought_home():
    table = pd.DataFrame({"order_id": ["1", "1"], "activity": ["a", "b"]})
    local = pd.to_datetime(["2025-10-26 00:00", "2025-10-27 00:00"])
    log = read_log(table.assign(event_at=local), timezone="Europe/Warsaw")
    assert log.data["mean_wait_minutes"].tolist() == [25 * 60]
    zoned = local.tz_localize("Europe/Warsaw").tz_convert("UTC")
    again = read_log(table.assign(event_at=zoned), timezone="Europe/Warsaw")
    assert (again.done_at == log.done_at).all()


# --- bad input ------------------------------------------------------------------------------------


def test_events_without_order_activity_or_time_are_left_out_and_counted():
    table = events(["1 a 8", "1 b 9", "1 c 10", "2 a 9"])
    table.loc[1, "activity"], table.loc[3, "event_at"] = " ", pd.NaT
    log = read_log(table)
    assert log.dropped == 2
    assert log.order_ids.tolist() == ["1"]
    assert log.variants()["activities"].tolist() == [("a", "c")]


def test_missing_columns_and_moments_that_are_none_are_told_at_once():
    with pytest.raises(DataError, match="activity: the column is missing; add it") as told:
        read_log(pd.DataFrame({"order_id": ["1"]}))
    assert len(told.value.problems) == 2
    with pytest.raises(DataError, match="event_at: the column holds int64; give dates"):
        read_log(pd.DataFrame({"order_id": ["1"], "activity": ["a"], "event_at": [7]}))


def test_no_file_no_roles_and_no_such_activity_are_told_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"^there is no file .*none\.parquet"):
        read_log(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_text("order_id,activity")
    with pytest.raises(ValueError, match=r"bad\.parquet' is no Parquet file"):
        read_log(tmp_path / "bad.parquet")
    log = read_log(events(["1 Pick 8", "1 Pack 9"]))
    with pytest.raises(ValueError, match="add who does each activity"):
        log.handovers()
    with pytest.raises(ValueError, match="no activity 'Pic'; did you mean 'Pick'"):
        log.waits("Pic", "Pack")


def test_a_log_without_events_has_empty_results():
    log = read_log(events(["1 a 8"])[:0].assign(role="x"))
    for table in (log.data, log.variants(), log.throughput(), log.handovers(), log.times()):
        assert len(table) == 0
    assert log.sentence(speak("en")) == "The log has no events."


# --- real and sample data -------------------------------------------------------------------------


@pytest.mark.skipif(
    not PATIENTS.is_file(), reason="the public data files are not beside the project (shared/data)"
)
def test_patients_as_published():
    raw = pd.read_csv(PATIENTS)
    names = {"patient": "order_id", "handling": "activity", "employee": "role", "time": "event_at"}
    table = raw.rename(columns=names | {"registration_type": "lifecycle"})
    table["event_at"] = pd.to_datetime(table["event_at"]).astype("datetime64[us, UTC]")
    done = read_log(table[table["lifecycle"] == "complete"])
    assert (len(done.order), len(done.order_ids), len(done.activities)) == (2721, 500, 7)
    variants = done.variants()
    assert (len(variants), variants["orders"].max()) == (7, 258)
    hours = done.throughput()["minutes"] / 60
    assert (round(hours.median(), 3), round(hours.mean(), 3)) == (143.471, 157.478)
    assert done.handovers()["count"].sum() == 2221
    whole = read_log(table)  # with the starts: the same ways, and times of work
    assert whole.variants()["orders"].tolist() == variants["orders"].tolist()
    assert (whole.times()["touched"] == whole.times()["count"]).all()


def test_a_client_brings_desk_hours_and_its_events_show():
    log = read_log(open_client(data_path("brzoza-dom")))
    assert (log.desk_hours, log.country, log.timezone) == (
        "Mon-Fri 08:00-16:00",
        "PL",
        "Europe/Warsaw",
    )
    assert "median_working_minutes" in log.data
    shown = log.table("pl")
    assert len(shown) == len(log.data)
    assert log.plot().get_label() and "<table>" in log._repr_html_()
