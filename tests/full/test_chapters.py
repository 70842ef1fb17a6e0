"""Run whole chapters as people do: in JupyterLab, in a browser, and turn their controls."""

import shutil
import statistics
import time
from pathlib import Path

import pytest
from jupyter import jupyter_lab

pytestmark = pytest.mark.full

FOLDER = Path(__file__).parents[2] / "notebooks"
# The label of the control that each chapter offers, and which of its options are tried.
CONTROLS = {
    "03_seven_rights": ("On time against", (0, 2, 1)),
    "06_survey_design": ("Closed questions", (0, 2, 4)),
}


def run_all(page, address: str) -> None:
    """Run every cell to its end: on a cold server the first call may do nothing."""
    page.goto(address, wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    for _ in range(6):
        page.wait_for_timeout(2_000)
        if page.locator("dialog.jp-Dialog").count():
            page.keyboard.press("Enter")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.get_by_text("[1]:").first.wait_for(timeout=15_000)
        except Exception:
            continue
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=120_000)
        return
    raise AssertionError("the chapter never ran")


@pytest.mark.parametrize("name", CONTROLS)
def test_a_chapter_runs_and_its_control_moves_the_result(name, tmp_path, browser):
    shutil.copy(FOLDER / f"{name}.ipynb", tmp_path)
    label, options = CONTROLS[name]
    page, asked, times = browser.new_page(viewport={"width": 1400, "height": 1200}), [], []
    page.on("request", lambda request: asked.append(request.url))
    with jupyter_lab(tmp_path) as address:
        run_all(page, f"{address}/tree/{name}.ipynb")
        cell = page.locator(".jp-CodeCell", has=page.get_by_label(label))
        cell.scroll_into_view_if_needed(timeout=90_000)
        control, shown = cell.get_by_label(label), cell.locator(".jp-OutputArea table").last
        shown.wait_for(timeout=60_000)
        for option in options:
            shown.scroll_into_view_if_needed()  # what is out of sight has no text
            before, started = shown.inner_text(), time.monotonic()
            control.select_option(index=option)
            while shown.inner_text() == before and time.monotonic() < started + 20:
                page.wait_for_timeout(10)
            assert shown.inner_text() != before
            times.append(time.monotonic() - started)
        page.screenshot(path=tmp_path / "chapter.png")
        assert not page.get_by_text("Traceback").count()
    print(f"{name}: {statistics.median(times) * 1000:.0f} ms; picture: {tmp_path}/chapter.png")
    assert [url for url in asked if url.startswith("http") and "127.0.0.1" not in url] == []
    page.close()
