"""How long to wait before a request is tried again: exponentially longer, with full jitter, up to a limit.

Full jitter (any time between nothing and the ceiling) keeps many clients of a service that comes back from
asking in step. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

_FIRST_CEILING_S = 0.1
_HIGHEST_CEILING_S = 5.0


class Patience:
    """The delays of one operation.

    Parameters
    ----------
    limit_s : float
        No delay begins after this time, failed attempts included. Unit: seconds.
    clock : callable
        Monotonic seconds.
    draw : callable
        Random number between 0 and 1.
    """

    def __init__(
        self, limit_s: float, *, clock: Callable[[], float] = time.monotonic, draw: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._draw = draw
        self._deadline = clock() + limit_s
        self._ceiling_s = _FIRST_CEILING_S

    def next_delay(self) -> float | None:
        """Return how long to wait before the next attempt, or None when it is enough. Unit: seconds."""
        left_s = self._deadline - self._clock()
        if left_s <= 0:
            return None
        delay_s = min(left_s, self._ceiling_s * self._draw())
        self._ceiling_s = min(2 * self._ceiling_s, _HIGHEST_CEILING_S)
        return delay_s
