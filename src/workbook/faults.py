"""Say what is wrong with a table: every fault with its place, the rule and the remedy.

A fault that many cells share is told once, with their number and the first rows.
"""

from dataclasses import dataclass, field, replace

import pandas as pd

from workbook.language import Language
from workbook.schema import Column, Problem
from workbook.values import Typed, is_missing

__all__ = ["Faults", "check_rows", "list_rows", "report_cells"]

_IDS = ("order_id", "step_id", "response_id")


@dataclass
class Faults:
    """Collect a table's problems, each with its place.

    Examples
    --------
    >>> from workbook.language import speak
    >>> faults = Faults("steps", "s.csv", speak("en"))
    >>> faults.add("warning", "the role is blank", "write who does it", row=4)
    >>> faults.fatal, faults.problems[0].file
    (False, 's.csv')
    """

    table: str
    file: str
    say: Language
    sheet: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def add(self, severity: str, problem: str, remedy: str, **place: object) -> None:
        """Add a problem; place is row, column, value, or another file and sheet."""
        where = {"file": self.file, "sheet": self.sheet} | place
        self.problems.append(Problem(severity, self.table, problem, remedy, **where))

    def take(self, problems: tuple[Problem, ...]) -> None:
        """Add problems that were found before the table was known."""
        self.problems += [replace(problem, table=self.table) for problem in problems]

    @property
    def fatal(self) -> bool:
        """Whether an error drops the table."""
        return any(problem.severity == "error" for problem in self.problems)


def list_rows(rows: pd.Index, say: Language, most: int = 5) -> str:
    """List row numbers, the first few of many.

    Examples
    --------
    >>> from workbook.language import speak
    >>> list_rows(pd.Index([2, 5, 9]), speak("en"), most=2)
    '2, 5 …'
    """
    shown = [str(row) for row in rows[:most]]
    return say.listing(shown) if len(rows) <= most else ", ".join(shown) + " …"


def report_cells(cells: pd.Series, typed: Typed, column: Column, faults: Faults) -> None:
    """Report a column's unreadable and blank cells, and a default that had to decide.

    Examples
    --------
    >>> from workbook.language import speak
    >>> from workbook.schema import columns
    >>> from workbook.values import to_number
    >>> faults, cells = Faults("order_lines", "o.csv", speak("en")), pd.Series(["1", "x"])
    >>> report_cells(cells, to_number(cells), columns("order_lines")["weight_kg"], faults)
    >>> faults.problems[0].problem
    "1 value can't be read as a number and is unknown (row 1)"
    """
    if typed.undecided:
        _report_undecided(cells, column, faults)
    if typed.unreadable.any():
        _report_unreadable(cells, typed.unreadable, column, faults)
    if column.required and (typed.series.isna() & ~typed.unreadable).any():
        _report_blank(cells, typed, column, faults)


def _report_undecided(cells: pd.Series, column: Column, faults: Faults) -> None:
    """Name the default that was used where no value tells one reading from the other."""
    say, example = faults.say, cells[~is_missing(cells)]
    if column.kind == "date":
        what = say("no value tells the day from the month; the day is taken to come first")
        remedy = say("write dates: day_first or dates: month_first in client.yaml")
    else:
        what = say("no value tells a decimal sign from a thousands sign; a point is decimal")
        remedy = say('write decimal: "," or decimal: "." in client.yaml')
    place = {"row": int(example.index[0]), "column": cells.name, "value": example.iloc[0]}
    faults.add("warning", what, remedy, **place)


def _report_unreadable(
    cells: pd.Series, unreadable: pd.Series, column: Column, faults: Faults
) -> None:
    say, rows = faults.say, cells.index[unreadable]
    kind, listed = _kind(column, say), list_rows(rows, say)
    what = say.plural(
        "{n} value can't be read as {kind} and is unknown (row {rows})",
        "{n} values can't be read as {kind} and are unknown (rows {rows})",
        len(rows),
        kind=kind,
        rows=listed,
    )
    if column.allowed:
        remedy = say(
            "write one of {words}, or map it under values", words=", ".join(column.allowed)
        )
    else:
        remedy = say("correct the cells, or leave them blank where nothing is known")
    place = {"row": int(rows[0]), "column": cells.name, "value": cells[unreadable].iloc[0]}
    faults.add("warning", what, remedy, **place)


def _kind(column: Column, say: Language) -> str:
    names = {
        "number": say("a number"),
        "date": say("a date"),
        "yesno": say("yes or no"),
        "choice": say("one of the allowed words"),
        "list": say("a list of the allowed words"),
    }
    return names[column.kind]


def _report_blank(cells: pd.Series, typed: Typed, column: Column, faults: Faults) -> None:
    """A row without its key is an error; another required value that is blank is unknown."""
    if faults.table == "steps" and column.name not in _IDS:
        return  # check_steps names each row and what it lacks
    say, rows = faults.say, cells.index[typed.series.isna() & ~typed.unreadable]
    listed = list_rows(rows, say)
    what = say.plural(
        "{column} is blank in {n} row (row {rows})",
        "{column} is blank in {n} rows (rows {rows})",
        len(rows),
        column=column.name,
        rows=listed,
    )
    remedy = say("fill it in, or delete the row if it is no record")
    severity = "error" if column.name in _IDS else "warning"
    faults.add(severity, what, remedy, row=int(rows[0]), column=cells.name)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def check_rows(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    """Report ids that stand twice, and order lines that are there twice.

    Examples
    --------
    >>> from workbook.language import speak
    >>> faults = Faults("steps", "s.csv", speak("en"))
    >>> frame = pd.DataFrame({"step_id": ["S1", "S1"]}, index=[2, 3])
    >>> check_rows(frame, {"step_id": "Step no."}, faults)
    >>> faults.problems[0].problem
    'the same id stands in rows 2 and 3'
    """
    key = {"steps": "step_id", "responses": "response_id"}.get(faults.table)
    if key in frame:
        _check_key(frame[key].dropna(), found[key], faults)
    if faults.table == "order_lines" and not faults.fatal:
        _check_lines(frame, found, faults)


def _check_key(keys: pd.Series, heading: str, faults: Faults) -> None:
    say, again = faults.say, keys.duplicated(keep=False)
    for value, same in keys[again].groupby(keys[again], sort=False):
        what = say("the same id stands in rows {rows}", rows=list_rows(same.index, say))
        remedy = say("give each row an id of its own, or delete the copies")
        faults.add("error", what, remedy, row=int(same.index[1]), column=heading, value=value)


def _check_lines(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    keys = [name for name in ("order_id", "line_no", "delivery_no") if name in frame]
    repeated = frame[frame.duplicated(keys, keep=False)]
    copies = repeated.duplicated()
    say = faults.say
    if copies.any():
        rows = repeated.index[copies]
        listed = list_rows(rows, say)
        what = say.plural(
            "{n} row repeats an earlier one in every column (row {rows})",
            "{n} rows repeat an earlier one in every column (rows {rows})",
            len(rows),
            rows=listed,
        )
        remedy = say("delete the copies, or number the lines with line_no if they are not copies")
        faults.add("warning", what, remedy, row=int(rows[0]), column=found["order_id"])
    other = repeated[~copies].duplicated(keys)
    if "line_no" in frame and other.any():
        rows = other.index[other]
        listed = list_rows(rows, say)
        what = say.plural(
            "{n} row has the order, line and delivery of an earlier row but differs (row {rows})",
            "{n} rows have the order, line and delivery of an earlier row but differ (rows {rows})",
            len(rows),
            rows=listed,
        )
        remedy = say("number split deliveries with delivery_no, or correct the row")
        faults.add("warning", what, remedy, row=int(rows[0]), column=found["line_no"])
