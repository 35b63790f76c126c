"""Where a task stands: its key as it is now, in the kernel or in a recorded run, and what the cache holds for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from taskcell import errors
from taskcell.api import (
    attempts,
    causes,
    changes,
    evidence,
    interactive,
    origins,
    sessions,
    snapshots,
    staleness,
    workflows,
)
from taskcell.api.attempts import Attempt, History
from taskcell.api.runs import Run
from taskcell.hashing import Digest
from taskcell.model.caching import KeyPart
from taskcell.model.cells import CellKind
from taskcell.model.tasks import Task
from taskcell.notebook import headers, quoting
from taskcell.store.opening import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a mapped task: its key, and whether its result came, or would come, from the cache."""

    index: int
    parts: tuple[KeyPart, ...]
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is to be explained.

    Attributes
    ----------
    executed
        Whether it was executed, and this is why; else what would happen is explained.
    obstacle
        Why a result that the cache has, or had, is not taken.
    uncacheable
        Why it has no key.
    run_id, number
        The run in which it stands; number of its attempt there, 0 when there is none.
    """

    task: str
    parts: tuple[KeyPart, ...]
    key: Digest | None
    definition: Task | None
    source: changes.Source
    history: History
    makers: causes.Makers
    hit: origins.Origin | None = None
    executed: bool = False
    obstacle: str = ""
    uncacheable: str = ""
    run_id: str = ""
    number: int = 0
    workflow: str = ""
    elements: tuple[Element, ...] = ()
    notices: tuple[str, ...] = ()

    def is_self(self, attempt: Attempt) -> bool:
        """Whether an attempt is the one that is explained, or belongs to the same launch."""
        if attempt.run.id != self.run_id:
            return False
        return attempt.number == self.number or bool(attempt.run.plan.tasks)


# -- in the kernel ---------------------------------------------------------------------------------------------------


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


def of_session(session: sessions.Session, where: Store, task: str) -> Standing:
    """Return where a task stands in the kernel; where that can't be resolved, as it was when it last ran."""
    return _Live(session, where, task).standing()


class _Live:
    """One task of a kernel's session."""

    def __init__(self, session: sessions.Session, where: Store, task: str) -> None:
        self._session = session
        self._where = where
        self._task = task
        self._outcome = session.outcomes.get(task)
        self._workflow = session.run_workflow or snapshots.workflow_name(session)
        self._history = History(where, workflow=self._workflow)

    def standing(self) -> Standing:
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
        elements = self._elements(runner, prepared) if mapped and prepared.key else ()
        restored_s = outcome.duration_s if outcome is not None and outcome.cached and outcome.key == key else None
        return self._made(
            parts=prepared.key.parts if prepared.key else (),
            key=key,
            definition=definition,
            find=_live(prepared.values),
            hit=origins.Origin.of(kept.entry, restored_s) if kept.entry is not None and not ran else None,
            executed=ran and not mapped,
            obstacle=kept.obstacle,
            uncacheable=prepared.uncacheable,
            elements=elements,
            notices=self._stale(definition),
        )

    def _prepared(self, runner: interactive.CellRunner) -> interactive.Prepared:
        position = _position(self._session, self._task)
        if position is None:
            raise errors.NotFoundError(f"The cell of task {self._task!r} is gone.", task=self._task)
        found, cells = self._session.resolve(self._session.cells[position], snapshots.notebook_folder(self._session))
        return runner.keyed(found, workflows.parameters(cells))

    def _as_it_ran(self, exc: errors.TaskcellError) -> Standing:
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
        uncacheable: str = "", elements: tuple[Element, ...] = (),
    ) -> Standing:  # fmt: skip
        number = 0
        if executed and self._session.run_id is not None:
            newest = next(self._history.attempts(self._task), None)
            number = newest.number if newest is not None and newest.run.id == self._session.run_id else 0
        return Standing(
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

    def _elements(self, runner: interactive.CellRunner, prepared: interactive.Prepared) -> tuple[Element, ...]:
        found = []
        for index, element in enumerate(runner.elements(prepared)):
            key = element.key
            kept = origins.look(self._where, key.digest if key else None, prepared.task, depth=origins.Depth.PRESENCE)
            parts = key.parts if key else ()
            found.append(Element(index=index, parts=parts, cached=kept.entry is not None))
        return tuple(found)

    def _stale(self, definition: Task) -> tuple[str, ...]:
        name = staleness.stale_above(self._session, definition)
        return (
            (f"Task {name} above it is stale: run it first, and {self._task} may read something else.",) if name else ()
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


def _live(values: object) -> changes.Finder:
    """Return how an input's value is found in a kernel."""
    held: dict[str, object] = dict(values)  # type: ignore[call-overload]

    def find(name: str, _: Digest) -> changes.Content | None:
        return changes.Content(load=lambda: held[name]) if name in held else None

    return find


# -- in a run --------------------------------------------------------------------------------------------------------


def of_newest(where: Store, task: str, session: sessions.Session | None) -> Standing:
    """Return where a task stood in the newest run that has it; raise NotFoundError."""
    history = History(where)
    for attempt in history.attempts(task):
        parent, _, number = attempt.task_id.rpartition(".")
        mapped = number.isdecimal() and parent == task  # the first element stood for all
        return of_run(attempt.run, task if mapped else attempt.task_id)
    known: dict[str, None] = dict.fromkeys(task_names(session)) if session else {}
    for run in history.runs():
        known.update(dict.fromkeys(found.name.partition(".")[0] for found in run.tasks.values()))
        if history.late():
            break
    listed = ", ".join(list(known)[:20])
    raise errors.NotFoundError(
        f"No task {quoting.shortened(task)!r} is known here.",
        remedy=f"{quoting.did_you_mean(task, known)} {f'Tasks are: {listed}.' if listed else 'No task has run yet.'}".strip(),
        task=task[:200],
    )


def of_run(run: Run, task_id: str) -> Standing:
    """Return where a task stood in a run; raise NotFoundError while it has not ended there."""
    attempt = attempts.of_run(run, task_id)
    elements = attempts.elements(run, task_id)
    if attempt is None and elements:
        attempt = elements[0]  # a session records the elements alone
    if attempt is None:
        state = run.status().tasks[task_id].state
        raise errors.NotFoundError(
            f"Task {task_id!r} of run {run.id} is {state}: nothing is known of it yet.",
            remedy="Wait until it has run." if not state.ended else "Choose another run.",
            run=run.id,
        )
    end = attempt.end
    history = History(run.store, workflow=run.plan.workflow, newest=run.id)
    definition = attempt.definition() or (elements[0].definition() if elements else None)
    return Standing(
        task=attempt.label if not elements else task_id,
        parts=attempt.parts or (elements[0].parts if elements else ()),
        key=end.key,
        definition=definition,
        source=source(attempt, history, definition),
        history=history,
        makers=in_run(run, causes.of_history(history)),
        hit=origins.Origin.of_end(run.store, end) if end.cached and not elements else None,
        executed=not end.cached,
        run_id=run.id,
        number=attempt.number,
        workflow=run.plan.workflow,
        elements=tuple(
            Element(index=index, parts=item.parts, cached=item.end.cached) for index, item in enumerate(elements)
        ),
    )


def in_run(run: Run, otherwise: causes.Makers) -> causes.Makers:
    """Return makers that look in one run first: what it took from the cache was made for it, too."""

    def find(task: str, digest: Digest) -> causes.Made | None:
        for planned in run.plan.tasks:
            attempt = attempts.of_run(run, planned.id) if planned.task_name == task else None
            if attempt is not None and any(made.digest == digest for made in attempt.end.outputs.values()):
                return causes.Made(parts=attempt.parts, definition=attempt.definition())
        return otherwise(task, digest)

    return find


def source(attempt: Attempt, history: History, definition: Task | None) -> changes.Source:
    """Return where code and input values of a recorded attempt can be read."""
    run = attempt.run

    def find(name: str, digest: Digest) -> changes.Content | None:
        for planned in run.plan.tasks:
            for binding in planned.bindings:
                if binding.artifact is not None and binding.artifact.digest == digest:
                    return changes.stored(run.store, binding.artifact)
        maker = causes.maker_of(definition, name)
        artifact = history.artifact(maker, digest) if maker else None
        return None if artifact is None else changes.stored(run.store, artifact)

    return changes.Source(definition=definition, find=find)
