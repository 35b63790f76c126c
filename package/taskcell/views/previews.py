"""Previews of stored values, for putting side by side."""

from __future__ import annotations

import base64
import binascii

import msgspec

from taskcell.views import columns, escaping, markup, words
from taskcell.views.markup import Html, join, tag

_MAX_ROWS = 8
_MAX_COLUMNS = 8


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What can be shown of a value.

    Attributes
    ----------
    type
        Qualified name of its type.
    text
        A short text: a shape, a number, the first characters.
    digest
        Digest of the value by its meaning.
    size_bytes
        Size as stored. None: unknown.
    columns, rows
        The first rows of a table, as text.
    image_png
        A picture as base64, empty when there is none.
    """

    type: str = ""
    text: str = ""
    digest: str = ""
    size_bytes: int | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    image_png: str = ""


def to_lines(preview: Preview | None, width: int) -> list[str]:
    """Return lines for a terminal; a value that is not there is a dash."""
    if preview is None:
        return ["–"]
    lines = [columns.fit(about(preview), width)]
    if preview.text:
        lines += [columns.fit(line, width) for line in escaping.block(preview.text, 8, 2000).split("\n")]
    if preview.rows:
        shape = [columns.Column(title=escaping.name(title, 20), least=4) for title in preview.columns[:_MAX_COLUMNS]]
        rows = [[escaping.name(item, 20) for item in _row(preview, row)] for row in preview.rows[:_MAX_ROWS]]
        lines += [columns.fit(line, width) for line in columns.table(shape, rows, width)]
    return lines


def _row(preview: Preview, row: tuple[str, ...]) -> list[str]:
    wanted = min(len(preview.columns), _MAX_COLUMNS)
    return [*row[:wanted], *[""] * (wanted - len(row))]


def about(preview: Preview) -> str:
    """Say type, size and digest in a line."""
    size = words.size(preview.size_bytes) if preview.size_bytes is not None else ""
    name = escaping.name(preview.type.rpartition(".")[2], 40)
    return " · ".join(part for part in (name, size, escaping.name(words.digest(preview.digest))) if part)


def to_html(preview: Preview | None) -> Html:
    """Return a cell's content."""
    if preview is None:
        return markup.span("–", "muted")
    parts = [tag("div", markup.span(about(preview), "muted", escaping.name(preview.type, 200)))]
    picture = _picture(preview.image_png)
    if picture:
        name = escaping.name(preview.type or "picture", 60)
        style = "max-width:100%;height:auto"
        source = f"data:image/png;base64,{picture}"
        parts.append(tag("img", src=source, alt=f"preview of a {name}", class_="tc-picture", style=style))
    if preview.rows:
        parts.append(_grid(preview))
    elif preview.text:
        text = escaping.block(preview.text, 12, 2000)
        short = "\n" not in text and len(text) <= 60
        parts.append(tag("div", text, class_="tc-mono") if short else tag("pre", text))
    return join(parts)


def _grid(preview: Preview) -> Html:
    top = join(tag("th", escaping.name(title, 40), scope="col") for title in preview.columns[:_MAX_COLUMNS])
    rows = join(
        tag("tr", join(tag("td", escaping.name(item, 60)) for item in _row(preview, row)))
        for row in preview.rows[:_MAX_ROWS]
    )
    grid = tag("table", tag("thead", tag("tr", top)), tag("tbody", rows), class_="tc-table tc-small")
    more = len(preview.columns) - _MAX_COLUMNS
    note = tag("div", words.plural(more, "more column"), class_="tc-muted") if more > 0 else Html("")
    return join([tag("div", grid, class_="tc-scroll", style="overflow-x:auto"), note])


def _picture(encoded: str) -> str:
    """Return the base64 text again if it is a PNG, else nothing: a broken picture says less than none."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(data).decode() if data.startswith(b"\x89PNG\r\n") else ""
