"""NumPy values: element type, shape and elements in C order; how they lie in memory does not count.

Every NaN is one value. Padding (of structured and extended-precision types) is never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from taskcell.hashing import passes, tokens
from taskcell.hashing.digests import Hasher
from taskcell.hashing.tokens import Node, RefusalError, Token
from taskcell.hashing.values import register

_BLOCK = 1 << 17
"""Elements looked at while they are in the processor's cache."""

_MASKED = tokens.join(Node("masked"), [])

Array = np.ndarray[Any, Any]


def array_token(array: Array) -> Token:
    """Return the token of a plain array of numbers, texts or times."""
    if array.nbytes < passes.WORTH_BYTES:
        return _array_token(array)
    place = (array.__array_interface__["data"][0], array.dtype.str, array.shape, array.strides)
    return passes.once(place, array, lambda: _array_token(array))


def _array_token(array: Array) -> Token:
    made = tokens.hasher("ndarray", (array.dtype.str, repr(array.shape)), array.nbytes)
    return tokens.hashed(add_elements(made, array).raw())


def add_elements(made: Hasher, array: Array) -> Hasher:
    """Add an array's elements in C order as one part."""
    if array.dtype.char in "gG":
        return _add_extended(made, array)
    return made.pieces(array.size * array.dtype.itemsize, blocks(array))


def blocks(array: Array) -> Iterator[memoryview]:
    """Yield the elements as bytes, in C order, without a copy where they lie so, with one NaN."""
    if array.size == 0 or array.dtype.itemsize == 0:
        return
    kind = array.dtype.kind
    for flat in _contiguous(array):
        if kind == "b":
            yield _one_true(flat.view(np.uint8)).data
            continue
        if kind not in "fc":
            yield flat.view(np.uint8).data
            continue
        numbers = flat.view(flat.real.dtype)
        for start in range(0, numbers.size, _BLOCK):
            yield _one_nan(numbers[start : start + _BLOCK]).view(np.uint8).data


def _one_true(block: Array) -> Array:
    """Return bytes of truth values as 0 and 1: a view on foreign memory may hold others."""
    return block if np.maximum.reduce(block) <= 1 else (block != 0).view(np.uint8)


def _one_nan(block: Array) -> Array:
    lowest = np.minimum.reduce(block)
    if lowest == lowest:
        return block
    block = block.copy()
    block[np.isnan(block)] = np.nan
    return block


def _contiguous(array: Array) -> Iterator[Array]:
    """Yield flat pieces in C order; a strided array is copied piece by piece."""
    if array.flags.c_contiguous:
        yield array.reshape(-1)
        return
    rows = max(1, _BLOCK * 16 // max(1, array[:1].size))
    for start in range(0, array.shape[0], rows):
        yield np.ascontiguousarray(array[start : start + rows]).reshape(-1)


def _add_extended(made: Hasher, array: Array) -> Hasher:
    """Add extended-precision numbers as mantissa pieces and exponent: the same on every processor."""
    for part in (array.real, array.imag) if array.dtype.char == "G" else (array,):
        mantissa, exponent = np.frexp(part)
        add_elements(made, exponent.astype("<i4"))
        for _ in range(3):
            piece = mantissa.astype("<f8")
            add_elements(made, piece)
            with np.errstate(invalid="ignore"):
                mantissa = mantissa - piece
    return made


def _expand(array: Array) -> Node | Token:
    kind = type(array)
    if kind is np.ndarray or kind is np.memmap:
        return _plain(array)
    if isinstance(array, np.ma.MaskedArray):
        return _masked(array)
    if kind.__reduce__ is not np.ndarray.__reduce__:
        from taskcell.hashing import objects

        return objects.expand(array)
    return Node("ndarray-subclass", (), (kind, array.view(np.ndarray), getattr(array, "__dict__", None)))


def _plain(array: Array) -> Node | Token:
    dtype = array.dtype
    if dtype.names is not None:
        fields = [part for name in dtype.names for part in (name, array[name])]
        return Node("structured", (repr(array.shape),), [*fields, *_layout(dtype)])
    if dtype.kind == "O":
        return Node("object-array", (repr(array.shape),), (Elements(array.ravel().tolist()),), labels=("",))
    if dtype.kind == "T":
        held = (*_texts(dtype), Elements(array.ravel().tolist()))
        return Node("string-array", (repr(array.shape),), held)
    if dtype.kind not in "biufcmMSUV":
        raise RefusalError(f"an array of element type {dtype}", "Convert it to a built-in NumPy type.")
    return array_token(array)


def _layout(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Return offsets, size and titles of fields, unless they lie one after the other: such a type is another one."""
    fields: Any = dtype.fields
    names: Any = dtype.names
    if dtype == np.dtype([(name, fields[name][0]) for name in names]):
        return ()
    return ((dtype.itemsize, [fields[name][1:] for name in names]),)


def _masked(array: Any) -> Node | Token:
    if array is np.ma.masked:
        return _MASKED
    if array.dtype.names is not None:
        raise RefusalError("a masked array of records", "Pass its fields one by one.")
    mask = np.ma.getmaskarray(array)
    data = np.array(array.data, copy=True)
    data[mask] = np.zeros((), data.dtype) if data.dtype.kind != "O" else None
    # The fill value that NumPy takes itself is a 64-bit one until the array has been pickled.
    fill = np.asarray(array.fill_value).astype(array.dtype)
    children = (data, np.asarray(mask), fill, bool(array.hardmask))
    return Node("masked-array", (), children, labels=(".data", ".mask", ".fill_value", ".hardmask"))


class Elements:
    """Elements of an object array or column: texts go through Arrow, everything else one by one."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any]) -> None:
        self.values = values


def _elements(held: Elements) -> Node | Token:
    if len(held.values) >= 64 and set(map(type, held.values)) <= {str, type(None)}:
        from taskcell.hashing import tables

        token = tables.texts_token(held.values)
        if token is not None:
            return token
    return Node("elements", (), held.values)


def _scalar(value: np.generic) -> Node | Token:
    if isinstance(value, np.record):
        return Node("numpy-record", (), (value.view(np.void),), labels=("",))
    array = np.asarray(value)
    if array.dtype.kind in "biufcmMSU" and array.dtype.char not in "gG":
        data = b"".join(bytes(block) for block in blocks(array))
        return tokens.join(Node("numpy-scalar", (array.dtype.str, data)), [])
    return Node("numpy-scalar", (), (array,), labels=("",))


def _dtype(value: np.dtype[Any]) -> Node:
    if value.names is not None:
        fields: Any = value.fields or {}
        held = [part for name in value.names for part in (name, fields[name][0])]
        return Node("dtype", ("structured",), [*held, *_layout(value)])
    if value.subdtype is not None:
        return Node("dtype", ("subarray",), value.subdtype)
    return Node("dtype", (value.str,), _texts(value) if value.kind == "T" else ())


def _texts(value: Any) -> tuple[Any, ...]:
    """Return what a type of texts of any length says of itself; it may have no object for missing ones."""
    described = (type(value), getattr(value, "na_object", None))
    plain = value.coerce and (not hasattr(value, "na_object") or value.na_object is not None)
    return described if plain else (*described, hasattr(value, "na_object"), value.coerce)


def _generator(value: np.random.Generator) -> Node:
    bits = value.bit_generator
    seeds = getattr(bits, "seed_seq", None)
    return Node("random-generator", (), (type(bits).__name__, bits.state, getattr(seeds, "state", None)))


def _legacy(value: np.random.RandomState) -> Node:
    return Node("random-state", (), (value.get_state(legacy=False),), labels=("",))


register(np.ndarray, _expand, subclasses=True)
register(np.generic, _scalar, subclasses=True)
register(np.dtype, _dtype, subclasses=True)
register(np.random.Generator, _generator)
register(np.random.RandomState, _legacy)
register(Elements, _elements)
