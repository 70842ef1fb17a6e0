"""Tell what was really planted in a generated Brzoza Dom: who is affected and by how much.

All figures come from the generated orders as they happened, before proofs of delivery were lost
and clocks misread, without the orders that customers cancelled.
"""

import numpy as np
import pandas as pd

from workbook.planted import base_of, fact, rounded, share_of, versus

__all__ = ["tell"]

FACTS = ["late", "silent", "damaged"]
OPENS, CLOSES = 480, 960


def tell(orders: pd.DataFrame, lines: pd.DataFrame, calendar: np.busdaycalendar) -> dict:
    """Return affected ids and realised figures by problem and decoy, and the base rates.

    Parameters
    ----------
    orders : pd.DataFrame
        The generator's own orders, with what is hidden from the client.
    lines : pd.DataFrame
        Its order lines; `row` is the order's row.
    calendar : np.busdaycalendar
        The working days.
    """
    came = ~orders["cancelled"]
    o, kept = orders[came], lines[came.to_numpy()[lines["row"]]]
    facts = {
        "base": _base(o, kept),
        "A1": fact(orders, orders["hasty"] | orders["promised_again"], **_promises(o, calendar)),
        "A2": fact(orders, orders["moved"] | (orders["peak_days"] > 0), **_peak(o, calendar)),
        "A3": fact(orders.iloc[lines.loc[lines["broken"], "row"]], **_glass(kept)),
        "A4": fact(o, o["lost"], **_proofs(o)),
        "A5": fact(o, o["utc"], **_clock(o)),
        "A6": fact(orders, orders["split_more"], **_splits(o)),
        "A7": fact(o, o["silent"], share=share_of(o["silent"]), effects=_effects(o)),
        "A8": fact(o, o["eager"], **_means(o)),
        "A9": fact(orders, orders["size_class"] == "XL", **_oversize(o)),
        "A10": fact(o, o["too_early"], share=share_of(o["too_early"]), answers=_early_answers(o)),
    }
    return facts | _decoys(o, kept)


def _base(o: pd.DataFrame, lines: pd.DataFrame) -> dict[str, object]:
    """Return failure rates per line and per order, and the share of perfect orders."""
    by_line = ("wrong_item", "short", "damaged", "overcharged")
    wrong = o[[*by_line, "misplaced", "misdocumented", "late"]].any(axis=1)
    base = base_of(o, lines, by_line, ("misplaced", "misdocumented", "late", "split"))
    return base | {"perfect_order": share_of(~wrong)}


def _promises(o: pd.DataFrame, calendar: np.busdaycalendar) -> dict[str, object]:
    ends = [o[column].to_numpy("datetime64[D]") for column in ("accepted", "delivered")]
    days = np.busday_count(*ends, busdaycal=calendar)
    first, latest = ~o["late"], ~o["late"] | o["promised_again"]
    return {
        "on_time_first_promise": share_of(first),
        "on_time_latest_promise": share_of(latest),
        "repromise_gap": rounded(latest.mean() - first.mean()),
        "promised_next_day": share_of(o["hasty"] & (o["oversize_days"] == 0)),
        "promised_again_if_late": share_of(o.loc[o["late"], "promised_again"]),
        "median_days": float(np.median(days)),
        "smallest_promise_days": int(np.quantile(days, 0.95, method="inverted_cdf")),
        "days_are": "business days from the order's day; from 14:00 on it is the next day's",
    }


def _peak(o: pd.DataFrame, calendar: np.busdaycalendar) -> dict[str, object]:
    peak, again = o["peak"], o["late"] & ~o["promised_again"]
    wait = _open_hours(o["picked_at"], calendar) - _open_hours(o["released_at"], calendar)
    clock = (o["picked_at"] - o["released_at"]).dt.total_seconds() / 3600
    way = (o["arrived_at"] - o["shipped_at"]).dt.total_seconds() / 3600
    return {
        **versus(o["late"], peak, "late"),
        "late_latest_promise": share_of(again[peak]),
        "late_latest_promise_elsewhere": share_of(again[~peak]),
        "volume_ratio": rounded(peak.sum() / 5 / ((~peak).sum() / 47)),
        "pick_wait_ratio": rounded(wait[peak].mean() / wait[~peak].mean()),
        "pick_wait_is": "in the warehouse's hours, working days from 08:00 to 16:00",
        "pick_wait_hours_longer": rounded(clock[peak].mean() - clock[~peak].mean()),
        "transit_hours_longer": rounded(way[peak].mean() - way[~peak].mean()),
    }


def _open_hours(moments: pd.Series, calendar: np.busdaycalendar) -> pd.Series:
    """Count the warehouse's open hours from the start of 2025 to each moment."""
    day = moments.to_numpy("datetime64[D]")
    minute = (moments.to_numpy("datetime64[m]") - day).astype(int)
    today = np.is_busday(day, busdaycal=calendar) * (np.clip(minute, OPENS, CLOSES) - OPENS)
    before = np.busday_count("2025-01-01", day, busdaycal=calendar) * (CLOSES - OPENS)
    return pd.Series((before + today) / 60, index=moments.index)


def _glass(lines: pd.DataFrame) -> dict[str, object]:
    at_risk = lines["fragile"]
    return {"n_lines": int(at_risk.sum())} | versus(lines["damaged"], at_risk, "damaged")


def _proofs(o: pd.DataFrame) -> dict[str, object]:
    k3 = o[o["carrier"] == "K3"]
    realised = {"missing_if_late": share_of(k3.loc[k3["late"], "lost"])}
    realised["missing_else"] = share_of(k3.loc[~k3["late"], "lost"])
    return realised | {"K3": _band(k3), "all": _band(o)}


def _band(o: pd.DataFrame) -> dict[str, object]:
    confirmed = (~o["late"] & ~o["lost"]).mean()
    band = {"confirmed": rounded(confirmed), "upper": rounded(confirmed + o["lost"].mean())}
    return {"n": len(o), "true_on_time": share_of(~o["late"]), **band}


def _clock(o: pd.DataFrame) -> dict[str, object]:
    """List the orders whose verdict hangs on the clock: late in Poland, in time as written."""
    before = o["delivered"].dt.normalize() - pd.Timedelta(days=1)
    flips = {}
    for name, promise in (("first", "promised_at"), ("latest", "promised_latest_at")):
        late = o["night"] & (before <= o[promise]) & (before + pd.Timedelta(days=1) > o[promise])
        flips[f"misjudged_{name}_promise"] = sorted(o.loc[late, "order_id"])
    tours = o.loc[o["night"], "order_id"]
    return {"another_day": sorted(tours), **flips, "misjudged_as": "on time, though late"}


def _splits(o: pd.DataFrame) -> dict[str, object]:
    large, full = o["n_lines"] >= 3, ~o["short"]
    first, end = (full & ~o["split"]).mean(), full.mean()
    return {
        **versus(o["split"], large, "split"),
        "in_full_first_delivery": rounded(first),
        "in_full_at_promise": share_of(full & ~o["late"]),
        "in_full_in_the_end": rounded(end),
        "gap": rounded(end - first),
    }


def _effects(o: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Fit satisfaction on what happened: all customers, and those who answered."""
    return {name: _fit(frame) for name, frame in (("all", o), ("answers", o[o["answers"]]))}


def _fit(o: pd.DataFrame) -> dict[str, float | None]:
    facts = np.column_stack([np.ones(len(o)), o[FACTS].to_numpy(float)])
    found = np.linalg.lstsq(facts, o["overall"].to_numpy(), rcond=None)[0]
    return {fact: rounded(value) for fact, value in zip(FACTS, found[1:], strict=True)}


def _means(o: pd.DataFrame) -> dict[str, object]:
    answers = o[o["answers"]]
    means = answers.groupby(FACTS)["overall"].mean()
    weights = o.groupby(FACTS).size().reindex(means.index)
    return {
        "n_answers": len(answers),
        "reply": share_of(o["answers"]),
        "reply_if_unhappy": share_of(o.loc[o["overall"] <= 2, "answers"]),
        "mean_of_answers": rounded(answers["overall"].mean()),
        "mean_post_stratified": rounded((means * weights).sum() / weights.sum()),
        "mean_of_customers": rounded(o["overall"].mean()),
    }


def _oversize(o: pd.DataFrame) -> dict[str, object]:
    large, days = o["size_class"] == "XL", (o["delivered"] - o["ordered_at"]).dt.total_seconds()
    days, cost = days / 86_400, o["freight_cost"]
    return {
        "days_longer": rounded(days[large].mean() - days[~large].mean()),
        "freight_ratio": rounded(cost[large].mean() / cost[~large].mean()),
        **versus(o["late"], large, "late"),
    }


def _early_answers(o: pd.DataFrame) -> list[str]:
    return sorted("R" + o.loc[o["too_early"] & o["answers"], "order_id"].str[2:])


def _decoys(o: pd.DataFrame, lines: pd.DataFrame) -> dict[str, dict]:
    k1, door = o["carrier"] == "K1", o["carrier"] != "K3"
    change = (lines["unit_price_invoiced"] / lines["unit_price"] - 1)[~lines["overcharged"]].abs()
    volume = {
        "share_of_orders": share_of(k1),
        "share_of_late_orders": share_of(k1[o["late"]]),
        "share_of_late_orders_to_the_door": share_of(k1[o["late"] & door]),
        **versus(o["late"], k1, "late"),
    }
    mondays = o["ordered_at"].dt.day_of_week == 0
    late = versus(o["late"], mondays, "late")
    cents = {"share_of_lines": share_of(change > 0), "largest_change": rounded(change.max())}
    return {
        "D1": {"realised": volume},
        "D2": {"realised": {"share_of_orders": share_of(mondays), **late}},
        "D3": {"realised": cents},
    }
