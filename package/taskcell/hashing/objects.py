"""Objects of any other class: taken apart as ``pickle`` and ``copy`` do, by what the class itself says.

A class that says nothing counts by its attributes, without the results that ``functools.cached_property``
keeps. What holds a place in a stream, a connection, a lock or running code is refused.
"""

from __future__ import annotations

import asyncio
import collections
import copyreg
import dataclasses
import functools
import io
import socket
import threading
import types
import weakref
from collections.abc import Iterator
from typing import Any

from taskcell.hashing import origins, passes
from taskcell.hashing.tokens import Node, RefusalError
from taskcell.hashing.values import Attributes, register

_REFUSED: tuple[tuple[type | tuple[type, ...], str, str], ...] = (
    (io.IOBase, "an open file", "Pass its pathlib.Path, or what you read from it."),
    (
        (types.GeneratorType, types.AsyncGeneratorType),
        "a generator",
        "Pass its elements: list(…).",
    ),
    ((types.CoroutineType, asyncio.Future), "a coroutine or future", "Await it and pass the result."),
    (socket.socket, "a socket", "Open the connection inside the task."),
    (
        (
            type(threading.Lock()),
            type(threading.RLock()),
            threading.Condition,
            threading.Event,
            threading.Semaphore,
        ),
        "a lock",
        "Create it inside the task.",
    ),
    (threading.Thread, "a thread", "Start it inside the task and pass its result."),
    (
        (weakref.ref, weakref.ProxyType, weakref.CallableProxyType),
        "a weak reference",
        "Pass the object itself.",
    ),
    (
        (types.FrameType, types.TracebackType),
        "a frame or traceback",
        "Pass its text: traceback.format_exc().",
    ),
    (Iterator, "an iterator", "Pass its elements: list(…)."),
)

_ARTIST = ("matplotlib.artist", "Artist")
"""Base of axes, lines and labels. They hold on to the whole figure, in circles: taking them apart takes seconds, and
to load one would draw its figure again."""
_FIGURE = ("matplotlib.figure", "Figure")
"""Is stored as a picture, and only that has a digest."""


def refusal(kind: type) -> tuple[str, str] | None:
    """Return what values of a type are and what to do instead, if they are never digested or stored."""
    for bases, what, remedy in _REFUSED:
        if issubclass(kind, bases):
            return f"{what} ({kind.__module__}.{kind.__qualname__})", remedy
    if _is(kind, _ARTIST) and not _is(kind, _FIGURE):
        return f"a part of a drawing ({kind.__module__}.{kind.__qualname__})", "Give out the figure, or the data."
    return None


def _is(kind: type, wanted: tuple[str, str]) -> bool:
    return any((base.__module__, base.__name__) == wanted for base in kind.__mro__)


def expand(value: Any) -> Node:
    """Take apart an object of a class that no family knows."""
    kind = type(value)
    refused = refusal(kind)
    if _is(kind, _FIGURE):
        raise RefusalError("a live figure", "Pass the data, and draw inside the task.")
    if refused is not None:
        raise RefusalError(*refused)
    if isinstance(value, (set, frozenset)):  # their own reduction lists the elements in an order of no meaning
        return Node("set-subclass", (), (kind, frozenset(value), Attributes(_attributes(value, kind))))
    own = _reduces(kind)
    if dataclasses.is_dataclass(kind) and not own and not _states(kind):
        return _dataclass(value)
    node = _reduced(value, _reduce(value))
    passes.forget()  # code of the class has run
    return node


def _reduces(kind: Any) -> bool:
    """Whether a class says itself how it is made again."""
    base: Any = object
    return kind.__reduce_ex__ is not base.__reduce_ex__ or kind.__reduce__ is not base.__reduce__


def _states(kind: type) -> bool:
    """Whether a class says itself what its state is; a frozen slotted dataclass has it generated."""
    method = getattr(kind, "__getstate__", None)
    if method is None or method is getattr(object, "__getstate__", None):
        return False
    return getattr(method, "__module__", None) != "dataclasses"


def _dataclass(value: Any) -> Node:
    kind = type(value)
    names = [field.name for field in dataclasses.fields(value)]
    rest = {name: part for name, part in _attributes(value, kind).items() if name not in names}
    held = [name for name in names if hasattr(value, name)]
    children = [kind, *(part for name in held for part in (name, getattr(value, name))), Attributes(rest)]
    labels = ["", *(label for name in held for label in ("", f".{name}")), ""]
    return Node("dataclass", (), children, labels=labels)


def _attributes(value: Any, kind: type) -> dict[str, Any]:
    """Return the instance's own attributes, without remembered results of ``cached_property``."""
    held = getattr(value, "__dict__", None)
    if not isinstance(held, dict):
        return {}
    return {name: part for name, part in held.items() if not _is_cached(kind, name)}


def _is_cached(kind: type, name: object) -> bool:
    if not isinstance(name, str):
        return False
    for base in kind.__mro__:
        if name in vars(base):
            return isinstance(vars(base)[name], functools.cached_property)
    return False


def _reduce(value: Any) -> Any:
    kind = type(value)
    registered = copyreg.dispatch_table.get(kind)
    try:
        return value.__reduce_ex__(4) if registered is None else registered(value)
    except Exception as exc:
        raise RefusalError(
            f"an object of type {kind.__module__}.{kind.__qualname__}",
            "Make it inside the task, or give its class a __reduce__ method that says what it is made of.",
        ) from exc


def _reduced(value: Any, reduced: Any) -> Node:
    kind = type(value)
    if isinstance(reduced, str):
        module = getattr(value, "__module__", None) or kind.__module__
        if not origins.stands_for(module, reduced, value):
            home = origins.home_of(value, reduced)
            if home is None:
                raise RefusalError(f"the object {reduced!r} of {module}", "Pass what it is made of.")
            module = home
        return Node("global", (module, reduced, origins.version_of(module)))
    parts: list[Any] = [*reduced, *(None,) * (6 - len(reduced))]
    function, arguments, state, items, pairs, setter = parts
    if isinstance(state, dict) and not _reduces(kind) and not _states(kind):
        state = Attributes({name: part for name, part in state.items() if not _is_cached(kind, name)})
    mapping: list[Any] = list(pairs) if pairs is not None else []
    entries: Any = mapping if isinstance(value, collections.OrderedDict) else _Pairs(mapping)
    children = (function, arguments, state, list(items) if items is not None else None, entries, setter)
    return Node("object", (), (kind, *children), labels=("", "", " arguments", "", "", "", ""))


class _Pairs:
    """Key and value pairs of a mapping whose order has no meaning."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[Any, Any]]) -> None:
        self.pairs = pairs


register(
    _Pairs,
    lambda held: Node("pairs", (), [part for pair in held.pairs for part in pair], "mapping"),
)
