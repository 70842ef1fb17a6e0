"""Write the findings beside the client's own rows: a workbook with each cell at fault marked.

Rows stand where they stand in the file, so that every row number holds; text stays text.
"""

from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from workbook import intake
from workbook.data import Client, Reading
from workbook.files import WRITTEN
from workbook.language import Language, speak
from workbook.schema import DataError, Problem, table_title

__all__ = ["write_findings"]

_MOST_ROWS, _LAST_ROW = 20_000, 1_048_576
_TEXT_ONLY = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
_COLOURS = {"error": "#f4c7c3", "warning": "#fde9b8"}


def write_findings(client: Client, path: str | Path) -> Path:
    """Write all findings and the tables they are about as an .xlsx.

    The first sheet lists the findings; each table with a finding follows as the client wrote it,
    with the cells marked and a comment that says what to do. Of a table of more than 20,000 rows
    only those at fault are written.

    Examples
    --------
    >>> import tempfile
    >>> from workbook.data import open_client
    >>> place = Path(tempfile.mkdtemp()) / "findings.xlsx"
    >>> write_findings(open_client("ten-orders"), place).name
    'findings.xlsx'
    """
    say = speak(client.profile.language)
    with xlsxwriter.Workbook(str(path), _TEXT_ONLY) as book:
        book.set_properties(WRITTEN)
        looks = {word: book.add_format({"bg_color": look}) for word, look in _COLOURS.items()}
        looks["head"] = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        _write_list(book.add_worksheet(say("Findings")), client.table(say.code), looks["head"])
        for name, reading in client.tables.items():
            if reading.problems:
                _write_table(book, client, name, reading, looks, say)
    return Path(path)


def _write_list(sheet: Worksheet, found: pd.DataFrame, head: object) -> None:
    sheet.write_row(0, 0, list(found), head)
    for at, row in enumerate(found.itertuples(index=False), 1):
        for column, value in enumerate(row):
            sheet.write_string(at, column, str(value)[:32_000])
    for column, width in enumerate((12, 18, 24, 12, 8, 20, 20, 70, 70)[: len(found.columns)]):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)


def _write_table(
    book: xlsxwriter.Workbook,
    client: Client,
    name: str,
    reading: Reading,
    looks: dict[str, object],
    say: Language,
) -> None:
    try:
        known = reading.columns.values()
        cells = intake.read_text(client.folder / reading.file, reading.sheet, known=known)
    except DataError:
        return
    sheet = book.add_worksheet(table_title(name, say)[:31])
    top = cells.heading_row - 1
    here = [each for each in reading.problems if each.file == reading.file]
    marked = {row for each in here for row in each.rows or (each.row,) if row}
    frame = cells.frame if len(cells.frame) <= _MOST_ROWS else cells.frame.filter(marked, axis=0)
    frame = frame[frame.index <= _LAST_ROW]
    for column, heading in enumerate(frame):
        sheet.write_string(top, column, heading, looks["head"])
    for row, texts in zip(frame.index, frame.itertuples(index=False), strict=True):
        for column, text in enumerate(texts):
            sheet.write_string(row - 1, column, text[:32_000])
    _mark(sheet, frame, top, here, looks, say)
    sheet.set_column(0, len(frame.columns), 16)


def _mark(
    sheet: Worksheet,
    frame: pd.DataFrame,
    top: int,
    problems: list[Problem],
    looks: dict[str, object],
    say: Language,
) -> None:
    """Colour the cells at fault; a comment holds all that is said of a cell."""
    said: dict[tuple[int, int], list[Problem]] = {}
    for problem in problems:
        at = frame.columns.get_loc(problem.column) if problem.column in frame else 0
        for row in problem.rows or (problem.row or top + 1,):
            said.setdefault((row - 1, at), []).append(problem)
    for (row, column), here in said.items():
        text = frame.iat[frame.index.get_loc(row + 1), column] if row + 1 in frame.index else ""
        text = frame.columns[column] if row == top and len(frame.columns) else text
        severity = "error" if any(each.severity == "error" for each in here) else "warning"
        sheet.write_string(row, column, text[:32_000], looks[severity])
        words = "\n".join(f"{each.problem}: {each.remedy}" for each in here)
        sheet.write_comment(row, column, words[:2_000], {"x_scale": 2, "y_scale": 1.5})
