"""Versions, environments and tags."""

from __future__ import annotations

from datetime import datetime

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


class Version(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Immutable snapshot of a workflow. ``digest`` covers tasks, parameter schema and environment, nothing else.

    Attributes
    ----------
    tasks
        (name, address of the blob with the task's JSON) in the workflow's order.
    parameters
        Address of the blob with the parameter schema.
    environment, lock, notebook
        Addresses of the blobs with the environment's JSON, the ``pylock.toml`` and the notebook.
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
