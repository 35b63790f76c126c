"""Stamps: what a file system says of a file or folder without reading it, and when that may be relied on.

A change always shows in a stamp if the file was last touched long enough before the stamp was taken: a change within
the same tick of the file system's clock as the one before it may not.
"""

from __future__ import annotations

import os
import time
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int, int, int, int]
"""Device, inode, size and the times of change of content and of the inode. Units: bytes, nanoseconds."""

_SETTLED_S = 2.0
"""A file touched later than this before it was looked at may change again unseen. Unit: seconds."""


def of(found: os.stat_result) -> Stamp:
    """Return the stamp that a ``stat`` gives."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def at(path: str) -> Stamp | None:
    """Return the stamp of what is at a path, links followed; None for nothing."""
    try:
        return of(os.stat(path))  # noqa: PTH116  on the path of every hit
    except (OSError, ValueError):
        return None


def is_settled(stamp: Stamp | None, at_s: float) -> bool:
    """Whether a later change must show, for a stamp that was taken at ``at_s`` or after it. Unit: seconds."""
    return stamp is None or max(stamp[3], stamp[4]) / 1e9 < at_s - _SETTLED_S


class Watch:
    """Paths as they were when something was made from them, and whether they still are."""

    __slots__ = ("_seen", "_settled")

    def __init__(self) -> None:
        self._seen: dict[str, Stamp | None] = {}
        self._settled = True

    def see(self, path: str) -> Stamp | None:
        """Note how a path is, before it is read; what it was at the first look counts."""
        if path not in self._seen:
            now_s = time.time()
            self._seen[path] = stamp = at(path)
            self._settled = self._settled and is_settled(stamp, now_s)
        return self._seen[path]

    def distrust(self) -> None:
        """Say that what was made depends on more than paths."""
        self._settled = False

    def unchanged(self) -> bool:
        """Whether all of it is certainly as it was."""
        return self._settled and all(at(path) == stamp for path, stamp in list(self._seen.items()))
