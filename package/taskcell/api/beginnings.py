"""What is known after the beginning of a notebook, so that the next walk through its cells goes on from there.

When a cell runs, the cells above it are mostly those of the run before. What a walk finds out about them follows from
the cells alone, so it is kept by their content.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from taskcell.model.cells import Cell

T = TypeVar("T")

_MOST = 8
_SHORTER = 2
"""How many cells shorter than asked for a beginning may be: one cell has run since, and it or the next is asked for."""


class Beginnings(Generic[T]):
    """States of one kind of walk, by the cells that were walked.

    Parameters
    ----------
    copy : callable
        Returns a state that can be changed without changing the one that it was made from.
    """

    def __init__(self, copy: Callable[[T], T]) -> None:
        self._copy = copy
        self._kept: OrderedDict[tuple[tuple[Cell, ...], Hashable], T] = OrderedDict()

    def longest(self, cells: tuple[Cell, ...], under: Hashable = None) -> tuple[int, T] | None:
        """Return how many of the cells some state stands for, and a copy of it; None when there is none.

        ``under`` is what else the state depends on.
        """
        for length in range(len(cells), max(0, len(cells) - _SHORTER) - 1, -1):
            key = cells[:length], under
            if key in self._kept:
                self._kept.move_to_end(key)
                return length, self._copy(self._kept[key])
        return None

    def keep(self, cells: tuple[Cell, ...], state: T, under: Hashable = None) -> None:
        """Keep a copy of the state after some cells."""
        self._kept[cells, under] = self._copy(state)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
