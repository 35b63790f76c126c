"""What a task's cell means in a live kernel: helpers, constants, classes, plain values, cells that are run again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration import kernels


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("definitions")
    live = kernels.LiveKernel(folder, store=folder / "store")
    try:
        live.run("import math as early\nEARLY = 2")
        live.load()
        live.run("import taskcell")
        yield live
    finally:
        live.stop()


def ok(ran: kernels.Ran) -> kernels.Ran:
    assert ran.error == "", ran.traceback
    return ran


# -- cells that are run again ------------------------------------------------------------------------------------------


def test_cells_before_the_extension_was_loaded_count(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task b1 -> b1\nb1 = early.floor(2.5) * EARLY"))
    assert kernel.value("b1") == "4"


def test_edited_helper_executes_the_task_again_and_the_old_one_hits(kernel: kernels.LiveKernel) -> None:
    kernel.run("def h1(x): return x + 1", cell_id="h1")
    task = "%%task t1 -> t1\nt1 = h1(1)"
    ok(kernel.run(task, cell_id="t1"))
    kernel.run("def h1(x): return x + 2", cell_id="h1")
    assert "· ran ·" in ok(kernel.run(task, cell_id="t1")).report
    assert kernel.value("t1") == "3"
    kernel.run("def h1(x):\n    # as before\n    return x + 1", cell_id="h1")
    assert "· cached ·" in ok(kernel.run(task, cell_id="t1")).report
    assert kernel.value("t1") == "2"


def test_helper_defined_again_in_a_cell_inserted_above_counts(kernel: kernels.LiveKernel) -> None:
    kernel.run("def h2(x): return x + 1", cell_id="h2")
    task = "%%task t2 -> t2\nt2 = h2(1)"
    ok(kernel.run(task, cell_id="t2"))
    kernel.run("def h2(x): return x + 100", cell_id="h2-inserted")
    assert "· ran ·" in ok(kernel.run(task, cell_id="t2")).report
    assert kernel.value("t2") == "101"


def test_first_of_two_definitions_run_again_is_the_one_in_force(kernel: kernels.LiveKernel) -> None:
    first = "def h3(x): return x + 1"
    kernel.run(first, cell_id="h3")
    kernel.run("def h3(x): return x + 100", cell_id="h3-again")
    task = "%%task t3 -> t3\nt3 = h3(1)"
    ok(kernel.run(task, cell_id="t3"))
    kernel.run(first, cell_id="h3")
    ok(kernel.run(task, cell_id="t3"))
    assert kernel.value("t3") == "2"


def test_renamed_task_with_the_same_id_leaves_its_old_name(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task old4 -> v4\nv4 = 1", cell_id="c4"))
    ok(kernel.run("%%task new4 -> v4\nv4 = 1", cell_id="c4"))
    assert "· cached ·" in ok(kernel.run("%%task new4 -> v4\nv4 = 1", cell_id="c4")).report


def test_forgotten_task_makes_room_for_another(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task left5 -> v5\nv5 = 1"))
    assert "%forget left5" in kernel.run("%%task right5 -> v5\nv5 = 2").traceback
    ok(kernel.run("%forget left5"))
    ok(kernel.run("%%task right5 -> v5\nv5 = 2"))


def test_reloading_the_extension_keeps_the_session(kernel: kernels.LiveKernel) -> None:
    kernel.run("def h6(x): return x")
    ok(kernel.run("%%task t6 -> t6\nt6 = h6(1)"))
    ok(kernel.run("%reload_ext taskcell"))
    ok(kernel.run("%load_ext taskcell"))
    ran = ok(kernel.run("%%task t6 -> t6\nt6 = h6(1)"))
    assert ran.stdout.count("· cached ·") == 1
    assert kernel.value("taskcell.outcome('t6').cached") == "True"


def test_helpers_that_call_each_other_and_one_defined_in_another_cell(kernel: kernels.LiveKernel) -> None:
    kernel.run("def even7(n): return n == 0 or odd7(n - 1)")
    kernel.run("def odd7(n): return n != 0 and even7(n - 1)")
    ok(kernel.run("%%task t7 -> t7\nt7 = even7(4)"))
    assert kernel.value("t7") == "True"


def test_helper_defined_after_the_task_is_found_when_the_task_runs_again(kernel: kernels.LiveKernel) -> None:
    task = "%%task t8 -> t8\nt8 = late8(1)"
    assert "'late8' (line 2)" in kernel.run(task).traceback
    kernel.run("def late8(x): return x")
    ok(kernel.run(task))


# -- values ------------------------------------------------------------------------------------------------------------


def test_plain_value_counts_by_content_and_is_named_in_the_report(kernel: kernels.LiveKernel) -> None:
    task = "%%task p1(rows1) -> p1\np1 = sum(rows1)"
    kernel.run("rows1 = sorted([2, 1])")
    assert "p1(rows1 (plain value)) -> p1 · ran" in ok(kernel.run(task)).report
    kernel.run("rows1 = [n for n in (1, 2)]")
    assert "· cached ·" in ok(kernel.run(task)).report
    kernel.run("rows1 = [n for n in (1, 3)]")
    assert "· ran ·" in ok(kernel.run(task)).report


def test_global_list_and_closure_of_a_helper_count_by_value(kernel: kernels.LiveKernel) -> None:
    kernel.run(
        "seen2 = list(range(3))\ndef h(): return len(seen2)\ndef maker(n):\n    def inner(): return n\n    return inner"
    )
    kernel.run("five = maker(5)")
    task = "%%task p2 -> p2\np2 = h() + five()"
    ok(kernel.run(task))
    assert "· cached ·" in ok(kernel.run(task)).report
    kernel.run("seen2.append(7)")
    ok(kernel.run(task))
    assert kernel.value("p2") == "9"
    kernel.run("five = maker(6)")
    ok(kernel.run(task))
    assert kernel.value("p2") == "10"


def test_constant_that_a_helper_fills_is_put_back(kernel: kernels.LiveKernel) -> None:
    kernel.run("MEMO = {}\ndef remembered(x):\n    if x not in MEMO: MEMO[x] = x * 2\n    return MEMO[x]")
    task = "%%task p3 -> p3\np3 = [remembered(n) for n in range(3)]"
    assert "MEMO, which it reaches, was changed in place and is put back" in ok(kernel.run(task)).stdout
    assert kernel.value("MEMO") == "{}"
    assert "· cached ·" in ok(kernel.run(task)).report


@pytest.mark.parametrize(
    "value",
    ["open('/dev/null')", "(n for n in range(3))", "__import__('threading').Lock()"],
    ids=["file", "gen", "lock"],
)
def test_input_that_has_no_digest_runs_uncached_and_says_so(kernel: kernels.LiveKernel, value: str) -> None:
    kernel.run(f"odd4 = {value}")
    task = "%%task p4(odd4) -> p4\np4 = str(type(odd4))"
    for _ in range(2):
        ran = ok(kernel.run(task))
        assert "· ran ·" in ran.report
        assert "not cached: input odd4 can't be digested" in ran.stdout
    kernel.run("odd4.close() if hasattr(odd4, 'close') else None")


def test_stated_output_that_cannot_be_stored_is_an_error(kernel: kernels.LiveKernel) -> None:
    ran = kernel.run("%%task p5 -> p5\nimport threading\np5 = threading.Lock()")
    assert ran.error == "UnstorableError"
    assert "Task 'p5', output 'p5': A lock (_thread.lock) can't be stored." in ran.traceback
    assert kernel.value("'p5' in dir()") == "False"


def test_inferred_output_that_cannot_be_stored_is_named_and_others_are_kept(kernel: kernels.LiveKernel) -> None:
    task = "%%task p6\nimport threading\nlock6 = threading.Lock()\nfine6 = 1"
    for word in ("· ran ·", "· cached ·"):
        ran = ok(kernel.run(task))
        assert word in ran.report or word in ran.stdout
        assert "lock6 is not kept: A lock (_thread.lock) can't be stored." in ran.stdout
    assert kernel.value("fine6, 'lock6' in dir()") == "(1, False)"
    refused = kernel.run("%%task p6b\nuse6 = lock6")
    assert "'lock6' was not kept by task 'p6'" in refused.traceback


def test_input_changed_in_place_is_noticed_and_put_back(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task\nbasket7 = {'eggs': 1}"))
    ran = ok(kernel.run("%%task p7(basket7) -> p7\nbasket7['eggs'] = 5\np7 = basket7['eggs']"))
    assert "input basket7 was changed in place" in ran.stdout
    assert kernel.value("basket7, p7") == "({'eggs': 1}, 5)"


def test_input_that_a_failing_body_changed_is_put_back(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task\nbasket8 = {'eggs': 1}"))
    assert (
        kernel.run("%%task q8(basket8) -> q8\nbasket8['eggs'] = 5\nbasket8 = None\nq8 = 1 / 0").error
        == "ZeroDivisionError"
    )
    assert kernel.value("basket8") == "{'eggs': 1}"
    ok(kernel.run("%%task q8(basket8) -> q8\nq8 = basket8['eggs']"))


def test_element_that_a_body_changed_is_put_back_in_its_list(kernel: kernels.LiveKernel) -> None:
    ok(kernel.run("%%task\nboxes9 = [{'n': 1}, {'n': 2}]"))
    ok(kernel.run("%%task q9(boxes9) -> q9 --map boxes9\nboxes9['n'] += 10\nq9 = boxes9['n']"))
    assert kernel.value("boxes9, q9") == "([{'n': 1}, {'n': 2}], [11, 12])"


def test_classes_of_the_notebook_keep_their_identity(kernel: kernels.LiveKernel) -> None:
    kernel.run(
        "from dataclasses import dataclass\nfrom enum import Enum\nLIMIT8 = 10\n@dataclass\nclass Point:\n    x: int\n"
        "    def up(self): return self.x + LIMIT8\nclass Colour(Enum):\n    RED = 1\nclass Plain:\n"
        "    def __init__(self, k): self.k = k"
    )
    make, use = (
        "%%task p8\npoint, colour, plain = Point(3), Colour.RED, Plain(2)",
        (
            "%%task p8u(point, colour, plain) -> p8u\nassert isinstance(point, Point) and colour is Colour.RED\n"
            "p8u = point.up() + plain.k"
        ),
    )
    for word in ("ran", "cached"):
        assert f"· {word} ·" in ok(kernel.run(make)).report
        assert kernel.value("isinstance(point, Point), colour is Colour.RED, isinstance(plain, Plain)") == str(
            (True,) * 3
        )
        assert f"· {word} ·" in ok(kernel.run(use)).report


def test_libraries_values_go_through_tasks(kernel: kernels.LiveKernel) -> None:
    kernel.run("import numpy as np\nimport polars as pl\nimport pyarrow as pa\nfrom pathlib import Path")
    make = (
        "%%task p9\nframe9 = pl.DataFrame({'a': [1, 2]})\narray9 = np.arange(3)\ntable9 = pa.table({'a': [1]})\n"
        "file9 = Path('out9.txt')\nfile9.write_text('hey');"
    )
    use = "%%task p9u(frame9, array9, table9, file9) -> p9u\np9u = [len(frame9), int(array9.sum()), table9.num_rows, file9.read_text()]"
    for word in ("ran", "cached"):
        assert f"· {word} ·" in ok(kernel.run(make)).report
        kernel.run("Path('out9.txt').unlink(missing_ok=True)") if word == "cached" else None
        assert f"· {word} ·" in ok(kernel.run(use)).report
        assert kernel.value("p9u") == "[2, 3, 1, 'hey']"


def test_model_is_a_value_like_others(kernel: kernels.LiveKernel) -> None:
    kernel.run("from sklearn.linear_model import LinearRegression")
    fit, predict = "%%task\nmodel = LinearRegression().fit([[1], [2]], [1, 2])", "%%task\nguess = model.predict([[3]])"
    for word in ("ran", "cached"):
        assert f"· {word} ·" in ok(kernel.run(fit)).report
        assert f"· {word} ·" in ok(kernel.run(predict)).report
    assert kernel.value("round(float(guess[0]), 6)") == "3.0"


def test_map_runs_each_element_once(kernel: kernels.LiveKernel) -> None:
    task = "%%task m1(items1) -> m1 --map items1\nprint('item', items1)\nm1 = items1 * 2"
    kernel.run("items1 = list(range(3))")
    assert "0 of 3 elements cached" in ok(kernel.run(task)).report
    kernel.run("items1 = [2, 5]")
    ran = ok(kernel.run(task))
    assert "1 of 2 elements cached" in ran.report
    assert kernel.value("m1") == "[4, 10]"
    again = ok(kernel.run(task))
    assert "· cached ·" in again.report
    assert again.stdout.startswith("item 2\nitem 5\n")


def test_seed_makes_draws_the_same(kernel: kernels.LiveKernel) -> None:
    kernel.run("import random")
    ok(kernel.run("%%task s1 --seed 3 --no-cache -> s1\ns1 = random.random()"))
    first = kernel.value("s1")
    ran = ok(kernel.run("%%task s1 --seed 3 --no-cache -> s1\ns1 = random.random()"))
    assert "· ran ·" in ran.report
    assert kernel.value("s1") == first


def test_elements_of_a_map_have_recorded_seeds_of_their_own(kernel: kernels.LiveKernel) -> None:
    kernel.run("import random, taskcell")
    task = "%%task drawn(s_items) -> s_drawn --map s_items --seed 3\ns_drawn = random.random()"
    kernel.run("s_items = [1, 2, 1]")
    ok(kernel.run(task))
    first: list[float] = eval(kernel.value("s_drawn"))
    assert first[0] == first[2] != first[1]
    kernel.run("s_items = [2]")
    ok(kernel.run(task))
    assert eval(kernel.value("s_drawn")) == first[1:2]


@pytest.mark.slow
def test_version_holds_plain_values_and_a_launch_uses_them(tmp_path: Path) -> None:
    with kernels.kernel(tmp_path, tmp_path / "store") as live:
        live.run(
            "import os, taskcell\nrows = sorted(range(100))\nseen = os.listdir('/')\ndef helper(): return len(seen)"
        )
        live.run("class Box:\n    def __init__(self, n): self.n = n\nbox = Box(len(os.listdir('/')))")
        live.run("%%params\nextra: int = 0")
        ok(live.run("%%task total(rows) -> total\ntotal = sum(rows) + helper()"))
        ok(
            live.run(
                "%%task boxed(box, total, extra) -> boxed, same\nboxed = Box(box.n + total + extra)\n"
                "same = isinstance(box, Box)"
            )
        )
        live.run("@taskcell.task\ndef train(total):\n    print('executed')\n    return helper() * total, 'mae'")
        assert "executed" in ok(live.run("model, mae = train(total)")).stdout
        ok(live.run("%%task used(model) -> used\nused = model + 1"))

        ok(live.run("version = taskcell.snapshot()"))
        values = live.value("sorted((n, t) for n, t, size in version.values if size > 0)")
        assert values == "[('box', '__main__.Box'), ('rows', 'list'), ('seen', 'list')]"

        ok(live.run("run = taskcell.launch(parameters={'extra': 5})\nrun.wait(timeout_s=60)"))
        cached = "{'total': True, 'boxed': False, 'train': False, 'used': True}"
        assert live.value(f"run.state.value, {{n: t.cached for n, t in run.tasks.items()}} == {cached}") == (
            "('succeeded', True)"
        )
        # classes are those of the notebook, on the worker and here; the function's own key hits on the worker
        assert live.value("run.result('same'), run.result('boxed').n - boxed.n") == "(True, 5)"
        assert live.value("isinstance(run.result('boxed'), Box), run.result('model') == model") == "(True, True)"
        assert live.value("'executed' in run.logs('train')") == "False"


# -- local modules -----------------------------------------------------------------------------------------------------


def test_result_of_a_module_that_is_loaded_in_an_older_form_is_told_and_not_cached(kernel: kernels.LiveKernel) -> None:
    kernel.run("from pathlib import Path as Path8\nPath8('aged8.py').write_text('def f(): return 1\\n');\nimport aged8")
    task = "%%task t8 -> t8\nt8 = aged8.f()"
    ok(kernel.run(task))
    kernel.run("Path8('aged8.py').write_text('def f(): return 22\\n');")
    for _ in range(2):
        assert "not cached: aged8 is loaded in an older form" in ok(kernel.run(task)).stdout
        assert kernel.value("t8") == "1"
    kernel.run("import importlib as imp8\nimp8.reload(aged8);")
    assert "not cached" not in ok(kernel.run(task)).stdout
    assert kernel.value("t8") == "22"
    assert "cached · " in ok(kernel.run(task)).stdout
