"""Kernels forked from a warm process, taken by nbclient and papermill; plain ones elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

import nbclient
import nbformat
import psutil
import pytest
from fault_clients import write_faulty
from jupyter_client.kernelspec import KernelSpecManager

from workbook import forks
from workbook.batch import read_jobs, run_batch
from workbook.kernels import run_notebook
from workbook.language import speak

warm = pytest.mark.skipif(not forks.can_fork(), reason="needs a system that forks")


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    yield
    forks.close_server()
    assert not psutil.Process().children(recursive=True)


def run(*cells: str) -> list[str]:
    """Return what cells print in a kernel of ours, chosen as a user does: by its name."""
    v4 = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="workbook").execute()
    outputs = [out for cell in notebook.cells for out in cell.outputs]
    return [out.get("text") or ",".join(sorted(out["data"])) for out in outputs]


def test_the_kernelspec_is_installed_and_names_the_provisioner():
    spec = KernelSpecManager().get_kernel_spec("workbook")
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "workbook-fork"


@warm
def test_a_kernel_is_a_fork_that_leads_its_group_and_draws():
    facts = "import os, sys; print(os.getpgid(0) == os.getpid(), 'pandas' in sys.modules, end='')"
    draws = "import matplotlib.pyplot as plt; plt.plot([1]); plt.show()"
    assert run(facts, draws)[:1] == ["True True"]
    assert run(draws)[-1] == "image/png,text/plain"


DIES = """\
import os, pathlib
place = pathlib.Path({place!r})
place.write_text(place.read_text() + "." if place.exists() else ".")
if len(place.read_text()) <= {times}:
    os._exit(1)
"""


@pytest.mark.parametrize(("times", "status", "starts"), [(1, "ok", 2), (9, "failed", 2)])
def test_a_kernel_that_dies_before_it_answers_is_started_once_more(
    tmp_path, monkeypatch, times, status, starts
):
    code, count = nbformat.v4.new_code_cell("1 + 1"), tmp_path / "count"
    nbformat.write(nbformat.v4.new_notebook(cells=[code]), tmp_path / "short.ipynb")
    shim = tmp_path / "sitecustomize.py"
    shim.write_text(DIES.format(place=str(count), times=times))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ran = run_notebook(tmp_path / "short.ipynb", {}, speak("en"))
    assert (ran.status, len(count.read_text())) == (status, starts)
    assert ran.executed is not None or "its kernel did not start" in ran.reason


@warm
def test_what_a_kernel_changes_the_next_does_not_see():
    run("import sys, os; sys.spoilt = 1; os.environ['SPOILT'] = '1'")
    looked = run("import sys, os; print(hasattr(sys, 'spoilt'), 'SPOILT' in os.environ, end='')")
    assert looked == ["False False"]


@warm
def test_a_fork_tells_its_exit_code_and_what_it_said():
    for _ in range(20):  # it speaks at once, before or after its number is told
        fork = forks.Fork(Connection.send, ("hello",))
        assert (fork.wait(), fork.said) == (0, ["hello"])


WITHOUT_FORK = """\
import os, sys, psutil
del os.fork
sys.modules["resource"] = None
"""


def test_without_fork_a_batch_runs_in_plain_kernels(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_FORK)
    good = write_faulty(tmp_path, "good", "import sys; print('pandas' in sys.modules)")
    words = [sys.executable, "-m", "workbook", "batch", good, "--out", tmp_path / "out"]
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([str(word) for word in words], env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert '"False\\n"' in (tmp_path / "out/good/report.ipynb").read_text()


def test_only_what_changed_is_run_again(tmp_path):
    folders = [write_faulty(tmp_path, name, "1") for name in ("a", "b")]
    lines: list[str] = []
    again = lambda **more: run_batch(
        read_jobs(folders), tmp_path / "out", progress=lines.append, **more
    )
    again()
    (tmp_path / "a/client.yaml").write_text("name: A\naccent: '#204060'\n")
    lines.clear()
    assert [each.unchanged for each in again()] == [False, True]
    assert any("b: unchanged" in line for line in lines)
    (tmp_path / "out/b/report.html").write_text("spoilt")
    assert [each.unchanged for each in again()] == [True, False]
    assert "spoilt" not in (tmp_path / "out/b/report.html").read_text("utf-8")
    assert [each.unchanged for each in again(force=True)] == [False, False]
