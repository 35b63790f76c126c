"""Interrupts of a body that awaits.

A kernel cancels an awaiting cell, but from within a signal handler, which does not wake an event loop that has nothing
to do: the cell would go on until what it waits for is there.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from types import TracebackType
from typing import Any


class Waking:
    """While it is entered, an interrupt wakes the event loop; ``came`` says whether there was one."""

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> Waking:
        if threading.current_thread() is threading.main_thread():
            self._loop = asyncio.get_running_loop()
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, kind: type | None, exc: BaseException | None, frames: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: Any) -> None:
        self.came = True
        self._loop.call_soon_threadsafe(lambda: None)
        if callable(self._before):
            self._before(number, frame)
