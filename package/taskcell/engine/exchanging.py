"""How values pass between a worker and the process that runs a task's cells, where the store is far away.

The cells' process gets a small store of the attempt's own, in its scratch folder. Inputs lie in it as links to this machine's
copies; outputs are written there, and the worker sends them on, side by side. So that process needs no connection, which would
cost a second of imports and several requests, for each task. A store in a folder is used as it is.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from taskcell import errors
from taskcell.cache.results import addresses
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.store import paths, pooling
from taskcell.store.contracts import Copies
from taskcell.store.opening import Store, open_store

_FOLDER = "exchange"


class Exchange:
    """What is between a store and one attempt.

    Parameters
    ----------
    store
        The run's store.
    scratch
        The attempt's folder.
    inputs
        What the cells will load.
    """

    def __init__(self, store: Store, scratch: Path, inputs: Iterable[Artifact]) -> None:
        self._store = store
        self._root = scratch / _FOLDER
        wanted = list(dict.fromkeys(digest for artifact in inputs for digest in addresses(artifact)))
        copies = store.files.copies
        self.is_own = copies is not None and self._lend(copies, wanted)
        """Whether the cells' process uses the attempt's own store."""
        self.url = self._root.as_uri() if self.is_own else store.url

    def settle(self, outputs: Iterable[Artifact], *beside: Callable[[], object]) -> None:
        """Send what the cells stored to the run's store, and do some other work meanwhile; raise the first failure."""
        kept = (
            list(dict.fromkeys(digest for artifact in outputs for digest in addresses(artifact))) if self.is_own else []
        )
        work: list[Callable[[], object]] = [*beside, *(partial(self._send, digest) for digest in kept)]
        pooling.each(self._store.files, _call, work)

    def _lend(self, copies: Copies, wanted: list[Digest]) -> bool:
        """Put inputs where the cells find them; what is damaged or missing is better told by the store itself."""
        # Whoever opens it founds it: without this the cells would take a folder of blobs for something strange.
        open_store(self._root.as_uri(), self._store.project, durability="process").found()
        try:
            pooling.each(self._store.files, partial(self._lend_one, copies), wanted)
        except (errors.NotFoundError, errors.FormatError):
            return False
        return True

    def _lend_one(self, copies: Copies, digest: Digest) -> None:
        self._store.blobs.get(digest)
        place = self._place(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        copies.lend(paths.blob(digest), place)

    def _send(self, digest: Digest) -> None:
        place = self._place(digest)
        with place.open("rb") as file:
            size_bytes = place.stat().st_size
            body = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if size_bytes else memoryview(b"")
        sent, _ = self._store.blobs.put(body)
        if sent != digest:
            raise errors.FormatError(f"The value {digest} was damaged before it was sent.", digest=digest)

    def _place(self, digest: Digest) -> Path:
        return self._root / paths.blob(digest)


def _call(work: Callable[[], object]) -> None:
    work()
