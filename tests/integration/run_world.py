"""A folder with a notebook and a store, and processes in it: for tests with real drivers, workers and kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

import taskcell
from taskcell.api.launches import launching
from taskcell.api.runs import runs
from taskcell.backends import scratch

PATIENCE_S = 90.0


class World:
    """Attributes: ``folder`` of the notebook, ``url`` of the store, ``notebook``'s path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.store = folder / "store"
        self.url = self.store.as_uri()
        self.notebook = self.folder / "flow.ipynb"

    def write(self, *cells: str, name: str = "flow.ipynb") -> Path:
        """Write a notebook of code cells."""
        self.notebook = self.folder / name
        written = [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for i, cell in enumerate(cells)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        data = {"cells": written, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        self.notebook.write_text(json.dumps(data), encoding="utf-8")
        return self.notebook

    def launch(self, *arguments: Any, **options: Any) -> runs.Run:
        """Launch the notebook."""
        return launching.launch(self.notebook, *arguments, store=self.url, **{"max_workers": 2, **options})

    def run(self, *arguments: Any, **options: Any) -> runs.Run:
        """Launch the notebook and wait for its end."""
        return self.launch(*arguments, **options).wait(PATIENCE_S)

    def lines(self, name: str = "effects") -> list[str]:
        """Return the lines that bodies appended to a file of the project."""
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def python(self, code: str, **environ: str) -> subprocess.Popen[str]:
        """Start another process in which ``taskcell`` and ``notebook`` are known."""
        head = f"import taskcell; notebook = {str(self.notebook)!r}\n"
        return subprocess.Popen(
            [sys.executable, "-c", head + code],
            cwd=self.folder,
            env={**os.environ, "TASKCELL_STORE": self.url, "PYTHONPATH": package_path(), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def package_path() -> str:
    """Return where ``taskcell`` is imported from."""
    return str(Path(taskcell.__file__).parent.parent)


def until(condition: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until a condition is true; return what it gave."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {what} within {patience_s:g} s")


def processes_of(run_id: str) -> Iterator[psutil.Process]:
    """Yield all living processes of a run: driver, workers, kernels and what they started."""
    mark = scratch.beginning(run_id)
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            if run_id in " ".join(process.cmdline()) or process.environ().get("TASKCELL_TASK", "").startswith(mark):
                yield process
        except (psutil.Error, OSError):
            continue


def workers_of(run_id: str) -> list[psutil.Process]:
    """Return the worker processes of a run."""
    return [process for process in processes_of(run_id) if "work" in process.cmdline()]


def driver_of(run: runs.Run) -> psutil.Process:
    """Return the process that drives a run, once there is one."""

    def find() -> psutil.Process | None:
        return next((process for process in processes_of(run.id) if "drive" in process.cmdline()), None)

    found: psutil.Process = until(find, "driver")
    return found
