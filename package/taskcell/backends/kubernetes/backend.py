"""The kubernetes backend as one object."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from taskcell import errors
from taskcell.backends import contracts
from taskcell.backends.kubernetes import (
    checking,
    clients,
    conditions,
    faults,
    jobs,
    manifests,
    naming,
    waiting,
    workers,
)
from taskcell.model.runs import DriverStart, Plan
from taskcell.model.settings import KubernetesSettings, Settings
from taskcell.model.tasks import TaskOptions
from taskcell.store.opening import Store

FRESH_S = 2.0
"""How long an answer about a driver is good for: a run that is watched asks several times a second. Unit: seconds."""

_answers: dict[tuple[str, int], tuple[float, tuple[clients.Item | None, clients.Item | None]]] = {}


class KubernetesBackend:
    """Runs drivers and tasks as Jobs of one namespace; whoever may list its Jobs and pods can watch."""

    name = "kubernetes"
    restarts_drivers = True

    def check(self, store_url: str, settings: Settings, options: Sequence[TaskOptions]) -> Settings:
        """Refuse what could not run there, before anything is made; fill in the namespace."""
        return checking.checked(store_url, settings, options)

    def start_driver(self, order: contracts.DriverOrder, plan: Plan) -> None:
        """Create the driver's Job; its name follows from run and epoch, so that it is created once."""
        settings = settings_of(plan)
        _answers.pop((plan.run_id, order.epoch), None)
        cluster = _cluster(settings)
        owner = cluster.create_job(manifests.driver_job(order, plan, settings))
        with contextlib.suppress(errors.BackendError):  # then the driver starts them
            jobs.start_ahead(cluster, order, plan, settings, owner)

    def withdraw_driver(self, plan: Plan, epoch: int) -> bool:
        """Delete the driver's Job unless its container has run."""
        _, pod = _driver(plan, epoch, fresh=True)
        if pod is not None and (conditions.is_running(pod) or conditions.has_ended(pod)):
            return False
        _cluster(settings_of(plan)).delete_job(naming.driver(plan.run_id, epoch))
        return True

    def driver_alive(self, plan: Plan, start: DriverStart) -> bool:
        """Whether the Job that started that driver goes on; yes, when the cluster can't be asked."""
        try:
            found = _cluster(settings_of(plan)).list_jobs(naming.of_run(plan.run_id, naming.DRIVER))
        except errors.BackendError:
            return True
        return any(not conditions.is_finished(job) for job in found)

    def driver_waits(self, plan: Plan) -> str:
        """Return why the run's first driver has not begun."""
        try:
            job, pod = _driver(plan, 1)
            if job is None or conditions.is_finished(job):
                return ""
            wait = _waiting(plan, job, pod)
        except errors.BackendError as exc:
            return exc.message.rstrip(".") if faults.is_temporary(exc) else ""
        return wait.sentence if wait else "its pod is being started"

    def driver_given_up(self, plan: Plan) -> str:
        """Return why the run's first driver has not begun, once it has waited for as long as the settings allow."""
        settings = settings_of(plan)
        try:
            job, pod = _driver(plan, 1)
            wait = _waiting(plan, job, pod) if job is not None and not conditions.is_finished(job) else None
        except errors.BackendError:
            return ""
        if job is None or wait is None:
            return ""
        since = conditions.scheduled_at(pod or {}) or conditions.created_at(job)
        waited_s = (_cluster(settings).now() - since).total_seconds()
        return wait.sentence if waiting.is_over(wait, waited_s, settings) else ""

    def driver_stumbled(self, plan: Plan) -> str:
        """Return the last line of a driver that failed, while its pod waits until it is started again."""
        try:
            _, pod = _driver(plan, 1)
        except errors.BackendError:
            return ""
        is_waiting = pod is not None and not conditions.is_running(pod) and not conditions.has_ended(pod)
        return conditions.last_words(pod).rstrip(".") if pod is not None and is_waiting else ""

    def last_words(self, plan: Plan) -> str:
        """Return the last line of a driver that failed without a record."""
        try:
            _, pod = _driver(plan, 1)
        except errors.BackendError:
            return ""
        return conditions.last_words(pod) if pod is not None else ""

    def driver_ended(self, run_id: str) -> None:
        """Leave its Job: it cleans itself up."""

    def workers(self, order: contracts.DriverOrder, plan: Plan, store: Store) -> workers.KubernetesWorkers:
        """Return workers as Jobs that belong to the driver's."""
        settings = settings_of(plan)
        return workers.KubernetesWorkers(order, plan, store, settings, _cluster(settings))


def settings_of(plan: Plan) -> KubernetesSettings:
    """Return the settings that a launch wrote into its plan."""
    return plan.kubernetes or KubernetesSettings()


def _cluster(settings: KubernetesSettings) -> clients.Cluster:
    return clients.Cluster(settings.context, settings.namespace)


def _waiting(plan: Plan, job: clients.Item, pod: clients.Item | None) -> conditions.Waiting | None:
    """Return why a driver that left no record has not begun; None while it simply starts."""
    if pod is None:
        return conditions.job_waiting(_cluster(settings_of(plan)).events_of(job["metadata"]["name"]))
    said = conditions.last_words(pod)
    return conditions.waiting(pod) or (conditions.Waiting(kind="start", sentence=said.rstrip(".")) if said else None)


def _driver(plan: Plan, epoch: int, *, fresh: bool = False) -> tuple[clients.Item | None, clients.Item | None]:
    """Return a driver's Job and the newest of its pods, as they were at most a moment ago."""
    key = (plan.run_id, epoch)
    asked, answer = _answers.get(key, (float("-inf"), (None, None)))
    if not fresh and time.monotonic() - asked < FRESH_S:
        return answer
    cluster = _cluster(settings_of(plan))
    job = cluster.find_job(naming.driver(plan.run_id, epoch))
    pods, _ = cluster.list_pods(f"{naming.of_run(plan.run_id, naming.DRIVER)},{naming.EPOCH}={epoch}")
    newest = max(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), default=None)
    _answers[key] = (time.monotonic(), (job, newest))
    return job, newest
