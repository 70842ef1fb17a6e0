"""Who does what: κ against a published value, steps without an owner or with two, role pages."""

import numpy as np
import pandas as pd
import pytest
from some_charts import hostile

from workbook.language import speak
from workbook.process import build_process
from workbook.results import to_html
from workbook.roles import assign_roles, fleiss_kappa

# "Fleiss' kappa", worked example (Wikipedia; also the first table in the tests of statsmodels'
# inter_rater): 14 raters, 10 subjects, 5 categories.
EXAMPLE = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def test_published_kappa_comes_out():
    assert fleiss_kappa(EXAMPLE) == pytest.approx(0.20993070442195522, abs=1e-15)


def test_kappa_of_one_category_or_one_rater_is_not_known():
    assert np.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))
    assert np.isnan(fleiss_kappa(np.array([[1, 0], [0, 1]])))


def steps(**columns: object) -> pd.DataFrame:
    rows = {"step_id": ["a", "b", "c"], "step": ["Order", "Export papers", "Load"]}
    rows |= {"role": ["Sales", "Office", "Store"], "predecessors": ["", "a", "b"]}
    return pd.DataFrame(rows | {"rights": ["product", "information", "time"]} | columns)


def answers(**named: list[str | None]) -> pd.DataFrame:
    rows = [(f"P{i}", step, role) for step, roles in named.items() for i, role in enumerate(roles)]
    return pd.DataFrame(rows, columns=["person", "step_id", "claimed_role"])


def test_agreement_is_the_share_of_the_role_named_most():
    asked = answers(a=["Sales"] * 4, b=["Office", "store", None, None])
    data = assign_roles(build_process(steps()), asked).data.set_index("step_id")
    assert data.loc["a", ["n", "agreement", "as_drawn", "fault"]].tolist() == [4, 1, 1, ""]
    assert data.loc["b", ["n", "known", "agreement", "fault"]].tolist() == [4, 2, 0.25, "nobody"]
    assert data.loc["c", "n"] == 0 and np.isnan(data.loc["c", "agreement"])


def test_two_roles_named_by_a_third_each_own_it_both():
    asked = answers(a=["Sales", "Sales", "Office"])
    found = assign_roles(build_process(steps()), asked)
    assert found.data.set_index("step_id").at["a", "fault"] == "two"
    assert found.findings()[0].id == "two-owns-a"


def test_the_owner_column_tells_who_answers():
    found = assign_roles(build_process(steps(owner=["Sales", None, "Store;Head of store"])))
    assert found.data["fault"].tolist() == ["", "nobody", "two"]
    assert found.raci.loc["a"].to_dict() == {
        "Sales": "RA",
        "Office": "I",
        "Store": "",
        "Head of store": "",
    }
    assert found.raci.at["c", "Head of store"] == "A"


def test_without_owners_and_answers_nothing_is_claimed():
    found = assign_roles(build_process(steps()))
    assert found.findings() == [] and np.isnan(found.kappa)


def test_who_is_named_though_another_does_it_is_to_be_consulted():
    found = assign_roles(build_process(steps()), answers(b=["Office", "Office", "Sales"]))
    assert found.raci.loc["b"].to_dict() == {"Sales": "C", "Office": "R", "Store": "I"}


def test_a_second_answer_of_a_person_replaces_the_first():
    twice = pd.concat([answers(a=["Store"]), answers(a=["Sales"])])
    assert assign_roles(build_process(steps()), twice).data["n"].iloc[0] == 1


@pytest.mark.parametrize("language", ["en", "fr", "pl", "ru"])
def test_a_roles_page_has_its_steps_standards_and_hand_offs(language):
    standards = pd.DataFrame({"measure": ["right_information"], "target": [0.98]})
    found = assign_roles(build_process(steps()), standards=standards)
    page = found.page("Office", language)
    assert [block["kind"] for block in page] == ["heading", "table", "table", "table"]
    share = speak(language).percent(0.98)
    assert share in page[1]["rows"][0][3]
    assert page[2]["rows"][0][2] == "Sales" and page[3]["rows"][0][2] == "Store"


def test_a_page_shows_hostile_names_as_text():
    process = build_process(hostile())
    for role in process.roles:
        html = to_html(assign_roles(process).page(role))
        assert "<script" not in html and "<IMG" not in html and "<b>bold" not in html


def test_an_unknown_role_is_named():
    with pytest.raises(ValueError, match="no step has the role 'x'; write one of Sales"):
        assign_roles(build_process(steps())).page("x")


def test_the_result_has_its_face():
    found = assign_roles(build_process(steps()), answers(a=["Sales", None], b=["Store", "Office"]))
    assert found.table().shape == (3, 7)
    assert "Fleiss κ" in found._repr_html_()
    assert found.plot().get_figure() is not None
