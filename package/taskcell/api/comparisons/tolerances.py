"""Compare two values part by part: the same, close enough, or different, and where.

Floating-point numbers are close when ``abs(a - b) <= absolute + relative * max(abs(a), abs(b))``; NaN is close to NaN.
Everything else (whole numbers, texts, truth values, labels, types, shapes) has to be equal. Objects without a rule of
their own are compared by their state (``__getstate__`` or attributes).
"""

from __future__ import annotations

import cmath
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from taskcell.api.comparisons.contents import masks, objects

_DEEPEST = 60
_MOST_PLACES = 5
_MOST_PARTS = 2_000_000
"""Parts of a value that are looked at one by one before it counts as different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much two floating-point numbers may differ."""

    relative: float = 1e-9
    absolute: float = 1e-12


@dataclass(slots=True, kw_only=True)
class Difference:
    """What a comparison found.

    Attributes
    ----------
    within
        Whether all that differs is floating-point numbers that are close enough.
    places
        Where values differ too much, for people: ``[2].mae: 0.5 and 0.7``.
    count
        How many such places there are.
    largest
        Largest relative difference of two numbers.
    """

    within: bool = True
    places: list[str] = field(default_factory=list)
    count: int = 0
    largest: float = 0.0
    close_count: int = 0

    def words(self) -> str:
        """Say it in one line."""
        if not self.within:
            more = f" and {self.count - len(self.places):,} more" if self.count > len(self.places) else ""
            return "; ".join(self.places) + more
        numbers = f"{self.close_count:,} number{'s' if self.close_count != 1 else ''} differ"
        return f"{numbers}, by at most {self.largest:.1g} of the value"


def compare(old: object, new: object, tolerance: Tolerance | None = None) -> Difference:
    """Compare two values; ``within`` is also True when they are equal."""
    walk = _Walk(tolerance or Tolerance())
    walk.visit(old, new, "", 0)
    return walk.found


class _Walk:
    """One comparison, and what it has found so far."""

    def __init__(self, tolerance: Tolerance) -> None:
        self.found = Difference()
        self._tolerance = tolerance
        self._seen: set[tuple[int, int]] = set()
        self._left = _MOST_PARTS

    def differ(self, where: str, how: str, count: int = 1) -> None:
        found = self.found
        found.within = False
        found.count += count
        if len(found.places) < _MOST_PLACES:
            found.places.append(f"{where.lstrip('.') or 'value'}: {how}")

    def visit(self, old: Any, new: Any, where: str, depth: int) -> None:
        self._left -= 1
        if old is new:
            return
        if depth > _DEEPEST or self._left < 0:
            self.differ(where, "too deep or too large to compare part by part")
        elif type(old) is not type(new):
            self.differ(where, f"a {_type(old)} and a {_type(new)}")
        elif isinstance(old, float | complex):
            self._number(old, new, where)
        elif isinstance(old, int | str | bytes | bytearray | None):
            self._equal(old, new, where)
        elif (id(old), id(new)) not in self._seen:
            self._seen.add((id(old), id(new)))
            self._structure(old, new, where, depth)

    def _number(self, old: complex, new: complex, where: str) -> None:
        if old == new or (old != old and new != new):
            return
        terms = self._tolerance
        size = max(abs(old), abs(new))
        if not (cmath.isfinite(old) and cmath.isfinite(new)) or abs(old - new) > terms.absolute + terms.relative * size:
            self.differ(where, f"{old!r} and {new!r}")
            return
        self.found.close_count += 1
        self.found.largest = max(self.found.largest, abs(old - new) / size)

    def _equal(self, old: Any, new: Any, where: str) -> None:
        if old != new:
            self.differ(where, f"{_short(old)} and {_short(new)}")

    def _structure(self, old: Any, new: Any, where: str, depth: int) -> None:
        home = type(old).__module__.partition(".")[0]
        if isinstance(old, Mapping):
            self._mapping(old, new, where, depth)
        elif isinstance(old, list | tuple):
            self._sequence(old, new, where, depth)
        elif isinstance(old, set | frozenset):
            self._equal(old, new, where)
        elif home == "numpy":
            self._numpy(old, new, where, depth)
        elif home == "pandas" and hasattr(old, "to_numpy"):
            self._pandas(old, new, where, depth)
        elif home in ("polars", "pyarrow") and hasattr(old, "columns"):
            self._columns(old, new, where, depth)
        else:
            self._object(old, new, where, depth)

    def _mapping(self, old: Any, new: Any, where: str, depth: int) -> None:
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{where}[{_short(key)}]"
            if key not in old or key not in new:
                self.differ(place, "is only in the reproduction" if key not in old else "is missing")
            else:
                self.visit(old[key], new[key], place, depth + 1)

    def _sequence(self, old: Any, new: Any, where: str, depth: int) -> None:
        if len(old) != len(new):
            self.differ(where, f"{len(old):,} and {len(new):,} elements")
            return
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            self.visit(one, other, f"{where}[{index}]", depth + 1)

    # -- arrays and tables -------------------------------------------------------------------------------------------

    def _numpy(self, old: Any, new: Any, where: str, depth: int) -> None:
        import numpy as np

        if old.dtype != new.dtype or old.shape != new.shape:
            self.differ(where, f"{old.dtype} {old.shape} and {new.dtype} {new.shape}")
        elif old.dtype.names:
            for name in old.dtype.names:
                self.visit(old[name], new[name], f"{where}[{name!r}]", depth + 1)
        elif old.dtype.kind == "O":
            self._sequence(old.ravel().tolist(), new.ravel().tolist(), where, depth)
        elif old.dtype.kind in "fc":
            self._floats(np.asarray(old), np.asarray(new), where)
        else:
            self._counted(masks.unequal(np.asarray(old), np.asarray(new)), where)

    def _floats(self, old: Any, new: Any, where: str) -> None:
        import numpy as np

        terms = self._tolerance
        with np.errstate(all="ignore"):
            same = ~masks.unequal(old, new)
            size = np.maximum(np.abs(old), np.abs(new))
            distance = np.abs(old - new)
            close = np.isfinite(old) & np.isfinite(new) & (distance <= terms.absolute + terms.relative * size)
            self._counted(~(same | close), where)
            near = close & ~same
            if near.any():
                self.found.close_count += int(near.sum())
                self.found.largest = max(self.found.largest, float((distance[near] / size[near]).max()))

    def _counted(self, differing: Any, where: str) -> None:
        number = int(differing.sum())
        if number:
            self.differ(where, f"{number:,} of {differing.size:,} elements differ", number)

    def _pandas(self, old: Any, new: Any, where: str, depth: int) -> None:
        if old.shape != new.shape:
            self.differ(where, f"shapes {old.shape} and {new.shape}")
        elif getattr(old, "ndim", 1) == 2:
            if list(old.columns) != list(new.columns):
                self.differ(where, f"columns {_short(list(old.columns))} and {_short(list(new.columns))}")
                return
            self._visit_labels(old.index, new.index, f"{where}.index", depth)
            for position, name in enumerate(old.columns):
                place = f"{where}[{name!r}]"
                self._cells(old.iloc[:, position], new.iloc[:, position], place, depth)
        else:
            if hasattr(old, "index"):
                self._visit_labels(old.index, new.index, f"{where}.index", depth)
            self._cells(old, new, where, depth)

    def _visit_labels(self, old: Any, new: Any, where: str, depth: int) -> None:
        if not old.equals(new):
            self._cells(old, new, where, depth)

    def _cells(self, old: Any, new: Any, where: str, depth: int) -> None:
        """Compare two columns: floating-point ones with tolerance, any others by equality."""
        if old.dtype != new.dtype:
            self.differ(where, f"{old.dtype} and {new.dtype}")
        elif not old.equals(new):
            left, right = old.to_numpy(), new.to_numpy()
            if left.dtype != right.dtype:
                left, right = left.astype(object), right.astype(object)
            if left.dtype.kind in "fc":
                self._floats(left, right, where)
            else:
                self._sequence(left.tolist(), right.tolist(), where, depth)

    def _columns(self, old: Any, new: Any, where: str, depth: int) -> None:
        """Compare tables of Polars or Arrow column by column."""
        names = list(getattr(old, "column_names", None) or old.columns)
        others = list(getattr(new, "column_names", None) or new.columns)
        if names != others:
            self.differ(where, f"columns {_short(names)} and {_short(others)}")
            return
        for name in names:
            left, right = old[name], new[name]
            if (getattr(left, "type", None) or left.dtype) != (getattr(right, "type", None) or right.dtype):
                self.differ(f"{where}[{name!r}]", "of another type")
            else:
                self._sequence(_listed(left), _listed(right), f"{where}[{name!r}]", depth)

    # -- anything else -----------------------------------------------------------------------------------------------

    def _object(self, old: Any, new: Any, where: str, depth: int) -> None:
        left, right = objects.state_of(old), objects.state_of(new)
        if left is None or right is None:
            self._by_equality(old, new, where)
        else:
            self.visit(left, right, where, depth + 1)

    def _by_equality(self, old: Any, new: Any, where: str) -> None:
        try:
            same = bool(old == new)
        except (TypeError, ValueError):
            same = False
        if not same:
            self.differ(where, f"two {_type(old)}s that are not equal")


def _listed(column: Any) -> list[Any]:
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column.to_list())


def _type(value: object) -> str:
    return type(value).__qualname__


def _short(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > sys.int_info.default_max_str_digits:
        return "a very large number"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
