"""Say which parts of a key changed: the data behind ``%why``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from taskcell.model.caching import KeyPart


class Change(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """One part of a key that differs. ``kind`` and ``what`` are the two halves of the part's name."""

    kind: str
    what: str
    change: Change
    old: KeyPart | None
    new: KeyPart | None

    @property
    def name(self) -> str:
        """The part's name: ``input:df``."""
        return f"{self.kind}:{self.what}" if self.what else self.kind


_ORDER = (
    "code",
    "function",
    "class",
    "constant",
    "module",
    "value",
    "import",
    "parameter",
    "input",
    "package",
    "interpreter",
    "outputs",
    "option",
)


def compare_parts(old: Iterable[KeyPart], new: Iterable[KeyPart]) -> tuple[PartChange, ...]:
    """Return the parts that differ, the user's own doing first."""
    changes = sorted(_changes(list(old), list(new)), key=_rank)
    return tuple(changes)


def _rank(change: PartChange) -> tuple[int, str]:
    rank = _ORDER.index(change.kind) if change.kind in _ORDER else len(_ORDER)
    return rank, change.what


def _changes(old: list[KeyPart], new: list[KeyPart]) -> Iterator[PartChange]:
    before = {part.name: part for part in old}
    after = {part.name: part for part in new}
    for name in before.keys() | after.keys():
        left, right = before.get(name), after.get(name)
        if left is not None and right is not None and left.digest == right.digest:
            continue
        kind, _, what = name.partition(":")
        change = Change.CHANGED if left and right else Change.ADDED if right else Change.REMOVED
        yield PartChange(kind=kind, what=what, change=change, old=left, new=right)
