"""A run as a live view is shown it: what ``showing`` makes, remembered part by part, with positions and actions.

A part is made anew only when the task run behind it has changed, so that one event in a run of 5,000 tasks costs
what one task costs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from taskcell.api import showing
from taskcell.api.feeds import readings
from taskcell.api.feeds.contracts import Context
from taskcell.api.feeds.readings import Reading
from taskcell.engine import states
from taskcell.model.runs import RunState, TaskState
from taskcell.views import bundles, graph
from taskcell.views.graph.placing import Placed, placed
from taskcell.views.runs import RunView, TaskRow
from taskcell.views.states import State

_KEPT = 64
_STEADY_DETAIL = "interrupted"
"""As long as a word of a state or a duration gets: boxes keep their size while a run goes on."""

Folded = tuple[states.TaskStatus, list[states.TaskStatus]]


@dataclass(slots=True)
class _Part:
    """Row and node of one task run, and what they were made from."""

    task: states.TaskStatus
    elements: list[states.TaskStatus]
    row: TaskRow
    node: graph.Node


@dataclass(slots=True, kw_only=True)
class Picture:
    """The view of one run, brought up to date by ``view``. Safe to be used by several threads."""

    reading: Reading
    _parts: dict[str, _Part] = field(default_factory=dict)
    _edges: tuple[graph.Edge, ...] | None = None
    _used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _placed: tuple[tuple[str, ...], Placed] | None = None
    _of: states.RunStatus | None = None
    _view: RunView | None = None
    _notices: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def view(self, *, with_places: bool = True) -> RunView:
        """Return the run as it stands now; with positions unless they are not wanted."""
        return self.shown(self.drawn(), with_places=with_places)

    def shown(self, found: RunView, *, with_places: bool = True) -> RunView:
        """Return what ``drawn`` gave, with positions and as of this moment."""
        now, places = datetime.now(UTC), None
        if with_places and found.graph is not None:
            with self._lock:
                places = self._places(found.graph)
        status = self.reading.latest()
        return msgspec.structs.replace(found, shown_at=now, duration_s=showing.duration_s(status, now), placed=places)

    def drawn(self) -> RunView:
        """Return the run without positions: the same object until something has changed."""
        status = self.reading.status()
        with self._lock:
            if self._view is None or status is not self._of:
                made = self._drawn(status)
                if self._view is None or not _is_same(self._view, made):
                    self._view = made
                self._of = status
            return self._view

    def _drawn(self, status: states.RunStatus) -> RunView:
        plan, now = status.plan, datetime.now(UTC)
        if self._edges is None:
            whole = showing.run_graph(status)
            self._edges = whole.edges
            self._used = {node.id: node.outputs for node in whole.nodes}
        parts = [self._part(task, elements, now) for task, elements in showing.folded(status)]
        rows = tuple(part.row for part in parts)
        run = self.reading.run
        if not self._notices or not status.state.ended:
            self._notices = showing.run_notices(run, status)
        view = RunView(
            id=run.id,
            workflow=showing.reference(plan),
            state=State(status.state),
            shown_at=now,
            created_at=plan.created_at,
            sentence=status.sentence if status.state is not RunState.RUNNING or self.reading.waits else "",
            author=plan.author,
            backend=plan.backend,
            parameters=bundles.plain({**plan.parameters, **plan.sweep}),
            tasks=rows,
            graph=graph.Graph(
                title=showing.reference(plan), nodes=tuple(part.node for part in parts), edges=self._edges
            ),
            notices=self._notices,
            link=run.link,
            ended_at=status.ended_at,
            cancelling=status.cancelling,
            reproduces=plan.reproduces or "",
            waits=self.reading.waits,
            actions=tuple(actions(status)),
        )
        counted: dict[str, int] = {}
        for part in parts:
            state = part.node.state or State.PENDING
            counted[state] = counted.get(state, 0) + 1
        return msgspec.structs.replace(view, counts=counted)

    def _part(self, task: states.TaskStatus, elements: list[states.TaskStatus], now: datetime) -> _Part:
        known = self._parts.get(task.id)
        if known is not None and (known.task is task or known.task == task) and known.elements == elements:
            return known
        used = self._used.get(task.id, ())
        made = _Part(task, elements, showing.task_row(task, elements, now), showing.run_node(task, elements, used))
        self._parts[task.id] = made
        return made

    def _places(self, drawn: graph.Graph) -> Placed:
        """Return positions; they stay while there are the same nodes, whatever becomes of those."""
        names = tuple(node.id for node in drawn.nodes)
        if self._placed is None or self._placed[0] != names:
            self._placed = names, placed(steady(drawn))
        return self._placed[1]


def _is_same(one: RunView, other: RunView) -> bool:
    """Whether two views of one run say the same, but for the moment when they were made."""
    return msgspec.structs.replace(one, shown_at=other.shown_at) == other


def steady(drawn: graph.Graph) -> graph.Graph:
    """Return a graph whose nodes take the room that they may come to need while a run goes on."""
    nodes = tuple(
        msgspec.structs.replace(node, state=None, detail=_STEADY_DETAIL, reason="", counts={"done": 1})
        if node.role is graph.Role.TASK
        else node
        for node in drawn.nodes
    )
    return graph.Graph(title=drawn.title, nodes=nodes, edges=drawn.edges)


def actions(status: states.RunStatus) -> Iterator[str]:
    """Yield what can be done with a run as it stands."""
    plan, state = status.plan, status.state
    if plan.backend == states.INTERACTIVE:
        return
    if (not state.ended or state is RunState.INTERRUPTED) and not status.cancelling:
        yield "cancel"
    if state.ended:
        if any(task.state is not TaskState.SUCCEEDED for task in status.tasks.values()):
            yield "resume"
        yield "reproduce"
    if any(task.state is TaskState.FAILED for task in status.tasks.values()):
        yield "rescue"


def picture(context: Context, run_id: str) -> Picture:
    """Return the picture of a run, which all askers share; raise NotFoundError or StoreError."""
    found = readings.reading(context, run_id)
    key = (context.store.url, context.store.project, run_id)
    made = context.memory.get("pictures", key, lambda: Picture(reading=found), most=_KEPT)
    if made.reading is not found:  # the reading was dropped and made anew
        context.memory.forget("pictures", key)
        made = context.memory.get("pictures", key, lambda: Picture(reading=found), most=_KEPT)
    return made


def counts(parts: Sequence[Folded]) -> dict[str, int]:
    """Count task runs by what they show."""
    found: dict[str, int] = {}
    for task, elements in parts:
        state = showing.shown_state(task, elements)
        found[state] = found.get(state, 0) + 1
    return found
