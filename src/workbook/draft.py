"""Keep a table of steps while people change it: each change is on disk before the next, and undone.

The draft is text as it was typed. What can't be a process yet is told in words, and the last table
that could is what the chart shows. What another page has written meanwhile is not written over.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from workbook.files import Kept
from workbook.process import Process, build_process

__all__ = ["COLUMNS", "VOTES", "Draft", "open_draft"]

# What is edited; a table's other columns are kept as they are.
COLUMNS = ("step_id", "step", "role", "predecessors", "touch_minutes", "wait_minutes")
VOTES = ("votes_works", "votes_improve")
# What is typed into one cell with shorter pauses (seconds) is one change, undone as one.
_PAUSE = 2.0


@dataclass
class Draft:
    """A table of steps under change: `rows` is text, one row per step; `path` is where it is kept.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "steps.csv"
    >>> draft = Draft(pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]}), path)
    >>> draft.change(0, "touch_minutes", "12")
    >>> draft.process().lead_time_minutes, path.read_text().splitlines()[1]
    (12.0, 'a,Pick,Store,,12,,,')
    >>> draft.undo(), draft.rows.at[0, "touch_minutes"]
    (True, '')
    """

    rows: pd.DataFrame
    path: Path
    _kept: Kept = field(init=False, repr=False)
    _earlier: list[pd.DataFrame] = field(default_factory=list, repr=False)
    _last: tuple[object, float] = field(default=(None, 0.0), repr=False)

    def __post_init__(self) -> None:
        text = self.rows.map(_text).astype("str")
        missing = {name: "" for name in (*COLUMNS, *VOTES) if name not in text}
        self.rows, self._kept = text.assign(**missing).reset_index(drop=True), Kept(self.path)

    def change(self, row: int, column: str, value: str) -> None:
        """Put a value into a cell, and save."""
        if self.rows.at[row, column] != value.strip():
            rows = self.rows.copy()
            rows.at[row, column] = value.strip()
            self._become(rows, (row, column) if column in COLUMNS else None)

    def add(self) -> None:
        """Add a step that follows the last one, and save."""
        ids, number = set(self.rows["step_id"]), len(self.rows) + 1
        while str(number) in ids:
            number += 1
        last = self.rows.iloc[-1] if len(self.rows) else {"step_id": "", "role": ""}
        new = dict.fromkeys(self.rows, "") | {"step_id": str(number), "role": last["role"]}
        new |= {"step": f"… {number}", "predecessors": last["step_id"]}
        self._become(pd.concat([self.rows, pd.DataFrame([new])], ignore_index=True))

    def remove(self, row: int) -> None:
        """Take a step out, join what followed it to what came before it, and save."""
        gone = self.rows.loc[row]
        follow = lambda names: _joined(names, gone["step_id"], gone["predecessors"])
        rows = self.rows.drop(index=row).reset_index(drop=True)
        self._become(rows.assign(predecessors=rows["predecessors"].map(follow)))

    def vote(self, row: int, column: str) -> None:
        """Count one more vote on a step, and save."""
        self.change(row, column, str(int(float(self.rows.at[row, column] or 0)) + 1))

    def undo(self) -> bool:
        """Take the last change back, and save; tell whether there was one."""
        if not self._earlier:
            return False
        self.rows, self._last = self._earlier.pop(), (None, 0.0)
        self.save()
        return True

    def save(self) -> None:
        """Write the table whole.

        Raises
        ------
        ChangedElsewhereError
            If another page has written it since: its words stay.
        """
        self._kept.write(self.rows.to_csv(index=False, lineterminator="\n"))

    def process(self) -> Process:
        """Build the process.

        Raises
        ------
        DataError
            If the steps as they stand make no process.
        """
        return build_process(self.rows.replace("", None))

    def _become(self, rows: pd.DataFrame, cell: object = None) -> None:
        last, now = self._last, time.monotonic()
        if cell is None or cell != last[0] or now - last[1] > _PAUSE:
            self._earlier.append(self.rows)
        self._last, self.rows = (cell, now), rows
        self.save()


def open_draft(path: Path, steps: pd.DataFrame) -> Draft:
    """Go on with the draft at a path, or begin one from a table of steps."""
    if path.is_file():
        steps = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    return Draft(steps, path)


def _text(value: object) -> str:
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _joined(names: str, gone: str, instead: str) -> str:
    """Put what came before a removed step in its place among predecessors, each once."""
    found = [each.strip() for each in names.split(";") if each.strip()]
    found = [name for each in found for name in (instead.split(";") if each == gone else [each])]
    return ";".join(dict.fromkeys(filter(None, found)))
