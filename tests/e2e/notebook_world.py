"""A real Notebook 7, with and without the extension: its widgets come by the same anywidget modules as JupyterLab's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e import lab_pages, lab_world


def missing() -> str:
    """Return what is missing for a Notebook 7, in words; empty when all is there."""
    if importlib.util.find_spec("notebook") is None:
        return "notebook is not installed: make e2e installs it"
    return lab_world.missing()


_OWN = "/static/notebook/notebook_core."


class NotebookServer(lab_world.LabServer):
    """As a JupyterLab's server, with Notebook 7 in its place."""

    def __init__(self, folder: Path, *, extended: bool, **environ: str) -> None:
        self._extended = extended
        super().__init__(folder, **environ)

    def _command(self) -> list[str]:
        lab = [part for part in super()._command()[3:] if not part.startswith(("--LabApp.", "--LabServerApp."))]
        extensions = self.folder / "extensions" if self._extended else self.folder / "none"
        more = {
            "JupyterNotebookApp.expose_app_in_browser": True,
            "JupyterNotebookApp.user_settings_dir": self.folder / "settings",
            "JupyterNotebookApp.workspaces_dir": self.folder / "workspaces",
            "LabServerApp.extra_labextensions_path": extensions,
        }
        loaded = {"jupyterlab": True, "notebook": True, "taskcell.server": self._extended}
        lab = [part for part in lab if not part.startswith("--ServerApp.jpserver_extensions")]
        listed = [f"--{name}={value}" for name, value in more.items()]
        return [sys.executable, "-m", "notebook", *lab, *listed, f"--ServerApp.jpserver_extensions={loaded}"]


class NotebookPage(lab_pages.LabPage):
    """One browser tab with Notebook 7 in it."""

    def __init__(self, page: Any, server: lab_world.LabServer) -> None:
        super().__init__(page, server)
        self.faults: list[str] = []
        """What went wrong outside of Notebook's own modules, which stumble over settings of plugins that it leaves out."""
        page.on("pageerror", self._fault)

    def _fault(self, error: Any) -> None:
        if _OWN not in (error.stack or ""):
            self.faults.append(str(error))

    def open_notebook(self, name: str, query: str = "") -> NotebookPage:
        """Open a notebook and wait for its kernel."""
        self.open(f"notebooks/{name}", query)
        self.page.locator(".jp-Notebook:visible").first.wait_for()
        self.page.evaluate(lab_pages.READY)
        return self


@contextmanager
def server(folder: Path, *, extended: bool) -> Iterator[NotebookServer]:
    """Run a server for as long as the block; a test is skipped where there can be none."""
    if missing():
        pytest.skip(missing())
    made = NotebookServer(folder, extended=extended)
    try:
        made.start()
        yield made
    finally:
        made.stop()
