"""Follow a measure over time and between groups, and tell signals from noise."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import fisher_exact

from workbook import plots, stats
from workbook import rights as measured
from workbook.display import Face
from workbook.language import Language
from workbook.results import Finding
from workbook.rights import Rights, column_name, count_words, interval_words, measure_name

__all__ = ["FALSE_ALARM", "LEAST_N", "Charts", "Groups", "busy_and_slow", "compare_groups"]
__all__ += ["control_charts", "group_word"]

# Below so many orders nothing is shown; below such a gap of shares nothing is worth telling. A
# client looks at dozens of comparisons, so each may accuse in error once in a thousand times.
# Limits from fewer periods would move with every further one.
LEAST_N, LEAST_GAP, FALSE_ALARM, LEAST_PERIODS = 30, 0.03, 0.001, 6
_STATES = ["right", "wrong", "unknown"]


def _values(rights: Rights, column: str) -> np.ndarray:
    """Return each line's value of a column, or the period in which its order was due."""
    if column in measured.PERIODS:
        return measured.period_of(measured.order_due(rights.states), column)
    if column not in rights.frame:
        raise measured.no_column(column, rights.frame.columns)
    return rights.frame[column].to_numpy()[rights.states.first_row]


def _count(rights: Rights, measure: str, values: np.ndarray) -> pd.DataFrame:
    """Count the orders, or parts of orders, in each value: right, wrong, unknown, n judged."""
    named = {"perfect_order": rights.in_scope, "perfect_order_measured": rights.measured}
    named |= {"otif": ("otif",), "order_fill_rate": ("fill",)}
    states, (codes, groups) = rights.states, pd.factorize(values, sort=True)
    names = named.get(measure, (measure.removeprefix("right_"),))
    lines = np.maximum.reduce([np.zeros(len(codes), np.int8), *(states.marks[n] for n in names)])
    key = codes * np.int64(len(states.order_ids) + 1) + states.order
    parts, part = np.unique(np.where(codes < 0, -1, key), return_inverse=True)
    state = np.zeros(len(parts), np.int64)
    np.maximum.at(state, part, lines >> 5)
    state[part[states.pending]] = 0
    cell = parts // (len(states.order_ids) + 1) * 4 + state
    count = np.bincount(cell[parts >= 0], minlength=4 * len(groups)).reshape(-1, 4)
    table = pd.DataFrame(dict(zip(["right", "unknown", "wrong"], count.T[1:], strict=True)))
    table = table.assign(group=groups, n=count[:, 1:].sum(axis=1))
    return table[table["n"] > 0].reset_index(drop=True)


def _difference(here: np.ndarray, there: np.ndarray, level: float = 0.95) -> dict[str, np.ndarray]:
    """Compare shares of what is known by Newcombe's interval, which what is unknown widens."""
    (r, w, u), (s, v, x) = (np.asarray(each, float).T for each in (here, there))
    low = stats.newcombe_interval(r, r + w + u, s + x, s + v + x, level).low
    high = stats.newcombe_interval(r + u, r + w + u, s, s + v + x, level).high
    with np.errstate(invalid="ignore"):
        gap = {"known_only": r / (r + w), "difference": r / (r + w) - s / (s + v)}
    return gap | {"difference_low": low, "difference_high": high}


def _worse(
    key: str, measure: str, row: dict[str, float], places: list[str], say: Language, **more: object
) -> Finding:
    """Say that a measure is lower in one place than elsewhere."""
    names = ("known_only", "difference", "difference_low", "difference_high")
    share, gap, low, high = (float(row[name]) for name in names)
    sentence = say(
        "{measure}: {share} of {orders} for {place}, against {rest} for {elsewhere}: between {low} "
        "and {high} points less.",
        measure=measure_name(measure, say),
        share=say.percent(share),
        orders=count_words(int(row["n"]), say),
        place=places[0],
        rest=say.percent(share - gap),
        elsewhere=places[1],
        low=say.points(-high),
        high=say.points(-low),
    )
    facts = {"n": int(row["n"]), "observed": share, "expected": share - gap, "effect": gap}
    facts["right"] = measure.removeprefix("right_") if measure.startswith("right_") else None
    return Finding(key, "needs improvement", sentence, interval=(low, high), **facts, **more)


@dataclass(frozen=True)
class Groups(Face):
    """A measure within each group, and its difference to the rest.

    `data`: group, right, wrong, unknown, n, confirmed, known_only, upper, low, high (shares), also
    difference of the known shares with _low and _high, verdict (works: better than the rest; needs
    improvement: worse; no evidence). What is unknown widens both intervals. Verdicts are sterner:
    three points or more, from 30 orders, for all groups at once (Bonferroni).
    """

    data: pd.DataFrame
    column: str
    measure: str
    language: str
    name: str

    def caption(self, say: Language) -> str:
        column = column_name(self.column, say).lower()
        return say("{measure} by {column}", measure=measure_name(self.measure, say), column=column)

    def sentence(self, say: Language) -> str:
        found = [finding.sentence for finding in self._found(say)]
        few = say("Too few orders or groups to compare.")
        name = measure_name(self.measure, say)
        none = say("{measure}: no group is demonstrably worse than the rest.", measure=name)
        if self.name == "busy":
            none = say("{measure}: not demonstrably worse in busy or in slow weeks.", measure=name)
        return " ".join(found) or (none if self.can_tell else few)

    @property
    def can_tell(self) -> bool:
        """Whether two groups at least have orders enough to compare them."""
        return bool((self.data["n"] >= LEAST_N).sum() > 1)

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        both = lambda low, high: interval_words((low, high), say)
        gap = lambda low, high: say(
            "from {low} to {high}", low=say.points(low), high=say.points(high)
        )
        rate = lambda low, high: measured.rate_words({"confirmed": low, "upper": high}, say)
        words = {"works": say("better"), "needs improvement": say("worse")}
        few, none = say("not demonstrable"), say("no clear difference")
        verdict = lambda kind, n: words.get(kind, few if n < LEAST_N else none)
        return {
            column_name(self.column, say): (lambda group: group_word(group, say), "group"),
            measure_name(self.measure, say): (rate, "confirmed", "upper"),
            say("95% interval"): (both, "low", "high"),
            say("Orders judged"): (say.number, "n"),
            say("Points against the rest"): (gap, "difference_low", "difference_high"),
            say("Verdict"): (verdict, "verdict", "n"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        labels = [group_word(group, say) for group in self.data["group"]]
        ax = plots.rate_bands(self.data.assign(label=labels, target=np.nan, note=""), say, ax)
        ax.set_xlabel(measure_name(self.measure, say))
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the groups that are demonstrably worse than the rest by a practical margin."""
        for row in self.data[self.data["verdict"] == "needs improvement"].to_dict("records"):
            group, column = row["group"], column_name(self.column, say).lower()
            key, word, where = f"{group}-weeks", group_word(group, say), {}
            if self.name != "busy":
                key, word, where = f"{self.name}-{group}", f"{column} {word}", {self.column: group}
            yield _worse(key, self.measure, row, [word, say("the others")], say, where=where)


def group_word(group: object, say: Language) -> str:
    """Return our own groups' names in the reader's language, a client's as they are."""
    ours = {"busy": say("busy weeks"), "slow": say("slow weeks"), "small": say("small")}
    return (ours | {"medium": say("medium"), "large": say("large")}).get(group, str(group))


def compare_groups(rights: Rights, column: str, measure: str | None = None) -> Groups:
    """Compare a measure (default: the headline) between the values of a column or period.

    An order counts in every group in which it has lines. ValueError if there is no such column.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": list("ABC"), "carrier": ["Van", "Van", "Bike"]})
    >>> lines["time_ok"] = [True, False, False]
    >>> groups = compare_groups(measured.measure_rights(lines, as_of="2026-03-02"), "carrier")
    >>> groups.data.set_index("group")["difference"].to_dict(), groups.findings()
    ({'Bike': -0.5, 'Van': 0.5}, [])
    """
    measure, values = measure or rights.headline, _values(rights, column)
    return _compare(rights, values, column, measure, f"group-{column}")


def _compare(
    rights: Rights, values: np.ndarray, column: str, measure: str, name: str, spread: float = 1
) -> Groups:
    """Compare groups of lines; `spread` is by how much they vary beyond chance (σz)."""
    data = _count(rights, measure, values)
    here = data[_STATES].to_numpy(float) / max(spread, 1) ** 2
    there, n, upto = here.sum(axis=0) - here, here.sum(axis=1), here[:, 0] + here[:, 2]
    columns = {"confirmed": here[:, 0] / n, "upper": upto / n} | _difference(here, there)
    columns |= {"low": stats.wilson_interval(here[:, 0], n).low}
    columns |= {"high": stats.wilson_interval(upto, n).high}
    sure = _difference(here, there, 1 - 2 * FALSE_ALARM / max(len(data), 1))
    enough, gap = np.minimum(data["n"], data["n"].sum() - data["n"]) >= LEAST_N, sure["difference"]
    worse = enough & (sure["difference_high"] < 0) & (gap <= -LEAST_GAP)
    better = enough & (sure["difference_low"] > 0) & (gap >= LEAST_GAP)
    columns["verdict"] = np.select([worse, better], ["needs improvement", "works"], "no evidence")
    return Groups(data.assign(**columns), column, measure, rights.profile.language, name)


def busy_and_slow(rights: Rights, measure: str | None = None) -> Groups:
    """Compare the quarter of the weeks with most orders due with the quarter with fewest.

    The first and the last week are left out: they are seldom whole. Intervals are widened where
    weeks vary beyond chance, as Laney's limits are. Below eight weeks there is nothing to compare.
    """
    measure, weeks = measure or rights.headline, _values(rights, "week")
    volume = _count(rights, measure, weeks)[1:-1]
    quarter = len(volume) // 4 if len(volume) >= 8 else 0
    ranked = volume.sort_values("n", kind="stable")["group"].to_numpy()
    slow, busy = ranked[:quarter], ranked[len(ranked) - quarter :]
    kinds = dict.fromkeys(busy, "busy") | dict.fromkeys(slow, "slow")
    values = pd.Series(weeks).map(kinds).to_numpy()
    return _compare(rights, values, "week", measure, "busy", _spread(volume))


# --- over time ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Charts(Face):
    """A measure by period in three control charts: plain p, Laney's p′ and single values (XmR).

    `data`, per period with known orders: group, right, wrong, unknown, n (right and wrong), value,
    and for p, laney and xmr the limits _low and _high and whether it lies _outside. What is unknown
    is left out of the value. `spread` is Laney's σz: above 1, periods differ beyond chance. Below
    six periods there are no limits, and `center` is None.
    """

    data: pd.DataFrame
    column: str
    measure: str
    language: str
    center: float | None
    spread: float

    def caption(self, say: Language) -> str:
        """Name the picture, and say how to read it."""
        named = Groups.caption(self, say)
        if self.center is None:
            return named
        signs = say(
            "Line across: {mean} of all {orders} known. Band: how far periods of their size vary "
            "by themselves (Laney's limits); dotted: by chance alone. ▲ outside the band: "
            "{outside}.",
            mean=say.percent(self.center),
            orders=count_words(int(self.data["n"].sum()), say),
            outside=self._outside(say) or say("none"),
        )
        return f"{named}. {signs}"

    def _outside(self, say: Language) -> str:
        outside = self.data[self.data["laney_outside"].astype(bool)]
        rates = zip(outside["group"], map(say.percent, outside["value"]), strict=True)
        return ", ".join(f"{group} ({rate})" for group, rate in rates)

    def sentence(self, say: Language) -> str:
        if self.center is None:
            return say("Too few periods with known orders for a control chart.")
        names = ("p", "laney", "xmr")
        words = {name: say.number(self.data[f"{name}_outside"].sum()) for name in names}
        words |= {"all": say.number(len(self.data)), "spread": say.number(self.spread, 1)}
        sentence = say(
            "Periods outside the limits: {laney} of {all} on Laney's p′ chart, {xmr} on that of "
            "single values, {p} on the plain p chart.",
            **words,
        )
        why = say(
            "Periods vary {spread} times as much as chance alone would let them (σz), so the plain "
            "chart's limits are too narrow: it is apt to take ordinary periods for signals.",
            **words,
        )
        return f"{sentence} {why}" if round(self.spread, 1) > 1 else sentence

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        limits = lambda low, high: interval_words((low, high), say)
        cells = {column_name(self.column, say): (str, "group")}
        cells |= {measure_name(self.measure, say): (say.percent, "value")}
        cells |= {say("Orders known"): (say.number, "n"), say("Unknown"): (say.number, "unknown")}
        names = {"p": say("Plain p"), "laney": say("Laney p′"), "xmr": say("Single values")}
        charts = names if self.center is not None else {}
        return cells | {names[one]: (limits, f"{one}_low", f"{one}_high") for one in charts}

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        return plots.control_chart(self.data, self.center, say, ax)

    def seasonal_index(self) -> pd.DataFrame:
        """Return season, orders, value, years: each season over its year's mean, 1 = the mean.

        Over the complete years of a chart by week, month or quarter; empty below two of them.
        """
        split = self.data.assign(year=self.data["group"].str[:4], season=self.data["group"].str[5:])
        least = {"week": 52, "month": 12, "quarter": 4}.get(self.column, np.inf)
        whole = split[split.groupby("year")["season"].transform("size") >= least]
        ratios = whole[["n", "value"]] / whole.groupby("year")[["n", "value"]].transform("mean")
        index = ratios.rename(columns={"n": "orders"}).groupby(whole["season"]).mean()
        years = whole["year"].nunique()
        return (index / index.mean()).assign(years=years).reset_index()[: len(index) * (years > 1)]

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield runs of periods below Laney's limits, and the largest fall that lasted."""
        data, name = self.data, self.measure.replace("_", "-")
        below = data["value"] < data["laney_low"] if self.center is not None else data["n"] < 0
        runs = [part for _, part in data[below].groupby((~below).cumsum()[below]) if len(part) > 1]
        sides = [("trend", part, data.drop(part.index), say("the other periods")) for part in runs]
        for start, last in _largest_fall(data):
            sides.append(("trend-fall", data.loc[[last]], data.loc[[start]], data["group"][start]))
        for key, part, rest, elsewhere in sides:
            first, last = part["group"].iloc[0], part["group"].iloc[-1]
            place = first if first == last else say("{first} to {last}", first=first, last=last)
            first = first if key == "trend" else elsewhere
            row = _difference(part[_STATES].sum(), rest[_STATES].sum()) | {"n": part["n"].sum()}
            key, more = f"{key}-{name}-{first}-{last}", {"period": _span(first, last)}
            yield _worse(key, self.measure, row, [place, elsewhere], say, **more)


def _span(first: str, last: str) -> str:
    """Return a period as findings have it: weeks as they are, others by their first and last day.

    Examples
    --------
    >>> _span("2006", "2011-Q4")
    '2006-01-01/2011-12-31'
    """
    if "W" in first:
        return f"{first}/{last}"
    return f"{pd.Period(first).start_time.date()}/{pd.Period(last).end_time.date()}"


def _largest_fall(data: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the rows between which a measure fell most, if a fall is sure, large and lasting.

    Lasting: no later period came back, or the one before lies half as deep. Sure: Fisher's exact
    test for all pairs compared (Bonferroni), and the interval beyond the least gap.
    """
    large = data[data["right"] + data["wrong"] >= LEAST_N]
    value, counts = large["value"].to_numpy(), large[_STATES].to_numpy()
    pairs = list(combinations(range(len(large)), 2))
    for i, j in sorted(pairs, key=lambda pair: value[pair[1]] - value[pair[0]]):
        later, half = value[j + 1 :], (value[i] + value[j]) / 2
        lasts = (later <= value[i] - LEAST_GAP).all() if later.size else value[j - 1] <= half
        if lasts and value[i] - value[j] >= LEAST_GAP:
            p = fisher_exact([counts[j, :2], counts[i, :2]], "less").pvalue * len(pairs)
            ends = _difference(counts[j], counts[i])
            if p < FALSE_ALARM and ends["difference_high"] <= -LEAST_GAP:
                return [(large.index[i], large.index[j])]
    return []


def control_charts(rights: Rights, measure: str | None = None, period: str = "week") -> Charts:
    """Chart a measure (default: the headline) by the week, month, quarter or year of the due date.

    References
    ----------
    Laney 2002, Quality Engineering 14:531; NIST/SEMATECH e-Handbook 6.3.2.2 (single values).

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=42).astype("datetime64[us]")
    >>> lines = pd.DataFrame({"promised_at": days, "delivered_at": days})
    >>> lines["order_id"] = [str(number) for number in range(42)]
    >>> charts = control_charts(measured.measure_rights(lines), "right_time")
    >>> charts.data["n"].tolist(), charts.center
    ([7, 7, 7, 7, 7, 7], 1.0)
    """
    measure, center = measure or rights.headline, None
    data = _count(rights, measure, _values(rights, period))
    data["n"] -= data["unknown"]
    data = data[data["n"] > 0].reset_index(drop=True)
    data["value"] = data["right"] / data["n"]
    if len(data) >= LEAST_PERIODS:
        counts = data["right"], data["n"]
        charts = {"p": stats.p_chart(*counts), "laney": stats.laney_p_chart(*counts)}
        for name, chart in (charts | {"xmr": stats.xmr_chart(data["value"])}).items():
            data[f"{name}_low"] = np.clip(chart.lower, 0, 1)
            data[f"{name}_high"] = np.clip(chart.upper, 0, 1)
            data[f"{name}_outside"] = chart.outside
        center = charts["p"].center
    return Charts(data, period, measure, rights.profile.language, center, _spread(data))


def _spread(data: pd.DataFrame) -> float:
    """Return Laney's σz: the mean moving range of the standardised shares, over 1.128."""
    known = data["right"] + data["wrong"]
    right, known = data["right"][known > 0], known[known > 0]
    center = right.sum() / max(known.sum(), 1)
    if center in (0, 1) or len(known) < 2:
        return 1.0
    z = (right / known - center) / np.sqrt(center * (1 - center) / known)
    return float(z.diff().abs().mean() / 1.128)
