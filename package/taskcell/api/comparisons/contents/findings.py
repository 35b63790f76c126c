"""What a comparison of two values found, and how much work it may be."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from taskcell.views import words
from taskcell.views.diffs import DiffLine

SECONDS = 0.8
"""Time after which a comparison stops and says so. Unit: seconds."""
_MOST_SENTENCES = 12


@dataclass(slots=True, kw_only=True)
class Finding:
    """What differs, in words.

    Attributes
    ----------
    sentences
        One fact each, the weightiest first: ``2,787 rows added``, ``row 17, delay: 2.0 → 3.0``.
    lines
        Differences of a text, line by line.
    left_out
        How many further facts were found and are not said.
    """

    sentences: list[str] = field(default_factory=list)
    lines: tuple[DiffLine, ...] = ()
    left_out: int = 0

    def say(self, sentence: str) -> None:
        """Note a fact."""
        if len(self.sentences) < _MOST_SENTENCES:
            self.sentences.append(sentence)
        else:
            self.left_out += 1

    def said(self) -> tuple[str, ...]:
        """Return the facts, with a last one for those that were left out."""
        more = (f"and {words.count(self.left_out)} more",) if self.left_out else ()
        return (*self.sentences, *more)


class Budget:
    """Time that a comparison may still take, from the first look on: reading values and importing libraries don't count.

    Once it is spent, what is left is not looked at.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self.bounded = False
        """Whether something was not looked at."""

    def spent(self) -> bool:
        """Whether to stop here, leaving something out."""
        now = time.monotonic()
        self._deadline = self._deadline if self._deadline is not None else now + self._seconds
        late = now >= self._deadline
        self.bounded = self.bounded or late
        return late

    def rows(self, wanted: int, most: int) -> int:
        """Return how many of the wanted rows are looked at."""
        if wanted > most:
            self.bounded = True
        return min(wanted, most)
