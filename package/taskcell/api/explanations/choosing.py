"""Choose what a task is compared with: the nearest earlier attempt, or the run or version that the user names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from taskcell import errors
from taskcell.api import configuration, evidence
from taskcell.api.explanations import attempts, changes
from taskcell.api.explanations.attempts import Attempt, History
from taskcell.api.explanations.standing import Standing
from taskcell.api.runs.runs import Run
from taskcell.api.versions import versions
from taskcell.engine import states
from taskcell.model.caching import KeyPart
from taskcell.store import index
from taskcell.store.opening import Store

_LOOKED_AT = 60
"""Attempts among which one with the same key is looked for, once another is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What there is to compare with: an attempt with the same key, one with another; both may be missing."""

    same: Attempt | None = None
    other: Attempt | None = None

    @property
    def compared(self) -> Attempt | None:
        """The one that is compared with: an equal key is what needs explaining most."""
        return self.same or self.other


def earlier(now: Standing) -> Choice:
    """Return the newest attempts before, of the same workflow where there are some."""
    return nearest(now.history, now.task, now.parts, leave_out=now.is_self)


def nearest(
    history: History, task: str, parts: Sequence[KeyPart], *, leave_out: Callable[[Attempt], bool] = lambda _: False
) -> Choice:
    """Return the newest recorded attempts at a task with the key of these parts, and with another."""
    digests = _digests(parts)
    same = other = None
    for number, attempt in enumerate(history.attempts(task)):
        if not attempt.parts or leave_out(attempt):
            continue
        if _digests(attempt.parts) == digests:
            same = same or attempt
        else:
            other = other or attempt
        if (same and other) or (other and number >= _LOOKED_AT):
            break
    return Choice(same=same, other=other)


def unseeded(now: Standing) -> tuple[str, ...]:
    """Return what the recorded execution with this key drew without a seed; empty when there is no such record."""
    if now.key is None or (now.definition is not None and now.definition.options.seed is not None):
        return ()
    keys = {_key(part.parts) for part in now.elements} or {_key(now.parts)}
    for attempt in itertools.islice(now.history.attempts(now.task), _LOOKED_AT):
        if not attempt.end.cached and _key(attempt.parts) in keys:
            return attempt.end.randomness
    return ()


def _key(parts: Sequence[KeyPart]) -> frozenset[tuple[str, str]]:
    return frozenset(_digests(parts).items())


def _digests(parts: Sequence[KeyPart]) -> dict[str, str]:
    return {part.name: part.digest for part in parts}


# -- what the user names ---------------------------------------------------------------------------------------------


def task_of(run: str | Run, task: str, *, store: str | None = None, project: str | None = None) -> tuple[Run, str]:
    """Return a run and the id of a task in it; a mapped task of a session goes by its name too."""
    found = evidence.run_of(run, store=store, project=project)
    if task not in found.tasks and attempts.elements(found, task):
        return found, task
    return found, found.task(task).id


def named(
    against: str | Run, task: str, parts: Sequence[KeyPart], *, store: str | None = None, project: str | None = None
) -> Attempt:
    """Return the attempt at a task in a run, or in the newest run of a version that has it; raise NotFoundError.

    Of several branches of a sweep, the one that differs least.
    """
    where = configuration.store(store=store, project=project)
    if isinstance(against, str) and (_is_version(against) or against in versions.names(where)):
        return _of_version(where, against, task, parts)
    run = evidence.run_of(against, store=store, project=project)
    found = _nearest(run, task, parts)
    if found is None:
        found = attempts.of_run(run, run.task(task).id)  # says which tasks there are
    if found is None:
        raise errors.NotFoundError(
            f"Task {task!r} has not run in run {run.id}.", remedy="Choose another run: taskcell runs.", run=run.id
        )
    return found


def _is_version(text: str) -> bool:
    return "://" not in text and ("@" in text or ":" in text)


def _of_version(where: Store, reference: str, task: str, parts: Sequence[KeyPart]) -> Attempt:
    version = versions.find(where, reference)
    for row in index.RunIndex(where).runs(workflow=version.workflow, limit=300):
        if row.version_number == version.number:
            found = _nearest(Run(where, row.run_id), task, parts)
            if found is not None:
                return found
    names = [name for name, _ in version.tasks]
    if task.partition("[")[0] not in names:
        raise errors.NotFoundError(
            f"Version {version.ref} has no task {task!r}.", remedy=f"Its tasks are: {', '.join(names[:20])}."
        )
    raise errors.NotFoundError(
        f"No run of {version.ref} has executed task {task!r}: there is nothing to compare with.",
        remedy=f"Launch it: taskcell launch {version.ref}",
    )


def _nearest(run: Run, task: str, parts: Sequence[KeyPart]) -> Attempt | None:
    history = History(run.store)
    found = [attempt for attempt in history.in_run(run, task) if attempt.parts]
    return min(found, key=lambda attempt: len(changes.compared(attempt.parts, parts)), default=None)


# -- elements --------------------------------------------------------------------------------------------------------


def element_finder(now: Standing, run: Run | None) -> Callable[[int], Attempt | None]:
    """Return how earlier attempts at the elements of a mapped task are found, by their number."""
    kept: dict[int, Attempt | None] = {}

    def find(number: int) -> Attempt | None:
        if number not in kept:
            found = list(itertools.islice(_elements(now, run, number), _LOOKED_AT))
            mine = _digests(next((item.parts for item in now.elements if item.index == number), ()))
            others = (attempt for attempt in found if run is not None or _digests(attempt.parts) != mine)
            kept[number] = next(others, found[0] if found else None)
        return kept[number]

    return find


def _elements(now: Standing, run: Run | None, number: int) -> Iterator[Attempt]:
    name = states.element_id(now.task, number)
    explained = now.executed and run is None and any(item.index == number and not item.cached for item in now.elements)
    found = now.history.attempts(now.task, element=number) if run is None else iter([attempts.of_run(run, name)])
    for attempt in found:
        if attempt is None or not attempt.parts:
            continue
        mine = attempt.run.id == now.run_id
        if mine and explained:
            explained = False  # of a session's executions, the newest is the one that is explained
        elif not (mine and attempt.run.plan.tasks):
            yield attempt
