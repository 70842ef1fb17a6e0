"""Tell what was really planted in a generated Brzoza Dom: who is affected and by how much.

All figures come from the generated orders as they happened, before proofs of delivery were lost
and clocks misread, without the orders that customers cancelled.
"""

import numpy as np
import pandas as pd

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
        "A1": _fact(orders, orders["hasty"] | orders["promised_again"], **_promises(o, calendar)),
        "A2": _fact(orders, orders["moved"] | (orders["peak_days"] > 0), **_peak(o, calendar)),
        "A3": _fact(orders.iloc[lines.loc[lines["broken"], "row"]], **_glass(kept)),
        "A4": _fact(o, o["lost"], **_proofs(o)),
        "A5": _fact(o, o["utc"], **_clock(o)),
        "A6": _fact(orders, orders["split_more"], **_splits(o)),
        "A7": _fact(o, o["silent"], share=_rate(o["silent"]), effects=_effects(o)),
        "A8": _fact(o, o["eager"], **_means(o)),
        "A9": _fact(orders, orders["size_class"] == "XL", **_oversize(o)),
        "A10": _fact(o, o["too_early"], share=_rate(o["too_early"]), answers=_early_answers(o)),
    }
    return facts | _decoys(o, kept)


def _fact(orders: pd.DataFrame, which: pd.Series | None = None, **realised: object) -> dict:
    ids = orders["order_id"] if which is None else orders.loc[which, "order_id"]
    affected = sorted(set(ids))
    return {"affected": affected, "realised": {"n_affected": len(affected), **realised}}


def _rate(flags: pd.Series) -> float | None:
    return _round(flags.mean())


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _base(o: pd.DataFrame, lines: pd.DataFrame) -> dict[str, object]:
    """Return failure rates per line and per order, and the share of perfect orders."""
    by_line = ("wrong_item", "short", "damaged", "overcharged")
    by_order = (*by_line, "misplaced", "misdocumented", "late", "split")
    wrong = o[[*by_line, "misplaced", "misdocumented", "late"]].any(axis=1)
    return {
        "orders": len(o),
        "lines": len(lines),
        "per_line": {fact: _rate(lines[fact]) for fact in by_line},
        "per_order": {fact: _rate(o[fact]) for fact in by_order},
        "perfect_order": _rate(~wrong),
    }


def _promises(o: pd.DataFrame, calendar: np.busdaycalendar) -> dict[str, object]:
    ends = [o[column].to_numpy("datetime64[D]") for column in ("accepted", "delivered")]
    days = np.busday_count(*ends, busdaycal=calendar)
    first, latest = ~o["late"], ~o["late"] | o["promised_again"]
    return {
        "on_time_first_promise": _rate(first),
        "on_time_latest_promise": _rate(latest),
        "repromise_gap": _round(latest.mean() - first.mean()),
        "promised_next_day": _rate(o["hasty"] & (o["oversize_days"] == 0)),
        "promised_again_if_late": _rate(o.loc[o["late"], "promised_again"]),
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
        "late": _rate(o.loc[peak, "late"]),
        "late_elsewhere": _rate(o.loc[~peak, "late"]),
        "late_latest_promise": _rate(again[peak]),
        "late_latest_promise_elsewhere": _rate(again[~peak]),
        "volume_ratio": _round(peak.sum() / 5 / ((~peak).sum() / 47)),
        "pick_wait_ratio": _round(wait[peak].mean() / wait[~peak].mean()),
        "pick_wait_is": "in the warehouse's hours, working days from 08:00 to 16:00",
        "pick_wait_hours_longer": _round(clock[peak].mean() - clock[~peak].mean()),
        "transit_hours_longer": _round(way[peak].mean() - way[~peak].mean()),
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
    realised = {"n_lines": int(at_risk.sum()), "damaged": _rate(lines.loc[at_risk, "damaged"])}
    return realised | {"damaged_elsewhere": _rate(lines.loc[~at_risk, "damaged"])}


def _proofs(o: pd.DataFrame) -> dict[str, object]:
    k3 = o[o["carrier"] == "K3"]
    realised = {"missing_if_late": _rate(k3.loc[k3["late"], "lost"])}
    realised["missing_else"] = _rate(k3.loc[~k3["late"], "lost"])
    return realised | {"K3": _band(k3), "all": _band(o)}


def _band(o: pd.DataFrame) -> dict[str, object]:
    confirmed = (~o["late"] & ~o["lost"]).mean()
    band = {"confirmed": _round(confirmed), "upper": _round(confirmed + o["lost"].mean())}
    return {"n": len(o), "true_on_time": _rate(~o["late"]), **band}


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
        "split": _rate(o.loc[large, "split"]),
        "split_elsewhere": _rate(o.loc[~large, "split"]),
        "in_full_first_delivery": _round(first),
        "in_full_at_promise": _rate(full & ~o["late"]),
        "in_full_in_the_end": _round(end),
        "gap": _round(end - first),
    }


def _effects(o: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Fit satisfaction on what happened: all customers, and those who answered."""
    return {name: _fit(frame) for name, frame in (("all", o), ("answers", o[o["answers"]]))}


def _fit(o: pd.DataFrame) -> dict[str, float | None]:
    facts = np.column_stack([np.ones(len(o)), o[FACTS].to_numpy(float)])
    found = np.linalg.lstsq(facts, o["overall"].to_numpy(), rcond=None)[0]
    return {fact: _round(value) for fact, value in zip(FACTS, found[1:], strict=True)}


def _means(o: pd.DataFrame) -> dict[str, object]:
    answers = o[o["answers"]]
    means = answers.groupby(FACTS)["overall"].mean()
    weights = o.groupby(FACTS).size().reindex(means.index)
    return {
        "n_answers": len(answers),
        "reply": _rate(o["answers"]),
        "reply_if_unhappy": _rate(o.loc[o["overall"] <= 2, "answers"]),
        "mean_of_answers": _round(answers["overall"].mean()),
        "mean_post_stratified": _round((means * weights).sum() / weights.sum()),
        "mean_of_customers": _round(o["overall"].mean()),
    }


def _oversize(o: pd.DataFrame) -> dict[str, object]:
    large, days = o["size_class"] == "XL", (o["delivered"] - o["ordered_at"]).dt.total_seconds()
    days, cost = days / 86_400, o["freight_cost"]
    return {
        "days_longer": _round(days[large].mean() - days[~large].mean()),
        "freight_ratio": _round(cost[large].mean() / cost[~large].mean()),
        "late": _rate(o.loc[large, "late"]),
        "late_elsewhere": _rate(o.loc[~large, "late"]),
    }


def _early_answers(o: pd.DataFrame) -> list[str]:
    return sorted("R" + o.loc[o["too_early"] & o["answers"], "order_id"].str[2:])


def _decoys(o: pd.DataFrame, lines: pd.DataFrame) -> dict[str, dict]:
    k1, door = o["carrier"] == "K1", o["carrier"] != "K3"
    change = (lines["unit_price_invoiced"] / lines["unit_price"] - 1)[~lines["overcharged"]].abs()
    volume = {
        "share_of_orders": _rate(k1),
        "share_of_late_orders": _rate(k1[o["late"]]),
        "share_of_late_orders_to_the_door": _rate(k1[o["late"] & door]),
        "late": _rate(o.loc[k1, "late"]),
        "late_elsewhere": _rate(o.loc[~k1, "late"]),
    }
    mondays = o["ordered_at"].dt.day_of_week == 0
    late = {"late": _rate(o.loc[mondays, "late"]), "late_elsewhere": _rate(o.loc[~mondays, "late"])}
    rounded = {"share_of_lines": _rate(change > 0), "largest_change": _round(change.max())}
    return {
        "D1": {"realised": volume},
        "D2": {"realised": {"share_of_orders": _rate(mondays), **late}},
        "D3": {"realised": rounded},
    }
