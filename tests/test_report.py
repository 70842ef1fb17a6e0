"""The page a client receives, and what is left when a run goes wrong."""

import html
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import papermill
import pytest
from tiny_client import STEPS, write_client

from workbook import sections
from workbook.data import open_client
from workbook.formats import check_formats
from workbook.page import render_page
from workbook.report import Outcome, make_report
from workbook.resources import template_path
from workbook.roadmap import draw_road_map
from workbook.starter import new_client

SAME_BYTES = ("report.html", "measures.json", "findings.json")


@pytest.fixture(scope="module")
def out(brzoza, tmp_path_factory) -> Path:
    """The sample's report, made once."""
    out = tmp_path_factory.mktemp("reports")
    outcome = make_report(brzoza, out)
    assert outcome.status == "ok", outcome
    return out / "brzoza"


class Page(HTMLParser):
    """The tags of a page, with their attributes, in order."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> says an attribute twice: {attrs}"
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def text(out) -> str:
    return (out / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def test_page_says_its_language_and_title(page, text):
    assert page.all("html") == [{"lang": "en"}]
    assert "<title>Brzoza Dom" in text


def test_page_has_one_h1_and_headings_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_is_an_image_with_numbers_in_its_words(page):
    pictures = page.all("svg")
    assert len(pictures) >= 3
    for picture in pictures:
        assert picture["role"] == "img"
        assert re.search(r"\d", picture["aria-label"])


def test_no_id_is_used_twice(page):
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_page_runs_nothing_and_asks_no_host(page, text):
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {t for t, _ in page.tags}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert all(url.startswith(("data:", "#")) for url in re.findall(r"url\(['\"]?(.{5})", text))
    assert "@import" not in text


def test_page_forbids_everything_but_its_own_style_and_letters(page):
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    assert policy.startswith("default-src 'none'") and "http" not in policy


def test_links_of_the_contents_arrive(page):
    targets = {attributes.get("id") for _, attributes in page.tags}
    assert {link["href"][1:] for link in page.all("a")} <= targets


def test_every_finding_that_is_not_shown_on_top_stands_further_below(out, text):
    found = json.loads((out / "findings.json").read_text("utf-8"))
    plain = re.sub("<[^>]+>", " ", text)
    for each in found:
        assert html.escape(each["sentence"]) in plain, each["id"]
    assert "findings.json" not in text


def test_a_report_without_data_points_to_no_section_that_it_lacks(workbook, tmp_path):
    new_client(tmp_path / "acme", "pl")
    said = workbook("report", tmp_path / "acme", "--out", tmp_path / "out")
    assert said.exit_code == 0
    assert "no right is measured; put order_lines there" in said.stderr
    text = (tmp_path / "out" / "acme" / "report.html").read_text("utf-8")
    assert "Jak liczono" not in text and "<footer" not in text
    assert "order_id" not in text and "Nr zamówienia" not in text


def test_the_data_section_names_columns_in_the_client_s_words(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme\nlanguage: pl\n")
    (tmp_path / "order_lines.csv").write_text("Nr zam.,Przewoźnik,Uwagi\n7,DPD,x\n", "utf-8")
    road = draw_road_map(open_client(tmp_path, as_of="2026-03-02"))
    table, note = sections.data(road).blocks[1:3]
    assert table["rows"][0][3] == "Nr zam. → Nr zamówienia, 1 kolumna pod naszą nazwą"
    assert note["text"] == "Nierozpoznane w order_lines.csv, więc nieodczytane: Uwagi."


# ── a client with a missing file and hostile names ───────────────────────────────────────────


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory) -> tuple[Outcome, str]:
    room = tmp_path_factory.mktemp("spoilt")
    profile = "name: <script>alert(1)</script>\ntables: {responses: {file: gone.csv}}\n"
    steps = STEPS.replace("Carrier", "<img src=x onerror=alert(1)>")
    folder = write_client(room / "shop", **{"client.yaml": profile, "steps.csv": steps})
    outcome = make_report(folder, room / "out")
    return outcome, (room / "out/shop/report.html").read_text("utf-8")


def test_names_of_a_client_are_shown_as_text(spoilt):
    page = Page(spoilt[1])
    assert not page.all("script") and not page.all("img")


def test_a_missing_file_is_named_in_the_report_and_the_rest_goes_on(spoilt):
    outcome, text = spoilt
    assert outcome.status == "ok"
    assert "gone.csv" in outcome.errors[0] and "gone.csv" in text


# ── what lies beside it ──────────────────────────────────────────────────────────────────────


def test_run_json_tells_inputs_parameters_versions_and_status(out, brzoza):
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert run["status"] == "ok" and run["cell"] is None and run["reason"] is None
    # The key to the pseudonyms is written by reports, and no input of theirs.
    assert {*run["inputs"], "customer_key.csv"} == {path.name for path in brzoza.iterdir()}
    assert run["parameters"] == {"language": "en"}
    assert {"workbook", "python", "pandas"} <= set(run["versions"])


def test_measures_are_those_of_the_command(out, brzoza, workbook):
    said = json.loads(workbook("measure", brzoza, "--json").stdout)
    kept = json.loads((out / "measures.json").read_text("utf-8"))
    totals = [row for row in kept["measures"] if not row["segment"] and row["period"] is None]
    assert totals == said["measures"]


def test_findings_have_the_contract_s_keys_in_its_order(out):
    found = json.loads((out / "findings.json").read_text("utf-8"))
    keys = "id kind right where period step_id n observed expected interval effect sentence"
    assert found and all(list(finding) == keys.split() for finding in found)
    assert {f["kind"] for f in found} <= {"works", "needs improvement", "no evidence", "data"}


def test_executed_notebook_carries_the_page(out, brzoza, text):
    notebook = nbformat.read(out / "report.ipynb", as_version=4)
    assert render_page(notebook, open_client(brzoza).profile) == text


def test_same_inputs_give_the_same_bytes(out, brzoza, tmp_path):
    again = shutil.copytree(brzoza, tmp_path / "elsewhere" / "brzoza")
    make_report(again, tmp_path / "out")
    for name in SAME_BYTES:
        assert (tmp_path / "out/brzoza" / name).read_bytes() == (out / name).read_bytes()


def test_plain_papermill_runs_the_template(shop, tmp_path):
    papermill.execute_notebook(
        str(template_path("report.ipynb")),
        str(tmp_path / "out.ipynb"),
        {"client": str(shop), "language": "fr"},
        progress_bar=False,
    )
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert '<html lang="fr">' in render_page(notebook, open_client(shop).profile)


# ── runs that go wrong ───────────────────────────────────────────────────────────────────────


def own_notebook(folder: Path, *cells: str, tags: tuple[str, ...] = ("parameters",)) -> None:
    """Give a client its own report.ipynb: the parameters, then these cells."""
    v4 = nbformat.v4
    head = v4.new_code_cell("client = ''\nlanguage = None", metadata={"tags": list(tags)})
    notebook = v4.new_notebook(cells=[head, *map(v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "report.ipynb")


@pytest.fixture
def reported(shop, tmp_path) -> Callable[..., tuple]:
    """Run the client's own notebook where an earlier good report lies."""
    earlier = tmp_path / "out" / "shop"
    earlier.mkdir(parents=True)
    for name in ("report.html", "report.ipynb", *SAME_BYTES):
        (earlier / name).write_text("an earlier good one")

    def run(*cells: str) -> tuple:
        own_notebook(shop, *cells)
        outcome = make_report(shop, tmp_path / "out")
        kept = {path.read_text() for path in earlier.iterdir() if path.name != "run.json"}
        assert kept == {"an earlier good one"}
        return outcome, json.loads((earlier / "run.json").read_text("utf-8"))

    return run


def test_a_cell_that_raises_leaves_the_earlier_report(reported):
    outcome, run = reported("1 + 1", "raise ValueError('no such carrier')")
    assert (run["status"], run["cell"]) == (outcome.status, outcome.cell) == ("failed", 4)
    assert run["reason"] == "ValueError: no such carrier"


@pytest.mark.parametrize("ending", ["import sys; sys.exit(0)", "exit()", "1 + 1"])
def test_a_notebook_without_its_closing_cell_is_no_success(reported, ending):
    outcome, run = reported(ending)
    assert run["status"] == outcome.status == "failed"
    assert run["reason"]


def test_a_dying_kernel_is_told(reported):
    _, run = reported("import os; os._exit(1)")
    assert run["status"] == "failed"
    assert "kernel died" in run["reason"]


def test_a_notebook_without_parameters_cell_is_refused(workbook, shop, tmp_path):
    own_notebook(shop, tags=())
    said = workbook("report", shop, "--out", tmp_path / "out")
    assert said.exit_code == 2
    assert "no cell tagged 'parameters'" in said.stderr
    assert not (tmp_path / "out").exists()


def test_unknown_format_names_the_known_ones():
    with pytest.raises(ValueError, match="'epub' is not known; write html"):
        check_formats("html,epub")
