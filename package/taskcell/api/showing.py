"""Turn runs, versions and workflows into the plain data that views draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from taskcell.engine import states as run_states
from taskcell.model.runs import ImageUse, Plan, RunState, TaskState
from taskcell.model.tasks import InputKind, Workflow
from taskcell.views import bundles, graph
from taskcell.views import runs as run_views
from taskcell.views.states import State

_COUNTED_TASKS = 500
"""Planned tasks up to which a list of runs says how many are done; more would make the list slow."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Run(Protocol):
    """What is shown of a run."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def link(self) -> str:
        """A link to it."""

    @property
    def images(self) -> Sequence[ImageUse]:
        """Images that its workers ran, on Kubernetes."""

    def status(self) -> run_states.RunStatus:
        """Return all that is known of it."""

    def head(self) -> run_states.RunHead:
        """Return its plan and how it ended."""


def bundle(view: bundles.View) -> dict[str, Any]:
    """Return a view's text, HTML and data, for ``_repr_mimebundle_``."""
    return bundles.mimebundle(view)


class Viewed:
    """Something that shows itself through views: in a notebook, in a terminal, as data."""

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown, one below the other."""
        raise NotImplementedError

    def to_text(self, width: int = 100) -> str:
        """Return it for a terminal of ``width`` cells."""
        return "\n\n".join(bundles.to_text(view, width) for view in self.views)

    def to_html(self) -> str:
        """Return it as HTML that stands alone."""
        return "\n".join(bundles.to_html(view) for view in self.views)

    def to_data(self) -> Any:
        """Return it in JSON form: one view, or a list of them."""
        data = [bundles.to_data(view) for view in self.views]
        return data[0] if len(data) == 1 else data

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        if len(self.views) == 1:
            return bundle(self.views[0])
        return {"text/plain": self.to_text(), "text/html": self.to_html()}


class Shown(Viewed):
    """Some views, to be shown one below the other."""

    def __init__(self, *views: bundles.View) -> None:
        self._views = views

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown."""
        return self._views

    def __repr__(self) -> str:
        return self.to_text()


# -- runs ------------------------------------------------------------------------------------------------------------


def run_view(run: Run) -> run_views.RunView:
    """Return one run as it stands: tasks, graph, counts, where results came from, what went wrong."""
    status, now = run.status(), datetime.now(UTC)
    plan = status.plan
    return run_views.RunView(
        id=run.id,
        workflow=reference(plan),
        state=State(status.state),
        shown_at=now,
        created_at=plan.created_at,
        sentence=status.sentence if status.state.ended else "",
        author=plan.author,
        duration_s=duration_s(status, now),
        backend=plan.backend,
        parameters={**plan.parameters, **plan.sweep},
        tasks=tuple(task_row(task, elements, now) for task, elements in folded(status)),
        graph=run_graph(status),
        notices=run_notices(run, status),
        link=run.link,
        ended_at=status.ended_at,
        cancelling=status.cancelling,
        reproduces=plan.reproduces or "",
    )


def reference(plan: Plan) -> str:
    """Return what a run executes: ``churn@7``."""
    return f"{plan.workflow}@{plan.version_number}" if plan.version_number else plan.workflow


def duration_s(status: run_states.RunStatus, now: datetime) -> float:
    """Return seconds from the launch to the end, or so far; of a notebook's session, to its last task."""
    ended = status.ended_at
    if ended is None and status.state.ended:
        ended = max((task.end.ended_at for task in status.tasks.values() if task.end), default=_NEVER)
        ended = max(ended, status.plan.created_at)
    return ((ended or now) - status.plan.created_at).total_seconds()


def run_notices(run: Run, status: run_states.RunStatus) -> tuple[str, ...]:
    """Return sentences about how a run was launched and where it ran."""
    return (*_run_notices(status), *_image_notices(run, status))


def _run_notices(status: run_states.RunStatus) -> Iterator[str]:
    plan = status.plan
    if status.cancelling:
        yield "Cancelling: what is running is being stopped."
    if plan.reproduces:
        yield f"Reproduces run {plan.reproduces}: nothing is taken from the cache."
    elif not plan.use_cache:
        yield "Launched without reading the cache."
    if plan.schedule:
        yield f"Launched by schedule {plan.schedule}."


def _image_notices(run: Run, status: run_states.RunStatus) -> Iterator[str]:
    if status.plan.kubernetes is not None:
        for image, digest in dict.fromkeys((use.image, use.digest) for use in run.images):
            yield f"Ran in image {image}, which was {digest}."


def folded(status: run_states.RunStatus) -> Iterator[tuple[run_states.TaskStatus, list[run_states.TaskStatus]]]:
    """Yield task runs, each with those of the elements of its map."""
    elements: dict[str, list[run_states.TaskStatus]] = {}
    for name, task in status.tasks.items():
        parent, dot, index = name.rpartition(".")
        if dot and index.isdecimal() and parent in status.tasks:
            elements.setdefault(parent, []).append(task)
    inner = {task.id for found in elements.values() for task in found}
    for name, task in status.tasks.items():
        if name not in inner:
            yield task, elements.get(name, [])


def shown_state(task: run_states.TaskStatus, elements: Sequence[run_states.TaskStatus] = ()) -> State:
    """Return the state to show: a mapped task runs while its elements do; a hit is cached."""
    if task.state is TaskState.PENDING and any(element.attempt for element in elements):
        return State.RUNNING
    if task.state is TaskState.SUCCEEDED and task.end is not None and task.end.cached:
        return State.CACHED
    return State(task.state)


def task_row(
    task: run_states.TaskStatus, elements: Sequence[run_states.TaskStatus], now: datetime
) -> run_views.TaskRow:
    """Return one task run, with the elements of its map, as a row of a run's table."""
    end = task.end
    state = shown_state(task, elements)
    started = task.started_at or min((item.started_at for item in elements if item.started_at), default=None)
    running_s = (now - started).total_seconds() if started and state is State.RUNNING else None
    notices = [*_notices(task), *(text for item in elements for text in _notices(item))]
    return run_views.TaskRow(
        id=task.id,
        label=task.label,
        state=State(task.state) if state is State.CACHED else state,
        cached=end is not None and end.cached,
        attempt=max(1, task.attempt),
        duration_s=end.duration_s if end else running_s,
        from_run=end.from_run if end else "",
        from_author=end.from_author if end else "",
        from_created_at=end.from_created_at if end else None,
        error=end.error.sentence if end and end.error else "",
        notices=tuple(dict.fromkeys(notices)),
        elements=end.elements if end and end.elements is not None else len(elements) or None,
        elements_done=sum(item.state.ended for item in elements) if elements else None,
        seeds=tuple(one.end.seed for one in (task, *elements) if one.end and one.end.seed is not None),
        task=task.task_name,
        started_at=started,
        ended_at=end.ended_at if end else None,
    )


def _notices(task: run_states.TaskStatus) -> Iterator[str]:
    if task.end is None:
        return
    yield from task.end.notices
    if task.end.seed is not None:
        yield f"seed {task.end.seed}"
    if task.end.randomness:
        yield f"unseeded: {', '.join(task.end.randomness)}"


def run_graph(status: run_states.RunStatus) -> graph.Graph:
    """Return the DAG of a run with the states of its tasks; elements of a map are counted, not drawn."""
    plan = status.plan
    bindings = {planned.id: planned.bindings for planned in plan.tasks}
    made: dict[str, dict[str, None]] = {}
    edges: dict[tuple[str, str], list[str]] = {}
    for task_id, bound in bindings.items():
        for binding in bound:
            if binding.source:
                made.setdefault(binding.source, {})[binding.output] = None
                edges.setdefault((binding.source, task_id), []).append(binding.output)
    nodes = [run_node(task, elements, tuple(made.get(task.id, ()))) for task, elements in folded(status)]
    return graph.Graph(
        title=reference(plan),
        nodes=tuple(nodes),
        edges=tuple(
            graph.Edge(source=source, target=target, label=", ".join(dict.fromkeys(names)))
            for (source, target), names in edges.items()
        ),
    )


def run_node(
    task: run_states.TaskStatus, elements: Sequence[run_states.TaskStatus], used: tuple[str, ...] = ()
) -> graph.Node:
    """Return the node of a task run; ``used`` are its outputs that others need, which are known before it has run."""
    return graph.Node(
        id=task.id,
        label=task.label,
        state=shown_state(task, elements),
        detail=_detail(task),
        outputs=tuple(task.end.outputs) if task.end and task.end.outputs else used,
        group=task.task_name if task.branch else "",
        counts=_counts(elements),
    )


def _detail(task: run_states.TaskStatus) -> str:
    from taskcell.views import words

    if task.end is None or task.end.state is not TaskState.SUCCEEDED:
        return ""
    return "cached" if task.end.cached else words.duration(task.end.duration_s)


def _counts(elements: Sequence[run_states.TaskStatus]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for element in elements:
        state = shown_state(element)
        counts[state] = counts.get(state, 0) + 1
    return counts


def run_list(found: Sequence[Run], *, title: str = "Runs", more: int = 0) -> run_views.RunList:
    """Return a list of runs; ``more`` says how many older ones there are."""
    now = datetime.now(UTC)
    rows, left = [], _COUNTED_TASKS
    for run in found:
        head = run.head()
        left -= len(head.plan.tasks)
        rows.append(_run_row(run, head, now, counted=left >= 0))
    return run_views.RunList(runs=tuple(rows), shown_at=now, title=title, more=more)


def _run_row(run: Run, head: run_states.RunHead, now: datetime, *, counted: bool) -> run_views.RunRow:
    plan = head.plan
    counts: dict[str, int] = {}
    if counted:
        for task, elements in folded(run.status()):
            state = shown_state(task, elements)
            counts[state] = counts.get(state, 0) + 1
    is_open = head.ended_at is None and not head.state.ended
    ended = now if is_open else head.ended_at
    return run_views.RunRow(
        id=run.id,
        workflow=reference(plan),
        state=State(head.state),
        created_at=plan.created_at,
        author=plan.author,
        duration_s=(ended - plan.created_at).total_seconds() if ended else None,
        backend=plan.backend,
        parameters={**plan.parameters, **plan.sweep},
        counts=counts,
        sentence=head.sentence if head.state.ended and head.state is not RunState.SUCCEEDED else "",
    )


# -- workflows -------------------------------------------------------------------------------------------------------


def workflow_graph(
    workflow: Workflow,
    states: Mapping[str, State] | None = None,
    *,
    details: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    title: str = "",
) -> graph.Graph:
    """Return the DAG of a workflow.

    Parameters
    ----------
    workflow
        Its tasks and parameters.
    states, details
        State of a task, and one short line about it, by task name.
    reasons
        Why a task would run, in a sentence, by task name.
    values
        Values of parameters in JSON form; others are shown with their defaults.
    title
        What stands above. Empty: the workflow's name.
    """
    read = {item.name for task in workflow.tasks for item in task.inputs}
    given = values or {}
    nodes = [
        graph.Node(
            id=f"parameter:{item.name}",
            label=item.name,
            role=graph.Role.PARAMETER,
            detail=repr(given.get(item.name, item.default)),
        )
        for item in workflow.parameters
        if item.name in read
    ]
    nodes += _value_nodes(workflow)
    for task in workflow.tasks:
        mapped = f"for each of {task.options.map_over}" if task.options.map_over else ""
        nodes.append(
            graph.Node(
                id=task.name,
                label=task.name,
                state=(states or {}).get(task.name),
                detail=(details or {}).get(task.name, mapped),
                reason=(reasons or {}).get(task.name, ""),
                outputs=task.outputs,
            )
        )
    return graph.Graph(title=title or workflow.name, nodes=tuple(nodes), edges=tuple(_edges(workflow)))


def _value_nodes(workflow: Workflow) -> list[graph.Node]:
    found = {
        item.name: item.artifact
        for task in workflow.tasks
        for item in task.inputs
        if item.kind is InputKind.VALUE and item.artifact is not None
    }
    return [
        graph.Node(id=f"value:{name}", label=name, role=graph.Role.VALUE, detail=artifact.preview or artifact.type)
        for name, artifact in found.items()
    ]


def _edges(workflow: Workflow) -> Iterator[graph.Edge]:
    for task in workflow.tasks:
        passed: dict[str, list[str]] = {}
        for item in task.inputs:
            source = item.task if item.kind is InputKind.OUTPUT else f"{item.kind}:{item.name}"
            passed.setdefault(source, []).append(item.name if item.kind is InputKind.OUTPUT else "")
        for source, names in passed.items():
            yield graph.Edge(source=source, target=task.name, label=", ".join(filter(None, names)))
