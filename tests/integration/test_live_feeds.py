"""What views are told of a real run: its states as they change, its log, its values, its notebooks."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from run_world import PATIENCE_S, World

from taskcell import errors
from taskcell.api.feeds import answering, events
from taskcell.api.feeds.contracts import Context
from taskcell.store.opening import open_store

CELLS = (
    "%load_ext taskcell",
    "%%params\nn: int = 3  # how many\nmode: Literal['a', 'b'] = 'a'\nrates: list[float] = [0.1]",
    "%%task first(n) -> a\nprint('hello from first')\nprint('\\x1b[31mred\\x1b[0m 50%\\r100%')\na = n + 1",
    "%%task table(n) -> df\nimport pandas as pd\ndf = pd.DataFrame({'x': range(5000), 'y': ['t'] * 5000})\ndf.head(2)",
    "%%task make() -> items\nitems = [1, 2, 3]",
    "%%task fit(items) -> fits --map items\nfits = items * 2",
    "%%task bad(a) -> q\nprint('last words')\nq = a / 0",
    "%%task after(q) -> z\nz = q",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("live"))
    made.write(*CELLS)
    return made


@pytest.fixture(scope="module")
def context(world: World) -> Context:
    return Context(store=open_store(world.url))


@pytest.fixture(scope="module")
def told(world: World, context: Context) -> dict[str, list[tuple[datetime, Any]]]:
    """Everything that two listeners of a run, one of its log and one of the list are told, with the time of arrival."""
    run = world.launch()
    found: dict[str, list[tuple[datetime, Any]]] = {}
    stop = threading.Event()

    def follow(name: str, topic: str) -> None:
        heard = found[name] = []
        heard.extend((datetime.now(UTC), event) for event in events.watch(context, topic, stop))

    topics = {"run": f"run:{run.id}", "again": f"run:{run.id}", "log": f"log:{run.id}/bad", "runs": "runs"}
    threads = {name: threading.Thread(target=follow, args=(name, topic)) for name, topic in topics.items()}
    for thread in threads.values():
        thread.start()
    for name in ("run", "again", "log"):
        threads[name].join(PATIENCE_S)
    stop.set()
    threads["runs"].join(10)
    return found


@pytest.fixture(scope="module")
def run(told: dict[str, list[tuple[datetime, Any]]]) -> str:
    view = told["run"][0][1].view
    return str(view.id)


def ask(context: Context, name: str, /, **given: Any) -> Any:
    return answering.answer(context, name, given)


def test_differences_add_up_to_the_whole(
    told: dict[str, list[tuple[datetime, Any]]], context: Context, run: str
) -> None:
    whole = ask(context, "runs.get", run=run)
    for name in ("run", "again"):
        rows: dict[str, Any] = {}
        nodes: dict[str, Any] = {}
        last: Any = None
        for _, event in told[name]:
            if hasattr(event, "view"):
                rows = {row.id: row for row in event.view.tasks}
                nodes = {node.id: (node.state, node.detail, node.counts) for node in event.view.graph.nodes}
            elif hasattr(event, "tasks"):
                rows |= {row.id: row for row in event.tasks}
                nodes |= {node.id: (node.state, node.detail, node.counts) for node in event.nodes}
                last = event
        assert tuple(rows.values()) == whole.tasks
        assert nodes == {node.id: (node.state, node.detail, node.counts) for node in whole.graph.nodes}
        assert (last.state, last.counts, last.ended_at) == (whole.state, whole.counts, whole.ended_at)


def test_sequences_have_no_gap_and_end(told: dict[str, list[tuple[datetime, Any]]]) -> None:
    for name in ("run", "again", "log"):
        sequences = [event.sequence for _, event in told[name]]
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        assert type(told[name][-1][1]).__name__ == "Ended"


def test_at_most_ten_events_a_second(told: dict[str, list[tuple[datetime, Any]]]) -> None:
    times = [at for at, event in told["run"] if type(event).__name__ == "RunChange"]
    for first, eleventh in zip(times, times[11:], strict=False):
        assert (eleventh - first).total_seconds() > 0.9


def test_log_is_told_as_it_grows(told: dict[str, list[tuple[datetime, Any]]]) -> None:
    lines: dict[int, str] = {}
    for _, event in told["log"]:
        if hasattr(event, "chunk"):
            if type(event).__name__ == "LogWhole":
                lines = {}
            lines |= dict(enumerate(event.chunk.lines, event.chunk.first_line))
    assert lines[0] == "last words"
    assert "ZeroDivisionError" in "\n".join(lines.values())


def test_list_tells_the_run_from_its_beginning_to_its_end(
    told: dict[str, list[tuple[datetime, Any]]], context: Context, run: str
) -> None:
    seen = []
    for _, event in told["runs"]:
        rows = event.list.runs if hasattr(event, "list") else getattr(event, "rows", ())
        seen += [row.state.value for row in rows if row.id == run]
    assert seen[0] in ("pending", "running")
    (row,) = ask(context, "runs.list").runs
    assert (row.state.value, row.counts) == ("failed", {"succeeded": 4, "failed": 1, "skipped": 1})


def test_map_is_one_node_with_counts_and_pages_of_elements(context: Context, run: str) -> None:
    view = ask(context, "runs.get", run=run)
    (node,) = [node for node in view.graph.nodes if node.id == "fit"]
    assert node.counts == {"succeeded": 3}
    assert [box.id for box in view.placed.boxes] == [item.id for item in view.graph.nodes]
    page = ask(context, "tasks.elements", run=run, task="fit", offset=1, limit=1)
    assert [(item.id, item.index) for item in page.elements] == [("fit.1", 1)]
    assert page.total == 3
    assert ask(context, "tasks.elements", run=run, task="fit", state="failed").elements == ()


def test_log_has_lines_numbers_and_hits(context: Context, run: str) -> None:
    chunk = ask(context, "tasks.log", run=run, task="first")
    assert chunk.lines == ("hello from first", "100%")
    assert chunk.done
    assert ask(context, "tasks.log", run=run, task="first", from_line=-1).lines == ("100%",)
    found = ask(context, "tasks.log", run=run, task="first", query="HELLO")
    assert (found.lines, found.numbers) == (("hello from first",), (0,))
    assert ask(context, "tasks.log", run=run, task="after").lines == ()


def test_task_shows_what_went_in_and_came_out(context: Context, run: str) -> None:
    view = ask(context, "tasks.get", run=run, task="table")
    assert [(port.name, port.origin, port.preview.text) for port in view.inputs] == [("n", "parameter", "3")]
    assert view.outputs[0].preview.columns == ("x", "y")
    assert view.displays[0].mime == "text/html"
    assert view.attempts[0].has_notebook
    assert view.source.startswith("%%task table(n) -> df")
    skipped = ask(context, "tasks.get", run=run, task="after")
    assert (skipped.row.state.value, skipped.can_rescue) == ("skipped", False)


def test_table_is_read_in_windows(context: Context, run: str) -> None:
    view = ask(context, "values.get", run=run, task="table", output="df", offset=4998, limit=10)
    assert (view.total_rows, view.rows) == (5000, (("4998", "t"), ("4999", "t")))


def test_notebooks_are_notebooks(context: Context, run: str) -> None:
    for name, given in (
        ("tasks.notebook", {"run": run, "task": "first"}),
        ("tasks.notebook", {"run": run, "task": "bad"}),
        ("runs.experiment", {"run": run}),
        ("versions.notebook", {"workflow": "flow", "number": 1}),
        ("runs.rescue", {"run": run, "task": "bad"}),
    ):
        found = ask(context, name, **given)
        assert found.name.endswith(".ipynb")
        assert "/" not in found.name
        assert json.loads(bytes(found.notebook))["nbformat"] == 4
    with pytest.raises(errors.NotFoundError, match="never began"):
        ask(context, "tasks.notebook", run=run, task="after")


def test_form_has_typed_fields(context: Context, run: str) -> None:
    form = ask(context, "runs.form", target="flow")
    fields = {field.name: (field.control, field.item, field.choices, field.doc) for field in form.fields}
    assert fields["n"] == ("integer", "", (), "how many")
    assert fields["mode"] == ("choice", "", ("a", "b"), "")
    assert fields["rates"] == ("list", "number", (), "")
    assert [item.name for item in form.backends if item.is_default] == ["local"]
    assert [version.ref for version in form.versions] == ["flow@1"]


def test_preview_says_what_would_run_and_how_to_say_it(context: Context, run: str) -> None:
    found = ask(context, "runs.preview", target="flow", parameters={"n": 9}, sweep={"mode": ["a", "b"]})
    states = {task.label: task.state.value for task in found.tasks}
    assert states["make"] == "cached"
    assert states["first"] == "will run"
    assert (
        found.code
        == "import taskcell\n\nrun = taskcell.launch('flow@1', parameters={'n': 9}, sweep={'mode': ['a', 'b']})"
    )
    assert found.command == "taskcell launch flow@1 -p n=9 --sweep mode=a,b"
    refused = ask(context, "runs.preview", target="flow", parameters={"n": "many"})
    assert "whole number" in refused.problems[0]
    local = ask(context, "runs.preview", target="flow", resources={"cpu_cores": 2})
    assert "Kubernetes only" in local.problems[0]


def test_cells_are_cached_stale_or_refused(context: Context, run: str, world: World) -> None:
    cells = [{"id": f"c{number}", "source": source} for number, source in enumerate(CELLS)]
    known = ask(context, "cells.states", cells=cells, name="flow.ipynb")
    assert {badge.task: badge.state.value for badge in known.cells} == {
        "first": "cached",
        "table": "cached",
        "make": "cached",
        "fit": "cached",
        "bad": "will run",
        "after": "may run",
    }
    assert [badge.id for badge in known.cells] == ["c2", "c3", "c4", "c5", "c6", "c7"]
    cells[2]["source"] = cells[2]["source"].replace("n + 1", "n + 2")
    cells[4]["source"] = "%%task make() -> items\nitems = nowhere"
    changed = {badge.task: badge for badge in ask(context, "cells.states", cells=cells, name="flow.ipynb").cells}
    assert changed["first"].state.value == "stale"
    assert "code" in changed["first"].reason
    assert changed["make"].state.value == "refused"
    assert "'nowhere'" in changed["make"].reason


def test_snapshot_tag_and_rollback(context: Context, run: str, world: World) -> None:
    notebook = json.loads(world.notebook.read_text())
    assert not ask(context, "versions.take", notebook=notebook, name="flow.ipynb").new
    notebook["cells"][4]["source"] = "%%task make() -> items\nitems = [4]"
    second = ask(context, "versions.take", notebook=notebook, name="flow.ipynb", message="four")
    assert (second.ref, second.new) == ("flow@2", True)
    assert ask(context, "tags.move", workflow="flow", tag="prod", version=1).before == 0
    assert ask(context, "tags.move", workflow="flow", tag="prod", version=2).before == 1
    back = ask(context, "tags.rollback", workflow="flow", tag="prod")
    assert (back.number, back.before, back.rollback) == (1, 2, True)
    page = ask(context, "workflows.versions", workflow="flow", limit=1)
    assert ([row.number for row in page.versions], page.next, len(page.moves)) == ([2], 2, 3)
    assert [row.number for row in ask(context, "workflows.versions", workflow="flow", before=2).versions] == [1]
    view = ask(context, "versions.get", workflow="flow", number=2)
    assert [diff.task for diff in view.code] == ["make"]
    assert view.against == 1
    (workflow,) = ask(context, "workflows.list").workflows
    assert (workflow.tags, workflow.versions, workflow.runs) == ({"prod": 1}, 2, 1)


def test_launch_resume_and_reproduce_give_runs_to_watch(context: Context, run: str) -> None:
    made = ask(context, "runs.launch", target="flow@1", parameters={"n": 3})
    assert made.workflow == "flow@1"
    stop = threading.Event()
    assert type(list(events.watch(context, f"run:{made.run}", stop))[-1]).__name__ == "Ended"
    assert ask(context, "runs.get", run=made.run).counts["cached"] == 4
    again = ask(context, "runs.reproduce", run=run)
    assert ask(context, "runs.verdict", run=run).running == (again.run,)
    ask(context, "runs.cancel", run=again.run)
    assert list(events.watch(context, f"run:{again.run}", stop))
    assert ask(context, "runs.get", run=again.run).state.value == "cancelled"
    verdict = ask(context, "runs.verdict", run=again.run)
    assert verdict.running == ()
    assert verdict.reproduction.verdict == "failed"
    assert ask(context, "runs.verdict", run=run).reproduction.reproduced_by == again.run
