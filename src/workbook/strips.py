"""Fold a long chart into strips below each other, so that it fills a sheet of paper legibly."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from workbook.sheet import Point, Sheet

__all__ = ["PAPERS", "Strip", "cut_strips"]

# Width and height in points, across.
PAPERS = {"A4": (841.89, 595.28), "A3": (1190.55, 841.89)}
_GAP, _LARGEST = 26.0, 1.3  # between strips; how much a small chart is blown up at most


def cut_strips(
    boxes: Iterable[tuple[float, float]], band: float, size: tuple[float, float], paper: str
) -> tuple[list[tuple[float, float]], float, float]:
    """Cut a chart between its boxes into the number of strips that print largest.

    Parameters
    ----------
    boxes : iterable of (left, right) of the steps
    band : width of the lanes' names, repeated before each strip
    size : (width, height) of the chart
    paper : A3 or A4

    Returns
    -------
    list of (from, to), and the width and height of a sheet in the paper's proportions
        All in the chart's own pixels.

    Examples
    --------
    >>> cut_strips([(110, 190), (210, 290)], 100, (300, 60), "A4")[0]
    [(100, 200.0), (200.0, 300)]
    """
    wide, tall = PAPERS[paper]
    free, until = [], band
    for left, right in sorted(boxes):
        if left > until + 4 and until > band:
            free.append((until + left) / 2)
        until = max(until, right)
    best, scale = [(band, size[0])], 0.0
    for count in range(1, min(len(free) + 2, 13)):
        aims = [band + (size[0] - band) * i / count for i in range(1, count)]
        cuts = [min(free, key=lambda at, aim=aim: abs(at - aim)) for aim in aims]
        strips = list(pairwise(sorted({band, *cuts, size[0]})))
        width = band + max(end - start for start, end in strips)
        height = len(strips) * (size[1] + _GAP) + _GAP
        if min(wide / width, tall / height) > scale:
            best, scale = strips, min(wide / width, tall / height)
    scale = min(scale, _LARGEST)
    return best, wide / scale, tall / scale


class Strip:
    """One strip of a chart on a sheet: takes the chart's boxes and arrows and shows its own part.

    Examples
    --------
    >>> sheet = Sheet(300, 100)
    >>> Strip(sheet, 1, (100, 200), 50, 40).box("n1", (110, 0, 20, 10), ["Pick"])
    >>> "Pick" in sheet.source
    True
    """

    def __init__(
        self, sheet: Sheet, number: int, part: tuple[float, float], band: float, height: float
    ):
        self.sheet, self.number, self.part, self.band = sheet, number, part, band
        self.down = number * (height + _GAP)

    def box(
        self, name: str, at: tuple[float, float, float, float], lines: Iterable[str] = (), **look
    ) -> None:
        """Put a box where its middle is in this strip; what is wide is cut at the strip's ends."""
        (x, y, width, height), (start, end) = at, self.part
        own = f"{name} {self.number}" if self.number else name
        if x + width <= self.band:
            self.sheet.box(own, (x, y + self.down, width, height), lines, **look)
            return
        if width > 300:
            left, right = max(x, start), min(x + width, end)
            if right - left > 1:
                at = (left - start + self.band, y + self.down, right - left, height)
                self.sheet.box(own, at, lines, **look)
        elif start <= x + width / 2 < end:
            at = (x - start + self.band, y + self.down, width, height)
            self.sheet.box(name, at, lines, **look)

    def arrow(
        self,
        start: str,
        end: str,
        points: Sequence[Point],
        *,
        line: tuple[str, str, str],
        head: bool = True,
    ) -> None:
        """Draw the pieces of a way that lie in this strip."""
        low, high = self.part
        piece: list[Point] = []
        for p, q in pairwise(points):
            (left, _), (right, _) = sorted((p, q), key=lambda point: point[0])
            if right < low or left > high:
                self._draw(start, end, piece, line, False)
                piece = []
                continue
            a, b = ((min(max(x, low), high), y) for x, y in (p, q))
            piece = [*(piece or [a]), b]
            if b[0] != q[0]:
                self._draw(start, end, piece, line, False)
                piece = []
        self._draw(start, end, piece, line, head)

    def _draw(
        self,
        start: str,
        end: str,
        piece: list[Point],
        line: tuple[str, str, str],
        head: bool,
    ) -> None:
        if len(piece) > 1 and piece[0] != piece[-1]:
            low = self.part[0]
            moved = [(x - low + self.band, y + self.down) for x, y in piece]
            self.sheet.arrow(start, end, moved, line=line, head=head)
