"""Opening a store: which files a URL stands for, and whether they are a store that this version understands.

Other kinds of services register a factory ``(url) -> Files`` under the entry-point group ``taskcell.stores``
by the scheme's name; it is looked up when such a URL is opened.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from taskcell import errors
from taskcell.hashing import ALGORITHM
from taskcell.store import paths
from taskcell.store.blobs import Blobs
from taskcell.store.contracts import Files
from taskcell.store.folders import FolderFiles
from taskcell.store.local_files import Durability, LocalFiles
from taskcell.store.records import Records, opened, sealed

FORMAT_VERSION = 2
ENTRY_POINTS = "taskcell.stores"
_FAR_PAUSE_S = 1.0


class StoreFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The store's first record: what its layout is.

    Attributes
    ----------
    version
        Version of the layout; a newer one than ``FORMAT_VERSION`` is refused.
    digests
        The algorithm of all addresses.
    store_id
        Random; tells a store from one that had the same URL before.
    """

    version: int
    digests: str
    store_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store, seen from one project.

    Attributes
    ----------
    url
        Canonical URL of the root.
    project
        The tenant.
    files
        All files, paths relative to the root.
    project_files
        The project's files, paths as in ``paths``: logs, notebooks.
    blobs
        Content-addressed bytes, shared by the projects.
    records
        The project's records, paths as in ``paths``.
    """

    url: str
    project: str
    files: Files
    project_files: Files
    blobs: Blobs
    records: Records
    found: Callable[[], None]
    """Write the store's first record unless it is there, as anything that is stored does first."""

    def pause_s(self, shortest_s: float) -> float:
        """Return how long to wait before records are looked at again: longer where each look is a request.

        Parameters
        ----------
        shortest_s : float
            What is right for a folder on this machine. Unit: seconds.
        """
        return shortest_s if self.files.copies is None else max(shortest_s, _FAR_PAUSE_S)

    def format(self) -> StoreFormat | None:
        """Return the store's format, or None when nothing has been written yet."""
        return read_format(self.files)


def open_store(url: str, project: str = "default", *, create: bool = True, durability: Durability = "full") -> Store:
    """Open a store; write nothing before something is stored.

    Parameters
    ----------
    url : str
        fsspec URL, or path of a folder.
    project : str
        The tenant: a-z, 0-9, ``.``, ``_``, ``-``; at most 63 characters.
    create : bool
        Whether an absent store is made by the first write; if not, it is an error.
    durability : "full" or "process"
        What a local write survives: a power cut, or the death of processes only.

    Raises
    ------
    InvalidInputError
        When the URL or the project's name can't be used, or the folder holds something else.
    NotFoundError
        When there is no store and none is to be made.
    FormatError
        When a newer version of Taskcell made the store.
    StoreError
        When it can't be reached.
    """
    paths.checked_project(project)
    root = open_files(url, durability=durability)
    founding = _Founding(root)
    if not founding.look() and not create:
        raise errors.NotFoundError(
            f"There is no store at {root.url}.",
            remedy="Check the URL; the first `%snapshot` makes one.",
        )
    files = FolderFiles(root, "", founding)
    project_files = FolderFiles(root, project, founding)
    return Store(
        url=root.url,
        project=project,
        files=files,
        project_files=project_files,
        blobs=Blobs(files),
        records=Records(project_files),
        found=founding,
    )


def open_files(url: str, *, durability: Durability = "full") -> Files:
    """Return the files that a URL stands for; raise InvalidInputError or StoreError."""
    if not url or "\0" in url:
        raise errors.InvalidInputError(f"Not a store's URL: {url!r}.", remedy="Give a folder or an fsspec URL.")
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _local(url, durability)
    if scheme in ("file", "local"):
        return _local(rest, durability)
    if scheme == "memory":
        from taskcell.store.remote_files import MemoryService, RemoteFiles

        return RemoteFiles(url, MemoryService())
    if scheme in ("s3", "s3a"):
        from taskcell.store.s3.files import S3Files

        return S3Files(url)
    return _registered(scheme, url)


def read_format(files: Files) -> StoreFormat | None:
    """Return a store's format, or None when there is none; raise FormatError if not understood."""
    try:
        raw = opened(paths.FORMAT, files.read(paths.FORMAT))
        found = _VERSIONED.decode(raw)
        if found.version <= FORMAT_VERSION:
            return _understood(_FORMATS.decode(raw), files.url)
    except errors.NotFoundError:
        return None
    except msgspec.DecodeError as exc:
        raise errors.FormatError(
            f"{files.url}/{paths.FORMAT} is not a store's format: {exc}.", remedy="Restore it from a backup."
        ) from exc
    raise errors.FormatError(
        f"The store {files.url} has format {found.version}; this Taskcell knows {FORMAT_VERSION}.",
        remedy="Upgrade Taskcell, or choose another store with TASKCELL_STORE.",
        path=paths.FORMAT,
    )


class _Versioned(msgspec.Struct):
    """The one field that every version of the format has."""

    version: int


_VERSIONED, _FORMATS = msgspec.json.Decoder(_Versioned), msgspec.json.Decoder(StoreFormat)


class _Founding:
    """Sees to it that a store has its format before anything else is written into it."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._is_founded = False
        self._lock = threading.Lock()

    def look(self) -> bool:
        """Whether there is a store; raise InvalidInputError when there is something else."""
        self._is_founded = read_format(self._files) is not None
        if not self._is_founded and (strange := self._files.list("")):
            # Somebody may have founded the store and written into it since the first look.
            self._is_founded = read_format(self._files) is not None
            if not self._is_founded:
                raise errors.InvalidInputError(
                    f"{self._files.url} is not a store: it holds other things, such as {strange[0].path!r}.",
                    remedy=f"Name an empty or a new folder, or restore {paths.FORMAT}.",
                )
        return self._is_founded

    def __call__(self) -> None:
        if self._is_founded:
            return
        with self._lock:
            if not self._is_founded and not self.look():
                self._found()
            self._is_founded = True

    def _found(self) -> None:
        record = StoreFormat(
            version=FORMAT_VERSION,
            digests=ALGORITHM,
            store_id=os.urandom(16).hex(),
            created_at=datetime.now(UTC),
        )
        try:
            self._files.create(paths.FORMAT, sealed(paths.FORMAT, record))
        except errors.AlreadyExistsError:
            read_format(self._files)


def _understood(found: StoreFormat, url: str) -> StoreFormat:
    if found.digests != ALGORITHM:
        raise errors.FormatError(
            f"The store {url} has addresses by {found.digests}; this Taskcell knows {ALGORITHM}.",
            remedy="Upgrade Taskcell, or choose another store with TASKCELL_STORE.",
            path=paths.FORMAT,
        )
    return found


def _local(path: str, durability: Durability) -> LocalFiles:
    if not path:
        raise errors.InvalidInputError("A store's URL names no folder.", remedy="Give one: file:///some/folder.")
    files = LocalFiles(Path(path), durability=durability)
    if files.root.exists() and not files.root.is_dir():
        raise errors.InvalidInputError(
            f"{files.root} is a file, not a folder for a store.", remedy="Name an empty or a new folder."
        )
    return files


def _registered(scheme: str, url: str) -> Files:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=scheme):
        try:
            factory = point.load()
        except ImportError as exc:
            raise errors.StoreError(
                f"The stores for {scheme}:// can't be used: {exc}.",
                remedy="Install what is missing.",
                path=url,
            ) from exc
        files: Files = factory(url)
        return files
    raise _unsupported(scheme, url)


def _unsupported(scheme: str, url: str) -> errors.TaskcellError:
    """Tell apart what fsspec doesn't know, what isn't installed, and what can't be a store."""
    import fsspec

    known = "file://, s3:// and memory:// are built in; others come with packages registered under " + ENTRY_POINTS
    try:
        fsspec.get_filesystem_class(scheme)
    except ValueError:
        return errors.InvalidInputError(f"No storage service is called {scheme[:60]!r}.", remedy=f"{known}.")
    except ImportError as exc:
        return errors.StoreError(
            f"{scheme}:// needs a package that isn't installed: {exc}.",
            remedy=f"Install the fsspec implementation. {known}.",
            path=url,
        )
    return errors.StoreError(
        f"{scheme}:// is not known to create a file only if it is absent, which a store's records rest on.",
        remedy=f"Choose another store with TASKCELL_STORE: {known}.",
        path=url,
    )
