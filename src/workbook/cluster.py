"""Send the clients of a batch to a Dask cluster: files travel both ways, no folder is shared."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbook.batch import Runner, Terms, give_up, run_one
from workbook.files import MADE, write_whole
from workbook.jobs import Job
from workbook.records import Outcome
from workbook.report import replace_report

__all__ = ["make_remotely", "pack_folder", "run_on"]

_INSTALL = "pip install 'customer-logistics-workbook[cluster]' here and on the workers"
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
        raise ValueError(f"--scheduler needs Dask; run {_INSTALL}") from None
    try:
        client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        what = f"no Dask scheduler answers at {address!r} ({error})"
        raise ValueError(f"{what}; start one there, or leave out --scheduler") from None
    return lambda jobs, terms, _: _run(client, jobs, terms)


def _run(client: Any, jobs: list[Job], terms: Terms) -> Iterator[Outcome]:
    """Keep one task per thread under way; whoever was near a dying worker is tried again alone."""
    suspects: list[Job] = []
    try:
        for job, future in _side_by_side(client, jobs, terms):
            if type(future.exception()).__name__ == "KilledWorker":
                suspects.append(job)
            else:
                yield _take(future, job, terms)
        for suspect in suspects:
            for job, future in _side_by_side(client, [suspect], terms):
                yield _take(future, job, terms)
    finally:
        client.close()


def _side_by_side(client: Any, jobs: list[Job], terms: Terms) -> Iterator[tuple[Job, Any]]:
    from distributed import as_completed

    waiting, under_way, done = list(reversed(jobs)), {}, as_completed(loop=client.loop)
    most = max(sum(client.nthreads().values()), 1)
    while waiting or under_way:
        while waiting and len(under_way) < most:
            job = waiting.pop()
            task = (make_remotely, pack_folder(job.folder), job, terms)
            future = client.submit(*task, pure=False)
            under_way[future.key] = job
            done.add(future)
        future = next(done)
        yield under_way.pop(future.key), future


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
        made = {path.name: path.read_bytes() for path in (out / job.id).iterdir()}
        kept = [path for path in folder.iterdir() if path.name in MADE]
        return outcome, made, {path.name: path.read_bytes() for path in kept}


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
