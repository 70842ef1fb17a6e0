"""The report's section on the survey: bad answers are named, nothing raw shows, nothing crashes."""

import ast
import html
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from workbook.comments import code_comments, count_codes, mask_personal, read_code_book
from workbook.data import open_client
from workbook.feedback import survey
from workbook.language import LANGUAGES, speak
from workbook.resources import data_path
from workbook.results import to_html
from workbook.roadmap import draw_road_map

NOTEBOOK = Path(__file__).parents[1] / "notebooks/07_survey_results.ipynb"
HOSTILE = "<script>alert(1)</script> =1+1 you idiots, ask jan@firma.pl"
N = 12
GOOD = {
    "response_id": [f"R{i}" for i in range(N)],
    "order_id": [f"O{i}" for i in range(N)],
    "overall": [4, 3, 5, 2, 4, 5, 1, 4, 3, 5, 4, 2],
    "time": [4, 2, 5, 2, 4, 4, 1, 5, 3, 5, 4, 1],
    "price": [5, 3, 4, 2, 4, 5, 2, 4, 4, 5, 3, 2],
    "condition": [4, 3, 5, 1, 4, 5, 1, 4, 3, 5, 4, 1],
    "comment": ["late", *["fine"] * 11],
}


def folder(path, answers, **more):
    """A client of twelve orders, every other one late, with these answers."""
    path.mkdir()
    (path / "client.yaml").write_text("name: Tiny\nas_of: 2026-03-31\n")
    lines = {"order_id": [f"O{i}" for i in range(N)], "customer": "C", "promised_at": "2026-03-10"}
    lines["delivered_at"] = [f"2026-03-1{i % 2}" for i in range(N)]
    tables = {"order_lines": lines, "responses": answers} | more
    for name, table in tables.items():
        pd.DataFrame(table).to_csv(path / f"{name}.csv", index=False)
    return path


def changed(column, *first):
    """The good answers, with other ones in the first rows of a column."""
    return GOOD | {column: [*first, *GOOD[column][len(first) :]]}


def rows_added(**row):
    return pd.concat([pd.DataFrame(GOOD), pd.DataFrame([row])])


BAD = {  # by name: the answers, and the finding or the fault that names what is wrong with them
    "off the scale": (changed("time", 9, -1, 0), "survey-off-scale-time"),
    "words for numbers": (changed("time", "four", "two-ish"), "survey-off-scale-time"),
    "4 - good": (changed("time", "4 - good", "Bonne"), None),
    "a duplicate respondent": (rows_added(response_id="R1", overall=5), "survey-duplicates"),
    "an average row": (
        rows_added(response_id="Average", time=3.37),
        "1 row is a total, an average or a title",
    ),
    "one respondent": (pd.DataFrame(GOOD).head(1), None),
    "all alike": (GOOD | {"time": [4] * N}, "survey-alike-time"),
    "an unanswered question": (GOOD | {"price": [None] * N}, "survey-unanswered-price"),
    "a question the wrong way round": (
        GOOD | {"price": [6 - point for point in GOOD["time"]]},
        "survey-reversed-price",
    ),
    "hostile comments": (GOOD | {"comment": [HOSTILE] * N}, None),
    "nobody answered": (
        pd.DataFrame(GOOD)[["response_id", "order_id"]].assign(overall="", time=""),
        None,
    ),
}
AT_ONCE = pd.DataFrame(BAD["off the scale"][0]).assign(comment=HOSTILE, condition=None)
AT_ONCE = pd.concat([AT_ONCE, AT_ONCE.head(1).assign(time="two-ish", price="2 - bad")])
BAD["several at once"] = (AT_ONCE, None)
QUICK = {"several at once", "one respondent", "nobody answered"}  # each takes a second and more
KINDS = {"off", "duplicates", "averages", "alike", "unanswered", "reversed"}


def shown(folder, language="en"):
    road = draw_road_map(open_client(folder, language=language), language)
    return road, to_html(survey(road).blocks)


def look(result):
    """Return what a notebook would show of a result."""
    if hasattr(result, "_repr_mimebundle_"):
        return str(result._repr_mimebundle_()["text/html"])
    return result._repr_html_() if hasattr(result, "_repr_html_") else repr(result)


def walk(client, language):
    """Run the lesson's cells here, with these parameters; return what each shows."""
    names, seen = {}, []
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if "parameters" in cell.metadata.get("tags", []):
            names |= {"client": str(client), "language": language}
        if last:
            seen.append(look(eval(compile(ast.Expression(last.value), "cell", "eval"), names)))
    return "\n".join(seen)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [name for name in BAD if name != "several at once"])
def test_bad_answers_are_named_in_the_report_and_never_shown(name, tmp_path):
    answers, named = BAD[name]
    road, page = shown(folder(tmp_path / "tiny", answers))
    ids = [finding.id for finding in road.findings if finding.id.startswith("survey-")]
    found = [one for one in ids if one.split("-", 2)[1] in KINDS]
    told = " ".join(problem.sentence(speak("en")) for problem in road.problems)
    assert (named in told or found == [named]) if named else not found and not told
    assert "What customers answered" in page
    assert not any(raw in page for raw in ("two-ish", "idiots", "firma.pl", "alert", "3.37"))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] * (name not in QUICK)) for name in BAD]
)
def test_bad_answers_go_through_the_lesson(name, tmp_path):
    page = walk(folder(tmp_path / "tiny", BAD[name][0]), "en")
    assert "Tiny" in page and "Brzoza" not in page
    assert "<script" not in page and "firma.pl" not in page and "two-ish" not in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_section_speaks_every_language(code, tmp_path):
    say = speak(code)
    road, page = shown(folder(tmp_path / "tiny", GOOD), code)
    assert say("Against the written standard and others") not in page
    assert say("Where to begin") in page and say("What the comments speak of") in page
    assert html.escape(road.scores.reliability.sentence(say)) in page


def test_gaps_are_shown_where_a_standard_or_a_rival_is_given(tmp_path):
    given = {"measure": ["survey_time", "otif"], "value": [4.9, 0.9], "source": ["a rival", "x"]}
    standard = {"measure": ["survey_overall"], "target": [0.1]}
    path = folder(tmp_path / "tiny", GOOD, benchmarks=given, standards=standard)
    page = shown(path)[1]
    caption = "Against the written standard and others"
    assert caption in page and "a rival" in page and "own standard" in page and "worse" in page


def test_who_was_mailed_is_read_from_the_events_and_gives_the_rate():
    road, page = shown(data_path("brzoza-dom"))
    asked = road.client.events["activity"].eq("Survey mailed").sum()
    assert road.scores.response_rate == len(road.client.responses) / asked
    assert "(RR1)" in page and "12.8%" in page


def test_without_answers_there_is_the_questionnaire_alone(tmp_path):
    page = shown(folder(tmp_path / "tiny", {"response_id": []}))[1]
    assert "This is the survey to send" in page and "Send 12 of 12" in page
    assert "What customers answered" not in page


def test_topics_are_counted_not_shown_and_small_counts_hidden():
    comments = ["Late again", "spóźniona paczka", "опоздали", "en retard", "too slow"]
    said = pd.DataFrame({"comment": [*comments, "crushed box", "mail me: a@b.io", "xyz"]})
    table, note = count_codes(said, speak("en"))
    assert table.to_numpy().tolist()[0] == ["right time", "5"]
    assert set(table["Comments"][1:]) == {"fewer than 5"}
    assert note.startswith("8 comments") and "1 may name a person" in note
    assert count_codes(said.head(3), speak("en"))[0].empty


def test_a_book_of_codes_finds_each_topic_in_each_language():
    said = {
        "time": ["it was late", "arrivé en retard", "za późno", "слишком долго"],
        "condition": ["box crushed", "colis abîmé", "uszkodzona", "разбита"],
        "price": ["wrong invoice", "la facture", "brak faktury", "счёт неверный"],
        "praise": ["thank you", "merci", "dziękuję", "спасибо"],
    }
    for code, comments in said.items():
        table = code_comments(pd.DataFrame({"comment": comments}), read_code_book())
        assert table[code].all(), code
    assert not code_comments(pd.DataFrame({"comment": ["chocolate"]}), read_code_book())["time"][0]


def test_a_long_comment_is_masked_without_delay():
    comment, found = mask_personal("a" * 200_000 + " 12 " * 10_000 + "b@c.pl")
    assert found == ("e-mail",) and len(comment) > 200_000
