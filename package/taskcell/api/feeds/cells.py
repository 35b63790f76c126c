"""What is known of a notebook's task cells, from their text alone: nothing runs, nothing is stored."""

from __future__ import annotations

import time
from pathlib import Path, PurePath

from taskcell import errors
from taskcell.api.definitions import workflows
from taskcell.api.feeds import requests
from taskcell.api.feeds.contracts import Context
from taskcell.api.launches import fates, foreseeing
from taskcell.api.versions import snapshots
from taskcell.hashing import digest_parts
from taskcell.model.cells import Cell
from taskcell.views.cells import CellBadge, CellStates
from taskcell.views.states import State

_KEPT = 64
_FRESH_S = 1.0
"""How long an answer holds for the same text: results may come into the cache meanwhile."""


def states(context: Context, params: requests.CellsState) -> CellStates:
    """Answer ``cells.states``."""
    name = PurePath(params.name).name or "notebook.ipynb"
    parts = [name, str(context.folder or ""), *(part for cell in params.cells for part in (cell.id, cell.source))]
    try:
        key = (context.store.url, context.store.project, digest_parts("cells", parts))
    except UnicodeEncodeError:
        return CellStates(cells=(), problem="A cell holds half a character (a lone surrogate).")
    found = context.memory.get("cells", key, lambda: (time.monotonic(), _states(context, params, name)), most=_KEPT)
    if time.monotonic() - found[0] > _FRESH_S:
        context.memory.forget("cells", key)
        found = context.memory.get("cells", key, lambda: (time.monotonic(), _states(context, params, name)), most=_KEPT)
    return found[1]


def _states(context: Context, params: requests.CellsState, name: str) -> CellStates:
    cells = [
        Cell(source=cell.source, id=cell.id, label=f"cell {number}") for number, cell in enumerate(params.cells, 1)
    ]
    try:
        workflow = snapshots.name_of_file(cells, Path(name))
        draft = workflows.read_workflow(cells, name=workflow, folder=context.folder, lenient=True)
        drafted = foreseeing.Drafted(workflow=draft.workflow, title=workflow, refused=draft.refused)
        made = foreseeing.fates_of(context.store, drafted) if draft.workflow.tasks else {}
    except errors.TaskcellError as exc:
        return CellStates(cells=(), problem=f"{exc.message} {exc.remedy}".strip())
    badges = {fate.task: _badge(draft, fate) for fate in made.values()}
    order = {cell.id: number for number, cell in enumerate(cells)}
    placed = sorted(badges.values(), key=lambda badge: order.get(badge.id, len(order)))
    return CellStates(cells=tuple(placed), workflow=workflow)


def _badge(draft: workflows.Draft, fate: fates.Fate) -> CellBadge:
    task = draft.workflow.task(fate.task)
    state = State.STALE if fate.state is State.WILL_RUN and fate.run else fate.state
    return CellBadge(
        id=draft.cells[fate.task].cell.id,
        task=fate.task,
        state=state,
        reason=draft.refused.get(fate.task) or fate.why(),
        detail=fate.brief,
        outputs=task.outputs if task is not None else (),
    )
