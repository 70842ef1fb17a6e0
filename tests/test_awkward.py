"""Awkward files read right, or are refused in words that name the place; never wrong in silence."""

import pandas as pd
import pytest
from awkward import Case, cases

import workbook as wb
from workbook.profile import TableMapping

CASES = cases()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("awkward")


def read(case: Case, folder):
    return wb.read_table(case.write(folder), "order_lines", mapping=TableMapping(**case.mapping))


def test_there_are_more_than_a_hundred():
    assert len(CASES) > 100
    assert len({case.name for case in CASES}) == len(CASES)


def test_one_seed_makes_the_same_files():
    assert [case.content for case in cases(7)] == [case.content for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_awkward(case, folder):
    reading = read(case, folder)
    said = "\n".join(problem.sentence() for problem in reading.problems)
    if case.orders is None:
        assert reading.data is None, reading.data
    else:
        assert reading.data is not None, said
        assert_reads(case, reading.data)
    for row, column, word in case.told:
        assert any(
            (row is None or row == each.row)
            and (column is None or column == each.column)
            and word in each.sentence()
            for each in reading.problems
        ), said
    if not case.told and not case.loose:
        assert not said


def assert_reads(case: Case, frame: pd.DataFrame):
    """Compare rows, codes, texts, sums and days; a value that is not known stays unknown."""
    expected = pd.DataFrame(case.orders, columns=["order_id", "customer", "many", "price", "day"])
    assert len(frame) == len(expected)
    got = frame.reset_index(drop=True)
    assert set(case.fields) == set(frame)
    assert got["order_id"].tolist() == expected["order_id"].tolist()
    if "customer" in case.fields and not case.loose:
        same = [
            a == b or (pd.isna(a) and pd.isna(b))
            for a, b in zip(got["customer"], expected["customer"], strict=True)
        ]
        assert all(same), got["customer"].tolist()
    if "unit_price" in case.fields:
        assert got["unit_price"].sum() == pytest.approx(expected["price"].astype(float).sum())
        assert got["unit_price"].isna().tolist() == expected["price"].isna().tolist()
    if "ordered_at" in case.fields and len(got):
        days = pd.to_datetime(expected["day"])
        assert got["ordered_at"].dropna().tolist() == days.dropna().tolist()
