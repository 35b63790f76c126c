"""The two digests of a stored value, by meaning and of its bytes, made at the same time when it is large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value

_LARGE_BYTES = 4 * 2**20
"""From here on the disk is waited for long enough to digest the value meanwhile. Unit: bytes."""


def put(value: Any, size_bytes: int, put: Callable[[], tuple[Digest, int]]) -> tuple[Digest, Digest, int]:
    """Store a value's bytes and digest it.

    Parameters
    ----------
    value
        The value.
    size_bytes : int
        About how large it is.
    put : callable
        Stores its bytes; returns their address and size.

    Returns
    -------
    tuple
        The value's digest, the address, and the size in bytes.
    """
    if size_bytes < _LARGE_BYTES:
        blob, size = put()
        return digest_value(value), blob, size
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, "taskcell-put") as pool:
        storing = pool.submit(put)
        digest = digest_value(value)
        return digest, *storing.result()
