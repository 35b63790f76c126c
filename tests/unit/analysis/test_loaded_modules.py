from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskcell.analysis import extend_scope, reach, stale_modules
from taskcell.model.tasks import Capture

SOURCE = """
import functools
LIMIT = 3
def f(x, k=1):
    return [x + i for i in range(k)]
class A:
    size = 1
    @property
    def p(self):
        return 5
    def m(self):
        return LIMIT
    @staticmethod
    def s():
        return 1
@functools.lru_cache
def kept(x):
    return x
double = lambda x: x * 2
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "watched_module.py"
    file.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    importlib.import_module("watched_module")
    yield file
    del sys.modules["watched_module"]


def captured(folder: Path) -> tuple[Capture, ...]:
    return reach({"watched_module"}, extend_scope({}, "import watched_module"), local_roots=[folder]).captures


def test_loaded_module_is_up_to_date(module: Path) -> None:
    assert stale_modules(captured(module.parent)) == ()


def test_comment_and_moved_lines_do_not_make_it_stale(module: Path) -> None:
    module.write_text("# a comment\n\n\n" + SOURCE)
    assert stale_modules(captured(module.parent)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x + i", "x - i"),
        ("return LIMIT", "return LIMIT + 1"),
        ("return 1", "return 2"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("def f(", "def g(): pass\ndef f("),
        ("k=1", "k=2"),
        ("size = 1", "size = 2"),
        ("size = 1", "size = True"),
        ("return 5", "return 6"),
        ("    return x\n", "    return -x\n"),
        ("x * 2", "x * 3"),
    ],
)
def test_edited_code_makes_it_stale(module: Path, old: str, new: str) -> None:
    module.write_text(SOURCE.replace(old, new))
    assert stale_modules(captured(module.parent)) == ("watched_module",)


def test_what_a_module_keeps_while_it_is_used_does_not_make_it_stale(module: Path) -> None:
    loaded = sys.modules["watched_module"]
    text = SOURCE + "state = None\ndef fill():\n    global state\n    state = 1\n"
    module.write_text(text + "import enum\nclass Hue(enum.Enum):\n    RED = 1\n    BLUE = 2\n")
    importlib.reload(loaded)
    vars(loaded)["fill"]()
    assert stale_modules(captured(module.parent)) == ()


def test_reloaded_module_is_up_to_date(module: Path) -> None:
    module.write_text(SOURCE.replace("x + i", "x - i"))
    importlib.reload(sys.modules["watched_module"])
    assert stale_modules(captured(module.parent)) == ()


def test_module_that_is_not_loaded_is_not_stale(module: Path) -> None:
    captures = captured(module.parent)
    module.write_text("x = 1\n")
    saved = sys.modules.pop("watched_module")
    assert stale_modules(captures) == ()
    sys.modules["watched_module"] = saved
