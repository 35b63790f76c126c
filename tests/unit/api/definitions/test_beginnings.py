from __future__ import annotations

from taskcell.api.definitions import beginnings
from taskcell.model.cells import Cell

CELLS = tuple(Cell(source=f"x{number} = {number}") for number in range(100))


class Walks:
    """Walks that note which cells they took into account."""

    def __init__(self) -> None:
        self._kept = beginnings.Beginnings[list[str]](list.copy)
        self.taken: list[str] = []

    def walk(self, cells: tuple[Cell, ...], under: str = "") -> list[str]:
        self.taken = []

        def step(state: list[str], position: int) -> None:
            state.append(cells[position].source)
            self.taken.append(cells[position].source)

        return self._kept.walk(cells, list, step, under)


def sources(cells: tuple[Cell, ...]) -> list[str]:
    return [cell.source for cell in cells]


def test_same_cells_are_not_walked_again() -> None:
    walks = Walks()
    assert walks.walk(CELLS) == sources(CELLS)
    assert walks.walk(CELLS) == sources(CELLS)
    assert walks.taken == []


def test_one_cell_more_is_one_step() -> None:
    walks = Walks()
    walks.walk(CELLS[:50])
    assert walks.walk(CELLS[:51]) == sources(CELLS[:51])
    assert walks.taken == sources(CELLS[50:51])


def test_cell_that_runs_again_and_so_comes_last_is_one_step() -> None:
    walks = Walks()
    walks.walk(CELLS[:50])
    again = (*CELLS[:49], Cell(source="x49 = 49", label="In[7]"))
    assert walks.walk(again) == sources(again)
    assert len(walks.taken) == 1


def test_edited_cell_is_walked_with_all_below_it() -> None:
    walks = Walks()
    walks.walk(CELLS)
    edited = (*CELLS[:40], Cell(source="edited"), *CELLS[41:])
    assert walks.walk(edited) == sources(edited)
    assert walks.taken == sources(edited[32:])


def test_state_counts_only_under_what_it_depends_on() -> None:
    walks = Walks()
    walks.walk(CELLS, "these outputs")
    walks.walk(CELLS, "those outputs")
    assert walks.taken == sources(CELLS)


def test_state_that_is_handed_out_changes_no_other() -> None:
    walks = Walks()
    walks.walk(CELLS).append("changed")
    assert walks.walk(CELLS) == sources(CELLS)
