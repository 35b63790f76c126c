"""What an interrupt means to whoever waits for a run: the first one detaches, a second one soon after cancels.

After the first, the cell ends, and an idle kernel ignores interrupts. So for five seconds a handler of ours takes the
place of that indifference; it never stands in the way of a cell that runs.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

SECOND_INTERRUPT_S = 5.0
"""Time within which a second interrupt cancels. Unit: seconds."""
_POLL_S = 0.1


class Detached(KeyboardInterrupt):
    """A wait was interrupted; the run goes on. Stops what comes after the wait, as any interrupt does."""

    def _render_traceback_(self) -> list[str]:
        """Answer IPython's protocol: all has been said in one line."""
        return []


def detached(run_id: str, cancel: Callable[[], object]) -> Detached:
    """Say that a run goes on and how to cancel it, and let a second interrupt do so; return what to raise."""
    again = f" by interrupting again within {SECOND_INTERRUPT_S:g} s, or" if _listen(run_id, cancel) else ""
    _say(f"Detached: run {run_id} goes on. Cancel it{again} with: taskcell cancel {run_id}")
    return Detached(f"run {run_id} goes on")


def _listen(run_id: str, cancel: Callable[[], object]) -> bool:
    """Listen for a second interrupt once the kernel is idle; return False where there is no kernel's loop."""
    if threading.current_thread() is not threading.main_thread():
        return False
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    second = _Second(run_id, cancel)
    loop.call_soon(second.stand_in, loop)
    return True


class _Second:
    """Takes SIGINT while nothing else does, until its time is over."""

    def __init__(self, run_id: str, cancel: Callable[[], object]) -> None:
        self._run_id = run_id
        self._cancel = cancel
        self._deadline = time.monotonic() + SECOND_INTERRUPT_S

    def stand_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the place of a kernel's indifference, again and again: each cell that runs puts it back."""
        if time.monotonic() >= self._deadline:
            self._step_aside()
            return
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._interrupted)
        loop.call_later(_POLL_S, self.stand_in, loop)

    def _step_aside(self) -> None:
        if signal.getsignal(signal.SIGINT) == self._interrupted:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _interrupted(self, *_: object) -> None:
        self._step_aside()
        if time.monotonic() >= self._deadline:
            return
        self._deadline = 0.0
        self._cancel()
        _say(f"Cancelling run {self._run_id}: what is running is being stopped, finished results stay.")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the only word a waiting user gets
