"""Workflows in a list, and one version looked at closely."""

from __future__ import annotations

from datetime import datetime

import msgspec

from taskcell.views.comparing import CodeDiff, Row
from taskcell.views.forms import FormField
from taskcell.views.graph import Graph
from taskcell.views.graph.placing import Placed
from taskcell.views.runs import RunRow
from taskcell.views.versions import VersionRow


class WorkflowRow(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow. ``tags`` maps a tag to a version's number; ``newest`` is None when it only ran in a notebook."""

    name: str
    newest: VersionRow | None = None
    tags: dict[str, int] = {}
    versions: int = 0
    runs: int = 0
    running: int = 0
    last_run: RunRow | None = None


class WorkflowList(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="workflows"):
    """All workflows of a project, by name."""

    workflows: tuple[WorkflowRow, ...]
    shown_at: datetime
    schema: int = 1


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="workflow"):
    """The DAG of a version, with what a launch of it with its defaults would do to each task, and why.

    ``target`` is ``churn@7``, or empty for the notebook as it stands. ``expected_s`` maps a task to how long it
    typically takes, in seconds. ``problems`` are sentences: with any of them it can't be launched.
    """

    target: str
    title: str
    graph: Graph
    shown_at: datetime
    placed: Placed | None = None
    counts: dict[str, int] = {}
    expected_s: dict[str, float] = {}
    total_expected_s: float | None = None
    problems: tuple[str, ...] = ()
    schema: int = 1


class VersionTask(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a version. ``options`` are those that were stated, as text."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    options: dict[str, str] = {}


class VersionView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="version"):
    """One version, and how it differs from another.

    ``against`` is the number of the version that it is compared with; None: it is the first.
    """

    workflow: str
    row: VersionRow
    shown_at: datetime
    tasks: tuple[VersionTask, ...] = ()
    fields: tuple[FormField, ...] = ()
    python: str = ""
    platform: str = ""
    distributions: int = 0
    against: int | None = None
    code: tuple[CodeDiff, ...] = ()
    parameters: tuple[Row, ...] = ()
    environment: tuple[Row, ...] = ()
    schema: int = 1
