"""Print what a batch costs per client, as ratios in one run, so that machines compare.

Compared on the same notebook: a loop over papermill's API with nbconvert's HTML, and their command
lines. CPU counts all processes. The last lines: memory of a client under way, a run with nothing to
do, and how the cost grows with the clients.

Usage: make bench, or tools/bench_batch.py [--clients N] [--many N]
"""

import argparse
import contextlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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
    before = children_cpu()
    for command in commands:
        words = [str(word) for word in command]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return children_cpu() - before


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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


def most(command: list[object], look: Callable[[psutil.Process], float]) -> float:
    """Return the most that a look at a command's process gives, while it runs."""
    found, process = [0.0], subprocess.Popen([str(w) for w in command], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found.append(look(psutil.Process(process.pid)) / 1e6)
        time.sleep(0.2)
    return max(found)


def shares_below(process: psutil.Process) -> int:
    """Return the bytes that all below a process have of their own, what they share divided."""
    return sum(each.memory_full_info().pss for each in process.children(recursive=True))


def memory(room: Path, clients: list[Path]) -> None:
    one = most(batch(room / "m1", clients[:4], "--jobs", 1), shares_below)
    four = most(batch(room / "m4", clients[:4], "--jobs", 4), shares_below)
    print(f"memory: {one:.0f} MB with one client under way, {(four - one) / 3:.0f} for each more")


def growth(room: Path, clients: list[Path]) -> None:
    """Print what half of many clients and all of them cost, and a run with nothing to do."""
    spent, held = [], []
    for count in (len(clients) // 2, len(clients)):
        before = children_cpu()
        command = batch(room / f"g{count}", clients[:count])
        held.append(most(command, lambda process: process.memory_info().rss))
        spent.append(children_cpu() - before)
        print(f"{count} clients: {spent[-1]:.1f} CPU s, the batch itself {held[-1]:.0f} MB")
    print(f"twice the clients: {spent[1] / spent[0]:.2f} times the CPU, ", end="")
    print(f"{held[1] / held[0]:.2f} times the memory")
    started = time.monotonic()
    cpu(command)
    again = time.monotonic() - started
    started = time.monotonic()
    cpu([BIN / "workbook", "report", clients[0], "--out", room / "one"])
    one = time.monotonic() - started
    print(f"again with nothing to do: {again:.1f} s for {len(clients)}; one report: {one:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=24, help="compared with papermill")
    parser.add_argument("--many", type=int, default=100, help="for growth; 1000 takes half an hour")
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
