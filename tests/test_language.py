"""Every word in every language: nothing untranslated, no placeholder lost, plurals and numbers."""

import datetime as dt
import io
import re
import sys
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from workbook.language import speak
from workbook.resources import locale_path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from messages import KEYWORDS, LANGUAGES, extract, read_python  # noqa: E402

ALIKE = {("fr", "{n} client"), ("fr", "{n} question")}  # the same word in both languages


def names(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def messages():
    return [message for message in extract() if message.id]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_its_placeholders(language, messages):
    with locale_path(language).open("rb") as source:
        known = {str(message.id): message for message in read_po(source, locale=language)}
    for message in messages:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = known[str(message.id)].string
        for form in forms if isinstance(forms, tuple) else (forms,):
            assert form, ids
            assert names(form) - {"n"} == names(ids[-1]) - {"n"}, ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_plural_is_left_in_english(language, messages):
    say, english = speak(language), speak("en")
    for one, many in (message.id for message in messages if isinstance(message.id, tuple)):
        values = dict.fromkeys(names(one) | names(many), "…")
        values.pop("n", None)
        for n in (1, 2, 5, 22) if (language, one) not in ALIKE else ():
            said = say.plural(one, many, n, **values)
            assert said != english.plural(one, many, n, **values)


def test_every_plural_of_the_package_is_collected(messages):
    collected = {message.id[0] for message in messages if isinstance(message.id, tuple)}
    sources = [path.read_text("utf-8") for path in (ROOT / "src" / "workbook").glob("*.py")]
    written = [first for text in sources for first in re.findall(r'plural\(\s*"([^"]*)"', text)]
    assert len(written) > 50
    assert all(any(each.startswith(first) for each in collected) for first in written)


def test_a_plural_keeps_its_forms_when_a_value_is_said_inside_it():
    source = b'say.plural("{n} a", "{n} b", 2, kind=kind(column, say), word=say("c"))'
    found = [message for _, _, message, _ in read_python(io.BytesIO(source), KEYWORDS, (), {})]
    assert found == [("{n} a", "{n} b"), "c"]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["1 order", "2 orders", "5 orders", "21 orders"]),
        ("fr", ["1 commande", "2 commandes", "5 commandes", "21 commandes"]),
        ("pl", ["1 zamówienie", "2 zamówienia", "5 zamówień", "21 zamówień"]),
        ("ru", ["1 заказ", "2 заказа", "5 заказов", "21 заказ"]),
    ],
)
def test_plurals_follow_the_language(language, shown):
    say = speak(language)
    said = [say.plural("{n} order", "{n} orders", n) for n in (1, 2, 5, 21)]
    assert [words.replace("\u00a0", " ") for words in said] == shown


@pytest.mark.parametrize(
    ("language", "number", "share", "day"),
    [
        ("en", "12,345.6", "88.5%", "1 June 2026"),
        ("fr", "12\u202f345,6", "88,5\u00a0%", "1er juin 2026"),
        ("pl", "12\u00a0345,6", "88,5%", "1 czerwca 2026"),
        ("ru", "12\u00a0345,6", "88,5\u00a0%", "1 июня 2026\u202fг."),
    ],
)
def test_numbers_shares_and_days_follow_the_language(language, number, share, day):
    say = speak(language)
    shown = (say.number(12345.6, 1), say.percent(0.885), say.date(dt.date(2026, 6, 1)))
    assert shown == (number, share, day)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_negative_number_has_a_minus_sign_and_no_hyphen(language):
    say = speak(language)
    for shown in (say.number(-1.5, 1), say.percent(-0.015), say.money(-1.5, "EUR")):
        assert "−" in shown and "-" not in shown


def test_a_series_has_a_space_before_the_mark_in_french():
    assert speak("fr").series(["a, b", "c"]) == "a, b\u00a0; c"
    assert speak("pl").series(["a, b", "c"]) == "a, b; c"


def test_what_is_not_known_is_a_dash_and_never_zero():
    say = speak("en")
    assert {say.number(None), say.percent(float("nan")), say.minutes(None)} == {"–"}
