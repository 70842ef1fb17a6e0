"""Every data file in a client's folder is used or named, and a blank sheet hides none."""

import pytest
import yaml

from workbook.data import open_client
from workbook.exports import export_survey
from workbook.language import LANGUAGES
from workbook.mapping import suggest_mapping
from workbook.marked import write_findings
from workbook.starter import new_client
from workbook.survey import design_survey

EXPORT = "Nr zamówienia;Klient;Uwagi;Data zamówienia\n007;Żółw;pilne;2026-03-02\n"


@pytest.fixture(params=LANGUAGES)
def acme(request, tmp_path):
    """A folder as `workbook new` makes it, with the client's export beside the blank sheets."""
    folder = new_client(tmp_path / "acme", request.param)
    (folder / "eksport zamówień 2026.csv").write_text(EXPORT, encoding="utf-8")
    return folder


def test_a_file_that_no_table_uses_is_named_with_what_to_write(acme):
    (found,) = open_client(acme).problems
    assert (found.severity, found.file) == ("warning", "eksport zamówień 2026.csv")
    assert 'tables: {order_lines: {file: "eksport zamówień 2026.csv"}}' in found.remedy
    assert "--suggest" in found.remedy
    assert len(open_client(acme).table()) == 1


def test_the_suggestion_takes_the_file_and_not_the_blank_sheet(acme):
    said = suggest_mapping(open_client(acme)).as_yaml()
    assert yaml.safe_load(said)["tables"] == {
        "order_lines": {
            "file": "eksport zamówień 2026.csv",
            "columns": {
                "order_id": "Nr zamówienia",
                "customer": "Klient",
                "ordered_at": "Data zamówienia",
            },
        }
    }
    assert said.endswith("\n      # …: Uwagi")
    profile = acme / "client.yaml"
    profile.write_text(f"{profile.read_text('utf-8')}\n{said}\n", encoding="utf-8")
    client = open_client(acme)
    assert len(client.order_lines) == 1 and client.problems == ()


def test_a_blank_sheet_gives_way_to_a_file_of_the_same_name(acme):
    (acme / "eksport zamówień 2026.csv").rename(acme / "order_lines.csv")
    client = open_client(acme)
    assert len(client.order_lines) == 1 and client.problems == ()


@pytest.mark.parametrize("ending", ["xls", "ods", "tsv", "XLSX", "parquet"])
def test_every_kind_of_data_file_is_named(tmp_path, ending):
    (tmp_path / "client.yaml").write_text("name: Acme")
    (tmp_path / f"data.{ending}").write_text("x")
    assert [each.file for each in open_client(tmp_path).problems] == [f"data.{ending}"]


def test_what_the_workbook_writes_is_not_taken_for_data(tmp_path):
    folder = new_client(tmp_path / "acme")
    for name in ("customer_key.csv", "acme-steps.csv", "~$order_lines.xlsx", "papers/chart.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("a,b\n1,2\n")
    client = open_client(folder)
    write_findings(client, folder / "faults.xlsx")
    export_survey(design_survey(client), "xlsform", folder)
    assert {"faults.xlsx", "survey.xlsx"} <= {path.name for path in folder.iterdir()}
    assert open_client(folder).problems == () and open_client(folder).is_empty
    assert suggest_mapping(open_client(folder)).as_yaml().startswith("# ")


def test_an_abbreviated_heading_asks_whether_it_means_a_column(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme")
    (tmp_path / "order_lines.csv").write_text("Order number,Deliv. date,Remarks\n1,x,y\n")
    client = open_client(tmp_path)
    (found,) = client.problems
    assert (found.column, found.row) == ("Deliv. date", 1)
    assert "columns: {delivered_at: Deliv. date}" in found.remedy
    assert client.tables["order_lines"].unrecognised == ("Deliv. date", "Remarks")
