"""Answer one question of a front-end in JSON form: always, with a result or with an error in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taskcell import errors
from taskcell.api.feeds import answering, contracts
from taskcell.views import faults


def reply(context: contracts.Context, name: object, params: object) -> dict[str, Any]:
    """Return ``{"result": …}`` or ``{"error": {code, message, remedy, ids}}`` in JSON form; never raises."""
    try:
        return {"result": result(context, name, params)}
    except errors.TaskcellError as exc:
        return {"error": fault(exc)}


def result(context: contracts.Context, name: object, params: object) -> Any:
    """Return the result of an operation in JSON form; raise what it raises."""
    operation = answering.operation(str(name))
    if operation.result is contracts.Attachment:
        raise errors.InvalidInputError("A file can't be sent through a kernel.", remedy="Open it through the server.")
    given = params if isinstance(params, Mapping) else {}
    return answering.as_data(answering.answer(context, operation.name, given))


def fault(exc: errors.TaskcellError) -> dict[str, Any]:
    """Return an error in JSON form."""
    data: dict[str, Any] = answering.as_data(faults.fault(exc))
    return data
