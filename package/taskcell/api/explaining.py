"""Say why a task was, or would be, executed or taken from the cache: each part of its key that changed, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from taskcell import errors
from taskcell.api import (
    attempts,
    changes,
    configuration,
    evidence,
    interactive,
    sessions,
    showing,
    snapshots,
    workflows,
)
from taskcell.api.runs import Run
from taskcell.engine import mapping
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheKey, KeyPart
from taskcell.model.cells import Cell, CellKind
from taskcell.model.runs import TaskState
from taskcell.model.tasks import Task
from taskcell.notebook import headers, quoting
from taskcell.store import codecs
from taskcell.store.opening import Store
from taskcell.views import bundles, reasons, words


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
    live: bool = False
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
        return _explained(now, attempts.attempt(other, other.task(task).id))
    return _explained(now, attempts.other(where, now.task, now.parts, run_id=now.run_id, newer=now.live))


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
        live=True,
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
    for run in attempts.newest_runs(where):
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
    found = attempts.attempt(run, task_id)
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


# -- the answer ------------------------------------------------------------------------------------------------------


def _explained(now: _Now, old: attempts.Attempt | None) -> Explanation:
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


def _headline(now: _Now, old: attempts.Attempt | None, changed: tuple[str, ...]) -> str:
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


def _reason_same(now: _Now, old: attempts.Attempt) -> str:
    if now.definition is not None and not now.definition.options.cache:
        return "the task has the option --no-cache"
    if not old.run.plan.use_cache or (now.run_id and _launched_fresh(old.run.store, now.run_id)):
        return "the run was launched without reading the cache"
    if old.status.state is not TaskState.SUCCEEDED:
        return f"the earlier attempt is {old.status.state}, and only results that succeeded are kept"
    return "its result was not in the cache (collected, damaged, or made at the same time)"


def _launched_fresh(where: Store, run_id: str) -> bool:
    return not Run(where, run_id).plan.use_cache
