"""Print how long importing and judging take, as ratios in one run, so that machines compare.

Usage: make bench
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import workbook as wb

LINES = 100_000
ROUNDS = 3


def seconds_to_import(*modules: str) -> float:
    """Return the median time of a fresh Python that imports the modules."""
    command = [sys.executable, "-c", f"import {', '.join(modules)}"]
    return seconds(lambda: subprocess.run(command, check=True))


def seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def order_lines(seed: int = 1) -> pd.DataFrame:
    """Return seeded order lines with the columns that four rights need."""
    draw = np.random.default_rng(seed)
    promised = np.datetime64("2026-01-05") + draw.integers(0, 300, LINES)
    ordered = draw.integers(1, 20, LINES)
    return pd.DataFrame(
        {
            "order_id": pd.array((np.arange(LINES) // 2).astype(str), dtype="str"),
            "line_no": pd.array((np.arange(LINES) % 2).astype(str), dtype="str"),
            "quantity_ordered": ordered.astype(float),
            "quantity_delivered": (ordered - (draw.random(LINES) < 0.03)).astype(float),
            "condition": pd.array(
                np.where(draw.random(LINES) < 0.02, "damaged", "good"), dtype="str"
            ),
            "promised_at": promised.astype("datetime64[us]"),
            "delivered_at": (promised + draw.integers(-3, 2, LINES)).astype("datetime64[us]"),
        },
        index=pd.RangeIndex(2, LINES + 2, name="row"),
    )


def plain(lines: pd.DataFrame) -> pd.Series:
    """Judge as a quick script would: no unknown, no undelivered, no split deliveries."""
    right = (
        (lines["delivered_at"] <= lines["promised_at"])
        & (lines["quantity_delivered"] >= lines["quantity_ordered"])
        & (lines["condition"] == "good")
    )
    return right.groupby(lines["order_id"]).all()


def main() -> None:
    lines = order_lines()
    pairs = {
        "import workbook, against pandas alone": (
            seconds_to_import("workbook"),
            seconds_to_import("pandas"),
        ),
        "import workbook, against what it stands on": (
            seconds_to_import("workbook"),
            seconds_to_import("pandas", "scipy.stats", "matplotlib.figure", "networkx"),
        ),
        f"judge {LINES:,} lines, against plain booleans": (
            seconds(lambda: wb.measure_rights(lines)),
            seconds(lambda: plain(lines)),
        ),
    }
    for name, (ours, theirs) in pairs.items():
        print(f"{name:46} {ours:6.2f} s / {theirs:5.2f} s = {ours / theirs:5.1f}")


if __name__ == "__main__":
    main()
