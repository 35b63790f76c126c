"""Arrow and Polars values as Arrow IPC files."""

from __future__ import annotations

from typing import Any

from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import identifying, ipc, previews


def _is(value: Any, package: str, *names: str) -> bool:
    """Whether a value's class, or one that it is derived from, is one of a package's; imports nothing."""
    return any(base.__name__ in names and base.__module__.partition(".")[0] == package for base in type(value).__mro__)


class ArrowCodec:
    """Arrow tables, record batches, arrays and chunked arrays."""

    name = "arrow-table/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is an Arrow table or array."""
        return _is(value, "pyarrow", "Table", "RecordBatch", "Array", "ChunkedArray")

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the value as a table."""
        import pyarrow as pa

        kind, table = "table", value
        if isinstance(value, pa.RecordBatch):
            kind, table = "batch", pa.Table.from_batches([value])
        elif isinstance(value, (pa.Array, pa.ChunkedArray)):
            kind = "array" if isinstance(value, pa.Array) else "chunked"
            table = pa.table({"value": value})
        if any("dictionary<" in str(kind) for kind in table.schema.types):  # a file holds one dictionary a column
            table = table.unify_dictionaries()
        digest, blob, size = identifying.put(value, table.nbytes, lambda: ipc.put_table(table, sink))
        shape = table.shape if kind in ("table", "batch") else (len(value),)
        return Artifact(
            digest=digest,
            codec=self.name,
            type=previews.type_name(value),
            blobs=(blob,),
            size_bytes=size,
            meta={"kind": kind},
            preview=previews.of_shape(value, shape),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the value, in place on the source's memory."""
        table, _ = ipc.get_table(artifact, source, trusted=decoder.trusted)
        kind = artifact.meta["kind"]
        if kind == "table":
            return table
        if kind == "batch":
            return _one_batch(table)
        column = table.column(0)
        if kind == "chunked":
            return column
        return column.chunk(0) if column.num_chunks == 1 else _one_array(column)


def _one_batch(table: Any) -> Any:
    import pyarrow as pa

    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _one_array(column: Any) -> Any:
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


class PolarsCodec:
    """Polars data frames and series."""

    name = "polars/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a frame or series of types that Arrow has."""
        if type(value).__module__.partition(".")[0] != "polars" or type(value).__name__ not in (
            "DataFrame",
            "Series",
        ):
            return False
        types = value.dtypes if type(value).__name__ == "DataFrame" else [value.dtype]
        return not any(name in str(dtype) for dtype in types for name in ("Object", "Int128"))

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the value in Polars' own Arrow layout."""
        import polars as pl

        frame = value.to_frame() if isinstance(value, pl.Series) else value
        table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        digest, blob, size = identifying.put(value, table.nbytes, lambda: ipc.put_table(table, sink))
        return Artifact(
            digest=digest,
            codec=self.name,
            type=previews.type_name(value),
            blobs=(blob,),
            size_bytes=size,
            meta={"series": isinstance(value, pl.Series), "rows": frame.height},
            preview=previews.of_shape(value, value.shape),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the frame or series."""
        import polars as pl

        table, _ = ipc.get_table(artifact, source, trusted=decoder.trusted)
        try:
            frame = pl.from_arrow(table, rechunk=False)
        except pl.exceptions.PolarsError as exc:
            raise ipc.unreadable(artifact, exc) from exc
        if frame.columns != table.column_names:  # Polars names a column itself that has no name
            frame.columns = table.column_names
        return frame.to_series() if artifact.meta["series"] else frame
