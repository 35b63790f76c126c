from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from store_makers import WHEN, add_entry, add_run, artifact, put_struct, run_id

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import AttemptEnd, Binding, PlannedTask, TaskState
from taskcell.model.tasks import Capture, CaptureKind, InputKind, Task, TaskInput
from taskcell.model.versions import Version
from taskcell.store import paths
from taskcell.store.collecting import Collection, collect
from taskcell.store.contracts import Files
from taskcell.store.opening import Store, open_store

CODE = Digest("4" * 64)
Flip = Callable[[Store, str, int], None]


def free(store: Store, **options: object) -> Collection:
    """Collect for good, sparing nothing for its age."""
    return look(store, dry_run=False, **options)


def look(store: Store, **options: object) -> Collection:
    """Say what would go if nothing were spared for its age."""
    grow_older(store)
    return collect(store, grace_s=0.0, **options)  # type: ignore[arg-type]


def grow_older(store: Store) -> None:
    """Wait until what was just stored has an age: services tell times in seconds."""
    time.sleep(1.1 if store.url.startswith("s3:") else 0.06)


def blobs(store: Store) -> set[str]:
    return {paths.last(entry.path) for entry in store.files.walk("blobs")}


def held(*artifacts: Artifact) -> set[str]:
    return {blob for item in artifacts for blob in (*item.blobs, *held(*item.children))}


def test_empty_store_has_nothing_to_collect(url: str) -> None:
    store = open_store(url)
    assert collect(store) == Collection(dry_run=True)
    assert store.format() is None


def test_dry_run_says_what_would_go_and_changes_nothing(store: Store) -> None:
    store.blobs.put(b"12345")
    store.blobs.put(b"1234567")
    found = look(store)
    assert (found.dry_run, found.unreachable_count, found.unreachable_bytes) == (True, 2, 12)
    assert found.freed_bytes == 12
    assert (found.blob_count, found.blob_bytes) == (2, 12)
    assert len(found.examples) == 2
    assert len(blobs(store)) == 2


def test_unreachable_blobs_are_freed_as_said(store: Store) -> None:
    store.blobs.put(b"12345")
    said = look(store)
    done = free(store)
    assert not done.dry_run
    assert (done.freed_bytes, done.unreachable_count) == (said.freed_bytes, said.unreachable_count) == (5, 1)
    assert blobs(store) == set()
    assert free(store).freed_bytes == 0


def test_young_blobs_are_spared(store: Store) -> None:
    store.blobs.put(b"12345")
    found = collect(store, dry_run=False)
    assert (found.freed_bytes, found.unreachable_count, found.blob_count) == (0, 0, 1)
    assert len(blobs(store)) == 1


def test_old_blob_that_was_put_again_is_spared(local_store: Store) -> None:
    digest, _ = local_store.blobs.put(b"12345")
    other, _ = local_store.blobs.put(b"other")
    for each in (digest, other):
        place = local_store.files.local_path(paths.blob(each))
        assert place is not None
        os.utime(place, (1, 1))
    local_store.blobs.put(b"12345")
    assert collect(local_store, dry_run=False).unreachable_count == 1
    assert blobs(local_store) == {digest}


def test_version_holds_all_that_it_refers_to(store: Store) -> None:
    captured, given = artifact(store, b"captured", artifact(store, b"nested")), artifact(store, b"given")
    task = Task(
        name="t",
        body="",
        code=CODE,
        inputs=(TaskInput(name="a", kind=InputKind.VALUE, artifact=given),),
        outputs=("b",),
        captures=(Capture(name="c", kind=CaptureKind.VALUE, digest=CODE, artifact=captured),),
    )
    kept = held(captured, given) | {put_struct(store, task)}
    parts = [store.blobs.put(text)[0] for text in (b"parameters", b"environment", b"lock", b"notebook")]
    version = Version(
        workflow="churn",
        number=1,
        digest=digest_bytes(b"v"),
        tasks=(('na"me', put_struct(store, task)),),
        parameters=parts[0],
        environment=parts[1],
        lock=parts[2],
        notebook=parts[3],
        author="ana",
        message="",
        created_at=WHEN,
    )
    store.records.create(paths.version("churn", 1), version)
    store.blobs.put(b"unreachable")
    found = free(store)
    assert blobs(store) == kept | set(parts)
    assert found.unreachable_count == 1
    assert found.missing == ()


def test_run_holds_its_inputs_and_results(store: Store) -> None:
    value, output = artifact(store, b"value"), artifact(store, b"output", artifact(store, b"nested"))
    captured = artifact(store, b"captured")
    capture = Capture(name="c", kind=CaptureKind.VALUE, digest=CODE, artifact=captured)
    task = put_struct(store, Task(name="t", body="", code=CODE, inputs=(), outputs=(), captures=(capture,)))
    displays, _ = store.blobs.put(b"displays")
    bindings = (Binding(input="a", artifact=value),)
    planned = PlannedTask(id="t", task_name="t", task=task, bindings=bindings)
    run = add_run(store, 1, tasks=(planned,))
    end = AttemptEnd(
        task_id="t",
        attempt=1,
        state=TaskState.SUCCEEDED,
        started_at=WHEN,
        ended_at=WHEN,
        duration_s=1.0,
        outputs={"x": output},
        displays=displays,
    )
    store.records.create(paths.attempt_end(run, "t", 1), end)
    store.project_files.create(paths.notebook(run, "t", 1), b"not a record")
    store.blobs.put(b"unreachable")
    free(store)
    assert blobs(store) == held(value, output, captured) | {task, displays}


def test_cache_entry_holds_its_result(store: Store) -> None:
    entry = add_entry(store, "train", displays=store.blobs.put(b"displays")[0])
    store.blobs.put(b"unreachable")
    found = free(store)
    assert blobs(store) == held(*entry.outputs.values()) | {entry.task, entry.displays}
    assert found.cache_bytes == sum(store.blobs.size(Digest(blob)) for blob in blobs(store))


def test_record_of_an_unknown_kind_holds_what_it_names(store: Store) -> None:
    kept = artifact(store, b"kept")
    store.records.create(f"novelties/{'x' * 8}.json", kept)
    store.records.create(paths.reproduction(run_id(1), 1), artifact(store, b"verdict"))
    store.blobs.put(b"unreachable")
    free(store)
    assert len(blobs(store)) == 2
    assert held(kept) < blobs(store)


def test_other_projects_hold_blobs_too(url: str) -> None:
    one, two = open_store(url, "one"), open_store(url, "two")
    entry = add_entry(two, "theirs")
    found = free(one, budget_bytes=0)
    assert (found.evicted_count, found.cache_bytes) == (0, 0)
    assert blobs(one) == held(*entry.outputs.values()) | {entry.task}
    assert two.records.exists(paths.cache_entry(entry.key))


def test_budget_evicts_the_oldest_results(store: Store) -> None:
    entries = [add_entry(store, f"task{day}", day=day) for day in (3, 1, 2)]
    whole = look(store).cache_bytes
    assert look(store, budget_bytes=whole).evicted_count == 0
    said = look(store, budget_bytes=whole - 1)
    done = free(store, budget_bytes=whole - 1)
    assert done.evicted_count == said.evicted_count == 1
    assert done.freed_bytes == said.freed_bytes > done.evicted_bytes == said.evicted_bytes > 0
    assert done.cache_bytes == whole - done.evicted_bytes
    assert "task1" in done.examples[0]
    present = [store.records.exists(paths.cache_entry(entry.key)) for entry in entries]
    assert present == [True, False, True]
    assert blobs(store) == {blob for e in (entries[0], entries[2]) for blob in (*held(*e.outputs.values()), e.task)}
    assert free(store, budget_bytes=0).evicted_count == 2
    assert blobs(store) == set()


def test_budget_spares_results_that_runs_hold(store: Store) -> None:
    shared = artifact(store, b"shared")
    task = put_struct(store, Task(name="t", body="", code=CODE, inputs=(), outputs=()))
    entry = add_entry(store, "a", task=task, outputs={"x": shared})
    bindings = (Binding(input="a", artifact=shared),)
    add_run(store, 1, tasks=(PlannedTask(id="t", task_name="t", task=task, bindings=bindings),))
    found = free(store, budget_bytes=0)
    assert (found.evicted_count, found.cache_bytes) == (0, 0)
    assert store.records.exists(paths.cache_entry(entry.key))


def test_blob_shared_by_results_goes_with_the_last(store: Store) -> None:
    shared = artifact(store, b"shared")
    add_entry(store, "old", day=1, outputs={"x": shared})
    add_entry(store, "new", day=2, outputs={"x": shared})
    whole = look(store).cache_bytes
    free(store, budget_bytes=whole - 1)
    assert held(shared) < blobs(store)
    free(store, budget_bytes=0)
    assert blobs(store) == set()


def test_young_results_are_not_evicted(store: Store) -> None:
    add_entry(store, "a", created_at=datetime.now(UTC))
    assert collect(store, budget_bytes=0, dry_run=False).evicted_count == 0


def test_blobs_of_evicted_results_that_were_used_lately_go_later(store: Store) -> None:
    entry = add_entry(store, "a")
    found = collect(store, budget_bytes=0, grace_s=3600.0, dry_run=False)
    assert (found.evicted_count, found.unreachable_count) == (1, 0)
    assert found.freed_bytes < found.evicted_bytes + 1000
    assert blobs(store) == held(*entry.outputs.values()) | {entry.task}
    assert free(store).unreachable_count == 2


def test_damaged_cache_entry_is_evicted(local_store: Store, flip: Flip) -> None:
    entry = add_entry(local_store, "a")
    flip(local_store, f"default/{paths.cache_entry(entry.key)}", 100)
    assert free(local_store).evicted_count == 1
    assert not local_store.records.exists(paths.cache_entry(entry.key))


def test_damaged_run_stops_a_collection_before_anything_goes(local_store: Store, flip: Flip) -> None:
    run = add_run(local_store, 1)
    digest, _ = local_store.blobs.put(b"perhaps held")
    flip(local_store, f"default/{paths.plan(run)}", 500)
    with pytest.raises(errors.FormatError, match=r"plan\.json"):
        free(local_store)
    assert blobs(local_store) == {digest}


def test_missing_blobs_are_named(store: Store) -> None:
    entry = add_entry(store, "a")
    (lost,) = entry.outputs["x"].blobs
    store.blobs.delete(lost)
    store.blobs.delete(entry.task)
    assert collect(store).missing == tuple(sorted([lost, entry.task]))


def test_leftovers_of_dead_writers_go_after_a_day(local_store: Store) -> None:
    local_store.blobs.put(b"x")
    root = Path(local_store.url.removeprefix("file://"))
    for name, age_s in (("old", 90_000), ("young", 3_600)):
        place = root / ".spool" / name
        place.write_bytes(b"123")
        os.utime(place, (place.stat().st_mtime - age_s,) * 2)
    said = collect(local_store)
    assert (said.stale_count, said.stale_bytes, said.freed_bytes) == (1, 3, 3)
    assert (root / ".spool" / "old").exists()
    assert collect(local_store, dry_run=False).stale_count == 1
    assert [place.name for place in (root / ".spool").iterdir()] == ["young"]


def test_two_collections_at_once_are_refused(store: Store) -> None:
    store.blobs.put(b"x")
    lease = store.files.lease("collection")
    assert lease.acquire()
    with pytest.raises(errors.ConflictError, match="Another collection"):
        collect(store, dry_run=False)
    assert collect(store).dry_run
    lease.release()
    collect(store, dry_run=False)


@pytest.mark.parametrize("options", [{"grace_s": -1.0}, {"budget_bytes": -1}])
def test_negative_limits_are_refused(store: Store, options: dict[str, float]) -> None:
    with pytest.raises(errors.InvalidInputError, match="negative"):
        collect(store, **options)  # type: ignore[arg-type]


class Interrupted:
    """Files of a store, with something that happens before the first use of one method."""

    def __init__(self, files: Files, method: str, happening: Callable[[], None]) -> None:
        self._files = files
        self._method = method
        self._happenings = [happening]

    def __getattr__(self, name: str) -> object:
        if name == self._method and self._happenings:
            self._happenings.pop()()
        return getattr(self._files, name)


@pytest.mark.parametrize("method", ["walk", "list", "read", "sweep", "delete"])
@pytest.mark.parametrize("as_stream", [False, True])
def test_writer_that_commits_during_a_collection_loses_nothing(store: Store, method: str, as_stream: bool) -> None:
    """An old unreferenced blob is put again and referred to, at each phase of a collection."""
    add_entry(store, "other")
    texts = [b"reused %d" % number for number in range(5)]
    for text in texts:
        store.blobs.put(text)
    grow_older(store)

    def commit() -> None:
        for number, text in enumerate(texts):
            record = msgspec.structs.replace(
                artifact(store, b""), blobs=(store.blobs.put(iter([text]) if as_stream else text)[0],)
            )
            store.records.create(f"held/{number}.json", record)

    interrupted = Interrupted(store.files, method, commit)
    collect(replace(store, files=interrupted), grace_s=0.05, dry_run=False)  # type: ignore[arg-type]
    assert store.records.list("held") == [f"held/{number}.json" for number in range(5)]
    assert collect(store).missing == ()
    assert [store.blobs.get(digest_bytes(text)) for text in texts] == texts


@pytest.fixture
def killed_collections(local_store: Store) -> Store:
    """Return a store on which collections were killed in the middle."""
    code = """
        import os, signal, sys
        from taskcell.store import collecting
        from taskcell.store.opening import open_store
        store = open_store(sys.argv[1])
        real, left = store.files.delete, [int(sys.argv[2])]
        def delete(*args, **kwargs):
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return real(*args, **kwargs)
        type(store.files).delete = lambda self, *args, **kwargs: delete(*args, **kwargs)
        collecting.collect(store, grace_s=0.0, budget_bytes=0, dry_run=False)
    """
    for steps in range(3):
        command = [sys.executable, "-c", textwrap.dedent(code), local_store.url, str(steps)]
        for number in range(4):
            add_entry(local_store, f"{steps}-{number}")
        assert subprocess.run(command, check=False, timeout=60).returncode == -9
    return local_store


def test_killed_collection_is_completed_by_the_next(killed_collections: Store) -> None:
    kept = artifact(killed_collections, b"kept")
    killed_collections.records.create("held/x.json", kept)
    assert collect(killed_collections).missing == ()
    free(killed_collections, budget_bytes=0)
    assert blobs(killed_collections) == held(kept)
