"""What one attempt left is stored while the cells of the next are executed; never two bodies at a time."""

from __future__ import annotations

import threading

from taskcell.backends.contracts import TaskOrder, WorkerNews
from taskcell.engine.overlapping import Overlap
from taskcell.hashing import Digest

LIMIT_S = 10.0


def order(number: int) -> TaskOrder:
    return TaskOrder(run_id="r", task_id=f"t{number}", attempt=1, epoch=1, task=Digest("0" * 64), inputs={})


class World:
    """Attempts whose storing waits until it is let go."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.failures: list[BaseException] = []
        self.stored = {number: threading.Event() for number in range(4)}
        self.bodies = 0
        self.most_bodies = 0
        self.overlap = Overlap(lambda news, order_id: self.said.append(f"{news} {order_id}"), self.failures.append)

    def execute(self, given: TaskOrder) -> None:
        self.bodies += 1
        self.most_bodies = max(self.most_bodies, self.bodies)
        self.bodies -= 1
        self.overlap.tell(WorkerNews.EXECUTED, given.id)
        assert self.stored[int(given.task_id[1:])].wait(LIMIT_S)
        self.overlap.tell(WorkerNews.DONE, given.id)

    def fail(self, given: TaskOrder) -> None:
        raise OSError(28, f"no space for {given.id}")

    def hit(self, given: TaskOrder) -> None:
        self.overlap.tell(WorkerNews.DONE, given.id)


def test_the_next_is_taken_while_the_last_is_stored_and_the_third_waits() -> None:
    world = World()
    world.overlap.take(order(0), world.execute)
    world.overlap.take(order(1), world.execute)
    assert world.said == ["executed t0/1", "executed t1/1"]
    third = threading.Thread(target=world.overlap.take, args=(order(2), world.execute))
    third.start()
    third.join(0.05)
    assert third.is_alive(), "two are being stored"
    world.stored[1].set()
    third.join(LIMIT_S)
    assert world.said[2:] == ["done t1/1", "executed t2/1"]
    for event in world.stored.values():
        event.set()
    world.overlap.close()
    assert sorted(world.said[4:]) == ["done t0/1", "done t2/1"]
    assert world.most_bodies == 1


def test_what_must_not_overlap_is_stored_before_the_next() -> None:
    world = World()
    world.stored[0].set()
    world.overlap.take(order(0), world.execute, ahead=False)
    assert world.said == ["executed t0/1", "done t0/1"]
    world.overlap.close()


def test_an_attempt_without_cells_to_execute_is_not_waited_for_in_vain() -> None:
    world = World()
    world.overlap.take(order(0), world.hit)
    assert world.said == ["done t0/1"]
    world.overlap.close()


def test_an_attempt_that_raises_ends_the_worker() -> None:
    world = World()
    world.overlap.take(order(0), world.fail)
    world.overlap.close()
    assert [str(exc) for exc in world.failures] == ["[Errno 28] no space for t0/1"]
