"""Copies of blobs on this machine, for stores whose files lie elsewhere.

A copy can be memory-mapped, and a second read costs nothing. The folder can be deleted at any time; copies are
named by their content and are verified by whoever reads them, as everything is; the longest unused go when
there are too many.
"""

from __future__ import annotations

import atexit
import contextlib
import mmap
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from taskcell import errors
from taskcell.store import buffers, faults, paths
from taskcell.store.contracts import Buffer

BUDGET_BYTES = 20 * 2**30
"""What all copies together may take; never more than half of what is free on the disk. Unit: bytes."""
_CHECKED_EVERY_BYTES = 2**28
_STALE_AFTER_S = 24 * 3600.0
_INCOMING = "incoming"


class Copies:
    """Copies of blobs, fetched when they are first asked for.

    Parameters
    ----------
    fetch : callable
        Writes the bytes of a path into an open, empty file; raises NotFoundError or StoreError.
    folder : Path, optional
        Where they lie. None: the user's cache folder, or a temporary one where that can't be written.
    budget_bytes : int
        What they may take. Unit: bytes.
    """

    def __init__(
        self, fetch: Callable[[str, int], None], *, folder: Path | None = None, budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self._fetch = fetch
        self._given = folder
        self._budget_bytes = budget_bytes
        self._added_bytes = _CHECKED_EVERY_BYTES
        self._lock = threading.Lock()

    def place(self, path: str) -> Path:
        """Return where a blob's copy lies, made if it isn't there; raise NotFoundError or StoreError."""
        place = self._place(path)
        try:
            os.utime(place, ns=(time.time_ns(), place.stat().st_mtime_ns))
        except (FileNotFoundError, NotADirectoryError):
            with self._incoming() as (descriptor, incoming):
                self._fetch(path, descriptor)
                self._adopt(incoming, place)
        except OSError as exc:
            raise faults.store_error(exc, doing="read", place=str(place)) from exc
        return place

    def keep(self, path: str, body: memoryview) -> None:
        """Keep what was just stored; where there is no room, don't: it can be fetched."""
        with contextlib.suppress(errors.TaskcellError), self._incoming() as (descriptor, incoming):
            _write(descriptor, body)
            self._adopt(incoming, self._place(path))

    def lend(self, path: str, to: Path) -> None:
        """Let a blob's copy be found under another name on this machine, too; raise NotFoundError or StoreError."""
        place = self.place(path)
        try:
            to.hardlink_to(place)
        except OSError:
            to.symlink_to(place)  # on another disk

    def drop(self, path: str) -> None:
        """Forget a copy, such as one that is damaged; an absent one is no error."""
        if paths.is_blob(path):
            with contextlib.suppress(OSError):
                self._place(path).unlink()

    def _place(self, path: str) -> Path:
        return self._folder() / path.removeprefix(f"{paths.BLOBS}/")

    def _folder(self) -> Path:
        if self._given is None:
            import platformdirs

            self._given = _writable(Path(platformdirs.user_cache_path("taskcell")) / "blobs")
        return self._given

    @contextlib.contextmanager
    def _incoming(self) -> Iterator[tuple[int, Path]]:
        """Open a file that is nobody's yet, and remove it unless it was adopted."""
        folder = self._folder() / _INCOMING
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
            try:
                yield descriptor, Path(name)
            finally:
                os.close(descriptor)
                Path(name).unlink(missing_ok=True)
        except OSError as exc:
            raise faults.store_error(exc, doing="write", place=f"the cache folder {folder}") from exc

    def _adopt(self, incoming: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        size_bytes = incoming.stat().st_size
        incoming.rename(place)
        with self._lock:
            self._added_bytes += size_bytes
            is_due = self._added_bytes >= _CHECKED_EVERY_BYTES
            self._added_bytes = 0 if is_due else self._added_bytes
        if is_due:
            self._shrink(place)

    def _shrink(self, newest: Path) -> None:
        """Remove the longest unused copies beyond the budget, and what died on its way in."""
        found = []
        for place in self._folder().glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                found.append((place.stat(), place))
        copies = [(facts.st_atime, facts.st_size, place) for facts, place in found if place.parent.name != _INCOMING]
        stale_before = time.time() - _STALE_AFTER_S
        gone = [place for facts, place in found if place.parent.name == _INCOMING and facts.st_mtime < stale_before]
        size_bytes = sum(size for _, size, _ in copies)
        budget_bytes = min(self._budget_bytes, (size_bytes + shutil.disk_usage(newest.parent).free) // 2)
        for _, size, place in sorted(copies):
            if size_bytes <= budget_bytes:
                break
            if place != newest:
                gone.append(place)
                size_bytes -= size
        for place in gone:
            with contextlib.suppress(OSError):
                place.unlink()


class CopyingSpool:
    """Bytes in a file beside the copies until they are sent; a blob's file then is its copy.

    Parameters
    ----------
    copies : Copies
        Where the file lies.
    send : callable
        Sends a body under its name; raises AlreadyExistsError or StoreError.
    """

    def __init__(self, copies: Copies, send: Callable[[str, memoryview], None]) -> None:
        self._copies = copies
        self._send = send
        self._held = contextlib.ExitStack()
        self._descriptor, self._place = self._held.enter_context(copies._incoming())

    def write(self, data: Buffer) -> None:
        """Add bytes; raise StoreError."""
        try:
            _write(self._descriptor, memoryview(buffers.plain(data)))
        except OSError as exc:
            raise faults.store_error(exc, doing="write", place=str(self._place), size_bytes=len(data)) from exc

    def publish(self, path: str) -> None:
        """Give the bytes their name, atomically and durably; raise AlreadyExistsError or StoreError."""
        size_bytes = os.fstat(self._descriptor).st_size
        if size_bytes:
            self._send(path, memoryview(mmap.mmap(self._descriptor, size_bytes, access=mmap.ACCESS_READ)))
        else:
            self._send(path, memoryview(b""))
        if paths.is_blob(path):
            self._copies._adopt(self._place, self._copies._place(path))
        self.discard()

    def discard(self) -> None:
        """Forget bytes that were not published; harmless after that."""
        self._held.close()

    def __enter__(self) -> CopyingSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def _write(descriptor: int, body: memoryview) -> None:
    done = 0
    while done < len(body):
        done += os.write(descriptor, body[done:])


def _writable(folder: Path) -> Path:
    """Return a folder, or one of this user alone among the temporary ones where it can't be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    temporary = Path(tempfile.mkdtemp(prefix="taskcell-blobs-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return temporary
