"""Nothing of one client is in another's files, and nothing one leaves changes the next."""

import json
import re
from pathlib import Path

import pytest
from fault_clients import write_faulty
from tiny_client import ORDER_LINES, STEPS, write_client

from workbook.batch import read_jobs, run_batch

pytestmark = pytest.mark.full
CLIENTS = 20


def marker(number: int) -> str:
    """Return what no other client has, in letters that no format breaks up or writes otherwise."""
    return f"ZQ{number:02d}" + chr(ord("A") + number) * 5 + "QZ"


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    room = tmp_path_factory.mktemp("leaks")
    for number in range(CLIENTS):
        mark = marker(number)
        lines = ORDER_LINES.replace("Van", f"Van {mark}").replace("A1", f"A{mark}")
        steps = STEPS.replace("Pick", f"Pick {mark}").replace("Sales", f"Sales {mark}")
        yaml = f"name: Shop {mark}\nprepared_by: Writer {mark}\n"
        files = {"client.yaml": yaml, "steps.csv": steps, "order_lines.csv": lines}
        write_client(room / f"c{number:02d}", **files)
    jobs = read_jobs(sorted(room.iterdir()))
    outcomes = run_batch(jobs, room / "out", at_once=6, progress=str)
    assert [(each.id, each.reason) for each in outcomes if each.status != "ok"] == []
    return room / "out"


def test_no_client_s_marker_is_in_another_s_files(out):
    for number in range(CLIENTS):
        files = [path for path in (out / f"c{number:02d}").iterdir() if path.is_file()]
        found = {name for path in files for name in re.findall(rb"ZQ\d\d\w+QZ", path.read_bytes())}
        assert found == {marker(number).encode()}


def test_the_index_has_each_marker_in_its_own_row(out):
    clients = json.loads((out / "batch.json").read_text("utf-8"))["clients"]
    for number, client in enumerate(clients):
        assert set(re.findall(r"ZQ\d\d\w+QZ", json.dumps(client))) == {marker(number)}


SPOILS = """\
import os, sys, builtins, locale, warnings, random
import numpy as np, pandas as pd, matplotlib, matplotlib.pyplot as plt
import workbook, workbook.language
workbook.spoilt = builtins.spoilt = True
workbook.language.LANGUAGES = ("xx",)
plt.figure()
matplotlib.rcParams["font.size"] = 77
pd.set_option("display.max_rows", 7)
np.seterr(all="raise"); np.random.seed(1); random.seed(1)
os.environ["SPOILT"] = "1"; os.chdir("/"); os.umask(0o777)
warnings.simplefilter("error")
"""
LOOKS = """\
import os, builtins, random, pathlib
import numpy as np, pandas as pd, matplotlib, matplotlib.pyplot as plt
import workbook, workbook.language
seen = [hasattr(workbook, "spoilt"), hasattr(builtins, "spoilt"),
    workbook.language.LANGUAGES == ("xx",), bool(plt.get_fignums()),
    matplotlib.rcParams["font.size"] == 77, pd.get_option("display.max_rows") == 7,
    np.geterr()["over"] == "raise", "SPOILT" in os.environ, os.getcwd() == "/"]
mask = os.umask(0o022)
assert not any(seen) and mask != 0o777, (seen, mask)
print("drew", np.random.random(), random.random())
"""


def test_what_one_client_s_code_changes_is_not_seen_by_the_next(tmp_path):
    cells = {"a_spoils": SPOILS, "b_looks": LOOKS, "c_spoils": SPOILS, "d_looks": LOOKS}
    folders = [write_faulty(tmp_path / "clients", name, cell) for name, cell in cells.items()]
    outcomes = run_batch(read_jobs(folders), tmp_path / "out", at_once=1, progress=str)
    assert [(each.status, each.reason) for each in outcomes] == [("ok", "")] * 4
    texts = [(tmp_path / "out" / name / "report.ipynb").read_text() for name in cells]
    drawn = [re.search(r"drew [\d.]+ [\d.]+", text) for text in texts]
    assert drawn[1] and drawn[1][0] != drawn[3][0]
