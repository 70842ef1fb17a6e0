"""Read answers as points on their scales: by value, by "4 - good", or by label in any language.

What is on no scale is told apart and never shown: it may be anything a respondent wrote.
"""

import re
from collections.abc import Sequence

import pandas as pd

from workbook.questions import Question
from workbook.schema import fold

__all__ = ["NOT_APPLICABLE", "OFF_SCALE", "code_answers", "not_blank", "points_of", "rated"]

NOT_APPLICABLE, OFF_SCALE = "na", "off scale"


def code_answers(answers: pd.Series, item: Question) -> pd.Series:
    """Replace each answer by its value on the scale, "na" or "off scale"; blank stays missing.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> time = next(item for item in read_item_bank() if item.id == "time")
    >>> code_answers(pd.Series(["4 - good", "bonne", "n/a", "-4", "4 - 5"]), time).tolist()
    [4, 4, 'na', 'off scale', 'off scale']
    """
    codes, labels = _known(item)
    text = answers.astype("str").str.strip()
    text = text.where(answers.notna() & (text != ""))
    meant = {cell: _meant(cell, codes, labels) for cell in text.dropna().unique()}
    return text.map(meant).astype(object)


def _known(item: Question) -> tuple[dict[str, object], dict[str, object]]:
    """What an answer may be written as: its code or place; its label in any language, folded."""
    scale = item.scale
    codes = {f"a{place}": value for place, value in enumerate(scale.values, start=1)}
    codes |= {str(value).casefold(): value for value in scale.values}
    labels: dict[str, object] = {}
    for words in scale.labels.values():
        labels |= dict(zip(map(fold, words), scale.values, strict=True))
    labels |= {fold(words): NOT_APPLICABLE for words in scale.does_not_apply.values()}
    return codes, labels | {fold(NOT_APPLICABLE): NOT_APPLICABLE}


def _meant(cell: str, codes: dict[str, object], labels: dict[str, object]) -> object:
    if (code := codes.get(cell.casefold())) is not None:
        return code
    # Folding drops signs and points: -1 is not 1, and 1.0 is not 10.
    number = re.match(r"(\d+)(?:[.,]0+)?(?:\s*[-–—.:)=]\s*[^\d\s].*)?$", cell)
    if number or not (words := fold(cell)) or words.isdigit():
        return codes.get(number[1], OFF_SCALE) if number else OFF_SCALE
    return labels.get(words, OFF_SCALE)


def not_blank(frame: pd.DataFrame) -> pd.DataFrame:
    """Tell the cells in which something was written."""
    return frame.notna() & frame.map(lambda cell: str(cell).strip() != "")


def points_of(codes: pd.Series, item: Question) -> pd.Series:
    """Return coded answers as numbers, the best one highest; empty for a choice of names.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> time = next(item for item in read_item_bank() if item.id == "time")
    >>> points_of(pd.Series([4, "na", None]), time).tolist()
    [4.0]
    """
    points = pd.to_numeric(codes.where(codes.isin(item.scale.values)), errors="coerce")
    points = points.dropna() if item.scale.ordered else points.iloc[:0].astype(float)
    ends = item.scale.values[0] + item.scale.values[-1] if item.polarity < 0 else None
    return points if ends is None else ends - points


def rated(frame: pd.DataFrame, questions: Sequence[Question]) -> pd.DataFrame:
    """Return the answers on ordered scales as points, the best one highest; nan for all others.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> rated(pd.DataFrame({"time": ["4 - good", "?"]}), read_item_bank())["time"].tolist()
    [4.0, nan]
    """
    asked = [item for item in questions if item.id in frame and item.scale and item.scale.ordered]
    points = {item.id: points_of(code_answers(frame[item.id], item), item) for item in asked}
    return pd.DataFrame(points, index=frame.index, dtype=float)
