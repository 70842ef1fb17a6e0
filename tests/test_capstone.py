"""A student's findings of an unknown client are scored against what was planted in it."""

import json

import pytest

from workbook.capstone import grade_capstones, score_findings
from workbook.language import LANGUAGES
from workbook.samples import generate

TRUTH = generate("brzoza-dom", seed=3, scale=0.05).truth
PLANTED = TRUTH["problems"]


def claim(name: str, **other: object) -> dict[str, object]:
    """Return the finding that a problem should lead to."""
    problem = PLANTED[name]
    right = problem["rights"][0] if problem["rights"] else None
    found = {"id": f"my-{name}", "kind": problem["expected"]["kind"], "right": right}
    found |= {"where": problem["where"], "period": problem["period"], "effect": None}
    return found | {"sentence": problem["title"]} | other


def test_findings_that_name_everything_get_all_the_points_but_those_for_sizes():
    score = score_findings([claim(name) for name in PLANTED], TRUTH)
    assert set(score.recovered) == set(PLANTED) and not score.missed and not score.false
    assert score.points == 85


def test_the_size_of_an_effect_counts_within_its_tolerance():
    realised = PLANTED["A3"]["realised"]
    effect = realised["damaged"] - realised["damaged_elsewhere"]
    right = score_findings([claim("A3", effect=effect + 0.01)], TRUTH)
    wrong = score_findings([claim("A3", effect=effect + 0.2)], TRUTH)
    assert right.sized == ("A3",) and right.effect_errors["A3"] == pytest.approx(0.01)
    assert wrong.sized == () and "The size of the effect is off" in wrong.reply
    assert right.points > wrong.points


def test_half_of_an_interaction_is_near_but_not_found():
    score = score_findings([claim("A3", where={"carrier": "K2"})], TRUTH)
    assert score.recovered == () and score.near == ("A3",) and score.false == ()
    assert "Nearly: carrier K2 breaks glass" in score.reply


def test_a_finding_where_nothing_was_planted_is_false():
    score = score_findings([claim("A3"), claim("A3", where={"carrier": "K1"}, id="D1")], TRUTH)
    assert score.false == ("D1",) and "D1" in score.reply
    assert score.points < score_findings([claim("A3")], TRUTH).points


@pytest.mark.parametrize(
    ("period", "found"),
    [("2025-W46/2025-W52", True), ("2025-11-17/2025-12-21", True), ("2025-W40/2025-W51", False)],
)
def test_a_period_may_be_a_week_off(period, found):
    score = score_findings([claim("A2", period=period)], TRUTH)
    assert (score.recovered == ("A2",)) is found


def test_names_of_columns_and_places_are_read_without_case():
    where = {"Carrier": "k2", "PRODUCT_GROUP": "Glass"}
    assert score_findings([claim("A3", where=where, right="right_condition")], TRUTH).recovered


def test_what_works_accuses_nobody():
    assert score_findings([claim("A3", kind="works", where={"carrier": "K1"})], TRUTH).false == ()


@pytest.mark.parametrize(
    "odd", [{}, {"where": 3}, {"period": 7}, {"where": {"a": []}, "effect": "x"}]
)
def test_odd_findings_score_nothing_and_break_nothing(odd):
    assert score_findings([odd], TRUTH).recovered == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reply_is_written_in_the_learners_language(language):
    reply = score_findings([claim("A3"), claim("A2", period=None)], TRUTH, language).reply
    assert "carrier K2 breaks glass" in reply and "{" not in reply


def test_a_folder_of_hand_ins_is_scored_and_what_cannot_be_read_is_named(tmp_path):
    for student, text in {"ada": json.dumps([claim("A3")]), "bo": "[{", "cy": '{"a": 1}'}.items():
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / "findings.json").write_text(text)
    (tmp_path / "truth.json").write_text(json.dumps(TRUTH))
    graded = grade_capstones([tmp_path / "in"], tmp_path / "truth.json")
    assert graded.data["student"].tolist() == ["ada"] and graded.data["recovered"].tolist() == [1]
    assert {file.split("/")[-2] for file, _ in graded.notes} == {"bo", "cy"}
    assert graded.write(tmp_path / "out")[0].read_text("utf-8-sig").startswith("student,")


def test_a_wrong_truth_is_said_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"is no truth\.json of a sample; check its name"):
        grade_capstones([tmp_path], tmp_path / "nothing.json")
