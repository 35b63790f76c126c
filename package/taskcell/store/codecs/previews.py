"""Short texts for people: a shape, a number, the first characters. Nothing here may fail or take long."""

from __future__ import annotations

import re
import reprlib
from typing import Any

_LENGTH = 80
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


class _Short(reprlib.Repr):
    """Shortened representation; an object whose own representation fails is named by its type."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _LENGTH
        self.maxlevel = 3

    def repr_int(self, x: int, level: int) -> str:
        """Describe an int that Python refuses to write out."""
        return f"int of {x.bit_length():,} bits" if x.bit_length() > 1000 else super().repr_int(x, level)


_SHORT = _Short()


def type_name(value: object) -> str:
    """Return the qualified name of a value's type; built-in types without their module."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def of_shape(value: Any, shape: tuple[int, ...]) -> str:
    """Return a preview of something with rows and columns: ``DataFrame 27,004 × 19``."""
    return cut(f"{type(value).__name__} {' × '.join(f'{size:,}' for size in shape) or 'scalar'}")


def preview(value: object) -> str:
    """Return a short text for any value: its shape where it has one, else how it begins."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape and all(isinstance(size, int) for size in shape):
        return of_shape(value, shape)
    return of_value(value)


def of_value(value: object) -> str:
    """Return the first characters of a value's representation."""
    return cut(value if type(value) is str else _ADDRESS.sub("", _SHORT.repr(value)))


def cut(text: str) -> str:
    """Return the beginning of a text as one line."""
    text = " ".join(text[: 4 * _LENGTH].split())
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def of_bytes(size: int) -> str:
    """Return a size for people."""
    number = float(size)
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
