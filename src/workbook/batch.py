"""Make many reports: each client in its own process, no failure stops another, one index."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path

from workbook.files import sweep
from workbook.forks import Fork, can_fork, close_server, end_tree, limit_memory
from workbook.formats import check_formats
from workbook.index import digest, status_word, write_index
from workbook.jobs import Job, read_jobs
from workbook.kernels import forked_kernels
from workbook.language import Language, speak
from workbook.records import Outcome, hash_inputs, lock, recall, record_run
from workbook.report import make_report, report_values
from workbook.schema import DataError

__all__ = [
    "MEMORY_LIMIT",
    "TIME_LIMIT",
    "Job",
    "Runner",
    "Spawned",
    "Terms",
    "give_up",
    "read_jobs",
    "run_batch",
    "run_one",
    "start_process",
]

TIME_LIMIT = 600.0  # seconds
MEMORY_LIMIT = 4096  # megabytes


@dataclass(frozen=True)
class Terms:
    """What holds for all clients of a batch: where to, within what limits, how."""

    out: Path
    time_limit: float
    memory_limit: int | None
    language: str | None
    formats: tuple[str, ...]

    def speak(self, job: Job) -> Language:
        """Return the language of what is said of a client."""
        return speak(self.language or job.language)


Runner = Callable[[list[Job], Terms, int], Iterator[Outcome]]


def run_batch(
    jobs: list[Job],
    out: str | Path,
    *,
    at_once: int | None = None,
    time_limit: float = TIME_LIMIT,
    memory_limit: int | None = MEMORY_LIMIT,
    language: str | None = None,
    formats: Iterable[str] = ("html",),
    index_language: str | None = None,
    force: bool = False,
    runner: Runner | None = None,
    progress: Callable[[str], None] = print,
) -> list[Outcome]:
    """Run the jobs, so many at once, and write OUT/index.html and OUT/batch.json.

    A client whose last report is whole, made from the same files, parameters and program, and still
    as it was written, is not run again.

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
        Megabytes that each process of a client may take beyond what it starts with (where the
        system can limit it); None: no limit.
    language : str, optional
        Of all reports; default: each client's.
    formats : iterable of str
        Which of html, pdf, docx, pptx, xlsx, zip to make; html is always made.
    index_language : str, optional
        Of the index; default: the reports' if they share one, else English.
    force : bool
        Run also what has not changed.
    runner : callable, optional
        Runs the jobs elsewhere, as `cluster.run_on` does; default: processes of this machine.
    progress : callable
        Gets one line whenever a client is done.

    Returns
    -------
    list of Outcome
        In the order of the jobs; a failed one names cell and reason.

    Raises
    ------
    ValueError
        If another batch is writing into the same folder, a format is not known, or `out` is a file.
    OSError
        If the folder can't be written to.
    """
    out = Path(out)
    terms = Terms(out, time_limit, memory_limit, language, check_formats(formats))
    if out.is_file():
        raise ValueError(f"{out} is a file; name a folder for the reports with --out")
    out.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, Outcome] = {}
    with lock(out), _stoppable():
        for folder in (out, *(out / job.id for job in jobs)):
            sweep(folder)
        tell = _Progress(jobs, terms, progress)
        try:
            todo = list(jobs) if force else list(_changed(jobs, terms, outcomes, tell))
            for outcome in (runner or _run_here)(todo, terms, at_once or os.cpu_count() or 1):
                outcomes[outcome.id] = outcome
                tell(outcome)
        except (KeyboardInterrupt, SystemExit):
            progress(_interrupted(outcomes, jobs))
            raise
        finally:
            results = [outcomes.get(job.id) or _not_run(job, terms) for job in jobs]
            write_index(out, results, index_language or language)
    return results


def _changed(
    jobs: list[Job], terms: Terms, outcomes: dict[str, Outcome], tell: Callable[[Outcome], None]
) -> Iterator[Job]:
    """Yield the jobs to run; note the outcomes of those whose last report still holds."""
    for job in jobs:
        values = report_values(terms.language or job.language, job.overrides)
        made_from = hash_inputs(job.folder, values, terms.formats)
        earlier = recall(terms.out / job.id, made_from)
        if earlier:
            outcomes[job.id] = replace(earlier, summary=digest(earlier.summary))
            tell(earlier)
        else:
            yield job


def _interrupted(outcomes: Mapping[str, Outcome], jobs: list[Job]) -> str:
    done = sum(outcome.status == "ok" for outcome in outcomes.values())
    return f"Interrupted: {done} of {len(jobs)} reports are complete; run it again to go on."


def _not_run(job: Job, terms: Terms) -> Outcome:
    return Outcome(job.id, "interrupted", reason=terms.speak(job)("the batch was interrupted"))


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop a batch as Ctrl-C does: in order, nothing left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


def _stop(number: int, _: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)


class _Progress:
    """Say after each client how it ended and how long the rest may take."""

    def __init__(self, jobs: list[Job], terms: Terms, write: Callable[[str], None]):
        self.says = {job.id: terms.speak(job) for job in jobs}
        self.write, self.started = write, time.monotonic()
        self.done = self.ran = self.failed = 0

    def __call__(self, outcome: Outcome) -> None:
        say, self.done = self.says[outcome.id], self.done + 1
        self.ran += not outcome.unchanged
        self.failed += outcome.status != "ok"
        self.write(f"[{self.done}/{len(self.says)}] {self._line(outcome, say)}")

    def _line(self, outcome: Outcome, say: Language) -> str:
        if outcome.unchanged:
            return say("{id}: unchanged", id=outcome.id)
        n, word = say.number(outcome.seconds, 1), status_word(outcome, say)
        line = say("{id}: {status} after {n} s", id=outcome.id, status=word, n=n)
        left = len(self.says) - self.done
        seconds = (time.monotonic() - self.started) / self.ran * left
        line += say(", about {n} s left", n=say.number(seconds)) if left else ""
        line += say.plural(", {n} failed", ", {n} failed", self.failed) if self.failed else ""
        return f"{line}: {outcome.reason}" if outcome.reason else line


# --- processes ------------------------------------------------------------------------------------


def _run_here(jobs: list[Job], terms: Terms, at_once: int) -> Iterator[Outcome]:
    """Run the jobs side by side; if stopped, end what is under way and say so in its record."""
    waiting, running = list(reversed(jobs)), {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop()
                process = start_process(_work, (job, terms))
                running[job.id] = (job, process, time.monotonic())
            wait([process.connection for _, process, _ in running.values()], timeout=0.5)
            for id_, (job, process, started) in list(running.items()):
                outcome = _outcome_of(process, time.monotonic() - started, job, terms)
                if outcome:
                    del running[id_]
                    yield outcome
    finally:
        for _, process, _ in running.values():
            process.kill()
        close_server()
        for job, *_ in running.values():
            give_up(_not_run(job, terms), terms)


def run_one(job: Job, terms: Terms) -> Outcome:
    """Run one job in a process of its own, within its limits."""
    process, started = start_process(_work, (job, terms)), time.monotonic()
    while not (outcome := _outcome_of(process, time.monotonic() - started, job, terms)):
        wait([process.connection], timeout=0.5)
    return outcome


def _outcome_of(
    process: "Fork | Spawned", seconds: float, job: Job, terms: Terms
) -> Outcome | None:
    """Return how a report ended, None while it is under way and has time."""
    say, over = terms.speak(job), seconds >= terms.time_limit
    ended = process.poll() is not None  # asked once: it may end, and speak, between two questions
    if ended and process.said:
        return replace(process.said[-1], seconds=seconds)
    if ended:
        reason = say("its process ended without a word")
        return give_up(Outcome(job.id, "failed", reason=reason, seconds=seconds), terms)
    if over:
        process.kill()
        limit = say.number(terms.time_limit, terms.time_limit % 1 > 0)
        reason = say("it took longer than the limit of {n} s", n=limit)
        return give_up(Outcome(job.id, "timeout", reason=reason, seconds=seconds), terms)
    return None


def give_up(outcome: Outcome, terms: Terms) -> Outcome:
    """Write down why a report ended, as it can't do so itself."""
    with contextlib.suppress(OSError):
        sweep(terms.out / outcome.id)
        record_run(terms.out, outcome)
    return outcome


class Spawned:
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
        ended = self.process.exitcode
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll():
                self.said.append(self.connection.recv())
        return ended

    def kill(self) -> None:
        """End the process and everything that it started."""
        end_tree(self.process.pid)
        self.process.kill()
        self.process.join()


def start_process(function: Callable[..., None], arguments: tuple) -> Fork | Spawned:
    """Call a function, with a connection and the arguments, in a guarded process of its own."""
    if can_fork():
        with contextlib.suppress(OSError, EOFError):
            return Fork(function, arguments)
    return Spawned(function, arguments)


def _work(connection: Connection, job: Job, terms: Terms) -> None:
    """Make one report in a process of its own, and send how it ended."""
    limit_memory(terms.memory_limit)
    choices = {"language": terms.language, "overrides": job.overrides, "formats": terms.formats}
    try:
        with forked_kernels(terms.memory_limit):
            outcome = make_report(job.folder, terms.out, **choices)
    except MemoryError:
        outcome = Outcome(job.id, "memory", reason=terms.speak(job)("memory ran out"))
    except (DataError, ValueError, OSError) as error:
        outcome = Outcome(job.id, "failed", reason=str(error) or type(error).__name__)
    if outcome.status != "ok":
        give_up(outcome, terms)
    connection.send(replace(outcome, summary=digest(outcome.summary)))
