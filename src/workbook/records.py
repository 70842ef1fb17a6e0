"""Keep the record of each report: what it was made from, how it ended, whether it still holds."""

import contextlib
import functools
import hashlib
import json
import os
import platform
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from workbook.files import MADE, write_whole
from workbook.resources import template_path

__all__ = ["Outcome", "find_notebook", "hash_inputs", "lock", "recall", "record_run"]

_LOCK = ".workbook.lock"


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
    unchanged: bool = False


def find_notebook(folder: Path) -> Path:
    """Return the client's own report.ipynb, or else the template."""
    own = folder / "report.ipynb"
    return own if own.is_file() else template_path("report.ipynb")


def hash_inputs(
    folder: Path, values: Mapping[str, object], formats: tuple[str, ...]
) -> dict[str, Any]:
    """Return what a report is made from: the same again means the same report again.

    Parameters
    ----------
    folder : path
        The client's: all files in it count, save the key to its pseudonyms.
    values : mapping
        The notebook's parameters; not the place of the client's folder.
    formats : tuple of str
    """
    inputs = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in MADE)
    names = ("numpy", "pandas", "papermill", "matplotlib")
    return {
        "parameters": {name: value for name, value in values.items() if name != "client"},
        "formats": list(formats),
        "inputs": {path.relative_to(folder).as_posix(): _hash(path) for path in inputs},
        "notebook": _hash(find_notebook(folder)),
        "versions": {
            "workbook": metadata.version("customer-logistics-workbook"),
            "program": _program(),
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in names},
        },
    }


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _program() -> str:
    """Return a hash of the package's own files: an editable one changes without its version."""
    kinds = (".py", ".po", ".j2", ".css", ".typ", ".ipynb", ".yaml")
    homes = (Path(__file__).parent, template_path())
    files = sorted(path for home in homes for path in home.rglob("*") if path.suffix in kinds)
    return hashlib.sha256("".join(map(_hash, files)).encode()).hexdigest()


def record_run(out: Path, outcome: Outcome, made_from: Mapping[str, object] | None = None) -> None:
    """Write OUT/ID/run.json: how the last run ended, from what, and the hashes of its files."""
    target = out / outcome.id
    target.mkdir(parents=True, exist_ok=True)
    run = {
        "client": outcome.id,
        "name": outcome.summary.get("name"),
        "status": outcome.status,
        "cell": outcome.cell,
        "reason": outcome.reason or None,
        "errors": list(outcome.errors),
        "seconds": round(outcome.seconds, 2),
        "files": list(outcome.files),
        **(made_from or {}),
        "hashes": {name: _hash(target / name) for name in outcome.files},
    }
    write_whole(target / "run.json", json.dumps(run, indent=1, ensure_ascii=False, default=str))


def recall(target: Path, made_from: Mapping[str, object]) -> Outcome | None:
    """Return the outcome of an earlier run that was whole, from the same, its files untouched."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        run = json.loads((target / "run.json").read_text("utf-8"))
        same = all(run[name] == _plain(value) for name, value in made_from.items())
        files, errors = tuple(run["files"]), tuple(run["errors"])
        whole = files and all(_hash(target / name) == run["hashes"][name] for name in files)
        if run["status"] == "ok" and same and whole:
            summary = {"name": run["name"], "language": run["parameters"]["language"]}
            for name in ("measures", "findings"):
                summary[name] = json.loads((target / f"{name}.json").read_text("utf-8"))
            return Outcome(target.name, "ok", None, "", files, errors, 0.0, summary, True)
    return None


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


# --- one batch at a time --------------------------------------------------------------------------


@contextlib.contextmanager
def lock(out: Path) -> Iterator[None]:
    """Keep other batches out of a folder meanwhile; a process that is dead keeps out nobody.

    Raises
    ------
    ValueError
        If another batch is at work there; the sentence names it.
    """
    file = _locked(out / _LOCK)
    try:
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        mine = {"process": os.getpid(), "host": socket.gethostname(), "started": started}
        file.write(json.dumps(mine).encode())
        file.flush()
        yield
    finally:
        with contextlib.suppress(OSError):
            (out / _LOCK).unlink()
        file.close()


def _locked(path: Path) -> BinaryIO:
    while True:
        file = path.open("a+b")
        try:
            _grab(file)
        except OSError:
            with file:
                raise ValueError(_in_use(path)) from None
        # Its owner may have removed it between the two calls: then it keeps out nobody.
        if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            file.truncate(0)
            return file
        file.close()


def _grab(file: BinaryIO) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        file.seek(1 << 30)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _in_use(path: Path) -> str:
    other = {}
    with contextlib.suppress(OSError, ValueError):
        other = json.loads(path.read_text("utf-8"))
    who = ", ".join(f"{name} {other[name]}" for name in ("process", "host", "started") if other)
    return (
        f"another batch is writing into {str(path.parent)!r} ({who or 'it does not say which'}); "
        "wait for it, or choose another --out"
    )
