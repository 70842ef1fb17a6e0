"""Scores of returned questionnaires: every answer is accounted for, and no small group shows."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook import stats
from workbook.comments import code_comments, coder_agreement, mask_personal
from workbook.groups import group_differences, hidden_groups, small_groups
from workbook.language import LANGUAGES, speak
from workbook.priorities import score_gaps, set_priorities
from workbook.questions import read_item_bank
from workbook.responses import score_responses
from workbook.survey import design_survey


def survey_of(**answers):
    n = len(next(iter(answers.values())))
    return pd.DataFrame({"response_id": [f"R{i}" for i in range(n)], **answers})


def row_of(scores, question):
    return scores.data.set_index("question").loc[question]


@pytest.fixture
def panel():
    """300 answers: time is rated about a point below the rest, product as the rest."""
    rng = np.random.default_rng(4)
    mood = rng.normal(3.9, 0.6, 300)
    rate = lambda shift: np.clip(np.round(mood + shift + rng.normal(0, 0.5, 300)), 1, 5)
    shifts = {"overall": 0, "product": 0, "quantity": 0, "condition": 0, "time": -1}
    return survey_of(**{name: rate(shift) for name, shift in shifts.items()})


def test_scores_by_hand():
    scores = score_responses(survey_of(time=[5, 4, 4, 3, 2, 1, 5, 5, 4, 1]))
    row = row_of(scores, "time")
    assert (row["n"], row["mean"], row["top_two"]) == (10, 3.4, 0.6)
    assert (row["top_two_low"], row["top_two_high"]) == stats.wilson_interval(6, 10)
    shares = scores.distribution.set_index("value")["share"]
    assert shares.tolist() == [0.2, 0.1, 0.1, 0.3, 0.3]


@pytest.mark.parametrize(
    "answer",
    [4, 4.0, "4", "4.0", "4,0", "4 - good", "4: good", "Good", " dobra ", "хорошо", "BONNE"],
)
def test_an_answer_is_recognised_in_any_of_its_forms(answer):
    scores = score_responses(survey_of(time=[answer, 4, 4, 4, 4]))
    assert row_of(scores, "time")["mean"] == 4


@pytest.mark.parametrize(
    "answer", [0, 6, 45, 4.5, -4, "four", "4/5", "4 - 5", "you <b>fools</b>", "44 good"]
)
def test_an_answer_off_the_scale_is_counted_left_out_and_never_shown(answer):
    scores = score_responses(survey_of(time=[answer, 5, 5, 5, 5, 5]))
    row = row_of(scores, "time")
    assert (row["n"], row["off_scale"], row["mean"]) == (5, 1, 5)
    assert [finding.id for finding in scores.findings()] == ["survey-off-scale-time"]
    assert "fools" not in scores._repr_html_()


def test_does_not_apply_is_neither_an_answer_nor_missing():
    answers = ["does not apply", "nie dotyczy", "na", None, " ", 3, 3, 3, 3, 3]
    scores = score_responses(survey_of(time=answers, overall=[3] * 10))
    row = row_of(scores, "time")
    assert (row["n"], row["does_not_apply"], row["missing"], row["off_scale"]) == (5, 3, 2, 0)


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.sampled_from([1, 2, 3, 4, 5, "5 - good", "na", "?", 9, None, ""]), min_size=1),
    st.randoms(use_true_random=False),
)
def test_every_answer_is_accounted_for_in_any_order(answers, random):
    shuffled = random.sample(answers, len(answers))
    full = [5] * len(answers)
    rows = [
        row_of(score_responses(survey_of(time=given, overall=full)), "time")
        for given in (answers, shuffled)
    ]
    kinds = ["n", "missing", "does_not_apply", "off_scale"]
    assert rows[0][kinds].sum() == len(answers)
    assert rows[0].equals(rows[1])


def test_a_reversed_question_counts_its_best_answer_highest():
    items = [i for i in read_item_bank() if i.id == "time"]
    turned = [type(items[0])(**vars(items[0]) | {"polarity": -1})]
    scores = score_responses(survey_of(time=[1, 1, 1, 2, 5]), turned)
    assert row_of(scores, "time")["top_two"] == 0.8


def test_the_recommendation_gives_the_net_promoter_score():
    answers = [10, 9, 8, 7, 6, 0, 10, 10]
    scores = score_responses(survey_of(recommend=answers))
    assert scores.net_promoter == stats.net_promoter_score(answers)
    assert row_of(scores, "recommend")["top_two"] == 0.5


def test_a_choice_has_shares_and_no_mean():
    answers = ["time", "right time", "właściwy czas", "price", "product", "na"]
    scores = score_responses(survey_of(importance=answers))
    shares = scores.distribution.set_index("value")["share"]
    assert shares["time"] == 0.6
    assert math.isnan(row_of(scores, "importance")["mean"])


def test_the_response_rate_needs_to_know_what_was_sent():
    frame = survey_of(time=[5, 4, 5, 4, 5])
    assert score_responses(frame).response_rate is None
    assert score_responses(frame, sent=20).response_rate == 0.25
    assert score_responses(frame.assign(sent_at=pd.Timestamp("2026-01-05"))).response_rate is None
    silent = survey_of(time=[5, 4, None, None]).assign(sent_at=pd.Timestamp("2026-01-05"))
    assert score_responses(silent).response_rate == 0.5
    with pytest.raises(ValueError, match="sent is 3, but 5 came back"):
        score_responses(frame, sent=3)


def test_a_response_number_counts_once():
    frame = survey_of(time=[5, 5, 5, 5, 5])
    twice = pd.concat([frame, frame.iloc[[0]].assign(time=1)])
    scores = score_responses(twice)
    assert (scores.duplicates, row_of(scores, "time")["mean"]) == (1, 5)
    assert [finding.id for finding in scores.findings()] == ["survey-duplicates"]


def test_a_column_that_no_question_knows_is_counted_not_shown():
    frame = survey_of(time=[5] * 5, mail=["a@b.example"] * 5)
    scores = score_responses(frame, design_survey())
    row = row_of(scores, "mail")
    assert row["n"] == 5 and math.isnan(row["mean"])
    assert "a@b.example" not in scores._repr_html_()


def test_what_is_filled_for_everyone_asked_is_no_answer():
    frame = survey_of(time=[5, None], mail=["a@b.example"] * 2)
    assert score_responses(frame).returned == 1


def test_few_answers_give_counts_and_no_scores():
    scores = score_responses(survey_of(time=[1, 5, 5, 4]))
    assert row_of(scores, "time")["n"] == 4
    assert row_of(scores, "time")[["mean", "top_two"]].isna().all()
    assert scores.distribution.empty


@pytest.mark.parametrize(
    "frame",
    [
        survey_of(time=[None, None]),
        survey_of(time=[3]),
        survey_of(time=[4] * 9),
        survey_of(order_id=["1"]),
        survey_of(time=[5]).iloc[:0],
        survey_of(comment=["<script>alert(1)</script>"]),
        pd.DataFrame({"time": [5, 5, 5, 5, 5]}),
    ],
    ids=["nobody answered", "one", "all alike", "no question", "no row", "comment", "no number"],
)
def test_poor_returns_are_shown_without_a_crash(frame):
    scores = score_responses(frame)
    assert "script" not in scores._repr_html_()
    assert len(scores.table()) == len(scores.data)
    scores.plot(), scores.findings()


def test_a_group_below_five_is_not_shown_nor_left_by_subtraction():
    sizes = {"small": 3, "middle": 20, "big": 60}
    frame = survey_of(time=np.tile([5, 4, 2], 28)[:83])
    frame["segment"] = np.repeat(list(sizes), list(sizes.values()))
    segments = score_responses(frame).segments.set_index("segment")
    assert segments["suppressed"].to_dict() == {"small": True, "middle": True, "big": False}
    assert segments.loc[["small", "middle"], ["n", "mean", "top_two"]].isna().all(axis=None)


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 30)), st.integers(1, 10))
def test_what_is_left_of_the_total_is_never_a_small_group(sizes, least):
    hidden = small_groups(sizes, least)
    shown = {name: n for name, n in sizes.items() if n and name not in hidden}
    rest = sum(sizes.values()) - sum(shown.values())
    assert all(n >= least for n in shown.values())
    assert rest == 0 or not shown or (rest >= least and len(hidden) >= 2)


def test_those_without_a_segment_are_a_group_of_their_own():
    frame = survey_of(time=[5] * 20).assign(segment=["A"] * 8 + ["B"] * 9 + [None] * 3)
    segments = score_responses(frame).segments.set_index("segment")
    assert segments["suppressed"].to_dict() == {"": True, "A": True, "B": False}


def test_the_weak_right_is_found_and_nothing_else(panel):
    scores = score_responses(panel)
    found = [(f.right, f.kind) for f in scores.findings()]
    assert found[0] == ("time", "needs improvement")
    assert ("overall", "works") not in found
    even = score_responses(panel.assign(time=panel["product"]))
    assert even.findings() == []


def test_same_answers_same_scores_and_the_frame_stays(panel):
    before = panel.copy()
    first, second = score_responses(panel), score_responses(panel)
    pd.testing.assert_frame_equal(first.data, second.data)
    assert first._repr_html_() == second._repr_html_()
    pd.testing.assert_frame_equal(panel, before)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_blocks_speak_the_readers_language(panel, code):
    scores = score_responses(panel.assign(segment=["A", "B", "C"] * 100))
    kinds = [block["kind"] for block in scores.blocks(speak(code))]
    assert kinds == ["heading", "text", "picture", "table", "text", "table", "items"]
    label = next(i for i in read_item_bank() if i.id == "time").labels[code]
    assert label in scores.table(code).iloc[:, 0].tolist()


def test_the_picture_shows_one_bar_per_rating_and_says_it_in_words(panel):
    scores = score_responses(panel.assign(recommend=9))
    ax = scores.plot()
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[0] == "Overall" and "Right time" in labels and "Recommendation" not in labels
    ends = [bar.get_x() + bar.get_width() for bar in ax.containers[-1]]
    assert ends == pytest.approx([1.0] * len(labels))
    share = speak("en").percent(row_of(scores, "time")["top_two"], 0)
    picture = next(b for b in scores.blocks(speak("en")) if b["kind"] == "picture")
    assert f"Right time {share}" in picture["alt"]


# --- what must not mislead ------------------------------------------------------------------------


def test_a_row_of_averages_is_left_out_and_named():
    frame = survey_of(time=[5, 4, 5, 4, 5, 4.6])
    frame.loc[5, "response_id"] = "Średnia"
    scores = score_responses(frame)
    assert (scores.returned, scores.averages, row_of(scores, "time")["off_scale"]) == (5, 1, 0)
    assert "survey-averages" in {finding.id for finding in scores.findings()}


def test_the_same_answers_for_one_order_count_once():
    frame = survey_of(time=[5, 5, 4, 3, 2, 1]).assign(order_id=["A", "A", "B", "C", "D", "E"])
    assert score_responses(frame).duplicates == 1


def test_a_question_nobody_answered_and_one_all_answered_alike_are_named():
    scores = score_responses(survey_of(time=[4] * 12, price=[None] * 12))
    found = {finding.id for finding in scores.findings()}
    assert {"survey-unanswered-price", "survey-alike-time"} <= found


def test_a_question_the_wrong_way_round_is_caught(panel):
    scores = score_responses(panel)
    assert scores.reliability.reversed == () and scores.reliability.alpha > 0.7
    low, high = scores.reliability.interval
    assert low < scores.reliability.alpha < high
    turned = score_responses(panel.assign(time=6 - panel["time"]))
    assert turned.reliability.reversed == ("time",) and math.isnan(turned.reliability.alpha)
    assert "survey-reversed-time" in {finding.id for finding in turned.findings()}


def test_a_clear_difference_is_found_and_chance_is_not():
    rng = np.random.default_rng(7)
    points = pd.DataFrame({f"q{i}": rng.integers(1, 6, 400).astype(float) for i in range(6)})
    groups = pd.DataFrame({"segment": rng.choice(["a", "b", "c", "d"], 400)})
    assert not group_differences(points, groups)["clear"].any()
    points["q1"] = np.where(groups["segment"] == "c", 1.0, points["q1"])
    found = group_differences(points, groups).query("clear")
    first = found.loc[found["p"].idxmin()]
    assert (first["question"], first["group"]) == ("q1", "c") and first["high"] < -1


def crossed(counts):
    rows = [{"segment": a, "language": b} for (a, b), n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["segment", "language"], dtype="str")


def given_away(members, hidden, least):
    """Return the protected sums that the shown ones and the total determine, by rank."""
    crossings = members.value_counts().reset_index(name="n")
    column = lambda name: [
        (crossings[name] == group).to_numpy(float)
        for group in set(members[name]) - hidden.get(name, set())
    ]
    shown = np.array([np.ones(len(crossings)), *column("segment"), *column("language")])
    secret = [
        (crossings[name] == group).to_numpy(float) for name in hidden for group in hidden[name]
    ]
    secret += list(np.eye(len(crossings))[(crossings["n"] < least).to_numpy()])
    rank = np.linalg.matrix_rank(shown)
    return [each for each in secret if np.linalg.matrix_rank(np.vstack([shown, each])) == rank]


PLACES = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(PLACES, st.integers(1, 12), min_size=2))
def test_no_small_group_can_be_had_from_what_is_shown(counts):
    members = crossed(counts)
    hidden = hidden_groups(members, 5)
    shown = {name: set(members[name]) - hidden[name] for name in members}
    if any(shown.values()):
        assert given_away(members, hidden, 5) == []
    for name in members:
        assert (members[name].value_counts()[sorted(shown[name])] >= 5).all()


def test_a_language_that_is_a_segment_does_not_give_it_away():
    members = crossed({("a", "x"): 20, ("b", "x"): 9, ("c", "y"): 3, ("d", "z"): 8})
    alone = {"segment": small_groups({"a": 20, "b": 9, "c": 3, "d": 8}, 5), "language": set()}
    assert given_away(members, alone, 5) and not given_away(members, hidden_groups(members, 5), 5)


def rights_panel(n=400):
    rng = np.random.default_rng(11)
    rate = lambda mean, noise: np.clip(np.round(mean + rng.normal(0, noise, n)), 1, 5)
    whole = rng.normal(3.6, 0.9, n)
    columns = {"overall": rate(whole, 0.3), "time": rate(whole - 1, 0.4), "price": rate(whole, 3)}
    chosen = rng.choice(["time", "price", "condition"], n, p=[0.7, 0.15, 0.15])
    return survey_of(**columns, condition=rate(4.6, 0.3), importance=chosen)


def test_an_important_right_with_a_low_rating_comes_first():
    stated = set_priorities(rights_panel())
    place = stated.data.set_index("right")["quadrant"]
    assert stated.stated and stated.importance_cut == pytest.approx(1 / 3)
    assert (place["time"], place["condition"]) == ("concentrate here", "possible overkill")
    derived = set_priorities(rights_panel().drop(columns="importance"))
    assert not derived.stated
    assert derived.data.set_index("right")["quadrant"]["time"] == "concentrate here"
    assert [finding.right for finding in derived.findings()] == ["time"]


def test_a_right_whose_interval_crosses_a_cut_is_undecided():
    few = set_priorities(rights_panel(12))
    crossing = few.data.query("performance_low <= @few.performance_cut <= performance_high")
    assert len(crossing) and set(crossing["quadrant"]) == {"undecided"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_priorities_name_their_cuts_in_every_language(code):
    say = speak(code)
    told = set_priorities(rights_panel(60)).sentence(say)
    assert say.percent(1 / 3) in told
    assert set_priorities(survey_of(time=[5])).blocks(say)


@pytest.mark.parametrize(
    ("comment", "masked", "kinds"),
    [
        ("write to jan.k@firma.pl now", "write to [e-mail] now", ("e-mail",)),
        ("zadzwoń 600-700-800", "zadzwoń [phone]", ("phone",)),
        ("Tél. 06 12 34 56 78", "Tél. [phone]", ("phone",)),
        ("Merci à Mme Durand", "Merci à [name]", ("name",)),
        ("Pan Kowalski był miły", "[name] był miły", ("name",)),
        ("госпожа Иванова помогла", "[name] помогла", ("name",)),
        ("order of 3 boxes, 12 pieces", "order of 3 boxes, 12 pieces", ()),
        ("Anna Nowak called", "[name] called", ("name",)),
    ],
)
def test_what_names_a_person_is_masked_and_flagged(comment, masked, kinds):
    assert mask_personal(comment, ["Anna Nowak"]) == (masked, kinds)


def test_comments_are_coded_by_a_book_and_two_coders_compared():
    said = ["late again", "", None, "box broken, late", "thanks", "<b>idiots</b> me@x.io"]
    table = code_comments(survey_of(comment=said), {"time": "late", "condition": "broken"})
    assert table.index.tolist() == [0, 3, 4, 5] and table["time"].sum() == 2
    assert table.loc[5, "personal"] == "e-mail" and "x.io" not in table.loc[5, "comment"]
    other = table.assign(time=[True, False, False, False])
    agreed = {each.code: each for each in coder_agreement(table, other)}
    assert agreed["condition"].kappa == 1 and agreed["time"].same == 0.75
    with pytest.raises(ValueError, match="share no comment"):
        coder_agreement(table, other.iloc[:0])


def test_scores_are_set_against_a_standard_and_a_rival():
    scores = score_responses(survey_of(time=[4] * 30 + [5] * 30, price=[2, 4] * 30))
    given = pd.DataFrame({"measure": ["survey_time", "survey_price", "survey_price", "otif"]})
    given["value"], given["source"] = [4.1, 4.1, 0.5, 0.9], ["rival", "rival", "standard", "x"]
    found = score_gaps(scores, given)
    assert found["verdict"].tolist() == ["better", "worse", "undecided"]
    assert found["gap"].round(1).tolist() == [0.4, -1.1, 0.0]
