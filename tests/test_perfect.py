"""The perfect order: counted beside the product, failures counted once, gains never multiplied."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.language import speak
from workbook.perfect import explain_perfect, frechet_bounds, order_marks, product_of_rates
from workbook.profile import Profile
from workbook.rights import measure_rights

RIGHTS = ("product", "time", "price")


def judged(answers, **profile):
    """Measure lines by direct judgements: one row is (order, product, time, price)."""
    frame = pd.DataFrame(answers, columns=["order_id", *(f"{right}_ok" for right in RIGHTS)])
    frame = frame.astype({"order_id": str} | {f"{right}_ok": "boolean" for right in RIGHTS})
    profile = Profile("Test", rights=RIGHTS, **profile)
    return measure_rights(frame, profile=profile, as_of="2026-03-02")


@pytest.mark.parametrize(
    ("rates", "printed"),
    [
        ([0.98, 0.97, 0.99, 0.82], 77.16),  # APQC 101741, apqc.org (77.1697, truncated)
        ([0.95] * 4, 81.4),  # WERC's perfect order index (81.4506, truncated)
        ([0.9995, 0.992, 0.96, 0.99, 0.998], 94.04),  # five factors, supplychainmetric.com
    ],
)
def test_products_as_published(rates, printed):
    exact = 100 * product_of_rates(rates)
    assert printed - 0.02 <= exact <= printed + 0.06


def test_the_products_are_exact():
    assert 100 * product_of_rates([0.98, 0.97, 0.99, 0.82]) == pytest.approx(77.1697, abs=5e-5)
    assert 100 * product_of_rates([0.95] * 4) == pytest.approx(81.4506, abs=5e-5)


@pytest.mark.parametrize("rates", [[], [1.2], [-0.1, 0.5], [float("nan")]])
def test_rates_that_are_no_shares_are_refused(rates):
    with pytest.raises(ValueError, match="share of 0 to 1"):
        frechet_bounds(rates)


def test_four_orders_by_hand():
    perfect = explain_perfect(
        judged([("A", 1, 1, 1), ("B", 0, 1, 1), ("C", 0, 0, 1), ("D", 1, 0, None)])
    )
    rows = perfect.data.set_index("right")
    assert rows["wrong"].to_dict() == {"product": 2, "time": 2, "price": 0}
    assert rows["only"].to_dict() == {"product": 1, "time": 1, "price": 0}
    assert rows["first"].to_dict() == {"product": 2, "time": 1, "price": 0}
    # D's price is unknown: fixed in time, D may be perfect or not.
    assert rows.loc["time", ["gain_low", "gain_high"]].tolist() == [0.0, 0.25]
    assert rows.loc["product", ["gain_low", "gain_high"]].tolist() == [0.25, 0.25]
    assert (perfect.known_n, perfect.known_perfect) == (3, 1)
    sets = dict(zip(perfect.pareto["rights"], perfect.pareto["orders"], strict=True))
    assert sets == {("product",): 1, ("product", "time"): 1, ("time",): 1}


STATES = st.sampled_from([True, False, None])
LINES = st.lists(st.tuples(st.integers(0, 5), STATES, STATES, STATES), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_counts_gains_and_bounds_agree(lines):
    rights = judged(lines)
    perfect = explain_perfect(rights)
    row = rights.overall("perfect_order_measured")
    assert perfect.n == row["right"] + row["wrong"] + row["unknown"]
    assert perfect.pareto["orders"].sum() == row["wrong"]
    data = perfect.data
    assert ((data["gain_low"] >= 0) & (data["gain_low"] <= data["gain_high"])).all()
    assert (data["only"] <= data["wrong"]).all() and data["first"].sum() == row["wrong"]
    if perfect.known_n:
        low, high = perfect.bounds
        assert low - 1e-9 <= perfect.known_perfect / perfect.known_n <= high + 1e-9
        assert low - 1e-9 <= perfect.independent <= high + 1e-9


@settings(max_examples=40, deadline=None)
@given(LINES, st.integers(0, 2))
def test_a_gain_is_what_measuring_again_with_that_right_fixed_shows(lines, place):
    rights, right = judged(lines), RIGHTS[place]
    if set(rights.measured) != set(RIGHTS):
        return
    fixed = [
        tuple(True if i == place + 1 and cell is False else cell for i, cell in enumerate(line))
        for line in lines
    ]
    before, after = (each.overall("perfect_order_measured") for each in (rights, judged(fixed)))
    gain = explain_perfect(rights).data.set_index("right").loc[right]
    n = explain_perfect(rights).n
    assert after["right"] - before["right"] == pytest.approx(gain["gain_low"] * n)
    assert before["wrong"] - after["wrong"] == pytest.approx(gain["gain_high"] * n)


def test_an_order_with_a_line_not_yet_due_is_not_judged():
    days = pd.to_datetime(["2026-03-02", "2026-03-09", "2026-03-02"])
    frame = pd.DataFrame({"order_id": ["A", "A", "B"], "promised_at": days})
    frame["delivered_at"] = pd.to_datetime(["2026-03-03", None, "2026-03-02"])
    rights = measure_rights(frame, as_of="2026-03-04")
    assert order_marks(rights.states, ["time"]).tolist() == [0, 1]
    assert explain_perfect(rights).n == 1


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
@pytest.mark.parametrize("lines", [[("A", None, None, None)], [("A", 1, 1, 1)], [("A", 0, 0, 1)]])
def test_little_or_nothing_known_still_shows(lines, language):
    perfect = explain_perfect(judged(lines))
    assert perfect.blocks(speak(language))[0]["text"]
    assert "<div" in perfect._repr_html_() and len(perfect.table(language)) == len(perfect.data)
    assert perfect.plot().get_figure() is not None


def test_the_frame_is_left_as_it_was():
    rights = judged([("A", 1, 0, 1), ("B", 1, 1, 1)])
    before = rights.frame.copy()
    explain_perfect(rights)
    pd.testing.assert_frame_equal(rights.frame, before)
    assert np.array_equal(rights.states.order, [0, 1])


def draws(together, n=1500, seed=3):
    """Orders of which one in ten is late; prices fail with them, or by themselves as often."""
    rng = np.random.default_rng(seed)
    late, other = rng.random((2, n)) < 0.1
    dear = np.where(rng.random(n) < 0.7, late, other) if together else other
    return [(i, True, not a, not b) for i, (a, b) in enumerate(zip(late, dear, strict=True))]


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
def test_rights_that_fail_together_are_told_with_the_interval(language):
    perfect = explain_perfect(judged(draws(together=True)))
    (finding,) = perfect.findings(language)
    assert {*perfect.together[:2]} == {"time", "price"} and finding.right in ("time", "price")
    assert finding.effect == pytest.approx(finding.observed - finding.expected)
    assert finding.sentence in perfect.sentence(speak(language))
    assert explain_perfect(judged(draws(together=False))).findings(language) == []


def test_the_interval_of_the_gap_is_that_of_a_bootstrap():
    perfect, rng = explain_perfect(judged(draws(together=True))), np.random.default_rng(5)
    right = np.array(draws(together=True))[:, 1:].astype(bool)
    drawn = (right[rng.integers(0, len(right), len(right))] for _ in range(4000))
    gaps = [each.all(axis=1).mean() - each.mean(axis=0).prod() for each in drawn]
    assert perfect.gap == pytest.approx(tuple(np.quantile(gaps, [0.025, 0.975])), abs=0.002)
