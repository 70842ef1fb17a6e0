"""Read YAML as the text that stands in the file, and check its keys, each with its line.

YAML's own guesses (NO is false, 14:00 is 840, 1e3 is 1000) never change what a person wrote: every
scalar stays text, and whoever asks for a number or a day converts it. Tags, aliases and repeated
keys are faults, so a file can neither run code nor grow when it is read.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from workbook.language import Language, speak
from workbook.schema import DataError, Problem, fold, nearest

__all__ = [
    "Check",
    "Wrong",
    "YamlText",
    "as_text",
    "check_keys",
    "choice",
    "choices",
    "code",
    "matching",
    "moment",
    "number",
    "read_yaml",
    "text",
    "texts",
    "truth",
]

Place = tuple[str, ...]

_PLAIN_TAGS = ("str", "int", "float", "bool", "null", "timestamp", "value", "merge", "map", "seq")
_DEEPEST = 12


@dataclass
class YamlText:
    """A YAML file as nested dicts and lists of text, with lines and faults by place of key."""

    file: str
    say: Language = field(default_factory=partial(speak, "en"))
    data: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    source: str = ""

    def add(
        self,
        place: Place,
        value: str | None,
        problem: str,
        remedy: str,
        severity: str = "error",
    ) -> None:
        """Note a fault at a key; its line is the key's, or that of the nearest key above."""
        known = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in self.lines), ())
        where = {"row": self.lines.get(known), "column": ".".join(place) or None, "value": value}
        self.problems.append(Problem(severity, self.file, problem, remedy, self.file, **where))


def read_yaml(path: Path, say: Language) -> YamlText:
    """Read a YAML file of plain lists and keys.

    Parameters
    ----------
    path : Path
    say : Language
        The language that faults are told in.

    Returns
    -------
    YamlText
        `data` is None for an empty file; blank and null values are None.

    Raises
    ------
    DataError
        If it is not UTF-8, not YAML, or uses aliases; with the line.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "client.yaml"
    >>> _ = path.write_text("country: NO\\ncut_off: 14:00\\n")
    >>> read_yaml(path, speak("en")).data
    {'country': 'NO', 'cut_off': '14:00'}
    """
    read = YamlText(path.name, say)
    try:
        read.source = path.read_bytes().decode("utf-8-sig")
        _refuse_growth(read.source, say)
        node = yaml.compose(read.source, Loader=yaml.SafeLoader)
        read.data = _plain(node, (), read) if node else None
    except (UnicodeDecodeError, yaml.YAMLError, OSError) as error:
        raise DataError([_syntax_fault(error, read)], say) from None
    return read


def _refuse_growth(source: str, say: Language) -> None:
    """Refuse aliases and deep nesting before anything is built of them."""
    depth = 0
    for event in yaml.parse(source):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        what = say("lists or keys are nested too deeply") if depth > _DEEPEST else ""
        if isinstance(event, yaml.AliasEvent):
            what = say("an alias (*{name}) is not allowed", name=event.anchor)
        if what:
            raise yaml.MarkedYAMLError(problem=what, problem_mark=event.start_mark)


def _syntax_fault(error: Exception, read: YamlText) -> Problem:
    say, mark = read.say, getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    remedy = say("correct this line or the one above it")
    if isinstance(error, UnicodeDecodeError):
        what, remedy = say("the file is not UTF-8 text"), say("save it as UTF-8")
    elif isinstance(error, yaml.YAMLError) and type(error) is not yaml.MarkedYAMLError:
        # A key without its colon, and what is not closed, is found further down only.
        late = any(part in what for part in ("expected ':'", "expected ','", "end of stream"))
        mark = (late and error.context_mark) or mark
        what, remedy = _syntax_words(what, remedy, say)
    row = mark.line + 1 if mark else getattr(error, "line", None)
    return Problem("error", read.file, str(what), remedy, read.file, row=row)


def _syntax_words(told: str, remedy: str, say: Language) -> tuple[str, str]:
    """Say in the reader's words what the parser tells in English."""
    close = say("a bracket or a quotation mark is opened and not closed"), say("close it")
    words = {
        "'\\t'": (say("a tab stands where spaces are wanted"), say("indent with spaces")),
        "mapping values are not allowed": (
            say("a colon stands where none is wanted"),
            say("put the value in quotes, or correct the indentation"),
        ),
        "expected ':'": (
            say("a key stands without its colon"),
            say("write the key, a colon, a space and the value; a comment begins with #"),
        ),
        "cannot start any token": (
            say("a value begins with a sign that has a meaning of its own here"),
            say("put the value in quotes"),
        ),
        "unexpected end of stream": close,
        "expected ','": close,
        "expected <block end>": (
            say("the line does not fit the one above it"),
            say("correct the indentation, or a bracket or quotation mark too many"),
        ),
    }
    known = (words[part] for part in words if part in told)
    return next(known, (say("the line is no valid YAML"), remedy))


def _plain(node: yaml.Node, place: Place, read: YamlText) -> object:
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _PLAIN_TAGS:
        what, remedy = read.say("a tag is not allowed"), read.say("write the plain value")
        read.add(place, node.tag, what, remedy)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, str(n)), read) for n, item in enumerate(node.value, 1)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, read)
    return None if node.tag.endswith(":null") else node.value


def _mapping(node: yaml.MappingNode, place: Place, read: YamlText) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node.value, str) else "?"
        below = (*place, key)
        read.lines[below] = key_node.start_mark.line + 1
        if key in result:
            what, remedy = read.say("the key stands twice"), read.say("keep one of the two")
            read.add(below, None, what, remedy)
        result[key] = _plain(value_node, below, read)
        if result[key] is None:
            _refuse_colour(below, key_node.end_mark, read)
    return result


def _refuse_colour(place: Place, mark: yaml.Mark, read: YamlText) -> None:
    """Tell of a colour that YAML takes for a comment, because it stands without quotes."""
    line = read.source[mark.index :].split("\n", 1)[0]
    if found := re.fullmatch(r":\s+(#[0-9A-Fa-f]{3,8})\s*", line):
        what = read.say("after a space, # begins a comment: the value is lost")
        remedy = read.say("put it in quotes: {example}", example=f'"{found[1]}"')
        read.add(place, found[1], what, remedy)


def as_text(value: object) -> object:
    """Turn plain Python values into what `read_yaml` would have read.

    Examples
    --------
    >>> as_text({"min_group": 5, "targets": {"otif": 0.9}, "as_of": None})
    {'min_group': '5', 'targets': {'otif': '0.9'}, 'as_of': None}
    """
    if isinstance(value, Mapping):
        return {str(key): as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [as_text(item) for item in value]
    return None if value is None else str(value)


# ── checks: each takes the text of a value and returns it typed, or says what is wrong ─────────


class Wrong(Exception):
    """A value can't be used; the arguments are the problem and the remedy, in words."""


Check = Callable[[object, Language], object]


def check_keys(
    given: dict[str, object], known: dict[str, object], read: YamlText, place: Place = ()
) -> dict[str, object]:
    """Return the given keys with typed values, and note every fault in `read`.

    Parameters
    ----------
    given : dict
        Text values by key, as in `read.data`.
    known : dict
        A check, or a dict of keys below, for every key that is allowed; "*" allows any other key.
    read : YamlText
    place : tuple of str
        The keys above.

    Returns
    -------
    dict
        Blank keys are left out; so are those at fault.

    Examples
    --------
    >>> read = YamlText("client.yaml", speak("en"))
    >>> check_keys({"goal": "cost", "gaol": "cost"}, {"goal": text}, read)
    {'goal': 'cost'}
    >>> read.problems[0].remedy
    'did you mean goal?'
    """
    result: dict[str, object] = {}
    for key, value in given.items():
        here, check = (*place, key), known.get(key, known.get("*"))
        try:
            if check is None:
                raise Wrong(read.say("the key is not known"), _pick(key, known, read.say))
            if isinstance(check, dict) and isinstance(value, dict):
                result[key] = check_keys(value, check, read, here)
            elif isinstance(check, dict) and value is not None:
                what = read.say("keys are wanted here, not a value")
                raise Wrong(what, _pick("", check, read.say))
            elif value is not None:
                result[key] = check(value, read.say)
        except Wrong as wrong:
            read.add(here, value if isinstance(value, str) else None, *wrong.args)
    return result


def _pick(value: str, allowed: Iterable[str], say: Language) -> str:
    near = nearest(value, allowed) if value else None
    if near:
        return say("did you mean {near}?", near=near)
    return say("write one of {allowed}", allowed=", ".join(allowed))


def text(value: object, say: Language) -> str:
    """Accept one piece of text.

    Examples
    --------
    >>> text(" Acme ", speak("en"))
    'Acme'
    """
    if not isinstance(value, str) or not value.strip():
        raise Wrong(say("one piece of text is wanted here"), say("write it after the colon"))
    return value.strip()


def texts(value: object, say: Language) -> tuple[str, ...]:
    """Accept one piece of text, or a list of them.

    Examples
    --------
    >>> texts("Order No", speak("en"))
    ('Order No',)
    """
    return tuple(text(item, say) for item in (value if isinstance(value, list) else [value]))


def truth(value: object, say: Language) -> bool:
    """Accept true or false.

    Examples
    --------
    >>> truth("True", speak("en"))
    True
    """
    return choice("true", "false")(text(value, say).lower(), say) == "true"


def choice(*allowed: str) -> Check:
    """Return a check for one of the allowed words.

    Examples
    --------
    >>> choice("cost", "service")("costs", speak("en"))
    Traceback (most recent call last):
    workbook.yamltext.Wrong: ('this is not one of the choices', 'did you mean cost?')
    """

    def check(value: object, say: Language) -> str:
        if (word := text(value, say)) in allowed:
            return word
        raise Wrong(say("this is not one of the choices"), _pick(word, allowed, say))

    return check


def choices(*allowed: str) -> Check:
    """Return a check for one or several of the allowed words.

    Examples
    --------
    >>> choices("time", "price")(["time"], speak("en"))
    ('time',)
    """
    one = choice(*allowed)
    return lambda value, say: tuple(dict.fromkeys(one(item, say) for item in texts(value, say)))


def matching(pattern: str, example: str) -> Check:
    """Return a check for text of one form.

    Examples
    --------
    >>> matching("#[0-9a-f]{6}", "#1b7f5c")("#14573f", speak("en"))
    '#14573f'
    """

    def check(value: object, say: Language) -> str:
        if re.fullmatch(pattern, word := text(value, say)):
            return word
        raise _unlike(say("this is not in the form that is wanted"), example, say)

    return check


def _unlike(what: str, example: str, say: Language) -> Wrong:
    return Wrong(what, say("write it like {example}", example=example))


def number(low: float, high: float, example: str, kind: type = float) -> Check:
    """Return a check for a number from low to high; kind int wants a whole one.

    Examples
    --------
    >>> number(0, 1, "0.95")("0.9", speak("en"))
    0.9
    """

    def check(value: object, say: Language) -> float:
        word = text(value, say)
        with suppress(ValueError):
            if low <= (found := kind(word)) <= high:
                return found
        what = say("a number from {low} to {high} is wanted", low=low, high=high)
        raise _unlike(what, example, say)

    return check


def code(names: Callable[[], Iterable[str]], example: str) -> Check:
    """Return a check against a long public list; the nearest is named, never all.

    Examples
    --------
    >>> code(lambda: ["EUR", "PLN"], "EUR")("pln", speak("en"))
    'PLN'
    """

    def check(value: object, say: Language) -> str:
        word, known = text(value, say), {fold(name): name for name in names()}
        if fold(word) in known:
            return known[fold(word)]
        ends = {name.split("/")[-1]: name for name in sorted(known.values())}
        near = nearest(word, ends) if len(word) > 3 else None
        raise _unlike(say("this is not known"), ends.get(near, example), say)

    return check


def moment(value: object, say: Language) -> dt.date | dt.datetime:
    """Accept a day, or a day with a time of day.

    Examples
    --------
    >>> moment("2026-03-31", speak("en"))
    datetime.date(2026, 3, 31)
    """
    word = text(value, say)
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?", word):
            return (dt.date if len(word) == 10 else dt.datetime).fromisoformat(word)
    raise _unlike(say("this is not a day of the calendar"), "2026-03-31", say)
