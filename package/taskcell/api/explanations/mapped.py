"""Explain a mapped task by its elements: how many hit, which are new or changed, and what else changed for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from taskcell.api.explanations import changes
from taskcell.api.explanations.attempts import Attempt
from taskcell.api.explanations.standing import Element
from taskcell.cache.explanations import PartChange
from taskcell.model.caching import KeyPart
from taskcell.views import reasons, words

_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """The elements of a mapped task, beside those of an earlier attempt, by their number."""

    name: str
    now: Sequence[Element]
    old: Callable[[int], Attempt | None]

    @property
    def missing(self) -> list[Element]:
        """Elements that were, or would be, executed."""
        return [element for element in self.now if not element.cached]

    def counted(self, *, executed: bool = False) -> str:
        """Say how many hit: ``3 of 5 elements are cached``."""
        number = len(self.now)
        hits = number - len(self.missing)
        if hits == number:
            return f"all {words.count(number)} elements are cached" if number > 1 else "its one element is cached"
        verb = ("was" if hits == 1 else "were") if executed else ("is" if hits == 1 else "are")
        return f"{words.count(hits)} of {words.plural(number, 'element')} {verb} cached"

    def common(self) -> tuple[Attempt | None, list[PartChange]]:
        """Return an earlier attempt, and what changed since then for every element alike."""
        for element in self.missing[:_SHOWN]:
            attempt = self.old(element.index) or self.old(0)
            if attempt is not None:
                found = changes.compared(attempt.parts, element.parts)
                return attempt, [change for change in found if not self._is_element(change)]
        return None, []

    def described(self) -> reasons.PartChange | None:
        """Return which elements are not what they were; None when all are."""
        said = [text for text in map(self._said, self.missing) if text]
        if not said:
            return None
        part = reasons.PartChange(part="input", name=self.name)
        counted = f"{words.count(len(said))} of {words.plural(len(self.now), 'element')} changed or new"
        more = (f"and {words.count(len(said) - _SHOWN)} more",) if len(said) > _SHOWN else ()
        return msgspec.structs.replace(part, words=counted, details=(*said[:_SHOWN], *more))

    def _said(self, element: Element) -> str:
        attempt = self.old(element.index)
        new = self._part(element.parts)
        old = self._part(attempt.parts) if attempt is not None else None
        if new is None or (old is not None and old.digest == new.digest):
            return ""
        place = f"{self.name}[{element.index}]"
        if old is None:
            return f"{place} is new: {new.label}" if new.label else f"{place} is new"
        return f"{place}: {old.label} → {new.label}" if old.label != new.label else f"{place} has another content"

    def _part(self, parts: Sequence[KeyPart]) -> KeyPart | None:
        return next((part for part in parts if part.name in (f"input:{self.name}", f"parameter:{self.name}")), None)

    def _is_element(self, change: PartChange) -> bool:
        return change.kind in ("input", "parameter") and change.what == self.name
