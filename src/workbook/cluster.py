"""Send the clients of a batch to a Dask cluster: files travel both ways, no folder is shared."""

import contextlib
import io
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook.batch import Runner, Terms, give_up, run_one
from workbook.files import write_whole
from workbook.jobs import Job
from workbook.records import MADE, Outcome
from workbook.report import replace_report

__all__ = ["make_remotely", "pack_folder", "run_on"]

_MISSING = (
    "--scheduler needs Dask, which is not installed; "
    "run pip install 'customer-logistics-workbook[cluster]' here and on the workers"
)
_TIMEOUT = 20  # seconds until a scheduler that doesn't answer is given up


def run_on(address: str) -> Runner:
    """Return what runs the jobs of a batch on the cluster of a scheduler.

    Parameters
    ----------
    address : str
        As Dask writes it, e.g. tcp://10.0.0.1:8786; its workers have this package installed.

    Raises
    ------
    ValueError
        If Dask is not installed, or no scheduler answers there.
    """
    try:
        import distributed
    except ImportError:
        raise ValueError(_MISSING) from None
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        what = f"no Dask scheduler answers at {address!r} ({error})"
        raise ValueError(f"{what}; start one there, or leave out --scheduler") from None
    return lambda jobs, terms, _: _run(client, jobs, terms)


def _run(client: Any, jobs: list[Job], terms: Terms) -> Iterator[Outcome]:
    """Keep two tasks per thread of the cluster under way, and take what is done."""
    from distributed import as_completed

    waiting, under_way, done = list(reversed(jobs)), {}, as_completed(loop=client.loop)
    most = 2 * max(sum(client.nthreads().values()), 1)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < most:
                job = waiting.pop()
                future = _submit(client, job, terms)
                under_way[future.key] = job
                done.add(future)
            future = next(done)
            yield _take(future, under_way.pop(future.key), terms)
    finally:
        with contextlib.suppress(Exception):
            client.cancel([*done.futures])
            client.close()


def _submit(client: Any, job: Job, terms: Terms) -> Any:
    key = f"{job.id}-{uuid.uuid4().hex}"
    return client.submit(make_remotely, pack_folder(job.folder), job, terms, key=key, pure=False)


def _take(future: Any, job: Job, terms: Terms) -> Outcome:
    """Write what a worker made; name a client whose workers died as often as the cluster tries."""
    from distributed import KilledWorker

    say = terms.speak(job)
    try:
        outcome, made, kept = future.result()
        target = terms.out / job.id
        target.mkdir(parents=True, exist_ok=True)
        record = made.pop("run.json")
        if made:
            replace_report(target, made)
        write_whole(target / "run.json", record)
        for name, content in kept.items():
            write_whole(job.folder / name, content)
        return outcome
    except KilledWorker as error:
        tries = error.allowed_failures + 1
        reason = say.plural("its worker died {n} time", "its worker died {n} times", tries)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    return give_up(Outcome(job.id, "failed", reason=reason), terms)


# --- on the worker --------------------------------------------------------------------------------


def make_remotely(
    packed: bytes, job: Job, terms: Terms
) -> tuple[Outcome, Mapping[str, bytes], Mapping[str, bytes]]:
    """Make one report from a packed folder; return how, its files, those of the client's folder."""
    with tempfile.TemporaryDirectory() as room:
        folder, out = Path(room) / "in" / job.folder.resolve().name, Path(room) / "out"
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(folder)
        outcome = run_one(replace(job, folder=folder), replace(terms, out=out))
        return (
            outcome,
            _contents(out / job.id, lambda _: True),
            _contents(folder, MADE.__contains__),
        )


def _contents(folder: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    files = (path for path in folder.iterdir() if path.is_file() and wanted(path.name))
    return {path.name: path.read_bytes() for path in files}


def pack_folder(folder: Path) -> bytes:
    """Return a client's folder as a zip archive in memory, without what reports put there.

    Examples
    --------
    >>> from workbook.resources import data_path
    >>> pack_folder(data_path("dictionary"))[:2]
    b'PK'
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name not in MADE:
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
