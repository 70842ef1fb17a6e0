"""Write a questionnaire for XLSForm, SurveyJS, LimeSurvey, Word, the browser and e-mail.

One source for all: question ids and answer codes are the same everywhere, every text is there in
every language, and what a client wrote is text, never a formula, a variable or HTML.
"""

import datetime as dt
import hashlib
import html
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import jinja2
import xlsxwriter

from workbook.answers import answer_codes
from workbook.files import WRITTEN, write_all
from workbook.language import LANGUAGES, Language, speak
from workbook.questions import Question
from workbook.ratings import NOT_APPLICABLE
from workbook.resources import template_path
from workbook.schema import columns
from workbook.survey import Questionnaire

__all__ = ["FORMS", "LANGUAGE_NAMES", "export_survey", "survey_languages", "write_email"]

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "pl": "Polski", "ru": "Русский"}
_MADE = dt.datetime(2026, 1, 1)  # a fixed stamp: same inputs, same bytes
_JOINER = "\u2060"  # unseen; keeps a brace of the client's from opening a variable


@dataclass(frozen=True)
class _Sheet:
    """A questionnaire with what every form of it needs: languages, fixed words, who is told."""

    survey: Questionnaire
    languages: tuple[str, ...]
    post_to: str = ""

    def words(self, key: str) -> dict[str, str]:
        """One fixed text in every language."""
        return {code: _words(self, speak(code))[key] for code in self.languages}

    def answers(self, item: Question) -> list[dict[str, str]]:
        """The labels of each answer, in every language."""
        return [
            dict(zip(self.languages, labels, strict=True))
            for labels in zip(*(item.answers(code) for code in self.languages), strict=True)
        ]

    def must(self, item: Question) -> bool:
        """Whether an answer is required: to the first closed question only."""
        return item.scale is not None and item == next(i for i in self.survey.questions if i.scale)


def survey_languages(survey: Questionnaire) -> tuple[str, ...]:
    """Return the languages in which every text and answer is there, the client's first.

    Examples
    --------
    >>> from workbook.survey import design_survey
    >>> survey_languages(design_survey(language="pl"))
    ('pl', 'en', 'fr', 'ru')
    """
    whole = lambda code: all(
        item.texts.get(code) and (item.scale is None or item.scale.labels.get(code))
        for item in survey.questions
    )
    order = sorted(LANGUAGES, key=lambda code: code != survey.language)
    return tuple(code for code in order if whole(code))


def export_survey(
    survey: Questionnaire,
    to: str,
    out: str | Path,
    *,
    post_to: str = "",
) -> tuple[Path, ...]:
    """Write a questionnaire for a platform, in all its languages.

    Parameters
    ----------
    survey : Questionnaire
    to : {"xlsform", "surveyjs", "limesurvey", "docx", "html", "email"}
        The platform; Word and e-mail have one file per language.
    out : path
        The folder to write to; it is made where it is not there.
    post_to : str
        Where the HTML page sends its answers (https); "" hands them over as a file.

    Returns
    -------
    tuple of Path

    Raises
    ------
    ValueError
        If the platform or the address is none of these, or python-docx is missing for Word.

    Examples
    --------
    >>> import tempfile
    >>> from workbook.survey import design_survey
    >>> [p.name for p in export_survey(design_survey(), "surveyjs", tempfile.mkdtemp())]
    ['survey.json']
    """
    if to not in FORMS:
        raise ValueError(f"the survey can't be written as {to!r}; write one of {', '.join(FORMS)}")
    if post_to and not re.match(r"https://[\w.:-]+(?:[/?]|$)", post_to):
        raise ValueError(f"the address {post_to!r} is none to send answers to; begin with https://")
    if not (languages := survey_languages(survey)):
        raise ValueError("no language has every text of the survey; complete one in survey.yaml")
    sheet = _Sheet(_typeset(survey), languages, post_to)
    Path(out).mkdir(parents=True, exist_ok=True)
    files = dict(FORMS[to](sheet))
    write_all(Path(out), files)
    return tuple(Path(out) / name for name in files)


def _typeset(survey: Questionnaire) -> Questionnaire:
    """Keep French marks on the line of their word."""
    tied = lambda words: re.sub(r" (?=[?!:;»])", "\u00a0", words)
    french = lambda texts: texts | ({"fr": tied(texts["fr"])} if "fr" in texts else {})
    asked = (replace(item, texts=french(item.texts)) for item in survey.questions)
    return replace(survey, questions=tuple(asked))


def _words(sheet: _Sheet, say: Language) -> dict[str, str]:
    """The fixed words of a questionnaire in one language."""
    client = sheet.survey.client or say("your supplier")
    minutes = say("{n} min", n=say.number(math.ceil(sheet.survey.minutes)))
    intro = say.plural(
        "{n} short question about your order, {time} in all.",
        "{n} short questions about your order, {time} in all.",
        len(sheet.survey.questions),
        time=minutes,
    )
    return {
        "title": say("{client}: how was your delivery?", client=client),
        "intro": intro,
        "consent": sheet.survey.consent(say.code),
        "order": columns("responses")["order_id"].labels[say.code],
        "thanks": say("Thank you. Your answers help to improve the service."),
        "language": say("Language"),
        "required": say("Please answer this question."),
        "optional": say("optional"),
        "send": say("Send the answers"),
        "save": say("Save the answers as a file"),
        "kept": say("Your answers stay on this device; nobody sees them until you hand them over."),
        "attach": say(
            "The answers are in the file {file}. Please send it as a reply to our e-mail.",
            file="{file}",
        ),
        "failed": say("The answers could not be sent. Save them as a file, or try again."),
        "tick": say("Please tick one box per question."),
        "script": say("This page needs JavaScript to hand the answers over."),
    }


# ── XLSForm ──────────────────────────────────────────────────────────────────────────────────


def _xlsform(sheet: _Sheet) -> Iterator[tuple[str, bytes]]:
    shown = {code: f"label::{LANGUAGE_NAMES[code]} ({code})" for code in sheet.languages}
    label = lambda words: {
        shown[code]: words[code].replace("${", f"${_JOINER}{{") for code in shown
    }
    rows = [{"type": kind, "name": kind} for kind in ("start", "end")]
    page = {"type": "begin_group", "name": "page_1", "appearance": "field-list"}
    rows.append(page | label(sheet.words("title")))
    for key in ("intro", "consent"):
        rows.append({"type": "note", "name": f"{key}_1"} | label(sheet.words(key)))
    if sheet.survey.linkable:
        rows.append({"type": "text", "name": "order_id"} | label(sheet.words("order")))
    choices: dict[str, list[dict[str, str]]] = {}
    for item in sheet.survey.questions:
        row = {"type": "text", "name": item.id, "appearance": "multiline"}
        if item.scale:
            name = item.scale.name + f"_{NOT_APPLICABLE}" * item.does_not_apply
            pairs = zip(answer_codes(item, r"[\w.-]+"), sheet.answers(item), strict=True)
            choices[name] = [{"list_name": name, "name": c} | label(words) for c, words in pairs]
            row = {"type": f"select_one {name}", "name": item.id}
        rows.append(row | ({"required": "yes"} if sheet.must(item) else {}) | label(item.texts))
    rows.append({"type": "end_group"})
    flat = [row for each in choices.values() for row in each]
    first = sheet.languages[0]
    version = hashlib.sha256(json.dumps([rows, flat]).encode()).hexdigest()[:10]
    settings = {"form_title": sheet.words("title")[first], "form_id": "customer_survey"}
    settings |= {"version": version, "default_language": f"{LANGUAGE_NAMES[first]} ({first})"}
    yield "survey.xlsx", _book({"survey": rows, "choices": flat, "settings": [settings]})


def _book(sheets: dict[str, list[dict[str, str]]]) -> bytes:
    """Write rows as sheets of text: no formula, no link, no number."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.set_properties(WRITTEN | {"created": _MADE})
        bold = book.add_format({"bold": True})
        for name, rows in sheets.items():
            page, heads = book.add_worksheet(name), list(dict.fromkeys(h for r in rows for h in r))
            page.freeze_panes(1, 0)
            page.set_column(0, len(heads), 24)
            for place, head in enumerate(heads):
                page.write_string(0, place, head, bold)
                for down, row in enumerate(rows, start=1):
                    page.write_string(down, place, row.get(head, ""))
    return held.getvalue()


# ── SurveyJS ─────────────────────────────────────────────────────────────────────────────────


def _surveyjs(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    def said(words: dict[str, str]) -> dict[str, str]:
        return {
            "default" if code == "en" else code: words[code].replace("{", "{" + _JOINER)
            for code in sheet.languages
        }

    elements: list[dict[str, object]] = []
    if sheet.survey.linkable:
        order = {"type": "text", "name": "order_id", "title": said(sheet.words("order"))}
        elements.append(order)
    for item in sheet.survey.questions:
        element = {"type": "comment", "name": item.id, "title": said(item.texts)}
        if item.scale:
            pairs = zip(answer_codes(item), sheet.answers(item), strict=True)
            element["type"] = "radiogroup"
            element["choices"] = [{"value": code, "text": said(words)} for code, words in pairs]
            element |= {"colCount": 0}
        elements.append(element | ({"isRequired": True} if sheet.must(item) else {}))
    intro = {c: f"{sheet.words('intro')[c]} {sheet.words('consent')[c]}" for c in sheet.languages}
    thanks = {code: html.escape(words) for code, words in sheet.words("thanks").items()}
    model = {
        "title": said(sheet.words("title")),
        "description": said(intro),
        "completedHtml": said(thanks),
        "completeText": said(sheet.words("send")),
        "locale": sheet.languages[0],
        # So that the answers tell the language in which they were given.
        "calculatedValues": [
            {"name": "language", "expression": "{locale}", "includeIntoResult": True}
        ],
        "pages": [{"name": "page_1", "elements": elements}],
    }
    yield "survey.json", json.dumps(model, ensure_ascii=False, indent=1)


# ── LimeSurvey ───────────────────────────────────────────────────────────────────────────────

_LIME = ("id", "class", "type/scale", "name", "relevance", "text", "help", "language", "mandatory")


def _limesurvey(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    """Tab-separated values by the manual: all rows of the first language, then of each other."""
    first, *others = sheet.languages
    settings = {"language": first, "additional_languages": " ".join(others), "format": "A"}
    settings |= {"datestamp": "Y", "anonymized": "N" if sheet.survey.linkable else "Y"}
    rows = [{"class": "S", "name": name, "text": text} for name, text in settings.items()]
    for code in sheet.languages:
        names = {"surveyls_title": "title", "surveyls_endtext": "thanks"}
        told = {name: sheet.words(key)[code] for name, key in names.items()}
        told["surveyls_welcometext"] = " ".join(sheet.words(k)[code] for k in ("intro", "consent"))
        rows += [
            {"class": "SL", "name": name, "text": _lime(text), "language": code}
            for name, text in told.items()
        ]
    for code in sheet.languages:
        rows += _lime_questions(sheet, code)
    lines = ["\t".join(row.get(head, "") for head in _LIME) for row in rows]
    yield "survey.txt", "\ufeff" + "\r\n".join(["\t".join(_LIME), *lines, ""])


def _lime_questions(sheet: _Sheet, code: str) -> Iterator[dict[str, str]]:
    group = {"id": "1", "class": "G", "type/scale": "1", "name": _lime(sheet.words("title")[code])}
    yield group | {"relevance": "1", "language": code}
    asked = [("orderid", sheet.words("order"), "S", None)] if sheet.survey.linkable else []
    asked += [(i.id, i.texts, "L" if i.scale else "T", i) for i in sheet.survey.questions]
    for number, (name, texts, kind, item) in enumerate(asked, start=1):
        row = {"id": str(number), "language": code, "relevance": "1"}
        must = "Y" if item and sheet.must(item) else "N"
        words = {"name": name, "text": _lime(texts[code]), "mandatory": must}
        yield row | {"class": "Q", "type/scale": kind} | words
        pairs = (
            zip(answer_codes(item, "[A-Za-z0-9]{1,5}"), item.answers(code), strict=True)
            if item
            else ()
        )
        for answer, label in pairs:
            given = {"name": answer, "text": _lime(label), "relevance": "0"}
            yield row | {"class": "A", "type/scale": "0"} | given


def _lime(words: str) -> str:
    """Plain words as the HTML that LimeSurvey shows; a brace before a blank opens no expression."""
    return html.escape(" ".join(words.split()), quote=False).replace("{", "{ ")


# ── the page, the e-mail ─────────────────────────────────────────────────────────────────────


def _page(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    loader = jinja2.FileSystemLoader(template_path())
    room = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    room.undefined = jinja2.StrictUndefined
    keys = _words(sheet, speak("en"))
    address = urlsplit(sheet.post_to)
    yield (
        "survey.html",
        room.get_template("survey.html.j2").render(
            sheet=sheet,
            words={key: sheet.words(key) for key in keys},
            names={code: LANGUAGE_NAMES[code] for code in sheet.languages},
            codes={item.id: answer_codes(item) for item in sheet.survey.questions},
            connect=f"{address.scheme}://{address.netloc}" if sheet.post_to else "'none'",
            key=hashlib.sha256(repr(sheet).encode()).hexdigest()[:12],
        ),
    )


def write_email(survey: Questionnaire, language: str, *, reminder: bool = False) -> str:
    """Return the e-mail that asks for answers, its subject first, or the one reminder.

    `{order_id}` and `{link}` are left for the program that sends it to fill in. A link to our page
    ends in #order=…, and may go on with &lang=fr and &segment=….

    Examples
    --------
    >>> from workbook.survey import design_survey
    >>> write_email(design_survey(), "en").splitlines()[0]
    'Subject: Your order {order_id}: how was the delivery?'
    """
    return _email(_Sheet(survey, survey_languages(survey)), language, reminder)


def _email(sheet: _Sheet, language: str, reminder: bool) -> str:
    say = speak(language)
    words, order = _words(sheet, say), "{order_id}"
    subject = say("Your order {order}: how was the delivery?", order=order)
    first = say("your order {order} has arrived. Please tell us how it went.", order=order)
    again = say(
        "some days ago we asked about your order {order}. There is still time to answer.",
        order=order,
    )
    last = say("This is our only reminder.") if reminder else words["thanks"]
    lines = [say("Subject: {subject}", subject=subject), "", say("Good day,"), ""]
    lines += [again if reminder else first, words["intro"], "", "{link}", "", words["consent"]]
    return "\n".join([*lines, "", last, "", sheet.survey.client]).rstrip() + "\n"


def _emails(sheet: _Sheet) -> Iterator[tuple[str, str]]:
    for code in sheet.languages:
        yield f"email-{code}.txt", _email(sheet, code, False)
        yield f"reminder-{code}.txt", _email(sheet, code, True)


def _word(sheet: _Sheet) -> Iterator[tuple[str, bytes]]:
    from workbook.paper import write_paper

    for code in sheet.languages:
        yield f"survey-{code}.docx", write_paper(sheet.survey, _words(sheet, speak(code)), code)


FORMS: dict[str, Callable[[_Sheet], Iterator[tuple[str, str | bytes]]]] = {
    "xlsform": _xlsform,
    "surveyjs": _surveyjs,
    "limesurvey": _limesurvey,
    "docx": _word,
    "html": _page,
    "email": _emails,
}
