"""Values and labels as they stand in a sentence."""

from __future__ import annotations

from typing import Any

from taskcell.store import codecs

_LENGTH = 60


def value(thing: Any) -> str:
    """Return a value as Python writes it, shortened: a text has its quotation marks, a number of NumPy is a number."""
    if isinstance(thing, str):
        thing = thing[: _LENGTH + 1]
        said = repr(thing)
    elif hasattr(thing, "dtype") and getattr(thing, "ndim", 1) == 0:
        said = str(thing)
    else:
        said = codecs.preview(thing)
    return said if len(said) <= _LENGTH else f"{said[: _LENGTH - 1]}…"


def change(old: Any, new: Any) -> str:
    """Return ``0.1 → 0.05``; with types where the values look the same."""
    left, right = (_rounded(thing) for thing in (old, new))
    if left == right:
        left, right = value(old), value(new)
    if left != right:
        return f"{left} → {right}"
    if type(old) is not type(new):
        return f"{left} ({kind(old)}) → {right} ({kind(new)})"
    return f"{left}, another one that looks the same"


def _rounded(thing: Any) -> str:
    """Return a value; of a measured number the first digits."""
    number = thing.item() if hasattr(thing, "dtype") and getattr(thing, "ndim", 1) == 0 else thing
    short = isinstance(number, float) and len(repr(number)) > 12
    return f"{number:.6g}" if short else value(thing)


def kind(thing: Any) -> str:
    """Return the name of a value's type."""
    return type(thing).__qualname__


def label(thing: Any) -> str:
    """Return a row's or column's label: a text without quotation marks."""
    return thing if isinstance(thing, str) and len(thing) <= _LENGTH else value(thing)


def listed(things: list[Any], most: int = 4) -> str:
    """Return labels, joined; beyond ``most`` how many more."""
    said = ", ".join(label(thing) for thing in things[:most])
    return f"{said} and {len(things) - most:,} more" if len(things) > most else said
