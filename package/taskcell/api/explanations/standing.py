"""What is to be explained of a task: where it stands in the cache, in the kernel or in a recorded run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taskcell.api.explanations import causes, changes, origins
from taskcell.api.explanations.attempts import Attempt, History
from taskcell.hashing import Digest
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a mapped task: its key, and whether its result came, or would come, from the cache."""

    index: int
    parts: tuple[KeyPart, ...]
    cached: bool
    origin: origins.Origin | None = None
    """Whose result it is, when it is cached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is to be explained.

    Attributes
    ----------
    executed
        Whether it was executed, and this is why; else what would happen is explained.
    obstacle
        Why a result that the cache has, or had, is not taken.
    uncacheable
        Why it has no key.
    run_id, number
        The run in which it stands; number of its attempt there, 0 when there is none.
    """

    task: str
    parts: tuple[KeyPart, ...]
    key: Digest | None
    definition: Task | None
    source: changes.Source
    history: History
    makers: causes.Makers
    hit: origins.Origin | None = None
    executed: bool = False
    obstacle: str = ""
    uncacheable: str = ""
    run_id: str = ""
    number: int = 0
    workflow: str = ""
    elements: tuple[Element, ...] = ()
    notices: tuple[str, ...] = ()

    def is_self(self, attempt: Attempt) -> bool:
        """Whether an attempt is the one that is explained, or belongs to the same launch."""
        if attempt.run.id != self.run_id:
            return False
        return attempt.number == self.number or bool(attempt.run.plan.tasks)


def gathered(elements: Sequence[Element], restored_s: float | None = None) -> origins.Origin | None:
    """Return the origin of a map's result; None when not all of its elements are cached."""
    if not all(element.cached for element in elements):
        return None
    return origins.gathered([element.origin for element in elements if element.origin is not None], restored_s)
