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

_MOST = 256
_EVERY = 16
"""From how many cells to how many a state is kept: a walk repeats at most so many, and few states are looked for."""
_LAST = 2
"""How many of the last cells have a state each: a cell that runs comes last, after one that ran before it."""


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

    def walk(
        self, cells: tuple[Cell, ...], begin: Callable[[], T], step: Callable[[T, int], None], under: Hashable = None
    ) -> T:
        """Return the state after some cells.

        Parameters
        ----------
        cells
            The cells, in order.
        begin : callable
            Returns the state before any cell.
        step : callable
            Takes the cell at a position into account, in a state that it changes. What it does may depend on the
            cells up to there and on ``under``, and on nothing else.
        under
            What else the state depends on.
        """
        start, state = self._longest(cells, under) or (0, begin())
        for position in range(start, len(cells)):
            step(state, position)
            if self._is_kept(position + 1, len(cells)):
                self._kept[cells[: position + 1], under] = self._copy(state)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return state

    def _longest(self, cells: tuple[Cell, ...], under: Hashable) -> tuple[int, T] | None:
        for length in range(len(cells), 0, -1):
            key = cells[:length], under
            if self._is_kept(length, len(cells)) and key in self._kept:
                self._kept.move_to_end(key)
                return length, self._copy(self._kept[key])
        return None

    @staticmethod
    def _is_kept(length: int, whole: int) -> bool:
        return length % _EVERY == 0 or length >= whole - _LAST
