"""Values of parameters as JSON and back.

JSON here means what every JSON reader and msgspec return unchanged. A value beyond that (NaN, infinity, an
integer over 64 bits, text with lone surrogates) is written as an object with one key, ``{"$float": "nan"}``;
so is a member of a union that would otherwise look like text. A dict that happens to look so is wrapped too.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from taskcell.notebook.parameters import values
from taskcell.notebook.parameters.types import Either, Fixed, Many, Mapped, Scalar, Type
from taskcell.notebook.parameters.values import DEEPEST, MismatchError


def encode(kind: Type, value: Any) -> Any:
    """Return the JSON form of an accepted value."""
    return _encode(value, tagged=_is_ambiguous(kind))


def decode(kind: Type, data: Any) -> Any:
    """Return the value of a JSON form; raise MismatchError."""
    return values.accept(kind, _decode(kind, data, 0))


def _is_ambiguous(kind: Type) -> bool:
    """Whether JSON text or a JSON list may stand for more than one member of a union in this type."""
    match kind:
        case Either(members=members):
            return (
                True if len([m for m in members if m != Scalar(name="None")]) > 1 else any(map(_is_ambiguous, members))
            )
        case Many(item=item) | Mapped(item=item):
            return _is_ambiguous(item)
        case Fixed(items=items):
            return any(map(_is_ambiguous, items))
    return False


def _encode(value: Any, *, tagged: bool) -> Any:
    match value:
        case None | bool():
            return value
        case int():
            return value if -(2**63) <= value < 2**63 else {"$int": hex(value)}
        case float():
            return value if math.isfinite(value) else {"$float": str(value)}
        case str():
            return value if _is_plain(value) else {"$str": _escaped(value)}
        case dict():
            plain = {key: _encode(part, tagged=tagged) for key, part in value.items()}
            if all(map(_is_plain, plain)) and not _is_tag(plain):
                return plain
            return {"$dict": [[_encode(key, tagged=False), part] for key, part in plain.items()]}
        case list():
            return [_encode(part, tagged=tagged) for part in value]
        case tuple() | set():
            parts = [_encode(part, tagged=tagged) for part in value]
            if isinstance(value, set):
                parts.sort(key=json.dumps)
            return {f"${type(value).__name__}": parts} if tagged else parts
    name, text = _scalar_text(value)
    if name == "Path":
        return text if _is_plain(text) and not tagged else {"$Path": _escaped(text)}
    return {f"${name}": text} if tagged else text


def _scalar_text(value: Any) -> tuple[str, str]:
    match value:
        case datetime():
            return "datetime", value.isoformat()
        case date():
            return "date", value.isoformat()
        case bytes():
            return "bytes", base64.b64encode(value).decode("ascii")
    return "Path", str(value)


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"'))


def _is_plain(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_tag(data: Any) -> bool:
    return isinstance(data, dict) and len(data) == 1 and next(iter(data)) in _TAGS


def _decode(kind: Type | None, data: Any, depth: int) -> Any:
    """Resolve tags, and text for those types that JSON has not; the result is still to be checked."""
    if depth > 2 * DEEPEST:
        raise MismatchError(f"at most {DEEPEST} levels of nesting")
    if _is_tag(data):
        ((tag, inner),) = data.items()
        return _untagged(kind, tag, inner, depth)
    if isinstance(data, list):
        return [_decode(_item(kind, index), part, depth + 1) for index, part in enumerate(data)]
    if isinstance(data, dict):
        return {key: _decode(_item(kind, 0), part, depth + 1) for key, part in data.items()}
    member = _only_member(kind)
    if isinstance(data, str) and isinstance(member, Scalar) and member.name in _TEXT_FORMS:
        return read_form(_TEXT_FORMS[member.name], data, member.name)
    return data


def _only_member(kind: Type | None) -> Type | None:
    if isinstance(kind, Either):
        others = [member for member in kind.members if member != Scalar(name="None")]
        return others[0] if len(others) == 1 else None
    return kind


def _item(kind: Type | None, index: int) -> Type | None:
    match _only_member(kind):
        case Many(item=item) | Mapped(item=item):
            return item
        case Fixed(items=items) if index < len(items):
            return items[index]
    return None


def _untagged(kind: Type | None, tag: str, inner: Any, depth: int) -> Any:
    if tag in ("$dict", "$tuple", "$set"):
        if not isinstance(inner, list):
            raise MismatchError(f"a list in {tag}")
        return _container(kind, tag, inner, depth + 1)
    if not isinstance(inner, str):
        raise MismatchError(f"text in {tag}")
    return read_form(_TAGS[tag], inner, tag[1:])


def _container(kind: Type | None, tag: str, inner: list[Any], depth: int) -> Any:
    if tag == "$dict":
        pairs = [pair for pair in inner if isinstance(pair, list) and len(pair) == 2]
        return {values.text_key(_decode(None, key, depth)): _decode(_item(kind, 0), part, depth) for key, part in pairs}
    parts = [_decode(_item(kind, index), part, depth) for index, part in enumerate(inner)]
    try:
        return tuple(parts) if tag == "$tuple" else set(parts)
    except TypeError as exc:
        raise MismatchError("a set of values that can be members of a set") from exc


def read_form(reader: Callable[[str], Any], text: str, name: str) -> Any:
    """Return what a reader makes of a text; raise MismatchError with the words for the type ``name``."""
    try:
        return reader(text)
    except (ValueError, SyntaxError, binascii.Error) as exc:
        raise MismatchError(values.WORDS[name]) from exc


def _b64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


_TEXT_FORMS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "bytes": _b64,
    "Path": Path,
}
_TAGS: dict[str, Callable[[str], Any]] = {
    "$int": lambda text: int(text, 0),
    "$float": float,
    "$str": _unescaped,
    "$date": date.fromisoformat,
    "$datetime": datetime.fromisoformat,
    "$bytes": _b64,
    "$Path": lambda text: Path(_unescaped(text)),
    "$dict": str,
    "$tuple": str,
    "$set": str,
}
