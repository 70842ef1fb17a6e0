"""Read the item bank: questions and answer scales in four languages, strictly checked.

A bank is a YAML file, templates/survey.yaml or a client's own survey.yaml of the same form.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workbook.language import LANGUAGES, Language, speak
from workbook.resources import template_path
from workbook.schema import RIGHTS, DataError, columns
from workbook.yamltext import (
    Place,
    Wrong,
    YamlText,
    check_keys,
    choice,
    matching,
    read_yaml,
    text,
    texts,
    truth,
)

__all__ = ["Question", "Scale", "read_item_bank"]


@dataclass(frozen=True)
class Scale:
    """An answer scale: values from worst to best and their labels, keyed by language."""

    name: str
    values: tuple[int | str, ...]
    titles: dict[str, str]
    labels: dict[str, tuple[str, ...]]
    does_not_apply: dict[str, str]

    @property
    def ordered(self) -> bool:
        """Whether the values are points from worst to best, not names to choose from."""
        return all(isinstance(value, int) for value in self.values)


@dataclass(frozen=True)
class Question:
    """One question in all its languages; `scale` is None for the open one."""

    id: str
    texts: dict[str, str]
    labels: dict[str, str]
    scale: Scale | None
    right: str | None = None
    construct: str = ""
    polarity: int = 1
    does_not_apply: bool = False
    source: str = ""

    def answers(self, language: str) -> tuple[str, ...]:
        """Return the answers as the respondent sees them, "does not apply" last."""
        if self.scale is None:
            return ()
        extra = (self.scale.does_not_apply[language],) if self.does_not_apply else ()
        return self.scale.labels[language] + extra


def read_item_bank(
    path: str | Path | None = None, *, language: str = "en", languages: Sequence[str] = LANGUAGES
) -> tuple[Question, ...]:
    """Read an item bank and check it strictly.

    Parameters
    ----------
    path : str or Path, optional
        A survey.yaml; default: the shipped bank, whose scales any other bank may use by name.
    language : str
        Of the error messages.
    languages : sequence of str
        Those that every text and label must have; the shipped bank has all four.

    Raises
    ------
    DataError
        With every fault at once: an unknown key, right or scale, an id that is used twice or that
        a survey tool would not take, a language without text, labels that don't fit the points.

    Examples
    --------
    >>> [item.id for item in read_item_bank() if item.right is None][:2]
    ['overall', 'contact']
    """
    if path is None:
        return _shipped()
    scales = {item.scale.name: item.scale for item in _shipped() if item.scale}
    return _read(Path(path), speak(language), tuple(languages), scales)


@cache
def _shipped() -> tuple[Question, ...]:
    return _read(template_path("survey.yaml"), speak("en"), LANGUAGES, {})


def _maps(value: object, say: Language) -> list[dict[str, object]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Wrong(say("a list of sets of keys is wanted here"), say("begin each with '- id:'"))
    return value


_WORDS = dict.fromkeys(LANGUAGES, text)
_SCALE = {
    "values": texts,
    "title": _WORDS,
    "labels": dict.fromkeys(LANGUAGES, texts),
    "does_not_apply": _WORDS,
}
_ITEM = {
    "id": matching("[A-Za-z][A-Za-z0-9]{0,19}", "parking"),  # what LimeSurvey takes as a code
    "right": choice(*RIGHTS, "customer"),
    "construct": text,
    "scale": text,
    "polarity": choice("1", "-1"),
    "does_not_apply": truth,
    "label": _WORDS,
    "text": _WORDS,
}


def _read(
    path: Path, say: Language, languages: tuple[str, ...], scales: dict[str, Scale]
) -> tuple[Question, ...]:
    read = read_yaml(path, say)
    data = read.data if isinstance(read.data, dict) else {}
    allowed = {"source": text, "scales": {"*": _SCALE}, "items": _maps}
    given = check_keys(data, allowed, read)
    for name, node in given.get("scales", {}).items():
        place = ("scales", name)
        _need(read, place, data["scales"][name], ("title", "labels", "does_not_apply"), languages)
        scales = scales | {name: _scale(name, node, read, languages)}
    bank = []
    for number, raw in enumerate(given.get("items", ()), start=1):
        place = ("items", str(number))
        _need(read, place, raw, ("label", "text"), languages)
        node = check_keys(raw, _ITEM, read, place)
        bank.append(_question(node, scales, read, place, given.get("source", "")))
    if not bank:
        read.add(("items",), None, say("there is no question"), say("write at least one item"))
    _check_ids(bank, read)
    if read.problems:
        raise DataError(read.problems)
    return tuple(bank)


def _need(
    read: YamlText,
    place: Place,
    raw: dict[str, object],
    keys: Sequence[str],
    languages: Sequence[str],
) -> None:
    """Note which of the languages a set of words lacks; words at fault were noted before."""
    for key in keys:
        given = raw.get(key) if isinstance(raw.get(key), dict) else {}
        missing = ", ".join(code for code in languages if not given.get(code))
        if missing:
            remedy = read.say("write it beside the language's code")
            read.add((*place, key), missing, read.say("a language has no text"), remedy)


def _scale(name: str, node: dict[str, object], read: YamlText, languages: Sequence[str]) -> Scale:
    say, given = read.say, node.get("values", ())
    whole = all(value.lstrip("-").isdigit() for value in given)
    values = tuple(int(value) if whole else value for value in given)
    if len(values) < 2 or len(set(values)) < len(values):
        remedy = say("write two or more, from worst to best")
        read.add(("scales", name, "values"), None, say("the values aren't points"), remedy)
    labels = {}
    for code, words in node.get("labels", {}).items():
        if whole and len(words) == 2 < len(values):
            ends = f"{values[0]} {words[0]}", f"{values[-1]} {words[1]}"
            words = (ends[0], *map(str, values[1:-1]), ends[1])
        if len(set(words)) != len(values):
            remedy = say("write {n} different ones, or the two ends", n=say.number(len(values)))
            what = say("the labels don't fit the points")
            read.add(("scales", name, "labels", code), None, what, remedy)
        labels[code] = words
    return Scale(name, values, node.get("title", {}), labels, node.get("does_not_apply", {}))


def _question(
    node: dict[str, object], scales: dict[str, Scale], read: YamlText, place: Place, source: str
) -> Question:
    scale = node.get("scale")
    if scale != "open" and scale not in scales:
        remedy = read.say("write one of {allowed}", allowed=", ".join([*scales, "open"]))
        read.add((*place, "scale"), scale, read.say("the scale is not known"), remedy)
    return Question(
        id=node.get("id", ""),
        texts=node.get("text", {}),
        labels=node.get("label", {}),
        scale=scales.get(scale),
        right=node.get("right"),
        construct=node.get("construct", ""),
        polarity=int(node.get("polarity", 1)),
        does_not_apply=node.get("does_not_apply", False),
        source=source,
    )


def _check_ids(bank: Sequence[Question], read: YamlText) -> None:
    used, taken = Counter(item.id for item in bank), set(columns("responses")) - {"comment"}
    for number, item in enumerate(bank, start=1):
        place, say = ("items", str(number), "id"), read.say
        if not item.id and place not in read.lines:
            read.add(place, None, say("the id is missing"), say("give each item an id"))
        elif item.id and used[item.id] > 1:
            read.add(place, item.id, say("the id is used twice"), say("rename one of them"))
        elif item.id in taken:
            what = say("a column of responses has this name")
            read.add(place, item.id, what, say("rename the item"))
