"""Design a short questionnaire: at most six closed questions and one open one, from an item bank.

The bank is data: templates/survey.yaml, or the client's own survey.yaml of the same form. Its
wording is our own and no validated scale.
"""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from workbook import results
from workbook.language import Language, speak
from workbook.questions import Question, Scale, read_item_bank
from workbook.results import Finding
from workbook.schema import RIGHTS

__all__ = [
    "Question",
    "Questionnaire",
    "Scale",
    "bank_of",
    "design_survey",
    "read_item_bank",
]

# Which rights come first when there is room for some only, and what fills the room after them.
_GOALS = {
    "balance": ("time", "condition", "information", "product", "quantity", "price", "place"),
    "cost": ("price", "quantity", "product", "time", "condition", "place", "information"),
    "service": ("time", "information", "condition", "product", "place", "quantity", "price"),
}
_EXTRAS = {
    "balance": ("recommend", "contact"),
    "cost": ("complaints", "recommend"),
    "service": ("contact", "answertime", "recommend"),
}
_SECONDS = {"closed": 10, "open": 45}  # our rule of thumb, reading included


@dataclass(frozen=True)
class Questionnaire:
    """A designed questionnaire; `reasons` says for each id why the question is in.

    Every question has its words in all languages: `question.texts[language]`, `question.labels`,
    `question.scale.labels` (None without a scale) and `question.answers(language)`. `linkable`
    answers carry the order's number; the others carry nothing that names a customer or an order.
    """

    client: str
    language: str
    questions: tuple[Question, ...]
    rights: tuple[str, ...]
    reasons: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    linkable: bool = True

    @property
    def data(self) -> pd.DataFrame:
        """One row per question: id, right, construct, scale, points, text, reason, source."""
        rows = [
            {
                "question": item.id,
                "right": item.right,
                "construct": item.construct,
                "scale": item.scale.name if item.scale else "open",
                "points": len(item.scale.values) if item.scale else None,
                "does_not_apply": item.does_not_apply,
                "text": item.texts[self.language],
                "reason": self.reasons[item.id],
                "source": item.source,
            }
            for item in self.questions
        ]
        return pd.DataFrame(rows)

    @property
    def minutes(self) -> float:
        """How long answering takes: 10 s a closed question and 45 s the open one."""
        kinds = ("closed" if item.scale else "open" for item in self.questions)
        return sum(_SECONDS[kind] for kind in kinds) / 60

    @property
    def coverage(self) -> dict[str, str | None]:
        """The question that each right in scope is asked by, or None."""
        asked = {item.right: item.id for item in self.questions}
        return {right: asked.get(right) for right in self.rights}

    def introduction(self, language: str | None = None) -> str:
        """Return the words above the questions; `{order_id}` stands for the order's number."""
        say = speak(language or self.language)
        n, minutes = len(self.questions), max(1, round(self.minutes))
        about = (
            say("These questions are about your order {order}.", order="{order_id}")
            if self.linkable
            else say("These questions are about your last order.")
        )
        length = say.plural("{n} question", "{n} questions", n)
        return f"{about} " + say(
            "{questions}, about {time}.", questions=length, time=say.minutes(minutes)
        )

    def consent(self, language: str | None = None) -> str:
        """Return what the respondent is told of the use of the answers, before the first one."""
        say = speak(language or self.language)
        linked = say(
            "Taking part is voluntary. Your answers are stored with the number of your order, so "
            "that we can compare them with the delivery. Results are shown for groups only. On "
            "request we delete your answers."
        )
        apart = say(
            "Taking part is voluntary. Your answers are anonymous: they are stored without your "
            "name and without the number of your order, and can't be deleted one by one later."
        )
        return linked if self.linkable else apart

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the questionnaire for reading: number, question, answers, reason."""
        say = speak(language or self.language)
        names = [say("No."), say("Question"), say("Answers"), say("Why it is asked")]
        rows = [
            (say.number(number), item.texts[self.language], self._answers(item, say), why)
            for number, (item, why) in enumerate(self._with_reasons(say), start=1)
        ]
        return pd.DataFrame(rows, columns=names)

    def _answers(self, item: Question, say: Language) -> str:
        if item.scale is None:
            return say("free text")
        labels = item.scale.labels[self.language]
        shown = f"{labels[0]} … {labels[-1]}" if item.scale.ordered else " / ".join(labels)
        extra = item.scale.does_not_apply[self.language]
        return say.series([shown, extra]) if item.does_not_apply else shown

    def _with_reasons(self, say: Language) -> Iterator[tuple[Question, str]]:
        words = {
            "overall": say("the whole, in one answer"),
            "finding": say("the data show that it needs improvement"),
            "scope": say("a right in scope"),
            "goal": say("the client's goal"),
            "open": say("what no closed question asks"),
        }
        return ((item, words[self.reasons[item.id]]) for item in self.questions)

    def findings(self, language: str | None = None) -> list[Finding]:
        """Return one finding per right in scope that no question asks about."""
        say = speak(language or self.language)
        missing = [right for right, asked in self.coverage.items() if asked is None]
        found = []
        for right, name in zip(missing, _right_names(missing, say), strict=True):
            sentence = say("Not asked in this round: {right}. Ask it in the next one.", right=name)
            found.append(Finding(f"survey-not-asked-{right}", "no evidence", sentence, right))
        return found

    def blocks(self, say: Language) -> list[results.Block]:
        """Return the questionnaire as blocks of a report, its words in the reader's language."""
        lead = say.plural(
            "{n} closed question and one open one, about {time} to answer. Send it when the "
            "delivery is confirmed.",
            "{n} closed questions and one open one, about {time} to answer. Send it when the "
            "delivery is confirmed.",
            sum(item.scale is not None for item in self.questions),
            time=say("{n} min", n=say.number(self.minutes, 1)),
        )
        shown = self.table(say.code)
        rows = shown.itertuples(index=False)
        blocks = [
            results.heading(say("The questionnaire"), 3),
            results.text(lead),
            results.table(list(shown), rows, caption=say("Questions to the customer"), numeric=[0]),
            results.text(say("The wording is our own; it is not a validated scale."), "note"),
        ]
        notes = [finding.sentence for finding in self.findings(say.code)]
        return [*blocks, results.items(notes)] if notes else blocks

    def _repr_html_(self) -> str:
        say = speak(self.language)
        note = say("The wording is our own; it is not a validated scale.")
        body = self.table().to_html(index=False, border=0)
        return f"<p><b>{html.escape(self.client)}</b></p>{body}<p>{html.escape(note)}</p>"


def _right_names(rights: Sequence[str], say: Language) -> list[str]:
    names = {item.right: item.labels[say.code] for item in read_item_bank() if item.right}
    return [names.get(right, right) for right in rights]


def design_survey(
    client: object = None,
    *,
    rights: Sequence[str] | None = None,
    language: str | None = None,
    findings: Iterable[Finding | Mapping[str, object]] = (),
    goal: str | None = None,
    max_items: int = 6,
    bank: Sequence[Question] | None = None,
    linkable: bool = True,
) -> Questionnaire:
    """Choose at most six closed questions and one open one for a client.

    Overall satisfaction is always asked; then the rights that the data show to need improvement,
    then the rights in scope in the order of the goal, then what else the goal asks for.

    Parameters
    ----------
    client : Client or Profile, optional
        Gives name, rights, language, goal and, from its folder, the client's own survey.yaml.
    rights, language, goal : optional
        Win over the client's; without either: the seven rights, "en", "balance".
    findings : findings, or the rows of findings.json
        Most important first; those of kind "needs improvement" with a right count.
    max_items : int
        Closed questions, 1 to 6.
    bank : questions, optional
        Wins over the client's survey.yaml and the shipped bank.
    linkable : bool
        Whether the answers carry the order's number; anonymous otherwise.

    Raises
    ------
    ValueError
        If language, goal, a right or max_items is none of those allowed.
    DataError
        If the client's survey.yaml has faults: all of them.

    Examples
    --------
    >>> survey = design_survey(rights=["time", "price"], max_items=2)
    >>> survey.data["question"].tolist(), survey.coverage
    (['overall', 'time', 'comment'], {'time': 'time', 'price': None})
    """
    profile = getattr(client, "profile", client)
    language = speak(language or getattr(profile, "language", "en")).code
    goal = goal or getattr(profile, "goal", "balance")
    rights = tuple(rights or getattr(profile, "rights", RIGHTS))
    _check_choices(rights, goal, max_items)
    bank = tuple(bank) if bank is not None else bank_of(client, language)
    weak = [right for finding in findings if (right := _weak_right(finding))]
    ranked = _rank(bank, weak, rights, goal)
    chosen = dict(list(ranked.items())[:max_items])
    chosen |= {item.id: "open" for item in [i for i in bank if i.scale is None][:1]}
    questions = tuple(item for item in bank if item.id in chosen)
    left_out = tuple(name for name in ranked if name not in chosen)
    name = str(getattr(profile, "name", ""))
    return Questionnaire(name, language, questions, rights, chosen, left_out, linkable)


def _check_choices(rights: Sequence[str], goal: str, max_items: int) -> None:
    unknown = [right for right in rights if right not in (*RIGHTS, "customer")]
    if unknown:
        raise ValueError(f"right {unknown[0]!r} is not known; write any of {', '.join(RIGHTS)}")
    if goal not in _GOALS:
        raise ValueError(f"goal {goal!r} is not known; write one of {', '.join(_GOALS)}")
    if not 1 <= max_items <= 6:
        raise ValueError(f"max_items is {max_items}; a short questionnaire has 1 to 6 of them")


def bank_of(client: object, language: str | None = None) -> tuple[Question, ...]:
    """Return the client's own questions, or the shipped ones.

    Examples
    --------
    >>> len(bank_of(None))
    15
    """
    language = language or getattr(getattr(client, "profile", None), "language", "en")
    folder = getattr(client, "folder", None)
    own = Path(folder) / "survey.yaml" if folder else None
    if own and own.is_file():
        return read_item_bank(own, language=language, languages=(language,))
    return read_item_bank()


def _weak_right(finding: Finding | Mapping[str, object]) -> str | None:
    plain = finding if isinstance(finding, Mapping) else finding.as_dict()
    return plain["right"] if plain["kind"] == "needs improvement" else None


def _rank(
    bank: Sequence[Question], weak: Sequence[str], rights: Sequence[str], goal: str
) -> dict[str, str]:
    """Order the closed questions by preference, each with the first reason it has."""
    in_scope = sorted(rights, key=lambda right: (*_GOALS[goal], right).index(right))
    closed = [item for item in bank if item.scale is not None]
    by_right = {right: [i.id for i in closed if i.right == right] for right in (*weak, *in_scope)}
    preferred = [("overall", item.id) for item in closed if item.id == "overall"]
    preferred += [("finding", name) for right in weak for name in by_right[right]]
    preferred += [("scope", name) for right in in_scope for name in by_right[right]]
    extras = [name for name in _EXTRAS[goal] if any(item.id == name for item in closed)]
    rest = [item.id for item in closed if item.right is None or item.right in rights]
    preferred += [("goal", name) for name in (*extras, *rest)]
    ranked: dict[str, str] = {}
    for reason, name in preferred:
        ranked.setdefault(name, reason)
    return ranked
