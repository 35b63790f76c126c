"""Find what a key leads to, and commit a result: content first, record last, the first commit wins."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.store import paths
from taskcell.store.contracts import Lease
from taskcell.store.opening import Store

_log = logging.getLogger(__name__)
_MAX_CONFLICTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look-up gave: a result, or none; ``notice`` says when there was one that could not be used."""

    entry: CacheEntry | None
    notice: str = ""


class Results:
    """The committed results of one project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, key: Digest) -> CacheEntry | None:
        """Return the committed result of a key, or None; what can't be used is logged, see ``look_up``."""
        found = self.look_up(key)
        if found.notice:
            _log.warning("%s", found.notice)
        return found.entry

    def look_up(self, key: Digest, *, keep: bool = False) -> Found:
        """Return the committed result of a key, every byte of it verified.

        ``keep`` is for whoever writes a record that refers to it: a collection that runs now then spares it.

        A record or a blob that is missing or corrupt is reported and removed from the way: the result is then
        recomputed, never returned.
        """
        path = paths.cache_entry(key)
        try:
            entry = self._store.records.try_read(path, CacheEntry)
            if entry is None:
                return Found(entry=None)
            self._store.blobs.fetch(_held(entry))
            for artifact in entry.outputs.values():
                self._verify(artifact)
            if entry.displays is not None:
                self._store.blobs.get(entry.displays)
            if keep:
                self._keep(entry)
        except (errors.FormatError, errors.NotFoundError) as exc:
            self._store.records.delete(path)
            return Found(entry=None, notice=f"its cached result was unusable and is computed again: {exc.message}")
        return Found(entry=entry)

    def _keep(self, entry: CacheEntry) -> None:
        """Mark a result's blobs as used now; raise NotFoundError for one that has just been collected."""
        missing = self._store.blobs.refresh(_held(entry))
        if missing:
            raise errors.NotFoundError(f"The blob {missing[0][:12]} was collected.", remedy="It is made again.")

    def damage(self, artifact: Artifact) -> str:
        """Return what is wrong with a stored value's bytes, in words; empty when nothing is."""
        try:
            self._verify(artifact)
        except (errors.FormatError, errors.NotFoundError) as exc:
            return exc.message
        return ""

    def commit(self, entry: CacheEntry) -> CacheEntry:
        """Publish a result whose blobs are stored; return the entry that won, which may be another's."""
        path = paths.cache_entry(entry.key)
        for _ in range(_MAX_CONFLICTS):
            try:
                self._store.records.create(path, entry)
            except errors.AlreadyExistsError:
                winner = self.find(entry.key)
                if winner is not None:
                    return winner
            else:
                return entry
        raise errors.ConflictError(
            f"The cached result of key {entry.key[:12]} is removed again and again.", remedy="Try again."
        )

    def lease(self, key: Digest) -> Lease:
        """Return the lease that whoever executes a key holds meanwhile; others wait for it and take the result."""
        return self._store.files.lease(f"{self._store.project}/key/{key}")

    def put_displays(self, outputs: list[dict[str, object]]) -> Digest | None:
        """Store displayed output (notebook outputs as plain data); None when there is none."""
        if not outputs:
            return None
        return self._store.blobs.put(msgspec.json.encode(outputs))[0]

    def displays(self, digest: Digest | None) -> list[dict[str, object]]:
        """Return displayed output again."""
        if digest is None:
            return []
        return msgspec.json.decode(self._store.blobs.get(digest), type=list[dict[str, object]])

    def _verify(self, artifact: Artifact) -> None:
        for digest in dict.fromkeys(addresses(artifact)):
            self._store.blobs.get(digest)


def addresses(artifact: Artifact) -> Iterator[Digest]:
    """Yield the addresses of a value and of all that it holds, however deep."""
    stack = [artifact]
    while stack:
        part = stack.pop()
        yield from part.blobs
        stack.extend(part.children)


def _held(entry: CacheEntry) -> list[Digest]:
    """Return the addresses of all that a result refers to, each once."""
    outputs = (digest for artifact in entry.outputs.values() for digest in addresses(artifact))
    return list(dict.fromkeys([*outputs, *([entry.displays] if entry.displays else [])]))
