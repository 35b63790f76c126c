"""What tests of all kinds share: a real S3 server, started when the first test asks for one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import seaweed


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Seaweed]:
    with seaweed.running(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def s3_url(s3_server: seaweed.Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return an empty prefix of a bucket, with the configuration and a cache folder of this test's own."""
    for name, value in s3_server.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return f"s3://cache/{uuid.uuid4().hex}"
