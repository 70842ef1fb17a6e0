"""What goes wrong at night, with real kills: each report is whole, or is named with the reason.

Run as root on Linux: the outputs are on a tmpfs of their own, small enough to be filled.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from fault_clients import FAULTS, SECONDS, write_faulty

from workbook.forks import end_tree

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0 or sys.platform != "linux",
        reason="mounts a disk of its own, for which it has to be root on Linux",
    ),
]
COMMAND = [sys.executable, "-m", "workbook", "batch"]


class Night:
    """A batch as a process, on a disk of its own; all its processes carry one mark."""

    def __init__(self, room: Path, disk: Path):
        self.room, self.out, self.mark = room, disk / "out", uuid.uuid4().hex

    def start(self, *arguments: object, **more: object) -> subprocess.Popen:
        words = [*COMMAND, *arguments, "--out", self.out]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        env = os.environ | {"NIGHT": self.mark} | dict(more.pop("env", {}))
        return subprocess.Popen([str(word) for word in words], env=env, **streams, **more)

    def run(self, *arguments: object, **more: object) -> tuple[int, str]:
        process = self.start(*arguments, **more)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def statuses(self) -> dict[str, str]:
        clients = json.loads((self.out / "batch.json").read_text("utf-8"))["clients"]
        return {client["id"]: client["status"] for client in clients}

    def files(self) -> dict[str, bytes]:
        """Return what is to be the same after a rerun."""
        timed = {"run.json", "batch.json", "report.ipynb"}
        files = (path for path in self.out.rglob("*") if path.is_file() and path.name not in timed)
        return {str(path.relative_to(self.out)): path.read_bytes() for path in files}

    def left(self) -> list[psutil.Process]:
        """Return the processes of this night that still run, after a moment."""
        deadline = time.monotonic() + 5
        while (found := list(self._marked())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.environ().get("NIGHT") == self.mark:
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue


def mounted(place: Path, megabytes: int) -> Iterator[Path]:
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def night(tmp_path) -> Iterator[Night]:
    for disk in mounted(tmp_path / "disk", 64):
        yield Night(tmp_path, disk)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Iterator[tuple[Night, int, str, float]]:
    """One batch over a client per fault, and a good one among them."""
    room = tmp_path_factory.mktemp("faults")
    for disk in mounted(room / "disk", 64):
        night = Night(room, disk)
        folders = [write_faulty(room / "clients", name) for name in FAULTS]
        limits = ("--time-limit", SECONDS, "--memory-limit", 512, "--jobs", 3)
        started = time.monotonic()
        code, said = night.run(*folders, *limits)
        yield night, code, said, time.monotonic() - started


def run_of(night: Night, name: str) -> dict:
    return json.loads((night.out / name / "run.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("killed", "failed", "the kernel died"),
        ("memory", "memory", "MemoryError"),
        ("endless", "timeout", "limit"),
        ("deaf", "timeout", "limit"),
        ("exits", "failed", "last cell"),
        ("raises", "failed", "KeyError"),
    ],
)
def test_a_fault_is_named_and_leaves_no_page(faulty, name, status, told):
    night, code, _, _ = faulty
    run = run_of(night, name)
    assert (code, run["status"], night.statuses()[name]) == (1, status, status)
    assert told in run["reason"]
    assert [path.name for path in (night.out / name).iterdir()] == ["run.json"]


def test_a_child_process_left_over_is_ended_and_the_report_is_whole(faulty):
    night = faulty[0]
    assert night.statuses()["parent"] == "ok"
    assert night.left() == []


def test_sixty_megabytes_of_output_are_cut_and_the_report_is_whole(faulty):
    night = faulty[0]
    assert night.statuses()["talks"] == "ok"
    notebook = night.out / "talks" / "report.ipynb"
    assert notebook.stat().st_size < 15_000_000
    assert "Only the first 10 MB are kept." in notebook.read_text("utf-8")


def test_the_good_client_among_them_is_whole_and_the_index_tells_all(faulty):
    night, _, said, _ = faulty
    assert night.statuses()["good"] == "ok"
    assert (night.out / "good/report.html").is_file()
    assert set(night.statuses()) == set(FAULTS)
    assert "Traceback" not in said


# ── the disk ─────────────────────────────────────────────────────────────────────────────────


def fill(path: Path, room_left: int) -> None:
    """Fill the disk that a path is on, but for some bytes."""
    place = os.open(path, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(place, bytes(65_536)):
            continue
    os.ftruncate(place, os.fstat(place).st_size - room_left)
    os.close(place)


def test_a_full_disk_leaves_the_earlier_good_output(night):
    good = write_faulty(night.room, "good")
    assert night.run(good)[0] == 0
    before = night.files()
    filler = night.out.parent / "filler"
    fill(filler, room_left=12_288)
    code, said = night.run(good, "--force")
    assert code == 1 and "Traceback" not in said
    assert "No space left" in said
    assert night.files() == before
    filler.unlink()
    assert night.run(good)[0] == 0
    assert night.statuses() == {"good": "ok"}


def test_a_write_cut_short_leaves_the_earlier_good_output(night):
    good = write_faulty(night.room, "good")
    assert night.run(good)[0] == 0
    before = night.files()
    short = (
        f"ulimit -f 20; exec {sys.executable} -m workbook batch {good} --force --out {night.out}"
    )
    ran = subprocess.run(["bash", "-c", short], capture_output=True, text=True)
    assert ran.returncode == 1 and "File too large" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert night.files() == before


def test_a_read_only_output_is_one_sentence(night):
    good = write_faulty(night.room, "good")
    subprocess.run(["mount", "-o", "remount,ro", night.out.parent], check=True)
    code, said = night.run(good)
    assert code == 1 and "Read-only file system" in said
    assert len(said.splitlines()) <= 2 and "Traceback" not in said


def test_a_missing_folder_starts_nothing(night):
    code, said = night.run(write_faulty(night.room, "good"), night.room / "missing")
    assert code == 2 and "missing" in said
    assert not night.out.exists()


# ── two at once, and ends ────────────────────────────────────────────────────────────────────


def under_way(night: Night, folder: Path, process: subprocess.Popen) -> None:
    """Wait until the client's own cell runs: it leaves a file."""
    deadline = time.monotonic() + 120
    while not (folder / "running").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


def test_the_second_of_two_batches_on_one_output_names_the_first(night):
    slow = write_faulty(night.room, "waits")
    first = night.start(slow)
    under_way(night, slow, first)
    code, said = night.run(slow)
    assert code == 2 and f"process {first.pid}" in said and "--out" in said
    (slow / "go").touch()
    assert first.wait(120) == 0
    assert night.statuses() == {"waits": "ok"}


def test_a_killed_driver_leaves_nothing_and_a_rerun_ends_it(night):
    good, slow = write_faulty(night.room, "good"), write_faulty(night.room, "waits")
    first = night.start(good, slow, "--jobs", 1)
    under_way(night, slow, first)
    first.kill()
    first.wait()
    assert night.left() == []
    (slow / "go").touch()
    (slow / "running").unlink()
    code, said = night.run(good, slow)
    assert code == 0 and "good: unchanged" in said
    assert night.statuses() == {"good": "ok", "waits": "ok"}
    assert not list(night.out.rglob(".*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_all_in_order(night, number, code):
    good, slow = write_faulty(night.room, "good"), write_faulty(night.room, "waits")
    # Where the tests run in the background, Ctrl-C is ignored, also by what they start.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = night.start(slow, good, "--jobs", 1)
    signal.signal(signal.SIGINT, usual)
    under_way(night, slow, process)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in said
    assert "Interrupted: 0 of 2 reports are complete; run it again to go on." in said
    assert night.statuses() == {"waits": "interrupted", "good": "interrupted"}
    assert night.left() == []
    assert run_of(night, "waits")["status"] == "interrupted"
    assert not list(night.out.rglob(".*"))


SET_BACK = """
import time
real = time.time
started = real()
time.time = lambda: real() if real() < started + 2 else real() - 86_400
"""


def test_a_clock_set_back_changes_nothing(night):
    good = write_faulty(night.room, "good")
    (night.room / "shim").mkdir()
    (night.room / "shim/sitecustomize.py").write_text(SET_BACK)
    shim = {"PYTHONPATH": str(night.room / "shim")}
    code, said = night.run(good, "--time-limit", 120, env=shim)
    assert (code, night.statuses()) == (0, {"good": "ok"})
    assert 0 < run_of(night, "good")["seconds"] < 120
    assert "after -" not in said
    assert "good: unchanged" in night.run(good)[1]


# ── a cluster ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cluster(tmp_path) -> Iterator[str]:
    """A Dask scheduler and two workers that are started again when they die; one try more."""
    pytest.importorskip("distributed")
    dask, file = [sys.executable, "-m", "dask"], tmp_path / "scheduler.json"
    env = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env}
    quiet["start_new_session"] = True
    started = [
        subprocess.Popen([*dask, "scheduler", "--port", "0", "--scheduler-file", file], **quiet)
    ]
    while not file.exists():
        time.sleep(0.1)
    worker = [*dask, "worker", "--scheduler-file", file, "--nthreads", "1", "--nworkers", "2"]
    started.append(subprocess.Popen([*worker, "--local-directory", tmp_path / "work"], **quiet))
    yield json.loads(file.read_text())["address"]
    for process in reversed(started):
        end_tree(process.pid)
        process.kill()
        process.wait()


KILLS_ITS_WORKER = """\
import pathlib, psutil
place = pathlib.Path({place!r})
if {always} or not place.exists():
    place.touch()
    [each.kill() for each in psutil.Process().parents()[2:3]]
    import time
    time.sleep(60)"""


def test_a_killed_worker_is_replaced_and_a_poisoned_client_is_named(night, cluster):
    texts = {
        "once": KILLS_ITS_WORKER.format(place=str(night.room / "once"), always=False),
        "poison": KILLS_ITS_WORKER.format(place=str(night.room / "poison"), always=True),
        "good": "",
    }
    clients = [write_faulty(night.room / "clients", *each) for each in texts.items()]
    code, said = night.run(*clients, "--scheduler", cluster)
    assert night.statuses() == {"once": "ok", "poison": "failed", "good": "ok"}, said
    assert code == 1 and run_of(night, "poison")["reason"] == "its worker died 2 times"
    there = night.files()
    assert night.run(*clients[::2], "--force")[0] == 0
    here = night.files()
    assert {name for name in here if not name.startswith("index")} >= {"once/report.html"}
    assert all(here[name] == there[name] for name in here if not name.startswith("index"))
