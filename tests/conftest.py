"""Share what several test files need: a tiny client to alter, a small sample, the command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workbook.cli import main
from workbook.samples import write_sample

STEPS = """\
step_id,step,role,predecessors,touch_minutes,rights
1,Take the order,Sales,,5,information
2,Pick,Warehouse,1,10,product;quantity
3,Deliver,Carrier,2,60,time
"""
ORDER_LINES = """\
order_id,carrier,promised_at,delivered_at
A1,Van,2026-03-02,2026-03-02
A2,Van,2026-03-03,2026-03-05
A3,Bike,2026-03-04,2026-03-04
A4,Bike,2026-03-05,2026-03-05
"""


def write_client(folder: Path, **files: str) -> Path:
    """Write a client of three steps and four orders, one late; files replace or add to it."""
    shown = {"client.yaml": "name: Shop\n", "steps.csv": STEPS, "order_lines.csv": ORDER_LINES}
    folder.mkdir(parents=True)
    for name, text in (shown | files).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


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
