"""Whether a folder of the store has changed, without listing it: only where it lies on this machine."""

from __future__ import annotations

import os
import time

from taskcell.store import faults
from taskcell.store.contracts import Files

_TICK_NS = 50_000_000
"""Two changes within this time may leave the same time on a folder: some ticks of a kernel's clock."""
_COARSE_TICK_NS = 2_100_000_000
"""The same on a file system that keeps whole seconds, or every second one."""
_SECOND_NS = 1_000_000_000


def changed_at(files: Files, folder: str) -> int:
    """Return when a name was last added to or removed from a folder; 0 when there is none or it lies elsewhere.

    Unit: nanoseconds of the file system's clock.
    """
    place = files.local_path(folder)
    return 0 if place is None else of_place(str(place))


def of_place(place: str) -> int:
    """Return the same of a folder on this machine's disk."""
    try:
        return os.stat(place).st_mtime_ns  # noqa: PTH116  some thousand of them ten times a second
    except OSError:
        return 0


def names(files: Files, folder: str) -> list[str]:
    """Return the names in a folder, in no order: quicker than a listing where the folder lies on this machine."""
    place = files.local_path(folder)
    if place is None:
        return [entry.path.rpartition("/")[2] for entry in files.list(folder)]
    try:
        return [name for name in os.listdir(place) if not name.startswith(".")]  # noqa: PTH208  thousands of names
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as exc:
        raise faults.store_error(exc, doing="list", place=str(place)) from exc


def is_settled(changed_at_ns: int) -> bool:
    """Whether a change from now on leaves another time than this one."""
    tick_ns = _TICK_NS if changed_at_ns % _SECOND_NS else _COARSE_TICK_NS
    return changed_at_ns > 0 and time.time_ns() - changed_at_ns > tick_ns
