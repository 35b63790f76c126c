"""A webhook is told of failure and recovery, patiently, and never of secrets."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from taskcell.engine import notifying
from taskcell.hashing import Digest
from taskcell.model.runs import DriverEnd, Outcome, Plan, RunState
from taskcell.store import paths
from taskcell.store.opening import Store, open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNS = [f"01ARZ3NDEKTSV4RRFFQ69G5F{letter}V" for letter in "ABCDEF"]


class Server:
    """Answers with what a test lays down, then with 200."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.bodies: list[dict[str, Any]] = []
        self.tries = 0
        self.slept: list[float] = []

    def send(self, url: str, data: bytes, timeout_s: float) -> int:
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        if answer < 300:
            self.bodies.append(json.loads(data))
        return answer

    def deliver(self, url: str = "https://hook.example/in", data: bytes = b"{}") -> bool:
        return notifying.deliver(url, data, send=self.send, sleep=self.slept.append)


@pytest.fixture
def store() -> Store:
    return open_store(f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def server() -> Server:
    return Server()


def ended(
    store: Store, server: Server, number: int, state: RunState, *, schedule: str = "nightly", sentence: str = "it ended"
) -> Plan:
    plan = Plan(
        run_id=RUNS[number],
        project="default",
        workflow="churn",
        version_number=3,
        version=Digest("0" * 64),
        parameters={"password": "hunter2"},
        tasks=(),
        backend="kubernetes",
        author="ana",
        host="h",
        created_at=NOW,
        schedule=schedule,
    )
    end = DriverEnd(epoch=1, state=state, sentence=sentence, ended_at=NOW)
    store.records.create(paths.driver_end(plan.run_id, 1), end)
    notifying.tell_of_run(store, plan, "https://hook.example/in", tell=server.deliver)
    return plan


def test_failures_are_told_each_and_a_recovery_once(store: Store, server: Server) -> None:
    for number, state in enumerate(
        (
            RunState.SUCCEEDED,
            RunState.FAILED,
            RunState.FAILED,
            RunState.SUCCEEDED,
            RunState.SUCCEEDED,
            RunState.CANCELLED,
        )
    ):
        ended(store, server, number, state)
    assert [(body["event"], body["run"]) for body in server.bodies] == [
        ("failed", RUNS[1]),
        ("failed", RUNS[2]),
        ("recovered", RUNS[3]),
    ]
    assert len(store.records.numbers(paths.outcomes("churn", "nightly"))) == 2


def test_schedules_of_one_workflow_are_series_of_their_own(store: Store, server: Server) -> None:
    ended(store, server, 0, RunState.FAILED)
    ended(store, server, 1, RunState.SUCCEEDED, schedule="")
    ended(store, server, 2, RunState.SUCCEEDED, schedule="hourly")
    assert [body["event"] for body in server.bodies] == ["failed"]


def test_a_body_has_the_documented_fields_and_no_parameters(store: Store, server: Server) -> None:
    ended(store, server, 0, RunState.FAILED)
    (body,) = server.bodies
    assert body["schema"] == "taskcell.notification/1"
    fields = "schema event workflow schedule project run link version user sentence launched_at ended_at"
    assert sorted(body) == sorted(fields.split())
    assert "hunter2" not in json.dumps(body)


def test_values_of_secret_variables_are_masked(store: Store, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    ended(store, server, 0, RunState.FAILED, sentence="Task x failed: can't log in with wJalrXUtnFEMI")
    assert server.bodies[0]["sentence"] == "Task x failed: can't log in with •••"


def test_a_refused_launch_is_told_without_a_run_and_recovery_follows(store: Store, server: Server) -> None:
    notifying.tell_of_launch(
        store, "churn", "nightly", "ana", "no such tag", "https://hook.example/in", tell=server.deliver
    )
    ended(store, server, 0, RunState.SUCCEEDED)
    assert [(body["event"], body["run"]) for body in server.bodies] == [("failed", None), ("recovered", RUNS[0])]
    assert not store.records.read(paths.numbered(paths.outcomes("churn", "nightly"), 2), Outcome).failed


@pytest.mark.parametrize("fault", [500, 503, 429, 408, OSError("reset"), TimeoutError()])
def test_what_may_pass_is_tried_again(fault: int | Exception) -> None:
    server = Server(fault, fault)
    assert server.deliver()
    assert (server.tries, len(server.slept)) == (3, 2)


def test_trying_ends() -> None:
    server = Server(*[503] * 10)
    assert not server.deliver()
    assert server.tries == 4


@pytest.mark.parametrize("answer", [400, 401, 404, 302])
def test_a_refusal_is_not_repeated(answer: int) -> None:
    server = Server(answer)
    assert not server.deliver()
    assert server.tries == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "hooks/team", "https://", ""])
def test_only_web_addresses_are_told(url: str) -> None:
    server = Server()
    assert not server.deliver(url=url)
    assert server.tries == 0


def test_what_is_logged_of_a_webhook_is_its_host(caplog: pytest.LogCaptureFixture) -> None:
    Server(404).deliver(url="https://hook.example/services/s3cr3t")
    assert "hook.example" in caplog.text
    assert "s3cr3t" not in caplog.text
