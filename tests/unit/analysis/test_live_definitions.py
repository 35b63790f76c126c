"""A function or class still is what its text says, or holds what calls have left in it."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, NamedTuple

import pytest

from taskcell.analysis import is_as_written, keeps_defaults


def defined(source: str, **names: Any) -> Any:
    namespace: dict[str, Any] = dict(names)
    exec(source, namespace)
    return list(namespace.values())[-1]


@pytest.mark.parametrize(
    "source",
    [
        "def f(a, b=1, *, c=None): return a",
        "def f(a, b=[], c={}, d=set(), e=(1, [2]), g=list(), h={1, 2}): return a",
        "def f(a, b=float('nan'), c=-1.5, d=b'x'): return a",
        "def f(a, b=[[], {'k': []}]): return a",
        "class C: pass",
        "class C:\n    'words'\n    n = 0\n    m: int = 1\n    k: str\n    def f(self): return 1\n    class D: pass",
        "class C:\n    __slots__ = ('a', 'b')\n    def f(self): return 1",
        "class C:\n    for i in range(3): pass",
        "class C:\n    x, y = 1, 2",
        "@dataclasses.dataclass\nclass C:\n    n: int = 0\n    held: list = dataclasses.field(default_factory=list)",
        "class C(enum.Enum):\n    RED = 1\n    BLUE = 'b'",
        "class C(NamedTuple):\n    x: int = 1\n    y: list = []",
        "class Base:\n    def __init_subclass__(cls): cls.n = 1\nclass C(Base): pass",
    ],
)
def test_fresh_definition_is_as_written(source: str) -> None:
    made = defined(source, dataclasses=dataclasses, enum=enum, NamedTuple=NamedTuple)
    own = source[source.rindex("class C(Base)") :] if "Base:" in source else source
    assert is_as_written(made, own)


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ("def f(a, b=[]): b.append(a)", "it(1)"),
        ("def f(a, *, b={}): b[a] = 1", "it(1)"),
        ("def f(a, b=set()): b.add(a)", "it(1)"),
        ("def f(a, b=list()): b.append(a)", "it(1)"),
        ("def f(a, b=[[]]): b[0].append(a)", "it(1)"),
        ("def f(a, b=1): return b", "setattr(it, '__defaults__', (2,))"),
        ("def f(a, b=1): return b", "setattr(it, '__defaults__', None) or setattr(it, 'n', 1)"),
        ("def f(): f.n = 1", "it()"),
        ("class C:\n    n = 0\n    def __init__(self): C.n += 1", "it()"),
        ("class C:\n    seen = []\n    def __init__(self): self.seen.append(1)", "it()"),
        ("class C: pass", "setattr(it, 'added', 1)"),
        ("class C:\n    n = 0", "setattr(it, 'n', None)"),
    ],
)
def test_what_use_has_left_is_seen(source: str, use: str) -> None:
    made = defined(source)
    assert is_as_written(made, source)
    eval(use, {"it": made})
    assert not is_as_written(made, source)


def test_functions_with_containers_as_defaults_are_known() -> None:
    assert keeps_defaults(defined("def f(a, b=[]): pass"))
    assert not keeps_defaults(defined("def f(a, b=()): pass"))
    assert not keeps_defaults(len)
