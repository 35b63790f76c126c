"""What is offered, as an OpenAPI 3.1 file: ``python -m taskcell.server.openapi > docs/openapi.json``."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from taskcell.api.feeds.contracts import Attachment, Operation
from taskcell.api.feeds.operations import OPERATIONS
from taskcell.server import routes
from taskcell.views.events import Event
from taskcell.views.faults import Fault

_REFERENCES = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """Return the whole document."""
    operations = list(OPERATIONS.values())
    results = [item.result for item in operations if item.result is not Attachment]
    kinds = [*(item.params for item in operations), *results, Fault, *Event.__args__]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCES, schema_hook=_hook)
    by_kind = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, Any] = {}
    for path, methods in routes.by_path().items():
        paths[path] = {method.lower(): _operation(item, by_kind, components) for method, item in methods.items()}
    paths[routes.EVENTS] = {"get": _events(by_kind)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Taskcell",
            "version": "1",
            "summary": "Runs, versions and values of one store, for live views.",
            "description": "Every route asks for a token, or for a cookie with an XSRF token, as Jupyter's own do. "
            "Parameters are ids, names and numbers, never paths. Every answer is JSON, or a file to be saved.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": routes.ROOT, "description": "Below the base address of the Jupyter server."}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "token …"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "username-…"},
            },
            "responses": {"Fault": _json("An error in words.", by_kind[Fault])},
            "schemas": components,
        },
    }


def _hook(kind: type) -> dict[str, Any]:
    if kind is msgspec.Raw:
        return {"type": "object", "description": "A notebook in the JSON form of nbformat 4."}
    raise NotImplementedError(f"no schema for {kind}")


def _operation(item: Operation, by_kind: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    reference = by_kind[item.params]
    fields = components[reference["$ref"].rpartition("/")[2]]
    inside = routes.places(item.path)
    made: dict[str, Any] = {
        "operationId": item.name,
        "summary": item.summary,
        "tags": [item.name.partition(".")[0]],
        "parameters": [_parameter(name, fields, "path") for name in inside],
        "responses": {
            "200": _file() if item.result is Attachment else _json("The answer.", by_kind[item.result]),
            "default": {"$ref": "#/components/responses/Fault"},
        },
    }
    if item.method == "GET":
        made["parameters"] += [_parameter(name, fields, "query") for name in fields["properties"] if name not in inside]
        if item.result is not Attachment:
            made["responses"]["304"] = {"description": "Nothing has changed since the answer of that ETag."}
    else:
        rest = {name: shape for name, shape in fields["properties"].items() if name not in inside}
        required = [name for name in fields.get("required", ()) if name not in inside]
        body = {"type": "object", "properties": rest, "required": required, "additionalProperties": False}
        made["requestBody"] = {"required": bool(required), "content": {"application/json": {"schema": body}}}
    return made


def _parameter(name: str, fields: dict[str, Any], place: str) -> dict[str, Any]:
    required = place == "path" or name in fields.get("required", ())
    return {"name": name, "in": place, "required": required, "schema": fields["properties"][name]}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _file() -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"}
    return {"description": "A file to be saved.", "content": {"application/octet-stream": {"schema": schema}}}


def _events(by_kind: dict[Any, Any]) -> dict[str, Any]:
    return {
        "operationId": "events",
        "summary": "Server-sent events of one or more topics; `data` of each is one of these objects.",
        "tags": ["events"],
        "parameters": [
            {
                "name": "topic",
                "in": "query",
                "required": True,
                "description": "runs, run:ID or log:ID/TASK; repeatable",
                "schema": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 20},
            },
            {"name": "after", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                "description": "Events, the whole first, then differences.",
                "content": {"text/event-stream": {"schema": {"oneOf": [by_kind[kind] for kind in Event.__args__]}}},
            },
            "default": {"$ref": "#/components/responses/Fault"},
        },
    }


def written() -> bytes:
    """Return the file's bytes."""
    return (json.dumps(document(), indent=1, ensure_ascii=False, default=str) + "\n").encode()


if __name__ == "__main__":
    sys.stdout.write(written().decode())
