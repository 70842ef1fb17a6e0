"""Compute the workbook's statistics: intervals, control charts, reliability, sample sizes.

Pure functions of numbers. Shares are fractions of 0 to 1; a confidence is a share too. Input that
can't be right raises ValueError with what was wrong; nothing is dropped in silence.
"""

import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats as scipy_stats

__all__ = [
    "ControlChart",
    "Interval",
    "NetPromoterScore",
    "Survival",
    "bootstrap_mean_interval",
    "clustered_interval",
    "cohen_kappa",
    "cronbach_alpha",
    "decisive_n",
    "difference_power",
    "false_discovery",
    "feldt_interval",
    "item_rest_correlations",
    "kaplan_meier",
    "laney_p_chart",
    "net_promoter_score",
    "newcombe_interval",
    "p_chart",
    "ratio_interval",
    "sample_size",
    "u_chart",
    "wilson_interval",
    "xmr_chart",
]

# Expected moving range of two values, in standard deviations (the constant d2 for n = 2).
_D2 = 1.128


class Interval(NamedTuple):
    """A lower and an upper limit: two numbers, or two arrays of one shape."""

    low: float | np.ndarray
    high: float | np.ndarray


@dataclass(frozen=True)
class ControlChart:
    """A control chart's values and limits; `outside` marks the values beyond them."""

    values: np.ndarray
    center: float
    lower: float | np.ndarray
    upper: float | np.ndarray

    @property
    def outside(self) -> np.ndarray:
        return (self.values < self.lower) | (self.values > self.upper)


class NetPromoterScore(NamedTuple):
    """Promoters' share minus detractors' share, -1 to 1, with its interval and counts."""

    score: float
    interval: Interval
    promoters: int
    passives: int
    detractors: int


class Survival(NamedTuple):
    """The share still open after each time at which something closed."""

    times: np.ndarray
    share: np.ndarray

    def quantile(self, q: float) -> float:
        """Return the time by which a share q had closed; nan when that was never seen."""
        reached = self.times[self.share <= 1 - q + 1e-12]
        return float(reached[0]) if reached.size else math.nan


def _numbers(values: ArrayLike, name: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers; got {values!r:.60}") from None


def _counts(part: ArrayLike, whole: ArrayLike, names: str) -> tuple[np.ndarray, np.ndarray]:
    part, whole = _numbers(part, names), _numbers(whole, names)
    try:
        right = bool(np.all((part >= 0) & (part <= whole)))
    except ValueError:
        raise ValueError(f"{names} differ in length: {part.shape} and {whole.shape}") from None
    if not right:
        raise ValueError(f"{names} must have 0 <= first <= second everywhere, nothing missing")
    return part, whole


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; write a share between 0 and 1, such as 0.95")
    return float(scipy_stats.norm.ppf((1 + confidence) / 2))


def _interval(low: np.ndarray, high: np.ndarray) -> Interval:
    return Interval(low, high) if low.ndim else Interval(float(low), float(high))


def wilson_interval(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    successes, n : number or array
        Counts with 0 <= successes <= n; arrays give arrays. n = 0 gives (0, 1): nothing is known.
    confidence : share between 0 and 1

    Raises
    ------
    ValueError
        If a count is missing, negative or larger than n.

    Notes
    -----
    (p + z²/2n ± z √(pq/n + z²/4n²)) / (1 + z²/n), with p = successes / n and q = 1 - p.
    Wilson 1927, JASA 22:209; Newcombe 1998, Statistics in Medicine 17:857, method 3.

    Examples
    --------
    >>> low, high = wilson_interval(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    s, n = _counts(successes, n, "successes and n")
    z2 = _z(confidence) ** 2
    p = np.where(n > 0, s / np.where(n > 0, n, 1), 0.5)
    half = np.sqrt(z2 * (n * p * (1 - p) + z2 / 4))
    low = np.where(s <= 0, 0.0, (n * p + z2 / 2 - half) / (n + z2))
    high = np.where(s >= n, 1.0, (n * p + z2 / 2 + half) / (n + z2))
    return _interval(low, high)


def newcombe_interval(
    s1: ArrayLike,
    n1: ArrayLike,
    s2: ArrayLike,
    n2: ArrayLike,
    confidence: float = 0.95,
    correlation: float = 0.0,
) -> Interval:
    """Return the interval of a difference of two shares, s1/n1 - s2/n2; independent unless said.

    An empty group says nothing: the interval is (-1, 1). Arguments as for `wilson_interval`.

    Notes
    -----
    d - √(x² - 2φxy + y²) with x = p1 - l1 and y = u2 - p2, to d + the same of u1 - p1 and p2 - l2;
    l and u are Wilson's limits, φ the correlation, 0 for independent shares.
    Newcombe 1998, Statistics in Medicine 17:873, method 10; for pairs 17:2635, method 10.

    Examples
    --------
    >>> low, high = newcombe_interval(56, 70, 48, 80)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    s1, n1 = _counts(s1, n1, "s1 and n1")
    s2, n2 = _counts(s2, n2, "s2 and n2")
    first, second = wilson_interval(s1, n1, confidence), wilson_interval(s2, n2, confidence)
    known = (n1 > 0) & (n2 > 0)
    p1, p2 = s1 / np.where(n1 > 0, n1, 1), s2 / np.where(n2 > 0, n2, 1)
    root = lambda x, y: np.sqrt(x**2 - 2 * correlation * x * y + y**2)
    low = p1 - p2 - root(p1 - first.low, second.high - p2)
    high = p1 - p2 + root(first.high - p1, p2 - second.low)
    return _interval(np.where(known, low, -1.0), np.where(known, high, 1.0))


def clustered_interval(
    successes: ArrayLike, totals: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Return the interval of a share whose cases come in clusters, such as lines in orders.

    Lines of one order fail together, so they count for fewer than they are.

    Parameters
    ----------
    successes, totals : array, one entry per cluster
        Counts with 0 <= successes <= totals; clusters without cases are passed over.

    Notes
    -----
    p = Σs/Σt; linearised variance v = k/(k-1) Σ(s - p t)² / (Σt)² over k clusters; effective size
    pq/v, at most Σt, and k where all cases are alike; then Wilson's interval of that size.
    Korn & Graubard 1998, Survey Methodology 24:193 (effective size in place of n);
    Dean & Pagano 2015, J. Survey Statistics and Methodology 3:484 (Wilson's form of it).

    Examples
    --------
    >>> clustered_interval([2, 0], [2, 2]) == wilson_interval(0.5, 1)
    True
    """
    s, t = map(np.atleast_1d, _counts(successes, totals, "successes and totals"))
    moments = (np.sum(t > 0), s.sum(), t.sum(), np.sum(s * s), np.sum(s * t), np.sum(t * t))
    low, high = ratio_interval(*moments, confidence=confidence)
    return Interval(float(low), float(high))


def ratio_interval(
    k: ArrayLike,
    s: ArrayLike,
    t: ArrayLike,
    ss: ArrayLike,
    st: ArrayLike,
    tt: ArrayLike,
    confidence: float = 0.95,
) -> Interval:
    """Return `clustered_interval` from sums over clusters, which add up however they were taken.

    Parameters
    ----------
    k, s, t, ss, st, tt : numbers, or arrays of one shape
        How many clusters have cases, and the sums of s, t, s², s t and t² over them.

    Examples
    --------
    >>> ratio_interval(2, 2, 4, 4, 4, 8) == clustered_interval([2, 0], [2, 2])
    True
    """
    k, s, t, ss, st, tt = (np.asarray(each, float) for each in (k, s, t, ss, st, tt))
    whole = np.where(t > 0, t, 1.0)
    p = s / whole
    squares = np.maximum(ss - 2 * p * st + p**2 * tt, 0)
    variance = k / np.maximum(k - 1, 1) * squares / whole**2
    alike = (k <= 1) | (p <= 0) | (p >= 1)
    effective = np.where(alike, k, np.minimum(p * (1 - p) / np.maximum(variance, 1e-300), t))
    low, high = wilson_interval(np.clip(p, 0, 1) * effective, effective, confidence)
    return Interval(np.where(t > 0, low, 0.0), np.where(t > 0, high, 1.0))


def decisive_n(observed: float, target: float, confidence: float = 0.95) -> int | None:
    """Return the number of cases at which Wilson's interval around `observed` excludes `target`.

    None when the two shares are equal: no number decides then.

    Notes
    -----
    Wilson's limits are where the score test just rejects: n = z² t (1 - t) / (observed - t)².

    Examples
    --------
    >>> decisive_n(0.87, 0.90)
    385
    """
    if not (0 <= observed <= 1 and 0 <= target <= 1):
        raise ValueError(f"observed {observed} and target {target} must be shares of 0 to 1")
    if observed == target:
        return None
    n = _z(confidence) ** 2 * target * (1 - target) / (observed - target) ** 2
    return max(1, math.ceil(n - 1e-9))


def cronbach_alpha(frame: ArrayLike) -> float:
    """Return Cronbach's alpha: how far several questions agree, at most 1.

    Only rows with every answer count. It says nothing on whether the questions measure one thing,
    and grows with their number. Warns when an item runs against the others: reverse it first.

    Parameters
    ----------
    frame : table of numbers, one row per respondent, one column per question
        At least two of each; nan where all respondents have the same total.

    Notes
    -----
    k/(k-1) (1 - Σ var(item) / var(total)), variances with n - 1.
    Cronbach 1951, Psychometrika 16:297.

    Examples
    --------
    >>> round(cronbach_alpha([[1, 2], [2, 2], [3, 5]]), 4)
    0.8571
    """
    answers = _complete(frame)
    total = answers.sum(axis=1)
    rest = [np.cov(item, total - item)[0, 1] for item in answers.T]
    if min(rest) < 0:
        item = int(np.argmin(rest)) + 1
        warnings.warn(f"question {item} runs against the others; reverse it first", stacklevel=2)
    k, spread = answers.shape[1], total.var(ddof=1)
    within = answers.var(axis=0, ddof=1).sum() / spread if spread else math.nan
    return float(k / (k - 1) * (1 - within))


def item_rest_correlations(frame: ArrayLike) -> np.ndarray:
    """Return how each question goes with the sum of the others; below 0 it runs against them.

    Arguments as for `cronbach_alpha`; nan where a question, or the rest, has no spread.

    Notes
    -----
    Pearson's r of item and total without it, "corrected item-total correlation".
    Nunnally & Bernstein 1994, Psychometric Theory, 3rd ed., ch. 8.

    Examples
    --------
    >>> item_rest_correlations([[1, 2, 5], [2, 3, 4], [3, 4, 1]]).round(2).tolist()
    [-0.87, -0.87, -0.96]
    """
    answers = _complete(frame)
    rest = answers.sum(axis=1, keepdims=True) - answers
    item, rest = answers - answers.mean(axis=0), rest - rest.mean(axis=0)
    spread = np.sqrt((item**2).sum(axis=0) * (rest**2).sum(axis=0))
    return np.where(spread > 0, (item * rest).sum(axis=0) / np.where(spread > 0, spread, 1), np.nan)


def _complete(frame: ArrayLike) -> np.ndarray:
    answers = _numbers(frame, "answers")
    answers = answers[~np.isnan(answers).any(axis=1)] if answers.ndim == 2 else answers
    if answers.ndim != 2 or min(answers.shape) < 2:
        raise ValueError(f"alpha needs 2 questions and 2 complete rows; got {answers.shape}")
    return answers


def cohen_kappa(
    first: ArrayLike, second: ArrayLike, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Return how far two coders agree beyond chance, at most 1, with its interval.

    Parameters
    ----------
    first, second : arrays of codes, one per comment, of one length

    Returns
    -------
    kappa, Interval
        nan and (-1, 1) where both always gave the same one code, or there is nothing to compare.

    Notes
    -----
    (po - pe) / (1 - pe); limits from √(po (1 - po) / n) / (1 - pe), rough below some 50 comments.
    Cohen 1960, Educational and Psychological Measurement 20:37.

    Examples
    --------
    >>> kappa, limits = cohen_kappa([1] * 25 + [0] * 25, [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)
    >>> round(kappa, 2)
    0.4
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"two coders code the same comments; got {one.shape} and {other.shape}")
    n, codes = len(one), set(one.tolist()) | set(other.tolist())
    chance = sum((one == code).mean() * (other == code).mean() for code in codes) if n else 1.0
    if chance >= 1:
        return math.nan, Interval(-1.0, 1.0)
    agreed = float((one == other).mean())
    kappa = (agreed - chance) / (1 - chance)
    half = _z(confidence) * math.sqrt(agreed * (1 - agreed) / n) / (1 - chance)
    return float(kappa), Interval(float(max(-1.0, kappa - half)), float(min(1.0, kappa + half)))


def difference_power(
    share: float, other: float, n: float, n_other: float, confidence: float = 0.95
) -> float:
    """Return the chance that so many answers show a difference of two shares, 0 to 1.

    Notes
    -----
    Φ(h √(n m / (n + m)) - z), with h = |2 arcsin √p - 2 arcsin √q|.
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, 2nd ed., ch. 6.

    Examples
    --------
    >>> round(difference_power(0.6, 0.5, 392, 392), 2)
    0.8
    """
    if not (0 <= share <= 1 and 0 <= other <= 1 and min(n, n_other) >= 0):
        raise ValueError(f"shares {share}, {other} lie within 0 and 1, {n} and {n_other} are >= 0")
    h = abs(2 * math.asin(math.sqrt(share)) - 2 * math.asin(math.sqrt(other)))
    root = math.sqrt(n * n_other / (n + n_other)) if n and n_other else 0.0
    return float(scipy_stats.norm.cdf(h * root - _z(confidence)))


def feldt_interval(alpha: float, items: int, n: int, confidence: float = 0.95) -> Interval:
    """Return Feldt's interval of Cronbach's alpha, for so many items and n complete rows.

    Notes
    -----
    1 - (1 - alpha) F, with F's quantiles for n - 1 and (n - 1)(items - 1) degrees of freedom.
    Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11:93.

    Examples
    --------
    >>> low, high = feldt_interval(0.85, 7, 89)
    >>> round(low, 4), round(high, 4)
    (0.7971, 0.8932)
    """
    if items < 2 or n < 2 or not alpha <= 1:
        raise ValueError(f"alpha {alpha}, items {items}, n {n}: alpha <= 1, the others at least 2")
    _z(confidence)
    tails = np.array([(1 + confidence) / 2, (1 - confidence) / 2])
    limits = 1 - (1 - alpha) * scipy_stats.f.ppf(tails, n - 1, (n - 1) * (items - 1))
    return Interval(float(limits[0]), float(limits[1]))


def net_promoter_score(
    answers: Iterable[float] | Mapping[object, int], confidence: float = 0.95
) -> NetPromoterScore:
    """Return the net promoter score: the share of 9-10 minus the share of 0-6.

    Parameters
    ----------
    answers : series of answers 0 to 10 (missing ones are passed over), or counts
        Counts are a mapping {0: n, … 10: n} or {"promoters": n, "passives": n, "detractors": n},
        or what `Series.value_counts()` gives.

    Notes
    -----
    The score is raw; its limits are adjusted-Wald: 3/4 is added to promoters and detractors and
    3/2 to passives, then d ± z √((p + q - d²) / (n + 3)). No answers: score nan, interval (-1, 1).
    Rocks 2016, The American Statistician 70:365.

    Examples
    --------
    >>> result = net_promoter_score([10, 9, 8, 3])
    >>> result.score, result.promoters
    (0.25, 2)
    """
    z = _z(confidence)
    promoters, passives, detractors = _promoter_counts(answers)
    n = promoters + passives + detractors
    if not n:
        return NetPromoterScore(math.nan, Interval(-1.0, 1.0), 0, 0, 0)
    p, q = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    half = z * math.sqrt((p + q - (p - q) ** 2) / (n + 3))
    interval = Interval(max(-1.0, p - q - half), min(1.0, p - q + half))
    score = (promoters - detractors) / n
    return NetPromoterScore(score, interval, promoters, passives, detractors)


def _promoter_counts(answers: Iterable[float] | Mapping[object, int]) -> tuple[int, int, int]:
    if getattr(answers, "name", None) == "count":
        answers = dict(answers.items())
    if isinstance(answers, Mapping) and "promoters" in answers:
        return tuple(int(answers.get(name, 0)) for name in ("promoters", "passives", "detractors"))
    if isinstance(answers, Mapping):
        scores = np.repeat(_numbers(list(answers), "scores"), list(answers.values()))
    else:
        scores = np.atleast_1d(_numbers(answers, "answers"))
    scores = scores[~np.isnan(scores)]
    if not np.isin(scores, np.arange(11)).all():
        raise ValueError("recommendation answers are whole numbers of 0 to 10; take others out")
    return (
        int((scores >= 9).sum()),
        int(((scores > 6) & (scores < 9)).sum()),
        int((scores < 7).sum()),
    )


def sample_size(
    population: float | None,
    margin: float = 0.05,
    confidence: float = 0.95,
    rounding: str | None = None,
) -> int:
    """Return how many answers put a share within ± margin, at worst (a share of one half).

    Parameters
    ----------
    population : number of people that could be asked; None when it has no bound
    margin : float
        Half the interval's width, a share between 0 and 1.
    rounding : "round", "up" or None
        None follows the sources: round for a population, up without one.

    Notes
    -----
    x N / (4 m² (N - 1) + x) with x = z² (3.841 at 95 %), or x / 4m² without a bound. Their printed
    table comes with round; up differs from half of its rows by one.
    Krejcie & Morgan 1970, Educational and Psychological Measurement 30:607; Cochran 1977, ch. 4.

    Examples
    --------
    >>> sample_size(1000), sample_size(None)
    (278, 385)
    """
    unbounded = population is None or population == math.inf
    rounding = rounding or ("up" if unbounded else "round")
    if rounding not in ("round", "up"):
        raise ValueError(f"rounding is {rounding!r}; write 'round' or 'up'")
    if not 0 < margin < 1 or not (unbounded or population >= 0):
        raise ValueError(f"margin {margin} must be within 0 and 1, population {population} >= 0")
    x = round(_z(confidence) ** 2, 3)
    exact = x / (4 * margin**2)
    if not unbounded:
        exact = x * population / (4 * margin**2 * max(population - 1, 0) + x)
    return math.ceil(exact - 1e-9) if rounding == "up" else math.floor(exact + 0.5)


def p_chart(counts: ArrayLike, sizes: ArrayLike) -> ControlChart:
    """Return a p-chart: shares of each period against three-sigma limits of its own size.

    With thousands of cases a period it alarms on ordinary weeks; `laney_p_chart` doesn't.

    Parameters
    ----------
    counts, sizes : arrays, one entry per period, or one size for all
        0 <= counts <= sizes; a period without cases has no value and no limits (nan).

    Notes
    -----
    p̄ ± 3 √(p̄ (1 - p̄) / n), cut at 0 and 1.
    Montgomery, Introduction to Statistical Quality Control, ch. 7 (ch. 6 in older editions).

    Examples
    --------
    >>> chart = p_chart([5, 5], [100, 100])
    >>> chart.center, round(float(chart.upper[0]), 4)
    (0.05, 0.1154)
    """
    shares, center, sigma = _shares(counts, sizes)
    return _p_limits(shares, center, sigma, 1.0)


def u_chart(faults: ArrayLike, sizes: ArrayLike) -> ControlChart:
    """Return a u-chart: faults per unit of each period, where one unit can have several.

    Notes
    -----
    ū ± 3 √(ū / n), cut at 0. Montgomery, Introduction to Statistical Quality Control, ch. 7.

    Examples
    --------
    >>> chart = u_chart([8, 12], [5, 5])
    >>> chart.center, round(float(chart.upper[0]), 4)
    (2.0, 3.8974)
    """
    faults, sizes = np.broadcast_arrays(_numbers(faults, "faults"), _numbers(sizes, "sizes"))
    if not (np.all(faults >= 0) and np.all(sizes >= 0) and sizes.sum() > 0):
        raise ValueError("faults and sizes must be 0 or more, nothing missing, and not all sizes 0")
    center, sizes = float(faults.sum() / sizes.sum()), np.where(sizes > 0, sizes, np.nan)
    half = 3 * np.sqrt(center / sizes)
    return ControlChart(faults / sizes, center, np.maximum(center - half, 0.0), center + half)


def laney_p_chart(counts: ArrayLike, sizes: ArrayLike) -> ControlChart:
    """Return Laney's p′-chart: limits widened by how much periods differ beyond chance.

    Arguments as for `p_chart`; at least two periods with cases.

    Notes
    -----
    p̄ ± 3 σ σz, with σz = mean |z(i) - z(i-1)| / 1.128 and z the p-chart's standardised shares:
    the moving range, not the standard deviation, so that a shift doesn't widen its own limits.
    Laney 2002, Quality Engineering 14:531.

    Examples
    --------
    >>> bool(
    ...     laney_p_chart([10, 30, 10], [1000] * 3).upper[0] > p_chart([10, 30, 10], 1000).upper[0]
    ... )
    True
    """
    shares, center, sigma = _shares(counts, sizes)
    known = ~np.isnan(shares)
    if known.sum() < 2:
        raise ValueError(f"Laney's chart needs 2 periods with cases; got {known.sum()}")
    if center in (0, 1):
        return _p_limits(shares, center, sigma, 1.0)
    z = (shares[known] - center) / sigma[known]
    return _p_limits(shares, center, sigma, float(np.abs(np.diff(z)).mean() / _D2))


def _shares(counts: ArrayLike, sizes: ArrayLike) -> tuple[np.ndarray, float, np.ndarray]:
    counts, sizes = np.broadcast_arrays(*_counts(counts, sizes, "counts and sizes"))
    if not sizes.sum():
        raise ValueError("a control chart needs at least one period with cases; all sizes are 0")
    center = float(counts.sum() / sizes.sum())
    sizes = np.where(sizes > 0, sizes, np.nan)
    return counts / sizes, center, np.sqrt(center * (1 - center) / sizes)


def _p_limits(shares: np.ndarray, center: float, sigma: np.ndarray, factor: float) -> ControlChart:
    half = 3 * sigma * factor
    return ControlChart(
        shares, center, np.maximum(center - half, 0.0), np.minimum(center + half, 1.0)
    )


def xmr_chart(values: ArrayLike) -> ControlChart:
    """Return a chart of single values: mean ± 3 moving ranges / 1.128.

    Missing values are kept as gaps; the range is then over the neighbours that are known.

    References
    ----------
    NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2.

    Examples
    --------
    >>> chart = xmr_chart([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
    >>> round(chart.center, 2), round(chart.lower, 4), round(chart.upper, 4)
    (50.81, 45.8159, 55.8041)
    """
    values = np.atleast_1d(_numbers(values, "values"))
    known = values[~np.isnan(values)]
    if known.size < 2:
        raise ValueError(f"a chart of single values needs 2 values; got {known.size}")
    center, half = float(known.mean()), float(3 * np.abs(np.diff(known)).mean() / _D2)
    return ControlChart(values, center, center - half, center + half)


def false_discovery(p: ArrayLike, rate: float = 0.05) -> np.ndarray:
    """Tell which of many tests are findings while false ones stay at `rate` of them.

    Parameters
    ----------
    p : array of p-values, 0 to 1
        A missing one is no test: false, and not counted.

    Returns
    -------
    numpy.ndarray
        One true or false per p, in the order given.

    References
    ----------
    Benjamini & Hochberg 1995, J. Royal Statistical Society B 57:289: p(i) <= rate i / m.

    Examples
    --------
    >>> false_discovery([0.01, 0.9, 0.02]).tolist()
    [True, False, True]
    """
    p = np.atleast_1d(_numbers(p, "p"))
    known = p[~np.isnan(p)]
    if np.any((known < 0) | (known > 1)) or not 0 < rate < 1:
        raise ValueError(f"p-values are 0 to 1 and the rate, {rate}, lies between 0 and 1")
    ordered = np.sort(known)
    passed = ordered <= rate * np.arange(1, known.size + 1) / max(known.size, 1)
    return p <= ordered[passed].max() if passed.any() else np.zeros(p.shape, dtype=bool)


def kaplan_meier(durations: ArrayLike, observed: ArrayLike) -> Survival:
    """Return the share still open over time where some cases are not closed yet.

    Parameters
    ----------
    durations : array, >= 0, any unit
        Time to the end, or to the last look at a case that is open.
    observed : array of true (ended) and false (still open)

    Notes
    -----
    S(t) = Π (1 - ended / at risk); at a tie the ended go before the open.
    Kaplan & Meier 1958, JASA 53:457.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 4], [True, False, True, True]).share.tolist()
    [0.75, 0.375, 0.0]
    """
    durations = np.atleast_1d(_numbers(durations, "durations"))
    ended = np.atleast_1d(np.asarray(observed, dtype=bool))
    if durations.shape != ended.shape or not np.all(durations >= 0):
        raise ValueError("durations must be >= 0, none missing, with one true or false for each")
    times, closed = np.unique(durations[ended], return_counts=True)
    at_risk = durations.size - np.searchsorted(np.sort(durations), times)
    return Survival(times, np.cumprod(1 - closed / at_risk))


def bootstrap_mean_interval(
    values: ArrayLike, seed: int, confidence: float = 0.95, repeats: int = 2000
) -> Interval:
    """Return the percentile bootstrap interval of a mean; the same seed gives the same limits.

    Missing values are passed over; fewer than two give (nan, nan). Too narrow for a handful of
    values, and of no width where all are alike.

    References
    ----------
    Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13.

    Examples
    --------
    >>> bootstrap_mean_interval([4, 4, 4], seed=1)
    Interval(low=4.0, high=4.0)
    """
    _z(confidence)
    values = np.atleast_1d(_numbers(values, "values"))
    levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    n = int(counts.sum())
    if n < 2:
        return Interval(math.nan, math.nan)
    rng = np.random.default_rng(seed)
    # A hundred at a time: fast for few levels, and many levels fit into memory.
    batches = [rng.multinomial(n, counts / n, size=100) for _ in range(0, repeats, 100)]
    means = np.concatenate([batch @ levels / n for batch in batches])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
