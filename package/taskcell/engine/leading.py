"""One driver leads a run: a lease says which, numbered records say who has led and how it ended."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime

from taskcell import errors
from taskcell.backends import beating
from taskcell.engine import states
from taskcell.model.runs import DriverEnd, DriverStart, RunState
from taskcell.store import paths
from taskcell.store.opening import Store

LOOK_S = 2.0
"""How often a driver that waits looks whether the one that leads is still there. Unit: seconds."""
PATIENCE_S = 10.0
"""How long a new driver waits for an old one that has written its end and is about to go."""


class Leadership:
    """What a driver holds while it drives: a context that raises ConflictError when another one leads.

    Parameters
    ----------
    epoch
        Number that the driver is to have; 0 for the next free one.
    restarts
        Whether it may be started again under that number. Then it waits for as long as another one leads, takes the next
        free number, and raises ConflictError when one from that number on has ended the run. A request to cancel any of
        them is one to cancel it.
    is_gone
        Whether it is certain that no driver is on a host any more; then one that died there needs no waiting for.
    beat
        Shows, during a wait, that this one goes on.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        epoch: int,
        *,
        restarts: bool,
        is_gone: Callable[[str], bool],
        beat: Callable[[], None] = beating.silent,
    ) -> None:
        self._store = store
        self._run_id = run_id
        self._asked = epoch
        self._epoch = epoch
        self._restarts = restarts
        self._is_gone = is_gone
        self._beat = beat
        self._lease = store.files.lease(leader_lease(store.project, run_id))

    def __enter__(self) -> Leadership:
        while not self._lease.acquire(LOOK_S if self._restarts else PATIENCE_S):
            if not self._restarts:
                raise self._conflict("has a driver already")
            self._beat()
            self._lease.revoke(self._is_gone)
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.release()

    def is_lost(self) -> bool:
        """Whether another driver has taken over, because this one was not heard of for too long."""
        return not self._lease.acquire()

    def begin(self) -> int:
        """Write the record of the start; return the driver's number."""
        folder = paths.driver_starts(self._run_id)
        if self._restarts:
            ended, _ = states.newest(self._store, paths.driver_ends(self._run_id), DriverEnd)
            if ended >= self._asked:
                raise self._conflict("has ended")
            self._epoch = 0
        if not self._epoch:
            self._epoch = self._store.records.append(folder, self._start)
            return self._epoch
        try:
            self._store.records.create(paths.numbered(folder, self._epoch), self._start(self._epoch))
        except errors.AlreadyExistsError as exc:
            raise self._conflict("was taken by another driver") from exc
        return self._epoch

    def is_cancelled(self) -> bool:
        """Whether somebody asked this driver, or one whose place it took, to stop."""
        return states.cancel_requested(self._store, self._run_id, self._asked if self._restarts else self._epoch)

    def end(self, state: RunState, sentence: str) -> DriverEnd:
        """Write the record of the end."""
        end = DriverEnd(epoch=self._epoch, state=state, sentence=sentence, ended_at=datetime.now(UTC))
        self._store.records.create(paths.driver_end(self._run_id, self._epoch), end)
        return end

    def _start(self, epoch: int) -> DriverStart:
        return DriverStart(
            run_id=self._run_id, epoch=epoch, host=socket.gethostname(), pid=os.getpid(), started_at=datetime.now(UTC)
        )

    def _conflict(self, what: str) -> errors.ConflictError:
        return errors.ConflictError(f"Run {self._run_id} {what}.", run=self._run_id)


def leader_lease(project: str, run_id: str) -> str:
    """Return the name of the lease that a run's driver holds."""
    return f"{project}/driver/{run_id}"
