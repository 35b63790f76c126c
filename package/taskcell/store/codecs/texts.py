"""Long texts as UTF-8, long bytes as they are."""

from __future__ import annotations

from typing import Any

from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import previews


class TextCodec:
    """One text, UTF-8; lone surrogates are kept in the way of Python's ``surrogatepass``."""

    name = "text/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a text."""
        return type(value) is str

    def encode(self, value: str, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the text."""
        blob, size = sink.put(value.encode("utf-8", "surrogatepass"))
        return Artifact(
            digest=digest_value(value),
            codec=self.name,
            type="str",
            blobs=(blob,),
            size_bytes=size,
            preview=previews.of_value(value),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> str:
        """Return the text."""
        return str(source.get(artifact.blobs[0]), "utf-8", "surrogatepass")


class BytesCodec:
    """A ``bytes`` or ``bytearray`` object."""

    name = "bytes/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether these are bytes."""
        return type(value) in (bytes, bytearray)

    def encode(self, value: bytes | bytearray, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store the bytes."""
        blob, size = sink.put(value)
        return Artifact(
            digest=digest_value(value),
            codec=self.name,
            type=type(value).__name__,
            blobs=(blob,),
            size_bytes=size,
            preview=previews.of_bytes(size),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> bytes | bytearray:
        """Return the bytes."""
        kind = bytearray if artifact.type == "bytearray" else bytes
        return kind(source.get(artifact.blobs[0]))
