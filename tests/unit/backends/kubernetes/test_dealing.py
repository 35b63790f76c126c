"""Orders are dealt among few pods, and no pod that does not run holds one."""

from __future__ import annotations

import pytest

from taskcell.backends.contracts import TaskOrder
from taskcell.backends.kubernetes.dealing import MOST_KNOWN, Dealer, Pod
from taskcell.backends.kubernetes.growing import FIRST_PODS, FIRST_TASK_S, RAMP_S, SLOW_START_S, Crew, Growth
from taskcell.backends.kubernetes.shapes import Shape
from taskcell.hashing import Digest

SHAPE = Shape(image="i", cpu_cores=1.0, cpu_limited=False, memory_bytes=1 << 30, disk_bytes=1 << 30)
OWN = Shape(image="i", cpu_cores=1.0, cpu_limited=False, memory_bytes=1 << 30, disk_bytes=1 << 30, share=False)

LARGE = Shape(image="i", cpu_cores=2.0, cpu_limited=False, memory_bytes=1 << 32, disk_bytes=1 << 30, share=False)


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
        dealt = {pod.job: [found.task_id for found in orders] for pod, orders in list(self.dealer.letters())}
        for pod in self.dealer.pods.values():
            if pod.orders and not pod.begun:
                self.dealer.begun(pod, pod.orders[0].id, self.now)
        return dealt

    def work(self, task_s: float, cores: int = 1000, start_s: float = 0.0) -> int:
        """Deal and execute until nothing is left, by pods that share so many cores; return the number of rounds."""
        rounds = 0
        while len(self.dealer):
            rounds += 1
            assert rounds < 10_000
            self.turn(task_s, cores, start_s)
        return rounds

    def turn(self, task_s: float, cores: int, start_s: float) -> None:
        """Have each pod execute one order."""
        self.start_pods()
        self.all_run()
        self.deal()
        new = [pod for pod in self.dealer.pods.values() if pod.orders and not pod.answered]
        at_work = sum(bool(pod.orders) for pod in self.dealer.pods.values())
        self.now += (task_s * at_work + start_s * len(new)) / min(cores, at_work)
        self.start_pods()
        for pod in self.dealer.pods.values():
            if pod.orders:
                self.dealer.done(pod, pod.orders[0].id, self.now)


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
    table.now += SLOW_START_S
    table.start_pods()
    assert table.deal() == {}
    table.dealer.runs(table.dealer.pods["p2"], table.now)
    assert table.deal() == {"p2": ["t0"]}


def test_twenty_trifles_are_the_first_pods_alone() -> None:
    table = Table(20)
    table.work(0.05)
    assert table.made == 1


@pytest.mark.parametrize(("at_task_s", "pods"), [(0.9 * FIRST_TASK_S, 1), (FIRST_TASK_S, 2)])
def test_a_second_pod_is_started_once_the_first_has_a_while_to_do(at_task_s: float, pods: int) -> None:
    table = Table(20)
    table.start_pods()
    table.all_run()
    table.deal()
    table.now += at_task_s
    table.start_pods()
    assert table.made == pods


def test_a_second_pod_is_started_where_the_first_task_says_that_it_is_worth_it() -> None:
    table = Table(60)
    table.turn(0.5, cores=2, start_s=0.0)
    table.start_pods()
    assert table.made == 2


def test_a_thousand_short_tasks_start_few_pods() -> None:
    table = Table(1000, most_pods=100)
    table.work(0.05)
    assert table.made <= 16


@pytest.mark.parametrize(("task_s", "start_s"), [(0.05, 2.5), (0.5, 2.5), (0.5, 0.0), (2.0, 1.0)])
def test_no_more_pods_are_started_than_get_more_done(task_s: float, start_s: float) -> None:
    table = Table(2000, most_pods=64)
    table.work(task_s, cores=2, start_s=start_s)
    assert table.made <= 4
    roomy = Table(2000, most_pods=64)
    roomy.work(task_s, cores=64, start_s=start_s)
    assert roomy.made >= (16 if task_s < 0.1 else 64), "little work is left when so many would be up"


def test_more_pods_are_thought_of_again() -> None:
    table = Table(4000, most_pods=64)
    while len(table.dealer) > 2000:
        table.start_pods()
        table.all_run()
        table.deal()
        table.now += 0.25 * sum(bool(pod.orders) for pod in table.dealer.pods.values())
        for pod in table.dealer.pods.values():
            if pod.orders:
                table.dealer.done(pod, pod.orders[0].id, table.now)
    assert table.made <= 4
    table.work(0.5, cores=64)
    assert table.made >= 32, "another's work on that node has ended"


def test_so_many_orders_are_known_that_short_ones_can_have_all_pods() -> None:
    table = Table(0, most_pods=32)
    assert table.dealer.room() == 128
    backlog = 4000
    while backlog or len(table.dealer):
        for _ in range(min(table.dealer.room(), backlog)):
            backlog -= 1
            table.dealer.line_up(order(backlog), SHAPE)
        assert len(table.dealer) <= MOST_KNOWN
        table.turn(0.25, cores=64, start_s=1.0)
    assert table.made == 32


def test_a_pause_between_two_maps_is_no_slow_pace() -> None:
    growth = Growth(allowed=2)

    def look(pods: int, answers: int, at: float) -> int:
        growth.look(
            Crew(
                pods=pods,
                busy=pods,
                answers=answers,
                least_answers=1,
                answered_at=at,
                least_s=0.1,
                starting_s=0.0,
                mean_s=0.1,
            ),
            at,
        )
        return growth.allowed

    assert look(2, 2, 100.0) == 2
    growth.rest()
    assert look(2, 20, 3700.0) == 2
    assert look(2, 60, 3704.0) == 4, "ten a second, not one a minute"
    assert look(4, 70, 3710.0) == 4
    assert look(4, 118, 3714.0) == 4, "twelve a second is hardly more"


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
    table.now += SLOW_START_S
    table.start_pods()
    table.all_run()
    table.deal()
    table.now += 0.1
    for pod in table.dealer.pods.values():
        table.dealer.done(pod, pod.orders[0].id, table.now)
    dealt = table.deal()
    assert sorted(dealt) == ["p1", "p2"]
    assert all(len(orders) > 4 for orders in dealt.values())


def test_a_letter_holds_several_short_tasks() -> None:
    table = Table(400, most_pods=1)
    letters = []
    while len(table.dealer):
        table.start_pods()
        table.all_run()
        letters += [len(tasks) for tasks in table.deal().values()]
        table.now += 0.2
        (pod,) = table.dealer.pods.values()
        table.dealer.done(pod, pod.orders[0].id, table.now)
    assert len(letters) < 400 / 4
    assert max(letters) <= 16


def test_what_a_task_takes_is_known_though_one_is_stored_while_the_next_is_executed() -> None:
    table = Table(40, most_pods=1)
    table.start_pods()
    table.all_run()
    table.deal()
    (pod,) = table.dealer.pods.values()
    table.now += 0.1
    table.dealer.done(pod, "t0/1", table.now)
    table.deal()
    for number in range(1, 8):
        assert table.dealer.begun(pod, f"t{number}/1", table.now)
        if number > 1:
            table.now += 0.02
            table.dealer.done(pod, f"t{number - 1}/1", table.now)
        table.now += 0.08
    table.deal()
    assert 18 <= len(pod.orders) + 7 <= 24, "two seconds of work, each task taking a tenth"


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


def test_fewer_pods_are_started_ahead_where_more_passes_between_answers_than_a_task_takes() -> None:
    table = Table(1, shape=OWN)
    for number in range(1, 20):
        table.dealer.foresee([OWN] * 10)
        table.start_pods()
        table.all_run()
        table.deal()
        (pod,) = (pod for pod in table.dealer.pods.values() if pod.orders)
        table.now += 2.7  # what a pod's start takes where cores are busy, whatever its task takes
        table.dealer.begun(pod, pod.orders[0].id, table.now)
        table.now += 0.3
        table.dealer.done(pod, pod.orders[0].id, table.now)
        table.dealer.pods.pop(pod.job)
        table.dealer.line_up(order(number), OWN)
    assert len(table.dealer.pods) <= 2
    assert table.made <= 19 + 4


def test_pods_started_ahead_take_no_room_from_orders_that_are_there() -> None:
    table = Table(1, most_pods=2, shape=OWN)
    table.work(0.1)
    table.dealer.pods.clear()
    table.dealer.foresee([OWN] * 10)
    for number in range(2):
        table.dealer.line_up(order(10 + number), LARGE)
    assert list(table.dealer.wanted(table.now)) == [LARGE, LARGE]


def test_a_pod_started_ahead_in_vain_is_not_followed_by_another() -> None:
    table = Table(1, shape=OWN)
    table.work(3.0)
    table.dealer.pods.clear()
    table.dealer.foresee([OWN])
    table.start_pods()
    (job,) = table.dealer.pods
    table.dealer.remove(job)
    assert list(table.dealer.wanted(table.now)) == []
