"""Read the tables of an HTML page, of a web archive or of an XML spreadsheet, cell by cell."""

import email
import re
from collections.abc import Callable
from html.parser import HTMLParser

from workbook.layout import Rows

__all__ = ["page_of", "read_markup"]

_MARKUP = re.compile(rb"(?i)\s*<(?:[?!]|html|head|meta|body|style|div|table|\w+:workbook)")


def page_of(body: bytes) -> str:
    """Return text that is markup, also from inside a web archive; "" for other text.

    Examples
    --------
    >>> page_of(b"<table><tr>"), page_of(b"a;b")
    ('<table><tr>', '')
    """
    if body.startswith(b"MIME-Version:"):
        parts = email.message_from_bytes(body).walk()
        pages = (part for part in parts if part.get_content_subtype() == "html")
        for part in pages:
            page = part.get_content_charset("utf-8")
            return part.get_payload(decode=True).decode(page, errors="replace")
    return body.decode() if _MARKUP.match(body) else ""


def read_markup(text: str, score: Callable[[Rows], int]) -> Rows:
    """Return the rows of the table whose first rows score highest.

    Examples
    --------
    >>> read_markup("<table><tr><th>No<th>Who<tr><td>7<td>A &amp; B</table>", len)
    [['No', 'Who'], ['7', 'A & B']]
    """
    parser = _Markup()
    parser.feed(text)
    parser.close()
    parser.end_cell()
    return max(parser.tables, key=score)


class _Markup(HTMLParser):
    """Collect tables cell by cell; entities of a document's own are never expanded."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = [[]]
        self.below: dict[int, tuple[int, str]] = {}
        self.cell: list[str] | None = None
        self.span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: int(value) for name, value in attrs if re.fullmatch(r"\d{1,7}", value or "")}
        tag, rows = tag.removeprefix("ss:"), self.tables[-1]
        if tag in ("table", "tr", "row", "td", "th", "cell"):
            self.end_cell()
        if tag == "table":
            self.tables.append([])
            self.below = {}
        elif tag in ("tr", "row"):
            rows += [[] for _ in range(min(given.get("ss:index", 0), 1 << 20) - len(rows) - 1)]
            rows.append([])
        elif tag in ("td", "th", "cell") and rows:
            rows[-1] += [""] * (min(given.get("ss:index", 0), 1 << 14) - len(rows[-1]) - 1)
            across = given.get("colspan", given.get("ss:mergeacross", 0) + 1)
            down = given.get("rowspan", given.get("ss:mergedown", 0) + 1)
            self.cell, self.span = [], (min(across, 1 << 14), down)
        elif tag == "br":
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag.removeprefix("ss:") in ("td", "th", "cell", "tr", "row", "table"):
            self.end_cell()

    def end_cell(self) -> None:
        """Put the open cell into its row, beside and below what spans into that row."""
        if self.cell is None:
            return
        row, text, (across, down) = self.tables[-1][-1], "".join(self.cell).strip(), self.span
        while self.below.get(len(row), (0, ""))[0] > 0:
            left, above = self.below[len(row)]
            self.below[len(row)] = left - 1, above
            row.append(above)
        self.below[len(row)] = down - 1, text
        row += [text] + [""] * (across - 1)
        self.cell = None
