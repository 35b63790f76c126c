"""Runs written as records into a store in memory: what drivers and workers leave, without executing anything."""

from __future__ import annotations

import itertools
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from ulid import ULID

from taskcell.api.runs.runs import Run
from taskcell.hashing import Digest, digest_parts
from taskcell.model.caching import KeyPart
from taskcell.model.runs import (
    AttemptEnd,
    Binding,
    DriverEnd,
    DriverStart,
    Plan,
    PlannedTask,
    RunState,
    TaskError,
    TaskState,
)
from taskcell.model.tasks import Capture, CaptureKind, InputKind, Task, TaskInput
from taskcell.model.versions import Environment, Version
from taskcell.store import codecs, paths
from taskcell.store.opening import Store, open_store

START = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)


def memory_store() -> Store:
    return open_store(f"memory://recorded-{secrets.token_hex(4)}")


def task(name: str, reads: str = "", makes: str = "", *, body: str = "pass", helper: str = "") -> Task:
    """A task whose inputs ``a<-b`` come from task b, plain names are parameters."""
    inputs = []
    for word in reads.split():
        item, arrow, source = word.partition("<-")
        kind = InputKind.OUTPUT if arrow else InputKind.PARAMETER
        inputs.append(TaskInput(name=item, kind=kind, task=source))
    captures = (
        [Capture(name="helper", kind=CaptureKind.FUNCTION, digest=digest_parts("h", [helper]), source=helper)]
        if helper
        else []
    )
    return Task(
        name=name,
        body=body,
        code=digest_parts("code", [body]),
        inputs=tuple(inputs),
        outputs=tuple(makes.split()),
        captures=tuple(captures),
    )


class Recorder:
    """Writes runs of one workflow into one store."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or memory_store()
        self._clock = itertools.count()

    def version(self, number: int, packages: dict[str, str], *, python: str = "3.11.7") -> Version:
        put = self.store.blobs.put
        environment = Environment(
            python=python,
            implementation="cpython",
            platform="linux-x86_64",
            distributions=tuple(sorted(packages.items())),
            digest=digest_parts("env", [python, *itertools.chain(*sorted(packages.items()))]),
        )
        empty = put(b"[]")[0]
        version = Version(
            workflow="flow",
            number=number,
            digest=digest_parts("version", [str(number)]),
            tasks=(),
            parameters=empty,
            environment=put(msgspec.json.encode(environment))[0],
            lock=empty,
            notebook=empty,
            author="ana",
            message="",
            created_at=START,
        )
        self.store.records.create(paths.version("flow", number), version)
        return version

    def run(
        self,
        tasks: dict[str, tuple[Task, dict[str, Any]]],
        *,
        parameters: dict[str, Any] | None = None,
        labels: dict[str, str] | None = None,
        state: RunState = RunState.SUCCEEDED,
        failed: dict[str, str] | None = None,
        parts: dict[str, dict[str, str]] | None = None,
        version: int = 1,
        backend: str = "local",
        reproduces: str | None = None,
        seconds: float = 1.0,
    ) -> Run:
        """Record a run; ``tasks`` maps an id to the task and the values of its outputs."""
        run_id = str(ULID())
        created = START + timedelta(minutes=next(self._clock))
        planned = tuple(self._planned(name, made, parameters or {}, labels or {}) for name, (made, _) in tasks.items())
        plan = Plan(
            run_id=run_id,
            project=self.store.project,
            workflow="flow",
            version_number=version,
            version=digest_parts("version", [str(version)]),
            parameters=parameters or {},
            tasks=planned,
            backend=backend,
            author="ana",
            host="here",
            created_at=created,
            reproduces=reproduces,
            use_cache=reproduces is None,
        )
        records = self.store.records
        records.create(paths.plan(run_id), plan)
        start = DriverStart(run_id=run_id, epoch=1, host="here", pid=1, started_at=created)
        records.create(paths.driver_start(run_id, 1), start)
        for name, (_, outputs) in tasks.items():
            error = (failed or {}).get(name)
            if error is None or error:
                self._attempt(run_id, name, outputs, error, (parts or {}).get(name, {}), created, seconds)
        end = DriverEnd(epoch=1, state=state, sentence="It ended.", ended_at=created + timedelta(seconds=10))
        records.create(paths.driver_end(run_id, 1), end)
        return Run(self.store, run_id)

    def _planned(self, name: str, made: Task, parameters: dict[str, Any], labels: dict[str, str]) -> PlannedTask:
        bindings = [
            Binding(input=item.name, source=item.task, output=item.name)
            if item.kind is InputKind.OUTPUT
            else Binding(
                input=item.name, artifact=codecs.encode(parameters[item.name], self.store.blobs), parameter=True
            )
            for item in made.inputs
        ]
        address = self.store.blobs.put(msgspec.json.encode(made))[0]
        return PlannedTask(
            id=name, task_name=made.name, task=address, bindings=tuple(bindings), label=labels.get(name, name)
        )

    def _attempt(
        self,
        run_id: str,
        name: str,
        outputs: dict[str, Any],
        error: str | None,
        parts: dict[str, str],
        created: datetime,
        seconds: float,
    ) -> None:
        end = AttemptEnd(
            task_id=name,
            attempt=1,
            state=TaskState.FAILED if error else TaskState.SUCCEEDED,
            started_at=created,
            ended_at=created + timedelta(seconds=seconds),
            duration_s=seconds,
            key=Digest("0" * 64),
            parts=tuple(
                KeyPart(name=part, digest=digest_parts("part", [text]), label=text) for part, text in parts.items()
            ),
            outputs={key: codecs.encode(value, self.store.blobs) for key, value in outputs.items() if not error},
            error=TaskError(kind="exception", sentence=error) if error else None,
        )
        self.store.records.create(paths.attempt_end(run_id, name, 1), end)
