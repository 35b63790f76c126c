"""Values that are memory-mapped, in a store on disk: damage is found, hits are the reader's own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from taskcell import errors
from taskcell.hashing import Digest, digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import codecs, paths
from taskcell.store.opening import Store, open_store

ROWS = 60_000  # each value is above the 256 KiB from which blobs are mapped


def frame() -> pd.DataFrame:
    numbers = np.arange(ROWS)
    return pd.DataFrame(
        {
            "i": numbers,
            "f": numbers / 7,
            "b": numbers % 2 == 0,
            "s": pd.Series([f"name {n % 1000}" for n in range(ROWS)], dtype="str"),
            "t": pd.date_range("2013-01-01", periods=ROWS, freq="s"),
            "z": pd.date_range("2013-01-01", periods=ROWS, freq="s", tz="Europe/Berlin"),
            "c": pd.Categorical.from_codes(numbers % 3, ["u", "v", "w"]),
            "m": pd.array(numbers, dtype="Int64"),
            "a": pd.Series(numbers, dtype=pd.ArrowDtype(pa.int64())),
        }
    )


VALUES: dict[str, Callable[[], Any]] = {
    "frame": frame,
    "series": lambda: pd.Series(np.arange(ROWS) / 3, name="x"),
    "index": lambda: pd.Index(np.arange(ROWS) ** 2),
    "array": lambda: np.arange(ROWS) / 3,
    "fortran array": lambda: np.asfortranarray(np.arange(2.0 * ROWS).reshape(2, ROWS)),
    "masked array": lambda: np.ma.array(np.arange(ROWS), mask=np.arange(ROWS) % 7 == 0),
    "arrow table": lambda: pa.table({"a": np.arange(ROWS), "s": [f"name {n}" for n in range(ROWS)]}),
    "polars frame": lambda: pl.DataFrame({"a": np.arange(ROWS), "s": [f"name {n}" for n in range(ROWS)]}),
    "text": lambda: "text " * ROWS,
    "bytes": lambda: bytes(range(256)) * 2000,
    "texts": lambda: [f"name {n}" for n in range(ROWS)],
    "dict of frames": lambda: {"left": frame(), "right": frame().iloc[::-1]},
    "pickle with large buffers": lambda: np.ma.array(np.arange(300_000)).view(np.ma.MaskedArray),
}


@pytest.fixture(params=list(VALUES))
def make(request: pytest.FixtureRequest) -> Callable[[], Any]:
    return VALUES[request.param]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), durability="process")


def addresses(artifact: Artifact) -> set[Digest]:
    return set(artifact.blobs).union(*(addresses(child) for child in artifact.children))


def decode(artifact: Artifact, store: Store) -> Any:
    return codecs.decode(artifact, store.blobs, trusted=True)


@pytest.mark.parametrize("is_read_before", [False, True])
def test_no_flipped_bit_gives_a_value(make: Callable[[], Any], store: Store, is_read_before: bool) -> None:
    value = make()
    artifact = codecs.encode(value, store.blobs)
    places = random.Random(digest_value(value))
    for address in addresses(artifact):
        for _ in range(4):
            if is_read_before:
                assert digest_value(decode(artifact, store)) == artifact.digest
            flip(store, address, places)
            with pytest.raises(errors.FormatError, match="corrupt"):
                decode(artifact, store)
            assert codecs.encode(value, store.blobs) == artifact
    assert digest_value(decode(artifact, store)) == artifact.digest


def flip(store: Store, address: Digest, places: random.Random) -> None:
    """Flip a bit of a blob and give the file its old times back."""
    place = store.files.local_path(paths.blob(address))
    assert place is not None
    before = place.stat()
    with place.open("r+b") as file:
        offset = places.randrange(before.st_size)
        file.seek(offset)
        byte = file.read(1)[0] ^ 1 << places.randrange(8)
        file.seek(offset)
        file.write(bytes([byte]))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def overwrite(value: Any) -> None:
    """Change what can be changed of a value, in place."""
    if isinstance(value, dict):
        for item in value.values():
            overwrite(item)
    elif isinstance(value, pd.DataFrame):
        for column in range(value.shape[1]):
            value.iloc[: ROWS // 2, column] = value.iloc[-1, column]
    elif isinstance(value, pd.Series):
        value.iloc[: ROWS // 2] = -1
    elif isinstance(value, np.ndarray):
        value[...] = 0
    elif isinstance(value, list):
        value.clear()


def test_changed_hit_changes_nothing_for_the_next_one(make: Callable[[], Any], store: Store) -> None:
    artifact = codecs.encode(make(), store.blobs)
    mine, theirs = decode(artifact, store), decode(artifact, store)
    fresh = make()
    overwrite(mine)
    overwrite(fresh)
    assert digest_value(mine) == digest_value(fresh)
    assert digest_value(theirs) == artifact.digest
    assert digest_value(decode(artifact, store)) == artifact.digest


def test_columns_of_a_hit_are_writable_where_fresh_ones_are(store: Store) -> None:
    fresh = frame()
    found = decode(codecs.encode(fresh, store.blobs), store)
    for name in fresh:
        assert found[name].dtype == fresh[name].dtype
        mine, theirs = np.asarray(found[name].array), np.asarray(fresh[name].array)
        assert mine.flags.writeable >= theirs.flags.writeable, name
        assert found[name].to_numpy().flags.writeable >= fresh[name].to_numpy().flags.writeable, name


def test_hit_lies_on_the_blob_without_a_copy(store: Store) -> None:
    artifact = codecs.encode(np.arange(ROWS), store.blobs)
    base = decode(artifact, store)
    while isinstance(base, np.ndarray):
        assert not base.flags.owndata
        base = base.base
    assert type(base.obj).__name__ == "mmap"


def test_one_frame_of_ten_tasks_is_one_blob(store: Store) -> None:
    artifacts = {codecs.encode(frame(), store.blobs).digest for _ in range(10)}
    assert len(artifacts) == 1
    assert len(list(store.files.walk(paths.BLOBS))) == 1
