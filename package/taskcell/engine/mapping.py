"""Elements of a mapped input, and the list of what came out, without storing anything twice."""

from __future__ import annotations

from collections.abc import Sequence

from taskcell import errors
from taskcell.model.artifacts import Artifact
from taskcell.store import codecs
from taskcell.store.opening import Store


class Elements:
    """Takes a stored sequence apart and puts a stored list together."""

    def __init__(self, store: Store, *, trusted: bool) -> None:
        self._store = store
        self._trusted = trusted

    def of(self, artifact: Artifact, task: str, name: str) -> list[Artifact]:
        """Return the stored elements of a sequence; raise InvalidInputError when it isn't one."""
        value = codecs.decode(artifact, self._store.blobs, trusted=self._trusted)
        return [codecs.encode(element, self._store.blobs) for element in elements(value, task, name)]

    def gather(self, artifacts: Sequence[Artifact]) -> Artifact:
        """Return the list of stored values as one stored value."""
        return codecs.gather(artifacts, self._store.blobs)


def elements(value: object, task: str, name: str) -> list[object]:
    """Return the elements of what ``--map`` names; raise InvalidInputError when it has no order."""
    if isinstance(value, list | tuple | range):
        return list(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if kind.startswith(("numpy.ndarray", "pandas.")) and getattr(value, "ndim", 0) == 1:
        return list(value)  # type: ignore[call-overload,no-any-return]
    raise errors.InvalidInputError(
        f"Task {task!r} maps over {name!r}, which is a {type(value).__name__}, not a sequence.",
        remedy="Map over a list, a tuple, a range, a one-dimensional array or a Series.",
        task=task,
    )
