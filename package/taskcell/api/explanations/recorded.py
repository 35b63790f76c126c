"""Where a task stood in a recorded run."""

from __future__ import annotations

from taskcell import errors
from taskcell.api.explanations import attempts, causes, changes, live, origins, standing
from taskcell.api.explanations.attempts import Attempt, History
from taskcell.api.kernels import sessions
from taskcell.api.runs.runs import Run
from taskcell.hashing import Digest
from taskcell.model.tasks import Task
from taskcell.notebook import quoting
from taskcell.store.opening import Store


def of_newest(where: Store, task: str, session: sessions.Session | None) -> standing.Standing:
    """Return where a task stood in the newest run that has it; raise NotFoundError."""
    history = History(where)
    for attempt in history.attempts(task):
        parent, _, number = attempt.task_id.rpartition(".")
        mapped = number.isdecimal() and parent == task  # the first element stood for all
        return of_run(attempt.run, task if mapped else attempt.task_id)
    known: dict[str, None] = dict.fromkeys(live.task_names(session)) if session else {}
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


def of_run(run: Run, task_id: str) -> standing.Standing:
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
    items = tuple(
        standing.Element(
            index=index,
            parts=item.parts,
            cached=item.end.cached,
            origin=origins.Origin.of_end(run.store, item.end) if item.end.cached else None,
        )
        for index, item in enumerate(elements)
    )
    hit = origins.Origin.of_end(run.store, end) if end.cached and not elements else standing.gathered(items)
    return standing.Standing(
        task=attempt.label if not elements else task_id,
        parts=attempt.parts or (elements[0].parts if elements else ()),
        key=end.key,
        definition=definition,
        source=source(attempt, history, definition),
        history=history,
        makers=in_run(run, causes.of_history(history)),
        hit=hit,
        executed=not end.cached,
        run_id=run.id,
        number=attempt.number,
        workflow=run.plan.workflow,
        elements=items,
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
