"""Print what the event log and its comparison with the chart take, against plain ways, in one run.

Usage: python tools/bench_events.py [orders]; each figure is CPU time of a process of its own, what
it takes to import aside.
"""

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import workbook as wb
from workbook.clock import working_minutes

ORDERS = 485_000  # about five million events
COMPARED = 97_000  # about one million
STEPS = """step_id,step,role,predecessors,join,split,rework_to
a,Entered,Shop,,,,
b,Paid,Finance,a,,,
c,Released,Service,b,,,
d,Picked,Picking,c,,,
e,Checked,Picking,d,,all,d
f,Packed,Packing,e,,,
g,Labelled,Packing,e,,,
h,Dispatched,Dispatch,f;g,all,any,
i,Carried,Carrier,h,,,
j,Delivered,Customer,i,,any,
k,Claim settled,Service,j,,,
l,Survey mailed,Service,j;k,any,,
"""
CHART = pd.read_csv(io.StringIO(STEPS), keep_default_na=False)
# The share of orders with a claim, a survey, and a second picking.
MORE = ((0.2, 10), (0.3, 11), (0.08, 3))


def write_events(path: str, orders: str) -> None:
    """Write a seeded log: ten steps, some left out, swapped, repeated or added, sorted by time."""
    draw, orders = np.random.default_rng(1), int(orders)
    steps = np.where(draw.random((orders, 10)) > 0.05, np.arange(10), -1)
    more = [np.where(draw.random((orders, 1)) < share, step, -1) for share, step in MORE]
    steps = np.concatenate([steps, *more], axis=1)
    hours = draw.integers(0, 8760, (orders, 1)) + np.cumsum(draw.exponential(4, steps.shape), 1)
    swapped = draw.random(orders) < 0.1
    hours[swapped, 4:6] = hours[swapped, 5:3:-1]
    order, place = np.divmod(np.flatnonzero(steps >= 0), steps.shape[1])
    by = np.argsort(hours[order, place], kind="stable")
    order, step = order[by], steps[order, place][by]
    seconds = (hours[order, place[by]] * 3600).astype(np.int64)
    table = {
        "order_id": np.char.add("BD", np.arange(100_000, 100_000 + orders).astype(str))[order],
        "activity": CHART["step"].to_numpy(object)[step],
        "role": CHART["role"].to_numpy(object)[step],
        "event_at": np.datetime64("2025-01-06", "us") + seconds.astype("timedelta64[s]"),
    }
    pd.DataFrame(table).to_parquet(path, index=False)


def tell(path: str) -> None:
    """Tell what happens with the package."""
    log = wb.read_log(path)
    log.directly_follows(), log.variants(), log.throughput(), log.handovers()


def tell_plainly(path: str) -> None:
    """Tell the same as one usually does: sort, groupby.shift, agg."""
    log = pd.read_parquet(path).sort_values(["order_id", "event_at"], kind="stable")
    orders = log.groupby("order_id")
    log["to"], log["to_role"] = orders["activity"].shift(-1), orders["role"].shift(-1)
    log["minutes"] = (orders["event_at"].shift(-1) - log["event_at"]).dt.total_seconds() / 60
    sums = {"orders": ("order_id", "nunique"), "count": ("minutes", "size")}
    waits = {"mean": ("minutes", "mean"), "median": ("minutes", "median")}
    log.dropna(subset="to").groupby(["activity", "to"]).agg(**sums, **waits)
    given = log[log["to_role"].notna() & (log["role"] != log["to_role"])]
    given.groupby(["role", "to_role"]).agg(count=("minutes", "size"), **waits)
    ways = orders.agg(start_at=("event_at", "min"), end_at=("event_at", "max"))
    ways["minutes"] = (ways["end_at"] - ways["start_at"]).dt.total_seconds() / 60
    ways["activities"] = orders["activity"].agg(tuple)
    ways.groupby("activities")["minutes"].agg(["size", "median"])


def _comparable(path: str) -> tuple[wb.Process, object]:
    log = wb.read_log(path)
    log.examples, log.first  # noqa: B018 (the variants are not part of the comparison)
    return wb.build_process(CHART.replace("", None)), log


def compare(process: wb.Process, log: object) -> None:
    """Compare all variants with the package."""
    print(len(log.examples), wb.compare_log(process, log).data["deviations"].sum())


def search(process: wb.Process, log: object) -> None:
    """Search all states of the chart for each variant."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from plain_tokens import fewest_deviations

    names = {"step_id": "id", "step": "name", "rework_to": "back"}
    steps = CHART.astype(object).replace("", None).rename(columns=names).to_dict("records")
    steps = [step | {"preds": (step["predecessors"] or "").split(";")} for step in steps]
    steps = [step | {"preds": list(filter(None, step["preds"]))} for step in steps]
    count, traces = np.bincount(log.variant), log.variants()["activities"]
    found = [fewest_deviations(steps, trace) for trace in traces]
    print(len(traces), (np.array(found) * count).sum())


def clock() -> tuple[float, float]:
    """Return the seconds that a million working times take, and two calls of busday_count."""
    draw = np.random.default_rng(1)
    start = np.datetime64("2025-01-06", "us") + draw.integers(0, 31_536_000, (2, 1_000_000)) * 10**6
    days, holidays = np.sort(start, axis=0).astype("datetime64[D]"), ["2025-12-24", "2025-12-25"]
    usual = lambda: [np.busday_count(*days, holidays=holidays) for _ in range(2)]
    ours = lambda: working_minutes(*start, country="PL")
    return _seconds(ours), _seconds(usual)


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def cost(way: str, *words: object) -> tuple[float, float, list[str]]:
    """Return CPU seconds and the most memory (MB) of one way, and what it found."""
    command = [sys.executable, __file__, way, *map(str, words)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[-2]), float(said[-1]), said[:-2]


def run(way: str, path: str, *words: str) -> None:
    """Run one way in this process and print what it cost."""
    work = {"tell": tell, "plainly": tell_plainly, "write": write_events}.get(way)
    given = (path, *words) if work else _comparable(path)
    started = time.process_time()
    (work or {"compare": compare, "search": search}[way])(*given)
    unit = 1024**2 if sys.platform == "darwin" else 1024
    print(time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def main(orders: int = ORDERS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        cost("write", path, orders)
        (ours, memory, _), (plain, more, _) = cost("tell", path), cost("plainly", path)
        print(f"{orders:,} orders to follows, variants, throughput, hand-overs: ", end="")
        print(f"{ours:.2f} s / {plain:.2f} s, {plain / ours:.1f} times less CPU")
        print(f"  at most {memory:.0f} MB / {more:.0f} MB")
        cost("write", path, COMPARED)
        (ours, _, found), (plain, _, same) = cost("compare", path), cost("search", path)
        print(f"{found[0]} variants of {COMPARED:,} orders compared with the chart: ", end="")
        print(f"{ours:.3f} s / {plain:.2f} s, {plain / ours:.0f} times less CPU")
        print(f"  deviations {found[1]} / {same[1]}")
    ours, plain = clock()
    print(f"a million working times: {ours:.2f} s / {plain:.2f} s for two calls of busday_count")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(*sys.argv[1:])
    else:
        main(*map(int, sys.argv[1:]))
