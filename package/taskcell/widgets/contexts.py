"""On whose behalf a kernel answers: its store, its notebook's folder, and one memory for all views."""

from __future__ import annotations

from pathlib import Path

from taskcell.api import configuration
from taskcell.api.feeds import contracts, memory
from taskcell.api.kernels import sessions
from taskcell.api.versions import snapshots
from taskcell.store.opening import Store

_MEMORY = memory.Memory()


def of_kernel(store: Store | None = None) -> contracts.Context:
    """Return the context of this kernel, for a store or for the settings' own."""
    return contracts.Context(
        store=store or configuration.store(), in_kernel=sessions.current() is not None, folder=_folder(), memory=_MEMORY
    )


def _folder() -> Path | None:
    session = sessions.current()
    return snapshots.notebook_folder(session) if session is not None else None
