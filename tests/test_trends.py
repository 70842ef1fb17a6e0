"""Over time and between groups: signals found, noise left alone, small groups not shown."""

from functools import cache
from itertools import cycle, product

import numpy as np
import pandas as pd
import pytest

from workbook import samples, stats
from workbook.language import speak
from workbook.profile import Profile
from workbook.rights import measure_rights
from workbook.trends import busy_and_slow, compare_groups, control_charts


@cache
def brzoza(problems, scale=1.0, seed=22):
    sample = samples.generate("brzoza-dom", problems=problems, scale=scale, seed=seed)
    profile = Profile(**{"id": "brzoza-dom", **sample.profile})
    return measure_rights(sample.tables["order_lines"], profile=profile)


def judged(weeks, **columns):
    """Orders judged directly: for each week (right, wrong, unknown), due on its Wednesday."""
    answers, due = [], []
    for place, counts in enumerate(weeks):
        answers += np.repeat([True, False, None], counts).tolist()
        due += [pd.Timestamp("2024-01-03") + pd.Timedelta(weeks=place)] * sum(counts)
    frame = pd.DataFrame({"time_ok": pd.array(answers, "boolean"), "promised_at": due})
    frame["order_id"] = frame.index.astype(str)
    return measure_rights(frame.assign(**columns), profile=Profile("T"), as_of="2040-01-01")


# --- control charts -------------------------------------------------------------------------------


def test_the_charts_are_those_of_stats_on_what_is_known():
    weeks = [(90, 10, 3), (80, 20, 0), (95, 5, 9), (70, 30, 1), (88, 12, 0), (85, 15, 2)]
    data = control_charts(judged(weeks), "right_time").data
    right = [week[0] for week in weeks]
    for name, chart in (
        ("p", stats.p_chart(right, 100)),
        ("laney", stats.laney_p_chart(right, [100] * 6)),
        ("xmr", stats.xmr_chart(np.array(right) / 100)),
    ):
        assert data[f"{name}_low"].to_numpy() == pytest.approx(np.clip(chart.lower, 0, 1))
        assert data[f"{name}_high"].to_numpy() == pytest.approx(np.clip(chart.upper, 0, 1))
        assert data[f"{name}_outside"].tolist() == chart.outside.tolist()
    assert data["unknown"].tolist() == [3, 0, 9, 1, 0, 2] and set(data["n"]) == {100}


def test_with_large_weeks_the_plain_chart_cries_wolf_and_laney_does_not():
    # DOMAIN B6: n = 3000 with a spread of 1.5 points: p alarms in a third of the weeks.
    rng = np.random.default_rng(5)
    right = rng.binomial(3000, np.clip(rng.normal(0.9, 0.015, 52), 0, 1))
    charts = control_charts(judged([(int(k), 3000 - int(k), 0) for k in right]), "right_time")
    assert charts.data["p_outside"].sum() > 10 and charts.data["laney_outside"].sum() <= 1
    assert charts.spread > 2 and "too narrow" in charts.sentence(speak("en"))
    assert charts.findings() == []


def test_the_peak_weeks_are_seen_as_one_run():
    charts = control_charts(brzoza("all"), "right_time")
    (finding,) = charts.findings()
    first, last = (int(week[-2:]) for week in finding.period.split("/"))
    assert abs(first - 47) <= 1 and abs(last - 51) <= 1
    assert finding.kind == "needs improvement" and finding.right == "time" and finding.n > 3000


def test_busy_weeks_are_worse_in_the_peak():
    (finding,) = busy_and_slow(brzoza("all"), "right_time").findings()
    assert finding.id == "busy-weeks" and finding.interval[1] < -0.03


def found_by_chance(seed):
    rights, found = brzoza("none", 0.1, seed), []
    for measure, period in product(("right_time", None), ("week", "month", "quarter")):
        found += control_charts(rights, measure, period).findings()
    for measure in ("right_time", None):
        found += busy_and_slow(rights, measure).findings()
    for column in ("carrier", "segment", "region", "size_class", "channel", "product_group"):
        found += compare_groups(rights, column, "right_time").findings()
    return found


def test_hardly_anything_is_found_on_clean_twins():
    assert sum(bool(found_by_chance(seed)) for seed in range(4)) <= 1


@pytest.mark.deep
def test_of_40_clean_twins_at_most_one_gives_a_false_finding():
    assert sum(bool(found_by_chance(seed)) for seed in range(40)) <= 1


def year_of(*shares, n=200):
    return judged([(round(n * share), n - round(n * share), 0) for share in shares])


@pytest.mark.parametrize(
    ("shares", "falls"),
    [
        ((0.95, 0.94, 0.80, 0.79), True),
        ((0.95, 0.94, 0.80, 0.95), False),  # came back: a bad week, no fall
        ((0.80, 0.95, 0.95, 0.96), False),
        ((0.95, 0.94, 0.93, 0.93), False),  # too small to matter
    ],
)
def test_a_fall_must_last_and_be_large(shares, falls):
    found = control_charts(year_of(*shares), "right_time").findings()
    assert any(each.id.startswith("trend-fall") for each in found) == falls


def test_seasons_need_two_complete_years():
    weeks = [(90, 10, 0) if week % 52 < 26 else (170, 30, 0) for week in range(160)]
    monthly = control_charts(judged(weeks), "right_time", "month").seasonal_index()
    assert len(monthly) == 12 and set(monthly["years"]) == {3}
    assert monthly["orders"].mean() == pytest.approx(1) and monthly[
        "value"
    ].mean() == pytest.approx(1)
    assert monthly["orders"][:5].max() < 1 < monthly["orders"][7:].min()
    assert control_charts(judged(weeks[:60]), "right_time", "month").seasonal_index().empty


# --- groups ---------------------------------------------------------------------------------------


def test_a_group_is_compared_with_the_rest_by_newcombe():
    rights = judged([(56, 14, 0), (48, 32, 0)], carrier=["Van"] * 70 + ["Bike"] * 80)
    van = compare_groups(rights, "carrier", "right_time").data.set_index("group").loc["Van"]
    # Newcombe 1998, Statistics in Medicine 17:873, example a: 56/70 - 48/80.
    assert van["difference"] == pytest.approx(0.2)
    assert [round(van[f"difference_{end}"], 4) for end in ("low", "high")] == [0.0524, 0.3339]


def test_a_group_that_is_surely_worse_is_a_finding():
    rights = judged([(480, 20, 0), (350, 150, 0)], carrier=["Van"] * 500 + ["Bike"] * 500)
    groups = compare_groups(rights, "carrier", "right_time")
    (found,) = groups.findings()
    assert (found.id, found.where, found.n) == ("group-carrier-Bike", {"carrier": "Bike"}, 500)
    assert found.effect == pytest.approx(-0.26) and found.right == "time"
    assert groups.data["verdict"].tolist() == ["needs improvement", "works"]


def test_what_is_unknown_widens_the_difference_to_what_could_be():
    known = compare_groups(judged([(40, 10, 0), (40, 10, 0)]), "week", "right_time").data
    some = compare_groups(judged([(40, 10, 20), (40, 10, 0)]), "week", "right_time").data
    assert some["difference_low"][0] < known["difference_low"][0]
    assert some["difference_high"][0] > known["difference_high"][0]
    assert some["upper"][0] == 60 / 70 and some["confirmed"][0] == 40 / 70


def test_groups_count_as_the_measures_of_rights_do():
    rights = brzoza("none", 0.05, 3)
    for column, measure in (("product_group", "perfect_order"), ("week", "otif")):
        mine = compare_groups(rights, column, measure).data.set_index("group")
        theirs = rights.group_rows(column, measure).set_index("group")
        theirs = theirs[theirs["n"] > 0]
        for name in ("right", "wrong", "unknown", "n"):
            assert mine[name].to_dict() == theirs[name].to_dict()


def test_small_groups_are_shown_as_not_demonstrable():
    rights = judged([(80, 20, 0)], segment=["large"] * 97 + ["tiny"] * 3)
    groups = compare_groups(rights, "segment", "right_time")
    shown = groups.table("en").set_index("Customer segment")["Verdict"]
    assert shown["tiny"] == "not demonstrable" and groups.findings() == []


def test_an_unknown_column_names_a_near_one():
    with pytest.raises(ValueError, match="did you mean 'carrier'"):
        compare_groups(judged([(5, 5, 0)], carrier="Van"), "carier")


BAD = {
    "one order": [(1, 0, 0)],
    "three": [(2, 1, 0)],
    "nothing known": [(0, 0, 40), (0, 0, 40)],
    "all right": [(50, 0, 0)] * 9,
    "all wrong": [(0, 50, 0)] * 9,
    "weeks without cases": [(50, 1, 0), (0, 0, 0), (0, 0, 9), (40, 3, 0)],
}


@pytest.mark.parametrize(
    ("case", "language"), list(zip(BAD, cycle(["en", "fr", "pl", "ru"]), strict=False))
)
def test_bad_input_gives_no_number_without_its_n(case, language):
    rights = judged(BAD[case], carrier="Van")
    shown = [control_charts(rights, "right_time", period) for period in ("week", "year")]
    shown += [busy_and_slow(rights), compare_groups(rights, "carrier"), control_charts(rights)]
    for result in shown:
        assert (result.data["n"] > 0).all() and result.findings(language) == []
        assert result.blocks(speak(language))[0]["text"]


def test_no_dates_means_no_periods():
    frame = pd.DataFrame({"order_id": ["A", "B"], "time_ok": [True, False], "carrier": ["x", None]})
    rights = measure_rights(frame, as_of="2026-01-01")
    assert control_charts(rights).data.empty and busy_and_slow(rights).data.empty
    assert compare_groups(rights, "carrier").data["n"].tolist() == [1]
    assert control_charts(rights).blocks(speak("en"))
