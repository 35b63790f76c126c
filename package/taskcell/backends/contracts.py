"""What a backend must offer: start a driver that outlives us, and workers that execute task runs.

A backend knows nothing of tasks' meaning: it gets orders (JSON), starts processes, and tells what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.runs import DriverStart, Plan, TaskError, TaskState
from taskcell.model.settings import Settings
from taskcell.model.tasks import TaskOptions
from taskcell.store.opening import Store

WEBHOOK_URL = "TASKCELL_WEBHOOK_URL"
"""Variable of a driver's environment: who is told of failures. Not a setting: it may hold what is nobody's business."""


class DriverOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver process is told: where the run's records are. Everything else is in its plan."""

    store: str
    project: str
    run_id: str
    python: str = ""
    """Interpreter to use. Empty: the one that gives the order."""
    folder: str = ""
    """Working folder on this machine. Empty: the current one."""
    trusted: bool = False
    """Whether pickles of this store may be loaded."""
    epoch: int = 0
    """Number that a driver is to have among the run's drivers: it leaves when it is taken. 0: the next free one."""
    webhook: str = ""
    """Who is told when the run fails or recovers: a URL, or ``SECRET/KEY`` where the backend has secrets. A backend hands it
    over as a variable of the driver's environment, ``TASKCELL_WEBHOOK_URL``, never where others can read it."""
    restarts: bool = False
    """Whether the backend starts the driver again when it dies. It then takes the next free number from ``epoch`` on,
    waits while another one leads, and leaves when one of them has ended the run."""
    ahead: tuple[TaskOptions, ...] = ()
    """What the first tasks need: a backend may start workers for them beside the driver, which finds them with ``recall``."""


class ServeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker process is told that takes its orders from a mailbox."""

    store: str
    project: str
    run_id: str
    mailbox: str
    linger_s: float
    """How long it waits for a next order before it leaves. Unit: seconds."""
    trusted: bool = False
    """Whether pickles of this store may be loaded."""
    imports: tuple[str, ...] = ()
    """As in the run's plan: a worker may begin to import them before it has read that."""


class LookOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is told that only looks around, for the doctor."""

    store: str
    project: str
    answer: str
    """File that the answer is written to."""


class LookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What it found. ``problem`` says why the store can't be used from there; empty: it can."""

    taskcell: str
    python: str
    clock: datetime
    problem: str


class TaskOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker is told: one attempt at one task run.

    ``use_cache`` says whether the result may be taken from the cache, ``write_cache`` whether it goes there. ``inputs``
    are stored values by input name; ``parameters`` names those of them that are shown in the notebook as parameters, in
    JSON form. ``notices`` are for the attempt's record: what the driver found on the way.

    ``then`` are attempts that the same worker goes on with, each once the one before it has succeeded, without hearing from
    its driver. Of those, ``awaits`` names the inputs that come from the ones before, as (task run, output); what follows from
    all inputs, key and seed, is not known yet.
    """

    run_id: str
    task_id: str
    attempt: int
    epoch: int
    task: Digest
    inputs: dict[str, Artifact]
    parameters: dict[str, object] = {}
    key: Digest | None = None
    parts: tuple[KeyPart, ...] = ()
    use_cache: bool = True
    write_cache: bool = True
    options: TaskOptions = TaskOptions()
    element: int | None = None
    seed: int | None = None
    """What the global random generators are set to before the body. None: nothing."""
    notices: tuple[str, ...] = ()
    brief: bool = False
    """Whether doing it twice by chance costs less than the requests that keep others from it: it is not claimed."""
    awaits: dict[str, tuple[str, str]] = {}
    then: tuple[TaskOrder, ...] = ()

    @property
    def id(self) -> str:
        """Name of this attempt within the run."""
        return f"{self.task_id}/{self.attempt}"


class WorkerNews(StrEnum):
    """What a worker can be heard to say or do, or the backend of an order's way to it.

    An order may wait as long as it needs to between ``submit`` and ``BEGUN``; its time runs from there on.
    """

    WAITING = "waiting"
    """The order can't begin for a reason outside the run, which ``detail`` says in one sentence; empty: no more."""

    BEGUN = "begun"
    """The body's notebook begins to execute, after a wait for somebody else who had the same key."""
    EXECUTED = "executed"
    """The cells have been executed, and what they left is being stored. Said within a worker only."""
    DONE = "done"
    """The attempt ended and its record is committed, whether it succeeded or not."""
    LOST = "lost"
    """The worker ended without a record."""


Tell = Callable[[WorkerNews, str], None]
"""What hears news of an order, by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEvent:
    """News of one order.

    ``detail`` is for people: a signal, an exit code. ``error`` says why an order is lost where the backend knows more
    than that: whether it counts as the task's own failure, and whether another attempt makes sense. ``host`` is where a
    lost order was executed, if that is certain and nobody works there any more.
    """

    order_id: str
    news: WorkerNews
    detail: str = ""
    error: TaskError | None = None
    host: str = ""


class Workers(Protocol):
    """Workers of one run."""

    def free(self) -> int:
        """Return how many more orders are taken now; they begin when there is a worker for them."""

    def submit(self, order: TaskOrder) -> None:
        """Start an attempt, or line it up; returns at once."""

    def foresee(self, options: Sequence[TaskOptions]) -> None:
        """Hear which task runs become ready if those that run succeed, the nearest first: some may be prepared for."""

    def goes_along(self, first: TaskOptions, options: TaskOptions) -> bool:
        """Whether a task run may be handed over together with the one whose result it needs, in ``TaskOrder.then``.

        After ``DONE`` of an order that has a ``then``, the driver says what is true of the next one before it asks for
        events again: ``go_on``, or ``withdraw`` where it could not begin.
        """

    def go_on(self, order: TaskOrder) -> None:
        """Hear that the worker has gone on with this order, which is complete now."""

    def withdraw(self, order: TaskOrder) -> None:
        """Hear that the worker has not gone on with this order: what came before it has not succeeded, say."""

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        """Wait up to ``timeout_s`` seconds for news."""

    def cancel(self, order_id: str) -> None:
        """Kill the attempt's processes, all of them, whoever started them; it is then reported as lost."""

    def recall(self, ended: Callable[[TaskOrder], TaskState | None]) -> Sequence[TaskOrder]:
        """Take over the workers of the run's earlier drivers that can be; return the orders that they have not ended.

        They are told of as if they had been submitted here. ``ended`` says as what an attempt ended, ``SKIPPED`` where a later
        one has taken its place; None: it is open.
        """

    def is_gone(self, host: str) -> bool:
        """Whether it is certain that no driver and no worker of the run is on that host any more."""

    def stop_strays(self) -> None:
        """Kill what workers of the run's earlier drivers still execute."""

    def close(self) -> None:
        """End all workers; those that execute are killed. Harmless when it was done."""


class Backend(Protocol):
    """A place where tasks execute."""

    name: str
    restarts_drivers: bool
    """Whether drivers that die are started again by the backend itself."""

    def check(self, store_url: str, settings: Settings, options: Sequence[TaskOptions]) -> Settings:
        """Refuse, before anything is made, what could not run; return the settings as the plan is to have them.

        Raise InvalidInputError or BackendError, one sentence each.
        """

    def start_driver(self, order: DriverOrder, plan: Plan) -> None:
        """Start a driver that goes on when the caller ends; harmless when it was done. Raise BackendError."""

    def withdraw_driver(self, plan: Plan, epoch: int) -> bool:
        """Take back a driver that has not begun; return whether it never will."""

    def driver_alive(self, plan: Plan, start: DriverStart) -> bool:
        """Whether the driver that left this record still works, or is being started again."""

    def driver_waits(self, plan: Plan) -> str:
        """Return why a driver that left no record has not begun, while it still may; empty: not known."""

    def driver_given_up(self, plan: Plan) -> str:
        """Return why a driver that left no record is not to be waited for any longer; empty: it still is."""

    def driver_stumbled(self, plan: Plan) -> str:
        """Return why the driver that led has ended, while the backend starts it again; empty: it works, or that isn't known."""

    def last_words(self, plan: Plan) -> str:
        """Return what the run's newest driver said when it could not even write a record; mostly nothing."""

    def driver_ended(self, run_id: str) -> None:
        """Hear that the driver in this process wrote its end: its words need not be kept."""

    def workers(self, order: DriverOrder, plan: Plan, store: Store) -> Workers:
        """Return workers for a run, at most as many at once as the plan says."""
