"""Digests: the only place where bytes are hashed.

A digest is framed: a tag, then each part with its length, so that two parts can never run into each other.
``digests`` holds the framing, ``values`` digests Python values by their meaning, with one module for each
family of types that is loaded when the first value of it appears.
"""

from __future__ import annotations

from taskcell.hashing.digests import ALGORITHM, Digest, Hasher, digest_bytes, digest_parts
from taskcell.hashing.values import digest_value

__all__ = ["ALGORITHM", "Digest", "Hasher", "digest_bytes", "digest_parts", "digest_value"]
