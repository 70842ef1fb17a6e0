"""What can't be meant is told: totals, copies, returns, impossible dates, mixed scales."""

import pytest

from workbook.data import open_client, read_table


@pytest.fixture
def table(tmp_path):
    def read(text, name="order_lines"):
        path = tmp_path / "export.csv"
        path.write_text(text, encoding="utf-8")
        return read_table(path, name)

    return read


def only(reading, severity="warning"):
    (problem,) = reading.problems
    assert problem.severity == severity
    return problem


@pytest.mark.parametrize("word", ["Razem", "ИТОГО:", "Total", "Summe", "Moyenne", "Średnia"])
def test_totals_and_averages_are_left_out_and_told(table, word):
    reading = table(f"order_id,customer,quantity_ordered\n1,Total SA,5\n2,B,6\n{word},,11\n")
    assert reading.data["order_id"].tolist() == ["1", "2"]
    assert only(reading).row == 4


def test_subtotals_and_a_total_without_its_word_are_known(table):
    text = "order_id,customer,quantity_ordered\nA,x,5\nA Total,,5\nB,y,6\nB Total,,6\n,,11\n"
    reading = table(text)
    assert reading.data["quantity_ordered"].sum() == 11
    assert only(reading).rows == (3, 5, 6)


def test_a_total_in_another_column_is_known_where_the_id_is_blank(table):
    reading = table("order_id,customer,quantity_ordered\n1,a,5\n,Razem,5\n2,b,6\n")
    assert only(reading).row == 3
    assert len(reading.data) == 2


def test_a_row_without_id_but_with_a_date_is_no_total(table):
    reading = table("order_id,customer,ordered_at\n1,a,2026-01-05\n,Total,2026-01-06\n")
    assert reading.data is None


def test_headings_that_stand_again_are_left_out(table):
    head = "order_id,customer,ordered_at\n"
    reading = table(head + "1,a,2026-01-05\n" + head + "2,b,2026-01-06\n")
    assert reading.data["order_id"].tolist() == ["1", "2"]
    assert only(reading).row == 3


def test_returns_are_told(table):
    problem = only(table("order_id,quantity_delivered\n1,5\n2,-2\n"))
    assert (problem.row, problem.column, problem.value) == (3, "quantity_delivered", "-2")


def test_a_date_before_the_one_it_must_follow_is_told(table):
    reading = table("order_id,ordered_at,delivered_at\n1,2026-01-05,2026-01-04\n2,2026-01-05,\n")
    assert (only(reading).row, only(reading).column) == (2, "delivered_at")


def test_the_time_of_day_does_not_make_dates_impossible(table):
    reading = table("order_id,ordered_at,shipped_at\n1,2026-01-05 10:00,2026-01-05\n")
    assert reading.problems == ()


def test_ratings_with_their_words_are_numbers(table):
    reading = table("response_id,Q1\n1,4 - good\n2,5 – very good\n3,3\n", "responses")
    assert reading.data["Q1"].tolist() == [4, 5, 3]
    assert reading.problems == ()


def test_a_few_answers_above_five_are_told(table):
    answers = "".join(f"{n},{n % 5 + 1}\n" for n in range(9))
    problem = only(table("response_id,Q1\n" + answers + "10,10\n", "responses"))
    assert (problem.row, problem.column, problem.value) == (11, "Q1", "10")


def test_an_answer_sent_twice_counts_once_and_two_under_one_id_are_an_error(table):
    reading = table("response_id,Q1\n1,4\n1,4\n2,5\n", "responses")
    assert len(reading.data) == 2
    assert only(reading).row == 3
    again = table("response_id,Q1\n1,4\n1,5\n", "responses")
    assert len(again.data) == 2 and "same id" in only(again).problem  # the first is scored


def test_a_column_that_does_not_tell_is_read_like_its_neighbours_and_said(table):
    text = "order_id;quantity_ordered;unit_price\n1;1,234;12,50\n2;2,500;3,20\n"
    problem = only(reading := table(text))
    assert reading.data["quantity_ordered"].tolist() == [1.234, 2.5]
    assert (problem.column, problem.value) == ("quantity_ordered", "1,234")
    assert "1,234 is read as 1.234" in problem.problem


def test_steps_read_durations(table):
    text = "step_id,step,role,touch_minutes,wait_minutes\nA,a,x,15 min,01:30\n"
    frame, problems = table(text, "steps")
    assert frame[["touch_minutes", "wait_minutes"]].to_numpy().tolist() == [[15, 90]]
    assert problems == ()


def test_spellings_of_a_category_are_one_group_and_told_with_counts(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Shop")
    carriers = ["DPD", "dpd ", "DPD", "Dpd", "Łódź  Van", "lodz van", "Łódź  Van", "DPD+", ""]
    rows = [f"{i},x{i}X,2026-03-02,{name}" for i, name in enumerate(carriers)]
    text = "\n".join(["order_id,product,ordered_at,carrier", *rows, ""])
    (tmp_path / "order_lines.csv").write_text(text, encoding="utf-8")
    client = open_client(tmp_path)
    spelt = ["DPD"] * 4 + ["Łódź  Van"] * 3 + ["DPD+"]
    assert client.order_lines["carrier"].dropna().tolist() == spelt
    (told,) = client.problems
    assert told.rows == (3, 5, 7) and told.column == "carrier"
    assert "Dpd (1) → DPD (2), dpd (1) → DPD (2), lodz van (1) → Łódź  Van (2)" in told.problem


def test_codes_keep_their_spelling(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Shop")
    (tmp_path / "order_lines.csv").write_text("order_id,product,ordered_at\na,p1,\nA,P1,\n")
    client = open_client(tmp_path)
    assert client.order_lines["product"].tolist() == ["p1", "P1"] and client.problems == ()
