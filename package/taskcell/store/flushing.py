"""Starting to write a file to disk before it is complete, so that the final ``fsync`` has little left to wait for."""

from __future__ import annotations

import functools
from collections.abc import Callable

_SYNC_FILE_RANGE_WRITE = 2


def start(descriptor: int, offset: int, size_bytes: int) -> None:
    """Ask the system to begin writing a range of a file to disk; wait for nothing, promise nothing.

    Notes
    -----
    ``sync_file_range(2)``, which Python doesn't have. Elsewhere than on Linux nothing happens. (``posix_fadvise``
    with ``DONTNEED`` begins to write, too, and then drops from memory what the next hit would map.)
    """
    call = _sync_file_range()
    if call is not None:
        call(descriptor, offset, size_bytes, _SYNC_FILE_RANGE_WRITE)


@functools.cache
def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    import ctypes  # only large files need it

    call = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
        call.restype = ctypes.c_int
    return call
