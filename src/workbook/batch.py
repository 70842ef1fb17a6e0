"""Make many reports: each client in its own process, no failure stops another, one index."""

import contextlib
import json
import multiprocessing
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

import jinja2
import markupsafe
import psutil

from workbook.data import find_client
from workbook.files import write_whole
from workbook.formats import check_formats
from workbook.intake import read_text
from workbook.language import LANGUAGES, Language, speak
from workbook.page import faces
from workbook.profile import Profile, read_profile
from workbook.report import Outcome, make_report, record_run
from workbook.resources import template_path
from workbook.schema import DataError, Problem
from workbook.yamltext import read_yaml

__all__ = ["Job", "read_jobs", "run_batch"]

_LIST_ENDINGS = (".csv", ".yaml", ".yml")


@dataclass(frozen=True)
class Job:
    """One client of a batch: its folder, the keys that win over its client.yaml, its language."""

    id: str
    folder: Path
    overrides: Mapping[str, object]
    language: str = "en"


def read_jobs(targets: Iterable[str | Path]) -> list[Job]:
    """Turn folders and client lists into jobs.

    A client list (CSV or YAML) has `id`, optionally `folder` (default: the id, beside the list),
    name, language and any other key of client.yaml.

    Raises
    ------
    ValueError
        If a folder or list is not there or lies outside the list's own folder, an id is missing or
        given twice (capitals and accents aside), or a profile is wrong: nothing has
        started then.
    """
    jobs = [job for target in targets for job in _jobs_of(Path(target))]
    seen: dict[str, Job] = {}
    for job in jobs:
        # Ids name folders, and not every disk tells "Acme" from "acme".
        letters = unicodedata.normalize("NFKD", job.id.casefold())
        same = seen.setdefault(re.sub(r"[^\w-]", "", letters), job)
        if same is not job:
            raise ValueError(
                f"two clients have the id {job.id!r}: {same.folder} and {job.folder}; change one"
            )
    if not jobs:
        raise ValueError("there is no client to report on; name folders or a client list")
    return jobs


def _jobs_of(target: Path) -> Iterator[Job]:
    if target.suffix.lower() in _LIST_ENDINGS:
        if not target.is_file():
            raise ValueError(f"there is no client list {str(target)!r}; check its name")
        for place, row in enumerate(_rows_of(target), start=1):
            if not row.get("id"):
                raise ValueError(f"{target.name}, client {place}: no id; give each client an id")
            folder = _folder_of(row, target, place)
            profile = _profile_of(folder, row, f"{target.name}, client {place}")
            yield Job(profile.id, folder, row, profile.language)
    else:
        folder = find_client(target)
        profile = read_profile(folder)
        yield Job(profile.id, folder, {}, profile.language)


def _profile_of(folder: Path, row: Mapping[str, object], where: str) -> Profile:
    """Read the client's profile; a fault of what the list overrides is told of the list."""
    try:
        return read_profile(folder, row)
    except DataError as error:
        ours = lambda fault: (fault.column or "").split(".")[0] in row
        here = lambda fault: replace(fault, file=where, row=None) if ours(fault) else fault
        language = str(row.get("language"))
        say = speak(language if language in LANGUAGES else "en")
        raise DataError(map(here, error.problems), say) from None


def _folder_of(row: dict[str, object], target: Path, place: int) -> Path:
    """Return the client's folder, which a list may only name beside or below itself."""
    name = row.pop("folder", None) or row["id"]
    home = target.parent.resolve()
    wrong = not isinstance(name, str) or "://" in name or "\\" in name
    if wrong or not (home / name).resolve().is_relative_to(home):
        raise ValueError(
            f"{target.name}, client {place}: the folder {name!r} is not beside the list; "
            "write a folder's name, or one below it such as shops/acme"
        )
    return target.parent / name


def _rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix.lower() == ".csv":
        read = read_text(path, known=("id", "folder", "name", "language"), say=speak("en"))
        rows, faults = read.frame.to_dict("records"), read.problems
        return _sound([{key: text for key, text in row.items() if text} for row in rows], faults)
    read = read_yaml(path, speak("en"))
    if not isinstance(read.data, list) or not all(isinstance(row, dict) for row in read.data):
        raise ValueError(f"{path.name} is no list of clients; write '- id: acme' for each of them")
    return _sound(read.data, read.problems)


def _sound(rows: list[dict[str, object]], faults: Sequence[Problem]) -> list[dict[str, object]]:
    """Return the rows; a list with any fault is refused whole, before anything starts."""
    if faults:
        raise DataError(faults)
    return rows


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
        for outcome in pool.stop():
            outcomes[outcome.id] = outcome
        for job in jobs:
            reason = says[job.id]("not started")
            outcomes.setdefault(job.id, Outcome(job.id, "interrupted", reason=reason))
        results = [outcomes[job.id] for job in jobs]
        _write_index(out, jobs, results)
    return results


def _progress(outcome: Outcome, left: float, say: Language) -> str:
    what = {"id": outcome.id, "status": _status(outcome, say), "n": say.number(outcome.seconds, 1)}
    line = say("{id}: {status} after {n} s", **what)
    line += say(", about {n} s left", n=say.number(left)) if left else ""
    return f"{line}: {outcome.reason}" if outcome.reason else line


def _status(outcome: Outcome, say: Language) -> str:
    return {
        "ok": say("complete"),
        "failed": say("failed"),
        "timeout": say("took too long"),
        "memory": say("needed too much memory"),
        "interrupted": say("interrupted"),
    }[outcome.status]


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
        # Spawned, so that nothing of one client or of the driver is in the next one's process.
        self.context = multiprocessing.get_context("spawn")
        self.running: dict[str, tuple] = {}

    def start(self, job: Job) -> None:
        reader, writer = self.context.Pipe(duplex=False)
        arguments = (writer, job, self.out, self.language, self.memory_limit, self.formats)
        process = self.context.Process(target=_work, args=arguments)
        process.start()
        writer.close()
        self.running[job.id] = (process, reader, time.monotonic(), job)

    def finished(self) -> Iterator[Outcome]:
        """Wait a moment and yield the outcomes of what ended or ran out of time."""
        wait([process.sentinel for process, *_ in self.running.values()], timeout=0.5)
        for id_, (process, reader, started, job) in list(self.running.items()):
            seconds, say = time.monotonic() - started, self._say(job)
            if process.is_alive() and seconds < self.time_limit:
                continue
            if reader.poll():
                outcome = replace(reader.recv(), seconds=seconds)
                self._end(id_)
            elif process.is_alive():
                limit = say.number(self.time_limit, self.time_limit % 1 > 0)
                reason = say("it took longer than the limit of {n} s", n=limit)
                outcome = self._give_up(Outcome(id_, "timeout", reason=reason, seconds=seconds))
            else:
                reason = say("its process ended without a word")
                outcome = self._give_up(Outcome(id_, "failed", reason=reason, seconds=seconds))
            yield outcome

    def stop(self) -> Iterator[Outcome]:
        for id_, (*_, job) in list(self.running.items()):
            reason = self._say(job)("the batch was interrupted")
            yield self._give_up(Outcome(id_, "interrupted", reason=reason))

    def _say(self, job: Job) -> Language:
        return speak(self.language or job.language)

    def _end(self, id_: str) -> Job:
        process, reader, _, job = self.running.pop(id_)
        if process.is_alive():
            _kill_tree(process.pid)
        process.join()
        reader.close()
        return job

    def _give_up(self, outcome: Outcome) -> Outcome:
        """End a report and write down why, as it can't do so itself."""
        job = self._end(outcome.id)
        for part in (self.out / outcome.id).glob(".*.part*"):
            part.unlink()
        record_run(job.folder, self.out, outcome)
        return outcome


def _kill_tree(pid: int) -> None:
    """End a process and all it started: its kernel sits in a process group of its own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in (*parent.children(recursive=True), parent):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _work(
    writer,
    job: Job,
    out: Path,
    language: str | None,
    memory_limit: int | None,
    formats: tuple[str, ...],
) -> None:
    if memory_limit:
        _limit_memory(memory_limit)
    try:
        choices = {"language": language, "overrides": job.overrides, "formats": formats}
        outcome = make_report(job.folder, out, **choices)
    except (DataError, ValueError, OSError, MemoryError) as error:
        outcome = Outcome(job.id, "failed", reason=str(error) or type(error).__name__)
        record_run(job.folder, out, outcome)
    writer.send(replace(outcome, summary=_digest(outcome.summary)))


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _digest(summary: Mapping[str, object]) -> dict[str, object]:
    """Keep what the index shows of a report."""
    if not summary:
        return {}
    rows = summary["measures"]["measures"]
    names = ("perfect_order", "perfect_order_measured")
    found = {
        row["measure"]: row
        for row in reversed(rows)
        if row["measure"] in names
        and row["level"] == "order"
        and not row["segment"]
        and row["period"] is None
    }
    kinds = [finding["kind"] for finding in summary["findings"]]
    first = next(
        (f["sentence"] for f in summary["findings"] if f["kind"] == "needs improvement"), ""
    )
    return {
        "name": summary["name"],
        "language": summary["language"],
        "perfect": found,
        "counts": {kind: kinds.count(kind) for kind in set(kinds)},
        "first": first,
    }


# --- index ----------------------------------------------------------------------------------------


def _write_index(out: Path, jobs: list[Job], outcomes: list[Outcome]) -> None:
    clients = [
        {
            "id": outcome.id,
            "status": outcome.status,
            "cell": outcome.cell,
            "reason": outcome.reason or None,
            "errors": list(outcome.errors),
            "seconds": round(outcome.seconds, 2),
            "files": [f"{outcome.id}/{name}" for name in outcome.files],
        }
        for outcome in outcomes
    ]
    write_whole(out / "batch.json", json.dumps({"clients": clients}, indent=1, ensure_ascii=False))
    languages = {outcome.summary.get("language") for outcome in outcomes if outcome.summary}
    say = speak(languages.pop() if len(languages) == 1 and languages <= set(LANGUAGES) else "en")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_path()), autoescape=True, trim_blocks=True
    )
    ranked = sorted(outcomes, key=lambda outcome: outcome.status == "ok")
    page = environment.get_template("index.html.j2").render(
        say=say,
        title=say.plural("{n} client", "{n} clients", len(outcomes)),
        rows=[_index_row(outcome, say) for outcome in ranked],
        style=markupsafe.Markup(template_path("report.css").read_text(encoding="utf-8")),
    )
    write_whole(out / "index.html", page.replace("/* faces */", faces(page)))


def _index_row(outcome: Outcome, say) -> dict[str, object]:
    summary, rate, beside = outcome.summary, "–", ""
    if summary and summary["perfect"]:
        row = summary["perfect"]["perfect_order"]
        measured = summary["perfect"]["perfect_order_measured"]
        if row["confirmed"] is not None:
            rate = _band(row, say)
        elif measured["confirmed"] is not None:
            rate = _band(measured, say)
            beside = say(
                "in {n} of {all} rights",
                n=say.number(len(measured["rights"])),
                all=say.number(len(row["rights"])),
            )
    counts = summary.get("counts", {})
    return {
        "outcome": outcome,
        "status": _status(outcome, say),
        "name": summary.get("name", outcome.id),
        "rate": rate,
        "beside": beside,
        "weak": counts.get("needs improvement", 0),
        "works": counts.get("works", 0),
        "none": counts.get("no evidence", 0),
        "first": summary.get("first", ""),
    }


def _band(row: Mapping[str, float], say) -> str:
    low, high = say.percent(row["confirmed"]), say.percent(row["upper"])
    return low if low == high else say("{low} to {high}", low=low, high=high)
