from __future__ import annotations

from taskcell.api import beginnings
from taskcell.model.cells import Cell

CELLS = tuple(Cell(source=f"x{number} = {number}") for number in range(9))


def made() -> beginnings.Beginnings[list[str]]:
    return beginnings.Beginnings(list.copy)


def test_walk_goes_on_where_another_one_was() -> None:
    kept = made()
    kept.keep(CELLS[:5], ["five"])
    assert kept.longest(CELLS[:5]) == (5, ["five"])
    assert kept.longest(CELLS[:6]) == (5, ["five"])
    assert kept.longest(CELLS[:4]) is None


def test_other_cell_above_begins_anew() -> None:
    kept = made()
    kept.keep(CELLS[:5], ["five"])
    edited = (*CELLS[:2], Cell(source="x2 = 3"), *CELLS[3:5])
    assert kept.longest(edited) is None
    assert kept.longest(CELLS[:5], under="other outputs") is None


def test_state_that_goes_on_changes_no_other() -> None:
    kept = made()
    state = ["five"]
    kept.keep(CELLS[:5], state)
    state.append("changed")
    found = kept.longest(CELLS[:5])
    assert found is not None
    found[1].append("changed too")
    assert kept.longest(CELLS[:5]) == (5, ["five"])


def test_only_the_newest_states_are_kept() -> None:
    kept = made()
    for length in range(1, 9):
        for name in "ab":
            kept.keep(CELLS[:length], [name], name)
    assert kept.longest(CELLS[:1], "a") is None
    assert kept.longest(CELLS[:8], "b") == (8, ["b"])
