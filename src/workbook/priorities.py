"""Set importance against performance, right by right: where to begin, and what is not decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots
from workbook.display import Face
from workbook.language import Language
from workbook.questions import Question, read_item_bank
from workbook.ratings import rated
from workbook.results import Finding
from workbook.rights import right_name
from workbook.scores import Scores
from workbook.stats import Interval, bootstrap_mean_interval, wilson_interval
from workbook.survey import Questionnaire

__all__ = ["Priorities", "score_gaps", "set_priorities"]

_SEED = 2026


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
        than 1 is a mean in points; source, if there is one.

    Returns
    -------
    DataFrame
        question, source, ours with low and high, theirs, gap (ours less theirs), verdict: "better",
        "worse", or "undecided" where our interval holds theirs. Theirs counts as exact.

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
    sources = given.get("source", pd.Series("", given.index))
    scored, rows = scores.data.set_index("question"), []
    for question, value, source in zip(wanted, theirs, sources, strict=True):
        if question in scored.index and value == value:
            name = "top_two" if value <= 1 else "mean"
            ours, low, high = scored.loc[question, [name, f"{name}_low", f"{name}_high"]]
            verdict = "better" if low > value else "worse" if high < value else "undecided"
            rows.append((question, source, ours, low, high, value, ours - value, verdict))
    names = ["question", "source", "ours", "low", "high", "theirs", "gap", "verdict"]
    return pd.DataFrame(rows, columns=names)
