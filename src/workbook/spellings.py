"""Read an answer as it was meant: units, rounding, types and spelling aside."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Number

import numpy as np
import pandas as pd

from workbook.schema import fold

__all__ = ["READERS", "Unclear", "as_plain", "items_of", "later", "same"]

_UNITS = {"s": 1 / 60, "с": 1 / 60, "h": 60, "g": 60, "ч": 60, "d": 1440, "j": 1440, "д": 1440}


def later(message: str) -> str:
    """Mark words that are said once the language is known, so that they can be extracted.

    Examples
    --------
    >>> later("you left the unknown ones out")
    'you left the unknown ones out'
    """
    return message


class Unclear(Exception):
    """An answer of a kind that can't be read; its text says what is wanted."""


def same(given: object, target: object, unit: float) -> bool:
    """Compare two answers as read; figures may differ by less than a unit of the last digit.

    Examples
    --------
    >>> same(READERS["share"]("83 %"), READERS["share"](0.8333), 0.01)
    True
    """
    if isinstance(target, dict):
        names = isinstance(given, dict) and given.keys() == target.keys()
        return names and all(same(given[name], target[name], unit) for name in target)
    if not isinstance(target, tuple) or isinstance(target[0], str):
        return given == target
    whole = unit >= 1 and target[0] == round(target[0])
    width = 1e-6 if whole else unit * (1 + 1e-9)
    return any(not isinstance(one, str) and abs(one - target[0]) < width for one in given)


def items_of(answer: object) -> list[object]:
    """Return what a collection holds; text is parted at commas, semicolons and line ends.

    Examples
    --------
    >>> items_of("pick, pack"), items_of({3})
    (['pick', 'pack'], [3])
    """
    if isinstance(answer, str):
        return [part.strip() for part in re.split(r"[,;\n]", answer) if part.strip()]
    if isinstance(answer, pd.DataFrame | np.ndarray):
        return np.ravel(np.asarray(answer, dtype=object)).tolist()
    if isinstance(answer, Mapping) or not hasattr(answer, "__iter__"):
        raise Unclear(later("A list of names is wanted here; {answer} is none."))
    return list(answer)


def _figures(value: object) -> tuple[float, ...]:
    """Return what a value may mean as a number: "1,234" may be two things."""
    if not isinstance(value, str | Number | Decimal | Mapping) and hasattr(value, "__iter__"):
        held = items_of(value)
        value = held[0] if len(held) == 1 else None
    if isinstance(value, str):
        found = _written(re.sub(r"[\s']", "", value).replace("−", "-"))
    elif isinstance(value, Number | Decimal) and not isinstance(value, bool | np.bool_ | complex):
        found = [float(value)]
    else:
        found = []
    if not found or not all(map(math.isfinite, found)):
        raise Unclear(later("A single number is wanted here; {answer} is none."))
    return tuple(dict.fromkeys(found))


def _written(text: str) -> list[float]:
    bare = text.rstrip("%")
    ways = (bare.replace(",", "."), bare.replace(",", ""), bare.replace(".", "").replace(",", "."))
    found = [float(way) for way in ways if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e-?\d+)?", way)]
    return found if bare == text else [each / 100 for each in found] + found


def _share(answer: object) -> tuple[float, ...]:
    read = _figures(answer)
    return read + tuple(number / 100 for number in read if abs(number) > 1)


def _minutes(answer: object) -> tuple[float, ...]:
    if isinstance(answer, dt.timedelta | np.timedelta64):
        return (pd.Timedelta(answer).total_seconds() / 60,)
    if not isinstance(answer, str):
        return _figures(answer)
    answer = re.sub(r"(\d+):(\d\d)\s*$", r"\1 h \2", answer)
    parts = re.findall(r"(\d[\d.,]*)\s*([^\W\d_])?", answer.lower()) or [(answer, "")]
    return (sum(_figures(number)[0] * _UNITS.get(unit, 1) for number, unit in parts),)


def _name(value: object) -> str:
    """Fold a name: case, spaces and accents don't matter, nor does 3.0 for 3."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return fold(str(int(value) if whole else value)) or str(value).strip()


def _names(answer: object) -> list[str]:
    return [_name(each) for each in items_of(answer)]


def _word(answer: object) -> str:
    held = [answer] if isinstance(answer, str | Number) else items_of(answer)
    if len(held) != 1:
        raise Unclear(later("A single name is wanted here; {answer} is none."))
    return _name(held[0])


def _table(answer: object) -> dict[str, tuple]:
    return {_name(name): _value(value) for name, value in _pairs(answer)}


def _pairs(answer: object) -> list[tuple[object, object]]:
    """Return names and values from a dict, a Series, pairs, or a frame of two columns."""
    try:
        if isinstance(answer, pd.DataFrame):
            numeric = [pd.api.types.is_numeric_dtype(answer[column]) for column in answer]
            names = answer.columns[int(np.argmin(numeric))]
            plain = isinstance(answer.index, pd.RangeIndex)
            answer = (answer.set_index(names) if plain else answer).squeeze(axis=1)
        return list(answer.items() if hasattr(answer, "items") else dict(answer).items())
    except (TypeError, ValueError, KeyError):
        unclear = later("A value for each name is wanted here; {answer} has none.")
        raise Unclear(unclear) from None


def _value(value: object) -> tuple:
    try:
        return _figures(value)
    except Unclear:
        return (_name(value),)


def _text(answer: object) -> str:
    if not isinstance(answer, str) or len(answer.split()) < 8:
        raise Unclear(later("Two or three sentences are wanted here."))
    return fold(answer)


READERS: dict[str, Callable[[object], object]] = {
    "number": _figures,
    "share": _share,
    "minutes": _minutes,
    "word": _word,
    "set": lambda answer: frozenset(_names(answer)),
    "order": _names,
    "table": _table,
    "text": _text,
}


def as_plain(kind: str, answer: object) -> object:
    """Return an answer as JSON can hold it, to be read as the same answer.

    Examples
    --------
    >>> as_plain("set", {np.int64(3)}), as_plain("minutes", dt.timedelta(hours=1))
    ([3], '60.0 min')
    """
    if answer is None or answer is ...:
        return None
    try:
        if kind == "table":
            return [[_scalar(name), _scalar(value)] for name, value in _pairs(answer)]
        if isinstance(answer, str | Number | Decimal | np.generic | dt.timedelta):
            return _scalar(answer)
        return [_scalar(each) for each in items_of(answer)]
    except Unclear:
        return repr(answer)[:80]


def _scalar(value: object) -> object:
    if isinstance(value, dt.timedelta | np.timedelta64):
        return f"{_minutes(value)[0]} min"
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | bool | int | float | None) else str(value)
