"""What tests of all kinds share: a real S3 server, started when the first test asks for one."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests import seaweed

from taskcell import optional_imports

# It compiles 38 grammars for addresses that no test checks, in each process.
with optional_imports.hidden("rfc3987_syntax"):
    import jsonschema as jsonschema

# The same examples in each run, so that a failure is the change's. Others are looked for on purpose: TASKCELL_EXAMPLES=2000.
settings.register_profile("taskcell", derandomize="TASKCELL_EXAMPLES" not in os.environ, deadline=None)
settings.load_profile("taskcell")

# A shell's background programs ignore interrupts, and so would everything that tests start in order to interrupt it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
