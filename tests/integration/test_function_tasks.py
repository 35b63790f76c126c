"""``@taskcell.task`` in notebooks, scripts and imported modules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration import kernels


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kernels.LiveKernel]:
    folder = tmp_path_factory.mktemp("functions")
    with kernels.kernel(folder, folder / "store") as live:
        live.run("import taskcell\nfrom taskcell import task")
        yield live


def ok(ran: kernels.Ran) -> kernels.Ran:
    assert ran.error == "", ran.traceback
    return ran


def test_call_with_equal_arguments_is_taken_from_the_cache(kernel: kernels.LiveKernel) -> None:
    kernel.run("@task\ndef f1(x, y=2):\n    print('executed')\n    return x * y")
    assert ok(kernel.run("a = f1(1), f1(1), f1(x=1, y=2)")).stdout.count("executed") == 1
    assert ok(kernel.run("f1(1, 3);")).stdout.count("executed") == 1


def test_default_that_is_assigned_after_the_definition_counts(kernel: kernels.LiveKernel) -> None:
    kernel.run("@task\ndef f9(x, y=2, *, z=1):\n    return x * y + z")
    assert ok(kernel.run("print(f9(1))")).stdout == "3\n"
    kernel.run("f9.uncached.__defaults__ = (5,)")
    assert kernel.value("f9(1), f9.last.cached") == "(6, False)"
    kernel.run("f9.uncached.__kwdefaults__['z'] = 2")
    assert kernel.value("f9(1), f9.last.cached, f9(1), f9.last.cached") == "(7, False, 7, True)"


def test_edited_helper_and_constant_execute_again(kernel: kernels.LiveKernel) -> None:
    kernel.run("def h2(x): return x + K2\nK2 = 1\n@task\ndef f2(x): return h2(x)")
    ok(kernel.run("f2(1)"))
    kernel.run("K2 = 2")
    assert kernel.value("f2(1), f2.last.cached") == "(3, False)"
    kernel.run("def h2(x): return x - K2")
    assert kernel.value("f2(1), f2.last.cached, f2(1), f2.last.cached") == "(-1, False, -1, True)"


def test_closure_and_instance_count(kernel: kernels.LiveKernel) -> None:
    kernel.run("def make(n):\n    @task\n    def inner(x): return x * n\n    return inner")
    assert kernel.value("make(2)(3), make(5)(3), make(2)(3)") == "(6, 15, 6)"
    kernel.run("class A:\n    def __init__(self, k): self.k = k\n    @task\n    def by(self, x): return self.k * x")
    assert kernel.value("A(2).by(3), A.by.last.cached, A(5).by(3), A.by.last.cached, A(2).by(3), A.by.last.cached") == (
        "(6, False, 15, False, 6, True)"
    )


def test_exception_passes_with_the_users_own_frames(kernel: kernels.LiveKernel) -> None:
    kernel.run("@task\ndef f4(x):\n    return 1 / x")
    ran = kernel.run("f4(0)")
    assert ran.error == "ZeroDivisionError"
    assert "----> 3     return 1 / x" in ran.traceback
    assert "taskcell/" not in ran.traceback
    assert kernel.value("f4(1), f4.last.cached") == "(1.0, False)"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("@task\ndef f5(x):\n    yield x", "'f5': it is a generator"),
        ("@task\nasync def f5(x):\n    return x", "'f5': what it returns must be awaited"),
        ("@task\nclass F5: pass", "@task takes a function, not a type"),
        ("@task(bogus=1)\ndef f5(x): return x", "Options are: cache, retries, timeout_s."),
    ],
    ids=["generator", "coroutine", "class", "option"],
)
def test_what_cannot_be_cached_is_refused_where_it_is_defined(
    kernel: kernels.LiveKernel, source: str, words: str
) -> None:
    ran = kernel.run(source)
    assert ran.error == "InvalidInputError"
    assert words in ran.traceback


def test_argument_without_digest_runs_and_warns(kernel: kernels.LiveKernel) -> None:
    kernel.run("@task\ndef f6(file): return file.read()")
    ran = ok(kernel.run("with open('/dev/null') as file: f6(file)"))
    assert "f6 is not cached: value: an open file" in ran.stderr


def test_call_that_changes_its_argument_is_not_cached(kernel: kernels.LiveKernel) -> None:
    kernel.run("@task\ndef f7(x):\n    x.append(1)\n    return len(x)")
    ran = ok(kernel.run("ones = []\nf7(ones), f7(ones)"))
    assert ran.outputs[-1]["data"]["text/plain"] == "(1, 2)"
    assert "f7 changed its argument 'x' in place" in ran.stderr


def test_threads_may_call_it_at_once(kernel: kernels.LiveKernel) -> None:
    kernel.run("from concurrent.futures import ThreadPoolExecutor\n@task\ndef f8(x): return x * 2")
    assert kernel.value("list(ThreadPoolExecutor(4).map(f8, [1, 1, 2, 2, 3]))") == "[2, 2, 4, 4, 6]"


def test_scripts_and_imported_modules(tmp_path: Path) -> None:
    library = "import taskcell\nK = {k}\ndef inner(x): return x * K\n@taskcell.task\ndef outer(x): return inner(x)\n"
    script = (
        "import json, lib, taskcell\n@taskcell.task\ndef mine(x): return lib.inner(x) + 1\n"
        "print(json.dumps([lib.outer(2), lib.outer.last.cached, mine(2), mine.last.cached]))\n"
    )
    (tmp_path / "script.py").write_text(script)

    def run(k: int) -> list[object]:
        (tmp_path / "lib.py").write_text(library.format(k=k))
        env = kernels.environment(tmp_path / "store", PYTHONDONTWRITEBYTECODE="1")
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        return list(json.loads(done.stdout))

    assert run(3) == [6, False, 7, False]
    assert run(3) == [6, True, 7, True]
    assert run(4) == [8, False, 9, False]


def test_result_of_a_module_that_is_loaded_in_an_older_form_is_not_cached(kernel: kernels.LiveKernel) -> None:
    kernel.run("from pathlib import Path\nPath('aged7.py').write_text('def h(): return 1\\n');\nimport aged7")
    kernel.run("@task\ndef f7(x): return x + aged7.h()\nPath('aged7.py').write_text('def h(): return 22\\n');")
    ran = ok(kernel.run("print(f7(1), f7.last.cached)"))
    assert "f7 is not cached: aged7 is loaded in an older form" in ran.stdout + ran.stderr
    assert kernel.value("f7(1), f7.last.cached") == "(2, False)"
    kernel.run("import importlib\nimportlib.reload(aged7);")
    assert kernel.value("f7(1), f7.last.cached, f7(1), f7.last.cached") == "(23, False, 23, True)"
