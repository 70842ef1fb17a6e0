"""What was recognised is shown, and written into client.yaml without losing what stands there."""

import pytest

from workbook.data import open_client
from workbook.mapping import suggest_mapping


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "client.yaml").write_text(
        "# ours\nname: Shop\ntables:\n  order_lines:\n    decimal: ','\nlanguage: pl # Polish\n"
    )
    (tmp_path / "order_lines.csv").write_text("Nr zamówienia;Klient\n007;Żółw\n", encoding="utf-8")
    (tmp_path / "export.csv").write_text("step_id,step,role,our note\n1,Pack,Store,x\n")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    return tmp_path


def test_a_file_that_no_table_claims_is_suggested_by_its_headings(shop):
    found = suggest_mapping(open_client(shop))
    assert found.tables["steps"]["file"] == "export.csv"
    assert set(found.tables) == {"order_lines", "steps"}
    assert found.table().iloc[0].tolist()[2:] == ["Nr zamówienia", "Nr zamówienia", "007"]


def test_writing_keeps_every_other_line_and_choice(shop):
    text = suggest_mapping(open_client(shop)).write().read_text(encoding="utf-8")
    client = open_client(shop)
    assert "# ours\nname: Shop\n" in text and "language: pl # Polish\n" in text
    assert client.profile.tables["order_lines"].decimal == ","
    assert client.steps["step"].tolist() == ["Pack"]
    assert [problem.file for problem in client.problems] == ["notes.csv"]
    assert suggest_mapping(client).write().read_text(encoding="utf-8") == text
