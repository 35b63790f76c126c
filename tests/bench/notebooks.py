"""A one-cell notebook: our recording of papermill against papermill itself."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.rounds import Result, compare


def notebook(*sources: str) -> dict[str, Any]:
    """Return a notebook of code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


def _ours() -> float:
    from taskcell.engine import notebooks

    with tempfile.TemporaryDirectory() as folder:
        clock = time.perf_counter()
        notebooks.execute(
            notebook("1 + 1"),
            scratch=Path(folder),
            parameters={},
            folder=Path(folder),
            timeout_s=None,
            environ={},
            listener=lambda _text: None,
        )
        return time.perf_counter() - clock


def _papermill() -> float:
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.ipynb")
        source.write_text(json.dumps(notebook("1 + 1")))
        clock = time.perf_counter()
        papermill.execute_notebook(str(source), f"{folder}/out.ipynb", progress_bar=False)
        return time.perf_counter() - clock


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    yield compare(
        "a notebook of one cell, papermill imported already",
        {"taskcell's recording of papermill": _ours, "papermill": _papermill},
        rounds=max(3, rounds // 2),
    )
