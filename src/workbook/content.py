"""Find what a table says that can't be meant: totals among the rows, copies, impossible dates.

Rows that are no records (totals, averages, headings that stand again) are left out before any value
is typed, and one category in several spellings gets the commonest; both are told with their rows.
Nothing else is changed.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbook.faults import Faults, list_rows
from workbook.language import Language
from workbook.schema import Column, columns, fold
from workbook.values import as_mask, last_bytes, trimmed

__all__ = ["CATEGORIES", "check_rows", "check_scale", "leave_out", "one_spelling"]

_TOTALS = """razem suma sumy ogółem łącznie podsuma total totals totaux somme summe gesamt
gesamtsumme zwischensumme итого всего сумма итог подытог średnia średnio moyenne average mean avg
mittelwert durchschnitt среднее mediana median médiane медиана"""
_WORD = rf"(?:{'|'.join(_TOTALS.split())})"
_BEFORE = r"(?:grand|sub|sous|suma|общий|général|overall|w)[ -]?"
_TOTAL = rf"(?i)^(?:{_BEFORE})?{_WORD}(?:[ :.(=].*)?$|[ ]{_WORD}:?$"
_IMPORT = '{"ImportId"'  # so a survey system writes a third row of headings
_IDS = {"steps": "step_id", "responses": "response_id", "inquiries": "inquiry_id"}
_IDS |= {"claims": "claim_id"}
# What can't come before what: the later date is the one that is told.
_EARLIER = {
    "order_lines": [
        *(("ordered_at", f"{late}_at") for late in ("requested", "promised", "promised_latest")),
        *(("ordered_at", f"{late}_at") for late in ("confirmed", "shipped", "delivered")),
        ("shipped_at", "delivered_at"),
    ],
    "inquiries": [("opened_at", "first_reply_at"), ("opened_at", "resolved_at")],
    "claims": [("opened_at", "closed_at")],
    "responses": [("sent_at", "answered_at")],
}
# Columns that make groups. Ids, codes and places stay as written, and so do order_lines' reasons,
# which the profile may name.
CATEGORIES = {
    "order_lines": (
        *("segment", "channel", "product_group", "carrier", "ship_from", "route", "region"),
        "size_class",
    ),
    "responses": ("segment",),
    "inquiries": ("channel",),
    "claims": ("reason",),
}
_QUANTITIES = ("quantity_ordered", "quantity_delivered", "quantity_damaged")


# ── rows that are no records ─────────────────────────────────────────────────────────────────


def leave_out(text: pd.DataFrame, found: dict[str, str], faults: Faults) -> pd.DataFrame:
    """Leave out totals, titles among the rows, headings that stand again, a second table below.

    A total is known by its word in the column of the id, or in any column where the id is blank;
    a row that has a date of its own is never one. So is a row whose id is unlike the others and
    that holds nothing else but figures, and a row after the last record that holds figures only.

    Examples
    --------
    >>> from workbook.language import speak
    >>> faults = Faults("order_lines", "o.csv", speak("en"))
    >>> text = pd.DataFrame({"No": ["7", "Razem"], "Qty": ["5", "5"]}, index=[2, 3])
    >>> leave_out(text, {"order_id": "No", "quantity_ordered": "Qty"}, faults).index.tolist()
    [2]
    >>> faults.problems[0].row
    3
    """
    wanted = columns(faults.table)
    ours = next((name for name in wanted if wanted[name].required and name in found), None)
    if ours is None or text.empty:
        return text
    rows = _Rows(text, found[ours], {theirs: wanted[name] for name, theirs in found.items()})
    say, gone = faults.say, pd.Index([], dtype=text.index.dtype)
    for kind, places in rows.sort().items():
        what, remedy = _said(kind, len(places), say)
        place = {"rows": places, "column": rows.key, "value": text.at[places[0], rows.key] or None}
        faults.add("warning", what, remedy, **place)
        gone = gone.union(places)
    return text.drop(gone) if len(gone) else text


def _said(kind: str, n: int, say: Language) -> tuple[str, str]:
    delete = say("delete what is no record; a record needs its number in this column")
    if kind == "again":
        what = say.plural(
            "headings stand again in {n} row, which is left out",
            "headings stand again in {n} rows, which are left out",
            n,
        )
    elif kind == "total":
        what = say.plural(
            "{n} row is a total, an average or a title and is left out",
            "{n} rows are totals, averages or titles and are left out",
            n,
        )
    else:
        what = say.plural(
            "another table or a note of {n} row stands below and is not read",
            "another table or a note of {n} rows stands below and is not read",
            n,
        )
        delete = say("put it into a file or sheet of its own")
    return what, delete


@dataclass(frozen=True)
class _Rows:
    """A table's rows as text, the heading of its ids, and the columns that were recognised."""

    text: pd.DataFrame
    key: str
    kinds: dict[str, Column]

    def sort(self) -> dict[str, pd.Index]:
        """Return the rows that are no records, by why."""
        odd = self.text.iloc[np.flatnonzero(self._odd())]
        records = dict(zip(odd.index, map(_filled, odd.to_dict("records")), strict=True))
        again = [row for row, cells in records.items() if self._is_heading(row, cells)]
        below = self._below(odd.index, records, again)
        left = [row for row in odd.index if row not in {*again, *below}]
        total = [row for row in left if self._is_total(records[row])]
        tail = self.text.tail(len(total) + len(below) + 11).drop([*total, *below], errors="ignore")
        found = {"again": again, "total": sorted({*total, *self._trailing(tail)}), "below": below}
        return {kind: pd.Index(rows) for kind, rows in found.items() if len(rows)}

    def _odd(self) -> np.ndarray:
        """Mark the few rows whose id is blank, a word or the heading itself."""
        cells = trimmed(self.text[self.key])
        last = last_bytes(cells)
        doubtful = (last < ord("0")) | (last > ord("9")) | as_mask(pc.match_substring(cells, " "))
        odd, few = np.flatnonzero(doubtful), cells.filter(pa.array(doubtful))
        known = pc.match_substring_regex(few, rf"^$|^{re.escape(_IMPORT)}|{_TOTAL}")
        words = self._words(few) if self._is_coded else pa.repeat(pa.scalar(False), len(few))
        head = pc.equal(pc.utf8_lower(few), self.key.casefold())
        doubtful[odd] = as_mask(pc.or_(pc.or_(known, head), words))
        if self.key[-1:].isdigit():
            doubtful |= as_mask(pc.equal(cells, self.key))
        return doubtful

    @cached_property
    def _is_coded(self) -> bool:
        """Whether ids are codes with digits, so that a word among them is none."""
        first = trimmed(self.text[self.key].iloc[:200])
        return pc.sum(self._words(first)).as_py() <= 0.6 * len(first) if len(first) > 1 else False

    def _words(self, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.match_substring_regex(cells, r"^[^\d\n]+$|^\pL{3,}[ :][^\d]*\d*$")

    def _is_heading(self, row: int, cells: dict[str, str]) -> bool:
        """Tell headings that stand again, or a second row of them right below the first."""
        key, plain = cells.get(self.key, ""), _is_plain(cells)
        same = sum(fold(cell) == fold(name) for name, cell in cells.items())
        survey = self.key in self.kinds and self.kinds[self.key].name == "response_id"
        second = survey and row == self.text.index[0] and not key and len(cells) > 1
        alone = plain and (second or fold(key) == fold(self.key))
        return key.startswith(_IMPORT) or same * 2 > len(cells) > 0 or alone

    def _is_total(self, cells: dict[str, str]) -> bool:
        kinds = {self._kind(name) for name in cells if name != self.key}
        if "date" in kinds:
            return False
        words = [cells[self.key]] if self.key in cells else [*cells.values()]
        title = self._is_coded and self.key in cells and self._words(pa.array(words))[0].as_py()
        return (title and kinds <= {"number"}) or any(re.search(_TOTAL, word) for word in words)

    def _kind(self, name: str) -> str:
        return self.kinds[name].kind if name in self.kinds else ""

    def _below(self, odd: pd.Index, records: dict[int, dict], again: list[int]) -> list[int]:
        """Find a table or notes after a blank row, up to where the headings stand again."""
        rows, gone = self.text.index, []
        gaps = set(rows[1:][np.diff(rows) > 1].intersection(odd)) - set(again)
        for row in sorted(gaps) if self._is_coded else ():
            at = rows.get_loc(row)
            following = rows[at + 1] if at + 1 < len(rows) else None
            cells = records[row]
            ends = following is None or (following in records and following not in again)
            title = not ends and (len(cells) == 1 or self._is_total(cells))
            if row in gone or title or not _is_plain(cells):
                continue
            end = next((each for each in again if each > row), rows[-1] + 1)
            gone += rows[(rows >= row) & (rows < end)].tolist()
        return gone

    def _trailing(self, tail: pd.DataFrame) -> list[int]:
        """Return the last rows that hold figures without anything else."""
        gone = []
        for row, cells in zip(tail.index[:0:-1], tail[:0:-1].to_dict("records"), strict=True):
            if set(map(self._kind, _filled(cells))) != {"number"}:
                break
            gone.append(row)
        return gone


def _is_plain(cells: dict[str, str]) -> bool:
    return not any(letter.isdigit() for cell in cells.values() for letter in cell)


def _filled(row: dict[str, str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in row.items() if cell.strip()}


# ── rows that can't be meant ─────────────────────────────────────────────────────────────────


def check_rows(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> pd.DataFrame:
    """Report copies, ids that stand twice, returns and impossible dates; return what holds.

    Exact copies of a step, answer, enquiry or complaint are left out; an order line may be there
    twice for good, so its copies stay.

    Examples
    --------
    >>> from workbook.language import speak
    >>> faults = Faults("steps", "s.csv", speak("en"))
    >>> frame = pd.DataFrame({"step_id": ["S1", "S1"], "step": ["a", "b"]}, index=[2, 3])
    >>> _ = check_rows(frame, {"step_id": "Step no."}, faults)
    >>> faults.problems[0].problem
    'the same id stands in rows 2 and 3'
    """
    key = _IDS.get(faults.table)
    if key in frame and frame[key].duplicated().any():
        copies = frame.duplicated()
        _report_copies(frame.index[copies], found[key], faults)
        frame = frame[~copies]
        _check_key(frame[key].dropna(), found[key], faults)
    if faults.table == "order_lines" and not faults.fatal:
        _check_lines(frame, found, faults)
    _check_dates(frame, found, faults)
    _check_returns(frame, found, faults)
    return _spell_alike(frame, found, faults)


def _check_key(keys: pd.Series, heading: str, faults: Faults) -> None:
    say, again = faults.say, keys.duplicated(keep=False)
    severity = "error" if faults.table == "steps" else "warning"
    for value, same in keys[again].groupby(keys[again], sort=False):
        what = say("the same id stands in rows {rows}", rows=list_rows(same.index, say))
        remedy = say("give each row an id of its own, or delete the copies")
        faults.add(severity, what, remedy, rows=same.index[1:], column=heading, value=value)


def one_spelling(counts: pd.Series) -> dict[str, str]:
    """Map each rarer spelling of a value to the commonest; case, accents and blanks don't tell.

    Examples
    --------
    >>> one_spelling(pd.Series({"DPD": 9, "dpd": 2, "DPD  ": 1, "DHL": 4}))
    {'dpd': 'DPD', 'DPD  ': 'DPD'}
    """
    ranked = sorted(counts.index, key=lambda value: (-counts[value], value))
    first: dict[str, str] = {}
    chosen = {value: first.setdefault(_heard(value), value) for value in ranked}
    return {value: common for value, common in chosen.items() if value != common}


def _heard(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value.replace("ł", "l").replace("Ł", "L"))
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letters).casefold().split())


def _spell_alike(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> pd.DataFrame:
    """Put the commonest spelling of each category for the others, and tell it."""
    spelt = {}
    for name in (name for name in CATEGORIES.get(faults.table, ()) if name in frame):
        counts = frame[name].value_counts()
        if not (rarer := one_spelling(counts)):
            continue
        say, rows = faults.say, frame.index[frame[name].isin(list(rarer))]
        pairs = [f"{v} ({counts[v]}) → {common} ({counts[common]})" for v, common in rarer.items()]
        what = say(
            "spellings that differ only in case, accents or blanks are one group: {spellings}",
            spellings=", ".join(pairs[:5]) + " …" * (len(pairs) > 5),
        )
        remedy = say("write it the same way everywhere; if they are two things, name them apart")
        place = {"column": found[name], "value": next(iter(rarer))}
        faults.add("warning", what, remedy, rows=rows, **place)
        same = {value: rarer.get(value, value) for value in counts.index}
        spelt[name] = frame[name].map(same).astype(frame[name].dtype)
    return frame.assign(**spelt)


def _report_copies(rows: pd.Index, heading: str, faults: Faults) -> None:
    if not len(rows):
        return
    say = faults.say
    what = say.plural(
        "{n} row repeats an earlier one in every column",
        "{n} rows repeat an earlier one in every column",
        len(rows),
    )
    remedy = say("delete the copies, or number the lines with line_no if they are not copies")
    if faults.table != "order_lines":
        remedy = say("delete the copies; each is counted once")
    faults.add("warning", what, remedy, rows=rows, column=heading)


def _check_lines(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    keys = [name for name in ("order_id", "line_no", "delivery_no") if name in frame]
    repeated = frame[frame.duplicated(keys, keep=False)]
    copies = repeated.duplicated()
    _report_copies(repeated.index[copies], found["order_id"], faults)
    other = repeated[~copies].duplicated(keys)
    if "line_no" in frame and other.any():
        say, rows = faults.say, other.index[other]
        what = say.plural(
            "{n} row has the order, line and delivery of an earlier row but differs",
            "{n} rows have the order, line and delivery of an earlier row but differ",
            len(rows),
        )
        remedy = say("number split deliveries with delivery_no, or correct the row")
        faults.add("warning", what, remedy, rows=rows, column=found["line_no"])


def _check_dates(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    """Report dates on a day before the one they must follow; the time of day is not judged."""
    say = faults.say
    for early, late in _EARLIER.get(faults.table, ()):
        if early not in frame or late not in frame:
            continue
        wrong = (frame[late] < frame[early]).to_numpy()
        if not wrong.any():
            continue
        pair = frame.loc[wrong, [early, late]]
        rows = pair.index[pair[late].dt.normalize() < pair[early].dt.normalize()]
        if len(rows):
            what = say.plural(
                "{n} date is before that in the column {early}",
                "{n} dates are before those in the column {early}",
                len(rows),
                early=found[early],
            )
            remedy = say("correct the dates; both are used as they stand")
            value = str(pair.at[rows[0], late].date())
            faults.add("warning", what, remedy, rows=rows, column=found[late], value=value)


def _check_returns(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    say = faults.say
    for name in (name for name in _QUANTITIES if name in frame):
        rows = frame.index[(frame[name] < 0).to_numpy()]
        if len(rows):
            what = say.plural(
                "{n} quantity is negative, as of a return or a correction",
                "{n} quantities are negative, as of returns or corrections",
                len(rows),
            )
            remedy = say("keep returns in a file of their own, or correct the quantity")
            value = f"{frame.at[rows[0], name]:g}"
            faults.add("warning", what, remedy, rows=rows, column=found[name], value=value)


def check_scale(answers: pd.Series, faults: Faults) -> None:
    """Report a question of which most answers are 1 to 5 and a few lie above, up to 10 or 100.

    Examples
    --------
    >>> from workbook.language import speak
    >>> faults = Faults("responses", "r.csv", speak("en"))
    >>> check_scale(pd.Series([4, 5, 3, 4, 5, 2, 4, 10.0], name="Q1"), faults)
    >>> faults.problems[0].value
    '10'
    """
    given = answers.dropna()
    above = given[given > 5]
    whole = (given % 1 == 0).all() and given.between(0, 100).all()
    if not whole or not 0 < len(above) <= 0.2 * len(given):
        return
    say = faults.say
    what = say.plural(
        "most answers are 1 to 5, but {n} is above: are there two scales?",
        "most answers are 1 to 5, but {n} are above: are there two scales?",
        len(above),
    )
    remedy = say("bring all answers to one scale, or keep the questions apart")
    place = {"column": answers.name, "value": f"{above.iloc[0]:g}"}
    faults.add("warning", what, remedy, rows=above.index, **place)
