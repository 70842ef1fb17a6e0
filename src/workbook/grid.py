"""Place steps on a grid of lanes and columns, and route arrows between them at right angles.

Everything is first decided on numbered lines (columns and the gutters between them, rows and the
channels above and below them), where no arrow can touch a foreign box; only then do lines become
pixels, as far apart as the arrows on them need.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, cmp_to_key
from itertools import accumulate, pairwise

__all__ = ["Grid", "Places", "Route", "lay_grid", "place", "route_arrows"]

BEND, CROSSING, SHARED, TRACK = 45, 110, 14, 9
_PITCH, _ROW, _CHANNEL = 55, 60, 20

Line = tuple[str, int]
Board = dict[Line, list[tuple[float, float]]]
Point = tuple[float, float]
Leg = tuple[str, float, float, float]


@dataclass(frozen=True)
class Grid:
    """Where each step stands: `x` and `y` are line numbers by step id.

    Odd x lines are columns, even ones the gutters between them (the first and the last are the
    margins); `rows` are the y lines with boxes, all others are channels; `lanes` maps each role
    to its y lines. A gutter that is not in `gutters` is too narrow for an arrow.
    """

    x: dict[str, int]
    y: dict[str, int]
    rows: frozenset[int]
    lanes: dict[str, range]
    gutters: frozenset[int]
    boxes: frozenset[tuple[int, int]] = field(repr=False)

    @cached_property
    def depths(self) -> list[float]:
        """How far down each y line is, roughly, to compare ways before tracks are known."""
        last = max(lines.stop for lines in self.lanes.values())
        tall = (_ROW if line in self.rows else _CHANNEL for line in range(last))
        return list(accumulate(tall, initial=0))

    @property
    def width(self) -> int:
        """Number of x lines."""
        return max(self.x.values()) + 2


@dataclass
class Route:
    """One arrow: the lines it follows in turn, and its track on each (0 is the line's middle)."""

    start: str
    end: str
    lines: tuple[Line, ...]
    loop: bool = False
    tracks: list[float] = field(default_factory=list)

    def points(self, grid: Grid) -> list[Point]:
        """Corners in line numbers, a track being a thousandth; ends lie half a line off the box."""
        at = [n + track / 1000 for (_, n), track in zip(self.lines, self.tracks, strict=True)]
        inner = [
            (at[i + 1], at[i]) if self.lines[i][0] == "H" else (at[i], at[i + 1])
            for i in range(len(at) - 1)
        ]
        a, b = (grid.x[self.start], grid.y[self.start]), (grid.x[self.end], grid.y[self.end])
        first = _leave(a, inner[0] if inner else b, self.lines[0], at[0])
        return [first, *inner, _leave(b, inner[-1] if inner else a, self.lines[-1], at[-1])]


def _leave(box: tuple[int, int], towards: Point, line: Line, at: float) -> Point:
    if line[0] == "H":
        return box[0] + (0.5 if towards[0] > box[0] else -0.5), at
    return at, box[1] + (0.5 if towards[1] > box[1] else -0.5)


def lay_grid(
    roles: Mapping[str, str],
    before: Mapping[str, Sequence[str]],
    loops: Iterable[str] = (),
    stage: Mapping[str, int] | None = None,
) -> Grid:
    """Give each step its column (longest path) and its row in its role's lane.

    Parameters
    ----------
    roles : mapping of step id to role
        In the client's order; lanes follow the order in which roles first appear.
    before : mapping of step id to the ids of its predecessors
        Every predecessor stands before its step.
    loops : iterable of step ids
        Steps that go back to themselves and need room beside them.
    stage : mapping of step id to number, optional
        A stage begins right of all columns of the stages before it.
    """
    column: dict[str, int] = {}
    begin: dict[int, int] = {}
    stage = stage or {}
    for step in sorted(before, key=lambda step: stage.get(step, 0)):
        first = begin.setdefault(stage.get(step, 0), max(column.values(), default=-1) + 1)
        column[step] = max((column[b] + 1 for b in before[step]), default=first)
        column[step] = max(column[step], first)
    y, lanes = _lay_rows(roles, before, column)
    rows = frozenset(y.values())
    x = {step: 2 * column[step] + 1 for step in roles}
    boxes = frozenset((x[step], y[step]) for step in roles)
    last = max(x.values())
    beside = {x[step] + 1 for step in loops}
    wide = {c + 1 for c, r in boxes if (c + 2, r) in boxes} | beside | {0, last + 1}
    wide |= {2 * first for first in begin.values()}
    return Grid(x, y, rows, lanes, frozenset(wide), boxes)


def _lay_rows(
    roles: Mapping[str, str], before: Mapping[str, Sequence[str]], column: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, range]]:
    """Stack steps of one lane and column; a step keeps the row of the step that it follows."""
    stacks: dict[tuple[str, int], list[str]] = {}
    for step in sorted(roles, key=column.__getitem__):
        stacks.setdefault((roles[step], column[step]), []).append(step)
    y: dict[str, int] = {}
    lanes: dict[str, range] = {}
    top = 0
    for role in dict.fromkeys(roles.values()):
        mine = {c: steps for (owner, c), steps in stacks.items() if owner == role}
        deep = max(map(len, mine.values()))
        lanes[role] = range(top, top + 2 * deep + 1)
        for steps in mine.values():
            free = [top + 2 * i + 1 for i in range(deep)]
            for step in steps:
                same = [y[b] for b in before[step] if roles[b] == role]
                y[step] = min(free, key=lambda row: abs(row - (same or [top])[0]))
                free.remove(y[step])
        top += 2 * deep + 1
    return y, lanes


def route_arrows(grid: Grid, arrows: Iterable[tuple[str, str, bool]]) -> list[Route]:
    """Find for each arrow (from, to, is a way back) the calmest way around all other boxes.

    Short ways with few bends, few crossings and few shared lines win; each arrow is routed twice,
    the second time knowing all others.
    """
    order = sorted(arrows, key=lambda a: (a[2], abs(grid.x[a[0]] - grid.x[a[1]])))
    choices = [_weigh(grid, *arrow) for arrow in order]
    board: Board = {}
    taken = []
    for ways in choices:
        taken.append(_best(grid, ways, board))
        _put(board, taken[-1].legs)
    for i, ways in enumerate(choices):
        _take(board, taken[i].legs)
        taken[i] = _best(grid, ways, board)
        _put(board, taken[i].legs)
    return [way.route for way in taken]


def _put(board: Board, legs: Iterable[Leg]) -> None:
    for axis, line, low, high in legs:
        board.setdefault((axis, int(line)), []).append((low, high))


def _take(board: Board, legs: Iterable[Leg]) -> None:
    for axis, line, low, high in legs:
        board[axis, int(line)].remove((low, high))


@dataclass(frozen=True)
class _Way:
    """A way that an arrow may take, with its legs and its price on an empty board."""

    route: Route
    legs: list[Leg]
    price: float


def _weigh(grid: Grid, start: str, end: str, loop: bool) -> list[_Way]:
    """List the ways that an arrow may take, with what each costs whatever the others do."""
    routes = [Route(start, end, way, loop, [0.0] * len(way)) for way in _ways(grid, start, end)]
    legs = [list(_segments(grid, route)) for route in routes]
    return [
        _Way(route, mine, _length(grid, mine)) for route, mine in zip(routes, legs, strict=True)
    ]


def _best(grid: Grid, ways: Sequence[_Way], board: Board) -> _Way:
    best, least = ways[0], math.inf
    for way in sorted(ways, key=lambda way: (way.price, way.route.lines)):
        if way.price >= least:
            break
        if not _hits(grid, way.legs):
            price = way.price + sum(_conflict(board, leg) for leg in way.legs)
            if price < least:
                best, least = way, price
    return best


def _ways(grid: Grid, start: str, end: str) -> Iterator[tuple[Line, ...]]:
    """List the ways between two boxes as the lines they follow: straight, L, Z, U and S forms."""
    (xa, ya), (xb, yb) = (grid.x[start], grid.y[start]), (grid.x[end], grid.y[end])
    low, high = min(xa, xb) - 3, max(xa, xb) + 3
    free = [*range(max(low, 1), min(high, grid.width)), 0, grid.width - 1]
    ups = [v for v in dict.fromkeys(free) if (v % 2 or v in grid.gutters) and v not in (xa, xb)]
    above, below = (ya - 1, ya + 1), (yb - 1, yb + 1)
    out, into = ("V", xa), ("V", xb)
    if start == end:
        yield from ((("H", ya), ("V", xa + 1), ("H", k), into) for k in above)
        return
    channels = sorted({*above, *below, *(k for k in range(min(ya, yb), max(ya, yb)))} - grid.rows)
    if xa != xb:
        yield from ((out, ("H", k), into) for k in channels)
    yield from (
        (out, ("H", k), ("V", v), ("H", m), into) for k in above for v in ups for m in below
    )
    if xa < xb:
        yield from [(("H", ya),)] if ya == yb else [(("H", ya), into), (out, ("H", yb))]
        after, until = [v for v in ups if v > xa], [v for v in ups if v < xb]
        yield from ((("H", ya), ("V", v), ("H", k), into) for v in after for k in below)
        yield from ((out, ("H", k), ("V", v), ("H", yb)) for v in until for k in above)
        if ya != yb:
            yield from ((("H", ya), ("V", v), ("H", yb)) for v in after if v < xb)


def _segments(grid: Grid, route: Route) -> Iterator[Leg]:
    """Each leg as orientation, line number, and from where to where along it."""
    for (axis, _), (p, q) in zip(route.lines, pairwise(route.points(grid)), strict=True):
        along, across = (0, 1) if axis == "H" else (1, 0)
        yield axis, p[across], *sorted((p[along], q[along]))


def _length(grid: Grid, legs: Sequence[Leg]) -> float:
    total = BEND * (len(legs) - 1) + (4 if legs[0][0] == "V" else 0)
    for axis, _, low, high in legs:
        if axis == "H":
            total += (high - low) * _PITCH
        else:
            total += grid.depths[int(high)] - grid.depths[int(low)]
    return total


def _hits(grid: Grid, segments: Iterable[Leg]) -> bool:
    return any(
        ((n, line) if axis == "H" else (line, n)) in grid.boxes
        for axis, line, low, high in segments
        for n in range(math.ceil(low), math.floor(high) + 1)
    )


def _conflict(board: Board, leg: Leg) -> float:
    axis, line, low, high = leg
    shared = sum(a <= high and low <= b for a, b in board.get((axis, int(line)), ()))
    other = "V" if axis == "H" else "H"
    between = range(math.floor(low) + 1, math.ceil(high))
    crossed = sum(a < line < b for n in between for a, b in board.get((other, n), ()))
    return SHARED * shared + CROSSING * crossed


@dataclass(eq=False)
class _Leg:
    """One leg of a route on its line: its extent and which way its ends turn (-1, 0 or 1)."""

    route: Route
    place: int
    low: float
    high: float
    turns: tuple[tuple[float, float], ...]
    level: int = 0

    def meets(self, other: "_Leg") -> bool:
        return self.low <= other.high + 0.02 and other.low <= self.high + 0.02


def _assign_tracks(grid: Grid, routes: Sequence[Route]) -> dict[Line, int]:
    """Part arrows that share a line into tracks, in the order that crosses least.

    Sets each route's `tracks`, and returns the largest number of tracks per line.
    """
    most: dict[Line, int] = {}
    for axis in "HVHV":
        lines: dict[int, list[_Leg]] = {}
        for route in routes:
            for i, (kind, line) in enumerate(route.lines):
                if kind == axis:
                    lines.setdefault(line, []).append(_leg(grid, route, i))
        for line, legs in lines.items():
            most[axis, line] = max(_part(group) for group in _groups(legs))
    return most


def _leg(grid: Grid, route: Route, i: int) -> _Leg:
    points = route.points(grid)
    along, across = (0, 1) if route.lines[i][0] == "H" else (1, 0)
    p, q = points[i], points[i + 1]
    turns = []
    for end, beyond in ((p, points[max(i - 1, 0)]), (q, points[min(i + 2, len(points) - 1)])):
        step = beyond[across] - end[across]
        turns.append((end[along], float((step > 0.1) - (step < -0.1))))
    low, high = sorted((p[along], q[along]))
    return _Leg(route, i, low, high, tuple(turns))


def _groups(legs: list[_Leg]) -> Iterator[list[_Leg]]:
    group: list[_Leg] = []
    for leg in sorted(legs, key=lambda leg: (leg.low, leg.high)):
        if group and leg.low > max(other.high for other in group) + 0.02:
            yield group
            group = []
        group.append(leg)
    yield group


def _crossings(upper: _Leg, lower: _Leg) -> int:
    down = sum(turn > 0 and lower.low <= at <= lower.high for at, turn in upper.turns)
    return down + sum(turn < 0 and upper.low <= at <= upper.high for at, turn in lower.turns)


def _part(group: list[_Leg]) -> int:
    group.sort(key=cmp_to_key(lambda a, b: _crossings(a, b) - _crossings(b, a)))
    for i, leg in enumerate(group):
        leg.level = max((o.level + 1 for o in group[:i] if o.meets(leg)), default=0)
    count = max(leg.level for leg in group) + 1
    for leg in group:
        leg.route.tracks[leg.place] = leg.level - (count - 1) / 2
    return count


@dataclass(frozen=True)
class Places:
    """Where the lines of a grid are, in pixels: their middle, the lower ends of rows, the right."""

    grid: Grid
    routes: Sequence[Route]
    tracks: Mapping[Line, int]
    box: tuple[float, float]
    x: dict[int, float]
    y: dict[int, float]
    ends: dict[int, float]
    left: float
    right: float

    def corner(self, step: str) -> Point:
        """Return the top left corner of a step's box."""
        x, y = self.x[self.grid.x[step]], self.y[self.grid.y[step]]
        return x - self.box[0] / 2, y - self.box[1] / 2

    def lane(self, role: str) -> tuple[float, float]:
        """Return a lane's top and bottom."""
        lines = self.grid.lanes[role]
        return self.ends[lines.start - 1], self.ends[lines.stop - 1]

    def points(self, route: Route) -> list[Point]:
        """Return an arrow's corners, from box border to box border."""
        at = [self._at(*leg) for leg in zip(route.lines, route.tracks, strict=True)]
        axes = [axis for axis, _ in route.lines]
        corners = route.points(self.grid)
        points = [self._end(route.start, corners[0], axes[0], at[0])]
        for i in range(len(at) - 1):
            points.append((at[i + 1], at[i]) if axes[i] == "H" else (at[i], at[i + 1]))
        return [*points, self._end(route.end, corners[-1], axes[-1], at[-1])]

    def _at(self, line: Line, track: float) -> float:
        axis, number = line
        held = number in self.grid.rows if axis == "H" else number % 2
        room = (self.box[0] if axis == "V" else self.box[1]) - 22
        crowd = max(self.tracks[line] - 1, 1)
        pitch = min(TRACK, room / crowd) if held else TRACK
        return (self.x if axis == "V" else self.y)[number] + track * pitch

    def _end(self, step: str, corner: Point, axis: str, at: float) -> Point:
        x, y = self.corner(step)
        if axis == "H":
            return x + (self.box[0] if corner[0] > self.grid.x[step] else 0), at
        return at, y + (self.box[1] if corner[1] > self.grid.y[step] else 0)


def place(
    grid: Grid, routes: Sequence[Route], box: tuple[float, float], left: float, top: float = 0.0
) -> Places:
    """Give every line its pixels: as much room as the arrows on it need, and no more.

    Parameters
    ----------
    grid, routes
        From `lay_grid` and `route_arrows`.
    box : (width, height) of every step, pixels
    left : width of the band with the lanes' names, pixels
    top : height of what stands above the lanes, pixels
    """
    tracks = _assign_tracks(grid, routes)
    x, right = _place_columns(grid, tracks, box[0], left)
    y: dict[int, float] = {}
    ends = {-1: top}
    edge = top
    for line in range(max(lines.stop for lines in grid.lanes.values())):
        used = tracks.get(("H", line), 0)
        tall = box[1] if line in grid.rows else 15 + (12 + (used - 1) * TRACK if used else 0)
        y[line] = edge + tall / 2
        ends[line] = edge = edge + tall
    return Places(grid, routes, tracks, box, x, y, ends, left, right)


def _place_columns(
    grid: Grid, tracks: Mapping[Line, int], width: float, left: float
) -> tuple[dict[int, float], float]:
    spread = {n: max(tracks.get(("V", n), 1) - 1, 0) * TRACK for n in range(grid.width)}
    x = {0: left + 12 + spread[0] / 2}
    edge = left + 18 + spread[0] + (6 if ("V", 0) in tracks else 0)
    for line in range(1, grid.width - 1, 2):
        x[line] = edge + width / 2
        x[line + 1] = edge + width + 12 + spread[line + 1] / 2
        beside = max(spread[line], spread.get(line + 2, 0)) / 2
        gap = 32 + spread[line + 1] if line + 1 in grid.gutters else beside + 15 - width / 2
        edge += width + gap
    return x, x[grid.width - 1] + spread[grid.width - 1] / 2 + 12
