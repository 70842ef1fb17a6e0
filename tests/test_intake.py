"""Any file becomes a table of text; the index is the row that the client sees."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

from workbook.intake import read_text
from workbook.schema import DataError, columns

HEADINGS = ["Nr zamówienia", "Klient", "Ilość zamówiona", "Koszt transportu"]
ROWS = [["0017", "Żółw i Źrebię", "5", "1 234,50"], ["0018", "Łódź Sp. z o.o.", "7", "0,99"]]
KNOWN = [label for each in columns("order_lines").values() for label in each.labels.values()]


def write(folder, text, encoding="utf-8", name="orders.csv"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def delimited(rows, delimiter=";", end="\n"):
    return end.join(delimiter.join(row) for row in rows) + end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1250", "iso8859-2"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_polish_exports_read_alike(tmp_path, encoding, delimiter, end):
    path = write(tmp_path, delimited([HEADINGS, *ROWS], delimiter, end), encoding)
    frame = read_text(path, known=KNOWN).frame
    assert list(frame) == HEADINGS
    assert frame.to_numpy().tolist() == ROWS
    assert frame.index.tolist() == [2, 3]
    assert frame.index.name == "row"


@pytest.mark.parametrize(
    ("encoding", "headings", "cells"),
    [
        ("cp1251", ["Номер заказа", "Клиент"], ["З-17", "Ёлочка и Щука"]),
        ("cp1252", ["N° de commande", "Quantité commandée"], ["17", "Évêque à Liège"]),
    ],
)
def test_code_pages_are_told_apart_by_their_headings(tmp_path, encoding, headings, cells):
    frame = read_text(write(tmp_path, delimited([headings, cells]), encoding), known=KNOWN).frame
    assert (list(frame), frame.loc[2].tolist()) == (headings, cells)


def test_headings_are_found_under_title_rows(tmp_path):
    title = "Raport zamówień;;;\n;;;\nWydruk: 2.06.2026;;;\n"
    table = read_text(write(tmp_path, title + delimited([HEADINGS, *ROWS])), known=KNOWN)
    assert list(table.frame) == HEADINGS
    assert table.frame.index.tolist() == [5, 6]


def test_a_row_number_is_the_first_line_of_its_record(tmp_path):
    text = 'order_id,comment\n1,"two\nlines"\n2,plain\n3,"a ""quote"", b"\n'
    frame = read_text(write(tmp_path, text)).frame
    assert frame.index.tolist() == [2, 4, 5]
    assert frame["comment"].tolist() == ["two\nlines", "plain", 'a "quote", b']


def test_blank_and_short_rows_keep_the_numbers_of_the_others(tmp_path):
    table = read_text(write(tmp_path, 'a,b,c\n1,2,3\n\n,,\n4,"5\n6"\n7,8,9\n'))
    assert table.frame.index.tolist() == [2, 5, 7]
    assert table.frame.loc[5].tolist() == ["4", "5\n6", ""]
    assert [problem.row for problem in table.problems] == [5]


def test_a_surplus_cell_is_told_with_its_row(tmp_path):
    (problem,) = read_text(write(tmp_path, "a,b\n1,2\n3,4,5\n")).problems
    assert (problem.severity, problem.row) == ("warning", 3)
    assert "2 headings" in problem.problem


def test_repeated_headings_are_kept_apart(tmp_path):
    frame = read_text(write(tmp_path, "Date,Date,,\n1,2,,\n")).frame
    assert list(frame) == ["Date", "Date (2)"]


def test_an_announced_delimiter_counts_as_a_row(tmp_path):
    frame = read_text(write(tmp_path, "sep=|\na|b\n1|2\n")).frame
    assert frame.index.tolist() == [3]
    assert frame.loc[3].tolist() == ["1", "2"]


def test_codes_stay_as_they_are(tmp_path):
    codes = ["007", "1E5", "NA", "NULL", "MAR-3", "1234567890123456", "true", " x "]
    frame = read_text(write(tmp_path, "order_id,n\n" + "".join(f"{c},1\n" for c in codes))).frame
    assert frame["order_id"].tolist() == codes


def test_a_file_of_headings_only_has_no_rows(tmp_path):
    frame = read_text(write(tmp_path, "order_id,customer\n")).frame
    assert list(frame) == ["order_id", "customer"]
    assert frame.empty


# ── workbooks and Parquet ────────────────────────────────────────────────────────────────────


def save_workbook(path, sheets):
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for (row, column), value in rows.items():
            form = [day] if isinstance(value, dt.date) else []
            sheet.write(row, column, value, *form)
    book.close()
    return path


def grid(rows, top=0, left=0):
    return {(top + i, left + j): v for i, row in enumerate(rows) for j, v in enumerate(row)}


def test_a_workbook_gives_what_was_typed(tmp_path):
    rows = [["order_id", "ordered_at", "unit_price"], [10248, dt.date(2026, 6, 2), 12.5]]
    path = save_workbook(tmp_path / "o.xlsx", {"Orders": grid(rows)})
    table = read_text(path)
    assert table.sheet == "Orders"
    assert table.frame.loc[2].tolist() == ["10248", "2026-06-02", "12.5"]


def test_the_sheet_with_known_headings_is_read_wherever_they_stand(tmp_path):
    rows = [["order_id", "customer"], ["7", "Acme"], ["", ""], ["8", "Bolt"]]
    sheets = {"Notes": grid([["read me"]]), "Data": grid(rows, top=4, left=2)}
    table = read_text(save_workbook(tmp_path / "o.xlsx", sheets), known=["order_id", "customer"])
    assert table.sheet == "Data"
    assert list(table.frame) == ["order_id", "customer"]
    assert table.frame.index.tolist() == [6, 8]


def test_a_workbook_is_known_by_its_bytes_not_its_name(tmp_path):
    path = save_workbook(tmp_path / "orders.csv", {"A": grid([["order_id"], ["7"]])})
    assert read_text(path).frame.loc[2, "order_id"] == "7"


def test_parquet_cells_are_written_exactly(tmp_path):
    frame = pd.DataFrame(
        {
            "order_id": [10248.0, np.nan],
            "ordered_at": pd.to_datetime(["2026-06-02 14:30", None]),
            "unit_price": [0.1, 12.0],
            "customer": ["007", None],
        }
    )
    frame.to_parquet(tmp_path / "o.parquet")
    read = read_text(tmp_path / "o.parquet").frame
    assert read.loc[2].tolist() == ["10248", "2026-06-02 14:30:00.000000", "0.1", "007"]
    assert read.loc[3].tolist() == ["", "", "12", ""]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────


def refusal(path, **choices):
    with pytest.raises(DataError) as caught:
        read_text(path, **choices)
    (problem,) = caught.value.problems
    return problem


def test_a_file_that_is_not_there_names_its_neighbour(tmp_path):
    write(tmp_path, "a\n", name="order_lines.csv")
    problem = refusal(tmp_path / "orderlines.csv")
    assert problem.file == "orderlines.csv"
    assert "order_lines.csv" in problem.remedy


def test_a_sheet_that_is_not_there_lists_the_sheets(tmp_path):
    path = save_workbook(tmp_path / "o.xlsx", {"Orders": grid([["a"]]), "Stock": grid([["b"]])})
    assert "Orders and Stock" in refusal(path, sheet="Order").problem


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04 no", b"PAR1", b"\xd0\xcf\x11\xe0"])
def test_an_empty_or_broken_file_is_refused_in_words(tmp_path, content):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(content)
    problem = refusal(path)
    assert problem.severity == "error"
    assert problem.remedy
