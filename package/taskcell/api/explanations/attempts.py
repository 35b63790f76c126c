"""Earlier attempts at a task, among all recorded runs and sessions: what there is to compare with.

Runs of the same workflow come first, the newest of them at first; then those of other workflows that have a task of
that name. Only the records of the task that is asked for are read, each once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from taskcell import errors
from taskcell.api import evidence
from taskcell.api.runs.runs import Run
from taskcell.engine import states
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.runs import AttemptEnd
from taskcell.model.tasks import Task
from taskcell.store import index, paths
from taskcell.store.opening import Store

_MAX_RUNS = 300
"""Runs that are looked through."""
_SECONDS = 0.3
"""Time spent reading records after which a look back ends. Unit: seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A recorded attempt at a task that has ended; of a mapped task in a session, at one element of it."""

    run: Run
    task_id: str
    label: str
    number: int
    end: AttemptEnd
    address: str = ""
    """Address of the task's definition, where the plan has it."""

    @property
    def parts(self) -> tuple[KeyPart, ...]:
        """The named parts of its key."""
        return self.end.parts

    def definition(self) -> Task | None:
        """Return the task as it was defined then, None when that is no longer known."""
        return evidence.defined(self.run.store, self.address, self.end)


@dataclass(slots=True)
class _Known:
    """What has been read of one run."""

    run: Run
    attempts: dict[tuple[str, int | None], Attempt | None] = field(default_factory=dict)


class History:
    """The recorded runs of a store, read as far as they are asked for.

    Parameters
    ----------
    workflow
        Its runs come first.
    newest
        Id of the newest run that counts. Empty: all do.
    """

    def __init__(self, where: Store, *, workflow: str = "", newest: str = "") -> None:
        self._where = where
        self._workflow = workflow
        self._newest = newest
        self._spent_s = 0.0

    @cached_property
    def _runs(self) -> list[_Known]:
        """Newest first, those of the workflow before the others."""
        rows = [row for row in _rows(self._where) if not self._newest or row.run_id <= self._newest]
        rows.sort(key=lambda row: row.workflow != self._workflow)
        return [_Known(Run(self._where, row.run_id)) for row in rows]

    def runs(self) -> Iterator[Run]:
        """Yield runs, sessions too."""
        return (known.run for known in self._runs)

    def late(self) -> bool:
        """Whether looking back has taken long enough."""
        return self._spent_s > _SECONDS

    def attempts(self, task: str, *, element: int | None = None) -> Iterator[Attempt]:
        """Yield attempts at a task, by its label, or else its name; the nearest first.

        Of a mapped task, those at the element of that number; without one, at the first where that stands for all.
        """
        for known in self._runs:
            if self.late():
                return
            yield from self._of_run(known, task, element)

    def in_run(self, run: Run, task: str) -> Iterator[Attempt]:
        """Yield attempts at a task in one run."""
        return self._of_run(_Known(run), task, None)

    def maker(self, task: str, digest: Digest) -> Attempt | None:
        """Return the attempt at a task that made, or took from the cache, a value of that digest."""
        return self._first(task, lambda found: any(made.digest == digest for made in found.end.outputs.values()))

    def artifact(self, task: str, digest: Digest) -> Artifact | None:
        """Return a stored output of a task by its digest."""
        found = self.maker(task, digest)
        made = found.end.outputs.values() if found is not None else ()
        return next((artifact for artifact in made if artifact.digest == digest), None)

    def durations(self, task: str, most: int = 5) -> list[float]:
        """Return how long the newest executions of a task took, in seconds."""
        found = []
        for attempt in self.attempts(task):
            if not attempt.end.cached and attempt.end.error is None:
                found.append(attempt.end.duration_s)
            if len(found) >= most:
                break
        return found

    def _first(self, task: str, fits: Callable[[Attempt], bool]) -> Attempt | None:
        return next((found for found in self.attempts(task) if fits(found)), None)

    def _of_run(self, known: _Known, task: str, element: int | None) -> Iterator[Attempt]:
        try:
            plan = known.run.plan
        except (errors.FormatError, errors.NotFoundError):
            return  # a run that can't be read any more has nothing to compare with
        name = task.partition("[")[0]
        if plan.backend == states.INTERACTIVE:
            yield from self._of_session(known, name, element)
            return
        named = [item for item in plan.tasks if item.task_name == name]
        for item in [one for one in named if task in (one.label or one.id, one.id)] or named:
            for task_id in _ids(item.id, element):
                found = self._read(known, task_id, item.task, item.label or item.id)
                if found is not None and found.parts:
                    yield found
                    break

    def _of_session(self, known: _Known, name: str, element: int | None) -> Iterator[Attempt]:
        """Yield what a notebook's session left: there each execution of a cell is one more attempt."""
        for task_id in _ids(name, element):
            newest = self._read(known, task_id, "", task_id)
            if newest is not None:
                yield newest
                older = (self._read(known, task_id, "", task_id, number) for number in range(newest.number - 1, 0, -1))
                yield from (found for found in older if found is not None)
                return

    def _read(self, known: _Known, task_id: str, address: str, label: str, number: int | None = None) -> Attempt | None:
        key = task_id, number
        if key not in known.attempts:
            run = known.run
            begun = time.perf_counter()
            read = states.read_attempt(run.store, run.id, task_id, number)
            self._spent_s += time.perf_counter() - begun
            known.attempts[key] = None
            if read is not None and read.end is not None:
                known.attempts[key] = Attempt(
                    run=run, task_id=task_id, label=label, number=read.number, end=read.end, address=address
                )
        return known.attempts[key]


def _ids(task_id: str, element: int | None) -> tuple[str, ...]:
    if element is not None:
        return (states.element_id(task_id, element),)
    return task_id, states.element_id(task_id, 0)


def _rows(where: Store) -> list[index.RunRow]:
    return index.RunIndex(where).runs(limit=_MAX_RUNS)


def of_run(run: Run, task_id: str) -> Attempt | None:
    """Return the newest attempt at a task of a run, None when it has not ended."""
    read = states.read_attempt(run.store, run.id, task_id)
    if read is None or read.end is None:
        return None
    home = task_id.rpartition(".")[0]
    planned = next((item for item in run.plan.tasks if item.id in (task_id, home)), None)
    label = (planned.label or planned.id) if planned is not None and planned.id == task_id else task_id
    address = planned.task if planned is not None else ""
    return Attempt(run=run, task_id=task_id, label=label, number=read.number, end=read.end, address=address)


def elements(run: Run, task_id: str) -> list[Attempt]:
    """Return the newest attempts at the elements of a mapped task, in order; empty when it is none."""
    names = (paths.unquoted(paths.last(entry.path)) for entry in run.store.project_files.list(paths.tasks(run.id)))
    numbers = sorted(
        int(number) for parent, dot, number in (name.rpartition(".") for name in names)
        if dot and parent == task_id and number.isascii() and number.isdecimal()
    )  # fmt: skip
    found = (of_run(run, states.element_id(task_id, number)) for number in numbers)
    return [attempt for attempt in found if attempt is not None]
