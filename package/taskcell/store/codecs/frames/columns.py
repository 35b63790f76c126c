"""One pandas column as an Arrow array and back, without a copy where the memory layouts agree.

A column is written with a note of its kind:

======== ============================================== ==========================================
kind     pandas                                         Arrow
======== ============================================== ==========================================
numpy    numbers, booleans, naive times and durations   the same; NaT is also marked as missing
zoned    times with a zone                              timestamp with the zone
period   periods                                        int64 ordinals
interval intervals                                      two indexes, as an artifact of their own
sparse   sparse numbers                                 values and places, as an artifact of their own
category categories                                     dictionary
arrow    texts, masked numbers, Arrow's own types       the same
texts    objects that are all str or None               large_string
child    everything else                                an artifact of its own: list, array or pickle
======== ============================================== ==========================================
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from taskcell.store.codecs import arrays, plain

Note = dict[str, Any]


class NotArrowError(Exception):
    """The column has no Arrow form here; it becomes a child."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The bytes that a table was read from, for arrays that lie on them."""

    view: memoryview
    address: int

    @classmethod
    def of(cls, view: memoryview) -> Memory:
        """Return the memory behind a view."""
        return cls(view=view, address=pa.py_buffer(view).address)

    def array(self, column: Any, dtype: np.dtype[Any], buffer: int = 1) -> np.ndarray[Any, Any]:
        """Return fixed-width elements as a writable array, copied only where the memory is shared."""
        if len(column) == 0:
            return np.empty(0, dtype)
        chunk = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        held = chunk.buffers()[buffer]
        start = held.address - self.address + chunk.offset * dtype.itemsize
        if start >= 0 and start + len(chunk) * dtype.itemsize <= self.view.nbytes:
            found = np.frombuffer(self.view, dtype, count=len(chunk), offset=start)
        else:
            found = np.frombuffer(held, dtype, count=len(chunk), offset=chunk.offset * dtype.itemsize)
        return found if found.flags.writeable else found.copy()


# --- writing ----------------------------------------------------------------------------------------------


def write(values: Any, hold: Callable[[Any], int]) -> tuple[Note, Any]:
    """Return a column's note and its Arrow array, or None instead of the array when it is held as a child."""
    try:
        return _write(values)
    except (NotArrowError, pa.ArrowException, UnicodeEncodeError, OverflowError):
        return _write_child(values, hold)


def _write(values: Any) -> tuple[Note, Any]:
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return _write_numpy(np.asarray(values))
    array = values.array if hasattr(values, "array") else values
    if isinstance(dtype, pd.DatetimeTZDtype):
        zone = _plain(dtype.tz)
        kind = pa.timestamp(dtype.unit, tz=pa.lib.tzinfo_to_string(dtype.tz))
        return {"kind": "zoned", "unit": dtype.unit, "zone": zone}, _ticks(array.asi8, kind)
    if isinstance(dtype, pd.CategoricalDtype):
        return _write_categories(array.codes, array.categories, bool(array.ordered))
    if isinstance(dtype, pd.PeriodDtype):
        return {"kind": "period", "dtype": str(dtype)}, pa.array(array.asi8)
    if isinstance(dtype, pd.StringDtype):
        missing = "NA" if dtype.na_value is pd.NA else "nan"
        return {"kind": "arrow", "storage": dtype.storage, "missing": missing}, _one(array.__arrow_array__())
    if isinstance(dtype, pd.ArrowDtype):
        return {"kind": "arrow"}, _one(array.__arrow_array__())
    if hasattr(array, "_mask") and type(array).__module__.startswith("pandas."):
        return {"kind": "arrow", "dtype": str(dtype)}, pa.array(array._data, mask=array._mask, from_pandas=False)
    raise NotArrowError(str(dtype))


def _write_numpy(array: np.ndarray[Any, Any]) -> tuple[Note, Any]:
    note = {"kind": "numpy", "dtype": array.dtype.str}
    if array.dtype.kind in "mM":
        unit = np.datetime_data(array.dtype)[0]
        if unit not in ("s", "ms", "us", "ns") or not array.dtype.isnative:
            raise NotArrowError(array.dtype.str)
        kind = pa.timestamp(unit) if array.dtype.kind == "M" else pa.duration(unit)
        return note, _ticks(array.view(np.int64), kind)
    if array.dtype.kind in "iufb" and array.dtype.itemsize <= 8 and array.dtype.isnative:
        return note, pa.array(np.ascontiguousarray(array), from_pandas=False)
    if array.dtype.kind == "O" and set(map(type, array.tolist())) <= {str, type(None)}:
        return {"kind": "texts"}, pa.array(array, pa.large_string(), from_pandas=False)
    raise NotArrowError(array.dtype.str)


def _ticks(ticks: np.ndarray[Any, Any], kind: Any) -> Any:
    """Return times on their own memory; the smallest integer is NaT and marked as missing."""
    ticks = np.ascontiguousarray(ticks)
    missing = ticks == np.iinfo(np.int64).min
    bits = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    return pa.Array.from_buffers(kind, len(ticks), [bits, pa.py_buffer(ticks)])


def _write_categories(codes: Any, categories: pd.Index[Any], ordered: bool) -> tuple[Note, Any]:
    note, values = _write(categories)
    codes = np.ascontiguousarray(codes)
    missing = codes < 0
    bits = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    indices = pa.Array.from_buffers(pa.from_numpy_dtype(codes.dtype), len(codes), [bits, pa.py_buffer(codes)])
    name = _plain(categories.name)
    described = {
        "kind": "category",
        "ordered": ordered,
        "values": note,
        "codes": codes.dtype.str,
        "name": name,
    }
    return described, pa.DictionaryArray.from_arrays(indices, values, ordered=ordered)


def _write_child(values: Any, hold: Callable[[Any], int]) -> tuple[Note, None]:
    """Hand a column to the other codecs: objects as a list, NumPy's own types as an array."""
    if isinstance(values.dtype, np.dtype):
        array = np.asarray(values)
        if array.dtype.kind == "O":
            return {"kind": "child", "of": "objects", "number": hold(array.tolist())}, None
        return {"kind": "child", "of": "array", "number": hold(array)}, None
    array = values.array
    if isinstance(values.dtype, pd.IntervalDtype):
        bounds = (array.left.rename(None), array.right.rename(None))
        return {"kind": "interval", "closed": array.closed, "number": hold(bounds)}, None
    if isinstance(values.dtype, pd.SparseDtype):
        return {"kind": "sparse", "number": hold(_sparse(array)), "shape": array.kind}, None
    return {"kind": "child", "of": "array", "number": hold(array)}, None


def _sparse(array: Any) -> tuple[Any, ...]:
    return len(array), np.asarray(array.sp_values), array.sp_index.to_int_index().indices, array.fill_value


def _one(array: Any) -> Any:
    """Return an Arrow array in one piece."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _plain(value: Any) -> Any:
    try:
        return plain.Writer().write(value)
    except plain.NotPlainError as exc:
        raise NotArrowError(str(exc)) from exc


# --- reading ----------------------------------------------------------------------------------------------


def read(note: Note, column: Any, memory: Memory, fetch: Callable[[int], Any]) -> Any:
    """Return a column's elements as an ndarray or extension array."""
    return _READERS[note["kind"]](note, column, memory, fetch)


def _read_numpy(note: Note, column: Any, memory: Memory, _: Any) -> Any:
    dtype = np.dtype(note["dtype"])
    if dtype.kind == "b":
        return column.to_numpy().astype(bool, copy=True)
    return memory.array(column, dtype)


def _read_zoned(note: Note, column: Any, memory: Memory, _: Any) -> Any:
    dtype = pd.DatetimeTZDtype(note["unit"], plain.Reader().read(note["zone"]))
    ticks = memory.array(column, np.dtype(f"<M8[{note['unit']}]"))
    return pd.array(ticks, copy=False).tz_localize("UTC").astype(dtype)


def _read_period(note: Note, column: Any, memory: Memory, _: Any) -> Any:
    return pd.arrays.PeriodArray(memory.array(column, np.dtype(np.int64)), dtype=pd.PeriodDtype(note["dtype"][7:-1]))


def _read_category(note: Note, column: Any, memory: Memory, fetch: Any) -> Any:
    codes, categories = read_codes(note, column, memory, fetch)
    return pd.Categorical.from_codes(codes, categories, ordered=note["ordered"], validate=False)


def read_codes(note: Note, column: Any, memory: Memory, fetch: Any) -> tuple[Any, pd.Index[Any]]:
    """Return codes and categories of a dictionary column."""
    whole = column.chunk(0)
    values = read(note["values"], pa.chunked_array([whole.dictionary]), memory, fetch)
    name = plain.Reader().read(note["name"])
    categories = pd.Index(values, name=name, copy=False, dtype=object if note["values"]["kind"] == "texts" else None)
    codes = memory.array(whole.indices, np.dtype(note["codes"]))
    if codes.size and not -1 <= codes.min() <= codes.max() < len(categories):
        raise ValueError("codes without a category")  # pandas reads outside its memory for such codes
    return codes, categories


def _read_arrow(note: Note, column: Any, *_: Any) -> Any:
    if "missing" in note:
        choice = {} if note["missing"] == "NA" else {"na_value": np.nan}  # pandas 2.2 knows no choice
        dtype: Any = pd.StringDtype(note["storage"], **choice)
        return dtype.__from_arrow__(column)
    if "dtype" not in note:
        foreign: Any = pd.ArrowDtype(column.type)
        return foreign.__from_arrow__(column)
    masked: Any = pd.api.types.pandas_dtype(note["dtype"])
    if pa.types.is_floating(column.type):  # pandas would take a NaN for a missing value
        data, missing = (part.to_numpy() for part in (column.fill_null(0), column.is_null()))
        return masked.construct_array_type()(data.copy(), missing.copy())
    return masked.__from_arrow__(column).copy()


def _read_texts(_: Note, column: Any, *__: Any) -> Any:
    return column.to_numpy(zero_copy_only=False) if len(column) else np.empty(0, object)


def _read_child(note: Note, _: Any, __: Any, fetch: Callable[[int], Any]) -> Any:
    found = fetch(note["number"])
    return arrays.objects(found) if note["of"] == "objects" else found


def _read_interval(note: Note, _: Any, __: Any, fetch: Callable[[int], Any]) -> Any:
    left, right = fetch(note["number"])
    return pd.arrays.IntervalArray.from_arrays(left, right, closed=note["closed"])


def _read_sparse(note: Note, _: Any, __: Any, fetch: Callable[[int], Any]) -> Any:
    size, values, places, fill = fetch(note["number"])
    kind: Any = pd.arrays.SparseArray
    if hasattr(kind, "from_indices"):
        return kind.from_indices(values, places, size, fill_value=fill, kind=note["shape"], dtype=values.dtype)
    sparse: Any = importlib.import_module("pandas.core.arrays.sparse.array")  # no public way before pandas 3.1
    index = sparse.make_sparse_index(size, places.astype(np.int32), kind=note["shape"])
    return kind(values, sparse_index=index, fill_value=fill, dtype=pd.SparseDtype(values.dtype, fill))


_READERS: dict[str, Callable[[Note, Any, Memory, Any], Any]] = {
    "numpy": _read_numpy,
    "zoned": _read_zoned,
    "period": _read_period,
    "category": _read_category,
    "arrow": _read_arrow,
    "texts": _read_texts,
    "interval": _read_interval,
    "sparse": _read_sparse,
    "child": _read_child,
}
