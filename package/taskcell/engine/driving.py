"""Carry a run from its plan to its end.

The driver holds no state of its own: it reads the plan and the records, starts what is ready, and ends. Killed at any
moment and started again it comes to the same final state: what was committed counts, an attempt whose worker still
lives is waited for, an attempt without a record is made again.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from taskcell import errors
from taskcell.backends import beating
from taskcell.backends.contracts import TaskOrder, WorkerEvent, WorkerNews, Workers
from taskcell.cache.results import Results
from taskcell.engine import ending, mapping, retrying, settling, states
from taskcell.engine.clocks import Clock
from taskcell.engine.leading import Leadership
from taskcell.engine.mending import Mender
from taskcell.engine.nodes import Graph, Node
from taskcell.engine.ordering import Orders
from taskcell.engine.waits import WaitBoard
from taskcell.model.runs import AttemptEnd, DriverEnd, Plan, RunState, TaskError, TaskState
from taskcell.model.tasks import Task
from taskcell.store import pooling
from taskcell.store.opening import Store

POLL_S = 0.25
"""Longest silence in which nothing is looked at."""
CANCEL_POLL_S = 0.5
SETTLE_S = 0.1
"""How long ready tasks are settled in one go before workers are heard again."""
FORESIGHT = 16
"""Task runs that workers are told of before they are ready, or are handed together with the one that they wait for."""
TIMEOUT_GRACE_S = 20.0
"""Beyond a task's timeout, for the kernel's start and the record's end; then the processes are killed from outside."""


class ReplacedError(BaseException):
    """The driver is told to leave because another one is about to take its place: workers go on."""


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
    epoch
        Number that this driver is to have; 0 for the next free one.
    restarts
        Whether it may be started again under the same number, as in ``DriverOrder``.
    clock
        The time.
    beat
        Shows that the driver goes on; called all the time.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        workers: Workers,
        *,
        installed: Callable[[str], str | None],
        trusted: bool,
        epoch: int = 0,
        restarts: bool = False,
        clock: Clock | None = None,
        beat: Callable[[], None] = beating.silent,
    ) -> None:
        self._store = store
        self._beat = beat
        self._plan = plan
        self._workers = workers
        self._clock = clock or Clock()
        self._leadership = Leadership(store, plan.run_id, epoch, restarts=restarts, is_gone=workers.is_gone, beat=beat)
        self._epoch = epoch
        self._elements = mapping.Elements(store, trusted=trusted)
        addresses = list(dict.fromkeys(planned.task for planned in plan.tasks))
        tasks: dict[str, Task] = dict(
            zip(addresses, pooling.each(store.files, self._load_task, addresses), strict=True)
        )
        self._graph = Graph(plan, tasks.__getitem__)
        self._results = results = Results(store)
        self._settling = settling.Settling(store, plan.run_id, Orders(plan, self._graph, results, installed))
        self._mender = Mender(self._graph, results)
        self._running: dict[str, Node] = {}
        self._orphans: list[Node] = []
        self._delayed: list[tuple[float, int, Node]] = []
        """Nodes between two attempts, as a heap; the number keeps their order where the time is the same."""
        self._numbers = itertools.count()
        self._held: dict[str, TaskOrder] = {}
        """Orders that workers of an earlier driver have, by task run, until their nodes are found."""
        self._waiting: deque[Node] = deque()
        self._waits = WaitBoard(store, plan.run_id)
        self._next_cancel_check = 0.0
        self._next_orphan_check = 0.0

    def drive(self) -> DriverEnd:
        """Drive the run to its end and record it; raise ConflictError when another driver is at it, or was first."""
        with self._leadership:
            try:
                self._epoch = self._leadership.begin()
                return self._driven()
            except ReplacedError:
                raise
            except BaseException:
                self._workers.close()
                raise
            finally:
                self._settling.close()

    def _driven(self) -> DriverEnd:
        started = self._clock.seconds()
        try:
            self._recall()
            state = self._loop()
            sentence = self._graph.sentence(state, self._clock.seconds() - started)
        except Exception as exc:
            self._workers.close()
            reason = str(exc) if isinstance(exc, errors.TaskcellError) else f"{type(exc).__name__}: {exc}"
            go_on = f"Go on with: taskcell resume {self._plan.run_id}"
            # A store that is full may not even take this; then the exception is the last word.
            with contextlib.suppress(errors.StoreError):
                self._leadership.end(RunState.FAILED, " ".join(f"The driver gave up: {reason} {go_on}".split()))
            raise
        end = self._leadership.end(state, sentence)
        self._workers.close()
        return end

    # -- what is known already ---------------------------------------------------------------------------------------

    def _recall(self) -> None:
        """Take over what earlier drivers left: results count, failures are forgotten, live attempts are waited for."""
        attempts = states.read_attempts(self._store, self._plan.run_id)

        def ended(order: TaskOrder) -> TaskState | None:
            known = attempts.get(order.task_id)
            if known is not None and known.number > order.attempt:
                return TaskState.SKIPPED
            return known.end.state if known is not None and known.number == order.attempt and known.end else None

        self._held = {order.task_id: order for order in self._workers.recall(ended)}
        for task_id, attempt in attempts.items():
            node = self._graph.find(task_id)
            if node is None:
                self._graph.remembered[task_id] = attempt
            else:
                self._take_over(node, attempt)
        for task_id in list(self._held):
            node = self._graph.find(task_id)
            if node is not None and node.startable:
                self._go_on(node, self._held.pop(task_id))
        for node in self._running.values():
            if node.order is not None and node.order.awaits:
                self._complete(node, node.order)

    def _go_on(self, node: Node, order: TaskOrder) -> None:
        """Take over an order that a worker has from an earlier driver."""
        node.attempt, node.order = order.attempt, order
        self._set_running(node)
        self._running[order.id] = node

    def _take_over(self, node: Node, attempt: states.Attempt) -> None:
        node.attempt = attempt.number
        held = self._held.pop(node.id, None)
        if held is not None:
            self._go_on(node, held)
        elif attempt.end is None:
            node.state = TaskState.RUNNING
            node.holder = states.holder_of(self._store.project, self._plan.run_id, node.id, attempt)
            self._orphans.append(node)
        elif attempt.end.state is TaskState.SUCCEEDED:
            self._graph.succeed(node, attempt.end)
        elif attempt.end.error is not None and attempt.end.error.kind == states.DAMAGED:
            node.notices = (f"attempt {attempt.number} is not used: {attempt.end.error.sentence}",)

    def _load_task(self, address: str) -> Task:
        return msgspec.json.decode(self._store.blobs.get(address), type=Task)  # type: ignore[arg-type]

    # -- the loop ----------------------------------------------------------------------------------------------------

    def _loop(self) -> RunState:
        while True:
            self._beat()
            if self._cancelled():
                return RunState.CANCELLED
            more = self._start_ready()
            self._check_orphans()
            self._check_deadlines()
            self._waits.publish(self._epoch, self._clock.seconds())
            if not (self._running or self._orphans or self._delayed or self._waiting or self._graph.ready):
                return self._conclusion()
            if self._running:
                events = self._workers.events(0.0 if more else POLL_S)
                ends = self._ends(events)
                for event in events:
                    self._hear(event, ends)
            elif not more:
                self._clock.sleep(self._store.pause_s(POLL_S))

    def _conclusion(self) -> RunState:
        if self._graph.failed():
            return RunState.FAILED
        stuck = self._graph.unfinished()
        if stuck:
            raise errors.InternalError(f"Task {stuck[0].id!r} waits for something that nobody makes.")
        return RunState.SUCCEEDED

    def _cancelled(self) -> bool:
        now = self._clock.seconds()
        if now < self._next_cancel_check:
            return False
        self._next_cancel_check = now + self._store.pause_s(CANCEL_POLL_S)
        if self._leadership.is_lost():
            raise ReplacedError
        if not self._leadership.is_cancelled():
            return False
        for node in self._running.values():
            self._workers.cancel(node.order_id)
        if self._orphans or self._epoch > 1:
            self._workers.stop_strays()
        for node in (*self._running.values(), *self._orphans):
            end = self._record(node, TaskState.CANCELLED, TaskError(kind="cancelled", sentence="it was cancelled"))
            if end.state is TaskState.SUCCEEDED:
                self._graph.succeed(node, end)
            else:
                node.state = TaskState.CANCELLED
        return True

    def _start_ready(self) -> bool:
        """Start what can be started, for a short while; return whether there is more to settle at once."""
        now = self._clock.seconds()
        while self._delayed and self._delayed[0][0] <= now:
            self._graph.again(heapq.heappop(self._delayed)[2])
        self._submit_waiting()
        while self._graph.ready and self._clock.seconds() < now + SETTLE_S:
            self._beat()
            self._settle(list(self._next_ready()))
            self._submit_waiting()
        return bool(self._graph.ready)

    def _next_ready(self) -> Iterator[Node]:
        """Take ready nodes, each once, as many as are settled together, or one mapped node to be dealt into elements."""
        taken: set[str] = set()
        while self._graph.ready and len(taken) < settling.AT_ONCE:
            node = self._graph.ready[0]
            mapped = node.task.options.map_over is not None and node.element is None
            if mapped and taken:
                return  # dealing may put others back to wait
            self._graph.ready.popleft()
            if not node.startable or node.order is not None or node.id in taken:
                continue
            if mapped:
                self._expand(node)
                return
            taken.add(node.id)
            yield node

    def _submit_waiting(self) -> None:
        is_changed = False
        while self._waiting and self._workers.free() > 0:
            node = self._waiting.popleft()
            if not node.startable or node.order is None:
                continue
            node.attempt += 1
            node.order = msgspec.structs.replace(
                node.order, attempt=node.attempt, brief=node.is_brief, then=self._going_along(node)
            )
            self._free_key(node, node.order)
            self._set_running(node)
            self._running[node.order.id] = node
            self._workers.submit(node.order)
            is_changed = True
        if is_changed:
            self._workers.foresee([node.task.options for node in self._graph.coming(self._running.values(), FORESIGHT)])

    def _going_along(self, node: Node) -> tuple[TaskOrder, ...]:
        """Return the orders of a chain that the worker of a node goes on with by itself."""
        options = node.task.options

        def fits(other: Node) -> bool:
            return (
                other.state is TaskState.PENDING
                and not other.attempt
                and other.order is None
                and other.task.options.map_over is None
                and not other.notices
                and self._workers.goes_along(options, other.task.options)
            )

        if node.element is not None or not self._workers.goes_along(options, options):
            return ()
        before, orders = {node.id}, []
        with contextlib.suppress(errors.NotFoundError):  # told when its turn comes
            for follower in self._graph.chain(node, fits, FORESIGHT):
                orders.append(self._settling.orders.following(follower, self._epoch, before))
                before.add(follower.id)
        return tuple(orders)

    def _follow(self, order: TaskOrder, end: AttemptEnd | None) -> None:
        """Take note that a worker has gone on from one order to the next, or has not."""
        if not order.then:
            return
        following = msgspec.structs.replace(order.then[0], then=order.then[1:])
        node = self._graph.find(following.task_id)
        if node is None or end is None or end.state is not TaskState.SUCCEEDED or not node.startable:
            self._workers.withdraw(following)
            return
        node.attempt = following.attempt
        if not self._complete(node, following):
            node.attempt = 0
            self._workers.withdraw(following)
            return
        self._set_running(node)
        self._running[following.id] = node

    def _complete(self, node: Node, order: TaskOrder) -> bool:
        """Give a node the whole of an order that went along; return False where it can't be executed."""
        try:
            whole = self._settling.orders.order(node, order.epoch)
        except errors.NotFoundError:
            return False
        node.order = msgspec.structs.replace(whole, attempt=order.attempt, then=order.then)
        self._workers.go_on(node.order)
        return True

    def _free_key(self, node: Node, order: TaskOrder) -> None:
        """Take from workers that are gone what they held, so that the next one need not wait for it to run out."""
        if node.deserted and order.key is not None:
            self._results.lease(order.key).revoke(node.deserted.__contains__)
        node.deserted.clear()

    def _set_running(self, node: Node) -> None:
        node.state, node.started, node.begun, node.overdue = TaskState.RUNNING, self._clock.seconds(), False, False
        node.holder = ""

    def _settle(self, nodes: list[Node]) -> None:
        """Take nodes' results from the cache, or put them in the line for a worker."""
        for found in self._settling.settle(nodes, self._epoch):
            node = found.node
            if found.notice:
                node.notices = (*node.notices, found.notice)
            if found.refusal is not None:
                self._fail_unstarted(node, found.refusal)
            elif found.end is not None:
                node.attempt += 1
                self._ended(node, found.end)
            elif node.startable:
                node.order = found.order
                self._waiting.append(node)

    # -- maps --------------------------------------------------------------------------------------------------------

    def _expand(self, node: Node) -> None:
        name = node.task.options.map_over
        assert name is not None
        try:
            elements = self._elements.of(self._graph.inputs(node)[name], node.task.name, name)
        except errors.TaskcellError as exc:
            if not self._mender.mend(node):
                self._fail_unstarted(node, exc)
            return
        node.attempt += 1
        self._set_running(node)
        for element in self._graph.expand(node, name, elements):
            attempt = self._graph.remembered.get(element.id)
            if node.mended:
                attempt = states.read_attempt(self._store, self._plan.run_id, element.id)
            if attempt is not None:
                self._take_over(element, self._mender.checked(attempt) if node.mended else attempt)
            elif element.id in self._held:
                self._go_on(element, self._held.pop(element.id))
        node.unended = {element.id for element in node.elements if not element.state.ended}
        if not node.unended:
            self._gather(node)

    def _element_ended(self, element: Node) -> None:
        parent = element.parent
        if parent is None or element.id not in parent.unended:
            return
        parent.unended.remove(element.id)
        if element.end is not None and not element.end.cached:
            parent.took(element.end.duration_s)
        if not parent.unended and parent.state is TaskState.RUNNING:
            self._gather(parent)

    def _gather(self, parent: Node) -> None:
        broken = [element for element in parent.elements if element.state is not TaskState.SUCCEEDED]
        if broken:
            reason = broken[0].error.sentence if broken[0].error else "it did not end"
            sentence = f"{len(broken)} of {len(parent.elements)} elements failed; the first, {broken[0].id}: {reason}"
            self._fail(parent, TaskError(kind="exception", sentence=sentence))
            return
        ends = [element.end for element in parent.elements if element.end is not None]
        kept = [name for name in parent.task.outputs if all(name in end.outputs for end in ends)]
        lost = [name for name in parent.task.outputs if name not in kept]
        parent.notices += tuple(f"{name} is not kept: some elements could not store it" for name in lost)
        end = self._record(
            parent,
            TaskState.SUCCEEDED,
            None,
            outputs={name: self._elements.gather([end.outputs[name] for end in ends]) for name in kept},
            cached=bool(ends) and all(end.cached for end in ends),
            elements=len(ends),
        )
        self._ended(parent, end)

    # -- what workers say --------------------------------------------------------------------------------------------

    def _ends(self, events: Sequence[WorkerEvent]) -> dict[str, AttemptEnd | None]:
        """Read what workers say that they have recorded, by order: side by side where that takes its time."""
        said = (event.order_id for event in events if event.news is WorkerNews.DONE)
        nodes = {order_id: self._running[order_id] for order_id in said if order_id in self._running}
        return dict(zip(nodes, pooling.each(self._store.files, self._end, nodes.values()), strict=True))

    def _end(self, node: Node) -> AttemptEnd | None:
        return states.read_end(self._store, self._plan.run_id, node.id, node.attempt)

    def _hear(self, event: WorkerEvent, ends: Mapping[str, AttemptEnd | None]) -> None:
        node = self._running.get(event.order_id)
        if node is None:
            return
        if event.news is WorkerNews.WAITING:
            self._waits.note(node.id, event.detail)
            return
        self._waits.note(node.id, "")
        if event.news is WorkerNews.BEGUN:
            node.started, node.begun = self._clock.seconds(), True
            return
        del self._running[event.order_id]
        end = ends[event.order_id] if event.order_id in ends else self._end(node)
        order = node.order
        if end is not None:
            self._ended(node, end)
        if order is not None and event.news is WorkerNews.DONE:
            self._follow(order, end)
        if end is not None:
            return
        if event.news is WorkerNews.DONE:
            # Another worker claimed this attempt: it left a start, or holds the lease.
            self._orphans.append(node)
        else:
            if event.host:
                node.deserted.add(event.host)
            self._lost(node, event.detail, event.error)

    def _ended(self, node: Node, end: AttemptEnd) -> None:
        if end.state is TaskState.SUCCEEDED:
            self._graph.succeed(node, end)
        elif self._mended(node, end) or self._retried(node, end):
            return
        else:
            self._graph.fail(node)
        self._element_ended(node)

    def _mended(self, node: Node, end: AttemptEnd) -> bool:
        """Whether the attempt failed for damaged inputs that are made again now."""
        return end.error is not None and end.error.kind == "input" and self._mender.mend(node)

    def _retried(self, node: Node, end: AttemptEnd) -> bool:
        """Note a failed attempt; put the node off to another one unless it has had enough."""
        delay_s = retrying.delay_after(node, end.error)
        if delay_s is None:
            return False
        node.state, node.order = TaskState.PENDING, None
        node.not_before = self._clock.seconds() + delay_s
        heapq.heappush(self._delayed, (node.not_before, next(self._numbers), node))
        return True

    def _lost(self, node: Node, detail: str, error: TaskError | None = None) -> None:
        if node.overdue:
            limit = node.task.options.timeout_s
            error = TaskError(kind="timeout", sentence=f"it took longer than {limit:g} s and was killed")
        elif error is None:
            last = node.losses + 1 >= retrying.LOST_LIMIT
            times = f" {retrying.LOST_LIMIT} times, the last time with" if last else ":"
            error = TaskError(kind="lost", sentence=f"its worker process ended{times} {detail}", counts=False)
        self._ended(node, self._record(node, TaskState.FAILED, error))

    def _fail_unstarted(self, node: Node, exc: errors.TaskcellError) -> None:
        node.attempt += 1
        self._fail(node, TaskError(kind=exc.code, sentence=" ".join(str(exc).split())))
        self._element_ended(node)

    def _fail(self, node: Node, error: TaskError) -> None:
        self._record(node, TaskState.FAILED, error)
        node.error = error
        self._graph.fail(node)

    def _record(self, node: Node, state: TaskState, error: TaskError | None, **facts: object) -> AttemptEnd:
        """Write the record of an attempt that has no worker to write it; return what is recorded."""
        seconds = self._clock.seconds() - node.started if node.started else 0.0
        end = ending.of_node(node, state, seconds, error=error, **facts)
        return ending.commit(self._store, self._plan.run_id, end)

    def _check_deadlines(self) -> None:
        now = self._clock.seconds()
        for node in self._running.values():
            limit = node.task.options.timeout_s
            if limit is not None and node.begun and not node.overdue and now > node.started + limit + TIMEOUT_GRACE_S:
                node.overdue = True
                self._workers.cancel(node.order_id)

    def _holder(self, node: Node) -> str:
        """Return the name of the lease of whoever works at a node's attempt."""
        if not node.holder:
            attempt = states.read_attempt(self._store, self._plan.run_id, node.id, node.attempt)
            assert attempt is not None
            node.holder = states.holder_of(self._store.project, self._plan.run_id, node.id, attempt)
        return node.holder

    def _is_deserted(self, node: Node, host: str) -> bool:
        if not self._workers.is_gone(host):
            return False
        node.deserted.add(host)
        return True

    def _check_orphans(self) -> None:
        """See whether attempts of a driver that is gone have ended, or their workers are gone too."""
        now = self._clock.seconds()
        if now < self._next_orphan_check:
            return
        self._next_orphan_check = now + self._store.pause_s(POLL_S)
        for node in list(self._orphans):
            lease = self._store.files.lease(self._holder(node))
            if not lease.acquire():
                lease.revoke(functools.partial(self._is_deserted, node))
                continue
            lease.release()
            self._orphans.remove(node)
            attempt = states.read_attempt(self._store, self._plan.run_id, node.id, node.attempt)
            if attempt is not None and attempt.end is not None:
                self._ended(node, attempt.end)
            else:
                self._workers.cancel(f"{node.id}/{node.attempt}")
                self._lost(node, "it was left behind by a driver that was stopped")
