from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from taskcell.analysis import Definition, code_digest, extend_scope, reach
from taskcell.analysis.reaching import Reach
from taskcell.hashing import digest_bytes
from taskcell.model.tasks import CaptureKind


def scope_of(*cells: str) -> dict[str, Definition]:
    scope: dict[str, Definition] = {}
    for number, cell in enumerate(cells, start=1):
        scope = extend_scope(scope, cell, label=f"cell {number}")
    return scope


def names(found: Reach) -> list[str]:
    return [capture.name for capture in found.captures]


def test_helpers_are_reached_through_helpers() -> None:
    scope = scope_of("RATE = 1", "def g(x): return x * RATE", "def f(x): return g(x)", "def other(): pass")
    found = reach({"f"}, scope)
    assert names(found) == ["RATE", "g", "f"]
    assert [capture.reads for capture in found.captures] == [(), ("RATE",), ("g",)]
    assert found.captures[1].origin == "cell 2, line 1"
    assert (found.values, found.missing) == ((), ())


def test_what_is_needed_comes_first() -> None:
    scope = scope_of("a = 1\nz = [a]\nm = [z, a]")
    assert names(reach({"m"}, scope)) == ["a", "z", "m"]


def test_order_does_not_depend_on_the_order_of_the_question() -> None:
    scope = scope_of("a = 1\nb = 2\ndef f(): return a + b")
    assert reach(["f", "a", "b"], scope) == reach(["b", "f", "a"], scope)


def test_recursion_ends() -> None:
    scope = scope_of("def even(n): return odd(n)\ndef odd(n): return even(n)\ndef self(n): return self(n)")
    assert sorted(names(reach({"even", "self"}, scope))) == ["even", "odd", "self"]


def test_chain_of_any_length() -> None:
    last = Definition(name="f5000", kind=CaptureKind.FUNCTION, source="", digest=code_digest(""), reads=frozenset())
    scope = {f"f{i}": replace(last, name=f"f{i}", reads=frozenset({f"f{i + 1}"})) for i in range(5000)}
    found = reach({"f0"}, {**scope, "f5000": last})
    assert len(found.captures) == 5001
    assert found.captures[0].name == "f5000"


def test_value_is_reported_with_who_reaches_it() -> None:
    scope = scope_of("rows = load()", "def f(): return rows")
    found = reach({"f"}, scope)
    assert (names(found), found.values) == (["f"], ("rows",))
    assert found.via == {"f": "the task", "rows": "helper f, cell 2, line 1"}


def test_constant_made_from_a_value_is_a_value() -> None:
    scope = scope_of("rows = load()", "N = len(rows)\nM = N + 1", "def f(): return M")
    found = reach({"f"}, scope)
    assert (names(found), found.values) == (["f"], ("M",))


def test_missing_name_says_who_needs_it() -> None:
    scope = scope_of("def g():\n    return unknown\n\ndef f(): return g()")
    found = reach({"f", "gone"}, scope, lines={"gone": 7})
    assert [(m.name, m.line, m.via) for m in found.missing] == [
        ("unknown", 1, "helper g, cell 1, line 1"),
        ("gone", 7, "the task"),
    ]


def test_builtins_are_not_missing() -> None:
    assert reach({"print", "len", "__name__", "display"}, {}) == reach((), {})


def test_redefined_builtin_is_reached() -> None:
    assert names(reach({"sum"}, scope_of("def sum(x): return x"))) == ["sum"]


def test_import_has_its_distribution() -> None:
    found = reach({"hypothesis"}, scope_of("import hypothesis"))
    import hypothesis

    assert found.captures[0].distributions == (("hypothesis", hypothesis.__version__),)
    assert found.distributions == found.captures[0].distributions
    assert found.captures[0].digest == code_digest("import hypothesis")


def test_standard_library_has_no_distribution() -> None:
    found = reach({"json", "path", "sys"}, scope_of("import json, sys\nfrom os import path"))
    assert found.distributions == ()
    assert found.missing == ()


def test_taskcell_is_a_distribution_of_its_own() -> None:
    found = reach({"taskcell"}, scope_of("import taskcell"))
    assert names(found) == ["taskcell"]
    assert found.missing == ()


def test_module_that_is_nowhere_is_missing() -> None:
    found = reach({"nope"}, scope_of("import nope_nope as nope"))
    assert [(m.name, m.via) for m in found.missing] == [("nope_nope", "import nope, cell 1, line 1")]
    assert "Install" in found.missing[0].remedy


def test_optional_module_is_not_missing() -> None:
    scope = scope_of("try:\n    import nope_nope\nexcept ImportError:\n    nope_nope = None")
    assert reach({"nope_nope"}, scope).missing == ()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "single.py": "import json\nimport hypothesis\nfrom pkg import deep\nRATE = 1\n",
        "pkg/__init__.py": "from .first import one\n",
        "pkg/first.py": "from . import second\nfrom .sub.inner import x\ndef one(): return second.two\n",
        "pkg/second.py": "import single\ntwo = 2\n",
        "pkg/deep.py": "from .. import outside\n",
        "pkg/unused.py": "",
        "pkg/sub/__init__.py": "",
        "pkg/sub/inner.py": "x = 1\n",
        "space/part.py": "y = 1\n",
        "broken.py": "def (\n",
        "latin.py": "# -*- coding: latin-1 -*-\ns = '\xe9'\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
    (tmp_path / "compiled.so").write_bytes(b"\x7fELF")
    return tmp_path


def modules(found: Reach) -> set[str]:
    return {capture.name for capture in found.captures if capture.kind is CaptureKind.MODULE}


def test_local_module_is_captured_as_it_is_on_disk(project: Path) -> None:
    found = reach({"x"}, scope_of("from pkg.sub.inner import x"), local_roots=[project])
    captures = {capture.name: capture for capture in found.captures}
    inner = captures["pkg.sub.inner"]
    assert (inner.kind, inner.source, inner.origin) == (CaptureKind.MODULE, "x = 1\n", "pkg/sub/inner.py")
    assert inner.digest == code_digest("x = 1")
    assert captures["x"].reads == ("pkg", "pkg.sub", "pkg.sub.inner")


def test_packages_come_with_a_module_and_circles_end(project: Path) -> None:
    found = reach({"one"}, scope_of("from pkg import one"), local_roots=[project])
    everything = {"pkg", "pkg.first", "pkg.second", "pkg.sub", "pkg.sub.inner", "single", "pkg.deep"}
    assert modules(found) == everything


def test_submodule_taken_from_a_package_is_found(project: Path) -> None:
    assert "pkg.unused" in modules(reach({"u"}, scope_of("from pkg import unused as u"), local_roots=[project]))
    assert "pkg.unused" in modules(reach({"pkg"}, scope_of("import pkg.unused"), local_roots=[project]))
    assert "pkg.unused" not in modules(reach({"pkg"}, scope_of("import pkg"), local_roots=[project]))


def test_distributions_of_local_modules_count(project: Path) -> None:
    found = reach({"single"}, scope_of("import single"), local_roots=[project])
    captures = {capture.name: capture for capture in found.captures if capture.kind is CaptureKind.MODULE}
    assert [name for name, _ in captures["single"].distributions] == ["hypothesis"]
    assert [name for name, _ in found.distributions] == ["hypothesis"]


def test_namespace_package_is_followed(project: Path) -> None:
    assert modules(reach({"part"}, scope_of("from space import part"), local_roots=[project])) == {"space.part"}
    assert modules(reach({"y"}, scope_of("from space.part import y"), local_roots=[project])) == {"space.part"}


def test_module_that_is_no_python_counts_by_its_bytes(project: Path) -> None:
    (capture, *_) = reach({"broken"}, scope_of("import broken"), local_roots=[project]).captures
    assert capture.digest == digest_bytes(b"def (\n")
    suffix = next(iter(__import__("importlib.machinery").machinery.EXTENSION_SUFFIXES))
    (project / f"fast{suffix}").write_bytes(b"\x7fELF")
    (capture, *_) = reach({"fast"}, scope_of("import fast"), local_roots=[project]).captures
    assert (capture.source, capture.digest) == ("", digest_bytes(b"\x7fELF"))


def test_declared_encoding_is_used(project: Path) -> None:
    (capture, *_) = reach({"latin"}, scope_of("import latin"), local_roots=[project]).captures
    assert "\xe9" in capture.source


def test_edited_module_has_another_digest(project: Path) -> None:
    def digest() -> str:
        return reach({"part"}, scope_of("from space import part"), local_roots=[project]).captures[0].digest

    before = digest()
    (project / "space/part.py").write_text("y = 1  # same\n")
    assert digest() == before
    (project / "space/part.py").write_text("y = 2\n")
    assert digest() != before


def test_missing_submodule_of_a_local_package(project: Path) -> None:
    found = reach({"z"}, scope_of("import pkg.zzz as z"), local_roots=[project])
    assert [m.name for m in found.missing] == ["pkg.zzz"]


def test_import_inside_a_helper_is_followed(project: Path) -> None:
    scope = scope_of("def f():\n    import single\n    import hypothesis\n    return single")
    found = reach({"f"}, scope, local_roots=[project])
    assert "single" in modules(found)
    assert found.captures[-1].reads[-1] == "single"


def test_import_in_the_body_is_followed(project: Path) -> None:
    found = reach((), {}, local_roots=[project], body="%%task\nimport single\n!ls")
    assert "single" in modules(found)
    assert [name for name, _ in found.distributions] == ["hypothesis"]


def test_import_by_literal_name_is_followed(project: Path) -> None:
    body = "import importlib\nm = importlib.import_module('space.part')"
    assert modules(reach((), {}, local_roots=[project], body=body)) == {"space.part"}


def test_finding_executes_nothing(project: Path) -> None:
    (project / "pkg/__init__.py").write_text("raise SystemExit\n")
    reach({"x"}, scope_of("from pkg.sub.inner import x"), local_roots=[project])
    assert "pkg" not in sys.modules


def test_local_module_hides_the_standard_one(project: Path) -> None:
    (project / "statistics.py").write_text("mean = 1\n")
    assert modules(reach({"mean"}, scope_of("from statistics import mean"), local_roots=[project])) == {"statistics"}


def test_module_in_nested_namespace_packages_is_found(tmp_path: Path) -> None:
    for name, text in (("a/one.py", "from space.b import two\n"), ("b/two.py", "X = 1\n")):
        (tmp_path / "space" / name).parent.mkdir(parents=True)
        (tmp_path / "space" / name).write_text(text)
    found = reach({"space"}, scope_of("import space.a.one"), local_roots=[tmp_path])
    assert names(found) == ["space.b.two", "space.a.one", "space"]


@pytest.mark.parametrize(
    "call",
    [
        'importlib.import_module("parts.inner")',
        'importlib.import_module(".inner", "parts")',
        '__import__("parts.inner")',
    ],
)
def test_import_by_a_name_that_is_written_out_is_an_import(tmp_path: Path, call: str) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "inner.py").write_text("X = 1\n")
    found = reach({"m"}, scope_of(f"import importlib\nm = {call}"), local_roots=[tmp_path])
    assert [name for name in names(found) if name != "importlib"] == ["parts", "parts.inner", "m"]
    assert found.values == ()
