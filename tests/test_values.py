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
    assert to_number(series("1,234", "5678")).undecided
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


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["12 szt.", "3"], [12, 3]),
        (["1 200,00 zł", "5,50 zł"], [1200, 5.5]),
        (["€ 5.00", "EUR -5.00", "- 5.00 €"], [5, -5, -5]),
        (["(5.00)", "5-", "(€5.00)"], [-5, -5, -5]),
        (["1 234 567,89 ₽", "5,00 руб."], [1234567.89, 5]),
    ],
)
def test_units_and_currencies_beside_a_number_are_understood(cells, numbers):
    typed = to_number(series(*cells))
    assert typed.series.tolist() == numbers
    assert not typed.unreadable.any() and not typed.currencies


def test_a_value_in_another_unit_is_unknown_never_added_to_the_rest():
    typed = to_number(series("12 szt", "3 karton", "4 szt.", "2 tys."))
    assert typed.unreadable.tolist() == [False, True, False, True]


def test_several_currencies_in_one_column_are_told():
    assert to_number(series("5 EUR", "6 zł")).currencies == ("zł", "€")


def test_weights_become_kilograms():
    weights = to_number(series("3,5 kg", "500 g", "0,2 t", "7"), unit="kg")
    assert weights.series.tolist() == [3.5, 0.5, 200, 7]


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        *(("15 min", 15), ("0.5 h", 30), ("01:30", 90), ("1 h 20 min", 80), ("1h20", 80)),
        *(("2 dni", 2880), ("0,5 godz.", 30), ("1,5 ч", 90), ("00:45:30", 45.5), ("90", 90)),
        *(("2 jours", 2880), ("30 s", 0.5), ("10-15 min", np.nan), ("3 moons", np.nan)),
    ],
)
def test_durations_become_minutes(cell, minutes):
    read = to_number(series(cell), unit="min").series[0]
    assert read == minutes or (np.isnan(read) and np.isnan(minutes))


def test_a_column_with_both_decimal_signs_is_said_to_be_in_doubt():
    typed = to_number(series("1.234", "1.5", "2.5", "1,5"))
    assert typed.undecided and typed.choice == "."


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("3 maj 2025", "2025-05-03"),
        ("3 мая 2025 г.", "2025-05-03"),
        ("3-May-25", "2025-05-03"),
        ("1er mai 2025", "2025-05-01"),
        ("3 maja 2025 r.", "2025-05-03"),
        ("Tuesday, June 2, 2026", "2026-06-02"),
        ("pon. 02.06.2025", "2025-06-02"),
        ("3 févr. 2025 à 14h30", "2025-02-03 14:30"),
        ("13/06/2026 2:30 PM", "2026-06-13 14:30"),
        ("13 06 2026", "2026-06-13"),
        ("46175,6042", "2026-06-02 14:30:03"),
        ("13.06.2026 14.30", "2026-06-13 14:30"),
    ],
)
def test_dates_as_people_write_them(cell, moment):
    assert to_date(series(cell, "")).series[0] == pd.Timestamp(moment)


@pytest.mark.parametrize(
    "cell", ["1900-01-00", "1900-01-01", "2205-03-01", "0202-03-01", "31.04.26"]
)
def test_absurd_days_are_unknown(cell):
    assert to_date(series("2026-06-02", cell)).unreadable.tolist() == [False, True]


def test_the_doubled_and_the_missing_hour_of_a_clock_change():
    cells = series("2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-03-29T01:30:00+00")
    hours = to_date(cells, timezone="Europe/Warsaw").series.dt.strftime("%H:%M").tolist()
    assert hours == ["02:30", "02:30", "03:30"]


def test_dates_of_one_width_read_as_those_of_any_width_do():
    plain = [f"{day:02d}/{month:02d}/2026 08:05" for day in range(1, 28, 5) for month in (1, 7, 12)]
    even, uneven = to_date(series(*plain)), to_date(series(*plain, "1/1/2026"))
    assert even.series.tolist() == uneven.series.tolist()[:-1]
    assert even.choice == uneven.choice == "day_first"


def test_a_lone_x_is_a_tick_unless_there_are_ticks():
    assert to_yesno(series("x", "X", "")).series[:2].tolist() == [True, True]
    assert to_yesno(series("✓", "x")).series.tolist() == [True, False]
    assert to_yesno(series("tak", "x")).unreadable.tolist() == [False, True]
