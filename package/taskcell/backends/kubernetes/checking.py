"""Refuse a launch that the cluster could not run, before anything is made there or in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from taskcell import errors
from taskcell.backends.contracts import DriverOrder, ServeOrder
from taskcell.backends.kubernetes import clients, faults, manifests, naming, shapes
from taskcell.hashing import Digest
from taskcell.model.runs import Plan
from taskcell.model.settings import KubernetesSettings, Settings
from taskcell.model.tasks import TaskOptions

_HERE = ("file://", "local://", "memory://")
_NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def checked(store_url: str, settings: Settings, options: Sequence[TaskOptions]) -> Settings:
    """Return settings with the namespace and the driver's image that will be used; raise InvalidInputError or BackendError."""
    mine = settings.kubernetes
    if store_url.startswith(_HERE):
        raise errors.InvalidInputError(
            f"The store {store_url} is on this machine, where the cluster can't read it.",
            remedy="Choose one that both reach, with TASKCELL_STORE=s3://bucket/prefix.",
        )
    namespace = naming.namespace(mine.namespace, settings.project)
    wanted = {shapes.shape_of(each, mine) for each in options} or {shapes.shape_of(TaskOptions(), mine)}
    cluster = clients.cluster(mine.context, namespace)
    image = mine.image or min(shape.image for shape in wanted)  # a driver needs no more than any task's has
    mine = msgspec.structs.replace(mine, namespace=cluster.namespace, image=image)
    check_jobs(cluster, store_url, mine, wanted)
    _check_presence(cluster, mine)
    return msgspec.structs.replace(settings, kubernetes=mine)


def check_jobs(
    cluster: clients.Cluster, store_url: str, settings: KubernetesSettings, wanted: set[shapes.Shape]
) -> None:
    """Let the server judge the Jobs that would be made: namespace, permission, names, quantities."""
    plan = _example(settings)
    order = DriverOrder(store=store_url, project=plan.project, run_id=plan.run_id, epoch=1)
    jobs = [manifests.driver_job(order, plan, settings)]
    for number, shape in enumerate(wanted, start=1):
        name = naming.worker(plan.run_id, 1, number)
        serve = ServeOrder(store=store_url, project=plan.project, run_id=plan.run_id, mailbox=name, linger_s=1.0)
        jobs.append(manifests.worker_job(serve, plan, settings, shape, None))
    for job in jobs:
        try:
            cluster.create_job(job, dry_run=True)
        except faults.ApiFaultError as exc:
            if exc.status == 404:
                raise errors.NotFoundError(
                    f"The cluster {cluster.server} has no namespace {cluster.namespace!r}.",
                    remedy="Apply what `taskcell kubernetes manifest` prints, or set TASKCELL_KUBERNETES_NAMESPACE.",
                ) from exc
            raise


def _check_presence(cluster: clients.Cluster, settings: KubernetesSettings) -> None:
    """Look for what Jobs refer to; where looking is not allowed, their pods will tell."""
    for kind, what, name in (
        ("serviceaccounts", "service account", settings.service_account),
        ("secrets", "secret", settings.store_secret),
    ):
        if name and cluster.has(kind, name) is False:
            raise errors.NotFoundError(
                f"There is no {what} {name!r} in namespace {cluster.namespace!r}.",
                remedy="Apply what `taskcell kubernetes manifest` prints, or correct its name in the settings.",
            )


def _example(settings: KubernetesSettings) -> Plan:
    return Plan(
        run_id=_NOBODY,
        project="default",
        workflow="check",
        version_number=1,
        version=Digest("0" * 64),
        parameters={},
        tasks=(),
        backend="kubernetes",
        author="nobody",
        host="",
        created_at=datetime.now(UTC),
        kubernetes=settings,
    )
