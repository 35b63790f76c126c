"""What tasks wait for outside the run, written down for whoever looks: an image, room on a node, a quota."""

from __future__ import annotations

from datetime import UTC, datetime

from taskcell.model.runs import Waits
from taskcell.store import paths
from taskcell.store.opening import Store

LEAST_PAUSE_S = 2.0
"""Between two records: what changes more often is told a little later. Unit: seconds."""
MOST_TASKS = 20
"""Tasks that a record names; the others wait for much the same."""


class WaitBoard:
    """Collects sentences by task run and writes a record when they have changed."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._sentences: dict[str, str] = {}
        self._is_changed = False
        self._next_record = 0.0

    def note(self, task_id: str, sentence: str) -> None:
        """Note what a task run waits for; an empty sentence: nothing any more."""
        if self._sentences.get(task_id, "") == sentence:
            return
        self._is_changed = True
        if sentence:
            self._sentences[task_id] = sentence
        else:
            del self._sentences[task_id]

    def publish(self, epoch: int, now: float) -> None:
        """Write a record if something has changed, and not too soon after the last one."""
        if not self._is_changed or now < self._next_record:
            return
        self._is_changed, self._next_record = False, now + LEAST_PAUSE_S
        named = dict(list(self._sentences.items())[:MOST_TASKS])
        record = Waits(epoch=epoch, tasks=named, count=len(self._sentences), created_at=datetime.now(UTC))
        self._store.records.append(paths.waits(self._run_id), lambda _: record)
