"""What a cached function reaches: code by source, globals and closure cells by value.

The walk over code is done once and again when anything that it saw has changed: the definitions around the function,
files and folders of local modules, the folders of installed distributions, ``sys.path``. Values are digested at every
call: a list may have changed in place.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from taskcell import analysis, errors
from taskcell.api import outcomes
from taskcell.hashing import Digest, stamps
from taskcell.hashing.values import digest_value
from taskcell.model.tasks import Capture, CaptureKind

_Scope = Mapping[str, analysis.Definition]
_NOTHING: _Scope = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walked:
    """One walk: where it began, where it looked for modules, and what it found."""

    scope: _Scope
    finder: analysis.Finder
    reach: analysis.Reach


class Reached:
    """What one function reaches.

    Parameters
    ----------
    function
        The function.
    source
        Its text.
    itself
        The object under which others, and its own text, know it.
    """

    def __init__(self, function: Callable[..., Any], source: str, itself: object) -> None:
        self._function = function
        self._source = source
        self._itself = itself
        self._walked: _Walked | None = None

    def captures(self) -> tuple[tuple[Capture, ...], tuple[tuple[str, str], ...]]:
        """Return captures with their content as it is now, and distributions; raise DefinitionError.

        The digest of a value that has none is empty.
        """
        reach, outside = self._walk().reach, self._function.__globals__
        found = [_checked_constant(capture, outside) for capture in reach.captures]
        enclosed = self._enclosed()
        read = [*reach.values, *(item.name for item in reach.missing)]
        values = {name: outside[name] for name in read if name in outside} | enclosed
        for item in reach.missing:
            if item.name not in values:
                raise errors.DefinitionError(
                    f"Task {self._function.__name__!r}: {item.name!r} is not defined.",
                    remedy="Define it before the call, or pass it as an argument.",
                )
        found += [
            Capture(name=name, kind=CaptureKind.VALUE, digest=digest_or_empty(value))
            for name, value in values.items()
            if value is not self._itself
        ]
        return tuple(found), reach.distributions

    def _enclosed(self) -> dict[str, Any]:
        """Return what the function takes from the functions around it; what is not bound yet counts as unbound."""
        cells = zip(self._function.__code__.co_freevars, self._function.__closure__ or (), strict=True)
        return {name: _content(cell) for name, cell in cells}

    @cached_property
    def _roots(self) -> list[str]:
        names = analysis.analyze(self._source)
        if names.opaque:
            raise errors.DefinitionError(
                f"Task {self._function.__name__!r}: what it reads can't be known: {names.opaque}.",
                remedy="Name things plainly, or call the function without the decorator.",
            )
        return sorted(names.reads.difference(self._function.__code__.co_freevars))

    def _walk(self) -> _Walked:
        scope, before = _scope(self._function), self._walked
        if before is not None and before.scope is scope and before.finder.is_current():
            return before
        finder = analysis.Finder([Path.cwd()])
        reach = analysis.reach(self._roots, scope, finder=finder, body=self._source)
        self._walked = _Walked(scope=scope, finder=finder, reach=reach)
        return self._walked


def digest_or_empty(value: object) -> Digest:
    """Return a value's digest, empty when it has none."""
    try:
        return digest_value(value)
    except errors.UnstorableError:
        return Digest("")


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _Unbound


class _Unbound:
    """Stands for the content of a cell that has none."""


def _checked_constant(capture: Capture, outside: Mapping[str, Any]) -> Capture:
    """Let a constant count by its present value: a global list may have changed since it was assigned."""
    if capture.kind is not CaptureKind.CONSTANT or capture.name not in outside:
        return capture
    return msgspec.structs.replace(capture, digest=digest_or_empty(outside[capture.name]))


# -- what names mean around the function -----------------------------------------------------------------------------


def _scope(function: Callable[..., Any]) -> _Scope:
    """Return what names mean where the function was defined: its module's source, or the notebook's cells."""
    session = outcomes.current()
    if session is not None and function.__globals__ is session.namespace:
        return session.definitions()
    ran = function.__globals__.get("In")
    if isinstance(ran, list):
        return _cells_scope(tuple(ran))
    path = getattr(sys.modules.get(function.__module__), "__file__", None)
    if path is None or not path.endswith(".py"):
        return _NOTHING
    return _module_scope(path)


@lru_cache(maxsize=4)
def _cells_scope(sources: tuple[str, ...]) -> _Scope:
    """Return what names mean in a kernel without a session, as a worker's: its cells as IPython keeps them."""
    scope: dict[str, analysis.Definition] = {}
    for source in sources:
        try:
            scope.update({definition.name: definition for definition in analysis.definitions(source)})
        except errors.DefinitionError:
            continue  # a cell that isn't Python defined nothing
    return scope


_modules: dict[str, tuple[stamps.Watch, _Scope]] = {}


def _module_scope(path: str) -> _Scope:
    """Return what names mean in a module as its file is now."""
    known = _modules.get(path)
    if known is not None and known[0].unchanged():
        return known[1]
    watch = stamps.Watch()
    watch.see(path)
    scope = _text_scope(Path(path).read_text(encoding="utf-8"), Path(path).name)
    _modules[path] = watch, scope
    return scope


@lru_cache(maxsize=64)
def _text_scope(source: str, label: str) -> _Scope:
    return {definition.name: definition for definition in analysis.definitions(source, label=label)}
