"""A cluster in memory: it notes what is asked of it, and says what a test lets it say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from taskcell.backends.contracts import DriverOrder, TaskOrder, WorkerEvent
from taskcell.backends.kubernetes import faults, feeds
from taskcell.backends.kubernetes.workers import KubernetesWorkers
from taskcell.backends.mailboxes import ANSWER, Letter, Mailbox
from taskcell.hashing import Digest
from taskcell.model.runs import AttemptEnd, AttemptStart, Plan, TaskState
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import TaskOptions
from taskcell.store import paths
from taskcell.store.opening import open_store

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class FakeCluster:
    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.pods: list[dict[str, Any]] = []
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.refusal: faults.ApiFaultError | None = None

    def create_job(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.jobs[manifest["metadata"]["name"]] = manifest
        return manifest

    def find_job(self, name: str) -> dict[str, Any] | None:
        return {"metadata": {"name": name, "uid": "u"}} if "driver" in name else self.jobs.get(name)

    def list_pods(self, selector: str) -> tuple[list[dict[str, Any]], str]:
        return self.pods, "1"

    def list_jobs(self, selector: str) -> list[dict[str, Any]]:
        return list(self.jobs.values())

    def delete_job(self, name: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.deleted.append(name)
        self.jobs.pop(name, None)

    def events_of(self, name: str) -> list[dict[str, Any]]:
        return self.events.get(name, [])


class FakeFeed:
    def __init__(self) -> None:
        self.next: list[feeds.Fact] = []
        self.followed: list[str] = []

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def ended(self, pod: str) -> None: ...

    def follow(self, job: str, pod: str) -> None:
        self.followed.append(job)

    def facts(self, timeout_s: float) -> Iterable[feeds.Fact]:
        found, self.next = self.next, []
        return found


class ClusterWorld:
    """Workers of one run over a fake cluster, a store in memory, and a clock that tests move."""

    def __init__(self, **settings: Any) -> None:
        self.store = open_store(f"memory://{uuid.uuid4().hex}")
        self.cluster, self.feed, self.now = FakeCluster(), FakeFeed(), 1000.0
        self.plan = Plan(
            run_id=RUN,
            project="default",
            workflow="w",
            version_number=1,
            version=Digest("0" * 64),
            parameters={},
            tasks=(),
            backend="kubernetes",
            author="ana",
            host="h",
            created_at=datetime.now(UTC),
        )
        self.settings = KubernetesSettings(**{"image": "i", **settings})
        self.workers = self.start()

    def start(self) -> KubernetesWorkers:
        """Return the workers of a driver that knows nothing of what was before."""
        return KubernetesWorkers(
            DriverOrder(store=self.store.url, project="default", run_id=RUN, epoch=1, restarts=True),
            self.plan,
            self.store,
            self.settings,
            self.cluster,  # type: ignore[arg-type]
            feed=self.feed,
            clock=lambda: self.now,
        )

    def submit(self, *names: str, **options: Any) -> None:
        for name in names:
            self.workers.submit(order_named(name, **options))

    def step(self, *facts: feeds.Fact, seconds: float = 0.0) -> list[WorkerEvent]:
        self.now += seconds
        self.feed.next += facts
        return list(self.workers.events(0.0))

    def run_pods(self) -> list[WorkerEvent]:
        """Let every Job's pod come up."""
        running = {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}
        return self.step(*[self.pod(job, **running) for job in self.cluster.jobs])

    def pod(self, job: str, *, deleted: bool = False, **status: Any) -> feeds.PodFact:
        return feeds.PodFact(job=job, pod={"metadata": {"name": f"{job}-x"}, "status": status}, deleted=deleted)

    def line(self, job: str, news: str, name: str) -> feeds.LineFact:
        return feeds.LineFact(job=job, line=f"{ANSWER} {news} {name}/1")

    def letters(self, job: str) -> list[Letter]:
        box, found = Mailbox(self.store.records, RUN, job), []
        while letter := box.take():
            found.append(letter)
        return found

    def handed(self, job: str) -> list[str]:
        return [order.task_id for letter in self.letters(job) for order in letter.orders]

    def begin(self, name: str) -> None:
        now = datetime.now(UTC)
        start = AttemptStart(task_id=name, attempt=1, epoch=1, host="pod", started_at=now)
        self.store.records.create(paths.attempt_start(RUN, name, 1), start)

    def end(self, name: str) -> None:
        now = datetime.now(UTC)
        end = AttemptEnd(
            task_id=name, attempt=1, state=TaskState.SUCCEEDED, started_at=now, ended_at=now, duration_s=0.0
        )
        self.store.records.create(paths.attempt_end(RUN, name, 1), end)


def order_named(name: str, **options: Any) -> TaskOrder:
    return TaskOrder(
        run_id=RUN,
        task_id=name,
        attempt=1,
        epoch=1,
        task=Digest("0" * 64),
        inputs={},
        options=TaskOptions(**options),
    )
