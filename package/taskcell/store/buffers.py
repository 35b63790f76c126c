"""Buffers of any shape and item, seen as the plain bytes that they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taskcell.store.contracts import Buffer


def plain(data: Buffer) -> bytes | memoryview:
    """Return a contiguous buffer as one-dimensional bytes, without a copy."""
    if isinstance(data, bytes):
        return data
    view = memoryview(data)
    return view.cast("B") if view.nbytes else b""


def pieces(data: Buffer | Iterable[Buffer]) -> Iterator[bytes | memoryview]:
    """Yield the plain bytes of one buffer, or of each one of a stream."""
    for piece in (data,) if isinstance(data, (bytes, bytearray, memoryview)) else data:
        yield plain(piece)
