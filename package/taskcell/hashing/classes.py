"""Classes: by name and version when installed, by bases and members when they are the user's own.

Which members are the user's own, and which are generated: ``taskcell.hashing.members``.
"""

from __future__ import annotations

import enum
import functools
import types
import typing
from typing import Any

from taskcell.hashing import code, members, origins
from taskcell.hashing.tokens import Node
from taskcell.hashing.values import Attributes, register

_HEAP_TYPE = 1 << 9
"""Flag of types that are made at run time (``Py_TPFLAGS_HEAPTYPE``)."""
_PYTHON_MADE = frozenset({"__dict__", "__weakref__", "__slots__"})
"""Members, one of which every class has that a class statement made, itself or in a base."""
_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
"""Options of a dataclass that every release of Python has; the others show in its fields and members."""
_CLASS_NOISE = frozenset(
    [
        "__dict__",
        "__slotnames__",  # set by copyreg when the first instance is pickled
        "__weakref__",
        "__module__",
        "__firstlineno__",
        "__static_attributes__",
        "_abc_impl",
        "__qualname__",
        "__annotations_cache__",
    ]
)


def expand_class(value: type) -> Node:
    """Take apart a class: by name when installed, by bases and members when it is the user's own."""
    if origins.stands_for(value.__module__, value.__qualname__, value) or _is_compiled(value):
        return code.named(value.__module__, value.__qualname__)
    if issubclass(value, enum.Enum):
        held = members.written(value, lambda name: name not in value.__members__)
        held = {name: part for name, part in held.items() if not name.startswith("_") or _is_written(part)}
        held["members"] = [(name, member.value) for name, member in value.__members__.items()]
    else:
        held = members.written(value, lambda name: name not in _CLASS_NOISE)
        if "__annotations__" in held:  # their order is that of fields, and so of positional arguments
            held["__annotations__"] = list(held["__annotations__"].items())
        if "__dataclass_params__" in held:
            held["__dataclass_params__"] = [getattr(held["__dataclass_params__"], name) for name in _OPTIONS]
    children = (list(value.__bases__), Attributes(held), type(value) if type(value) is not type else None)
    return Node("class", (value.__qualname__,), children, labels=(" bases", "", " metaclass"))


def _is_compiled(value: type) -> bool:
    """Whether a class of an installed module is made by compiled code, which often gives it no name to be found by."""
    if not isinstance(value.__module__, str) or origins.is_local(value.__module__):
        return False
    return not any(base.__flags__ & _HEAP_TYPE and _PYTHON_MADE & vars(base).keys() for base in value.__mro__)


def _is_written(part: Any) -> bool:
    """Whether a private or special member of an enumeration is the user's own, not one that ``enum`` puts there."""
    inner = getattr(part, "__func__", part)
    return isinstance(inner, types.FunctionType) and origins.is_local(inner.__module__)


def _property(value: property) -> Node:
    return Node("property", (), (value.fget, value.fset, value.fdel), labels=("", "", ""))


def _wrapped(value: Any) -> Node:
    return Node(type(value).__name__, (), (value.__func__,), labels=("",))


def _cached(value: functools.cached_property[Any]) -> Node:
    return Node("cached-property", (), (value.func,), labels=("",))


def _type_variable(value: typing.TypeVar) -> Node:
    kinds = (value.__covariant__, value.__contravariant__)
    return Node("type-variable", (value.__name__,), (value.__bound__, value.__constraints__, kinds, *_default(value)))


def _other_variable(value: Any) -> Node:
    bound = getattr(value, "__bound__", None)
    bound = None if bound is type(None) else bound  # what 3.11 says where there is none
    return Node(type(value).__name__, (value.__name__,), (bound, *_default(value)))


def _default(value: Any) -> tuple[Any, ...]:
    """Return the default of a type variable, which it may have since Python 3.13."""
    return (value.__default__,) if hasattr(value, "has_default") and value.has_default() else ()


def _forward(value: typing.ForwardRef) -> Node:
    """Take apart a type that is named before it is there; whether it has been looked up yet does not count."""
    kinds = (value.__forward_is_argument__, value.__forward_is_class__)
    return Node("forward-reference", (value.__forward_arg__,), (value.__forward_module__, kinds))


def _new_type(value: Any) -> Node:
    return Node("new-type", (value.__name__,), (value.__supertype__,), labels=("",))


register(type, expand_class, subclasses=True)
register(property, _property)
register(staticmethod, _wrapped)
register(classmethod, _wrapped)
register(functools.cached_property, _cached)
register(typing.TypeVar, _type_variable)
register(typing.ParamSpec, _other_variable)
register(typing.TypeVarTuple, _other_variable)
register(typing.ForwardRef, _forward)
register(typing.NewType, _new_type)
