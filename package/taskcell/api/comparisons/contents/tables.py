"""Tables of pandas, Polars and Arrow, seen alike: labels, types, rows, columns as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table or a single column of one. ``index`` is pandas' own, None where rows have no labels."""

    value: Any
    names: list[Any]
    types: list[str]
    rows: int
    index: Any = None
    home: str = "pandas"

    def column(self, position: int, rows: Any = None) -> Any:
        """Return a column as an array; ``rows`` are a slice or positions."""
        column = self._column(position)
        return _array(column if rows is None else _taken(column, rows, self.home))

    def same(self, position: int, other: Table, place: int) -> bool:
        """Whether a column and another's are equal as a whole, type and all; False when that can't be told quickly."""
        left, right = self._column(position), other._column(place)
        if self.home == "pandas":
            left, right = left.reset_index(drop=True), right.reset_index(drop=True)
        try:
            return bool(left.equals(right))
        except (TypeError, ValueError):
            return False

    def categories(self, position: int) -> list[Any] | None:
        """Return the categories of a categorical column."""
        dtype = getattr(self._column(position), "dtype", None)
        found = getattr(dtype, "categories", None)
        return None if found is None or callable(found) or isinstance(found, property) else list(found)

    def _column(self, position: int) -> Any:
        value = self.value
        if getattr(value, "ndim", 2) == 1 or type(value).__name__ in ("Series", "ChunkedArray", "Array"):
            return value
        if self.home == "pandas":
            return value.iloc[:, position]
        return value.column(position) if self.home == "pyarrow" else value.to_series(position)


def table(value: Any) -> Table | None:
    """Return a value as a table, None when it is none."""
    home = type(value).__module__.partition(".")[0]
    name = type(value).__name__
    if home == "pandas" and name in ("DataFrame", "Series"):
        types = [str(dtype) for dtype in value.dtypes] if name == "DataFrame" else [str(value.dtype)]
        names = list(value.columns) if name == "DataFrame" else [value.name]
        return Table(value=value, names=names, types=types, rows=len(value), index=value.index)
    if home == "polars" and name in ("DataFrame", "Series"):
        names = list(value.columns) if name == "DataFrame" else [value.name]
        types = [str(dtype) for dtype in (value.dtypes if name == "DataFrame" else [value.dtype])]
        return Table(value=value, names=names, types=types, rows=len(value), home=home)
    if home == "pyarrow" and name in ("Table", "RecordBatch"):
        types = [str(dtype) for dtype in value.schema.types]
        return Table(value=value, names=list(value.schema.names), types=types, rows=value.num_rows, home=home)
    return None


def _taken(column: Any, rows: Any, home: str) -> Any:
    if home == "pandas":
        return column.iloc[rows]
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(len(column))
        return column.slice(start, stop - start)
    return column.gather(rows) if home == "polars" else column.take(rows)


def _array(column: Any) -> Any:
    import numpy as np

    if hasattr(column, "to_pylist"):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    made = column.to_numpy()
    if made.dtype.kind not in "biufcmMO":
        made = made.astype(object)
    return made
