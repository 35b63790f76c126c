"""A mailbox hands every order over once, or not at all, whoever is first."""

from __future__ import annotations

import itertools
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.mailboxes import Mailbox
from taskcell.hashing import Digest
from taskcell.store.opening import open_store
from taskcell.worker import serving

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def order(name: str) -> TaskOrder:
    return TaskOrder(run_id=RUN, task_id=name, attempt=1, epoch=1, task=Digest("0" * 64), inputs={})


def boxes(count: int = 2) -> list[Mailbox]:
    records = open_store(f"memory://{uuid.uuid4().hex}").records
    return [Mailbox(records, RUN, "job-1") for _ in range(count)]


def names(orders: list[TaskOrder]) -> list[str]:
    return [found.task_id for found in orders]


class Clock:
    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def served(mailbox: Mailbox, linger_s: float = 10.0) -> list[TaskOrder]:
    clock = Clock()
    return list(serving.orders(mailbox, linger_s, sleep=clock.sleep, clock=clock))


def test_orders_are_taken_in_the_order_in_which_they_were_put() -> None:
    driver, worker = boxes()
    assert driver.put(order("a"), order("b"))
    assert driver.put(order("c"))
    driver.shut()
    assert names(served(worker)) == ["a", "b", "c"]


def test_a_worker_without_orders_closes_the_box_and_a_late_order_is_refused() -> None:
    driver, worker = boxes()
    assert served(worker, linger_s=1.0) == []
    assert not driver.put(order("late"))


def test_an_order_that_comes_as_the_worker_closes_is_executed() -> None:
    driver, worker = boxes()
    clock = Clock()
    taken = serving.orders(worker, 1.0, sleep=clock.sleep, clock=clock)
    close, worker.close = worker.close, lambda: driver.put(order("just in time")) and close()  # type: ignore[method-assign]
    assert names([next(taken)]) == ["just in time"]


def test_an_idle_worker_asks_less_and_less_often() -> None:
    _, worker = boxes()
    clock = Clock()
    list(serving.orders(worker, 30.0, sleep=clock.sleep, clock=clock))
    assert clock.waits == sorted(clock.waits)
    assert clock.waits[0] == serving.FIRST_WAIT_S
    assert clock.waits[-1] == serving.LONGEST_WAIT_S
    assert len(clock.waits) < 50


def test_a_second_driver_goes_on_behind_the_letters_of_the_first() -> None:
    first, second, worker = boxes(3)
    assert first.put(order("a"))
    assert second.put(order("b"))
    second.shut()
    assert names(served(worker)) == ["a", "b"]


def test_a_letter_that_is_sent_again_after_a_lost_reply_is_there_once() -> None:
    first, again, worker = boxes(3)
    assert first.put(order("a"))
    assert again.put(order("a"))
    again.shut()
    assert names(served(worker)) == ["a"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["put", "close", "take", "shut"]), max_size=12))
def test_whatever_was_accepted_is_taken_once_and_nothing_else(steps: list[str]) -> None:
    driver, worker = boxes()
    numbers = itertools.count()
    accepted, taken, open_ = [], [], True
    for step in [*steps, "shut", *["take"] * 14]:
        if step == "put":
            name = f"t{next(numbers)}"
            if driver.put(order(name)):
                assert open_
                accepted.append(name)
        elif step == "take":
            letter = worker.take()
            taken += names(list(letter.orders)) if letter else []
        elif step == "close":
            open_ = not worker.close() and open_
        else:
            driver.shut()
            open_ = False
    assert taken == accepted
