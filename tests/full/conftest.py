"""Share the browser and the reports to look at; in these tests a missing tool is a failure."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_client import STEPS, write_client

from workbook.batch import read_jobs, run_batch
from workbook.formats import FORMATS
from workbook.language import LANGUAGES
from workbook.samples import shipped_samples

SAMPLES = [f"{folder.name}-{language}" for folder in shipped_samples() for language in LANGUAGES]
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>=1+1'


@pytest.fixture(scope="session")
def reports(tmp_path_factory) -> Path:
    """Every shipped sample in every language and a hostile client, in all formats, with index."""
    room = tmp_path_factory.mktemp("full")
    rows = ["id,folder,language"]
    for folder in shipped_samples():
        shutil.copytree(folder, room / folder.name)
        rows += [f"{folder.name}-{code},{folder.name},{code}" for code in LANGUAGES]
    (room / "list.csv").write_text("\n".join(rows))
    jobs = read_jobs([room / "list.csv", hostile_client(room / "hostile")])
    outcomes = run_batch(jobs, room / "out", formats=FORMATS, progress=print)
    assert [outcome.status for outcome in outcomes] == ["ok"] * (len(SAMPLES) + 1)
    return room / "out"


def hostile_client(folder: Path) -> Path:
    """Write a client who has put script, markup and a formula into each text field."""
    bad = '"' + HOSTILE.replace('"', '""') + '"'
    columns = "order_id,line_no,carrier,segment,product,reason,promised_at,delivered_at"
    lines = [f"A{n},1,{bad},{bad},{bad},{bad},2026-03-02,2026-03-0{n}" for n in (1, 2, 3)]
    files = {
        "client.yaml": f"name: '{HOSTILE}'\nprepared_by: '{HOSTILE}'\n",
        "steps.csv": STEPS.replace("Take the order", bad).replace("Carrier", bad),
        "order_lines.csv": "\n".join([columns, *lines]),
    }
    return write_client(folder, **files)


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
