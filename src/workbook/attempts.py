"""Run hand-ins, each in a guarded process of its own, and keep whatever they answer.

Cells run one by one, without those of the chapter itself. A cell that hangs or ends its process is
left out of a second attempt, so that the other answers count all the same.
"""

import contextlib
import json
import os
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection, wait

import nbformat

from workbook.batch import Spawned, start_process
from workbook.editions import chapters
from workbook.exercises import all_exercises
from workbook.forks import Fork, limit_memory
from workbook.handins import HandIn
from workbook.language import Language
from workbook.spellings import as_plain

__all__ = ["Run", "run_hand_ins"]

_CELL_LIMIT, _START_LIMIT = 10.0, 180.0
_ATTEMPTS = 6
_IDLE = re.compile(r"(check|hint)\([^()]*\)")


@dataclass
class Run:
    """A hand-in under way: what it has answered, and which cells the next attempt leaves out."""

    hand_in: HandIn
    cells: Sequence[str]
    skip: set[int]
    process: Fork | Spawned | None = None
    started: float = float("inf")
    at: int | None = None
    since: float = 0.0
    heard: int = 0
    faults: Counter = field(default_factory=Counter)
    answers: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def start(self, room: str, memory_limit: int) -> None:
        """Make an attempt; it may write into a new folder of the room only."""
        self.heard, self.at, self.since = 0, None, time.monotonic()
        cells = [(n, cell) for n, cell in enumerate(self.cells) if n not in self.skip]
        arguments = (cells, self.hand_in.exercises, self.hand_in.seed, room, memory_limit)
        self.process = start_process(_work, arguments)

    def listen(self) -> None:
        """Take in what the process has said since."""
        self.process.poll()
        if self.process.said:  # the wait for a process is not the student's
            self.started = min(self.started, time.monotonic())
        for said in map(str, self.process.said[self.heard :]):
            self.heard, self.since = self.heard + 1, time.monotonic()
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                said = json.loads(said)
                self.at = said["at"]
                self.faults.update(said["faults"])
                self.answers |= said["answers"]


def run_hand_ins(
    hand_ins: Sequence[HandIn], at_once: int, time_limit: float, memory_limit: int, say: Language
) -> Iterator[Run]:
    """Run hand-ins, so many at once, and yield each when it has answered all that it can.

    time_limit is in seconds and memory_limit in megabytes, for each of them.
    """
    waiting, running = list(reversed(hand_ins)), []
    with tempfile.TemporaryDirectory(prefix="workbook-", ignore_cleanup_errors=True) as room:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    running.append(_begin(waiting.pop()))
                    running[-1].start(room, memory_limit)
                wait([run.process.connection for run in running], timeout=0.2)
                for run in list(running):
                    run.listen()
                    ended = _ended(run, time_limit, say)
                    if ended is not None:
                        run.process.kill()
                    if ended:
                        running.remove(run)
                        yield run
                    elif ended is False:
                        run.start(room, memory_limit)
        finally:
            for run in running:
                run.process.kill()


def _begin(hand_in: HandIn) -> Run:
    taught, needed = _taught(tuple(sorted({id.split(".")[0] for id in hand_in.exercises})))
    cells = (*needed, *hand_in.cells)
    idle = lambda cell: cell.strip() in taught or _IDLE.fullmatch(cell.strip())
    skip = {place for place, cell in enumerate(cells) if place >= len(needed) and idle(cell)}
    return Run(hand_in, cells, skip, notes=list(hand_in.notes))


@cache
def _taught(asked: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the code that chapters run for themselves, and what their exercises need of it."""
    taught, needed = set(), []
    for path in chapters():
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        taught |= {cell.source.strip() for cell in cells[2:] if not cell.id.startswith("ex-")}
        data = [c.source for c in cells if re.match(rf"ex-({'|'.join(asked)})-\d+-data", c.id)]
        needed += [cells[1].source, *data] if data else []
    return frozenset(taught), tuple(needed)


def _ended(run: Run, time_limit: float, say: Language) -> bool | None:
    """Return whether a run is over (True) or must start again (False); None: it is under way."""
    if time.monotonic() - run.started > time_limit:
        limit = say.number(time_limit, time_limit % 1 > 0)
        run.notes.append(say("it took longer than the limit of {n} s", n=limit))
        return True
    over = run.process.poll() is not None
    patience = 2 * _CELL_LIMIT if run.heard else _START_LIMIT
    if not over and time.monotonic() - run.since < patience:
        return None
    if not run.heard:
        run.notes.append(say("its process did not start; grade it again"))
        return True
    if run.at is not None:
        run.notes.append(
            say("cell {n} was left out: it did not end, or ended everything", n=run.at + 1)
        )
        run.skip.add(run.at)
        return len(run.notes) >= _ATTEMPTS
    missing = [id for id in run.hand_in.exercises if id not in run.answers]
    if over and missing and run.faults.pop("NameError", 0) and run.skip:
        run.skip.clear()  # its own code uses what the chapter computes, so that runs, too
        return False
    return True


# --- in the hand-in's own process -----------------------------------------------------------------


class _TooLong(BaseException):
    """Raised in a cell that runs for too long; `except Exception` does not catch it."""


def _work(
    connection: Connection,
    cells: Sequence[tuple[int, str]],
    exercises: Sequence[str],
    seed: int,
    room: str,
    memory_limit: int,
) -> None:
    """Run cells one by one; tell before each where we are, and after each what is answered."""
    from IPython.core.interactiveshell import InteractiveShell

    _shut_in(room, memory_limit)
    shell = InteractiveShell.instance()
    for place, source in cells:
        connection.send(json.dumps({"at": place, "faults": {}, "answers": {}}))
        shell.user_ns["seed"] = seed
        fault = _run_cell(shell, source)
        found = {id: _answer(shell.user_ns, id) for id in exercises}
        answers = {id: given for id, given in found.items() if given is not None}
        connection.send(json.dumps({"at": None, "faults": {fault: 1}, "answers": answers}))


def _run_cell(shell: object, source: str) -> str:
    """Run a cell within its time; return the name of what it raised."""
    try:
        with _time_limit(_CELL_LIMIT):
            result = shell.run_cell(source, silent=True)
    except (_TooLong, MemoryError) as error:
        return type(error).__name__
    return type(result.error_before_exec or result.error_in_exec).__name__


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer, again and again; where there are no alarms, who asked does."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(names: dict[str, object], id: str) -> object:
    """Return an answer as plain data; an untouched one, or one beyond measure, is none."""
    try:
        kind = all_exercises()[id].kind
        plain = as_plain(kind, names.get(f"answer_{id.replace('.', '_')}"))
        return plain if len(json.dumps(plain)) < 100_000 else "?"
    except Exception as error:  # whatever a student's own object may raise
        return type(error).__name__


def _shut_in(room: str, memory_limit: int) -> None:
    """Let a hand-in write nowhere but to a folder of its own, and take no more than its share."""
    import matplotlib

    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.chdir(tempfile.mkdtemp(dir=room))
    matplotlib.use("agg")
    limit_memory(memory_limit)
