"""Read the item bank: questions and answer scales in four languages, strictly checked.

A bank is a YAML file, templates/survey.yaml or a client's own survey.yaml of the same form.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from workbook.language import LANGUAGES, Language, speak
from workbook.resources import template_path
from workbook.schema import RIGHTS, DataError, Problem, columns, nearest

__all__ = ["Question", "Scale", "read_item_bank"]

_KEYS = {
    "items": ("id", "right", "construct", "scale", "polarity", "does_not_apply", "label", "text"),
    "scales": ("values", "title", "labels", "does_not_apply"),
}


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
    path: str | Path | None = None,
    *,
    language: str = "en",
    languages: Sequence[str] = LANGUAGES,
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
    shipped = template_path("survey.yaml")
    check = _Check(Path(path or shipped).name, speak(language), tuple(languages))
    content = check.load(Path(path or shipped))
    known = content if path is None else check.load(shipped)
    nodes = dict(known["scales"]) | dict(content.get("scales") or {})
    scales = {name: check.scale(name, node) for name, node in nodes.items()}
    source = str(content.get("source", ""))
    bank = tuple(check.question(node, scales, source) for node in content.get("items") or [])
    check.ids([item.id for item in bank if item])
    if check.problems:
        raise DataError(check.problems)
    return bank


@dataclass
class _Check:
    """What is wrong with an item bank, collected while it is read."""

    file: str
    say: Language
    languages: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)

    def fault(self, place: str, problem: str, remedy: str, value: object = None) -> None:
        shown = None if value is None else str(value)
        self.problems.append(
            Problem("error", "survey", problem, remedy, self.file, column=place, value=shown)
        )

    def load(self, path: Path) -> dict[str, object]:
        say = self.say
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            mark = getattr(error, "problem_mark", None)
            place = say("line {n}", n=mark.line + 1) if mark else ""
            self.fault(place, say("the file can't be read"), say("write it as UTF-8 YAML"))
            raise DataError(self.problems) from None
        if not isinstance(content, dict) or not isinstance(content.get("items"), list):
            self.fault("items", say("there is no list of items"), say("write items: and a list"))
            raise DataError(self.problems)
        return content

    def node(self, place: str, node: object, kind: str) -> dict[str, object]:
        say = self.say
        if not isinstance(node, dict):
            self.fault(place, say("is no set of keys"), say("write key: value lines"), node)
            return {}
        for key in (key for key in node if key not in _KEYS[kind]):
            known = nearest(str(key), _KEYS[kind])
            remedy = say("write one of {names}", names=", ".join([known] if known else _KEYS[kind]))
            self.fault(place, say("the key is not known"), remedy, key)
        return node

    def words(self, place: str, node: object) -> dict[str, str]:
        given = node if isinstance(node, dict) else {}
        texts = {str(code): words for code, words in given.items() if isinstance(words, str)}
        missing = [code for code in self.languages if not texts.get(code, "").strip()]
        if missing:
            problem = self.say("there is no text in {languages}", languages=", ".join(missing))
            self.fault(place, problem, self.say("write it in quotes beside the language's code"))
        return texts

    def scale(self, name: str, node: object) -> Scale:
        say, node = self.say, self.node(name, node, "scales")
        values = tuple(node.get("values") or ())
        kinds = {type(value) for value in values}
        if len(set(values)) < max(2, len(values)) or kinds not in ({int}, {str}):
            remedy = say("write two or more, all whole numbers or all names")
            self.fault(f"{name}.values", say("the values are not different points"), remedy, values)
        labels = {
            code: self.labels(f"{name}.labels.{code}", (node.get("labels") or {}).get(code), values)
            for code in self.languages
        }
        titles = self.words(f"{name}.title", node.get("title"))
        extra = self.words(f"{name}.does_not_apply", node.get("does_not_apply"))
        return Scale(name, values, titles, labels, extra)

    def labels(self, place: str, given: object, values: tuple[int | str, ...]) -> tuple[str, ...]:
        labels = given if isinstance(given, list) else []
        if len(labels) == 2 < len(values) and all(isinstance(value, int) for value in values):
            first, last = labels
            labels = [f"{values[0]} {first}", *map(str, values[1:-1]), f"{values[-1]} {last}"]
        if len(labels) != len(values) or not all(isinstance(x, str) and x.strip() for x in labels):
            n = self.say.number(len(values))
            remedy = self.say("write {n} labels from worst to best, or the two ends", n=n)
            self.fault(place, self.say("the labels don't fit the points"), remedy, given)
        return tuple(map(str, labels))

    def question(self, node: object, scales: Mapping[str, Scale], source: str) -> Question | None:
        say, node = self.say, self.node("items", node, "items")
        name = str(node.get("id") or "")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,19}", name):
            remedy = say("write at most 20 letters and digits, a letter first")
            self.fault("items.id", say("the id is missing or not allowed"), remedy, name)
        scale, right, polarity = node.get("scale"), node.get("right"), node.get("polarity", 1)
        if scale != "open" and scale not in scales:
            remedy = say("write one of {names}", names=", ".join([*scales, "open"]))
            self.fault(f"{name}.scale", say("the scale is not known"), remedy, scale)
        if right not in (None, *RIGHTS, "customer"):
            remedy = say("write one of {names}", names=", ".join(RIGHTS))
            self.fault(f"{name}.right", say("the right is not known"), remedy, right)
        if polarity not in (1, -1):
            remedy = say("write 1 or -1")
            self.fault(f"{name}.polarity", say("the polarity is not known"), remedy, polarity)
        texts = self.words(f"{name}.text", node.get("text"))
        labels = self.words(f"{name}.label", node.get("label"))
        extra = bool(node.get("does_not_apply", False))
        construct = str(node.get("construct", ""))
        chosen = scales.get(scale)
        return Question(name, texts, labels, chosen, right, construct, polarity, extra, source)

    def ids(self, names: Sequence[str]) -> None:
        taken = {name for name in columns("responses") if name != "comment"}
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.fault("items.id", self.say("the id is used twice"), self.say("rename one"), name)
        for name in sorted(taken & set(names)):
            remedy = self.say("rename the item")
            self.fault("items.id", self.say("a column of responses has this name"), remedy, name)
