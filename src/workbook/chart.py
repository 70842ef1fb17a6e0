"""Lay a process out as swimlanes and draw it: one layout feeds SVG, PNG, PDF, DOT and JSON.

A lane per role in the client's order, columns by longest path; Graphviz only renders what the
layout has pinned. All lengths are pixels, x and y the top left corner, y growing downward.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree import ElementTree

import graphviz
import pandas as pd

from workbook import grid as grids
from workbook.language import Language, speak
from workbook.process import Process, names_in

__all__ = ["FORMATS", "VERDICTS", "Chart", "chart_alt", "draw_chart", "layout_chart"]

FORMATS = ("svg", "png", "pdf", "dot")
VERDICTS = ("works", "needs improvement", "no evidence")
# A name with a digit must be quoted in CSS; the renderer wants it plain.
FONT = "'Source Sans 3', 'Segoe UI', Helvetica, Arial, sans-serif"

_INK, _SOFT, _LINE, _PATH, _BACK = "#1f2937", "#52606d", "#8794a5", "#1d3f72", "#96550f"
_TINTS = ("#f7f9fb", "#edf2f7")
# Shape, colour, tint and border of a verdict: it must read in black and white too.
_MARKS = {
    "works": ("✓", "#1b7f5c", "#e3f3ec", ("1.4", "solid")),
    "needs improvement": ("▲", "#b3382c", "#fae6e3", ("2.8", "solid")),
    "no evidence": ("○", "#6b7280", "#eef0f2", ("1.2", "dashed")),
}
_BAND, _PAD = 104, 8
_CORNERS = ["x", "y", "width", "height"]
_NAME, _SMALL = 12.0, 10.5


@dataclass(frozen=True, eq=False)
class Chart:
    """A process laid out, as frames.

    `lanes`: role, x, y, width, height. `steps`: step_id, role, x, y, width, height, verdict.
    `edges`: from, to, points, one row per predecessor. `rework`: from, to, share, points.
    """

    process: Process
    lanes: pd.DataFrame
    steps: pd.DataFrame
    edges: pd.DataFrame
    rework: pd.DataFrame
    language: str = "en"
    texts: Mapping[str, "_Text"] = field(default_factory=dict, repr=False)

    def as_json(self) -> dict[str, object]:
        """Return the layout and the figures as plain data, ready for json.dump."""
        lead = self.process.lead_time_minutes
        frames = {name: _records(getattr(self, name)) for name in ("lanes", "steps", "edges")}
        return {
            **frames,
            "rework": _records(self.rework),
            "lead_time_minutes": None if math.isnan(lead) else lead,
            "critical_path": list(self.process.critical_path),
            "handoffs": _records(self.process.handoffs),
        }

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the chart as a table of words, for screen readers and for print."""
        say = speak(language or self.language)
        table = self.process.table(say.code)
        if self.steps["verdict"].notna().any():
            words = _verdict_words(say)
            table[say("Verdict")] = [words.get(verdict, "–") for verdict in self.steps["verdict"]]
        return table


@dataclass(frozen=True)
class _Text:
    """What a box says: the wrapped name, the lines of times and cost, the verdict."""

    name: tuple[str, ...]
    facts: tuple[str, ...]
    verdict: str | None


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _verdict_words(say: Language) -> dict[str, str]:
    return {
        "works": say("works"),
        "needs improvement": say("needs improvement"),
        "no evidence": say("no evidence"),
    }


def _text_width(text: str, size: float) -> float:
    """Estimate a text's width: Helvetica's widths in four classes, on the safe side."""
    width = 0.0
    for letter in text:
        if letter in "iljI.,:;'|!()[]ftr-·/ ":
            width += 0.34
        elif letter in "mwMW@%—шщжюыфмШЩЖЮЫФМ" or ord(letter) > 0x2E80:
            width += 0.92
        else:
            width += 0.70 if letter.isupper() else 0.57
    return width * size


def _wrap(text: str, size: float, width: float) -> tuple[str, ...]:
    """Break a text into lines no wider than width; only a word too long for a line is cut."""
    lines = [""]
    for word in text.split():
        if lines[-1] and _text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and _text_width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return tuple(line for line in lines if line) or ("",)


def _facts(process: Process, say: Language) -> dict[str, list[str]]:
    """Write each step's times and cost, as far as the client records them at all."""
    steps, lines = process.steps, {step: [] for step in process.steps.index}
    for step in lines:
        row = steps.loc[step]
        if steps["touch_minutes"].notna().any():
            lines[step].append(say("work {time}", time=say.minutes(row["touch_minutes"])))
        if steps["wait_minutes"].notna().any():
            lines[step].append(say("wait {time}", time=say.minutes(row["wait_minutes"])))
        if steps["cost"].notna().any():
            lines[step].append(say("cost {amount}", amount=say.number(row["cost"], 2)))
    return lines


def _box(names: Iterable[str], facts: Iterable[str]) -> int:
    """Choose the narrowest box in which names need at most three lines and no word is cut."""
    names, facts = list(names), list(facts)
    least = max((_text_width(fact, _SMALL) for fact in facts), default=0)
    for width in range(92, 161, 4):
        inner = width - 2 * _PAD
        words = max(
            (_text_width(word, _NAME) for name in names for word in name.split()), default=0
        )
        if max(words, least) <= inner and all(len(_wrap(n, _NAME, inner)) <= 3 for n in names):
            return width
    return 160


def _verdict_size(say: Language) -> float:
    return max(_text_width(f"▲ {word}", 10) for word in _verdict_words(say).values()) + 10


def layout_chart(
    process: Process, verdicts: Mapping[str, str] | None = None, language: str = "en"
) -> Chart:
    """Lay a process out as swimlanes.

    Parameters
    ----------
    process : Process
        From `build_process`.
    verdicts : mapping of step_id to verdict, optional
        "works", "needs improvement" or "no evidence"; a step that is left out shows none.
    language : str
        The language of the words in the boxes, which decide how large the boxes are.

    Raises
    ------
    ValueError
        If a verdict is none of the three, or for a step that isn't there.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Pack"], "role": ["Store", "Dock"]}
    >>> process = build_process(pd.DataFrame(steps | {"predecessors": ["", "a"]}))
    >>> layout_chart(process).lanes["role"].tolist()
    ['Store', 'Dock']
    """
    verdicts = _checked(process, verdicts or {})
    say, steps = speak(language), process.steps
    facts = _facts(process, say)
    width = _box(steps["step"], [fact for lines in facts.values() for fact in lines])
    width = max(width, math.ceil(_verdict_size(say)) + 8) if verdicts else width
    texts = {
        step: _Text(_wrap(steps.at[step, "step"], _NAME, width - 2 * _PAD), tuple(facts[step]), v)
        for step, v in ((step, verdicts.get(step)) for step in steps.index)
    }
    name_lines = max(len(text.name) for text in texts.values())
    fact_lines = max(len(text.facts) for text in texts.values())
    height = 14 + 15 * name_lines + 13 * fact_lines + (20 if verdicts else 0)
    return _chart(process, language, texts, (width, max(height, 40)))


def _checked(process: Process, verdicts: Mapping[str, str]) -> dict[str, str]:
    for step, verdict in verdicts.items():
        if step not in process.steps.index:
            raise ValueError(
                f"verdict for step {step!r}: the process has no such step; take it out"
            )
        if verdict not in VERDICTS:
            raise ValueError(
                f"verdict {verdict!r} of step {step!r} is not known; write one of "
                f"{', '.join(VERDICTS)}"
            )
    return dict(verdicts)


def _chart(
    process: Process, language: str, texts: Mapping[str, _Text], box: tuple[float, float]
) -> Chart:
    before = {step: list(process.graph.predecessors(step)) for step in process.order}
    loops = list(zip(process.rework["from"], process.rework["to"], strict=True))
    grid = grids.lay_grid(process.steps["role"].to_dict(), before, [a for a, b in loops if a == b])
    ways = [*((a, b, False) for a, b in process.graph.edges), *((a, b, True) for a, b in loops)]
    routes = grids.route_arrows(grid, ways)
    places = grids.place(grid, grids.assign_tracks(grid, routes), box, _BAND)
    points = {(r.start, r.end): [list(p) for p in places.points(r)] for r in routes}
    lanes = [(role, *places.lane_at(role)) for role in process.roles]
    steps = [(s, role, *places.box_at(s), *box) for s, role in process.steps["role"].items()]
    arrows = [
        (b, s) for s in process.steps.index for b in names_in(process.steps.at[s, "predecessors"])
    ]
    return Chart(
        process=process,
        lanes=pd.DataFrame(
            [(role, 0.0, top, places.right, end - top) for role, top, end in lanes],
            columns=["role", *_CORNERS],
        ),
        steps=pd.DataFrame(steps, columns=["step_id", "role", *_CORNERS]).assign(
            verdict=[text.verdict for text in texts.values()]
        ),
        edges=pd.DataFrame(
            [(a, b, points[a, b]) for a, b in dict.fromkeys(arrows)],
            columns=["from", "to", "points"],
        ),
        rework=process.rework.assign(points=[points[pair] for pair in loops]),
        language=language,
        texts=texts,
    )


def chart_alt(
    process: Process, verdicts: Mapping[str, str] | None = None, language: str = "en"
) -> str:
    """Describe the picture from its data: how many steps and roles, how long, what needs work."""
    say, names = speak(language), process.steps["step"]
    told = [
        say(
            "Process chart: {steps}, {roles}, {handoffs}.",
            steps=say.plural("{n} step", "{n} steps", len(names)),
            roles=say.plural("{n} role", "{n} roles", len(process.roles)),
            handoffs=say.plural("{n} hand-off", "{n} hand-offs", len(process.handoffs)),
        )
    ]
    if process.critical_path:
        path = say.listing([names[step] for step in process.critical_path])
        told.append(
            say("Lead time {time}, through {path}.", time=process.lead_time_words(say), path=path)
        )
    sorted_by = {
        v: [names[s] for s in names.index if (verdicts or {}).get(s) == v] for v in VERDICTS
    }
    if verdicts:
        for verdict in ("needs improvement", "works", "no evidence"):
            steps = say.listing(sorted_by[verdict]) if sorted_by[verdict] else say("no step")
            told.append(
                say(
                    "{verdict}: {steps}.",
                    verdict=_verdict_words(say)[verdict].capitalize(),
                    steps=steps,
                )
            )
    return " ".join(told)


def draw_chart(
    process: Process,
    verdicts: Mapping[str, str] | None = None,
    language: str = "en",
    format: str = "svg",
) -> str | bytes:
    """Draw a process as swimlanes: SVG or DOT text, PNG or PDF bytes.

    Parameters
    ----------
    process, verdicts, language
        As for `layout_chart`.
    format : str
        svg, png, pdf or dot.

    Raises
    ------
    ValueError
        If the format is none of these, or no Graphviz is there to render.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a"], "step": ["Pick"], "role": ["Store"]}
    >>> "Pick" in draw_chart(build_process(pd.DataFrame(steps)))
    True
    """
    if format not in FORMATS:
        raise ValueError(f"format {format!r} is not known; write one of {', '.join(FORMATS)}")
    chart = layout_chart(process, verdicts, language)
    dot = _dot(chart, format)
    if format == "dot":
        return dot
    drawn = _render(dot, format)
    if format == "svg":
        return _accessible(drawn.decode(), chart, chart_alt(process, verdicts, language))
    return re.sub(rb"CreationDate \(D:\d{14}", b"CreationDate (D:20000101000000", drawn)


def _render(dot: str, format: str) -> bytes:
    """Render in process, or with `dot` on the PATH where that is not installed."""
    try:
        import pygraphviz
    except ImportError:
        try:
            return graphviz.Source(dot).pipe(format=format)
        except graphviz.ExecutableNotFound:
            raise ValueError(
                "the chart can't be drawn: neither pygraphviz nor Graphviz's dot is here; "
                "install one of them (pip install pygraphviz, or conda install graphviz)"
            ) from None
    drawing = pygraphviz.AGraph(string=dot)
    drawing.has_layout = True  # all positions are pinned: render them as they are
    return drawing.draw(format=format)


class _Sheet:
    """Write DOT whose nodes and edges are pinned; y is turned, as Graphviz counts from below."""

    def __init__(self, width: float, height: float, format: str):
        self.width, self.height = width, height
        self.dot = graphviz.Digraph(
            graph_attr={
                "layout": "nop2",
                "outputorder": "nodesfirst",
                "pad": "0",
                "margin": "0",
                "bgcolor": "white",
                "dpi": "192" if format == "png" else "72",
            },
            node_attr={
                "shape": "box",
                "fontname": FONT.replace("'", ""),
                "margin": "0",
                "fixedsize": "true",
                "penwidth": "0",
                "fontcolor": _INK,
                "label": "",
            },
            edge_attr={"arrowsize": "0.6", "color": _LINE, "penwidth": "1.3"},
        )

    def box(
        self,
        name: str,
        at: tuple[float, float, float, float],
        lines: Iterable[str] = (),
        **style: str,
    ) -> None:
        """Add a node whose top left corner, width and height are `at`."""
        x, y, width, height = at
        self.dot.node(
            name,
            label=_label(lines),
            pos=f"{x + width / 2:.1f},{self.height - y - height / 2:.1f}!",
            width=f"{width / 72:.4f}",
            height=f"{height / 72:.4f}",
            **style,
        )

    def arrow(self, start: str, end: str, points: list[list[float]], **style: str) -> None:
        """Add an edge through the points, its corners rounded."""
        turned = [(x, self.height - y) for x, y in points]
        self.dot.edge(start, end, pos=_spline(turned, style.get("arrowhead") != "none"), **style)


def _label(lines: Iterable[str]) -> graphviz.quoting.NoHtml:
    r"""Write text so that Graphviz draws it as it is: no escapes, no entities, no markup."""
    plain = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    return graphviz.nohtml(
        "\\n".join(graphviz.escape(line.replace("&", "&amp;")) for line in plain)
    )


def _spline(points: list[tuple[float, float]], arrow: bool = True) -> str:
    """Round the corners of a right-angled way and leave room for the arrow head."""
    (tip_x, tip_y), (x, y) = points[-1], points[-2]
    reach = math.hypot(tip_x - x, tip_y - y)
    head = 6 if arrow else 0
    short = _towards((tip_x, tip_y), (x, y), min(head, reach))
    way = [points[0], *points[1:-1], short]
    bezier = [points[0]]
    for before, corner, after in zip(way, way[1:-1], way[2:], strict=False):
        radius = min(5, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        into, out = _towards(corner, before, radius), _towards(corner, after, radius)
        bezier += [bezier[-1], into, into, corner, corner, out]
    bezier += [bezier[-1], short, short]
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in bezier)
    return f"e,{tip_x:.1f},{tip_y:.1f} {way}" if arrow else way


def _towards(
    start: tuple[float, float], end: tuple[float, float], length: float
) -> tuple[float, float]:
    share = length / (math.dist(start, end) or 1)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _dot(chart: Chart, format: str) -> str:
    lanes, say = chart.lanes, speak(chart.language)
    width, bottom = lanes["width"].max(), lanes["height"].sum()
    sheet = _Sheet(width, bottom + 36, format)
    sheet.box("sheet", (0, 0, width, bottom + 36), style="filled", fillcolor="white")
    _draw_lanes(sheet, chart)
    ids = {step: f"n{i}" for i, step in enumerate(chart.steps["step_id"], 1)}
    for row in chart.steps.itertuples():
        _draw_step(sheet, ids[row.step_id], row, chart.texts[row.step_id], say)
    _draw_arrows(sheet, chart, ids, say)
    _draw_legend(sheet, chart, bottom + 8, say)
    return sheet.dot.source


def _draw_lanes(sheet: _Sheet, chart: Chart) -> None:
    for i, lane in enumerate(chart.lanes.itertuples()):
        at = (0, lane.y, lane.width, lane.height)
        sheet.box(f"lane{i}", at, style="filled", fillcolor=_TINTS[i % 2])
        name = _wrap(lane.role, _NAME, _BAND - 16)
        band = (0, lane.y, _BAND, lane.height)
        sheet.box(
            f"role{i}",
            band,
            name,
            style="filled",
            fillcolor="#dfe7f0",
            fontsize=f"{_NAME}",
            **{"class": "role"},
        )
        if i:
            sheet.box(
                f"rule{i}", (0, lane.y - 0.5, lane.width, 1), style="filled", fillcolor="#c9d3df"
            )


def _draw_step(sheet: _Sheet, name: str, step: object, text: _Text, say: Language) -> None:
    x, y, width, height = step.x, step.y, step.width, step.height
    _, colour, tint, (thick, line) = _MARKS.get(
        text.verdict, ("", "#93a1b2", "white", ("1.2", "solid"))
    )
    sheet.box(
        name,
        (x, y, width, height),
        style=f"filled,rounded,{line}",
        fillcolor="white",
        color=colour,
        penwidth=thick,
        **{"class": f"step {text.verdict or ''}".strip()},
    )
    foot = 20 if text.verdict else 0
    room = height - foot - 13 * len(text.facts)
    sheet.box(
        f"{name}name", (x, y + 2, width, room), text.name, fontsize=f"{_NAME}", **{"class": "name"}
    )
    facts = (x, y + room - 4, width, 13 * len(text.facts))
    if text.facts:
        sheet.box(f"{name}facts", facts, text.facts, fontsize=f"{_SMALL}", fontcolor=_SOFT)
    if text.verdict:
        mark = f"{_MARKS[text.verdict][0]} {_verdict_words(say)[text.verdict]}"
        at = (x + 5, y + height - 21, width - 10, 16)
        sheet.box(
            f"{name}verdict",
            at,
            [mark],
            style="filled,rounded",
            fillcolor=tint,
            fontcolor=colour,
            fontsize="10",
            **{"class": "verdict"},
        )


def _draw_arrows(sheet: _Sheet, chart: Chart, ids: Mapping[str, str], say: Language) -> None:
    critical = set(pairwise(chart.process.critical_path))
    back = set(zip(chart.rework["from"], chart.rework["to"], strict=True))
    for edge in chart.edges.itertuples(index=False):
        a, b, points = edge
        if (a, b) not in back:
            style = {"color": _PATH, "penwidth": "2.4"} if (a, b) in critical else {}
            sheet.arrow(ids[a], ids[b], points, **style)
    for n, (a, b, share, points) in enumerate(chart.rework.itertuples(index=False)):
        word = say("{share} back", share=say.percent(share, 0)) if share == share else say("back")
        wide = _text_width(word, 10) + 6
        i, (x, y) = _middle(points)
        turn = 1 if points[i][0] < x else -1
        style = {"color": _BACK, "style": "dashed"}
        sheet.box(
            f"back{n}", (x - wide / 2, y - 7, wide, 14), [word], fontcolor=_BACK, fontsize="10"
        )
        sheet.arrow(
            ids[a],
            f"back{n}",
            [*points[: i + 1], [x - turn * wide / 2, y]],
            arrowhead="none",
            **style,
        )
        sheet.arrow(f"back{n}", ids[b], [[x + turn * wide / 2, y], *points[i + 1 :]], **style)


def _middle(points: list[list[float]]) -> tuple[int, tuple[float, float]]:
    """Return the longest level leg's number and its middle."""
    legs = list(pairwise(points))
    i = max(range(len(legs)), key=lambda i: abs(legs[i][0][0] - legs[i][1][0]))
    return i, ((legs[i][0][0] + legs[i][1][0]) / 2, legs[i][0][1])


def _draw_legend(sheet: _Sheet, chart: Chart, y: float, say: Language) -> None:
    x = 12.0
    items = []
    if chart.process.critical_path:
        time = chart.process.lead_time_words(say)
        items.append(
            (say("critical path: {time}", time=time), {"color": _PATH, "penwidth": "2.4"}, "")
        )
    if len(chart.rework):
        items.append((say("sent back for rework"), {"color": _BACK, "style": "dashed"}, ""))
    shown = [verdict for verdict in VERDICTS if (chart.steps["verdict"] == verdict).any()]
    for i, (words, style, _) in enumerate(items):
        ends = [f"key{i}a", f"key{i}b"]
        for end, at in zip(ends, (x, x + 30), strict=True):
            sheet.box(end, (at, y + 10, 0.1, 0.1))
        sheet.arrow(*ends, [[x, y + 10], [x + 30, y + 10]], **style)
        wide = _text_width(words, 10.5)
        sheet.box(f"key{i}", (x + 36, y, wide, 20), [words], fontsize="10.5", fontcolor=_SOFT)
        x += 36 + wide + 24
    for verdict in shown:
        mark, colour, tint, _ = _MARKS[verdict]
        words = f"{mark} {_verdict_words(say)[verdict]}"
        wide = _text_width(words, 10) + 12
        sheet.box(
            f"key{verdict}",
            (x, y + 2, wide, 16),
            [words],
            style="filled,rounded",
            fillcolor=tint,
            fontcolor=colour,
            fontsize="10",
        )
        x += wide + 12


def _accessible(svg: str, chart: Chart, alt: str) -> str:
    """Give the picture its name and description, and leave no ids or comments of the renderer."""
    space = "{http://www.w3.org/2000/svg}"
    ElementTree.register_namespace("", space[1:-1])
    root = ElementTree.fromstring(svg)
    names = {f"n{i}": text for i, text in enumerate(chart.process.steps["step"], 1)}
    for group in root.iter(f"{space}g"):
        group.attrib.pop("id", None)
        title = group.find(f"{space}title")
        if title is not None and title.text in names:
            title.text = names[title.text]
        elif title is not None:
            group.remove(title)
    for text in root.iter(f"{space}text"):
        text.set("font-family", FONT)
    for group in root.iter(f"{space}g"):
        if group.get("class") in ("node role", "node name", "node verdict"):
            for text in group.iter(f"{space}text"):
                text.set("font-weight", "600")
    key = hashlib.sha256(svg.encode()).hexdigest()[:8]
    for i, (tag, words) in enumerate(
        (("title", speak(chart.language)("Process chart")), ("desc", alt))
    ):
        element = ElementTree.Element(f"{space}{tag}", {"id": f"chart-{key}-{tag}"})
        element.text = words
        root.insert(i, element)
    _, _, width, height = root.get("viewBox").split()
    root.attrib.update(
        width=f"{float(width):.0f}",
        height=f"{float(height):.0f}",
        role="img",
        style="max-width:100%;height:auto",
    )
    root.set("aria-labelledby", f"chart-{key}-title chart-{key}-desc")
    return ElementTree.tostring(root, encoding="unicode")
