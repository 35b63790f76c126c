"""Workflows that are only looked at: of this kernel's session, of a notebook file, of a version. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.api import showing
from taskcell.api.definitions import workflows
from taskcell.api.kernels import sessions
from taskcell.api.launches import fates
from taskcell.api.launches.walking import Foreseen
from taskcell.api.versions import snapshots, versions
from taskcell.engine import planning
from taskcell.hashing import Digest
from taskcell.model.runs import PlannedTask
from taskcell.model.tasks import Parameter, Workflow
from taskcell.notebook import parameters as schemas
from taskcell.notebook import reading
from taskcell.store.opening import Store
from taskcell.views.graph import Graph
from taskcell.views.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A workflow as it stands. ``values`` are the kernel's, by name; ``session`` is set for that of the kernel.

    ``refused`` names tasks that can't be resolved, and says why.
    """

    workflow: Workflow
    title: str
    refused: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    session: sessions.Session | None = None


def drafted(where: Store, target: str | None) -> Drafted:
    """Return the workflow of a notebook file, a version, or (None) of this kernel's session."""
    if target is None:
        session = sessions.current()
        if session is None:
            raise errors.InvalidInputError(
                "There is no notebook here to draw.", remedy="Name a notebook file, a version or a run."
            )
        name = snapshots.workflow_name(session)
        draft = session.draft(name, folder=snapshots.notebook_folder(session), lenient=True)
        return Drafted(
            workflow=draft.workflow, title=name, refused=draft.refused, values=session.namespace, session=session
        )
    if target.endswith(".ipynb"):
        path = Path(target)
        cells = reading.read_notebook(path).cells
        name = snapshots.name_of_file(cells, path)
        draft = workflows.read_workflow(cells, name=name, folder=path.resolve().parent, lenient=True)
        return Drafted(workflow=draft.workflow, title=name, refused=draft.refused)
    version = versions.find(where, target)
    return Drafted(workflow=versions.workflow(where, version), title=version.ref)


def planned(
    workflow: Workflow, given: Mapping[str, Any], sweep: Mapping[str, Sequence[Any]]
) -> tuple[tuple[PlannedTask, ...], dict[str, Any]]:
    """Return the task runs of a launch with these values, and the values of all parameters; nothing is stored."""
    values = {
        item.name: given[item.name] if item.name in given else schemas.from_json(item, item.default)
        for item in workflow.parameters
        if item.name not in sweep
    }
    schema = {item.name: item for item in workflow.parameters}
    branches = {
        name: [(schemas.to_json(schema[name], value), fates.unstored(value)) for value in values_]
        for name, values_ in sweep.items()
    }
    stored = {name: fates.unstored(value) for name, value in values.items()}
    addresses = {task.name: Digest("") for task in workflow.tasks}
    return planning.plan_tasks(workflow, addresses, stored, branches), values


def graph(where: Store, target: str | None = None) -> Graph:
    """Return the DAG of a notebook file, a version, or (None) of this kernel's session, with what would happen.

    A task is *cached* when its result would be taken from the cache; it *may run* when that hangs on what a task above
    gives; *stale* when it would run and has a result in this kernel; and else *will run*.
    """
    found = drafted(where, target)
    return drawn(found, fates_of(where, found))


def fates_of(where: Store, found: Drafted) -> Mapping[str, fates.Fate]:
    """Return what would become of each task of a workflow with its defaults, or with this kernel's values."""
    runs, values = planned(found.workflow, _given(found), {})
    foreseen = Foreseen(
        where=where,
        workflow=found.workflow,
        planned=runs,
        values={**found.values, **values},
        refused=found.refused,
    )
    return foreseen.fates


def _given(found: Drafted) -> dict[str, Any]:
    if found.session is None:
        return {}
    return {
        item.name: _as_declared(item, found.values[item.name])
        for item in found.workflow.parameters
        if item.name in found.values
    }


def drawn(found: Drafted, made: Mapping[str, fates.Fate]) -> Graph:
    """Return the DAG of a workflow with what would become of its tasks."""
    ran = found.session.outcomes if found.session is not None else {}
    states = {
        name: State.STALE if fate.state is State.WILL_RUN and name in ran else fate.state for name, fate in made.items()
    }
    return showing.workflow_graph(
        found.workflow,
        states,
        details={name: fate.brief for name, fate in made.items() if fate.brief},
        reasons={name: fate.why() for name, fate in made.items()},
        values=_shown(found.workflow, _given(found)),
        title=found.title,
    )


def _as_declared(parameter: Parameter, value: Any) -> Any:
    """Return a value as its task will have it; one that its type doesn't allow as it is."""
    try:
        return schemas.from_json(parameter, schemas.to_json(parameter, value))
    except errors.InvalidInputError:
        return value


def _shown(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of parameters in JSON form; one that its type doesn't allow is left out."""
    found = {}
    for item in workflow.parameters:
        if item.name in given:
            try:
                found[item.name] = schemas.to_json(item, given[item.name])
            except errors.InvalidInputError:
                continue
    return found
