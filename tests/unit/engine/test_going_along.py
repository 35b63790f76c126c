"""Task runs that are handed over together with the one whose result they need."""

# ruff: noqa: N803  an output has a capital name, and bodies are called by keyword
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from driver_world import LostError, World, task

from taskcell.engine import driving, ending
from taskcell.model.runs import RunState, TaskState

CHAIN = [task("a"), task("b", "A<a"), task("c", "B<b"), task("d", "A<a", "C<c")]
BODIES: dict[str, Any] = {"a": lambda: 1, "b": lambda A: A + 1, "c": lambda B: B + 1, "d": lambda A, C: [A, C]}


def failing_once(error: Exception) -> Any:
    left = [error]

    def body(**_: Any) -> int:
        if left:
            raise left.pop()
        return 5

    return body


def test_a_chain_is_handed_over_at_once_and_each_link_is_recorded() -> None:
    world = World(CHAIN, BODIES)
    end, workers = world.drive(along=True)
    assert end.state is RunState.SUCCEEDED
    assert list(workers.submitted) == ["a/1"]
    assert workers.executed == ["a/1", "b/1", "c/1", "d/1"]
    assert workers.gone_on == ["b/1", "c/1", "d/1"]
    assert not workers.withdrawn
    assert world.value("d", "D") == [1, 3]


def test_keys_are_those_of_orders_that_go_one_by_one() -> None:
    together, apart = World(CHAIN, BODIES), World(CHAIN, BODIES)
    together.drive(along=True)
    apart.drive()
    assert {name: end.key for name, end in together.ends().items()} == {
        name: end.key for name, end in apart.ends().items()
    }


def test_of_several_that_could_follow_one_goes_along_and_the_others_are_dealt() -> None:
    tasks = [task("a"), task("b", "A<a"), task("c", "A<a"), task("d", "B<b", "C<c")]
    world = World(tasks, {**BODIES, "c": lambda A: A * 10, "d": lambda B, C: [B, C]})
    end, workers = world.drive(along=True)
    assert end.state is RunState.SUCCEEDED
    assert sorted(workers.executed) == ["a/1", "b/1", "c/1", "d/1"]
    assert [order.task_id for order in workers.submitted["a/1"].then] == ["b"]
    assert world.value("d", "D") == [2, 10]


def test_a_link_that_fails_ends_the_chain_and_is_tried_again_with_the_rest() -> None:
    tasks = [task("a"), task("b", "A<a", retries=1), task("c", "B<b", retries=1)]
    world = World(tasks, {**BODIES, "b": failing_once(ValueError("not yet"))})
    end, workers = world.drive(along=True)
    assert end.state is RunState.SUCCEEDED
    assert world.value("c", "C") == 6
    assert workers.executed[-3:] == ["b/1", "b/2", "c/1"]
    assert workers.withdrawn == ["c/1"]


def test_what_follows_a_failure_is_skipped() -> None:
    tasks = [task("a", retries=0), task("b", "A<a"), task("c", "B<b")]
    world = World(tasks, {**BODIES, "a": failing_once(ValueError("no"))})
    end, workers = world.drive(along=True)
    assert end.state is RunState.FAILED
    assert workers.executed == ["a/1"]
    assert workers.withdrawn == ["b/1"]
    assert world.status().tasks["c"].state is TaskState.SKIPPED


def test_a_link_whose_worker_dies_is_made_by_another_one() -> None:
    world = World(CHAIN, {**BODIES, "b": failing_once(LostError("killed"))})
    end, workers = world.drive(along=True)
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["a/1", "b/1", "b/2", "c/1", "d/1"]


def test_an_output_that_was_not_kept_ends_the_chain_with_its_reason() -> None:
    world = World(CHAIN, {**BODIES, "b": lambda A: {}})
    end, workers = world.drive(along=True)
    assert end.state is RunState.FAILED
    assert "was not kept by task 'b'" in end.sentence
    assert workers.withdrawn == ["c/1"]


def test_a_long_chain_is_handed_over_in_pieces() -> None:
    count = 2 * driving.FORESIGHT + 5
    tasks = [task("t0"), *(task(f"t{n}", f"T{n - 1}<t{n - 1}") for n in range(1, count))]
    bodies: dict[str, Any] = {
        "t0": lambda: 0,
        **{f"t{n}": lambda **given: sum(given.values()) + 1 for n in range(1, count)},
    }
    world = World(tasks, bodies)
    end, workers = world.drive(along=True)
    assert end.state is RunState.SUCCEEDED
    assert len(workers.submitted) == 3
    assert world.value(f"t{count - 1}", f"T{count - 1}") == count - 1


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_driver_that_is_started_again_knows_how_far_a_chain_has_come(done: int) -> None:
    world = World(CHAIN, BODIES)
    first, workers = world.driver(along=True)
    first._leadership.__enter__()
    first._epoch = first._leadership.begin()
    first._recall()
    first._start_ready()
    letter = workers.submitted["a/1"]
    first._leadership.__exit__(None, None, None)
    for name in ("a", "b")[:done]:
        node = first._graph.find(name)
        assert node is not None
        order = msgspec.structs.replace(first._settling.orders.order(node, 1), attempt=1)
        end = ending.commit(world.store, world.plan.run_id, world.outcome(order))
        first._graph.succeed(node, end)
    second, others = world.driver(along=True)
    others.letters = [letter]
    end_of_run = second.drive()
    assert end_of_run.state is RunState.SUCCEEDED
    assert others.executed == ["a/1", "b/1", "c/1", "d/1"][done:]
    assert not others.submitted
