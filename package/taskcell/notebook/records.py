"""The experiment's whole notebook as it was run: outputs under their cells, the values that were set."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from taskcell import errors
from taskcell.model.cells import CellKind
from taskcell.notebook import headers, quoting, writing
from taskcell.notebook.provenance import KEY, Facts, provenance
from taskcell.notebook.reading import Notebook, cell_source

INJECTED_TAG = "injected-parameters"
LEFT_TAG = "taskcell-outputs"
Outputs: TypeAlias = Sequence[Mapping[str, Any]]
"""Outputs of a cell in the form of the notebook format."""


def compose_run_notebook(
    notebook: Notebook,
    *,
    facts: Facts,
    outputs: Mapping[str, Outputs],
    parameters: Mapping[str, Any],
    places: Mapping[str, int] | None = None,
) -> Notebook:
    """Return an executed copy of a version's notebook.

    Parameters
    ----------
    notebook : dict
        The version's notebook. Earlier outputs, and the cells that an earlier run added, are left out.
    facts : Facts
        The run, for the first cell and the metadata.
    outputs : mapping
        Task's name to the outputs of its body.
    parameters : mapping
        Parameter's name to its Python value; they stand in a cell tagged ``injected-parameters`` behind the
        ``%%params`` cell, as papermill would write them.
    places : mapping, optional
        Task's name to the index of its cell among the code cells. None: tasks are found by the names that
        their headers state.

    Returns
    -------
    dict
        A notebook of format 4.5. Outputs of a task that has no cell stand at the end, under its name.
    """
    written = writing.with_ids(notebook)
    written["cells"] = [_cleared(cell) for cell in written["cells"] if not _is_added(cell)]
    code = [cell for cell in written["cells"] if cell["cell_type"] == "code"]
    found = _stated_places(code) if places is None else dict(places)
    left: list[str] = []
    for task, shown in outputs.items():
        place = found.get(task)
        if place is None or not 0 <= place < len(code):
            left.append(task)
        else:
            code[place]["outputs"] += copy.deepcopy(list(shown))
    _inject(written["cells"], parameters)
    written["cells"].insert(0, writing.title_cell(facts))
    written["cells"] += [_left_over(task, outputs[task]) for task in left if outputs[task]]
    written.setdefault("metadata", {})[KEY] = provenance(facts)
    _count(written["cells"])
    return writing.with_ids(written)


def _cleared(cell: Notebook) -> Notebook:
    if cell["cell_type"] == "code":
        cell["outputs"] = []
        cell["execution_count"] = None
        cell["metadata"].pop("execution", None)
    return cell


def _is_added(cell: Notebook) -> bool:
    tags = cell["metadata"].get("tags", ())
    return any(tag in tags for tag in (writing.TITLE_TAG, INJECTED_TAG, LEFT_TAG))


def _kind(cell: Notebook) -> CellKind:
    if cell["cell_type"] != "code":
        return CellKind.PLAIN
    try:
        return headers.kind_of(cell_source(cell))
    except errors.DefinitionError:
        return CellKind.PLAIN  # a stored notebook is shown as it is; it was judged when it was snapshot


def _stated_places(code: Sequence[Notebook]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, cell in enumerate(code):
        if _kind(cell) is CellKind.TASK:
            first = next(line for line in cell_source(cell).splitlines() if line.strip())
            name = headers.parse_header(first).name
            if name is not None:
                places[name] = index
    return places


def _inject(cells: list[Notebook], parameters: Mapping[str, Any]) -> None:
    if not parameters:
        return
    last = max((index for index, cell in enumerate(cells) if _kind(cell) is CellKind.PARAMS), default=-1)
    cells.insert(
        last + 1,
        {
            "cell_type": "code",
            "execution_count": None,
            "id": INJECTED_TAG,
            "metadata": {"tags": [INJECTED_TAG]},
            "outputs": [],
            "source": writing.assignments(parameters),
        },
    )


def _left_over(task: str, outputs: Outputs) -> Notebook:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": LEFT_TAG,
        "metadata": {"tags": [LEFT_TAG]},
        "outputs": copy.deepcopy(list(outputs)),
        "source": f"# outputs of task {quoting.shortened(task)}",
    }


def _count(cells: Sequence[Notebook]) -> None:
    """Number executed cells in order; a result carries the number of its cell."""
    count = 0
    for cell in cells:
        if cell.get("outputs"):
            count += 1
            cell["execution_count"] = count
            for output in cell["outputs"]:
                if output.get("output_type") == "execute_result":
                    output["execution_count"] = count
