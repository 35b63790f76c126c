"""Show a variable in ``/proc/PID/environ`` of a process that was forked and not started.

What the system shows there is the memory that a process got when it was started. The server is started with a variable of that
name and much room; a forked process writes its own value into that place. So whoever looks for a task's processes finds those
that it forked, like those that it started.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

ROOM = 512
"""Bytes that the server's variable has."""
_FILLER = "-" * ROOM


def room_for(name: str) -> dict[str, str]:
    """Return the variable with which a server is to be started."""
    return {name: _FILLER}


def place_of(name: str) -> int:
    """Return where the variable's room is in this process's memory; 0 when it is not found. The variable itself is dropped."""
    os.environ.pop(name, None)
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        start, end = int(fields[47]), int(fields[48])
        found = ctypes.string_at(start, end - start).find(f"{name}={_FILLER}".encode())
    except (OSError, ValueError, IndexError):
        return 0
    return start + found + len(name) + 1 if found >= 0 else 0


def write(place: int, value: str) -> None:
    """Write a value into the room; one that is too long stays unwritten."""
    data = os.fsencode(value)
    if place and len(data) < ROOM:
        ctypes.memmove(place, data + b"\0" * (ROOM - len(data)), ROOM)
