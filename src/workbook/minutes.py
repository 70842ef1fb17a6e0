"""Keep what a workshop says, and set it on paper: minutes, an agenda, a hand-out."""

import csv
import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from workbook.files import Kept
from workbook.language import Language
from workbook.process import Process
from workbook.resources import template_path
from workbook.results import Block, heading, items, table, text
from workbook.rights import right_name

__all__ = ["Board", "agenda", "handout", "minutes", "open_board", "words"]


@cache
def words(language: str) -> dict[str, dict[str, str]]:
    """Return a workshop's own words (templates/workshop/words.csv) by list and name.

    Examples
    --------
    >>> words("fr")["title"]["chart"]
    'Le schéma'
    """
    found: dict[str, dict[str, str]] = {}
    with template_path("workshop", "words.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            found.setdefault(row["list"], {})[row["name"]] = row[language]
    return found


@dataclass
class Board:
    """What a workshop `said`, by name; each change is on disk before the next.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> open_board(folder).put(question="Why so late?")
    >>> open_board(folder).said["question"]
    'Why so late?'
    """

    path: Path
    said: dict[str, object]
    _kept: Kept = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._kept = Kept(self.path)

    def put(self, **said: object) -> None:
        """Take down, and save.

        Raises
        ------
        ChangedElsewhereError
            If another page has written it since: its words stay.
        """
        self.said = self.said | said
        self._kept.write(json.dumps(self.said, ensure_ascii=False, indent=1))


def open_board(folder: Path) -> Board:
    """Go on with a folder's workshop.json, or begin one.

    Raises
    ------
    ValueError
        If the file is there and can't be read.
    """
    path = folder / "workshop.json"
    try:
        return Board(path, dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {})
    except (ValueError, TypeError):
        remedy = "correct it, or move it away to begin anew"
        raise ValueError(f"{path} is not what a workshop wrote; {remedy}") from None


def agenda(say: Language) -> list[Block]:
    """Return the agenda of the first hour."""
    told = words(say.code)
    own, results = told["say"], told["result"].items()
    rows = [(told["from"][name], told["title"][name], result) for name, result in results]
    head = [own[name] for name in ("from", "we_do", "then")]
    blocks = [text(own["hour"], "lead"), table(head, rows, caption="")]
    return [*blocks, heading(own["rules"]), items(list(told["rule"].values()))]


def handout(process: Process, say: Language) -> list[Block]:
    """Return the hand-out for participants: the steps to mark by hand, and the rights."""
    told, own = words(say.code), words(say.code)["say"]
    steps = process.steps.loc[process.order, ["step", "role"]].itertuples(index=False)
    head = [own[name] for name in ("step", "role", "works", "improve", "idea")]
    rights = [(right_name(name, say).capitalize(), what) for name, what in told["meaning"].items()]
    return [
        text(own["mark"], "lead"),
        table(head, [(*row, "☐", "☐", "_" * 24) for row in steps], caption=own["steps"]),
        table([told["title"]["contract"], own["comes"]], rights, caption=""),
    ]


def minutes(said: dict[str, object], views: Iterable[Block], say: Language) -> list[Block]:
    """Return the minutes: who was there, the question, what was seen, and the actions."""
    told, own = words(say.code), words(say.code)["say"]
    people = str(said.get("people", "")).split("\n")
    people = say.listing([name.strip() for name in people if name.strip()])
    date = lambda day: say.date(dt.date.fromisoformat(day)) if day else "–"
    rows = [
        (each["what"], each.get("who") or "–", date(each.get("due_day")))
        for each in said.get("actions", [])
        if each.get("what")
    ]
    head = [own[name] for name in ("what", "who", "due_day")]
    return [
        *([text(f"{own['present']}: {people}")] if people else []),
        text(str(said.get("question") or own["no_question"]), "lead"),
        heading(told["title"]["actions"]),
        table(head, rows, caption="") if rows else text(own["no_action"]),
        *views,
    ]
