"""Share what all results have: findings, and blocks that any format can show.

A result describes itself once, as blocks (plain dictionaries: heading, text, list, table, picture,
verdicts …). The notebook shows the blocks as HTML; the executed notebook carries them in a MIME
bundle, so that every format of a report is a view of the same output.
"""

import base64
import html
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

__all__ = [
    "MIME",
    "VERDICT_SHAPES",
    "Block",
    "Finding",
    "Shown",
    "badge",
    "cards",
    "columns",
    "heading",
    "items",
    "picture",
    "table",
    "text",
    "to_html",
]

MIME = "application/vnd.workbook.blocks+json"
_LONG = 60  # letters of a cell that is read as prose, not at a glance
VERDICT_SHAPES = {"works": "✓", "needs improvement": "▲", "no evidence": "○"}

Block = dict[str, object]


@dataclass(frozen=True)
class Finding:
    """One thing found, as findings.json has it: data first, then the sentence.

    kind is works, needs improvement, no evidence or data; `where` maps column names to values;
    observed, expected and interval are shares of 0 to 1 unless the sentence says otherwise.
    """

    id: str
    kind: str
    sentence: str
    right: str | None = None
    where: dict[str, str] = field(default_factory=dict)
    period: str | None = None
    step_id: str | None = None
    n: int | None = None
    observed: float | None = None
    expected: float | None = None
    interval: tuple[float, float] | None = None
    effect: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain data, in the contract's order of keys."""
        order = ("id", "kind", "right", "where", "period", "step_id", "n", "observed", "expected")
        data = asdict(self)
        return {key: data[key] for key in (*order, "interval", "effect", "sentence")}


def heading(words: str, level: int = 2, anchor: str = "") -> Block:
    """Return a heading block; level 2 opens a section of the report."""
    return {"kind": "heading", "level": level, "text": words, "anchor": anchor}


def text(words: str, role: str = "") -> Block:
    """Return a paragraph; role is '', 'lead' or 'note'."""
    return {"kind": "text", "text": words, "role": role}


def items(entries: Sequence[str]) -> Block:
    """Return a list of short sentences."""
    return {"kind": "items", "items": list(entries)}


def badge(words: str, verdict: str) -> dict[str, str]:
    """Return a table cell that shows a verdict by word, shape and colour."""
    return {"text": words, "verdict": verdict}


def cards(entries: Sequence[tuple[str, str, str]]) -> Block:
    """Return headline figures: (figure, what it is, a note below it)."""
    return {"kind": "cards", "cards": [list(entry) for entry in entries]}


def columns(entries: Sequence[tuple[str, str, Sequence[str]]]) -> Block:
    """Return lists side by side under verdicts: (verdict, title, sentences)."""
    return {"kind": "columns", "columns": [[v, title, list(lines)] for v, title, lines in entries]}


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | dict[str, str]]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
) -> Block:
    """Return a table; `numeric` lists the columns aligned as numbers, the first heads its row."""
    block = {"kind": "table", "caption": caption, "headings": list(headings)}
    return block | {"rows": [list(row) for row in rows], "numeric": list(numeric)}


def picture(
    svg: str, *, alt: str, caption: str = "", layout: str = "", widest: float | None = None
) -> Block:
    """Return a picture; `alt` states its numbers, layout is '', 'wide' or 'wide across'.

    `widest` (pixels) keeps a small picture from being blown up.
    """
    block = {"kind": "picture", "svg": svg, "alt": alt, "caption": caption, "layout": layout}
    return block | ({"widest": round(widest)} if widest else {})


# --- HTML -----------------------------------------------------------------------------------------


def to_html(blocks: Iterable[Block]) -> str:
    """Return blocks as HTML without script; all text is escaped.

    Examples
    --------
    >>> to_html([text("2 < 3")])
    '<p>2 &lt; 3</p>'
    """
    return "\n".join(_HTML[block["kind"]](block) for block in blocks)


def _escaped(words: object) -> str:
    return html.escape(str(words))


def _heading_html(block: Block) -> str:
    anchor = f' id="{_escaped(block["anchor"])}"' if block["anchor"] else ""
    return f"<h{block['level']}{anchor}>{_escaped(block['text'])}</h{block['level']}>"


def _text_html(block: Block) -> str:
    role = f' class="{block["role"]}"' if block["role"] else ""
    return f"<p{role}>{_escaped(block['text'])}</p>"


def _items_html(block: Block) -> str:
    return "<ul>" + "".join(f"<li>{_escaped(entry)}</li>" for entry in block["items"]) + "</ul>"


def _cards_html(block: Block) -> str:
    cell = '<div><dt>{1}</dt><dd class="figure">{0}</dd><dd class="beside">{2}</dd></div>'
    shown = (cell.format(*map(_escaped, card)) for card in block["cards"])
    return f'<dl class="cards">{"".join(shown)}</dl>'


def _columns_html(block: Block) -> str:
    shown = []
    for verdict, title, lines in block["columns"]:
        body = "".join(f"<li>{_escaped(line)}</li>" for line in lines)
        head = f"<h3>{_verdict_html(title, verdict)}</h3>"
        shown.append(f'<div class="{_slug(verdict)}">{head}<ul>{body}</ul></div>')
    return f'<div class="verdicts">{"".join(shown)}</div>'


def _verdict_html(words: str, verdict: str) -> str:
    shape = VERDICT_SHAPES[verdict]
    return (
        f'<span class="badge {_slug(verdict)}"><span aria-hidden="true">{shape}</span> '
        f"{_escaped(words)}</span>"
    )


def _slug(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _table_html(block: Block) -> str:
    numeric = set(block["numeric"])
    side = lambda place: ' class="number"' if place in numeric else ""
    head = "".join(
        f'<th scope="col"{side(place)}>{_escaped(words)}</th>' if words else "<td></td>"
        for place, words in enumerate(block["headings"])
    )
    body = "".join(f"<tr>{_row_html(row, side)}</tr>" for row in block["rows"])
    name = _escaped(block["caption"] or ", ".join(map(str, block["headings"])))
    caption = f"<caption>{_escaped(block['caption'])}</caption>" if block["caption"] else ""
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{name}"><table>{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row_html(row: Sequence[str | dict[str, str]], side: Callable[[int], str]) -> str:
    cells = []
    for place, cell in enumerate(row):
        is_badge = isinstance(cell, dict)
        shown = _verdict_html(cell["text"], cell["verdict"]) if is_badge else _escaped(cell)
        tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
        look = ' class="long"' if len(shown) > _LONG and not is_badge else side(place)
        cells.append(f"<{tag}{scope}{look}>{shown}</{tag}>")
    return "".join(cells)


def _picture_html(block: Block) -> str:
    caption = f"<figcaption>{_escaped(block['caption'])}</figcaption>" if block["caption"] else ""
    # The words of the page name the picture, in place of what it says of itself.
    tag, rest = str(block["svg"]).split(">", 1)
    tag = re.sub(r' (role|aria-\w+|style)="[^"]*"', "", tag)
    bound = f' style="max-width:{block["widest"]}px"' if "widest" in block else ""
    svg = f'{tag} role="img" aria-label="{_escaped(block["alt"])}"{bound}>{rest}'
    layout = f' class="{block["layout"]}"' if block["layout"] else ""
    # What may be wider than a small window scrolls, also by keyboard.
    return f'<figure{layout} tabindex="0">{svg}{caption}</figure>'


def _image_html(block: Block) -> str:
    """Return a picture as an image, which also shows where a notebook is not trusted."""
    data = base64.b64encode(str(block["svg"]).encode()).decode()
    caption = f"<figcaption>{_escaped(block['caption'])}</figcaption>" if block["caption"] else ""
    source = f"data:image/svg+xml;base64,{data}"
    return f'<figure><img alt="{_escaped(block["alt"])}" src="{source}">{caption}</figure>'


_HTML = {
    "heading": _heading_html,
    "text": _text_html,
    "items": _items_html,
    "cards": _cards_html,
    "columns": _columns_html,
    "table": _table_html,
    "picture": _picture_html,
}
# Two classes before the element: a notebook's own rules for tables have as many.
_NOTEBOOK_STYLE = """<style>
.workbook{font-family:'Source Sans 3','Segoe UI',Helvetica,Arial,sans-serif;max-width:62rem}
.workbook caption{text-align:left;font-weight:600;padding:.3em 0}
.workbook .table table{border-collapse:collapse;margin:.3em 0 .8em}
.workbook .table th,.workbook .table td{padding:.25em .8em;text-align:left;vertical-align:top}
.workbook .table tbody tr{border-top:1px solid #e6ebf0;background:none}
.workbook .table .number{text-align:right;font-variant-numeric:tabular-nums}
.workbook .table td.number{white-space:nowrap}
.workbook img{max-width:100%;height:auto}.workbook figure{margin:.5em 0}
.workbook .note,.workbook figcaption{color:#5b6570}.workbook .lead{font-weight:600}
.workbook .works{color:#1b7f5c}.workbook .needs-improvement{color:#b3382c}
.workbook .cards{display:flex;gap:2rem}
.workbook .cards dt,.workbook .cards dd{float:none;width:auto;margin:0}
.workbook .figure{font-size:1.7em}.workbook .badge{white-space:nowrap}
</style>"""


@dataclass(frozen=True)
class Shown:
    """Blocks as a notebook shows them; the executed notebook keeps the blocks themselves too."""

    blocks: tuple[Block, ...]

    def _repr_html_(self) -> str:
        show = lambda block: _image_html(block) if block["kind"] == "picture" else to_html([block])
        body = "\n".join(map(show, self.blocks))
        return f'{_NOTEBOOK_STYLE}<div class="workbook">{body}</div>'

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        plain = "; ".join(
            str(block.get("text") or block.get("caption", "")) for block in self.blocks
        )
        return {
            MIME: {"blocks": list(self.blocks)},
            "text/html": self._repr_html_(),
            "text/plain": plain.strip("; "),
        }
