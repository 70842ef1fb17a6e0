"""Findings held to planted truth: what was planted is found, a clean client left in peace."""

import pytest

from workbook import samples
from workbook.data import open_client
from workbook.ladder import definition_ladder
from workbook.rights import measure_rights
from workbook.roadmap import draw_road_map

SEED = 11
# What accuses a place, a time, a clock or a habit; verdicts against targets are no accusations.
LOCATED = (
    "where-",
    "unknown-",
    "step-",
    "promise-",
    "trend-",
    "busy-",
    "fairness-",
    "clock-",
    "silent",
)


def road_of(tmp_path, problems, seed=SEED, scale=1.0):
    folder = tmp_path / f"client-{seed}"
    samples.write_sample("brzoza-dom", folder, seed=seed, problems=problems, scale=scale)
    return draw_road_map(open_client(folder))


def accusations(road):
    return [
        finding.id
        for finding in road.findings
        if finding.kind != "works" and finding.id.startswith(LOCATED)
    ]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The client with all ten problems at full size: its road map, and the truth by problem."""
    home = tmp_path_factory.mktemp("full")
    sample = samples.generate("brzoza-dom", seed=SEED, problems="all")
    return road_of(home, "all"), sample.truth["problems"]


def finding(road, start):
    found = [each for each in road.findings if each.id.startswith(start)]
    assert len(found) == 1, [each.id for each in road.findings]
    return found[0]


def test_promise_gaming_is_found_with_its_size(full):
    road, truth = full
    gap = finding(road, "promise-gap")
    assert gap.effect == pytest.approx(truth["A1"]["realised"]["repromise_gap"], abs=0.02)
    assert finding(road, "where-time-promise_days").where == {"promise_days": "1-2"}


def test_the_peak_is_found_within_a_week(full):
    first, last = finding(full[0], "where-time-2025").period.split("/")
    assert first in ("2025-W46", "2025-W47", "2025-W48")
    assert last in ("2025-W50", "2025-W51", "2025-W52", "2026-W01")  # due a week after the order


def test_the_carrier_that_breaks_glass_is_named_with_the_glass(full):
    road, truth = full
    cell = finding(road, "where-condition")
    assert cell.where == truth["A3"]["where"]
    low, high = cell.interval
    planted = truth["A3"]["realised"]
    assert low - 0.02 <= planted["damaged"] - planted["damaged_elsewhere"] <= high + 0.02


def test_missing_proofs_are_placed_and_the_band_holds_the_truth(tmp_path):
    road = road_of(tmp_path, "A4")
    assert finding(road, "unknown-time").where == {"carrier": "K3"}
    truth = samples.generate("brzoza-dom", seed=SEED, problems="A4").truth["problems"]["A4"]
    row = measure_rights(road.client, targets={"right_time": 0.88}).overall("right_time")
    assert row["confirmed"] <= truth["realised"]["all"]["true_on_time"] <= row["upper"]
    assert row["verdict"] == "not demonstrable"


def test_the_carrier_that_writes_utc_is_named_with_its_hours(full):
    road, truth = full
    assert finding(road, "clock-").where == truth["A5"]["where"]
    wrong = road.views["visibility"].data.set_index("order_id")["misjudged"].dropna()
    assert set(wrong.index[wrong.ne("")]) == set(truth["A5"]["realised"]["misjudged_first_promise"])


def test_splits_show_between_the_first_delivery_and_the_end(full):
    road, truth = full
    lines = road.client.order_lines
    later = lines["delivery_no"].ne("1") & lines["delivery_no"].notna()
    first = lines.assign(quantity_delivered=lines["quantity_delivered"].mask(later, 0.0))
    first = measure_rights(first, profile=road.client.profile, as_of=road.client.as_of)
    in_full = [each.overall("right_quantity")["confirmed"] for each in (road.rights, first)]
    gap = in_full[0] - in_full[1]
    assert gap == pytest.approx(truth["A6"]["realised"]["gap"], abs=0.02)


def test_oversize_is_found_to_take_longer(full):
    road, truth = full
    days = finding(road, "fairness-size-days")
    assert days.where == truth["A9"]["where"]
    assert days.effect == pytest.approx(truth["A9"]["realised"]["days_longer"], abs=0.3)


def test_nothing_else_is_found_in_the_full_client(full):
    kinds = {"promise-gap", "silent"}
    starts = ("where-time-promise_days", "where-time-2025", "where-time-size_class-XL", "clock-K4")
    starts += (
        "where-condition-product_group-glass-carrier-K2",
        "fairness-size-days-XL",
        "unknown-time-carrier-K3",
    )
    rest = [
        name for name in accusations(full[0]) if name not in kinds and not name.startswith(starts)
    ]
    assert rest == []


def test_decoys_are_not_found(full):
    wheres = [each.where for each in full[0].findings if each.right in ("time", "price")]
    assert {"carrier": "K1"} not in wheres
    assert not any("weekday" in where for where in wheres)
    assert not any(
        each.right == "price" for each in full[0].findings if each.id.startswith("where-")
    )


@pytest.mark.parametrize("seed", [301, 302])
def test_a_clean_client_is_left_in_peace(seed, tmp_path):
    assert accusations(road_of(tmp_path, "none", seed, scale=0.3)) == []


@pytest.mark.deep
def test_over_forty_clean_clients_at_most_one_is_accused(tmp_path):
    accused = {seed: accusations(road_of(tmp_path, "none", seed)) for seed in range(400, 440)}
    assert sum(map(bool, accused.values())) <= 1, {k: v for k, v in accused.items() if v}


def test_the_same_orders_read_very_differently_by_definition(full):
    read = definition_ladder(full[0].rights).data["value"].dropna()
    assert len(read) >= 10 and read.max() - read.min() > 0.3
