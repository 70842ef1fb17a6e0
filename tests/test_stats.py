"""The statistics against published numbers, and the rules that hold for any numbers."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from workbook import stats

# Krejcie & Morgan 1970, Educational and Psychological Measurement 30:607, table 1.
KREJCIE_MORGAN = """
10 10 15 14 20 19 25 24 30 28 35 32 40 36 45 40 50 44 55 48 60 52 65 56 70 59 75 63 80 66 85 70
90 73 95 76 100 80 110 86 120 92 130 97 140 103 150 108 160 113 170 118 180 123 190 127 200 132
210 136 220 140 230 144 240 148 250 152 260 155 270 159 280 162 290 165 300 169 320 175 340 181
360 186 380 191 400 196 420 201 440 205 460 210 480 214 500 217 550 226 600 234 650 242 700 248
750 254 800 260 850 265 900 269 950 274 1000 278 1100 285 1200 291 1300 297 1400 302 1500 306
1600 310 1700 313 1800 317 1900 320 2000 322 2200 327 2400 331 2600 335 2800 338 3000 341 3500 346
4000 351 4500 354 5000 357 6000 361 7000 364 8000 367 9000 368 10000 370 15000 375 20000 377
30000 379 40000 380 50000 381 75000 382 1000000 384
"""

# Freireich et al. 1963, 6-MP arm, as in Kleinbaum & Klein, Survival Analysis, table 1.1 (+ = open).
SIX_MP = "6 6 6 7 10 13 16 22 23 6+ 9+ 10+ 11+ 17+ 19+ 20+ 25+ 32+ 32+ 34+ 35+"

counts = st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_table(successes, n, low, high):
    """Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert stats.wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("s1", "n1", "s2", "n2", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
    ],
)
def test_newcombe_gives_its_own_table(s1, n1, s2, n2, low, high):
    """Newcombe 1998, Statistics in Medicine 17:873, table II, method 10."""
    assert stats.newcombe_interval(s1, n1, s2, n2) == pytest.approx((low, high), abs=5e-5)


@given(counts)
def test_wilson_holds_the_share_and_mirrors_failures(count):
    s, n = count
    low, high = stats.wilson_interval(s, n)
    assert 0 <= low <= (s / n if n else 0.5) <= high <= 1
    mirrored = stats.wilson_interval(n - s, n)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high), abs=1e-12)


def test_arrays_give_what_single_numbers_give():
    s, n = [0, 3, 5], [0, 4, 5]
    arrays = stats.wilson_interval(s, n)
    singles = [stats.wilson_interval(*pair) for pair in zip(s, n, strict=True)]
    assert np.column_stack(arrays).tolist() == [list(single) for single in singles]
    assert isinstance(singles[0].low, float)


@given(counts, counts)
def test_newcombe_changes_sign_with_the_order_of_groups(first, second):
    low, high = stats.newcombe_interval(*first, *second)
    assert stats.newcombe_interval(*second, *first) == pytest.approx((-high, -low), abs=1e-12)
    assert -1 <= low <= high <= 1


def test_an_empty_group_says_nothing():
    assert stats.wilson_interval(0, 0) == (0, 1)
    assert stats.newcombe_interval(0, 0, 3, 4) == (-1, 1)
    assert stats.clustered_interval([], []) == stats.clustered_interval([0], [0]) == (0, 1)


@pytest.mark.parametrize("bad", [(5, 4), (-1, 4), (np.nan, 4), ("many", 4), ([1, 2], [3, 4, 5])])
def test_impossible_counts_are_refused_in_words(bad):
    with pytest.raises(ValueError, match="successes and n"):
        stats.wilson_interval(*bad)


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_clusters_of_one_are_plain_cases_within_a_hair(outcomes):
    s = np.array(outcomes, dtype=float)
    clustered = stats.clustered_interval(s, np.ones(len(s)))
    plain = stats.wilson_interval(s.sum(), len(s))
    assert clustered.low <= plain.low + 1e-12
    assert clustered.high >= plain.high - 1e-12
    assert clustered == pytest.approx(plain, abs=0.13 if len(s) < 10 else 0.02)


def test_lines_that_fail_together_count_as_their_orders():
    together = stats.clustered_interval(np.repeat([5, 0], [80, 20]), np.full(100, 5))
    orders = stats.wilson_interval(80, 100)
    assert together == pytest.approx(orders, abs=0.002)


def test_all_right_counts_orders_not_lines():
    assert stats.clustered_interval([3, 3], [3, 3]) == stats.wilson_interval(2, 2)


def test_lines_never_count_for_more_than_they_are():
    assert stats.clustered_interval([1, 1, 1], [2, 2, 2]) == stats.wilson_interval(3, 6)


def test_clustered_interval_covers_the_truth_where_the_plain_one_does_not():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 8, size=(400, 150))
    right = np.where(rng.random(sizes.shape) < 0.7, sizes, rng.binomial(sizes, 0.5))
    hits = {"clustered": 0, "plain": 0}
    for s, t in zip(right, sizes, strict=True):
        clustered, plain = stats.clustered_interval(s, t), stats.wilson_interval(s.sum(), t.sum())
        hits["clustered"] += clustered.low <= 0.85 <= clustered.high
        hits["plain"] += plain.low <= 0.85 <= plain.high
    assert hits["clustered"] / 400 >= 0.93 > hits["plain"] / 400


@given(st.integers(1, 99), st.integers(1, 99))
def test_decisive_n_is_the_first_that_decides(observed, target):
    p, goal = observed / 100, target / 100
    n = stats.decisive_n(p, goal)
    if p == goal:
        assert n is None
        return
    decided = [
        not low < goal < high for low, high in (stats.wilson_interval(p * m, m) for m in (n, n - 1))
    ]
    assert decided[0] and (n == 1 or not decided[1])


def test_cronbach_alpha_of_a_published_example():
    """Zach Bobbitt, Statology, "How to Calculate Cronbach's Alpha in Python"; pingouin agrees."""
    frame = pd.DataFrame(
        {
            "Q1": [1, 2, 2, 3, 2, 2, 3, 3, 2, 3],
            "Q2": [1, 1, 1, 2, 3, 3, 2, 3, 3, 3],
            "Q3": [1, 1, 2, 1, 2, 3, 3, 3, 2, 3],
        }
    )
    alpha = stats.cronbach_alpha(frame)
    assert alpha == pytest.approx(0.7734375, abs=1e-7)
    assert stats.feldt_interval(alpha, 3, 10) == pytest.approx((0.336, 0.939), abs=5e-4)
    frame.loc[len(frame)] = [1, None, 3]
    assert stats.cronbach_alpha(frame) == alpha


def test_an_item_that_runs_the_other_way_is_named():
    answers = np.array([[1, 2, 5], [2, 3, 4], [3, 3, 3], [5, 4, 1]])
    with pytest.warns(UserWarning, match="question 3"):
        stats.cronbach_alpha(answers)


def test_alpha_of_answers_all_alike_is_not_a_number():
    assert math.isnan(stats.cronbach_alpha(np.full((5, 3), 4)))
    with pytest.raises(ValueError, match="2 complete rows"):
        stats.cronbach_alpha([[1, 2, 3]])


NPS_COLUMNS = ("promoters", "passives", "detractors")


@pytest.mark.parametrize(
    ("counts", "limits_95", "limits_90"),
    [
        ((15, 13, 8), (-0.062803, 0.421777), (-0.023849, 0.382823)),
        ((13, 7, 12), (-0.259545, 0.316688), (-0.213224, 0.270367)),
        ((10, 4, 6), (-0.175413, 0.523239), (-0.119251, 0.467077)),
        ((120, 60, 20), (0.399883, 0.585338), (0.414791, 0.570430)),
    ],
)
def test_net_promoter_limits_are_those_of_rocks_own_package(counts, limits_95, limits_90):
    """What `nps_test_(counts, test = "adjusted.wald")` gives in R for the same answers.

    Rocks 2016, Interval estimation for the Net Promoter Score, The American Statistician 70:365,
    by the code of its author's package NPS 2.0 (github.com/brendan-r/NPS), run in R 4.2.
    """
    answers = dict(zip(NPS_COLUMNS, counts, strict=True))
    assert stats.net_promoter_score(answers).interval == pytest.approx(limits_95, abs=1e-6)
    assert stats.net_promoter_score(answers, 0.9).interval == pytest.approx(limits_90, abs=1e-6)


@pytest.mark.parametrize("counts", [(10, 4, 6), (120, 60, 20), (3, 0, 0), (0, 1, 5)])
def test_net_promoter_score_is_raw_with_adjusted_limits(counts):
    """The limits, reckoned a second way: those of the mean of -1, 0 and 1, the added answers in."""
    result = stats.net_promoter_score(dict(zip(NPS_COLUMNS, counts, strict=True)))
    assert result.score == pytest.approx((counts[0] - counts[2]) / sum(counts))
    points, weights = np.array([1, 0, -1]), np.add(counts, (0.75, 1.5, 0.75))
    mean = np.average(points, weights=weights)
    spread = math.sqrt(np.cov(points, aweights=weights, ddof=0) / weights.sum())
    limits = scipy.stats.norm.interval(0.95, mean, spread)
    assert result.interval == pytest.approx(np.clip(limits, -1, 1), abs=1e-9)


def test_net_promoter_limits_of_twenty_answers_by_hand():
    """4/23 = 0.1739; (17.5 - 16/23)/23² = 0.0318; 1.96 √0.0318 = 0.3493."""
    result = stats.net_promoter_score({"promoters": 10, "passives": 4, "detractors": 6})
    assert result.interval == pytest.approx((0.1739 - 0.3493, 0.1739 + 0.3493), abs=1e-4)


def test_net_promoter_score_takes_answers_or_their_counts():
    answers = pd.Series([10, 9, 7, 0, None, 6])
    assert stats.net_promoter_score(answers) == stats.net_promoter_score(answers.value_counts())
    assert stats.net_promoter_score({10: 1, 9: 1, 7: 1, 0: 1, 6: 1}).score == 0
    assert math.isnan(stats.net_promoter_score([]).score)
    with pytest.raises(ValueError, match="0 to 10"):
        stats.net_promoter_score([11, 4])


@pytest.mark.parametrize(
    ("population", "n"), np.array(KREJCIE_MORGAN.split(), int).reshape(-1, 2).tolist()
)
def test_sample_size_gives_krejcie_and_morgans_table(population, n):
    assert stats.sample_size(population) == n
    assert stats.sample_size(population, rounding="up") in (n, n + 1)


def test_sample_size_without_bound_is_cochrans():
    """Cochran 1977, Sampling Techniques, ch. 4: z² / 4 m² = 384.1, rounded up."""
    assert stats.sample_size(None) == stats.sample_size(math.inf) == 385
    assert stats.sample_size(None, rounding="round") == 384
    with pytest.raises(ValueError, match="round"):
        stats.sample_size(100, rounding="down")


def test_p_chart_gives_montgomerys_limits():
    """Montgomery, ch. 6 exercise 1: 20 samples of 100, 117 faults; then without one of 15."""
    full = np.array([*([5, 6] * 8), 5, 6, 3, 15])
    assert full.sum() == 117
    chart, revised = stats.p_chart(full, 100), stats.p_chart(full[:-1], 100)
    assert (chart.center, chart.upper[0], chart.lower[0]) == pytest.approx(
        (0.0585, 0.1289, 0), abs=5e-5
    )
    assert (revised.center, revised.upper[0]) == pytest.approx((0.0537, 0.1213), abs=5e-5)
    assert chart.outside.tolist() == [False] * 19 + [True]


@pytest.mark.parametrize(
    ("faults", "samples", "center", "upper", "lower"),
    [(347, 30, 0.2313, 0.4102, 0.0524), (301, 28, 0.2150, 0.3893, 0.0407)],
)
def test_p_chart_gives_the_orange_juice_limits(faults, samples, center, upper, lower):
    """Montgomery's orange juice cans, samples of 50, by their totals (R package qcc)."""
    spread = np.full(samples, faults // samples) + (np.arange(samples) < faults % samples)
    chart = stats.p_chart(spread, 50)
    limits = (chart.center, chart.upper[0], chart.lower[0])
    assert limits == pytest.approx((center, upper, lower), abs=5e-5)


@pytest.mark.parametrize(
    ("faults", "units", "center", "upper", "lower"),
    [
        (74, 50, 0.0740, 0.1894, 0.0),  # errors on 50 shipments a week, 20 weeks
        (193, 5, 1.93, 3.79, 0.07),  # faults of 5 computers, 20 samples
    ],
)
def test_u_chart_gives_montgomerys_limits(faults, units, center, upper, lower):
    """Montgomery, ch. 7 (6 in older editions), faults per unit: by the totals of 20 samples."""
    spread = np.full(20, faults // 20) + (np.arange(20) < faults % 20)
    chart = stats.u_chart(spread, units)
    limits = (chart.center, chart.upper[0], chart.lower[0])
    assert limits == pytest.approx((center, upper, lower), abs=5e-3 if units == 5 else 5e-5)


def test_a_unit_can_have_more_faults_than_one_and_none_are_below_zero():
    assert stats.u_chart([12, 0], [5, 0]).values[0] == 2.4
    with pytest.raises(ValueError, match="0 or more"):
        stats.u_chart([-1], [5])


def test_xmr_chart_gives_nists_limits():
    """NIST/SEMATECH e-Handbook 6.3.2.2."""
    chart = stats.xmr_chart([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
    limits = (chart.center, chart.lower, chart.upper)
    assert limits == pytest.approx((50.81, 45.8159, 55.8041), abs=1e-4)
    assert not chart.outside.any()


def test_laney_uses_the_moving_range_not_the_standard_deviation():
    """A shift must not widen its own limits: with one step of z the mean moving range is small."""
    counts = np.repeat([100, 200], 10) + np.tile([0, 4], 10)
    chart = stats.laney_p_chart(counts, 1000)
    z = (chart.values - chart.center) / np.sqrt(chart.center * (1 - chart.center) / 1000)
    factor = (chart.upper[0] - chart.center) / (stats.p_chart(counts, 1000).upper[0] - chart.center)
    assert factor == pytest.approx(np.abs(np.diff(z)).mean() / 1.128)
    assert factor < z.std(ddof=1) / 3


def test_overdispersed_weeks_alarm_on_the_p_chart_only():
    rng = np.random.default_rng(2)
    shares = rng.normal(0.1, 0.015, size=520)
    counts = rng.binomial(3000, shares)
    assert stats.p_chart(counts, 3000).outside.mean() > 0.2
    assert stats.laney_p_chart(counts, 3000).outside.mean() < 0.01


def test_a_week_without_orders_has_neither_value_nor_limits():
    chart = stats.laney_p_chart([1, 0, 3], [10, 0, 10])
    assert np.isnan([chart.values[1], chart.lower[1]]).all() and not chart.outside[1]
    with pytest.raises(ValueError, match="all sizes are 0"):
        stats.p_chart([0], [0])


def test_false_discovery_gives_benjamini_and_hochbergs_example():
    """Benjamini & Hochberg 1995, section 4.1: four of fifteen."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert stats.false_discovery(p, 0.05).tolist() == [True] * 4 + [False] * 11


@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=30), st.randoms())
def test_false_discovery_does_not_depend_on_the_order(p, random):
    found = stats.false_discovery(p)
    order = list(range(len(p)))
    random.shuffle(order)
    assert stats.false_discovery([p[i] for i in order]).tolist() == [found[i] for i in order]


def test_kaplan_meier_gives_the_6mp_table():
    months = [int(month.rstrip("+")) for month in SIX_MP.split()]
    curve = stats.kaplan_meier(months, [not month.endswith("+") for month in SIX_MP.split()])
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    printed = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.share == pytest.approx(printed, abs=5e-5)
    assert curve.quantile(0.5) == 23 and math.isnan(curve.quantile(0.9))


def test_bootstrap_repeats_with_its_seed_and_agrees_with_theory():
    values = np.random.default_rng(3).integers(1, 6, size=400)
    interval = stats.bootstrap_mean_interval(values, seed=7)
    assert interval == stats.bootstrap_mean_interval(values, seed=7)
    half = 1.96 * values.std() / 20
    assert interval == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)
    assert np.isnan(stats.bootstrap_mean_interval([4.0], seed=1)).all()


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_that_is_no_share_is_refused(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        stats.wilson_interval(1, 2, confidence)


# R's data set attitude: Chatterjee & Price 1977, Regression Analysis by Example, table 3.3.
ATTITUDE = """
43 51 30 39 61 92 45  63 64 51 54 63 73 47  71 70 68 69 76 86 48  61 63 45 47 54 84 35
81 78 56 66 71 83 47  43 55 49 44 54 49 34  58 67 42 56 66 68 35  71 75 50 55 70 66 41
72 82 72 67 71 83 31  67 61 45 47 62 80 41  64 53 53 58 58 67 34  67 60 47 39 59 74 41
69 62 57 42 55 63 25  68 83 83 45 59 77 35  77 77 54 72 79 77 46  81 90 50 72 60 54 36
74 85 64 69 79 79 63  65 60 65 75 55 80 60  65 70 46 57 75 85 46  50 58 68 54 64 78 52
50 40 33 34 43 64 33  64 61 52 62 66 80 41  53 66 52 50 63 80 37  40 37 42 58 50 57 49
63 54 42 48 66 75 33  66 77 66 63 88 76 72  78 75 58 74 80 78 49  48 57 44 45 51 83 38
85 85 71 71 77 74 55  82 82 39 59 64 78 39
"""


def test_alpha_and_item_rest_correlations_of_the_attitude_data():
    """R package psych, help page of alpha: raw_alpha .84, r.drop .67 .74 .56 .71 .79 .27 .46."""
    answers = np.array(ATTITUDE.split(), float).reshape(30, 7)
    assert round(stats.cronbach_alpha(answers), 2) == 0.84
    published = [0.67, 0.74, 0.56, 0.71, 0.79, 0.27, 0.46]
    assert stats.item_rest_correlations(answers).round(2).tolist() == published


def test_a_reversed_item_has_a_negative_item_rest_correlation():
    answers = np.array(ATTITUDE.split(), float).reshape(30, 7)
    answers[:, 1] = 100 - answers[:, 1]
    assert stats.item_rest_correlations(answers).argmin() == 1


def test_power_of_a_difference_as_tabled():
    """Cohen 1988, table 6.4.1: h = .20 needs 392 and h = .50 needs 63 a group for power .80."""
    for h, n in ((0.20, 392), (0.50, 63)):
        share = np.sin((2 * np.arcsin(np.sqrt(0.5)) + h) / 2) ** 2
        assert stats.difference_power(share, 0.5, n, n) == pytest.approx(0.80, abs=0.003)
    assert stats.difference_power(0.5, 0.5, 50, 0) < 0.03


def test_kappa_of_equal_coders_is_one_and_of_one_code_unknown():
    assert stats.cohen_kappa(list("abca"), list("abca"))[0] == 1
    assert np.isnan(stats.cohen_kappa([1, 1], [1, 1])[0])
    with pytest.raises(ValueError, match="two coders"):
        stats.cohen_kappa([1], [1, 2])
