"""Launching and what comes before it: only versions of this store, or the notebook of this kernel; never a path."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api.feeds import requests, results
from taskcell.api.feeds.contracts import Context
from taskcell.api.launches import launching, previewing
from taskcell.api.versions import versions
from taskcell.model.tasks import Parameter
from taskcell.model.versions import Version
from taskcell.notebook import parameters as schemas
from taskcell.views.graph.placing import placed
from taskcell.views.launching import LaunchPreview

_PLACED_NODES = 5000


def target_of(context: Context, target: str) -> Version | None:
    """Return the version that a target means; None for the notebook of this kernel.

    Raises
    ------
    InvalidInputError
        Without a target, outside a kernel.
    NotFoundError
        When there is no such version.
    """
    if target:
        return versions.find(context.store, target)
    if not context.in_kernel:
        raise errors.InvalidInputError(
            "There is no notebook here to launch.", remedy="Name a version: churn@3, churn:prod or churn."
        )
    return None


def launch(context: Context, params: requests.Launch) -> results.Launched:
    """Answer ``runs.launch``."""
    version = target_of(context, params.target)
    given, swept = _values(_schema(context, version), params)
    run = launching.launch(
        version,
        given,
        sweep=swept,
        backend=params.backend or None,
        max_workers=params.max_workers,
        use_cache=params.use_cache,
        message=params.message,
        resources=_resources(params),
        store=context.store.url,
        project=context.store.project,
    )
    plan = run.plan
    return results.Launched(
        run=run.id, workflow=f"{plan.workflow}@{plan.version_number}", link=run.link, backend=plan.backend
    )


def preview(context: Context, params: requests.Launch) -> LaunchPreview:
    """Answer ``runs.preview``: what would be refused is said in it, not raised."""
    version = target_of(context, params.target)
    title = version.ref if version is not None else ""
    try:
        given, swept = _values(_schema(context, version), params)
        launching.check_resources(_resources(params), params.backend or None)
    except errors.InvalidInputError as exc:
        said = f"{exc.message} {exc.remedy}".strip()
        return LaunchPreview(workflow=title or "this notebook", backend=params.backend, problems=(said,))
    shown = previewing.preview(
        title or None,
        given,
        sweep=swept,
        backend=params.backend or None,
        max_workers=params.max_workers,
        use_cache=params.use_cache,
        store=context.store.url,
        project=context.store.project,
    )
    found = shown.views[0]
    assert isinstance(found, LaunchPreview)
    drawn = found.graph
    return msgspec.structs.replace(
        found,
        placed=placed(drawn) if drawn is not None and len(drawn.nodes) <= _PLACED_NODES else None,
        code=_code(title, given, swept, params),
        command=_command(title, params),
    )


def _schema(context: Context, version: Version | None) -> Sequence[Parameter]:
    if version is not None:
        return versions.parameters(context.store, version)
    from taskcell.api.definitions import workflows
    from taskcell.api.kernels import sessions

    session = sessions.current()
    return list(workflows.parameters(session.cells).values()) if session is not None else ()


def _values(schema: Sequence[Parameter], params: requests.Launch) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return values as their types have them, from their JSON form; raise InvalidInputError."""

    def typed(name: str, value: Any) -> Any:
        return schemas.from_json(schemas.find_parameter(schema, name), value)

    given = {name: typed(name, value) for name, value in params.parameters.items()}
    return given, {name: [typed(name, value) for value in values] for name, values in params.sweep.items()}


def _resources(params: requests.Launch) -> dict[str, Any]:
    if params.resources is None:
        return {}
    return {name: value for name, value in msgspec.structs.asdict(params.resources).items() if value is not None}


# -- the same launch as text -----------------------------------------------------------------------------------------


def _code(title: str, given: Mapping[str, Any], swept: Mapping[str, Any], params: requests.Launch) -> str:
    """Return the launch as Python."""
    said = [repr(title)] if title else []
    if given:
        said.append(f"parameters={_python(dict(given))}")
    if swept:
        said.append(f"sweep={_python(dict(swept))}")
    if params.backend:
        said.append(f"backend={params.backend!r}")
    if params.max_workers is not None:
        said.append(f"max_workers={params.max_workers}")
    if not params.use_cache:
        said.append("use_cache=False")
    if params.message:
        said.append(f"message={params.message!r}")
    if resources := _resources(params):
        said.append(f"resources={resources!r}")
    text = f"taskcell.launch({', '.join(said)})"
    head = "import datetime\n" if "datetime." in text else ""
    return f"{head}import taskcell\n\nrun = {text}"


def _python(value: Any) -> str:
    """Return a value as an expression; paths as their text, which a launch takes as well."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_python(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_python, value))}]"
    if isinstance(value, PurePath):
        return repr(str(value))
    if isinstance(value, float) and repr(value) in ("nan", "inf", "-inf"):
        return f"float({str(value)!r})"
    return repr(value)


def _command(title: str, params: requests.Launch) -> str:
    """Return the launch as a command; empty for what a command line can't say."""
    if not title or params.resources is not None:
        return ""
    said = ["taskcell", "launch", title]
    for name, value in params.parameters.items():
        said += ["-p", f"{name}={_text(value)}"]
    for name, values in params.sweep.items():
        texts = [_text(value) for value in values]
        if any("," in text and not isinstance(value, list | dict) for text, value in zip(texts, values, strict=True)):
            return ""
        said += ["--sweep", f"{name}={','.join(texts)}"]
    said += ["--backend", params.backend] if params.backend else []
    said += ["--workers", str(params.max_workers)] if params.max_workers is not None else []
    said += ["--no-cache"] if not params.use_cache else []
    said += ["-m", params.message] if params.message else []
    return " ".join(map(shlex.quote, said))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
