"""The error tree, sorted by what the reader should do.

An error says what is wrong, names the thing, and says what to do next. Third-party exceptions are turned into
one of these at their one home. A failed task is data, not an exception, until someone asks for its result.
"""

from __future__ import annotations

from typing import ClassVar


class TaskcellError(Exception):
    """Base of all errors that Taskcell raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, naming the thing. One sentence.
    remedy : str
        What to do next. One sentence; empty when the message already says it.
    **ids : str
        The ids involved (``task="train"``, ``run="01J…"``), kept in ``ids``.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, remedy: str = "", **ids: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.ids = ids

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.remedy, self.ids)

    def _render_traceback_(self) -> list[str]:
        """Answer IPython's protocol: a refusal is shown in words, without frames of ours."""
        lines = [f"{type(self).__name__}: {self.message}"]
        if self.remedy:
            lines.append(self.remedy)
        return lines


def _rebuild(kind: type[TaskcellError], message: str, remedy: str, ids: dict[str, str]) -> TaskcellError:
    return kind(message, remedy=remedy, **ids)


class InvalidInputError(TaskcellError, ValueError):
    """What was given can't be used: correct it and try again."""

    code = "invalid-input"


class DefinitionError(InvalidInputError):
    """A task, a parameter or a workflow is refused when it is defined."""

    code = "invalid-definition"


class UnstorableError(InvalidInputError):
    """A value can't be stored or can't be digested soundly."""

    code = "unstorable-value"


class NotFoundError(TaskcellError, KeyError):
    """There is no such run, version, tag, task, blob or store."""

    code = "not-found"


class AlreadyExistsError(TaskcellError):
    """A record of that name exists; records are written once."""

    code = "already-exists"


class ConflictError(TaskcellError):
    """Someone else did it first, or is doing it now."""

    code = "conflict"


class BackendError(TaskcellError):
    """The backend could not do what was asked.

    ``retry_after_s`` is a delay in seconds when the fault is temporary, ``None`` when it is permanent.
    """

    code = "backend"

    def __init__(self, message: str, *, remedy: str = "", retry_after_s: float | None = None, **ids: str) -> None:
        super().__init__(message, remedy=remedy, **ids)
        self.retry_after_s = retry_after_s


class StoreError(TaskcellError):
    """The store can't be read or written: permission, space, connection."""

    code = "store"


class FormatError(TaskcellError):
    """Stored bytes are not what they should be: corrupt, or of a newer format."""

    code = "format"


class UntrustedError(TaskcellError):
    """A pickle comes from a store that the user has not named as trusted."""

    code = "untrusted"


class TaskFailedError(TaskcellError):
    """Somebody asked for the result of a task that failed."""

    code = "task-failed"


class InternalError(TaskcellError):
    """A fault of Taskcell's own: please report it."""

    code = "internal"
