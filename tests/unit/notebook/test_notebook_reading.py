from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taskcell import errors
from taskcell.notebook import reading


def raw(**rest: Any) -> bytes:
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | rest).encode()


def test_code_cells_in_order_with_their_places() -> None:
    cells = [
        {"cell_type": "markdown", "source": "# x"},
        {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y = 2"], "metadata": {"tags": ["t", 1]}},
        {"cell_type": "raw", "source": ""},
        {"cell_type": "code", "source": "z = 3"},
    ]
    read = reading.parse_notebook(raw(cells=cells, metadata={"kernelspec": {"name": "python3"}}))
    assert [(cell.source, cell.id, cell.label, cell.tags) for cell in read.cells] == [
        ("x = 1\ny = 2", "a", "cell 2", ("t",)),
        ("z = 3", "", "cell 4", ()),
    ]
    assert (read.language, read.kernelspec) == ("python", "python3")


def test_lone_surrogates_are_read() -> None:
    read = reading.parse_notebook(raw(cells=[{"cell_type": "code", "source": "x = '\ud800'"}]))
    assert read.cells[0].source == "x = '\ud800'"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x89PNG", "is not JSON"),
        (b"x = 1", "is not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", "has no 'nbformat'"),
        (b'{"a": 1}', "has no 'nbformat'"),
        (raw(nbformat="4"), "impossible format '4'"),
        (raw(nbformat=3), "old notebook format 3"),
        (b'{"worksheets": [], "nbformat": 3}', "old notebook format 3"),
        (raw(nbformat=5), "notebook format 5; this version of Taskcell reads format 4"),
        (raw(cells={}), "no list of cells"),
        (raw(cells=[{"cell_type": "code"}, {}]), "malformed cell 2"),
        (raw(cells=[{"cell_type": "code", "source": [1]}]), "malformed cell 1"),
        (raw(metadata={"language_info": {"name": "R"}}), "written in 'R', not in Python"),
        (raw(metadata={"kernelspec": {"language": "julia"}}), "written in 'julia'"),
    ],
)
def test_what_is_no_notebook_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        reading.parse_notebook(data, path="churn.ipynb")
    assert caught.value.message.startswith("'churn.ipynb' ")
    assert message in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["a\x00b", "x" * 10_000])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(errors.TaskcellError) as caught:
        reading.read_notebook(Path("/nowhere") / name)
    assert len(str(caught.value)) < 400


def test_missing_file_is_not_found() -> None:
    with pytest.raises(errors.NotFoundError, match=r"no notebook '.*churn\.ipynb'"):
        reading.read_notebook("/nowhere/churn.ipynb")
