"""Make awkward files as clients send them, each with what a right reading gives, from one seed.

`cases(seed)` returns them; `Case.write(folder)` writes one. Every file holds the same kind of
orders: twelve rows of which the rows, a sum, the first and last day and one text are known.
"""

import datetime as dt
import gzip
import io
import quopri
import random
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import xlsxwriter

FIELDS = ("order_id", "customer", "quantity_ordered", "unit_price", "ordered_at")
HEADINGS = {
    "en": ("Order number", "Customer", "Quantity ordered", "Unit price", "Ordered on"),
    "fr": ("N° de commande", "Client", "Quantité commandée", "Prix unitaire", "Commandé le"),
    "pl": ("Nr zamówienia", "Klient", "Zamówiona ilość", "Cena jednostkowa", "Data zamówienia"),
    "ru": ("Номер заказа", "Клиент", "Заказанное количество", "Цена за единицу", "Дата заказа"),
}
CUSTOMERS = {
    "en": ("Smith & Sons", "O'Brien Ltd", "NULL Carriers", "Acme; Inc", "Bolt, Nut & Co"),
    "fr": ("Évêque à Liège", "Cœur d'Œuvre", "Garçon Frères", "Noël & Fils", "L'Haÿ S.A."),
    "pl": ("Żółw i Źrebię", "Łódź Sp. z o.o.", "Śnieżka", "Gęś i Ćma", "Końcówka S.A."),
    "ru": ("Ёлочка и Щука", "ООО «Ромашка»", "Подъём", "Съезд", "Юг и Восток"),
}
PAGES = {
    "en": ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"),
    "fr": ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "iso8859-15"),
    "pl": ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1250", "iso8859-2"),
    "ru": ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"),
}
DATES = {"en": "%m/%d/%Y", "fr": "%d/%m/%Y", "pl": "%d.%m.%Y", "ru": "%d.%m.%y"}
THOUSANDS = {"en": ",", "fr": "\u202f", "pl": "\u00a0", "ru": " "}

Row = tuple[str, str, int, float, dt.date]


@dataclass(frozen=True)
class Case:
    """One file and what must come of it.

    `orders` are the rows that must be read, None when the file must be refused; `told` are
    (row, column, word) of which each must stand in one problem; without any and without `loose` the
    reading must have no problem at all.
    """

    name: str
    content: bytes
    orders: list[Row] | None
    told: tuple[tuple[int | None, str | None, str], ...] = ()
    file: str = "orders.csv"
    loose: bool = False
    fields: tuple[str, ...] = FIELDS
    mapping: dict[str, object] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        path = folder / self.file
        path.write_bytes(self.content)
        return path


def make_orders(rng: random.Random, language: str, n: int = 12) -> list[Row]:
    """Make orders whose days and prices settle their own order and decimal sign."""
    start, names = dt.date(2026, 1, 13), CUSTOMERS[language]
    day = lambda i: start + dt.timedelta(days=i * 9 + rng.randrange(5))
    price = lambda: rng.randrange(100_000, 999_999) / 100 + 0.01 * (rng.random() < 0.5)
    made = [(i, rng.choice(names), rng.randrange(1, 90)) for i in range(n)]
    return [(f"{i + 1:04}", who, many, round(price(), 2), day(i)) for i, who, many in made]


# ── text ─────────────────────────────────────────────────────────────────────────────────────


def shown(row: Row, language: str) -> list[str]:
    """Write a row as a system of that country does."""
    whole, cents = f"{row[3]:,.2f}".split(".")
    mark = "." if language == "en" else ","
    price = whole.replace(",", THOUSANDS[language]) + mark + cents
    return [row[0], row[1], str(row[2]), price, row[4].strftime(DATES[language])]


def quoted(cell: str, delimiter: str) -> str:
    wanted = any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if wanted else cell


def lines_of(orders: list[Row], language: str, delimiter: str = ";") -> list[str]:
    rows = [HEADINGS[language], *(shown(row, language) for row in orders)]
    return [delimiter.join(quoted(cell, delimiter) for cell in row) for row in rows]


def encoded(text: str, page: str) -> bytes:
    return text.encode(page, errors="replace")


def dialects(rng: random.Random) -> list[Case]:
    """Every language in its code pages, with a delimiter and line end each."""
    made = []
    for language, pages in PAGES.items():
        for i, page in enumerate(pages):
            for delimiter in (";", "\t", "|", ",")[i % 2 :: 2]:
                orders, end = make_orders(rng, language), ("\r\n", "\n", "\r")[i % 3]
                narrow = "\u202f" if "16" in page or "utf" in page else "\u00a0"
                text = end.join(lines_of(orders, language, delimiter)) + end
                text = text.replace("\u202f", narrow)
                name = f"{language} {page} {delimiter!r} {end!r}"
                made.append(Case(name, encoded(text, page), orders))
    return made


def texts(rng: random.Random) -> list[Case]:
    """What goes wrong in delimited text."""
    orders = make_orders(rng, "pl")
    lines = lines_of(orders, "pl")
    head, body = lines[0], lines[1:]
    whole = "\n".join(lines) + "\n"
    width = ";" * 4

    def case(name: str, text: str, *told: tuple, page: str = "utf-8", **more: object) -> Case:
        return Case(name, text.encode(page), more.pop("orders", orders), told, **more)

    broken = [(o[0], f'{o[1]}\nmagazyn "A"', *o[2:]) for o in orders]
    long = [(o[0], o[1] * 20_000, *o[2:]) if i == 3 else o for i, o in enumerate(orders)]
    cut = [*lines[:4], ";".join(lines[4].split(";")[:3]), *lines[5:]]
    unclosed = [*lines[:5], lines[5].replace(";", ';"', 1), *lines[6:]]
    inner = [
        *lines[:5],
        lines[5].replace(orders[4][1], f'"Firma "{orders[4][1]}; S.A." sp."'),
        *lines[6:],
    ]
    dashes = "-" * 60
    sap = [f"|{line.replace(';', '|')}|" for line in lines]
    sap = [dashes, sap[0], dashes, *sap[1:], dashes]
    titles = ["Raport zamówień", "Okres: 2026", "", *lines]
    group = (
        "Zamówienie;;Wartości;;Termin\nnr;Klient;Zamówiona ilość;Cena jednostkowa;Data zamówienia"
    )
    group = group.replace("\nnr", "\nNr zamówienia")
    return [
        case("sep announced", "sep=;\n" + whole),
        *quoting(lines, case),
        *below(lines, case),
        case("sep with byte-order mark", "\ufeffsep=;\r\n" + whole.replace("\n", "\r\n")),
        case("SEP of an odd kind", "SEP=^\n" + whole.replace(";", "^")),
        case("mixed line ends", head + "\r\n" + "\n".join(body[:5]) + "\r" + "\r\n".join(body[5:])),
        case("line breaks inside quotes", "\n".join(lines_of(broken, "pl")), orders=broken),
        case(
            "line breaks CRLF inside quotes",
            "\r\n".join(lines_of(broken, "pl")).replace("\nmag", "\nmag"),
            orders=broken,
        ),
        case("a very long field", "\n".join(lines_of(long, "pl")), orders=long),
        case(
            "a field of three megabytes",
            "\n".join(
                lines_of(
                    [(o[0], o[1] * (1 + 200_000 * (o is orders[3])), *o[2:]) for o in orders], "pl"
                )
            ),
            orders=[(o[0], o[1] * (1 + 200_000 * (o is orders[3])), *o[2:]) for o in orders],
        ),
        case("NUL bytes", whole.replace("Klient", "Kli\0ent", 1), (1, None, "NUL")),
        case("NUL padding at the end", whole + "\0" * 512),
        case("end of file mark of DOS", whole + "\x1a"),
        case("no line end at the end", whole.rstrip("\n")),
        case("blank lines", "\n\n" + whole.replace("\n", "\n\n") + "\n\n"),
        case("lines of delimiters only", whole + f"{width}\n" * 5),
        case("trailing delimiters", "\n".join(line + ";;" for line in lines)),
        case(
            "trailing delimiters but in the headings", "\n".join([head, *(b + ";" for b in body)])
        ),
        case(
            "a short row",
            "\n".join(cut),
            (5, None, "missing"),
            orders=[(*o[:3], None, None) if i == 3 else o for i, o in enumerate(orders)],
        ),
        case(
            "a row with a surplus cell",
            whole.replace(body[6], body[6] + ";uwaga"),
            (8, None, "more cells"),
        ),
        case("an unclosed quote", "\n".join(unclosed), (6, None, "quotation mark"), orders=None),
        case(
            "unclosed at the very end", whole + '9;"x\n', (14, None, "quotation mark"), orders=None
        ),
        case("quotes inside quotes", "\n".join(inner), (6, None, "quotation mark"), orders=None),
        case("title rows", "\n".join(titles)),
        case("title rows with delimiters", f"Raport;;;;\n{width}\n" + whole),
        case("a footer", whole + "\nWygenerowano: 2.06.2026\n", (15, None, "note")),
        case(
            "two lines of footer",
            whole + f"Koniec raportu{width}\nStrona 1 z 1{width}\n",
            (14, None, "notes"),
        ),
        case(
            "a row of units",
            whole.replace(head, f"{head}\n;;szt.;PLN;dd.mm.rrrr"),
            (2, None, "units"),
        ),
        case(
            "a row of column numbers", whole.replace(head, f"{head}\n1;2;3;4;5"), (2, None, "units")
        ),
        case("a group of headings above", whole.replace(head, group)),
        case("a list as SAP prints it", "\n".join(sap)),
        case("padded cells", "\n".join(" ; ".join(line.split(";")) for line in lines)),
        case("headings in capitals", whole.replace(head, head.upper())),
        case(
            "quoted headings over two lines", whole.replace("Nr zamówienia", '"Nr\nzamówienia"', 1)
        ),
        case(
            "every cell quoted", "\n".join('"' + line.replace(";", '";"') + '"' for line in lines)
        ),
        case(
            "an index without heading",
            "\n".join(f"{i or ''};{line}" for i, line in enumerate(lines)),
            (1, "A", "no heading"),
        ),
        Case(
            "one damaged byte",
            head.encode() + whole.encode()[len(head.encode()) :].replace("ó".encode(), b"\xc3", 1),
            orders,
            told=((None, None, "lost"),),
            loose=True,
        ),
        case(
            "one column only",
            "Nr zamówienia\n" + "\n".join(o[0] for o in orders),
            fields=("order_id",),
        ),
        case("headings only", head + "\n", orders=[]),
        case(
            "years of two digits first",
            "\n".join(
                [
                    head,
                    *(
                        line.rsplit(";", 1)[0] + f";{o[4]:%y-%m-%d}"
                        for line, o in zip(body, orders, strict=True)
                    ),
                ]
            ),
        ),
        Case(
            "UTF-16 without a mark",
            "\n".join(lines_of(make_orders(random.Random(3), "ru"), "ru", "\t")).encode(
                "utf-16-le"
            ),
            make_orders(random.Random(3), "ru"),
        ),
        case("an empty file", "", (None, None, "empty"), orders=None),
        case("blanks only", "\n \n\t\n", (None, None, "empty"), orders=None),
    ]


def quoting(lines: list[str], case: Callable[..., Case]) -> list[Case]:
    """Quotes that are none of CSV's, and marks that nobody sees."""
    single = ["'" + line.replace(";", "';'") + "'" for line in lines]
    whole = ['"' + line.replace('"', '""') + '"' for line in lines]
    escaped = [line.replace("Łódź", '\\"Łódź\\"') for line in lines]
    names = [re.sub("^(.*?);(.*?);", r'\1;"\2";', line) for line in escaped]
    return [
        case("single quotes", "\n".join(single)),
        case("every row one quoted cell", "\n".join(whole)),
        case("quotes escaped by a backslash", "\n".join(names), loose=True),
        case(
            "a mark in the middle and the headings again",
            "\n".join([*lines[:6], "\ufeff" + lines[0], *lines[6:]]),
            (7, None, "headings stand again"),
        ),
        case(
            "marks that nobody sees",
            "\n".join(["\u200e" + line.replace(";", ";\u200b") for line in lines]),
        ),
        case(
            "an apostrophe before codes", "\n".join([lines[0], *("'" + line for line in lines[1:])])
        ),
    ]


def below(lines: list[str], case: Callable[..., Case]) -> list[Case]:
    """What stands among the records or below them and is none."""
    group = [*lines[:4], "Klient: Beta;;;;", *lines[4:8], "Do przeniesienia;;61;;", *lines[8:]]
    other = [*lines, "", "Klient;Miasto;Telefon", "Łódź Sp. z o.o.;Łódź;421"]
    again = [*lines[:6], "", "Luty", lines[0], *lines[6:]]
    return [
        case("titles of groups and sums carried over", "\n".join(group), (5, None, "titles")),
        case("another table below", "\n".join(other), (15, None, "another table")),
        case(
            "the table goes on below a title",
            "\n".join(again),
            (8, None, "title"),
            (9, None, "headings stand again"),
        ),
    ]


# ── workbooks ────────────────────────────────────────────────────────────────────────────────


def saved(fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> bytes:
    """Make a workbook, the same bytes for the same cells."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **options}) as book:
        book.set_properties({"created": dt.datetime(2026, 1, 1)})
        fill(book)
    return target.getvalue()


def fill_sheet(
    book: xlsxwriter.Workbook,
    orders: list[Row],
    *,
    language: str = "pl",
    top: int = 0,
    left: int = 0,
    name: str = "Zamówienia",
    form: str = "dd.mm.yyyy",
) -> xlsxwriter.workbook.Worksheet:
    sheet, day = book.add_worksheet(name), book.add_format({"num_format": form})
    sheet.write_row(top, left, HEADINGS[language])
    for i, row in enumerate(orders, top + 1):
        sheet.write_row(i, left, row[:4])
        sheet.write_datetime(i, left + 4, dt.datetime.combine(row[4], dt.time()), day)
    return sheet


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def raw_cell(place: str, value: object) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, dt.date):
        value = (value - dt.date(1899, 12, 30)).days
        return f'<c r="{place}" s="1"><v>{value}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def raw_rows(rows: list[tuple], first: int = 1) -> str:
    cells = lambda i, row: "".join(raw_cell(f"{chr(65 + j)}{i}", v) for j, v in enumerate(row))
    return "".join(f'<row r="{i}">{cells(i, row)}</row>' for i, row in enumerate(rows, first))


def raw_workbook(
    rows: str, *, before: str = "", after: str = "", more: dict[str, str] | None = None
) -> bytes:
    """Write a workbook's parts by hand, to spoil them."""
    link = f'<Relationship Type="{OFFICE}/'
    parts = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension='
        '"rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{link}officeDocument"'
        ' Id="rId1" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Zamówienia" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f'{link}worksheet" Id="rId1" Target="worksheets/sheet1.xml"/>'
        f'{link}styles" Id="rId2" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'{HEAD}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}'
        f"</sheetData>{after}</worksheet>",
    }
    return zipped(parts | (more or {}))


def zipped(parts: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED
            )
    return target.getvalue()


def workbooks(rng: random.Random) -> list[Case]:
    """What goes wrong in workbooks."""
    orders = make_orders(rng, "pl")
    day = {"num_format": "dd.mm.yyyy"}

    def case(
        name: str, fill: Callable, *told: tuple, file: str = "orders.xlsx", **more: object
    ) -> Case:
        options = more.pop("options", {})
        return Case(name, saved(fill, **options), more.pop("orders", orders), told, file, **more)

    def titled(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders, top=6)
        sheet.merge_range(0, 0, 0, 4, "Raport zamówień")
        sheet.write(2, 0, "Wydruk:")
        sheet.write_datetime(2, 1, dt.datetime(2026, 6, 2), book.add_format(day))

    def grouped(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders, top=1)
        for column in (0, 1, 4):
            sheet.merge_range(0, column, 1, column, HEADINGS["pl"][column])
        sheet.merge_range(0, 2, 0, 3, "Zamówiona")
        sheet.write_row(1, 2, ["ilość", "Cena jednostkowa"])

    def merged(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        sheet.merge_range(3, 1, 5, 1, "Wspólny", book.add_format({"valign": "top"}))

    def hidden(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        for row in (4, 7):
            sheet.set_row(row, None, None, {"hidden": True})

    def decoys(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Czytaj to").write(0, 0, "Klient: patrz dalej")
        fill_sheet(book, orders[:3], name="Stare").hide()
        fill_sheet(book, orders)
        book.add_chartsheet("Wykres")

    def alike(book: xlsxwriter.Workbook) -> None:
        fill_sheet(book, orders, name="Styczeń")
        fill_sheet(book, orders[:2], name="Luty")

    def errors(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        sheet.write_formula(2, 3, "=1/0", None, "#DIV/0!")
        sheet.write_formula(4, 3, "=1/0", None, "#DIV/0!")
        sheet.write_formula(5, 1, "=NA()", None, "#N/A")

    def computed(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        for i, row in enumerate(orders, 1):
            sheet.write_formula(i, 3, "=D1", None, row[3])
            sheet.write_formula(i, 1, '=""&B1', None, row[1])

    def as_text(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Dane")
        for i, row in enumerate([HEADINGS["pl"], *(shown(row, "pl") for row in orders)]):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell)

    def beside_text(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        for i, row in enumerate(orders[::3]):
            sheet.write_string(3 * i + 1, 3, shown(row, "pl")[3])

    def zeros(book: xlsxwriter.Workbook) -> None:
        sheet, four = fill_sheet(book, orders), book.add_format({"num_format": "0000"})
        for i, row in enumerate(orders, 1):
            sheet.write_number(i, 0, int(row[0]), four)

    def serials(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        for i, row in enumerate(orders, 1):
            sheet.write_number(i, 4, (row[4] - dt.date(1899, 12, 30)).days)

    def formats(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders, form="[$-F800]dddd, mmmm dd, yyyy")
        money = book.add_format({"num_format": '_-* #,##0.00 [$zł-415]_-;[Red]-#,##0.00 "dm"'})
        pieces = book.add_format({"num_format": '0" szt. (dd)"'})
        for i, row in enumerate(orders, 1):
            sheet.write_number(i, 2, row[2], pieces)
            sheet.write_number(i, 3, row[3], money)

    def footer(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders)
        sheet.merge_range(15, 0, 15, 3, "Sporządził: magazyn główny")

    def units(book: xlsxwriter.Workbook) -> None:
        sheet = fill_sheet(book, orders, top=1)
        sheet.write_row(0, 0, HEADINGS["pl"])
        sheet.write_row(1, 0, [" ", " ", "szt.", "PLN", "data"])

    def blanks(book: xlsxwriter.Workbook) -> None:
        sheet, grey = fill_sheet(book, orders), book.add_format({"bg_color": "#dddddd"})
        for row in (100, 5_000, 1_048_575):
            for column in (0, 30, 16_383):
                sheet.write_blank(row, column, None, grey)

    def stray(book: xlsxwriter.Workbook) -> None:
        fill_sheet(book, orders).write(1_048_575, 16_383, "x")

    by_hand = [HEADINGS["pl"], *orders]
    rows = raw_rows(by_hand)
    never = rows.replace(f"<v>{orders[4][3]}</v>", "<f>C6*2</f><v></v>")
    never_either = rows.replace(f"<v>{orders[4][3]}</v>", '<f t="shared" si="0"/>')
    whole = saved(partial(fill_sheet, orders=orders))
    with zipfile.ZipFile(io.BytesIO(raw_workbook(rows))) as archive:
        wide = {name: archive.read(name) for name in archive.namelist()}
    wide["xl/worksheets/sheet1.xml"] = wide["xl/worksheets/sheet1.xml"].decode().encode("utf-16")
    blank_price = [(*o[:3], None, o[4]) if i == 4 else o for i, o in enumerate(orders)]
    wrong = [list(o) for o in orders]
    wrong[1][3] = wrong[3][3] = wrong[4][1] = None
    return [
        Case("a workbook", whole, orders, file="orders.xlsx"),
        Case("a workbook with macros", whole, orders, file="orders.xlsm"),
        Case("a workbook named .csv", whole, orders, file="orders.csv"),
        Case("a workbook named .xls", whole, orders, file="orders.xls"),
        Case(
            "text named .xlsx",
            "\n".join(lines_of(orders, "pl")).encode("cp1250"),
            orders,
            file="orders.xlsx",
        ),
        case("title rows and a merged title", titled),
        case("headings at C5", partial(fill_sheet, orders=orders, top=4, left=2)),
        case("grouped headings", grouped),
        case(
            "cells merged over rows",
            merged,
            (4, "Klient", "merged"),
            orders=[
                (o[0], "Wspólny", *o[2:]) if i in (2, 3, 4) else o for i, o in enumerate(orders)
            ],
        ),
        case("hidden rows", hidden, (5, None, "2 rows are hidden")),
        case("other sheets, hidden sheets, charts", decoys),
        case("two sheets alike", alike, (None, None, "Luty")),
        case("dates since 1904", partial(fill_sheet, orders=orders), options={"date_1904": True}),
        case(
            "error cells",
            errors,
            (3, "Cena jednostkowa", "3 and 5"),
            (6, "Klient", "unknown"),
            orders=wrong,
        ),
        case("formulas with stored values", computed),
        case("numbers and dates as text", as_text),
        case("dates as serial numbers", serials),
        case("some numbers as text beside numbers", beside_text),
        case("zeros that only the format shows", zeros),
        Case("a sheet in UTF-16", zipped(wide), orders, file="o.xlsx"),
        case("formats that look like dates", formats),
        case("a footer of a sheet", footer, (16, None, "note")),
        case("a row of units in a sheet", units, (2, None, "units"), orders=orders),
        case("formatted blanks to the last cell", blanks),
        case("a stray cell in the last place", stray, (1_048_576, "XFD", "far")),
        Case(
            "formulas never calculated",
            raw_workbook(never),
            blank_price,
            ((6, "Cena jednostkowa", "never"),),
            "o.xlsx",
        ),
        Case(
            "shared formulas never calculated",
            raw_workbook(never_either),
            blank_price,
            ((6, "Cena jednostkowa", "never"),),
            "o.xlsx",
        ),
        Case(
            "a declared range of the whole sheet",
            raw_workbook(rows, before='<dimension ref="A1:XFD1048576"/>'),
            orders,
            file="o.xlsx",
        ),
        Case(
            "cells without references",
            raw_workbook(re.sub(r' r="\w+"', "", rows)),
            orders,
            file="o.xlsx",
        ),
        *refused_workbooks(orders, rows, whole),
    ]


def refused_workbooks(orders: list[Row], rows: str, whole: bytes) -> list[Case]:
    """What must not be opened, or can't be."""
    entity = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]>'
    with_entity = raw_workbook(rows, more={"xl/sharedStrings.xml": HEAD + entity + "<sst/>"})
    declared = bytearray(raw_workbook(rows))
    at = declared.rfind(b"xl/worksheets/sheet1.xml") - 46
    declared[at + 24 : at + 28] = struct.pack("<I", 0xF0000000)
    many = raw_rows([HEADINGS["pl"]]) + "".join(
        f'<row r="{i}">' + f'<c r="A{i}"><v>1</v></c><c r="ZZ{i}"><v>1</v></c></row>'
        for i in range(2, 60_000)
    )
    refuse = lambda name, content, word, file="o.xlsx": Case(
        name, bytes(content), None, ((None, None, word),), file
    )
    shared = {
        "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}"><si><t>{"x" * 32_000}</t></si></sst>'
    }
    copied = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 30_000))
    circle = bytearray(ole("Workbook"))
    circle[68:76] = struct.pack("<II", 1, 1)  # the list of the table's sectors goes on in itself
    circle[2 * 512 + 508 : 3 * 512] = struct.pack("<I", 1)
    return [
        refuse("one long text in every cell", raw_workbook(copied, more=shared), "unpacks"),
        refuse("a password", ole("EncryptedPackage"), "password"),
        refuse("sectors in a circle", circle, "broken", "o.xls"),
        refuse("an empty container", ole("Nothing"), "can't be read", "o.xls"),
        refuse("cut in half", whole[: len(whole) // 2], "can't be read"),
        refuse("cut at the start", whole[100:], ""),
        refuse("a member outside", raw_workbook(rows, more={"../../evil.xml": "x"}), "outside"),
        refuse("an absolute member", raw_workbook(rows, more={"/etc/evil": "x"}), "outside"),
        refuse("entities", with_entity, "entities"),
        refuse("a declared bomb", declared, "unpacks"),
        refuse("another document", zipped({"word/document.xml": "<x/>"}), "can't be read"),
        refuse("cells spread widely", raw_workbook(many), "spread"),
        refuse(
            "a place that no sheet has",
            raw_workbook(rows.replace('r="B7"', 'r="BBBBBBB7"')),
            "place",
        ),
        refuse("an empty sheet", saved(lambda book: book.add_worksheet("Nic")), "empty"),
    ]


def ole(stream: str) -> bytes:
    """Make a compound file that holds one stream, as Excel wraps a protected workbook."""
    entry = lambda name, kind, child: (
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + b"\0" * 36
        + struct.pack("<IQ", 0xFFFFFFFE if kind == 5 else 2, 0 if kind == 5 else 4096)
    )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (4 * 108)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 10), 0xFFFFFFFE]
    table = struct.pack("<10I", *chain).ljust(512, b"\xff")
    folder = entry("Root Entry", 5, 1) + entry(stream, 2, 0xFFFFFFFF)
    return header + table + folder.ljust(512, b"\0") + b"\0" * 4096


# ── other files ──────────────────────────────────────────────────────────────────────────────


def others(rng: random.Random) -> list[Case]:
    """Tables in markup and Parquet, and what is no table."""
    orders = make_orders(rng, "pl")
    cells = [HEADINGS["pl"], *(shown(row, "pl") for row in orders)]
    tag = lambda row: "".join(f"<td>{escape(cell)}</td>" for cell in row)
    table = "<table border=1>" + "".join(f"<tr>{tag(row)}</tr>" for row in cells) + "</table>"
    page = "<html><head><meta charset=windows-1250></head><body><h1>Raport</h1>{}</body></html>"
    open_tags = table.replace("</td>", "").replace("</tr>", "")
    spans = table.replace("<table border=1>", "<table><tr><td colspan=5>Raport zamówień</td></tr>")
    data = lambda cell: f'<Cell><Data ss:Type="String">{escape(cell)}</Data></Cell>'
    xml_rows = "".join(f"<Row>{''.join(map(data, row))}</Row>" for row in cells[1:])
    xml = (
        f'{HEAD}<?mso-application progid="Excel.Sheet"?><Workbook xmlns:ss="urn:s"><Worksheet>'
        f'<Table><Row ss:Index="4">{"".join(map(data, cells[0]))}</Row>{xml_rows}</Table>'
        "</Worksheet></Workbook>"
    )
    part = quopri.encodestring(page.format(table).encode("cp1250")).decode("ascii")
    archive = (
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\nContent-Type: '
        'text/html; charset="windows-1250"\nContent-Transfer-Encoding: quoted-printable\n\n'
        f"{part}\n--b--\n"
    )
    frame = pd.DataFrame(orders, columns=list(FIELDS))
    parquet = lambda table: table.to_parquet(None, index=False)
    refuse = lambda name, content, word, file: Case(
        name, content, None, ((None, None, word),), file
    )
    return [
        Case("a page named .xls", page.format(table).encode("cp1250"), orders, file="o.xls"),
        Case("a page with open tags", page.format(open_tags).encode("utf-8"), orders, file="o.xls"),
        Case("a page with a spanning title", spans.encode("utf-16"), orders, file="o.xls"),
        Case(
            "a layout table beside",
            ("<table><tr><td>Menu</table>" + table).encode(),
            orders,
            file="o.xls",
        ),
        Case("an XML spreadsheet", xml.encode(), orders, file="o.xls"),
        Case("a web archive named .xls", archive.encode(), orders, file="o.xls"),
        Case("Parquet", parquet(frame), orders, file="o.parquet"),
        Case("Parquet named .csv", parquet(frame), orders, file="o.csv"),
        Case(
            "Parquet with categories and moments",
            parquet(
                frame.assign(
                    customer=frame["customer"].astype("category"),
                    ordered_at=pd.to_datetime(frame["ordered_at"]),
                )
            ),
            orders,
            file="o.parquet",
        ),
        Case(
            "Parquet with decimals and wide integers",
            parquet(
                frame.assign(
                    quantity_ordered=frame["quantity_ordered"].astype("float64"),
                    order_id=frame["order_id"].astype("str"),
                )
            ),
            orders,
            file="o.parquet",
        ),
        refuse(
            "Parquet with lists",
            parquet(frame.assign(customer=[["a", "b"]] * len(frame))),
            "customer",
            "o.parquet",
        ),
        refuse("Parquet cut in half", parquet(frame)[:900], "can't be read", "o.parquet"),
        refuse("a PDF named .csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF", "o.csv"),
        refuse("a picture named .xlsx", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG", "o.xlsx"),
        refuse(
            "a packed text",
            gzip.compress("\n".join(lines_of(orders, "pl")).encode(), mtime=0),
            "gzip",
            "o.csv",
        ),
        refuse("noise", rng.randbytes(5000), "", "o.csv"),
    ]


def headings(rng: random.Random) -> list[Case]:
    """Headings that are doubled, blank, missing, repeated or nearly right."""
    orders = make_orders(rng, "en")
    lines = lines_of(orders, "en", ",")
    head, rest = lines[0], "\n" + "\n".join(lines[1:]) + "\n"
    add = lambda name, cell: "\n".join(
        [f"{head},{name}", *(f"{line},{cell}" for line in lines[1:])]
    )
    case = lambda name, text, *told, **more: Case(
        name, text.encode(), more.pop("orders", orders), told, **more
    )
    return [
        case("our own names", ",".join(FIELDS) + rest),
        case("an unknown column", add("Remarks of the driver", "ok")),
        case("a repeated heading", add("Customer", "x"), (1, "Customer", "2 times"), loose=True),
        case("two headings for one column", add("Client", "x"), (1, "Client", "two headings")),
        case("a blank heading", add("", "x"), (1, "F", "no heading")),
        case(
            "a required heading is missing",
            head.replace("Order number", "Whatever") + rest,
            (1, "order_id", "required"),
            orders=None,
        ),
        case(
            "nearly the required heading",
            head.replace("Order number", "Oder numbr") + rest,
            (1, "order_id", "Oder numbr"),
            orders=None,
        ),
        case(
            "nearly another heading",
            head.replace("Unit price", "Unit prise") + rest,
            (1, "Unit prise", "unit_price"),
            fields=("order_id", "customer", "quantity_ordered", "ordered_at"),
        ),
        case(
            "mapped headings",
            head.replace("Unit price", "P1").replace("Customer", "Who") + rest,
            mapping={"columns": {"unit_price": ("Price", "P1"), "customer": ("Who",)}},
        ),
        case(
            "a mapping to nothing",
            head + rest,
            (1, "weight_kg", "Wght"),
            mapping={"columns": {"weight_kg": ("Wght",)}},
            orders=None,
        ),
    ]


def cases(seed: int = 7) -> list[Case]:
    """Return every case, the same for the same seed."""
    rng = random.Random(seed)
    return [case for make in (dialects, texts, workbooks, others, headings) for case in make(rng)]
