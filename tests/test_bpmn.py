"""BPMN and Mermaid: what each join, split and way back becomes, and that names stay text."""

import itertools
import re
from collections import Counter
from xml.etree import ElementTree

import pandas as pd
import pytest
from some_charts import HOSTILE, forks, hostile, random_steps, squeezed

from workbook.chart import draw_chart, layout_chart
from workbook.process import build_process

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
NUMBERS = "{http://www.omg.org/spec/DD/20100524/D%s}%s"


def read(steps: pd.DataFrame) -> ElementTree.Element:
    return ElementTree.fromstring(draw_chart(build_process(steps), format="bpmn"))


def nodes(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    process = root.find(f"{BPMN}process")
    return {e.get("id"): e for e in process if e.tag.removeprefix(BPMN) not in ("laneSet",)}


def kinds(root: ElementTree.Element) -> Counter:
    return Counter(element.tag.removeprefix(BPMN) for element in nodes(root).values())


def test_each_split_and_join_is_the_gateway_that_bpmn_demands():
    found = kinds(read(forks()))
    assert found["task"] == 10
    assert found["startEvent"] == found["endEvent"] == 1
    # Out of a (any) and into d, and whether g's goods go back.
    assert found["exclusiveGateway"] == 3
    # Out of d and into g, and out of g.
    assert found["parallelGateway"] == 3
    assert found["complexGateway"] == 1  # into j: the first of two answers


def test_a_way_back_leads_round_the_join_of_all():
    root = read(forks())
    name = {e.get("name"): i for i, e in nodes(root).items()}
    back = next(e for e in root.iter(f"{BPMN}sequenceFlow") if e.get("name") == "8% back")
    assert back.get("targetRef") == name["Pick"]
    assert nodes(root)[back.get("sourceRef")].tag == f"{BPMN}exclusiveGateway"


def test_first_steps_that_all_follow_begin_without_a_start_event():
    steps = forks().iloc[4:7].assign(predecessors=["", "", "e;f"], rework_to=None)
    found = kinds(read(steps.assign(rework_share=None)))
    assert found["startEvent"] == found["endEvent"] == 0


@pytest.mark.parametrize("seed", range(12))
def test_every_flow_joins_two_elements_and_every_element_is_in_one_lane(seed):
    root = read(random_steps(seed))
    known = nodes(root)
    flows = list(root.iter(f"{BPMN}sequenceFlow"))
    assert all({flow.get("sourceRef"), flow.get("targetRef")} <= known.keys() for flow in flows)
    told = Counter(reference.text for reference in root.iter(f"{BPMN}flowNodeRef"))
    elements = {key for key, one in known.items() if one.tag != f"{BPMN}sequenceFlow"}
    assert set(told) == elements and set(told.values()) == {1}


def bounds(root: ElementTree.Element) -> dict[str, tuple[float, ...]]:
    shapes = root.iter(f"{DI}BPMNShape")
    size = lambda one: one.find(NUMBERS % ("C", "Bounds")).attrib
    return {
        one.get("bpmnElement"): tuple(float(size(one)[k]) for k in ("x", "y", "width", "height"))
        for one in shapes
    }


@pytest.mark.parametrize("seed", range(12))
def test_flows_run_from_border_to_border_at_right_angles(seed):
    root = read(random_steps(seed))
    at, known = bounds(root), nodes(root)
    for edge in root.iter(f"{DI}BPMNEdge"):
        flow = known[edge.get("bpmnElement")]
        way = [
            (float(p.get("x")), float(p.get("y"))) for p in edge.iter(NUMBERS % ("I", "waypoint"))
        ]
        for node, (x, y) in ((flow.get("sourceRef"), way[0]), (flow.get("targetRef"), way[-1])):
            left, top, width, height = at[node]
            assert left - 0.2 <= x <= left + width + 0.2 and top - 0.2 <= y <= top + height + 0.2
        for p, q in itertools.pairwise(way):
            assert abs(p[0] - q[0]) < 0.2 or abs(p[1] - q[1]) < 0.2


@pytest.mark.parametrize("seed", range(12))
def test_no_flow_runs_through_a_foreign_element(seed):
    root = read(random_steps(seed))
    at = {key: box for key, box in bounds(root).items() if key.startswith("n")}
    known = nodes(root)
    for edge in root.iter(f"{DI}BPMNEdge"):
        flow = known[edge.get("bpmnElement")]
        own = {flow.get(end).split("_")[0] for end in ("sourceRef", "targetRef")}
        way = [
            (float(p.get("x")), float(p.get("y"))) for p in edge.iter(NUMBERS % ("I", "waypoint"))
        ]
        for p, q in itertools.pairwise(way):
            for key, (x, y, width, height) in at.items():
                (x1, x2), (y1, y2) = sorted((p[0], q[0])), sorted((p[1], q[1]))
                apart = x1 >= x + width or x2 <= x or y1 >= y + height or y2 <= y
                assert apart or key.split("_")[0] in own


def test_hostile_names_are_the_names_of_tasks_and_lanes():
    root = read(hostile())
    names = [squeezed(e.get("name")) for e in root.iter(f"{BPMN}task")]
    assert names == [squeezed(name) for name in HOSTILE]
    assert len(list(root.iter(f"{BPMN}lane"))) == len(set(HOSTILE))


def test_the_verdict_and_the_times_are_documentation():
    xml = draw_chart(build_process(forks()), {"a": "works"}, "pl", "bpmn")
    assert "<bpmn:documentation>praca 5 min; oczekiwanie 10 min; działa</bpmn:documentation>" in xml


def test_mermaid_has_a_subgraph_per_role_and_all_arrows():
    process = build_process(forks())
    text = draw_chart(process, format="mmd")
    assert text.count("subgraph") == 3 and text.count('["Load<br/>') == 1
    assert len(re.findall(r"n\d+ (?:-->|==>) n\d+", text)) == process.graph.number_of_edges()
    assert '-. "8#37; back" .->' in text


def test_mermaid_sees_nothing_but_letters_and_codes_in_a_name():
    lines = draw_chart(build_process(hostile()), format="mmd").splitlines()
    labels = [re.search(r'\["(.*)"\]', line).group(1) for line in lines if '["' in line]
    assert all(re.fullmatch(r"(\w| |#\d+;|<br/>)*", label) for label in labels)
    decoded = [re.sub(r"#(\d+);", lambda c: chr(int(c[1])), label) for label in labels]
    names = {squeezed(label.split("<br/>")[0]) for label in decoded}
    assert names == {squeezed(name) for name in HOSTILE}


def test_the_same_frames_feed_json_and_bpmn():
    chart = layout_chart(build_process(forks()))
    root = ElementTree.fromstring(draw_chart(chart.process, format="bpmn"))
    at = bounds(root)
    lanes = [at[f"lane{i}"] for i in range(len(chart.lanes))]
    heights = (chart.lanes["height"] / chart.lanes["height"].iloc[0]).tolist()
    assert [lane[3] / lanes[0][3] for lane in lanes] == pytest.approx(heights, abs=0.01)
