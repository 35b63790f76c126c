"""Import modules in the server before it forks, and notice those that must not be imported there.

Importing is all that happens: libraries that were *used* before a fork may hang after it (OpenMP, Rayon, jax), those that
were only imported do not. A module that starts a thread of Python's, prints, warns, or changes what a process has as a whole
when it is imported is refused; the server that imported it is given up, and the module is left to the tasks.
"""

from __future__ import annotations

import gc
import importlib
import io
import locale
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from taskcell.kernel import linux

_NATIVE_THREADS = frozenset(
    {"numpy", "scipy", "pandas", "pyarrow", "sklearn", "matplotlib", "polars", "taskcell", "duckdb"}
)
"""Packages whose native threads were tried: they end at a fork, or do no harm."""


class RefusedError(Exception):
    """A module that must not be imported before a fork; says why."""


def preload(name: str) -> None:
    """Import a module; raise RefusedError when that leaves traces. One that can't be imported is left to the tasks."""
    if name in sys.modules:
        return
    before, native = _state(), linux.threads()
    with _said() as said, warnings.catch_warnings(record=True) as warned:
        try:
            importlib.import_module(name)
        except BaseException:  # noqa: BLE001  it will fail in the task, where its error belongs
            raise RefusedError("it can't be imported") from None
    if said:
        raise RefusedError("it prints when it is imported")
    if any(_is_shown(warning) for warning in warned):
        raise RefusedError("it warns when it is imported")
    if threading.active_count() > 1:
        raise RefusedError("it starts a thread when it is imported")
    if linux.threads() > native and name.partition(".")[0] not in _NATIVE_THREADS:
        raise RefusedError("it starts native threads when it is imported")
    for what, value in _state().items():
        if value != before[what]:
            raise RefusedError(f"it changes {what} when it is imported")


def settle() -> None:
    """Make what was imported stay shared: the collector of a forked process does not touch it."""
    gc.collect()
    gc.freeze()


def _state() -> dict[str, object]:
    return {
        "the working folder": os.getcwd(),  # noqa: PTH109  compared as a text
        "the locale": locale.setlocale(locale.LC_ALL),
        "a signal handler": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
        "sys.path": list(sys.path),
        "standard output": (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook),
    }


def _is_shown(warning: warnings.WarningMessage) -> bool:
    """Whether a warning would be seen; the recording takes each, whatever the filters say of its place."""
    return not issubclass(warning.category, (PendingDeprecationWarning, ImportWarning, ResourceWarning))


@contextmanager
def _said() -> Iterator[bytearray]:
    """Collect what is written to the process's standard streams, also by native code."""
    said = bytearray()
    kept = [os.dup(1), os.dup(2)]
    texts = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield said
        finally:
            linux.flush_c_output()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            os.close(kept[0])
            os.close(kept[1])
            said += (sys.stdout.getvalue() + sys.stderr.getvalue()).encode("utf-8", "replace")
            sys.stdout, sys.stderr = texts
            sink.seek(0)
            said += sink.read()
