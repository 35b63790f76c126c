"""What a worker holds while it works at an attempt: so that one worker does it, others wait for its result, and a driver can
tell that it lives.

Where a request to the store takes milliseconds, what does not hang on one another goes side by side, what nobody waits for
goes on in the background, and one lease for a worker's life stands in place of one for each attempt.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.cache.results import Found, Results
from taskcell.engine import states
from taskcell.model.runs import AttemptStart
from taskcell.store import paths
from taskcell.store.contracts import Lease
from taskcell.store.opening import Store

_AT_ONCE = 4
_NOTHING = Found(entry=None)

T = TypeVar("T")


class Claims:
    """The claims of one worker.

    Parameters
    ----------
    store
        The run's store.
    run_id
        The run.
    worker
        Name under which the worker holds a lease for as long as it lives. Empty: a lease for each attempt.
    """

    def __init__(self, store: Store, run_id: str, worker: str = "") -> None:
        self._store = store
        self._results = Results(store)
        self._worker = worker
        is_far = store.files.copies is not None
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="taskcell-claim") if is_far else None
        self._life = store.files.lease(states.worker_lease(store.project, run_id, worker)) if worker else None

    def begin(self) -> None:
        """Show that the worker lives; wait for as long as another one of that name does: a pod may be started twice."""
        if self._life is not None:
            self._life.acquire(None)

    def close(self) -> None:
        """Give up what is held."""
        if self._threads is not None:
            self._threads.shutdown()
        if self._life is not None:
            self._life.release()

    @contextlib.contextmanager
    def of(self, order: TaskOrder, started: datetime) -> Iterator[Callable[[], Found] | None]:
        """Claim an attempt for a while; yield None when it is another worker's.

        What is yielded waits until nobody else computes the key, and returns what the cache has for it then.
        """
        if order.brief:
            yield lambda: _NOTHING
            return
        mine = self._life or self._store.files.lease(
            states.attempt_lease(self._store.project, order.run_id, order.task_id, order.attempt)
        )
        if not mine.acquire():
            yield None
            return
        key = self._results.lease(order.key) if order.key is not None else None
        held, found = self._soon(key.acquire if key else _no), self._soon(lambda: self._found(order))
        try:
            yield (lambda: self._turn(order, key, held, found)) if self._started(order, started) else None
        finally:
            self._give_up(key, held)
            if mine is not self._life:
                mine.release()

    def _started(self, order: TaskOrder, started: datetime) -> bool:
        """Write that the attempt begins; return whether nobody else had."""
        start = AttemptStart(
            task_id=order.task_id,
            attempt=order.attempt,
            epoch=order.epoch,
            host=socket.gethostname(),
            started_at=started,
            worker=self._worker,
        )
        try:
            self._store.records.create(paths.attempt_start(order.run_id, order.task_id, order.attempt), start)
        except errors.AlreadyExistsError:
            return False
        return True

    def _turn(self, order: TaskOrder, key: Lease | None, held: Callable[[], bool], found: Callable[[], Found]) -> Found:
        if key is None:
            return _NOTHING
        if held() or not order.use_cache:
            return found()
        key.acquire(None)
        return self._found(order)

    def _found(self, order: TaskOrder) -> Found:
        if order.key is None or not order.use_cache:
            return _NOTHING
        return self._results.look_up(order.key, keep=True)

    def _soon(self, work: Callable[[], T]) -> Callable[[], T]:
        """Return what waits for some work; it is begun at once where the store is far away."""
        if self._threads is None:
            return work
        future: Future[T] = self._threads.submit(work)
        return future.result

    def _give_up(self, key: Lease | None, held: Callable[[], bool]) -> None:
        if key is None:
            return
        if self._threads is None:
            key.release()
            return

        def wait_and_release() -> None:
            with contextlib.suppress(errors.StoreError):
                held()
            key.release()

        self._threads.submit(wait_and_release)


def _no() -> bool:
    return False
