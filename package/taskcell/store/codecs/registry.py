"""Choosing a codec: those of installed packages first, then the open formats, a pickle last.

Further codecs come from the entry-point group ``taskcell.codecs``, read when the first value is stored or
loaded that no codec of ours is made for. They can't take over the built-in scalars and containers, whose
digests and stored forms others rely on.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from taskcell import errors
from taskcell.hashing.values import LEAVES, digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import (
    arrays,
    figures,
    files,
    pandas_values,
    pickles,
    plain,
    previews,
    tables,
    texts,
    trees,
)

if TYPE_CHECKING:
    import importlib.metadata

ENTRY_POINTS = "taskcell.codecs"


class CodecRegistry:
    """All codecs together.

    Parameters
    ----------
    further : Sequence[Codec] or None
        Codecs asked before ours; None: those of installed packages.
    """

    def __init__(self, further: Sequence[contracts.Codec] | None = None) -> None:
        last = pickles.PickleCodec()
        self._json = trees.JsonCodec()
        self._tree = trees.TreeCodec(last)
        self._further = None if further is None else list(further)
        self._own: list[contracts.Codec] = [
            self._json,
            self._tree,
            texts.TextCodec(),
            texts.BytesCodec(),
            arrays.NpyCodec(),
            arrays.ObjectArrayCodec(),
            arrays.MaskedArrayCodec(),
            pandas_values.PandasCodec(last),
            tables.ArrowCodec(),
            tables.PolarsCodec(),
            files.FileCodec(),
            figures.FigureCodec(),
            figures.ImageCodec(),
            last,
        ]
        self._by_name = {codec.name: codec for codec in self._own}

    def codec_for(self, value: Any) -> contracts.Codec:
        """Return the codec that stores a value; raise UnstorableError for what is never stored."""
        kind = type(value)
        if kind in plain.CONTAINER_TYPES:
            return self._tree
        if kind in LEAVES and self._json.accepts(value):
            return self._json
        _refuse(value)
        for codec in (*self._installed(), *self._own):
            if codec.accepts(value):
                return codec
        raise errors.InternalError(f"No codec takes a value of type {previews.type_name(value)}.")

    def encode(self, value: Any, sink: contracts.BlobSink) -> Artifact:
        """Store any value and return its artifact.

        Raises
        ------
        UnstorableError
            The value, or a part of it, can't be stored; the message names it and says what to do.
        """
        try:
            return self.codec_for(value).encode(value, sink, self)
        except errors.UnstorableError as exc:
            raise _placed(value, exc) from exc

    def decode(
        self,
        artifact: Artifact,
        source: contracts.BlobSource,
        *,
        trusted: bool = False,
        namespace: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> Any:
        """Return the value again.

        Parameters
        ----------
        trusted : bool
            Whether the store's writers are trusted: then pickles may be loaded.
        namespace : Mapping or None
            Where classes and functions of ``__main__`` are looked up by name.
        folder : Path or None
            Where stored files are laid out. None: the user's cache folder.

        Raises
        ------
        UntrustedError
            A pickle is met and the store is not trusted; nothing of it has been read.
        FormatError
            The bytes are not what they should be, or a codec is missing.
        """
        return _Decoder(self, trusted, namespace or {}, folder).decode(artifact, source)

    def gather(self, artifacts: Sequence[Artifact], sink: contracts.BlobSink) -> Artifact:
        """Return the artifact of the list of some stored values, without reading them."""
        return trees.gather(artifacts, sink)

    def preview_rows(self, artifact: Artifact, source: contracts.BlobSource, limit: int = 5) -> list[list[str]] | None:
        """Return labels and first rows of a stored table as texts, None when it is none."""
        from taskcell.store.codecs import rows

        return rows.preview_rows(artifact, source, limit)

    def executes_code(self, artifact: Artifact) -> bool:
        """Whether reading a stored value, or anything in it, runs code of its writer's: then it is a pickle."""
        inner = any(self.executes_code(child) for child in artifact.children)
        return inner or self.named(artifact.codec).executes_code

    def named(self, name: str) -> contracts.Codec:
        """Return the codec of that name and revision; raise FormatError."""
        found = self._by_name.get(name)
        if found is None:
            found = next((codec for codec in self._installed() if codec.name == name), None)
        if found is None:
            raise errors.FormatError(
                f"No codec named {name!r} is installed.",
                remedy="Upgrade Taskcell, or install the package that stored the value.",
                codec=name,
            )
        return found

    def _installed(self) -> list[contracts.Codec]:
        if self._further is None:
            self._further = [point.load()() for point in _points()]
        return self._further


@functools.lru_cache(maxsize=1)
def _points() -> tuple[importlib.metadata.EntryPoint, ...]:
    """Return where installed packages keep codecs; a look at every distribution, and nothing of theirs is imported."""
    import importlib.metadata  # 30 ms

    points = importlib.metadata.entry_points(group=ENTRY_POINTS)
    return tuple(sorted(points, key=lambda point: point.name))


_OF_LIBRARY = {
    "numpy": ("taskcell.hashing.arrays", "taskcell.hashing.objects"),
    "pandas": ("taskcell.store.codecs.frames.codec", "taskcell.hashing.frames", "pyarrow.ipc"),
    "polars": ("taskcell.hashing.tables", "pyarrow.ipc"),
}
"""What values of a library need to be stored and loaded."""


def get_ready() -> None:
    """Import what values of the libraries that are loaded will need, and learn which codecs are installed."""
    _points()
    for library, modules in _OF_LIBRARY.items():
        if library in sys.modules:
            for module in modules:
                importlib.import_module(module)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """One reading: the same terms for a value and everything in it."""

    codecs: CodecRegistry
    trusted: bool = False
    namespace: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def decode(self, artifact: Artifact, source: contracts.BlobSource) -> Any:
        codec = self.codecs.named(artifact.codec)
        if codec.executes_code and not self.trusted:
            raise errors.UntrustedError(
                f"The stored {artifact.type} {artifact.digest[:12]} is a pickle, and its store is not trusted.",
                remedy="If you trust everybody who can write to that store, add its URL to the setting"
                " trusted_stores (environment variable TASKCELL_TRUSTED_STORES).",
                type=artifact.type,
                digest=artifact.digest,
            )
        return codec.decode(artifact, source, self)


def _refuse(value: Any) -> None:
    """Refuse what is never stored, whatever a codec says."""
    from taskcell.hashing import objects

    kind = type(value)
    if isinstance(value, ModuleType):
        raise errors.UnstorableError(
            f"The module {value.__name__!r} can't be stored.", remedy="Import it in the task that needs it."
        )
    if kind.__name__ == "LazyFrame" and kind.__module__.partition(".")[0] == "polars":
        raise errors.UnstorableError("A Polars LazyFrame can't be stored.", remedy="Store its result: .collect().")
    refused = objects.refusal(kind)
    if refused is not None:
        what, remedy = refused
        raise errors.UnstorableError(f"{what[0].upper()}{what[1:]} can't be stored.", remedy=remedy)


def _placed(value: Any, exc: errors.UnstorableError) -> errors.UnstorableError:
    """Return a refusal that says where the part lies, if the value's digest is refused for it too."""
    try:
        digest_value(value)
    except errors.UnstorableError as found:
        if path := found.ids.get("path"):
            message = f"value{path}: {found.ids['what']} can't be stored"
            return errors.UnstorableError(message, remedy=found.remedy, **found.ids)
    return exc


DEFAULT_CODECS = CodecRegistry()
"""Our codecs and those of installed packages."""
