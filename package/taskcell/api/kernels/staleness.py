"""Whether what tasks above gave in this kernel is still what they would give, told from what is at hand.

Nothing is resolved anew: a task is stale when the text of its cell, a definition that it reaches, or an input differs
from those that its result was made of. A notebook of hundreds of tasks is looked through in milliseconds.
"""

from __future__ import annotations

from collections import deque

from taskcell import errors
from taskcell.api.definitions import workflows
from taskcell.api.kernels import sessions
from taskcell.hashing.values import digest_value
from taskcell.model.cells import CellKind
from taskcell.model.tasks import CaptureKind, InputKind, Task
from taskcell.notebook import headers


def stale_above(session: sessions.Session, task: Task) -> str:
    """Return the nearest task above, at any distance, whose result here is stale; empty when there is none."""
    looked = _Looked(session)
    waiting, seen = deque(_makers(task)), set[str]()
    while waiting:
        name = waiting.popleft()
        outcome = session.outcomes.get(name)
        if name in seen or outcome is None or outcome.definition is None:
            continue
        seen.add(name)
        if looked.stale(outcome, outcome.definition):
            return name
        waiting.extend(_makers(outcome.definition))
    return ""


def _makers(task: Task) -> list[str]:
    return [item.task for item in task.inputs if item.kind is InputKind.OUTPUT]


class _Looked:
    """What a session's cells say now."""

    def __init__(self, session: sessions.Session) -> None:
        self._session = session
        self._definitions = session.definitions()
        self._bodies: dict[str, str] = {}
        for cell in session.cells:
            try:
                if workflows.kind_of(cell.source) is CellKind.TASK:
                    parsed = headers.parse_task_cell(cell)
                    self._bodies[workflows.declare(parsed, 0, ()).name] = parsed.body
            except errors.DefinitionError:
                continue  # a cell that can't be read defines no task

    def stale(self, outcome: sessions.Outcome, task: Task) -> bool:
        """Whether a task would not be executed as it was."""
        if self._bodies.get(task.name, task.body) != task.body:
            return True
        for capture in task.captures:
            found = self._definitions.get(capture.name)
            if (
                found is not None
                and capture.kind is not CaptureKind.MODULE  # its text is the file's, the definition's the import's
                and capture.source
                and capture.source != found.source
                and capture.digest != found.digest
            ):
                return True
        return any(self._differs(outcome, item.name, item.kind) for item in task.inputs)

    def _differs(self, outcome: sessions.Outcome, name: str, kind: InputKind) -> bool:
        before = outcome.parts.get(f"{'parameter' if kind is InputKind.PARAMETER else 'input'}:{name}")
        if before is None:
            return False
        bound = self._session.bound.get(name)
        if kind is InputKind.OUTPUT:
            return bound is not None and bound.digest != before
        try:
            return name in self._session.namespace and digest_value(self._session.namespace[name]) != before
        except errors.UnstorableError:
            return False
