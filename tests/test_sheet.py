"""One contract for every renderer: the same boxes, the same words, in the same places."""

import os
import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from workbook.sheet import Sheet

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script> & "Żółw" \\N \\l %'
# A Python in which neither pygraphviz nor dot can be had, as on a bare system.
BARE = """
import sys
sys.modules["pygraphviz"] = None
from workbook.sheet import Sheet
sheet = Sheet(100, 40)
sheet.box("n1", (10, 10, 80, 20), ["Pick"])
sys.stdout.write(sheet.render(sys.argv[1]).decode())
"""


@pytest.fixture
def sheet() -> Sheet:
    sheet = Sheet(320, 200)
    sheet.box("a", (20, 20, 90, 60), ["Take the", "order"], border=("red", "1.2", "dashed"))
    sheet.box("b", (200, 100, 90, 60), [HOSTILE], fill="#eeeeee", rounded=True)
    sheet.arrow("a", "b", [(110, 50), (245, 50), (245, 100)], line=("#1d3f72", "2.4", "solid"))
    return sheet


def words(svg: bytes, height: float) -> Iterator[tuple[str, str, int, int]]:
    """Yield each box's name with each of its texts and where it stands, to 2 pixels."""
    root = ElementTree.fromstring(svg)
    moved = height if root.find(f"{SVG}g").get("class") == "graph" else 0
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            for text in group.iter(f"{SVG}text"):
                x, y = float(text.get("x")), float(text.get("y")) + moved
                yield group.find(f"{SVG}title").text, text.text, round(x / 4), round(y / 4)


def test_plain_svg_has_graphviz_s_boxes_words_and_places(sheet):
    plain = list(words(sheet.plain_svg(), sheet.height))
    assert plain == list(words(sheet.render("svg"), sheet.height))
    assert len(plain) == 3


def test_plain_svg_shows_any_text_as_it_is(sheet):
    assert b"<script" not in sheet.plain_svg()
    assert HOSTILE in {text for _, text, _, _ in words(sheet.plain_svg(), 0)}


def test_an_arrow_ends_in_its_last_point(sheet):
    head = ElementTree.fromstring(sheet.plain_svg()).find(f".//{SVG}polygon")
    assert "245.00,100.00" in head.get("points")


def bare(form: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PATH": ""}
    command = [sys.executable, "-c", BARE, form]
    return subprocess.run(command, capture_output=True, env=environment)


def test_a_chart_needs_no_graphviz():
    assert b">Pick</text>" in bare("svg").stdout


def test_a_picture_without_graphviz_is_refused_with_the_remedy():
    said = bare("png").stderr.decode().splitlines()[-1]
    assert said.startswith("ValueError") and "ask for .svg" in said
