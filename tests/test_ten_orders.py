"""The ten orders that are judged by hand: every state, as a reader with a pencil finds it."""

import pytest

from workbook.data import open_client
from workbook.rights import measure_rights

# Order: quantity, time, place, condition, and whether it is perfect. R right, W wrong, U unknown,
# N not applicable, P not due yet.
BY_HAND = {
    "Z01": "RRRR R",  # two lines, all well
    "Z02": "RWRR W",  # a day after the first promise, though on time to the second
    "Z03": "RWRR W",  # six on time, the last four two days late
    "Z04": "WRRR W",  # eight of ten
    "Z05": "WRRR W",  # twelve of ten
    "Z06": "RRWW W",  # one line damaged, the other at the wrong door
    "Z07": "RURR U",  # delivered, and nobody wrote down when
    "Z08": "NNNN N",  # the customer cancelled
    "Z09": "WWNN W",  # the supplier cancelled after a promise
    "Z10": "PPPP P",  # not due yet
}


@pytest.fixture(scope="module")
def rights():
    return measure_rights(open_client("ten-orders"))


@pytest.mark.parametrize("order", BY_HAND)
def test_each_order_is_judged_as_by_hand(rights, order):
    code = list(rights.states.order_ids).index(order)
    pending = rights.states.pending[rights.states.order == code].any()
    letters = [
        "NRUW"[rights.order_states(each)[code]]
        for each in ("quantity", "time", "place", "condition")
    ]
    whole = max(rights.order_states(right)[code] for right in rights.in_scope)
    shown = "PPPP P" if pending else "".join(letters) + " " + "NRUW"[whole]
    assert shown == BY_HAND[order]


def test_the_counts_are_those_of_the_list(rights):
    row = rights.overall("perfect_order")
    names = ["right", "wrong", "unknown", "not_applicable", "pending"]
    assert row[names].tolist() == [1, 6, 1, 1, 1]


def test_on_time_to_the_latest_promise_forgives_one(rights):
    latest = measure_rights(open_client("ten-orders"), due="promised_latest")
    assert latest.overall("right_time")["right"] - rights.overall("right_time")["right"] == 1
