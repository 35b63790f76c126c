"""Bytes on their way to a spool, written by a second thread while the first one hashes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from taskcell.hashing import Digest
from taskcell.hashing.digests import ByteHasher
from taskcell.store import buffers
from taskcell.store.contracts import Buffer, Spool

_PART_BYTES = 8 * 2**20
"""Piece that is hashed while the one before it is written. Unit: bytes."""
_INLINE_BYTES = 2**20
"""Up to here a thread costs more than it saves. Unit: bytes."""
_PARTS_AHEAD = 4
"""How far hashing may be ahead of writing when the stream makes its bytes as it goes."""
_END = None


class Stream:
    """One pass over some bytes: their digest and size, and the bytes in a spool; a context.

    Parameters
    ----------
    spool : Spool
        Where they go.
    data : iterable of buffers
        The bytes. Of a list hashing runs ahead, so that it is known early when they are stored already.
    """

    def __init__(self, spool: Spool, data: Iterable[Buffer]) -> None:
        held = data if isinstance(data, (list, tuple)) else None
        self._spool = spool
        self._data = data
        self._hasher = ByteHasher(0 if held is None else sum(memoryview(piece).nbytes for piece in held))
        self._parts: queue.Queue[Any] = queue.Queue(_PARTS_AHEAD if held is None else 0)
        self._writer: threading.Thread | None = None
        self._abandoned = False
        self._failure: BaseException | None = None
        self.size_bytes = 0

    def hashed(self) -> Digest:
        """Return the digest of all bytes; not all of them may be written yet."""
        for part in _parts(self._data):
            if self._writer is None and self.size_bytes + len(part) > _INLINE_BYTES:
                self._writer = threading.Thread(target=self._write, name="taskcell-writer", daemon=True)
                self._writer.start()
            if self._writer is None:
                self._spool.write(part)
            else:
                self._parts.put(part)
            self._hasher.update(part)
            self.size_bytes += len(part)
            if self._failure is not None:
                break
        return self._hasher.digest()

    def written(self) -> None:
        """Wait until everything is in the spool; raise what went wrong."""
        self._join()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._abandoned = True
        self._join()

    def _join(self) -> None:
        if self._writer is not None:
            self._parts.put(_END)
            self._writer.join()
            self._writer = None

    def _write(self) -> None:
        """Write part after part. After a failure go on taking them, so that nobody waits for a place."""
        while (part := self._parts.get()) is not _END:
            if self._abandoned or self._failure is not None:
                continue
            try:
                self._spool.write(part)
            except BaseException as exc:  # noqa: BLE001 - it is raised again in the thread that waits
                self._failure = exc


def _parts(data: Iterable[Buffer]) -> Iterator[bytes | memoryview]:
    for piece in buffers.pieces(data):
        if len(piece) <= _PART_BYTES:
            yield piece
            continue
        view = memoryview(piece)
        for start in range(0, len(view), _PART_BYTES):
            yield view[start : start + _PART_BYTES]
