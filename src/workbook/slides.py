"""Show a report as slides: a message each, one picture or table that fits, the contract in notes.

All measures are points; what does not fit is continued on a further slide.
"""

import datetime as dt
import io
from collections.abc import Iterator, Sequence

import nbformat
import pptx
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Pt

from workbook.files import same_times
from workbook.language import speak
from workbook.logo import fit_logo
from workbook.page import read_closing, read_day, read_sections
from workbook.pdf import (
    ACCENT,
    LOGO_ROOM,
    about,
    cell_words,
    column_widths,
    draw_png,
    picture_size,
)
from workbook.plots import VERDICT_COLOURS
from workbook.results import VERDICT_SHAPES, Block
from workbook.sheet import wrap

__all__ = ["render_slides"]

_WIDE, _HIGH, _EDGE, _TOP, _BOTTOM = 960, 540, 48, 134, 496
_ROOM = (_WIDE - 2 * _EDGE, _BOTTOM - _TOP)
_INK, _SOFT, _PALE = "1C2733", "55616D", "F4F7FA"
_SMALL, _MOST_LINES = 12, 9
_SMALLEST = 0.6  # of a picture's size; below, only its shape can be seen across a room
_NUMBER = (
    f'<a:fld {nsdecls("a")} id="{{5B6F3C1E-0F4B-4C57-9C3A-6D3C0B1F7A11}}" type="slidenum">'
    '<a:rPr sz="1000"/><a:t>‹#›</a:t></a:fld>'
)
# Whose most important finding is the message; elsewhere it is the part's first sentence.
_MESSAGES = {"rights": ("right-", "perfect-order"), "survey": ("survey-",)}
_TOLD_ELSEWHERE = ("data", "contract")


def render_slides(executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return a report as .pptx, 16:9; the same notebook gives the same bytes."""
    closing, sections = read_closing(executed), read_sections(executed)
    say, day = speak(closing["language"]), read_day(closing)
    parts = [part for section in sections for part in _parts(section)]
    deck = _Deck(profile, "\n".join(_contract(parts)))
    deck.open(say("Customer logistics report"), about(profile, day, say))
    for heading, blocks in parts:
        deck.add_part(heading, blocks, _message(heading, blocks, closing["findings"]))
    return deck.as_bytes(say.code, day or dt.date(2026, 1, 1))


def _parts(section: list[Block]) -> Iterator[tuple[Block, list[Block]]]:
    """Yield each heading of the second level with what stands below it."""
    starts = [at for at, b in enumerate(section) if b["kind"] == "heading" and b["level"] == 2]
    for start, end in zip(starts, [*starts[1:], len(section)], strict=True):
        yield section[start], section[start + 1 : end]


def _contract(parts: list[tuple[Block, list[Block]]]) -> Iterator[str]:
    for heading, blocks in parts:
        if heading["anchor"] == "contract":
            yield f"{heading['text']}:"
            tables = (block for block in blocks if block["kind"] == "table")
            yield from (
                ": ".join(map(cell_words, row)) for table in tables for row in table["rows"]
            )


def _lists(blocks: list[Block]) -> Iterator[tuple[str, list[str]]]:
    """Yield each list of sentences with the heading that it stands under."""
    title = ""
    for block in blocks:
        title = block["text"] if block["kind"] == "heading" else title
        if block["kind"] == "items":
            yield title, block["items"]


def _message(heading: Block, blocks: list[Block], findings: list[dict]) -> str:
    begin = _MESSAGES.get(heading["anchor"], ())
    found = [f["sentence"] for f in findings if begin and f["id"].startswith(begin)]
    said = [block["text"] for block in blocks if block["kind"] == "text"]
    return (found or said or [heading["text"]])[0]


def _cut(words: str, size: float, width: float, most: int) -> str:
    """Return a text, shortened where it would take more lines than there is room for."""
    lines = wrap(words, size, width)
    return words if len(lines) <= most else f"{' '.join(lines[:most])[:-2]}…"


def _put(slide: Slide, place: Sequence[float], picture: bytes, alt: str) -> None:
    shown = slide.shapes.add_picture(io.BytesIO(picture), *map(Pt, place))
    shown._element.nvPicPr.cNvPr.set("descr", alt)


class _Deck:
    """A presentation that grows slide by slide."""

    def __init__(self, profile: object, contract: str):
        self.profile, self.contract = profile, contract
        self.accent = (profile.accent or ACCENT).lstrip("#")
        self.file: Presentation = pptx.Presentation()
        stretch = Pt(_WIDE) / self.file.slide_width
        self.file.slide_width, self.file.slide_height = Pt(_WIDE), Pt(_HIGH)
        for page in (self.file.slide_master, *self.file.slide_layouts):
            for shape in page.placeholders:
                shape.left, shape.width = int(shape.left * stretch), int(shape.width * stretch)

    def open(self, kind: str, told: list[str]) -> None:
        slide = self.file.slides.add_slide(self.file.slide_layouts[0])
        title, below = slide.placeholders
        bar = slide.shapes.add_shape(1, Pt(_EDGE), Pt(120), Pt(160), Pt(7))
        bar.fill.solid()
        bar.fill.fore_color.rgb = RGBColor.from_string(self.accent)
        bar.line.fill.background()
        if logo := self.profile.logo_picture:
            width, height = fit_logo(logo, *LOGO_ROOM)
            place = (_WIDE - _EDGE - width, _EDGE, width, height)
            _put(slide, place, logo, self.profile.name)
        self._fill(title, (_EDGE, 150, _ROOM[0], 130), self.profile.name, 44)
        self._fill(below, (_EDGE, 290, _ROOM[0], 90), "\n".join([kind, *told]), 18)
        slide.notes_slide.notes_text_frame.text = self.contract

    def add_part(self, heading: Block, blocks: list[Block], message: str) -> None:
        told = [block["text"] for block in blocks if block["kind"] == "text"]
        notes = "\n".join([message, *told, "", self.contract])
        kinds = {kind: [b for b in blocks if b["kind"] == kind] for kind in _SHOWN}
        begin = lambda: self._slide(message, heading["text"], notes)
        if heading["anchor"] in _TOLD_ELSEWHERE:
            for title, lines in _lists(blocks) if heading["anchor"] == "data" else ():
                self._list(title or message, heading["text"], lines, notes)
        elif kinds["cards"]:
            self._cards(begin(), kinds["cards"][0])
            for verdict, title, lines in (c for b in kinds["columns"] for c in b["columns"]):
                shown = f"{VERDICT_SHAPES[verdict]} {title}"
                self._list(
                    shown, heading["text"], lines, notes, VERDICT_COLOURS[verdict].lstrip("#")
                )
            for title, lines in _lists(blocks):
                self._list(title, heading["text"], lines, notes)
        elif kinds["picture"]:
            scale = self._picture(begin(), kinds["picture"][0])
            for block in kinds["table"][:1] if scale < _SMALLEST else ():
                self._table(begin, block)
        elif kinds["table"]:
            self._table(begin, kinds["table"][0])
        else:
            begin()

    def _slide(
        self, message: str, above: str, notes: str, ink: str = _INK, layout: int = 5
    ) -> Slide:
        slide = self.file.slides.add_slide(self.file.slide_layouts[layout])
        self._fill(slide.shapes.title, (_EDGE, 44, _ROOM[0], 80), message, 26, ink)
        self._box(slide, (_EDGE, 24, _ROOM[0], 22), above, _SMALL, self.accent)
        self._box(slide, (_EDGE, 506, 700, 22), self.profile.name, 10, _SOFT)
        number = self._box(slide, (_WIDE - _EDGE - 60, 506, 60, 22), "", 10, _SOFT)
        number.text_frame.paragraphs[0]._p.append(parse_xml(_NUMBER))
        slide.notes_slide.notes_text_frame.text = notes
        return slide

    def _box(self, slide: Slide, *filling: object) -> object:
        box = slide.shapes.add_textbox(0, 0, 0, 0)
        self._fill(box, *filling)
        return box

    def _fill(
        self, shape: object, place: Sequence[float], words: str, size: float, ink: str = _INK
    ) -> None:
        """Write into a box at (left, top, width, height), as large as it takes up to `size`."""
        shape.left, shape.top, shape.width, shape.height = map(Pt, place)
        width, height = place[2] - 8, place[3] - 4
        lines = lambda at: sum(len(wrap(line, at, width)) for line in words.split("\n"))
        size = next(
            (at for at in (size, size * 0.8) if lines(at) * at * 1.2 <= height), size * 0.65
        )
        frame: TextFrame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        frame.margin_left = frame.margin_right = Pt(2)
        frame.margin_top = frame.margin_bottom = Pt(1)
        frame.vertical_anchor = MSO_ANCHOR.TOP
        most = max(1, int(height / (size * 1.2)))
        frame.text = words if lines(size) <= most else _cut(words, size, width, most)
        for line in frame.paragraphs:
            line.alignment, line.font.size = PP_ALIGN.LEFT, Pt(size)
            line.font.color.rgb = RGBColor.from_string(ink)
            line.font.bold = size > 20

    def _cards(self, slide: Slide, block: Block) -> None:
        wide = _ROOM[0] / len(block["cards"])
        for at, (figure, name, beside) in enumerate(block["cards"]):
            left, inner = _EDGE + at * wide, wide - 16
            rows = ((figure, 150, 80, 36, self.accent), (name, 236, 48, 18, _INK))
            for words, top, high, size, ink in (*rows, (beside, 288, 70, 14, _SOFT)):
                self._box(slide, (left, top, inner, high), words, size, ink)

    def _list(
        self, title: str, above: str, entries: list[str], notes: str, ink: str = _INK
    ) -> None:
        """Show sentences as a list, on as many slides as they take, alike in length."""
        size, width, frame, high = 16, _ROOM[0] - 40, None, 0.0
        cut = [_cut(entry, size, width, 12) for entry in entries]
        needs = [len(wrap(entry, size, width)) * size * 1.2 + 8 for entry in cut]
        most = sum(needs) / -(-sum(needs) // _ROOM[1]) + max(needs) / 2
        for entry, need in zip(cut, needs, strict=True):
            if frame is None or high + need > min(most, _ROOM[1]):
                slide, high = self._slide(title, above, notes, ink, layout=1), 0.0
                self._fill(slide.placeholders[1], (_EDGE, _TOP, *_ROOM), "", size)
                frame = slide.placeholders[1].text_frame
            line = frame.add_paragraph() if high else frame.paragraphs[0]
            line.text, line.font.size = entry, Pt(size)
            line.space_before, line.space_after = Pt(0), Pt(8)
            high += need

    def _picture(self, slide: Slide, block: Block) -> float:
        """Show a picture as large as there is room; return how much it was scaled."""
        width, height = picture_size(block)
        lines = wrap(block["caption"], _SMALL, _ROOM[0] - 8) if block["caption"] else []
        below = 1.2 * _SMALL * len(lines) + 6
        room = _ROOM[1] - below
        scale = min(_ROOM[0] / width, room / height)
        left = _EDGE + (_ROOM[0] - width * scale) / 2
        place = (left, _TOP, width * scale, height * scale)
        _put(slide, place, draw_png(block["svg"]), block["alt"])
        if block["caption"]:
            place = (_EDGE, _BOTTOM - below, _ROOM[0], below + 4)
            self._box(slide, place, block["caption"], _SMALL, _SOFT)
        return scale

    def _table(self, begin: object, block: Block) -> None:
        """Show a table, on as many slides as its rows take; its headings stand on each."""
        shares = column_widths(block)
        widths = [_ROOM[0] * share / sum(shares) for share in shares]
        cut = lambda row: [
            _cut(cell_words(cell), _SMALL, width - 14, _MOST_LINES)
            for cell, width in zip(row, widths, strict=True)
        ]
        high = lambda row: (
            8
            + _SMALL
            * 1.2
            * max(
                len(wrap(cell, _SMALL, width - 14)) for cell, width in zip(row, widths, strict=True)
            )
        )
        head, rows = cut(block["headings"]), [cut(row) for row in block["rows"]]
        while rows:
            left, here = _ROOM[1] - high(head), []
            while rows and (not here or high(rows[0]) <= left):
                left -= high(rows[0])
                here.append(rows.pop(0))
            self._grid(begin(), [head, *here], widths, list(map(high, [head, *here])), block)

    def _grid(
        self,
        slide: Slide,
        rows: list[list[str]],
        widths: list[float],
        heights: list[float],
        block: Block,
    ) -> None:
        place = (Pt(_EDGE), Pt(_TOP), Pt(sum(widths)), Pt(sum(heights)))
        shape = slide.shapes.add_table(len(rows), len(widths), *place)
        shape._element.nvGraphicFramePr.cNvPr.set("descr", block["caption"])
        table = shape.table
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Pt(width)
        for at, (row, words, height) in enumerate(zip(table.rows, rows, heights, strict=True)):
            row.height = Pt(height)
            for place, (cell, text) in enumerate(zip(row.cells, words, strict=True)):
                cell.text_frame.text = text
                self._dress(cell, at, place in block["numeric"])

    def _dress(self, cell: object, row: int, is_number: bool) -> None:
        cell.margin_left = cell.margin_right = Pt(6)
        cell.margin_top = cell.margin_bottom = Pt(3)
        cell.fill.solid()
        ground = "FFFFFF" if row % 2 else _PALE
        cell.fill.fore_color.rgb = RGBColor.from_string(ground if row else self.accent)
        for line in cell.text_frame.paragraphs:
            line.font.size, line.font.bold = Pt(_SMALL), not row
            line.font.color.rgb = RGBColor.from_string(_INK if row else "FFFFFF")
            line.alignment = PP_ALIGN.RIGHT if is_number else PP_ALIGN.LEFT

    def as_bytes(self, language: str, day: dt.date) -> bytes:
        told, stamp, made = (
            self.file.core_properties,
            dt.datetime.combine(day, dt.time()),
            io.BytesIO(),
        )
        told.title, told.author = self.profile.name[:255], (self.profile.prepared_by or "")[:255]
        told.created = told.modified = stamp
        told.language = language
        for slide in self.file.slides:
            for page in (slide._element, slide.notes_slide._element):
                for run in page.iter(qn("a:r")):
                    run.get_or_add_rPr().set("lang", language)
        self.file.save(made)
        return same_times(made.getvalue())


_SHOWN = ("items", "cards", "columns", "picture", "table")
