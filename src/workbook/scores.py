"""Show a survey's scores: tables, pictures and findings, and what limits the answers' worth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results, stats
from workbook.display import in_words
from workbook.language import Language, speak
from workbook.questions import Question
from workbook.results import Finding

__all__ = ["Reliability", "Scores"]

_SHADES = ("#a6611a", "#dfc27d", "#e3e6e8", "#80cdc1", "#018571")  # ColorBrewer BrBG, 5 classes
_AGREEING = 0.7  # alpha from which ratings may be added up; Nunnally 1978, Psychometric Theory
_PRACTICAL = 0.2  # points of a five-point scale below which a difference is no finding


class Reliability(NamedTuple):
    """How far the ratings agree: alpha with Feldt's interval, item-rest correlation by question.

    `reversed` are questions that run clearly against the others; alpha is nan while there is one.
    """

    alpha: float
    interval: stats.Interval
    n: int
    item_rest: dict[str, float]
    reversed: tuple[str, ...]

    def sentence(self, say: Language) -> str:
        """Say how far the ratings agree; nothing where that can't be told."""
        if self.alpha != self.alpha:
            return ""
        words = {"n": say.number(self.n), "alpha": say.number(self.alpha, 2)}
        words |= {name: say.number(limit, 2) for name, limit in self.interval._asdict().items()}
        told = say(
            "How far the ratings of the rights agree: Cronbach's alpha {alpha} ({low} to {high}; "
            "{n} complete answers).",
            **words,
        )
        apart = say("They say different things: read each by itself, and add none up.")
        return f"{told} {apart}" if self.interval.high < _AGREEING else told


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
                self.label(row.question, say),
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
        wide.index = [self.label(name, say) for name in wide.index]
        wide.columns = [name or say("not recorded") for name in wide.columns]
        return wide.rename_axis(say("Question")).reset_index()

    def label(self, name: str, say: Language) -> str:
        """Return a question's short name in a language."""
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
            ax.set_yticks(range(len(items)), [self.label(item.id, say) for item in items])
            ax.set(xlim=(0, 1), xticks=[])
            ax.invert_yaxis()
            ax.spines[:].set_visible(False)
            ax.tick_params(left=False)
            if items:
                spot = {"loc": "lower right", "bbox_to_anchor": (1.02, 1), "frameon": False}
                ax.legend(ncols=5, columnspacing=1.2, handlelength=1.2, **spot)
        ax.set_label(in_words(self.table(say.code)))
        return ax

    def findings(self, language: str | None = None) -> list[Finding]:
        """Return relative strengths and weaknesses, and what limits the answers' worth."""
        say = speak(language or self.language)
        told = [*self._contrast_findings(say), *self._difference_findings(say)]
        return [*told, *self._data_findings(say)]

    def _difference_findings(self, say: Language) -> Iterator[Finding]:
        for row in self.differences[self.differences["clear"]].itertuples():
            words = {"question": self.label(row.question, say), "n": say.number(row.n)}
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
            words = {"question": self.label(row.question, say), "n": say.number(row.n)}
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
        found = [*self._returns(say), *self._left_out(say), *self._odd_answers(say)]
        return [Finding(f"survey-{i}", "data", s, n=int(n), observed=o) for i, s, n, o in found]

    def _returns(self, say: Language) -> Iterator[tuple[str, str, int, float | None]]:
        if self.response_rate is not None:
            sentence = say(
                "{rate} of {sent} questionnaires came back; the others may think otherwise.",
                rate=say.percent(self.response_rate),
                sent=say.number(self.sent),
            )
            yield "rate", sentence, self.sent, self.response_rate
        silent = self.data[(self.data["n"] == 0) & (self.data["does_not_apply"] == 0)]
        for name in silent["question"] if self.returned >= self.min_group else ():
            sentence = say("Nobody answered “{question}”.", question=self.label(name, say))
            yield f"unanswered-{name}", sentence, 0, None

    def _left_out(self, say: Language) -> Iterator[tuple[str, str, int, None]]:
        for row in self.data[self.data["off_scale"] > 0].itertuples():
            sentence = say.plural(
                "{question}: {n} answer is not on the scale and is left out.",
                "{question}: {n} answers are not on the scale and are left out.",
                row.off_scale,
                question=self.label(row.question, say),
            )
            yield f"off-scale-{row.question}", sentence, row.off_scale, None
        if self.duplicates:
            sentence = say.plural(
                "{n} response repeats another one and is left out.",
                "{n} responses repeat another one and are left out.",
                self.duplicates,
            )
            yield "duplicates", sentence, self.duplicates, None
        if self.averages:
            sentence = say.plural(
                "{n} row of averages or totals stands among the answers and is left out.",
                "{n} rows of averages or totals stand among the answers and are left out.",
                self.averages,
            )
            yield "averages", sentence, self.averages, None

    def _odd_answers(self, say: Language) -> Iterator[tuple[str, str, int, None]]:
        for name in self.reliability.reversed if self.reliability else ():
            sentence = say(
                "{question} runs against the other questions: its scale may be the wrong way "
                "round. No reliability is given.",
                question=self.label(name, say),
            )
            yield f"reversed-{name}", sentence, self.reliability.n, None
        alike = self.distribution[self.distribution["share"] == 1]
        for row in alike[alike["count"] >= 2 * self.min_group].itertuples():
            sentence = say(
                "{question}: all answers are alike, which tells nothing of differences.",
                question=self.label(row.question, say),
            )
            yield f"alike-{row.question}", sentence, row[3], None

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
        agreed = self.reliability.sentence(say) if self.reliability else ""
        blocks += [results.text(agreed, "note")] if agreed else []
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
        parts = [f"{self.label(i.id, say)} {say.percent(scored[i.id], 0)}" for i in self._ratings()]
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
