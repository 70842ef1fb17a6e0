"""Draw boxes, texts and arrows exactly where they are put: Graphviz renders, it lays nothing out.

Where neither pygraphviz's wheel nor `dot` runs (a bare system lacks libraries that the wheel takes
for granted), the same shapes are written as SVG without them: a report always has its chart.

Lengths are pixels, x and y the top left corner, y growing downward. Text is drawn as it is,
whatever it holds; a box never asks for a file.
"""

import contextlib
import hashlib
import html
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from xml.etree import ElementTree

import graphviz

from workbook.files import hush
from workbook.resources import template_path

__all__ = ["FONT", "Point", "Sheet", "label_place", "text_width", "wrap"]

# A name with a digit must be quoted in CSS.
FONT = "'Source Sans 3', 'Segoe UI', Helvetica, Arial, sans-serif"
_SPACE = "http://www.w3.org/2000/svg"
_NARROW, _WIDE = frozenset("iljI.,:;'|!()[]ftr-·/ "), frozenset("mwMW@%—шщжюыфмШЩЖЮЫФМ")
_HEAD, _RADIUS = 6, 5

Point = Sequence[float]


def text_width(text: str, size: float) -> float:
    """Estimate a text's width in pixels, on the safe side, from four classes of letters.

    Examples
    --------
    >>> text_width("ill", 10) < text_width("MMM", 10)
    True
    """
    return size * sum(
        0.34
        if letter in _NARROW
        else 0.92
        if letter in _WIDE or ord(letter) > 0x2E80
        else 0.70
        if letter.isupper()
        else 0.57
        for letter in text
    )


def wrap(text: str, size: float, width: float) -> tuple[str, ...]:
    """Break a text into lines no wider than `width`; only a word too long for a line is cut.

    Examples
    --------
    >>> wrap("Check the order", 12, 70)
    ('Check the', 'order')
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return tuple(line for line in lines if line) or ("",)


def label_place(
    points: Sequence[Point], ways: Iterable[Sequence[Point]], half: float
) -> tuple[int, float]:
    """Find the level leg and the x of a label where no way crosses, else the longest leg's middle.

    `half` is half the label's width; `ways` are the corners of all arrows.

    Examples
    --------
    >>> label_place([(0, 0), (0, 50), (100, 50)], [[(50, 0), (50, 90)]], 10)
    (1, 35.0)
    """
    level = [i for i, (p, q) in enumerate(pairwise(points)) if p[1] == q[1]]
    level.sort(key=lambda i: -abs(points[i][0] - points[i + 1][0]))
    legs = [leg for way in ways for leg in pairwise(way)]
    upright = [(p[0], *sorted((p[1], q[1]))) for p, q in legs if p[0] == q[0]]
    for i in level:
        (start, y), end = points[i], points[i + 1][0]
        for share in (0.5, 0.35, 0.65, 0.2, 0.8):
            x = start + share * (end - start)
            if all(abs(x - at) > half or not top - 7 < y < low + 7 for at, top, low in upright):
                return i, x
    return level[0], (points[level[0]][0] + points[level[0] + 1][0]) / 2


class Sheet:
    """A sheet of width and height pixels to put boxes and arrows on; `paper` is its size in points
    when printed, else a pixel is a point.

    Examples
    --------
    >>> sheet = Sheet(100, 40)
    >>> sheet.box("n1", (10, 10, 80, 20), ["<b>Pick</b>"])
    >>> "&lt;b&gt;Pick" in sheet.render("svg").decode()
    True
    """

    def __init__(self, width: float, height: float, paper: tuple[float, float] | None = None):
        self.width, self.height = width, height
        self._boxes: list[Callable[[], str]] = []
        self._arrows: list[Callable[[], str]] = []
        self._dot = graphviz.Digraph(
            graph_attr={"layout": "nop2", "outputorder": "nodesfirst", "pad": "0", "margin": "0"},
            node_attr={"shape": "box", "margin": "0", "fixedsize": "shape", "label": ""},
            edge_attr={"arrowsize": f"{_HEAD / 10}"},
        )
        if paper:
            self._dot.graph_attr["size"] = f"{paper[0] / 72:.4f},{paper[1] / 72:.4f}!"
        self.box("sheet", (0, 0, width, height), fill="white")

    @property
    def source(self) -> str:
        """The DOT text."""
        return self._dot.source

    def box(
        self,
        name: str,
        at: tuple[float, float, float, float],
        lines: Iterable[str] = (),
        *,
        fill: str = "",
        border: tuple[str, str, str] = ("white", "0", "solid"),
        text: tuple[str, float, bool] = ("black", 10.5, False),
        rounded: bool = False,
    ) -> None:
        """Put a box at (x, y, width, height).

        `border` is colour, width and line style; `text` is colour, size and whether it is bold.
        """
        lines = [*lines]
        self._boxes.append(partial(_plain_box, name, at, lines, fill, border, text, rounded))
        x, y, width, height = at
        style = [border[2], *(["filled"] if fill else []), *(["rounded"] if rounded else [])]
        self._dot.node(
            name,
            label=_label(lines),
            pos=f"{x + width / 2:.1f},{self.height - y - height / 2:.1f}!",
            width=f"{width / 72:.4f}",
            height=f"{height / 72:.4f}",
            style=",".join(style),
            fillcolor=fill or "white",
            color=border[0],
            penwidth=border[1],
            fontcolor=text[0],
            fontsize=f"{text[1]:g}",
            fontname=FONT.replace("'", "") + (" Bold" if text[2] else ""),
        )

    def arrow(
        self,
        start: str,
        end: str,
        points: Sequence[Point],
        *,
        line: tuple[str, str, str],
        head: bool = True,
    ) -> None:
        """Draw a way through points with rounded corners; `line` is colour, width and style."""
        self._arrows.append(partial(_plain_arrow, points, line, head))
        way = [(x, self.height - y) for x, y in points]
        style = dict(zip(("color", "penwidth", "style"), line, strict=True))
        shape = "normal" if head else "none"
        self._dot.edge(start, end, pos=_spline(way, head), arrowhead=shape, **style)

    def render(self, form: str) -> bytes:
        """Render as svg, png or pdf: in process, or with `dot` on the PATH.

        Raises
        ------
        ValueError
            If neither is installed; svg needs neither.
        """
        source = self.source
        if form != "svg":  # whose letters are the page's; here they are set into the picture
            source = source.replace("Source Sans 3", "Workbook Sans")
        if form == "png":
            source = source.replace("layout=nop2", "layout=nop2 dpi=192", 1)
        with _own_letters(), hush():
            drawn = _in_process(source, form) or _with_dot(source, form)
        if drawn is None and form == "svg":
            return self.plain_svg()
        if drawn is None:
            raise ValueError(
                f"a .{form} chart can't be drawn: neither pygraphviz nor Graphviz's dot runs here; "
                "install Graphviz with apt, brew or conda, or ask for .svg"
            )
        # A PDF tells when it was made; the same chart must give the same bytes.
        return re.sub(rb"(CreationDate \(D:)\d{14}", rb"\g<1>20000101000000", drawn)

    def plain_svg(self) -> bytes:
        """Return the same boxes, texts and arrows as SVG, without Graphviz."""
        width, height = f"{self.width:.2f}", f"{self.height:.2f}"
        head = f'<svg xmlns="{_SPACE}" width="{width}" height="{height}"'
        body = "\n".join(draw() for draw in (*self._boxes, *self._arrows))
        return f'{head} viewBox="0.00 0.00 {width} {height}">\n{body}\n</svg>'.encode()

    def accessible_svg(self, title: str, description: str, names: Mapping[str, str]) -> str:
        """Return SVG with a title, a description and real text; `names` maps boxes to names."""
        ElementTree.register_namespace("", _SPACE)
        root = ElementTree.fromstring(self.render("svg"))
        for group in root.iter(f"{{{_SPACE}}}g"):
            _name(group, names)
        for text in root.iter(f"{{{_SPACE}}}text"):
            if text.get("font-family").endswith(" Bold"):
                text.set("font-weight", "600")
            text.set("font-family", FONT)
        _describe(root, {"title": title, "desc": description})
        width, height = root.get("viewBox").split()[2:]
        root.attrib.update(width=f"{float(width):.0f}", height=f"{float(height):.0f}")
        root.set("style", "max-width:100%;height:auto")
        return ElementTree.tostring(root, encoding="unicode")


def _name(group: ElementTree.Element, names: Mapping[str, str]) -> None:
    """Let a box's own name show where the renderer wrote an id, and drop all other ids."""
    group.attrib.pop("id", None)
    title = group.find(f"{{{_SPACE}}}title")
    if title is not None and title.text in names:
        title.text = names[title.text]
    elif title is not None:
        group.remove(title)


def _describe(root: ElementTree.Element, words: Mapping[str, str]) -> None:
    key = hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:8]
    for i, (tag, text) in enumerate(words.items()):
        element = ElementTree.Element(f"{{{_SPACE}}}{tag}", {"id": f"{tag}-{key}"})
        element.text = text
        root.insert(i, element)
    root.attrib.update({"role": "img", "aria-labelledby": f"title-{key} desc-{key}"})


@contextlib.contextmanager
def _own_letters() -> Iterator[None]:
    """Let Graphviz find our typeface, so that a chart has the same letters on every machine."""
    usual = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(template_path())  # where fontconfig looks for fonts/
    try:
        yield
    finally:
        os.environ.pop("XDG_DATA_HOME")
        os.environ.update({"XDG_DATA_HOME": usual} if usual else {})


def _in_process(source: str, form: str) -> bytes | None:
    try:
        import pygraphviz
    except ImportError:
        return None
    drawing = pygraphviz.AGraph(string=source)
    drawing.has_layout = True  # all positions are pinned: render them as they are
    return drawing.draw(format=form)


def _with_dot(source: str, form: str) -> bytes | None:
    try:
        return graphviz.Source(source).pipe(format=form)
    except graphviz.ExecutableNotFound:
        return None


_DASHES = {"solid": "", "dashed": ' stroke-dasharray="5,2"', "dotted": ' stroke-dasharray="1,5"'}


def _plain_box(
    name: str,
    at: tuple[float, float, float, float],
    lines: list[str],
    fill: str,
    border: tuple[str, str, str],
    text: tuple[str, float, bool],
    rounded: bool,
) -> str:
    x, y, width, height = at
    colour, size, bold = text
    stroke = border[0] if float(border[1]) else "none"
    shape = (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
        f'rx="{min(12, height / 3) if rounded else 0:.2f}" fill="{fill or "none"}" '
        f'stroke="{stroke}" stroke-width="{border[1]}"{_DASHES[border[2]]}/>'
    )
    middle = y + height / 2 + 0.3 * size - 0.6 * size * (len(lines) - 1)
    family = FONT.replace("'", "") + (" Bold" if bold else "")
    texts = (
        f'<text text-anchor="middle" x="{x + width / 2:.2f}" y="{middle + 1.2 * size * i:.2f}" '
        f'font-family="{family}" font-size="{size:.2f}" fill="{colour}">{_plain(line)}</text>'
        for i, line in enumerate(lines)
    )
    return f'<g class="node"><title>{name}</title>{shape}{"".join(texts)}</g>'


def _plain_arrow(points: Sequence[Point], line: tuple[str, str, str], head: bool) -> str:
    way = re.sub(r"^e,\S+ ", "", _spline([*points], head)).split()
    drawn = (
        f'<path fill="none" stroke="{line[0]}" stroke-width="{line[1]}"{_DASHES[line[2]]} '
        f'd="M{way[0]}C{" ".join(way[1:])}"/>'
    )
    if head:
        (x, y), (before_x, before_y) = points[-1], _towards(points[-1], points[-2], _HEAD)
        across_x, across_y = (y - before_y) * 0.35, (x - before_x) * 0.35
        corners = (
            f"{before_x - across_x:.2f},{before_y + across_y:.2f} {x:.2f},{y:.2f} "
            f"{before_x + across_x:.2f},{before_y - across_y:.2f}"
        )
        style = f'fill="{line[0]}" stroke="{line[0]}" stroke-width="{line[1]}"'
        drawn += f'<polygon {style} points="{corners}"/>'
    return f'<g class="edge">{drawn}</g>'


def _plain(line: str) -> str:
    return html.escape("".join(c if c.isprintable() else " " for c in line))


def _label(lines: Iterable[str]) -> str:
    """Write text so that it is drawn as it is: no escapes, no entities, no markup."""
    plain = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    safe = (graphviz.escape(line.replace("&", "&amp;")) for line in plain)
    return graphviz.nohtml(r"\n".join(safe))


def _spline(points: list[Point], head: bool) -> str:
    """Round the corners of a right-angled way and leave room for the arrow head."""
    tip = points[-1]
    end = _towards(tip, points[-2], _HEAD if head else 0)
    way = [*points[:-1], end]
    bezier = [way[0]]
    for before, corner, after in zip(way, way[1:], way[2:], strict=False):
        radius = min(_RADIUS, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        into, out = _towards(corner, before, radius), _towards(corner, after, radius)
        bezier += [bezier[-1], into, into, corner, corner, out]
    bezier += [bezier[-1], end, end]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in bezier)
    return f"e,{tip[0]:.1f},{tip[1]:.1f} {path}" if head else path


def _towards(start: Point, end: Point, length: float) -> Point:
    share = min(length / (math.dist(start, end) or 1), 1)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
