"""Why an input is not what it was: the chain of tasks above, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taskcell.api.explanations import changes
from taskcell.api.explanations.attempts import History
from taskcell.cache.explanations import PartChange
from taskcell.hashing import Digest
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import InputKind, Task
from taskcell.views import words

_DEEPEST = 20
_NAMED = 2
_INPUT = "input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a task came to a value: the parts of its key, and its definition as far as it is known."""

    parts: tuple[KeyPart, ...]
    definition: Task | None = None


Makers = Callable[[str, Digest], Made | None]
"""Finds how a task came to a value of a digest."""


def of_history(history: History) -> Makers:
    """Return makers as they are recorded."""

    def find(task: str, digest: Digest) -> Made | None:
        attempt = history.maker(task, digest)
        return None if attempt is None else Made(parts=attempt.parts, definition=attempt.definition())

    return find


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """Follows changed inputs upwards. ``before`` and ``now`` find how the two values came about."""

    before: Makers
    now: Makers

    def of(self, definition: Task | None, change: PartChange) -> str:
        """Say why an input changed: ``split made another one, because parameter month changed 1 → 2``.

        Empty when the input is made by no task, or when what made it is not known any more.
        """
        return self._of(definition, change, 0)

    def _of(self, definition: Task | None, change: PartChange, depth: int) -> str:
        maker = maker_of(definition, change.what)
        if not maker or change.kind != _INPUT or change.old is None or change.new is None or depth > _DEEPEST:
            return ""
        old, new = self.before(maker, change.old.digest), self.now(maker, change.new.digest)
        start = f"{maker} made another one"
        if old is None or new is None or not old.parts or not new.parts:
            return start
        found = changes.compared(old.parts, new.parts)
        if not found:
            return f"{start} from the same code and inputs: it does not always give the same result"
        own = [item for item in found if item.kind != _INPUT]
        if own:
            return f"{start}, because {said(own)}"
        first = next((item for item in found if maker_of(new.definition, item.what)), found[0])
        above = self._of(new.definition, first, depth + 1)
        return f"{start}, because {changes.short(first)}: {above}" if above else f"{start}, because {said(found)}"


def maker_of(definition: Task | None, name: str) -> str:
    """Return the task that makes an input, or nothing."""
    inputs = definition.inputs if definition is not None else ()
    return next((item.task for item in inputs if item.name == name and item.kind is InputKind.OUTPUT), "")


def said(found: Sequence[PartChange], most: int = _NAMED) -> str:
    """Say changes in a row: ``its code changed, parameter rate changed 0.1 → 0.05 and 2 more``."""
    return words.listed([changes.short(change) for change in found], most)
