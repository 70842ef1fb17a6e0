"""A control sets the parameter that the cell sets, and nothing else."""

import subprocess
import sys

import pytest

import workbook as wb
from workbook.widgets import choose, choose_client

ORDERS = wb.open_client("brzoza-dom")


@pytest.fixture
def values() -> dict[str, object]:
    return {"client": "brzoza-dom", "language": "en", "due": "promised", "other": 1}


def test_a_control_sets_its_parameter_and_nothing_else(values):
    control = choose(values, "due", ("promised", "promised_latest"))
    control.widgets[0].value = "promised_latest"
    assert values == {**values, "due": "promised_latest", "other": 1}


def test_the_result_is_the_one_that_the_parameter_alone_gives(values):
    show = lambda: wb.measure_rights(ORDERS, due=values["due"]).overall("right_time")["right"]
    control = choose(values, "due", ("promised", "promised_latest"), show=show)
    control.widgets[0].value = "promised_latest"
    by_hand = wb.measure_rights(ORDERS, due="promised_latest").overall("right_time")["right"]
    assert control.shown() == by_hand


def test_before_any_change_the_present_value_is_chosen(values):
    control = choose(values | {"due": "requested"}, "due", ("promised",))
    assert control.widgets[0].value == "requested"


def test_every_control_has_a_label_in_the_client_s_language(values):
    for language in ("en", "fr", "pl", "ru"):
        control = choose_client(values | {"language": language})
        assert all(widget.description for widget in control.widgets)
        assert control.widgets[0].description == wb.speak(language)("Client's folder")


def test_options_are_shown_by_their_words(values):
    due = choose(values, "due", ("promised",)).widgets[0]
    share = choose(values | {"wait_left": 0.5}, "wait_left", (0.0, 0.5)).widgets[0]
    assert due.options[0][0] != "promised_at" and due.options[0][1] == "promised"
    assert [label for label, _ in share.options] == ["0%", "50%"]


def test_a_folder_that_is_not_there_is_named_without_a_traceback(values):
    control = choose_client(values)
    control.widgets[0].value = "no-such-folder"
    assert "no-such-folder" in control.shown()._repr_html_()
    control.widgets[0].value = "brzoza-dom"
    assert "Brzoza Dom" in control.shown()._repr_html_()


def test_the_package_itself_loads_no_widgets():
    code = "import sys, workbook; assert 'ipywidgets' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
