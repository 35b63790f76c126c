from __future__ import annotations

from pathlib import Path

import pytest

from taskcell.model.cells import Cell
from taskcell.notebook import finding, writing
from taskcell.notebook.provenance import Facts


def save(path: Path, *sources: str) -> Path:
    made = writing.notebook_from_cells([Cell(source=source) for source in sources])
    path.write_bytes(writing.dump_notebook(made))
    return path


@pytest.mark.parametrize("hint", ["JPY_SESSION_NAME", "__vsc_ipynb_file__"])
def test_hint_of_the_front_end_is_taken_when_the_file_exists(tmp_path: Path, hint: str) -> None:
    path = save(tmp_path / "a.ipynb", "x = 1")
    assert finding.kernel_notebook_path({hint: str(path)}) == path.resolve()


@pytest.mark.parametrize("value", ["gone.ipynb", "a\x00.ipynb", "x" * 9000 + ".ipynb", "console-1", 3, ""])
def test_useless_hints_are_passed_over(tmp_path: Path, value: object) -> None:
    assert finding.kernel_notebook_path({"JPY_SESSION_NAME": value}) is None


def test_the_only_notebook_with_these_cells_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ipynb", "x = 1", "y = 'é'\n", "z = 3")
    save(tmp_path / "b.ipynb", "y = 'é'", "x = 1")
    (tmp_path / "c.ipynb").write_text("no notebook: y = 'é'")
    assert finding.matching_notebook(tmp_path, ["x = 1", "y = 'é'"]) == path


def test_two_matches_are_no_answer(tmp_path: Path) -> None:
    save(tmp_path / "a.ipynb", "x = 1")
    save(tmp_path / "b.ipynb", "x = 1")
    assert finding.matching_notebook(tmp_path, ["x = 1"]) is None


def test_records_of_runs_do_not_count(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ipynb", "x = 1")
    made = writing.checkout_notebook(writing.notebook_from_cells([Cell(source="x = 1")]), Facts(kind="run", run_id="r"))
    (tmp_path / "b.ipynb").write_bytes(writing.dump_notebook(made))
    assert finding.matching_notebook(tmp_path, ["x = 1"]) == path


def test_nothing_to_look_for_finds_nothing(tmp_path: Path) -> None:
    save(tmp_path / "a.ipynb", "x = 1")
    assert finding.matching_notebook(tmp_path, ["", "\n"]) is None
