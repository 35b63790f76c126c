"""One request to the service, repeated while that may help; the only home of s3fs.

s3fs reads the usual configuration (environment, profiles, roles, ``fsspec`` settings); the repetition is ours, because only here
is it known how long a failure may last and which requests may be sent twice. Where there is next to nothing to read, small
requests need no s3fs.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import threading
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from taskcell import errors, tallies
from taskcell.store.backing_off import Patience
from taskcell.store.s3 import small_requests
from taskcell.store.s3.refusals import RefusedError, refused

FIRST_PATIENCE_S = 10.0
"""How long a service that never answered is waited for: a wrong address should be told soon."""
PATIENCE_S = 150.0
"""How long a service that has answered before is waited for: it may be away for two minutes."""
_REQUEST_LIMIT_S = 120.0
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 20.0
_CONNECTIONS = 32

T = TypeVar("T")


class Connection:
    """A client of the service with this process's configuration; safe to share among threads."""

    def __init__(self) -> None:
        self._small = _small_requests()
        self._fs: Any = None if self._small else _file_system()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="taskcell-s3", daemon=True).start()
        self._opening = asyncio.Lock()
        self._answered_at: float | None = None
        self._clock_ahead_s = 0.0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what some requests give; an interrupt cancels them."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def call(
        self, method: str, *, patience_s: float | None = None, whole: bool = False, **arguments: Any
    ) -> dict[str, Any]:
        """Send a request until it is answered; raise RefusedError.

        Parameters
        ----------
        method : str
            Method of the client, as botocore calls it. A body in the answer is read, and is whole.
        patience_s : float, optional
            How long failures that may pass are waited out. Unit: seconds. None: the constants above.
        whole : bool, default False
            Whether headers and metadata are needed, besides body, size, time and entity tag.
        """
        if patience_s is None:
            patience_s = FIRST_PATIENCE_S if self._answered_at is None else PATIENCE_S
        patience = Patience(patience_s)
        while True:
            try:
                return await self._sent(method, arguments, whole=whole)
            except Exception as exc:
                fault = refused(exc)
                self._note(getattr(exc, "response", None))
                delay_s = patience.next_delay() if fault.is_transient else None
                if delay_s is None:
                    raise fault from exc
            await asyncio.sleep(delay_s)

    def now(self) -> datetime:
        """Return the time by the service's clock: what its last answer with headers said, in whole seconds, and since."""
        return datetime.fromtimestamp(time.monotonic() + self._clock_ahead_s, UTC)

    def skew_s(self) -> float:
        """Return by how much the service's clock is ahead of this machine's. Unit: seconds."""
        return self.now().timestamp() - time.time()

    def endpoint(self) -> str:
        """Return the address that requests go to."""
        if self._small is not None:
            return self._small.endpoint

        async def look() -> str:
            client = await self._client()
            return str(client.meta.endpoint_url)

        return self.run(look())

    async def _client(self) -> Any:
        """Return the client, made by the first of many that ask at once."""
        async with self._opening:
            if self._fs is None:
                self._fs = await asyncio.to_thread(_file_system)
            return await self._fs.set_session()

    async def _sent(self, method: str, arguments: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        """Send one request, by whichever client does it."""
        async with asyncio.timeout(_REQUEST_LIMIT_S):
            tallies.count(method)
            if self._small is None or whole:
                return await self._sent_usually(method, arguments)
            try:
                reply = await self._small.send(method, arguments)
            except small_requests.UnableError:
                tallies.count(method)  # another request
                reply = await self._sent_usually(method, arguments)
                self._small.struck()
                return reply
            except RefusedError:
                self._answered_at = time.monotonic()
                raise
            if reply is None:
                return await self._sent_usually(method, arguments)
            self._answered_at = time.monotonic()
            return reply

    async def _sent_usually(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = await self._client()
        reply: dict[str, Any] = await getattr(client, method)(**arguments)
        if method == "get_object":
            async with reply["Body"] as body:
                reply["Body"] = await body.read()
            if len(reply["Body"]) != reply["ContentLength"]:
                raise RefusedError("IncompleteBody", "an answer was cut short", is_transient=True)
        self._note(reply)
        return reply

    def _note(self, reply: object) -> None:
        """Learn the time from an answer."""
        if not isinstance(reply, dict):
            return
        date = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if not date:
            return
        self._answered_at = time.monotonic()
        self._clock_ahead_s = parsedate_to_datetime(date).timestamp() - self._answered_at


def connect() -> Connection:
    """Return the connection of this process and configuration.

    Raises
    ------
    StoreError
        When s3fs isn't installed, or the configuration can't be used.
    """
    settings = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    mark = (os.getpid(), settings)
    with _lock:
        if mark not in _connections:
            _connections[mark] = _connected()
        return _connections[mark]


def _small_requests() -> small_requests.SmallRequests | None:
    """Return the light client, where it may be used; without the usual one it may not."""
    if not all(map(importlib.util.find_spec, ("obstore", "s3fs"))) or not small_requests.plain():
        return None
    return small_requests.SmallRequests(
        os.environ,
        connect_timeout_s=_CONNECT_TIMEOUT_S,
        read_timeout_s=_READ_TIMEOUT_S,
        limit_s=_REQUEST_LIMIT_S,
    )


def _file_system() -> Any:
    import fsspec
    import s3fs

    given = fsspec.config.conf.get("s3", {}).get("config_kwargs", {})
    return s3fs.S3FileSystem(
        asynchronous=True,
        skip_instance_cache=True,
        use_listings_cache=False,
        config_kwargs={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "read_timeout": _READ_TIMEOUT_S,
            "max_pool_connections": _CONNECTIONS,
            **given,
            "retries": {"total_max_attempts": 1},
        },
    )


def _connected() -> Connection:
    try:
        return Connection()
    except ImportError as exc:
        raise errors.StoreError(
            f"Stores on s3:// need a package that isn't installed: {exc}.",
            remedy="Install it: pip install 'taskcell[s3]'.",
        ) from exc


_connections: dict[tuple[int, tuple[tuple[str, str], ...]], Connection] = {}
"""By process, because neither event loop nor sockets survive a fork, and by configuration."""
_lock = threading.Lock()


def _after_fork() -> None:
    """Begin with a lock of our own: another thread of the parent may have held it."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
