"""A client's folder becomes typed frames; every fault is told at once, with its place."""

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest

from workbook.data import open_client, read_table
from workbook.profile import Join, Profile, TableMapping
from workbook.schema import columns

HERE = Path(__file__).parent
CLEAN = (
    "order_id,line_no,promised_at,delivered_at,quantity_ordered,condition\n"
    "A-1,1,2026-06-02,2026-06-02,5,good\n"
    "A-1,2,2026-06-03,2026-06-04,7,damaged\n"
)


@pytest.fixture
def shared():
    folder = HERE.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not beside the repository ({folder.name} is absent)")
    return folder


@pytest.fixture
def client_folder(tmp_path):
    def make(files, profile="name: Acme\n"):
        (tmp_path / "client.yaml").write_text(profile, encoding="utf-8")
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def table(tmp_path):
    def read(text, name="order_lines", **choices):
        path = tmp_path / "export.csv"
        path.write_text(text, encoding="utf-8")
        return read_table(path, name, **choices)

    return read


def only(reading, severity):
    (problem,) = reading.problems
    assert problem.severity == severity
    assert problem.remedy
    return problem


# ── clean data ───────────────────────────────────────────────────────────────────────────────


def test_a_clean_file_gives_typed_columns_and_no_finding(table):
    frame, problems = table(CLEAN)
    assert problems == ()
    assert frame.index.tolist() == [2, 3]
    assert frame.dtypes.astype(str).to_dict() == {
        "order_id": "str",
        "line_no": "str",
        "promised_at": "datetime64[us]",
        "delivered_at": "datetime64[us]",
        "quantity_ordered": "float64",
        "condition": "str",
    }


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
@pytest.mark.parametrize("name", ["order_lines", "steps", "events", "inquiries", "claims"])
def test_every_label_of_the_dictionary_is_recognised(table, name, language):
    wanted = columns(name)
    reading = table(";".join(each.labels[language] for each in wanted.values()) + "\n", name)
    assert list(reading.columns) == list(wanted)
    assert reading.problems == ()


def test_unrecognised_headings_are_no_finding(table):
    reading = table("order_id,our own note\n7,x\n")
    assert reading.problems == ()
    assert list(reading.data) == ["order_id"]


def test_questions_of_responses_are_kept(table):
    frame, problems = table("response_id,Q1,Q2\n1,5,late\n2,,well\n", "responses")
    assert problems == ()
    assert frame["Q1"].tolist()[0] == 5.0
    assert frame["Q2"].tolist() == ["late", "well"]


# ── headings ─────────────────────────────────────────────────────────────────────────────────


def test_a_missing_required_column_names_the_nearest_heading(table):
    reading = table("Ordr nmber,Weight\n7,1\n")
    problem = only(reading, "error")
    assert reading.data is None
    assert problem.column == "order_id"
    assert "order_id: Ordr nmber" in problem.remedy


def test_all_missing_columns_are_told_at_once(table):
    reading = table("colour\nred\n", "events")
    assert [problem.column for problem in reading.problems] == ["order_id", "activity", "event_at"]


def test_the_first_of_several_mapped_headings_counts(table):
    mapping = TableMapping(columns={"order_id": ("Nr", "Ref"), "promised_at": ("Until",)})
    reading = table("Ref,Until\n7,2026-06-02\n", mapping=mapping)
    assert reading.columns == {"order_id": "Ref", "promised_at": "Until"}


def test_a_mapped_heading_is_found_by_its_exact_name_first(table):
    mapping = TableMapping(columns={"order_id": ("ASN #",)})
    assert table("ASN,ASN #\n1,7\n", mapping=mapping).data["order_id"].tolist() == ["7"]


def test_a_mapped_heading_that_is_absent_names_the_nearest(table):
    mapping = TableMapping(columns={"promised_at": ("Promise day",)})
    problem = only(table("order_id,Promised day\n7,2026-06-02\n", mapping=mapping), "error")
    assert problem.value == "Promise day"
    assert "Promised day" in problem.remedy


def test_two_headings_for_one_column_are_told(table):
    reading = table("order_id,Carrier,carrier name\n7,DHL,DPD\n")
    assert only(reading, "warning").column == "carrier name"
    assert reading.data["carrier"].tolist() == ["DHL"]


def test_two_headings_for_a_required_column_drop_the_table(table):
    assert table("order_id,Order number\n7,8\n").data is None


# ── values ───────────────────────────────────────────────────────────────────────────────────


def test_unreadable_values_are_one_warning_per_column(table):
    reading = table("order_id,Freight cost\n1,5\n2,See ASN-1\n3,See ASN-2\n")
    problem = only(reading, "warning")
    assert (problem.row, problem.column, problem.value) == (3, "Freight cost", "See ASN-1")
    assert "2 values" in problem.problem
    assert reading.data["freight_cost"].isna().tolist() == [False, True, True]


def test_a_word_that_is_not_allowed_lists_those_that_are(table):
    problem = only(table("order_id,condition\n1,so-so\n"), "warning")
    assert "good, damaged, refused" in problem.remedy


def test_a_blank_order_id_drops_the_table_and_names_the_rows(table):
    reading = table("order_id,line_no\n1,1\n,2\n")
    problem = only(reading, "error")
    assert (problem.row, problem.column) == (3, "order_id")
    assert reading.data is None


def test_null_is_missing_in_dates_and_text_in_codes(table):
    frame, problems = table("order_id,product,shipped_at\n1,NULL,NULL\n2,NA,2026-06-02\n")
    assert problems == ()
    assert frame["product"].tolist() == ["NULL", "NA"]
    assert frame["shipped_at"].isna().tolist() == [True, False]


def test_an_open_date_order_is_said_once_per_column(table):
    problem = only(table("order_id,promised_at\n1,03/04/2026\n2,05/06/2026\n"), "warning")
    assert "day_first" in problem.remedy
    told = TableMapping(dates="month_first")
    reading = table("order_id,promised_at\n1,03/04/2026\n", mapping=told)
    assert reading.problems == ()
    assert reading.data["promised_at"].tolist() == [pd.Timestamp("2026-03-04")]


def test_the_clients_words_and_blanks_are_mapped_and_counted(table):
    mapping = TableMapping(values={"condition": {"DMG": "damaged"}}, blank_is={"condition": "good"})
    reading = table("order_id,condition\n1,dmg\n2,\n3,\n", mapping=mapping)
    assert reading.data["condition"].tolist() == ["damaged", "good", "good"]
    assert reading.assumed == {"condition": 2}
    assert reading.problems == ()


def test_offsets_are_local_to_the_clients_zone(table):
    profile = Profile("Acme", timezone="Europe/Warsaw")
    frame, _ = table("order_id,delivered_at\n1,2026-06-12T23:30Z\n", profile=profile)
    assert frame["delivered_at"].tolist() == [pd.Timestamp("2026-06-13 01:30")]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def test_a_repeated_step_id_is_an_error_that_names_the_rows(table):
    reading = table("step_id,step,role\nS1,a,x\nS2,b,x\nS1,c,x\n", "steps")
    problem = only(reading, "error")
    assert (problem.row, problem.value) == (4, "S1")
    assert "2 and 4" in problem.problem


def test_identical_lines_only_warn(table):
    reading = table("order_id,line_no\n1,1\n1,2\n1,2\n")
    assert only(reading, "warning").row == 4
    assert len(reading.data) == 3


def test_lines_without_numbers_may_share_an_order(table):
    assert table("order_id,product\n1,A\n1,B\n").problems == ()


def test_a_split_delivery_is_no_duplicate(table):
    assert table("order_id,line_no,delivery_no\n1,1,1\n1,1,2\n").problems == ()


def test_lines_that_share_a_number_but_differ_are_told(table):
    assert "differ" in only(table("order_id,line_no,product\n1,1,A\n1,1,B\n"), "warning").problem


# ── joins ────────────────────────────────────────────────────────────────────────────────────


def joined(table, tmp_path, lines, orders):
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    return table(lines, mapping=TableMapping(join=Join("orders.csv", "Order No")))


LINES = "Order No,Product\n1,A\n1,B\n2,A\n"


def test_a_second_file_gives_its_columns_to_every_line(table, tmp_path):
    frame, problems = joined(table, tmp_path, LINES, "Order No,Customer\n2,Bolt\n1,Acme\n")
    assert problems == ()
    assert frame["customer"].tolist() == ["Acme", "Acme", "Bolt"]


def test_lines_without_a_partner_are_told_and_kept(table, tmp_path):
    reading = joined(table, tmp_path, LINES, "Order No,Customer\n1,Acme\n")
    assert only(reading, "warning").row == 4
    assert reading.data["customer"].isna().tolist() == [False, False, True]


def test_two_rows_for_one_key_drop_the_table(table, tmp_path):
    reading = joined(table, tmp_path, LINES, "Order No,Customer\n1,Acme\n1,Bolt\n2,C\n")
    problem = only(reading, "error")
    assert (problem.file, problem.value) == ("orders.csv", "1")
    assert reading.data is None


def test_a_join_without_its_heading_or_file_is_told(table, tmp_path):
    assert "Order Nr" in only(joined(table, tmp_path, LINES, "Order Nr\n1\n"), "error").remedy
    (tmp_path / "orders.csv").unlink()
    missing = table(LINES, mapping=TableMapping(join=Join("orders.csv", "Order No")))
    assert only(missing, "error").file == "orders.csv"


# ── the folder ───────────────────────────────────────────────────────────────────────────────


def test_a_folder_opens_with_a_frame_per_table(client_folder):
    steps = "step_id,step,role\nS1,Take order,Sales\n"
    client = open_client(client_folder({"order_lines.csv": CLEAN, "steps.csv": steps}))
    assert len(client.order_lines) == 2
    assert client.steps["step"].tolist() == ["Take order"]
    assert client.events is None
    assert client.problems == ()
    with pytest.raises(AttributeError):
        client.nothing  # noqa: B018


def test_an_error_drops_its_table_and_the_rest_goes_on(client_folder):
    steps = "step_id,step,role\n,Take order,Sales\n"
    client = open_client(client_folder({"order_lines.csv": CLEAN, "steps.csv": steps}))
    assert client.steps is None
    assert len(client.order_lines) == 2
    assert [problem.table for problem in client.problems] == ["steps"]


def test_a_mapped_file_that_is_not_there_names_its_neighbour(client_folder):
    profile = "name: Acme\ntables: {order_lines: {file: exprt.csv}}\n"
    client = open_client(client_folder({"export.csv": CLEAN}, profile))
    (problem,) = client.problems
    assert (problem.severity, problem.table) == ("error", "order_lines")
    assert "export.csv" in problem.remedy


def test_two_files_for_one_table_are_an_error(client_folder):
    folder = client_folder({"steps.csv": "step_id,step,role\nS1,a,b\n"})
    pd.DataFrame({"step_id": ["S1"]}).to_parquet(folder / "steps.parquet")
    (problem,) = open_client(folder).problems
    assert "steps.csv and steps.parquet" in problem.problem


def test_a_tables_file_is_known_however_its_name_is_spelt(client_folder):
    folder = client_folder({"Order Lines.CSV": CLEAN, "~$order_lines.xlsx": "", "notes.csv": "a\n"})
    assert open_client(folder).tables["order_lines"].file == "Order Lines.CSV"


def test_a_mapped_table_without_a_file_is_an_error(client_folder):
    profile = "name: Acme\ntables: {order_lines: {columns: {order_id: No}}}\n"
    (problem,) = open_client(client_folder({}, profile)).problems
    assert (problem.severity, problem.file) == ("error", "order_lines.csv")


def test_as_of_is_the_latest_thing_that_happened_never_a_promise(client_folder):
    late = CLEAN.replace("2026-06-03,2026-06-04", "2026-12-24,2026-06-04")
    folder = client_folder({"order_lines.csv": late})
    assert open_client(folder).as_of == dt.date(2026, 6, 4)
    assert open_client(folder, as_of="2026-06-30").as_of == dt.date(2026, 6, 30)


def test_check_has_the_contracts_keys(client_folder):
    bad = CLEAN.replace("good", "so-so")
    checked = open_client(client_folder({"order_lines.csv": bad})).check()
    assert set(checked["tables"]["order_lines"]) >= {
        *("file", "sheet", "rows", "columns", "heading_row", "encoding")
    }
    keys = "severity table file sheet row column value problem remedy"
    assert list(checked["findings"][0]) == keys.split()
    assert checked["findings"][0]["row"] == 2


# ── real files ───────────────────────────────────────────────────────────────────────────────


def open_public(name, shared, tmp_path):
    folder = tmp_path / name
    shutil.copytree(HERE / "clients" / name, folder)
    for path in shared.glob(f"{name}_*.csv"):
        shutil.copy(path, folder)
    return open_client(folder)


def test_scms_reads_exactly(shared, tmp_path):
    # Expected figures: README of the public data, counted with plain pandas.
    client = open_public("scms", shared, tmp_path)
    lines = client.order_lines
    assert len(lines) == 10_324
    assert (lines["delivered_at"] <= lines["promised_at"]).sum() == 9_138
    assert (lines["delivered_at"] == lines["promised_at"]).sum() == 6_324
    assert lines["freight_cost"].count() == 6_198
    assert lines["freight_cost"].sum() == pytest.approx(68_817_849.41, abs=0.005)
    assert lines["carrier"].value_counts()["Air"] == 6_113
    assert client.as_of == dt.date(2015, 12, 31)


def test_scms_says_once_per_column_what_is_unknown(shared, tmp_path):
    problems = open_public("scms", shared, tmp_path).problems
    assert {problem.severity for problem in problems} == {"warning"}
    told = {problem.column: problem for problem in problems}
    assert len(told) == len(problems)
    assert told["Freight Cost (USD)"].row == 8
    assert "4,126 values" in told["Freight Cost (USD)"].problem


def test_northwind_joins_and_reads_exactly(shared, tmp_path):
    client = open_public("northwind", shared, tmp_path)
    assert client.problems == ()
    assert len(client.order_lines) == 2_155
    orders = client.order_lines.drop_duplicates("order_id")
    assert len(orders) == 830
    assert orders["delivered_at"].isna().sum() == 21
    assert (orders["delivered_at"] <= orders["promised_at"]).sum() == 772
    assert client.as_of == dt.date(1998, 6, 11)


def test_the_sample_stands_in_for_a_missing_table_and_says_so(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme")
    (tmp_path / "order_lines.csv").write_text(CLEAN)
    client = open_client(tmp_path)
    assert client.or_sample("order_lines") is client
    sample = client.or_sample("order_lines", "steps")
    assert sample.steps is not None
    assert sample.note.startswith("Acme has no table steps yet.")
