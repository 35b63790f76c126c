"""Types of parameters: annotations as a small tree, parsed without running them.

A parameter's type decides how its value is checked, written as JSON and read from a command line; so only
types with one clear JSON form are supported. What they do to values is in ``values``.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from typing import Any, TypeAlias

from taskcell import errors
from taskcell.notebook import quoting

SUPPORTED = (
    "int, float, bool, str, bytes, None, Any, date, datetime, Path, Literal[...], X | Y, Optional[X], "
    "list[X], set[X], tuple[X, ...], tuple[X, Y], dict[str, X]"
)
SCALARS = frozenset({"int", "float", "bool", "str", "bytes", "None", "Any", "date", "datetime", "Path"})
_HOMES = {
    "Any": {"typing"},
    "Literal": {"typing", "t"},
    "Optional": {"typing", "t"},
    "Union": {"typing", "t"},
    "date": {"datetime", "dt"},
    "datetime": {"datetime", "dt"},
    "Path": {"pathlib"},
}
_ALIASES = {"List": "list", "Set": "set", "Tuple": "tuple", "Dict": "dict"}
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One of ``SCALARS``."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``Literal[...]``: one of these values, which are text, numbers, booleans or None."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """``X | Y``."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """``list[X]``, ``set[X]`` or ``tuple[X, ...]``."""

    container: str
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """``tuple[X, Y]``."""

    items: tuple[Type, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """``dict[str, X]``."""

    item: Type


Type: TypeAlias = Scalar | Choice | Either | Many | Fixed | Mapped
ANY = Scalar(name="Any")


class UnsupportedError(Exception):
    """An annotation, or a part of it, that is not supported; the message says which."""


@functools.lru_cache(maxsize=512)
def parse_annotation(annotation: str) -> Type:
    """Return the type that an annotation's text names.

    Raises
    ------
    DefinitionError
        The annotation is not supported; the message lists what is.
    """
    try:
        return from_node(ast.parse(annotation.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, UnsupportedError) as exc:
        part = f": {exc}" if isinstance(exc, UnsupportedError) else ""
        raise errors.DefinitionError(
            f"The type {quoting.shown(annotation)} is not supported for a parameter{part}.",
            remedy=f"Supported: {SUPPORTED}.",
        ) from exc


def from_node(node: ast.expr, depth: int = 0) -> Type:
    """Return the type of a parsed annotation; raise UnsupportedError."""
    if depth > _DEEPEST:
        raise UnsupportedError("it is nested too deep")
    match node:
        case ast.Constant(value=None):
            return Scalar(name="None")
        case ast.Constant(value=str() as text):
            return from_node(_parsed(text), depth + 1)
        case ast.BinOp(op=ast.BitOr()):
            return _either([from_node(side, depth + 1) for side in (node.left, node.right)])
        case ast.Subscript():
            return _subscript(_name(node.value), node.slice, depth)
    return _bare(_name(node))


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as exc:
        raise UnsupportedError(quoting.shown(text)) from exc


def _name(node: ast.expr) -> str:
    """Return the last part of a (dotted) name, if it stands in a module where it means what we think."""
    match node:
        case ast.Name(id=name):
            return _ALIASES.get(name, name)
        case ast.Attribute(value=ast.Name(id=home), attr=name):
            if home in _HOMES.get(name, ()) or (home == "typing" and name in _ALIASES):
                return _ALIASES.get(name, name)
    raise UnsupportedError(quoting.shown(ast.unparse(node)))


def _bare(name: str) -> Type:
    if name in SCALARS:
        return Scalar(name=name)
    if name in ("list", "set"):
        return Many(container=name, item=ANY)
    if name == "tuple":
        return Many(container=name, item=ANY)
    if name == "dict":
        return Mapped(item=ANY)
    raise UnsupportedError(quoting.shown(name))


def _subscript(name: str, node: ast.expr, depth: int) -> Type:
    parts = list(node.elts) if isinstance(node, ast.Tuple) else [node]
    if name == "Literal":
        return Choice(values=tuple(_literal(part) for part in parts))
    if name == "tuple" and len(parts) == 2 and _is_ellipsis(parts[1]):
        return Many(container="tuple", item=from_node(parts[0], depth + 1))
    types = [from_node(part, depth + 1) for part in parts]
    match name, types:
        case "Optional", [item]:
            return _either([item, Scalar(name="None")])
        case "Union", [_, *_]:
            return _either(types)
        case (("list" | "set"), [item]):
            return Many(container=name, item=item)
        case "tuple", [_, *_]:
            return Fixed(items=tuple(types))
        case "dict", [Scalar(name="str"), item]:
            return Mapped(item=item)
        case "dict", _:
            raise UnsupportedError("the keys of a dict are str, as in dict[str, int]")
    raise UnsupportedError(f"'{name}[...]'")


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _literal(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError) as exc:
        raise UnsupportedError(f"Literal[{ast.unparse(node)}]") from exc
    if value is not None and not isinstance(value, str | int):
        raise UnsupportedError(f"Literal[{ast.unparse(node)}] (text, whole numbers, booleans and None are)")
    return value


def _either(types: list[Type]) -> Type:
    members: list[Type] = []
    for found in types:
        members += found.members if isinstance(found, Either) else [found]
    unique = tuple(dict.fromkeys(members))
    return unique[0] if len(unique) == 1 else Either(members=unique)


def inferred(value: Any) -> str:
    """Return the annotation of a literal default that was written without one; raise UnsupportedError."""
    if value is None:
        raise UnsupportedError("None alone does not say which type is meant")
    name = type(value).__name__.replace("PosixPath", "Path").replace("WindowsPath", "Path")
    if isinstance(value, list | tuple | set | dict):
        items = list(value.values()) if isinstance(value, dict) else list(value)
        kinds = {inferred(item) for item in items if item is not None}
        if not kinds or len(kinds) > 1 or None in items:
            return name
        rest = {"tuple": ", ...", "dict": ""}.get(name, "")
        return f"{name}[{'str, ' if name == 'dict' else ''}{kinds.pop()}{rest}]"
    if name not in SCALARS:
        raise UnsupportedError(quoting.shown(name))
    return name
