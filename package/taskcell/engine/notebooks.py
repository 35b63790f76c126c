"""Execute a task's notebook through papermill, and tell truly how it ended.

In a process forked from a warm server where that can be done (``engine.warm``), in a kernel of its own elsewhere
(``kernels``). papermill has its home in this package: it loads, injects parameters, marks errors and keeps the record's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskcell.backends.local import servers
from taskcell.engine import drafts, kernels, papermilling, recording
from taskcell.engine.warm import clients, engines, imports, saving
from taskcell.model.runs import TaskError
from taskcell.model.tasks import Isolation


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """An executed notebook, and why it failed (None: it did not). ``failed_tags`` are those of the failed cell.

    ``may_have_left`` says whether processes that it started may still run.
    """

    notebook: dict[str, Any]
    error: TaskError | None = None
    failed_tags: tuple[str, ...] = ()
    may_have_left: bool = True


class _RecordingClient(recording.Recording, clients.WarmClient):
    """The warm client with a listener."""

    def printed(self, name: str, text: str) -> None:
        """Take printed text; it does not always become a message."""
        self.listen(text)
        kept = self.kept(text)
        if kept:
            super().printed(name, kept)

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Take a message; of text was told, and it was cut, already."""
        if msg["msg_type"] == "stream":
            return clients.WarmClient.process_message(self, msg, *args, **kwargs)
        return super().process_message(msg, *args, **kwargs)


class _WarmEngine(papermilling.Engine):  # type: ignore[misc]
    """A forked process for each notebook; no falling back, because the caller does that."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        *,
        watched: list[Any],
        scratch: Path,
        listener: recording.Listener,
        environ: dict[str, str],
        draft: saving.Draft | None,
        **options: Any,
    ) -> Any:
        watched.append(nb)

        def client(*args: Any, **more: Any) -> clients.WarmClient:
            return _RecordingClient(*args, listener=listener, **more)

        return engines.executed(
            nb,
            environ=environ,
            modules=[scratch / "modules"],
            make_client=client,
            draft=draft,
            **options,
        )


papermilling.papermill_engines.register(engines.NAME, engines.WarmEngine)
papermilling.logger.setLevel("ERROR")


def execute(
    notebook: dict[str, Any],
    *,
    scratch: Path,
    parameters: dict[str, Any],
    folder: Path,
    timeout_s: float | None,
    environ: dict[str, str],
    listener: recording.Listener,
    isolation: Isolation = Isolation.PROCESS,
    imported: Sequence[str] = (),
    draft: drafts.Drafts | None = None,
) -> Executed:
    """Execute a notebook and return it with its outputs; a failing cell is data, not an exception.

    Parameters
    ----------
    notebook
        nbformat 4.5 as plain data.
    scratch
        An empty folder of the caller's.
    parameters
        Values that papermill injects, in JSON form.
    folder
        Working folder of the cells.
    timeout_s
        Seconds that one cell may take; None for no limit.
    environ
        Environment variables of the cells beyond the worker's own.
    listener
        Called with each piece of text that the cells print or show.
    isolation
        A kernel of its own, or a forked process where that can be done.
    imported
        Modules that the code of the workflow imports, also that of other notebooks: those with the same ones share a server.
    draft
        Takes the notebook now and then while it is executed; None: nobody looks.
    """
    warm = isolation is Isolation.PROCESS and not servers.obstacle()
    watched: list[Any] = []
    options = {
        "scratch": scratch,
        "parameters": parameters,
        "folder": str(folder),
        "execution_timeout": timeout_s,
        "environ": environ,
        "listener": listener,
        "preload": imports.installed((imports.OURS, *imported), [folder, scratch / "modules"]) if warm else (),
        "draft": draft
        and saving.Draft(
            write=lambda made: draft.write(_plain(papermilling.nbformat.from_dict(made))), pause_s=draft.pause_s
        ),
    }
    try:
        error = _papermill(_WarmEngine if warm else kernels.KernelEngine, notebook, watched, options)
    except servers.ServerError:
        # Nothing was executed yet.
        warm = False
        error = _papermill(kernels.KernelEngine, notebook, watched, options)
    if not watched or (error is not None and error.kind == "kernel"):
        return Executed(notebook=notebook, error=error)
    executed = _plain(watched[-1])
    tags = () if error is None else _failed_tags(executed)
    return Executed(notebook=executed, error=error, failed_tags=tags, may_have_left=not warm)


def _papermill(
    engine: type[papermilling.Engine], notebook: dict[str, Any], watched: list[Any], options: dict[str, Any]
) -> TaskError | None:
    try:
        papermilling.execute_object(
            notebook,
            engine=engine,
            kernel_name="taskcell",
            language="python",
            progress_bar=False,
            watched=watched,
            **options,
        )
    except papermilling.PapermillExecutionError as exc:
        return _cell_error(exc)
    except papermilling.CellTimeoutError as exc:
        return _left_open(watched, engine, exc, "timeout", f"it took longer than {options['execution_timeout']:g} s")
    except papermilling.DeadKernelError as exc:
        stock = "its process died (killed, out of memory, or a crash in native code)"
        return _left_open(watched, engine, exc, "killed", stock if engine is kernels.KernelEngine else str(exc))
    except RuntimeError as exc:
        # jupyter_client's way of saying that a kernel did not come up
        return TaskError(kind="kernel", sentence=f"no kernel: {exc}", counts=False)
    return None


def _left_open(
    watched: list[Any],
    engine: type[papermilling.Engine],
    exc: papermilling.CellTimeoutError | papermilling.DeadKernelError,
    kind: str,
    reason: str,
) -> TaskError:
    if engine is kernels.KernelEngine:
        kernels.leave_open(watched[-1], exc, reason)
    return TaskError(kind=kind, sentence=reason)


def _plain(notebook: Any) -> dict[str, Any]:
    """Return a notebook as plain data; it is used up."""
    data: dict[str, Any] = _dict(papermilling.rwbase.strip_transient(papermilling.rwbase.split_lines(notebook)))
    return data


def _dict(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dict(value[key]) for key in sorted(value)}
    return [_dict(item) for item in value] if isinstance(value, list) else value


def _cell_error(exc: papermilling.PapermillExecutionError) -> TaskError:
    text = " ".join(str(exc.evalue).split())
    short = text if len(text) <= 300 else text[:299] + "…"
    sentence = f"{exc.ename}: {short}" if short else str(exc.ename)
    return TaskError(kind="exception", sentence=sentence, traceback="\n".join(exc.traceback))


def _failed_tags(notebook: dict[str, Any]) -> tuple[str, ...]:
    for cell in notebook["cells"]:
        if cell.get("metadata", {}).get("papermill", {}).get("exception"):
            return tuple(cell["metadata"].get("tags", ()))
    return ()
