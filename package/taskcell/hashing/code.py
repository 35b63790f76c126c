"""Functions and modules.

What is installed counts by name and version. What the user wrote counts by what it does: a function by its
source, comments and formatting aside, if that source is proven to be what was compiled, otherwise by its
compiled code; by its defaults, the values in its closure, and the globals that it reads.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import dis
import functools
import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taskcell.hashing import origins, tokens
from taskcell.hashing.tokens import Node, RefusalError
from taskcell.hashing.values import register

_FUTURE = functools.reduce(
    lambda left, name: left | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)
_NESTED = inspect.CO_NESTED
_GLOBAL_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_UNREAD = ("lineno", "col_offset", "end_lineno", "end_col_offset", "kind", "type_comment", "ctx")


_dispatching: Any = functools.singledispatch(lambda _: None)
_DISPATCHING: types.CodeType = _dispatching.__code__
"""Code of every ``functools.singledispatch`` function: its implementations count, not what it remembers of calls."""


class _Missing:
    """A global that a function reads and that is not bound."""


_MISSING = _Missing()


def named(module: str | None, name: str) -> Node:
    """Return what stands for something installed: its name and its distribution's version."""
    return Node("global", (module or "", name, origins.version_of(module or "")))


# --- functions --------------------------------------------------------------------------------------------


def _function(value: types.FunctionType) -> Node:
    if value.__code__ is _DISPATCHING:
        return Node("single-dispatch", (value.__name__,), (dict(vars(value)["registry"]),), labels=("",))
    if origins.stands_for(value.__module__, value.__qualname__, value):
        return named(value.__module__, value.__qualname__)
    closure = _cells(value)
    reads = _globals_of(value)
    children = (
        _Code(value.__code__, value.__qualname__),
        value.__defaults__,
        value.__kwdefaults__,
        closure,
        reads,
        {name: part for name, part in vars(value).items() if name != "__wrapped__"} or None,
    )
    labels = (" code", " defaults", " defaults", " closure", " reads", "")
    return Node("function", (value.__name__,), children, labels=labels)


def _cells(function: types.FunctionType) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: _content(cell) for name, cell in cells}


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING


def _globals_of(function: types.FunctionType) -> dict[str, Any]:
    names = sorted(set(_names_read(function.__code__)))
    missing = {name: function.__globals__.get(name, _MISSING) for name in names}
    return {name: part for name, part in missing.items() if part is not _MISSING or not hasattr(builtins, name)}


def _names_read(code: types.CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in _GLOBAL_READS:
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_read(constant)


class _Code:
    """A function's code with the qualified name under which it was defined."""

    __slots__ = ("code", "qualname")

    def __init__(self, code: types.CodeType, qualname: str) -> None:
        self.code = code
        self.qualname = qualname


def _code(held: _Code) -> Node:
    tree = proven_source(held.code, held.qualname)
    if tree is not None:
        return Node("source", canonical(tree))
    return Node("code", (), (held.code,), labels=("",))


def _compiled(code: types.CodeType) -> Node:
    return Node("compiled", (code.co_name,), _signature(code))


def _signature(code: types.CodeType) -> list[Any]:
    """Return what a code object does: everything except where its source lies."""
    flags = code.co_flags & ~_NESTED
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return [code.co_code, getattr(code, "co_exceptiontable", b""), counts, names, code.co_consts]


def proven_source(code: types.CodeType, qualname: str) -> ast.AST | None:
    """Return the tree of the function's source, if compiling that source gives this very code.

    A module edited after it was loaded, or a cell run twice, can leave other text at the recorded place.
    """
    try:
        source = inspect.getsource(code)
        tree = ast.parse("if 1:\n" + source if source[:1].isspace() else source)
        for node in ast.walk(tree):
            if _may_be(node, code) and _compiles_to(node, code, qualname):
                return node
    except (OSError, TypeError, SyntaxError, ValueError, IndexError, RecursionError):
        return None
    return None


def _may_be(node: ast.AST, code: types.CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name


def _compiles_to(node: ast.AST, code: types.CodeType, qualname: str) -> bool:
    """Whether compiling a definition, in scopes like its own, gives this code."""
    statement: Any = node
    if isinstance(node, ast.Lambda):
        statement = ast.Expr(node)
    else:
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        node.decorator_list = []
    inside = [part for part in qualname.split(".") if part != "<locals>"][:-1]
    in_class = bool(inside) and not qualname.endswith("<locals>." + code.co_name)
    free = [name for name in code.co_freevars if name != "__class__"]
    lines = ["def _():", f" {' = '.join(free)} = None" if free else " pass"]
    if in_class:
        lines.append(f" class {inside[-1]}: pass")
    module: Any = ast.parse("\n".join(lines))
    place = module.body[0].body
    if in_class:
        place[-1].body = [statement]
    else:
        place.append(statement)
    compiled = compile(
        ast.fix_missing_locations(module), "<digest>", "exec", code.co_flags & _FUTURE, dont_inherit=True
    )
    return any(_same(found, code) for found in _inner(compiled))


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _inner(constant)


def _same(left: types.CodeType, right: types.CodeType) -> bool:
    if left.co_name != right.co_name or _signature(left)[:4] != _signature(right)[:4]:
        return False
    if len(left.co_consts) != len(right.co_consts):
        return False
    return all(_same_constant(a, b) for a, b in zip(left.co_consts, right.co_consts, strict=True))


def _same_constant(left: Any, right: Any) -> bool:
    if isinstance(left, types.CodeType):
        return isinstance(right, types.CodeType) and _same(left, right)
    return tokens_of(left) == tokens_of(right)


def tokens_of(constant: Any) -> tokens.Token:
    """Return the token of a constant."""
    from taskcell.hashing.values import token_of

    return token_of(constant)


def canonical(node: ast.AST) -> list[bytes]:
    """Return a syntax tree as parts, alike for every formatting of it and every release of Python.

    Empty and absent fields are left out, because newer grammars add them.
    """
    parts: list[bytes] = []
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, bytes):
            parts.append(item)
        elif isinstance(item, ast.AST):
            fields = [(name, part) for name, part in ast.iter_fields(item) if name not in _UNREAD]
            kept = [(name, part) for name, part in fields if (part is not None and part != []) or name == "value"]
            parts += [b"(", type(item).__name__.encode()]
            stack.append(b")")
            for name, part in reversed(kept):
                stack += [part, name.encode()]
        elif isinstance(item, list):
            parts.append(b"[")
            stack.append(b"]")
            stack += reversed(item)
        else:
            parts.append(tokens_of(item))
    return parts


def _builtin(value: Any) -> Node:
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        return named(value.__module__ or "builtins", value.__qualname__)
    return Node("bound", (value.__name__,), (owner,), labels=(".__self__",))


def _method(value: types.MethodType) -> Node:
    return Node("method", (), (value.__self__, value.__func__), labels=(".__self__", ""))


def _remembering(value: Any) -> Node:
    """Digest a function behind ``functools.lru_cache``: what it remembers does not count."""
    return Node("lru-cache", (), (value.__wrapped__, value.cache_parameters()), labels=("", ""))


# --- modules ----------------------------------------------------------------------------------------------


def _module(value: types.ModuleType) -> Node:
    if not origins.is_local(value.__name__):
        return Node("module", (value.__name__, origins.version_of(value.__name__)))
    file = getattr(value, "__file__", None)
    if value.__name__ == "__main__" or file is None:
        raise RefusalError(f"the module {value.__name__}", "Pass the functions or values that are needed from it.")
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError) as exc:
        raise RefusalError(f"the module {value.__name__} ({file}: {exc})", "Make its source readable.") from exc
    return Node("local-module", (value.__name__, *canonical(tree)), _local_modules(value))


def _local_modules(value: types.ModuleType) -> list[types.ModuleType]:
    """Return the user's own modules that a module has imported."""
    import sys

    names = {getattr(part, "__module__", None) for part in vars(value).values()}
    names |= {part.__name__ for part in vars(value).values() if isinstance(part, types.ModuleType)}
    names -= {value.__name__, "__main__", None}
    found = [sys.modules.get(name) for name in sorted(name for name in names if isinstance(name, str))]
    return [module for module in found if module is not None and origins.is_local(module.__name__)]


register(types.FunctionType, _function)
register(types.BuiltinFunctionType, _builtin)
register(types.MethodType, _method)
register(types.CodeType, _compiled)
register(types.ModuleType, _module, subclasses=True)
register(type(functools.lru_cache(lambda: None)), _remembering)
register(_Code, _code)
register(_Missing, lambda _: Node("unbound"))
