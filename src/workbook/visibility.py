"""Answer where an order is at any time; tell a wrong clock from a slow or silent carrier.

An event is visible once it is recorded (recorded_at, else event_at). An order's way runs from its
last shipped_at to its last delivered_at (without these, over all its events); to as_of while it is
open, and where no date says when it came, to its last event of a kind that mostly lies on the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.clock import elapsed_minutes, utc_offset
from workbook.data import Client
from workbook.display import Face, as_table
from workbook.language import Language, speak
from workbook.perfect import order_marks
from workbook.profile import Profile
from workbook.results import Finding
from workbook.rights import count_words
from workbook.states import end_of, judge_lines
from workbook.stats import wilson_interval

__all__ = ["Answer", "Visibility", "trace_orders"]

_MOST_ROWS = 13

# A clock is wrong when this share of a source's records, and so many, come within half an hour
# after the same whole hours; so many orders may be silent before it is said to need improvement.
MASS, LEAST, TOLERATED = 0.9, 20, 0.05


class Answer(NamedTuple):
    """An order's last event (None: none yet) as known at a moment, and the sentence."""

    activity: str | None
    happened_at: pd.Timestamp | None
    sentence: str


@dataclass(frozen=True)
class Visibility(Face):
    """What the events tell of each order on its way, and of each source's clock.

    `data`, per order: n_events, first_at, last_at, start_at and end_at of its way, gap_hours (the
    longest without news) and gap_after (the activity before it), answerable (share of its way),
    silent, carrier, misjudged ("on time" or "late", as the wrong clock of a source has it), clock
    (that source). `sources`: n records, early (before their event), median and p95 minutes to the
    record, clock_hours (how far the clock is behind; below 0 ahead), certain (it is no delay).
    """

    data: pd.DataFrame
    sources: pd.DataFrame
    events: pd.DataFrame
    profile: Profile
    language: str
    by: str
    silent_hours: float

    def where_is(self, order_id: str, moment: object, language: str | None = None) -> Answer:
        """Tell where an order was, as known at a moment; ValueError if no event names it."""
        say, moment = speak(language or self.language), pd.Timestamp(moment)
        mine = self.events[self.events["order_id"] == order_id].sort_values("happened_at")
        if mine.empty:
            raise ValueError(f"order {order_id!r} has no events; write an order_id of the events")
        seen = mine[mine[["known_at", "happened_at"]].max(axis=1) <= moment]
        words = {"order": order_id, "moment": f"{moment:%Y-%m-%d %H:%M}"}
        if seen.empty:
            return Answer(None, None, say("{order} at {moment}: nothing known yet.", **words))
        activity, at = seen[["activity", "happened_at"]].iloc[-1]
        words["ago"] = say.minutes(float(elapsed_minutes(at, moment, self.profile.timezone)))
        words["activity"] = activity
        return Answer(activity, at, say("{order} at {moment}: {activity}, {ago} before.", **words))

    def sentence(self, say: Language) -> str:
        """Say how many orders could be found at any time."""
        seen = self.data["silent"].dropna()
        words = {"orders": count_words(len(seen), say), "silent": say.number(seen.sum())}
        if len(seen) < self.profile.min_group:
            return say("On its way: {orders}, too few to show a share.", **words)
        words |= {"share": say.percent(1 - seen.mean()), "hours": say.number(self.silent_hours)}
        return say(
            "Of {orders} on their way {share} could be found at any time; {silent} went unseen for "
            "more than {hours} hours.",
            **words,
        )

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("From event to record")

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return each source's delay from event to record, and its clock."""
        say = speak(language or self.language)
        cells = {
            say("Source"): (str, "source"),
            say("Records"): (say.number, "n"),
            say("Half within"): (say.minutes, "median"),
            say("95% within"): (say.minutes, "p95"),
            say("Recorded before the event"): (say.number, "early"),
            say("Clock"): (lambda hours: _clock_words(hours, say), "clock_hours"),
        }
        return as_table(self.sources, cells)

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        """Draw the share of orders that could be found at any time, in all and by carrier."""
        seen = self.data.dropna(subset="silent")
        seen = pd.concat([seen.assign(carrier=say("All orders")), seen.sort_values("carrier")])
        rows = seen.groupby("carrier", sort=False)["silent"].agg(n="size", silent="sum")
        rows["low"], rows["high"] = wilson_interval(rows["n"] - rows["silent"], rows["n"])
        share = (1 - rows["silent"] / rows["n"]).where(rows["n"] >= self.profile.min_group)
        rows = rows.assign(confirmed=share, upper=share, target=np.nan, verdict="no evidence")
        shown = say("orders that could be found at any time")
        if (carriers := len(rows) - 1) >= _MOST_ROWS:
            worst = rows.iloc[1:].sort_values("confirmed", kind="stable")
            rows = pd.concat([rows.iloc[:1], worst]).head(_MOST_ROWS)
            counts = {"n": say.number(len(rows) - 1), "all": say.number(carriers)}
            shown = say("{shown}; the {n} lowest of {all}", shown=shown, **counts)
        rows["label"] = [f"{label} (n = {say.number(n)})" for label, n in rows["n"].items()]
        ax = plots.rate_bands(rows.assign(note=say("not demonstrable")), say, ax)
        ax.set_xlabel(shown)
        ax.set_label(f"{ax.get_xlabel()}: {ax.get_label()}")
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the wrong clocks and times, then how often orders fall silent."""
        seen = self.data["silent"].dropna()
        for row in self.sources.itertuples():
            yield from self._faults(row, say)
        n, silent = len(seen), int(seen.sum())
        if n >= self.profile.min_group:
            low, high = wilson_interval(silent, n)
            kinds = {low > TOLERATED: "needs improvement", high <= TOLERATED: "works"}
            kind, rate = kinds.get(True, "no evidence"), {"n": n, "observed": silent / n}
            rate |= {"expected": TOLERATED, "interval": (low, high)}
            yield Finding("silent", kind, self.sentence(say), "information", **rate)

    def _faults(self, row: object, say: Language) -> Iterator[Finding]:
        words = {"source": row.source or say("The record"), "n": say.number(row.n)}
        place = {"where": {self.by: row.source} if row.source else {}, "n": row.n}
        if row.clock_hours:
            looks = self.data.loc[self.data["clock"] == row.source, "misjudged"]
            told = say(
                "{source}: by {n} records the clock is {clock}; so {late} late orders look on time "
                "and {early} others look late.",
                clock=_clock_words(row.clock_hours, say),
                late=say.number((looks == "on time").sum()),
                early=say.number((looks == "late").sum()),
                **words,
            )
            told += "" if row.certain else " " + say("It may be a delay instead: ask.")
            yield Finding(f"clock-{row.source}", "data", told, "time", **place)
        if row.early:
            words["early"], share = say.number(row.early), row.early / row.n
            told = say("{source}: {early} of {n} records precede their event.", **words)
            yield Finding(f"early-{row.source}", "data", told, "time", **place, observed=share)


def _clock_words(hours: tuple[int, ...], say: Language) -> str:
    if not hours:
        return say("right")
    listed = say.listing([say.number(abs(each)) for each in hours])
    ahead = sum(hours) < 0
    return say("{hours} h ahead", hours=listed) if ahead else say("{hours} h behind", hours=listed)


def trace_orders(
    source: Client | pd.DataFrame,
    *,
    orders: pd.DataFrame | None = None,
    as_of: object = None,
    profile: Profile | None = None,
    silent_hours: float = 24.0,
) -> Visibility:
    """Trace every order of a client, or of events and order lines, as its events became known.

    What became known after `as_of` is unseen. A client without events is a ValueError.

    Examples
    --------
    >>> at = pd.to_datetime(["2025-03-03 09:00", "2025-03-05 09:00"])
    >>> events = pd.DataFrame({"order_id": ["7", "7"], "activity": ["sent", "there"]})
    >>> traced = trace_orders(events.assign(event_at=at))
    >>> traced.where_is("7", "2025-03-04 10:00").activity, traced.data["gap_hours"].tolist()
    ('sent', [48.0])
    """
    if isinstance(source, Client):
        orders, profile, as_of = source.order_lines, source.profile, as_of or source.as_of
        source = source.events
    if source is None:
        raise ValueError("the client has no events; add events.csv to its folder")
    lines = pd.DataFrame({"order_id": []}, dtype="str") if orders is None else orders
    by, profile = "source" if "source" in source else "carrier", profile or Profile(name="")
    carrier = lines.groupby("order_id")["carrier"].first() if "carrier" in lines else {}
    end = None if as_of is None else pd.Timestamp(end_of(as_of))
    events, sources = _read(source, carrier, end, profile.timezone)
    end = end or events["known_at"].max()
    right, misjudged = _set_right(lines, events, profile, end)
    gaps = _gaps(events, _ways(events, right, end), profile.timezone, silent_hours)
    data = gaps.join(misjudged).reset_index()
    data["carrier"] = data["order_id"].map(carrier)
    return Visibility(data, sources, events, profile, profile.language, by, silent_hours)


def _read(
    frame: pd.DataFrame, carrier: object, end: pd.Timestamp | None, timezone: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events with known_at and happened_at, clocks set right, and their sources."""
    names = ["order_id", "activity", "event_at", "recorded_at", "source"]
    events = frame.reindex(columns=names).astype({"recorded_at": "datetime64[us]", "source": "str"})
    events["known_at"] = events["recorded_at"].fillna(events["event_at"])
    events["event_at"] = events["event_at"].fillna(events["recorded_at"])
    if "source" not in frame:
        events["source"] = events["order_id"].map(carrier).astype("str")
    events = events[events["known_at"] <= (end or pd.Timestamp.max)].fillna({"source": ""})
    delay = elapsed_minutes(events["event_at"], events["recorded_at"], timezone)
    ahead, moved, rows = utc_offset(events["recorded_at"], timezone), np.zeros(len(events)), []
    recorded = np.flatnonzero(~np.isnan(delay))
    for source, at in pd.Series(recorded).groupby(events["source"].to_numpy()[recorded]):
        behind = _behind(delay[at], ahead[at])
        certain = bool(behind.min() < 0 or behind.min() < behind.max())
        moved[at] = behind * certain
        true, hours = delay[at] - 60 * moved[at], np.unique(behind[behind != 0]).astype(int)
        row = [source, len(at), int((true < -1).sum()), *np.quantile(true, [0.5, 0.95]), certain]
        rows.append([*row, tuple(hours.tolist())])
    names = ["source", "n", "early", "median", "p95", "certain", "clock_hours"]
    happened = events["event_at"] + pd.to_timedelta(moved, unit="h")
    return events.assign(happened_at=happened), pd.DataFrame(rows, columns=names)


def _behind(delay: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Return by how many hours a clock is behind: the same all year, or by our summer time."""
    hours, most, behind = np.floor((delay + 5) / 60), MASS * len(delay), np.zeros(len(delay))
    near = delay - 60 * hours < 30
    for season in (0 * ahead, ahead):
        values, counts = np.unique((hours - season)[near], return_counts=True)
        if len(delay) >= LEAST and counts.max(initial=0) > most:
            most, behind = counts.max(), values[counts.argmax()] + season
    return behind


def _set_right(
    lines: pd.DataFrame, events: pd.DataFrame, profile: Profile, end: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Move the deliveries that a wrong clock wrote; return also whom it misjudged."""
    key, wrong = ["order_id", "event_at"], events[events["happened_at"] != events["event_at"]]
    if wrong.empty or "delivered_at" not in lines:
        return lines, pd.DataFrame(columns=["misjudged", "clock"], dtype="str")
    moved = wrong.drop_duplicates(key).set_index(key)["happened_at"]
    moved = moved.reindex(pd.MultiIndex.from_frame(lines[["order_id", "delivered_at"]]))
    right = lines.assign(delivered_at=moved.set_axis(lines.index).fillna(lines["delivered_at"]))
    mine = lines["order_id"].isin(wrong["order_id"])
    both = [judge_lines(each[mine], profile, end) for each in (lines, right)]
    looks, truth = (order_marks(states, ["time"]) for states in both)
    kinds = [(looks == 1) & (truth == 3), (looks == 3) & (truth == 1)]
    misjudged = pd.Series(np.select(kinds, ["on time", "late"], None), both[0].order_ids)
    clock = wrong.groupby("order_id")["source"].first()
    return right, pd.DataFrame({"misjudged": misjudged, "clock": clock}).rename_axis("order_id")


def _ways(events: pd.DataFrame, lines: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Return from when to when each order was on its way; missing where that is not known."""
    if not {"shipped_at", "delivered_at"} <= set(lines):
        return events.groupby("order_id")["known_at"].agg(start_at="min", end_at="max")
    ways = lines.groupby("order_id")[["shipped_at", "delivered_at"]].max()
    ways = ways.set_axis(["start_at", "end_at"], axis=1).where(ways.to_numpy() <= end)
    mine = events.join(ways, on="order_id")
    inside = mine["happened_at"].between(mine["start_at"], mine["end_at"])
    usual = inside[mine["end_at"].notna()].groupby(mine["activity"]).mean()
    last = mine[mine["activity"].map(usual) > 0.5].groupby("order_id")["known_at"].max()
    still = lines.get("status", pd.Series(index=lines.index, dtype="str")).eq("open")
    last = last.reindex(ways.index).mask(still.groupby(lines["order_id"]).any(), end)
    return ways.fillna({"end_at": last})


def _gaps(events: pd.DataFrame, ways: pd.DataFrame, timezone: str, limit: float) -> pd.DataFrame:
    """Return each order's longest time without news on its way, and what it follows."""
    happened = events.groupby("order_id")["happened_at"]
    seen = happened.agg(n_events="size", first_at="min", last_at="max")
    known = ways[ways["start_at"] < ways["end_at"]].reset_index()
    start, stop = (known.assign(known_at=known[edge]) for edge in ("start_at", "end_at"))
    inside = events.merge(known, on="order_id").query("start_at <= known_at <= end_at")
    points = pd.concat([start, inside, stop]).rename(columns={"activity": "gap_after"})
    points = points.sort_values(["order_id", "known_at"], kind="stable", ignore_index=True)
    following = points.groupby("order_id")["known_at"].shift(-1)
    points["gap_hours"] = elapsed_minutes(points["known_at"], following, timezone) / 60
    points["unseen"] = points["gap_hours"].sub(limit).clip(0)
    orders = points.dropna(subset="gap_hours").groupby("order_id")
    longest = points.loc[orders["gap_hours"].idxmax(), ["order_id", "gap_hours", "gap_after"]]
    longest = longest.set_index("order_id")
    longest["answerable"] = 1 - orders["unseen"].sum() / orders["gap_hours"].sum()
    longest["silent"] = (longest["gap_hours"] > limit).astype(float)
    return ways.join(seen, how="outer").join(longest).rename_axis("order_id")
