"""NumPy arrays in the ``npy`` format, never with pickled elements."""

from __future__ import annotations

import io
from typing import Any

from taskcell import errors
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import identifying, previews

_HEADER_BYTES = 1 << 20
"""Longest header that is read: one with very many fields. Unit: bytes."""


def is_array(value: Any) -> bool:
    """Whether this is a plain NumPy array; imports nothing."""
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ in ("ndarray", "memmap")


class NpyCodec:
    """Arrays of numbers, texts, times or records."""

    name = "npy/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is an array without objects in it."""
        return is_array(value) and not value.dtype.hasobject and value.dtype.kind != "T" and _is_said(value.dtype)

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store header and elements, in the order in which they lie in memory."""
        digest, blob, size = identifying.put(value, value.nbytes, lambda: sink.put(_pieces(value)))
        return Artifact(
            digest=digest,
            codec=self.name,
            type="numpy.ndarray",
            blobs=(blob,),
            size_bytes=size,
            preview=previews.cut(
                f"ndarray {' × '.join(f'{length:,}' for length in value.shape) or 'scalar'} {value.dtype}"
            ),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return a writable array: on the source's memory if that is the reader's own, else on a copy."""
        return read_npy(source.get(artifact.blobs[0]), artifact)


def _is_said(dtype: Any) -> bool:
    """Whether a header says all of a type: not so for fields that overlap or stand out of order."""
    import numpy as np

    if dtype.names is None:
        return True
    try:
        return bool(np.lib.format.descr_to_dtype(dtype.descr) == dtype)
    except ValueError:
        return False


def _pieces(array: Any) -> list[bytes | memoryview]:
    import numpy as np

    header = io.BytesIO()
    described = np.lib.format.header_data_from_array_1_0(array)
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        described["fortran_order"] = False
    np.lib.format.write_array_header_2_0(header, described)
    if not array.nbytes:
        return [header.getvalue()]
    flat = array.T if described["fortran_order"] else np.ascontiguousarray(array)
    return [header.getvalue(), flat.reshape(-1).view(np.uint8).data]


def read_npy(view: memoryview, artifact: Artifact) -> Any:
    """Return the array of an ``npy`` file."""
    import numpy as np

    try:
        header = io.BytesIO(view[:_HEADER_BYTES])
        np.lib.format.read_magic(header)
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(header, max_header_size=_HEADER_BYTES)
        if dtype.hasobject:
            raise ValueError("its elements are pickles")
        if 0 in shape or dtype.itemsize == 0:
            return np.zeros(shape, dtype, order="F" if fortran else "C")
        flat = np.frombuffer(view, dtype, count=int(np.prod(shape, dtype=np.int64)), offset=header.tell())
        array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
        return array if array.flags.writeable else array.copy(order="K")
    except (ValueError, TypeError, SyntaxError, EOFError, RecursionError, MemoryError) as exc:
        raise errors.FormatError(
            f"The stored array {artifact.digest[:12]} is not a valid npy file: {exc}",
            remedy="Run the task that made it again, without its cache.",
        ) from exc


class ObjectArrayCodec:
    """Arrays of Python objects or variable-length texts: the shape, and the list of elements."""

    name = "object-array/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a plain array of objects."""
        return is_array(value) and value.dtype.kind == "O"

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the elements as a list."""
        elements = codecs.encode(value.ravel().tolist(), sink)
        return Artifact(
            digest=digest_value(value),
            codec=self.name,
            type="numpy.ndarray",
            size_bytes=elements.size_bytes,
            meta={"shape": list(value.shape)},
            preview=previews.of_shape(value, value.shape),
            children=(elements,),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the array."""
        elements = decoder.decode(artifact.children[0], source)
        return objects(elements).reshape(artifact.meta["shape"])


def objects(elements: list[Any]) -> Any:
    """Return a flat array that holds these objects, also where they are sequences."""
    import numpy as np

    array = np.empty(len(elements), object)
    for index, element in enumerate(elements):
        array[index] = element
    return array


class MaskedArrayCodec:
    """Masked arrays: data, mask and fill value."""

    name = "masked-array/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a masked array of a built-in type."""
        kind = type(value)
        if kind.__name__ != "MaskedArray" or kind.__module__.partition(".")[0] != "numpy":
            return False
        return not value.dtype.hasobject and value.dtype.names is None

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the three arrays."""
        import numpy as np

        parts = (np.asarray(value.data), np.ma.getmaskarray(value), np.asarray(value.fill_value))
        children = tuple(codecs.encode(part, sink) for part in parts)
        return Artifact(
            digest=digest_value(value),
            codec=self.name,
            type=previews.type_name(value),
            size_bytes=sum(child.size_bytes for child in children),
            meta={"hard": bool(value.hardmask)},
            preview=previews.of_shape(value, value.shape),
            children=children,
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the masked array."""
        import numpy as np

        data, mask, fill = (decoder.decode(child, source) for child in artifact.children)
        return np.ma.MaskedArray(data, mask, fill_value=fill[()], hard_mask=artifact.meta["hard"])
