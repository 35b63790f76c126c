"""Element by element: which of two arrays' elements differ, which are missing. NaN equals NaN, NaT equals NaT."""

from __future__ import annotations

from typing import Any


def missing(values: Any) -> Any:
    """Return a mask of what is missing in an array of one dimension or more: NaN, NaT, None."""
    import numpy as np

    if values.dtype.kind in "fcmM":
        return values != values
    if values.dtype.kind != "O":
        return np.zeros(values.shape, dtype=bool)
    return np.fromiter((_missing(item) for item in values.flat), dtype=bool, count=values.size).reshape(values.shape)


def _missing(item: Any) -> bool:
    return item is None or type(item).__name__ in ("NAType", "NaTType") or (isinstance(item, float) and item != item)


def unequal(old: Any, new: Any) -> Any:
    """Return a mask of elements that differ, of two arrays of one shape."""
    import numpy as np

    if old.dtype.kind != "O" and new.dtype.kind != "O":
        with np.errstate(all="ignore"):
            return np.asarray(old != new) & ~(missing(old) & missing(new))
    pairs = zip(old.flat, new.flat, strict=True)
    return np.fromiter((not _same(*pair) for pair in pairs), dtype=bool, count=old.size).reshape(old.shape)


def _same(old: Any, new: Any) -> bool:
    if old is new or (_missing(old) and _missing(new)):
        return True
    try:
        return bool(old == new)
    except (TypeError, ValueError):  # what has no single answer, such as an array in a cell
        return repr(old) == repr(new)
