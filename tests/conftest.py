"""Share what several test files need: a tiny client to alter, a small sample, the command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny_client import write_client

from workbook.cli import main
from workbook.samples import write_sample


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A client's folder that a test may spoil."""
    return write_client(tmp_path / "shop")


@pytest.fixture(scope="session")
def brzoza(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hundredth of the sample client; only to be read."""
    return write_sample(
        "brzoza-dom", tmp_path_factory.mktemp("clients") / "brzoza", seed=1, scale=0.01
    )


@pytest.fixture
def workbook() -> Callable[..., Result]:
    """The command: workbook("check", folder) → .exit_code, .stdout, .stderr."""

    def run(*words: object) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words], prog_name="workbook")
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run
