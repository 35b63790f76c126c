"""``Files`` in a bucket.

A body goes in one conditional request. Only a large blob goes in parts, without a condition: its name follows
from its bytes, so whoever else writes it writes the same. Names beginning with a dot are this package's own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from taskcell import errors
from taskcell.hashing import digest_bytes
from taskcell.store import buffers, faults, paths
from taskcell.store.contracts import Buffer, Entry
from taskcell.store.copies import Copies, CopyingSpool
from taskcell.store.s3 import connections, leasing, probing, transfers
from taskcell.store.s3.creating import Objects
from taskcell.store.s3.refusals import RefusedError, explained

T = TypeVar("T")

USE_MARK_S = 600.0
"""A large file younger than this isn't made young again; a deletion by age allows for it. Unit: seconds."""
_CHEAPLY_COPIED_BYTES = 8 * 2**20

_URL = re.compile(r"s3a?://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
_LEASES = ".leases"
_PROBES = ".probes"


class S3Files:
    """Files below a prefix of a bucket.

    Parameters
    ----------
    url : str
        ``s3://bucket/prefix``.
    copies : Path, optional
        Where copies of blobs are kept on this machine. None: the user's cache folder.
    """

    def __init__(self, url: str, *, copies: Path | None = None) -> None:
        bucket, self._prefix = _parsed(url)
        self.url = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._bucket = bucket
        self._root = f"{self._prefix}/" if self._prefix else ""
        self.copies = Copies(self._fetched, folder=copies)
        self._is_proven = False
        self._proving = threading.Lock()
        self._connection()

    # -- reading -------------------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """Return all bytes of a file; raise NotFoundError."""
        key = self._key(path)
        return bytes(self._run("read", path, self._objects().call("get_object", key))["Body"])

    def exists(self, path: str) -> bool:
        """Whether there is a file of that name."""
        return self.stat(path) is not None

    def stat(self, path: str) -> Entry | None:
        """Return size and time of a file, or None when there is none."""
        key = self._key(path)
        found = self._run("look at", path, self._objects().stat(key))
        if found is None:
            return None
        return Entry(path=path, size_bytes=found["ContentLength"], modified_at=found["LastModified"])

    def list(self, folder: str, *, after: str = "") -> list[Entry]:
        """Return the direct children of a folder ("" is the root), sorted; an absent folder has none."""
        prefix = f"{self._key(folder)}/" if folder else self._root
        first = f"{folder}/{after}" if folder and after else after
        entries = self._run("list", folder, _gathered(self._listed(prefix, "/", first)))
        return sorted(entries, key=lambda entry: entry.path)

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield all files below a folder, in the order of their names."""
        prefix = f"{self._key(folder)}/" if folder else self._root
        yield from self._run("list", folder, _gathered(self._listed(prefix, "", "")))

    def local_path(self, path: str) -> Path | None:
        """Return None: the file isn't on this machine's disk."""
        self._key(path)
        return None

    def now(self) -> datetime:
        """Return the time by the clock that dates the files, asked anew: files that are made after this are not older."""
        self._run("look at", paths.FORMAT, self._objects().head(self._key(paths.FORMAT)))
        return self._connection().now()

    # -- writing -------------------------------------------------------------------------------------------

    def create(self, path: str, data: Buffer | Iterable[Buffer]) -> None:
        """Create a file if no file of that name exists, atomically and durably; raise AlreadyExistsError."""
        self._key(path)
        if isinstance(data, (bytes, bytearray, memoryview)):
            body = memoryview(buffers.plain(data))
            self.publish(path, body)
            if paths.is_blob(path):
                self.copies.keep(path, body)
            return
        with self.spool() as spool:
            for piece in buffers.pieces(data):
                spool.write(piece)
            spool.publish(path)

    def spool(self) -> CopyingSpool:
        """Begin a file whose name follows from its bytes."""
        return CopyingSpool(self.copies, self.publish)

    def publish(self, path: str, body: memoryview) -> None:
        """Send a body under its name."""
        self._prove()
        objects, key = self._objects(), self._key(path)
        if paths.is_blob(path) and len(body) > transfers.PART_BYTES:
            self._run("write", path, transfers.upload(objects, key, body))
        elif self._run("write", path, objects.create(key, body)) is None:
            raise faults.already_exists(path, self.url)

    def touch(self, path: str) -> bool:
        """Make a file young, so that a collection spares it; return False when there is none."""
        return self._run("touch", path, self._touched(self._key(path)))

    def delete(self, path: str, *, unmodified_since: datetime | None = None) -> bool:
        """Delete a file, or with ``unmodified_since`` only one that was neither made nor touched after it.

        Between the look at its time and the deletion lies a moment: the service has no request for both.
        """
        return self._run("delete", path, self._deleted(self._key(path), unmodified_since))

    def move(self, path: str, to: str) -> None:
        """Give a file another, unused name, by a copy within the service; an absent one is no error."""
        self._run("move", path, self._moved(self._key(path), self._key(to)))
        self.copies.drop(path)

    def sweep(self, older_than_s: float, *, dry_run: bool = False) -> tuple[int, int]:
        """Remove what writers that died have left behind: uploads never finished, leases long expired."""
        return self._run("sweep", "", self._swept(older_than_s, dry_run))

    def lease(self, name: str) -> leasing.S3Lease:
        """Return a lease on a name: any text."""
        self._prove()
        digest = digest_bytes(name.encode("utf-8", "surrogatepass"))
        return leasing.S3Lease(self._objects(), f"{self._root}{_LEASES}/{digest[:40]}", self.url)

    # -- what the service can do -----------------------------------------------------------------------------

    def probe(self) -> probing.Findings:
        """Ask the service anew whether it keeps the conditions that a store rests on; raise StoreError."""
        return self._run("probe", "", probing.probe(self._objects(), self._key_of_probes()))

    def endpoint(self) -> str:
        """Return the address that requests go to."""
        return self._connection().endpoint()

    def skew_s(self) -> float:
        """Return by how much the service's clock is ahead of this machine's. Unit: seconds."""
        self.now()
        return self._connection().skew_s()

    def _prove(self) -> None:
        """See to it, before the first write, that the service was found sound at this address; raise StoreError."""
        if self._is_proven:
            return
        with self._proving:
            if self._is_proven:
                return
            fault = self._run("probe", "", probing.fault(self._objects(), self._key_of_probes(), self.endpoint()))
            if fault:
                raise errors.StoreError(
                    f"{self.url} can't hold a store: {fault}, so two writers could both believe that they won.",
                    remedy="Use a service with conditional writes (Amazon S3, MinIO, SeaweedFS 4.17 or newer), or a folder.",
                    path=self.url,
                )
            self._is_proven = True

    # -- requests ------------------------------------------------------------------------------------------

    def _connection(self) -> connections.Connection:
        return connections.connect()

    def _objects(self) -> Objects:
        return Objects(self._connection(), self._bucket)

    def _key(self, path: str) -> str:
        return self._root + paths.checked(path)

    def _key_of_probes(self) -> str:
        return f"{self._root}{_PROBES}"

    def _run(self, doing: str, path: str, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._connection().run(work)
        except RefusedError as exc:
            if exc.is_missing:
                raise faults.not_found(path, self.url) from exc
            raise explained(exc, url=self.url, doing=doing, path=path) from exc

    def _fetched(self, path: str, descriptor: int) -> None:
        self._run("read", path, transfers.download(self._objects(), self._key(path), descriptor))

    async def _listed(self, prefix: str, delimiter: str, after: str) -> AsyncIterator[Entry]:
        arguments: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        if delimiter:
            arguments["Delimiter"] = delimiter
        if after:
            arguments["StartAfter"] = self._root + after
        call = self._connection().call
        while True:
            page = await call("list_objects_v2", **arguments)
            found = [
                *(Entry(path=item["Prefix"].rstrip("/")) for item in page.get("CommonPrefixes", ())),
                *(
                    Entry(path=item["Key"], size_bytes=item["Size"], modified_at=item["LastModified"])
                    for item in page.get("Contents", ())
                ),
            ]
            for entry in found:
                path = entry.path.removeprefix(self._root)
                if path and path != after and not any(part.startswith(".") for part in path.split("/")):
                    yield Entry(path=path, size_bytes=entry.size_bytes, modified_at=entry.modified_at)
            if not page.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]

    async def _touched(self, key: str) -> bool:
        found = await self._objects().head(key)
        if found is None:
            return False
        if self._connection().now() - found["LastModified"] < _use_mark(found):
            return True
        try:
            await transfers.copy(self._objects(), key, key, found["ContentLength"])
        except RefusedError as exc:
            if exc.is_missing:
                return False
            raise
        return True

    async def _deleted(self, key: str, unmodified_since: datetime | None) -> bool:
        objects = self._objects()
        if unmodified_since is not None:
            found = await objects.stat(key)
            if found is None:
                return True
            if found["LastModified"] > unmodified_since - _use_mark(found):
                return False
        await objects.call("delete_object", key)
        return True

    async def _moved(self, key: str, to: str) -> None:
        objects = self._objects()
        found = await objects.stat(key)
        if found is not None:
            await transfers.copy(objects, key, to, found["ContentLength"])
            await objects.call("delete_object", key)

    async def _swept(self, older_than_s: float, dry_run: bool) -> tuple[int, int]:
        call, objects = self._connection().call, self._objects()
        uploads = await call("list_multipart_uploads", Bucket=self._bucket, Prefix=f"{self._root}{paths.BLOBS}/")
        limit = self._connection().now() - timedelta(seconds=older_than_s)
        stale = [upload for upload in uploads.get("Uploads", ()) if upload["Initiated"] < limit]
        leases = await call("list_objects_v2", Bucket=self._bucket, Prefix=f"{self._root}{_LEASES}/")
        expired = [lease for lease in leases.get("Contents", ()) if lease["LastModified"] < limit]
        if not dry_run:
            for upload in stale:
                await transfers.abort(objects, upload["Key"], upload["UploadId"])
            for lease in expired:
                await objects.delete(lease["Key"], tag=lease["ETag"])
        return len(stale) + len(expired), sum(lease["Size"] for lease in expired)


def _parsed(url: str) -> tuple[str, str]:
    """Return a URL's bucket and prefix; raise InvalidInputError."""
    found = _URL.fullmatch(url.rstrip("/"))
    prefix = (found["prefix"] or "") if found else ""
    if found is None or (prefix and not paths.is_path(prefix)) or set(prefix) & set("?#"):
        raise errors.InvalidInputError(
            f"Not a store in a bucket: {url[:200]!r}.",
            remedy="Write s3://bucket or s3://bucket/some/prefix; the service's address goes into AWS_ENDPOINT_URL.",
        )
    return found["bucket"], prefix


def _use_mark(found: dict[str, Any]) -> timedelta:
    """Return how young a file may be and still pass as just used: copying a large one takes long."""
    return timedelta(seconds=USE_MARK_S if found["ContentLength"] > _CHEAPLY_COPIED_BYTES else 0.0)


async def _gathered(entries: AsyncIterator[Entry]) -> list[Entry]:
    return [entry async for entry in entries]
