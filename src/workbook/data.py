"""Open a client's folder: every table as a typed frame, with all faults of its data at once.

A table is text first (intake), then its headings are recognised, joined, mapped and typed (values).
An error drops its table and nothing else; a warning drops nothing.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from workbook import intake, results, values
from workbook.answers import read_results, recognise_answers
from workbook.content import check_rows, check_scale, leave_out
from workbook.dates import to_date
from workbook.faults import Faults, report_cells
from workbook.headings import join_file, recognise, spellings, unread
from workbook.language import Language, speak
from workbook.leftovers import is_blank, tell_unused, unused_files
from workbook.profile import Profile, TableMapping, read_profile
from workbook.questions import Question, read_item_bank
from workbook.resources import data_path
from workbook.schema import TABLES, Column, DataError, Problem, columns, fold, table_title
from workbook.steps import check_steps

__all__ = ["Client", "Reading", "find_client", "latest_day", "open_client", "read_table"]

# Rows beyond which a Parquet file is measured in batches.
LARGE = 2_000_000
_KINDS_OF_FILE = (".csv", ".xlsx", ".parquet")
_SHOWN = 20  # findings in a notebook; the rest is counted
_KEYS = ["severity", "table", "file", "sheet", "row", "column", "value", "problem", "remedy"]
_HAPPENED = ("ordered_at", "shipped_at", "delivered_at", "event_at")


@dataclass(frozen=True)
class Reading:
    """One table as it was read: the frame, what was recognised and what is wrong with it.

    `data` is None when an error dropped the table; `columns` maps our names to the client's
    headings in `heading_row`, `unrecognised` are its other headings; `encoding` is the code page
    of text; `assumed` counts the blanks that the profile's `blank_is` filled, per column. `large`
    is a Parquet file that is read only when its rows are asked for.
    """

    data: pd.DataFrame | None
    problems: tuple[Problem, ...]
    file: str
    sheet: str | None = None
    rows: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, int] = field(default_factory=dict)
    unrecognised: tuple[str, ...] = ()
    heading_row: int | None = None
    encoding: str = ""
    large: Path | None = None

    def __iter__(self) -> Iterator[object]:
        return iter((self.data, self.problems))


def read_table(
    path: str | Path,
    table: str,
    *,
    profile: Profile | None = None,
    mapping: TableMapping | None = None,
    sheet: str | None = None,
    questions: Sequence[Question] | None = None,
) -> Reading:
    """Read one file as one of the contract's tables.

    Parameters
    ----------
    path : str or Path
        A CSV, Excel or Parquet file; for responses also JSON, or a folder of it.
    table : str
        One of `schema.TABLES`.
    profile : Profile, optional
        Gives language and time zone, and the mapping of the table.
    mapping : TableMapping, optional
        How the file's headings, words and dates map to ours.
    sheet : str, optional
        The workbook's sheet, when it is not the one with most known headings.
    questions : sequence of Question, optional
        What responses answer; default: the survey.yaml beside the file, else the shipped bank.

    Returns
    -------
    Reading
        Also unpacks as `frame, problems`. The frame has the contract's columns that the file has,
        for responses the questions too; its index is the row as the client sees it.

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "o.csv"
    >>> _ = path.write_text("order_id,quantity_ordered\\n007,5\\n")
    >>> frame, problems = read_table(path, "order_lines")
    >>> frame.loc[2, "order_id"], problems
    ('007', ())
    """
    wanted = columns(table)
    mapping = mapping or (profile.tables.get(table) if profile else None) or TableMapping()
    say = speak(profile.language if profile else "en")
    faults = Faults(table, Path(path).name, say)
    try:
        text = _read_joined(Path(path), sheet or mapping.sheet, mapping, faults)
    except DataError as error:
        faults.take(error.problems)
        return Reading(None, tuple(faults.problems), faults.file, sheet or mapping.sheet)
    asked = (questions or _asked(Path(path))) if table == "responses" else ()
    mapped = [theirs for names in mapping.columns.values() for theirs in names]
    text, theirs = recognise_answers(text, asked, keep=mapped) if asked else (text, {})
    found = recognise(list(text), wanted, mapping.columns, faults)
    # The other headings of answers are questions.
    unrecognised = unread(text, found) if table != "responses" else ()
    text = text if faults.fatal else leave_out(text, found, faults)
    cells, assumed = map_words(text, found, mapping)
    frame = None
    if not faults.fatal:
        frame = _type_all(cells, wanted, mapping, profile.timezone if profile else "UTC", faults)
        if table == "responses":
            rest = [name for name in text if name not in found.values()]
            frame = frame.assign(**{name: _answer(text[name], faults) for name in rest})
        frame = check_rows(frame, found, faults)
        if table == "steps" and len(frame) and not faults.fatal:
            broken = check_steps(frame, faults.file, say=say)
            as_theirs = lambda each: replace(each, column=found.get(each.column, each.column))
            faults.take(tuple(map(as_theirs, broken)))
    as_theirs = lambda each: replace(each, column=theirs.get(each.column, each.column))
    found = theirs | {ours: theirs.get(heading, heading) for ours, heading in found.items()}
    return Reading(
        None if faults.fatal else frame,
        tuple(map(as_theirs, faults.problems)),
        *(faults.file, faults.sheet, len(text), found, assumed, unrecognised),
        heading_row=faults.heading_row,
        encoding=faults.encoding,
    )


# ── cells ────────────────────────────────────────────────────────────────────────────────────


def _read_joined(
    path: Path, sheet: str | None, mapping: TableMapping, faults: Faults
) -> pd.DataFrame:
    """Read the file, and the second file of a join beside it."""
    if faults.table == "responses" and (path.is_dir() or path.suffix.lower() == ".json"):
        return read_results(path, faults)
    known = _known_headings(faults.table, mapping)
    main = intake.read_text(path, sheet, known=known, say=faults.say)
    faults.sheet, faults.heading_row, faults.encoding = main.sheet, main.heading_row, main.encoding
    faults.take(main.problems)
    if not mapping.join:
        return main.frame
    other = intake.read_text(path.parent / mapping.join.file, known=known, say=faults.say)
    faults.take(other.problems)
    return join_file(main.frame, other.frame, other.file, mapping.join.on, faults)


def _asked(path: Path) -> Sequence[Question]:
    """The questions of the survey.yaml beside a file, if it has no fault, else the shipped ones."""
    own = path.parent / "survey.yaml"
    try:
        return read_item_bank(own, languages=()) if own.is_file() else read_item_bank()
    except DataError:  # told where the questionnaire is designed
        return read_item_bank()


def _known_headings(table: str, mapping: TableMapping) -> list[str]:
    theirs = [heading for headings in mapping.columns.values() for heading in headings]
    ours = [name for column in columns(table).values() for name in spellings(column)]
    return theirs + ours + ([mapping.join.on] if mapping.join else [])


def map_words(
    text: pd.DataFrame, found: dict[str, str], mapping: TableMapping
) -> tuple[dict[str, pd.Series], dict[str, int]]:
    """Put our words for the client's; fill and count the blanks that stand for a value."""
    cells, assumed = {ours: text[theirs] for ours, theirs in found.items()}, {}
    for ours in (name for name in mapping.values if name in found):
        words = {theirs.strip().casefold(): word for theirs, word in mapping.values[ours].items()}
        meant = cells[ours].str.strip().str.casefold().map(words)
        cells[ours] = meant.astype("str").fillna(cells[ours])
    for ours in (name for name in mapping.blank_is if name in found):
        blank = values.is_missing(cells[ours])
        assumed[ours] = int(blank.sum())
        cells[ours] = cells[ours].mask(blank, mapping.blank_is[ours])
    return cells, assumed


def _type_all(
    cells: dict[str, pd.Series],
    wanted: dict[str, Column],
    mapping: TableMapping,
    timezone: str,
    faults: Faults,
) -> pd.DataFrame:
    """Type every column, several at a time, and report what can't be read."""
    with ThreadPoolExecutor() as pool:
        one = lambda ours: type_column(cells[ours], wanted[ours], mapping, timezone)
        typed = dict(zip(cells, pool.map(one, cells), strict=True))
        settled = _settled(typed, wanted)
        for ours in (ours for ours in typed if typed[ours].undecided):
            told = replace(mapping, **{k: v for k, v in settled.items() if not getattr(mapping, k)})
            again = type_column(cells[ours], wanted[ours], told, timezone)
            typed[ours] = again._replace(undecided=True)
    for ours, column in typed.items():
        report_cells(cells[ours], column, wanted[ours], faults)
    return pd.DataFrame({ours: column.series for ours, column in typed.items()}, copy=False)


def _settled(typed: dict[str, values.Typed], wanted: dict[str, Column]) -> dict[str, str]:
    """Return the date order and decimal sign of the columns that tell it, where these agree.

    A column that does not tell its own is read like them, which is said.
    """
    found = {}
    for key, kind in (("dates", "date"), ("decimal", "number")):
        told = {
            t.choice for ours, t in typed.items() if wanted[ours].kind == kind if not t.undecided
        }
        if len(told := told - {None, "iso"}) == 1:
            found[key] = told.pop()
    return found


def type_column(
    cells: pd.Series, column: Column, mapping: TableMapping, timezone: str
) -> values.Typed:
    match column.kind:
        case "number":
            return values.to_number(cells, mapping.decimal, column.unit)
        case "date":
            return to_date(cells, mapping.dates, timezone)
        case "yesno":
            return values.to_yesno(cells)
        case "choice":
            return values.to_choice(cells, column)
        case "list":
            return values.to_list(cells, column)
        case _:
            return values.to_text(cells)


def _answer(cells: pd.Series, faults: Faults) -> pd.Series:
    """Type a question's answers: numbers where all are, else text; "4 - good" is 4."""
    bare = cells.str.replace(r"^\s*(\d{1,2})\s*[-–—=:.)]\s*[^\W\d_].*$", r"\1", regex=True)
    typed = values.to_number(bare)
    if typed.unreadable.any():
        return values.to_text(bare).series
    check_scale(typed.series, faults)
    return typed.series


# ── the client ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Client:
    """A client's folder, read: the profile, and a typed frame per table as an attribute.

    `client.order_lines` is a DataFrame, or None when the table is absent or an error dropped it;
    `tables` holds the readings with their problems, `unused` tells of files that are in none;
    `note` says whose data they are if not theirs.
    """

    folder: Path
    profile: Profile
    tables: dict[str, Reading]
    note: str = ""
    unused: tuple[Problem, ...] = ()

    def __getattr__(self, name: str) -> pd.DataFrame | None:
        if name not in TABLES:
            raise AttributeError(f"a client has no {name!r}; its tables are {', '.join(TABLES)}")
        reading = self.read(name)
        return reading.data if reading else None

    def read(self, table: str) -> Reading | None:
        """Return a table as it was read; a large one is read now."""
        reading = self.__dict__["tables"].get(table)
        if reading and reading.large:
            reading = self.tables[table] = read_table(reading.large, table, profile=self.profile)
        return reading

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The profile's and all tables' problems, in order, then files that are in none.

        A large table has none yet.
        """
        of_tables = (problem for reading in self.tables.values() for problem in reading.problems)
        return (*self.profile.warnings, *of_tables, *self.unused)

    @property
    def is_empty(self) -> bool:
        """Whether there is no data yet: no table has a row, and nothing is wrong."""
        return not self.problems and not any(each.rows for each in self.tables.values())

    @property
    def as_of(self) -> dt.date | None:
        """The day up to which the data tells: the profile's, or the latest thing that happened."""
        frames = [frame for frame in (self.order_lines, self.events) if frame is not None]
        return self.profile.as_of or latest_day(*frames)

    def check(self) -> dict[str, object]:
        """Return what was read and all findings, as `workbook check --json` prints them."""
        tables = {name: _summary(self.read(name)) for name in self.tables}
        findings = [{key: getattr(problem, key) for key in _KEYS} for problem in self.problems]
        return {"tables": tables, "findings": findings}

    def or_sample(self, *tables: str) -> "Client":
        """Return this client, or the shipped sample when one of these tables has no rows here.

        A lesson then goes on; the sample's `note` says whose data it shows, and why.
        """
        missing = [name for name in tables if (frame := getattr(self, name)) is None or frame.empty]
        if not missing:
            return self
        say = speak(self.profile.language)
        sample = open_client("brzoza-dom", language=self.profile.language)
        note = say(
            "{client} has no table {tables} yet. What follows shows the sample {sample}: nothing "
            "in it is about {client}.",
            client=self.profile.name,
            tables=say.listing(missing),
            sample=sample.profile.name,
        )
        return replace(sample, note=note)

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return all findings for reading, one a row, in the order of the tables."""
        say = speak(language or self.profile.language)
        severity = {"error": say("error"), "warning": say("warning")}
        heads = {
            say("Severity"): [severity[each.severity] for each in self.problems],
            say("Table"): [each.table and table_title(each.table, say) for each in self.problems],
            say("File"): [each.file for each in self.problems],
            say("Sheet"): [each.sheet or "" for each in self.problems],
            say("Row"): [str(each.row or "") for each in self.problems],
            say("Column"): [each.column or "" for each in self.problems],
            say("Value"): [(each.value or "")[:60] for each in self.problems],
            say("Problem"): [each.problem for each in self.problems],
            say("What to do"): [each.remedy for each in self.problems],
        }
        found = pd.DataFrame(heads)
        return found if any(heads[say("Sheet")]) else found.drop(columns=say("Sheet"))

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the tables that were read, and the first of the faults found in them."""
        rows = [(name, each.file, say.number(each.rows)) for name, each in self.tables.items()]
        head = [say("Table"), say("File"), say("Rows")]
        blocks = [results.text(self.note, "lead")] if self.note else []
        blocks.append(results.table(head, rows, caption=self.profile.name, numeric=[2]))
        faults = say.plural("{n} fault found", "{n} faults found", len(self.problems))
        found = self.table(say.code)
        if len(found):
            shown = found.head(_SHOWN).to_numpy().tolist()
            blocks.append(results.table(list(found), shown, caption=faults))
        else:
            blocks.append(results.text(faults, "note"))
        if (rest := len(found) - _SHOWN) > 0:
            more = say.plural("… and {n} more", "… and {n} more", rest)
            blocks.append(results.text(more, "note"))
        return blocks

    def _repr_html_(self) -> str:
        return results.Shown(tuple(self.blocks(speak(self.profile.language))))._repr_html_()


def _summary(reading: Reading) -> dict[str, object]:
    names = ("file", "sheet", "rows", "columns")
    names += ("heading_row", "encoding", "assumed", "unrecognised")
    found = {name: getattr(reading, name) for name in names}
    return {name: found[name] for name in names if name in names[:4] or found[name]}


def latest_day(*frames: pd.DataFrame) -> dt.date | None:
    """Return the last day on which something was ordered, shipped, delivered or recorded.

    Never a promise: that lies in the future of what is known. None without any such date.

    Examples
    --------
    >>> latest_day(pd.DataFrame({"shipped_at": pd.to_datetime(["2026-06-02 09:30"])}))
    datetime.date(2026, 6, 2)
    """
    found = [frame[name].max() for frame in frames for name in _HAPPENED if name in frame]
    return max((moment.date() for moment in found if not pd.isna(moment)), default=None)


def find_client(folder: str | Path) -> Path:
    """Return a client's folder; a bare name that is no folder here may be a shipped sample.

    Examples
    --------
    >>> find_client("brzoza-dom").joinpath("client.yaml").is_file()
    True
    """
    folder = Path(folder)
    shipped = data_path(folder.name)
    is_sample = len(folder.parts) == 1 and (shipped / "client.yaml").is_file()
    return shipped if is_sample and not folder.exists() else folder


def open_client(folder: str | Path, **overrides: object) -> Client:
    """Read a client's folder: client.yaml and every table that is there.

    Parameters
    ----------
    folder : str or Path
    **overrides
        Keys of client.yaml that are to hold instead, such as language="pl".

    Returns
    -------
    Client

    Raises
    ------
    ValueError
        If there is no such folder, or the profile is wrong.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "client.yaml").write_text("name: Acme")
    >>> _ = (folder / "order_lines.csv").write_text("order_id,ordered_at\\n7,2026-06-02")
    >>> client = open_client(folder)
    >>> client.as_of, client.steps is None, client.check()["findings"]
    (datetime.date(2026, 6, 2), True, [])
    """
    folder = find_client(folder)
    profile = read_profile(folder, overrides)
    readings = {table: _open_table(folder, table, profile) for table in TABLES}
    tables = {name: each for name, each in readings.items() if each}
    # What the remedy of a table that can't be read names already is not told again.
    dropped = (each for each in tables.values() if each.data is None)
    named = " ".join(fault.remedy for each in dropped for fault in each.problems)
    left = [path for path in find_unused(folder, profile) if path.name not in named]
    return Client(folder, profile, tables, unused=tell_unused(left, speak(profile.language)))


def find_unused(folder: Path, profile: Profile, more: Sequence[str] = ()) -> list[Path]:
    """Return the data files in a client's folder that are used for no table."""
    mappings = {table: profile.tables.get(table) or TableMapping() for table in TABLES}
    used = [file for table, each in mappings.items() for file in _files_of(folder, table, each)]
    used += [folder / each.join.file for each in mappings.values() if each.join]
    # There the workshop keeps steps whose own file it must not touch.
    return unused_files(folder, [*used, folder / f"{profile.id}-steps.csv"], more)


def _open_table(folder: Path, table: str, profile: Profile) -> Reading | None:
    mapping = profile.tables.get(table) or TableMapping()
    if mapping.join:
        beside = str(folder / mapping.join.file)
        mapping = replace(mapping, join=replace(mapping.join, file=beside))
    files = _files_of(folder, table, mapping)
    if len(files) > 1:
        return _refuse_two(files, table, speak(profile.language))
    if not files and table in profile.tables:
        files = [folder / f"{table}.csv"]
    if files and not mapping.join and (rows := _large(files[0])):
        return Reading(None, (), files[0].name, rows=rows, large=files[0])
    return read_table(files[0], table, profile=profile, mapping=mapping) if files else None


def _files_of(folder: Path, table: str, mapping: TableMapping) -> list[Path]:
    """Return a table's file: the mapped one, else those of its name, a blank one last of all."""
    if mapping.file:
        return [folder / mapping.file]
    files = _find_files(folder, table)
    if len(files) < 2:
        return files
    return [file for file in files if not is_blank(file, table)] or files[:1]


def _large(path: Path) -> int:
    """Return the number of rows of a Parquet file that is better not read at once, else 0."""
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return 0
    try:
        rows = pq.read_metadata(path).num_rows
    except pa.ArrowInvalid:
        return 0  # reading it says what is wrong
    return rows if rows > LARGE else 0


def _find_files(folder: Path, table: str) -> list[Path]:
    """Return the files with the table's name, however it is spelt; no Excel lock file (~$)."""
    files = (file for file in folder.iterdir() if file.name[0] not in "~.")
    named = (file for file in files if fold(file.stem) == fold(table))
    kinds = (*_KINDS_OF_FILE, ".json") if table == "responses" else _KINDS_OF_FILE
    fits = lambda file: file.suffix.lower() in kinds or (".json" in kinds and file.is_dir())
    return sorted(filter(fits, named))


def _refuse_two(files: list[Path], table: str, say: Language) -> Reading:
    names = [file.name for file in files]
    what = say("there are two files for one table: {files}", files=say.listing(names))
    remedy = say("remove one, or name the right one under tables in client.yaml")
    return Reading(None, (Problem("error", table, what, remedy, file=names[0]),), names[0])
