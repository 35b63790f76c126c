"""Functions and classes: what they do counts, how they are written down does not."""

from __future__ import annotations

import dataclasses
import enum
import functools
import linecache
import types
from typing import Any

from taskcell.hashing import digest_value

_numbers = iter(range(10_000))


def cell(source: str, **names: Any) -> dict[str, Any]:
    """Run source as a notebook's cell is run: in ``__main__``, with its text known to ``linecache``."""
    file = f"<cell {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    exec(compile(source, file, "exec"), namespace)
    return namespace


def digest_of(source: str, name: str = "f", **names: Any) -> str:
    return digest_value(cell(source, **names)[name])


def test_comments_and_formatting_do_not_count() -> None:
    plain = "def f(x):\n    return x + 1\n"
    assert digest_of(plain) == digest_of("# note\n\ndef f( x ):\n\n    # why\n    return (x\n        + 1)\n")


def test_edited_body_counts() -> None:
    assert digest_of("def f(x):\n    return x + 1\n") != digest_of("def f(x):\n    return x + 2\n")


def test_default_counts_by_value() -> None:
    source = "def f(x=A):\n    return x\n"
    assert digest_of(source, A=1) != digest_of(source, A=2)


def test_global_that_is_read_counts_by_value() -> None:
    source = "def f(x):\n    return x + RATE\n"
    assert digest_of(source, RATE=[1]) != digest_of(source, RATE=[2])
    assert digest_of(source, RATE=[1], other=1) == digest_of(source, RATE=[1], other=2)


def test_helper_that_is_called_counts() -> None:
    source = "def g(x):\n    return x * {}\ndef f(x):\n    return g(x)\n"
    assert digest_of(source.format(2)) != digest_of(source.format(3))


def test_closure_counts_by_value() -> None:
    source = "def make(n):\n    def inner(x):\n        return x + n\n    return inner\nf = make({})\n"
    assert digest_of(source.format(1)) == digest_of(source.format(1))
    assert digest_of(source.format(1)) != digest_of(source.format(2))


def test_attribute_name_is_not_taken_for_a_global() -> None:
    source = "def f(x):\n    return x.data\n"
    assert digest_of(source, data=1) == digest_of(source, data=2)


def test_recursive_and_mutually_recursive_functions_are_digested() -> None:
    source = "def f(n):\n    return g(n - 1) if n else {}\ndef g(n):\n    return f(n)\n"
    assert digest_of(source.format(0)) == digest_of(source.format(0))
    assert digest_of(source.format(0)) != digest_of(source.format(1))


def test_lambdas_on_one_line_are_told_apart() -> None:
    found = cell("fs = [lambda x: x + 1, lambda x: x + 2, lambda x: x + 1]\n")["fs"]
    digests = [digest_value(function) for function in found]
    assert digests[0] == digests[2] != digests[1]


def test_lambda_is_the_same_wherever_it_stands() -> None:
    assert digest_of("f = lambda x: x + 1\n") == digest_of("f = (1,\n  lambda x: (x+1),\n)[1]\n")


def test_source_that_is_not_what_was_compiled_is_not_used() -> None:
    namespace = cell("def f(x):\n    return x + 1\n")
    before = digest_value(namespace["f"])
    file = namespace["f"].__code__.co_filename
    edited = "def f(x):\n    return x + 9\n"
    linecache.cache[file] = (len(edited), None, edited.splitlines(keepends=True), file)
    assert digest_value(namespace["f"]) not in (before, digest_of(edited))


def test_function_without_source_is_digested_by_its_code() -> None:
    namespaces = []
    for body in ("x + 1", "x + 1", "x + 2"):
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(f"def f(x): return {body}", namespace)
        namespaces.append(digest_value(namespace["f"]))
    assert namespaces[0] == namespaces[1] != namespaces[2]


def test_methods_with_private_names_and_super_are_proven() -> None:
    source = (
        "class A:\n    def f(self):\n        return 1\n"
        "class B(A):\n    def __init__(self):\n        self.__n = {}\n"
        "    def f(self):  # note{}\n        return super().f() + self.__n\n"
    )
    assert digest_of(source.format(1, ""), "B") == digest_of(source.format(1, " more\n\n"), "B")
    assert digest_of(source.format(1, ""), "B") != digest_of(source.format(2, ""), "B")


def test_class_counts_by_members_and_bases() -> None:
    source = "class A:\n    k = {}\nclass f(A):\n    def m(self):\n        return self.k\n"
    assert digest_of(source.format(1)) == digest_of(source.format(1))
    assert digest_of(source.format(1)) != digest_of(source.format(2))


def test_instance_counts_its_class() -> None:
    source = "class A:\n    def m(self):\n        return {}\nf = A()\n"
    assert digest_of(source.format(1)) != digest_of(source.format(2))


def test_dataclass_of_a_notebook_is_digested() -> None:
    source = "@dataclass\nclass A:\n    x: int = {}\n    def m(self):\n        return self.x\n"
    digests = [digest_of(source.format(n), "A", dataclass=dataclasses.dataclass) for n in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_enumeration_of_a_notebook_is_digested() -> None:
    source = "class A(Enum):\n    X = 1\n    Y = {}\nf = A.X\n"
    digests = [digest_of(source.format(n), "f", Enum=enum.Enum) for n in (2, 2, 3)]
    assert digests[0] == digests[1] != digests[2]


def test_bound_method_counts_its_object() -> None:
    source = "class A:\n    def __init__(self, n):\n        self.n = n\n    def m(self):\n        return self.n\n"
    source += "f = A({}).m\n"
    assert digest_of(source.format(1)) != digest_of(source.format(2))


def test_what_a_cached_function_remembers_does_not_count() -> None:
    source = "@lru_cache\ndef f(x):\n    return x + 1\n"
    first = cell(source, lru_cache=functools.lru_cache)["f"]
    second = cell(source, lru_cache=functools.lru_cache)["f"]
    second(1)
    assert digest_value(first) == digest_value(second)


def test_installed_functions_classes_and_modules_count_by_name() -> None:
    assert len({digest_value(value) for value in (functools.reduce, functools.wraps, dict, list, types, enum)}) == 6
