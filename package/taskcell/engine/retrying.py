"""Whether a failed attempt is followed by another one, and when: the user's errors spend retries, the platform's don't."""

from __future__ import annotations

from taskcell.engine.nodes import Node
from taskcell.model.runs import TaskError

LOST_LIMIT = 3
"""Workers that one task may take down before it is given up."""
INTERRUPTION_LIMIT = 100
"""Interruptions by the platform, none of which is the task's doing, after which it is given up all the same."""
LONGEST_DELAY_S = 3600.0


def delay_after(node: Node, error: TaskError | None) -> float | None:
    """Count a failed attempt against a node; return the seconds before the next one, or None when it has had enough."""
    node.error = error
    counts = error is None or error.counts
    interrupted = not counts and error is not None and error.kind == "interrupted"
    node.failures += counts
    node.interruptions += interrupted
    node.losses += not counts and not interrupted
    if error is not None and error.final:
        return None
    options = node.task.options
    if node.failures > options.retries or node.losses >= LOST_LIMIT or node.interruptions >= INTERRUPTION_LIMIT:
        return None
    return min(options.retry_delay_s * 2.0 ** min(node.failures - 1, 30), LONGEST_DELAY_S) if counts else 0.0
