"""Hold the workshop to what it says: kept on disk, in four languages, never in a sample."""

import csv
import datetime as dt
import json

import nbformat
import pytest
from ipywidgets import HTML
from tiny_client import write_client

from workbook.data import open_client
from workbook.language import LANGUAGES
from workbook.minutes import open_board, words
from workbook.resources import data_path, template_path
from workbook.room import prepare_room, working_copy
from workbook.trial import ContractTrial, read_change
from workbook.workshop import Workshop

SECTIONS = ("question", "chart", "contract", "change", "actions", "papers")
STEPS = """step_id,step,role,predecessors,touch_minutes,wait_minutes
1,Pick,Store,,10,60
2,Ship,Dock,1,5,240
"""


@pytest.fixture
def acme(tmp_path):
    folder = write_client(tmp_path / "acme")
    (folder / "steps.csv").write_text(STEPS)
    return folder


def fields(widget):
    """Every field of a section, by its label."""
    inner = [fields(child) for child in getattr(widget, "children", ())]
    own = {getattr(widget, "description", ""): widget}
    return {label: each for part in [own, *inner] for label, each in part.items()}


def written(widget):
    """The HTML that a section shows, part by part."""
    own = [widget.value] if isinstance(widget, HTML) else []
    return own + [each for child in getattr(widget, "children", ()) for each in written(child)]


def test_all_that_is_said_is_there_for_the_next_workshop(acme):
    shop = Workshop(acme, "en")
    fields(shop.section("question"))["The client’s question"].value = "Why so late?"
    made = fields(shop.section("actions"))
    made["What: 1"].value, made["By when: 1"].value = "Ask the carrier", dt.date(2026, 12, 1)
    fields(shop.section("contract"))["Too late, still right"].value = 2
    again = Workshop(acme, "en")
    assert fields(again.section("question"))["The client’s question"].value == "Why so late?"
    made = fields(again.section("actions"))
    assert (made["What: 1"].value, made["By when: 1"].value) == (
        "Ask the carrier",
        dt.date(2026, 12, 1),
    )
    assert fields(again.section("contract"))["Too late, still right"].value == 2


def test_of_two_pages_on_one_client_neither_writes_over_the_other(acme):
    first, second = Workshop(acme, "en"), Workshop(acme, "en")
    pages = [fields(shop.section("question")) for shop in (first, second)]
    pages[0]["The client’s question"].value = "Why so late?"
    pages[1]["Who is here, one a line"].value = "Nobody else"
    assert open_board(acme).said == {"question": "Why so late?"}
    assert "another page has changed workshop.json" in second.fault.value
    assert first.fault.value == ""


def test_a_change_is_tried_told_and_taken_back(acme):
    shop = Workshop(acme, "en")
    made = fields(shop.section("change"))
    made["Change"].value, made["Becomes"].value = "wait_minutes", "1 h"
    made["Try it"].click()
    made["Step"].value, made["Change"].value = "2", "remove"
    made["Try it"].click()
    change, blocks = shop._compare()
    assert change.after.lead_time_minutes == 70
    assert blocks[0]["items"] == ["Pick · Store: The wait takes 1 h", "Ship · Dock: It is left out"]
    made["Take the last one back"].click()
    assert len(json.loads((acme / "workshop.json").read_text("utf-8"))["changes"]) == 1


@pytest.mark.parametrize("typed", ["soon", "-5", ""])
def test_a_time_that_can_not_be_read_is_no_change(acme, typed):
    shop = Workshop(acme, "en")
    made = fields(shop.section("change"))
    made["Becomes"].value = typed
    made["Try it"].click()
    assert "changes" not in shop.board.said or shop.board.said["changes"] == []


def test_the_choices_are_measured_as_a_profile_that_says_the_same(acme):
    client = open_client(acme)
    trial = ContractTrial(client)
    chosen = trial.own | {"late_days": 3, "due": "requested", "rights": ["time", "quantity"]}
    text = "due: requested\ntolerance: {late_days: 3}\nrights: [time, quantity]\n"
    (acme / "client.yaml").write_text((acme / "client.yaml").read_text() + text)
    told = ContractTrial(open_client(acme))
    rows = [
        each.rights(c).overall("perfect_order") for each, c in ((trial, chosen), (told, told.own))
    ]
    assert (
        rows[0].drop("segment").astype(str).tolist() == rows[1].drop("segment").astype(str).tolist()
    )


def test_the_clients_own_rung_moves_and_the_others_stay(acme):
    from workbook.language import speak

    trial, say = ContractTrial(open_client(acme)), speak("en")
    before, after = (trial.rungs(trial.own | {"late_days": n}, say) for n in (0, 7))
    rest = lambda rows: sorted((row["label"], row["value"]) for row in rows if not row["own"])
    assert rest(before) == rest(after)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_and_paper_speaks_the_language(acme, language):
    shop = Workshop(acme, language)
    shop.board.put(question="?", contract=shop.trial.own, actions=[{"what": "A"}])
    shop.editor.draft.vote(0, "votes_improve")
    for name in SECTIONS:
        assert shop.section(name) is not None
    files = {path.name: path.read_bytes() for path in shop.write_papers(dt.date(2026, 1, 2))}
    assert set(files) == {
        "minutes.pdf",
        "minutes.docx",
        "agenda.pdf",
        "handout.pdf",
        "chart_a3.pdf",
    }
    assert all(files[name][:5] == b"%PDF-" for name in files if name.endswith(".pdf"))


def test_every_word_is_said_in_every_language():
    with template_path("workshop", "words.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert all(row[code].strip() for row in rows for code in LANGUAGES)
    keys = [(row["list"], row["name"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert words("pl")["title"].keys() == words("ru")["lead"].keys()


def test_a_sample_is_copied_and_a_client_is_not(acme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert working_copy(acme) == acme
    copy = working_copy("ten-orders")
    (copy / "workshop.json").write_text("{}")
    assert working_copy("ten-orders") == copy and (copy / "workshop.json").is_file()
    assert not data_path("ten-orders", "workshop.json").exists()


def test_a_board_that_is_no_board_is_named(acme, workbook):
    for text in ("{", "[1, 2]", "3"):
        (acme / "workshop.json").write_text(text)
        with pytest.raises(ValueError, match=r"workshop\.json is not what a workshop wrote"):
            open_board(acme)
    result = workbook("workshop", acme, "--no-open")
    assert result.exit_code == 2 and "move it away" in result.stderr


def test_the_room_has_the_chapters_with_the_clients_folder_and_changes_none(acme, tmp_path):
    prepare_room(acme, "fr", tmp_path / "room")
    pages = sorted(path.name for path in (tmp_path / "room").glob("*.ipynb"))
    assert "workshop.ipynb" in pages and "01_process_chart.ipynb" in pages
    for name in pages:
        code = [
            c for c in nbformat.read(tmp_path / "room" / name, 4).cells if c.cell_type == "code"
        ]
        assert any(
            c.source == f"client, language = {str(acme.resolve())!r}, 'fr'" for c in code[:2]
        )


def test_nothing_in_the_page_comes_from_elsewhere():
    for path in template_path("workshop").rglob("*.*"):
        if path.suffix in (".j2", ".css", ".js"):
            assert "http" not in path.read_text("utf-8"), path.name


def test_hostile_names_are_text(acme):
    (acme / "steps.csv").write_text(STEPS.replace("Pick", "<img src=x onerror=alert(1)>"))
    shop = Workshop(acme, "en")
    shop.board.put(changes=[{"step": "1", "kind": "role", "value": "<b>"}])
    shown = "".join(written(shop.section("change")))
    assert "<img" not in shown and "<b>" not in shown
    assert "&lt;img" in shown
    assert read_change("1", "role", "<b>") == {"step_id": "1", "role": "<b>"}
