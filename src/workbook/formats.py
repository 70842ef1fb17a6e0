"""Show an executed report notebook in each format that a client may want."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec

import nbformat

from workbook.page import read_closing, render_page
from workbook.scorebook import render_scorebook

__all__ = ["FORMATS", "check_formats", "make_files", "render"]


def _html(executed: nbformat.NotebookNode, profile: object) -> bytes:
    return render_page(executed, profile).encode()


def _pdf(executed: nbformat.NotebookNode, profile: object) -> bytes:
    from workbook.pdf import render_pdf  # not above: what a format needs may not be installed

    return render_pdf(executed, profile)


def _docx(executed: nbformat.NotebookNode, profile: object) -> bytes:
    from workbook.word import render_word

    return render_word(executed, profile)


_WRITERS: dict[str, Callable[[nbformat.NotebookNode, object], bytes]] = {
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
    "xlsx": render_scorebook,
}
FORMATS = (*_WRITERS, "zip")
_PACKAGES = {"pdf": "typst", "docx": "docx", "pptx": "pptx"}  # by the names that are imported


def check_formats(wanted: str | Iterable[str]) -> tuple[str, ...]:
    """Return the formats named in a list such as 'html,pdf', in order; the page is always one.

    Raises
    ------
    ValueError
        If one of them is not known, or needs a package that is not installed.

    Examples
    --------
    >>> check_formats("zip")
    ('html', 'zip')
    """
    parts = wanted.split(",") if isinstance(wanted, str) else wanted
    names = {part.strip() for part in parts} - {""}
    for name in sorted(names):
        if name not in FORMATS:
            raise ValueError(f"format {name!r} is not known; write {', '.join(FORMATS)}")
        package = _PACKAGES.get(name)
        if package and find_spec(package) is None:
            what = f"format {name!r} needs a package that is not installed"
            raise ValueError(f"{what}; run pip install 'customer-logistics-workbook[formats]'")
    return tuple(form for form in FORMATS if form in names | {"html"})


def render(form: str, executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return an executed report notebook in one format (not zip); same input, same bytes."""
    return _WRITERS[form](executed, profile)


def make_files(
    formats: Iterable[str], executed: nbformat.NotebookNode, profile: object
) -> dict[str, bytes]:
    """Return what a client receives, by file name: the formats, measures, findings, the pack.

    Parameters
    ----------
    formats : iterable of str
        As `check_formats` returns them.
    executed : notebook node
        It has to be whole: its closing cell ran.
    profile : Profile
    """
    closing = read_closing(executed)
    forms = [form for form in formats if form != "zip"]
    files = {f"report.{form}": render(form, executed, profile) for form in forms}
    for name in ("measures", "findings"):
        files[f"{name}.json"] = json.dumps(closing[name], indent=1, ensure_ascii=False).encode()
    if "zip" in formats:
        files[f"{profile.id}.zip"] = _pack(files, profile.id)
    return files


def _pack(files: Mapping[str, bytes], folder: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            member = zipfile.ZipInfo(f"{folder}/{name}")  # a fixed date: same files, same bytes
            pack.writestr(member, content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
