"""Zimny Szlak: each problem touches its own rows only, is as large as planned, and is found."""

import pytest
from some_cases import accusations, check_touches, customers, made, places, road_of

from workbook import samples
from workbook.blamed import look_past_blame
from workbook.eventlog import read_log
from workbook.language import speak
from workbook.perfect import explain_perfect
from workbook.priorities import gap_findings, score_gaps
from workbook.process import build_process
from workbook.profile import Profile
from workbook.responses import score_responses
from workbook.rights import measure_rights

NAME = "zimny-szlak"
PROBLEMS = list(samples.read_case(NAME)["problems"])


def zimny_profile():
    chosen = samples.read_case(NAME)["profile"]
    return Profile(**chosen | {"tolerance": Profile("").tolerance | chosen["tolerance"]})


def realised(problem, problems="all"):
    return made(NAME, problems, 1.0).truth["problems"][problem]["realised"]


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    """A third of the client with all ten problems."""
    return road_of(tmp_path_factory.mktemp("third"), NAME, "all", 11, scale=0.35)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_touches_only_what_it_names(problem):
    check_touches(NAME, problem)


def test_the_clean_twin_has_the_base_failures_and_nothing_else():
    clean, base = made(NAME, "none", 1.0).truth, samples.read_case(NAME)["base"]
    assert clean["problems"] == {}
    for fact, rate in clean["base"]["per_line"].items():
        assert rate == pytest.approx(base[fact], abs=0.002)
    assert clean["base"]["per_order"]["late"] == pytest.approx(base["late"], abs=0.01)
    assert clean["base"]["per_order"]["warm"] == 0


def test_full_size_is_26_weeks_of_14_000_drops_to_140_customers():
    lines = made(NAME, "all", 1.0).tables["order_lines"]
    assert lines["order_id"].nunique() == 14_000 and lines["customer"].nunique() == 140
    assert lines["route"].nunique() == 12 and lines["ship_from"].nunique() == 2
    assert (lines["ordered_at"] < lines["shipped_at"]).all()
    assert (lines["shipped_at"] < lines["delivered_at"]).all()


def test_what_is_planted_is_as_large_as_planned():
    heat, monday = realised("C1"), realised("C2")
    assert heat["n_drops"] >= 130 and heat["warm"] == pytest.approx(0.22, abs=0.07)
    assert monday["late"] == pytest.approx(0.30, abs=0.03)
    assert monday["late_elsewhere"] == pytest.approx(0.09, abs=0.01)
    assert monday["pick_wait"] > monday["pick_wait_elsewhere"] + 60
    assert realised("C3")["dock_minutes"] == pytest.approx(95, abs=3)
    together = realised("C4")
    assert together["phi"] == pytest.approx(0.45, abs=0.05)
    assert together["both_right"] - together["product"] >= 0.02
    assert realised("C5")["short"] == pytest.approx(0.6, abs=0.08)
    assert realised("C6")["old"] == pytest.approx(0.04, abs=0.01)
    assert realised("C7")["after_arrival"] == pytest.approx(0.45, abs=0.03)
    assert realised("C7")["after_arrival_corrected"] == 0
    gap = realised("C8")["gap"]
    assert gap["information"] == pytest.approx(-0.6, abs=0.2)
    assert gap["time"] == pytest.approx(0.4, abs=0.2)
    assert realised("C9")["unit_fill"] == pytest.approx(0.71, abs=0.04)
    assert realised("C10")["small"] == pytest.approx(0.31, abs=0.02)
    assert realised("C10")["cost"] > realised("C10")["margin"]


def test_decoys_are_no_more_than_they_seem():
    decoys = {
        one: decoy["realised"] for one, decoy in made(NAME, "all", 1.0).truth["decoys"].items()
    }
    assert decoys["D1"]["n_bad_days"] == pytest.approx(14, abs=8)
    assert decoys["D1"]["late"] == pytest.approx(decoys["D1"]["late_elsewhere"], abs=0.04)
    assert decoys["D2"]["largest_change"] < 0.03


def test_the_monday_backlog_is_found_with_its_size(road):
    monday = places(road, "time", "weekday")["Monday"]
    assert monday.observed == pytest.approx(0.30, abs=0.05)
    assert monday.expected == pytest.approx(0.09, abs=0.02)


def test_the_clock_of_depot_2_is_two_hours_ahead(road):
    found = [each for each in road.findings if each.id.startswith("clock-")]
    assert [each.where for each in found] == [{"source": "Склад 2"}]
    sources = road.views["visibility"].sources.set_index("source")
    assert sources.at["Склад 2", "clock_hours"] == (-2,)
    assert sources.drop("Склад 2")["clock_hours"].map(len).eq(0).all()


def test_the_critical_path_runs_through_the_hand_off_and_not_through_the_check(road):
    process = build_process(road.client.steps)
    assert "dock" in process.critical_path and "check" not in process.critical_path
    assert process.slack["check"] > 60
    votes = road.client.steps.set_index("step_id")["votes_improve"]
    assert votes["check"] == 8 and votes["dock"] == 1
    (found,) = (each for each in road.findings if each.id.startswith("blamed-"))
    assert (found.step_id, found.right, found.n) == ("dock", "time", 4_900)
    assert found.observed == pytest.approx(97, abs=5) and found.expected == 12
    assert "8 of 10" in found.sentence and "12" in found.sentence


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_hand_off_is_found_past_the_blamed_check_and_only_where_it_is_hidden(seed):
    found = {}
    for problems in ("C3", "all", "none"):
        tables = made(NAME, problems, 0.03, seed).tables
        log = read_log(tables["events"])
        blamed = look_past_blame(build_process(tables["steps"]), log)
        found[problems] = [each.step_id for each in blamed.findings()]
    assert found == {"C3": ["dock"], "all": ["dock"], "none": []}


def test_the_perfect_order_lies_above_the_product_of_the_rates(road):
    perfect = road.views["perfect"]
    assert perfect.known_perfect / perfect.known_n - perfect.independent >= 0.02
    (found,) = (each for each in road.findings if each.id.startswith("together-"))
    assert (found.id, found.right) == ("together-condition-time", "condition")
    assert found.interval[0] > 0.01 and found.effect >= 0.02


@pytest.mark.parametrize("seed", range(1, 6))
def test_late_and_warm_fail_together_and_nothing_does_in_a_clean_client(seed):
    profile, found = zimny_profile(), {}
    for problems in ("C4", "all", "none"):
        lines = made(NAME, problems, 0.15, seed).tables["order_lines"]
        perfect = explain_perfect(measure_rights(lines, profile=profile))
        found[problems] = [each.id for each in perfect.findings()]
    both = ["together-condition-time"]
    assert found == {"C4": both, "all": both, "none": []}


def test_the_competitor_informs_better_and_comes_later(road):
    gaps = score_gaps(road.scores, road.client.benchmarks).set_index("question")["verdict"]
    assert gaps.to_dict() == {"information": "worse", "time": "better"}
    found = {each.right: each for each in road.findings if each.id.startswith("rival-")}
    assert (found["information"].kind, found["time"].kind) == ("needs improvement", "works")
    assert found["information"].effect == pytest.approx(-0.6, abs=0.2)
    assert found["time"].effect == pytest.approx(0.4, abs=0.2)


@pytest.mark.parametrize("seed", range(1, 6))
def test_only_a_competitor_who_is_rated_otherwise_is_told(seed):
    told = {}
    for problems in ("C8", "all", "none"):
        tables = made(NAME, problems, 0.1, seed).tables
        scores = score_responses(tables["responses"])
        gaps = score_gaps(scores, tables["benchmarks"])
        told[problems] = {each.right for each in gap_findings(gaps, scores, speak("ru"))}
    assert told == {"C8": {"information", "time"}, "all": {"information", "time"}, "none": set()}


def test_promotions_are_found_with_their_group(road):
    found = [each for each in road.findings if each.where == {"product_group": "йогурты"}]
    assert found and all(each.right == "quantity" and each.period for each in found)
    assert {each.period.split("/")[0] for each in found} <= {"2025-W16", "2025-W22"}


def test_a_clean_client_is_left_in_peace(tmp_path):
    assert accusations(road_of(tmp_path, NAME, "none", 301, scale=0.35)) == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", [22, 1, 3, 4])
def test_at_full_size_each_place_is_named_and_nothing_false(seed, tmp_path):
    road, truth = (
        road_of(tmp_path, NAME, "all", seed),
        made(NAME, "all", 1.0, seed).truth["problems"],
    )
    reefer = places(road, "condition", "route")["R7"].period.split("/")
    assert reefer[0] >= "2025-W24" and reefer[1] <= "2025-W32"
    assert customers(road, "quantity") == set(truth["C5"]["realised"]["customers"])
    assert set(places(road, "condition", "product_group")) == {"мягкие сыры"}
    assert set(places(road, "time", "weekday")) == {"Monday"}
    assert set(places(road, "quantity", "product_group")) <= {"йогурты"}
    carriers = [each.id for each in road.findings if "carrier" in each.where]
    assert carriers == []


@pytest.mark.deep
def test_over_ten_clean_clients_none_is_accused(tmp_path):
    accused = {s: accusations(road_of(tmp_path, NAME, "none", s)) for s in range(400, 410)}
    assert sum(map(bool, accused.values())) <= 1, {k: v for k, v in accused.items() if v}
