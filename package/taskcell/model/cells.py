"""A notebook's cells, before anything is known about what their code means."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from taskcell.model.tasks import TaskOptions


class CellKind(StrEnum):
    """What a code cell is to Taskcell."""

    PLAIN = "plain"
    PARAMS = "params"
    TASK = "task"


class Cell(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One code cell as it stands in a notebook or as it was executed.

    ``source`` is the whole text with its magic line. ``id`` is the notebook format's cell id, empty when unknown.
    ``label`` says where the cell is, for people: ``cell 3`` or ``In[7]``.
    """

    source: str
    id: str = ""
    label: str = ""
    tags: tuple[str, ...] = ()


class TaskHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a ``%%task`` line (or ``# %task`` comment) states; ``None`` is left to inference."""

    name: str | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    options: TaskOptions = TaskOptions()
    line: str = ""


class TaskCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell split into its header and its body.

    ``body`` keeps the user's text; ``first_line`` is the 1-based line of the cell at which the body starts, so that
    messages can name lines of the cell.
    """

    cell: Cell
    header: TaskHeader
    body: str
    first_line: int
