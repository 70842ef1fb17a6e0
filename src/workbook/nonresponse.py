"""Tell who answered and who did not, and weigh the answers by what happened to the orders.

Weighing corrects in part only: those who answer may differ in what no order shows.
"""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from workbook import results
from workbook.causes import DIMENSIONS
from workbook.data import Client
from workbook.display import Face
from workbook.drivers import fact_name, order_facts, rank_drivers
from workbook.language import Language
from workbook.ratings import rated
from workbook.results import Finding
from workbook.rights import column_name
from workbook.scores import Scores
from workbook.stats import Interval, wilson_interval
from workbook.survey import bank_of

__all__ = ["ResponseRates", "Weighed", "rates_of", "response_rates", "weigh_answers"]

_PRACTICAL = 0.02  # points of the scale below which a shift is not worth a word
_SEED = 2026


@dataclass(frozen=True)
class ResponseRates:
    """Response rates by their standard names; counts of questionnaires.

    RR1 counts complete ones only, RR2 the partly answered too; RR5 and RR6 are the same without
    those of whom it is not known whether they got the questionnaire.
    """

    complete: int
    partial: int
    silent: int
    unreached: int

    @property
    def rr1(self) -> float:
        """Complete, of all sent (AAPOR RR1)."""
        return self.complete / (self.complete + self.partial + self.silent + self.unreached)

    @property
    def rr2(self) -> float:
        """Complete or partial, of all sent (AAPOR RR2)."""
        whole = self.complete + self.partial + self.silent + self.unreached
        return (self.complete + self.partial) / whole

    @property
    def rr5(self) -> float:
        """Complete, of those reached (AAPOR RR5)."""
        return self.complete / (self.complete + self.partial + self.silent)

    @property
    def rr6(self) -> float:
        """Complete or partial, of those reached (AAPOR RR6)."""
        return (self.complete + self.partial) / (self.complete + self.partial + self.silent)

    def sentence(self, say: Language) -> str:
        """Say the rates with what they count."""
        return say(
            "Response rate of all sent: {rr1} complete (RR1), {rr2} with partly answered ones "
            "(RR2).",
            rr1=say.percent(self.rr1),
            rr2=say.percent(self.rr2),
        )


def response_rates(answers: pd.DataFrame, sent: int, unreached: int = 0) -> ResponseRates:
    """Return the response rates of a survey.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire that came back, one column per question that was asked of all.
    sent : int
        Questionnaires sent, the returned and the undeliverable ones included.
    unreached : int
        Undeliverable ones.

    Raises
    ------
    ValueError
        If more came back, or could not be delivered, than were sent.

    Notes
    -----
    Complete: more than 80 % of the questions answered; partial: 50 to 80 %; less is a break-off,
    counted as no answer. AAPOR 2023, Standard Definitions, 10th ed.; the cuts are its examples.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2, None], "b": [1, None, None]})
    >>> rates = response_rates(frame, sent=10, unreached=2)
    >>> rates.rr1, rates.rr2, rates.rr6
    (0.1, 0.2, 0.25)
    """
    if not 0 < len(answers) + unreached <= sent:
        raise ValueError(f"sent is {sent}, but {len(answers)} came back and {unreached} were lost")
    share = answers.notna().mean(axis=1)
    complete, partial = int((share > 0.8).sum()), int(share.between(0.5, 0.8).sum())
    silent = sent - unreached - complete - partial
    return ResponseRates(complete, partial, silent, unreached)


def rates_of(client: Client, scores: Scores) -> ResponseRates | None:
    """Return the response rates of a client's survey; None where nobody knows what was sent."""
    asked = [item.id for item in bank_of(client) if item.scale and item.id in client.responses]
    answers = client.responses[asked].dropna(how="all").head(scores.returned)
    return response_rates(answers, scores.sent) if scores.sent and len(answers) else None


@dataclass(frozen=True)
class Weighed(Face):
    """A question's mean as answered, and weighed to all orders that could be asked about.

    `data`, per column and group: asked, answered, rate with Wilson's limits; `raw` and `weighed`
    are the means (points of the scale), `shift` their difference with a bootstrap interval,
    `cells` the facts by which the answers were weighed, `left_out` the share of orders of which
    no cell has an answer.
    """

    data: pd.DataFrame
    question: str
    n: int
    raw: float
    weighed: float
    shift: Interval
    cells: tuple[str, ...]
    left_out: float
    language: str

    @property
    def bias(self) -> str:
        """Which way the answers lie off, as far as the orders tell: low, high or not seen."""
        shift = self.weighed - self.raw
        return "not seen" if abs(shift) < _PRACTICAL else "low" if shift > 0 else "high"

    def sentence(self, say: Language) -> str:
        """Say which way the answers lie off, and that the correction is a part only."""
        if self.n == 0:
            return say("No answers can be weighed: none belongs to an order that was judged.")
        words = {"raw": say.number(self.raw, 2), "weighed": say.number(self.weighed, 2)}
        words |= {"low": say.number(self.shift.low, 2), "high": say.number(self.shift.high, 2)}
        words["facts"] = say.listing([fact_name(fact, say) for fact in self.cells])
        if self.bias == "not seen":
            told = say("Weighing by what happened to the orders leaves the mean at {raw}.", **words)
            return f"{told} {self._caution(say)}"
        low = say("The mean of the answers, {raw}, is biased low.", **words)
        high = say("The mean of the answers, {raw}, is biased high.", **words)
        told = say(
            "Weighed by what happened to the orders ({facts}) it is {weighed}: partly corrected "
            "(a shift of {low} to {high}).",
            **words,
        )
        chance = (
            " " + say("The shift may be chance.") if self.shift.low < 0 < self.shift.high else ""
        )
        return f"{low if self.bias == 'low' else high} {told}{chance} {self._caution(say)}"

    def _caution(self, say: Language) -> str:
        return say("Those who answer may differ in what no order shows; no weight corrects that.")

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("Who answered")

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        name = lambda column: _column_words(column, say)
        group = lambda value: {"1": say("yes"), "0": say("no")}.get(
            value, value or say("not known")
        )
        ranged = lambda low, high: say(
            "{low} to {high}", low=say.percent(low), high=say.percent(high)
        )
        return {
            say("Orders by"): (name, "column"),
            say("Group"): (group, "group"),
            say("Asked"): (say.number, "asked"),
            say("Answered"): (say.percent, "rate"),
            say("95% interval"): (ranged, "low", "high"),
        }

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the sentence and the table."""
        shown = self.table(say.code)
        lead = results.text(self.sentence(say), "lead")
        rows = results.table(
            list(shown), shown.to_numpy(), caption=self.caption(say), numeric=[2, 3]
        )
        return [lead, rows] if len(shown) else [lead]

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the bias, as data."""
        if self.n:
            shift = self.weighed - self.raw
            numbers = {"n": self.n, "interval": tuple(self.shift), "effect": shift}
            yield Finding(f"survey-bias-{self.question}", "data", self.sentence(say), **numbers)


def _column_words(column: str, say: Language) -> str:
    facts = ("product", "quantity", "time", "place", "condition", "price", "information", "silent")
    return fact_name(column[6:], say) if column[6:] in facts else column_name(column, say)


def weigh_answers(
    client: Client,
    question: str = "overall",
    *,
    facts: pd.DataFrame | None = None,
    repeats: int = 500,
) -> Weighed:
    """Weigh the answers so that the orders they speak of are like all orders.

    Every judged order counts as asked, unless responses or events tell who was mailed: rows of
    responses without answers do.

    Parameters
    ----------
    facts : DataFrame, optional
        As `order_facts` returns them.
    repeats : int
        Of the seeded bootstrap over answers.

    Notes
    -----
    Post-stratification (Holt & Smith 1979, J. Royal Statistical Society A 142:33) by the facts that
    move the answer, strongest first, at most three; a cell with fewer than five answers is merged
    with those that share its stronger facts.
    """
    facts = order_facts(client) if facts is None else facts
    drivers = rank_drivers(client, question, facts=facts)
    answered = _points(client, question).reindex(facts.index)
    moving = drivers.data[drivers.data["high"] < 0]["fact"].head(3)
    keys = facts[list(moving)].fillna(-1).astype(int).astype(str)
    cells = _cells_of(keys, answered.notna())
    size = cells.value_counts()
    inside, values = cells[answered.notna()], answered.dropna()
    n, served = len(values), size[size.index.isin(inside)].sum() / max(len(facts), 1)
    raw, weighed = _means(inside, values, size)
    shift = _shift(inside, values, size, repeats) if n > 1 else Interval(np.nan, np.nan)
    data = _by_group(client, facts, answered.notna())
    extra = (tuple(moving), float(1 - served), client.profile.language)
    return Weighed(data, question, n, raw, weighed, shift, *extra)


def _points(client: Client, question: str) -> pd.Series:
    frame = client.responses
    frame = frame[frame["order_id"].notna()].drop_duplicates("order_id").set_index("order_id")
    return rated(frame, bank_of(client))[question]


def _cells_of(keys: pd.DataFrame, answered: pd.Series, least: int = 5) -> pd.Series:
    """Name each order's cell; one with too few answers keeps its stronger facts only."""
    cells = _prefix(keys, keys.shape[1])
    for length in range(keys.shape[1] - 1, -1, -1):
        counts = answered.groupby(cells).sum()
        thin = cells.isin(counts.index[counts < least]) & (keys.columns.size > 0)
        cells = cells.mask(thin, _prefix(keys, length) + "…" * bool(length))
    return cells


def _prefix(keys: pd.DataFrame, length: int) -> pd.Series:
    names = keys.columns[:length]
    return reduce(operator.add, (keys[name] for name in names), pd.Series("", keys.index))


def _means(cells: pd.Series, values: pd.Series, size: pd.Series) -> tuple[float, float]:
    """Return the mean of the answers and the mean weighed by the cells' sizes."""
    by_cell = values.groupby(cells).mean()
    weights = size.reindex(by_cell.index)
    return float(values.mean()), float((by_cell * weights).sum() / max(weights.sum(), 1))


def _shift(cells: pd.Series, values: pd.Series, size: pd.Series, repeats: int) -> Interval:
    """Bootstrap the difference that the weights make, over answers, from a fixed seed."""
    rng, n = np.random.default_rng(_SEED), len(values)
    codes, names = pd.factorize(cells)
    weight, points = size.reindex(names).to_numpy(float), values.to_numpy(float)
    shifts = []
    for picks in rng.integers(0, n, (repeats, n)):
        counts = np.bincount(codes[picks], minlength=len(names))
        sums = np.bincount(codes[picks], points[picks], len(names))
        there = counts > 0
        means = sums[there] / counts[there]
        shifts.append((means @ weight[there]) / weight[there].sum() - points[picks].mean())
    low, high = np.quantile(shifts, [0.025, 0.975])
    return Interval(float(low), float(high))


def _by_group(client: Client, facts: pd.DataFrame, answered: pd.Series) -> pd.DataFrame:
    """Count who was asked and who answered, by column of the orders and by fact."""
    groups = facts.add_prefix("facts_").astype("Int64").astype("str").replace("<NA>", "")
    lines = client.order_lines.groupby("order_id").first().reindex(facts.index)
    cuts = [name for name in DIMENSIONS if name in lines and 1 < lines[name].nunique() <= 12]
    groups = lines[cuts].join(groups)
    if "language" in client.responses and client.responses["language"].nunique() > 1:
        known = client.responses.drop_duplicates("order_id").set_index("order_id")["language"]
        groups = groups.join(known) if known.reindex(facts.index).notna().all() else groups
    rows = [row for column in groups for row in _rates(column, groups[column], answered)]
    data = pd.DataFrame(rows, columns=["column", "group", "asked", "answered"])
    data = data[data["asked"] >= client.profile.min_group].reset_index(drop=True)
    data["rate"] = data["answered"] / data["asked"]
    data["low"], data["high"] = wilson_interval(data["answered"], data["asked"])
    return data


def _rates(column: str, groups: pd.Series, answered: pd.Series) -> Iterator[tuple[object, ...]]:
    counts: Mapping[str, pd.Series] = answered.groupby(groups.fillna("")).agg(["size", "sum"])
    for row in counts.itertuples():
        yield column, str(row.Index), int(row.size), int(row.sum)
