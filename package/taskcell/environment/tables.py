"""Write TOML: the small part of it that a lock file needs, in an order that does not change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from taskcell import errors

_BARE = re.compile("[A-Za-z0-9_-]+")


def table(head: str, values: Mapping[str, Any]) -> str:
    """Return a table under its head line; an empty head is the top level. Nested tables stand in line."""
    lines = [head] if head else []
    return "\n".join([*lines, *(_pair(key, value) for key, value in values.items())]) + "\n"


def _value(value: Any) -> str:
    """Return a value in TOML, tables in line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(_pair(key, part) for key, part in value.items())}}}"
    raise errors.InternalError(f"A {type(value).__name__} can't stand in a lock file.")


def _pair(key: str, value: Any) -> str:
    return f"{key if _BARE.fullmatch(key) else _text(key)} = {_value(value)}"


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL; a lone surrogate (an undecodable path) exists in neither.
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(safe, ensure_ascii=False).replace("\x7f", "\\u007f")
