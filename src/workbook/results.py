"""Share what all results have: findings, and blocks that any format can show.

A result describes itself once, as blocks (plain dictionaries: heading, text, list, table, picture,
verdicts …). The notebook shows the blocks as HTML; the executed notebook carries them in a MIME
bundle, so that every format of a report is a view of the same output.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

__all__ = ["MIME", "Finding", "Shown", "heading", "items", "picture", "table", "text"]

MIME = "application/vnd.workbook.blocks+json"

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


def heading(words: str, level: int = 2) -> Block:
    """Return a heading block; level 2 opens a section of the report."""
    return {"kind": "heading", "level": level, "text": words}


def text(words: str, role: str = "") -> Block:
    """Return a paragraph; role is '', 'lead' or 'note'."""
    return {"kind": "text", "text": words, "role": role}


def items(entries: Sequence[str]) -> Block:
    """Return a list of short sentences."""
    return {"kind": "items", "items": list(entries)}


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    values: Iterable[Sequence[object]] | None = None,
) -> Block:
    """Return a table block; rows hold display text, values (optional) the raw numbers behind them.

    numeric lists the positions of the columns that are aligned as numbers; the first column is
    the row's header.
    """
    block = {"kind": "table", "caption": caption, "columns": list(columns)}
    block["rows"] = [[str(cell) for cell in row] for row in rows]
    block["numeric"] = list(numeric)
    if values is not None:
        block["values"] = [list(row) for row in values]
    return block


def picture(svg: str, *, alt: str, caption: str = "", wide: bool = False) -> Block:
    """Return a picture block; alt states the numbers that the picture shows."""
    return {"kind": "picture", "svg": svg, "alt": alt, "caption": caption, "wide": wide}
