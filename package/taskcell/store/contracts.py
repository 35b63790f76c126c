"""Shapes at the border of the store: files, blobs, codecs.

``Files`` is what a storage service must offer (one implementation a kind of service), ``BlobSink`` and
``BlobSource`` are what a codec sees of it, ``Codec`` turns one family of values into open-format bytes and
back. Conformance suites for all of them ship in ``taskcell.testing``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact

Buffer: TypeAlias = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a listing: path relative to the store's root; a folder has no size and no time."""

    path: str
    size_bytes: int | None = None
    modified_at: datetime | None = None


class Lease(Protocol):
    """A claim on a name among all processes that use the store; ends with its holder, however that ends."""

    def acquire(self, timeout_s: float | None = 0.0) -> bool:
        """Try for ``timeout_s`` seconds (None: for ever); return whether it is held."""

    def release(self) -> None:
        """Give it up; harmless when it is not held."""

    def revoke(self, is_gone: Callable[[str], bool]) -> None:
        """Give it up for a holder on a host of which it is known that nobody works there any more; another's stays.

        Only a lease that would outlive its holder for a while asks.
        """


class Spool(Protocol):
    """Bytes on their way in, before their name is known; a context that discards what was not published."""

    def write(self, data: Buffer) -> None:
        """Add bytes; raise StoreError."""

    def publish(self, path: str) -> None:
        """Give the bytes their name, atomically and durably; raise AlreadyExistsError or StoreError."""

    def discard(self) -> None:
        """Forget bytes that were not published; harmless after that."""

    def __enter__(self) -> Spool: ...

    def __exit__(self, *_: object) -> None: ...


class Copies(Protocol):
    """Copies on this machine of blobs that lie elsewhere, for memory mapping and for a second read."""

    def place(self, path: str) -> Path:
        """Return where a blob's copy lies, made if it isn't there; raise NotFoundError or StoreError."""

    def lend(self, path: str, to: Path) -> None:
        """Let a blob's copy be found under another name on this machine, too; raise NotFoundError or StoreError."""

    def drop(self, path: str) -> None:
        """Forget a copy, such as one that is damaged; an absent one is no error."""


class Files(Protocol):
    """Named bytes. Paths are relative, with forward slashes; no part of one is empty or begins with a dot."""

    url: str

    @property
    def copies(self) -> Copies | None:
        """Copies of what never changes; None where the files are on this machine, or copies don't pay."""

    def read(self, path: str) -> bytes:
        """Return all bytes of a file; raise NotFoundError."""

    def create(self, path: str, data: Buffer | Iterable[Buffer]) -> None:
        """Create a file if no file of that name exists, atomically and durably; raise AlreadyExistsError.

        A reader sees nothing or everything. Raise StoreError when it can't be written; nothing is left
        behind.
        """

    def spool(self) -> Spool:
        """Begin a file whose name follows from its bytes."""

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""

    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, or None when there is none."""

    def list(self, folder: str, *, after: str = "") -> list[Entry]:
        """Return the direct children of a folder ("" is the root), sorted; an absent folder has none.

        With ``after`` only those whose name sorts after that.
        """

    def walk(self, folder: str) -> Iterable[Entry]:
        """Yield all files below a folder, sorted within each folder."""

    def touch(self, path: str) -> bool:
        """Set a file's time to now, so that a collection spares it; return False when there is none.

        A service that has to copy the file for this may leave alone one that is young anyway, and then spares
        as much more in ``delete``.
        """

    def delete(self, path: str, *, unmodified_since: datetime | None = None) -> bool:
        """Delete a file, or with ``unmodified_since`` only one that was neither made nor touched after it.

        Return whether there is no such file now; an absent one is no error.
        """

    def move(self, path: str, to: str) -> None:
        """Give a file another, unused name; an absent one is no error. Not atomic on every service."""

    def sweep(self, older_than_s: float, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove what writers that died have left behind; return its number of files and size in bytes."""

    def lease(self, name: str) -> Lease:
        """Return a lease on a name: any text."""

    def local_path(self, path: str) -> Path | None:
        """Return where the file lies on this machine's disk, or None: for memory mapping."""

    def now(self) -> datetime:
        """Return the time by the clock that dates the files."""


class BlobSink(Protocol):
    """Where a codec writes bytes."""

    def put(self, data: Buffer | Iterable[Buffer]) -> tuple[Digest, int]:
        """Store bytes once; return their address and size in bytes."""


class BlobSource(Protocol):
    """Where a codec reads bytes."""

    def get(self, digest: Digest) -> memoryview:
        """Return verified bytes, mapped where possible; raise NotFoundError or FormatError (corrupt)."""


class Codecs(Protocol):
    """All codecs together, for a codec of containers that passes its elements on."""

    def encode(self, value: Any, sink: BlobSink) -> Artifact:
        """Store any value; raise UnstorableError."""

    def decode(
        self,
        artifact: Artifact,
        source: BlobSource,
        *,
        trusted: bool = False,
        namespace: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> Any:
        """Return the value again.

        ``trusted``: the store's writers are trusted, so pickles may be loaded; otherwise they raise UntrustedError.
        ``namespace``: where classes and functions of ``__main__`` are looked up by name. ``folder``: where stored
        files are laid out, None for the user's cache folder.
        """


class Decoder(Protocol):
    """What a codec is given to read with: the terms of this reading, and a way to read nested artifacts."""

    @property
    def trusted(self) -> bool:
        """Whether pickles may be loaded."""

    @property
    def namespace(self) -> Mapping[str, Any]:
        """Where classes and functions of ``__main__`` are looked up."""

    @property
    def folder(self) -> Path | None:
        """Where stored files are laid out; None: the user's cache folder."""

    def decode(self, artifact: Artifact, source: BlobSource) -> Any:
        """Return a nested value on the same terms."""


class Codec(Protocol):
    """One family of values in one open format."""

    name: str
    """Name and revision, written into artifacts: ``arrow-table/1``."""
    executes_code: bool
    """Whether decoding can run code (a pickle): then the store must be trusted."""

    def accepts(self, value: Any) -> bool:
        """Whether this codec stores values of this type; imports nothing that the value has not imported."""

    def encode(self, value: Any, sink: BlobSink, codecs: Codecs) -> Artifact:
        """Store the value's bytes and return its artifact, ``digest`` included; raise UnstorableError."""

    def decode(self, artifact: Artifact, source: BlobSource, decoder: Decoder) -> Any:
        """Return an equal value; raise FormatError when the bytes are not what they should be."""
