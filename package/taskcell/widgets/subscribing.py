"""Send what changes to one front-end, a thread for each topic, until it has seen enough."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from taskcell import errors
from taskcell.api.feeds import answering as feed_answering
from taskcell.api.feeds import contracts, events
from taskcell.widgets import answering

_LOG = logging.getLogger(__name__)
MOST_TOPICS = 32
"""Topics that one view may watch at a time; a view needs two or three."""

Send = Callable[[Mapping[str, Any]], None]


class Subscriptions:
    """The topics that one front-end watches."""

    def __init__(self, context: contracts.Context, send: Send) -> None:
        self._context = context
        self._send = send
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def add(self, topic: str) -> None:
        """Watch a topic; one that is watched already begins anew, since whoever asks has missed what was."""
        with self._lock:
            self._stop(topic)
            if len(self._stops) >= MOST_TOPICS:
                refused = errors.InvalidInputError(f"A view can watch {MOST_TOPICS} topics at a time.")
                self._send({"topic": topic, "error": answering.fault(refused)})
                return
            stop = self._stops[topic] = threading.Event()
        threading.Thread(target=self._watch, args=(topic, stop), name=f"taskcell-topic-{topic}", daemon=True).start()

    def drop(self, topic: str) -> None:
        """Watch a topic no longer; one that is not watched is no error."""
        with self._lock:
            self._stop(topic)

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            for topic in list(self._stops):
                self._stop(topic)

    @property
    def topics(self) -> tuple[str, ...]:
        """What is watched."""
        with self._lock:
            return tuple(self._stops)

    def _stop(self, topic: str) -> None:
        stop = self._stops.pop(topic, None)
        if stop is not None:
            stop.set()

    def _watch(self, topic: str, stop: threading.Event) -> None:
        try:
            for event in events.watch(self._context, topic, stop):
                if stop.is_set():
                    return
                self._send({"topic": topic, "event": feed_answering.as_data(event)})
            last: dict[str, Any] = {"topic": topic, "ended": True}
        except errors.TaskcellError as exc:
            last = {"topic": topic, "error": answering.fault(exc)}
        except Exception as exc:  # noqa: BLE001 - the view must learn that no more will come
            _LOG.exception("Watching %s failed.", topic)
            wrong = errors.InternalError(f"{type(exc).__name__}: {str(exc)[:300]}")
            last = {"topic": topic, "error": answering.fault(wrong)}
        with self._lock:
            is_over = self._stops.get(topic) is stop
            if is_over:
                del self._stops[topic]
        if is_over:
            self._send(last)
