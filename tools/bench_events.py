"""Print what the event log and its comparison with the chart take, against plain ways, in one run.

Usage: python tools/bench_events.py [orders]; each figure is CPU time of a process of its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ORDERS = 485_000  # about five million events
ACTIVITIES = (
    *("Entered", "Paid", "Released", "Picked", "Checked", "Packed", "Labelled", "Dispatched"),
    *("Carried", "Delivered", "Claim settled", "Survey mailed"),
)
ROLES = (0, 1, 2, 3, 3, 4, 4, 5, 6, 0, 2, 2)


def write_events(path: Path, orders: int, seed: int = 1) -> None:
    """Write a seeded log: ten steps, some left out, swapped, repeated or added, sorted by time."""
    draw = np.random.default_rng(seed)
    steps = np.where(draw.random((orders, 10)) > 0.03, np.arange(10), -1)
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
        "activity": np.array(ACTIVITIES)[step],
        "role": np.array([f"Role {role}" for role in ROLES])[step],
        "event_at": np.datetime64("2025-01-06", "us") + seconds.astype("timedelta64[s]"),
    }
    pd.DataFrame(table).to_parquet(path, index=False)


MORE = ((0.2, 10), (0.3, 11), (0.08, 3))


def ours(path: str) -> list[pd.DataFrame]:
    from workbook.eventlog import read_log

    log = read_log(path)
    return [log.directly_follows(), log.variants(), log.throughput(), log.handovers()]


def plain(path: str) -> list[pd.DataFrame]:
    """Write the same as one usually does: sort, groupby.shift, agg."""
    log = pd.read_parquet(path).sort_values(["order_id", "event_at"], kind="stable")
    orders = log.groupby("order_id")
    log["to"], log["to_role"] = orders["activity"].shift(-1), orders["role"].shift(-1)
    log["minutes"] = (orders["event_at"].shift(-1) - log["event_at"]).dt.total_seconds() / 60
    how = {"orders": ("order_id", "nunique"), "count": ("minutes", "size")}
    waits = {"mean": ("minutes", "mean"), "median": ("minutes", "median")}
    follows = log.dropna(subset="to").groupby(["activity", "to"]).agg(**how, **waits)
    given = log[log["to_role"].notna() & (log["role"] != log["to_role"])]
    handovers = given.groupby(["role", "to_role"]).agg(count=("minutes", "size"), **waits)
    ways = orders.agg(start_at=("event_at", "min"), end_at=("event_at", "max"))
    ways["minutes"] = (ways["end_at"] - ways["start_at"]).dt.total_seconds() / 60
    ways["activities"] = orders["activity"].agg(tuple)
    variants = ways.groupby("activities").agg(
        orders=("minutes", "size"), median_minutes=("minutes", "median")
    )
    return [follows, variants, ways, handovers]


def cost(way: str, path: Path) -> tuple[float, float]:
    """Return CPU seconds and the most memory (MB) of one way, imports not counted in the time."""
    command = [sys.executable, __file__, way, str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = map(float, said.split())
    return seconds, memory


def _one(way: str, path: str) -> None:
    import workbook  # noqa: F401 (what it takes to import is another figure)

    started = time.process_time()
    {"ours": ours, "plain": plain}[way](path)
    unit = 1024 if sys.platform != "darwin" else 1024**2
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(time.process_time() - started, memory)


def main(orders: int = ORDERS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        write_events(path, orders)
        mine, usual = cost("ours", path), cost("plain", path)
    name = f"{orders:,} orders to follows, variants, throughput, hand-overs"
    print(f"{name}: {mine[0]:.2f} s / {usual[0]:.2f} s, {usual[0] / mine[0]:.1f} times less")
    print(f"at most {mine[1]:.0f} MB / {usual[1]:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] in (["ours"], ["plain"]):
        _one(*sys.argv[1:])
    else:
        main(*map(int, sys.argv[1:]))
