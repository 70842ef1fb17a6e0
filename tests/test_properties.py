"""What holds for any orders: split, short, over, undated, cancelled, judged or not known at all."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.perfect import frechet_bounds, order_marks
from workbook.profile import Profile
from workbook.rights import measure_rights
from workbook.schema import RIGHTS

AS_OF, DUE = dt.date(2026, 3, 20), pd.Timestamp("2026-03-10")
EXAMPLES = settings(max_examples=20, deadline=None)
maybe = lambda *values: st.sampled_from([None, *values])
RATES = ["confirmed", "upper"]

# One delivery: of one of four orders, of one of two lines, on some day, of some quantity.
delivery = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from("ABCD"),
        "line_no": st.sampled_from("12"),
        "day": maybe(-3, -1, 0, 1, 4),
        "quantity_delivered": maybe(0.0, 4.0, 10.0, 25.0),
        "status": maybe("open", "delivered", "cancelled_by_customer", "cancelled_by_supplier"),
        "product_delivered": maybe("lamp", "sofa"),
        "place_delivered": maybe("home", "shop"),
        "condition": maybe("good", "damaged", "refused"),
        "unit_price_invoiced": maybe(5.0, 6.0),
        "documents": maybe("correct", "wrong"),
    }
)
deliveries = st.lists(delivery, min_size=1, max_size=14)


def frame_of(rows):
    frame = pd.DataFrame(rows).assign(product="lamp", place_ordered="home", unit_price=5.0)
    # Each delivery has its number: without it, rows that grow alike become copies of one.
    numbers = [str(number) for number in range(len(frame))]
    frame = frame.assign(quantity_ordered=10.0, promised_at=DUE, delivery_no=numbers)
    frame["delivered_at"] = DUE + pd.to_timedelta(frame.pop("day").astype(float), unit="D")
    numbers = ["quantity_delivered", "unit_price_invoiced"]
    dates = ["promised_at", "delivered_at"]
    words = frame.columns.difference([*numbers, *dates, "quantity_ordered", "unit_price"])
    kinds = dict.fromkeys(numbers, float) | dict.fromkeys(dates, "datetime64[us]")
    return frame.astype(kinds | dict.fromkeys(words, "str"))


def measured(rows):
    """Return every measure by name and level, save one whose rights change with what is known."""
    data = measure_rights(frame_of(rows), profile=Profile("A"), as_of=AS_OF).data
    return data[data["measure"] != "perfect_order_measured"].set_index(["measure", "level"])


def perfect(order_id):
    return {
        "order_id": order_id,
        "line_no": "1",
        "day": 0,
        "quantity_delivered": 10.0,
        "status": "delivered",
        "product_delivered": "lamp",
        "place_delivered": "home",
        "condition": "good",
        "unit_price_invoiced": 5.0,
        "documents": "correct",
    }


KNOWN = {"product_delivered": "lamp sofa", "place_delivered": "home shop"}
KNOWN |= {"condition": "good damaged", "documents": "correct wrong"}


@EXAMPLES
@given(deliveries, st.data())
def test_revealing_an_unknown_stays_inside_every_earlier_band(rows, data):
    name = data.draw(st.sampled_from(sorted(KNOWN)))
    drawn = [data.draw(st.sampled_from(KNOWN[name].split())) for _ in rows]
    known = [row | {name: row[name] or new} for row, new in zip(rows, drawn, strict=True)]
    before, after = measured(rows), measured(known)
    bands = before[RATES].join(after[RATES].add_suffix("_after")).dropna()
    assert (bands["confirmed"] <= bands["confirmed_after"] + 1e-12).all()
    assert (bands["upper_after"] <= bands["upper"] + 1e-12).all()


@EXAMPLES
@given(deliveries, st.randoms(use_true_random=False))
def test_the_order_of_split_deliveries_changes_nothing(rows, random):
    # A line's status is a fact of the line: the first row's stands for all.
    first = {}
    for row in rows:
        row["status"] = first.setdefault((row["order_id"], row["line_no"]), row["status"])
    shuffled = random.sample(rows, len(rows))
    names = ["right", "wrong", "unknown", "not_applicable", *RATES]
    pd.testing.assert_frame_equal(measured(rows)[names], measured(shuffled)[names])


@EXAMPLES
@given(deliveries, st.lists(st.integers(0, 12), min_size=14, max_size=14))
def test_delaying_deliveries_never_raises_what_is_on_time(rows, delays):
    day = lambda row, delay: None if row["day"] is None else row["day"] + delay
    later = [row | {"day": day(row, delay)} for row, delay in zip(rows, delays, strict=False)]
    names = [("right_time", "line"), ("right_time", "order"), ("otif", "order")]
    names += [("unit_fill_rate", "unit"), ("order_fill_rate", "order")]
    before, after = measured(rows)["upper"], measured(later)["upper"]
    for name in names:
        assert not after[name] > before[name] + 1e-12, name


@EXAMPLES
@given(deliveries)
def test_adding_a_perfect_order_never_lowers_a_confirmed_rate(rows):
    before, after = measured(rows), measured([*rows, perfect("E")])
    both = before[["confirmed"]].join(after[["confirmed"]].add_suffix("_after")).dropna()
    assert (both["confirmed_after"] >= both["confirmed"] - 1e-12).all()


@EXAMPLES
@given(deliveries)
def test_where_all_is_known_the_count_lies_in_frechets_bounds(rows):
    rights = measure_rights(frame_of(rows), profile=Profile("A"), as_of=AS_OF)
    marks = np.array([order_marks(rights.states, [name]) for name in RIGHTS])
    known = marks[:, (marks % 2 == 1).all(axis=0)] == 1
    if known.size:
        low, high = frechet_bounds(known.mean(axis=1))
        assert low - 1e-12 <= known.all(axis=0).mean() <= high + 1e-12


@EXAMPLES
@given(st.integers(0, 9), st.integers(11, 1000), st.booleans())
def test_over_delivery_of_one_line_never_heals_another(short, over, split):
    rows = [perfect("A") | {"quantity_delivered": float(short)}]
    parts = [over // 2, over - over // 2] if split else [over]
    rows += [perfect("A") | {"line_no": "2", "quantity_delivered": float(part)} for part in parts]
    rates = measured(rows)
    assert rates.loc[("unit_fill_rate", "unit"), "upper"] == (short + 10) / 20
    assert rates.loc[("value_fill_rate", "value"), "upper"] == (short + 10) / 20
    assert rates.loc[("right_quantity", "line"), "wrong"] == 2
    assert rates.loc[("otif", "order"), "right"] == 0
