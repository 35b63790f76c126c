"""What passes between a worker and the kernel that executes a task: two small files."""

from __future__ import annotations

import msgspec

from taskcell.model.artifacts import Artifact


class InsideOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the kernel is told through a file: where inputs lie, and where to say what came out."""

    store: str
    project: str
    trusted: bool
    scratch: str
    inputs: dict[str, Artifact]
    outputs: tuple[str, ...]
    stated: bool
    seed: int | None = None
    values: dict[str, Artifact] = {}
    is_own: bool = False
    """Whether the store is the attempt's own, whose values are sent on: what it holds need not survive a power cut."""


class InsideResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the kernel answers: stored outputs, inferred ones that can't be stored, inputs changed in place."""

    outputs: dict[str, Artifact]
    dropped: dict[str, str] = {}
    changed: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    """Global random generators that were drawn from, where the task has no seed."""
