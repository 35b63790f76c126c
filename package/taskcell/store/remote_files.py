"""Files on any service that fsspec reaches and that can create a file only if it is absent.

What services do alike is here; how one of them creates exclusively and grants leases is its ``Service``. A
service whose creation can't be exclusive has none and is refused: two writers would both believe that they
won.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from taskcell import errors
from taskcell.store import buffers, faults, leases, paths
from taskcell.store.contracts import Buffer, Entry, Lease

_SPOOL_IN_MEMORY_BYTES = 64 * 2**20


class Service(Protocol):
    """What differs between services. Absolute paths, as the fsspec file system takes them."""

    def guard(self) -> AbstractContextManager[object]:
        """Return what surrounds each use of the file system."""

    def create(self, fs: Any, path: str, body: IO[bytes], size_bytes: int) -> bool:
        """Create a file from a body if it is absent, in one request; return False when there is one.

        A service with lost replies marks each write and reads the mark back before it answers.
        """

    def touch(self, fs: Any, path: str) -> bool:
        """Set the time of a file to now; return False when there is none."""

    def delete(self, fs: Any, path: str, unmodified_since: datetime | None) -> bool:
        """Delete a file that was not touched since; return whether it is gone."""

    def lease(self, path: str) -> Lease:
        """Return a lease among all that use the service."""


class RemoteFiles:
    """Files below a URL of an fsspec file system.

    Parameters
    ----------
    url : str
        fsspec URL of the root.
    service : Service
        How the service behind the URL creates, touches, deletes and locks.
    """

    def __init__(self, url: str, service: Service) -> None:
        import fsspec

        self.url = url.rstrip("/")
        self._service = service
        try:
            self._fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except (ImportError, OSError, ValueError) as exc:
            raise errors.StoreError(
                f"Can't reach {url}: {exc}.", remedy="Check the URL and the credentials for it.", path=url
            ) from exc
        self._root = root.rstrip("/")

    def read(self, path: str) -> bytes:
        """Return all bytes of a file; raise NotFoundError."""
        place = self._place(path)
        with self._translated("read", path):
            return bytes(self._fs.cat_file(place))

    def create(self, path: str, data: Buffer | Iterable[Buffer]) -> None:
        """Create a file if no file of that name exists, atomically and durably; raise AlreadyExistsError."""
        self._place(path)
        with RemoteSpool(self) as spool:
            for piece in buffers.pieces(data):
                spool.write(piece)
            spool.publish(path)

    def spool(self) -> RemoteSpool:
        """Begin a file whose name follows from its bytes."""
        return RemoteSpool(self)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""
        return self.stat(path) is not None

    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, or None when there is none."""
        place = self._place(path)
        try:
            with self._translated("look at", path):
                found = self._fs.info(place)
        except errors.NotFoundError:
            return None
        return None if found["type"] == "directory" else _entry(path, found)

    def list(self, folder: str, *, after: str = "") -> list[Entry]:
        """Return the direct children of a folder ("" is the root), sorted; an absent folder has none."""
        place = self._place(folder) if folder else self._root
        try:
            with self._translated("list", folder):
                found = self._fs.ls(place, detail=True)
        except errors.NotFoundError:
            return []
        children = [self._relative(info) for info in found if info["name"].rstrip("/") != place]
        first = f"{folder}/{after}" if folder else after
        return sorted((child for child in children if child and child.path > first), key=lambda child: child.path)

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder, sorted within each folder."""
        for entry in self.list(folder):
            if entry.size_bytes is None:
                yield from self.walk(entry.path)
            else:
                yield entry

    def touch(self, path: str) -> bool:
        """Set a file's time to now, so that a collection spares it; return False when there is none."""
        with self._translated("touch", path):
            return self._service.touch(self._fs, self._place(path))

    def delete(self, path: str, *, unmodified_since: datetime | None = None) -> bool:
        """Delete a file, or with ``unmodified_since`` only one that was neither made nor touched after it."""
        place = self._place(path)
        try:
            with self._translated("delete", path):
                return self._service.delete(self._fs, place, unmodified_since)
        except errors.NotFoundError:
            return True

    def move(self, path: str, to: str) -> None:
        """Give a file another, unused name, by a copy; an absent one is no error."""
        try:
            self.create(to, self.read(path))
        except errors.NotFoundError:
            return
        self.delete(path)

    def sweep(self, older_than_s: float, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove nothing: a write in one request leaves nothing behind."""
        return 0, 0

    def lease(self, name: str) -> Lease:
        """Return a lease on a name: any text."""
        return self._service.lease(f"{self._root}/.leases/{name}")

    def local_path(self, path: str) -> Path | None:
        """Return None: the file isn't on this machine's disk."""
        self._place(path)
        return None

    @property
    def copies(self) -> None:
        """Return None: a service of this kind is as near as a copy."""

    def now(self) -> datetime:
        """Return the time by this machine's clock, which dates the files too."""
        return datetime.now(UTC)

    def _place(self, path: str) -> str:
        return f"{self._root}/{paths.checked(path)}"

    def _relative(self, info: dict[str, Any]) -> Entry | None:
        path = info["name"].rstrip("/").removeprefix(f"{self._root}/")
        if path.rpartition("/")[2].startswith("."):
            return None
        return Entry(path=path) if info["type"] == "directory" else _entry(path, info)

    def _publish(self, path: str, body: IO[bytes], size_bytes: int) -> None:
        place = self._place(path)
        with self._translated("write", path, size_bytes):
            created = self._service.create(self._fs, place, body, size_bytes)
        if not created:
            raise faults.already_exists(path, self.url)

    @contextlib.contextmanager
    def _translated(self, doing: str, path: str, size_bytes: int | None = None) -> Iterator[None]:
        try:
            with self._service.guard():
                yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as exc:
            raise faults.not_found(path, self.url) from exc
        except OSError as exc:
            raise faults.store_error(exc, doing=doing, place=f"{self.url}/{path}", size_bytes=size_bytes) from exc


class RemoteSpool:
    """Bytes kept on this machine, in memory while they are few, until they are sent."""

    def __init__(self, files: RemoteFiles) -> None:
        self._files = files
        self._body = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY_BYTES)  # noqa: SIM115
        self._size_bytes = 0

    def write(self, data: Buffer) -> None:
        """Add bytes; raise StoreError."""
        data = buffers.plain(data)
        try:
            self._body.write(data)
        except OSError as exc:
            place = f"the temporary folder {tempfile.gettempdir()}"
            raise faults.store_error(exc, doing="write", place=place, size_bytes=len(data)) from exc
        self._size_bytes += len(data)

    def publish(self, path: str) -> None:
        """Give the bytes their name, atomically and durably; raise AlreadyExistsError or StoreError."""
        self._body.seek(0)
        self._files._publish(path, self._body, self._size_bytes)
        self.discard()

    def discard(self) -> None:
        """Forget bytes that were not published; harmless after that."""
        self._body.close()

    def __enter__(self) -> RemoteSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


class MemoryService:
    """``memory://``: files of this process alone, so a lock among its threads makes creation exclusive.

    Nothing survives the process, and no other process sees it: for tests and trials.
    """

    _guard = threading.RLock()
    _leases: dict[str, threading.Lock] = {}  # noqa: RUF012  shared by all stores of the process on purpose

    def guard(self) -> AbstractContextManager[object]:
        """Let one thread at a time at the file system: it is not made for several."""
        return self._guard

    def create(self, fs: Any, path: str, body: IO[bytes], size_bytes: int) -> bool:
        """Create a file from a body if it is absent."""
        if fs.exists(path):
            return False
        fs.pipe_file(path, body.read())
        return True

    def touch(self, fs: Any, path: str) -> bool:
        """Set the time of a file to now."""
        if not fs.isfile(path):
            return False
        fs.store[path].created = fs.store[path].modified = datetime.now(UTC)
        return True

    def delete(self, fs: Any, path: str, unmodified_since: datetime | None) -> bool:
        """Delete a file that was not touched since."""
        if unmodified_since is not None and fs.created(path) > unmodified_since:
            return False
        fs.rm_file(path)
        return True

    def lease(self, path: str) -> Lease:
        """Return a lease among the threads of this process."""
        with self._guard:
            return leases.ThreadLease(self._leases.setdefault(path, threading.Lock()))


def _entry(path: str, info: dict[str, Any]) -> Entry:
    """Read an fsspec answer: services call the time by different names, as text, number or object."""
    value = next((info[name] for name in ("LastModified", "mtime", "modified", "created") if name in info), None)
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value, UTC)
    elif isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return Entry(path=path, size_bytes=info["size"], modified_at=value)
