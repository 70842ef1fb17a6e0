"""Print what a batch costs per client, as ratios in one run, so that machines compare.

Compared on the same notebook: a loop over papermill's API with nbconvert's HTML, and their command
lines. CPU counts all processes. The last lines: memory of a client under way, a run with nothing to
do, and how the cost grows with the clients.

Usage: make bench, or tools/bench_batch.py [--clients N] [--many N]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from workbook.resources import template_path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from tiny_client import write_client

BIN = Path(sys.executable).parent
LOOP = """\
import sys, pathlib, papermill, nbconvert
notebook, out, *clients = sys.argv[1:]
for number, client in enumerate(clients):
    made = f"{out}/{number}.ipynb"
    papermill.execute_notebook(notebook, made, {"client": client}, progress_bar=False)
    page, _ = nbconvert.HTMLExporter().from_filename(made)
    pathlib.Path(f"{out}/{number}.html").write_text(page)
"""


def cpu(*commands: list[object]) -> float:
    """Return the CPU seconds of commands and of all that they start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        words = [str(word) for word in command]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def batch(out: Path, clients: list[Path], *more: object) -> list[object]:
    return [BIN / "workbook", "batch", *clients, "--out", out, *more]


def command_lines(out: Path, client: Path) -> Iterator[list[object]]:
    made = out / f"{client.name}.ipynb"
    yield [BIN / "papermill", template_path("report.ipynb"), made, "-p", "client", client]
    yield [BIN / "jupyter", "nbconvert", "--to", "html", made]


def compare(room: Path, clients: list[Path]) -> None:
    """Print the ratios; the fixed cost of a batch counts in full."""
    count, few = len(clients), clients[:2]
    ours = cpu(batch(room / "ours", clients)) / count
    loop = cpu([sys.executable, "-c", LOOP, template_path("report.ipynb"), room, *clients]) / count
    lines = sum(cpu(*command_lines(room, client)) for client in few) / len(few)
    print(f"one client of {count}: {ours:.2f} CPU s; papermill's API and nbconvert {loop:.2f},")
    print(f"  {loop / ours:.1f} times as much; their command lines {lines:.2f}, ", end="")
    print(f"{lines / ours:.1f} times as much")


def watch_memory(command: list[object]) -> float:
    """Return the most megabytes that a command's processes have of their own, while it runs."""
    most, process = 0.0, subprocess.Popen([str(w) for w in command], stdout=subprocess.DEVNULL)

    def look() -> None:
        nonlocal most
        while process.poll() is None:
            try:
                all_of_it = psutil.Process(process.pid).children(recursive=True)
                shares = [each.memory_full_info().pss for each in all_of_it]
                most = max(most, sum(shares) / 1e6)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            time.sleep(0.2)

    watcher = threading.Thread(target=look)
    watcher.start()
    watcher.join()
    return most


def memory(room: Path, clients: list[Path]) -> None:
    one = watch_memory(batch(room / "m1", clients[:4], "--jobs", 1))
    four = watch_memory(batch(room / "m4", clients[:4], "--jobs", 4))
    print(f"memory: {one:.0f} MB with one client under way, {(four - one) / 3:.0f} for each more")


def growth(room: Path, clients: list[Path]) -> None:
    """Print what the first and the last half of many clients cost, and a run with nothing to do."""
    half = len(clients) // 2
    first, both = cpu(batch(room / "g1", clients[:half])), cpu(batch(room / "g2", clients))
    print(f"{half} clients {first:.1f} CPU s, {len(clients)} {both:.1f}: {both / first:.2f} times")
    started = time.monotonic()
    cpu(batch(room / "g2", clients))
    again = time.monotonic() - started
    started = time.monotonic()
    cpu([BIN / "workbook", "report", clients[0], "--out", room / "one"])
    one = time.monotonic() - started
    print(f"again with nothing to do: {again:.1f} s for {len(clients)}; one report: {one:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=24, help="compared with papermill")
    parser.add_argument("--many", type=int, default=40, help="for growth; 1000 takes an hour")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        clients = [
            write_client(room / f"c{n:04d}") for n in range(max(chosen.clients, chosen.many))
        ]
        compare(room, clients[: chosen.clients])
        memory(room, clients)
        growth(room, clients[: chosen.many])


if __name__ == "__main__":
    main()
