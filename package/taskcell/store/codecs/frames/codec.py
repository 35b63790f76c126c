"""pandas frames, series and indexes as one Arrow file each, with children for what Arrow can't hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa

from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import identifying, ipc, plain, previews
from taskcell.store.codecs.frames import columns, indexes

NAME = "pandas/1"
_KEY = b"taskcell"


class _Parts:
    """What a file is put together from."""

    def __init__(self, sink: contracts.BlobSink, codecs: contracts.Codecs) -> None:
        self._sink = sink
        self._codecs = codecs
        self.children: list[Artifact] = []
        self.names: list[str] = []
        self.arrays: list[Any] = []

    def hold(self, value: Any) -> int:
        """Store a value as a child; return its number."""
        self.children.append(self._codecs.encode(value, self._sink))
        return len(self.children) - 1

    def add(self, name: str, array: Any) -> int | None:
        """Add a column; return its place, None when it is held as a child."""
        if array is None:
            return None
        self.names.append(name)
        self.arrays.append(array)
        return len(self.arrays) - 1


def encode(value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
    """Store a frame, series or index; raise NotPlainError when names or attributes have no JSON form."""
    parts = _Parts(sink, codecs)
    if isinstance(value, pd.Index):
        note = {"kind": "index", "index": _add_index(value, parts)}
    elif isinstance(value, pd.Series):
        note = _describe(value, parts, [("value", value)], "series")
        note["name"] = plain.Writer().write(value.name)
    else:
        labels = [str(label) for label in value.columns]
        if len(set(labels)) != len(labels):
            labels = [str(number) for number in range(len(labels))]
        columns_ = [(label, value.iloc[:, number]) for number, label in enumerate(labels)]
        note = _describe(value, parts, columns_, "frame")
        note["labels"] = indexes.write_labels(value.columns, parts.hold)
    return _artifact(value, note, parts, sink)


def _describe(value: Any, parts: _Parts, named: list[tuple[str, Any]], kind: str) -> dict[str, Any]:
    described = []
    for name, column in named:
        note, array = columns.write(column, parts.hold)
        described.append((note, parts.add(name, array)))
    return {
        "kind": kind,
        "columns": described,
        "index": _add_index(value.index, parts),
        "attrs": plain.Writer().write(value.attrs),
        "duplicates": value.flags.allows_duplicate_labels,
    }


def _add_index(index: pd.Index[Any], parts: _Parts) -> dict[str, Any]:
    note, arrays = indexes.write(index, parts.hold)
    note["places"] = [parts.add(f"__index_level_{number}__", array) for number, array in enumerate(arrays)]
    return note


def _artifact(value: Any, note: dict[str, Any], parts: _Parts, sink: contracts.BlobSink) -> Artifact:
    names = [name.encode("utf-8", "replace").decode() for name in parts.names]
    batch = pa.RecordBatch.from_arrays(parts.arrays, names)
    batch = batch.replace_schema_metadata({_KEY: msgspec.json.encode(note)})
    digest, blob, size = identifying.put(value, batch.nbytes, lambda: ipc.put_table(batch, sink))
    return Artifact(
        digest=digest,
        codec=NAME,
        type=previews.type_name(value),
        blobs=(blob,),
        size_bytes=size + sum(child.size_bytes for child in parts.children),
        preview=previews.of_shape(value, value.shape),
        children=tuple(parts.children),
    )


def decode(artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
    """Return the frame, series or index."""
    table, view = ipc.get_table(artifact, source, trusted=decoder.trusted)
    try:
        note = msgspec.json.decode(table.schema.metadata[_KEY])
        return _Reading(artifact, source, decoder, table, view).value(note)
    except (pa.ArrowException, ValueError, TypeError, KeyError, IndexError, AttributeError) as exc:
        raise ipc.unreadable(artifact, exc) from exc


class _Reading:
    """A file being taken apart."""

    def __init__(
        self, artifact: Artifact, source: Any, decoder: contracts.Decoder, table: Any, view: memoryview
    ) -> None:
        self._artifact = artifact
        self._source = source
        self._decoder = decoder
        self._table = table
        self._memory = columns.Memory.of(view)

    def value(self, note: dict[str, Any]) -> Any:
        index = self._index(note["index"])
        if note["kind"] == "index":
            return index
        arrays = [self._column(described, place) for described, place in note["columns"]]
        value = self._series(note, arrays[0], index) if note["kind"] == "series" else self._frame(note, arrays, index)
        value.attrs = plain.Reader().read(note["attrs"])
        return value if note["duplicates"] else value.set_flags(allows_duplicate_labels=False)

    def _series(self, note: dict[str, Any], array: Any, index: pd.Index[Any]) -> Any:
        return pd.Series(array, index=index, dtype=array.dtype, name=plain.Reader().read(note["name"]), copy=False)

    def _frame(self, note: dict[str, Any], arrays: list[Any], index: pd.Index[Any]) -> Any:
        series = {
            number: pd.Series(array, index=index, dtype=array.dtype, copy=False) for number, array in enumerate(arrays)
        }
        frame = pd.DataFrame(series, index=index, copy=False)
        frame.columns = indexes.read_labels(note["labels"], self._child)
        return frame

    def _index(self, note: dict[str, Any]) -> pd.Index[Any]:
        return indexes.read(note, [self._array(place) for place in note["places"]], self._memory, self._child)

    def _column(self, note: dict[str, Any], place: int | None) -> Any:
        return columns.read(note, self._array(place), self._memory, self._child)

    def _array(self, place: int | None) -> Any:
        return None if place is None else self._table.column(place)

    def _child(self, number: int) -> Any:
        return self._decoder.decode(self._artifact.children[number], self._source)
