"""Notebooks to open or to look at: as executed, as run, as snapshot, for rescue. Whoever opens one trusts it or not."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from taskcell import errors
from taskcell.api import showing
from taskcell.api.feeds import locating, readings, reproductions, requests, results
from taskcell.api.feeds.contracts import Context
from taskcell.api.runs import opening, rescuing
from taskcell.api.versions import snapshots, versions
from taskcell.store import paths
from taskcell.views import bundles
from taskcell.views.notebooks import Experiment, NotebookFile
from taskcell.views.states import State

_LARGEST = 64_000_000
"""Largest notebook that is handed to a browser. Unit: bytes."""


def executed(context: Context, params: requests.GetTaskNotebook) -> NotebookFile:
    """Answer ``tasks.notebook``."""
    place = locating.place(context, params.run, params.task, params.attempt)
    if place.attempt == 0:
        raise errors.NotFoundError(
            f"Task {params.task!r} of run {params.run} has no executed notebook"
            + (": it never began, or the run that made its result is gone." if place.ended else ": it has not begun."),
            remedy="" if place.ended else "Wait until it has ended.",
            run=params.run,
        )
    path = paths.notebook(place.run, place.task, place.attempt)
    try:
        data = context.store.project_files.read(path)
    except errors.NotFoundError:
        raise errors.NotFoundError(
            f"Attempt {place.attempt} at {place.task!r} of run {place.run} has no executed notebook"
            + (": it never got as far." if place.ended else " yet."),
            remedy="Look at its log.",
            run=place.run,
            task=place.task,
        ) from None
    return _file(f"{_safe(place.task)}-{place.run}-{place.attempt}.ipynb", data)


def _file(name: str, data: bytes) -> NotebookFile:
    return NotebookFile(name=name, notebook=_checked(name, data))


def _checked(name: str, data: bytes) -> msgspec.Raw:
    """Return a notebook's bytes as JSON that may be sent on as it is; raise FormatError."""
    if len(data) > _LARGEST:
        raise errors.FormatError(
            f"The notebook {name} has {len(data):,} bytes; {_LARGEST:,} can be shown.",
            remedy="Copy it from the store: taskcell notebook RUN TASK",
        )
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise errors.FormatError(f"The notebook {name} is damaged: {exc}.", remedy="Run the task again.") from exc
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise errors.FormatError(f"The notebook {name} is damaged: it has no cells.", remedy="Run the task again.")
    if isinstance(found.get("metadata"), dict) and "widgets" in found["metadata"]:
        del found["metadata"]["widgets"]  # models without a kernel: a viewer would ask a content network for them
        return msgspec.Raw(msgspec.json.encode(found))
    return msgspec.Raw(data)


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._~@-" else "_" for letter in name)[:100]


def experiment(context: Context, params: requests.OneRun) -> Experiment:
    """Answer ``runs.experiment``."""
    reading = readings.reading(context, params.run)
    status, run = reading.status(), reading.run
    plan = status.plan
    now = datetime.now(UTC)
    name = f"{_safe(opening.stem_of(run))}.ipynb"
    key = (context.store.url, context.store.project, params.run, status.epoch)
    if status.state.ended:
        data = context.memory.get("experiments", key, lambda: opening.experiment(run), most=_LARGEST, weight=len)
    else:
        data = opening.experiment(run)
    return Experiment(
        run=run.id,
        workflow=plan.workflow,
        version=showing.reference(plan),
        state=State(status.state),
        created_at=plan.created_at,
        shown_at=now,
        name=name,
        notebook=_checked(name, data),
        author=plan.author,
        backend=plan.backend,
        sentence=status.sentence if status.state.ended else "",
        link=run.link,
        duration_s=showing.duration_s(status, now),
        parameters=bundles.plain({**plan.parameters, **plan.sweep}),
        reproduces=plan.reproduces or "",
        verdict=reproductions.newest(context, run.id, showing.reference(plan)),
    )


def version(context: Context, params: requests.OneVersion) -> NotebookFile:
    """Answer ``versions.notebook``."""
    found = versions.find(context.store, f"{params.workflow}@{params.number}")
    return _file(f"{_safe(versions.stem_of(found))}.ipynb", versions.notebook_of(context.store, found))


def rescue(context: Context, params: requests.OneTask) -> NotebookFile:
    """Answer ``runs.rescue``."""
    task_id, data = rescuing.rescue_text(readings.reading(context, params.run).run, params.task)
    return _file(f"rescue-{_safe(task_id)}.ipynb", data)


def take(context: Context, params: requests.Snapshot) -> results.Snapshotted:
    """Answer ``versions.take``."""
    if "/" in params.name or "\\" in params.name or "\0" in params.name:
        raise errors.InvalidInputError(
            f"{params.name[:100]!r} is not a file name.", remedy="Give the notebook's name without its folders."
        )
    before = datetime.now(UTC)
    made = snapshots.take_text(
        context.store,
        msgspec.json.encode(params.notebook),
        params.name,
        folder=context.folder,
        message=params.message,
    )
    return results.Snapshotted(
        workflow=made.workflow,
        number=made.number,
        ref=made.ref,
        digest=made.digest,
        new=made.created_at >= before,
        tasks=len(made.tasks),
    )
