"""Blobs: bytes under the digest of themselves, verified before anybody sees them.

A corrupt blob is never returned: it is put aside into ``quarantine/``, and storing the same bytes again heals
it. What the bytes mean is the codecs' affair.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.store import buffers, faults, paths, pooling, streaming
from taskcell.store.contracts import Buffer, Files

_MAPPED_FROM_BYTES = 256 * 2**10
_READ_BACK_UP_TO_BYTES = 2**20
_LEASE_TIMEOUT_S = 30.0
_PUTS_AT_A_TIME = 8

_Seen = tuple[str, int, int, int, int, int]
_verified: set[_Seen] = set()
"""Large local blobs that this process has hashed: digest, device, inode, size and both times of what it saw."""


class Blobs:
    """Content-addressed bytes of one store.

    Parameters
    ----------
    files : Files
        The store's root.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, data: Buffer | Iterable[Buffer]) -> tuple[Digest, int]:
        """Store bytes once; return their address and size in bytes.

        Bytes that are there already are verified, marked as used now and not written again; if what is there
        is corrupt, it is replaced. On a service without local files, blobs above 1 MiB are compared by size
        only.

        Raises
        ------
        StoreError
            When the store is full or may not be written.
        """
        if isinstance(data, (bytes, bytearray, memoryview)):
            data = buffers.plain(data)
            digest, size_bytes = digest_bytes(data), len(data)
            if not self._is_new(digest, data) and not self._is_kept(digest, size_bytes):
                self._create(digest, data)
            return digest, size_bytes
        return self._put_stream(data)

    def put_all(self, items: Sequence[bytes]) -> list[Digest]:
        """Store many small pieces as ``put`` does and return their addresses in order.

        Some at a time, because each waits for the disk or the service much longer than it computes.
        """
        if len(items) < 2:
            return [self.put(item)[0] for item in items]
        from concurrent.futures import ThreadPoolExecutor  # no hit needs it

        with ThreadPoolExecutor(min(len(items), _PUTS_AT_A_TIME), "taskcell-put") as pool:
            return [digest for digest, _ in pool.map(self.put, items)]

    def get(self, digest: Digest) -> memoryview:
        """Return verified bytes, memory-mapped where possible.

        Where the view is writable its memory is the caller's own: a page is copied when it is first written to, and
        neither the store nor another reader sees it.

        A large local blob is hashed once a process and again when its file has changed; any other, each time.

        Raises
        ------
        NotFoundError
            When there is no such blob.
        FormatError
            When its bytes are corrupt; they are put aside.
        """
        view = self._load(digest)
        if view is None:
            raise errors.FormatError(
                f"The stored value {digest} is corrupt: its bytes don't match their digest.",
                remedy=f"{self._put_aside(digest)}; run the task that made it again to restore it.",
                digest=digest,
            )
        return view

    def exists(self, digest: Digest) -> bool:
        """Whether there is a blob of that address; its bytes are not verified."""
        return self._files.exists(paths.blob(digest))

    def size(self, digest: Digest) -> int:
        """Return a blob's size in bytes; raise NotFoundError."""
        entry = self._files.stat(paths.blob(digest))
        if entry is None:
            raise faults.not_found(paths.blob(digest), self._files.url)
        return entry.size_bytes or 0

    def refresh(self, digests: Iterable[Digest]) -> list[Digest]:
        """Mark blobs as used now, before a record refers to them; return those that are missing.

        A collection spares what was used within its grace time.
        """
        marked = list(digests)
        are_there = pooling.each(self._files, self._touch, marked)
        return [digest for digest, is_there in zip(marked, are_there, strict=True) if not is_there]

    def fetch(self, digests: Iterable[Digest]) -> None:
        """Bring blobs that lie far away to this machine, side by side; raise NotFoundError for one that is missing."""
        copies = self._files.copies
        if copies is not None:
            pooling.each(self._files, copies.place, [paths.blob(digest) for digest in digests])

    def delete(self, digest: Digest) -> None:
        """Delete a blob; an absent one is no error."""
        self._files.delete(paths.blob(digest))

    def _put_stream(self, data: Iterable[Buffer]) -> tuple[Digest, int]:
        with self._files.spool() as spool, streaming.Stream(spool, data) as stream:
            digest = stream.hashed()
            if not self._is_kept(digest, stream.size_bytes):
                stream.written()
                try:
                    spool.publish(paths.blob(digest))
                except errors.AlreadyExistsError:
                    self._touch(digest)
        return digest, stream.size_bytes

    def _create(self, digest: Digest, data: Buffer) -> None:
        try:
            self._files.create(paths.blob(digest), data)
        except errors.AlreadyExistsError:
            self._touch(digest)

    def _is_new(self, digest: Digest, data: Buffer) -> bool:
        """Whether a small blob was not there and is now: where each look is a request, writing at once saves one."""
        if self._files.copies is None or len(data) > _READ_BACK_UP_TO_BYTES:
            return False
        try:
            self._files.create(paths.blob(digest), data)
        except errors.AlreadyExistsError:
            return False
        return True

    def _is_kept(self, digest: Digest, size_bytes: int) -> bool:
        """Whether the right bytes are there, marked as used now; what is wrong is put aside."""
        entry = self._files.stat(paths.blob(digest))
        if entry is None:
            return False
        if entry.size_bytes != size_bytes or not self._is_right(digest, size_bytes):
            self._quarantine(digest)
            return False
        return self._touch(digest)

    def _is_right(self, digest: Digest, size_bytes: int) -> bool:
        if self._files.local_path(paths.blob(digest)) is None and size_bytes > _READ_BACK_UP_TO_BYTES:
            return True
        try:
            return self._is_intact(digest)
        except errors.NotFoundError:
            return False

    def _is_intact(self, digest: Digest) -> bool:
        """Whether the store's own bytes, not a copy's, are the blob's; raise NotFoundError."""
        path = paths.blob(digest)
        if self._files.local_path(path) is None:
            return digest_bytes(self._files.read(path)) == digest
        return self._load(digest) is not None

    def _load(self, digest: Digest) -> memoryview | None:
        """Return a blob's bytes, or None when they are corrupt."""
        path = paths.blob(digest)
        place = self._files.local_path(path)
        if place is not None:
            return self._mapped(place, digest)
        copies = self._files.copies
        if copies is None:
            data = self._files.read(path)
            return memoryview(data) if digest_bytes(data) == digest else None
        view = self._mapped(copies.place(path), digest)
        if view is None:
            copies.drop(path)
            view = self._mapped(copies.place(path), digest)
        return view

    def _mapped(self, place: Path, digest: Digest) -> memoryview | None:
        """Return a file's bytes if they are the blob's, hashed once a process while large and unchanged."""
        path = paths.blob(digest)
        try:
            view, seen = _opened(place, digest)
        except FileNotFoundError as exc:
            raise faults.not_found(path, self._files.url) from exc
        except OSError as exc:
            raise faults.store_error(exc, doing="read", place=str(place)) from exc
        if seen in _verified:
            return view
        if digest_bytes(view) != digest:
            return None
        if view.nbytes >= _MAPPED_FROM_BYTES:
            _verified.add(seen)
        return view

    def _touch(self, digest: Digest) -> bool:
        """Mark as used now; what was verified before its time changed by this is verified after it."""
        path = paths.blob(digest)
        place = self._files.local_path(path)
        was_verified = place is not None and _seen(place, digest) in _verified
        if not self._files.touch(path):
            return False
        seen = _seen(place, digest) if place is not None and was_verified else None
        if seen is not None:
            _verified.add(seen)
        return True

    def _put_aside(self, digest: Digest) -> str:
        try:
            self._quarantine(digest)
        except errors.StoreError as exc:
            return f"It could not be put aside ({exc.message.rstrip('.')})"
        return "It was put aside into quarantine/"

    def _quarantine(self, digest: Digest) -> None:
        """Put a corrupt blob aside, unless it was healed since: hence the lease and the second look."""
        lease = self._files.lease(f"quarantine {digest}")
        if not lease.acquire(_LEASE_TIMEOUT_S):
            raise errors.StoreError(
                f"The corrupt blob {digest} is being put aside by another process that doesn't end.",
                remedy="End the other process and try again.",
                digest=digest,
            )
        try:
            if not self._is_intact(digest):
                self._files.move(paths.blob(digest), paths.quarantined(digest, os.urandom(4).hex()))
        except errors.NotFoundError:
            pass
        finally:
            lease.release()


def _opened(place: Path, digest: str) -> tuple[memoryview, _Seen]:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if found.st_size < _MAPPED_FROM_BYTES:
            with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
                return memoryview(file.readall()), _fingerprint(found, digest)
        return memoryview(_mapped(descriptor, found.st_size)), _fingerprint(found, digest)
    finally:
        os.close(descriptor)


def _mapped(descriptor: int, size_bytes: int) -> mmap.mmap:
    """Return a file as memory of one's own, or read-only where the system won't promise that much memory."""
    try:
        return mmap.mmap(descriptor, size_bytes, access=mmap.ACCESS_COPY)
    except OSError:
        return mmap.mmap(descriptor, size_bytes, access=mmap.ACCESS_READ)


def _seen(place: Path, digest: str) -> _Seen | None:
    try:
        return _fingerprint(place.stat(), digest)
    except OSError:
        return None


def _fingerprint(found: os.stat_result, digest: str) -> _Seen:
    return digest, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
