"""Join the parts of the typeface into files that PDF can take: static, three alphabets in one.

Run once, when the typeface changes: python tools/make_fonts.py (needs fonttools and brotli). A
changed version may not be called Source (its licence reserves the name), so it has one of ours.
"""

import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parents[1] / "templates" / "fonts"
WEIGHTS = {"Regular": 400, "SemiBold": 600}
FAMILY = "Workbook Sans"


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
        rename(font, style, weight)
        font["head"].created = font["head"].modified = 0
        font.recalcTimestamp = False
        font.save(FONTS / f"workbook-sans-{style.lower()}.ttf")


if __name__ == "__main__":
    main()
