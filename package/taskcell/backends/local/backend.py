"""The local backend as one object."""

from __future__ import annotations

import os
from collections.abc import Sequence

from taskcell.backends import contracts
from taskcell.backends.local import drivers, workers
from taskcell.model.runs import DriverStart, Plan
from taskcell.model.settings import Settings
from taskcell.model.tasks import TaskOptions
from taskcell.store.opening import Store


class LocalBackend:
    """Runs tasks as processes of this machine, as the user who launches them."""

    name = "local"
    restarts_drivers = False

    def check(self, store_url: str, settings: Settings, options: Sequence[TaskOptions]) -> Settings:
        """Refuse nothing: what a process lacks shows when it starts."""
        return settings

    def start_driver(self, order: contracts.DriverOrder, plan: Plan) -> None:
        """Start a driver in a session of its own, so that it outlives kernel and terminal."""
        drivers.start(order)

    def withdraw_driver(self, plan: Plan, epoch: int) -> bool:
        """Leave it: it begins within a second, and sees what it is asked."""
        return False

    def driver_alive(self, plan: Plan, start: DriverStart) -> bool:
        """Whether that driver still works; a driver of another machine is taken to."""
        return drivers.alive(start)

    def driver_waits(self, plan: Plan) -> str:
        """Return nothing: a process that is started begins."""
        return ""

    def driver_given_up(self, plan: Plan) -> str:
        """Return nothing: a process starts or is gone."""
        return ""

    def driver_stumbled(self, plan: Plan) -> str:
        """Return nothing: a driver is started again by whoever resumes the run."""
        return ""

    def last_words(self, plan: Plan) -> str:
        """Return the last line that the run's newest driver on this machine wrote on its standard error."""
        return drivers.last_words(plan.run_id)

    def driver_ended(self, run_id: str) -> None:
        """Remove the file with its words."""
        drivers.forget_words(run_id)

    def workers(self, order: contracts.DriverOrder, plan: Plan, store: Store) -> workers.LocalWorkers:
        """Return a pool of at most the plan's number of processes (None: one a core)."""
        return workers.LocalWorkers(order, slots=plan.max_workers or available_cores())


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
