"""Install the wheel as a user does, not editable, and run it outside the repository."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Callable[..., subprocess.CompletedProcess]:
    """A fresh environment with the wheel in it; the dependencies are those of this one."""
    room = tmp_path_factory.mktemp("installed")
    venv.create(room / "venv", with_pip=False, symlinks=os.name != "nt")
    scheme = {"base": str(room / "venv"), "platbase": str(room / "venv")}
    python = Path(sysconfig.get_path("scripts", "venv", scheme)) / Path(sys.executable).name
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    pip = [sys.executable, "-m", "pip", "--python", str(python), *install]
    subprocess.run(pip, check=True, capture_output=True)
    # A path file reads no path files, so the editable install of this environment stays out.
    own = Path(sysconfig.get_path("purelib", "venv", scheme))
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*words: object) -> subprocess.CompletedProcess:
        command = [str(python), *map(str, words)]
        return subprocess.run(command, cwd=room, capture_output=True, text=True, encoding="utf-8")

    return run


def test_the_wheel_carries_data_templates_and_languages(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, place in {"data": "data_files", "templates": "templates"}.items():
        files = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        assert files
        assert {f"workbook/{place}{name.removeprefix(folder)}" for name in files} <= names
    locale = (ROOT / "src/workbook/locale").glob("*.po")
    assert {f"workbook/locale/{path.name}" for path in locale} <= names
    assert not [name for name in names if "__pycache__" in name or "/clients/" in name]


def test_the_package_comes_from_the_wheel(installed):
    said = installed("-c", "import workbook; print(workbook.__file__)")
    assert Path(said.stdout.strip()).is_relative_to(
        Path(installed("-c", "import sys; print(sys.prefix)").stdout.strip())
    )


def test_sample_new_and_check_run_outside_the_repository(installed, tmp_path):
    made = installed("-m", "workbook", "sample", "brzoza-dom", tmp_path / "b", "--scale", "0.01")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "b/order_lines.csv").is_file() and (tmp_path / "b.truth.json").is_file()
    assert installed("-m", "workbook", "new", tmp_path / "acme").returncode == 0
    assert (tmp_path / "acme/order_lines.xlsx").is_file()


def test_demo_runs_outside_the_repository(installed, tmp_path):
    said = installed("-m", "workbook", "demo", "--no-open", "--out", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    made = {path.name for path in (tmp_path / "out/brzoza-dom").iterdir()}
    assert made >= {"report.html", "report.ipynb", "measures.json", "findings.json", "run.json"}
