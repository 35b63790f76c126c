"""Definitions, and which of them are in force: what a later cell does to those before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from taskcell import hashing
from taskcell.analysis import meaning
from taskcell.model.tasks import CaptureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What one statement binds to one name.

    Attributes
    ----------
    name, kind
        The name and what it is; ``VALUE``: known at run time only.
    source
        The user's text of the statement; for an import the statement for that name alone.
    digest
        Digest of the source's meaning.
    reads
        Names that it needs from outside itself.
    eager
        Names in ``reads`` that are read when the statement runs (defaults, decorators, a constant's parts):
        for these the definition in force at that time counts.
    effects
        Outside names that a function or class changes or binds when it is used.
    line, label
        1-based line in its cell, and where the cell is, for people.
    pure
        Whether executing the source again makes the same thing.
    opaque
        None, or why its names can't be known.
    optional
        Whether an import may fail: it stands in a ``try`` or a condition.
    change
        Whether the statement changes what the name means already, and does the same when it is executed again.
    mild
        Whether it may change it: then it counts for an import, and where a definition stands that can't be.
    """

    name: str
    kind: CaptureKind
    source: str
    digest: hashing.Digest
    reads: frozenset[str]
    eager: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    line: int = 1
    label: str = ""
    pure: bool = True
    opaque: str | None = None
    optional: bool = False
    change: bool = False
    mild: bool = False

    @property
    def place(self) -> str:
        """Where it stands, for people: ``cell 3, line 2``."""
        return f"{self.label}, line {self.line}" if self.label else f"line {self.line}"


def supersede(scope: dict[str, Definition], new: Definition, *, whole: bool = True) -> None:
    """Put a definition in force.

    What was computed from the one before it can't be computed again, so it becomes a ``VALUE``. Imports of
    several submodules of one package add up, and so do changes of what an import brought.

    Parameters
    ----------
    whole
        Whether the scope has all that is defined before; if not, a change of another cell's name is kept.
    """
    old = scope.get(new.name)
    if old is not None and new.change and _takes_changes(old, new):
        scope[new.name] = _changed(old, new)
        return
    if new.mild and _is_unchanged(old, whole=whole):
        return
    if old is not None and _is_again(old, new):
        return
    scope.pop(new.name, None)
    if old is not None and old.digest != new.digest:
        for name, other in scope.items():
            if new.name in other.eager and other.kind is not CaptureKind.IMPORT:
                scope[name] = replace(other, kind=CaptureKind.VALUE, pure=False)
    if old is not None and _add_up(old, new):
        merged = list(dict.fromkeys((*old.source.splitlines(), *new.source.splitlines())))
        text = "\n".join(merged)
        new = replace(new, source=text, digest=meaning.code_digest(text))
    if new.name in new.eager:
        new = replace(new, kind=CaptureKind.VALUE, pure=False)
    scope[new.name] = new if old is None else replace(new, change=False, mild=False)


def _takes_changes(old: Definition, new: Definition) -> bool:
    """Whether a change can be made again from the text of both: of imports, and what is registered anywhere."""
    if old.kind in (CaptureKind.FUNCTION, CaptureKind.CLASS):
        return new.mild
    return old.kind is CaptureKind.IMPORT or old.change


def _is_unchanged(old: Definition | None, *, whole: bool) -> bool:
    """Whether something stays what it is where a method of it was called, or has decorated a definition."""
    if old is None:
        return whole
    return old.kind in (CaptureKind.IMPORT, CaptureKind.VALUE)


def _changed(old: Definition, new: Definition) -> Definition:
    """Return an import with a change of what it brought: its code stands below, once if it stood there last."""
    text = old.source if old.source.endswith(new.source) else f"{old.source}\n{new.source}"
    return replace(
        old,
        source=text,
        digest=meaning.code_digest(text),
        reads=old.reads | (new.reads - {new.name}),
        eager=old.eager | (new.eager - {new.name}),
        change=True,
        mild=old.mild and new.mild,
    )


def _is_again(old: Definition, new: Definition) -> bool:
    """Whether an import stands there a second time, which leaves changes of what it brought as they are."""
    same = old.kind is new.kind is CaptureKind.IMPORT and old.change
    return same and old.source.startswith(f"{new.source}\n")


def _add_up(old: Definition, new: Definition) -> bool:
    plain = f"import {new.name}"
    return old.kind is new.kind is CaptureKind.IMPORT and all(
        line == plain or line.startswith(plain + ".")
        for each in (old, new)
        for line in each.source.splitlines()
        if " as " not in line or not line.startswith("import ")
    )
