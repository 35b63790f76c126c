"""Describe what changed between two keys of one task: source lines, values, versions, in words for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from taskcell import errors
from taskcell.api import evidence, tolerances
from taskcell.cache import explanations
from taskcell.cache.explanations import PartChange
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import CacheEntry, KeyPart
from taskcell.model.runs import AttemptEnd
from taskcell.model.tasks import Capture, Task
from taskcell.store.opening import Store
from taskcell.views import diffs, reasons, words

_COMPARED_BYTES = 200_000_000
"""Largest input whose two contents are read to say what differs in them. Unit: bytes."""
_SOURCES = frozenset({"function", "class", "constant", "module", "import"})
_WORDS = {"function": "helper", "module": "local module", "value": "value"}

Finder = Callable[[str, Digest], tuple[Store, Artifact] | None]
"""Finds the stored value of an input by its name and digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one side's code and values can be read."""

    definition: Task | None
    find: Finder

    def capture(self, change: PartChange) -> Capture | None:
        """Return what the task reaches under a part's name."""
        if self.definition is None:
            return None
        for item in self.definition.captures:
            if item.kind == change.kind and item.name == change.what:
                return item
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose result a hit is, and what it took."""

    run_id: str
    author: str
    created_at: datetime | None
    duration_s: float | None

    @classmethod
    def of(cls, entry: CacheEntry) -> Origin:
        """Return the origin of a committed result."""
        return cls(run_id=entry.run_id, author=entry.author, created_at=entry.created_at, duration_s=entry.duration_s)

    @classmethod
    def of_end(cls, where: Store, end: AttemptEnd) -> Origin:
        """Return the origin of the result that a task run took from the cache."""
        entry = evidence.cache_entry(where, end.key) if end.key else None
        if entry is not None:
            return cls.of(entry)
        return cls(run_id=end.from_run, author=end.from_author, created_at=end.from_created_at, duration_s=None)

    def words(self, now: datetime) -> str:
        """Say it in one sentence."""
        by = f" by {self.author}" if self.author else ""
        when = f", {words.age(self.created_at, now)}" if self.created_at else ""
        took = f"; it took {words.duration(self.duration_s)} then" if self.duration_s is not None else ""
        run = f" from run {self.run_id}" if self.run_id else ""
        return f"nothing in its key has changed since the result{run}{by}{when}{took}."


def described(
    old: tuple[KeyPart, ...], new: tuple[KeyPart, ...], before: Source, after: Source
) -> list[tuple[str, reasons.PartChange]]:
    """Return the parts that differ, each with its name, the user's own doing first."""
    found = explanations.compare_parts(old, new)
    imported = {change.what for change in found if change.kind == "package"}
    return [
        (change.name, _described(change, before, after))
        for change in found
        if not (change.kind == "import" and change.what in imported and change.change != "changed")
    ]


def _described(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    if change.kind == "code":
        return _code(change, before, after)
    if change.kind in _SOURCES:
        return _source(change, before, after)
    if change.kind in ("input", "parameter", "value"):
        return _value(change, before, after)
    return _plain(change)


def _plain(change: PartChange) -> reasons.PartChange:
    return reasons.PartChange(
        part=_WORDS.get(change.kind, change.kind),
        name=change.what,
        change=change.change.value,
        old=change.old.label if change.old else "",
        new=change.new.label if change.new else "",
    )


def _code(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    """Show the cell's lines; a header that states everything stands for the magic line, so that lines count alike."""
    if before.definition is None or after.definition is None:
        return reasons.PartChange(
            part="code", name="", change=change.change.value, words="its earlier text is not known any more"
        )
    lines = diffs.diff_lines(evidence.source_of(before.definition), evidence.source_of(after.definition), context=1)
    return reasons.PartChange(part="code", name="", change=change.change.value, words=_counted(lines), lines=lines)


def _counted(lines: tuple[diffs.DiffLine, ...]) -> str:
    added, removed = diffs.changed(lines)
    return f"{words.plural(added, 'line')} added, {removed} removed"


def _source(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    old, new = before.capture(change), after.capture(change)
    lines = diffs.diff_lines(old.source if old else "", new.source if new else "", context=1)
    shown = new or old
    return reasons.PartChange(
        part=_WORDS.get(change.kind, change.kind),
        name=change.what,
        change=change.change.value,
        words=_counted(lines) if lines else "",
        origin=shown.origin if shown else "",
        lines=lines,
    )


def _value(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    plain = _plain(change)
    if change.old is None or change.new is None:
        return plain
    old, new = before.find(change.what, change.old.digest), after.find(change.what, change.new.digest)
    if change.kind == "value":
        return reasons.PartChange(
            part="value",
            name=change.what,
            change="changed",
            old=change.old.label or _preview(before.capture(change)),
            new=change.new.label or _preview(after.capture(change)),
        )
    detail = _difference(old, new) if old and new and change.kind == "input" else ""
    same_words = "" if detail or plain.old != plain.new else "another content of the same look"
    return reasons.PartChange(
        part=plain.part,
        name=plain.name,
        change=plain.change,
        old=plain.old,
        new=plain.new,
        words=detail or same_words,
    )


def _preview(capture: Capture | None) -> str:
    return capture.artifact.preview if capture and capture.artifact else ""


def _difference(old: tuple[Store, Artifact], new: tuple[Store, Artifact]) -> str:
    """Say what differs in two stored values, where they can be read."""
    if max(old[1].size_bytes, new[1].size_bytes) > _COMPARED_BYTES:
        return ""
    try:
        found = tolerances.compare(
            evidence.value(*old), evidence.value(*new), tolerances.Tolerance(relative=0.0, absolute=0.0)
        )
    except (errors.TaskcellError, ImportError, AttributeError):
        return ""
    whole = found.places[:1] and found.places[0].startswith("value: ")  # the labels say the same already
    return "" if found.within or whole else found.words()
