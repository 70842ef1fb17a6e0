"""Failing cells: found when planted, named once, and not found in chance."""

import numpy as np
import pandas as pd
import pytest

from workbook.causes import failing_cells
from workbook.language import speak
from workbook.profile import Profile
from workbook.rights import measure_rights


def orders(seed, n=4000):
    rng = np.random.default_rng(seed)
    due = pd.Timestamp("2025-01-06") + pd.to_timedelta(rng.integers(0, 364, n), unit="D")
    frame = pd.DataFrame(
        {
            "order_id": np.arange(n).astype(str),
            "carrier": rng.choice(["K1", "K2", "K3"], n),
            "product_group": rng.choice(["glass", "wood", "tin", "oak"], n),
            "region": rng.choice(list("NSWE"), n),
            "promised_at": due.astype("datetime64[us]"),
        }
    )
    frame["delivered_at"] = frame["promised_at"]
    return frame, rng


def damage(frame, rng, share):
    harmed = rng.random(len(frame)) < share
    return frame.assign(condition=np.where(harmed, "damaged", "good"))


def test_a_planted_pair_is_named_as_the_pair_and_only_once():
    frame, rng = orders(1)
    planted = (frame["carrier"] == "K2") & (frame["product_group"] == "glass")
    cells = failing_cells(measure_rights(damage(frame, rng, np.where(planted, 0.15, 0.01))))
    assert [cell.where for cell in cells] == [{"product_group": "glass", "carrier": "K2"}]
    assert cells[0].interval.low < 0.14 < cells[0].interval.high


def test_bad_weeks_in_a_row_are_one_finding():
    frame, rng = orders(2)
    week = frame["promised_at"].dt.isocalendar().week.to_numpy()
    cells = failing_cells(
        measure_rights(damage(frame, rng, np.where((week >= 47) & (week <= 51), 0.4, 0.05)))
    )
    assert [(cell.where, cell.period) for cell in cells] == [({}, "2025-W47/2025-W51")]


def test_chance_alone_seldom_gives_a_finding():
    found = [failing_cells(measure_rights(damage(*orders(seed, 1500), 0.05))) for seed in range(20)]
    assert sum(map(bool, found)) <= 1


def test_a_small_cell_is_no_finding_however_bad():
    frame, rng = orders(3)
    few = frame.index < 20
    frame["region"] = np.where(few, "X", frame["region"])
    cells = failing_cells(measure_rights(damage(frame, rng, np.where(few, 1.0, 0.01))))
    assert not any(cell.where.get("region") == "X" for cell in cells)


def test_an_order_after_the_cut_off_was_promised_a_day_less_ahead():
    frame, _ = orders(4, 400)
    late = frame.index % 2 == 0
    hour = pd.to_timedelta(np.where(late, 15, 9), unit="h")
    frame["ordered_at"] = frame["promised_at"] - pd.Timedelta(days=2) + hour
    frame["time_ok"] = pd.array(~late, "boolean")
    profile = Profile("A", cut_off="14:00")
    (cell, *_) = failing_cells(measure_rights(frame, profile=profile))
    assert (cell.where, cell.n) == ({"promise_days": "1"}, 200)
    frame["ordered_at"] = frame["ordered_at"].dt.normalize()
    assert failing_cells(measure_rights(frame, profile=profile)) == []


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
def test_a_cell_is_said_in_the_reader_s_language(language):
    frame, rng = orders(1)
    planted = frame["carrier"] == "K2"
    cells = failing_cells(measure_rights(damage(frame, rng, np.where(planted, 0.2, 0.01))))
    finding = cells[0].finding(speak(language))
    assert finding.where == {"carrier": "K2"} and "K2" in finding.sentence
    assert finding.kind == "needs improvement" and finding.n == cells[0].n


def test_failures_that_keep_to_some_weeks_of_a_cell_are_told_with_them():
    frame, rng = orders(8)
    week = frame["promised_at"].dt.isocalendar().week.to_numpy()
    planted = (frame["region"] == "N") & (week >= 20) & (week <= 24)
    cells = failing_cells(measure_rights(damage(frame, rng, np.where(planted, 0.5, 0.01))))
    assert [(cell.where, cell.period) for cell in cells] == [({"region": "N"}, "2025-W20/2025-W24")]
    assert cells[0].share == pytest.approx(0.5, abs=0.12)


def test_products_that_go_wrong_from_a_week_on_are_named():
    frame, rng = orders(9, n=8000)
    frame["product"] = np.char.add("P", rng.integers(0, 30, len(frame)).astype(str))
    late = frame["promised_at"].dt.isocalendar().week.to_numpy() >= 27
    planted = frame["product"].isin(["P7", "P8"]) & late
    cells = failing_cells(measure_rights(damage(frame, rng, np.where(planted, 0.6, 0.01))))
    assert sorted(cell.where["product"] for cell in cells) == ["P7", "P8"]
    assert all(cell.period.startswith(("2025-W26", "2025-W27", "2025-W28")) for cell in cells)


def test_a_group_with_more_lines_in_each_order_is_not_worse_for_that():
    frame, rng = orders(10)
    often = frame.loc[np.repeat(frame.index, 4)].assign(product_group="glass")
    lines = pd.concat([frame.assign(product_group="oak"), often]).sort_index(ignore_index=True)
    lines["line_no"] = (lines.groupby("order_id").cumcount() + 1).astype(str)
    assert failing_cells(measure_rights(damage(lines, rng, 0.04))) == []


def test_whoever_orders_more_at_a_time_is_not_worse_for_that():
    frame, rng = orders(11)
    few = frame["region"] == "N"
    lines = frame.loc[np.repeat(frame.index, np.where(few, 1, 5))].reset_index(drop=True)
    lines["line_no"] = (lines.groupby("order_id").cumcount() + 1).astype(str)
    assert failing_cells(measure_rights(damage(lines, rng, 0.03))) == []
    worse = np.where(lines["carrier"] == "K2", 0.08, 0.03)
    (cell,) = failing_cells(measure_rights(damage(lines, rng, worse)))
    assert cell.where == {"carrier": "K2"}


def test_the_others_are_counted_as_if_their_orders_had_as_many_lines():
    frame, rng = orders(12)
    many = (frame["region"] == "N") | (frame.index % 4 == 0)
    lines = frame.loc[np.repeat(frame.index, np.where(many, 4, 1))].reset_index(drop=True)
    lines["line_no"] = (lines.groupby("order_id").cumcount() + 1).astype(str)
    worse = np.where(lines["region"] == "N", 0.10, 0.03)
    (cell,) = failing_cells(measure_rights(damage(lines, rng, worse)))
    # Of orders of four lines 1 - .97⁴ = 11.5 % fail elsewhere, of all orders there 6 %.
    assert cell.where == {"region": "N"} and cell.alike
    assert cell.share_elsewhere == pytest.approx(0.115, abs=0.025)
    assert "Orders of as many lines are compared." in cell.finding(speak("en")).sentence
