"""Find which of a file's headings means which of our columns, and put a second file beside it.

Headings are recognised by our name, a label in any of the four languages, a synonym, or the
profile's mapping. What is not there or not clear is a fault that names the nearest heading.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from workbook.faults import Faults, list_rows
from workbook.language import Language
from workbook.schema import Column, fold, nearest

__all__ = ["join_file", "recognise", "renamed", "spellings", "unread"]

# What says how a column counts, not what it is; no unit here changes a figure.
_UNIT = re.compile(
    r"(?i) \(\d+\)$|\s*[,(\[]\s*"
    r"(szt|pcs|шт|kg|кг|pln|zł|eur|€|usd|\$|руб|rub|₽|gbp|£|min|мин)\.?\s*[)\]]?$"
)


def recognise(
    headings: list[str],
    wanted: dict[str, Column],
    mapping: Mapping[str, Sequence[str]],
    faults: Faults,
) -> dict[str, str]:
    """Find each column's heading: the mapped one, else our name, a label or a synonym.

    Parameters
    ----------
    headings : list of str
        As the client wrote them.
    wanted : dict of str to Column
        The table's columns.
    mapping : Mapping of str to sequence of str
        Ours to theirs; the first of theirs that the file has counts.
    faults : Faults
        Takes what is missing or not clear.

    Returns
    -------
    dict of str to str
        Ours to theirs, in the dictionary's order.

    Examples
    --------
    >>> from workbook.language import speak
    >>> from workbook.schema import columns
    >>> faults = Faults("order_lines", "o.csv", speak("en"))
    >>> recognise(
    ...     ["Nr zamówienia", "Until"], columns("order_lines"), {"promised_at": ["Until"]}, faults
    ... )
    {'order_id': 'Nr zamówienia', 'promised_at': 'Until'}
    """
    found = _mapped(headings, mapping, faults)
    names = {fold(name): ours for ours in reversed(wanted) for name in spellings(wanted[ours])}
    names |= {fold(ours): ours for ours in wanted}
    # Our name or label settles it: a customer's PO number beside it is told, but no error.
    sure = {fold(word) for column in wanted.values() for word in _own_words(column)}
    plain = {heading: fold(_UNIT.sub("", heading)) for heading in headings}
    for heading in headings:
        parts = [fold(part) for part in re.split(r"\s/\s|\n", heading)]  # in two languages
        if len({names.get(part, part) for part in parts}) == 1 and parts[0] in names:
            plain[heading] = parts[0]
    for heading in sorted(headings, key=lambda heading: plain[heading] not in sure):
        ours = names.get(plain[heading])
        if ours is None or ours in mapping or heading in found.values():
            continue
        if ours in found:
            settled = plain[found[ours]] in sure and plain[heading] not in sure
            fatal = wanted[ours].required and not settled
            _report_second(ours, found[ours], heading, fatal, faults)
        else:
            found[ours] = heading
    _report_missing(headings, wanted, found, mapping, faults)
    if faults.table != "responses":  # whose other headings are the questions
        _report_near(headings, wanted, found, faults)
    return {ours: found[ours] for ours in wanted if ours in found}


def unread(headings: Iterable[str], found: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headings that were not recognised, in the file's order.

    Examples
    --------
    >>> unread(["No", "Remarks"], {"order_id": "No"})
    ('Remarks',)
    """
    used = set(found.values())
    return tuple(heading for heading in headings if heading not in used)


def renamed(found: Mapping[str, str], wanted: Mapping[str, Column]) -> dict[str, str]:
    """Return what was recognised under another name than ours, or our label in any language.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> renamed({"order_id": "Order number *", "carrier": "Haulier"}, columns("order_lines"))
    {'carrier': 'Haulier'}
    """
    own = lambda ours: _own_words(wanted[ours]) if ours in wanted else [ours]
    same = lambda ours, theirs: fold(theirs) in map(fold, own(ours))
    return {ours: theirs for ours, theirs in found.items() if not same(ours, theirs)}


def spellings(column: Column) -> list[str]:
    """Return all names by which a column is recognised.

    Examples
    --------
    >>> from workbook.schema import columns
    >>> spellings(columns("order_lines")["order_id"])[:2]
    ['order_id', 'Order number']
    """
    return [*_own_words(column), *column.synonyms]


def _own_words(column: Column) -> list[str]:
    return [column.name, *column.labels.values()]


def _mapped(
    headings: list[str], mapping: Mapping[str, Sequence[str]], faults: Faults
) -> dict[str, str]:
    """Look the profile's headings up; the first alternative that the file has counts."""
    folded = {fold(heading): heading for heading in reversed(headings) if fold(heading)}
    present = folded | {heading: heading for heading in headings}
    found = {}
    for ours, theirs in mapping.items():
        here = [present[key] for name in theirs for key in (name, fold(name)) if key in present]
        if here:
            found[ours] = here[0]
            continue
        say, near = faults.say, nearest(theirs[0], headings)
        what = say("client.yaml maps {column} to a heading the file does not have", column=ours)
        hint = say("write {name} in client.yaml", name=near) if near else _listing(headings, say)
        place = {"row": faults.heading_row, "column": ours, "value": " | ".join(theirs)}
        faults.add("error", what, hint, **place)
    return found


def _listing(headings: list[str], say: Language) -> str:
    shown = say.listing(headings[:12])
    return say("write one of the file's headings in client.yaml: {headings}", headings=shown)


def _report_second(ours: str, used: str, other: str, fatal: bool, faults: Faults) -> None:
    say = faults.say
    what = say("two headings mean {column}: {used} is used, not this one", column=ours, used=used)
    remedy = say("choose in client.yaml: columns: {{{column}: {used}}}", column=ours, used=used)
    row, severity = faults.heading_row, "error" if fatal else "warning"
    faults.add(severity, what, remedy, row=row, column=other)


def _report_missing(
    headings: list[str],
    wanted: dict[str, Column],
    found: dict[str, str],
    mapped: Mapping[str, Sequence[str]],
    faults: Faults,
) -> None:
    say = faults.say
    for ours, column in wanted.items():
        if not column.required or ours in found or ours in mapped:
            continue
        free = [heading for heading in headings if heading not in found.values()]
        near = next(filter(None, (nearest(name, free) for name in spellings(column))), None)
        what = say("the required column {column} is not there", column=ours)
        if near:
            remedy = say(
                "{near} is the nearest heading; if it is meant, write columns: {{{column}: {near}}}"
                " under this table in client.yaml",
                near=near,
                column=ours,
            )
        else:
            remedy = _listing(free or headings, say)
        faults.add("error", what, remedy, row=faults.heading_row, column=ours)


def _report_near(
    headings: list[str], wanted: dict[str, Column], found: dict[str, str], faults: Faults
) -> None:
    """Ask whether a heading that is nearly one of ours means it."""
    say, taken = faults.say, set(found.values())
    free = [ours for ours in wanted if ours not in found and not wanted[ours].required]
    names = {fold(name): ours for ours in free for name in spellings(wanted[ours])}
    for heading in (heading for heading in headings if heading not in taken):
        near = difflib.get_close_matches(fold(heading), names, n=1, cutoff=0.87)
        ours = names[near[0]] if near and len(near[0]) > 4 else _short_for(heading, wanted, free)
        if ours:
            what = say("the heading is not known, and is not read")
            remedy = say(
                "if it means {column}, write columns: {{{column}: {heading}}} under this table in"
                " client.yaml",
                column=ours,
                heading=heading,
            )
            faults.add("warning", what, remedy, row=faults.heading_row, column=heading)


def _short_for(heading: str, wanted: dict[str, Column], free: list[str]) -> str | None:
    """Return the only column that an abbreviated heading stands for, as "Deliv. date" does."""
    words = heading.casefold().split()
    parts = (
        rf"{re.escape(word[:-1])}\w+" if word[-1] == "." else re.escape(word) for word in words
    )
    pattern = re.compile(r"\s+".join(parts))
    fits = lambda ours: any(pattern.fullmatch(name.casefold()) for name in spellings(wanted[ours]))
    found = [ours for ours in free if fits(ours)] if "." in heading else []
    return found[0] if len(found) == 1 else None


def join_file(
    main: pd.DataFrame, other: pd.DataFrame, file: str, on: str, faults: Faults
) -> pd.DataFrame:
    """Put the second file's columns beside the first's, many lines to one row.

    Lines without a partner get blanks; a heading that both files have stays the first file's.

    Examples
    --------
    >>> from workbook.language import speak
    >>> lines, orders = pd.DataFrame({"No": ["1", "1"]}), pd.DataFrame({"No": ["1"], "Who": ["A"]})
    >>> join_file(lines, orders, "orders.csv", "No", Faults("order_lines", "l.csv", speak("en")))
      No Who
    0  1   A
    1  1   A
    """
    for frame, name in ((main, faults.file), (other, file)):
        if on not in frame:
            _refuse_key(on, frame, name, faults)
            return main
    one = other[other[on].str.strip() != ""].drop_duplicates()
    keys, wanted = one[on].str.strip(), main[on].str.strip()
    if keys.duplicated().any():
        _report_repeated_key(one[on], keys.duplicated(keep=False), file, faults)
        return main
    missing = ~wanted.isin(keys)
    if missing.any():
        _report_unmatched(main[on], missing, file, faults)
    beside = one.drop(columns=[name for name in one if name in main]).set_axis(keys, axis=0)
    return main.join(beside.reindex(wanted).set_axis(main.index, axis=0).fillna(""))


def _refuse_key(on: str, frame: pd.DataFrame, file: str, faults: Faults) -> None:
    say, near = faults.say, nearest(on, list(frame))
    what = say("the file does not have the heading to join on")
    hint = say("write {name} in client.yaml", name=near) if near else _listing(list(frame), say)
    faults.add("error", what, hint, file=file, column=on)


def _report_repeated_key(keys: pd.Series, repeated: pd.Series, file: str, faults: Faults) -> None:
    say, rows = faults.say, keys.index[repeated]
    what = say(
        "the join needs one row per value, but rows {rows} share one", rows=list_rows(rows, say)
    )
    remedy = say("keep one row per value in this file, or join the other way round")
    place = {"file": file, "sheet": None, "column": keys.name}
    faults.add("error", what, remedy, row=int(rows[0]), value=keys[rows[0]], **place)


def _report_unmatched(keys: pd.Series, missing: pd.Series, file: str, faults: Faults) -> None:
    say, rows = faults.say, keys.index[missing]
    what = say.plural(
        "{n} row has no partner in {file}; what would come from there is unknown",
        "{n} rows have no partner in {file}; what would come from there is unknown",
        len(rows),
        file=file,
    )
    remedy = say("complete {file}, or correct the value", file=file)
    faults.add("warning", what, remedy, row=int(rows[0]), column=keys.name, value=keys[rows[0]])
