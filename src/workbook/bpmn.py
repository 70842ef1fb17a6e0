"""Write the frames of a process as BPMN 2.0 with its picture, and as Mermaid text.

Each frame of the layout becomes a task; where steps run together, part or go back, the frame also
holds the gateway that BPMN demands, so that all arrows keep the ways of our own picture.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree import ElementTree as ET

import networkx as nx

from workbook.frames import Frames, mark_words
from workbook.language import speak
from workbook.process import Process
from workbook.tokens import split_of

__all__ = ["mermaid_text", "write_bpmn"]

_SPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
_LOOKS = {"subProcess": {"isExpanded": "false"}, "exclusiveGateway": {"isMarkerVisible": "true"}}
_SLOT, _HALF, _RING, _STRIP = 40.0, 11.0, 10.0, 30.0
_WIDE, _TALL = 180.0, 84.0  # the least size of a frame with room for gateways

Point = tuple[float, float]


@dataclass
class _Node:
    """One element: id, tag, name, and (x, y, width, height)."""

    id: str
    tag: str
    at: tuple[float, float, float, float]
    name: str = ""

    @property
    def middle(self) -> Point:
        return self.at[0] + self.at[2] / 2, self.at[1] + self.at[3] / 2


@dataclass
class _Cell:
    """A frame with its task, and the gateways and events before and after it."""

    frame: tuple[float, float, float, float]
    before: list[_Node] = field(default_factory=list)
    task: _Node | None = None
    after: list[_Node] = field(default_factory=list)

    @property
    def nodes(self) -> list[_Node]:
        return [*self.before, self.task, *self.after]


def _joins_parallel(process: Process, step: str) -> bool:
    """Tell whether several tokens can reach a step: some split of all has two branches to it."""
    graph = process.graph
    above = nx.ancestors(graph, step)
    for fork in above:
        heads = [s for s in graph.successors(fork) if s in above or s == step]
        if len(heads) > 1 and split_of(process, fork) == "all":
            return True
    starts = [s for s in above if not graph.in_degree(s)]
    return len(starts) > 1 and split_of(process, None) == "all"


def _slots(process: Process) -> Iterator[tuple[str, list[str], list[str]]]:
    """Say for each step which elements stand before and after it in its frame."""
    graph, starts = (
        process.graph,
        [s for s in process.steps.index if not process.graph.in_degree(s)],
    )
    back = set(process.rework["from"])
    # Without a start event all first steps begin at once, as BPMN has it.
    told = len(starts) == 1 or split_of(process, None) == "any"
    for step in process.steps.index:
        before, after = [], []
        if graph.in_degree(step) > 1 and process.steps.at[step, "join"] != "any":
            before = ["parallelGateway"]
        elif graph.in_degree(step) > 1:
            many = _joins_parallel(process, step)
            before = ["complexGateway" if many else "exclusiveGateway"]
        elif step in starts and told:
            before = ["startEvent"]
        out = graph.out_degree(step)
        forks = out > 1 and split_of(process, step) == "all"
        after += ["exclusiveGateway"] if step in back or (out > 1 and not forks) else []
        after += ["parallelGateway"] if forks else []
        after += ["endEvent"] if not out and (told or step in back) else []
        yield step, before, after


def _cells(frames: Frames) -> dict[str, _Cell]:
    """Give the frames room for gateways, all by the same scale, and set their elements."""
    turn, name = _scale(frames), frames.process.steps["step"]
    slots = {step: sides for step, *sides in _slots(frames.process)}
    cells = {}
    for row in frames.steps.itertuples():
        (x, y), (right, low) = turn((row.x, row.y)), turn((row.x + row.width, row.y + row.height))
        before, after = slots[row.step_id]
        cell, key = _Cell((x, y, right - x, low - y)), frames.ids[row.step_id]
        middle, ring = (y + low) / 2, _RING if before or after else 0
        put = lambda tag, at, id_, y=middle: _Node(
            id_, tag, (at - _HALF, y - _HALF, 2 * _HALF, 2 * _HALF)
        )
        for i, tag in enumerate(before):
            cell.before.append(put(tag, x + _SLOT * (i + 0.5) - 9, f"{key}_in{i}"))
        for i, tag in enumerate(after):
            cell.after.append(put(tag, right - _SLOT * (len(after) - i - 0.5) + 9, f"{key}_out{i}"))
        left, width = x + _SLOT * len(before), right - x - _SLOT * (len(before) + len(after))
        tag = "subProcess" if row.step_id in frames.process.folded else "task"
        box = (left, y + ring, width, low - y - 2 * ring)
        cell.task = _Node(key, tag, box, name[row.step_id])
        cells[row.step_id] = cell
    return cells


def _scale(frames: Frames) -> Callable[[Point], Point]:
    """Return how a point of the layout moves: more room in frames, a narrow strip for names."""
    row = frames.steps.iloc[0]
    wide, tall = max(1.0, _WIDE / row.width), max(1.0, _TALL / row.height)
    return lambda p: (2 * _STRIP + (p[0] - frames.band) * wide, p[1] * tall)


def _wire(cell: _Cell, node: _Node, gate: Point, depth: float) -> list[Point]:
    """Lead from an element to a point on its frame's border, around the task, in the ring."""
    fx, fy, _, fh = cell.frame
    x, y, w, h = node.at
    ahead = node.tag.endswith(("Gateway", "Event"))
    top = abs(gate[1] - fy) < 0.01
    if top or abs(gate[1] - fy - fh) < 0.01:
        line, edge = (fy + depth, y) if top else (fy + fh - depth, y + h)
        at = x + w / 2 if ahead else min(max(gate[0], x + 6), x + w - 6)
        return [(at, edge), (at, line), (gate[0], line), gate]
    aside = abs(gate[1] - node.middle[1])
    if ahead and aside >= _HALF:
        at, edge = x + w / 2, y if gate[1] < node.middle[1] else y + h
        return [(at, edge), (at, gate[1]), gate]
    slope = aside if ahead else 0  # a diamond's side recedes from its corner
    return [(x + slope if abs(gate[0] - fx) < 0.01 else x + w - slope, gate[1]), gate]


def _straight(points: Iterable[Point]) -> list[Point]:
    """Drop points that repeat or lie on a line."""
    way: list[Point] = []
    for x, y in points:
        here = (round(x, 1), round(y, 1))
        if way and way[-1] == here:
            continue
        while len(way) > 1 and any(way[-2][i] == way[-1][i] == here[i] for i in (0, 1)):
            way.pop()
        way.append(here)
    return way


_Flow = tuple[str, str, str, list[Point]]


def _flows(frames: Frames, cells: dict[str, _Cell]) -> Iterator[_Flow]:
    """List all arrows: from, to, name and points; those inside a frame first."""
    turn, say = _scale(frames), speak(frames.language)
    for cell in cells.values():
        for a, b in pairwise(cell.nodes):
            y = cell.task.middle[1]
            yield a.id, b.id, "", [(a.at[0] + a.at[2], y), (b.at[0], y)]
    back = set(zip(frames.rework["from"], frames.rework["to"], strict=True))
    for a, b, points in frames.edges.itertuples(index=False):
        if (a, b) not in back:
            start = cells[a].after[-1] if cells[a].after else cells[a].task
            end = cells[b].before[0] if cells[b].before else cells[b].task
            yield start.id, end.id, "", _joined(cells[a], start, cells[b], end, map(turn, points))
    for a, b, share, points in frames.rework.itertuples(index=False):
        words = say("{share} back", share=say.percent(share, 0)) if share == share else say("back")
        start, end = cells[a].after[0], cells[b].task
        yield start.id, end.id, words, _joined(cells[a], start, cells[b], end, map(turn, points))


def _joined(a: _Cell, start: _Node, b: _Cell, end: _Node, points: Iterable[Point]) -> list[Point]:
    first, *inner, last = points
    way = [*_wire(a, start, first, 7), *inner, *reversed(_wire(b, end, last, 3.5))]
    return _straight(way)


# ── XML ──────────────────────────────────────────────────────────────────────────────────────


def _plain(text: str) -> str:
    """Return text without the letters that XML can't hold."""
    return "".join(c if c.isprintable() else " " for c in text)


def _add(parent: ET.Element, tag: str, **attributes: object) -> ET.Element:
    prefix, name = tag.split(":")
    given = {key: _plain(str(value)) for key, value in attributes.items() if value != ""}
    return ET.SubElement(parent, f"{{{_SPACES[prefix]}}}{name}", given)


def write_bpmn(frames: Frames) -> str:
    """Return the chart as BPMN 2.0 XML, lanes and shapes included.

    Steps are tasks (folded sub-processes: collapsed ones), times and verdicts their documentation.
    A split of any is an exclusive gateway, of all a parallel one, as are joins of all; a join of
    any where several branches run at once is a complex gateway that goes on with the first.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbook.chart import layout_chart
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> 'name="Pick"' in write_bpmn(layout_chart(build_process(steps)))
    True

    References
    ----------
    OMG 2011, Business Process Model and Notation 2.0, ch. 8, 10 and 12.
    """
    for prefix, space in _SPACES.items():
        ET.register_namespace(prefix, space)
    cells = _cells(frames)
    flows = list(_flows(frames, cells))
    root = ET.Element(f"{{{_SPACES['bpmn']}}}definitions", {"id": "chart"})
    root.set("targetNamespace", "urn:workbook:process-chart")
    pool = _add(root, "bpmn:collaboration", id="collaboration")
    title = speak(frames.language)("Process chart")
    _add(pool, "bpmn:participant", id="pool", name=title, processRef="process")
    process = _add(root, "bpmn:process", id="process", name=title, isExecutable="false")
    _write_lanes(process, frames, cells)
    _write_nodes(process, frames, cells, flows)
    for i, (a, b, name, _) in enumerate(flows):
        _add(process, "bpmn:sequenceFlow", id=f"f{i}", name=name, sourceRef=a, targetRef=b)
    _write_picture(root, frames, cells, flows)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _write_lanes(process: ET.Element, frames: Frames, cells: dict[str, _Cell]) -> None:
    lanes = _add(process, "bpmn:laneSet", id="lanes")
    for i, role in enumerate(frames.lanes["role"]):
        lane = _add(lanes, "bpmn:lane", id=f"lane{i}", name=role)
        for step in frames.steps.loc[frames.steps["role"] == role, "step_id"]:
            for node in cells[step].nodes:
                _add(lane, "bpmn:flowNodeRef").text = node.id


def _write_nodes(
    process: ET.Element, frames: Frames, cells: dict[str, _Cell], flows: Sequence[_Flow]
) -> None:
    words = mark_words(speak(frames.language))
    ways: dict[tuple[int, str], list[str]] = {}
    for i, flow in enumerate(flows):
        for end in (0, 1):
            ways.setdefault((end, flow[end]), []).append(f"f{i}")
    for step, cell in cells.items():
        text = frames.texts[step]
        facts = [*text.facts, *([words[text.mark]] if text.mark else [])]
        for node in cell.nodes:
            element = _add(process, f"bpmn:{node.tag}", id=node.id, name=node.name)
            if node is cell.task and facts:
                _add(element, "bpmn:documentation").text = _plain("; ".join(facts))
            for end, tag in ((1, "incoming"), (0, "outgoing")):
                for flow in ways.get((end, node.id), ()):
                    _add(element, f"bpmn:{tag}").text = flow
            if node.tag == "complexGateway":
                _add(element, "bpmn:activationCondition").text = "activationCount >= 1"


def _write_picture(
    root: ET.Element, frames: Frames, cells: dict[str, _Cell], flows: Sequence[_Flow]
) -> None:
    turn = _scale(frames)
    diagram = _add(root, "bpmndi:BPMNDiagram", id="diagram")
    plane = _add(diagram, "bpmndi:BPMNPlane", id="plane", bpmnElement="collaboration")
    top, end = (
        frames.lanes["y"].iloc[0],
        frames.lanes["y"].iloc[-1] + frames.lanes["height"].iloc[-1],
    )
    (right, low), (_, high) = turn((frames.lanes["width"].max(), end)), turn((0, top))
    _shape(plane, "pool", (0, high, right, low - high), isHorizontal="true")
    for i, lane in enumerate(frames.lanes.itertuples()):
        (_, y), (_, until) = turn((0, lane.y)), turn((0, lane.y + lane.height))
        _shape(plane, f"lane{i}", (_STRIP, y, right - _STRIP, until - y), isHorizontal="true")
    for cell in cells.values():
        for node in cell.nodes:
            _shape(plane, node.id, node.at, **_LOOKS.get(node.tag, {}))
    for i, (*_, points) in enumerate(flows):
        edge = _add(plane, "bpmndi:BPMNEdge", id=f"f{i}_di", bpmnElement=f"f{i}")
        for x, y in points:
            _add(edge, "di:waypoint", x=f"{x:.1f}", y=f"{y:.1f}")


def _shape(plane: ET.Element, node: str, at: Sequence[float], **attributes: str) -> None:
    shape = _add(plane, "bpmndi:BPMNShape", id=f"{node}_di", bpmnElement=node, **attributes)
    sizes = zip(("x", "y", "width", "height"), at, strict=True)
    _add(shape, "dc:Bounds", **{key: f"{value:.1f}" for key, value in sizes})


# ── Mermaid ──────────────────────────────────────────────────────────────────────────────────


def mermaid_text(frames: Frames) -> str:
    """Return the chart as Mermaid text: a subgraph per role, thick arrows on the critical path.

    Mermaid lays it out itself; every sign in a name that it could read as its own is a code.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbook.chart import layout_chart
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> print(mermaid_text(layout_chart(build_process(steps))))
    flowchart LR
      subgraph r0["Store"]
        n1["Pick"]
      end
    <BLANKLINE>
    """
    say, ids, process = speak(frames.language), frames.ids, frames.process
    lines = ["flowchart LR"]
    for i, role in enumerate(process.roles):
        lines.append(f'  subgraph r{i}["{_coded(role)}"]')
        for step in process.data.loc[process.data["role"] == role, "step_id"]:
            text = frames.texts[step]
            verdict = [mark_words(say)[text.mark]] if text.mark else []
            rows = [process.steps.at[step, "step"], *text.facts, *verdict]
            lines.append(f'    {ids[step]}["{"<br/>".join(map(_coded, rows))}"]')
        lines.append("  end")
    critical = set(pairwise(process.critical_path))
    for a, b in process.graph.edges:
        lines.append(f"  {ids[a]} {'==>' if (a, b) in critical else '-->'} {ids[b]}")
    for a, b, share in process.rework.itertuples(index=False):
        words = say("{share} back", share=say.percent(share, 0)) if share == share else say("back")
        lines.append(f'  {ids[a]} -. "{_coded(words)}" .-> {ids[b]}')
    return "\n".join(lines) + "\n"


def _coded(text: str) -> str:
    letters = " ".join(_plain(text).split())
    return "".join(c if c.isalnum() or c == " " else f"#{ord(c)};" for c in letters)
