from __future__ import annotations

from datetime import UTC, datetime

import pytest
from driver_world import RUN, Gone, task

from taskcell import errors
from taskcell.api.definitions import ordering
from taskcell.engine import planning, states
from taskcell.engine.nodes import Graph
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Plan, PlannedTask, TaskState
from taskcell.model.tasks import Task, Workflow
from taskcell.store.opening import open_store

ONE = Artifact(digest="1" * 64, codec="json/1", type="int", meta={"value": 1})


def plan_of(tasks: list[Task], sweep: dict[str, list[object]] | None = None) -> tuple[PlannedTask, ...]:
    swept = {name: [(value, ONE) for value in values] for name, values in (sweep or {}).items()}
    return planning.plan_tasks(
        Workflow(name="w", tasks=tuple(tasks)), {item.name: "0" * 64 for item in tasks}, {"n": ONE}, swept
    )


def chain(depth: int) -> list[Task]:
    first = task("t0", outputs=["v0"])
    return [first, *(task(f"t{i}", f"v{i - 1}<t{i - 1}", outputs=[f"v{i}"]) for i in range(1, depth))]


def whole(tasks: tuple[PlannedTask, ...]) -> Plan:
    return Plan(
        run_id=RUN,
        project="default",
        workflow="w",
        version_number=1,
        version="0" * 64,
        parameters={},
        tasks=tasks,
        backend="local",
        author="ana",
        host="here",
        created_at=datetime.now(UTC),
    )


def test_ten_thousand_tasks_are_planned() -> None:
    tasks = [task("t0", outputs=["v0"])]
    tasks += [task(f"t{i}", f"v{(i - 1) // 2}<t{(i - 1) // 2}", "=n", outputs=[f"v{i}"]) for i in range(1, 10_000)]
    planned = plan_of(tasks)
    graph = Graph(whole(planned), lambda _: tasks[0])
    assert len(planned) == 10_000
    assert [node.id for node in graph.ready] == ["t0"]


def test_deep_chain_needs_no_recursion() -> None:
    depth = 5000
    tasks = chain(depth)
    ordered = ordering.in_order(tasks[::-1])
    assert [item.name for item in ordered] == [item.name for item in tasks]
    plan = whole(plan_of(list(ordered)))
    graph = Graph(plan, lambda _: tasks[0])
    first, last = graph.find("t0"), graph.find(f"t{depth - 1}")
    assert first is not None
    assert last is not None
    graph.fail(first)
    assert last.state is TaskState.SKIPPED
    store = open_store(f"memory://{id(plan)}")
    status = states.read_status(store, RUN, Gone(), plan)
    assert len(status.tasks) == depth


def test_long_cycle_is_named_shortly() -> None:
    tasks = chain(3000)
    tasks[0] = task("t0", "v2999<t2999", outputs=["v0"])
    with pytest.raises(errors.DefinitionError, match="in a cycle") as raised:
        ordering.in_order(tasks)
    assert len(str(raised.value)) < 500


def test_task_is_planned_once_for_each_combination_that_it_depends_on() -> None:
    tasks = [
        task("load", "=n"),
        task("fit", "LOAD<load", "=a"),
        task("other", "LOAD<load", "=b"),
        task("both", "FIT<fit", "OTHER<other"),
    ]
    planned = {item.id: item for item in plan_of(tasks, {"a": [1, 2], "b": ["x", "y", "z"]})}
    assert len(planned) == 1 + 2 + 3 + 6
    assert planned["both~4"].branch == {"a": 2, "b": "y"}
    assert [binding.source for binding in planned["both~4"].bindings] == ["fit~1", "other~1"]
    assert planned["fit~1"].label == "fit[a=2]"
    assert planned["load"].label == "load"
