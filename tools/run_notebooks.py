"""Run the notebooks and write their outputs back, so that they can be read without being run.

What differs from run to run is left out: times, the state of controls, and blocks that only a
report needs; cells of which something is left out are marked, so that nbval does not compare them.
Usage: python tools/run_notebooks.py [NOTEBOOK ...]
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
_CONTROL = "application/vnd.jupyter.widget-view+json"
_PASS_OVER = "nbval-ignore-output"
_LEFT_OUT = ("application/vnd.workbook.blocks+json", "application/vnd.workbook.results+json")


def run(path: Path) -> nbformat.NotebookNode:
    """Execute a notebook from its own folder; return it as it is to be kept."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}})
    client.execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            _mark(cell)
        outputs = [out for out in cell.get("outputs", ()) if _CONTROL not in out.get("data", {})]
        for output in outputs:
            output.pop("transient", None)
            for kind in _LEFT_OUT:
                output.get("data", {}).pop(kind, None)
        if cell.cell_type == "code":
            cell.outputs = [out for out in outputs if out.get("name") != "stderr"]
    return notebook


def _mark(cell: nbformat.NotebookNode) -> None:
    kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
    tags = [tag for tag in cell.metadata.get("tags", []) if tag != _PASS_OVER]
    tags += [_PASS_OVER] * bool(kinds & {_CONTROL, *_LEFT_OUT})
    cell.metadata.pop("tags", None)
    cell.metadata.update({"tags": tags} if tags else {})


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or sorted(NOTEBOOKS.glob("0*.ipynb"))):
        print(path.name, flush=True)
        nbformat.write(run(path), path)
