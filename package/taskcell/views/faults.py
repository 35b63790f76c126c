"""An error as plain data: what a live view is told when it can't have what it asked for."""

from __future__ import annotations

import msgspec

from taskcell import errors


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="fault"):
    """Why something can't be had. ``code`` is stable; ``message`` and ``remedy`` are sentences for people.

    ``ids`` names what is involved: ``{"run": "01J…"}``.
    """

    code: str
    message: str
    remedy: str = ""
    ids: dict[str, str] = {}


def fault(exc: errors.TaskcellError) -> Fault:
    """Return an error of ours as data."""
    ids = {str(name): str(value)[:200] for name, value in exc.ids.items()}
    return Fault(code=exc.code, message=exc.message, remedy=exc.remedy, ids=ids)
