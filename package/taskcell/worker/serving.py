"""Execute orders from a mailbox until it closes, telling of each in a line on standard output.

Nothing but the store is needed: the lines are for a driver that follows the worker's log, so that it hears at once; what counts
is the records.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.mailboxes import Mailbox

FIRST_WAIT_S = 0.03
LONGEST_WAIT_S = 1.0
GROWTH = 1.2


def orders(
    mailbox: Mailbox,
    linger_s: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[TaskOrder]:
    """Yield orders in their order; end when the mailbox is closed, by a driver or for want of orders.

    Parameters
    ----------
    linger_s
        How long to wait for a next order before closing. Unit: seconds.
    """
    idle_since, wait = clock(), FIRST_WAIT_S
    while True:
        letter = mailbox.take()
        if letter is not None:
            if not letter.orders:
                return
            yield from letter.orders
            idle_since, wait = clock(), FIRST_WAIT_S
        elif clock() - idle_since >= linger_s:
            if mailbox.close():
                return
        else:
            sleep(wait)
            wait = min(wait * GROWTH, LONGEST_WAIT_S)
