"""Classes: by name and version when installed, by bases and members when they are the user's own.

What a library generates into a class from its fields and options counts through those: it may hold addresses and
hashes of the process.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from taskcell.hashing import code, origins
from taskcell.hashing.tokens import Node
from taskcell.hashing.values import Attributes, register

_HEAP_TYPE = 1 << 9
"""Flag of types that are made at run time (``Py_TPFLAGS_HEAPTYPE``)."""
_PYTHON_MADE = frozenset({"__dict__", "__weakref__", "__slots__"})
"""Members, one of which every class has that a class statement made, itself or in a base."""
_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
"""Options of a dataclass that every release of Python has; the others show in its fields and members."""
_PYDANTIC = frozenset(
    f"__{name}__"
    for name in (
        "pydantic_complete",
        "pydantic_core_schema",  # holds the class's address
        "pydantic_fields_complete",
        "pydantic_parent_namespace",
        "pydantic_serializer",
        "pydantic_setattr_handlers",  # filled by use
        "pydantic_validator",
        "signature",
    )
)
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
        members = _own_members(value, lambda name: name not in value.__members__)
        members = {name: part for name, part in members.items() if not name.startswith("_") or _is_written(part)}
        members["members"] = [(name, member.value) for name, member in value.__members__.items()]
    else:
        members = _own_members(value, lambda name: name not in _CLASS_NOISE)
        if "__annotations__" in members:  # their order is that of fields, and so of positional arguments
            members["__annotations__"] = list(members["__annotations__"].items())
        if "__dataclass_params__" in members:
            members["__dataclass_params__"] = [getattr(members["__dataclass_params__"], name) for name in _OPTIONS]
    children = (list(value.__bases__), Attributes(members), type(value) if type(value) is not type else None)
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


def _own_members(value: type, wanted: Callable[[str], bool]) -> dict[str, Any]:
    unread = (types.MemberDescriptorType, types.GetSetDescriptorType)
    members = {name: part for name, part in vars(value).items() if wanted(name) and not isinstance(part, unread)}
    return {name: _meant(part) for name, part in members.items() if not _is_generated(value, name, part)}


def _is_generated(owner: type, name: str, part: Any) -> bool:
    """Whether ``dataclass`` or pydantic made a member: it follows from the fields and the options."""
    if name in _PYDANTIC:
        return True
    inner = inspect.unwrap(part) if isinstance(part, types.FunctionType) else part
    if not isinstance(inner, types.FunctionType) or "__dataclass_fields__" not in vars(owner):
        return False
    return inner.__code__.co_filename == "<string>" or inner.__module__ == "dataclasses"


def _meant(part: Any) -> Any:
    """Return what counts of a member: that attrs made a method, and what pydantic's decorators say."""
    if isinstance(part, types.FunctionType) and part.__code__.co_filename.startswith("<attrs generated"):
        return None  # it follows from the fields, and one that hashes holds a hash of this process
    if type(part).__module__ == "pydantic._internal._decorators" and type(part).__name__ == "DecoratorInfos":
        kinds = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
        return {kind: {name: one.info for name, one in found.items()} for kind, found in kinds.items()}
    return part


def _property(value: property) -> Node:
    return Node("property", (), (value.fget, value.fset, value.fdel), labels=("", "", ""))


def _wrapped(value: Any) -> Node:
    return Node(type(value).__name__, (), (value.__func__,), labels=("",))


def _cached(value: functools.cached_property[Any]) -> Node:
    return Node("cached-property", (), (value.func,), labels=("",))


def _type_variable(value: typing.TypeVar) -> Node:
    kinds = (value.__covariant__, value.__contravariant__)
    return Node("type-variable", (value.__name__,), (value.__bound__, value.__constraints__, kinds))


def _new_type(value: Any) -> Node:
    return Node("new-type", (value.__name__,), (value.__supertype__,), labels=("",))


register(type, expand_class, subclasses=True)
register(property, _property)
register(staticmethod, _wrapped)
register(classmethod, _wrapped)
register(functools.cached_property, _cached)
register(typing.TypeVar, _type_variable)
register(typing.NewType, _new_type)
