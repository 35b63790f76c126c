"""Runs: the plan that is made once at launch, and the records from which states follow."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import msgspec

from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import Isolation

RunId = NewType("RunId", str)
"""A ULID: 26 characters of Crockford's base 32, sorting by time."""


class RunState(StrEnum):
    """State of a run."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Its driver is gone and left no end: resume it."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self not in (RunState.PENDING, RunState.RUNNING)


class TaskState(StrEnum):
    """State of a task run."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """Not started, because something that it needs failed."""

    @property
    def ended(self) -> bool:
        """Whether this task run is over."""
        return self not in (TaskState.PENDING, TaskState.RUNNING)


class Binding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an input of a planned task comes from: a planned task's output, or a value that is already stored.

    Exactly one of ``source`` (id of a planned task; ``output`` names which) and ``artifact`` is given.
    """

    input: str
    source: str = ""
    output: str = ""
    artifact: Artifact | None = None
    parameter: bool = False


class PlannedTask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task of one run. In a sweep, tasks that differ by branch have ids ``train~0``, ``train~1`` …

    ``label`` is for people: ``train[learning_rate=0.1]``.
    """

    id: str
    task_name: str
    task: Digest
    bindings: tuple[Binding, ...]
    label: str = ""
    branch: dict[str, Any] = {}


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a launch decided, written once.

    ``parameters`` are in JSON form. ``sweep`` maps a swept parameter to its values. ``use_cache`` false means that
    results are never read from the cache (they are still written). ``reproduces`` names the run being reproduced.
    """

    run_id: str
    project: str
    workflow: str
    version_number: int
    version: Digest
    parameters: dict[str, Any]
    tasks: tuple[PlannedTask, ...]
    backend: str
    author: str
    host: str
    created_at: datetime
    sweep: dict[str, list[Any]] = {}
    use_cache: bool = True
    max_workers: int | None = None
    reproduces: str | None = None
    python: str = ""
    """Interpreter that executes the tasks. Empty: the one that launches."""
    folder: str = ""
    """Working folder of the tasks, used where it exists."""
    kubernetes: KubernetesSettings | None = None
    """How the kubernetes backend runs it; None elsewhere."""
    isolation: Isolation = Isolation.PROCESS
    """What separates the runs of tasks that don't say."""
    schedule: str = ""
    """Name of the schedule that launched it. Empty: a person did."""
    link: str = ""
    """Where a JupyterLab shows it, for the notebooks that its workers write. Empty: none was known at the launch."""
    imports: tuple[str, ...] = ()
    """Modules that the code of its tasks imports, as it is written: what its workers may import beforehand."""


class DriverStart(msgspec.Struct, frozen=True, kw_only=True):
    """A driver took the run. ``epoch`` counts drivers from 1."""

    run_id: str
    epoch: int
    host: str
    pid: int
    started_at: datetime


class DriverEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A driver left the run in this state, with the one-sentence answer."""

    epoch: int
    state: RunState
    sentence: str
    ended_at: datetime


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for the run to stop; it holds for drivers up to ``epoch``."""

    epoch: int
    author: str
    created_at: datetime


class Waits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run waits for outside its own tasks, at one moment; the newest record counts while its driver works."""

    epoch: int
    tasks: dict[str, str]
    """Why, in one sentence, by id of the task run. At most a few of those that wait for the same."""
    count: int = 0
    """Number of all that wait."""
    created_at: datetime


class ImageUse(msgspec.Struct, frozen=True, kw_only=True):
    """An image that the run's workers ran, as the cluster resolved its name."""

    image: str
    """What was asked for: ``registry.example/churn:3``."""
    digest: str
    """What ran, in the words of the node: ``registry.example/churn@sha256:…``."""
    pod: str
    """The first pod in which it was seen."""
    seen_at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A turn in a series of runs: it began to fail, or recovered. The newest tells which."""

    run_id: str
    """Empty when a scheduled launch failed before there was a run."""
    failed: bool
    ended_at: datetime


class AttemptStart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt at one task began. ``attempt`` counts from 1."""

    task_id: str
    attempt: int
    epoch: int
    host: str
    started_at: datetime
    worker: str = ""
    """Worker that holds a lease of its own while it lives. Empty: it holds one for the attempt."""


class TaskError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt failed. ``counts`` is False for faults of the platform, which do not spend a user's retry."""

    kind: str
    """Stable word: ``exception``, ``timeout``, ``killed``, ``memory``, ``unstorable``, ``input``, ``lost``,
    ``interrupted``, ``image``, ``unschedulable``, ``quota``, ``disk``, ``configuration``, ``cluster``."""
    sentence: str
    traceback: str = ""
    counts: bool = True
    final: bool = False
    """Whether another attempt would end in the same way, so that none is made: an image that does not exist."""


class AttemptEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an attempt ended: the task run's committed record."""

    task_id: str
    attempt: int
    state: TaskState
    started_at: datetime
    ended_at: datetime
    duration_s: float
    cached: bool = False
    key: Digest | None = None
    parts: tuple[KeyPart, ...] = ()
    outputs: dict[str, Artifact] = {}
    displays: Digest | None = None
    from_run: str = ""
    from_author: str = ""
    from_created_at: datetime | None = None
    error: TaskError | None = None
    notices: tuple[str, ...] = ()
    elements: int | None = None
    """Number of elements, for a mapped task."""
    seed: int | None = None
    """What the global random generators were set to before the body: ``--seed``, or an element's own one made from it."""
    randomness: tuple[str, ...] = ()
    """What it drew without a seed: global generators, and calls in the words of the code."""
