"""Seeds of task runs: what ``--seed`` sets, and for each element of a map one of its own."""

from __future__ import annotations

from taskcell.hashing import digest_parts
from taskcell.model.tasks import Task

_BITS = 32
"""What ``numpy.random.seed`` takes, so that a recorded seed can be given to any generator by hand."""


def seed_of(task: Task, element: str | None = None) -> int | None:
    """Return the seed of a task run; None for a task without ``--seed``.

    Parameters
    ----------
    element
        Digest of the element that a mapped task gets; its seed follows from it and from ``--seed`` alone, so that
        equal keys mean equal seeds, wherever in the list the element stands. None: the task isn't mapped.
    """
    if task.options.seed is None or element is None:
        return task.options.seed
    return int(digest_parts("taskcell.seed/1", [str(task.options.seed), element])[: _BITS // 4], 16)
