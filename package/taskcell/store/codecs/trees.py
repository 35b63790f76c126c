"""JSON-like values, and containers of values that have codecs of their own.

``json/1``: the JSON form of a value, in the artifact itself when short, else in a blob. ``tree/1``: the same
with ``children``, one artifact for each inner frame, array, file or model, so that equal content is stored
once and a list of artifacts can be made without reading what they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from taskcell import errors
from taskcell.hashing import tokens
from taskcell.hashing.values import LEAVES, digest_of_list, digest_value, token_of
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import plain, previews

_INLINE_BYTES = 4096
"""Longest JSON form kept in the artifact. Unit: bytes."""
_MAX_PICKLES = 64
"""Inner values without an open format, above which the container is stored as one pickle."""


class JsonCodec:
    """Scalars and small values, exactly, as JSON."""

    name = "json/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a scalar with a JSON form."""
        if type(value) in LEAVES:
            return not isinstance(value, (str, bytes)) or len(value) < plain.LARGE_BYTES
        if type(value).__name__ == "ndarray" or type(value) in plain.CONTAINER_TYPES:
            return False
        try:
            plain.Writer().write(value)
        except plain.NotPlainError:
            return False
        return True

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store a scalar."""
        return json_artifact(value, plain.Writer().write(value), sink)

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the value."""
        return read_form(artifact, source, plain.Reader())


class TreeCodec:
    """Containers, whatever they hold."""

    name = "tree/1"
    executes_code = False

    def __init__(self, fallback: contracts.Codec) -> None:
        self._fallback = fallback

    def accepts(self, value: Any) -> bool:
        """Whether this is a built-in container."""
        return type(value) in plain.CONTAINER_TYPES

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store a container: as JSON if that says it all, as one pickle if its shape has no JSON form."""
        held = _Held()
        try:
            form = plain.Writer(held.add).write(value)
        except plain.NotPlainError:
            return self._fallback.encode(value, sink, codecs)
        if not held.values:
            return json_artifact(value, form, sink)
        if sum(self._is_last_resort(inner, codecs) for inner in held.values) > _MAX_PICKLES:
            return self._fallback.encode(value, sink, codecs)
        children = tuple(codecs.encode(inner, sink) for inner in held.values)
        known = {id(inner): child.digest for inner, child in zip(held.values, children, strict=True)}
        return tree_artifact(
            form,
            children,
            sink,
            digest=digest_value(value, known=known),
            type_=previews.type_name(value),
            preview=f"{type(value).__name__} of {len(value):,}" if hasattr(value, "__len__") else type(value).__name__,
        )

    def _is_last_resort(self, value: Any, codecs: Any) -> bool:
        return codecs.codec_for(value) is self._fallback

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the container; a value that stands in it twice is read once for each place."""
        return read_form(artifact, source, plain.Reader(lambda index: decoder.decode(artifact.children[index], source)))


class _Held:
    """Inner values with codecs of their own, each object once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[int, int] = {}

    def add(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.values)
            self.values.append(value)
        return number


def json_artifact(value: Any, form: Any, sink: contracts.BlobSink) -> Artifact:
    """Return the artifact of a value that has a JSON form."""
    meta, blobs, size = store_form(form, sink)
    return Artifact(
        digest=digest_value(value),
        codec=JsonCodec.name,
        type=previews.type_name(value),
        blobs=blobs,
        size_bytes=size,
        meta=meta,
        preview=previews.of_value(value),
    )


def tree_artifact(
    form: Any,
    children: tuple[Artifact, ...],
    sink: contracts.BlobSink,
    *,
    digest: Any,
    type_: str,
    preview: str,
) -> Artifact:
    """Return the artifact of a container with children."""
    meta, blobs, size = store_form(form, sink)
    return Artifact(
        digest=digest,
        codec=TreeCodec.name,
        type=type_,
        blobs=blobs,
        size_bytes=size + sum(child.size_bytes for child in children),
        meta=meta,
        preview=preview,
        children=children,
    )


def store_form(form: Any, sink: contracts.BlobSink) -> tuple[dict[str, Any], tuple[Any, ...], int]:
    """Keep a JSON form in ``meta`` when short, else in a blob; return meta, blobs and size."""
    data = msgspec.json.encode(form)
    if len(data) <= _INLINE_BYTES:
        return {"value": form}, (), len(data)
    digest, size = sink.put(data)
    return {}, (digest,), size


def read_form(artifact: Artifact, source: contracts.BlobSource, reader: plain.Reader) -> Any:
    """Return the value of a JSON form, wherever it is kept."""
    try:
        form = msgspec.json.decode(source.get(artifact.blobs[0])) if artifact.blobs else artifact.meta["value"]
        return reader.read(form)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as exc:
        if isinstance(exc, errors.TaskcellError):
            raise
        raise errors.FormatError(
            f"The stored {artifact.type} {artifact.digest[:12]} is not valid {artifact.codec}: {exc}",
            remedy="Run the task that made it again, without its cache.",
        ) from exc


def gather(artifacts: Sequence[Artifact], sink: contracts.BlobSink) -> Artifact:
    """Return the artifact of the list of some stored values, without reading what they hold.

    Its digest is that of the list itself.
    """
    children = tuple(artifact for artifact in artifacts if not _is_inline(artifact))
    numbers = iter(range(len(children)))
    form = [artifact.meta["value"] if _is_inline(artifact) else {"$child": next(numbers)} for artifact in artifacts]
    if not children:
        value = plain.Reader().read(form)
        return json_artifact(value, form, sink)
    return tree_artifact(
        form,
        children,
        sink,
        digest=digest_of_list([_token(artifact) for artifact in artifacts]),
        type_="list",
        preview=f"list of {len(artifacts):,}",
    )


def _is_inline(artifact: Artifact) -> bool:
    return artifact.codec == JsonCodec.name and not artifact.blobs


def _token(artifact: Artifact) -> tokens.Token:
    """Return what stands for a stored value inside a list."""
    if _is_inline(artifact):
        return token_of(plain.Reader().read(artifact.meta["value"]))
    return tokens.from_digest(artifact.digest)
