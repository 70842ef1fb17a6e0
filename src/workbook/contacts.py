"""Measure how customers are answered: questions, claims, and the stock records behind the answers.

What is still open counts for as long as it has lasted (Kaplan-Meier). Rows that end before they
open, or don't say when, are counted as faulty and left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import CensoredData, logrank, norm

from workbook import plots, results
from workbook.clock import elapsed_minutes, working_minutes
from workbook.display import Face, as_table
from workbook.language import Language, speak
from workbook.profile import Profile
from workbook.results import Block, Finding
from workbook.schema import columns
from workbook.states import end_of
from workbook.stats import Survival, false_discovery, kaplan_meier, wilson_interval

__all__ = ["Closure", "Contacts", "Records", "claims_closure", "measure_contacts"]
__all__ += ["record_accuracy"]

_MOST_GROUPS = 13
# Who waits longer is told from so many questions on each side, so many times the others' median
# and hours more, and as seldom in error as a failing place. When a question was asked is shown
# only: whoever asks on a Friday afternoon waits longer by the clock, and not by the desk's.
COMPARED, LEAST_ASKED, LEAST_TIMES, LEAST_HOURS, RATE = ("channel", "language"), 30, 1.5, 0.5, 0.02


@dataclass(frozen=True)
class _Answers(Face):
    """Groups, all cases first: by, group, n and what was measured (nan: too few cases)."""

    data: pd.DataFrame
    faulty: int
    profile: Profile
    language: str
    curve: Survival | None = None

    def caption(self, say: Language) -> str:
        """Name the table."""
        return self._words(say)[0]

    def sentence(self, say: Language) -> str:
        """Say what was measured of all cases."""
        first, names = self.data.iloc[0], list(self._words(say)[1])[:3]
        words = {"n": say.number(first["n"])}
        if not np.isfinite(first[names].astype(float)).all():
            return say("Cases: {n}; too few, or too many of them open, to say more.", **words)
        facts = [_cell(name, first[name], say) for name in names]
        return self._told(say, words | dict(zip(("half", "most", "rest"), facts, strict=True)))

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return what was measured of the first groups."""
        say = speak(language or self.language)
        cells = {say("Group"): (lambda *group: _label(*group, say), "by", "group")}
        for name, head in {"n": say("Cases"), **self._words(say)[1]}.items():
            cells[head] = (lambda value, name=name: _cell(name, value, say), name)
        return as_table(self.data.head(_MOST_GROUPS), cells)

    def blocks(self, say: Language, *, drawn: bool = True) -> list[Block]:
        """Return what was measured, and how many groups are not shown."""
        blocks, rest = super().blocks(say, drawn=drawn), len(self.data) - _MOST_GROUPS
        if rest > 0:
            more = say.plural("… and {n} more", "… and {n} more", rest)
            blocks.insert(2, results.text(more, "note"))  # below the table
        return blocks

    def _draw(self, say: Language, ax: Axes | None) -> Axes:
        rows = self.data.head(_MOST_GROUPS).replace(np.inf, np.nan)
        groups = zip(rows["by"], rows["group"], map(say.number, rows["n"]), strict=True)
        rows = rows.assign(label=[f"{_label(*group, say)} (n = {n})" for *group, n in groups])
        if "confirmed" in rows:
            rows = rows.assign(upper=rows["confirmed"], target=np.nan, verdict="no evidence")
            return plots.rate_bands(rows.assign(note=say("not demonstrable")), say, ax)
        median, most = list(self._words(say)[1])[:2]
        rows = rows.rename(columns={median: "median", most: "p90"}).assign(p95=np.nan)
        known = rows["median"].notna()
        rows = rows[known] if known.any() else rows
        ax = plots.durations(rows, say, ax)
        ax.set_xlabel(self.caption(say))
        return ax

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield how many rows are faulty; what was measured is no finding without a target."""
        told = say("{n} rows end before they open, or don't say when.", n=say.number(self.faulty))
        if self.faulty:
            yield Finding(f"{type(self).__name__.lower()}-faulty", "data", told, n=self.faulty)


def _label(by: str, group: str, say: Language) -> str:
    names = {("all", ""): say("All"), ("opened", "other"): say("At other times")}
    names[("opened", "Friday afternoon")] = say("On Friday afternoons")
    return names.get((by, group), group or say("not recorded"))


def _cell(name: str, value: float, say: Language) -> str:
    if not np.isfinite(value):
        return say("not demonstrable") if np.isnan(value) else say("not reached")
    if name.endswith(("_median", "_p90")):
        return say.number(value, 1)
    return say.number(value) if name in ("n", "language_n", "days") else say.percent(value)


class Contacts(_Answers):
    """How questions were answered, in all and by channel, language and when they were opened.

    `data`: median and p90 hours of the desk to the first reply (reply_) and until settled
    (settled_), the same by the clock (reply_clock_, settled_clock_; inf: not reached), the shares
    still without (reply_open, settled_open), and of language_n replies those in the same_language.
    By channel and language also reply_rest (the others' median), longer (the difference) with
    longer_low and longer_high, and slow: demonstrably so.
    """

    def _words(self, say: Language) -> tuple[str, dict[str, str]]:
        heads = {
            "reply_median": say("Half replied, desk hours"),
            "reply_p90": say("90% replied, desk hours"),
            "reply_open": say("Without a reply"),
            "reply_clock_median": say("Half replied, by the clock"),
            "settled_median": say("Half settled, desk hours"),
            "settled_p90": say("90% settled, desk hours"),
            "same_language": say("Reply in the same language"),
            "language_n": say("Both languages known"),
        }
        return say("Hours until half and 90% of the questions had a reply"), heads

    def _told(self, say: Language, words: dict[str, str]) -> str:
        return say(
            "Half of {n} questions had a reply within {half} desk hours, 90% within {most}; {rest} "
            "have none.",
            **words,
        )

    def _found(self, say: Language) -> Iterator[Finding]:
        """Yield whose questions wait demonstrably longer in the hours of the desk."""
        heads = columns("inquiries")
        for row in self.data[self.data["slow"]].itertuples():
            hours = {"half": row.reply_median, "rest": row.reply_rest}
            hours |= {"low": row.longer_low, "high": row.longer_high}
            told = say(
                "Half of {n} questions ({place}) had a reply within {half} desk hours, against "
                "{rest} for the others: between {low} and {high} hours longer.",
                n=say.number(row.n),
                place=f"{heads[row.by].labels[say.code].lower()}: {row.group}",
                **{name: say.number(value, 1) for name, value in hours.items()},
            )
            facts = {"n": row.n, "observed": row.reply_median, "expected": row.reply_rest}
            facts |= {"interval": (row.longer_low, row.longer_high), "effect": row.longer}
            facts["where"] = {row.by: row.group}
            yield Finding(f"reply-{row.by}-{row.group}", "needs improvement", told, **facts)
        yield from super()._found(say)


class Closure(_Answers):
    """How long claims stay open, in all and by reason; `curve` is the share of all still open.

    `data`: median and p90 days until closed (closed_; inf: not reached), the share closed_open.
    """

    def _words(self, say: Language) -> tuple[str, dict[str, str]]:
        heads = {"closed_median": say("Half closed, days"), "closed_p90": say("90% closed, days")}
        heads["closed_open"] = say("Still open")
        return say("Days until half and 90% of the claims were closed"), heads

    def _told(self, say: Language, words: dict[str, str]) -> str:
        return say(
            "Half of {n} claims were closed within {half} days, 90% within {most}; {rest} are "
            "still open.",
            **words,
        )


class Records(_Answers):
    """How often stock records are right and stock within its limits, in all and by product.

    `data`: confirmed (the share of n counts that agree), its low and high, and in_band (the share
    of the days with limits); the products with most wrong counts come first.
    """

    def _words(self, say: Language) -> tuple[str, dict[str, str]]:
        heads = {"confirmed": say("Record right"), "low": say("At least"), "high": say("At most")}
        heads |= {"in_band": say("Within limits"), "days": say("Days with limits")}
        return say("Counts that agree with the stock record"), heads

    def _told(self, say: Language, words: dict[str, str]) -> str:
        return say(
            "The stock record agrees with {half} of {n} counts (95% interval: {most} to {rest}).",
            **words,
        )


def _lasted(
    frame: pd.DataFrame, ends: dict[str, str], as_of: object, profile: Profile
) -> tuple[pd.DataFrame, int]:
    """Return the cases seen by as_of, hours to each end or to as_of, and how many are faulty."""
    names, given = ["opened_at", *ends.values()], set(frame)
    frame = frame.reindex(columns=dict.fromkeys([*frame, *names]))
    frame = frame.astype(dict.fromkeys(names, "datetime64[us]"))
    faulty = frame["opened_at"].isna() | frame[names].lt(frame["opened_at"], axis=0).any(axis=1)
    latest = frame[names].max().max()
    end = pd.Timestamp(end_of(as_of or profile.as_of or (0 if pd.isna(latest) else latest)))
    seen = frame[~faulty & (frame["opened_at"] <= end)].reset_index(drop=True)
    place = {"desk_hours": profile.desk_hours, "country": profile.country}
    for name, column in ends.items():
        still = ~(seen[column] <= end)
        span = seen["opened_at"], seen[column].mask(still, end)
        seen[name], seen[f"{name}_open"] = working_minutes(*span, **place) / 60, still
        seen[f"{name}_clock"] = elapsed_minutes(*span, profile.timezone) / 60
        seen[f"{name}_clock_open"] = still
        if column not in given:  # not recorded, which is not open
            seen[[name, f"{name}_clock"]] = np.nan
    return seen, int(faulty.sum())


def _groups(seen: pd.DataFrame, *by: str) -> list[tuple[dict[str, object], pd.DataFrame]]:
    parts = [({"by": "all", "group": "", "n": len(seen)}, seen)]
    for column in (name for name in by if name in seen):
        groups = seen.groupby(seen[column].astype("str").fillna(""))
        parts += [({"by": column, "group": group, "n": len(x)}, x) for group, x in groups]
    return parts


def _times(part: pd.DataFrame, names: list[str], least: int) -> dict[str, float]:
    """Return quantiles by Kaplan-Meier and the shares still open; nan of too few cases."""
    row = {}
    for name in names:
        still, enough = part[f"{name}_open"], len(part) >= least and part[name].notna().all()
        curve = kaplan_meier(part[name].fillna(0), ~still)
        found = [np.inf if np.isnan(at) else at for at in map(curve.quantile, (0.5, 0.9))]
        found = [*found, still.mean()] if enough else [np.nan] * 3
        row |= dict(zip((f"{name}_{key}" for key in ("median", "p90", "open")), found, strict=True))
    return row


def measure_contacts(inquiries: pd.DataFrame, profile: Profile, as_of: object = None) -> Contacts:
    """Measure the time to first replies and settlements, in the desk's hours and by the clock.

    What was settled without a first reply was answered when it was settled. Later than `as_of`
    (default: the profile's, else the last date) nothing is seen. No inquiries give n = 0.

    Examples
    --------
    >>> asked = pd.DataFrame({"opened_at": pd.to_datetime(["2026-05-08 15:30"] * 5)})
    >>> asked = asked.assign(first_reply_at=pd.Timestamp("2026-05-11 08:15"))
    >>> answered = measure_contacts(asked, Profile("A")).data
    >>> float(answered.loc[0, "reply_median"]), float(answered.loc[0, "reply_clock_median"])
    (0.75, 64.75)
    """
    dates = inquiries.reindex(columns=["first_reply_at", "resolved_at"]).astype("datetime64[us]")
    reply = {"reply_at": dates["first_reply_at"].fillna(dates["resolved_at"])}
    asked = inquiries.assign(**reply if set(dates) & set(inquiries) else {})
    seen, faulty = _lasted(asked, {"reply": "reply_at", "settled": "resolved_at"}, as_of, profile)
    friday = (seen["opened_at"].dt.day_of_week == 4) & (seen["opened_at"].dt.hour >= 12)
    seen["opened"] = np.where(friday, "Friday afternoon", "other")
    rows, times = [], ["reply", "reply_clock", "settled", "settled_clock"]
    for row, part in _groups(seen, "channel", "language", "opened"):
        both = part.reindex(columns=["language", "language_reply"]).dropna().astype("str")
        same = both["language"].str.casefold() == both["language_reply"].str.casefold()
        share = same.mean() if len(both) >= profile.min_group else np.nan
        row |= {"language_n": len(both), "same_language": share}
        rows.append(row | _times(part, times, profile.min_group) | _longer(part, seen, row["by"]))
    data = pd.DataFrame(rows)
    sure = false_discovery(data["p"].to_numpy(float), RATE) & (data["longer_low"] > 0)
    large = data["reply_median"] >= LEAST_TIMES * data["reply_rest"]
    data["slow"] = sure & large & (data["longer"] >= LEAST_HOURS)
    return Contacts(data.drop(columns="p"), faulty, profile, profile.language)


def _longer(part: pd.DataFrame, seen: pd.DataFrame, by: str) -> dict[str, float]:
    """Compare a group's desk hours to the first reply with the others': log-rank test and medians.

    Mantel 1966, Cancer Chemotherapy Reports 50:163; the interval of the difference puts those of
    the two medians together (Zou & Donner 2008, Statistics in Medicine 27:1693).
    """
    rest = seen.drop(part.index)
    names, sides = ["reply_rest", "longer", "longer_low", "longer_high", "p"], (part, rest)
    few = min(map(len, sides)) < LEAST_ASKED or seen["reply"].isna().any()
    if by not in COMPARED or few:
        return dict.fromkeys(names, np.nan)
    (a, a_low, a_high), (b, b_low, b_high) = map(_median_reply, sides)
    low, high = a - b - np.hypot(a - a_low, b_high - b), a - b + np.hypot(a_high - a, b - b_low)
    cases = [CensoredData.right_censored(x["reply"], x["reply_open"]) for x in sides]
    p = logrank(*cases, alternative="less").pvalue
    return dict(zip(names, (b, a - b, low, high, p), strict=True))


def _median_reply(part: pd.DataFrame) -> np.ndarray:
    """Return the median desk hours to the first reply, and its limits by order statistics."""
    curve = kaplan_meier(part["reply"], ~part["reply_open"])
    half = norm.ppf(0.975) / 2 / np.sqrt(len(part))
    return np.array([curve.quantile(0.5 + shift) for shift in (0, -half, half)])


def claims_closure(
    claims: pd.DataFrame, as_of: object = None, profile: Profile | None = None
) -> Closure:
    """Measure how many calendar days claims stay open, as seen at `as_of` (default: the last date).

    Examples
    --------
    >>> claims = pd.DataFrame({"opened_at": pd.to_datetime(["2026-05-01"] * 5)})
    >>> claims["closed_at"] = claims["opened_at"] + pd.Timedelta(days=3)
    >>> float(claims_closure(claims).data.loc[0, "closed_median"])
    3.0
    """
    profile = profile or Profile(name="")
    seen, faulty = _lasted(claims, {"closed": "closed_at"}, as_of, profile)
    seen["closed"] = seen["closed_clock"] / 24
    groups, least = _groups(seen, "reason"), profile.min_group
    rows = [row | _times(part, ["closed"], least) for row, part in groups]
    curve = kaplan_meier(seen["closed"].fillna(0), ~seen["closed_open"])
    return Closure(pd.DataFrame(rows), faulty, profile, profile.language, curve)


def record_accuracy(
    stock: pd.DataFrame, tolerance: float = 0.0, profile: Profile | None = None
) -> Records:
    """Measure how often the stock record agrees with the count, within a share of the count.

    Examples
    --------
    >>> stock = pd.DataFrame({"product": ["A"] * 5, "on_hand": [9, 9, 9, 9, 8], "counted": [9] * 5})
    >>> float(record_accuracy(stock).data.loc[0, "confirmed"])
    0.8
    """
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance {tolerance!r} can't be used; write a share, as 0.02")
    profile, names = profile or Profile(name=""), ["on_hand", "counted", "minimum", "maximum"]
    stock = stock.reindex(columns=["product", *names]).astype(dict.fromkeys(names, float))
    held, counted, minimum, maximum = (stock[name] for name in names)
    agrees = (held - counted).abs() <= tolerance * counted.abs() + 1e-9
    stock["agrees"] = agrees.where(held.notna() & counted.notna()).astype(float)
    kept = ~((held < minimum) | (held > maximum))
    stock["kept"] = kept.where(held.notna() & (minimum.notna() | maximum.notna())).astype(float)
    rows, least = [], profile.min_group
    for row, part in _groups(stock, "product"):
        n, right, days = part["agrees"].count(), part["agrees"].sum(), part["kept"].count()
        rates = [right / n, *wilson_interval(right, n)] if n >= least else [np.nan] * 3
        row |= dict(zip(("confirmed", "low", "high"), rates, strict=True))
        row |= {"n": n, "days": days, "wrong": n - right}
        rows.append(row | {"in_band": part["kept"].mean() if days >= least else np.nan})
    data = pd.DataFrame(rows).sort_values(["by", "wrong"], ascending=[True, False], kind="stable")
    return Records(data.reset_index(drop=True), 0, profile, profile.language)
