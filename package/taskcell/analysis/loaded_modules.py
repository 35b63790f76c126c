"""Whether a loaded module is what its file says now.

A task is keyed with the file, and executes what is loaded: where they differ, a result must not be kept.
"""

from __future__ import annotations

import ast
import copy
import sys
import types
from collections.abc import Iterable

from taskcell.analysis import meaning, parsing
from taskcell.model.tasks import Capture, CaptureKind

_noted: dict[str, tuple[object, str]] = {}
"""Of each loaded module its spec, which a reload replaces, and its source when it was first looked at."""


def note_modules(captures: Iterable[Capture]) -> None:
    """Remember the sources of loaded modules, so that a later edit of them is noticed."""
    for capture in captures:
        module = sys.modules.get(capture.name) if capture.kind is CaptureKind.MODULE else None
        if module is not None and (capture.name not in _noted or _noted[capture.name][0] is not module.__spec__):
            _noted[capture.name] = module.__spec__, capture.source


def stale_modules(captures: Iterable[Capture]) -> tuple[str, ...]:
    """Return names of local modules that are loaded in another form than the captured source.

    What is compared is the bytecode of functions and methods that can be reached from the loaded module by
    their qualified name, and plain constants at its top level; a module reloaded in place (``%autoreload``)
    is therefore up to date. All other code is compared with what the file said when it was noted.
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
    if not (_same_functions(code, tree.body, module) and _same_constants(tree, module)):
        return True
    spec, source = _noted.get(capture.name, (None, ""))
    return (
        spec is module.__spec__ and source != capture.source and _outside_functions(source) != _outside_functions(tree)
    )


def _outside_functions(source: str | ast.Module) -> str:
    """Return what runs when a module is loaded, in canonical form."""
    tree = parsing.parse_python(source) if isinstance(source, str) else copy.deepcopy(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return meaning.canonical_nodes(tree.body)


def _same_functions(code: types.CodeType, body: list[ast.stmt], owner: types.ModuleType | type) -> bool:
    """Whether what `owner` has under each name does what one of the definitions of that name says."""
    defined: dict[str, list[types.CodeType]] = {}
    for const in code.co_consts:
        if isinstance(const, types.CodeType) and not const.co_name.startswith("<"):
            defined.setdefault(const.co_name, []).append(const)
    kept = _certainly_kept(body)
    return all(
        any(_same_definition(each, body, owner, must_be=name in kept) for each in codes)
        for name, codes in defined.items()
    )


def _certainly_kept(body: list[ast.stmt]) -> set[str]:
    """Return definitions that stand on no branch and are not deleted again."""
    kept = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    deleted = {
        name.id
        for node in body
        if isinstance(node, ast.Delete)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    return kept - deleted


def _same_definition(
    code: types.CodeType, body: list[ast.stmt], owner: types.ModuleType | type, *, must_be: bool
) -> bool:
    """Whether what `owner` has under that name does the same; what was replaced by other means passes."""
    loaded = vars(owner).get(code.co_name)
    loaded = getattr(loaded, "__func__", loaded)
    if loaded is None:  # a private method has another name in its class
        return not must_be or (isinstance(owner, type) and code.co_name.startswith("__"))
    if isinstance(loaded, type):
        inner = [node for node in body if isinstance(node, ast.ClassDef) and node.name == code.co_name]
        return _same_functions(code, inner[-1].body if inner else [], loaded)
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
