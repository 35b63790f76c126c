"""Write the end of attempts that have no worker to write it: hits, losses, cancelled ones, gathered maps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from taskcell import errors
from taskcell.backends.contracts import TaskOrder
from taskcell.engine.nodes import Node
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import AttemptEnd, TaskState
from taskcell.store import paths
from taskcell.store.opening import Store


def commit(store: Store, run_id: str, end: AttemptEnd) -> AttemptEnd:
    """Write how an attempt ended; return what is recorded, which may be somebody else's word: the first one counts."""
    path = paths.attempt_end(run_id, end.task_id, end.attempt)
    try:
        store.records.create(path, end)
    except errors.AlreadyExistsError:
        return store.records.read(path, AttemptEnd)
    return end


def of_node(node: Node, state: TaskState, seconds: float, **facts: Any) -> AttemptEnd:
    """Return the record of a node's current attempt, which took so many seconds until now."""
    now = datetime.now(UTC)
    order = node.order
    return AttemptEnd(
        task_id=node.id,
        attempt=node.attempt,
        state=state,
        started_at=now - timedelta(seconds=seconds),
        ended_at=now,
        duration_s=seconds,
        key=order.key if order else None,
        parts=order.parts if order else (),
        notices=node.notices,
        **facts,
    )


def of_order(order: TaskOrder, started: datetime, seconds: float, **facts: Any) -> AttemptEnd:
    """Return the record of an order that was executed."""
    notices = (*order.notices, *facts.pop("notices", ()))
    return AttemptEnd(
        task_id=order.task_id,
        attempt=order.attempt,
        started_at=started,
        ended_at=datetime.now(UTC),
        duration_s=seconds,
        key=order.key,
        parts=order.parts,
        seed=order.seed,
        notices=notices,
        **facts,
    )


def of_hit(order: TaskOrder, entry: CacheEntry, started: datetime, seconds: float) -> AttemptEnd:
    """Return the record of an attempt that took its result from the cache."""
    end = of_order(order, started, seconds, state=TaskState.SUCCEEDED, notices=not_kept(entry.dropped))
    return msgspec.structs.replace(
        end,
        cached=True,
        outputs=entry.outputs,
        displays=entry.displays,
        from_run=entry.run_id,
        from_author=entry.author,
        from_created_at=entry.created_at,
    )


def not_kept(dropped: dict[str, str]) -> tuple[str, ...]:
    """Say which inferred outputs could not be stored, and why."""
    return tuple(f"{name} is not kept: {reason}" for name, reason in dropped.items())
