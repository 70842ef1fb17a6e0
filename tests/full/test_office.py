"""Open each format in another program: whole, on its page, in its own letters."""

import re
import shutil
import subprocess
from pathlib import Path

import pptx
import pytest

from workbook.language import LANGUAGES
from workbook.samples import shipped_samples

pytestmark = pytest.mark.full

REPORTS = [f"{folder.name}-{language}" for folder in shipped_samples() for language in LANGUAGES]
REPORTS.append("hostile")
# LibreOffice is slow: one sample in every language, the others in one of their own.
PRINTED = [*REPORTS[: len(LANGUAGES)], "norddrive-teile-fr", "ten-orders-pl", "zimny-szlak-ru"]
PRINTED.append("hostile")


def said(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return done.stdout


def words_by_page(paper: Path) -> list[tuple[float, float, list[tuple[float, ...]]]]:
    """Return each page's width, height and the edges of its words, in points."""
    pages = said("pdftotext", "-bbox", paper, "-").split("<page ")[1:]
    edge = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"')
    size = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
    sizes = [tuple(map(float, size.match(page).groups())) for page in pages]
    words = [[tuple(map(float, found)) for found in edge.findall(page)] for page in pages]
    return [(*of, here) for of, here in zip(sizes, words, strict=True)]


def assert_nothing_is_cut_off(paper: Path, edge: float) -> None:
    for number, (width, height, words) in enumerate(words_by_page(paper), start=1):
        out = [w for w in words if w[0] < edge or w[2] > width - edge or w[3] > height or w[1] < 0]
        assert out == [], (paper, number)


@pytest.mark.parametrize("id_", REPORTS)
def test_pdf_is_whole_in_its_own_letters(reports, id_):
    paper = reports / id_ / "report.pdf"
    assert_nothing_is_cut_off(paper, edge=20)
    fonts = said("pdffonts", paper).splitlines()[2:]
    assert fonts and all(line.split()[-5] == "yes" for line in fonts), fonts
    assert any("WorkbookSans" in line for line in fonts)
    assert "JavaScript:      no" in said("pdfinfo", paper)


@pytest.fixture(scope="session")
def printed(reports, tmp_path_factory) -> Path:
    """Every Word document, presentation and workbook as LibreOffice prints it."""
    soffice = shutil.which("soffice")
    assert soffice, "LibreOffice is missing; run tools/install_full.sh"
    room = tmp_path_factory.mktemp("printed")
    for form in ("docx", "pptx", "xlsx"):
        for id_ in PRINTED:
            shutil.copy(reports / id_ / f"report.{form}", room / f"{id_}-{form}.{form}")
    own = f"-env:UserInstallation={(room / 'own').as_uri()}"
    for form in ("docx", "pptx", "xlsx"):
        files = sorted(room.glob(f"*.{form}"))
        said(soffice, "--headless", own, "--convert-to", "pdf", "--outdir", room, *files)
    return room


@pytest.mark.parametrize("id_", PRINTED)
@pytest.mark.parametrize("form", ["docx", "pptx", "xlsx"])
def test_libreoffice_opens_and_prints_it(printed, id_, form):
    paper = printed / f"{id_}-{form}.pdf"
    assert_nothing_is_cut_off(paper, edge=0)
    assert any(words for *_, words in words_by_page(paper))


@pytest.mark.parametrize("id_", PRINTED)
def test_each_slide_is_one_page_and_its_words_stay_on_it(printed, id_, reports):
    deck = pptx.Presentation(reports / id_ / "report.pptx")
    pages = words_by_page(printed / f"{id_}-pptx.pdf")
    assert len(pages) == len(deck.slides)
    for _, height, words in pages:
        assert all(word[3] <= height - 8 for word in words)
