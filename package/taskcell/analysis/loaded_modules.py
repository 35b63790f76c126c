"""Whether a loaded module is what its file says now.

Python keeps no record of the text that it loaded. Two things tell: the compiled file that the import left,
which is the whole module as it was when any process loaded it last, and the functions, classes and constants
that the loaded module still has.
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from taskcell.analysis import parsing
from taskcell.model.tasks import Capture, CaptureKind

_HEADER_BYTES = 16


def stale_modules(captures: Iterable[Capture]) -> tuple[str, ...]:
    """Return names of local modules that were loaded from another source than the captured one.

    A module reloaded in place (``%autoreload``) is up to date. Where no compiled file tells, what is compared is
    functions, methods and properties, their defaults, and plain constants of the module and its classes; a
    difference elsewhere is not seen.
    """
    return tuple(capture.name for capture in captures if _is_stale(capture))


def stale_words(names: Sequence[str]) -> str:
    """Return what to tell people about stale modules, and what to do."""
    which = f"the module {names[0]} is" if len(names) == 1 else f"the modules {', '.join(names)} are"
    return f"{which} loaded in an older form than on disk; reload, with %autoreload 2 or a new kernel"


def _is_stale(capture: Capture) -> bool:
    module = sys.modules.get(capture.name)
    if capture.kind is not CaptureKind.MODULE or module is None or not capture.source:
        return False
    try:
        tree = parsing.parse_python(capture.source)
        code = compile(tree, "<module>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    last = _last_loaded(module)
    if last is not None and _essence(last) != _essence(code):
        return True
    return not (_same_functions(code, module) and _same_values(tree.body, module))


def _last_loaded(module: types.ModuleType) -> types.CodeType | None:
    """Return the code that the last import of a module by any process left beside its file."""
    cached = getattr(module, "__cached__", None)
    if not cached:
        return None
    try:
        data = Path(cached).read_bytes()
        code = marshal.loads(data[_HEADER_BYTES:]) if data.startswith(importlib.util.MAGIC_NUMBER) else None
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return code if isinstance(code, types.CodeType) else None


def _same_functions(code: types.CodeType, owner: types.ModuleType | type) -> bool:
    return all(
        _same_definition(const, owner)
        for const in code.co_consts
        if isinstance(const, types.CodeType) and not const.co_name.startswith("<")
    )


def _same_definition(code: types.CodeType, owner: types.ModuleType | type) -> bool:
    """Whether what `owner` has under that name does the same; what was replaced by other means passes."""
    loaded = vars(owner).get(code.co_name)
    if loaded is None:
        return False
    if isinstance(loaded, type):
        return _same_functions(code, loaded)
    found = [function.__code__ for function in _functions_in(loaded) if function.__code__.co_name == code.co_name]
    return not found or _essence(code) in [_essence(each) for each in found]


def _functions_in(loaded: object) -> Iterator[types.FunctionType]:
    """Yield the functions that an attribute was made from: through decorators, properties, class methods."""
    seen: list[object] = []
    stack = [loaded]
    while stack:
        each = stack.pop()
        if each is None or any(each is other for other in seen):
            continue
        seen.append(each)
        if isinstance(each, types.FunctionType):
            yield each
        if isinstance(each, types.FunctionType | property | staticmethod | classmethod) or callable(each):
            stack.extend(getattr(each, name, None) for name in ("__wrapped__", "__func__", "fget", "fset", "fdel"))


def _essence(code: types.CodeType) -> tuple[object, ...]:
    """Return what a function does, without where it stands."""
    consts = tuple(
        _essence(const) if isinstance(const, types.CodeType) else (type(const).__name__, _shown(const))
        for const in code.co_consts
    )
    return (code.co_code, code.co_names, code.co_varnames, consts)


def _shown(const: object) -> str:
    """Return a constant as text; a set's elements in order, as the order in which it shows them is chance."""
    return repr(sorted(map(repr, const))) if isinstance(const, frozenset) else repr(const)


def _same_values(body: Iterable[ast.stmt], owner: types.ModuleType | type) -> bool:
    """Whether plain constants, defaults of functions and what is in classes are those of the source."""
    bound: dict[str, ast.expr | None] = {}
    for node in body:
        if isinstance(node, ast.ClassDef):
            loaded = vars(owner).get(node.name)
            if isinstance(loaded, type) and not _same_values(node.body, loaded):
                return False
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _same_defaults(
            node, vars(owner).get(node.name)
        ):
            return False
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name):
                bound[target.id] = None if target.id in bound else getattr(node, "value", None)
    return all(_is_value(vars(owner).get(name), value) for name, value in bound.items() if name in vars(owner))


def _same_defaults(node: ast.FunctionDef | ast.AsyncFunctionDef, loaded: object) -> bool:
    """Whether the defaults of a function are those of the source, where these are written out."""
    for function in _functions_in(loaded):
        if function.__code__.co_name == node.name:
            values = function.__defaults__ or ()
            by_name = function.__kwdefaults__ or {}
            named = [
                (by_name.get(arg.arg), default)
                for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            ]
            return len(values) == len(node.args.defaults) and all(
                _is_value(value, default) for value, default in (*zip(values, node.args.defaults, strict=True), *named)
            )
    return True


def _is_value(loaded: object, node: ast.expr | None) -> bool:
    """Whether a value is what the source says; a container may have been filled since, so it isn't looked into."""
    if isinstance(node, ast.Lambda) and isinstance(loaded, types.FunctionType):
        code = compile(ast.Expression(node), "<module>", "eval", dont_inherit=True).co_consts[0]
        return loaded.__code__.co_name != "<lambda>" or _essence(loaded.__code__) == _essence(code)
    if not isinstance(node, ast.Constant | ast.Tuple | ast.UnaryOp | ast.BinOp):
        return True
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return True
    return type(loaded) is type(value) and repr(loaded) == repr(value)
