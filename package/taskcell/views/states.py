"""States as people see them: a word, a sign, a colour. Word and sign carry the meaning alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from taskcell import errors


class State(StrEnum):
    """State of a task, of a run, or of a task in a plan. ``State(TaskState.FAILED)`` and the like work."""

    CACHED = "cached"
    STALE = "stale"
    WILL_RUN = "will run"
    MAY_RUN = "may run"
    """Depends on what a task above gives: an equal value leaves it cached."""
    REFUSED = "refused"
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a state looks. ``middle`` reads on white and on black, ``light`` on white, ``dark`` on black."""

    sign: str
    middle: str
    light: str
    dark: str
    dashed: bool = False


LOOKS: dict[State, Look] = {
    State.CACHED: Look(sign="◆", middle="#0d9488", light="#0f766e", dark="#2dd4bf"),
    State.STALE: Look(sign="◇", middle="#c2700c", light="#a85b08", dark="#f5b04a", dashed=True),
    State.WILL_RUN: Look(sign="▷", middle="#4f7ff0", light="#3563d9", dark="#8fb1ff", dashed=True),
    State.MAY_RUN: Look(sign="▹", middle="#6f7fa8", light="#55648c", dark="#a3b2d9", dashed=True),
    State.REFUSED: Look(sign="⊘", middle="#d6336c", light="#b3194f", dark="#ff86ae"),
    State.PENDING: Look(sign="○", middle="#7b8794", light="#616e7c", dark="#9aa5b1", dashed=True),
    State.RUNNING: Look(sign="►", middle="#3b76f0", light="#1f55d0", dark="#7aa7ff"),
    State.SUCCEEDED: Look(sign="✓", middle="#2a9d4e", light="#1b7f3b", dark="#5bd580"),
    State.FAILED: Look(sign="✗", middle="#e03e3e", light="#c42626", dark="#ff8080"),
    State.CANCELLED: Look(sign="■", middle="#8a8178", light="#6b635b", dark="#b8afa6"),
    State.SKIPPED: Look(sign="↷", middle="#7b8794", light="#616e7c", dark="#9aa5b1", dashed=True),
    State.INTERRUPTED: Look(sign="‖", middle="#c2700c", light="#a85b08", dark="#f5b04a"),
}

PROGRESS_ORDER = (
    State.SUCCEEDED,
    State.CACHED,
    State.FAILED,
    State.REFUSED,
    State.INTERRUPTED,
    State.CANCELLED,
    State.SKIPPED,
    State.RUNNING,
    State.STALE,
    State.WILL_RUN,
    State.MAY_RUN,
    State.PENDING,
)
"""Order in which a progress bar and a legend show states: what is done first."""

OPEN = frozenset({State.RUNNING, State.STALE, State.WILL_RUN, State.MAY_RUN, State.PENDING})
"""States in which something is still to be done."""


def look(state: str) -> Look:
    """Return how a state looks.

    Raises
    ------
    InvalidInputError
        There is no such state.
    """
    try:
        return LOOKS[State(state)]
    except ValueError as exc:
        known = ", ".join(State)
        raise errors.InvalidInputError(f"There is no state {state!r} to show.", remedy=f"States are: {known}.") from exc


def said(state: str) -> str:
    """Return sign and word: ``✓ succeeded``."""
    return f"{look(state).sign} {state}"


def tally(states: dict[str, int]) -> str:
    """Return counts in words, what is done first: ``3 succeeded, 1 failed``."""
    ordered = (state for state in PROGRESS_ORDER if states.get(state))
    return ", ".join(f"{states[state]:,} {state}" for state in ordered)


def mix(colour: str, ground: str, share: float) -> str:
    """Mix two ``#rrggbb`` colours; ``share`` is how much of the first."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)
