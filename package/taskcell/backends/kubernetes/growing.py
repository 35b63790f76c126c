"""How many pods of one shape there may be: twice as many, for as long as that gets more done. No I/O and no clock of its own.

The first pod is alone until it is known that its tasks are no trifle: twenty of a few milliseconds each are done before a second
one would have started.

A cluster does not say how much work its nodes can take: a node whose cores are all busy starts another pod all the same, if the
pods ask for little. So the number is doubled, and what all pods get done in a second is compared with what it was before. A pod
that is new is slow for a while and makes the others slow, because it loads what its tasks need: the pace is taken once each has
answered.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_PODS = 1
"""Pods of a shape that are started at once."""
FIRST_TASK_S = 1.0
"""How long the first one must have been at its task, unless it has answered, before there may be another. Unit: seconds."""
SLOW_START_S = 3.0
"""How long the first one may take to begin: where that takes longer, another one starts meanwhile. Unit: seconds."""
RAMP_S = 5.0
"""How long pods must have been at their tasks, unless they have answered, before their number may double. Unit: seconds."""
PAUSE_S = 2.0
"""Between one doubling and the next. Unit: seconds."""
SHORT_S = 4.0
"""Of tasks that take less the pace is taken, and the next order is sent ahead. Unit: seconds."""
GAIN = 1.6
"""How many times what was done before a doubling must be done after it, if another one is to be worth its start. Where there is
room it is twice as much; less means that cores, or whatever else is shared, are used up, and more pods would get nothing."""
PACE_S = 3.0
"""Least time from which a pace is taken. Unit: seconds."""
ENOUGH = 2
"""Fewest answers for each pod from which a pace is taken."""
REVIEW_S = 60.0
"""After how long a doubling that was not worth it is thought of again: others' work may have ended. Unit: seconds."""


@dataclass(slots=True, kw_only=True)
class Crew:
    """What a glance at the pods of a shape shows: how many there are, how many are at a task, and what they have answered."""

    pods: int
    busy: int
    answers: int
    least_answers: int
    """Of the pod that has answered least."""
    answered_at: float
    """When the last answer came."""
    least_s: float
    """How long the pod that began last has been at its task."""
    starting_s: float
    """How long the oldest pod has been there that has not come to its first task; 0 when all have."""
    mean_s: float | None
    """What a task takes, as far as known."""


@dataclass(slots=True, kw_only=True)
class Growth:
    """How many pods there may be, and what is known of the pace of so many."""

    allowed: int = FIRST_PODS
    _not_before: float = 0.0
    _since: tuple[float, int] | None = None
    """The answer from which the pace of so many pods is taken: when it came, and its number."""
    _pace: float | None = None
    """Answers a second when there were half as many pods, or when that many were found to be enough, where it is known."""
    _short: bool = False
    """Whether tasks have been short: what then makes them long may be the number of pods."""

    def hold(self, allowed: int, until: float) -> None:
        """Let the number stay what it is for a while: the cluster has no room for more."""
        self.allowed, self._not_before, self._since = max(1, allowed), until, None

    def rest(self) -> None:
        """Take the pace anew when there is work again: nothing waits."""
        self._since = None

    def look(self, crew: Crew, now: float) -> None:
        """Allow twice as many pods, if all that are allowed have their hands full and the last doubling was worth it."""
        if self.allowed == FIRST_PODS and now >= self._not_before:
            is_long = bool(crew.busy) and crew.least_s >= FIRST_TASK_S
            if crew.answers or is_long or crew.starting_s >= SLOW_START_S:
                self._double(now, pace=None)
            return
        if crew.busy < crew.pods or crew.pods < self.allowed or now < self._not_before:
            return
        self._short |= crew.mean_s is not None and crew.mean_s < SHORT_S
        if not self._short:
            if crew.least_answers or crew.least_s >= RAMP_S:
                self._double(now, pace=None)
            return
        if not crew.least_answers:
            return
        if self._since is None:
            self._since = crew.answered_at, crew.answers
        past_s, answers = crew.answered_at - self._since[0], crew.answers - self._since[1]
        if past_s >= PACE_S and answers >= ENOUGH * crew.pods:
            pace = answers / past_s
            if self._pace is None or pace >= GAIN * self._pace:
                self._double(now, pace=pace)
            else:
                self._since, self._pace, self._not_before = None, pace, now + REVIEW_S

    def _double(self, now: float, pace: float | None) -> None:
        self.allowed, self._not_before = 2 * self.allowed, now + PAUSE_S
        self._since, self._pace = None, pace
