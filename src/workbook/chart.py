"""Lay a process out as swimlanes and draw it: one layout feeds SVG, PNG, PDF, DOT and JSON.

A lane per role in the client's order, columns by longest path, arrows around all other boxes.
All lengths are pixels, x and y the top left corner, y growing downward.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from workbook import grid as grids
from workbook.language import Language, speak
from workbook.process import Process
from workbook.results import VERDICT_SHAPES, Block, picture, table
from workbook.sheet import Sheet, label_place, text_width, wrap

__all__ = ["FORMATS", "Chart", "chart_alt", "draw_chart", "layout_chart"]

FORMATS = ("svg", "png", "pdf", "dot")

_INK, _SOFT = "#1f2937", "#52606d"
_ARROW, _PATH = ("#8794a5", "1.3", "solid"), ("#1d3f72", "2.4", "solid")
_BACK = ("#96550f", "1.3", "dashed")
_BAND, _TINTS, _RULE = "#dfe7f0", ("#f7f9fb", "#edf2f7"), "#c9d3df"
# Border and tint of a verdict: colour, width and line differ, so it reads in black and white.
_BORDERS = {
    "works": (("#1b7f5c", "1.4", "solid"), "#e3f3ec"),
    "needs improvement": (("#b3382c", "2.8", "solid"), "#fae6e3"),
    "no evidence": (("#6b7280", "1.2", "dashed"), "#eef0f2"),
    None: (("#93a1b2", "1.2", "solid"), "white"),
}
_NAME, _FACT, _BADGE, _PAD = 12.0, 10.5, 10.0, 8
_NAME_LINE, _FACT_LINE, _FOOT, _LEGEND = 15, 13, 20, 36
_AT = ["x", "y", "width", "height"]


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
    language: str
    band: float
    texts: Mapping[str, "_Text"] = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """Return the layout and the figures as plain data, ready for json.dump."""
        lead = self.process.lead_time_minutes
        names = ("lanes", "steps", "edges", "rework")
        return {
            **{name: _records(getattr(self, name)) for name in names},
            "lead_time_minutes": None if math.isnan(lead) else lead,
            "critical_path": list(self.process.critical_path),
            "handoffs": _records(self.process.handoffs),
        }

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the chart in words, for screen readers and for print."""
        say = speak(language or self.language)
        shown = self.process.table(say.code)
        if self.steps["verdict"].notna().any():
            words = _verdict_words(say)
            shown[say("Verdict")] = [words.get(verdict, "–") for verdict in self.steps["verdict"]]
        return shown

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts shown, by step_id."""
        return dict(self.steps.set_index("step_id")["verdict"].dropna())

    def svg(self) -> str:
        """Return the picture as SVG text with its description in it."""
        names = dict(zip(_node_ids(self).values(), self.process.steps["step"], strict=True))
        alt = chart_alt(self.process, self.verdicts, self.language)
        say = speak(self.language)
        return _sheet(self).accessible_svg(say("Process chart"), alt, names)

    def blocks(self, say: Language) -> list[Block]:
        """Return the picture and its table as blocks of a report."""
        shown = self.table(say.code)
        words = table(shown.columns, shown.to_numpy(), caption=say("The steps of the process"))
        return [self.picture(), words]

    def picture(self) -> Block:
        """Return the picture as a block; a long chart lies across its page."""
        width, height = self.lanes["width"].max(), self.lanes["height"].sum()
        layout = "wide across" if width > 1.45 * height else "wide"
        alt = chart_alt(self.process, self.verdicts, self.language)
        return picture(self.svg(), alt=alt, layout=layout, widest=1.3 * width)


@dataclass(frozen=True)
class _Text:
    """What a box says: the wrapped name, the lines of times and cost, the verdict."""

    name: tuple[str, ...]
    facts: tuple[str, ...]
    verdict: str | None

    @property
    def height(self) -> int:
        foot = _FOOT if self.verdict else 0
        return 18 + _NAME_LINE * len(self.name) + _FACT_LINE * len(self.facts) + foot


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _verdict_words(say: Language) -> dict[str, str]:
    return {
        "works": say("works"),
        "needs improvement": say("needs improvement"),
        "no evidence": say("no evidence"),
    }


def _node_ids(chart: Chart) -> dict[str, str]:
    return {step: f"n{i}" for i, step in enumerate(chart.steps["step_id"], 1)}


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
        If a verdict is none of the three, or is for a step that isn't there.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a", "b"], "step": ["Pick", "Pack"], "role": ["Store", "Dock"]}
    >>> process = build_process(pd.DataFrame(steps | {"predecessors": ["", "a"]}))
    >>> layout_chart(process).lanes["role"].tolist()
    ['Store', 'Dock']
    """
    verdicts, say = _checked(process, verdicts or {}), speak(language)
    facts = _facts(process, say)
    width = _box_width(process, facts, say if verdicts else None)
    texts = {
        step: _Text(wrap(name, _NAME, width - 2 * _PAD), tuple(facts[step]), verdicts.get(step))
        for step, name in process.steps["step"].items()
    }
    box = (float(width), float(max(text.height for text in texts.values())))
    widest = max(text_width(word, _NAME) for role in process.roles for word in role.split() or "-")
    band = min(max(96, math.ceil(widest) + 2 * _PAD), 150)
    return _chart(process, _route(process, box, band), texts, language)


def _checked(process: Process, verdicts: Mapping[str, str]) -> dict[str, str]:
    for step, verdict in verdicts.items():
        if step not in process.steps.index:
            raise ValueError(f"the verdict's step {step!r} is not in the process; take it out")
        if verdict not in VERDICT_SHAPES:
            allowed = ", ".join(VERDICT_SHAPES)
            raise ValueError(
                f"verdict {verdict!r} of step {step!r} is not known; write one of {allowed}"
            )
    return dict(verdicts)


def _facts(process: Process, say: Language) -> dict[str, list[str]]:
    """Write each step's times and cost, as far as the client records them at all."""
    write = {
        "touch_minutes": lambda minutes: say("work {time}", time=say.minutes(minutes)),
        "wait_minutes": lambda minutes: say("wait {time}", time=say.minutes(minutes)),
        "cost": lambda cost: say("cost {amount}", amount=say.number(cost, 2)),
    }
    kept = [column for column in write if process.data[column].notna().any()]
    rows = process.steps[kept].itertuples(name=None)
    return {step: [write[c](v) for c, v in zip(kept, row, strict=True)] for step, *row in rows}


def _box_width(process: Process, facts: Mapping[str, list[str]], badge: Language | None) -> int:
    """Choose the narrowest box where names need at most three lines and no word is cut."""
    names = list(process.steps["step"])
    needs = [text_width(word, _NAME) for name in names for word in name.split()]
    needs += [text_width(fact, _FACT) for lines in facts.values() for fact in lines]
    if badge:
        needs += [text_width(f"▲ {word}", _BADGE) + 4 for word in _verdict_words(badge).values()]
    for width in range(92, 160, 4):
        inner = width - 2 * _PAD
        if max(needs) <= inner and all(len(wrap(name, _NAME, inner)) <= 3 for name in names):
            return width
    return 160


def _route(process: Process, box: tuple[float, float], band: float) -> grids.Places:
    before = {step: list(process.graph.predecessors(step)) for step in process.order}
    loops = [
        (a, b, True) for a, b in zip(process.rework["from"], process.rework["to"], strict=True)
    ]
    grid = grids.lay_grid(dict(process.steps["role"]), before, [a for a, b, _ in loops if a == b])
    ways = [*((a, b, False) for a, b in process.graph.edges), *loops]
    return grids.place(grid, grids.route_arrows(grid, ways), box, band)


def _chart(process: Process, at: grids.Places, texts: dict[str, _Text], language: str) -> Chart:
    width, height = at.box
    lanes = [
        (role, 0.0, top, at.right, end - top)
        for role, (top, end) in ((role, at.lane(role)) for role in process.roles)
    ]
    steps = [
        (step, role, *at.corner(step), width, height, texts[step].verdict)
        for step, role in process.steps["role"].items()
    ]
    points = {(r.start, r.end): [list(point) for point in at.points(r)] for r in at.routes}
    edges = [(a, b, points[a, b]) for a, b in process.arrows]
    loops = zip(process.rework["from"], process.rework["to"], strict=True)
    return Chart(
        process=process,
        lanes=pd.DataFrame(lanes, columns=["role", *_AT]),
        steps=pd.DataFrame(steps, columns=["step_id", "role", *_AT, "verdict"]),
        edges=pd.DataFrame(edges, columns=["from", "to", "points"]),
        rework=process.rework.assign(points=[points[loop] for loop in loops]),
        language=language,
        band=at.left,
        texts=texts,
    )


def chart_alt(
    process: Process, verdicts: Mapping[str, str] | None = None, language: str = "en"
) -> str:
    """Describe the picture from its data: steps, roles, lead time, and the verdicts by name.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a"], "step": ["Pick"], "role": ["Store"], "touch_minutes": [5]}
    >>> chart_alt(build_process(pd.DataFrame(steps | {"wait_minutes": [0]})))
    'Process chart: 1 step, 1 role, 0 hand-offs. Lead time 5 min, through Pick.'
    """
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
        time = process.lead_time_words(say)
        told.append(say("Lead time {time}, through {path}.", time=time, path=path))
    words = _verdict_words(say)
    for verdict in ("needs improvement", "works", "no evidence") if verdicts else ():
        found = [names[step] for step in names.index if verdicts.get(step) == verdict]
        steps = say.listing(found) if found else say("no step")
        told.append(say("{verdict}: {steps}.", verdict=words[verdict].capitalize(), steps=steps))
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
    if format == "svg":
        return chart.svg()
    sheet = _sheet(chart)
    return sheet.source if format == "dot" else sheet.render(format)


def _sheet(chart: Chart) -> Sheet:
    bottom = chart.lanes["height"].sum()
    say, ids = speak(chart.language), _node_ids(chart)
    sheet = Sheet(chart.lanes["width"].max(), bottom + _LEGEND)
    _draw_lanes(sheet, chart)
    for step in chart.steps.itertuples():
        at = (step.x, step.y, step.width, step.height)
        _draw_step(sheet, ids[step.step_id], at, chart.texts[step.step_id], say)
    _draw_arrows(sheet, chart, ids)
    _draw_loops(sheet, chart, ids, say)
    _draw_legend(sheet, chart, bottom + 8, say)
    return sheet


def _draw_lanes(sheet: Sheet, chart: Chart) -> None:
    for i, lane in enumerate(chart.lanes.itertuples()):
        sheet.box(f"lane{i}", (0, lane.y, lane.width, lane.height), fill=_TINTS[i % 2])
        name = wrap(lane.role, _NAME, chart.band - 2 * _PAD)
        band = (0, lane.y, chart.band, lane.height)
        sheet.box(f"role{i}", band, name, fill=_BAND, text=(_INK, _NAME, True))
        if i:
            sheet.box(f"rule{i}", (0, lane.y - 0.5, lane.width, 1), fill=_RULE)


def _draw_step(sheet: Sheet, node: str, at: tuple[float, ...], text: _Text, say: Language) -> None:
    x, y, width, height = at
    border, _ = _BORDERS[text.verdict]
    sheet.box(node, at, fill="white", border=border, rounded=True)
    below = _FACT_LINE * len(text.facts) + (_FOOT + 4 if text.verdict else 9)
    room = (x, y + 3, width, height - below - 3)
    sheet.box(f"{node}name", room, text.name, text=(_INK, _NAME, True))
    facts = (x, y + height - below, width, _FACT_LINE * len(text.facts))
    sheet.box(f"{node}facts", facts, text.facts, text=(_SOFT, _FACT, False))
    if text.verdict:
        badge = (x + 5, y + height - 21, width - 10, 16)
        _draw_badge(sheet, f"{node}verdict", badge, text.verdict, say)


def _draw_badge(
    sheet: Sheet, node: str, at: tuple[float, ...], verdict: str, say: Language
) -> None:
    (colour, _, _), tint = _BORDERS[verdict]
    words = f"{VERDICT_SHAPES[verdict]} {_verdict_words(say)[verdict]}"
    sheet.box(node, at, [words], fill=tint, text=(colour, _BADGE, True), rounded=True)


def _draw_arrows(sheet: Sheet, chart: Chart, ids: Mapping[str, str]) -> None:
    critical = set(pairwise(chart.process.critical_path))
    back = set(zip(chart.rework["from"], chart.rework["to"], strict=True))
    for a, b, points in chart.edges.itertuples(index=False):
        if (a, b) not in back:
            sheet.arrow(ids[a], ids[b], points, line=_PATH if (a, b) in critical else _ARROW)


def _draw_loops(sheet: Sheet, chart: Chart, ids: Mapping[str, str], say: Language) -> None:
    """Draw the ways back; each is interrupted by its label, which so never lies on a line."""
    ways = [*chart.edges["points"], *chart.rework["points"]]
    for n, (a, b, share, points) in enumerate(chart.rework.itertuples(index=False)):
        words = say("{share} back", share=say.percent(share, 0)) if share == share else say("back")
        half = text_width(words, _BADGE) / 2 + 2
        i, middle = label_place(points, ways, half + 4)
        y, turn = points[i][1], 1 if points[i][0] < middle else -1
        label = (middle - half, y - 7, 2 * half, 14)
        sheet.box(f"back{n}", label, [words], text=(_BACK[0], _BADGE, False))
        until = [*points[: i + 1], [middle - turn * half, y]]
        sheet.arrow(ids[a], f"back{n}", until, line=_BACK, head=False)
        onward = [[middle + turn * half, y], *points[i + 1 :]]
        sheet.arrow(f"back{n}", ids[b], onward, line=_BACK)


def _draw_legend(sheet: Sheet, chart: Chart, y: float, say: Language) -> None:
    x, lines = 12.0, []
    if chart.process.critical_path:
        time = chart.process.lead_time_words(say)
        lines.append((say("critical path: {time}", time=time), _PATH))
    if len(chart.rework):
        lines.append((say("sent back for rework"), _BACK))
    for i, (words, line) in enumerate(lines):
        wide = text_width(words, _FACT)
        sheet.box(f"key{i}", (x + 34, y, wide, 20), [words], text=(_SOFT, _FACT, False))
        sheet.arrow(f"key{i}", f"key{i}", [[x, y + 10], [x + 30, y + 10]], line=line)
        x += 34 + wide + 20
    for verdict in VERDICT_SHAPES:
        if (chart.steps["verdict"] == verdict).any():
            wide = text_width(_verdict_words(say)[verdict], _BADGE) + 30
            _draw_badge(sheet, f"key {verdict}", (x, y + 2, wide, 16), verdict, say)
            x += wide + 12
