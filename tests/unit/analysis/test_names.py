from __future__ import annotations

import subprocess
import sys

import pytest

from taskcell import errors
from taskcell.analysis import CellNames, analyze, is_session_name, needs_await


def test_lines_are_of_the_first_read_else_the_binding() -> None:
    found = analyze("\n%%task a\nx = y\n\ndef f():\n    return z + y\nprint(x)\n")
    assert dict(found.lines) == {"x": 3, "y": 3, "f": 5, "z": 6}


def test_lines_inside_magics_count_in_the_cell() -> None:
    assert analyze("%%time\n\nx = 1\ny = z").lines["z"] == 4
    assert analyze("!ls \\\n  -l\ny = z").lines["z"] == 3
    assert analyze("x = 1\n%time y = z").lines["z"] == 2


PRODUCTS = [
    ("x = 1\ny: int = 2\nz += 3", ("x", "y", "z")),
    ("a, (b, *c) = f()", ("a", "b", "c")),
    ("print(n := 3)", ("n",)),
    ("if c:\n    x = 1\nelse:\n    y = 2", ("x", "y")),
    ("for i in r:\n    t = i", ("t",)),
    ("with open(p) as f:\n    d = f.read()", ("d",)),
    ("try:\n    x = 1\nexcept E as e:\n    y = 2", ("x", "y")),
    ("match a:\n    case {'k': v}:\n        w = v", ("w",)),
    ("import a\nfrom b import c\ndef d(): pass\nclass E: pass\nf = lambda: 1", ()),
    ("for line in f:\n    line = line.strip()", ()),
    ("_tmp = 1\n_ = 2\nx = _tmp", ("x",)),
    ("tmp = 1\nx = tmp\ndel tmp", ("x",)),
    ("b = 1\na = 2\nb = 3", ("b", "a")),
    ("files = !ls", ("files",)),
    ("%time x = 1", ("x",)),
    ("%%capture out\nx = 1", ("x",)),
    ("def f():\n    global g\n    g = 1\nf()", ()),
    ("ys = [y for y in x]", ("ys",)),
]


@pytest.mark.parametrize(("source", "products"), PRODUCTS)
def test_products_are_what_assignments_make(source: str, products: tuple[str, ...]) -> None:
    assert analyze(source).products == products


def test_names_bound_on_some_paths_are_told_apart() -> None:
    found = analyze("a = 1\nif c:\n    b = 2\nfor i in r:\n    d = i\nif c:\n    e = 1\nelse:\n    e = 2")
    assert found.maybe_unbound == {"b", "i", "d"}


def test_optional_reads_are_told_apart() -> None:
    found = analyze(
        "try:\n    cache\nexcept NameError:\n    cache = {}\nfor x in xs:\n    last = x\nprint(last)\n!echo {z}"
    )
    assert found.reads == {"cache", "xs", "last", "z"}
    assert found.optional == {"cache", "last", "z"}


def test_deleted_names_are_told() -> None:
    assert analyze("del a\nb = 1\ndel b\nif c:\n    del d").deletes == {"a", "b"}


INVALID = [
    ("x = (\n", 1),
    ("x = 1\nreturn x", 2),
    ("x = 1\ny = 2 = 3", 2),
    ("%%task a\nx = 1\n\nbreak", 4),
    ("def f():\n    x = 1\n    global x", 3),
    ("%%time\nx = 1\ny = = 2", 3),
    ("x = 1\n%time y = = 2", 2),
    ("def f():\n    yield 1\nyield 2", 3),
    ("!ls\nx = = 1", 2),
]


@pytest.mark.parametrize(("source", "line"), INVALID)
def test_invalid_cell_is_refused_with_its_line(source: str, line: int) -> None:
    with pytest.raises(errors.DefinitionError, match=f"line {line}"):
        analyze(source)


def test_null_and_deep_nesting_are_refused_in_words() -> None:
    for source in ("x = '\0'", "(" * 500 + ")" * 500):
        with pytest.raises(errors.DefinitionError, match="not valid Python"):
            analyze(source)


def test_long_sums_and_chains_are_analysed() -> None:
    assert analyze("x = " + "+".join(["a"] * 800)).reads == {"a"}
    assert analyze("if a: x = 0\n" + "\n".join(f"elif a == {i}: x = 1" for i in range(1500))).reads == {"a"}


def test_command_typed_without_percent_sign_is_a_magic() -> None:
    assert analyze("pip install pandas") == CellNames(reads=frozenset(), writes=frozenset(), mutates=frozenset())


SESSION = ["_", "__", "___", "_1", "_12", "_i", "_ii", "_i3", "In", "Out", "_oh", "_ih", "_dh", "_exit_code"]


@pytest.mark.parametrize("name", SESSION)
def test_session_names_are_known(name: str) -> None:
    assert is_session_name(name)


@pytest.mark.parametrize("name", ["x", "_x", "__x__", "_a1", "Output", "____", "i"])
def test_other_names_are_not_of_the_session(name: str) -> None:
    assert not is_session_name(name)


@pytest.mark.parametrize(
    ("source", "waits"),
    [
        ("await f()", True),
        ("x = [await f() for _ in y]", True),
        ("async for x in y: pass", True),
        ("async with a: pass", True),
        ("x = [a async for a in b]", True),
        ("!ls\nawait f()", True),
        ("%%task\nawait f()", True),
        ("async def f(): await g()", False),
        ("def f(): return [x for x in y]", False),
        ("s = 'await x'", False),
    ],
)
def test_waiting_at_top_level_is_seen(source: str, waits: bool) -> None:
    assert needs_await(source) is waits


def test_plain_cells_do_not_bring_ipython_in() -> None:
    code = (
        "import sys; from taskcell import analysis; heavy = {'IPython', 'pandas', 'numpy', 'pyarrow'};"
        "assert not heavy & sys.modules.keys();"
        "analysis.analyze('%%time\\nx = y'); analysis.definitions('import os'); analysis.code_digest('x');"
        "analysis.reach({'pd'}, {});"
        "assert not heavy & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
