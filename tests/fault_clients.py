"""Write clients whose own report notebook does one thing wrong, each before its last cell."""

from pathlib import Path

import nbformat

SECONDS = 25
CLOSING = """\
from IPython.display import display
import os
name = os.path.basename(client)
closing = {
    "name": name,
    "language": "en",
    "measures": {"client": name, "as_of": None, "measures": []},
    "findings": [],
    "errors": [],
}
display({"application/vnd.workbook.results+json": closing}, raw=True)
"""
FAULTS = {
    "endless": "while True: pass",
    "deaf": """\
import time
while True:
    try:
        time.sleep(0.1)
    except BaseException:
        pass""",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "memory": "kept = []\nwhile True: kept.append(bytearray(1 << 24))",
    "exits": "import sys\nsys.exit(0)",
    "raises": "raise KeyError('depot')",
    "parent": """\
import subprocess
subprocess.Popen(["sleep", "1000"])
subprocess.Popen(["setsid", "sh", "-c", "sleep 1000 & sleep 1000"], start_new_session=True)""",
    "talks": "for _ in range(60): print('x' * 1_000_000)",
    "good": "1 + 1",
}
MORE = {
    "waits": """\
import pathlib, time
place = pathlib.Path(client)
(place / "running").touch()
while not (place / "go").exists(): time.sleep(0.05)
(place / "running").unlink()""",
}


def write_faulty(room: Path, name: str, cell: str = "") -> Path:
    """Write the client that does this; its last cell hands over an empty but whole report."""
    folder = room / name
    folder.mkdir(parents=True)
    (folder / "client.yaml").write_text(f"name: {name}\n", encoding="utf-8")
    v4 = nbformat.v4
    head = v4.new_code_cell("client = ''\nlanguage = None\noverrides = {}")
    head.metadata["tags"] = ["parameters"]
    body = cell or (FAULTS | MORE)[name]
    notebook = v4.new_notebook(
        cells=[head, v4.new_code_cell(body), v4.new_code_cell(CLOSING)],
        metadata={
            "language_info": {"name": "python"},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
        },
    )
    nbformat.write(notebook, folder / "report.ipynb")
    return folder
