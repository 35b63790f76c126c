"""A folder of a store as ``Files`` of its own, with something to be done before the first write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from taskcell.store import paths
from taskcell.store.contracts import Buffer, Copies, Entry, Files, Lease, Spool


class FolderFiles:
    """Files below a folder of other files.

    Parameters
    ----------
    files : Files
        What holds the folder.
    folder : str
        Its path; "" is the root.
    before_write : callable
        Called before anything is created: it makes sure that the store has its ``format.json``.
    """

    def __init__(self, files: Files, folder: str, before_write: Callable[[], None]) -> None:
        self._files = files
        self._prefix = f"{folder}/" if folder else ""
        self._before_write = before_write
        self.url = f"{files.url}/{folder}" if folder else files.url

    def read(self, path: str) -> bytes:
        """Return all bytes of a file; raise NotFoundError."""
        return self._files.read(self._within(path))

    def create(self, path: str, data: Buffer | Iterable[Buffer]) -> None:
        """Create a file if no file of that name exists, atomically and durably; raise AlreadyExistsError."""
        within = self._within(path)
        self._before_write()
        self._files.create(within, data)

    def spool(self) -> Spool:
        """Begin a file whose name follows from its bytes."""
        self._before_write()
        return _FolderSpool(self._files.spool(), self._within)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""
        return self._files.exists(self._within(path))

    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, or None when there is none."""
        entry = self._files.stat(self._within(path))
        return None if entry is None else self._relative(entry)

    def list(self, folder: str, *, after: str = "") -> list[Entry]:
        """Return the direct children of a folder ("" is this one), sorted; an absent folder has none."""
        return [self._relative(entry) for entry in self._files.list(self._folder(folder), after=after)]

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder, sorted within each folder."""
        return (self._relative(entry) for entry in self._files.walk(self._folder(folder)))

    def touch(self, path: str) -> bool:
        """Set a file's time to now; return False when there is no such file."""
        return self._files.touch(self._within(path))

    def delete(self, path: str, *, unmodified_since: datetime | None = None) -> bool:
        """Delete a file, or only one not made or touched after a time; return whether it is gone."""
        return self._files.delete(self._within(path), unmodified_since=unmodified_since)

    def move(self, path: str, to: str) -> None:
        """Give a file another, unused name; an absent one is no error."""
        self._files.move(self._within(path), self._within(to))

    def sweep(self, older_than_s: float, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove what writers that died have left behind, in the whole store."""
        return self._files.sweep(older_than_s, dry_run=dry_run)

    def lease(self, name: str) -> Lease:
        """Return a lease on a name: any text, not shared with other folders."""
        self._before_write()
        return self._files.lease(self._prefix + name)

    def local_path(self, path: str) -> Path | None:
        """Return where the file lies on this machine's disk, or None: for memory mapping."""
        return self._files.local_path(self._within(path))

    @property
    def copies(self) -> Copies | None:
        """Copies of the whole store's blobs."""
        return self._files.copies

    def now(self) -> datetime:
        """Return the time by the clock that dates the files."""
        return self._files.now()

    def _within(self, path: str) -> str:
        return self._prefix + paths.checked(path)

    def _folder(self, folder: str) -> str:
        return self._within(folder) if folder else self._prefix.rstrip("/")

    def _relative(self, entry: Entry) -> Entry:
        if not self._prefix:
            return entry
        path = entry.path.removeprefix(self._prefix)
        return Entry(path=path, size_bytes=entry.size_bytes, modified_at=entry.modified_at)


class _FolderSpool:
    """A spool that publishes below a folder."""

    def __init__(self, spool: Spool, within: Callable[[str], str]) -> None:
        self._spool = spool
        self._within = within
        self.write = spool.write
        self.discard = spool.discard

    def publish(self, path: str) -> None:
        self._spool.publish(self._within(path))

    def __enter__(self) -> _FolderSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()
