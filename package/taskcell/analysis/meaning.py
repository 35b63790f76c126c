"""Code by its meaning: one text for all ways of writing the same code, and its digest.

The text is a dump of the syntax tree that is the same on Python 3.11 to 3.14: no positions, absent and
empty fields left out, fields in alphabetical order, constants tagged by type. Comments, layout, quotes and
redundant parentheses have no place in it; docstrings, annotations and everything else do. A ``;`` that
hides the cell's last value counts, because what is displayed is part of a result. IPython lines count as
written, bodies of ``%%time`` and the like as code.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from taskcell import hashing
from taskcell.analysis import ipython_syntax, magic_effects, parsing

REVISION = "code/1"
"""Changes whenever the same code gives another text: part of every digest."""

_SKIPPED = frozenset({"ctx", "type_comment", "type_ignores", "kind"})


@lru_cache(maxsize=2048)
def canonical(source: str) -> str:
    """Return the text of a cell's meaning.

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.

    Examples
    --------
    >>> canonical("x = 'a'  # why") == canonical('x = ("a")')
    True
    """
    translated = ipython_syntax.translate(source)
    text = canonical_nodes(translated.tree.body)
    return f"{text};" if _is_quiet(translated) else text


@lru_cache(maxsize=2048)
def code_digest(source: str) -> hashing.Digest:
    """Return the digest of a cell's meaning."""
    return hashing.digest_parts(REVISION, [canonical(source)])


def nodes_digest(body: Iterable[ast.stmt]) -> hashing.Digest:
    """Return the digest of statements: the same as that of a cell made of them."""
    return hashing.digest_parts(REVISION, [canonical_nodes(body)])


def canonical_nodes(body: Iterable[ast.stmt]) -> str:
    """Return the text of statements."""
    parts: list[str] = []
    with parsing.deep_recursion():
        for node in body:
            _dump(node, parts)
            parts.append("\n")
    return "".join(parts)


def _dump(node: ast.AST, parts: list[str]) -> None:
    if isinstance(node, ast.Constant):
        parts.append(_constant(node.value))
        return
    if isinstance(node, ast.Call):
        magic = ipython_syntax.magic_of(node)
        if magic is not None:
            _dump_magic(magic, parts)
            return
    name, fields = _shapes.get(type(node)) or _shape(type(node))
    parts.append(name)
    for field, head in fields:
        value = getattr(node, field, None)
        if field == "values" and isinstance(node, ast.JoinedStr):
            value = _merged(node.values)
        if value is None or (value == [] and field != "elts"):
            continue
        parts.append(head)
        if isinstance(value, ast.AST):
            _dump(value, parts)
        elif isinstance(value, list):
            _dump_list(value, parts)
        else:
            parts.append(_constant(value))
    parts.append(")")


_Shape: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
_shapes: dict[type[ast.AST], _Shape] = {}


def _shape(kind: type[ast.AST]) -> _Shape:
    """Return what a node's text begins with, and its fields with what is written before each."""
    names = sorted(name for name in kind._fields if name not in _SKIPPED)
    found = _shapes[kind] = f"{kind.__name__}(", tuple((name, f"{name}=") for name in names)
    return found


def _dump_list(items: list[object], parts: list[str]) -> None:
    parts.append("[")
    for item in items:
        if isinstance(item, ast.AST):
            _dump(item, parts)
        elif isinstance(item, list):
            _dump_list(item, parts)
        elif item is None:  # `**d` has no key, `*, a` no default: not the same as the key or default None
            parts.append("-")
        else:
            parts.append(_constant(item))
        parts.append(",")
    parts.append("]")


def _constant(value: object) -> str:
    """Return a constant's text, its type first: 1, 1.0 and True are three things."""
    if type(value) is str:
        return f"<s{len(value)}:{value}>"
    match value:
        case None | bool() | types.EllipsisType():
            return f"<{value}>"
        case int():
            return f"<i{value:x}>"
        case float():
            return f"<f{value.hex()}>"
        case complex():
            return f"<c{value.real.hex()} {value.imag.hex()}>"
        case bytes():
            return f"<b{value.hex()}>"
        case _:
            return f"<{value!r}>"


def _merged(values: list[ast.expr]) -> list[ast.expr]:
    """Return the pieces of an f-string with neighbouring texts joined and empty ones left out."""
    found: list[ast.expr] = []
    for value in values:
        last = found[-1] if found else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            found[-1] = ast.Constant(f"{last.value!s}{value.value!s}")
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            found.append(value)
    return found


def _dump_magic(magic: ipython_syntax.Magic, parts: list[str]) -> None:
    """Write a magic: its line as it stands; its body as code where it is code."""
    parts.append(f"Magic({magic.kind}{_constant(magic.name)}{_constant(magic.line.rstrip())}")
    if magic.kind is ipython_syntax.MagicKind.CELL:
        if magic_effects.effect_of(magic).code:
            parts.append(canonical(magic.body))
        else:
            parts.append(_constant(magic.body))
    parts.append(")")


def _is_quiet(translated: ipython_syntax.Translated) -> bool:
    """Whether a ``;`` after the last expression keeps its value from being displayed."""
    body = translated.tree.body
    if not body or not isinstance(body[-1], ast.Expr):
        return False
    last = body[-1]
    lines = translated.python.split("\n")
    end = (last.end_lineno or last.lineno) - 1
    if end >= len(lines):
        return False
    rest = lines[end].encode()[last.end_col_offset :].decode(errors="replace")
    return rest.lstrip().startswith(";")
