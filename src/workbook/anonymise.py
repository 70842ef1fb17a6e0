"""Turn a client's folder into one for teaching: names go, figures and dates stay.

The same name becomes the same replacement in every table, so that joins and groups hold. Names
that stand inside the words that are kept (a step, a role, a question) are replaced there too.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

from workbook.data import Client, open_client
from workbook.language import Language, speak
from workbook.questions import read_item_bank
from workbook.schema import columns
from workbook.starter import fill_folder
from workbook.yamltext import read_yaml

__all__ = ["anonymise_client"]

# Columns that speak of the same things share their replacements.
_CODES = {"order_id": "O", "delivery_no": "D", "response_id": "R", "inquiry_id": "Q"}
_CODES |= {"claim_id": "C", "step_id": "S", "predecessors": "S", "rework_to": "S", "parent": "S"}
_SAME = {"product_delivered": "product", "site": "place_ordered", "ship_from": "place_ordered"}
_SAME |= {"place_delivered": "place_ordered", "region": "place_ordered", "route": "place_ordered"}
_SAME |= {"owner": "person"}
_LABELLED = {"customer": "order_lines", "product": "order_lines", "product_group": "order_lines"}
_LABELLED |= {"place_ordered": "order_lines", "carrier": "order_lines", "comment": "responses"}
_LABELLED |= {"person": "role_answers", "option": "costs", "note": "costs", "source": "events"}
_LABELLED |= {"definition": "benchmarks"}
_DROPPED = ("id", "logo", "prepared_by", "tables")
_CONTACT = r"[\w.+-]+@[\w-]+\.[\w.-]+|https?://\S+|www\.\S+|\+\d[\d ()/-]{7,}\d"
_CODED = 30
_WORTH = 3  # letters: a shorter name is too common a word to be looked for in other texts


@dataclass
class _Key:
    """Which name became what, by kind of name; never written."""

    say: Language
    used: set[str]
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def swap(self, kind: str, name: str) -> str:
        known = self.names.setdefault(kind, {})
        if name not in known:
            known[name] = next(made for made in self._made(kind, len(known)) if self._is_new(made))
            self.used.add(known[name])
        return known[name]

    def _is_new(self, made: str) -> bool:
        return made not in self.used

    def _made(self, kind: str, after: int) -> Iterable[str]:
        table = _LABELLED.get(kind)
        label = columns(table)[kind].labels[self.say.code] + " " if table else kind
        label = self.say("Answer {n}", n="") if kind == "answer" else label
        return (f"{label}{n}" for n in range(after + 1, after + 1_000_000))

    def scrubber(self, own: Iterable[str]) -> Callable[[str], str]:
        """Return what takes every replaced name, and the client's own, out of a text."""
        found = {name: new for kind, each in self.names.items() for name, new in each.items()}
        found |= dict.fromkeys(own, self.say("Teaching client"))
        found = {n.casefold(): new for n, new in found.items() if _is_word(n)}
        longest = sorted(map(re.escape, found), key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest) or '(?!)'})(?!\w)", re.IGNORECASE)
        swap = lambda match: found.get(match[0].casefold(), "…")
        return lambda text: re.sub(_CONTACT, "…", pattern.sub(swap, text))


def _is_word(name: str) -> bool:
    return len(name) >= _WORTH and any(letter.isalpha() for letter in name)


def anonymise_client(
    source: str | Path, folder: str | Path, *, language: str | None = None
) -> Path:
    """Write a client's tables into a new folder with all names replaced; figures and dates stay.

    Customers, products, places, carriers, persons, order numbers and comments are replaced, each
    by the same word throughout. Steps, roles, segments, reasons and question ids are kept, and
    any replaced name is taken out of them. A table that an error drops is left out.

    Parameters
    ----------
    source : str or Path
        The client's folder, or a shipped sample's name; it is only read.
    folder : str or Path
        A folder that is not there yet, or is empty.
    language : {"en", "fr", "pl", "ru"}, optional
        The language of the replacements; by default the client's.

    Raises
    ------
    ValueError
        If a folder is not right; DataError if the client's profile is not.

    Examples
    --------
    >>> import tempfile
    >>> place = anonymise_client("ten-orders", Path(tempfile.mkdtemp()) / "lesson")
    >>> sorted(path.name for path in place.glob("*.csv"))
    ['order_lines.csv', 'steps.csv']
    """
    client = open_client(source)
    say = speak(language or client.profile.language)
    frames = {name: each.data for name, each in client.tables.items() if each.data is not None}
    key = _Key(say, {cell for frame in frames.values() for cell in _texts(frame)})
    written = {name: _without_names(frame, name, key, client) for name, frame in frames.items()}
    scrub = key.scrubber([client.profile.name, client.profile.id, client.profile.prepared_by or ""])
    clean = {name: _scrubbed(frame, name, scrub) for name, frame in written.items()}

    def fill(made: Path) -> None:
        for name, frame in clean.items():
            frame.to_csv(made / f"{name}.csv", index=False, lineterminator="\n")
        for name, data in _settings(client, say, language):
            text = yaml.safe_dump(_in_all(data, scrub), allow_unicode=True, sort_keys=False)
            (made / name).write_text(text, encoding="utf-8", newline="\n")

    return fill_folder(folder, fill)


def _texts(frame: pd.DataFrame) -> set[str]:
    return {cell for name in frame.select_dtypes("str") for cell in frame[name].dropna().unique()}


def _without_names(frame: pd.DataFrame, table: str, key: _Key, client: Client) -> pd.DataFrame:
    """Return the table as text, with the names replaced in the columns that hold names."""
    ours, closed = columns(table), _closed(client) if table == "responses" else {}
    swapped = {}
    for name, cells in frame.items():
        kind = _CODES.get(name) or _SAME.get(name, name)
        # Few reasons are codes; many are sentences, in which anybody may be named.
        kind = "comment" if kind == "reason" and cells.nunique() > _CODED else kind
        if name in ours and (name in _CODES or kind in _LABELLED):
            swapped[name] = cells.map(lambda cell, kind=kind: _each(cell, kind, key))
        elif name in ours:
            swapped[name] = _as_text(cells)
        else:
            swapped[name] = _answers(cells, closed.get(name), key)
    return pd.DataFrame(swapped)


def _each(cell: object, kind: str, key: _Key) -> object:
    """Replace a name, or each of a list of ids."""
    if cell != cell:
        return ""
    parts = str(cell).split(";") if kind == "S" else [str(cell)]
    return ";".join(key.swap(kind, part) for part in parts)


def _closed(client: Client) -> dict[str, set[str]]:
    """Return the answers that each closed question offers, folded."""
    path = client.folder / "survey.yaml"
    own = {"path": path, "languages": (client.profile.language,)} if path.is_file() else {}
    bank = read_item_bank(**own)
    scales = {item.id: item.scale for item in bank if item.scale}
    labels = lambda scale: [
        *scale.values,
        *(each for words in scale.labels.values() for each in words),
    ]
    return {name: {str(each).casefold() for each in labels(s)} for name, s in scales.items()}


def _answers(cells: pd.Series, offered: set[str] | None, key: _Key) -> pd.Series:
    """Keep ratings and offered answers; what someone wrote becomes a number."""
    if pd.api.types.is_numeric_dtype(cells) and cells.abs().max() <= 100:
        return _as_text(cells)
    known = lambda cell: offered is not None and cell.casefold() in offered
    swap = lambda cell: cell if not cell or known(cell) else key.swap("answer", cell)
    return _as_text(cells).map(swap)


def _as_text(cells: pd.Series) -> pd.Series:
    """Write typed cells as our own files have them: ISO dates, yes and no, bare numbers."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        day, moment = cells.dt.strftime("%Y-%m-%d"), cells.dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
        text = day.where(
            cells == cells.dt.normalize(), moment.str.replace(r"\.000000$", "", regex=True)
        )
    elif pd.api.types.is_bool_dtype(cells):
        text = cells.map({True: "yes", False: "no"})
    elif pd.api.types.is_numeric_dtype(cells):
        text = cells.map(lambda n: f"{n:.0f}" if n == n and n % 1 == 0 else repr(float(n)))
    else:
        text = cells
    return text.astype("str").mask(cells.isna(), "")


def _scrubbed(frame: pd.DataFrame, table: str, scrub: Callable[[str], str]) -> pd.DataFrame:
    """Take the replaced names out of the words that were kept, headings of questions too."""
    ours = columns(table)
    kept = lambda name: name not in ours or ours[name].kind == "text"
    made = lambda name: name in _CODES or _SAME.get(name, name) in _LABELLED
    made_of = lambda cells: cells.map({cell: scrub(cell) for cell in cells.unique()})
    swapped = {
        scrub(name) if name not in ours else name: made_of(cells)
        if kept(name) and not made(name)
        else cells
        for name, cells in frame.items()
    }
    return pd.DataFrame(swapped)


def _settings(client: Client, say: Language, language: str | None) -> Iterable[tuple[str, object]]:
    """Return client.yaml and survey.yaml as plain data, without what names the client."""
    profile = read_yaml(client.folder / "client.yaml", say).data
    kept = {name: value for name, value in profile.items() if name not in _DROPPED}
    spoken = {"language": language} if language else {}
    yield (
        "client.yaml",
        {"name": say("Teaching client")}
        | {name: value for name, value in (kept | spoken).items() if name != "name"},
    )
    if (client.folder / "survey.yaml").is_file():
        yield "survey.yaml", read_yaml(client.folder / "survey.yaml", say).data


def _in_all(data: object, scrub: Callable[[str], str]) -> object:
    if isinstance(data, dict):
        return {name: _in_all(value, scrub) for name, value in data.items()}
    if isinstance(data, list):
        return [_in_all(value, scrub) for value in data]
    return scrub(data) if isinstance(data, str) else data
