"""papermill's engine: warm where it can be, a kernel of its own for each notebook everywhere else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from taskcell.backends.local import servers
from taskcell.engine import papermilling
from taskcell.engine.warm import choosing, clients, imports, processes, saving, task_servers

NAME = "taskcell"


class WarmEngine(papermilling.Engine):  # type: ignore[misc]
    """Executes a notebook in a forked process; through papermill's own engine where that can't be.

    Options beyond papermill's own: ``isolation`` (``"kernel"`` for papermill's own engine), ``preload`` (modules that other
    notebooks import too: those with the same ones share a server, which imports them when it has time).
    """

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, output_path: str | None = None, *, isolation: str = "", **options: Any
    ) -> Any:
        """Execute a notebook and return it."""
        reason = 'isolation is "kernel"' if isolation == "kernel" else choosing.obstacle_of(nb, kernel_name)
        if not reason:
            try:
                return executed(nb, output_path=output_path, ipython_dir=str(choosing.ipython_folder()), **options)
            except servers.ServerError as exc:
                reason = str(exc)
        papermilling.logger.info("executed in a kernel of its own: %s", reason)
        options.pop("preload", None)
        return papermilling.NBClientEngine.execute_notebook(nb, kernel_name, output_path=output_path, **options)


def executed(
    nb: Any,
    *,
    output_path: str | None = None,
    ipython_dir: str = "",
    environ: dict[str, str] | None = None,
    modules: Sequence[Path] = (),
    preload: Sequence[str] = (),
    draft: saving.Draft | None = None,
    make_client: Callable[..., clients.WarmClient] = clients.WarmClient,
    progress_bar: Any = True,
    log_output: bool = False,
    execution_timeout: int | float | None = None,
    stdout_file: Any = None,
    stderr_file: Any = None,
    **options: Any,
) -> Any:
    """Execute a notebook in a task process and return it; raise servers.ServerError before anything was executed."""
    sources = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    folder = os.getcwd()  # noqa: PTH109  papermill has gone there
    wanted = imports.of_cells(sources, [Path(folder), *modules])
    process = processes.started(lambda: task_servers.get(ipython_dir, preload or wanted), wanted)
    try:
        process.begin({**os.environ, **(environ or {})}, folder, private=not ipython_dir)
        manager = saving.SavingManager(nb, output_path, draft=draft, log_output=log_output, progress_bar=progress_bar)
        manager.notebook_start()
        try:
            client = make_client(
                manager,
                process,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
                timeout=execution_timeout,
                **_known(options),
            )
            client.execute()
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
    finally:
        process.close()
    return manager.nb


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that concern the client, as papermill's engine hands them on."""
    kept = ("allow_errors", "force_raise_errors", "allow_error_names", "skip_cells_with_tag", "store_widget_state")
    return {name: options[name] for name in kept if name in options}
