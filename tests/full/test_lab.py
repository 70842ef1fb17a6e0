"""Use the workshop's table of steps as people do: in JupyterLab, in a browser, by keyboard."""

import time
from pathlib import Path

import nbformat
import pytest
from jupyter import jupyter_lab

pytestmark = pytest.mark.full

CHAPTER = Path(__file__).parents[2] / "notebooks" / "01_process_chart.ipynb"
STEPS = "step_id,step,role,predecessors,touch_minutes,wait_minutes\n" + "".join(
    f"s{i},Step {i},{'Shop' if i % 3 else 'Store'},{f's{i - 1}' if i > 1 else ''},5,30\n"
    for i in range(1, 9)
)

# Asked at every frame: a locator asks again after half a second only.
DRAWN = """words => [...document.querySelectorAll(".jp-OutputArea svg[role=img]")]
    .some(chart => chart.textContent.includes(words))"""


@pytest.fixture
def room(tmp_path) -> Path:
    """A folder with a client and the chapter's cells down to the table of steps."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "client.yaml").write_text("name: Acme\n")
    (tmp_path / "acme" / "steps.csv").write_text(STEPS)
    chapter = nbformat.read(CHAPTER, as_version=4)
    code = [cell for cell in chapter.cells if cell.cell_type == "code"]
    last = next(i for i, cell in enumerate(code) if "edit_steps" in cell.source)
    cells = [*code[:2], code[last]]
    cells[0].source = cells[0].source.replace('"brzoza-dom"', '"acme"')
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=chapter.metadata)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    return tmp_path


@pytest.fixture
def lab(room):
    """The address of the chapter in a JupyterLab over that folder."""
    with jupyter_lab(room) as address:
        yield f"{address}/tree/chapter.ipynb"


def run_all(page, address):
    page.goto(address, wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    chart = page.locator(".jp-OutputArea svg[role=img]").first
    page.wait_for_timeout(1_500)
    for _ in range(6):  # on a cold server the first call may do nothing
        if page.locator("dialog.jp-Dialog").count():
            page.keyboard.press("Enter")
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        page.keyboard.press("Control+Home")
        for _ in range(3):
            page.keyboard.press("Shift+Enter")
            page.wait_for_timeout(700)
        try:
            chart.wait_for(timeout=15_000)
            return chart
        except Exception:
            continue
    raise AssertionError("the chart never showed")


def test_a_step_is_edited_by_keyboard_drawn_undone_and_found_again(lab, room, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    chart = run_all(page, lab)
    first = page.locator(".jp-OutputArea input[type=text]").nth(1)
    first.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Take the call")
    started = time.monotonic()
    page.keyboard.press("Enter")
    page.wait_for_function(DRAWN, arg="Take the", polling="raf", timeout=5_000)
    seconds = time.monotonic() - started
    assert "s1,Take the call,Shop" in (room / "acme" / "steps.csv").read_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "Shop"  # the next field of the row
    page.get_by_role("button", name="Undo").click()
    page.locator(".jp-OutputArea svg[role=img]", has_text="Step 1").first.wait_for(timeout=5_000)
    assert "Take the call" not in (room / "acme" / "steps.csv").read_text()
    again = page.locator(".jp-OutputArea input[type=text]").nth(1)
    again.fill("Answer the call")
    again.press("Enter")
    page.locator(".jp-OutputArea svg[role=img]", has_text="Answer").first.wait_for(timeout=5_000)
    page.screenshot(path=room / "lab.png")
    chart = run_all(page, lab)
    page.locator(".jp-OutputArea input[type=text]").nth(1).wait_for(timeout=10_000)
    assert page.locator(".jp-OutputArea input[type=text]").nth(1).input_value() == "Answer the call"
    assert "Answer" in chart.inner_html()
    print(f"typed to drawn: {seconds * 1000:.0f} ms; picture: {room / 'lab.png'}")
    outside = [url for url in asked if url.startswith("http") and "127.0.0.1" not in url]
    assert outside == []
    page.close()
