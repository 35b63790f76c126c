"""What a cached function reaches is remembered between calls; nothing that changes in between goes unnoticed.

Each fact holds twice: for files that were touched long ago, whose stamps are relied on, and for fresh ones.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from taskcell.api.definitions import workflows
from taskcell.hashing import stamps
from taskcell.model.cells import Cell
from taskcell.model.tasks import CaptureKind


class Project:
    """A folder of modules on ``sys.path``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: set[str] = set()

    def write(self, name: str, source: str) -> None:
        self.names.add(name)
        (self.folder / f"{name}.py").write_text(textwrap.dedent(source))

    def load(self, name: str, source: str) -> ModuleType:
        self.write(name, source)
        importlib.invalidate_caches()
        loaded = sys.modules.get(name)
        return importlib.reload(loaded) if loaded else importlib.import_module(name)


@pytest.fixture(params=["settled", "fresh"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(stamps, "_SETTLED_S", -1e6 if request.param == "settled" else 1e6)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("TASKCELL_STORE", (tmp_path / "store").as_uri())
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    made = Project(folder)
    yield made
    for name in made.names:
        sys.modules.pop(name, None)


def results(function: Any, *args: Any) -> tuple[Any, bool]:
    """Return what a call gives, and whether it was a hit."""
    value = function(*args)
    return value, function.last.cached


TASK = """
import taskcell
from taskcell import task
LIMITS = [1, 2]
RATE = 2
def helper(x): return x * RATE
@task
def work(x): return helper(x) + sum(LIMITS)
"""


def test_constant_that_is_mutated_or_rebound(project: Project) -> None:
    module = project.load("hits_constants", TASK)
    assert [results(module.work, 1), results(module.work, 1)] == [(5, False), (5, True)]
    module.LIMITS.append(3)
    assert [results(module.work, 1), results(module.work, 1)] == [(8, False), (8, True)]
    module.RATE = 10
    assert [results(module.work, 1), results(module.work, 1)] == [(16, False), (16, True)]
    module.LIMITS.pop()
    module.RATE = 2
    assert results(module.work, 1) == (5, True)


def test_helper_edited_and_reloaded(project: Project) -> None:
    module = project.load("hits_helper", TASK)
    assert [results(module.work, 1), results(module.work, 1)] == [(5, False), (5, True)]
    module = project.load("hits_helper", TASK.replace("x * RATE", "x - RATE"))
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    module = project.load("hits_helper", TASK + "\n# only a comment\n")
    assert results(module.work, 1) == (5, True)


def test_module_that_a_function_imports_is_edited_and_reloaded(project: Project) -> None:
    project.load("hits_inner", "def g(x): return x + 1")
    project.load("hits_outer", "import hits_inner\ndef f(x): return hits_inner.g(x)")
    source = "import hits_outer, taskcell\n@taskcell.task\ndef work(x): return hits_outer.f(x)"
    module = project.load("hits_imports", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    project.load("hits_inner", "def g(x): return x + 2")
    assert [results(module.work, 1), results(module.work, 1)] == [(3, False), (3, True)]
    project.load("hits_inner", "def g(x): return x + 1")
    assert results(module.work, 1) == (2, True)


def test_import_that_stands_in_the_body_counts_as_one_above_it(project: Project) -> None:
    project.load("hits_lazy", "def g(x): return x + 1")
    source = "import taskcell\n@taskcell.task\ndef work(x):\n    import hits_lazy\n    return hits_lazy.g(x)"
    module = project.load("hits_body", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    project.load("hits_lazy", "def g(x): return x + 5")
    assert results(module.work, 1) == (6, False)


def test_module_that_comes_to_stand_before_another(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = project.folder / "first"
    first.mkdir()
    monkeypatch.syspath_prepend(first)
    project.load("hits_shadowed", "def g(x): return x + 1")
    source = "import taskcell, hits_shadowed\n@taskcell.task\ndef work(x): return hits_shadowed.g(x)"
    module = project.load("hits_shadow", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    (first / "hits_shadowed.py").write_text("def g(x): return x + 7")
    monkeypatch.chdir(first)
    importlib.invalidate_caches()
    importlib.reload(module.hits_shadowed)
    assert results(module.work, 1) == (8, False)
    shutil.rmtree(first)
    monkeypatch.chdir(project.folder)
    importlib.invalidate_caches()
    importlib.reload(module.hits_shadowed)
    assert results(module.work, 1) == (2, True)


def test_package_around_a_module_gets_code_of_its_own(project: Project) -> None:
    package = project.folder / "hits_package"
    package.mkdir()
    (package / "part.py").write_text("def g(x): return x + 1")
    project.names |= {"hits_package", "hits_package.part"}
    source = "import taskcell, hits_package.part\n@taskcell.task\ndef work(x): return hits_package.part.g(x)"
    module = project.load("hits_uses_package", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    (package / "__init__.py").write_text("STATE = 1")
    assert results(module.work, 1)[1] is False


def test_closure_cell_that_is_rebound(project: Project) -> None:
    source = """
    import taskcell
    def make(n):
        @taskcell.task
        def inner(x): return x * n
        def change(m):
            nonlocal n
            n = m
        return inner, change
    """
    inner, change = project.load("hits_closure", source).make(2)
    assert [results(inner, 3), results(inner, 3)] == [(6, False), (6, True)]
    change(5)
    assert results(inner, 3) == (15, False)
    change(2)
    assert results(inner, 3) == (6, True)


def test_default_that_is_mutated_in_place(project: Project) -> None:
    source = "import taskcell\n@taskcell.task\ndef work(x, extra=[1]): return x + sum(extra)"
    work = project.load("hits_default", source).work
    assert [results(work, 1), results(work, 1)] == [(2, False), (2, True)]
    work.uncached.__defaults__[0].append(10)
    assert results(work, 1) == (12, False)


def test_function_under_a_decorator_counts_what_its_wrapper_holds(project: Project) -> None:
    source = """
    import functools, taskcell
    FACTOR = {"by": 2}
    @functools.lru_cache
    def helper(x): return x * 3
    @taskcell.task
    def work(x): return helper(x) * FACTOR["by"]
    """
    module = project.load("hits_wrapped", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(6, False), (6, True)]
    module.FACTOR["by"] = 4
    assert results(module.work, 1) == (12, False)


def test_distribution_of_another_version(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "hits_dist.py").write_text("def g(x): return x + 1")
    _install(site, "1.0")
    monkeypatch.syspath_prepend(site)
    project.names.add("hits_dist")
    source = "import taskcell, hits_dist\n@taskcell.task\ndef work(x): return hits_dist.g(x)"
    module = project.load("hits_uses_dist", source)
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    shutil.rmtree(site / "hits_dist-1.0.dist-info")
    _install(site, "2.0")
    assert [results(module.work, 1), results(module.work, 1)] == [(2, False), (2, True)]
    assert [part.label for part in module.work.last.labelled if part.name == "package:hits-dist"] == ["2.0"]
    shutil.rmtree(site / "hits_dist-2.0.dist-info")
    _install(site, "1.0")
    assert results(module.work, 1) == (2, True)


def test_notebook_sees_a_module_as_it_is_at_each_reading(project: Project) -> None:
    cells = [Cell(source="import hits_read"), Cell(source="%%task\na = hits_read.K")]
    found = []
    for text in ("K = 1", "K = 22", "K = 1"):
        project.write("hits_read", text)
        (task,) = workflows.read_workflow(cells, name="w", folder=project.folder).workflow.tasks
        found.append(next(item.digest for item in task.captures if item.kind is CaptureKind.MODULE))
    assert found[0] == found[2] != found[1]


def _install(site: Path, version: str) -> None:
    info = site / f"hits_dist-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hits-dist\nVersion: {version}\n")
    (info / "RECORD").write_text(f"hits_dist.py,,\n{info.name}/METADATA,,\n")
