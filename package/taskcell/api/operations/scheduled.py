"""Launch as a schedule does: mind what still runs, and tell of a launch that was refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.launches import launching
from taskcell.api.runs import runs
from taskcell.backends.contracts import WEBHOOK_URL
from taskcell.model.runs import RunState
from taskcell.model.schedules import Overlap
from taskcell.store.opening import Store


def launch(
    target: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str,
    overlap: str = Overlap.FORBID,
    max_workers: int | None = None,
    store: str | None = None,
    project: str | None = None,
) -> runs.Run | str:
    """Launch what a schedule names; return the run, or in words why there is none.

    Raises
    ------
    TaskcellError
        As ``launching.launch``; the webhook has been told by then.
    """
    where = configuration.store(store=store, project=project)
    try:
        going = _going(where, name) if overlap != Overlap.ALLOW else []
        if going and overlap == Overlap.FORBID:
            return f"Nothing is launched: run {going[0].id} of schedule {name} still goes on."
        run = launching.launch(
            target,
            parameters,
            backend="kubernetes",
            max_workers=max_workers,
            schedule=name,
            store=where.url,
            project=where.project,
        )
    except errors.TaskcellError as exc:
        _tell(where, target, name, exc)
        raise
    for old in going:
        old.cancel()
    return run


def _going(where: Store, name: str) -> list[runs.Run]:
    """Return the schedule's runs that have not ended, from the Jobs of their drivers."""
    from taskcell.backends.kubernetes import clients, naming

    settings = configuration.settings(project=where.project)
    mine = settings.kubernetes
    cluster = clients.cluster(mine.context, naming.namespace(mine.namespace, settings.project))
    jobs = cluster.list_jobs(naming.of_schedule(where.project, name, naming.DRIVER))
    ids = sorted({str(job["metadata"]["labels"][naming.RUN]).upper() for job in jobs})
    return [run for run in (runs.Run(where, found) for found in ids) if _is_open(run)]


def _is_open(run: runs.Run) -> bool:
    try:
        return run.state in (RunState.PENDING, RunState.RUNNING)
    except errors.NotFoundError:
        return False  # the run of another store that shares the namespace


def _tell(where: Store, target: str, name: str, exc: errors.TaskcellError) -> None:
    url = os.environ.get(WEBHOOK_URL)
    if url:
        from taskcell.engine import notifying

        workflow = target.partition(":")[0].partition("@")[0]
        sentence = f"It could not be launched: {exc.message}"
        notifying.tell_of_launch(where, workflow, name, configuration.user(), sentence, url)
