"""An attempt is one worker's, a key is computed by one, and what is not worth a claim has none."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from driver_world import RUN

from taskcell.backends.contracts import TaskOrder
from taskcell.cache.results import Results
from taskcell.engine import claiming, states
from taskcell.hashing import Digest
from taskcell.model.caching import CacheEntry
from taskcell.model.runs import AttemptStart
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

KEY = Digest("a" * 64)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store() -> Store:
    return open_store(f"memory://{uuid.uuid4()}")


def order(**changes: Any) -> TaskOrder:
    plain = TaskOrder(
        run_id=RUN,
        task_id="fit",
        attempt=1,
        epoch=1,
        task=Digest("b" * 64),
        inputs={},
        parameters={},
        key=KEY,
        parts=(),
    )
    return msgspec.structs.replace(plain, **changes)


def started(store: Store) -> AttemptStart | None:
    return store.records.try_read(paths.attempt_start(RUN, "fit", 1), AttemptStart)


def test_an_attempt_that_was_begun_elsewhere_is_left_alone(store: Store) -> None:
    with claiming.Claims(store, RUN).of(order(), NOW) as turn:
        assert turn is not None
        assert turn().entry is None
    with claiming.Claims(store, RUN, "pod-2").of(order(), NOW) as turn:
        assert turn is None
    assert Results(store).lease(KEY).acquire()


def test_a_worker_with_a_lease_of_its_own_names_it_and_needs_none_for_an_attempt(store: Store) -> None:
    claims = claiming.Claims(store, RUN, "pod-1")
    claims.begin()
    with claims.of(order(), NOW):
        start = started(store)
        assert start is not None
        attempt = states.Attempt(number=1, start=start, end=None)
        name = states.holder_of(store.project, RUN, "fit", attempt)
        assert name == states.worker_lease(store.project, RUN, "pod-1")
        assert store.files.lease(states.attempt_lease(store.project, RUN, "fit", 1)).acquire()
    assert not store.files.lease(name).acquire()
    claims.close()
    assert store.files.lease(name).acquire()


def test_a_worker_waits_until_another_one_of_its_name_has_gone(store: Store) -> None:
    first, twin = claiming.Claims(store, RUN, "pod-1"), claiming.Claims(store, RUN, "pod-1")
    first.begin()
    waiting = threading.Thread(target=twin.begin)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    first.close()
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_key_that_another_run_computes_is_waited_for_and_its_result_taken(store: Store) -> None:
    other = Results(store).lease(KEY)
    assert other.acquire()
    entry = CacheEntry(
        key=KEY, parts=(), task_name="fit", task=Digest("b" * 64), outputs={}, run_id="other", author="ana",
        created_at=NOW, duration_s=1.0,
    )  # fmt: skip
    found: list[CacheEntry | None] = []

    def wait() -> None:
        with claiming.Claims(store, RUN, "pod-1").of(order(), NOW) as turn:
            assert turn is not None
            found.append(turn().entry)

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.2)
    assert not found
    Results(store).commit(entry)
    other.release()
    waiting.join(10)
    assert found == [entry]


def test_a_brief_order_claims_nothing(store: Store) -> None:
    other = Results(store).lease(KEY)
    assert other.acquire()
    with claiming.Claims(store, RUN).of(order(brief=True), NOW) as turn:
        assert turn is not None
        assert turn().entry is None
    assert started(store) is None
