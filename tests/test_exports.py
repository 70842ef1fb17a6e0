"""Every form says the same in every language, and takes a client's words as text."""

import csv
import dataclasses
import html
import json
import re
import zipfile
from types import SimpleNamespace

import docx
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from workbook.answers import answer_codes
from workbook.cli import main
from workbook.exports import FORMS, export_survey, survey_languages, write_email
from workbook.language import LANGUAGES
from workbook.preflight import check_survey
from workbook.questions import read_item_bank
from workbook.survey import Questionnaire, design_survey

SURVEY = design_survey()
UNNAMED = design_survey(linkable=False)
WHOLE = Questionnaire("Acme", "fr", read_item_bank(), ("time",))
HOSTILE = '=1+1 ${overall} {overall} <b>*x*</b>\t& "Co"'


def named(name, language="en"):
    profile = SimpleNamespace(name=name, language=language, rights=("time",), goal="balance")
    return design_survey(SimpleNamespace(profile=profile, folder=None))


def written(survey, to, tmp_path, **choices):
    return export_survey(survey, to, tmp_path, **choices)[0]


def rows_of(path, sheet):
    head, *rows = load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("to", FORMS)
@pytest.mark.parametrize("survey", [SURVEY, WHOLE], ids=["default", "whole bank"])
def test_nothing_is_lost_and_the_same_input_gives_the_same_bytes(survey, to, tmp_path):
    paths = export_survey(survey, to, tmp_path / "a")
    again = export_survey(survey, to, tmp_path / "b")
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]
    for path in paths if to != "email" else ():
        assert check_survey(path, survey) == ()


@pytest.mark.parametrize("survey", [SURVEY, WHOLE, named(HOSTILE)], ids=["default", "whole", "odd"])
def test_pyxform_reads_the_xlsform_without_a_warning(survey, tmp_path):
    read = convert(written(survey, "xlsform", tmp_path))
    assert read.warnings == []
    assert read.xform.count("<translation ") == 4
    for item in survey.questions:
        assert f"/page_1/{item.id}:label" in read.xform
    assert read.xform.count('required="true()"') == 1
    assert "<output" not in read.xform  # no variable but ours, and ours there is none


def test_choices_of_the_xlsform_carry_code_and_label(tmp_path):
    path = written(WHOLE, "xlsform", tmp_path)
    asked = {row["name"]: row["type"] for row in rows_of(path, "survey")}
    listed = rows_of(path, "choices")
    for item in (item for item in WHOLE.questions if item.scale):
        rows = [row for row in listed if f"select_one {row['list_name']}" == asked[item.id]]
        assert [row["name"] for row in rows] == list(answer_codes(item))
        assert tuple(row["label::Русский (ru)"] for row in rows) == item.answers("ru")


def test_surveyjs_has_every_text_in_every_language(tmp_path):
    model = json.loads(written(WHOLE, "surveyjs", tmp_path).read_text("utf-8"))
    assert model["locale"] == "fr"
    texts = list(_localised(model))
    assert len(texts) > 60
    assert all(set(node) == {"default", "fr", "pl", "ru"} for node in texts)


def _localised(node):
    if isinstance(node, dict) and "fr" in node:
        yield node
    elif isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _localised(child)


def test_limesurvey_codes_fit_its_written_rules(tmp_path):
    text = written(WHOLE, "limesurvey", tmp_path).read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    by_class = lambda kind: [row for row in rows if row["class"] == kind]
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9]{0,19}", row["name"]) for row in by_class("Q"))
    assert all(re.fullmatch("[A-Za-z0-9]{1,5}", row["name"]) for row in by_class("A"))
    settings = {row["name"]: row["text"] for row in by_class("S")}
    assert (settings["language"], settings["additional_languages"]) == ("fr", "en pl ru")
    inner = [
        (row["class"], row["name"])
        for row in rows
        if row["language"] == "fr" and row["class"] in "QA"
    ]
    for code in LANGUAGES:  # every language has the same rows in the same order
        same = [
            (row["class"], row["name"])
            for row in rows
            if row["language"] == code and row["class"] in "QA"
        ]
        assert same == inner
    assert all(row["text"] for row in rows if row["class"] in ("SL", "Q", "A"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_word_has_a_box_for_every_answer(code, tmp_path):
    paths = {path.stem[-2:]: path for path in export_survey(SURVEY, "docx", tmp_path)}
    paper = docx.Document(paths[code])
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    text = "\n".join([*(line.text for line in paper.paragraphs), *cells])
    assert text.count("☐") == sum(len(item.answers(code)) for item in SURVEY.questions)
    assert all(item.texts[code].split(" ?")[0] in text for item in SURVEY.questions)


def test_the_page_has_no_other_address_than_the_one_given(tmp_path):
    page = written(SURVEY, "html", tmp_path).read_text("utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "connect-src 'none'" in html.unescape(page)
    posting = written(SURVEY, "html", tmp_path, post_to="https://a.example/in?x=1").read_text(
        "utf-8"
    )
    assert "connect-src https://a.example;" in posting


@pytest.mark.parametrize("address", ["http://a.example", "javascript:x", "https://", "a b"])
def test_an_address_that_is_not_safe_is_refused(address, tmp_path):
    with pytest.raises(ValueError, match="https://"):
        export_survey(SURVEY, "html", tmp_path, post_to=address)


@pytest.mark.parametrize("to", FORMS)
def test_a_clients_name_is_text_everywhere(to, tmp_path):
    survey = named(HOSTILE)
    for path in export_survey(survey, to, tmp_path):
        if to != "email":
            assert check_survey(path, survey) == ()
        raw = (
            path.read_bytes()
            if path.suffix not in (".docx", ".xlsx")
            else b"".join(zipfile.ZipFile(path).read(n) for n in zipfile.ZipFile(path).namelist())
        )
        assert b"<f>" not in raw
        if to in ("html", "limesurvey"):
            assert b"<b>*x*" not in raw


def test_anonymous_answers_carry_no_order_number(tmp_path):
    for to in ("xlsform", "surveyjs", "limesurvey", "html"):
        path = written(UNNAMED, to, tmp_path)
        raw = str(rows_of(path, "survey")) if to == "xlsform" else path.read_text("utf-8")
        assert "orderid" not in raw and 'name="order_id"' not in raw and "'order_id'" not in raw
        assert '"name": "order_id"' not in raw
    assert "anonymized\t\tY" in written(UNNAMED, "limesurvey", tmp_path).read_text("utf-8")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_e_mail_names_order_and_link(code):
    for reminder in (False, True):
        text = write_email(named("Acme", code), code, reminder=reminder)
        assert "{order_id}" in text and text.count("{link}") == 1 and "Acme" in text


def test_only_languages_with_every_text_are_exported(tmp_path):
    (tmp_path / "survey.yaml").write_text(
        "items:\n- {id: smell, scale: rating, label: {pl: Zapach}, "
        "text: {pl: Proszę ocenić zapach.}}\n",
        encoding="utf-8",
    )
    bank = read_item_bank(tmp_path / "survey.yaml", languages=("pl",))
    survey = Questionnaire("Acme", "pl", bank, ("time",))
    assert survey_languages(survey) == ("pl",)
    for to in FORMS:
        for path in export_survey(survey, to, tmp_path / to):
            assert to == "email" or check_survey(path, survey) == ()


def test_the_command_writes_checks_and_says_so(tmp_path):
    run = CliRunner().invoke(
        main, ["survey", "ten-orders", "--to", "xlsform", "--out", str(tmp_path)]
    )
    assert run.exit_code == 0
    assert (tmp_path / "survey.xlsx").is_file() and (tmp_path / "email-pl.txt").is_file()
    wrong = CliRunner().invoke(
        main, ["survey", "ten-orders", "--to", "pdf", "--out", str(tmp_path)]
    )
    assert wrong.exit_code == 2


def test_a_form_that_is_not_known_is_said_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"pdf.*xlsform"):
        export_survey(SURVEY, "pdf", tmp_path)


def test_a_survey_without_a_whole_language_is_refused(tmp_path):
    halves = [dataclasses.replace(item, texts={"en": "?"}) for item in SURVEY.questions[:1]]
    halves += [dataclasses.replace(item, texts={"pl": "?"}) for item in SURVEY.questions[1:2]]
    with pytest.raises(ValueError, match="no language"):
        export_survey(dataclasses.replace(SURVEY, questions=tuple(halves)), "html", tmp_path)
