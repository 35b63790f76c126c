from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcell.store.opening import Store, open_store


@pytest.fixture(params=["local", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return str(request.getfixturevalue("s3_url"))
    return f"file://{tmp_path}/store" if request.param == "local" else f"memory://{uuid.uuid4()}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


@pytest.fixture
def local_store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def flip(tmp_path: Path) -> Callable[[Store, str, int], None]:
    """Return a function that flips one bit of a file in place, as a failing disk would."""

    def flip_bit(store: Store, path: str, bit: int) -> None:
        place = store.files.local_path(path)
        assert place is not None
        data = bytearray(place.read_bytes())
        data[bit // 8 % len(data)] ^= 1 << bit % 8
        place.write_bytes(data)

    return flip_bit
