"""Hand orders to a worker through the store, where nothing but the store is reached by both.

A mailbox is a sequence of records, ``runs/<id>/mailboxes/<name>/00000001.json`` and on. Each is created once, by whoever is
first: a driver creates the next one with orders, or either side creates it with none, which closes the box. So an order is
handed over or it is not, also when a driver is replaced or a worker leaves at that moment. An empty letter with the number 0 says
that the worker has come: a cluster may take a second to say so.
"""

from __future__ import annotations

import contextlib

import msgspec

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.store import paths
from taskcell.store.records import Records

ANSWER = "taskcell:"
"""How a line of a mailbox worker begins that is meant for its driver: ``taskcell: done fit/1``."""


class Letter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Orders to execute one after the other. None: the mailbox is closed."""

    orders: tuple[TaskOrder, ...] = ()


class Mailbox:
    """One worker's mailbox, seen from either side: ``next`` is the number of the letter to write or read next."""

    def __init__(self, records: Records, run_id: str, name: str) -> None:
        self._records = records
        self._folder = paths.mailbox(run_id, name)
        self._next = 1
        self._is_closed = False

    def put_up(self) -> None:
        """Say that its worker has come; a worker of that name may have been started before."""
        with contextlib.suppress(errors.AlreadyExistsError):
            self._records.create(paths.numbered(self._folder, 0), Letter())

    def is_up(self) -> bool:
        """Whether its worker has come."""
        return self._records.exists(paths.numbered(self._folder, 0))

    def put(self, *orders: TaskOrder) -> bool:
        """Hand orders over; return False when the mailbox is closed."""
        while not self._is_closed:
            path = paths.numbered(self._folder, self._next)
            self._next += 1
            try:
                self._records.create(path, Letter(orders=orders))
            except errors.AlreadyExistsError:
                # A reply may have been lost, or an earlier driver wrote it; a closed box stays closed.
                found = self._records.read(path, Letter)
                self._is_closed = not found.orders
                if found.orders == orders:
                    return True
            else:
                return True
        return False

    def take(self) -> Letter | None:
        """Return the next letter, or None when there is none yet."""
        letter = self._records.try_read(paths.numbered(self._folder, self._next), Letter)
        if letter is not None:
            self._next += 1
        return letter

    def close(self) -> bool:
        """Let nothing more in; return False when a letter was first, which is then the next to take."""
        try:
            self._records.create(paths.numbered(self._folder, self._next), Letter())
        except errors.AlreadyExistsError:
            return False
        self._is_closed = True
        return True

    def recall(self) -> tuple[TaskOrder, ...]:
        """Return the orders of all letters, and go on behind the last one."""
        found: list[TaskOrder] = []
        while not self._is_closed and (letter := self.take()) is not None:
            self._is_closed = not letter.orders
            found += letter.orders
        return tuple(found)

    @property
    def is_closed(self) -> bool:
        """Whether it is known here that nothing more gets in."""
        return self._is_closed

    def shut(self) -> None:
        """Close it behind all letters that are there."""
        while not self._is_closed and not self.close():
            letter = self.take()
            self._is_closed = letter is not None and not letter.orders
