"""Open with LibreOffice what a client is sent."""

import csv
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from workbook.schema import columns
from workbook.starter import new_client

pytestmark = pytest.mark.full


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("table", ["steps", "order_lines"])
def test_libreoffice_opens_a_blank_sheet_with_all_its_columns(tmp_path, table, language):
    folder = new_client(tmp_path / "acme", language)
    rows = list(csv.reader(converted(folder / f"{table}.xlsx", tmp_path).open(encoding="utf-8")))
    labels = {column.labels[language] for column in columns(table).values()}
    assert len(rows[0]) > 5
    assert {heading.removesuffix(" *") for heading in rows[0]} <= labels  # * marks the required


def converted(sheet: Path, room: Path) -> Path:
    """Return the first sheet as CSV, as LibreOffice reads it."""
    assert shutil.which("soffice"), "LibreOffice is missing; run tools/install_full.sh"
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1"
    command = ["soffice", "--headless", "--convert-to", form, "--outdir", room, sheet]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"HOME": str(room)})
    return room / f"{sheet.stem}.csv"
