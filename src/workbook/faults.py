"""Say what is wrong with a table: every fault with its place, the rule and the remedy.

A fault that many cells share is told once, with their number and the first rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from workbook.language import Language
from workbook.schema import Column, Problem
from workbook.values import Typed

__all__ = ["Faults", "in_rows", "list_rows", "report_cells"]

_MARKED = 10_000  # how many cells of one fault are marked in the client's workbook
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
    heading_row: int | None = None
    encoding: str = ""
    problems: list[Problem] = field(default_factory=list)

    def add(self, severity: str, problem: str, remedy: str, **place: object) -> None:
        """Add a problem; place is row or rows, column, value, or another file and sheet."""
        where = {"file": self.file, "sheet": self.sheet, "problem": problem} | place
        where |= in_rows(problem, where.pop("rows", ()), self.say)
        self.problems.append(Problem(severity, self.table, remedy=remedy, **where))

    def take(self, problems: tuple[Problem, ...]) -> None:
        """Add problems that were found before the table was known."""
        self.problems += [replace(problem, table=self.table) for problem in problems]

    @property
    def fatal(self) -> bool:
        """Whether an error drops the table."""
        return any(problem.severity == "error" for problem in self.problems)


def in_rows(problem: str, rows: Sequence[int], say: Language) -> dict[str, object]:
    """Return a problem's words and rows; the words end in the rows where there are several.

    Examples
    --------
    >>> from workbook.language import speak
    >>> in_rows("the role is blank", [4, 7], speak("en"))
    {'row': 4, 'rows': (4, 7), 'problem': 'the role is blank (rows 4 and 7)'}
    """
    if not len(rows):
        return {}
    listed = say("rows {rows}", rows=list_rows(rows, say)) if len(rows) > 1 else ""
    marked = {"row": int(rows[0]), "rows": tuple(map(int, rows[:_MARKED]))}
    return marked | {"problem": f"{problem} ({listed})" if listed else problem}


def list_rows(rows: Sequence[int], say: Language, most: int = 5) -> str:
    """List row numbers, the first few of many.

    Examples
    --------
    >>> from workbook.language import speak
    >>> list_rows([2, 5, 9], speak("en"), most=2)
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
    "1 value can't be read as a number and is unknown"
    """
    if typed.undecided and typed.series.notna().any():
        _report_undecided(cells, typed, column, faults)
    if typed.currencies:
        _report_currencies(cells, typed.currencies, faults)
    if typed.unreadable.any():
        _report_unreadable(cells, typed.unreadable, column, faults)
    if column.required and (typed.series.isna() & ~typed.unreadable).any():
        _report_blank(cells, typed, column, faults)


def _report_undecided(cells: pd.Series, typed: Typed, column: Column, faults: Faults) -> None:
    """Name the reading that was used where the values do not tell one from the other."""
    say = faults.say
    told = {"value": "", "reading": "", "table": faults.table}
    if column.kind == "date":
        parts = cells.str.extract(r"^0*(\d{1,2})\D0*(\d{1,2})\D").astype(float)
        read = typed.series.notna()
        either = (parts[0] != parts[1]) & (parts.max(axis=1) <= 12) & read
        row = cells.index[(either if either.any() else read).argmax()]
        told |= {"value": cells.at[row], "reading": say.date(typed.series.at[row])}
        what = say(
            "the values do not tell the day from the month; {value} is read as {reading}", **told
        )
        remedy = say(
            "write dates: day_first or dates: month_first under {table} in client.yaml", **told
        )
    else:
        row = cells.index[cells.str.contains(r"\d[.,]\d{3}(?!\d)").argmax()]
        number = typed.series.at[row]
        told |= {"value": cells.at[row], "reading": say.number(number, 0 if number % 1 == 0 else 3)}
        what = say(
            "the values do not tell a decimal sign from a thousands sign; {value} is read as "
            "{reading}",
            **told,
        )
        remedy = say('write decimal: "," or decimal: "." under {table} in client.yaml', **told)
    faults.add("warning", what, remedy, row=int(row), column=cells.name, value=cells.at[row])


def _report_unreadable(
    cells: pd.Series, unreadable: pd.Series, column: Column, faults: Faults
) -> None:
    say, rows = faults.say, cells.index[unreadable]
    what = say.plural(
        "{n} value can't be read as {kind} and is unknown",
        "{n} values can't be read as {kind} and are unknown",
        len(rows),
        kind=_kind(column, say),
    )
    if column.allowed:
        remedy = say(
            "write one of {words}, or map it under values", words=", ".join(column.allowed)
        )
    else:
        remedy = say("correct the cells, or leave them blank where nothing is known")
    first = cells[unreadable].iloc[0]
    faults.add("warning", what, remedy, rows=rows, column=cells.name, value=first)


def _report_currencies(cells: pd.Series, currencies: tuple[str, ...], faults: Faults) -> None:
    say = faults.say
    what = say("the column mixes currencies: {names}", names=say.listing(list(currencies)))
    remedy = say("give each its own rows and name it in a column currency; none is converted")
    faults.add("warning", what, remedy, column=cells.name)


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
    n, name = len(rows), column.name
    what = say.plural(
        "{column} is blank in {n} row", "{column} is blank in {n} rows", n, column=name
    )
    remedy = say("fill it in, or delete the row if it is no record")
    severity = "error" if column.name in _IDS else "warning"
    faults.add(severity, what, remedy, rows=rows, column=cells.name)
