"""Give papermill, nbclient and JupyterLab kernels that are forked from a warm process."""

import contextlib
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from workbook.forks import Fork, can_fork, limit_memory

__all__ = ["ForkProvisioner", "forked_kernels"]

NAME = "workbook-fork"
_memory_limit: int | None = None


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
