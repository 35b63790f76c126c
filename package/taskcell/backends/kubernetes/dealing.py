"""Which pod gets which order, and when another pod is needed. No I/O and no clock of its own.

Orders wait here by shape until a pod of that shape runs: a pod that never comes up holds none. One order at a time is what a
pod gets, unless its tasks are so short that the way to it counts; then some are sent ahead. New pods are asked for in growing
numbers while those that there are have their hands full, so that a thousand short tasks don't start a thousand pods, and a few
long ones run side by side soon.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.kubernetes.shapes import Shape

FIRST_PODS = 2
"""Pods of a shape that are started at once."""
RAMP_S = 5.0
"""How long pods must have been busy, unless they have answered, before their number may double. Unit: seconds."""
PAUSE_S = 2.0
"""Between one doubling and the next. Unit: seconds."""
START_COST_S = 4.0
"""What it takes until a new pod works: where less work is left than this, it comes too late. Unit: seconds."""
SHORT_S = 4.0
"""Tasks that take less have the next order sent ahead. Unit: seconds."""
TURNAROUND_S = 1.0
"""Work that a pod should have ahead, if its tasks are short. Unit: seconds."""
MOST_AHEAD = 16
_MEMORY = 0.7


@dataclass(slots=True, kw_only=True, eq=False)
class Pod:
    """One worker: its Job's name, and the orders that it was given and has not answered, oldest first."""

    job: str
    shape: Shape
    created: float
    running: bool = False
    closed: bool = False
    orders: deque[TaskOrder] = field(default_factory=deque)
    answered: int = 0
    last: float = 0.0
    """When it last began to run, began with an order, or was done with one."""


@dataclass(slots=True, kw_only=True)
class _Line:
    """Orders of one shape that wait, and what is known of such tasks."""

    shape: Shape
    orders: deque[TaskOrder] = field(default_factory=deque)
    allowed: int = FIRST_PODS
    not_before: float = 0.0
    """When more pods may be asked for again."""
    mean_s: float | None = None
    foreseen: int = 0
    """Orders that come soon, unless what runs now fails."""
    deaths: int = 0
    """Workers that died one after the other without an order done."""


class Dealer:
    """Deals the orders of one run among at most ``most_pods`` pods."""

    def __init__(self, most_pods: int) -> None:
        self.pods: dict[str, Pod] = {}
        self._most_pods = most_pods
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        """Return the number of orders that wait or are given out."""
        return sum(len(line.orders) for line in self._lines.values()) + sum(
            len(pod.orders) for pod in self.pods.values()
        )

    def line_up(self, order: TaskOrder, shape: Shape, *, first: bool = False) -> None:
        """Add an order at the end of its line, or at its head."""
        line = self._lines.setdefault(shape.id, _Line(shape=shape))
        if first:
            line.orders.appendleft(order)
        else:
            line.orders.append(order)

    def foresee(self, shapes: Iterable[Shape]) -> None:
        """Note of what shapes the orders are that come next."""
        for line in self._lines.values():
            line.foreseen = 0
        for shape in shapes:
            self._lines.setdefault(shape.id, _Line(shape=shape)).foreseen += 1

    def withdraw(self, order_id: str) -> bool:
        """Take an order out of its line; return whether it was in one."""
        for line in self._lines.values():
            for order in line.orders:
                if order.id == order_id:
                    line.orders.remove(order)
                    return True
        return False

    def waiting(self, shape_id: str) -> list[TaskOrder]:
        """Return the orders that wait for a pod of a shape."""
        line = self._lines.get(shape_id)
        return list(line.orders) if line else []

    def wanted(self, now: float) -> Iterator[Shape]:
        """Yield the shape of each pod that should be started now."""
        room = self._most_pods - sum(not pod.closed or bool(pod.orders) for pod in self.pods.values())
        for count in (self._wanted, self._wanted_ahead):
            for line in self._lines.values():
                for _ in range(min(room, count(line, now))):
                    room -= 1
                    yield line.shape

    def _wanted(self, line: _Line, now: float) -> int:
        if not line.orders:
            return 0
        pods = self._open_pods(line)
        starting = sum(not pod.running for pod in pods)
        if not line.shape.share:
            return len(line.orders) - len(pods)
        idle = sum(pod.running and not pod.orders for pod in pods)
        self._grow(line, pods, now)
        useful = len(line.orders)
        if line.mean_s is not None and pods:
            # What those that work will have done by then needs no other pod.
            working = sum(pod.running for pod in pods)
            useful = min(useful, max(0, math.floor(len(line.orders) * line.mean_s / START_COST_S) - working))
        return max(0, min(line.allowed - len(pods), useful - starting - idle))

    def _wanted_ahead(self, line: _Line, _now: float) -> int:
        """Return how many pods of their own to start before their orders are there: what is needed while one starts."""
        if line.shape.share or not line.foreseen or line.mean_s is None:
            return 0
        useful = min(line.foreseen, math.floor(START_COST_S / max(line.mean_s, 0.001)))
        return useful - max(0, len(self._open_pods(line)) - len(line.orders))

    def _open_pods(self, line: _Line) -> list[Pod]:
        return [pod for pod in self.pods.values() if pod.shape.id == line.shape.id and not pod.closed]

    def _grow(self, line: _Line, pods: list[Pod], now: float) -> None:
        """Allow twice as many pods once all that are allowed have been busy for a while."""
        busy = [pod for pod in pods if pod.running and pod.orders]
        if len(busy) < len(pods) or len(pods) < line.allowed or now < line.not_before:
            return
        if all(pod.answered or now - pod.last >= RAMP_S for pod in busy):
            line.allowed, line.not_before = line.allowed * 2, now + PAUSE_S

    def letters(self) -> Iterator[tuple[Pod, tuple[TaskOrder, ...]]]:
        """Yield what to hand to which pod now; the caller calls ``take_back`` where the pod has left."""
        for pod in sorted(self.pods.values(), key=lambda pod: len(pod.orders)):
            line = self._lines.get(pod.shape.id)
            if line is None or not line.orders or not pod.running or pod.closed:
                continue
            orders = tuple(line.orders.popleft() for _ in range(self._share(line, pod)))
            if orders:
                pod.orders.extend(orders)
                if not pod.shape.share:
                    pod.closed = True
                yield pod, orders

    def _depth(self, line: _Line) -> int:
        if line.mean_s is None or line.mean_s >= SHORT_S or not line.shape.share:
            return 1
        return 1 + min(MOST_AHEAD, math.ceil(TURNAROUND_S / max(line.mean_s, 0.001)))

    def _share(self, line: _Line, pod: Pod) -> int:
        """Return how many orders a pod may take without leaving others idle."""
        hands = sum(pod.running and not pod.closed and pod.shape.id == line.shape.id for pod in self.pods.values())
        fair = max(len(line.orders) // max(hands, 1), 0 if pod.orders else 1)
        return max(0, min(self._depth(line) - len(pod.orders), fair, len(line.orders)))

    def take_back(self, pod: Pod, orders: tuple[TaskOrder, ...]) -> None:
        """Put orders back in line that a pod did not get: it has left."""
        pod.closed = True
        for order in reversed(orders):
            pod.orders.remove(order)
            self.line_up(order, pod.shape, first=True)

    def runs(self, pod: Pod, now: float) -> None:
        """Note that a pod's worker runs."""
        if not pod.running:
            pod.running, pod.last = True, now

    def begun(self, pod: Pod, order_id: str, now: float) -> bool:
        """Note that a task's body begins; return whether its order is out."""
        is_out = any(order.id == order_id for order in pod.orders)
        if is_out:
            pod.last = now
        return is_out

    def done(self, pod: Pod, order_id: str, now: float) -> TaskOrder | None:
        """Note that an order was answered; return it if it was out."""
        order = next((order for order in pod.orders if order.id == order_id), None)
        if order is None:
            return None
        pod.orders.remove(order)
        if order.then:
            # The worker goes on with it before what else it was given, unless it could not: whoever knows says so.
            pod.orders.appendleft(msgspec.structs.replace(order.then[0], then=order.then[1:]))
        pod.answered += 1
        line = self._lines.setdefault(pod.shape.id, _Line(shape=pod.shape))
        took = max(0.0, now - pod.last)
        line.mean_s = took if line.mean_s is None else _MEMORY * line.mean_s + (1 - _MEMORY) * took
        pod.last = now
        line.deaths = 0
        return order

    def complete(self, order: TaskOrder) -> bool:
        """Put an order that went along in the place of what was known of it; return whether a pod has it."""
        for pod in self.pods.values():
            for at, known in enumerate(pod.orders):
                if known.id == order.id:
                    pod.orders[at] = order
                    return True
        return False

    def remove(self, job: str) -> Pod | None:
        """Forget a pod and return it; its orders are the caller's."""
        pod = self.pods.pop(job, None)
        if pod is not None and not pod.closed and not pod.answered and pod.shape.id in self._lines:
            # It was started ahead of an order that did not come in time: so would be the next one.
            self._lines[pod.shape.id].foreseen = 0
        return pod

    def died(self, shape: Shape) -> int:
        """Note that a worker died; return how many have, since one was last done with an order."""
        line = self._lines.setdefault(shape.id, _Line(shape=shape))
        line.deaths += 1
        return line.deaths

    def has_hands(self, shape_id: str) -> bool:
        """Whether a pod of that shape works."""
        return any(pod.running and not pod.closed for pod in self.pods.values() if pod.shape.id == shape_id)

    def hold_back(self, shape: Shape, now: float, seconds: float) -> None:
        """Let the number of a shape's pods stay what it is for a while: the cluster has no room for more."""
        line = self._lines.setdefault(shape.id, _Line(shape=shape))
        line.allowed = max(1, sum(pod.shape.id == shape.id and not pod.closed for pod in self.pods.values()))
        line.not_before = now + seconds
