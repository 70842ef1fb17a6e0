"""Find the data files of a client's folder that no table uses, and which table each would make."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

from workbook import intake
from workbook.faults import Faults
from workbook.files import MADE, WRITTEN
from workbook.headings import recognise, spellings
from workbook.language import Language, speak
from workbook.schema import TABLES, DataError, Problem, columns, fold

__all__ = ["best_table", "is_blank", "read_cells", "tell_unused", "unused_files"]

_BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ENDINGS = (".csv", ".tsv", ".parquet", *_BOOKS)


def unused_files(folder: Path, used: Iterable[Path], more: Iterable[str] = ()) -> list[Path]:
    """Return the data files right in a folder that are not used, nor written by the workbook.

    A blank sheet that another file stands in for is no data; what lies in a folder below is not
    looked at. `more` are further endings that count.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("export.csv", "steps.csv", "customer_key.csv", "notes.txt"):
    ...     _ = (folder / name).write_text("a,b\\n1,2\\n")
    >>> [path.name for path in unused_files(folder, [folder / "steps.csv"])]
    ['export.csv']
    """
    used, endings = set(used), (*_ENDINGS, *more)
    files = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in endings)
    return [path for path in files if path not in used and not _is_no_data(path)]


def _is_no_data(path: Path) -> bool:
    if path.name[0] in "~." or path.name in MADE or not path.is_file():
        return True
    table = next((name for name in TABLES if fold(path.stem) == fold(name)), None)
    return bool(table and is_blank(path, table)) or _is_written(path)


def _is_written(path: Path) -> bool:
    """Tell whether the workbook wrote a sheet itself: findings, measures or a questionnaire."""
    try:
        with zipfile.ZipFile(path) as book:
            return WRITTEN["category"].encode() in book.read("docProps/core.xml")
    except (zipfile.BadZipFile, KeyError, OSError):
        return False


def is_blank(path: Path, table: str) -> bool:
    """Tell whether a table's file has headings and no row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "steps.csv"
    >>> _ = path.write_text("step_id,step,role\\n")
    >>> is_blank(path, "steps")
    True
    """
    cells = read_cells(path, None, table)
    return cells is not None and cells.frame.empty


def read_cells(path: Path, sheet: str | None, *tables: str) -> intake.TextTable | None:
    """Read a file as text, as one of these tables; None if it can't be read."""
    known = [word for name in tables for each in columns(name).values() for word in spellings(each)]
    try:
        return intake.read_text(path, sheet, known=known)
    except DataError:
        return None


def best_table(
    path: Path, free: Iterable[str]
) -> tuple[str, intake.TextTable, dict[str, str]] | None:
    """Return the table with most of its headings in a file, at least two; None if there is none.

    With it come the file's cells, and ours to theirs of the headings. All that the table requires
    is there, unless the file bears its name.
    """
    free = list(free)
    cells = read_cells(path, None, *free) if free else None
    if cells is None:
        return None
    tries = []
    for table in free:
        faults = Faults(table, path.name, speak("en"))
        found = recognise(list(cells.frame), columns(table), {}, faults)
        named = fold(table) in fold(path.stem)
        tries.append((not faults.fatal, named, len(found), table, found))
    whole, named, n, table, found = max(tries, key=lambda each: each[:3])
    return (table, cells, found) if n > 1 and (whole or named) else None


def tell_unused(paths: Iterable[Path], say: Language) -> tuple[Problem, ...]:
    """Tell each file that no table uses, and how it becomes one."""
    what = say("the file is used for no table")
    told = []
    for path in paths:
        name = json.dumps(path.name, ensure_ascii=False)
        remedy = say(
            "if it is data, write tables: {{order_lines: {{file: {name}}}}} or another table in"
            " client.yaml; workbook check --suggest prints all the lines; if not, move it into a"
            " folder below",
            name=name,
        )
        told.append(Problem("warning", "", what, remedy, path.name))
    return tuple(told)
