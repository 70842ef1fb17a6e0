"""Public data with right answers, mapped by a client.yaml alone; skipped where it is not beside."""

import json
import shutil
from pathlib import Path

import pytest

from workbook.cli import main
from workbook.data import open_client
from workbook.rights import measure_rights
from workbook.roadmap import draw_road_map
from workbook.trends import control_charts

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


def test_scms_by_country_and_year_is_as_published(tmp_path, capsys):
    rows = measured(folder_of("scms", tmp_path), capsys, "--by", "region", "--by", "year")
    worst = {
        "Congo, DRC": (0.750751, 333),
        "Mozambique": (0.816165, 631),
        "Zambia": (0.841874, 683),
    }
    for country, (share, n) in worst.items():
        row = pick(rows, "right_time", "line", region=country)
        assert (round(row["confirmed"], 6), row["right"] + row["wrong"]) == (share, n)
    lines = [row for row in rows if (row["measure"], row["level"]) == ("right_time", "line")]
    by_year = {row["period"]: row["confirmed"] for row in lines if row["period"]}
    assert by_year["2006"] == 1.0
    assert [round(by_year[year], 4) for year in ("2010", "2011")] == [0.8414, 0.7646]


def test_scms_s_fall_over_the_years_is_seen_and_named(tmp_path):
    rights = measure_rights(open_client(folder_of("scms", tmp_path)))
    falls = [
        finding
        for finding in control_charts(rights, "right_time", period="year").findings()
        if finding.id.startswith("trend-fall")
    ]
    assert len(falls) == 1 and "2006" in falls[0].sentence and "2011" in falls[0].sentence
