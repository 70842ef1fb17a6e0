"""Show an executed report notebook as one page that needs nothing else."""

import base64
import datetime as dt
import json
import re
from typing import Any

import jinja2
import markupsafe
import nbformat

from workbook import results
from workbook.language import Language, speak
from workbook.resources import template_path
from workbook.sections import RESULTS_MIME

__all__ = [
    "faces",
    "fill_template",
    "last_words",
    "read_closing",
    "read_day",
    "read_sections",
    "render_page",
    "showable",
]

# Which letters each part of the typeface brings.
_FONT_PARTS = {
    "latin": (
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,U+20AC,"
        "U+2122,U+2190-2193,U+2212"
    ),
    "latin-ext": "U+0100-0130,U+0132-0151,U+0154-02BA,U+1E00-1EFF,U+20A0-20AB,U+20AD-20C0",
    "cyrillic": "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
}


# What no XML may hold, and no reader could see.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SUSPECT = re.compile(r"\\u(00[01789]|d|ff)|\\[bfr]")  # as JSON writes these


def _outputs(notebook: nbformat.NotebookNode, kind: str) -> list[Any]:
    """Return what the notebook's cells put out of one MIME type, in order, as it can be shown."""
    outputs = (out for cell in notebook.cells for out in cell.get("outputs", []))
    found = [out["data"][kind] for out in outputs if kind in out.get("data", {})]
    return showable(found) if _SUSPECT.search(json.dumps(found)) else found


def showable(value: Any) -> Any:
    """Return text, also within lists and mappings, with � for what no file can show.

    Examples
    --------
    >>> showable(["a\\x08b"])
    ['a\ufffdb']
    """
    if isinstance(value, str):
        return _UNSHOWN.sub("\ufffd", value)
    if isinstance(value, dict):
        return {showable(key): showable(each) for key, each in value.items()}
    return [showable(each) for each in value] if isinstance(value, list) else value


def read_closing(notebook: nbformat.NotebookNode) -> dict[str, Any] | None:
    """Return the measures, findings and language that a whole report ends with, else None.

    Examples
    --------
    >>> read_closing(nbformat.v4.new_notebook()) is None
    True
    """
    found = _outputs(notebook, RESULTS_MIME)
    return found[-1] if found else None


def read_sections(notebook: nbformat.NotebookNode) -> list[list[results.Block]]:
    """Return the blocks of each section that an executed notebook shows, in order.

    Examples
    --------
    >>> read_sections(nbformat.v4.new_notebook())
    []
    """
    shown = (output["blocks"] for output in _outputs(notebook, results.MIME))
    return [blocks for blocks in shown if blocks]


def read_day(closing: dict[str, Any]) -> dt.date | None:
    """Return the day as of which a report's orders were seen, if it has orders.

    Examples
    --------
    >>> read_day({"measures": {"as_of": "2026-04-30T00:00:00"}})
    datetime.date(2026, 4, 30)
    """
    as_of = closing["measures"]["as_of"]
    return dt.datetime.fromisoformat(as_of).date() if as_of else None


def render_page(notebook: nbformat.NotebookNode, profile: object) -> str:
    """Show an executed report notebook as one page that needs nothing else.

    Parameters
    ----------
    notebook : notebook node
        Executed; its outputs carry the blocks of each section.
    profile : Profile
        Gives name, language, accent, logo and who prepared the report.
    """
    closing, sections = read_closing(notebook), read_sections(notebook)
    say = speak(closing["language"])
    return fill_template(
        "report.html.j2",
        say=say,
        profile=profile,
        logo=_as_data(profile.logo_picture),
        as_of=read_day(closing),
        sections=[markupsafe.Markup(results.to_html(blocks)) for blocks in sections],
        heads=[blocks[0] for blocks in sections if blocks[0].get("anchor")],
        last_words=last_words(sections, say),
    )


def last_words(sections: list[list[results.Block]], say: Language) -> str:
    """Say at a report's end what its figures rest on; nothing where it has no such section.

    Examples
    --------
    >>> last_words([], speak("en"))
    ''
    """
    titles = [b["text"] for blocks in sections for b in blocks if b.get("anchor") == "contract"]
    if not titles:
        return ""
    return say(
        "Every figure stands with its definition in “{contract}”; unknown never counts as right.",
        contract=titles[0],
    )


def _as_data(picture: bytes) -> str:
    return picture and f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def fill_template(name: str, **values: object) -> str:
    """Fill a page's template: values are escaped, style and typeface are put in."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_path()), autoescape=True, trim_blocks=True
    )
    style = markupsafe.Markup(template_path("report.css").read_text(encoding="utf-8"))
    page = environment.get_template(name).render(style=style, **values)
    return page.replace("/* faces */", faces(page), 1)


def faces(page: str) -> str:
    """Return the parts of the typeface that the page's letters need, as CSS."""
    needed = {"latin": True, "latin-ext": any("\u0100" <= letter < "\u02ff" for letter in page)}
    needed["cyrillic"] = any("\u0400" <= letter < "\u0500" for letter in page)
    faces = []
    for part in (part for part, is_needed in needed.items() if is_needed):
        path = template_path("fonts", f"source-sans-3-{part}-wght-normal.woff2")
        data = base64.b64encode(path.read_bytes()).decode()
        faces.append(
            "@font-face{font-family:'Source Sans 3';font-weight:200 900;"
            f"src:url(data:font/woff2;base64,{data}) format('woff2');"
            f"unicode-range:{_FONT_PARTS[part]}}}"
        )
    return "".join(faces)
