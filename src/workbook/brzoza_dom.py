"""Build the sample case Brzoza Dom: a Polish e-shop for the home, with ten planted problems.

52 weeks from 2025-01-06. Time runs in Polish business days: an order from 14:00 on counts as the
next day's, is picked, checked (8 % go back to picking), packed and dispatched, and a carrier
brings it one or more days later. The base failures are independent of each other.
"""

import io
from functools import cache

import numpy as np
import pandas as pd

from workbook.samples import Streams, pick, poisson, working_days
from workbook.schema import columns

__all__ = ["PROBLEMS", "build"]

PROBLEMS = {
    "A1": "promise gaming",
    "A2": "the peak before Christmas",
    "A3": "carrier K2 breaks glass",
    "A4": "proofs of delivery missing, mostly of late orders",
    "A5": "carrier K4 writes UTC",
    "A6": "large orders are split",
    "A7": "tracking falls silent",
    "A8": "unhappy customers answer more often",
    "A9": "oversize takes longer and costs more",
    "A10": "survey sent before delivery",
}
ORDERS, CUSTOMERS, LINES, PRICES, FAILURES, TIMES, CARRYING, OPINIONS, CLAIMS, REPLIES, SCANS = (
    range(11)
)
ZONE = "Europe/Warsaw"
CONTENT, SPREAD, SILENT, EARLY = 4.62, 0.2, 0.4, 0.27
FIRST_DAY, FIRST_WEEK, PEAK = np.datetime64("2025-01-06"), 2, (47, 51)
WEEKDAYS = dict(enumerate((0.10, 0.16, 0.16, 0.155, 0.145, 0.13, 0.15)))  # a dip on Mondays
CARRIERS = {"K1": 0.44, "K2": 0.22, "K3": 0.24, "K4": 0.10}
CHANNELS = {"web": 0.62, "app": 0.30, "phone": 0.08}
SEGMENTS = {"household": 0.58, "club": 0.30, "small business": 0.12}
LANGUAGES = {"pl": 0.88, "uk": 0.07, "en": 0.05}
TOWNS = {"Mazowieckie": "Warszawa", "Śląskie": "Katowice", "Wielkopolskie": "Poznań"}
TOWNS |= {"Małopolskie": "Kraków", "Dolnośląskie": "Wrocław", "Pomorskie": "Gdańsk"}
REGIONS = dict(zip(TOWNS, (0.27, 0.19, 0.16, 0.15, 0.13, 0.10), strict=True))
GROUPS = {"textiles": 0.22, "kitchen": 0.20, "decoration": 0.18, "lighting": 0.16}
GROUPS |= {"furniture": 0.14, "glass": 0.10}
QUANTITIES = {1: 0.58, 2: 0.22, 4: 0.12, 6: 0.08}
# Business days beyond the fastest: of a usual order, of picking in the peak, of oversize.
EXTRA_DAYS = {0: 0.18, 1: 0.38, 2: 0.35, 3: 0.06, 4: 0.02, 5: 0.01}
PEAK_DAYS = {0: 0.43, 1: 0.26, 2: 0.16, 3: 0.10, 4: 0.05}
OVERSIZE_DAYS = {1: 0.50, 2: 0.42, 3: 0.08}
COMMENTS = {"": 0.86, "Bez uwag.": 0.05, "Paczka w porządku.": 0.04, "Czekam na fakturę.": 0.02}
COMMENTS |= {"All fine.": 0.01, "Please ring before delivery.": 0.02}
TARGETS = {"product": 0.98, "quantity": 0.95, "time": 0.88, "place": 0.99, "condition": 0.97}
TARGETS |= {"price": 0.98, "information": 0.96}
NOT_FOR_CANCELLED = (
    "product_delivered",
    "condition",
    "quantity_damaged",
    "unit_price_invoiced",
    "shipped_at",
    "delivered_at",
    "place_delivered",
    "documents",
    "tracking_at",
    "freight_cost",
)
STEPS = """\
step_id|step|role|predecessors|join|split|touch_minutes|wait_minutes|rate|rights|activity|status
enter|Enter the order|Customer||||0.5|0|0|product;quantity;place|Order entered|
payment|Check the payment|Finance|enter|||1|120|48|price|Payment checked|
release|Release the order|Customer service|payment|||1|60|48|information|Order released|
pick|Pick the goods|Warehouse picking|release|||6|180|36|product;quantity;time|Picked|\
needs improvement
check|Check the goods|Warehouse picking|pick|||2|18|36|product;quantity|Checked|
pack|Pack|Warehouse packing|check|||5|60|34|condition|Packed|works
label|Label|Warehouse packing|pack|||1|12|34|place;information|Labelled|
dispatch|Dispatch|Dispatch|label||any|1|240|36|time;information|Dispatched|works
k1|Carry parcels|Carrier K1|dispatch||||1320||time;place;condition|Transit K1|
k2|Carry parcels|Carrier K2|dispatch||||1320||time;place;condition|Transit K2|
k3|Carry to lockers|Carrier K3|dispatch||||1320||time;place;condition|Transit K3|
k4|Carry oversize, two people|Carrier K4|dispatch||||1320||time;place;condition|Transit K4|unknown
deliver|Receive the goods|Customer|k1;k2;k3;k4|any|any|3|||time;place;condition|Delivered|
claim|Settle the claim|Customer service|deliver|||14|1800|48|price|Claim settled|unknown
survey|Mail the survey|Customer service|deliver;claim|any||0||48||Survey mailed|
"""


def build(draw: Streams, on: list[str], scale: float) -> tuple[dict, dict, dict]:
    """Return the tables, the profile and the truth of one Brzoza Dom.

    Parameters
    ----------
    draw : Streams
        Random streams by number of mechanism; the problems A1 to A10 use 101 to 110.
    on : list of str
        The problems that are switched on, of `PROBLEMS`.
    scale : float
        1 is 24,000 orders.
    """
    orders = _orders(draw, max(round(24_000 * scale), 1), on)
    orders = _carry(draw, _schedule(draw, orders), on)
    orders = _promise(draw, orders, on)
    lines = _fail(draw, orders, _lines(draw, orders), on)
    orders = _record(draw, _spoil(draw, orders, lines), on)
    orders = _ask(draw, orders, on)
    tables = {
        "order_lines": _order_lines(orders, lines),
        "steps": _steps(),
        "events": _events(draw, orders),
        "responses": _responses(orders),
        "claims": _claims(orders),
    }
    return tables, _profile(), {"problems": {}}


def _orders(draw: Streams, n: int, on: list[str]) -> pd.DataFrame:
    """Draw who orders what size and when, and who carries it."""
    u, v = draw(ORDERS).random((12, n)), draw(102).random((3, n))
    parcel, oversize = {"S": 0.42, "M": 0.38, "L": 0.20}, {"L": 0.20, "XL": 0.80}
    # 2.2 times an ordinary week in 5 of 52 weeks is 6 parts of 58 on top.
    moved = ("A2" in on) & (v[0] < 6 / 58)
    usual = FIRST_WEEK + (u[7] * 52).astype(int)
    weeks = np.where(moved, PEAK[0] + (v[1] * 5).astype(int), usual)
    peak = ("A2" in on) & (PEAK[0] <= weeks) & (weeks <= PEAK[1])
    carrier = pick(u[3], CARRIERS)
    n_lines = 1 + poisson(u[1], 1.2)
    many = ("A6" in on) & (n_lines >= 3) & (draw(106).random(n) < 0.30 / 0.95)
    facts = {
        "order_id": np.array([f"BD{100_000 + rank}" for rank in np.argsort(np.argsort(u[0]))]),
        "n_lines": n_lines,
        "channel": pick(u[2], CHANNELS),
        "carrier": carrier,
        "size_class": np.where(carrier == "K4", pick(u[4], oversize), pick(u[4], parcel)),
        "region": pick(u[5], REGIONS),
        "house": 100 + (u[6] * 900).astype(int),
        "week": weeks,
        "moved": moved,
        "peak_days": np.where(peak, pick(v[2], PEAK_DAYS), 0),
        "day": FIRST_DAY + 7 * (weeks - FIRST_WEEK) + pick(u[8], WEEKDAYS),
        "minute": 360 + (u[9] * 1079).astype(int),
        "usually_split": u[10] < 0.05,
        "split": (u[10] < 0.05) | many,
        "cancelled": u[11] < 0.01,
    }
    return pd.DataFrame(facts | _customers(draw, n))


def _customers(draw: Streams, n: int) -> dict[str, np.ndarray]:
    random, many = draw(CUSTOMERS), max(round(n * 0.4), 1)
    chosen, u = random.integers(0, many, n), random.random((2, many))
    names = np.array([f"C{10_000 + number}" for number in range(many)])
    kinds = {"customer": names, "segment": pick(u[0], SEGMENTS), "language": pick(u[1], LANGUAGES)}
    return {column: values[chosen] for column, values in kinds.items()}


def _lines(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Draw what is ordered, line by line; `row` is the order's row."""
    at = np.repeat(np.arange(len(orders)), orders["n_lines"])
    line_no = 1 + np.arange(len(at)) - np.flatnonzero(np.diff(at, prepend=-1))[at]
    u = draw(LINES).random((3, len(at)))
    group, number, quantity = pick(u[0], GROUPS), (u[1] * 40).astype(int), pick(u[2], QUANTITIES)
    price = 19.9 + 10 * np.floor(14 * draw(PRICES).exponential(size=(len(GROUPS), 40)))
    # An order of one line can only be split if there is more than one piece of it.
    alone = (orders["usually_split"] & (orders["n_lines"] == 1)).to_numpy()[at]
    facts = {"row": at, "line_no": line_no, "product_group": group, "number": number}
    facts["quantity_ordered"] = np.where(alone, np.maximum(quantity, 4), quantity)
    facts["unit_price"] = price[pd.Index(GROUPS).get_indexer(group), number].round(2)
    facts["last"] = line_no == orders["n_lines"].to_numpy()[at]
    return pd.DataFrame(facts)


@cache
def _calendar() -> np.busdaycalendar:
    return working_days("PL", range(2025, 2027))


def _later(days: np.ndarray, number: np.ndarray | int) -> np.ndarray:
    """Move on by so many business days; 0 goes to the same or the next business day."""
    return np.busday_offset(days, number, roll="forward", busdaycal=_calendar())


def _at(days: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    return np.asarray(days).astype("datetime64[m]") + np.asarray(minutes).astype(int)


def _day(moments: np.ndarray) -> np.ndarray:
    return np.asarray(moments).astype("datetime64[D]")


def _schedule(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Let every order run through the house: true local times up to the carrier's van."""
    u = draw(TIMES).random((8, len(orders)))
    day, minute = _day(orders["day"]), orders["minute"].to_numpy()
    ordered = _at(day, minute)
    accepted = _later(day + (minute >= 840).astype(int), 0)
    paid = ordered + 5 + (55 * u[0]).astype(int)
    released = paid + 5 + (25 * u[1]).astype(int)
    first_day = _later(accepted, orders["peak_days"].to_numpy())
    ready = np.where(_day(released) == first_day, (released - _day(released)).astype(int) + 5, 0)
    start = np.maximum(ready, 480)
    picked = _at(first_day, start + u[2] * (1030 - start))
    again = _at(_later(first_day, 1), 480 + 180 * u[2])
    rework = u[3] < 0.08
    last = np.where(rework, again, picked)
    extra = pick(u[4], EXTRA_DAYS)
    held = ((extra > 0) & (u[5] < 0.5)).astype(int)
    packed = last + 15 + (25 * u[6]).astype(int)
    shipped, first = (_at(_later(_day(last), days), 1080 + 60 * u[7]) for days in (held, 0))
    times = {"ordered_at": ordered, "accepted": accepted, "paid_at": paid, "released_at": released}
    times |= {"picked_at": picked, "rework": rework, "last_pick_at": last, "packed_at": packed}
    return orders.assign(**times, extra=extra, held=held, shipped_at=shipped, first_shipped=first)


def _carry(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Let the carrier bring it: `arrived` at the last depot or locker, then `delivered`."""
    u, v = draw(CARRYING).random((2, len(orders))), draw(105).random((2, len(orders)))
    oversize = ("A9" in on) & (orders["size_class"] == "XL")
    more = np.where(oversize, pick(draw(109).random(len(orders)), OVERSIZE_DAYS), 0)
    days = (1 + orders["extra"] - orders["held"]).to_numpy() + more
    day = _later(_day(orders["shipped_at"]), days)
    delivered = _at(day, 515 + 735 * u[1])
    tour = ("A5" in on) & (orders["carrier"] == "K4") & (v[0] < 0.12)
    night = pd.Series(_at(day, 1380 + 59 * v[1])).dt.tz_localize("UTC").dt.tz_convert(ZONE)
    delivered = np.where(tour, night.dt.tz_localize(None), delivered.astype("datetime64[us]"))
    day_before = np.busday_offset(day, -1, busdaycal=_calendar())
    before = np.where(
        orders["extra"] > 0,
        _at(day_before, 515 + 735 * u[1]).astype("datetime64[us]"),
        delivered - np.timedelta64(90, "m"),
    )
    cost = 14 * np.exp(0.25 * draw(PRICES).standard_normal(len(orders)))
    facts = {"arrived_at": _at(day, 360 + 150 * u[0]), "delivered": delivered, "night": tour}
    facts |= {"first_delivered": before, "freight_cost": np.where(oversize, 3.4 * cost, cost)}
    return orders.assign(**facts, oversize_days=more)


def _promise(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Promise three business days; with A1 often the next one, and again when it will be late."""
    u, gaming = draw(101).random((2, len(orders))), "A1" in on
    hasty = gaming & (u[0] < 0.60)
    days = np.where(hasty, 1, 3) + orders["oversize_days"].to_numpy()
    promised = _later(_day(orders["accepted"]), days)
    late = _day(orders["delivered"]) > promised
    again = gaming & late & (u[1] < 0.45)
    latest = np.where(again, _day(orders["delivered"]), promised)
    facts = {"promised_at": promised, "promised_latest_at": latest}
    return orders.assign(**facts, late=late, hasty=hasty, promised_again=again)


def _fail(draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Draw each line's failures: wrong item, short, damaged, wrong price."""
    u, v = draw(FAILURES).random((6, len(lines))), draw(103).random(len(lines))
    fragile = (lines["product_group"] == "glass") & (orders["carrier"] == "K2").to_numpy()[
        lines["row"]
    ]
    several = lines["quantity_ordered"] > 1
    ordered, price = lines["quantity_ordered"], lines["unit_price"]
    rounding = np.where(u[4] < 0.3, 1 + 0.003 * (2 * u[5] - 1), 1.0)
    overcharged = u[3] < 0.004
    facts = {
        "wrong_item": u[0] < 0.006,
        "short": several & (u[1] < 0.018 / 0.42),
        "fragile": fragile,
        # 1.2 % and then 5.87 % of the rest: 7 % in all.
        "broken_by_k2": ("A3" in on) & fragile & (u[2] >= 0.012) & (v < 0.0587),
        "overcharged": overcharged,
        "unit_price_invoiced": (price * np.where(overcharged, 1.04 + 0.08 * u[5], rounding)).round(
            2
        ),
    }
    lines = lines.assign(**facts)
    lines["damaged"] = lines["broken_by_k2"] | (u[2] < 0.012)
    return lines.assign(quantity=ordered - lines["short"])


def _spoil(draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Draw the failures of whole orders, and bring the lines' failures up to the order."""
    u = draw(CLAIMS).random((5, len(orders)))
    failed = lines[["wrong_item", "short", "damaged", "overcharged"]].groupby(lines["row"]).any()
    claimed = failed.any(axis=1).to_numpy() & (u[2] < 0.6) & ~orders["cancelled"]
    settled = orders["delivered"] + _minutes(1200 + 1500 * u[3])
    facts = {"misplaced": u[0] < 0.003, "misdocumented": u[1] < 0.03, "claimed": claimed}
    facts |= {"claim_settled_at": settled.where(claimed), "claim_cost": (14 + 90 * u[4]).round(2)}
    return orders.join(failed).assign(**facts)


def _minutes(number: np.ndarray) -> pd.TimedeltaIndex:
    return pd.to_timedelta(number.astype(int), unit="m")


def _record(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Tell what is written down: K4's clock (A5), lost proofs of delivery (A4), scans (A7)."""
    k3, k4 = orders["carrier"] == "K3", orders["carrier"] == "K4"
    chance = np.where(orders["late"], 0.20, 0.04)
    lost = ("A4" in on) & k3 & (draw(104).random(len(orders)) < chance)
    nights = (_day(orders["arrived_at"]) - _day(orders["shipped_at"])).astype(int)
    silent = ("A7" in on) & (nights > 1) & (draw(107).random(len(orders)) < SILENT)
    return orders.assign(utc=("A5" in on) & k4, lost=lost & ~orders["cancelled"], silent=silent)


def _written(moments: pd.Series, utc: pd.Series) -> pd.Series:
    """Return local times as the carrier writes them: in UTC where `utc` says so."""
    local = moments.astype("datetime64[us]")
    first = np.zeros(len(local), bool)
    zoned = local.dt.tz_localize(ZONE, ambiguous=first, nonexistent="shift_forward")
    return local.where(~utc, zoned.dt.tz_convert("UTC").dt.tz_localize(None))


def _opinion(mean: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return whole answers from 1 to 5 whose expectation is the mean, with some spread."""
    answer = np.floor(np.clip(mean, 1, 5 - 1e-9) + u)
    nudge = np.where(v < SPREAD, -1, 0) + np.where(v > 1 - SPREAD, 1, 0)
    return np.where((answer > 1) & (answer < 5), answer + nudge, answer)


def _ask(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Mail the survey to everybody, let customers judge, and let some of them answer."""
    o, u = orders.copy(), draw(OPINIONS).random((4, 5, len(orders)))
    late, silent, damaged = (o[fact].to_numpy(float) for fact in ("late", "silent", "damaged"))
    o["overall"] = _opinion(CONTENT - 0.5 * late - 1.1 * silent - 1.5 * damaged, u[0, 0], u[1, 0])
    details = {
        "product": 4.6 - 2.4 * o["wrong_item"],
        "time": 4.5 - 1.2 * late,
        "condition": 4.6 - 2.5 * damaged,
        "information": 4.4 - 1.6 * silent - 0.6 * o["misdocumented"],
    }
    for i, (question, mean) in enumerate(details.items(), start=1):
        o[question] = _opinion(np.asarray(mean), u[0, i], u[1, i])
    reply = draw(REPLIES).random((3, len(o)))
    next_day = _at(_later(_day(o["delivered"]) + 1, 0), np.full(len(o), 600))
    locker = ("A10" in on) & (o["carrier"] == "K3") & ~o["lost"]
    o["too_early"] = locker & (draw(110).random(len(o)) < EARLY)
    mailed = np.fmax(next_day, (o["claim_settled_at"] + _minutes(np.array(30))).to_numpy())
    o["sent_at"] = np.where(o["too_early"], _at(o["arrived_at"], 10), mailed)
    eager = ("A8" in on) & (o["overall"] <= 2) & (reply[0] >= 0.12) & (reply[0] < 0.12 * 2.2)
    o["eager"] = eager & ~o["cancelled"]
    o["answers"] = ((reply[0] < 0.12) | eager) & ~o["cancelled"]
    delay = _minutes(30 + np.minimum(-1800 * np.log1p(-reply[1]), 14_000))
    o["answered_at"] = np.fmax(o["sent_at"], o["delivered"]) + delay
    return o.assign(comment=pick(reply[2], COMMENTS))


def _order_lines(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the order lines together; a split order's last line comes in two deliveries."""
    everything = lines.join(orders[orders.columns.difference(lines.columns)], on="row")
    later = everything["split"] & everything["last"]
    sent_first = (everything["quantity"] // 2).where(later, 0)
    early = everything[later & (sent_first > 0)].assign(
        quantity=sent_first, damaged=False, freight_cost=0.0
    )
    rest = everything.assign(quantity=everything["quantity"] - sent_first)
    rows = pd.concat([early.assign(part=1), rest.assign(part=np.where(later, 2, 1))])
    rows = rows.sort_values(["ordered_at", "order_id", "line_no", "part"], kind="stable")
    return _columns(rows.reset_index(drop=True))


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Name the columns as the client's export would, with nothing of what is hidden."""
    came, first = ~rows["cancelled"], rows["split"] & (rows["part"] == 1)
    code = rows["product_group"].str[:3].str.upper() + "-"
    place = rows["region"].map(TOWNS) + np.where(rows["carrier"] == "K3", " locker ", " ")
    shipped = rows["shipped_at"].mask(first, rows["first_shipped"])
    delivered = _written(rows["delivered"].mask(first, rows["first_delivered"]), rows["utc"])
    delivered_number = (rows["number"] + rows["wrong_item"]) % 40
    facts = {
        "line_no": rows["line_no"].astype(str),
        "delivery_no": rows["part"].astype(str),
        "product": code + rows["number"].astype(str).str.zfill(2),
        "quantity_ordered": rows["quantity_ordered"].astype(float),
        "quantity_delivered": rows["quantity"].where(came).astype(float),
        "product_delivered": code + delivered_number.astype(str).str.zfill(2),
        "condition": pd.Series(np.where(rows["damaged"], "damaged", "good")),
        "quantity_damaged": rows["damaged"].astype(float),
        "currency": "PLN",
        "shipped_at": shipped,
        "delivered_at": delivered.mask(rows["lost"]),
        "place_ordered": place + rows["house"].astype(str),
        "place_delivered": place + (rows["house"] + rows["misplaced"]).astype(str),
        "confirmed_at": rows["ordered_at"] + pd.Timedelta(minutes=2),
        "documents": pd.Series(np.where(rows["misdocumented"], "wrong", "correct")),
        "tracking_at": rows["shipped_at"] + pd.Timedelta(minutes=20),
        "freight_cost": (rows["freight_cost"] / rows["n_lines"]).round(2),
        "status": pd.Series(np.where(came, "delivered", "cancelled_by_customer")),
        "reason": pd.Series(np.where(came, None, "customer changed mind")),
    }
    table = rows.assign(**facts)
    table[list(NOT_FOR_CANCELLED)] = table[list(NOT_FOR_CANCELLED)].where(came)
    return _typed(table[[column for column in columns("order_lines") if column in table]])


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Give text, numbers and date-times the types that the readers give them."""
    kinds = dict.fromkeys(table.select_dtypes("datetime"), "datetime64[us]")
    kinds |= dict.fromkeys(table.select_dtypes("object"), "str")
    kinds |= dict.fromkeys(table.select_dtypes(("number", "bool")), float)
    return table.astype(kinds).reset_index(drop=True)


def _steps() -> pd.DataFrame:
    steps = pd.read_csv(io.StringIO(STEPS), sep="|")
    steps["cost"] = (steps["touch_minutes"] * steps.pop("rate") / 60).round(2)
    checking = steps["step_id"] == "check"
    steps["rework_share"], steps["rework_to"] = np.where(checking, 0.08, np.nan), "pick"
    steps["rework_to"] = steps["rework_to"].where(checking)
    return _typed(steps[[column for column in columns("steps") if column in steps]])


def _events(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Log what happened to each order; carriers' events are recorded by the shop's own clock."""
    came, again = ~orders["cancelled"], ~orders["cancelled"] & orders["rework"]
    checked, transit = pd.Timedelta(minutes=8), "Transit " + orders["carrier"]
    delivered = orders["delivered"].mask(orders["lost"])
    log = [
        _event(orders, "Order entered", orders["ordered_at"]),
        _event(orders, "Payment checked", orders["paid_at"]),
        _event(orders, "Order released", orders["released_at"]),
        _event(orders, "Picked", orders["picked_at"].where(again)),
        _event(orders, "Checked", (orders["picked_at"] + checked).where(again)),
        _event(orders, "Picked", orders["last_pick_at"].where(came)),
        _event(orders, "Checked", (orders["last_pick_at"] + checked).where(came)),
        _event(orders, "Packed", orders["packed_at"].where(came)),
        _event(orders, "Labelled", (orders["packed_at"] + checked).where(came)),
        _event(orders, "Dispatched", orders["shipped_at"].where(came)),
        _scans(orders[came & ~orders["silent"]]),
        _event(orders, transit, orders["arrived_at"].where(came), carrier=True),
        _event(orders, "Delivered", delivered.where(came), carrier=True),
        _event(orders, "Claim settled", orders["claim_settled_at"]),
        _event(orders, "Survey mailed", orders["sent_at"].where(came)),
    ]
    events = pd.concat(log).dropna(subset=["true"]).sort_values(["true", "order_id"], kind="stable")
    latency = _minutes(2 + 10 * draw(SCANS).random(len(orders)))[events.index]
    events["recorded_at"] = (events["true"] + latency).where(events["carrier"])
    events["event_at"] = _written(events["true"], events["utc"] & events["carrier"])
    return _typed(events[["order_id", "activity", "event_at", "recorded_at", "lifecycle"]])


def _event(
    orders: pd.DataFrame, activity: str | pd.Series, moments: pd.Series, *, carrier: bool = False
) -> pd.DataFrame:
    facts = {"activity": activity, "true": moments, "carrier": carrier, "lifecycle": "complete"}
    return orders[["order_id", "utc"]].assign(**facts)


def _scans(orders: pd.DataFrame) -> pd.DataFrame:
    """Scan a parcel on its way, so that it is never out of sight for more than 20 hours."""
    way = orders["arrived_at"] - orders["shipped_at"]
    many = (way // pd.Timedelta(hours=20)).to_numpy()
    at = np.repeat(np.arange(len(orders)), many)
    order = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many) + 1
    seen = orders.iloc[at]
    share = pd.Series(order / (many[at] + 1), index=seen.index)
    minutes = (share * (way.iloc[at] // pd.Timedelta(minutes=1))).astype(int)
    moments = seen["shipped_at"] + pd.to_timedelta(minutes, unit="m")
    return _event(seen, "Transit " + seen["carrier"], moments, carrier=True).assign(
        lifecycle="start"
    )


def _responses(orders: pd.DataFrame) -> pd.DataFrame:
    questions = ["overall", "product", "time", "condition", "information"]
    answered = orders[orders["answers"]].sort_values(["answered_at", "order_id"])
    answered = answered.assign(response_id="R" + answered["order_id"].str[2:])
    head = ["response_id", "order_id", "language", "segment", "sent_at", "answered_at"]
    return _typed(answered[[*head, *questions, "comment"]])


def _claims(orders: pd.DataFrame) -> pd.DataFrame:
    o = orders[orders["claimed"]].sort_values(["claim_settled_at", "order_id"])
    reasons = {"damaged": "damaged", "wrong_item": "wrong item", "short": "short"}
    reason = np.select([o[fact] for fact in reasons], list(reasons.values()), "invoice")
    facts = {"claim_id": "Q" + o["order_id"].str[2:], "order_id": o["order_id"]}
    facts |= {"opened_at": o["delivered"] + pd.Timedelta(minutes=90)}
    facts |= {"closed_at": o["claim_settled_at"], "reason": reason, "cost": o["claim_cost"]}
    return _typed(pd.DataFrame(facts))


def _profile() -> dict[str, object]:
    targets = {f"right_{right}": share for right, share in TARGETS.items()}
    return {
        "name": "Brzoza Dom",
        "language": "en",
        "currency": "PLN",
        "timezone": ZONE,
        "country": "PL",
        "goal": "service",
        "days": "business",
        "cut_off": "14:00",
        "targets": {"perfect_order": 0.75, **targets},
    }
