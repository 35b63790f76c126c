"""A notebook's folder on the laptop and a namespace of the cluster, with what tests of runs do again and again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.clusters import Namespace

from taskcell.api.launches import launching
from taskcell.api.runs import runs
from taskcell.engine import states
from taskcell.store import paths

PATIENCE_S = 150.0


class KubeWorld:
    def __init__(self, folder: Path, namespace: Namespace) -> None:
        self.folder = folder
        self.namespace = namespace

    def write(self, *cells: str) -> Path:
        """Write a notebook of code cells."""
        written = [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for i, cell in enumerate(cells)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        data = {"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        path = self.folder / "flow.ipynb"
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    def launch(self, *cells: str, backend: str = "kubernetes", **options: Any) -> runs.Run:
        return launching.launch(self.write(*cells), backend=backend, **options)

    def pods(self, run: runs.Run, role: str = "worker") -> list[dict[str, Any]]:
        return self.namespace.items("pods", f"taskcell/run={run.id.lower()},taskcell/role={role}")

    def jobs(self, run: runs.Run, role: str = "worker") -> list[dict[str, Any]]:
        return self.namespace.items("jobs", f"taskcell/run={run.id.lower()},taskcell/role={role}")

    def running_pod(self, run: runs.Run, role: str = "worker") -> str:
        """Wait for a running pod and return its name."""

        def running() -> list[str]:
            return [pod["metadata"]["name"] for pod in self.pods(run, role) if pod["status"].get("phase") == "Running"]

        return until(running)[0]


def committed_once(run: runs.Run) -> None:
    """Check that a run's records are what an undisturbed run leaves: one result for each task, and no attempt open."""
    for task_id, task in run.tasks.items():
        numbers = run._store.records.numbers(paths.attempts(run.id, task_id))
        ends = [states.read_attempt(run._store, run.id, task_id, number) for number in numbers]
        said = [attempt.end.state if attempt and attempt.end else "open" for attempt in ends]
        assert said.count("succeeded") == 1, (task_id, said)
        assert "open" not in said, (task_id, said)
        for artifact in task.outputs.values():
            run._store.blobs.get(artifact.blobs[0]) if artifact.blobs else None


def until(found: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Wait for something true and return it."""
    deadline = time.monotonic() + patience_s
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {patience_s:g} s"
        time.sleep(0.2)
    return value
