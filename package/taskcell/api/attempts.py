"""Earlier attempts at a task, among all recorded runs and sessions, to compare one with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taskcell.api import changes, evidence
from taskcell.api.runs import Run
from taskcell.engine import states
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.store import index
from taskcell.store.opening import Store

_MAX_RUNS = 300
"""Runs that are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A recorded attempt at a task; of a mapped one, at the element that stands for it."""

    run: Run
    status: states.TaskStatus
    parts: tuple[KeyPart, ...]
    source: changes.Source
    notices: tuple[str, ...] = ()


def attempt(run: Run, task_id: str) -> Attempt:
    """Return the newest attempt at a task of a run."""
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
    return Attempt(
        run=run,
        status=task,
        parts=shown.end.parts if shown.end else (),
        source=changes.Source(definition=definition, find=find),
        notices=notices,
    )


def other(where: Store, task: str, parts: tuple[KeyPart, ...], *, run_id: str, newer: bool = False) -> Attempt | None:
    """Return the newest attempt with another key than ``parts`` make; failing that, one with the same.

    Parameters
    ----------
    task
        Label of the task.
    run_id
        The run that is explained: an attempt with the same key counts in other runs only.
    newer
        Whether runs newer than that one count.
    """
    same = None
    for run in newest_runs(where, None if newer else run_id):
        for found in _attempts(run, task):
            if found.parts and _digests(found.parts) != _digests(parts):
                return found
            same = same or (found if found.parts and run.id != run_id else None)
    return same


def _attempts(run: Run, task: str) -> Iterator[Attempt]:
    name = task.partition("[")[0]
    tasks = list(run.tasks.values())
    element = states.element_id(name, 0)  # of a map, a session records the elements only
    by_label = [item for item in tasks if item.label == task]
    by_name = [item for item in tasks if item.name == name]
    for item in by_label or by_name or [item for item in tasks if item.id == element]:
        yield attempt(run, item.id)
        yield from _older_attempts(run, item.id, item.attempt)


def _older_attempts(run: Run, task_id: str, newest: int) -> Iterator[Attempt]:
    """Yield what a notebook's session left: there each execution of a cell is one more attempt."""
    if run.plan.backend != states.INTERACTIVE:
        return
    newest_one = attempt(run, task_id)
    for number in range(newest - 1, 0, -1):
        found = states.read_attempt(run.store, run.id, task_id, number)
        if found is None or found.end is None:
            continue
        status = states.TaskStatus(
            id=task_id, task_name=task_id, label=task_id, state=found.end.state, attempt=number, end=found.end
        )
        definition = evidence.definition(run.store, run.plan, status)
        source = changes.Source(definition=definition, find=newest_one.source.find)
        yield Attempt(run=run, status=status, parts=found.end.parts, source=source)


def newest_runs(where: Store, newest: str | None = None) -> Iterator[Run]:
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
