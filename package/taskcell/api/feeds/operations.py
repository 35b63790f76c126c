"""The registry: every operation, by name. A server's routes, a comm's answers and the TypeScript types come from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from taskcell.api.feeds import (
    abouts,
    cells,
    comparisons,
    forms,
    launches,
    logs,
    notebooks,
    reproductions,
    requests,
    results,
    runs,
    tasks,
    values,
    workflows,
)
from taskcell.api.feeds.contracts import Attachment, Context, Method, Operation
from taskcell.views.cells import CellStates
from taskcell.views.comparing import Comparison
from taskcell.views.forms import LaunchForm
from taskcell.views.launching import LaunchPreview
from taskcell.views.logs import LogChunk
from taskcell.views.notebooks import Experiment, NotebookFile
from taskcell.views.reasons import Explanation
from taskcell.views.runs import RunList, RunView
from taskcell.views.tasks import ElementPage, TaskView
from taskcell.views.values import ValueList, ValueView
from taskcell.views.versions import TagMoveRow, VersionList
from taskcell.views.workflows import VersionView, WorkflowList, WorkflowView

_TASK = "/runs/{run}/tasks/{task}"
_WORKFLOW = "/workflows/{workflow}"
_VERSION = _WORKFLOW + "/versions/{number}"


def _get(
    name: str,
    path: str,
    params: type[msgspec.Struct],
    result: Any,
    handler: Callable[[Context, Any], Any],
    summary: str,
    *,
    steady: bool = False,
) -> Operation:
    return Operation(
        name=name,
        method="GET",
        path=path,
        params=params,
        result=result,
        handler=handler,
        summary=summary,
        steady=steady,
    )


def _post(
    name: str,
    path: str,
    params: type[msgspec.Struct],
    result: Any,
    handler: Callable[[Context, Any], Any],
    summary: str,
    *,
    changes: bool = True,
) -> Operation:
    method: Method = "POST"
    return Operation(
        name=name,
        method=method,
        path=path,
        params=params,
        result=result,
        handler=handler,
        summary=summary,
        changes=changes,
    )


_ABOUT = (_get("about", "/about", requests.Nothing, results.About, abouts.about, "Who answers, and for which store."),)
_RUNS = (
    _get("runs.list", "/runs", requests.ListRuns, RunList, runs.listed, "Runs, the newest first."),
    _get("runs.get", "/runs/{run}", requests.GetRun, RunView, runs.one, "A run with its graph and positions."),
    _post("runs.launch", "/runs", requests.Launch, results.Launched, launches.launch, "Start a run."),
    _post(
        "runs.preview",
        "/previews",
        requests.Launch,
        LaunchPreview,
        launches.preview,
        "What a launch would do; nothing is stored or started.",
        changes=False,
    ),
    _get("runs.form", "/forms/{target}", requests.Form, LaunchForm, forms.form, "What a launch can be given."),
    _post("runs.cancel", "/runs/{run}/cancel", requests.OneRun, RunView, runs.cancel, "Ask a run to stop."),
    _post("runs.resume", "/runs/{run}/resume", requests.OneRun, RunView, runs.resume, "Go on with what is missing."),
    _post(
        "runs.reproduce",
        "/runs/{run}/reproduce",
        requests.Reproduce,
        results.Launched,
        reproductions.reproduce,
        "Execute a run again without reading the cache.",
    ),
    _get(
        "runs.verdict",
        "/runs/{run}/verdict",
        requests.OneRun,
        results.ReproductionState,
        reproductions.state,
        "What reproducing a run came to.",
    ),
    _get(
        "runs.experiment",
        "/runs/{run}/experiment",
        requests.OneRun,
        Experiment,
        notebooks.experiment,
        "The experiment's notebook as it was run.",
    ),
)
_TASKS = (
    _get("tasks.get", _TASK, requests.OneTask, TaskView, tasks.task, "One task run, closely."),
    _get(
        "tasks.elements", _TASK + "/elements", requests.GetElements, ElementPage, tasks.elements, "Elements of a map."
    ),
    _get("tasks.log", _TASK + "/log", requests.GetLog, LogChunk, logs.lines, "Lines of a log, or those that match."),
    _get(
        "tasks.notebook",
        _TASK + "/notebook",
        requests.GetTaskNotebook,
        NotebookFile,
        notebooks.executed,
        "The executed notebook of an attempt.",
    ),
    _get("tasks.why", _TASK + "/why", requests.Why, Explanation, tasks.why, "Why a task hit or missed the cache."),
    _post(
        "runs.rescue",
        _TASK + "/rescue",
        requests.OneTask,
        NotebookFile,
        notebooks.rescue,
        "A notebook that loads a task's exact inputs; nothing is stored.",
        changes=False,
    ),
)
_COMPARING = (
    _get(
        "comparisons.get",
        "/comparisons/{runs}",
        requests.Compare,
        Comparison,
        comparisons.compare,
        "Two or more runs side by side.",
    ),
)
_WORKFLOWS = (
    _get("workflows.list", "/workflows", requests.ListWorkflows, WorkflowList, workflows.listed, "All workflows."),
    _get(
        "workflows.versions",
        _WORKFLOW + "/versions",
        requests.ListVersions,
        VersionList,
        workflows.version_list,
        "Versions of a workflow, the newest first, and the moves of its tags.",
    ),
    _get(
        "workflows.graph",
        _WORKFLOW + "/graph",
        requests.GetWorkflowGraph,
        WorkflowView,
        workflows.workflow_graph,
        "The DAG of a version, with what a launch would do.",
    ),
    _get(
        "versions.get",
        _VERSION,
        requests.GetVersion,
        VersionView,
        workflows.version,
        "A version, and how it differs from another.",
    ),
    _get(
        "versions.notebook",
        _VERSION + "/notebook",
        requests.OneVersion,
        NotebookFile,
        notebooks.version,
        "A version's notebook.",
        steady=True,
    ),
    _post(
        "versions.take",
        "/versions",
        requests.Snapshot,
        results.Snapshotted,
        notebooks.take,
        "Make a notebook a version.",
    ),
    _post("tags.move", _WORKFLOW + "/tags/{tag}", requests.MoveTag, TagMoveRow, workflows.move_tag, "Move a tag."),
    _post(
        "tags.rollback",
        _WORKFLOW + "/tags/{tag}/rollback",
        requests.RollBackTag,
        TagMoveRow,
        workflows.roll_back,
        "Move a tag back to where it was before.",
    ),
)
_VALUES = (
    _get("values.list", "/values", requests.ListValues, ValueList, values.listed, "Values found by name."),
    _get(
        "values.get",
        "/values/{run}/{task}/{output}",
        requests.GetValue,
        ValueView,
        values.value,
        "A value, or a page of it.",
    ),
    _get(
        "values.file",
        "/values/{run}/{task}/{output}/file",
        requests.OneValue,
        Attachment,
        values.file,
        "A value as a file, to be saved.",
    ),
)
_CELLS = (
    _post(
        "cells.states",
        "/cells",
        requests.CellsState,
        CellStates,
        cells.states,
        "What is known of the task cells of a notebook; nothing is stored.",
        changes=False,
    ),
)
OPERATIONS: dict[str, Operation] = {
    operation.name: operation for operation in (*_ABOUT, *_RUNS, *_TASKS, *_COMPARING, *_WORKFLOWS, *_VALUES, *_CELLS)
}
