"""Run notebooks by papermill, in kernels that are forked from a warm process where that goes.

The kernels are a provisioner of jupyter_client, so papermill's command line, nbclient and
JupyterLab take them too: `papermill -k workbook …`.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from workbook.files import hush
from workbook.forks import Fork, can_fork, limit_memory
from workbook.language import Language, speak

__all__ = ["MOST_OUTPUT", "ForkProvisioner", "Run", "forked_kernels", "run_notebook"]

NAME = "workbook-fork"
MOST_OUTPUT = 10  # megabytes of one report that are not its own blocks
_MOST_WORDS = 500
_OURS = "application/vnd.workbook"
_memory_limit: int | None = None


# --- kernels --------------------------------------------------------------------------------------


class ForkProvisioner(LocalProvisioner):
    """Start this Python's ipykernel as a fork of the warm process; all others as usual.

    The kernelspec `workbook` names it; `JUPYTER_DEFAULT_PROVISIONER_NAME=workbook-fork` in the
    environment takes it for every kernel.
    """

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Start the kernel; where nothing can be forked, a plain one."""
        launcher = cmd.index("ipykernel_launcher") if "ipykernel_launcher" in cmd else 0
        if launcher and Path(cmd[0]) == Path(sys.executable) and can_fork():
            with contextlib.suppress(OSError, EOFError):
                arguments = (cmd[launcher + 1 :], _memory_limit)
                self.process = Fork(_be_kernel, arguments, kwargs.get("env"), kwargs.get("cwd"))
                self.pid = self.pgid = self.process.pid
                self.cwd = kwargs.get("cwd") or Path.cwd()
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def _be_kernel(connection: Connection, arguments: list[str], memory_limit: int | None) -> None:
    from ipykernel.kernelapp import IPKernelApp

    connection.close()
    kernel = IPKernelApp.instance()
    kernel.initialize(arguments)
    # Its threads reserve address space that is no use of memory, so they come first.
    limit_memory(memory_limit)
    kernel.start()


@contextlib.contextmanager
def forked_kernels(memory_limit: int | None = None) -> Iterator[None]:
    """Take forks for the kernels that this process starts meanwhile, with so many megabytes."""
    global _memory_limit
    factory = KernelProvisionerFactory.instance()
    usual, factory.provisioners[NAME] = factory.default_provisioner_name, _entry_point()
    factory.default_provisioner_name, _memory_limit = NAME, memory_limit
    try:
        yield
    finally:
        factory.default_provisioner_name, _memory_limit = usual, None


def _entry_point() -> EntryPoint:
    group = KernelProvisionerFactory.GROUP_NAME
    return EntryPoint(NAME, f"{__name__}:{ForkProvisioner.__name__}", group)


# --- notebooks ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """How a notebook ran: executed unless it failed; else status, cell and reason."""

    executed: nbformat.NotebookNode | None
    status: str = "ok"
    cell: int | None = None
    reason: str = ""
    started: bool = True


def run_notebook(notebook: Path, values: Mapping[str, object], say: Language) -> Run:
    """Execute a notebook with these parameters; nothing is written.

    A kernel that dies before it answers is started once more: of many that start side by side two
    may have chosen the same port, and nothing has run yet.

    Parameters
    ----------
    notebook : path
    values : mapping
        For its cell tagged `parameters`.
    say : Language
        Of the reason, if it fails, and of the note where its output is cut.

    Returns
    -------
    Run
        status `failed`, or `memory` where that ran out.
    """
    run = _run_once(notebook, values, say)
    return run if run.started else _run_once(notebook, values, say)


def _run_once(notebook: Path, values: Mapping[str, object], say: Language) -> Run:
    kills = _kills_for_memory()
    choices = {"kernel_name": "python3", "progress_bar": False, "say": say}
    try:
        with hush():  # a kernel's own log
            return Run(
                papermill.execute_notebook(str(notebook), None, dict(values), NAME, **choices)
            )
    except PapermillExecutionError as error:
        status = "memory" if str(error.ename).endswith("MemoryError") else "failed"
        return Run(None, status, error.exec_count, f"{error.ename}: {error.evalue}"[:_MOST_WORDS])
    except _KernelEndedError as error:
        cell, megabytes = error.args
        if _kills_for_memory() > kills or megabytes > 0.8 * (_memory_limit or float("inf")):
            return Run(None, "memory", cell, say("memory ran out, so its kernel was ended"))
        return Run(
            None, "failed", cell, say("the kernel died: it crashed or was ended from outside")
        )
    except RuntimeError as error:
        reason = say("its kernel did not start: {why}", why=str(error))
        return Run(None, "failed", None, reason, started=False)


def _kills_for_memory() -> int:
    """Return how often the system has ended a process for want of memory, where it tells."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


class _KernelEndedError(Exception):
    """In which cell a kernel ended, and with how many megabytes at most."""


class _Client(PapermillNotebookClient):
    """Papermill's client, which also tells where a kernel ended and cuts endless output."""

    written = 0

    def execute_cell(self, cell: nbformat.NotebookNode, index: int, **more: Any) -> Any:
        """Execute a cell; if the kernel ends, say in which, as the kernel counts."""
        try:
            return super().execute_cell(cell, index, **more)
        except DeadKernelError:
            before = self.nb.cells[: index + 1]
            number = sum(bool(cell.cell_type == "code" and cell.source.strip()) for cell in before)
            megabytes = getattr(self.km.provisioner.process, "peak_megabytes", 0)
            raise _KernelEndedError(number, megabytes) from None

    def output(self, outs: list, msg: dict, display_id: str | None, cell_index: int) -> Any:
        """Take an output, or say once that the rest is left out."""
        content, most = msg["content"], MOST_OUTPUT * 1_000_000
        data = content.get("data", {})
        if msg["msg_type"] != "error" and not any(kind.startswith(_OURS) for kind in data):
            before, self.written = self.written, self.written + len(str(data or content))
            if self.written > most:
                note = self.say("Only the first {n} MB are kept.", n=MOST_OUTPUT)
                outs += [nbformat.v4.new_output("stream", text=note)] * (before <= most)
                return None
        return super().output(outs, msg, display_id, cell_index)


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, say: Language | None = None, **_: Any
    ) -> None:
        """Run papermill's notebook by our client."""
        client = _Client(nb_man, kernel_name=kernel_name, startup_timeout=60, timeout=None)
        client.say = say or speak("en")
        client.execute()


papermill_engines.register(NAME, _Engine)
