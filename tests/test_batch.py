"""Many clients in one run: each in its own process, one index, no failure stops another."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from tiny_client import write_client

from workbook.batch import read_jobs, run_batch
from workbook.schema import DataError

NEVER_ENDS = "import time; time.sleep(600)"


def own_notebook(folder: Path, cell: str) -> Path:
    """Give a client a report.ipynb of its own that runs this cell."""
    v4 = nbformat.v4
    head = v4.new_code_cell("client = ''\nlanguage = None\noverrides = {}")
    head.metadata["tags"] = ["parameters"]
    notebook = v4.new_notebook(cells=[head, v4.new_code_cell(cell)])
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "report.ipynb")
    return folder


# ── client lists ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two(tmp_path) -> Path:
    """A folder with the clients a and b, and room for a list beside them."""
    write_client(tmp_path / "a")
    write_client(tmp_path / "b")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "id,folder,name,language\none,a,Żabka,pl\ntwo,b,,\n"),
        ("list.csv", "id;folder;name;language\none;a;Żabka;pl\ntwo;b;;\n"),
        (
            "list.yaml",
            "- {id: one, folder: a, name: Żabka, language: pl}\n- {id: two, folder: b}\n",
        ),
    ],
)
def test_a_list_names_clients_and_overrides(two, name, text):
    (two / name).write_text(text, encoding="utf-8")
    jobs = read_jobs([two / name])
    assert [job.id for job in jobs] == ["one", "two"]
    assert [job.folder.name for job in jobs] == ["a", "b"]
    assert jobs[0].overrides["language"] == "pl"


def test_the_folder_of_a_list_is_the_id_beside_it(two):
    (two / "list.csv").write_text("id\na\nb\n")
    assert [job.folder for job in read_jobs([two / "list.csv"])] == [two / "a", two / "b"]


def test_the_truth_beside_a_sample_is_passed_over_and_other_files_are_not(two):
    (two / "a.truth.json").write_text("{}")
    assert [job.id for job in read_jobs([two / "a", two / "a.truth.json"])] == ["a"]
    (two / "a" / "notes.txt").write_text("")
    with pytest.raises(ValueError, match=r"is a file; give the client's folder, such as .*a$"):
        read_jobs([two / "a" / "notes.txt"])


def test_an_output_that_is_a_file_starts_nothing(two, workbook):
    (two / "out").write_text("")
    said = workbook("batch", two / "a", "--out", two / "out")
    assert said.exit_code == 2 and "name a folder for the reports with --out" in said.stderr


def test_folders_and_lists_may_be_mixed(two):
    (two / "list.csv").write_text("id\nb\n")
    assert [job.id for job in read_jobs([two / "a", two / "list.csv"])] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "remedy", "code"),
    [
        ("list.csv", "folder\na\n", "no id; a list has the columns id, folder", 2),
        ("list.csv", "id\na\na\n", "two clients have the id 'a'", 2),
        ("list.csv", "id\n", "name folders or a client list", 2),
        ("list.csv", "id\nc\n", "list.csv, client 1: the client folder", 2),
        ("list.csv", "id,client\na1,a\n", "a list has the columns id, folder", 2),
        ("list.yaml", "a: b\n", "write '- id: acme'", 2),
        ("list.yaml", "- id: [a\n", "list.yaml", 1),
        ("list.csv", "", "empty", 1),
    ],
)
def test_a_faulty_list_starts_nothing(workbook, two, name, text, remedy, code):
    (two / name).write_text(text)
    said = workbook("batch", two / name, "--out", two / "out")
    assert said.exit_code == code
    assert remedy in said.stderr and len(said.stderr.splitlines()) == 1
    assert not (two / "out").exists()


def test_a_misspelt_key_of_a_list_names_the_nearest(two):
    (two / "list.csv").write_text("id,langage\na,pl\n")
    with pytest.raises(DataError, match="did you mean language"):
        read_jobs([two / "list.csv"])


# ── a good client and one that fails ─────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> tuple[Path, list[str]]:
    room = tmp_path_factory.mktemp("batch")
    write_client(room / "good")
    bad = own_notebook(write_client(room / "bad"), "raise KeyError('<b>depot</b>')")
    (room / "list.csv").write_text("id,language\ngood,pl\n")
    lines: list[str] = []
    jobs = read_jobs([room / "list.csv", bad])
    run_batch(jobs, room / "out", at_once=2, progress=lines.append)
    return room / "out", lines


def test_batch_json_names_status_cell_reason_and_files(ran):
    out, _ = ran
    good, bad = json.loads((out / "batch.json").read_text("utf-8"))["clients"]
    assert (good["id"], good["status"], good["reason"]) == ("good", "ok", None)
    assert "good/report.html" in good["files"]
    assert all((out / name).is_file() for name in good["files"])
    assert (bad["id"], bad["status"], bad["cell"]) == ("bad", "failed", 3)
    assert bad["reason"].startswith("KeyError") and bad["files"] == []


def test_a_failed_client_has_no_page_but_a_record(ran):
    out, _ = ran
    assert [path.name for path in (out / "bad").iterdir()] == ["run.json"]
    assert json.loads((out / "bad/run.json").read_text("utf-8"))["status"] == "failed"


def test_index_links_the_good_and_tells_the_failed(ran):
    page = (ran[0] / "index.html").read_text("utf-8")
    assert re.findall(r'href="([^"]+)"', page) == ["good/report.html"]
    assert "KeyError" in page and "<b>depot" not in page
    assert "<script" not in page and "default-src 'none'" in page


def test_a_list_s_language_reaches_the_page(ran):
    assert '<html lang="pl">' in (ran[0] / "good/report.html").read_text("utf-8")


def test_progress_tells_each_client_and_how_many_are_left(ran):
    _, lines = ran
    assert [line[:5] for line in lines] == ["[1/2]", "[2/2]"]
    assert "bad: failed" in lines[0] and "s left" in lines[0] and "good: gotowy" in lines[1]


def test_a_client_over_the_time_limit_is_ended_and_its_earlier_report_stays(tmp_path):
    slow = own_notebook(write_client(tmp_path / "slow"), NEVER_ENDS)
    room = tmp_path / "out" / "slow"
    room.mkdir(parents=True)
    (room / "report.html").write_text("an earlier good one")
    (room / "run.json").write_text('{"status": "ok"}')
    outcomes = run_batch(read_jobs([slow]), tmp_path / "out", time_limit=8, progress=str)
    assert [outcome.status for outcome in outcomes] == ["timeout"]
    run = json.loads((room / "run.json").read_text("utf-8"))
    assert run["status"] == "timeout" and "limit of 8 s" in run["reason"]
    assert (room / "report.html").read_text() == "an earlier good one"
    assert sorted(path.name for path in room.iterdir()) == ["report.html", "run.json"]


def test_the_command_says_where_to_look_and_ends_with_1_when_one_fails(workbook, tmp_path):
    bad = own_notebook(write_client(tmp_path / "bad"), "1 / 0")
    said = workbook("batch", bad, "--out", tmp_path / "out")
    assert said.exit_code == 1
    assert str(tmp_path / "out" / "index.html") in said.stdout


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("list.csv", "id,folder\na,../other\n", "not beside the list"),
        ("list.csv", "id,folder\na,/etc\n", "not beside the list"),
        ("list.csv", "id,folder\na,https://shop.example/a\n", "not beside the list"),
        ("list.csv", "id,folder\nShop,a\nshop,b\n", "two clients have the id"),
        ("list.csv", "id,folder\n../a,a\n", "list.csv, client 1, column id"),
        ("list.csv", "id,id\na,b\n", "the heading stands 2 times"),
        ("list.yaml", "- id: !!python/object/apply:os.system [id]\n", "a tag is not allowed"),
        ("list.yaml", "- &x {id: a}\n- *x\n", "an alias"),
        ("list.yaml", "- {id: a, folder: [b]}\n", "not beside the list"),
        ("list.yaml", "- {id: a, language: xx}\n", "list.yaml, client 1, column language"),
    ],
)
def test_a_list_that_is_not_safe_starts_nothing(two, name, text, told):
    (two / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(told)):
        read_jobs([two / name])


def test_the_values_of_a_list_are_never_code(two):
    (two / "list.csv").write_text('id,name\na,"{{ 7 * 7 }} =1+1 ${HOME}"\n')
    assert read_jobs([two / "list.csv"])[0].overrides["name"] == "{{ 7 * 7 }} =1+1 ${HOME}"
