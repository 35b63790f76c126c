"""Lines of an attempt's log."""

from __future__ import annotations

import msgspec


class LogChunk(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="log"):
    """Some lines of an attempt's log, as they were printed: control characters and terminal escapes are in them.

    Attributes
    ----------
    first_line
        Number of the first of ``lines``, from 0.
    numbers
        Numbers of the lines, when they are those that a search found; else they follow one another.
    next_line
        Where to go on.
    total_lines
        Number of lines so far; a last one without its end counts.
    total_bytes
        Size so far. Unit: bytes.
    done
        Whether the attempt has ended, so that nothing is added any more.
    more
        Whether there is more to be had now, from ``next_line`` on.
    clipped
        Numbers of lines that are longer than what is given of them.
    """

    run: str
    task: str
    attempt: int
    first_line: int
    lines: tuple[str, ...]
    next_line: int
    numbers: tuple[int, ...] = ()
    total_lines: int = 0
    total_bytes: int = 0
    done: bool = False
    more: bool = False
    query: str = ""
    clipped: tuple[int, ...] = ()
    schema: int = 1
