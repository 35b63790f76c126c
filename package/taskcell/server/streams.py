"""Events over HTTP: server-sent events, several topics in one stream, taken up again where they broke off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
import tornado.iostream
import tornado.web

from taskcell import errors
from taskcell.server.handlers import BaseHandler
from taskcell.server.offices import MOST_STREAMS, BusyError

if TYPE_CHECKING:  # imported when the first stream is opened, in a thread
    from taskcell.api.feeds.events import Subscription
    from taskcell.views.events import Event

HEARTBEAT_S = 15.0
LONGEST_S = 3600.0
"""After that a stream ends and is opened again by whoever reads it, so that rights are asked for anew."""
MOST_TOPICS = 20
_RETRY_MS = 1000


class EventsHandler(BaseHandler):
    """``/events?topic=run:01J…&topic=runs``.

    An event's id holds the marks of all topics, in their order, joined by commas. It is given back as ``Last-Event-ID`` by
    browsers, or as the parameter ``after`` by who opens a new stream.
    """

    _track_activity = False

    @tornado.web.authenticated
    async def get(self) -> None:
        """Send events until all topics are over, or the reader goes."""
        await self.authorised("read")
        topics = [topic for topic in self.get_query_arguments("topic", strip=False) if topic]
        if not 0 < len(topics) <= MOST_TOPICS or len(set(topics)) < len(topics):
            self.refuse(
                errors.InvalidInputError(
                    f"A stream has 1 to {MOST_TOPICS} different topics.",
                    remedy="Topics are: runs, run:ID, log:ID/TASK.",
                )
            )
            return
        if self.office.streams >= MOST_STREAMS:
            raise BusyError
        self.office.streams += 1
        self._listeners: list[Subscription] = []
        try:
            await self._stream(topics)
        finally:
            self.office.streams -= 1
            for listener in self._listeners:
                listener.close()

    async def _stream(self, topics: list[str]) -> None:
        after = self.request.headers.get("Last-Event-ID", "") or self.get_query_argument("after", "")
        marks = after.split(",") if len(after) < 2000 else []
        marks = marks if len(marks) == len(topics) else [""] * len(topics)
        ready, loop = asyncio.Event(), asyncio.get_running_loop()

        def notify() -> None:
            loop.call_soon_threadsafe(ready.set)

        try:
            for topic, mark in zip(topics, marks, strict=True):
                self._listeners.append(await self.office.run(self._opening(topic, mark, notify)))
            first = [await self.office.run(listener.take) for listener in self._listeners]
        except errors.TaskcellError as exc:
            self.refuse(exc)
            return
        self.set_status(HTTPStatus.OK)
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-cache, no-transform")
        self.set_header("X-Accel-Buffering", "no")
        self.write(f"retry: {_RETRY_MS}\n\n")
        told = list(marks)
        try:
            for number, events in enumerate(first):
                self._write(number, events, told)
            await self.flush()
            await self._follow(ready, told)
        except tornado.iostream.StreamClosedError:
            return  # the reader has gone
        self.finish(set_content_type="text/event-stream; charset=utf-8")

    def _opening(self, topic: str, mark: str, notify: Callable[[], None]) -> Callable[[], Subscription]:
        def opened() -> Subscription:
            from taskcell.api.feeds.events import Subscription

            return Subscription(self.office.context(), topic, after=mark, on_ready=notify)

        return opened

    async def _follow(self, ready: asyncio.Event, told: list[str]) -> None:
        begun = time.monotonic()
        while not all(listener.is_over for listener in self._listeners) and time.monotonic() - begun < LONGEST_S:
            try:
                await asyncio.wait_for(ready.wait(), HEARTBEAT_S)
            except TimeoutError:
                self.write(": still here\n\n")
                await self.flush()
                continue
            ready.clear()
            for number, listener in enumerate(self._listeners):
                if not listener.is_over:
                    self._write(number, await self.office.run(listener.take), told)
            await self.flush()

    def _write(self, number: int, events: list[Event], told: list[str]) -> None:
        for event in events:
            told[number] = self._listeners[number].mark(event)
            data = msgspec.json.encode(event).decode()
            self.write(f"id: {','.join(told)}\ndata: {data}\n\n")

    def on_connection_close(self) -> None:
        """Stop listening when the reader goes."""
        super().on_connection_close()
        for listener in getattr(self, "_listeners", ()):
            listener.close()
