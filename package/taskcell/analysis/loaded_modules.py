"""Whether a loaded module is what its file says now."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterable

from taskcell.analysis import parsing
from taskcell.model.tasks import Capture, CaptureKind


def stale_modules(captures: Iterable[Capture]) -> tuple[str, ...]:
    """Return names of local modules whose loaded functions are not those of the captured source.

    What is compared is the bytecode of functions and methods that can be reached from the loaded module by
    their qualified name, and plain constants at its top level; a module reloaded in place (``%autoreload``)
    is therefore up to date. Best effort: code that is neither is not seen.
    """
    return tuple(capture.name for capture in captures if _is_stale(capture))


def _is_stale(capture: Capture) -> bool:
    module = sys.modules.get(capture.name)
    if capture.kind is not CaptureKind.MODULE or module is None or not capture.source:
        return False
    try:
        tree = parsing.parse_python(capture.source)
        code = compile(tree, "<module>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return not (_same_functions(code, module) and _same_constants(tree, module))


def _same_functions(code: types.CodeType, owner: types.ModuleType | type) -> bool:
    return all(
        _same_definition(const, owner)
        for const in code.co_consts
        if isinstance(const, types.CodeType) and not const.co_name.startswith("<")
    )


def _same_definition(code: types.CodeType, owner: types.ModuleType | type) -> bool:
    """Whether what `owner` has under that name does the same; what was replaced by other means passes."""
    loaded = vars(owner).get(code.co_name)
    loaded = getattr(loaded, "__func__", loaded)
    if loaded is None:
        return False
    if isinstance(loaded, type):
        return _same_functions(code, loaded)
    if not isinstance(loaded, types.FunctionType) or hasattr(loaded, "__wrapped__"):
        return True
    return loaded.__code__.co_name != code.co_name or _essence(loaded.__code__) == _essence(code)


def _essence(code: types.CodeType) -> tuple[object, ...]:
    """Return what a function does, without where it stands."""
    consts = tuple(
        _essence(const) if isinstance(const, types.CodeType) else (type(const).__name__, repr(const))
        for const in code.co_consts
    )
    return (code.co_code, code.co_names, code.co_varnames, consts)


def _same_constants(tree: ast.Module, module: types.ModuleType) -> bool:
    bound: dict[str, ast.expr | None] = {}
    for node in tree.body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                bound[target.id] = None if target.id in bound else getattr(node, "value", None)
    return all(
        vars(module).get(name, value.value) == value.value
        for name, value in bound.items()
        if isinstance(value, ast.Constant)
    )
