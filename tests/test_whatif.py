"""Changes on paper: each edit, and what the comparison says of it."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_charts import random_steps

from workbook.language import speak
from workbook.process import build_process
from workbook.schema import DataError
from workbook.whatif import change_process, compare_processes


def row() -> pd.DataFrame:
    steps = {"step_id": list("abcd"), "step": ["Enter", "Check", "Pick", "Ship"]}
    steps |= {"role": ["Sales", "Finance", "Store", "Store"], "predecessors": ["", "a", "b", "c"]}
    return pd.DataFrame(steps | {"touch_minutes": [1, 2, 4, 8], "wait_minutes": 10, "cost": 1.0})


def changed(*edits: dict[str, object]):
    return change_process(build_process(row()), edits)


def arrows(process) -> set[str]:
    return {a + b for a, b in process.graph.edges}


def test_a_step_takes_new_values():
    process = changed({"step_id": "b", "touch_minutes": 0, "wait_minutes": 0, "role": "Sales"})
    assert process.lead_time_minutes == 43 and len(process.handoffs) == 1


def test_a_removed_step_lets_its_neighbours_meet():
    process = changed({"remove": "b"})
    assert arrows(process) == {"ac", "cd"} and process.lead_time_minutes == 43


def test_an_added_step_stands_before_what_followed():
    new = {"step_id": "x", "step": "Pack", "role": "Store", "touch_minutes": 5, "wait_minutes": 0}
    process = changed({"add": new, "after": "c"})
    assert arrows(process) == {"ab", "bc", "cx", "xd"} and process.lead_time_minutes == 60
    assert list(process.steps.index) == list("abcxd")


def test_a_moved_step_leaves_no_gap():
    assert arrows(changed({"move": "b", "after": "d"})) == {"ac", "cd", "db"}


def test_steps_that_run_side_by_side_are_waited_for_together():
    process = changed({"parallel": ["b", "c"]})
    assert arrows(process) == {"ab", "ac", "bd", "cd"}
    assert process.lead_time_minutes == 11 + 14 + 18


def test_ways_back_survive_the_edits():
    steps = row().assign(rework_to=[None, None, "b", None], rework_share=[None, None, 0.1, None])
    process = build_process(steps)
    without = change_process(process, [{"remove": "b"}])
    assert without.rework[["from", "to"]].values.tolist() == [["c", "c"]]
    beside = change_process(process, [{"parallel": ["b", "c"]}])
    assert beside.rework[["from", "to"]].values.tolist() == [["c", "c"]]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"remove": "z"}, "no step 'z'; write one of a, b, c, d"),
        ({"step_id": "z", "role": "x"}, "no step 'z'"),
        ({"move": "a", "after": "a"}, "can't follow itself"),
        ({"add": {"step_id": "a"}, "after": "b"}, "there is a step 'a' already"),
        ({"delete": "a"}, "is not known; write one of"),
    ],
)
def test_a_wrong_edit_is_named(edit, words):
    with pytest.raises(ValueError, match=words):
        changed(edit)


def test_an_edit_that_spoils_the_table_is_told_as_its_fault():
    with pytest.raises(DataError, match="negative"):
        changed({"step_id": "a", "touch_minutes": -1})


def test_the_first_process_stays_as_it_is():
    process = build_process(row())
    before = process.data.copy(deep=True)
    change_process(process, [{"remove": "b"}, {"parallel": ["c", "d"]}])
    pd.testing.assert_frame_equal(process.data, before)


@given(st.integers(0, 30), st.data())
@settings(max_examples=25, deadline=None)
def test_no_removal_or_shorter_time_makes_the_process_longer(seed, data):
    process = build_process(random_steps(seed))
    step = data.draw(st.sampled_from(list(process.steps.index)))
    less = change_process(process, [{"step_id": step, "touch_minutes": 0}])
    gone = change_process(process, [{"remove": step}])
    assert less.lead_time_minutes <= process.lead_time_minutes + 1e-9
    assert gone.lead_time_minutes <= process.lead_time_minutes + 1e-9


def test_the_comparison_says_what_differs():
    before = build_process(row())
    new = {"step_id": "x", "step": "Pack", "role": "Store"}
    after = changed({"remove": "b"}, {"add": new, "after": "c"}, {"step_id": "a", "role": "Shop"})
    change = compare_processes(before, after)
    marks = change.steps.set_index("step_id")["change"].to_dict()
    assert marks == {"a": "changed", "b": "removed", "c": "changed", "d": "changed", "x": "new"}
    assert change.steps.set_index("step_id").at["a", "what"] == "role"
    assert len(change.table()) == 9 and len(change.steps_table()) == 5


def test_both_charts_mark_the_differences_by_word_and_sign():
    change = compare_processes(build_process(row()), changed({"remove": "b"}))
    old, new = (chart.svg() for chart in change.charts())
    assert "× removed" in old and "removed" not in new and "≠ changed" in new
    assert [block["kind"] for block in change.blocks(speak("en"))] == [
        "text", "table", "picture", "picture",
    ]  # fmt: skip


def test_of_equal_processes_nothing_differs():
    change = compare_processes(build_process(row()), changed())
    assert set(change.steps["change"]) == {"same"}
    assert (change.data["difference"].dropna() == 0).all()
    assert change.findings()[0].effect == 0
