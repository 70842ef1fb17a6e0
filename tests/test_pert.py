"""Three times per step: Taylor's worked example, and how optimistic the method is."""

import math

import pandas as pd
import pytest

from workbook.pert import estimate_times
from workbook.process import build_process

# Taylor, Introduction to Management Science, ch. 8, the order processing system of the Southern
# Textile Company: activity, optimistic, most likely and pessimistic weeks.
TEXTILE = [
    ("1-2", 6, 8, 10), ("1-3", 3, 6, 9), ("1-4", 1, 3, 5), ("2-5", 0, 0, 0), ("2-6", 2, 4, 12),
    ("3-5", 2, 3, 4), ("4-5", 3, 4, 5), ("4-8", 2, 2, 2), ("5-7", 3, 7, 11), ("5-8", 2, 4, 6),
    ("8-7", 0, 0, 0), ("6-9", 1, 4, 7), ("7-9", 1, 10, 13),
]  # fmt: skip


def textile() -> pd.DataFrame:
    columns = ["step_id", "optimistic_minutes", "touch_minutes", "pessimistic_minutes"]
    frame = pd.DataFrame(TEXTILE, columns=columns)
    ends = frame["step_id"].str.split("-")
    before = [[b for b in frame["step_id"] if b.split("-")[1] == start] for start, _ in ends]
    return frame.assign(step=frame["step_id"], role="Crew", wait_minutes=0, predecessors=before)


def test_published_means_and_variances_come_out():
    found = estimate_times(build_process(textile()))
    assert found.data["mean"].tolist() == [8, 6, 3, 0, 5, 3, 4, 2, 7, 4, 0, 4, 9]
    shown = [0.44, 1, 0.44, 0, 2.78, 0.11, 0.11, 0, 1.78, 0.44, 0, 1, 4]
    assert found.data["variance"].round(2).tolist() == shown
    assert found.data.loc[found.data["critical"], "step_id"].tolist() == [
        "1-3", "3-5", "5-7", "7-9",
    ]  # fmt: skip
    assert found.mean == 25
    assert found.variance == pytest.approx(6.89, abs=0.005)


@pytest.mark.parametrize(("weeks", "chance"), [(30, 0.9719), (22, 0.1271)])
def test_published_chances_come_out_but_for_the_rounding_of_z(weeks, chance):
    assert estimate_times(build_process(textile())).chance(weeks) == pytest.approx(chance, abs=1e-3)


def test_where_branches_meet_the_normal_chance_is_too_high():
    names = [f"b{i}" for i in range(5)]
    steps = pd.DataFrame({"step_id": [*names, "end"], "step": [*names, "end"], "role": "R"})
    steps["predecessors"] = [""] * 5 + [";".join(names)]
    times = {"optimistic_minutes": 10, "touch_minutes": 20, "pessimistic_minutes": 30}
    steps = steps.assign(**times, wait_minutes=0)
    steps.loc[5, list(times)] = 1
    found = estimate_times(build_process(steps))
    assert found.data["close"].sum() == 4
    assert found.chance(23) > 0.7 > 0.4 > found.simulated(23, seed=1)
    assert "4 steps on other branches" in found.table().to_string() + found._repr_html_()


def test_a_single_path_is_as_the_simulation_has_it():
    steps = textile().loc[[1, 5, 8, 12]].assign(predecessors=["", "1-3", "3-5", "5-7"])
    found = estimate_times(build_process(steps))
    assert found.simulated(30, seed=2) == pytest.approx(found.chance(30), abs=0.02)


def test_due_and_chance_are_inverse():
    found = estimate_times(build_process(textile()))
    assert found.chance(found.due(0.9)) == pytest.approx(0.9)


def test_a_step_without_three_times_counts_as_certain():
    steps = textile().assign(optimistic_minutes=None)
    found = estimate_times(build_process(steps))
    assert (found.variance, found.n_certain, found.mean) == (0, 13, 26)
    assert found.findings() == [] and found.chance(26) == 1
    unknown = estimate_times(build_process(steps.assign(touch_minutes=None, wait_minutes=None)))
    assert math.isnan(unknown.mean) and "nothing is estimated" in unknown._repr_html_()
