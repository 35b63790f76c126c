"""What changed in an array: shape, type, how many elements, where first, by how much at most."""

from __future__ import annotations

from typing import Any

from taskcell.api.comparisons.contents import masks, shown
from taskcell.api.comparisons.contents.findings import Budget, Finding

_MOST_ELEMENTS = 20_000_000
_MOST_OBJECTS = 1_000_000
_SHOWN = 3


def describe(old: Any, new: Any, budget: Budget, name: str = "") -> Finding:
    """Compare two NumPy arrays or scalars. ``name`` is what stands before an index."""
    import numpy as np

    found = Finding()
    old, new = np.ma.asanyarray(old), np.ma.asanyarray(new)
    if old.shape != new.shape:
        found.say(f"shape: {_shape(old)} → {_shape(new)}")
    if old.dtype != new.dtype:
        found.say(f"dtype: {old.dtype} → {new.dtype}")
    if old.shape == new.shape and old.size:
        _elements(old, new, found, budget, name)
    elif old.ndim == new.ndim and old.ndim and old.shape[1:] == new.shape[1:]:
        _grown(old, new, found, budget)
    if not found.sentences:
        found.say("the elements are equal; the arrays differ in something else, such as their mask")
    return found


def _shape(array: Any) -> str:
    return " × ".join(f"{size:,}" for size in array.shape) or "a scalar"


def _elements(old: Any, new: Any, found: Finding, budget: Budget, name: str) -> None:
    import numpy as np

    most = _MOST_OBJECTS if "O" in (old.dtype.kind, new.dtype.kind) else _MOST_ELEMENTS
    seen = budget.rows(old.size, most)
    left, right = _flat(old, seen), _flat(new, seen)
    if left.dtype.names or right.dtype.names:
        differs = np.asarray(left != right) if left.dtype == right.dtype else np.ones(seen, dtype=bool)
    else:
        differs = masks.unequal(left, right)
    number = int(differs.sum())
    if not number:
        return
    found.say(f"{number:,} of {seen:,} elements differ{_distance(left, right, differs)}")
    for flat in np.flatnonzero(differs)[:_SHOWN]:
        place = ", ".join(str(part) for part in np.unravel_index(int(flat), old.shape))
        found.say(f"{name}[{place}]: {shown.change(left[flat], right[flat])}")
    _missing(left, right, found)


def _flat(array: Any, stop: int) -> Any:
    import numpy as np

    return np.asarray(array).reshape(-1)[:stop]


def _distance(old: Any, new: Any, differs: Any) -> str:
    import numpy as np

    if not all(array.dtype.kind in "iufc" for array in (old, new)):
        return ""
    with np.errstate(all="ignore"):
        kind = complex if "c" in (old.dtype.kind, new.dtype.kind) else float
        distances = np.abs(old[differs].astype(kind) - new[differs].astype(kind))
    known = distances[np.isfinite(distances)]
    return f", by at most {float(known.max()):.6g}" if known.size else ""


def _missing(old: Any, new: Any, found: Finding) -> None:
    if old.dtype.names or new.dtype.names:
        return
    before, after = int(masks.missing(old).sum()), int(masks.missing(new).sum())
    if before != after:
        found.say(f"missing values: {before:,} → {after:,}")


def _grown(old: Any, new: Any, found: Finding, budget: Budget) -> None:
    """Say where an array that is longer or shorter was continued or cut."""
    import numpy as np

    common = min(len(old), len(new))
    width = max(1, old.size // max(1, len(old)))
    if common * width > _MOST_OBJECTS or old.dtype != new.dtype or old.dtype.names:
        return
    more = len(new) - len(old)
    longer, shorter = (new, old) if more > 0 else (old, new)
    word = "added" if more > 0 else "removed"
    for where, part in (("end", longer[:common]), ("beginning", longer[len(longer) - common :])):
        if not masks.unequal(np.asarray(part), np.asarray(shorter)).any():
            found.say(f"{abs(more):,} {word} at the {where}, the others are equal")
            return
