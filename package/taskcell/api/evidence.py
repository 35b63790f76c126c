"""What runs left behind, read for looking back: definitions, environments, values, previews.

Nothing here compares or judges; ``comparing``, ``reproducing`` and ``explaining`` do.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.runs import runs
from taskcell.api.versions import versions
from taskcell.engine import states
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import AttemptEnd, Plan
from taskcell.model.tasks import Task
from taskcell.model.versions import Environment, Version
from taskcell.store import codecs, paths
from taskcell.store.opening import Store
from taskcell.views.previews import Preview

PICTURE_BYTES = 300_000
"""Largest picture that goes into a view. Unit: bytes of PNG."""
TABLE_BYTES = 100_000_000
"""Largest stored table whose first rows are read for a preview. Unit: bytes."""
_SCALARS = frozenset({"int", "float", "bool", "str"})
_SCALAR_CHARACTERS = 400


def run_of(source: str | runs.Run, *, store: str | None = None, project: str | None = None) -> runs.Run:
    """Return the run that a run, an id, its first characters or a link means."""
    return source if isinstance(source, runs.Run) else runs.run(source, store=store, project=project)


# -- tasks -----------------------------------------------------------------------------------------------------------


def parent_of(task_id: str, known: Mapping[str, object]) -> str:
    """Return the mapped task that an id is an element of, or nothing: ``fit.3`` is one of ``fit``."""
    parent, dot, index = task_id.rpartition(".")
    return parent if dot and index.isdecimal() and parent in known else ""


def whole_tasks(status: states.RunStatus) -> dict[str, states.TaskStatus]:
    """Return a run's task runs without the elements of maps."""
    return {name: task for name, task in status.tasks.items() if not parent_of(name, status.tasks)}


def elements_of(status: states.RunStatus, task_id: str) -> list[states.TaskStatus]:
    """Return the task runs of a mapped task's elements, in order."""
    found = [task for name, task in status.tasks.items() if parent_of(name, status.tasks) == task_id]
    return sorted(found, key=lambda task: int(task.id.rpartition(".")[2]))


def definition(where: Store, plan: Plan, task: states.TaskStatus) -> Task | None:
    """Return a task as it was defined when it ran; None when that is no longer known."""
    address = next((item.task for item in plan.tasks if item.id in (task.id, task.id.rpartition(".")[0])), None)
    return defined(where, address or "", task.end)


def defined(where: Store, address: str, end: AttemptEnd | None) -> Task | None:
    """Return the task that lies at an address; where none is known, that of the result which an attempt led to."""
    if not address and end is not None and end.key is not None:
        entry = cache_entry(where, end.key)
        address = entry.task if entry is not None else ""
    if not address:
        return None
    try:
        return msgspec.json.decode(where.blobs.get(Digest(address)), type=Task)
    except errors.NotFoundError:
        return None


def cache_entry(where: Store, key: Digest) -> CacheEntry | None:
    """Return the committed result of a key as it is recorded, without a look at its values."""
    return where.records.try_read(paths.cache_entry(key), CacheEntry)


def source_of(task: Task) -> str:
    """Return a task's text as a cell shows it: a header that states everything, then the body."""
    return f"{header_of(task)}\n{task.body}"


def header_of(task: Task) -> str:
    """Return the line that states a task's name, inputs and outputs."""
    inputs = ", ".join(item.name for item in task.inputs)
    outputs = ", ".join(task.outputs) or "None"
    return f"%%task {task.name}({inputs}) -> {outputs}"


# -- environments ----------------------------------------------------------------------------------------------------


def version_of(where: Store, plan: Plan) -> Version | None:
    """Return the version that a run executes; None for a notebook's session."""
    if not plan.version:
        return None
    return where.records.try_read(paths.version(plan.workflow, plan.version_number), Version)


def environment_of(where: Store, plan: Plan) -> Environment | None:
    """Return the environment that is recorded with a run's version; None for a notebook's session."""
    version = version_of(where, plan)
    return None if version is None else versions.recorded_environment(where, version)


def packages_met(status: states.RunStatus) -> dict[str, str]:
    """Return interpreter and distributions that task runs really met, as their keys name them."""
    found: dict[str, str] = {}
    for task in status.tasks.values():
        for part in task.end.parts if task.end else ():
            kind, _, name = part.name.partition(":")
            if kind == "package":
                found[name] = part.label
            elif kind == "interpreter":
                found[":interpreter"] = part.label
    return found


# -- values ----------------------------------------------------------------------------------------------------------


def value(where: Store, artifact: Artifact) -> Any:
    """Return a stored value; raise UntrustedError for a pickle of a store that is not trusted."""
    return codecs.decode(artifact, where.blobs, trusted=configuration.trusted(where))


def scalar(where: Store, artifact: Artifact) -> Any | None:
    """Return a number, a truth value or a short text in JSON form; None for anything else."""
    if artifact.type not in _SCALARS and not artifact.type.startswith("numpy."):
        return None
    if artifact.codec.partition("/")[0] not in ("json", "scalar", "text") or artifact.size_bytes > _SCALAR_CHARACTERS:
        return None
    found = value(where, artifact)
    found = found.item() if hasattr(found, "item") and getattr(found, "ndim", 1) == 0 else found
    return found if isinstance(found, int | float | str | bool) else None


def artifact_with(plan: Plan, status: states.RunStatus, digest: Digest) -> Artifact | None:
    """Return a value of that digest that the run made or was given."""
    for task in status.tasks.values():
        for artifact in task.end.outputs.values() if task.end else ():
            if artifact.digest == digest:
                return artifact
    for planned in plan.tasks:
        for binding in planned.bindings:
            if binding.artifact is not None and binding.artifact.digest == digest:
                return binding.artifact
    return None


def preview(where: Store, artifact: Artifact, *, whole: bool = True) -> Preview:
    """Return what can be shown of a stored value; ``whole`` reads first rows and pictures too."""
    made = Preview(
        type=artifact.type, text=artifact.preview, digest=artifact.digest, size_bytes=artifact.size_bytes or None
    )
    if not whole:
        return made
    rows = _rows(where, artifact)
    if rows:
        labels, *body = (tuple(row) for row in rows)
        return msgspec.structs.replace(made, columns=labels, rows=tuple(body))
    return msgspec.structs.replace(made, image_png=_stored_picture(where, artifact))


def _rows(where: Store, artifact: Artifact) -> list[list[str]] | None:
    if artifact.size_bytes > TABLE_BYTES:
        return None
    try:
        return codecs.preview_rows(artifact, where.blobs)
    except (errors.FormatError, errors.NotFoundError):
        return None  # the preview says less; whoever asks for the value is told why


def _stored_picture(where: Store, artifact: Artifact) -> str:
    if artifact.codec.partition("/")[0] not in ("figure", "image") or not artifact.blobs:
        return ""
    try:
        data = bytes(where.blobs.get(artifact.blobs[0]))
    except (errors.FormatError, errors.NotFoundError):
        return ""
    return base64.b64encode(data).decode() if len(data) <= PICTURE_BYTES else ""


def displays(where: Store, end: AttemptEnd | None) -> list[dict[str, Any]]:
    """Return what a task run displayed, in the form of the notebook format."""
    if end is None or end.displays is None:
        return []
    try:
        return msgspec.json.decode(where.blobs.get(end.displays), type=list[dict[str, Any]])
    except errors.NotFoundError:
        return []


def pictures(where: Store, end: AttemptEnd | None) -> Iterator[str]:
    """Yield the displayed pictures that are small enough for a view: PNG as base64."""
    for output in displays(where, end):
        data = output.get("data", {}).get("image/png")
        text = "".join(data) if isinstance(data, list) else data
        if isinstance(text, str) and len(text) <= PICTURE_BYTES * 4 // 3:
            yield "".join(text.split())
