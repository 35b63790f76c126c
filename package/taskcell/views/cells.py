"""What is known of the task cells of a notebook: for badges beside them."""

from __future__ import annotations

import msgspec

from taskcell.views.states import State


class CellBadge(msgspec.Struct, frozen=True, kw_only=True):
    """One task cell. ``id`` is the cell's; ``reason`` says in a sentence why it would run or is refused."""

    id: str
    task: str
    state: State
    reason: str = ""
    detail: str = ""
    outputs: tuple[str, ...] = ()


class CellStates(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cells"):
    """All task cells of a notebook, in order. ``problem`` says why nothing is known of them."""

    cells: tuple[CellBadge, ...]
    workflow: str = ""
    problem: str = ""
    schema: int = 1
