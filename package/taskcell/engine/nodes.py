"""The driver's picture of a run: nodes, what they wait for, and what becomes ready when one ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import AttemptEnd, Binding, Plan, PlannedTask, RunState, TaskError, TaskState
from taskcell.model.tasks import Task

BRIEF_S = 1.0
"""Elements that take less are not claimed. Unit: seconds."""
_MEMORY = 0.8


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """One task run: a planned task, or one element of a mapped one."""

    id: str
    planned: PlannedTask
    task: Task
    waits_for: set[str] = field(default_factory=set)
    """Ids of nodes whose results it needs and that have none yet."""
    dependents: list[Node] = field(default_factory=list)
    state: TaskState = TaskState.PENDING
    attempt: int = 0
    failures: int = 0
    losses: int = 0
    interruptions: int = 0
    order: TaskOrder | None = None
    started: float = 0.0
    not_before: float = 0.0
    begun: bool = False
    """Whether its worker has said that the body executes."""
    overdue: bool = False
    end: AttemptEnd | None = None
    error: TaskError | None = None
    parent: Node | None = None
    element: int | None = None
    elements: list[Node] = field(default_factory=list)
    unended: set[str] = field(default_factory=set)
    """Ids of its elements that have not ended."""
    given: dict[str, Artifact] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    deserted: set[str] = field(default_factory=set)
    """Hosts on which workers of it ended, and nobody works any more."""
    holder: str = ""
    """Name of the lease of whoever works at the attempt; empty while that isn't asked for."""
    mean_s: float | None = None
    """What its elements took lately."""
    mended: bool = False
    """Whether its result was found damaged and is, or was, computed again."""

    @property
    def startable(self) -> bool:
        """Whether nothing is in the way of starting it."""
        return self.state is TaskState.PENDING and not self.waits_for

    @property
    def is_brief(self) -> bool:
        """Whether it is an element, and those before it took so little that a claim would cost more than a repetition."""
        return self.parent is not None and self.parent.mean_s is not None and self.parent.mean_s < BRIEF_S

    def took(self, seconds: float) -> None:
        """Note how long one of its elements took."""
        self.mean_s = seconds if self.mean_s is None else _MEMORY * self.mean_s + (1 - _MEMORY) * seconds

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
        node.waits_for = {binding.source for binding in node.planned.bindings if binding.source}
        for source in node.waits_for:
            self._nodes[source].dependents.append(node)
        if not node.waits_for:
            self.ready.append(node)

    def find(self, task_id: str) -> Node | None:
        """Return a planned task's node."""
        return self._nodes.get(task_id)

    def inputs(self, node: Node, *, but: Collection[str] = ()) -> dict[str, Artifact]:
        """Return the stored value of every input but some; an element's own one in place of the list.

        Raises
        ------
        NotFoundError
            When what makes an input did not keep it: an inferred output that can't be stored.
        """
        return {
            binding.input: self._input(node, binding) for binding in node.planned.bindings if binding.input not in but
        }

    def _input(self, node: Node, binding: Binding) -> Artifact:
        if binding.input in node.given:
            return node.given[binding.input]
        if binding.artifact is not None:
            return binding.artifact
        source = self._nodes[binding.source]
        assert source.end is not None
        if binding.output not in source.end.outputs:
            said = [notice for notice in source.end.notices if notice.startswith(f"{binding.output} is not kept")]
            reason = " ".join(said) or "no reason was recorded"
            raise errors.NotFoundError(
                f"its input {binding.input!r} was not kept by task {source.id!r}: {reason}", task=node.id
            )
        return source.end.outputs[binding.output]

    def sources(self, node: Node) -> Iterator[tuple[Node, str]]:
        """Yield nodes whose results a node reads, with the name of the output."""
        for binding in node.planned.bindings:
            if binding.source:
                yield self._nodes[binding.source], binding.output

    def coming(self, running: Iterable[Node], limit: int) -> list[Node]:
        """Return nodes that need nothing but what runs, and what comes of that: at most so many, the nearest first."""
        found: dict[str, Node] = {}
        sources = deque(running)
        under_way = {node.id for node in sources}
        while sources and len(found) < limit:
            for node in sources.popleft().dependents[:limit]:
                if node.id not in found and node.waits_for <= under_way and node.state is TaskState.PENDING:
                    found[node.id] = node
                    under_way.add(node.id)
                    sources.append(node)
        return list(found.values())[:limit]

    def chain(self, node: Node, fits: Callable[[Node], bool], limit: int) -> list[Node]:
        """Return nodes that can follow one, each as soon as the one before it has a result: at most so many."""
        found: list[Node] = []
        before = {node.id}
        while len(found) < limit:
            follower = next((each for each in node.dependents if each.waits_for <= before and fits(each)), None)
            if follower is None:
                break
            found.append(follower)
            before.add(follower.id)
            node = follower
        return found

    def expand(self, parent: Node, name: str, elements: Sequence[Artifact]) -> list[Node]:
        """Add a node for each element of a mapped input."""
        parent.elements = [
            Node(
                id=states.element_id(parent.id, index),
                planned=parent.planned,
                task=parent.task,
                parent=parent,
                element=index,
                given={name: artifact},
            )
            for index, artifact in enumerate(elements)
        ]
        parent.unended = {element.id for element in parent.elements}
        self.ready.extend(parent.elements)
        return parent.elements

    def succeed(self, node: Node, end: AttemptEnd) -> None:
        """Note a result; what waited for nothing else becomes ready."""
        node.state, node.end, node.error = TaskState.SUCCEEDED, end, None
        for dependent in node.dependents:
            if node.id in dependent.waits_for:
                dependent.waits_for.remove(node.id)
                if dependent.startable:
                    self.ready.append(dependent)

    def again(self, node: Node) -> None:
        """Put a node back to where it was before its attempt; it starts when nothing is in its way."""
        node.state, node.order = TaskState.PENDING, None
        if not node.waits_for:
            self.ready.append(node)

    def reopen(self, node: Node) -> None:
        """Forget a result; what was not started with it waits for the next one."""
        node.end = None
        for dependent in node.dependents:
            if dependent.state is TaskState.PENDING:
                self.wait_for(dependent, node)
        self.again(node)

    def wait_for(self, node: Node, source: Node) -> None:
        """Let a node wait for a result that is computed again."""
        node.state, node.order = TaskState.PENDING, None
        node.waits_for.add(source.id)

    def fail(self, node: Node) -> None:
        """Note a failure; what needs it, directly or through others, is skipped."""
        node.state = TaskState.FAILED
        stack = list(node.dependents)
        while stack:
            dependent = stack.pop()
            if dependent.state is TaskState.PENDING:
                dependent.state = TaskState.SKIPPED
                stack.extend(dependent.dependents)

    def unfinished(self) -> list[Node]:
        """Return planned tasks that neither ended nor were skipped."""
        return [node for node in self._nodes.values() if not node.state.ended]

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
        yield f"Task {first.planned.label or first.id} failed{more}: {reason.rstrip('.')}. {counts}"
        yield f"Look with: taskcell logs {self._plan.run_id} {first.id}; after a fix, launch again."
