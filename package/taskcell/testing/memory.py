"""A blob store in memory, for tests of codecs: it checks what it gives out, as every store must."""

from __future__ import annotations

from collections.abc import Iterable

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.store import contracts


class MemoryBlobs:
    """``BlobSink`` and ``BlobSource`` over a dict.

    Attributes
    ----------
    blobs
        Stored bytes by address. A test may change them: what no longer fits its address is refused.
    puts
        How often something was stored, also where it was there already.
    gets
        Addresses in the order in which they were read.
    """

    def __init__(self) -> None:
        self.blobs: dict[Digest, bytes] = {}
        self.puts = 0
        self.gets: list[Digest] = []

    def put(self, data: contracts.Buffer | Iterable[contracts.Buffer]) -> tuple[Digest, int]:
        """Store bytes once; return their address and size in bytes."""
        whole = bytes(data) if isinstance(data, (bytes, bytearray, memoryview)) else b"".join(data)
        address = digest_bytes(whole)
        self.blobs[address] = whole
        self.puts += 1
        return address, len(whole)

    def get(self, digest: Digest) -> memoryview:
        """Return verified bytes, read-only."""
        self.gets.append(digest)
        if digest not in self.blobs:
            raise errors.NotFoundError(f"There is no blob {digest[:12]}.", remedy="Run the task that made it again.")
        data = self.blobs[digest]
        if digest_bytes(data) != digest:
            raise errors.FormatError(f"The blob {digest[:12]} is corrupt.", remedy="Run the task that made it again.")
        return memoryview(data)
