"""Every exercise takes its right answer in all spellings, and answers each mistake by its name."""

import datetime as dt
import re
import time
from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest

from workbook.exercises import all_exercises, check, draw, find_exercise, hint, judge, task
from workbook.language import LANGUAGES, speak
from workbook.spellings import READERS, items_of, same

SAY = speak("en")
EXERCISES = list(all_exercises().values())
SEEDS = (0, 7)
every = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)


def spellings(kind: str, answer: object, digits: int) -> list[object]:
    """Return an answer in the ways in which people may give it."""
    if kind in ("number", "share", "minutes"):
        value = round(float(answer), digits + 2 * (kind == "share"))
        ways = [answer, value, str(value), np.float64(value), np.array([value]), pd.Series([value])]
        ways += [[value], (value,), {value}, Decimal(str(value)), str(value).replace(".", ",")]
        if kind == "share":
            percent = f"{value * 100:.{digits}f}"
            ways += [f"{percent}%", f" {percent.replace('.', ',')} %", np.float32(value)]
        if kind == "minutes":
            ways += [dt.timedelta(minutes=value), f"{value} min", pd.Timedelta(minutes=value)]
        return ways
    if kind == "word":
        return [answer, str(answer).upper(), f" {answer} ", [answer], np.array([answer])]
    if kind in ("set", "order"):
        names = items_of(answer)
        loud = [str(name).upper() for name in names]
        ways = [names, tuple(names), pd.Series(names), np.array(names, dtype=object), loud]
        ways.append("; ".join(map(str, names)))
        return [*ways, names[::-1], set(names), frozenset(names)] if kind == "set" else ways
    if kind == "table":
        pairs = list(dict(answer).items())
        frame = pd.DataFrame(pairs, columns=["name", "value"])
        backwards = dict(pairs[::-1])
        ways = [answer, pairs, pd.Series(answer), frame, frame.iloc[::-1, :]]
        return [*ways, frame.set_index("name"), backwards, {str(k).upper(): v for k, v in pairs}]
    return [answer, f"{answer}\n"]


def wrong_answers(exercise: object, data: object) -> list[object]:
    """Return what each mistake leads to; a text lacks what its mistake asks for."""
    if exercise.kind != "text":
        return [mistake(data) for mistake in exercise.mistakes]
    model = exercise.answer(data)
    lacking = lambda stems: re.sub(rf"\w*({'|'.join(stems)})\w*", "thing", model, flags=re.I)
    return [lacking(mistake(data)) for mistake in exercise.mistakes]


@cache
def settled(exercise: object, seed: int) -> tuple:
    """Return an exercise with its answers worked out once, its data, and these answers."""
    data = draw(exercise, seed)
    wrong, made = wrong_answers(exercise, data), [mistake(data) for mistake in exercise.mistakes]
    right = exercise.answer(data)
    known = tuple(lambda _, value=value: value for value in made)
    return replace(exercise, answer=lambda _: right, mistakes=known), data, right, wrong


@every
@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_answer_is_taken_in_all_its_spellings(exercise, seed):
    exercise, data, right, _ = settled(exercise, seed)
    for way in spellings(exercise.kind, right, exercise.digits):
        assert judge(exercise, data, way, SAY).right is True, repr(way)


@every
@pytest.mark.parametrize("seed", SEEDS)
def test_every_mistake_gets_its_own_reply(exercise, seed):
    exercise, data, _, wrongs = settled(exercise, seed)
    for place, wrong in enumerate(wrongs):
        for way in spellings(exercise.kind, wrong, exercise.digits):
            reply = judge(exercise, data, way, SAY)
            assert (reply.right, reply.mistake) == (False, place), repr(way)
            assert SAY(exercise.replies[place]) in reply.text


@every
def test_it_is_written_whole(exercise):
    assert len(exercise.mistakes) == len(exercise.replies) >= 3
    assert len(set(exercise.replies)) == len(exercise.replies) and len(exercise.hints) == 3
    assert exercise.kind in READERS and 1 <= exercise.minutes <= 30
    assert all(len(words) <= 110 for words in (*exercise.replies, *exercise.hints))


@every
def test_mistakes_never_meet_each_other_or_the_right_answer(exercise):
    if exercise.kind != "text":
        for seed in SEEDS:
            _, _, right, wrongs = settled(exercise, seed)
            read = [exercise.read(answer) for answer in (right, *wrongs)]
            pairs = [(a, b) for a in read for b in read if a is not b]
            assert not any(same(a, b, exercise.unit) for a, b in pairs)


@pytest.mark.deep
@every
def test_every_seed_draws_data_that_tell_mistakes_apart(exercise):
    for seed in range(300):
        draw(exercise, seed)


@every
def test_another_seed_has_other_numbers_and_the_same_seed_the_same(exercise):
    shown = [str(draw(exercise, seed)) for seed in (0, 0, 1, 2, 3, 4)]
    assert shown[0] == shown[1] and len(set(shown)) > 1


@every
def test_an_untouched_cell_gets_a_gentle_line(exercise):
    exercise, data, *_ = settled(exercise, 0)
    for nothing in (..., None, "...", "", "…"):
        reply = judge(exercise, data, nothing, SAY)
        assert reply.right is None and reply.text.startswith("Nothing here yet")


@every
def test_no_answer_however_odd_raises(exercise):
    odd = [
        object(),
        {},
        [],
        [[]],
        np.nan,
        np.inf,
        pd.DataFrame(),
        pd.NaT,
        True,
        1j,
        b"x",
        lambda: 0,
    ]
    odd += [{"a": [1]}, [None], np.zeros((3, 3)), pd.Series([1, 2]), "½", "1e999", {1, "a"}, -0.0]
    exercise, data, *_ = settled(exercise, 0)
    for answer in odd:
        reply = judge(exercise, data, answer, SAY)
        assert not reply.right and "\n" not in reply.text


@every
def test_it_answers_within_a_second(exercise):
    started = time.process_time()
    check(exercise.id, exercise.answer(task(exercise.id, seed=3)), seed=3)
    assert time.process_time() - started < 1


@every
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_answers_in_one_line_in_each_language(exercise, language):
    exercise, data, right, wrongs = settled(exercise, 0)
    for answer in (right, *wrongs, "?", ...):
        text = judge(exercise, data, answer, speak(language)).text
        assert text and not re.search(r"[{}\n]", text)


def test_ids_are_given_once_and_in_order():
    ids = [tuple(map(int, exercise.id.split("."))) for exercise in EXERCISES]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("given", ["80 %", "80%", "0,80", 80, "80.0", 0.8, Decimal("0.800")])
def test_a_share_may_be_written_as_a_percentage(given):
    assert same(READERS["share"](given), (0.8,), 0.001)


@pytest.mark.parametrize("given", ["1 h 20", "1:20", "80 min", 80, "80", "1 godz. 20 min"])
def test_minutes_may_be_written_with_units(given):
    assert same(READERS["minutes"](given), (80.0,), 1.0)


@pytest.mark.parametrize("given", ["1,234", "1.234", "1 234", "1 234,0", 1234])
def test_a_thousand_may_be_grouped_in_any_language(given):
    assert same(READERS["number"](given), (1234.0,), 1.0)


def test_a_hint_can_be_asked_for_by_its_level():
    assert str(hint("3.1", 2)).startswith("Hint 2: ")
    folds = hint("3.1")._repr_html_()
    assert folds.count("<details>") == 3 and "open" not in folds


def test_wrong_usage_is_said_in_a_sentence():
    with pytest.raises(ValueError, match=r"exercise '3\.11' is not there; write for instance 3\.1"):
        check("3.11", 1)
    for seed in (-1, 1.5, "a", True):
        with pytest.raises(ValueError, match="can't be used; write a whole number"):
            task("3.1", seed=seed)


def test_a_reply_shows_its_verdict_by_word_shape_and_colour():
    page = check("3.1", "<b>", seed=0)._repr_html_()
    assert "▲" in page and "#b3382c" in page and "<b>'" not in page


def test_the_notebooks_own_answer_and_seed_are_judged():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        right = find_exercise("3.1").answer(task("3.1", seed=5))
        shell.user_ns |= {"seed": 5, "language": "en", "answer_3_1": right, "guess_3_1": 0.5}
        reply = check("3.1")
        assert reply.right and reply.text.endswith("Your guess was 50.0%.")
    finally:
        InteractiveShell.clear_instance()
