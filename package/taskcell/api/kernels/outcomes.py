"""What became of tasks in this process, and the kernel's session if there is one. Imports little: calls pay for it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from taskcell import analysis, errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task cell in this kernel.

    Attributes
    ----------
    cached
        Whether the result came from the cache.
    key
        Digest of everything that may change the result; None when the task is uncacheable.
    parts
        The key's parts: name to digest.
    outputs
        Stored value of each output.
    elements
        Of a mapped task: whether each element came from the cache.
    """

    task: str
    cached: bool
    key: Digest | None
    parts: dict[str, Digest]
    outputs: dict[str, Artifact]
    duration_s: float
    from_run: str = ""
    dropped: dict[str, str] = field(default_factory=dict)
    elements: tuple[bool, ...] = ()
    labelled: tuple[KeyPart, ...] = ()
    definition: Task | None = None


class Session(Protocol):
    """What calls need of the kernel's session: ``sessions`` has the whole of it."""

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What became of each task, by its name."""

    @property
    def namespace(self) -> MutableMapping[str, Any]:
        """The notebook's names."""

    def definitions(self) -> Mapping[str, analysis.Definition]:
        """Return what plain cells define."""


_current: Session | None = None


def current() -> Session | None:
    """Return the session of this kernel, or None outside a notebook."""
    return _current


def begin(session: Session) -> None:
    """Make a session the current one."""
    global _current
    _current = session


def outcome(name: str) -> Outcome:
    """Return what became of a task cell in this kernel; raise NotFoundError."""
    session = _current
    if session is None or name not in session.outcomes:
        known = ", ".join(session.outcomes) if session else ""
        raise errors.NotFoundError(
            f"No task cell {name!r} has run in this kernel.",
            remedy=f"Those that have: {known}." if known else "Run its %%task cell first.",
            task=name,
        )
    return session.outcomes[name]
