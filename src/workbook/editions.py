"""Make a chapter's editions from its one source, by the tags of its cells.

The source is the solved notebook. Students get it without solutions and without outputs;
instructors get it with the solutions, the timing, and what each wrong number means.
"""

import copy
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from babel.messages.pofile import read_po

from workbook.exercises import Exercise, all_exercises, draw, shown
from workbook.files import write_whole
from workbook.language import Language, speak
from workbook.resources import notebook_path

__all__ = [
    "Written",
    "chapters",
    "instructors_edition",
    "own_seed",
    "paragraphs",
    "students_edition",
    "translated",
    "write_editions",
]

_CUT = re.compile(r"\n?^# solution\b.*", re.DOTALL | re.MULTILINE)
_OF = re.compile(r"ex-(\d+)-(\d+)-")
# What nbgrader takes out of the release, and puts back to grade.
_HIDDEN = "\n### BEGIN HIDDEN TESTS\nassert {}.right\n### END HIDDEN TESTS"


@dataclass(frozen=True)
class Written:
    """What was written: the files, and how many paragraphs of each are still in English."""

    files: tuple[Path, ...]
    missing: dict[str, tuple[int, int]]


def chapters() -> list[Path]:
    """Return the chapters' sources, in order.

    Examples
    --------
    >>> chapters()[0].suffix
    '.ipynb'
    """
    return sorted(notebook_path().glob("[0-9]*.ipynb"))


def own_seed(seed: int, student: str) -> int:
    """Return a student's own seed, from the course's seed and the name (case aside).

    Examples
    --------
    >>> own_seed(7, "Ada") == own_seed(7, "ada") != own_seed(8, "ada")
    True
    """
    return zlib.crc32(f"{seed} {student.strip().casefold()}".encode()) or 1


def write_editions(
    folder: str | Path,
    *,
    language: str = "en",
    seed: int = 0,
    instructor: bool = False,
    students: Sequence[str] = (),
) -> Written:
    """Write every chapter's edition into a new or empty folder.

    With `students`, each gets a folder of that name and numbers of their own (`own_seed`).

    Raises
    ------
    ValueError
        If a folder has notebooks already (a student's work is never overwritten), or a name can't
        be a folder's.
    """
    folder, files, missing = Path(folder), [], {}
    for name in students:
        if not re.fullmatch(r"[\w][\w .'-]*", name):
            raise ValueError(f"student {name!r} can't be a folder's name; use letters and digits")
    homes = {folder / name: own_seed(seed, name) for name in students} or {folder: seed}
    for home in homes:
        if any(home.glob("*.ipynb")):
            raise ValueError(f"{home} has notebooks already; give a new or an empty folder")
    make = instructors_edition if instructor else students_edition
    for source in chapters():
        notebook, *counts = translated(nbformat.read(source, as_version=4), language)
        missing |= {source.stem: tuple(counts)} if counts[0] else {}
        for home, own in homes.items():
            home.mkdir(parents=True, exist_ok=True)
            write_whole(home / source.name, nbformat.writes(make(notebook, language, own)) + "\n")
            files.append(home / source.name)
    return Written(tuple(files), missing)


# --- editions -------------------------------------------------------------------------------------


def students_edition(
    notebook: nbformat.NotebookNode, language: str = "en", seed: int = 0
) -> nbformat.NotebookNode:
    """Return a chapter without its solutions: no trace in sources, outputs or metadata.

    Examples
    --------
    >>> made = students_edition(nbformat.read(chapters()[0], as_version=4))
    >>> any("solution" in cell.metadata.get("tags", []) for cell in made.cells)
    False
    """
    made = _edition(notebook, language, seed)
    made.cells = [cell for cell in made.cells if not _tagged(cell, "solution")]
    for cell in made.cells:
        cell.source = _CUT.sub("", cell.source) if _tagged(cell, "exercise") else cell.source
    return made


def instructors_edition(
    notebook: nbformat.NotebookNode, language: str = "en", seed: int = 0
) -> nbformat.NotebookNode:
    """Return a chapter with solutions, timing, and what each wrong answer comes from."""
    made, say = _edition(notebook, language, seed), speak(language)
    for cell in made.cells:
        exercise = _exercise_of(cell)
        if exercise and exercise.kind != "text" and _tagged(cell, "check"):
            cell.source += _HIDDEN.format(cell.source.strip())
        if exercise and exercise.kind != "text" and _tagged(cell, "solution"):
            cell.source += "\n\n" + _wrong_answers(exercise, seed, say)
    if timed := _timing(made, say):
        made.cells.insert(1, timed)
    return made


def _edition(notebook: nbformat.NotebookNode, language: str, seed: int) -> nbformat.NotebookNode:
    """Return a copy with its parameters set, no outputs, and nbgrader's metadata."""
    made = copy.deepcopy(notebook)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if _tagged(cell, "parameters"):
            for name, value in {"language": language, "seed": seed}.items():
                pattern = rf"^{name} = [^#\n]*?(?=\s*(#|$))"
                set_to = f"{name} = {json.dumps(value)}"
                cell.source = re.sub(pattern, set_to, cell.source, flags=re.MULTILINE)
        tags = {"tags": cell.metadata.get("tags", [])}
        cell.metadata = nbformat.from_dict(_graded(cell) | (tags if tags["tags"] else {}))
    return made


def _graded(cell: nbformat.NotebookNode) -> dict[str, object]:
    """Return nbgrader's metadata (schema 3): answers are the student's, checks count."""
    exercise = _exercise_of(cell)
    if exercise is None or not (_tagged(cell, "exercise") or _tagged(cell, "check")):
        return {}
    answer, check = bool(_CUT.search(cell.source)), _tagged(cell, "check")
    by_hand = exercise.kind == "text"
    counts = (answer and by_hand) or (check and not by_hand)
    marks = {"schema_version": 3, "grade_id": cell.id, "cell_type": cell.cell_type}
    marks |= {"grade": counts, "solution": answer, "locked": not answer, "task": False}
    return {"nbgrader": marks | ({"points": 1} if counts else {})}


def _tagged(cell: nbformat.NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _exercise_of(cell: nbformat.NotebookNode) -> Exercise | None:
    """Return the exercise that a cell belongs to, by its id: ex-3-1-answer."""
    found = _OF.match(cell.get("id", ""))
    return all_exercises().get(".".join(found.groups())) if found else None


def _timing(notebook: nbformat.NotebookNode, say: Language) -> nbformat.NotebookNode | None:
    exercises = [_exercise_of(cell) for cell in notebook.cells if _tagged(cell, "check")]
    minutes = {each.id: each.minutes for each in exercises if each}
    time = say.minutes(sum(minutes.values()))
    head = say("**For the instructor.** The exercises take {time} in all.", time=time)
    rows = [f"| {id} | {say.number(n)} |" for id, n in minutes.items()]
    table = [head, "", f"| {say('Exercise')} | {say('Minutes')} |", "|---|---:|", *rows]
    return nbformat.v4.new_markdown_cell("\n".join(table), id="timing") if minutes else None


def _wrong_answers(exercise: Exercise, seed: int, say: Language) -> str:
    """Return a table of the numbers that the mistakes lead to, for this seed."""
    data = draw(exercise, seed)
    finders = (exercise.answer, *exercise.mistakes)
    lines = ["| | | |", "|---|---|---|"]
    for sign, find, words in zip(
        "✓▲▲▲▲▲▲▲▲", finders, (exercise.moral, *exercise.replies), strict=False
    ):
        written = shown(exercise, find(data), say)
        lines.append(f"| {sign} | {written} | {say(words, answer=written)} |")
    return "\n".join(lines)


# --- translation ----------------------------------------------------------------------------------


def paragraphs(source: str) -> list[str]:
    """Return the paragraphs of a Markdown cell: what a catalogue translates one by one.

    Examples
    --------
    >>> paragraphs("# Title\\n\\nOne.\\nTwo.")
    ['# Title', 'One.\\nTwo.']
    """
    return [part for part in re.split(r"\n\s*\n", source.strip()) if re.search(r"[^\W\d_]", part)]


@cache
def _catalogue(language: str) -> dict[str, str]:
    path = notebook_path("locale", f"{language}.po")
    if not path.is_file():
        return {}
    with path.open("rb") as source:
        return {str(each.id): str(each.string) for each in read_po(source) if each.id}


def translated(
    notebook: nbformat.NotebookNode, language: str
) -> tuple[nbformat.NotebookNode, int, int]:
    """Return a chapter in a language, how many paragraphs stay in English, and out of how many."""
    if language == "en":
        return notebook, 0, 0
    made, known, asked = copy.deepcopy(notebook), _catalogue(language), []
    for cell in made.cells:
        if cell.cell_type == "markdown":
            parts = paragraphs(cell.source)
            cell.source = "\n\n".join(known.get(part) or part for part in parts)
            asked += parts
    return made, sum(not known.get(part) for part in asked), len(asked)
