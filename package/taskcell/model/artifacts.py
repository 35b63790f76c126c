"""Artifacts: stored values, addressed by content."""

from __future__ import annotations

from typing import Any

import msgspec

from taskcell.hashing import Digest


class Artifact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored value that a task made or read.

    Attributes
    ----------
    digest
        Digest of the value by its meaning: equal values have equal digests, wherever they were made.
    codec
        Name and revision of the codec that wrote it, for example ``arrow-table/1``.
    type
        Qualified name of the value's type, for people.
    blobs
        Addresses of the bytes, in the codec's order.
    size_bytes
        Sum of the blobs' sizes. Unit: bytes.
    meta
        What the codec needs to decode, in JSON form.
    preview
        A short text for people: a shape, a number, the first characters.
    children
        Nested artifacts of a container, in order.
    """

    digest: Digest
    codec: str
    type: str
    blobs: tuple[Digest, ...] = ()
    size_bytes: int = 0
    meta: dict[str, Any] = {}
    preview: str = ""
    children: tuple[Artifact, ...] = ()
