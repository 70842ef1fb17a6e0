"""Show a result in a notebook: a picture, a table, findings or blocks, with words of a language.

Notebooks need one word for looking at things; what is shown is static and needs no script.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results
from workbook.language import Language, speak
from workbook.results import Block, Finding, Shown

__all__ = ["Face", "as_table", "in_words", "show"]

_SHORT = 20  # letters, as of "not demonstrable" where a figure could stand


class Face:
    """Give a result its face: `.table`, `.plot`, `.findings`, `.blocks` and HTML, in any language.

    The result has `data` and `language`, and says in the words of a language what a question's
    answer is (`sentence`), what its table shows (`caption`, `_cells` as for `as_table`), its
    picture (`_draw`) and what was found (`_found`).
    """

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the result for reading: labels, units, rounding."""
        return as_table(self.data, self._cells(speak(language or self.language)))

    def plot(self, ax: Axes | None = None, language: str | None = None) -> Axes:
        """Draw the result, in a new figure unless axes are given."""
        return self._draw(speak(language or self.language), ax)

    def findings(self, language: str | None = None) -> list[Finding]:
        """Return what was found, each with its numbers and a sentence."""
        return list(self._found(speak(language or self.language)))

    def _found(self, say: Language) -> Iterable[Finding]:
        return ()

    def blocks(self, say: Language, *, drawn: bool = True) -> list[Block]:
        """Return the sentence that answers the question, the table and, if drawn, the picture."""
        blocks = [results.text(self.sentence(say), "lead")]
        shown = self.table(say.code)
        if len(shown):
            blocks.append(_table(shown, self.caption(say)))
        if len(shown) and drawn:
            axes = self.plot(language=say.code)
            alt = f"{self.caption(say)}. {axes.get_label() or in_words(shown)}"
            blocks.append(results.picture(plots.as_svg(axes), alt=alt))
        return blocks

    def _repr_html_(self) -> str:
        return Shown(tuple(self.blocks(speak(self.language))))._repr_html_()


def in_words(shown: pd.DataFrame) -> str:
    """Say the first figures of each row, for those who can't see the picture.

    Examples
    --------
    >>> in_words(pd.DataFrame({"Right": ["time"], "Orders": [9], "Share": ["90%"]}))
    'time: Orders 9, Share 90%'
    """
    heads = list(shown)[1:4]
    rows = (
        f"{first}: " + ", ".join(f"{head} {cell}" for head, cell in zip(heads, cells, strict=False))
        for first, *cells in shown.head(15).itertuples(index=False)
    )
    return "; ".join(rows)


def as_table(data: pd.DataFrame, cells: dict[str, tuple[object, ...]]) -> pd.DataFrame:
    """Return a table for reading: by heading, how to say a cell and the columns it is said from.

    Examples
    --------
    >>> as_table(pd.DataFrame({"n": [1, 2]}), {"Orders": ("{} orders".format, "n")})["Orders"][1]
    '2 orders'
    """
    rows = {
        head: zip(*(data[name] for name in names), strict=True)
        for head, (_, *names) in cells.items()
    }
    return pd.DataFrame({head: [cells[head][0](*row) for row in rows[head]] for head in cells})


@dataclass(frozen=True)
class _Look(Shown):
    """Blocks to look at; unlike those of a report, no format is made from them."""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        plain = "\n".join(line for block in self.blocks for line in _lines(block))
        return {"text/html": self._repr_html_(), "text/plain": plain}


def show(result: object, caption: str = "", *, language: str = "en") -> Shown:
    """Show a table, a picture, findings, sentences, or any result that has blocks.

    Parameters
    ----------
    result : DataFrame, Axes, list of Finding or of sentences, or a result with `.blocks(say)`
    caption : str
        What a table or a picture shows; a picture's caption is its alternative text, too.
    language : str
        The language of a result's own words: en, fr, pl or ru.

    Returns
    -------
    Shown
        HTML without script; all text is escaped.

    Raises
    ------
    ValueError
        If it is nothing that can be shown.

    Examples
    --------
    >>> show(["Ask the carrier."])._repr_mimebundle_()["text/html"].count("<li>")
    1
    """
    say = speak(language)
    if isinstance(result, pd.DataFrame | list | tuple) and not len(result):
        blocks = [results.text(say("Nothing found."))]
    elif isinstance(result, pd.DataFrame):
        blocks = [_table(result, caption)]
    elif isinstance(result, list | tuple):
        blocks = [results.items([getattr(each, "sentence", each) for each in result])]
    elif isinstance(result, Axes):
        alt = result.get_label() or caption
        blocks = [results.picture(plots.as_svg(result), alt=alt, caption=caption)]
    elif hasattr(result, "blocks"):
        blocks = result.blocks(say)
    else:
        raise ValueError(
            f"{type(result).__name__} can't be shown; give a table, a picture, a list of "
            "sentences, or a result with blocks"
        )
    return _Look(tuple(blocks))


def _lines(block: Block) -> list[str]:
    """Return a block as lines of plain text, for where no HTML can be shown."""
    if block["kind"] == "table":
        rows = [block["headings"], *block["rows"]]
        return [" | ".join(map(str, row)) for row in rows]
    if block["kind"] == "items":
        return [f"- {entry}" for entry in block["items"]]
    return [str(block.get("text") or block.get("alt") or "")]


def _table(frame: pd.DataFrame, caption: str) -> Block:
    """Return a frame as a table; columns of figures, save the first, are set to the right."""
    shown = frame.astype(object).where(frame.notna(), "–").map(_cell)
    figures = [place for place in range(1, shown.shape[1]) if _are_figures(shown.iloc[:, place])]
    return results.table(list(shown), shown.to_numpy(), caption=caption, numeric=figures)


def _cell(value: object) -> str:
    """Write a raw value as its table has it: 2 for 2.0, and a midnight as a day."""
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return str(value.date())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _are_figures(cells: pd.Series) -> bool:
    """Tell figures, also signed ones, amounts and "from 2 to 3", with short words between them."""
    known = cells[cells != "–"]
    figures = known.str.match(r"(\w{1,4}\s)?[-−]?([A-Z]{3}\s|[^\w\s])?\d")
    return figures.mean() > 0.5 and bool((figures | (known.str.len() <= _SHORT)).all())
