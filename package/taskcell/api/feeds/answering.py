"""Answer an operation, whoever asks: parameters are checked, and whatever happens there is a result or an error in words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api.feeds.contracts import Context, Operation
from taskcell.api.feeds.operations import OPERATIONS
from taskcell.notebook import quoting
from taskcell.views import bundles

_log = logging.getLogger(__name__)


def operation(name: str) -> Operation:
    """Return an operation by name; raise NotFoundError."""
    found = OPERATIONS.get(name)
    if found is None:
        hint = quoting.did_you_mean(name[:100], OPERATIONS)
        raise errors.NotFoundError(
            f"There is no operation {quoting.shortened(name)!r}.", remedy=f"{hint} Reload the page.".strip()
        )
    return found


def answer(context: Context, name: str, given: Mapping[str, Any], *, strict: bool = True) -> Any:
    """Return the result of an operation.

    Parameters
    ----------
    context
        On whose behalf.
    name
        The operation.
    given
        Its parameters in JSON form.
    strict
        Whether numbers must be numbers; false for the texts of an address.

    Raises
    ------
    TaskcellError
        And nothing else: a fault of ours is an InternalError, which is logged.
    """
    asked = operation(name)
    params = _params(asked, given, strict=strict)
    try:
        return asked.handler(context, params)
    except errors.TaskcellError:
        raise
    except Exception as exc:
        _log.exception("The operation %s failed.", name)
        raise errors.InternalError(
            f"{name} failed: {type(exc).__name__}: {quoting.shortened(str(exc), 300)}",
            remedy="Please report it, with the log of the process that answered.",
            operation=name,
        ) from exc


def _params(asked: Operation, given: Mapping[str, Any], *, strict: bool) -> Any:
    try:
        return msgspec.convert(dict(given), asked.params, strict=strict)
    except (msgspec.ValidationError, RecursionError) as exc:
        fields = ", ".join(asked.params.__struct_fields__) or "none"
        raise errors.InvalidInputError(
            f"{asked.name} can't be asked this: {quoting.shortened(str(exc), 300)}.",
            remedy=f"Its parameters are: {fields}.",
            operation=asked.name,
        ) from exc


def encoded(result: Any) -> bytes:
    """Return a result as JSON; lone surrogates, which JSON readers refuse, become the replacement character."""
    try:
        return msgspec.json.encode(result)
    except (UnicodeEncodeError, msgspec.EncodeError, TypeError):
        return msgspec.json.encode(bundles.plain(msgspec.to_builtins(result, str_keys=True)))


def as_data(result: Any) -> Any:
    """Return a result as plain data, for a carrier that writes JSON itself."""
    return msgspec.json.decode(encoded(result))
