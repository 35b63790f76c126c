"""Answer requests; blocking, in a thread. Whatever is heavy is imported with this module."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taskcell.api.feeds import answering
from taskcell.api.feeds.contracts import Attachment, Operation
from taskcell.server import openapi, routes
from taskcell.server.offices import Office
from taskcell.views.notebooks import Experiment, NotebookFile


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is at an address. ``operation`` None: the OpenAPI file."""

    operation: Operation | None
    places: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether it changes something."""
        return self.operation is not None and self.operation.changes

    @property
    def steady(self) -> bool:
        """Whether the same question gives the same answer for ever."""
        return self.operation is not None and self.operation.steady

    @property
    def action(self) -> str:
        """What the authoriser is asked for."""
        return routes.action(self.operation) if self.operation is not None else "read"


def find(method: str, address: str) -> Found:
    """Return what is at an address; raise NotFoundError, InvalidInputError or MethodError."""
    if f"/{address}" == routes.OPENAPI and method == "GET":
        return Found(operation=None)
    operation, places = routes.find(method, address)
    return Found(operation=operation, places=places)


def answer(
    office: Office, found: Found, given: Mapping[str, Any], *, folder: Path | None, as_file: bool
) -> bytes | Attachment:
    """Return an answer as it is sent; raise an error of ours, and no other.

    Parameters
    ----------
    folder
        Where the local modules of the notebook are that is asked about.
    as_file
        Whether a notebook is wanted as a file to be saved.
    """
    if found.operation is None:
        return openapi.written()
    context = office.context()
    if folder is not None:
        context = dataclasses.replace(context, folder=folder)
    is_text = found.operation.method == "GET"
    result = answering.answer(context, found.operation.name, given, strict=not is_text)
    if isinstance(result, Attachment):
        return result
    if isinstance(result, NotebookFile | Experiment) and as_file:
        return Attachment(name=result.name, data=bytes(result.notebook), media="application/json")
    return answering.encoded(result)
