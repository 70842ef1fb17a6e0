"""A client's folder becomes one for teaching: no name is left, every figure is."""

import pandas as pd
import pytest

from workbook.anonymise import anonymise_client
from workbook.data import open_client

NAMES = ["Kowalski", "Żabka", "Hurtownia", "Gdańsk", "DHL Express", "Anna Nowak", "ZX-100", "Sopot"]
FILES = {
    "client.yaml": "name: Hurtownia Kowalski\nid: kowalski\nprepared_by: Anna Nowak\n"
    "timezone: Europe/Warsaw\ntargets: {otif: 0.9}\nexclude_reasons: [strike]\n"
    "tables:\n  order_lines:\n    columns: {carrier: Żabka transport}\n",
    "order_lines.csv": "Nr zamówienia,customer,product,product_delivered,place_ordered,"
    "place_delivered,Żabka transport,ordered_at,delivered_at,quantity_ordered,unit_price,reason\n"
    "K-1,Żabka,ZX-100,ZX-100,Gdańsk,Gdańsk,DHL Express,2026-01-05,2026-01-07T10:30,5,12.50,\n"
    "K-2,Żabka,ZX-100,QQ-7,Gdańsk,Sopot,DHL Express,2026-01-06,,3,0.1,Żabka moved\n",
    "steps.csv": "step_id,step,role,predecessors,owner\n"
    "take,Take Żabka's order,Sales,,Anna Nowak\nship,Ship by DHL Express,Store,take,Anna Nowak\n",
    "events.csv": "order_id,activity,event_at\nK-1,pick,2026-01-05T08:00\n",
    "responses.csv": "response_id,order_id,overall,comment,Żabka rating,City\n"
    "1,K-1,5,Thanks to Anna Nowak,4,Sopot\n2,K-2,4,,3,Gdańsk\n",
}


@pytest.fixture
def lesson(tmp_path):
    source = tmp_path / "kowalski"
    source.mkdir()
    for name, text in FILES.items():
        (source / name).write_text(text, encoding="utf-8")
    return open_client(source), open_client(anonymise_client(source, tmp_path / "lesson"))


def test_no_name_is_left_in_any_file(lesson):
    for path in lesson[1].folder.iterdir():
        text = (path.name + path.read_text(encoding="utf-8")).casefold()
        assert [name for name in NAMES if name.casefold() in text] == [], path.name


def test_figures_dates_and_choices_are_kept(lesson):
    before, after = (client.order_lines for client in lesson)
    kept = ["ordered_at", "delivered_at", "quantity_ordered", "unit_price"]
    pd.testing.assert_frame_equal(before[kept], after[kept])
    assert after["reason"].tolist()[1].endswith("moved")
    assert lesson[1].profile.targets == {"otif": 0.9}
    assert lesson[1].profile.timezone == "Europe/Warsaw"
    assert lesson[1].problems == ()


def test_the_same_name_is_the_same_replacement_in_every_table(lesson):
    after = lesson[1]
    lines, events = after.order_lines, after.events
    assert lines["customer"].nunique() == 1
    assert (lines["product"] == lines["product_delivered"]).tolist() == [True, False]
    assert (lines["place_ordered"] == lines["place_delivered"]).tolist() == [True, False]
    assert events["order_id"].tolist() == lines["order_id"].tolist()[:1]
    assert after.responses["order_id"].tolist() == lines["order_id"].tolist()
    assert after.steps["predecessors"].tolist()[1] == after.steps["step_id"].tolist()[0]


def test_a_sample_keeps_its_measures(tmp_path):
    from workbook.roadmap import measure_client

    sample, lesson = open_client("ten-orders"), anonymise_client("ten-orders", tmp_path / "lesson")
    counts = lambda client: [
        (row["measure"], row["level"], row["right"], row["wrong"], row["unknown"])
        for row in measure_client(client).as_json()["measures"]
        if not row["segment"]
    ]
    assert counts(open_client(lesson)) == counts(sample)


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="not empty"):
        anonymise_client("ten-orders", tmp_path)
