"""Labels and first rows of a stored table, as texts, for views that compare: no frame is built for it."""

from __future__ import annotations

from typing import Any

import msgspec

from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import ipc, plain, previews

_TABLES = ("pandas/1", "arrow-table/1", "polars/1")


def preview_rows(artifact: Artifact, source: contracts.BlobSource, limit: int) -> list[list[str]] | None:
    """Return the labels, then up to ``limit`` rows; None when the artifact is no table."""
    if artifact.codec not in _TABLES:
        return None
    table, _ = ipc.get_table(artifact, source, trusted=True)
    head = table.slice(0, limit)
    columns = [_texts(head.column(number)) for number in range(head.num_columns)]
    names = [str(name) for name in head.column_names]
    if artifact.codec == "pandas/1":
        note = msgspec.json.decode(table.schema.metadata[b"taskcell"])
        names, columns = _with_children(note, head, labels(note, names), columns)
    return [names, *([column[row] for column in columns] for row in range(min(limit, _count(columns))))]


def _count(columns: list[list[str]]) -> int:
    return max((len(column) for column in columns), default=0)


def _texts(column: Any) -> list[str]:
    return ["" if value is None else previews.of_value(value) for value in column.to_pylist()]


def labels(note: dict[str, Any], names: list[str]) -> list[str]:
    """Give the index's columns the names that the index has; a level without one is called ``index``."""
    described = note["index"]
    said = plain.Reader().read(described["names"] if "names" in described else described["name"])
    named = dict(zip(note["index"]["places"], said if "names" in described else [said], strict=False))
    return [
        label if place not in named else "index" if named[place] is None else str(named[place])
        for place, label in enumerate(names)
    ]


def _with_children(
    note: dict[str, Any], head: Any, labels: list[str], columns: list[list[str]]
) -> tuple[list[str], list[list[str]]]:
    """Put in a column of dots for each column that has an artifact of its own."""
    for number, (_, place) in enumerate(note.get("columns", ())):
        if place is None:
            labels.insert(number, f"column {number}")
            columns.insert(number, ["…"] * head.num_rows)
    return labels, columns
