"""Read hand-ins: notebooks as students send them, however they were saved, named or mangled."""

import ast
import contextlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workbook.editions import chapters, own_seed
from workbook.exercises import all_exercises
from workbook.language import Language

__all__ = ["HandIn", "find_hand_ins"]

_ANSWER = re.compile(r"(?:answer_|ex-)(\d+)[_-](\d+)")
_PEEK = re.compile(r"lessons_\d|all_exercises|find_exercise|\.mistakes\b|__wrapped__")


@dataclass(frozen=True)
class HandIn:
    """One notebook as handed in: its code, the exercises it is about, the numbers it is due."""

    student: str
    file: str
    cells: tuple[str, ...]
    exercises: tuple[str, ...]
    seed: int
    notes: tuple[str, ...] = ()


def find_hand_ins(
    folders: Iterable[str | Path], seed: int | None, say: Language
) -> tuple[list[HandIn], list[tuple[str, str, str]]]:
    """Return the hand-ins below folders, and (student, file, reason) of each file that is none."""
    found, notes = [], []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise ValueError(f"there is no folder {str(folder)!r} with hand-ins; check its name")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if not hidden and path.stem not in _without_exercises():
                try:
                    found.append(_read(path, folder, seed, say))
                except (ValueError, OSError, RecursionError) as fault:
                    notes.append((_student(path, folder), str(path), str(fault)))
    return found, notes


@cache
def _without_exercises() -> frozenset[str]:
    """Return the names of the chapters that are handed out but ask for nothing."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in chapters()}
    return frozenset(name for name, text in texts.items() if '"ex-' not in text)


def _read(path: Path, folder: Path, seed: int | None, say: Language) -> HandIn:
    cells = _cells(path, say)
    ids = [f"{a}.{b}" for cell in cells for a, b in _ANSWER.findall(" ".join(map(str, cell)))]
    asked = {id.split(".")[0] for id in ids if id in all_exercises()}
    if not asked:
        raise ValueError(say("no exercise is found in it, so it is not graded"))
    exercises = tuple(id for id in all_exercises() if id.split(".")[0] in asked)
    code = tuple(source for kind, source, _ in cells if kind == "code" or _is_answer(source))
    student = _student(path, folder)
    own = re.findall(r"^seed\s*=\s*(\d{1,18})\b", "\n".join(code), re.MULTILINE)
    used = int(own[-1]) if own else 0
    due = (
        used if seed is None or used in (seed, own_seed(seed, student)) else own_seed(seed, student)
    )
    other = say(
        "its answers are for other numbers than those that {student} was given; a folder has the "
        "name that stands in the list of students",
        student=student,
    )
    notes = [other] * (due != used)
    if any(map(_PEEK.search, code)):
        notes.append(say("it reads answers out of the package; look at it"))
    return HandIn(student, str(path), code, exercises, due, tuple(notes))


def _cells(path: Path, say: Language) -> list[tuple[str, str, str]]:
    """Return (type, source, id) of a notebook's cells, however it was saved."""
    if path.stat().st_size > 50_000_000:
        raise ValueError(say("it is larger than 50 MB, so it is not read"))
    raw = path.read_bytes()
    coding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        data = json.loads(raw.decode(coding, errors="replace"))
    except ValueError as fault:
        is_one = path.suffix.lower() == ".ipynb"
        broken = say("the notebook is broken ({why}); ask for it again", why=str(fault))
        raise ValueError(broken if is_one else say("it is no notebook")) from None
    sheets = [data, *_listed(data, "worksheets")]  # worksheets: notebooks before version 4
    cells = [cell for sheet in sheets for cell in _listed(sheet, "cells")]
    if not cells:
        raise ValueError(say("it is no notebook"))
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def _listed(data: object, name: str) -> list[object]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _cell(cell: dict[str, object]) -> tuple[str, str, str]:
    source = cell.get("source", cell.get("input", ""))
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return str(cell.get("cell_type", "code")), text, str(cell.get("id", ""))


def _is_answer(source: str) -> bool:
    """Tell whether a cell that is no code (any more) gives an answer."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(re.search(r"\banswer_\d", source)) and bool(ast.parse(source))
    return False


def _student(path: Path, folder: Path) -> str:
    """Return the folder of the student, or the notebook's name without the chapter's."""
    inside, names = path.relative_to(folder).parts, {chapter.stem for chapter in chapters()}
    if len(inside) > 1:
        return inside[0]
    rest = re.sub("|".join(map(re.escape, names)), "", path.stem).strip(" ._-")
    return rest or folder.resolve().name
