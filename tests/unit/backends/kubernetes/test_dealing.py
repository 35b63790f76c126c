"""Orders are dealt among few pods, and no pod that does not run holds one."""

from __future__ import annotations

import pytest

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.kubernetes.dealing import FIRST_PODS, RAMP_S, Dealer, Pod
from taskcell.backends.kubernetes.shapes import Shape
from taskcell.hashing import Digest

SHAPE = Shape(image="i", cpu_cores=1.0, cpu_limited=False, memory_bytes=1 << 30, disk_bytes=1 << 30)
OWN = Shape(image="i", cpu_cores=1.0, cpu_limited=False, memory_bytes=1 << 30, disk_bytes=1 << 30, share=False)


def order(number: int) -> TaskOrder:
    return TaskOrder(run_id="r", task_id=f"t{number}", attempt=1, epoch=1, task=Digest("0" * 64), inputs={})


class Table:
    """A dealer with pods that come up and tasks that take a time of their own."""

    def __init__(self, orders: int, most_pods: int = 16, shape: Shape = SHAPE) -> None:
        self.dealer = Dealer(most_pods)
        self.now = 100.0
        self.made = 0
        for number in range(orders):
            self.dealer.line_up(order(number), shape)

    def start_pods(self) -> None:
        for shape in list(self.dealer.wanted(self.now)):
            self.made += 1
            self.dealer.pods[f"p{self.made}"] = Pod(job=f"p{self.made}", shape=shape, created=self.now)

    def all_run(self) -> None:
        for pod in self.dealer.pods.values():
            self.dealer.runs(pod, self.now)

    def deal(self) -> dict[str, list[str]]:
        return {pod.job: [found.task_id for found in orders] for pod, orders in list(self.dealer.letters())}

    def work(self, task_s: float) -> int:
        """Deal and execute until nothing is left; return the number of rounds."""
        rounds = 0
        while len(self.dealer):
            rounds += 1
            assert rounds < 10_000
            self.start_pods()
            self.all_run()
            self.deal()
            self.now += task_s
            self.start_pods()
            for pod in self.dealer.pods.values():
                if pod.orders:
                    self.dealer.done(pod, pod.orders[0].id, self.now)
        return rounds


def test_a_chain_stays_in_one_pod() -> None:
    table = Table(0)
    for number in range(20):
        table.dealer.line_up(order(number), SHAPE)
        table.work(10.0)
    assert table.made == 1


def test_a_pod_that_does_not_run_gets_nothing() -> None:
    table = Table(5)
    table.start_pods()
    assert table.made == FIRST_PODS
    assert table.deal() == {}
    table.dealer.runs(table.dealer.pods["p2"], table.now)
    assert table.deal() == {"p2": ["t0"]}


def test_a_thousand_short_tasks_start_few_pods() -> None:
    table = Table(1000, most_pods=100)
    table.work(0.05)
    assert table.made <= 16


def test_long_tasks_run_side_by_side_soon() -> None:
    table = Table(16)
    table.start_pods()
    for _ in range(4):
        table.all_run()
        table.deal()
        table.now += RAMP_S
        table.start_pods()
    assert table.made == 16


def test_there_are_never_more_pods_than_allowed() -> None:
    table = Table(100, most_pods=3)
    table.work(60.0)
    assert table.made == 3


def test_short_tasks_are_sent_ahead_and_shared_fairly() -> None:
    table = Table(40)
    table.start_pods()
    table.all_run()
    table.deal()
    table.now += 0.1
    for pod in table.dealer.pods.values():
        table.dealer.done(pod, pod.orders[0].id, table.now)
    dealt = table.deal()
    assert sorted(dealt) == ["p1", "p2"]
    assert all(len(orders) > 4 for orders in dealt.values())


def test_an_idle_pod_is_served_before_a_busy_one_gets_more() -> None:
    table = Table(4)
    table.start_pods()
    table.all_run()
    table.deal()
    table.now += 0.1
    first = table.dealer.pods["p1"]
    table.dealer.done(first, "t0/1", table.now)
    assert "t2" in table.deal()["p1"]


def test_a_task_that_shares_nothing_has_a_pod_of_its_own() -> None:
    table = Table(3, shape=OWN)
    table.start_pods()
    assert table.made == 3
    table.all_run()
    assert sorted(map(len, table.deal().values())) == [1, 1, 1]
    assert all(pod.closed for pod in table.dealer.pods.values())


def test_orders_of_a_pod_that_left_are_next_in_line() -> None:
    table = Table(2, most_pods=1)
    table.start_pods()
    table.all_run()
    ((pod, orders),) = list(table.dealer.letters())
    table.dealer.take_back(pod, orders)
    assert [found.task_id for found in table.dealer.waiting(SHAPE.id)] == ["t0", "t1"]
    table.start_pods()
    assert table.made == 2


def test_a_cluster_without_room_is_not_asked_for_more_for_a_while() -> None:
    table = Table(50)
    table.start_pods()
    table.all_run()
    table.deal()
    table.dealer.hold_back(SHAPE, table.now, 300.0)
    table.now += 299.0
    table.start_pods()
    assert table.made == FIRST_PODS
    table.now += 10.0
    table.start_pods()
    assert table.made > FIRST_PODS


@pytest.mark.parametrize("count", [1, 2, 3])
def test_deaths_are_counted_until_something_is_done(count: int) -> None:
    table = Table(1)
    assert [table.dealer.died(SHAPE) for _ in range(count)][-1] == count
    table.work(1.0)
    assert table.dealer.died(SHAPE) == 1


def test_short_tasks_that_come_next_have_their_pods_started_ahead_and_long_ones_not() -> None:
    for task_s, ahead in ((1.0, 4), (3.0, 1), (60.0, 0)):
        table = Table(1, shape=OWN)
        table.dealer.foresee([OWN] * 10)
        table.start_pods()
        assert table.made == 1, "nothing is known of how long such tasks take"
        table.all_run()
        (pod,) = table.dealer.pods.values()
        table.deal()
        table.now += 30.0  # its worker came up
        assert table.dealer.begun(pod, pod.orders[0].id, table.now)
        table.now += task_s
        table.dealer.done(pod, pod.orders[0].id, table.now)
        table.dealer.foresee([OWN] * 10)
        table.start_pods()
        assert table.made == 1 + ahead
        table.start_pods()
        assert table.made == 1 + ahead, "those that start are enough"


def test_pods_started_ahead_take_no_room_from_orders_that_are_there() -> None:
    table = Table(1, most_pods=2, shape=OWN)
    table.work(0.1)
    table.dealer.pods.clear()
    table.dealer.foresee([OWN] * 10)
    for number in range(2):
        table.dealer.line_up(order(10 + number), SHAPE)
    assert list(table.dealer.wanted(table.now)) == [SHAPE, SHAPE]


def test_a_pod_started_ahead_in_vain_is_not_followed_by_another() -> None:
    table = Table(1, shape=OWN)
    table.work(3.0)
    table.dealer.pods.clear()
    table.dealer.foresee([OWN])
    table.start_pods()
    (job,) = table.dealer.pods
    table.dealer.remove(job)
    assert list(table.dealer.wanted(table.now)) == []
