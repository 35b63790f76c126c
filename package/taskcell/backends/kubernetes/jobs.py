"""The worker Jobs of one run: made under names that follow from the run, and deleted, if need be later."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter

from taskcell import errors
from taskcell.backends.contracts import DriverOrder, ServeOrder
from taskcell.backends.kubernetes import clients, conditions, faults, growing, manifests, naming, shapes
from taskcell.backends.kubernetes.shapes import Shape
from taskcell.model.runs import Plan
from taskcell.model.settings import KubernetesSettings

FRESH_S = 2.0
"""How long a listing of pods is good for: several attempts may ask about theirs. Unit: seconds."""


class WorkerJobs:
    """Makes and deletes the Jobs of workers; they belong to the driver's."""

    def __init__(self, cluster: clients.Cluster, order: DriverOrder, plan: Plan, settings: KubernetesSettings) -> None:
        self._cluster = cluster
        self._order = order
        self._plan = plan
        self._settings = settings
        self._number = 0
        self._owner: clients.Item | None = None
        self._living: set[str] = set()
        self._next_listing = float("-inf")
        self._undeleted: set[str] = set()
        """Jobs that are to go and could not be deleted, because the cluster was away."""

    def create(self, shape: Shape, epoch: int) -> str:
        """Create the Job of one more worker and return its name, which is its mailbox's too; raise BackendError."""
        name = naming.worker(self._plan.run_id, epoch, self._number + 1)
        if self._owner is None:
            self._owner = self._cluster.find_job(naming.driver(self._plan.run_id, self._order.epoch))
        self._cluster.create_job(_worker(name, self._order, self._plan, self._settings, shape, self._owner))
        self._number += 1
        return name

    def left(self) -> dict[str, Shape]:
        """Return the workers that earlier drivers of this driver's Job have started and that have not ended, by name."""
        found: dict[str, Shape] = {}
        owner = naming.driver(self._plan.run_id, self._order.epoch)
        for job in self._cluster.list_jobs(naming.of_run(self._plan.run_id, naming.WORKER)):
            owners = [entry.get("name") for entry in job["metadata"].get("ownerReferences") or ()]
            shape = manifests.shape_in(job)
            is_going = conditions.is_finished(job) or "deletionTimestamp" in job["metadata"]
            if shape is not None and owner in owners and not is_going:
                found[job["metadata"]["name"]] = shape
        return found

    def names(self) -> list[str]:
        """Return the names of all worker Jobs that the run has, also of its earlier drivers."""
        jobs = self._cluster.list_jobs(naming.of_run(self._plan.run_id, naming.WORKER))
        return [job["metadata"]["name"] for job in jobs]

    def is_gone(self, host: str) -> bool:
        """Whether no pod of that name, which must be of this run's, has a process any more."""
        if host == socket.gethostname():
            return True  # one process leads in a pod, and it is the one that asks
        if not host.startswith(naming.of_pods(self._plan.run_id)):
            return False
        now = time.monotonic()
        if now >= self._next_listing:
            pods, _ = self._cluster.list_pods(naming.of_run(self._plan.run_id))
            self._living = {pod["metadata"]["name"] for pod in pods if not conditions.has_ended(pod)}
            self._next_listing = now + FRESH_S
        return host not in self._living

    def delete(self, name: str) -> None:
        """Delete a Job; when the cluster is away, later. Raise BackendError when it forbids that."""
        try:
            self._cluster.delete_job(name)
        except errors.BackendError as exc:
            if not faults.is_temporary(exc):
                raise
            self._undeleted.add(name)

    def delete_rest(self) -> None:
        """Try again what could not be deleted."""
        waiting, self._undeleted = self._undeleted, set()
        for name in waiting:
            self.delete(name)

    def delete_finally(self, *names: str) -> None:
        """Delete Jobs and the rest; what can't be deleted now goes with the driver's Job."""
        with contextlib.suppress(errors.BackendError):
            for name in names:
                self.delete(name)
            self.delete_rest()


def start_ahead(
    cluster: clients.Cluster, order: DriverOrder, plan: Plan, settings: KubernetesSettings, owner: clients.Item
) -> None:
    """Create workers beside their driver, for what it is told that the first tasks need; it finds them by their labels."""
    wanted = Counter(shapes.shape_of(options, settings) for options in order.ahead)
    room = plan.max_workers or settings.max_pods
    number = 0
    for shape, tasks in wanted.items():
        for _ in range(min(growing.FIRST_PODS, tasks) if shape.share else tasks):
            number += 1
            if number <= room:
                # No driver has the number 0, so that none of them makes another worker of that name.
                name = naming.worker(plan.run_id, 0, number)
                cluster.create_job(_worker(name, order, plan, settings, shape, owner))


def _worker(
    name: str,
    order: DriverOrder,
    plan: Plan,
    settings: KubernetesSettings,
    shape: Shape,
    owner: clients.Item | None,
) -> clients.Item:
    serve = ServeOrder(
        store=order.store,
        project=order.project,
        run_id=plan.run_id,
        mailbox=name,
        linger_s=settings.linger_s,
        trusted=order.trusted,
        imports=plan.imports,
    )
    return manifests.worker_job(serve, plan, settings, shape, owner)
