"""The Arrow IPC file format, uncompressed: written from the values' own memory and read in place."""

from __future__ import annotations

from typing import Any

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts


class _Pieces:
    """A file that keeps what is written to it, without a copy."""

    closed = False

    def __init__(self) -> None:
        self.kept: list[memoryview] = []
        self._size = 0

    def write(self, piece: Any) -> int:
        view = memoryview(piece)
        self.kept.append(view)
        self._size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: there is no disk."""

    def close(self) -> None:
        """Do nothing: the pieces are read afterwards."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def put_table(table: Any, sink: contracts.BlobSink) -> tuple[Digest, int]:
    """Store an Arrow table or record batch; return its address and size."""
    import pyarrow.ipc

    pieces = _Pieces()
    with pyarrow.ipc.new_file(pieces, table.schema) as writer:
        writer.write(table)
    return sink.put(pieces.kept)


def get_table(artifact: Artifact, source: contracts.BlobSource, *, trusted: bool) -> tuple[Any, memoryview]:
    """Return a stored table, in place, and the memory that it lies on.

    A table from writers who are not trusted is checked in full: a crafted one could make the process crash.
    """
    import pyarrow as pa
    import pyarrow.ipc

    view = source.get(artifact.blobs[0])
    try:
        table = pyarrow.ipc.open_file(pa.py_buffer(view)).read_all()
        if not trusted:
            table.validate(full=True)
    except (pa.ArrowException, OSError) as exc:
        raise unreadable(artifact, exc) from exc
    return table, view


def unreadable(artifact: Artifact, exc: BaseException) -> errors.FormatError:
    """Return the error for bytes that are not what they should be."""
    return errors.FormatError(
        f"The stored {artifact.type} {artifact.digest[:12]} is not valid {artifact.codec}: {exc}",
        remedy="Run the task that made it again, without its cache.",
    )
