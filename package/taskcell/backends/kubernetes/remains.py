"""What ended runs left in a namespace: which Jobs and pods nobody needs any more. Only what bears our labels is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from taskcell.backends.kubernetes import clients, conditions, faults, naming
from taskcell.model.runs import RunState

Item = dict[str, Any]

OVER = (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)
OPEN = (RunState.PENDING, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remain:
    """A Job or pod that can go, and why."""

    kind: str
    name: str
    run_id: str
    why: str


def found(jobs: Iterable[Item], pods: Iterable[Item], state_of: Callable[[str], RunState | None]) -> list[Remain]:
    """Return what can go.

    A run that goes on keeps everything. One that has ended loses everything. Of one that was interrupted, or that the store
    doesn't know, what has finished goes: somebody may still work at the rest.

    Parameters
    ----------
    jobs, pods
        What the namespace has with our labels.
    state_of
        The state of a run by its id; None for one that the store does not have.
    """
    jobs = list(jobs)
    remains = [
        remain for job in jobs if (remain := _judged("job", job, state_of, finished=conditions.is_finished(job)))
    ]
    owners = {job["metadata"].get("uid") for job in jobs}
    for pod in pods:
        owner = {reference.get("uid") for reference in pod["metadata"].get("ownerReferences") or ()}
        if owner & owners:
            continue  # it goes with its Job
        remain = _judged("pod", pod, state_of, finished=conditions.has_ended(pod))
        if remain is not None:
            remains.append(remain)
    return remains


def _judged(kind: str, item: Item, state_of: Callable[[str], RunState | None], *, finished: bool) -> Remain | None:
    metadata = item["metadata"]
    labels = metadata.get("labels") or {}
    if labels.get("app.kubernetes.io/managed-by") != naming.PREFIX or metadata.get("deletionTimestamp"):
        return None
    run_id = str(labels.get(naming.RUN, "")).upper()
    state = state_of(run_id) if run_id else None
    if state in OPEN:
        return None
    if state in OVER:
        why = f"its run is {state}"
    elif finished:
        why = "it has finished"
    else:
        return None
    return Remain(kind=kind, name=metadata["name"], run_id=run_id, why=why)


class Namespace:
    """The Jobs and pods of a namespace that bear our labels."""

    def __init__(self, cluster: clients.Cluster) -> None:
        self._cluster = cluster

    def items(self) -> tuple[list[Item], list[Item]]:
        """Return Jobs and pods."""
        jobs = self._cluster.list_jobs(naming.OURS)
        pods, _ = self._cluster.list_pods(naming.OURS)
        return jobs, pods

    def delete(self, remain: Remain) -> None:
        """Delete a Job with its pods, or a pod; an absent one is no error."""
        if remain.kind == "job":
            self._cluster.delete_job(remain.name)
            return
        path = f"/api/v1/namespaces/{self._cluster.namespace}/pods/{remain.name}"
        try:
            self._cluster.request("DELETE", path)
        except faults.ApiFaultError as exc:
            if exc.status != 404:
                raise
