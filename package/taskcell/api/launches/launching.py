"""Launch a version: check everything, write the plan, start the driver."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.launches import beginning
from taskcell.api.runs import links, run_ids, runs
from taskcell.api.versions import snapshots, versions
from taskcell.backends import registry
from taskcell.engine import planning
from taskcell.engine.warm import imports
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Plan
from taskcell.model.settings import Settings
from taskcell.model.tasks import Parameter, TaskOptions, Workflow
from taskcell.model.versions import Version
from taskcell.notebook import parameters as schemas
from taskcell.notebook import quoting
from taskcell.store import codecs, paths
from taskcell.store.opening import Store

MAX_BRANCHES = 10_000
_RESOURCES = ("image", "cpu_cores", "memory_bytes")


def launch(
    target: str | Path | Version | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    sweep: Mapping[str, Sequence[Any]] | None = None,
    backend: str | None = None,
    max_workers: int | None = None,
    use_cache: bool = True,
    message: str = "",
    schedule: str = "",
    resources: Mapping[str, Any] | None = None,
    store: str | None = None,
    project: str | None = None,
) -> runs.Run:
    """Start a run of a version and return at once; a driver process of its own carries it.

    Parameters
    ----------
    target : str, path or Version, optional
        ``churn@3``, ``churn:prod``, ``churn``, a digest, a version, or an ``.ipynb`` file. None: the notebook as it
        stands. What is not yet a version becomes one.
    parameters : mapping, optional
        Values by parameter name; others have their defaults.
    sweep : mapping, optional
        Several values by parameter name: one run with a branch for each combination; what branches share runs once.
    backend : str, optional
        ``local`` or ``kubernetes``. None: the setting.
    max_workers : int, optional
        Tasks at once. None: the setting, else one for each core.
    use_cache : bool
        Whether results may be taken from the cache. They are written in any case.
    message : str
        Message of a version that is made.
    schedule : str
        Name of the schedule that launches. Empty: a person does.
    resources : mapping, optional
        What tasks get that state nothing themselves, on Kubernetes: ``image``, ``cpu_cores``, ``memory_bytes``.
    store, project : str, optional
        Instead of those in the settings.

    Raises
    ------
    InvalidInputError
        For an unknown parameter or a value of the wrong type, before anything is written.
    NotFoundError
        When there is no such version.
    """
    where = configuration.store(store=store, project=project)
    settings = configuration.settings(backend=backend, max_workers=max_workers, project=project)
    settings = with_resources(settings, check_resources(resources or {}, backend))
    if settings.max_workers is not None and settings.max_workers < 1:
        raise errors.InvalidInputError(f"max_workers is {settings.max_workers}.", remedy="Use 1 or more.")
    runner = registry.backend(settings.backend)
    check_webhook(settings.webhook, has_secrets=runner.restarts_drivers)
    values, swept = _mappings(parameters, sweep)

    accepted: list[Settings] = []

    def checked(workflow: Workflow) -> None:
        check(workflow.parameters, values, swept)
        accepted.append(runner.check(where.url, settings, [task.options for task in workflow.tasks]))

    version, folder = resolve_target(where, target, message, check=checked)
    if not accepted:  # it was a version before, so nobody has looked yet
        checked(versions.workflow(where, version))
    settings = accepted[-1]
    request = prepare(where, version, values, swept)
    run_id = run_ids.new_run_id()
    plan = Plan(
        run_id=run_id,
        project=where.project,
        workflow=version.workflow,
        version_number=version.number,
        version=version.digest,
        parameters=request.shown,
        tasks=planning.plan_tasks(request.workflow, dict(version.tasks), request.stored, request.sweep),
        backend=runner.name,
        author=configuration.user(),
        host=socket.gethostname(),
        created_at=datetime.now(UTC),
        sweep={name: [value for value, _ in values] for name, values in request.sweep.items()},
        use_cache=use_cache,
        max_workers=settings.max_workers,
        folder=str(folder),
        kubernetes=settings.kubernetes if runner.restarts_drivers else None,
        isolation=settings.isolation,
        schedule=schedule,
        link=links.link(where, run_id),
        imports=imports.named(source for task in request.workflow.tasks for source in task.sources),
    )
    addresses = dict(version.tasks)
    ahead = beginning.first(where, plan, {addresses[task.name]: task for task in request.workflow.tasks})
    if ahead and not runner.restarts_drivers:
        beginning.warm(plan)
    return start(where, plan, ahead)


def check_resources(resources: Mapping[str, Any], backend: str | None) -> dict[str, Any]:
    """Return resources as they are; raise InvalidInputError when they can't be had on a backend (None: the setting)."""
    unknown = sorted(resources.keys() - set(_RESOURCES))
    if unknown:
        raise errors.InvalidInputError(
            f"There is no resource {quoting.shown(unknown[0])}.", remedy=f"There are: {', '.join(_RESOURCES)}."
        )
    if resources and not registry.backend(configuration.settings(backend=backend).backend).restarts_drivers:
        raise errors.InvalidInputError(
            "Resources can be given for a launch on Kubernetes only.",
            remedy="Leave them out, or state them on the tasks: %%task train --memory 2Gi",
        )
    return dict(resources)


def with_resources(settings: Settings, resources: Mapping[str, Any]) -> Settings:
    """Return settings under which tasks that state nothing get these resources."""
    if not resources:
        return settings
    return msgspec.structs.replace(settings, kubernetes=msgspec.structs.replace(settings.kubernetes, **resources))


def check_webhook(webhook: str | None, *, has_secrets: bool) -> None:
    """Refuse a setting ``webhook`` that can't be used; raise InvalidInputError without repeating it: it may be secret."""
    if not webhook or re.fullmatch(r"https?://[^/\s]+\S*", webhook):
        return
    if has_secrets and re.fullmatch(r"[a-z0-9][a-z0-9.-]*/[A-Za-z0-9._-]+", webhook):
        return
    example = "an https address" + (", or SECRET/KEY of the namespace" if has_secrets else "")
    raise errors.InvalidInputError("The setting webhook can't be used.", remedy=f"Give {example}.")


def _mappings(
    parameters: Mapping[str, Any] | None, sweep: Mapping[str, Sequence[Any]] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was given, so that it can be read twice; raise InvalidInputError for what has no names."""
    for what, given in (("parameters", parameters), ("sweep", sweep)):
        if given is not None and not isinstance(given, Mapping):
            raise errors.InvalidInputError(
                f"{what} is a {type(given).__name__}.", remedy=f"Give a dict by parameter name: {what}={{'month': …}}"
            )
    swept = {name: list(values) if isinstance(values, Iterator) else values for name, values in (sweep or {}).items()}
    return dict(parameters or {}), swept


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A launch whose parameters are checked and stored."""

    workflow: Workflow
    shown: dict[str, Any]
    stored: dict[str, Artifact]
    sweep: dict[str, list[tuple[Any, Artifact]]]


def start(where: Store, plan: Plan, ahead: tuple[TaskOptions, ...] = ()) -> runs.Run:
    """Write a plan and start its driver, and perhaps workers for what the first tasks need."""
    where.records.create(paths.plan(plan.run_id), plan)
    run = runs.Run(where, plan.run_id)
    run.drive(ahead=ahead)
    return run


def resolve_target(
    where: Store,
    target: str | Path | Version | None,
    message: str = "",
    *,
    check: Callable[[Workflow], None] = lambda _: None,
) -> tuple[Version, Path]:
    """Return the version that a target means, made if need be and ``check`` agrees, and the folder of its tasks."""
    if isinstance(target, Version):
        return target, Path.cwd()
    if target is None or isinstance(target, Path) or target.endswith(".ipynb"):
        version = snapshots.take(where, target, message=message, check=check)
        return version, Path.cwd() if target is None else Path(target).resolve().parent
    return versions.find(where, target), Path.cwd()


def prepare(where: Store, version: Version, given: Mapping[str, Any], sweep: Mapping[str, Sequence[Any]]) -> Request:
    """Check parameters and sweep against a version's schema; then, not before, store their values."""
    workflow = versions.workflow(where, version)
    checked, swept = check(workflow.parameters, given, sweep)
    shown: dict[str, Any] = {}
    stored: dict[str, Artifact] = {}
    branches: dict[str, list[tuple[Any, Artifact]]] = {}
    for parameter in workflow.parameters:
        name = parameter.name
        if name in swept:
            branches[name] = [
                (schemas.to_json(parameter, value), codecs.encode(value, where.blobs)) for value in swept[name]
            ]
            continue
        value = checked[name] if name in checked else schemas.from_json(parameter, parameter.default)
        shown[name] = schemas.to_json(parameter, value)
        stored[name] = codecs.encode(value, where.blobs)
    return Request(workflow=workflow, shown=shown, stored=stored, sweep=branches)


def check(
    parameters: Sequence[Parameter], given: Mapping[str, Any], sweep: Mapping[str, Sequence[Any]]
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return given and swept values as their types have them; raise InvalidInputError. Writes nothing."""
    both = sorted(given.keys() & sweep.keys())
    if both:
        raise errors.InvalidInputError(
            f"Parameter {both[0]!r} has a value and is swept.", remedy="Give it in one of the two."
        )
    checked = {name: _checked(parameters, name, value) for name, value in given.items()}
    swept = {name: _checked_sweep(parameters, name, values) for name, values in sweep.items()}
    _check_branches(swept)
    return checked, swept


def _checked(parameters: Sequence[Parameter], name: str, value: Any) -> Any:
    return schemas.check_value(schemas.find_parameter(parameters, name), value)


def _checked_sweep(parameters: Sequence[Parameter], name: str, values: Sequence[Any]) -> list[Any]:
    parameter = schemas.find_parameter(parameters, name)
    listed = [] if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable) else list(values)
    if not listed:
        raise errors.InvalidInputError(
            f"The sweep over {name!r} has no list of values.",
            remedy=f"Give one or more: sweep={{{name!r}: [0.1, 0.2]}}",
        )
    checked = [schemas.check_value(parameter, value) for value in listed]
    seen: set[str] = set()
    for value in checked:
        text = json.dumps(schemas.to_json(parameter, value), sort_keys=True)
        if text in seen:
            raise errors.InvalidInputError(
                f"The sweep over {name!r} has {quoting.shown(value)} twice.", remedy="Give each value once."
            )
        seen.add(text)
    return checked


def _check_branches(branches: Mapping[str, Sequence[object]]) -> None:
    number = 1
    for values in branches.values():
        number *= len(values)
    if number > MAX_BRANCHES:
        raise errors.InvalidInputError(
            f"The sweep has {number:,} branches; {MAX_BRANCHES:,} are the most.", remedy="Sweep over fewer values."
        )
