"""Any table of ours, written in any dialect, reads back equal or is reported as undecidable."""

import csv
import datetime as dt
import io

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbook.data import read_table
from workbook.schema import columns, value_labels

OURS = columns("order_lines")
NAMES = ("order_id", "customer", "quantity_ordered", "unit_price", "ordered_at", "condition")
NAMES += ("time_ok", "promised_at")
PAGES = {
    "en": ["utf-8", "utf-8-sig", "utf-16", "cp1252"],
    "fr": ["utf-8", "utf-8-sig", "utf-16", "cp1252"],
    "pl": ["utf-8", "utf-8-sig", "utf-16", "cp1250", "iso8859_2"],
    "ru": ["utf-8", "utf-8-sig", "utf-16", "cp1251"],
}
LETTERS = {"en": "", "fr": "éèàçôÉ", "pl": "ąćęłńóśźżŁŻ", "ru": "абвгдежзийклмнопЖЩЯ"}
FORMS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%d %m %Y"]
TIMES = ["", " %H:%M", " %H:%M:%S", " %I:%M %p"]
GROUPS = {",": ["", ".", " ", "\u00a0", "\u202f"], ".": ["", ",", " ", "'", "\u00a0"]}

codes = st.one_of(
    st.integers(0, 10**16).map(lambda n: f"{n:05d}"),
    st.sampled_from(["NA", "NULL", "1E5", "MAR-3", "007", "1-2", "TRUE", "3.10"]),
)


@st.composite
def tables(draw):
    """Draw a language, an encoding, and rows: code, name, quantity, cents, two times, words."""
    language = draw(st.sampled_from(sorted(PAGES)))
    words = st.text("abcXYZ ;,\t|\"'" + LETTERS[language], min_size=1, max_size=12)
    name = words.map(lambda text: " ".join(text.split())).filter(lambda t: t.strip("\"'-"))
    moment = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1))
    price, quantity = st.integers(-(10**8), 10**8), st.integers(0, 10**7)
    state = st.sampled_from(["good", "damaged", "refused"])
    row = st.tuples(codes, name, quantity, price, moment, state, st.booleans(), moment)
    rows = draw(st.lists(row, min_size=1, max_size=8, unique_by=lambda row: row[0]))
    return language, draw(st.sampled_from(PAGES[language])), rows


@st.composite
def dialects(draw):
    decimal = draw(st.sampled_from(",."))
    group, form = draw(st.sampled_from(GROUPS[decimal])), draw(st.sampled_from(FORMS))
    time = draw(st.sampled_from(TIMES)) if form != "%Y%m%d" else ""
    return draw(st.sampled_from(",;\t|")), decimal, group, form + time


def written(language, rows, decimal, group, form):
    """Write the rows as a client's system would; the first is the labels of the language."""
    swap = str.maketrans({",": group, ".": decimal})
    word = lambda value: value_labels()[value][language]
    yield [OURS[name].labels[language] for name in NAMES]
    for code, name, quantity, cents, ordered, state, in_time, promised in rows:
        numbers = f"{quantity:,}".translate(swap), f"{cents / 100:,.2f}".translate(swap)
        dates = ordered.strftime(form), promised.strftime(form)
        yield [
            code,
            name,
            *numbers,
            dates[0],
            word(state),
            word("yes" if in_time else "no"),
            dates[1],
        ]


def expected(rows, form):
    back = lambda moment: pd.Timestamp(dt.datetime.strptime(moment.strftime(form), form))
    return {
        "order_id": [row[0] for row in rows],
        "customer": [row[1] for row in rows],
        "quantity_ordered": [row[2] for row in rows],
        "unit_price": [row[3] / 100 for row in rows],
        "ordered_at": [back(row[4]) for row in rows],
        "condition": [row[5] for row in rows],
        "time_ok": [row[6] for row in rows],
        "promised_at": [back(row[7]) for row in rows],
    }


def assert_same_or_told(reading, wanted, language):
    """Each column is as it was written, or a finding says that it can't be told."""
    assert reading.data is not None, reading.problems
    told = {each.column for each in reading.problems if each.value and not each.rows}
    for name, values in wanted.items():
        if reading.data[name].tolist() != values:
            assert reading.columns[name] in told, (name, reading.data[name].tolist(), values)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


CAREFULLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(tables(), dialects())
@CAREFULLY
def test_delimited_text_in_any_dialect_reads_back(place, table, dialect):
    language, encoding, rows = table
    delimiter, *how = dialect
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(written(language, rows, *how))
    path = place / "export.csv"
    path.write_bytes(text.getvalue().encode(encoding, errors="replace"))
    if text.getvalue().encode(encoding, errors="replace").decode(encoding) == text.getvalue():
        assert_same_or_told(read_table(path, "order_lines"), expected(rows, how[-1]), language)


@given(tables(), dialects(), st.booleans())
@settings(CAREFULLY, max_examples=20)
def test_a_workbook_in_any_dialect_reads_back(place, table, dialect, typed):
    language, _, rows = table
    path, form = place / "export.xlsx", dialect[-1]
    wanted = expected(rows, form)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for at, texts in enumerate(written(language, rows, *dialect[1:])):
            for column, text in enumerate(texts):
                sheet.write_string(at, column, text)
            for column in (2, 3, 4, 7) if typed and at else ():
                value = wanted[NAMES[column]][at - 1]
                write = sheet.write_datetime if column in (4, 7) else sheet.write_number
                write(at, column, value, *([day] if column in (4, 7) else []))
    assert_same_or_told(read_table(path, "order_lines"), wanted, language)
