"""Workflows, their versions and tags, and what a launch of one would do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from taskcell import errors
from taskcell.api import evidence
from taskcell.api.comparisons import differing
from taskcell.api.feeds import forms, indexes, launches, requests
from taskcell.api.feeds.contracts import Context
from taskcell.api.launches import foreseeing, previewing
from taskcell.api.versions import versions
from taskcell.model.tasks import Task, TaskOptions
from taskcell.model.versions import TagMove, Version
from taskcell.notebook import quoting
from taskcell.store import paths
from taskcell.store.index import Search
from taskcell.views import graph
from taskcell.views.graph.placing import placed
from taskcell.views.versions import TagMoveRow, VersionList
from taskcell.views.workflows import VersionTask, VersionView, WorkflowList, WorkflowRow, WorkflowView

_KEPT = 500
_MOVES = 200


def listed(context: Context, params: requests.ListWorkflows) -> WorkflowList:
    """Answer ``workflows.list``."""
    newest = indexes.search(context, Search(limit=1))
    numbers = indexes.run_index(context).numbers("workflow") if newest else {}
    words = params.q.lower().split()
    names = sorted({*versions.names(context.store), *numbers})
    wanted = [name for name in names if all(word in name.lower() for word in words)]
    return WorkflowList(
        workflows=tuple(_workflow(context, name, numbers.get(name, (0, 0, ""))) for name in wanted),
        shown_at=datetime.now(UTC),
    )


def _workflow(context: Context, name: str, counted: tuple[int, int, str]) -> WorkflowRow:
    where = context.store
    numbers = where.records.numbers(paths.versions(name))
    newest = _version(context, name, numbers[-1]) if numbers else None
    tags = versions.tags(where, name)
    last = indexes.search(context, Search(workflow=name, limit=1))
    mine = [tag for tag, number in tags.items() if newest is not None and number == newest.number]
    return WorkflowRow(
        name=name,
        newest=differing.version_row(newest, tags=mine) if newest is not None else None,
        tags=tags,
        versions=len(numbers),
        runs=counted[0],
        running=counted[1],
        last_run=next(indexes.rows(context, last), None),
    )


def _version(context: Context, name: str, number: int) -> Version:
    """Return a version, which never changes."""
    where = context.store
    key = (where.url, where.project, name, number)
    return context.memory.get("versions", key, lambda: versions.find(where, f"{name}@{number}"), most=_KEPT)


# -- versions --------------------------------------------------------------------------------------------------------


def version_list(context: Context, params: requests.ListVersions) -> VersionList:
    """Answer ``workflows.versions``."""
    where = context.store
    numbers = sorted(where.records.numbers(paths.versions(params.workflow)), reverse=True)
    if not numbers:
        versions.find(where, params.workflow)  # says what there is
    older = [number for number in numbers if not params.before or number < params.before]
    page = [_version(context, params.workflow, number) for number in older[: params.limit]]
    left = len(older) - len(page)
    if not page:
        return VersionList(workflow=params.workflow, versions=(), shown_at=datetime.now(UTC))
    view = differing.version_list(where, page, limit=len(page))
    return msgspec.structs.replace(
        view,
        more=left,
        next=page[-1].number if left else 0,
        moves=tuple(_moves(context, params.workflow)) if not params.before else (),
    )


def _moves(context: Context, name: str) -> Iterator[TagMoveRow]:
    """Yield the moves of all tags, the newest first."""
    found = []
    for tag in versions.tags(context.store, name):
        before = 0
        for move in versions.tag_moves(context.store, name, tag):
            found.append(_move(move, before))
            before = move.number
    found.sort(key=lambda move: move.created_at, reverse=True)
    yield from found[:_MOVES]


def _move(move: TagMove, before: int) -> TagMoveRow:
    return TagMoveRow(
        tag=move.tag,
        number=move.number,
        author=move.author,
        created_at=move.created_at,
        before=before,
        message=move.message,
        rollback=move.rollback,
    )


def version(context: Context, params: requests.GetVersion) -> VersionView:
    """Answer ``versions.get``."""
    where = context.store
    found = _version(context, params.workflow, params.number)
    against = _against(context, found, params.against)
    tags = [tag for tag, number in versions.tags(where, found.workflow).items() if number == found.number]
    indexes.search(context, Search(workflow=found.workflow, limit=1))
    runs = indexes.run_index(context).version_counts(found.workflow).get(found.number, 0)
    environment = versions.recorded_environment(where, found)
    return VersionView(
        workflow=found.workflow,
        row=differing.version_row(found, tags=tags, changes=differing.changes_of(where, found), runs=runs),
        shown_at=datetime.now(UTC),
        tasks=tuple(_task(task) for task in versions.workflow(where, found).tasks),
        fields=tuple(forms.fields(versions.parameters(where, found))),
        python=f"{environment.implementation} {environment.python}",
        platform=environment.platform,
        distributions=len(environment.distributions),
        against=against.number if against is not None else None,
        code=tuple(differing.code_differences(where, against, found)) if against is not None else (),
        parameters=tuple(differing.parameter_rows(where, against, found)),
        environment=tuple(differing.environment_rows(where, against, found)),
    )


def _against(context: Context, found: Version, number: int) -> Version | None:
    if number:
        return _version(context, found.workflow, number)
    known = context.store.records.numbers(paths.versions(found.workflow))
    earlier = [one for one in known if one < found.number]
    return _version(context, found.workflow, earlier[-1]) if earlier else None


def _task(task: Task) -> VersionTask:
    usual = TaskOptions()
    options = {
        name: str(getattr(task.options, name))
        for name in TaskOptions.__struct_fields__
        if name != "secrets" and getattr(task.options, name) != getattr(usual, name)
    }
    return VersionTask(
        name=task.name,
        inputs=tuple(item.name for item in task.inputs),
        outputs=task.outputs,
        source=evidence.source_of(task),
        options=options,
    )


# -- what a launch would do ------------------------------------------------------------------------------------------


def workflow_graph(context: Context, params: requests.GetWorkflowGraph) -> WorkflowView:
    """Answer ``workflows.graph``."""
    named = f"{params.workflow}@{params.version}" if params.version else params.workflow
    target = launches.target_of(context, named)
    found = foreseeing.drafted(context.store, target.ref if target is not None else None)
    fates = foreseeing.fates_of(context.store, found)
    drawn = foreseeing.drawn(found, fates)
    costs = {name: fate.expected_s for name, fate in fates.items() if fate.expected_s is not None}
    planned, _ = foreseeing.planned(found.workflow, {}, {})
    return WorkflowView(
        target=target.ref if target is not None else "",
        title=found.title,
        graph=drawn,
        shown_at=datetime.now(UTC),
        placed=placed(drawn),
        counts=graph.tally(drawn),
        expected_s=costs,
        total_expected_s=previewing.expected_s(planned, fates, 1_000_000),
        problems=tuple(found.refused.values()),
    )


# -- tags ------------------------------------------------------------------------------------------------------------


def move_tag(context: Context, params: requests.MoveTag) -> TagMoveRow:
    """Answer ``tags.move``."""
    where = context.store
    before = versions.tags(where, params.workflow).get(params.tag, 0)
    chosen = _version(context, params.workflow, params.version)
    made = versions.tag(chosen, params.tag, message=params.message, store=where.url, project=where.project)
    return _move(made, before)


def roll_back(context: Context, params: requests.RollBackTag) -> TagMoveRow:
    """Answer ``tags.rollback``."""
    where = context.store
    if ":" in params.tag:
        raise errors.InvalidInputError(f"{quoting.shortened(params.tag)!r} can't be a tag.", remedy="Name a tag.")
    before = versions.tags(where, params.workflow).get(params.tag, 0)
    made = versions.rollback(
        f"{params.workflow}:{params.tag}", message=params.message, store=where.url, project=where.project
    )
    return _move(made, before)
