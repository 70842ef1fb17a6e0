"""The item bank is complete in four languages; a questionnaire is short and fits the client."""

import copy
import re
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from workbook.language import LANGUAGES, speak
from workbook.lint import lint_question
from workbook.questions import read_item_bank
from workbook.resources import template_path
from workbook.results import Finding
from workbook.schema import RIGHTS, DataError, columns
from workbook.survey import design_survey

BANK = read_item_bank()
SHIPPED = yaml.safe_load(template_path("survey.yaml").read_text(encoding="utf-8"))


def ids(survey):
    return survey.data["question"].tolist()


def weak(right):
    return Finding(f"late-{right}", "needs improvement", "", right=right)


@pytest.fixture
def folder(tmp_path):
    def write(content):
        path = tmp_path / "survey.yaml"
        words = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
        path.write_text(words, encoding="utf-8")
        return path

    return write


def test_every_right_and_topic_has_an_item():
    assert {item.right for item in BANK} == {*RIGHTS, None}
    topics = {"overall", "contact", "contactlanguage", "complaints", "recommend", "importance"}
    assert topics <= {item.id for item in BANK}
    assert [item.id for item in BANK if item.scale is None] == ["comment"]


@pytest.mark.parametrize("item", BANK, ids=lambda item: item.id)
def test_every_item_is_the_same_in_four_languages(item):
    assert set(item.texts) == set(item.labels) == set(LANGUAGES)
    answers = {code: item.answers(code) for code in LANGUAGES}
    assert len({len(shown) for shown in answers.values()}) == 1
    assert all(len(set(shown)) == len(shown) for shown in answers.values())
    assert item.source == "own wording; not a validated scale"


def test_no_id_hides_a_column_of_responses_but_the_comment():
    assert {item.id for item in BANK} & set(columns("responses")) == {"comment"}


def test_no_item_of_ours_strikes_our_own_rules():
    struck = [(i.id, f.id) for i in BANK for c in LANGUAGES for f in lint_question(i.texts[c], c)]
    assert struck == []


def test_russian_and_polish_texts_use_their_own_letters_only():
    for item in BANK:
        assert not re.search(r"[A-Za-z]", item.texts["ru"])
        assert not re.search(r"[А-Яа-яЁё]", item.texts["pl"] + item.texts["en"] + item.texts["fr"])


@given(st.lists(st.sampled_from(RIGHTS), min_size=1, unique=True), st.integers(1, 6))
def test_a_questionnaire_is_short_and_starts_from_the_whole(rights, room):
    survey = design_survey(rights=rights, max_items=room)
    assert len(survey.questions) == room + 1
    assert "overall" in ids(survey) and ids(survey)[-1] == "comment"
    assert survey.minutes <= 2
    assert not set(survey.data["right"].dropna()) - set(rights)


def test_rights_that_need_improvement_come_first():
    survey = design_survey(findings=[weak("place"), weak("price")], max_items=3)
    assert ids(survey) == ["overall", "place", "price", "comment"]
    assert survey.reasons["place"] == "finding"
    as_json = [weak("place").as_dict(), weak("price").as_dict()]
    assert ids(design_survey(findings=as_json, max_items=3)) == ids(survey)


def test_the_goal_orders_the_rights():
    assert ids(design_survey(goal="cost", max_items=2)) == ["overall", "price", "comment"]
    assert ids(design_survey(goal="service", max_items=2)) == ["overall", "time", "comment"]


def test_a_right_that_is_not_asked_is_found():
    survey = design_survey(rights=["time", "price"], max_items=2, language="pl")
    assert survey.coverage == {"time": "time", "price": None}
    (finding,) = survey.findings()
    assert (finding.right, finding.kind) == ("price", "no evidence")
    assert "Właściwa cena" in finding.sentence
    assert design_survey(rights=["time"]).findings() == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_questionnaire_is_in_the_clients_language(code):
    profile = SimpleNamespace(name="Brzoza <Dom>", language=code, rights=("time",), goal="balance")
    survey = design_survey(SimpleNamespace(profile=profile, folder=None))
    assert survey.table().iloc[1, 1] == next(i for i in BANK if i.id == "time").texts[code]
    assert len(survey.blocks(speak("en"))) >= 4
    assert "Brzoza &lt;Dom&gt;" in survey._repr_html_()


def test_the_clients_own_questionnaire_wins(folder):
    first, *_, last = copy.deepcopy(SHIPPED["items"])
    own = {"items": [first | {"id": "q1"}, last]}
    for item in own["items"]:
        item["text"], item["label"] = {"pl": "Własne pytanie"}, {"pl": "Własne"}
    client = SimpleNamespace(folder=folder(own).parent, profile=SimpleNamespace(language="pl"))
    survey = design_survey(client)
    assert ids(survey) == ["q1", "comment"]
    assert survey.questions[0].texts["pl"] == "Własne pytanie"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"goal": "growth"}, "growth.*balance, cost, service"),
        ({"rights": ["taste"]}, "taste.*product, quantity"),
        ({"max_items": 9}, "9.*1 to 6"),
        ({"language": "de"}, "de.*en, fr, pl, ru"),
    ],
)
def test_a_choice_that_is_not_allowed_is_said_in_one_sentence(choices, words):
    with pytest.raises(ValueError, match=words):
        design_survey(**choices)


def broken(change):
    content = copy.deepcopy(SHIPPED)
    change(content)
    return content


FAULTS = {
    "a language without text": (lambda c: c["items"][1]["text"].pop("ru"), "items.2.text"),
    "a blank text": (lambda c: c["items"][1]["text"].update(fr=" "), "items.2.text.fr"),
    "a text that is a list": (lambda c: c["items"][1].update(text=["a"]), "items.2.text"),
    "no id": (lambda c: c["items"][1].pop("id"), "items.2.id"),
    "an id twice": (lambda c: c["items"][1].update(id="time"), "items.4.id"),
    "an id with a space": (lambda c: c["items"][1].update(id="my product"), "items.2.id"),
    "an id of 21 letters": (lambda c: c["items"][1].update(id="a" * 21), "items.2.id"),
    "a column's name": (lambda c: c["items"][1].update(id="language"), "items.2.id"),
    "an unknown right": (lambda c: c["items"][1].update(right="taste"), "items.2.right"),
    "an unknown scale": (lambda c: c["items"][1].update(scale="stars"), "items.2.scale"),
    "an unknown key": (lambda c: c["items"][1].update(txt={}), "items.2.txt"),
    "a polarity of 0": (lambda c: c["items"][1].update(polarity=0), "items.2.polarity"),
    "a label too few": (
        lambda c: c["scales"]["rating"]["labels"]["ru"].pop(),
        "scales.rating.labels.ru",
    ),
    "a label twice": (
        lambda c: c["scales"]["rating"]["labels"]["en"].__setitem__(0, "good"),
        "scales.rating.labels.en",
    ),
    "a value twice": (
        lambda c: c["scales"]["rating"].update(values=[1, 1, 2, 3, 4]),
        "scales.rating.values",
    ),
    "no items": (lambda c: c.pop("items"), "items"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_bank_is_placed(name, folder):
    change, place = FAULTS[name]
    with pytest.raises(DataError) as caught:
        read_item_bank(folder(broken(change)))
    problems = caught.value.problems
    assert place in {problem.column for problem in problems}
    assert all(problem.file == "survey.yaml" and problem.remedy for problem in problems)
    assert len(problems) <= 2


def test_all_faults_are_told_at_once_with_their_lines(folder):
    content = copy.deepcopy(SHIPPED)
    for name in ("an unknown right", "an unknown scale", "a label too few"):
        FAULTS[name][0](content)
    with pytest.raises(DataError) as caught:
        read_item_bank(folder(content))
    assert len({problem.row for problem in caught.value.problems}) == 3


@pytest.mark.parametrize("text", ["items: [", "", "- 1", "items: 5", "items:\n- 3\n", "scales: 4"])
def test_a_file_that_is_no_bank_is_said_in_words(text, folder):
    with pytest.raises(DataError, match=r"survey\.yaml"):
        read_item_bank(folder(text))


BAD = {
    "wording-double": {
        "en": "How fast and friendly was the driver?",
        "fr": "Le livreur était-il rapide et aimable ?",
        "pl": "Czy kierowca był szybki i uprzejmy?",
        "ru": "Водитель приехал быстро и был вежлив?",
    },
    "wording-negation": {
        "en": "Was the parcel not damaged?",
        "fr": "Le colis n'était pas abîmé ?",
        "pl": "Czy paczka nie była uszkodzona?",
        "ru": "Посылка не была повреждена?",
    },
    "wording-leading": {
        "en": "How good was our excellent service?",
        "fr": "Notre service était bon, n'est-ce pas ?",
        "pl": "Oczywiście dostawa była na czas?",
        "ru": "Конечно, доставка была в срок?",
    },
    "wording-vague": {
        "en": "Do you often order from us?",
        "fr": "Commandez-vous souvent chez nous ?",
        "pl": "Jak często składane są zamówienia?",
        "ru": "Как часто Вы заказываете у нас?",
    },
    "wording-gendered": {
        "en": "Was the driver polite when he or she arrived?",
        "fr": "Êtes-vous satisfait(e) de la livraison ?",
        "pl": "Czy jest Pan/Pani zadowolony(-a) z dostawy?",
        "ru": "Вы остались доволен(а) доставкой?",
    },
}


@pytest.mark.parametrize("rule", BAD)
@pytest.mark.parametrize("code", LANGUAGES)
def test_a_rule_strikes_in_every_language(rule, code):
    assert rule in {finding.id for finding in lint_question(BAD[rule][code], code)}


def test_a_long_question_is_found_and_nothing_is_certified():
    assert [f.id for f in lint_question("word " * 30)] == ["wording-long"]
    assert lint_question("") == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_linked_questionnaire_names_the_order_and_asks_for_consent(code):
    linked, apart = design_survey(language=code), design_survey(language=code, linkable=False)
    assert "{order_id}" in linked.introduction() and "{order_id}" not in apart.introduction()
    assert linked.consent() != apart.consent() and linked.consent("en") != ""


def test_item_texts_and_labels_are_at_hand_in_all_languages():
    for item in design_survey().questions:
        assert set(item.texts) == set(item.labels) == set(LANGUAGES)
        if item.scale:
            assert {len(item.scale.labels[code]) for code in LANGUAGES} == {len(item.scale.values)}
