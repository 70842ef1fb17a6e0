"""One set of orders, many readings of on time in full; what a second promise hides."""

import io
from functools import cache
from itertools import cycle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import samples
from workbook.cycles import cycle_times
from workbook.ladder import definition_ladder, paired_interval, smallest_promise_kept
from workbook.language import speak
from workbook.profile import Profile
from workbook.rights import measure_rights


@cache
def brzoza(problems, scale=1.0, seed=22):
    sample = samples.generate("brzoza-dom", problems=problems, scale=scale, seed=seed)
    profile = Profile(**{"id": "brzoza-dom", **sample.profile})
    return measure_rights(sample.tables["order_lines"], profile=profile), sample.truth


# A comes on the promised day; B's rest a day late; C early, as requested, one piece short; D on the
# latest promised day; E without a date; F is cancelled by the supplier.
SIX = pd.read_csv(
    io.StringIO("""\
order_id,line_no,quantity_ordered,quantity_delivered,delivered_at,status
A,1,10,10,2026-03-04,delivered
B,1,10,6,2026-03-04,delivered
B,1,10,4,2026-03-05,delivered
C,1,10,10,2026-03-03,delivered
C,2,10,9,2026-03-03,delivered
D,1,10,10,2026-03-06,delivered
E,1,10,10,,delivered
F,1,10,,,cancelled_by_supplier
"""),
    dtype={"line_no": str},
    parse_dates=["delivered_at"],
).assign(
    requested_at=pd.Timestamp("2026-03-03"),
    promised_at=pd.Timestamp("2026-03-04"),
    promised_latest_at=pd.Timestamp("2026-03-06"),
    shipped_at=lambda frame: frame["delivered_at"] - pd.Timedelta(days=2),
)
# Worked by hand: (right, of) in the definition's own reading.
BY_HAND = {
    "first": (1, 6),
    "own": (1, 6),
    "apqc": (1, 6),
    "latest": (3, 6),
    "latest_fine": (4, 6),
    "requested": (0, 6),
    "shipped": (3, 6),
    "line": (2, 7),
    "unit": (10 + 6 + 10 + 9, 70),
    "walmart": (10 + 9, 70),
    "closed": (1, 5),
    "kept": (1, 5),
    "known": (1, 5),
    "fine": (2, 6),
    "early": (1, 6),
    "late": (3, 6),
    "late_business": (3, 6),
    "first_delivery": (1, 6),
    "end": (2, 6),
    "within": (1, 6),
    "system": (4, 5),  # lines delivered and known: A, B, C1 and D of A, B, C1, C2, D
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_definition_reads_six_orders_as_by_hand(name):
    row = definition_ladder(SIX, as_of="2026-03-31").data.set_index("definition").loc[name]
    right, of = BY_HAND[name]
    assert row["value"] == pytest.approx(right / of)


def test_there_are_ten_and_more_definitions_from_most_tolerant_to_strictest():
    data = definition_ladder(SIX, as_of="2026-03-31").data
    read = data["value"].dropna()
    assert len(read) >= 10 and read.is_monotonic_decreasing
    assert {"scor", "apqc", "orwiki", "walmart"} <= set(data["definition"])
    known = data.dropna(subset=["value"])
    assert (known["confirmed"] <= known["known_only"]).all()
    assert (known["low"] <= known["confirmed"]).all() and (known["upper"] <= known["high"]).all()


def test_what_can_not_be_measured_names_the_column_it_needs():
    ladder = definition_ladder(SIX.drop(columns="requested_at"), as_of="2026-03-31")
    needs = ladder.data.set_index("definition")["needs"]
    assert needs["walmart"] == ("requested_at",)
    assert needs["scor"] == ("product", "product_delivered", "place_ordered", "place_delivered")
    shown = ladder.table("en").set_index("Definition").iloc[:, 0]
    assert shown["Requested day"] == "not measurable: needs requested delivery date"


def test_without_quantities_on_time_alone_is_read():
    frame = SIX.drop(columns=["quantity_ordered", "quantity_delivered", "line_no"])
    data = definition_ladder(frame, as_of="2026-03-31").data.set_index("definition")
    assert data["value"]["latest"] > data["value"]["first"] > 0
    assert (
        data["needs"]["apqc"] == data["needs"]["unit"] == ("quantity_ordered", "quantity_delivered")
    )


def test_the_base_definition_is_the_measure_otif():
    rights, _ = brzoza("none", 0.05)
    data = definition_ladder(rights).data.set_index("definition")
    whole, row = rights.overall("otif"), data.loc["own"]
    assert row["confirmed"] == whole["confirmed"] and row["upper"] == whole["upper"]
    assert [row["low"], row["high"]] == pytest.approx(whole["interval"])
    assert data["confirmed"]["line"] == rights.overall("otif", "line")["confirmed"]
    units = rights.overall("unit_fill_rate", "unit")
    assert data["confirmed"]["unit"] == pytest.approx(units["confirmed"])


def test_promise_gaming_is_recovered_within_its_tolerance():
    rights, truth = brzoza("all")
    planted = truth["problems"]["A1"]
    ladder = definition_ladder(rights)
    gap, real = ladder.gap, planted["realised"]["repromise_gap"]
    assert gap.latest - gap.first == pytest.approx(real, abs=planted["tolerance"]["repromise_gap"])
    (finding,) = ladder.findings()
    assert (finding.id, finding.kind, finding.right) == ("promise-gap", "needs improvement", "time")
    assert finding.n == gap.n == 23_751 - 753 and finding.interval[0] > 0.15


def test_the_smallest_promise_kept_is_recovered_within_half_a_day():
    rights, truth = brzoza("all")
    planted = truth["problems"]["A1"]
    kept = smallest_promise_kept(cycle_times(rights))
    real, near = planted["realised"]["smallest_promise_days"], planted["tolerance"]
    assert abs(kept.days - real) <= near["smallest_promise_days"]
    assert kept.bound >= kept.days


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_accused_on_the_clean_twin(seed):
    rights, _ = brzoza("none", 0.05, seed)
    assert definition_ladder(rights).findings() == []


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:2635, table II, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        # Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33:2850 (airways before, after).
        ((1, 1, 7, 12), -0.507, -0.026),
    ],
)
def test_paired_intervals_as_published(table, low, high):
    digits = 3 if high == -0.026 else 4
    assert [round(end, digits) for end in paired_interval(*table)] == [low, high]


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 40)] * 4).filter(any))
def test_a_paired_interval_holds_its_difference_and_turns_with_it(table):
    both, first, second, neither = table
    low, high = paired_interval(*table)
    gap = (first - second) / sum(table)
    assert -1 - 1e-9 <= low <= gap + 1e-9 and gap - 1e-9 <= high <= 1 + 1e-9
    turned = paired_interval(both, second, first, neither)
    assert (-turned.high, -turned.low) == pytest.approx((low, high))


def times(days, open_orders=0):
    ordered = np.full(len(days) + open_orders, np.datetime64("2026-03-02", "us"))
    came = np.busday_offset("2026-03-02", days).astype("datetime64[us]")
    came = np.append(came, np.full(open_orders, np.datetime64("NaT", "us")))
    frame = pd.DataFrame({"ordered_at": ordered, "delivered_at": came})
    frame["order_id"] = frame.index.astype(str)
    return cycle_times(frame, as_of="2026-12-01")


def test_a_sure_bound_needs_59_orders():
    # Wilks 1941; Hahn & Meeker 1991, Statistical Intervals, table A.17: 95 % with 95 % from n = 59.
    assert np.isnan(smallest_promise_kept(times([3] * 58)).bound)
    assert smallest_promise_kept(times([3] * 58 + [7])).bound == 7.0


def test_open_orders_can_hide_the_promise_but_never_shorten_it():
    assert smallest_promise_kept(times([2] * 99)).days == 2.0
    assert np.isnan(smallest_promise_kept(times([2] * 90, open_orders=10)).days)
    assert np.isnan(smallest_promise_kept(times([], open_orders=3)).bound)


BAD = {
    "one order": SIX.iloc[:1],
    "nothing known": SIX.assign(delivered_at=pd.NaT, quantity_delivered=np.nan, status=None),
    "no dates": SIX.drop(columns=["delivered_at", "shipped_at"]),
    "no promise": SIX.assign(promised_at=pd.NaT, promised_latest_at=pd.NaT, requested_at=pd.NaT),
    "no order": SIX.iloc[:0],
    "only ids": SIX[["order_id"]],
    "two currencies": SIX.assign(currency=["EUR", "PLN"] * 4, unit_price=1.0),
}


@pytest.mark.parametrize(
    ("case", "language"), list(zip(BAD, cycle(["en", "fr", "pl", "ru"]), strict=False))
)
def test_bad_input_gives_no_number_without_its_n(case, language):
    ladder = definition_ladder(BAD[case], as_of="2026-03-31")
    known = ladder.data.dropna(subset=["value"])
    assert (known["n"] > 0).all() and (ladder.data["n"] >= 0).all()
    assert ladder.blocks(speak(language))[0]["text"]
    assert len(ladder.table(language)) == len(ladder.data) and ladder.findings(language) == []
