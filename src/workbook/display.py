"""Show a result in a notebook: a picture, a table, findings or blocks, with words of a language.

Notebooks need one word for looking at things; what is shown is static and needs no script.
"""

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results
from workbook.language import speak
from workbook.results import MIME, Block, Shown

__all__ = ["show"]


@dataclass(frozen=True)
class _Look(Shown):
    """Blocks to look at; unlike those of a report, no format is made from them."""

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        bundle = super()._repr_mimebundle_()
        del bundle[MIME]
        return bundle


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
    if isinstance(result, pd.DataFrame | list | tuple) and not len(result):
        blocks = [results.text(speak(language)("Nothing found."))]
    elif isinstance(result, pd.DataFrame):
        blocks = [_table(result, caption)]
    elif isinstance(result, list | tuple):
        blocks = [results.items([getattr(each, "sentence", each) for each in result])]
    elif isinstance(result, Axes):
        alt = result.get_label() or caption
        blocks = [results.picture(plots.as_svg(result), alt=alt, caption=caption)]
    elif hasattr(result, "blocks"):
        blocks = result.blocks(speak(language))
    else:
        raise ValueError(
            f"{type(result).__name__} can't be shown; give a table, a picture, a list of "
            "sentences, or a result with blocks"
        )
    return _Look(tuple(blocks))


def _table(frame: pd.DataFrame, caption: str) -> Block:
    """Return a frame as a table; columns of figures are set to the right."""
    shown = frame.astype(object).where(frame.notna(), "–").map(str)
    figures = [place for place, name in enumerate(shown) if _is_figures(shown.iloc[:, place], name)]
    return results.table(list(shown), shown.to_numpy(), caption=caption, numeric=figures)


def _is_figures(cells: pd.Series, name: object) -> bool:
    first = cells[cells != "–"].str[:1]
    return bool(len(first)) and bool(first.str.isdigit().all())
