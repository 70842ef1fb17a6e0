"""Show what was recognised in a client's files, and write it into client.yaml as `tables:`.

Also files that no table uses are tried: the table with most of its headings there is suggested,
also in place of a blank sheet.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from workbook import headings, intake, results
from workbook.data import Client, find_unused
from workbook.language import Language, speak
from workbook.leftovers import best_table, read_cells
from workbook.profile import read_profile
from workbook.results import Shown
from workbook.schema import TABLES, columns, table_title
from workbook.yamltext import read_yaml

__all__ = ["Suggestion", "suggest_mapping"]


@dataclass(frozen=True)
class Suggestion:
    """Which heading means which column, for every table that was found; write() keeps it.

    `data` has one row per recognised column: table, file, sheet (blank for a file without such),
    column, heading, first (the first values, as the file has them). `unrecognised` are each
    table's other headings.
    """

    folder: Path
    data: pd.DataFrame
    language: str
    unrecognised: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, dict[str, object]]:
        """The `tables:` key of client.yaml, as plain data."""
        found = {}
        for (table, file), rows in self.data.groupby(["table", "file"], sort=False):
            sheet = {"sheet": rows["sheet"].iloc[0]} if rows["sheet"].iloc[0] else {}
            names = dict(zip(rows["column"], rows["heading"], strict=True))
            found[table] = {"file": file, **sheet, "columns": names}
        return found

    def as_yaml(self) -> str:
        """Return the lines to add to client.yaml; headings that mean no column are comments."""
        say = speak(self.language)
        if not self.tables:
            return "# " + say("no heading of a table is known in any file here")
        lines = ["tables:"]
        how = say("not recognised; if one is a column of ours, write its name before the colon")
        for table, mapped in self.tables.items():
            lines += [f"  {line}" for line in _dumped({table: mapped})]
            others = [
                line for name in self.unrecognised.get(table, ()) for line in _dumped({"…": name})
            ]
            lines += [f"      # {line}" for line in ([how, *others] if others else [])]
        return "\n".join(lines)

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
        dumped = "\n".join([*_dumped({"tables": merged}), ""])
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


def _dumped(data: object) -> list[str]:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)
    return text.splitlines()


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
    rows, unread = [], {}
    filled = {name: each for name, each in client.tables.items() if each.rows or each.data is None}
    for table, reading in filled.items():
        cells = read_cells(client.folder / reading.file, reading.sheet, table)
        rows += _rows(table, cells, reading.columns)
        unread[table] = reading.unrecognised
    free = [name for name in TABLES if name not in filled]
    for path in find_unused(client.folder, client.profile, more=[".txt"]):
        if best := best_table(path, free):
            table, cells, found = best
            rows += _rows(*best)
            unread[table] = headings.unread(list(cells.frame), found)
    names = ["table", "file", "sheet", "column", "heading", "first"]
    data = pd.DataFrame(rows, columns=names)
    return Suggestion(client.folder, data, client.profile.language, unread)


def _rows(table: str, cells: intake.TextTable | None, found: dict[str, str]) -> list[tuple]:
    """Describe each recognised column; one that a join brought has no values here."""
    if cells is None:
        return []
    first = lambda name: ", ".join(filter(None, cells.frame[name].head(3)))
    return [
        (
            table,
            cells.file,
            cells.sheet or "",
            ours,
            name,
            first(name) if name in cells.frame else "",
        )
        for ours, name in found.items()
    ]
