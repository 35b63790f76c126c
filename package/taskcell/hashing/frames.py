"""pandas values: index, labels, types and elements; how a frame lies in memory does not count.

A missing value is missing in the way of its column's type; in a column of objects it is the object that it
is. An index of evenly spaced integers is one value whether it is a ``RangeIndex`` or holds them. Texts are
alike in Python's and in Arrow's storage; the types ``str``, ``string`` and ``object`` are three.
"""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from taskcell.hashing import arrays, tables, tokens
from taskcell.hashing.tokens import Node, Token
from taskcell.hashing.values import register

_BLOCK = 1 << 16


_TIMES: Any = (pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray)


def _column(values: Any) -> Any:
    """Return a column's elements as an ndarray or extension array, without a copy."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def _series(value: pd.Series[Any]) -> Node:
    if type(value) is not pd.Series:
        return _subclass(value, pd.Series(value))
    children = (value.name, value.index, _column(value), _extras(value))
    return Node("pandas-series", (str(value.dtype),), children, labels=(".name", ".index", "", ""))


def _frame(value: pd.DataFrame) -> Node:
    if type(value) is not pd.DataFrame:
        return _subclass(value, pd.DataFrame(value))
    columns = [_column(column) for _, column in value.items()]
    labels = (".columns", ".index", "", *(f"[{name!r}]" for name in value.columns))
    children = (value.columns, value.index, _extras(value), *columns)
    return Node("pandas-frame", (repr(value.shape),), children, labels=labels)


def _extras(value: Any) -> dict[str, Any] | None:
    extras = {"attrs": value.attrs, "flags": value.flags.allows_duplicate_labels}
    return None if not value.attrs and extras["flags"] else extras


def _subclass(value: Any, plain: Any) -> Node:
    rest = {name: getattr(value, name, None) for name in value._metadata}
    return Node("pandas-subclass", (), (type(value), plain, rest), labels=("", "", ""))


def _index(value: pd.Index[Any]) -> Node:
    if isinstance(value, pd.MultiIndex):
        levels = [value.get_level_values(number) for number in range(value.nlevels)]
        return Node("pandas-multi-index", (), (list(value.names), *levels))
    steps = _steps(value)
    if steps is not None:
        return Node("pandas-range-index", (), (value.name, *steps))
    freq = getattr(value, "freq", None)
    children = (value.name, _column(value), getattr(value, "freqstr", None))
    return Node("pandas-index", (str(value.dtype),), children if is_said(freq) else (*children, freq))


def is_said(freq: Any) -> bool:
    """Whether a frequency is what its text says: not so for business days of one's own, and offsets of several units."""
    try:
        return freq is None or bool(pd.tseries.frequencies.to_offset(freq.freqstr) == freq)
    except ValueError:
        return False


def _steps(value: pd.Index[Any]) -> tuple[int, int, int] | None:
    """Return start, step and length of an index of evenly spaced int64 values."""
    size = len(value)
    if isinstance(value, pd.RangeIndex):
        return (value.start if size else 0), (value.step if size > 1 else 1), size
    if value.dtype != np.dtype(np.int64):
        return None
    numbers = value.to_numpy()
    if size < 2:
        return (int(numbers[0]) if size else 0), 1, size
    start, step = int(numbers[0]), int(numbers[1]) - int(numbers[0])
    if step == 0 or int(numbers[-1]) != start + step * (size - 1) or abs(step * size) >= 1 << 63:
        return None
    for first in range(0, size, _BLOCK):
        block = numbers[first : first + _BLOCK]
        if not np.array_equal(block, start + step * np.arange(first, first + len(block))):
            return None
    return start, step, size


def _extension(value: Any) -> Node | Token:
    """Take apart an extension array by its parts; one that is foreign to pandas by its own reduction."""
    dtype = value.dtype
    made = ("pandas-array", (str(dtype),))
    if isinstance(dtype, pd.StringDtype):
        return _texts(value)
    if isinstance(dtype, pd.ArrowDtype):
        return Node(*made, (value.__arrow_array__(),), labels=("",))
    if isinstance(dtype, pd.CategoricalDtype):
        return Node("pandas-categorical", (), (value.codes, value.categories, bool(value.ordered)))
    if isinstance(dtype, (pd.DatetimeTZDtype, pd.PeriodDtype)):
        return Node(*made, (value.asi8, *_odd_zone(dtype)))
    if isinstance(dtype, pd.IntervalDtype):
        return Node(*made, (value.left, value.right, value.closed))
    if isinstance(dtype, pd.SparseDtype):
        return Node(*made, _sparse(value))
    if isinstance(value, pd.arrays.NumpyExtensionArray):
        return Node("pandas-array", ("numpy",), (value.to_numpy(),), labels=("",))
    if hasattr(value, "_data") and hasattr(value, "_mask") and type(value).__module__.startswith("pandas."):
        data = np.where(value._mask, np.zeros((), value._data.dtype), value._data)
        return Node(*made, (data, value._mask))
    if isinstance(value, _TIMES):
        return Node(*made, (value.asi8,))
    from taskcell.hashing import objects

    return objects.expand(value)


def _odd_zone(dtype: Any) -> tuple[Any, ...]:
    """Return the zone where its text doesn't say what it is: anybody may name an offset, or read a zone from a file."""
    zone = getattr(dtype, "tz", None)
    if zone is None or (isinstance(zone, zoneinfo.ZoneInfo) and zone.key is not None):
        return ()
    plain = isinstance(zone, datetime.timezone) and zone == datetime.timezone(zone.utcoffset(None))
    return () if plain and zone.tzname(None) == str(datetime.timezone(zone.utcoffset(None))) else (zone,)


def _texts(value: Any) -> Node | Token:
    """Digest texts without their storage: Python objects and Arrow are alike."""
    missing = "NA" if value.dtype.na_value is pd.NA else "nan"
    try:
        found = tables.content(pa.array(value) if not hasattr(value, "__arrow_array__") else value.__arrow_array__())
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return Node("pandas-texts", (missing,), (arrays.Elements(list(value)),), labels=("",))
    return tokens.join(Node("pandas-texts", (missing, found)), [])


def _sparse(value: Any) -> tuple[Any, ...]:
    """Return the elements that are not the fill value, with their places."""
    places = value.sp_index.to_int_index().indices
    kept = value.sp_values
    fill = value.fill_value
    apart = ~pd.isna(kept) if pd.isna(fill) else kept != fill
    return len(value), fill, places[apart], kept[apart]


def _timestamp(value: Any) -> Node:
    return Node("pandas-timestamp", (value.unit,), (int(value._value), value.tzinfo, value.fold))


def _timedelta(value: Any) -> Node:
    return Node("pandas-timedelta", (value.unit,), (int(value._value),))


def _dtype(value: Any) -> Node:
    if isinstance(value, pd.CategoricalDtype):
        return Node("pandas-dtype", ("category",), (value.categories, value.ordered))
    text = repr(value) if isinstance(value, pd.StringDtype) else str(value)
    return Node("pandas-dtype", (text,), _odd_zone(value))


register(pd.Series, _series, subclasses=True)
register(pd.DataFrame, _frame, subclasses=True)
register(pd.Index, _index, subclasses=True)
register(pd.api.extensions.ExtensionArray, _extension, subclasses=True)
register(pd.api.extensions.ExtensionDtype, _dtype, subclasses=True)
register(pd.Timestamp, _timestamp)
register(pd.Timedelta, _timedelta)
register(pd.Period, lambda value: Node("pandas-period", (value.freqstr,), (value.ordinal,)))
register(pd.Interval, lambda value: Node("pandas-interval", (value.closed,), (value.left, value.right)))
register(type(pd.NaT), lambda _: tokens.inline(b"p", b"NaT"))
register(type(pd.NA), lambda _: tokens.inline(b"p", b"NA"))
