"""Walk along the cache as a launch would, before anything runs: what is cached, what would run, and why."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from taskcell import environment, errors
from taskcell.api import evidence
from taskcell.api.explanations import causes, changes, choosing, origins
from taskcell.api.explanations.attempts import Attempt, History
from taskcell.api.launches.fates import Fate
from taskcell.cache import keys
from taskcell.engine import mapping
from taskcell.hashing import Digest, digest_bytes
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry, CacheKey
from taskcell.model.runs import Binding, PlannedTask
from taskcell.model.tasks import Task, Workflow
from taskcell.store import codecs
from taskcell.store.contracts import Buffer
from taskcell.store.opening import Store
from taskcell.views import words
from taskcell.views.states import State

_SAMPLES = 5


class _Nowhere:
    """Takes bytes and keeps nothing: only their address is of interest."""

    def put(self, data: Buffer | Iterable[Buffer]) -> tuple[Digest, int]:
        joined = bytes(data) if isinstance(data, bytes | bytearray | memoryview) else b"".join(data)
        return digest_bytes(joined), len(joined)


@dataclass(slots=True, kw_only=True)
class Foreseen:
    """A walk along the cache, from result to result, as a launch would do it.

    Attributes
    ----------
    planned
        Task runs in an order in which they can run. Artifacts of bindings need a digest only.
    values
        Values of parameters and plain values, by name: to take apart what is mapped over.
    refused
        Tasks that can't be resolved, by name, and why.
    use_cache
        Whether results may be taken from the cache.
    fates
        What would become of each, by id.
    """

    where: Store
    workflow: Workflow
    planned: Sequence[PlannedTask]
    values: Mapping[str, object] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True
    installed: Callable[[str], str | None] = environment.installed_version
    fates: dict[str, Fate] = field(default_factory=dict)
    _history: History = field(init=False)
    _made: dict[tuple[str, str], Artifact] = field(default_factory=dict)
    _entries: dict[tuple[str, Digest], CacheEntry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._history = History(self.where, workflow=self.workflow.name)
        tasks = {task.name: task for task in self.workflow.tasks}
        for item in self.planned:
            self.fates[item.id] = self._fate(item, tasks[item.task_name])

    # -- one task ----------------------------------------------------------------------------------------------------

    def _fate(self, item: PlannedTask, task: Task) -> Fate:
        if task.name in self.refused:
            return self._refused(item, "can't run as it is", self.refused[task.name])
        inputs = self._inputs(item)
        if inputs is None:
            return self._waiting(item)
        bare = next((name for name, given in inputs.items() if not given.digest), "")
        bare = bare or next((capture.name for capture in task.captures if not capture.digest), "")
        if bare:
            return self._running(item, "not cacheable", f"it is not cacheable, since {bare} has no digest")
        if task.options.map_over is not None:
            return self._of_elements(item, task, inputs)
        key = keys.task_key(task, inputs, installed=self.installed)
        kept = self._look(task, key)
        if kept.entry is None:
            return self._missing(item, task, key, kept)
        self._take(item, kept.entry.outputs)
        self._entries.update({(task.name, made.digest): kept.entry for made in kept.entry.outputs.values()})
        took = f"took {words.duration(kept.entry.duration_s)}"
        return Fate(id=item.id, label=_label(item), task=task.name, state=State.CACHED, brief=took)

    def _inputs(self, item: PlannedTask) -> dict[str, keys.InputDigest] | None:
        """Return the content of every input, or None when one is not known before something has run."""
        found = {}
        for binding in item.bindings:
            artifact = binding.artifact if binding.artifact is not None else self._of_source(binding)
            if artifact is None:
                return None
            found[binding.input] = keys.InputDigest(digest=artifact.digest, label=artifact.preview)
        return found

    def _of_source(self, binding: Binding) -> Artifact | None:
        return self._made.get((binding.source, binding.output))

    def _take(self, item: PlannedTask, outputs: Mapping[str, Artifact]) -> None:
        self._made.update({(item.id, name): artifact for name, artifact in outputs.items()})

    def _look(self, task: Task, key: CacheKey) -> origins.Kept:
        if not self.use_cache:
            return origins.Kept(obstacle="the launch does not read the cache")
        return origins.look(self.where, key.digest, task, depth=origins.Depth.PRESENCE)

    # -- what would run ----------------------------------------------------------------------------------------------

    def _running(self, item: PlannedTask, brief: str, reason: str, elements: tuple[int, int] | None = None) -> Fate:
        return self._expected(item, State.WILL_RUN, brief, reason, elements)

    def _expected(
        self, item: PlannedTask, state: State, brief: str, reason: str, elements: tuple[int, int] | None = None
    ) -> Fate:
        samples = self._history.durations(item.label or item.id, _SAMPLES)
        return Fate(
            id=item.id,
            label=_label(item),
            task=item.task_name,
            state=state,
            brief=brief,
            reason=reason,
            expected_s=statistics.median(samples) if samples else None,
            samples=len(samples),
            elements=elements,
        )

    def _waiting(self, item: PlannedTask) -> Fate:
        """Say what a task waits for whose inputs are not known yet."""
        above = [binding.source for binding in item.bindings if binding.source and self._of_source(binding) is None]
        above = list(dict.fromkeys(above))
        labels = words.listed([self.fates[name].label for name in above if name in self.fates], 3)
        if any(self.fates[name].state is State.REFUSED for name in above if name in self.fates):
            return self._refused(item, f"after {labels}", f"needs what {labels} give{'s' if len(above) == 1 else ''}")
        root = self._root(above)
        why = f": {root.label} would run" if root is not None and root.label not in labels else ""
        reason = f"depends on what {labels} give{'s' if len(above) == 1 else ''}{why}"
        return self._expected(item, State.MAY_RUN, f"after {labels}", reason)

    def _refused(self, item: PlannedTask, brief: str, reason: str) -> Fate:
        return Fate(
            id=item.id, label=_label(item), task=item.task_name, state=State.REFUSED, brief=brief, reason=reason
        )

    def _root(self, above: Sequence[str]) -> Fate | None:
        """Return the first task above that would run for a reason of its own."""
        waiting, seen = list(above), set[str]()
        sources = {item.id: [one.source for one in item.bindings if one.source] for item in self.planned}
        while waiting:
            name = waiting.pop(0)
            if name in seen or name not in self.fates:
                continue
            seen.add(name)
            if self.fates[name].state is State.WILL_RUN:
                return self.fates[name]
            waiting += sources.get(name, [])
        return None

    def _missing(self, item: PlannedTask, task: Task, key: CacheKey, kept: origins.Kept) -> Fate:
        if kept.obstacle:
            return self._running(item, _brief_of(kept.obstacle), kept.obstacle)
        choice = choosing.nearest(self._history, item.label or task.name, key.parts)
        if choice.same is not None:
            run = choice.same.run.id
            return self._running(item, "collected", f"the result of run {run} is not in the cache any more")
        if choice.other is None:
            name = f"{self.workflow.name}.{task.name}"
            if self._history.late():
                return self._running(item, "", "")
            return self._running(item, "never run before", f"never run before: no run of {name} is in this store")
        return self._changed(item, task, key, choice.other)

    def _changed(self, item: PlannedTask, task: Task, key: CacheKey, old: Attempt) -> Fate:
        found = changes.compared(old.parts, key.parts)
        recorded = causes.of_history(self._history)
        chains = causes.Chains(before=recorded, now=self._maker_now)
        above = next((said for change in found if (said := chains.of(task, change))), "")
        reason = f"{causes.said(found, 4)}{f': {above}' if above else ''}"
        brief = changes.short(found[0]) + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        return dataclasses.replace(self._running(item, brief, reason), run=old.run.id)

    def _maker_now(self, task: str, digest: Digest) -> causes.Made | None:
        entry = self._entries.get((task, digest))
        if entry is None:
            return None
        return causes.Made(parts=entry.parts, definition=self.workflow.task(task))

    # -- maps --------------------------------------------------------------------------------------------------------

    def _of_elements(self, item: PlannedTask, task: Task, inputs: Mapping[str, keys.InputDigest]) -> Fate:
        mapped = task.options.map_over or ""
        given = self._elements(item, task, mapped, inputs)
        if given is None:
            return self._running(item, f"for each of {mapped}", f"the elements of {mapped} are not known yet")
        made = [keys.task_key(task, one, installed=self.installed) for one in given]
        kept = [self._look(task, key) for key in made]
        entries = [one.entry for one in kept if one.entry is not None]
        counts = len(entries), len(made)
        if len(entries) < len(made):
            first = next(number for number, one in enumerate(kept) if one.entry is None)
            fate = self._missing(item, task, made[first], kept[first])
            left = [f"{mapped}[{number}]" for number, one in enumerate(kept) if one.entry is None]
            said = f"{counts[0]} of {words.plural(counts[1], 'element')} cached"
            reason = f"{said}; {words.listed(left, 4)} would run" + (f": {fate.reason}" if fate.reason else "")
            made_fate = self._running(item, f"{counts[0]} of {counts[1]} cached", reason, counts)
            return dataclasses.replace(made_fate, run=fate.run)
        self._take(item, dict(_gathered(task, entries)))
        took = f"took {words.duration(sum(entry.duration_s for entry in entries))}"
        return Fate(id=item.id, label=_label(item), task=task.name, state=State.CACHED, brief=took, elements=counts)

    def _elements(
        self, item: PlannedTask, task: Task, mapped: str, inputs: Mapping[str, keys.InputDigest]
    ) -> list[dict[str, keys.InputDigest]] | None:
        binding = next(one for one in item.bindings if one.input == mapped)
        try:
            made = self._of_source(binding)
            value = evidence.value(self.where, made) if made is not None else self._given(item, mapped, binding)
            elements = mapping.elements(value, task.name, mapped)
            return [
                {**inputs, mapped: keys.InputDigest(digest=digest_value(one), label=codecs.preview(one))}
                for one in elements
            ]
        except (errors.TaskcellError, KeyError):
            return None  # known when it runs

    def _given(self, item: PlannedTask, name: str, binding: Binding) -> object:
        if name in item.branch:
            return item.branch[name]
        if binding.artifact is not None and binding.artifact.codec:
            return evidence.value(self.where, binding.artifact)
        return self.values[name]


def _gathered(task: Task, entries: Sequence[CacheEntry]) -> Iterator[tuple[str, Artifact]]:
    for name in task.outputs:
        yield name, codecs.gather([entry.outputs[name] for entry in entries if name in entry.outputs], _Nowhere())


def _label(item: PlannedTask) -> str:
    return item.label or item.id


def _brief_of(obstacle: str) -> str:
    return "--no-cache" if "--no-cache" in obstacle else "not taken from the cache"
