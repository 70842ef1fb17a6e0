"""Bring the chapters' prose catalogues up to date: run it after words have changed.

One message is one paragraph of a Markdown cell. What is new comes in untranslated, what is gone
goes out, and a paragraph that changed has to be translated anew.
"""

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from workbook.editions import chapters, paragraphs
from workbook.resources import notebook_path

LANGUAGES = ("fr", "pl", "ru")


def extract() -> Catalog:
    """Return every paragraph of the chapters, in order."""
    catalogue = Catalog(project="workbook", charset="utf-8")
    for chapter in chapters():
        for cell in nbformat.read(chapter, as_version=4).cells:
            for paragraph in paragraphs(cell.source) if cell.cell_type == "markdown" else ():
                catalogue.add(paragraph, None, [(chapter.name, None)])
    return catalogue


def update(language: str, template: Catalog) -> int:
    """Write a language's catalogue; return how many paragraphs it still lacks."""
    path = notebook_path("locale", f"{language}.po")
    known = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    known.update(template, no_fuzzy_matching=True, update_creation_date=False)
    known.obsolete.clear()
    known.header_comment = f"# The chapters' prose in {known.locale.english_name}."
    known.project, known.version, known.fuzzy = "workbook", "0", False
    for message in known:
        message.flags.discard("python-format")
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        write_po(file, known, width=0, include_lineno=False)
    return sum(not message.string for message in known if message.id)


if __name__ == "__main__":
    template = extract()
    for language in LANGUAGES:
        print(
            f"{language}: {update(language, template)} of {len(template)} paragraphs to translate"
        )
