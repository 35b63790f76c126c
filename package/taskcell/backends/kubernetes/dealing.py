"""Which pod gets which order, and when another pod is needed. No I/O and no clock of its own.

Orders wait here by shape until a pod of that shape runs: a pod that never comes up holds none. One order at a time is what a
pod gets, unless its tasks are so short that the way to it counts; then some are sent ahead. How many pods there may be is
``growing``'s; here it is seen to that none is started for work that will be done by then.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.kubernetes.growing import SHORT_S, Crew, Growth
from taskcell.backends.kubernetes.shapes import Shape

START_COST_S = 4.0
"""What it takes until a new pod works: where less work is left than this, it comes too late. Unit: seconds."""
TURNAROUND_S = 2.0
"""Work that a pod should have ahead, if its tasks are short; it gets more when half of that is done. Unit: seconds."""
SILENT_S = 6.0
"""How long a pod may take to begin with what it was given before another one gets it. Unit: seconds."""
MOST_AHEAD = 16
LEAST_KNOWN, MOST_KNOWN = 64, 2048
"""How many orders are known at once: few until somebody knows how long they take, and never more than little memory holds."""
FIRST_INTERVAL_S = 1.0
"""What is taken to pass between the first two answers of pods that take one order each. Unit: seconds."""
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
    begins: dict[str, float] = field(default_factory=dict)
    """When orders that are not answered were begun: of two short ones, one may be stored while the other is executed."""
    given: float = 0.0
    """When it was last given orders."""
    answered: int = 0
    answered_at: float = 0.0
    last: float = 0.0
    """When it last began to run, began with an order, or was done with one."""

    @property
    def begun(self) -> bool:
        """Whether it has come to its first task."""
        return bool(self.begins or self.answered)


@dataclass(slots=True, kw_only=True)
class _Line:
    """Orders of one shape that wait, and what is known of such tasks."""

    shape: Shape
    orders: deque[TaskOrder] = field(default_factory=deque)
    growth: Growth = field(default_factory=Growth)
    answers: int = 0
    answered_at: float | None = None
    mean_s: float | None = None
    """What a task takes lately."""
    interval_s: float | None = None
    """What passes between one answer and the next, lately."""
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
        self._moved: set[str] = set()
        """Orders that were taken from a silent pod."""

    def __len__(self) -> int:
        """Return the number of orders that wait or are given out."""
        return sum(len(line.orders) for line in self._lines.values()) + sum(
            len(pod.orders) for pod in self.pods.values()
        )

    def room(self) -> int:
        """Return how many more orders to know: enough to keep all pods that there may be at work until another one has started.

        What is known decides how many pods are started, and of short tasks a few dozen say nothing about thousands.
        """
        short_s = min((line.mean_s for line in self._lines.values() if line.mean_s is not None), default=START_COST_S)
        ahead = self._most_pods * math.ceil(2 * START_COST_S / max(short_s, 0.001))
        return min(max(LEAST_KNOWN, 4 * self._most_pods, ahead), MOST_KNOWN) - len(self)

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

    def expected(self) -> list[Pod]:
        """Return the pods that don't run yet and for which orders wait."""
        wanted = {shape_id for shape_id, line in self._lines.items() if line.orders}
        return [pod for pod in self.pods.values() if not pod.running and not pod.closed and pod.shape.id in wanted]

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
            line.growth.rest()
            return 0
        pods = self._open_pods(line)
        starting = sum(not pod.running for pod in pods)
        if not line.shape.share:
            return len(line.orders) - len(pods)
        idle = sum(pod.running and not pod.orders for pod in pods)
        if pods:
            line.growth.look(_crew(line, pods, now), now)
        useful = len(line.orders)
        if line.mean_s is not None and pods:
            # What those that work will have done by then needs no other pod.
            working = sum(pod.running for pod in pods)
            useful = min(useful, max(0, math.floor(len(line.orders) * line.mean_s / START_COST_S) - working))
        return max(0, min(line.growth.allowed - len(pods), useful - starting - idle))

    def _wanted_ahead(self, line: _Line, _now: float) -> int:
        """Return how many pods of their own to start before their orders are there: what is needed while one starts."""
        if line.shape.share or not line.foreseen or line.mean_s is None:
            return 0
        # Between two answers more may pass than a task takes: then fewer pods are used up while one starts.
        used_up = math.ceil(START_COST_S / max(line.interval_s or FIRST_INTERVAL_S, 0.001))
        useful = min(line.foreseen, math.floor(START_COST_S / max(line.mean_s, 0.001)), used_up)
        return useful - max(0, len(self._open_pods(line)) - len(line.orders))

    def _open_pods(self, line: _Line) -> list[Pod]:
        return [pod for pod in self.pods.values() if pod.shape.id == line.shape.id and not pod.closed]

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
        depth = self._depth(line)
        if len(pod.orders) > depth // 2:
            return 0  # a letter costs two requests, whatever it holds
        return max(0, min(depth - len(pod.orders), fair, len(line.orders)))

    def given(self, pod: Pod, now: float) -> None:
        """Note that a pod's orders lie in its mailbox."""
        pod.given = now

    def silent(self, now: float, since: float) -> Iterator[Pod]:
        """Yield pods that have said nothing since they were given orders some time ago, where another one has none.

        Such a pod may be waiting for whoever computes the same, or for the network: nothing tells. An order is moved once.
        Nobody is thought silent before ``since``: the driver itself may have had no answer.
        """
        idle = {pod.shape.id for pod in self.pods.values() if pod.running and not pod.closed and not pod.orders}
        for pod in list(self.pods.values()):
            if not pod.running or not pod.orders:
                continue
            has_spoken = pod.begins or pod.given < pod.last  # so has one whose orders another driver gave it
            if has_spoken or now - max(pod.given, since) < SILENT_S:
                continue
            if pod.shape.id in idle and pod.orders[0].id not in self._moved:
                self._moved.add(pod.orders[0].id)
                yield pod

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
            pod.last = pod.begins[order_id] = now
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
        begun = pod.begins.pop(order_id, pod.last)
        line.mean_s = _lately(line.mean_s, now - max(begun, pod.answered_at))
        if line.answered_at is not None:
            line.interval_s = _lately(line.interval_s, now - line.answered_at)
        line.answers, line.answered_at = line.answers + 1, now
        pod.last = pod.answered_at = now
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
        line.growth.hold(len(self._open_pods(line)), now + seconds)


def _crew(line: _Line, pods: Sequence[Pod], now: float) -> Crew:
    return Crew(
        pods=len(pods),
        busy=sum(pod.running and pod.begun and bool(pod.orders) for pod in pods),
        answers=line.answers,
        least_answers=min(pod.answered for pod in pods),
        answered_at=line.answered_at or 0.0,
        least_s=min(now - pod.last for pod in pods),
        starting_s=max((now - pod.created for pod in pods if not pod.begun), default=0.0),
        mean_s=line.mean_s,
    )


def _lately(mean_s: float | None, took_s: float) -> float:
    took_s = max(0.0, took_s)
    return took_s if mean_s is None else _MEMORY * mean_s + (1 - _MEMORY) * took_s
