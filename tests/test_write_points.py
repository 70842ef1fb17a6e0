"""A batch killed at any of its writes: each file is the old whole one or the new whole one."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from fault_clients import write_faulty

from workbook import forks

pytestmark = pytest.mark.skipif(not forks.can_fork(), reason="needs a system that forks")
TIMED = ("run.json", "batch.json", "report.ipynb")  # what CONTRACT lets differ
MOST_POINTS = 60
SAMPLE = (2, 9, 19, 24)


@dataclass
class Room:
    """A client whose report exists as it was; what a run that nothing disturbs makes of it."""

    home: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    points: int

    def run(self, out: Path, kill_at: int = 0) -> int:
        from killing import drive

        count = self.home / "count"
        count.write_bytes(b"")
        watch = {"KILL_OUT": str(out), "KILL_COUNT": str(count), "KILL_AT": str(kill_at)}
        return forks.Fork(drive, ([str(self.home / "good")], str(out)), os.environ | watch).wait()


def files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def lasting(found: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in found.items() if Path(name).name not in TIMED}


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> Iterator[Room]:
    home = tmp_path_factory.mktemp("kills")
    (home / "sitecustomize.py").write_text("import killing\n")
    forks.close_server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{home}{os.pathsep}{Path(__file__).parent}")
        good = write_faulty(home, "good")
        room = Room(home, {}, {}, 0)
        assert room.run(home / "old") == 0
        room.old = files(home / "old")
        (good / "client.yaml").write_text("name: Żabka\naccent: '#204060'\n", encoding="utf-8")
        shutil.copytree(home / "old", home / "new")
        assert room.run(home / "new") == 0
        room.new, room.points = files(home / "new"), (home / "count").stat().st_size
        yield room
        forks.close_server()


def whole(name: str, data: bytes) -> bool:
    if name.endswith(".ipynb"):
        return bool(nbformat.reads(data.decode(), as_version=4).cells)
    return bool(json.loads(data))


def check(room: Room, point: int) -> None:
    out = room.home / f"out{point}"
    shutil.copytree(room.home / "old", out)
    assert room.run(out, point) == -9
    for name, data in files(out).items():
        if Path(name).name in TIMED:
            assert whole(name, data)
        else:
            assert data in (room.old.get(name), room.new[name])
    assert room.run(out) == 0
    assert lasting(files(out)) == lasting(room.new)
    assert not list(out.rglob(".*"))
    statuses = [each["status"] for each in json.loads((out / "batch.json").read_text())["clients"]]
    assert statuses == ["ok"]


def test_the_points_are_counted_and_the_reports_differ(room):
    assert 20 < room.points <= MOST_POINTS
    assert room.old["good/report.html"] != room.new["good/report.html"]


@pytest.mark.parametrize("point", SAMPLE)
def test_a_kill_at_some_writes_leaves_whole_files(room, point):
    check(room, point)


@pytest.mark.deep
@pytest.mark.parametrize("point", sorted({*range(1, MOST_POINTS + 1)} - {*SAMPLE}))
def test_a_kill_at_each_write_leaves_whole_files(room, point):
    if point > room.points:
        pytest.skip(f"there are {room.points} writes")
    check(room, point)
