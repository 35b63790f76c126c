"""The executed notebook of an attempt that still executes, for whoever looks meanwhile; what is left of one that was killed.

Each state is a file of its own, so that a reader finds it whole; the one before it is removed. The notebook itself, written at
the end, takes the place of them all.
"""

from __future__ import annotations

import contextlib
from typing import Any

from taskcell import errors
from taskcell.notebook import writing
from taskcell.store import paths
from taskcell.store.opening import Store

PAUSE_S = 1.0
FAR_PAUSE_S = 10.0
"""How long at least from one state to the next, in a folder and where each is two requests."""


class Drafts:
    """The states of one attempt's notebook."""

    def __init__(self, store: Store, run_id: str, task_id: str, attempt: int) -> None:
        self._files = store.project_files
        self._where = (run_id, task_id, attempt)
        self._number = 0
        self.pause_s = PAUSE_S if store.pause_s(0.0) == 0.0 else FAR_PAUSE_S

    def write(self, notebook: dict[str, Any]) -> None:
        """Show a state. A store that doesn't take it now will say so at the end; the task goes on."""
        with contextlib.suppress(errors.StoreError):
            self._files.create(paths.draft(*self._where, self._number + 1), writing.dump_notebook(notebook))
            self._number += 1
            self._remove(self._number - 1)

    def close(self) -> None:
        """Remove the last state: there is the notebook."""
        with contextlib.suppress(errors.StoreError):
            self._remove(self._number)

    def _remove(self, number: int) -> None:
        if number:
            self._files.delete(paths.draft(*self._where, number))


def read(store: Store, run_id: str, task_id: str, attempt: int) -> bytes:
    """Return an attempt's notebook as it is, executed or so far; raise NotFoundError when it has none yet."""
    for _ in range(3):
        try:
            return store.project_files.read(paths.notebook(run_id, task_id, attempt))
        except errors.NotFoundError:
            listed = store.project_files.list(paths.drafts(run_id, task_id, attempt))
            newest = max((entry.path for entry in listed if entry.path.endswith(".ipynb")), default=None)
            if newest is None:
                raise
        # Between the look and the reading a newer one, or the notebook, may take its place.
        with contextlib.suppress(errors.NotFoundError):
            return store.project_files.read(newest)
    return store.project_files.read(paths.notebook(run_id, task_id, attempt))
