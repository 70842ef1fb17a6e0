"""List what may be hard to understand in a question, in four languages; it certifies nothing.

The words that strike are data: data/lint/words.csv. What a rule is good for was counted on
questions of our own, half of them written before the rules: docs/lint.md.
"""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from workbook.language import Language, speak
from workbook.questions import Question
from workbook.resources import data_path
from workbook.results import Finding

__all__ = ["RULES", "WordingFinding", "lint_question", "lint_questions", "reading_ease"]

_DILLMAN = "Dillman, Smyth & Christian 2014, Internet, Phone, Mail, and Mixed-Mode Surveys, ch. 4"
_KROSNICK = "Krosnick & Presser 2010, Handbook of Survey Research, 2nd ed., 263"
_CHOI = "Choi & Pak 2005, Preventing Chronic Disease 2(1):A13"
RULES = {
    "double": _CHOI,
    "leading": _CHOI,
    "negation": _KROSNICK,
    "vague": "Bradburn & Miles 1979, Public Opinion Quarterly 43:92",
    "jargon": _KROSNICK,
    "long": "Lenzner, Kaczmirek & Lenzner 2010, Applied Cognitive Psychology 24:1003",
    "scale": "Krosnick & Fabrigar 1997, Survey Measurement and Process Quality, 141",
    "absolute": _DILLMAN,
    "hypothetical": _CHOI,
    "recall": "Tourangeau, Rips & Rasinski 2000, The Psychology of Survey Response, ch. 3",
    "two_times": _DILLMAN,
    "not_applicable": _CHOI,
    "gendered": "United Nations, Guidelines for gender-inclusive language; for Polish our own rule",
}
# Words, and clauses beyond the first; inflected languages need fewer words. Our rule of thumb.
_LONGEST, _CLAUSES = {"en": 20, "fr": 22, "pl": 16, "ru": 16}, 2
_ABBREVIATION = re.compile(r"\b[A-ZА-ЯЁĄĆĘŁŃÓŚŹŻ]{2,}[0-9]?\b")
_KNOWN = {"SMS", "PDF", "PIN", "OK", "EU", "UE", "ЕС", "USA", "UK", "QR", "TV", "СМС", "ПИН"}
_Span = tuple[int, int]


@dataclass(frozen=True)
class WordingFinding(Finding):
    """What struck in a question's text: where, why, on whose evidence, and what to write.

    `places` are (start, end) in the text, end not included; empty where the answers are meant.
    """

    rule: str = ""
    places: tuple[_Span, ...] = ()
    reason: str = ""
    better: str = ""
    source: str = ""


@cache
def _words() -> dict[tuple[str, str], list[tuple[re.Pattern[str], str]]]:
    found: dict[tuple[str, str], list[tuple[re.Pattern[str], str]]] = {}
    with data_path("lint", "words.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            pattern = re.compile(row["find"], re.IGNORECASE)
            found.setdefault((row["language"], row["rule"]), []).append((pattern, row["better"]))
    return found


def lint_question(
    text: str, language: str = "en", answers: Sequence[str] = ()
) -> list[WordingFinding]:
    """List what may be hard to understand in a question; an empty list certifies nothing.

    Parameters
    ----------
    text : str
        One question, as the respondent reads it.
    language : str
        The question's language, en, fr, pl or ru; the findings are in it too.
    answers : sequence of str
        The answers offered, "does not apply" included; without them the rules on scales and on
        what does not apply are passed over.

    Returns
    -------
    list of WordingFinding
        One per rule that strikes, in the order of `RULES`; ids are "wording-double" and so on.

    References
    ----------
    By rule in `RULES`, and with each finding.

    Examples
    --------
    >>> (finding,) = lint_question("Were we quick and friendly?", "en")
    >>> finding.rule, finding.places
    ('double', ((14, 17),))
    """
    say = speak(language)
    struck: dict[str, tuple[list[_Span], str]] = {
        rule: hits for rule in RULES if (hits := _matches(text, language, rule))[0]
    }
    capitals = [m.span() for m in _ABBREVIATION.finditer(text) if m.group() not in _KNOWN]
    if capitals and not text.isupper():
        spans, better = struck.get("jargon", ([], ""))
        struck["jargon"] = (sorted({*spans, *capitals}), better)
    struck |= {rule: ([], "") for rule in _length_rules(text, language)}
    struck |= {rule: ([], "") for rule in _answer_rules(text, language, answers)}
    return [_finding(rule, text, *struck[rule], answers, say) for rule in RULES if rule in struck]


def _matches(text: str, language: str, rule: str) -> tuple[list[_Span], str]:
    """Return where a rule's words stand in the text, and the better wording of the first."""
    excused = [
        span
        for pattern, _ in _words().get((language, f"not_{rule}"), ())
        for span in (match.span() for match in pattern.finditer(text))
    ]
    if rule in ("double", "jargon"):  # what brackets explain or list is no second question
        excused += [match.span() for match in re.finditer(r"\([^)]*\)", text)]
    inside = lambda span: any(low <= span[0] and span[1] <= high for low, high in excused)
    hits = [
        (match.span(), better)
        for pattern, better in _words().get((language, rule), ())
        for match in pattern.finditer(text)
        if not inside(match.span())
    ]
    hits.sort()
    return [span for span, _ in hits], next((better for _, better in hits if better), "")


def _length_rules(text: str, language: str) -> Iterator[str]:
    clauses, _ = _matches(text, language, "clause")
    if len(re.findall(r"\w+", text)) > _LONGEST[language] or len(clauses) > _CLAUSES:
        yield "long"


def _answer_rules(text: str, language: str, answers: Sequence[str]) -> Iterator[str]:
    has = lambda rule, words: any(p.search(words) for p, _ in _words()[language, rule])
    offered = [words for words in answers if not has("opt_out", words)]
    sign = lambda words: -1 if has("negative", words) else int(has("positive", words))
    signs = [sign(words) for words in offered]
    bare = len(offered) > 2 and not any(letter.isalpha() for letter in "".join(offered))
    if bare or (len(offered) > 2 and sum(map(abs, signs)) > 1 and sum(signs)):
        yield "scale"
    if answers and len(offered) == len(answers) and has("conditional", text):
        yield "not_applicable"


def _finding(
    rule: str, text: str, spans: list[_Span], better: str, answers: Sequence[str], say: Language
) -> WordingFinding:
    reason, advice = _advice(say)["twice" if rule == "negation" and len(spans) > 1 else rule]
    better = better or (_parted(text, spans[0], say) if rule == "double" else advice)
    found = [text[low:high] for low, high in spans]
    about_answers = rule in ("scale", "not_applicable")
    shown = say.listing([f"“{words}”" for words in found or [" / ".join(answers)]])
    shown = shown if found or about_answers else say("The whole question")
    sentence = say(
        "{words}: {reason}. Better: {better}.", words=shown, reason=reason, better=better
    )
    return WordingFinding(
        id=f"wording-{rule}",
        kind="data",
        sentence=sentence,
        where={"text": text},
        rule=rule,
        places=tuple(spans),
        reason=reason,
        better=better,
        source=RULES[rule],
    )


def _parted(text: str, span: _Span, say: Language) -> str:
    before, after = re.findall(r"\w+", text[: span[0]]), re.findall(r"\w+", text[span[1] :])
    one, other = (before or ["…"])[-1], " ".join(after[:2]) or "…"
    return say("two questions, one up to “{one}”, one on “{other}”", one=one, other=other)


def _advice(say: Language) -> dict[str, tuple[str, str]]:
    """Return each rule's reason and, where the words found have none, its better wording."""
    neutral = say("ask how the reader rates it, without praise or blame")
    return {
        "double": (say("it may ask two things, and the answer tells of neither"), ""),
        "leading": (say("the words suggest an answer"), neutral),
        "negation": (say("a negation is easily overread"), say("the same said positively")),
        "twice": (
            say("two negations turn the answer round"),
            say("the same said positively"),
        ),
        "vague": (say("everyone understands this differently"), say("a number or a time")),
        "jargon": (
            say("the reader may not know the word or the abbreviation"),
            say("the words in full, as the reader would say them"),
        ),
        "long": (
            say("so many words or clauses are hard to take in"),
            say("one main clause, and the background in a sentence of its own"),
        ),
        "scale": (
            say("the scale leans to one side, or its points have no words"),
            say("as many good answers as bad ones, each in words"),
        ),
        "absolute": (
            say("hardly anyone can agree to a word without exceptions"),
            say("this order only"),
        ),
        "hypothetical": (
            say("what people say they would do is not what they do"),
            say("what was done the last time"),
        ),
        "recall": (say("it goes back further than people remember"), say("the last order")),
        "two_times": (say("one answer can't speak of two times"), say("one time only")),
        "not_applicable": (
            say("not everyone has been through this, and no answer says so"),
            say("the further answer “does not apply”"),
        ),
        "gendered": (say("the form speaks of a gender"), say("a noun or a neutral form")),
    }


# --- the whole questionnaire ----------------------------------------------------------------------

# Formula by language: what a text starts from, then per word of a sentence and syllable of a word.
_EASE = {"en": (206.835, 1.015, 84.6), "fr": (207, 1.015, 73.6), "ru": (206.835, 1.3, 60.1)}
_HARD_EASE, _HARD_FOG, _FEW_WORDS = 50, 12, 100


def lint_questions(questions: Sequence[Question], language: str = "en") -> list[Finding]:
    """List what may be hard to understand in each question and in all of them together.

    `where` names the question; the reading level comes last, where it can be had.

    Examples
    --------
    >>> from workbook.questions import read_item_bank
    >>> lint_questions(read_item_bank()[:3], "en")[0].id
    'wording-level'
    """
    found: list[Finding] = []
    for item in questions:
        scale = item.answers(language) if item.scale and item.scale.ordered else ()
        struck = lint_question(item.texts[language], language, scale)
        found += [replace(each, where={"question": item.id, **each.where}) for each in struck]
    return [*found, _level([item.texts[language] for item in questions], language)]


def _level(texts: Sequence[str], language: str) -> Finding:
    say, n = speak(language), len(re.findall(r"\w+", " ".join(texts)))
    words = {"words": say.plural("{n} word", "{n} words", n)}
    try:
        score = reading_ease(texts, language)
    except ModuleNotFoundError:
        told = say("The reading level is not known: install the package pyphen.")
        return Finding("wording-level", "data", told, n=n)
    words["score"] = say.number(score, 0)
    hard = score > _HARD_FOG if language == "pl" else score < _HARD_EASE
    if n < _FEW_WORDS:
        told = say("Reading level {score} of {words}: too few words to rely on.", **words)
    elif hard:
        told = say("Reading level {score} of {words}: hard to read; shorten words.", **words)
    else:
        told = say("Reading level {score} of {words}: nothing stands out.", **words)
    return Finding("wording-level", "data", told, n=n, effect=round(score, 1))


def reading_ease(texts: Sequence[str], language: str = "en") -> float:
    """Return how easy a text reads; noise below some hundred words, so never of one question.

    Returns
    -------
    float
        English, French, Russian: about 0 (hard) to 100 (easy), below 50 is hard. Polish: years of
        school that the text asks for, above 12 is hard. No words: nan.

    Raises
    ------
    ModuleNotFoundError
        If pyphen, which parts the syllables, is not installed (the extra `survey`).

    Notes
    -----
    a - b (words per sentence) - c (syllables per word): Flesch 1948, Journal of Applied Psychology
    32:221; French by Kandel & Moles 1958; Russian by Oborneva 2006. Polish FOG: 0.4 (words per
    sentence + 100 × share of words of four syllables or more), Gruszczyński & Ogrodniczuk 2015.
    Hyphenation parts some syllables too few, so texts look somewhat easier than they are.

    Examples
    --------
    >>> reading_ease(["The cat sat on the mat."]) > reading_ease(["Administrative justification."])
    True
    """
    import pyphen

    parted = pyphen.Pyphen(lang={"en": "en_GB", "fr": "fr", "pl": "pl_PL", "ru": "ru_RU"}[language])
    sentences = [re.findall(r"[^\W\d_]+", text) for text in texts]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return math.nan
    length = len(words) / sum(map(bool, sentences))
    syllables = [len(parted.positions(word)) + 1 for word in words]
    if language == "pl":
        return 0.4 * (length + 100 * sum(n >= 4 for n in syllables) / len(words))
    start, per_word, per_syllable = _EASE[language]
    return start - per_word * length - per_syllable * sum(syllables) / len(words)
