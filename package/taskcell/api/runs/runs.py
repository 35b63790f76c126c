"""Runs as a user has them in hand: states, results, logs, notebooks; wait, cancel, resume."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.kernels import sessions
from taskcell.api.runs import interrupting, links
from taskcell.backends import registry
from taskcell.backends.contracts import DriverOrder
from taskcell.engine import drafts, states
from taskcell.engine import logs as attempt_logs
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import (
    AttemptEnd,
    CancelRequest,
    DriverEnd,
    DriverStart,
    ImageUse,
    Plan,
    RunState,
    TaskError,
    TaskState,
)
from taskcell.model.tasks import TaskOptions
from taskcell.notebook import quoting
from taskcell.store import codecs, index, linking, paths
from taskcell.store.opening import Store

POLL_S = 0.15
START_PATIENCE_S = 30.0
"""How long a driver may take to show its first record before the run counts as interrupted."""


class TaskRun:
    """One execution of one task in a run, as it stood when it was read."""

    def __init__(self, status: states.TaskStatus) -> None:
        self._status = status

    @property
    def id(self) -> str:
        """Id within the run: ``train``, in a sweep ``train~0``, an element of a map ``fit.3``."""
        return self._status.id

    @property
    def name(self) -> str:
        """Name of the task."""
        return self._status.task_name

    @property
    def label(self) -> str:
        """What people call it: ``train[learning_rate=0.1]``."""
        return self._status.label

    @property
    def state(self) -> TaskState:
        """State."""
        return self._status.state

    @property
    def attempt(self) -> int:
        """Number of the newest attempt, from 1; 0 before the first."""
        return self._status.attempt

    @property
    def end(self) -> AttemptEnd | None:
        """Record of the newest attempt, or None."""
        return self._status.end

    @property
    def cached(self) -> bool:
        """Whether the result was taken from the cache."""
        return self._status.end is not None and self._status.end.cached

    @property
    def key(self) -> Digest | None:
        """Digest of everything that may change the result; None before it is known."""
        return self._status.end.key if self._status.end else None

    @property
    def outputs(self) -> dict[str, Artifact]:
        """Stored value of each output."""
        return dict(self._status.end.outputs) if self._status.end else {}

    @property
    def duration_s(self) -> float | None:
        """Seconds that the newest attempt took; None before its end."""
        return self._status.end.duration_s if self._status.end else None

    @property
    def error(self) -> TaskError | None:
        """Why it failed."""
        return self._status.end.error if self._status.end else None

    @property
    def branch(self) -> dict[str, Any]:
        """Swept parameters of its branch."""
        return self._status.branch

    def __repr__(self) -> str:
        cached = ", cached" if self.cached else ""
        return f"TaskRun({self.label}: {self.state}{cached})"


class Run:
    """One execution of one version. Holds no state: every question is answered from the store."""

    def __init__(self, where: Store, run_id: str) -> None:
        self._store = where
        self._plan: Plan | None = None
        self.id = run_id

    def __repr__(self) -> str:
        return f"Run({self.id}: {self.state})"

    # -- state -------------------------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        """What the launch decided: written once, so it is read once."""
        if self._plan is None:
            self._plan = self._store.records.read(paths.plan(self.id), Plan)
        return self._plan

    @property
    def store(self) -> Store:
        """Where its records are."""
        return self._store

    def status(self) -> states.RunStatus:
        """Read where it stands, all of it at once."""
        status = states.read_status(self._store, self.id, _Drivers(), self.plan)
        self._settle_unbegun(status.state, status.epoch, status.sentence)
        return status

    @property
    def state(self) -> RunState:
        """State."""
        return self.head().state

    def head(self) -> states.RunHead:
        """Read where it stands as a whole, without its tasks."""
        head = states.read_head(self._store, self.id, _Drivers(), self.plan)
        self._settle_unbegun(head.state, head.epoch, head.sentence)
        return head

    @property
    def sentence(self) -> str:
        """The one-sentence answer: what happened, which task is to blame, what to do."""
        return self.head().sentence

    @property
    def tasks(self) -> dict[str, TaskRun]:
        """Task runs by id; elements of a map among them."""
        return {name: TaskRun(status) for name, status in self.status().tasks.items()}

    @property
    def images(self) -> list[ImageUse]:
        """Images that its workers ran, on Kubernetes; a driver that was started again may have noted one twice."""
        folder = paths.images(self.id)
        numbers = self._store.records.numbers(folder)
        return [self._store.records.read(paths.numbered(folder, number), ImageUse) for number in numbers]

    @property
    def link(self) -> str:
        """Link that leads back here: in the JupyterLab that is known, else by ``taskcell open LINK``."""
        return links.link(self._store, self.id) or self.plan.link or linking.run_link(self._store, self.id)

    def wait(self, timeout_s: float | None = None) -> Run:
        """Wait for its end and return it.

        An interrupt detaches: the run goes on, and a line says how to cancel it. In a notebook a second one within
        five seconds cancels.

        Raises
        ------
        TimeoutError
            After ``timeout_s`` seconds; the run goes on.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while not (state := self.state).ended:
                if deadline is not None and time.monotonic() >= deadline:
                    raise TimeoutError(f"Run {self.id} is still {state} after {timeout_s:g} s; it goes on.")
                time.sleep(self._store.pause_s(POLL_S))
        except KeyboardInterrupt:
            raise interrupting.detached(self.id, self.cancel) from None
        return self

    # -- what came out -----------------------------------------------------------------------------------------------

    def task(self, name: str) -> TaskRun:
        """Return one task run by id or label; raise NotFoundError."""
        tasks = self.tasks
        if name in tasks:
            return tasks[name]
        for task in tasks.values():
            if task.label == name:
                return task
        branches = [task.id for task in tasks.values() if task.name == name]
        remedy = f"It has branches: {', '.join(branches[:20])}." if branches else _choices("Its tasks are", tasks)
        hint = quoting.did_you_mean(name, tasks)
        raise errors.NotFoundError(
            f"Run {self.id} has no task {quoting.shortened(name)!r}.", remedy=f"{hint} {remedy}".strip(), run=self.id
        )

    def result(self, name: str) -> Any:
        """Return a value that the run made.

        Parameters
        ----------
        name : str
            An output; or a task: then its only output, or a dict of all. In a sweep, an output or task that differs by
            branch gives a dict from branch label to value.

        Raises
        ------
        TaskFailedError
            When the task that makes it failed.
        NotFoundError
            When there is no such output, or it is not there yet.
        """
        return _Results(self._store, self.id, self.tasks).get(name)

    def artifacts(self, name: str) -> dict[str, Artifact]:
        """Return the stored value of an output, by id of the task run that made it."""
        return {task.id: task.outputs[name] for task in self.tasks.values() if name in task.outputs}

    def logs(self, task: str) -> str:
        """Return what a task's newest attempt printed, so far."""
        run_id, found = self._executed(self.task(task))
        return attempt_logs.read_log(self._store, run_id, found.id, found.attempt)[0]

    def notebook(self, task: str) -> Path:
        """Return the path of a task's executed notebook (a local copy, where the store is elsewhere).

        While it executes, or when its worker was killed, it is a copy of the notebook so far.
        For a result from the cache it is the notebook of the run that executed it.
        """
        run_id, found = self._executed(self.task(task))
        path = paths.notebook(run_id, found.id, found.attempt)
        local = self._store.project_files.local_path(path)
        if local is not None and local.exists():
            return local
        data = drafts.read(self._store, run_id, found.id, found.attempt)
        target = configuration.cache_folder() / "notebooks" / f"{run_id}-{paths.quoted(found.id)}-{found.attempt}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def _executed(self, task: TaskRun) -> tuple[str, TaskRun]:
        """Return the task run that executed, which for a hit is another run's."""
        if task.attempt == 0:
            raise errors.NotFoundError(
                f"Task {task.label!r} of run {self.id} has not begun.", remedy="Wait for it: run.wait()", run=self.id
            )
        end = task.end
        if end is None or not end.cached or not end.from_run:
            return self.id, task
        for other in Run(self._store, end.from_run).tasks.values():
            if other.key == end.key and not other.cached and other.attempt:
                return end.from_run, other
        raise errors.NotFoundError(
            f"Run {end.from_run}, which made the result of {task.label!r}, has no record of it any more.", run=self.id
        )

    # -- what can be done --------------------------------------------------------------------------------------------

    def drive(self, epoch: int = 1, ahead: tuple[TaskOptions, ...] = ()) -> None:
        """Start the driver of that number; it leaves at once when another one was first."""
        backend = registry.backend(self.plan.backend)
        order = _driver_order(self._store, self.plan, epoch, restarts=backend.restarts_drivers)
        backend.start_driver(msgspec.structs.replace(order, ahead=ahead), self.plan)

    def cancel(self) -> Run:
        """Ask for it to stop; returns at once, and committed results stay. Harmless when it has ended."""
        head = self.head()
        if head.state is RunState.INTERRUPTED:
            # Workers may still be at it, and nobody drives: a driver that finds the request ends them and the run.
            self._request_cancel(head.epoch + 1)
            self.drive(head.epoch + 1)
        elif not head.state.ended:
            self._request_cancel(max(head.epoch, 1))
            if head.epoch == 0 and registry.backend(self.plan.backend).withdraw_driver(self.plan, 1):
                sentence = f"Cancelled before its driver began. Go on with: taskcell resume {self.id}"
                self._end_unbegun(RunState.CANCELLED, sentence)
        return self

    def _settle_unbegun(self, state: RunState, epoch: int, sentence: str) -> None:
        """Take back a driver that could not start in time, so that what is seen of the run stays what it is."""
        if state is RunState.FAILED and epoch == 0:
            with contextlib.suppress(errors.BackendError):  # who may only look can't; somebody else will
                if registry.backend(self.plan.backend).withdraw_driver(self.plan, 1):
                    self._end_unbegun(state, sentence)

    def _end_unbegun(self, state: RunState, sentence: str) -> None:
        """Write the records of a driver that will never write them."""
        now = datetime.now(UTC)
        start = DriverStart(run_id=self.id, epoch=1, host=socket.gethostname(), pid=os.getpid(), started_at=now)
        end = DriverEnd(epoch=1, state=state, sentence=sentence, ended_at=now)
        with contextlib.suppress(errors.AlreadyExistsError):
            self._store.records.create(paths.driver_start(self.id, 1), start)
            self._store.records.create(paths.driver_end(self.id, 1), end)

    def _request_cancel(self, epoch: int) -> None:
        request = CancelRequest(epoch=epoch, author=configuration.user(), created_at=datetime.now(UTC))
        self._store.records.append(paths.cancels(self.id), lambda _: request)

    def resume(self) -> Run:
        """Go on with what is missing: succeeded tasks stay, failed and cancelled ones are tried again."""
        status = self.status()
        if status.plan.backend == states.INTERACTIVE:
            raise errors.InvalidInputError(
                f"{self.id} is a notebook's session, not a launched run.", remedy="Run its cells again.", run=self.id
            )
        if not status.state.ended or _is_whole(status):
            return self
        epoch = status.epoch + 1
        self.drive(epoch)
        if registry.backend(status.plan.backend).restarts_drivers:
            return self  # it is the backend's by now, and may wait for room
        deadline = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < deadline:
            if self.head().epoch >= epoch:
                return self
            time.sleep(self._store.pause_s(POLL_S / 3))
        words = registry.backend(status.plan.backend).last_words(status.plan)
        raise errors.BackendError(
            f"No driver took run {self.id}{': ' if words else '.'}{words}",
            remedy="Try again: run.resume()",
            run=self.id,
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from taskcell.api import showing

        return showing.bundle(showing.run_view(self))


class _Results:
    """Values by name, from a snapshot of a run's task runs."""

    def __init__(self, where: Store, run_id: str, tasks: Mapping[str, TaskRun]) -> None:
        self._store = where
        self._run_id = run_id
        self._tasks = tasks

    def get(self, name: str) -> Any:
        makers = self._planned(lambda task: task.name == name or task.label == name or task.id == name)
        if makers and not any(name in task.outputs for task in makers):
            return self._by_branch(makers, self._all_outputs)
        makers = self._planned(lambda task: name in task.outputs)
        if makers:
            return self._by_branch(makers, lambda task: self._value(task.outputs[name]))
        self._check_failed()
        outputs = {output: None for task in self._tasks.values() for output in task.outputs}
        raise errors.NotFoundError(
            f"Run {self._run_id} has no result {quoting.shortened(name)!r}.",
            remedy=f"{quoting.did_you_mean(name, outputs)} {_choices('It has', outputs)}".strip(),
            run=self._run_id,
        )

    def _planned(self, wanted: Callable[[TaskRun], bool]) -> list[TaskRun]:
        elements = {
            task.id for task in self._tasks.values() if "." in task.id and task.id.rsplit(".", 1)[0] in self._tasks
        }
        found = [task for task in self._tasks.values() if wanted(task)]
        return [task for task in found if task.id not in elements] or found

    def _by_branch(self, tasks: list[TaskRun], value: Callable[[TaskRun], Any]) -> Any:
        if len(tasks) == 1 and not tasks[0].branch:
            return value(tasks[0])
        return {task.label: value(task) for task in tasks}

    def _all_outputs(self, task: TaskRun) -> Any:
        self._check_succeeded(task)
        values = {name: self._value(artifact) for name, artifact in task.outputs.items()}
        return next(iter(values.values())) if len(values) == 1 else values

    def _value(self, artifact: Artifact) -> Any:
        session = sessions.current()
        names = session.namespace if session is not None else None  # classes of a notebook are those of this kernel
        return codecs.decode(artifact, self._store.blobs, trusted=configuration.trusted(self._store), namespace=names)

    def _check_failed(self) -> None:
        for task in self._tasks.values():
            if task.state is TaskState.FAILED:
                self._check_succeeded(task)

    def _check_succeeded(self, task: TaskRun) -> None:
        if task.state is TaskState.SUCCEEDED:
            return
        if task.error is not None:
            raise errors.TaskFailedError(
                f"Task {task.label!r} of run {self._run_id} failed: {task.error.sentence}",
                remedy=f"Look with: taskcell logs {self._run_id} {task.id}",
                run=self._run_id,
                task=task.id,
            )
        raise errors.NotFoundError(
            f"Task {task.label!r} of run {self._run_id} is {task.state}.", remedy="Wait for it: run.wait()"
        )


def _is_whole(status: states.RunStatus) -> bool:
    """Whether a run has all its results; the record of one may have been damaged since."""
    succeeded = all(task.state is TaskState.SUCCEEDED for task in status.tasks.values())
    return status.state is RunState.SUCCEEDED and succeeded


def _choices(words: str, names: Mapping[str, object]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 20} more" if len(listed) > 20 else ""
    return f"{words}: {', '.join(listed[:20])}{more}." if listed else ""


class _Drivers:
    """Asks a run's backend about its driver."""

    def alive(self, plan: Plan, start: DriverStart) -> bool:
        return registry.backend(plan.backend).driver_alive(plan, start)

    def waits(self, plan: Plan) -> str:
        return registry.backend(plan.backend).driver_waits(plan)

    def given_up(self, plan: Plan) -> str:
        return registry.backend(plan.backend).driver_given_up(plan)

    def stumbled(self, plan: Plan) -> str:
        return registry.backend(plan.backend).driver_stumbled(plan)

    def last_words(self, plan: Plan) -> str:
        return registry.backend(plan.backend).last_words(plan)


def _driver_order(where: Store, plan: Plan, epoch: int, *, restarts: bool) -> DriverOrder:
    return DriverOrder(
        store=where.url,
        project=where.project,
        run_id=plan.run_id,
        python=plan.python,
        folder=plan.folder,
        trusted=configuration.trusted(where),
        epoch=epoch,
        webhook=configuration.settings().webhook or "",
        restarts=restarts,
    )


def run(run_id: str, *, store: str | None = None, project: str | None = None) -> Run:
    """Return a run by its id (or its first characters), or by its link.

    Raises
    ------
    NotFoundError
        When the store has no such run.
    """
    if links.is_link(run_id):
        run_id, home = links.leads_to(run_id)
        return Run(home, run_id) if home is not None else run(run_id)
    where = configuration.store(store=store, project=project)
    wanted = run_id.strip().upper()
    if paths.is_run_id(wanted) and where.records.exists(paths.plan(wanted)):
        return Run(where, wanted)
    matches = [found for found in _run_ids(where) if found.startswith(wanted)] if 4 <= len(wanted) < 26 else []
    if len(matches) == 1:
        return Run(where, matches[0])
    if matches:
        raise errors.InvalidInputError(
            f"{run_id!r} begins the ids of {len(matches)} runs.", remedy=_choices("They are", dict.fromkeys(matches))
        )
    raise errors.NotFoundError(
        f"There is no run {quoting.shortened(run_id)!r} in {where.url} (project {where.project}).",
        remedy="List runs with: taskcell runs",
        run=run_id[:100],
    )


def _run_ids(where: Store) -> Iterator[str]:
    for entry in where.project_files.list(paths.runs()):
        yield paths.last(entry.path)


def runs(
    workflow: str | None = None,
    *,
    author: str | None = None,
    state: RunState | str | None = None,
    limit: int = 50,
    interactive: bool = False,
    store: str | None = None,
    project: str | None = None,
) -> list[Run]:
    """Return runs, the newest first.

    Parameters
    ----------
    workflow, author, state
        Only these.
    limit : int
        How many at most.
    interactive : bool
        Whether notebooks' sessions are among them.
    """
    where = configuration.store(store=store, project=project)
    found: list[Run] = []
    before = None
    while len(found) < limit:
        rows = index.RunIndex(where).runs(workflow=workflow, author=author, limit=limit, before=before)
        for row in rows:
            listed = Run(where, row.run_id)
            if row.backend == states.INTERACTIVE and not interactive:
                continue
            if state is not None and listed.state != state:
                continue
            found.append(listed)
        if len(rows) < limit:
            break
        before = rows[-1].run_id
    return found[:limit]
