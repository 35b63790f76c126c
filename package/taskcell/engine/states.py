"""States follow from records: read what is known of a run and say where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from taskcell.model.runs import (
    AttemptEnd,
    AttemptStart,
    CancelRequest,
    DriverEnd,
    DriverStart,
    Plan,
    PlannedTask,
    RunState,
    TaskState,
)
from taskcell.store import paths
from taskcell.store.opening import Store

_T = TypeVar("_T")

DRIVER_PATIENCE = timedelta(seconds=60)
"""Time in which a launched run's first driver must show itself."""

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


def read_head(store: Store, run_id: str, driver_alive: Callable[[Plan, DriverStart], bool]) -> RunHead:
    """Read where a run stands as a whole; raise NotFoundError when there is no such run."""
    plan = store.records.read(paths.plan(run_id), Plan)
    epoch, start = newest(store, paths.driver_starts(run_id), DriverStart)
    end = store.records.try_read(paths.driver_end(run_id, epoch), DriverEnd) if epoch else None
    if end is not None:
        return RunHead(plan=plan, state=end.state, sentence=end.sentence, epoch=epoch, ended_at=end.ended_at)
    state, sentence = _open_state(plan, start, driver_alive)
    return RunHead(plan=plan, state=state, sentence=sentence, epoch=epoch)


def read_status(store: Store, run_id: str, driver_alive: Callable[[Plan, DriverStart], bool]) -> RunStatus:
    """Read where a run and all its tasks stand; raise NotFoundError when there is no such run."""
    head = read_head(store, run_id, driver_alive)
    return RunStatus(
        plan=head.plan,
        state=head.state,
        sentence=head.sentence,
        tasks=_task_statuses(head.plan, read_attempts(store, run_id), head.state),
        epoch=head.epoch,
        started_at=head.plan.created_at,
        ended_at=head.ended_at,
        cancelling=not head.state.ended and cancel_requested(store, run_id, head.epoch),
    )


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
    """Return one attempt (None: the newest), or None when there is none."""
    if number is None:
        entries = store.project_files.list(paths.attempts(run_id, task_id))
        if not entries:
            return None
        number = max(int(paths.last(entry.path)) for entry in entries)
    return Attempt(
        number=number,
        start=store.records.try_read(paths.attempt_start(run_id, task_id, number), AttemptStart),
        end=store.records.try_read(paths.attempt_end(run_id, task_id, number), AttemptEnd),
    )


def element_id(task_id: str, index: int) -> str:
    """Return the id of one element's run of a mapped task: ``fit.3``."""
    return f"{task_id}.{index}"


def _open_state(
    plan: Plan, start: DriverStart | None, driver_alive: Callable[[Plan, DriverStart], bool]
) -> tuple[RunState, str]:
    """Return the state of a run whose newest driver left no end."""
    if plan.backend == INTERACTIVE:
        return RunState.SUCCEEDED, "Tasks that were run in a notebook's kernel."
    if start is None and datetime.now(UTC) - plan.created_at < DRIVER_PATIENCE:
        return RunState.PENDING, "Its driver has not started yet."
    if start is not None and driver_alive(plan, start):
        return RunState.RUNNING, "Running."
    return RunState.INTERRUPTED, f"Its driver is gone. Go on with: taskcell resume {plan.run_id}"


def _task_statuses(plan: Plan, attempts: dict[str, Attempt], state: RunState) -> dict[str, TaskStatus]:
    statuses: dict[str, TaskStatus] = {}
    for planned in plan.tasks:
        held_up = any(
            statuses[binding.source].state in (TaskState.FAILED, TaskState.SKIPPED)
            for binding in planned.bindings
            if binding.source
        )
        statuses[planned.id] = _task_status(planned, planned.id, attempts.get(planned.id), state, held_up)
        for index in _elements(planned.id, attempts):
            name = element_id(planned.id, index)
            label = f"{planned.label or planned.id}[{index}]"
            statuses[name] = _task_status(planned, name, attempts[name], state, False, label)
    if plan.backend == INTERACTIVE:
        for name, attempt in attempts.items():
            planned = PlannedTask(id=name, task_name=name, task=plan.version, bindings=())
            statuses[name] = _task_status(planned, name, attempt, state, False)
    return statuses


def _elements(task_id: str, names: Iterable[str]) -> list[int]:
    pattern = re.compile(re.escape(task_id) + r"\.(\d+)")
    return sorted(int(match[1]) for match in map(pattern.fullmatch, names) if match)


def _task_status(
    planned: PlannedTask,
    name: str,
    attempt: Attempt | None,
    run: RunState,
    held_up: bool,
    label: str = "",
) -> TaskStatus:
    start = attempt.start if attempt else None
    end = attempt.end if attempt else None
    return TaskStatus(
        id=name,
        task_name=planned.task_name,
        label=label or planned.label or planned.id,
        state=_task_state(attempt, run, held_up),
        attempt=attempt.number if attempt else 0,
        started_at=end.started_at if end else start.started_at if start else None,
        end=end,
        branch=planned.branch,
    )


def _task_state(attempt: Attempt | None, run: RunState, held_up: bool) -> TaskState:
    if attempt is not None and attempt.end is not None:
        return attempt.end.state
    if not run.ended:
        return TaskState.RUNNING if attempt is not None else TaskState.PENDING
    if run is RunState.CANCELLED:
        return TaskState.CANCELLED
    return TaskState.SKIPPED if held_up else TaskState.PENDING
