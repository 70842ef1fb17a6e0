"""Every command, and every way to use it wrongly: one sentence, the right exit code."""

import json
import os
import subprocess
import sys

import needs
import pytest

DATA, USAGE = 1, 2


def sentence(result) -> str:
    """Return the only line of the error, which is no traceback."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and "Traceback" not in lines[0], result.stderr
    return lines[0]


# ── what the commands do ─────────────────────────────────────────────────────────────────────


def test_check_says_what_was_recognised_and_no_finding_of_a_clean_folder(workbook, shop):
    said = workbook("check", shop)
    assert said.exit_code == 0
    assert "order_lines: 4 rows from order_lines.csv" in said.stdout
    assert said.stdout.endswith("No findings.\n")


def test_check_json_has_the_contract_s_keys(workbook, shop):
    found = json.loads(workbook("check", shop, "--json").stdout)
    assert set(found) == {"tables", "findings"}
    assert set(found["tables"]["steps"]) >= {"file", "sheet", "rows", "columns"}
    assert found["findings"] == []


def test_check_suggest_prints_a_mapping_that_client_yaml_takes(workbook, shop):
    said = workbook("check", shop, "--suggest").stdout
    (shop / "client.yaml").write_text("name: Shop\n" + said)
    assert workbook("check", shop).exit_code == 0


def test_measure_counts_the_late_order(workbook, shop):
    found = json.loads(workbook("measure", shop, "--json").stdout)
    time = [row for row in found["measures"] if row["measure"] == "right_time"]
    assert {(row["right"], row["wrong"]) for row in time if not row["segment"]} == {(3, 1)}
    assert found["as_of"].startswith("2026-03-05")


def test_measure_by_a_column_shows_its_groups(workbook, shop):
    said = workbook("measure", shop, "--by", "carrier")
    assert said.exit_code == 0
    assert "Van" in said.stdout and "Bike" in said.stdout


@pytest.mark.parametrize("name", ["Transporteur", "Our haulier"])
def test_measure_by_takes_a_label_and_the_client_s_own_heading(workbook, shop, name):
    text = (shop / "order_lines.csv").read_text().replace("carrier", "Our haulier", 1)
    (shop / "order_lines.csv").write_text(text)
    mapped = "tables: {order_lines: {columns: {carrier: Our haulier}}}\n"
    (shop / "client.yaml").write_text(f"name: Shop\n{mapped}")
    assert "Bike" in workbook("measure", shop, "--by", name).stdout


def test_measure_without_data_names_an_unknown_column_or_what_to_put_where(workbook, tmp_path):
    workbook("new", tmp_path / "acme")
    said = workbook("measure", tmp_path / "acme", "--by", "carier")
    assert said.exit_code == USAGE and "did you mean 'carrier'?" in sentence(said)
    said = workbook("measure", tmp_path / "acme", "--by", "carrier")
    assert said.exit_code == DATA and "put order_lines there" in sentence(said)


DRAWN = [pytest.param(form, marks=needs.graphviz) for form in ("png", "pdf")]


@pytest.mark.parametrize("form", ["svg", "dot", "json", *DRAWN])
def test_chart_writes_each_format(workbook, shop, tmp_path, form):
    out = tmp_path / f"chart.{form}"
    assert workbook("chart", shop, "--out", out).exit_code == 0
    start = {"svg": b"<svg ", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph", "json": b"{"}
    assert out.read_bytes().lstrip().startswith(start[form])


def test_sample_writes_a_folder_that_reads_without_an_error(workbook, tmp_path):
    made = workbook("sample", "brzoza-dom", tmp_path / "b", "--scale", 0.01, "--problems", "A2")
    assert made.exit_code == 0
    assert json.loads((tmp_path / "b.truth.json").read_text("utf-8"))["problems"].keys() == {"A2"}
    assert workbook("check", tmp_path / "b").exit_code == 0


def test_check_of_a_new_folder_says_that_there_is_no_data_and_what_to_put_where(workbook, tmp_path):
    assert workbook("new", tmp_path / "acme", "--language", "pl").exit_code == 0
    said = workbook("check", tmp_path / "acme")
    assert said.exit_code == 0 and said.stdout.count("\n") == 1
    assert "nie ma jeszcze danych" in said.stdout and "order_lines" in said.stdout


def test_check_lists_headings_that_were_renamed_or_not_recognised(workbook, shop):
    (shop / "order_lines.csv").write_text("Order No,Carrier,Remarks\nA1,DPD,x\n")
    said = workbook("check", shop).stdout
    assert "  order_id ← Order No, 1 column by our name\n" in said
    assert "  not recognised: Remarks\n" in said
    found = json.loads(workbook("check", shop, "--json").stdout)
    assert found["tables"]["order_lines"]["unrecognised"] == ["Remarks"]
    assert found["findings"] == []


def test_report_says_where_to_look(workbook, shop, tmp_path):
    said = workbook("report", shop, "--out", tmp_path / "out")
    assert said.exit_code == 0, said.stderr
    page = tmp_path / "out" / "shop" / "report.html"
    assert str(page) in said.stdout and page.is_file()


# ── wrong usage: exit 2, one sentence with the remedy, nothing written ───────────────────────

MISUSES = [
    (["chekc", "SHOP"], "check"),
    (["report", "SHOP", "--langage", "pl"], "--language"),
    (["report", "SHOP", "--language", "de"], "'en', 'fr', 'pl', 'ru'"),
    (["report", "SHOP", "--format", "htm"], "html"),
    (["report", "SHOP", "-p", "lnguage=pl"], "'language'"),
    (["report", "SHOP", "-p", "language"], "NAME=VALUE"),
    (["report", "SHOP", "-p", "client=other"], "leave it out"),
    (["report"], "workbook report --help"),
    (["check", "NOWHERE"], "check the path"),
    (["measure", "NOWHERE"], "check the path"),
    (["report", "NOWHERE"], "check the path"),
    (["batch", "NOWHERE"], "check the path"),
    (["batch", "NOWHERE.csv"], "check its name"),
    (["measure", "SHOP", "--by", "carier"], "did you mean 'carrier'?"),
    (["measure", "SHOP", "--by", "zzz"], "; they have: "),
    (["report", "SHOP", "--langauge", "pl"], "'--language'? See workbook report --help"),
    (["workshop", "SHOP", "--port", "80x"], "'80x' is no whole number; write one such as"),
    (["batch", "SHOP", "--jobs", "many"], "'many' is no whole number"),
    (["sample", "brzoza-dom", "NEW", "--seed", "abc"], "'abc' is no whole number"),
    (["chart", "SHOP", "--out", "chart.gif"], ".svg"),
    (["chart", "SHOP", "--out", "no/such/chart.svg"], "make it first"),
    (["sample", "brzoza", "NEW"], "'brzoza-dom'"),
    (["sample", "brzoza-dom", "NEW", "--problems", "A99"], "A9"),
    (
        ["sample", "brzoza-dom", "NEW", "--scale", "much"],
        "'much' is no number; write one such as 0.5",
    ),
    (["batch", "SHOP", "--time-limit", "soon"], "'soon' is no number"),
    (["sample", "brzoza-dom", "SHOP"], "empty folder"),
    (["new", "SHOP"], "not there yet"),
    (["new", "NEW", "--from-sample", "brzoza"], "brzoza-dom"),
]


@pytest.mark.parametrize(("words", "remedy"), MISUSES)
def test_wrong_usage_is_one_sentence_with_the_remedy(
    workbook, shop, tmp_path, monkeypatch, words, remedy
):
    monkeypatch.chdir(tmp_path)
    places = {"SHOP": shop, "NOWHERE": "nowhere", "NOWHERE.csv": "nowhere.csv", "NEW": "new"}
    said = workbook(*(places.get(word, word) for word in words))
    assert said.exit_code == USAGE
    assert remedy in sentence(said)
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


# ── faults of the client's data: exit 1, the sentence, the rest goes on ──────────────────────


def test_missing_required_column_is_named_with_the_nearest_heading(workbook, shop):
    (shop / "order_lines.csv").write_text("ordr_idd,promised_at\nA1,2026-03-02\n")
    said = workbook("check", shop)
    assert said.exit_code == DATA
    assert "order_lines.csv" in said.stdout and "order_id" in said.stdout
    assert workbook("measure", shop).exit_code == DATA


def test_missing_mapped_file_is_named(workbook, shop):
    (shop / "client.yaml").write_text("name: Shop\ntables: {order_lines: {file: gone.csv}}\n")
    said = workbook("measure", shop)
    assert said.exit_code == DATA
    assert "gone.csv" in said.stderr and "not there" in said.stderr


def test_chart_without_readable_steps_writes_nothing(workbook, shop, tmp_path):
    (shop / "steps.csv").write_text("step_id,step\n1,Take the order\n")
    said = workbook("chart", shop, "--out", tmp_path / "chart.svg")
    assert said.exit_code == DATA
    assert "role" in said.stderr
    assert not (tmp_path / "chart.svg").exists()


@pytest.mark.parametrize("command", ["check", "measure", "report", "batch"])
def test_misspelt_key_of_client_yaml_names_the_nearest(workbook, shop, tmp_path, command):
    (shop / "client.yaml").write_text("name: Shop\nlangage: pl\n")
    where = ["--out", tmp_path / "out"] if command in ("report", "batch") else []
    said = workbook(command, shop, *where)
    assert said.exit_code == DATA
    assert "langage" in sentence(said) and "did you mean language?" in sentence(said)
    assert not (tmp_path / "out").exists()


# ── the console ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_without_utf8_shows_a_question_mark(shop, encoding):
    (shop / "order_lines.csv").write_text("order_id,Żółw\nA1,ł\n", encoding="utf-8")
    (shop / "steps.csv").write_text("step_id,step\n1,Zażółć\n", encoding="utf-8")
    command = [sys.executable, "-m", "workbook", "check", str(shop)]
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    said = subprocess.run(command, capture_output=True, env=environment)
    assert said.returncode == DATA
    assert b"Traceback" not in said.stderr
    assert b"order_lines" in said.stdout
