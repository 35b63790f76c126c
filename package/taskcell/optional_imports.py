"""Import a library without the optional parts that it would import because they happen to be installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let modules be absent for what is imported meanwhile; those that are loaded stay."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  None is how the import system is told
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
