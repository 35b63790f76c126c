"""Make versions: read off the workflow, store what it consists of, number it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from taskcell import environment, errors
from taskcell.api import configuration
from taskcell.api.definitions import workflows
from taskcell.api.kernels import sessions
from taskcell.api.versions import notebook_texts, versions
from taskcell.hashing import Digest, digest_bytes, digest_parts
from taskcell.model.cells import Cell
from taskcell.model.tasks import Task, Workflow
from taskcell.model.versions import Version
from taskcell.notebook import finding, headers, reading, writing
from taskcell.store import paths
from taskcell.store.opening import Store

VERSION_FORMAT = "taskcell.version/1"


def snapshot(
    notebook: str | Path | None = None,
    *,
    message: str = "",
    name: str | None = None,
    store: str | None = None,
    project: str | None = None,
) -> Version:
    """Store the workflow as it stands as an immutable version; unchanged work gives the version that exists.

    Parameters
    ----------
    notebook : path, optional
        A notebook file, read without executing it. None: the notebook of this kernel.
    message : str
        What is new, for people.
    name : str, optional
        The workflow's name. None: a ``%workflow`` line's, the settings', else the notebook's file name.
    store, project : str, optional
        Instead of those in the settings.

    Returns
    -------
    Version
        The new version, or the old one with the same digest.

    Raises
    ------
    DefinitionError
        When a cell can't be part of a workflow.
    InvalidInputError
        When the file isn't a notebook.

    Notes
    -----
    The digest covers what is executed: tasks with everything they reach, the parameter schema and the environment.
    Author, message, parent, git commit and the notebook's text stand beside it.
    """
    return take(configuration.store(store=store, project=project), notebook, message=message, name=name)


def take(
    where: Store,
    notebook: str | Path | None,
    *,
    message: str = "",
    name: str | None = None,
    check: Callable[[Workflow], None] = lambda _: None,
) -> Version:
    """Make a version as ``snapshot`` does, in an open store, unless ``check`` raises for what it would hold."""
    source = _of_file(Path(notebook), where, name) if notebook is not None else _of_session(where, name)
    check(source.workflow)
    return _save(where, source, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    workflow: Workflow
    notebook: bytes
    folder: Path | None


def take_text(where: Store, raw: bytes, file_name: str, *, folder: Path | None = None, message: str = "") -> Version:
    """Make a version of a notebook as it stands in an editor.

    Parameters
    ----------
    raw
        The notebook in the notebook format.
    file_name
        Name of its file, which names the workflow unless the notebook does.
    folder
        Where its local modules are looked for. None: nowhere.
    """
    found = reading.parse_notebook(raw, path=file_name)
    return _save(where, _of_notebook(found, where, None, folder), message)


def _of_file(path: Path, where: Store, name: str | None) -> _Source:
    return _of_notebook(reading.read_notebook(path), where, name, path.resolve().parent)


def _of_notebook(found: reading.NotebookFile, where: Store, name: str | None, folder: Path | None) -> _Source:
    path = found.path
    workflow_name = name or name_of_file(found.cells, path)
    draft = workflows.read_workflow(found.cells, name=workflow_name, sink=where.blobs, folder=folder)
    return _Source(workflow=_checked(draft.workflow, str(path)), notebook=found.raw, folder=folder)


def _of_session(where: Store, name: str | None) -> _Source:
    session = sessions.current()
    if session is None:
        raise errors.InvalidInputError(
            "There is no notebook here to take a snapshot of.",
            remedy="Name a notebook file, or run this in a notebook after: %load_ext taskcell",
        )
    folder = notebook_folder(session)
    draft = session.draft(name or workflow_name(session), sink=where.blobs, folder=folder)
    return _Source(workflow=_checked(draft.workflow, "This notebook"), notebook=_text(session), folder=folder)


def _text(session: sessions.Session) -> bytes:
    """Return the notebook as saved, when that holds the tasks as they were run; else the cells that were run."""
    path = notebook_path(session)
    if path is not None:
        saved = reading.read_notebook(path)
        sources = {cell.source.strip() for cell in saved.cells}
        if all(cell.source.strip() in sources for cell in session.tasks_and_parameters()):
            return saved.raw
    return writing.dump_notebook(writing.notebook_from_cells(session.cells))


def notebook_path(session: sessions.Session) -> Path | None:
    """Return the file that the session's notebook is saved in, when it can be known."""
    return _hinted(session) or finding.matching_notebook(Path.cwd(), [cell.source for cell in session.cells])


def notebook_folder(session: sessions.Session) -> Path:
    """Return the folder of the session's notebook, where its local modules are looked for first."""
    path = _hinted(session)
    return path.parent if path else Path.cwd()


def _hinted(session: sessions.Session) -> Path | None:
    names = session.namespace
    hints = {name: names[name] for name in finding.KERNEL_NAMES if name in names}
    return finding.kernel_notebook_path({**os.environ, **hints})


def workflow_name(session: sessions.Session) -> str:
    """Return the name of a session's workflow."""
    name = session.name or _configured_name(session.cells)
    if name:
        return name
    path = notebook_path(session)
    return path.stem if path else "notebook"


def name_of_file(cells: Sequence[Cell], path: Path) -> str:
    """Return the name of the workflow in a notebook file."""
    return _configured_name(cells) or path.stem


def _configured_name(cells: Sequence[Cell]) -> str | None:
    return headers.workflow_name(cells) or configuration.settings().workflow


def _checked(workflow: Workflow, what: str) -> Workflow:
    if not workflow.tasks:
        raise errors.InvalidInputError(
            f"{what} has no tasks.", remedy="Mark a cell with %%task as its first line, then take the snapshot."
        )
    return workflow


def task_identity(task: Task) -> Digest:
    """Return the digest of what a task means, without names of places or the user's formatting."""
    parts: list[str | bytes] = [task.name, task.code, *task.outputs, msgspec.json.encode(task.options, order="sorted")]
    for item in task.inputs:
        parts += [item.name, item.kind, item.task, item.artifact.digest if item.artifact else ""]
    for capture in sorted(task.captures, key=lambda capture: (capture.kind, capture.name)):
        parts += [capture.kind, capture.name, capture.digest]
    return digest_parts("taskcell.task/1", parts)


def version_digest(workflow: Workflow, environment_digest: Digest) -> Digest:
    """Return the digest that names a version."""
    schema = msgspec.json.encode(workflow.parameters, order="sorted")
    identities = [task_identity(task) for task in sorted(workflow.tasks, key=lambda task: task.name)]
    return digest_parts(VERSION_FORMAT, [schema, environment_digest, *identities])


def _save(where: Store, source: _Source, message: str) -> Version:
    captured = environment.capture()
    digest = version_digest(source.workflow, captured.digest)
    name = source.workflow.name
    lease = where.files.lease(f"{where.project}/versions/{name}")
    lease.acquire(None)
    try:
        existing = versions.by_digest(where, name, digest)
        if existing is not None:
            return existing
        parent = versions.latest(where, name)
        put = where.blobs.put
        notebook, base, cells = notebook_texts.put(where, source.notebook, parent)
        version = Version(
            workflow=name,
            number=0,
            digest=digest,
            tasks=tuple(_put_tasks(where, source.workflow, parent)),
            parameters=put(msgspec.json.encode(source.workflow.parameters))[0],
            environment=put(msgspec.json.encode(captured))[0],
            lock=put(environment.lock_toml(captured).encode())[0],
            notebook=notebook,
            base=base,
            cells=cells,
            author=configuration.user(),
            message=message,
            created_at=datetime.now(UTC),
            parent=parent.digest if parent else None,
            git=environment.git_state(source.folder) if source.folder is not None else None,
            values=tuple(_values(source.workflow)),
        )
        number = where.records.append(
            paths.versions(name), lambda number: msgspec.structs.replace(version, number=number)
        )
        where.records.create(paths.version_digest(name, digest), versions.Numbered(number=number))
        return msgspec.structs.replace(version, number=number)
    finally:
        lease.release()


def _put_tasks(where: Store, workflow: Workflow, parent: Version | None) -> Iterator[tuple[str, Digest]]:
    """Yield tasks' names and addresses, stored; those of the version before are held by its record, for good."""
    encoded = {task.name: msgspec.json.encode(task) for task in workflow.tasks}
    known = {address for _, address in parent.tasks} if parent else set()
    addresses = {name: digest_bytes(text) for name, text in encoded.items()}
    where.blobs.put_all([text for name, text in encoded.items() if addresses[name] not in known])
    yield from addresses.items()


def _values(workflow: Workflow) -> list[tuple[str, str, int]]:
    found: dict[str, tuple[str, str, int]] = {}
    for task in workflow.tasks:
        for name, artifact in [
            *((item.name, item.artifact) for item in task.inputs),
            *((capture.name, capture.artifact) for capture in task.captures),
        ]:
            if artifact is not None:
                found[name] = (name, artifact.type, artifact.size_bytes)
    return list(found.values())
