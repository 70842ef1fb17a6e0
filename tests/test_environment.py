"""Hold environment.yml, pyproject.toml and constraints.txt to each other and to what is installed.

No conda solve is run: each line is read as conda reads it and compared with the installed version.
"""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec, Version, VersionSpec

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CORE = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [
    Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines
]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
SPECS = [MatchSpec(line) for line in CONDA["dependencies"] if isinstance(line, str)]

# conda-forge's names where they are not PyPI's.
PYPI_NAMES = {
    "matplotlib-base": "matplotlib",
    "nbconvert-core": "nbconvert",
    "python-graphviz": "graphviz",
    "python-tzdata": "tzdata",
    "seaborn-base": "seaborn",
}
# What conda brings that is no Python package, or is there anyway.
CONDA_ONLY = {"python", "pip", "graphviz"}
# conda-forge's Graphviz is a library of its own, so its pygraphviz needs no wheel that carries one.
OWN_FLOOR = {"pygraphviz"}


def pypi_name(spec: MatchSpec) -> str:
    name = canonicalize_name(spec.name.normalized)
    return PYPI_NAMES.get(name, name)


PACKAGES = {pypi_name(spec): spec for spec in SPECS if spec.name.normalized not in CONDA_ONLY}


def floor(requirement: Requirement) -> str:
    return next(one.version for one in requirement.specifier if one.operator == ">=")


def test_conda_brings_exactly_the_core():
    assert PACKAGES.keys() == {canonicalize_name(requirement.name) for requirement in CORE}
    assert CONDA["channels"] == ["conda-forge"]


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_the_installed_version_matches_the_conda_line(name):
    spec = VersionSpec(PACKAGES[name].version)
    assert spec.matches(Version(metadata.version(name)))


@pytest.mark.parametrize("requirement", CORE, ids=lambda requirement: requirement.name)
def test_conda_and_pip_have_the_same_floor(requirement):
    name = canonicalize_name(requirement.name)
    if name not in OWN_FLOOR:
        assert PACKAGES[name].version == f">={floor(requirement)}"


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_constraints_hold_names_and_versions_and_nothing_else():
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in pinned())
    assert all(re.fullmatch(r"[0-9][0-9a-z.+]*", version) for version in pinned().values())


def test_no_pin_asks_for_a_later_python_than_debian_12_has():
    found = {canonicalize_name(one.name): one.metadata for one in metadata.distributions()}
    asked = {name: found[name]["Requires-Python"] for name in pinned() if name in found}
    late = {n: ask for n, ask in asked.items() if not SpecifierSet(ask or "").contains("3.11.2")}
    assert late == {}


@pytest.mark.parametrize("requirement", CORE + EXTRAS, ids=lambda requirement: requirement.name)
def test_constraints_pin_what_the_project_asks_for(requirement):
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])
