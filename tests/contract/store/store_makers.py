"""Makers of stored things for the tests of stores."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from taskcell.hashing import Digest, digest_bytes
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry, KeyPart
from taskcell.model.runs import DriverEnd, DriverStart, Plan, PlannedTask, RunState
from taskcell.model.tasks import Task
from taskcell.store import paths
from taskcell.store.opening import Store

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def run_id(number: int) -> str:
    return f"01{number:024d}"


def artifact(store: Store, text: bytes, *children: Artifact) -> Artifact:
    digest, size_bytes = store.blobs.put(text)
    return Artifact(
        digest=Digest("0" * 64),
        codec="text/1",
        type="str",
        blobs=(digest,),
        size_bytes=size_bytes,
        children=children,
    )


def put_struct(store: Store, value: msgspec.Struct) -> Digest:
    return store.blobs.put(msgspec.json.encode(value))[0]


def add_entry(
    store: Store,
    name: str,
    *,
    day: int = 1,
    task: Digest | None = None,
    outputs: dict[str, Artifact] | None = None,
    **changes: object,
) -> CacheEntry:
    """Commit a result whose task and output, unless given, are blobs named after it."""
    fields: dict[str, object] = {
        "key": digest_bytes(name.encode()),
        "parts": (KeyPart(name="code", digest=Digest("3" * 64)),),
        "task_name": name,
        "task": task or put_task(store, name),
        "outputs": outputs or {"x": artifact(store, b"output of " + name.encode())},
        "run_id": run_id(0),
        "author": "ana",
        "created_at": datetime(2020, 1, day, tzinfo=UTC),
        "duration_s": 1.0,
    }
    entry = CacheEntry(**(fields | changes))  # type: ignore[arg-type]
    store.records.create(paths.cache_entry(entry.key), entry)
    return entry


def put_task(store: Store, name: str) -> Digest:
    return put_struct(store, Task(name=name, body="", code=Digest("4" * 64), inputs=(), outputs=("x",)))


def add_run(store: Store, number: int, **changes: object) -> str:
    fields: dict[str, object] = {
        "run_id": run_id(number),
        "project": store.project,
        "workflow": "churn",
        "version_number": 1,
        "version": Digest("1" * 64),
        "parameters": {"rate": 0.1},
        "tasks": (PlannedTask(id="t", task_name="t", task=Digest("2" * 64), bindings=()),),
        "backend": "local",
        "author": "ana",
        "host": "h",
        "created_at": WHEN,
    }
    store.records.create(paths.plan(run_id(number)), Plan(**(fields | changes)))  # type: ignore[arg-type]
    return run_id(number)


def start(store: Store, run: str, epoch: int) -> None:
    record = DriverStart(run_id="r", epoch=epoch, host="h", pid=1, started_at=WHEN)
    store.records.create(paths.driver_start(run, epoch), record)


def end(store: Store, run: str, epoch: int, state: RunState, sentence: str = "") -> None:
    record = DriverEnd(epoch=epoch, state=state, sentence=sentence, ended_at=WHEN)
    store.records.create(paths.driver_end(run, epoch), record)
