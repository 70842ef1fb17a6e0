"""Lay a process out as swimlanes and draw it: one layout feeds SVG, PNG, PDF, DOT and JSON.

A lane per role in the client's order, columns by longest path, arrows around all other boxes.
All lengths are pixels, x and y the top left corner, y growing downward.
"""

import math
from collections.abc import Mapping

import pandas as pd

from workbook.bpmn import mermaid_text, write_bpmn
from workbook.frames import Frames, lay_out, verdict_words
from workbook.language import Language, speak
from workbook.picture import draw_frames
from workbook.process import Process
from workbook.results import Block, picture, table

__all__ = ["FORMATS", "Chart", "chart_alt", "draw_chart", "layout_chart"]

FORMATS = ("svg", "png", "pdf", "dot", "bpmn", "mmd")


class Chart(Frames):
    """A process laid out as frames (`Frames`), with its picture, its JSON and its table."""

    def as_json(self) -> dict[str, object]:
        """Return the layout and the figures as plain data, ready for json.dump."""
        lead = self.process.lead_time_minutes
        names = ("lanes", "steps", "edges", "rework", "stages")
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
            words = verdict_words(say)
            shown[say("Verdict")] = [words.get(verdict, "–") for verdict in self.steps["verdict"]]
        return shown

    def svg(self, paper: str = "") -> str:
        """Return the picture as SVG text with its description in it; paper as for `draw_chart`."""
        names = dict(zip(self.ids.values(), self.process.steps["step"], strict=True))
        say = speak(self.language)
        return draw_frames(self, paper).accessible_svg(say("Process chart"), self.alt, names)

    @property
    def alt(self) -> str:
        """The picture in words."""
        if "share" not in self.edges:
            return chart_alt(self.process, self.verdicts, self.language)
        say, names = speak(self.language), self.process.steps["step"]
        edges = self.edges.sort_values("share", ascending=False, kind="stable")
        ways = [
            (drawn, f"{names[a]} → {names[b]} ({say.percent(share)})")
            for a, b, share, drawn in edges[["from", "to", "share", "drawn"]].itertuples(
                index=False
            )
        ]
        other = [words for drawn, words in ways if not drawn]
        shown = say.listing(other) if other else say("none")
        told = say("The arrows that orders really ran. Not in the chart: {arrows}.", arrows=shown)
        most = say.listing([words for drawn, words in ways if drawn][:3])
        # Without another arrow, the picture's numbers are those of the arrows drawn.
        more = say("Most frequent in it: {arrows}.", arrows=most) if most and not other else ""
        return f"{told} {more}".strip()

    def blocks(self, say: Language) -> list[Block]:
        """Return the picture and its table as blocks of a report."""
        shown = self.table(say.code)
        words = table(shown.columns, shown.to_numpy(), caption=say("The steps of the process"))
        return [self.picture(), words]

    def picture(self) -> Block:
        """Return the picture as a block; a long chart lies across its page."""
        width, height = self.lanes["width"].max(), self.lanes["height"].sum()
        layout = "wide across" if width > 1.45 * height else "wide"
        return picture(self.svg(), alt=self.alt, layout=layout, widest=1.3 * width)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def layout_chart(
    process: Process,
    verdicts: Mapping[str, str] | None = None,
    language: str = "en",
    *,
    seen: pd.DataFrame | None = None,
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
    seen : DataFrame, optional
        Arrows that orders really ran, in place of those drawn: from, to, share of orders, drawn
        (`Comparison.seen`).

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
    return Chart(**lay_out(process, verdicts or {}, language, seen=seen))


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
    words = verdict_words(say)
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
    paper: str = "",
) -> str | bytes:
    """Draw a process as swimlanes: SVG, DOT, BPMN or Mermaid text, PNG or PDF bytes.

    Parameters
    ----------
    process, verdicts, language
        As for `layout_chart`.
    format : str
        svg, png, pdf, dot, bpmn (BPMN 2.0 XML) or mmd (Mermaid).
    paper : str
        A3 or A4: a picture of this size across, a long chart folded into strips.

    Raises
    ------
    ValueError
        If the format or the paper is none of these, or no Graphviz is there to render.

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
    write = {
        "svg": lambda frames: frames.svg(paper),
        "dot": lambda frames: draw_frames(frames, paper).source,
        "bpmn": write_bpmn,
        "mmd": mermaid_text,
    }
    return write[format](chart) if format in write else draw_frames(chart, paper).render(format)
