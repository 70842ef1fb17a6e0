"""Read an XLSForm, a SurveyJS model or a LimeSurvey structure into one plain form.

Whoever wrote it: what the platform would drop without a word is reported on the way: headings, keys
and words that it does not know. `data/platforms.csv` has those that it knows.
"""

import csv
import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from workbook import intake
from workbook.faults import Faults
from workbook.resources import data_path
from workbook.schema import nearest

__all__ = ["READERS", "Answer", "Asked", "Form"]


@dataclass
class Asked:
    """A question, or another text that is shown: its words by language, its list of answers."""

    name: str
    place: dict[str, object]
    texts: dict[str, str]
    answers: str | None = None
    required: bool = False
    refers: set[str] = field(default_factory=set)
    named: bool = True


@dataclass
class Answer:
    """One answer of a list: its code, its place in the file, its label by language."""

    code: str
    place: dict[str, object]
    texts: dict[str, str]


@dataclass
class Form:
    """A survey as a platform would have it; `names` is what else may be referred to."""

    platform: str
    asked: list[Asked] = field(default_factory=list)
    lists: dict[str, list[Answer]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    languages: set[str] = field(default_factory=set)


@cache
def _known(platform: str, what: str) -> tuple[str, ...]:
    with data_path("platforms.csv").open(encoding="utf-8", newline="") as source:
        rows = {(row["platform"], row["what"]): row["words"] for row in csv.DictReader(source)}
    return tuple(rows[platform, what].split())


def _miss(given: str, known: Iterable[str], faults: Faults, anyway: bool = True, **place) -> None:
    """Report a word that is none of the platform's; where it may have others, one that is near."""
    near, say = nearest(given, known), faults.say
    close = lambda: difflib.SequenceMatcher(None, near.casefold(), given.casefold()).ratio() > 0.84
    if given not in known and (anyway or (near and close())):
        what = say("the platform does not know this word, and drops what it says")
        remedy = say("write {name}", name=near) if near else say("correct the word")
        faults.add("error", what, remedy, **place, value=given)


# ── XLSForm ──────────────────────────────────────────────────────────────────────────────────


def _read_xlsform(path: Path, faults: Faults) -> Form:
    form, frames, shown = Form("XLSForm"), {}, _known("xlsform", "shown")
    for sheet in ("survey", "choices", "settings"):
        heads = _known("xlsform", sheet)
        found = intake.read_text(path, sheet, known=[*heads, "label"], say=faults.say)
        frames[sheet] = found.frame
        for head in found.frame:
            base, at = head.split("::")[0], {"sheet": sheet, "row": found.heading_row}
            _miss(base if base in shown else head, (*heads, *shown), faults, **at, column=head)
    form.languages = {
        _tongue(head)
        for name in ("survey", "choices")
        for head in frames[name]
        if _labels({head: 1})
    }
    for row, cells in _rows(frames["choices"]):
        answer = Answer(cells.get("name", ""), {"sheet": "choices", "row": row}, _labels(cells))
        form.lists.setdefault(cells.get("list_name", ""), []).append(answer)
    for row, cells in _rows(frames["survey"]):
        _read_row(form, cells, {"sheet": "survey", "row": row}, faults)
    settings = dict(_rows(frames["settings"])).get(2, {})
    told = _tongue(f"::{settings.get('default_language', '')}")
    at = {"sheet": "settings", "row": 2, "column": "default_language"}
    _miss(told, form.languages, faults, **at)
    return form


def _read_row(form: Form, cells: dict[str, str], where: dict[str, object], faults: Faults) -> None:
    words = re.sub(r"^(begin|end) ", r"\1_", cells.get("type", "")).split() or [""]
    kind, told = words[0], cells.get("required", "")
    _miss(kind, _known("xlsform", "type"), faults, **where, column="type")
    yes, no = _known("xlsform", "yes"), _known("xlsform", "no")
    if not re.search(r"[$(=]", told):
        _miss(told, (*yes, *no, ""), faults, **where, column="required")
    silent = kind in _known("xlsform", "silent")
    texts = dict.fromkeys(form.languages, "-") if silent else _labels(cells)
    listed = " ".join(words[1:2]) if kind in ("select_one", "select_multiple", "rank") else None
    refers = {name for cell in cells.values() for name in re.findall(r"\$\{([^}]*)\}", cell)}
    asked = Asked(cells.get("name", ""), where, texts, listed, told in yes, refers)
    asked.named = not kind.startswith("end_")
    form.asked.append(asked)


def _rows(frame: pd.DataFrame) -> Iterator[tuple[int, dict[str, str]]]:
    return zip(map(int, frame.index), frame.to_dict("records"), strict=True)


def _labels(cells: dict[str, str]) -> dict[str, str]:
    return {_tongue(h): cell for h, cell in cells.items() if h.split("::")[0] == "label"}


def _tongue(head: str) -> str:
    """The code in "label::Polski (pl)", else the name as it is, "default" where there is none."""
    name = head.partition("::")[2].strip()
    found = re.search(r"\(([\w-]+)\)$", name)
    return found[1] if found else name or "default"


# ── SurveyJS ─────────────────────────────────────────────────────────────────────────────────


def _read_surveyjs(path: Path, faults: Faults) -> Form:
    model = json.loads(path.read_text(encoding="utf-8-sig"))
    form = Form("SurveyJS", names={"locale"})
    form.names |= {str(each.get("name")) for each in model.get("calculatedValues", ())}
    _walk(model, "", form, faults)
    for key in ("title", "description", "completedHtml", "completeText"):
        if key in model:
            text = Asked(key, {}, _said(model[key]), refers=_braced(model[key]), named=False)
            form.asked.append(text)
    answers = [answer for each in form.lists.values() for answer in each]
    form.languages = {code for each in (*form.asked, *answers) for code in each.texts}
    return form


def _walk(node: dict[str, object], at: str, form: Form, faults: Faults) -> None:
    """Go through pages, panels and questions."""
    for key in node:
        _miss(key, _known("surveyjs", "key"), faults, anyway=False, column=at + key)
    for key in ("pages", "elements", "templateElements"):
        for place, child in enumerate(node.get(key, ())):
            here = f"{at}{key}[{place}]."
            if "type" in child and child["type"] != "panel":
                _read_element(child, here, form, faults)
            _walk(child, here, form, faults)


def _read_element(node: dict[str, object], at: str, form: Form, faults: Faults) -> None:
    kind, name = str(node["type"]), str(node.get("name", ""))
    _miss(kind, _known("surveyjs", "type"), faults, column=f"{at}type")
    refers = _braced([node.get(key) for key in ("visibleIf", "enableIf", "requiredIf", "title")])
    listed = kind in _known("surveyjs", "listed") and "choicesByUrl" not in node
    asked = Asked(name, {"column": f"{at}name"}, _said(node.get("title", "")), refers=refers)
    asked.answers, asked.required = at if listed else None, node.get("isRequired") is True
    form.asked.append(asked)
    for number, choice in enumerate(node.get("choices", ())):
        plain = choice if isinstance(choice, dict) else {"value": choice}
        code, place = str(plain.get("value", "")), {"column": f"{at}choices[{number}]"}
        answer = Answer(code, place, _said(plain.get("text", code)))
        form.lists.setdefault(at, []).append(answer)


def _said(words: object) -> dict[str, str]:
    texts = words if isinstance(words, dict) else {"default": words}
    return {"en" if code == "default" else code: str(text) for code, text in texts.items()}


def _braced(node: object) -> set[str]:
    """The names in braces; one after an unseen joiner is the client's own brace."""
    if isinstance(node, (dict, list)):
        parts = node.values() if isinstance(node, dict) else node
        return set().union(*map(_braced, parts))
    found = re.findall(r"\{([^{}\u2060]+)\}", str(node))
    names = {re.split(r"[.\[]", name.strip())[0] for name in found}
    return names - {"panel", "row", "item", "choice", "question", "rowIndex", "panelIndex"}


# ── LimeSurvey ───────────────────────────────────────────────────────────────────────────────


def _read_limesurvey(path: Path, faults: Faults) -> Form:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    heads, *rows = csv.reader(lines, delimiter="\t")
    form, seen = Form("LimeSurvey"), {}
    for head in heads:
        _miss(head, _known("limesurvey", "column"), faults, anyway=False, row=1, column=head)
    for missing in {"class", "type/scale", "name", "text", "language"} - set(heads):
        _miss(missing, (), faults, row=1, column=missing)
    for line, row in enumerate(rows, start=2):
        cells = dict.fromkeys(heads, "") | dict(zip(heads, row, strict=False))
        _miss(cells["class"], _known("limesurvey", "class"), faults, row=line, column="class")
        _read_line(form, cells, line, seen, faults)
    return form


def _read_line(
    form: Form, cells: dict[str, str], line: int, seen: dict[tuple[str, str], Asked], faults: Faults
) -> None:
    kind, name, tongue = cells["class"], cells["name"], cells["language"]
    if kind == "S":
        told = name in ("language", "additional_languages")
        form.languages |= set(cells["text"].split()) if told else set()
        return
    _miss(tongue, form.languages, faults, row=line, column="language")
    if kind == "A":
        return _read_answer(form, cells, line, seen["Q", ""].name)
    if kind == "Q":
        letters, must = _known("limesurvey", "type"), (*_known("limesurvey", "mandatory"), "")
        _miss(cells["type/scale"], letters, faults, row=line, column="type/scale")
        _miss(cells.get("mandatory", ""), must, faults, row=line, column="mandatory")
    key, words = (cells["id"], name) if kind == "G" else (name, cells["text"])
    asked = seen.get((kind, key))
    if asked is None or tongue in asked.texts:
        listed = kind == "Q" and cells["type/scale"] in _known("limesurvey", "listed")
        asked = Asked(key, {"row": line}, {}, name if listed else None)
        asked.named, asked.required = kind in ("Q", "SQ"), cells.get("mandatory") == "Y"
        form.asked.append(asked)
    seen[kind, key] = seen[kind, ""] = asked
    asked.texts[tongue] = words
    used = r"\b([A-Za-z]\w*)\.(?:NAOK|shown|code|value)\b"
    asked.refers |= set(re.findall(used, cells.get("relevance", "")))
    asked.refers |= set(re.findall(r"\{([A-Za-z]\w*)(?:\.\w+)?\}", words))


def _read_answer(form: Form, cells: dict[str, str], line: int, question: str) -> None:
    answers, tongue = form.lists.setdefault(question, []), cells["language"]
    same = [a for a in answers if a.code == cells["name"] and tongue not in a.texts]
    if not same:
        same = [Answer(cells["name"], {"row": line}, {})]
        answers += same
    same[0].texts[tongue] = cells["text"]


READERS: dict[str, Callable[[Path, Faults], Form]] = {
    ".xlsx": _read_xlsform,
    ".json": _read_surveyjs,
    ".txt": _read_limesurvey,
    ".tsv": _read_limesurvey,
}
