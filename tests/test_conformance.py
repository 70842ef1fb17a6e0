"""Drawn against real: equal to a plain search of all states, and what deviates is named rightly."""

import random
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import plain_tokens
import pytest

import workbook as wb
from workbook.conformance import compare_log
from workbook.data import open_client
from workbook.language import speak
from workbook.process import build_process
from workbook.resources import data_path
from workbook.rights import measure_rights
from workbook.tokens import Traces, explain, fewest_deviations, least_possible, play

CHARTS = [200, pytest.param(1000, marks=pytest.mark.deep)]


def chart(draw, n, mode):
    """Draw a chart of n steps; two steps may log the same activity, some lead back."""
    join = {"all": ["all", None], "any": ["any"], "mixed": ["all", "any", None]}[mode]
    split = {"all": [None, "all"], "any": [None, "any"], "mixed": [None, None, "all", "any"]}[mode]
    steps = []
    for i in range(n):
        many = 0 if i == 0 or draw.random() < 0.1 else draw.randint(1, min(i, 3))
        step = {"id": f"s{i}", "preds": [f"s{j}" for j in sorted(draw.sample(range(i), many))]}
        step |= {"name": draw.choice("abcd") if draw.random() < 0.2 else "abcdefg"[i]}
        step |= {"join": draw.choice(join), "split": draw.choice(split)}
        step["back"] = f"s{draw.randint(0, i)}" if draw.random() < 0.15 else None
        steps.append(step)
    return steps


def process_of(steps):
    names = {"id": "step_id", "name": "step", "back": "rework_to"}
    table = pd.DataFrame(steps).rename(columns=names).drop(columns="preds").assign(role="Someone")
    return build_process(table.assign(predecessors=[";".join(s["preds"]) for s in steps]))


def log_of(traces):
    rows = [(f"o{i}", a, k) for i, trace in enumerate(traces) for k, a in enumerate(trace)]
    log = pd.DataFrame(rows, columns=["order_id", "activity", "at"])
    at = pd.Timestamp("2026-03-02") + pd.to_timedelta(log.pop("at"), unit="h")
    return log.assign(event_at=at)


def traces_of(found):
    activity, first = found.log.traces()
    return Traces(found.names.activity[activity], first)


def deviations(steps, traces):
    return compare_log(process_of(steps), log_of(traces)).data["deviations"].tolist()


@pytest.mark.parametrize("many", CHARTS)
@pytest.mark.parametrize("mode", ["all", "any", "mixed"])
def test_deviations_equal_an_exhaustive_search(mode, many):
    draw = random.Random(f"{mode} {many}")
    for _ in range(many // 3):
        steps = chart(draw, draw.randint(1, 6), mode)
        traces = [draw.choices("abcdefgz", k=draw.randint(1, 7)) for _ in range(3)]
        traces.append([step["name"] for step in steps])
        found = compare_log(process_of(steps), log_of(traces))
        plain = [plain_tokens.fewest_deviations(steps, trace) for trace in traces]
        assert found.data["deviations"].tolist() == plain, (steps, traces)
        # What is named adds up to what is counted.
        moves, variant = found.moves, found.log.variant
        named = np.bincount(moves.trace[(moves.step < 0) | (moves.activity < 0)], minlength=4)
        assert named[variant].tolist() == plain
        bound = least_possible(found.process, found.names.step, traces_of(found))
        assert (bound[variant] <= plain).all()


def edit_distance(run, trace):
    """Return how many must be left out and put in, by the longest common part."""
    best = np.zeros((len(run) + 1, len(trace) + 1), int)
    for i, step in enumerate(run):
        for k, event in enumerate(trace):
            same = best[i, k] + 1 if step == event else 0
            best[i + 1, k + 1] = max(best[i, k + 1], best[i + 1, k], same)
    return len(run) + len(trace) - 2 * best[-1, -1]


def graph_of(steps):
    graph = nx.DiGraph([(before, s["id"]) for s in steps for before in s["preds"]])
    graph.add_nodes_from(s["id"] for s in steps)
    return graph


def one_beginning(draw, join):
    """Draw a chart of six steps with one first and one last step, no ways back."""
    steps = [{"id": "a", "name": "a", "preds": []}]
    for i in range(1, 6):
        preds = sorted(draw.sample("abcdef"[:i], draw.randint(1, min(i, 2))))
        steps.append({"id": "abcdef"[i], "name": "abcdef"[i], "preds": preds})
    last = [i for i in "abcde" if not any(i in step["preds"] for step in steps)]
    steps[-1]["preds"] = sorted({*steps[-1]["preds"], *last})
    return [step | {"join": join, "split": None, "back": None} for step in steps]


def test_any_is_one_token_on_one_arrow_so_a_run_is_a_path():
    draw = random.Random(1)
    for _ in range(30):
        steps = one_beginning(draw, "any")
        runs = list(nx.all_simple_paths(graph_of(steps), "a", "f"))
        traces = [draw.choices("abcdefz", k=draw.randint(1, 8)) for _ in range(3)]
        plain = [min(edit_distance(run, trace) for run in runs) for trace in traces]
        assert deviations(steps, traces) == plain


def test_all_does_every_step_after_those_before_so_a_run_is_any_such_order():
    draw = random.Random(2)
    for _ in range(25):
        steps = one_beginning(draw, "all")
        runs = list(nx.all_topological_sorts(graph_of(steps)))
        traces = [draw.choices("abcdefz", k=draw.randint(1, 8)) for _ in range(3)]
        plain = [min(edit_distance(run, trace) for run in runs) for trace in traces]
        assert deviations(steps, traces) == plain


# --- what is said ---------------------------------------------------------------------------------


def straight(names, **columns):
    before = ["", *names[:-1]]
    table = {"step_id": names, "step": names, "role": "Someone", "predecessors": before}
    return build_process(pd.DataFrame(table | columns))


@pytest.mark.parametrize(
    ("trace", "kind", "activity", "step_id"),
    [
        ("acd", "missing", "b", "b"),
        ("abbcd", "too often", "b", "b"),
        ("acbd", "out of sequence", "c", "c"),
        ("abxcd", "unknown activity", "x", None),
    ],
)
def test_a_deviation_is_named(trace, kind, activity, step_id):
    found = compare_log(straight(list("abcd")), log_of(["abcd", trace])).deviations
    assert len(found) == 1
    row = found.iloc[0]
    assert (row["kind"], row["activity"], row["orders"]) == (kind, activity, 1)
    assert row["step_id"] == step_id or (step_id is None and pd.isna(row["step_id"]))


def test_case_spaces_and_accents_do_not_make_another_activity():
    process = straight(["Pick the goods", "Zapłata"], activity=[None, "zaplata"])
    found = compare_log(process, log_of([["pick  The goods", "Zapłata"]]))
    assert found.data["deviations"].tolist() == [0]


def test_rework_as_drawn_is_no_deviation_and_each_round_too_many_is():
    back = straight(list("abc"), rework_to=[None, "a", None])
    assert compare_log(back, log_of(["abc", "ababc", "abababc", "abbc"])).data[
        "deviations"
    ].tolist() == [0, 0, 0, 1]


def test_the_price_is_the_difference_of_medians_and_of_failures():
    log = log_of([*["abc"] * 4, *["ac"] * 4])
    log.loc[
        log["activity"].eq("c") & log["order_id"].isin(["o4", "o5", "o6", "o7"]), "event_at"
    ] += pd.Timedelta("10h")
    lines = pd.DataFrame(
        {"order_id": [f"o{i}" for i in range(8)], "time_ok": [True] * 4 + [False] * 4}
    )
    promised = pd.to_datetime(["2026-03-02"] * 8)
    lines = lines.assign(promised_at=promised, delivered_at=promised)
    row = compare_log(straight(list("abc")), log, rights=measure_rights(lines)).deviations.iloc[0]
    assert (row["hours"], row["failed"], row["more"]) == (9, 1, 1)


def test_what_the_chart_forgets_and_what_no_event_shows():
    log = log_of(["abx", "ab"]).assign(role=["Someone", "Someone", "Temp", "Someone", "Someone"])
    found = compare_log(straight(list("abc")), log).forgotten
    rows = [tuple(row) for row in found[["kind", "name", "orders"]].to_numpy()]
    assert sorted(rows) == [("activity", "x", 1), ("role", "Temp", 1), ("step", "c", 0)]


def test_real_arrows_are_pinned_to_steps_and_compared_with_the_drawn():
    process = straight(list("abc"), rework_to=[None, "a", None])
    found = compare_log(process, log_of(["ababc", "acx"])).arrows
    drawn = {(a, b): d for a, b, d in found[["from", "to", "drawn"]].to_numpy()}
    assert drawn == {pair: pair in {("a", "b"), ("b", "a"), ("b", "c")} for pair in drawn}
    assert found[found["to"] == "x"]["after"].isna().all() and len(drawn) == 5


def test_one_row_per_order_in_the_order_of_the_file():
    found = compare_log(straight(list("ab")), log_of(["ab", "a", "ab"]))
    assert list(found.data) == ["order_id", "variant", "deviations"]
    assert found.data.to_numpy().tolist() == [["o0", 1, 0], ["o1", 2, 1], ["o2", 1, 0]]


def test_no_events_are_no_deviations():
    found = compare_log(straight(list("ab")), log_of(["ab"])[:0])
    assert found.data.empty and found.deviations.empty
    assert sorted(found.forgotten["name"]) == ["a", "b"]
    assert found.sentence(wb.speak("en")) == "The log has no events."


def parallel(many):
    names = [f"p{i}" for i in range(many)]
    steps = [
        {"step_id": "a", "predecessors": ""},
        *({"step_id": n, "predecessors": "a"} for n in names),
    ]
    table = pd.DataFrame([*steps, {"step_id": "z", "predecessors": ";".join(names)}])
    return build_process(table.assign(step=table["step_id"], role="Someone")), names


def test_exact_up_to_twelve_parallel_branches_then_a_named_lower_bound():
    for many, exact in ((12, True), (13, False)):
        process, names = parallel(many)
        found = compare_log(
            process, log_of([["a", *names[::-1], "z"], ["a", *names[1:], "z", "z"]])
        )
        assert found.exact is exact
        assert found.data["deviations"].tolist() == [0, 2]
        assert ("lower bound" in found.sentence(wb.speak("en"))) is not exact
        assert found.deviations.empty is not exact
        assert not found._repr_html_().count("Traceback")


def test_many_states_give_the_same_as_the_plain_search():
    process, names = parallel(6)
    steps = [{"id": "a", "name": "a", "preds": [], "join": None, "split": None, "back": None}]
    steps += [steps[0] | {"id": name, "name": name, "preds": ["a"]} for name in names]
    steps.append(steps[0] | {"id": "z", "name": "z", "preds": names})
    draw = random.Random(4)
    traces = [draw.choices(["a", *names, "z", "x"], k=8) for _ in range(6)]
    assert len(play(process).generation) > 64
    plain = [plain_tokens.fewest_deviations(steps, trace) for trace in traces]
    assert compare_log(process, log_of(traces)).data["deviations"].tolist() == plain


def test_traces_taken_one_by_one_give_the_same():
    draw = random.Random(3)
    found = compare_log(
        process_of(chart(draw, 6, "mixed")),
        log_of([draw.choices("abcdefgz", k=draw.randint(1, 7)) for _ in range(50)]),
    )
    game, step = play(found.process), found.names.step
    single = fewest_deviations(game, step, traces_of(found), cells=1)
    assert single[found.log.variant].tolist() == found.data["deviations"].tolist()
    assert len(explain(game, step, traces_of(found), cells=1).trace) == len(found.moves.trace)


# --- the sample -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample():
    return open_client(data_path("brzoza-dom"))


def test_brzoza_runs_mostly_as_drawn_and_the_early_survey_is_out_of_sequence(sample):
    process = build_process(sample.steps)
    found = compare_log(process, sample, rights=measure_rights(sample))
    assert found.exact and (found.data["deviations"] == 0).mean() > 0.85
    ids = {finding.id: finding for finding in found.findings()}
    assert {"as-drawn", "out-of-sequence-survey", "missing-deliver"} <= set(ids)
    assert ids["out-of-sequence-survey"].n == len(found.data)
    assert found.plot().get_label()


def test_the_peak_s_bottleneck_is_picking_not_transit(sample):
    waits = wb.compare_waits(wb.read_log(sample), build_process(sample.steps))
    (finding,) = waits.findings()
    assert (finding.step_id, finding.period) == ("pick", "2025-W47/2025-W51")
    low, high = finding.interval
    assert 0 < low < finding.effect < high
    worse = waits.data[waits.data["verdict"] == "needs improvement"]
    assert worse["activity"].tolist() == ["Picked"]


def test_without_the_planted_peak_there_is_no_bottleneck(tmp_path):
    folder = wb.write_sample("brzoza-dom", tmp_path / "b", seed=3, scale=0.05, problems="none")
    client = open_client(folder)
    waits = wb.compare_waits(wb.read_log(client))
    assert waits.findings() == []


def test_without_a_busy_week_nothing_is_compared(sample):
    waits = wb.compare_waits(wb.read_log(sample))
    calm = replace(waits, weeks=(), data=waits.data.assign(growth=np.nan))
    assert [block["kind"] for block in calm.blocks(speak("en"))] == ["text"]
    shorter = replace(waits, data=waits.data.assign(growth=-1.0))
    assert [block["kind"] for block in shorter.blocks(speak("en"))] == ["text", "table"]


def test_the_real_picture_has_the_drawn_one_s_boxes_and_the_arrows_that_ran():
    client = wb.open_client("brzoza-dom")
    process = wb.build_process(client.steps)
    compared = wb.compare_log(process, wb.read_log(client))
    drawn, real = wb.layout_chart(process), wb.layout_chart(process, seen=compared.seen)
    assert real.steps["step_id"].tolist() == drawn.steps["step_id"].tolist()
    assert real.steps["role"].tolist() == drawn.steps["role"].tolist()
    ways = set(zip(real.edges["from"], real.edges["to"], strict=True))
    assert ("survey", "deliver") in ways and ("pick", "check") in ways
    assert "Mail the survey → Receive the goods" in real.alt and "→" in real.svg()
    assert not real.edges.set_index(["from", "to"])["drawn"]["survey", "deliver"]
