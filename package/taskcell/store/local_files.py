"""Files in a folder of this machine, or one that it mounts: ``file://`` URLs and plain paths.

A file is written below ``.spool/``, synced, and linked to its name: a link fails if the name is taken, so
that one of many writers wins, and a reader sees nothing or everything. Names beginning with a dot are this
module's own.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat as modes
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from taskcell import errors
from taskcell.hashing import digest_bytes
from taskcell.store import buffers, faults, flushing, leases, paths
from taskcell.store.contracts import Buffer, Entry

Durability: TypeAlias = Literal["full", "process"]

_FLUSHED_BYTES = 8 * 2**20
"""How much of a large file is written before the disk is told to begin with it. Unit: bytes."""
_SPOOL = ".spool"
_LEASES = ".leases"
_DELETIONS = "deletions"


class LocalFiles:
    """Files below a root folder, which is made on the first write.

    Parameters
    ----------
    root : Path
        The folder; symbolic links and ``..`` in it are resolved.
    durability : "full" or "process"
        ``full``: what ``create`` acknowledged survives a power cut (two or three ``fsync`` a file).
        ``process``: it survives the death of any process, not that of the machine.
    """

    def __init__(self, root: Path, *, durability: Durability = "full") -> None:
        if durability not in ("full", "process"):
            raise errors.InvalidInputError(f"No such durability: {durability!r}.", remedy="Use 'full' or 'process'.")
        self.root = root.expanduser().resolve()
        self.url = f"file://{self.root}"
        self._syncs = durability == "full"

    def read(self, path: str) -> bytes:
        """Return all bytes of a file; raise NotFoundError."""
        place = f"{self.root}/{paths.checked(path)}"
        try:
            with open(place, "rb", buffering=0) as file:  # noqa: PTH123  on the path of every hit
                return file.readall()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as exc:
            raise faults.not_found(path, self.url) from exc
        except OSError as exc:
            raise faults.store_error(exc, doing="read", place=place) from exc

    def create(self, path: str, data: Buffer | Iterable[Buffer]) -> None:
        """Create a file if no file of that name exists, atomically and durably; raise AlreadyExistsError."""
        place = self._place(path)
        if os.path.lexists(place):
            raise faults.already_exists(path, self.url)
        with LocalSpool(self, place) as spool:
            for piece in buffers.pieces(data):
                spool.write(piece)
            spool.publish(path)

    def spool(self) -> LocalSpool:
        """Begin a file whose name follows from its bytes."""
        return LocalSpool(self, self.root)

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""
        return self.stat(path) is not None

    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, or None when there is none."""
        place = self._place(path)
        try:
            found = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise faults.store_error(exc, doing="look at", place=str(place)) from exc
        return _entry(path, found) if modes.S_ISREG(found.st_mode) else None

    def list(self, folder: str, *, after: str = "") -> list[Entry]:
        """Return the direct children of a folder ("" is the root), sorted; an absent folder has none."""
        place = self._place(folder) if folder else self.root
        prefix = f"{folder}/" if folder else ""
        try:
            with os.scandir(place) as found:
                children = [_child(prefix, item) for item in found if _is_listed(item.name, after)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as exc:
            raise faults.store_error(exc, doing="list", place=str(place)) from exc
        return sorted((child for child in children if child is not None), key=lambda child: child.path)

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder, sorted within each folder."""
        for entry in self.list(folder):
            if entry.size_bytes is None:
                yield from self.walk(entry.path)
            else:
                yield entry

    def touch(self, path: str) -> bool:
        """Set a file's time to now, so that a collection spares it; return False when there is none."""
        place = self._place(path)
        try:
            with leases.locked(self._lease_place(_DELETIONS), shared=True):
                try:
                    os.utime(place, ns=_now())
                except PermissionError:
                    self._adopt(place)
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise faults.store_error(exc, doing="touch", place=str(place)) from exc
        return True

    def delete(self, path: str, *, unmodified_since: datetime | None = None) -> bool:
        """Delete a file, or with ``unmodified_since`` only one that was neither made nor touched after it.

        Return whether there is no such file now. Touching and deleting wait for each other, so that a file is
        never deleted between a look at its time and the deletion.
        """
        place = self._place(path)
        try:
            if unmodified_since is None:
                place.unlink()
                return True
            with leases.locked(self._lease_place(_DELETIONS)):
                if place.stat().st_mtime > unmodified_since.timestamp():
                    return False
                place.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError as exc:
            raise faults.store_error(exc, doing="delete", place=str(place)) from exc
        return True

    def move(self, path: str, to: str) -> None:
        """Give a file another, unused name; an absent one is no error."""
        place, goal = self._place(path), self._place(to)
        try:
            self._make_folders(goal.parent)
            if goal.exists():
                raise faults.already_exists(to, self.url)
            place.rename(goal)
        except FileNotFoundError:
            return
        except OSError as exc:
            raise faults.store_error(exc, doing="move", place=str(place)) from exc

    def sweep(self, older_than_s: float, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove what writers that died have left behind; return its number of files and size in bytes."""
        limit = time.time() - older_than_s
        count = size_bytes = 0
        for place in self._leftovers():
            try:
                found = place.stat()
                if found.st_mtime > limit or not (dry_run or _remove_leftover(place)):
                    continue
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise faults.store_error(exc, doing="delete", place=str(place)) from exc
            count += 1
            size_bytes += found.st_size if found.st_nlink <= 1 else 0
        return count, size_bytes

    def lease(self, name: str) -> leases.FileLease:
        """Return a lease on a name: any text."""
        return leases.FileLease(self._lease_place(name))

    def local_path(self, path: str) -> Path | None:
        """Return where the file lies on this machine's disk: for memory mapping."""
        return self._place(path)

    @property
    def copies(self) -> None:
        """Return None: the files are here."""

    def now(self) -> datetime:
        """Return the time by the clock that dates the files."""
        return datetime.now(UTC)

    def _place(self, path: str) -> Path:
        return self.root / paths.checked(path)

    def _lease_place(self, name: str) -> Path:
        digest = digest_bytes(name.encode("utf-8", "surrogatepass"))
        return self.root / _LEASES / f"{digest[:40]}.lock"

    def _leftovers(self) -> Iterator[Path]:
        for folder in (self.root / _SPOOL, self.root / _LEASES):
            if folder.is_dir():
                yield from folder.iterdir()

    def _adopt(self, place: Path) -> None:
        """Replace another user's file by an equal one of our own: only an owner may set a time."""
        copy = self._spool_place()
        try:
            copy.write_bytes(place.read_bytes())
            copy.replace(place)
        finally:
            copy.unlink(missing_ok=True)

    def _spool_place(self) -> Path:
        return self.root / _SPOOL / f"{os.getpid()}-{os.urandom(8).hex()}"

    def _make_folders(self, folder: Path) -> None:
        """Make a folder and what is missing above it, each one's name made durable in its parent."""
        if folder.is_dir():
            return
        if folder.parent != folder:
            self._make_folders(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        self._sync_folder(folder.parent)

    def _sync_folder(self, folder: Path) -> None:
        if not self._syncs:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class LocalSpool:
    """Bytes in a file below ``.spool/`` until they are published or discarded."""

    def __init__(self, files: LocalFiles, goal: Path) -> None:
        self._files = files
        self._goal = goal
        self._written = self._flushed = 0
        self._place = files._spool_place()
        try:
            self._descriptor = self._opened()
        except OSError as exc:
            raise faults.store_error(exc, doing="write", place=str(goal)) from exc

    def write(self, data: Buffer) -> None:
        """Add bytes; raise StoreError."""
        data = buffers.plain(data)
        done = 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, memoryview(data)[done:] if done else data)
        except OSError as exc:
            raise self._error(exc, self._written + len(data)) from exc
        self._written += done
        if self._files._syncs and self._written - self._flushed >= _FLUSHED_BYTES:
            flushing.start(self._descriptor, self._flushed, self._written - self._flushed)
            self._flushed = self._written

    def publish(self, path: str) -> None:
        """Give the bytes their name, atomically and durably; raise AlreadyExistsError or StoreError."""
        self._goal = self._files._place(path)
        try:
            os.utime(self._descriptor, ns=_now())
            if self._files._syncs:
                os.fsync(self._descriptor)
            self._link()
            self.discard()
            self._files._sync_folder(self._goal.parent)
        except FileExistsError as exc:
            raise faults.already_exists(path, self._files.url) from exc
        except OSError as exc:
            raise self._error(exc, self._written) from exc

    def discard(self) -> None:
        """Forget bytes that were not published; harmless after that."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._place.unlink(missing_ok=True)

    def __enter__(self) -> LocalSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def _opened(self) -> int:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        try:
            return os.open(self._place, flags, 0o666)
        except FileNotFoundError:
            self._files._make_folders(self._place.parent)
            return os.open(self._place, flags, 0o666)

    def _link(self) -> None:
        try:
            os.link(self._place, self._goal)
        except FileNotFoundError:
            self._files._make_folders(self._goal.parent)
            os.link(self._place, self._goal)
        except FileExistsError:
            # On a network file system a link's reply can get lost, and its repetition fails.
            if not self._place.samefile(self._goal):
                raise
        except OSError as exc:
            if exc.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise
            raise errors.StoreError(
                f"Can't link {self._goal}: its file system has no hard links, or the folder is immutable.",
                remedy="Keep the store on a file system with hard links (ext4, XFS, APFS, NFS).",
                path=str(self._goal),
            ) from exc

    def _error(self, exc: OSError, size_bytes: int) -> errors.TaskcellError:
        return faults.store_error(exc, doing="write", place=str(self._goal), size_bytes=size_bytes)


def _now() -> tuple[int, int]:
    """Return a file's times to the nanosecond: the kernel's own tick is coarse enough to hide a change."""
    now_ns = time.time_ns()
    return now_ns, now_ns


def _entry(path: str, found: os.stat_result) -> Entry:
    modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
    return Entry(path=path, size_bytes=found.st_size, modified_at=modified_at)


def _is_listed(name: str, after: str) -> bool:
    return not name.startswith(".") and name > after


def _child(prefix: str, item: os.DirEntry[str]) -> Entry | None:
    """Return what a listing says of one name, or None when it has just gone."""
    if item.is_dir():
        return Entry(path=prefix + item.name)
    try:
        return _entry(prefix + item.name, item.stat())
    except FileNotFoundError:
        return None


def _remove_leftover(place: Path) -> bool:
    if place.suffix == ".lock":
        return leases.remove_stale(place)
    place.unlink()
    return True
