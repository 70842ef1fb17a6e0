"""Lay a process out as frames: a lane per role, columns by longest path, arrows around all boxes.

All lengths are pixels, x and y the top left corner, y growing downward. Pictures, JSON and BPMN
are drawn from these frames alone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pandas as pd

from workbook import grid as grids
from workbook.language import Language, speak
from workbook.process import Process
from workbook.results import VERDICT_SHAPES
from workbook.sheet import text_width, wrap

MARKS = VERDICT_SHAPES | {"new": "+", "changed": "≠", "removed": "×"}
__all__ = [
    "BADGE",
    "FACT",
    "FOOT",
    "MARKS",
    "NAME",
    "PAD",
    "Frames",
    "Text",
    "lay_out",
    "verdict_words",
]

NAME, FACT, BADGE, PAD = 12.0, 10.5, 10.0, 8  # sizes of letters, and the room beside them
NAME_LINE, FACT_LINE, FOOT, STAGE = 15, 13, 20, 26
_AT = ["x", "y", "width", "height"]


@dataclass(frozen=True)
class Text:
    """What a box says: the wrapped name, the lines of times and cost, the verdict or mark."""

    name: tuple[str, ...]
    facts: tuple[str, ...]
    mark: str | None

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        foot = FOOT if self.mark else 0
        return 18 + NAME_LINE * len(self.name) + FACT_LINE * len(self.facts) + foot


@dataclass(frozen=True, eq=False)
class Frames:
    """A process laid out.

    `lanes`: role, x, y, width, height. `steps`: step_id, role, x, y, width, height, verdict.
    `edges`: from, to, points, one row per predecessor; with share and drawn, one row per arrow that
    orders really ran. `rework`: from, to, share, points.
    `stages`: stage, x, width, above the lanes; empty unless the client names stages in order.
    """

    process: Process
    lanes: pd.DataFrame
    steps: pd.DataFrame
    edges: pd.DataFrame
    rework: pd.DataFrame
    stages: pd.DataFrame
    language: str
    band: float
    texts: Mapping[str, Text] = field(repr=False)

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts shown, by step_id."""
        return dict(self.steps.set_index("step_id")["verdict"].dropna())

    @property
    def ids(self) -> dict[str, str]:
        """A plain name for each step, by step_id, whatever letters the id has."""
        return {step: f"n{i}" for i, step in enumerate(self.steps["step_id"], 1)}


def verdict_words(say: Language) -> dict[str, str]:
    """Return the three verdicts in a language's words.

    Examples
    --------
    >>> verdict_words(speak("fr"))["works"]
    'fonctionne'
    """
    return {
        "works": say("works"),
        "needs improvement": say("needs improvement"),
        "no evidence": say("no evidence"),
    }


def mark_words(say: Language) -> dict[str, str]:
    """Return the words of all marks: the verdicts, and what changed between two charts.

    Examples
    --------
    >>> mark_words(speak("en"))["new"]
    'new'
    """
    changes = {"new": say("new"), "changed": say("changed"), "removed": say("removed")}
    return verdict_words(say) | changes


def lay_out(
    process: Process,
    verdicts: Mapping[str, str],
    language: str,
    marks: Mapping[str, str] | None = None,
    seen: pd.DataFrame | None = None,
) -> dict[str, object]:
    """Return the fields of `Frames`; boxes are as large as the words of the language need.

    `marks` (new, changed or removed) are shown in place of verdicts; `seen` (from, to, share,
    drawn) are arrows as orders really ran, in place of those of the chart.

    Raises
    ------
    ValueError
        If a verdict is none of the three, or is for a step that isn't there.

    Examples
    --------
    >>> from workbook.process import build_process
    >>> steps = pd.DataFrame({"step_id": ["a"], "step": ["Pick"], "role": ["Store"]})
    >>> Frames(**lay_out(build_process(steps), {}, "en")).lanes["role"].tolist()
    ['Store']
    """
    _check(process, verdicts)
    say = speak(language)
    facts = _facts(process, say)
    shown = {**verdicts, **(marks or {})}
    width = _box_width(process, facts, say if shown else None)
    texts = {
        step: Text(wrap(name, NAME, width - 2 * PAD), tuple(facts[step]), shown.get(step))
        for step, name in process.steps["step"].items()
    }
    box = (float(width), float(max(text.height for text in texts.values())))
    widest = max(text_width(word, NAME) for role in process.roles for word in role.split() or "-")
    band = min(max(96, math.ceil(widest) + 2 * PAD), 150)
    at = _route(process, box, band, seen)
    return _framed(process, at, texts, verdicts, seen) | {"language": language}


def _check(process: Process, verdicts: Mapping[str, str]) -> None:
    for step, verdict in verdicts.items():
        if step not in process.steps.index:
            raise ValueError(f"the verdict's step {step!r} is not in the process; take it out")
        if verdict not in VERDICT_SHAPES:
            allowed = ", ".join(VERDICT_SHAPES)
            raise ValueError(
                f"verdict {verdict!r} of step {step!r} is not known; write one of {allowed}"
            )


def _facts(process: Process, say: Language) -> dict[str, list[str]]:
    """Write each step's times and cost, as far as the client records them at all."""
    write = {
        "touch_minutes": lambda minutes: say("work {time}", time=say.minutes(minutes)),
        "wait_minutes": lambda minutes: say("wait {time}", time=say.minutes(minutes)),
        "cost": lambda cost: say("cost {amount}", amount=say.number(cost, 2)),
        "site": lambda site: site if site == site else "–",
    }
    kept = [column for column in write if process.data[column].notna().any()]
    kept = [column for column in kept if column != "site" or len(process.sites) > 1]
    rows = process.steps[kept].itertuples(name=None)
    return {step: [write[c](v) for c, v in zip(kept, row, strict=True)] for step, *row in rows}


def _box_width(process: Process, facts: Mapping[str, list[str]], badge: Language | None) -> int:
    """Choose the narrowest box where names need at most three lines and no word is cut."""
    names = list(process.steps["step"])
    needs = [text_width(word, NAME) for name in names for word in name.split()]
    needs += [text_width(fact, FACT) for lines in facts.values() for fact in lines]
    if badge:
        needs += [text_width(f"▲ {word}", BADGE) + 4 for word in mark_words(badge).values()]
    for width in range(92, 160, 4):
        inner = width - 2 * PAD
        if max(needs) <= inner and all(len(wrap(name, NAME, inner)) <= 3 for name in names):
            return width
    return 160


def _route(
    process: Process, box: tuple[float, float], band: float, seen: pd.DataFrame | None
) -> grids.Places:
    before = {step: list(process.graph.predecessors(step)) for step in process.order}
    loops = [
        (a, b, True) for a, b in zip(process.rework["from"], process.rework["to"], strict=True)
    ]
    order = list(dict.fromkeys(process.stages.values()))
    stage = {step: order.index(name) for step, name in process.stages.items()}
    selves = [a for a, b, _ in loops if a == b]
    grid = grids.lay_grid(dict(process.steps["role"]), before, selves, stage)
    ways = [*((a, b, False) for a, b in process.graph.edges), *loops]
    if seen is not None:
        ways = [
            (a, b, grid.x[a] >= grid.x[b]) for a, b in zip(seen["from"], seen["to"], strict=True)
        ]
    top = float(STAGE) if stage else 0.0
    return grids.place(grid, grids.route_arrows(grid, ways), box, band, top)


def _framed(
    process: Process,
    at: grids.Places,
    texts: dict[str, Text],
    verdicts: Mapping[str, str],
    seen: pd.DataFrame | None,
) -> dict[str, object]:
    width, height = at.box
    lanes = [
        (role, 0.0, top, at.right, end - top)
        for role, (top, end) in ((role, at.lane(role)) for role in process.roles)
    ]
    steps = [
        (step, role, *at.corner(step), width, height, verdicts.get(step))
        for step, role in process.steps["role"].items()
    ]
    points = {(r.start, r.end): [list(point) for point in at.points(r)] for r in at.routes}
    edges = pd.DataFrame(
        [(a, b, points[a, b]) for a, b in ([] if seen is not None else process.arrows)],
        columns=["from", "to", "points"],
    )
    loops = process.rework
    if seen is not None:
        ways = zip(seen["from"], seen["to"], strict=True)
        edges, loops = seen.assign(points=[points[way] for way in ways]), loops.iloc[:0]
    back = zip(loops["from"], loops["to"], strict=True)
    return {
        "process": process,
        "lanes": pd.DataFrame(lanes, columns=["role", *_AT]),
        "steps": pd.DataFrame(steps, columns=["step_id", "role", *_AT, "verdict"]),
        "edges": edges,
        "rework": loops.assign(points=[points[way] for way in back]),
        "stages": _stages(process, at),
        "band": at.left,
        "texts": texts,
    }


def _stages(process: Process, at: grids.Places) -> pd.DataFrame:
    """Part the stages in the middle of the gutter between their boxes."""
    names = list(dict.fromkeys(process.stages.values()))
    left: dict[str, float] = {}
    right: dict[str, float] = {}
    for step, name in process.stages.items():
        x = at.corner(step)[0]
        left[name] = min(left.get(name, math.inf), x)
        right[name] = max(right.get(name, 0.0), x + at.box[0])
    between = [(right[a] + left[b]) / 2 for a, b in pairwise(names)]
    ends = pairwise([at.left, *between, at.right])
    rows = [(name, x, end - x) for name, (x, end) in zip(names, ends, strict=False)]
    return pd.DataFrame(rows, columns=["stage", "x", "width"])
