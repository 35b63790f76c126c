"""One task run as a person looks into it: its attempts, what went in and came out, what it displayed.

Payloads of live views only; a static form of a task run is its executed notebook.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from taskcell.views.previews import Preview
from taskcell.views.reasons import Explanation
from taskcell.views.runs import TaskRow
from taskcell.views.states import State


class AttemptError(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt failed. ``counts`` is False for faults of the platform, which do not spend a user's retry."""

    error: str
    """Stable word: ``exception``, ``timeout``, ``killed``, ``memory`` …"""
    sentence: str
    traceback: str = ""
    counts: bool = True


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a task."""

    number: int
    state: State
    host: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    cached: bool = False
    error: AttemptError | None = None
    notices: tuple[str, ...] = ()
    has_log: bool = False
    has_notebook: bool = False


class PortView(msgspec.Struct, frozen=True, kw_only=True):
    """One input or output.

    Attributes
    ----------
    origin
        Where an input comes from: ``parameter``, ``task``, ``value`` (of the notebook); of an output: ``output``.
    task, output
        With ``run`` what ``values.get`` is asked for to see all of it. Empty: it has no such name.
    preview
        None: it is not there (yet).
    """

    name: str
    origin: Literal["parameter", "task", "value", "output"]
    task: str = ""
    output: str = ""
    label: str = ""
    preview: Preview | None = None


class DisplayView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a task displayed. It comes from whoever wrote the task: shown inert, HTML in a sandbox only.

    Attributes
    ----------
    mime
        Type of ``content``: ``text/plain``, ``text/html``, ``text/markdown``, ``image/png`` and the like (base64),
        ``image/svg+xml`` (text), ``application/json`` (text), ``stream/stdout``, ``stream/stderr``, ``error``.
    clipped
        Whether there is more of it than is given here: it is in the executed notebook.
    """

    mime: str
    content: str
    clipped: bool = False


class ElementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a mapped task."""

    id: str
    index: int
    state: State
    attempt: int = 0
    duration_s: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""


class ElementPage(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="elements"):
    """Elements of a mapped task from ``offset`` on. ``total`` counts those that have begun; ``planned`` all, if known."""

    run: str
    task: str
    elements: tuple[ElementRow, ...]
    offset: int = 0
    total: int = 0
    planned: int | None = None
    counts: dict[str, int] = {}
    schema: int = 1


class TaskView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="task"):
    """One task run as it stood at ``shown_at``.

    Attributes
    ----------
    row
        As in the run's table.
    source
        The task's text as a cell shows it. Empty: no longer known.
    doc
        What its first string says it does.
    log_run, log_task, log_attempt
        Where its log and its executed notebook are: of a hit those of the run that executed it. 0: there is none.
    key
        Digest of everything that may change the result. Empty: not known yet.
    elements
        Of a mapped task: the first page.
    can_rescue
        Whether its exact inputs can be loaded into a notebook.
    """

    run: str
    workflow: str
    row: TaskRow
    shown_at: datetime
    attempts: tuple[AttemptView, ...] = ()
    inputs: tuple[PortView, ...] = ()
    outputs: tuple[PortView, ...] = ()
    displays: tuple[DisplayView, ...] = ()
    source: str = ""
    doc: str = ""
    log_run: str = ""
    log_task: str = ""
    log_attempt: int = 0
    key: str = ""
    explanation: Explanation | None = None
    elements: ElementPage | None = None
    branch: dict[str, Any] = {}
    can_rescue: bool = False
    schema: int = 1
