"""Find the fewest deviations of one trace as simply as can be: search all states of the chart.

Written apart from the package, for its tests: tokens are pairs (from, to) in a set, and Dijkstra's
search goes over place in the trace, tokens and what is done. Steps are dictionaries with id, name,
preds, join and split (all, any, None) and back (the step to which rework goes, or None).
"""

import heapq
import itertools


class Chart:
    def __init__(self, steps):
        self.steps = {step["id"]: step for step in steps}
        self.after = {i: [s["id"] for s in steps if i in s["preds"]] for i in self.steps}
        self.below = {i: self._below(i) for i in self.steps}
        self.sorted = self._sorted()
        starts = [i for i, step in self.steps.items() if not step["preds"]]
        together = self.split(starts, None) == "all"
        choices = [starts] if together else [[start] for start in starts]
        self.begin = [frozenset(("begin", i) for i in choice) for choice in choices]

    def _below(self, step):
        return {step}.union(*(self._below(later) for later in self.after[step]))

    def _sorted(self):
        found, left = [], list(self.steps)
        while left:
            free = (i for i in left if set(self.steps[i]["preds"]) <= set(found))
            found.append(next(free))
            left.remove(found[-1])
        return found

    def split(self, heads, written):
        meets = (i for i in self.sorted if sum(i in self.below[head] for head in heads) > 1)
        meet = next(meets, None)
        return written or ("any" if meet is None else self.steps[meet]["join"] or "all")

    def first_wins(self, step):
        return self.steps[step]["join"] == "any" and len(self.steps[step]["preds"]) > 1

    def settled(self, tokens, done):
        """Second tokens vanish where the first one won, until no more can come."""
        while True:
            left = frozenset(t for t in tokens if t[0] == "back" or t[1] not in done)
            open_ = frozenset(i for i in done if any(i in self.below[t[1]] for t in left))
            if (left, open_) == (tokens, done):
                return left, open_
            tokens, done = left, open_

    def moves(self, tokens, done):
        for step, facts in self.steps.items():
            into = {(before, step) for before in facts["preds"]} or {("begin", step)}
            if ("back", step) in tokens:
                yield from self.does(step, tokens - {("back", step)}, done)
            if into & tokens and (facts["join"] == "any" or not self.awaits(into, tokens)):
                yield from self.does(step, tokens - into, done)

    def awaits(self, into, tokens):
        missing = [before for before, _ in into - tokens]
        return any(before in self.below[t[1]] for before in missing for t in tokens)

    def does(self, step, tokens, done):
        done = done | ({step} if self.first_wins(step) else set())
        arrows = [(step, later) for later in self.after[step]]
        together = self.split(self.after[step], self.steps[step]["split"]) == "all"
        for chosen in [arrows] if together or not arrows else [[arrow] for arrow in arrows]:
            yield step, self.settled(frozenset(tokens | set(chosen)), frozenset(done))
        if back := self.steps[step]["back"]:
            again = frozenset(done - self.below[back])
            yield step, self.settled(frozenset(tokens | {("back", back)}), again)


def fewest_deviations(steps, trace):
    """Return the least number of steps skipped and events too many."""
    chart, number, best = Chart(steps), itertools.count(), {}
    heap = [(0, next(number), 0, (tokens, frozenset())) for tokens in chart.begin]
    while heap:
        cost, _, place, state = heapq.heappop(heap)
        if best.get((place, state), cost + 1) <= cost:
            continue
        best[place, state] = cost
        if place == len(trace) and not state[0]:
            return cost
        if place < len(trace):
            heapq.heappush(heap, (cost + 1, next(number), place + 1, state))
        for step, after in chart.moves(*state):
            heapq.heappush(heap, (cost + 1, next(number), place, after))
            if place < len(trace) and trace[place] == chart.steps[step]["name"]:
                heapq.heappush(heap, (cost, next(number), place + 1, after))
    raise AssertionError("a chart can always be run to its end")
