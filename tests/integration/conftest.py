"""What tests with real kernels share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from jupyter_core.utils import ensure_event_loop


@pytest.fixture(scope="session", autouse=True)
def close_event_loop() -> Iterator[None]:
    """Close the loop that kernel clients open behind their blocking calls and leave open."""
    yield
    ensure_event_loop().close()
    asyncio.set_event_loop(None)
