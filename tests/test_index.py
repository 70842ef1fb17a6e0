"""The index of a batch: who failed and why, how each client does, side by side."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from executed import execute
from tiny_client import write_client

from workbook.index import digest, write_index
from workbook.language import LANGUAGES
from workbook.page import read_closing
from workbook.report import Outcome

FILES = ("report.html", "report.pdf", "report.xlsx", "shop.zip", "measures.json")


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Outcome:
    """A client of four orders, one late, with a target for time; made here, without a kernel."""
    profile = "name: Shop\ntargets: {right_time: 0.95}\n"
    folder = write_client(tmp_path_factory.mktemp("index") / "shop", **{"client.yaml": profile})
    return Outcome("shop", "ok", files=FILES, summary=digest(read_closing(execute(folder))))


def better(outcome: Outcome, points: float) -> Outcome:
    """Return an outcome whose confirmed shares are so much higher."""
    summary = copy.deepcopy(outcome.summary)
    for rate in summary["rates"].values():
        if rate["confirmed"] is not None:
            rate["confirmed"] = rate["upper"] = rate["confirmed"] + points
    return replace(outcome, summary=summary)


def page(out: Path, *outcomes: Outcome) -> str:
    write_index(out, outcomes)
    return (out / "index.html").read_text("utf-8")


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_client_s_row_has_its_figures_and_all_its_files(good, tmp_path):
    made = page(tmp_path, good)
    links = re.findall(r'href="([^"]+)"', made)
    assert links == ["shop/report.html", "shop/report.pdf", "shop/report.xlsx", "shop/shop.zip"]
    row = words(made.split("<tbody>")[1])
    assert "in 1 of 7 rights" in row and "Right time: 75.0%" in row


def test_clients_are_compared_in_every_right_with_bars_and_words(good, tmp_path):
    made = page(tmp_path, good, replace(better(good, 0.1), id="other"))
    grid = made.split('<table class="compare">')[1]
    assert grid.count('<tr>\n<th scope="row">') == 2
    assert "75.0%" in grid and "85.0%" in grid
    assert grid.count("<svg") == grid.count('aria-hidden="true"><path class="all"') > 0


def test_failed_clients_stand_on_top_with_cell_reason_and_remedy(good, tmp_path):
    failed = Outcome("bad", "failed", cell=3, reason="KeyError: <b>depot</b>")
    slow = Outcome("slow", "timeout", reason="it took longer")
    made = page(tmp_path, good, failed, slow)
    assert made.index("KeyError") < made.index("shop/report.html")
    shown = words(made)
    assert "cell 3" in shown and "run the batch again" in shown and "--time-limit" in shown
    assert "<b>depot" not in made


def test_a_report_of_faulty_data_or_of_none_is_not_called_complete(good, tmp_path):
    faulty = replace(good, errors=("steps.csv: the file ends in the middle",))
    told = words(page(tmp_path, faulty, replace(good, id="bare", summary={"name": "Bare"})))
    assert "2 reports are complete, 1 from faulty data" in told
    assert "▲ made from faulty data" in told and "steps.csv: the file ends in the middle" in told
    assert "○ nothing to measure" in told and "✓ complete" not in told


def test_an_earlier_report_of_a_failed_client_is_linked_as_such(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/report.html").write_text("an earlier good one")
    made = page(tmp_path, Outcome("bad", "failed", reason="x"))
    assert '<a href="bad/report.html">An earlier report is kept.</a>' in made


def test_the_change_is_told_against_the_batch_before(good, tmp_path):
    assert "points</td>" not in page(tmp_path, good)
    assert "+10.0 points" in page(tmp_path, better(good, 0.1))
    assert "−10.0 points" in page(tmp_path, good)


def test_the_same_batch_again_gives_the_same_page(good, tmp_path):
    page(tmp_path, good)
    made = page(tmp_path, better(good, 0.1))
    assert page(tmp_path, better(good, 0.1)) == made


def test_a_failed_batch_in_between_does_not_hide_the_change(good, tmp_path):
    page(tmp_path, good)
    page(tmp_path, Outcome("shop", "failed", reason="x"))
    assert "+10.0 points" in page(tmp_path, better(good, 0.1))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"clients": [1]}', '{"clients": [{"id": 1}]}'])
def test_a_spoilt_record_of_the_batch_before_stops_nothing(good, tmp_path, text):
    (tmp_path / "batch.json").write_text(text)
    assert "Shop" in page(tmp_path, good)


def test_batch_json_keeps_what_the_contract_names(good, tmp_path):
    page(tmp_path, good, Outcome("bad", "failed", cell=3, reason="x"))
    first, second = json.loads((tmp_path / "batch.json").read_text("utf-8"))["clients"]
    assert first["files"] == [f"shop/{name}" for name in FILES]
    assert (second["status"], second["cell"], second["reason"]) == ("failed", 3, "x")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_speaks_its_reader_s_language_and_marks_the_clients(good, tmp_path, language):
    other = replace(good, id="other", summary=good.summary | {"language": "fr"})
    write_index(tmp_path, [good, other], language)
    made = (tmp_path / "index.html").read_text("utf-8")
    assert f'<html lang="{language}">' in made
    assert '<td lang="en">' in made and '<td lang="fr">' in made


def test_clients_without_a_language_in_common_have_an_english_index(good, tmp_path):
    other = replace(good, id="other", summary=good.summary | {"language": "fr"})
    assert '<html lang="en">' in page(tmp_path, good, other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_speaks_the_clients_language(good, tmp_path, language):
    made = page(tmp_path, replace(good, summary=good.summary | {"language": language}))
    assert f'<html lang="{language}">' in made
    assert ("75,0" in made) == (language != "en")


def test_two_hundred_clients_and_hostile_names_make_a_page_that_runs_nothing(good, tmp_path):
    name = '"><script>alert(1)</script><a href="javascript:x">'
    summary = good.summary | {"name": name, "first": name}
    many = [replace(good, id=f"c{n}", summary=summary) for n in range(200)]
    made = page(tmp_path, *many)
    assert "<script" not in made and "javascript:x" in words(made)
    assert all(re.match(r"c\d+/", link) for link in re.findall(r' href="([^"]+)"', made))
    assert "http" not in re.sub(r"http-equiv", "", made) and len(made) < 2_000_000


def test_no_client_at_all_is_a_page_too(tmp_path):
    assert "0 clients" in page(tmp_path)
