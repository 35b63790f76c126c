"""Workers of one run: Jobs whose pods take orders from mailboxes in the store.

Here meet what the driver wants (orders), what the dealer decides (who gets them), and what the cluster says (facts).
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from taskcell import errors
from taskcell.backends import contracts
from taskcell.backends.contracts import TaskOrder, WorkerEvent, WorkerNews
from taskcell.backends.kubernetes import clients, conditions, faults, feeds, shapes, waiting
from taskcell.backends.kubernetes.dealing import Dealer, Pod
from taskcell.backends.kubernetes.image_uses import ImageUses
from taskcell.backends.kubernetes.jobs import WorkerJobs
from taskcell.backends.mailboxes import ANSWER, Mailbox
from taskcell.model.runs import Plan, TaskError, TaskState
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import TaskOptions
from taskcell.store import paths
from taskcell.store.opening import Store

RECHECK_S = 5.0
"""How often records are looked at, in case a worker's line was lost. Unit: seconds."""
UNSEEN_S = 10.0
"""How long a Job may be without a pod before it is looked for. Unit: seconds."""
LOOK_OUT_S = 10.0
"""How long a new pod's worker is looked out for in the store, where it tells sooner than the cluster does. Unit: seconds."""
LOOK_OUT_PAUSE_S = 0.1
LOOKED_OUT_FOR = 2
"""How many such pods are looked at each time."""
DEATHS_LIMIT = 5
"""Workers of one shape that may die one after the other before what waits for more of them is given up."""


class FactSource(Protocol):
    """What a ``feeds.Feed`` does; tests have one of their own."""

    def start(self) -> None:
        """Begin to watch."""

    def follow(self, job: str, pod: str) -> None:
        """Begin to read a log."""

    def ended(self, pod: str) -> None:
        """Hear that a pod has ended."""

    def stop(self) -> None:
        """Stop all of it."""

    def facts(self, timeout_s: float) -> Iterable[feeds.Fact]:
        """Yield what there is."""


class KubernetesWorkers:
    """Up to the plan's number of pods, started as orders come and ended when none come any more."""

    def __init__(
        self,
        order: contracts.DriverOrder,
        plan: Plan,
        store: Store,
        settings: KubernetesSettings,
        cluster: clients.Cluster,
        *,
        feed: FactSource | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._store = store
        self._settings = settings
        self._jobs = WorkerJobs(cluster, order, plan, settings)
        self._clock = clock
        self._feed = feed or feeds.Feed(cluster, plan.run_id)
        self._dealer = Dealer(plan.max_workers or settings.max_pods)
        self._waits = waiting.Waits(cluster, settings)
        self._mailboxes: dict[str, Mailbox] = {}
        self._names: dict[str, str] = {}
        """Name of a Job's pod."""
        self._news: list[WorkerEvent] = []
        self._epoch = 0
        self._quiet_until = 0.0
        self._next_recheck = self._next_look_out = 0.0
        self._looked = self._attentive_since = 0.0
        self._is_closed = False
        self._told: set[str] = set()
        """Orders that went along and whose end, or loss, is told together with that of the one before."""
        self._images = ImageUses(store, plan.run_id)

    # -- what a driver asks ------------------------------------------------------------------------------------------

    def free(self) -> int:
        """Return how many more orders are taken now."""
        return self._dealer.room()

    def submit(self, order: TaskOrder) -> None:
        """Line an order up for a pod of its shape."""
        self._epoch = order.epoch
        try:
            shape = shapes.shape_of(order.options, self._settings)
        except errors.InvalidInputError as exc:
            self._lost(order, TaskError(kind="image", sentence=f"{exc.message} {exc.remedy}", final=True))
            return
        self._dealer.line_up(order, shape)

    def foresee(self, options: Sequence[TaskOptions]) -> None:
        """Let pods of their own be started for task runs that will soon be ready."""
        coming = []
        for each in options:
            with contextlib.suppress(errors.InvalidInputError):  # told when it is submitted
                coming.append(shapes.shape_of(each, self._settings))
        self._dealer.foresee(coming)

    def goes_along(self, first: TaskOptions, options: TaskOptions) -> bool:
        """Whether both would share a pod, in the driver's own image: what is installed there counts for a key."""
        if first.image or options.image:
            return False
        try:
            shape, other = shapes.shape_of(first, self._settings), shapes.shape_of(options, self._settings)
        except errors.InvalidInputError:
            return False
        return shape.share and shape == other

    def go_on(self, order: TaskOrder) -> None:
        """Know the whole of an order that went along; one whose pod has left before it began is lined up."""
        if not self._dealer.complete(order) and order.id not in self._told:
            self.submit(order)
        self._told.discard(order.id)

    def withdraw(self, order: TaskOrder) -> None:
        """Know that a worker has not gone on with an order."""
        self._told.discard(order.id)
        for pod in self._dealer.pods.values():
            for known in [known for known in pod.orders if known.id == order.id]:
                pod.orders.remove(known)

    def events(self, timeout_s: float) -> Sequence[WorkerEvent]:
        """Deal, listen for at most ``timeout_s`` seconds, and return what is new."""
        timeout_s = min(timeout_s, self._look_out())
        self._deal()
        for fact in self._feed.facts(0.0 if self._news else timeout_s):
            self._learn(fact)
        self._look()
        self._deal()
        news, self._news = self._news, []
        return news

    def cancel(self, order_id: str) -> None:
        """Delete the Job that executes the order; what else waits in its mailbox goes to others."""
        if self._dealer.withdraw(order_id):
            self._news.append(WorkerEvent(order_id=order_id, news=WorkerNews.LOST, detail="it was cancelled"))
            return
        for pod in list(self._dealer.pods.values()):
            if any(order.id == order_id for order in pod.orders):
                error = TaskError(kind="lost", sentence="its worker was stopped", counts=False)
                self._settle(pod, error, host=self._drop(pod), blamed=order_id)

    def recall(self, ended: Callable[[TaskOrder], TaskState | None]) -> Sequence[TaskOrder]:
        """Go on with the workers of this Job's earlier drivers: their mailboxes tell what they have."""
        found: list[TaskOrder] = []
        with contextlib.suppress(errors.BackendError):  # then they finish what they have, and others do the rest
            for name, shape in self._jobs.left().items():
                mailbox = Mailbox(self._store.records, self._plan.run_id, name)
                orders = [order for given in mailbox.recall() if (order := _open(given, ended)) is not None]
                if mailbox.is_closed and not orders:
                    continue
                pod = Pod(job=name, shape=shape, created=self._clock(), closed=mailbox.is_closed)
                pod.orders.extend(orders)
                self._dealer.pods[name] = pod
                self._mailboxes[name] = mailbox
                found += orders
        if self._dealer.pods:
            self._feed.start()
        return found

    def is_gone(self, host: str) -> bool:
        """Whether no pod of that name, which must be one of this run's, has a process any more."""
        try:
            return self._jobs.is_gone(host)
        except errors.BackendError:
            return False

    def stop_strays(self) -> None:
        """Delete the workers of the run's earlier drivers."""
        for name in self._jobs.names():
            if name not in self._dealer.pods:
                self._jobs.delete(name)

    def close(self) -> None:
        """Delete the workers that execute or have not begun; let idle ones go by themselves."""
        if self._is_closed:
            return
        self._is_closed = True
        self._feed.stop()
        idle = [pod.job for pod in self._dealer.pods.values() if pod.running and not pod.orders]
        for job in idle:
            with contextlib.suppress(errors.StoreError):  # then it goes by itself, after its wait
                self._mailboxes[job].shut()
        self._jobs.delete_finally(*self._dealer.pods.keys() - set(idle))

    # -- dealing -----------------------------------------------------------------------------------------------------

    def _deal(self) -> None:
        now = self._clock()
        if now >= self._quiet_until:
            for shape in list(self._dealer.wanted(now)):
                self._start(shape, now)
        for pod, orders in list(self._dealer.letters()):
            mailbox = self._mailboxes[pod.job]
            if not mailbox.put(*orders):
                self._dealer.take_back(pod, orders)
                continue
            self._dealer.given(pod, now)
            if not pod.shape.share:
                mailbox.shut()

    def _start(self, shape: shapes.Shape, now: float) -> None:
        try:
            self._feed.start()
            name = self._jobs.create(shape, self._epoch)
        except errors.BackendError as exc:
            self._not_started(shape, exc, now)
            return
        self._dealer.pods[name] = Pod(job=name, shape=shape, created=now)
        self._mailboxes[name] = Mailbox(self._store.records, self._plan.run_id, name)

    def _not_started(self, shape: shapes.Shape, exc: errors.BackendError, now: float) -> None:
        sentence = f"{exc.message} {exc.remedy}".strip()
        if faults.is_temporary(exc):
            self._quiet_until = now + (exc.retry_after_s or 1.0)
            self._tell(shape, sentence)
        else:
            self._give_up(shape, TaskError(kind="cluster", sentence=sentence, final=True))

    # -- listening ---------------------------------------------------------------------------------------------------

    def _learn(self, fact: feeds.Fact) -> None:
        match fact:
            case feeds.PodFact():
                self._learn_pod(fact)
            case feeds.LineFact():
                self._learn_line(fact)
            case feeds.ListedFact():
                gone = [pod for job, pod in self._dealer.pods.items() if job in self._names and job not in fact.jobs]
                for pod in gone:
                    self._ended(pod, conditions.ending({}, deleted=True))
            case feeds.TroubleFact():
                for shape in {pod.shape for pod in self._dealer.pods.values()}:
                    if fact.lasting:
                        self._give_up(shape, TaskError(kind="cluster", sentence=fact.sentence, final=True))
                    else:
                        self._tell(shape, fact.sentence)

    def _learn_pod(self, fact: feeds.PodFact) -> None:
        pod = self._dealer.pods.get(fact.job)
        if pod is None:
            return
        name = self._names[fact.job] = fact.pod["metadata"]["name"]
        if fact.deleted or conditions.has_ended(fact.pod):
            self._feed.ended(name)
            if fact.deleted:
                self._jobs.delete(fact.job)  # else it makes another pod in its place
            self._ended(pod, conditions.ending(fact.pod, deleted=fact.deleted))
        elif conditions.is_running(fact.pod):
            self._waits.forget(fact.job)
            self._tell(pod.shape, "")
            self._images.note(fact.pod)
            self._feed.follow(fact.job, name)
            self._dealer.runs(pod, self._clock())
        else:
            self._waits.learn(fact.job, fact.pod)

    def _learn_line(self, fact: feeds.LineFact) -> None:
        pod = self._dealer.pods.get(fact.job)
        said, _, rest = fact.line.partition(" ")
        if pod is None or said != ANSWER:
            return
        news, _, order_id = rest.partition(" ")
        if news == WorkerNews.DONE:
            self._done(pod, order_id)
        elif news == WorkerNews.BEGUN:
            self._begun(pod, order_id)

    def _begun(self, pod: Pod, order_id: str) -> None:
        if self._dealer.begun(pod, order_id, self._clock()):
            self._news.append(WorkerEvent(order_id=order_id, news=WorkerNews.BEGUN))

    def _done(self, pod: Pod, order_id: str) -> None:
        order = self._dealer.done(pod, order_id, self._clock())
        if order is not None:
            if order.awaits:
                self._told.add(order.id)
            self._news.append(WorkerEvent(order_id=order_id, news=WorkerNews.DONE))

    # -- ends --------------------------------------------------------------------------------------------------------

    def _ended(self, pod: Pod, error: TaskError) -> None:
        """Take note that a pod is gone."""
        host = self._forget(pod)
        if pod.orders:
            self._settle(pod, error, host=host)
        elif (not pod.running and error.kind != "interrupted") or error.final:
            self._died(pod, error)

    def _settle(self, pod: Pod, error: TaskError, *, host: str, blamed: str = "") -> None:
        """Tell of the orders that a pod had: done, lost with it, or not begun and so as good as new."""
        unbegun: list[TaskOrder] = []
        had = deque(pod.orders)
        while had:
            order = had.popleft()
            place = (order.run_id, order.task_id, order.attempt)
            if order.awaits:
                self._told.add(order.id)
            if self._store.records.exists(paths.attempt_end(*place)):
                self._news.append(WorkerEvent(order_id=order.id, news=WorkerNews.DONE))
                if order.then:
                    had.appendleft(msgspec.structs.replace(order.then[0], then=order.then[1:]))
            elif order.id == blamed or self._store.records.exists(paths.attempt_start(*place)):
                self._lost(order, error, host)
                blamed = blamed or order.id
            elif order.awaits:
                self._told.discard(order.id)  # it is lined up when all of it is known
            else:
                unbegun.append(order)
        pod.orders.clear()
        if not blamed and unbegun and error.kind != "interrupted":
            # Nothing was begun that says so: the worker itself came to grief, again and again if nobody counts, or the
            # short element that it told of last.
            self._died(pod, error)
            last = max(unbegun, key=lambda order: pod.begins.get(order.id, 0.0))
            unbegun.remove(last)
            self._lost(last, error)
        for order in reversed(unbegun):
            self._dealer.line_up(order, pod.shape, first=True)

    def _died(self, pod: Pod, error: TaskError) -> None:
        """Give up what waits for such pods when they keep dying before they do anything."""
        if error.final or self._dealer.died(pod.shape) >= DEATHS_LIMIT:
            self._give_up(pod.shape, error)

    def _give_up(self, shape: shapes.Shape, error: TaskError) -> None:
        for order in self._dealer.waiting(shape.id):
            self._dealer.withdraw(order.id)
            self._lost(order, error)

    def _lost(self, order: TaskOrder, error: TaskError, host: str = "") -> None:
        lost = WorkerEvent(order_id=order.id, news=WorkerNews.LOST, detail=error.sentence, error=error, host=host)
        self._news.append(lost)

    def _drop(self, pod: Pod) -> str:
        """End a pod; return its name, empty when it has none yet."""
        self._jobs.delete(pod.job)
        return self._forget(pod)

    def _forget(self, pod: Pod) -> str:
        self._dealer.remove(pod.job)
        self._waits.forget(pod.job)
        self._mailboxes.pop(pod.job, None)
        return self._names.pop(pod.job, "")

    def _look_out(self) -> float:
        """Ask the store whether workers have come for whom orders wait; return when to ask again. Unit: seconds.

        Only for pods of which the cluster has told: what may not look after pods hands out nothing.
        """
        now = self._clock()
        new = [pod for pod in self._dealer.expected() if pod.job in self._names and now - pod.created < LOOK_OUT_S]
        if not new:
            return math.inf
        if now >= self._next_look_out:
            for pod in new[:LOOKED_OUT_FOR]:
                if self._mailboxes[pod.job].is_up():
                    self._dealer.runs(pod, now)
            # The longer one takes, the less a tenth of a second counts.
            self._next_look_out = now + max(LOOK_OUT_PAUSE_S, (now - new[-1].created) / 10)
        return max(0.0, self._next_look_out - now)

    # -- looking after what is silent --------------------------------------------------------------------------------

    def _look(self) -> None:
        now = self._clock()
        pending = [pod for pod in self._dealer.pods.values() if not pod.running]
        for pod, wait, waited_s in self._waits.look(pending, now):
            if not waiting.is_over(wait, waited_s, self._settings):
                if not self._dealer.has_hands(pod.shape.id):
                    self._tell(pod.shape, wait.sentence)
                continue
            self._drop(pod)
            if self._dealer.has_hands(pod.shape.id):
                self._dealer.hold_back(pod.shape, now, self._settings.pending_limit_s)
            else:
                self._give_up(pod.shape, wait.error(waited_s))
        if now - self._looked >= RECHECK_S:
            self._attentive_since = now  # this driver had no answer itself
        self._looked = now
        for pod in self._dealer.silent(now, self._attentive_since):
            self._move(pod)
        if now >= self._next_recheck:
            self._next_recheck = now + RECHECK_S
            self._recheck()
            self._jobs.delete_rest()

    def _move(self, pod: Pod) -> None:
        """Take its orders from a pod that says nothing, unless it has begun and only its line is lost."""
        order = pod.orders[0]
        if self._store.records.exists(paths.attempt_start(order.run_id, order.task_id, order.attempt)):
            self._begun(pod, order.id)
            return
        error = TaskError(kind="interrupted", sentence="its pod did not begin with it", counts=False)
        self._settle(pod, error, host=self._drop(pod))

    def _recheck(self) -> None:
        """See whether an order ended whose line never came, and whether Jobs are there whose pods never came."""
        unseen = [
            pod
            for job, pod in self._dealer.pods.items()
            if job not in self._names and self._clock() - pod.created >= UNSEEN_S
        ]
        if unseen:
            with contextlib.suppress(errors.BackendError):  # then the next look tells
                names = set(self._jobs.names())
                for pod in unseen:
                    if pod.job not in names:
                        self._ended(pod, TaskError(kind="interrupted", sentence="its Job was deleted", counts=False))
        for pod in list(self._dealer.pods.values()):
            order = pod.orders[0] if pod.orders and self._clock() - pod.last >= RECHECK_S else None
            if order and self._store.records.exists(paths.attempt_end(order.run_id, order.task_id, order.attempt)):
                self._done(pod, order.id)

    def _tell(self, shape: shapes.Shape, sentence: str) -> None:
        """Say what the orders of a shape wait for, when that has changed."""
        if self._waits.is_news(shape.id, sentence):
            for order in self._dealer.waiting(shape.id):
                self._news.append(WorkerEvent(order_id=order.id, news=WorkerNews.WAITING, detail=sentence))


def _open(order: TaskOrder, ended: Callable[[TaskOrder], TaskState | None]) -> TaskOrder | None:
    """Return the order that a worker is at, or will come to: the given one or one that goes along with it."""
    state = ended(order)
    if state is None:
        return order
    if state is not TaskState.SUCCEEDED or not order.then:
        return None
    return _open(msgspec.structs.replace(order.then[0], then=order.then[1:]), ended)
