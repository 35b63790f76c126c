"""Read values of parameters from text: a command line, a field of a form."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from taskcell.notebook.parameters import encoding, values
from taskcell.notebook.parameters.types import Choice, Either, Scalar, Type
from taskcell.notebook.parameters.values import MismatchError

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def from_text(kind: Type, text: str) -> Any:
    """Return the value that a text from a command line or a form means; raise MismatchError."""
    match kind:
        case Scalar(name=name):
            return values.accept(kind, _SCALAR_TEXT[name](text))
        case Choice(values=choices):
            for value in choices:
                if text == ("null" if value is None else str(value)):
                    return value
            raise MismatchError(values.described(kind))
        case Either(members=members):
            return _either_from_text(members, text, values.described(kind))
        case _:
            return encoding.decode(kind, _json_or_literal(text, values.described(kind)))


def _text_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise MismatchError(values.WORDS["bool"])


def _text_int(text: str) -> int:
    return int(encoding.read_form(lambda word: int(word, 10), text.strip(), "int"))


def _text_none(text: str) -> None:
    if text.strip() not in ("null", "None"):
        raise MismatchError("null")


def _path(text: str) -> Any:
    return values.accept(Scalar(name="Path"), text)


def _json_or_literal(text: str, expected: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as exc:
        raise MismatchError(f"{expected}, written as JSON") from exc


def _either_from_text(members: tuple[Type, ...], text: str, expected: str) -> Any:
    """Try the members in order; text is what is left when nothing stricter fits."""
    for member in sorted(members, key=lambda kind: kind == Scalar(name="str")):
        try:
            return from_text(member, text)
        except MismatchError:
            continue
    raise MismatchError(expected)


_SCALAR_TEXT: dict[str, Callable[[str], Any]] = {
    "None": _text_none,
    "bool": _text_bool,
    "int": _text_int,
    "float": lambda text: encoding.read_form(float, text.strip(), "float"),
    "str": str,
    "bytes": lambda text: text.encode("utf-8", "surrogateescape"),
    "date": lambda text: encoding.read_form(date.fromisoformat, text.strip(), "date"),
    "datetime": lambda text: encoding.read_form(datetime.fromisoformat, text.strip(), "datetime"),
    "Path": _path,
    "Any": lambda text: _json_or_literal(text, values.WORDS["Any"]),
}
