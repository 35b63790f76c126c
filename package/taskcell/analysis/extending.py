"""The definitions in force after one more cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from taskcell.analysis import names
from taskcell.analysis.defining import LAZY, definitions
from taskcell.analysis.scoping import Definition, supersede
from taskcell.model.tasks import CaptureKind


def extend_scope(scope: Mapping[str, Definition], source: str, *, label: str = "") -> dict[str, Definition]:
    """Return the definitions in force after one more plain cell.

    Beyond putting the cell's own in force: constants (and defaults) that were computed from a name that is
    rebound now become values; so do names that a function called in the cell changes; deleted names are
    gone.

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.
    """
    after = dict(scope)
    cell = names.analyze(source, known=scope.keys())
    for name in sorted(_effects(cell.at_once, scope)):
        if name in after and after[name].kind is not CaptureKind.IMPORT:
            after[name] = replace(after[name], kind=CaptureKind.VALUE, pure=False)
    lazy = LAZY in after and "__future__" in after[LAZY].source
    own = definitions(source, label=label, lazy_annotations=lazy)
    for definition in own:
        supersede(after, definition)
    for name in cell.mutates - {definition.name for definition in own}:
        if name in after and after[name].kind is CaptureKind.IMPORT:  # changed in a way that can't be repeated
            after[name] = replace(after[name], kind=CaptureKind.VALUE, pure=False)
    for name in cell.deletes:
        after.pop(name, None)
    return after


def _effects(read: Iterable[str], scope: Mapping[str, Definition]) -> set[str]:
    """Return names that functions reached from a cell change when they are called."""
    found: set[str] = set()
    seen: set[str] = set()
    stack = list(read)
    while stack:
        name = stack.pop()
        definition = scope.get(name)
        if definition is None or name in seen:
            continue
        seen.add(name)
        if definition.kind in (CaptureKind.FUNCTION, CaptureKind.CLASS):
            found |= definition.effects
            stack.extend(definition.reads)
    return found
