"""Some rows of a stored table or array as texts, without reading the whole: for looking at a large value page by page.

Arrow files are read in place, batch by batch, arrays from memory that maps their file. Nothing here builds a frame, and
nothing runs code.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import arrays, ipc, previews, rows

_ARROW = ("pandas/1", "arrow-table/1", "polars/1")
_NPY = "npy/1"
LONGEST_CELL = 500
"""What is given of one cell. Unit: characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    numeric: bool


class Table(Protocol):
    """A table of which some rows can be had."""

    @property
    def columns(self) -> list[Column]:
        """All of its columns."""

    @property
    def total(self) -> int:
        """Number of its rows."""

    def rows(self, offset: int, limit: int, first: int, count: int) -> list[tuple[str, ...]]:
        """Return rows from ``offset`` on, of the columns from ``first`` on, as texts."""


def is_table(artifact: Artifact) -> bool:
    """Whether rows of a stored value can be had here."""
    return artifact.codec in _ARROW or artifact.codec == _NPY


def open_table(artifact: Artifact, source: contracts.BlobSource, *, trusted: bool) -> Table:
    """Return a stored table to be read page by page; raise FormatError when it is damaged.

    What comes from writers who are not trusted is checked before its cells are read: a crafted file could make the
    process crash.
    """
    if artifact.codec == _NPY:
        return _Array(arrays.read_npy(source.get(artifact.blobs[0]), artifact))
    import pyarrow as pa
    import pyarrow.ipc

    view = source.get(artifact.blobs[0])
    try:
        return _Arrow(artifact, pyarrow.ipc.open_file(pa.py_buffer(view)), trusted=trusted)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as exc:
        raise ipc.unreadable(artifact, exc) from exc


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if type(value) is str else previews.of_value(value) if isinstance(value, bytes) else str(value)
    if not text.isprintable():
        text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"


class _Arrow:
    """An Arrow file, whose batches are found by the number of their first row."""

    def __init__(self, artifact: Artifact, reader: Any, *, trusted: bool) -> None:
        self._artifact = artifact
        self._reader = reader
        self._trusted = trusted
        self._checked: set[int] = set()
        self._starts = [0]
        for number in range(reader.num_record_batches):
            self._starts.append(self._starts[-1] + reader.get_batch(number).num_rows)
        self.columns = list(self._columns())

    @property
    def total(self) -> int:
        return self._starts[-1]

    def _columns(self) -> Iterator[Column]:
        import pyarrow as pa

        schema = self._reader.schema
        names = [str(name) for name in schema.names]
        if self._artifact.codec == "pandas/1":
            names = rows.labels(json.loads(schema.metadata[b"taskcell"]), names)
        for name, kind in zip(names, schema.types, strict=True):
            numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
            yield Column(name=name[:LONGEST_CELL], type=str(kind)[:60], numeric=bool(numeric))

    def rows(self, offset: int, limit: int, first: int, count: int) -> list[tuple[str, ...]]:
        import pyarrow as pa

        found: list[tuple[str, ...]] = []
        number = max(0, bisect_right(self._starts, offset) - 1)
        try:
            while limit > 0 and number < self._reader.num_record_batches:
                batch = self._batch(number)
                part = batch.slice(max(0, offset - self._starts[number]), limit)
                columns = [
                    [_cell(value) for value in part.column(index).to_pylist()]
                    for index in range(first, min(first + count, part.num_columns))
                ]
                found += zip(*columns, strict=True) if columns else []
                limit -= part.num_rows
                number += 1
        except (pa.ArrowException, OSError, ValueError, OverflowError) as exc:
            raise ipc.unreadable(self._artifact, exc) from exc
        return found

    def _batch(self, number: int) -> Any:
        batch = self._reader.get_batch(number)
        if not self._trusted and number not in self._checked:
            batch.validate(full=True)
            self._checked.add(number)
        return batch


@dataclass(slots=True)
class _Array:
    """An array: its first dimension makes rows; of one with fields each is a column; further dimensions lie flat."""

    array: Any
    columns: list[Column] = field(default_factory=list)

    def __post_init__(self) -> None:
        array = self.array
        if array.dtype.names:
            self.array = array.reshape(-1)
            self.columns = [
                Column(name=name[:LONGEST_CELL], type=str(array.dtype[name]), numeric=array.dtype[name].kind in "iufc")
                for name in array.dtype.names
            ]
            return
        self.array = array.reshape(-1, 1) if array.ndim < 2 else array.reshape(array.shape[0], -1)
        numeric = array.dtype.kind in "iufc"
        self.columns = [
            Column(name=str(number), type=str(array.dtype), numeric=numeric) for number in range(self.array.shape[1])
        ]

    @property
    def total(self) -> int:
        return int(self.array.shape[0])

    def rows(self, offset: int, limit: int, first: int, count: int) -> list[tuple[str, ...]]:
        part = self.array[offset : offset + limit]
        if part.dtype.names:
            names = part.dtype.names[first : first + count]
            return [tuple(_cell(row[name]) for name in names) for row in part]
        return [tuple(_cell(value) for value in row) for row in part[:, first : first + count].tolist()]
