"""Make one client's report: run the notebook with papermill and show what it computed."""

import difflib
import hashlib
import json
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import papermill

from workbook.data import find_client
from workbook.files import write_whole
from workbook.formats import check_formats, make_files
from workbook.kernels import run_notebook
from workbook.language import speak
from workbook.page import read_closing
from workbook.profile import read_profile
from workbook.resources import template_path

__all__ = ["Outcome", "make_report", "record_run"]


@dataclass(frozen=True)
class Outcome:
    """How a report ended: status is ok, failed, timeout, memory or interrupted."""

    id: str
    status: str
    cell: int | None = None
    reason: str = ""
    files: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    seconds: float = 0.0
    summary: dict[str, Any] = field(default_factory=dict)


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
    notebook = _notebook(folder)
    values = dict(parameters or {})
    if "client" in values:
        raise ValueError("the parameter 'client' is the folder itself; leave it out")
    language = language or values.get("language") or profile.language
    values |= {"client": str(folder), "language": speak(language).code}
    if overrides:
        values["overrides"] = dict(overrides)
    _check_parameters(notebook, values)
    target = Path(out) / profile.id
    target.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    say = speak(values["language"])
    run = run_notebook(notebook, values, say)
    closing = read_closing(run.executed) if run.executed else None
    status, reason = run.status, run.reason
    if run.executed and closing is None:
        status, reason = "failed", say("it ended before its last cell; look for an exit in a cell")
    seconds = time.monotonic() - started
    outcome = Outcome(profile.id, status, run.cell, reason, seconds=seconds)
    if closing:
        files = make_files(formats, run.executed, profile)
        files["report.ipynb"] = nbformat.writes(run.executed).encode()
        outcome = _write_report(target, files, closing, seconds)
    record_run(folder, out, outcome, values)
    return outcome


def _notebook(folder: Path) -> Path:
    own = folder / "report.ipynb"
    return own if own.is_file() else template_path("report.ipynb")


def record_run(
    folder: Path, out: str | Path, outcome: Outcome, values: Mapping[str, object] | None = None
) -> None:
    """Write OUT/ID/run.json: how the last run ended, with what inputs, parameters, versions."""
    target = Path(out) / outcome.id
    target.mkdir(parents=True, exist_ok=True)
    run = _run_record(folder, _notebook(folder), values or {}, outcome)
    write_whole(target / "run.json", json.dumps(run, indent=1, ensure_ascii=False))


def _write_report(
    target: Path, files: Mapping[str, bytes], closing: dict, seconds: float
) -> Outcome:
    for name, content in files.items():
        write_whole(target / name, content)
    return Outcome(
        target.name,
        "ok",
        files=tuple(files),
        errors=tuple(closing["errors"]),
        seconds=seconds,
        summary=closing,
    )


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


# --- files ----------------------------------------------------------------------------------------


def _run_record(
    folder: Path, notebook: Path, values: Mapping[str, object], outcome: Outcome
) -> dict[str, Any]:
    inputs = sorted(path for path in folder.iterdir() if path.is_file())
    versions = {name: metadata.version(name) for name in ("pandas", "numpy", "papermill")}
    return {
        "client": outcome.id,
        "status": outcome.status,
        "cell": outcome.cell,
        "reason": outcome.reason or None,
        "errors": list(outcome.errors),
        "seconds": round(outcome.seconds, 2),
        "parameters": {name: value for name, value in values.items() if name != "client"},
        "inputs": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs},
        "notebook": hashlib.sha256(notebook.read_bytes()).hexdigest(),
        "versions": {
            "workbook": metadata.version("customer-logistics-workbook"),
            "python": platform.python_version(),
            **versions,
        },
        "files": list(outcome.files),
    }
