"""Stored values: found by name, and looked at page by page. No pickle is ever loaded to show it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from taskcell import errors
from taskcell.api import configuration, evidence, showing
from taskcell.api.feeds import indexes, locating, readings, requests, tasks
from taskcell.api.feeds.contracts import Attachment, Context
from taskcell.engine import states
from taskcell.model.artifacts import Artifact
from taskcell.store import codecs, index
from taskcell.store.codecs import windows
from taskcell.store.index import Search
from taskcell.views import bundles
from taskcell.views.previews import Preview
from taskcell.views.values import ValueColumn, ValueList, ValueRow, ValueView

_TEXT_CHARACTERS = 500_000
_JSON_BYTES = 2_000_000
_PICTURE_BYTES = 8_000_000
_FILE_BYTES = 256_000_000
"""Largest value that is handed out as a file. Unit: bytes."""
_PARTS = 200
_OPEN_TABLES = 16
_LOOKING_S = 1.5
"""What one search may take; the cursor says where to go on."""
_PAGE_RUNS = 50
_SUFFIXES = {
    "arrow-table": ".arrow",
    "polars": ".arrow",
    "pandas": ".arrow",
    "npy": ".npy",
    "json": ".json",
    "text": ".txt",
    "bytes": ".bin",
    "figure": ".png",
    "image": ".png",
}
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_TEXTS = frozenset({".txt", ".csv", ".tsv", ".json", ".md", ".py", ".log", ".yaml", ".yml", ".toml", ".xml", ".svg"})


# -- finding ---------------------------------------------------------------------------------------------------------


def listed(context: Context, params: requests.ListValues) -> ValueList:
    """Answer ``values.list``."""
    now = datetime.now(UTC)
    if params.run:
        status = readings.reading(context, params.run).status()
        found = [row for row in _of_status(status) if _matches(row, params)]
        return ValueList(values=tuple(found[: params.limit]), shown_at=now)
    kept: list[ValueRow] = []
    before, deadline = params.before, time.monotonic() + _LOOKING_S
    while len(kept) < params.limit and time.monotonic() < deadline:
        page = indexes.search(context, Search(before=before, limit=_PAGE_RUNS, interactive=True))
        known = indexes.run_index(context).kept_results(page)
        for item in page:
            kept += [row for row in _of_row(context, item, known.get(item.run_id)) if _matches(row, params)]
            before = item.run_id
            if len(kept) >= params.limit or time.monotonic() > deadline:
                break
        else:
            if len(page) < _PAGE_RUNS:
                before = ""
                break
    return ValueList(values=tuple(kept), shown_at=now, next=before)


def _matches(row: ValueRow, params: requests.ListValues) -> bool:
    if params.task and params.task not in (row.task, row.label):
        return False
    text = f"{row.output} {row.label} {row.type} {row.workflow} {row.text}".lower()
    return all(word in text for word in params.q.lower().split())


def _of_row(context: Context, item: index.RunRow, known: list[bytes] | None) -> Iterator[ValueRow]:
    if known is not None:
        yield from (msgspec.json.decode(data, type=ValueRow) for data in known)
        return
    try:
        status = readings.reading(context, item.run_id).status()
    except (errors.NotFoundError, errors.FormatError):
        return  # gone, or damaged: there is nothing to be had of it
    found = list(_of_status(status))
    if status.ended_at is not None and status.ended_at == item.ended_at:
        indexes.run_index(context).keep_results(item, [msgspec.json.encode(row) for row in found])
    yield from found


def _of_status(status: states.RunStatus) -> Iterator[ValueRow]:
    plan = status.plan
    for task in evidence.whole_tasks(status).values():
        for name, artifact in task.end.outputs.items() if task.end else ():
            assert task.end is not None
            yield ValueRow(
                run=plan.run_id,
                workflow=showing.reference(plan),
                task=task.id,
                label=task.label,
                output=name,
                type=artifact.type,
                created_at=task.end.ended_at,
                text=artifact.preview,
                digest=artifact.digest,
                size_bytes=artifact.size_bytes or None,
                cached=task.end.cached,
                author=plan.author,
            )


# -- looking ---------------------------------------------------------------------------------------------------------


def value(context: Context, params: requests.GetValue) -> ValueView:
    """Answer ``values.get``."""
    status, task, artifact = locating.artifact(context, params.run, params.task, params.output)
    view = ValueView(
        run=params.run,
        task=task.id,
        output=params.output,
        label=task.label,
        workflow=showing.reference(status.plan),
        preview=tasks.preview(context, artifact),
        shown_at=datetime.now(UTC),
        codec=artifact.codec,
    )
    try:
        return msgspec.structs.replace(view, **_seen(context, artifact, params))
    except (errors.FormatError, errors.NotFoundError) as exc:
        return msgspec.structs.replace(view, refused=f"{exc.message} {exc.remedy}".strip())


def _seen(context: Context, artifact: Artifact, params: requests.GetValue) -> dict[str, Any]:
    """Return the fields that show a value, by its format; raise FormatError or NotFoundError for a damaged one."""
    family = artifact.codec.partition("/")[0]
    if windows.is_table(artifact):
        return _table(context, artifact, params)
    if family == "text" or (family == "json" and artifact.type == "str"):
        return _text(evidence.value(context.store, artifact))
    if family == "json":
        return _json(context, artifact)
    if family in ("figure", "image"):
        return _picture(context.store.blobs.get(artifact.blobs[0]), "image/png")
    if family == "tree":
        return {"form": "tree", "parts": dict(_parts(context, artifact))}
    if family == "files":
        return _files(context, artifact)
    if codecs.executes_code(artifact):
        return {"refused": "It is stored as a pickle, which runs code when it is loaded. " + _by_hand(params)}
    return {"refused": f"A value stored as {artifact.codec} has no view. {_by_hand(params)}"}


def _by_hand(params: requests.GetValue) -> str:
    return f"Load it in a notebook: taskcell.run({params.run!r}).result({params.output!r})"


def _table(context: Context, artifact: Artifact, params: requests.GetValue) -> dict[str, Any]:
    where = context.store
    table: windows.Table = context.memory.get(
        "tables",
        (where.url, artifact.codec, *artifact.blobs),
        lambda: windows.open_table(artifact, where.blobs, trusted=configuration.trusted(where)),
        most=_OPEN_TABLES,
    )
    columns = table.columns[params.column : params.column + params.columns]
    return {
        "form": "table",
        "columns": tuple(ValueColumn(name=item.name, type=item.type, numeric=item.numeric) for item in columns),
        "more_columns": max(0, len(table.columns) - params.column - len(columns)),
        "rows": tuple(table.rows(params.offset, params.limit, params.column, params.columns)),
        "offset": params.offset,
        "total_rows": table.total,
    }


def _text(text: str) -> dict[str, Any]:
    shown = text[:_TEXT_CHARACTERS].encode("utf-8", "replace").decode()
    return {"form": "text", "text": shown, "clipped": len(text) > _TEXT_CHARACTERS}


def _json(context: Context, artifact: Artifact) -> dict[str, Any]:
    if artifact.size_bytes > _JSON_BYTES:
        data = context.store.blobs.get(artifact.blobs[0])
        return {"form": "text", "text": str(data[:_TEXT_CHARACTERS], "utf-8", "replace"), "clipped": True}
    found = evidence.value(context.store, artifact)
    return {"form": "json", "content": bundles.plain(msgspec.to_builtins(found, str_keys=True, enc_hook=_described))}


def _described(thing: object) -> str:
    return codecs.preview(thing)


def _picture(data: memoryview, mime: str) -> dict[str, Any]:
    if len(data) > _PICTURE_BYTES:
        return {"refused": f"The picture has {len(data):,} bytes, too many to be shown here; save it as a file."}
    return {"form": "image", "image": base64.b64encode(data).decode(), "mime": mime}


def _parts(context: Context, artifact: Artifact) -> Iterator[tuple[str, Preview]]:
    """Yield what a container holds that has a format of its own, by where it stands in it."""
    form = artifact.meta.get("value")
    if form is None and artifact.blobs and artifact.size_bytes < _FILE_BYTES:
        form = msgspec.json.decode(context.store.blobs.get(artifact.blobs[0]))
    places = dict(_places(form, ""))
    for number, child in enumerate(artifact.children[:_PARTS]):
        yield places.get(number, f"part {number}"), tasks.preview(context, child)


def _places(form: Any, path: str, depth: int = 0) -> Iterator[tuple[int, str]]:
    if depth > 20:
        return
    if isinstance(form, dict):
        number = form.get("$child")
        if isinstance(number, int):
            yield number, path or "value"
            return
        for name, item in form.items():
            inner = path if name.startswith("$") else f"{path}.{name}".lstrip(".")
            yield from _places(item, inner[:200], depth + 1)
    elif isinstance(form, list):
        for number, item in enumerate(form[: 10 * _PARTS]):
            yield from _places(item, f"{path}[{number}]", depth + 1)


def _files(context: Context, artifact: Artifact) -> dict[str, Any]:
    if artifact.meta.get("kind") != "file" or not artifact.blobs:
        entries = [str(entry[0]) for entry in artifact.meta.get("entries", ())]
        return _text("\n".join(entries))
    suffix = _suffix_of(str(artifact.meta.get("name", "")))
    data = context.store.blobs.get(artifact.blobs[0])
    if suffix in _IMAGES:
        return _picture(data, _IMAGES[suffix])
    if suffix in (".html", ".htm"):
        return {**_text(str(data[:_TEXT_CHARACTERS], "utf-8", "replace")), "form": "html"}
    if suffix in _TEXTS:
        shown = _text(str(data[:_TEXT_CHARACTERS], "utf-8", "replace"))
        return {**shown, "clipped": len(data) > _TEXT_CHARACTERS}
    return {"refused": f"A file {suffix or 'without a suffix'} has no view; save it."}


def _suffix_of(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


# -- saving ----------------------------------------------------------------------------------------------------------


def file(context: Context, params: requests.OneValue) -> Attachment:
    """Answer ``values.file``."""
    _, _, artifact = locating.artifact(context, params.run, params.task, params.output)
    family = artifact.codec.partition("/")[0]
    name = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in params.output)[:100]
    if family == "files" and artifact.meta.get("kind") == "file" and artifact.blobs:
        suffix = "".join(letter for letter in _suffix_of(str(artifact.meta.get("name", ""))) if letter.isalnum())
        suffix = f".{suffix[:16]}" if suffix else ""
    elif family in _SUFFIXES:
        suffix = _SUFFIXES[family]
    else:
        raise errors.InvalidInputError(
            f"{params.output!r} is stored as {artifact.codec}, which is no file of its own.",
            remedy=f"Load it in a notebook: taskcell.run({params.run!r}).result({params.output!r})",
            run=params.run,
        )
    if artifact.size_bytes > _FILE_BYTES:
        raise errors.InvalidInputError(
            f"{params.output!r} has {artifact.size_bytes:,} bytes; {_FILE_BYTES:,} can be saved from here.",
            remedy=f"Load it in a notebook: taskcell.run({params.run!r}).result({params.output!r})",
            run=params.run,
        )
    if not artifact.blobs:
        data = msgspec.json.encode(artifact.meta.get("value"))
    else:
        data = bytes(context.store.blobs.get(artifact.blobs[0]))
    return Attachment(name=f"{name}{suffix}", data=data)
