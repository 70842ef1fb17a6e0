"""Tell what was really planted in a generated Norddrive Teile: who is affected, and by how much."""

import pandas as pd

from workbook.samples import fact, rounded, share_of

__all__ = ["tell"]


def tell(
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    asked: pd.DataFrame,
    stock: pd.DataFrame,
    answers: pd.DataFrame,
    case: dict,
) -> dict:
    """Return affected ids and realised figures by problem and decoy, and the base rates.

    Parameters
    ----------
    orders, lines : pd.DataFrame
        The generator's own orders and lines; `row` is the order's row.
    asked, stock, answers : pd.DataFrame
        Its questions, stock of every month and answers to who does which step.
    case : dict
        As `read_case` returns it.
    """
    whole = lines.join(orders[orders.columns.difference(lines.columns)], on="row")
    o, kept = orders[orders["came"]], whole[whole["came"]]
    french, export = asked["language"] == "fr", orders["export"]
    facts = {
        "base": _base(o, kept),
        "B1": fact(whole[whole["more_short"]], **_by_class(kept, stock)),
        "B2": fact(whole[whole["swapped"]], **_swaps(kept)),
        "B3": fact(whole[whole["old_price"]], **_invoices(kept)),
        "B4": fact(orders, orders["to_office"], **_sites(o)),
        "B5": fact(orders, orders["small"], **_whale(orders, kept, case["costs"])),
        "B6": fact(asked, french, **_replies(asked, french)),
        "B7": fact(orders, orders["early"], **_window(o)),
        "B8": fact(whole[whole["gone"]], **_fill(whole)),
        "B9": fact(orders, orders["unowned"], **_documents(o, export), agreement=_agreed(answers)),
        "B10": {"affected": [], "realised": {"n_affected": 0}},
    }
    return facts | _decoys(o, kept, asked)


def _base(o: pd.DataFrame, kept: pd.DataFrame) -> dict[str, object]:
    by_line = ("wrong_item", "short", "damaged", "overcharged")
    by_order = (*by_line, "misplaced", "misdocumented", "late", "early")
    per_order = {name: share_of(o[name]) for name in by_order}
    per_line = {name: share_of(kept[name]) for name in by_line}
    return {"orders": len(o), "lines": len(kept), "per_line": per_line, "per_order": per_order}


def _by_class(kept: pd.DataFrame, stock: pd.DataFrame) -> dict[str, object]:
    means = lambda table, column: {
        k: rounded(v) for k, v in table.groupby("abc")[column].mean().items()
    }
    return {"short": means(kept, "short"), "stock_days": means(stock, "days")}


def _swaps(kept: pd.DataFrame) -> dict[str, object]:
    swapped = kept[kept["swapped"]]
    first = swapped["ordered_on"].min()
    return {
        "products": sorted(set(swapped["product"])),
        "n_lines": len(swapped),
        "first_ordered": None if pd.isna(first) else str(first.date()),
    }


def _invoices(kept: pd.DataFrame) -> dict[str, object]:
    over = kept[kept["old_price"]]
    euros = ((over["unit_price"] * over["factor"]).round(2) - over["unit_price"]) * over["quantity"]
    return {"n_lines": len(over), "over_invoiced": round(float(euros.sum()), 2)}


def _sites(o: pd.DataFrame) -> dict[str, object]:
    several = o["rank"].between(1, 3)
    rates = {"misplaced": share_of(o.loc[several, "misplaced"])}
    rates["misplaced_elsewhere"] = share_of(o.loc[~several, "misplaced"])
    return rates | {"customers": sorted(set(o.loc[several, "customer"]))}


def _whale(orders: pd.DataFrame, kept: pd.DataFrame, costs: dict[str, float]) -> dict[str, object]:
    """Rank the customers by profit: the peak of its running sum over the sum of all."""
    value = (kept["unit_price"] * kept["quantity"]).groupby(kept["customer"]).sum()
    by = orders.groupby("customer")
    rush = (orders["promise_days"] == 1).groupby(orders["customer"]).sum()
    served = costs["order"] * by.size() + costs["line"] * by["n_lines"].sum()
    served += costs["rush"] * rush + by["freight"].sum()
    profit = (costs["margin"] * value - served).sort_values(ascending=False)
    small, months = orders[orders["small"]], 18
    each = (kept["unit_price"] * kept["quantity_ordered"])[kept["small"]]
    return {
        "whale_peak": rounded(profit.cumsum().max() / profit.sum()),
        "last_customers": sorted(profit.index[-4:]),
        "customers": sorted(set(small["customer"])),
        "orders_a_month": rounded(len(small) / 4 / months),
        "mean_value": rounded(each.mean()),
        "rush": share_of(small["promise_days"] == 1),
    }


def _replies(asked: pd.DataFrame, french: pd.Series) -> dict[str, object]:
    half = asked["minutes"][french].median(), asked["minutes"][~french].median()
    return {
        "minutes": rounded(half[0]),
        "minutes_elsewhere": rounded(half[1]),
        "ratio": rounded(half[0] / half[1]),
    }


def _window(o: pd.DataFrame) -> dict[str, object]:
    return {
        "early": share_of(o["early"]),
        "reported": share_of(~o["late"]),
        "in_window": share_of(~o["late"] & ~o["early"]),
    }


def _fill(whole: pd.DataFrame) -> dict[str, object]:
    asked = whole[~whole["cancelled"]]
    full = asked["came"] & ~asked["short"]
    return {
        "cancelled_by_supplier": share_of(asked["gone"]),
        "cancelled_by_customer": share_of(whole["cancelled"]),
        "line_fill": share_of(full),
        "line_fill_reported": share_of(full[asked["came"]]),
    }


def _documents(o: pd.DataFrame, export: pd.Series) -> dict[str, object]:
    there = export[o.index]
    wrong = o["misdocumented"]
    return {
        "misdocumented": share_of(wrong[there]),
        "misdocumented_elsewhere": share_of(wrong[~there]),
    }


def _agreed(answers: pd.DataFrame) -> dict[str, float | None]:
    top = answers.groupby("step_id")["claimed_role"].agg(lambda said: said.value_counts().iloc[0])
    return {step: rounded(n / answers["person"].nunique()) for step, n in top.items()}


def _decoys(o: pd.DataFrame, kept: pd.DataFrame, asked: pd.DataFrame) -> dict[str, dict]:
    biggest = o["rank"] == 0
    share = {
        "share_of_late_orders": share_of(biggest[o["late"]]),
        "late": share_of(o.loc[biggest, "late"]),
    }
    share |= {"late_elsewhere": share_of(o.loc[~biggest, "late"])}
    friday = (asked["opened_at"].dt.day_of_week == 4) & (asked["opened_at"].dt.hour >= 15)
    hours = (asked["first_reply_at"] - asked["opened_at"]).dt.total_seconds() / 3600
    waits = {"hours_by_the_clock": rounded(hours[friday].median())}
    waits |= {"desk_hours": rounded(asked["minutes"][friday].median() / 60)}
    waits |= {"desk_hours_elsewhere": rounded(asked["minutes"][~friday].median() / 60)}
    change = (kept["factor"] - 1)[~kept["overcharged"]].abs()
    cents = {"share_of_lines": share_of(change > 0), "largest_change": rounded(change.max())}
    facts = {"D1": share, "D2": waits, "D3": cents}
    return {one: {"realised": realised} for one, realised in facts.items()}
