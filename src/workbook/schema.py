"""Name the tables, columns and faults that every other module speaks of.

The dictionary is data: `data/dictionary/<table>.csv` has one row per column, with its kind, unit,
allowed values and its label in four languages. CONTRACT names are the file's `column` field.
"""

import csv
import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from workbook.language import Language, speak
from workbook.resources import data_path

__all__ = [
    "MEASURES",
    "RIGHTS",
    "TABLES",
    "Column",
    "DataError",
    "Problem",
    "columns",
    "fold",
    "nearest",
    "table_title",
    "value_labels",
]

RIGHTS = ("product", "quantity", "time", "place", "condition", "price", "information")

MEASURES = (
    *(f"right_{right}" for right in (*RIGHTS, "customer")),
    *("perfect_line", "perfect_order", "perfect_order_measured", "otif"),
    *("unit_fill_rate", "line_fill_rate", "order_fill_rate", "value_fill_rate"),
)

TABLES = (
    "order_lines",
    "steps",
    "events",
    "responses",
    "inquiries",
    "claims",
    "stock",
    "costs",
    "role_answers",
    "benchmarks",
    "standards",
)


@dataclass(frozen=True)
class Column:
    """One column of one table, as the dictionary has it.

    kind is text, number, date, choice, yesno or list; labels and notes are keyed by language.
    """

    name: str
    kind: str
    required: bool
    unit: str
    allowed: tuple[str, ...]
    labels: dict[str, str]
    notes: dict[str, str]
    synonyms: tuple[str, ...]
    example: str


@dataclass(frozen=True)
class Problem:
    """One fault of a client's data: what, where (as the client sees it) and what to do.

    A fault that many cells share is told once, at the first row; `rows` has them all.
    """

    severity: str
    table: str
    problem: str
    remedy: str
    file: str = ""
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    rows: tuple[int, ...] = ()

    def sentence(self, say: Language | None = None) -> str:
        """Say the fault in one line, place first, in the reader's language (default English).

        Examples
        --------
        >>> Problem(
        ...     "error", "steps", "the role is blank", "write who does it", "s.csv", row=4
        ... ).sentence()
        's.csv, row 4: the role is blank; write who does it.'
        """
        say = say or speak("en")
        place = [self.file or self.table]
        place += [say("sheet {name}", name=self.sheet)] if self.sheet else []
        place += [say("row {n}", n=self.row)] if self.row is not None else []
        place += [say("column {name}", name=self.column)] if self.column else []
        value = f" ({self.value!r})" if self.value not in (None, "") else ""
        remedy = self.remedy if self.remedy.endswith("?") else self.remedy.rstrip(".") + "."
        what = {"place": ", ".join(place), "problem": self.problem + value, "remedy": remedy}
        return say("{place}: {problem}; {remedy}", **what)


class DataError(ValueError):
    """A client's data can't be used as it is; `problems` says what, where and what to do.

    Examples
    --------
    >>> str(DataError([Problem("error", "steps", "the file is empty", "add the steps", "s.csv")]))
    's.csv: the file is empty; add the steps.'
    """

    def __init__(self, problems: Iterable[Problem], say: Language | None = None):
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.sentence(say) for problem in self.problems))


@cache
def columns(table: str) -> dict[str, Column]:
    """Return a table's columns by name, in the dictionary's order.

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> columns("steps")["step_id"].required
    True
    """
    if table not in TABLES:
        raise ValueError(f"table {table!r} is not known; write one of {', '.join(TABLES)}")
    with data_path("dictionary", f"{table}.csv").open(encoding="utf-8", newline="") as source:
        return {row["column"]: _column(row) for row in csv.DictReader(source)}


def _column(row: dict[str, str]) -> Column:
    languages = ("en", "fr", "pl", "ru")
    return Column(
        name=row["column"],
        kind=row["kind"],
        required=row["required"] == "yes",
        unit=row["unit"],
        allowed=tuple(filter(None, row["allowed"].split("|"))),
        labels={code: row[f"label_{code}"] for code in languages},
        notes={code: row[f"note_{code}"] for code in languages},
        synonyms=tuple(filter(None, row["synonyms"].split("|"))),
        example=row["example"],
    )


@cache
def value_labels() -> dict[str, dict[str, str]]:
    """Return how every allowed value, yes and no are shown, keyed by value, then language.

    Examples
    --------
    >>> value_labels()["damaged"]["fr"]
    'endommagé'
    """
    with data_path("words.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    shown = lambda row: {code: words.split("|")[0] for code, words in row.items()}
    return {row.pop("value"): shown(row) for row in rows}


def table_title(table: str, say: Language) -> str:
    """Return a table's name for reading; a file that is no table goes by its own.

    Examples
    --------
    >>> table_title("order_lines", speak("en"))
    'Order lines'
    """
    titles = {
        "order_lines": say("Order lines"),
        "steps": say("Process steps"),
        "events": say("Events"),
        "responses": say("Survey answers"),
        "inquiries": say("Customer enquiries"),
        "claims": say("Complaints"),
        "stock": say("Stock"),
        "costs": say("Costs"),
        "role_answers": say("Who does what"),
        "benchmarks": say("Benchmarks"),
        "standards": say("Service standards"),
    }
    return titles.get(table, table)


@lru_cache(100_000)
def fold(name: str) -> str:
    """Reduce a heading to what recognises it: no case, spaces, punctuation or accents.

    Examples
    --------
    >>> fold(" Nr  zamówienia "), fold("Promised_at")
    ('nrzamowienia', 'promisedat')
    """
    plain = unicodedata.normalize("NFKD", str(name).replace("ł", "l").replace("Ł", "L"))
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name a person probably meant, or None when nothing is near.

    Examples
    --------
    >>> nearest("promise_date", ["promised_at", "product"])
    'promised_at'
    """
    folded = {fold(candidate): candidate for candidate in names}
    found = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
