"""Tell what was really planted in a generated Norddrive Teile: who is affected, and by how much."""

import pandas as pd

from workbook.planted import base_of, fact, rounded, share_of, versus

__all__ = ["tell"]

BY_LINE = ("wrong_item", "short", "damaged", "overcharged")
BY_ORDER = ("misplaced", "misdocumented", "late", "early")


def tell(
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    asked: pd.DataFrame,
    stock: pd.DataFrame,
    answers: pd.DataFrame,
    case: dict,
) -> dict:
    """Return affected ids and realised figures by problem and decoy, and the base rates.

    All tables are the generator's own, with what is hidden from the client: orders and lines
    (`row` is the order's row), questions, stock by month, and who says who does which step.
    """
    whole = lines.join(orders[orders.columns.difference(lines.columns)], on="row")
    o, kept = orders[orders["came"]], whole[whole["came"]]
    french, several = asked["language"] == "fr", o["rank"].between(1, 3)
    by_class = lambda table, column: table.groupby("abc")[column].mean().map(rounded).to_dict()
    over = kept[kept["old_price"]]
    euros = ((over["unit_price"] * over["factor"]).round(2) - over["unit_price"]) * over["quantity"]
    half = asked["minutes"][french].median(), asked["minutes"][~french].median()
    waits = {"minutes": rounded(half[0]), "minutes_elsewhere": rounded(half[1])}
    sites = versus(o["misplaced"], several, "misplaced")
    window = {"early": share_of(o["early"]), "reported": share_of(~o["late"])}
    papers = versus(o["misdocumented"], o["export"], "misdocumented")
    top = answers.groupby("step_id")["claimed_role"].agg(lambda said: said.value_counts().iloc[0])
    agreed = (top / answers["person"].nunique()).map(rounded).to_dict()
    facts = {
        "base": base_of(o, kept, BY_LINE, BY_ORDER),
        "B1": {"short": by_class(kept, "short"), "stock_days": by_class(stock, "days")},
        "B2": {"products": sorted(set(kept.loc[kept["swapped"], "product"]))},
        "B3": {"n_lines": len(over), "over_invoiced": round(float(euros.sum()), 2)},
        "B4": {**sites, "customers": sorted(set(o.loc[several, "customer"]))},
        "B5": _whale(orders, kept, case["costs"]),
        "B6": {**waits, "ratio": rounded(half[0] / half[1])},
        "B7": {**window, "in_window": share_of(~o["late"] & ~o["early"])},
        "B8": _fill(whole),
        "B9": {**papers, "agreement": agreed},
        "B10": {},
    }
    marks = {"B1": "more_short", "B2": "swapped", "B3": "old_price", "B4": "to_office"}
    marks |= {"B5": "small", "B7": "early", "B8": "gone", "B9": "unowned"}
    told = {one: fact(whole, whole[mark], **facts[one]) for one, mark in marks.items()}
    told |= {"B6": fact(asked, french, **facts["B6"]), "B10": fact(orders[:0])}
    return {"base": facts["base"]} | told | _decoys(o, kept, asked)


def _whale(orders: pd.DataFrame, kept: pd.DataFrame, costs: dict[str, float]) -> dict[str, object]:
    """Rank the customers by profit: the peak of its running sum over the sum of all."""
    value, small = kept["unit_price"] * kept["quantity"], orders[orders["small"]]
    by, rush = orders.groupby("customer"), orders["promise_days"] == 1
    served = costs["order"] * by.size() + costs["line"] * by["n_lines"].sum() + by["freight"].sum()
    served += costs["rush"] * rush.groupby(orders["customer"]).sum()
    profit = costs["margin"] * value.groupby(kept["customer"]).sum() - served
    profit = profit.sort_values(ascending=False)
    return {
        "whale_peak": rounded(profit.cumsum().max() / profit.sum()),
        "last_customers": sorted(profit.index[-4:]),
        "orders_a_month": rounded(len(small) / 4 / 18),
        "mean_value": rounded(value[kept["small"]].mean()),
        "rush": share_of(small["promise_days"] == 1),
    }


def _fill(whole: pd.DataFrame) -> dict[str, object]:
    """Return the line fill rate with the supplier's cancellations, and as the client reports it."""
    asked = whole[~whole["cancelled"]]
    full = asked["came"] & ~asked["short"]
    gone = {"cancelled_by_supplier": share_of(asked["gone"]), "line_fill": share_of(full)}
    gone["cancelled_by_customer"] = share_of(whole["cancelled"])
    return gone | {"line_fill_reported": share_of(full[asked["came"]])}


def _decoys(o: pd.DataFrame, kept: pd.DataFrame, asked: pd.DataFrame) -> dict[str, dict]:
    biggest = o["rank"] == 0
    share = {"share_of_late_orders": share_of(biggest[o["late"]])}
    friday = (asked["opened_at"].dt.day_of_week == 4) & (asked["opened_at"].dt.hour >= 15)
    hours = (asked["first_reply_at"] - asked["opened_at"]).dt.total_seconds() / 3600
    waits = {"hours_by_the_clock": rounded(hours[friday].median())}
    waits |= {"desk_hours": rounded(asked["minutes"][friday].median() / 60)}
    waits |= {"desk_hours_elsewhere": rounded(asked["minutes"][~friday].median() / 60)}
    change = (kept["factor"] - 1)[~kept["overcharged"]].abs()
    cents = {"share_of_lines": share_of(change > 0), "largest_change": rounded(change.max())}
    facts = {"D1": share | versus(o["late"], biggest, "late"), "D2": waits, "D3": cents}
    return {one: {"realised": realised} for one, realised in facts.items()}
