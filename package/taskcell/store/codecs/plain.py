"""JSON form of small values: exact for every type that it takes.

``None``, booleans, texts, lists, dicts with text keys, and the numbers that JSON can hold stand for
themselves. Everything else is an object with one key that begins with ``$``: ``{"$tuple": [1, 2]}``. A value
inside that has a codec of its own is handed to ``hold`` and stands as ``{"$child": 0}``.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

from taskcell.hashing.values import token_of
from taskcell.store.codecs import scalars

MAX_DEPTH = 200
LARGE_BYTES = 256 * 1024
"""Texts and bytes from this size on are stored on their own. Unit: bytes."""
_MAX_REPEATS = 100_000

_INT_LIMIT = 1 << 63
_FACTORIES: dict[str, Callable[[], Any]] = {
    kind.__name__: kind for kind in (int, float, str, bool, list, dict, set, tuple)
}


class NotPlainError(Exception):
    """The value has no JSON form, by its shape (a circle, too deep, odd keys) or by its type."""


class Writer:
    """Turns values into their JSON form.

    Parameters
    ----------
    hold : callable or None
        Takes a value that has a codec of its own and returns its number; None: such a value has no JSON form.
    """

    def __init__(self, hold: Callable[[Any], int] | None = None) -> None:
        self._hold = hold
        self._open: set[int] = set()
        self._seen: set[int] = set()
        self._repeats = 0

    def write(self, value: Any) -> Any:
        """Return the JSON form; raise NotPlainError."""
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if kind is bool or value is None:
            return value
        if kind is int:
            return value if -_INT_LIMIT <= value < _INT_LIMIT else {"$int": hex(value)}
        container = _CONTAINERS.get(kind)
        if container is not None:
            return self._container(container, value)
        return self._leaf(value)

    def _text(self, value: str) -> Any:
        if len(value) >= LARGE_BYTES:
            return self._held(value)
        return value if _is_unicode(value) else {"$str": value.encode("utf-8", "surrogatepass").hex()}

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, (bytes, bytearray)) and len(value) >= LARGE_BYTES:
            return self._held(value)
        written = scalars.write(value)
        if written is not None:
            tag, content = written
            return {tag: [self.write(part) for part in content] if isinstance(content, tuple) else content}
        if isinstance(value, PurePath) and not (isinstance(value, Path) and value.exists()):
            return {
                "$path": [
                    type(value).__name__ if not isinstance(value, Path) else "Path",
                    self._text(str(value)),
                ]
            }
        return self._held(value)

    def _held(self, value: Any) -> Any:
        if self._hold is None:
            raise NotPlainError(type(value).__name__)
        return {"$child": self._hold(value)}

    def _container(self, write: Callable[[Writer, Any], Any], value: Any) -> Any:
        key = id(value)
        if key in self._open or len(self._open) >= MAX_DEPTH:
            raise NotPlainError("a circle, or too deep")
        if key in self._seen:
            self._repeats += 1
            if self._repeats > _MAX_REPEATS:
                raise NotPlainError("shared too often")
        self._seen.add(key)
        self._open.add(key)
        try:
            return write(self, value)
        finally:
            self._open.discard(key)

    def key(self, value: Any) -> Any:
        """Return the JSON form of a dict key or set element, which can't be held apart."""
        hold, self._hold = self._hold, None
        try:
            return self.write(value)
        finally:
            self._hold = hold


def _is_unicode(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _list(writer: Writer, value: Any) -> Any:
    write = writer.write
    return [write(part) for part in value]


def _tagged_list(tag: str) -> Callable[[Writer, Any], Any]:
    return lambda writer, value: {tag: _list(writer, value)}


def _tagged_set(tag: str) -> Callable[[Writer, Any], Any]:
    return lambda writer, value: {tag: [writer.key(part) for part in sorted(value, key=token_of)]}


def _dict(writer: Writer, value: Any) -> Any:
    write = writer.write
    if all(type(key) is str and key[:1] != "$" and _is_unicode(key) for key in value):
        return {key: write(part) for key, part in value.items()}
    return {"$dict": _pairs(writer, value)}


def _pairs(writer: Writer, value: Any) -> list[list[Any]]:
    return [[writer.key(key), writer.write(part)] for key, part in value.items()]


def _defaultdict(writer: Writer, value: Any) -> Any:
    factory = value.default_factory
    name = "" if factory is None else getattr(factory, "__name__", "")
    if factory is not None and _FACTORIES.get(name) is not factory:
        raise NotPlainError("a defaultdict with a factory of its own")
    return {"$defaultdict": [name, _pairs(writer, value)]}


_CONTAINERS: dict[type, Callable[[Writer, Any], Any]] = {
    list: _list,
    dict: _dict,
    tuple: _tagged_list("$tuple"),
    set: _tagged_set("$set"),
    frozenset: _tagged_set("$frozenset"),
    OrderedDict: lambda writer, value: {"$ordered": _pairs(writer, value)},
    Counter: lambda writer, value: {"$counter": _pairs(writer, value)},
    defaultdict: _defaultdict,
    deque: lambda writer, value: {"$deque": [value.maxlen, _list(writer, value)]},
    SimpleNamespace: lambda writer, value: {"$namespace": _dict(writer, vars(value))},
}

CONTAINER_TYPES = frozenset(_CONTAINERS)


class Reader:
    """Turns JSON forms into values; ``fetch`` returns the value of a child by its number."""

    def __init__(self, fetch: Callable[[int], Any] | None = None) -> None:
        self._fetch = fetch

    def read(self, form: Any) -> Any:
        """Return a new value; raise ValueError, TypeError or KeyError when the form is none of ours."""
        kind = type(form)
        if kind is list:
            return [self.read(part) for part in form]
        if kind is not dict:
            return form
        if len(form) == 1:
            ((tag, content),) = form.items()
            if tag[:1] == "$":
                return self._tagged(tag, content)
        return {key: self.read(part) for key, part in form.items()}

    def _tagged(self, tag: str, content: Any) -> Any:
        build = _BUILDERS.get(tag)
        if build is not None:
            return build(self, content)
        if tag == "$child":
            if self._fetch is None:
                raise ValueError("a child where none can be")
            return self._fetch(content)
        return scalars.read(tag, [self.read(part) for part in content] if isinstance(content, list) else content)

    def pairs(self, content: Iterable[Any]) -> list[tuple[Any, Any]]:
        """Return key and value pairs."""
        return [(self.read(key), self.read(part)) for key, part in content]


def _read_path(_: Reader, content: Any) -> PurePath:
    import pathlib

    name, text = content
    kinds: dict[str, type[PurePath]] = {
        "Path": pathlib.Path,
        "PurePosixPath": pathlib.PurePosixPath,
        "PureWindowsPath": pathlib.PureWindowsPath,
    }
    return kinds[name](Reader().read(text))


_BUILDERS: dict[str, Callable[[Reader, Any], Any]] = {
    "$float": lambda _, content: float(content),
    "$int": lambda _, content: int(content, 16),
    "$str": lambda _, content: bytes.fromhex(content).decode("utf-8", "surrogatepass"),
    "$path": _read_path,
    "$tuple": lambda reader, content: tuple(reader.read(part) for part in content),
    "$set": lambda reader, content: {reader.read(part) for part in content},
    "$frozenset": lambda reader, content: frozenset(reader.read(part) for part in content),
    "$dict": lambda reader, content: dict(reader.pairs(content)),
    "$ordered": lambda reader, content: OrderedDict(reader.pairs(content)),
    "$counter": lambda reader, content: Counter(dict(reader.pairs(content))),
    "$defaultdict": lambda reader, content: defaultdict(_FACTORIES.get(content[0]), reader.pairs(content[1])),
    "$deque": lambda reader, content: deque(reader.read(content[1]), content[0]),
    "$namespace": lambda reader, content: SimpleNamespace(**reader.read(content)),
}
