"""Set a questionnaire as a Word document to print, or to send as it is."""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from itertools import groupby

from workbook.files import same_times
from workbook.questions import Question
from workbook.survey import Questionnaire

__all__ = ["write_paper"]

_BOX, _WIDTH, _ANSWERS = "☐", 17.4, 12.6  # cm between the margins, of which the answers take


def write_paper(survey: Questionnaire, words: Mapping[str, str], language: str) -> bytes:
    """Return a questionnaire as a .docx file in one language; the same input gives the same bytes.

    Parameters
    ----------
    survey : Questionnaire
    words : mapping
        The fixed words: title, intro, consent, order, tick, thanks.
    language : str

    Raises
    ------
    ValueError
        If python-docx is not installed.
    """
    try:
        import docx
    except ImportError:
        what = "Word needs python-docx, which is not installed"
        how = "run pip install 'customer-logistics-workbook[formats]'"
        raise ValueError(f"{what}; {how}") from None
    paper = docx.Document()
    _set_up(paper, words["title"], language)
    paper.add_heading(words["title"], 0)
    paper.add_paragraph(words["intro"])
    paper.add_paragraph(words["consent"], "Caption")
    if survey.linkable:
        paper.add_paragraph(f"{words['order']}: {'_' * 24}")
    paper.add_paragraph(words["tick"]).runs[0].italic = True
    numbered = enumerate(survey.questions, start=1)
    for scale, group in groupby(numbered, lambda each: each[1].scale):
        asked = [(f"{number}. {item.texts[language]}", item) for number, item in group]
        if scale is None:
            _open(paper, asked)
        elif not scale.ordered:
            _names(paper, asked, language)
        elif len(scale.values) > 7:
            _points(paper, asked, language)
        else:
            _grid(paper, asked, language)
    paper.add_paragraph(words["thanks"]).paragraph_format.space_before = docx.shared.Pt(10)
    held = io.BytesIO()
    paper.save(held)
    return same_times(held.getvalue())


def _set_up(paper: object, title: str, language: str) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    page, ink = paper.sections[0], RGBColor(0x1F, 0x4E, 0x79)
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin = page.bottom_margin = Cm(1.8)
    for name, size in {"Normal": 10.5, "Title": 20, "Caption": 9}.items():
        style = paper.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().attrib.update(
            {qn(f"w:{key}"): "Calibri" for key in ("ascii", "hAnsi", "cs", "eastAsia")}
        )
        style.paragraph_format.space_after = Pt(4)
    paper.styles["Title"].font.color.rgb, paper.styles["Caption"].font.bold = ink, False
    paper.styles["Caption"].font.color.rgb = RGBColor(0x44, 0x50, 0x5C)
    for mark in paper.styles.element.iter(qn("w:lang")):
        mark.set(qn("w:val"), language)
    told, stamp = paper.core_properties, dt.datetime(2026, 1, 1)
    told.title, told.language, told.author, told.comments = title, language, "", ""
    told.created = told.modified = stamp


def _table(paper: object, rows: int, widths: Sequence[float], style: str = "Table Grid") -> object:
    from docx.shared import Cm

    table = paper.add_table(rows, len(widths), style)
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)
            cell.paragraphs[0].paragraph_format.space_after = 0
    return table


def _put(cell: object, text: str, size: float, middle: bool = True) -> None:
    from docx.enum.table import WD_ALIGN_VERTICAL
    from docx.shared import Pt

    line = cell.paragraphs[0]
    line.add_run(text).font.size = Pt(size)
    line.alignment = int(middle)
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)
    cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER


def _ask(paper: object, text: str) -> None:
    from docx.shared import Pt

    line = paper.add_paragraph(text)
    line.paragraph_format.keep_with_next = True
    line.paragraph_format.space_before = Pt(10)


def _grid(paper: object, asked: Sequence[tuple[str, Question]], language: str) -> None:
    """Questions of one scale as rows, its points as columns, one box in each cell."""
    from docx.shared import Cm

    scale, extra = asked[0][1].scale, any(item.does_not_apply for _, item in asked)
    labels = scale.labels[language] + ((scale.does_not_apply[language],) if extra else ())
    wide = _ANSWERS / len(labels)
    table = _table(paper, 1 + len(asked), [_WIDTH - _ANSWERS, *[wide] * len(labels)])
    head = table.rows[0]._tr.get_or_add_trPr()
    head.append(head.makeelement(f"{{{head.nsmap['w']}}}tblHeader", {}))
    for cell, label in zip(table.rows[0].cells[1:], labels, strict=True):
        _put(cell, label, 8)
    for row, (text, item) in zip(table.rows[1:], asked, strict=True):
        row.height = Cm(1.1)
        _put(row.cells[0], text, 10.5, middle=False)
        for cell in row.cells[1 : 1 + len(item.answers(language))]:
            _put(cell, _BOX, 14)


def _points(paper: object, asked: Sequence[tuple[str, Question]], language: str) -> None:
    """A long scale as a line of boxes with its numbers, the words of its ends below."""
    for text, item in asked:
        _ask(paper, text)
        values, labels = list(map(str, item.scale.values)), item.answers(language)
        table = _table(paper, 2, [_WIDTH / len(values)] * len(values), "Normal Table")
        for place, value in enumerate(values):
            _put(table.cell(0, place), _BOX, 14)
            _put(table.cell(1, place), value, 9)
        ends = [labels[at].removeprefix(values[at]).strip() for at in (0, len(values) - 1)]
        below = _table(paper, 1, [_WIDTH / 2] * 2, "Normal Table")
        for place, words in enumerate(ends):
            _put(below.cell(0, place), words, 9, middle=False)
            below.cell(0, place).paragraphs[0].alignment = 2 * place
        for words in labels[len(values) :]:
            paper.add_paragraph(f"{_BOX} {words}")


def _names(paper: object, asked: Sequence[tuple[str, Question]], language: str) -> None:
    for text, item in asked:
        _ask(paper, text)
        for label in item.answers(language):
            paper.add_paragraph(f"{_BOX} {label}").paragraph_format.space_after = 0


def _open(paper: object, asked: Sequence[tuple[str, Question]]) -> None:
    from docx.shared import Cm

    for text, _ in asked:
        _ask(paper, text)
        _table(paper, 1, [_WIDTH]).rows[0].height = Cm(2.6)
