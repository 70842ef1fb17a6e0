"""One word shows anything in a notebook: static, escaped, and readable as plain text."""

import base64
import itertools

import pandas as pd
import pytest

import workbook as wb
from workbook.display import show
from workbook.language import speak
from workbook.plots import label_points, new_axes, quadrant


def html(result, **choices):
    return show(result, **choices)._repr_mimebundle_()["text/html"]


def test_what_a_client_wrote_is_text():
    frame = pd.DataFrame({"<b>": ["<script>"]})
    assert "<script>" not in html(frame) and "&lt;script&gt;" in html(frame)
    assert "<i>" not in html(["<i>"])


def test_nothing_is_said_in_the_language():
    assert wb.speak("pl")("Nothing found.") in html([], language="pl")
    assert "Nothing found." in html(pd.DataFrame({"a": []}))


def test_raw_values_are_written_as_the_table_has_them():
    frame = pd.DataFrame({"order_id": ["007"], "n": [2.0], "at": pd.to_datetime(["2026-06-02"])})
    plain = show(frame)._repr_mimebundle_()["text/plain"]
    assert plain == "order_id | n | at\n007 | 2 | 2026-06-02"


def test_a_column_of_figures_stays_one_where_some_are_not_known():
    data = pd.DataFrame({"a": ["x", "y", "z"], "n": ["1.0", "not demonstrable", "−2.0"]})
    assert '<td class="number">−2.0</td>' in show(data)._repr_html_()
    told = data.assign(n=["1.0", "2.0", "not measurable: needs the requested delivery date"])
    assert 'class="number"' not in show(told)._repr_html_()


def test_a_picture_is_an_image_with_its_numbers_as_alternative_text():
    axes = new_axes()
    axes.set_label("late: 3 of 10")
    shown = html(axes)
    assert 'alt="late: 3 of 10"' in shown
    svg = base64.b64decode(shown.split("base64,")[1].split('"')[0])
    assert svg.startswith(b"<svg")


def test_the_same_result_shows_the_same_bytes():
    process = wb.build_process(wb.open_client("brzoza-dom").steps)
    assert html(process.plot()) == html(process.plot())


def test_what_cannot_be_shown_is_named():
    with pytest.raises(ValueError, match="int can't be shown; give a table"):
        show(3)


def test_labels_of_points_close_together_do_not_overlap():
    near = pd.DataFrame({"label": ["small", "medium", "large"], "quick": [0.52, 0.53, 0.53]})
    near = near.assign(confirmed=[0.35, 0.36, 0.37], low=0.3, high=0.4)
    ax = quadrant(near.assign(quick_low=0.5, quick_high=0.55), speak("en"))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_long_labels_of_points_do_not_overlap():
    names = ["нужный продукт", "нужное количество", "нужное время", "нужное состояние"]
    labels = pd.Series([*names, "правильная информация"])
    x, y = pd.Series([4.5, 4.16, 4.07, 4.1, 4.23]), pd.Series([0.0, 0.224, 0.265, 0.297, 0.215])
    ax = new_axes(height=3.6)
    ax.errorbar(x, y, xerr=0.11, yerr=0.055, fmt="o")
    label_points(ax, x, y, labels)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
