"""Store what one attempt left while the cells of the next are executed: for a bucket, storing is three requests' waiting.

One attempt's cells are executed at a time, as ever: whoever hands out orders counts on that. On a laptop nothing is gained: a
folder answers at once, and cores are what tasks wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from taskcell.backends.contracts import TaskOrder, Tell, WorkerNews

_AT_ONCE = 2
"""Attempts under way: one is executed, one is stored."""


class Overlap:
    """Takes orders one after the other, each as soon as the cells of the one before are done.

    Parameters
    ----------
    tell
        Hears what is told of attempts.
    failed
        Called, from another thread, with what an attempt raised: its record could not be written. It should end the process.
    """

    def __init__(self, tell: Tell, failed: Callable[[BaseException], None]) -> None:
        self._tell = tell
        self._failed = failed
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="taskcell-attempt")
        self._executed: dict[str, threading.Event] = {}

    def tell(self, news: WorkerNews, order_id: str) -> None:
        """Pass news on; it is for the executor."""
        executed = self._executed.get(order_id)
        if executed is not None and news is WorkerNews.EXECUTED:
            executed.set()
        self._tell(news, order_id)

    def take(self, order: TaskOrder, execute: Callable[[TaskOrder], None], *, ahead: bool = True) -> None:
        """Have an order executed; return when its cells have been, or without ``ahead`` when all of it is stored."""
        free = threading.Event()
        if ahead:
            self._executed[order.id] = free
        attempt = self._threads.submit(execute, order)
        attempt.add_done_callback(lambda ended: self._ended(ended, free))
        free.wait()
        self._executed.pop(order.id, None)

    def close(self) -> None:
        """Wait until all is stored."""
        self._threads.shutdown()

    def _ended(self, attempt: Future[None], free: threading.Event) -> None:
        exc = attempt.exception()
        if exc is not None:
            self._failed(exc)
        free.set()
