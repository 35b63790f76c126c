"""Where a task of the kernel's session stands: its key as it is now, and what the cache holds for it."""

from __future__ import annotations

from functools import cached_property

from taskcell import analysis, errors
from taskcell.api import evidence
from taskcell.api.definitions import workflows
from taskcell.api.explanations import causes, changes, origins, standing
from taskcell.api.explanations.attempts import History
from taskcell.api.kernels import interactive, sessions, staleness
from taskcell.api.versions import snapshots
from taskcell.hashing import Digest
from taskcell.model.caching import KeyPart
from taskcell.model.cells import CellKind
from taskcell.model.tasks import Task
from taskcell.notebook import headers
from taskcell.store.opening import Store


def knows(session: sessions.Session, task: str) -> bool:
    """Whether a session has a task of that name."""
    return task in session.outcomes or _position(session, task) is not None


def task_names(session: sessions.Session) -> list[str]:
    """Return the names of a session's tasks."""
    try:
        return list(workflows.places(session.cells))
    except errors.DefinitionError:
        return list(session.outcomes)


def _position(session: sessions.Session, task: str) -> int | None:
    for position, cell in enumerate(session.cells):
        try:
            if headers.kind_of(cell.source) is not CellKind.TASK:
                continue
            if workflows.declare(headers.parse_task_cell(cell), position, ()).name == task:
                return position
        except errors.DefinitionError:
            continue  # a cell that can't be read defines no task
    return None


def of_session(session: sessions.Session, where: Store, task: str) -> standing.Standing:
    """Return where a task stands in the kernel; where that can't be resolved, as it was when it last ran."""
    return _Live(session, where, task).found()


class _Live:
    """One task of a kernel's session."""

    def __init__(self, session: sessions.Session, where: Store, task: str) -> None:
        self._session = session
        self._where = where
        self._task = task
        self._outcome = session.outcomes.get(task)
        self._workflow = session.run_workflow or snapshots.workflow_name(session)
        self._history = History(where, workflow=self._workflow)

    def found(self) -> standing.Standing:
        runner = interactive.CellRunner(self._session, self._where)
        try:
            prepared = self._prepared(runner)
        except errors.TaskcellError as exc:
            return self._as_it_ran(exc)
        definition = prepared.task
        key = prepared.key.digest if prepared.key else None
        outcome = self._outcome
        mapped = definition.options.map_over is not None
        ran = outcome is not None and not outcome.cached and outcome.key == key
        kept = origins.look(self._where, None if mapped else key, definition)
        elements = self._elements(runner, prepared, ran) if mapped and prepared.key else ()
        restored_s = outcome.duration_s if outcome is not None and outcome.cached and outcome.key == key else None
        hit = origins.Origin.of(kept.entry, restored_s) if kept.entry is not None and not ran else None
        return self._made(
            parts=prepared.key.parts if prepared.key else (),
            key=key,
            definition=definition,
            find=_live(prepared.values),
            hit=standing.gathered(elements, restored_s) if mapped else hit,
            executed=ran,
            obstacle=kept.obstacle,
            uncacheable=prepared.uncacheable,
            elements=elements,
            notices=(*self._stale(definition), *_loaded_before(definition)),
        )

    def _prepared(self, runner: interactive.CellRunner) -> interactive.Prepared:
        position = _position(self._session, self._task)
        if position is None:
            raise errors.NotFoundError(f"The cell of task {self._task!r} is gone.", task=self._task)
        found, cells = self._session.resolve(self._session.cells[position], snapshots.notebook_folder(self._session))
        return runner.keyed(found, workflows.parameters(cells))

    def _as_it_ran(self, exc: errors.TaskcellError) -> standing.Standing:
        outcome = self._outcome
        if outcome is None:
            raise exc
        entry = evidence.cache_entry(self._where, outcome.key) if outcome.cached and outcome.key else None
        return self._made(
            parts=outcome.labelled,
            key=outcome.key,
            definition=outcome.definition,
            find=_live(self._session.namespace),
            hit=origins.Origin.of(entry, outcome.duration_s) if entry is not None else None,
            executed=not outcome.cached,
            notices=(f"It is explained as it last ran here; as it stands it is refused: {exc.message}",),
        )

    def _made(
        self, *, parts: tuple[KeyPart, ...], key: Digest | None, definition: Task | None, find: changes.Finder,
        hit: origins.Origin | None, executed: bool, notices: tuple[str, ...], obstacle: str = "",
        uncacheable: str = "", elements: tuple[standing.Element, ...] = (),
    ) -> standing.Standing:  # fmt: skip
        number = 0
        if executed and self._session.run_id is not None:
            newest = next(self._history.attempts(self._task), None)
            number = newest.number if newest is not None and newest.run.id == self._session.run_id else 0
        return standing.Standing(
            task=self._task,
            parts=parts,
            key=key,
            definition=definition,
            source=changes.Source(definition=definition, find=find),
            history=self._history,
            makers=self._makers,
            hit=hit,
            executed=executed,
            obstacle=obstacle,
            uncacheable=uncacheable,
            run_id=self._session.run_id or "",
            number=number,
            workflow=self._workflow,
            elements=elements,
            notices=notices,
        )

    def _elements(
        self, runner: interactive.CellRunner, prepared: interactive.Prepared, ran: bool
    ) -> tuple[standing.Element, ...]:
        """Return the elements as the newest execution had them, or as they would be."""
        outcome = self._outcome
        hits = dict(enumerate(outcome.elements)) if outcome is not None and ran else {}
        found = []
        for index, element in enumerate(runner.elements(prepared)):
            key = element.key
            kept = origins.look(self._where, key.digest if key else None, prepared.task, depth=origins.Depth.PRESENCE)
            cached = hits.get(index, kept.entry is not None)
            origin = origins.Origin.of(kept.entry) if cached and kept.entry is not None else None
            found.append(standing.Element(index=index, parts=key.parts if key else (), cached=cached, origin=origin))
        return tuple(found)

    def _stale(self, definition: Task) -> tuple[str, ...]:
        name = staleness.stale_above(self._session, definition)
        return (
            (f"Task {name} above it is stale: once that has run, {self._task} may read something else.",)
            if name
            else ()
        )

    @cached_property
    def _makers(self) -> causes.Makers:
        recorded = causes.of_history(self._history)

        def find(task: str, digest: Digest) -> causes.Made | None:
            outcome = self._session.outcomes.get(task)
            if outcome is not None and any(made.digest == digest for made in outcome.outputs.values()):
                return causes.Made(parts=outcome.labelled, definition=outcome.definition)
            return recorded(task, digest)

        return find


def _loaded_before(definition: Task) -> tuple[str, ...]:
    """Say which modules are loaded in another form than they are keyed with."""
    return tuple(
        f"{name} is loaded in an older form than its file has now: a result is not kept until it is reloaded, or the "
        "kernel restarted."
        for name in analysis.stale_modules(definition.captures)
    )


def _live(values: object) -> changes.Finder:
    """Return how an input's value is found in a kernel."""
    held: dict[str, object] = dict(values)  # type: ignore[call-overload]

    def find(name: str, _: Digest) -> changes.Content | None:
        return changes.Content(load=lambda: held[name]) if name in held else None

    return find
