"""Carry a run from its plan to its end.

The driver holds no state of its own: it reads the plan and the records, starts what is ready, and ends. Killed at any
moment and started again it comes to the same final state: what was committed counts, an attempt whose worker still
lives is waited for, an attempt without a record is made again.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from taskcell import errors
from taskcell.backends.contracts import TaskOrder, WorkerEvent, WorkerNews, Workers
from taskcell.cache import keys
from taskcell.cache.results import Results
from taskcell.engine import executing, mapping, states
from taskcell.engine.nodes import Graph, Node
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import AttemptEnd, DriverEnd, DriverStart, Plan, RunState, TaskError, TaskState
from taskcell.model.tasks import Task
from taskcell.store import paths
from taskcell.store.opening import Store

POLL_S = 0.25
CANCEL_POLL_S = 0.5
TIMEOUT_GRACE_S = 20.0
"""Beyond a task's timeout, for the kernel's start and the record's end; then the processes are killed from outside."""
LOST_LIMIT = 3
"""Workers that one task may take down before it is given up."""


class Driver:
    """Drives one run with given workers.

    Parameters
    ----------
    store, plan
        Where the records are, and the run's plan.
    workers
        Where attempts execute.
    installed
        Version of a distribution where tasks execute.
    trusted
        Whether pickles of this store may be loaded here (only a mapped input needs to be).
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        workers: Workers,
        *,
        installed: Callable[[str], str | None],
        trusted: bool,
    ) -> None:
        self._store = store
        self._plan = plan
        self._workers = workers
        self._installed = installed
        self._results = Results(store)
        self._elements = mapping.Elements(store, trusted=trusted)
        self._graph = Graph(plan, self._load_task)
        self._running: dict[str, Node] = {}
        self._orphans: list[Node] = []
        self._delayed: list[Node] = []
        self._epoch = 0
        self._next_cancel_check = 0.0

    def drive(self) -> DriverEnd:
        """Drive the run to its end and record it; raise ConflictError when another driver is at it."""
        leadership = self._store.files.lease(leader_lease(self._store.project, self._plan.run_id))
        if not leadership.acquire():
            raise errors.ConflictError(f"Run {self._plan.run_id} has a driver already.", run=self._plan.run_id)
        started = time.perf_counter()
        try:
            self._epoch = self._store.records.append(
                paths.driver_starts(self._plan.run_id),
                lambda epoch: DriverStart(
                    run_id=self._plan.run_id,
                    epoch=epoch,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    started_at=datetime.now(UTC),
                ),
            )
            self._recall()
            state = self._loop()
            sentence = self._graph.sentence(state, time.perf_counter() - started)
            return self._end(state, sentence)
        except Exception as exc:
            self._end(RunState.FAILED, f"The driver failed: {type(exc).__name__}: {exc}")
            raise
        finally:
            self._workers.close()
            leadership.release()

    def _end(self, state: RunState, sentence: str) -> DriverEnd:
        end = DriverEnd(epoch=self._epoch, state=state, sentence=sentence, ended_at=datetime.now(UTC))
        self._store.records.create(paths.driver_end(self._plan.run_id, self._epoch), end)
        return end

    # -- what is known already ---------------------------------------------------------------------------------------

    def _recall(self) -> None:
        """Take over what earlier drivers left: results count, failures are forgotten, live attempts are waited for."""
        for task_id, attempt in states.read_attempts(self._store, self._plan.run_id).items():
            node = self._graph.find(task_id)
            if node is None:
                self._graph.remembered[task_id] = attempt
            else:
                self._take_over(node, attempt)

    def _take_over(self, node: Node, attempt: states.Attempt) -> None:
        node.attempt = attempt.number
        if attempt.end is not None and attempt.end.state is TaskState.SUCCEEDED:
            self._graph.succeed(node, attempt.end)
        elif attempt.end is None:
            node.state = TaskState.RUNNING
            self._orphans.append(node)

    def _load_task(self, address: str) -> Task:
        return msgspec.json.decode(self._store.blobs.get(address), type=Task)  # type: ignore[arg-type]

    # -- the loop ----------------------------------------------------------------------------------------------------

    def _loop(self) -> RunState:
        while True:
            if self._cancelled():
                return RunState.CANCELLED
            self._start_ready()
            self._check_orphans()
            self._check_deadlines()
            if not (self._running or self._orphans or self._delayed or self._graph.ready):
                return RunState.FAILED if self._graph.failed() else RunState.SUCCEEDED
            for event in self._workers.events(POLL_S if self._running else POLL_S / 5):
                self._hear(event)
            if not self._running:
                time.sleep(POLL_S / 5)

    def _cancelled(self) -> bool:
        now = time.monotonic()
        if now < self._next_cancel_check:
            return False
        self._next_cancel_check = now + CANCEL_POLL_S
        if not states.cancel_requested(self._store, self._plan.run_id, self._epoch):
            return False
        for node in list(self._running.values()):
            self._workers.cancel(node.order_id)
            self._record_end(node, TaskState.CANCELLED, TaskError(kind="cancelled", sentence="it was cancelled"))
        return True

    def _start_ready(self) -> None:
        now = time.monotonic()
        for node in [node for node in self._delayed if node.not_before <= now]:
            self._delayed.remove(node)
            self._graph.ready.appendleft(node)
        waiting = []
        while self._graph.ready:
            node = self._graph.ready.popleft()
            if node.state is not TaskState.PENDING:
                continue
            if not self._start(node):
                waiting.append(node)
        self._graph.ready.extend(waiting)

    def _start(self, node: Node) -> bool:
        """Settle a ready node from the cache, deal it into elements, or hand it to a worker; False: no room."""
        if node.order is None and not self._settle(node):
            return True
        if self._workers.free() == 0:
            return False
        assert node.order is not None
        node.attempt += 1
        node.order = msgspec.structs.replace(node.order, attempt=node.attempt, epoch=self._epoch)
        node.started = time.monotonic()
        node.state = TaskState.RUNNING
        self._running[node.order.id] = node
        self._workers.submit(node.order)
        return True

    def _settle(self, node: Node) -> bool:
        """Make the node's order; return False when nothing is left to execute."""
        if node.task.options.map_over is not None and node.element is None:
            self._expand(node)
            return False
        order = self._order(node)
        if order.use_cache and order.key is not None:
            entry = self._results.find(order.key)
            if entry is not None:
                node.attempt += 1
                order = msgspec.structs.replace(order, attempt=node.attempt)
                self._commit(node, executing.hit(order, entry, datetime.now(UTC), 0.0))
                return False
        node.order = order
        return True

    def _order(self, node: Node) -> TaskOrder:
        inputs = self._graph.inputs(node)
        digests = {
            name: keys.InputDigest(digest=artifact.digest, label=artifact.preview) for name, artifact in inputs.items()
        }
        key = keys.task_key(node.task, digests, installed=self._installed)
        values = {**self._plan.parameters, **node.planned.branch}
        shown = {
            binding.input: values[binding.input]
            for binding in node.planned.bindings
            if binding.parameter and binding.input in values and binding.input != node.task.options.map_over
        }
        cacheable = node.task.options.cache
        return TaskOrder(
            run_id=self._plan.run_id,
            task_id=node.id,
            attempt=0,
            epoch=self._epoch,
            task=node.planned.task,
            inputs=inputs,
            parameters=shown,
            key=key.digest,
            parts=key.parts,
            use_cache=self._plan.use_cache and cacheable,
            write_cache=cacheable,
            options=node.task.options,
            element=node.element,
        )

    # -- maps --------------------------------------------------------------------------------------------------------

    def _expand(self, node: Node) -> None:
        name = node.task.options.map_over
        assert name is not None
        try:
            elements = self._elements.of(self._graph.inputs(node)[name], node.task.name, name)
        except errors.TaskcellError as exc:
            node.attempt += 1
            self._fail(node, TaskError(kind=exc.code, sentence=str(exc).replace("\n", " ")))
            return
        node.attempt += 1
        node.state = TaskState.RUNNING
        node.started = time.monotonic()
        for element in self._graph.expand(node, name, elements):
            attempt = self._graph.remembered.get(element.id)
            if attempt is not None:
                self._take_over(element, attempt)
        self._gather_if_done(node)

    def _gather_if_done(self, parent: Node) -> None:
        if parent.state.ended or any(not element.state.ended for element in parent.elements):
            return
        broken = [element for element in parent.elements if element.state is not TaskState.SUCCEEDED]
        if broken:
            reason = broken[0].error.sentence if broken[0].error else "it did not end"
            sentence = f"{len(broken)} of {len(parent.elements)} elements failed; the first, {broken[0].id}: {reason}"
            self._fail(parent, TaskError(kind="exception", sentence=sentence))
            return
        ends = [element.end for element in parent.elements if element.end is not None]
        outputs = {
            name: self._elements.gather([end.outputs[name] for end in ends if name in end.outputs])
            for name in parent.task.outputs
        }
        self._record_end(
            parent,
            TaskState.SUCCEEDED,
            None,
            outputs=outputs,
            cached=bool(ends) and all(end.cached for end in ends),
            elements=len(ends),
        )

    # -- what workers say --------------------------------------------------------------------------------------------

    def _hear(self, event: WorkerEvent) -> None:
        node = self._running.pop(event.order_id, None)
        if node is None:
            return
        attempt = states.read_attempt(self._store, self._plan.run_id, node.id, node.attempt)
        if attempt is not None and attempt.end is not None:
            self._ended(node, attempt.end)
        elif event.news is WorkerNews.DONE:
            # Another worker claimed this attempt: it left a start, or holds the lease.
            self._orphans.append(node)
        else:
            self._lost(node, event.detail)

    def _ended(self, node: Node, end: AttemptEnd) -> None:
        if end.state is TaskState.SUCCEEDED:
            self._succeed(node, end)
        else:
            self._retry_or_fail(node, end)

    def _commit(self, node: Node, end: AttemptEnd) -> None:
        self._store.records.create(paths.attempt_end(self._plan.run_id, node.id, node.attempt), end)
        self._succeed(node, end)

    def _succeed(self, node: Node, end: AttemptEnd) -> None:
        self._graph.succeed(node, end)
        if node.parent is not None:
            self._gather_if_done(node.parent)

    def _retry_or_fail(self, node: Node, end: AttemptEnd) -> None:
        node.error = end.error
        counts = end.error is None or end.error.counts
        node.failures += counts
        node.losses += not counts
        options = node.task.options
        if node.failures > options.retries or node.losses >= LOST_LIMIT:
            self._graph.fail(node)
            if node.parent is not None:
                self._gather_if_done(node.parent)
            return
        node.state = TaskState.PENDING
        node.not_before = time.monotonic() + (options.retry_delay_s * 2 ** (node.failures - 1) if counts else 0.0)
        self._delayed.append(node)

    def _lost(self, node: Node, detail: str) -> None:
        if node.overdue:
            limit = node.task.options.timeout_s
            error = TaskError(kind="timeout", sentence=f"it took longer than {limit:g} s and was killed")
        else:
            error = TaskError(kind="lost", sentence=f"its worker process ended ({detail})", counts=False)
        self._ended(node, self._record_end(node, TaskState.FAILED, error, apply=False))

    def _fail(self, node: Node, error: TaskError) -> None:
        self._record_end(node, TaskState.FAILED, error, apply=False)
        node.error = error
        self._graph.fail(node)

    def _record_end(
        self,
        node: Node,
        state: TaskState,
        error: TaskError | None,
        *,
        apply: bool = True,
        outputs: dict[str, Artifact] | None = None,
        cached: bool = False,
        elements: int | None = None,
    ) -> AttemptEnd:
        """Write the record of an attempt that has no worker to write it."""
        seconds = time.monotonic() - node.started if node.started else 0.0
        now = datetime.now(UTC)
        end = AttemptEnd(
            task_id=node.id,
            attempt=node.attempt,
            state=state,
            started_at=datetime.fromtimestamp(now.timestamp() - seconds, UTC),
            ended_at=now,
            duration_s=seconds,
            cached=cached,
            key=node.order.key if node.order else None,
            parts=node.order.parts if node.order else (),
            outputs=outputs or {},
            error=error,
            elements=elements,
        )
        try:
            self._store.records.create(paths.attempt_end(self._plan.run_id, node.id, node.attempt), end)
        except errors.AlreadyExistsError:
            end = self._store.records.read(
                paths.attempt_end(self._plan.run_id, node.id, node.attempt), AttemptEnd
            )
        if apply and end.state is TaskState.SUCCEEDED:
            self._succeed(node, end)
        elif apply:
            node.state = end.state
        return end

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        for node in self._running.values():
            limit = node.task.options.timeout_s
            if limit is not None and not node.overdue and now > node.started + limit + TIMEOUT_GRACE_S:
                node.overdue = True
                self._workers.cancel(node.order_id)

    def _check_orphans(self) -> None:
        """See whether attempts of a driver that is gone have ended, or their workers are gone too."""
        for node in list(self._orphans):
            name = executing.attempt_lease(self._store.project, self._plan.run_id, node.id, node.attempt)
            lease = self._store.files.lease(name)
            if not lease.acquire():
                continue
            lease.release()
            self._orphans.remove(node)
            attempt = states.read_attempt(self._store, self._plan.run_id, node.id, node.attempt)
            if attempt is not None and attempt.end is not None:
                self._ended(node, attempt.end)
            else:
                self._lost(node, "it was left behind by a driver that was stopped")


def leader_lease(project: str, run_id: str) -> str:
    """Return the name of the lease that a run's driver holds."""
    return f"{project}/driver/{run_id}"
