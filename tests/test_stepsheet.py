"""The step table as a workbook for the client to correct: what is written is read again."""

import math
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from some_charts import HOSTILE

from workbook.data import open_client, read_table
from workbook.language import LANGUAGES, speak
from workbook.process import build_process
from workbook.starter import write_sheet
from workbook.steps import typed_steps


def there_and_back(steps: pd.DataFrame, language: str = "en") -> pd.DataFrame:
    path = Path(tempfile.mkdtemp()) / "steps.xlsx"
    write_sheet(path, "steps", speak(language), steps)
    frame, problems = read_table(path, "steps")
    assert [problem.sentence() for problem in problems] == []
    return frame.reset_index(drop=True)


def assert_same(steps: pd.DataFrame, back: pd.DataFrame) -> None:
    a, b = typed_steps(steps.reset_index(drop=True)), typed_steps(back)
    pd.testing.assert_frame_equal(a.sort_index(axis=1), b[a.columns].sort_index(axis=1))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("client", ["brzoza-dom", "ten-orders"])
def test_a_clients_steps_come_back_without_loss(client, language):
    steps = open_client(client).steps
    assert_same(steps, there_and_back(steps, language))


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=2, max_size=20
)
# A workbook keeps 16 digits of a number.
TWELVE = lambda low, high: st.floats(low, high).map(lambda number: float(f"{number:.12g}"))
MINUTES = st.none() | TWELVE(0.001, 1e6)


@given(st.lists(st.tuples(WORDS, WORDS, MINUTES, st.none() | TWELVE(0.001, 0.99)), min_size=2))
@settings(max_examples=25, deadline=None)
@example([("=1+1", "@SUM(A1)", 1.0, None), ("-2", "+3", 0.1, 0.08)])
@example([("_x0041_", "{=1}", 1 / 3, None), ("007", "1.0", None, None)])
def test_any_words_and_numbers_come_back(rows):
    named = [
        (f"s{i}", word, role, minutes, share) for i, (word, role, minutes, share) in enumerate(rows)
    ]
    columns = ["step_id", "step", "role", "touch_minutes", "rework_share"]
    steps = pd.DataFrame(named, columns=columns)
    steps["predecessors"] = ["", *steps["step_id"].iloc[:-1]]
    back = there_and_back(steps)
    assert back["step"].tolist() == steps["step"].tolist()
    assert back["role"].tolist() == steps["role"].tolist()
    for column in columns[3:]:
        pairs = zip(steps[column].astype(float), back[column], strict=True)
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


def test_no_name_becomes_a_formula_or_a_link():
    names = ["=1+1", '=HYPERLINK("http://x")', "http://example.org", "{=1}", "@x", "+1", "-1"]
    names += [name for name in HOSTILE if name.isprintable()]
    path = Path(tempfile.mkdtemp()) / "steps.xlsx"
    frame = pd.DataFrame({"step_id": [f"s{i}" for i in range(len(names))], "step": names})
    write_sheet(path, "steps", speak("en"), frame.assign(role=names))
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"} and not any(c.hyperlink for c in cells)
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == names


def test_what_the_client_corrects_is_read():
    path = Path(tempfile.mkdtemp()) / "steps.xlsx"
    write_sheet(path, "steps", speak("pl"), open_client("ten-orders").steps)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    column = [cell.value for cell in sheet[1]].index("Czas pracy (min)") + 1
    sheet.cell(2, column, 99)
    book.save(path)
    steps, _ = read_table(path, "steps")
    assert build_process(steps).data["touch_minutes"].iloc[0] == 99
