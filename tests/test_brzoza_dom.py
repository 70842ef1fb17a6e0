"""Brzoza Dom: each problem touches its own rows only, and comes out as large as it was planned."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from workbook import samples
from workbook.profile import Profile
from workbook.rights import measure_rights

PROBLEMS = list(samples.read_case("brzoza-dom")["problems"])
HOUR = pd.Timedelta(hours=1)


@cache
def made(problems, scale=0.05):
    return samples.generate("brzoza-dom", problems=problems, scale=scale)


def full():
    return made("all", 1.0)


def realised(problem, problems="all"):
    return made(problems, 1.0).truth["problems"][problem]["realised"]


def rows_by_order(table):
    """One number per order that changes when any of its rows does."""
    return pd.util.hash_pandas_object(table, index=False).groupby(table["order_id"]).sum()


def changed_orders(one, other):
    changed = set()
    for name in ("order_lines", "events", "responses", "claims"):
        sides = [rows_by_order(sample.tables[name]) for sample in (one, other)]
        both = pd.concat(sides, axis=1, keys=["one", "other"]).fillna(np.uint64(0))
        changed |= set(both.index[both["one"] != both["other"]])
    return changed


def last_delivery(sample):
    return sample.tables["order_lines"].groupby("order_id")["delivered_at"].max()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_touches_only_the_orders_it_names_on_the_clean_twin(problem):
    alone = made(problem)
    affected = alone.truth["problems"][problem]["affected"]
    assert changed_orders(alone, made("none")) <= set(affected)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_touches_only_the_orders_it_names_among_all_others(problem):
    others = ",".join(one for one in PROBLEMS if one != problem)
    affected = made("all").truth["problems"][problem]["affected"]
    assert changed_orders(made("all"), made(others)) <= set(affected)


def test_the_clean_twin_has_the_base_failures_and_nothing_else():
    clean, base = made("none", 1.0).truth, samples.read_case("brzoza-dom")["base"]
    assert clean["problems"] == {}
    rates = clean["base"]["per_line"] | clean["base"]["per_order"]
    for fact in ("misplaced", "misdocumented", "late", "split"):
        n = clean["base"]["orders"]
        assert rates[fact] == pytest.approx(base[fact], abs=3 * np.sqrt(base[fact] / n))
    for fact, rate in clean["base"]["per_line"].items():
        n = clean["base"]["lines"]
        assert rate == pytest.approx(base[fact], abs=3 * np.sqrt(base[fact] / n))


def test_base_failures_are_independent_of_each_other():
    lines = made("none", 1.0).tables["order_lines"]
    lines = lines[lines["status"] == "delivered"]
    failed = pd.DataFrame(
        {
            "item": lines["product"] != lines["product_delivered"],
            "damage": lines["condition"] == "damaged",
            "late": lines["delivered_at"].dt.normalize() > lines["promised_at"],
            "documents": lines["documents"] == "wrong",
        }
    )
    off_diagonal = failed.astype(float).corr().to_numpy() - np.eye(4)
    assert np.abs(off_diagonal).max() < 0.02


def test_what_the_rights_measure_on_the_clean_twin_is_the_truth():
    clean = made("none", 1.0)
    profile = Profile(**{"id": "brzoza-dom", **clean.profile})
    data = measure_rights(clean.tables["order_lines"], profile=profile).data
    orders = data[data["level"] == "order"].set_index("measure")["confirmed"]
    wrong = clean.truth["base"]["per_order"]
    facts = {"product": "wrong_item", "quantity": "short", "time": "late", "place": "misplaced"}
    facts |= {"condition": "damaged", "price": "overcharged", "information": "misdocumented"}
    for right, fact in facts.items():
        assert orders[f"right_{right}"] == pytest.approx(1 - wrong[fact], abs=1e-4)
    assert orders["perfect_order"] == pytest.approx(clean.truth["base"]["perfect_order"], abs=1e-4)


def test_full_size_is_a_year_of_24_000_orders():
    lines = full().tables["order_lines"]
    assert lines["order_id"].nunique() == 24_000
    assert lines.groupby("order_id")["line_no"].nunique().mean() == pytest.approx(2.2, abs=0.02)
    days = lines["ordered_at"].dt.normalize()
    assert (days.min(), days.max()) == (pd.Timestamp("2025-01-06"), pd.Timestamp("2026-01-04"))


def test_a_split_line_repeats_what_was_ordered_and_adds_up_what_came():
    lines = full().tables["order_lines"].query("status == 'delivered'")
    split = lines.groupby(["order_id", "line_no"])
    assert (split["quantity_ordered"].nunique() == 1).all()
    gap = split["quantity_ordered"].first() - split["quantity_delivered"].sum()
    assert set(gap) == {0.0, 1.0}
    assert (lines["quantity_delivered"] > 0).all()


@pytest.mark.parametrize("problems", ["none", "all"])
def test_no_time_runs_backwards(problems):
    lines = made(problems).tables["order_lines"]
    assert (lines["shipped_at"].dropna() > lines["ordered_at"][lines["shipped_at"].notna()]).all()
    came = lines.dropna(subset=["delivered_at"])
    assert (came["delivered_at"] > came["shipped_at"]).all()
    assert (lines["promised_latest_at"] >= lines["promised_at"]).all()
    answers = made(problems).tables["responses"]
    assert (answers["answered_at"] > answers["sent_at"]).all()


def test_every_order_runs_along_the_chart():
    sample = made("none")
    steps = sample.tables["steps"].set_index("activity")["step_id"]
    before = sample.tables["steps"].set_index("step_id")["predecessors"].str.split(";")
    events = sample.tables["events"]
    events = events[events["lifecycle"].isna()].assign(step=events["activity"].map(steps))
    came = events.groupby("order_id").filter(lambda order: "survey" in set(order["step"]))
    came = came.assign(previous=came.groupby("order_id")["step"].shift())
    again = (came["step"] == "pick") & (came["previous"] == "check")
    first = came["previous"].isna() & (came["step"] == "enter")
    allowed = [
        step in list(before[after])
        for step, after in came[["previous", "step"]][~again & ~first].itertuples(index=False)
    ]
    assert all(allowed)
    assert again.groupby(came["order_id"]).any().mean() == pytest.approx(0.08, abs=0.02)


def test_a1_promise_gaming_hides_more_than_15_points():
    found = realised("A1")
    assert found["repromise_gap"] >= 0.15
    assert found["promised_again_if_late"] == pytest.approx(0.45, abs=0.015)
    assert realised("A1", "A1")["promised_next_day"] == pytest.approx(0.60, abs=0.01)
    assert realised("A1", "A1")["median_days"] == 2
    lines = full().tables["order_lines"].drop_duplicates("order_id").set_index("order_id")
    day = last_delivery(full()).dt.normalize().dropna()
    on_time = [(day <= lines.loc[day.index, f"promised_{p}at"]).mean() for p in ("", "latest_")]
    assert on_time[1] - on_time[0] == pytest.approx(found["repromise_gap"], abs=0.02)


def test_a2_the_peak_waits_for_picking_and_not_for_the_carrier():
    found = realised("A2", "A2")
    assert found["late"] == pytest.approx(0.45, abs=0.02)
    assert found["late_elsewhere"] == pytest.approx(0.12, abs=0.01)
    assert found["volume_ratio"] == pytest.approx(2.2, abs=0.1)
    assert found["pick_wait_ratio"] == pytest.approx(4, abs=0.3)
    assert found["pick_wait_hours_longer"] > 3 * found["transit_hours_longer"]
    week = full().tables["order_lines"]["ordered_at"].dt.isocalendar().week
    assert set(week.value_counts().index[:5]) == {47, 48, 49, 50, 51}


def test_a3_only_glass_with_k2_breaks_and_there_are_lines_enough():
    found = realised("A3")
    assert found["n_lines"] >= 900
    assert found["damaged"] == pytest.approx(0.07, abs=0.02)
    assert found["damaged_elsewhere"] == pytest.approx(0.012, abs=0.002)
    small = made("all", 0.1).truth["problems"]["A3"]["realised"]
    assert small["n_lines"] < 520  # too small: nothing may be tested on it


def test_a4_the_band_contains_the_truth_and_the_target():
    found = realised("A4", "A4")
    for group in ("K3", "all"):
        band = found[group]
        assert band["confirmed"] <= band["true_on_time"] <= band["upper"]
        assert band["confirmed"] < 0.88 < band["upper"]
    assert (found["missing_if_late"], found["missing_else"]) == pytest.approx((0.2, 0.04), abs=0.03)


def test_a5_k4_runs_one_hour_early_in_winter_and_two_in_summer():
    truth = full().truth["problems"]["A5"]
    events = full().tables["events"].dropna(subset=["recorded_at"])
    late = (events["recorded_at"] - events["event_at"]) // HOUR
    k4 = events["order_id"].isin(truth["affected"])
    assert set(late[~k4]) == {0}
    summer = events["event_at"].between("2025-03-31", "2025-10-25")
    winter = ~events["event_at"].between("2025-03-29", "2025-10-27")
    assert (set(late[k4 & summer]), set(late[k4 & winter])) == ({2}, {1})


def test_a5_names_exactly_the_orders_that_the_clock_misjudges():
    truth = full().truth["problems"]["A5"]["realised"]
    lines = full().tables["order_lines"].query("carrier == 'K4'").drop_duplicates("order_id")
    lines = lines.set_index("order_id")
    written = last_delivery(full())[lines.index]
    local = written.dt.tz_localize("UTC").dt.tz_convert("Europe/Warsaw").dt.tz_localize(None)
    late = [at.dt.normalize() > lines["promised_at"] for at in (written, local)]
    assert sorted(lines.index[~late[0] & late[1]]) == truth["misjudged_first_promise"]
    assert not (late[0] & ~late[1]).any()


def test_a6_large_orders_come_in_two_deliveries():
    found = realised("A6")
    assert found["split"] == pytest.approx(0.35, abs=0.02)
    assert found["split_elsewhere"] == pytest.approx(0.05, abs=0.01)
    lines = full().tables["order_lines"].query("status == 'delivered'")
    several = lines.groupby("order_id")["delivery_no"].nunique() > 1
    large = lines.groupby("order_id")["line_no"].nunique() >= 3
    assert several[large].mean() == pytest.approx(found["split"], abs=1e-3)


def test_a7_exactly_the_silent_orders_are_out_of_sight_for_a_day():
    truth = full().truth["problems"]["A7"]
    events = full().tables["events"]
    way = events["activity"].str.startswith(("Dispatched", "Transit"))
    way = events[way].sort_values(["order_id", "event_at"])
    gap = way.groupby("order_id")["event_at"].diff()
    assert sorted(set(way.loc[gap > 24 * HOUR, "order_id"])) == truth["affected"]
    assert truth["realised"]["share"] == pytest.approx(0.25, abs=0.01)


def test_a7_silence_hurts_more_than_lateness():
    effects = realised("A7")["effects"]
    for fact, planned in {"silent": -1.1, "late": -0.5, "damaged": -1.5}.items():
        assert effects["all"][fact] == pytest.approx(planned, abs=0.1)
    for seed in range(4):
        truth = samples.generate("brzoza-dom", seed=seed, scale=0.2).truth
        answers = truth["problems"]["A7"]["realised"]["effects"]["answers"]
        assert answers["silent"] < answers["late"]


def test_a8_answers_are_biased_low_and_weighting_corrects_half_of_it():
    found = realised("A8")
    assert found["mean_of_answers"] == pytest.approx(3.86, abs=0.03)
    assert found["mean_post_stratified"] == pytest.approx(3.92, abs=0.03)
    assert found["mean_of_customers"] == pytest.approx(3.99, abs=0.02)
    assert found["mean_of_answers"] < found["mean_post_stratified"] < found["mean_of_customers"]
    assert realised("A8")["n_answers"] == len(full().tables["responses"])


def test_a9_oversize_takes_longer_and_costs_more_but_is_as_often_late():
    found = realised("A9", "A9")
    assert found["days_longer"] == pytest.approx(2.3, abs=0.2)
    assert found["freight_ratio"] == pytest.approx(3.4, abs=0.1)
    assert found["late"] == pytest.approx(found["late_elsewhere"], abs=0.03)


def test_a10_exactly_these_surveys_were_sent_before_delivery():
    truth = full().truth["problems"]["A10"]
    answers = full().tables["responses"].set_index("response_id")
    early = answers["sent_at"] < answers["order_id"].map(last_delivery(full()))
    assert sorted(early.index[early]) == truth["realised"]["answers"]
    assert truth["realised"]["share"] == pytest.approx(0.06, abs=0.005)
    mailed = full().tables["events"].query("activity == 'Survey mailed'").set_index("order_id")
    before = mailed["event_at"] < last_delivery(full())[mailed.index]
    assert sorted(mailed.index[before]) == truth["affected"]


def test_decoys_are_no_more_than_they_seem():
    decoys = {one: decoy["realised"] for one, decoy in full().truth["decoys"].items()}
    assert decoys["D1"]["late"] == pytest.approx(decoys["D1"]["late_elsewhere"], abs=0.02)
    assert decoys["D1"]["share_of_late_orders"] == pytest.approx(0.44, abs=0.02)
    assert decoys["D2"]["share_of_orders"] < 0.12
    assert decoys["D2"]["late"] == pytest.approx(decoys["D2"]["late_elsewhere"], abs=0.03)
    assert decoys["D3"]["largest_change"] < 0.005
