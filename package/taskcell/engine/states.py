"""States follow from records: read what is known of a run and say where it stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from taskcell import errors
from taskcell.model.runs import (
    AttemptEnd,
    AttemptStart,
    CancelRequest,
    DriverEnd,
    DriverStart,
    Plan,
    PlannedTask,
    RunState,
    TaskError,
    TaskState,
    Waits,
)
from taskcell.store import paths
from taskcell.store.opening import Store

_T = TypeVar("_T")

DRIVER_PATIENCE = timedelta(seconds=60)
"""Time in which a launched run's first driver must show itself."""

DAMAGED = "damaged"
"""Kind of error of an attempt whose record, or whose result, can't be read any more."""

LOCAL = "local"
"""The backend whose tasks never wait for anything outside the run."""

INTERACTIVE = "interactive"
"""Name in a plan's ``backend`` of the run that a notebook session leaves: its tasks ran in the kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """Where one task run stands. ``attempt`` is the newest one, 0 before the first."""

    id: str
    task_name: str
    label: str
    state: TaskState
    attempt: int = 0
    started_at: datetime | None = None
    end: AttemptEnd | None = None
    branch: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Where a run stands. ``tasks`` has every planned task, and every element of a map that has begun."""

    plan: Plan
    state: RunState
    sentence: str
    tasks: dict[str, TaskStatus]
    epoch: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    cancelling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The newest attempt at a task, as recorded."""

    number: int
    start: AttemptStart | None
    end: AttemptEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHead:
    """What a run's own records say, without its tasks: cheap to read again and again."""

    plan: Plan
    state: RunState
    sentence: str
    epoch: int
    ended_at: datetime | None = None


class Drivers(Protocol):
    """What can be known of a driver that left no end."""

    def alive(self, plan: Plan, start: DriverStart) -> bool:
        """Whether it still works."""

    def waits(self, plan: Plan) -> str:
        """Return why the first one has not begun, while it still may."""

    def given_up(self, plan: Plan) -> str:
        """Return why the first one, which has not begun, is not to be waited for any longer."""

    def stumbled(self, plan: Plan) -> str:
        """Return why the one that led has ended, while it is being started again."""

    def last_words(self, plan: Plan) -> str:
        """Return what the newest one said when it could not write a record; mostly nothing."""


def read_head(store: Store, run_id: str, drivers: Drivers, plan: Plan | None = None) -> RunHead:
    """Read where a run stands as a whole; raise NotFoundError when there is no such run."""
    plan = plan or store.records.read(paths.plan(run_id), Plan)
    epoch, start = newest(store, paths.driver_starts(run_id), DriverStart)
    end = store.records.try_read(paths.driver_end(run_id, epoch), DriverEnd) if epoch else None
    if end is not None:
        return RunHead(plan=plan, state=end.state, sentence=end.sentence, epoch=epoch, ended_at=end.ended_at)
    state, sentence = _open_state(plan, start, drivers)
    if state is RunState.RUNNING:
        sentence = _waiting_sentence(store, plan, epoch) or sentence
    return RunHead(plan=plan, state=state, sentence=sentence, epoch=epoch)


def read_status(store: Store, run_id: str, drivers: Drivers, plan: Plan | None = None) -> RunStatus:
    """Read where a run and all its tasks stand; raise NotFoundError when there is no such run."""
    head = read_head(store, run_id, drivers, plan)
    cancelling = not head.state.ended and cancel_requested(store, run_id, head.epoch)
    return status_of(head, read_attempts(store, run_id), cancelling=cancelling)


def status_of(head: RunHead, attempts: dict[str, Attempt], *, cancelling: bool = False) -> RunStatus:
    """Return where a run stands whose head and newest attempts were read."""
    return RunStatus(
        plan=head.plan,
        state=head.state,
        sentence=head.sentence,
        tasks=_task_statuses(head, attempts),
        epoch=head.epoch,
        started_at=head.plan.created_at,
        ended_at=head.ended_at,
        cancelling=cancelling,
    )


def status_after(
    before: RunStatus, head: RunHead, attempts: dict[str, Attempt], changed: Iterable[str], *, cancelling: bool
) -> RunStatus | None:
    """Return where a run stands after some attempts were read anew; None when all of it is to be worked out anew.

    That is when the run has another driver or state, and when an element of a map or a cell's task is new: whether others
    are held up or skipped, and where it stands among them, would have to be seen.
    """
    if (before.epoch, before.state) != (head.epoch, head.state) or head.state.ended or head.plan.backend == INTERACTIVE:
        return None
    names = list(changed)
    if any(name not in before.tasks for name in names):
        return None
    planned = {item.id: item for item in head.plan.tasks} if names else {}
    tasks = dict(before.tasks) if names else before.tasks
    for name in names:
        known = before.tasks[name]
        home = planned.get(name) or planned.get(name.rpartition(".")[0])
        if home is None:
            return None
        status = _task_status(head, home, name, attempts.get(name), label=known.label)
        if known.state is TaskState.RUNNING and status.state is TaskState.PENDING:
            status = dataclasses.replace(status, state=TaskState.RUNNING)  # its elements have begun
        tasks[name] = status
    return dataclasses.replace(before, sentence=head.sentence, tasks=tasks, cancelling=cancelling)


def newest(store: Store, folder: str, kind: type[_T]) -> tuple[int, _T | None]:
    """Return number and record of the last of a sequence, (0, None) when there is none."""
    return store.records.latest(folder, kind) or (0, None)


def cancel_requested(store: Store, run_id: str, epoch: int) -> bool:
    """Whether somebody asked the driver of that epoch to stop."""
    _, request = newest(store, paths.cancels(run_id), CancelRequest)
    return request is not None and request.epoch >= epoch


def read_attempts(store: Store, run_id: str) -> dict[str, Attempt]:
    """Return the newest attempt of every task that was begun, by task id."""
    found = {}
    for entry in store.project_files.list(paths.tasks(run_id)):
        task_id = paths.unquoted(paths.last(entry.path))
        attempt = read_attempt(store, run_id, task_id)
        if attempt is not None:
            found[task_id] = attempt
    return found


def read_attempt(store: Store, run_id: str, task_id: str, number: int | None = None) -> Attempt | None:
    """Return one attempt (None: the newest), or None when there is none.

    One whose record is damaged counts as failed: it can be made again.
    """
    if number is None:
        numbers = store.records.numbers(paths.attempts(run_id, task_id))
        if not numbers:
            return None
        number = numbers[-1]
    try:
        start = store.records.try_read(paths.attempt_start(run_id, task_id, number), AttemptStart)
    except errors.FormatError:
        start = None
    return Attempt(number=number, start=start, end=read_end(store, run_id, task_id, number, start))


def read_end(
    store: Store, run_id: str, task_id: str, number: int, start: AttemptStart | None = None
) -> AttemptEnd | None:
    """Return how an attempt ended, or None when that isn't recorded; one whose record is damaged counts as failed."""
    try:
        return store.records.try_read(paths.attempt_end(run_id, task_id, number), AttemptEnd)
    except errors.FormatError as exc:
        return _unreadable(task_id, number, start, exc)


def _unreadable(task_id: str, number: int, start: AttemptStart | None, exc: errors.FormatError) -> AttemptEnd:
    began = start.started_at if start else datetime.fromtimestamp(0, UTC)
    return AttemptEnd(
        task_id=task_id,
        attempt=number,
        state=TaskState.FAILED,
        started_at=began,
        ended_at=began,
        duration_s=0.0,
        error=damaged(f"its record can't be read ({exc.message.rstrip('.')}); resume the run to make it again"),
    )


def damaged(sentence: str) -> TaskError:
    """Return the error of an attempt that counts no more because of damage in the store."""
    return TaskError(kind=DAMAGED, sentence=sentence, counts=False)


def attempt_lease(project: str, run_id: str, task_id: str, attempt: int) -> str:
    """Return the name of the lease that a worker holds while it works at an attempt."""
    return f"{project}/attempt/{run_id}/{task_id}/{attempt}"


def worker_lease(project: str, run_id: str, worker: str) -> str:
    """Return the name of the lease that a worker holds for as long as it lives, in place of one for each attempt."""
    return f"{project}/worker/{run_id}/{worker}"


def holder_of(project: str, run_id: str, task_id: str, attempt: Attempt) -> str:
    """Return the name of the lease that somebody holds while an attempt is worked at."""
    if attempt.start is not None and attempt.start.worker:
        return worker_lease(project, run_id, attempt.start.worker)
    return attempt_lease(project, run_id, task_id, attempt.number)


def element_id(task_id: str, index: int) -> str:
    """Return the id of one element's run of a mapped task: ``fit.3``."""
    return f"{task_id}.{index}"


def _open_state(plan: Plan, start: DriverStart | None, drivers: Drivers) -> tuple[RunState, str]:
    """Return the state of a run whose newest driver left no end."""
    if plan.backend == INTERACTIVE:
        return RunState.SUCCEEDED, "Tasks that were run in a notebook's kernel."
    if start is not None and drivers.alive(plan, start):
        reason = drivers.stumbled(plan)
        return RunState.RUNNING, f"Running; its driver is being started again: {reason}." if reason else "Running."
    if start is None and (reason := drivers.given_up(plan)):
        return RunState.FAILED, f"Its driver could not start: {reason}. Go on with: taskcell resume {plan.run_id}"
    if start is None and (reason := drivers.waits(plan)):
        return RunState.PENDING, f"Its driver has not started yet: {reason}."
    words = drivers.last_words(plan)
    if start is None and not words and datetime.now(UTC) - plan.created_at < DRIVER_PATIENCE:
        return RunState.PENDING, "Its driver has not started yet."
    said = f" Its last words: {words.rstrip('.')}." if words else ""
    return RunState.INTERRUPTED, f"Its driver is gone.{said} Go on with: taskcell resume {plan.run_id}"


def _waiting_sentence(store: Store, plan: Plan, epoch: int) -> str:
    """Return what a run waits for outside its own tasks, as its present driver last said."""
    if plan.backend == LOCAL:
        return ""
    _, waits = newest(store, paths.waits(plan.run_id), Waits)
    if waits is None or waits.epoch != epoch or not waits.tasks:
        return ""
    task_id, reason = next(iter(waits.tasks.items()))
    more = f" and {waits.count - 1} more tasks" if waits.count > 1 else ""
    return f"Running; {task_id}{more} waits: {reason}."


def _task_statuses(head: RunHead, attempts: dict[str, Attempt]) -> dict[str, TaskStatus]:
    statuses: dict[str, TaskStatus] = {}
    elements = _elements(attempts)
    for planned in head.plan.tasks:
        held_up = any(
            statuses[binding.source].state in (TaskState.FAILED, TaskState.SKIPPED)
            for binding in planned.bindings
            if binding.source
        )
        status = _task_status(head, planned, planned.id, attempts.get(planned.id), held_up=held_up)
        mine = elements.get(planned.id, ())
        if mine and status.state is TaskState.PENDING and not head.state.ended:
            status = dataclasses.replace(status, state=TaskState.RUNNING)
        statuses[planned.id] = status
        for index in sorted(mine):
            name = element_id(planned.id, index)
            label = f"{planned.label or planned.id}[{index}]"
            statuses[name] = _task_status(head, planned, name, attempts[name], label=label)
    if head.plan.backend == INTERACTIVE:
        for name, attempt in attempts.items():
            planned = PlannedTask(id=name, task_name=name, task=head.plan.version, bindings=())
            statuses[name] = _task_status(head, planned, name, attempt)
    return statuses


def _elements(names: Iterable[str]) -> dict[str, list[int]]:
    """Return the numbers of elements that have begun, by the id of their mapped task."""
    found: dict[str, list[int]] = {}
    for name in names:
        parent, dot, index = name.rpartition(".")
        if dot and index.isascii() and index.isdecimal():
            found.setdefault(parent, []).append(int(index))
    return found


def _task_status(
    head: RunHead, planned: PlannedTask, name: str, attempt: Attempt | None, *, held_up: bool = False, label: str = ""
) -> TaskStatus:
    start = attempt.start if attempt else None
    end = attempt.end if attempt else None
    return TaskStatus(
        id=name,
        task_name=planned.task_name,
        label=label or planned.label or planned.id,
        state=_task_state(head, attempt, held_up),
        attempt=attempt.number if attempt else 0,
        started_at=end.started_at if end else start.started_at if start else None,
        end=end,
        branch=planned.branch,
    )


def _task_state(head: RunHead, attempt: Attempt | None, held_up: bool) -> TaskState:
    if attempt is not None and attempt.end is not None and not _superseded(head, attempt):
        return attempt.end.state
    if not head.state.ended:
        return TaskState.RUNNING if attempt is not None and attempt.end is None else TaskState.PENDING
    if head.state is RunState.CANCELLED:
        return TaskState.CANCELLED
    return TaskState.SKIPPED if held_up else TaskState.PENDING


def _superseded(head: RunHead, attempt: Attempt) -> bool:
    """Whether a failure belongs to an earlier driver, and the present one is going to try again."""
    if head.state.ended or attempt.end is None or attempt.end.state is TaskState.SUCCEEDED:
        return False
    return attempt.start is not None and attempt.start.epoch < head.epoch
