"""The few calls of Linux that Python has no name for."""

from __future__ import annotations

import contextlib
import ctypes
import signal
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends."""
    _libc.prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends."""
    _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def flush_c_output() -> None:
    """Write out what C code has printed and not yet written."""
    _libc.fflush(None)


def be_first_victim() -> None:
    """Let a machine without memory end this process, rather than whoever records that it ended."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def threads() -> int:
    """Return the number of this process's threads, native ones included."""
    return len(list(Path("/proc/self/task").iterdir()))


def children(pid: int) -> list[int]:
    """Return a process's children, whichever of its threads started them."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(text) for text in path.read_text(encoding="ascii").split()]
    return found


def command_line(pid: int) -> list[bytes]:
    """Return the words a process was started with; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
