"""Share the browser and the reports to look at; in these tests a missing tool is a failure."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.batch import read_jobs, run_batch
from workbook.resources import data_path


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> Path:
    """The shipped sample in English and Russian (other letters, longer words), with their index."""
    room = tmp_path_factory.mktemp("full")
    shutil.copytree(data_path("brzoza-dom"), room / "sample")
    rows = "".join(f"{id_},sample,{id_}\n" for id_ in ("en", "ru"))
    (room / "list.csv").write_text(f"id,folder,language\n{rows}")
    outcomes = run_batch(read_jobs([room / "list.csv"]), room / "out", progress=print)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    return room / "out"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium, driven by playwright."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "chromium is missing; run tools/install_full.sh"
    with sync_playwright() as playwright:
        switches = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=path, args=switches)
        yield chromium
        chromium.close()
