"""How long orders take: counted as by hand, open ones not forgotten, small and large compared."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import samples
from workbook.cycles import cycle_times, fairness_by_size, quick_and_accurate
from workbook.language import speak
from workbook.profile import Profile
from workbook.rights import measure_rights

POLAND = Profile("T", country="PL", days="business", cut_off="14:00")


@cache
def brzoza(problems, scale=1.0, seed=22):
    sample = samples.generate("brzoza-dom", problems=problems, scale=scale, seed=seed)
    profile = Profile(**{"id": "brzoza-dom", **sample.profile})
    return measure_rights(sample.tables["order_lines"], profile=profile), sample.truth


def orders(*rows, **columns):
    frame = pd.DataFrame(rows, columns=["order_id", "ordered_at", "delivered_at"])
    for name in ("ordered_at", "delivered_at"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601").astype("datetime64[us]")
    return frame.assign(**columns)


@pytest.mark.parametrize(
    ("ordered", "delivered", "days", "business"),
    [
        ("2026-04-01T13:59", "2026-04-02T13:59", 1.0, 1.0),
        ("2026-04-01T14:00", "2026-04-02T14:00", 1.0, 0.0),  # from the cut-off on, the next day's
        ("2026-04-03T10:00", "2026-04-08T10:00", 5.0, 2.0),  # over Easter Monday, DOMAIN B5
        ("2026-04-03T15:00", "2026-04-07T10:00", 91 / 24, 0.0),  # counts from Tuesday
        ("2026-04-04T09:00", "2026-04-07T09:00", 3.0, 0.0),  # ordered on Saturday
    ],
)
def test_days_and_business_days_by_hand(ordered, delivered, days, business):
    times = cycle_times(orders(("A", ordered, delivered)), profile=POLAND).orders
    assert times[["days", "business_days"]].to_numpy()[0] == pytest.approx([days, business])


def test_an_order_lasts_until_its_last_delivery():
    rows = [("A", "2026-03-02", "2026-03-03"), ("A", "2026-03-02", "2026-03-06")]
    assert cycle_times(orders(*rows)).orders["days"].tolist() == [4.0]


def test_what_happened_after_as_of_is_open():
    came = {"A": "2026-03-03", "B": "2026-03-20", "C": None}
    frame = orders(*((order, "2026-03-02", day) for order, day in came.items()))
    frame["status"] = ["delivered", "delivered", "open"]
    times = cycle_times(frame, as_of="2026-03-09")
    assert times.orders["closed"].tolist() == [True, False, False]
    assert times.data["open"].tolist() == [2] and np.isnan(times.data["median"][0])


def test_cancelled_undated_and_impossible_orders_are_told_apart():
    rows = [("A", "2026-03-02", "2026-03-03"), ("B", "2026-03-02", None)]
    rows += [("C", "2026-03-05", "2026-03-03"), ("D", "2026-03-02", None)]
    status = ["delivered", "delivered", "delivered", "cancelled_by_customer"]
    times = cycle_times(orders(*rows, status=status))
    assert times.data["n"].tolist() == [1] and times.undated == 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.randoms())
def test_without_open_orders_the_quantiles_are_those_of_the_data(days, random):
    rows = [
        (str(i), "2026-03-02", f"{pd.Timestamp('2026-03-02') + pd.Timedelta(days=day)}")
        for i, day in enumerate(days)
    ]
    random.shuffle(rows)
    row = cycle_times(orders(*rows)).data.iloc[0]
    for name, share in (("median", 0.5), ("p90", 0.9), ("p95", 0.95)):
        assert row[name] == np.quantile(days, share, method="inverted_cdf")


def test_open_orders_move_the_quantiles_as_kaplan_and_meier_say():
    # KM of 1, 2+, 3, 4 (Kaplan & Meier 1958): open after 1 day .75, after 3 days .375, then 0.
    rows = [(str(day), f"2026-03-{10 - day:02d}", f"2026-03-{10:02d}") for day in (1, 3, 4)]
    rows.append(("open", "2026-03-09", None))
    times = cycle_times(orders(*rows, status=["delivered"] * 3 + ["open"]), as_of="2026-03-10")
    assert times.orders["days"].tolist() == pytest.approx([1, 3, 4, 2])
    assert times.data["median"][0] == 3 and times.data["p90"][0] == 4


def test_oversize_waits_longer_as_planted():
    rights, truth = brzoza("all")
    planted = truth["problems"]["A9"]
    served = fairness_by_size(rights)
    (found,) = served.times.findings()
    real, near = planted["realised"]["days_longer"], planted["tolerance"]["days_longer"]
    assert (found.id, found.where) == ("fairness-size-days-XL", {"size_class": "XL"})
    assert found.effect == pytest.approx(real, abs=near) and found.interval[0] > 2
    # As often on time as the others, and still not served alike.
    assert served.rates.findings() == []


@pytest.mark.parametrize("seed", range(1, 4))
def test_sizes_and_carriers_are_alike_on_the_clean_twin(seed):
    rights, _ = brzoza("none", 0.1, seed)
    assert fairness_by_size(rights, "right_time").findings() == []
    assert quick_and_accurate(rights, "carrier").findings() == []


def many(n=90, **columns):
    came = pd.Timestamp("2026-03-03") + pd.to_timedelta(np.arange(n) // (n // 3), unit="D")
    rows = zip(np.arange(n).astype(str), ["2026-03-02"] * n, came.astype(str), strict=True)
    return orders(*rows, promised_at=pd.Timestamp("2026-03-04"), **columns)


@pytest.mark.parametrize("column", ["weight_kg", "quantity_ordered"])
def test_without_size_classes_thirds_by_weight_or_quantity_are_compared(column):
    served = fairness_by_size(measure_rights(many(**{column: np.arange(90.0)})), "right_time")
    rows = served.data.set_index("group")
    assert rows["n"].to_dict() == {"small": 30, "medium": 30, "large": 30}
    assert rows["median"].to_dict() == {"small": 1.0, "medium": 2.0, "large": 3.0}
    assert rows["confirmed"].to_dict() == {"small": 1.0, "medium": 1.0, "large": 0.0}
    assert rows["quick"].to_dict() == {"small": 1.0, "medium": 1.0, "large": 0.0}
    ids = {found.id for found in served.findings()}
    assert ids == {"fairness-size-large", "fairness-size-days-large"}


def test_no_size_and_no_column_are_said():
    rights = measure_rights(many())
    assert fairness_by_size(rights).data.empty
    assert "Too few" in fairness_by_size(rights).sentence(speak("en"))
    with pytest.raises(ValueError, match="'carier'"):
        cycle_times(rights, by="carier")


BAD = {
    "one order": many().iloc[:1],
    "three": many().iloc[:3],
    "nothing delivered": many().assign(delivered_at=pd.NaT),
    "no dates of order": many().drop(columns="ordered_at"),
    "no order": many().iloc[:0],
    "only ids": many()[["order_id"]],
    "two currencies": many().assign(currency=["EUR", "PLN", None] * 30),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_no_number_without_its_n(case):
    sizes = np.resize(np.array(["S", "L", None], object), len(BAD[case]))
    rights = measure_rights(BAD[case].assign(carrier="Van", size_class=sizes), as_of="2026-03-31")
    shown = [cycle_times(rights), cycle_times(rights, by="carrier"), fairness_by_size(rights)]
    for result in shown:
        assert (result.data["n"] > 0).all()
        assert result.blocks(speak("fr"))[0]["text"] and result.findings("fr") == []
