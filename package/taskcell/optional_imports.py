"""Import a library without the optional parts that it would import because they happen to be installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let modules be absent for what is imported meanwhile; those that are loaded stay."""
    absent = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules  # None in the place of a module is how the import system is told
    modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            modules.pop(name, None)
