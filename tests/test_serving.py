"""Cost to serve: profit by customer and by the value of an order, by hand and in the samples."""

import numpy as np
import pandas as pd
import pytest
from some_cases import made

from workbook import samples
from workbook.language import LANGUAGES, speak
from workbook.profile import Profile
from workbook.rights import measure_rights
from workbook.serving import cost_to_serve

RATES = {"margin": 0.3, "order": 10.0, "line": 1.0, "rush": 20.0}


def served(rows, claims=None, rates=RATES, **columns):
    """Measure rows of (order, customer, price, quantity)."""
    frame = pd.DataFrame(rows, columns=["order_id", "customer", "unit_price", "quantity_ordered"])
    frame = frame.assign(quantity_delivered=frame["quantity_ordered"], **columns)
    frame["line_no"] = (frame.groupby("order_id").cumcount() + 1).astype(str)
    frame = frame.astype({"quantity_ordered": float, "quantity_delivered": float})
    profile = Profile("Acme", serving=rates, show_customers=True)
    return cost_to_serve(measure_rights(frame, profile=profile, as_of="2026-03-31"), claims)


def sample(name, problems, scale, seed):
    chosen = samples.read_case(name)["profile"]
    chosen["tolerance"] = Profile("").tolerance | chosen["tolerance"]
    tables = made(name, problems, scale, seed).tables
    rights = measure_rights(tables["order_lines"], profile=Profile(**chosen))
    return cost_to_serve(rights, tables["claims"])


def test_three_orders_by_hand():
    rows = [("1", "X", 100, 2), ("1", "X", 50, 1), ("2", "X", 100, 1), ("3", "Y", 10, 1)]
    dates = {"ordered_at": ["2026-03-02"] * 4, "promised_at": ["2026-03-05"] * 3 + ["2026-03-03"]}
    dates = {name: pd.to_datetime(days) for name, days in dates.items()}
    claims = pd.DataFrame({"order_id": ["2"], "cost": [5.0]})
    found = served(rows, claims, freight_cost=[3.0, 3.0, 4.0, 2.0], **dates)
    data = found.data.set_index("customer")
    # Order 1: 75 - 10 - 2 - 6 = 57; 2: 30 - 10 - 1 - 4 - 5 = 10; 3, in a rush: 3 - 10 - 1 - 2 - 20.
    assert data["total"].to_dict() == pytest.approx({"X": 67.0, "Y": -30.0})
    assert data["running"].tolist() == pytest.approx([67 / 37, 1.0])
    assert found.peak == pytest.approx(67 / 37) and (found.n, found.unknown) == (3, 0)


def test_what_is_not_known_is_left_out_and_counted():
    found = served([("1", "X", 100, 2), ("2", "X", np.nan, 1), ("3", None, 100, 1)])
    assert (found.n, found.unknown) == (1, 2)


@pytest.mark.parametrize("rates", [{}, {"order": 3.0}])
def test_without_a_margin_nothing_is_said(rates):
    assert served([("1", "X", 100, 2)], rates=rates) is None


def many(small_below=32, n=400):
    """Nine customers of large orders; the tenth's are of 15, and so are some of the others'."""
    rng = np.random.default_rng(4)
    customer = np.arange(n) % 10
    price = np.where((customer == 9) | (rng.random(n) * 100 < small_below), 15, 100 + customer)
    return [(str(i), f"K{c}", p, 1) for i, (c, p) in enumerate(zip(customer, price, strict=True))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_loses_and_what_a_minimum_would_save_are_told(language):
    found = served(many())
    losing, small = found.findings(language)
    assert losing.where == {"customer": "K9"} and losing.interval[1] <= losing.observed < 0
    # Of an order of 15 are left 4.50; serving it costs 11.
    assert small.effect == pytest.approx(-6.5 * small.n)
    assert len(found.table(language)) == 10 and len(found.blocks(speak(language))) == 4
    assert "%" in found.plot(language=language).get_label()


def test_few_small_orders_need_no_minimum():
    assert [each.where for each in served(many(small_below=5)).findings()] == [{"customer": "K9"}]


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_four_small_customers_lose_and_the_curve_peaks_as_planted(seed):
    name, small = "norddrive-teile", {f"ND-{number}" for number in range(105, 109)}
    for problems in ("B5", "all"):
        found = sample(name, problems, 0.3, seed)
        assert {each.where.get("customer") for each in found.findings()} == small
        assert set(found.data["customer"].iloc[-4:]) == small
    truth = made(name, "B5", 0.3, seed).truth["problems"]["B5"]["realised"]
    # Claims cost too, and are not in the truth.
    assert sample(name, "B5", 0.3, seed).peak == pytest.approx(truth["whale_peak"], abs=0.05)
    assert sample(name, "none", 0.3, seed).findings() == []


@pytest.mark.parametrize("seed", range(1, 6))
def test_small_drops_lose_and_their_minimum_is_named(seed):
    for problems in ("C10", "all"):
        found = sample("zimny-szlak", problems, 0.15, seed)
        assert [each.id for each in found.findings()] == ["small-orders"]
        assert 60 <= found.minimum["minimum"] <= 100
        assert found.minimum["below"] == pytest.approx(0.31, abs=0.06)
    assert sample("zimny-szlak", "none", 0.15, seed).findings() == []
