"""The one line that says what became of a task's cell."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from taskcell.api.kernels import interactive, sessions
from taskcell.model.caching import CacheEntry
from taskcell.model.tasks import InputKind
from taskcell.views import words


def report(
    outcome: sessions.Outcome,
    entry: CacheEntry | None,
    prepared: interactive.Prepared,
    *,
    hits: int,
    elements: int,
) -> None:
    """Print what happened: cached or ran, how long, from whom; and whatever the user should know."""
    task = prepared.task
    duration = words.duration(outcome.duration_s)
    if outcome.cached and entry is not None:
        age = words.age(entry.created_at, datetime.now(UTC))
        told = f"cached · {duration} · from run {entry.run_id} by {entry.author}, {age}"
    else:
        size = sum(artifact.size_bytes for artifact in outcome.outputs.values())
        counted = f"{hits} of {elements} elements cached · " if task.options.map_over else ""
        told = f"ran · {duration} · {counted}stored {words.size(size)}"
    print(f"{signature(prepared)} · {told}")
    if prepared.uncacheable:
        print(f"  not cached: {prepared.uncacheable}")
    for notice in prepared.notices:
        print(f"  note: {notice}")


def flush() -> None:
    """Let what was written so far stand above what comes now, on whichever stream; each takes a turn of another thread."""
    sys.stderr.flush()
    sys.stdout.flush()


def signature(prepared: interactive.Prepared) -> str:
    """Return ``train(month_flights, learning_rate) -> model, mae``."""
    task = prepared.task
    inputs = ", ".join(
        f"{item.name} (plain value)" if item.kind is InputKind.VALUE else item.name for item in task.inputs
    )
    outputs = f" -> {', '.join(task.outputs)}" if task.outputs else ""
    return f"{task.name}({inputs}){outputs}"


def waiting() -> None:
    """Say that somebody else is at it."""
    print("Another process executes the same task with the same inputs: waiting for its result …")
