"""Build the sample case Brzoza Dom: a Polish e-shop for the home, with ten planted problems.

52 weeks from 2025-01-06. Time runs in Polish business days: an order from 14:00 on counts as the
next day's, is picked, checked (8 % go back to picking), packed and dispatched, and a carrier
brings it one or more days later. Shares and rates are in data/cases/brzoza-dom.yaml.
"""

from functools import cache

import numpy as np
import pandas as pd

from workbook import brzoza_truth
from workbook.samples import (
    Streams,
    at_minute,
    claims_of,
    day_of,
    of_the_rest,
    pick,
    poisson,
    rating,
    read_case,
    typed,
    working_days,
    written_tables,
)

__all__ = ["build"]

ORDERS, CUSTOMERS, LINES, PRICES, FREIGHT, FAILURES, TIMES, CARRYING = range(8)
OPINIONS, CLAIMS, REPLIES, SCANS = range(8, 12)
A1, A2, A3, A4, A5, A6, A7, A8, A9, A10 = range(101, 111)
ZONE, FIRST_DAY = "Europe/Warsaw", np.datetime64("2025-01-06")
FIRST_WEEK, PEAK = 2, (47, 51)  # ISO weeks of 2025
CASE = read_case("brzoza-dom")
SHARES, BASE = CASE["shares"], CASE["base"]
PLANTED = {one: problem["planted"] for one, problem in CASE["problems"].items()}
# Minutes of the day: cut-off, warehouse from and to, dispatch, carriers' arrival, delivery, office.
CUT_OFF, OPENS, CLOSES, LEAVES, ARRIVES, DELIVERS, OFFICE = 840, 480, 960, 1080, 360, 515, 600
# Mean answer of a customer whom nothing befell.
CONTENT = 4.605
# Of the orders that can be: two nights and more on their way (A7), known to be in a locker (A10).
SILENT_IF_LONG, EARLY_IF_LOCKER = 0.35, 0.285
REASONS = {"damaged": "damaged", "wrong_item": "wrong item", "short": "short"}
NOT_FOR_CANCELLED = ["product_delivered", "quantity_delivered", "quantity_damaged", "condition"]
NOT_FOR_CANCELLED += ["unit_price_invoiced", "shipped_at", "delivered_at", "place_delivered"]
NOT_FOR_CANCELLED += ["documents", "tracking_at", "freight_cost"]


def build(draw: Streams, on: list[str], scale: float) -> tuple[dict, dict]:
    """Return the tables of one Brzoza Dom, and what each problem and decoy came to.

    Parameters
    ----------
    draw : Streams
        Random streams by number of mechanism; the problems A1 to A10 use 101 to 110.
    on : list of str
        The problems that are switched on.
    scale : float
        1 is 24,000 orders.
    """
    orders = _orders(draw, max(round(24_000 * scale), 1), on)
    orders = _carry(draw, _schedule(draw, orders), on)
    orders = _promise(draw, orders, on)
    lines = _fail(draw, orders, _lines(draw, orders), on)
    orders = _record(draw, _spoil(draw, orders, lines), on)
    orders = _answer(draw, _ask(draw, orders, on), on)
    tables = {
        "order_lines": _order_lines(orders, lines),
        "steps": written_tables(CASE, on)["steps"],
        "events": _events(draw, orders),
        "responses": _responses(orders),
        "claims": claims_of(orders, REASONS, "invoice"),
    }
    return tables, brzoza_truth.tell(orders, lines, _calendar())


def _orders(draw: Streams, n: int, on: list[str]) -> pd.DataFrame:
    """Draw who orders what size and when, and who carries it."""
    u, v = draw(ORDERS).random((12, n)), draw(A2).random((3, n))
    on_top = 5 * (PLANTED["A2"]["volume_ratio"] - 1)  # in weeks of the usual volume
    moved = ("A2" in on) & (v[0] < on_top / (52 + on_top))
    usual = FIRST_WEEK + (u[7] * 52).astype(int)
    weeks = np.where(moved, PEAK[0] + (v[1] * 5).astype(int), usual)
    peak = (PEAK[0] <= weeks) & (weeks <= PEAK[1])
    carrier, n_lines = pick(u[3], SHARES["carriers"]), 1 + poisson(u[1], 1.2)
    sizes = [pick(u[4], SHARES[kind]) for kind in ("oversize", "parcels")]
    cancelled = u[11] < BASE["cancelled"]
    usually = (u[10] < BASE["split"]) & ~cancelled
    others = of_the_rest(PLANTED["A6"]["split"], BASE["split"])
    more = ("A6" in on) & (n_lines >= 3) & ~usually & ~cancelled & (draw(A6).random(n) < others)
    facts = {
        "order_id": np.array([f"BD{100_000 + rank}" for rank in np.argsort(np.argsort(u[0]))]),
        "n_lines": n_lines,
        "channel": pick(u[2], SHARES["channels"]),
        "carrier": carrier,
        "size_class": np.where(carrier == "K4", *sizes),
        "region": pick(u[5], SHARES["regions"]),
        "house": 100 + (u[6] * 900).astype(int),
        "week": weeks,
        "peak": peak,
        "moved": moved,
        "peak_days": np.where(peak & ("A2" in on), pick(v[2], SHARES["peak_days"]), 0),
        "day": FIRST_DAY + 7 * (weeks - FIRST_WEEK) + pick(u[8], SHARES["weekdays"]),
        "minute": 360 + (u[9] * 1079).astype(int),
        "split_more": more,
        "split": usually | more,
        "cancelled": cancelled,
    }
    return pd.DataFrame(facts | _customers(draw, n))


def _customers(draw: Streams, n: int) -> dict[str, np.ndarray]:
    random, many = draw(CUSTOMERS), max(round(n * 0.4), 1)
    chosen, u = random.integers(0, many, n), random.random((2, many))
    kinds = {"customer": np.array([f"C{10_000 + number}" for number in range(many)])}
    kinds["segment"] = pick(u[0], SHARES["segments"])
    kinds["language"] = pick(u[1], SHARES["languages"])
    return {column: values[chosen] for column, values in kinds.items()}


def _lines(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Draw what is ordered, line by line; `row` is the order's row."""
    row = np.repeat(np.arange(len(orders)), orders["n_lines"])
    line_no = 1 + np.arange(len(row)) - np.flatnonzero(np.diff(row, prepend=-1))[row]
    u, groups = draw(LINES).random((3, len(row))), SHARES["groups"]
    group, number = pick(u[0], groups), (u[1] * 40).astype(int)
    quantity = pick(u[2], SHARES["quantities"])
    price = 19.9 + 10 * np.floor(14 * draw(PRICES).exponential(size=(len(groups), 40)))
    # An order of one line can only be split if there is more than one piece of it.
    alone = (orders["split"] & (orders["n_lines"] == 1)).to_numpy()[row]
    facts = {"row": row, "line_no": line_no, "product_group": group, "number": number}
    facts["quantity_ordered"] = np.where(alone, np.maximum(quantity, 4), quantity)
    facts["unit_price"] = price[pd.Index(groups).get_indexer(group), number].round(2)
    facts["last"] = line_no == orders["n_lines"].to_numpy()[row]
    return pd.DataFrame(facts)


@cache
def _calendar() -> np.busdaycalendar:
    return working_days("PL", range(2025, 2027))


def _later(days: np.ndarray, number: np.ndarray | int) -> np.ndarray:
    """Move on by so many business days; 0 goes to the same or the next business day."""
    return np.busday_offset(days, number, roll="forward", busdaycal=_calendar())


def _schedule(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Let every order run through the house: true local times up to the carrier's van."""
    u = draw(TIMES).random((8, len(orders)))
    day, minute = day_of(orders["day"]), orders["minute"].to_numpy()
    accepted = _later(day + (minute >= CUT_OFF).astype(int), 0)
    paid = at_minute(day, minute + 5 + 55 * u[0])
    released = paid + 5 + (25 * u[1]).astype(int)
    first_day = _later(accepted, orders["peak_days"].to_numpy())
    ready = np.where(
        day_of(released) == first_day, (released - day_of(released)).astype(int) + 5, 0
    )
    start = np.maximum(ready, OPENS)
    picked = at_minute(first_day, start + u[2] * 0.77 * (CLOSES - start))
    again = at_minute(_later(first_day, 1), OPENS + 180 * u[2])
    rework, extra = u[3] < 0.08, pick(u[4], SHARES["extra_days"])
    last = np.where(rework, again, picked)
    held = ((extra > 0) & (u[5] < 0.5)).astype(int)  # waits in dispatch for the next van
    facts = {"ordered_at": at_minute(day, minute), "accepted": accepted, "paid_at": paid}
    facts |= {"released_at": released, "picked_at": picked, "rework": rework, "extra": extra}
    facts |= {"held": held, "last_pick_at": last, "packed_at": last + 15 + (25 * u[6]).astype(int)}
    facts["first_shipped"] = at_minute(day_of(last), LEAVES + 60 * u[7])
    return orders.assign(
        **facts, shipped_at=at_minute(_later(day_of(last), held), LEAVES + 60 * u[7])
    )


def _carry(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Let the carrier bring it: arrived at the last depot or locker, then delivered."""
    n, carrier = len(orders), orders["carrier"]
    u, v = draw(CARRYING).random((2, n)), draw(A5).random((2, n))
    oversize = ("A9" in on) & (orders["size_class"] == "XL")
    more = np.where(oversize, pick(draw(A9).random(n), SHARES["oversize_days"]), 0)
    days = (1 + orders["extra"] - orders["held"]).to_numpy() + more
    day = _later(day_of(orders["shipped_at"]), days)
    tour = ("A5" in on) & (carrier == "K4") & (v[0] < PLANTED["A5"]["tours_after_midnight"])
    night = pd.Series(at_minute(day, 1380 + 59 * v[1])).dt.tz_localize("UTC").dt.tz_convert(ZONE)
    delivered = pd.Series(at_minute(day, DELIVERS + 735 * u[1])).mask(
        tour, night.dt.tz_localize(None)
    )
    day_before = np.busday_offset(day, -1, busdaycal=_calendar())
    before = delivered - pd.Timedelta(minutes=90)
    before = before.mask(orders["extra"] > 0, at_minute(day_before, DELIVERS + 735 * u[1]))
    cost = 14 * np.exp(0.25 * draw(FREIGHT).standard_normal(n))
    cost *= np.where(oversize, PLANTED["A9"]["freight_ratio"], 1.0)
    facts = {
        "arrived_at": at_minute(day, ARRIVES + 150 * u[0]),
        "delivered": delivered,
        "night": tour,
    }
    return orders.assign(**facts, first_delivered=before, freight_cost=cost, oversize_days=more)


def _promise(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Promise three business days; with A1 often the next one, and again when it will be late."""
    u, gaming, day = draw(A1).random((2, len(orders))), "A1" in on, day_of(orders["delivered"])
    hasty = gaming & (u[0] < PLANTED["A1"]["promised_next_day"])
    days = np.where(hasty, 1, 3) + orders["oversize_days"].to_numpy()
    promised = _later(day_of(orders["accepted"]), days)
    again = gaming & (day > promised) & (u[1] < PLANTED["A1"]["promised_again_if_late"])
    facts = {"promised_at": promised, "promised_latest_at": np.where(again, day, promised)}
    return orders.assign(**facts, late=day > promised, hasty=hasty, promised_again=again)


def _fail(draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Draw each line's failures: wrong item, short, damaged, wrong price."""
    u, v = draw(FAILURES).random((6, len(lines))), draw(A3).random(len(lines))
    k2 = (orders["carrier"] == "K2").to_numpy()[lines["row"]]
    fragile = k2 & (lines["product_group"] == "glass")
    # 42 % of the lines are of several pieces; only these can be short and still be delivered.
    short = (lines["quantity_ordered"] > 1) & (u[1] < BASE["short"] / 0.42)
    usual, overcharged = u[2] < BASE["damaged"], u[3] < BASE["overcharged"]
    others = of_the_rest(PLANTED["A3"]["damaged"], BASE["damaged"])
    broken = ("A3" in on) & fragile & ~usual & (v < others)
    rounded = np.where(u[4] < 0.3, 1 + 0.003 * (2 * u[5] - 1), 1.0)
    factor = np.where(overcharged, 1.04 + 0.08 * u[5], rounded)
    facts = {"wrong_item": u[0] < BASE["wrong_item"], "short": short, "damaged": usual | broken}
    facts |= {"overcharged": overcharged, "fragile": fragile, "broken": broken}
    facts["unit_price_invoiced"] = (lines["unit_price"] * factor).round(2)
    return lines.assign(**facts, quantity=lines["quantity_ordered"] - short)


def _spoil(draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Draw the failures of whole orders, and bring the lines' failures up to the order."""
    u, delivered = draw(CLAIMS).random((5, len(orders))), day_of(orders["delivered"])
    failed = lines[["wrong_item", "short", "damaged", "overcharged"]].groupby(lines["row"]).any()
    claimed = failed.any(axis=1) & (u[2] < 0.6) & ~orders["cancelled"]
    settled = pd.Series(at_minute(_later(delivered + 1, 0), OPENS + 420 * u[3])).where(claimed)
    facts = {"misplaced": u[0] < BASE["misplaced"], "misdocumented": u[1] < BASE["misdocumented"]}
    facts |= {"claimed": claimed, "settled_at": settled, "claim_cost": (14 + 90 * u[4]).round(2)}
    return orders.join(failed).assign(**facts)


def _record(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Tell what is written down: K4's clock (A5), lost proofs of delivery (A4), scans (A7)."""
    n, k3, came = len(orders), orders["carrier"] == "K3", ~orders["cancelled"]
    chances = (PLANTED["A4"][key] for key in ("missing_if_late", "missing_else"))
    lost = ("A4" in on) & k3 & came & (draw(A4).random(n) < np.where(orders["late"], *chances))
    nights = (day_of(orders["arrived_at"]) - day_of(orders["shipped_at"])).astype(int)
    silent = ("A7" in on) & came & (nights > 1) & (draw(A7).random(n) < SILENT_IF_LONG)
    return orders.assign(utc=("A5" in on) & (orders["carrier"] == "K4"), lost=lost, silent=silent)


def _written(moments: pd.Series, utc: pd.Series) -> pd.Series:
    """Return local times as the carrier writes them: in UTC where `utc` says so."""
    local = moments.astype("datetime64[us]")
    winter = np.zeros(len(local), bool)
    zoned = local.dt.tz_localize(ZONE, ambiguous=winter, nonexistent="shift_forward")
    return local.mask(utc, zoned.dt.tz_convert("UTC").dt.tz_localize(None))


def _ask(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Let every customer judge; the mean of the answers is exact, so effects add up."""
    u, v = draw(OPINIONS).random((2, 5, len(orders)))
    facts = ("late", "silent", "damaged")
    means = {
        "overall": CONTENT + sum(PLANTED["A7"][f"effect_{fact}"] * orders[fact] for fact in facts),
        "product": 4.6 - 2.4 * orders["wrong_item"],
        "time": 4.5 - 1.2 * orders["late"],
        "condition": 4.6 - 2.5 * orders["damaged"],
        "information": 4.4 - 1.6 * orders["silent"] - 0.6 * orders["misdocumented"],
    }
    answers = {}
    for i, (question, mean) in enumerate(means.items()):
        answers[question] = rating(mean, u[i], v[i])
    return orders.assign(**answers)


def _answer(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Mail the survey, with A10 too early, and let some customers answer, with A8 unevenly."""
    u, came, n = draw(REPLIES).random((3, len(orders))), ~orders["cancelled"], len(orders)
    locker = ("A10" in on) & (orders["carrier"] == "K3") & ~orders["lost"] & came
    early = locker & (draw(A10).random(n) < EARLY_IF_LOCKER)
    usual = pd.Series(at_minute(_later(day_of(orders["delivered"]) + 1, 0), OFFICE))
    settled = orders["settled_at"] + pd.Timedelta(minutes=30)
    mailed = usual.mask(settled > usual, settled).mask(early, at_minute(orders["arrived_at"], 10))
    unhappy = ("A8" in on) & (orders["overall"] <= 2)
    rate = BASE["reply"] * PLANTED["A8"]["reply_ratio_if_unhappy"]
    eager = unhappy & came & (u[0] >= BASE["reply"]) & (u[0] < rate)
    seen = mailed.mask(early, orders["delivered"])
    delay = (30 + np.minimum(-1800 * np.log1p(-u[1]), 14_000)).astype(int)
    facts = {"too_early": early, "sent_at": mailed, "eager": eager}
    facts["answers"] = (came & (u[0] < BASE["reply"])) | eager
    facts["answered_at"] = seen + pd.to_timedelta(delay, unit="m")
    comment = pd.Series(pick(u[2], SHARES["comments"])).replace("", None)
    return orders.assign(**facts, comment=comment)


def _order_lines(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the order lines together; a split order's last line comes in two deliveries."""
    whole = lines.join(orders[orders.columns.difference(lines.columns)], on="row")
    later = whole["split"] & whole["last"]
    ahead = (whole["quantity"] // 2).where(later, 0)
    early = whole.assign(quantity=ahead, damaged=False, freight_cost=0.0, part=1)[ahead > 0]
    rest = whole.assign(quantity=whole["quantity"] - ahead, part=np.where(later, 2, 1))
    rows = pd.concat([early, rest])
    order = ["ordered_at", "order_id", "line_no", "part"]
    return typed(_as_exported(rows.sort_values(order).reset_index(drop=True)), "order_lines")


def _as_exported(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the rows what the shop's own export would show of them."""
    came, first = ~rows["cancelled"], rows["split"] & (rows["part"] == 1)
    code = rows["product_group"].str[:3].str.upper() + "-"
    delivered_number = (rows["number"] + rows["wrong_item"]) % 40
    at_locker = np.where(rows["carrier"] == "K3", " locker ", " ")
    place = rows["region"].map(CASE["towns"]) + at_locker
    arrived = rows["delivered"].mask(first, rows["first_delivered"])
    facts = {
        "delivery_no": rows["part"],
        "product": code + rows["number"].astype(str).str.zfill(2),
        "quantity_delivered": rows["quantity"],
        "product_delivered": code + delivered_number.astype(str).str.zfill(2),
        "condition": np.where(rows["damaged"], "damaged", "good"),
        "quantity_damaged": rows["damaged"].astype(int),
        "currency": "PLN",
        "shipped_at": rows["shipped_at"].mask(first, rows["first_shipped"]),
        "delivered_at": _written(arrived, rows["utc"]).mask(rows["lost"]),
        "place_ordered": place + rows["house"].astype(str),
        "place_delivered": place + (rows["house"] + rows["misplaced"]).astype(str),
        "confirmed_at": rows["ordered_at"] + pd.Timedelta(minutes=2),
        "documents": np.where(rows["misdocumented"], "wrong", "correct"),
        "tracking_at": rows["shipped_at"] + pd.Timedelta(minutes=20),
        "freight_cost": (rows["freight_cost"] / rows["n_lines"]).round(2),
        "status": np.where(came, "delivered", "cancelled_by_customer"),
        "reason": np.where(came, None, "customer changed mind"),
    }
    table = rows.assign(**facts)
    table[NOT_FOR_CANCELLED] = table[NOT_FOR_CANCELLED].where(came)
    return table


def _events(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Log what happened to each order; carriers' events are recorded by the shop's own clock."""
    came = ~orders["cancelled"]
    o, again, soon = orders[came], orders[came & orders["rework"]], pd.Timedelta(minutes=8)
    log = [
        _event(orders, "Order entered", orders["ordered_at"]),
        _event(orders, "Payment checked", orders["paid_at"]),
        _event(orders, "Order released", orders["released_at"]),
        _event(again, "Picked", again["picked_at"]),
        _event(again, "Checked", again["picked_at"] + soon),
        _event(o, "Picked", o["last_pick_at"]),
        _event(o, "Checked", o["last_pick_at"] + soon),
        _event(o, "Packed", o["packed_at"]),
        _event(o, "Labelled", o["packed_at"] + soon),
        _event(o, "Dispatched", o["shipped_at"]),
        _scans(o[~o["silent"]]),
        _event(o, "Transit " + o["carrier"], o["arrived_at"], carrier=True),
        _event(o, "Delivered", o["delivered"].mask(o["lost"]), carrier=True),
        _event(o, "Claim settled", o["settled_at"]),
        _event(o, "Survey mailed", o["sent_at"]),
    ]
    events = pd.concat(log).dropna(subset=["true"]).sort_values(["true", "order_id"], kind="stable")
    latency = (2 + 10 * draw(SCANS).random(len(orders))).astype(int)[events.index]
    recorded = events["true"] + pd.to_timedelta(latency, unit="m")
    events["recorded_at"] = recorded.where(events["carrier"])
    events["event_at"] = _written(events["true"], events["utc"] & events["carrier"])
    return typed(events, "events")


def _event(
    orders: pd.DataFrame, activity: str | pd.Series, moments: pd.Series, *, carrier: bool = False
) -> pd.DataFrame:
    facts = {"activity": activity, "true": moments, "carrier": carrier, "lifecycle": None}
    return orders[["order_id", "utc"]].assign(**facts)


def _scans(orders: pd.DataFrame) -> pd.DataFrame:
    """Scan the parcels on their way, so that none is out of sight for more than 23 hours."""
    way = ((orders["arrived_at"] - orders["shipped_at"]) // pd.Timedelta(minutes=1)).to_numpy()
    many = -(-way // (23 * 60)) - 1
    row = np.repeat(np.arange(len(orders)), many)
    which = 1 + np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    seen, minutes = orders.iloc[row], way[row] * which // (many[row] + 1)
    moments = seen["shipped_at"] + pd.to_timedelta(minutes, unit="m")
    scans = _event(seen, "Transit " + seen["carrier"], moments, carrier=True)
    return scans.assign(lifecycle="start")


def _responses(orders: pd.DataFrame) -> pd.DataFrame:
    answered = orders[orders["answers"]].sort_values(["answered_at", "order_id"])
    answered = answered.assign(response_id="R" + answered["order_id"].str[2:])
    questions = ("overall", "product", "time", "condition", "information")
    return typed(answered, "responses", extra=questions)
