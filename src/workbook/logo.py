"""Read a client's logo: whatever its file holds, a report gets one small picture, no secrets."""

import io
import struct
from pathlib import Path

from PIL import Image, ImageOps

from workbook.language import Language
from workbook.yamltext import Wrong

__all__ = ["fit_logo", "read_logo"]

# An SVG can carry scripts and reach for other files; these two can't.
_KINDS = ("PNG", "JPEG")
_MOST_BYTES, _MOST_PIXELS = 2_000_000, 25_000_000
_SHOWN = (720, 288)  # pixels: sharp on paper, small in a page
_UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def read_logo(folder: Path, name: str, say: Language) -> bytes:
    """Return a client's logo, drawn anew as a small PNG: what else its file holds stays behind.

    Parameters
    ----------
    folder : Path
        The client's; a logo lies in it.
    name : str
        The file as client.yaml has it: a PNG or a JPEG.
    say : Language
        The language that faults are told in.

    Raises
    ------
    Wrong
        If it is not there, lies elsewhere, is too large, or is no such picture.
    """
    remedy = say("put a PNG or JPEG picture of at most 2 MB into the client's folder")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Wrong(say("the logo lies outside the client's folder"), remedy)
    if not path.is_file():
        raise Wrong(say("the logo is not there"), remedy)
    if path.stat().st_size > _MOST_BYTES:
        raise Wrong(say("the logo is too large"), remedy)
    try:
        with Image.open(path, formats=_KINDS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Wrong(say("the logo is too large"), remedy)
            return _drawn_anew(image)
    except _UNREADABLE:
        raise Wrong(say("the logo is no PNG or JPEG picture"), remedy) from None


def _drawn_anew(image: Image.Image) -> bytes:
    shown, made = ImageOps.exif_transpose(image).convert("RGBA"), io.BytesIO()
    shown.thumbnail(_SHOWN)
    Image.frombytes(shown.mode, shown.size, shown.tobytes()).save(made, "PNG")
    return made.getvalue()


def fit_logo(logo: bytes, width: float, height: float) -> tuple[float, float]:
    """Return the size in which a logo fills a box of this width and height.

    Examples
    --------
    >>> fit_logo(b"\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR\\0\\0\\0\\x28\\0\\0\\0\\x14", 100, 40)
    (80.0, 40.0)
    """
    wide, high = struct.unpack(">II", logo[16:24])  # where a PNG begins with its size
    scale = min(width / wide, height / high)
    return wide * scale, high * scale
