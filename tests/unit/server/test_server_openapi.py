"""The published OpenAPI file is valid, and says what the server does."""

from __future__ import annotations

import json
from pathlib import Path

import openapi_spec_validator
import pytest

from taskcell import errors
from taskcell.api.feeds.operations import OPERATIONS
from taskcell.server import offices, openapi, routes

COMMITTED = Path(__file__).parents[3] / "docs/openapi.json"


def test_committed_file_agrees_with_the_registry() -> None:
    assert COMMITTED.read_bytes() == openapi.written(), (
        "Make it anew: python -m taskcell.server.openapi > docs/openapi.json"
    )


def test_committed_file_is_valid() -> None:
    openapi_spec_validator.validate(json.loads(COMMITTED.read_text(encoding="utf-8")))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda item: item.name)
def test_operation_is_found_at_its_address(operation: routes.Operation) -> None:
    places = {name: f"{name}.x~1" for name in routes.places(operation.path)}
    address = operation.path.strip("/").format(**places)
    assert routes.find(operation.method, address) == (operation, places)


def test_quoted_slash_stays_within_its_place() -> None:
    found, places = routes.find("GET", "runs/X/tasks/a%2Fb/log")
    assert (found.name, places["task"]) == ("tasks.log", "a/b")


def test_other_methods_and_addresses_are_refused() -> None:
    with pytest.raises(offices.MethodError) as caught:
        routes.find("POST", "about")
    assert caught.value.args == ("GET",)
    for address in ("", "nothing", "runs/a/b/c/d/e", "runs//x/y"):
        with pytest.raises(errors.NotFoundError):
            routes.find("GET", address)
    with pytest.raises(errors.InvalidInputError):
        routes.find("GET", "runs/%ff")


def test_what_changes_something_asks_for_more_than_reading() -> None:
    asked = {name: routes.action(operation) for name, operation in OPERATIONS.items()}
    assert {name for name, action in asked.items() if action != "read"} == {
        "runs.launch",
        "runs.cancel",
        "runs.resume",
        "runs.reproduce",
        "versions.take",
        "tags.move",
        "tags.rollback",
    }
    assert asked["runs.launch"] == "execute"
    assert asked["tags.move"] == "write"
