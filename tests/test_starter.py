"""A new client's folder: whole or not at all, in the client's language, read without a fault."""

import html.parser
import re
import subprocess
import zipfile

import pytest
import python_calamine as calamine
import yaml

from workbook.data import open_client
from workbook.language import LANGUAGES
from workbook.schema import TABLES, columns, value_labels
from workbook.starter import new_client, sample_names

FILES = {
    ".gitignore",
    "README.md",
    "client.yaml",
    "dictionary.html",
    "letter.html",
    "letter.md",
    "order_lines.xlsx",
    "steps.xlsx",
}


@pytest.fixture(scope="module", params=LANGUAGES)
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "acme"
    return request.param, new_client(folder, request.param)


def sheets(path):
    book = calamine.load_workbook(str(path))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def inside(path, member):
    with zipfile.ZipFile(path) as book:
        return book.read(member).decode("utf-8")


def test_the_folder_has_all_it_needs_and_nothing_else(made):
    _, folder = made
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["acme"]


def test_the_new_client_is_read_without_a_finding(made):
    language, folder = made
    client = open_client(folder)
    assert client.profile.language == language and client.profile.name == "acme"
    for table in ("order_lines", "steps"):
        assert list(client.tables[table].columns) == list(columns(table))
        assert client.tables[table].rows == 0
    assert client.problems == ()


@pytest.mark.parametrize("table", ["order_lines", "steps"])
def test_the_blank_sheet_has_headings_only_and_the_guide_stands_beside(made, table):
    language, folder = made
    blank, guide = sheets(folder / f"{table}.xlsx")
    labels = [c.labels[language] + " *" * c.required for c in columns(table).values()]
    assert blank == [labels]
    assert [row[0] for row in guide[1:]] == labels
    assert len(guide[0]) == 6 and guide[1][3:] != ["", "", ""]


@pytest.mark.parametrize("table", ["order_lines", "steps"])
def test_every_column_has_a_note_in_the_client_s_language(made, table):
    language, folder = made
    notes = re.sub("<[^>]+>", "", inside(folder / f"{table}.xlsx", "xl/comments1.xml"))
    for column in columns(table).values():
        shown = column.notes[language].replace("&", "&amp;")
        assert shown in notes


def test_choices_are_offered_as_drop_downs(made):
    language, folder = made
    sheet = inside(folder / "order_lines.xlsx", "xl/worksheets/sheet1.xml")
    offered = [c for c in columns("order_lines").values() if c.kind in ("choice", "yesno")]
    assert sheet.count("<dataValidation ") == len(offered)
    assert value_labels()["damaged"][language] in sheet and "<f>=" not in sheet


def test_a_filled_sheet_reads_back_what_the_drop_downs_offer(made, tmp_path):
    """The words that the sheet offers are words that the reader knows."""
    language, folder = made
    headings = sheets(folder / "order_lines.xlsx")[0][0]
    row = dict.fromkeys(columns("order_lines"), "")
    row |= {"order_id": "007", "condition": value_labels()["refused"][language]}
    row |= {"time_ok": value_labels()["no"][language]}
    (tmp_path / "client.yaml").write_text("name: X", encoding="utf-8")
    lines = ";".join(headings) + "\n" + ";".join(row.values()) + "\n"
    (tmp_path / "order_lines.csv").write_text(lines, encoding="utf-8")
    client = open_client(tmp_path)
    (read,) = client.order_lines.to_dict("records")
    assert (read["order_id"], read["condition"], read["time_ok"]) == ("007", "refused", False)


def test_the_commented_profile_is_valid_when_every_line_is_uncommented(made):
    _, folder = made
    text = (folder / "client.yaml").read_text(encoding="utf-8")
    keys = re.sub(r"(?m)^# (?=( *)[a-z_]+:( |$))", "", text)
    (folder.parent / "open").mkdir(exist_ok=True)
    (folder.parent / "open" / "logo.png").touch()
    (folder.parent / "open" / "client.yaml").write_text(keys + "\nreport_date: 2026-04-01\n")
    profile = open_client(folder.parent / "open").profile
    assert profile.targets == {"perfect_order": 0.9, "right_time": 0.95}
    assert profile.tables["order_lines"].columns["order_id"]


def test_the_four_profiles_explain_the_same_keys(tmp_path):
    def keys(language):
        text = (new_client(tmp_path / language, language) / "client.yaml").read_text("utf-8")
        return re.findall(r"(?m)^(?:# )? *([a-z_]+): ", text)

    assert keys("en") == keys("fr") == keys("pl") == keys("ru")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("name", ["letter.html", "dictionary.html"])
def test_pages_are_in_the_client_s_language_and_ask_no_host(made, name):
    language, folder = made
    text = (folder / name).read_text(encoding="utf-8")
    page = Page(text)
    assert f'<html lang="{language}">' in text and page.tags.count("h1") == 1
    assert "script" not in page.tags and all(link.startswith("#") for link in page.links)


def test_the_letter_names_the_columns_as_the_sheet_does(made):
    language, folder = made
    text = (folder / "letter.html").read_text(encoding="utf-8")
    for name in ("promised_at", "delivered_at", "condition", "unit_price_invoiced"):
        assert columns("order_lines")[name].labels[language].replace("'", "&#39;") in text or (
            columns("order_lines")[name].labels[language] in text
        )


def test_the_dictionary_shows_every_column_of_every_table(made):
    text = (made[1] / "dictionary.html").read_text(encoding="utf-8")
    assert all(f"<code>{name}</code>" in text for name in columns("order_lines"))
    assert text.count('<th scope="row">') == sum(len(columns(table)) for table in TABLES)


def test_git_sees_nothing_of_the_client_s_data(made):
    _, folder = made
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / "order_lines.csv").touch()
    seen = subprocess.run(
        ["git", "-C", folder, "status", "--short", "-uall"], check=True, capture_output=True
    )
    assert seen.stdout.decode().split() == ["??", ".gitignore"]


def test_the_same_folder_is_written_with_the_same_bytes(tmp_path):
    one, two = (new_client(tmp_path / place / "acme", "pl") for place in "ab")
    for name in FILES - {"README.md"}:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        new_client(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "acme").touch()
    with pytest.raises(ValueError, match="is a file"):
        new_client(tmp_path / "acme")


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "acme").mkdir()
    assert (new_client(tmp_path / "acme") / "client.yaml").exists()


def test_an_unknown_language_or_sample_leaves_nothing_behind(tmp_path):
    for wrong in ({"language": "de"}, {"from_sample": "brzoza"}):
        with pytest.raises(ValueError, match=r"en, fr, pl, ru|brzoza-dom"):
            new_client(tmp_path / "acme", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_yaml_would_misread_stays_a_name(tmp_path):
    folder = new_client(tmp_path / "no - [x] #1 'q'")
    assert open_client(folder).profile.name == "no - [x] #1 'q'"


def test_a_sample_can_be_copied_in_another_language(tmp_path):
    (name, *_) = sample_names()
    folder = new_client(tmp_path / "copy", "fr", from_sample=name)
    profile = yaml.safe_load((folder / "client.yaml").read_text(encoding="utf-8"))
    assert profile["language"] == "fr" and (folder / ".gitignore").exists()
    assert (folder / "order_lines.csv").exists() or list(folder.glob("order_lines.*"))
