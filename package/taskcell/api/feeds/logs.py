"""Lines of logs, by number and by what they say, quick for a million of them.

The bytes of a log are kept together with the number of lines before each block; what was added since the last look is
read, never the whole again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from taskcell.api.feeds import locating, requests
from taskcell.api.feeds.contracts import Context
from taskcell.api.feeds.locating import Place
from taskcell.store import folder_times, paths, pooling
from taskcell.store.opening import Store
from taskcell.views.logs import LogChunk

_KEPT_LOGS = 6
"""Logs that are kept in memory; the engine caps each at 20 million characters."""
_BLOCK = 1 << 16
_SEARCHED = 1 << 18
LONGEST_LINE = 10_000
"""What is given of one line. Unit: bytes."""
_LARGEST_CHUNK = 4_000_000
"""What one answer holds at most. Unit: bytes."""


@dataclass(slots=True, kw_only=True)
class Log:
    """One attempt's log as far as it is known. Safe to be used by several threads."""

    store: Store
    run: str
    task: str
    attempt: int
    _data: bytearray = field(default_factory=bytearray)
    _before: list[int] = field(default_factory=lambda: [0])
    """Number of line ends before each block."""
    _chunk: int = 0
    _stamp: int = -1
    _is_whole: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def chunk(self, *, first: int, limit: int, ended: bool, query: str = "") -> LogChunk:
        """Return lines from number ``first`` on (negative: counted from the end), or those that contain ``query``."""
        with self._lock:
            self._catch_up(ended)
            total = self._lines()
            if first < 0:
                first = max(0, total + first)
            first = min(first, total)
            given = self._found(query, first, limit) if query else self._page(first, limit)
            return LogChunk(
                run=self.run,
                task=self.task,
                attempt=self.attempt,
                first_line=first,
                lines=given.texts,
                numbers=given.numbers if query else (),
                next_line=given.next,
                total_lines=total,
                total_bytes=len(self._data),
                done=ended,
                more=given.next < total,
                query=query,
                clipped=given.clipped,
            )

    # -- bytes -------------------------------------------------------------------------------------------------------

    def _catch_up(self, ended: bool) -> None:
        if self._is_whole:
            return
        folder = paths.logs(self.run, self.task, self.attempt)
        stamp = folder_times.changed_at(self.store.project_files, folder)
        if stamp > 0 and stamp == self._stamp and not ended:  # the last look at an ended one trusts no time
            return
        numbers = [
            number
            for entry in self.store.project_files.list(folder, after=f"{self._chunk:08d}")
            if (number := paths.number(entry.path)) is not None and number > self._chunk
        ]
        for piece in pooling.each(self.store.files, self._read, numbers):
            self._data += piece
        self._chunk = max(numbers, default=self._chunk)
        self._stamp = stamp if folder_times.is_settled(stamp) else -1
        self._is_whole = ended
        for block in range(len(self._before) - 1, len(self._data) // _BLOCK):
            self._before.append(self._before[-1] + self._data.count(b"\n", block * _BLOCK, (block + 1) * _BLOCK))

    def _read(self, number: int) -> bytes:
        return self.store.project_files.read(paths.log_chunk(self.run, self.task, self.attempt, number))

    # -- lines -------------------------------------------------------------------------------------------------------

    def _lines(self) -> int:
        """Return the number of lines; a last one without its end counts."""
        ends = self._before[-1] + self._data.count(b"\n", (len(self._before) - 1) * _BLOCK)
        return ends + (1 if self._data and not self._data.endswith(b"\n") else 0)

    def _start(self, line: int) -> int:
        """Return where a line begins."""
        if line <= 0:
            return 0
        block = bisect_left(self._before, line) - 1
        left = line - self._before[block]
        position = block * _BLOCK - 1
        for _ in range(left):
            position = self._data.find(b"\n", position + 1)
            if position < 0:
                return len(self._data)
        return position + 1

    def _page(self, first: int, limit: int) -> _Given:
        given = _Given()
        position, line = self._start(first), first
        while position < len(self._data) and line - first < limit and given.size < _LARGEST_CHUNK:
            end = self._data.find(b"\n", position)
            end = len(self._data) if end < 0 else end
            given.add(line, self._data[position : min(end, position + 16 * LONGEST_LINE)], end - position)
            position, line = end + 1, line + 1
        given.next = line
        return given

    def _found(self, query: str, first: int, limit: int) -> _Given:
        given = _Given()
        given.next = first
        folded = query.lower()
        needle = folded.encode()
        for piece, line in self._pieces(first):
            low: bytes = bytes(piece).lower() if folded.isascii() else piece.decode("utf-8", "replace").lower().encode()
            if needle in low:
                pairs = zip(piece.split(b"\n"), low.split(b"\n"), strict=True)
                for number, (text, lowered) in enumerate(pairs, start=line):
                    if needle in lowered:
                        given.add(number, text[: 16 * LONGEST_LINE], len(text))
                        if len(given.texts) >= limit or given.size > _LARGEST_CHUNK:
                            given.next = number + 1
                            return given
        given.next = self._lines()
        return given

    def _pieces(self, first: int) -> Iterator[tuple[bytearray, int]]:
        """Yield whole lines together, without the last end, and the number of the first of them."""
        position, line = self._start(first), first
        while position < len(self._data):
            end = self._data.find(b"\n", min(position + _SEARCHED, len(self._data)))
            end = len(self._data) if end < 0 else end
            piece = self._data[position:end]
            yield piece, line
            line += piece.count(b"\n") + 1
            position = end + 1


class _Given:
    """Lines on their way out."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: list[int] = []
        self._clipped: list[int] = []
        self.next = 0
        self.size = 0

    def add(self, number: int, data: bytes | bytearray, whole: int) -> None:
        """Add a line; of what was written over itself (a progress bar) the last state counts, as in a terminal."""
        data = data.rstrip(b"\r").rpartition(b"\r")[2]
        if len(data) > LONGEST_LINE or whole > 16 * LONGEST_LINE:
            self._clipped.append(number)
            data = data[:LONGEST_LINE]
        self._texts.append(data.decode("utf-8", "replace"))
        self._numbers.append(number)
        self.size += len(data)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self._texts)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(self._numbers)

    @property
    def clipped(self) -> tuple[int, ...]:
        return tuple(self._clipped)


def log(context: Context, place: Place) -> Log:
    """Return the log of an attempt, which all askers share."""
    where = context.store
    key = (where.url, where.project, place.run, place.task, place.attempt)
    return context.memory.get(
        "logs", key, lambda: Log(store=where, run=place.run, task=place.task, attempt=place.attempt), most=_KEPT_LOGS
    )


def chunk_of(context: Context, place: Place, *, first: int, limit: int, query: str = "") -> LogChunk:
    """Return lines of an attempt's log; of one that has not begun there are none."""
    if place.attempt == 0:
        return LogChunk(
            run=place.run,
            task=place.task,
            attempt=0,
            first_line=0,
            lines=(),
            next_line=0,
            done=place.ended,
            query=query,
        )
    return log(context, place).chunk(first=first, limit=limit, ended=place.ended, query=query)


def lines(context: Context, params: requests.GetLog) -> LogChunk:
    """Answer ``tasks.log``."""
    place = locating.place(context, params.run, params.task, params.attempt)
    return chunk_of(context, place, first=params.from_line, limit=params.limit, query=params.query)
