"""Which task run an id means, and where its log, its notebook and its values really are."""

from __future__ import annotations

from dataclasses import dataclass

from taskcell import errors
from taskcell.api import evidence
from taskcell.api.feeds import readings
from taskcell.api.feeds.contracts import Context
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.notebook import quoting


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One attempt at a task. ``attempt`` 0: it has not begun. ``ended``: whether it writes nothing more."""

    run: str
    task: str
    attempt: int
    ended: bool


def task_in(status: states.RunStatus, name: str) -> states.TaskStatus:
    """Return a task run by id or label; raise NotFoundError, which says what there is."""
    found = status.tasks.get(name)
    if found is None:
        found = next((task for task in status.tasks.values() if task.label == name), None)
    if found is not None:
        return found
    whole = list(evidence.whole_tasks(status))
    listed = ", ".join(whole[:20]) + (f" and {len(whole) - 20} more" if len(whole) > 20 else "")
    run_id = status.plan.run_id
    raise errors.NotFoundError(
        f"Run {run_id} has no task {quoting.shortened(name)!r}.",
        remedy=f"{quoting.did_you_mean(name, whole)} Its tasks are: {listed}.".strip(),
        run=run_id,
    )


def origin(context: Context, status: states.RunStatus, task: states.TaskStatus) -> Place:
    """Return the attempt that executed: of a hit that of another run, where that is still known."""
    end = task.end
    ended = end is not None or status.state.ended
    mine = Place(run=status.plan.run_id, task=task.id, attempt=task.attempt, ended=ended)
    if end is None or not end.cached or not end.from_run:
        return mine
    try:
        other = readings.reading(context, end.from_run).status()
    except errors.NotFoundError:
        return Place(run=mine.run, task=mine.task, attempt=0, ended=True)
    for made in other.tasks.values():
        if made.end is not None and made.end.key == end.key and not made.end.cached:
            return Place(run=end.from_run, task=made.id, attempt=made.attempt, ended=True)
    return Place(run=mine.run, task=mine.task, attempt=0, ended=True)


def place(context: Context, run_id: str, name: str, attempt: int = 0) -> Place:
    """Return where an attempt's log and notebook are; 0: the newest attempt's, of a hit those that it comes from."""
    status = readings.reading(context, run_id).status()
    task = task_in(status, name)
    if attempt == 0:
        return origin(context, status, task)
    if attempt > task.attempt:
        raise errors.NotFoundError(
            f"Task {task.label!r} of run {run_id} has no attempt {attempt}.",
            remedy=f"It has had {task.attempt}." if task.attempt else "It has not begun.",
            run=run_id,
            task=task.id,
        )
    ended = attempt < task.attempt or task.end is not None or status.state.ended
    return Place(run=run_id, task=task.id, attempt=attempt, ended=ended)


def artifact(
    context: Context, run_id: str, name: str, output: str
) -> tuple[states.RunStatus, states.TaskStatus, Artifact]:
    """Return an output of a task run; raise NotFoundError, which says what there is or why it is not there."""
    status = readings.reading(context, run_id).status()
    task = task_in(status, name)
    made = task.end.outputs if task.end else {}
    if output in made:
        return status, task, made[output]
    if task.end is None or not made:
        state = f"failed: {task.end.error.sentence}" if task.end and task.end.error else f"is {task.state}"
        raise errors.NotFoundError(
            f"Task {task.label!r} of run {run_id} has no results: it {state.rstrip('.')}.",
            remedy="Results are there when it has succeeded.",
            run=run_id,
            task=task.id,
        )
    raise errors.NotFoundError(
        f"Task {task.label!r} of run {run_id} has no output {quoting.shortened(output)!r}.",
        remedy=f"{quoting.did_you_mean(output, made)} It has: {', '.join(made)}.".strip(),
        run=run_id,
        task=task.id,
    )
