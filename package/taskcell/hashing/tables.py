"""Arrow values: types, names and elements; chunks, slices and what lies under a missing value do not count.

Elements are digested from the Arrow buffers. Texts count as lengths and joined bytes, so no string object is
made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from blake3 import blake3

from taskcell.hashing import arrays, passes, tokens
from taskcell.hashing.tokens import Node, Token
from taskcell.hashing.values import register, token_of

_VOLATILE = ("creator", "pandas_version")
_BLOCK = 1 << 17
"""Lengths taken at a time: 1 MiB, so that they are hashed while they are in the processor's cache."""


def texts_token(values: list[Any]) -> Token | None:
    """Return the token of texts and Nones, or None when one can't be encoded (a lone surrogate)."""
    try:
        array = pa.array(values, pa.large_string())
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return tokens.join(Node("texts", (content(array),)), [])


def content(array: Any) -> bytes:
    """Return 32 bytes that stand for the elements of an Arrow array or chunked array of a known type.

    Texts in any of Arrow's layouts are alike, and so are lists: say the type beside it where it matters.
    """
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    if not chunks:
        chunks = [pa.array([], array.type)]
    if array.nbytes < passes.WORTH_BYTES or not _is_flat(array.type):
        return _plain_content(chunks, len(array))
    buffers = tuple((len(chunk), chunk.offset, *map(_address, chunk.buffers())) for chunk in chunks)
    return passes.once((str(array.type), buffers), array, lambda: _plain_content(chunks, len(array)))


def _is_flat(kind: Any) -> bool:
    """Whether an array's own buffers hold all of it."""
    own = not (pa.types.is_dictionary(kind) or isinstance(kind, pa.BaseExtensionType))
    return own and kind.num_fields == 0


def _address(buffer: Any) -> int:
    return 0 if buffer is None else int(buffer.address)


def _plain_content(chunks: list[Any], count: int) -> bytes:
    return _content([_plain_layout(chunk) for chunk in chunks], count)


def _plain_layout(array: Any) -> Any:
    """Return the elements in the layout that is digested."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _plain_layout(array.storage)
    if pa.types.is_dictionary(kind):
        return _plain_layout(array.dictionary).take(array.indices)
    if pa.types.is_run_end_encoded(kind):
        return _plain_layout(pc.run_end_decode(array))
    if pa.types.is_string(kind) or kind == pa.string_view():
        return array.cast(pa.large_string())
    if pa.types.is_binary(kind) or kind == pa.binary_view():
        return array.cast(pa.large_binary())
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return array.cast(pa.large_list(kind.value_field))
    return array


def _content(chunks: list[Any], count: int) -> bytes:
    kind = chunks[0].type
    size_bytes = sum(chunk.nbytes for chunk in chunks)
    made = tokens.hasher("arrow", (str(count), _missing(chunks, count)), size_bytes)
    if pa.types.is_null(kind):
        return made.raw()
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        _add_texts(made, chunks, count)
    elif pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            made.part(kind.field(index).name)
            made.part(content(pa.chunked_array([chunk.flatten()[index] for chunk in chunks])))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        _add_lists(made, chunks, count)
    elif pa.types.is_fixed_size_list(kind):
        made.part(content(pa.chunked_array([chunk.flatten() for chunk in chunks])))
    elif pa.types.is_union(kind):
        codes = [code for chunk in chunks for code in chunk.type_codes.to_pylist()]
        items = [item for chunk in chunks for item in chunk.to_pylist()]
        made.part(token_of(list(zip(codes, items, strict=True))))
    else:
        _add_fixed(made, chunks, kind, count)
    return made.raw()


def _missing(chunks: list[Any], count: int) -> bytes:
    """Return which elements are missing: nothing when none is."""
    if not any(chunk.null_count for chunk in chunks):
        return b""
    state = blake3(count.to_bytes(8, "little"))
    for chunk in chunks:
        state.update(_bools(chunk.is_null()).data)
    return state.digest()


def _bools(array: Any) -> Any:
    return array.to_numpy(zero_copy_only=False).view(np.uint8)


def _add_texts(made: Any, chunks: list[Any], count: int) -> None:
    """Add lengths, then the joined bytes."""
    chunks = [_filled(chunk, b"" if pa.types.is_large_binary(chunk.type) else "") for chunk in chunks]
    bounds = [_offsets(chunk) for chunk in chunks]
    made.pieces(8 * count, (piece for bound in bounds for piece in _differences(bound)))
    total = sum(int(bound[-1] - bound[0]) for bound in bounds)
    made.pieces(total, _slices(chunks, bounds))


def _differences(bounds: Any) -> Iterator[memoryview]:
    for start in range(0, len(bounds) - 1, _BLOCK):
        yield np.diff(bounds[start : start + _BLOCK + 1]).view(np.uint8).data


def _slices(chunks: list[Any], bounds: list[Any]) -> Iterator[memoryview]:
    for chunk, bound in zip(chunks, bounds, strict=True):
        if bound[-1] > bound[0]:
            yield memoryview(chunk.buffers()[2])[int(bound[0]) : int(bound[-1])]


def _offsets(chunk: Any) -> Any:
    if len(chunk) == 0:
        return np.zeros(1, np.int64)
    return np.frombuffer(chunk.buffers()[1], np.int64, count=len(chunk) + 1, offset=chunk.offset * 8)


def _filled(chunk: Any, value: Any) -> Any:
    return chunk.fill_null(value) if chunk.null_count else chunk


def _add_lists(made: Any, chunks: list[Any], count: int) -> None:
    lengths = [_lengths(chunk) for chunk in chunks]
    made.pieces(8 * count, (length.view(np.uint8).data for length in lengths))
    made.part(content(pa.chunked_array([_flat(chunk) for chunk in chunks])))


def _lengths(chunk: Any) -> Any:
    if pa.types.is_map(chunk.type):
        chunk = _as_list(chunk)
    found = pc.list_value_length(chunk).fill_null(0).cast(pa.int64())
    return np.ascontiguousarray(found.to_numpy(zero_copy_only=False))


def _flat(chunk: Any) -> Any:
    return (_as_list(chunk) if pa.types.is_map(chunk.type) else chunk).flatten()


def _as_list(chunk: Any) -> Any:
    entries = pa.struct([chunk.type.key_field, chunk.type.item_field])
    return chunk.cast(pa.list_(pa.field("entries", entries, nullable=False)))


def _add_fixed(made: Any, chunks: list[Any], kind: Any, count: int) -> None:
    """Add elements of a fixed width, zeroed where missing."""
    if pa.types.is_boolean(kind):
        made.pieces(count, (_bools(_filled(chunk, False)).data for chunk in chunks))
        return
    if pa.types.is_fixed_size_binary(kind):
        size, dtype = kind.byte_width, np.dtype(np.uint8)
    else:
        size, dtype = kind.bit_width // 8, _number(kind)
    made.pieces(size * count, (piece for chunk in chunks for piece in _values(chunk, size, dtype)))


def _number(kind: Any) -> np.dtype[Any]:
    if pa.types.is_floating(kind):
        return np.dtype(f"<f{kind.bit_width // 8}")
    return np.dtype(np.uint8)


def _values(chunk: Any, size: int, dtype: np.dtype[Any]) -> Iterator[memoryview]:
    per = size // dtype.itemsize
    if len(chunk) == 0 or size == 0:
        return
    flat = np.frombuffer(chunk.buffers()[1], dtype, count=len(chunk) * per, offset=chunk.offset * size)
    if chunk.null_count:
        flat = flat.reshape(len(chunk), per).copy()
        flat[_bools(chunk.is_null()).view(bool)] = 0
    yield from arrays.blocks(flat)


# --- Arrow ------------------------------------------------------------------------------------------------


def _type_parts(kind: Any) -> str:
    return (
        f"{kind} {kind.extension_name} {kind.__arrow_ext_serialize__()!r}"
        if hasattr(kind, "__arrow_ext_serialize__")
        else str(kind)
    )


def _array(value: Any) -> Token:
    parts: tuple[tokens.Part, ...] = (_type_parts(value.type), content(value))
    if pa.types.is_dictionary(value.type) and value.type.ordered:
        whole = value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
        parts = (*parts, content(whole.dictionary))
    else:
        parts = (*parts, *_odd_dictionaries(value))
    return tokens.join(Node("arrow-array", parts), [])


def _odd_dictionaries(value: Any) -> Iterator[bytes]:
    """Yield dictionaries that don't follow from the elements: not just these, in the order in which they come."""
    if isinstance(value.type, pa.BaseExtensionType):
        value = value.storage if isinstance(value, pa.Array) else value.cast(value.type.storage_type)
    kind = value.type
    if pa.types.is_dictionary(kind):
        found = _odd_dictionary(value)
        if found is not None:
            yield content(found)
    elif kind.num_fields and "dictionary<" in str(kind):
        chunks = value.chunks if isinstance(value, pa.ChunkedArray) else [value]
        if pa.types.is_struct(kind):
            for index in range(kind.num_fields):
                yield from _odd_dictionaries(
                    pa.chunked_array([chunk.field(index) for chunk in chunks], kind[index].type)
                )
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            yield from _odd_dictionaries(pa.chunked_array([chunk.flatten() for chunk in chunks], kind.value_type))


def _odd_dictionary(value: Any) -> Any:
    chunked = value if isinstance(value, pa.ChunkedArray) else pa.chunked_array([value])
    chunks = chunked.unify_dictionaries().chunks
    if not chunks:
        return None
    dictionary = chunks[0].dictionary
    met = pa.chunked_array([chunk.indices for chunk in chunks]).unique().drop_null().to_numpy()
    plain = np.array_equal(met, np.arange(len(dictionary))) and len(dictionary.unique()) == len(dictionary)
    return None if plain and not dictionary.null_count else dictionary


def _table(value: Any) -> Node:
    columns = [part for index in range(value.num_columns) for part in _column(value, index)]
    metadata = _metadata(value.schema.metadata)
    return Node("arrow-table", (str(value.num_rows),), [*columns, metadata])


def _column(value: Any, index: int) -> tuple[Any, ...]:
    field = value.schema.field(index)
    return field.name, field.nullable, _metadata(field.metadata), value.column(index)


def _metadata(found: dict[bytes, bytes] | None) -> dict[bytes, Any] | None:
    """Return metadata without what says only which release wrote it."""
    if not found:
        return None
    kept: dict[bytes, Any] = {key: part for key, part in found.items() if key != b"ARROW:schema"}
    if b"pandas" in kept:
        described = json.loads(kept[b"pandas"])
        kept[b"pandas"] = {key: part for key, part in described.items() if key not in _VOLATILE}
    return kept


def _schema(value: Any) -> Node:
    fields = [(field.name, _type_parts(field.type), field.nullable, _metadata(field.metadata)) for field in value]
    return Node("arrow-schema", (), [*fields, _metadata(value.metadata)])


def _scalar(value: Any) -> Node:
    if isinstance(value, pa.UnionScalar):
        return Node("arrow-scalar", (_type_parts(value.type), str(value.type_code)), (value.value,))
    return Node("arrow-scalar", (_type_parts(value.type),), (pa.array([value.as_py()], value.type),))


register(pa.Array, _array, subclasses=True)
register(pa.ChunkedArray, _array)
register(pa.Table, _table)
register(pa.RecordBatch, lambda value: Node("arrow-batch", (), (pa.Table.from_batches([value]),), labels=("",)))
register(pa.Schema, _schema)
register(pa.Field, lambda value: Node("arrow-field", (), (pa.schema([value]),), labels=("",)))
register(pa.DataType, lambda value: tokens.join(Node("arrow-type", (_type_parts(value),)), []), subclasses=True)
register(pa.Scalar, _scalar, subclasses=True)
