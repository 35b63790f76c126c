"""A front-end that asks a kernel always gets an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taskcell.api.feeds import contracts, operations
from taskcell.store import opening
from taskcell.widgets import answering, asked


@pytest.fixture
def context(tmp_path: Path) -> contracts.Context:
    return contracts.Context(store=opening.open_store((tmp_path / "store").as_uri()))


def test_result_is_in_json_form(context: contracts.Context) -> None:
    reply = answering.reply(context, "runs.list", {"limit": 5})
    assert json.loads(json.dumps(reply))["result"]["runs"] == []


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("runs.fetch", {}, "not-found"),
        (None, {}, "not-found"),
        ("runs.get", {"run": "../../etc/passwd"}, "invalid-input"),
        ("runs.list", {"limit": "many"}, "invalid-input"),
        ("runs.list", {"unknown": 1}, "invalid-input"),
        ("runs.get", "not a mapping", "invalid-input"),
        ("values.file", {"run": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "task": "a", "output": "b"}, "invalid-input"),
    ],
)
def test_what_cannot_be_answered_is_an_error_in_words(
    context: contracts.Context, name: object, params: object, code: str
) -> None:
    error = answering.reply(context, name, params)["error"]
    assert error["code"].replace("_", "-") == code
    assert error["message"].endswith((".", "?"))


def test_fault_of_ours_is_answered_too(context: contracts.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_context: object, _params: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    broken = contracts.Operation(
        name="about",
        method="GET",
        path="/about",
        params=operations.OPERATIONS["about"].params,
        result=dict,
        handler=breaks,
        summary="Breaks.",
    )
    monkeypatch.setitem(operations.OPERATIONS, "about", broken)
    assert "a fault of ours" in answering.reply(context, "about", {})["error"]["message"]


def test_answer_to_an_expression_is_read_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_STORE", (tmp_path / "store").as_uri())
    answer = asked.ask(json.dumps({"request": "nothing.known", "params": {}}))
    assert "error" in answer._repr_mimebundle_()["application/json"]
