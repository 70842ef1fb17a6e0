"""Bring the message catalogues up to date: `python tools/messages.py` after words have changed.

New messages come in untranslated, gone ones go out, and the translations that stay are kept; a
message that changed a little is no longer trusted and must be translated anew.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
LANGUAGES = ("fr", "pl", "ru")
KEYWORDS = {"say": None, "later": None, "plural": (1, 2)}


def read_python(
    file: BinaryIO, keywords: dict[str, object], tags: object, options: object
) -> Iterator[tuple[int, str, object, list[str]]]:
    """Yield the messages of a Python file by its syntax.

    Babel's own reader goes word by word: a `say` that is handed on inside `say.plural(…)` ends the
    plural there, and loses its second form.
    """
    for call in ast.walk(ast.parse(file.read())):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        words = [word.value for word in call.args if isinstance(word, ast.Constant)]
        words = [word for word in words if isinstance(word, str)]
        if name in keywords and words:
            yield call.lineno, name, tuple(words) if len(words) > 1 else words[0], []


METHODS = [("**.py", read_python), ("**.j2", "jinja2.ext:babel_extract")]


def extract() -> Catalog:
    """Return every message of the package and its templates, in the order of their files."""
    catalogue = Catalog(project="workbook", charset="utf-8")
    for folder in (ROOT / "src" / "workbook", ROOT / "templates"):
        found = extract_from_dir(folder, METHODS, keywords=KEYWORDS)
        for file, _, message, comments, context in sorted(found, key=lambda each: each[:2]):
            place = f"{folder.relative_to(ROOT).as_posix()}/{Path(file).as_posix()}"
            # A per cent sign is no format here: values go in by name.
            catalogue.add(message, None, [(place, None)], auto_comments=comments, context=context)
    return catalogue


def catalogue_path(language: str) -> Path:
    """Return where a language's catalogue lies."""
    return ROOT / "src" / "workbook" / "locale" / f"{language}.po"


def update(language: str, template: Catalog) -> int:
    """Write a language's catalogue; return how many messages it still lacks."""
    path = catalogue_path(language)
    known = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    known.update(template, no_fuzzy_matching=True, update_creation_date=False)
    known.obsolete.clear()
    for message in known:
        message.flags.discard("python-format")
    known.header_comment = f"# The workbook's words in {known.locale.english_name}."
    known.project, known.version, known.fuzzy = "workbook", "0", False
    with path.open("wb") as file:
        write_po(file, known, width=100, omit_header=False, sort_output=True, include_lineno=False)
    return sum(not _translated(message) for message in known if message.id)


def _translated(message: object) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


if __name__ == "__main__":
    template = extract()
    for language in LANGUAGES:
        print(f"{language}: {update(language, template)} of {len(template)} messages to translate")
