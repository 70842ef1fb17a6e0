"""Set exercises and answer them at once: numbers for each student, a name for each mistake.

A lessons module (`lessons_03` for chapter 3) holds the exercises of its chapter as data. From an
exercise and a seed come the data, the right answer and what each misconception would make of them.
"""

import html
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from workbook.language import Language, speak
from workbook.samples import Streams
from workbook.schema import fold, nearest
from workbook.spellings import READERS, Unclear, items_of, later, same

__all__ = [
    "Exercise",
    "Hints",
    "Reply",
    "all_exercises",
    "check",
    "draw",
    "find_exercise",
    "hint",
    "judge",
    "later",
    "shown",
    "task",
]

_LOOK = {True: ("✓", "#1b7f5c"), False: ("▲", "#b3382c"), None: ("○", "#6b7280")}


@dataclass(frozen=True)
class Exercise:
    """One exercise as data.

    Parameters
    ----------
    id : str
        Chapter and number, such as 3.2.
    minutes : int
        The time it takes in a workshop.
    kind : str
        number, share (0 to 1), minutes, word, set, order, table (a value for each name) or text.
    make, answer : callable
        Draw the data that the student sees from a numpy Generator; the right answer, from the data.
    mistakes, replies : tuples, at least three each
        What a misconception makes of the data, and what to say to it. In an exercise of kind text
        a mistake is the word stems of which one must occur, and its reply asks for what is missing.
    moral : str
        What a consultant would say to the client; may contain {answer}.
    hints : tuple of three str
        From a nudge to nearly the way.
    digits : int
        Decimals asked for (of a share: of its percentage); whole counts must be exact.
    """

    id: str
    minutes: int
    kind: str
    make: Callable[[np.random.Generator], object]
    answer: Callable[[object], object]
    mistakes: tuple[Callable[[object], object], ...]
    replies: tuple[str, ...]
    moral: str
    hints: tuple[str, str, str]
    digits: int = 0

    def read(self, answer: object) -> object:
        """Read an answer of this exercise's kind."""
        return READERS[self.kind](answer)

    @property
    def unit(self) -> float:
        """Return the unit of the last digit asked for."""
        return 10.0 ** -(self.digits + 2 * (self.kind == "share"))


@dataclass(frozen=True)
class Reply:
    """The answer to an answer: right, wrong, or None (nothing to judge yet), in one line."""

    right: bool | None
    text: str
    mistake: int | None = None

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shape, colour = _LOOK[self.right]
        sign = f'<b style="color:{colour}" aria-hidden="true">{shape}</b>'
        style = f"border-left:4px solid {colour};padding:.2em .8em;max-width:62rem"
        return f'<p role="status" style="{style}">{sign} {html.escape(self.text)}</p>'


@dataclass(frozen=True)
class Hints:
    """Titled hints as folds, closed until the reader opens them."""

    pairs: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return ": ".join(self.pairs[0])

    def _repr_html_(self) -> str:
        fold = "<details><summary>{}</summary><p>{}</p></details>"
        return "".join(fold.format(*map(html.escape, pair)) for pair in self.pairs)


def task(id: str, *, seed: int | None = None) -> object:
    """Return an exercise's data: the book's numbers for seed 0, others for any other seed.

    Without `seed`, the notebook's own `seed` holds.

    Examples
    --------
    >>> task("3.1").columns.tolist()
    ['order_id', 'time']
    """
    return draw(find_exercise(id), _named("seed", 0) if seed is None else seed)


def check(
    id: str, answer: object = ..., *, seed: int | None = None, language: str | None = None
) -> Reply:
    """Answer an answer in one line, in the notebook's `language` and for its `seed`.

    Without an answer, the notebook's own is judged: `answer_3_2` for exercise 3.2. Units, rounding
    to the digits asked for, types, order of columns and spelling of names are forgiven where they
    don't matter. A guess in `guess_3_2` is called to mind.

    Examples
    --------
    >>> check("3.1")
    Nothing here yet: put your answer in place of the three dots and run that cell, then this one.
    """
    exercise, name = find_exercise(id), id.replace(".", "_")
    say = speak(str(language or _named("language", "en")))
    data = draw(exercise, _named("seed", 0) if seed is None else seed)
    given = _named(f"answer_{name}", ...) if answer is ... else answer
    reply, guess = judge(exercise, data, given, say), _named(f"guess_{name}", ...)
    if not reply.right or _untouched(guess):
        return reply
    guessed = say("{reply} Your guess was {guess}.", reply=reply, guess=shown(exercise, guess, say))
    return Reply(True, guessed)


def hint(id: str, level: int | None = None, *, language: str | None = None) -> Hints:
    """Return the three hints of an exercise as closed folds, or the one of a level (1 to 3).

    Examples
    --------
    >>> hint("3.1", 3)
    Hint 3: right ÷ (right + wrong + unknown)
    """
    say, hints = speak(str(language or _named("language", "en"))), find_exercise(id).hints
    if level not in (None, 1, 2, 3):
        raise ValueError(f"hint {level!r} is not there; write 1, 2 or 3")
    levels = (level,) if level else (1, 2, 3)
    return Hints(tuple((say("Hint {n}", n=n), say(hints[n - 1])) for n in levels))


def _named(name: str, default: object) -> object:
    """Return what a name stands for in the notebook that is running."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell.user_ns.get(name, default) if shell else default


@cache
def all_exercises() -> dict[str, Exercise]:
    """Return every exercise of every chapter by its id, in order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("lessons_*.py"))
    lessons = [importlib.import_module(f"workbook.{name}").EXERCISES for name in names]
    return {exercise.id: exercise for chapter in lessons for exercise in chapter}


def find_exercise(id: str) -> Exercise:
    """Return the exercise of an id such as 3.2.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = all_exercises()
    if str(id) not in found:
        near = nearest(str(id), found) or ", ".join(found)
        raise ValueError(f"exercise {id!r} is not there; write for instance {near}")
    return found[str(id)]


def draw(exercise: Exercise, seed: int) -> object:
    """Draw an exercise's data: again, until no mistake leads to the right answer or to another's.

    Raises
    ------
    ValueError
        If the seed is no whole number of 0 or more.
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed {seed!r} can't be used; write a whole number of 0 or more")
    chapter, number = map(int, exercise.id.split("."))
    rng = Streams(int(seed), 1000 + chapter)(number)
    for _ in range(500):
        data = exercise.make(rng)
        if exercise.kind == "text" or _distinct(exercise, data):
            return data
    raise ValueError(f"exercise {exercise.id} draws no data that tell its mistakes apart")


def _distinct(exercise: Exercise, data: object) -> bool:
    read = [exercise.read(find(data)) for find in (exercise.answer, *exercise.mistakes)]
    pairs = [(one, other) for one in read for other in read if one is not other]
    return all(read) and not any(same(one, other, 3 * exercise.unit) for one, other in pairs)


def judge(exercise: Exercise, data: object, answer: object, say: Language) -> Reply:
    """Judge an answer on an exercise's data, and name the mistake that leads to a wrong one.

    Examples
    --------
    >>> judge(find_exercise("3.1"), task("3.1", seed=0), "many", speak("en"))
    A single number is wanted here; 'many' is none.
    """
    if _untouched(answer):
        nothing = say(
            "Nothing here yet: put your answer in place of the three dots and run that cell, "
            "then this one."
        )
        return Reply(None, nothing)
    try:
        given = exercise.read(answer)
    except Unclear as unclear:
        given = " ".join(repr(answer).split())
        given = given if len(given) < 40 else type(answer).__name__
        return Reply(False, say(str(unclear), answer=given))
    right = exercise.answer(data)
    slip = _slip(exercise, data, given)
    if slip is not None:
        return Reply(False, say("Not yet: {why}", why=say(exercise.replies[slip])), slip)
    moral = say(exercise.moral, answer=shown(exercise, right, say))
    if exercise.kind == "text":
        whole = say("Nothing that was looked for is missing. Compare: “{moral}”", moral=moral)
        return Reply(True, whole)
    if _is(exercise, given, right):
        return Reply(True, say("Right. To the client: “{moral}”", moral=moral))
    lost = say("Not yet, and no usual slip leads there: read the task again, or open a hint.")
    return Reply(False, lost)


def _is(exercise: Exercise, given: object, answer: object) -> bool:
    return same(given, exercise.read(answer), exercise.unit)


def _slip(exercise: Exercise, data: object, given: object) -> int | None:
    """Return the place of the mistake that an answer comes from, if it has a name."""
    for place, mistake in enumerate(exercise.mistakes):
        made = mistake(data)
        lacks = exercise.kind == "text" and not any(fold(stem) in given for stem in made)
        if lacks or (exercise.kind != "text" and _is(exercise, given, made)):
            return place
    return None


def _untouched(answer: object) -> bool:
    return answer is None or answer is ... or (isinstance(answer, str) and not answer.strip(" .…"))


def shown(exercise: Exercise, answer: object, say: Language) -> str:
    """Write an answer as the reader's language does.

    Examples
    --------
    >>> shown(find_exercise("3.1"), 0.632, speak("fr")).split()
    ['63,2', '%']
    """
    try:
        read = exercise.read(answer)
    except Unclear:
        return str(answer)
    if exercise.kind == "share":
        return say.percent(read[0], exercise.digits)
    if exercise.kind in ("number", "minutes"):
        return say.number(read[0], exercise.digits)
    listed = exercise.kind in ("set", "order")
    return say.listing([str(each) for each in items_of(answer)]) if listed else str(answer)
