"""Many small requests to a service that is far away, side by side; to a folder, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from taskcell.store.contracts import Files

_AT_ONCE = 16

T = TypeVar("T")
R = TypeVar("R")


def each(files: Files, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return what some work gives for each item, in order; the first failure is raised."""
    listed = list(items)
    if files.copies is None or len(listed) < 2:
        return [work(item) for item in listed]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_AT_ONCE, len(listed))) as pool:
        return list(pool.map(work, listed))
