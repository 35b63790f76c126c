"""One driver leads; one that its backend starts again goes on under the next number."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from taskcell import errors
from taskcell.engine import leading, states
from taskcell.engine.leading import Leadership
from taskcell.engine.waits import LEAST_PAUSE_S, MOST_TASKS, WaitBoard
from taskcell.model.runs import CancelRequest, RunState, Waits
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def _nobody(_host: str) -> bool:
    """Know of no host that it is gone."""
    return False


@pytest.fixture
def store() -> Store:
    return open_store(f"memory://{uuid.uuid4().hex}")


def led(store: Store, epoch: int, *, restarts: bool) -> int:
    """Lead and die without an end; return the number."""
    with Leadership(store, RUN, epoch, restarts=restarts, is_gone=_nobody) as leadership:
        return leadership.begin()


def cancel(store: Store, epoch: int) -> None:
    request = CancelRequest(epoch=epoch, author="ana", created_at=datetime.now(UTC))
    store.records.append(paths.cancels(RUN), lambda _: request)


def test_a_restarted_driver_takes_the_next_number(store: Store) -> None:
    assert [led(store, 1, restarts=True) for _ in range(3)] == [1, 2, 3]


def test_a_driver_that_is_started_once_leaves_when_its_number_is_taken(store: Store) -> None:
    led(store, 1, restarts=False)
    with pytest.raises(errors.ConflictError, match="was taken by another driver"):
        led(store, 1, restarts=False)


def test_a_driver_that_is_started_again_after_the_end_leaves(store: Store) -> None:
    with Leadership(store, RUN, 1, restarts=True, is_gone=_nobody) as leadership:
        leadership.begin()
        leadership.end(RunState.FAILED, "x failed")
    with pytest.raises(errors.ConflictError, match="has ended"):
        led(store, 1, restarts=True)
    assert led(store, 2, restarts=True) == 2


def test_a_request_to_cancel_outlives_the_driver_that_it_was_meant_for(store: Store) -> None:
    led(store, 1, restarts=True)
    cancel(store, 1)
    with Leadership(store, RUN, 1, restarts=True, is_gone=_nobody) as leadership:
        assert leadership.begin() == 2
        assert leadership.is_cancelled()


def test_a_request_to_cancel_does_not_stop_a_later_resume(store: Store) -> None:
    with Leadership(store, RUN, 1, restarts=True, is_gone=_nobody) as leadership:
        leadership.begin()
        cancel(store, 1)
        leadership.end(RunState.CANCELLED, "cancelled")
    with Leadership(store, RUN, 2, restarts=True, is_gone=_nobody) as leadership:
        leadership.begin()
        assert not leadership.is_cancelled()


def test_while_one_leads_another_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "PATIENCE_S", 0.0)
    with (
        Leadership(store, RUN, 1, restarts=False, is_gone=_nobody),
        pytest.raises(errors.ConflictError, match="has a driver already"),
    ):
        led(store, 2, restarts=False)


def newest(store: Store) -> tuple[int, Waits | None]:
    return states.newest(store, paths.waits(RUN), Waits)


def test_what_tasks_wait_for_is_recorded_when_it_changes_and_not_too_often(store: Store) -> None:
    board = WaitBoard(store, RUN)
    board.publish(1, 0.0)
    assert newest(store) == (0, None)
    board.note("a", "no room")
    board.publish(1, 0.0)
    board.note("a", "no room")
    board.publish(1, 10.0)
    number, waits = newest(store)
    assert number == 1
    assert waits is not None
    assert waits.tasks == {"a": "no room"}
    board.note("a", "")
    board.publish(1, LEAST_PAUSE_S / 2)
    assert newest(store)[0] == 1
    board.publish(1, LEAST_PAUSE_S)
    number, waits = newest(store)
    assert number == 2
    assert waits is not None
    assert waits.tasks == {}


def test_a_record_of_waits_stays_small(store: Store) -> None:
    board = WaitBoard(store, RUN)
    for number in range(1000):
        board.note(f"t{number}", "no room")
    board.publish(1, 0.0)
    _, waits = newest(store)
    assert waits is not None
    assert (len(waits.tasks), waits.count) == (MOST_TASKS, 1000)
