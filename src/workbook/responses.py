"""Score returned questionnaires: shares and means with intervals, by segment, small groups hidden.

Every answer is accounted for: scored, "does not apply", off the scale, or missing.
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbook import stats
from workbook.groups import group_differences, hidden_groups
from workbook.questions import Question, read_item_bank
from workbook.ratings import NOT_APPLICABLE, OFF_SCALE, code_answers, not_blank, points_of, rated
from workbook.schema import columns
from workbook.scores import Reliability, Scores
from workbook.survey import Questionnaire

__all__ = ["score_responses"]

# A row of averages or totals below the answers, named so in the place of the response's number.
_AVERAGE = r"(?i)(?:average|mean|totals?|sum|średnia|razem|suma|moyenne|somme|среднее|итого|всего)"
_SCORES = ("mean", "mean_low", "mean_high", "top_two", "top_two_low", "top_two_high")


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
    answered = not_blank(frame[[n for n in frame if n in known] or unknown]).any(axis=1)
    returned = frame[answered]
    codes = {item.id: code_answers(returned[item.id], item) for item in closed}
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
        filled = responses["order_id"].notna() & not_blank(responses[given]).any(axis=1)
        again |= responses.duplicated(["order_id", *given]) & filled
    return again


def _sent(frame: pd.DataFrame, answered: pd.Series, sent: int | None) -> int | None:
    if sent is not None:
        if sent < answered.sum():
            raise ValueError(f"sent is {sent}, but {answered.sum()} came back; count all sent")
        return sent
    if "sent_at" not in frame or answered[frame["sent_at"].notna()].all():
        return None
    return int(frame["sent_at"].notna().sum())


def _score(item: Question, codes: pd.Series, min_group: int, seed: int) -> dict[str, object]:
    n = int(codes.isin(item.scale.values).sum())
    return {
        "question": item.id,
        "right": item.right,
        "scale": item.scale.name,
        "n": n,
        "missing": int(codes.isna().sum()),
        "does_not_apply": int((codes == NOT_APPLICABLE).sum()),
        "off_scale": int((codes == OFF_SCALE).sum()),
        **_summary(points_of(codes, item), item, min_group, seed),
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
    n = int(not_blank(answers.to_frame())[name].sum())
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
        points = points_of(codes[item.id], item)
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
    points = points_of(codes[asked[0].id], asked[0]) if asked else ()
    return stats.net_promoter_score(points) if len(points) >= max(min_group, 1) else None


def _contrasts(
    closed: Sequence[Question], codes: dict[str, pd.Series], min_group: int, seed: int
) -> pd.DataFrame:
    """Compare each right's rating with the same respondents' ratings of the other rights.

    Within respondents, so that a mild or a harsh judge moves nothing; 99 % intervals, as several
    questions are compared at once.
    """
    items = [item for item in closed if item.right and item.scale.name == "rating"]
    ratings = pd.DataFrame({item.id: points_of(codes[item.id], item) for item in items})
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
    ratings = pd.DataFrame({item.id: points_of(codes[item.id], item) for item in items}).dropna()
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
