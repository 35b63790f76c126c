"""Messages between a runner, its server and the task processes, over Unix sockets that keep messages apart.

One packet is sent whole or not at all, so that threads and forked children of a task may send without a lock. A message
that is too long for a packet goes in pieces, which its reader joins by sender and number.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import itertools
import json
import os
import socket
import struct
import termios
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

STDOUT, STDERR, MESSAGE, BEGUN, DONE = b"o", b"e", b"m", b"b", b"d"
"""Kinds of frames: printed text, a Jupyter message, a cell's begin, its reply."""
_PIECE_BYTES = 60_000
_HEAD = struct.Struct("<IIBc")
_MORE, _AFTER_RAW = 1, 2
_LENGTH = struct.Struct("<I")


class Frame(NamedTuple):
    """What a task process sends. ``after_raw``: what lies unread in its pipes was written before."""

    kind: bytes
    body: bytes
    after_raw: bool


class Channel:
    """One end of the socket between a runner and a task process."""

    def __init__(self, end: socket.socket, *, raw: Sequence[int] = ()) -> None:
        self._end = end
        self._raw = raw
        self._numbers = itertools.count()
        self._pieces: dict[tuple[int, int], list[bytes]] = {}

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, kind: bytes, body: bytes) -> None:
        """Send a frame, however long; wait when the other side is slow."""
        flags = _AFTER_RAW if any(_unread(fd) for fd in self._raw) else 0
        sender, number = os.getpid(), next(self._numbers) & 0xFFFFFFFF
        if len(body) <= _PIECE_BYTES:
            self._end.send(_HEAD.pack(sender, number, flags, kind) + body)
            return
        view = memoryview(body)
        for start in range(0, len(body), _PIECE_BYTES):
            more = _MORE if start + _PIECE_BYTES < len(body) else 0
            self._end.sendmsg([_HEAD.pack(sender, number, flags | more, kind), view[start : start + _PIECE_BYTES]])

    def receive(self, flags: int = 0) -> Frame | None:
        """Wait for the next whole frame and return it; None at the other side's end."""
        while True:
            packet = self._end.recv(_HEAD.size + _PIECE_BYTES, flags)
            if not packet:
                return None
            sender, number, marks, kind = _HEAD.unpack_from(packet)
            body = packet[_HEAD.size :]
            if marks & _MORE:
                self._pieces.setdefault((sender, number), []).append(body)
                continue
            if (sender, number) in self._pieces:
                body = b"".join([*self._pieces.pop((sender, number)), body])
            return Frame(kind, body, bool(marks & _AFTER_RAW))

    def receive_now(self) -> Frame | None:
        """Return the next whole frame; raise BlockingIOError when there is none yet."""
        return self.receive(socket.MSG_DONTWAIT)


def _unread(pipe: int) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    count = array.array("i", [0])
    with contextlib.suppress(OSError):
        fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def pack(content: bytes, buffers: Sequence[Any]) -> bytes:
    """Return a Jupyter message, already encoded, with its buffers, as a frame's body."""
    parts = [_LENGTH.pack(len(content)), content]
    for buffer in buffers:
        data = bytes(buffer)
        parts += [_LENGTH.pack(len(data)), data]
    return b"".join(parts)


def unpack(body: bytes) -> dict[str, Any]:
    """Return a Jupyter message, its buffers under ``buffers``."""
    first, *buffers = _parts(body)
    message: dict[str, Any] = json.loads(first.decode("utf-8", "replace"))
    message["buffers"] = buffers
    return message


def _parts(body: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(body):
        (length,) = _LENGTH.unpack_from(body, place)
        place += _LENGTH.size
        yield body[place : place + length]
        place += length


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets that keep messages apart."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def tell(end: socket.socket, fds: Sequence[int] = (), **facts: Any) -> None:
    """Send a short message as JSON, with descriptors."""
    socket.send_fds(end, [json.dumps(facts).encode()], list(fds))


def heard(end: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next short message and its descriptors; None at the other side's end."""
    data, fds, _, _ = socket.recv_fds(end, 1 << 16, 8)
    for fd in fds:
        os.set_inheritable(fd, False)
    return (json.loads(data), fds) if data else None
