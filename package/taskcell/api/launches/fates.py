"""What would become of a task run in a launch, and values that are looked at and not stored."""

from __future__ import annotations

from dataclasses import dataclass

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import codecs
from taskcell.views import words
from taskcell.views.states import State

_SAMPLES = 5


def unstored(value: object) -> Artifact:
    """Return a value as an artifact that is nowhere stored; without a digest when the value has none."""
    try:
        digest = digest_value(value)
    except errors.UnstorableError:
        digest = Digest("")
    return Artifact(digest=digest, codec="", type=type(value).__qualname__, preview=codecs.preview(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What would become of one task run.

    Attributes
    ----------
    brief
        A few words: ``code changed``, ``after clean``, ``took 1.2 s``.
    reason
        A sentence, for what would or may run.
    run
        The run that it is compared with in the reason. Empty: none.
    expected_s
        Typical duration of earlier executions, in seconds. None: there were none.
    elements
        Of a mapped task: how many elements are cached, how many there are; None when that is not known before it runs.
    """

    id: str
    label: str
    task: str
    state: State
    brief: str = ""
    reason: str = ""
    run: str = ""
    expected_s: float | None = None
    samples: int = 0
    elements: tuple[int, int] | None = None

    def why(self) -> str:
        """Return the reason, with the run that it is compared with."""
        return f"{self.reason} (since run {words.run(self.run)})" if self.run else self.reason
