"""Join the parts of the typeface into files that PDF can take: static, three alphabets in one.

Run once, when the typeface changes: python tools/make_fonts.py (needs fonttools and brotli). A
changed version may not be called Source (its licence reserves the name), so it has one of ours.
The signs of verdicts, which Source Sans lacks, are drawn here, or each machine would have its own.
"""

import math
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.merge import Merger
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parents[1] / "templates" / "fonts"
WEIGHTS = {"Regular": 400, "SemiBold": 600}
FAMILY = "Workbook Sans"
WIDE = 620  # of a sign, in thousandths of the letters' size

Points = list[tuple[float, float]]


def part(name: str, weight: int, room: Path) -> str:
    """Return the path of one alphabet at one weight, without what only a screen needs."""
    font = TTFont(FONTS / f"source-sans-3-{name}-wght-normal.woff2")
    font.flavor = None
    font = instantiateVariableFont(font, {"wght": weight})
    options = subset.Options(hinting=False, name_IDs=["*"])
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum"]
    small = subset.Subsetter(options)
    small.populate(unicodes=font.getBestCmap())
    small.subset(font)
    for table in {"STAT", "prep", "gasp", "BASE", "MVAR", "HVAR"} & set(font.keys()):
        del font[table]
    font.save(room / f"{name}.ttf")
    return str(room / f"{name}.ttf")


def signs(stroke: float) -> dict[str, list[Points]]:
    """Return the outlines of the signs, by the character; `stroke` is as thick as the letters'."""
    turns = [2 * math.pi * step / 48 for step in range(48)]
    circle = lambda size: [(310 + size * math.cos(t), 310 + size * math.sin(t)) for t in turns]
    square = lambda low, high: [(low, low), (low, high), (high, high), (high, low)]
    low, high = 310 - stroke / 2, 310 + stroke / 2
    head = [(430, high), (350, 470), (410, 500), (600, 310), (410, 120), (350, 150), (430, low)]
    return {
        "▲": [[(30, 30), (310, 600), (590, 30)]],
        "○": [circle(270)[::-1], circle(270 - stroke)],
        "✓": [[(40, 270), (90, 330), (230, 180), (520, 610), (590, 565), (245, 50)]],
        "☐": [square(40, 580), square(40 + stroke, 580 - stroke)[::-1]],
        "→": [[(30, low), (30, high), *head]],
    }


def draw_signs(font: TTFont, weight: int) -> None:
    """Add the signs to a font."""
    for sign, outlines in signs(70 if weight == 400 else 100).items():
        name, pen = f"uni{ord(sign):04X}", TTGlyphPen(None)
        for outline in outlines:
            trace(pen, outline)
        font.setGlyphOrder([*font.getGlyphOrder(), name])
        font["glyf"][name] = pen.glyph()
        font["hmtx"][name] = (WIDE, int(min(x for outline in outlines for x, _ in outline)))
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(sign)] = name


def trace(pen: TTGlyphPen, outline: Iterable[tuple[float, float]]) -> None:
    first, *rest = [(round(x), round(y)) for x, y in outline]
    pen.moveTo(first)
    for point in rest:
        pen.lineTo(point)
    pen.closePath()


def rename(font: TTFont, style: str, weight: int) -> None:
    names = font["name"]
    for record in list(names.names):
        if record.nameID not in (0, 5, 14):
            names.removeNames(nameID=record.nameID)
    whole = f"{FAMILY} {style}"
    told = {1: FAMILY if weight == 400 else whole, 2: "Regular", 4: whole, 16: FAMILY, 17: style}
    for place, words in (told | {3: whole, 6: whole.replace(" ", "")}).items():
        names.setName(words, place, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight


def main() -> None:
    for style, weight in WEIGHTS.items():
        with tempfile.TemporaryDirectory() as room:
            parts = [part(name, weight, Path(room)) for name in ("latin", "latin-ext", "cyrillic")]
            font = Merger().merge(parts)
        draw_signs(font, weight)
        rename(font, style, weight)
        font["head"].created = font["head"].modified = 0
        font.recalcTimestamp = False
        font.save(FONTS / f"workbook-sans-{style.lower()}.ttf")


if __name__ == "__main__":
    main()
