"""Hold the workshop's table of steps: changed, drawn, undone, and on disk at every moment."""

import pandas as pd
import pytest

import workbook as wb
from workbook.draft import Draft, open_draft
from workbook.editor import draft_path, edit_steps

STEPS = """step_id,step,role,predecessors,touch_minutes,wait_minutes,owner
1,Enter,Shop,,5,,Ada
2,Pick,Store,1,10,60,
3,Ship,Store,2,5,240,
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    acme = tmp_path / "acme"
    acme.mkdir()
    (acme / "client.yaml").write_text("name: Acme\n")
    (acme / "steps.csv").write_text(STEPS)
    return acme


def editor(folder, language="en"):
    return edit_steps({"client": str(folder), "language": language})


def field(shown, row, column):
    heads = 9
    return shown.fields.children[heads + 9 * row + column]


def test_a_change_is_on_disk_and_in_the_chart(folder):
    shown = editor(folder)
    before = shown.picture.value
    field(shown, 1, 1).value = "Pick & pack"
    assert "Pick &amp;" in shown.picture.value and shown.picture.value != before
    assert "2,Pick & pack,Store,1,10,60,," in (folder / "steps.csv").read_text()
    assert wb.open_client(folder).steps["step"].tolist() == ["Enter", "Pick & pack", "Ship"]


def test_a_new_editor_goes_on_where_the_last_one_stopped(folder):
    field(editor(folder), 2, 5).value = "2 h"
    assert field(editor(folder), 2, 5).value == "2 h"
    assert wb.open_client(folder).steps["wait_minutes"].tolist()[2] == 120


def test_of_two_editors_neither_writes_over_the_other(folder):
    first, second = editor(folder), editor(folder)
    field(first, 0, 1).value = "Take the order"
    field(second, 2, 1).value = "Send"
    second.buttons.children[0].click()
    assert "2,Pick,Store" in (folder / "steps.csv").read_text()
    assert "Take the order" in (folder / "steps.csv").read_text()
    assert "another page has changed steps.csv" in second.told.value
    field(first, 1, 2).value = "Hall"
    assert "2,Pick,Hall" in (folder / "steps.csv").read_text()
    assert "Saved in steps.csv." in first.told.value


def test_undo_takes_back_one_change_after_the_other(folder):
    draft = open_draft(folder / "steps.csv", pd.DataFrame())
    draft.change(0, "role", "Office")
    draft.remove(1)
    assert draft.rows["predecessors"].tolist() == ["", "1"]
    assert draft.undo() and draft.undo() and not draft.undo()
    assert draft.rows["role"].tolist() == ["Shop", "Store", "Store"]
    assert (folder / "steps.csv").read_text().splitlines()[0].startswith(STEPS.splitlines()[0])


def test_what_can_not_be_a_process_is_told_and_kept_and_the_chart_stays(folder):
    shown = editor(folder)
    before = shown.picture.value
    field(shown, 0, 3).value = "3"
    assert "<li>" in shown.told.value and shown.picture.value == before
    assert "1,Enter,Shop,3" in (folder / "steps.csv").read_text()
    field(shown, 0, 3).value = ""
    assert "<li>" not in shown.told.value


def test_votes_are_counted_per_step_and_read_back(folder):
    shown = editor(folder)
    for _ in range(2):
        field(shown, 1, 7).click()
    field(shown, 1, 6).click()
    assert (field(shown, 1, 6).description, field(shown, 1, 7).description) == ("✓ 1", "▲ 2")
    step = wb.open_client(folder).steps.iloc[1]
    assert (step["votes_works"], step["votes_improve"]) == (1, 2)


def test_a_step_is_added_after_the_last_with_an_id_of_its_own(tmp_path):
    steps = pd.DataFrame({"step_id": ["2", "b"], "step": ["A", "B"], "role": ["X", "Y"]})
    draft = Draft(steps, tmp_path / "steps.csv")
    draft.add()
    assert draft.rows.loc[2, ["step_id", "role", "predecessors"]].tolist() == ["3", "Y", "b"]


def test_samples_and_files_of_the_clients_own_making_are_never_written_to(folder):
    assert draft_path(wb.open_client("brzoza-dom")).name == "brzoza-dom-steps.csv"
    (folder / "steps.csv").write_text("Nr kroku,Krok,Rola\n1,Pakowanie,Magazyn\n")
    assert draft_path(wb.open_client(folder)).parent != folder
    (folder / "steps.csv").unlink()
    assert draft_path(wb.open_client(folder)) == folder / "steps.csv"


def test_hostile_names_are_text_in_fields_and_messages(folder):
    shown = editor(folder)
    field(shown, 0, 1).value = "<img src=x onerror=alert(1)>"
    field(shown, 1, 3).value = "<b>"
    assert "<img" not in shown.picture.value.replace("<image", "")
    assert "<b>" not in shown.told.value


@pytest.mark.parametrize("language", ["fr", "pl", "ru"])
def test_heads_speak_the_clients_language(folder, language):
    assert "Role" not in editor(folder, language).fields.children[2].value
