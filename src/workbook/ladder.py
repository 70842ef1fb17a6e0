"""Set the usual definitions of "on time in full" side by side, and what a second promise hides."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binom

from workbook import plots
from workbook.cycles import CycleTimes
from workbook.data import Client
from workbook.display import Face
from workbook.language import Language
from workbook.perfect import order_marks
from workbook.profile import Profile
from workbook.resources import data_path
from workbook.results import Finding
from workbook.rights import (
    Rights,
    column_name,
    count_words,
    interval_words,
    measure_rights,
    rate_words,
)
from workbook.states import REASONS, LineStates, judge_lines
from workbook.stats import (
    Interval,
    clustered_interval,
    kaplan_meier,
    newcombe_interval,
    wilson_interval,
)

__all__ = ["KeptPromise", "Ladder", "PromiseGap", "definition_ladder", "paired_interval"]
__all__ += ["smallest_promise_kept"]

_LEAST_GAP = 0.03
_PROMISE = {"requested": "requested_at", "promised": "promised_at"}
_PROMISE |= {"promised_latest": "promised_latest_at"}
_QUANTITIES = ("quantity_ordered", "quantity_delivered")
_SHOWN_BY = {"product": ("product", "product_delivered"), "time": ()}
_SHOWN_BY |= {"place": ("place_ordered", "place_delivered"), "quantity": _QUANTITIES}
_ABSENT = ("not delivered", "delivery not recorded", "cancelled by supplier")
_TOLERANCES = ("early_days", "late_days", "quantity")


class PromiseGap(NamedTuple):
    """Shares on time to the latest and to the first promise, of the n orders known in both."""

    latest: float
    first: float
    interval: Interval
    n: int
    unknown: int


class KeptPromise(NamedTuple):
    """The fewest business days that a share of n orders keeps, and those that it surely keeps."""

    days: float
    bound: float
    share: float
    n: int


@cache
def _definitions() -> pd.DataFrame:
    """Read the definitions: what each one fixes, and its label per language."""
    table = pd.read_csv(data_path("definitions.csv"), index_col="definition")
    early = table["early_days"].astype(object).where(table["early_days"].notna(), None)
    return table.assign(rights=table["rights"].str.split(";"), early_days=early)


@dataclass(frozen=True)
class Ladder(Face):
    """The same orders under each definition, the most tolerant reading first.

    `data`: definition, its choices, n (orders, lines or units), confirmed, known_only, upper, low,
    high (shares 0 to 1; what is unknown widens the interval), value (what the definition reads as)
    and needs (columns without which it is not measurable; then there are no numbers).
    """

    data: pd.DataFrame
    gap: PromiseGap | None
    language: str

    def caption(self, say: Language) -> str:
        return say("On time in full, by definition")

    def sentence(self, say: Language) -> str:
        read = self.data["value"].dropna()
        if read.empty:
            return say("No definition of on time in full can be measured from these columns.")
        words = {"low": say.percent(read.min(), 0), "high": say.percent(read.max(), 0)}
        words |= {"n": say.number(len(read))}
        sentence = say("The same orders read as {low} to {high}, by {n} definitions.", **words)
        return " ".join([sentence, *(finding.sentence for finding in self._found(say))])

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        units = {"order": say("orders"), "line": say("lines"), "unit": say("units")}
        listed = lambda names: say.listing([column_name(name, say).lower() for name in names])
        needed = lambda needs: say("not measurable: needs {columns}", columns=listed(needs))
        read = lambda value, needs: needed(needs) if needs else say.percent(value)
        band = lambda low, high: rate_words({"confirmed": low, "upper": high}, say)
        ends = lambda low, high: interval_words((low, high) if low == low else None, say)
        return {
            say("Definition"): (_definitions()[f"label_{say.code}"].get, "definition"),
            say("Reads as"): (read, "value", "needs"),
            say("Confirmed to possible"): (band, "confirmed", "upper"),
            say("95% interval"): (ends, "low", "high"),
            say("Of"): (lambda n, level: f"{say.number(n)} {units[level]}", "n", "level"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        shown = self.data.dropna(subset=["value"])
        labels = shown["definition"].map(_definitions()[f"label_{say.code}"])
        more = {"target": np.nan, "verdict": "no evidence", "note": ""}
        return plots.rate_bands(
            shown.assign(confirmed=shown["value"], label=labels, **more), say, ax
        )

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield what later promises hide, when it is surely three points or more."""
        gap = self.gap
        if gap is not None and gap.interval.low >= _LEAST_GAP:
            sentence = say(
                "{latest} of {orders} are on time to the latest promise, only {first} to the "
                "first: new promises hide between {low} and {high} points.",
                latest=say.percent(gap.latest),
                first=say.percent(gap.first),
                orders=count_words(gap.n, say),
                low=say.points(gap.interval.low),
                high=say.points(gap.interval.high),
            )
            facts = {"n": gap.n, "observed": gap.first, "expected": gap.latest, "right": "time"}
            facts |= {"interval": tuple(gap.interval), "effect": gap.latest - gap.first}
            yield Finding("promise-gap", "needs improvement", sentence, **facts)


def definition_ladder(
    source: Client | pd.DataFrame | Rights,
    *,
    profile: Profile | None = None,
    as_of: object = None,
) -> Ladder:
    """Measure the usual definitions of on time in full on the same orders.

    What a definition does not fix is as in the client's contract. Where no quantities are recorded,
    those that only need them for "in full" are read as "on time". Raises as `measure_rights` does.

    Examples
    --------
    >>> promised = ["2026-03-02", "2026-03-02"], ["2026-03-02", "2026-03-04"]
    >>> names = ("promised_at", "promised_latest_at", "delivered_at")
    >>> dates = map(pd.to_datetime, (*promised, promised[1]))
    >>> orders = pd.DataFrame({"order_id": ["A", "B"]} | dict(zip(names, dates)))
    >>> ladder = definition_ladder(orders)
    >>> ladder.data.set_index("definition")["value"][["latest", "first"]].tolist()
    [1.0, 0.5]
    """
    given = isinstance(source, Rights)
    rights = source if given else measure_rights(source, profile=profile, as_of=as_of)
    own, again, rows = rights.profile, _Again(rights), []
    mine = {"due": own.due, "event": "delivered", "days": own.days}
    mine |= {name: own.tolerance[name] for name in _TOLERANCES}
    again.seen[again.key(mine | {"in_full": "promise"})] = rights.states
    for name, choices in _definitions().filter(regex="^(?!label)").to_dict("index").items():
        choices |= mine if name == "own" else {}
        rows.append({"definition": name} | choices | _read(again, choices))
    data = pd.DataFrame(rows).sort_values("value", ascending=False, kind="stable")
    return Ladder(data.reset_index(drop=True), _gap(again), own.language)


class _Again:
    """Judge the same lines again under other choices, once for all definitions that share them."""

    def __init__(self, rights: Rights):
        self.rights, self.seen, frame = rights, {}, rights.frame
        self.recorded = {name for name in frame if frame[name].notna().any()}
        # No choice bears on product and place: they stay as they were judged.
        self.fixed = {name: rights.states.marks[name] for name in ("product", "place")}
        read = {*_QUANTITIES, *_PROMISE.values(), "line_no", "delivered_at", "shipped_at"}
        read |= {"status", "reason"}
        kept = [name for name in frame if name in read or name.endswith("_ok")]
        self.frame = frame[kept].assign(order_id=pd.factorize(frame["order_id"])[0])

    def missing(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if name not in self.recorded)

    def key(self, choices: Mapping[str, object]) -> tuple[object, ...]:
        return tuple(choices[name] for name in ("due", "event", "days", *_TOLERANCES, "in_full"))

    def states(self, choices: Mapping[str, object]) -> LineStates:
        if self.key(choices) not in self.seen:
            profile, frame = self.rights.profile, self._frame(choices["event"], choices["in_full"])
            tolerance = profile.tolerance | {name: choices[name] for name in _TOLERANCES}
            contract = {"due": choices["due"], "days": choices["days"], "tolerance": tolerance}
            states = judge_lines(frame, replace(profile, **contract), self.rights.as_of)
            states = replace(states, marks=states.marks | self.fixed)
            self.seen[self.key(choices)] = states
        return self.seen[self.key(choices)]

    def _frame(self, event: str, in_full: str) -> pd.DataFrame:
        frame = self.frame.assign(delivered_at=self.frame[f"{event}_at"])
        if in_full == "promise" or "line_no" not in frame:
            return frame
        came, line = frame["delivered_at"], [frame["order_id"], frame["line_no"]]
        first = came.groupby(line).transform("min").fillna(came).where(came.notna())
        ahead = frame["quantity_delivered"].mask(came > first, 0)
        ends = {"end": {"delivered_at": first}, "first": {"quantity_delivered": ahead}}
        return frame.assign(**ends[in_full])


def _read(again: _Again, choices: dict[str, object]) -> dict[str, object]:
    """Count one definition, or name the columns it needs."""
    only_timed = choices["timed"] == "yes" and again.missing(*_QUANTITIES)
    names = ["time"] if only_timed else choices["rights"]
    wanted = [name for right in names for name in _SHOWN_BY.get(right, _QUANTITIES)]
    wanted += [_PROMISE[choices["due"]], f"{choices['event']}_at"]
    row = dict.fromkeys(("confirmed", "known_only", "upper", "low", "high", "value"), np.nan)
    row |= {"n": 0, "needs": again.missing(*wanted)}
    if row["needs"]:
        return row
    right, unknown, total = _tally(again.states(choices), names, choices)
    r, u, n = (float(part.sum()) for part in (right, unknown, total))
    if n == u:
        return row | {"n": n}
    ends = (wilson_interval(r, n).low, wilson_interval(r + u, n).high)
    if choices["level"] != "order":
        upto = np.minimum(right + unknown, total)
        ends = (clustered_interval(right, total).low, clustered_interval(upto, total).high)
    rates = {"confirmed": r / n, "known_only": r / (n - u), "upper": (r + u) / n}
    read = {"wrong": "confirmed", "left out": "known_only", "right": "upper"}[choices["unknown"]]
    return row | rates | {"n": n, "low": ends[0], "high": ends[1], "value": rates[read]}


def _tally(
    states: LineStates, names: list[str], choices: dict[str, object]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up, per order, what is right, unknown and judged: the order, its lines or its units."""
    line = np.maximum.reduce([states.marks[name] >> 5 for name in names])
    reason, order = states.marks["fill"] & 31, states.order
    absent = np.isin(reason, [REASONS.index(words) for words in _ABSENT])
    aside = {"delivered": absent, "kept": reason == REASONS.index("cancelled by supplier")}
    line = np.where(states.pending | aside.get(choices["cases"], False), 0, line)
    count = lambda values: np.bincount(order, values, len(states.order_ids))
    if choices["level"] == "line":
        return count(line == 1), count(line == 2), count(line > 0)
    if choices["level"] == "unit":
        # A line that came too early counts for nothing where early is wrong.
        early = states.marks["otif"] & 31 == REASONS.index("early")
        maybe = np.where(line == 2, states.ordered - states.in_time, states.unsure)
        parts = (states.in_time * ~early, maybe * ~early, states.ordered)
        judged = (line > 0) & ~np.isnan(states.ordered)
        return tuple(count(np.where(judged, part, 0.0)) for part in parts)
    state = np.zeros(len(states.order_ids), np.int8)
    np.maximum.at(state, order, line)
    state[order[states.pending | (absent & (choices["cases"] == "closed"))]] = 0
    return state == 1, state == 2, state > 0


def _gap(again: _Again) -> PromiseGap | None:
    """Compare the latest and the first promise over the orders whose time is known in both."""
    if again.missing("promised_at", "promised_latest_at", "delivered_at"):
        return None
    both = [again.states(_definitions().loc[name]) for name in ("latest", "first")]
    marks = np.stack([order_marks(states, ["time"]) for states in both])
    known = marks[:, (marks % 2 == 1).all(axis=0)] == 1
    unknown = int((marks > 0).all(axis=0).sum()) - known.shape[1]
    if not known.size:
        return None
    (a, b), n = known, known.shape[1]
    parts = (a & b, a & ~b, ~a & b, ~a & ~b)
    interval = paired_interval(*(int(part.sum()) for part in parts))
    return PromiseGap(float(a.mean()), float(b.mean()), interval, n, unknown)


def paired_interval(
    both: int, first: int, second: int, neither: int, confidence: float = 0.95
) -> Interval:
    """Return the interval of a difference of two shares of the same cases: only first or second.

    Notes
    -----
    `newcombe_interval` with the continuity-corrected correlation φ of the pairs.
    Newcombe 1998, Statistics in Medicine 17:2635, method 10.

    Examples
    --------
    >>> low, high = paired_interval(36, 12, 2, 0)
    >>> round(low, 4), round(high, 4)
    (0.0569, 0.3404)
    """
    n, r, s = both + first + second + neither, both + first, both + second
    cross, margins = both * neither - first * second, r * s * (n - r) * (n - s)
    cross = max(cross - n / 2, 0) if cross > 0 else cross
    phi = cross / math.sqrt(margins) if margins else 0.0
    return newcombe_interval(r, n, s, n, confidence, phi)


def smallest_promise_kept(
    times: CycleTimes, share: float = 0.95, confidence: float = 0.95
) -> KeptPromise:
    """Return the fewest business days within which a share of the orders arrives.

    `bound` holds with the given confidence, whatever the distribution; nan where too few orders
    (fewer than 59 for 95 %) or open ones leave it unknown. Wilks 1941, Annals of Mathematical
    Statistics 12:91: the order statistic whose rank binomial chance reaches.

    Examples
    --------
    >>> from workbook.cycles import cycle_times
    >>> dates = {"ordered_at": ["2026-03-02"] * 2, "delivered_at": ["2026-03-03", "2026-03-05"]}
    >>> frame = pd.DataFrame(dates).apply(pd.to_datetime).assign(order_id=["A", "B"])
    >>> smallest_promise_kept(cycle_times(frame)).days
    3.0
    """
    orders, n = times.orders, len(times.orders)
    days = kaplan_meier(orders["business_days"], orders["closed"]).quantile(share)
    ranked = np.sort(orders["business_days"].where(orders["closed"], np.inf))
    rank = int(binom.ppf(confidence, n, share)) if n else 0
    bound = float(ranked[rank]) if rank < n and ranked[rank] < np.inf else math.nan
    return KeptPromise(days, bound, share, n)
