from __future__ import annotations

import ast
import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

from taskcell import errors
from taskcell.model.cells import Cell
from taskcell.notebook import provenance, reading, records, writing
from taskcell.notebook.provenance import Facts

HOSTILE = "a'\"`\n\r\u2028<script>alert(1)</script> [x](javascript:1) **b** | ``` \x00\ud800€" + "x" * 10_000
FACTS = Facts(
    kind="run",
    workflow="churn",
    version="churn@7",
    run_id="01J00000000000000000000000",
    author="ana",
    created_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    backend="local",
    link="https://lab.example/run/01J (x)",
    more={"parameters": {"month": 2}},
)
STREAM = {"output_type": "stream", "name": "stdout", "text": "hello\n"}
RESULT = {"output_type": "execute_result", "execution_count": 9, "metadata": {}, "data": {"text/plain": "3"}}


def check(notebook: dict[str, Any]) -> dict[str, Any]:
    """Validate as nbformat does, after a round trip through bytes."""
    read = nbformat.reads(writing.dump_notebook(notebook).decode(), as_version=4)
    nbformat.validate(read)
    return notebook


def code(source: str | list[str], **rest: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": 5,
        "metadata": {},
        "outputs": [STREAM],
        "source": source,
    } | rest


def version_notebook() -> dict[str, Any]:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Churn\n", "text"]},
        code(["%%params\n", "month: int = 1"]),
        code("%%task\nx = 1"),
        code("%%task train(x) -> model\nmodel = x"),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def texts(notebook: dict[str, Any]) -> list[str]:
    return [reading.cell_source(cell) for cell in notebook["cells"]]


def test_task_notebook_is_valid_and_keeps_the_body() -> None:
    body = "\n# why\n!ls\nmodel = 1\n"
    made = check(writing.task_notebook(facts=FACTS, load="x = 1", setup="import os", body=body, store="keep(model)"))
    assert texts(made)[1:] == ["", "x = 1", "import os", body, "keep(model)"]
    assert [cell["metadata"]["tags"][0] for cell in made["cells"]] == [
        "taskcell-title",
        "parameters",
        "taskcell-load",
        "taskcell-setup",
        "taskcell-body",
        "taskcell-store",
    ]


def test_same_facts_give_the_same_bytes() -> None:
    first, second = (writing.dump_notebook(writing.task_notebook(facts=FACTS, body="x = 1")) for _ in range(2))
    assert first == second


def test_hostile_facts_are_shown_safely() -> None:
    facts = Facts(kind="task", workflow=HOSTILE, version=HOSTILE, task=HOSTILE, author=HOSTILE, link=HOSTILE)
    made = check(writing.task_notebook(facts=facts, body=HOSTILE.replace("\x00", "")))
    title = made["cells"][0]["source"]
    assert len(title) < 2500
    for line in title.splitlines():
        fence = line[line.index("`") :] if "`" in line else ""
        assert "<script>" not in line or (fence.startswith("````") and fence.endswith("````"))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://[", "file:///x"])
def test_only_links_to_the_web_are_clickable(link: str) -> None:
    title = provenance.title_markdown(Facts(kind="run", workflow="w", link=link))
    assert "](" not in title


def test_link_cannot_end_early() -> None:
    title = provenance.title_markdown(FACTS)
    assert "[open](https://lab.example/run/01J%20%28x%29)" in title


def test_title_says_how_to_reproduce() -> None:
    assert "taskcell reproduce 01J00000000000000000000000" in provenance.title_markdown(FACTS)


def test_provenance_survives_a_round_trip() -> None:
    raw = writing.dump_notebook(writing.task_notebook(facts=FACTS, body="x = 1"))
    found = provenance.read_provenance(raw)
    assert found is not None
    assert (found["kind"], found["run_id"], found["parameters"]) == (
        "run",
        "01J00000000000000000000000",
        {"month": 2},
    )


def test_foreign_notebook_has_no_provenance() -> None:
    assert provenance.read_provenance(writing.dump_notebook(version_notebook())) is None


def test_body_outputs_are_those_of_the_body() -> None:
    made = writing.task_notebook(facts=FACTS, load="print(1)", body="x = 1")
    made["cells"][2]["outputs"] = [RESULT]
    made["cells"][3]["outputs"] = [STREAM]
    assert writing.body_outputs(made) == [STREAM]
    with pytest.raises(errors.InvalidInputError, match="taskcell-body"):
        writing.body_outputs(version_notebook())


def test_run_notebook_has_outputs_under_their_cells() -> None:
    made = check(
        records.compose_run_notebook(
            version_notebook(),
            facts=FACTS,
            outputs={"x": [STREAM], "train": [RESULT]},
            parameters={"month": 2},
            places={"x": 1, "train": 2},
        )
    )
    assert texts(made)[1:] == [
        "# Churn\ntext",
        "%%params\nmonth: int = 1",
        "# Parameters\nmonth = 2",
        "%%task\nx = 1",
        "%%task train(x) -> model\nmodel = x",
    ]
    assert [cell.get("outputs") for cell in made["cells"][4:]] == [
        [STREAM],
        [RESULT | {"execution_count": 2}],
    ]
    assert made["metadata"]["taskcell"]["run_id"] == FACTS.run_id


def test_tasks_are_found_by_their_stated_names() -> None:
    made = check(
        records.compose_run_notebook(
            version_notebook(), facts=FACTS, outputs={"train": [STREAM], "x": [RESULT]}, parameters={}
        )
    )
    assert made["cells"][4]["outputs"] == [STREAM]
    assert made["cells"][5]["source"] == "# outputs of task x"
    assert made["cells"][5]["outputs"][0]["data"] == {"text/plain": "3"}


def test_run_notebook_of_a_run_notebook_does_not_pile_up() -> None:
    once = records.compose_run_notebook(
        version_notebook(), facts=FACTS, outputs={"gone": [STREAM]}, parameters={"month": 2}
    )
    twice = records.compose_run_notebook(once, facts=FACTS, outputs={"gone": [STREAM]}, parameters={"month": 2})
    assert twice == once


def test_composing_changes_nothing_given() -> None:
    given = version_notebook()
    records.compose_run_notebook(given, facts=FACTS, outputs={"train": [RESULT]}, parameters={"month": 2})
    assert given == version_notebook()
    assert RESULT["execution_count"] == 9


def test_checkout_changes_metadata_only() -> None:
    given = version_notebook()
    made = writing.checkout_notebook(given, Facts(kind="version", version="churn@3"))
    assert made["cells"] == given["cells"]
    assert made["metadata"]["taskcell"]["version"] == "churn@3"


def test_session_cells_become_a_valid_notebook() -> None:
    cells = [
        Cell(source="x = 1", id="ok"),
        Cell(source="y", id="ok"),
        Cell(source="z", id="not ok!", tags=("b", "a")),
    ]
    made = check(writing.notebook_from_cells(cells))
    assert [cell["id"] for cell in made["cells"]] == ["ok", "cell-2", "cell-3"]
    assert made["cells"][2]["metadata"]["tags"] == ["a", "b"]
    assert [cell.source for cell in reading.code_cells(made)] == ["x = 1", "y", "z"]


def test_empty_session_becomes_a_valid_notebook() -> None:
    assert check(writing.notebook_from_cells([]))["cells"] == []


@pytest.mark.parametrize(
    "value",
    [
        1,
        -(2**70),
        10**5000,
        True,
        None,
        'it\'s\n"x"\u2028\ud800',
        b"\x00",
        [1.5, -math.inf],
        (1,),
        (),
        set(),
        {"a", "b"},
        {"k": [None]},
        date(2013, 1, 31),
        datetime(2013, 1, 31, 12, tzinfo=UTC),
        Path("a'b"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_injected_values_mean_the_same(value: Any) -> None:
    bound: dict[str, Any] = {}
    exec(compile(ast.parse(writing.assignments({"x": value})), "cell", "exec"), bound)
    assert bound["x"] == value
    assert type(bound["x"]) is type(value)


def test_numbers_that_json_has_not_become_null() -> None:
    made = version_notebook()
    made["metadata"]["x"] = [math.nan, "\ud800"]
    assert json.loads(writing.dump_notebook(made), parse_constant=pytest.fail)["metadata"]["x"] == [
        None,
        "\ud800",
    ]
