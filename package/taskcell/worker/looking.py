"""Look around where a worker would be: which Taskcell, what time, and whether the store can be used from there."""

from __future__ import annotations

import importlib.metadata
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from taskcell import errors
from taskcell.backends.contracts import LookAnswer, LookOrder
from taskcell.store.opening import open_store


def look(order: LookOrder) -> None:
    """Write the answer to the file that the order names."""
    answer = LookAnswer(
        taskcell=importlib.metadata.version("taskcell"),
        python=platform.python_version(),
        clock=datetime.now(UTC),
        problem=_problem(order),
    )
    Path(order.answer).write_bytes(msgspec.json.encode(answer))


def _problem(order: LookOrder) -> str:
    """Read and write; return in a sentence what goes wrong."""
    try:
        store = open_store(order.store, order.project)
        store.format()
        store.blobs.put(b"taskcell doctor")
    except errors.TaskcellError as exc:
        return " ".join(str(exc).split())
    return ""
