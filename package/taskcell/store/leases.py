"""Leases that end with their holder: a locked file among the processes of a machine, a lock within a process.

A lease on a service without locks (a bucket) is a record with a heartbeat; that comes with the service.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from taskcell.store import faults

_FIRST_WAIT_S = 0.001
_LONGEST_WAIT_S = 0.05


class FileLease:
    """A claim by ``flock`` on a file: the kernel ends it when the holder is gone, whatever killed it.

    The file is unlinked when the lease is given up, and a claim counts only while the locked file is still
    the one of that name. Children made by ``fork`` drop it, those made by ``exec`` never had it. One object
    is one claimant.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, timeout_s: float | None = 0.0) -> bool:
        """Try for ``timeout_s`` seconds (None: for ever); return whether it is held."""
        return self._descriptor is not None or _poll(self._try, timeout_s)

    def release(self) -> None:
        """Give it up; harmless when it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        _held.discard(self)
        with contextlib.suppress(OSError):
            self._path.unlink()
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def revoke(self, is_gone: Callable[[str], bool]) -> None:
        """Nothing to do: it ended with its holder."""

    def _try(self) -> bool:
        try:
            descriptor = _locked(self._path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as exc:
            raise faults.store_error(exc, doing="lock", place=str(self._path)) from exc
        self._descriptor = descriptor
        _held.add(self)
        return True

    def _forget(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class ThreadLease:
    """A claim among the threads of one process: all that a store in this process's memory needs."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._is_held = False

    def acquire(self, timeout_s: float | None = 0.0) -> bool:
        """Try for ``timeout_s`` seconds (None: for ever); return whether it is held."""
        if not self._is_held:
            self._is_held = self._lock.acquire(timeout=-1 if timeout_s is None else timeout_s)
        return self._is_held

    def release(self) -> None:
        """Give it up; harmless when it is not held."""
        if self._is_held:
            self._is_held = False
            self._lock.release()

    def revoke(self, is_gone: Callable[[str], bool]) -> None:
        """Nothing to do: its holder is this process."""


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a file's lock, shared or alone; the file stays."""
    descriptor = _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def remove_stale(path: Path) -> bool:
    """Unlink a lease's file unless somebody holds it; return whether it went."""
    try:
        descriptor = _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        path.unlink()
    finally:
        os.close(descriptor)
    return True


def _locked(path: Path, operation: int) -> int:
    """Open and lock a file that bears this name once it is locked: its last holder may have unlinked it."""
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, operation)
            if _is_named(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except PermissionError:
        # Another user's lock file, who shares the folder: a local file system locks what can only be read.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _poll(attempt: Callable[[], bool], timeout_s: float | None) -> bool:
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    wait_s = _FIRST_WAIT_S
    while not attempt():
        left_s = wait_s if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            return False
        time.sleep(min(wait_s, left_s))
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
    return True


_held: weakref.WeakSet[FileLease] = weakref.WeakSet()


def _forget_all() -> None:
    for lease in list(_held):
        lease._forget()
    _held.clear()


os.register_at_fork(after_in_child=_forget_all)
