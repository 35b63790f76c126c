"""The launch form: fields from the parameter schema, and what else there is to choose from."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.feeds import indexes, launches, requests
from taskcell.api.feeds.contracts import Context
from taskcell.api.launches import foreseeing, launching
from taskcell.api.versions import versions
from taskcell.backends import registry
from taskcell.model.runs import RunState
from taskcell.model.tasks import Parameter
from taskcell.notebook.parameters import types
from taskcell.store import paths
from taskcell.store.index import Search
from taskcell.views import bundles
from taskcell.views.forms import Control, FormBackend, FormField, FormVersion, LaunchForm

_VERSIONS = 50
_SAMPLES = 5
_CONTROLS: dict[str, Control] = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "text",
    "Path": "text",
    "date": "date",
    "datetime": "datetime",
}


def form(context: Context, params: requests.Form) -> LaunchForm:
    """Answer ``runs.form``."""
    version = launches.target_of(context, params.target)
    drafted = foreseeing.drafted(context.store, version.ref if version is not None else None)
    workflow = drafted.workflow
    chosen = configuration.settings()
    samples = _samples(context, workflow.name)
    tags = versions.tags(context.store, workflow.name) if version is not None else _tags(context, workflow.name)
    return LaunchForm(
        target=version.ref if version is not None else "",
        title=drafted.title,
        workflow=workflow.name,
        fields=tuple(fields(workflow.parameters)),
        shown_at=datetime.now(UTC),
        versions=tuple(_versions(context, workflow.name, tags)),
        tags=tags,
        backends=context.memory.get(
            "backends", (context.store.url, chosen.backend), lambda: tuple(_backends(context, chosen.backend))
        ),
        backend=chosen.backend,
        max_workers=chosen.max_workers,
        max_branches=launching.MAX_BRANCHES,
        tasks=tuple(task.name for task in workflow.tasks),
        problems=tuple(drafted.refused.values()),
        expected_s=statistics.median(samples) if samples else None,
        samples=len(samples),
    )


def fields(parameters: Sequence[Parameter]) -> Iterator[FormField]:
    """Yield a field for each parameter."""
    for item in parameters:
        yield _field(item, types.parse_annotation(item.annotation))


def _field(item: Parameter, kind: types.Type) -> FormField:
    optional = False
    if isinstance(kind, types.Either):
        others = tuple(member for member in kind.members if member != types.Scalar(name="None"))
        optional = len(others) < len(kind.members)
        if optional and len(others) == 1:
            kind = others[0]
    control, choices, inner = _control(kind)
    return FormField(
        name=item.name,
        annotation=item.annotation,
        control=control,
        default=bundles.plain(item.default),
        doc=item.doc,
        optional=optional,
        choices=choices,
        item=inner,
    )


def _control(kind: types.Type) -> tuple[Control, tuple[object, ...], str]:
    """Return what to fill a value of a type in with: control, choices, control of an item."""
    match kind:
        case types.Scalar(name=name):
            return _CONTROLS.get(name, "json"), (), ""
        case types.Choice(values=values):
            return "choice", values, ""
        case types.Many(item=types.Scalar(name=name)) if name in _CONTROLS:
            return "list", (), _CONTROLS[name]
        case types.Many(item=types.Choice(values=values)):
            return "list", values, "choice"
    return "json", (), ""


def _tags(context: Context, name: str) -> dict[str, int]:
    return versions.tags(context.store, name) if name in versions.names(context.store) else {}


def _versions(context: Context, name: str, tags: dict[str, int]) -> Iterator[FormVersion]:
    """Yield the newest versions, and those that have tags."""
    numbers = context.store.records.numbers(paths.versions(name))
    wanted = sorted({*numbers[-_VERSIONS:], *(number for number in tags.values() if number in numbers)}, reverse=True)
    for number in wanted:
        version = versions.find(context.store, f"{name}@{number}")
        yield FormVersion(
            ref=version.ref,
            number=number,
            created_at=version.created_at,
            author=version.author,
            message=version.message,
            tags=tuple(sorted(tag for tag, at in tags.items() if at == number)),
        )


def _backends(context: Context, default: str) -> Iterator[FormBackend]:
    """Yield where tasks can execute; whether a cluster answers is found out by a preview, not here."""
    for name in registry.names():
        problem = ""
        try:
            backend = registry.backend(name)
            if backend.restarts_drivers and context.store.url.startswith(("file://", "memory://")):
                problem = f"The store {context.store.url} is on this machine, where pods can't reach it."
        except errors.TaskcellError as exc:
            problem = f"{exc.message} {exc.remedy}".strip()
        except ImportError as exc:
            problem = f"It needs a package that isn't installed: {exc}."
        yield FormBackend(name=name, is_default=name == default, problem=problem)


def _samples(context: Context, name: str) -> list[float]:
    """Return how long the newest runs that succeeded took, in seconds."""
    rows = indexes.search(context, Search(workflow=name, states=(RunState.SUCCEEDED,), limit=_SAMPLES))
    return [(row.ended_at - row.created_at).total_seconds() for row in rows if row.ended_at is not None]
