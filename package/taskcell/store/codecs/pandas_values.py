"""The face of ``frames`` towards the registry: pandas is imported only once there is a value of it."""

from __future__ import annotations

from typing import Any

from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import plain

_NAMES = frozenset(
    [
        "DataFrame",
        "Series",
        "Index",
        "RangeIndex",
        "MultiIndex",
        "DatetimeIndex",
        "TimedeltaIndex",
        "PeriodIndex",
        "CategoricalIndex",
        "IntervalIndex",
    ]
)


class PandasCodec:
    """Frames, series and indexes of pandas' own classes."""

    name = "pandas/1"
    executes_code = False

    def __init__(self, fallback: contracts.Codec) -> None:
        self._fallback = fallback

    def accepts(self, value: Any) -> bool:
        """Whether this is one of pandas' own classes (a derived class has state that they don't)."""
        kind = type(value)
        return kind.__name__ in _NAMES and kind.__module__.partition(".")[0] == "pandas"

    def encode(self, value: Any, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store an Arrow file; a value whose names or attributes have no JSON form becomes a pickle."""
        from taskcell.store.codecs.frames import codec

        try:
            return codec.encode(value, sink, codecs)
        except plain.NotPlainError:
            return self._fallback.encode(value, sink, codecs)

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Any:
        """Return the value."""
        from taskcell.store.codecs.frames import codec

        return codec.decode(artifact, source, decoder)
