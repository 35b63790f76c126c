"""What was read before: least recently used things go first, and one of a kind is made once at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """Named shelves of things that were made before.

    A thing on a shelf either never changes or brings itself up to date. Things are kept by weight, in whatever unit the
    shelf chooses; the lock of a key is held while its thing is made, so that ten askers make it once.
    """

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.Lock()

    def get(
        self,
        shelf: str,
        key: Hashable,
        make: Callable[[], T],
        *,
        most: int = 64,
        weight: Callable[[T], int] = lambda _: 1,
    ) -> T:
        """Return a thing, made if it is not there.

        Parameters
        ----------
        shelf, key
            Its name.
        make
            Makes it; what it raises is raised, and nothing is kept.
        most
            Weight that the shelf holds at most; the newest thing is kept in any case.
        weight
            Weight of a thing when it has been made. None given: each counts 1.
        """
        with self._lock:
            found = self._shelves.setdefault(shelf, _Shelf())
        return found.get(key, make, most, weight)

    def forget(self, shelf: str, key: Hashable, only: object = None) -> None:
        """Drop a thing, or with ``only`` that very thing; an absent one is no error."""
        with self._lock:
            found = self._shelves.get(shelf)
        if found is not None:
            found.drop(key, only)


class _Shelf:
    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], most: int, weight: Callable[[T], int]) -> T:
        with self._lock:
            found = self._found(key)
            if found is not None:
                return found[0]  # type: ignore[no-any-return]
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            with self._lock:
                found = self._found(key)
            if found is not None:
                return found[0]  # type: ignore[no-any-return]
            try:
                thing = make()
                self._keep(key, thing, weight(thing), most)
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return thing

    def drop(self, key: Hashable, only: object) -> None:
        with self._lock:
            found = self._things.get(key)
            if found is not None and (only is None or found[0] is only):
                del self._things[key]
                self._weight -= found[1]

    def _found(self, key: Hashable) -> tuple[Any, int] | None:
        found = self._things.get(key)
        if found is not None:
            self._things.move_to_end(key)
        return found

    def _keep(self, key: Hashable, thing: object, weight: int, most: int) -> None:
        with self._lock:
            self._things[key] = (thing, weight)
            self._weight += weight
            while self._weight > most and len(self._things) > 1:
                _, (_, gone) = self._things.popitem(last=False)
                self._weight -= gone
