"""Events: one watcher a topic looks at the store, however many listen; each listener is brought up to date by itself.

A watcher keeps the last differences. Who comes back soon is given what was missed; who comes back late, or from another
process, is given the whole.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from taskcell import errors
from taskcell.api.feeds import sources
from taskcell.api.feeds.contracts import Context
from taskcell.api.feeds.sources import Source
from taskcell.views.events import Ended, Event, Trouble
from taskcell.views.faults import fault

PERIOD_S = 0.1
"""Between two looks, where each costs little: so many events come at most. Unit: seconds."""
_GLANCE_S = 0.005
"""Between two glances at what tells for next to nothing that something has happened. Unit: seconds."""
_CALM_PERIOD_S = 0.2
_CALM_AFTER_S = 10.0
"""After that long without a change it is looked half as often."""
_TROUBLE_PERIOD_S = 1.0
_SHARE = 0.25
"""Of a processor's time a watcher takes at most."""
_KEPT = 300
_LINGER_S = 5.0
"""How long a watcher outlives its last listener, who may be reloading a page."""

_log = logging.getLogger(__name__)


class Watcher:
    """Looks at one topic in a thread of its own, while anybody listens."""

    def __init__(self, context: Context, topic: str, source: Source) -> None:
        self.topic = topic
        self.token = secrets.token_hex(4)
        self._context = context
        self._source = source
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._sequence = 0
        self._listeners: set[Subscription] = set()
        self._left_at = time.monotonic()
        self._is_over = False
        self._in_trouble = False
        self._is_closed = False
        self._lock = threading.RLock()
        """Held while the store is looked at: never by who comes or goes."""
        self._door = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    # -- listeners ---------------------------------------------------------------------------------------------------

    def join(self, listener: Subscription) -> bool:
        """Take a listener; False when this watcher has just ended."""
        with self._door:
            if self._is_closed:
                return False
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"taskcell-watch-{self.topic}", daemon=True)
                self._thread.start()
            return True

    def leave(self, listener: Subscription) -> None:
        """Let a listener go; never waits."""
        with self._door:
            self._listeners.discard(listener)
            self._left_at = time.monotonic()
        self._wake.set()

    def since(self, sequence: int | None) -> tuple[list[Event], int]:
        """Return what a listener is to be told who knows everything up to a number, and what it knows then."""
        with self._lock:
            first = self._events[0].sequence if self._events else self._sequence + 1
            if sequence is not None and first - 1 <= sequence <= self._sequence:
                return [event for event in self._events if event.sequence > sequence], self._sequence
            whole = msgspec.structs.replace(self._source.whole(), sequence=self._sequence)
            last = [event for event in self._events if isinstance(event, Trouble | Ended)][-1:]
            still = last if last and last[0].sequence == self._sequence else []
            return [whole, *still], self._sequence

    # -- looking -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause_s = self._context.store.pause_s(PERIOD_S)
        changed_at = time.monotonic()
        try:
            while self._is_wanted():
                begun, stamp = time.monotonic(), self._source.stamp()
                is_changed = self._look()
                now = time.monotonic()
                changed_at = now if is_changed else changed_at
                if self._is_over:
                    break
                calm = now - changed_at > _CALM_AFTER_S
                period_s = _TROUBLE_PERIOD_S if self._in_trouble else max(pause_s, _CALM_PERIOD_S if calm else 0.0)
                self._rest(begun + period_s - now, max((now - begun) / _SHARE, _GLANCE_S), stamp)
        finally:
            with self._door:
                self._is_closed = True
            self._context.memory.forget("watchers", _key(self._context, self.topic), self)

    def _rest(self, period_s: float, shortest_s: float, stamp: object) -> None:
        """Wait for a period, or until a glance shows that something has happened, but for a shortest time."""
        deadline = time.monotonic() + period_s
        is_woken = self._wake.wait(shortest_s)
        while not is_woken and (left_s := deadline - time.monotonic()) > 0:
            if stamp is not None and self._source.stamp() != stamp:
                break
            is_woken = self._wake.wait(left_s if stamp is None else min(left_s, _GLANCE_S))
        self._wake.clear()

    def _is_wanted(self) -> bool:
        with self._door:
            wanted = bool(self._listeners) or time.monotonic() - self._left_at < _LINGER_S
            self._is_closed = not wanted
            return wanted

    def _look(self) -> bool:
        """Look once; return whether anything has changed."""
        with self._lock:
            try:
                found = list(self._source.changes())
                if self._in_trouble and not found:
                    found = [self._source.whole()]
            except errors.NotFoundError as exc:
                found = [Ended(topic=self.topic, sequence=0, fault=fault(exc))]
            except errors.TaskcellError as exc:
                found = [] if self._in_trouble else [Trouble(topic=self.topic, sequence=0, fault=fault(exc))]
                self._in_trouble = True
            except Exception as exc:  # noqa: BLE001  a listener is told, whatever it is
                _log.exception("Watching %s failed.", self.topic)
                told = errors.InternalError(f"Watching failed: {type(exc).__name__}: {exc}", remedy="Reload the page.")
                found = [Ended(topic=self.topic, sequence=0, fault=fault(told))]
            else:
                self._in_trouble = False
                if self._source.is_over:
                    found.append(Ended(topic=self.topic, sequence=0))
            for event in found:
                self._tell(event)
        if found:
            with self._door:
                listeners = tuple(self._listeners)
            for listener in listeners:
                listener.notify()
        return bool(found)

    def _tell(self, event: Event) -> None:
        self._sequence += 1
        self._events.append(msgspec.structs.replace(event, sequence=self._sequence))
        self._is_over = self._is_over or isinstance(event, Ended)


class Subscription:
    """One listener of a topic.

    Parameters
    ----------
    context
        On whose behalf.
    topic
        ``runs``, ``run:<id>`` or ``log:<run>/<task>``.
    after
        The mark of the last event that is known, as ``mark`` gives it. Empty: none.
    on_ready
        Called, from any thread, when ``take`` has something to give.

    Raises
    ------
    InvalidInputError
        When there is no such topic.
    NotFoundError
        When there is no such run or task.
    StoreError
        When the store can't be reached.
    """

    def __init__(
        self, context: Context, topic: str, *, after: str = "", on_ready: Callable[[], None] | None = None
    ) -> None:
        self._ready = threading.Event()
        self._on_ready = on_ready
        self._watcher = _joined(context, topic, self)
        token, _, number = after.partition("-")
        is_known = token == self._watcher.token and number.isascii() and number.isdecimal() and len(number) < 16
        self._sequence = int(number) if is_known else None
        self._has_taken = False
        self.is_over = False

    def mark(self, event: Event) -> str:
        """Return by what this event is known to a later subscription."""
        return f"{self._watcher.token}-{event.sequence}"

    def take(self) -> list[Event]:
        """Return what there is to tell; empty when there is nothing new.

        The first time it raises what looking at the store raises; later the watcher tells of trouble.
        """
        self._ready.clear()
        if self.is_over:
            return []
        try:
            events, self._sequence = self._watcher.since(self._sequence)
        except errors.TaskcellError:
            if not self._has_taken:
                raise
            return []
        self._has_taken = True
        self.is_over = any(isinstance(event, Ended) for event in events)
        return events

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is something to take; return whether there is."""
        return self._ready.wait(timeout_s)

    def notify(self) -> None:
        """Say that there is something to take."""
        self._ready.set()
        if self._on_ready is not None:
            self._on_ready()

    def close(self) -> None:
        """Stop listening."""
        self._watcher.leave(self)


def watch(context: Context, topic: str, stop: threading.Event, *, after: str = "") -> Iterator[Event]:
    """Yield events of a topic, the whole first, until it is over or ``stop`` is set; raises what Subscription raises."""
    listener = Subscription(context, topic, after=after)
    try:
        while not stop.is_set() and not listener.is_over:
            yield from listener.take()
            while not listener.is_over and not stop.is_set() and not listener.wait(0.25):
                pass
    finally:
        listener.close()


def _joined(context: Context, topic: str, listener: Subscription) -> Watcher:
    for _ in range(100):
        key = _key(context, topic)
        watcher: Watcher = context.memory.get(
            "watchers", key, lambda: Watcher(context, topic, sources.source(context, topic)), most=10_000
        )
        if watcher.join(listener):
            return watcher
        context.memory.forget("watchers", key, watcher)
    raise errors.ConflictError(f"Nobody can listen to {topic} just now.", remedy="Try again.")


def _key(context: Context, topic: str) -> tuple[str, str, str]:
    return context.store.url, context.store.project, topic
