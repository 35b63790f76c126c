"""What a cached function reaches: code by source, globals and closure cells by value.

The walk over code is done once and again when anything that it saw has changed: the definitions around the function,
files and folders of local modules, the folders of installed distributions, ``sys.path``. Values are digested at every
call: a list may have changed in place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from taskcell import analysis, errors
from taskcell.api.calls import function_sources
from taskcell.api.kernels import outcomes
from taskcell.hashing import Digest
from taskcell.hashing.values import digest_value
from taskcell.model.tasks import Capture, CaptureKind

_Scope = Mapping[str, analysis.Definition]


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
    meaning
        The part of its text that counts.
    itself
        The object under which others, and its own text, know it.
    """

    def __init__(self, function: Callable[..., Any], meaning: str, itself: object) -> None:
        self._function = function
        self._meaning = meaning
        self._itself = itself
        original: Any = inspect.unwrap(function)
        self.outside: dict[str, Any] = original.__globals__
        """The names around the function, with what they mean now."""
        self._module = function_sources.module_text(self.outside)
        self._walked: _Walked | None = None

    def captures(self) -> tuple[tuple[Capture, ...], tuple[tuple[str, str], ...]]:
        """Return captures with their content as it is now, and distributions; raise DefinitionError.

        The digest of a value that has none is empty.
        """
        walked, outside = self._walk(), self.outside
        reach = walked.reach
        found = [_checked(capture, walked.scope, outside) for capture in reach.captures]
        _, enclosed = function_sources.closure_of(self._function)
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

    @cached_property
    def _roots(self) -> list[str]:
        names = analysis.analyze(self._meaning)
        if names.opaque:
            raise errors.DefinitionError(
                f"Task {self._function.__name__!r}: what it reads can't be known: {names.opaque}.",
                remedy="Name things plainly, or call the function without the decorator.",
            )
        free, _ = function_sources.closure_of(self._function)
        return sorted(names.reads - free)

    def _walk(self) -> _Walked:
        scope, before = _scope(self.outside, self._module), self._walked
        if before is not None and before.scope is scope and before.finder.is_current():
            return before
        finder = analysis.Finder([Path.cwd()])
        reach = analysis.reach(self._roots, scope, finder=finder, body=self._meaning)
        self._walked = _Walked(scope=scope, finder=finder, reach=reach)
        return self._walked


def digest_or_empty(value: object) -> Digest:
    """Return a value's digest, empty when it has none."""
    try:
        return digest_value(value)
    except errors.UnstorableError:
        return Digest("")


def _checked(capture: Capture, scope: _Scope, outside: Mapping[str, Any]) -> Capture:
    """Let a constant count by its present value, as well as a function or a class that is another one by now."""
    if capture.name not in outside:
        return capture
    value = outside[capture.name]
    if capture.kind is CaptureKind.CONSTANT:
        return msgspec.structs.replace(capture, digest=digest_or_empty(value))
    if capture.kind is CaptureKind.FUNCTION:
        line = scope[capture.name].line
        if not (
            function_sources.is_as_written(value, capture.name, capture.source, line, outside)
            and analysis.is_as_written(value, capture.source)
        ):
            return Capture(name=capture.name, kind=CaptureKind.VALUE, digest=digest_or_empty(value))
    if capture.kind is CaptureKind.CLASS and not analysis.is_as_written(value, capture.source):
        return Capture(name=capture.name, kind=CaptureKind.VALUE, digest=Digest(""))  # what was put into it has no text
    return capture


# -- what names mean around the function -----------------------------------------------------------------------------


def _scope(outside: dict[str, Any], module: str) -> _Scope:
    """Return what names mean where the function was defined: its module's source, or the notebook's cells."""
    session = outcomes.current()
    if session is not None and outside is session.namespace:
        return session.definitions()
    ran = outside.get("In")
    if isinstance(ran, list):
        return _cells_scope(tuple(ran))
    return _module_scope(module, outside.get("__file__") or "")


@lru_cache(maxsize=4)
def _cells_scope(sources: tuple[str, ...]) -> _Scope:
    """Return what names mean in a kernel without a session, as a worker's: its cells as IPython keeps them."""
    scope: dict[str, analysis.Definition] = {}
    for source in sources:
        try:
            for definition in analysis.definitions(source):
                analysis.supersede(scope, definition)
        except errors.DefinitionError:
            continue  # a cell that isn't Python defined nothing
    return scope


@lru_cache(maxsize=64)
def _module_scope(source: str, file: str) -> _Scope:
    return {definition.name: definition for definition in analysis.definitions(source, label=Path(file).name)}
