"""Tracebacks of the user's own lines: without the frames above a task's body, and those of ``@task``.

They are cut off where IPython shows an exception, when it has come all the way up; so it holds for every class of
exception, for groups, for ``%tb`` and ``%debug``, and nothing is hung onto the exception itself.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from taskcell.api.calls import tasks
from taskcell.magics import bodies

_EXECUTORS = (bodies.Body.run.__code__, bodies.Body.run_async.__code__)
"""What executes a body: the frames after these are the user's."""
_CALLS = (tasks.CachedFunction.__call__.__code__, tasks.CachedFunction._execute.__code__)
"""What stands between the caller of a cached function and the function."""


class Trimmed:
    """Wraps a shell's ``showtraceback`` until it is taken off again."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._show: Any = None

    def put_on(self) -> None:
        """Begin to cut tracebacks."""
        self._show = self._shell.showtraceback
        self._shell.__dict__["showtraceback"] = self._trimmed

    def take_off(self) -> None:
        """Give the shell its own way back."""
        self._shell.__dict__.pop("showtraceback", None)

    def _trimmed(self, exc_tuple: Any = None, *args: Any, **options: Any) -> Any:
        exc = exc_tuple[1] if exc_tuple else sys.exception()
        if isinstance(exc, BaseException):
            _leave_out_ours(exc)
        frames = own_frames(exc.__traceback__) if isinstance(exc, BaseException) else None
        if exc is None or frames is None:
            return self._show(exc_tuple, *args, **options)
        exc = exc.with_traceback(frames)  # not by assignment, which a frozen class refuses
        return self._show((type(exc), exc, frames), *args, **{**options, "tb_offset": 0})


def _leave_out_ours(exc: BaseException) -> None:
    """Unlink the frames of a cached function's call, also in the exceptions that led to this one."""
    seen: set[int] = set()
    found: BaseException | None = exc
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        frames = found.__traceback__
        while frames is not None:
            while frames.tb_next is not None and frames.tb_next.tb_frame.f_code in _CALLS:
                frames.tb_next = frames.tb_next.tb_next
            frames = frames.tb_next
        found = found.__cause__ or found.__context__


def own_frames(frames: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback below the newest body that it passes, or None when it passes none."""
    found = None
    while frames is not None:
        if frames.tb_frame.f_code in _EXECUTORS:
            found = frames.tb_next
        frames = frames.tb_next
    return found
