"""Show an executed report notebook in each format that a client may want."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

import nbformat

from workbook.page import read_closing, showable

__all__ = ["FORMATS", "check_formats", "make_files", "render"]


# Loaded when they are asked for: what a format needs may not be installed, and takes its time.
_WRITERS = {
    "html": "page.render_page",
    "pdf": "pdf.render_pdf",
    "docx": "word.render_word",
    "pptx": "slides.render_slides",
    "xlsx": "scorebook.render_scorebook",
}
FORMATS = (*_WRITERS, "zip")
# By the names that are imported; pictures for Word and PowerPoint are drawn by typst.
_PACKAGES = {"pdf": ("typst",), "docx": ("docx", "typst"), "pptx": ("pptx", "typst")}


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
        if not all(map(find_spec, _PACKAGES.get(name, ()))):
            what = f"format {name!r} needs a package that is not installed"
            raise ValueError(f"{what}; run pip install 'customer-logistics-workbook[formats]'")
    return tuple(form for form in FORMATS if form in names | {"html"})


def render(form: str, executed: nbformat.NotebookNode, profile: object) -> bytes:
    """Return an executed report notebook in one format (not zip); same input, same bytes."""
    shown = showable({"name": profile.name, "prepared_by": profile.prepared_by})
    module, name = _WRITERS[form].split(".")
    made = getattr(import_module(f"workbook.{module}"), name)(executed, replace(profile, **shown))
    return made.encode() if isinstance(made, str) else made


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
