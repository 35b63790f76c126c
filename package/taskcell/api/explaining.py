"""Say why a task was, or would be, executed or taken from the cache: each part of its key that changed, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from taskcell import errors
from taskcell.api import changes, configuration, evidence, interactive, sessions, showing, snapshots, workflows
from taskcell.api.runs import Run
from taskcell.engine import mapping, states
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheKey, KeyPart
from taskcell.model.cells import Cell, CellKind
from taskcell.model.runs import TaskState
from taskcell.model.tasks import Task
from taskcell.notebook import headers, quoting
from taskcell.store import codecs, index
from taskcell.store.opening import Store
from taskcell.views import bundles, reasons, words

_MAX_RUNS = 300
"""Runs that are looked through for an earlier attempt at a task."""


class Explanation(showing.Viewed):
    """Why a task hits or misses the cache.

    Attributes
    ----------
    task
        Its name.
    cached
        Whether the result came, or would come, from the cache.
    changed
        Names of the key's parts that differ: ``code``, ``input:df``, ``parameter:rate``, ``package:pandas`` …
    """

    def __init__(self, view: reasons.Explanation, changed: tuple[str, ...]) -> None:
        self.view = view
        self.task = view.task
        self.cached = view.verdict == "hit"
        self.changed = changed

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown."""
        return (self.view,)

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        return self.view.headline

    def __repr__(self) -> str:
        return self.to_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """What is to be explained: a key's parts, and how the result came about (or would)."""

    task: str
    parts: tuple[KeyPart, ...]
    key: Digest | None
    definition: Task | None
    source: changes.Source
    hit: changes.Origin | None = None
    executed: bool = False
    run_id: str = ""
    notices: tuple[str, ...] = ()


def why(
    task: str,
    *,
    against: str | Run | None = None,
    run: str | Run | None = None,
    store: str | None = None,
    project: str | None = None,
) -> Explanation:
    """Explain a task's place in the cache.

    Parameters
    ----------
    task : str
        Its name; in a sweep also the id or label of one branch.
    against : Run or str, optional
        The run to compare with. None: the newest other attempt at that task that is recorded.
    run : Run or str, optional
        The run in which to explain it. None: this kernel's session as it stands, outside a kernel the newest run.

    Raises
    ------
    NotFoundError
        When no such task is known.
    """
    where = configuration.store(store=store, project=project)
    session = sessions.current()
    if run is not None:
        found = evidence.run_of(run, store=store, project=project)
        now = _of_run(found, found.task(task).id)
    elif session is not None and _knows(session, task):
        now = _of_session(session, where, task)
    else:
        now = _of_newest(where, task, session)
    if against is not None:
        other = evidence.run_of(against, store=store, project=project)
        return _explained(now, _attempt(other, other.task(task).id))
    return _explained(now, _earlier(where, now))


# -- what is explained -----------------------------------------------------------------------------------------------


def _knows(session: sessions.Session, task: str) -> bool:
    return task in session.outcomes or _position(session, task) is not None


def _position(session: sessions.Session, task: str) -> int | None:
    for position, cell in enumerate(session.cells):
        try:
            if _name_of(cell, position) == task:
                return position
        except errors.DefinitionError:
            continue  # a cell that can't be read defines no task
    return None


def _name_of(cell: Cell, position: int) -> str | None:
    if headers.kind_of(cell.source) is not CellKind.TASK:
        return None
    return workflows.declare(headers.parse_task_cell(cell), position, ()).name


def _of_session(session: sessions.Session, where: Store, task: str) -> _Now:
    """Explain a task as it stands in the kernel; where that can't be resolved, as it was when it last ran."""
    outcome = session.outcomes.get(task)
    runner = interactive.CellRunner(session, where)
    notices: tuple[str, ...] = ()
    definition, key = (outcome.definition, None) if outcome else (None, None)
    try:
        definition, key = _key_now(session, runner, task)
    except errors.TaskcellError as exc:
        if outcome is None:
            raise
        notices = (f"It is explained as it last ran here; as it stands it can't run: {exc.message}",)
    parts = key.parts if key else outcome.labelled if outcome else ()
    digest = key.digest if key else outcome.key if outcome else None
    mapped = definition is not None and definition.options.map_over is not None
    ran = outcome is not None and (outcome.key == digest or mapped)
    executed = ran and outcome is not None and not outcome.cached
    live = changes.Source(definition=definition, find=_live_artifact(session, where))
    entry = evidence.cache_entry(where, digest) if digest else None
    if mapped:
        notices = (*notices, "It runs once for each element of a list: the first one stands for all.")
    return _Now(
        task=task,
        parts=parts,
        key=digest,
        definition=definition,
        source=live,
        hit=changes.Origin.of(entry) if entry is not None and not executed else None,
        executed=executed,
        run_id=session.run_id or "",
        notices=notices,
    )


def _key_now(session: sessions.Session, runner: interactive.CellRunner, task: str) -> tuple[Task, CacheKey | None]:
    position = _position(session, task)
    if position is None:
        raise errors.NotFoundError(f"The cell of task {task!r} is gone.", task=task)
    found, _ = session.resolve(session.cells[position], snapshots.notebook_folder(session))
    given = {}
    for item in found.inputs:
        if item.name not in session.namespace:
            raise errors.NotFoundError(f"its input {item.name!r} has no value in this kernel.")
        given[item.name] = session.namespace[item.name]
    mapped = found.options.map_over
    if mapped is not None:
        elements = mapping.elements(given[mapped], task, mapped)
        if not elements:
            return found, None
        given[mapped] = elements[0]
    digests = {name: digest_value(value) for name, value in given.items()}
    return found, runner.key(found, digests, given)


def _live_artifact(session: sessions.Session, where: Store) -> changes.Finder:
    """Return how an input's value is found in a kernel: bound by a task, else the value itself, stored to compare."""

    def find(name: str, digest: Digest) -> tuple[Store, Artifact] | None:
        bound = session.bound.get(name)
        if bound is not None and bound.digest == digest:
            return where, bound
        if name not in session.namespace:
            return None
        try:
            return where, codecs.encode(session.namespace[name], where.blobs)
        except errors.UnstorableError:
            return None

    return find


def _of_newest(where: Store, task: str, session: sessions.Session | None) -> _Now:
    known: dict[str, None] = dict.fromkeys(session.outcomes) if session else {}
    for run in _runs(where, None):
        tasks = run.tasks
        match = [found for found in tasks.values() if task in (found.id, found.label, found.name)]
        if match and match[0].end is not None:
            return _of_run(run, match[0].id)
        known.update(dict.fromkeys(found.name.partition(".")[0] for found in tasks.values()))
    hint = quoting.did_you_mean(task, known)
    listed = ", ".join(list(known)[:20])
    raise errors.NotFoundError(
        f"No task {quoting.shortened(task)!r} is known here.",
        remedy=f"{hint} {f'Tasks are: {listed}.' if listed else 'No task has run yet.'}".strip(),
        task=task[:200],
    )


def _of_run(run: Run, task_id: str) -> _Now:
    found = _attempt(run, task_id)
    status = found.status
    end = status.end
    if end is None:
        raise errors.NotFoundError(
            f"Task {status.label!r} of run {run.id} is {status.state}: nothing is known of it yet.",
            remedy="Wait until it has run." if not status.state.ended else "Choose another run.",
            run=run.id,
        )
    hit = changes.Origin.of_end(run.store, end) if end.cached else None
    return _Now(
        task=status.label,
        parts=found.parts,
        key=end.key,
        definition=found.source.definition,
        source=found.source,
        hit=hit,
        executed=not end.cached,
        run_id=run.id,
        notices=found.notices,
    )


# -- what it is compared with ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A recorded attempt at a task; of a mapped one, at the element that stands for it."""

    run: Run
    status: states.TaskStatus
    parts: tuple[KeyPart, ...]
    source: changes.Source
    notices: tuple[str, ...] = ()


def _attempt(run: Run, task_id: str) -> _Attempt:
    status = run.status()
    task = status.tasks[task_id]
    shown = task
    notices: tuple[str, ...] = ()
    elements = [item for item in evidence.elements_of(status, task_id) if item.end is not None and item.end.parts]
    if elements and not (task.end and task.end.parts):
        shown = next((item for item in elements if item.end and not item.end.cached), elements[0])
        notices = (f"Of {len(elements)} elements, {shown.label} stands for all.",) if len(elements) > 1 else ()

    def find(name: str, digest: Digest) -> tuple[Store, Artifact] | None:
        artifact = evidence.artifact_with(status.plan, status, digest)
        return None if artifact is None else (run.store, artifact)

    definition = evidence.definition(run.store, status.plan, shown)
    return _Attempt(
        run=run,
        status=task,
        parts=shown.end.parts if shown.end else (),
        source=changes.Source(definition=definition, find=find),
        notices=notices,
    )


def _earlier(where: Store, now: _Now) -> _Attempt | None:
    """Return the newest attempt with another key; failing that, one with the same."""
    same = None
    for run in _runs(where, now.run_id):
        for found in _attempts(run, now):
            if found.parts and _digests(found.parts) != _digests(now.parts):
                return found
            same = same or (found if found.parts and run.id != now.run_id else None)
    return same


def _attempts(run: Run, now: _Now) -> Iterator[_Attempt]:
    name = now.task.partition("[")[0]
    tasks = list(run.tasks.values())
    element = states.element_id(name, 0)  # of a map, a session records the elements only
    by_label = [task for task in tasks if task.label == now.task]
    by_name = [task for task in tasks if task.name == name]
    candidates = by_label or by_name or [task for task in tasks if task.id == element]
    for task in candidates:
        yield _attempt(run, task.id)
        yield from _older_attempts(run, task.id, task.attempt)


def _older_attempts(run: Run, task_id: str, newest: int) -> Iterator[_Attempt]:
    """Yield what a notebook's session left: there each execution of a cell is one more attempt."""
    if run.plan.backend != states.INTERACTIVE:
        return
    newest_one = _attempt(run, task_id)
    for number in range(newest - 1, 0, -1):
        found = states.read_attempt(run.store, run.id, task_id, number)
        if found is None or found.end is None:
            continue
        status = states.TaskStatus(
            id=task_id, task_name=task_id, label=task_id, state=found.end.state, attempt=number, end=found.end
        )
        definition = evidence.definition(run.store, run.plan, status)
        source = changes.Source(definition=definition, find=newest_one.source.find)
        yield _Attempt(run=run, status=status, parts=found.end.parts, source=source)


def _runs(where: Store, newest: str | None) -> Iterator[Run]:
    """Yield runs, sessions too, the newest first; none newer than ``newest``."""
    before = None
    seen = 0
    listing = index.RunIndex(where)
    while seen < _MAX_RUNS:
        rows = listing.runs(limit=50, before=before)
        for row in rows:
            if not newest or row.run_id <= newest:
                yield Run(where, row.run_id)
        seen += len(rows)
        if len(rows) < 50:
            return
        before = rows[-1].run_id


def _digests(parts: tuple[KeyPart, ...]) -> dict[str, str]:
    return {part.name: part.digest for part in parts}


# -- the answer ------------------------------------------------------------------------------------------------------


def _explained(now: _Now, old: _Attempt | None) -> Explanation:
    found: list[reasons.PartChange] = []
    changed: tuple[str, ...] = ()
    unchanged = tuple(part.name for part in now.parts)
    if old is not None and old.parts and now.parts and now.hit is None:
        made = changes.described(old.parts, now.parts, old.source, now.source)
        found, changed = [item for _, item in made], tuple(name for name, _ in made)
        unchanged = tuple(part.name for part in now.parts if part.name not in changed)
    view = reasons.Explanation(
        task=now.task,
        verdict="hit" if now.hit else "miss",
        headline=_headline(now, old, changed),
        shown_at=datetime.now(UTC),
        changes=tuple(found),
        unchanged=unchanged if now.hit or old else (),
        compared_to=old.run.id if old and not now.hit else "",
        compared_author=old.run.plan.author if old and not now.hit else "",
        compared_at=old.status.end.ended_at if old and old.status.end and not now.hit else None,
        key=now.key or "",
        notices=(*now.notices, *(old.notices if old else ())),
    )
    return Explanation(view, changed)


def _headline(now: _Now, old: _Attempt | None, changed: tuple[str, ...]) -> str:
    if now.hit is not None:
        return now.hit.words(datetime.now(UTC))
    verb = "it was executed" if now.executed else "it would be executed"
    if not now.parts:
        return f"{verb}: it has no cache key, since something that it reads can't be digested."
    if old is None:
        return f"{verb}: this is its first run, nothing is recorded to compare with."
    if changed:
        listed = words.listed([name.replace(":", " ") for name in changed], 4)
        return f"{verb}, because {words.plural(len(changed), 'part')} of its key changed: {listed}."
    return f"{verb}, though its key is as it was: {_reason_same(now, old)}."


def _reason_same(now: _Now, old: _Attempt) -> str:
    if now.definition is not None and not now.definition.options.cache:
        return "the task has the option --no-cache"
    if not old.run.plan.use_cache or (now.run_id and _launched_fresh(old.run.store, now.run_id)):
        return "the run was launched without reading the cache"
    if old.status.state is not TaskState.SUCCEEDED:
        return f"the earlier attempt is {old.status.state}, and only results that succeeded are kept"
    return "its result was not in the cache (collected, damaged, or made at the same time)"


def _launched_fresh(where: Store, run_id: str) -> bool:
    return not Run(where, run_id).plan.use_cache
