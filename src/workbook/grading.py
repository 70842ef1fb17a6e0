"""Grade a folder of hand-ins: none is lost, and the package judges what each one answers."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from workbook.attempts import Run, run_hand_ins
from workbook.exercises import all_exercises, draw, judge
from workbook.files import write_whole
from workbook.handins import find_hand_ins
from workbook.language import Language, speak

__all__ = ["Grades", "grade_hand_ins"]

_COLUMNS = ["student", "file", "exercise", "seed", "right", "mistake", "reply"]


@dataclass(frozen=True)
class Grades:
    """What each hand-in got (`data`: student, file, exercise, right, mistake, reply), and notes.

    `unread` names who handed in what can't be graded; the notes say why.
    """

    data: pd.DataFrame
    notes: tuple[tuple[str, str], ...]
    unread: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return a row per student, a column per exercise: ✓ right, ▲ wrong, ○ no answer.

        Of several hand-ins of one exercise the best counts; grades.csv has them all. Who handed in
        only what can't be graded has a row without signs.
        """
        rank = self.data["right"].map({True: 2, False: 1}).fillna(0)
        wide = rank.groupby([self.data["student"], self.data["exercise"]]).max().unstack()
        signs = wide.apply(lambda column: column.map({2: "✓", 1: "▲", 0: "○"})).fillna("")
        signs = signs.assign(right=(wide == 2).sum(axis=1))
        blank = {student: "" for student in self.unread if student not in signs.index}
        rest = pd.DataFrame(dict.fromkeys(signs, blank), dtype=object).assign(right=0)
        return pd.concat([signs, rest.rename_axis("student")]).reset_index()

    def items(self) -> pd.DataFrame:
        """Return statistics per exercise.

        share_right counts an untouched answer as not right. discrimination is the correlation of
        the item with the rest of the score (corrected item-total correlation, Nunnally and
        Bernstein 1994); it is missing below five hand-ins or where nothing differs.
        """
        right = self.data["right"].eq(True).astype(float)
        wide = right.groupby([self.data["student"], self.data["exercise"]]).max().unstack()
        rows = []
        for exercise in wide:
            item, rest = wide[exercise].dropna(), wide.drop(columns=exercise).sum(axis=1)
            slips = self.data.loc[self.data["exercise"] == exercise, "reply"]
            slips = slips[self.data["mistake"].notna()]
            varied = len(item) > 4 and item.std() > 0 and rest[item.index].std() > 0
            row = {"exercise": exercise, "n": len(item), "share_right": item.mean()}
            row["discrimination"] = item.corr(rest[item.index]) if varied else np.nan
            rows.append(row | {"commonest_mistake": slips.mode().get(0, "")})
        return pd.DataFrame(rows)

    def write(self, folder: str | Path) -> list[Path]:
        """Write grades.csv, items.csv and notes.csv, in a way that a spreadsheet reads."""
        notes = pd.DataFrame(self.notes, columns=["file", "note"])
        tables = {"grades": self.data, "items": self.items(), "notes": notes}
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, frame in tables.items():
            # A leading sign would make a formula of a student's text.
            safe = frame.map(
                lambda cell: re.sub(r"^(?=[=+@-])", "'", cell) if isinstance(cell, str) else cell
            )
            write_whole(Path(folder, f"{name}.csv"), "\ufeff" + safe.to_csv(index=False))
        return [Path(folder, f"{name}.csv") for name in tables]


def grade_hand_ins(
    folders: Iterable[str | Path],
    *,
    seed: int | None = None,
    language: str = "en",
    at_once: int | None = None,
    time_limit: float = 60.0,
    memory_limit: int = 2048,
    progress: Callable[[str], None] = print,
) -> Grades:
    """Grade every hand-in below the folders; each is in the data or named in the notes.

    Parameters
    ----------
    folders : iterable of path
        With a folder or a notebook per student.
    seed : int, optional
        The course's: a hand-in is due its numbers, or those of `own_seed`. Default: what the
        hand-in says.
    time_limit, memory_limit : float, int
        Seconds and megabytes for one hand-in.

    Raises
    ------
    ValueError
        If a folder is not there.
    """
    say, rows = speak(language), []
    hand_ins, unread = find_hand_ins(folders, seed, say)
    notes = [(file, note) for _, file, note in unread]
    runs = run_hand_ins(hand_ins, at_once or os.cpu_count() or 1, time_limit, memory_limit, say)
    for place, run in enumerate(runs, start=1):
        rows += _judged(run, say)
        notes += [(run.hand_in.file, note) for note in run.notes]
        progress(say("[{n}/{all}] {file}", n=place, all=len(hand_ins), file=run.hand_in.file))
    data = pd.DataFrame(rows, columns=_COLUMNS).astype({"right": object, "mistake": object})
    data = data.sort_values(["student", "file"], kind="stable")
    students = tuple(dict.fromkeys(student for student, *_ in unread))
    return Grades(data, tuple(sorted(notes)), students)


def _judged(run: Run, say: Language) -> Iterator[tuple]:
    who = (run.hand_in.student, run.hand_in.file)
    for id in run.hand_in.exercises:
        data = _data(id, run.hand_in.seed)
        reply = judge(all_exercises()[id], data, run.answers.get(id), say)
        yield (*who, id, run.hand_in.seed, reply.right, reply.mistake, reply.text)


@cache
def _data(id: str, seed: int) -> object:
    return draw(all_exercises()[id], seed)
