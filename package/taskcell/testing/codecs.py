"""Conformance suite for codecs: derive from ``CodecContract`` and give examples.

>>> class TestMyCodec(CodecContract):  # doctest: +SKIP
...     codecs = CodecRegistry([MyCodec()])
...     examples = {"empty": lambda: MyType(), "full": lambda: MyType(3)}
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from taskcell import errors
from taskcell.hashing import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import DEFAULT_CODECS
from taskcell.testing import memory

_watching: list[list[str]] = []
_hooked: list[bool] = []


@contextlib.contextmanager
def unpickled() -> Iterator[list[str]]:
    """Collect the names of everything that pickles look up meanwhile."""
    if not _hooked:
        sys.addaudithook(_on_event)
        _hooked.append(True)
    found: list[str] = []
    _watching.append(found)
    try:
        yield found
    finally:
        _watching.remove(found)


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event == "pickle.find_class":
        for found in _watching:
            found.append(".".join(str(part) for part in arguments))


class CodecContract:
    """What every codec must do, checked for each example.

    Attributes
    ----------
    codecs
        The codecs under test, together.
    examples
        Functions that make a value, by name; called twice, they make equal values.
    same_type
        Whether a value comes back as the type that it had.
    """

    codecs: ClassVar[contracts.Codecs] = DEFAULT_CODECS
    examples: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    same_type: ClassVar[bool] = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test for each example."""
        if "make" in metafunc.fixturenames:
            metafunc.parametrize("make", list(self.examples.values()), ids=list(self.examples))

    @pytest.fixture
    def blobs(self) -> memory.MemoryBlobs:
        """Return an empty store."""
        return memory.MemoryBlobs()

    def stored(self, value: Any, blobs: memory.MemoryBlobs) -> Artifact:
        """Store a value; return its artifact after a way through JSON, as in a record."""
        return msgspec.json.decode(msgspec.json.encode(self.codecs.encode(value, blobs)), type=Artifact)

    def test_value_comes_back_with_the_same_digest(
        self, make: Callable[[], Any], blobs: memory.MemoryBlobs, tmp_path: Path
    ) -> None:
        """A value comes back, with the digest of its artifact."""
        value = make()
        artifact = self.stored(value, blobs)
        found = self.codecs.decode(artifact, blobs, trusted=True, folder=tmp_path)
        assert digest_value(found) == artifact.digest
        if self.same_type:
            assert type(found) is type(value)
            assert digest_value(value) == artifact.digest

    def test_stored_again_it_takes_no_new_bytes(
        self, make: Callable[[], Any], blobs: memory.MemoryBlobs, tmp_path: Path
    ) -> None:
        """An equal value gives the same artifact and the same blobs."""
        first = self.stored(make(), blobs)
        before = set(blobs.blobs)
        assert self.stored(make(), blobs) == first
        assert set(blobs.blobs) == before

    def test_size_is_that_of_the_blobs(self, make: Callable[[], Any], blobs: memory.MemoryBlobs) -> None:
        """The artifact's size is what it takes in the store."""
        artifact = self.stored(make(), blobs)
        held = sum(len(blobs.blobs[blob]) for part in _flat(artifact) for blob in part.blobs)
        inline = sum(
            len(msgspec.json.encode(part.meta["value"]))
            for part in _flat(artifact)
            if part.codec in ("json/1", "tree/1") and not part.blobs
        )
        assert artifact.size_bytes == held + inline

    def test_flipped_bit_is_refused(self, make: Callable[[], Any], blobs: memory.MemoryBlobs, tmp_path: Path) -> None:
        """A bit flipped in any blob is found before a value is made."""
        artifact = self.stored(make(), blobs)
        for address, data in list(blobs.blobs.items()):
            broken = bytearray(data or b"\0")
            broken[len(broken) // 2] ^= 1
            blobs.blobs[address] = bytes(broken)
            with pytest.raises(errors.FormatError):
                self.codecs.decode(artifact, blobs, trusted=True, folder=tmp_path)
            blobs.blobs[address] = data

    def test_nothing_is_unpickled_from_a_store_that_is_not_trusted(
        self, make: Callable[[], Any], blobs: memory.MemoryBlobs, tmp_path: Path
    ) -> None:
        """Without trust, open formats are read and pickles refused, and no pickle runs."""
        artifact = self.stored(make(), blobs)
        pickled = any(part.codec.startswith("pickle/") for part in _flat(artifact))
        with unpickled() as names:
            if pickled:
                with pytest.raises(errors.UntrustedError):
                    self.codecs.decode(artifact, blobs, folder=tmp_path)
            else:
                self.codecs.decode(artifact, blobs, folder=tmp_path)
        assert names == []

    def test_preview_is_one_short_line(self, make: Callable[[], Any], blobs: memory.MemoryBlobs) -> None:
        """The preview is for people."""
        artifact = self.stored(make(), blobs)
        assert len(artifact.preview) <= 80
        assert "\n" not in artifact.preview
        assert artifact.type


def _flat(artifact: Artifact) -> Iterator[Artifact]:
    yield artifact
    for child in artifact.children:
        yield from _flat(child)
