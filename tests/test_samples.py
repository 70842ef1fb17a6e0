"""The sample clients: same bytes for the same seed, whole or not at all, usage in words."""

import csv
import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook import samples
from workbook.data import open_client
from workbook.resources import data_path

GENERATED = {"brzoza-dom": 0.1, "norddrive-teile": 0.06, "zimny-szlak": 0.04}
GENERATED = {name: {"scale": scale} for name, scale in GENERATED.items()}
SHIPPED = sorted([*GENERATED, "ten-orders"])


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The shipped samples, generated again."""
    home = tmp_path_factory.mktemp("samples")
    return {
        name: samples.write_sample(name, home / name, **options)
        for name, options in GENERATED.items()
    }


def test_every_shipped_client_is_known_here_and_in_the_catalogue():
    with data_path("catalogue.csv").open(encoding="utf-8", newline="") as source:
        catalogue = list(csv.DictReader(source))
    assert [path.name for path in samples.shipped_samples()] == SHIPPED
    assert {row["name"].split("/")[0] for row in catalogue} == set(SHIPPED)
    for row in catalogue:
        assert len(pd.read_csv(data_path(f"{row['name']}.csv"))) == int(row["rows"])


@pytest.mark.parametrize("name", GENERATED)
def test_the_shipped_client_is_generated_again_to_the_byte(name, written):
    assert files(written[name]) == files(data_path(name))
    beside = written[name].with_name(f"{name}.truth.json")
    assert beside.read_bytes() == data_path(f"{name}.truth.json").read_bytes()


def test_hashes_of_all_shipped_files_hold():
    lines = data_path("SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {path: digest for digest, path in (line.split("  ") for line in lines)}
    shipped = [path for name in SHIPPED for path in data_path(name).iterdir()]
    shipped += [data_path(f"{name}.truth.json") for name in GENERATED]
    here = {
        path.relative_to(data_path()).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shipped
    }
    assert here == listed


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_client_is_small_and_reads_without_a_fault(name):
    assert sum(map(len, files(data_path(name)).values())) < 2.8e6
    client = open_client(data_path(name))
    assert [problem.sentence() for problem in client.problems] == []


@pytest.mark.parametrize("name", samples.CASES)
def test_what_is_written_is_what_was_generated(name, tmp_path):
    sample = samples.generate(name, scale=0.01)
    client = open_client(samples.write_sample(name, tmp_path / "it", scale=0.01))
    for table, frame in sample.tables.items():
        read = getattr(client, table).reset_index(drop=True)
        pd.testing.assert_frame_equal(read[list(frame)], frame, check_dtype=False)


@pytest.mark.parametrize("name", samples.CASES)
def test_truth_has_what_an_examiner_needs(name):
    truth = samples.generate(name, scale=0.01).truth
    keys = {"id", "title", "rights", "mechanism", "where", "period", "affected", "base_rate"}
    keys |= {"planted_rate", "realised", "expected", "tolerance", "avoid"}
    assert all(keys <= set(problem) for problem in truth["problems"].values())
    assert truth["decoys"] and all(decoy["avoid"] for decoy in truth["decoys"].values())
    assert json.loads(json.dumps(truth)) == truth


def test_lines_end_alike_on_every_system(tmp_path):
    folder = samples.write_sample("brzoza-dom", tmp_path / "it", scale=0.01)
    assert not any(b"\r" in content for content in files(folder).values())


def test_an_empty_folder_is_filled_and_a_full_one_is_left_alone(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    samples.write_sample("brzoza-dom", folder, scale=0.01)
    before = files(folder)
    with pytest.raises(ValueError, match=r"acme is there already; give a new or an empty folder"):
        samples.write_sample("brzoza-dom", folder, scale=0.02)
    assert files(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme", "acme.truth.json"]


def test_nothing_is_left_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=r"can't be written \(.+\); choose another folder"):
        samples.write_sample("brzoza-dom", tmp_path / "file" / "acme", scale=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "brzozadom"}, r"sample 'brzozadom' is not known; did you mean 'brzoza-dom'\?"),
        ({"name": "x"}, "sample 'x' is not known; write one of brzoza-dom"),
        ({"problems": "A33"}, r"problem 'A33' is not known; did you mean 'A3'\?"),
        ({"problems": ["A1", "zz"]}, "problem 'zz' is not known; write one of A1, A2"),
        ({"seed": -1}, "seed -1 can't be used; write a whole number of 0 or more"),
        ({"seed": 1.5}, "seed 1.5 can't be used"),
        ({"scale": 0}, "scale 0 can't be used; write a number from 0.001 to 100"),
        ({"scale": float("nan")}, "scale nan can't be used"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        samples.generate(**{"name": "brzoza-dom", "scale": 0.01} | options)
    assert "\n" not in str(caught.value)


def test_problems_are_named_in_any_order_with_spaces_or_as_a_list():
    texts = ("A7, A3", ["A3", "A7"], "A3,A7")
    on = [samples.generate("brzoza-dom", problems=text, scale=0.01) for text in texts]
    assert [list(sample.truth["problems"]) for sample in on] == [["A3", "A7"]] * 3


def test_another_seed_gives_another_client():
    one, two = (samples.generate("brzoza-dom", seed=seed, scale=0.01) for seed in (1, 2))
    assert not one.tables["order_lines"].equals(two.tables["order_lines"])


@given(st.lists(st.integers(1, 99), min_size=1, max_size=6))
def test_pick_keeps_the_shares(parts):
    shares = {i: part / sum(parts) for i, part in enumerate(parts)}
    drawn = samples.pick((np.arange(10_000) + 0.5) / 10_000, shares)
    found = np.bincount(drawn, minlength=len(parts)) / 10_000
    assert np.allclose(found, list(shares.values()), atol=2e-4)


def test_poisson_has_the_mean_and_the_variance_of_poisson():
    counts = samples.poisson((np.arange(100_000) + 0.5) / 100_000, 1.2)
    assert counts.mean() == pytest.approx(1.2, abs=1e-3)
    assert counts.var() == pytest.approx(1.2, abs=5e-3)
