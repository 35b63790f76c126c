"""Folders that an attempt works in: named after it, so that whoever outlives a worker can find what it left.

Names are short digests, because a kernel's sockets lie in there and a socket's path has 104 bytes at most.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from taskcell.hashing import digest_parts


def prefix(run_id: str, task_id: str = "", attempt: int = 0) -> str:
    """Return how the names of an attempt's folders begin; without a task, those of a whole run."""
    whole = f"taskcell-{digest_parts('run', [run_id])[:12]}-"
    return f"{whole}{digest_parts('task', [task_id])[:6]}-{attempt}-" if task_id else whole


def make(run_id: str, task_id: str, attempt: int) -> Path:
    """Make an empty folder of an attempt."""
    return Path(tempfile.mkdtemp(prefix=prefix(run_id, task_id, attempt)))


def beginning(run_id: str, order_id: str = "") -> str:
    """Return how the paths of the folders of an order begin; without an order, those of a whole run."""
    task_id, _, attempt = order_id.rpartition("/")
    return str(Path(tempfile.gettempdir()) / prefix(run_id, task_id, int(attempt or 0)))


def remove(run_id: str, order_id: str = "") -> None:
    """Remove what is left of an order's folders, or of a whole run's."""
    begin = Path(beginning(run_id, order_id))
    for folder in begin.parent.glob(f"{begin.name}*"):
        shutil.rmtree(folder, ignore_errors=True)
