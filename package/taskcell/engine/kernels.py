"""Execute a notebook in a kernel of its own, as papermill does: the reference, and the way where nothing can be forked.

Differs from papermill's engine in five points: the kernel is the worker's own interpreter, not whatever is registered under the
notebook's kernel name; IPython's start-up files and history stay out of it; every piece of output reaches a listener as it
happens; a widget's messages never hide an answer; and when the kernel dies or runs out of time, the cell that ran is recorded as
failed and the later ones as pending (papermill marks them completed).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from taskcell.engine import papermilling, recording
from taskcell.engine.warm import saving

OUTPUT_PATIENCE_S = 600
"""How long output may still arrive after a cell has ended; the library's 4 s lose the end of a flood of prints."""
_KERNEL = "taskcell"


class _RecordingClient(recording.Recording, papermilling.PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client with a kernel of our choice and a listener."""

    def __init__(self, nb_man: Any, *, scratch: Path, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._scratch = scratch

    def create_kernel_manager(self) -> Any:
        specs = KernelSpecManager(kernel_dirs=[str(self._scratch / "kernels")], ensure_native_kernel=False)
        # Without a path of its own, sockets are made in the working folder, where two kernels take the same names.
        self.km = AsyncKernelManager(
            kernel_name=_KERNEL, kernel_spec_manager=specs, transport="ipc", ip=str(self._scratch / "k")
        )
        return self.km

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Take a message, and look whether an answer came meanwhile.

        What is sent for a widget goes past the loop that watches the socket, and can hide from it that something came in:
        papermill's own client then waits for ever.
        """
        try:
            return super().process_message(msg, *args, **kwargs)
        finally:
            self.kc.shell_channel.socket.get(zmq.EVENTS)


class KernelEngine(papermilling.Engine):  # type: ignore[misc]
    """papermill's engine interface around the recording client."""

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, *, progress_bar: bool, draft: saving.Draft | None = None, **options: Any
    ) -> Any:
        """Execute a notebook and return it; papermill's own would save it at every turn."""
        manager = saving.SavingManager(nb, draft=draft, progress_bar=progress_bar)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, **options)
        finally:
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        scratch: Path,
        watched: list[Any],
        environ: dict[str, str],
        listener: recording.Listener,
        execution_timeout: float | None = None,
        start_timeout: int = 60,
        **_: Any,
    ) -> None:
        """Execute the cells; the notebook is left in ``watched``, however the execution ends."""
        watched.append(nb_man.nb)
        _write_kernel_spec(scratch)
        client = _RecordingClient(
            nb_man,
            scratch=scratch,
            listener=listener,
            timeout=None if execution_timeout is None else max(1, round(execution_timeout)),
            startup_timeout=start_timeout,
            iopub_timeout=OUTPUT_PATIENCE_S,
            kernel_name=kernel_name,
            shutdown_kernel="immediate",
        )
        client.execute(env={**os.environ, **environ})


def _write_kernel_spec(scratch: Path) -> None:
    folder = scratch / "kernels" / _KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    (scratch / "ipython").mkdir(exist_ok=True)
    launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    quiet = ["--HistoryManager.enabled=False", f"--ipython-dir={scratch / 'ipython'}"]
    spec = {"argv": launcher + quiet, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def leave_open(notebook: Any, exc: papermilling.CellTimeoutError | papermilling.DeadKernelError, reason: str) -> None:
    """Correct the record of a notebook that was cut short: the running cell failed, later ones never ran."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ran = [cell for cell in code if cell.metadata.get("papermill", {}).get("start_time")]
    for cell in code[len(ran) :]:
        cell.metadata.setdefault("papermill", {})["status"] = "pending"
    if ran:
        ran[-1].metadata["papermill"].update(status="failed", exception=True)
        lines = [f"The cell was stopped: {reason}."]
        name = type(exc).__name__
        ran[-1].outputs.append(papermilling.nbformat.v4.new_output("error", ename=name, evalue=reason, traceback=lines))
    notebook.metadata.setdefault("papermill", {})["exception"] = True
