"""The verbs on one machine: a real store, real drivers, workers and kernels, through the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taskcell import errors
from taskcell.api.comparisons import comparing, differing, reproducing
from taskcell.api.explanations import explaining
from taskcell.api.launches import foreseeing
from taskcell.api.runs import opening, rescuing, runs
from taskcell.api.versions import versions
from taskcell.notebook import provenance
from taskcell.store.opening import Store, open_store
from taskcell.views.states import State

pytestmark = pytest.mark.timeout(300)  # a busy machine takes seconds to start each kernel

CELLS = [
    "%load_ext taskcell",
    "%%params\nn: int = 3     # how many\nscale: float = 2.0\n",
    "FACTOR = 3\n\ndef tripled(x):\n    return x * FACTOR\n",
    "%%task\nxs = [tripled(i) for i in range(n)]\ntotal = sum(xs)\nprint('made', total)\n",
    "%%task drawn(n) -> draw\nimport random\ndraw = random.random()\n",
]
BROKEN = "%%task broken(n, scale) -> ratio\nratio = scale / (n - n)\n"


def write_notebook(path: Path, cells: list[str]) -> Path:
    code = [
        {"cell_type": "code", "id": f"c{index}", "metadata": {}, "outputs": [], "execution_count": None, "source": text}
        for index, text in enumerate(cells)
    ]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs the command line in a process of its own."""

    folder: Path
    store_url: str

    def command(self, *words: str) -> list[str]:
        code = "import sys; from taskcell.cli import main; sys.exit(main())"
        return [sys.executable, "-c", code, *words]

    def environ(self) -> dict[str, str]:
        cache = str(self.folder / "cache")
        return {**os.environ, "TASKCELL_STORE": self.store_url, "XDG_CACHE_HOME": cache, "TASKCELL_USER": "ana"}

    def __call__(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            self.command(*words),
            check=False,
            cwd=self.folder,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stdout + done.stderr

    def store(self) -> Store:
        return open_store(self.store_url)


@dataclass(frozen=True, slots=True)
class Story:
    """Two versions of one notebook, a run of each and a failed one, made once for all tests."""

    shell: Shell
    first: runs.Run
    second: runs.Run
    failed: runs.Run


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("verbs")
    shell = Shell(folder, f"file://{folder}/store")
    kept = dict(os.environ)
    os.environ.update({"XDG_CACHE_HOME": str(folder / "cache"), "TASKCELL_STORE": shell.store_url})
    write_notebook(folder / "flow.ipynb", CELLS)
    shell("launch", "flow.ipynb", "--wait", "-m", "first")
    shell("tag", "flow", "prod")
    edited = [*CELLS[:2], CELLS[2].replace("3", "4"), CELLS[3], BROKEN]
    write_notebook(folder / "flow.ipynb", edited)
    shell("launch", "flow.ipynb", "-p", "scale=1.5", "--wait", "-m", "second", code=1)
    write_notebook(folder / "flow.ipynb", [*CELLS[:2], CELLS[2].replace("3", "4"), *CELLS[3:]])
    shell("launch", "flow.ipynb", "-p", "n=3", "--wait", "-m", "third")
    first, failed, second = sorted((folder / "store" / "default" / "runs").iterdir())
    store = shell.store()
    yield Story(
        shell=shell,
        first=runs.Run(store, first.name),
        second=runs.Run(store, second.name),
        failed=runs.Run(store, failed.name),
    )
    os.environ.clear()
    os.environ.update(kept)


def test_launch_executes_what_is_not_cached(story: Story) -> None:
    assert story.first.result("total") == 9
    assert story.second.result("total") == 12
    assert [task.cached for task in story.second.tasks.values()] == [True, True]


def test_versions_say_what_changed(story: Story) -> None:
    shown = story.shell("versions", "flow")
    assert "@1 [prod]" in shown
    assert "~ xs" in shown
    listed = differing.version_list(story.shell.store(), versions.versions("flow"))
    assert [row.number for row in listed.versions] == [3, 2, 1]
    assert [row.runs for row in listed.versions] == [1, 1, 1]


def test_compare_shows_constant_parameter_and_results(story: Story) -> None:
    found = comparing.compare(story.first, story.failed)
    assert found.parameters["scale"] == (2.0, 1.5)
    assert found.results["total"] == (9, 12)
    assert found.results["state of broken"][1].startswith("failed: ZeroDivisionError")
    assert "+FACTOR = 4" in found.code["constant FACTOR (in xs)"]
    assert "CODE" in story.shell("compare", story.first.id, story.failed.id)


def test_why_names_the_constant_with_its_lines(story: Story) -> None:
    found = explaining.why("xs", run=story.failed, against=story.first)
    assert found.changed == ("constant:FACTOR",)
    assert not found.cached
    assert [line.text for line in found.view.changes[0].lines if line.side == "+"] == ["FACTOR = 4"]


def test_why_of_a_hit_says_whose_result_and_how_long_it_took(story: Story) -> None:
    found = explaining.why("xs", run=story.second)
    assert found.cached
    assert story.failed.id in found.headline
    assert re.search(r"took [\d.]+ m?s then · saved [\d.]+ m?s", found.headline)


def test_why_of_the_first_run_says_so(story: Story) -> None:
    assert "first run" in explaining.why("xs", run=story.first).headline


def test_why_of_an_unknown_task_offers_the_nearest(story: Story) -> None:
    with pytest.raises(errors.NotFoundError) as caught:
        explaining.why("drwan")
    assert "Did you mean 'drawn'?" in str(caught.value)


def test_dag_foresees_what_would_run(story: Story) -> None:
    graph = foreseeing.graph(story.shell.store(), "flow@2")
    states = {node.id: node.state for node in graph.nodes if node.state}
    assert states == {"xs": State.CACHED, "broken": State.WILL_RUN}
    assert story.shell("dag", "flow.ipynb").startswith("flow · 2 tasks: 2 cached")


def test_why_against_a_version_takes_its_newest_run(story: Story) -> None:
    said = json.loads(story.shell("why", "xs", "--run", story.second.id, "--against", "flow@1", "--json"))
    assert (said["verdict"], said["compared_to"]) == ("hit", story.first.id)
    assert [(change["part"], change["name"]) for change in said["changes"]] == [("constant", "FACTOR")]


def test_dry_run_says_why_and_starts_nothing(story: Story) -> None:
    before = len(runs.runs(limit=100))
    said = " ".join(story.shell("launch", "flow@3", "-p", "n=4", "--dry-run").split())
    assert "2 will run" in said
    assert "parameter n changed 3 → 4" in said
    assert len(runs.runs(limit=100)) == before
    write_notebook(story.shell.folder / "refused.ipynb", ["%%task lost(nowhere) -> x\nx = nowhere\n"])
    assert "nowhere" in story.shell("launch", "refused.ipynb", "--dry-run", code=1)


def test_rescue_gives_the_exact_inputs_of_a_failed_task(story: Story) -> None:
    assert rescuing.rescue(story.failed, "broken") == {"n": 3, "scale": 1.5}
    written = story.shell("rescue", story.failed.id, "broken")
    assert "rescue-broken.ipynb" in written
    notebook = json.loads((story.shell.folder / "rescue-broken.ipynb").read_text())
    assert "ratio = scale / (n - n)" in notebook["cells"][-1]["source"]


def test_open_writes_the_experiments_notebook_and_overwrites_nothing(story: Story) -> None:
    first = story.shell("open", story.first.link, "--json")
    path = story.shell.folder / json.loads(first)["notebook"]
    said: dict[str, Any] = provenance.read_provenance(path) or {}
    assert said["run_id"] == story.first.id
    notebook = json.loads(path.read_text())
    shown = {cell["source"]: cell["outputs"] for cell in notebook["cells"] if cell.get("outputs")}
    assert list(shown) == [CELLS[3]]
    path.write_text("mine")
    story.shell("open", story.first.id)
    assert path.read_text() == "mine"


def test_failed_task_is_shown_with_its_error_in_the_experiments_notebook(story: Story) -> None:
    notebook = json.loads(opening.experiment(story.failed))
    kinds = [output["output_type"] for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert "error" in kinds


def test_run_says_with_its_exit_code_whether_it_failed(story: Story) -> None:
    assert story.failed.id in story.shell("run", story.failed.id, code=1)
    assert "made 9" in story.shell("logs", story.first.id, "xs")
    assert story.shell("notebook", story.first.id, "xs").strip().endswith("notebook.ipynb")


def test_gc_reports_only_until_it_is_told_yes(story: Story) -> None:
    story.shell.store().blobs.put(b"nobody refers to this")
    assert "Nothing was deleted" in story.shell("gc", "--grace", "0")
    assert "Freed" in story.shell("gc", "--grace", "0", "--yes")
    assert "Nothing to free" in story.shell("gc", "--grace", "0")
    assert story.first.result("total") == 9


def test_reproduce_from_a_mailed_notebook_gives_a_verdict_for_each_output(story: Story) -> None:
    mailed = story.shell.folder / "mailed.ipynb"
    mailed.write_bytes(story.first.notebook("xs").read_bytes())
    lines: list[str] = []
    found = reproducing.reproduce(mailed, say=lines.append)
    assert found.original.id == story.first.id
    assert found.outputs == {"xs": "identical", "total": "identical", "draw": "different"}
    assert (found.verdict, found.first_difference, found.cause) == ("different", "drawn", "nondeterminism")
    assert "draws random numbers without a seed: random. Give the task --seed" in found.causes["drawn"].why
    assert not any(task.cached for task in found.run.tasks.values())
    assert found.run.id in lines[0]


def test_notebook_of_a_version_is_refused_with_the_launch_command(story: Story) -> None:
    story.shell("checkout", "flow:prod", "-o", "old.ipynb")
    with pytest.raises(errors.InvalidInputError) as caught:
        reproducing.reproduce(story.shell.folder / "old.ipynb")
    assert "taskcell launch flow@1" in caught.value.remedy


def test_notebook_whose_store_is_gone_is_refused_by_name(story: Story, tmp_path: Path) -> None:
    lost = json.loads(story.first.notebook("xs").read_text())
    lost["metadata"]["taskcell"] |= {"store": f"file://{tmp_path}/gone", "run_id": "0" * 26}
    path = tmp_path / "lost.ipynb"
    path.write_text(json.dumps(lost))
    with pytest.raises(errors.NotFoundError, match="can't be reached"):
        reproducing.reproduce(path)


def test_interrupted_wait_detaches_and_a_second_interrupt_cancels(story: Story) -> None:
    sleeper = "%%task nap(n) -> done\nimport time\ntime.sleep(60)\ndone = n\n"
    write_notebook(story.shell.folder / "slow.ipynb", [CELLS[1], sleeper])
    process = subprocess.Popen(
        story.shell.command("launch", "slow.ipynb", "--wait"),
        cwd=story.shell.folder,
        env=story.shell.environ(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any("1 running" in line for line in lines)
    process.send_signal(signal.SIGINT)
    assert "goes on" in next(line for line in lines if line.startswith("Detached"))
    process.send_signal(signal.SIGINT)
    rest = "".join(lines)
    assert process.wait(30) == 130
    process.stderr.close()
    assert "Cancelling" in rest
    (run,) = runs.runs("slow", store=story.shell.store_url)
    deadline = time.monotonic() + 30
    while not run.state.ended and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.state == "cancelled"


def test_command_line_imports_nothing_heavy() -> None:
    code = "import sys; from taskcell.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    heavy = {"pandas", "numpy", "pyarrow", "IPython", "papermill", "nbformat", "fsspec", "msgspec", "sqlite3"}
    assert loaded & heavy == set()
