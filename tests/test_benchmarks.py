"""Benchmarks: a gap only where the definition is that of our contract, in any of four languages."""

import pandas as pd
import pytest
from some_cases import made

from workbook import samples
from workbook.benchmarks import compare_benchmarks, read_definition
from workbook.language import LANGUAGES
from workbook.profile import Profile
from workbook.rights import measure_rights

NAME = "norddrive-teile"


def delivered(late=10, n=100):
    """Orders of which so many came a day after the first promise."""
    came = ["2026-03-03"] * late + ["2026-03-02"] * (n - late)
    lines = pd.DataFrame({"order_id": map(str, range(n)), "promised_at": "2026-03-02"})
    lines = lines.assign(delivered_at=came, quantity_ordered=1.0, quantity_delivered=1.0)
    return lines.astype(dict.fromkeys(["promised_at", "delivered_at"], "datetime64[us]"))


def compared(value, definition, lines=None, **more):
    given = pd.DataFrame({"measure": ["otif"], "value": value, "definition": definition, **more})
    return compare_benchmarks(measure_rights(delivered() if lines is None else lines), given)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("units, ship date", {"level": "unit", "day": "shipped"}),
        ("unités, date d’expédition", {"level": "unit", "day": "shipped"}),
        ("sztuki, data wysyłki", {"level": "unit", "day": "shipped"}),
        ("единицы, по дате отгрузки", {"level": "unit", "day": "shipped"}),
        ("zamówienia, pierwszy termin, dostawa", "ours"),
        ("заказы, первое обещание, доставка", "ours"),
        ("commandes, première promesse, date de livraison", "ours"),
        ("orders delivered by the first promise", "ours"),
        ("SCOR RL.1.1", {"contract": "scor"}),
        ("shipped or delivered", {}),
        ("", {}),
    ],
)
def test_a_definition_is_read_from_plain_words(words, said):
    ours = {"level": "order", "day": "delivered", "due": "promised"}
    assert read_definition(words) == (ours if said == "ours" else said)


def test_another_definition_is_named_and_has_no_gap():
    found = compared(0.96, "units by ship date")
    (finding,) = found.findings("en")
    assert (finding.kind, finding.effect, finding.expected) == ("no evidence", None, None)
    assert "the definitions differ, so no gap is computed" in finding.sentence
    assert found.data.loc[0, ["gap", "gap_low", "gap_high"]].isna().all()


def test_a_definition_that_is_silent_is_not_taken_for_ours():
    (finding,) = compared(0.96, "orders, delivery").findings("en")
    assert "does not say which date it is held against" in finding.sentence
    assert compared(0.96, None).data.loc[0, "verdict"] == "no evidence"


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.7, "better"), (0.99, "worse"), (0.9, "undecided")]
)
def test_the_same_definition_gives_the_gap_with_its_interval(value, verdict):
    row = compared(value, "orders, first promise, delivery").data.iloc[0]
    assert (row["verdict"], row["n"]) == (verdict, 100)
    # Wilson's limits of 90 in 100 are .8256 and .9448.
    assert row["gap_low"] == pytest.approx(0.8256 - value, abs=1e-4)
    assert row["gap_high"] == pytest.approx(0.9448 - value, abs=1e-4)


def test_a_range_of_theirs_widens_the_gap():
    row = compared(0.7, "orders, first promise, delivery", low=0.6, high=0.88).data.iloc[0]
    assert row["verdict"] == "undecided" and row["gap_low"] < 0 < row["gap_high"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_comparison_is_said_and_drawn_in_every_language(language):
    for definition in ("units by ship date", "orders", "orders, first promise, delivery"):
        found = compared(0.7, definition)
        assert found.findings(language)[0].sentence and len(found.table(language)) == 1
        assert "%" in found.plot(language=language).get_label()


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_competitor_of_norddrive_is_not_compared_and_the_association_is(seed):
    chosen = samples.read_case(NAME)["profile"]
    chosen["tolerance"] = Profile("").tolerance | chosen["tolerance"]
    profile = Profile(**chosen)
    for problems, verdict in (
        ("B10", "no evidence"),
        ("all", "no evidence"),
        ("none", "undecided"),
    ):
        tables = made(NAME, problems, 0.2, seed).tables
        rights = measure_rights(tables["order_lines"], profile=profile)
        data = compare_benchmarks(rights, tables["benchmarks"]).data
        assert data["verdict"].tolist() == [verdict]
        assert data["gap"].isna().all() == (verdict == "no evidence")
