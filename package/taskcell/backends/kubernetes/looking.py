"""Try a pod as workers have them: is its image there, which Taskcell does it hold, does it reach the store?"""

from __future__ import annotations

import importlib.metadata
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from taskcell import errors
from taskcell.backends.contracts import LookAnswer, LookOrder
from taskcell.backends.kubernetes import clients, conditions, manifests, naming
from taskcell.backends.kubernetes.examining import MAX_SKEW_S, Finding
from taskcell.model.settings import Settings

ANSWER = "/dev/termination-log"
"""What is written there, the cluster shows in the pod's status."""
POLL_S = 0.5


def look(settings: Settings, store_url: str) -> Iterator[Finding]:
    """Run a pod to its end and yield what it found; nothing of it is left."""
    mine = settings.kubernetes
    try:
        cluster = clients.cluster(mine.context, naming.namespace(mine.namespace, settings.project))
        name = f"{naming.PREFIX}-look-{uuid.uuid4().hex[:8]}"
        order = LookOrder(store=store_url, project=settings.project, answer=ANSWER)
        cluster.create_job(manifests.look_job(name, order, mine))
        try:
            pod = _ended(cluster, name, mine.image_limit_s)
        finally:
            cluster.delete_job(name)
    except errors.TaskcellError as exc:
        yield "pod", False, " ".join(str(exc).split())
        return
    yield from _found(pod)


def _ended(cluster: clients.Cluster, name: str, patience_s: float) -> dict[str, Any]:
    """Return the pod when it has ended, or as it is when that takes too long; raise BackendError when there is none."""
    deadline = time.monotonic() + patience_s
    while True:
        pods, _ = cluster.list_pods(f"job-name={name}")
        if pods and conditions.has_ended(pods[0]):
            return pods[0]
        if time.monotonic() >= deadline:
            if pods:
                return pods[0]
            wait = conditions.job_waiting(cluster.events_of(name))
            raise errors.BackendError(f"No pod was made: {wait.sentence if wait else 'the cluster does not say why'}.")
        time.sleep(POLL_S)


def _found(pod: dict[str, Any]) -> Iterator[Finding]:
    states = [container.get("state", {}) for container in pod.get("status", {}).get("containerStatuses") or ()]
    ended = next((state["terminated"] for state in states if "terminated" in state), None)
    if ended is None:
        wait = conditions.waiting(pod)
        yield "pod", False, wait.sentence if wait else "it did not end in time: see the setting image_limit_s"
        return
    try:
        answer = msgspec.json.decode(ended.get("message") or "", type=LookAnswer)
    except msgspec.DecodeError:
        yield "pod", False, conditions.ending(pod).sentence
        return
    here = importlib.metadata.version("taskcell")
    same = answer.taskcell == here
    said = f"its image holds Taskcell {answer.taskcell} and Python {answer.python}"
    yield "pod", same, said if same else f"{said}, here is Taskcell {here}: make the image anew with `taskcell image`"
    yield "store from a pod", not answer.problem, answer.problem or "it can be read and written"
    skew_s = (answer.clock - datetime.now(UTC)).total_seconds()
    is_near = abs(skew_s) <= MAX_SKEW_S
    yield (
        "pod clock",
        is_near,
        "as this machine's" if is_near else f"it differs by {skew_s:,.0f} s: set the node's time (NTP)",
    )
