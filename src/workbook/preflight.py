"""Find what a survey platform would lose without a word, before the file is given to it.

XLSForm, SurveyJS and LimeSurvey files are held to the same rules, whoever wrote them; all, and Word
and HTML, are compared with the questionnaire that they came from.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import defusedxml.ElementTree

from workbook.answers import answer_codes
from workbook.exports import survey_languages
from workbook.faults import Faults
from workbook.forms import READERS, Answer, Form
from workbook.language import speak
from workbook.schema import DataError, Problem, nearest
from workbook.survey import Questionnaire

__all__ = ["check_survey"]

_NAMES = {
    "XLSForm": r"[A-Za-z_][\w.-]*",
    "SurveyJS": r"[^\s{}].*",
    "LimeSurvey": r"[A-Za-z][A-Za-z0-9]{0,19}",
}
_CODES = {"XLSForm": r"\S+", "SurveyJS": r".+", "LimeSurvey": r"[A-Za-z0-9]{1,5}"}
_LARGEST = 50_000_000  # bytes that a Word form's text may unpack to
_HOSTS = (
    r"(?:(?:src|href|action)\s*=\s*[\"']?|url\(\s*[\"']?|@import\s+[\"'])"
    r"((?:https?:)?//[^\s\"')>]+)"
)


def check_survey(
    path: str | Path, survey: Questionnaire | None = None, *, language: str = "en"
) -> tuple[Problem, ...]:
    """Check a survey's file before a platform takes it; an empty tuple found no loss.

    Parameters
    ----------
    path : path
        An XLSForm (.xlsx), SurveyJS model (.json), LimeSurvey structure (.txt, .tsv), Word
        document or HTML page, ours or not.
    survey : Questionnaire, optional
        What it was made from: then every question, text, answer and "required" is looked for too.
    language : str
        Of the problems.

    Returns
    -------
    tuple of Problem
        Each with its place: sheet, row and column, or the path in the JSON.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "s.json"
    >>> _ = path.write_text('{"elements": [{"type": "radiogroup", "name": "q", "title": "How?"}]}')
    >>> [problem.problem for problem in check_survey(path)]
    ['the question has no answers to choose from']
    """
    path = Path(path)
    faults = Faults("survey", path.name, speak(language))
    try:
        if reader := READERS.get(path.suffix.lower()):
            form = reader(path, faults)
            _check_asked(form, faults)
            for name, answers in form.lists.items():
                _check_list(form, name, answers, faults)
            _compare(form, survey, faults)
        else:
            _check_page(path, survey, faults)
    except DataError as error:
        faults.take(error.problems)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        OSError,
        BadZipFile,
    ):
        say = faults.say
        remedy = say("give an XLSForm, SurveyJS, LimeSurvey, Word or HTML file")
        faults.add("error", say("the file can't be read as a survey"), remedy)
    return tuple(faults.problems)


# ── the rules ────────────────────────────────────────────────────────────────────────────────


def _check_asked(form: Form, faults: Faults) -> None:
    say, used = faults.say, Counter(each.name for each in form.asked if each.named)
    known = set(used) | form.names
    for each in form.asked:
        place = {"column": each.name} | each.place
        add = lambda what, remedy, value=None, at=place: faults.add(
            "error", what, remedy, **at, value=value
        )
        if each.named and used[each.name] > 1:
            what = say("the name is used twice, and one of the two is lost")
            add(what, say("rename one of them"), each.name)
        if each.named and not re.fullmatch(_NAMES[form.platform], each.name):
            what = say("{platform} does not take this name", platform=form.platform)
            add(what, say("use at most 20 letters and digits, a letter first"), each.name)
        for name in sorted(each.refers - known):
            near = nearest(name, known)
            remedy = say("write {name}", name=near) if near else say("correct the word")
            add(say("it refers to a question that is not there"), remedy, name)
        if each.answers is not None and not form.lists.get(each.answers):
            what = say("the question has no answers to choose from")
            add(what, say("write them, or correct the list's name"), each.answers)
        _check_languages(form, each.texts, place, faults)


def _check_languages(
    form: Form, texts: dict[str, str], place: dict[str, object], faults: Faults
) -> None:
    say, missing = faults.say, [code for code in form.languages if not texts.get(code, "").strip()]
    if missing:
        what = say("a language has no text here; the platform shows another one or a dash")
        value = ", ".join(sorted(missing))
        faults.add("error", what, say("write the text in this language"), **place, value=value)


def _check_list(form: Form, name: str, answers: list[Answer], faults: Faults) -> None:
    say, codes = faults.say, Counter(answer.code.casefold() for answer in answers)
    labels = Counter((lang, words) for a in answers for lang, words in a.texts.items() if words)
    for answer in answers:
        place = {"column": name} | answer.place
        if codes[answer.code.casefold()] > 1:
            what = say("two answers of one list have this code")
            faults.add("error", what, say("rename one of them"), **place, value=answer.code)
        if not re.fullmatch(_CODES[form.platform], answer.code):
            what = say(
                "{platform} does not take this code, and loses answers", platform=form.platform
            )
            remedy = say("use 1 to 5 letters and digits")
            faults.add("error", what, remedy, **place, value=answer.code)
        for words in {words for lang, words in answer.texts.items() if labels[lang, words] > 1}:
            what = say("two answers of one list read the same")
            faults.add("error", what, say("reword one of them"), **place, value=words)
        _check_languages(form, answer.texts, place, faults)


# ── against the questionnaire ────────────────────────────────────────────────────────────────


def _compare(form: Form, survey: Questionnaire | None, faults: Faults) -> None:
    """Look for every question of the questionnaire, its words, answers and whether it must be."""
    say, found = faults.say, {each.name: each for each in form.asked if each.named}
    asked = survey.questions if survey else ()
    again, first = say("export the survey again"), next((i for i in asked if i.scale), None)
    for item in asked:
        each = found.get(item.id)
        if each is None:
            what = say("a question of the questionnaire is not in the file")
            faults.add("error", what, again, column=item.id)
            continue
        place = {"column": item.id} | each.place
        if item is first and not each.required:
            faults.add("error", say("the answer is no longer required"), again, **place)
        here = {None: each.texts} | {
            a.code: a.texts for a in form.lists.get(each.answers or "", ())
        }
        codes = (None, *answer_codes(item, _CODES[form.platform]))
        for lang in survey_languages(survey):
            for code, words in zip(codes, (item.texts[lang], *item.answers(lang)), strict=True):
                if _plain(shown := here.get(code, {}).get(lang, "")) != _plain(words):
                    what = say("the words are not those of the questionnaire")
                    faults.add("error", what, again, **place, value=f"{lang}: {shown}")


def _plain(words: str) -> str:
    """Undo what an export does to keep a client's words text."""
    return " ".join(html.unescape(words).replace("\u2060", "").replace("{ ", "{").split())


def _check_page(path: Path, survey: Questionnaire | None, faults: Faults) -> None:
    say, paper = faults.say, path.suffix.lower() == ".docx"
    if not paper and path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(path.suffix)
    if paper:
        with ZipFile(path) as packed:
            if packed.getinfo("word/document.xml").file_size > _LARGEST:
                raise ValueError(path.name)
            tree = defusedxml.ElementTree.fromstring(packed.read("word/document.xml"))
        text = " ".join("".join(p.itertext()) for p in tree.iter() if p.tag.endswith("}p"))
    else:
        raw = path.read_text(encoding="utf-8")
        for host in re.findall(_HOSTS, raw):
            remedy = say("take it out, or put it into the page")
            faults.add("error", say("the page asks another host"), remedy, value=host)
        text = html.unescape(re.sub(r"<[^>]*>", " ", raw))
    if survey:
        _look_for(_plain(text), survey, paper, faults)


def _look_for(text: str, survey: Questionnaire, paper: bool, faults: Faults) -> None:
    """Look for all words of the questionnaire; a Word document has them in one language."""
    say = faults.say
    missing = {
        lang: [words for words in _all_words(survey, lang) if _plain(words) not in text]
        for lang in survey_languages(survey)
    }
    for lang in [min(missing, key=lambda lang: len(missing[lang]))] if paper else missing:
        for words in missing[lang]:
            what = say("words of the questionnaire are not in the file")
            faults.add("error", what, say("export the survey again"), value=f"{lang}: {words}")


def _all_words(survey: Questionnaire, lang: str) -> Iterator[str]:
    for item in survey.questions:
        yield item.texts[lang]
        for code, label in zip(answer_codes(item), item.answers(lang), strict=True):
            yield label.removeprefix(code).strip()
