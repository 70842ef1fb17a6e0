"""Start a client's folder: profile, blank sheets, the letter that asks for data, the dictionary.

All words are the client's language: labels and notes come from the dictionary, letters and the
commented profile from templates/new.
"""

import csv
import datetime as dt
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mistune
import pandas as pd
import xlsxwriter
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from xlsxwriter.worksheet import Worksheet

from workbook.language import Language, speak
from workbook.resources import data_path, template_path
from workbook.schema import TABLES, Column, columns, table_title, value_labels

__all__ = ["fill_folder", "new_client", "sample_names", "write_sheet"]

_ROWS = 5000  # how far drop-downs and formats reach down a blank sheet
_GREEN, _GREY, _PALE = "#14573f", "#44505c", "#eef4f1"
_MADE = dt.datetime(2026, 1, 1)  # a fixed stamp: same inputs, same bytes


def new_client(
    folder: str | Path, language: str | None = None, from_sample: str | None = None
) -> Path:
    """Make a new client's folder, whole or not at all.

    Parameters
    ----------
    folder : str or Path
        A folder that is not there yet, or is empty; its name becomes the client's name and id.
    language : {"en", "fr", "pl", "ru"}, optional
        The client's language; by default English, or the sample's own.
    from_sample : str, optional
        Copy this shipped sample instead of blank sheets.

    Returns
    -------
    Path
        The folder, with client.yaml, steps.xlsx, order_lines.xlsx, letter.html and letter.md,
        dictionary.html, README.md and a .gitignore that keeps the client's data out of git.

    Raises
    ------
    ValueError
        If the folder has something in it, or the language or sample is not known.

    Examples
    --------
    >>> place = new_client(Path(tempfile.mkdtemp()) / "acme", language="pl")
    >>> sorted(path.name for path in place.glob("*.xlsx"))
    ['order_lines.xlsx', 'steps.xlsx']
    """
    say = speak(language or "en")
    if from_sample and from_sample not in sample_names():
        known = ", ".join(sample_names()) or "none"
        raise ValueError(f"sample {from_sample!r} is not known; the shipped samples are: {known}")
    if from_sample:
        return fill_folder(folder, partial(_copy_sample, sample=from_sample, language=language))
    return fill_folder(folder, partial(_fill, folder=Path(folder), say=say))


def fill_folder(folder: str | Path, fill: Callable[[Path], None]) -> Path:
    """Make a folder that is not there yet or is empty, and let `fill` write it: whole or not.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "acme"
    >>> fill_folder(place, lambda made: (made / "a").touch()).joinpath("a").is_file()
    True
    """
    target = Path(folder)
    _refuse_used(target)
    try:
        _make_whole(target, fill)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{target} can't be written ({reason}); choose another folder") from None
    return target


def sample_names() -> list[str]:
    """Return the names of the shipped sample clients.

    Examples
    --------
    >>> "brzoza-dom" in sample_names()
    True
    """
    return sorted(profile.parent.name for profile in data_path().glob("*/client.yaml"))


def _refuse_used(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target} is a file; name a folder that is not there yet")
    if target.is_dir() and any(target.iterdir()):
        raise ValueError(f"the folder {target} is not empty; name one that is not there yet")


def _make_whole(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder beside the target and rename it, so that nothing half-written is left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as beside:
        made = Path(beside) / "made"
        made.mkdir()
        fill(made)
        if target.is_dir():
            target.rmdir()
        made.rename(target)


def _copy_sample(made: Path, sample: str, language: str | None) -> None:
    shutil.copytree(data_path(sample), made, dirs_exist_ok=True)
    shutil.copyfile(template_path("new", "gitignore"), made / ".gitignore")
    if language:
        profile = made / "client.yaml"
        text = re.sub(r"(?m)^language:.*\n", "", profile.read_text(encoding="utf-8"))
        profile.write_text(f"{text.rstrip()}\nlanguage: {language}\n", encoding="utf-8")


def _fill(made: Path, folder: Path, say: Language) -> None:
    name, templates = folder.resolve().name, _templates()
    render = lambda file, **values: templates.get_template(file).render(**values)
    write = lambda file, text: (made / file).write_text(text, encoding="utf-8", newline="\n")
    for table in ("order_lines", "steps"):
        write_sheet(made / f"{table}.xlsx", table, say)
    # JSON's quotes are YAML's too: a folder named "yes" or "a: b" stays a text.
    quoted = json.dumps(name, ensure_ascii=False)
    write("client.yaml", render(f"client.{say.code}.yaml.j2", name=quoted))
    write("README.md", render(f"README.{say.code}.md.j2", name=name, folder=folder.as_posix()))
    letter = render(f"letter.{say.code}.md.j2", of=partial(_labels, language=say.code))
    write("letter.md", letter)
    write("letter.html", render("page.html.j2", **_letter_page(letter, say)))
    write("dictionary.html", render("dictionary.html.j2", **_dictionary_page(say)))
    shutil.copyfile(template_path("new", "gitignore"), made / ".gitignore")


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(template_path("new")),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


# ── the letter and the dictionary ────────────────────────────────────────────────────────────


def _labels(*names: str, language: str) -> str:
    """List order_lines' columns by their labels, as the letter's table does."""
    return ", ".join(columns("order_lines")[name].labels[language] for name in names)


def _letter_page(letter: str, say: Language) -> dict[str, str]:
    page = mistune.create_markdown(plugins=["table"])(letter)
    title = letter.split("\n", 1)[0].removeprefix("# ")
    page = page.replace("<th>", '<th scope="col">')
    # What the sender must still fill in is marked, so that no letter leaves with a blank.
    page = re.sub(r"(\[[^\]]+\])", r"<mark>\1</mark>", page)
    return {"language": say.code, "title": title, "content": page, "width": "44rem"}


def _dictionary_page(say: Language) -> dict[str, object]:
    words = {
        "about": say(
            "Each table is a file of its own: Excel, CSV or Parquet. A heading is recognised by "
            "its label, by the name under it, or by another usual word for it; anything else is "
            "named in client.yaml. A blank cell is unknown: never zero, and never right."
        ),
        "tables": say("Tables"),
        "column": say("Column"),
        "meaning": say("Meaning"),
        "write": say("What to write"),
        "example": say("Example"),
        "required": say("Required."),
    }
    tables = [_described(table, say) for table in TABLES]
    page = {"language": say.code, "title": say("Dictionary of the tables"), "width": "62rem"}
    return page | {"words": words, "tables": tables}


def _described(table: str, say: Language) -> dict[str, object]:
    title, about = table_title(table, say), _row_words(table, say)
    entries = [
        {
            "label": column.labels[say.code],
            "name": column.name,
            "note": column.notes[say.code],
            "form": _form(column, say),
            "example": _shown(column, column.example, say),
            "required": column.required,
        }
        for column in columns(table).values()
    ]
    return {"name": table, "title": title, "about": about, "columns": entries}


def _row_words(table: str, say: Language) -> str:
    """Say what one row of a table is."""
    words = {
        "order_lines": say("One row per order line or part delivery."),
        "steps": say("One row per step of the process chart."),
        "events": say("One row per thing that happened to an order."),
        "responses": say("One row per questionnaire, and one more column per question."),
        "inquiries": say("One row per question of a customer."),
        "claims": say("One row per complaint."),
        "stock": say("One row per product and day."),
        "costs": say("One row per option or step."),
        "role_answers": say("One row per person and step: whom they name as doing it."),
        "benchmarks": say("One row per figure of other companies."),
        "standards": say("One row per standard that was set."),
    }
    return words[table]


def _form(column: Column, say: Language) -> str:
    """Say what may stand in a column."""
    units = {
        "min": say("in minutes"),
        "kg": say("in kilograms"),
        "currency": say("in the currency"),
        "units": say("in units"),
        "share 0-1": say("share of 0 to 1"),
    }
    words = " / ".join(_allowed(column, say))
    forms = {
        "text": say("text"),
        "number": ", ".join(filter(None, (say("number"), units.get(column.unit)))),
        "date": say("date, with the time of day if known"),
        "choice": words,
        "yesno": words,
        "list": ", ".join(filter(None, (say("list, joined by a semicolon"), words))),
    }
    return forms[column.kind]


def _allowed(column: Column, say: Language) -> list[str]:
    values = ("yes", "no") if column.kind == "yesno" else column.allowed
    return [value_labels()[value][say.code] for value in values]


def _shown(column: Column, value: str, say: Language) -> str:
    """Put the client's words for allowed values."""
    if column.kind not in ("choice", "yesno", "list"):
        return value
    words = (value_labels().get(item, {}).get(say.code, item) for item in value.split(";"))
    return ";".join(words)


# ── the blank sheets ─────────────────────────────────────────────────────────────────────────


def write_sheet(
    path: str | Path, table: str, say: Language, rows: pd.DataFrame | None = None
) -> None:
    """Write a sheet that explains itself, and a second one with meanings and examples.

    Parameters
    ----------
    path : str or Path
    table : str
        One of the contract's tables.
    say : Language
        The language of headings, notes and allowed values.
    rows : DataFrame, optional
        What the sheet holds already, typed, with the contract's columns; columns of the client's
        own follow. Text stays text, whatever it begins with.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp()) / "steps.xlsx"
    >>> write_sheet(path, "steps", speak("en"))
    >>> path.is_file()
    True
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        title = table_title(table, say)
        book.set_properties({"title": title, "created": _MADE})
        sheet = book.add_worksheet(_sheet_name(title))
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_ROWS + 1}"})
        for number, column in enumerate(columns(table).values()):
            _write_heading(book, sheet, number, column, say)
            _limit_cells(sheet, number, column, say)
        if rows is not None:
            _write_rows(sheet, columns(table), rows, say)
        sheet.set_row(0, 48)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(0)
        _write_guide(book, table, say)


def _write_rows(
    sheet: Worksheet, known: dict[str, Column], rows: pd.DataFrame, say: Language
) -> None:
    own = [name for name in rows if name not in known]
    for number, name in enumerate([*known, *own]):
        if name in own:
            sheet.write_string(0, number, name)
        for row, value in enumerate(rows.get(name, ()), 1):
            if pd.isna(value) or value == "":
                continue
            if isinstance(value, str):
                shown = _shown(known[name], value, say) if name in known else value
                sheet.write_string(row, number, shown)
            else:
                sheet.write(row, number, value)


def _sheet_name(words: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", words)[:31]


def _heading_format(book: xlsxwriter.Workbook, column: Column) -> xlsxwriter.format.Format:
    """Dark green is required, light green a judgement of one's own, dark grey the rest."""
    fill = _GREEN if column.required else _PALE if column.kind == "yesno" else _GREY
    ink = _GREEN if fill == _PALE else "#ffffff"
    look = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
    return book.add_format(look | {"bg_color": fill, "font_color": ink, "border_color": "#ffffff"})


def _write_heading(
    book: xlsxwriter.Workbook, sheet: Worksheet, number: int, column: Column, say: Language
) -> None:
    label, kinds = column.labels[say.code], {"date": "yyyy-mm-dd hh:mm", "number": "General"}
    sheet.write_string(0, number, label + " *" * column.required, _heading_format(book, column))
    width = max(11, max(map(len, label.split())) + 3, len(label) / 2 + 2)
    # Text keeps what is typed: order numbers don't lose their leading zeros.
    cells = book.add_format({"num_format": kinds.get(column.kind, "@")})
    sheet.set_column(number, number, 17 if column.kind == "date" else width, cells)
    lines = [column.notes[say.code], _form(column, say)]
    lines += [say("Required.")] if column.required else []
    note = "\n".join([*lines, f"{say('Example')}: {_shown(column, column.example, say)}"])
    size = {"width": 280, "height": 34 + 18 * (len(note) // 38 + len(lines) + 1)}
    sheet.write_comment(0, number, note, size | {"font_name": "Arial", "font_size": 9})


def _limit_cells(sheet: Worksheet, number: int, column: Column, say: Language) -> None:
    """Offer drop-downs, and warn of a share that is a percentage; nothing typed is refused."""
    rule: dict[str, object] = {"error_type": "warning", "error_title": column.labels[say.code][:32]}
    if column.kind in ("choice", "yesno"):
        words = ", ".join(_allowed(column, say))
        rule |= {"validate": "list", "source": _allowed(column, say)}
        rule |= {"error_message": say("Usual words are: {words}", words=words)[:255]}
    elif column.unit == "share 0-1":
        rule |= {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1}
        rule |= {"error_message": say("A share of 0 to 1 is wanted: 0.08 is 8 per cent.")}
    else:
        return
    sheet.data_validation(1, number, _ROWS, number, rule)


def _write_guide(book: xlsxwriter.Workbook, table: str, say: Language) -> None:
    """Explain each column in a row of its own, with three example records beside it.

    The examples stand in columns, so the guide is never taken for the table itself.
    """
    sheet = book.add_worksheet(_sheet_name(say("How to fill it in")))
    head = book.add_format({"bold": True, "bottom": 2, "valign": "vcenter"})
    body = book.add_format({"text_wrap": True, "valign": "top", "bottom": 4, "num_format": "@"})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 4})
    examples = _examples(table, say)
    titles = [say("Column"), say("Meaning"), say("What to write")]
    titles += [say("Example {n}", n=n) for n, _ in enumerate(examples, 1)]
    sheet.write_row(0, 0, titles, head)
    for row, column in enumerate(columns(table).values(), 1):
        label = column.labels[say.code] + " *" * column.required
        sheet.write_string(row, 0, label, bold)
        shown = [_shown(column, example[column.name], say) for example in examples]
        sheet.write_row(row, 1, [column.notes[say.code], _form(column, say), *shown], body)
    for first, last, width in ((0, 0, 26), (1, 1, 58), (2, 2, 34), (3, 5, 20)):
        sheet.set_column(first, last, width)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _examples(table: str, say: Language) -> list[dict[str, str]]:
    path = template_path("new", f"example_{table}.{say.code}.csv")
    path = path if path.exists() else template_path("new", f"example_{table}.csv")
    with path.open(encoding="utf-8", newline="") as source:
        return [dict.fromkeys(columns(table), "") | row for row in csv.DictReader(source)]
