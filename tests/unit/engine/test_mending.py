# ruff: noqa: N803, PLW0108  an output has a capital name, and bodies are called by keyword
"""What was stored and is damaged later: noticed, told, made again."""

from __future__ import annotations

from typing import Any

import pytest
from driver_world import RUN, Gone, World, task

from taskcell import errors
from taskcell.engine import states
from taskcell.model.runs import RunState, TaskState
from taskcell.store import paths

BIG = "0123456789" * 1000


def chain(**bodies: Any) -> World:
    tasks = [task("a"), task("b", "A<a"), task("c", "B<b")]
    made = {"a": lambda: BIG, "b": lambda A: A + "b", "c": lambda B: len(B)}
    return World(tasks, {**made, **bodies})


def forget(world: World, *names: str) -> None:
    """Remove the records of first attempts, so that the next driver starts anew."""
    for name in names:
        world.store.project_files.delete(paths.attempt_end(RUN, name, 1))
        world.store.project_files.delete(paths.attempt_start(RUN, name, 1))


def fails_once(value: Any) -> Any:
    seen: list[int] = []

    def body(**_: Any) -> Any:
        seen.append(1)
        if len(seen) == 1:
            raise ValueError("first")
        return value

    return body


def test_damaged_result_in_the_cache_is_told_and_made_again() -> None:
    world = chain()
    world.drive()
    world.damage(world.ends()["a"].outputs["A"])
    forget(world, "a", "b", "c")
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["a/1"]
    (notice,) = world.ends()["a"].notices
    assert notice.startswith("its cached result was unusable and is computed again: ")
    assert world.ends()["b"].cached


def test_damaged_input_is_made_again_by_its_task_once() -> None:
    world = chain(b=fails_once("b"))
    world.drive()
    world.damage(world.ends()["a"].outputs["A"])
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["b/2", "a/2", "b/3", "c/1"]
    assert any("was damaged in the store and is made again" in notice for notice in world.ends()["a"].notices)


def test_missing_input_is_made_again_by_its_task() -> None:
    world = chain(b=fails_once("b"))
    world.drive()
    for blob in world.ends()["a"].outputs["A"].blobs:
        world.store.blobs.delete(blob)
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["b/2", "a/2", "b/3", "c/1"]


def test_damage_further_up_is_mended_too() -> None:
    world = chain(c=fails_once(1))
    world.drive()
    world.damage(world.ends()["a"].outputs["A"])
    world.damage(world.ends()["b"].outputs["B"])
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["c/2", "b/2", "a/2", "b/3", "c/3"]


def test_damage_that_comes_back_is_not_mended_for_ever() -> None:
    world = chain(b=lambda A: 1)
    outcome = world.outcome

    def damaging(order: Any) -> Any:
        end = outcome(order)
        if order.task_id == "a":
            world.damage(end.outputs["A"])
        return end

    world.outcome = damaging  # type: ignore[method-assign]
    end, workers = world.drive()
    assert end.state is RunState.FAILED
    assert workers.executed == ["a/1", "b/1", "a/2", "b/2"]
    assert "Task b failed" in end.sentence
    assert "corrupt" in end.sentence


def test_damaged_parameter_fails_in_words() -> None:
    world = World([task("t", "=text")], {"t": lambda text: 1}, parameters={"text": BIG})
    world.damage(world.plan.tasks[0].bindings[0].artifact)  # type: ignore[arg-type]
    end, _ = world.drive()
    assert end.state is RunState.FAILED
    assert "is corrupt" in end.sentence


def test_mapped_list_is_made_again_element_by_element() -> None:
    tasks = [task("fit", "=x", map_over="x"), task("all", "FIT<fit")]
    world = World(tasks, {"fit": lambda x: BIG + str(x), "all": fails_once(1)}, parameters={"x": [1, 2, 3]})
    world.drive()
    world.damage(world.ends()["fit.1"].outputs["FIT"])
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert [name for name in workers.executed if name.startswith("fit")] == ["fit.1/2"]


def test_damaged_input_of_a_map_is_made_again() -> None:
    tasks = [task("rows"), task("fit", "ROWS<rows", map_over="ROWS")]
    world = World(tasks, {"rows": lambda: [BIG, BIG + "x"], "fit": lambda ROWS: len(ROWS)})
    world.drive()
    world.damage(world.ends()["rows"].outputs["ROWS"])
    forget(world, "fit", "fit.0", "fit.1")
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["rows/2"]


def test_damaged_record_of_an_attempt_is_told_and_made_again() -> None:
    world = chain()
    world.drive()
    path = paths.attempt_end(RUN, "b", 1)
    data = world.store.project_files.read(path)
    world.store.project_files.delete(path)
    world.store.project_files.create(path, data[: len(data) // 2])
    status = world.status().tasks["b"]
    assert status.state is TaskState.FAILED
    assert status.end is not None
    assert status.end.error is not None
    assert "its record can't be read" in status.end.error.sentence
    end, _ = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert world.ends()["b"].attempt == 2
    assert world.ends()["b"].notices[0].startswith("attempt 1 is not used: its record can't be read")


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_damaged_cache_entry_is_told_and_made_again(cut: int) -> None:
    world = World([task("t")], {"t": lambda: 1})
    world.drive()
    path = paths.cache_entry(world.ends()["t"].key or "")
    data = world.store.project_files.read(path)
    world.store.project_files.delete(path)
    world.store.project_files.create(path, data[:cut])
    forget(world, "t")
    end, workers = world.drive()
    assert end.state is RunState.SUCCEEDED
    assert workers.executed == ["t/1"]
    assert "its cached result was unusable" in world.ends()["t"].notices[0]
    assert world.results.find(world.ends()["t"].key or "") is not None


@pytest.mark.parametrize("path", [paths.plan(RUN), paths.driver_start(RUN, 1), paths.driver_end(RUN, 1)])
def test_damaged_record_of_the_run_itself_is_named_with_what_to_do(path: str) -> None:
    world = chain()
    world.drive()
    data = world.store.project_files.read(path)
    world.store.project_files.delete(path)
    world.store.project_files.create(path, data.replace(b"1", b"2"))
    with pytest.raises(errors.FormatError, match="is damaged") as refused:
        states.read_status(world.store, RUN, Gone())
    assert path in refused.value.message
    assert "Restore the file from a backup" in refused.value.remedy


def test_attempt_is_read_whatever_else_lies_beside_it() -> None:
    world = World([task("t")], {"t": lambda: 1})
    world.drive()
    world.store.project_files.create(f"{paths.attempts(RUN, 't')}/note.txt", b"?")
    assert states.read_attempt(world.store, RUN, "t").number == 1  # type: ignore[union-attr]
