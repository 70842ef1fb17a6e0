"""Join the answers to the orders they speak of: what customers suffer from, and what follows.

A fact of an order is a right that it shows to be wrong, or silence: no news for over a day on its
way. What goes together with a fact need not come from it; nothing here claims a cause.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import t as student

from workbook import plots, results
from workbook.data import Client
from workbook.display import Face
from workbook.language import Language
from workbook.ratings import rated
from workbook.results import Finding
from workbook.rights import Rights, measure_rights
from workbook.stats import Interval, newcombe_interval
from workbook.survey import bank_of
from workbook.visibility import Visibility, trace_orders

__all__ = ["Drivers", "Repeats", "fact_name", "order_facts", "rank_drivers", "repeat_orders"]

_EFFECT = ["effect", "low", "high"]


def order_facts(
    client: Client, rights: Rights | None = None, traced: Visibility | None = None
) -> pd.DataFrame:
    """Return what happened to each judged order: 1 it did, 0 it did not, nan not known.

    Parameters
    ----------
    client : Client
        With order lines; with events there is the fact "silent" too.
    rights, traced : Rights, Visibility, optional
        As `measure_rights` and `trace_orders` return them, if they are at hand.

    Returns
    -------
    DataFrame
        Index order_id; a column per measured right (1: wrong), and "silent". Orders to which no
        right applies (cancelled, not due yet) are left out.

    Raises
    ------
    ValueError
        If the client has no order lines.
    """
    if client.order_lines is None:
        raise ValueError("the client has no order lines; add order_lines.csv to its folder")
    rights = rights or measure_rights(client)
    states = np.column_stack([rights.order_states(right) for right in rights.measured])
    ids = pd.Index(rights.states.order_ids, name="order_id")
    facts = pd.DataFrame(states, index=ids, columns=list(rights.measured))
    facts = facts[(facts != 0).any(axis=1)].map({0: np.nan, 1: 0.0, 2: np.nan, 3: 1.0}.get)
    if client.events is not None and not client.events.empty:
        silent = (traced or trace_orders(client)).data.set_index("order_id")["silent"]
        facts["silent"] = silent.reindex(facts.index)
    return facts.astype(float)


def fact_name(fact: str, say: Language) -> str:
    """Return a fact of an order for reading."""
    names = {
        "product": say("wrong product"),
        "quantity": say("wrong quantity"),
        "time": say("late"),
        "place": say("wrong place"),
        "condition": say("damaged"),
        "price": say("wrong price"),
        "information": say("wrong information"),
        "customer": say("wrong customer"),
        "silent": say("silence for over a day"),
    }
    return names[fact]


@dataclass(frozen=True)
class Drivers(Face):
    """What goes with a worse answer, strongest first.

    `data`, per fact: right, n (answers with it), n_without, share (of all orders), effect with
    limits (points on the question's scale, the other facts held equal), surpasses (the next
    fact's effect is smaller beyond chance), loss (share × effect: points lost over all orders),
    rated (mean answer on that right with the fact), rated_without, gap with limits.
    `few` are the facts with too few answers to tell.
    """

    data: pd.DataFrame
    question: str
    n: int
    few: tuple[str, ...]
    language: str

    def sentence(self, say: Language) -> str:
        """Say which fact weighs most for whom it hits."""
        if self.data.empty:
            return say("Too few answers to tell what customers suffer from.")
        listed = [
            say("{fact} ({points} points)", fact=fact_name(r.fact, say), points=_signed(r, say))
            for r in self.data[self.data["high"] < 0].itertuples()
        ]
        if not listed:
            return say("No fact of the orders goes with worse answers beyond chance.")
        return say(
            "What goes with worse answers, strongest first: {list}.", list=say.series(listed)
        )

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("What goes with worse answers, other facts equal")

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        number = lambda value: say.number(value, 2)
        ranged = lambda low, high: say("from {low} to {high}", low=number(low), high=number(high))
        return {
            say("Fact of the order"): (lambda fact: fact_name(fact, say), "fact"),
            say("Points on the answer"): (number, "effect"),
            say("95% interval"): (ranged, "low", "high"),
            say("Answers with it"): (say.number, "n"),
            say("Share of all orders"): (say.percent, "share"),
            say("Rating of that right with it"): (number, "rated"),
            say("Without it"): (number, "rated_without"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        """Draw each effect with its interval, strongest on top."""
        with plots.style():
            ax, rows = ax or plots.new_axes(height=1.0 + 0.4 * len(self.data)), self.data
            spread = np.abs(rows[["low", "high"]].T.to_numpy() - rows["effect"].to_numpy())
            ax.errorbar(rows["effect"], range(len(rows)), xerr=spread, fmt="o", color=plots.ACCENT)
            ax.axvline(0, color=plots.SOFT, linewidth=0.8)
            plots.label_rows(ax, [fact_name(fact, say) for fact in rows["fact"]])
            ax.xaxis.set_major_formatter(plots.Ticks(say.number))
            ax.set_xlabel(say("points on the answer, other facts equal"))
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the facts that go with worse answers."""
        for row in self.data[self.data["high"] < 0].itertuples():
            words = {"fact": fact_name(row.fact, say), "points": _signed(row, say)}
            words |= {"n": say.number(row.n), "share": say.percent(row.share)}
            words |= {"low": say.number(row.low, 2), "high": say.number(row.high, 2)}
            told = say(
                "{fact}: {points} points on the answer (from {low} to {high}, {n} answers), other "
                "facts equal; it happens to {share} of the orders.",
                **words,
            )
            told = told[0].upper() + told[1:]
            limits = {"n": self.n, "interval": (row.low, row.high), "effect": row.effect}
            yield Finding(f"driver-{row.fact}", "needs improvement", told, row.right, **limits)


def _signed(row: object, say: Language) -> str:
    return say.number(row.effect, 1)


def rank_drivers(
    client: Client,
    question: str = "overall",
    *,
    facts: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> Drivers:
    """Rank the facts of the orders by how much worse the answers about these orders are.

    Parameters
    ----------
    client : Client
        With responses that carry order_id, and order lines.
    question : str
        The question whose answers are explained; it must have an ordered scale.
    facts : DataFrame, optional
        As `order_facts` returns them, if they are at hand.

    Returns
    -------
    Drivers
        Only facts with at least `min_group` answers on either side are told apart.

    Raises
    ------
    ValueError
        If there are no responses with order_id, or no answers to the question.

    Notes
    -----
    Least squares on all facts at once, so that silence is not blamed for the lateness that comes
    with it; limits are robust to unequal spread (HC3, MacKinnon & White 1985, J. Econometrics
    29:305). A fact that is not known of an order counts as not happened there.
    """
    facts = order_facts(client) if facts is None else facts
    answers = _answers(client)
    if question not in answers:
        raise ValueError(f"no answers to {question!r}; ask it, or name one of {', '.join(answers)}")
    joined = facts.reindex(answers.index)[answers[question].notna().to_numpy()]
    judged = joined.notna().any(axis=1)
    joined, points = joined[judged], answers[question].dropna()[judged.to_numpy()]
    seen = joined.agg(["sum", "count"])
    enough = np.minimum(seen.loc["sum"], seen.loc["count"] - seen.loc["sum"])
    known = list(facts.columns[enough >= max(client.profile.min_group, 2)])
    few = tuple(fact for fact in facts if fact not in known)
    if len(points) <= len(known) + 2:
        known, few = [], tuple(facts)
    beta, cov = _regress(joined[known].fillna(0).to_numpy(), points.to_numpy())
    spread = student.ppf((1 + confidence) / 2, max(len(points) - len(known) - 1, 1))
    order = np.argsort(beta)
    rows = [
        {
            "fact": known[i],
            "right": "information" if known[i] == "silent" else known[i],
            "n": int(seen.loc["sum", known[i]]),
            "n_without": int(seen.loc["count", known[i]] - seen.loc["sum", known[i]]),
            "share": facts[known[i]].mean(),
            "effect": beta[i],
            "low": beta[i] - spread * np.sqrt(cov[i, i]),
            "high": beta[i] + spread * np.sqrt(cov[i, i]),
            "surpasses": _surpasses(i, order, beta, cov, spread),
            "loss": facts[known[i]].mean() * beta[i],
            **_perceived(known[i], joined.index, facts, answers),
        }
        for i in order
    ]
    names = ["fact", "right", "n", "n_without", "share", *_EFFECT, "surpasses", "loss"]
    names += ["rated", "rated_without", "gap", "gap_low", "gap_high"]
    data = pd.DataFrame(rows, columns=names)
    return Drivers(data, question, len(points), few, client.profile.language)


def _answers(client: Client) -> pd.DataFrame:
    """Return the answers on ordered scales as points, best highest, by order_id."""
    frame = client.responses
    if frame is None or "order_id" not in frame:
        raise ValueError("no answers can be joined; responses need the column order_id")
    frame = frame[frame["order_id"].notna()].drop_duplicates("order_id")
    return rated(frame, bank_of(client)).set_axis(frame["order_id"], axis=0)


def _regress(facts: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each fact's effect on the points and the HC3 covariance of the effects."""
    design = np.column_stack([facts, np.ones(len(points))])
    bread = np.linalg.pinv(design.T @ design)
    beta = bread @ design.T @ points
    lever = np.clip(1 - np.einsum("ij,jk,ik->i", design, bread, design), 1e-6, None)
    scores = design * ((points - design @ beta) / lever)[:, None]
    return beta[:-1], (bread @ scores.T @ scores @ bread)[:-1, :-1]


def _surpasses(i: int, order: np.ndarray, beta: np.ndarray, cov: np.ndarray, z: float) -> bool:
    after = np.flatnonzero(order == i)[0] + 1
    if after == len(order):
        return False
    j = order[after]
    spread = np.sqrt(max(cov[i, i] + cov[j, j] - 2 * cov[i, j], 0.0))
    return bool(beta[i] - beta[j] + z * spread < 0)


def _perceived(
    fact: str, ids: pd.Index, facts: pd.DataFrame, answers: pd.DataFrame
) -> dict[str, float]:
    """Compare the ratings of a fact's right where it happened with those where it did not."""
    right = "information" if fact == "silent" else fact
    names = ("rated", "rated_without", "gap", "gap_low", "gap_high")
    if right not in answers:
        return dict.fromkeys(names, np.nan)
    ratings, happened = answers.loc[ids, right], facts.loc[ids, fact]
    with_it, without = ratings[happened == 1].dropna(), ratings[happened == 0].dropna()
    if min(len(with_it), len(without)) < 5:
        return dict.fromkeys(names, np.nan)
    gap = with_it.mean() - without.mean()
    half = 1.96 * np.sqrt(with_it.var() / len(with_it) + without.var() / len(without))
    values = (with_it.mean(), without.mean(), gap, gap - half, gap + half)
    return dict(zip(names, map(float, values), strict=True))


# --- what follows ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeats(Face):
    """How many customers order again within `days`, after good service and after bad.

    `data`, per fact and for "any": n, again (orders after which the customer ordered again),
    n_without, again_without, difference with Newcombe's limits. Orders less than `days` before the
    end of the data are left out: `censored` counts them.
    """

    data: pd.DataFrame
    days: int
    censored: int
    language: str

    def sentence(self, say: Language) -> str:
        """Say how often customers come back after good and after bad service."""
        if self.data.empty:
            return say("No order is old enough to tell who ordered again.")
        row = self.data.iloc[0]
        words = {"days": say.number(self.days), "low": say.points(row.low)}
        words |= {"high": say.points(row.high)}
        words["bad"] = say.percent(row.again / row.n if row.n else None)
        words["good"] = say.percent(row.again_without / row.n_without if row.n_without else None)
        told = say(
            "Within {days} days {bad} ordered again after an order that failed, {good} after one "
            "that did not: a difference of {low} to {high} points.",
            **words,
        )
        clear = row.low > 0 or row.high < 0
        return told if clear else told + " " + say("It may be chance.")

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("Who orders again")

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        share = lambda again, n: say.percent(again / n if n else None)
        name = lambda fact: say("any failure") if fact == "any" else fact_name(fact, say)
        ranged = lambda low, high: say(
            "from {low} to {high}", low=say.points(low), high=say.points(high)
        )
        return {
            say("Fact of the order"): (name, "fact"),
            say("Orders with it"): (say.number, "n"),
            say("Ordered again"): (share, "again", "n"),
            say("Ordered again without it"): (share, "again_without", "n_without"),
            say("Difference in points"): (ranged, "low", "high"),
        }

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the sentence and the table; a picture would add nothing."""
        shown, rows = self.table(say.code), self.table(say.code).to_numpy()
        lead = results.text(self.sentence(say), "lead")
        return [
            lead,
            results.table(list(shown), rows, caption=self.caption(say), numeric=[1, 2, 3]),
        ]


def repeat_orders(client: Client, *, days: int = 90, facts: pd.DataFrame | None = None) -> Repeats:
    """Count who ordered again within so many days, after good service and after bad.

    Raises
    ------
    ValueError
        If the order lines lack customer or ordered_at, or days is below 1.
    """
    lines = client.order_lines
    missing = {"customer", "ordered_at"} - set(() if lines is None else lines)
    if missing or days < 1:
        what = f"the column {sorted(missing)[0]}" if missing else f"days of 1 or more, not {days}"
        raise ValueError(f"to see who orders again, order_lines and {what} are needed")
    facts = order_facts(client) if facts is None else facts
    orders = lines.groupby("order_id")[["customer", "ordered_at"]].first().dropna()
    orders = orders.sort_values("ordered_at")
    following = orders.groupby("customer")["ordered_at"].shift(-1)
    orders["again"] = following - orders["ordered_at"] <= pd.Timedelta(days=days)
    old = orders["ordered_at"] <= orders["ordered_at"].max() - pd.Timedelta(days=days)
    judged = facts.join(orders[old]["again"], how="inner")
    failed = facts.max(axis=1).rename("any")
    rows = [
        _again(fact, failed if fact == "any" else facts[fact], judged) for fact in ["any", *facts]
    ]
    rows = [row for row in rows if row and min(row[1], row[3]) >= client.profile.min_group]
    names = ["fact", "n", "again", "n_without", "again_without", "difference", "low", "high"]
    data = pd.DataFrame(rows, columns=names)
    return Repeats(data, days, int((~old).sum()), client.profile.language)


def _again(fact: str, happened: pd.Series, judged: pd.DataFrame) -> tuple[object, ...]:
    happened = happened.reindex(judged.index)
    one, other = judged.loc[happened == 1, "again"], judged.loc[happened == 0, "again"]
    counts = (int(one.sum()), len(one), int(other.sum()), len(other))
    limits: Interval = newcombe_interval(*counts)
    gap = one.mean() - other.mean() if len(one) and len(other) else np.nan
    return (fact, counts[1], counts[0], counts[3], counts[2], gap, *limits)
