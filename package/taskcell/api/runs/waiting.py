"""Wait for a run: report progress, and let an interrupt mean what a user expects of it.

The first interrupt detaches (the run goes on) and says how to cancel; a second one within five seconds cancels.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

from taskcell.api.runs import runs
from taskcell.engine import states

POLL_S = 0.2
SECOND_INTERRUPT_S = 5.0
"""Time within which a second interrupt cancels. Unit: seconds."""

Progress = Callable[[states.RunStatus], None]


class Ending(StrEnum):
    """How a wait ended."""

    ENDED = "ended"
    DETACHED = "detached"
    CANCELLED = "cancelled"


def wait(
    run: runs.Run,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
    grace_s: float = SECOND_INTERRUPT_S,
) -> Ending:
    """Wait for a run's end.

    Parameters
    ----------
    run
        The run.
    progress
        Called with the run's status whenever it was read.
    say
        Called with a line for people. None: prints it.
    grace_s
        How long a second interrupt is waited for; meanwhile progress goes on. Unit: seconds.

    Returns
    -------
    Ending
        Whether the run ended, was left alone, or was asked to stop.
    """
    tell = say or _print
    try:
        _follow(run, progress, None)
    except KeyboardInterrupt:
        return _interrupted(run, progress, tell, grace_s)
    return Ending.ENDED


def _interrupted(run: runs.Run, progress: Progress | None, tell: Callable[[str], None], grace_s: float) -> Ending:
    try:
        tell(detached_note(run))  # an interrupt while this is being said is a second one too
        ended = _follow(run, progress, time.monotonic() + grace_s)
    except KeyboardInterrupt:
        run.cancel()
        tell(f"Cancelling run {run.id}: what is running is being stopped, finished results stay.")
        return Ending.CANCELLED
    return Ending.ENDED if ended else Ending.DETACHED


def detached_note(run: runs.Run) -> str:
    """Say that a run goes on, and how to look at it and to cancel it."""
    return (
        f"Detached: run {run.id} goes on. Look with: taskcell run {run.id}\n"
        f"Cancel it by interrupting once more within {SECOND_INTERRUPT_S:g} s, or with: taskcell cancel {run.id}"
    )


def _follow(run: runs.Run, progress: Progress | None, deadline: float | None) -> bool:
    """Return whether the run ended before the deadline."""
    while True:
        if progress is None:
            state = run.state
        else:
            status = run.status()
            progress(status)
            state = status.state
        if state.ended:
            return True
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(run.store.pause_s(POLL_S))


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the only word a waiting user gets
