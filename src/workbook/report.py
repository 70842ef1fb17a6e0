"""Make one client's report: run the notebook with papermill and show what it computed."""

import ast
import contextlib
import difflib
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill

from workbook.data import find_client
from workbook.files import write_all
from workbook.formats import FORMATS, check_formats, make_files
from workbook.kernels import run_notebook
from workbook.language import speak
from workbook.page import read_closing
from workbook.profile import read_profile
from workbook.records import Outcome, find_notebook, hash_inputs, record_run

__all__ = ["Outcome", "make_report", "replace_report", "report_values"]


def make_report(
    folder: str | Path,
    out: str | Path,
    *,
    language: str | None = None,
    parameters: Mapping[str, object] | None = None,
    overrides: Mapping[str, object] | None = None,
    formats: Iterable[str] = ("html",),
) -> Outcome:
    """Run the report notebook for one client and write OUT/ID/.

    An earlier report stays as it was until the new one is whole; run.json always tells how the
    last run ended.

    Parameters
    ----------
    folder : path
        The client's folder, or the name of a shipped sample. Its own report.ipynb wins over the
        template.
    out : path
        Where the folder ID/ is made.
    language : str, optional
        en, fr, pl or ru; default: the client's.
    parameters : mapping, optional
        Further values for the notebook's `parameters` cell.
    overrides : mapping, optional
        Keys that win over client.yaml, as a client list gives them.
    formats : iterable of str
        Which of html, pdf, docx, pptx, xlsx, zip to make; html is always made.

    Returns
    -------
    Outcome
        status ok, or failed with the cell and the reason.

    Raises
    ------
    ValueError
        If the folder, the language, a format or a parameter is not known: nothing is written then.
    DataError
        If client.yaml has faults.
    """
    formats = check_formats(formats)
    folder = find_client(folder)
    profile = read_profile(folder, overrides)
    notebook = find_notebook(folder)
    values = dict(parameters or {})
    if "client" in values:
        raise ValueError("the parameter 'client' is the folder itself; leave it out")
    values = report_values(
        language or values.get("language") or profile.language, overrides, values
    )
    _check_parameters(notebook, {"client": str(folder)} | values)
    made_from = hash_inputs(folder, values, formats)
    target = Path(out) / profile.id
    target.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    say = speak(values["language"])
    run = run_notebook(notebook, values | {"client": str(folder)}, say)
    closing = _closing(run.executed) if run.executed else None
    outcome = Outcome(profile.id, run.status, run.cell, run.reason)
    if closing:
        files = make_files(formats, run.executed, profile)
        files["report.ipynb"] = nbformat.writes(run.executed).encode()
        replace_report(target, files)
        made, errors = tuple(files), tuple(closing["errors"])
        outcome = Outcome(profile.id, "ok", files=made, errors=errors, summary=closing)
    elif run.executed:
        reason = say("it ended before its last cell; look for an exit in a cell")
        outcome = Outcome(profile.id, "failed", reason=reason)
    outcome = replace(outcome, seconds=time.monotonic() - started)
    record_run(Path(out), outcome, made_from)
    return outcome


def report_values(
    language: str, overrides: Mapping[str, object] | None, more: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the notebook's parameters, save the client's folder.

    Examples
    --------
    >>> report_values("pl", {})
    {'language': 'pl'}
    """
    values = dict(more or {}) | {"language": speak(language).code}
    return values | {"overrides": dict(overrides)} if overrides else values


def _closing(executed: nbformat.NotebookNode) -> dict | None:
    """Return what the last cell handed over: without it the notebook is not whole."""
    ran = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
    return read_closing(nbformat.v4.new_notebook(cells=ran[-1:]))


def replace_report(target: Path, files: Mapping[str, bytes]) -> None:
    """Write all files or none, and take away formats of an earlier report that this one lacks."""
    write_all(target, files)
    for name in {f"report.{form}" for form in FORMATS} | {f"{target.name}.zip"}:
        if name not in files:
            (target / name).unlink(missing_ok=True)


def _check_parameters(notebook: Path, values: Mapping[str, object]) -> None:
    """Refuse a parameter that the notebook does not have: papermill would only warn."""
    known = papermill.inspect_notebook(str(notebook))
    if not known:
        raise ValueError(
            f"{notebook.name} has no cell tagged 'parameters'; tag its first code cell"
        )
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise ValueError(f"the report has no parameter {name!r}; {hint}")
        default = _literal(known[name]["default"])
        if default is not None and not isinstance(values[name], type(default)):
            kind = type(default).__name__
            raise ValueError(f"the parameter {name} is {values[name]!r}; give it a {kind}")


def _literal(text: str) -> object:
    """Return a parameter's default, None where it is no plain value."""
    with contextlib.suppress(ValueError, SyntaxError):
        return ast.literal_eval(text)
