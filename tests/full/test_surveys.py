"""Give every form of the questionnaire to what reads it, in four languages."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from workbook.answers import answer_codes
from workbook.data import read_table
from workbook.exports import export_survey
from workbook.language import LANGUAGES
from workbook.survey import design_survey

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
SURVEY = design_survey()
GIVEN = {
    item.id: answer_codes(item)[-1] if item.scale else "=1+1 <b>ок</b>" for item in SURVEY.questions
}
# Reads a model from the standard input and says what SurveyJS makes of it.
READ = """
import { createRequire } from 'module';
import { readFileSync } from 'fs';
const { Model } = createRequire(process.cwd() + '/')('survey-core');
const survey = new Model(JSON.parse(readFileSync(0, 'utf8')));
const out = { errors: survey.jsonErrors, locales: survey.getUsedLocales(), shown: {} };
for (const code of out.locales) {
  survey.locale = code;
  out.shown[code] = Object.fromEntries(survey.getAllQuestions().map(q => [
    q.name, [q.title, ...(q.visibleChoices || []).map(c => c.text)]]));
}
console.log(JSON.stringify(out));
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = tmp_path_factory.mktemp("surveys")
    for form in ("surveyjs", "html", "docx"):
        export_survey(SURVEY, form, room)
    export_survey(SURVEY, "html", room / "post", post_to="https://answers.example/in")
    return room


@pytest.fixture
def opened(browser, room, request):
    """Our page in a window, with what it asked for and complained of."""
    width, language = getattr(request, "param", (390, "en"))
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda one: page.asked.append(one.url))
    page.on("console", lambda one: page.said.append(one.text))
    page.on("pageerror", lambda one: page.said.append(str(one)))
    page.goto((room / "survey.html").as_uri() + f"?lang={language}&order=SO-7")
    yield page
    context.close()


def everywhere(*widths):
    cases = [(width, code) for width in widths for code in LANGUAGES]
    return pytest.mark.parametrize("opened", cases, indirect=True, ids=str)


def keep(page, name):
    (ROOT / "artefacts").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / f"artefacts/{name}.png", full_page=True)


# ── ODK ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not shutil.which("java"), reason="ODK Validate needs Java")
def test_odk_validate_takes_the_form(tmp_path):
    (path,) = export_survey(SURVEY, "xlsform", tmp_path)
    assert convert(path, validate=True).warnings == []


# ── SurveyJS ─────────────────────────────────────────────────────────────────────────────────


def test_survey_core_shows_every_text_in_every_language(room):
    assert (MODULES / "survey-core").is_dir(), "survey-core is missing; run tools/install_full.sh"
    command = ["node", "--input-type=module", "-e", READ]
    model = (room / "survey.json").read_bytes()
    said = subprocess.run(command, input=model, capture_output=True, check=True, cwd=ROOT)
    found = json.loads(said.stdout)
    assert not found["errors"]
    assert set(found["locales"]) == set(LANGUAGES)
    for code in LANGUAGES:
        for item in SURVEY.questions:
            title, *choices = found["shown"][code][item.id]
            assert " ".join(title.split()) == " ".join(item.texts[code].split())
            assert tuple(choices) == item.answers(code)


@pytest.mark.parametrize("code", LANGUAGES)
def test_surveyjs_is_answered_and_handed_over_in_chromium(browser, room, code, tmp_path):
    page = browser.new_page(viewport={"width": 900, "height": 900})
    page.set_content("<div id=survey></div>")
    for script in (
        "survey-core/survey.core.min.js",
        "survey-core/survey.i18n.min.js",
        "survey-js-ui/survey-js-ui.min.js",
    ):
        page.add_script_tag(path=MODULES / script)
    page.add_style_tag(path=MODULES / "survey-core/survey-core.fontless.min.css")
    start = """([json, code]) => { const survey = window.model = new Survey.Model(json);
        survey.locale = code; survey.render(document.getElementById('survey'));
        survey.onComplete.add(sender => window.answers = sender.data); }"""
    page.evaluate(start, [json.loads((room / "survey.json").read_text("utf-8")), code])
    page.get_by_role("button", name=page.evaluate("model.completeText")).click()
    assert page.evaluate("window.answers") is None  # the first question wants an answer
    for name, value in GIVEN.items():
        box = page.locator(f"[data-name={name}]")
        if any(item.id == name and item.scale for item in SURVEY.questions):
            box.locator(f"input[value='{value}']").check(force=True)
        else:
            box.locator("textarea").fill(value)
    keep(page, f"surveyjs-{code}")
    page.get_by_role("button", name=page.evaluate("model.completeText")).click()
    answers = page.evaluate("window.answers")
    assert {name: str(answers[name]) for name in GIVEN} == GIVEN
    (tmp_path / "a.json").write_text(json.dumps([answers]), encoding="utf-8")
    frame, problems = read_table(tmp_path / "a.json", "responses")
    assert problems == () and frame.loc[1, ["language", "comment"]].tolist() == [
        code,
        GIVEN["comment"],
    ]
    page.close()


# ── our page ─────────────────────────────────────────────────────────────────────────────────


@everywhere(390, 1100, 320)
def test_our_page_fits_asks_nothing_and_speaks_one_language(opened, request):
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(wide) <= 0
    assert opened.asked == [opened.url] and opened.said == []
    code = opened.evaluate("document.documentElement.lang")
    shown = " ".join(opened.inner_text("main").split())
    for item in SURVEY.questions:
        assert " ".join(item.texts[code].split()) in shown
        assert not any(item.texts[other] in shown for other in LANGUAGES if other != code)
    keep(opened, f"survey-{code}-{opened.viewport_size['width']}")


@everywhere(390, 1100)
def test_axe_finds_no_violation(opened):
    def violations():
        found = opened.evaluate("async () => (await axe.run()).violations")
        return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]

    opened.add_script_tag(path=MODULES / "axe-core/axe.min.js")
    assert violations() == []
    opened.locator(".send").click()  # now with the fault that nothing is answered
    assert violations() == []


def test_the_keyboard_is_enough(opened):
    """Language, every question, and handing over, by Tab, arrows, Space and Enter alone."""
    for _ in range(3):
        opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.documentElement.lang") == "pl"
    for _ in range(2):  # the other language, the order's number
        opened.keyboard.press("Tab")
    for item in SURVEY.questions:
        opened.keyboard.press("Tab")
        opened.keyboard.press("Space") if item.scale else opened.keyboard.type("dobrze")
        if item.scale:
            opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Tab")
    with opened.expect_download() as got:
        opened.keyboard.press("Enter")
    answers = json.loads(Path(got.value.path()).read_text("utf-8"))
    closed = [item for item in SURVEY.questions if item.scale]
    assert [answers[item.id] for item in closed] == [answer_codes(item)[1] for item in closed]
    assert opened.evaluate("document.activeElement.id") == "done"


def fill(page):
    for name, value in GIVEN.items():
        if any(item.id == name and item.scale for item in SURVEY.questions):
            page.locator(f"input[name={name}][value='{value}']").check()
        else:
            page.locator(f"[name={name}]").fill(value)


def test_answers_survive_a_reload_and_are_handed_over_as_a_file(opened, tmp_path):
    opened.locator(".send").click()
    assert opened.locator(".error:visible").count() == 1
    assert opened.evaluate("document.activeElement.name") == SURVEY.questions[0].id
    fill(opened)
    opened.reload()
    with opened.expect_download() as got:
        opened.locator(".send").click()
    assert opened.locator("#done").is_visible() and "answers-SO-7.json" in opened.inner_text(
        "#done"
    )
    (tmp_path / "responses").mkdir()
    got.value.save_as(tmp_path / "responses" / got.value.suggested_filename)
    frame, problems = read_table(tmp_path / "responses", "responses")
    assert problems == ()
    told = frame.loc[1, ["order_id", "language", "comment"]].tolist()
    assert told == ["SO-7", "en", GIVEN["comment"]]
    assert frame["answered_at"].notna().all() and frame["response_id"].str.len().eq(16).all()
    assert {n: f"{frame.loc[1, n]}".removesuffix(".0") for n in GIVEN} == GIVEN


def test_answers_are_posted_to_the_given_address_and_kept_until_it_takes_them(browser, room):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page, taken, status = context.new_page(), [], [500]

    def answer(route):
        head = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        if route.request.method == "POST":
            taken.append(route.request.post_data_json)
        route.fulfill(status=status[0] if route.request.method == "POST" else 204, headers=head)

    page.route("https://answers.example/in", answer)
    page.goto((room / "post/survey.html").as_uri() + "#order=SO-9&segment=B2B")
    fill(page)
    page.locator(".send").click()
    page.locator("#failed").wait_for()
    assert page.locator("#save").is_visible()
    status[0] = 200
    page.locator(".send").click()
    page.locator("#done").wait_for()
    assert len(taken) == 2 and taken[0]["response_id"] == taken[1]["response_id"]
    assert {name: taken[1][name] for name in GIVEN} == GIVEN
    assert (taken[1]["order_id"], taken[1]["segment"]) == ("SO-9", "B2B")
    page.reload()
    assert page.locator("#done").is_visible()  # and it is not asked twice
    context.close()


# ── Word ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", LANGUAGES)
def test_libreoffice_sets_the_word_form_on_one_page(room, code, tmp_path):
    paper = room / f"survey-{code}.docx"
    command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", tmp_path, paper]
    home = os.environ | {"HOME": str(tmp_path)}
    subprocess.run(command, check=True, capture_output=True, env=home)
    pdf = tmp_path / f"survey-{code}.pdf"
    said = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in said
    plain = subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True
    ).stdout
    boxes = sum(len(item.answers(code)) for item in SURVEY.questions)
    assert plain.count("☐") == boxes
    (ROOT / "artefacts").mkdir(exist_ok=True)
    picture = ROOT / f"artefacts/survey-{code}-word"
    subprocess.run(["pdftoppm", "-r", "80", "-png", "-singlefile", pdf, picture], check=True)
