"""Tell how long orders take, whom they take longer, and who is served both quickly and rightly."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook import plots
from workbook.clock import business_days, counted_from
from workbook.data import Client
from workbook.display import Face
from workbook.language import Language
from workbook.profile import Profile
from workbook.results import Finding
from workbook.rights import Rights, column_name, count_words, measure_rights, no_column
from workbook.states import end_of
from workbook.stats import kaplan_meier, wilson_interval
from workbook.trends import FALSE_ALARM, LEAST_N, Groups, compare_groups, group_word

__all__ = ["CycleTimes", "Served", "cycle_times", "fairness_by_size", "quick_and_accurate"]

# A difference of fewer days is not worth telling.
LEAST_DAYS = 0.5
_QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95}


@dataclass(frozen=True)
class CycleTimes(Face):
    """Times from the order to its last delivery, over all orders and within groups.

    `orders`, one row each: group, days, business_days, closed (false: open at as_of, and so long
    already). `data`, per group and first for all (group None): n, open, median, p90, p95 (days, by
    Kaplan-Meier; nan where so many have not arrived yet), the same as business_…, quick (share
    within the median of all) with quick_low and quick_high, mean of the closed, longer (that minus
    the others') with longer_low and longer_high, verdict. `undated` orders could not be timed.
    """

    data: pd.DataFrame
    orders: pd.DataFrame
    undated: int
    column: str | None
    language: str
    name: str

    def caption(self, say: Language) -> str:
        return say("Days from the order to its last delivery")

    def sentence(self, say: Language) -> str:
        if self.data.empty:
            return say("No order can be timed: record when each was ordered and delivered.")
        row = self.data.iloc[0]
        return say(
            "Half of {orders} arrived within {median} days, 90% within {p90}, 95% within {p95}; "
            "{open} of them are open, {undated} more have no date.",
            orders=count_words(int(row["n"]), say),
            open=say.number(row["open"]),
            undated=say.number(self.undated),
            **{name: say.number(row[name], 1) for name in _QUANTILES},
        )

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        days = lambda value: say.number(value, 1)
        ends = lambda low, high: say("from {low} to {high}", low=days(low), high=days(high))
        both = lambda low, high: ends(low, high) if low == low else "–"
        name = lambda group: say("all orders") if pd.isna(group) else group_word(group, say)
        cells = {
            column_name(self.column, say) if self.column else say("Of"): (name, "group"),
            say("Orders"): (say.number, "n"),
            say("Open"): (say.number, "open"),
            say("Half within days"): (days, "median"),
            say("90% within"): (days, "p90"),
            say("95% within"): (days, "p95"),
            say("Half within business days"): (days, "business_median"),
            say("Days longer than the rest"): (both, "longer_low", "longer_high"),
        }
        return cells if self.column else dict(list(cells.items())[:-1])

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        labels = list(self.table(say.code).iloc[:, 0])
        return plots.durations(self.data.assign(label=labels), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the groups whose orders take demonstrably longer, by half a day or more."""
        for row in self.data[self.data["verdict"] == "needs improvement"].itertuples():
            numbers = {"longer": row.longer, "low": row.longer_low, "high": row.longer_high}
            sentence = say(
                "Orders for {place} take {longer} days longer than the others on average: between "
                "{low} and {high}, over {orders}.",
                place=f"{column_name(self.column, say).lower()} {group_word(row.group, say)}",
                orders=count_words(row.n, say),
                **{name: say.number(value, 1) for name, value in numbers.items()},
            )
            facts = {"n": row.n, "observed": row.mean, "expected": row.mean - row.longer}
            facts |= {"interval": (row.longer_low, row.longer_high), "effect": row.longer}
            facts |= {"right": "time", "where": {self.column: row.group}}
            yield Finding(f"{self.name}-{row.group}", "needs improvement", sentence, **facts)


def cycle_times(
    source: Client | pd.DataFrame | Rights,
    *,
    by: str | None = None,
    profile: Profile | None = None,
    as_of: object = None,
) -> CycleTimes:
    """Time every order that was not cancelled, from order to last delivery, by a column's values.

    Calendar days are exact. Business days count from the day of the order, from the next business
    day for an order after the cut-off, without the country's holidays. Orders that are open at
    as_of count as longer than their age (Kaplan & Meier 1958, JASA 53:457).

    Raises ValueError if there are no order lines or no such column, DataError without any date.

    Examples
    --------
    >>> ordered, came = ["2026-03-02"] * 3, ["2026-03-03", "2026-03-05", "2026-03-09"]
    >>> dates = {"ordered_at": pd.to_datetime(ordered), "delivered_at": pd.to_datetime(came)}
    >>> times = cycle_times(pd.DataFrame({"order_id": list("ABC")} | dates))
    >>> times.data[["median", "business_p95"]].to_dict("records")
    [{'median': 3.0, 'business_p95': 5.0}]
    """
    given = isinstance(source, Rights)
    rights = source if given else measure_rights(source, profile=profile, as_of=as_of)
    if by is not None and by not in rights.frame:
        raise no_column(by, rights.frame.columns)
    orders = _durations(rights, by)
    timed = orders[orders["known"]].drop(columns="known")
    data = _summary(timed)[lambda table: table["n"] > 0]
    name = f"cycle-time-{by}"
    return CycleTimes(data, timed, len(orders) - len(timed), by, rights.profile.language, name)


def _durations(rights: Rights, by: str | None) -> pd.DataFrame:
    """Return one row per order: group, days, business_days, closed, known."""
    column = lambda name, blank: rights.frame.get(name, pd.Series(blank, rights.frame.index))
    status, came = column("status", "open"), column("delivered_at", pd.NaT)
    last = pd.Timestamp(end_of(rights.as_of))
    shown = status.eq("delivered") | status.isna() | column("quantity_delivered", np.nan).gt(0)
    rows = {"start": column("ordered_at", pd.NaT), "end": came.where(came <= last)}
    rows |= {"undated": came.isna() & shown, "open": rows["end"].isna() & (came.notna() | ~shown)}
    rows |= {"group": column(by, None), "order_id": rights.frame["order_id"]}
    kept = pd.DataFrame(rows)[~status.isin(["cancelled_by_customer", "cancelled_by_supplier"])]
    how = {"start": "min", "end": "max", "undated": "any", "open": "any", "group": "first"}
    orders = kept.groupby("order_id", sort=False).agg(how)
    end = orders["end"].mask(orders["open"], last)
    orders["days"] = (end - orders["start"]) / pd.Timedelta("1D")
    start = counted_from(orders["start"], rights.profile.cut_off)
    worked = business_days(start, end, rights.profile.country)
    orders = orders.assign(business_days=np.maximum(worked, 0), closed=~orders["open"])
    known = (orders["days"] >= 0) & ~orders["undated"]
    return orders.assign(known=known)[["group", "days", "business_days", "closed", "known"]]


def _summary(orders: pd.DataFrame) -> pd.DataFrame:
    """Return one row for all orders and one per group, compared with the other groups."""
    groups = list(orders.groupby("group"))
    half = kaplan_meier(orders["days"], orders["closed"]).quantile(0.5)
    level = 1 - 2 * FALSE_ALARM / max(sum(len(part) >= LEAST_N for _, part in groups), 1)
    rows = [_times(None, orders, orders[:0], half, level)]
    rows += [_times(name, part, orders.drop(part.index), half, level) for name, part in groups]
    return pd.DataFrame(rows)


def _times(
    group: object, part: pd.DataFrame, rest: pd.DataFrame, half: float, level: float
) -> dict[str, object]:
    row = {"group": group, "n": len(part), "open": int((~part["closed"]).sum())}
    for prefix, column in (("", "days"), ("business_", "business_days")):
        curve = kaplan_meier(part[column], part["closed"])
        row |= {prefix + name: curve.quantile(share) for name, share in _QUANTILES.items()}
    within = part["days"][part["closed"] | (part["days"] > half)] <= half
    low, high = wilson_interval(within.sum(), len(within))
    row |= {"quick": within.mean(), "quick_low": low, "quick_high": high, "verdict": "no evidence"}
    here, there = part["days"][part["closed"]], rest["days"][rest["closed"]]
    row |= {"mean": here.mean(), "longer": here.mean() - there.mean()}
    enough = min(len(here), len(there)) >= LEAST_N
    spread = np.hypot(here.sem(), there.sem()) if enough else np.nan
    row |= {"longer_low": row["longer"] - norm.ppf(0.975) * spread}
    row |= {"longer_high": row["longer"] + norm.ppf(0.975) * spread}
    sure = row["longer"] - norm.ppf((1 + level) / 2) * spread
    if sure > 0 and row["longer"] >= LEAST_DAYS:
        row["verdict"] = "needs improvement"
    return row


@dataclass(frozen=True)
class Served(Face):
    """How rightly (`rates`) and how quickly (`times`) each group is served; `data` joins both."""

    rates: Groups
    times: CycleTimes
    data: pd.DataFrame
    language: str

    def caption(self, say: Language) -> str:
        column = column_name(self.rates.column, say).lower()
        return say("Quick and right, by {column}", column=column)

    def sentence(self, say: Language) -> str:
        slow = [finding.sentence for finding in self.times._found(say)]
        return " ".join([self.rates.sentence(say), *slow])

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        cells = self.rates._cells(say) | self.times._cells(say)
        left = (say("95% interval"), say("Orders"), say("Open"), say("95% within"))
        left += (say("Half within business days"),)
        return {head: cell for head, cell in cells.items() if head not in left}

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        labels = [group_word(group, say) for group in self.data["group"]]
        return plots.quadrant(self.data.assign(label=labels), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        yield from self.rates._found(say)
        yield from self.times._found(say)


def quick_and_accurate(rights: Rights, column: str, measure: str | None = None) -> Served:
    """Compare groups in both: share within the median time of all, and a measure's rate."""
    rates, times = compare_groups(rights, column, measure), cycle_times(rights, by=column)
    data = rates.data.merge(times.data.drop(columns=["n", "verdict"]), on="group")
    return Served(rates, times, data, rates.language)


def fairness_by_size(rights: Rights, measure: str | None = None) -> Served:
    """Tell whether small and large shipments are served alike, in a measure and in their times.

    Sizes are size_class, else thirds of the orders by weight, else by quantity; no groups if no
    column shows one.
    """
    frame = rights.frame
    if "size_class" not in frame or frame["size_class"].isna().all():
        rights = replace(rights, frame=frame.assign(size_class=_thirds(rights)))
    served = quick_and_accurate(rights, "size_class", measure)
    rates = replace(served.rates, name="fairness-size")
    return replace(served, rates=rates, times=replace(served.times, name="fairness-size-days"))


def _thirds(rights: Rights) -> pd.Series | None:
    """Return small, medium or large for each row's order; None where nothing shows a size."""
    lines = rights.frame.iloc[rights.states.first_row]
    for column in ("weight_kg", "quantity_ordered"):
        if column in lines and lines[column].notna().any():
            size = lines.groupby("order_id")[column].sum(min_count=1).rank(method="first")
            third = np.ceil(3 * size / size.max()).map({1: "small", 2: "medium", 3: "large"})
            return rights.frame["order_id"].map(third)
    return None
