"""One task run, closely; elements of a map; why it hit or missed the cache."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import evidence, showing
from taskcell.api.explanations import explaining
from taskcell.api.feeds import locating, pictures, readings, requests
from taskcell.api.feeds.contracts import Context
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import AttemptEnd, Plan, PlannedTask, TaskState
from taskcell.model.tasks import InputKind, Task
from taskcell.store import paths
from taskcell.views import bundles, reasons
from taskcell.views.previews import Preview
from taskcell.views.states import State
from taskcell.views.tasks import (
    AttemptError,
    AttemptView,
    DisplayView,
    ElementPage,
    ElementRow,
    PortView,
    TaskView,
)

_SHOWN_ATTEMPTS = 50
_KEPT_PREVIEWS = 500
_DISPLAY_CHARACTERS = 400_000
"""What is given of one displayed thing."""
_DISPLAYS = 100
_FIRST_PAGE = 100
_RICHEST_FIRST = (
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
    "text/html",
    "text/markdown",
    "application/json",
    "text/plain",
)


def task(context: Context, params: requests.OneTask) -> TaskView:
    """Answer ``tasks.get``."""
    status = readings.reading(context, params.run).status()
    found = locating.task_in(status, params.task)
    now = datetime.now(UTC)
    elements = evidence.elements_of(status, found.id)
    origin = locating.origin(context, status, found)
    plan = status.plan
    planned = _planned(plan, found.id)
    defined = _definition(context, plan, found)
    return TaskView(
        run=params.run,
        workflow=showing.reference(plan),
        row=showing.task_row(found, elements, now),
        shown_at=now,
        attempts=tuple(_attempts(context, plan.run_id, found)),
        inputs=tuple(_inputs(context, status, planned, defined)),
        outputs=tuple(_outputs(context, status, found, planned)),
        displays=tuple(_displays(context, found.end)),
        source=evidence.source_of(defined) if defined is not None else "",
        doc=defined.doc if defined is not None else "",
        log_run=origin.run,
        log_task=origin.task,
        log_attempt=origin.attempt,
        key=found.end.key or "" if found.end else "",
        elements=_page(status, found, elements, 0, _FIRST_PAGE) if elements or _is_map(defined, found) else None,
        branch=bundles.plain(dict(found.branch)),
        can_rescue=planned is not None and _can_rescue(status, planned),
    )


def _planned(plan: Plan, task_id: str) -> PlannedTask | None:
    parent, _, index = task_id.rpartition(".")
    wanted = (task_id, parent) if index.isdecimal() else (task_id,)
    return next((item for item in plan.tasks if item.id in wanted), None)


def _definition(context: Context, plan: Plan, found: states.TaskStatus) -> Task | None:
    planned = _planned(plan, found.id)
    address = planned.task if planned is not None else ""
    if not address:
        return evidence.defined(context.store, "", found.end)
    key = (context.store.url, address)
    kept: list[Task | None] = context.memory.get(
        "definitions", key, lambda: [evidence.defined(context.store, address, found.end)], most=_KEPT_PREVIEWS
    )
    return kept[0]


def _is_map(defined: Task | None, found: states.TaskStatus) -> bool:
    own = found.end is not None and found.end.elements is not None
    return own or (defined is not None and defined.options.map_over is not None and "." not in found.id)


def _can_rescue(status: states.RunStatus, planned: PlannedTask) -> bool:
    """Whether every input is there; the values themselves are not looked at."""
    for binding in planned.bindings:
        if binding.artifact is None:
            source = status.tasks.get(binding.source)
            if source is None or source.end is None or binding.output not in source.end.outputs:
                return False
    return True


# -- attempts --------------------------------------------------------------------------------------------------------


def _attempts(context: Context, run_id: str, found: states.TaskStatus) -> Iterator[AttemptView]:
    """Yield the newest attempts, the last one first."""
    for number in range(found.attempt, max(0, found.attempt - _SHOWN_ATTEMPTS), -1):
        attempt = states.read_attempt(context.store, run_id, found.id, number)
        if attempt is not None:
            yield _attempt(context, run_id, found, attempt)


def _attempt(context: Context, run_id: str, found: states.TaskStatus, attempt: states.Attempt) -> AttemptView:
    start, end = attempt.start, attempt.end
    error = end.error if end else None
    state = found.state if end is None and attempt.number == found.attempt else end.state if end else TaskState.FAILED
    files = context.store.project_files
    return AttemptView(
        number=attempt.number,
        state=State.CACHED if end is not None and end.cached else State(state),
        host=start.host if start else "",
        started_at=start.started_at if start else end.started_at if end else None,
        ended_at=end.ended_at if end else None,
        duration_s=end.duration_s if end else None,
        cached=end is not None and end.cached,
        error=AttemptError(
            error=error.kind,
            sentence=error.sentence,
            traceback=error.traceback[:_DISPLAY_CHARACTERS],
            counts=error.counts,
        )
        if error
        else None,
        notices=end.notices if end else (),
        has_log=bool(files.list(paths.logs(run_id, found.id, attempt.number))),
        has_notebook=files.exists(paths.notebook(run_id, found.id, attempt.number)),
    )


# -- values ----------------------------------------------------------------------------------------------------------


def preview(context: Context, artifact: Artifact) -> Preview:
    """Return what can be shown of a value; it never changes, so it is made once."""
    key = (context.store.url, artifact.digest, artifact.codec)
    made: Preview = context.memory.get(
        "previews", key, lambda: evidence.preview(context.store, artifact), most=_KEPT_PREVIEWS
    )
    return made


def _inputs(
    context: Context, status: states.RunStatus, planned: PlannedTask | None, defined: Task | None
) -> Iterator[PortView]:
    for binding in planned.bindings if planned else ():
        if binding.artifact is not None:
            origin = "parameter" if binding.parameter or binding.input in status.plan.parameters else "value"
            yield PortView(
                name=binding.input,
                origin="parameter" if origin == "parameter" else "value",
                preview=preview(context, binding.artifact),
            )
            continue
        source = status.tasks.get(binding.source)
        made = source.end.outputs.get(binding.output) if source is not None and source.end else None
        yield PortView(
            name=binding.input,
            origin="task",
            task=binding.source,
            output=binding.output,
            label=source.label if source is not None else binding.source,
            preview=preview(context, made) if made is not None else None,
        )
    if planned is None and defined is not None:  # a notebook's session plans nothing
        for item in defined.inputs:
            kind = "parameter" if item.kind is InputKind.PARAMETER else "value"
            yield PortView(
                name=item.name,
                origin="task" if item.kind is InputKind.OUTPUT else "parameter" if kind == "parameter" else "value",
                task=item.task,
                output=item.name if item.task else "",
                label=item.task,
            )


def _outputs(
    context: Context, status: states.RunStatus, found: states.TaskStatus, planned: PlannedTask | None
) -> Iterator[PortView]:
    made = found.end.outputs if found.end else {}
    names = dict.fromkeys([*made, *(_needed(status.plan, found.id) if planned else ())])
    for name in names:
        yield PortView(
            name=name,
            origin="output",
            task=found.id,
            output=name,
            label=found.label,
            preview=preview(context, made[name]) if name in made else None,
        )


def _needed(plan: Plan, task_id: str) -> Iterator[str]:
    for item in plan.tasks:
        for binding in item.bindings:
            if binding.source == task_id:
                yield binding.output


def _displays(context: Context, end: AttemptEnd | None) -> Iterator[DisplayView]:
    if end is None or end.displays is None:
        return
    try:
        shown = evidence.displays(context.store, end)
    except errors.FormatError as exc:
        yield DisplayView(mime="error", content=f"What it displayed can't be read: {exc.message}")
        return
    for output in shown[:_DISPLAYS]:
        made = _display(output)
        if made is not None:
            yield made


def _display(output: dict[str, Any]) -> DisplayView | None:
    """Return one output of the notebook format in its richest form that can be shown."""
    kind = output.get("output_type")
    if kind == "stream":
        return _clipped(f"stream/{'stderr' if output.get('name') == 'stderr' else 'stdout'}", output.get("text"))
    if kind == "error":
        lines = output.get("traceback")
        return _clipped("error", "\n".join(map(str, lines)) if isinstance(lines, list) else "")
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    for mime in _RICHEST_FIRST:
        if mime in data:
            return _clipped(mime, data[mime])
    return None


def _clipped(mime: str, content: object) -> DisplayView:
    if isinstance(content, list):
        content = "".join(map(str, content))
    if not isinstance(content, str):
        content = msgspec.json.format(msgspec.json.encode(bundles.plain(content))).decode()
    if mime.startswith("image/") and mime != "image/svg+xml":
        content = "".join(content.split())
        if len(content) > 4 * _DISPLAY_CHARACTERS:  # half a picture is none
            return DisplayView(mime=mime, content="", clipped=True)
        return DisplayView(mime=mime, content=content)
    return DisplayView(mime=mime, content=content[:_DISPLAY_CHARACTERS], clipped=len(content) > _DISPLAY_CHARACTERS)


# -- elements --------------------------------------------------------------------------------------------------------


def elements(context: Context, params: requests.GetElements) -> ElementPage:
    """Answer ``tasks.elements``."""
    status = readings.reading(context, params.run).status()
    found = locating.task_in(status, params.task)
    made = evidence.elements_of(status, found.id)
    return _page(status, found, made, params.offset, params.limit, params.state)


def _page(
    status: states.RunStatus,
    found: states.TaskStatus,
    made: list[states.TaskStatus],
    offset: int,
    limit: int,
    state: str = "",
) -> ElementPage:
    kept = [item for item in made if not state or showing.shown_state(item) == state]
    return ElementPage(
        run=status.plan.run_id,
        task=found.id,
        elements=tuple(_element(item) for item in kept[offset : offset + limit]),
        offset=offset,
        total=len(kept),
        planned=found.end.elements if found.end else None,
        counts=pictures.counts([(item, []) for item in made]),
    )


def _element(item: states.TaskStatus) -> ElementRow:
    end = item.end
    return ElementRow(
        id=item.id,
        index=int(item.id.rpartition(".")[2]),
        state=showing.shown_state(item),
        attempt=item.attempt,
        duration_s=end.duration_s if end else None,
        started_at=item.started_at,
        ended_at=end.ended_at if end else None,
        error=end.error.sentence if end and end.error else "",
    )


# -- why -------------------------------------------------------------------------------------------------------------


def why(context: Context, params: requests.Why) -> reasons.Explanation:
    """Answer ``tasks.why``."""
    found = explaining.why(
        params.task,
        run=readings.reading(context, params.run).run,
        against=params.against or None,
        store=context.store.url,
        project=context.store.project,
    )
    return found.view
