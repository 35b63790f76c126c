"""Records: typed JSON, written once, each bound to its path by a digest, so that damage shows.

A record's file is ``{"record":<JSON>,"digest":"<64 digits>"}`` and a newline; nothing else, not even a space.
Fields that this version does not know are ignored; what a change to known ones means is ``format.json``'s
affair.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_parts
from taskcell.store import paths
from taskcell.store.contracts import Files

T = TypeVar("T")

_HEAD = b'{"record":'
_MIDDLE = b',"digest":"'
_TAIL = b'"}\n'
_TAIL_BYTES = len(_MIDDLE) + 64 + len(_TAIL)
_MAX_CONFLICTS = 1000


class Records:
    """Records below one folder of a store, a project's or the root; paths as in ``paths``.

    Parameters
    ----------
    files : Files
        The folder.
    """

    def __init__(self, files: Files) -> None:
        self._files = files

    def create(self, path: str, record: msgspec.Struct) -> None:
        """Write a record that is not there yet.

        Raises
        ------
        AlreadyExistsError
            When somebody has written it.
        InvalidInputError
            When it would not be read again as it is: not-a-number and infinity, half a surrogate.
        StoreError
            When the store is full or may not be written.
        """
        self._files.create(path, sealed(path, record))

    def read(self, path: str, kind: type[T]) -> T:
        """Return a record.

        Raises
        ------
        NotFoundError
            When there is none.
        FormatError
            When it is damaged or of another shape.
        """
        raw = opened(path, self._files.read(path))
        try:
            return _decoder(kind).decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise errors.FormatError(
                f"The record {path} in {self._files.url} is not a {kind.__name__}: {exc}.",
                remedy="Upgrade Taskcell if a newer one wrote it.",
                path=path,
            ) from exc

    def try_read(self, path: str, kind: type[T]) -> T | None:
        """Return a record, or None when there is none."""
        try:
            return self.read(path, kind)
        except errors.NotFoundError:
            return None

    def read_raw(self, path: str) -> bytes:
        """Return a record's JSON after the check of its digest; raise NotFoundError or FormatError."""
        return opened(path, self._files.read(path))

    def exists(self, path: str) -> bool:
        """Whether there is a record of that path."""
        return self._files.exists(path)

    def list(self, folder: str, *, after: str = "") -> list[str]:
        """Return the paths of a folder's direct children, records and folders, sorted; those after a name."""
        return [entry.path for entry in self._files.list(folder, after=after)]

    def delete(self, path: str) -> None:
        """Delete a record; an absent one is no error."""
        self._files.delete(path)

    def numbers(self, folder: str) -> tuple[int, ...]:
        """Return the numbers of a sequence, ascending."""
        found = (paths.number(entry.path) for entry in self._files.list(folder))
        return tuple(number for number in found if number is not None)

    def latest(self, folder: str, kind: type[T]) -> tuple[int, T] | None:
        """Return the last record of a sequence with its number, or None when there is none."""
        numbers = self.numbers(folder)
        return (numbers[-1], self.read(paths.numbered(folder, numbers[-1]), kind)) if numbers else None

    def append(self, folder: str, make: Callable[[int], msgspec.Struct]) -> int:
        """Write the next record of a sequence that counts from 1; return its number.

        Parameters
        ----------
        folder : str
            The sequence.
        make : callable
            Makes the record for a number; called again with a higher one when somebody else took it.
        """
        number = max(self.numbers(folder), default=0) + 1
        for _ in range(_MAX_CONFLICTS):
            try:
                self.create(paths.numbered(folder, number), make(number))
            except errors.AlreadyExistsError:
                number = max(number, *self.numbers(folder)) + 1
            else:
                return number
        raise errors.ConflictError(
            f"Others keep writing to {folder} in {self._files.url}.", remedy="Try again.", path=folder
        )


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    found = _decoders.get(kind)
    if found is None:
        found = _decoders[kind] = msgspec.json.Decoder(kind)
    return found


def sealed(path: str, record: msgspec.Struct) -> bytes:
    """Return a record's file: its JSON and the digest that binds it to its path."""
    try:
        raw = msgspec.json.encode(record)
    except (UnicodeEncodeError, TypeError, OverflowError, RecursionError, msgspec.EncodeError) as exc:
        raise _unstorable(record, str(exc)) from exc
    if b"null" in raw:
        _refuse_non_finite(record, msgspec.to_builtins(record, str_keys=True))
    return b"".join((_HEAD, raw, _MIDDLE, _digest(path, raw).encode(), _TAIL))


def opened(path: str, data: bytes) -> bytes:
    """Return the JSON in a record's file; raise FormatError when it is damaged or of another path."""
    raw = data[len(_HEAD) : -_TAIL_BYTES]
    expected = (_HEAD, _MIDDLE + _digest(path, raw).encode() + _TAIL)
    if (data[: len(_HEAD)], data[-_TAIL_BYTES:]) != expected or len(data) < len(_HEAD) + _TAIL_BYTES:
        raise errors.FormatError(
            f"The record {path} is damaged: its text doesn't match its digest.",
            remedy="Restore the file from a backup, or remove it: then it is as if never written.",
            path=path,
        )
    return raw


def _digest(path: str, raw: bytes) -> Digest:
    return digest_parts("record", (path, raw))


def _refuse_non_finite(record: msgspec.Struct, value: Any) -> None:
    """Refuse what JSON has no word for; the encoder would write null in its place."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _unstorable(record, f"{value} is not a number that JSON can hold")
    elif isinstance(value, dict):
        for item in value.values():
            _refuse_non_finite(record, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_non_finite(record, item)


def _unstorable(record: msgspec.Struct, reason: str) -> errors.InvalidInputError:
    return errors.InvalidInputError(
        f"A {type(record).__name__} can't be written as JSON: {reason}.",
        remedy="Use values that JSON can hold.",
    )
