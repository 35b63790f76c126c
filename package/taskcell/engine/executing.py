"""Take one attempt from its order to its committed record. Runs in a worker, on a laptop as in a pod."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.cache.results import Results
from taskcell.engine import composing, logs
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.handover import InsideOrder, InsideResult
from taskcell.model.runs import AttemptEnd, AttemptStart, Plan, TaskError, TaskState
from taskcell.model.tasks import Task
from taskcell.notebook import writing
from taskcell.store import paths
from taskcell.store.opening import Store

LEASE_POLL_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    outputs: dict[str, Artifact]
    displays: list[dict[str, object]]
    notebook: dict[str, Any]
    error: TaskError | None
    notices: tuple[str, ...]
    dropped: dict[str, str]


class Executor:
    """Executes orders of one run, one after the other."""

    def __init__(self, store: Store, plan: Plan, *, trusted: bool) -> None:
        self._store = store
        self._plan = plan
        self._results = Results(store)
        self._trusted = trusted

    def execute(self, order: TaskOrder) -> None:
        """Execute an order and commit its record; an attempt that another worker has claimed is left alone."""
        claim = self._store.files.lease(attempt_lease(self._store.project, order.run_id, order.task_id, order.attempt))
        if not claim.acquire():
            return
        try:
            self._claimed(order)
        finally:
            claim.release()

    def _claimed(self, order: TaskOrder) -> None:
        started = datetime.now(UTC)
        start = AttemptStart(
            task_id=order.task_id, attempt=order.attempt, epoch=order.epoch, host=socket.gethostname(), started_at=started
        )
        try:
            self._store.records.create(paths.attempt_start(order.run_id, order.task_id, order.attempt), start)
        except errors.AlreadyExistsError:
            return
        clock = time.perf_counter()
        try:
            end = self._shared(order, started, clock)
        except errors.TaskcellError as exc:
            error = TaskError(kind=exc.code, sentence=str(exc).replace("\n", " "))
            end = _end(order, started, clock, state=TaskState.FAILED, error=error)
        self._store.records.create(paths.attempt_end(order.run_id, order.task_id, order.attempt), end)

    def _shared(self, order: TaskOrder, started: datetime, clock: float) -> AttemptEnd:
        """Execute while holding the key's lease, or take the result of whoever held it before."""
        if order.key is None:
            return self._committed(order, started, clock)
        lease = self._results.lease(order.key)
        held = lease.acquire(None if order.use_cache else 0.0)
        try:
            entry = self._results.find(order.key) if order.use_cache else None
            if entry is not None:
                return hit(order, entry, started, time.perf_counter() - clock)
            return self._committed(order, started, clock)
        finally:
            if held:
                lease.release()

    def _committed(self, order: TaskOrder, started: datetime, clock: float) -> AttemptEnd:
        log = logs.LogWriter(self._store, order.run_id, order.task_id, order.attempt)
        try:
            outcome = self._executed(order, log)
        finally:
            log.close()
        notebook_path = paths.notebook(order.run_id, order.task_id, order.attempt)
        self._store.project_files.create(notebook_path, writing.dump_notebook(outcome.notebook))
        if outcome.error is not None:
            return _end(
                order, started, clock, state=TaskState.FAILED, error=outcome.error, notices=outcome.notices
            )
        displays = self._results.put_displays(outcome.displays)
        end = _end(
            order,
            started,
            clock,
            state=TaskState.SUCCEEDED,
            outputs=outcome.outputs,
            displays=displays,
            notices=outcome.notices,
        )
        return self._published(order, end, outcome.dropped)

    def _published(self, order: TaskOrder, end: AttemptEnd, dropped: dict[str, str]) -> AttemptEnd:
        """Commit to the cache; the first commit of a key wins, and a later one takes its outputs."""
        if order.key is None or not order.write_cache:
            return end
        mine = CacheEntry(
            key=order.key,
            parts=order.parts,
            task_name=order.task_id,
            task=order.task,
            outputs=end.outputs,
            run_id=order.run_id,
            author=self._plan.author,
            created_at=end.ended_at,
            duration_s=end.duration_s,
            displays=end.displays,
            dropped=dropped,
        )
        winner = self._results.commit(mine)
        if order.use_cache and winner.outputs != mine.outputs:
            return msgspec.structs.replace(end, outputs=winner.outputs, displays=winner.displays)
        return end

    def _executed(self, order: TaskOrder, log: logs.LogWriter) -> _Outcome:
        from taskcell.engine import notebooks

        task = msgspec.json.decode(self._store.blobs.get(order.task), type=Task)
        scratch = Path(tempfile.mkdtemp(prefix="taskcell-"))
        try:
            self._prepare(scratch, task, order)
            executed = notebooks.execute(
                composing.task_notebook(task, order, self._plan, self._store.url),
                scratch=scratch,
                parameters=dict(order.parameters),
                folder=_folder(self._plan),
                timeout_s=task.options.timeout_s,
                environ={
                    "TASKCELL_TASK": str(scratch / "order.json"),
                    "TASKCELL_STORE": self._store.url,
                    "TASKCELL_PROJECT": self._store.project,
                    "TASKCELL_READ_CACHE": "1" if order.use_cache else "0",
                },
                listener=log.write,
            )
            return self._read(scratch, executed)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _prepare(self, scratch: Path, task: Task, order: TaskOrder) -> None:
        composing.write_modules(task, scratch / "modules")
        inside = InsideOrder(
            store=self._store.url,
            project=self._store.project,
            trusted=self._trusted,
            scratch=str(scratch),
            inputs=order.inputs,
            outputs=task.outputs,
            stated=task.stated,
            seed=task.options.seed,
            values={item.name: item.artifact for item in task.captures if item.artifact is not None},
        )
        (scratch / "order.json").write_bytes(msgspec.json.encode(inside))

    def _read(self, scratch: Path, executed: Any) -> _Outcome:
        answer = scratch / "result.json"
        error = composing.explain(executed)
        if error is None and not answer.exists():
            error = TaskError(kind="exception", sentence="the cell left the interpreter before its end (SystemExit)")
        result = (
            InsideResult(outputs={})
            if error is not None
            else msgspec.json.decode(answer.read_bytes(), type=InsideResult)
        )
        notices = [f"{name} is not kept: {reason}" for name, reason in result.dropped.items()]
        notices += [
            f"input {name} was changed in place; the change is not part of the result, and nobody else sees it"
            for name in result.changed
        ]
        return _Outcome(
            outputs=result.outputs,
            displays=writing.body_outputs(executed.notebook),
            notebook=executed.notebook,
            error=error,
            notices=tuple(notices),
            dropped=result.dropped,
        )


def attempt_lease(project: str, run_id: str, task_id: str, attempt: int) -> str:
    """Return the name of the lease that a worker holds while it works at an attempt."""
    return f"{project}/attempt/{run_id}/{task_id}/{attempt}"


def hit(order: TaskOrder, entry: CacheEntry, started: datetime, duration_s: float) -> AttemptEnd:
    """Return the record of an attempt that took its result from the cache."""
    return AttemptEnd(
        task_id=order.task_id,
        attempt=order.attempt,
        state=TaskState.SUCCEEDED,
        started_at=started,
        ended_at=datetime.now(UTC),
        duration_s=duration_s,
        cached=True,
        key=order.key,
        parts=order.parts,
        outputs=entry.outputs,
        displays=entry.displays,
        from_run=entry.run_id,
        from_author=entry.author,
        from_created_at=entry.created_at,
    )


def _end(order: TaskOrder, started: datetime, clock: float, **facts: Any) -> AttemptEnd:
    return AttemptEnd(
        task_id=order.task_id,
        attempt=order.attempt,
        started_at=started,
        ended_at=datetime.now(UTC),
        duration_s=time.perf_counter() - clock,
        key=order.key,
        parts=order.parts,
        **facts,
    )


def _folder(plan: Plan) -> Path:
    folder = Path(plan.folder) if plan.folder else Path.cwd()
    return folder if folder.is_dir() else Path.cwd()
