"""Errors of an operating system or a storage service, said in words: what, where, and what to do."""

from __future__ import annotations

import errno

from taskcell import errors

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def store_error(exc: OSError, *, doing: str, place: str, size_bytes: int | None = None) -> errors.TaskcellError:
    """Return the error that tells a reader what an ``OSError`` means for the store.

    Parameters
    ----------
    exc : OSError
        What was raised; keep it as the cause.
    doing : str
        The verb: ``write``, ``read``, ``list``, ``delete``.
    place : str
        Path or URL that it happened at.
    size_bytes : int, optional
        What a write needs. Unit: bytes.
    """
    reason = exc.strerror or str(exc) or type(exc).__name__
    if exc.errno in _FULL:
        need = "" if size_bytes is None else f" ({size_bytes:,} bytes needed)"
        return errors.StoreError(
            f"The store is full: can't {doing} {place}{need}: {reason}.",
            remedy="Free some space (see `taskcell gc`) or choose another store with TASKCELL_STORE.",
            path=place,
        )
    if exc.errno in _FORBIDDEN:
        return errors.StoreError(
            f"The store may not be changed or read here: can't {doing} {place}: {reason}.",
            remedy="Get permission for this folder, or choose another store with TASKCELL_STORE.",
            path=place,
        )
    if exc.errno == errno.ENAMETOOLONG:
        return errors.InvalidInputError(f"A name is too long to {doing} {_short(place)}.", remedy="Shorten it.")
    if exc.errno == errno.EXDEV:
        return errors.StoreError(
            f"{place} is on another file system than the store's root.",
            remedy="Keep a store on one file system, without mounts inside it.",
            path=place,
        )
    return errors.StoreError(
        f"Can't {doing} {_short(place)}: {reason}.",
        remedy="Check that the store is reachable, or choose another with TASKCELL_STORE.",
        path=place,
    )


def not_found(path: str, url: str) -> errors.NotFoundError:
    """Return the error for a file that is not there."""
    return errors.NotFoundError(f"There is no {path} in the store {url}.", path=path)


def already_exists(path: str, url: str) -> errors.AlreadyExistsError:
    """Return the error for a file that was to be created and is there."""
    return errors.AlreadyExistsError(f"{path} exists already in the store {url}.", path=path)


def _short(place: str) -> str:
    return place if len(place) <= 300 else f"{place[:200]}…{place[-60:]}"
