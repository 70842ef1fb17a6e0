"""Take the README's picture: the top of the sample client's report, as a browser shows it.

Usage: python tools/picture.py   (needs `make test-full` to have installed the browser, and pillow)
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from workbook.report import make_report

OUT = Path(__file__).parents[1] / "docs" / "report.png"
WIDTH, HEIGHT, SHOWN = 1120, 1000, 1120


def main() -> None:
    with tempfile.TemporaryDirectory() as room:
        make_report("brzoza-dom", room)
        shot = photograph(Path(room) / "brzoza-dom" / "report.html")
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture = picture.resize((SHOWN, round(picture.height * SHOWN / picture.width)))
    # A page has few colours; a palette keeps letters sharp and the file small.
    picture.quantize(128, dither=Image.Dither.NONE).save(OUT, optimize=True)
    print(f"{OUT.name}: {picture.width} × {picture.height}, {OUT.stat().st_size / 1000:.0f} kB")


def photograph(page_file: Path) -> bytes:
    with sync_playwright() as playwright:
        switches = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=switches
        )
        window = {"width": WIDTH, "height": HEIGHT}
        page = browser.new_page(viewport=window, device_scale_factor=2)
        page.goto(page_file.as_uri())
        return page.screenshot()


if __name__ == "__main__":
    main()
