"""What each platform hands back becomes the contract's table, whatever it calls the questions."""

import json

import pandas as pd
import pytest
import xlsxwriter

from workbook.answers import answer_codes
from workbook.data import open_client, read_table
from workbook.language import LANGUAGES
from workbook.profile import Profile
from workbook.questions import read_item_bank
from workbook.ratings import NOT_APPLICABLE
from workbook.responses import score_responses
from workbook.schema import columns
from workbook.survey import design_survey

SURVEY = design_survey(rights=["time", "price"], max_items=4)
ITEMS = {item.id: item for item in SURVEY.questions}
BANK = {item.id: item for item in read_item_bank()}
PARIS = Profile(name="Acme", timezone="Europe/Paris")
ORDER = columns("responses")["order_id"].labels
# What three customers mean: the last did not answer all.
MEANT = [
    {
        "order_id": "0017",
        "overall": "4",
        "time": "5",
        "price": NOT_APPLICABLE,
        "comment": "=1+1 <b>",
    },
    {"order_id": "SO-2", "overall": "1", "time": "2", "price": "3", "comment": "Très bien, merci"},
    {"order_id": "SO-3", "overall": "3", "time": "", "price": "5", "comment": ""},
]
TIMES = ["2026-03-09 20:12:11", "2026-03-10 07:00:00", "2026-03-29 12:30:05"]  # in Paris
OFFSETS = ["+01:00", "+01:00", "+02:00"]
UTC = ["2026-03-09T19:12:11", "2026-03-10T06:00:00", "2026-03-29T10:30:05"]


def wanted(ids, language=None):
    rows = [
        {
            "response_id": name,
            **one,
            "answered_at": moment,
            **({"language": language} if language else {}),
        }
        for name, one, moment in zip(ids, MEANT, TIMES, strict=True)
    ]
    return pd.DataFrame(rows)


def said(name, answer, language):
    """An answer as a respondent saw it."""
    item = ITEMS.get(name)
    if item is None or item.scale is None or answer == "":
        return answer
    return item.answers(language)[answer_codes(item).index(answer)]


ASKED = ["overall", "time", "price", "comment"]


def odk(language, labelled):
    for one, moment, off, n in zip(MEANT, TIMES, OFFSETS, (1, 2, 3), strict=True):
        yield {
            "SubmissionDate": f"2026-04-01T00:00:0{n}.000Z",
            "start": "2026-01-01T00:00:00.000+01:00",
            "end": f"{moment.replace(' ', 'T')}.000{off}",
            "page_1-order_id": one["order_id"],
            **{f"page_1-{name}": one[name] for name in ASKED},
            "meta-instanceID": f"uuid:{n}",
            "KEY": f"uuid:{n}",
            "SubmitterID": "",
            "AttachmentsPresent": "0",
            "Status": "",
            "Edits": "0",
            "FormVersion": "1",
        }


def kobo(language, labelled):
    for one, moment, n in zip(MEANT, UTC, (1, 2, 3), strict=True):
        head = lambda name: ITEMS[name].texts[language] if labelled else f"page_1/{name}"
        yield {
            ORDER[language] if labelled else "page_1/order_id": one["order_id"],
            **{head(n): said(n, one[n], language) if labelled else one[n] for n in ASKED},
            "_id": f"90{n}",
            "_uuid": f"uuid:{n}",
            "_submission_time": moment,
            "_validation_status": "",
            "_notes": "",
            "_status": "submitted_via_web",
            "_submitted_by": "",
            "__version__": "v1",
            "_tags": "",
            "_index": str(n),
        }


def limesurvey(language, labelled):
    for one, moment, n in zip(MEANT, TIMES, (1, 2, 3), strict=True):
        head = lambda name: f"{name}. {ITEMS[name].texts[language]}" if labelled else name
        names = (
            ("Response ID", "Date submitted", "Last page", "Start language")
            if labelled
            else ("id", "submitdate", "lastpage", "startlanguage")
        )
        yield {
            **dict(zip(names, (f"uuid:{n}", moment, "1", language), strict=True)),
            "Seed" if labelled else "seed": "1893",
            f"orderid. {ORDER[language]}" if labelled else "orderid": one["order_id"],
            **{head(n): said(n, one[n], language) if labelled else one[n] for n in ASKED},
        }


def google(language, labelled):
    first = {
        "en": "Timestamp",
        "fr": "Horodateur",
        "pl": "Sygnatura czasowa",
        "ru": "Отметка времени",
    }
    for one, moment, off in zip(MEANT, TIMES, OFFSETS, strict=True):
        stamp = pd.Timestamp(moment)
        yield {
            first[language]: f"{stamp:%Y/%m/%d %I:%M:%S %p} GMT{int(off[:3]):+d}",
            ORDER[language]: one["order_id"],
            **{
                f"{n}. {ITEMS[k].texts[language]}": said(k, one[k], language)
                for n, k in enumerate(ASKED, 1)
            },
        }


LAYOUTS = {"odk": odk, "kobo": kobo, "limesurvey": limesurvey, "google": google}


def written(rows, path):
    rows = list(rows)
    if path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8-sig")
    else:
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            page = book.add_worksheet()
            for down, cells in enumerate([list(rows[0]), *[list(row.values()) for row in rows]]):
                for across, cell in enumerate(cells):
                    page.write_string(down, across, cell)
    return path


def plain(frame):
    """A frame's cells as text, times as they are read, blanks as ''."""
    shown = frame.copy()
    for name in shown:
        whole = pd.api.types.is_numeric_dtype(shown[name])
        shown[name] = shown[name].map(
            lambda c, w=whole: "" if pd.isna(c) else f"{c:g}" if w else str(c)
        )
    return shown.reset_index(drop=True)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("labelled", [False, True], ids=["codes", "labels"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("platform", LAYOUTS)
def test_a_platforms_answers_are_what_was_meant(platform, language, labelled, suffix, tmp_path):
    path = written(LAYOUTS[platform](language, labelled), tmp_path / f"answers.{suffix}")
    reading = read_table(path, "responses", profile=PARIS)
    assert reading.problems == ()
    ids = (
        [f"row {n}" for n in (2, 3, 4)]
        if platform == "google"
        else [f"uuid:{n}" for n in (1, 2, 3)]
    )
    right = wanted(ids, language if platform == "limesurvey" else None)
    pd.testing.assert_frame_equal(plain(reading.data)[list(right)], right, check_dtype=False)
    assert set(reading.data) == set(right)


def surveyjs(language):
    names = ["order_id", *ASKED]
    return [
        {"response_id": f"uuid:{n}", **{k: one[k] for k in names if one[k]}, "language": language}
        | {"answered_at": moment + "Z"}
        for n, one, moment in zip((1, 2, 3), MEANT, UTC, strict=True)
    ]


def test_surveyjs_results_and_our_pages_files_are_read(tmp_path):
    right = wanted(["uuid:1", "uuid:2", "uuid:3"], "pl")
    (tmp_path / "all.json").write_text(json.dumps(surveyjs("pl")), encoding="utf-8")
    (tmp_path / "responses").mkdir()
    for n, one in enumerate(surveyjs("pl")):
        (tmp_path / f"responses/answers-{n}.json").write_text(json.dumps(one), encoding="utf-8")
    for path in (tmp_path / "all.json", tmp_path / "responses"):
        reading = read_table(path, "responses", profile=PARIS)
        assert reading.problems == ()
        pd.testing.assert_frame_equal(plain(reading.data)[list(right)], right, check_dtype=False)


def test_a_clients_folder_takes_the_platforms_file_as_it_is(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme\ntimezone: Europe/Paris\n")
    written(kobo("ru", True), tmp_path / "responses.xlsx")
    client = open_client(tmp_path)
    assert client.problems == ()
    scores = score_responses(client.responses, SURVEY, min_group=1).data.set_index("question")
    assert scores.loc["price", ["n", "does_not_apply"]].tolist() == [2, 1]
    assert client.tables["responses"].columns["time"] == ITEMS["time"].texts["ru"]


def test_the_clients_own_questions_are_recognised(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme\nlanguage: pl\n")
    item = "{id: smell, scale: rating, label: {pl: Zapach}, text: {pl: Proszę ocenić zapach.}}"
    (tmp_path / "survey.yaml").write_text(f"items:\n- {item}\n", encoding="utf-8")
    (tmp_path / "responses.csv").write_text(
        "Nr odpowiedzi,Proszę ocenić zapach.\n1,dobra\n", "utf-8"
    )
    assert open_client(tmp_path).responses["smell"].tolist() == [4]


def test_a_heading_that_the_profile_maps_stays_as_it_is(tmp_path):
    (tmp_path / "client.yaml").write_text(
        "name: A\ntables: {responses: {columns: {response_id: [Comment]}}}\n"
    )
    (tmp_path / "responses.csv").write_text("Comment,time\n7,5\n")
    assert open_client(tmp_path).responses["response_id"].tolist() == ["7"]


def test_names_that_limesurvey_takes_no_code_for_come_back_from_their_places(tmp_path):
    codes = answer_codes(BANK["importance"], "[A-Za-z0-9]{1,5}")
    assert codes == ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "na")
    path = tmp_path / "a.csv"
    heads = "id,submitdate,lastpage,startlanguage,importance\n"
    path.write_text(heads + "1,1980-01-01 00:00:00,1,en,A3\n2,,,en,na\n")
    frame, problems = read_table(path, "responses")
    assert frame["importance"].tolist() == ["time", "na"] and problems == ()
    assert frame["answered_at"].isna().all()  # 1980 means that the survey keeps no dates


def test_a_table_of_our_own_headings_stays_what_it_was(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("response_id,time,status,smile\nR-1,5,open,9\nR-2,4 - good,shut,8\n")
    frame, _ = read_table(path, "responses")
    assert list(frame) == ["response_id", "time", "status", "smile"]
    assert frame["time"].tolist() == [5, 4]


@pytest.mark.parametrize("text", ["", "{", "5", '["a"]', '{"a": {"b": 1}}'])
def test_json_that_is_no_answers_is_said_in_words(text, tmp_path):
    (tmp_path / "a.json").write_text(text)
    reading = read_table(tmp_path / "a.json", "responses")
    assert reading.data is None or len(reading.data) <= 1
    assert all(problem.remedy for problem in reading.problems)


def test_signs_points_and_slashes_keep_their_meaning_on_the_way_in(tmp_path):
    """Folded, 1.0 and 1/0 would read 10, and -1 would read 1."""
    lines = ["response_id,recommend", *(f"{i},{a}" for i, a in enumerate(["1.0", "1/0", "-1"]))]
    path = tmp_path / "responses.csv"
    path.write_text("\n".join(lines))
    assert read_table(path, "responses").data["recommend"].tolist() == ["1", "1/0", "-1"]
