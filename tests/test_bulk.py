"""Hold measuring in batches to measuring at once: every count, bound and interval the same."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbook as wb
from workbook import bulk, data
from workbook.arrays import hash_text
from workbook.bulk import measure_file, open_lines
from workbook.profile import Profile, read_profile
from workbook.rights import measure_rights
from workbook.schema import DataError

BY = ["customer", "week", "month"]


@pytest.fixture
def small_batches(monkeypatch):
    """Batches, bins and files of rows set aside so small that every table needs many."""
    monkeypatch.setattr(bulk, "_BATCH", 7)
    monkeypatch.setattr(bulk, "_BIN_LINES", 11)
    monkeypatch.setattr(bulk, "_ASIDE_ROWS", 5)


def written(frame, folder, **kinds):
    path = folder / "order_lines.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, **kinds)
    return path


def same(found, expected):
    key = lambda row: (row["measure"], row["level"], str(row["segment"]), str(row["period"]))
    left, right = (sorted(each.as_json()["measures"], key=key) for each in (found, expected))
    assert len(left) == len(right)
    for mine, theirs in zip(left, right, strict=True):
        assert mine.keys() == theirs.keys()
        for name, value in mine.items():
            assert near(value, theirs[name]), (name, mine, theirs)


def near(mine, theirs):
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(mine, list) and isinstance(theirs, list):
        return all(map(near, mine, theirs))
    return mine == theirs


def orders(rows, draw):
    """Return lines of orders that lie far apart, split, copied, blank or not due."""
    day = np.datetime64("2025-03-03", "us") + draw.integers(0, 40, rows).astype("timedelta64[D]")
    late = draw.integers(-2, 3, rows).astype("timedelta64[D]")
    word = lambda *words: pd.array(draw.choice([*words, None], rows), "str")
    number = lambda *values: draw.choice([*values, np.nan], rows)
    frame = pd.DataFrame(
        {
            "order_id": pd.array([f"SO-{n:09d}" for n in draw.integers(0, rows // 3, rows)], "str"),
            "line_no": word("1", "2", "3"),
            "delivery_no": word("1", "2"),
            "customer": word("Ada", "Bo", "Cy"),
            "product": word("a", "b", "B "),
            "product_delivered": word("a", "b"),
            "quantity_ordered": number(1, 5, 10),
            "quantity_delivered": number(0, 1, 5, 10),
            "unit_price": number(9.99, 0.1),
            "unit_price_invoiced": number(9.99, 0.1),
            "condition": word("good", "damaged", "refused"),
            "documents": word("correct", "wrong"),
            "status": word("open", "delivered", "cancelled_by_customer", "cancelled_by_supplier"),
            "reason": word("flood", "late truck"),
            "time_ok": pd.array(draw.choice([True, False, None], rows), "boolean"),
            "ordered_at": day - np.timedelta64(5, "D"),
            "promised_at": np.where(draw.random(rows) < 0.1, np.datetime64("NaT"), day),
            "delivered_at": np.where(draw.random(rows) < 0.2, np.datetime64("NaT"), day + late),
            "weight_kg": number(1, 2),
        }
    )
    frame["customer"] = frame["order_id"].map(lambda name: "ABC"[int(name[3:]) % 3])
    copies = frame.sample(rows // 10, random_state=1)
    return pd.concat([frame, copies]).sample(frac=1, random_state=2).reset_index(drop=True)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("seed", range(12))
def test_batches_count_what_one_look_counts(tmp_path, seed):
    rows = 3 + 10 * seed
    frame = orders(rows, np.random.default_rng(seed))
    profile = Profile("Acme", exclude_reasons=("flood",), targets={"otif": 0.4})
    path = written(frame, tmp_path, row_group_size=50)
    found = measure_file(open_lines(path, profile), BY, as_of="2025-04-01")
    same(found, measure_rights(frame, profile=profile, by=BY, as_of="2025-04-01"))


@pytest.mark.usefixtures("small_batches")
def test_the_sample_reads_the_same_in_batches(tmp_path):
    client = wb.open_client("brzoza-dom")
    lines = client.order_lines.sample(300, random_state=3)
    file = open_lines(written(lines, tmp_path), client.profile)
    by = ["customer", "carrier", "week"]
    same(measure_file(file, by, client.as_of), measure_rights(lines, profile=client.profile, by=by))


@pytest.mark.usefixtures("small_batches")
def test_the_clients_own_words_blanks_and_headings_are_understood(tmp_path):
    (tmp_path / "client.yaml").write_text(
        "name: Acme\nas_of: 2025-04-01\ntables:\n  order_lines:\n    columns: {order_id: Beleg}\n"
        "    values: {condition: {iO: good, DMG: damaged}}\n    blank_is: {documents: correct}\n"
    )
    frame = orders(200, np.random.default_rng(4)).rename(columns={"order_id": "Beleg"})
    frame["condition"] = frame["condition"].replace({"good": "iO", "damaged": "DMG"})
    path = written(frame, tmp_path)
    found = measure_file(open_lines(path, read_profile(tmp_path)), BY)
    same(found, measure_rights(wb.open_client(tmp_path), by=BY))


def test_a_large_file_is_measured_in_batches_by_the_command(tmp_path, monkeypatch):
    from workbook.roadmap import measure_client

    monkeypatch.setattr(data, "LARGE", 100)
    (tmp_path / "client.yaml").write_text("name: Acme")
    written(orders(300, np.random.default_rng(5)), tmp_path)
    client = wb.open_client(tmp_path)
    found = measure_client(client, ["customer", "week"])
    assert found.states is None and client.tables["order_lines"].large
    assert len(client.order_lines) and not client.tables["order_lines"].large  # read when asked for
    same(found, measure_client(client, ["customer", "week"]))


def test_the_date_up_to_which_orders_were_seen_is_the_files_last(tmp_path):
    frame = orders(50, np.random.default_rng(6))
    file = open_lines(written(frame, tmp_path), Profile("Acme"))
    assert file.latest() == data.latest_day(frame)


def test_numbers_written_as_text_need_the_whole_column(tmp_path):
    frame = orders(50, np.random.default_rng(7)).astype({"quantity_ordered": "str"})
    assert open_lines(written(frame, tmp_path), Profile("Acme")) is None


@pytest.mark.usefixtures("small_batches")
def test_an_order_without_id_is_an_error_with_its_row(tmp_path):
    frame = orders(50, np.random.default_rng(8))
    frame.loc[30, "order_id"] = None
    with pytest.raises(DataError) as caught:
        measure_file(open_lines(written(frame, tmp_path), Profile("Acme")))
    assert (caught.value.problems[0].row, caught.value.problems[0].column) == (32, "order_id")


def test_groups_can_not_be_asked_for_later(tmp_path):
    frame = orders(50, np.random.default_rng(9))
    rights = measure_file(open_lines(written(frame, tmp_path), Profile("Acme")), ["customer"])
    assert len(rights.group_table("customer")) == 3
    with pytest.raises(ValueError, match="not kept"):
        rights.by("product")
    with pytest.raises(ValueError, match="no column 'colour'"):
        measure_file(open_lines(written(frame, tmp_path), Profile("Acme")), ["colour"])


WORDS = st.lists(st.text(max_size=20), min_size=1, max_size=30)


@given(WORDS)
def test_ids_have_one_code_however_they_are_stored(words):
    plain = pa.array([*words, None])
    codes = hash_text(plain)
    assert (codes[:-1] == hash_text(pa.array(["x", *words, "yz"]).slice(1, len(words)))).all()
    assert len(set(codes.tolist())) == len({*words, ""})
    coded = hash_text(plain.dictionary_encode())
    assert len(set(coded.tolist())) == len({*words, ""})


@pytest.mark.usefixtures("small_batches")
def test_spellings_of_a_carrier_are_one_group_in_batches_too(tmp_path):
    (tmp_path / "client.yaml").write_text("name: Acme\nas_of: 2025-04-01\n")
    frame = orders(200, np.random.default_rng(5))
    frame["carrier"] = np.resize(["DPD", "DPD", "dpd ", "DHL"], len(frame))
    found = measure_file(open_lines(written(frame, tmp_path), read_profile(tmp_path)), ["carrier"])
    same(found, measure_rights(wb.open_client(tmp_path), by=["carrier"]))
    assert found.group_table("carrier").iloc[:, 0].tolist() == ["DHL", "DPD"]
