"""Some rows of a stored table, read page by page, say what the whole says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from taskcell import errors
from taskcell.store import codecs
from taskcell.store.codecs import windows
from taskcell.store.opening import Store, open_store

FRAME = pd.DataFrame(
    {
        "whole": range(2500),
        "part": [number / 4 for number in range(2500)],
        "text": [f"<b>{number}</b>" for number in range(2500)],
        "when": [datetime(2025, 1, 1, tzinfo=UTC)] * 2500,
    },
    index=pd.Index([f"row {number}" for number in range(2500)], name="name"),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"), durability="process")


def opened(store: Store, value: Any, *, trusted: bool = True) -> windows.Table:
    artifact = codecs.encode(value, store.blobs)
    assert windows.is_table(artifact)
    return windows.open_table(artifact, store.blobs, trusted=trusted)


@pytest.mark.parametrize("trusted", [True, False])
def test_frame_gives_any_window(store: Store, trusted: bool) -> None:
    table = opened(store, FRAME, trusted=trusted)
    assert table.total == 2500
    assert [(column.name, column.numeric) for column in table.columns] == [
        ("whole", True),
        ("part", True),
        ("text", False),
        ("when", False),
        ("name", False),
    ]
    assert table.rows(2499, 10, 0, 3) == [("2499", "624.75", "<b>2499</b>")]
    assert table.rows(7, 2, 4, 10) == [("row 7",), ("row 8",)]
    assert table.rows(2500, 10, 0, 10) == []


def test_batches_are_joined(store: Store) -> None:
    table = pa.table({"x": pa.chunked_array([[1, 2], [3], [], [4, None]])})
    found = opened(store, table)
    assert found.total == 5
    assert found.rows(1, 3, 0, 1) == [("2",), ("3",), ("4",)]
    assert found.rows(4, 3, 0, 1) == [("",)]


def test_polars_series_and_empty_frames_are_tables(store: Store) -> None:
    assert opened(store, pl.DataFrame({"a": [1, 2], "b": [[1], None]})).rows(0, 5, 0, 5) == [("1", "[1]"), ("2", "")]
    assert opened(store, pd.Series([1.5, None], name="s")).rows(0, 5, 0, 5) == [("1.5",), ("nan",)]
    assert opened(store, pd.DataFrame()).rows(0, 5, 0, 5) == []
    assert opened(store, pd.DataFrame({"a": []})).total == 0


def test_arrays_have_rows(store: Store) -> None:
    assert opened(store, np.arange(6.0).reshape(3, 2)).rows(1, 1, 0, 9) == [("2.0", "3.0")]
    assert opened(store, np.arange(24).reshape(2, 3, 4)).rows(1, 5, 0, 2) == [("12", "13")]
    assert opened(store, np.array(7)).rows(0, 5, 0, 5) == [("7",)]
    records = np.array([(1, "x"), (2, "y")], dtype=[("n", "<i4"), ("t", "<U1")])
    table = opened(store, records)
    assert [column.name for column in table.columns] == ["n", "t"]
    assert table.rows(1, 1, 0, 2) == [("2", "y")]


def test_long_cells_are_cut(store: Store) -> None:
    (row,) = opened(store, pd.DataFrame({"t": ["x" * 10_000]})).rows(0, 1, 0, 1)
    assert row[0] == "x" * windows.LONGEST_CELL + "…"


def test_damaged_table_is_refused_in_words(store: Store) -> None:
    artifact = codecs.encode(FRAME, store.blobs)
    place = store.files.local_path(f"blobs/{artifact.blobs[0][:2]}/{artifact.blobs[0]}")
    assert place is not None
    place.chmod(0o644)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    with pytest.raises(errors.FormatError, match="corrupt"):
        windows.open_table(artifact, store.blobs, trusted=True)


@pytest.mark.parametrize("junk", [b"", b"ARROW1", b"x" * 100])
def test_junk_is_refused_in_words(store: Store, junk: bytes) -> None:
    blob, size = store.blobs.put(junk)
    artifact = codecs.encode(pa.table({"x": [1]}), store.blobs)
    import msgspec

    hostile = msgspec.structs.replace(artifact, blobs=(blob,), size_bytes=size)
    with pytest.raises(errors.FormatError):
        windows.open_table(hostile, store.blobs, trusted=False)
