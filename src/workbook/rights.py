"""Measure the seven rights: rates with bounds, intervals and verdicts under a named contract."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from workbook import plots, results
from workbook.arrays import Columns
from workbook.counts import (
    COUNTS,
    Grouping,
    Label,
    Lines,
    frame_of,
    kinds_of,
    plan_of,
    tally,
)
from workbook.data import Client, latest_day
from workbook.headings import spellings
from workbook.language import Language, speak
from workbook.profile import Profile
from workbook.results import Finding
from workbook.schema import DataError, Problem, columns, fold, nearest
from workbook.states import LineStates, judge_lines, number_lines

__all__ = [
    "PERIODS",
    "Rights",
    "as_bands",
    "column_name",
    "count_words",
    "interval_words",
    "judging_profile",
    "meant_column",
    "measure_name",
    "measure_rights",
    "no_column",
    "no_date",
    "order_due",
    "period_of",
    "rate_finding",
    "rate_words",
    "right_name",
    "verdict_kind",
    "verdict_words",
    "without_copies",
]

# The columns that show each right; those of time and information depend on the contract.
_SHOWN_BY = {
    "product": ("product", "product_delivered"),
    "quantity": ("quantity_ordered", "quantity_delivered"),
    "place": ("place_ordered", "place_delivered"),
    "condition": ("condition",),
    "price": ("unit_price", "unit_price_invoiced"),
    "customer": ("customer_ok",),
}
_PROMISED = {"promised": "promised_at", "promised_latest": "promised_latest_at"}
_PROMISED |= {"requested": "requested_at"}
_TOLD_BY = {"documents": "documents", "confirmation": "confirmed_at"}
_TOLD_BY |= {"notice": "notice_at", "tracking": "tracking_at"}
UNKNOWN_WORTH_TELLING = 0.05
PERIODS = {
    "week": lambda day: f"{day:%G-W%V}",
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day:%Y}-Q{(day.month + 2) // 3}",
    "year": lambda day: f"{day:%Y}",
}
_PERIOD_FORMS = {"week": r"\d+-W\d+", "month": r"\d+-\d+", "quarter": r"\d+-Q\d", "year": r"\d+"}


@dataclass(frozen=True)
class Rights:
    """The measures of a client: `.data` has one row per measure, level, segment and period.

    `states` and `frame` are None where the lines were too many to keep; then all groups must be
    asked for at once.

    `contract` names every choice in force, `states` the judged lines behind the counts, `known` the
    rights that some line shows to be right or wrong.
    """

    data: pd.DataFrame
    contract: dict[str, object]
    as_of: pd.Timestamp
    profile: Profile
    states: LineStates | None
    frame: pd.DataFrame | None
    known: tuple[str, ...]

    @cached_property
    def lines(self) -> Lines:
        """The lines as they are counted.

        Raises
        ------
        ValueError
            If the file was too large to keep its lines.
        """
        if self.states is None:
            raise ValueError("the lines were not kept; name what is wanted in measure_rights(by=…)")
        states, prices = self.states, np.full(len(self.states.order), np.nan)
        if "unit_price" in self.frame:
            prices = self.frame["unit_price"].to_numpy(float, na_value=np.nan)[states.first_row]
        kind, kinds = kinds_of(states)
        units = (states.ordered, states.in_time, states.unsure)
        return Lines.of(kinds, states.order, kind, *units, prices)

    @property
    def in_scope(self) -> tuple[str, ...]:
        """The rights that make a perfect order here."""
        return tuple(self.profile.rights)

    @property
    def measured(self) -> tuple[str, ...]:
        """The rights in scope that some line shows to be right or wrong."""
        return tuple(right for right in self.in_scope if right in self.known)

    @property
    def headline(self) -> str:
        """The one measure to name: perfect orders, in what is measured if that is not all."""
        complete = len(self.measured) == len(self.in_scope)
        return "perfect_order" if complete else "perfect_order_measured"

    def overall(self, measure: str, level: str = "order") -> pd.Series:
        """Return one measure over all lines or orders.

        Raises
        ------
        ValueError
            If there is no such measure at this level.
        """
        if (measure, level) not in self._overall:
            known = sorted(set(self.data["measure"]))
            raise ValueError(
                f"there is no measure {measure!r} by {level}; write one of {', '.join(known)}"
            )
        return self.data.loc[self._overall[measure, level]]

    @cached_property
    def _overall(self) -> dict[tuple[str, str], int]:
        """Where the row of each measure and level over everything stands."""
        rows = self.data[self.data["period"].isna() & self.data["segment"].map(len).eq(0)]
        return dict(zip(zip(rows["measure"], rows["level"], strict=True), rows.index, strict=True))

    def by(self, *columns: str) -> "Rights":
        """Measure again, within each value of these columns, or each week, month, quarter or year.

        An order counts in every group in which it has lines, judged by those lines.

        Raises
        ------
        ValueError
            If the order lines have no such column.
        """
        if columns:
            self.lines  # noqa: B018  raises where they were not kept
        count = lambda name: _by_period(self, name) if name in PERIODS else _by_value(self, name)
        parts = [count(column) for column in columns]
        return replace(self, data=pd.concat([self.data, *parts], ignore_index=True))

    def order_states(self, right: str) -> np.ndarray:
        """Return each order's state in a right: 0 not applicable, 1 right, 2 unknown, 3 wrong."""
        orders = np.zeros(len(self.states.order_ids), np.int8)
        np.maximum.at(orders, self.states.order, self.states.marks[right] >> 5)
        # An order with a line that is not due yet is not judged, whatever has arrived.
        orders[self.states.order[self.states.pending]] = 0
        return orders

    def scorecard(self) -> pd.DataFrame:
        """Return the rights in scope and the perfect order, over all orders: one row each."""
        names = [f"right_{right}" for right in self.in_scope]
        names += ["perfect_order", "perfect_order_measured"]
        rows = pd.DataFrame([self.overall(name) for name in names]).reset_index(drop=True)
        return rows if len(self.measured) < len(self.in_scope) else rows.iloc[:-1]

    def table(self, language: str | None = None) -> pd.DataFrame:
        """Return the scorecard for reading: rates, interval, coverage and verdict in words."""
        say = speak(language or self.profile.language)
        rows = [
            {
                say("Right"): measure_name(row["measure"], say),
                say("Right orders"): rate_words(row, say),
                say("95% interval"): interval_words(row["interval"], say),
                say("Known"): say.percent(row["coverage"]),
                say("Orders judged"): say.number(row["right"] + row["wrong"] + row["unknown"]),
                say("Target"): say.percent(row["target"]),
                say("Verdict"): verdict_words(row, say),
            }
            for _, row in self.scorecard().iterrows()
        ]
        return pd.DataFrame(rows)

    def count_table(self, level: str = "order", language: str | None = None) -> pd.DataFrame:
        """Return how many orders or lines are right, wrong, unknown … in each right in scope."""
        say = speak(language or self.profile.language)
        names = {"right": say("Is right"), "wrong": say("Is wrong"), "unknown": say("Is unknown")}
        names |= {"not_applicable": say("Not applicable"), "pending": say("Not due yet")}
        rows = [self.overall(f"right_{right}", level) for right in self.in_scope]
        cells = {say("Right"): [measure_name(row["measure"], say) for row in rows]}
        cells |= {label: [say.number(row[name]) for row in rows] for name, label in names.items()}
        return pd.DataFrame(cells)

    def group_table(self, column: str, measure: str | None = None) -> pd.DataFrame:
        """Return one measure (default: the headline) within each value of a column or week."""
        say = speak(self.profile.language)
        rows = self.group_rows(column, measure)
        cells = {
            column_name(column, say): rows["group"],
            measure_name(measure or self.headline, say): [
                rate_words(row, say) for _, row in rows.iterrows()
            ],
            say("95% interval"): [interval_words(each, say) for each in rows["interval"]],
            say("Orders judged"): [say.number(n) for n in rows["n"]],
            say("Verdict"): [verdict_words(row, say) for _, row in rows.iterrows()],
        }
        return pd.DataFrame(cells)

    def group_rows(self, column: str, measure: str | None = None) -> pd.DataFrame:
        """Return a measure within each value of a column: `group`, `n` and its counts."""
        rows = self.data[_is_by(self.data, column)]
        if rows.empty:
            rows = _count(self, *_groups(self, column), only=measure or self.headline)
            rows = rows.reindex(columns=self.data.columns)
        rows = rows[(rows["measure"] == (measure or self.headline)) & (rows["level"] == "order")]
        groups = [row.period or row.segment[column] for row in rows.itertuples()]
        n = rows[["right", "wrong", "unknown"]].sum(axis=1).astype(int)
        return rows.assign(group=groups, n=n).reset_index(drop=True)

    def plot(self, ax: Axes | None = None, language: str | None = None) -> Axes:
        """Draw the scorecard: confirmed, unknown, interval and target of each right."""
        say = speak(language or self.profile.language)
        rows = self.scorecard()
        names = [measure_name(name, say) for name in rows["measure"]]
        return plots.rate_bands(as_bands(rows, names, say), say, ax)

    def findings(self, language: str | None = None) -> list[Finding]:
        """Return a finding per right, one for the perfect order, and what to record next."""
        say = speak(language or self.profile.language)
        return [*_overall_findings(self, say), *_to_record(self, say)]

    def _repr_html_(self) -> str:
        shown = self.table()
        rows = shown.itertuples(index=False)
        say = speak(self.profile.language)
        caption = say("The seven rights, by order")
        return results.Shown(
            (results.table(list(shown), rows, caption=caption, numeric=[1, 2, 3, 4, 5]),)
        )._repr_html_()

    def as_json(self) -> dict[str, object]:
        """Return what `workbook measure --json` prints after the client's id."""
        whole_day = self.as_of == self.as_of.normalize()
        return {
            "as_of": str(self.as_of.date()) if whole_day else self.as_of.isoformat(),
            "contract": self.contract,
            "measures": [_plain(row) for row in self.data.to_dict("records")],
        }


def as_bands(rows: pd.DataFrame, labels: Sequence[str], say: Language) -> pd.DataFrame:
    """Return measures in the form that `plots.rate_bands` draws."""
    bands = rows[["confirmed", "upper", "target"]].astype(float)
    bands["label"] = list(labels)
    bands["low"] = [each[0] if each else np.nan for each in rows["interval"]]
    bands["high"] = [each[1] if each else np.nan for each in rows["interval"]]
    bands["verdict"] = [verdict_kind(row) for _, row in rows.iterrows()]
    bands["note"] = [rate_words(row, say) for _, row in rows.iterrows()]
    return bands


def verdict_kind(row: pd.Series) -> str:
    """Return how a measure's verdict is shown: works, needs improvement or no evidence."""
    shown = {"met": "works", "missed": "needs improvement"}
    return shown.get(row["verdict"], "no evidence")


def measure_rights(
    source: Client | pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    as_of: object = None,
    profile: Profile | None = None,
    **choices: object,
) -> Rights:
    """Measure the rights of a client's order lines.

    Every rate comes with its counts: confirmed = right / (right + wrong + unknown), known_only =
    right / (right + wrong), upper = (right + unknown) / all three. Unknown is never right. The
    interval runs from Wilson's lower bound of confirmed to his upper bound of upper; a verdict
    rests on it.

    Parameters
    ----------
    source : Client or DataFrame
        A client with order lines, or a typed order_lines frame (order_id and any other columns).
    by : column name or names, optional
        Also measure within each value; `week` stands for the week in which an order was due.
    as_of : date, optional
        What happened later is unseen. Default: the profile's, else the last date in the orders.
    profile, **choices
        A profile for a bare frame; single choices of the contract, such as due="requested".

    Returns
    -------
    Rights

    Raises
    ------
    ValueError
        If there are no order lines, or a choice is not known.
    DataError
        If no date says up to when the orders were seen.

    References
    ----------
    SCOR RL.1.1 Perfect Customer Order Fulfilment: an order is perfect when all its lines are, in
    all components; it is counted, never multiplied from the components' rates.

    Examples
    --------
    >>> lines = pd.DataFrame(
    ...     {
    ...         "order_id": ["1", "2"],
    ...         "promised_at": pd.to_datetime(["2025-03-03"] * 2),
    ...         "delivered_at": pd.to_datetime(["2025-03-03", "2025-03-05"]),
    ...     }
    ... )
    >>> on_time = measure_rights(lines).overall("right_time")
    >>> int(on_time["right"]), int(on_time["wrong"]), float(on_time["confirmed"])
    (1, 1, 0.5)
    """
    if isinstance(source, Client):
        frame = source.order_lines
        as_of = as_of or source.as_of
        profile = profile or judging_profile(source)
    else:
        frame = source
    if frame is None:
        raise ValueError("the client has no order lines; add order_lines.csv to its folder")
    profile = _with_choices(profile or Profile(name=""), choices)
    frame = without_copies(frame)
    as_of = as_of or profile.as_of or latest_day(frame)
    if as_of is None:
        raise DataError([no_date(speak(profile.language))])
    states = judge_lines(frame, profile, as_of)
    rights = Rights(
        data=pd.DataFrame(),
        contract=profile.contract_choices() | {"as_of": str(as_of)},
        as_of=pd.Timestamp(as_of),
        profile=profile,
        states=states,
        frame=frame,
        known=kinds_of(states)[1].known,
    )
    everything = _count(rights, np.zeros(len(states.order), int), [({}, None)])
    return replace(rights, data=everything).by(*([by] if isinstance(by, str) else by))


def judging_profile(client: Client) -> Profile:
    """Return a client's profile with the targets of standards.csv, which win over its own."""
    targets = client.profile.targets | _standards(client.standards)
    return replace(client.profile, targets=targets)


def _standards(standards: pd.DataFrame | None) -> dict[str, float]:
    """Return the written targets that hold for everyone; those of a segment hold there only."""
    if standards is None:
        return {}
    if "segment" in standards:
        standards = standards[standards["segment"].isna()]
    return dict(zip(standards["measure"], standards["target"], strict=True))


def without_copies(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows that repeat a numbered line in every column; another delivery differs."""
    line, first = number_lines(Columns(frame))
    if len(first) == len(frame):
        return frame
    repeated = np.flatnonzero(np.bincount(line)[line] > 1)
    copies = frame.iloc[repeated].duplicated().to_numpy()
    return frame.drop(frame.index[repeated[copies]]) if copies.any() else frame


def no_date(say: Language) -> Problem:
    what = say("no date says up to when the orders were seen")
    return Problem("error", "order_lines", what, say("set as_of in client.yaml"))


def _with_choices(profile: Profile, choices: dict[str, object]) -> Profile:
    for name in choices:
        if name not in Profile.__dataclass_fields__:
            near = nearest(name, Profile.__dataclass_fields__)
            hint = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"choice {name!r} is not known{hint}")
    if "tolerance" in choices:
        choices = choices | {"tolerance": {**profile.tolerance, **choices["tolerance"]}}
    return replace(profile, **choices) if choices else profile


def _count(
    rights: Rights,
    of_line: np.ndarray,
    labels: list[Label],
    of_order: np.ndarray | None = None,
    only: str | None = None,
) -> pd.DataFrame:
    """Measure everything, or one measure, in every group; `of_order` as in `counts.Grouping`."""
    plan = plan_of(rights.profile, rights.known)
    plan = [each for each in plan if only in (None, each[0])]
    lines = rights.lines
    of_order = None if of_order is None else of_order[lines.place]
    counted = tally(lines, Grouping(of_line[lines.place], len(labels), of_order), plan)
    return frame_of(counted, labels, plan, rights.profile, rights.known)


# --- groups ---------------------------------------------------------------------------------------


def _by_value(rights: Rights, column: str) -> pd.DataFrame:
    return _count(rights, *_groups(rights, column))


def _by_period(rights: Rights, period: str) -> pd.DataFrame:
    """Count lines in the period in which they were due, orders in that of their last line."""
    own, last = (period_of(due, period) for due in (rights.states.due_at, order_due(rights.states)))
    names = sorted({*own, *last} - {None})
    codes = [pd.Index(names).get_indexer(each) for each in (own, last)]
    return _count(rights, codes[0], [({}, name) for name in names], codes[1])


def _is_by(data: pd.DataFrame, column: str) -> pd.Series:
    """Mark the rows that were measured within each value of a column, or each period."""
    if column in PERIODS:
        return data["period"].str.fullmatch(_PERIOD_FORMS[column]).fillna(False).astype(bool)
    return data["segment"].map(lambda segment: list(segment) == [column])


def _groups(rights: Rights, column: str) -> tuple[np.ndarray, list[Label]]:
    """Return each line's group (-1: blank) and each group's (segment, period)."""
    if column in PERIODS:
        codes, names = pd.factorize(period_of(order_due(rights.states), column), sort=True)
        return codes, [({}, name) for name in names]
    if column not in rights.frame:
        raise no_column(column, rights.frame.columns)
    values = rights.frame[column].to_numpy()[rights.states.first_row]
    codes, names = pd.factorize(values, sort=True)
    return codes, [({column: str(name)}, None) for name in names]


def no_column(column: str, have: Iterable[str]) -> ValueError:
    """Return the error that the order lines can't be grouped by a column they lack."""
    have = [*map(str, have)]
    near = nearest(column, have)
    hint = f"did you mean {near!r}?" if near else f"they have: {', '.join(have)}"
    return ValueError(f"the order lines have no column {column!r}; {hint}")


def meant_column(name: str, found: Mapping[str, str]) -> str:
    """Return our name of a column of the order lines that a person asks for.

    Parameters
    ----------
    name : str
        Our name, a label in any language, or the client's own heading; or a period.
    found : Mapping of str to str
        Ours to theirs, as they were recognised; may be empty.

    Raises
    ------
    ValueError
        If nothing is called so; the sentence names the nearest.

    Examples
    --------
    >>> meant_column("Przewoźnik", {}), meant_column("haulier no", {"carrier": "Haulier no."})
    ('carrier', 'carrier')
    """
    wanted = columns("order_lines")
    if name in PERIODS or name in wanted:
        return name
    words = {fold(word): ours for ours in wanted for word in spellings(wanted[ours])}
    words |= {fold(theirs): ours for ours, theirs in found.items()}
    if fold(name) not in words:
        raise no_column(name, found or wanted)
    return words[fold(name)]


def order_due(states: LineStates) -> np.ndarray:
    """Return, for each line, when the last line of its order is due."""
    last = np.full(len(states.order_ids), np.datetime64("NaT", "us"))
    np.fmax.at(last, states.order, states.due_at)
    return last[states.order]


def period_of(moments: np.ndarray, period: str) -> np.ndarray:
    """Return the ISO week, month, quarter or year of each moment as text; None where there is none.

    Examples
    --------
    >>> period_of(np.array(["2025-12-29", "NaT"], "datetime64[us]"), "week").tolist()
    ['2026-W01', None]
    """
    days, code = np.unique(moments.astype("datetime64[D]"), return_inverse=True)
    names = [None if np.isnat(day) else PERIODS[period](day.astype(object)) for day in days]
    return np.array(names, object)[code]


def _plain(row: dict[str, object]) -> dict[str, object]:
    """Turn a row into plain JSON values: no NaN, no keys left over from other rows."""
    row = {key: None if value != value else value for key, value in row.items()}
    if row["timing"] is None:
        row.pop("timing")
    if row["level"] in ("line", "order"):
        row |= {name: int(row[name]) for name in COUNTS}
    return row


# --- words ----------------------------------------------------------------------------------------


def right_name(right: str, say: Language) -> str:
    """Return the name of a right as it stands inside a sentence.

    Examples
    --------
    >>> right_name("time", speak("en"))
    'right time'
    """
    names = {
        "product": say("right product"),
        "quantity": say("right quantity"),
        "time": say("right time"),
        "place": say("right place"),
        "condition": say("right condition"),
        "price": say("right price"),
        "information": say("right information"),
        "customer": say("right customer"),
    }
    return names[right]


def measure_name(measure: str, say: Language) -> str:
    """Return the name of a measure as it stands at the head of a row."""
    names = {
        "perfect_order": say("Perfect order"),
        "perfect_order_measured": say("Perfect in what is measured"),
        "otif": say("On time in full"),
        "order_fill_rate": say("Order fill rate"),
    }
    name = names.get(measure) or right_name(measure.removeprefix("right_"), say)
    return name[0].upper() + name[1:]


def column_name(column: str, say: Language) -> str:
    """Return the display label of an order line's column, or of the week."""
    periods = {"week": say("Week due"), "month": say("Month due")}
    periods |= {"quarter": say("Quarter due"), "year": say("Year due"), "weekday": say("Day due")}
    periods["promise_days"] = say("Days from order to promise")
    return periods.get(column) or columns("order_lines")[column].labels[say.code]


def rate_words(row: pd.Series, say: Language) -> str:
    """Say a rate with its bounds: one number when all is known, two when some is not."""
    if pd.isna(row["upper"]):
        return say("not measured")
    upper = say.percent(row["upper"])
    if pd.isna(row["confirmed"]):
        return say("at most {upper}", upper=upper)
    confirmed = say.percent(row["confirmed"])
    return confirmed if confirmed == upper else say("{low} to {high}", low=confirmed, high=upper)


def interval_words(interval: Sequence[float] | None, say: Language) -> str:
    """Say an interval, or a dash."""
    if interval is None:
        return "–"
    return say("{low} to {high}", low=say.percent(interval[0]), high=say.percent(interval[1]))


def verdict_words(row: pd.Series, say: Language) -> str:
    """Say what the interval shows about the target."""
    if pd.isna(row["upper"]):
        return say("not measured")
    words = {
        "met": say("met"),
        "missed": say("missed"),
        "not demonstrable": say("not demonstrable"),
    }
    return words.get(row["verdict"], say("no target set"))


# --- findings -------------------------------------------------------------------------------------


def _overall_findings(rights: Rights, say: Language) -> Iterator[Finding]:
    """Yield one finding per right in scope that is measured, and one for the perfect order."""
    for right in rights.measured:
        yield rate_finding(rights.overall(f"right_{right}"), right, say)
    if rights.measured:
        yield rate_finding(rights.overall("perfect_order"), None, say)


def rate_finding(row: pd.Series, right: str | None, say: Language) -> Finding:
    """Say how a rate over all orders stands to its target, with its n and what would decide."""
    n = int(row["right"] + row["wrong"] + row["unknown"])
    name = measure_name(row["measure"], say)
    values = {"name": name, "rate": rate_words(row, say), "orders": count_words(n, say)}
    values["target"] = say.percent(row["target"])
    kind, sentence = "no evidence", say("{name}: {rate} of {orders}; no target is set.", **values)
    if row["verdict"] == "met":
        kind, sentence = (
            "works",
            say("{name}: {rate} of {orders}; the target of {target} is met.", **values),
        )
    elif row["verdict"] == "missed":
        kind = "needs improvement"
        sentence = say("{name}: {rate} of {orders}, below the target of {target}.", **values)
    elif row["verdict"] == "not demonstrable":
        sentence = say(
            "{name}: {rate} of {orders}; that shows neither that the target of {target} is met nor "
            "that it is missed.",
            **values,
        )
        if pd.notna(row["n_decides"]):
            sentence += " " + say(
                "At this rate {needed} would decide.",
                needed=count_words(int(row["n_decides"]), say),
            )
    known = pd.notna(row["confirmed"])
    return Finding(
        id=row["measure"].replace("_", "-"),
        kind=kind,
        sentence=sentence,
        right=right,
        n=n,
        observed=float(row["confirmed"]) if known else None,
        expected=_number(row["target"]),
        interval=tuple(row["interval"]) if row["interval"] is not None else None,
        effect=float(row["confirmed"] - row["target"])
        if known and pd.notna(row["target"])
        else None,
    )


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)


def count_words(n: int, say: Language) -> str:
    """Say a number of orders."""
    return say.plural("{n} order", "{n} orders", n)


def _to_record(rights: Rights, say: Language) -> Iterator[Finding]:
    """Yield what to record next: the columns without which a right can't be judged."""
    for right in rights.in_scope:
        row = rights.overall(f"right_{right}")
        n = int(row["right"] + row["wrong"] + row["unknown"])
        wanted = [name for name in _shown_by(right, rights) if name not in rights.frame]
        values = {"right": right_name(right, say), "orders": count_words(n, say)}
        if wanted or right not in rights.measured:
            shown = [column_name(name, say).lower() for name in wanted or _shown_by(right, rights)]
            listed = say.listing(shown)
            sentence = say("To measure the {right}, record: {columns}.", columns=listed, **values)
            yield Finding(f"record-{right}", "no evidence", sentence, right=right, n=0)
        elif 1 - row["coverage"] >= UNKNOWN_WORTH_TELLING:
            share = 1 - row["coverage"]
            sentence = say(
                "The {right} is not known for {share} of {orders}: so much could hide there.",
                share=say.percent(share),
                **values,
            )
            yield Finding(
                f"unknown-{right}", "data", sentence, right, n=n, observed=share, effect=share
            )


def _shown_by(right: str, rights: Rights) -> tuple[str, ...]:
    """Return the columns that show a right, under the contract in force."""
    if right == "information":
        return tuple(_TOLD_BY[kind] for kind in rights.profile.information)
    if right == "time":
        return (_PROMISED[rights.profile.due], "delivered_at")
    return _SHOWN_BY[right]
