"""Recognise the usual activities from order entry to the closed claim in the names of steps.

The catalogue is data: `data/activities.csv` has one activity a row, its group (order, shipping,
information, warehousing, repackaging, invoicing, warranty, after) and beginnings of words that
tell of it in four languages. `place` says what is a late start or an early end of a chart,
`contact` whether customers meet it before, during or after the transaction.
"""

import csv
import re
from collections.abc import Iterable
from functools import cache

import pandas as pd

from workbook.resources import data_path

__all__ = ["begins_late", "ends_early", "find_activities", "usual_activities"]


@cache
def _catalogue() -> tuple[tuple[dict[str, str], re.Pattern], ...]:
    with data_path("activities.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    words = lambda row: [w for code in ("en", "fr", "pl", "ru") for w in row[code].split("|")]
    return tuple((row, re.compile(r"\b(?:" + "|".join(words(row)) + ")")) for row in rows)


def find_activities(name: str) -> list[str]:
    """Return the usual activities that a step's name tells of, in the order of the catalogue.

    Words decide, so a name may tell of none or of several; a person should look at both.

    Examples
    --------
    >>> find_activities("Pack and label"), find_activities("Wystawić fakturę")
    (['packing', 'papers and labels'], ['invoicing'])
    """
    name = name.casefold()
    return [row["activity"] for row, words in _catalogue() if words.search(name)]


def usual_activities(names: Iterable[str]) -> pd.DataFrame:
    """Return the catalogue with the names that tell of each activity.

    Columns activity, group, contact (before, during or after the transaction, as LaLonde and
    Zinszer 1976 part the elements of customer service), steps (names joined by ';') and present.

    Examples
    --------
    >>> found = usual_activities(["Pick", "Ship"])
    >>> found.loc[found["present"], "activity"].tolist()
    ['picking', 'dispatch']
    """
    told = {name: find_activities(name) for name in names}
    names = ["activity", "group", "contact"]
    frame = pd.DataFrame([row for row, _ in _catalogue()])[names]
    frame["steps"] = [
        ";".join(n for n in told if activity in told[n]) for activity in frame["activity"]
    ]
    return frame.assign(present=frame["steps"] != "")


def _placed(name: str, place: str) -> bool:
    """Tell whether the first word of a name puts it at this place, and no word at a good one."""
    found = [row["place"] for row, words in _catalogue() if words.match(name.casefold())]
    return bool(found) and all(place in told for told in found)


def begins_late(name: str) -> bool:
    """Tell whether a chart that begins with this step leaves out how the order came.

    Examples
    --------
    >>> begins_late("Pick the goods"), begins_late("Enter the order")
    (True, False)
    """
    return _placed(name, "late start")


def ends_early(name: str) -> bool:
    """Tell whether a chart that ends with this step leaves out delivery, invoice and claim.

    Examples
    --------
    >>> ends_early("Ship"), ends_early("Settle the claim")
    (True, False)
    """
    return _placed(name, "early end")
