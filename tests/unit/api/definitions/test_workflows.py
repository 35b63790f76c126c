"""A workflow is read off the text of cells: what is an input, what is captured, what is refused."""

from __future__ import annotations

import itertools

import pytest

from taskcell import errors
from taskcell.api.definitions import workflows
from taskcell.api.kernels import sessions
from taskcell.api.versions import snapshots
from taskcell.model.cells import Cell
from taskcell.model.tasks import CaptureKind, InputKind, Task, Workflow


def cells(*sources: str) -> list[Cell]:
    return [Cell(source=source, label=f"cell {number}") for number, source in enumerate(sources, start=1)]


def read(*sources: str) -> Workflow:
    return workflows.read_workflow(cells(*sources), name="w").workflow


def one(*sources: str) -> Task:
    return read(*sources).tasks[-1]


def inputs(task: Task) -> list[tuple[str, str, str]]:
    return [(item.name, item.kind.value, item.task) for item in task.inputs]


def captures(task: Task) -> set[tuple[str, str]]:
    return {(item.name, item.kind.value) for item in task.captures}


def refusal(*sources: str) -> str:
    with pytest.raises(errors.DefinitionError) as caught:
        read(*sources)
    return str(caught.value)


def test_inferred_form_finds_name_inputs_and_outputs() -> None:
    workflow = read("%%params\nk: int = 1", "%%task\na = k + 1\nb = a", "%%task\nc = b * k")
    first, second = workflow.tasks
    assert (first.name, first.outputs, inputs(first)) == ("a", ("a", "b"), [("k", "parameter", "")])
    assert inputs(second) == [("b", "output", "a"), ("k", "parameter", "")]


def test_comment_form_means_the_same() -> None:
    body = "a = k + 1"
    left = read("%%params\nk: int = 1", f"%%task one(k) -> a --retries 2\n{body}")
    right = read("# %params\nk: int = 1", f"# %task one(k) -> a --retries 2\n{body}")
    assert [snapshots.task_identity(task) for task in left.tasks] == [snapshots.task_identity(t) for t in right.tasks]
    assert left.parameters == right.parameters


def test_helpers_constants_and_imports_are_captured_with_what_they_reach() -> None:
    task = one("import math\nK = 2\ndef f(x): return g(x) * K", "def g(x): return math.floor(x)", "%%task\na = f(1)")
    assert captures(task) == {("math", "import"), ("K", "constant"), ("f", "function"), ("g", "function")}


def test_task_sees_the_definition_above_it() -> None:
    workflow = read("def f(): return 1", "%%task\na = f()", "def f(): return 2", "%%task\nb = f()")
    sources = [next(item.source for item in task.captures if item.name == "f") for task in workflow.tasks]
    assert sources == ["def f(): return 1", "def f(): return 2"]


def test_tasks_may_stand_in_any_order() -> None:
    forward = read("%%task\na = 1", "%%task two(a) -> b\nb = a")
    backward = read("%%task two(a) -> b\nb = a", "%%task\na = 1")
    assert forward.tasks == backward.tasks


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_cycle_is_refused_by_name(order: tuple[int, ...]) -> None:
    tasks = ["%%task t1(c) -> a\na = c", "%%task t2(a) -> b\nb = a", "%%task t3(b) -> c\nc = b"]
    message = refusal(*(tasks[number] for number in order))
    assert "in a cycle" in message
    assert all(name in message for name in ("t1", "t2", "t3"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_cell_that_runs_is_refused_where_any_tasks_make_a_cycle(order: tuple[int, ...]) -> None:
    tasks = ["%%task t1(c) -> a\na = 1", "%%task t2(a) -> b\nb = a", "%%task t3(b) -> c\nc = b"]
    all_ = cells(*(tasks[number] for number in order), "%%task alone\nd = 1")
    for at in range(len(all_)):
        with pytest.raises(errors.DefinitionError, match="in a cycle"):
            workflows.read_task(all_, at, finder=workflows.finder(None))


def test_a_cell_that_runs_may_read_what_a_task_below_it_makes() -> None:
    task = workflows.read_task(cells("%%task two(a) -> b\nb = a", "%%task\na = 1"), 0, finder=workflows.finder(None))
    assert inputs(task) == [("a", "output", "a")]


def test_two_makers_are_named_with_their_cells() -> None:
    message = refusal("%%task one -> a\na = 1", "%%task two -> a\na = 2")
    assert "'one' (cell 1) and 'two' (cell 2), make 'a'" in message


def test_two_tasks_of_one_name_are_refused() -> None:
    assert "Two cells (cell 1 and cell 2) define a task 'one'" in refusal(
        "%%task one -> a\na = 1", "%%task one -> b\nb = 2"
    )


def test_line_of_an_unknown_name_is_the_cells_own() -> None:
    assert "'nope' (line 4)" in refusal("\n%%task one -> a\n\na = nope")


def test_name_that_only_a_helper_needs_names_the_helper() -> None:
    assert "'nope' (helper f, cell 1, line 2)" in refusal("import math\ndef f(): return nope", "%%task\na = f()")


def test_plain_value_is_unknown_to_a_file() -> None:
    message = refusal("rows = open('x').read()", "%%task one(rows) -> n\nn = len(rows)")
    assert "'rows'" in message
    assert "known only in a kernel where it ran" in message


def test_constant_may_be_a_stated_input_in_a_file() -> None:
    (item,) = one("RATE = 1 / 4", "%%task one(RATE) -> n\nn = RATE").inputs
    assert item.kind is InputKind.VALUE
    assert item.artifact is not None
    assert item.artifact.digest


def test_stated_inputs_leave_out_nothing() -> None:
    message = refusal("%%task one -> a\na = 1", "%%task two() -> b\nb = a")
    assert "'a' (line 2), an output of task 'one', which is not among its stated inputs" in message
    assert "%%task two(a)" in message


def test_plain_cell_that_changes_an_output_taints_it() -> None:
    message = refusal("%%task one -> a\na = [1]", "a.append(2)", "%%task two(a) -> b\nb = a")
    assert "changed behind its back by cell 2 (it changes a in place)" in message


def test_plain_cell_that_assigns_an_output_taints_it() -> None:
    assert "by cell 2 (it assigns a)" in refusal("%%task one -> a\na = 1", "a = 2", "%%task two(a) -> b\nb = a")


def test_output_reads_of_a_later_edition_are_untouched_by_an_earlier_change() -> None:
    assert read("a = 2", "%%task one -> a\na = 1", "%%task two(a) -> b\nb = a").tasks[-1].name == "two"


@pytest.mark.parametrize("body", ["exec('a = 1')", "from math import *\na = pi", "a = globals()['x']", "a = eval('x')"])
def test_what_cannot_be_known_is_refused_with_its_line(body: str) -> None:
    message = refusal(f"%%task one\n{body}")
    assert "can't be known" in message
    assert "line 2" in message


def test_plain_cell_that_may_bind_anything_is_named_where_a_name_is_missing() -> None:
    message = refusal("from os.path import *", "%%task one -> a\na = join('a')")
    assert "cell 1 may define it" in message


def test_call_of_a_decorated_function_is_a_task() -> None:
    workflow = read(
        "import taskcell\n@taskcell.task\ndef train(x, k=1): return x, k",
        "%%task\nx = 1",
        "model, mae = train(x)",
        "again, other = train(x, k=mae)",
    )
    by_name = {task.name: task for task in workflow.tasks}
    assert set(by_name) == {"x", "train", "train_2"}
    assert by_name["train"].outputs == ("model", "mae")
    assert inputs(by_name["train_2"]) == [("x", "output", "x"), ("mae", "output", "train")]


def test_map_must_name_an_input() -> None:
    assert "'k' (its first line) is neither an input" in refusal("%%task one --map k\na = 1")


def test_output_that_is_read_before_it_is_made_anew_is_refused() -> None:
    assert "new_a" in refusal("%%task one -> a\na = 1", "%%task two\na = a + 1")


# -- a kernel's values -------------------------------------------------------------------------------------------------


def live(namespace: dict[str, object], *sources: str) -> list[Task]:
    values = sessions.LiveValues(namespace)
    return list(workflows.read_workflow(cells(*sources), name="w", values=values).workflow.tasks)


def test_constant_that_drifted_counts_by_value() -> None:
    (task,) = live({"K": [1, 2]}, "K = [1]\ndef h(): return K", "%%task one -> a\na = h()")
    assert ("K", CaptureKind.VALUE.value) in captures(task)


def test_constant_that_a_later_cell_assigns_anew_is_taken_from_its_source() -> None:
    sources = ("K = 1\ndef h(): return K", "%%task one -> a\na = h()", "K = 2", "%%task two -> b\nb = h()")
    kernel = live({"K": 2}, *sources)
    assert [snapshots.task_identity(task) for task in kernel] == [
        snapshots.task_identity(task) for task in read(*sources).tasks
    ]


def test_plain_value_that_was_assigned_anew_is_not_taken_for_the_first() -> None:
    with pytest.raises(
        errors.DefinitionError, match="assigned anew by cell 3, so that the value that it reads is gone"
    ):
        live({"r": [2]}, "r = open('a')", "%%task one(r) -> a\na = r", "r = open('b')", "%%task two(r) -> b\nb = r")


def test_value_without_digest_leaves_the_task_uncacheable() -> None:
    (task,) = live({"gen": (n for n in ())}, "gen = make()", "%%task one(gen) -> a\na = gen")
    assert task.inputs[0].artifact is not None
    assert task.inputs[0].artifact.digest == ""


# -- a session's cells -------------------------------------------------------------------------------------------------


def session(*sources: tuple[str, str]) -> sessions.Session:
    made = sessions.Session(namespace={})
    for cell_id, source in sources:
        made.record(Cell(source=source, id=cell_id, label=cell_id))
    return made


def sources_of(found: sessions.Session) -> list[str]:
    return [cell.source for cell in found.cells]


def test_cell_with_an_id_keeps_its_place() -> None:
    found = session(("a", "x = 1"), ("b", "y = 1"), ("a", "x = 2"))
    assert sources_of(found) == ["x = 2", "y = 1"]
    assert [cell.source for cell in found.ran] == ["y = 1", "x = 2"]


def test_task_without_an_id_moves_to_the_end() -> None:
    found = session(("", "%%task one -> a\na = 1"), ("", "x = 1"), ("", "%%task one -> a\na = x"))
    assert sources_of(found) == ["x = 1", "%%task one -> a\na = x"]


def test_rerun_task_is_resolved_by_what_has_run_since() -> None:
    task = "%%task one -> a\na = f()"
    found = session(("f", "def f(): return 1"), ("t", task), ("g", "def f(): return 2"))
    resolved, placed = found.resolve(Cell(source=task, id="t"), None)
    assert [item.source for item in resolved.captures] == ["def f(): return 2"]
    assert [cell.id for cell in placed] == ["f", "g", "t"]


def test_first_definition_run_again_is_in_force_and_the_order_of_the_notebook_stays() -> None:
    task = "%%task one -> a\na = f()"
    found = session(("f", "def f(): return 1"), ("g", "def f(): return 2"), ("t", task), ("f", "def f(): return 1"))
    resolved, placed = found.resolve(Cell(source=task, id="t"), None)
    assert [item.source for item in resolved.captures] == ["def f(): return 1"]
    assert [cell.id for cell in placed] == ["f", "g", "t"]


def test_cell_from_before_the_extension_takes_its_id_when_it_runs_again() -> None:
    found = session(("", "import math"), ("t", "%%task one -> a\na = math.pi"), ("m", "import math"))
    assert [cell.id for cell in found.cells] == ["m", "t"]


def test_forgotten_task_is_gone_from_both_orders() -> None:
    found = session(("t", "%%task one -> a\na = 1"), ("x", "x = 1"))
    found.forget("one")
    assert sources_of(found) == [cell.source for cell in found.ran] == ["x = 1"]
    with pytest.raises(errors.NotFoundError, match="'one'"):
        found.forget("one")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("%%task one -> a\n\na = (1,", "on line 3"),
        ("%%task one -> a\na = 1\nexec(code)", "on line 3"),
        ("\n\n%%task one -> a\na = nope", "'nope' (line 4)"),
    ],
    ids=["not Python", "unknowable", "unknown"],
)
def test_lines_in_refusals_are_those_of_the_whole_cell(source: str, words: str) -> None:
    assert words in refusal(source)
