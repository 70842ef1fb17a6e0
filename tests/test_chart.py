"""The chart: lanes, boxes and arrows on many random processes; hostile names; every renderer."""

import shutil
import subprocess
from itertools import combinations, pairwise
from xml.etree import ElementTree

import needs
import numpy as np
import pandas as pd
import pytest
from some_charts import HOSTILE, hostile, random_steps, squeezed

from workbook.chart import chart_alt, draw_chart, layout_chart
from workbook.picture import draw_frames as _sheet
from workbook.process import build_process, names_in
from workbook.sheet import Sheet

DRAWN = [pytest.param(form, marks=needs.graphviz) for form in ("png", "pdf")]
SVG = "{http://www.w3.org/2000/svg}"


def boxes(chart) -> dict[str, tuple[float, float, float, float]]:
    """Give left, top, right and bottom per step."""
    return {s.step_id: (s.x, s.y, s.x + s.width, s.y + s.height) for s in chart.steps.itertuples()}


def ways(chart) -> list[tuple[str, str, list[list[float]]]]:
    frames = (chart.edges, chart.rework.drop(columns="share"))
    return [way for frame in frames for way in frame.itertuples(index=False, name=None)]


def touches(p, q, box, by: float = 0.0) -> bool:
    left, top, right, bottom = box
    (x1, x2), (y1, y2) = sorted((p[0], q[0])), sorted((p[1], q[1]))
    return x1 < right + by and x2 > left - by and y1 < bottom + by and y2 > top - by


@pytest.fixture(scope="module", params=range(30))
def chart(request):
    return layout_chart(build_process(random_steps(request.param)))


def test_lanes_are_in_the_clients_order_equal_and_stacked(chart):
    lanes = chart.lanes
    assert lanes["role"].tolist() == list(chart.process.data["role"].unique())
    assert lanes["width"].nunique() == lanes["x"].nunique() == 1
    assert np.allclose(lanes["y"].iloc[1:], (lanes["y"] + lanes["height"]).iloc[:-1])


def test_every_step_is_inside_its_own_lane_and_overlaps_no_other(chart):
    lane = chart.lanes.set_index("role")
    for step in chart.steps.itertuples():
        mine = lane.loc[step.role]
        assert mine.x + chart.band < step.x and step.x + step.width < mine.x + mine.width
        assert mine.y < step.y and step.y + step.height < mine.y + mine.height
    for a, b in combinations(boxes(chart).values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_columns_follow_the_longest_path(chart):
    x = chart.steps.set_index("step_id")["x"]
    assert all(x[a] < x[b] for a, b in chart.process.graph.edges)


def test_arrows_are_right_angled_and_keep_clear_of_every_box(chart):
    places = boxes(chart)
    for start, end, points in ways(chart):
        for p, q in pairwise(points):
            assert (p[0] == q[0]) != (p[1] == q[1])
            for step, box in places.items():
                assert not touches(p, q, box, by=0 if step in (start, end) else 3)


def test_arrows_run_from_border_to_border(chart):
    places = boxes(chart)
    for start, end, points in ways(chart):
        for step, (x, y) in ((start, points[0]), (end, points[-1])):
            left, top, right, bottom = places[step]
            on_side = (x in (left, right) and top < y < bottom) or (
                y in (top, bottom) and left < x < right
            )
            assert on_side


def test_no_two_arrows_lie_on_each_other(chart):
    legs = [
        (*sorted((p, q)), n)
        for n, (_, _, points) in enumerate(ways(chart))
        for p, q in pairwise(points)
    ]
    for (p, q, n), (r, s, m) in combinations(legs, 2):
        if n != m:
            level = p[1] == q[1] == r[1] == s[1] and p[0] < s[0] and r[0] < q[0]
            upright = p[0] == q[0] == r[0] == s[0] and p[1] < s[1] and r[1] < q[1]
            assert not level and not upright


def test_there_is_one_edge_per_predecessor(chart):
    drawn = list(zip(chart.edges["from"], chart.edges["to"], strict=True))
    data = chart.process.data
    told = [(a, s.step_id) for s in data.itertuples() for a in names_in(s.predecessors)]
    assert sorted(drawn) == sorted(told)


def drawn_names(svg: str) -> list[str]:
    """Read each box's name back from the text that is drawn, line after line."""
    root = ElementTree.fromstring(svg)
    found = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        texts = ["".join(text.itertext()) for text in group.findall(f"{SVG}text")]
        if title is not None and title.text.endswith("name"):
            found[int(title.text[1:-4])] = "".join(texts)
    return [squeezed(found[n]) for n in sorted(found)]


def node_names(svg: str) -> list[str]:
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return sorted(g.find(f"{SVG}title").text for g in groups if g.get("class") == "node")


def sheet_of(process) -> Sheet:
    return _sheet(layout_chart(process, {process.data["step_id"][0]: "works"}))


def test_hostile_names_are_drawn_exactly_as_text():
    process = build_process(hostile())
    svg = sheet_of(process).render("svg").decode()
    assert drawn_names(svg) == [squeezed(name) for name in HOSTILE]
    assert "<image" not in svg and "<a " not in svg and "<script" not in svg.replace("&lt;", "")


@pytest.mark.skipif(not shutil.which("dot"), reason="dot is not on the PATH")
def test_both_renderers_draw_the_same_boxes_and_labels():
    sheet = sheet_of(build_process(hostile()))
    other = subprocess.run(
        ["dot", "-Tsvg"], input=sheet.source.encode(), capture_output=True, check=True
    ).stdout.decode()
    assert drawn_names(other) == drawn_names(sheet.render("svg").decode())
    assert node_names(other) == node_names(sheet.render("svg").decode())


def test_the_svg_is_accessible_scales_and_asks_for_nothing():
    process = build_process(random_steps(4))
    svg = draw_chart(process, {"s1": "needs improvement"})
    root = ElementTree.fromstring(svg)
    title, desc = root.get("aria-labelledby").split()
    assert root.get("role") == "img" and root.get("viewBox")
    assert root.find(f"{SVG}title").get("id") == title
    assert root.find(f"{SVG}desc").text == chart_alt(process, {"s1": "needs improvement"})
    assert root.find(f"{SVG}desc").get("id") == desc
    assert "href" not in svg and "<script" not in svg and "url(" not in svg
    assert svg.count("http") == svg.count("http://www.w3.org/")


@pytest.mark.parametrize("form", ["svg", "dot", *DRAWN])
def test_the_same_process_gives_the_same_bytes(form):
    first = draw_chart(build_process(random_steps(2).head(5)), format=form)
    assert first == draw_chart(build_process(random_steps(2).head(5)), format=form)


@needs.graphviz
@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_are_of_the_kind_that_was_asked_for(form, start):
    assert draw_chart(build_process(random_steps(2)), format=form).startswith(start)


def test_a_verdict_shows_by_word_and_shape_and_border():
    steps = random_steps(2).head(3)
    verdicts = {"s0": "works", "s1": "needs improvement", "s2": "no evidence"}
    svg = draw_chart(build_process(steps), verdicts)
    for words in ("✓ works", "▲ needs improvement", "○ no evidence"):
        assert svg.count(words) == 2  # in its box and in the legend
    assert "stroke-dasharray" in svg and 'stroke-width="2.8"' in svg


def test_a_way_back_shows_its_share_and_a_step_can_go_back_to_itself():
    steps = random_steps(2).head(3).assign(rework_to=[None, "s0", "s2"], rework_share=0.08)
    chart = layout_chart(build_process(steps))
    assert chart.rework[["from", "to"]].to_numpy().tolist() == [
        ["s0", "s0"],
        ["s1", "s0"],
        ["s2", "s2"],
    ]
    assert chart.svg().count("8% back") == 3


def test_one_step_and_unconnected_steps_can_be_drawn():
    one = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    assert "Pick" in draw_chart(build_process(one))
    two = pd.concat([one, one.assign(step_id="b")], ignore_index=True)
    assert layout_chart(build_process(two)).steps["y"].nunique() == 2


def test_json_has_the_contracts_keys_and_plain_values():
    steps = random_steps(1).assign(wait_minutes=None)
    data = layout_chart(build_process(steps)).as_json()
    assert set(data["lanes"][0]) == {"role", "x", "y", "width", "height"}
    assert set(data["steps"][0]) == {"step_id", "role", "x", "y", "width", "height", "verdict"}
    assert set(data["edges"][0]) == {"from", "to", "points"}
    assert data["steps"][0]["verdict"] is None and data["handoffs"][0]["wait_minutes"] is None
    assert data["lead_time_minutes"] > 0 and data["critical_path"]


def test_alternative_text_names_what_needs_improvement():
    steps = random_steps(2).head(2).assign(step=["Order", "Pick"], role=["Shop", "Store"])
    told = chart_alt(build_process(steps), {"s1": "needs improvement"})
    assert told.startswith("Process chart: 2 steps, 2 roles, 1 hand-off.")
    assert "Needs improvement: Pick." in told and "Works: no step." in told


def test_the_table_says_all_that_the_picture_shows():
    chart = layout_chart(build_process(random_steps(2)), {"s0": "works"})
    table = chart.table()
    assert len(table) == len(chart.steps)
    assert table["Verdict"].iloc[0] == "works" and table["Verdict"].iloc[1] == "–"


def plain_faults(chart) -> list[str]:
    """Say which of the rules of a swimlane a chart breaks, without a word of our own layout."""
    lanes, steps = chart.lanes, chart.steps
    faults = []
    if lanes["role"].tolist() != list(dict.fromkeys(chart.process.data["role"])):
        faults.append("order")
    if lanes["width"].nunique() > 1 or lanes["x"].nunique() > 1:
        faults.append("width")
    below = (lanes["y"] + lanes["height"]).shift()
    if (below > lanes["y"] + 0.01).any():
        faults.append("lanes overlap")
    mine = lanes.set_index("role").loc[steps["role"]].reset_index()
    top, left = steps["y"] - mine["y"], steps["x"] - mine["x"]
    room = (mine["height"] - steps["height"] - top, mine["width"] - steps["width"] - left)
    if min(top.min(), left.min(), room[0].min(), room[1].min()) < 0:
        faults.append("outside")
    at = [steps[a].to_numpy() for a in ("x", "y")]
    size = [steps[a].to_numpy() for a in ("width", "height")]
    over = [abs(p[:, None] - p) < (s[:, None] + s) / 2 for p, s in zip(at, size, strict=True)]
    if (over[0] & over[1]).sum() > len(steps):
        faults.append("steps overlap")
    return faults


def crossed(chart) -> int:
    """Count the arrows that run through a box that is not theirs."""
    names = chart.steps["step_id"].to_numpy()
    x, y = chart.steps["x"].to_numpy(), chart.steps["y"].to_numpy()
    right, low = x + chart.steps["width"].to_numpy(), y + chart.steps["height"].to_numpy()
    wrong = 0
    for start, end, points in ways(chart):
        foreign = (names != start) & (names != end)
        for (x1, y1), (x2, y2) in pairwise(points):
            hit = (
                (min(x1, x2) < right) & (max(x1, x2) > x) & (min(y1, y2) < low) & (max(y1, y2) > y)
            )
            if (hit & foreign).any():
                wrong += 1
                break
    return wrong


def assert_swimlanes(seeds: range) -> None:
    arrows = wrong = 0
    for seed in seeds:
        chart = layout_chart(build_process(random_steps(seed)))
        assert plain_faults(chart) == [], seed
        arrows += len(ways(chart))
        wrong += crossed(chart)
    assert wrong <= arrows / 100


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_two_hundred_random_charts_are_swimlanes(first):
    assert_swimlanes(range(first, first + 50))


@pytest.mark.deep
@pytest.mark.parametrize("first", range(200, 1000, 100))
def test_a_thousand_random_charts_are_swimlanes(first):
    assert_swimlanes(range(first, first + 100))


@pytest.mark.parametrize("seed", range(5))
def test_stages_head_their_own_columns(seed):
    steps = random_steps(seed)
    stage = [f"Stage {i * 3 // len(steps)}" for i in range(len(steps))]
    chart = layout_chart(build_process(steps.assign(stage=stage)))
    assert plain_faults(chart) == [] and chart.stages["stage"].is_monotonic_increasing
    at = chart.stages.set_index("stage")
    for step, name in zip(chart.steps.itertuples(), stage, strict=True):
        left, width = at.loc[name, ["x", "width"]]
        assert left <= step.x and step.x + step.width <= left + width
    ends = chart.stages["x"] + chart.stages["width"]
    assert np.allclose(ends.iloc[:-1], chart.stages["x"].iloc[1:])
    assert chart.svg().count("Stage 1</text>") == 1


def test_five_hundred_steps_are_drawn():
    steps = pd.concat([random_steps(seed).add_suffix("") for seed in range(20)])
    ids = [f"t{i}" for i in range(500)]
    steps = steps.iloc[:500].assign(step_id=ids, predecessors=["", *ids[:-1]], rework_to=None)
    chart = layout_chart(build_process(steps.assign(rework_share=None).reset_index(drop=True)))
    assert plain_faults(chart) == [] and crossed(chart) == 0
    assert len(chart.svg()) > 500


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("paper", ["A3", "A4"])
def test_folded_on_paper_every_step_stands_once(seed, paper):
    chart = layout_chart(build_process(random_steps(seed)))
    svg = chart.svg(paper)
    width, height = map(float, ElementTree.fromstring(svg).get("viewBox").split()[2:])
    assert width / height == pytest.approx(420 / 297, rel=0.01)
    names = set(chart.process.steps["step"])
    count = lambda drawn: sorted(t for t in texts(drawn) if t.startswith("work "))
    assert count(svg) == count(chart.svg())
    assert names


@needs.graphviz
def test_a_pdf_on_paper_is_as_large_as_the_paper():
    drawn = draw_chart(build_process(random_steps(3)), format="pdf", paper="A3")
    assert b"1191 842" in drawn or b"1190 842" in drawn or b"MediaBox" not in drawn


def test_an_unknown_paper_is_named():
    with pytest.raises(ValueError, match="'A9' is not known; write one of A4, A3"):
        draw_chart(build_process(random_steps(2)), paper="A9")


def test_a_folded_sub_process_is_drawn_as_a_pile_and_named():
    steps = random_steps(2).head(6).assign(rework_to=None, rework_share=None)
    steps["predecessors"] = ["", "s0", "s1", "s2", "s3", "s4"]
    process = build_process(steps.assign(parent=[None, "Fill", "Fill", "Fill", None, None]))
    assert "Fill" in texts(draw_chart(process.collapsed()))
    assert 'bpmn:subProcess id="n2" name="Fill"' in draw_chart(process.collapsed(), format="bpmn")
    assert "Fill" not in texts(draw_chart(process))


def test_sites_are_shown_where_there_are_several():
    steps = random_steps(2).head(2)
    assert "Gdańsk" in texts(draw_chart(build_process(steps.assign(site=["Gdańsk", "Łódź"]))))
    assert "Gdańsk" not in texts(draw_chart(build_process(steps.assign(site="Gdańsk"))))


@pytest.mark.parametrize("verdicts", [{"zz": "works"}, {"s0": "fine"}])
def test_an_unknown_step_or_verdict_is_named(verdicts):
    with pytest.raises(ValueError, match=r"zz|fine"):
        layout_chart(build_process(random_steps(2)), verdicts)


def test_an_unknown_format_is_named():
    with pytest.raises(ValueError, match="'gif' is not known; write one of svg"):
        draw_chart(build_process(random_steps(2)), format="gif")
