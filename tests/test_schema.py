"""The vocabulary: every column of the contract, named so that nothing is read two ways."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook import values
from workbook.dates import to_date
from workbook.headings import Faults, recognise
from workbook.language import LANGUAGES, speak
from workbook.resources import data_path
from workbook.schema import (
    MEASURES,
    RIGHTS,
    TABLES,
    Column,
    Problem,
    columns,
    fold,
    nearest,
    value_labels,
)

CONTRACT = {
    "order_lines": """order_id* line_no delivery_no kind customer segment channel product
        product_group quantity_ordered quantity_delivered product_delivered quantity_damaged
        condition unit_price unit_price_invoiced surcharge currency ordered_at requested_at
        promised_at promised_latest_at shipped_at delivered_at place_ordered place_delivered
        confirmed_at notice_at documents tracking_at carrier ship_from route region size_class
        weight_kg freight_cost status reason product_ok quantity_ok time_ok place_ok
        condition_ok price_ok information_ok customer_ok""",
    "steps": """step_id* step* role* predecessors join split touch_minutes wait_minutes
        optimistic_minutes pessimistic_minutes cost rework_share rework_to rights activity
        status owner stage parent site votes_works votes_improve""",
    "events": "order_id* activity* event_at* role recorded_at source lifecycle",
    "responses": "response_id* order_id language segment sent_at answered_at comment",
    "inquiries": "inquiry_id* channel language language_reply opened_at first_reply_at resolved_at",
    "claims": "claim_id* order_id opened_at closed_at reason cost",
    "stock": "product* date* on_hand minimum maximum counted",
    "costs": "option step_id cost service note",
    "role_answers": "person* step_id* claimed_role*",
    "benchmarks": "measure* definition value* low high source date",
    "standards": "measure* target* tolerance window segment owner source",
}
ALL = [column for table in TABLES for column in columns(table).values()]
KINDS = {"text", "number", "date", "choice", "yesno", "list"}


def spelling(column: Column) -> list[str]:
    return [column.name, *column.labels.values(), *column.synonyms]


@pytest.mark.parametrize("table", TABLES)
def test_the_dictionary_has_the_contract_s_columns_in_its_order(table):
    names = [name + "*" * column.required for name, column in columns(table).items()]
    assert names == CONTRACT[table].split()


def test_every_dictionary_file_is_a_table():
    assert {path.stem for path in data_path("dictionary").glob("*.csv")} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_no_heading_means_two_columns(table):
    meant: dict[str, set[str]] = {}
    for column in columns(table).values():
        for heading in spelling(column):
            meant.setdefault(fold(heading), set()).add(column.name)
    assert {heading: names for heading, names in meant.items() if len(names) > 1} == {}


@pytest.mark.parametrize("table", TABLES)
def test_no_heading_folds_to_nothing(table):
    assert all(fold(heading) for column in columns(table).values() for heading in spelling(column))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", TABLES)
def test_labels_are_short_and_distinct(table, language):
    labels = [column.labels[language] for column in columns(table).values()]
    assert len(set(labels)) == len(labels)
    assert all(0 < len(label) <= 32 for label in labels)


def test_each_column_says_what_it_means_and_what_a_blank_means():
    blank = {"en": ("blank", "never", "without"), "fr": ("vide", "sans"), "pl": ("pust", "bez")}
    blank["ru"] = ("пусто", "заполнен", "без")
    for column in ALL:
        for language, words in blank.items():
            note = column.notes[language]
            assert note.endswith(".") and len(note) < 150, (column.name, language)
            assert any(word in note.lower() for word in words), (column.name, language, note)


def test_kinds_and_allowed_values_fit():
    assert {column.kind for column in ALL} <= KINDS
    assert all(column.allowed for column in ALL if column.kind == "choice")
    assert set(RIGHTS) < set(columns("steps")["rights"].allowed)
    assert all(f"right_{right}" in MEASURES for right in RIGHTS)


def read_as(column: Column, texts: list[str]) -> values.Typed:
    cells = pd.Series(texts, dtype="str")
    if column.kind in ("choice", "list"):
        return getattr(values, f"to_{column.kind}")(cells, column)
    return to_date(cells) if column.kind == "date" else getattr(values, f"to_{column.kind}")(cells)


@pytest.mark.parametrize("column", ALL, ids=lambda column: column.name)
def test_every_example_can_be_read(column):
    typed = read_as(column, [column.example])
    assert column.example and typed.series.notna().all() and not typed.unreadable.any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shown_word_of_an_allowed_value_is_read_as_that_value(language):
    for column in ALL:
        shown = [value_labels()[value][language] for value in column.allowed]
        if column.kind == "choice":
            assert read_as(column, shown).series.tolist() == list(column.allowed)
    yes, no = (value_labels()[word][language] for word in ("yes", "no"))
    assert values.to_yesno(pd.Series([yes, no])).series.tolist() == [True, False]


@pytest.mark.parametrize(
    ("heading", "table", "name"),
    [
        ("ORDER NO.", "order_lines", "order_id"),
        ("Nr zamówienia", "order_lines", "order_id"),
        ("N° commande", "order_lines", "order_id"),
        ("Номер заказа", "order_lines", "order_id"),
        ("Bestellnummer", "order_lines", "order_id"),
        ("Termin dostawy", "order_lines", "promised_at"),
        ("Date de livraison prévue", "order_lines", "promised_at"),
        ("Фактическая дата доставки", "order_lines", "delivered_at"),
        ("wunschtermin", "order_lines", "requested_at"),
        ("Minutes", "steps", "touch_minutes"),
        ("Timestamp", "events", "event_at"),
    ],
)
def test_usual_headings_are_recognised(heading, table, name):
    faults = Faults(table, "a.csv", speak("en"))
    assert recognise([heading], columns(table), {}, faults).get(name) == heading


def test_our_own_label_wins_over_a_synonym_beside_it():
    faults = Faults("order_lines", "a.csv", speak("en"))
    found = recognise(["PO number", "Order number"], columns("order_lines"), {}, faults)
    assert found == {"order_id": "Order number"}
    assert [problem.severity for problem in faults.problems] == ["warning"]


def test_two_synonyms_of_a_required_column_are_an_error():
    faults = Faults("order_lines", "a.csv", speak("en"))
    recognise(["PO number", "Order ref"], columns("order_lines"), {}, faults)
    assert [(problem.severity, problem.column) for problem in faults.problems] == [
        ("error", "Order ref")
    ]


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@given(st.sampled_from(["order_id", "promised_at", "złożone", "№ заказа"]), st.sampled_from(" _-."))
def test_case_and_punctuation_do_not_matter(name, mark):
    assert fold(mark + name.upper() + mark) == fold(name)


def test_the_nearest_name_is_offered_only_when_near():
    assert nearest("langauge", ["language", "due"]) == "language"
    assert nearest("xyz", ["language", "due"]) is None


def test_a_question_as_remedy_keeps_its_question_mark():
    said = Problem("error", "t", "the key is not known", "did you mean due?", "f.yaml").sentence()
    assert said == "f.yaml: the key is not known; did you mean due?"
