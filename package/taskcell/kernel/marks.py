"""Show in ``/proc`` what a process is that was forked and not started.

What the system shows there, of variables and arguments, is the memory that a process got when it was started. A server is started
with much room in that place, and a forked process writes its own text into it. So whoever looks for processes finds those that
were forked, like those that were started.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOM = 512
"""Bytes that the server's variable has."""
_FILLER = "-" * ROOM
_ARGUMENTS_ROOM = 4096
_FIRST_ARGUMENT, _FIRST_VARIABLE = 45, 47
"""Places in ``/proc/self/stat``, counted from the state, of where the arguments begin, and the variables; the ends follow."""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of this process's memory that the system shows; without ``size`` there is none."""

    start: int = 0
    size: int = 0

    def write(self, words: Sequence[str]) -> None:
        """Write words over all of it; what is too long is cut, and blanks follow the last word."""
        data = b"\0".join(os.fsencode(word) for word in words)
        self.write_bytes(data[: max(self.size - 1, 0)].ljust(self.size - 1))

    def write_bytes(self, data: bytes) -> None:
        """Write over all of it; nothing when it is too small."""
        if len(data) < self.size:
            ctypes.memmove(self.start, data + b"\0" * (self.size - len(data)), self.size)


def room_for(name: str) -> dict[str, str]:
    """Return the variable with which a server is to be started."""
    return {name: _FILLER}


def argument_room() -> str:
    """Return an argument that makes room for others."""
    return "-" * _ARGUMENTS_ROOM


def place_of(name: str) -> Place:
    """Return where the variable's room is in this process's memory. The variable itself is dropped."""
    os.environ.pop(name, None)
    start, end = _bounds(_FIRST_VARIABLE)
    found = ctypes.string_at(start, end - start).find(f"{name}={_FILLER}".encode()) if end else -1
    return Place(start + found + len(name) + 1, ROOM) if found >= 0 else Place()


def place_of_arguments() -> Place:
    """Return where this process's arguments are; nowhere if there is no room for others."""
    start, end = _bounds(_FIRST_ARGUMENT)
    return Place(start, end - start) if end - start > _ARGUMENTS_ROOM else Place()


def _bounds(field: int) -> tuple[int, int]:
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return int(fields[field]), int(fields[field + 1])
    except (OSError, ValueError, IndexError):
        return 0, 0
