"""Pickles: the last resort, for values without an open format.

Classes and functions that can be imported are named, not stored. What lives in ``__main__`` is named too,
with its definition beside it: on reading, the reader's namespace is asked first, so that a stored instance is
an instance of the notebook's own class; the definition serves where the name is not bound. Large buffers are
blobs of their own.
"""

from __future__ import annotations

import copyreg
import importlib
import io
import operator
import pickle
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from taskcell import errors
from taskcell.hashing import Digest, digest_parts, passes
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import previews

_BUFFER_BYTES = 1 << 20
"""Buffers from this size on become blobs of their own. Unit: bytes."""


class PickleCodec:
    """Everything that ``pickle`` takes."""

    name = "pickle/1"
    executes_code = True

    def accepts(self, value: Any) -> bool:
        """Try everything."""
        return True

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store a pickle, the definitions that it needs, and its large buffers."""
        buffers: list[pickle.PickleBuffer] = []
        try:
            data, definitions = _dumps(value, buffers)
            passes.forget()
        except Exception as exc:  # the value's own code runs
            raise errors.UnstorableError(
                f"A value of type {previews.type_name(value)} can't be stored: {exc}",
                remedy="Store what it is made of, and make it again inside the task.",
            ) from exc
        stored = [sink.put(data)]
        if definitions:
            stored.append(sink.put(definitions))
        stored += [sink.put(buffer.raw()) for buffer in buffers]
        blobs = tuple(digest for digest, _ in stored)
        return Artifact(
            digest=_digest(value, blobs),
            codec=self.name,
            type=previews.type_name(value),
            blobs=blobs,
            size_bytes=sum(size for _, size in stored),
            meta={"definitions": bool(definitions)},
            preview=previews.of_value(value),
        )

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Load the pickle. The registry has made sure that the store is trusted."""
        views = [source.get(blob) for blob in artifact.blobs]
        first = 2 if artifact.meta.get("definitions") else 1
        buffers = [view if not view.readonly else bytearray(view) for view in views[first:]]
        definitions = views[1] if first == 2 else None
        try:
            return _Unpickler(views[0], buffers, decoder.namespace, definitions).load()
        except Exception as exc:
            raise errors.FormatError(
                f"The stored {artifact.type} {artifact.digest[:12]} can't be loaded: {type(exc).__name__}: {exc}",
                remedy="Install or define what it needs, or run the task that made it again.",
            ) from exc


def _dumps(value: Any, buffers: list[pickle.PickleBuffer]) -> tuple[bytes, bytes]:
    """Return the pickle and the definitions of what can't be imported."""
    try:
        data = _dumped(value, buffers)
    except Exception:  # noqa: BLE001  what can't be imported by name is tried with its definition below
        data = b""
    if data and b"__main__" not in data:
        return data, b""
    buffers.clear()
    target = io.BytesIO()
    pickler = _NamingPickler(target, 5, buffer_callback=_keep_large(buffers))
    pickler.dispatch_table = _dispatch_table()
    pickler.dump(value)
    if not pickler.definitions:
        return target.getvalue(), b""
    import cloudpickle

    return target.getvalue(), cloudpickle.dumps(pickler.definitions, 5)


def _dumped(value: Any, buffers: list[pickle.PickleBuffer]) -> bytes:
    target = io.BytesIO()
    pickler = pickle.Pickler(target, 5, buffer_callback=_keep_large(buffers))
    pickler.dispatch_table = _dispatch_table()
    pickler.dump(value)
    return target.getvalue()


def _dispatch_table() -> Mapping[type, Callable[[Any], Any]]:
    """Return how objects are taken apart where a library's own way loses something."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    table = dict(copyreg.dispatch_table)
    if numpy is not None:
        table[numpy.ndarray] = _reduce_array
    if pandas is not None:
        table[pandas.Timestamp] = _reduce_timestamp
    return table


def _reduce_array(array: Any) -> Any:
    """Reduce an array so that it keeps its byte order, which NumPy's own pickles lose."""
    if array.dtype.isnative or array.dtype.names is not None or array.dtype.kind == "O":
        return array.__reduce_ex__(5)
    return type(array).view, (array.view(array.dtype.newbyteorder("=")), array.dtype)


def _reduce_timestamp(moment: Any) -> Any:
    """Reduce a time so that it keeps the fold that was given, which pandas' own pickles derive anew."""
    reduced = moment.__reduce_ex__(5)
    derived = reduced[0](*reduced[1])
    return reduced if derived.fold == moment.fold else (operator.methodcaller("replace", fold=moment.fold), (derived,))


def _keep_large(buffers: list[pickle.PickleBuffer]) -> Callable[[pickle.PickleBuffer], bool]:
    def keep(buffer: pickle.PickleBuffer) -> bool:
        """Answer whether the buffer is to stay inside the pickle."""
        try:
            if buffer.raw().nbytes < _BUFFER_BYTES:
                return True
        except BufferError:
            return True
        buffers.append(buffer)
        return False

    return keep


class _NamingPickler(pickle.Pickler):
    """Leaves out classes and functions that a reader can't import, and collects them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definitions: list[Any] = []
        self._numbers: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, (type, FunctionType)) or _is_importable(obj):
            return None
        number = self._numbers.get(id(obj))
        if number is None:
            number = self._numbers[id(obj)] = len(self.definitions)
            self.definitions.append(obj)
        return (obj.__qualname__ if obj.__module__ == "__main__" else "", number)


def _is_importable(obj: Any) -> bool:
    if obj.__module__ in (None, "__main__", "__mp_main__") or "<" in obj.__qualname__:
        return False
    try:
        found = importlib.import_module(obj.__module__)
        for part in obj.__qualname__.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return found is obj


class _Unpickler(pickle.Unpickler):
    """Finds what lives in ``__main__`` in the reader's namespace, else in the stored definitions."""

    def __init__(
        self,
        data: memoryview,
        buffers: list[Any],
        namespace: Mapping[str, Any],
        definitions: memoryview | None,
    ) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._namespace = namespace
        self._stored = definitions
        self._definitions: list[Any] | None = None

    def persistent_load(self, pid: Any) -> Any:
        qualname, number = pid
        found = _look_up(self._namespace, qualname) if qualname and "<" not in qualname else None
        return self._definition(number) if found is None else found

    def _definition(self, number: int) -> Any:
        if self._definitions is None:
            self._definitions = pickle.loads(self._stored or b"")
        return self._definitions[number]


def _look_up(namespace: Mapping[str, Any], qualname: str) -> Any:
    first, *rest = qualname.split(".")
    found = namespace.get(first)
    for part in rest:
        found = getattr(found, part, None)
    return found if isinstance(found, (type, FunctionType)) else None


def _digest(value: Any, blobs: tuple[Digest, ...]) -> Digest:
    """Return the value's digest by meaning, or where there is none, one of the stored bytes."""
    try:
        return digest_value(value)
    except errors.UnstorableError:
        return digest_parts("taskcell.pickle/1", blobs)
