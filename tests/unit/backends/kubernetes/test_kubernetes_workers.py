"""Workers in pods: what the driver is told when pods come, work, wait and go."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from tests.unit.backends.kubernetes.cluster_world import RUN, ClusterWorld, order_named

from taskcell.backends.contracts import DriverOrder, TaskOrder, WorkerEvent, WorkerNews
from taskcell.backends.kubernetes import faults, feeds, jobs, naming
from taskcell.backends.kubernetes.dealing import SILENT_S
from taskcell.backends.kubernetes.growing import FIRST_PODS, SLOW_START_S
from taskcell.backends.kubernetes.workers import DEATHS_LIMIT, LOOK_OUT_PAUSE_S, LOOK_OUT_S
from taskcell.backends.mailboxes import Mailbox
from taskcell.model.runs import TaskState
from taskcell.model.tasks import TaskOptions
from taskcell.store import paths

ONE, TWO = naming.worker(RUN, 1, 1), naming.worker(RUN, 1, 2)
NO_IMAGE = {
    "phase": "Pending",
    "containerStatuses": [{"image": "i", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}],
}
NO_ROOM = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1: 1 Insufficient cpu."}
    ],
}
KILLED = {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "Error"}}}]}
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."}


def told(news: list[WorkerEvent]) -> list[tuple[str, str]]:
    return [(str(event.news), event.order_id) for event in news]


def working(*names: str, **settings: Any) -> ClusterWorld:
    """Return a world in which one pod executes the first of some orders."""
    world = ClusterWorld(max_pods=1, **settings)
    world.submit(*names)
    world.step()
    world.run_pods()
    return world


def test_an_order_goes_to_a_pods_mailbox_once_the_pod_runs_and_its_answers_are_told() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    assert list(world.cluster.jobs) == [ONE]
    assert world.handed(ONE) == []
    world.run_pods()
    assert world.handed(ONE) == ["a"]
    assert world.feed.followed == [ONE]
    assert told(world.step(world.line(ONE, "begun", "a"))) == [("begun", "a/1")]
    assert told(world.step(world.line(ONE, "done", "a"), world.line(ONE, "done", "a"))) == [("done", "a/1")]


def test_a_worker_that_has_come_is_known_before_the_cluster_says_so() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    Mailbox(world.store.records, RUN, ONE).put_up()
    world.step(seconds=1.0)
    assert world.handed(ONE) == [], "a cluster that does not tell of pods may forbid it"
    world.step(world.pod(ONE, phase="Pending"))
    world.step(seconds=1.0)
    assert world.handed(ONE) == ["a"]
    world.run_pods()
    assert world.feed.followed == [ONE]


def test_the_store_is_asked_for_new_workers_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    world = ClusterWorld()
    monkeypatch.setattr(Mailbox, "is_up", lambda _: bool(asked.append(world.now)))
    world.submit("a")
    world.step()
    world.step(world.pod(ONE, phase="Pending"))
    for _ in range(1000):
        world.step(seconds=0.05)
    began = asked[0]
    assert sum(at < began + 1.0 for at in asked) > 5
    assert len(asked) < 40
    assert asked[-1] < began + LOOK_OUT_S
    assert min(later - sooner for sooner, later in itertools.pairwise(asked)) >= LOOK_OUT_PAUSE_S - 0.001


def test_the_next_order_goes_to_the_same_pod() -> None:
    world = working("a")
    world.step(world.line(ONE, "done", "a"))
    world.submit("b")
    world.step()
    assert world.handed(ONE) == ["a", "b"]
    assert list(world.cluster.jobs) == [ONE]


def test_a_pod_that_has_left_is_followed_by_another_one() -> None:
    world = working("a")
    world.step(world.line(ONE, "done", "a"))
    Mailbox(world.store.records, RUN, ONE).shut()
    world.submit("b")
    world.step()
    world.step()
    assert TWO in world.cluster.jobs
    world.run_pods()
    assert world.handed(TWO) == ["b"]


def test_lines_that_are_no_answers_are_ignored() -> None:
    world = working("a")
    noise = [
        feeds.LineFact(job=ONE, line=text) for text in ("", "done a/1", "taskcell: done b/1", "taskcell: nonsense a/1")
    ]
    assert told(world.step(*noise)) == []


def test_an_answer_whose_line_was_lost_is_found_in_the_records() -> None:
    world = working("a")
    world.end("a")
    assert told(world.step(seconds=1.0)) == []
    assert told(world.step(seconds=10.0)) == [("done", "a/1")]


def test_when_a_pod_dies_what_it_executed_is_lost_and_the_rest_goes_to_another() -> None:
    world = working("a", "b", "c")
    world.step(world.line(ONE, "done", "a"))
    assert world.handed(ONE) == ["a", "b", "c"]
    world.begin("b")
    news = world.step(world.pod(ONE, **KILLED))
    assert told(news) == [("lost", "b/1")]
    assert news[0].error is not None
    assert not news[0].error.counts
    world.run_pods()
    assert world.handed(TWO) == ["c"]


def test_of_short_elements_that_nobody_claims_the_one_that_was_executed_is_lost_and_not_the_one_that_was_stored() -> (
    None
):
    world = working("a", "b", "c")
    world.step(world.line(ONE, "done", "a"), world.line(ONE, "begun", "b"))
    world.step(world.line(ONE, "begun", "c"))
    assert told(world.step(world.pod(ONE, **KILLED))) == [("lost", "c/1")]
    world.run_pods()
    assert world.handed(TWO) == ["b"]


def test_what_was_committed_before_a_pod_died_is_done() -> None:
    world = working("a")
    world.begin("a")
    world.end("a")
    assert told(world.step(world.pod(ONE, **KILLED))) == [("done", "a/1")]


def test_an_eviction_before_anything_began_costs_nothing() -> None:
    world = working("a")
    assert told(world.step(world.pod(ONE, **EVICTED))) == []
    world.run_pods()
    assert world.handed(TWO) == ["a"]


def test_a_deleted_pod_is_not_replaced_behind_the_drivers_back() -> None:
    world = working("a")
    world.begin("a")
    news = world.step(world.pod(ONE, deleted=True, phase="Running"))
    assert told(news) == [("lost", "a/1")]
    assert news[0].error is not None
    assert news[0].error.kind == "interrupted"
    assert ONE in world.cluster.deleted


def test_a_pod_that_a_new_listing_lacks_is_gone() -> None:
    world = working("a")
    world.begin("a")
    assert told(world.step(feeds.ListedFact(jobs=frozenset()))) == [("lost", "a/1")]


def test_workers_that_always_die_before_they_begin_are_given_up() -> None:
    world = ClusterWorld(max_pods=1)
    world.submit(*[f"t{n}" for n in range(20)])
    lost: list[WorkerEvent] = []
    for number in range(1, DEATHS_LIMIT + 1):
        world.step()
        lost += world.step(world.pod(naming.worker(RUN, 1, number), **KILLED))
    assert len(lost) == 20
    world.step()
    assert len(world.cluster.jobs) == DEATHS_LIMIT


def test_a_missing_image_is_told_at_once_and_fails_what_waits_after_its_limit() -> None:
    world = ClusterWorld(image_limit_s=60.0)
    world.submit("a", "b")
    world.step()
    pods = [world.pod(job, **NO_IMAGE) for job in world.cluster.jobs]
    news = world.step(*pods, seconds=2.0)
    assert told(news) == [("waiting", "a/1"), ("waiting", "b/1")]
    assert "the image i can't be pulled (there is no such image)" in news[0].detail
    assert told(world.step(seconds=30.0)) == []
    lost = world.step(seconds=31.0)
    assert told(lost) == [("lost", "a/1"), ("lost", "b/1")]
    assert lost[0].error is not None
    assert (lost[0].error.kind, lost[0].error.final) == ("image", True)


def test_want_of_room_is_told_once_and_no_more_when_there_is_room() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    assert told(world.step(world.pod(ONE, **NO_ROOM), seconds=2.0)) == [("waiting", "a/1")]
    assert told(world.step(seconds=5.0)) == []
    news = world.run_pods()
    assert [(event.order_id, event.detail) for event in news] == [("a/1", "")]


def test_pods_that_find_no_room_are_dropped_while_others_work() -> None:
    world = ClusterWorld(pending_limit_s=60.0)
    world.submit("a", "b")
    world.step()
    world.step(seconds=SLOW_START_S)
    running = {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}
    assert told(world.step(world.pod(ONE, **running), world.pod(TWO, **NO_ROOM))) == []
    assert told(world.step(seconds=3.0)) == []
    assert told(world.step(seconds=61.0)) == []
    assert world.cluster.deleted == [TWO]


def test_a_used_up_quota_is_told_from_the_jobs_events() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    said = "exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5"
    world.cluster.events[ONE] = [{"reason": "FailedCreate", "message": f'pods "x" is forbidden: {said}'}]
    (news,) = world.step(seconds=5.0)
    assert news.news is WorkerNews.WAITING
    assert news.detail.startswith("the quota q is used up (asked for pods=1, used pods=5 of pods=5)")


def test_a_cluster_that_is_away_is_asked_again() -> None:
    world = ClusterWorld()
    world.cluster.refusal = faults.ApiFaultError("It is away.", status=503, retry_after_s=2.0)
    world.submit("a")
    assert told(world.step()) == [("waiting", "a/1")]
    world.cluster.refusal = None
    world.step(seconds=1.0)
    assert not world.cluster.jobs
    world.step(seconds=1.5)
    assert list(world.cluster.jobs) == [ONE]


def test_what_could_not_be_deleted_while_the_cluster_was_away_is_deleted_later() -> None:
    world = working("a")
    world.begin("a")
    world.cluster.refusal = faults.ApiFaultError("It is away.", status=503, retry_after_s=2.0)
    assert told(world.step(world.pod(ONE, deleted=True, phase="Running"))) == [("lost", "a/1")]
    assert world.cluster.deleted == []
    world.cluster.refusal = None
    world.step(seconds=10.0)
    assert world.cluster.deleted == [ONE]


def test_the_end_does_not_fail_on_a_cluster_that_is_away() -> None:
    world = working("a")
    world.cluster.refusal = faults.ApiFaultError("It is away.", status=503, retry_after_s=2.0)
    world.workers.close()


def test_a_refusal_fails_what_waits_with_the_clusters_reason() -> None:
    world = ClusterWorld()
    world.cluster.refusal = faults.ApiFaultError("The cluster forbids it: jobs.", remedy="Ask.", status=403)
    world.submit("a")
    (news,) = world.step()
    assert news.error is not None
    assert (news.error.sentence, news.error.final) == ("The cluster forbids it: jobs. Ask.", True)


def test_cancel_deletes_the_pod_that_executes_and_spares_what_waits_behind() -> None:
    world = working("a", "b")
    world.begin("a")
    world.workers.cancel("a/1")
    assert ONE in world.cluster.deleted
    assert told(world.step()) == [("lost", "a/1")]
    world.run_pods()
    assert world.handed(TWO) == ["b"]


def test_cancel_of_what_waits_deletes_nothing() -> None:
    world = working("a", "b")
    world.workers.cancel("b/1")
    assert told(world.step()) == [("lost", "b/1")]
    assert world.cluster.deleted == []


def test_at_the_end_idle_pods_are_told_to_go_and_others_are_deleted() -> None:
    world = working("a")
    world.step(world.line(ONE, "done", "a"))
    world.workers.close()
    world.workers.close()
    assert world.cluster.deleted == []
    assert world.letters(ONE)[-1].orders == ()
    busy = working("a")
    busy.workers.close()
    assert busy.cluster.deleted == [ONE]


def test_strays_are_workers_that_are_not_mine() -> None:
    world = working("a")
    stray = naming.worker(RUN, 7, 1)
    world.cluster.jobs[stray] = {"metadata": {"name": stray}}
    world.workers.stop_strays()
    assert world.cluster.deleted == [stray]


def test_a_task_that_shares_nothing_has_its_pods_mailbox_closed_behind_it() -> None:
    world = ClusterWorld()
    world.submit("a", share=False)
    world.step()
    world.run_pods()
    assert [len(letter.orders) for letter in world.letters(ONE)] == [1, 0]


def world_with_an_idle_pod() -> ClusterWorld:
    """Return a world with two pods of which the first was given an order, and the second has none."""
    world = ClusterWorld()
    world.submit("a", "b", share=False)
    world.step()
    world.workers.cancel("b/1")
    world.step()
    world.run_pods()
    assert (world.handed(ONE), world.handed(TWO)) == (["a"], [])
    return world


def test_a_pod_that_does_not_begin_with_what_it_was_given_is_replaced_by_an_idle_one() -> None:
    world = world_with_an_idle_pod()
    for _ in range(int(SILENT_S) - 1):
        world.step(seconds=1.0)
    assert world.cluster.deleted == []
    world.step(seconds=1.0)
    assert world.cluster.deleted == [ONE]
    assert world.handed(TWO) == ["a"]


def test_an_order_is_taken_from_a_silent_pod_once() -> None:
    world = world_with_an_idle_pod()
    for _ in range(3 * int(SILENT_S)):
        world.step(seconds=1.0)
    world.submit("c", share=False)
    world.step()
    world.run_pods()
    world.workers.cancel("c/1")
    for _ in range(3 * int(SILENT_S)):
        world.step(seconds=1.0)
    assert TWO not in world.cluster.deleted


def test_a_pod_that_has_begun_may_take_its_time() -> None:
    world = world_with_an_idle_pod()
    world.step(world.line(ONE, "begun", "a"))
    for _ in range(3 * int(SILENT_S)):
        world.step(seconds=1.0)
    assert world.cluster.deleted == []


def test_nobody_is_thought_silent_while_the_driver_itself_had_no_answer() -> None:
    world = world_with_an_idle_pod()
    world.step(seconds=10 * SILENT_S)
    assert world.cluster.deleted == []
    world.step(seconds=1.0)
    assert world.cluster.deleted == []


def test_a_pod_whose_line_was_lost_when_it_began_goes_on() -> None:
    world = world_with_an_idle_pod()
    world.begin("a")
    news = [event for _ in range(3 * int(SILENT_S)) for event in world.step(seconds=1.0)]
    assert told(news) == [("begun", "a/1")]
    assert world.cluster.deleted == []


def test_a_pod_of_an_earlier_driver_is_not_thought_silent_before_anybody_has_seen_it() -> None:
    world = world_with_an_idle_pod()
    world.workers = world.start()
    assert [order.id for order in world.workers.recall(lambda _: None)] == ["a/1"]
    running = {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}
    world.step(world.pod(TWO, **running))
    for _ in range(int(SILENT_S) + 2):
        world.step(seconds=1.0)
    assert world.cluster.deleted == []


def test_no_more_orders_are_taken_than_can_be_kept_in_mind() -> None:
    world = ClusterWorld(max_pods=4)
    free = world.workers.free()
    world.submit(*[f"t{n}" for n in range(free)])
    assert world.workers.free() == 0


@pytest.mark.parametrize("pod", [{}, {"metadata": {"name": "x"}}, {"metadata": {"name": "x"}, "status": None}])
def test_a_pod_of_a_stranger_is_ignored(pod: dict[str, Any]) -> None:
    world = working("a")
    assert told(world.step(feeds.PodFact(job="someone-elses", pod=pod))) == []


def test_a_cluster_that_never_tells_of_pods_fails_what_waits_with_its_reason() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    forbidden = "The cluster forbids it: pods is forbidden."
    assert told(world.step(feeds.TroubleFact(sentence=forbidden))) == [("waiting", "a/1")]
    (news,) = world.step(feeds.TroubleFact(sentence=forbidden, lasting=True))
    assert news.error is not None
    assert (news.error.sentence, news.error.final) == (forbidden, True)


def restarted(world: ClusterWorld) -> list[str]:
    """Let another driver take a world's workers over; return the orders that it finds with them."""
    world.workers = world.start()
    records = world.store.records
    found = world.workers.recall(
        lambda order: (
            TaskState.SUCCEEDED if records.exists(paths.attempt_end(RUN, order.task_id, order.attempt)) else None
        )
    )
    return [order.id for order in found]


def test_a_restarted_driver_hears_of_what_its_predecessors_workers_have() -> None:
    world = working("a", "b")
    world.begin("a")
    assert restarted(world) == ["a/1"]
    world.run_pods()
    assert told(world.step(world.line(ONE, "begun", "a"), world.line(ONE, "done", "a"))) == [
        ("begun", "a/1"),
        ("done", "a/1"),
    ]
    world.submit("c")
    world.step()
    assert list(world.cluster.jobs) == [ONE]
    assert world.handed(ONE) == ["a", "c"]


def test_a_restarted_driver_waits_for_pods_that_its_predecessor_asked_for() -> None:
    world = ClusterWorld()
    world.submit("a")
    world.step()
    assert restarted(world) == []
    world.submit("a")
    world.step()
    assert list(world.cluster.jobs) == [ONE]
    world.run_pods()
    assert world.handed(ONE) == ["a"]


def test_a_pod_that_died_while_there_was_no_driver_has_lost_its_order() -> None:
    world = working("a")
    world.begin("a")
    restarted(world)
    (news,) = world.step(world.pod(ONE, **KILLED))
    assert (news.news, news.order_id, news.host) == (WorkerNews.LOST, "a/1", f"{ONE}-x")


@pytest.mark.parametrize("why", ["finished", "another driver's", "of another version"])
def test_workers_that_are_not_to_be_taken_over_are_left_alone(why: str) -> None:
    world = working("a")
    job = world.cluster.jobs[ONE]
    if why == "finished":
        job["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}
    elif why == "another driver's":
        job["metadata"]["ownerReferences"][0]["name"] = naming.driver(RUN, 7)
    else:
        job["metadata"]["annotations"][naming.SHAPE] = '{"image": 1}'
    assert restarted(world) == []


def test_a_host_is_gone_when_no_pod_of_that_name_works() -> None:
    world = working("a")
    world.cluster.pods = [
        {"metadata": {"name": f"{ONE}-x"}, "status": {"phase": "Running"}},
        {"metadata": {"name": f"{ONE}-y"}, "status": KILLED},
    ]
    assert not world.workers.is_gone(f"{ONE}-x")
    assert world.workers.is_gone(f"{ONE}-y")
    assert world.workers.is_gone(f"{TWO}-z")
    assert not world.workers.is_gone("anas-laptop")


def test_a_job_that_is_deleted_before_it_had_a_pod_is_followed_by_another() -> None:
    world = ClusterWorld(max_pods=1)
    world.submit("a")
    world.step()
    del world.cluster.jobs[ONE]
    assert told(world.step(seconds=11.0)) == []
    world.step()
    assert list(world.cluster.jobs) == [TWO]


def started_ahead(world: ClusterWorld, *options: TaskOptions) -> list[str]:
    """Start workers beside the first driver; return their names."""
    order = DriverOrder(store=world.store.url, project="default", run_id=RUN, epoch=1, restarts=True, ahead=options)
    owner = {"metadata": {"name": naming.driver(RUN, 1), "uid": "u"}}
    jobs.start_ahead(world.cluster, order, world.plan, world.settings, owner)  # type: ignore[arg-type]
    return list(world.cluster.jobs)


def test_workers_that_were_started_beside_the_driver_are_found_and_get_the_first_orders() -> None:
    world = ClusterWorld()
    (ahead,) = started_ahead(world, TaskOptions())
    assert world.cluster.jobs[ahead]["metadata"]["ownerReferences"][0]["name"] == naming.driver(RUN, 1)
    assert restarted(world) == []
    world.run_pods()
    world.submit("a")
    world.step()
    assert list(world.cluster.jobs) == [ahead]
    assert world.handed(ahead) == ["a"]


def test_no_more_workers_are_started_ahead_than_would_be_at_first_or_may_be() -> None:
    assert len(started_ahead(ClusterWorld(), *[TaskOptions()] * 9)) == FIRST_PODS
    assert len(started_ahead(ClusterWorld(share_pods=False), *[TaskOptions()] * 9)) == 9
    assert len(started_ahead(ClusterWorld(share_pods=False, max_pods=3), *[TaskOptions()] * 9)) == 3


def test_a_worker_that_was_started_ahead_and_has_left_is_not_waited_for() -> None:
    world = ClusterWorld()
    (ahead,) = started_ahead(world, TaskOptions())
    Mailbox(world.store.records, RUN, ahead).shut()
    restarted(world)
    world.submit("a")
    world.step()
    assert list(world.cluster.jobs) == [ahead, ONE]


# -- a chain that goes along with its first order --------------------------------------------------------------------


def chain(*names: str) -> list[TaskOrder]:
    """Return orders of which each but the first needs the one before."""
    first, *rest = map(order_named, names)
    along = [
        msgspec.structs.replace(order, awaits={"x": (before, "out")})
        for before, order in zip(names[:-1], rest, strict=True)
    ]
    return [msgspec.structs.replace(first, then=tuple(along)), *along]


def at_a_chain(*names: str) -> tuple[ClusterWorld, list[TaskOrder]]:
    world = ClusterWorld(max_pods=1)
    orders = chain(*names)
    world.workers.submit(orders[0])
    world.step()
    world.run_pods()
    return world, orders


def whole(order: TaskOrder) -> TaskOrder:
    return msgspec.structs.replace(order, awaits={})


def test_a_worker_that_goes_on_by_itself_is_heard_at_once() -> None:
    world, (_, b, c) = at_a_chain("a", "b", "c")
    lines = [world.line(ONE, news, name) for name in ("a", "b") for news in ("begun", "done")]
    assert told(world.step(*lines)) == [("begun", "a/1"), ("done", "a/1"), ("begun", "b/1"), ("done", "b/1")]
    world.workers.go_on(whole(b))
    world.workers.go_on(whole(c))
    assert told(world.step(world.line(ONE, "done", "c"))) == [("done", "c/1")]
    assert world.handed(ONE) == ["a"]
    assert len(world.workers._dealer) == 0


def test_a_worker_that_has_not_gone_on_is_free_for_others() -> None:
    world, (_, b, _) = at_a_chain("a", "b", "c")
    world.step(world.line(ONE, "done", "a"))
    world.workers.withdraw(b)
    world.submit("d")
    world.step()
    assert world.handed(ONE) == ["a", "d"]


def test_when_a_pod_dies_between_two_links_the_next_goes_to_another_once_it_is_known() -> None:
    world, (_, b, _) = at_a_chain("a", "b", "c")
    world.end("a")
    assert told(world.step(world.line(ONE, "done", "a"), world.pod(ONE, **KILLED))) == [("done", "a/1")]
    world.workers.go_on(whole(b))
    world.step()
    world.run_pods()
    assert world.handed(TWO) == ["b"]


def test_when_a_pod_dies_at_a_link_that_link_is_lost() -> None:
    world, (_, b, _) = at_a_chain("a", "b", "c")
    world.end("a")
    world.begin("b")
    assert told(world.step(world.pod(ONE, **KILLED))) == [("done", "a/1"), ("lost", "b/1")]
    world.workers.go_on(whole(b))
    assert len(world.workers._dealer) == 0


def test_a_restarted_driver_finds_which_link_a_worker_is_at() -> None:
    world, _ = at_a_chain("a", "b", "c")
    world.end("a")
    assert restarted(world) == ["b/1"]
    world.end("b")
    assert restarted(world) == ["c/1"]
    world.end("c")
    assert restarted(world) == []


def test_only_what_shares_a_pod_in_the_drivers_image_goes_along() -> None:
    workers = ClusterWorld().workers
    assert workers.goes_along(TaskOptions(), TaskOptions())
    assert not workers.goes_along(TaskOptions(), TaskOptions(memory_bytes=1 << 33))
    assert not workers.goes_along(TaskOptions(image="other"), TaskOptions(image="other"))
    assert not workers.goes_along(TaskOptions(share=False), TaskOptions(share=False))
