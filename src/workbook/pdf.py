"""Set a report on paper as a tagged PDF: title, language, headings, tables, pictures in words."""

import contextlib
import datetime as dt
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import nbformat
import typst

from workbook.language import Language, speak
from workbook.logo import fit_logo
from workbook.page import last_words, read_closing, read_day, read_sections
from workbook.resources import template_path
from workbook.results import Block

__all__ = [
    "ACCENT",
    "LOGO_ROOM",
    "about",
    "cell_words",
    "column_widths",
    "draw_png",
    "lay_out",
    "picture_size",
    "render_pdf",
    "set_paper",
]

ACCENT, LOGO_ROOM = "#1f4e79", (150.0, 52.0)  # points, beside the title
_FAMILY, _LONG_WORD = "Workbook Sans", re.compile(r"(\S{28})(?=\S)")
# What a picture may fill, in points: of a page of text, and of a sheet of its own.
_FLOW = (482.0, 640.0)
_SHEETS = {("a4", True): (760.0, 400.0), ("a3", False): (760.0, 990.0), ("a3", True): (1110, 630)}
_SMALLEST = 0.6  # of a chart's size on a screen, where its small letters have 10.5 pixels
_CHARACTERS = 110  # of a table's letters between the margins


def render_pdf(executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return a report as PDF/UA-1 on A4, large charts on sheets of their own.

    Letters that the typeface lacks are taken from the system's; what no font has is shown as �.
    """
    closing = read_closing(executed)
    say, day = speak(closing["language"]), read_day(closing)
    sections = read_sections(executed)
    shown = [block for section in sections for block in lay_out(section)]
    values = {
        "title": f"{profile.name}: {say('what works and what needs improvement')}",
        "author": [profile.prepared_by] if profile.prepared_by else [],
        "kind": say("Customer logistics report"),
        "meta": [_breakable(words) for words in about(profile, day, say)],
        "accent": profile.accent or ACCENT,
        "closing": last_words(sections, say),
    }
    return _set(shown, profile, values, say, day)


def set_paper(
    blocks: list[Block], profile: object, kind: str, meta: list[str], say: Language
) -> bytes:
    """Return any blocks as PDF/UA-1 in the look of a report: its name, kind and meta on top."""
    values = {"title": f"{profile.name}: {kind}", "kind": kind, "meta": _breakable(meta)}
    values |= {"author": [], "accent": profile.accent or ACCENT, "closing": ""}
    return _set(lay_out(blocks), profile, values, say, None)


def _set(
    blocks: list[Block],
    profile: object,
    values: dict[str, object],
    say: Language,
    day: dt.date | None,
) -> bytes:
    name = profile.name
    short = name if len(name) <= 80 else f"{name[:79]}…"
    own = lambda b: b | {"svg": _own_typeface(b["svg"])} if b["kind"] == "picture" else b
    blocks = list(map(own, blocks))
    values |= {"language": say.code, "name": _breakable(name), "short": short, "blocks": blocks}
    if logo := profile.logo_picture:
        width, height = fit_logo(logo, *LOGO_ROOM)
        values["logo"] = {"bytes": list(logo), "width": width, "height": height}
    return _compile(template_path("report.typ").read_bytes(), values, day)


def about(profile: object, day: dt.date | None, say: Language) -> list[str]:
    """Say what stands below a report's title: its days, and who prepared it."""
    told = []
    if day:
        told.append(say("Orders as seen on {day}", day=say.date(day)))
    if profile.report_date:
        told.append(say("Report of {day}", day=say.date(profile.report_date)))
    if profile.prepared_by:
        told.append(say("Prepared by {name}", name=profile.prepared_by))
    return told


def _breakable(value: object) -> object:
    """Let the words of a client be broken where they are longer than a line."""
    if isinstance(value, str):
        return _LONG_WORD.sub("\\1\u200b", value)
    if isinstance(value, dict):
        return {key: _breakable(each) for key, each in value.items()}
    return [_breakable(each) for each in value] if isinstance(value, list) else value


def lay_out(section: list[Block]) -> list[Block]:
    """Lay out a section on paper: `widths` of tables, `width` (points) or `sheet` of pictures.

    A sheet of its own begins with the heading and the words `before` the chart. Words that lead to
    a picture or a table `keep` with it.
    """
    shown: list[Block] = []
    for block in map(_laid_out, section):
        if block.get("sheet"):
            plain = [each["kind"] not in ("heading", "text") for each in shown]
            at = len(plain) - (plain[::-1].index(True) if True in plain else len(plain))
            shown, block["before"] = shown[:at], shown[at:]
        shown.append(block)
    for block, after in reversed(list(pairwise(shown))):
        is_lead = after["kind"] in ("picture", "table") or after.get("keep", False)
        if block["kind"] == "text":
            block["keep"] = is_lead
    return shown


def _laid_out(block: Block) -> Block:
    if block["kind"] == "picture":
        return block | _place(*picture_size(block))
    shown = _breakable(block)
    return shown | {"widths": column_widths(shown)} if block["kind"] == "table" else shown


def _place(width: float, height: float) -> dict[str, object]:
    """Return where a picture stands: in the text, or on the smallest sheet that shows it well."""
    scale = min(_FLOW[0] / width, _FLOW[1] / height, 0.75)
    if scale >= _SMALLEST:
        return {"width": width * scale, "sheet": None}
    fits = {sheet: min(w / width, h / height) for sheet, (w, h) in _SHEETS.items()}
    good = [sheet for sheet, scale in fits.items() if scale >= _SMALLEST]
    sheet = good[0] if good else max(fits, key=fits.get)
    return {"width": width * fits[sheet], "sheet": {"paper": sheet[0], "across": sheet[1]}}


def picture_size(block: Block) -> tuple[float, float]:
    """Return a picture's width and height in its own pixels.

    Examples
    --------
    >>> picture_size({"svg": '<svg viewBox="0 0 30 20.5">'})
    (30.0, 20.5)
    """
    found = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', block["svg"])
    return float(found[1]), float(found[2])


def cell_words(cell: str | dict[str, str]) -> str:
    """Return the words of a table's cell, also of one that shows a verdict."""
    return cell["text"] if isinstance(cell, dict) else str(cell)


def column_widths(block: Block, room: float = _CHARACTERS) -> list[int]:
    """Share the room of a table (characters) among its columns, so that it has few lines.

    Examples
    --------
    >>> table = {"headings": ["No.", "Why"], "rows": [["1", "a long reason " * 9]]}
    >>> column_widths(table, 60)
    [7, 53]
    """
    columns = list(zip(block["headings"], *block["rows"], strict=True))
    texts = [[cell_words(cell) for cell in column] for column in columns]
    longest = [max(map(_longest_word, column)) for column in columns]
    widths, most = [min(n, 28) + 4 for n in longest], [max(map(len, each)) + 4 for each in texts]
    lines = lambda at: sum(-(-len(text) // (widths[at] - 4)) for text in texts[at])
    while sum(widths) < room:
        narrow = [at for at, width in enumerate(widths) if width < most[at]]
        if not narrow:
            break
        widths[max(narrow, key=lines)] += 1
    return widths


def _longest_word(cell: str | dict[str, str]) -> int:
    return len(cell["text"]) + 2 if isinstance(cell, dict) else max(map(len, [*cell.split(), ""]))


@lru_cache(maxsize=64)
def draw_png(svg: str, pixels: int = 1800) -> bytes:
    """Return a picture as PNG of this width, for what can't show SVG everywhere."""
    width, height = picture_size({"svg": svg})
    main = (
        b"#set page(width: auto, height: auto, margin: 0pt)\n"
        b"#let data = json(bytes(sys.inputs.data))\n"
        b'#image(bytes(data.svg), format: "svg", width: data.width * 1pt)'
    )
    values = {"svg": _own_typeface(svg), "width": width}
    return _compile(main, values, None, format="png", ppi=72 * pixels / max(width, height / 2))


def _own_typeface(svg: str) -> str:
    return svg.replace("Source Sans 3", _FAMILY)


def _compile(main: bytes, values: dict[str, object], day: dt.date | None, **form: object) -> bytes:
    """Compile with our letters only; if some are missing, with the system's; then without them."""
    stamp = dt.datetime.combine(day or dt.date(2026, 1, 1), dt.time(), dt.UTC)
    form = form or {"format": "pdf", "pdf_standards": ["ua-1"]}
    for text, own_only in _attempts(json.dumps(values, ensure_ascii=False)):
        fonts = [str(template_path("fonts"))]
        compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=own_only)
        with contextlib.suppress(typst.TypstError):
            return compiler.compile(main, sys_inputs={"data": text}, timestamp=stamp, **form)
    return compiler.compile(main, sys_inputs={"data": text}, timestamp=stamp, **form)


def _attempts(text: str) -> Iterator[tuple[str, bool]]:
    yield text, True
    yield text, False
    yield re.sub(r"[^\u0000-\u024f\u0400-\u04ff\u2000-\u27bf]", "�", text), True
