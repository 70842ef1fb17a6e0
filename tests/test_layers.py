"""Hold the table of layers in docs/design.md: the modules in it, and which way imports point."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "workbook"
ROWS = re.findall(r"^\| \d \| (.+) \|$", (ROOT / "docs/design.md").read_text("utf-8"), re.MULTILINE)
LAYERS = [row.split(", ") for row in ROWS]
ORDER = [module for layer in LAYERS for module in layer]
FRONTS = {"__init__", "__main__"}


def imports(module: str) -> set[str]:
    """Return the package's modules that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("workbook.")} & set(ORDER)


def test_every_module_has_its_place_in_the_table():
    assert sorted(ORDER) == sorted({path.stem for path in PACKAGE.glob("*.py")} - FRONTS)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_down_or_left(module):
    assert imports(module) <= set(ORDER[: ORDER.index(module)])


def test_the_package_is_flat():
    assert not list(PACKAGE.glob("*/*.py"))


def test_import_workbook_needs_no_front():
    assert not imports("__init__") & {"report", "batch", "cli", "widgets"}
