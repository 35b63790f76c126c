"""Foresee what a workflow as it stands would do: what is cached, what is stale, what would run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from taskcell import environment, errors
from taskcell.api import evidence, sessions, showing, snapshots, versions, workflows
from taskcell.cache import keys
from taskcell.cache.keys import InputDigest
from taskcell.engine import mapping
from taskcell.hashing import Digest, digest_bytes
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.tasks import InputKind, Parameter, Task, Workflow
from taskcell.notebook import parameters as schemas
from taskcell.notebook import reading
from taskcell.store import codecs
from taskcell.store.contracts import Buffer
from taskcell.store.opening import Store
from taskcell.views import words
from taskcell.views.graph import Graph
from taskcell.views.states import State


def graph(where: Store, target: str | None = None) -> Graph:
    """Return the DAG of a notebook file, a version, or (None) of this kernel's session, with what would happen.

    A task is *cached* when its result would be taken from the cache, *stale* when it has a result in this kernel that
    is no longer the one it would give, and else *will run*.
    """
    if target is None:
        return _of_session(where)
    if target.endswith(".ipynb"):
        path = Path(target)
        cells = reading.read_notebook(path).cells
        name = snapshots.name_of_file(cells, path)
        workflow = workflows.read_workflow(cells, name=name, folder=path.resolve().parent).workflow
        title = name
    else:
        version = versions.find(where, target)
        workflow, title = versions.workflow(where, version), version.ref
    foreseen = Foreseen(where, workflow, _defaults(workflow))
    return showing.workflow_graph(workflow, foreseen.states, details=foreseen.details, title=title)


def _of_session(where: Store) -> Graph:
    session = sessions.current()
    if session is None:
        raise errors.InvalidInputError(
            "There is no notebook here to draw.", remedy="Name a notebook file, a version or a run."
        )
    name = snapshots.workflow_name(session)
    workflow = session.draft(name, folder=snapshots.notebook_folder(session)).workflow
    namespace = session.namespace
    given = {item.name: namespace[item.name] for item in workflow.parameters if item.name in namespace}
    foreseen = Foreseen(where, workflow, given)
    states = dict(foreseen.states)
    for task in workflow.tasks:
        if states[task.name] is State.WILL_RUN and task.name in session.outcomes:
            states[task.name] = State.STALE
    return showing.workflow_graph(workflow, states, details=foreseen.details)


def _defaults(workflow: Workflow) -> dict[str, object]:
    return {item.name: _default(item) for item in workflow.parameters}


def _default(parameter: Parameter) -> object:
    return schemas.from_json(parameter, parameter.default)


def _digests(values: Mapping[str, object]) -> dict[str, InputDigest]:
    found = {}
    for name, value in values.items():
        try:
            found[name] = InputDigest(digest=digest_value(value))
        except errors.UnstorableError:
            continue  # a task that reads it has no key, and is foreseen to run
    return found


class _Nowhere:
    """Takes bytes and keeps nothing: only their address is of interest."""

    def put(self, data: Buffer | Iterable[Buffer]) -> tuple[Digest, int]:
        joined = bytes(data) if isinstance(data, bytes | bytearray | memoryview) else b"".join(data)
        return digest_bytes(joined), len(joined)


@dataclass(slots=True)
class Foreseen:
    """What a launch with given parameters would do with each task: a walk along the cache, from result to result.

    Attributes
    ----------
    values
        Values of parameters.
    states
        ``cached`` or ``will run``, by task.
    details
        One short line about it, by task.
    """

    where: Store
    workflow: Workflow
    values: Mapping[str, object]
    installed: Callable[[str], str | None] = environment.installed_version
    states: dict[str, State] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    _made: dict[str, Artifact] = field(default_factory=dict)
    _parameters: dict[str, InputDigest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._parameters = _digests(self.values)
        for task in self.workflow.tasks:
            self._look(task)

    def _look(self, task: Task) -> None:
        inputs = self._inputs(task)
        entries = self._entries(task, inputs) if inputs is not None and task.options.cache else None
        if entries is None:
            self.states[task.name] = State.WILL_RUN
            self.details[task.name] = self._reason(task, known=inputs is not None)
            return
        self.states[task.name] = State.CACHED
        self.details[task.name] = f"took {words.duration(sum(entry.duration_s for entry in entries))}"
        self._made.update(self._gathered(task, entries) if task.options.map_over else entries[0].outputs)

    def _inputs(self, task: Task) -> dict[str, InputDigest] | None:
        """Return the content of every input, or None when one is not known before something has run."""
        found = {}
        for item in task.inputs:
            if item.kind is InputKind.VALUE and item.artifact is not None:
                found[item.name] = InputDigest(digest=item.artifact.digest)
            elif item.kind is InputKind.OUTPUT and item.name in self._made:
                found[item.name] = InputDigest(digest=self._made[item.name].digest)
            elif item.kind is InputKind.PARAMETER and item.name in self._parameters:
                found[item.name] = self._parameters[item.name]
            else:
                return None
        return found

    def _entries(self, task: Task, inputs: Mapping[str, InputDigest]) -> list[CacheEntry] | None:
        """Return the committed result, of a mapped task those of all elements; None when one is missing."""
        mapped = task.options.map_over
        given = [inputs] if mapped is None else self._elements(task, mapped, inputs)
        entries = []
        for one in given or ():
            entry = evidence.cache_entry(self.where, keys.task_key(task, one, installed=self.installed).digest)
            if entry is None:
                return None
            entries.append(entry)
        return entries if given is not None else None

    def _elements(
        self, task: Task, mapped: str, inputs: Mapping[str, InputDigest]
    ) -> list[dict[str, InputDigest]] | None:
        try:
            value = self.values[mapped] if mapped in self.values else evidence.value(self.where, self._made[mapped])
            elements = mapping.elements(value, task.name, mapped)
            return [{**inputs, mapped: InputDigest(digest=digest_value(element))} for element in elements]
        except (errors.TaskcellError, KeyError):
            return None  # known when it runs

    def _gathered(self, task: Task, entries: Sequence[CacheEntry]) -> dict[str, Artifact]:
        return {
            name: codecs.gather([entry.outputs[name] for entry in entries if name in entry.outputs], _Nowhere())
            for name in task.outputs
        }

    def _reason(self, task: Task, *, known: bool) -> str:
        if not task.options.cache:
            return "never cached"
        if task.options.map_over is not None:
            return f"for each of {task.options.map_over}"
        waits = [item.task for item in task.inputs if self.states.get(item.task) is State.WILL_RUN]
        return "" if known or not waits else f"after {words.listed(list(dict.fromkeys(waits)), 2)}"
