"""Read client.yaml: every choice that a client's numbers rest on, checked strictly.

An unknown key, a wrong value and a repeated key are faults, reported all at once, each with its
line and the nearest thing that is allowed.
"""

import datetime as dt
import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import holidays
from babel import Locale

from workbook.clock import DESK_HOURS
from workbook.language import LANGUAGES, Language, speak
from workbook.logo import read_logo
from workbook.schema import MEASURES, RIGHTS, TABLES, Column, DataError, Problem, columns
from workbook.yamltext import (
    Check,
    Wrong,
    YamlText,
    as_text,
    check_keys,
    choice,
    choices,
    code,
    matching,
    moment,
    number,
    read_yaml,
    text,
    texts,
    truth,
)

__all__ = ["PRESETS", "Join", "Profile", "TableMapping", "read_profile"]

_TOLERANCE = {"early_days": None, "late_days": 0, "quantity": 0.0, "price": 0.005}
_TOLERANCE |= {"price_minor": 0}

# What the published definitions fix; the keys of client.yaml override them.
PRESETS: dict[str, dict[str, object]] = {
    "own": {},
    # SCOR RL.1.1: initial commit date; documents carry the price; customer entity is judged.
    "scor": {
        "due": "promised",
        "granularity": "day",
        "information": ("documents",),
        "rights": ("product", "quantity", "time", "place", "condition", "information", "customer"),
    },
    # APQC 101741: on time, complete, damage free, accurate documents.
    "apqc": {
        "due": "promised",
        "information": ("documents",),
        "rights": ("quantity", "time", "condition", "information"),
    },
    # OrWiki DP1: as APQC, and free of defects; the customer's request date is its strictest rule.
    "orwiki": {
        "due": "requested",
        "information": ("documents",),
        "rights": ("product", "quantity", "time", "condition", "information"),
    },
    # Walmart supplier OTIF: the buyer's must-arrive-by window; early is wrong as late is.
    "walmart": {
        "due": "requested",
        "granularity": "day",
        "rights": ("quantity", "time"),
        "tolerance": {"early_days": 0, "late_days": 0, "quantity": 0.0},
    },
}


@dataclass(frozen=True)
class Join:
    """A second file, put beside the first: many lines of the first to one row of this."""

    file: str
    on: str


@dataclass(frozen=True)
class TableMapping:
    """How a client's file becomes one of our tables; ours to theirs throughout.

    Examples
    --------
    >>> TableMapping(columns={"order_id": ("Order No", "Nr zamówienia")}).dates is None
    True
    """

    file: str | None = None
    sheet: str | None = None
    join: Join | None = None
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    blank_is: dict[str, str] = field(default_factory=dict)
    dates: str | None = None
    decimal: str | None = None


@dataclass(frozen=True)
class Profile:
    """A client's choices, as client.yaml has them; every field but `name` has a default.

    Rates and tolerances are shares of 0 to 1, days are whole days, `as_of` is local to `timezone`.
    `price_minor` is in the currency's smallest unit: of the two price tolerances the wider holds.
    `logo_picture` is what `logo` names, as PNG; `warnings` say what of client.yaml is passed over.
    `serving` is what is left of a price after the goods (margin, a share) and what serving costs in
    the currency beyond freight and claims: per order, per line, per rush order.

    Examples
    --------
    >>> Profile("Brzoza Dom").due, Profile("Brzoza Dom").tolerance["price"]
    ('promised', 0.005)
    """

    name: str
    id: str = ""
    language: str = "en"
    currency: str = "EUR"
    timezone: str = "UTC"
    country: str | None = None
    goal: str = "balance"
    as_of: dt.date | dt.datetime | None = None
    contract: str = "own"
    due: str = "promised"
    granularity: str = "day"
    days: str = "calendar"
    cut_off: str | None = None
    tolerance: dict[str, float | None] = field(default_factory=lambda: dict(_TOLERANCE))
    information: tuple[str, ...] = ("documents",)
    rights: tuple[str, ...] = RIGHTS
    targets: dict[str, float] = field(default_factory=dict)
    exclude_reasons: tuple[str, ...] = ()
    desk_hours: str = "Mon-Fri 08:00-16:00"
    serving: dict[str, float] = field(default_factory=dict)
    min_group: int = 5
    show_customers: bool = False
    prepared_by: str | None = None
    logo: str | None = None
    accent: str | None = None
    report_date: dt.date | None = None
    tables: dict[str, TableMapping] = field(default_factory=dict)
    logo_picture: bytes = field(default=b"", repr=False)
    warnings: tuple[Problem, ...] = field(default=(), repr=False)

    def contract_choices(self) -> dict[str, object]:
        """Return every choice that a measure depends on, as plain data for measures.json.

        Examples
        --------
        >>> Profile("Brzoza Dom").contract_choices()["due"]
        'promised'
        """
        names = ("contract", "due", "granularity", "days", "cut_off", "country", "timezone")
        choices = {name: getattr(self, name) for name in (*names, "currency")}
        listed = {name: list(getattr(self, name)) for name in ("information", "rights")}
        as_of = None if self.as_of is None else self.as_of.isoformat()
        rest = {"exclude_reasons": list(self.exclude_reasons), "as_of": as_of}
        return choices | {"tolerance": dict(self.tolerance)} | listed | rest


def read_profile(folder: str | Path, overrides: Mapping[str, object] | None = None) -> Profile:
    """Read a client folder's profile.

    Parameters
    ----------
    folder : str or Path
        The folder that holds client.yaml.
    overrides : Mapping, optional
        Keys that win over the file, as a client list or a command line gives them.

    Returns
    -------
    Profile
        With the preset of `contract` under the keys that are given.

    Raises
    ------
    ValueError
        If the folder or its client.yaml is not there; the sentence names a near folder.
    DataError
        If keys or values are wrong; all at once, each with its line where it has one.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "acme"
    >>> folder.mkdir()
    >>> _ = (folder / "client.yaml").write_text("name: Acme\\ncountry: NO\\n")
    >>> profile = read_profile(folder, {"due": "requested"})
    >>> profile.id, profile.country, profile.due
    ('acme', 'NO', 'requested')
    """
    path = _find(Path(folder))
    read = read_yaml(path, speak(_peek_language(path)))
    given = _with_overrides(read, as_text(overrides or {}))
    values = check_keys(given, _keys(), read)
    if not given.get("name"):
        what, remedy = read.say("the client's name is missing"), read.say("add a line 'name: …'")
        read.add(("name",), None, what, remedy)
    if read.problems:
        raise DataError(sorted(read.problems, key=lambda problem: problem.row or 0), read.say)
    values["logo_picture"] = _logo_picture(path.parent, values.get("logo"), read)
    values["warnings"] = tuple(read.problems)
    return _build(values, given.get("tolerance"), path.parent.resolve().name)


def _logo_picture(folder: Path, name: str | None, read: YamlText) -> bytes:
    """Read the logo; one that can't be shown is a warning: the figures are right without it."""
    if not name:
        return b""
    try:
        return read_logo(folder, name, read.say)
    except Wrong as wrong:
        read.add(("logo",), name, *wrong.args, severity="warning")
        return b""


def _find(folder: Path) -> Path:
    path = folder / "client.yaml"
    if folder.is_file():
        home = f", such as {folder.parent}" if (folder.parent / "client.yaml").is_file() else ""
        raise ValueError(f"{folder} is a file; give the client's folder{home}")
    if not folder.is_dir():
        near = [other.parent.name for other in folder.parent.glob("*/client.yaml")]
        close = difflib.get_close_matches(folder.name, near, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "check the path"
        raise ValueError(f"the client folder {folder} is not there; {hint}")
    if not path.is_file():
        remedy = "write one with a line 'name: …', or make a folder with 'workbook new'"
        raise ValueError(f"the folder {folder} has no client.yaml; {remedy}")
    return path


def _peek_language(path: Path) -> str:
    """Find the language to speak in before the file is known to be readable."""
    try:
        found = re.search(rb"^language:\s*[\"']?(\w\w)\b", path.read_bytes(), re.MULTILINE)
    except OSError:
        return "en"
    language = found[1].decode("ascii", "replace") if found else "en"
    return language if language in LANGUAGES else "en"


def _with_overrides(read: YamlText, overrides: dict[str, object]) -> dict[str, object]:
    given = read.data or {}
    if not isinstance(given, dict):
        what, remedy = read.say("there are no 'key: value' lines"), read.say("write name: …")
        raise DataError([*read.problems, Problem("error", read.file, what, remedy, read.file)])
    for key, value in overrides.items():
        both = isinstance(value, dict) and isinstance(given.get(key), dict)
        given = given | {key: given[key] | value if both else value}
    return given


def _build(values: dict[str, object], given_tolerance: object, folder: str) -> Profile:
    preset = PRESETS[values.get("contract", "own")]
    tolerance = _TOLERANCE | preset.get("tolerance", {}) | values.get("tolerance", {})
    if "early_days" in (given_tolerance or {}) and given_tolerance["early_days"] is None:
        tolerance["early_days"] = None  # null is a choice here, which a preset must not undo
    tables = {table: _table(dict(keys)) for table, keys in values.get("tables", {}).items()}
    whole = {"id": _slug(folder)} | preset | values
    return Profile(**whole | {"tolerance": tolerance, "tables": tables})


def _table(keys: dict[str, object]) -> TableMapping:
    return TableMapping(**keys | ({"join": Join(**keys["join"])} if "join" in keys else {}))


def _slug(name: str) -> str:
    """Make an id of a folder's name: letters, digits, '-' and '_' stay."""
    return re.sub(r"[^\w-]+", "-", unicodedata.normalize("NFC", name)).strip("-") or "client"


def _join(value: object, say: Language) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"file", "on"}:
        what = say("a join needs the other file and the heading that both files share")
        raise Wrong(
            what, say("write it like {example}", example="{file: orders.csv, on: Order No}")
        )
    return {key: text(item, say) for key, item in value.items()}


def _our_value(column: Column) -> Check:
    return choice(*column.allowed) if column.kind == "choice" else text


@cache
def _keys() -> dict[str, object]:
    share = number(0, 1, "0.95")
    return {
        "name": text,
        # A folder is named so; Windows has devices of some names.
        "id": matching(r"(?i)(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[\w-]{1,80}", "brzoza-dom"),
        "language": choice(*LANGUAGES),
        "currency": code(lambda: Locale("en").currencies, "EUR"),
        "timezone": code(zoneinfo.available_timezones, "Europe/Warsaw"),
        "country": code(holidays.list_supported_countries, "PL"),
        "goal": choice("cost", "service", "balance"),
        "as_of": moment,
        "contract": choice(*PRESETS),
        "due": choice("promised", "promised_latest", "requested"),
        "granularity": choice("day", "timestamp"),
        "days": choice("calendar", "business"),
        "cut_off": matching(r"([01]\d|2[0-3]):[0-5]\d", "14:00"),
        "tolerance": {
            "early_days": number(0, 365, "1", int),
            "late_days": number(0, 365, "0", int),
            "quantity": number(0, 1, "0.03"),
            "price": number(0, 1, "0.005"),
            "price_minor": number(0, 1_000_000, "1", int),
        },
        "information": choices("documents", "confirmation", "notice", "tracking"),
        "rights": choices(*RIGHTS, "customer"),
        "targets": dict.fromkeys(MEASURES, share),
        "exclude_reasons": texts,
        "desk_hours": matching(DESK_HOURS, "Mon-Fri 08:00-16:00"),
        "serving": {"margin": share}
        | dict.fromkeys(("order", "line", "rush"), number(0, 1_000_000, "12.50")),
        "min_group": number(2, 1000, "5", int),
        "show_customers": truth,
        "prepared_by": text,
        "logo": text,
        "accent": matching("#[0-9A-Fa-f]{6}", '"#1b7f5c"'),
        "report_date": moment,
        "tables": {table: _table_keys(table) for table in TABLES},
    }


def _table_keys(table: str) -> dict[str, object]:
    ours = columns(table)
    questions = {"*": texts} if table == "responses" else {}
    return {
        "file": text,
        "sheet": text,
        "join": _join,
        "columns": dict.fromkeys(ours, texts) | questions,
        "values": {name: {"*": _our_value(column)} for name, column in ours.items()},
        "blank_is": {name: _our_value(column) for name, column in ours.items()},
        "dates": choice("day_first", "month_first", "iso"),
        "decimal": choice(".", ","),
    }
