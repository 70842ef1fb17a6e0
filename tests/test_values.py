"""Values are typed by one rule per column; what can't be read is unknown, never zero."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.dates import to_date
from workbook.schema import columns
from workbook.values import to_choice, to_list, to_number, to_text, to_yesno

MISSING = ["", "NULL", "null", "N/A", "NaN", "-", "  "]


def series(*cells):
    return pd.Series(cells, dtype="str")


# ── numbers ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1234.5", "7"], [1234.5, 7]),
        (["1,234.50", "0.5"], [1234.5, 0.5]),
        (["1.234,50", "0,5"], [1234.5, 0.5]),
        (["1 234,50", "1\u00a0234,50", "1\u202f234,50"], [1234.5] * 3),
        (["1'234.50", "1’234.50"], [1234.5] * 2),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1,234", "1234"], [1.234, 1234]),
        (["1,234", "12,5"], [1.234, 12.5]),
        (["€ 12.50", "12.50 zł", "PLN 12.50", "-€5.00"], [12.5, 12.5, 12.5, -5]),
        (["(12.50)", "12.50-", "−12.50", "- 12.50"], [-12.5] * 4),
        (["12.5%", "3 %"], [0.125, 0.03]),
        (["1e5", "2.5E-3", ".5", "5."], [100000, 0.0025, 0.5, 5]),
    ],
)
def test_numbers_are_read_by_one_decimal_sign(cells, numbers):
    typed = to_number(series(*cells))
    assert typed.series.tolist() == numbers
    assert not typed.unreadable.any()
    assert not typed.undecided


@pytest.mark.parametrize("cell", ["See ASN-93 (ID#:1281)", "12 34", "1.2.3", "inf", "0x10", "5 5"])
def test_what_is_no_number_is_unknown_and_never_zero(cell):
    typed = to_number(series("0.5", cell))
    assert typed.unreadable.tolist() == [False, True]
    assert np.isnan(typed.series[1])


def test_a_point_in_a_column_of_decimal_commas_is_unreadable():
    typed = to_number(series("1,5", "2,75", "3.5"))
    assert typed.unreadable.tolist() == [False, False, True]


def test_three_digits_after_the_only_sign_do_not_decide_and_it_is_said():
    assert to_number(series("1,234", "2,500")).undecided
    assert to_number(series("1.234", "2.500")).undecided
    told = to_number(series("1,234", "2,500"), decimal=",")
    assert (told.series.tolist(), told.undecided) == ([1.234, 2.5], False)


@pytest.mark.parametrize("read", [to_number, to_date, to_yesno])
def test_words_for_missing_are_missing_not_unreadable(read):
    typed = read(series(*MISSING))
    assert typed.series.isna().all()
    assert not typed.unreadable.any()


def write_number(number, decimal, group):
    text = f"{number:,.2f}".replace(",", "\0").replace(".", decimal)
    return text.replace("\0", group)


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (",", "\u00a0"), (".", ""), (",", "")]),
)
@settings(max_examples=60, deadline=None)
def test_numbers_written_with_cents_read_back_in_every_dialect(cents, dialect):
    cells = [write_number(cent / 100, *dialect) for cent in cents]
    assert to_number(series(*cells)).series.tolist() == [cent / 100 for cent in cents]


# ── dates ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-06-02", "2026-06-02"),
        ("2026/6/2 9:05", "2026-06-02 09:05"),
        ("20260602", "2026-06-02"),
        ("1997-01-01 00:00:00.000", "1997-01-01"),
        ("2026-06-02T14:30:15.25", "2026-06-02 14:30:15.25"),
        ("2-Jun-06", "2006-06-02"),
        ("14-Nov-06", "2006-11-14"),
        ("11/13/06", "2006-11-13"),
        ("11/13/06 2:05 PM", "2006-11-13 14:05"),
        ("11/13/06 12:05 a.m.", "2006-11-13 00:05"),
        ("02.06.2006 14:30", "2006-06-02 14:30"),
        ("31.12.69", "1969-12-31"),
        ("31.12.68", "2068-12-31"),
        ("June 2, 2026", "2026-06-02"),
        ("2 czerwca 2026", "2026-06-02"),
        ("14 févr. 2026", "2026-02-14"),
        ("3 февраля 2026", "2026-02-03"),
        ("46175", "2026-06-02"),
        ("46175.604166666664", "2026-06-02 14:30"),
    ],
)
def test_dates_are_read_in_every_common_form(cell, moment):
    typed = to_date(series(cell, ""))
    assert typed.series[0] == pd.Timestamp(moment)
    assert typed.series.dtype == "datetime64[us]"
    assert not typed.undecided


@pytest.mark.parametrize("cell", ["2026-02-30", "31.04.2026", "9999-12-31", "Date Not Captured"])
def test_days_that_do_not_exist_are_unknown(cell):
    typed = to_date(series("2026-06-02", cell))
    assert typed.unreadable.tolist() == [False, True]
    assert pd.isna(typed.series[1])


def test_one_value_decides_the_order_of_the_whole_column():
    assert to_date(series("03/04/2026", "13/04/2026")).series[0] == pd.Timestamp("2026-04-03")
    assert to_date(series("03/04/2026", "04/13/2026")).series[0] == pd.Timestamp("2026-03-04")


def test_an_open_order_is_said_and_day_first_used():
    typed = to_date(series("03/04/2026", "05/06/2026"))
    assert typed.undecided
    assert typed.series[0] == pd.Timestamp("2026-04-03")
    told = to_date(series("03/04/2026", "05/06/2026"), "month_first")
    assert (told.series[0], told.undecided) == (pd.Timestamp("2026-03-04"), False)


def test_dots_and_equal_parts_leave_no_doubt():
    assert not to_date(series("03.04.2026")).undecided
    assert not to_date(series("05/05/2026")).undecided


def test_the_other_order_in_one_column_is_unreadable():
    typed = to_date(series("13/04/2026", "14/04/2026", "04/13/2026"))
    assert typed.unreadable.tolist() == [False, False, True]


def test_offsets_become_the_clients_clock():
    # B5: 23:30 UTC on 12 June is 13 June in Warsaw; a UTC carrier makes false lates.
    cells = series("2026-06-12T23:30Z", "2026-01-12 23:30:00+03:00", "2026-06-12 23:30")
    typed = to_date(cells, timezone="Europe/Warsaw")
    assert typed.series.astype(str).tolist() == [
        "2026-06-13 01:30:00",
        "2026-01-12 21:30:00",
        "2026-06-12 23:30:00",
    ]


FORMS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%Y-%m-%d %H:%M:%S"]


@given(
    st.lists(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2090, 1, 1)), min_size=1),
    st.sampled_from(FORMS),
)
@settings(max_examples=60, deadline=None)
def test_dates_read_back_or_are_said_to_be_open(moments, form):
    typed = to_date(series(*(moment.strftime(form) for moment in moments)))
    expected = [dt.datetime.strptime(moment.strftime(form), form) for moment in moments]
    assert typed.undecided or typed.series.tolist() == [pd.Timestamp(each) for each in expected]


# ── words ────────────────────────────────────────────────────────────────────────────────────


def test_yes_and_no_in_four_languages():
    yes, no = series("yes", "OUI", "tak", "Да", "1", "true", "✓"), series("no", "non", "nie", "нет")
    assert to_yesno(yes).series.all()
    assert not to_yesno(no).series.any()
    assert to_yesno(series("perhaps")).unreadable.all()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("bon", "good"),
        ("dobry", "good"),
        ("хороший", "good"),
        ("OK", "good"),
        ("Uszkodzony", "damaged"),
        ("refusé", "refused"),
        ("отказ", "refused"),
    ],
)
def test_choices_are_known_in_four_languages(word, meant):
    assert to_choice(series(word), columns("order_lines")["condition"]).series[0] == meant


def test_a_word_that_is_not_allowed_is_unreadable():
    typed = to_choice(series("good", "so-so"), columns("order_lines")["condition"])
    assert typed.unreadable.tolist() == [False, True]


def test_lists_are_tidied_and_their_words_checked():
    rights = columns("steps")["rights"]
    typed = to_list(series("time; Quantity", "czas;cena", "time;speed", ""), rights)
    assert typed.series[:2].tolist() == ["time;quantity", "time;price"]
    assert typed.unreadable.tolist() == [False, False, True, False]


def test_text_stays_as_it_is():
    cells = ["007", "1E5", "NA", "NULL", "-", "1234567890123456"]
    assert to_text(series(*cells)).series.tolist() == cells
    assert to_text(series(" x ", "")).series.tolist()[0] == "x"


def test_the_index_and_the_callers_column_are_left_alone():
    cells = pd.Series(["1,5", "x"], index=[7, 9], name="Ilość")
    before = cells.copy()
    typed = to_number(cells)
    assert typed.series.index.tolist() == [7, 9]
    pd.testing.assert_series_equal(cells, before)
