"""Build the sample case Zimny Szlak: chilled food for kitchens and shops, ten problems planted.

26 weeks from 2025-04-07, every day of the week: ordered by day, picked by night, delivered in the
morning within a window, from Riga or through depot 2. Times are reckoned back from the delivery.
Shares and rates are in data/cases/zimny-szlak.yaml.
"""

import numpy as np
import pandas as pd

from workbook import zimny_truth
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
    written_tables,
)

__all__ = ["build"]

DROPS, WEATHER, LINES, PRICES, FAILURES, TIMES, SPOILT, REPLIES = range(8)
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10 = range(101, 111)
FIRST_DAY, FIRST_WEEK, WEEKS = np.datetime64("2025-04-07"), 15, 26
CASE = read_case("zimny-szlak")
SHARES, BASE = CASE["shares"], CASE["base"]
PLANTED = {one: problem["planted"] for one, problem in CASE["problems"].items()}
CUSTOMERS, ROUTES, DRIVERS, SMALL_KG = 140, 12, 24, 3
# Route R3's drops of these days are driver 9's, and half of them late (D1).
BAD_DAYS, BAD_ROUTE, BAD_DRIVER = [np.datetime64("2025-05-14"), np.datetime64("2025-08-20")], 3, 9
FROM_DEPOT_2 = 8  # routes from this one on


def build(draw: Streams, on: list[str], scale: float) -> tuple[dict, dict]:
    """Return the tables of one Zimny Szlak, and what each problem and decoy came to.

    The problems C1 to C10 that are `on` draw from the streams 101 to 110; a `scale` of 1 is 14,000
    drops, and there are always 140 customers and some 220 answers.
    """
    drops = _times(draw, _drops(draw, max(round(14_000 * scale), 1), on), on)
    lines = _lines(draw, drops, on)
    drops = _answer(draw, _spoil(draw, drops, lines))
    tables = {
        "order_lines": _order_lines(drops, lines),
        "events": _events(drops),
        "responses": _responses(drops),
        "claims": claims_of(drops, CASE["reasons"], "счёт"),
        **written_tables(CASE, on),
    }
    return tables, zimny_truth.tell(drops, lines, CASE)


def _drops(draw: Streams, n: int, on: list[str]) -> pd.DataFrame:
    """Draw who is served when, by whom; and which drops are late or warm."""
    u, minds = draw(DROPS).random((10, n)), lambda problem: draw(problem).random(n)
    customer, day_no = (u[1] * CUSTOMERS).astype(int), (u[2] * 7 * WEEKS).astype(int)
    day, route = FIRST_DAY + day_no, customer % ROUTES + 1
    bad = (route == BAD_ROUTE) & np.isin(day, BAD_DAYS)
    heat = 27.5 + 6 * draw(WEATHER).random(7 * WEEKS)[day_no]
    week, weekday = FIRST_WEEK + day_no // 7, day_no % 7
    first, last = PLANTED["C1"]["weeks"]
    hot = (first <= week) & (week <= last) & (heat > PLANTED["C1"]["above"])
    usual = (u[3] < BASE["late"]) | (bad & (u[4] < 0.5))
    monday = (weekday == 0) & (minds(C2) < of_the_rest(PLANTED["C2"]["late"], BASE["late"]))
    carried = ("C2" in on) & monday & ~usual
    late, at_risk = usual | carried, hot & (route == PLANTED["C1"]["route"])
    reefer = ("C1" in on) & at_risk & (minds(C1) < PLANTED["C1"]["warm"])
    along = ("C4" in on) & late & ~reefer & (minds(C4) < PLANTED["C4"]["warm_if_late"])
    small = ("C10" in on) & (minds(C10) < of_the_rest(PLANTED["C10"]["small"], BASE["small"]))
    segments = pick(draw(DROPS + 20).random(CUSTOMERS), SHARES["segments"])
    facts = {"order_id": [f"Z{200_000 + rank}" for rank in np.argsort(np.argsort(u[0]))]}
    facts |= {"number": customer + 1, "customer": [f"K-{1 + number:03d}" for number in customer]}
    facts |= {"segment": segments[customer], "day": day, "week": week, "weekday": weekday}
    facts |= {
        "route_no": route,
        "driver": np.where(bad, BAD_DRIVER, 1 + (u[5] * DRIVERS).astype(int)),
    }
    facts |= {"bad": bad, "late": late, "carried": carried, "at_risk": at_risk, "reefer": reefer}
    facts |= {"along": along, "warm": reefer | along, "small": small}
    facts |= {"drawn_lines": 1 + poisson(u[6], 1.5), "channel": pick(u[7], SHARES["channels"])}
    facts |= {"ahead": ("C7" in on) & (route >= FROM_DEPOT_2), "depot_2": route >= FROM_DEPOT_2}
    facts["size_class"] = pick(u[9], SHARES["sizes"])
    return pd.DataFrame(facts).assign(waits_long="C3" in on, promised_hour=7 + (u[8] * 5) // 1)


def _times(draw: Streams, drops: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Reckon the night back from the delivery; Monday's late drops were picked late."""
    u, day = draw(TIMES).random((9, len(drops))), day_of(drops["day"])
    spread = np.exp(0.35 * draw(C3).standard_normal(len(drops)))
    median = PLANTED["C3"]["dock_minutes"] if "C3" in on else BASE["dock_minutes"]
    delay = np.where(drops["late"], 8 + 100 * u[0], -5 - 85 * u[0])
    promised = at_minute(day, 60 * drops["promised_hour"])
    came = promised + delay.astype(int)
    left = came - (40 + 200 * u[1]).astype(int)
    docked = left - 10 - (10 * u[2]).astype(int)
    wait = np.minimum(median * spread, 230).astype(int)
    picked = docked - wait
    evening = at_minute(day - 1, 1170 + 30 * u[3])
    moved = pd.Series(left + 8).where(drops["depot_2"])
    facts = {"ordered_at": at_minute(day - 1, 600 + 420 * u[4]), "promised_at": promised}
    facts |= {"accepted_at": at_minute(day - 1, 1030 + 60 * u[5]), "planned_at": evening}
    facts |= {"picked_at": picked, "checked_at": picked + 12, "docked_at": docked}
    facts |= {"shipped_at": left, "moved_at": moved, "delivered": came, "dock_wait": wait}
    facts |= {"alarm_at": pd.Series(came - 15).where(drops["warm"]), "received_at": came + 6}
    facts |= {"notice": moved.fillna(pd.Series(left)) + pd.Timedelta(minutes=2)}
    facts |= {"invoiced_at": at_minute(day, 840 + 120 * u[6])}
    facts |= {"settled": at_minute(day + 1, 540 + 400 * u[7])}
    return drops.assign(**facts, ended_at=at_minute(day + 2, 600 + 300 * u[8]))


def _lines(draw: Streams, drops: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Draw what is ordered and what comes; of C10's small drops only the first line stays."""
    row = np.repeat(np.arange(len(drops)), drops["drawn_lines"])
    line_no = 1 + np.arange(len(row)) - np.flatnonzero(np.diff(row, prepend=-1))[row]
    o, groups = drops.iloc[row].reset_index(drop=True), list(SHARES["groups"])
    u, f = draw(LINES).random((4, len(row))), draw(FAILURES).random((7, len(row)))
    share = lambda problem: draw(problem).random(len(row))
    group, number = pick(u[0], SHARES["groups"]), (u[1] * 20).astype(int)
    price = (3 + 6 * draw(PRICES).exponential(size=(len(groups), 20))).round(2)
    short, old = f[1] < BASE["short"], f[2] < BASE["old"]
    light = ("C5" in on) & o["number"].isin(PLANTED["C5"]["customers"]) & ~short
    light &= share(C5) < PLANTED["C5"]["short"]
    older = ("C6" in on) & (group == groups[0]) & ~old
    older &= share(C6) < of_the_rest(PLANTED["C6"]["old"], BASE["old"])
    promoted = ("C9" in on) & (group == groups[1]) & o["week"].isin(PLANTED["C9"]["weeks"])
    lacking, kg = promoted & (share(C9) < 0.5), pick(u[2], SHARES["quantities"])
    kg = np.where(o["small"], SMALL_KG, kg) * np.where(promoted, PLANTED["C9"]["uplift"], 1)
    part = np.select([short, light], [0.8, PLANTED["C5"]["factor"]], 1 + 0.028 * (2 * u[3] - 1))
    part = np.where(lacking, 1 - 2 * (1 - PLANTED["C9"]["fill"]), part)
    facts = {
        "row": row,
        "line_no": line_no,
        "group": group,
        "number": number,
        "short_weight": light,
    }
    facts |= {"wrong_item": f[0] < BASE["wrong_item"], "short": short | light | lacking}
    facts |= {"older": older, "old": old | older, "damaged": f[3] < BASE["damaged"]}
    facts |= {"overcharged": f[4] < BASE["overcharged"], "promoted": promoted, "usual": short}
    facts |= {"quantity_ordered": kg.round(1), "quantity_delivered": (kg * part).round(2)}
    facts["unit_price"] = price[pd.Index(groups).get_indexer(group), number]
    return pd.DataFrame(facts)[(line_no == 1) | ~o["small"]].reset_index(drop=True)


def _spoil(draw: Streams, drops: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Draw the failures of whole drops, and bring the lines' failures up to the drop."""
    u = draw(SPOILT).random((5, len(drops)))
    failed = lines[["short", "old", "wrong_item", "overcharged", "damaged"]]
    failed = failed.groupby(lines["row"]).any()
    value = (lines["unit_price"] * lines["quantity_ordered"]).groupby(lines["row"]).sum()
    claimed = (failed.any(axis=1) | drops["warm"]) & (u[2] < 0.5)
    facts = {"misplaced": u[0] < BASE["misplaced"], "misdocumented": u[1] < BASE["misdocumented"]}
    facts |= {"claimed": claimed, "settled_at": drops["settled"].where(claimed), "value": value}
    facts |= {"claim_cost": (8 + 40 * u[3]).round(2), "freight": (9 + 3 * u[4]).round(2)}
    return drops.join(failed).assign(**facts)


def _answer(draw: Streams, drops: pd.DataFrame) -> pd.DataFrame:
    """Let some customers answer the survey of the same afternoon."""
    u = draw(REPLIES).random((16, len(drops)))
    bad = drops[["late", "warm", "old", "short", "wrong_item", "misdocumented"]].astype(float)
    means = {
        "overall": 4.3 - 0.6 * bad["late"] - 0.9 * bad["warm"] - 0.4 * bad["short"],
        "product": 4.4 - 2.0 * bad["wrong_item"],
        "quantity": 4.3 - 1.4 * bad["short"],
        "time": 4.25 - 1.3 * bad["late"],
        "condition": 4.3 - 1.8 * bad["warm"] - 1.0 * bad["old"],
        "information": 4.25 - 0.6 * bad["misdocumented"],
    }
    given = {
        one: rating(mean + u[15] - 0.5, u[i], u[6 + i])
        for i, (one, mean) in enumerate(means.items())
    }
    sent = at_minute(day_of(drops["day"]), 900)
    facts = {"answered_at": sent + (20 + 2000 * u[12]).astype(int), "sent_at": sent}
    facts |= {"answers": u[13] < min(0.6, BASE["answers"] / len(drops))}
    return drops.assign(**given, **facts, importance=pick(u[14], SHARES["importance"]))


def _responses(drops: pd.DataFrame) -> pd.DataFrame:
    o = drops[drops["answers"]].sort_values(["answered_at", "order_id"])
    asked = ("overall", "product", "quantity", "time", "condition", "information")
    o = o.assign(response_id="R" + o["order_id"].str[1:], language="ru")
    table = typed(o, "responses", extra=asked)
    return table.assign(importance=o["importance"].to_numpy())


def _order_lines(drops: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Put the order lines together as the client's own export would show them."""
    rows = lines.join(drops[drops.columns.difference(lines.columns)], on="row")
    code = rows["group"].str[:3].str.upper() + "-"
    delivered = (rows["number"] + rows["wrong_item"]) % 20
    place = "Объект " + rows["customer"].str[2:]
    why = [rows["warm"], rows["old"]]
    ahead = pd.to_timedelta(PLANTED["C7"]["minutes"] * rows["ahead"], unit="m")
    facts = {
        "product": code + rows["number"].astype(str).str.zfill(2),
        "product_delivered": code + delivered.astype(str).str.zfill(2),
        "product_group": rows["group"],
        "condition": np.select([why[0] | why[1], rows["damaged"]], ["refused", "damaged"], "good"),
        "reason": np.select(why, list(CASE["reasons"].values())[:2], None),
        "unit_price_invoiced": (rows["unit_price"] * (1 + 0.05 * rows["overcharged"])).round(2),
        "delivered_at": rows["delivered"],
        "notice_at": rows["notice"] + ahead,
        "place_ordered": place,
        "place_delivered": place + np.where(rows["misplaced"], ", другой вход", ""),
        "documents": np.where(rows["misdocumented"], "wrong", "correct"),
        "carrier": "Водитель " + rows["driver"].astype(str).str.zfill(2),
        "ship_from": np.where(rows["depot_2"], "Даугавпилс", "Рига"),
        "route": "R" + rows["route_no"].astype(str),
        "freight_cost": (rows["freight"] / rows.groupby("row")["row"].transform("size")).round(2),
        "status": "delivered",
    }
    rows = rows.assign(**facts).sort_values(["promised_at", "order_id", "line_no"])
    return typed(rows, "order_lines")


def _events(drops: pd.DataFrame) -> pd.DataFrame:
    """Log what happened; each source writes by its own clock, and the server records it."""
    log = pd.concat(
        [log_of(drops, moments, source=who) for who, moments in CASE["moments"].items()]
    )
    log = log.sort_values(["event_at", "order_id", "source", "place"])
    latency = pd.to_timedelta(1 + log["order_id"].str[-1].astype(int), unit="m")
    wrong = (log["source"] == "Склад 2") & log["order_id"].map(drops.set_index("order_id")["ahead"])
    ahead = pd.to_timedelta(PLANTED["C7"]["minutes"] * wrong, unit="m")
    log = log.assign(recorded_at=log["event_at"] + latency, event_at=log["event_at"] + ahead)
    return typed(log, "events")
