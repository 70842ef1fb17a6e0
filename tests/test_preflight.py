"""A frozen set of silent losses: all are found, and none on the clean survey."""

import json
import shutil
from contextlib import suppress

import pytest
from openpyxl import load_workbook
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from workbook.exports import export_survey
from workbook.preflight import check_survey
from workbook.survey import design_survey

SURVEY = design_survey()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    room = tmp_path_factory.mktemp("clean")
    return {
        to: export_survey(SURVEY, to, room)[0]
        for to in ("xlsform", "surveyjs", "limesurvey", "docx", "html")
    }


# ── how a file is changed ────────────────────────────────────────────────────────────────────


def sheet(name, change):
    """Change an XLSForm's sheet: rows are lists, the first holds the headings."""

    def mutate(path):
        book = load_workbook(path)
        page = book[name]
        rows = [[cell or "" for cell in row] for row in page.iter_rows(values_only=True)]
        rows = change(rows) or rows
        book.remove(page)
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
        book.save(path)

    return mutate


def cell(name, row, head, value):
    """Put a value where the first cell of the named row (its `name`) is, under a heading."""

    def change(rows):
        which = next(r for r in rows[1:] if row in r[:2])
        which[rows[0].index(head)] = value

    return sheet(name, change)


def heading(name, old, new):
    return sheet(name, lambda rows: rows[0].__setitem__(rows[0].index(old), new))


def without(name, head):
    def change(rows):
        place = rows[0].index(head)
        return [row[:place] + row[place + 1 :] for row in rows]

    return sheet(name, change)


def model(change):
    def mutate(path):
        read = json.loads(path.read_text("utf-8"))
        change(read, {e["name"]: e for e in read["pages"][0]["elements"]})
        path.write_text(json.dumps(read, ensure_ascii=False), "utf-8")

    return mutate


def text(old, new, times=1):
    def mutate(path):
        read = path.read_text("utf-8-sig")
        assert old in read
        path.write_text(read.replace(old, new, times), "utf-8-sig")

    return mutate


def lines(keep):
    def mutate(path):
        read = path.read_text("utf-8-sig").splitlines()
        path.write_text("\n".join(line for line in read if keep(line.split("\t"))), "utf-8-sig")

    return mutate


FRENCH, POLISH = "label::Français (fr)", "label::Polski (pl)"
CLASS, NAME, LANGUAGE = 1, 3, 7  # columns of the LimeSurvey structure

# name: (form, change). Found from the file alone.
MUTANTS = {
    "xlsform: required misspelt": ("xlsform", heading("survey", "required", "requierd")),
    "xlsform: Required in capitals": ("xlsform", heading("survey", "required", "requireds")),
    "xlsform: label of a language misspelt": (
        "xlsform",
        heading("survey", FRENCH, "lable::Français (fr)"),
    ),
    "xlsform: another spelling of a language": (
        "xlsform",
        heading("choices", POLISH, "label::Polish"),
    ),
    "xlsform: a language missing in choices": ("xlsform", without("choices", FRENCH)),
    "xlsform: a language missing in the questions": ("xlsform", without("survey", FRENCH)),
    "xlsform: a blank translation": ("xlsform", cell("survey", "time", FRENCH, "")),
    "xlsform: a translation of blanks": ("xlsform", cell("survey", "time", FRENCH, "  ")),
    "xlsform: a blank label of an answer": ("xlsform", cell("choices", "rating", POLISH, "")),
    "xlsform: a label without a language": ("xlsform", heading("survey", FRENCH, "label")),
    "xlsform: a name twice": ("xlsform", cell("survey", "time", "name", "product")),
    "xlsform: a name with a blank": ("xlsform", cell("survey", "time", "name", "the time")),
    "xlsform: a list that is not there": (
        "xlsform",
        cell("survey", "time", "type", "select_one ratings"),
    ),
    "xlsform: a list without choices": (
        "xlsform",
        sheet("choices", lambda rows: [r for r in rows if r[0] != "rating_na"]),
    ),
    "xlsform: an answer's code twice": ("xlsform", cell("choices", "rating", "name", "2")),
    "xlsform: two answers that read the same": (
        "xlsform",
        cell("choices", "rating", POLISH, "dobra"),
    ),
    "xlsform: required in another language": (
        "xlsform",
        cell("survey", "overall", "required", "oui"),
    ),
    "xlsform: an unknown type": ("xlsform", cell("survey", "time", "type", "select_uno rating")),
    "xlsform: an unknown reference": ("xlsform", cell("survey", "time", FRENCH, "Et ${delais} ?")),
    "xlsform: a default language that none has": (
        "xlsform",
        sheet("settings", lambda rows: rows[1].__setitem__(3, "Deutsch (de)")),
    ),
    "xlsform: a misspelt setting": (
        "xlsform",
        heading("settings", "default_language", "defalt_language"),
    ),
    "surveyjs: isRequired misspelt": (
        "surveyjs",
        model(lambda m, e: e["overall"].update(isrequired=e["overall"].pop("isRequired"))),
    ),
    "surveyjs: a name twice": ("surveyjs", model(lambda m, e: e["time"].update(name="product"))),
    "surveyjs: a missing translation": (
        "surveyjs",
        model(lambda m, e: e["time"]["title"].pop("ru")),
    ),
    "surveyjs: a blank translation": (
        "surveyjs",
        model(lambda m, e: e["time"]["title"].update(pl="")),
    ),
    "surveyjs: a title in one language": (
        "surveyjs",
        model(lambda m, e: e["time"].update(title="How?")),
    ),
    "surveyjs: an answer without a translation": (
        "surveyjs",
        model(lambda m, e: e["time"]["choices"][0]["text"].pop("pl")),
    ),
    "surveyjs: answers without labels": (
        "surveyjs",
        model(lambda m, e: e["time"].update(choices=[1, 2, 3])),
    ),
    "surveyjs: a list without choices": ("surveyjs", model(lambda m, e: e["time"].pop("choices"))),
    "surveyjs: a value twice": (
        "surveyjs",
        model(lambda m, e: e["time"]["choices"][1].update(value="1")),
    ),
    "surveyjs: an unknown reference": (
        "surveyjs",
        model(lambda m, e: e["time"].update(visibleIf="{ovrall} = 1")),
    ),
    "surveyjs: an unknown type": (
        "surveyjs",
        model(lambda m, e: e["time"].update(type="radiogrup")),
    ),
    "surveyjs: an unknown language code": (
        "surveyjs",
        model(lambda m, e: e["time"]["title"].update(pol=e["time"]["title"].pop("pl"))),
    ),
    "surveyjs: a thank-you in one language": (
        "surveyjs",
        model(lambda m, e: m.update(completedHtml="Thank you")),
    ),
    "limesurvey: an answer code of six": ("limesurvey", text("\tna\t", "\tnotapp\t", -1)),
    "limesurvey: a question code with _": ("limesurvey", text("\torderid\t", "\torder_id\t", -1)),
    "limesurvey: a question code of 21": (
        "limesurvey",
        text("\ttime\t", "\tt" + "ime" * 7 + "\t", -1),
    ),
    "limesurvey: a question code that begins with a digit": (
        "limesurvey",
        text("\ttime\t", "\t1time\t", -1),
    ),
    "limesurvey: a code twice": ("limesurvey", text("\ttime\t", "\tproduct\t", -1)),
    "limesurvey: a language without its questions": (
        "limesurvey",
        lines(lambda c: c[CLASS] not in "QA" or c[LANGUAGE] != "pl"),
    ),
    "limesurvey: an answer missing in one language": (
        "limesurvey",
        lines(lambda c: c[CLASS] != "A" or c[LANGUAGE] != "pl" or c[NAME] != "3"),
    ),
    "limesurvey: a title missing in one language": (
        "limesurvey",
        lines(lambda c: c[NAME] != "surveyls_title" or c[LANGUAGE] != "fr"),
    ),
    "limesurvey: a blank translation": (
        "limesurvey",
        text("Proszę ocenić dotrzymanie obiecanego terminu dostawy.", ""),
    ),
    "limesurvey: an undeclared language": ("limesurvey", text("fr pl ru", "fr pl")),
    "limesurvey: no answers": ("limesurvey", lines(lambda c: c[CLASS] != "A")),
    "limesurvey: mandatory misspelt": ("limesurvey", text("\tmandatory", "\tmandatry")),
    "limesurvey: type/scale misspelt": ("limesurvey", text("type/scale", "type")),
    "limesurvey: mandatory in words": ("limesurvey", text("\tY\n", "\tyes\n", -1)),
    "limesurvey: an unknown type": ("limesurvey", text("\tL\t", "\tl\t")),
    "limesurvey: an unknown reference": (
        "limesurvey",
        text("\tT\tcomment\t1\t", "\tT\tcomment\tovral.NAOK < 3\t"),
    ),
    "html: a script of another host": (
        "html",
        text("<script>", "<script src='https://cdn.example/a.js'></script><script>"),
    ),
    "html: a picture of another host": ("html", text("<h1>", "<h1><img src=//cdn.example/a.png>")),
}
# Found beside the questionnaire only: the file is whole in itself.
AGAINST = {
    "xlsform: required dropped": ("xlsform", without("survey", "required")),
    "xlsform: a question dropped": (
        "xlsform",
        sheet("survey", lambda rows: [r for r in rows if r[1] != "time"]),
    ),
    "xlsform: a code changed": ("xlsform", cell("choices", "rating", "name", "9")),
    "xlsform: a language dropped": (
        "xlsform",
        lambda path: (without("survey", FRENCH)(path), without("choices", FRENCH)(path)),
    ),
    "surveyjs: required dropped": ("surveyjs", model(lambda m, e: e["overall"].pop("isRequired"))),
    "surveyjs: a question dropped": (
        "surveyjs",
        model(lambda m, e: m["pages"][0]["elements"].pop(2)),
    ),
    "surveyjs: an answer dropped": ("surveyjs", model(lambda m, e: e["time"]["choices"].pop())),
    "limesurvey: required dropped": ("limesurvey", text("\tY\n", "\tN\n", -1)),
    "limesurvey: words changed": ("limesurvey", text("très bonne", "excellente", -1)),
    "html: a question dropped": (
        "html",
        text("Proszę ocenić dotrzymanie obiecanego terminu dostawy.", "…", -1),
    ),
    "html: an answer changed": ("html", text("отлично", "хорошо", -1)),
}


def changed(clean, tmp_path, form, change):
    path = tmp_path / clean[form].name
    shutil.copy(clean[form], path)
    change(path)
    return path


def test_the_set_is_large_enough():
    assert len(MUTANTS) + len(AGAINST) >= 25


@pytest.mark.parametrize("form", ["xlsform", "surveyjs", "limesurvey", "docx", "html"])
def test_nothing_is_found_on_the_clean_survey(clean, form):
    assert check_survey(clean[form]) == check_survey(clean[form], SURVEY) == ()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_silent_loss_is_found_in_the_file_alone(clean, tmp_path, name):
    problems = check_survey(changed(clean, tmp_path, *MUTANTS[name]))
    assert problems
    assert all(problem.remedy and problem.file for problem in problems)


@pytest.mark.parametrize("name", AGAINST)
def test_a_silent_loss_is_found_beside_the_questionnaire(clean, tmp_path, name):
    path = changed(clean, tmp_path, *AGAINST[name])
    assert check_survey(path) == ()
    assert check_survey(path, SURVEY)


def test_pyxform_takes_most_of_the_xlsform_mutants_without_a_word(clean, tmp_path):
    silent = []
    for name, (form, change) in (MUTANTS | AGAINST).items():
        with suppress(PyXFormError):
            if form == "xlsform" and not convert(changed(clean, tmp_path, form, change)).warnings:
                silent.append(name)
    assert {"xlsform: required misspelt", "xlsform: a blank translation"} <= set(silent)
    assert len(silent) >= 8


def test_a_fault_is_placed_where_the_client_finds_it(clean, tmp_path):
    (problem,) = check_survey(changed(clean, tmp_path, *MUTANTS["xlsform: a blank translation"]))
    row = [row[1] for row in load_workbook(clean["xlsform"])["survey"].values].index("time") + 1
    assert (problem.sheet, problem.row, problem.value) == ("survey", row, "fr")
    (found,) = check_survey(changed(clean, tmp_path, *MUTANTS["xlsform: required misspelt"]))
    assert (found.column, found.remedy) == ("requierd", "write required")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[1]", '{"pages": 3}', '{"elements": [3]}', "x\ty"]
)
@pytest.mark.parametrize("ending", ["json", "txt", "xlsx", "docx", "pdf"])
def test_a_file_that_is_no_survey_is_said_in_words(content, ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    path.write_text(content)
    problems = check_survey(path)
    assert problems and all(problem.remedy for problem in problems)
    assert check_survey(tmp_path / f"none.{ending}")
