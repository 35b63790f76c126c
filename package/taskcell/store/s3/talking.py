"""HTTP to one address, as much of it as a storage service needs: requests with a body of known length, open connections that are
used again. Runs on the caller's event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0
"""How long the service may be silent."""
CONNECTIONS = 32
_BUFFER_BYTES = 1 << 20
_NO_BODY = frozenset({204, 304})

T = TypeVar("T")


class WireError(ConnectionError):
    """An answer that is none, or not whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service says."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Talker:
    """Connections to one address.

    Parameters
    ----------
    host, port
        The address.
    is_secure
        Whether it is spoken to through TLS.
    authorities
        File of the certificates that are believed; None: the system's.
    """

    def __init__(self, host: str, port: int, *, is_secure: bool, authorities: str | None = None) -> None:
        self._host = host.strip("[]")
        self._port = port
        self._context = ssl.create_default_context(cafile=authorities) if is_secure else None
        self._idle: list[_Line] = []
        self._gate = asyncio.Semaphore(CONNECTIONS)

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | memoryview) -> Answer:
        """Send a request and return the whole answer; raise OSError when there is none, or it is cut short."""
        head = "".join(f"{name.title()}: {value}\r\n" for name, value in headers.items())
        request = f"{method} {target} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        async with self._gate:
            while True:
                line = self._open_line()
                is_used = line is not None
                line = line or await self._connected()
                is_kept = False
                try:
                    answer, is_kept = await self._asked(line, method, request, body)
                except WireError as exc:
                    # The service may close a connection that was idle, also at this very moment.
                    if is_used and exc.args == _CLOSED:
                        continue
                    raise
                finally:
                    if is_kept:
                        self._idle.append(line)
                    else:
                        line.writer.close()
                return answer

    def close(self) -> None:
        """Close what is open and not in use."""
        while self._idle:
            self._idle.pop().writer.close()

    def _open_line(self) -> _Line | None:
        """Return a connection that was used before and that nobody has closed since."""
        while self._idle:
            line = self._idle.pop()
            if not line.reader.at_eof() and not line.writer.is_closing():
                return line
            line.writer.close()
        return None

    async def _connected(self) -> _Line:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                opened = await asyncio.open_connection(self._host, self._port, ssl=self._context, limit=_BUFFER_BYTES)
        except TimeoutError as exc:
            raise WireError(f"no connection to {self._host}:{self._port} within {CONNECT_TIMEOUT_S:g} s") from exc
        except OSError as exc:
            failure = WireError(f"no connection to {self._host}:{self._port}: {exc.strerror or exc}")
            failure.errno = exc.errno
            raise failure from exc
        return _Line(*opened)

    async def _asked(self, line: _Line, method: str, request: bytes, body: bytes | memoryview) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection can be used again."""
        line.writer.write(request)
        if body:
            line.writer.write(body)
        with contextlib.suppress(ConnectionError):  # who refuses a large body may answer before it is sent
            await line.writer.drain()
        status, headers = await self._head(line.reader)
        is_empty = method == "HEAD" or status in _NO_BODY
        data = b"" if is_empty else await self._body(line.reader, headers)
        has_end = is_empty or "content-length" in headers or "transfer-encoding" in headers
        is_kept = has_end and headers.get("connection", "").lower() != "close"
        return Answer(status=status, headers=headers, body=data), is_kept

    async def _head(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        while True:
            lines = (await self._until(reader, b"\r\n\r\n")).decode("latin-1").split("\r\n")
            version, _, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
                raise WireError(f"an answer that is not HTTP: {lines[0][:80]!r}")
            if not rest.startswith("1"):  # else a word in between
                break
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name:
                headers[name.strip().lower()] = value.strip()
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        return int(rest[:3]), headers

    async def _body(self, reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks(reader)
        if "content-length" in headers:
            return await self._exactly(reader, _number(headers["content-length"], 10))
        pieces = []
        while piece := await _timed(reader.read(_BUFFER_BYTES)):
            pieces.append(piece)
        return b"".join(pieces)

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        pieces = []
        while size := _number((await self._until(reader, b"\r\n")).partition(b";")[0].strip().decode("latin-1"), 16):
            pieces.append(await self._exactly(reader, size))
            await self._until(reader, b"\r\n")
        while await self._until(reader, b"\r\n") != b"\r\n":
            pass  # trailers
        return b"".join(pieces)

    async def _exactly(self, reader: asyncio.StreamReader, size: int) -> bytes:
        """Return so many bytes; each piece of them may take its time."""
        pieces = []
        while size:
            piece = await _timed(reader.read(min(size, _BUFFER_BYTES)))
            if not piece:
                raise WireError("an answer was cut short")
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _until(self, reader: asyncio.StreamReader, mark: bytes) -> bytes:
        try:
            return await _timed(reader.readuntil(mark))
        except asyncio.IncompleteReadError as exc:
            raise WireError(*(("an answer was cut short",) if exc.partial else _CLOSED)) from exc
        except asyncio.LimitOverrunError as exc:
            raise WireError("an answer that is not HTTP: a line without an end") from exc
        except (ConnectionResetError, BrokenPipeError) as exc:
            raise WireError(*_CLOSED) from exc


_CLOSED = ("the connection was closed without an answer",)


async def _timed(work: Coroutine[Any, Any, T]) -> T:
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await work
    except TimeoutError as exc:
        raise WireError(f"no answer for {READ_TIMEOUT_S:g} s") from exc


def _number(text: str, base: int) -> int:
    try:
        found = int(text, base)
    except ValueError:
        found = -1
    if found < 0:
        raise WireError(f"an answer that is not HTTP: a length of {text[:20]!r}")
    return found
