"""Results that the cache holds: whose they are, what they took, and whether they can be used here."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from taskcell import errors
from taskcell.api import configuration, evidence
from taskcell.cache.results import Results
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import AttemptEnd
from taskcell.model.tasks import Task
from taskcell.store import codecs
from taskcell.store.opening import Store
from taskcell.views import words

_VERIFIED_BYTES = 50_000_000
"""Size up to which the bytes of a result are read to see whether they are whole. Unit: bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose result a hit is, what it took then, and what taking it from the cache took, where that is known."""

    run_id: str
    author: str
    created_at: datetime | None
    duration_s: float | None
    restored_s: float | None = None

    @classmethod
    def of(cls, entry: CacheEntry, restored_s: float | None = None) -> Origin:
        """Return the origin of a committed result."""
        return cls(
            run_id=entry.run_id,
            author=entry.author,
            created_at=entry.created_at,
            duration_s=entry.duration_s,
            restored_s=restored_s,
        )

    @classmethod
    def of_end(cls, where: Store, end: AttemptEnd) -> Origin:
        """Return the origin of the result that a task run took from the cache."""
        entry = evidence.cache_entry(where, end.key) if end.key else None
        if entry is not None:
            return cls.of(entry, end.duration_s)
        return cls(run_id=end.from_run, author=end.from_author, created_at=end.from_created_at, duration_s=None)

    def words(self, now: datetime) -> str:
        """Say it in a line: ``hit · from run 01J… by ana, 2 days ago · took 12.3 s then · saves 12.3 s``."""
        return " · ".join(["hit", *self.facts(now)])

    def facts(self, now: datetime) -> list[str]:
        """Say whose it is, what it took and what that saves."""
        by = f" by {self.author}" if self.author else ""
        when = f", {words.age(self.created_at, now)}" if self.created_at else ""
        parts = [f"from run {self.run_id}{by}{when}" if self.run_id else f"from the cache{by}{when}"]
        if self.duration_s is not None:
            parts.append(f"took {words.duration(self.duration_s)} then")
            saved = self.duration_s - (self.restored_s or 0.0)
            verb = "saves" if self.restored_s is None else "saved"
            parts.append(f"{verb} {words.duration(saved)}" if saved > 0 else f"{verb} no time")
        return parts


def gathered(found: Sequence[Origin], restored_s: float | None = None) -> Origin | None:
    """Return the origin of a map's result: the newest of its elements', and what all of them took."""
    if not found:
        return None
    newest = max(found, key=lambda origin: origin.run_id)
    known = [origin.duration_s for origin in found if origin.duration_s is not None]
    return dataclasses.replace(
        newest, duration_s=sum(known) if len(known) == len(found) else None, restored_s=restored_s
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the cache holds for a key: a result that would be taken, or none; ``obstacle`` says why one is not."""

    entry: CacheEntry | None = None
    obstacle: str = ""


class Depth(IntEnum):
    """How closely a recorded result is looked at."""

    RECORD = 0
    PRESENCE = 1
    BYTES = 2


def look(where: Store, key: Digest | None, task: Task | None, *, depth: Depth = Depth.BYTES) -> Kept:
    """Return what would be taken from the cache for a key; nothing is put aside or loaded.

    Parameters
    ----------
    depth
        The record alone; whether its bytes are there; or the bytes themselves, which costs a read of the result.
    """
    if key is None:
        return Kept()
    try:
        entry = evidence.cache_entry(where, key)
    except errors.FormatError:
        return Kept(obstacle="the record of its result is damaged")
    if task is not None and not task.options.cache:
        return Kept(obstacle="the task has the option --no-cache")
    if os.environ.get("TASKCELL_READ_CACHE") == "0":
        return Kept(obstacle="the cache is not read here (TASKCELL_READ_CACHE=0)")
    if entry is None:
        return Kept()
    obstacle = _obstacle(where, entry, depth) if depth else ""
    return Kept(obstacle=obstacle) if obstacle else Kept(entry=entry)


def _obstacle(where: Store, entry: CacheEntry, depth: Depth) -> str:
    """Say why a recorded result can't be used; empty when it can."""
    results = Results(where)
    for name, artifact in entry.outputs.items():
        parts = list(_parts(artifact))
        if any(not where.blobs.exists(blob) for part in parts for blob in part.blobs):
            return f"its result is recorded by run {entry.run_id}, but the bytes of {name} are missing from the store"
        if depth is Depth.BYTES and artifact.size_bytes <= _VERIFIED_BYTES and results.damage(artifact):
            return f"its result is recorded by run {entry.run_id}, but the bytes of {name} are damaged"
        if any(_executes_code(part) for part in parts) and not configuration.trusted(where):
            return f"its result, {name}, is a pickle, and the store is not trusted"
    return ""


def _parts(artifact: Artifact) -> Iterator[Artifact]:
    stack = [artifact]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(part.children)


def _executes_code(artifact: Artifact) -> bool:
    try:
        return codecs.DEFAULT_CODECS.named(artifact.codec).executes_code
    except errors.FormatError:
        return True  # it can't be read at all
