"""Fork processes from one warm process that has its imports done, each with a guard above it.

The guard ends its process when whoever asked for it is gone, and ends with it all that it left
running, also what changed its session.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Fork", "can_fork", "close_server", "end_tree", "limit_memory", "serve"]

# What a report imports first or last; not the notebook's own backend, which wants its kernel.
WARM = (
    "workbook",
    "workbook.sections",
    "workbook.batch",
    "holidays.countries",
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "seaborn",
)
# One thread each: a fork carries no other thread over, and clients run side by side anyway.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
) | {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
# Read when matplotlib is imported, which is before the kernel that would say so.
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
_PDEATHSIG, _CHILD_SUBREAPER = 1, 36
_START = "from workbook.forks import serve; serve()"


def can_fork() -> bool:
    """Tell whether this system forks safely: Windows has no fork, macOS breaks after one.

    Examples
    --------
    >>> can_fork() in (True, False)
    True
    """
    has_fork = all(hasattr(os, name) for name in ("fork", "wait4"))
    return has_fork and sys.platform != "darwin" and not _unable


# --- who asks -------------------------------------------------------------------------------------


class Fork:
    """A process forked from the warm server, to be handled like a `subprocess.Popen`.

    Parameters
    ----------
    function : callable
        Of a module; called in the fork with a connection and the arguments. What it sends through
        the connection is in `.said`.
    arguments : tuple
        Must be picklable.
    env, cwd : optional
        Environment and folder; default: those of the caller.

    Raises
    ------
    OSError, EOFError
        If the warm server is not there.
    """

    stdin = stdout = stderr = None

    def __init__(
        self,
        function: Callable[..., None],
        arguments: tuple = (),
        env: dict[str, str] | None = None,
        cwd: str | os.PathLike | None = None,
    ):
        self.connection = _connect()
        wanted = (function, arguments, dict(env or os.environ), str(cwd or Path.cwd()))
        self.connection.send_bytes(pickle.dumps(wanted))
        self.said: list[Any] = []
        self.returncode: int | None = None
        self.peak_megabytes = 0.0
        self.pid: int = self.connection.recv()

    def poll(self) -> int | None:
        """Return the exit code (negative: the signal) once the process has ended, else None."""
        while self.returncode is None and self.connection.poll():
            try:
                said = self.connection.recv()
            except (EOFError, OSError):
                said = _Ended((-signal.SIGKILL, 0.0))
            if isinstance(said, _Ended):
                self.returncode, self.peak_megabytes = said
                self.connection.close()
            else:
                self.said.append(said)
        return self.returncode

    def wait(self) -> int:
        """Return the exit code as soon as the process has ended."""
        while self.poll() is None:
            wait([self.connection])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and the group that it leads."""
        if self.poll() is None:
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and everything that it started."""
        if self.poll() is None:
            self.connection.close()
            self.returncode = -signal.SIGKILL


class _Ended(tuple):
    """Exit code and most megabytes in memory, as the guard tells them."""


_lock = threading.Lock()
_address: str = ""
_server: subprocess.Popen | None = None
_unable = False


def _connect() -> Connection:
    """Return a connection to the server of this process or its parents; start one if needed."""
    global _address, _server, _unable
    with _lock:
        _unable |= bool(_server and _server.poll())
        if not _address:
            # A session of its own: Ctrl-C at the terminal is for the one who asks.
            _server = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | ONE_THREAD | INLINE,
                start_new_session=True,
            )
            _address = _server.stdout.readline().decode().strip()
            _server.stdout.close()
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(_address)
    return Connection(channel.detach())


def close_server() -> None:
    """End the warm server that this process has started, with all its forks."""
    global _address, _server
    with _lock:
        if _server:
            _server.stdin.close()
            _server.wait()
            _server, _address = None, ""


# --- the warm server ------------------------------------------------------------------------------


def serve() -> None:
    """Import what reports need, then fork one guarded process per request until stdin closes."""
    global _address
    room = tempfile.mkdtemp(prefix="workbook-")
    try:
        with socket.socket(socket.AF_UNIX) as door:
            _address = f"{room}/door"
            door.bind(_address)
            door.listen(64)
            os.write(1, f"{_address}\n".encode())
            _turn_away(1)
            _warm_up()
            while 0 not in (ready := wait([0, door], timeout=1)):
                if ready:
                    _answer(door)
                _take_off()
    finally:
        end_tree(os.getpid())
        shutil.rmtree(room, ignore_errors=True)


def _warm_up() -> None:
    # What reads notebooks would check addresses in them by it, and it takes seconds to load.
    sys.modules.setdefault("rfc3987_syntax", None)
    for name in WARM:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.modules.pop("rfc3987_syntax")
    if psutil.Process().num_threads() > 1:
        raise SystemExit("a thread is running, so nothing can be forked")
    _control(_CHILD_SUBREAPER, 1)
    gc.collect()
    gc.freeze()


def _answer(door: socket.socket) -> None:
    channel, _ = door.accept()
    if os.fork():
        channel.close()
        return
    try:
        door.close()
        _turn_away(0)
        _guard(Connection(channel.detach()))
    finally:
        os._exit(0)


def _guard(connection: Connection) -> None:
    """Fork once more, wait for the end of it, or of who asked, and leave nothing behind."""
    _control(_PDEATHSIG, signal.SIGKILL)
    _control(_CHILD_SUBREAPER, 1)
    wanted = pickle.loads(connection.recv_bytes())
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    closed, gate = os.pipe()
    pid = os.fork()
    if not pid:
        signal.set_wakeup_fd(-1)
        os.close(gate)
        os.read(closed, 1)  # who asked is to hear the number of the process before its words
        _be_child(connection, *wanted)
    os.setpgid(pid, pid)
    connection.send(pid)
    os.close(gate)
    ended = _wait_for(pid, connection, woken)
    end_tree(os.getpid())
    with contextlib.suppress(OSError):
        connection.send(ended)


def _wait_for(pid: int, connection: Connection, woken: int) -> _Ended:
    while True:
        ready = wait([connection, woken])
        if woken in ready:
            os.read(woken, 1)
        if gone := connection in ready:
            os.kill(pid, signal.SIGKILL)
        done, status, used = os.wait4(pid, 0 if gone else os.WNOHANG)
        if done:
            return _Ended((os.waitstatus_to_exitcode(status), used.ru_maxrss / 1024))


def _be_child(
    connection: Connection,
    function: Callable[..., None],
    arguments: tuple,
    env: dict[str, str],
    cwd: str,
) -> None:
    """Become a process as if freshly started by the one who asked; never return."""
    code = 1
    try:
        _control(_PDEATHSIG, signal.SIGKILL)
        os.setpgid(0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _turn_away(1, 2)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env | ONE_THREAD)
        sys.modules["numpy"].random.seed()
        # Where memory runs out, the system is to end this first, not who asked.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")
        function(connection, *arguments)
        atexit._run_exitfuncs()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os._exit(code)


def _turn_away(*streams: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _control(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# --- limits and ends ------------------------------------------------------------------------------


def limit_memory(megabytes: int | None) -> None:
    """Let this process and its children take so much more than now, where it can be limited."""
    with contextlib.suppress(ImportError, ValueError):
        import resource

        if megabytes:
            most = psutil.Process().memory_info().vms + (megabytes << 20)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def end_tree(pid: int) -> None:
    """End all that a process has started, however deep, until nothing is left of it."""
    deadline = time.monotonic() + 5
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        while (left := parent.children(recursive=True)) and time.monotonic() < deadline:
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if pid == os.getpid():
                _take_off()
            time.sleep(0.005)


def _take_off() -> None:
    """Take the children that have ended off the table of processes."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
