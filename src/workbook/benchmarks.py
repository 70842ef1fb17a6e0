"""Set our measures beside what others publish, and only where both are counted alike.

Figures of other definitions have no gap, however near they look: a share of units by the day of
shipment says nothing about orders by the day of delivery.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook import plots
from workbook.display import Face
from workbook.language import Language
from workbook.profile import PRESETS
from workbook.results import Finding
from workbook.rights import Rights, interval_words, measure_name
from workbook.schema import MEASURES, fold
from workbook.stats import false_discovery

__all__ = ["Benchmarks", "compare_benchmarks", "read_definition"]

# A gap of fewer points is not worth telling, and it may be told in error as seldom as a place.
LEAST_GAP, RATE = 0.03, 0.02
# How a definition says what is counted, by which day, against which date: beginnings of words in
# our four languages. Of what is counted, the first in the row that is named is meant: "lines of an
# order" are lines.
_SAID = {
    "level": {
        "unit": "unit piece sztuk jednost единиц штук",
        "value": "value valeur wartos стоимост",
        "line": "line lign lini pozycj строк позици",
        "order": "order command zamow заказ",
    },
    "day": {
        "shipped": "ship dispatch exped wysyl wysla nadan отгруз отправ",
        "delivered": "deliver arriv livr recept dostaw dostarcz odbior достав получ",
    },
    "due": {
        "promised": "first origin initial premi pierw перв изнач",
        "promised_latest": "latest last derni ostatn послед",
        "requested": "request demand zada zycz wymag запр желае требу",
    },
}
_TIMED = ("otif", "right_time", "perfect_order", "perfect_order_measured", "perfect_line")
_TIMED += ("unit_fill_rate", "value_fill_rate")
_LEVELS = {"unit_fill_rate": "unit", "value_fill_rate": "value", "line_fill_rate": "line"}


def read_definition(words: str) -> dict[str, str]:
    """Read from a definition in plain words what is counted, by which day, against which date.

    What it does not say, or says in two ways, is left out; the name of a contract says it all.

    Examples
    --------
    >>> read_definition("unités, date d’expédition")
    {'level': 'unit', 'day': 'shipped'}
    >>> read_definition("order lines, first promise, day of delivery")
    {'level': 'line', 'day': 'delivered', 'due': 'promised'}
    """
    found, said = [fold(word) for word in re.findall(r"\w+", words)], {}
    named = set(found) & set(PRESETS) - {"own"}
    if len(named) == 1:
        said["contract"] = named.pop()
    for facet, values in _SAID.items():
        named = [v for v, stems in values.items() if any(map(_begins(stems), found))]
        if named and (len(named) == 1 or facet == "level"):
            said[facet] = named[0]
    return said


def _begins(stems: str) -> Callable[[str], bool]:
    beginnings = tuple(map(fold, stems.split()))
    return lambda word: word.startswith(beginnings)


@dataclass(frozen=True)
class Benchmarks(Face):
    """Published figures beside ours.

    `data`: measure, source, definition, theirs, level, said (what their definition says), differs
    and silent (what is counted otherwise, and what it does not say), n, ours with low and high, gap
    (ours less theirs, nan where the definitions are not the same) with gap_low and gap_high,
    verdict: better, worse, undecided, or no evidence where nothing may be compared. Their figure
    counts as exact unless it has a low and a high.
    """

    data: pd.DataFrame
    language: str

    def caption(self, say: Language) -> str:
        return say("Against figures that others publish")

    def sentence(self, say: Language) -> str:
        return " ".join(self._told(row, say) for row in self.data.itertuples())

    def _told(self, row: object, say: Language) -> str:
        words = {"measure": measure_name(row.measure, say), "theirs": say.percent(row.theirs)}
        words["source"] = row.source or say("source not named")
        if row.differs:
            return say(
                "{measure} of {theirs} ({source}) is counted otherwise than ours ({others}, not "
                "{ours}): the definitions differ, so no gap is computed.",
                others=say.listing([_facet(f, row.said[f], say) for f in row.differs]),
                ours=say.listing([_facet(f, row.own[f], say) for f in row.differs]),
                **words,
            )
        if row.silent:
            return say(
                "{measure} of {theirs} ({source}): its definition does not say {missing}, so no "
                "gap is computed.",
                missing=say.listing([_facet(facet, "", say) for facet in row.silent]),
                **words,
            )
        if np.isnan(row.gap):
            return say("{measure} of {theirs} ({source}): ours is not measured.", **words)
        return say(
            "{measure}: ours is {ours} (n = {n}), {theirs} by the same definition ({source}): a "
            "gap of {gap} points, between {low} and {high}.",
            n=say.number(row.n),
            ours=say.percent(row.ours),
            gap=say.points(row.gap),
            low=say.points(row.gap_low),
            high=say.points(row.gap_high),
            **words,
        )

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        verdicts = {"better": say("better"), "worse": say("worse"), "undecided": say("undecided")}
        verdicts["no evidence"] = say("not comparable")
        ends = lambda *limits: "{} – {}".format(*map(say.points, limits))
        both = lambda low, high: ends(low, high) if low == low else "–"
        return {
            say("Measure"): (lambda name: measure_name(name, say), "measure"),
            say("Ours"): (say.percent, "ours"),
            say("95% interval"): (lambda *limits: interval_words(limits, say), "low", "high"),
            say("Theirs"): (say.percent, "theirs"),
            say("Their definition"): (lambda words: words or "–", "definition"),
            say("Source"): (lambda words: words or "–", "source"),
            say("Points between"): (both, "gap_low", "gap_high"),
            say("Verdict"): (verdicts.__getitem__, "verdict"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        """Draw ours with its interval; theirs as a line where it is counted alike."""
        kinds = {"better": "works", "worse": "needs improvement"}
        label = [measure_name(name, say) for name in self.data["measure"]]
        note = [say("not demonstrable")] * len(label)
        rows = self.data.assign(label=label, note=note, confirmed=self.data["ours"])
        rows = rows.assign(upper=rows["ours"], target=rows["theirs"].where(rows["gap"].notna()))
        verdict = rows["verdict"].map(lambda word: kinds.get(word, "no evidence"))
        return plots.rate_bands(rows.assign(verdict=verdict), say, ax)

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield what may not be compared, and the gaps that are demonstrable."""
        kinds = {"better": "works", "worse": "needs improvement", "no evidence": "no evidence"}
        for row in self.data[self.data["verdict"] != "undecided"].itertuples():
            facts = {}
            if row.gap == row.gap:
                facts = {"n": int(row.n), "observed": row.ours, "expected": row.theirs}
                facts |= {"interval": (row.gap_low, row.gap_high), "effect": row.gap}
            is_right = row.measure.startswith("right_")
            facts["right"] = row.measure.removeprefix("right_") if is_right else None
            key = f"benchmark-{row.measure}-{row.Index + 1}"
            yield Finding(key, kinds[row.verdict], self._told(row, say), **facts)


def _facet(facet: str, value: str, say: Language) -> str:
    """Say what a definition says of a facet; with no value, what it should have said."""
    words = {
        ("level", ""): say("what is counted"),
        ("level", "unit"): say("by unit"),
        ("level", "value"): say("by value"),
        ("level", "line"): say("by line"),
        ("level", "order"): say("by order"),
        ("day", ""): say("which day counts"),
        ("day", "shipped"): say("the day of shipment"),
        ("day", "delivered"): say("the day of delivery"),
        ("due", ""): say("which date it is held against"),
        ("due", "promised"): say("the first promise"),
        ("due", "promised_latest"): say("the latest promise"),
        ("due", "requested"): say("the date requested"),
    }
    return words.get((facet, value), value)


def compare_benchmarks(rights: Rights, given: pd.DataFrame) -> Benchmarks:
    """Compare our measures with published ones, where the definition is that of our contract.

    Parameters
    ----------
    rights : Rights
    given : DataFrame
        The table benchmarks: measure, value; definition, low, high, source if there are any.
        Measures that are not ours (those of a survey) are passed over.

    Examples
    --------
    >>> from workbook.rights import measure_rights
    >>> due = {"promised_at": ["2026-03-02"] * 40, "delivered_at": ["2026-03-02"] * 40}
    >>> lines = pd.DataFrame({"order_id": range(40)} | due).astype({"order_id": str})
    >>> lines = lines.astype(dict.fromkeys(due, "datetime64[us]"))
    >>> theirs = {"measure": ["right_time"] * 2, "value": [0.8, 0.8]}
    >>> theirs["definition"] = ["orders, first promise, delivery", "orders by ship date"]
    >>> compare_benchmarks(measure_rights(lines), pd.DataFrame(theirs)).data["verdict"].tolist()
    ['better', 'no evidence']
    """
    names = ["measure", "definition", "value", "low", "high", "source"]
    given = given.reindex(columns=names).astype({"low": float, "high": float})
    given = given[given["measure"].isin(MEASURES) & given["value"].notna()]
    data = pd.DataFrame([_compare(rights, row) for row in given.itertuples()])
    if len(data):
        data["verdict"] = _verdicts(data)
    return Benchmarks(data, rights.profile.language)


def _compare(rights: Rights, row: object) -> dict[str, object]:
    """Return a row of the comparison: what is said, what differs, and the gap if nothing does."""
    definition = row.definition if isinstance(row.definition, str) else ""
    said, profile = read_definition(definition), rights.profile
    needed = ("level", "day", "due") if row.measure in _TIMED else ("level",)
    usual = "line" if row.measure == "perfect_line" else "order"
    levels = (_LEVELS.get(row.measure, said.get("level", usual)), usual)
    level = next((x for x in levels if _ours(rights, row.measure, x) is not None), usual)
    own = {"level": level, "day": "delivered", "due": profile.due, "contract": profile.contract}
    needed = ("contract",) if "contract" in said else needed
    differs = tuple(facet for facet in needed if facet in said and said[facet] != own[facet])
    silent = tuple(facet for facet in needed if facet not in said)
    found = {"measure": row.measure, "definition": definition, "theirs": row.value}
    found |= {"source": row.source if isinstance(row.source, str) else "", "level": level}
    found |= {"said": said, "own": own, "differs": differs, "silent": silent}
    return found | _gap(_ours(rights, row.measure, level), row, differs + silent)


def _ours(rights: Rights, measure: str, level: str) -> pd.Series | None:
    """Return our measure at a level, if it is counted so."""
    try:
        return rights.overall(measure, level)
    except ValueError:
        return None


def _gap(ours: pd.Series | None, row: object, unlike: tuple[str, ...]) -> dict[str, float]:
    names = ["n", "ours", "low", "high", "gap", "gap_low", "gap_high"]
    if ours is None or ours["interval"] is None:
        return dict.fromkeys(names, np.nan)
    n, (low, high) = ours[["right", "wrong", "unknown"]].sum(), ours["interval"]
    found = [n, ours["confirmed"], low, high]
    if unlike:
        return dict(zip(names, [*found, np.nan, np.nan, np.nan], strict=True))
    least, most = (row.value if np.isnan(end) else end for end in (row.low, row.high))
    gaps = [ours["confirmed"] - row.value, low - most, high - least]
    return dict(zip(names, [*found, *gaps], strict=True))


def _verdicts(data: pd.DataFrame) -> np.ndarray:
    """Judge each gap: it must be of practical size and pass a false discovery rate over all."""
    spread = (data["gap_high"] - data["gap_low"]) / (2 * norm.ppf(0.975))
    p = 2 * norm.sf(data["gap"].abs() / spread.clip(lower=1e-9))
    sure = false_discovery(np.where(data["gap"].isna(), np.nan, p), RATE)
    sure &= (data["gap_low"] * data["gap_high"] > 0) & (data["gap"].abs() >= LEAST_GAP)
    told = np.where(data["gap"] > 0, "better", "worse")
    return np.where(data["gap"].isna(), "no evidence", np.where(sure, told, "undecided"))
