"""Print what measuring order lines takes, against hand-written Polars, in one run.

Usage: python tools/bench_lines.py [LINES …]; by default ten million. Each figure is the CPU time
and the peak memory of a process of its own, what it takes to import aside. The file is made from a
seed: lines of one order lie anywhere, three in a hundred rows are a second delivery of a line, and
of some lines something is not known. Polars reads it twice: once as seven booleans per line in the
same groups, once also as orders, which is what a report shows; neither knows splits or unknowns.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MILLION = 1_000_000


def write_lines(path: Path, lines: int, seed: int = 7) -> None:
    """Write seeded order lines to a Parquet file, a million at a time."""
    draw, writer = np.random.default_rng(seed), None
    for _ in range(0, lines, MILLION):
        table = some_lines(draw, min(lines, MILLION), int(lines / 2.5))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def some_lines(draw: np.random.Generator, n: int, orders: int) -> pa.Table:
    order, line = draw.integers(0, orders, n), draw.integers(1, 1000, n)
    day = np.datetime64("2025-01-06", "us") + draw.integers(0, 365, n).astype("timedelta64[D]")
    quantity, again = draw.integers(1, 20, n).astype(float), draw.random(n) < 0.03
    again[0] = False
    for column in (order, line, day, quantity):  # a second delivery of the line before
        column[again] = column[np.flatnonzero(again) - 1]
    late = draw.integers(-4, 2, n).astype("timedelta64[D]")
    hour = draw.integers(0, 86_400, n).astype("timedelta64[s]")
    unless = lambda share: draw.random(n) < share
    other = lambda codes, size: np.where(unless(0.01), draw.integers(0, size, n), codes)
    product, place = draw.integers(0, 500, n), draw.integers(0, 40, n)
    price = draw.integers(100, 9999, n) / 100
    products, places = [f"P-{i:04d}" for i in range(500)], [f"Depot {i}" for i in range(40)]
    return pa.table(
        {
            "order_id": pa.array(np.char.add("SO", np.char.zfill(order.astype(str), 8))),
            "line_no": pa.array(line.astype(str)),
            "delivery_no": pa.array(np.where(again, "2", "1")),
            "customer": words(order % 2000, [f"C{i:05d}" for i in range(2000)]),
            "product": words(product, products),
            "product_delivered": words(other(product, 500), products, unless(0.02)),
            "quantity_ordered": quantity,
            "quantity_delivered": pa.array(quantity - unless(0.04), mask=unless(0.015)),
            "condition": words(unless(0.02).astype(int), ["good", "damaged"], unless(0.02)),
            "unit_price": price,
            "unit_price_invoiced": np.where(unless(0.02), price * 1.1, price),
            "promised_at": day,
            "delivered_at": pa.array(day + late + hour, mask=unless(0.02)),
            "place_ordered": words(place, places),
            "place_delivered": words(other(place, 40), places),
            "documents": words(unless(0.03).astype(int), ["correct", "wrong"], unless(0.1)),
        }
    )


def words(codes: np.ndarray, names: list[str], blank: np.ndarray | None = None) -> pa.Array:
    coded = pa.array(codes.astype(np.int32), mask=blank)
    return pa.DictionaryArray.from_arrays(coded, names).cast(pa.string())


def measure_ours(path: str) -> object:
    from workbook.bulk import measure_file, open_lines
    from workbook.profile import Profile

    return lambda: measure_file(open_lines(Path(path), Profile("Acme")), ["customer", "week"])


def measure_by_polars(path: str, orders: bool = False) -> object:
    import polars as pl

    column = pl.col
    rights = {
        "product": column("product") == column("product_delivered"),
        "quantity": column("quantity_delivered") >= column("quantity_ordered"),
        "time": column("delivered_at").dt.date() <= column("promised_at").dt.date(),
        "place": column("place_ordered") == column("place_delivered"),
        "condition": column("condition") == "good",
        "price": (column("unit_price_invoiced") - column("unit_price")).abs()
        <= 0.005 * column("unit_price"),
        "information": column("documents") == "correct",
    }
    week = column("promised_at").dt.truncate("1w").alias("week")
    lines = pl.scan_parquet(path).select("order_id", "customer", week, **rights)
    lines = lines.with_columns(perfect=pl.all_horizontal(*rights))
    names = [*rights, "perfect"]
    of_order = [column(name).all() for name in names]
    whole = lines.group_by("order_id").agg(
        *of_order, column("customer").first(), column("week").max()
    )
    tables = [lines, whole] if orders else [lines]
    shares = [column(name).mean() for name in names]
    plan = [table.group_by(by).agg(*shares) for table in tables for by in ("customer", "week")]
    return lambda: pl.collect_all(plan, engine="streaming")


WAYS = {
    "ours": measure_ours,
    "polars": measure_by_polars,
    "polars, orders too": lambda path: measure_by_polars(path, orders=True),
}


def take_time(way: str, path: str) -> None:
    """Print the CPU seconds and the megabytes of one way of measuring, in a fresh process."""
    work = WAYS[way](path)
    started = time.process_time()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.process_time() - started, peak)


def main(sizes: list[int]) -> None:
    for lines in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "order_lines.parquet"
            write_lines(path, lines)
            found = {}
            for way in WAYS:
                command = [sys.executable, __file__, "--way", way, str(path)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[way] = tuple(map(float, done.stdout.split()))
        for way, (seconds, peak) in found.items():
            ratio = found["ours"][0] / seconds
            print(f"{lines:>12,} lines, {way:20} {seconds:7.1f} s {peak:7,.0f} MB  {ratio:5.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        take_time(*sys.argv[2:])
    else:
        main([int(each.replace("_", "")) for each in sys.argv[1:]] or [10 * MILLION])
