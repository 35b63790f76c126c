"""Find a backend by name: built in, or from the entry-point group ``taskcell.backends``."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
from typing import cast

from taskcell import errors
from taskcell.backends import contracts

GROUP = "taskcell.backends"
_BUILT_IN = {
    "kubernetes": "taskcell.backends.kubernetes:KubernetesBackend",
    "local": "taskcell.backends.local:LocalBackend",
}


def names() -> tuple[str, ...]:
    """Return the names of all backends that can be used here."""
    found = {point.name for point in importlib.metadata.entry_points(group=GROUP)}
    return tuple(sorted(found | set(_BUILT_IN)))


def backend(name: str) -> contracts.Backend:
    """Return the backend of that name; raise InvalidInputError, naming those there are."""
    target = _BUILT_IN.get(name)
    if target is None:
        points = importlib.metadata.entry_points(group=GROUP, name=name)
        if not points:
            raise _unknown(name)
        kind = next(iter(points)).load()
    else:
        module, _, attribute = target.partition(":")
        kind = getattr(importlib.import_module(module), attribute)
    return cast(contracts.Backend, kind())


def _unknown(name: str) -> errors.InvalidInputError:
    known = names()
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return errors.InvalidInputError(
        f"There is no backend {name!r}.", remedy=f"{hint}Choose one of: {', '.join(known)}.", backend=name
    )
