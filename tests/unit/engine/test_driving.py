# ruff: noqa: N803, PLW0108  an output has a capital name, and bodies are called by keyword
from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from driver_world import RUN, Gone, HangsError, LeavesNothingError, LostError, World, task

from taskcell import errors
from taskcell.backends.contracts import WorkerNews
from taskcell.engine import driving, ending, leading, retrying, states
from taskcell.model.runs import AttemptStart, DriverEnd, RunState, TaskError, TaskState
from taskcell.store import paths

DIAMOND = [
    task("a", "=n"),
    task("b", "A<a"),
    task("c", "A<a"),
    task("d", "B<b", "C<c"),
]
BODIES: dict[str, Any] = {
    "a": lambda n: n,
    "b": lambda A: A + 1,
    "c": lambda A: A * 10,
    "d": lambda B, C: [B, C],
}


def fail(**_: Any) -> Any:
    raise ValueError("no")


def failing(times: int, error: type[Exception] = ValueError) -> Any:
    """Return a body that fails a few times, then gives 1."""
    left = itertools.count(times, -1)

    def body(**_: Any) -> int:
        if next(left) > 0:
            raise error("not yet")
        return 1

    return body


def test_diamond_executes_each_task_once_and_passes_values_on() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 4})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert sorted(workers.executed) == ["a/1", "b/1", "c/1", "d/1"]
    assert world.value("d", "D") == [5, 40]
    assert "4 of 4 tasks succeeded, 0 of them from the cache" in end.sentence


def test_independent_tasks_share_the_slots() -> None:
    world = World([task(f"t{i}") for i in range(9)], {f"t{i}": lambda: 1 for i in range(9)})
    end, workers = world.drive(slots=3)
    assert end.state is RunState.SUCCEEDED
    assert workers.most_busy == 3


def test_other_branches_go_on_when_one_fails_and_what_needs_it_is_skipped() -> None:
    tasks = [
        task("bad"),
        task("needs", "BAD<bad"),
        task("deep", "NEEDS<needs"),
        task("good"),
        task("more", "GOOD<good"),
    ]
    world = World(tasks, {"bad": fail, "good": lambda: 1, "more": lambda GOOD: 2, "needs": fail, "deep": fail})
    end, workers = world.drive()
    assert end.state is RunState.FAILED
    assert world.states() == {"bad": "failed", "good": "succeeded", "more": "succeeded"}
    assert {"needs/1", "deep/1"}.isdisjoint(workers.executed)
    assert world.status().tasks["deep"].state is TaskState.SKIPPED
    assert end.sentence.startswith("Task bad failed: ValueError: no. 2 of 5 tasks succeeded")


def test_retries_wait_twice_as_long_each_time() -> None:
    world = World([task("t", retries=3, retry_delay_s=8.0)], {"t": failing(3)})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    starts = list(workers.started_at.values())
    waits = [after - before for before, after in itertools.pairwise(starts)]
    assert waits == pytest.approx([8, 16, 32], abs=1)


def test_failure_after_the_last_retry_is_told_once() -> None:
    world = World([task("t", retries=2)], {"t": fail})
    end, workers = world.drive()
    assert end.state is RunState.FAILED
    assert workers.executed == ["t/1", "t/2", "t/3"]


def test_wait_between_retries_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "LONGEST_DELAY_S", 4.0)
    world = World([task("t", retries=40, retry_delay_s=1.0)], {"t": failing(40)})
    before = world.clock.now
    assert world.drive()[0].state is RunState.SUCCEEDED
    assert world.clock.now - before == pytest.approx(1 + 2 + 38 * 4, abs=15)


def test_lost_workers_spend_no_retries() -> None:
    world = World([task("t")], {"t": failing(2, LostError)})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert len(workers.executed) == 3


def test_task_that_takes_three_workers_down_is_given_up() -> None:
    world = World([task("t", retries=50)], {"t": failing(99, LostError)})
    end, workers = world.drive()
    assert end.state is RunState.FAILED
    assert len(workers.executed) == retrying.LOST_LIMIT
    assert "its worker process ended 3 times, the last time with not yet" in end.sentence


def test_attempt_that_does_not_end_is_killed_after_its_timeout() -> None:
    def hangs() -> None:
        raise HangsError

    world = World([task("t", timeout_s=5.0)], {"t": hangs})
    before = world.clock.now
    end, workers = world.drive()
    assert end.state is RunState.FAILED
    assert workers.cancelled == ["t/1"]
    assert "it took longer than 5 s and was killed" in end.sentence
    assert world.clock.now - before == pytest.approx(5 + driving.TIMEOUT_GRACE_S, abs=2)


def test_waiting_for_another_run_does_not_count_as_time_of_the_task() -> None:
    world = World([task("t", timeout_s=5.0)], {"t": lambda: 1})
    driver, workers = world.driver()
    outcome = world.outcome
    heard: list[float] = []

    def slowly(order: Any) -> Any:
        # 60 s behind somebody else's lease, then it begins.
        if not heard:
            heard.append(world.clock.now)
            world.clock.sleep(20)
            workers.say(WorkerNews.BEGUN, order.id)
            workers._open.append(order)
            world.begin = lambda order: None  # type: ignore[method-assign]
            raise HangsError
        world.clock.sleep(20)
        return outcome(order)

    world.outcome = slowly  # type: ignore[method-assign]
    assert driver.drive().state is RunState.SUCCEEDED
    assert workers.cancelled == []


def test_sweep_executes_shared_tasks_once() -> None:
    tasks = [task("load"), task("fit", "LOAD<load", "=rate"), task("score", "FIT<fit")]
    bodies = {"load": lambda: 1, "fit": lambda LOAD, rate: LOAD + rate, "score": lambda FIT: FIT * 2}
    world = World(tasks, bodies, sweep={"rate": [1, 2, 3]})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert sorted(workers.executed) == [
        "fit~0/1", "fit~1/1", "fit~2/1", "load/1", "score~0/1", "score~1/1", "score~2/1",
    ]  # fmt: skip
    assert [world.value(f"score~{index}", "SCORE") for index in range(3)] == [4, 6, 8]


@pytest.mark.parametrize("values", [[], [7], list(range(25))], ids=["none", "one", "many"])
def test_map_gathers_results_in_order(values: list[int]) -> None:
    world = World([task("fit", "=x", map_over="x"), task("all", "FIT<fit")], {
        "fit": lambda x: x * x, "all": lambda FIT: sum(FIT),
    }, parameters={"x": values})  # fmt: skip
    end, _ = world.drive(slots=3)
    assert end.state is RunState.SUCCEEDED
    assert world.value("fit", "FIT") == [value * value for value in values]
    assert world.ends()["fit"].elements == len(values)


def test_every_element_has_its_own_recorded_seed() -> None:
    tasks = [task("fit", "=x", map_over="x", seed=7), task("one", "=x", seed=7)]
    world = World(tasks, {"fit": lambda x: x, "one": len}, parameters={"x": [1, 2, 1]})
    world.drive()
    ends = world.ends()
    seeds = [ends[f"fit.{index}"].seed for index in range(3)]
    assert seeds[0] == seeds[2]
    assert len({*seeds, 7, None}) == 4
    assert ends["one"].seed == 7


def test_failing_element_fails_the_map_in_words_and_the_others_are_kept() -> None:
    def body(x: int) -> int:
        return 10 // x

    world = World([task("fit", "=x", map_over="x"), task("all", "FIT<fit")], {"fit": body}, parameters={"x": [1, 0, 2]})
    end, _ = world.drive()
    assert end.state is RunState.FAILED
    assert world.states() == {"fit": "failed", "fit.0": "succeeded", "fit.1": "failed", "fit.2": "succeeded"}
    assert "1 of 3 elements failed; the first, fit.1: ZeroDivisionError" in end.sentence
    assert world.status().tasks["all"].state is TaskState.SKIPPED


def test_resumed_map_executes_the_failed_element_only() -> None:
    world = World([task("fit", "=x", map_over="x")], {"fit": lambda x: 10 // x}, parameters={"x": [1, 0, 2]})
    world.drive()
    world.bodies["fit"] = lambda x: x
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["fit.1/2"]
    assert world.value("fit", "FIT") == [10, 0, 5]


def test_map_over_what_has_no_order_fails_in_words() -> None:
    world = World([task("fit", "=x", map_over="x")], {"fit": lambda x: x}, parameters={"x": 3})
    end, _ = world.drive()
    assert end.state is RunState.FAILED
    assert "maps over 'x', which is a int, not a sequence" in end.sentence


def test_equal_elements_execute_once() -> None:
    world = World([task("fit", "=x", map_over="x")], {"fit": lambda x: x}, parameters={"x": [5, 6]})
    world.drive()
    other = World(
        [task("fit", "=x", map_over="x")], {"fit": lambda x: x}, parameters={"x": [6, 5, 9]}, store=world.store
    )
    other.store.files.delete(f"default/{paths.plan(RUN)}")
    for name in ("fit", "fit.0", "fit.1"):
        other.store.project_files.delete(paths.attempt_end(RUN, name, 1))
        other.store.project_files.delete(paths.attempt_start(RUN, name, 1))
    end, workers = other.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["fit.2/1"]
    assert other.value("fit", "FIT") == [6, 5, 9]
    assert other.ends()["fit.0"].cached
    assert not other.ends()["fit"].cached


def test_resume_executes_only_what_is_missing() -> None:
    world = World(DIAMOND, {**BODIES, "c": fail}, parameters={"n": 1})
    assert world.drive()[0].state is RunState.FAILED
    world.bodies["c"] = BODIES["c"]
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["c/2", "d/1"]


def test_resume_of_a_whole_run_executes_nothing() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 1})
    world.drive()
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == []


def test_cancel_kills_what_runs_and_keeps_results() -> None:
    def hangs(**_: Any) -> None:
        raise HangsError

    world = World(DIAMOND, {**BODIES, "c": hangs}, parameters={"n": 1})
    driver, workers = world.driver()
    submit = workers.submit
    workers.submit = lambda order: (submit(order), order.task_id == "c" and world.cancel(1))  # type: ignore[assignment]
    end = driver.drive()
    assert end.state is RunState.CANCELLED
    assert workers.cancelled == ["c/1"]
    assert world.states()["a"] == "succeeded"
    assert world.states()["c"] == "cancelled"
    assert world.status().tasks["d"].state is TaskState.CANCELLED
    assert f"taskcell resume {RUN}" in end.sentence


def test_cancel_does_not_stop_a_later_resume() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 1})
    world.cancel(1)
    assert world.drive()[0].state is RunState.CANCELLED
    assert world.drive()[0].state is RunState.SUCCEEDED


def test_cancel_of_a_run_whose_driver_died_ends_its_strays() -> None:
    world = World([task("t")], {"t": lambda: 1})
    _begun(world, "t")
    leading.Leadership(world.store, RUN, 0, restarts=False, is_gone=lambda _: False).begin()
    world.cancel(2)
    end, workers = world.drive(epoch=2)
    assert end.state is RunState.CANCELLED
    assert workers.strays_stopped == 1
    assert world.states() == {"t": "cancelled"}


def test_attempt_of_a_dead_worker_is_made_again() -> None:
    world = World([task("t")], {"t": lambda: 1})
    _begun(world, "t")
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["t/2"]
    assert workers.cancelled == ["t/1"]


def test_attempt_of_a_living_worker_is_waited_for() -> None:
    world = World([task("t")], {"t": lambda: 1})
    order = _begun(world, "t")
    lease = world.store.files.lease(states.attempt_lease("default", RUN, "t", 1))
    assert lease.acquire()
    sleep = world.clock.sleep

    def ends_after_a_while(seconds: float) -> None:
        sleep(seconds)
        if world.clock.now > 1030 and "t" not in world.ends():
            ending.commit(world.store, RUN, world.outcome(order))
            lease.release()

    world.clock.sleep = ends_after_a_while  # type: ignore[method-assign]
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == []


def test_what_an_earlier_drivers_worker_has_is_heard_of_and_not_ordered_again() -> None:
    world = World([task("t")], {"t": lambda: 1})
    order = _begun(world, "t")
    driver, workers = world.driver(epoch=2)
    workers.held = [order]
    workers.say(WorkerNews.DONE, order.id)
    driver_recalls = workers.recall

    def recall_then_end(ended: Any) -> Any:
        found = driver_recalls(ended)
        ending.commit(world.store, RUN, world.outcome(order))
        return found

    workers.recall = recall_then_end  # type: ignore[method-assign]
    assert driver.drive().state is RunState.SUCCEEDED
    assert workers.executed == []


def test_an_element_that_an_earlier_drivers_worker_has_not_begun_is_not_ordered_again() -> None:
    cells, bodies = [task("square", "=items", map_over="items")], {"square": lambda items: items * items}
    twin = World(cells, bodies, parameters={"items": [1, 2, 3]})
    orders = twin.drive()[1].submitted
    world = World(cells, bodies, parameters={"items": [1, 2, 3]})
    driver, workers = world.driver(epoch=2)
    workers.hand_over(orders["square.1/1"])
    assert driver.drive().state is RunState.SUCCEEDED
    assert sorted(workers.executed) == ["square.0/1", "square.1/1", "square.2/1"]
    assert "square.1/1" not in workers.submitted


def test_an_order_that_has_ended_is_not_taken_over() -> None:
    world = World([task("t")], {"t": lambda: 1})
    order = _begun(world, "t")
    ending.commit(world.store, RUN, world.outcome(order))
    driver, workers = world.driver(epoch=2)
    workers.held = [order]
    assert driver.drive().state is RunState.SUCCEEDED
    assert workers.busy == {}


def test_a_key_that_a_worker_held_which_is_gone_is_freed_before_the_next_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World([task("t")], {"t": failing(1, LostError)})
    asked: list[bool] = []
    lease_type = type(world.store.files.lease("x"))
    monkeypatch.setattr(lease_type, "revoke", lambda _, is_gone: asked.append(is_gone("pod-1")))
    driver, workers = world.driver()
    workers.host = "pod-1"
    assert driver.drive().state is RunState.SUCCEEDED
    assert asked == [True]


def test_a_driver_that_has_lost_the_lead_leaves_its_workers_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([task("t")], {"t": lambda: 1})
    driver, workers = world.driver()
    monkeypatch.setattr(leading.Leadership, "is_lost", lambda _: True)
    with pytest.raises(driving.ReplacedError):
        driver.drive()
    assert workers.closed == 0
    assert states.newest(world.store, paths.driver_ends(RUN), DriverEnd)[0] == 0


def _begun(world: World, name: str) -> Any:
    """Begin an attempt and leave it, as a worker does that is killed."""
    driver, _ = world.driver()
    node = driver._graph.find(name)
    assert node is not None
    order = driver._settling.orders.order(node, 1)
    order = msgspec.structs.replace(order, attempt=1)
    world.begin(order)
    return order


def test_answer_without_a_record_counts_as_a_lost_worker() -> None:
    world = World([task("t")], {"t": failing(1, LeavesNothingError)})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["t/1", "t/2"]


def test_worker_that_was_killed_after_its_commit_lost_nothing() -> None:
    world = World([task("t")], {"t": lambda: 1})
    outcome = world.outcome

    def commits_and_dies(order: Any) -> Any:
        ending.commit(world.store, RUN, outcome(order))
        raise LostError

    world.outcome = commits_and_dies  # type: ignore[method-assign]
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["t/1"]


def test_second_driver_leaves_while_the_first_is_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "PATIENCE_S", 0.0)
    world = World([task("t")], {"t": lambda: 1})
    lease = world.store.files.lease(leading.leader_lease("default", RUN))
    assert lease.acquire()
    with pytest.raises(errors.ConflictError, match="has a driver already"):
        world.drive()
    assert world.states() == {}


def test_two_resumes_at_once_make_one_driver() -> None:
    world = World([task("t")], {"t": fail})
    world.drive()
    world.drive(epoch=2)
    with pytest.raises(errors.ConflictError, match="taken by another driver"):
        world.drive(epoch=2)
    assert world.ends()["t"].attempt == 2


def test_drivers_racing_for_one_epoch_execute_each_task_once() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 1})
    executed: list[str] = []
    refused: list[Exception] = []

    def drive() -> None:
        try:
            executed.extend(world.drive(epoch=1)[1].executed)
        except errors.ConflictError as exc:
            refused.append(exc)

    threads = [threading.Thread(target=drive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(executed) == ["a/1", "b/1", "c/1", "d/1"]
    assert len(refused) == 3


def test_results_in_the_cache_start_no_worker() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 1})
    world.drive()
    world.store.files.delete(f"default/{paths.plan(RUN)}")
    for name in "abcd":
        world.store.project_files.delete(paths.attempt_end(RUN, name, 1))
        world.store.project_files.delete(paths.attempt_start(RUN, name, 1))
    end, workers = world.drive()
    assert workers.executed == []
    assert all(end.cached for end in world.ends().values())
    assert "4 of 4 tasks succeeded, 4 of them from the cache" in end.sentence


def test_record_of_a_stray_worker_beats_the_drivers_hit() -> None:
    world = World([task("t")], {"t": lambda: 1})
    _, _ = world.drive()
    world.store.project_files.delete(paths.attempt_end(RUN, "t", 1))
    driver, workers = world.driver()
    recall = driver._recall

    def recall_just_before_a_stray_commits() -> None:
        world.store.project_files.delete(paths.attempt_start(RUN, "t", 1))
        recall()
        driver_order = driver._settling.orders.order(driver._graph.find("t"), 1)  # type: ignore[arg-type]
        error = TaskError(kind="exception", sentence="the stray's")
        order = msgspec.structs.replace(driver_order, attempt=1)
        end = ending.of_order(order, datetime.now(UTC), 0.0, state=TaskState.FAILED, error=error)
        ending.commit(world.store, RUN, end)

    driver._recall = recall_just_before_a_stray_commits  # type: ignore[method-assign]
    assert driver.drive().state is RunState.FAILED
    assert workers.executed == []


def test_output_that_was_not_kept_is_named_by_who_needs_it() -> None:
    world = World([task("a", outputs=["x", "y"]), task("b", "x<a")], {"a": lambda: {"y": 1}, "b": lambda x: x})
    end, _ = world.drive()
    assert end.state is RunState.FAILED
    assert "its input 'x' was not kept by task 'a'" in end.sentence


def test_map_keeps_an_output_only_when_every_element_has_it() -> None:
    world = World(
        [task("fit", "=x", outputs=["y", "z"], map_over="x")],
        {"fit": lambda x: {"y": x} if x == 2 else {"y": x, "z": x}},
        parameters={"x": [1, 2, 3]},
    )
    end, _ = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert world.value("fit", "y") == [1, 2, 3]
    assert "z" not in world.ends()["fit"].outputs
    assert world.ends()["fit"].notices == ("z is not kept: some elements could not store it",)


def test_driver_that_fails_says_why_and_how_to_go_on() -> None:
    world = World([task("t")], {"t": lambda: 1})
    driver, workers = world.driver()

    def full(order: Any) -> None:
        raise errors.StoreError("The store is full: can't write /s/blobs.", remedy="Free some space.")

    workers.submit = full  # type: ignore[method-assign]
    with pytest.raises(errors.StoreError):
        driver.drive()
    status = world.status()
    assert status.state is RunState.FAILED
    told = "The driver gave up: The store is full: can't write /s/blobs. Free some space."
    assert status.sentence == f"{told} Go on with: taskcell resume {RUN}"
    assert workers.closed >= 1


def test_many_hits_are_recorded_once_each_whatever_waits_for_what() -> None:
    sources = [task(f"s{n}", code=f"s{n}") for n in range(20)]
    sinks = [task(f"t{n}", f"S{n}<s{n}", f"S{(n + 7) % 20}<s{(n + 7) % 20}", code=f"t{n}") for n in range(20)]
    bodies = {each.name: (lambda **inputs: sorted(inputs)) for each in [*sources, *sinks]}
    world = World([*sources, *sinks], bodies)
    world.drive()
    for each in [*sources, *sinks]:
        world.store.project_files.delete(paths.attempt_end(RUN, each.name, 1))
        world.store.project_files.delete(paths.attempt_start(RUN, each.name, 1))
    end, workers = world.drive(slots=1)
    assert (end.state, workers.executed) == (RunState.SUCCEEDED, [])
    assert {name: (found.attempt, found.cached) for name, found in world.ends().items()} == {
        each.name: (1, True) for each in [*sources, *sinks]
    }


def test_an_error_that_would_repeat_is_not_tried_again_however_many_retries_there_are() -> None:
    def no_image() -> None:
        raise LostError(error=TaskError(kind="image", sentence="no such image", final=True))

    world = World([task("t", retries=5)], {"t": no_image})
    end, workers = world.drive()
    assert workers.executed == ["t/1"]
    assert "Task t failed: no such image" in end.sentence


def test_interruptions_by_the_platform_spend_nothing() -> None:
    lost = iter(range(10))

    def interrupted() -> int:
        if next(lost) < 9:
            raise LostError(error=TaskError(kind="interrupted", sentence="evicted", counts=False))
        return 1

    world = World([task("t")], {"t": interrupted})
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert len(workers.executed) == 10 > retrying.LOST_LIMIT


def test_a_task_that_outgrows_its_memory_spends_its_retries() -> None:
    def too_large() -> None:
        raise LostError(error=TaskError(kind="memory", sentence="out of memory"))

    world = World([task("t", retries=1)], {"t": too_large})
    end, workers = world.drive()
    assert workers.executed == ["t/1", "t/2"]
    assert "out of memory" in end.sentence


def test_what_a_task_waits_for_is_told_while_it_waits() -> None:
    world = World([task("t")], {"t": lambda: 1})
    driver, workers = world.driver()
    outcome = world.outcome
    told: list[str] = []

    def delayed(order: Any) -> Any:
        workers.say(WorkerNews.WAITING, order.id, "no node takes it")
        for event in workers.events(0.0):
            driver._hear(event, {})
        driver._waits.publish(1, 0.0)
        told.append(_sentence(world))
        return outcome(order)

    world.outcome = delayed  # type: ignore[method-assign]
    assert driver.drive().state is RunState.SUCCEEDED
    assert told == ["Running; t waits: no node takes it."]


def _sentence(world: World) -> str:
    class Alive(Gone):
        def alive(self, plan: Any, start: Any) -> bool:
            return True

    plan = msgspec.structs.replace(world.plan, backend="kubernetes")
    return states.read_head(world.store, RUN, Alive(), plan).sentence


def test_a_driver_that_is_replaced_leaves_its_workers_alone() -> None:
    def replaced() -> None:
        raise driving.ReplacedError

    world = World([task("t")], {"t": replaced})
    driver, workers = world.driver()
    with pytest.raises(driving.ReplacedError):
        driver.drive()
    assert workers.closed == 0
    assert world.store.records.latest(paths.driver_ends(RUN), DriverEnd) is None
    world.bodies["t"] = lambda: 1
    assert world.drive()[0].state is RunState.SUCCEEDED


def test_workers_hear_what_becomes_ready_next_but_not_what_waits_for_more() -> None:
    tasks = [
        task("a", outputs=["x"]),
        task("b", outputs=["y"]),
        task("c", "x<a", outputs=["z"]),
        task("d", "z<c", "y<b"),
    ]
    _, workers = World(tasks, {name: lambda **_: 1 for name in "abcd"}).drive(slots=1)
    assert workers.foreseen == [1, 0, 1, 0], "a: c; b after it: nothing new; c: d; d: nothing"


def test_attempt_of_a_living_worker_with_a_lease_of_its_own_is_waited_for_and_made_again_when_it_dies() -> None:
    world = World([task("t")], {"t": lambda: 1})
    start = AttemptStart(task_id="t", attempt=1, epoch=1, host="pod", started_at=datetime.now(UTC), worker="pod-1")
    world.store.records.create(paths.attempt_start(RUN, "t", 1), start)
    lease = world.store.files.lease(states.worker_lease("default", RUN, "pod-1"))
    assert lease.acquire()
    sleep = world.clock.sleep

    def dies_after_a_while(seconds: float) -> None:
        sleep(seconds)
        if world.clock.now > 1030:
            lease.release()

    world.clock.sleep = dies_after_a_while  # type: ignore[method-assign]
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["t/2"]
    assert world.clock.now > 1030


def test_elements_are_not_claimed_once_those_before_them_took_next_to_nothing() -> None:
    world = World([task("fit", "=x", map_over="x")], {"fit": lambda x: x}, parameters={"x": list(range(9))})
    _, workers = world.drive(slots=2)
    brief = [workers.submitted[f"fit.{n}/1"].brief for n in range(9)]
    assert brief[:2] == [False, False]
    assert all(brief[4:])


def test_a_task_that_is_no_element_is_claimed_however_short_others_are() -> None:
    world = World(DIAMOND, BODIES, parameters={"n": 1})
    _, workers = world.drive()
    assert not any(order.brief for order in workers.submitted.values())
