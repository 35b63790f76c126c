"""Collection: finding and freeing what nothing refers to, as data that can be shown before anything is done.

Versions and runs are kept for good, and so is what they refer to. Marking is conservative: any digest that
stands anywhere in a record, or in a task that a record names, holds the blob of that address, so that a kind
of record which this module has never heard of is safe too. A writer that has stored blobs and not yet its
record is protected by their age: storing marks blobs as used now, and nothing used within the grace time is
deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.store import paths
from taskcell.store.contracts import Files
from taskcell.store.opening import Store
from taskcell.store.records import opened

STALE_AFTER_S = 24 * 3600.0
"""Age at which a dead writer's leftovers are removed. Unit: seconds."""

_DIGESTS = re.compile(rb'"([0-9a-f]{64})"')
_BLOB_LISTS = re.compile(rb'"blobs":\[([^\]]*)\]')
_LISTS = re.compile(rb'"(?:task|base)":"([0-9a-f]{64})"|\["(?:[^"\\]|\\.)*","([0-9a-f]{64})"\]')
_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What a collection found, and freed unless it was a dry run. Sizes in bytes.

    Attributes
    ----------
    blob_count, blob_bytes
        All blobs of the store.
    unreachable_count, unreachable_bytes
        Blobs that nothing refers to and that are older than the grace time.
    evicted_count, evicted_bytes
        Cache entries beyond the budget, and the blobs that only they held.
    cache_bytes
        What is left of blobs that only cache entries hold.
    stale_count, stale_bytes
        Files that dead writers left behind.
    freed_bytes
        What was freed, or would be; less than the sum of the above when evicted blobs were used lately.
    missing
        Addresses that records refer to and that hold no blob.
    examples
        Some of what goes, for people.
    """

    dry_run: bool
    blob_count: int = 0
    blob_bytes: int = 0
    unreachable_count: int = 0
    unreachable_bytes: int = 0
    evicted_count: int = 0
    evicted_bytes: int = 0
    cache_bytes: int = 0
    stale_count: int = 0
    stale_bytes: int = 0
    freed_bytes: int = 0
    missing: tuple[Digest, ...] = ()
    examples: tuple[str, ...] = ()


def collect(
    store: Store, *, budget_bytes: int | None = None, grace_s: float = 3600.0, dry_run: bool = True
) -> Collection:
    """Find what can go from a store, and free it unless it is a dry run.

    Parameters
    ----------
    store : Store
        The store. Blobs are shared, so the records of all its projects count; cache entries are evicted from
        the store's own project only.
    budget_bytes : int, optional
        Size that results held by nothing but this project's cache may have; the oldest entries beyond it are
        evicted, those with nothing of their own to free are not. Unit: bytes. None: no limit.
    grace_s : float
        Nothing that was stored or used within this time goes. It has to exceed the longest time that a writer
        takes from storing its first blob to committing its record. Unit: seconds.
    dry_run : bool
        Whether to change nothing.

    Raises
    ------
    InvalidInputError
        When a limit is negative.
    ConflictError
        When another collection is under way.
    FormatError
        When a version's or a run's record is damaged: what it holds isn't known, so nothing is deleted.
    """
    if grace_s < 0 or (budget_bytes is not None and budget_bytes < 0):
        raise errors.InvalidInputError("A grace time or a budget can't be negative.", remedy="Use 0 or more.")
    if store.format() is None:
        return Collection(dry_run=dry_run)
    if dry_run:
        return _Collector(store, grace_s).run(budget_bytes, dry_run=True)
    lease = store.files.lease("collection")
    if not lease.acquire():
        raise errors.ConflictError(
            f"Another collection of {store.url} is under way.", remedy="Try again when it has ended."
        )
    try:
        return _Collector(store, grace_s).run(budget_bytes, dry_run=False)
    finally:
        lease.release()


@dataclass(slots=True, kw_only=True)
class _Entry:
    """A cache entry of the project: when it was made (None: it is damaged) and which blobs it holds."""

    path: str
    task_name: str
    created_at: datetime | None
    size_bytes: int
    held: set[Digest] = field(default_factory=set)


class _CacheFacts(msgspec.Struct):
    task_name: str
    created_at: datetime


class _Collector:
    """One collection: blobs are listed before records are read, so that no reference is overlooked."""

    def __init__(self, store: Store, grace_s: float) -> None:
        self._store = store
        self._files: Files = store.files
        self._limit = store.files.now() - timedelta(seconds=grace_s)
        self._sizes: dict[Digest, int] = {}
        self._old: set[Digest] = set()
        self._kept: set[Digest] = set()
        self._cached: list[_Entry] = []
        self._of_tasks: dict[Digest, set[Digest]] = {}
        self._named: set[Digest] = set()

    def run(self, budget_bytes: int | None, *, dry_run: bool) -> Collection:
        self._list_blobs()
        self._mark()
        counts = Counter(digest for entry in self._cached for digest in entry.held - self._kept)
        unreachable = self._old - self._kept - counts.keys()
        damaged = [entry for entry in self._cached if entry.created_at is None]
        evicted = damaged + self._beyond(budget_bytes, counts)
        released = {digest for entry in evicted for digest in entry.held if not counts[digest]} - self._kept
        stale_count, stale_bytes = self._files.sweep(STALE_AFTER_S, dry_run=dry_run)
        freed_bytes = stale_bytes + self._free(evicted, sorted(unreachable | (released & self._old)), dry_run)
        return Collection(
            dry_run=dry_run,
            blob_count=len(self._sizes),
            blob_bytes=sum(self._sizes.values()),
            unreachable_count=len(unreachable),
            unreachable_bytes=self._total(unreachable),
            evicted_count=len(evicted),
            evicted_bytes=self._total(released),
            cache_bytes=self._total(digest for digest, count in counts.items() if count),
            stale_count=stale_count,
            stale_bytes=stale_bytes,
            freed_bytes=freed_bytes,
            missing=self._missing(),
            examples=tuple(self._examples(evicted, unreachable)),
        )

    # -- marking -------------------------------------------------------------------------------------------

    def _list_blobs(self) -> None:
        for entry in self._files.walk(paths.BLOBS):
            digest = Digest(paths.last(entry.path))
            if paths.is_digest(digest):
                self._sizes[digest] = entry.size_bytes or 0
                if entry.modified_at is not None and entry.modified_at <= self._limit:
                    self._old.add(digest)

    def _mark(self) -> None:
        for folder in self._files.list(""):
            if folder.size_bytes is None and folder.path not in (paths.BLOBS, paths.QUARANTINE):
                for entry in self._files.walk(folder.path):
                    if entry.path.endswith(".json"):
                        self._mark_record(folder.path, entry.path, entry.size_bytes or 0)

    def _mark_record(self, project: str, path: str, size_bytes: int) -> None:
        within = path.removeprefix(f"{project}/")
        is_cached = within.startswith(f"{paths.cache()}/")
        try:
            raw = opened(within, self._files.read(path))
        except errors.NotFoundError:
            return  # evicted since the listing
        except errors.FormatError:
            if not is_cached:
                raise
            raw = b""
        held = self._references(raw, with_tasks=True)
        if not is_cached or project != self._store.project:
            self._kept |= held
            return
        facts = msgspec.json.decode(raw, type=_CacheFacts) if raw else None
        self._cached.append(
            _Entry(
                path=path,
                task_name=facts.task_name if facts else "?",
                created_at=facts.created_at if facts else None,
                size_bytes=size_bytes,
                held=held,
            )
        )

    def _references(self, raw: bytes, *, with_tasks: bool) -> set[Digest]:
        """Return the blobs that some JSON refers to, through the tasks that it names."""
        self._named.update(_digests(b",".join(_BLOB_LISTS.findall(raw))))
        held = set(_digests(raw)) & self._sizes.keys()
        if with_tasks:
            for task in _tasks(raw):
                held |= self._task(task)
        return held

    def _task(self, digest: Digest) -> set[Digest]:
        """Return what a task refers to; one that is lost or corrupt refers to nothing any more."""
        if digest not in self._of_tasks:
            self._named.add(digest)
            try:
                raw = self._files.read(paths.blob(digest))
            except errors.NotFoundError:
                raw = b""
            is_right = digest_bytes(raw) == digest
            self._of_tasks[digest] = self._references(raw if is_right else b"", with_tasks=False)
        return self._of_tasks[digest]

    # -- choosing and freeing ------------------------------------------------------------------------------

    def _beyond(self, budget_bytes: int | None, counts: Counter[Digest]) -> list[_Entry]:
        """Return the oldest entries beyond the budget; take their blobs out of the counts."""
        size_bytes = self._total(counts)
        evicted: list[_Entry] = []
        dated = [(entry.created_at, entry) for entry in self._cached if entry.created_at is not None]
        for created_at, entry in sorted(dated, key=lambda item: item[0]):
            own = entry.held - self._kept
            if budget_bytes is None or size_bytes <= budget_bytes or created_at > self._limit:
                break
            if own:
                evicted.append(entry)
                counts.subtract(own)
                size_bytes -= self._total(digest for digest in own if not counts[digest])
        return evicted

    def _free(self, evicted: list[_Entry], digests: list[Digest], dry_run: bool) -> int:
        """Delete entries, then blobs; return the bytes freed."""
        freed_bytes = sum(entry.size_bytes for entry in evicted)
        for entry in () if dry_run else evicted:
            self._files.delete(entry.path)
        for digest in digests:
            path = paths.blob(digest)
            if dry_run or self._files.delete(path, unmodified_since=self._limit):
                freed_bytes += self._sizes[digest]
        return freed_bytes

    def _missing(self) -> tuple[Digest, ...]:
        unlisted = sorted(self._named - self._sizes.keys())
        return tuple(digest for digest in unlisted if not self._store.blobs.exists(digest))

    def _total(self, digests: Iterable[Digest]) -> int:
        return sum(self._sizes[digest] for digest in digests)

    def _examples(self, evicted: list[_Entry], unreachable: set[Digest]) -> Iterator[str]:
        for entry in evicted[: _EXAMPLES // 2]:
            made = "damaged" if entry.created_at is None else f"made {entry.created_at:%Y-%m-%d %H:%M} UTC"
            yield f"cached result of {entry.task_name} ({paths.last(entry.path)[:12]}…), {made}"
        largest = sorted(unreachable, key=lambda digest: (-self._sizes[digest], digest))
        for digest in largest[:_EXAMPLES]:
            yield f"blob {digest[:12]}…, {self._sizes[digest]:,} bytes"


def _digests(raw: bytes) -> Iterator[Digest]:
    return (Digest(found.decode()) for found in _DIGESTS.findall(raw))


def _tasks(raw: bytes) -> Iterator[Digest]:
    """Yield the addresses of what a record names that refers to more: its tasks, the base of its notebook."""
    return (Digest((single or paired).decode()) for single, paired in _LISTS.findall(raw))
