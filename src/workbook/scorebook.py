"""Write a report's scorecard, findings and measures as a workbook: numbers as numbers."""

import contextlib
import datetime as dt
import io
from collections.abc import Callable, Sequence

import nbformat
import xlsxwriter
from babel.numbers import NumberFormatError, parse_decimal

from workbook.files import WRITTEN
from workbook.language import Language, speak
from workbook.page import read_closing, read_day, read_sections
from workbook.plots import VERDICT_COLOURS
from workbook.results import VERDICT_SHAPES, Block
from workbook.rights import column_name, measure_name, right_name, verdict_kind, verdict_words

__all__ = ["render_scorebook"]

# Nothing that a client wrote becomes a formula or a link.
_TEXT_ONLY = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
_SHARE, _COUNT, _ANY, _LONGEST = "0.0%", "#,##0", "0.0##", 32_000

Column = tuple[str, int, str]  # heading, width in characters, format of its numbers ("": text)


def render_scorebook(executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return a report's .xlsx: scorecard, findings, measures, contract and data."""
    closing, made = read_closing(executed), io.BytesIO()
    say, day = speak(closing["language"]), read_day(closing) or dt.date(2026, 1, 1)
    rows = closing["measures"]["measures"]
    whole = [row for row in rows if not row["segment"] and row["period"] is None]
    with xlsxwriter.Workbook(made, _TEXT_ONLY | {"in_memory": True}) as book:
        told = {"title": profile.name[:250], "author": (profile.prepared_by or "")[:250]}
        book.set_properties(WRITTEN | told | {"created": dt.datetime.combine(day, dt.time())})
        looks, heads = _looks(book), _measure_columns(say)
        short = lambda row: [row[0], *row[4:-1]]  # all orders at once, by order
        card = [short(_measure(row, say)) for row in whole if row["level"] == "order"]
        _add(book, looks, say("Scorecard"), short(heads), card)
        _add(book, looks, say("Findings"), *_findings(closing["findings"], say))
        _add(book, looks, say("Measures"), heads, [_measure(row, say) for row in rows])
        for block in _tables(read_sections(executed), ("contract", "data")):
            _add(book, looks, block["caption"], *_from_block(block, say))
        for sheet in book.worksheets():
            sheet.set_header("&L" + profile.name.replace("&", "&&")[:80] + "&R&A")
    return made.getvalue()


def _looks(book: xlsxwriter.Workbook) -> dict[str, object]:
    """Return the formats by what a cell shows: text, a number's format, a verdict's kind."""
    shared, inset = {"valign": "top", "text_wrap": True}, {"align": "left", "indent": 1}
    head = {"bold": True, "bottom": 1, "bg_color": "#f4f7fa"}
    looks = {"": inset, "head": head | inset, "number": head | {"align": "right"}}
    looks |= {form: {"num_format": form} for form in (_SHARE, _COUNT, _ANY)}
    looks |= {kind: inset | {"color": ink, "bold": True} for kind, ink in VERDICT_COLOURS.items()}
    return {name: book.add_format(shared | look) for name, look in looks.items()}


def _add(
    book: xlsxwriter.Workbook,
    looks: dict[str, object],
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
) -> None:
    """Add a sheet with a frozen head and filters; it prints across, as wide as a page."""
    sheet = book.add_worksheet(_free_name(book, name))
    for at, (heading, width, form) in enumerate(columns):
        sheet.write_string(0, at, heading, looks["number" if form else "head"])
        sheet.set_column(at, at, width)
    sheet.set_row(0, _height([heading for heading, *_ in columns], columns))
    for last, row in enumerate(rows, 1):
        sheet.set_row(last, _height(row, columns))
        for at, (cell, (*_, form)) in enumerate(zip(row, columns, strict=True)):
            if isinstance(cell, dict):
                words = f"{VERDICT_SHAPES[cell['verdict']]} {cell['text']}"
                sheet.write_string(last, at, words, looks[cell["verdict"]])
            elif cell and isinstance(cell, str):
                sheet.write_string(last, at, cell[:_LONGEST], looks[""])
            elif cell not in (None, ""):
                sheet.write_number(last, at, cell, looks[form])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(rows), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&R&P / &N")


def _height(row: Sequence[object], columns: Sequence[Column]) -> float:
    """Return the height that a row's longest text needs: not every program finds it out."""
    texts = (
        (len(c), width)
        for c, (_, width, _) in zip(row, columns, strict=True)
        if c and isinstance(c, str)
    )
    return min(15 * max((-(-n // (width - 2)) for n, width in texts), default=1), 400)


def _free_name(book: xlsxwriter.Workbook, name: str) -> str:
    """Return a sheet's name as Excel takes it, and as no other sheet has it."""
    plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in name).strip()
    taken = {sheet.name.casefold() for sheet in book.worksheets()}
    names = (f"{plain[: 31 - len(mark)].strip()}{mark}" for mark in ("", " 2", " 3", " 4"))
    return next(each for each in names if each.casefold() not in taken)


def _measure_columns(say: Language) -> list[Column]:
    shares = [say("Confirmed"), say("Upper bound"), say("Interval from"), say("Interval to")]
    counts = [say("Is right"), say("Is wrong"), say("Is unknown"), say("Not applicable")]
    return [
        *((say("Measure"), 28, ""), (say("Counted in"), 11, ""), (say("Group"), 28, "")),
        (say("Period"), 11, ""),
        *((words, 12, _SHARE) for words in (*shares, say("Known"), say("Target"))),
        (say("Verdict"), 20, ""),
        *((words, 11, _COUNT) for words in (*counts, say("Not due yet"), say("Excluded"))),
        (say("Reasons"), 50, ""),
    ]


def _measure(row: dict[str, object], say: Language) -> list[object]:
    levels = {"line": say("lines"), "order": say("orders"), "unit": say("units")}
    names = {"perfect_line": say("Perfect line"), "unit_fill_rate": say("Unit fill rate")}
    names |= {"line_fill_rate": say("Line fill rate"), "value_fill_rate": say("Value fill rate")}
    counts = ("right", "wrong", "unknown", "not_applicable", "pending", "excluded")
    return [
        names.get(row["measure"]) or measure_name(row["measure"], say),
        levels.get(row["level"]) or say("value"),
        *(_listed(row["segment"], _headed(say), say), row["period"]),
        *(row["confirmed"], row["upper"], *(row["interval"] or (None, None))),
        *(row["coverage"], row["target"]),
        {"text": verdict_words(row, say), "verdict": verdict_kind(row)},
        *(row[name] for name in counts),
        _listed(row["reasons"], _reason_words(say).get, say),
    ]


def _listed(values: dict[str, object], named: Callable[[str, str], str], say: Language) -> str:
    return say.series(f"{named(name, name)}: {value}" for name, value in values.items())


def _headed(say: Language) -> Callable[[str, str], str]:
    """Return what names a column as the reader knows it; one that is not the client's stays."""
    own = {"activity": say("Activity"), "source": say("Source")}

    def named(name: str, _: str) -> str:
        with contextlib.suppress(KeyError):
            return own.get(name) or column_name(name, say)
        return name

    return named


def _reason_words(say: Language) -> dict[str, str]:
    """Return why a case is wrong, unknown or not applicable, in words for each name of ours."""
    return {
        "cancelled by customer": say("cancelled by the customer"),
        "excluded": say("excluded by its reason"),
        "not delivered": say("not delivered"),
        "not recorded": say("not recorded"),
        "no promise": say("no promise"),
        "no delivery date": say("no delivery date"),
        "delivery not recorded": say("delivery not recorded"),
        "judged wrong": say("judged wrong by the client"),
        "early": say("early"),
        "late": say("late"),
        "cancelled by supplier": say("cancelled by the supplier"),
        "over": say("too much"),
        "short": say("too little"),
        "wrong product": say("wrong product"),
        "wrong place": say("wrong place"),
        "damaged": say("damaged"),
        "refused": say("refused"),
        "price differs": say("another price"),
        "surcharge": say("a surcharge"),
        "documents wrong": say("wrong documents"),
        "informed too late": say("informed too late"),
    }


def _findings(found: list[dict], say: Language) -> tuple[list[Column], list[list[object]]]:
    kinds = {"works": say("Works"), "needs improvement": say("Needs improvement")}
    kinds["no evidence"] = say("No evidence")
    numbers = [say("Observed"), say("Expected"), say("Interval from"), say("Interval to")]
    columns = [(say("Finding"), 22, ""), (say("In words"), 90, ""), (say("Right"), 18, "")]
    columns += [(say("Group"), 24, ""), (say("Period"), 19, ""), (say("Step"), 14, "")]
    columns += [(say("Cases"), 10, _COUNT), *((w, 12, _ANY) for w in (*numbers, say("Effect")))]
    rows = []
    for each in found:
        kind, right = each["kind"], each["right"]
        shown = {"text": kinds[kind], "verdict": kind} if kind in kinds else say("About the data")
        texts = [_listed(each["where"], _headed(say), say), each["period"], each["step_id"]]
        facts = [*(each[name] for name in ("n", "observed", "expected"))]
        facts += [*(each["interval"] or (None, None)), each["effect"]]
        rows.append([shown, each["sentence"], right and right_name(right, say), *texts, *facts])
    return columns, rows


def _tables(sections: list[list[Block]], anchors: Sequence[str]) -> list[Block]:
    """Return the tables of the sections with these anchors; a list is a table of one column."""
    shown, title = [], ""
    for block in (block for s in sections if s[0].get("anchor") in anchors for block in s):
        title = block["text"] if block["kind"] == "heading" else title
        if block["kind"] == "table":
            shown.append(block)
        elif block["kind"] == "items":
            rows = [[entry] for entry in block["items"]]
            shown.append({"caption": title, "headings": [title], "rows": rows, "numeric": []})
    return shown


def _from_block(block: Block, say: Language) -> tuple[list[Column], list[list[object]]]:
    cells = zip(block["headings"], *block["rows"], strict=True)
    widths = [min(max(12, max(map(len, column)) + 3), 90) for column in cells]
    forms = [_COUNT if at in block["numeric"] else "" for at in range(len(widths))]
    read = lambda row: [_number(c, say) if f else c for c, f in zip(row, forms, strict=True)]
    return list(zip(block["headings"], widths, forms, strict=True)), list(map(read, block["rows"]))


def _number(words: str, say: Language) -> float | str:
    try:
        return float(parse_decimal(words.replace("−", "-"), locale=say.locale))
    except NumberFormatError:
        return words
