"""Pickles: where their classes come from, and that nothing of them runs unless the store is trusted."""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taskcell import errors
from taskcell.hashing import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store.codecs import DEFAULT_CODECS, CodecRegistry
from taskcell.testing.memory import MemoryBlobs


class Gadget:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def artifact_of(codec: str, blob: Any, **meta: Any) -> Artifact:
    return Artifact(digest=blob, codec=codec, type="x", blobs=(blob,), meta=meta)


@pytest.mark.parametrize("codec", ["pickle/1", "npy/1", "pandas/1", "arrow-table/1", "json/1", "image/1", "polars/1"])
def test_gadget_never_runs_from_a_store_that_is_not_trusted(codec: str, tmp_path: Path) -> None:
    blobs, mark = MemoryBlobs(), tmp_path / "ran"
    blob, _ = blobs.put(pickle.dumps(Gadget(mark)))
    with pytest.raises((errors.UntrustedError, errors.FormatError)):
        DEFAULT_CODECS.decode(artifact_of(codec, blob, kind="table", series=False), blobs)
    assert not mark.exists()


def test_gadget_inside_a_container_is_refused_before_it_is_read(tmp_path: Path) -> None:
    blobs, mark = MemoryBlobs(), tmp_path / "ran"
    blob, _ = blobs.put(pickle.dumps(Gadget(mark)))
    child = artifact_of("pickle/1", blob)
    tree = Artifact(digest=blob, codec="tree/1", type="list", meta={"value": [{"$child": 0}]}, children=(child,))
    with pytest.raises(errors.UntrustedError, match="trusted_stores") as caught:
        DEFAULT_CODECS.decode(tree, blobs)
    assert "TASKCELL_TRUSTED_STORES" in str(caught.value)
    assert blobs.gets == []
    assert not mark.exists()


def test_array_of_pickled_objects_is_refused_even_when_trusted(tmp_path: Path) -> None:
    blobs, mark = MemoryBlobs(), tmp_path / "ran"
    path = tmp_path / "a.npy"
    np.save(path, np.array([Gadget(mark)], object), allow_pickle=True)
    blob, _ = blobs.put(path.read_bytes())
    with pytest.raises(errors.FormatError):
        DEFAULT_CODECS.decode(artifact_of("npy/1", blob), blobs, trusted=True)
    assert not mark.exists()


def notebook(source: str) -> dict[str, Any]:
    """Run source as a notebook does: in ``__main__``."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


MODEL = (
    "class Model:\n    def __init__(self, n):\n        self.n = n\n    def twice(self):\n"
    + "        return 2 * self.n\n"
)


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A notebook whose names are those of ``__main__``, as in a kernel."""
    namespace = notebook(MODEL)
    monkeypatch.setattr(sys.modules["__main__"], "Model", namespace["Model"], raising=False)
    return namespace


def test_instance_of_a_notebook_class_is_one_of_the_readers_class(main: dict[str, Any]) -> None:
    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(main["Model"](3), blobs)
    reader = notebook(MODEL)
    found = DEFAULT_CODECS.decode(artifact, blobs, trusted=True, namespace=reader)
    assert type(found) is reader["Model"]
    assert found.twice() == 6
    assert digest_value(found) == artifact.digest


def test_instance_of_a_notebook_class_brings_it_along_where_there_is_none(main: dict[str, Any]) -> None:
    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode([main["Model"](3)], blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs, trusted=True)
    assert found[0].twice() == 6


def test_functions_without_a_name_are_stored_whole() -> None:
    blobs = MemoryBlobs()
    factor = 3
    found = DEFAULT_CODECS.decode(DEFAULT_CODECS.encode(lambda x: x * factor, blobs), blobs, trusted=True)
    assert found(2) == 6


def test_pickle_that_needs_what_is_gone_says_so() -> None:
    blobs = MemoryBlobs()
    blob, _ = blobs.put(b"cno_such_module\nThing\n.")
    with pytest.raises(errors.FormatError, match="no_such_module"):
        DEFAULT_CODECS.decode(artifact_of("pickle/1", blob), blobs, trusted=True)


def test_unknown_codec_is_named() -> None:
    with pytest.raises(errors.FormatError, match="zarr/3"):
        DEFAULT_CODECS.decode(Artifact(digest=digest_value(1), codec="zarr/3", type="x"), MemoryBlobs())


@pytest.mark.parametrize(
    ("make", "path", "what"),
    [
        (threading.Lock, "", "lock"),
        (lambda: [1, threading.Lock()], r"\[1\]", "lock"),
        (lambda: {"a": (n for n in ())}, r"\['a'\]", "generator"),
        (lambda: sys, "", "module"),
        (lambda: [sys.__stdout__], r"\[0\]", "open file"),
        (lambda: iter([1]), "", "iterator"),
        (lambda: __import__("polars").LazyFrame(), "", "LazyFrame"),
        (lambda: __import__("types").SimpleNamespace(a={"b": threading.Lock()}), r"\.a\['b'\]", "lock"),
        (lambda: Holder(threading.Lock()), r"\.held", "lock"),
    ],
)
def test_what_can_not_be_stored_is_named_with_its_place_and_a_remedy(make: Any, path: str, what: str) -> None:
    blobs = MemoryBlobs()
    with pytest.raises(errors.UnstorableError, match=f"(?i){path}.*{what}.*can't be stored") as caught:
        DEFAULT_CODECS.encode(make(), blobs)
    assert caught.value.remedy


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = held


class Celsius(float):
    """A type that a package brings a codec for."""


class CelsiusCodec:
    name = "celsius/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        return isinstance(value, Celsius)

    def encode(self, value: Any, sink: Any, codecs: Any) -> Artifact:
        blob, size = sink.put(repr(float(value)).encode())
        return Artifact(digest=digest_value(value), codec=self.name, type="Celsius", blobs=(blob,), size_bytes=size)

    def decode(self, artifact: Artifact, source: Any, decoder: Any) -> Any:
        return Celsius(bytes(source.get(artifact.blobs[0])).decode())


def test_codec_of_another_package_is_asked_first_also_inside_containers() -> None:
    codecs, blobs = CodecRegistry([CelsiusCodec()]), MemoryBlobs()
    artifact = codecs.encode({"t": Celsius(1.5)}, blobs)
    assert artifact.children[0].codec == "celsius/1"
    found = codecs.decode(artifact, blobs)
    assert type(found["t"]) is Celsius


def test_large_buffers_of_a_pickle_are_blobs_of_their_own() -> None:
    blobs = MemoryBlobs()
    first, second = Holder(np.zeros(200_000)), Holder(np.zeros(200_000))
    second.name = "other"  # type: ignore[attr-defined]
    one, two = DEFAULT_CODECS.encode(first, blobs), DEFAULT_CODECS.encode(second, blobs)
    assert one.blobs[-1] == two.blobs[-1]
    found = DEFAULT_CODECS.decode(two, blobs, trusted=True)
    found.held[0] = 1
    assert found.name == "other"


def test_codes_without_a_category_are_refused() -> None:
    import msgspec
    import pandas as pd
    import pyarrow as pa

    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(pd.Series(pd.Categorical(["a", None, "b"])), blobs)
    table = pa.ipc.open_file(bytes(blobs.get(artifact.blobs[0]))).read_all()
    bits = table.column(0).chunk(0).indices.buffers()[0]
    codes = pa.Array.from_buffers(pa.int8(), 3, [bits, pa.py_buffer(np.array([0, 99, 1], np.int8))])
    forged = pa.DictionaryArray.from_arrays(codes, table.column(0).chunk(0).dictionary)
    target = pa.BufferOutputStream()
    with pa.ipc.new_file(target, table.schema) as writer:
        writer.write(pa.RecordBatch.from_arrays([forged], schema=table.schema))
    blob, _ = blobs.put(target.getvalue().to_pybytes())
    with pytest.raises(errors.FormatError, match="codes without a category"):
        DEFAULT_CODECS.decode(msgspec.structs.replace(artifact, blobs=(blob,)), blobs)
