"""Whatever becomes of a hand-in, it is graded or named, and the package's own check counts."""

import copy
import json
import random
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from workbook.cli import main
from workbook.editions import chapters, instructors_edition, own_seed, students_edition
from workbook.exercises import all_exercises
from workbook.grading import Grades, grade_hand_ins

SOURCE = nbformat.read(
    next(path for path in chapters() if path.stem == "03_seven_rights"), as_version=4
)
SOLVED = instructors_edition(SOURCE, "en", 5)
UNTOUCHED = students_edition(SOURCE, "en", 5)
FEW = {"rights-01", "rights-02"}
IDS = [id for id in all_exercises() if id.startswith("3.")]
LOOP, EXIT, MEMORY = "while True:\n    pass", "import os\nos._exit(3)", "x = ' ' * 10**11"


def hand_in(
    cells: list[tuple[str, str]], folder: Path, student: str, name: str = "03.ipynb"
) -> Path:
    """Write a notebook of (type, source) as a student hands it in."""
    new = {kind: getattr(nbformat.v4, f"new_{kind}_cell") for kind in ("code", "markdown", "raw")}
    notebook = nbformat.v4.new_notebook(cells=[new[kind](source) for kind, source in cells])
    (folder / student).mkdir(parents=True, exist_ok=True)
    (folder / student / name).write_text(nbformat.writes(notebook), encoding="utf-8")
    return folder / student / name


def solved() -> list[tuple[str, str]]:
    """Return what matters of a solved notebook: parameters, imports, exercises."""
    kept = [c for c in SOLVED.cells if c.id in FEW or c.id.startswith("ex-")]
    source = lambda cell: re.split(r"\n### BEGIN HIDDEN", cell.source)[0]
    return [(cell.cell_type, source(cell)) for cell in kept]


def answers_of(cells: list[tuple[str, str]]) -> list[int]:
    return [n for n, (kind, source) in enumerate(cells) if re.search(r"^answer_3", source, re.M)]


def grade(folder: Path, **options: object) -> Grades:
    return grade_hand_ins([folder], **({"progress": lambda line: None, "at_once": 2} | options))


def right(graded: Grades, student: str) -> set[str]:
    mine = graded.data[graded.data["student"] == student]
    return set(mine.loc[mine["right"].eq(True), "exercise"])


# --- mutations: (cells, draw) → cells, or text that is no notebook --------------------------------


def split_cells(cells, draw):
    """Part the lines of an answer's cell into a cell each, where they are whole statements."""
    place = draw.choice([n for n in answers_of(cells) if '"""' not in cells[n][1]])
    parts = [("code", line) for line in cells[place][1].splitlines()]
    return cells[:place] + parts + cells[place + 1 :]


def merge_cells(cells, draw):
    code = [source for kind, source in cells if kind == "code"]
    place = draw.randrange(1, len(code) - 1)
    return [("code", "\n\n".join(code[:place])), ("code", "\n\n".join(code[place:]))]


def delete_cells(cells, draw):
    gone = draw.sample([n for n, c in enumerate(cells) if n not in answers_of(cells)], 4)
    return [cell for n, cell in enumerate(cells) if n not in gone]


def double_cells(cells, draw):
    place = draw.randrange(len(cells))
    stubs = [("code", f"answer_{id.replace('.', '_')} = ...") for id in IDS]
    return [*cells[:place], *cells[place:], cells[place], *stubs]


def retype_cells(cells, draw):
    kind = draw.choice(("markdown", "raw"))
    return [(kind if n in answers_of(cells) else k, source) for n, (k, source) in enumerate(cells)]


def edit_checks(cells, draw):
    edited = draw.choice(("print('right')", "check = lambda id: True", "assert False", ")("))
    return [(k, edited if source.startswith("check(") else source) for k, source in cells]


def loop_somewhere(cells, draw):
    return _with(cells, draw, LOOP)


def exit_somewhere(cells, draw):
    return _with(
        cells, draw, draw.choice((EXIT, "exit()", "import sys\nsys.exit()", "raise SystemExit"))
    )


def take_memory(cells, draw):
    return _with(cells, draw, MEMORY)


def raise_somewhere(cells, draw):
    return _with(
        cells, draw, draw.choice(("1 / 0", "nothing_here", "input('?')", "%no_such_magic"))
    )


def shuffle_exercises(cells, draw):
    return cells[:2] + draw.sample(cells[2:], len(cells) - 2)


def break_json(cells, draw):
    text = json.dumps({"cells": [{"cell_type": k, "source": s} for k, s in cells]})
    place = draw.randrange(1, len(text) - 1)
    return draw.choice(
        (text[:place], "", "<<<<<<< HEAD\n" + text, "null", "[]", "{}", text[place:])
    )


def _with(cells, draw, source):
    place = draw.randrange(2, len(cells))
    return [*cells[:place], ("code", source), *cells[place:]]


HARMLESS = [split_cells, merge_cells, delete_cells, double_cells, retype_cells, edit_checks]
HARMLESS += [exit_somewhere, take_memory, raise_somewhere]
SLOW, BROKEN = [loop_somewhere], [break_json, shuffle_exercises]
NAMES = ["03_seven_rights.ipynb", "final (2).ipynb", "homework", "Ćwiczenie.json", "x.ipynb.txt"]


def corpus(folder: Path, n: int, mutations: list, seed: int) -> dict[str, str]:
    """Write n mutated hand-ins; return which mutation each student's went through."""
    draw, made = random.Random(seed), {}
    for number in range(n):
        mutation, student = mutations[number % len(mutations)], f"s{number:03d}"
        cells, name = mutation(solved(), draw), NAMES[number % len(NAMES)]
        if isinstance(cells, str):
            (folder / student).mkdir(parents=True)
            (folder / student / name).write_text(cells, encoding="utf-8")
        else:
            hand_in(cells, folder, student, name)
        made[student] = mutation.__name__
    return made


def hold(graded: Grades, made: dict[str, str]) -> None:
    """Hold grades to the rule: graded or named; whole where the mutation leaves the answers."""
    named = {Path(file).parent.name for file, _ in graded.notes}
    for student, mutation in made.items():
        assert student in set(graded.data["student"]) | named, mutation
        if mutation in {each.__name__ for each in (*HARMLESS, *SLOW)}:
            assert right(graded, student) == set(IDS), (student, mutation)


def test_thirty_mutated_hand_ins_are_all_graded_or_named(tmp_path):
    made = corpus(tmp_path, 30, HARMLESS + BROKEN, seed=1)
    hold(grade(tmp_path), made)


@pytest.mark.deep
def test_two_hundred_mutated_hand_ins_are_all_graded_or_named(tmp_path):
    made = corpus(tmp_path, 208, HARMLESS + BROKEN + SLOW, seed=2)
    hold(grade(tmp_path), made)


def test_an_untouched_hand_in_is_graded_as_one(tmp_path):
    kept = [c for c in UNTOUCHED.cells if c.id in FEW or c.id.startswith("ex-")]
    hand_in([(cell.cell_type, cell.source) for cell in kept], tmp_path, "ada")
    graded = grade(tmp_path)
    assert graded.data["exercise"].tolist() == IDS and graded.data["right"].isna().all()
    assert graded.notes == ()


def test_the_course_decides_the_numbers_not_the_hand_in(tmp_path):
    literal = [("code", "seed = 0"), ("code", "answer_3_1 = 24 / 38")]  # the book's numbers
    hand_in(literal, tmp_path, "copycat")
    hand_in(solved(), tmp_path, "ada")
    graded = grade(tmp_path, seed=5)
    assert right(grade(tmp_path), "copycat") == {"3.1"}
    assert right(graded, "copycat") == set() and right(graded, "ada") == set(IDS)
    assert graded.data.set_index("student").loc["copycat", "seed"].unique() == [
        own_seed(5, "copycat")
    ]
    assert [note for _, note in graded.notes if "other numbers" in note]


def test_the_check_that_counts_is_the_packages_own(tmp_path):
    cheat = (
        "import workbook.exercises as e\ne.judge = e.check = lambda *a, **k: True\nanswer_3_1 = 9"
    )
    hand_in([("code", cheat)], tmp_path, "cheat")
    assert right(grade(tmp_path), "cheat") == set()


def test_reading_answers_out_of_the_package_is_told(tmp_path):
    peek = "from workbook.lessons_03 import UNKNOWN\nanswer_3_1 = UNKNOWN.answer(task('3.1'))"
    hand_in([("code", peek)], tmp_path, "peek")
    assert [note for _, note in grade(tmp_path).notes if "out of the package" in note]


@pytest.mark.deep
@pytest.mark.parametrize(
    "swallow", [LOOP, "while True:\n    try:\n        pass\n    except:\n        pass"]
)
def test_a_loop_costs_its_own_cell_only(tmp_path, swallow):
    cells = solved()
    hand_in([*cells[:6], ("code", swallow), *cells[6:]], tmp_path, "ada")
    assert right(grade(tmp_path), "ada") == set(IDS)


def test_what_takes_too_long_is_ended_and_graded_as_far_as_it_got(tmp_path):
    cells = solved()
    sleeper = ("code", "import time\ntime.sleep(999)")
    end = answers_of(cells)[0] + 1
    hand_in([*cells[:end], sleeper, *cells[end:]], tmp_path, "ada")
    graded = grade(tmp_path, time_limit=8)
    assert "3.1" in right(graded, "ada")
    assert [note for _, note in graded.notes if "longer than the limit" in note]


def test_code_that_uses_what_the_chapter_computes_is_run_with_it(tmp_path):
    cells = [(c.cell_type, c.source) for c in SOURCE.cells if c.cell_type == "code" and "-" in c.id]
    cells = [(k, s) for k, s in cells if not s.startswith(("check", "hint", "widgets"))][:6]
    hand_in([*cells, ("code", "answer_3_1 = say.number(0.5, 1)")], tmp_path, "ada")
    [reply] = grade(tmp_path).data.query("exercise == '3.1'")["reply"]
    assert not reply.startswith("Nothing here yet")


def test_students_are_known_by_folder_or_by_file(tmp_path):
    hand_in([("code", "answer_3_1 = 1")], tmp_path, "in", "Ada_03_seven_rights.ipynb")
    hand_in([("code", "answer_3_1 = 1")], tmp_path, "in/Bo", "03_seven_rights.ipynb")
    assert set(grade(tmp_path / "in").data["student"]) == {"Ada", "Bo"}
    assert set(grade(tmp_path / "in" / "Bo").data["student"]) == {"Bo"}


def test_items_tell_easy_from_hard_and_what_sets_students_apart():
    rows = []
    for number in range(10):
        for place, exercise in enumerate(("1.1", "1.2", "1.3")):
            known = number >= 3 * place
            mistake = None if known else 0
            rows.append((f"s{number}", f"f{number}", exercise, 0, known, mistake, "slip"))
    columns = ["student", "file", "exercise", "seed", "right", "mistake", "reply"]
    items = Grades(pd.DataFrame(rows, columns=columns), ()).items().set_index("exercise")
    assert items["share_right"].tolist() == [1.0, 0.7, 0.4]
    assert items.loc["1.2", "discrimination"] == pytest.approx(0.5345, abs=1e-4)
    assert pd.isna(items.loc["1.1", "discrimination"])
    assert items.loc["1.3", "commonest_mistake"] == "slip"


def test_the_table_and_the_files_are_written(tmp_path):
    hand_in([("code", "answer_3_1 = '=1+1'")], tmp_path / "in", "ada")
    graded = grade(tmp_path / "in")
    assert graded.table().iloc[0]["3.1"] == "▲" and graded.table().iloc[0]["3.2"] == "○"
    written = {path.name for path in graded.write(tmp_path / "out")}
    assert written == {"grades.csv", "items.csv", "notes.csv"}


def test_an_empty_folder_and_a_missing_one(tmp_path):
    assert grade(tmp_path).data.empty and grade(tmp_path).table().empty
    with pytest.raises(ValueError, match="there is no folder"):
        grade(tmp_path / "nowhere")


def test_a_hand_in_is_left_as_it_was(tmp_path):
    cells = [*solved(), ("code", "open('03.ipynb', 'w').write('gone')")]
    path = hand_in(cells, tmp_path, "ada")
    before = copy.copy(path.read_bytes())
    grade(tmp_path)
    assert path.read_bytes() == before and [*path.parent.iterdir()] == [path]


def test_the_command_prints_the_table_and_names_what_it_cannot_grade(tmp_path, capsys):
    hand_in([("code", "answer_3_1 = 24 / 38")], tmp_path / "in", "ada")
    (tmp_path / "in" / "bo.ipynb").write_text("{")
    with pytest.raises(SystemExit) as ended:
        main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    said = capsys.readouterr()
    assert ended.value.code == 1 and "ada" in said.out and "✓" in said.out
    assert re.search(r"^ *bo +0$", said.out, re.MULTILINE)
    assert "the notebook is broken" in said.err and "ask for it again" in said.err
    assert "bo.ipynb" in said.err and (tmp_path / "out" / "notes.csv").is_file()
