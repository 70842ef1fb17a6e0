"""The notebooks run on any client, and read as a lesson does."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from workbook.language import speak

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = [
    "00_client",
    "01_process_chart",
    "02_data_honesty",
    "03_seven_rights",
    "03b_ten_orders",
    "04_perfect_order",
    "05_busy_and_slow",
    "06_survey_design",
    "07_survey_results",
    "08_road_map",
]
# Three orders of which only punctuality can be told, and a client of whom only the name is known.
ONLY_TIME = """order_id,promised_at,delivered_at
1,2026-03-02,2026-03-02
2,2026-03-02,2026-03-04
3,2026-03-03,
"""


def cells(name: str, kind: str) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def of_an_exercise(cell: nbformat.NotebookNode) -> bool:
    return bool({"exercise", "check", "hint"} & set(cell.metadata.get("tags", [])))


def outputs(notebook: nbformat.NotebookNode) -> str:
    found = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return "\n".join(str(out.get("text") or out.get("data", {}).get("text/html")) for out in found)


def run(name: str, client: Path, language: str, target: Path) -> tuple[str, float]:
    """Run a notebook with parameters; return what it shows and its kernel's processor seconds."""
    before = os.times()
    executed = papermill.execute_notebook(
        str(FOLDER / f"{name}.ipynb"),
        str(target / f"{name}.ipynb"),
        {"client": str(client), "language": language},
        cwd=str(FOLDER),
        progress_bar=False,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    return outputs(executed), spent - before.children_user - before.children_system


@pytest.mark.parametrize("name", NAMES)
class TestForm:
    def test_the_first_code_cell_alone_has_the_parameters(self, name):
        tagged = [
            cell for cell in cells(name, "code") if "parameters" in cell.metadata.get("tags", [])
        ]
        assert tagged == cells(name, "code")[:1]

    def test_parameters_are_literals_with_a_comment_each(self, name):
        source = cells(name, "code")[0].source
        for statement in ast.parse(source).body:
            assert isinstance(statement, ast.Assign)
            ast.literal_eval(statement.value)
        assert all("  # " in line for line in source.splitlines())
        assert [line.split(" =")[0] for line in source.splitlines()][:2] == ["client", "language"]

    def test_imports_stand_right_after_the_parameters_and_nowhere_else(self, name):
        second, *others = [ast.parse(cell.source) for cell in cells(name, "code")[1:]]
        is_import = lambda node: isinstance(node, ast.Import | ast.ImportFrom)
        assert all(map(is_import, second.body))
        assert not any(is_import(node) for tree in others for node in ast.walk(tree))
        assert "*" not in {alias.name for node in second.body for alias in node.names}

    def test_cells_define_nothing_and_use_no_magic(self, name):
        defines = ast.FunctionDef | ast.ClassDef
        for cell in cells(name, "code"):  # a magic doesn't parse
            assert not any(isinstance(node, defines) for node in ast.walk(ast.parse(cell.source)))

    def test_every_cell_can_be_read_at_a_glance(self, name):
        assert max(len(cell.source.splitlines()) for cell in cells(name, "code")) <= 15
        lesson = [cell for cell in cells(name, "code") if not of_an_exercise(cell)]
        assert len(cells(name, "markdown")) >= len(lesson)

    def test_it_opens_with_a_question_and_ends_with_monday(self, name):
        prose = cells(name, "markdown")
        assert re.match(r'# \d[a-z]? · .+\n\n> \*".+\?"\*', prose[0].source)
        assert "On Monday" in prose[-1].source and "we have" in prose[-1].source

    def test_it_is_kept_with_outputs_that_are_small_and_without_error(self, name):
        path = FOLDER / f"{name}.ipynb"
        assert path.stat().st_size < 600_000
        kept = [out for cell in cells(name, "code") for out in cell.outputs]
        assert len(kept) >= 10
        assert {out.output_type for out in kept} <= {"execute_result", "display_data", "stream"}
        assert not re.search(r" at 0x[0-9a-f]{6}|application/vnd", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_run_as_it_stands_it_shows_what_it_is_kept_with(name):
    """By nbval, strictly; but for controls, and for where a machine's fonts put letters."""
    config = Path(__file__).parent / "nbval.cfg"
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-sanitize-with", str(config)]
    command += ["-q", "-p", "no:cacheprovider", str(FOLDER / f"{name}.ipynb")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, ran.stdout[-3000:]


@pytest.mark.parametrize(
    "name, table",
    [("00_client", "steps"), ("01_process_chart", "steps"), ("02_data_honesty", "events")],
)
def test_without_a_table_the_lesson_says_so_and_shows_the_sample(name, table, tmp_path):
    shown, seconds = run(name, make_client(tmp_path), "en", tmp_path)
    assert f"Tiny has no table {table} yet" in shown and "Brzoza Dom" in shown
    assert seconds < 30


@pytest.mark.parametrize("name", ["03_seven_rights", "03b_ten_orders"])
def test_with_only_time_measured_the_other_rights_are_named(name, tmp_path):
    say = speak("pl")
    shown, seconds = run(name, make_client(tmp_path), "pl", tmp_path)
    assert say("not measured") in shown and say.percent(1 / 3) in shown
    assert "Brzoza Dom" not in shown
    assert seconds < 30


def test_an_empty_folder_still_gets_a_questionnaire(tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "client.yaml").write_text("name: Bare")
    shown, seconds = run("06_survey_design", tmp_path / "bare", "fr", tmp_path)
    assert "Comment" in shown and "Bare" in shown and "responses" in shown
    assert seconds < 30


def test_without_answers_the_results_are_the_samples_by_name(tmp_path):
    shown, seconds = run("07_survey_results", make_client(tmp_path), "pl", tmp_path)
    assert "Brzoza Dom" in shown and "Tiny" in shown and speak("pl").percent(304 / 2372) in shown
    assert seconds < 30


def make_client(folder: Path) -> Path:
    client = folder / "tiny"
    client.mkdir()
    (client / "client.yaml").write_text("name: Tiny\nas_of: 2026-03-10\n")
    (client / "order_lines.csv").write_text(ONLY_TIME)
    return client
