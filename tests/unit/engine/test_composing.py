"""A cell of ours that isn't there costs nothing; what comes before loaded values has a cell where there is something to define."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from tests.unit.engine.driver_world import task

from taskcell.backends.contracts import TaskOrder
from taskcell.engine import composing
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Plan
from taskcell.model.tasks import Capture, CaptureKind

PLAN = Plan(
    run_id="r",
    project="p",
    workflow="w",
    version_number=1,
    version=Digest("0" * 64),
    parameters={},
    tasks=(),
    backend="local",
    author="a",
    host="h",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
VALUE = Artifact(codec="json/1", type="list", digest=Digest("1" * 64), blobs=(), size_bytes=2)
IMPORT = Capture(name="math", kind=CaptureKind.IMPORT, digest=Digest("2" * 64), source="import math")


@pytest.mark.parametrize(
    ("inputs", "captures", "cells"),
    [
        (("x<first",), (), ["taskcell-load"]),
        ((), (), ["taskcell-begin"]),
        (("x<first",), (IMPORT,), ["taskcell-begin", "taskcell-load"]),
    ],
)
def test_cells_before_the_body(inputs: tuple[str, ...], captures: tuple[Capture, ...], cells: list[str]) -> None:
    given = msgspec.structs.replace(task("t", *inputs), captures=captures)
    order = TaskOrder(
        run_id="r", task_id="t", attempt=1, epoch=1, task=Digest("0" * 64), inputs={"x": VALUE} if inputs else {}
    )
    made = composing.task_notebook(given, order, PLAN, "file:///s")["cells"]
    before = [cell for cell in made if cell["id"] in ("taskcell-begin", "taskcell-load", "taskcell-setup")]
    assert [cell["id"] for cell in before] == cells
    text = "\n".join("".join(cell["source"]) for cell in before)
    assert text.count("_taskcell.begin()") == 1
    if inputs:
        assert text.index("_taskcell.begin()") < text.index("x = _taskcell.load('x')")
