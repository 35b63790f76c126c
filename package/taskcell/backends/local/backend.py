"""The local backend as one object."""

from __future__ import annotations

import os

from taskcell.backends import contracts
from taskcell.backends.local import drivers, workers
from taskcell.model.runs import DriverStart


class LocalBackend:
    """Runs tasks as processes of this machine, as the user who launches them."""

    name = "local"

    def start_driver(self, order: contracts.DriverOrder) -> None:
        """Start a driver in a session of its own, so that it outlives kernel and terminal."""
        drivers.start(order)

    def driver_alive(self, start: DriverStart) -> bool:
        """Whether that driver still works; a driver of another machine is taken to."""
        return drivers.alive(start)

    def last_words(self, run_id: str) -> str:
        """Return the last line that the run's newest driver on this machine wrote on its standard error."""
        return drivers.last_words(run_id)

    def driver_ended(self, run_id: str) -> None:
        """Remove the file with its words."""
        drivers.forget_words(run_id)

    def workers(self, order: contracts.DriverOrder, *, slots: int | None) -> workers.LocalWorkers:
        """Return a pool of at most ``slots`` processes (None: one a core)."""
        return workers.LocalWorkers(order, slots=slots or available_cores())


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
