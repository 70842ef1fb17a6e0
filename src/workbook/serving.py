"""Tell what serving costs against what it brings: by customer, and by the value of an order.

The profit of an order is its margin less what serving it costs: the client's own rates per order,
line and rush order (client.yaml: serving), the freight and the claims as recorded. It is what is
left to pay for all else. An order with a price, a quantity or a freight that is not known is left
out and counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import t

from workbook import plots
from workbook.clock import business_days, counted_from
from workbook.display import Face
from workbook.language import Language
from workbook.results import Block, Finding, table
from workbook.rights import Rights, count_words
from workbook.stats import false_discovery

__all__ = ["Serving", "cost_to_serve"]

# Told from so many orders, of so large a part of all profit, and in error as seldom as a place.
LEAST_N, LEAST_PART, RATE = 30, 0.01, 0.02
# Small orders are told where a minimum would save so large a part of all profit.
LEAST_SAVED = 0.1
_MINIMA = np.array([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8])
# A minimum order is not asked of more than a third of the orders.
MOST_BELOW = 1 / 3


@dataclass(frozen=True)
class Serving(Face):
    """What serving costs and brings, in the client's currency.

    `data`, per customer and the best first: customer, n (orders), value, margin, cost, profit (of
    an order on the average) with low and high (95%, t), total, running (the sum of total so far, as
    a share of the sum of all), loses (demonstrably, and enough to be told). `minima`, per minimum
    value of an order: minimum, n and below (orders below it and their share), margin and cost (on
    the average), saved (what they lose in all) with low and high, part (of the profit of these
    orders). They count without the customers that lose. `n` orders are counted, `unknown` are not.
    """

    data: pd.DataFrame
    minima: pd.DataFrame
    n: int
    unknown: int
    currency: str
    language: str

    @property
    def peak(self) -> float:
        """How much of all profit the customers that bring profit bring: 1 if none loses."""
        return float(self.data["running"].max())

    @property
    def minimum(self) -> pd.Series | None:
        """The minimum that would save most, if it saves enough to be told."""
        rows = self.minima[(self.minima["low"] > 0) & (self.minima["part"] >= LEAST_SAVED)]
        return None if rows.empty else rows.loc[rows["saved"].idxmax()]

    def caption(self, say: Language) -> str:
        return say("What serving a customer costs and brings, per order")

    def sentence(self, say: Language) -> str:
        losing = int((self.data["profit"] < 0).sum())
        told = say(
            "Of {n} customers {bring} bring profit after the cost to serve, and together {peak} of "
            "all of it; {lose} lose some of it again ({orders}, {unknown} more left out).",
            n=say.number(len(self.data)),
            bring=say.number(len(self.data) - losing),
            peak=say.percent(self.peak, 0),
            lose=say.number(losing),
            orders=count_words(self.n, say),
            unknown=say.number(self.unknown),
        )
        return " ".join([told, *(finding.sentence for finding in self._found(say))])

    def blocks(self, say: Language, *, drawn: bool = True) -> list[Block]:
        """Return also what a minimum order would save, where it would."""
        blocks = super().blocks(say, drawn=drawn)
        if self.minimum is None:
            return blocks
        money = lambda amount: say.money(amount, self.currency)
        head = [say("Minimum order"), say("Orders below"), say("Share"), say("Margin")]
        head += [say("Cost to serve"), say("Saved in all"), say("95% interval")]
        rows = [
            (
                *(money(row.minimum), say.number(row.n), say.percent(row.below)),
                *map(money, (row.margin, row.cost, row.saved)),
                self._ends(row.low, row.high, say),
            )
            for row in self.minima.itertuples()
        ]
        caption = say("What a minimum order would save")
        return [*blocks, table(head, rows, caption=caption, numeric=list(range(1, 7)))]

    def _ends(self, low: float, high: float, say: Language) -> str:
        low, high = (say.money(amount, self.currency) for amount in (low, high))
        return say("from {low} to {high}", low=low, high=high)

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the customers that bring most and those that bring least, five of each."""
        shown = self.data if len(self.data) <= 10 else self.data.iloc[[*range(5), *range(-5, 0)]]
        return Face.table(Serving(shown, *self._rest()), language)

    def _rest(self) -> tuple[object, ...]:
        return self.minima, self.n, self.unknown, self.currency, self.language

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        money = lambda amount: say.money(amount, self.currency)
        ends = lambda low, high: self._ends(low, high, say) if low == low else "–"
        return {
            say("Customer"): (str, "customer"),
            say("Orders"): (say.number, "n"),
            say("Value"): (money, "value"),
            say("Margin"): (money, "margin"),
            say("Cost to serve"): (money, "cost"),
            say("Profit"): (money, "profit"),
            say("95% interval"): (ends, "low", "high"),
            say("Profit so far"): (lambda share: say.percent(share, 0), "running"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        return plots.whale_curve(self.data["running"].to_numpy(), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the customers that lose, and the small orders of the others, if they do."""
        for row in self.data[self.data["loses"]].itertuples():
            told = say(
                "Serving customer {customer} costs more than it brings: an order of {value} on the "
                "average has a margin of {margin} and costs {cost}, between {low} and {high} of "
                "profit ({orders}).",
                customer=row.customer,
                orders=count_words(row.n, say),
                **self._money(row, ("value", "margin", "cost", "low", "high"), say),
            )
            facts = {"n": row.n, "observed": row.profit, "interval": (row.low, row.high)}
            facts |= {"expected": 0.0, "effect": row.profit, "where": {"customer": row.customer}}
            yield Finding(f"serving-{row.customer}", "needs improvement", told, **facts)
        row = self.minimum
        if row is None:
            return
        told = say(
            "{orders} ({share}) of less than {minimum} have a margin of {margin} on the average "
            "and cost {cost} to serve: together they lose {saved} (95% interval {low} to {high}), "
            "{part} of the profit. A minimum order is an option.",
            orders=count_words(int(row["n"]), say),
            share=say.percent(row["below"]),
            part=say.percent(row["part"]),
            **self._money(row, ("minimum", "margin", "cost", "saved", "low", "high"), say),
        )
        facts = {"n": int(row["n"]), "observed": row["below"], "effect": -row["saved"]}
        facts["interval"] = (-row["high"], -row["low"])
        yield Finding("small-orders", "needs improvement", told, **facts)

    def _money(self, row: object, names: tuple[str, ...], say: Language) -> dict[str, str]:
        read = row.__getitem__ if isinstance(row, pd.Series) else lambda name: getattr(row, name)
        return {name: say.money(read(name), self.currency) for name in names}


def cost_to_serve(rights: Rights, claims: pd.DataFrame | None = None) -> Serving | None:
    """Set the cost to serve against the margin, by customer and by the value of an order.

    Parameters
    ----------
    rights : Rights
        Its lines need order_id, customer, unit_price and quantities; the profile's `serving` a
        margin (share of the price) and, if there are any, rates per order, line and rush (an order
        promised for the next business day or earlier).
    claims : DataFrame, optional
        order_id and cost.

    Returns
    -------
    Serving or None
        None where no margin is given, or the lines lack what is needed.

    References
    ----------
    Kaplan & Narayanan 2001, Measuring and managing customer profitability, Journal of Cost
    Management 15(5):5 (the whale curve).

    Examples
    --------
    >>> from workbook.profile import Profile
    >>> from workbook.rights import measure_rights
    >>> lines = {"order_id": list("AB"), "customer": ["X", "Y"], "unit_price": [100.0, 10.0]}
    >>> lines |= {"quantity_ordered": [2.0, 1.0], "quantity_delivered": [2.0, 1.0]}
    >>> profile = Profile("Acme", serving={"margin": 0.3, "order": 18.0})
    >>> served = cost_to_serve(
    ...     measure_rights(pd.DataFrame(lines), profile=profile, as_of="2026-03-02")
    ... )
    >>> served.data[["customer", "profit"]].values.tolist()
    [['X', 42.0], ['Y', -15.0]]
    """
    needed = {"customer", "unit_price", "quantity_ordered"}
    frame, profile = rights.frame, rights.profile
    if frame is None or not needed <= set(frame) or profile.serving.get("margin") is None:
        return None
    orders = _orders(frame, claims, rights)
    known = orders[orders["known"]]
    if known.empty or known["profit"].sum() <= 0:
        return None
    data = _by_customer(known)
    kept = known[~known["customer"].isin(data.loc[data["loses"], "customer"])]
    minima = _minima(kept)
    unknown = len(orders) - len(known)
    return Serving(data, minima, len(known), unknown, profile.currency, profile.language)


def _orders(frame: pd.DataFrame, claims: pd.DataFrame | None, rights: Rights) -> pd.DataFrame:
    """Return per order: customer, value, margin, cost, profit, known."""
    code, ids = pd.factorize(frame["order_id"])
    total = lambda amounts: np.bincount(code, amounts, minlength=len(ids))
    column = lambda name: frame.get(name, pd.Series(np.nan, frame.index)).to_numpy(float)
    status = frame.get("status", pd.Series("", frame.index)).astype("str").fillna("")
    gone = status.str.startswith("cancelled").to_numpy()
    amount = np.where(gone, 0.0, column("unit_price") * column("quantity_delivered"))
    freight = np.where(gone, 0.0, column("freight_cost") if "freight_cost" in frame else 0.0)
    rates, first = rights.profile.serving, pd.Series(code).drop_duplicates().index
    line = ["order_id", "line_no"] if "line_no" in frame else ["order_id"]
    lines = ~frame.duplicated(line) if "line_no" in frame else pd.Series(1.0, frame.index)
    cost = rates.get("order", 0.0) + rates.get("line", 0.0) * total(lines.to_numpy(float))
    cost = (
        cost + total(np.nan_to_num(freight)) + rates.get("rush", 0.0) * _rush(frame, rights)[first]
    )
    if claims is not None and {"order_id", "cost"} <= set(claims):
        cost = cost + claims.groupby("order_id")["cost"].sum().reindex(ids).fillna(0).to_numpy()
    value = total(np.nan_to_num(amount))
    known = total(np.isnan(amount) | np.isnan(freight)) == 0
    facts = {"customer": frame["customer"].to_numpy()[first], "value": value, "cost": cost}
    orders = pd.DataFrame(facts | {"margin": rates["margin"] * value, "known": known})
    return orders.assign(profit=orders["margin"] - cost, known=known & orders["customer"].notna())


def _rush(frame: pd.DataFrame, rights: Rights) -> np.ndarray:
    """Tell which lines were promised for the next business day or earlier."""
    if not {"ordered_at", "promised_at"} <= set(frame):
        return np.zeros(len(frame))
    start = counted_from(frame["ordered_at"], rights.profile.cut_off)
    return business_days(start, frame["promised_at"], rights.profile.country) <= 1


def _by_customer(orders: pd.DataFrame) -> pd.DataFrame:
    """Sum the orders up by customer, the best first, and tell who loses."""
    groups = orders.groupby("customer", sort=True)
    data = groups[["value", "margin", "cost", "profit"]].mean()
    data = data.assign(n=groups.size(), sd=groups["profit"].std(), total=groups["profit"].sum())
    data = data.sort_values("total", ascending=False, kind="stable").reset_index()
    error = data["sd"] / np.sqrt(data["n"])
    half = t.ppf(0.975, (data["n"] - 1).clip(lower=1)) * error
    data["low"], data["high"] = data["profit"] - half, data["profit"] + half
    every = data["total"].sum()
    p = t.cdf(data["profit"] / error.clip(lower=1e-9), (data["n"] - 1).clip(lower=1))
    sure = false_discovery(np.where(data["n"] >= LEAST_N, p, np.nan), RATE)
    data["running"] = data["total"].cumsum() / every
    data["loses"] = sure & (data["total"] <= -LEAST_PART * every)
    return data.drop(columns="sd")


def _minima(orders: pd.DataFrame) -> pd.DataFrame:
    """Return what the orders below each round value lose together."""
    value = orders["value"].to_numpy()
    scale, every = 10.0 ** np.arange(-1, 7), orders["profit"].sum()
    rows = []
    for minimum in np.outer(scale, _MINIMA).ravel():
        below = orders[value < minimum]
        if len(below) < LEAST_N or len(below) > MOST_BELOW * len(orders):
            continue
        half = t.ppf(0.975, len(below) - 1) * below["profit"].std() * np.sqrt(len(below))
        saved = -below["profit"].sum()
        row = {"minimum": minimum, "n": len(below), "below": len(below) / len(orders)}
        row |= {"margin": below["margin"].mean(), "cost": below["cost"].mean(), "saved": saved}
        rows.append(row | {"low": saved - half, "high": saved + half, "part": saved / every})
    names = ["minimum", "n", "below", "margin", "cost", "saved", "low", "high", "part"]
    return pd.DataFrame(rows, columns=names)
