"""Write a report as a Word document that a consultant can edit."""

import datetime as dt
import io

import docx
import nbformat
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from workbook.files import same_times
from workbook.language import Language, speak
from workbook.logo import fit_logo
from workbook.page import last_words, read_closing, read_day, read_sections
from workbook.pdf import ACCENT, LOGO_ROOM, about, draw_png, lay_out
from workbook.plots import VERDICT_COLOURS
from workbook.results import VERDICT_SHAPES, Block

__all__ = ["render_word", "set_document"]

_SOFT, _LINE = "55616D", "D9E0E7"
_WHOLE = 8  # rows that stay together on a page
_SHEETS = {"a4": (21.0, 29.7), "a3": (29.7, 42.0)}  # cm, upright
_SIZES = {"Normal": 10, "Title": 28, "Heading 1": 16, "Heading 2": 12, "Lead": 14, "Note": 9}


def render_word(executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return a report as .docx: headings, tables, pictures with their words, one language."""
    closing = read_closing(executed)
    say, day = speak(closing["language"]), read_day(closing)
    paper, accent = docx.Document(), (profile.accent or ACCENT).lstrip("#")
    _set_styles(paper, say.code, accent)
    _tell(paper, f"{profile.name}: {say('what works and what needs improvement')}", profile, day)
    _begin(paper, profile, say("Customer logistics report"), about(profile, day, say))
    sections = read_sections(executed)
    for section in sections:
        for block in lay_out(section):
            _SHOW[block["kind"]](paper, block)
    if closing_words := last_words(sections, say):
        paper.add_paragraph(closing_words, "Note")
    return _saved(paper)


def set_document(
    blocks: list[Block], profile: object, kind: str, meta: list[str], say: Language
) -> bytes:
    """Return any blocks as .docx in the look of a report: its name, kind and meta on top."""
    paper, accent = docx.Document(), (profile.accent or ACCENT).lstrip("#")
    _set_styles(paper, say.code, accent)
    _tell(paper, f"{profile.name}: {kind}", profile, None)
    _begin(paper, profile, kind, meta)
    for block in lay_out(blocks):
        _SHOW[block["kind"]](paper, block)
    return _saved(paper)


def _begin(paper: Document, profile: object, kind: str, meta: list[str]) -> None:
    _run_on(paper, profile.name)
    if logo := profile.logo_picture:
        line = paper.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        width, _ = fit_logo(logo, *LOGO_ROOM)
        _put(line, logo, width, profile.name)
    run = paper.add_paragraph(style="Note").add_run(kind)
    run.bold, run.font.color.rgb = True, paper.styles["Title"].font.color.rgb
    paper.add_paragraph(profile.name, "Title")
    paper.add_paragraph("  ·  ".join(meta), "Note")


def _saved(paper: Document) -> bytes:
    made = io.BytesIO()
    paper.save(made)
    return same_times(made.getvalue())


def _set_styles(paper: Document, language: str, accent: str) -> None:
    _turn(paper.sections[0], "a4", across=False)
    for name in ("Lead", "Note"):
        paper.styles.add_style(name, 1).base_style = paper.styles["Normal"]
    for name, size in _SIZES.items():
        style, fonts = paper.styles[name], ("ascii", "hAnsi", "cs", "eastAsia")
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), None
        given = style.element.get_or_add_rPr().get_or_add_rFonts()
        given.attrib.clear()
        given.attrib.update({qn(f"w:{key}"): "Calibri" for key in fonts})
        style.paragraph_format.space_after = Pt(6)
    for border in paper.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    paper.styles["Note"].font.color.rgb = RGBColor.from_string(_SOFT)
    for name in ("Title", "Heading 1"):
        paper.styles[name].font.color.rgb = RGBColor.from_string(accent)
    paper.styles["Heading 1"].paragraph_format.space_before = Pt(22)
    for mark in paper.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), language)


def _tell(paper: Document, title: str, profile: object, day: dt.date | None) -> None:
    told, stamp = paper.core_properties, dt.datetime.combine(day or dt.date(2026, 1, 1), dt.time())
    told.title, told.author, told.comments = title[:255], (profile.prepared_by or "")[:255], ""
    told.created = told.modified = stamp
    told.language = next(paper.styles.element.iter(qn("w:lang"))).get(qn("w:val"))


def _run_on(paper: Document, client: str) -> None:
    """Put the client at the head of each page, and the page's number at its foot."""
    page = paper.sections[0]
    head, foot = page.header.paragraphs[0], page.footer.paragraphs[0]
    head.style = foot.style = paper.styles["Note"]
    head.add_run(client[:80])
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    number = f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    foot._p.append(parse_xml(number))


def _turn(page: object, size: str, across: bool) -> None:
    width, height = _SHEETS[size][::-1] if across else _SHEETS[size]
    page.page_width, page.page_height = Cm(width), Cm(height)
    page.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    margin = Cm(2.0 if (size, across) == ("a4", False) else 1.4)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = margin


def _colour(run: Run, verdict: str) -> None:
    run.bold, run.font.color.rgb = True, RGBColor.from_string(VERDICT_COLOURS[verdict].lstrip("#"))


def _heading(paper: Document, block: Block) -> None:
    paper.add_heading(block["text"], block["level"] - 1)


def _text(paper: Document, block: Block) -> None:
    line = paper.add_paragraph(block["text"], {"lead": "Lead", "note": "Note"}.get(block["role"]))
    line.paragraph_format.keep_with_next = block.get("keep", False)


def _items(paper: Document, block: Block) -> None:
    for entry in block["items"]:
        paper.add_paragraph(entry, "List Bullet").paragraph_format.space_after = Pt(2)


def _columns(paper: Document, block: Block) -> None:
    for verdict, title, lines in block["columns"]:
        head = paper.add_heading("", 2)
        _colour(head.add_run(f"{VERDICT_SHAPES[verdict]} {title}"), verdict)
        _items(paper, {"items": lines})


def _cards(paper: Document, block: Block) -> None:
    """Show headline figures as a table: what it is, the figure, a note."""
    cards = block["cards"]
    table = _new_table(paper, 3, [1.0] * len(cards))
    for at, (figure, name, beside) in enumerate(cards):
        _write(table.cell(0, at), name).bold = True
        shown = _write(table.cell(1, at), figure)
        shown.bold, shown.font.size = True, Pt(16)
        _write(table.cell(2, at), beside).font.size = Pt(8.5)


def _table(paper: Document, block: Block) -> None:
    if block["caption"]:
        caption = paper.add_paragraph()
        caption.add_run(block["caption"]).bold = True
        caption.paragraph_format.keep_with_next = True
    table = _new_table(paper, 1 + len(block["rows"]), block["widths"])
    for row, cells in zip(table.rows, [block["headings"], *block["rows"]], strict=True):
        for at, (cell, shown) in enumerate(zip(row.cells, cells, strict=True)):
            verdict = shown["verdict"] if isinstance(shown, dict) else ""
            words = f"{VERDICT_SHAPES[verdict]} {shown['text']}" if verdict else shown
            run = _write(cell, words)
            run.bold = at == 0 or cells is block["headings"]
            if verdict:
                _colour(run, verdict)
            if at in block["numeric"]:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if len(block["rows"]) <= _WHOLE:
        for cell in (cell for row in table.rows[:-1] for cell in row.cells):
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    paper.add_paragraph().paragraph_format.space_after = Pt(2)


def _new_table(paper: Document, rows: int, shares: list[float]) -> Table:
    """Add a table with thin lines below its rows; its first row heads it on every page."""
    page, table = paper.sections[-1], paper.add_table(rows, len(shares))
    table.autofit = False
    room = page.page_width - page.left_margin - page.right_margin
    widths = [int(room * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    line = f'w:val="single" w:sz="4" w:color="{_LINE}"'
    borders = f"<w:tblBorders {nsdecls('w')}><w:bottom {line}/><w:insideH {line}/></w:tblBorders>"
    table._tbl.tblPr.append(parse_xml(borders))
    for row in table.rows:
        row._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    return table


def _write(cell: _Cell, words: str) -> Run:
    line: Paragraph = cell.paragraphs[0]
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)
    run = line.add_run(words)
    run.font.size = Pt(8.5)
    return run


def _put(line: Paragraph, picture: bytes, width: float, alt: str) -> None:
    image = line.add_run().add_picture(io.BytesIO(picture), width=Pt(width))
    image._inline.docPr.set("descr", alt)


def _picture(paper: Document, block: Block) -> None:
    sheet = block["sheet"]
    if sheet:
        _turn(paper.add_section(), sheet["paper"], sheet["across"])
        for each in block["before"]:
            _SHOW[each["kind"]](paper, each)
    line = paper.add_paragraph()
    _put(line, draw_png(block["svg"]), block["width"], block["alt"])
    if block["caption"]:
        line.paragraph_format.keep_with_next = True
        paper.add_paragraph(block["caption"], "Note")
    if sheet:
        _turn(paper.add_section(), "a4", across=False)


_SHOW = {
    "heading": _heading,
    "text": _text,
    "items": _items,
    "columns": _columns,
    "cards": _cards,
    "table": _table,
    "picture": _picture,
}
