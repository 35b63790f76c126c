"""Tasks, parameters and workflows: what is executed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact

Pairs = tuple[tuple[str, str], ...]
"""Names with values, in the order in which they were given; hashable, as options are."""


class Isolation(StrEnum):
    """What separates one task run from another."""

    PROCESS = "process"
    """A process of its own, forked from one that has imported everything: milliseconds."""
    KERNEL = "kernel"
    """A Jupyter kernel of its own, started from nothing: a second or two."""


class TaskOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a task is to be run. None of it is part of the cache key except ``seed`` and ``map_over``."""

    retries: int = 0
    """Further attempts after a failed one. Unit: attempts."""
    retry_delay_s: float = 1.0
    """Wait before the first retry, doubled for each further one. Unit: seconds."""
    timeout_s: float | None = None
    """Wall time for one attempt, after which its processes are killed. Unit: seconds. None: no limit."""
    cpu_cores: float | None = None
    """Processor cores reserved for the task. None: the backend's default."""
    memory_bytes: int | None = None
    """Memory reserved for the task. Unit: bytes. None: the backend's default."""
    gpu_count: int = 0
    """Accelerators reserved for the task."""
    image: str | None = None
    """Container image; used by the kubernetes backend only. None: the backend's default."""
    disk_bytes: int | None = None
    """Scratch space of the task. Unit: bytes. None: the backend's default."""
    node_selector: Pairs = ()
    """Labels that the node must have, for the kubernetes backend."""
    tolerations: tuple[str, ...] = ()
    """Taints of nodes that it may run on: ``key``, ``key=value``, ``key=value:effect``."""
    env: Pairs = ()
    """Environment variables. They stand in records and notebooks: nothing secret."""
    secrets: Pairs = ()
    """Environment variables taken from the cluster's secrets, as ``secret/key``: never read by Taskcell."""
    queue: str | None = None
    """Kueue queue that admits the task's Job."""
    pod: str = ""
    """Part of a pod's ``spec`` as JSON, merged into that of the task's pods, after the setting ``kubernetes.pod``."""
    share: bool = True
    """Whether the task may run in a pod in which others ran before. False: a pod for each attempt."""
    cache: bool = True
    """Whether results may be taken from the cache. False: always execute."""
    map_over: str | None = None
    """Input over whose elements the task runs one by one. None: runs once."""
    seed: int | None = None
    """Seed for ``random`` and ``numpy.random`` set before the body; the elements of a map have seeds of their own, made
    from it. None: not seeded."""
    isolation: Isolation | None = None
    """What separates a run of the task from others. None: as the launch says."""


class CaptureKind(StrEnum):
    """What a task reaches beyond its inputs."""

    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    CONSTANT = "constant"
    MODULE = "module"
    VALUE = "value"


class Capture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a task's code reaches: an import, a helper, a constant, a local module, a plain value.

    Attributes
    ----------
    name
        The name by which the code reaches it; for a module its dotted import name.
    kind
        What it is.
    digest
        Digest of its meaning: canonical code for source, content for a value. For an import of an installed
        distribution or of the standard library: of the import statement alone.
    source
        The user's own text (an import or assignment statement, a ``def``, a ``class``, a module file). Empty for
        ``VALUE``.
    reads
        Names of other captures that it needs. Captures are listed so that what is needed comes first.
    origin
        Where it stands, for people: ``cell 3, line 2`` or a path relative to the project.
    distributions
        Installed distributions that it belongs to, as (name, version).
    artifact
        The stored value, for ``VALUE`` only.
    """

    name: str
    kind: CaptureKind
    digest: Digest
    source: str = ""
    reads: tuple[str, ...] = ()
    origin: str = ""
    distributions: tuple[tuple[str, str], ...] = ()
    artifact: Artifact | None = None


class InputKind(StrEnum):
    """Where an input of a task comes from."""

    PARAMETER = "parameter"
    OUTPUT = "output"
    VALUE = "value"


class TaskInput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named input and where it comes from.

    ``task`` names the task that makes it, for ``OUTPUT``. ``artifact`` is the stored value, for ``VALUE``.
    """

    name: str
    kind: InputKind
    task: str = ""
    artifact: Artifact | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One unit of work with named inputs and outputs.

    Attributes
    ----------
    body
        The user's text without the magic line; IPython syntax allowed.
    code
        Digest of the body's meaning: comments, blank lines and formatting do not count.
    captures
        What the body reaches beyond its inputs, dependencies first.
    distributions
        Installed distributions that the body or anything it reaches imports, as (name, version) when it was defined.
    stated
        Whether the outputs were stated by the user (then each must be assigned and storable).
    """

    name: str
    body: str
    code: Digest
    inputs: tuple[TaskInput, ...]
    outputs: tuple[str, ...]
    captures: tuple[Capture, ...] = ()
    distributions: tuple[tuple[str, str], ...] = ()
    options: TaskOptions = TaskOptions()
    stated: bool = False
    doc: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """All of the user's text that it runs: the body, and what that reaches."""
        return (self.body, *(capture.source for capture in self.captures if capture.source))


class Parameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A typed input of a workflow, set at launch.

    ``annotation`` is the type as the user wrote it (``int``, ``list[float]``, ``Literal['a', 'b']``). ``default``
    is in JSON form: dates as ISO text, paths as text.
    """

    name: str
    annotation: str
    default: Any
    doc: str = ""


class Workflow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tasks joined by the artifacts they pass on, in an order in which they can run, with the parameter schema."""

    name: str
    tasks: tuple[Task, ...]
    parameters: tuple[Parameter, ...] = ()

    def task(self, name: str) -> Task | None:
        """Return the task of that name, or None."""
        return next((task for task in self.tasks if task.name == name), None)
