"""Find what a key leads to, and commit a result: content first, record last, the first commit wins."""

from __future__ import annotations

import logging

import msgspec

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.store import paths
from taskcell.store.contracts import Lease
from taskcell.store.opening import Store

_log = logging.getLogger(__name__)


class Results:
    """The committed results of one project."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, key: Digest) -> CacheEntry | None:
        """Return the committed result of a key, or None.

        A record or a blob that is missing or corrupt is reported and removed from the way: the result is then
        recomputed, never returned.
        """
        path = paths.cache_entry(key)
        try:
            entry = self._store.records.try_read(path, CacheEntry)
            if entry is None:
                return None
            for artifact in entry.outputs.values():
                self._verify(artifact)
            if entry.displays is not None:
                self._store.blobs.get(entry.displays)
        except (errors.FormatError, errors.NotFoundError) as exc:
            _log.warning("The cached result of key %s can't be used and is recomputed: %s", key[:12], exc)
            self._store.records.delete(path)
            return None
        return entry

    def commit(self, entry: CacheEntry) -> CacheEntry:
        """Publish a result whose blobs are stored; return the entry that won, which may be another's."""
        path = paths.cache_entry(entry.key)
        try:
            self._store.records.create(path, entry)
        except errors.AlreadyExistsError:
            return self.find(entry.key) or self._again(path, entry)
        return entry

    def _again(self, path: str, entry: CacheEntry) -> CacheEntry:
        """Publish once more, after an unusable entry was removed."""
        self._store.records.create(path, entry)
        return entry

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
        for digest in artifact.blobs:
            self._store.blobs.get(digest)
        for child in artifact.children:
            self._verify(child)
