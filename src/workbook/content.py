"""Find what a table says that can't be meant: totals among the rows, copies, impossible dates.

Rows that are no records (totals, averages, headings that stand again) are left out before any value
is typed, and told with their rows; nothing else is changed.
"""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from workbook.faults import Faults, list_rows
from workbook.schema import Column, columns
from workbook.values import as_mask, last_bytes, trimmed

__all__ = ["check_rows", "check_scale", "leave_out"]

_TOTALS = """razem suma sumy ogółem łącznie podsuma total totals totaux somme summe gesamt
gesamtsumme zwischensumme итого всего сумма итог подытог średnia średnio moyenne average mean avg
mittelwert durchschnitt среднее mediana median médiane медиана"""
_WORD = rf"(?:{'|'.join(_TOTALS.split())})"
_BEFORE = r"(?:grand|sub|sous|suma|общий|général|overall|w)[ -]?"
_TOTAL = rf"(?i)^(?:{_BEFORE})?{_WORD}(?:[ :.(=].*)?$|[ ]{_WORD}:?$"
_IDS = {"steps": "step_id", "responses": "response_id", "inquiries": "inquiry_id"}
_IDS |= {"claims": "claim_id"}
_FATAL = ("steps", "responses")
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
_QUANTITIES = ("quantity_ordered", "quantity_delivered", "quantity_damaged")


# ── rows that are no records ─────────────────────────────────────────────────────────────────


def leave_out(text: pd.DataFrame, found: dict[str, str], faults: Faults) -> pd.DataFrame:
    """Leave out totals, averages and repeated headings, and tell their rows.

    A total is known by its word in the column of the id, or in any column where the id is blank;
    a row that has a date of its own is never one. A row after the last record that fills number
    columns only is a total too.

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
    key = next((found[name] for name in wanted if wanted[name].required and name in found), None)
    if key is None or text.empty:
        return text
    odd = text.iloc[np.flatnonzero(_odd_rows(text[key], key))]
    again = odd[_says_headings(odd)]
    odd = odd.drop(again.index)
    kinds = {theirs: wanted[ours] for ours, theirs in found.items()}
    sums = odd[[_is_total(row, key, kinds) for row in odd.to_dict("records")]].index
    sums = sums.union(_trailing(text.tail(len(sums) + 11).drop(sums, errors="ignore"), kinds))
    if len(again):
        _report_headings(again.index, key, faults)
    if len(sums):
        _report_sums(sums, text, key, faults)
    gone = again.index.union(sums)
    return text.drop(gone) if len(gone) else text


def _odd_rows(keys: pd.Series, heading: str) -> np.ndarray:
    """Mark the few rows whose id is blank, a total's word or the heading itself."""
    cells = trimmed(keys)
    last = last_bytes(cells)
    doubtful = (last < ord("0")) | (last > ord("9")) | as_mask(pc.match_substring(cells, " "))
    odd, few = np.flatnonzero(doubtful), cells.filter(pa.array(doubtful))
    known = pc.is_in(pc.utf8_lower(few), value_set=pa.array(["", heading.casefold()], few.type))
    doubtful[odd] = as_mask(pc.or_(known, pc.match_substring_regex(few, _TOTAL)))
    if heading[-1:].isdigit():
        doubtful |= as_mask(pc.equal(cells, heading))
    return doubtful


def _says_headings(rows: pd.DataFrame) -> np.ndarray:
    """Mark rows of which most filled cells repeat the heading above them."""
    tidy = lambda text: " ".join(str(text).split()).casefold()
    same = np.array([[tidy(cell) == tidy(name) for cell in rows[name]] for name in rows])
    filled = np.array([[bool(str(cell).strip()) for cell in rows[name]] for name in rows])
    return same.sum(axis=0) * 2 > np.maximum(filled.sum(axis=0), 1)


def _is_total(row: dict[str, str], key: str, kinds: dict[str, Column]) -> bool:
    filled = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    if any(kinds[name].kind == "date" for name in filled if name in kinds):
        return False
    words = [filled[key]] if key in filled else filled.values()
    return any(re.search(_TOTAL, word) for word in words)


def _trailing(text: pd.DataFrame, kinds: dict[str, Column]) -> pd.Index:
    """Return the last rows that hold figures without anything else."""
    gone = []
    for row, cells in zip(text.index[:0:-1], text[:0:-1].to_dict("records"), strict=True):
        filled = [kinds.get(name) for name, cell in cells.items() if cell.strip()]
        if not filled or not all(kind and kind.kind == "number" for kind in filled):
            break
        gone.append(row)
    return pd.Index(gone, dtype=text.index.dtype)


def _report_headings(rows: pd.Index, key: str, faults: Faults) -> None:
    say, listed = faults.say, list_rows(rows, faults.say)
    what = say.plural(
        "the headings stand again in {n} row, which is left out (row {rows})",
        "the headings stand again in {n} rows, which are left out (rows {rows})",
        len(rows),
        rows=listed,
    )
    remedy = say("delete them from the file: each table wants its headings once")
    faults.add("warning", what, remedy, rows=rows, column=key)


def _report_sums(rows: pd.Index, text: pd.DataFrame, key: str, faults: Faults) -> None:
    say, listed = faults.say, list_rows(rows, faults.say)
    what = say.plural(
        "{n} row is a total or an average and is left out (row {rows})",
        "{n} rows are totals or averages and are left out (rows {rows})",
        len(rows),
        rows=listed,
    )
    remedy = say("delete it, or if it is a record, write its number in the column {name}", name=key)
    faults.add("warning", what, remedy, rows=rows, column=key, value=text.at[rows[0], key] or None)


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
    return frame


def _check_key(keys: pd.Series, heading: str, faults: Faults) -> None:
    say, again = faults.say, keys.duplicated(keep=False)
    severity = "error" if faults.table in _FATAL else "warning"
    for value, same in keys[again].groupby(keys[again], sort=False):
        what = say("the same id stands in rows {rows}", rows=list_rows(same.index, say))
        remedy = say("give each row an id of its own, or delete the copies")
        faults.add(severity, what, remedy, rows=same.index[1:], column=heading, value=value)


def _report_copies(rows: pd.Index, heading: str, faults: Faults) -> None:
    if not len(rows):
        return
    say, listed = faults.say, list_rows(rows, faults.say)
    what = say.plural(
        "{n} row repeats an earlier one in every column (row {rows})",
        "{n} rows repeat an earlier one in every column (rows {rows})",
        len(rows),
        rows=listed,
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
        listed = list_rows(rows, say)
        what = say.plural(
            "{n} row has the order, line and delivery of an earlier row but differs (row {rows})",
            "{n} rows have the order, line and delivery of an earlier row but differ (rows {rows})",
            len(rows),
            rows=listed,
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
            listed = list_rows(rows, say)
            what = say.plural(
                "{n} date is before that in the column {early} (row {rows})",
                "{n} dates are before those in the column {early} (rows {rows})",
                len(rows),
                early=found[early],
                rows=listed,
            )
            remedy = say("correct the dates; both are used as they stand")
            value = str(pair.at[rows[0], late].date())
            faults.add("warning", what, remedy, rows=rows, column=found[late], value=value)


def _check_returns(frame: pd.DataFrame, found: dict[str, str], faults: Faults) -> None:
    say = faults.say
    for name in (name for name in _QUANTITIES if name in frame):
        rows = frame.index[(frame[name] < 0).to_numpy()]
        if len(rows):
            listed = list_rows(rows, say)
            what = say.plural(
                "{n} quantity is negative, as of a return or a correction (row {rows})",
                "{n} quantities are negative, as of returns or corrections (rows {rows})",
                len(rows),
                rows=listed,
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
    say, listed = faults.say, list_rows(above.index, faults.say)
    what = say.plural(
        "most answers are 1 to 5, but {n} is above (row {rows}): are there two scales?",
        "most answers are 1 to 5, but {n} are above (rows {rows}): are there two scales?",
        len(above),
        rows=listed,
    )
    remedy = say("bring all answers to one scale, or keep the questions apart")
    place = {"column": answers.name, "value": f"{above.iloc[0]:g}"}
    faults.add("warning", what, remedy, rows=above.index, **place)
