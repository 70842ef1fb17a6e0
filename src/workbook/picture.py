"""Draw the frames of a process as swimlanes: lanes, boxes, arrows, ways back, stages, legend.

A verdict and the critical path show by shape and line as well as by colour, so that the picture
reads in black and white.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from workbook.frames import (
    BADGE,
    FACT,
    FACT_LINE,
    FOOT,
    MARKS,
    NAME,
    PAD,
    STAGE,
    Frames,
    Text,
    mark_words,
)
from workbook.language import Language, speak
from workbook.sheet import Sheet, label_place, text_width, wrap
from workbook.strips import PAPERS, Strip, cut_strips

__all__ = ["draw_frames"]

_LEGEND = 36
_INK, _SOFT = "#1f2937", "#52606d"
_ARROW, _PATH = ("#8794a5", "1.3", "solid"), ("#1d3f72", "2.4", "solid")
_BACK = ("#96550f", "1.3", "dashed")
_BAND, _TINTS, _RULE = "#dfe7f0", ("#f7f9fb", "#edf2f7"), "#c9d3df"
# Border and tint of a verdict: colour, width and line differ, so it reads in black and white.
_BORDERS = {
    "works": (("#1b7f5c", "1.4", "solid"), "#e3f3ec"),
    "needs improvement": (("#b3382c", "2.8", "solid"), "#fae6e3"),
    "no evidence": (("#6b7280", "1.2", "dashed"), "#eef0f2"),
    "new": (("#1d3f72", "2.4", "solid"), "#e1eaf6"),
    "changed": (("#7a4a00", "2.4", "solid"), "#fdf0da"),
    "removed": (("#6b7280", "1.6", "dotted"), "#eef0f2"),
    None: (("#93a1b2", "1.2", "solid"), "white"),
}

# A folded sub-process lies on a second box, as a pile of steps.
_UNDER = {"fill": "#dfe7f0", "border": ("#93a1b2", "1.2", "solid"), "rounded": True}


def draw_frames(frames: Frames, paper: str = "") -> Sheet:
    """Draw on a sheet as large as the chart, or folded into strips on paper: A3 or A4 across.

    Raises
    ------
    ValueError
        If the paper is neither.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbook.frames import lay_out
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> frames = Frames(**lay_out(build_process(steps), {}, "en"))
    >>> round(draw_frames(frames, "A3").width / draw_frames(frames, "A3").height, 3)
    1.414
    """
    if paper and paper not in PAPERS:
        raise ValueError(f"paper {paper!r} is not known; write one of {', '.join(PAPERS)}")
    bottom, say = frames.lanes["y"].iloc[0] + frames.lanes["height"].sum(), speak(frames.language)
    size = (frames.lanes["width"].max(), bottom)
    if not paper:
        sheet = Sheet(size[0], bottom + _LEGEND)
        _draw_on([sheet], frames)
        _draw_legend(sheet, frames, bottom + 8, say)
        return sheet
    boxes = [(row.x, row.x + row.width) for row in frames.steps.itertuples()]
    parts, width, height = cut_strips(boxes, frames.band, size, paper)
    sheet = Sheet(width, height, PAPERS[paper])
    strips = [Strip(sheet, i, part, frames.band, bottom) for i, part in enumerate(parts)]
    _draw_on(strips, frames)
    _draw_legend(sheet, frames, height - 26, say)
    return sheet


def _draw_on(sheets: Sequence[Sheet | Strip], frames: Frames) -> None:
    """Draw all boxes before any arrow: an arrow makes the boxes that it names."""
    for sheet in sheets:
        _draw_lanes(sheet, frames)
        _draw_stages(sheet, frames)
        _draw_steps(sheet, frames)
    for sheet in sheets:
        _draw_arrows(sheet, frames, frames.ids)
        _draw_loops(sheet, frames, frames.ids, speak(frames.language))


def _draw_steps(sheet: Sheet, frames: Frames) -> None:
    say, ids = speak(frames.language), frames.ids
    for step in frames.steps.itertuples():
        at, name = (step.x, step.y, step.width, step.height), ids[step.step_id]
        if step.step_id in frames.process.folded:
            sheet.box(f"{name}under", (at[0] + 4, at[1] + 4, *at[2:]), **_UNDER)
        _draw_step(sheet, name, at, frames.texts[step.step_id], say)


def _draw_lanes(sheet: Sheet, frames: Frames) -> None:
    for i, lane in enumerate(frames.lanes.itertuples()):
        sheet.box(f"lane{i}", (0, lane.y, lane.width, lane.height), fill=_TINTS[i % 2])
        name = wrap(lane.role, NAME, frames.band - 2 * PAD)
        band = (0, lane.y, frames.band, lane.height)
        sheet.box(f"role{i}", band, name, fill=_BAND, text=(_INK, NAME, True))
        if i:
            sheet.box(f"rule{i}", (0, lane.y - 0.5, lane.width, 1), fill=_RULE)


def _draw_stages(sheet: Sheet, frames: Frames) -> None:
    """Head the columns of each stage; a line parts it from the next."""
    height = STAGE + frames.lanes["height"].sum()
    for i, stage in enumerate(frames.stages.itertuples()):
        head = (stage.x, 0, stage.width, STAGE - 1)
        name = wrap(stage.stage, NAME, stage.width - 2 * PAD)[:1]
        sheet.box(f"stage{i}", head, name, fill=_BAND, text=(_INK, NAME, True))
        if i:
            sheet.box(f"bound{i}", (stage.x - 0.5, 0, 1, height), fill=_RULE)


def _draw_step(sheet: Sheet, node: str, at: tuple[float, ...], text: Text, say: Language) -> None:
    x, y, width, height = at
    border, _ = _BORDERS[text.mark]
    sheet.box(node, at, fill="white", border=border, rounded=True)
    below = FACT_LINE * len(text.facts) + (FOOT + 4 if text.mark else 9)
    room = (x, y + 3, width, height - below - 3)
    sheet.box(f"{node}name", room, text.name, text=(_INK, NAME, True))
    facts = (x, y + height - below, width, FACT_LINE * len(text.facts))
    sheet.box(f"{node}facts", facts, text.facts, text=(_SOFT, FACT, False))
    if text.mark:
        badge = (x + 5, y + height - 21, width - 10, 16)
        _draw_badge(sheet, f"{node}verdict", badge, text.mark, say)


def _draw_badge(
    sheet: Sheet, node: str, at: tuple[float, ...], verdict: str, say: Language
) -> None:
    (colour, _, _), tint = _BORDERS[verdict]
    words = f"{MARKS[verdict]} {mark_words(say)[verdict]}"
    sheet.box(node, at, [words], fill=tint, text=(colour, BADGE, True), rounded=True)


def _draw_arrows(sheet: Sheet, frames: Frames, ids: Mapping[str, str]) -> None:
    if "share" in frames.edges:
        for way in frames.edges.rename(columns={"from": "a", "to": "b"}).itertuples():
            sheet.arrow(ids[way.a], ids[way.b], way.points, line=_seen_line(way.share, way.drawn))
        return
    critical = set(pairwise(frames.process.critical_path))
    back = set(zip(frames.rework["from"], frames.rework["to"], strict=True))
    for a, b, points in frames.edges.itertuples(index=False):
        if (a, b) not in back:
            sheet.arrow(ids[a], ids[b], points, line=_PATH if (a, b) in critical else _ARROW)


def _seen_line(share: float, drawn: bool) -> tuple[str, str, str]:
    """Draw what most orders do thick, and dashed what the chart has no arrow for."""
    colour, _, style = _PATH if drawn else _BACK
    return colour, f"{1 + 3 * share:.1f}", style


def _draw_loops(sheet: Sheet, frames: Frames, ids: Mapping[str, str], say: Language) -> None:
    """Draw the ways back; each is interrupted by its label, which so never lies on a line."""
    ways = [*frames.edges["points"], *frames.rework["points"]]
    for n, (a, b, share, points) in enumerate(frames.rework.itertuples(index=False)):
        words = say("{share} back", share=say.percent(share, 0)) if share == share else say("back")
        half = text_width(words, BADGE) / 2 + 2
        i, middle = label_place(points, ways, half + 4)
        y, turn = points[i][1], 1 if points[i][0] < middle else -1
        label = (middle - half, y - 7, 2 * half, 14)
        sheet.box(f"back{n}", label, [words], text=(_BACK[0], BADGE, False))
        until = [*points[: i + 1], [middle - turn * half, y]]
        sheet.arrow(ids[a], f"back{n}", until, line=_BACK, head=False)
        onward = [[middle + turn * half, y], *points[i + 1 :]]
        sheet.arrow(f"back{n}", ids[b], onward, line=_BACK)


def _draw_legend(sheet: Sheet, frames: Frames, y: float, say: Language) -> None:
    x, lines = 12.0, []
    if "share" in frames.edges:
        lines.append((say("as drawn; the thicker, the more orders"), _PATH))
        lines.append((say("not in the chart"), _BACK))
    elif frames.process.critical_path:
        time = frames.process.lead_time_words(say)
        lines.append((say("critical path: {time}", time=time), _PATH))
    if len(frames.rework):
        lines.append((say("sent back for rework"), _BACK))
    for i, (words, line) in enumerate(lines):
        wide = text_width(words, FACT)
        sheet.box(f"key{i}", (x + 34, y, wide, 20), [words], text=(_SOFT, FACT, False))
        sheet.arrow(f"key{i}", f"key{i}", [[x, y + 10], [x + 30, y + 10]], line=line)
        x += 34 + wide + 20
    for verdict in MARKS:
        if any(text.mark == verdict for text in frames.texts.values()):
            wide = text_width(mark_words(say)[verdict], BADGE) + 30
            _draw_badge(sheet, f"key {verdict}", (x, y + 2, wide, 16), verdict, say)
            x += wide + 12
