"""Judge each order line in each right: right, wrong, unknown or not applicable.

A mark is one small integer: the state in its upper bits and the reason in its lower ones. States
are ordered not applicable < right < unknown < wrong, so that Kleene's "and" (any wrong is wrong,
else any unknown is unknown, else right) is the maximum: over the deliveries of a line, over the
lines of an order and over the rights of a perfect order alike.
"""

from dataclasses import dataclass

import holidays
import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision

from workbook.arrays import Columns
from workbook.profile import Profile
from workbook.schema import RIGHTS

__all__ = [
    "NOT_APPLICABLE",
    "REASONS",
    "RIGHT",
    "STATE_BITS",
    "UNKNOWN",
    "WRONG",
    "LineStates",
    "judge_lines",
    "number_lines",
    "working_days",
]

NOT_APPLICABLE, RIGHT, UNKNOWN, WRONG = np.array([0, 32, 64, 96], np.int8)
STATE_BITS = 96

# Of two reasons for one state the later in this list is told.
REASONS = (
    "",
    "cancelled by customer",
    "excluded",
    "not delivered",
    "not recorded",
    "no promise",
    "no delivery date",
    "delivery not recorded",
    "judged wrong",
    "early",
    "late",
    "cancelled by supplier",
    "over",
    "short",
    "wrong product",
    "wrong place",
    "damaged",
    "refused",
    "price differs",
    "surcharge",
    "documents wrong",
    "informed too late",
)
_CODE = {reason: np.int8(code) for code, reason in enumerate(REASONS)}
_DAY = np.timedelta64(1, "D")
_TICK = np.timedelta64(1, "us")
_NEVER = np.datetime64("NaT", "us")
_FAR = np.datetime64("9999-12-31", "us")
# The direct judgements that nobody could give without a delivery.
_NEED_A_DELIVERY = {"time": (True,), "quantity": (True,), "product": (True, False)}
_NEED_A_DELIVERY |= dict.fromkeys(("place", "condition", "customer"), (True, False))
_TOLD_AT = {"confirmation": "confirmed_at", "notice": "notice_at", "tracking": "tracking_at"}
_DUE_COLUMN = {
    "promised": "promised_at",
    "promised_latest": "promised_latest_at",
    "requested": "requested_at",
}


@dataclass(frozen=True)
class LineStates:
    """The lines of a client, each judged once.

    Attributes
    ----------
    order : int array, one per line
        Code of the line's order; `order_ids[code]` is its id.
    first_row : int array, one per line
        Position in the frame of the line's first row, where its segment, carrier and so on stand.
    marks : dict of int8 arrays, one per right
        State and reason of each line. Besides the rights there are `fill` (in full at the promise)
        and `otif` (that, and not early beyond tolerance).
    pending, excluded : bool arrays
        Not due yet; taken out by a reason code.
    due_at : datetime array
        The moment at which the line is due, tolerance included; NaT without a promise.
    ordered, in_time, unsure : float arrays
        Units ordered; units surely there at the promise, never more than ordered; units that may
        have been.
    timing : int8 array
        1 early, 2 on time, 3 late for the completing delivery; 0 where that is not known.
    judged : dict of int
        How many lines a direct judgement decided, per right.
    """

    order: np.ndarray
    order_ids: np.ndarray
    first_row: np.ndarray
    marks: dict[str, np.ndarray]
    pending: np.ndarray
    excluded: np.ndarray
    due_at: np.ndarray
    ordered: np.ndarray
    in_time: np.ndarray
    unsure: np.ndarray
    timing: np.ndarray
    judged: dict[str, int]


def judge_lines(frame: pd.DataFrame, profile: Profile, as_of: object) -> LineStates:
    """Judge every line of an order_lines frame under a profile's contract.

    Parameters
    ----------
    frame : DataFrame
        The table order_lines, typed: one row per line, or per delivery of a split line.
    profile : Profile
        The contract: due, granularity, days, tolerance, information, exclude_reasons.
    as_of : date or datetime
        What was delivered after it is unseen; what is due by then is judged. A date counts to its
        end.

    Returns
    -------
    LineStates
        Empty arrays for an empty frame.

    Notes
    -----
    The completing delivery of a split line is the first at which the quantity delivered reaches
    the quantity ordered less the tolerance. A line that never gets there and awaits no further
    delivery is timed by its last one: what is missing is the fault of its quantity.
    """
    rows = Columns(frame)
    end = end_of(as_of)
    line, first = number_lines(rows)
    due = _Due(_promise(rows, profile.due)[first], profile)
    seen = _see(rows, end)
    total = _add_up(seen, line, first, due, profile.tolerance["quantity"])
    given = (right for right in (*RIGHTS, "customer") if rows.has(f"{right}_ok"))
    judged = {right: _all_of(_answers(rows, right), line, first) for right in given}
    marks = {name: _all_of(mark, line, first) for name, mark in _evidence(rows, seen, profile)}
    marks |= {"time": _time(total, due), "quantity": _quantity(total, profile)}
    marks |= {"fill": total.fill}
    by_supplier = _all_rows(rows, line, first, "cancelled_by_supplier")
    marks = _undelivered(marks, total, due, by_supplier)
    refused = _all_of(rows.says("condition", "refused"), line, first)
    marks["condition"] = _put(WRONG + _CODE["refused"], refused, marks["condition"])
    for right, answer in judged.items():
        marks[right] = np.where(answer > 0, answer, marks[right])
    marks["otif"] = _otif(marks, judged)
    by_customer = _all_rows(rows, line, first, "cancelled_by_customer")
    excluded = _excluded(rows, line, first, profile)
    for name, mark in marks.items():
        mark = _put(_CODE["cancelled by customer"], by_customer, mark)
        marks[name] = _put(_CODE["excluded"], excluded, mark)
    orders = rows.words("order_id")
    return LineStates(
        order=orders.codes[first] if len(first) < rows.n else orders.codes,
        order_ids=np.array(orders.values, object),
        first_row=first,
        marks=marks,
        pending=(due.deadline > end) & ~by_customer & ~excluded,
        excluded=excluded,
        due_at=due.deadline,
        ordered=total.ordered,
        in_time=total.in_time,
        unsure=total.unsure,
        timing=due.timing(total.completed_at),
        judged={right: int((answer > 0).sum()) for right, answer in judged.items()},
    )


def _put(mark: np.int8, where: np.ndarray, marks: np.ndarray) -> np.ndarray:
    return np.where(where, mark, marks) if where.any() else marks


def _answers(rows: Columns, right: str) -> np.ndarray:
    """Return direct judgements as marks; 0 where none was given."""
    if not rows.has(f"{right}_ok"):
        return np.zeros(rows.n, np.int8)
    yes, no = rows.says(f"{right}_ok", True), rows.says(f"{right}_ok", False)
    return np.where(no, WRONG + _CODE["judged wrong"], np.where(yes, RIGHT, 0)).astype(np.int8)


def end_of(as_of: object) -> np.datetime64:
    """Return the last moment that is seen: a day counts to its end.

    Examples
    --------
    >>> end_of("2026-05-08") < np.datetime64("2026-05-09")
    np.True_
    """
    moment = pd.Timestamp(as_of)
    end = moment + pd.Timedelta(days=1) if moment == moment.normalize() else moment
    return np.datetime64(end, "us") - (_TICK if end != moment else 0 * _TICK)


def number_lines(rows: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Number the lines and find their first rows; without a line_no every row is a line."""
    every = np.arange(rows.n)
    if not rows.has("line_no"):
        return every, every
    number = rows.words("line_no")
    key = rows.words("order_id").codes.astype(np.int64) * (len(number.values) + 1) + number.codes
    key = np.where(number.blank, -1 - every, key)
    in_order = np.sort(key)
    if not (in_order[1:] == in_order[:-1]).any():
        return every, every
    line, keys = pd.factorize(key)
    first = np.full(len(keys), rows.n)
    np.minimum.at(first, line, every)
    return line, first


def _all_of(marks: np.ndarray, line: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Take Kleene's "and" of the rows of each line."""
    if len(first) == len(line):
        return marks
    together = np.zeros(len(first), marks.dtype)
    np.maximum.at(together, line, marks)
    return together


def _all_rows(rows: Columns, line: np.ndarray, first: np.ndarray, status: str) -> np.ndarray:
    """Tell which lines have this status in every row."""
    return ~_all_of(~rows.says("status", status), line, first)


def _excluded(rows: Columns, line: np.ndarray, first: np.ndarray, profile: Profile) -> np.ndarray:
    if not rows.has("reason") or not profile.exclude_reasons:
        return np.zeros(len(first), bool)
    return _all_of(rows.words("reason").says(*profile.exclude_reasons), line, first)


def _promise(rows: Columns, due: str) -> np.ndarray:
    promise = rows.dates(_DUE_COLUMN[due])
    if due == "promised_latest":
        # Who was never given another promise was held to the first.
        promise = np.where(np.isnat(promise), rows.dates("promised_at"), promise)
    return promise


class _Due:
    """When each line is due, and how a delivery stands to that."""

    def __init__(self, promise: np.ndarray, profile: Profile):
        self.day = promise.astype("datetime64[D]")
        self.hour = promise - self.day
        self.by_day = (profile.granularity == "day") | (self.hour == 0 * _TICK)
        self.calendar = working_days(profile, self.day) if profile.days == "business" else None
        self.early_days = profile.tolerance["early_days"]
        last_day = self._shifted(profile.tolerance["late_days"])
        self.deadline = last_day + np.where(self.by_day, _DAY - _TICK, self.hour)

    def _shifted(self, days: float) -> np.ndarray:
        """Move the promised day by calendar or working days; 0 leaves a holiday where it is."""
        if self.calendar is None or not days:
            return (self.day + np.timedelta64(int(days), "D")).astype("datetime64[us]")
        known, shifted = ~np.isnat(self.day), self.day.copy()
        roll = "backward" if days > 0 else "forward"
        shifted[known] = np.busday_offset(
            self.day[known], int(days), roll=roll, busdaycal=self.calendar
        )
        return shifted.astype("datetime64[us]")

    def too_early(self, at: np.ndarray) -> np.ndarray:
        if self.early_days is None:
            return np.zeros(len(at), bool)
        return at < self._shifted(-self.early_days) + np.where(self.by_day, 0 * _TICK, self.hour)

    def timing(self, at: np.ndarray) -> np.ndarray:
        before = at < self.day + np.where(self.by_day, 0 * _TICK, self.hour)
        timing = np.where(at > self.deadline, 3, np.where(before, 1, 2))
        return np.where(np.isnat(at) | np.isnat(self.day), 0, timing).astype(np.int8)


def working_days(profile: Profile, days: np.ndarray) -> np.busdaycalendar:
    """Return the working days of the client's country in the years of some days."""
    known = days[~np.isnat(days)].astype("datetime64[Y]").astype(int) + 1970
    if profile.country is None or not len(known):
        return np.busdaycalendar()
    years = range(known.min() - 1, known.max() + 2)
    closed = holidays.country_holidays(profile.country, years=years)
    return np.busdaycalendar(holidays=sorted(closed))


@dataclass(frozen=True)
class _Seen:
    """What each row says of a delivery, as seen at as_of."""

    at: np.ndarray
    quantity: np.ndarray
    ordered: np.ndarray
    delivered: np.ndarray
    unclear: np.ndarray


def _see(rows: Columns, end: np.datetime64) -> _Seen:
    at, quantity = rows.dates("delivered_at"), rows.numbers("quantity_delivered")
    unseen = at > end
    delivered = ~np.isnat(at) | rows.says("status", "delivered") | (quantity > 0)
    for right, answers in _NEED_A_DELIVERY.items():
        if rows.has(f"{right}_ok"):
            delivered |= rows.words(f"{right}_ok").says(*answers)
    delivered &= ~unseen
    # A file with no column that could show a delivery says nothing by showing none.
    mute = not rows.has("delivered_at", "status", "quantity_delivered")
    unclear = ~delivered & ~unseen & (mute | (rows.has("status") & rows.blank("status")))
    ordered = rows.numbers("quantity_ordered")
    return _Seen(
        at=np.where(unseen, _NEVER, at),
        quantity=np.where(delivered, quantity, np.where(unclear, np.nan, 0.0)),
        ordered=np.where(ordered > 0, ordered, np.nan),
        delivered=delivered,
        unclear=unclear,
    )


@dataclass(frozen=True)
class _Total:
    """The deliveries of each line, added up."""

    delivered: np.ndarray
    unclear: np.ndarray
    awaiting: np.ndarray
    ordered: np.ndarray
    quantity: np.ndarray
    completed_at: np.ndarray
    in_time: np.ndarray
    unsure: np.ndarray
    fill: np.ndarray


def _add_up(
    seen: _Seen, line: np.ndarray, first: np.ndarray, due: _Due, tolerance: float
) -> _Total:
    ordered = _first_known(seen.ordered, line, first)
    need = ordered * (1 - tolerance) - 1e-9
    quantity = _sum(seen.quantity, line, first)
    deadline = due.deadline[line]
    in_time = seen.delivered & (seen.at <= deadline)
    late = seen.at > deadline
    maybe = (seen.delivered | seen.unclear) & ~in_time & ~late
    came = np.maximum(seen.quantity, 0)  # what went back fills nothing
    surely = _sum(np.where(in_time, np.nan_to_num(came), 0.0), line, first)
    at_most = _sum(np.where(in_time | maybe, came, 0.0), line, first)
    fill = np.where(at_most < need, WRONG + _CODE["short"], UNKNOWN + _CODE["not recorded"])
    none_in_time = ~_all_of(in_time | maybe, line, first)
    fill = np.where(none_in_time, WRONG + _CODE["late"], fill)
    delivered = _all_of(seen.delivered, line, first)
    awaits = _all_of(~seen.delivered & ~seen.unclear, line, first)
    capped = np.fmin(surely, ordered)
    return _Total(
        delivered=delivered,
        unclear=_all_of(seen.unclear, line, first),
        awaiting=awaits & (quantity < need),
        ordered=ordered,
        quantity=quantity,
        completed_at=_completed(seen, line, first, need),
        in_time=capped,
        unsure=np.where(np.isnan(at_most), ordered, np.fmin(at_most, ordered)) - capped,
        fill=np.where(surely >= need, RIGHT, fill).astype(np.int8),
    )


def _sum(values: np.ndarray, line: np.ndarray, first: np.ndarray) -> np.ndarray:
    return values if len(first) == len(line) else np.bincount(line, values, len(first))


def _first_known(values: np.ndarray, line: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return each line's first number: a split line repeats what was ordered."""
    if len(first) == len(line):
        return values
    known = np.flatnonzero(~np.isnan(values))[::-1]
    result = np.full(len(first), np.nan)
    result[line[known]] = values[known]
    return result


def _completed(seen: _Seen, line: np.ndarray, first: np.ndarray, need: np.ndarray) -> np.ndarray:
    """Return when each line was complete; NaT where a row without a date may have completed it."""
    if len(first) == len(line):
        return seen.at
    rows = pd.DataFrame({"line": line, "at": seen.at, "quantity": np.nan_to_num(seen.quantity)})
    dated = rows[~np.isnat(seen.at)].sort_values(["line", "at"], kind="stable")
    code, at = dated["line"].to_numpy(), dated["at"].to_numpy("datetime64[us]")
    enough = dated.groupby("line")["quantity"].cumsum().to_numpy() >= need[code]
    reached, last = np.full(len(first), _FAR), np.full(len(first), _NEVER)
    np.minimum.at(reached, code[enough], at[enough])
    np.fmax.at(last, code, at)
    undated = _all_of((seen.delivered & np.isnat(seen.at)) | seen.unclear, line, first)
    return np.where(reached < _FAR, reached, np.where(undated, _NEVER, last))


def _time(total: _Total, due: _Due) -> np.ndarray:
    at = total.completed_at
    mark = np.where(due.too_early(at), WRONG + _CODE["early"], RIGHT)
    mark = np.where(at > due.deadline, WRONG + _CODE["late"], mark)
    mark = np.where(np.isnat(at), UNKNOWN + _CODE["no delivery date"], mark)
    mark = np.where(np.isnat(due.day), UNKNOWN + _CODE["no promise"], mark)
    waits = total.awaiting & ~np.isnat(due.day)
    return np.where(waits, WRONG + _CODE["not delivered"], mark)


def _quantity(total: _Total, profile: Profile) -> np.ndarray:
    slack = profile.tolerance["quantity"] * total.ordered + 1e-9
    gap = total.quantity - total.ordered
    mark = np.where(gap > slack, WRONG + _CODE["over"], RIGHT)
    mark = np.where(gap < -slack, WRONG + _CODE["short"], mark)
    return np.where(np.isnan(gap), UNKNOWN + _CODE["not recorded"], mark)


def _undelivered(
    marks: dict[str, np.ndarray], total: _Total, due: _Due, by_supplier: np.ndarray
) -> dict[str, np.ndarray]:
    """Mark the lines of which nothing came, or of which nothing is known to have come."""
    gone = by_supplier | (~total.delivered & ~total.unclear)
    lost = np.where(by_supplier, _CODE["cancelled by supplier"], _CODE["not delivered"])
    failed = np.where(np.isnat(due.day), UNKNOWN + _CODE["no promise"], WRONG + lost)
    unheard = ~gone & ~total.delivered
    result = {}
    for name, mark in marks.items():
        judged_anyway = name in ("time", "quantity", "fill")
        mark = np.where(unheard, UNKNOWN + _CODE["delivery not recorded"], mark)
        result[name] = np.where(gone, failed if judged_anyway else lost, mark)
    return result


def _otif(marks: dict[str, np.ndarray], judged: dict[str, np.ndarray]) -> np.ndarray:
    """In full at the promise, unless a direct judgement of time or quantity says otherwise."""
    early = marks["time"] == WRONG + _CODE["early"]
    otif = np.where(early, marks["time"], marks["fill"])
    given = [judged[right] > 0 for right in ("time", "quantity") if right in judged]
    if not given:
        return otif
    over = marks["quantity"] == WRONG + _CODE["over"]
    by_rights = np.maximum(marks["time"], np.where(over, RIGHT, marks["quantity"]))
    return np.where(np.logical_or.reduce(given), by_rights, otif)


def _evidence(rows: Columns, seen: _Seen, profile: Profile):
    """Yield the rights that each delivery shows by itself, as (name, marks of the rows)."""
    shown = {
        "product": _same(rows, "product", "product_delivered", "wrong product"),
        "place": _same(rows, "place_ordered", "place_delivered", "wrong place"),
        "condition": _condition(rows),
        "price": _price(rows, profile),
        "information": _information(rows, seen, profile.information),
        "customer": np.full(rows.n, UNKNOWN + _CODE["not recorded"]),
    }
    for name, mark in shown.items():
        mark = np.where(seen.delivered, mark, 0)
        yield name, np.where(seen.unclear, UNKNOWN + _CODE["delivery not recorded"], mark)


def _known(right: np.ndarray, blank: np.ndarray, reason: str) -> np.ndarray:
    mark = np.where(right, RIGHT, WRONG + _CODE[reason])
    return np.where(blank, UNKNOWN + _CODE["not recorded"], mark)


def _same(rows: Columns, ordered: str, delivered: str, reason: str) -> np.ndarray:
    if not (rows.has(ordered) and rows.has(delivered)):
        return np.full(rows.n, UNKNOWN + _CODE["not recorded"])
    left, right = rows.words(ordered), rows.words(delivered)
    return _known(left.same(right), left.blank | right.blank, reason)


def _condition(rows: Columns) -> np.ndarray:
    damaged = rows.numbers("quantity_damaged")
    harmed = rows.says("condition", "damaged") | (damaged > 0)
    sound = rows.says("condition", "good") | (damaged == 0)
    return _known(~harmed, ~harmed & ~sound, "damaged")


def _price(rows: Columns, profile: Profile) -> np.ndarray:
    agreed, invoiced = rows.numbers("unit_price"), rows.numbers("unit_price_invoiced")
    tolerance = profile.tolerance
    slack = np.abs(agreed) * (tolerance["price"] + 1e-9)
    if tolerance.get("price_minor"):
        unit = 10.0 ** -get_currency_precision(profile.currency)
        slack = np.maximum(slack, tolerance["price_minor"] * unit * (1 + 1e-9))
    missing = np.isnan(agreed) | np.isnan(invoiced)
    mark = _known(np.abs(invoiced - agreed) <= slack, missing, "price differs")
    return _put(WRONG + _CODE["surcharge"], rows.numbers("surcharge") > 0, mark)


def _information(rows: Columns, seen: _Seen, wanted: str | tuple[str, ...]) -> np.ndarray:
    chosen = (wanted,) if isinstance(wanted, str) else wanted
    return np.maximum.reduce([_told(rows, seen, kind) for kind in chosen])


def _told(rows: Columns, seen: _Seen, kind: str) -> np.ndarray:
    if kind == "documents":
        correct, wrong = rows.says("documents", "correct"), rows.says("documents", "wrong")
        return _known(correct, ~correct & ~wrong, "documents wrong")
    told = rows.dates(_TOLD_AT[kind])
    return _known(told <= seen.at, np.isnat(told) | np.isnat(seen.at), "informed too late")
