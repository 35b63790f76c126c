"""From an operation's path to a route, and back; no web framework in it."""

from __future__ import annotations

import functools
import re
from urllib.parse import unquote

from taskcell import errors
from taskcell.api.feeds.contracts import Operation
from taskcell.api.feeds.operations import OPERATIONS
from taskcell.server.offices import EVENTS, ROOT, MethodError

__all__ = ["EVENTS", "OPENAPI", "ROOT", "action", "by_path", "find", "places"]

OPENAPI = "/openapi.json"
_PLACE = re.compile(r"\{(\w+)\}")


def by_path() -> dict[str, dict[str, Operation]]:
    """Return the operations by path and method."""
    found: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS.values():
        methods = found.setdefault(operation.path, {})
        if operation.method in methods:
            raise AssertionError(f"{operation.name} and {methods[operation.method].name} have one route")
        methods[operation.method] = operation
    return found


def places(path: str) -> tuple[str, ...]:
    """Return the names of the parameters that stand in a path."""
    return tuple(_PLACE.findall(path))


def action(operation: Operation) -> str:
    """Return what jupyter_server's authoriser is asked for: ``read``, ``write``, or ``execute`` where something runs."""
    if not operation.changes:
        return "read"
    return "execute" if operation.path.startswith("/runs") else "write"


def find(method: str, address: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation at an address below the root, and what stands in its places.

    Each place takes one part of the address, whatever is in it: it is checked by the operation's parameters, against an
    id's form or a length.

    Raises
    ------
    NotFoundError
        When there is none.
    MethodError
        When there is one for another method.
    """
    parts = address.split("/")
    try:
        texts = [unquote(part, errors="strict") for part in parts]
    except UnicodeDecodeError as exc:
        raise errors.InvalidInputError("The address is not UTF-8.", remedy="Reload the page.") from exc
    allowed = []
    for pattern, methods in _table().items():
        if len(pattern) != len(parts):
            continue
        pairs = list(zip(pattern, texts, strict=True))
        if all(name.startswith("{") or name == text for name, text in pairs):
            if method in methods:
                return methods[method], {name[1:-1]: text for name, text in pairs if name.startswith("{")}
            allowed += list(methods)
    if allowed:
        raise MethodError(*allowed)
    raise errors.NotFoundError(f"There is nothing at {address[:100]!r}.", remedy="Reload the page.")


@functools.cache
def _table() -> dict[tuple[str, ...], dict[str, Operation]]:
    """Return operations by the parts of their path, those without places first, so that none hides another."""
    ordered = sorted(by_path().items(), key=lambda item: (len(places(item[0])), item[0]))
    return {tuple(path.strip("/").split("/")): methods for path, methods in ordered}
