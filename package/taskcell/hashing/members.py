"""Members of a class that somebody wrote, apart from those that its fields and options bring about.

What ``dataclass``, ``NamedTuple``, ``Protocol``, ``TypedDict``, attrs and pydantic generate into a class follows from
its fields and options, and those count. The generated code differs from one release of Python to the next, and may
hold addresses and hashes of the process.
"""

from __future__ import annotations

import collections
import dataclasses
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

_UNREAD = (types.MemberDescriptorType, types.GetSetDescriptorType)
_FIELD: Any = type(vars(collections.namedtuple("_", "field"))["field"])
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
_TYPING = frozenset(
    f"__{name}__"
    for name in (
        "callable_proto_members_only",
        "mutable_keys",
        "non_callable_proto_members",
        "protocol_attrs",
        "readonly_keys",
    )
)
"""What ``typing`` works out from annotations and members, some of it since 3.12 or 3.13, some at first use."""


def written(owner: type, wanted: Callable[[str], bool]) -> dict[str, Any]:
    """Return the members of a class that count, each as that which counts of it."""
    members = {name: part for name, part in vars(owner).items() if wanted(name) and not isinstance(part, _UNREAD)}
    return {name: _meant(part) for name, part in members.items() if not _is_generated(owner, name, part)}


def _is_generated(owner: type, name: str, part: Any) -> bool:
    held = vars(owner)
    if name in _PYDANTIC or name in _TYPING:
        return True
    if name == "__annotations__":
        return not part  # there once somebody has looked at them
    if name == "__orig_bases__":  # of a TypedDict since 3.12
        return "__total__" in held and not any(hasattr(base, "__origin__") for base in part)
    if "_fields" in held and tuple in owner.__bases__ and type(part) is _FIELD:
        fields = held["_fields"]
        return name in fields and part.__reduce__()[1][0] == fields.index(name)
    made = _module_of(getattr(part, "__func__", part))
    return made is not None and _is_made(held, name, made, part)


def _is_made(held: Mapping[str, Any], name: str, made: str, part: Any) -> bool:
    """Whether a function of a class comes from code of that module, which generates members."""
    if "_fields" in held and (made == "collections" or made.startswith("namedtuple_")):
        return True
    if name == "__subclasshook__":
        return made == "typing"
    if "__attrs_attrs__" in held and made.startswith("attr."):
        return True
    if "__dataclass_fields__" not in held or not isinstance(part, types.FunctionType):
        return False
    inner = inspect.unwrap(part)
    return bool(inner.__code__.co_filename == "<string>" or inner.__module__ == "dataclasses")


def _module_of(part: Any) -> str | None:
    """Return the name of the module in whose code a function was made; None for anything else."""
    return str(part.__globals__.get("__name__", "")) if isinstance(part, types.FunctionType) else None


def _meant(part: Any) -> Any:
    """Return what counts of a member: that attrs made a method, and what pydantic's decorators say."""
    if isinstance(part, types.FunctionType) and part.__code__.co_filename.startswith("<attrs generated"):
        return None  # it follows from the fields, and one that hashes holds a hash of this process
    if type(part).__module__ == "pydantic._internal._decorators" and type(part).__name__ == "DecoratorInfos":
        kinds = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
        return {kind: {name: one.info for name, one in found.items()} for kind, found in kinds.items()}
    return part
