"""Tell what was really planted in a generated Zimny Szlak: who is affected, and by how much."""

import numpy as np
import pandas as pd

from workbook.planted import base_of, fact, rounded, share_of, versus

__all__ = ["tell"]

BY_LINE = ("wrong_item", "short", "old", "damaged", "overcharged")
BY_DROP = ("warm", "misplaced", "misdocumented", "late")


def tell(drops: pd.DataFrame, lines: pd.DataFrame, case: dict) -> dict:
    """Return affected ids and realised figures by problem and decoy, and the base rates.

    Drops and lines (`row` is the drop's row) are the generator's own, with what is hidden.
    """
    whole = lines.join(drops[drops.columns.difference(lines.columns)], on="row")
    o, planted = drops, {one: each["planted"] for one, each in case["problems"].items()}
    customers, soft = planted["C5"]["customers"], next(iter(case["shares"]["groups"]))
    monday, ours = o["weekday"] == 0, drops["number"].isin(customers)
    wait = (o["picked_at"] - o["planned_at"]).dt.total_seconds() / 60
    waits = {"pick_wait": rounded(wait[monday & o["carried"]].median())}
    waits["pick_wait_elsewhere"] = rounded(wait[~o["carried"]].median())
    hot = {"n_drops": int(o["at_risk"].sum())} | versus(o["warm"], o["at_risk"], "warm")
    weight = versus(whole["short"], whole["row"].map(ours), "short")
    facts = {
        "base": base_of(o, whole, BY_LINE, BY_DROP),
        "C1": fact(o, o["reefer"], **hot),
        "C2": fact(o, o["carried"], **versus(o["late"], monday, "late"), **waits),
        "C3": fact(o, o["waits_long"], dock_minutes=rounded(o["dock_wait"].median()), check=12),
        "C4": fact(o, o["along"], **_together(o)),
        "C5": fact(
            whole, whole["short_weight"], **weight, customers=sorted(set(o["customer"][ours]))
        ),
        "C6": fact(whole, whole["older"], **versus(whole["old"], whole["group"] == soft, "old")),
        "C7": fact(o, o["ahead"], **_notices(o, planted["C7"]["minutes"])),
        "C8": fact(o[:0], **_gaps(o, planted["C8"])),
        "C9": fact(whole, whole["promoted"], **_fill(whole, planted["C9"]["weeks"])),
        "C10": fact(o, o["small"], **_stops(o, planted["C10"]["below"], case["costs"])),
    }
    bad = versus(o["late"], o["driver"] == 9, "late") | {"n_bad_days": int(o["bad"].sum())}
    off = (whole["quantity_delivered"] / whole["quantity_ordered"] - 1)[~whole["short"]].abs()
    realised = {"D1": bad, "D2": {"largest_change": rounded(off.max())}}
    return facts | {one: {"realised": each} for one, each in realised.items()}


def _together(o: pd.DataFrame) -> dict[str, object]:
    """Say how late and warm go together: phi, both right, and the product of the rates."""
    late, warm = o["late"], o["warm"]
    both, product = (~late & ~warm).mean(), (~late).mean() * (~warm).mean()
    phi = np.corrcoef(late, warm)[0, 1] if late.any() and warm.any() else np.nan
    return {"phi": rounded(phi), "both_right": rounded(both), "product": rounded(product)}


def _notices(o: pd.DataFrame, minutes: int) -> dict[str, object]:
    """Count the notices after the goods, by the depot's clock and by the true one."""
    ahead = pd.to_timedelta(minutes * o["ahead"], unit="m")
    seems = versus(o["notice"] + ahead > o["delivered"], o["depot_2"], "after_arrival")
    return seems | {"after_arrival_corrected": share_of(o["notice"] > o["delivered"])}


def _gaps(o: pd.DataFrame, theirs: dict[str, float]) -> dict[str, object]:
    answers = o[o["answers"]]
    gaps = {one: rounded(answers[one].mean() - value) for one, value in theirs.items()}
    return {"n_answers": len(answers), "gap": gaps}


def _fill(lines: pd.DataFrame, weeks: list[int]) -> dict[str, object]:
    there = lines[lines["promoted"]]
    came = np.minimum(there["quantity_delivered"], there["quantity_ordered"]).sum()
    fill = came / there["quantity_ordered"].sum() if len(there) else np.nan
    return {"unit_fill": rounded(fill), "weeks": weeks, "n_lines": len(there)}


def _stops(o: pd.DataFrame, below: float, costs: dict[str, float]) -> dict[str, object]:
    small = o["value"] < below
    cost, margin = o["freight"] + costs["stop"], costs["margin"] * o["value"]
    means = {"cost": rounded(cost[small].mean()), "margin": rounded(margin[small].mean())}
    return {"small": share_of(small), **means, "loss": rounded((cost - margin)[small].sum())}
