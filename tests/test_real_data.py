"""Public data with right answers, mapped by a client.yaml alone; skipped where it is not beside."""

import json
import shutil
from pathlib import Path

import pytest

from workbook.cli import main
from workbook.data import open_client
from workbook.roadmap import draw_road_map

SHARED = Path(__file__).parents[2] / "shared" / "data"
FILES = {
    "scms": ["scms_delivery_history.csv"],
    "northwind": ["northwind_orders.csv", "northwind_order_details.csv"],
}
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public data files are not beside the project (shared/data)"
)


def folder_of(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(Path(__file__).parent / "clients" / name, folder)
    for file in FILES[name]:
        shutil.copy(SHARED / file, folder)
    return folder


def measured(folder, capsys, *options):
    with pytest.raises(SystemExit) as ended:
        main(["measure", str(folder), "--json", *options])
    assert ended.value.code == 0
    return json.loads(capsys.readouterr().out)["measures"]


def pick(rows, measure, level, **segment):
    return next(
        row
        for row in rows
        if (row["measure"], row["level"]) == (measure, level) and row["segment"] == segment
    )


def test_scms_on_time_by_line_is_9138_of_10324(tmp_path, capsys):
    rows = measured(folder_of("scms", tmp_path), capsys, "--by", "carrier")
    whole = pick(rows, "right_time", "line")
    assert (whole["right"], whole["wrong"], whole["unknown"]) == (9138, 1186, 0)
    assert whole["timing"] == {"early": 2814, "on_time": 6324, "late": 1186}
    by_mode = {"Air": (0.903975, 6113), "Truck": (0.839223, 2830), "Ocean": (0.824798, 371)}
    for mode, (share, n) in (by_mode | {"Air Charter": (0.884615, 650)}).items():
        row = pick(rows, "right_time", "line", carrier=mode)
        assert (round(row["confirmed"], 6), row["right"] + row["wrong"]) == (share, n)


def test_northwind_on_time_by_order_is_772_of_830(tmp_path, capsys):
    row = pick(measured(folder_of("northwind", tmp_path), capsys), "right_time", "order")
    assert (row["right"], row["wrong"], row["unknown"]) == (772, 58, 0)
    assert row["reasons"] == {"not delivered": 21, "late": 37}
    assert row["confirmed"] == pytest.approx(0.930120, abs=5e-7)


@pytest.mark.parametrize("name", FILES)
def test_few_rights_still_give_findings_and_what_to_record_next(name, tmp_path):
    road = draw_road_map(open_client(folder_of(name, tmp_path)))
    assert 1 <= len(road.rights.measured) <= 3
    ids = {finding.id for finding in road.findings}
    assert {"right-time", "perfect-order", "record-price", "record-condition"} <= ids
