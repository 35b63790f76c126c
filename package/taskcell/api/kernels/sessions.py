"""A kernel's session: the cells that ran, the values that tasks bound, and what became of each task cell.

State that matters is in the store; a session only knows what this kernel has executed, so that a cell can be resolved
and ``%snapshot`` can read off the workflow as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from taskcell import analysis, errors
from taskcell.api.definitions import workflows
from taskcell.api.kernels import outcomes
from taskcell.api.kernels.outcomes import Outcome, begin, outcome
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.cells import Cell, CellKind
from taskcell.model.tasks import Task
from taskcell.notebook import headers
from taskcell.store import codecs
from taskcell.store.contracts import BlobSink

__all__ = ["LiveValues", "Outcome", "Session", "begin", "current", "outcome"]


def current() -> Session | None:
    """Return the session of this kernel, or None outside a notebook."""
    found = outcomes.current()
    return found if isinstance(found, Session) else None


class LiveValues:
    """Run-time values of a namespace; stored when a sink is given, only digested otherwise."""

    def __init__(self, namespace: Mapping[str, Any], sink: BlobSink | None = None) -> None:
        self._namespace = namespace
        self._sink = sink

    def artifact(self, name: str) -> Artifact | None:
        """Return the value's artifact, or None when there is no such value.

        The digest is empty when the value has none: then what reads it can run, and isn't cached.
        """
        if name not in self._namespace:
            return None
        value = self._namespace[name]
        if isinstance(value, ModuleType) and self._sink is None:  # a cell changed what it holds, which can't be seen
            return Artifact(digest=Digest(""), codec="", type="module")
        try:
            if self._sink is not None:
                return codecs.encode(value, self._sink)
            return Artifact(digest=digest_value(value), codec="", type=type(value).__qualname__)
        except errors.UnstorableError as exc:
            if self._sink is None:
                return Artifact(digest=Digest(""), codec="", type=type(value).__qualname__)
            raise errors.UnstorableError(
                f"The plain value {name!r} can't be part of a version: {exc.message}", remedy=exc.remedy
            ) from exc

    def changed(self, name: str, digest: Digest) -> bool:
        """Whether the namespace holds a value that differs from the digest."""
        if name not in self._namespace:
            return False
        try:
            return digest_value(self._namespace[name]) != digest
        except errors.UnstorableError:
            return True

    def as_written(self, name: str, source: str) -> bool:
        """Whether the function or class of that name still is what its source says."""
        return name not in self._namespace or analysis.is_as_written(self._namespace[name], source)


@dataclass(slots=True, kw_only=True)
class Session:
    """What one kernel has executed.

    Cells are kept in two orders. ``cells`` is the notebook's, as well as it can be known: a cell whose id is known
    (JupyterLab tells it) keeps its place when it is run again; without ids, a task's cell that is run again moves to
    the end, as what it reads is what has run before it. ``ran`` has the same cells in the order of their last run:
    what the kernel's names mean now follows from it.
    """

    namespace: MutableMapping[str, Any]
    name: str | None = None
    cells: list[Cell] = field(default_factory=list)
    ran: list[Cell] = field(default_factory=list)
    bound: dict[str, Artifact] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    run_id: str | None = None
    run_place: tuple[str, str] = ("", "")
    run_workflow: str = ""
    _defined: tuple[list[Cell] | None, dict[str, analysis.Definition]] = field(default=(None, {}), init=False)
    """The cells for which definitions were collected, and these."""

    def with_cell(self, cell: Cell) -> tuple[list[Cell], int]:
        """Return the cells with one that is run now, and its position; the session itself is unchanged."""
        if cell.id:
            for position, other in enumerate(self.cells):
                if other.id == cell.id or (not other.id and other.source == cell.source):
                    return [*self.cells[:position], cell, *self.cells[position + 1 :]], position
        elif workflows.kind_of(cell.source) is not CellKind.PLAIN:
            kept = [other for other in self.cells if not _replaces(cell, other)]
            return [*kept, cell], len(kept)
        return [*self.cells, cell], len(self.cells)

    def record(self, cell: Cell) -> None:
        """Note a cell that has run."""
        self.place(cell, self.with_cell(cell)[0])

    def place(self, cell: Cell, cells: list[Cell]) -> None:
        """Note a cell that runs now, with the cells as they then are."""
        self.cells, self.ran = cells, self._run_order(cell, cells)

    def _run_order(self, cell: Cell, cells: list[Cell]) -> list[Cell]:
        kept = {id(other) for other in cells}
        return [*(other for other in self.ran if id(other) in kept and other is not cell), cell]

    def check(self, cell: Cell) -> None:
        """Check that a cell agrees with the others; raise DefinitionError."""
        workflows.check(self.with_cell(cell)[0])

    def tasks_and_parameters(self) -> list[Cell]:
        """Return the cells that are more than plain ones."""
        return [cell for cell in self.cells if workflows.kind_of(cell.source) is not CellKind.PLAIN]

    def resolve(self, cell: Cell, folder: Path | None) -> tuple[Task, list[Cell]]:
        """Return the task of a cell that is about to run, and the cells as they will then be."""
        cells, position = self.with_cell(cell)
        values = LiveValues(self.namespace)
        ran = self._run_order(cell, cells)
        finder = workflows.finder(folder)
        now = workflows.read_task(ran, len(ran) - 1, values=values, finder=finder)
        if _same_cells(ran, cells):
            return now, cells
        there = _resolved(cells, position, values, finder)
        if there is None or not _same_meaning(there, now):
            # What it reads was defined below it, or defined again: so it has a place further down by now.
            moved = [*cells[:position], *cells[position + 1 :], cell]
            last = _resolved(moved, len(moved) - 1, values, finder)
            if last is not None and _same_meaning(last, now):
                return now, moved
        return now, cells

    def draft(
        self, name: str, *, sink: BlobSink | None = None, folder: Path | None = None, lenient: bool = False
    ) -> workflows.Draft:
        """Return the workflow as it stands; plain values are stored when a sink is given."""
        if not any(workflows.kind_of(cell.source) is CellKind.TASK for cell in self.cells) and not self.cells:
            raise errors.NotFoundError(
                "No cell has run since the extension was loaded.", remedy="Run the notebook's cells first."
            )
        values = LiveValues(self.namespace, sink)
        return workflows.read_workflow(self.cells, name=name, values=values, folder=folder, lenient=lenient)

    def definitions(self) -> Mapping[str, analysis.Definition]:
        """Return what plain cells define, as the newest of them do; the same object until a cell runs."""
        before, found = self._defined
        if before is not self.ran:
            found = {}
            for cell in self.ran:
                if workflows.kind_of(cell.source) is CellKind.PLAIN:
                    for definition in analysis.definitions(cell.source, label=cell.label):
                        analysis.supersede(found, definition)
            self._defined = self.ran, found
        return found

    def forget(self, task: str) -> None:
        """Drop a task's cell; raise NotFoundError when there is none of that name."""
        kept = [cell for cell in self.cells if _task_name(cell) != task]
        if len(kept) == len(self.cells):
            raise errors.NotFoundError(f"This session has no task {task!r}.", remedy="%dag shows the tasks there are.")
        self.cells = kept
        self.ran = [cell for cell in self.ran if _task_name(cell) != task]
        self.outcomes.pop(task, None)


def _same_cells(left: list[Cell], right: list[Cell]) -> bool:
    return len(left) == len(right) and all(one is other for one, other in zip(left, right, strict=True))


def _resolved(cells: list[Cell], position: int, values: LiveValues, finder: analysis.Finder) -> Task | None:
    try:
        return workflows.read_task(cells, position, values=values, finder=finder)
    except errors.DefinitionError:
        return None


def _same_meaning(left: Task, right: Task) -> bool:
    return left.inputs == right.inputs and _reached(left) == _reached(right)


def _reached(task: Task) -> set[tuple[str, str, str]]:
    return {(capture.name, capture.kind, capture.digest) for capture in task.captures}


def _replaces(new: Cell, old: Cell) -> bool:
    """Whether a cell without id is another edition of one that ran before."""
    if workflows.kind_of(old.source) is not workflows.kind_of(new.source):
        return False
    if workflows.kind_of(new.source) is CellKind.PARAMS:
        return bool(_writes(new) & _writes(old))
    return _task_name(new) == _task_name(old)


def _writes(cell: Cell) -> frozenset[str]:
    return analysis.analyze(cell.source).writes


def _task_name(cell: Cell) -> str | None:
    return _task_name_in(cell.source)


@lru_cache(maxsize=4096)
def _task_name_in(source: str) -> str | None:
    if workflows.kind_of(source) is not CellKind.TASK:
        return None
    try:
        return workflows.declare(headers.parse_task_cell(Cell(source=source)), 0, frozenset()).name
    except errors.DefinitionError:
        return None
