"""Whether a function or a class still is what its source says, so that the source may speak for it.

State that is kept between calls (a default that is filled, an attribute of a function or of a class) is in no source.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from functools import lru_cache

from taskcell.analysis import loaded_modules, parsing

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def is_as_written(value: object, source: str) -> bool:
    """Whether a function or class that lives in a namespace has the defaults and attributes that its ``def`` or ``class`` says.

    What a decorator made is not looked into, beyond the plain attributes of a class.
    """
    if isinstance(value, types.FunctionType):
        return not (value.__defaults__ or value.__kwdefaults__ or vars(value)) or _same_function(value, source)
    return not isinstance(value, type) or _same_class(value, source)


def keeps_defaults(value: object) -> bool:
    """Whether it is a function with a list, dict or set as a default: what a call puts there, the next one finds."""
    return isinstance(value, types.FunctionType) and any(
        type(default) in (list, dict, set) for default in value.__defaults__ or ()
    )


@lru_cache(maxsize=1024)
def _definition(source: str) -> _Definition | None:
    try:
        body = parsing.parse_python(source).body
    except SyntaxError:
        return None
    return body[0] if len(body) == 1 and isinstance(body[0], _Definition) else None


def _same_function(value: types.FunctionType, source: str) -> bool:
    node = _definition(source)
    if node is None or isinstance(node, ast.ClassDef) or node.decorator_list:
        return True
    return not vars(value) and loaded_modules.same_defaults(value, node.args, _is_literal)


def _same_class(value: type, source: str) -> bool:
    node = _definition(source)
    if not isinstance(node, ast.ClassDef):
        return True
    names = vars(value)
    written = dict(_attributes(node))
    if not all(_is_literal(names[name], said) for name, said in written.items() if said is not None and name in names):
        return False
    if (
        value.__bases__ != (object,)
        or node.decorator_list
        or node.keywords
        or len(written) != len(node.body) - _silent(node)
    ):
        return True  # what a base or a statement put there can't be told from what was added
    return all(name in written or name.startswith("_") or _is_member(one) for name, one in names.items())


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST | None]]:
    """Yield the names that a class body binds by simple statements; the value where it is an expression."""
    for each in node.body:
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, None
            case ast.Assign(targets=[ast.Name(id=name)], value=said):
                yield name, said
            case ast.AnnAssign(target=ast.Name(id=name), value=said):
                yield name, said


def _silent(node: ast.ClassDef) -> int:
    """Count statements that bind nothing: docstrings, ``pass``."""
    return sum(isinstance(each, (ast.Pass, ast.Expr)) for each in node.body)


def _is_member(value: object) -> bool:
    return isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))


def _is_literal(loaded: object, node: ast.AST) -> bool:
    """Whether a value is the literal that stands in the source; anything else that stands there passes."""
    match node:
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" as made), args=[], keywords=[]):
            said: object = {"list": list, "dict": dict, "set": set}[made]()
        case _:
            try:
                said = ast.literal_eval(node)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                return True
    if type(loaded) is not type(said):
        # A field's descriptor stands for its default; a plain value in the place of another does not.
        return not isinstance(loaded, (bool, int, float, complex, str, bytes, tuple, list, dict, set, type(None)))
    return loaded == said if isinstance(said, set) else repr(loaded) == repr(said)
