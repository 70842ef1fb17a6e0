"""Build the sample case Norddrive Teile: spare parts for companies, with ten planted problems.

78 weeks from 2024-07-01, from Hamburg and Gdańsk. Time runs in German business days: a critical
part is promised for the next one, one from stock for the second, a back-ordered one for the tenth.
Shares and rates are in data/cases/norddrive-teile.yaml.
"""

from functools import cache

import numpy as np
import pandas as pd

from workbook import norddrive_truth
from workbook.samples import (
    Streams,
    at_minute,
    claims_of,
    day_of,
    log_of,
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

ORDERS, CUSTOMERS, LINES, CATALOGUE, FAILURES, TIMES, SPOILT, REPLIES, ASKED, STOCK = range(10)
PROBLEM = {f"B{number}": 100 + number for number in range(1, 11)}
FIRST_DAY, WEEKS, MONTHS = np.datetime64("2024-07-01"), 78, 18
CASE = read_case("norddrive-teile")
SHARES, BASE = CASE["shares"], CASE["base"]
PLANTED = {one: problem["planted"] for one, problem in CASE["problems"].items()}
CUSTOMERS_IN_ALL, MULTI_SITE, SMALL = 60, range(1, 4), range(4, 8)
PIECES_A_DAY = 31_000 * 4.2 / (5 * WEEKS)
# The first parts of each class sell so much better; in class A they are B2's.
BEST_SELLERS, BETTER = 4, 8
# Minutes of the day: orders, desk, van, delivery, office.
ORDERS_FROM, ORDERS_TO, OPENS, CLOSES, LEAVES, DELIVERS, OFFICE = 420, 840, 480, 960, 60, 420, 540
QUESTIONS = ("overall", "product", "quantity", "time", "information")
NOT_FOR_CANCELLED = ["product_delivered", "quantity_delivered", "condition", "unit_price_invoiced"]
NOT_FOR_CANCELLED += ["shipped_at", "delivered_at", "place_delivered", "documents", "freight_cost"]


def build(draw: Streams, on: list[str], scale: float) -> tuple[dict, dict]:
    """Return the tables of one Norddrive Teile, and what each problem and decoy came to.

    The problems B1 to B10 that are `on` draw from the streams 101 to 110; a `scale` of 1 is 9,000
    orders of 1,200 parts, and there are always 60 customers.
    """
    parts = _parts(draw, max(round(60 * scale), 12) * 20)
    orders = _times(draw, _orders(draw, max(round(9_000 * scale), 1), on), on)
    lines = _fail(draw, orders, _lines(draw, orders, parts), parts, on)
    orders = _answer(draw, _spoil(draw, orders, lines, on))
    asked, stock = _inquiries(draw, orders, on), _stock(draw, parts, on)
    answers = orders[orders["answers"]].sort_values(["answered_at", "order_id"])
    tables = {
        "order_lines": _order_lines(orders, lines),
        "events": _events(orders),
        "responses": typed(answers, "responses", extra=QUESTIONS),
        "inquiries": typed(asked, "inquiries"),
        "claims": claims_of(orders, CASE["reasons"], "facture"),
        "stock": typed(stock, "stock"),
        **written_tables(CASE, on),
    }
    told = norddrive_truth.tell(orders, lines, asked, stock, tables["role_answers"], CASE)
    return tables, told


def _parts(draw: Streams, many: int) -> pd.DataFrame:
    """List the parts: class, number within it, price, pieces sold per business day."""
    sizes = {kind: round(many * share) for kind, share in SHARES["catalogue"].items()}
    kind = pd.Series(np.repeat(list(sizes), list(sizes.values())))
    number, classes = kind.groupby(kind).cumcount(), kind.map(SHARES["classes"])
    weight = np.where(number < BEST_SELLERS, BETTER, 1)
    weight = weight / (kind.map(sizes) + (BETTER - 1) * BEST_SELLERS)
    price = (8 + 11 * draw(CATALOGUE).exponential(size=many)).round(2)
    facts = {"abc": kind, "product_group": kind.map(SHARES["groups"]), "number": number}
    facts |= {"product": "ND-" + kind + number.astype(str).str.zfill(4), "unit_price": price}
    return pd.DataFrame(facts).assign(daily=weight * classes * PIECES_A_DAY * many / 1200)


def _customers(draw: Streams) -> pd.DataFrame:
    """Draw the 60 customers; the multi-site ones and those of B5 are always German."""
    u = draw(CUSTOMERS).random((2, CUSTOMERS_IN_ALL))
    name = [f"ND-{number:03d}" for number in range(101, 101 + CUSTOMERS_IN_ALL)]
    region = pick(u[0], SHARES["regions"])
    region[: SMALL.stop] = next(iter(SHARES["regions"]))
    facts = {"customer": name, "segment": pick(u[1], SHARES["segments"]), "region": region}
    language = pd.Series(region).map(SHARES["languages"])
    return pd.DataFrame(facts | {"language": language}).assign(rank=range(CUSTOMERS_IN_ALL))


def _orders(draw: Streams, n: int, on: list[str]) -> pd.DataFrame:
    """Draw who orders how much, when, and in which service class."""
    u, v = draw(ORDERS).random((10, n)), draw(PROBLEM["B5"]).random((3, n))
    weights = SHARES["customers"]
    weights = weights[:-1] + [weights[-1]] * (CUSTOMERS_IN_ALL - len(weights) + 1)
    usual = np.searchsorted(np.cumsum(weights)[:-1] / np.sum(weights), u[1], side="right")
    small = ("B5" in on) & (v[0] < PLANTED["B5"]["share_of_orders"])
    rank = np.where(small, SMALL.start + (v[1] * len(SMALL)).astype(int), usual)
    week, weekday = (u[2] * WEEKS).astype(int), (u[3] * 5).astype(int)
    days = np.where(small, pick(v[2], SHARES["rush"]), pick(u[4], SHARES["promises"]))
    facts = {
        "order_id": [f"N{500_000 + rank}" for rank in np.argsort(np.argsort(u[0]))],
        "small": small,
        "n_lines": np.where(small, 1, 1 + poisson(u[5], 3.2)),
        "drawn_lines": 1 + poisson(u[5], 3.2),
        "ordered_on": FIRST_DAY + 7 * week + weekday,
        "minute": ORDERS_FROM + ((ORDERS_TO - ORDERS_FROM) * u[6]).astype(int),
        "promise_days": days,
        "channel": pick(u[7], SHARES["channels"]),
        "carrier": pick(u[8], SHARES["carriers"]),
        "size_class": pick(u[9], SHARES["sizes"]),
    }
    return pd.DataFrame(facts).join(_customers(draw).iloc[rank].reset_index(drop=True))


@cache
def _calendar() -> np.busdaycalendar:
    return working_days("DE", range(2024, 2027))


def _later(days: np.ndarray, number: np.ndarray | int) -> np.ndarray:
    return np.busday_offset(days, number, roll="forward", busdaycal=_calendar())


def _times(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Let every order run through the house; with B7 many back-ordered ones come early."""
    n, days = len(orders), orders["promise_days"].to_numpy()
    u, v = draw(TIMES).random((10, n)), draw(PROBLEM["B7"]).random((2, n))
    day = _later(day_of(orders["ordered_on"]), 0)
    late = pick(u[0], SHARES["days_late"])
    # 18.2 % of the orders are back-ordered and not late.
    early = ("B7" in on) & (days == 10) & (late == 0) & (v[0] < PLANTED["B7"]["early"] / 0.182)
    shift = late - ((days > 1) & (late == 0) & (u[1] < 0.3)).astype(int)
    shift = np.where(early, -2 - (v[1] * 5).astype(int), shift)
    promised = _later(day, days)
    came = _later(promised, shift)
    left = _later(came, -1)
    entered = at_minute(day, orders["minute"])
    credit = entered + 3 + (17 * u[2]).astype(int)
    planned = credit + 3 + (17 * u[3]).astype(int)
    at_once = planned + 5 + (35 * u[4]).astype(int)
    picked = np.where(left == day, at_once, at_minute(left, OPENS + 300 * u[4]))
    packed = picked + 10 + (20 * u[5]).astype(int)
    facts = {"ordered_at": entered - 3, "entered_at": entered, "credit_at": credit}
    facts |= {"planned_at": planned, "picked_at": picked, "packed_at": packed}
    facts |= {"exported_at": packed + 15 + (30 * u[6]).astype(int), "promised_at": promised}
    facts |= {"shipped_at": at_minute(came, LEAVES + 60 * u[7]), "late": late > 0, "early": early}
    facts |= {"arrived_at": at_minute(came, 300 + 90 * u[9])}
    facts |= {"delivered": at_minute(came, DELIVERS + 480 * u[8])}
    invoiced = at_minute(_later(came + 1, 0), OFFICE + 240 * u[9])
    ended = at_minute(_later(day_of(invoiced), 3), OFFICE + 400 * u[1])
    return orders.assign(**facts, invoiced_at=invoiced, ended_at=ended)


def _lines(draw: Streams, orders: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Draw what is ordered, line by line; `row` is the order's row, `part` that of the part."""
    row = np.repeat(np.arange(len(orders)), orders["drawn_lines"])
    line_no = 1 + np.arange(len(row)) - np.flatnonzero(np.diff(row, prepend=-1))[row]
    u = draw(LINES).random((3, len(row)))
    rows = parts.index.to_series().groupby(parts["abc"]).agg(["min", "size"])
    first, size = rows.loc[pick(u[0], SHARES["classes"])].to_numpy().T
    number = (u[1] * (size + (BETTER - 1) * BEST_SELLERS)).astype(int)
    part = first + np.where(number < size, number, (number - size) % BEST_SELLERS)
    small = orders["small"].to_numpy()[row]
    facts = {"row": row, "line_no": line_no, "part": part}
    facts["quantity_ordered"] = np.where(small, 2, pick(u[2], SHARES["quantities"]))
    return pd.DataFrame(facts).join(parts, on="part")


def _fail(
    draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame, parts: pd.DataFrame, on: list[str]
) -> pd.DataFrame:
    """Draw each line's failures; of B5's small orders only the first line stays."""
    n, o = len(lines), orders.iloc[lines["row"]].reset_index(drop=True)
    u, start = draw(FAILURES).random((8, n)), pd.Timestamp(PLANTED["B3"]["from"])
    happens = lambda problem, share: (problem in on) & (draw(PROBLEM[problem]).random(n) < share)
    short, cancelled = u[1] < BASE["short"], u[5] < BASE["cancelled"]
    often = of_the_rest(PLANTED["B1"]["short"], BASE["short"])
    more_short = happens("B1", often) & (lines["abc"] == "C") & ~short
    twins = lines["part"] < BEST_SELLERS
    twins &= o["ordered_on"] >= pd.Timestamp(PLANTED["B2"]["from"])
    swapped = happens("B2", PLANTED["B2"]["swapped"]) & twins
    days = (o["ordered_on"] - start).dt.days
    risky = (o["segment"] == "Flottes") & (days >= 0) & (days < PLANTED["B3"]["days"])
    old_price = happens("B3", PLANTED["B3"]["overcharged"]) & risky
    gone = happens("B8", PLANTED["B8"]["cancelled_by_supplier"]) & ~cancelled
    wrong, overcharged = swapped | (u[0] < BASE["wrong_item"]), u[3] < BASE["overcharged"]
    other = (lines["part"] + 1 + (u[7] * (len(parts) - 1)).astype(int)) % len(parts)
    came = np.where(swapped, lines["part"] ^ 1, np.where(wrong, other, lines["part"]))
    factor = np.where(u[6] < 0.3, 1 + 0.003 * (2 * u[7] - 1), 1.0)
    factor = np.where(overcharged, 1.03 + 0.08 * u[7], factor)
    facts = {"wrong_item": wrong, "swapped": swapped, "short": short | more_short}
    facts |= {"more_short": more_short, "damaged": u[2] < BASE["damaged"], "old_price": old_price}
    facts |= {"overcharged": overcharged | old_price, "cancelled": cancelled, "gone": gone}
    facts |= {"factor": np.where(old_price, PLANTED["B3"]["factor"], factor)}
    facts |= {"came": ~(cancelled | gone), "product_delivered": parts["product"].to_numpy()[came]}
    facts["quantity"] = lines["quantity_ordered"] // (1 + facts["short"].astype(int))
    kept = lines["line_no"].to_numpy() <= o["n_lines"].to_numpy()
    return lines.assign(**facts)[kept].reset_index(drop=True)


def _spoil(draw: Streams, orders: pd.DataFrame, lines: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Draw the failures of whole orders, and bring the lines' failures up to the order."""
    u, n = draw(SPOILT).random((6, len(orders))), len(orders)
    export = orders["region"] == "Norvège"
    several, branch = orders["rank"].isin(MULTI_SITE), 1 + (u[0] * 4).astype(int)
    to_site = several & (branch > 1)  # site 1 is the head office
    to_office = (
        ("B4" in on) & to_site & (draw(PROBLEM["B4"]).random(n) < PLANTED["B4"]["misplaced"] / 0.75)
    )
    usual = u[1] < BASE["misdocumented"]
    chance = of_the_rest(PLANTED["B9"]["misdocumented"], BASE["misdocumented"])
    unowned = ("B9" in on) & export & ~usual & (draw(PROBLEM["B9"]).random(n) < chance)
    names = ["wrong_item", "short", "damaged", "overcharged"]
    failed = lines[names].where(lines["came"], False).groupby(lines["row"]).any()
    came = lines["came"].groupby(lines["row"]).any()
    claimed = failed.any(axis=1) & (u[3] < 0.5) & came
    closed = pd.Series(at_minute(_later(day_of(orders["invoiced_at"]), 2), OFFICE + 360 * u[4]))
    facts = {"export": export, "site": np.where(several, branch, 1), "to_office": to_office}
    facts |= {"astray": (u[2] < BASE["misplaced"]) & ~to_office, "misdocumented": usual | unowned}
    facts |= {"misplaced": (u[2] < BASE["misplaced"]) | to_office, "unowned": unowned}
    facts |= {"came": came, "claimed": claimed, "settled_at": closed.where(claimed)}
    facts["claim_cost"] = (12 + 60 * u[4]).round(2)
    facts["freight"] = (5 + 9 * u[5] + 1.1 * orders["n_lines"]).round(2)
    return orders.join(failed).assign(**facts)


def _answer(draw: Streams, orders: pd.DataFrame) -> pd.DataFrame:
    """Let some customers answer the survey, which is mailed on the day after the delivery."""
    u = draw(REPLIES).random((15, len(orders)))
    bad = {name: orders[name].to_numpy() for name in ("late", "short", "wrong_item", "early")}
    means = {
        "overall": 4.4 - 0.7 * bad["late"] - 0.5 * bad["short"] - 0.8 * bad["wrong_item"],
        "product": 4.5 - 2.0 * bad["wrong_item"],
        "quantity": 4.4 - 1.6 * bad["short"],
        "time": 4.3 - 1.3 * bad["late"] - 0.5 * bad["early"],
        "information": 4.4 - 1.2 * orders["misdocumented"].to_numpy(),
    }
    given = {
        one: rating(mean + u[14] - 0.5, u[i], u[5 + i])
        for i, (one, mean) in enumerate(means.items())
    }
    sent = pd.Series(at_minute(_later(day_of(orders["delivered"]) + 1, 0), OFFICE + 30))
    delay = pd.to_timedelta((20 + 1500 * u[12]).astype(int), unit="m")
    answers = orders["came"] & (u[13] < BASE["reply"])
    facts = {"sent_at": sent, "answered_at": sent + delay, "answers": answers}
    return orders.assign(**given, **facts, response_id="R" + orders["order_id"].str[1:])


def _inquiries(draw: Streams, orders: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Draw the questions; `minutes` is the time to the first reply in the desk's hours."""
    u = draw(ASKED).random((6, len(orders)))
    asks, french = u[0] < BASE["asks"], orders["language"] == "fr"
    day = _later(day_of(orders["ordered_on"]), (u[1] * 3).astype(int))
    minutes = BASE["reply_minutes"] * np.exp(0.6 * draw(PROBLEM["B6"]).standard_normal(len(orders)))
    minutes *= np.where(french & ("B6" in on), PLANTED["B6"]["reply_ratio"], 1.0)
    opened = at_minute(day, OPENS + 540 * u[2])
    facts = {"inquiry_id": "Q" + orders["order_id"].str[1:], "order_id": orders["order_id"]}
    facts |= {"channel": pick(u[3], SHARES["contacts"]), "language": orders["language"]}
    facts |= {"language_reply": np.where(french & (u[4] < 0.4), "en", orders["language"])}
    facts |= {"minutes": minutes, "opened_at": opened, "first_reply_at": _worked(opened, minutes)}
    facts |= {"resolved_at": _worked(opened, minutes + 30 + 600 * u[5])}
    return pd.DataFrame(facts)[asks].sort_values(["opened_at", "inquiry_id"])


def _worked(moments: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    """Return when so many minutes of the desk's hours have passed."""
    day, length = day_of(moments), CLOSES - OPENS
    used = np.clip((moments - day).astype(int) - OPENS, 0, length)
    total = (used + minutes).astype(int)
    return at_minute(_later(day, total // length), OPENS + total % length)


def _stock(draw: Streams, parts: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Count the stock of every part on the first of each month."""
    months = np.datetime64("2024-08") + np.arange(MONTHS - 1)
    u = draw(STOCK).random((3, len(parts) * len(months)))
    spread = np.exp(0.25 * draw(PROBLEM["B1"]).standard_normal(u.shape[1]))
    days = pd.Series(BASE["stock_days"], index=["A", "B", "C"], dtype=float)
    if "B1" in on:
        days[["A", "C"]] = [PLANTED["B1"]["stock_days_a"], PLANTED["B1"]["stock_days_c"]]
    rows = parts.loc[np.tile(np.arange(len(parts)), len(months))].reset_index(drop=True)
    held = np.floor(rows["abc"].map(days) * rows["daily"] * spread + u[2])
    need = BASE["stock_days"] * rows["daily"]
    facts = {"date": np.repeat(months, len(parts)).astype("datetime64[D]"), "on_hand": held}
    facts |= {"minimum": np.floor(need / 2), "maximum": np.ceil(2 * need)}
    facts["counted"] = (held - (u[1] < 0.04)).clip(0).where(u[0] < 0.3)
    return rows.assign(**facts, days=held / rows["daily"])


def _order_lines(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the order lines together as the client's own export would show them."""
    rows = lines.join(orders[orders.columns.difference(lines.columns)], on="row")
    town, site = rows["region"].map(SHARES["towns"]), rows["site"]
    place = town + ", " + rows["customer"] + ", site "
    reached = site.mask(rows["to_office"], 1).astype(str) + np.where(rows["astray"], " bis", "")
    status = ["cancelled_by_customer", "cancelled_by_supplier"]
    facts = {
        "quantity_delivered": rows["quantity"],
        "condition": np.where(rows["damaged"], "damaged", "good"),
        "unit_price_invoiced": (rows["unit_price"] * rows["factor"]).round(2),
        "delivered_at": rows["delivered"],
        "place_ordered": place + site.astype(str),
        "place_delivered": place + reached,
        "documents": np.where(rows["misdocumented"], "wrong", "correct"),
        "ship_from": np.where(rows["region"] == "Pologne", "Gdańsk", "Hambourg"),
        "freight_cost": (rows["freight"] / rows["n_lines"]).round(2),
        "status": np.select([rows["cancelled"], rows["gone"]], status, "delivered"),
    }
    table = rows.assign(**facts)
    table[NOT_FOR_CANCELLED] = table[NOT_FOR_CANCELLED].where(rows["came"])
    hidden = ["quantity", "language", "rank"]
    table = table.drop(columns=hidden).sort_values(["ordered_at", "order_id", "line_no"])
    return typed(table, "order_lines")


def _events(orders: pd.DataFrame) -> pd.DataFrame:
    """Log what happened to each order that was not cancelled whole."""
    came = orders[orders["came"]]
    log = log_of(
        came.assign(exported_at=came["exported_at"].where(came["export"])), CASE["moments"]
    )
    return typed(log.sort_values(["event_at", "order_id", "place"]), "events")
