"""Answers joined to orders: planted drivers, bias and early questionnaires are found."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from workbook.data import Client, Reading, open_client
from workbook.drivers import order_facts, rank_drivers, repeat_orders
from workbook.language import LANGUAGES, speak
from workbook.mailing import plan_mailing, plan_sample
from workbook.nonresponse import response_rates, weigh_answers
from workbook.profile import Profile
from workbook.resources import data_path
from workbook.roadmap import draw_road_map


@pytest.fixture(scope="module")
def brzoza():
    return open_client(data_path("brzoza-dom"))


@pytest.fixture(scope="module")
def truth():
    planted = data_path("brzoza-dom.truth.json").read_text(encoding="utf-8")
    return json.loads(planted)["problems"]


@pytest.fixture(scope="module")
def facts(brzoza):
    return order_facts(brzoza)


def client(lines, responses=None, **profile):
    frame = pd.DataFrame(lines).astype({"order_id": "str"})
    for column in {"promised_at", "delivered_at"} & set(frame):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    tables = {"order_lines": Reading(frame, (), "order_lines.csv")}
    if responses is not None:
        tables["responses"] = Reading(responses, (), "responses.csv")
    return Client(data_path(), Profile(name="t", **profile), tables)


@pytest.fixture(scope="module")
def shown(brzoza, facts):
    drivers, repeats = rank_drivers(brzoza, facts=facts), repeat_orders(brzoza, facts=facts)
    return [drivers, repeats, weigh_answers(brzoza, facts=facts, repeats=20), plan_mailing(brzoza)]


def test_silence_ranks_above_lateness(brzoza, truth, facts):
    drivers = rank_drivers(brzoza, facts=facts).data.set_index("fact")
    ranks = list(drivers.index)
    assert ranks.index("silent") < ranks.index("time")
    assert drivers.loc["silent", "surpasses"]
    effects = truth["A7"]["realised"]["effects"]["answers"]
    tolerance = truth["A7"]["tolerance"]["effect"]
    for fact, key in (("silent", "silent"), ("time", "late"), ("condition", "damaged")):
        assert drivers.loc[fact, "low"] < effects[key] < drivers.loc[fact, "high"]
        assert abs(drivers.loc[fact, "effect"] - effects[key]) < tolerance


def test_perception_is_set_against_measurement_right_by_right(brzoza, facts):
    rows = rank_drivers(brzoza, facts=facts).data.set_index("fact")
    assert (rows.loc[["time", "condition", "silent"], "gap_high"] < -0.9).all()


def test_what_happened_to_no_one_is_no_driver(brzoza, facts):
    drivers = rank_drivers(brzoza, facts=facts)
    assert set(drivers.few) == {"product", "place", "price"}
    found = {finding.id for finding in drivers.findings()}
    assert found == {"driver-silent", "driver-time", "driver-condition"}


def test_the_bias_is_called_low_and_partly_corrected(brzoza, truth, facts):
    weighed, realised = weigh_answers(brzoza, facts=facts), truth["A8"]["realised"]
    assert weighed.bias == "low"
    assert weighed.raw == pytest.approx(realised["mean_of_answers"], abs=1e-4)
    assert realised["mean_of_answers"] < weighed.weighed < realised["mean_of_customers"]
    told = weighed.sentence(speak("en"))
    assert "biased low" in told and "partly corrected" in told and "may be chance" in told


def test_exactly_the_questionnaires_sent_before_delivery_are_found(brzoza, truth):
    early = plan_mailing(brzoza).early
    assert sorted(early["order_id"]) == sorted(truth["A10"]["affected"])
    answered = early["response_id"].dropna()
    assert sorted(answered) == truth["A10"]["realised"]["answers"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_is_shown_in_every_language(shown, code):
    say = speak(code)
    for result in shown:
        assert result.blocks(say)[0]["role"] == "lead" and len(result.table(code))
    assert plan_sample(100).sentence(say)


def test_weights_undo_a_response_that_depends_on_facts_alone():
    """Late orders rate 2 and answer twice as often as others, which rate 4: truth 3, raw 2.67."""
    n, late = 400, np.arange(400) < 200
    day = pd.Timestamp("2026-03-02")
    lines = {"order_id": [f"O{i}" for i in range(n)], "promised_at": day}
    lines["delivered_at"] = np.where(late, day + pd.Timedelta(days=2), day)
    answered = np.where(late, np.arange(n) % 5 < 4, np.arange(n) % 5 < 2)
    ids = np.array(lines["order_id"])[answered]
    points = np.where(late, 2, 4)[answered]
    responses = pd.DataFrame({"response_id": ids, "order_id": ids, "overall": points})
    responses.loc[::2, "overall"] += 1
    weighed = weigh_answers(client(lines, responses))
    truth = 3 + responses["overall"].mean() - points.mean()
    assert weighed.cells == ("time",) and weighed.weighed == pytest.approx(truth, abs=0.02)
    assert weighed.shift.low > 0 and weighed.left_out == 0


def test_nobody_answered_or_nothing_to_join_is_said(brzoza):
    lines = {"order_id": ["1"], "promised_at": ["2026-03-02"], "delivered_at": ["2026-03-02"]}
    with pytest.raises(ValueError, match="order_id"):
        weigh_answers(client(lines, pd.DataFrame({"response_id": ["a"]})))
    with pytest.raises(ValueError, match=r"taste.*name one of"):
        rank_drivers(brzoza, "taste")


def test_one_respondent_gives_no_driver_and_no_crash():
    lines = {"order_id": ["1"], "promised_at": ["2026-03-02"], "delivered_at": ["2026-03-02"]}
    one = pd.DataFrame({"response_id": ["a"], "order_id": ["1"], "overall": [4]})
    drivers = rank_drivers(client(lines, one))
    assert drivers.data.empty and "Too few" in drivers.sentence(speak("en"))


def test_repeat_orders_count_only_orders_old_enough_to_tell(brzoza, facts):
    short, long = (repeat_orders(brzoza, days=days, facts=facts) for days in (30, 180))
    assert short.censored < long.censored
    row = long.data.set_index("fact").loc["any"]
    assert row["low"] <= row["difference"] <= row["high"]
    with pytest.raises(ValueError, match="days of 1 or more"):
        repeat_orders(brzoza, days=0)


# --- sending --------------------------------------------------------------------------------------


def sent_on(day, lines, responses=None, **rules):
    given = client(lines, responses, country="PL")
    return plan_mailing(given, on=day, **rules).data.set_index("order_id")["action"].to_dict()


def delivered(**days):
    frame = pd.DataFrame(
        {"order_id": list(days), "delivered_at": pd.to_datetime(list(days.values()))}
    )
    return frame.assign(customer=frame["order_id"])


def test_a_questionnaire_follows_confirmed_receipt_by_a_working_day():
    friday = delivered(a="2026-03-27 10:00", b=None)
    assert sent_on(dt.date(2026, 3, 27), friday) == {"a": "wait", "b": "not confirmed"}
    assert sent_on(dt.date(2026, 3, 28), friday)["a"] == "wait"  # a Saturday
    assert sent_on(dt.date(2026, 3, 30), friday)["a"] == "mail"
    assert sent_on(dt.date(2026, 4, 20), friday)["a"] == "too late"


def test_easter_monday_is_no_day_to_mail_in_poland():
    assert sent_on(dt.date(2026, 4, 6), delivered(a="2026-04-01"))["a"] == "wait"
    assert sent_on(dt.date(2026, 4, 7), delivered(a="2026-04-01"))["a"] == "mail"


def test_a_customer_is_asked_once_and_reminded_once():
    lines = delivered(a="2026-03-02", b="2026-03-10").assign(customer="C1")
    mailed = pd.DataFrame({"response_id": ["r"], "order_id": ["a"]})
    mailed["sent_at"] = pd.to_datetime(["2026-03-03 10:00"])
    on = lambda day, **rules: sent_on(dt.date(2026, 3, day), lines, mailed, **rules)
    assert on(5) == {"a": "asked", "b": "not confirmed"}
    assert on(11) == {"a": "remind", "b": "asked lately"}
    assert on(18)["a"] == "asked"
    assert on(11, cap_days=5)["b"] == "mail"
    answered = mailed.assign(answered_at=pd.to_datetime(["2026-03-04"]))
    assert sent_on(dt.date(2026, 3, 11), lines, answered)["a"] == "answered"


def test_of_two_orders_of_a_customer_the_last_is_asked_about():
    lines = delivered(a="2026-03-02", b="2026-03-03").assign(customer="C1")
    assert sent_on(dt.date(2026, 3, 4), lines) == {"a": "asked lately", "b": "mail"}


def test_a_sample_is_planned_from_the_population_and_the_response_rate():
    """Krejcie & Morgan 1970: 278 of 1000; Cochran 1977: 385 without bound."""
    plan = plan_sample(1000, response_rate=0.5)
    assert (plan.needed, plan.needed_plain, plan.to_mail, plan.expected) == (278, 385, 556, 278)
    assert plan.reached == pytest.approx(0.05, abs=0.001)
    small = plan_sample(200, response_rate=0.1)
    assert small.to_mail == 200 and small.reached > 0.1 and small.power < 0.2
    for wrong in ({"response_rate": 0}, {"margin": 1}, {"difference": 2}):
        with pytest.raises(ValueError, match="between 0 and 1"):
            plan_sample(100, **wrong)
    with pytest.raises(ValueError, match="someone to ask"):
        plan_sample(0)


def test_response_rates_follow_their_standard_definitions():
    """AAPOR 2023, Standard Definitions: RR1 to RR6 of mail surveys."""
    answers = pd.DataFrame(
        {q: [1] * 60 + [None] * 20 for q in "ab"} | {"c": [1] * 70 + [None] * 10}
    )
    rates = response_rates(answers, sent=200, unreached=20)
    assert (rates.complete, rates.partial, rates.silent) == (60, 0, 120)
    assert (rates.rr1, rates.rr5) == (0.3, pytest.approx(1 / 3))
    with pytest.raises(ValueError, match="sent is 10"):
        response_rates(answers, sent=10)


def test_the_road_map_lists_silence_before_lateness_and_the_bias(brzoza):
    found = [finding.id for finding in draw_road_map(brzoza).findings]
    assert found.index("driver-silent") < found.index("driver-time")
    assert {"survey-bias-overall", "survey-sent-early"} <= set(found)
