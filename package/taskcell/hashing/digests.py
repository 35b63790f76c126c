"""Framed digests over BLAKE3 (256 bits, lower-case hexadecimal).

Much data is hashed on several cores, by threads that end with the hasher: a pool that lived on would not
survive the fork of a worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NewType, TypeAlias

from blake3 import blake3

Digest = NewType("Digest", str)
Buffer: TypeAlias = bytes | bytearray | memoryview

ALGORITHM = "blake3-256"

_MANY_BYTES = 4 * 2**20
"""From here on several threads are worth the 50 µs that it takes to start them. Unit: bytes."""
_MAX_THREADS = 8
"""More don't help: memory is as fast as these."""


class Hasher:
    """Digest of a tag and a sequence of parts, each framed by its length.

    Parameters
    ----------
    tag : str
        The first part.
    size_bytes : int
        How much is about to follow: it decides on the number of threads, not on the digest.

    Examples
    --------
    >>> left = Hasher("pair").part("ab").part("c").digest()
    >>> right = Hasher("pair").part("a").part("bc").digest()
    >>> left == right
    False
    """

    __slots__ = ("_hash",)

    def __init__(self, tag: str, size_bytes: int = 0) -> None:
        self._hash = _state(size_bytes)
        self.part(tag)

    def part(self, data: str | Buffer) -> Hasher:
        """Add one part: text as UTF-8, or any contiguous buffer of bytes."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else data
        self._hash.update(len(view).to_bytes(8, "little"))
        self._hash.update(view)
        return self

    def pieces(self, size_bytes: int, pieces: Iterable[Buffer]) -> Hasher:
        """Add one part of ``size_bytes`` bytes that comes in pieces, without joining them."""
        self._hash.update(size_bytes.to_bytes(8, "little"))
        for piece in pieces:
            self._hash.update(piece)
        return self

    def raw(self) -> bytes:
        """Return the digest of all parts so far as 32 bytes."""
        return self._hash.digest()

    def digest(self) -> Digest:
        """Return the digest of all parts so far."""
        return Digest(self._hash.hexdigest())


class ByteHasher:
    """Plain (unframed) digest of a stream of bytes, ``size_bytes`` or so: the address of a blob."""

    __slots__ = ("_hash",)

    def __init__(self, size_bytes: int = 0) -> None:
        self._hash = _state(size_bytes)

    def update(self, data: Buffer) -> None:
        """Add bytes."""
        self._hash.update(data)

    def digest(self) -> Digest:
        """Return the digest of all bytes so far."""
        return Digest(self._hash.hexdigest())


def digest_bytes(data: Buffer) -> Digest:
    """Return the plain digest of some bytes: the address of a blob."""
    state = _state(len(data))
    state.update(data)
    return Digest(state.hexdigest())


def digest_parts(tag: str, parts: Iterable[str | Buffer]) -> Digest:
    """Return the framed digest of a tag and parts, as a ``Hasher`` does: in one go, hence for small parts."""
    framed: list[Buffer] = []
    for part in (tag, *parts):
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        if not isinstance(data, bytes):
            data = memoryview(data).cast("B")
        size = len(data)
        framed += (_SIZES[size] if size < len(_SIZES) else size.to_bytes(8, "little"), data)
    return Digest(blake3(b"".join(framed)).hexdigest())


_SIZES = [size.to_bytes(8, "little") for size in range(256)]
"""Short lengths as they are framed: most parts are names and digests."""


def _state(size_bytes: int) -> blake3:
    return blake3() if size_bytes < _MANY_BYTES else blake3(max_threads=min(_cores(), _MAX_THREADS))


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
