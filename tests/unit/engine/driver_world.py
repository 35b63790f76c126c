"""A run in memory: a plan, workers that answer as they are told, and a clock that moves when somebody waits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from taskcell import environment, errors
from taskcell.backends.contracts import TaskOrder, WorkerEvent, WorkerNews
from taskcell.cache.results import Results
from taskcell.engine import ending, ordering, planning, states
from taskcell.engine.clocks import Clock
from taskcell.engine.driving import Driver
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import AttemptEnd, AttemptStart, CancelRequest, DriverEnd, Plan, TaskError, TaskState
from taskcell.model.tasks import InputKind, Task, TaskInput, TaskOptions, Workflow
from taskcell.store import codecs, paths
from taskcell.store.opening import Store, open_store

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
Body = Callable[..., Any]


class LostError(Exception):
    """The worker dies; the backend may know more than that."""

    def __init__(self, said: str = "", error: TaskError | None = None) -> None:
        super().__init__(said)
        self.error = error


class HangsError(Exception):
    """The worker never answers."""


class LeavesNothingError(Exception):
    """The worker answers, and there is no record of the attempt."""


def task(name: str, *inputs: str, outputs: Sequence[str] = (), code: str = "", **options: Any) -> Task:
    """Return a task; an input ``x<first`` is the output ``x`` of another one, ``=x`` a parameter."""
    return Task(
        name=name,
        body=code or name,
        code=(code or name).encode().hex().ljust(64, "0")[:64],
        inputs=tuple(map(_input, inputs)),
        outputs=tuple(outputs) or (name.upper(),),
        options=TaskOptions(**options),
    )


def _input(text: str) -> TaskInput:
    if text.startswith("="):
        return TaskInput(name=text[1:], kind=InputKind.PARAMETER)
    name, _, maker = text.partition("<")
    return TaskInput(name=name, kind=InputKind.OUTPUT, task=maker or name.lower())


class ManualClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def seconds(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FakeWorkers:
    """Executes at once what bodies say, and commits as a worker does."""

    def __init__(self, world: World, slots: int) -> None:
        self.world = world
        self.slots = slots
        self.busy: dict[str, TaskOrder] = {}
        self.executed: list[str] = []
        self.started_at: dict[str, float] = {}
        self.cancelled: list[str] = []
        self.strays_stopped = 0
        self.closed = 0
        self.foreseen: list[int] = []
        self.most_busy = 0
        self._news: list[WorkerEvent] = []
        self._open: list[TaskOrder] = []
        self.held: list[TaskOrder] = []
        """Orders that workers of an earlier driver have."""
        self.letters: list[TaskOrder] = []
        """Orders of an earlier driver that a worker is at, with what goes along; the driver says what is left of them."""
        self.gone_hosts: set[str] = set()
        self.submitted: dict[str, TaskOrder] = {}
        self.along = False
        """Whether a worker goes on with what needs the result that it has just made."""
        self.gone_on: list[str] = []
        self._awaited: set[str] = set()
        self.withdrawn: list[str] = []
        self.host = ""
        """Where it is said that lost orders were."""

    def recall(self, ended: Callable[[TaskOrder], TaskState | None]) -> Sequence[TaskOrder]:
        found = [order for order in self.held if ended(order) is None]
        for letter in self.letters:
            order: TaskOrder | None = letter
            while order is not None and ended(order) is TaskState.SUCCEEDED:
                order = msgspec.structs.replace(order.then[0], then=order.then[1:]) if order.then else None
            if order is not None and ended(order) is None:
                found.append(order)
                if order.awaits:
                    self._awaited.add(order.id)
                else:
                    self._open.append(order)
        self.busy.update({order.id: order for order in found})
        return found

    def is_gone(self, host: str) -> bool:
        return host in self.gone_hosts

    def hand_over(self, order: TaskOrder) -> None:
        """Let a worker of an earlier driver have an order that it has not begun."""
        self.held.append(order)
        self._open.append(order)

    def free(self) -> int:
        return self.slots - len(self.busy)

    def submit(self, order: TaskOrder) -> None:
        assert self.free() > 0
        self.submitted[order.id] = order
        self.busy[order.id] = order
        self.most_busy = max(self.most_busy, len(self.busy))
        self.started_at[order.id] = self.world.clock.now
        self._open.append(order)

    def foresee(self, options: Sequence[TaskOptions]) -> None:
        self.foreseen.append(len(options))

    def goes_along(self, first: TaskOptions, options: TaskOptions) -> bool:
        return self.along and first == options

    def go_on(self, order: TaskOrder) -> None:
        assert order.key is not None
        assert not order.awaits
        self.gone_on.append(order.id)
        if order.id in self._awaited:
            self._awaited.remove(order.id)
            self._open.append(order)

    def withdraw(self, order: TaskOrder) -> None:
        self.withdrawn.append(order.id)

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        orders, self._open = self._open, []
        for order in orders:
            self._execute(order)
        if not self._news:
            self.world.clock.sleep(timeout_s)
        news, self._news = self._news, []
        for event in news:
            if event.news in (WorkerNews.DONE, WorkerNews.LOST):
                self.busy.pop(event.order_id, None)
        return news

    def cancel(self, order_id: str) -> None:
        self.cancelled.append(order_id)
        if order_id in self.busy:
            self._news.append(WorkerEvent(order_id=order_id, news=WorkerNews.LOST, detail="signal SIGKILL"))

    def stop_strays(self) -> None:
        self.strays_stopped += 1

    def close(self) -> None:
        self.closed += 1

    def say(self, news: WorkerNews, order_id: str, detail: str = "", error: TaskError | None = None) -> None:
        self._news.append(WorkerEvent(order_id=order_id, news=news, detail=detail, error=error, host=self.host))

    def _execute(self, order: TaskOrder) -> None:
        self.executed.append(order.id)
        self.world.begin(order)
        try:
            end = self.world.outcome(order)
        except HangsError:
            self.say(WorkerNews.BEGUN, order.id)
            return
        except LostError as exc:
            self.say(WorkerNews.LOST, order.id, str(exc) or "signal SIGKILL", exc.error)
            return
        except LeavesNothingError:
            self.say(WorkerNews.DONE, order.id)
            return
        ending.commit(self.world.store, RUN, end)
        self.say(WorkerNews.DONE, order.id)
        if order.then and end.state is TaskState.SUCCEEDED:
            following = order.then[0]
            made = {
                (name, output): artifact
                for name, found in self.world.ends().items()
                for output, artifact in found.outputs.items()
            }
            if made.keys() >= set(following.awaits.values()):
                inputs = following.inputs | {name: made[source] for name, source in following.awaits.items()}
                task = self.world.store.blobs.get(following.task)
                whole = ordering.bound(
                    following, msgspec.json.decode(task, type=Task), inputs, environment.installed_version
                )
                self._execute(msgspec.structs.replace(whole, then=order.then[1:]))


class World:
    """A store in memory with the plan of one run."""

    def __init__(
        self,
        tasks: Sequence[Task],
        bodies: Mapping[str, Body],
        *,
        parameters: Mapping[str, Any] | None = None,
        sweep: Mapping[str, Sequence[Any]] | None = None,
        store: Store | None = None,
        use_cache: bool = True,
    ) -> None:
        self.store = store or open_store(f"memory://{uuid.uuid4()}")
        self.clock = ManualClock()
        self.bodies = dict(bodies)
        self.results = Results(self.store)
        put, sink = self.store.blobs.put, self.store.blobs
        addresses = {task.name: put(msgspec.json.encode(task))[0] for task in tasks}
        stored = {name: codecs.encode(value, sink) for name, value in (parameters or {}).items()}
        swept = {
            name: [(value, codecs.encode(value, sink)) for value in values] for name, values in (sweep or {}).items()
        }
        self.plan = Plan(
            run_id=RUN,
            project="default",
            workflow="flow",
            version_number=1,
            version="0" * 64,
            parameters=dict(parameters or {}),
            tasks=planning.plan_tasks(Workflow(name="flow", tasks=tuple(tasks)), addresses, stored, swept),
            backend="local",
            author="ana",
            host="here",
            created_at=datetime.now(UTC),
            use_cache=use_cache,
        )
        if not self.store.records.exists(paths.plan(RUN)):
            self.store.records.create(paths.plan(RUN), self.plan)

    # -- the worker's side -------------------------------------------------------------------------------------------

    def begin(self, order: TaskOrder) -> None:
        start = AttemptStart(
            task_id=order.task_id, attempt=order.attempt, epoch=order.epoch, host="here", started_at=datetime.now(UTC)
        )
        self.store.records.create(paths.attempt_start(RUN, order.task_id, order.attempt), start)

    def outcome(self, order: TaskOrder) -> AttemptEnd:
        task = msgspec.json.decode(self.store.blobs.get(order.task), type=Task)
        started = datetime.now(UTC)
        try:
            inputs = {name: codecs.decode(artifact, self.store.blobs) for name, artifact in order.inputs.items()}
        except errors.TaskcellError as exc:
            error = TaskError(kind="input", sentence=exc.message)
            return ending.of_order(order, started, 0.0, state=TaskState.FAILED, error=error)
        try:
            value = self.bodies[task.name](**inputs)
        except (HangsError, LostError, LeavesNothingError):
            raise
        except Exception as exc:
            error = TaskError(kind="exception", sentence=f"{type(exc).__name__}: {exc}")
            return ending.of_order(order, started, 0.0, state=TaskState.FAILED, error=error)
        values = value if isinstance(value, dict) else dict.fromkeys(task.outputs, value)
        outputs = {name: codecs.encode(part, self.store.blobs) for name, part in values.items()}
        end = ending.of_order(order, started, 0.0, state=TaskState.SUCCEEDED, outputs=outputs)
        if order.write_cache and order.key is not None:
            self.results.commit(self._entry(order, outputs))
        return end

    def _entry(self, order: TaskOrder, outputs: dict[str, Artifact]) -> CacheEntry:
        assert order.key is not None
        return CacheEntry(
            key=order.key,
            parts=order.parts,
            task_name=order.task_id,
            task=order.task,
            outputs=outputs,
            run_id=RUN,
            author="ana",
            created_at=datetime.now(UTC),
            duration_s=0.0,
        )

    # -- the driver's side -------------------------------------------------------------------------------------------

    def driver(self, *, slots: int = 4, epoch: int = 0, along: bool = False) -> tuple[Driver, FakeWorkers]:
        workers = FakeWorkers(self, slots)
        workers.along = along
        clock = Clock(seconds=self.clock.seconds, sleep=self.clock.sleep)
        return (
            Driver(self.store, self.plan, workers, installed=lambda _: None, trusted=False, epoch=epoch, clock=clock),
            workers,
        )

    def drive(self, *, slots: int = 4, epoch: int = 0, along: bool = False) -> tuple[DriverEnd, FakeWorkers]:
        driver, workers = self.driver(slots=slots, epoch=epoch, along=along)
        return driver.drive(), workers

    def cancel(self, epoch: int) -> None:
        request = CancelRequest(epoch=epoch, author="ana", created_at=datetime.now(UTC))
        self.store.records.append(paths.cancels(RUN), lambda _: request)

    # -- looking -----------------------------------------------------------------------------------------------------

    def ends(self) -> dict[str, AttemptEnd]:
        return {name: found.end for name, found in states.read_attempts(self.store, RUN).items() if found.end}

    def states(self) -> dict[str, str]:
        return {name: str(end.state) for name, end in self.ends().items()}

    def status(self) -> states.RunStatus:
        return states.read_status(self.store, RUN, Gone())

    def value(self, task_id: str, output: str) -> Any:
        return codecs.decode(self.ends()[task_id].outputs[output], self.store.blobs)

    def damage(self, artifact: Artifact) -> None:
        """Flip a bit in each of a value's blobs."""
        for part in [artifact, *artifact.children]:
            for digest in part.blobs:
                data = bytearray(self.store.files.read(paths.blob(digest)))
                data[len(data) // 2] ^= 1
                self.store.files.delete(paths.blob(digest))
                self.store.files.create(paths.blob(digest), bytes(data))


class Gone:
    """Knows of no driver."""

    def alive(self, plan: Plan, start: Any) -> bool:
        return False

    def waits(self, plan: Plan) -> str:
        return ""

    def given_up(self, plan: Plan) -> str:
        return ""

    def stumbled(self, plan: Plan) -> str:
        return ""

    def last_words(self, plan: Plan) -> str:
        return ""
