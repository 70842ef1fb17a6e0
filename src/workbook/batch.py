"""Make many reports: each client in its own process, no failure stops another, one index."""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from workbook.forks import Fork, can_fork, close_server, end_tree, limit_memory
from workbook.formats import check_formats
from workbook.index import digest, status_word, write_index
from workbook.jobs import Job, read_jobs
from workbook.kernels import forked_kernels
from workbook.language import Language, speak
from workbook.report import Outcome, make_report, record_run
from workbook.schema import DataError

__all__ = ["Job", "read_jobs", "run_batch"]


def run_batch(
    jobs: list[Job],
    out: str | Path,
    *,
    at_once: int | None = None,
    time_limit: float = 600.0,
    memory_limit: int | None = None,
    language: str | None = None,
    formats: Iterable[str] = ("html",),
    progress: Callable[[str], None] = print,
) -> list[Outcome]:
    """Run the jobs, so many at once, and write OUT/index.html and OUT/batch.json.

    Parameters
    ----------
    jobs : list of Job
    out : path
        Each client gets its folder OUT/ID/.
    at_once : int, optional
        Processes side by side; default: one per processor.
    time_limit : float
        Seconds per client; what takes longer is ended, with all its processes.
    memory_limit : int, optional
        Megabytes of address space per process (where the system can limit it).
    formats : iterable of str
        Which of html, pdf, docx, pptx, xlsx, zip to make; html is always made.
    progress : callable
        Gets one line whenever a client is done.

    Returns
    -------
    list of Outcome
        In the order of the jobs; a failed one names cell and reason.
    """
    formats = check_formats(formats)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    pool = _Pool(out, time_limit, memory_limit, language, formats)
    outcomes: dict[str, Outcome] = {}
    says = {job.id: speak(language or job.language) for job in jobs}
    started = time.monotonic()
    waiting = list(reversed(jobs))
    try:
        while waiting or pool.running:
            while waiting and len(pool.running) < (at_once or os.cpu_count() or 1):
                pool.start(waiting.pop())
            for outcome in pool.finished():
                outcomes[outcome.id] = outcome
                left = (time.monotonic() - started) / len(outcomes) * (len(jobs) - len(outcomes))
                place = f"[{len(outcomes)}/{len(jobs)}]"
                progress(f"{place} {_progress(outcome, left, says[outcome.id])}")
    finally:
        close_server()
        for outcome in pool.stop():
            outcomes[outcome.id] = outcome
        for job in jobs:
            reason = says[job.id]("not started")
            outcomes.setdefault(job.id, Outcome(job.id, "interrupted", reason=reason))
        results = [outcomes[job.id] for job in jobs]
        write_index(out, results)
    return results


def _progress(outcome: Outcome, left: float, say: Language) -> str:
    what = {
        "id": outcome.id,
        "status": status_word(outcome, say),
        "n": say.number(outcome.seconds, 1),
    }
    line = say("{id}: {status} after {n} s", **what)
    line += say(", about {n} s left", n=say.number(left)) if left else ""
    return f"{line}: {outcome.reason}" if outcome.reason else line


class _Pool:
    """The reports under way, each in a process group of its own."""

    def __init__(
        self,
        out: Path,
        time_limit: float,
        memory_limit: int | None,
        language: str | None,
        formats: tuple[str, ...],
    ):
        self.out, self.time_limit, self.memory_limit = out, time_limit, memory_limit
        self.language, self.formats = language, formats
        self.running: dict[str, tuple[Fork | _Spawned, float, Job]] = {}

    def start(self, job: Job) -> None:
        arguments = (job, self.out, self.language, self.memory_limit, self.formats)
        self.running[job.id] = (_start(_work, arguments), time.monotonic(), job)

    def finished(self) -> Iterator[Outcome]:
        """Wait a moment and yield the outcomes of what ended or ran out of time."""
        wait([process.connection for process, *_ in self.running.values()], timeout=0.5)
        for id_, (process, started, job) in list(self.running.items()):
            seconds, say = time.monotonic() - started, self._say(job)
            ended = process.poll() is not None
            if ended and process.said:
                del self.running[id_]
                yield replace(process.said[-1], seconds=seconds)
            elif ended:
                reason = say("its process ended without a word")
                yield self._give_up(Outcome(id_, "failed", reason=reason, seconds=seconds))
            elif seconds >= self.time_limit:
                limit = say.number(self.time_limit, self.time_limit % 1 > 0)
                reason = say("it took longer than the limit of {n} s", n=limit)
                yield self._give_up(Outcome(id_, "timeout", reason=reason, seconds=seconds))

    def stop(self) -> Iterator[Outcome]:
        for id_, (*_, job) in list(self.running.items()):
            reason = self._say(job)("the batch was interrupted")
            yield self._give_up(Outcome(id_, "interrupted", reason=reason))

    def _say(self, job: Job) -> Language:
        return speak(self.language or job.language)

    def _give_up(self, outcome: Outcome) -> Outcome:
        """End a report and write down why, as it can't do so itself."""
        process, _, job = self.running.pop(outcome.id)
        process.kill()
        for part in (self.out / outcome.id).glob(".*.part*"):
            part.unlink(missing_ok=True)
        record_run(job.folder, self.out, outcome)
        return outcome


class _Spawned:
    """A fresh process, handled like a `Fork`: for systems without one."""

    def __init__(self, function: Callable[..., None], arguments: tuple):
        context = multiprocessing.get_context("spawn")
        self.connection, writer = context.Pipe(duplex=False)
        self.process = context.Process(target=function, args=(writer, *arguments))
        self.process.start()
        writer.close()
        self.said: list[Outcome] = []

    def poll(self) -> int | None:
        """Return the exit code once the process has ended, else None."""
        with contextlib.suppress(EOFError):
            while self.connection.poll():
                self.said.append(self.connection.recv())
        return self.process.exitcode

    def kill(self) -> None:
        """End the process and everything that it started."""
        end_tree(self.process.pid)
        self.process.kill()


def _start(function: Callable[..., None], arguments: tuple) -> Fork | _Spawned:
    if can_fork():
        with contextlib.suppress(OSError, EOFError):
            return Fork(function, arguments)
    return _Spawned(function, arguments)


def _work(
    connection: Connection,
    job: Job,
    out: Path,
    language: str | None,
    memory_limit: int | None,
    formats: tuple[str, ...],
) -> None:
    """Make one report in a process of its own, and send how it ended."""
    limit_memory(memory_limit)
    try:
        choices = {"language": language, "overrides": job.overrides, "formats": formats}
        with forked_kernels(memory_limit):
            outcome = make_report(job.folder, out, **choices)
    except (DataError, ValueError, OSError, MemoryError) as error:
        outcome = Outcome(job.id, "failed", reason=str(error) or type(error).__name__)
        record_run(job.folder, out, outcome)
    connection.send(replace(outcome, summary=digest(outcome.summary)))
