"""Notebooks as files to open or to look at. What is in them comes from whoever wrote them: never trusted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from taskcell.views.reproductions import ReproductionView
from taskcell.views.states import State


class NotebookFile(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="notebook"):
    """A notebook in the JSON form of nbformat 4. ``name`` is a file name to save it under, without folders."""

    name: str
    notebook: msgspec.Raw
    schema: int = 1


class Experiment(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="experiment"):
    """An experiment as it was run: its version's notebook with outputs under their cells, and what a banner says.

    ``verdict`` is the newest one on a reproduction of it. ``name`` is a file name without folders.
    """

    run: str
    workflow: str
    version: str
    state: State
    created_at: datetime
    shown_at: datetime
    name: str
    notebook: msgspec.Raw
    author: str = ""
    backend: str = ""
    sentence: str = ""
    link: str = ""
    duration_s: float | None = None
    parameters: dict[str, Any] = {}
    reproduces: str = ""
    verdict: ReproductionView | None = None
    schema: int = 1
