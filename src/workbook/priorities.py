"""Set importance against performance, right by right: where to begin, and what is not decided."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from workbook import plots
from workbook.display import Face
from workbook.language import Language
from workbook.questions import Question, read_item_bank
from workbook.ratings import rated
from workbook.results import Finding
from workbook.rights import right_name
from workbook.scores import Scores
from workbook.stats import Interval, bootstrap_mean_interval, false_discovery, wilson_interval
from workbook.survey import Questionnaire

__all__ = ["Priorities", "gap_findings", "score_gaps", "set_priorities"]

_SEED = 2026
# Gaps to a competitor that are worth telling: points of five, or a share of the answers.
LEAST_POINTS, LEAST_SHARE, RATE = 0.2, 0.05, 0.02
# "The same questionnaire", in the words of a definition in one of our four languages.
_ALIKE = re.compile(
    r"same (survey|question)|m[eê]me (questionnaire|question|enqu)|"
    r"t\w{1,3} sam\w* (ankiet|pytan)|т\w{1,3} же (анкет|вопрос|опрос)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Priorities(Face):
    """Each right's importance and performance, against cuts that have a name.

    `data`: right, question, n, importance and performance with 95 % limits, quadrant:
    "concentrate here", "keep up", "low priority", "possible overkill", or "undecided" where a
    limit crosses a cut. `stated`: importance is the share who chose the right; else it is derived,
    the correlation of its rating with the overall one.
    """

    data: pd.DataFrame
    stated: bool
    importance_cut: float
    performance_cut: float
    language: str

    def sentence(self, say: Language) -> str:
        """Name the rights to begin with, and the cuts."""
        begin = self.data.loc[self.data["quadrant"] == "concentrate here", "right"]
        open_ = int((self.data["quadrant"] == "undecided").sum())
        listed = say.listing([right_name(right, say) for right in begin])
        if self.data.empty:
            return say("Too few answers to set importance against performance.")
        told = (
            say("Important and rated low: {rights}.", rights=listed)
            if len(begin)
            else say("No right is surely both important and rated low.")
        )
        undecided = say.plural("{n} right is undecided.", "{n} rights are undecided.", open_)
        return f"{told} {undecided} {self._cuts(say)}"

    def _cuts(self, say: Language) -> str:
        performance = say.number(self.performance_cut, 2)
        if self.stated:
            return say(
                "Cuts: the share if all mattered alike, {share}, and the mean rating, {rating}.",
                share=say.percent(self.importance_cut),
                rating=performance,
            )
        return say(
            "Importance is derived: how a rating goes with the overall one. Cuts: the mean of "
            "these correlations, {r}, and the mean rating, {rating}.",
            r=say.number(self.importance_cut, 2),
            rating=performance,
        )

    def caption(self, say: Language) -> str:
        """Name the table."""
        return say("Importance and performance")

    def _cells(self, say: Language) -> dict[str, tuple[object, ...]]:
        write = say.percent if self.stated else lambda value: say.number(value, 2)
        ranged = lambda value, low, high: f"{write(value)} ({write(low)} – {write(high)})"
        rating = lambda *limits: "{} ({} – {})".format(*(say.number(one, 2) for one in limits))
        limits = lambda name: (name, f"{name}_low", f"{name}_high")
        return {
            say("Right"): (lambda right: right_name(right, say), "right"),
            say("Importance"): (ranged, *limits("importance")),
            say("Rating"): (rating, *limits("performance")),
            say("What to do"): (lambda name: _quadrant_words(say)[name], "quadrant"),
        }

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        """Draw each right as a point with its limits, and the cuts as lines."""
        with plots.style():
            ax, rows = ax or plots.new_axes(height=3.6), self.data
            spread = lambda name: np.abs(
                rows[[f"{name}_low", f"{name}_high"]].T.to_numpy() - rows[name].to_numpy()
            )
            wide, tall = spread("performance"), spread("importance")
            marks = {"fmt": "o", "color": plots.ACCENT, "ecolor": plots.PALE, "elinewidth": 3}
            ax.errorbar(rows["performance"], rows["importance"], xerr=wide, yerr=tall, **marks)
            names = rows["right"].map(lambda right: right_name(right, say))
            plots.label_points(ax, rows["performance"], rows["importance"], names)
            ax.axvline(self.performance_cut, color=plots.SOFT, linewidth=0.8)
            ax.axhline(self.importance_cut, color=plots.SOFT, linewidth=0.8)
            share = plots.Ticks(say.percent, 100) if self.stated else plots.Ticks(say.number)
            ax.xaxis.set_major_formatter(plots.Ticks(say.number))
            ax.yaxis.set_major_formatter(share)
            ax.set_xlabel(say("mean rating"))
            ax.set_ylabel(say("importance"))
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield the rights that are important and rated low."""
        for row in self.data[self.data["quadrant"] == "concentrate here"].itertuples():
            told = say("{right}: important and rated low.", right=right_name(row.right, say))
            kind = "needs improvement"
            yield Finding(f"priority-{row.right}", kind, f"{told} {self._cuts(say)}", row.right)


def _quadrant_words(say: Language) -> dict[str, str]:
    return {
        "concentrate here": say("begin here"),
        "keep up": say("keep it up"),
        "low priority": say("can wait"),
        "possible overkill": say("perhaps more than is needed"),
        "undecided": say("undecided"),
    }


def set_priorities(
    responses: pd.DataFrame,
    questions: Questionnaire | Sequence[Question] | None = None,
    *,
    performance_cut: float | None = None,
    min_group: int = 5,
    language: str | None = None,
) -> Priorities:
    """Set the rights' importance against their ratings.

    Parameters
    ----------
    responses : DataFrame
        As for `score_responses`. With answers to "importance" it is stated, else derived.
    performance_cut : float, optional
        Points of the rating; default: the mean of the rights' means, a cut that always leaves some
        below it.
    min_group : int
        Rights with fewer ratings are left out.

    References
    ----------
    Martilla & James 1977, Journal of Marketing 41:77; on derived importance and its limits Oliver
    2010, Satisfaction, 2nd ed., ch. 2. Limits: bootstrap, Wilson, Fisher's z.
    """
    bank = tuple(getattr(questions, "questions", questions) or read_item_bank())
    points, language = rated(responses, bank), language or getattr(questions, "language", "en")
    items = [i for i in bank if i.right and i.id in points and points[i.id].count() >= min_group]
    chosen = responses.get("importance", pd.Series(dtype="str")).astype("str")
    chosen = chosen[chosen.isin([item.right for item in items])]
    stated = len(chosen) >= min_group
    rows = []
    for item in items if stated or "overall" in points else ():
        ratings = points[item.id].dropna()
        low, high = bootstrap_mean_interval(ratings, _SEED)
        importance = _share(chosen, item.right) if stated else _correlation(points, item.id)
        rows.append((item.right, item.id, len(ratings), *importance, ratings.mean(), low, high))
    names = ["right", "question", "n", "importance", "importance_low", "importance_high"]
    names += ["performance", "performance_low", "performance_high"]
    data = pd.DataFrame(rows, columns=names).dropna().reset_index(drop=True)
    cut = 1 / max(len(data), 1) if stated else float(data["importance"].mean())
    own = float(data["performance"].mean()) if performance_cut is None else performance_cut
    data["quadrant"] = [_quadrant(row, cut, own) for row in data.itertuples()]
    return Priorities(data, stated, cut, own, language)


def _share(chosen: pd.Series, right: str) -> tuple[float, float, float]:
    n = int((chosen == right).sum())
    return n / len(chosen), *wilson_interval(n, len(chosen))


def _correlation(points: pd.DataFrame, question: str) -> tuple[float, float, float]:
    both = points[[question, "overall"]].dropna()
    if len(both) < 4 or not (both.std() > 0).all():
        return np.nan, np.nan, np.nan
    r = float(np.corrcoef(both.T)[0, 1])
    half = 1.96 / np.sqrt(len(both) - 3)
    z = np.arctanh(np.clip(r, -0.999999, 0.999999))
    return r, *Interval(float(np.tanh(z - half)), float(np.tanh(z + half)))


def _quadrant(row: object, importance_cut: float, performance_cut: float) -> str:
    straddles = row.importance_low <= importance_cut <= row.importance_high
    if straddles or row.performance_low <= performance_cut <= row.performance_high:
        return "undecided"
    names = {
        (True, False): "concentrate here",
        (True, True): "keep up",
        (False, False): "low priority",
        (False, True): "possible overkill",
    }
    return names[row.importance > importance_cut, row.performance > performance_cut]


def score_gaps(scores: Scores, given: pd.DataFrame) -> pd.DataFrame:
    """Set the answers against a written standard or a competitor's, where these are given.

    Parameters
    ----------
    scores : Scores
    given : DataFrame
        The table benchmarks or standards: measure ("survey_time": the question's id after
        "survey_") and value or target; a share of 0 to 1 is one of the two best answers, more
        than 1 is a mean in points; source and definition, if there are any.

    Returns
    -------
    DataFrame
        question, source, n, ours with low and high, theirs, gap (ours less theirs) with gap_low and
        gap_high, alike (the definition says that it is the same questionnaire), verdict: "better",
        "worse", or "undecided" where the gap may be none.

    Notes
    -----
    Theirs counts as exact, unless the definition has its n ("n = 220"): then it is taken to spread
    as ours does.

    Examples
    --------
    >>> from workbook.responses import score_responses
    >>> scores = score_responses(pd.DataFrame({"time": [4, 4, 5, 4, 4, 5, 4, 5]}))
    >>> given = pd.DataFrame({"measure": ["survey_time"], "value": [3.1], "source": ["rival"]})
    >>> score_gaps(scores, given)["verdict"].tolist()
    ['better']
    """
    theirs = given.get("value", given.get("target"))
    wanted = given["measure"].astype("str").str.removeprefix("survey_")
    words = given.reindex(columns=["source", "definition"]).astype("str").fillna("")
    scored, rows = scores.data.set_index("question"), []
    for question, value, (source, definition) in zip(wanted, theirs, words.to_numpy(), strict=True):
        if question in scored.index and value == value:
            name = "top_two" if value <= 1 else "mean"
            n, ours, low, high = scored.loc[question, ["n", name, f"{name}_low", f"{name}_high"]]
            their_n = re.search(r"\bn\s*=\s*([1-9]\d*)", definition)
            wider = np.sqrt(1 + n / int(their_n[1])) if their_n else 1.0
            gaps = ours - value - wider * (ours - low), ours - value + wider * (high - ours)
            verdict = "better" if gaps[0] > 0 else "worse" if gaps[1] < 0 else "undecided"
            row = (question, source, int(n), ours, low, high, value, ours - value, *gaps)
            rows.append((*row, bool(_ALIKE.search(definition)), verdict))
    names = ["question", "source", "n", "ours", "low", "high", "theirs", "gap", "gap_low"]
    return pd.DataFrame(rows, columns=[*names, "gap_high", "alike", "verdict"])


def gap_findings(gaps: pd.DataFrame, scores: Scores, say: Language) -> list[Finding]:
    """Tell where we are rated otherwise than a competitor in the same questionnaire.

    `gaps` are those of `score_gaps`; they must be of practical size and pass a false discovery rate
    over all questions.
    """
    if gaps.empty:
        return []
    kinds = {"worse": "needs improvement", "better": "works"}
    spread = (gaps["gap_high"] - gaps["gap_low"]) / (2 * norm.ppf(0.975))
    p = 2 * norm.sf(gaps["gap"].abs() / spread.clip(lower=1e-9))
    least = np.where(gaps["theirs"] <= 1, LEAST_SHARE, LEAST_POINTS)
    sure = false_discovery(p, RATE) & (gaps["gap"].abs() >= least) & gaps["alike"]
    found, rights = [], scores.data.set_index("question").get("right", pd.Series(dtype=object))
    for row in gaps[sure & (gaps["verdict"] != "undecided")].itertuples():
        write = say.percent if row.theirs <= 1 else lambda value: say.number(value, 2)
        words = {"question": scores.label(row.question, say), "n": say.number(row.n)}
        words |= {"source": row.source or say("source not named")}
        names = {"ours": "ours", "theirs": "theirs", "low": "gap_low", "high": "gap_high"}
        words |= {word: write(getattr(row, name)) for word, name in names.items()}
        told = say(
            "{question}: we are rated {ours} (n = {n}), the competitor {theirs} in the same "
            "questionnaire ({source}): the difference lies between {low} and {high}.",
            **words,
        )
        facts = {"n": row.n, "observed": row.ours, "expected": row.theirs, "effect": row.gap}
        facts |= {"interval": (row.gap_low, row.gap_high), "right": rights.get(row.question)}
        found.append(Finding(f"rival-{row.question}", kinds[row.verdict], told, **facts))
    return found
