"""Leases in a bucket: an object with a heartbeat, created and replaced under conditions.

The holder replaces its object every ten seconds; one that is thirty seconds old is anybody's. Age is told by
the service alone, which dates the object and its own answer, so no machine's clock counts. A holder that was
stopped for longer finds at its next beat that the object is another's, and holds nothing any more. Leases
save work; results are right without them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import threading
import time
import weakref
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from taskcell.store.leases import ThreadLease
from taskcell.store.s3.creating import Objects
from taskcell.store.s3.refusals import RefusedError, explained

BEAT_S = 10.0
EXPIRY_S = 3 * BEAT_S
_SURELY_BEATS = 1.5
"""How old, in beats, a lease may be and still be certainly its holder's when a request to give it up arrives."""
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 2.0
_RELEASE_PATIENCE_S = 5.0

_rooms: weakref.WeakValueDictionary[tuple[int, str, str], _Room] = weakref.WeakValueDictionary()
_rooms_lock = threading.Lock()


class _Room:
    """Where the threads of one process wait for a lease, so that one of them asks the service."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class S3Lease:
    """A claim on a name among all processes that use the bucket. One object is one claimant.

    Parameters
    ----------
    objects : Objects
        The bucket.
    key : str
        The lease's object.
    url : str
        The store's, for errors.
    beat_s : float
        Time between heartbeats; three of them missed, and the lease is anybody's. Unit: seconds.
    """

    def __init__(self, objects: Objects, key: str, url: str, *, beat_s: float = BEAT_S) -> None:
        self._objects = objects
        self._key = key
        self._url = url
        self._beat_s = beat_s
        with _rooms_lock:
            self._room = _rooms.setdefault((os.getpid(), objects.bucket, key), _Room())
        self._mine = ThreadLease(self._room.lock)
        self._pid = os.getpid()
        self._mark = os.urandom(16).hex()
        self._tag: str | None = None
        self._shown_at = 0.0
        """When the request was sent that dates the object."""
        self._beats: asyncio.Task[None] | None = None
        self._turn: asyncio.Lock | None = None

    def acquire(self, timeout_s: float | None = 0.0) -> bool:
        """Try for ``timeout_s`` seconds (None: for ever); return whether it is held."""
        if self._pid != os.getpid():
            return False
        if self._beats is not None and self._tag is not None:
            return True
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        if not self._mine.acquire(timeout_s):
            return False
        try:
            with self._explained("claim"):
                held = self._polled(deadline)
        except BaseException:
            self._mine.release()
            raise
        if not held:
            self._mine.release()
        return held

    def release(self) -> None:
        """Give it up; harmless when it is not held. Where the service is away, it ends by its age."""
        if self._pid != os.getpid() or self._beats is None:
            return
        try:
            self._objects.connection.run(self._given_up())
        except RefusedError:
            pass  # nobody has to wait longer than for a holder that died
        finally:
            self._beats = None
            self._mine.release()

    def revoke(self, is_gone: Callable[[str], bool]) -> None:
        """Give it up for a holder on a host where nobody works any more, so that nobody waits for it to run out."""
        run = self._objects.connection.run
        with self._explained("claim"):
            try:
                found = run(self._objects.call("get_object", self._key))
            except RefusedError as exc:
                if exc.is_missing:
                    return
                raise
            if is_gone(str(json.loads(found["Body"]).get("host"))):
                run(self._objects.delete(self._key, tag=found["ETag"]))

    def _polled(self, deadline: float | None) -> bool:
        run = self._objects.connection.run
        wait_s = _FIRST_WAIT_S
        is_first = True
        while not run(self._tried(optimistic=is_first)):
            left_s = wait_s if deadline is None else deadline - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(left_s, wait_s * random.uniform(0.5, 1.0)))
            wait_s = min(1.5 * wait_s, _LONGEST_WAIT_S)
            is_first = False
        return True

    async def _tried(self, *, optimistic: bool) -> bool:
        """Claim the lease if it is free or its holder is gone; a waiting claimant looks before it writes."""
        shown_at = time.monotonic()
        tag = await self._objects.create(self._key, self._body(), mark=self._mark) if optimistic else None
        if tag is None:
            found = await self._objects.head(self._key)
            if found is None:
                tag = await self._objects.create(self._key, self._body(), mark=self._mark)
            elif _age_s(found) > 3 * self._beat_s:
                tag = await self._objects.replace(self._key, self._body(), found["ETag"], mark=self._mark)
        if tag is None:
            return False
        self._tag, self._shown_at = tag, shown_at
        self._turn = asyncio.Lock()
        self._beats = asyncio.ensure_future(self._beating())
        return True

    async def _beating(self) -> None:
        assert self._turn is not None
        while self._tag is not None:
            await asyncio.sleep(self._beat_s)
            async with self._turn:
                if self._tag is None:
                    return
                # The service may be away: the next beat tells whether the lease is still ours.
                with contextlib.suppress(RefusedError):
                    shown_at = time.monotonic()
                    self._tag = await self._objects.replace(
                        self._key, self._body(), self._tag, mark=self._mark, patience_s=self._beat_s
                    )
                    self._shown_at = shown_at

    async def _given_up(self) -> None:
        assert self._turn is not None
        assert self._beats is not None
        async with self._turn:
            tag, self._tag = self._tag, None
            self._beats.cancel()
        if tag is None:
            return
        if time.monotonic() - self._shown_at < _SURELY_BEATS * self._beat_s:
            # Nobody can have taken it: a deletion without a condition is one that every client and service knows.
            await self._objects.call("delete_object", self._key, patience_s=_RELEASE_PATIENCE_S)
        else:
            await self._objects.delete(self._key, tag=tag, patience_s=_RELEASE_PATIENCE_S)

    def _body(self) -> bytes:
        """Return who holds it, for people; the random part gives each beat a tag of its own."""
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "beat": os.urandom(16).hex()}
        return json.dumps(holder).encode()

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Any:
        try:
            yield
        except RefusedError as exc:
            raise explained(exc, url=self._url, doing=doing, path="a lease") from exc


def _age_s(found: dict[str, Any]) -> float:
    """Return an object's age when the service answered, by its own clock. Unit: seconds."""
    answered_at = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
    return float((answered_at - found["LastModified"]).total_seconds())
