"""Prepare the room of a workshop: the pages that Voilà serves for one client, on this machine."""

import logging
import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
import webbrowser
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbook.data import find_client
from workbook.editions import chapters, translated
from workbook.kernels import forked_kernels
from workbook.minutes import open_board, words
from workbook.profile import read_profile
from workbook.resources import data_path, template_path

__all__ = ["prepare_room", "serve_room", "working_copy"]

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_CULL = {"idle_timeout": 600, "interval": 60}  # seconds
_OPEN = "from workbook.workshop import Workshop\nworkshop = Workshop(client, language)"


def working_copy(folder: str | Path) -> Path:
    """Return the folder that a workshop writes to: the client's, or a copy here of a sample."""
    found = find_client(folder)
    if data_path().resolve() not in found.resolve().parents:
        return found
    copy = Path(f"{found.name}-workshop")
    return copy if copy.exists() else Path(shutil.copytree(found, copy))


def prepare_room(folder: Path, language: str, room: Path) -> None:
    """Write what Voilà serves into an empty folder: the workshop, the chapters, the look.

    No chapter is changed: each is a copy with the client's folder and language as parameters.
    """
    look = room / "share" / "voila" / "templates" / "workshop"
    shutil.copytree(template_path("workshop"), look)
    for font in template_path("fonts").glob("source-sans-3*"):
        shutil.copy(font, look / "static")
    read = lambda path: translated(nbformat.read(path, as_version=4), language)[0]
    pages = {path.name: read(path) for path in chapters()}
    titles = {name: page.cells[0].source.split("\n")[0].strip("# ") for name, page in pages.items()}
    pages["workshop.ipynb"], client = _workshop(language, titles), read_profile(folder).name
    shown = {"client": client, "chapters": [*titles.items()], "words": words(language)["page"]}
    for name, page in pages.items():
        tags = [cell.metadata.get("tags", ()) for cell in page.cells]
        place = next((i for i, each in enumerate(tags, start=1) if "parameters" in each), 0)
        values = f"client, language = {str(folder.resolve())!r}, {language!r}"
        page.cells.insert(place, new_code_cell(values))
        page.metadata.update(kernelspec=_KERNEL, title=titles.get(name, client))
        page.metadata["workbook"] = shown | {"here": name}
        nbformat.write(page, room / name)


def _workshop(language: str, titles: dict[str, str]) -> nbformat.NotebookNode:
    """Return the workshop's page: a cell for each section, and the way to the chapters."""
    told, cells = words(language), [new_code_cell(_OPEN)]
    listed = "\n".join(f"- [{title}]({name})" for name, title in titles.items())
    for name, title in told["title"].items():
        links = name == "chapters"
        cell = new_markdown_cell(listed) if links else new_code_cell(f"workshop.section({name!r})")
        cell.metadata.update(section=name, title=title, lead=told["lead"][name])
        cells.append(cell)
    return new_notebook(cells=cells)


def serve_room(folder: Path, language: str, port: int | None, opens: bool) -> None:
    """Serve a client's workshop on this machine until it is stopped.

    Raises
    ------
    ValueError
        If Voilà is not installed, the port is taken, or the folder's workshop.json can't be read.
    """
    open_board(folder)
    if find_spec("voila") is None:
        what = "a workshop needs Voilà, which is not installed"
        raise ValueError(f"{what}; run pip install 'customer-logistics-workbook[workshop]'")
    port = next((n for n in ([port] if port else range(8866, 8916)) if not _answers(n)), None)
    if port is None:
        raise ValueError("the port is taken; name a free one with --port")
    token = secrets.token_urlsafe(12)  # others who use this machine are not in the room
    address = f"http://127.0.0.1:{port}/voila/render/workshop.ipynb?token={token}"
    with tempfile.TemporaryDirectory(prefix="workshop") as room:
        prepare_room(folder, language, Path(room))
        print(f"The workshop is at {address}\nIt writes into {folder}; Ctrl+C ends it.", flush=True)
        if opens:
            threading.Thread(target=_open_later, args=(address, port), daemon=True).start()
        _run_voila(room, language, port, token)


def _run_voila(room: str, language: str, port: int, token: str) -> None:
    from voila.app import Voila

    paths = (f"{room}/share", os.environ.get("JUPYTER_PATH"))
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))
    switches = {"Voila.ip": "127.0.0.1", "Voila.port": port, "Voila.port_retries": 0}
    switches |= {"Voila.open_browser": False, "Voila.log_level": "CRITICAL", "Voila.token": token}
    logging.getLogger("tornado").setLevel(logging.CRITICAL)
    switches |= {"VoilaConfiguration.template": "workshop", "VoilaExporter.language_code": language}
    # A kernel that died is told, never begun anew behind a page that no longer answers.
    switches |= {"KernelRestarter.restart_limit": 0}
    # A page that was closed leaves its kernel; what was typed is on disk.
    switches |= {f"MappingKernelManager.cull_{name}": s for name, s in _CULL.items()}
    with forked_kernels():
        Voila.launch_instance([room, *(f"--{name}={value}" for name, value in switches.items())])


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _open_later(address: str, port: int) -> None:
    while not _answers(port):
        time.sleep(0.3)
    webbrowser.open(address)
