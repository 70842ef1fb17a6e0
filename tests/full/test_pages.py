"""Open the pages in a browser and on paper: no request, no fault, nothing cut off."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from workbook.language import LANGUAGES
from workbook.samples import shipped_samples

pytestmark = pytest.mark.full

# The sample with most to show, in English and Russian (other letters, longer words).
PAGES = ["index.html", "brzoza-dom-en/report.html", "brzoza-dom-ru/report.html"]
EVERY = [
    f"{folder.name}-{language}/report.html"
    for folder in shipped_samples()
    for language in LANGUAGES
]
EVERY += ["index.html", "hostile/report.html"]
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
A4 = (595, 842)


@pytest.fixture
def opened(browser, reports, request):
    """One page in a window of a width, with what it asked for and complained of."""
    name, width = request.param
    # The page forbids scripts; axe-core has to run in it all the same.
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.asked, page.said, page.asked_user = [], [], []
    page.on("dialog", lambda one: (page.asked_user.append(one.message), one.dismiss()))
    page.on("request", lambda one: page.asked.append(one.url))
    page.on("console", lambda one: page.said.append(one.text))
    page.on("pageerror", lambda one: page.said.append(str(one)))
    page.goto((reports / name).as_uri())
    yield page
    context.close()


def at(*widths: int, pages: list[str] = PAGES) -> pytest.MarkDecorator:
    cases = [(name, width) for name in pages for width in widths]
    return pytest.mark.parametrize("opened", cases, indirect=True, ids=str)


@at(1280, pages=EVERY)
def test_a_page_asks_for_nothing_but_itself_and_says_nothing(opened):
    assert [url for url in opened.asked if not url.startswith("data:")] == [opened.url]
    assert opened.said == opened.asked_user == []


@at(390, pages=EVERY)
def test_axe_finds_no_violation(opened):
    assert AXE.is_file(), "axe-core is missing; run tools/install_full.sh"
    opened.add_script_tag(path=AXE)
    found = opened.evaluate("async () => (await axe.run()).violations")
    shown = [
        (one["id"], one["help"], [node["html"][:120] for node in one["nodes"]]) for one in found
    ]
    assert shown == []


@at(1280, 320, pages=EVERY)
def test_a_page_never_scrolls_sideways(opened):
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(width) <= 0


@at(1280)
def test_its_own_typeface_is_used(opened):
    assert opened.evaluate("document.fonts.check('16px \"Source Sans 3\"')")


@at(1280)
def test_headings_are_in_order(opened):
    levels = opened.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
    )
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@at(1280)
def test_on_a4_nothing_is_cut_off(opened, tmp_path):
    paper = tmp_path / "page.pdf"
    opened.emulate_media(media="print")
    opened.pdf(path=paper, format="A4", prefer_css_page_size=True)
    width, height = page_size(paper)
    assert (round(width), round(height)) == A4
    words = printed_words(paper)
    assert words
    assert [word for left, right, word in words if left < 20 or right > width - 20] == []
    shown = re.findall(r"\w{4,}", opened.inner_text("main"))
    printed = re.sub(r"\W", "", " ".join(word for _, _, word in words)).casefold()
    missing = [word for word in shown if word.casefold() not in printed]
    assert len(missing) <= len(shown) // 100, missing


def page_size(paper: Path) -> tuple[float, float]:
    said = subprocess.run(["pdfinfo", paper], capture_output=True, text=True, check=True).stdout
    width, height = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said).groups()
    return float(width), float(height)


def printed_words(paper: Path) -> list[tuple[float, float, str]]:
    """Return each word on paper with its left and right edge, in points."""
    command = ["pdftotext", "-bbox", paper, "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r'<word xMin="([\d.-]+)".*? xMax="([\d.]+)".*?>(.*?)</word>', said)
    return [(float(left), float(right), word) for left, right, word in found]
