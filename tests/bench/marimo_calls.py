"""marimo's persistent cache around the same function: it looks for an ``app`` in the module that it is used in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import marimo

app = marimo.App()


def work(n: int) -> int:
    """Return twice the number: nothing to speak of."""
    return n * 2


def cached(folder: str) -> Callable[[int], Any]:
    """Return the function, its results kept in a folder."""
    logging.getLogger("marimo").setLevel(logging.ERROR)
    found: Callable[[int], Any] = marimo.persistent_cache(work, save_path=folder)
    return found
