"""What each topic tells: a first event with the whole, then what has changed since the last look.

A source is asked by one thread. It knows nothing of who listens, nor when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from taskcell import errors
from taskcell.api import showing
from taskcell.api.feeds import indexes, locating, logs, pictures, readings
from taskcell.api.feeds.contracts import Context
from taskcell.api.feeds.locating import Place
from taskcell.engine.states import INTERACTIVE
from taskcell.model.runs import RunState, TaskState
from taskcell.notebook import quoting
from taskcell.store import paths
from taskcell.store.index import Search
from taskcell.views import graph
from taskcell.views.events import Event, LogLines, LogWhole, NodeChange, RunChange, RunsChange, RunsWhole, RunWhole
from taskcell.views.logs import LogChunk
from taskcell.views.runs import RunList, RunRow, RunView, TaskRow
from taskcell.views.states import State

_TAIL_LINES = 500
_MOST_LINES = 2000
"""Lines that are told as an addition; a flood is told by its last lines."""
_LISTED_RUNS = 50


class Source(Protocol):
    """One topic. ``is_over``: nothing more will come. Events have the sequence 0."""

    is_over: bool

    def whole(self) -> Event:
        """Return all of it as of the last look; looks, if that was never done."""

    def changes(self) -> Iterator[Event]:
        """Look, and yield what has changed since the last look; the whole, if that was never done."""

    def stamp(self) -> object:
        """Return what differs when something has happened, where that costs next to nothing; None: it is not known."""


def source(context: Context, topic: str) -> Source:
    """Return the source of a topic.

    Raises
    ------
    InvalidInputError
        When there is no such kind of topic.
    NotFoundError
        When there is no such run or task.
    """
    kind, _, rest = topic.partition(":")
    if topic == "runs":
        return _Runs(context)
    if kind == "run" and paths.is_run_id(rest):
        return _Run(context, rest)
    run_id, _, task = rest.partition("/")
    if kind == "log" and paths.is_run_id(run_id) and 0 < len(task) <= 300:
        return _Log(context, run_id, task)
    raise errors.InvalidInputError(
        f"There is no topic {quoting.shortened(topic)!r}.", remedy="Topics are: runs, run:ID, log:ID/TASK."
    )


class _Run:
    """``run:<id>``."""

    def __init__(self, context: Context, run_id: str) -> None:
        self._topic = f"run:{run_id}"
        self._picture = pictures.picture(context, run_id)
        self._told: RunView | None = None
        self._rows: dict[str, TaskRow] = {}
        self._nodes: dict[str, graph.Node] = {}
        self.is_over = False

    def whole(self) -> Event:
        if self._told is None:
            self._tell(self._picture.drawn())
        assert self._told is not None
        return RunWhole(topic=self._topic, sequence=0, view=self._picture.shown(self._told))

    def changes(self) -> Iterator[Event]:
        view, told = self._picture.drawn(), self._told
        if view is told:
            return
        before, nodes = self._rows, self._nodes
        self._tell(view)
        if told is None or self._nodes.keys() != nodes.keys():
            yield self.whole()
            return
        now = datetime.now(UTC)
        yield RunChange(
            topic=self._topic,
            sequence=0,
            state=view.state,
            shown_at=now,
            sentence=view.sentence,
            duration_s=showing.duration_s(self._picture.reading.status(), now),
            ended_at=view.ended_at,
            counts=view.counts,
            notices=view.notices,
            actions=view.actions,
            cancelling=view.cancelling,
            tasks=tuple(row for name, row in self._rows.items() if row is not before.get(name)),
            nodes=tuple(
                NodeChange(id=name, state=node.state, detail=node.detail, counts=node.counts)
                for name, node in self._nodes.items()
                if node is not nodes.get(name)
            ),
        )

    def stamp(self) -> object:
        return None

    def _tell(self, view: RunView) -> None:
        self._told = view
        self._rows = {row.id: row for row in view.tasks}
        self._nodes = {node.id: node for node in view.graph.nodes} if view.graph is not None else {}
        self.is_over = RunState(view.state.value).ended and view.backend != INTERACTIVE


class _Log:
    """``log:<run>/<task>``."""

    def __init__(self, context: Context, run_id: str, task: str) -> None:
        self._context = context
        self._topic = f"log:{run_id}/{task}"
        self._run, self._task = run_id, task
        locating.task_in(readings.reading(context, run_id).status(), task)
        self._told: LogChunk | None = None
        self.is_over = False

    def whole(self) -> Event:
        if self._told is None:
            self._told = self._tail(self._place())
        # It may have grown since the last look: what is told next is then told twice, by the numbers of its lines.
        told = self._told
        place = Place(run=told.run, task=told.task, attempt=told.attempt, ended=told.done)
        return LogWhole(topic=self._topic, sequence=0, chunk=self._tail(place))

    def changes(self) -> Iterator[Event]:
        place, told = self._place(), self._told
        if told is None or (place.run, place.attempt) != (told.run, told.attempt):
            self._told = self._tail(place)
            yield LogWhole(topic=self._topic, sequence=0, chunk=self._told)
            return
        last = max(0, told.total_lines - 1)
        chunk = logs.chunk_of(self._context, place, first=last, limit=_MOST_LINES)
        if chunk.total_bytes == told.total_bytes and chunk.done == told.done:
            return
        self._told = self._tail(place) if chunk.more else chunk
        kind = LogWhole if chunk.more else LogLines
        yield kind(topic=self._topic, sequence=0, chunk=self._told)

    def stamp(self) -> object:
        told = self._told
        if told is None:
            return None
        folder = self._context.store.project_files.local_path(paths.logs(told.run, told.task, told.attempt))
        try:
            return None if folder is None else folder.stat().st_mtime_ns
        except OSError:
            return 0  # nothing has been printed yet

    def _tail(self, place: Place) -> LogChunk:
        return logs.chunk_of(self._context, place, first=-_TAIL_LINES, limit=_TAIL_LINES)

    def _place(self) -> Place:
        """Return where the log is; notes whether it is the last one: a further attempt may follow a failed one."""
        status = readings.reading(self._context, self._run).status()
        task = locating.task_in(status, self._task)
        self.is_over = status.state.ended or task.state is TaskState.SUCCEEDED
        return locating.origin(self._context, status, task)


class _Runs:
    """``runs``: the newest ones."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: dict[str, RunRow] | None = None
        self._rows: list[RunRow] = []
        self._running = 0
        self._has_more = False
        self.is_over = False
        indexes.run_index(context)

    def whole(self) -> Event:
        if self._told is None:
            self._look()
        oldest = self._rows[-1].id if self._rows and self._has_more else ""
        unread = indexes.run_index(self._context).unread
        listed = RunList(runs=tuple(self._rows), shown_at=datetime.now(UTC), next=oldest, unread=unread)
        return RunsWhole(topic="runs", sequence=0, list=listed, running=self._running)

    def changes(self) -> Iterator[Event]:
        told, running = self._told, self._running
        self._look()
        if told is None:
            yield self.whole()
            return
        lasting = self._told or {}
        changed = tuple(row for row in self._rows if told.get(row.id) != lasting[row.id])
        oldest = self._rows[-1].id if self._rows else ""
        gone = tuple(name for name in told if name not in lasting and name >= oldest)
        if changed or gone or running != self._running:
            yield RunsChange(topic="runs", sequence=0, rows=changed, gone=gone, running=self._running)

    def stamp(self) -> object:
        return None

    def _look(self) -> None:
        index = indexes.run_index(self._context)
        is_near = self._context.store.files.copies is None
        found = indexes.search(self._context, Search(limit=_LISTED_RUNS + 1), now=is_near)
        self._rows = list(indexes.rows(self._context, found[:_LISTED_RUNS]))
        self._told = {row.id: _lasting(row) for row in self._rows}
        self._has_more = len(found) > _LISTED_RUNS
        open_states = tuple(state for state in RunState if not state.ended)
        pairs = zip(self._rows, found, strict=False)
        dead = sum(row.state is State.INTERRUPTED and item.state in open_states for row, item in pairs)
        self._running = index.count(Search(states=open_states)) - dead


def _lasting(row: RunRow) -> RunRow:
    """Return a row without what changes by itself."""
    return row if row.ended_at is not None else msgspec.structs.replace(row, duration_s=None)
