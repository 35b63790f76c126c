"""Which images a run's workers ran: a name can move, so what the node resolved it to is recorded, once for each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from taskcell import errors
from taskcell.backends.kubernetes import naming
from taskcell.model.runs import ImageUse
from taskcell.store import paths
from taskcell.store.opening import Store


class ImageUses:
    """The images of one run, as this driver has seen them."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._known: set[tuple[str, str]] = set()

    def note(self, pod: Mapping[str, Any]) -> None:
        """Record the image of a pod that runs, unless it is known; a store that is away doesn't stop the run."""
        use = used(pod)
        if use is None or (use.image, use.digest) in self._known:
            return
        with contextlib.suppress(errors.StoreError):
            self._store.records.append(paths.images(self._run_id), lambda _: use)
            self._known.add((use.image, use.digest))


def used(pod: Mapping[str, Any]) -> ImageUse | None:
    """Return what a pod's worker runs; None while the node has not said."""
    metadata = pod.get("metadata") or {}
    asked = {item.get("name"): item.get("image") for item in (pod.get("spec") or {}).get("containers") or ()}
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        digest = str(container.get("imageID") or "")
        if container.get("name", naming.CONTAINER) == naming.CONTAINER and digest:
            image = str(asked.get(naming.CONTAINER) or container.get("image") or "")
            return ImageUse(
                image=image,
                digest=digest.removeprefix("docker-pullable://"),
                pod=str(metadata.get("name", "")),
                seen_at=datetime.now(UTC),
            )
    return None
