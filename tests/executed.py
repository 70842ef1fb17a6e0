"""Run the report's cells here, without a kernel: what the formats show is made in a second."""

from pathlib import Path

import nbformat

from workbook import Client, draw_road_map, open_client
from workbook.resources import template_path
from workbook.results import Shown


def execute(client: Client | Path | str, language: str | None = None) -> nbformat.NotebookNode:
    """Return the report notebook with the outputs of its cells."""
    client = client if isinstance(client, Client) else open_client(client)
    notebook = nbformat.read(template_path("report.ipynb"), as_version=4)
    names: dict[str, object] = {"road": draw_road_map(client, language)}
    exec("from workbook import sections", names)
    for cell in notebook.cells:
        if cell.source.startswith("sections."):
            show(cell, eval(cell.source, names))
    return notebook


def show(cell: nbformat.NotebookNode, value: Shown) -> None:
    cell["outputs"] = [nbformat.v4.new_output("display_data", value._repr_mimebundle_())]
