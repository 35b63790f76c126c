"""What all requests of a server share: the store's context, and threads for work that may block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from taskcell import errors

if TYPE_CHECKING:  # imported when somebody asks, in a thread: a server starts without them
    from types import ModuleType

    from taskcell.api.feeds.contracts import Context

T = TypeVar("T")

ROOT = "/taskcell/api"
EVENTS = "/events"
READERS = 8
"""Threads that answer questions."""
WRITERS = 4
"""Threads that launch, cancel, reproduce: these take their time, and must not hold up a question."""
MOST_WAITING = 200
WARM_AFTER_S = 2.0
MOST_STREAMS = 100
"""Open streams of events."""


def answers() -> ModuleType:
    """Return the module that answers; to be called in a thread: its first import takes a while."""
    from taskcell.server import answers as found

    return found


class MethodError(Exception):
    """An address knows other methods; ``args`` are those."""


class BusyError(Exception):
    """There is too much to do just now."""


@dataclass(slots=True, kw_only=True)
class Office:
    """One a server."""

    streams: int = 0
    _context: Context | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(READERS, "taskcell-read"))
    _writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WRITERS, "taskcell-write"))
    _waiting: int = 0
    _timer: threading.Timer | None = None

    def context(self) -> Context:
        """Return the context, with the store of the settings; raise what opening it raises, each time anew."""
        from taskcell.api import configuration
        from taskcell.api.feeds.contracts import Context

        with self._lock:
            if self._context is None:
                self._context = Context(store=configuration.store())
            return self._context

    async def run(self, work: Callable[[], T], *, changes: bool = False) -> T:
        """Return what some work gives, done in a thread; raise BusyError when too much waits."""
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            pool = self._writers if changes else self._readers
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        finally:
            self._waiting -= 1

    def warm(self) -> None:
        """Import what the first request needs, a moment after the server has started."""
        self._timer = threading.Timer(WARM_AFTER_S, answers)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Let the threads end when their work is done."""
        if self._timer is not None:
            self._timer.cancel()
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._writers.shutdown(wait=False, cancel_futures=True)


STATUSES: dict[type[errors.TaskcellError], int] = {
    errors.InvalidInputError: 400,
    errors.NotFoundError: 404,
    errors.AlreadyExistsError: 409,
    errors.ConflictError: 409,
    errors.UntrustedError: 403,
    errors.TaskFailedError: 409,
    errors.FormatError: 422,
    errors.BackendError: 502,
    errors.StoreError: 503,
    errors.InternalError: 500,
}


def status(exc: errors.TaskcellError) -> int:
    """Return the HTTP status of an error."""
    return next((number for kind, number in STATUSES.items() if isinstance(exc, kind)), 500)
