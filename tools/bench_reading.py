"""Print how long a large CSV export takes to be read and checked, against pandas' own read_csv.

Usage: python tools/bench_reading.py [LINES] [plain|regional]
The file (15 columns, some 150 MB for a million lines) is made from a seed and goes with the run;
regional has semicolons, decimal commas and days first.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

import workbook as wb

ROUNDS = 3


def order_lines(lines: int, form: str, seed: int = 1) -> dict[str, np.ndarray]:
    """Return seeded order lines as an export has them, all columns but three as text."""
    draw, orders = np.random.default_rng(seed), np.arange(lines) // 3
    start = np.datetime64("2025-01-01", "s") + draw.integers(0, 300 * 86_400, lines)
    moments = pd.Series(start)
    day = lambda after: (moments + pd.to_timedelta(after, "D")).dt.strftime(form).to_numpy()
    pick = lambda words: np.array(words)[draw.integers(0, len(words), lines)]
    code = lambda text, numbers: np.char.add(text, numbers.astype(str))
    return {
        "Order number": code("SO-", orders + 10_000_000),
        "Line no.": np.arange(lines) % 3 * 10 + 10,
        "Customer": code("Customer and Sons Ltd ", draw.integers(0, 4000, lines)),
        "Product": code("ART-", draw.integers(100_000, 120_000, lines)),
        "Quantity ordered": draw.integers(1, 500, lines),
        "Quantity delivered": draw.integers(1, 500, lines),
        "Unit price": (draw.integers(100, 99_999, lines) / 100).round(2),
        "Order date": day(0),
        "Promised date": day(draw.integers(3, 9, lines)),
        "Ship date": day(draw.integers(1, 6, lines)),
        "Delivery date": day(draw.integers(6, 12, lines)),
        "Condition": pick(["good", "good", "good", "damaged"]),
        "Carrier": pick(["DHL Express", "DPD", "Own fleet", "UPS Standard"]),
        "Ship to": code("Warehouse street 12, Gdynia ", draw.integers(1, 900, lines)),
        "Remarks of the driver": pick(["", "left at the door", "signed by the neighbour, flat 3"]),
    }


def write_export(path: Path, lines: int, kind: str) -> None:
    table = order_lines(lines, "%Y-%m-%d" if kind == "plain" else "%d.%m.%Y")
    delimiter = "," if kind == "plain" else ";"
    if kind == "regional":
        table["Unit price"] = pd.Series(table["Unit price"]).map("{:.2f}".format)
        table["Unit price"] = table["Unit price"].str.replace(".", ",").to_numpy()
    options = pyarrow.csv.WriteOptions(delimiter=delimiter, quoting_style="needed")
    pyarrow.csv.write_csv(
        pa.table({name: pa.array(each) for name, each in table.items()}), path, options
    )


def measure(works: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Return the median wall and processor seconds of each, run in turns."""
    found = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            wall, processor = time.perf_counter(), time.process_time()
            work()
            found[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return {
        name: tuple(map(statistics.median, zip(*each, strict=True))) for name, each in found.items()
    }


def compare(path: Path, kind: str) -> None:
    sep = "," if kind == "plain" else ";"
    reading = wb.read_table(path, "order_lines")
    if reading.data is None or len(reading.columns) != 14 or reading.problems:
        raise SystemExit(f"the export is not read whole: {reading.problems}")
    found = measure(
        {
            "ours": lambda: wb.read_table(path, "order_lines"),
            "pandas": lambda: pd.read_csv(path, sep=sep),
        }
    )
    megabytes = path.stat().st_size / 1e6
    for at, clock in enumerate(("wall", "processor")):
        ours, theirs = found["ours"][at], found["pandas"][at]
        times = f"{ours:.2f} s / {theirs:.2f} s = {ours / theirs:.2f}"
        print(f"{kind}: {megabytes:.0f} MB read and checked, against read_csv, {clock}: {times}")


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for kind in sys.argv[2:] or ("plain", "regional"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "order_lines.csv"
            write_export(path, lines, kind)
            compare(path, kind)


if __name__ == "__main__":
    main()
