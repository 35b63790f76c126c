"""Taskcell: notebook cells as cached, versioned, reproducible workflows.

Everything promised is here and in ``taskcell.testing``. In a notebook: ``%load_ext taskcell``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from taskcell.analysis import CellNames as CellNames
    from taskcell.analysis import analyze as analyze
    from taskcell.api.calls.tasks import task as task
    from taskcell.api.collecting import gc as gc
    from taskcell.api.comparisons.comparing import compare as compare
    from taskcell.api.comparisons.reproducing import Reproduction as Reproduction
    from taskcell.api.comparisons.reproducing import reproduce as reproduce
    from taskcell.api.explanations.explaining import why as why
    from taskcell.api.fetching import url as url
    from taskcell.api.kernels.outcomes import Outcome as Outcome
    from taskcell.api.kernels.outcomes import outcome as outcome
    from taskcell.api.launches.launching import launch as launch
    from taskcell.api.runs.runs import Run as Run
    from taskcell.api.runs.runs import TaskRun as TaskRun
    from taskcell.api.runs.runs import run as run
    from taskcell.api.runs.runs import runs as runs
    from taskcell.api.versions.snapshots import snapshot as snapshot
    from taskcell.api.versions.versions import checkout as checkout
    from taskcell.api.versions.versions import rollback as rollback
    from taskcell.api.versions.versions import tag as tag
    from taskcell.api.versions.versions import versions as versions

__version__ = "0.1.0"

_HOMES = {
    "CellNames": "taskcell.analysis",
    "analyze": "taskcell.analysis",
    "gc": "taskcell.api.collecting",
    "compare": "taskcell.api.comparisons.comparing",
    "why": "taskcell.api.explanations.explaining",
    "launch": "taskcell.api.launches.launching",
    "Reproduction": "taskcell.api.comparisons.reproducing",
    "reproduce": "taskcell.api.comparisons.reproducing",
    "Run": "taskcell.api.runs.runs",
    "TaskRun": "taskcell.api.runs.runs",
    "run": "taskcell.api.runs.runs",
    "runs": "taskcell.api.runs.runs",
    "Outcome": "taskcell.api.kernels.outcomes",
    "outcome": "taskcell.api.kernels.outcomes",
    "snapshot": "taskcell.api.versions.snapshots",
    "task": "taskcell.api.calls.tasks",
    "checkout": "taskcell.api.versions.versions",
    "rollback": "taskcell.api.versions.versions",
    "tag": "taskcell.api.versions.versions",
    "url": "taskcell.api.fetching",
    "versions": "taskcell.api.versions.versions",
}

__all__ = [
    "CellNames",
    "Outcome",
    "Reproduction",
    "Run",
    "TaskRun",
    "analyze",
    "checkout",
    "compare",
    "gc",
    "launch",
    "outcome",
    "reproduce",
    "rollback",
    "run",
    "runs",
    "snapshot",
    "tag",
    "task",
    "url",
    "versions",
    "why",
]


def __getattr__(name: str) -> Any:
    """Import a public name's home when it is first used, so that ``import taskcell`` is quick."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'taskcell' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics: ``%load_ext taskcell``."""
    from taskcell import magics

    magics.load_ipython_extension(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the hooks away: ``%unload_ext taskcell``."""
    from taskcell import magics

    magics.unload_ipython_extension(shell)
