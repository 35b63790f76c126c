"""Whether a loaded module is what its file says now.

A task is keyed with the file, and executes what is loaded: where they differ, a result must not be kept.
"""

from __future__ import annotations

import ast
import copy
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import TypeGuard

from taskcell.analysis import meaning, parsing
from taskcell.model.tasks import Capture, CaptureKind

_PLAIN = (bool, int, float, complex, str, bytes, type(None))

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

    What is compared is the bytecode and the defaults of functions, methods and properties that can be reached
    from the loaded module by their qualified name, and plain constants of the module and its classes; a module
    reloaded in place (``%autoreload``) is therefore up to date. All other code is compared
    with what the file said when it was noted.
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
    if not (_same_functions(code, tree.body, module) and _same_values(tree.body, module, _rebound(tree))):
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
    if loaded is None:  # a private method has another name in its class
        return not must_be or (isinstance(owner, type) and code.co_name.startswith("__"))
    if isinstance(loaded, type):
        inner = [node for node in body if isinstance(node, ast.ClassDef) and node.name == code.co_name]
        return _same_functions(code, inner[-1].body if inner else [], loaded)
    found = [each.__code__ for each in _functions_in(loaded) if each.__code__.co_name == code.co_name]
    return not found or _essence(code) in [_essence(each) for each in found]


def _functions_in(loaded: object) -> Iterator[types.FunctionType]:
    """Yield the functions that an attribute was made from: below decorators, in properties and class methods."""
    seen: set[int] = set()
    stack = [loaded]
    while stack:
        each = stack.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, types.FunctionType):
            yield each
        stack.append(getattr(each, "__dict__", {}).get("__wrapped__"))
        if isinstance(each, (staticmethod, classmethod)):
            stack.append(each.__func__)
        elif isinstance(each, property):
            stack.extend((each.fget, each.fset, each.fdel))


def _essence(code: types.CodeType) -> tuple[object, ...]:
    """Return what a function does, without where it stands."""
    consts = tuple(
        _essence(const) if isinstance(const, types.CodeType) else (type(const).__name__, repr(const))
        for const in code.co_consts
    )
    return (code.co_code, code.co_names, code.co_varnames, consts)


def _same_values(body: list[ast.stmt], owner: types.ModuleType | type, changing: set[str]) -> bool:
    """Whether plain constants, defaults and lambdas of a module and its classes are those of the source.

    Only what is bound once counts, and nothing that a function rebinds.
    """
    bound: dict[str, ast.AST | None] = dict.fromkeys(changing)
    for node in body:
        for name, value in _bindings(node):
            bound[name] = None if name in bound else value
    names = vars(owner)
    return all(_is_as_written(names[name], value, changing) for name, value in bound.items() if value and name in names)


def _bindings(node: ast.stmt) -> Iterator[tuple[str, ast.AST | None]]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, node
    for target in getattr(node, "targets", [getattr(node, "target", None)]):
        if isinstance(target, ast.Name):
            yield target.id, getattr(node, "value", None)


def _is_as_written(loaded: object, node: ast.AST, changing: set[str]) -> bool:
    """Whether a loaded value is what the source says; whatever was made from it since, or replaced, passes."""
    match node:
        case ast.ClassDef(body=body):
            return not isinstance(loaded, type) or _same_values(body, loaded, changing)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            own = [each for each in _functions_in(loaded) if each.__code__.co_name == node.name]
            return all(same_defaults(each, node.args, _is_constant) for each in own)
        case ast.Lambda() if isinstance(loaded, types.FunctionType) and loaded.__name__ == "<lambda>":
            code = compile(ast.Expression(node), "<module>", "eval", dont_inherit=True)
            return any(_essence(each) == _essence(loaded.__code__) for each in code.co_consts if _is_code(each))
        case ast.Constant(value=value):
            return type(loaded) not in _PLAIN or (type(loaded) is type(value) and repr(loaded) == repr(value))
        case _:
            return True


def _is_constant(loaded: object, node: ast.AST) -> bool:
    return _is_as_written(loaded, node, set())


def same_defaults(
    function: types.FunctionType, args: ast.arguments, is_same: Callable[[object, ast.AST], bool]
) -> bool:
    """Whether a loaded function has the defaults that are written out."""
    values, named = function.__defaults__ or (), function.__kwdefaults__ or {}
    if len(values) != len(args.defaults):
        return False
    pairs = [*zip(values, args.defaults, strict=True)]
    pairs += [(named.get(arg.arg), node) for arg, node in zip(args.kwonlyargs, args.kw_defaults, strict=True) if node]
    return all(is_same(value, node) for value, node in pairs)


def _is_code(const: object) -> TypeGuard[types.CodeType]:
    return isinstance(const, types.CodeType)


def _rebound(tree: ast.Module) -> set[str]:
    """Return names that functions of a module rebind while it is used."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
