"""The findings stand beside the client's own rows, each cell marked, and no text is a formula."""

from zipfile import ZipFile

import pytest
import python_calamine as calamine

from workbook.data import open_client
from workbook.marked import write_findings


@pytest.fixture
def book(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Shop\nlanguage: pl\n")
    rows = '1,"=1+1",x\n2,B,7\n3,http://shop.example,y\n'
    (tmp_path / "order_lines.csv").write_text("order_id,customer,quantity_ordered\n" + rows)
    return write_findings(open_client(tmp_path), tmp_path / "found.xlsx")


def test_rows_stand_where_they_stand_in_the_file(book):
    read = calamine.CalamineWorkbook.from_path(str(book))
    findings, rows = (read.get_sheet_by_name(name).to_python() for name in read.sheet_names)
    assert len(findings) == 2
    assert rows[3] == ["3", "http://shop.example", "y"]


def test_every_cell_at_fault_has_a_comment_and_nothing_is_a_formula(book):
    with ZipFile(book) as archive:
        sheets = [name for name in archive.namelist() if "worksheets/sheet" in name]
        comments = archive.read("xl/comments1.xml").decode()
        assert all(b"<f>" not in archive.read(name) for name in sheets)
    assert 'ref="C2"' in comments and 'ref="C4"' in comments
    assert 'ref="C3"' not in comments
