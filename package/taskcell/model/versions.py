"""Versions, environments and tags."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from taskcell.hashing import Digest


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Interpreter, platform and installed distributions.

    ``digest`` covers the interpreter's version, implementation, platform and every distribution with its version.
    """

    python: str
    """Full version of the interpreter: ``3.11.7``."""
    implementation: str
    """``cpython``."""
    platform: str
    """Operating system and machine: ``linux-x86_64``."""
    distributions: tuple[tuple[str, str], ...]
    """(normalised name, version) of every installed distribution, sorted."""
    digest: Digest


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that a version was snapshot at, and whether the work tree differed from it."""

    commit: str
    dirty: bool
    branch: str = ""


class NotebookPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a notebook's text: the blob of that address or, without one, the base's pieces ``start`` to ``stop``."""

    start: int = 0
    stop: int = 0
    blob: Digest = Digest("")


Piece: TypeAlias = str | NotebookPart
"""A piece of a notebook's text: the text itself when it is short."""


class Version(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Immutable snapshot of a workflow. ``digest`` covers tasks, parameter schema and environment, nothing else.

    Attributes
    ----------
    tasks
        (name, address of the blob with the task's JSON) in the workflow's order.
    parameters
        Address of the blob with the parameter schema.
    environment, lock
        Addresses of the blobs with the environment's JSON and the ``pylock.toml``.
    notebook
        Digest of the notebook's text; without ``base`` also the address of the blob that holds it.
    base
        Address of the blob with the list of pieces that ``cells`` refers to.
    cells
        The notebook's text in pieces.
    values
        Plain values of the notebook that were stored as data: (name, type, bytes).
    """

    workflow: str
    number: int
    digest: Digest
    tasks: tuple[tuple[str, Digest], ...]
    parameters: Digest
    environment: Digest
    lock: Digest
    notebook: Digest
    author: str
    message: str
    created_at: datetime
    parent: Digest | None = None
    git: GitState | None = None
    values: tuple[tuple[str, str, int], ...] = ()
    base: Digest | None = None
    cells: tuple[Piece, ...] = ()

    @property
    def ref(self) -> str:
        """``churn@7``."""
        return f"{self.workflow}@{self.number}"


class TagMove(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One move of a tag; the newest wins, all are kept."""

    tag: str
    number: int
    digest: Digest
    author: str
    created_at: datetime
    message: str = ""
    rollback: bool = False
    """Whether the tag was moved back to where it was before."""
