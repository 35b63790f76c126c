"""Take up a failed task by hand: its exact inputs as values, or a notebook that loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import configuration, evidence
from taskcell.api.runs.runs import Run
from taskcell.api.versions import versions
from taskcell.engine import mapping, states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Plan, PlannedTask
from taskcell.model.tasks import CaptureKind, Task
from taskcell.notebook import provenance, writing
from taskcell.store import codecs, linking


def rescue(run: str | Run, task: str, *, store: str | None = None, project: str | None = None) -> dict[str, Any]:
    """Return the exact inputs of a task run by name, parameters among them, and values that its helpers reach.

    Parameters
    ----------
    run : Run or str
        The run, its id or its link.
    task : str
        Id or label of the task run: ``train``, ``train~2``, ``fit.3`` for one element of a map.

    Raises
    ------
    NotFoundError
        When there is no such task, or an input of it was never made because an earlier task failed.
    """
    found = evidence.run_of(run, store=store, project=project)
    status = found.status()
    wanted = found.task(task)
    planned = _planned(status.plan, found, wanted.id)
    values = {binding.input: _load(found, _artifact(status, planned, binding.input)) for binding in planned.bindings}
    definition = _definition(found, planned)
    mapped = definition.options.map_over
    if mapped is not None and wanted.id != planned.id:
        index = int(wanted.id.rpartition(".")[2])
        values[mapped] = mapping.elements(values[mapped], definition.name, mapped)[index]
    for capture in definition.captures:
        if capture.kind is CaptureKind.VALUE and capture.artifact is not None:
            values[capture.name] = _load(found, capture.artifact)
    return values


def rescue_notebook(
    run: str | Run,
    task: str,
    path: str | Path | None = None,
    *,
    store: str | None = None,
    project: str | None = None,
) -> Path:
    """Write a notebook that loads a task's exact inputs, defines what it reaches, and has its code.

    Parameters
    ----------
    path : path, optional
        Where to write. None: ``rescue-train.ipynb`` in the current folder, numbered when that exists.
    """
    found = evidence.run_of(run, store=store, project=project)
    wanted, notebook = rescue_text(found, task)
    return write_beside(Path(path) if path else None, f"rescue-{wanted}", notebook)


def rescue_text(found: Run, task: str) -> tuple[str, bytes]:
    """Return the id of a task run, and a notebook that loads its exact inputs, in the notebook format."""
    wanted = found.task(task)
    plan = found.plan
    definition = _definition(found, _planned(plan, found, wanted.id))
    facts = provenance.Facts(
        kind="rescue",
        workflow=plan.workflow,
        version=f"{plan.workflow}@{plan.version_number}",
        run_id=found.id,
        task=wanted.id,
        author=configuration.user(),
        created_at=plan.created_at,
        backend=plan.backend,
        link=found.link,
        project=found.store.project,
        store=found.store.url,
    )
    load = [
        "from taskcell.api.runs import rescuing",
        "",
        "# the exact inputs of the task run, parameters among them",
        f"globals().update(rescuing.rescue({linking.run_link(found.store, found.id)!r}, {wanted.id!r}))",
    ]
    notebook = writing.task_notebook(facts=facts, load="\n".join(load), setup=_setup(definition), body=definition.body)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["source"]]
    for cell in notebook["cells"]:
        cell["metadata"].pop("jupyter", None)  # everything is to be seen here
    return wanted.id, writing.dump_notebook(notebook)


def write_beside(path: Path | None, stem: str, data: bytes) -> Path:
    """Write a new notebook file, numbered when there is another of that name; return where it is.

    Raises
    ------
    AlreadyExistsError
        When ``path`` is given and exists with other content.
    """
    if path is not None:
        if not versions.write_new(path, data):
            raise errors.AlreadyExistsError(f"{path} exists.", remedy="Choose another path, or leave it out.")
        return path
    for number in range(1, 1000):
        target = Path(f"{stem}.ipynb" if number == 1 else f"{stem}-{number}.ipynb")
        if versions.write_new(target, data):
            return target
    raise errors.AlreadyExistsError(f"There are 999 files {stem}-N.ipynb here.", remedy="Remove some.")


def _planned(plan: Plan, run: Run, task_id: str) -> PlannedTask:
    parent, _, index = task_id.rpartition(".")
    wanted = (task_id, parent) if index.isdecimal() else (task_id,)
    for planned in plan.tasks:
        if planned.id in wanted:
            return planned
    raise errors.InvalidInputError(
        f"{run.id} is a notebook's session: its tasks ran in the kernel, where their inputs are names of the notebook.",
        remedy="Rescue a task of a launched run.",
        run=run.id,
    )


def _definition(run: Run, planned: PlannedTask) -> Task:
    return msgspec.json.decode(run.store.blobs.get(planned.task), type=Task)


def _artifact(status: states.RunStatus, planned: PlannedTask, name: str) -> Artifact:
    binding = next(item for item in planned.bindings if item.input == name)
    if binding.artifact is not None:
        return binding.artifact
    source = status.tasks[binding.source]
    found = source.end.outputs.get(binding.output) if source.end else None
    if found is None:
        raise errors.NotFoundError(
            f"Input {name!r} of {planned.label or planned.id!r} was never made: {source.label!r} is {source.state}.",
            remedy=f"Rescue that one: taskcell rescue {status.plan.run_id} {source.id}",
            run=status.plan.run_id,
            task=source.id,
        )
    return found


def _load(run: Run, artifact: Artifact) -> Any:
    import sys

    main = sys.modules["__main__"].__dict__
    trusted = configuration.trusted(run.store)
    return codecs.decode(artifact, run.store.blobs, trusted=trusted, namespace=main)


def _setup(task: Task) -> str:
    """Return what the body reaches as source: imports together, then definitions, dependencies first."""
    imports = [item.source for item in task.captures if item.kind is CaptureKind.IMPORT]
    kinds = (CaptureKind.FUNCTION, CaptureKind.CLASS, CaptureKind.CONSTANT)
    others = [item.source for item in task.captures if item.kind in kinds]
    return "\n\n".join(["\n".join(imports), *others] if imports else others)
