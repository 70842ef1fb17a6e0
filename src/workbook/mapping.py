"""Show what was recognised in a client's files, and write it into client.yaml as `tables:`.

Also files that no table claims are tried: the table with most of its headings there is suggested.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from workbook import intake, results
from workbook.data import Client
from workbook.faults import Faults
from workbook.headings import recognise, spellings
from workbook.language import Language, speak
from workbook.profile import read_profile
from workbook.results import Shown
from workbook.schema import TABLES, DataError, columns, fold, table_title
from workbook.yamltext import read_yaml

__all__ = ["Suggestion", "suggest_mapping"]

_ENDINGS = (".csv", ".txt", ".tsv", ".xls", ".xlsx", ".xlsm", ".parquet")


@dataclass(frozen=True)
class Suggestion:
    """Which heading means which column, for every table that was found; write() keeps it.

    `data` has one row per recognised column: table, file, sheet, column, heading, first (the first
    values, as the file has them).
    """

    folder: Path
    data: pd.DataFrame
    language: str

    @property
    def tables(self) -> dict[str, dict[str, object]]:
        """The `tables:` key of client.yaml, as plain data."""
        found = {}
        for (table, file), rows in self.data.groupby(["table", "file"], sort=False):
            sheet = {"sheet": rows["sheet"].iloc[0]} if rows["sheet"].iloc[0] else {}
            headings = dict(zip(rows["column"], rows["heading"], strict=True))
            found[table] = {"file": file, **sheet, "columns": headings}
        return found

    def as_yaml(self) -> str:
        """Return the lines to add to client.yaml."""
        dumped = {"tables": self.tables}
        return yaml.safe_dump(dumped, allow_unicode=True, sort_keys=False, width=1000).rstrip()

    def write(self) -> Path:
        """Put the mapping into client.yaml; what stands there already stays and wins.

        Lines outside `tables:` are left as they are.
        """
        path = self.folder / "client.yaml"
        given = (read_yaml(path, speak(self.language)).data or {}).get("tables") or {}
        merged = self.tables | given
        for name, table in self.tables.items():
            both = table["columns"] | ((given.get(name) or {}).get("columns") or {})
            merged[name] = table | (given.get(name) or {}) | {"columns": both}
        text = path.read_text(encoding="utf-8-sig")
        rest = re.sub(r"(?m)^tables:.*\n?(?:(?:[ \t#-].*)?(?:\n|\Z))*", "", text)
        dumped = yaml.safe_dump({"tables": merged}, allow_unicode=True, sort_keys=False, width=1000)
        beside = path.with_suffix(".yaml.part")
        beside.write_text(f"{rest.rstrip()}\n{dumped}", encoding="utf-8", newline="\n")
        beside.replace(path)
        read_profile(self.folder)
        return path

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return what was recognised, for reading."""
        say = speak(language or self.language)
        label = lambda row: columns(row.table)[row.column].labels[say.code]
        shown = {
            say("Table"): [table_title(name, say) for name in self.data["table"]],
            say("File"): self.data["file"],
            say("Heading in the file"): self.data["heading"],
            say("Understood as"): [label(row) for row in self.data.itertuples()],
            say("First values"): self.data["first"],
        }
        return pd.DataFrame(shown)

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the table and what to do with it."""
        shown = self.table(say.code)
        how = say("write() puts this into client.yaml; correct there what is meant otherwise.")
        caption = say("What was recognised")
        shown = results.table(list(shown), shown.to_numpy().tolist(), caption=caption)
        return [shown, results.text(how, "note")]

    def _repr_html_(self) -> str:
        return Shown(tuple(self.blocks(speak(self.language))))._repr_html_()


def suggest_mapping(client: Client) -> Suggestion:
    """Suggest how a client's files map to the tables, with the first values of each column.

    Parameters
    ----------
    client : Client
        Read; tables that an error dropped are shown as far as they were recognised.

    Returns
    -------
    Suggestion
        .table() shows it, .write() puts it into client.yaml.

    Examples
    --------
    >>> from workbook.data import open_client
    >>> suggest_mapping(open_client("ten-orders")).tables["steps"]["file"]
    'steps.csv'
    """
    rows, used = [], {reading.file for reading in client.tables.values()}
    for table, reading in client.tables.items():
        cells = _cells(client.folder / reading.file, reading.sheet, table)
        rows += _rows(table, cells, reading.columns)
    files = (path for path in sorted(client.folder.iterdir()) if path.suffix.lower() in _ENDINGS)
    joined = {each.join.file for each in client.profile.tables.values() if each.join}
    for path in (path for path in files if path.name not in used | joined):
        rows += _unclaimed(path, [name for name in TABLES if name not in client.tables])
    names = ["table", "file", "sheet", "column", "heading", "first"]
    return Suggestion(client.folder, pd.DataFrame(rows, columns=names), client.profile.language)


def _cells(path: Path, sheet: str | None, *tables: str) -> intake.TextTable | None:
    known = [word for name in tables for each in columns(name).values() for word in spellings(each)]
    try:
        return intake.read_text(path, sheet, known=known)
    except DataError:
        return None


def _rows(table: str, cells: intake.TextTable | None, found: dict[str, str]) -> list[tuple]:
    """Describe each recognised column; one that a join brought has no values here."""
    if cells is None:
        return []
    first = lambda name: ", ".join(filter(None, cells.frame[name].head(3)))
    return [
        (table, cells.file, cells.sheet, ours, name, first(name) if name in cells.frame else "")
        for ours, name in found.items()
    ]


def _unclaimed(path: Path, free: list[str]) -> list[tuple]:
    """Try a file that no table claims with each table that has none; at least two headings."""
    cells = _cells(path, None, *free) if free and path.name[0] not in "~." else None
    if cells is None:
        return []
    tries = []
    for table in free:
        faults = Faults(table, path.name, speak("en"))
        found = recognise(list(cells.frame), columns(table), {}, faults)
        named = fold(table) in fold(path.stem)
        tries.append((not faults.fatal, named, len(found), table, found))
    whole, named, n, table, found = max(tries, key=lambda each: each[:3])
    return _rows(table, cells, found) if n > 1 and (whole or named) else []
