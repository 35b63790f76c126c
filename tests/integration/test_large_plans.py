"""A driver of many tasks: the work for each is that of a few, and what it keeps of each is little."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.unit.engine.driver_world import World, task

from taskcell.model.runs import RunState
from taskcell.store.opening import open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MOST_BYTES_EACH = 12_000
"""Of a driver's memory, for a task that has ended: node, order, and the end with its key's parts."""


def _world(folder: Path, number: int) -> World:
    middle = [task(f"m{n}", "SRC<src") for n in range(number - 2)]
    tasks = [task("src"), *middle, task("tail", "M0<m0")]
    bodies = {each.name: (lambda **_: 1) for each in tasks}
    return World(tasks, bodies, store=open_store((folder / str(number)).as_uri(), durability="process"))


def _calls_each(folder: Path, number: int) -> float:
    """Return how many Python functions are called for each task of a run, workers and store included."""
    driver, _ = _world(folder, number).driver(slots=64)
    calls = 0

    def count(_frame: Any, what: str, _argument: Any) -> None:
        nonlocal calls
        calls += what == "call"

    sys.setprofile(count)
    try:
        assert driver.drive().state is RunState.SUCCEEDED
    finally:
        sys.setprofile(None)
    return calls / number


def test_the_work_for_a_task_does_not_grow_with_the_plan(tmp_path: Path) -> None:
    few, many = _calls_each(tmp_path, 200), _calls_each(tmp_path, 1000)
    assert many < 1.15 * few, (few, many)


def test_ten_thousand_tasks_are_driven_in_bounded_memory(tmp_path: Path) -> None:
    number = 10_000
    driver, workers = _world(tmp_path, number).driver(slots=64)
    gc.collect()
    before = psutil.Process().memory_info().rss
    assert driver.drive().state is RunState.SUCCEEDED
    workers.submitted.clear()  # the fakes' own notes
    gc.collect()
    kept = psutil.Process().memory_info().rss - before
    print(f"{kept / number:,.0f} bytes a task")
    assert kept < number * MOST_BYTES_EACH
