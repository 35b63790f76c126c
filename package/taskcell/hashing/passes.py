"""One pass over several values: memory that lies in more than one of them is hashed once.

After a call its arguments and its result are hashed, and the result often holds columns of the arguments. Within
``one_pass`` what was made of a large piece of memory is kept by its address, type and shape, together with what owns
the memory, so that the address can't mean something else meanwhile. This is sound only while nothing writes there: a
pass is as short as the caller can make it, and code of a user's class that runs within it ends what was kept
(``forget``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

WORTH_BYTES = 1 << 16
"""Smaller memory is hashed in less time than it is looked for. Unit: bytes."""

_kept: ContextVar[dict[Hashable, tuple[object, object]] | None] = ContextVar("taskcell_pass", default=None)


@contextlib.contextmanager
def one_pass() -> Iterator[None]:
    """Hash what is hashed within as of one moment."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(place: Hashable, owner: object, make: Callable[[], T]) -> T:
    """Return what ``make`` returns for some memory, made once in a pass.

    Parameters
    ----------
    place
        Says where the memory is and everything else that the result depends on.
    owner
        Keeps the memory from being freed.
    make : callable
        Reads the memory.
    """
    kept = _kept.get()
    if kept is None:
        return make()
    found = kept.get(place)
    if found is None:
        found = kept[place] = make(), owner
    return found[0]  # type: ignore[return-value]


def forget() -> None:
    """Drop what was kept: code runs that may write anywhere."""
    kept = _kept.get()
    if kept is not None:
        kept.clear()
