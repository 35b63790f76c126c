from __future__ import annotations

import itertools

from taskcell.store.backing_off import Patience


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def waits(limit_s: float, draw: float, *, attempt_s: float = 0.0) -> list[float]:
    """Return all delays of an operation whose every attempt takes some time and fails."""
    clock = Clock()
    patience = Patience(limit_s, clock=clock, draw=lambda: draw)
    found = []
    for _ in range(10_000):
        clock.now_s += attempt_s
        delay_s = patience.next_delay()
        if delay_s is None:
            return found
        found.append(delay_s)
        clock.now_s += delay_s
    raise AssertionError("endless patience")


def test_ceilings_double_up_to_five_seconds() -> None:
    ceilings = waits(60.0, 1.0)[:8]
    assert [round(ceiling, 1) for ceiling in ceilings] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_all_waiting_fits_the_limit() -> None:
    for draw, attempt_s in itertools.product([0.1, 0.5, 1.0], [0.0, 0.3]):
        delays = waits(20.0, draw, attempt_s=attempt_s)
        assert sum(delays) <= 20.0 + 1e-9
        assert delays


def test_time_of_failed_attempts_counts() -> None:
    assert len(waits(20.0, 1.0, attempt_s=8.0)) == 2


def test_delay_may_be_none_at_all() -> None:
    clock = Clock()
    assert Patience(1.0, clock=clock, draw=lambda: 0.0).next_delay() == 0.0


def test_no_patience_is_no_second_attempt() -> None:
    assert waits(0.0, 1.0) == []
