from __future__ import annotations

from typing import cast

import pytest

from taskcell.api.runs import waiting
from taskcell.api.runs.runs import Run
from taskcell.model.runs import RunState


class ScriptedRun:
    """A run whose state is asked for: each answer in turn, an interrupt where the user pressed Ctrl-C."""

    id = "01J"

    def __init__(self, *answers: RunState | type[KeyboardInterrupt]) -> None:
        self._answers = list(answers)
        self.cancelled = False

    @property
    def state(self) -> RunState:
        answer = self._answers.pop(0)
        if isinstance(answer, RunState):
            return answer
        raise answer

    def cancel(self) -> None:
        self.cancelled = True


def _wait(run: ScriptedRun, said: list[str]) -> waiting.Ending:
    return waiting.wait(cast(Run, run), say=said.append, grace_s=0.0)


def test_wait_ends_with_the_run() -> None:
    said: list[str] = []
    assert _wait(ScriptedRun(RunState.FAILED), said) is waiting.Ending.ENDED
    assert said == []


def test_first_interrupt_detaches_and_says_how_to_cancel() -> None:
    said: list[str] = []
    run = ScriptedRun(KeyboardInterrupt, RunState.RUNNING)
    assert _wait(run, said) is waiting.Ending.DETACHED
    assert not run.cancelled
    assert "taskcell cancel 01J" in said[0]


def test_second_interrupt_cancels() -> None:
    said: list[str] = []
    run = ScriptedRun(KeyboardInterrupt, KeyboardInterrupt)
    assert _wait(run, said) is waiting.Ending.CANCELLED
    assert run.cancelled


def test_run_that_ends_after_the_first_interrupt_has_ended() -> None:
    run = ScriptedRun(KeyboardInterrupt, RunState.SUCCEEDED)
    assert _wait(run, []) is waiting.Ending.ENDED


def test_other_errors_are_not_swallowed() -> None:
    run = ScriptedRun()
    with pytest.raises(IndexError):
        _wait(run, [])
