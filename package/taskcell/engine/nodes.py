"""The driver's picture of a run: nodes, what they wait for, and what becomes ready when one ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from taskcell.backends.contracts import TaskOrder
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import AttemptEnd, Plan, PlannedTask, RunState, TaskError, TaskState
from taskcell.model.tasks import Task


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """One task run: a planned task, or one element of a mapped one."""

    id: str
    planned: PlannedTask
    task: Task
    missing: int = 0
    dependents: list[Node] = field(default_factory=list)
    state: TaskState = TaskState.PENDING
    attempt: int = 0
    failures: int = 0
    losses: int = 0
    order: TaskOrder | None = None
    started: float = 0.0
    not_before: float = 0.0
    overdue: bool = False
    end: AttemptEnd | None = None
    error: TaskError | None = None
    parent: Node | None = None
    element: int | None = None
    elements: list[Node] = field(default_factory=list)
    given: dict[str, Artifact] = field(default_factory=dict)

    @property
    def order_id(self) -> str:
        """Name of the current attempt."""
        return self.order.id if self.order is not None else ""


class Graph:
    """All nodes of a run; each end costs work in proportion to what depends on it."""

    def __init__(self, plan: Plan, load_task: Callable[[str], Task]) -> None:
        self._plan = plan
        self._nodes: dict[str, Node] = {}
        self.ready: deque[Node] = deque()
        self.remembered: dict[str, states.Attempt] = {}
        tasks: dict[str, Task] = {}
        for planned in plan.tasks:
            task = tasks.get(planned.task) or tasks.setdefault(planned.task, load_task(planned.task))
            self._add(Node(id=planned.id, planned=planned, task=task))

    def _add(self, node: Node) -> None:
        self._nodes[node.id] = node
        sources = {binding.source for binding in node.planned.bindings if binding.source}
        node.missing = len(sources)
        for source in sources:
            self._nodes[source].dependents.append(node)
        if not sources:
            self.ready.append(node)

    def find(self, task_id: str) -> Node | None:
        """Return a planned task's node."""
        return self._nodes.get(task_id)

    def inputs(self, node: Node) -> dict[str, Artifact]:
        """Return the stored value of every input; an element's own one in place of the list."""
        found = {}
        for binding in node.planned.bindings:
            if binding.input in node.given:
                found[binding.input] = node.given[binding.input]
            elif binding.artifact is not None:
                found[binding.input] = binding.artifact
            else:
                end = self._nodes[binding.source].end
                assert end is not None
                found[binding.input] = end.outputs[binding.output]
        return found

    def expand(self, parent: Node, name: str, elements: Sequence[Artifact]) -> list[Node]:
        """Add a node for each element of a mapped input."""
        for index, artifact in enumerate(elements):
            node = Node(
                id=states.element_id(parent.id, index),
                planned=parent.planned,
                task=parent.task,
                parent=parent,
                element=index,
                given={name: artifact},
            )
            parent.elements.append(node)
            self.ready.append(node)
        return parent.elements

    def succeed(self, node: Node, end: AttemptEnd) -> None:
        """Note a result; what waited for nothing else becomes ready."""
        node.state, node.end, node.error = TaskState.SUCCEEDED, end, None
        for dependent in node.dependents:
            dependent.missing -= 1
            if dependent.missing == 0 and not dependent.state.ended:
                self.ready.append(dependent)

    def fail(self, node: Node) -> None:
        """Note a failure; what needs it, directly or through others, is skipped."""
        node.state = TaskState.FAILED
        stack = list(node.dependents)
        while stack:
            dependent = stack.pop()
            if not dependent.state.ended:
                dependent.state = TaskState.SKIPPED
                stack.extend(dependent.dependents)

    def failed(self) -> list[Node]:
        """Return planned tasks that failed, in the plan's order."""
        return [node for node in self._nodes.values() if node.state is TaskState.FAILED]

    def sentence(self, state: RunState, seconds: float) -> str:
        """Return the one-sentence answer: what happened, which task is to blame, what to do."""
        return " ".join(self._words(state, seconds))

    def _words(self, state: RunState, seconds: float) -> Iterator[str]:
        nodes = list(self._nodes.values())
        done = [node for node in nodes if node.state is TaskState.SUCCEEDED]
        cached = sum(node.end is not None and node.end.cached for node in done)
        counts = f"{len(done)} of {len(nodes)} tasks succeeded, {cached} of them from the cache, in {seconds:.1f} s."
        if state is RunState.SUCCEEDED:
            yield counts
            return
        if state is RunState.CANCELLED:
            yield f"Cancelled; {counts} Go on with: taskcell resume {self._plan.run_id}"
            return
        first = self.failed()[0]
        reason = first.error.sentence if first.error else "no reason was recorded"
        others = len(self.failed()) - 1
        more = f" ({others} more failed)" if others else ""
        yield f"Task {first.planned.label or first.id} failed{more}: {reason}. {counts}"
        yield f"Look with: taskcell logs {self._plan.run_id} {first.id}; after a fix, launch again."
