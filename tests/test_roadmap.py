"""The road map: verdicts per step, pseudonyms, written standards, and what to record next."""

import numpy as np
import pandas as pd
import pytest

from workbook.data import open_client
from workbook.results import to_html
from workbook.roadmap import draw_road_map, keep_key, pseudonyms
from workbook.sections import (
    by_group,
    chart,
    closing,
    contract,
    data,
    opening,
    over_time,
    scorecard,
)

STEPS = """step_id,step,role,predecessors,touch_minutes,wait_minutes,rights,activity,status
pick,Pick,Warehouse,,5,30,product;quantity,Picked,works
van,Drive by van,Van,pick,60,0,time,By van,
bike,Ride by bike,Bike,pick,60,0,time,By bike,
ask,Ask,Office,van;bike,2,0,,,
"""


@pytest.fixture
def client(tmp_path):
    """600 orders: those by bike are late in 30 of 100, those by van in 2."""
    (tmp_path / "client.yaml").write_text(
        "name: Acme\nid: acme\nas_of: 2025-04-30\nrights: [product, time]\n"
        "targets: {right_product: 0.95}\n"
    )
    (tmp_path / "steps.csv").write_text(STEPS)
    rng = np.random.default_rng(5)
    bike = np.arange(600) % 2 == 0
    late = rng.random(600) < np.where(bike, 0.30, 0.02)
    lines = pd.DataFrame(
        {
            "order_id": np.arange(600),
            "customer": np.where(np.arange(600) % 3 == 0, "Zofia & Co", "Adler"),
            "product": "lamp",
            "product_delivered": "lamp",
            "promised_at": "2025-03-03",
            "delivered_at": np.where(late, "2025-03-09", "2025-03-03"),
        }
    )
    lines.to_csv(tmp_path / "order_lines.csv", index=False)
    trip = pd.DataFrame(
        {"order_id": lines["order_id"], "activity": np.where(bike, "By bike", "By van")}
    )
    pick = trip.assign(activity="Picked")
    pd.concat([pick, trip]).assign(event_at="2025-03-02").to_csv(
        tmp_path / "events.csv", index=False
    )
    return tmp_path


def test_a_step_is_judged_by_the_rights_it_protects_and_the_orders_that_passed_it(client):
    road = draw_road_map(open_client(client))
    assert road.verdicts == {
        "pick": "works",  # its one measured right is met
        "van": "no evidence",  # no target for time, and no worse than elsewhere
        "bike": "needs improvement",  # late more often than the orders that went otherwise
        "ask": "no evidence",  # it protects nothing
    }
    finding = next(finding for finding in road.findings if finding.step_id == "bike")
    assert (finding.right, finding.n) == ("time", 300) and finding.observed > 0.2


def test_what_the_client_says_stands_beside_the_verdict(client):
    steps = draw_road_map(open_client(client)).steps.set_index("step_id")
    assert steps.loc["pick", "says"] == "works" and pd.isna(steps.loc["bike", "says"])


def test_a_missed_right_marks_every_step_that_protects_it(client):
    road = draw_road_map(open_client(client, targets={"right_time": 0.99}))
    assert [road.verdicts[step] for step in ("van", "bike")] == ["needs improvement"] * 2


def test_a_written_standard_wins_over_a_target(client):
    (client / "standards.csv").write_text("measure,target\nright_product,1.0\n")
    road = draw_road_map(open_client(client))
    row = road.rights.overall("right_product")
    assert (row["target"], row["verdict"]) == (1.0, "not demonstrable")


def test_findings_come_with_the_gravest_first(client):
    kinds = [finding.kind for finding in draw_road_map(open_client(client)).findings]
    order = ["needs improvement", "no evidence", "data", "works"]
    assert kinds == sorted(kinds, key=order.index)


def test_customers_stand_under_pseudonyms_and_the_key_stays_in_their_folder(client):
    road = draw_road_map(open_client(client))
    shown = [section(road).blocks for section in (opening, chart, scorecard, over_time, by_group)]
    shown += [section(road).blocks for section in (data, contract)]
    everything = "".join(map(to_html, shown)) + str(closing(road).results)
    assert "Zofia" not in everything and "Adler" not in everything
    key = pd.read_csv(keep_key(road.client))
    assert dict(zip(key["customer"], key["pseudonym"], strict=True)) == {
        "Adler": "C1",
        "Zofia & Co": "C2",
    }


def test_customers_shown_by_name_need_no_key(client):
    assert keep_key(open_client(client, show_customers=True)) is None


def test_a_shipped_sample_gets_no_key():
    assert keep_key(open_client("brzoza-dom")) is None


def test_equally_many_lines_are_ranked_by_name():
    assert pseudonyms(pd.Series({"b": 1, "a": 1})) == {"a": "C1", "b": "C2"}


def test_a_client_without_any_table_still_gets_a_road_map(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme")
    road = draw_road_map(open_client(tmp_path))
    assert road.rights is None and road.process is None and road.steps.empty
    assert opening(road).blocks[1]["text"].startswith("No right could be measured")
