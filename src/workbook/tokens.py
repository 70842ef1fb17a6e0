"""Play a process chart as a game of tokens, and find what each trace of events deviates least by.

A step that is done puts a token on all arrows from it (split all) or on one of them (any), or goes
back where rework is drawn, which opens all steps from there on again. A step may be done when a
token waits on every arrow to it (join all), or on one (any: the tokens of other branches end
there). An arrow to a join of all on which no token can come any more is not waited for. A run is
complete when no token is left. Several first steps are split as if a step lay before them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import networkx as nx
import numpy as np

from workbook.process import Process

__all__ = ["LIMIT", "Game", "Moves", "Traces", "explain", "fewest_deviations"]
__all__ += ["least_possible", "play", "split_of"]

# So many states a chart may have to be compared exactly: 12 parallel branches of one step each
# come to 4,098, and so do 6 of three steps.
LIMIT = 5_000
_FAR, _CELLS, _FEW = 1 << 28, 1 << 24, 32


@dataclass(frozen=True)
class Game:
    """The states that a chart can be in, numbered; 0 is the complete run.

    `source`, `target` and `step` have one entry per way to do a step: from which state to which,
    and the step's place in the table; `first` are the states at the beginning, `generation` how
    many steps lie at most before a state, ways back aside; `back` marks those ways.
    """

    states: int
    first: np.ndarray
    source: np.ndarray
    target: np.ndarray
    step: np.ndarray
    back: np.ndarray
    generation: np.ndarray


class _Rules:
    """The arrows of a chart as bits of a number, and what doing a step changes."""

    def __init__(self, process: Process):
        self.process, self.graph, self.steps = process, process.graph, list(process.steps.index)
        starts = [step for step in self.steps if not self.graph.in_degree(step)]
        loops = process.rework.set_index("from")["to"]
        self.loops = {step: to for step, to in loops.items() if step in self.graph}
        arrows = [*self.graph.edges, *((None, step) for step in starts)]
        kinds = [*arrows, *(("back", to) for to in dict.fromkeys(self.loops.values()))]
        join = process.steps["join"].to_dict()
        self.any = {s: join[s] == "any" or self.graph.in_degree(s) < 2 for s in self.steps}
        self.again = [s for s in self.steps if self.any[s] and self.graph.in_degree(s) > 1]
        kinds += [("done", step) for step in self.again]
        self.bit = {kind: 1 << place for place, kind in enumerate(kinds)}
        self.into = {s: [a for a in arrows if a[1] == s] for s in self.steps}
        self.out = {s: [self.bit[s, to] for to in self.graph.successors(s)] for s in self.steps}
        self.split = {s: split_of(process, s) for s in self.steps}
        self.before = {s: nx.ancestors(self.graph, s) | {s} for s in self.steps}
        tokens = [kind for kind in kinds if kind[0] != "done"]
        self.reaches = {
            s: sum(self.bit[kind] for kind in tokens if kind[1] in self.before[s])
            for s in self.steps
        }
        bits = [self.bit[None, step] for step in starts]
        self.begin = [sum(bits)] if split_of(process, None) == "all" else bits

    def ready(self, state: int) -> Iterator[tuple[str, int]]:
        """Yield each step that may be done, and the state without the tokens that it takes."""
        for step in self.steps:
            back = self.bit.get(("back", step), 0)
            if state & back:
                yield step, state & ~back
            bits = [self.bit[arrow] for arrow in self.into[step]]
            if not state & sum(bits):
                continue
            missing = [a for a, bit in zip(self.into[step], bits, strict=True) if not state & bit]
            if self.any[step] or not any(state & self.reaches[before] for before, _ in missing):
                yield step, state & ~sum(bits)

    def after(self, step: str, state: int) -> Iterator[tuple[int, bool]]:
        """Yield the states to which a step leads, and whether it is by going back."""
        state |= self.bit.get(("done", step), 0)
        out = self.out[step]
        for bits in [sum(out)] if self.split[step] == "all" or not out else out:
            yield self._settled(state | bits), False
        if step in self.loops:
            to = self.loops[step]
            opened = sum(self.bit["done", s] for s in self.again if to in self.before[s])
            yield self._settled(state & ~opened | self.bit["back", to]), True

    def _settled(self, state: int) -> int:
        """Take away tokens that came second, and forget what is done where none can come."""
        for step in self.again:
            if state & self.bit["done", step]:
                state &= ~sum(self.bit[arrow] for arrow in self.into[step])
                if not state & self.reaches[step]:
                    state &= ~self.bit["done", step]
        return state


def split_of(process: Process, step: str | None) -> str:
    """Return how a step's branches go on: as written, or as the step where they meet again joins.

    None stands before the first steps. Branches that never meet are alternatives (any).
    """
    graph, steps = process.graph, process.steps
    if step is not None and steps.at[step, "split"] in ("all", "any"):
        return steps.at[step, "split"]
    heads = graph.successors(step) if step else (s for s in steps.index if not graph.in_degree(s))
    reached = [nx.descendants(graph, head) | {head} for head in heads]
    meet = (s for s in process.order if sum(s in branch for branch in reached) > 1)
    join = next((steps.at[s, "join"] for s in meet), "any")
    return "any" if join == "any" else "all"


def play(process: Process) -> Game | None:
    """Return all states of a chart, or None if there are more than LIMIT."""
    rules = _Rules(process)
    place = {step: number for number, step in enumerate(rules.steps)}
    number, moves, queue = {0: 0}, [], []
    for state in rules.begin:
        number.setdefault(state, len(number))
        queue.append(state)
    while queue:
        state = queue.pop()
        for step, rest in rules.ready(state):
            for after, back in rules.after(step, rest):
                if after not in number:
                    number[after] = len(number)
                    queue.append(after)
                    if len(number) > LIMIT:
                        return None
                moves.append((number[state], number[after], place[step], back))
    forward = nx.DiGraph((a, b) for a, b, _, back in moves if not back)
    forward.add_nodes_from(range(len(number)))
    generation = np.zeros(len(number), np.int64)
    for depth, states in enumerate(nx.topological_generations(forward)):
        generation[states] = depth
    source, target, step, back = np.array(sorted(set(moves))).reshape(-1, 4).T
    first = np.array([number[state] for state in rules.begin])
    return Game(len(number), first, source, target, step, back.astype(bool), generation)


class Traces(NamedTuple):
    """Activities by number, one trace after the other; `first` are their beginnings and the end."""

    activity: np.ndarray
    first: np.ndarray


class Moves(NamedTuple):
    """One way to explain traces: what each did, skipped (activity -1) or had too many (step -1)."""

    trace: np.ndarray
    step: np.ndarray
    activity: np.ndarray


def fewest_deviations(
    game: Game, activity_of: np.ndarray, traces: Traces, *, cells: int = _CELLS
) -> np.ndarray:
    """Return each trace's fewest steps skipped and events too many, in a chart as it is played.

    `activity_of` numbers the activity that each step logs. Traces that begin alike share their
    work: they are sorted into a tree, and all nodes of one depth are taken on at once, with the
    cost of being in each state of the chart. About `cells` costs are held at a time.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbook.process import build_process
    >>> steps = {"step_id": ["a", "b", "c"], "step": ["Pick", "Check", "Pack"], "role": "W"}
    >>> process = build_process(pd.DataFrame(steps | {"predecessors": ["", "a", "b"]}))
    >>> traces = Traces(np.array([0, 1, 2, 0, 2, 2]), np.array([0, 3, 6]))
    >>> fewest_deviations(play(process), np.arange(3), traces).tolist()
    [0, 2]
    """
    cost = np.zeros(len(traces.first) - 1, np.int64)
    for places, tree in _trees(game, activity_of, traces, cells):
        cost[places] = tree.cost
    return cost


def explain(game: Game, activity_of: np.ndarray, traces: Traces, *, cells: int = _CELLS) -> Moves:
    """Return one explanation of each trace with the fewest deviations; arguments as above."""
    nothing = np.zeros(0, np.int64)
    found = [(nothing, nothing, nothing)]
    found += [
        (places[trace], step, activity)
        for places, tree in _trees(game, activity_of, traces, cells)
        for trace, step, activity in tree.explain()
    ]
    return Moves(*(np.concatenate(each) for each in zip(*found, strict=True)))


def _trees(
    game: Game, activity_of: np.ndarray, traces: Traces, cells: int
) -> Iterator[tuple[np.ndarray, "_Tree"]]:
    """Yield the places of some traces of similar length, sorted, and the tree of them."""
    engine = (_Dense if game.states <= _FEW else _Sparse)(game, activity_of[game.step])
    length = np.diff(traces.first)
    size = np.frexp(np.maximum(length, 63))[1]  # up to 63 events, up to 127, 255 …
    for each in np.unique(size):
        alike = np.flatnonzero(size == each)
        longest = int(length[alike].max())
        many = max(cells // (game.states * (longest + 1)), 1)
        for start in range(0, len(alike), many):
            part = alike[start : start + many]
            inside = np.arange(longest) < length[part, None]
            padded = np.full(inside.shape, -1, np.int32)
            at = (traces.first[part, None] + np.arange(longest))[inside]
            padded[inside] = traces.activity[at]
            by = np.lexsort(padded.T[::-1]) if longest else np.arange(len(part))
            yield part[by], _Tree(engine, padded[by])


def _into(game: Game) -> np.ndarray:
    """Return the moves that lead to each state (rows), filled up with -1."""
    by = np.argsort(game.target, kind="stable")
    count = np.bincount(game.target, minlength=game.states)
    table = np.full((game.states, count.max(initial=1)), -1)
    place = np.arange(len(by)) - np.repeat(np.cumsum(count) - count, count)
    table[game.target[by], place] = by
    return table


class _Some:
    """Some of a chart's moves, by target, to be taken from many costs at once."""

    def __init__(self, game: Game, chosen: np.ndarray):
        chosen = chosen[np.argsort(game.target[chosen], kind="stable")]
        self.source = game.source[chosen]
        self.target, self.starts = np.unique(game.target[chosen], return_index=True)

    def take(self, before: np.ndarray, after: np.ndarray, price: int) -> bool:
        """Lower the costs after to those before plus a price; tell whether any got lower."""
        if not len(self.target):
            return False
        best = np.minimum.reduceat(before[self.source], self.starts, axis=0) + price
        known = after[self.target]
        after[self.target] = np.minimum(best, known)
        return bool((best < known).any())


class _Sparse:
    """Costs of states (rows) at nodes (columns), taken on along the moves of a chart."""

    def __init__(self, game: Game, logs: np.ndarray):
        self.game, self.logs, self.into = game, logs, _into(game)
        self.does = {a: _Some(game, np.flatnonzero(logs == a)) for a in np.unique(logs)}
        depth = np.where(game.back, -1, game.generation[game.target])
        forward = range(1, int(game.generation.max(initial=0)) + 1)
        self.sweeps = [_Some(game, np.flatnonzero(depth == each)) for each in forward]
        self.back = _Some(game, np.flatnonzero(game.back))

    def begin(self) -> np.ndarray:
        cost = np.full((self.game.states, 1), _FAR, np.int32)
        cost[self.game.first] = 0
        return self.skip(cost)

    def skip(self, cost: np.ndarray) -> np.ndarray:
        """Let steps be skipped, at a cost of 1 each, until nothing gets cheaper."""
        while True:
            for moves in self.sweeps:
                moves.take(cost, cost, 1)
            if not self.back.take(cost, cost, 1):
                return cost

    def follow(self, before: np.ndarray, events: np.ndarray) -> np.ndarray:
        """Return the costs after one more event: a step done, or an event too many."""
        after = before + 1
        for activity in np.unique(events):
            if activity in self.does:
                here = np.flatnonzero(events == activity)
                part = after[:, here]
                self.does[activity].take(before[:, here], part, 0)
                after[:, here] = part
        return self.skip(after)


class _Dense(_Sparse):
    """The same for few states, by one table per activity: a step done, then any number skipped."""

    def __init__(self, game: Game, logs: np.ndarray):
        super().__init__(game, logs)
        nowhere = np.full((game.states, game.states), _FAR, np.int32)
        far = self.skip(np.where(np.eye(game.states, dtype=bool), np.int32(0), nowhere))
        self.tables = np.array([nowhere] * (logs.max(initial=-1) + 2))
        for move, activity in enumerate(logs):
            table = self.tables[activity, :, game.source[move]]
            np.minimum(table, far[:, game.target[move]], out=table)

    def follow(self, before: np.ndarray, events: np.ndarray) -> np.ndarray:
        known = self.tables[np.minimum(events, len(self.tables) - 1)]
        return np.minimum(before + 1, (known + before.T[:, None, :]).min(axis=2).T)


class _Tree:
    """Sorted traces as a tree: by depth, the least cost of each state at each node."""

    def __init__(self, engine: _Sparse, padded: np.ndarray):
        self.game, self.engine, self.traces = engine.game, engine, padded
        self.length = (padded >= 0).sum(axis=1)
        new = np.ones(padded.shape, bool)
        new[1:] = np.logical_or.accumulate(padded[1:] != padded[:-1], axis=1)
        self.costs, self.cost = [engine.begin()], np.zeros(len(padded), np.int64)
        self.node = np.zeros((padded.shape[1] + 1, len(padded)), np.int64)
        for depth in range(padded.shape[1] + 1):
            if depth:
                inside = self.length >= depth
                heads = np.flatnonzero(new[:, depth - 1] & inside)
                self.node[depth, inside] = (
                    np.searchsorted(heads, np.flatnonzero(inside), "right") - 1
                )
                before = self.costs[-1][:, self.node[depth - 1, heads]]
                self.costs.append(engine.follow(before, padded[heads, depth - 1]))
            ends = self.length == depth
            self.cost[ends] = self.costs[depth][0, self.node[depth, ends]]

    def explain(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield, from the last event back, what each trace did, skipped or had too many."""
        state = np.zeros(len(self.traces), np.int64)
        for depth in range(self.traces.shape[1], -1, -1):
            here = np.flatnonzero(self.length >= depth)
            while len(here):
                here, moves = self._back(here, state, depth)
                yield from moves

    def _back(
        self, here: np.ndarray, state: np.ndarray, depth: int
    ) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        """Take traces one move back; return those still at this depth, and the moves."""
        at, node = state[here], self.node[depth, here]
        cost, into = self.costs[depth][at, node][:, None], self.engine.into[at]
        source = self.game.source[into]
        skipped = (into >= 0) & (self.costs[depth][source, node[:, None]] + 1 == cost)
        done, event = np.zeros(into.shape, bool), np.full(len(here), -1)
        if depth:
            event, parent = self.traces[here, depth - 1], self.node[depth - 1, here]
            done = (into >= 0) & (self.engine.logs[into] == event[:, None])
            done &= self.costs[depth - 1][source, parent[:, None]] == cost
        is_done, is_skipped = done.any(axis=1), skipped.any(axis=1)
        move = into[np.arange(len(here)), np.where(is_done, done.argmax(1), skipped.argmax(1))]
        moved, still = is_done | is_skipped, is_skipped & ~is_done
        state[here] = np.where(moved, self.game.source[move], at)
        step, seen = np.where(moved, self.game.step[move], -1), np.where(still, -1, event)
        told = moved | (seen >= 0)  # what neither moves nor has an event is at the beginning
        return here[still], [(here[told], step[told], seen[told])]


def least_possible(process: Process, activity_of: np.ndarray, traces: Traces) -> np.ndarray:
    """Return a lower bound of each trace's deviations, which heeds how often, not in which order.

    Counted are steps without which no run is complete, events of activities that the chart does not
    have, and events above the number of steps with that activity, unless a way back repeats them.
    """
    graph, steps = process.graph, list(process.steps.index)
    needed: dict[str, set[str]] = {}
    both = lambda heads, split: (set.union if split == "all" else set.intersection)(*heads)
    for step in reversed(process.order):
        after = [needed[head] for head in graph.successors(step)]
        needed[step] = {step} | (both(after, split_of(process, step)) if after else set())
    starts = [needed[step] for step in steps if not graph.in_degree(step)]
    always = both(starts, split_of(process, None))
    again = {s for to in process.rework["to"] for s in nx.descendants(graph, to) | {to}}
    many = max(int(activity_of.max()), int(traces.activity.max(initial=0))) + 1
    least, most = np.zeros(many), np.zeros(many)
    for step, activity in zip(steps, activity_of, strict=True):
        least[activity] += step in always
        most[activity] += np.inf if step in again else 1
    pieces = (traces.activity[start:end] for start, end in pairwise(traces.first))
    counts = (np.bincount(piece, minlength=many) for piece in pieces)
    beyond = lambda n: np.maximum(least - n, 0).sum() + np.maximum(n - most, 0).sum()
    return np.array([beyond(count) for count in counts], np.int64)
