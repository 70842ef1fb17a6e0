"""The wording rules strike what they should, say where and why, and their counts are published."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.language import LANGUAGES
from workbook.lint import RULES, lint_question, lint_questions, reading_ease
from workbook.questions import read_item_bank

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import count_lint  # noqa: E402

CASES = [(code, row) for code in LANGUAGES for row in count_lint.corpus(code)]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_corpus_has_forty_good_and_forty_bad_questions_in_two_halves(code):
    rows = count_lint.corpus(code)
    for half in ("before", "after"):
        kinds = [row["kind"] for row in rows if row["half"] == half]
        assert (kinds.count("good"), kinds.count("bad")) == (20, 20)
    assert all(bool(row["rules"]) == (row["kind"] == "bad") for row in rows)
    assert {rule for row in rows for rule in row["rules"].split(";") if rule} == set(RULES)
    assert len({row["text"] + row["answers"] for row in rows}) == 80


@pytest.mark.parametrize("half", ["before", "after"])
def test_the_published_precision_and_recall_are_those_counted(half):
    assert count_lint.table(half) in (ROOT / "docs/lint.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("half", ["before", "after"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_most_bad_questions_strike_and_most_good_ones_do_not(half, code):
    found, false, missed = count_lint.counts(half, code)["any"]
    assert found >= 0.9 * (found + missed) and found >= 0.9 * (found + false)


@pytest.mark.parametrize(("code", "row"), [case for case in CASES if case[1]["kind"] == "bad"])
def test_a_finding_has_place_reason_source_and_a_better_wording(code, row):
    for finding in lint_question(row["text"], code, tuple(filter(None, row["answers"].split("|")))):
        assert finding.id == f"wording-{finding.rule}" and finding.kind == "data"
        assert finding.reason and finding.source and finding.better
        for low, high in finding.places:
            assert row["text"][low:high].strip() and row["text"][low:high] in finding.sentence


@pytest.mark.parametrize("code", LANGUAGES)
def test_our_own_items_strike_nothing_with_their_answers(code):
    assert [f.id for f in lint_questions(read_item_bank(), code)] == ["wording-level"]


@given(st.text(max_size=120), st.sampled_from(LANGUAGES))
def test_any_text_is_read_without_a_crash(text, code):
    places = [span for f in lint_question(text, code) for span in f.places]
    assert all(0 <= low < high <= len(text) for low, high in places)


def test_two_negations_are_told_from_one():
    (one,) = lint_question("Was the parcel not damaged?")
    (two,) = lint_question("Is it untrue that the parcel was not damaged?")
    assert one.rule == two.rule == "negation" and one.reason != two.reason


def test_flesch_by_hand():
    # 6 words of one syllable in one sentence: 206.835 - 1.015 × 6 - 84.6 × 1 (Flesch 1948).
    assert reading_ease(["The cat sat on the mat."]) == pytest.approx(116.145)


def test_long_words_are_harder_in_every_language():
    pairs = {
        "en": ("How was it?", "Evaluate organisational responsibilities."),
        "fr": ("Que dire ?", "Évaluez les responsabilités organisationnelles."),
        "ru": ("Как дела?", "Оцените организационную ответственность."),
        "pl": ("Jak jest?", "Proszę scharakteryzować odpowiedzialność organizacyjną."),
    }
    for code, (easy, hard) in pairs.items():
        sign = -1 if code == "pl" else 1
        assert sign * reading_ease([easy], code) > sign * reading_ease([hard], code)


def test_without_pyphen_the_level_is_said_to_be_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyphen", None)
    assert "pyphen" in lint_questions(read_item_bank(), "en")[-1].sentence


def test_few_words_give_no_level_to_rely_on():
    assert "too few" in lint_questions(read_item_bank()[:3], "en")[-1].sentence
