"""Execute a notebook by both engines and compare what is recorded, cell by cell."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError
from tests.engines.cases import Case

from taskcell.engine.warm import engines

_MASKS = (
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"ipykernel_\d+"), "ipykernel_PID"),
    (re.compile(r"/tmp/[\w./-]+"), "/tmp/PATH"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "UUID"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"id=\"[A-Za-z]\w+\""), 'id="ID"'),
    (re.compile(r"\b(p|m|image|clip|DejaVu\w*-)[0-9a-f]{6,}\b"), "MARK"),
    (re.compile(r"<dc:date>.*?</dc:date>"), "DATE"),
    (
        re.compile(r"\(\d+ times\)"),
        "(N times)",
    ),  # frames left out of a deep traceback: how deep the shell itself stands
    (re.compile(r"(cpython-3\d+|\d+ (µs|ms|ns|s))"), "NUMBER"),
)

_LOOKS_AGAIN = 20  # seconds; longer than any cell of a case takes


def notebook(case: Case) -> Any:
    """Return a case as a notebook."""
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    made.cells = [
        nbformat.v4.new_code_cell(cell.source, metadata={"tags": list(cell.tags)}, id=f"c{number}")
        for number, cell in enumerate(case.cells)
    ]
    return made


def executed(made: Any, engine: str | None, folder: Path) -> Any:
    """Execute a notebook in a folder and return what was recorded.

    A client that sends a widget's message while it waits for an answer can miss that the answer has come (jupyter_client sends past the
    loop that watches the socket), and then waits for ever. With a limit of time it looks again, finds the answer and goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "executed.ipynb"
    # A kernel that finds itself within pytest does not watch its descriptors.
    with contextlib.suppress(PapermillExecutionError), pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        papermill.execute_notebook(
            made,
            str(target),
            engine_name=engine,
            progress_bar=False,
            cwd=str(folder),
            execution_timeout=_LOOKS_AGAIN if engine is None else None,
        )
    return nbformat.read(target, as_version=4)


def differences(stock: Any, warm: Any) -> Iterator[tuple[int, str, Any, Any]]:
    """Yield what differs: number of the cell (-1: the notebook itself), of what kind, and both sides."""
    for name in ("language_info", "kernelspec"):
        if stock.metadata.get(name) != warm.metadata.get(name):
            yield -1, name, stock.metadata.get(name), warm.metadata.get(name)
    ours, theirs = _widgets(warm), _widgets(stock)
    if ours != theirs:
        yield -1, "widgets", theirs, ours
    if stock.metadata.papermill.exception != warm.metadata.papermill.exception:
        yield -1, "exception", stock.metadata.papermill.exception, warm.metadata.papermill.exception
    left, right = list(stock.cells), list(warm.cells)
    if len(left) != len(right):
        yield -1, "number of cells", len(left), len(right)
    number = -1
    for one, other in zip(left, right, strict=False):
        number += one.get("id", "").startswith("c") and one.get("id", "")[1:].isdigit()
        for what in ("cell_type", "source", "execution_count", "outputs", "metadata"):
            a, b = (_plain(what, cell.get(what), cell) for cell in (one, other))
            if a != b:
                yield number, what, a, b


def _plain(what: str, value: Any, cell: Any) -> Any:
    if what == "outputs":
        return _outputs(value or [])
    if what == "metadata":
        state = dict(value.get("papermill", {}))
        known = sorted(key for key in state if state[key] is not None)
        return (
            sorted(set(value) - {"papermill"}),
            list(value.get("tags", [])),
            sorted(value.get("execution", {})),
            state.get("status"),
            state.get("exception"),
            known,
        )
    return _masked(value)


def _outputs(outputs: Any) -> list[Any]:
    """Return outputs with neighbouring text of one stream joined, and what varies masked.

    Of a recursion's frames those that repeat are kept once: how many there are until it fails tells how deep the shell itself
    stands, and some releases of IPython list them all.
    """
    joined: list[dict[str, Any]] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(dict(output))
    for output in joined:
        if output.get("ename") == "RecursionError":
            output["traceback"] = [frame for frame, _ in itertools.groupby(output["traceback"])]
    return _masked(joined)


def _widgets(made: Any) -> Any:
    """Return the kinds and plain values of the widgets that are kept."""
    state = made.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return sorted(
        (
            model["model_name"],
            str(model["state"].get("value")),
            _masked(str(_outputs_of(model))),
            sorted(model["state"]),
        )
        for model in state.values()
    )


def _outputs_of(model: Any) -> Any:
    return _outputs([nbformat.from_dict(output) for output in model["state"].get("outputs", [])])


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, mark in _MASKS:
            value = pattern.sub(mark, value)
        return value
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


WARM = engines.NAME
