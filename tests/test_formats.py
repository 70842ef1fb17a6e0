"""Every format of a report: the same words and numbers, four languages, nothing that runs."""

import datetime as dt
import io
import json
import re
import sys
import zipfile
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import docx
import nbformat
import openpyxl
import pptx
import pytest
from docx.oxml.ns import qn
from executed import execute, show
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pptx.util import Pt
from pypdf import PdfReader
from tiny_client import STEPS, write_client

from workbook import open_client, results
from workbook.formats import FORMATS, check_formats, make_files, render
from workbook.language import LANGUAGES, speak
from workbook.page import read_closing, read_sections
from workbook.profile import Profile
from workbook.scorebook import _reason_words
from workbook.sections import Closing
from workbook.sheet import wrap
from workbook.states import REASONS

VIEWS = FORMATS[:-1]
SEEN = dt.date(2026, 3, 5)


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Path:
    """A tiny client; only to be read."""
    return write_client(tmp_path_factory.mktemp("formats") / "shop")


@pytest.fixture(scope="module")
def whole(client) -> tuple[nbformat.NotebookNode, dict[str, bytes]]:
    """A tiny client's executed notebook, and all that the client receives."""
    executed = execute(client)
    return executed, make_files(FORMATS, executed, open_client(client).profile)


@pytest.fixture(scope="module")
def pdf(whole) -> PdfReader:
    return PdfReader(io.BytesIO(whole[1]["report.pdf"]))


@pytest.fixture(scope="module")
def word(whole) -> docx.document.Document:
    return docx.Document(io.BytesIO(whole[1]["report.docx"]))


@pytest.fixture(scope="module")
def deck(whole) -> pptx.presentation.Presentation:
    return pptx.Presentation(io.BytesIO(whole[1]["report.pptx"]))


@pytest.fixture(scope="module")
def book(whole) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(whole[1]["report.xlsx"]))


# ── which formats ────────────────────────────────────────────────────────────────────────────


def test_formats_come_in_one_order_and_the_page_is_always_made():
    assert check_formats("zip, pdf") == ("html", "pdf", "zip")
    assert check_formats(("xlsx", "html")) == ("html", "xlsx")


def test_an_unknown_format_names_the_known_ones():
    with pytest.raises(ValueError, match="'epub' is not known; write html, pdf, docx, pptx, xlsx"):
        check_formats("html,epub")


@pytest.mark.parametrize(
    ("form", "package"), [("pdf", "typst"), ("docx", "docx"), ("pptx", "typst")]
)
def test_a_missing_package_is_named_before_anything_starts(
    workbook, shop, tmp_path, monkeypatch, form, package
):
    monkeypatch.setitem(sys.modules, package, None)  # as where it is not installed
    said = workbook("report", shop, "--format", form, "--out", tmp_path / "out")
    assert said.exit_code == 2 and len(said.stderr.splitlines()) == 1
    assert "pip install 'customer-logistics-workbook[formats]'" in said.stderr
    assert not (tmp_path / "out").exists()


def test_the_page_and_the_workbook_need_no_optional_package(whole, client, monkeypatch):
    for package in ("typst", "docx", "pptx"):
        monkeypatch.setitem(sys.modules, package, None)
    made = make_files(check_formats("html,xlsx,zip"), whole[0], open_client(client).profile)
    assert made["report.xlsx"] == whole[1]["report.xlsx"]


def test_the_pack_holds_what_lies_beside_it(whole):
    files = whole[1]
    with zipfile.ZipFile(io.BytesIO(files["shop.zip"])) as pack:
        packed = {name.removeprefix("shop/"): pack.read(name) for name in pack.namelist()}
    assert packed == {name: data for name, data in files.items() if name != "shop.zip"}


def test_same_inputs_give_the_same_bytes_in_every_format(whole, client):
    again = make_files(FORMATS, execute(client), open_client(client).profile)
    assert [name for name, data in again.items() if data != whole[1][name]] == []


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────


def test_pdf_is_tagged_with_title_and_language(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title.startswith("Shop: ")
    assert b"<pdfuaid:part>1" in pdf.xmp_metadata.stream.get_data()


def elements(node: object) -> list[dict]:
    """Return the elements of a PDF's structure tree, in order."""
    if not hasattr(node, "get_object"):
        return []
    node = node.get_object()
    if isinstance(node, list):
        return [element for kid in node for element in elements(kid)]
    if not isinstance(node, dict) or node.get("/Type") in ("/MCR", "/OBJR"):
        return []
    below = elements(node["/K"]) if "/K" in node else []
    return [node, *below] if "/S" in node else below


def test_every_picture_in_pdf_says_its_numbers(pdf, whole):
    found = [
        one["/Alt"] for one in elements(pdf.trailer["/Root"]["/StructTreeRoot"]) if "/Alt" in one
    ]
    pictures = [b for blocks in read_sections(whole[0]) for b in blocks if b["kind"] == "picture"]
    assert {picture["alt"] for picture in pictures} <= set(found)
    assert all(re.search(r"\d", alt) for alt in found)


def test_tables_in_pdf_have_heads_and_headings_are_in_order(pdf):
    kinds = [one["/S"] for one in elements(pdf.trailer["/Root"]["/StructTreeRoot"])]
    assert kinds.count("/Table") >= 5 and kinds.count("/THead") == kinds.count("/Table")
    levels = [int(kind[2:]) for kind in kinds if re.fullmatch(r"/H\d", kind)]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))


def test_pages_are_numbered_and_bear_the_client(pdf):
    for number, page in enumerate(pdf.pages[1:], start=2):
        text = page.extract_text()
        assert "Shop" in text and f"{number} / {len(pdf.pages)}" in text


# ── Word ─────────────────────────────────────────────────────────────────────────────────────


def test_word_has_real_headings_and_tables_whose_head_is_repeated(word):
    styles = [line.style.name for line in word.paragraphs]
    assert styles.count("Title") == 1 and styles.count("Heading 1") >= 5
    assert word.tables and all(
        table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for table in word.tables
    )


def test_every_picture_in_word_says_its_numbers(word):
    shapes = list(word.inline_shapes)
    assert len(shapes) >= 3
    assert all(re.search(r"\d", shape._inline.docPr.get("descr")) for shape in shapes)


# ── slides ───────────────────────────────────────────────────────────────────────────────────


def test_nothing_on_a_slide_overflows(deck):
    wide, high = deck.slide_width, deck.slide_height
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.left + shape.width <= wide
            assert shape.top >= 0 and shape.top + shape.height <= high
            if shape.has_text_frame:
                assert text_height(shape) <= Pt(1) + shape.height
            if shape.has_table:
                assert sum(row.height for row in shape.table.rows) <= shape.height + Pt(1)


def text_height(shape: object) -> float:
    size = lambda line: (line.font.size or Pt(12)).pt
    lines = [line for line in shape.text_frame.paragraphs if line.text.strip()]
    room = shape.width.pt - 4
    return Pt(sum(len(wrap(line.text, size(line), room)) * size(line) * 1.2 for line in lines))


def test_each_slide_has_a_message_and_the_contract_in_its_notes(deck):
    for slide in list(deck.slides)[1:]:
        assert slide.shapes.title.text
        assert "On time against: the first promise" in slide.notes_slide.notes_text_frame.text


def test_every_picture_on_slides_says_its_numbers(deck):
    pictures = [s for slide in deck.slides for s in slide.shapes if s.shape_type == 13]
    assert len(pictures) >= 3
    assert all(re.search(r"\d", each._element.nvPicPr.cNvPr.get("descr")) for each in pictures)


# ── the workbook ─────────────────────────────────────────────────────────────────────────────


def test_workbook_has_every_measure_as_numbers(book, whole):
    rows = read_closing(whole[0])["measures"]["measures"]
    sheet = book["Measures"]
    heads = [cell.value for cell in sheet[1]]
    at = heads.index("Confirmed") + 1
    at_letter = openpyxl.utils.get_column_letter(at)
    assert sheet.max_row == 1 + len(rows)
    shown = [sheet.cell(row, at).value for row in range(2, sheet.max_row + 1)]
    assert shown == [
        pytest.approx(row["confirmed"]) if row["confirmed"] is not None else None for row in rows
    ]
    assert {c.number_format for c in sheet[at_letter] if c.data_type == "n" and c.value} == {"0.0%"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words(language):
    words = _reason_words(speak(language))
    assert set(words) == set(REASONS) - {""}
    assert language == "en" or not set(words.values()) & set(words)


def test_paper_ends_with_what_the_figures_rest_on_and_not_on_a_page_of_its_own(pdf):
    last = pdf.pages[-1].extract_text()
    assert "Every figure stands with its definition" in " ".join(last.split())
    assert len(last) > 400


def test_sheets_have_a_frozen_head_and_filters(book):
    assert book.sheetnames[:3] == ["Scorecard", "Findings", "Measures"]
    for sheet in book:
        assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref


# ── four languages ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_speaks_the_client_s_language(client, language):
    say = speak(language)
    files = make_files(FORMATS, execute(client, language), open_client(client).profile)
    paper = PdfReader(io.BytesIO(files["report.pdf"]))
    word = docx.Document(io.BytesIO(files["report.docx"]))
    deck = pptx.Presentation(io.BytesIO(files["report.pptx"]))
    book = openpyxl.load_workbook(io.BytesIO(files["report.xlsx"]))
    assert f'<html lang="{language}">' in files["report.html"].decode()
    assert paper.trailer["/Root"]["/Lang"] == language
    assert word.core_properties.language == deck.core_properties.language == language
    rows = json.loads(files["measures.json"])["measures"]
    rate = next(row for row in rows if row["measure"] == "right_time" and row["level"] == "order")
    shown = [say("The seven rights"), say.percent(rate["confirmed"]), say.date(SEEN)]
    for form in ("html", "pdf", "docx", "pptx"):
        text = squeezed(text_of(form, files[f"report.{form}"]))
        assert [words for words in map(squeezed, shown) if words not in text] == [], form
    assert book.sheetnames[0] == say("Scorecard")
    assert say("Confirmed") in [cell.value for cell in book[say("Measures")][1]]


# ── what a client writes is text ─────────────────────────────────────────────────────────────


def squeezed(text: str) -> str:
    """Leave out what only lays a text out: blanks, and where a word may break."""
    return re.sub(r"[\s\u200b\xad]+", "", text)


class _Text(HTMLParser):
    def __init__(self, page: str):
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[tuple[str, list]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(form: str, data: bytes) -> str:
    """Return all the words of a file, as another program reads them."""
    if form == "html":
        return "\n".join(_Text(data.decode()).parts)
    if form == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    if form == "docx":
        return "\n".join(
            t.text or "" for t in docx.Document(io.BytesIO(data)).element.iter(qn("w:t"))
        )
    if form == "pptx":
        deck, tag = pptx.Presentation(io.BytesIO(data)), pptx.oxml.ns.qn("a:t")
        pages = [page for s in deck.slides for page in (s._element, s.notes_slide._element)]
        return "\n".join(t.text or "" for page in pages for t in page.iter(tag))
    book = openpyxl.load_workbook(io.BytesIO(data))
    return "\n".join(str(c.value) for s in book for row in s.iter_rows() for c in row if c.value)


def assert_nothing_runs(form: str, data: bytes) -> None:
    if form == "html":
        page = _Text(data.decode())
        assert not {"script", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.tags}
        assert not [name for _, attrs in page.tags for name, _ in attrs if name.startswith("on")]
        links = [v for _, attrs in page.tags for k, v in attrs if k in ("href", "src")]
        assert all(link.startswith(("#", "data:")) for link in links)
    elif form == "pdf":
        reader = PdfReader(io.BytesIO(data))
        keys = {str(key) for one in objects(reader) for key in one}
        assert not keys & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/URI", "/EmbeddedFiles"}
        assert not [page for page in reader.pages if "/Annots" in page]
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            texts = {name: parts.read(name).decode("utf-8", "replace") for name in parts.namelist()}
        assert not [name for name in texts if re.search(r"vba|macro|embed|activeX", name)]
        links = [name for name, text in texts.items() if 'TargetMode="External"' in text]
        assert not links
        words = r"<f>|<f |hlinkClick|<w:hyperlink|ddeLink"
        assert not [name for name, text in texts.items() if re.search(words, text)]


def objects(reader: PdfReader) -> list[dict]:
    found = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    return [one for one in found if isinstance(one, dict)]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "=1+1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("https://x.example","y")',
    "=cmd|' /C calc'!A0",
    "{=1+1}",
    "{{ 7*7 }} {% raw %} ${HOME}",
    '#panic() #read("/etc/passwd") $x^2$ *b* _i_ `c` @ref <label>',
    '#import "@preview/x:0.1.0": y',
    "]]></text><svg onload=alert(1)>",
    "&lt;b&gt; &amp;amp; &#x41;",
    "</w:t></w:r><w:p/>",
    "\\x41 \\u0041 %n %00 \\input{x}",
    "Zażółć gęślą jaźń Ёлка",
    "https://x.example/a file:/etc/passwd",
    "a\tb  c",
    "’“”„–—…",
)


def small(*words: str, name: str = "Shop") -> tuple[nbformat.NotebookNode, Profile]:
    """Return a report whose every kind of block holds these words, and its profile."""
    first, rows = words[0], [[word, word] for word in words]
    badged = [results.badge(first, "works"), first]
    blocks = [
        results.heading(first, anchor="perfect"),
        *map(results.text, words),
        results.items(words),
        results.heading(first, 3),
        results.table([first, first], [*rows, badged], caption=first, numeric=[1]),
    ]
    top = [results.heading("Top", anchor="summary"), results.text(first, "lead")]
    top += [results.cards([(first, first, first)])]
    top += [results.columns([("works", first, words)])]
    rates = dict.fromkeys(("right", "wrong", "unknown", "not_applicable", "pending", "excluded"), 1)
    rates |= dict.fromkeys(("confirmed", "upper", "coverage"), 0.5)
    row = {"measure": "right_time", "level": "order", "segment": {"segment": first}, "target": None}
    row |= rates | {"period": None, "interval": [0.1, 0.9], "verdict": None, "reasons": {first: 1}}
    sentence = {"sentence": first, "right": None, "where": {"carrier": first}, "period": None}
    finding = {"id": "x", "kind": "works", "step_id": first, "n": 1, "interval": None} | sentence
    finding |= dict.fromkeys(("observed", "expected", "effect"))
    closing = {"language": "en", "findings": [finding], "errors": [], "name": name}
    closing["measures"] = {"as_of": None, "measures": [row]}
    data = [
        results.heading("Data", anchor="data"),
        results.table([first], rows=[[w] for w in words], caption=first),
    ]
    cells = [nbformat.v4.new_code_cell() for _ in range(4)]
    bodies = [results.Shown(tuple(each)) for each in (top, blocks, data)]
    for cell, value in zip(cells, [*bodies, Closing(closing)], strict=True):
        show(cell, value)
    return nbformat.v4.new_notebook(cells=cells), Profile(name, "shop")


@pytest.mark.parametrize("form", VIEWS)
def test_hostile_words_are_read_back_as_they_were(form):
    data = render(form, *small(*HOSTILE))
    text = squeezed(text_of(form, data))
    assert [word for word in HOSTILE if squeezed(word) not in text] == []
    assert_nothing_runs(form, data)


@pytest.mark.parametrize("form", VIEWS)
@pytest.mark.parametrize("name", [HOSTILE[1], HOSTILE[7], HOSTILE[11]])
def test_a_client_of_any_name_is_text(form, name):
    data = render(form, *small("fine", name=name))
    if form != "xlsx":
        assert squeezed(name) in squeezed(text_of(form, data))
    assert_nothing_runs(form, data)


# What a PDF's letters read back as depends on the font; here all that our typeface has.
LETTERS = st.characters(codec="cp1250") | st.characters(codec="cp1251")
WORDS = st.text(LETTERS.filter(str.isprintable), min_size=1, max_size=24).filter(str.strip)
ANY = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(word=WORDS, form=st.sampled_from(VIEWS))
def test_any_words_are_read_back_as_they_were(word, form):
    data = render(form, *small(word))
    assert squeezed(word) in squeezed(text_of(form, data))
    assert_nothing_runs(form, data)


@QUICK
@given(word=ANY, form=st.sampled_from(VIEWS))
@example(word="\x00\x08\x1f\x85\ufffe", form="docx")
@example(word="\u202eabc\u2066 שלום مرحبا 日本語 😀", form="pdf")
@example(word="\ud800", form="xlsx")
@example(word="x" * 1_500, form="pptx")
@example(word="x" * 40_000, form="xlsx")
@example(word="very long " * 300, form="pdf")
def test_no_letter_stops_a_report(word, form):
    assert_nothing_runs(form, render(form, *small(word, name=word)))


def test_every_field_of_a_client_is_text_in_every_format(tmp_path):
    bad = "<b onclick=alert(1)>=1+1 #panic()</b>"
    quoted = '"' + bad.replace('"', '""') + '"'
    steps = STEPS.replace("Take the order", quoted).replace("Carrier", quoted)
    lines = "order_id,carrier,segment,product,reason,promised_at,delivered_at\n" + "".join(
        f"{bad}{n},{quoted},{quoted},{quoted},{quoted},2026-03-02,2026-03-0{n}\n" for n in (1, 2, 3)
    )
    profile = f"name: '{bad}'\nprepared_by: '{bad}'\n"
    files = {"client.yaml": profile, "steps.csv": steps, "order_lines.csv": lines}
    folder = write_client(tmp_path / "shop", **files)
    made = make_files(FORMATS, execute(folder), open_client(folder).profile)
    for form in VIEWS:
        data = made[f"report.{form}"]
        assert squeezed(bad) in squeezed(text_of(form, data)), form
        assert_nothing_runs(form, data)
