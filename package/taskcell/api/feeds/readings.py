"""Runs that are looked at again and again: only what may have changed since the last look is read.

An attempt that succeeded never changes while its run has the same driver; what is open, or may be tried again, is
looked at each time. Where the store is a folder of this machine, the times of the folders that a run writes into tell
whether there is anything to read at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from taskcell import errors
from taskcell.api.feeds.contracts import Context
from taskcell.api.runs.runs import Run
from taskcell.engine import states
from taskcell.model.runs import TaskState, Waits
from taskcell.store import folder_times, paths, pooling
from taskcell.store.opening import Store

_KEPT_TASKS = 40_000
"""Task runs of all readings that are kept."""
_ASK_DRIVER_EVERY_S = 1.0
"""How often it is asked whether a driver is alive when no record has changed: a dead one writes none."""

Stamp = tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Reading:
    """One run, brought up to date by ``status``. Safe to be used by several threads."""

    run: Run
    _attempts: dict[str, states.Attempt] = field(default_factory=dict)
    _status: states.RunStatus | None = None
    _stamp: Stamp = ()
    _is_settled: bool = False
    _asked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waits: dict[str, str] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    """Those whose newest attempt did not succeed (yet), and all of a session: they may change."""
    _folders: dict[str, str] = field(default_factory=dict)
    """Name of each task's folder, with the task's id."""
    _tasks_at: int = 0
    """When the folder of all tasks last changed, as of the last listing; 0: not known."""

    @property
    def store(self) -> Store:
        """Where the run's records are."""
        return self.run.store

    @property
    def size(self) -> int:
        """Number of task runs that were read."""
        return max(1, len(self._attempts))

    def status(self) -> states.RunStatus:
        """Return where the run stands now; raise NotFoundError when it is gone."""
        with self._lock:
            stamp = self._look()
            if self._status is None or not self._is_unchanged(stamp):
                self._read(stamp)
            assert self._status is not None
            return self._status

    def latest(self) -> states.RunStatus:
        """Return where the run stood at the last look."""
        return self._status or self.status()

    @property
    def waits(self) -> dict[str, str]:
        """Return for what task runs wait outside the run, as of the last status: sentences by id."""
        return self._waits

    # -- whether there is anything to read ---------------------------------------------------------------------------

    def _is_unchanged(self, stamp: Stamp) -> bool:
        if not stamp or stamp != self._stamp:
            return False
        assert self._status is not None
        return self._status.state.ended or time.monotonic() - self._asked_at < _ASK_DRIVER_EVERY_S

    def _look(self) -> Stamp:
        """Return the times of the folders that the run writes into; empty where there are none to be had."""
        top = self.store.project_files.local_path(paths.run(self.run.id))
        if top is None:
            return ()
        made = tuple(folder_times.of_place(place) for place in self._places(top))
        newest = max(made, default=0)
        self._is_settled = folder_times.is_settled(newest)
        return made

    def _places(self, top: Path) -> Iterator[str]:
        yield str(top)
        for name in ("drivers", "ends", "cancels", "waits", "tasks"):
            yield f"{top}/{name}"
        for name in self._open:
            folder = f"{top}/tasks/{paths.quoted(name)}"
            yield folder
            yield f"{folder}/{self._attempts[name].number:08d}"
        if len(self._folders) > len(self._attempts):  # folders whose first record is on its way
            for name, task_id in self._folders.items():
                if task_id not in self._attempts:
                    yield f"{top}/tasks/{name}"
                    yield f"{top}/tasks/{name}/{1:08d}"

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read(self, stamp: Stamp) -> None:
        before = self._status
        head = self.run.head()
        if head.epoch == 0 and not self.store.records.exists(paths.plan(self.run.id)):
            raise unknown_run(self.store, self.run.id)
        if before is not None and before.epoch != head.epoch:
            self._attempts.clear()
            self._open.clear()
            self._tasks_at = 0
        changed: list[str] = []
        is_session = head.plan.backend == states.INTERACTIVE  # its cells may run again at any time
        is_over = before is not None and before.state.ended and head.state.ended and before.epoch == head.epoch
        if is_session or not is_over:
            changed = self._read_attempts()
        cancelling = not head.state.ended and states.cancel_requested(self.store, self.run.id, head.epoch)
        self._status = self._settled_status(before, head, changed, cancelling=cancelling)
        self._waits = self._read_waits(head)
        self._asked_at = time.monotonic()
        self._stamp = stamp if self._is_settled and self._attempts_as_looked_at(stamp) else ()

    def _settled_status(
        self, before: states.RunStatus | None, head: states.RunHead, changed: list[str], *, cancelling: bool
    ) -> states.RunStatus:
        """Return the status, the same object when nothing has changed."""
        if before is None:
            return states.status_of(head, self._attempts, cancelling=cancelling)
        said = (before.epoch, before.state, before.sentence, before.ended_at, before.cancelling)
        if not changed and said == (head.epoch, head.state, head.sentence, head.ended_at, cancelling):
            return before
        made = states.status_after(before, head, self._attempts, changed, cancelling=cancelling)
        return made or states.status_of(head, self._attempts, cancelling=cancelling)

    def _attempts_as_looked_at(self, stamp: Stamp) -> bool:
        """Whether the stamp is of the folders that would be looked at now."""
        top = self.store.project_files.local_path(paths.run(self.run.id))
        return top is not None and len(stamp) == sum(1 for _ in self._places(top))

    def _read_attempts(self) -> list[str]:
        """Read what is new or may have changed; return what has."""
        wanted = [*self._new_names(), *sorted(self._open)]
        changed = []
        for name, attempt in zip(wanted, pooling.each(self.store.files, self._read_attempt, wanted), strict=True):
            if attempt is None or attempt == self._attempts.get(name):
                continue
            self._attempts[name] = attempt
            changed.append(name)
            is_final = attempt.end is not None and attempt.end.state is TaskState.SUCCEEDED
            if is_final and self.run.plan.backend != states.INTERACTIVE:
                self._open.discard(name)
            else:
                self._open.add(name)
        return changed

    def _new_names(self) -> list[str]:
        """Return the ids of tasks that have begun and have no attempt that was read."""
        files, folder = self.store.project_files, paths.tasks(self.run.id)
        changed_at = folder_times.changed_at(files, folder)
        if not changed_at or changed_at != self._tasks_at:
            for name in folder_times.names(files, folder):
                if name not in self._folders:
                    self._folders[name] = paths.unquoted(name)
            self._tasks_at = changed_at if folder_times.is_settled(changed_at) else 0
        if len(self._folders) == len(self._attempts):
            return []
        return [task_id for task_id in self._folders.values() if task_id not in self._attempts]

    def _read_attempt(self, name: str) -> states.Attempt | None:
        return states.read_attempt(self.store, self.run.id, name)

    def _read_waits(self, head: states.RunHead) -> dict[str, str]:
        if head.plan.backend in (states.LOCAL, states.INTERACTIVE) or head.state.ended:
            return {}
        _, waits = states.newest(self.store, paths.waits(self.run.id), Waits)
        return dict(waits.tasks) if waits is not None and waits.epoch == head.epoch else {}


def reading(context: Context, run_id: str) -> Reading:
    """Return the reading of a run, which all askers share.

    Raises
    ------
    NotFoundError
        When the store has no such run.
    StoreError
        When the store is gone.
    """
    where = context.store

    def begin() -> Reading:
        run = Run(where, run_id)
        try:
            assert run.plan
        except errors.NotFoundError as exc:
            raise unknown_run(where, run_id) from exc
        made = Reading(run=run)
        made.status()
        return made

    key = (where.url, where.project, run_id)
    return context.memory.get("readings", key, begin, most=_KEPT_TASKS, weight=lambda made: made.size)


def unknown_run(where: Store, run_id: str) -> errors.TaskcellError:
    """Return the error for a run that is not there: or the store is not."""
    if where.format() is None:
        return errors.StoreError(
            f"There is no store at {where.url}: nothing was stored there yet, or it is gone.",
            remedy="Mount or restore it, or start Jupyter with another TASKCELL_STORE.",
            store=where.url,
        )
    return errors.NotFoundError(
        f"The store {where.url} (project {where.project}) has no run {run_id}.",
        remedy="It may be in another store, or have been collected; ask whoever sent the link.",
        run=run_id,
        store=where.url,
    )
