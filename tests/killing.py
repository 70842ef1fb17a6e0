"""Kill a batch at its n-th write: imported by all its processes, counted across them.

KILL_OUT names the folder whose writes count, KILL_COUNT the file that counts them (a byte each),
KILL_AT the one at which the driver and the writer die; a write that is to be kept dies half done.
"""

import io
import os
import signal
from pathlib import Path

from workbook.batch import read_jobs, run_batch

_real = {name: getattr(os, name) for name in ("fsync", "replace", "unlink", "mkdir")}
_open = io.open


def _point(path: object, half: int | None = None) -> None:
    out = os.environ.get("KILL_OUT")
    if not out or not str(path).startswith(out):
        return
    with _open(os.environ["KILL_COUNT"], "ab", buffering=0) as file:
        file.write(b".")
        number = file.tell()
    if number == int(os.environ["KILL_AT"]):
        if half is not None:
            os.ftruncate(half, os.fstat(half).st_size // 2)
        for pid in (int(os.environ["KILL_DRIVER"]), os.getpid()):
            os.kill(pid, signal.SIGKILL)


def _fsync(place: int) -> None:
    path = Path(f"/proc/self/fd/{place}").readlink()
    _point(path, None if path.is_dir() else place)
    _real["fsync"](place)


def _before(name: str):
    def call(path, *more, **choices):
        if name != "unlink" or os.path.lexists(path):
            _point(path)
        return _real[name](path, *more, **choices)

    return call


def _opened(path, mode="r", *more, **choices):
    if set(mode) & set("wax") and str(path) != os.environ.get("KILL_COUNT"):
        _point(path)
    return _open(path, mode, *more, **choices)


os.fsync, io.open = _fsync, _opened
for _name in ("replace", "unlink", "mkdir"):
    setattr(os, _name, _before(_name))


def drive(connection: object, targets: list[str], out: str) -> None:
    """Be the driver of a batch that may be killed."""
    os.environ["KILL_DRIVER"] = str(os.getpid())
    run_batch(read_jobs(targets), out, at_once=1, progress=str)
