"""Execute a task's notebook through papermill, and tell truly how it ended. The only home of papermill.

Differs from a plain ``papermill.execute_notebook`` in four points: the kernel is the worker's own interpreter, not
whatever is registered under the notebook's kernel name; IPython's start-up files and history stay out of it; every
piece of output reaches a listener as it happens; and when the kernel dies or runs out of time, the cell that ran is
recorded as failed and the later ones as pending (papermill marks them completed).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from taskcell import optional_imports
from taskcell.model.runs import TaskError

# What papermill reads notebooks from besides files: here they are given as objects, and these take half of its import.
with optional_imports.hidden("papermill.s3", "papermill.adl", "papermill.abs", "gcsfs", "pyarrow.fs", "github"):
    from papermill import execute_notebook
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import write_ipynb
    from papermill.log import logger as papermill_log

Listener = Callable[[str], None]

OUTPUT_PATIENCE_S = 600
"""How long output may still arrive after a cell has ended; the library's 4 s lose the end of a flood of prints."""
PRINTED_CAP_CHARACTERS = 20_000_000
"""What all cells together may print: a flood must fill neither memory nor store."""
_ENGINE = "taskcell.recording"
_KERNEL = "taskcell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """An executed notebook, and why it failed (None: it did not). ``failed_tags`` are those of the failed cell."""

    notebook: dict[str, Any]
    error: TaskError | None = None
    failed_tags: tuple[str, ...] = ()


def execute(
    notebook: dict[str, Any],
    *,
    scratch: Path,
    parameters: dict[str, Any],
    folder: Path,
    timeout_s: float | None,
    environ: dict[str, str],
    listener: Listener,
) -> Executed:
    """Execute a notebook and return it with its outputs; a failing cell is data, not an exception.

    Parameters
    ----------
    notebook
        nbformat 4.5 as plain data.
    scratch
        An empty folder of the caller's, where the notebook is saved after each cell.
    parameters
        Values that papermill injects, in JSON form.
    folder
        Working folder of the kernel.
    timeout_s
        Seconds that one cell may take; None for no limit.
    environ
        Environment variables of the kernel beyond the worker's own.
    listener
        Called with each piece of text that the cells print or show.
    """
    output = scratch / "executed.ipynb"
    _write_kernel_spec(scratch)
    error: TaskError | None = None
    try:
        execute_notebook(
            nbformat.from_dict(notebook),
            str(output),
            parameters=parameters,
            engine_name=_ENGINE,
            kernel_name=_KERNEL,
            language="python",
            progress_bar=False,
            execution_timeout=None if timeout_s is None else max(1, round(timeout_s)),
            cwd=str(folder),
            scratch=scratch,
            environ=environ,
            listener=listener,
        )
    except PapermillExecutionError as exc:
        error = _cell_error(exc)
    except CellTimeoutError:
        error = _left_open(output, "timeout", f"it took longer than {timeout_s:g} s")
    except DeadKernelError:
        error = _left_open(output, "killed", "its process died (killed, out of memory, or a crash in native code)")
    except RuntimeError as exc:
        # jupyter_client's way of saying that a kernel did not come up
        return Executed(notebook=notebook, error=TaskError(kind="kernel", sentence=f"no kernel: {exc}", counts=False))
    executed = json.loads(output.read_text(encoding="utf-8"))
    tags = () if error is None else _failed_tags(executed)
    return Executed(notebook=executed, error=error, failed_tags=tags)


class _RecordingClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client with a kernel of our choice and a listener."""

    def __init__(self, nb_man: Any, *, scratch: Path, listener: Listener, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._scratch = scratch
        self._listener = listener
        self._printed = 0

    def create_kernel_manager(self) -> Any:
        specs = KernelSpecManager(kernel_dirs=[str(self._scratch / "kernels")], ensure_native_kernel=False)
        # Without a path of its own, sockets are made in the working folder, where two kernels take the same names.
        self.km = AsyncKernelManager(
            kernel_name=_KERNEL, kernel_spec_manager=specs, transport="ipc", ip=str(self._scratch / "k")
        )
        return self.km

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if msg["msg_type"] == "stream" and not self._fits(msg["content"]):
            return None
        output = super().process_message(msg, *args, **kwargs)
        text = _text_of(msg)
        if text:
            self._listener(text)
        return output

    def _fits(self, content: dict[str, Any]) -> bool:
        """Whether printed text is still kept; the piece that is too much ends with a word on it."""
        room = PRINTED_CAP_CHARACTERS - self._printed
        self._printed += len(content["text"])
        if self._printed > PRINTED_CAP_CHARACTERS and room >= 0:
            note = f"\n[what is printed after {PRINTED_CAP_CHARACTERS:,} characters is not kept]\n"
            content["text"] = content["text"][:room] + note
            self._printed = PRINTED_CAP_CHARACTERS + 1
        return room >= 0


class _RecordingEngine(Engine):  # type: ignore[misc]
    """papermill's engine interface around the recording client."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        scratch: Path,
        environ: dict[str, str],
        listener: Listener,
        execution_timeout: int | None = None,
        start_timeout: int = 60,
        **_: Any,
    ) -> None:
        client = _RecordingClient(
            nb_man,
            scratch=scratch,
            listener=listener,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            iopub_timeout=OUTPUT_PATIENCE_S,
            kernel_name=kernel_name,
            shutdown_kernel="immediate",
        )
        client.execute(env={**os.environ, **environ})


papermill_engines.register(_ENGINE, _RecordingEngine)
papermill_log.setLevel("ERROR")


def _write_kernel_spec(scratch: Path) -> None:
    folder = scratch / "kernels" / _KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    (scratch / "ipython").mkdir(exist_ok=True)
    launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    quiet = ["--HistoryManager.enabled=False", f"--ipython-dir={scratch / 'ipython'}"]
    spec = {"argv": launcher + quiet, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _text_of(message: dict[str, Any]) -> str:
    content = message["content"]
    match message["msg_type"]:
        case "stream":
            return str(content["text"])
        case "error":
            return "\n".join(content["traceback"]) + "\n"
        case "display_data" | "execute_result":
            return str(content["data"].get("text/plain", "")) + "\n"
    return ""


def _cell_error(exc: PapermillExecutionError) -> TaskError:
    text = " ".join(str(exc.evalue).split())
    short = text if len(text) <= 300 else text[:299] + "…"
    sentence = f"{exc.ename}: {short}" if short else str(exc.ename)
    return TaskError(kind="exception", sentence=sentence, traceback="\n".join(exc.traceback))


def _left_open(output: Path, kind: str, reason: str) -> TaskError:
    """Correct the record of a notebook that was cut short: the running cell failed, later ones never ran."""
    notebook = nbformat.read(str(output), as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ran = [cell for cell in code if cell.metadata.get("papermill", {}).get("start_time")]
    for cell in code[len(ran) :]:
        cell.metadata.setdefault("papermill", {})["status"] = "pending"
    if ran:
        ran[-1].metadata["papermill"].update(status="failed", exception=True)
        lines = [f"The cell was stopped: {reason}."]
        ran[-1].outputs.append(nbformat.v4.new_output("error", ename=kind.capitalize(), evalue=reason, traceback=lines))
    notebook.metadata.setdefault("papermill", {})["exception"] = True
    write_ipynb(notebook, str(output))
    return TaskError(kind=kind, sentence=reason)


def _failed_tags(notebook: dict[str, Any]) -> tuple[str, ...]:
    for cell in notebook["cells"]:
        if cell.get("metadata", {}).get("papermill", {}).get("exception"):
            return tuple(cell["metadata"].get("tags", ()))
    return ()
