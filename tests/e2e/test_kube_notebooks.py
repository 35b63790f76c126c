"""``%launch`` in a real notebook's kernel, against a real cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, committed_once, until
from tests.integration import kernels

from taskcell.api.runs import runs

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(400)]

CELLS = (
    "%%params\nsize: int = 4",
    "%%task\nnumbers = list(range(size))",
    "%%task total(numbers) -> total\nimport time\ntime.sleep(3)\ntotal = sum(numbers)",
)
LAUNCH = "%launch -p size=5 --backend kubernetes"


@pytest.fixture
def notebook(kube: KubeWorld, tmp_path: Path) -> Iterator[kernels.LiveKernel]:
    """A kernel that has the user's environment, and has run the workflow's cells."""
    environ = {name: value for name, value in os.environ.items() if name.startswith("TASKCELL_")}
    with kernels.kernel(tmp_path, tmp_path / "unused", **environ) as live:
        for number, cell in enumerate(CELLS):
            ran = live.run(cell, cell_id=f"c{number}")
            assert not ran.error, ran.traceback
        yield live


def launched() -> runs.Run:
    return until(lambda: [run for run in runs.runs() if run.plan.backend == "kubernetes"], 60)[0]  # type: ignore[no-any-return]


def test_launch_returns_at_once_and_its_view_follows_the_run_to_its_end(notebook: kernels.LiveKernel) -> None:
    began = time.monotonic()
    ran = notebook.run(LAUNCH, cell_id="launch")
    assert not ran.error, ran.traceback
    assert time.monotonic() - began < 20
    run = launched().wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("total") == 10
    assert not any(task.cached for task in run.tasks.values())
    said = notebook.run(f"import taskcell\nprint(taskcell.run({run.id!r}).sentence)", cell_id="look")
    assert "2 of 2 tasks succeeded" in said.stdout
    again = notebook.run(f"{LAUNCH} --dry-run", cell_id="again")
    assert "2 cached" in again.outputs[-1]["data"]["text/plain"], again.outputs
    committed_once(run)


def test_a_kernel_that_is_killed_while_its_view_follows_changes_nothing(notebook: kernels.LiveKernel) -> None:
    assert not notebook.run(LAUNCH, cell_id="launch").error
    run = launched()
    until(lambda: run.tasks["total"].state == "running")
    notebook._manager.shutdown_kernel(now=True)
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("total") == 10
    committed_once(run)


def test_what_the_cluster_refuses_is_said_in_the_cell_and_nothing_is_made(
    notebook: kernels.LiveKernel, kube: KubeWorld
) -> None:
    ran = notebook.run(f"import os\nos.environ['TASKCELL_KUBERNETES_NAMESPACE'] = 'absent-one'\n{LAUNCH}")
    assert "no namespace 'absent-one'" in ran.message + ran.stdout + ran.stderr, ran
    assert kube.namespace.leftovers() == []
