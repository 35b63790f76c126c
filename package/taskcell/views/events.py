"""What a live view is told while it is open.

``sequence`` counts the events of one topic from 1. Who has missed some is sent a ``run``, ``log`` or ``runs`` whole
again before the next difference, so that a view never has to ask for what it missed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from taskcell.views.faults import Fault
from taskcell.views.logs import LogChunk
from taskcell.views.runs import RunList, RunRow, RunView, TaskRow
from taskcell.views.states import State


class RunWhole(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="run"):
    """The whole run: the first event of ``run:<id>``, and whenever differences don't do."""

    topic: str
    sequence: int
    view: RunView


class NodeChange(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the graph that looks different now; it stays where it is."""

    id: str
    state: State | None
    detail: str = ""
    counts: dict[str, int] = {}


class RunChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="run-change"):
    """What has changed in a run. ``tasks`` replace rows of the same id; all else replaces what the view had."""

    topic: str
    sequence: int
    state: State
    shown_at: datetime
    sentence: str = ""
    duration_s: float | None = None
    ended_at: datetime | None = None
    counts: dict[str, int] = {}
    notices: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    cancelling: bool = False
    tasks: tuple[TaskRow, ...] = ()
    nodes: tuple[NodeChange, ...] = ()


class LogWhole(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="log"):
    """The last lines of a task's newest attempt: the first event of ``log:<run>/<task>``, and of a further attempt."""

    topic: str
    sequence: int
    chunk: LogChunk


class LogLines(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="log-lines"):
    """Lines that were added. They replace lines of the same numbers, such as a last one that had no end yet."""

    topic: str
    sequence: int
    chunk: LogChunk


class RunsWhole(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="runs"):
    """The newest runs: the first event of ``runs``. ``running`` counts all runs that have not ended."""

    topic: str
    sequence: int
    list: RunList
    running: int = 0


class RunsChange(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="runs-change"):
    """Runs that are new or look different, and ids of runs that are gone."""

    topic: str
    sequence: int
    rows: tuple[RunRow, ...] = ()
    gone: tuple[str, ...] = ()
    running: int = 0


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="trouble"):
    """The store can't be read just now. What was shown still holds; the next event says that it can be read again."""

    topic: str
    sequence: int
    fault: Fault


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="ended"):
    """Nothing more comes: the run, or the attempt, has ended and its last state was sent; or ``fault`` says why not."""

    topic: str
    sequence: int
    fault: Fault | None = None


Event = RunWhole | RunChange | LogWhole | LogLines | RunsWhole | RunsChange | Trouble | Ended
