"""Memory that the processes of a container may use and have used, as the system's control group says; and what to say when
it was too little.

The system kills the largest process of a group that exceeds its limit. That is mostly a task's kernel and not its worker, so
that the container lives on and nobody outside hears of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taskcell.model.runs import TaskError

GROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60
_SIZES = ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Attributes: number of processes ``killed`` for want of memory, the limit, and the most that was used. Unit: bytes."""

    killed: int
    limit_bytes: int
    peak_bytes: int | None


def usage(group: Path = GROUP) -> Usage | None:
    """Return what is known of this process's group; None without a limit, or without such groups."""
    return _unified(group) or _separate(group / "memory")


def out_of_memory(limit_bytes: int | None, peak_bytes: int | None = None) -> TaskError:
    """Return the error of a task that needed more memory than it may use: its own, so it spends a retry."""
    limit = f" of {size_text(limit_bytes)}" if limit_bytes else ""
    peak = f" (it used {size_text(peak_bytes)})" if peak_bytes else ""
    remedy = f": give it more, such as --memory {size_text(2 * limit_bytes)}" if limit_bytes else ""
    return TaskError(kind="memory", sentence=f"out of memory, beyond its limit{limit}{peak}{remedy}")


def size_text(size_bytes: int) -> str:
    """Return a size as the options take it.

    Examples
    --------
    >>> size_text(512 << 20), size_text(1_500_000_000)
    ('512Mi', '1430.5Mi')
    """
    for unit, name in _SIZES:
        if size_bytes >= unit and size_bytes % unit == 0:
            return f"{size_bytes // unit}{name}"
    return f"{size_bytes / (1 << 20):.1f}Mi"


def _unified(group: Path) -> Usage | None:
    """Read a group of version 2."""
    return _usage(group / "memory.events", group / "memory.max", group / "memory.peak")


def _separate(group: Path) -> Usage | None:
    """Read a group of version 1."""
    return _usage(group / "memory.oom_control", group / "memory.limit_in_bytes", group / "memory.max_usage_in_bytes")


def _usage(events: Path, limit: Path, peak: Path) -> Usage | None:
    limit_bytes, killed = _number(limit), None
    for line in _text(events).splitlines():
        name, _, count = line.partition(" ")
        if name == "oom_kill" and count.isdigit():
            killed = int(count)
    if limit_bytes is None or limit_bytes >= _UNLIMITED or killed is None:
        return None
    return Usage(killed=killed, limit_bytes=limit_bytes, peak_bytes=_number(peak))


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
