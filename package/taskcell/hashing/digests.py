"""Framed digests over BLAKE3 (256 bits, lower-case hexadecimal).

One thread on purpose: it runs at memory speed, and a thread pool would not survive the fork of a worker.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType, TypeAlias

from blake3 import blake3

Digest = NewType("Digest", str)
Buffer: TypeAlias = bytes | bytearray | memoryview

ALGORITHM = "blake3-256"


class Hasher:
    """Digest of a tag and a sequence of parts, each framed by its length.

    Examples
    --------
    >>> left = Hasher("pair").part("ab").part("c").digest()
    >>> right = Hasher("pair").part("a").part("bc").digest()
    >>> left == right
    False
    """

    __slots__ = ("_hash",)

    def __init__(self, tag: str) -> None:
        self._hash = blake3()
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
    """Plain (unframed) digest of a stream of bytes: the address of a blob."""

    __slots__ = ("_hash",)

    def __init__(self) -> None:
        self._hash = blake3()

    def update(self, data: Buffer) -> None:
        """Add bytes."""
        self._hash.update(data)

    def digest(self) -> Digest:
        """Return the digest of all bytes so far."""
        return Digest(self._hash.hexdigest())


def digest_bytes(data: Buffer) -> Digest:
    """Return the plain digest of some bytes: the address of a blob."""
    return Digest(blake3(data).hexdigest())


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
