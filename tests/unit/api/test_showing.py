from __future__ import annotations

from datetime import UTC, datetime

from tests.unit.api.recorded_runs import Recorder, task

from taskcell.api import showing
from taskcell.api.comparisons import differing
from taskcell.engine.states import RunStatus, TaskStatus
from taskcell.hashing import Digest
from taskcell.model.runs import AttemptEnd, Plan, RunState, TaskState
from taskcell.model.tasks import Parameter, Workflow
from taskcell.model.versions import Environment
from taskcell.views.graph import Role
from taskcell.views.states import State

NOW = datetime(2025, 6, 3, tzinfo=UTC)


def _end(name: str, state: TaskState = TaskState.SUCCEEDED, *, cached: bool = False) -> AttemptEnd:
    return AttemptEnd(task_id=name, attempt=1, state=state, started_at=NOW, ended_at=NOW, duration_s=2.0, cached=cached)


def _status(*tasks: TaskStatus, state: RunState = RunState.RUNNING) -> RunStatus:
    plan = Plan(
        run_id="0" * 26,
        project="default",
        workflow="flow",
        version_number=3,
        version=Digest(""),
        parameters={},
        tasks=(),
        backend="local",
        author="ana",
        host="here",
        created_at=NOW,
    )
    return RunStatus(plan=plan, state=state, sentence="", tasks={task.id: task for task in tasks}, epoch=1)


def _task(name: str, state: TaskState, *, cached: bool = False) -> TaskStatus:
    end = _end(name, state, cached=cached) if state.ended else None
    return TaskStatus(
        id=name, task_name=name, label=name, state=state, attempt=int(state is not TaskState.PENDING), end=end
    )


def test_elements_of_a_map_are_folded_to_counts() -> None:
    status = _status(
        _task("fit", TaskState.PENDING),
        _task("fit.0", TaskState.SUCCEEDED),
        _task("fit.1", TaskState.SUCCEEDED, cached=True),
        _task("fit.2", TaskState.RUNNING),
    )
    (node,) = showing.run_graph(status).nodes
    assert node.state is State.RUNNING
    assert node.counts == {"succeeded": 1, "cached": 1, "running": 1}


def test_run_view_has_one_row_a_task_with_its_error() -> None:
    recorder = Recorder()
    tasks = {"a": (task("a", "", "x"), {"x": 1}), "b": (task("b", "x<-a", "y"), {})}
    run = recorder.run(tasks, failed={"b": "ValueError: no"}, state=RunState.FAILED)
    view = showing.run_view(run)
    assert [(row.id, row.state, row.error) for row in view.tasks] == [
        ("a", State.SUCCEEDED, ""),
        ("b", State.FAILED, "ValueError: no"),
    ]
    assert view.graph is not None
    assert [(edge.source, edge.target, edge.label) for edge in view.graph.edges] == [("a", "b", "x")]
    assert view.workflow == "flow@1"


def test_list_of_runs_counts_what_is_done() -> None:
    recorder = Recorder()
    run = recorder.run({"a": (task("a", "", "x"), {"x": 1})})
    (row,) = showing.run_list([run]).runs
    assert row.counts == {"succeeded": 1}
    assert row.duration_s == 10.0


def test_graph_of_a_workflow_has_parameters_that_are_read() -> None:
    workflow = Workflow(
        name="flow",
        tasks=(task("a", "n", "x"), task("b", "x<-a n", "y")),
        parameters=(
            Parameter(name="n", annotation="int", default=1),
            Parameter(name="unused", annotation="int", default=2),
        ),
    )
    graph = showing.workflow_graph(workflow, {"a": State.CACHED}, values={"n": 7})
    assert [(node.id, node.role, node.state) for node in graph.nodes] == [
        ("parameter:n", Role.PARAMETER, None),
        ("a", Role.TASK, State.CACHED),
        ("b", Role.TASK, None),
    ]
    assert graph.nodes[0].detail == "7"
    assert ("a", "b", "x") in [(edge.source, edge.target, edge.label) for edge in graph.edges]


def test_environment_changes_are_said_in_words() -> None:
    old = Environment(
        python="3.11.7",
        implementation="cpython",
        platform="linux",
        distributions=(("dask", "1"), ("pandas", "2.2")),
        digest=Digest(""),
    )
    new = Environment(
        python="3.12.1",
        implementation="cpython",
        platform="linux",
        distributions=(("pandas", "2.3"), ("polars", "1.0")),
        digest=Digest(""),
    )
    assert differing.environment_changes(old, new) == (
        "python 3.11.7 → 3.12.1",
        "− dask 1",
        "pandas 2.2 → 2.3",
        "+ polars 1.0",
    )
