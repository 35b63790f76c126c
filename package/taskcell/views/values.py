"""Stored values: found by name, and one of them page by page. Nothing here is ever executed or rendered as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from taskcell.views.previews import Preview


class ValueRow(msgspec.Struct, frozen=True, kw_only=True):
    """One output of one task run."""

    run: str
    workflow: str
    task: str
    label: str
    output: str
    type: str
    created_at: datetime
    text: str = ""
    digest: str = ""
    size_bytes: int | None = None
    cached: bool = False
    author: str = ""


class ValueList(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="values"):
    """Values, those of the newest runs first. ``next`` is where to go on; empty: there are no more."""

    values: tuple[ValueRow, ...]
    shown_at: datetime
    next: str = ""
    schema: int = 1


class ValueColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a table. ``numeric`` ones are set to the right."""

    name: str
    type: str = ""
    numeric: bool = False


class ValueView(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="value"):
    """One stored value, or a page of it.

    Attributes
    ----------
    form
        How to show it: ``table`` by ``columns`` and ``rows``; ``text`` by ``text``; ``json`` by ``content``; ``image`` by
        ``image`` (base64) and ``mime``; ``html`` by ``text``, in a sandbox; ``tree`` by ``parts``, each with a preview;
        ``none``: by the preview alone, ``refused`` says why.
    rows
        Cells as text, from row ``offset`` on. A cell that is longer than what is given ends in ``…``.
    total_rows
        Rows in all. None: it is no table.
    refused
        Why no more of it is shown, in a sentence: a pickle of a store that is not trusted, a format without a view.
    """

    run: str
    task: str
    output: str
    label: str
    workflow: str
    preview: Preview
    shown_at: datetime
    codec: str = ""
    form: Literal["table", "text", "json", "image", "html", "tree", "none"] = "none"
    columns: tuple[ValueColumn, ...] = ()
    more_columns: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    offset: int = 0
    total_rows: int | None = None
    text: str = ""
    clipped: bool = False
    content: Any = None
    image: str = ""
    mime: str = ""
    parts: dict[str, Preview] = {}
    refused: str = ""
    schema: int = 1
