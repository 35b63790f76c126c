"""What became of tasks in this process, and the kernel's session if there is one. Imports little: calls pay for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import Task

if TYPE_CHECKING:
    from taskcell.api import sessions


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


_current: sessions.Session | None = None


def current() -> sessions.Session | None:
    """Return the session of this kernel, or None outside a notebook."""
    return _current


def begin(session: sessions.Session) -> None:
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
