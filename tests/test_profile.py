"""client.yaml: defaults of the contract, presets, and every fault at once with its line."""

import dataclasses
import datetime as dt
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from workbook.language import LANGUAGES
from workbook.profile import PRESETS, Join, Profile, TableMapping, read_profile
from workbook.schema import RIGHTS, DataError

CONTRACT = """
language: en
currency: EUR
timezone: UTC
country: null
goal: balance
as_of: null
contract: own
due: promised
granularity: day
days: calendar
cut_off: null
tolerance: {early_days: null, late_days: 0, quantity: 0.0, price: 0.005}
information: documents
rights: [product, quantity, time, place, condition, price, information]
targets: {}
exclude_reasons: []
desk_hours: "Mon-Fri 08:00-16:00"
min_group: 5
show_customers: false
prepared_by: null
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "brzoza-dom"
    place.mkdir()
    return place


@pytest.fixture
def profile(folder):
    def read(text, **overrides):
        (folder / "client.yaml").write_text(text, encoding="utf-8")
        return read_profile(folder, overrides)

    return read


@pytest.fixture
def faults(profile):
    def read(text, **overrides):
        with pytest.raises(DataError) as error:
            profile(text, **overrides)
        return error.value.problems

    return read


def test_a_name_is_enough(profile):
    assert profile("name: Brzoza Dom") == Profile("Brzoza Dom", id="brzoza-dom")


def test_the_contract_s_defaults_written_out_change_nothing(profile):
    assert profile("name: X\n" + CONTRACT) == profile("name: X")


def test_every_key_of_the_contract_is_a_field():
    assert set(yaml.safe_load(CONTRACT)) <= {each.name for each in dataclasses.fields(Profile)}


def test_the_tables_of_the_contract_s_example_are_mappings(profile):
    read = profile(
        "name: Acme\ntables:\n  order_lines:\n    file: export_2026.xlsx\n    sheet: Orders\n"
        "    join: {file: orders.csv, on: Order No}\n"
        "    columns: {order_id: [Order No, Nr zamówienia], promised_at: Promised date}\n"
        "    values: {condition: {OK: good, DMG: damaged}}\n"
        '    blank_is: {condition: good}\n    dates: day_first\n    decimal: ","\n'
    )
    assert read.tables["order_lines"] == TableMapping(
        file="export_2026.xlsx",
        sheet="Orders",
        join=Join("orders.csv", "Order No"),
        columns={"order_id": ("Order No", "Nr zamówienia"), "promised_at": ("Promised date",)},
        values={"condition": {"OK": "good", "DMG": "damaged"}},
        blank_is={"condition": "good"},
        dates="day_first",
        decimal=",",
    )


# ── YAML's guesses ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("country: NO", "country", "NO"),
        ("country: pl", "country", "PL"),
        ("cut_off: 14:00", "cut_off", "14:00"),
        ('cut_off: "08:30"', "cut_off", "08:30"),
        ("name: 1e3", "name", "1e3"),
        ("name: No", "name", "No"),
        ("id: 0017", "id", "0017"),
        ("as_of: 2026-03-31", "as_of", dt.date(2026, 3, 31)),
        ("as_of: 2026-03-31 12:30", "as_of", dt.datetime(2026, 3, 31, 12, 30)),
        ("information: [documents, notice]", "information", ("documents", "notice")),
        ("information: tracking", "information", ("tracking",)),
        ("rights: [time, customer]", "rights", ("time", "customer")),
        ("targets: {perfect_order: 0.9}", "targets", {"perfect_order": 0.9}),
        ("targets:", "targets", {}),
        ("exclude_reasons: [customer closed, 17]", "exclude_reasons", ("customer closed", "17")),
        ("show_customers: True", "show_customers", True),
        ('accent: "#1b7f5c"', "accent", "#1b7f5c"),
    ],
)
def test_what_is_written_is_what_is_read(profile, line, key, value):
    text = line if line.startswith("name") else f"name: X\n{line}"
    assert getattr(profile(text), key) == value


def test_words_of_a_client_stay_text_in_values(profile):
    text = "name: X\ntables: {order_lines: {values: {condition: {1: good, No: damaged}}}}"
    assert profile(text).tables["order_lines"].values["condition"] == {"1": "good", "No": "damaged"}


def test_a_folder_s_name_becomes_a_safe_id(tmp_path):
    place = tmp_path / "Łódź & Co. (2026)"
    place.mkdir()
    (place / "client.yaml").write_text("name: X", encoding="utf-8")
    assert read_profile(place).id == "Łódź-Co-2026"


# ── presets ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("contract", PRESETS)
def test_every_preset_is_a_valid_profile(profile, contract):
    assert set(profile(f"name: X\ncontract: {contract}").rights) <= {*RIGHTS, "customer"}


def test_keys_given_win_over_the_preset(profile):
    read = profile("name: X\ncontract: walmart\ndue: promised\ntolerance: {late_days: 1}")
    assert (read.due, read.rights) == ("promised", ("quantity", "time"))
    assert read.tolerance["late_days"] == 1 and read.tolerance["early_days"] == 0


def test_null_is_a_choice_for_early_days_against_the_preset(profile):
    read = profile("name: X\ncontract: walmart\ntolerance: {early_days: null}")
    assert read.tolerance["early_days"] is None


def test_scor_judges_against_the_first_promise_and_the_customer(profile):
    read = profile("name: X\ncontract: scor")
    assert read.due == "promised" and "customer" in read.rights and "price" not in read.rights


def test_contract_choices_are_plain_data(profile):
    choices = profile("name: X\nas_of: 2026-03-31").contract_choices()
    assert json.loads(json.dumps(choices)) == choices
    assert choices["as_of"] == "2026-03-31" and choices["tolerance"]["price"] == 0.005


# ── overrides of a client list or a command line ─────────────────────────────────────────────


def test_overrides_win_and_are_checked_alike(profile, faults):
    assert profile("name: X\nmin_group: 7", min_group=5, as_of="2026-01-31").min_group == 5
    assert profile("name: X", as_of=dt.date(2026, 1, 31)).as_of == dt.date(2026, 1, 31)
    assert profile("name: X", show_customers=True).show_customers is True
    assert [problem.column for problem in faults("name: X", langauge="pl")] == ["langauge"]


def test_overriding_one_tolerance_keeps_the_others(profile):
    read = profile("name: X\ntolerance: {late_days: 2}", tolerance={"quantity": 0.03})
    assert (read.tolerance["late_days"], read.tolerance["quantity"]) == (2, 0.03)


# ── faults ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("langauge: pl", "langauge", "did you mean language?"),
        ("tolerance: {late_day: 1}", "tolerance.late_day", "did you mean late_days?"),
        ("tolerance: 3", "tolerance", "early_days, late_days"),
        ("targets: {perfekt_order: 0.9}", "targets.perfekt_order", "perfect_order?"),
        ("targets: {otif: 95}", "targets.otif", "0.95"),
        ("targets: {otif: nan}", "targets.otif", "0.95"),
        ("language: de", "language", "en, fr, pl, ru"),
        ("timezone: Warsaw", "timezone", "Europe/Warsaw"),
        ("country: XX", "country", "PL"),
        ("currency: zlotych", "currency", "EUR"),
        ("id: a b", "id", "brzoza-dom"),
        ("id: ../x", "id", "brzoza-dom"),
        ("as_of: 2025-02-30", "as_of", "2026-03-31"),
        ("as_of: 31.03.2026", "as_of", "2026-03-31"),
        ("goal: costs", "goal", "did you mean cost?"),
        ("due: [promised]", "due", "after the colon"),
        ("rights: [product, tme]", "rights", "did you mean time?"),
        ("min_group: 2.5", "min_group", "5"),
        ("cut_off: 25:00", "cut_off", "14:00"),
        ("show_customers: maybe", "show_customers", "true, false"),
        ("tables: {order_line: {}}", "tables.order_line", "did you mean order_lines?"),
        (
            "tables: {order_lines: {columns: {order_nr: A}}}",
            "tables.order_lines.columns.order_nr",
            "did you mean order_id?",
        ),
        (
            "tables: {order_lines: {values: {condition: {OK: goed}}}}",
            "tables.order_lines.values.condition.OK",
            "did you mean good?",
        ),
        (
            "tables: {order_lines: {join: {file: a.csv}}}",
            "tables.order_lines.join",
            "on: Order No",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_remedy(faults, line, column, says):
    (problem,) = faults(f"name: X\n{line}")
    assert (problem.row, problem.column, problem.file) == (2, column, "client.yaml")
    assert says in problem.remedy


def test_all_faults_come_at_once_in_the_order_of_lines(faults):
    found = faults("langauge: pl\ngoal: costs\ntargets:\n  otif: 2\n  otif: 3\n")
    rows = [(problem.row, problem.column) for problem in found]
    assert rows[0] == (None, "name")
    assert rows[1:3] == [(1, "langauge"), (2, "goal")]
    assert {(5, "targets.otif")} == set(rows[3:])


def test_a_key_that_stands_twice_is_a_fault(faults):
    (problem,) = faults("name: X\ndue: promised\ndue: requested")
    assert (problem.row, problem.column) == (3, "due") and "twice" in problem.problem


def test_questions_of_a_survey_may_have_any_id(profile):
    read = profile("name: X\ntables: {responses: {columns: {q1: Was it late}}}")
    assert read.tables["responses"].columns == {"q1": ("Was it late",)}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("name: X\n\tgoal: cost", 2),
        ("name: X\nlogo: a: b", 2),
        ("name: [X", 1),
        ('name: "X', 1),
        ("name: X\nfoo\nbar: 1", 2),
        ("name: X\nrights: [time\ndays: business\ngoal: cost", 2),
        ("a: &x [1]\nb: *x", 2),
        ("name: !!python/object/apply:os.system [ls]", 1),
        ("name: " + "[" * 5000, None),
        ("- name: X", None),
        ("name: a\0b", None),
    ],
)
def test_broken_yaml_is_one_sentence_with_the_line(faults, text, row):
    problem = faults(text)[0]
    assert problem.row == row or row is None
    assert problem.problem and problem.remedy and "Traceback" not in problem.sentence()


def test_another_encoding_is_told(folder):
    (folder / "client.yaml").write_bytes("name: Łódź".encode("cp1250"))
    with pytest.raises(DataError, match="not UTF-8"):
        read_profile(folder)


def test_a_byte_order_mark_and_windows_line_ends_are_read(folder):
    (folder / "client.yaml").write_bytes(b"\xef\xbb\xbfname: X\r\nlanguage: pl\r\n")
    assert read_profile(folder).language == "pl"


def test_a_missing_folder_names_a_near_one(folder, profile):
    profile("name: X")
    with pytest.raises(ValueError, match="did you mean brzoza-dom"):
        read_profile(folder.parent / "brzoza-don")


def test_a_folder_without_profile_says_how_to_get_one(folder):
    with pytest.raises(ValueError, match="workbook new"):
        read_profile(folder)


def test_a_file_in_place_of_a_folder_is_told(folder, profile):
    profile("name: X")
    with pytest.raises(ValueError, match="give the client's folder"):
        read_profile(folder / "client.yaml")


@given(st.text(max_size=80))
def test_no_text_at_all_makes_a_traceback(tmp_path_factory, text):
    place = tmp_path_factory.getbasetemp() / "any"
    place.mkdir(exist_ok=True)
    (place / "client.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_profile(place)
    except ValueError as error:
        assert str(error)


@given(st.sampled_from(sorted(PRESETS)), st.floats(0, 1), st.booleans())
def test_a_profile_written_as_yaml_reads_back_equal(tmp_path_factory, contract, share, shown):
    keys = {"name": "X", "contract": contract, "targets": {"otif": share}, "show_customers": shown}
    place = tmp_path_factory.getbasetemp() / "round"
    place.mkdir(exist_ok=True)
    (place / "client.yaml").write_text(yaml.safe_dump(keys), encoding="utf-8")
    read = read_profile(place)
    assert (read.contract, read.targets, read.show_customers) == (contract, {"otif": share}, shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    ["foo\nbar: 1", "a: @x", "a: 'b", "a: [b\nc: 1", "a: 1\n c: 2", "a: 1\n- b", "a: 1\n---\nb: 2"],
)
def test_a_fault_of_yaml_is_told_in_the_client_s_language(tmp_path, language, text):
    (tmp_path / "client.yaml").write_text(f"language: {language}\n{text}\n")
    with pytest.raises(DataError) as error:
        read_profile(tmp_path)
    (told,) = error.value.problems
    assert told.row and not re.search("expected|found|scanning", told.problem)
    english = "a key|a value|a bracket|the line|a colon"
    assert bool(re.match(english, told.problem)) == (language == "en")
