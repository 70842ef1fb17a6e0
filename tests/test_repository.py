"""Hold what a reader relies on: quiet import, a true README, no foreign addresses."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src/workbook").glob("*.py"))
README = (ROOT / "README.md").read_text("utf-8")
FOLDERS = ("data", "docs", "notebooks", "templates", "tests", "tools")


def tracked() -> list[Path]:
    command = ["git", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


# ── import ───────────────────────────────────────────────────────────────────────────────────


def test_import_loads_no_front_and_changes_no_style():
    script = """
import json, sys, warnings
import matplotlib, pandas
before = dict(matplotlib.rcParams), pandas.get_option("display.max_columns"), warnings.filters[:]
import workbook
after = dict(matplotlib.rcParams), pandas.get_option("display.max_columns"), warnings.filters[:]
fronts = {"papermill", "ipywidgets", "nbconvert", "nbclient"}
print(json.dumps([before[0] == after[0], before[1] == after[1], sorted(fronts & set(sys.modules))]))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stderr == ""
    assert json.loads(said.stdout) == [True, True, []]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_opens_with_a_sentence_and_names_what_it_offers(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree).splitlines()[0].endswith((".", ":"))
    names = [
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert path.stem == "__main__" or "__all__" in names


def test_every_import_of_the_package_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"]
    beside = ("formats", "survey", "workshop", "cluster")
    lines = [*declared["dependencies"], *(line for name in beside for line in extras[name])]
    plain = lambda name: name.lower().replace("_", "-")
    wanted = {plain(re.match(r"[\w-]+", line)[0]) for line in lines}
    owners = metadata.packages_distributions()
    for module in {name for path in MODULES for name in imported(path)}:
        if module not in sys.stdlib_module_names | {"workbook"}:
            assert {*map(plain, owners.get(module, [module]))} & wanted, module


def imported(path: Path) -> set[str]:
    """Return the top names of all that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


# ── what a reader sees ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_opens_with_a_page_of_at_most_a_screen(folder):
    lines = (ROOT / folder / "README.md").read_text("utf-8").splitlines()
    assert 3 <= len(lines) <= 60


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md"])
def test_links_to_files_arrive(page):
    text = (ROOT / page).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert links
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_paths_of_the_readme_s_tree_exist():
    tree = README.split("```text\n")[1].split("```")[0]
    paths = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert len(paths) > 10
    assert [path for path in paths if not list(ROOT.glob(path))] == []


def test_make_help_lists_every_target_that_the_readme_names():
    targets = re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert len(targets) <= 9
    assert set(re.findall(r"`?\bmake ([a-z-]+)`", README)) <= {*targets, "help"}


def test_the_readme_names_every_command_and_no_other():
    from workbook.cli import main

    named = set(re.findall(r"^workbook ([a-z]+)", README, re.MULTILINE))
    assert named == set(main.commands)


def test_the_readme_s_picture_is_small_and_has_words():
    assert re.search(r"!\[[^\]]{30,}\]\(docs/report\.png\)", README)
    assert (ROOT / "docs/report.png").stat().st_size < 300_000


# ── what must not be in it ───────────────────────────────────────────────────────────────────


def test_no_file_names_a_package_index_or_a_machine_s_folder():
    foreign = re.compile("index" + r"-url|file:" + r"///|/ro" + r"ot/|/home/" + r"\w|/wo" + "rk/")
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        assert not foreign.search(text), path


def test_clients_data_and_results_are_ignored():
    for name in ("clients/acme/order_lines.csv", "reports/index.html", ".venv/x", "node_modules/x"):
        command = ["git", "check-ignore", "--quiet", "--no-index", name]
        assert subprocess.run(command, cwd=ROOT).returncode == 0, name
