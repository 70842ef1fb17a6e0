"""Start a JupyterLab over a folder."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """Yield the address of a JupyterLab that serves this folder and nobody else."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    home = dict.fromkeys(names, str(folder / ".jupyter"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--LabApp.news_url=", f"--ServerApp.root_dir={folder}"]
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=folder, env=os.environ | home, **nowhere)
    address = f"http://127.0.0.1:{port}/lab"
    try:
        wait_for(lambda: urllib.request.urlopen(address, timeout=2).status == 200)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def wait_for(works, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if works():
                return
        assert time.monotonic() < ends, "JupyterLab does not answer"
        time.sleep(0.5)
