"""Digests of Python values by their meaning.

Equal values have equal digests in every process and on every machine; different values differ, and the type
counts: ``1``, ``1.0``, ``True`` and ``np.int64(1)`` are four values. What can't be digested soundly raises
``UnstorableError`` that says where in the value it lies; nothing is skipped.

This module walks: it takes a value apart into nodes, without recursion, and joins the tokens on the way back.
How a value of one family is taken apart is said in the family's module, loaded when the first value of it
appears. Refused alternatives and the rule for each type: ``docs/design/003-values-and-codecs.md``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from types import EllipsisType, NotImplementedType
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from taskcell import errors
from taskcell.hashing import tokens
from taskcell.hashing.digests import Digest
from taskcell.hashing.tokens import Node, RefusalError, Token

Expander: TypeAlias = Callable[[Any], "Node | Token"]

LEAVES: dict[type, Callable[[Any], Token]] = {
    int: tokens.of_int,
    float: tokens.of_float,
    str: tokens.of_str,
    bool: tokens.of_bool,
    type(None): lambda _: tokens.NONE,
    bytes: tokens.of_bytes,
    complex: tokens.of_complex,
    EllipsisType: lambda _: tokens.ELLIPSIS,
    NotImplementedType: lambda _: tokens.NOT_IMPLEMENTED,
}
_EXACT: dict[type, Expander] = {
    list: lambda value: Node("list", (), value),
    tuple: lambda value: Node("tuple", (), value),
    dict: lambda value: Node("dict", (), [part for item in value.items() for part in item], "mapping"),
    set: lambda value: Node("set", (), list(value), "set"),
    frozenset: lambda value: Node("frozenset", (), list(value), "set"),
}
_WITH_SUBCLASSES: dict[type, Expander] = {}
_FOUND: WeakKeyDictionary[type, Expander] = WeakKeyDictionary()

_FAMILIES = {
    "PIL": "images",
    "numpy": "arrays",
    "pandas": "frames",
    "pathlib": "files",
    "polars": "polars_tables",
    "pyarrow": "tables",
    "scipy.sparse": "sparse_matrices",
    "sklearn.neighbors._ball_tree": "search_trees",
    "sklearn.neighbors._kd_tree": "search_trees",
}
"""Package or module that a type comes from -> module here that knows its types."""
_NOTHING: Mapping[int, Digest] = {}
_MAX_REVISITS = 100_000
"""Visits of values inside circles, after which a value is refused: they can't be remembered."""


class Attributes:
    """Names and values of an object: a dict, except in messages."""

    __slots__ = ("held",)

    def __init__(self, held: Mapping[Any, Any]) -> None:
        self.held = held


def _attributes(value: Attributes) -> Node:
    children = [part for item in value.held.items() for part in item]
    labels = [label for name in value.held for label in (" name", f".{name}")]
    return Node("dict", (), children, "mapping", labels)


_EXACT[Attributes] = _attributes


def register(kind: type, expander: Expander, *, subclasses: bool = False) -> None:
    """Say how values of a type are taken apart; ``subclasses``: also those of types derived from it."""
    _EXACT[kind] = expander
    if subclasses:
        _WITH_SUBCLASSES[kind] = expander


def digest_value(value: object, *, known: Mapping[int, Digest] | None = None) -> Digest:
    """Return the digest of a value by its meaning.

    Parameters
    ----------
    value
        Any value.
    known
        Digests of values inside it that are known already, by ``id``; the caller keeps those values alive.
        They must be values whose token is hashed (no numbers, no short texts).

    Raises
    ------
    UnstorableError
        A part of the value can't be digested soundly; the message names the way to it.

    Examples
    --------
    >>> digest_value({"a": 1, "b": 2}) == digest_value({"b": 2, "a": 1})
    True
    >>> digest_value(1) == digest_value(1.0)
    False
    """
    return tokens.to_digest(token_of(value, known=known))


def token_of(value: object, *, known: Mapping[int, Digest] | None = None) -> Token:
    """Return the token of a value: what stands for it in the digest of a container."""
    leaf = LEAVES.get(type(value))
    if leaf is not None:
        return leaf(value)
    return _Walk(known or _NOTHING).token(value)


def digest_of_list(elements: list[Token]) -> Digest:
    """Return the digest of a list from the tokens of its elements."""
    return tokens.to_digest(tokens.join(Node("list"), elements))


def _take_leaves(children: Iterator[Any], found: list[Token]) -> Any:
    """Add the tokens of leaves; return the first child that is none, or ``_END``."""
    leaves, append = LEAVES, found.append
    for child in children:
        leaf = leaves.get(type(child))
        if leaf is None:
            return child
        append(leaf(child))
    return _END


class _Frame:
    """A node whose children are being visited. ``lowest``: depth of the outermost value they refer to."""

    __slots__ = ("children", "lowest", "node", "tokens", "value")

    def __init__(self, value: object, node: Node, children: Iterator[Any], found: list[Token], depth: int) -> None:
        self.value = value
        self.node = node
        self.children = children
        self.tokens = found
        self.lowest = depth + 1


_END: Any = object()


class _Walk:
    """One traversal: what is done (by id, with the value kept alive) and what is open."""

    __slots__ = ("done", "open", "revisits", "stack")

    def __init__(self, known: Mapping[int, Digest]) -> None:
        self.done: dict[int, tuple[Token, object]] = {}
        for key, digest in known.items():
            self.done[key] = (tokens.from_digest(digest), None)
        self.open: dict[int, int] = {}
        self.stack: list[_Frame] = []
        self.revisits = 0

    def token(self, value: object) -> Token:
        """Return the token of a value that is no leaf."""
        stack, child = self.stack, value
        while True:
            token, child = self._enter(child)
            while token is not None:
                if not stack:
                    return token
                frame = stack[-1]
                frame.tokens.append(token)
                child = _take_leaves(frame.children, frame.tokens)
                token = self._leave() if child is _END else None

    def _enter(self, value: object) -> tuple[Token | None, object]:
        """Return the token if it can be had at once; otherwise open a frame and return its next child."""
        key = id(value)
        done = self.done.get(key)
        if done is not None:
            return done[0], _END
        depth = self.open.get(key)
        if depth is not None:
            frame = self.stack[-1]
            frame.lowest = min(frame.lowest, depth)
            return tokens.back_reference(len(self.stack) - depth), _END
        try:
            node = expander_of(type(value))(value)
        except RefusalError as exc:
            raise self._refused(exc) from exc.__cause__
        except (MemoryError, RecursionError):
            raise
        except Exception as exc:  # of a library's or the user's own code: a property, an unfinished type
            what = (
                f"an object of type {type(value).__module__}.{type(value).__qualname__} ({type(exc).__name__}: {exc})"
            )
            raise self._refused(RefusalError(what, "Pass what it is made of.")) from exc
        if type(node) is not Node:
            token: Token = node  # type: ignore[assignment]
            self.done[key] = (token, value)
            return token, _END
        found: list[Token] = []
        children = iter(node.children)
        child = _take_leaves(children, found)
        if child is _END:
            token = tokens.join(node, found)
            self.done[key] = (token, value)
            return token, _END
        self.open[key] = len(self.stack)
        self.stack.append(_Frame(value, node, children, found, len(self.stack)))
        return None, child

    def _leave(self) -> Token:
        """Close the innermost frame. A value that is part of a circle is not remembered.

        Its token depends on where the circle was entered; everything else has one token wherever it is met.
        """
        frame = self.stack.pop()
        depth = len(self.stack)
        token = tokens.join(frame.node, frame.tokens)
        key = id(frame.value)
        del self.open[key]
        if frame.lowest > depth:
            self.done[key] = (token, frame.value)
            return token
        if self.stack and frame.lowest < depth:
            self.stack[-1].lowest = min(self.stack[-1].lowest, frame.lowest)
        self.revisits += 1
        if self.revisits > _MAX_REVISITS:
            raise self._refused(
                RefusalError("a value with too many circular references", "Pass its parts on one by one.")
            )
        return token

    def _refused(self, exc: RefusalError) -> errors.UnstorableError:
        way = [frame.node.label(len(frame.tokens)) for frame in self.stack]
        if len(way) > 12:
            way = [*way[:6], " … ", *way[-6:]]
        path = "".join(way)
        message = f"value{path}: {exc.what} can't be digested"
        return errors.UnstorableError(message, remedy=exc.remedy, path=path, what=exc.what)


def expander_of(kind: type) -> Expander:
    """Return how values of a type are taken apart, loading the family's module at first sight."""
    found = _EXACT.get(kind) or _FOUND.get(kind)
    if found is None:
        found = _FOUND[kind] = _find(kind)
    return found


def _families(module: object) -> Iterator[str]:
    parts = module.split(".") if isinstance(module, str) else []
    for count in range(1, len(parts) + 1):
        family = _FAMILIES.get(".".join(parts[:count]))
        if family is not None:
            yield family


def _find(kind: type) -> Expander:
    for base in kind.__mro__:
        for family in _families(base.__module__):
            importlib.import_module(f"taskcell.hashing.{family}")
    from taskcell.hashing import classes, objects, scalars  # noqa: F401 - they register types of the standard library

    if kind in _EXACT:
        return _EXACT[kind]
    for base in kind.__mro__:
        if base in _WITH_SUBCLASSES:
            return _WITH_SUBCLASSES[base]
    return classes.expand_class if issubclass(kind, type) else objects.expand
