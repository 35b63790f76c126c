"""Describe what changed between two keys of one task: source lines, values, versions, in words for people."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import evidence
from taskcell.api.comparisons import contents
from taskcell.cache import explanations
from taskcell.cache.explanations import Change, PartChange
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.caching import KeyPart
from taskcell.model.tasks import Capture, Task
from taskcell.store.opening import Store
from taskcell.views import diffs, reasons, words

_SHORT_LABELS = 60
"""Length up to which two labels are shown beside a sentence of what differs. Unit: characters."""
_NOT_STORED = "its earlier content was not stored"
_COMPARED_BYTES = 200_000_000
"""Largest stored input that is read to say what differs in it. Unit: bytes."""
_SOURCES = frozenset({"function", "class", "constant", "module", "import"})
_VALUES = frozenset({"input", "parameter", "value"})
_LABELLED = frozenset({"parameter", "package", "interpreter", "option"})
"""Kinds of parts whose labels are the whole of what changed."""
_NAMES = {"function": "helper", "module": "local module", "interpreter": "Python", "option": "option"}
_PATH = re.compile(r"(?:Posix|Windows)?Path\('(.*)'\)")
_WHOLE = {"code": "its code", "interpreter": "Python", "outputs": "the list of its outputs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A value that can be looked at: in the kernel, or stored. ``load`` may raise what reading a store raises."""

    load: Callable[[], Any]
    size_bytes: int = 0


Finder = Callable[[str, Digest], Content | None]
"""Finds the content of an input by its name and digest."""


def stored(where: Store, artifact: Artifact) -> Content:
    """Return a stored value as content."""
    return Content(load=lambda: evidence.value(where, artifact), size_bytes=artifact.size_bytes)


def nowhere(_: str, __: Digest) -> Content | None:
    """Find nothing."""
    return None


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


def compared(old: Sequence[KeyPart], new: Sequence[KeyPart]) -> list[PartChange]:
    """Return the parts that differ, without an import that came or went together with its package."""
    found = explanations.compare_parts(old, new)
    imported = {change.what for change in found if change.kind == "package"}
    return [
        change
        for change in found
        if not (change.kind == "import" and change.what in imported and change.change is not Change.CHANGED)
    ]


def described(found: Sequence[PartChange], before: Source, after: Source) -> list[reasons.PartChange]:
    """Return changed parts in words, with what changed in each."""
    budget = contents.Budget()
    return [_described(change, before, after, budget) for change in found]


def short(change: PartChange) -> str:
    """Say a change in a few words, to go on with "because": ``parameter month changed 1 → 2``."""
    name = _WHOLE.get(change.kind) or f"{title(change)}"
    if change.change is not Change.CHANGED:
        return f"{name} was {change.change}"
    old, new = _labels(change)
    shown = max(len(old), len(new)) <= 40 and change.kind in _LABELLED
    return f"{name} changed {old} → {new}" if old and new and old != new and shown else f"{name} changed"


def title(change: PartChange) -> str:
    """Return what people call a part: ``helper is_late``, ``package pandas``."""
    return f"{_NAMES.get(change.kind, change.kind)} {change.what}".strip()


def _labels(change: PartChange) -> tuple[str, str]:
    old, new = (part.label if part else "" for part in (change.old, change.new))
    if change.kind == "interpreter" and old.partition(" ")[0] == new.partition(" ")[0]:
        return old.partition(" ")[2], new.partition(" ")[2]  # the implementation is the same
    return _PATH.sub(r"\1", old), _PATH.sub(r"\1", new)


def uncounted(old: Task, new: Task) -> str:
    """Say what differs between two definitions and doesn't count; empty when nothing does."""
    left, right = msgspec.structs.asdict(old.options), msgspec.structs.asdict(new.options)
    said = [
        f"--{name.rpartition('_')[0] if name.endswith(('_s', '_cores', '_bytes', '_count')) else name}".replace(
            "_", "-"
        )
        for name in left
        if left[name] != right[name] and name not in ("seed", "map_over", "cache")
    ]
    if old.code == new.code and old.body != new.body:
        said.insert(0, "comments or formatting")
    return f"Changed too, which doesn't count: {words.listed(said, 6)}." if said else ""


# -- each kind of part -----------------------------------------------------------------------------------------------


def _described(change: PartChange, before: Source, after: Source, budget: contents.Budget) -> reasons.PartChange:
    if change.kind == "code":
        return _code(change, before, after)
    if change.kind in _SOURCES:
        return _source(change, before, after)
    if change.kind in _VALUES:
        return _value(change, before, after, budget)
    return _plain(change)


def _plain(change: PartChange) -> reasons.PartChange:
    old, new = _labels(change)
    return reasons.PartChange(
        part=_NAMES.get(change.kind, change.kind), name=change.what, change=change.change.value, old=old, new=new
    )


def _code(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    """Show the cell's lines; a header that states everything stands for the magic line, so that lines count alike."""
    part = reasons.PartChange(part="code", name="", change=change.change.value)
    if before.definition is None or after.definition is None:
        return msgspec.structs.replace(part, words="its earlier text is not known any more")
    lines = diffs.diff_lines(evidence.source_of(before.definition), evidence.source_of(after.definition), context=1)
    return msgspec.structs.replace(part, words=diffs.counted(lines), lines=lines)


def _source(change: PartChange, before: Source, after: Source) -> reasons.PartChange:
    old, new = before.capture(change), after.capture(change)
    lines = diffs.diff_lines(old.source if old else "", new.source if new else "", context=1)
    shown = new or old
    said = diffs.counted(lines) if lines else ""
    if change.old is not None and old is None:
        lines, said = (), "its earlier text is not known any more"
    return reasons.PartChange(
        part=_NAMES.get(change.kind, change.kind),
        name=change.what,
        change=change.change.value,
        words=said,
        origin=shown.origin if shown else "",
        lines=lines,
    )


def _value(change: PartChange, before: Source, after: Source, budget: contents.Budget) -> reasons.PartChange:
    plain = _plain(change)
    if change.old is None or change.new is None:
        return plain
    if change.kind == "value":
        plain = msgspec.structs.replace(
            plain,
            old=plain.old or _preview(before.capture(change)),
            new=plain.new or _preview(after.capture(change)),
        )
    old = before.find(change.what, change.old.digest) or _told(change.old)
    new = after.find(change.what, change.new.digest) or _told(change.new)
    found = _contents(change.what, old, new, budget)
    said = "; ".join(found.sentences) if len(found.sentences) == 1 else ""
    if said == f"{plain.old} → {plain.new}":
        said = ""  # the labels say the same already
    bounded = ("not all of it was looked at, to stay quick",) if budget.bounded else ()
    details = (*found.said(), *bounded) if len(found.sentences) > 1 or bounded else ()
    if said and said != _NOT_STORED and len(plain.old) + len(plain.new) > _SHORT_LABELS:
        plain = msgspec.structs.replace(plain, old="", new="")  # where it differs says more than the two in full
    if said == _NOT_STORED and plain.old == plain.new:
        said = f"another content; {said}"
    if not said and not details and plain.old == plain.new:
        said = "another content that looks the same" if plain.old else "another content"
    return msgspec.structs.replace(plain, words="" if details else said, details=details, lines=found.lines)


def _told(part: KeyPart) -> Content | None:
    """Return a value whose label is all of it, as that of a small dict is; None when the label leaves something out."""
    try:
        value = ast.literal_eval(part.label)
        whole = digest_value(value) == part.digest
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, errors.UnstorableError):
        return None
    return Content(load=lambda: value) if whole else None


def _contents(name: str, old: Content | None, new: Content | None, budget: contents.Budget) -> contents.Finding:
    """Say what differs in two contents, or why that can't be said."""
    if old is None or new is None:
        return contents.Finding(sentences=[_NOT_STORED] if old is None else [])
    largest = max(old.size_bytes, new.size_bytes)
    if largest > _COMPARED_BYTES:
        return contents.Finding(sentences=[f"{words.size(largest)} is too much to be read for an explanation"])
    values = []
    for content, which in ((old, "earlier"), (new, "present")):
        try:
            values.append(content.load())
        except errors.UntrustedError:
            said = f"its {which} content is a pickle in a store that is not trusted: it is not loaded to explain"
            return contents.Finding(sentences=[said])
        except errors.NotFoundError:
            return contents.Finding(sentences=[f"its {which} content is no longer in the store"])
        except (errors.TaskcellError, ImportError, AttributeError) as exc:
            reason = exc.message if isinstance(exc, errors.TaskcellError) else str(exc)
            return contents.Finding(sentences=[f"its {which} content can't be read: {reason.rstrip('.')}"])
    try:
        return contents.describe(values[0], values[1], name, budget)
    except Exception as exc:  # noqa: BLE001 - a user's own classes may raise anything, and an explanation must not
        return contents.Finding(sentences=[f"the contents can't be compared: {type(exc).__name__}"])


def _preview(capture: Capture | None) -> str:
    return capture.artifact.preview if capture and capture.artifact else ""
