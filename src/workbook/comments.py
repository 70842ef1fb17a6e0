"""Read comments: what names a person is masked, codes come from a book, two coders are compared."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from workbook.language import Language
from workbook.resources import data_path
from workbook.rights import right_name
from workbook.stats import Interval, cohen_kappa

__all__ = [
    "Agreement",
    "code_comments",
    "coder_agreement",
    "count_codes",
    "mask_personal",
    "read_code_book",
]

_TITLE = (
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|M\.|Mme|Mlle|Monsieur|Madame|Pan|Pani|Pana|Panem|Panią|"
    r"г-н|г-жа|господин|госпожа)\.? "
)
_CAPITAL = r"[A-ZÀ-ÝŁŚŻŹĆА-ЯЁ][\w'’-]+"
_PERSONAL = {
    "e-mail": r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+",
    "phone": r"(?<![\w/])(?:\+|00)?\d(?:[ ().-]?\d){7,13}(?!\w)",
    "name": rf"{_TITLE}(?-i:{_CAPITAL}(?: {_CAPITAL})?)",
}


class Agreement(NamedTuple):
    """How far two coders agree on a code: Cohen's kappa with its interval, share of the same."""

    code: str
    n: int
    same: float
    kappa: float
    interval: Interval


def mask_personal(comment: str, names: Sequence[str] = ()) -> tuple[str, tuple[str, ...]]:
    """Mask what names a person: e-mail addresses, phone numbers, names after a title.

    Parameters
    ----------
    comment : str
    names : sequence of str
        Further names to mask wherever they stand, such as the customers'.

    Returns
    -------
    str, tuple of str
        The comment with "[e-mail]", "[phone]", "[name]" in their places, and which were found. A
        name without a title that is not in `names` is not seen: read the comments all the same.

    Examples
    --------
    >>> mask_personal("Call Mr Smith, 0048 600 700 800")
    ('Call [name], [phone]', ('phone', 'name'))
    """
    patterns = dict(_PERSONAL)
    if known := [re.escape(name) for name in names if len(name) > 2]:
        patterns["name"] += rf"|\b(?:{'|'.join(known)})\b"
    found = []
    for kind, pattern in patterns.items():
        comment, n = re.subn(pattern, f"[{kind}]", comment, flags=re.IGNORECASE)
        found += [kind] if n else []
    return comment, tuple(found)


def code_comments(
    responses: pd.DataFrame, book: Mapping[str, str] | None = None, names: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the comments as a table to code by hand, with a first proposal from a code book.

    Parameters
    ----------
    responses : DataFrame
        With a column comment; blank ones are left out.
    book : mapping of str to str, optional
        Code to the words that suggest it, a regular expression; several codes may fit.
    names : sequence of str
        As for `mask_personal`.

    Returns
    -------
    DataFrame
        Index as in responses: comment (masked), personal (kinds found, joined by ;), and a column
        per code of the book, true where its words occur. It is a proposal: a word says little.

    Examples
    --------
    >>> frame = pd.DataFrame({"comment": ["Too late!", None, "Box crushed"]})
    >>> code_comments(frame, {"time": "late|slow", "condition": "crushed|broken"})["time"].tolist()
    [True, False]
    """
    given = responses.get("comment", pd.Series(dtype="str")).dropna().astype("str")
    given = given[given.str.strip() != ""]
    masked = [mask_personal(comment, names) for comment in given]
    table = pd.DataFrame(index=given.index)
    table["comment"] = [comment for comment, _ in masked]
    table["personal"] = [";".join(kinds) for _, kinds in masked]
    for code, words in (book or {}).items():
        table[code] = given.str.contains(words, case=False, regex=True)
    return table


def read_code_book() -> dict[str, str]:
    """Return the shipped code book: each topic with the beginnings of words that suggest it.

    Examples
    --------
    >>> list(read_code_book())[:3]
    ['product', 'quantity', 'time']
    """
    book = pd.read_csv(data_path("codebook.csv"), index_col="code")
    return {str(code): rf"\b(?:{'|'.join(words)})" for code, words in book.iterrows()}


def count_codes(
    responses: pd.DataFrame, say: Language, min_group: int = 5
) -> tuple[pd.DataFrame, str]:
    """Return how many comments speak of each topic, and a sentence; no comment is shown.

    Counts below min_group are not given. Without comments the table and the sentence are empty.

    Examples
    --------
    >>> from workbook.language import speak
    >>> said = pd.DataFrame({"comment": ["Too late again"] * 6})
    >>> count_codes(said, speak("en"))[0].values.tolist()
    [['right time', '6']]
    """
    coded = code_comments(responses, read_code_book())
    if coded.empty:
        return pd.DataFrame(), ""
    topics, n = coded.drop(columns=["comment", "personal"]), len(coded)
    names = {"staff": say("staff"), "praise": say("thanks and praise")}
    counts = topics.sum().loc[lambda count: count > 0].sort_values(ascending=False, kind="stable")
    rows = [(names.get(code) or right_name(code, say), count) for code, count in counts.items()]
    rows += (
        [(say("no topic of the book"), rest)] if (rest := n - int(topics.any(axis=1).sum())) else []
    )
    few = say("fewer than {n}", n=say.number(min_group))
    cells = [(name, say.number(count) if count >= min_group else few) for name, count in rows]
    personal = int((coded["personal"] != "").sum())
    note = say.plural(
        "{n} comment, sorted by words that hint at a topic: a beginning, to be read and coded "
        "by two people. {personal} may name a person.",
        "{n} comments, sorted by words that hint at a topic: a beginning, to be read and coded "
        "by two people. {personal} may name a person.",
        n,
        personal=say.number(personal),
    )
    shown = pd.DataFrame(cells, columns=[say("Topic"), say("Comments")])
    return (shown if n >= min_group else shown.iloc[:0]), note


def coder_agreement(first: pd.DataFrame, second: pd.DataFrame) -> list[Agreement]:
    """Compare two coders, code by code, on the comments that both coded.

    Parameters
    ----------
    first, second : DataFrames of true and false
        As `code_comments` returns them, each filled in by one person; one index, one code book.

    Raises
    ------
    ValueError
        If no comment or no code is in both.

    Examples
    --------
    >>> one = pd.DataFrame({"time": [True, True, False, False]})
    >>> coder_agreement(one, one)[0].kappa
    1.0
    """
    rows = first.index.intersection(second.index)
    codes = [code for code in first if code in second and code not in ("comment", "personal")]
    if not len(rows) or not codes:
        raise ValueError("the two coders share no comment or no code; give both the same table")
    found = []
    for code in codes:
        one, other = first.loc[rows, code].astype(bool), second.loc[rows, code].astype(bool)
        kappa, limits = cohen_kappa(one, other)
        found.append(Agreement(code, len(rows), float((one == other).mean()), kappa, limits))
    return found
