"""The notebook's file while it is executed: saved now and then, whole or not at all, and always at the end."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from taskcell.engine import papermilling

FIRST_SAVE_S = 0.3
"""Notebooks that take less are saved once, at their end."""
_PAUSE_S = 1.0
_SHARE = 0.05
"""Part of the time that saving may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Where the notebook can be seen while it is executed, besides a file: ``write`` shows it, at most every ``pause_s``."""

    write: Callable[[Any], None]
    pause_s: float = _PAUSE_S


class SavingManager(papermilling.NotebookExecutionManager):  # type: ignore[misc]
    """papermill's keeper of a notebook's state, which saves at every turn; this one saves when it is time."""

    def __init__(self, *args: Any, draft: Draft | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._draft = draft
        self._pause_s = _PAUSE_S if draft is None else draft.pause_s
        self._next_save = time.monotonic() + (FIRST_SAVE_S if draft is None else draft.pause_s)
        self._is_unsaved = False
        self._is_over = False

    def save(self, **_: Any) -> None:
        """Save if it is time to."""
        begun = time.monotonic()
        self._is_unsaved = True
        if self._is_over:
            self._write()
        elif begun >= self._next_save:
            self._write()
            if self._draft is not None:
                self._draft.write(self.nb)
            ended = time.monotonic()
            self._next_save = ended + max(self._pause_s, (ended - begun) / _SHARE)
            self._is_unsaved = False
        self.last_save_time = self.now()

    def cell_complete(self, cell: Any, cell_index: int | None = None, **_: Any) -> None:
        """Note a cell's end, and save if it is time to. papermill's own reads times in any form, longer than a cell takes."""
        ended, facts = self.now(), cell.metadata.papermill
        if self.log_output:
            papermilling.logger.info(f"Ending Cell {'' if cell_index is None else cell_index + 1:-<43}")
            sys.stdout.flush()
            sys.stderr.flush()
        facts["end_time"] = ended.isoformat()
        if facts.get("start_time"):
            facts["duration"] = (ended - datetime.fromisoformat(facts["start_time"])).total_seconds()
        if facts["status"] != self.FAILED:
            facts["status"] = self.COMPLETED
        self.save()
        if self.pbar:
            self.pbar.update(1)

    def autosave_cell(self) -> None:
        """Save if it is time to, within a cell."""
        self.save()

    def is_due(self) -> bool:
        """Whether the next call of ``save`` writes."""
        return self._is_seen() and time.monotonic() >= self._next_save

    def due_in_s(self) -> float | None:
        """Return when what has happened is to be saved, should nothing more happen; None when there is nothing to save."""
        return max(0.0, self._next_save - time.monotonic()) if self._is_unsaved and self._is_seen() else None

    def _is_seen(self) -> bool:
        return self._draft is not None or bool(self.output_path)

    def notebook_complete(self, **_: Any) -> None:
        """Complete the notebook's state, and save it. A cell that was never reached stays pending."""
        pending = [cell for cell in self.nb.cells if cell.metadata.papermill["status"] == self.PENDING]
        self._is_over = True
        stopped = self.nb.metadata.papermill["exception"] is not None
        write, self._write = self._write, _nothing  # type: ignore[method-assign]
        super().notebook_complete()
        self._write = write  # type: ignore[method-assign]
        if stopped:
            for cell in pending:
                cell.metadata.papermill["status"] = self.PENDING
        self._write()

    def _write(self) -> None:
        if self.output_path:
            write(self.nb, self.output_path)


def _nothing() -> None:
    """Write nothing."""


def write(notebook: Any, path: str) -> None:
    """Write a notebook where papermill would; a local file is replaced as a whole."""
    if "://" in path or path == "-":
        papermilling.write_ipynb(notebook, path)
        return
    target = Path(path)
    fd, name = tempfile.mkstemp(prefix=f".{target.name[:100]}-", suffix=".ipynb", dir=target.parent)
    os.close(fd)
    try:
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        papermilling.write_ipynb(notebook, name)
        os.chmod(name, mode & 0o7777)  # noqa: PTH101
        os.replace(name, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
