"""What people blame against what orders wait for: slack in the chart and in the events."""

import numpy as np
import pandas as pd
import pytest

from workbook.blamed import look_past_blame
from workbook.eventlog import read_log
from workbook.language import LANGUAGES
from workbook.process import build_process

NAMES = ["Pick", "Check", "Dock", "Load"]


def looked(
    improve=(0, 8, 1, 0), works=(9, 2, 8, 9), dock=99, n=40, predecessors=("", "a", "a", "b;c")
):
    """Check (12 minutes) and dock run at once after the picking, and meet at the loading."""
    steps = {"step_id": list("abcd"), "step": NAMES, "role": "W", "predecessors": predecessors}
    steps |= {"touch_minutes": [9, 12, dock, 5], "votes_works": works, "votes_improve": improve}
    at = pd.Timestamp("2026-03-02") + pd.to_timedelta([0, 12, dock, dock + 12] * n, unit="m")
    events = {"order_id": np.repeat(np.arange(n), 4).astype(str), "activity": NAMES * n}
    log = read_log(pd.DataFrame(events).assign(event_at=at))
    return look_past_blame(build_process(pd.DataFrame(steps)), log)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_orders_wait_for_is_told_beside_what_is_blamed(language):
    found = looked()
    (finding,) = found.findings(language)
    assert (finding.step_id, finding.observed, finding.expected) == ("c", 99, 12)
    assert finding.effect == 87 and "87" in finding.sentence
    assert len(found.table(language)) == 1 and "Dock" in found.plot(language=language).get_label()


@pytest.mark.parametrize(
    "given",
    [
        {"improve": (0, 6, 1, 0), "works": (9, 4, 8, 9)},  # six of ten are no two thirds
        {"improve": (0, 3, 0, 0), "works": (9, 1, 8, 9)},  # four votes are too few
        {"improve": (0, 2, 8, 0)},  # what orders wait for is what is blamed
        {"dock": 30},  # 18 minutes are not worth telling
        {"n": 20},  # twenty orders show nothing
        {"predecessors": ("", "a", "b", "c")},  # one after the other: there is no slack
    ],
)
def test_nothing_is_told_where_the_blame_may_be_right_or_little_is_known(given):
    assert looked(**given).findings() == []
