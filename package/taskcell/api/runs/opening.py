"""Show an experiment as it was run: its version's notebook, with outputs under their cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.api import evidence
from taskcell.api.definitions import workflows
from taskcell.api.runs import rescuing
from taskcell.api.runs.runs import Run
from taskcell.api.versions import notebook_texts, versions
from taskcell.engine import states
from taskcell.model.runs import TaskState
from taskcell.notebook import parameters as schemas
from taskcell.notebook import provenance, reading, records, writing
from taskcell.store import paths


def write_experiment(run: str | Run, path: str | Path | None = None) -> Path:
    """Write the experiment's notebook as it was run, beside the current work; nothing is overwritten.

    Parameters
    ----------
    run : Run or str
        The run, its id or its link.
    path : path, optional
        Where to write. None: ``churn@3-01J….ipynb`` in the current folder, numbered when that exists.
    """
    found = evidence.run_of(run)
    return rescuing.write_beside(Path(path) if path else None, stem_of(found), experiment(found))


def stem_of(run: Run) -> str:
    """Return what a file with the experiment's notebook is called: ``churn@3-01J…``."""
    plan = run.plan
    return f"{paths.quoted(plan.workflow) if '/' in plan.workflow else plan.workflow}@{plan.version_number}-{run.id}"


def experiment(run: Run) -> bytes:
    """Return the experiment's notebook as it was run, in the notebook format.

    Raises
    ------
    InvalidInputError
        For a notebook's session, which has no version.
    NotFoundError
        When the version is gone.
    """
    status = run.status()
    plan = status.plan
    if plan.backend == states.INTERACTIVE:
        raise errors.InvalidInputError(
            f"{run.id} is a notebook's session: it was run in the notebook itself.",
            remedy="Look at its task runs: taskcell notebook RUN TASK",
            run=run.id,
        )
    version = evidence.version_of(run.store, plan)
    if version is None:
        raise errors.NotFoundError(f"The version {plan.workflow}@{plan.version_number} of run {run.id} is gone.")
    notebook = reading.load_notebook(notebook_texts.read(run.store, version))
    schema = {item.name: item for item in versions.parameters(run.store, version)}
    facts = provenance.Facts(
        kind="run",
        workflow=plan.workflow,
        version=version.ref,
        run_id=run.id,
        author=plan.author,
        created_at=plan.created_at,
        backend=plan.backend,
        link=run.link,
        project=run.store.project,
        store=run.store.url,
        more={"version_digest": plan.version, "parameters": plan.parameters, "sweep": plan.sweep},
    )
    written = records.compose_run_notebook(
        notebook,
        facts=facts,
        outputs=_outputs(run, status),
        parameters={name: schemas.from_json(schema[name], value) for name, value in plan.parameters.items()},
        places=_places(notebook),
    )
    return writing.dump_notebook(written)


def _places(notebook: reading.Notebook) -> dict[str, int] | None:
    """Return which code cell defines which task; None (found by their headers) when cells don't go together here."""
    try:
        return workflows.places(reading.code_cells(notebook))
    except errors.DefinitionError:
        return None


def _outputs(run: Run, status: states.RunStatus) -> dict[str, list[dict[str, Any]]]:
    """Return what each task displayed; branches of a sweep and elements of a map one after the other."""
    found: dict[str, list[dict[str, Any]]] = {}
    for task in status.tasks.values():
        if evidence.elements_of(status, task.id):
            continue
        shown = _displayed(run, task)
        if task.label != task.task_name and shown:
            shown = [{"output_type": "stream", "name": "stdout", "text": f"{task.label}:\n"}, *shown]
        found.setdefault(task.task_name, []).extend(shown)
    return found


def _displayed(run: Run, task: states.TaskStatus) -> list[dict[str, Any]]:
    """Return a task run's displayed output; of a failed one also its traceback, from its executed notebook."""
    if task.end is None or task.end.state is not TaskState.FAILED:
        return evidence.displays(run.store, task.end)
    path = paths.notebook(run.id, task.id, task.attempt)
    try:
        return writing.body_outputs(reading.load_notebook(run.store.project_files.read(path)))
    except errors.NotFoundError:
        return []  # it never got as far as a notebook; the run's view says why
