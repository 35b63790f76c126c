"""Run one task cell in the kernel's own process: resolve, look up, restore or commit.

How the body is executed and its output recorded is the caller's matter (``magics``); this part knows no IPython.
"""

from __future__ import annotations

import copy
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from taskcell import analysis, environment, errors
from taskcell.api import configuration
from taskcell.api.definitions import workflows
from taskcell.api.kernels import sessions
from taskcell.api.runs import links, run_ids
from taskcell.api.versions import snapshots
from taskcell.cache import keys, seeds
from taskcell.cache.results import Results
from taskcell.engine import states
from taskcell.hashing import Digest, passes
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry, CacheKey
from taskcell.model.cells import Cell
from taskcell.model.runs import AttemptEnd, Plan, TaskState
from taskcell.model.tasks import CaptureKind, InputKind, Parameter, Task, TaskInput
from taskcell.notebook import parameters as schemas
from taskcell.notebook import provenance, writing
from taskcell.store import codecs, linking, paths
from taskcell.store.contracts import Lease
from taskcell.store.opening import Store

Displays = list[dict[str, object]]


@dataclass(slots=True, kw_only=True)
class Prepared:
    """One execution of a task's body, resolved and keyed. ``values`` are the inputs' live values."""

    task: Task
    values: dict[str, Any]
    digests: dict[str, Digest]
    key: CacheKey | None
    uncacheable: str = ""
    element: int | None = None
    seed: int | None = None
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A result from the cache: the entry, the outputs' values, the displayed output."""

    entry: CacheEntry
    values: dict[str, Any]
    displays: Displays


class CellRunner:
    """Runs task cells of one session against one store."""

    def __init__(self, session: sessions.Session, where: Store) -> None:
        self._session = session
        self._store = where
        self._results = Results(where)
        self._lease: Lease | None = None
        self._constants: dict[str, Any] = {}
        self._defaults: dict[str, tuple[Any, ...]] = {}

    # -- before ------------------------------------------------------------------------------------------------------

    def prepare(self, cell: Cell) -> Prepared:
        """Define the task of a cell that is about to run; raise DefinitionError, and then nothing has changed."""
        with passes.one_pass():
            task, cells = self._session.resolve(cell, snapshots.notebook_folder(self._session))
            analysis.note_modules(task.captures)
            prepared = self.keyed(task, workflows.parameters(cells))
        self._session.place(cell, cells)
        return prepared

    def keyed(self, task: Task, declared: Mapping[str, Parameter]) -> Prepared:
        """Return a task with its inputs' values and its key; notes nothing in the session."""
        values: dict[str, Any] = {}
        rebound: list[str] = []
        digests: dict[str, Digest] = {}
        reason = ""
        for item in task.inputs:
            try:
                if item.kind is InputKind.PARAMETER:
                    values[item.name] = self._parameter(task, item, declared[item.name], rebound)
                    digests[item.name] = digest_value(values[item.name])
                else:
                    values[item.name], digests[item.name] = self._input(task, item)
            except errors.UnstorableError as exc:
                values[item.name] = self._session.namespace[item.name]
                reason = f"input {item.name} can't be digested: {exc.message}"
        for capture in task.captures:
            if capture.kind is CaptureKind.VALUE and not capture.digest:
                reason = f"{capture.name}, which it reaches, can't be digested"
        key = None if reason else self.key(task, digests, values)
        notices = [f"parameters have other values here: {', '.join(rebound)}"] if rebound else []
        return Prepared(
            task=task,
            values=values,
            digests=digests,
            key=key,
            uncacheable=reason,
            seed=task.options.seed,
            notices=notices,
        )

    def _parameter(self, task: Task, item: TaskInput, declared: Parameter, rebound: list[str]) -> Any:
        """Return the value that a parameter has here, as its type has it: plain cells may have assigned another."""
        if item.name not in self._session.namespace:
            raise errors.DefinitionError(
                f"Task {task.name!r}: parameter {item.name!r} has no value in this kernel.",
                remedy="First run its %%params cell.",
                task=task.name,
            )
        try:
            given = schemas.to_json(declared, self._session.namespace[item.name])
        except errors.InvalidInputError as exc:
            raise errors.DefinitionError(
                f"Task {task.name!r}: {exc.message}", remedy=exc.remedy, task=task.name
            ) from exc
        if given != declared.default:
            rebound.append(f"{item.name} = {codecs.preview(given)} (default {codecs.preview(declared.default)})")
        return schemas.from_json(declared, given)  # an object of its own: the body may change it

    def key(self, task: Task, digests: Mapping[str, Digest], values: Mapping[str, Any]) -> CacheKey:
        """Return a task's key for given inputs."""
        inputs = {
            name: keys.InputDigest(digest=digest, label=self._label(name, digest, values[name]))
            for name, digest in digests.items()
        }
        return keys.task_key(task, inputs, installed=environment.installed_version)

    def _label(self, name: str, digest: Digest, value: Any) -> str:
        bound = self._session.bound.get(name)
        return bound.preview if bound is not None and bound.digest == digest else codecs.preview(value)

    def _input(self, task: Task, item: TaskInput) -> tuple[Any, Digest]:
        namespace = self._session.namespace
        if item.name not in namespace:
            raise self._no_value(task, item)
        value = namespace[item.name]
        bound = self._session.bound.get(item.name) if item.kind is InputKind.OUTPUT else None
        if bound is None:
            if item.artifact is not None and item.artifact.digest:
                return value, item.artifact.digest
            if isinstance(value, ModuleType):
                raise errors.UnstorableError(
                    f"a plain cell changed what the module {item.name} holds, which can't be seen.",
                    remedy="Make the change in the task, or in a statement of its own at the top level of a cell.",
                )
            return value, digest_value(value)
        try:
            digest = digest_value(value)
        except errors.UnstorableError:
            return self.load(bound), bound.digest  # what can't be compared is taken as it was stored
        if digest != bound.digest:
            raise errors.DefinitionError(
                f"Task {task.name!r}: its input {item.name!r}, made by task {item.task!r}, was changed behind its back.",
                remedy=f"Put the change into a task, under a new name; or run the cell of task {item.task!r} again.",
                task=task.name,
            )
        return value, digest

    def _no_value(self, task: Task, item: TaskInput) -> errors.DefinitionError:
        maker = self._session.outcomes.get(item.task)
        if maker is not None and item.name in maker.dropped:
            return errors.DefinitionError(
                f"Task {task.name!r}: its input {item.name!r} was not kept by task {item.task!r}: "
                f"{maker.dropped[item.name]}",
                remedy=f"Let task {item.task!r} give out something that can be stored, or make it in this task.",
                task=task.name,
            )
        first = f"run the cell of task {item.task!r}" if item.task else "run the cell that makes it"
        return errors.DefinitionError(
            f"Task {task.name!r}: its input {item.name!r} has no value in this kernel.",
            remedy=f"First {first}.",
            task=task.name,
        )

    def elements(self, prepared: Prepared) -> list[Prepared]:
        """Return one preparation for each element of a mapped input."""
        from taskcell.engine import mapping

        name = prepared.task.options.map_over
        assert name is not None
        found = []
        for index, value in enumerate(mapping.elements(prepared.values[name], prepared.task.name, name)):
            values = {**prepared.values, name: value}
            digests = dict(prepared.digests)
            key = None
            if prepared.key is not None:
                digests[name] = digest_value(value)
                key = self.key(prepared.task, digests, values)
            found.append(
                Prepared(
                    task=prepared.task,
                    values=values,
                    digests=digests,
                    key=key,
                    uncacheable=prepared.uncacheable,
                    element=index,
                    seed=seeds.seed_of(prepared.task, digests.get(name) if key is not None else str(index)),
                )
            )
        return found

    def find(self, prepared: Prepared) -> Restored | None:
        """Return a cached result, ready to be bound, or None."""
        if prepared.key is None or not prepared.task.options.cache or os.environ.get("TASKCELL_READ_CACHE") == "0":
            return None
        entry = self._results.find(prepared.key.digest)
        if entry is None or (
            entry.dropped and prepared.task.stated
        ):  # stated outputs are errors when they can't be kept
            return None
        try:
            values = {name: self.load(artifact) for name, artifact in entry.outputs.items()}
        except (errors.UntrustedError, errors.FormatError) as exc:
            prepared.notices.append(f"a cached result was not used: {exc.message}")
            return None
        return Restored(entry=entry, values=values, displays=self._results.displays(entry.displays))

    def claim(self, prepared: Prepared, on_wait: Callable[[], None]) -> Restored | None:
        """Claim a key for execution; when another process is at it, wait and return its result."""
        if prepared.key is None or not prepared.task.options.cache:
            return None
        self._lease = self._results.lease(prepared.key.digest)
        if not self._lease.acquire():
            on_wait()
            while not self._lease.acquire(1.0):
                pass
        restored = None
        try:
            restored = self.find(prepared)
        finally:
            if restored is not None or sys.exception() is not None:
                self.release()
        if restored is None:
            self._check_loaded(prepared)
        return restored

    def _check_loaded(self, prepared: Prepared) -> None:
        """Let a task that would execute with older modules than it is keyed with run uncached."""
        stale = analysis.stale_modules(prepared.task.captures)
        if stale:
            prepared.key = None
            prepared.uncacheable = (
                f"{stale[0]} is loaded in an older form than its file has now: reload it, or restart the kernel"
            )
            self.release()

    def release(self) -> None:
        """Give the claimed key free."""
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def load(self, artifact: Artifact) -> Any:
        """Return a stored value; classes of the notebook are those of this kernel."""
        return codecs.decode(
            artifact,
            self._store.blobs,
            trusted=self._trusted,
            namespace=self._session.namespace,
        )

    @cached_property
    def _trusted(self) -> bool:
        return configuration.trusted(self._store)

    def body_namespace(self, prepared: Prepared) -> dict[str, Any]:
        """Return what the body may see: what it reaches, and its inputs."""
        names = self._session.namespace
        reached = [capture for capture in prepared.task.captures if capture.name in names]
        self._constants = {
            capture.name: copy.deepcopy(names[capture.name])
            for capture in reached
            if capture.kind is CaptureKind.CONSTANT and type(names[capture.name]) in (list, dict, set)
        }
        self._defaults = {
            capture.name: copy.deepcopy(names[capture.name].__defaults__)
            for capture in reached
            if capture.kind in (CaptureKind.FUNCTION, CaptureKind.VALUE)
            and analysis.keeps_defaults(names[capture.name])
        }
        found = {capture.name: names[capture.name] for capture in reached if capture.kind is not CaptureKind.MODULE}
        return {**found, **prepared.values}

    def _restore_constants(self, prepared: Prepared) -> None:
        """Put back what a body changed in what it reaches, as a helper that remembers results does."""
        for name, before in self._constants.items():
            live: Any = self._session.namespace.get(name)
            if type(live) is type(before) and digest_value(live) != digest_value(before):
                live.clear()
                live.extend(before) if isinstance(live, list) else live.update(before)
                prepared.notices.append(f"{name}, which it reaches, was changed in place and is put back as it was")
        for name, defaults in self._defaults.items():
            helper: Any = self._session.namespace.get(name)
            if analysis.keeps_defaults(helper) and digest_value(helper.__defaults__) != digest_value(defaults):
                helper.__defaults__ = defaults  # not in place: an output may be one of them
                prepared.notices.append(f"a default of {name}, which it reaches, was changed in place and is put back")
        self._constants, self._defaults = {}, {}

    # -- after -------------------------------------------------------------------------------------------------------

    def commit(
        self,
        prepared: Prepared,
        namespace: Mapping[str, Any],
        displays: Displays,
        started: datetime,
        duration_s: float,
        drawn: tuple[str, ...] = (),
    ) -> tuple[dict[str, Any], dict[str, Artifact], dict[str, str]]:
        """Store what the body left and commit it; return outputs' values, artifacts, and why others are not kept.

        Raises
        ------
        UnstorableError
            When a stated output is missing or can't be stored; nothing is committed then.
        """
        values, artifacts, dropped = self._stored(prepared.task, namespace)
        self.put_back(prepared)
        stored_displays = self._results.put_displays(displays)
        task_address = self._store.blobs.put(msgspec.json.encode(prepared.task))[0]
        run_id = self._run()
        if prepared.key is not None and prepared.task.options.cache:
            entry = CacheEntry(
                key=prepared.key.digest,
                parts=prepared.key.parts,
                task_name=prepared.task.name,
                task=task_address,
                outputs=artifacts,
                run_id=run_id,
                author=configuration.user(),
                created_at=datetime.now(UTC),
                duration_s=duration_s,
                displays=stored_displays,
                dropped=dropped,
            )
            self._results.commit(entry)
        self._record(prepared, artifacts, stored_displays, displays, started, duration_s, drawn)
        return values, artifacts, dropped

    def _stored(
        self, task: Task, namespace: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Artifact], dict[str, str]]:
        values: dict[str, Any] = {}
        artifacts: dict[str, Artifact] = {}
        dropped: dict[str, str] = {}
        for name in task.outputs:
            try:
                if name not in namespace:
                    raise errors.UnstorableError(
                        f"{name!r} was not assigned when the cell ended.",
                        remedy="Assign it on every path, or don't list it.",
                    )
                artifacts[name] = codecs.encode(namespace[name], self._store.blobs)
                values[name] = namespace[name]
            except errors.UnstorableError as exc:
                if task.stated:
                    raise errors.UnstorableError(
                        f"Task {task.name!r}, output {name!r}: {exc.message}", remedy=exc.remedy, task=task.name
                    ) from exc
                dropped[name] = exc.message
        return values, artifacts, dropped

    def put_back(self, prepared: Prepared) -> None:
        """Put back constants and tasks' outputs that the body changed in place, and note what it changed."""
        self._restore_constants(prepared)
        for name, digest in prepared.digests.items():
            value = prepared.values[name]
            try:
                same = digest_value(value) == digest
            except errors.UnstorableError:
                continue
            if same:
                continue
            prepared.notices.append(
                f"input {name} was changed in place; the change is not part of the result: assign to a new name"
            )
            bound = self._session.bound.get(name)
            within = prepared.element is not None and name == prepared.task.options.map_over
            if bound is not None and (within or self._session.namespace.get(name) is value):
                self._session.namespace[name] = self.load(bound)

    def gather(self, parts: list[dict[str, Artifact]], names: tuple[str, ...]) -> dict[str, Artifact]:
        """Return the list of each output over all elements."""
        return {
            name: codecs.gather([part[name] for part in parts if name in part], self._store.blobs) for name in names
        }

    def _run(self) -> str:
        """Return the id of this session's run; its plan is written with the first task that executes."""
        place = self._store.url, self._store.project
        if self._session.run_id is None or self._session.run_place != place:
            run_id = run_ids.new_run_id()
            self._session.run_workflow = snapshots.workflow_name(self._session)
            plan = Plan(
                run_id=run_id,
                project=self._store.project,
                workflow=self._session.run_workflow,
                version_number=0,
                version=Digest(""),
                parameters={},
                tasks=(),
                backend=states.INTERACTIVE,
                author=configuration.user(),
                host=socket.gethostname(),
                created_at=datetime.now(UTC),
                folder=str(Path.cwd()),
                link=links.link(self._store, run_id),
            )
            self._store.records.create(paths.plan(run_id), plan)
            self._session.run_id, self._session.run_place = run_id, place
        return self._session.run_id

    def _record(
        self,
        prepared: Prepared,
        artifacts: dict[str, Artifact],
        stored_displays: Digest | None,
        displays: Displays,
        started: datetime,
        duration_s: float,
        drawn: tuple[str, ...],
    ) -> None:
        """Leave the record of a task run: its end, and an executed notebook for people."""
        task, run_id = prepared.task, self._run()
        task_id = task.name if prepared.element is None else states.element_id(task.name, prepared.element)
        attempts = self._store.project_files.list(paths.attempts(run_id, task_id))
        number = 1 + max((int(paths.last(entry.path)) for entry in attempts), default=0)
        facts = provenance.Facts(
            kind="task",
            workflow=self._session.run_workflow,
            run_id=run_id,
            task=task_id,
            author=configuration.user(),
            created_at=started,
            backend=states.INTERACTIVE,
            link=links.link(self._store, run_id) or linking.run_link(self._store, run_id),
            project=self._store.project,
            store=self._store.url,
        )
        notebook = writing.task_notebook(facts=facts, body=task.body)
        notebook["cells"][-1]["outputs"] = displays
        self._store.project_files.create(paths.notebook(run_id, task_id, number), writing.dump_notebook(notebook))
        end = AttemptEnd(
            task_id=task_id,
            attempt=number,
            state=TaskState.SUCCEEDED,
            started_at=started,
            ended_at=datetime.now(UTC),
            duration_s=duration_s,
            key=prepared.key.digest if prepared.key else None,
            parts=prepared.key.parts if prepared.key else (),
            outputs=artifacts,
            displays=stored_displays,
            seed=prepared.seed,
            randomness=analysis.unseeded(task.sources, drawn if task.options.seed is None else ()),
        )
        self._store.records.create(paths.attempt_end(run_id, task_id, number), end)

    def conclude(
        self,
        prepared: Prepared,
        values: Mapping[str, Any],
        artifacts: Mapping[str, Artifact],
        *,
        dropped: Mapping[str, str],
        cached: bool,
        started: float,
        from_run: str = "",
        elements: tuple[bool, ...] = (),
    ) -> sessions.Outcome:
        """Bind outputs in the notebook and note what became of the cell; what was not kept is not bound either."""
        for name in dropped:
            self._session.namespace.pop(name, None)
            self._session.bound.pop(name, None)
        prepared.notices.extend(f"{name} is not kept: {reason}" for name, reason in dropped.items())
        self._session.namespace.update(values)
        self._session.bound.update(artifacts)
        outcome = sessions.Outcome(
            task=prepared.task.name,
            cached=cached,
            key=prepared.key.digest if prepared.key else None,
            parts={part.name: part.digest for part in prepared.key.parts} if prepared.key else {},
            outputs=dict(artifacts),
            duration_s=time.perf_counter() - started,
            from_run=from_run,
            elements=elements,
            dropped=dict(dropped),
            labelled=prepared.key.parts if prepared.key else (),
            definition=prepared.task,
        )
        self._session.outcomes[prepared.task.name] = outcome
        return outcome
