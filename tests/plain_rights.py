"""CONTRACT part 3 once more, line by line in plain Python, without a look at states.py."""

import datetime as dt
import math
from collections import defaultdict

END = dt.timedelta(days=1) - dt.timedelta(microseconds=1)


def judge(
    rows, *, as_of, late_days=0, early_days=None, quantity=0.0, price=0.005, granularity="day"
):
    """Return {order: {right: state}} and {line key: {right: state}}; states are R, W, U, N or P."""
    end = dt.datetime.combine(as_of, dt.time()) + END
    lines = defaultdict(list)
    for place, row in enumerate(rows):
        key = (
            (row["order_id"], row["line_no"])
            if row.get("line_no")
            else (row["order_id"], place, "-")
        )
        lines[key].append(row)
    terms = {"late_days": late_days, "early_days": early_days}
    terms |= {"quantity": quantity, "price": price}
    judged = {key: _line(part, end, granularity, terms) for key, part in lines.items()}
    orders = defaultdict(list)
    for key, states in judged.items():
        orders[key[0]].append(states)
    return {order: _order(parts) for order, parts in orders.items()}, judged


RIGHTS = ("product", "quantity", "time", "place", "condition", "price", "information")


def _order(parts):
    if any(part["time"] == "P" for part in parts):
        return dict.fromkeys(RIGHTS, "P")
    return {right: _all(part[right] for part in parts) for right in RIGHTS}


def _all(states):
    states = [state for state in states if state != "N"]
    for state in "WU":
        if state in states:
            return state
    return "R" if states else "N"


def _line(rows, end, granularity, terms):
    if all(row.get("status") == "cancelled_by_customer" for row in rows):
        return dict.fromkeys(RIGHTS, "N")
    promise = rows[0].get("promised_at")
    deadline = None
    if promise is not None:
        midnight = dt.datetime.combine(promise.date(), dt.time())
        exact = granularity == "timestamp" and promise != midnight
        deadline = (promise if exact else midnight + END) + dt.timedelta(days=terms["late_days"])
        if deadline > end:
            return dict.fromkeys(RIGHTS, "P")
        earliest = (promise if exact else midnight) - dt.timedelta(days=terms["early_days"] or 0)
    states = _open(rows, end, promise, deadline, locals().get("earliest"), terms)
    if any(row.get("condition") == "refused" for row in rows):
        states["condition"] = "W"
    return states


def _open(rows, end, promise, deadline, earliest, terms):
    lost = dict.fromkeys(("time", "quantity"), "U" if promise is None else "W")
    if all(row.get("status") == "cancelled_by_supplier" for row in rows):
        return dict.fromkeys(RIGHTS, "N") | lost
    came = [_delivery(row, end) for row in rows]
    if all(one == "no" for one in came):
        return dict.fromkeys(RIGHTS, "N") | lost
    if "yes" not in came:
        return dict.fromkeys(RIGHTS, "U")
    if_came = {"yes": None, "unclear": "U", "no": "N"}
    states = {
        right: _all([if_came[one] or show(row, terms) for row, one in zip(rows, came, strict=True)])
        for right, show in _SHOW.items()
    }
    ordered = next(
        (row["quantity_ordered"] for row in rows if _positive(row.get("quantity_ordered"))), None
    )
    got = _quantities(rows, came)
    states["quantity"] = _quantity(ordered, got, terms["quantity"])
    states["time"] = _time(rows, came, got, ordered, promise, deadline, earliest, terms)
    return states


def _positive(value):
    return value is not None and value > 0


def _delivery(row, end):
    at = row.get("delivered_at")
    if at is not None and at > end:
        return "no"
    if (
        at is not None
        or row.get("status") == "delivered"
        or _positive(row.get("quantity_delivered"))
    ):
        return "yes"
    return "unclear" if "status" in row and row["status"] is None else "no"


def _quantities(rows, came):
    got = []
    for row, one in zip(rows, came, strict=True):
        got.append(
            row.get("quantity_delivered") if one == "yes" else None if one == "unclear" else 0.0
        )
    return got


def _quantity(ordered, got, tolerance):
    if ordered is None or any(amount is None for amount in got):
        return "U"
    gap = math.fsum(got) - ordered
    return "R" if abs(gap) <= tolerance * ordered + 1e-9 else "W"


def _time(rows, came, got, ordered, promise, deadline, earliest, terms):
    if promise is None:
        return "U"
    need = None if ordered is None else ordered * (1 - terms["quantity"]) - 1e-9
    known_total = None if any(a is None for a in got) else math.fsum(got)
    if "no" in came and need is not None and known_total is not None and known_total < need:
        return "W"
    dated = sorted(
        (row["delivered_at"], amount or 0.0)
        for row, one, amount in zip(rows, came, got, strict=True)
        if one == "yes" and row.get("delivered_at") is not None
    )
    completed, total = None, 0.0
    for at, amount in dated:
        total += amount
        if need is not None and len(rows) > 1 and total >= need:
            completed = at
            break
    undated = any(
        one == "unclear" or (one == "yes" and row.get("delivered_at") is None)
        for row, one in zip(rows, came, strict=True)
    )
    if completed is None:
        if undated or not dated:
            return "U"
        completed = dated[-1][0]
    if completed > deadline:
        return "W"
    return "W" if terms["early_days"] is not None and completed < earliest else "R"


def _same(ordered, delivered):
    if ordered is None or delivered is None:
        return "U"
    return "R" if ordered.strip().casefold() == delivered.strip().casefold() else "W"


def _condition(row, terms):
    damaged, said = row.get("quantity_damaged"), row.get("condition")
    if said in ("damaged", "refused") or _positive(damaged):
        return "W"
    return "R" if said == "good" or damaged == 0 else "U"


def _price(row, terms):
    if _positive(row.get("surcharge")):
        return "W"
    agreed, paid = row.get("unit_price"), row.get("unit_price_invoiced")
    if agreed is None or paid is None:
        return "U"
    return "R" if abs(paid - agreed) <= abs(agreed) * (terms["price"] + 1e-9) else "W"


_SHOW = {
    "product": lambda row, terms: _same(row.get("product"), row.get("product_delivered")),
    "place": lambda row, terms: _same(row.get("place_ordered"), row.get("place_delivered")),
    "condition": _condition,
    "price": _price,
    "information": lambda row, terms: {"correct": "R", "wrong": "W", None: "U"}[
        row.get("documents")
    ],
}
