"""A client's logo: in every format that opens with a title, and nothing but the picture."""

import io
import os
import re
from pathlib import Path

import docx
import pptx
import pytest
from executed import execute
from PIL import Image
from pypdf import PdfReader
from tiny_client import write_client

from workbook import open_client
from workbook.formats import FORMATS, make_files
from workbook.logo import fit_logo


def draw(path: Path, size: tuple[int, int] = (60, 20), **told: object) -> None:
    Image.new("RGB", size, "#b3382c").save(path, **told)


def with_logo(folder: Path, name: str) -> Path:
    return write_client(folder, **{"client.yaml": f"name: Shop\nlogo: '{name}'\n"})


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, bytes]:
    folder = with_logo(tmp_path_factory.mktemp("logo") / "shop", "logo.jpg")
    draw(folder / "logo.jpg", comment=b"taken at 52.2 N 21.0 E")
    client = open_client(folder)
    assert not client.problems
    return make_files(FORMATS, execute(folder), client.profile)


def test_the_page_shows_it_without_another_file(made):
    page = made["report.html"].decode()
    assert re.search(r'<img class="logo" src="data:image/png;base64,[\w+/=]+" alt="">', page)


def test_paper_shows_it_with_the_clients_name(made):
    first = PdfReader(io.BytesIO(made["report.pdf"])).pages[0]
    assert len(first.images) == 1


def test_word_and_powerpoint_open_with_it(made):
    paper = docx.Document(io.BytesIO(made["report.docx"]))
    assert paper.inline_shapes[0]._inline.docPr.get("descr") == "Shop"
    slide = pptx.Presentation(io.BytesIO(made["report.pptx"])).slides[0]
    (shown,) = (shape for shape in slide.shapes if shape.shape_type == 13)
    assert shown.left + shown.width <= 960 * 12700
    assert shown.width / shown.height == pytest.approx(3, rel=0.01)


def test_nothing_of_the_file_but_its_picture_is_shown(tmp_path):
    folder = with_logo(tmp_path / "shop", "logo.jpg")
    draw(folder / "logo.jpg", (3000, 1000), comment=b"taken at 52.2 N 21.0 E")
    shown = open_client(folder).profile.logo_picture
    assert b"52.2" not in shown
    assert Image.open(io.BytesIO(shown)).size == (720, 240)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("none.png", None, "not there"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "no PNG or JPEG"),
        ("logo.png", b"\x89PNG\r\n\x1a\nand no more", "no PNG or JPEG"),
        ("logo.png", b"", "no PNG or JPEG"),
        ("logo.png", b"x" * 2_000_001, "too large"),
        (".", None, "not there"),
    ],
)
def test_what_cannot_be_shown_is_one_warning(tmp_path, name, content, what):
    folder = with_logo(tmp_path / "shop", name)
    if content is not None:
        (folder / name).write_bytes(content)
    client = open_client(folder)
    (problem,) = client.problems
    assert (problem.severity, problem.file, problem.column) == ("warning", "client.yaml", "logo")
    assert what in problem.problem
    assert "PNG or JPEG" in problem.remedy
    assert client.profile.logo_picture == b""
    assert len(client.table()) == 1


def test_a_logo_lies_in_the_clients_folder(tmp_path):
    draw(tmp_path / "logo.png")
    for at, name in enumerate(("../logo.png", str(tmp_path / "logo.png"))):
        (problem,) = open_client(with_logo(tmp_path / f"shop{at}", name)).problems
        assert "outside" in problem.problem


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_does_not_bring_it_in(tmp_path):
    draw(tmp_path / "logo.png")
    folder = with_logo(tmp_path / "shop", "linked.png")
    (folder / "linked.png").symlink_to(tmp_path / "logo.png")
    (problem,) = open_client(folder).problems
    assert "outside" in problem.problem


def test_a_picture_that_unpacks_to_too_much_is_too_large(tmp_path):
    folder = with_logo(tmp_path / "shop", "logo.png")
    Image.new("1", (6000, 5000)).save(folder / "logo.png")
    (problem,) = open_client(folder).problems
    assert "too large" in problem.problem


def test_a_logo_keeps_its_shape():
    made = io.BytesIO()
    Image.new("L", (400, 100)).save(made, "PNG")
    assert fit_logo(made.getvalue(), 150, 52) == (150, 37.5)
    assert fit_logo(made.getvalue(), 800, 52) == (208, 52)
