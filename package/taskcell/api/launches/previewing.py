"""What a launch would do, said before it is launched: the data behind ``--dry-run`` and the form."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.api import configuration, showing
from taskcell.api.launches import foreseeing, launching
from taskcell.api.launches.fates import Fate
from taskcell.api.launches.walking import Foreseen
from taskcell.backends import registry
from taskcell.model.runs import PlannedTask
from taskcell.model.tasks import Workflow
from taskcell.notebook import parameters as schemas
from taskcell.views import words
from taskcell.views.graph import Graph
from taskcell.views.launching import LaunchPreview, LaunchTask
from taskcell.views.states import PROGRESS_ORDER, State


def preview(
    target: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    backend: str | None = None,
    max_workers: int | None = None,
    use_cache: bool = True,
    store: str | None = None,
    project: str | None = None,
) -> showing.Shown:
    """Say what a launch would do with each task, why, and how long that takes; nothing is stored or started.

    Parameters are those of ``launch``. What would be refused is said in the preview, not raised.

    Raises
    ------
    NotFoundError
        When there is no such notebook or version.
    """
    where = configuration.store(store=store, project=project)
    settings = configuration.settings(backend=backend, max_workers=max_workers)
    name = settings.backend
    try:
        name = registry.backend(settings.backend).name
        drafted = foreseeing.drafted(where, None if target is None else str(target))
        given, swept = launching.check(drafted.workflow.parameters, parameters or {}, sweep or {})
        planned, values = foreseeing.planned(drafted.workflow, given, swept)
    except errors.NotFoundError:
        raise
    except errors.TaskcellError as exc:
        return showing.Shown(_refused(target, name, exc))
    foreseen = Foreseen(
        where=where,
        workflow=drafted.workflow,
        planned=planned,
        values={**drafted.values, **values},
        refused=drafted.refused,
        use_cache=use_cache,
    )
    fates = list(foreseen.fates.values())
    workers = settings.max_workers or os.cpu_count() or 1
    schema = {item.name: item for item in drafted.workflow.parameters}
    shown = {key: schemas.to_json(schema[key], value) for key, value in values.items()}
    branches = {key: [schemas.to_json(schema[key], value) for value in found] for key, found in swept.items()}
    return showing.Shown(
        LaunchPreview(
            workflow=drafted.title,
            backend=name,
            parameters=shown,
            sweep=branches,
            tasks=tuple(_task(fate) for fate in fates),
            expected_s=expected_s(planned, foreseen.fates, workers),
            problems=tuple(drafted.refused.values()),
            samples=min((fate.samples for fate in fates if fate.state is not State.CACHED), default=0),
            graph=_graph(drafted.workflow, fates, drafted.title, {**shown, **branches}),
        )
    )


def _refused(target: str | Path | None, backend: str, exc: errors.TaskcellError) -> LaunchPreview:
    name = "this notebook" if target is None else str(target)
    return LaunchPreview(workflow=name, backend=backend, problems=(f"{exc.message} {exc.remedy or ''}".strip(),))


def _task(fate: Fate) -> LaunchTask:
    reason = fate.why() or fate.brief
    return LaunchTask(id=fate.id, label=fate.label, state=fate.state, reason=reason, expected_s=fate.expected_s)


def expected_s(planned: Sequence[PlannedTask], fates: Mapping[str, Fate], workers: int) -> float | None:
    """Return the wall time if all that may run does: the longest path, or the work shared out, whichever is more.

    None when a task has no earlier execution to go by.
    """
    ends: dict[str, float] = {}
    work = 0.0
    for item in planned:
        fate = fates[item.id]
        took = 0.0
        if fate.state is not State.CACHED:
            if fate.expected_s is None:
                return None
            took = fate.expected_s
        work += took
        ends[item.id] = took + max((ends.get(one.source, 0.0) for one in item.bindings if one.source), default=0.0)
    return max(max(ends.values(), default=0.0), work / workers)


def _graph(workflow: Workflow, fates: Sequence[Fate], title: str, values: Mapping[str, Any]) -> Graph:
    """Return the DAG with a node a task; of a sweep's branches the one with most to do stands for all."""
    found: dict[str, list[Fate]] = {}
    for fate in fates:
        found.setdefault(fate.task, []).append(fate)
    states, details = {}, {}
    for name, mine in found.items():
        most = max(mine, key=lambda fate: PROGRESS_ORDER.index(fate.state))
        states[name] = most.state
        cached = sum(fate.state is State.CACHED for fate in mine)
        many = f"{cached} of {words.plural(len(mine), 'branch', 'branches')} cached"
        details[name] = most.brief if len(mine) == 1 else many
    return showing.workflow_graph(workflow, states, details=details, values=values, title=title)
