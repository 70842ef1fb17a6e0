"""Read the answers that survey platforms hand back: their headings, codes and labels become ours.

ODK, Kobo, SurveyJS, LimeSurvey and Google Forms name the same question by its id, its path, its
text or its label, in any language; the contract's table has one column per question id.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from workbook.faults import Faults
from workbook.questions import Question
from workbook.ratings import NOT_APPLICABLE, OFF_SCALE, code_answers
from workbook.schema import columns, fold

__all__ = ["answer_codes", "read_results", "recognise_answers"]

_ROW = "(row)"  # stands for the heading of a number that the platform doesn't give

# What tells a platform, and its own headings (folded) by what they mean here, the best one first;
# those under "" mean nothing here.
_SIGNS = {
    "odk": {"submissiondate", "key"},
    "kobo": {"uuid", "submissiontime"},
    "limesurvey": {"lastpage", "startlanguage"},
}
_OWN = {
    "odk": {
        "response_id": "metainstanceid key",
        "answered_at": "end submissiondate",
        "": "start metainstancename instanceid submitterid submittername attachmentspresent "
        "attachmentsexpected status reviewstate deviceid edits formversion",
    },
    "kobo": {
        "response_id": "uuid id",
        "answered_at": "end submissiontime",
        "": "start version validationstatus notes status submittedby tags index metainstanceid "
        "formhubuuid metarootuuid",
    },
    "limesurvey": {
        "response_id": "id responseid",
        "answered_at": "submitdate datesubmitted",
        "language": "startlanguage",
        "": "lastpage seed startdate datestamp datestarted datelastaction ipaddr ipaddress refurl "
        "referrerurl token",
    },
    "google": {"answered_at": "timestamp horodateur sygnaturaczasowa отметкавремени"},
}


def answer_codes(item: Question, pattern: str = ".+") -> tuple[str, ...]:
    """Return the codes by which a platform stores a question's answers, "na" last.

    They are the scale's values; where one of these is no code there, A1, A2 … in their order.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> bank = {item.id: item for item in read_item_bank()}
    >>> answer_codes(bank["time"])
    ('1', '2', '3', '4', '5', 'na')
    >>> answer_codes(bank["importance"], "[A-Za-z0-9]{1,5}")[:2]
    ('A1', 'A2')
    """
    if item.scale is None:
        return ()
    codes = tuple(map(str, item.scale.values))
    if not all(re.fullmatch(pattern, code) for code in codes):
        codes = tuple(f"A{place}" for place in range(1, len(codes) + 1))
    return codes + (NOT_APPLICABLE,) * item.does_not_apply


def read_results(path: Path, faults: Faults) -> pd.DataFrame:
    """Read answers in JSON: SurveyJS's results, or the files that our page hands over.

    Parameters
    ----------
    path : Path
        One file with one answer or a list of them, or a folder of such files.
    faults : Faults
        Takes each file that is no such answer.

    Returns
    -------
    DataFrame of str
        One row per answer, numbered from 1; one without a number of its own gets file and row.

    Examples
    --------
    >>> import tempfile
    >>> from workbook.language import speak
    >>> path = Path(tempfile.mkdtemp()) / "a.json"
    >>> _ = path.write_text('[{"time": 5}]')
    >>> read_results(path, Faults("responses", "a.json", speak("en"))).to_dict("list")
    {'response_id': ['a-1'], 'time': ['5']}
    """
    rows, say = [], faults.say
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        try:
            read = json.loads(file.read_text(encoding="utf-8-sig"))
            each = [dict(answer) for answer in (read if isinstance(read, list) else [read])]
            rows += [{"response_id": f"{file.stem}-{n}"} | one for n, one in enumerate(each, 1)]
        except (ValueError, TypeError, RecursionError, OSError):
            what, remedy = (
                say("the file has no answers in JSON"),
                say("leave it out, or save it anew"),
            )
            faults.add("error" if file == path else "warning", what, remedy, file=file.name)
    frame = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="row"), dtype=object)
    return frame.map(lambda cell: "" if pd.isna(cell) else str(cell)).astype("str")


def recognise_answers(
    text: pd.DataFrame, questions: Sequence[Question], *, keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Put our headings and codes for a platform's.

    Parameters
    ----------
    text : DataFrame of str
        A file as it was read; blank cells are "".
    questions : sequence of Question
        Those that were asked.
    keep : iterable of str
        Headings that client.yaml maps; they stay as they are.

    Returns
    -------
    DataFrame
        A column per question id and what else was recognised; a platform's own columns that mean
        nothing here are gone, every other column is as it was.
    dict of str to str
        Our heading to theirs, where they differ.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> file = pd.DataFrame({"Horodateur": ["1"], "Bon prix": ["très bonne"]})
    >>> recognise_answers(file, read_item_bank())[0]
      response_id answered_at price
    0       row 0           1     5
    """
    platform = _platform(list(text))
    kept = {fold(heading) for heading in keep}
    own = [heading for heading in text if fold(heading) in kept]
    rest = [heading for heading in text if heading not in own]
    theirs = dict(zip(own, own, strict=True)) | _headings(rest, questions, platform)
    frame = pd.DataFrame({ours: text[heading] for ours, heading in theirs.items()})
    frame = _settle_times(frame, platform)
    for item in (item for item in questions if item.scale and item.id in frame):
        meant = code_answers(frame[item.id], item)
        frame[item.id] = meant.where(meant != OFF_SCALE).astype("str").fillna(frame[item.id])
    if platform == "google" and "response_id" not in frame:
        frame.insert(0, "response_id", [f"row {row}" for row in frame.index])
        theirs = {"response_id": _ROW} | theirs
    return frame, {ours: heading for ours, heading in theirs.items() if ours != heading}


def _platform(headings: Sequence[str]) -> str:
    here = {name for heading in headings for name in _names(heading, "")}
    told = [name for name, signs in _SIGNS.items() if signs <= here]
    google = headings and fold(headings[0]) in _OWN["google"]["answered_at"].split()
    return told[0] if told else "google" if google else ""


def _names(heading: str, platform: str) -> list[str]:
    """The words that may name a question, folded, the whole heading first.

    ODK and Kobo write page/id or page-id, LimeSurvey "id. Text", Google "Title [row]".
    """
    plain = " ".join(re.sub(r"<[^>]*>", "", heading).split())
    parts = {
        "odk": re.split(r"[/-]", plain)[-1:],
        "kobo": re.split(r"[/-]", plain)[-1:],
        "limesurvey": re.split(r"\.\s", plain, maxsplit=1),
        "google": re.findall(r"\[([^]]+)]$", plain),
    }
    numbered = re.sub(r"^\d+[.)]\s*", "", plain)
    return [name for name in map(fold, (plain, numbered, *parts.get(platform, ()))) if name]


def _headings(
    headings: Sequence[str], questions: Sequence[Question], platform: str
) -> dict[str, str]:
    """Find what each heading is called here; one that means nothing known keeps its name."""
    words_of = lambda item: (*item.texts.values(), *item.labels.values(), item.id)
    asked = {fold(word): item.id for item in questions for word in words_of(item)}
    ours = columns("responses").values()
    table = {fold(word): col.name for col in ours for word in (*col.labels.values(), col.name)}
    own = {name: our for our, names in _OWN.get(platform, {}).items() for name in names.split()}
    words = {heading: _names(heading, platform) for heading in headings}
    order = {name: place for place, name in enumerate(own)}
    rank = lambda heading: min((order[n] for n in words[heading] if n in order), default=len(own))
    found: dict[str, str] = {}
    for heading in sorted(headings, key=rank):
        names = words[heading]
        meant = next((own[name] for name in names if name in own), None)
        if meant is None:
            meant = next((m[name] for m in (asked, table) for name in names if name in m), heading)
        if meant and not (platform and meant in found):
            found[meant if meant not in found else heading] = heading
    return {name: found[name] for name in sorted(found, key=lambda n: headings.index(found[n]))}


def _settle_times(frame: pd.DataFrame, platform: str) -> pd.DataFrame:
    """Write down what the platform's times leave unsaid."""
    if "answered_at" not in frame:
        return frame
    times = frame["answered_at"].str.strip()
    if platform == "kobo":  # without an offset it is UTC
        times = times.str.replace(r"^(\S+T[\d:.]+)$", r"\1Z", regex=True)
    elif platform == "limesurvey":  # a survey without a date stamp
        times = times.mask(times.str.startswith("1980-01-01"), "")
    elif platform == "google":
        times = times.str.replace(r"\s*(?:GMT|UTC)([+-]\d+)(?::(\d\d))?$", _offset, regex=True)
    return frame.assign(answered_at=times)


def _offset(found: re.Match[str]) -> str:
    return f" {int(found[1]):+03d}:{found[2] or '00'}"
