"""One source, three editions: students find no trace of a solution, nor does a search."""

import base64
import json
import re
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from workbook.cli import main
from workbook.editions import (
    chapters,
    instructors_edition,
    own_seed,
    paragraphs,
    students_edition,
    translated,
    write_editions,
)
from workbook.exercises import all_exercises, draw

SOURCES = {path.stem: nbformat.read(path, as_version=4) for path in chapters()}
each = pytest.mark.parametrize("name", SOURCES)


def tagged(notebook, tag: str) -> list:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def solutions(notebook) -> list[str]:
    """Return what nobody may find: lines of solutions, and sentences of their texts."""
    lines = []
    for cell in tagged(notebook, "exercise"):
        _, _, below = cell.source.partition("# solution\n")
        above = cell.source.splitlines()
        lines += [line for line in below.splitlines() if line not in above]
    for cell in tagged(notebook, "solution"):
        lines += re.split(r"(?<=[.?!])\s", cell.source)
    return [line.strip() for line in lines if len(line.strip()) > 11]


def run(notebook, keep=("exercise", "check", "hint", "parameters")) -> dict[str, object]:
    """Run the imports, the parameters and the exercises; return what each check says."""
    shell, said = InteractiveShell.instance(), {}
    try:
        for place, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
            if place == 1 or set(keep) & set(cell.metadata.get("tags", [])):
                result = shell.run_cell(cell.source)
                assert result.success, cell.source
                said |= {cell.id: result.result} if "check" in cell.metadata.get("tags", []) else {}
        return said
    finally:
        InteractiveShell.clear_instance()


@each
def test_every_exercise_of_the_chapter_has_its_cells(name):
    notebook, number = SOURCES[name], name.split("_")[0].lstrip("0") or "0"
    checks = [re.findall(r'check\("([\d.]+)"', cell.source) for cell in tagged(notebook, "check")]
    wanted = [[id] for id in all_exercises() if id.split(".")[0] == number]
    assert checks == wanted
    for id in (id for found in checks for id in found):
        parts = {"task", "data", "answer", "check", "hint", "solution"}
        stem = f"ex-{id.replace('.', '-')}-"
        assert {c.id.removeprefix(stem) for c in notebook.cells if c.id.startswith(stem)} >= parts
        [task] = [c.source for c in notebook.cells if c.id == f"{stem}task"]
        minutes = all_exercises()[id].minutes
        assert task.startswith(f"**Exercise {id} ({minutes} min).** ")


@each
@pytest.mark.parametrize("seed", [0, 5])
def test_solutions_pass(name, seed):
    said = run(instructors_edition(SOURCES[name], "en", seed))
    assert all(reply is None or reply.right for reply in said.values()), said


@each
def test_an_untouched_students_edition_fails_softly(name):
    said = run(students_edition(SOURCES[name]))
    assert all(reply.right is None for reply in said.values())


@each
def test_students_find_no_trace_of_a_solution(name):
    source = SOURCES[name]
    made = nbformat.writes(students_edition(source, "en", 3))
    plain = "\n".join(cell.source for cell in students_edition(source).cells)
    for line in solutions(source):
        assert line not in plain and json.dumps(line)[1:-1] not in made
        for shift in range(3):
            coded = base64.b64encode(b" " * shift + line.encode()).decode()[4:-4]
            assert coded not in made
        assert line.encode().hex() not in made.lower()
    assert "# solution" not in plain and not tagged(students_edition(source), "solution")
    assert not re.search(r"\b[0-9a-f]{32,}\b|[A-Za-z0-9+/]{60,}={0,2}", made)


@each
def test_students_find_no_answer_in_outputs_or_metadata(name):
    made = students_edition(SOURCES[name], "en", 3)
    exercises = [e for e in all_exercises().values() if f'check("{e.id}")' in nbformat.writes(made)]
    assert all(not cell.outputs for cell in made.cells if cell.cell_type == "code")
    hidden = json.dumps([made.metadata, *(dict(cell.metadata) for cell in made.cells)])
    for exercise in exercises:
        answer = exercise.answer(draw(exercise, 3))
        assert str(answer) not in hidden or len(str(answer)) < 4
    kept = {"tags", "nbgrader"}
    assert all(set(cell.metadata) <= kept for cell in made.cells)
    assert set(made.metadata) == {"kernelspec", "language_info"}


@each
def test_nbgraders_metadata_are_whole(name):
    made = students_edition(SOURCES[name])
    nbformat.validate(made)
    marks = [cell.metadata.nbgrader for cell in made.cells if "nbgrader" in cell.metadata]
    assert len({mark.grade_id for mark in marks}) == len(marks)
    for mark in marks:
        assert mark.schema_version == 3 and ("points" in mark) == mark.grade
        assert mark.locked != mark.solution
    assert sum(mark.grade for mark in marks) == len(tagged(made, "check"))


def test_editions_are_the_same_bytes_each_time_and_the_source_stays_as_it_is(tmp_path):
    before = {path: path.read_bytes() for path in chapters()}
    write_editions(tmp_path / "a", seed=4)
    write_editions(tmp_path / "b", seed=4)
    for path, content in before.items():
        assert path.read_bytes() == content
        assert (tmp_path / "a" / path.name).read_bytes() == (
            tmp_path / "b" / path.name
        ).read_bytes()


def test_the_edition_in_the_repository_is_current(tmp_path):
    """If not: rm notebooks/exercises/*.ipynb && workbook exercises notebooks/exercises."""
    home = Path(__file__).parents[1] / "notebooks" / "exercises"
    made = {path.name: path.read_bytes() for path in write_editions(tmp_path / "new").files}
    assert {path.name: path.read_bytes() for path in home.glob("*.ipynb")} == made


def test_a_students_work_is_never_overwritten(tmp_path):
    write_editions(tmp_path)
    with pytest.raises(ValueError, match="has notebooks already; give a new or an empty folder"):
        write_editions(tmp_path)


def test_each_student_has_a_folder_and_numbers_of_their_own(tmp_path):
    write_editions(tmp_path, seed=9, students=["Ada", "Bo"])
    for name in ("Ada", "Bo"):
        source = (tmp_path / name / "03_seven_rights.ipynb").read_text(encoding="utf-8")
        assert f"seed = {own_seed(9, name)} " in source
    assert own_seed(9, "Ada") != own_seed(9, "Bo")
    for name in ("../x", "", "a/b", "-x"):
        with pytest.raises(ValueError, match="can't be a folder's name"):
            write_editions(tmp_path / "c", students=[name])


def test_the_parameters_are_set_and_their_comments_kept():
    made = students_edition(SOURCES["03_seven_rights"], "pl", 12)
    source = tagged(made, "parameters")[0].source
    assert (
        'language = "pl"  # en, fr, pl or ru' in source and "seed = 12  # 0: the book's" in source
    )


def test_the_instructor_has_timing_and_what_each_wrong_number_means():
    made = instructors_edition(SOURCES["03_seven_rights"], "fr", 12)
    assert "51" in made.cells[1].source
    [cell] = [cell for cell in made.cells if cell.id == "ex-3-1-solution"]
    assert cell.source.count("\n| ▲ |") == len(all_exercises()["3.1"].mistakes)


def test_the_first_chapter_is_whole_in_all_languages():
    for language in ("fr", "pl", "ru"):
        made, missing, total = translated(SOURCES["01_process_chart"], language)
        assert missing == 0 and total > 50
        pairs = zip(made.cells, SOURCES["01_process_chart"].cells, strict=True)
        for ours, theirs in pairs:
            assert ours.cell_type == theirs.cell_type
            assert ours.source.count("**") == theirs.source.count("**"), ours.source
            code = lambda cell: sorted(re.findall(r"`[^`]+`", cell.source))
            assert code(ours) == code(theirs)


def test_what_is_not_translated_stays_english_and_is_counted():
    words = "A paragraph that no catalogue has."
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(words)])
    made, missing, total = translated(notebook, "fr")
    assert (made.cells[0].source, missing, total) == (words, 1, 1)


def test_a_paragraph_is_what_blank_lines_part():
    assert paragraphs("# A\n\n- b\n- c\n\n---\n\n1.") == ["# A", "- b\n- c"]


def test_catalogues_lie_beside_the_chapters():
    assert {path.stem for path in Path(chapters()[0].parent, "locale").glob("*.po")} >= {"fr"}


def test_the_command_writes_them_and_tells_what_is_still_in_english(tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("Ada\n\nBo Łęcki\n", encoding="utf-8")
    wanted = ["exercises", str(tmp_path / "term"), "--language", "pl", "--students", str(names)]
    with pytest.raises(SystemExit) as ended:
        main(wanted)
    said = capsys.readouterr().out
    assert ended.value.code == 0 and "01_process_chart" not in said
    assert {path.name for path in (tmp_path / "term").iterdir()} == {"Ada", "Bo Łęcki"}
    with pytest.raises(SystemExit) as ended:
        main(wanted)
    assert ended.value.code == 2 and "has notebooks already" in capsys.readouterr().err
