"""Check values against a parameter's type and make them what the type has."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Any

from taskcell.notebook import quoting
from taskcell.notebook.parameters.types import Choice, Either, Fixed, Many, Mapped, Scalar, Type

DEEPEST = 64
"""Deepest nesting of a value. Unit: levels."""
WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "bytes": "bytes",
    "None": "None",
    "Any": "a JSON value (None, bool, number, text, list, dict with text keys)",
    "date": "a date such as 2013-01-31",
    "datetime": "a date and time such as 2013-01-31T12:00",
    "Path": "a path",
}


class MismatchError(Exception):
    """A value does not fit its type; the message says what was expected."""


def described(kind: Type) -> str:
    """Return what a type expects, in words for people."""
    match kind:
        case Scalar(name=name):
            return WORDS[name]
        case Choice(values=values):
            return "one of " + ", ".join(quoting.shown(value, 40) for value in values)
        case Either(members=members):
            return " or ".join(described(member) for member in members)
        case Many(container=container, item=item):
            return f"a {container} of ({described(item)})" if item != Scalar(name="Any") else f"a {container}"
        case Fixed(items=items):
            return f"a tuple of {len(items)}: " + ", ".join(described(item) for item in items)
        case Mapped(item=item):
            return f"a dict from text to ({described(item)})"


def accept(kind: Type, value: Any, depth: int = 0) -> Any:
    """Return the value as the type has it (an int becomes a wanted float); raise MismatchError."""
    if depth > DEEPEST:
        raise MismatchError(f"at most {DEEPEST} levels of nesting")
    match kind:
        case Scalar(name="Any"):
            return _accept_any(value, depth)
        case Scalar(name=name):
            return _ACCEPT[name](value)
        case Choice(values=values):
            return _accept_choice(values, value)
        case Either(members=members):
            return _accept_either(members, value, depth)
        case Many(container=container, item=item):
            return _accept_many(container, item, value, depth)
        case Fixed(items=items):
            if not isinstance(value, list | tuple) or len(value) != len(items):
                raise MismatchError(described(kind))
            return tuple(accept(each, part, depth + 1) for each, part in zip(items, value, strict=True))
        case Mapped(item=item):
            if not isinstance(value, dict):
                raise MismatchError(described(kind))
            return {text_key(key): accept(item, part, depth + 1) for key, part in value.items()}


def _is_bool(value: Any) -> bool:
    kind = type(value)
    return kind is bool or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_"))


def _accept_none(value: Any) -> None:
    if value is not None:
        raise MismatchError(WORDS["None"])


def _accept_bool(value: Any) -> bool:
    if not _is_bool(value):
        raise MismatchError(WORDS["bool"])
    return bool(value)


def _accept_int(value: Any) -> int:
    if _is_bool(value) or not isinstance(value, numbers.Integral):
        raise MismatchError(WORDS["int"])
    return int(value)


def _accept_float(value: Any) -> float:
    if _is_bool(value) or not isinstance(value, numbers.Real):
        raise MismatchError(WORDS["float"])
    try:
        return float(value)
    except OverflowError as exc:
        raise MismatchError("a number that fits a float") from exc


def _accept_str(value: Any) -> str:
    if not isinstance(value, str):
        raise MismatchError(WORDS["str"])
    return str(value)


def _accept_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise MismatchError(WORDS["bytes"])
    return bytes(value)


def _accept_date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise MismatchError(WORDS["date"])
    return value


def _accept_datetime(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise MismatchError(WORDS["datetime"])
    # isoformat: subclasses such as a pandas Timestamp become plain, a time zone becomes its offset.
    return datetime.fromisoformat(value.isoformat(timespec="microseconds"))


def _accept_path(value: Any) -> Path:
    if not isinstance(value, str | PurePath) or value == "" or "\x00" in str(value):
        raise MismatchError(WORDS["Path"])
    return Path(value)


def _accept_any(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise MismatchError(f"at most {DEEPEST} levels of nesting")
    if isinstance(value, dict):
        return {text_key(key): _accept_any(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_accept_any(part, depth + 1) for part in value]
    for name in ("None", "bool", "int", "float", "str"):
        try:
            return _ACCEPT[name](value)
        except MismatchError:
            continue
    raise MismatchError(WORDS["Any"])


def _accept_choice(values: tuple[Any, ...], value: Any) -> Any:
    for choice in values:
        # True == 1: the type decides as well. A str subclass is text all the same.
        if choice == value and isinstance(value, type(choice)) and isinstance(choice, bool) == _is_bool(value):
            return choice
    raise MismatchError(described(Choice(values=values)))


def _accept_either(members: tuple[Type, ...], value: Any, depth: int) -> Any:
    fitting: list[Any] = []
    for member in members:
        try:
            found = accept(member, value, depth + 1)
        except MismatchError:
            continue
        if type(found) is type(value):
            return found
        fitting.append(found)
    if not fitting:
        raise MismatchError(described(Either(members=members)))
    return fitting[0]


def _accept_many(container: str, item: Type, value: Any, depth: int) -> Any:
    if not isinstance(value, list | tuple | set | frozenset) or (
        container != "set" and isinstance(value, set | frozenset)
    ):
        raise MismatchError(described(Many(container=container, item=item)))
    items = [accept(item, part, depth + 1) for part in value]
    if container == "list":
        return items
    try:
        return set(items) if container == "set" else tuple(items)
    except TypeError as exc:
        raise MismatchError("a set of values that can be members of a set") from exc


def text_key(key: Any) -> str:
    """Return a key of a dict, which is text; raise MismatchError."""
    if not isinstance(key, str):
        raise MismatchError("a dict whose keys are text")
    return str(key)


_ACCEPT: dict[str, Callable[[Any], Any]] = {
    "None": _accept_none,
    "bool": _accept_bool,
    "int": _accept_int,
    "float": _accept_float,
    "str": _accept_str,
    "bytes": _accept_bytes,
    "date": _accept_date,
    "datetime": _accept_datetime,
    "Path": _accept_path,
}
