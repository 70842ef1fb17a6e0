"""The process: published networks, rework, hand-offs, and every fault of a table of steps."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook.language import speak
from workbook.process import build_process, check_steps
from workbook.schema import DataError


def network(arcs: str) -> pd.DataFrame:
    """Turn an activity-on-arc network, as '1-2 7, 2-4 6', into steps that wait for each other."""
    parsed = [(*arc.split()[0].split("-"), float(arc.split()[1])) for arc in arcs.split(",")]
    rows = [
        {
            "step_id": f"{start}-{end}",
            "step": f"{start}-{end}",
            "role": "Crew",
            "predecessors": ";".join(f"{a}-{b}" for a, b, _ in parsed if b == start),
            "touch_minutes": minutes,
            "wait_minutes": 0.0,
        }
        for start, end, minutes in parsed
    ]
    return pd.DataFrame(rows)


# Taylor, Introduction to Management Science, ch. 8: two networks with lead time and slack.
NETWORKS = [
    ("1-2 7,1-3 10,2-4 6,3-4 5,3-5 4,4-5 3,5-6 2", 20, [2, 0, 2, 0, 4, 0, 0]),
    (
        "1-2 8,1-3 10,1-4 9,2-5 6,2-6 4,3-5 5,4-5 0,4-7 7,5-7 12,5-8 15,6-9 18,7-8 4,8-9 7",
        38,
        [1, 0, 6, 1, 8, 0, 6, 11, 0, 1, 8, 0, 0],
    ),
]


@pytest.mark.parametrize(("arcs", "lead", "slack"), NETWORKS)
def test_published_networks_give_their_lead_time_and_slack(arcs, lead, slack):
    process = build_process(network(arcs))
    assert process.lead_time_minutes == lead
    assert process.slack.tolist() == slack


@pytest.mark.parametrize(("arcs", "lead", "slack"), NETWORKS)
def test_critical_path_adds_up_to_the_lead_time_without_slack(arcs, lead, slack):
    process = build_process(network(arcs))
    path = list(process.critical_path)
    assert process.minutes[path].sum() == lead
    assert (process.slack[path] == 0).all()


def chain(*minutes: float, **columns: object) -> pd.DataFrame:
    names = [f"s{i}" for i in range(len(minutes))]
    frame = pd.DataFrame({"step_id": names, "step": names, "role": "R", "touch_minutes": minutes})
    frame["predecessors"] = ["", *names[:-1]]
    return frame.assign(**{"wait_minutes": 0.0, **columns})


def test_rework_of_a_tenth_repeats_the_loop_as_the_absorbing_chain_says():
    # Pick 12 + check 5 minutes, 10 % back: 17 / 0.9 (Grinstead & Snell, ch. 11.2).
    steps = chain(12, 5, rework_to=[None, "s0"], rework_share=[None, 0.1])
    assert build_process(steps).expected_minutes == pytest.approx(17 / 0.9, abs=1e-12)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_expected_time_of_a_chain_equals_the_fundamental_matrix(data):
    n = data.draw(st.integers(2, 7))
    minutes = data.draw(st.lists(st.integers(0, 30), min_size=n, max_size=n))
    share = data.draw(st.lists(st.sampled_from([0, 0.1, 0.4]), min_size=n, max_size=n))
    back = [data.draw(st.integers(0, i)) for i in range(n)]
    steps = chain(*minutes, rework_share=share, rework_to=[f"s{b}" for b in back])
    moves = np.zeros((n, n))
    for i in range(n):
        moves[i, back[i]] += share[i]
        if i + 1 < n:
            moves[i, i + 1] += 1 - share[i]
    visits = np.linalg.inv(np.eye(n) - moves)[0]
    assert build_process(steps).expected_minutes == pytest.approx(visits @ minutes, rel=1e-9)


def test_of_equal_paths_the_first_in_the_table_is_critical():
    steps = pd.DataFrame(
        {
            "step_id": list("abcd"),
            "step": list("abcd"),
            "role": "R",
            "predecessors": ["", "a", "a", "c;b"],
            "touch_minutes": [1.0, 2, 2, 1],
            "wait_minutes": 0.0,
        }
    )
    assert build_process(steps).critical_path == ("a", "b", "d")


def test_handoffs_carry_the_wait_of_the_receiving_step():
    steps = chain(1, 1, 1, role=["A", "A", "B"], wait_minutes=[5.0, 6, 7])
    process = build_process(steps)
    row = process.handoffs.iloc[0]
    assert len(process.handoffs) == 1
    assert (row["from"], row["to"], row["from_role"], row["to_role"]) == ("s1", "s2", "A", "B")
    assert row["wait_minutes"] == 7
    assert process.role_matrix("wait_minutes").loc["A", "B"] == 7


def test_unknown_times_are_counted_and_never_zero():
    process = build_process(chain(1, math.nan, 3))
    assert process.n_unknown == 1
    assert process.lead_time_minutes == 4
    assert math.isnan(process.process_cycle_efficiency)
    assert process.findings()[0].n == 1


def test_without_any_time_there_is_no_lead_time():
    process = build_process(chain(1, 2).drop(columns=["touch_minutes", "wait_minutes"]))
    assert math.isnan(process.lead_time_minutes)
    assert math.isnan(process.expected_minutes)
    assert process.critical_path == ()


def test_efficiency_is_touch_over_lead_time_on_the_critical_path():
    process = build_process(chain(10, 20, wait_minutes=[30.0, 60]))
    assert process.process_cycle_efficiency == 30 / 120


FAULTS = {
    "predecessors": [("s0x", "did you mean 's0'"), ("s1", "waits for itself")],
    "rework_to": [("zz", "no step has this step_id")],
    "rework_share": [(1.0, "not below 1"), (-0.1, "negative")],
    "touch_minutes": [(-1.0, "negative or infinite"), (math.inf, "negative or infinite")],
    "rights": [("tyme", "did you mean 'time'")],
    "role": [(None, "blank")],
    "step_id": [("s0", "two steps")],
    "join": [("most", "write all or any")],
}


@pytest.mark.parametrize(
    ("column", "value", "words"), [(c, v, w) for c, cases in FAULTS.items() for v, w in cases]
)
def test_each_fault_is_named_with_its_row_and_remedy(column, value, words):
    steps = chain(1, 2, 3)
    steps[column] = steps.get(column, pd.Series(None, index=steps.index)).astype(object)
    steps.loc[1, column] = value
    steps.index += 2
    found = [p for p in check_steps(steps, "steps.csv") if p.column == column]
    assert words in found[0].sentence()
    assert (found[0].row, found[0].file) == (3, "steps.csv")


def test_all_faults_are_raised_together():
    steps = chain(1, -2, math.inf, role=["R", None, "R"])
    with pytest.raises(DataError) as caught:
        build_process(steps)
    assert len(caught.value.problems) == 3


def test_a_circle_needs_a_rework_mark():
    steps = chain(1, 2, 3)
    steps.loc[0, "predecessors"] = "s2"
    assert "run in a circle" in check_steps(steps)[0].problem
    marked = steps.assign(rework_to=[None, None, "s0"], rework_share=0.1)
    assert check_steps(marked) == []
    assert build_process(marked).lead_time_minutes == 6


def test_missing_columns_and_an_empty_table_are_named():
    assert [p.column for p in check_steps(pd.DataFrame({"step_id": ["a"]}))] == ["step", "role"]
    assert check_steps(chain()) != []


def test_a_lone_step_among_others_is_a_warning():
    steps = chain(1, 2).assign(predecessors=None)
    assert {p.severity for p in check_steps(steps)} == {"warning"}
    assert len(build_process(steps).warnings) == 2


def test_lists_and_numbers_as_ids_are_read_like_joined_text():
    steps = chain(1, 2, 3).assign(step_id=[1, 2, 3], predecessors=[[], [1.0], ["1", 2]])
    assert sorted(build_process(steps).graph.edges) == [("1", "2"), ("1", "3"), ("2", "3")]


def test_the_clients_frame_is_left_as_it_is():
    steps = chain(1, 2)
    before = steps.copy(deep=True)
    build_process(steps)
    pd.testing.assert_frame_equal(steps, before)


def test_a_chart_from_picking_to_shipping_is_too_short():
    steps = chain(1, 2).assign(step=["Pick the goods", "Ship"])
    ids = [finding.id for finding in build_process(steps).findings()]
    assert ids == ["chart-begins-s0", "chart-ends-s1"]


def test_all_work_gone_leaves_the_waits_and_unknown_stays_unknown():
    steps = chain(1, 2).assign(wait_minutes=[10, 20])
    assert build_process(steps).scaled(work=0).lead_time_minutes == 30
    assert build_process(steps.drop(columns="wait_minutes")).scaled(wait=0.5).n_unknown == 2


def test_work_s_share_is_a_lower_bound_while_some_work_is_unknown():
    steps = chain(30, 30).assign(wait_minutes=[30, 30])
    say = speak("en")
    assert build_process(steps).efficiency_words(say) == "50.0%"
    partly = steps.assign(touch_minutes=[30, None])
    assert build_process(partly).efficiency_words(say) == "at least 33.3%"
    assert build_process(steps.drop(columns="wait_minutes")).efficiency_words(say) == "–"


def test_the_hand_off_with_the_longest_wait_stands_first():
    steps = chain(1, 1, 1).assign(role=["A", "B", "C"], wait_minutes=[0, 5, 90])
    assert build_process(steps).handoff_table().iloc[0].tolist()[:2] == ["B", "C"]


def test_the_picture_of_the_times_names_the_longest_steps():
    steps = chain(1, 1).assign(step=["Pick", "Pack"], wait_minutes=[0, 90])
    assert build_process(steps).plot().get_label().endswith("longest: Pack 1.5 h, Pick 1 min.")


def nested() -> pd.DataFrame:
    """Order, then filling it (pick, and in packing: wrap and label in a row), then delivery."""
    rows = [
        ("order", "Enter the order", "Sales", "", None, 5, 0, 1.0),
        ("fill", "Fill the order", "Warehouse", "order", None, None, None, None),
        ("pick", "Pick", "Warehouse", "", "fill", 10, 20, 2.0),
        ("pack", "Pack", "Packing", "pick", "fill", None, None, None),
        ("wrap", "Wrap", "Packing", "", "pack", 3, 1, 0.5),
        ("label", "Label", "Office", "wrap", "pack", 2, 4, 0.25),
        ("deliver", "Deliver", "Carrier", "fill", None, 30, 60, 8.0),
    ]
    names = ["step_id", "step", "role", "predecessors", "parent"]
    names += ["touch_minutes", "wait_minutes", "cost"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(rights=["", "", "product", "", "condition", "information", "time"])


def test_a_row_that_others_detail_gives_way_to_them():
    process = build_process(nested())
    assert list(process.steps.index) == ["order", "pick", "wrap", "label", "deliver"]
    assert [*process.graph.edges] == [*zip(process.order, process.order[1:], strict=False)]
    assert process.lead_time_minutes == 135 and process.cost_per_order == 11.75
    assert process.parents == {
        "pick": "fill",
        "pack": "fill",
        "wrap": "pack",
        "label": "pack",
    }


def test_a_folded_sub_process_keeps_lead_time_cost_and_rights():
    process = build_process(nested())
    folded = process.collapsed()
    assert list(folded.steps.index) == ["order", "fill", "deliver"]
    assert folded.lead_time_minutes == process.lead_time_minutes
    assert folded.cost_per_order == process.cost_per_order
    assert folded.steps.at["fill", "rights"] == "product;condition;information"
    assert folded.folded == {"fill"} and folded.roles == ("Sales", "Warehouse", "Carrier")


def test_one_level_can_be_folded_and_each_sub_process_shown_alone():
    process = build_process(nested())
    assert list(process.collapsed("pack").steps.index) == ["order", "pick", "pack", "deliver"]
    part = process.part("fill")
    assert list(part.steps.index) == ["pick", "wrap", "label"] and part.lead_time_minutes == 40
    assert list(part.collapsed().steps.index) == ["pick", "pack"]
    with pytest.raises(ValueError, match="no sub-process 'x'; the sub-processes are: fill, pack"):
        process.part("x")


def test_a_parent_needs_no_row_of_its_own():
    steps = chain(1, 2, 3, 4, parent=[None, "Fill it", "Fill it", None])
    folded = build_process(steps).collapsed()
    assert folded.steps["step"].tolist() == ["s0", "Fill it", "s3"]
    assert folded.lead_time_minutes == 10


def test_steps_between_those_of_a_sub_process_are_named_when_it_is_folded():
    steps = chain(1, 2, 3, parent=["P", None, "P"])
    with pytest.raises(ValueError, match=r"other steps run between theirs \(P, s1\)"):
        build_process(steps).collapsed()


def test_a_step_that_is_part_of_itself_is_named():
    steps = chain(1, 2, parent=["s1", "s0"])
    assert "part of itself" in check_steps(steps)[0].sentence()


def test_a_way_back_to_a_sub_process_leads_to_its_first_step():
    steps = nested().assign(rework_to=[None] * 6 + ["fill"], rework_share=[None] * 6 + [0.1])
    process = build_process(steps)
    assert process.rework[["from", "to"]].values.tolist() == [["deliver", "pick"]]
    assert process.collapsed().rework[["from", "to"]].values.tolist() == [["deliver", "fill"]]


@pytest.mark.parametrize(("arcs", "lead", "slack"), NETWORKS)
def test_the_schedule_has_earliest_and_latest_times(arcs, lead, slack):
    process = build_process(network(arcs))
    found = process.schedule
    assert (found["latest_start"] - found["earliest_start"]).tolist() == slack
    assert (found["earliest_finish"] - found["earliest_start"]).tolist() == [*process.minutes]
    assert found["latest_finish"].max() == lead and found["earliest_start"].min() == 0
    assert (found.loc[found["critical"], "slack"] == 0).all()


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Prélever les articles", "Expédier"),
        ("Kompletacja", "Wysyłka"),
        ("Комплектация", "Отгрузить"),
        ("Pack", "Load the truck"),
    ],
)
def test_too_short_a_chart_is_found_in_four_languages(first, last):
    ids = [f.id for f in build_process(chain(1, 2).assign(step=[first, last])).findings()]
    assert ids == ["chart-begins-s0", "chart-ends-s1"]


@pytest.mark.parametrize("first", ["Enter the order", "Saisir la commande", "Przyjęcie zamówienia"])
def test_a_chart_from_order_to_claim_is_long_enough(first):
    steps = chain(1, 2).assign(step=[first, "Close the claim"])
    assert build_process(steps).findings() == []


def test_stages_are_told_unless_arrows_lead_back():
    steps = chain(1, 2, 3, stage=["Before", None, "After"])
    assert list(build_process(steps).stages.values()) == ["Before", "Before", "After"]
    steps.loc[2, "stage"] = "Before"
    steps.loc[1, "stage"] = "After"
    assert build_process(steps).stages == {}
