"""Score a student's findings of an unknown client against what was planted in it."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from workbook.files import write_whole
from workbook.language import Language, speak
from workbook.schema import fold

__all__ = ["CapstoneGrades", "Score", "grade_capstones", "score_findings"]

Json = Mapping[str, object]


@dataclass(frozen=True)
class Score:
    """How far findings recover the planted problems (by id), and what else they claim.

    points are of 100: 60 for the share of problems recovered, 25 for the share of located claims
    that are true, 15 for the share of recovered effects within tolerance.
    """

    recovered: tuple[str, ...]
    near: tuple[str, ...]
    missed: tuple[str, ...]
    false: tuple[str, ...]
    effect_errors: dict[str, float]
    sized: tuple[str, ...]
    reply: str = ""

    @property
    def points(self) -> float:
        """Return the points of 100."""
        found, all_ = len(self.recovered), len(self.recovered) + len(self.missed)
        true = found / (found + len(self.false)) if found else 0.0
        return 60 * found / max(all_, 1) + 25 * true + 15 * len(self.sized) / max(found, 1)


def score_findings(findings: Sequence[Json], truth: Json, language: str = "en") -> Score:
    """Score findings (in the form of findings.json) against a sample's truth.

    A problem is recovered when a finding of its kind names its right, exactly its place, and its
    period within a week (two at its end). A finding that names only a part of the place, or the
    period alone, is near. One that names a place or a period where nothing was planted is false;
    those without either, and what works, accuse nobody.

    Examples
    --------
    >>> place = {"where": {"carrier": "K2"}, "period": None}
    >>> planted = {"title": "K2 is late", "rights": ["time"], "expected": {"kind": "data"}} | place
    >>> score_findings(
    ...     [{"kind": "data", "right": "time"} | place], {"problems": {"A": planted}}
    ... ).points
    85.0
    """
    problems, claims = truth["problems"], [f for f in findings if f.get("kind") != "works"]
    hits = {name: [c for c in claims if _fits(c, problem)] for name, problem in problems.items()}
    used = [claim for matched in hits.values() for claim in matched]
    rest = [
        claim for claim in claims if claim not in used and (_where(claim) or claim.get("period"))
    ]
    is_near = lambda claim, problem: bool(
        _where(claim).items() & _where(problem).items()
        or (problem["period"] and _near_in_time(claim.get("period"), problem["period"]))
    )
    near = [
        name
        for name in problems
        if not hits[name] and any(is_near(c, problems[name]) for c in rest)
    ]
    false = [c for c in rest if not any(is_near(c, problem) for problem in problems.values())]
    errors = {}
    for name, matched in hits.items():
        sizes = [_effect_error(claim, problems[name]) for claim in matched]
        errors |= {name: min(known)} if (known := [s for s in sizes if s is not None]) else {}
    recovered = tuple(name for name in problems if hits[name])
    missed = tuple(name for name in problems if not hits[name])
    limit = lambda problem: max(0.03, *_numbers(problem.get("tolerance", {})).values(), 0.0)
    sized = tuple(name for name in errors if errors[name] <= limit(problems[name]))
    told = tuple(str(c.get("id") or json.dumps(_where(c))) for c in false)
    score = Score(recovered, tuple(near), missed, told, errors, sized)
    return replace(score, reply=_reply(score, truth, speak(language)))


def _fits(claim: Json, problem: Json) -> bool:
    expected, right = problem["expected"], claim.get("right")
    rights = {fold(each) for each in problem["rights"]}
    says_right = fold(str(right or "")).removeprefix("right") in rights if rights else True
    same_kind = claim.get("kind") == expected["kind"]
    in_time = _near_in_time(claim.get("period"), problem["period"])
    return same_kind and says_right and in_time and _where(claim) == _where(problem)


def _where(claim: Json) -> dict[str, str]:
    where = claim.get("where")
    items = where.items() if isinstance(where, Mapping) else ()
    return {fold(key): fold(str(value)) for key, value in items}


def _near_in_time(claimed: object, planted: str | None) -> bool:
    """Tell whether periods agree within a week; orders fall due later, so the end has two."""
    if not planted:
        return not claimed
    ends, due, week = _ends(str(claimed)), _ends(planted), pd.Timedelta(days=7)
    return bool(ends) and abs(ends[0] - due[0]) <= week and abs(ends[1] - due[1]) <= 2 * week


def _ends(period: str) -> list[pd.Timestamp]:
    """Return the Mondays or days that a period such as 2025-W47/2025-W51 begins and ends with."""
    parts = (period.split("/") * 2)[:2] if period.count("/") < 2 else []
    days = [f"{part}-1" if re.fullmatch(r"\d{4}-W\d\d", part) else part for part in parts]
    try:
        read = [dt.date.fromisoformat(day) for day in days]
    except ValueError:
        return []
    return [pd.Timestamp(day) for day in read]


def _effect_error(claim: Json, problem: Json) -> float | None:
    """Return by how much the claimed effect misses the nearest of the realised ones."""
    effect, numbers = claim.get("effect"), _numbers(problem.get("realised", {}))
    sizes = [
        v - numbers[f"{k}_elsewhere"] for k, v in numbers.items() if f"{k}_elsewhere" in numbers
    ]
    named = [name for name in (*problem.get("tolerance", ()), "share") if name in numbers]
    sizes = sizes or [numbers[name] for name in named]
    if not isinstance(effect, int | float) or isinstance(effect, bool) or not sizes:
        return None
    return float(min(abs(abs(effect) - abs(size)) for size in sizes))


def _numbers(values: Json) -> dict[str, float]:
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def _reply(score: Score, truth: Json, say: Language) -> str:
    """Write to the student what was found, and what was not."""
    name = lambda ids: say.listing([str(truth["problems"][id]["title"]) for id in ids])
    found, total = len(score.recovered), len(score.recovered) + len(score.missed)
    head = say("You recovered {n} of {all} problems.", n=say.number(found), all=say.number(total))
    words = [head]
    if score.recovered:
        words.append(say("Found: {names}.", names=name(score.recovered)))
    if score.near:
        words.append(
            say("Nearly: {names}. Only a part of the place is named.", names=name(score.near))
        )
    if lost := [id for id in score.missed if id not in score.near]:
        words.append(say("Not found: {names}.", names=name(lost)))
    if score.false:
        accused = say.listing(list(score.false))
        words.append(say("Nothing was planted where these findings point: {names}.", names=accused))
    if off := [id for id in score.effect_errors if id not in score.sized]:
        words.append(say("The size of the effect is off: {names}.", names=name(off)))
    return " ".join(words)


@dataclass(frozen=True)
class CapstoneGrades:
    """A row per hand-in: student, file, points, recovered, of, false, effect_error, reply."""

    data: pd.DataFrame
    notes: tuple[tuple[str, str], ...]

    def table(self) -> pd.DataFrame:
        """Return the table without the replies."""
        return self.data.drop(columns=["file", "reply"])

    def write(self, folder: str | Path) -> list[Path]:
        """Write capstone.csv, with the reply to each student."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_whole(Path(folder, "capstone.csv"), "\ufeff" + self.data.to_csv(index=False))
        return [Path(folder, "capstone.csv")]


def grade_capstones(
    folders: Iterable[str | Path], truth: str | Path, *, language: str = "en"
) -> CapstoneGrades:
    """Score every findings file (*.json) below the folders against one truth.json.

    Raises
    ------
    ValueError
        If a folder is not there, or the truth can't be read.
    """
    say, rows, notes = speak(language), [], []
    try:
        known = json.loads(Path(truth).read_text(encoding="utf-8"))
        known["problems"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{str(truth)!r} is no truth.json of a sample; check its name") from None
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise ValueError(f"there is no folder {str(folder)!r} with hand-ins; check its name")
        for path in sorted(folder.rglob("*.json")):
            try:
                claims = _claims(path, say)
            except (ValueError, OSError, RecursionError) as fault:
                notes.append((str(path), str(fault)))
                continue
            inside = path.relative_to(folder).parts
            student = inside[0] if len(inside) > 1 else folder.resolve().name
            rows.append(_row(student, path, score_findings(claims, known, language)))
    columns = ["student", "file", "points", "recovered", "of", "false", "effect_error", "reply"]
    return CapstoneGrades(pd.DataFrame(rows, columns=columns), tuple(notes))


def _claims(path: Path, say: Language) -> list[Json]:
    data = json.loads(path.read_bytes().decode("utf-8-sig", errors="replace"))
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise ValueError(say("it is no list of findings in the form of findings.json"))
    return data


def _row(student: str, path: Path, score: Score) -> tuple:
    total = len(score.recovered) + len(score.missed)
    errors = pd.Series(score.effect_errors, dtype=float)
    counts = (round(score.points, 1), len(score.recovered), total, len(score.false))
    return (student, str(path), *counts, errors.mean(), score.reply)
