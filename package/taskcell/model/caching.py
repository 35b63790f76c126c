"""Cache keys with their named parts, and what a key leads to."""

from __future__ import annotations

from datetime import datetime

import msgspec

from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact


class KeyPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that may change a task's result.

    ``name`` is ``kind:what`` (``code``, ``input:df``, ``parameter:rate``, ``function:clean``, ``package:pandas``).
    ``label`` is for people: a version, a short value.
    """

    name: str
    digest: Digest
    label: str = ""


class CacheKey(msgspec.Struct, frozen=True, kw_only=True):
    """Digest of everything that may change a task's result, every part of it nameable."""

    digest: Digest
    parts: tuple[KeyPart, ...]


class CacheEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A committed result: key -> outputs, with the key's named parts and who made it.

    ``task`` is the address of the blob with the task's JSON, so that a later explanation can show code.
    ``displays`` is the address of the blob with the displayed output (a JSON list of notebook outputs).
    ``dropped`` names inferred outputs that could not be stored, with the reason.
    """

    key: Digest
    parts: tuple[KeyPart, ...]
    task_name: str
    task: Digest
    outputs: dict[str, Artifact]
    run_id: str
    author: str
    created_at: datetime
    duration_s: float
    displays: Digest | None = None
    dropped: dict[str, str] = {}
