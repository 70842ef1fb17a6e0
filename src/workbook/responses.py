"""Score returned questionnaires: shares and means with intervals, by segment, small groups hidden.

Answers are recognised by value, by "4 - good" or by their label in any language. What is on no
scale is counted and left out, and never shown: it may be anything a respondent wrote.
"""

import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results, stats
from workbook.groups import group_differences, hidden_groups
from workbook.language import Language, speak
from workbook.questions import Question, read_item_bank
from workbook.results import Finding
from workbook.schema import columns
from workbook.survey import Questionnaire

__all__ = ["Reliability", "Scores", "rated", "score_responses"]

# A row of averages or totals below the answers, named so in the place of the response's number.
_AVERAGE = r"(?i)(?:average|mean|totals?|sum|średnia|razem|suma|moyenne|somme|среднее|итого|всего)"
_DOES_NOT_APPLY, _OFF_SCALE = "does not apply", "off scale"
_SHADES = ("#a6611a", "#dfc27d", "#e3e6e8", "#80cdc1", "#018571")  # ColorBrewer BrBG, 5 classes
_PRACTICAL = 0.2  # points of a five-point scale below which a difference is no finding
_SCORES = ("mean", "mean_low", "mean_high", "top_two", "top_two_low", "top_two_high")


class Reliability(NamedTuple):
    """How far the ratings agree: alpha with Feldt's interval, item-rest correlation by question.

    `reversed` are questions that run clearly against the others; alpha is nan while there is one.
    """

    alpha: float
    interval: stats.Interval
    n: int
    item_rest: dict[str, float]
    reversed: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """The scores of a survey's returned answers.

    `data` has one row per question: question, right, scale, n, missing, does_not_apply, off_scale,
    mean with limits (best answer highest), top_two with limits (share of the two best answers).
    `distribution` has question, value, count, share; `segments` the scores by segment, suppressed
    where a group is below `min_group`; `differences` sets segments and languages against the
    rest. `reliability` is that of the rights' ratings. `sent` is None when it is not known.
    """

    data: pd.DataFrame
    distribution: pd.DataFrame
    segments: pd.DataFrame
    questions: tuple[Question, ...]
    language: str
    returned: int
    sent: int | None
    duplicates: int
    min_group: int
    net_promoter: stats.NetPromoterScore | None
    contrasts: pd.DataFrame
    differences: pd.DataFrame
    reliability: Reliability | None
    averages: int = 0

    @property
    def response_rate(self) -> float | None:
        """Returned questionnaires as a share of those sent; None when unknown."""
        return self.returned / self.sent if self.sent else None

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the scores for reading, one row per question that has a scale."""
        say = speak(language or self.language)
        headings = [say("Question"), say("Answers"), say("Two best answers"), say("Mean")]
        headings += [say("Does not apply"), say("No answer"), say("Not on the scale")]
        rows = [
            (
                self._label(row.question, say),
                say.number(row.n),
                _ranged(say.percent(row.top_two, 0), row.top_two_low, row.top_two_high, say, 0),
                _ranged(say.number(row.mean, 2), row.mean_low, row.mean_high, say, 2),
                say.number(row.does_not_apply),
                say.number(row.missing),
                say.number(row.off_scale),
            )
            for row in self.data.itertuples()
        ]
        return pd.DataFrame(rows, columns=headings)

    def segment_table(self, language: str | None = None) -> pd.DataFrame:
        """Return the share of the two best answers per question and segment, for reading."""
        say = speak(language or self.language)
        cells = self.segments.assign(
            shown=[
                say("not shown")
                if row.suppressed
                else say("{share} of {n}", share=say.percent(row.top_two, 0), n=say.number(row.n))
                for row in self.segments.itertuples()
            ]
        )
        wide = cells.pivot(index="question", columns="segment", values="shown").fillna("–")
        wide = wide.reindex([name for name in self.data["question"] if name in wide.index])
        wide.index = [self._label(name, say) for name in wide.index]
        wide.columns = [name or say("not recorded") for name in wide.columns]
        return wide.rename_axis(say("Question")).reset_index()

    def _label(self, name: str, say: Language) -> str:
        labels = {item.id: item.labels for item in self.questions}
        return labels.get(name, {}).get(say.code, name)

    def _ratings(self) -> list[Question]:
        """The questions that a stacked bar can show: same five points, enough answers."""
        scored = set(self.data.loc[self.data["top_two"].notna(), "question"])
        fits = lambda item: item.scale and len(item.scale.values) == len(_SHADES)
        return [item for item in self.questions if item.id in scored and fits(item)]

    def plot(self, ax: Axes | None = None, language: str | None = None) -> Axes:
        """Draw the shares of the answers, one stacked bar per rating question."""
        say, items = speak(language or self.language), self._ratings()
        shares = self.distribution.pivot(index="question", columns="value", values="share")
        with plots.style():
            ax = ax or plots.new_axes(height=1.2 + 0.42 * len(items))
            left = np.zeros(len(items))
            for place, shade in enumerate(_SHADES):
                width = np.array([shares.loc[i.id, i.scale.values[place]] for i in items])
                label = items[0].scale.labels[say.code][place] if items else ""
                bars = ax.barh(range(len(items)), width, 0.66, left, color=shade, label=label)
                marks = [say.percent(share, 0) if share >= 0.07 else "" for share in width]
                ax.bar_label(bars, marks, label_type="center", fontsize=9, color=_ink(place))
                left = left + width
            ax.set_yticks(range(len(items)), [self._label(item.id, say) for item in items])
            ax.set(xlim=(0, 1), xticks=[])
            ax.invert_yaxis()
            ax.spines[:].set_visible(False)
            ax.tick_params(left=False)
            if items:
                spot = {"loc": "lower right", "bbox_to_anchor": (1.02, 1), "frameon": False}
                ax.legend(ncols=5, columnspacing=1.2, handlelength=1.2, **spot)
        return ax

    def findings(self, language: str | None = None) -> list[Finding]:
        """Return relative strengths and weaknesses, and what limits the answers' worth."""
        say = speak(language or self.language)
        told = [*self._contrast_findings(say), *self._difference_findings(say)]
        return [*told, *self._data_findings(say)]

    def _difference_findings(self, say: Language) -> Iterator[Finding]:
        for row in self.differences[self.differences["clear"]].itertuples():
            words = {"question": self._label(row.question, say), "n": say.number(row.n)}
            words |= {"group": row.group or say("not recorded")}
            words["gap"] = say.number(abs(row.difference), 2)
            above = say("{group}: “{question}” is rated {gap} points above the others (n = {n}).")
            below = say("{group}: “{question}” is rated {gap} points below the others (n = {n}).")
            better, limits = row.difference > 0, (row.low, row.high)
            yield Finding(
                f"survey-{row.question}-{row.column}-{row.group}",
                "works" if better else "needs improvement",
                (above if better else below).format(**words),
                where={row.column: row.group},
                n=int(row.n),
                interval=limits,
                effect=float(row.difference),
            )

    def _contrast_findings(self, say: Language) -> list[Finding]:
        scores = self.data.set_index("question")
        clear = (self.contrasts["low"] > 0) | (self.contrasts["high"] < 0)
        clear &= self.contrasts["difference"].abs() >= _PRACTICAL
        found = []
        for row in self.contrasts[clear].sort_values("difference").itertuples():
            words = {"question": self._label(row.question, say), "n": say.number(row.n)}
            words["gap"] = say.number(abs(row.difference), 2)
            above = say(
                "Customers rate “{question}” {gap} points above the other rights (n = {n})."
            )
            below = say(
                "Customers rate “{question}” {gap} points below the other rights (n = {n})."
            )
            sentence = (above if row.difference > 0 else below).format(**words)
            score = scores.loc[row.question]
            finding = Finding(
                f"survey-{row.question}",
                "works" if row.difference > 0 else "needs improvement",
                sentence,
                right=score["right"],
                n=int(row.n),
                observed=float(score["top_two"]),
                interval=(float(score["top_two_low"]), float(score["top_two_high"])),
                effect=float(row.difference),
            )
            found.append(finding)
        return found

    def _data_findings(self, say: Language) -> list[Finding]:
        found = []
        if self.response_rate is not None:
            sentence = say(
                "{rate} of {sent} questionnaires came back; the others may think otherwise.",
                rate=say.percent(self.response_rate),
                sent=say.number(self.sent),
            )
            found.append(("rate", sentence, self.sent, self.response_rate))
        for row in self.data[self.data["off_scale"] > 0].itertuples():
            question = self._label(row.question, say)
            sentence = say.plural(
                "{question}: {n} answer is not on the scale and is left out.",
                "{question}: {n} answers are not on the scale and are left out.",
                row.off_scale,
                question=question,
            )
            found.append((f"off-scale-{row.question}", sentence, row.off_scale, None))
        if self.duplicates:
            sentence = say.plural(
                "{n} response repeats another one and is left out.",
                "{n} responses repeat another one and are left out.",
                self.duplicates,
            )
            found.append(("duplicates", sentence, self.duplicates, None))
        if self.averages:
            sentence = say.plural(
                "{n} row of averages or totals stands among the answers and is left out.",
                "{n} rows of averages or totals stand among the answers and are left out.",
                self.averages,
            )
            found.append(("averages", sentence, self.averages, None))
        silent = self.data[(self.data["n"] == 0) & (self.data["does_not_apply"] == 0)]
        for name in silent["question"] if self.returned >= self.min_group else ():
            sentence = say("Nobody answered “{question}”.", question=self._label(name, say))
            found.append((f"unanswered-{name}", sentence, 0, None))
        for name in self.reliability.reversed if self.reliability else ():
            question = self._label(name, say)
            sentence = say(
                "{question} runs against the other questions: its scale may be the wrong way "
                "round. No reliability is given.",
                question=question,
            )
            found.append((f"reversed-{name}", sentence, self.reliability.n, None))
        alike = self.distribution[self.distribution["share"] == 1]
        for row in alike[alike["count"] >= 2 * self.min_group].itertuples():
            sentence = say(
                "{question}: all answers are alike, which tells nothing of differences.",
                question=self._label(row.question, say),
            )
            found.append((f"alike-{row.question}", sentence, row[3], None))
        return [Finding(f"survey-{i}", "data", s, n=int(n), observed=o) for i, s, n, o in found]

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the scores as blocks of a report."""
        blocks = [results.heading(say("What customers answered"), 3)]
        blocks.append(results.text(self._lead(say)))
        if self._ratings():
            drawn = plots.as_svg(self.plot(language=say.code))
            caption = say("Answers per question; {n} questionnaires", n=say.number(self.returned))
            blocks.append(results.picture(drawn, alt=self._alt(say), caption=caption))
        caption = say("Scores with their 95% intervals; the best answer counts highest")
        blocks.append(_as_block(self.table(say.code), caption, range(1, 7)))
        if len(self.segments):
            shown = self.segment_table(say.code)
            caption = say("Share of the two best answers by segment")
            blocks.append(_as_block(shown, caption, range(1, shown.shape[1])))
            note = say(
                "Not shown: groups of fewer than {n}, and those that would give them away.",
                n=say.number(self.min_group),
            )
            blocks += [results.text(note, "note")] if self.segments["suppressed"].any() else []
        notes = [finding.sentence for finding in self.findings(say.code)]
        return [*blocks, results.items(notes)] if notes else blocks

    def _lead(self, say: Language) -> str:
        returned = say.plural(
            "{n} questionnaire came back.", "{n} questionnaires came back.", self.returned
        )
        if self.net_promoter is None:
            return returned
        points = (self.net_promoter.score, *self.net_promoter.interval)
        score, low, high = (say.number(100 * point) for point in points)
        net = say("Net promoter score {score} ({low} to {high}).", score=score, low=low, high=high)
        return f"{returned} {net}"

    def _alt(self, say: Language) -> str:
        scored = self.data.set_index("question")["top_two"]
        parts = [
            f"{self._label(i.id, say)} {say.percent(scored[i.id], 0)}" for i in self._ratings()
        ]
        return say("Share of the two best answers: {parts}.", parts=", ".join(parts))

    def _repr_html_(self) -> str:
        return results.Shown(tuple(self.blocks(speak(self.language))))._repr_html_()


def _ink(place: int) -> str:
    return "white" if place in (0, len(_SHADES) - 1) else "#1c2733"


def _ranged(shown: str, low: float, high: float, say: Language, digits: int) -> str:
    if low != low:
        return shown
    write = say.percent if digits == 0 else say.number
    return f"{shown} ({write(low, digits)} – {write(high, digits)})"


def _as_block(shown: pd.DataFrame, caption: str, numeric: Iterable[int]) -> results.Block:
    rows = shown.itertuples(index=False, name=None)
    return results.table(list(shown), rows, caption=caption, numeric=list(numeric))


def score_responses(
    responses: pd.DataFrame,
    questions: Questionnaire | Sequence[Question] | None = None,
    *,
    sent: int | None = None,
    min_group: int = 5,
    language: str | None = None,
    by: str = "segment",
    seed: int = 2026,
) -> Scores:
    """Score the returned answers of a survey.

    Parameters
    ----------
    responses : DataFrame
        The contract's table: response_id, a column per question id, and what else there is. A row
        without any answer is a questionnaire that did not come back.
    questions : Questionnaire or questions, optional
        Default: the shipped item bank. A question of theirs without a column is left out; a
        column that they don't know is counted under its name.
    sent : int, optional
        Questionnaires sent; default: rows with sent_at, if some of these did not come back.
    min_group : int
        Groups with fewer answers are suppressed, and with them a further one wherever they could
        be had by subtraction. Fewer answers altogether give counts and no scores.
    language : str, optional
        Default: the questionnaire's, else "en".
    by : str
        The column of the segments.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> answers = pd.DataFrame({"response_id": list("abcdef"), "time": [5, 4, 4, "good", 1, None]})
    >>> row = score_responses(answers).data.loc[0]
    >>> int(row["n"]), int(row["missing"]), float(row["mean"]), float(row["top_two"])
    (5, 0, 3.6, 0.8)
    """
    language = language or getattr(questions, "language", "en")
    asked = tuple(getattr(questions, "questions", questions) or read_item_bank())
    ids = responses.get("response_id", pd.Series(index=responses.index, dtype="str"))
    average = ids.astype("str").str.strip().str.fullmatch(_AVERAGE).fillna(False).astype(bool)
    repeated = _repeated(responses, ids, asked) & ~average
    frame = responses[~repeated & ~average]
    closed = [item for item in asked if item.scale is not None and item.id in frame]
    known = {item.id for item in asked} | {"comment"}
    unknown = [name for name in frame if name not in known | set(columns("responses"))]
    # A column of theirs may be filled for everyone asked, so it tells of no return.
    answered = _not_blank(frame[[n for n in frame if n in known] or unknown]).any(axis=1)
    returned = frame[answered]
    codes = {item.id: _codes(returned[item.id], item) for item in closed}
    points = rated(returned, closed)
    divisions = [name for name in dict.fromkeys((by, "language")) if name in returned]
    divisions = [name for name in divisions if returned[name].nunique() > 1]
    rows = [_score(item, codes[item.id], min_group, seed) for item in closed]
    rows += [_count_only(name, returned[name]) for name in unknown]
    names = ("question", "right", "scale", "n", "missing", "does_not_apply", "off_scale", *_SCORES)
    data = pd.DataFrame(rows, columns=list(names))
    return Scores(
        data,
        _distribution(closed, codes, min_group),
        _segments(closed, codes, returned, (by, divisions), min_group, seed),
        asked,
        language,
        len(returned),
        _sent(frame, answered, sent),
        int(repeated.sum()),
        min_group,
        _net_promoter(closed, codes, min_group),
        _contrasts(closed, codes, min_group, seed),
        group_differences(points, returned[divisions], min_group),
        _reliability(closed, codes, min_group),
        int(average.sum()),
    )


def _repeated(responses: pd.DataFrame, ids: pd.Series, asked: Sequence[Question]) -> pd.Series:
    """Tell the rows that repeat a number, or an order with the same answers to everything."""
    again = ids.duplicated() & ids.notna()
    given = [item.id for item in asked if item.id in responses]
    if "order_id" in responses and given:
        filled = responses["order_id"].notna() & _not_blank(responses[given]).any(axis=1)
        again |= responses.duplicated(["order_id", *given]) & filled
    return again


def _not_blank(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.notna() & frame.map(lambda cell: str(cell).strip() != "")


def _sent(frame: pd.DataFrame, answered: pd.Series, sent: int | None) -> int | None:
    if sent is not None:
        if sent < answered.sum():
            raise ValueError(f"sent is {sent}, but {answered.sum()} came back; count all sent")
        return sent
    if "sent_at" not in frame or answered[frame["sent_at"].notna()].all():
        return None
    return int(frame["sent_at"].notna().sum())


def _codes(answers: pd.Series, item: Question) -> pd.Series:
    """Replace each answer by its value on the scale, or by what else it is; blank stays missing."""
    scale = item.scale
    known: dict[str, object] = {str(value).casefold(): value for value in scale.values}
    for labels in scale.labels.values():
        known |= {words.casefold(): v for words, v in zip(labels, scale.values, strict=True)}
    known |= {words.casefold(): _DOES_NOT_APPLY for words in scale.does_not_apply.values()}
    known |= {"na": _DOES_NOT_APPLY, "n/a": _DOES_NOT_APPLY}
    text = answers.astype("str").str.strip().str.casefold()
    text = text.where(answers.notna() & (text != ""))
    coded = {cell: _code(cell, known) for cell in text.dropna().unique()}
    return text.map(coded).astype(object)


def _code(cell: str, known: dict[str, object]) -> object:
    number = re.match(r"(\d+)(?:\.0+)?(?:\s*[-–—.:)=]\s*\D.*)?$", cell)
    return known.get(cell, known.get(number[1], _OFF_SCALE) if number else _OFF_SCALE)


def _points(codes: pd.Series, item: Question) -> pd.Series:
    """The answers on the scale as numbers, the best one highest; empty for a choice of names."""
    points = pd.to_numeric(codes.where(codes.isin(item.scale.values)), errors="coerce")
    points = points.dropna() if item.scale.ordered else points.iloc[:0].astype(float)
    ends = item.scale.values[0] + item.scale.values[-1] if item.polarity < 0 else None
    return points if ends is None else ends - points


def rated(frame: pd.DataFrame, questions: Sequence[Question]) -> pd.DataFrame:
    """Return the answers on ordered scales as points, the best one highest; nan for all others.

    Examples
    --------
    >>> rated(pd.DataFrame({"time": ["4 - good", "?"]}), read_item_bank())["time"].tolist()
    [4.0, nan]
    """
    asked = [item for item in questions if item.id in frame and item.scale and item.scale.ordered]
    points = {item.id: _points(_codes(frame[item.id], item), item) for item in asked}
    return pd.DataFrame(points, index=frame.index, dtype=float)


def _score(item: Question, codes: pd.Series, min_group: int, seed: int) -> dict[str, object]:
    n = int(codes.isin(item.scale.values).sum())
    return {
        "question": item.id,
        "right": item.right,
        "scale": item.scale.name,
        "n": n,
        "missing": int(codes.isna().sum()),
        "does_not_apply": int((codes == _DOES_NOT_APPLY).sum()),
        "off_scale": int((codes == _OFF_SCALE).sum()),
        **_summary(_points(codes, item), item, min_group, seed),
    }


def _summary(points: pd.Series, item: Question, min_group: int, seed: int) -> dict[str, float]:
    n = len(points)
    if not n or n < min_group:
        return dict.fromkeys(_SCORES, math.nan)
    best = sorted(item.scale.values)[-2:]
    top = int(points.isin(best).sum())
    limits = (*stats.bootstrap_mean_interval(points, seed), top / n, *stats.wilson_interval(top, n))
    return dict(zip(_SCORES, (points.mean(), *limits), strict=True))


def _count_only(name: str, answers: pd.Series) -> dict[str, object]:
    n = int(_not_blank(answers.to_frame())[name].sum())
    counts = {"n": n, "missing": len(answers) - n, "does_not_apply": 0, "off_scale": 0}
    return {"question": name, "right": None, "scale": None, **counts} | dict.fromkeys(
        _SCORES, math.nan
    )


def _distribution(
    closed: Sequence[Question], codes: dict[str, pd.Series], min_group: int
) -> pd.DataFrame:
    rows = []
    for item in closed:
        counts = [int((codes[item.id] == value).sum()) for value in item.scale.values]
        n = sum(counts)
        shown = zip(item.scale.values, counts, strict=True) if n >= max(min_group, 1) else ()
        rows += [(item.id, value, count, count / n) for value, count in shown]
    return pd.DataFrame(rows, columns=["question", "value", "count", "share"])


def _segments(
    closed: Sequence[Question],
    codes: dict[str, pd.Series],
    returned: pd.DataFrame,
    cut: tuple[str, list[str]],
    min_group: int,
    seed: int,
) -> pd.DataFrame:
    names = ["question", "segment", "n", *_SCORES, "suppressed"]
    by, divisions = cut
    if by not in divisions:
        return pd.DataFrame(columns=names)
    members = returned[divisions].astype("str").fillna("")
    groups = members[by]
    rows = []
    for item in (item for item in closed if item.scale.ordered):
        points = _points(codes[item.id], item)
        split = {name: points[groups[points.index] == name] for name in sorted(groups.unique())}
        hidden = hidden_groups(members.loc[points.index], min_group)[by]
        for name, part in split.items():
            kept = part.iloc[:0] if name in hidden else part
            scores = _summary(kept, item, min_group, seed)
            n = math.nan if name in hidden else len(part)
            rows.append({"question": item.id, "segment": name, "n": n, **scores})
            rows[-1]["suppressed"] = name in hidden
    return pd.DataFrame(rows, columns=names)


def _net_promoter(
    closed: Sequence[Question], codes: dict[str, pd.Series], min_group: int
) -> stats.NetPromoterScore | None:
    asked = [item for item in closed if item.scale.values == tuple(range(11))]
    points = _points(codes[asked[0].id], asked[0]) if asked else ()
    return stats.net_promoter_score(points) if len(points) >= max(min_group, 1) else None


def _contrasts(
    closed: Sequence[Question], codes: dict[str, pd.Series], min_group: int, seed: int
) -> pd.DataFrame:
    """Compare each right's rating with the same respondents' ratings of the other rights.

    Within respondents, so that a mild or a harsh judge moves nothing; 99 % intervals, as several
    questions are compared at once.
    """
    items = [item for item in closed if item.right and item.scale.name == "rating"]
    ratings = pd.DataFrame({item.id: _points(codes[item.id], item) for item in items})
    rows = []
    for name in ratings:
        others = ratings.drop(columns=name).mean(axis=1)
        gaps = (ratings[name] - others).dropna()
        if len(gaps) >= max(min_group, 2):
            limits = stats.bootstrap_mean_interval(gaps, seed, confidence=0.99)
            rows.append((name, len(gaps), gaps.mean(), *limits))
    return pd.DataFrame(rows, columns=["question", "n", "difference", "low", "high"])


def _reliability(
    closed: Sequence[Question], codes: dict[str, pd.Series], min_group: int
) -> Reliability | None:
    """Tell how far the ratings of the rights agree; None with too few complete ones."""
    items = [item for item in closed if item.right and item.scale.name == "rating"]
    ratings = pd.DataFrame({item.id: _points(codes[item.id], item) for item in items}).dropna()
    n, k = ratings.shape
    if k < 2 or n < max(min_group, 10):
        return None
    rest = stats.item_rest_correlations(ratings)
    # Clearly below 0: Fisher's upper limit is, Fisher 1921, Metron 1:3.
    against = np.arctanh(np.clip(rest, -0.999999, 0.999999)) + 1.96 / math.sqrt(n - 3) < 0
    turned = tuple(ratings.columns[against])
    alpha = math.nan
    if not turned and ratings.sum(axis=1).var():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an item somewhat below 0 is chance, not turned
            alpha = stats.cronbach_alpha(ratings)
    limits = (
        stats.Interval(math.nan, math.nan) if alpha != alpha else stats.feldt_interval(alpha, k, n)
    )
    by_item = {name: float(r) for name, r in zip(ratings, rest, strict=True)}
    return Reliability(alpha, limits, n, by_item, turned)
