"""Look whether ready task runs have results already, several at a time: nearly all of it is waiting for the store.

A hit is recorded here. What follows from it for the run, and what becomes of a miss, is the driver's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.engine import ending
from taskcell.engine.nodes import Node
from taskcell.engine.ordering import Orders
from taskcell.model.runs import AttemptEnd
from taskcell.store.opening import Store

AT_ONCE = 8
"""Task runs that are looked up at the same time: more gain nothing on a disk, and little on a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was found for one node: the end of a hit, the order of a miss, or why it can't be started."""

    node: Node
    order: TaskOrder | None = None
    end: AttemptEnd | None = None
    refusal: errors.NotFoundError | None = None
    notice: str = ""


class Settling:
    """Looks up the nodes of one run. Nodes are read, not changed, so that the driver alone keeps their state."""

    def __init__(self, store: Store, run_id: str, orders: Orders) -> None:
        self._store = store
        self._run_id = run_id
        self.orders = orders
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="taskcell-settle")

    def settle(self, nodes: Sequence[Node], epoch: int) -> list[Settled]:
        """Return what is found for each node, in their order; no thread is at work then."""
        if len(nodes) == 1:
            return [self._one(nodes[0], epoch)]
        return list(self._threads.map(lambda node: self._one(node, epoch), nodes))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _one(self, node: Node, epoch: int) -> Settled:
        try:
            order = self.orders.order(node, epoch)
        except errors.NotFoundError as exc:
            return Settled(node=node, refusal=exc)
        found = self.orders.result(order)
        if found.notice:
            order = msgspec.structs.replace(order, notices=(*order.notices, found.notice))
        if found.entry is None:
            return Settled(node=node, order=order, notice=found.notice)
        order = msgspec.structs.replace(order, attempt=node.attempt + 1)
        end = ending.of_hit(order, found.entry, datetime.now(UTC), 0.0)
        return Settled(node=node, end=ending.commit(self._store, self._run_id, end), notice=found.notice)
